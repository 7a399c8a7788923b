/* test_limits.c: what a node or a chat can make long is cut, left out or refused at its limit. See LIMITS.md. */
#include "fake.h"
#include "samples.h"

#include "beamgauge/config.h"
#include "beamgauge/hmac.h"

#include <stdio.h>

#define SHOP "node=shop@127.0.0.1"

/* `count` parts one after the other, each made of its number. */
static const char *many(const char *format, int from, int count)
{
    static char text[2][60000];
    static size_t turn;
    char *at = text[turn = (turn + 1) % 2];
    at[0] = '\0';
    for (int i = from; i < from + count; i++) {
        at += snprintf(at, 500, "%s", i > from ? "," : "");
        at += snprintf(at, 500, format, i, i);
    }
    return text[turn];
}

#define NAMED "{\"peer\":{\"pid\":\"<0.3.0>\",\"node\":\"n%d@h\"},\"count\":3}"
#define ON_PAY "{\"peer\":{\"pid\":\"<0.%d.0>\",\"node\":\"pay@h\"},\"count\":3}"

static void relations_with(const char *monitors, const char *monitored_by)
{
    static char answer[70000];
    (void)snprintf(answer, sizeof answer,
                   "{\"processes\":[{\"pid\":\"<0.10.0>\",\"lists\":{\"monitors\":{\"count\":900,\"distinct_count\":300,\"exact\":true,"
                   "\"top\":[%s]},\"monitored_by\":{\"count\":900,\"distinct_count\":300,\"exact\":true,\"top\":[%s]},"
                   "\"links\":{\"count\":0,\"distinct_count\":0,\"exact\":true,\"top\":[]}}}]}",
                   monitors, monitored_by);
    fake_call("getProcessRelations", SHOP " pid=<0.10.0> limit=200", NULL);
    fake_answer(answer);
}

static void eight_nodes_are_asked_for_the_names_of_peers(void **state)
{
    static char names[10][32];
    (void)state;
    for (int i = 1; i < 10; i++) {
        (void)snprintf(names[i], sizeof names[i], "n%d@h", i);
        fake.nodes[fake.nodes_count++] = (struct bg_node_info){.name = names[i], .state = BG_LINK_UP, .reason_text = ""};
    }
    relations_with(many(NAMED, 1, 9), "");
    assert_int_equal(fake.asks_count, 1 + 8);
    for (size_t i = 1; i < fake.asks_count; i++)
        assert_string_not_equal(fake.asks[i].node, "n9@h");
    fake_cancel();
}

/* Of both lists together. */
static void two_hundred_names_are_asked_of_a_node(void **state)
{
    (void)state;
    fake.nodes[fake.nodes_count++] = (struct bg_node_info){.name = "pay@h", .state = BG_LINK_UP, .reason_text = ""};
    for (int count = 99; count <= 101; count++) {
        relations_with(many(ON_PAY, 1, 100), many(ON_PAY, 101, count));
        assert_int_equal(json_array_size(fake_at(fake.asks[1].args, "pids")), count < 100 ? 199 : 200);
        fake_cancel();
    }
}

static void five_of_those_who_do_not_answer_are_named(void **state)
{
    char answer[2000];
    (void)state;
    for (int count = 5; count <= 6; count++) {
        (void)snprintf(answer, sizeof answer,
                       "{\"process_count\":9,\"scanned_count\":%d,\"skipped_count\":%d,\"word_bytes\":8,\"exact\":{\"memory\":false},"
                       "\"skipped\":[%s],\"rankings\":{\"memory\":[]},\"rows\":[]}",
                       9 - count, count, many("{\"pid\":\"<0.%d.0>\",\"node\":\"shop@127.0.0.1\"}", 1, count));
        fake_call("listProcesses", SHOP, NULL);
        fake_answer(answer);
        const char *warning = json_string_value(fake_at(fake.meta, "warnings.0"));
        assert_non_null(strstr(warning, count == 5 ? "<0.4.0>, <0.5.0>" : "<0.4.0>, <0.5.0> and others"));
        assert_int_equal(strstr(warning, "and others") != NULL, count > 5);
        assert_null(strstr(warning, "<0.6.0>"));
    }
}

