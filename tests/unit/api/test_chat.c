/* test_chat.c: commands of a chat, their mistakes, and the cards that answer them. */
#include "fake.h"
#include "samples.h"

#include "chat_formats.h"
#include "chat_grammar.h"

#include "beamgauge/config.h"
#include "beamgauge/hmac.h"

#include <stdio.h>
#include <stdlib.h>

#define THREE ROW("<0.10.0>", "9000", "500") "," ROW("<0.11.0>", "7000", "20") "," ROW("<0.12.0>", "10", "0")
#define PEERS                                                                                                                              \
    "{\"duration_us\":1,\"processes\":[{\"pid\":\"<0.10.0>\",\"row\":{\"registered_name\":\"c|<a>@rt\",\"started_as\":[\"Elixir.Cart\","   \
    "\"init\",1]},\"lists\":{\"monitors\":{\"count\":500,\"distinct_count\":2,\"exact\":true,\"top\":[{\"peer\":{\"pid\":\"<0.7.0>\","     \
    "\"node\":\"pay@h\"},\"count\":499},{\"peer\":{\"pid\":\"<0.8.0>\",\"node\":\"pay@h\"},\"count\":1}]}}}]}"

static struct bg_command parse(const char *text, const char *names)
{
    struct bg_command command;
    char mistake[BG_MISTAKE_SIZE];
    json_t *nodes = json_loads(names, 0, NULL);
    if (!bg_command_parse(text, nodes, &command, mistake))
        fail_msg("%s: %s", text, mistake);
    if (command.node != NULL) { /* it is borrowed */
        static char kept[300];
        (void)snprintf(kept, sizeof kept, "%s", command.node);
        command.node = kept;
    }
    json_decref(nodes);
    return command;
}

#define NODES "[\"pay@10.0.0.5\",\"shop@10.0.0.5\",\"shop@10.0.0.6\",\"worker1@10.0.0.7\"]"

static void every_command_is_understood(void **state)
{
    (void)state;
    assert_int_equal(parse("", NODES).kind, BG_COMMAND_HELP);
    assert_int_equal(parse(" help ", NODES).kind, BG_COMMAND_HELP);
    assert_int_equal(parse("nodes", NODES).kind, BG_COMMAND_NODES);
    assert_int_equal(parse("mem pay", NODES).kind, BG_COMMAND_MEM);
    assert_string_equal(parse("mem pay", NODES).node, "pay@10.0.0.5");
    assert_string_equal(parse("monitors\tshop@10.0.0.6", NODES).node, "shop@10.0.0.6");
    assert_string_equal(parse("mem 0.7", NODES).node, "worker1@10.0.0.7");
    assert_string_equal(parse("mem", "[\"only@h\"]").node, "only@h");
    assert_null(parse("pairs", NODES).node);
    assert_string_equal(parse("pairs w", NODES).node, "worker1@10.0.0.7");
    const struct bg_command top = parse("top shop@10.0.0.5 monitors_count 20", NODES), plain = parse("top pay", NODES);
    assert_string_equal(top.sort->key, "monitors");
    assert_int_equal(top.limit, 20);
    assert_string_equal(plain.sort->key, "memory");
    assert_int_equal(plain.limit, 5);
    assert_string_equal(parse("check pay  process_count < 5k ", NODES).expression, "process_count < 5k ");
    assert_string_equal(parse("mem a@h", "[\"a@h\",\"a@host\"]").node, "a@h"); /* a whole name is not an abbreviation */
    assert_string_equal(parse("mem shop", "[\"shop-cli-77@h\",\"shop@h\",\"shop2@h\"]").node, "shop@h");
    assert_string_equal(parse("top pay mem", NODES).sort->key, "memory"); /* short for one key only */
    assert_string_equal(parse("top pay queue", NODES).sort->key, "message_queue_len");
}

