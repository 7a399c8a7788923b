/* test_call_sites.c: the lines that call monitor: the question, refusals, and the caller that a call is attributed to. */
#include "fake.h"

#include <stdio.h>

#define CART "node=shop@127.0.0.1 pid=<0.10.0>"
#define COUNTS(MONITORS, DEMONITORS, ENDED, STRANGE)                                                                                       \
    "\"monitor_count\":" MONITORS ",\"demonitor_count\":" DEMONITORS ",\"ended_count\":" ENDED ",\"strange_demonitor_count\":" STRANGE
#define SITE(CALLER, STACK, COUNTS) "{\"caller\":" CALLER ",\"stack\":[" STACK "]," COUNTS "}"
#define ANSWER(SITES, CUT) "{\"traced_ms\":2000,\"calls_count\":77,\"cut\":" CUT ",\"sites\":[" SITES "]}"
#define FRAME(M, F, A, FILE, LINE) "[\"" M "\",\"" F "\"," A ",\"" FILE "\"," LINE "]"
#define LEAK FRAME("my_client", "send_async", "2", "src/my_client.erl", "87")
#define HANDLE FRAME("my_client", "handle_cast", "2", "src/my_client.erl", "40")
#define TIDY FRAME("my_client", "fetch", "1", "src/my_client.erl", "55")

static void call(const char *body)
{
    fake_call("traceCallSites", CART, body);
}

static void asks_with_the_bodys_limits_and_takes_that_much_longer(void **state)
{
    (void)state;
    call("{\"duration_ms\":60000,\"max_calls\":10000}");
    assert_string_equal(fake.asks[0].question, "call_sites");
    EXPECT_ARG(0, "", "{\"pid\":\"<0.10.0>\",\"duration_ms\":60000,\"max_calls\":10000}");
    assert_int_equal(fake.asks[0].timeout_ms, 65000);
    assert_int_equal(fake.asks[0].max_age_ms, 0);
    assert_int_equal(fake.extended_ms, 60000);
    fake_cancel();
}

static void a_body_that_says_nothing_leaves_the_usual_limits(void **state)
{
    static const char *const bodies[] = {NULL, "{}"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        call(bodies[i]);
        EXPECT_ARG(0, "", "{\"pid\":\"<0.10.0>\",\"duration_ms\":5000,\"max_calls\":1000}");
        fake_cancel();
    }
}