static void a_text_of_characters_is_cut_at_a_thousand(void **state)
{
    static char answer[70000];
    (void)state;
    for (int count = 1000; count <= 1001; count++) {
        (void)snprintf(
            answer, sizeof answer,
            "{\"traced_ms\":1,\"calls_count\":1,\"cut\":null,\"sites\":[{\"caller\":[\"m\",\"f\",1,[[\"file\",[%s]],[\"line\",7]]],"
            "\"stack\":[],\"monitor_count\":1,\"demonitor_count\":0,\"ended_count\":0,\"strange_demonitor_count\":0}]}",
            many("120", 0, count));
        fake_call("traceCallSites", SHOP " pid=<0.10.0>", NULL);
        fake_answer(answer);
        assert_int_equal(strlen(json_string_value(fake_at(fake.data, "0.file"))), 1000);
    }
}

static void a_function_has_255_arguments_at_most(void **state)
{
    char answer[400];
    (void)state;
    for (int arity = 255; arity <= 256; arity++) {
        (void)snprintf(answer, sizeof answer,
                       "{\"traced_ms\":1,\"calls_count\":1,\"cut\":null,\"sites\":[{\"caller\":[\"m\",\"f\",%d,\"m.erl\",7],\"stack\":[],"
                       "\"monitor_count\":1,\"demonitor_count\":0,\"ended_count\":0,\"strange_demonitor_count\":0}]}",
                       arity);
        fake_call("traceCallSites", SHOP " pid=<0.10.0>", NULL);
        fake_answer(answer);
        if (arity == 255)
            EXPECT("0.arity", "255");
        else
            fake_expect_failure(BG_BAD_ANSWER, "is not {Module, Function, Arity}");
    }
}

static void memory_has_so_many_allocators_and_types(void **state)
{
    static char answer[70000], instances[40000];
    (void)state;
    (void)snprintf(instances, sizeof instances, "[\"fix_alloc\",0,[[\"fix_types\",[%s]]]],%s", many("[\"t%d\",80,80]", 0, 70),
                   many("[\"a%d\",1,[[\"mbcs\",[[\"blocks\",[]],[\"carriers_size\",9,9,9]]]]]", 0, 40));
    (void)snprintf(
        answer, sizeof answer,
        MEMORY_OF(AREAS_OF("1", "1", "0", "0", "0", "0"), "1", "[\"#Ref<0.1.2.3>\",1,[%s]]", STANDARD_OF("3", "1000"), "1", NO_HOST),
        instances);
    fake_call("getMemory", SHOP, NULL);
    fake_answer_to(0, answer);
    fake_answer_to(1, "{}");
    assert_int_equal(fake.status, 200);
    assert_int_equal(json_array_size(fake_at(fake.data, "allocators")), 32);
    assert_int_equal(json_array_size(fake_at(fake.data, "types")), 64);
}

/* A sanitizer sees an overflow. The last of two members with one name is valid. */
static void a_node_may_claim_any_number_about_its_memory(void **state)
{
    static const char claims[] = "\"schedulers_count\":9223372036854775807,\"otp_release\":[-9223372036854775807,53],"
                                 "\"entry_before\":[[\"memory\",-9223372036854775807],[\"total_heap_size\",9]]}";
    static char answer[4000], claimed[5000];
    (void)state;
    (void)snprintf(answer, sizeof answer,
                   MEMORY_OF(AREAS_OF("1", "1", "0", "0", "0", "0"), "1", "%s", STANDARD_OF("3", "1000"), "1", NO_HOST),
                   "[\"#Ref<0.1.2.3>\",1,[[\"fix_alloc\",0,[[\"fix_types\",[[\"monitor\",80,80]]]]]]]");
    (void)snprintf(claimed, sizeof claimed, "%.*s,%s", (int)strlen(answer) - 1, answer, claims);
    fake_call("getMemory", SHOP, NULL);
    fake_answer_to(0, claimed);
    fake_answer_to(1, "{}");
    assert_int_equal(fake.status, 200);
}

static void say(const char *text)
{
    char body[100];
    (void)snprintf(body, sizeof body, "{\"text\":\"%s\"}", text);
    fake_call("chat", "", body);
}

/* Each question is asked twice: first with the longer timeout. */
static void answer_both(const char *json)
{
    fake_answer(json);
    fake_answer(json);
}