static void mistakes_are_answered_with_the_nearest_right_form(void **state)
{
    static const char *const cases[][2] = {
        {"memm pay", "memm is not a command. Did you mean: mem pay"},
        {"nodse", "nodse is not a command. Did you mean: nodes"},
        {"restart everything", "restart is not a command. Try: help"},
        {"mem", "Which node? Write: mem NODE"},
        {"mem shop", "shop could be shop@10.0.0.5 or shop@10.0.0.6: write more of it"},
        {"mem 10.0", "10.0 could be pay@10.0.0.5 or shop@10.0.0.5 or shop@10.0.0.6 or worker1@10.0.0.7: write more of it"},
        {"mem wroker1", "wroker1 is not a node. Did you mean: mem worker1@10.0.0.7"},
        {"mem mailboxes", "mailboxes is not a node. Try: nodes"},
        {"mem pay now", "now is too much. Write: mem NODE"},
        {"nodes up", "up is too much. Write: nodes"},
        {"top pay memroy", "memroy is not an attribute of a process. Did you mean: top pay@10.0.0.5 memory"},
        {"top pay colour", "colour is not an attribute of a process. Those are memory, message_queue_len, reductions, total_heap, stack, "
                           "off_heap, binary, monitors, monitored_by, links"},
        {"top pay memory many", "How many must be a number from 1 to 20. Did you mean: top pay@10.0.0.5 memory 20"},
        {"top pay memory 21", "How many must be a number from 1 to 20. Did you mean: top pay@10.0.0.5 memory 20"},
        {"top pay memory 5 6", "6 is too much. Write: top NODE ATTRIBUTE [COUNT]"},
        {"check pay", "column 1: expected the name of a metric, like memory.total_bytes. Write for example: check pay@10.0.0.5 "
                      "pair_count_max < 1000"},
        {"check pay atom_count=5", "atom_count=5: column 11: expected an operator: < <= > >= == != or :lt: :le: :gt: :ge: :eq: :ne:. Write "
                                   "for example: check pay@10.0.0.5 pair_count_max < 1000"},
        {"\x1b[2J", "\\x1b[2J is not a command. Try: help"},
    };
    json_t *nodes = json_loads(NODES, 0, NULL);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bg_command command;
        char mistake[BG_MISTAKE_SIZE] = "";
        assert_false(bg_command_parse(cases[i][0], nodes, &command, mistake));
        assert_string_equal(mistake, cases[i][1]);
    }
    char text[BG_CHAT_TEXT_MAX + 2], mistake[BG_MISTAKE_SIZE];
    struct bg_command command;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_false(bg_command_parse(text, nodes, &command, mistake));
    assert_string_equal(mistake, "A command has at most 1000 bytes. Try: help");
    text[BG_CHAT_TEXT_MAX] = '\0';
    assert_false(bg_command_parse(text, nodes, &command, mistake));
    assert_true(strlen(mistake) < BG_MISTAKE_SIZE);
    json_decref(nodes);
}

/* Each question is asked twice: first with the longer timeout, which keeps it running. */
static void answer_both(const char *json)
{
    fake_answer(json);
    fake_answer(json);
}

static void the_cache_is_warmed_and_the_chat_not_kept_waiting(void **state)
{
    (void)state;
    fake_call("chat", "", "{\"text\":\"top shop monitors 2\"}");
    assert_int_equal(fake.asks_count, 2);
    assert_int_equal(fake.asks[0].timeout_ms, 30000);
    assert_int_equal(fake.asks[1].timeout_ms, 2000);
    assert_true(json_equal(fake.asks[0].args, fake.asks[1].args));
    answer_both(SCAN_OF(THREE, "monitors", "[0,1,2]", "0", "0"));
    EXPECT("kind", "\"answer\"");
    EXPECT("title", "\"Most monitors on shop@127.0.0.1\"");
    EXPECT("rows", "[[\"500\",\"<0.10.0> Shop.Cart.init/1\"],[\"20\",\"<0.11.0> Shop.Cart.init/1\"]]");
    fake_call("chat", "", "{\"text\":\"top shop\"}");
    fake_cancel();
    assert_int_equal(fake.cancelled_count, 1); /* the one with the longer timeout stays */
}

