/* test_fetch.c: one question to one node: its one ending, what serves once time is over, and what the node goes on with. */
#include "fake.h"

#include "fetch.h"

static struct bg_fetch fetch;
static struct bg_shaper shaper;
static struct bg_failure refused;
static int endings, others;
static struct bg_failure failed;
static json_t *answered;

static void on_done(struct bg_fetch *one, const struct bg_failure *failure, const struct bg_answer *answer)
{
    assert_false(bg_fetch_is_running(one));
    endings++;
    failed = failure != NULL ? *failure : (struct bg_failure){.error = BG_OK};
    answered = answer != NULL ? answer->data : NULL;
}

static struct bg_arguments other(struct bg_fetch *one)
{
    (void)one;
    others++;
    return bg_arguments_process(&shaper, "owner", "<0.2.0>");
}

static enum bg_error start(struct bg_fetch_request request)
{
    endings = others = 0;
    answered = NULL;
    bg_shaper_init(&shaper, "");
    fetch = (struct bg_fetch){.services = &fake.services, .done = on_done};
    request.node = "shop@127.0.0.1";
    request.arguments = bg_arguments_process(&shaper, "process_info", "<0.1.0>");
    const enum bg_error error = bg_fetch_start(&fetch, &request, &refused);
    json_decref(request.arguments.args);
    return error;
}

static void an_answer_is_the_ending(void **state)
{
    (void)state;
    assert_int_equal(start((struct bg_fetch_request){.timeout_ms = 900, .max_age_ms = 40, .kept_ms = 60, .other = other}), BG_OK);
    assert_true(bg_fetch_is_running(&fetch));
    assert_string_equal(fake.asks[0].question, "process_info");
    assert_int_equal(fake.asks[0].timeout_ms, 900);
    assert_int_equal(fake.asks[0].max_age_ms, 40);
    fake_answer("{\"a\": 1}");
    assert_int_equal(endings, 1);
    assert_non_null(answered);
    assert_false(fetch.is_late);
    assert_int_equal(others, 0); /* made only when it is needed */
}

static void once_time_is_over_what_is_kept_serves(void **state)
{
    (void)state;
    fake.keeps = true;
    assert_int_equal(start((struct bg_fetch_request){.timeout_ms = 900, .kept_ms = 60000}), BG_OK);
    fake_answer_failure(BG_DEADLINE, "late");
    assert_int_equal(endings, 0);
    assert_true(json_equal(fake.asks[0].args, fake.asks[1].args));
    assert_int_equal(fake.asks[1].max_age_ms, 60000);
    fake_answer("{\"a\": 1}");
    assert_int_equal(endings, 1);
    assert_true(fetch.is_late);
    assert_string_equal(fetch.late.text, "late");
    assert_int_equal(start((struct bg_fetch_request){.timeout_ms = 0, .kept_ms = 60000, .other = other}), BG_OK);
    assert_string_equal(fake.asks[2].question, "owner");
    fake_answer_failure(BG_DEADLINE, "not even that");
    assert_int_equal(endings, 1);
    assert_int_equal(others, 1);
    assert_string_equal(failed.text, "not even that");
}

static void where_nothing_serves_it_fails_as_it_did(void **state)
{
    (void)state;
    for (int keeps = 0; keeps < 2; keeps++) {
        fake.keeps = keeps == 1;
        assert_int_equal(start((struct bg_fetch_request){.timeout_ms = 900, .kept_ms = keeps == 1 ? 0 : 60000}), BG_OK);
        fake_answer_failure(BG_DEADLINE, "late");
        assert_int_equal(endings, 1);
        assert_string_equal(failed.text, "late");
        assert_int_equal(start((struct bg_fetch_request){.timeout_ms = -5, .kept_ms = keeps == 1 ? 0 : 60000}), BG_DEADLINE);
        assert_string_equal(refused.text, "no time was left to ask shop@127.0.0.1 for \"process_info\"");
        assert_int_equal(endings, 0);
    }
    assert_int_equal(start((struct bg_fetch_request){.timeout_ms = 900, .kept_ms = 60000}), BG_OK);
    fake_answer_failure(BG_NODE_UNREACHABLE, "gone"); /* which is not a timeout */
    assert_string_equal(failed.text, "gone");
    fake.ask_error = BG_TOO_MANY;
    assert_int_equal(start((struct bg_fetch_request){.timeout_ms = 900, .kept_ms = 60000}), BG_TOO_MANY);
    assert_int_equal(endings, 0);
}

/* The first caller's deadline is the node's. */
static void who_has_more_time_asks_first(void **state)
{
    (void)state;
    assert_int_equal(start((struct bg_fetch_request){.timeout_ms = 900, .warm_ms = 5000}), BG_OK);
    assert_int_equal(fake.asks_count, 2);
    assert_int_equal(fake.asks[0].timeout_ms, 5900);
    assert_int_equal(fake.asks[1].timeout_ms, 900);
    assert_true(json_equal(fake.asks[0].args, fake.asks[1].args));
    bg_fetch_cancel(&fetch);
    assert_int_equal(fake.cancelled_count, 1);
    fake_answer("{\"a\": 1}"); /* kept for the next one */
    assert_int_equal(endings, 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fake_setup, fake_teardown)
    const struct CMUnitTest tests[] = {
        T(an_answer_is_the_ending),
        T(once_time_is_over_what_is_kept_serves),
        T(where_nothing_serves_it_fails_as_it_did),
        T(who_has_more_time_asks_first),
    };
    return cmocka_run_group_tests_name("fetch", tests, NULL, NULL);
}