static void limits_out_of_bounds_ask_nobody(void **state)
{
    static const char *const samples[][2] = {
        {"{\"duration_ms\":-1}", "duration_ms"},
        {"{\"duration_ms\":99}", "duration_ms"},
        {"{\"duration_ms\":60001}", "duration_ms"},
        {"{\"duration_ms\":9223372036854775807}", "duration_ms"},
        {"{\"duration_ms\":\"500\"}", "duration_ms"},
        {"{\"duration_ms\":500.5}", "duration_ms"},
        {"{\"duration_ms\":null}", "duration_ms"},
        {"{\"max_calls\":0}", "max_calls"},
        {"{\"max_calls\":10001}", "max_calls"},
        {"{\"max_calls\":true}", "max_calls"},
        {"{\"duration\":500}", "duration"},
        {"[]", "body"},
        {"7", "body"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        call(samples[i][0]);
        assert_int_equal(fake.failure.error, BG_INVALID);
        assert_string_equal(fake.failure.param, samples[i][1]);
        assert_int_equal(fake.asks_count, 0);
    }
}

static void a_line_that_leaks_comes_first_and_one_that_gives_back_is_not_blamed(void **state)
{
    (void)state;
    call(NULL);
    fake_answer(
        ANSWER(SITE(TIDY, TIDY, COUNTS("500", "500", "0", "0")) "," SITE(LEAK, LEAK "," HANDLE, COUNTS("30", "8", "2", "1")), "null"));
    assert_int_equal(json_array_size(fake.data), 2);
    EXPECT("0", "{\"module\":\"my_client\",\"function\":\"send_async\",\"arity\":2,\"text\":\"my_client:send_async/2\","
                "\"file\":\"src/my_client.erl\",\"line\":87,\"monitor_count\":30,\"demonitor_count\":8,\"ended_count\":2,"
                "\"net_count\":20,\"monitors_per_second\":15.0,\"net_per_second\":10.0,\"unmatched_demonitor_count\":1,\"stack\":["
                "{\"module\":\"my_client\",\"function\":\"send_async\",\"arity\":2,\"text\":\"my_client:send_async/2\","
                "\"file\":\"src/my_client.erl\",\"line\":87},"
                "{\"module\":\"my_client\",\"function\":\"handle_cast\",\"arity\":2,\"text\":\"my_client:handle_cast/2\","
                "\"file\":\"src/my_client.erl\",\"line\":40}]}");
    EXPECT("1.text", "\"my_client:fetch/1\"");
    EXPECT("1.net_count", "0");
    EXPECT("1.net_per_second", "0.0");
    EXPECT_META("traced_ms", "2000");
    EXPECT_META("calls_count", "77");
    EXPECT_META("returned_count", "2");
    EXPECT_META("truncated", "false");
    EXPECT_META("cut_by", "null");
    EXPECT_META("warnings", "[]");
}

static void helpers_are_passed_over_for_who_called_them(void **state)
{
    (void)state;
    call(NULL);
    fake_answer(ANSWER(
        SITE("[\"gen\",\"do_call\",4,\"gen.erl\",237]",
             "[\"gen\",\"do_call\",4,\"gen.erl\",237],[\"gen_server\",\"call\",2,null,null]," TIDY, COUNTS("6", "6", "0", "0")) "," //
        SITE("[\"Elixir.Process\",\"monitor\",1,\"lib/process.ex\",600]",
             "[\"Elixir.Process\",\"monitor\",1,\"lib/process.ex\",600]," FRAME("Elixir.Shop.Cart", "watch", "1", "lib/cart.ex", "12"),
             COUNTS("9", "0", "0", "0")) "," //
        SITE("[\"supervisor\",\"monitor_child\",1,null,null]",
             "[\"supervisor\",\"monitor_child\",1,null,null],[\"proc_lib\",\"init_p_do_apply\",3,null,null]", COUNTS("1", "0", "0", "0")),
        "null"));
    EXPECT("0.text", "\"Shop.Cart.watch/1\"");
    EXPECT("0.line", "12");
    EXPECT("0.stack.0.text", "\"Process.monitor/1\"");
    EXPECT("1.text", "\"supervisor:monitor_child/1\"");
    EXPECT("1.line", "null");
    EXPECT("2.text", "\"my_client:fetch/1\"");
}

static void one_line_reached_in_two_ways_is_one_row(void **state)
{
    (void)state;
    call(NULL);
    fake_answer(ANSWER(SITE(LEAK, LEAK, COUNTS("3", "1", "0", "2")) "," SITE(LEAK, LEAK "," HANDLE, COUNTS("7", "0", "4", "1")), "null"));
    assert_int_equal(json_array_size(fake.data), 1);
    EXPECT("0.monitor_count", "10");
    EXPECT("0.demonitor_count", "1");
    EXPECT("0.ended_count", "4");
    EXPECT("0.net_count", "5");
    EXPECT("0.unmatched_demonitor_count", "3");
    EXPECT("0.stack.1.function", "\"handle_cast\"");
}

static void what_a_release_cannot_tell_is_null(void **state)
{
    (void)state;
    call(NULL);
    fake_answer(ANSWER(
        SITE("[\"cart\",\"watch\",1,null,null]", "", COUNTS("2", "0", "0", "0")) "," SITE("null", "", COUNTS("1", "0", "0", "0")), "null"));
    EXPECT("0.file", "null");
    EXPECT("0.line", "null");
    EXPECT("0.stack", "[]");
    EXPECT("1.text", "null");
    EXPECT("1.module", "null");
    EXPECT("1.net_count", "1");
}

static void rows_of_equal_counts_have_an_order_of_their_own(void **state)
{
    static const char one[] = ANSWER(SITE(LEAK, "", COUNTS("1", "0", "0", "0")) "," SITE(HANDLE, "", COUNTS("1", "0", "0", "0")), "null");
    static const char other[] = ANSWER(SITE(HANDLE, "", COUNTS("1", "0", "0", "0")) "," SITE(LEAK, "", COUNTS("1", "0", "0", "0")), "null");
    (void)state;
    for (int i = 0; i < 2; i++) {
        call(NULL);
        fake_answer(i == 0 ? one : other);
        EXPECT("0.function", "\"handle_cast\"");
    }
}

static void an_early_end_is_told(void **state)
{
    static const char *const reasons[] = {"\"max_calls\"", "\"message_queue\"", "\"process_died\""};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char json[200];
        (void)snprintf(json, sizeof json, ANSWER("", "%s"), reasons[i]);
        call(NULL);
        fake_answer(json);
        EXPECT("", "[]");
        EXPECT_META("truncated", "true");
        EXPECT_META("cut_by", reasons[i]);
        assert_int_equal(json_array_size(fake_at(fake.meta, "warnings")), i == 1 ? 1 : 0);
    }
}