static void what_is_kept_serves_where_nothing_new_comes(void **state)
{
    (void)state;
    fake.keeps = true;
    fake_call("chat", "", "{\"text\":\"top shop monitors 2\"}");
    assert_int_equal(fake.asks[1].max_age_ms, 1000);
    fake_answer_failure(BG_DEADLINE, "late"); /* to the other one */
    assert_int_equal(fake.asks_count, 2);
    fake_answer_failure(BG_DEADLINE, "late");
    assert_int_equal(fake.asks_count, 3);
    assert_int_equal(fake.asks[2].max_age_ms, 30000);
    fake.answer_age_ms = 12345;
    fake_answer(SCAN_OF(THREE, "monitors", "[0,1,2]", "0", "0"));
    EXPECT("rows.0", "[\"500\",\"<0.10.0> Shop.Cart.init/1\"]");
    EXPECT("notes", "[\"No new answer came within 2 s: this one is 12 s old, collected 2026-11-23T07:59:47.778Z.\"]");
}

static void what_is_not_ready_is_said_so(void **state)
{
    (void)state;
    fake_call("chat", "", "{\"text\":\"mem shop\"}");
    fake_answer_failure(BG_DEADLINE, "late"); /* to the other one */
    fake_answer_failure(BG_DEADLINE, "late");
    assert_int_equal(fake.status, 200);
    EXPECT("kind", "\"waiting\"");
    EXPECT("title", "\"shop@127.0.0.1 did not answer within 2 s. What it answers in the next 28 s is kept: ask again. If that says the "
                    "same, the node is too busy, or stuck.\"");
    fake.ask_error = BG_NODE_UNREACHABLE;
    fake_call("chat", "", "{\"text\":\"monitors shop\"}");
    EXPECT("kind", "\"trouble\"");
    EXPECT("title", "\"shop@127.0.0.1 could not be asked: the fake refuses\"");
    fake_call("chat", "", "{\"text\":\"check shop process_count < 5\"}");
    EXPECT("kind", "\"trouble\"");
}

static char *write_as(const struct bg_representation *own, const char *format)
{
    char *text = NULL;
    size_t length;
    while (strcmp(own->name, format) != 0)
        own++;
    FILE *out = open_memstream(&text, &length);
    assert_true(own->write(fake.data, fake.meta, out));
    (void)fclose(out);
    return text;
}

static void expect_written(const struct bg_representation *own, const char *format, const char *expected)
{
    char *text = write_as(own, format);
    assert_string_equal(text, expected);
    free(text);
}

static void tables_are_aligned(void **state)
{
    (void)state;
    fake_call("chat", "", "{\"text\":\"pairs shop\"}");
    answer_both(SCAN_OF(THREE, "monitors", "[0,1,2]", "0", "0"));
    answer_both(PEERS);
    expect_written(bg_chat_representations, "text",
                   "Who monitors whom on shop@127.0.0.1\n"
                   "Monitors  Watcher            On              Watched  There\n"
                   "     499  <0.10.0> c|<a>@rt  shop@127.0.0.1  <0.7.0>  pay@h\n");
}

static void markup_in_names_is_only_text(void **state)
{
    (void)state;
    fake_call("chat", "", "{\"text\":\"pairs\"}");
    answer_both(SCAN_OF(THREE, "monitors", "[0,1,2]", "0", "0"));
    answer_both(PEERS);
    expect_written(bg_chat_representations, "md",
                   "**Who monitors whom**\n\n| Monitors | Watcher | On | Watched | There |\n| ---: | --- | --- | --- | --- |\n"
                   "| 499 | &lt;0.10.0&gt; c\\|&lt;a&gt;&#64;rt | shop@127.0.0.1 | &lt;0.7.0&gt; | pay@h |\n");
    char *slack = write_as(bg_slack_representations, "slack");
    json_t *message = json_loads(slack, 0, NULL);
    fake_expect(message, "response_type", "\"in_channel\"");
    fake_expect(message, "blocks.0", "{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\",\"text\":\"*Who monitors whom*\"}}");
    assert_non_null(strstr(json_string_value(fake_at(message, "blocks.1.text.text")), "```\n"));
    assert_non_null(strstr(json_string_value(fake_at(message, "blocks.1.text.text")), "&lt;0.10.0&gt; c|&lt;a&gt;@rt"));
    json_decref(message);
    free(slack);
}