static void chat_lists_ten_watchers(void **state)
{
    static char rows[20000], peers[20000];
    (void)state;
    say("monitors shop");
    (void)snprintf(rows, sizeof rows, SCAN_OF("%s", "monitors", "[%s]", "0", "0"),
                   many("{\"pid\":{\"pid\":\"<0.%d.0>\",\"node\":\"shop@127.0.0.1\"},\"monitors_count\":5%d,\"monitored_by_count\":0,"
                        "\"links_count\":0,\"exact\":true}",
                        10, 12),
                   many("%d", 0, 12));
    answer_both(rows);
    (void)snprintf(
        peers, sizeof peers, "{\"duration_us\":1,\"processes\":[%s]}",
        many("{\"pid\":\"<0.%d.0>\",\"row\":{},\"lists\":{\"monitors\":{\"count\":5%d,\"distinct_count\":1,\"exact\":true,\"top\":[]}}}",
             10, 12));
    answer_both(peers);
    EXPECT("kind", "\"answer\"");
    assert_int_equal(json_array_size(fake_at(fake.data, "rows")), 10);
}

static void chat_names_eight_of_the_nodes_that_are_not_up(void **state)
{
    static char names[10][32];
    (void)state;
    fake.nodes_count = 0;
    for (size_t count = 1; count < 10; count++) {
        (void)snprintf(names[count], sizeof names[count], "n%zu@h", count);
        fake.nodes[fake.nodes_count++] = (struct bg_node_info){.name = names[count], .state = BG_LINK_WAITING, .reason_text = ""};
        if (count < 8)
            continue;
        say("pairs");
        assert_int_equal(json_array_size(fake_at(fake.data, "notes")), count);
        assert_int_equal(strstr(json_string_value(json_array_get(fake_at(fake.data, "notes"), count - 1)), "There are more nodes") != NULL,
                         count > 8);
    }
}

/* Slack's signature of this body at this second. */
static const char *signed_with(const char *secret, const char *second, const char *body)
{
    static char signature[3 + 2 * BG_HMAC_SIZE + 1];
    const struct bg_bytes parts[] = {{"v0:", 3}, {second, strlen(second)}, {":", 1}, {body, strlen(body)}};
    uint8_t mac[BG_HMAC_SIZE];
    assert_true(bg_hmac_sha256(secret, strlen(secret), parts, 4, mac));
    memcpy(signature, "v0=", 3);
    for (size_t i = 0; i < BG_HMAC_SIZE; i++)
        (void)snprintf(signature + 3 + 2 * i, 3, "%02x", mac[i]);
    return signature;
}

/* Each is remembered while its signature holds, so that it is taken once. */
static void slack_has_1024_commands_in_ten_minutes(void **state)
{
    static char secret[] = "8f742231b10e8888abcd99yyyzzz85a5";
    const struct bg_config config = {.slack_signing_secret = secret};
    const struct bg_header headers[] = {
        {"X-Slack-Request-Timestamp", "1531420618"}, {"X-Slack-Signature", signed_with(secret, "1531420618", "text=help")}, {NULL, NULL}};
    uint8_t mac[BG_HMAC_SIZE] = {0};
    (void)state;
    fake.services.config = &config;
    fake.services.replays = bg_replays_new();
    fake.headers = headers;
    fake.bytes = "text=help";
    fake.form = "{\"text\":\"help\"}";
    fake.wall_ms = INT64_C(1531420618000);
    for (uint32_t i = 0; i < BG_REPLAYS_MAX; i++) {
        memcpy(mac, &i, sizeof i);
        assert_int_equal(bg_replays_note(fake.services.replays, mac, fake.wall_ms, fake.wall_ms + 1000), BG_REPLAY_NEW);
    }
    fake_call("chatSlack", "", NULL);
    assert_int_equal(fake.status, 429);
    fake_expect_failure(BG_TOO_MANY, "more than 1024 commands in ten minutes");
    fake.wall_ms += 2000;
    fake_call("chatSlack", "", NULL);
    assert_int_equal(fake.status, 200);
    bg_replays_free(fake.services.replays);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)
    const struct CMUnitTest tests[] = {
        T(eight_nodes_are_asked_for_the_names_of_peers),  T(two_hundred_names_are_asked_of_a_node),
        T(five_of_those_who_do_not_answer_are_named),     T(a_text_of_characters_is_cut_at_a_thousand),
        T(a_function_has_255_arguments_at_most),          T(memory_has_so_many_allocators_and_types),
        T(a_node_may_claim_any_number_about_its_memory),  T(chat_lists_ten_watchers),
        T(chat_names_eight_of_the_nodes_that_are_not_up), T(slack_has_1024_commands_in_ten_minutes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