static void refusals_say_why(void **state)
{
    (void)state;
    call(NULL);
    fake_answer("{\"dead\":true}");
    fake_expect_failure(BG_PROCESS_DEAD, "<0.10.0>");
    call(NULL);
    fake_answer("{\"refused\":\"traced\"}");
    fake_expect_failure(BG_UNSUPPORTED, "somebody else");
    call(NULL);
    fake_answer("{\"refused\":\"patterns\"}");
    fake_expect_failure(BG_UNSUPPORTED, "OTP 27");
    call(NULL);
    fake_answer("{\"refused\":\"busy\"}");
    fake_expect_failure(BG_TOO_MANY, "one at a time");
}

static void a_pid_of_another_node_is_not_found_and_that_node_is_named(void **state)
{
    (void)state;
    fake_call("traceCallSites", "node=shop@127.0.0.1 pid=<9123.10.0>", NULL);
    assert_string_equal(fake.asks[0].question, "owner");
    EXPECT_ARG(0, "", "{\"pid\":\"<9123.10.0>\"}");
    fake_answer("{\"node\":\"pay@127.0.0.1\"}");
    fake_expect_failure(BG_NOT_FOUND, "pay@127.0.0.1");
    assert_int_equal(fake.asks_count, 1);
    fake_call("traceCallSites", "node=shop@127.0.0.1 pid=<9123.10.0>", NULL);
    fake_answer("{\"node\":null}");
    fake_expect_failure(BG_NOT_FOUND, "any node that it knows");
}

static void malformed_answers_are_refused(void **state)
{
    static const char *const samples[] = {
        "{}",
        "[]",
        "{\"traced_ms\":1,\"calls_count\":1,\"cut\":null}",
        "{\"traced_ms\":-1,\"calls_count\":1,\"cut\":null,\"sites\":[]}",
        "{\"traced_ms\":1,\"calls_count\":\"1\",\"cut\":null,\"sites\":[]}",
        ANSWER("", "7"),
        ANSWER("7", "null"),
        ANSWER("{}", "null"),
        ANSWER(SITE("[\"cart\"]", "", COUNTS("1", "0", "0", "0")), "null"),
        ANSWER(SITE(LEAK, "7", COUNTS("1", "0", "0", "0")), "null"),
        ANSWER(SITE(LEAK, "", COUNTS("-1", "0", "0", "0")), "null"),
        ANSWER(SITE(LEAK, "", COUNTS("5", "3", "3", "0")), "null"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        call(NULL);
        fake_answer(samples[i]);
        fake_expect_failure(BG_BAD_ANSWER, "\"call_sites\"");
    }
}

/* As many as the question distinguishes, and one more. */
static void more_sites_than_asked_for_are_refused(void **state)
{
    static char sites[60000], json[61000];
    (void)state;
    for (int count = 201; count <= 202; count++) {
        sites[0] = '\0';
        for (int i = 0; i < count; i++)
            (void)snprintf(sites + strlen(sites), sizeof sites - strlen(sites),
                           "%s" SITE(FRAME("m", "f", "1", "m.erl", "%d"), "", COUNTS("1", "0", "0", "0")), i > 0 ? "," : "", i);
        (void)snprintf(json, sizeof json, ANSWER("%s", "null"), sites);
        call(NULL);
        fake_answer(json);
        if (count == 201)
            assert_int_equal(json_array_size(fake.data), 201);
        else
            fake_expect_failure(BG_BAD_ANSWER, "more call sites");
    }
}

static void only_an_admin_may_trace(void **state)
{
    (void)state;
    assert_int_equal(fake_endpoint("traceCallSites")->scope, BG_SCOPE_ADMIN);
    assert_int_equal(fake_endpoint("traceCallSites")->method, BG_POST);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)
    const struct CMUnitTest tests[] = {
        T(asks_with_the_bodys_limits_and_takes_that_much_longer),
        T(a_body_that_says_nothing_leaves_the_usual_limits),
        T(limits_out_of_bounds_ask_nobody),
        T(a_line_that_leaks_comes_first_and_one_that_gives_back_is_not_blamed),
        T(helpers_are_passed_over_for_who_called_them),
        T(one_line_reached_in_two_ways_is_one_row),
        T(what_a_release_cannot_tell_is_null),
        T(rows_of_equal_counts_have_an_order_of_their_own),
        T(an_early_end_is_told),
        T(refusals_say_why),
        T(a_pid_of_another_node_is_not_found_and_that_node_is_named),
        T(malformed_answers_are_refused),
        T(more_sites_than_asked_for_are_refused),
        T(only_an_admin_may_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