/* A card of as many and as long rows as there can be, of characters that grow in every chat. */
static void make_largest_card(void)
{
    json_t *rows = json_array();
    for (int i = 0; i < 50; i++) {
        json_t *row = json_array();
        for (int j = 0; j < 5; j++)
            json_array_append_new(row, json_string("<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<`"));
        json_array_append_new(rows, row);
    }
    fake_call("chat", "", "{\"text\":\"help\"}");
    json_object_set_new(fake.data, "columns",
                        json_loads("[{\"title\":\"a\"},{\"title\":\"b\"},{\"title\":\"c\"},{\"title\":\"d\"},{\"title\":\"e\"}]", 0, NULL));
    json_object_set_new(fake.data, "rows", rows);
}

static void the_chats_limits_are_kept(void **state)
{
    (void)state;
    make_largest_card();
    char *slack = write_as(bg_slack_representations, "slack"), *mattermost = write_as(bg_mattermost_representations, "mattermost");
    json_t *message = json_loads(slack, 0, NULL), *answer = json_loads(mattermost, 0, NULL);
    const char *table = json_string_value(fake_at(message, "blocks.1.text.text"));
    assert_true(strlen(table) < 3000 && strlen(table) > 1500);
    assert_non_null(strstr(table, "more are left out"));
    assert_ptr_equal(strchr(table + 4, '`'), strstr(table + 4, "```")); /* nothing ends the block but its end */
    assert_true(json_array_size(json_object_get(message, "blocks")) <= 50);
    const char *text = json_string_value(json_object_get(answer, "text"));
    assert_true(strlen(text) < 16383 && strlen(text) > 12000);
    assert_non_null(strstr(text, "more are left out"));
    json_decref(message);
    json_decref(answer);
    free(slack);
    free(mattermost);
}

static void many_nodes(size_t count)
{
    static char names[FAKE_NODES_MAX][48];
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(names[i], sizeof names[i], "node%zu@127.0.0.1", i);
        fake.nodes[i] = (struct bg_node_info){.name = names[i], .state = BG_LINK_UP, .reason_text = ""};
    }
    fake.nodes_count = count;
}

static void lists_of_many_nodes_are_cut_and_say_so(void **state)
{
    (void)state;
    many_nodes(51);
    fake_call("chat", "", "{\"text\":\"nodes\"}");
    assert_int_equal(json_array_size(fake_at(fake.data, "rows")), 50);
    EXPECT("notes.0", "\"There are more nodes than are listed.\"");
    many_nodes(9);
    fake_call("chat", "", "{\"text\":\"pairs\"}");
    assert_int_equal(fake.asks_count, 2 * 8);
    for (int i = 0; i < 7; i++)
        answer_both(SCAN_OF("", "monitors", "[]", "0", "0")); /* there are no monitors */
    fake_answer_failure(BG_DEADLINE, "late");
    fake_answer_failure(BG_DEADLINE, "late");
    EXPECT("rows", "[]");
    EXPECT("notes.0", "\"There are more nodes: ask for the pairs of one.\"");
    EXPECT("notes.1", "\"node7@127.0.0.1 did not answer within 2 s. What it answers in the next 28 s is kept: ask again. If that says the "
                      "same, the node is too busy, or stuck.\"");
    assert_int_equal(json_array_size(fake_at(fake.data, "notes")), 2);
}

static void the_busiest_pairs_of_all_nodes_come_first(void **state)
{
    char json[4000] = "{\"duration_us\":1,\"processes\":[{\"pid\":\"<0.10.0>\",\"row\":{},\"lists\":{\"monitors\":{\"count\":78,"
                      "\"distinct_count\":12,\"exact\":true,\"top\":[";
    (void)state;
    many_nodes(2);
    for (int i = 12; i > 0; i--)
        (void)snprintf(json + strlen(json), sizeof json - strlen(json), "{\"peer\":{\"pid\":\"<0.%d.0>\",\"node\":\"h@h\"},\"count\":%d}%s",
                       i, i, i > 1 ? "," : "");
    strncat(json, "]}}}]}", sizeof json - strlen(json) - 1);
    fake_call("chat", "", "{\"text\":\"pairs\"}");
    answer_both(SCAN_OF(THREE, "monitors", "[0,1,2]", "0", "0"));
    answer_both(SCAN_OF(THREE, "monitors", "[0,1,2]", "0", "0"));
    answer_both(json);
    answer_both(json);
    assert_int_equal(json_array_size(fake_at(fake.data, "rows")), 10);
    EXPECT("rows.0.0", "\"12\"");
    EXPECT("rows.1.0", "\"12\"");
    EXPECT("rows.1.2", "\"node1@127.0.0.1\"");
    EXPECT("rows.9.0", "\"8\"");
}

#define PAY "pay@127.0.0.1"
#define ON_PAY                                                                                                                             \
    "{\"duration_us\":1,\"processes\":[{\"pid\":\"<0.10.0>\",\"row\":{\"registered_name\":\"cart\"},\"lists\":{\"monitors\":{"             \
    "\"count\":499,\"distinct_count\":1,\"exact\":true,\"top\":[{\"peer\":{\"pid\":\"<0.7.0>\",\"node\":\"" PAY "\"},\"count\":499}]}}}]}"

static void add_pay(enum bg_link_state state, enum bg_link_reason reason)
{
    fake.nodes[fake.nodes_count++] = (struct bg_node_info){.name = PAY, .state = state, .reason = reason, .reason_text = ""};
}

static void who_is_on_another_node_is_waited_for(void **state)
{
    static const char *const commands[] = {"{\"text\":\"pairs shop\"}", "{\"text\":\"monitors shop\"}"};
    static const char *const rows[] = {"[[\"499\",\"<0.10.0> cart\",\"shop@127.0.0.1\",\"<0.7.0> bank\",\"" PAY "\"]]",
                                       "[[\"499\",\"1\",\"<0.10.0> cart\",\"<0.7.0> bank\"]]"};
    (void)state;
    add_pay(BG_LINK_UP, BG_REASON_NONE);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        fake.name = NULL;
        fake_call("chat", "", commands[i]);
        answer_both(SCAN_OF(THREE, "monitors", "[0,1,2]", "0", "0"));
        answer_both(ON_PAY);
        assert_int_equal(fake.asks_count, 6);
        assert_string_equal(fake.asks[5].question, "names");
        assert_string_equal(fake.asks[5].node, PAY);
        EXPECT_ARG(5, "", "{\"pids\":[\"<0.7.0>\"]}");
        assert_int_equal(fake.asks[4].timeout_ms, 5000); /* for the next caller */
        assert_in_range(fake.asks[5].timeout_ms, 1, 1000);
        assert_int_equal(fake.endings, 0);
        fake.name = "{\"registered_name\":\"bank\",\"alive\":true}"; /* as it is once it has answered */
        fake.name_wall_ms = fake.wall_ms;
        answer_both("{\"names\":[{\"registered_name\":\"bank\",\"alive\":true}]}");
        EXPECT("rows", rows[i]);
    }
    EXPECT("kind", "\"answer\"");
}

static void a_node_that_does_not_tell_names_is_not_waited_for_again(void **state)
{
    (void)state;
    add_pay(BG_LINK_UP, BG_REASON_NONE);
    fake_call("chat", "", "{\"text\":\"pairs shop\"}");
    answer_both(SCAN_OF(THREE, "monitors", "[0,1,2]", "0", "0"));
    answer_both(ON_PAY);
    fake_answer_failure(BG_DEADLINE, "late"); /* to the one behind, who calls nobody late */
    assert_int_equal(fake.names_late_count, 0);
    fake_answer_failure(BG_DEADLINE, "late");
    assert_int_equal(fake.names_late_count, 1);
    EXPECT("rows.0.3", "\"<0.7.0>\"");
    fake_call("chat", "", "{\"text\":\"pairs shop\"}");
    answer_both(SCAN_OF(THREE, "monitors", "[0,1,2]", "0", "0"));
    answer_both(ON_PAY);
    assert_int_equal(fake.asks_count, 4);
    EXPECT("rows.0.3", "\"<0.7.0>\"");
    fake.names_late_count = 0;
    fake_call("chat", "", "{\"text\":\"pairs shop\"}");
    answer_both(SCAN_OF(THREE, "monitors", "[0,1,2]", "0", "0"));
    answer_both(ON_PAY);
    fake_cancel(); /* while names are waited for */
}

static void what_a_node_told_last_is_told_where_it_cannot_be_asked(void **state)
{
    static const char *const commands[] = {"{\"text\":\"pairs shop\"}", "{\"text\":\"monitors shop\"}", "{\"text\":\"mem shop\"}",
                                           "{\"text\":\"top shop\"}", "{\"text\":\"check shop process_count < 5\"}"};
    (void)state;
    fake_call("chat", "", commands[0]);
    answer_both(SCAN_OF(THREE, "monitors", "[0,1,2]", "0", "0"));
    answer_both(ON_PAY); /* which is kept */
    fake.name_wall_ms = fake.wall_ms - 40000;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        fake.ask_error = BG_NODE_UNREACHABLE;
        fake_call("chat", "", commands[i]);
        fake.ask_error = BG_OK;
        EXPECT("kind", "\"trouble\"");
        EXPECT("title", "\"shop@127.0.0.1 could not be asked: the fake refuses\"");
        EXPECT("rows", "[[\"499\",\"<0.10.0> cart\",\"shop@127.0.0.1\",\"<0.7.0>\",\"" PAY "\",\"40 s ago\"]]");
        EXPECT("columns.5.title", "\"Told\"");
        EXPECT("notes", "[\"The table is what it reported last of who monitors whom.\"]");
    }
}

static void of_nodes_that_are_down_all_are_told_what_is_known(void **state)
{
    (void)state;
    fake_call("chat", "", "{\"text\":\"pairs shop\"}");
    answer_both(SCAN_OF(THREE, "monitors", "[0,1,2]", "0", "0"));
    answer_both(ON_PAY);
    add_pay(BG_LINK_WAITING, BG_REASON_PORT_REFUSED);
    fake.name_wall_ms = fake.wall_ms - 1500;
    fake_call("chat", "", "{\"text\":\"pairs\"}");
    answer_both(SCAN_OF("", "monitors", "[]", "0", "0"));
    EXPECT("kind", "\"answer\"");
    EXPECT("rows.0.5", "\"2 s ago\"");
    EXPECT("notes", "[\"" PAY " is not up but waiting (other): its pairs are what it reported last.\"]");
    fake.nodes[0].state = BG_LINK_WAITING;
    fake.pairs = NULL;
    fake_call("chat", "", "{\"text\":\"pairs\"}");
    EXPECT("kind", "\"trouble\"");
    EXPECT("title", "\"No node is up.\"");
    EXPECT("notes.1", "\"" PAY " is not up but waiting (other): nothing is known of its pairs.\"");
    fake.nodes_count = 0;
    fake_call("chat", "", "{\"text\":\"pairs\"}");
    EXPECT("title", "\"No node is registered.\"");
}

static void other_commands_have_their_cards(void **state)
{
    (void)state;
    fake_call("chat", "", "{\"text\":\"help\"}");
    assert_int_equal(json_array_size(fake_at(fake.data, "rows")), 7);
    fake_call("chat", "", "{\"text\":\"nodes\"}");
    EXPECT("rows", "[[\"shop@127.0.0.1\",\"up\",\"\"]]");
    fake_call("chat", "", "{\"text\":\"monitors shop\"}");
    answer_both(SCAN_OF(THREE, "monitors", "[0,1,2]", "0", "0"));
    answer_both(PEERS);
    EXPECT("rows", "[[\"500\",\"2\",\"<0.10.0> c|<a>@rt\",\"<0.7.0>\"]]");
    fake_call("chat", "", "{\"text\":\"check shop monitors_count_max < 400\"}");
    answer_both(SCAN_OF(THREE, "monitors", "[0,1,2]", "0", "0"));
    EXPECT("title", "\"It does not hold on shop@127.0.0.1\"");
    EXPECT("rows.0", "[\"monitors_count_max < 400\",\"500\",\"<0.10.0> Shop.Cart.init/1\"]");
    fake_call("chat", "", "{\"text\":\"mem shop\"}");
    answer_both("{\"memory\":{}}");
    EXPECT("kind", "\"trouble\"");
    fake_call("chat", "", "{\"txt\":\"mem shop\"}");
    fake_expect_failure(BG_INVALID, "a text");
}

#define SECRET "8f742231b10e8888abcd99yyyzzz85a5"
static const char vector[] =
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&"
    "user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%"
    "2F397700885554%"
    "2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";

static int slack_at(int64_t seconds)
{
    static const struct bg_header headers[] = {{"X-Slack-Request-Timestamp", "1531420618"},
                                               {"X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"},
                                               {NULL, NULL}};
    fake.headers = headers;
    fake.bytes = vector;
    fake.form = "{\"text\":\"\"}";
    fake.wall_ms = seconds * 1000;
    fake_call("chatSlack", "", NULL);
    return fake.status;
}

static void slack_is_believed_when_it_signs_in_time_and_once(void **state)
{
    char secret[] = SECRET;
    struct bg_config config = {.slack_signing_secret = secret};
    (void)state;
    fake.services.config = &config;
    fake.services.replays = bg_replays_new();
    assert_int_equal(slack_at(1531420618 + 301), 401);
    assert_int_equal(slack_at(1531420618 - 301), 401);
    assert_int_equal(slack_at(1531420618 - 300), 200);
    EXPECT("title", "\"What you can ask\"");
    assert_int_equal(slack_at(1531420618 + 300), 401); /* again */
    bg_replays_free(fake.services.replays);
    fake.services.replays = bg_replays_new();
    secret[0] = '9';
    assert_int_equal(slack_at(1531420618), 401);
    config.slack_signing_secret = NULL;
    assert_int_equal(slack_at(1531420618), 404);
    bg_replays_free(fake.services.replays);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)
    const struct CMUnitTest tests[] = {
        T(every_command_is_understood),
        T(mistakes_are_answered_with_the_nearest_right_form),
        T(the_cache_is_warmed_and_the_chat_not_kept_waiting),
        T(what_is_kept_serves_where_nothing_new_comes),
        T(what_is_not_ready_is_said_so),
        T(tables_are_aligned),
        T(markup_in_names_is_only_text),
        T(the_chats_limits_are_kept),
        T(lists_of_many_nodes_are_cut_and_say_so),
        T(the_busiest_pairs_of_all_nodes_come_first),
        T(who_is_on_another_node_is_waited_for),
        T(a_node_that_does_not_tell_names_is_not_waited_for_again),
        T(what_a_node_told_last_is_told_where_it_cannot_be_asked),
        T(of_nodes_that_are_down_all_are_told_what_is_known),
        T(other_commands_have_their_cards),
        T(slack_is_believed_when_it_signs_in_time_and_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
