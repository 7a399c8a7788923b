/* test_real.c: links to real Erlang nodes of every release at hand: questions, limits, cookies, restarts, hangs, names and addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "beamgauge/discover.h"
#include "peer.h"
#include "world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOST "127.0.0.1"

struct scene {
    struct world world;
    struct peer peer;
};

/* The root folder of the release under test; NULL is this system's own. */
static const char *release_root;

static void scene_open(struct scene *scene, const char *host, const char *name_option, const char *const *more, int64_t tick_ms)
{
    struct bg_nodes_options options;
    world_options(&options);
    options.tick_ms = tick_ms;
    world_open(&scene->world, &options);
    peer_name(&scene->peer, host);
    peer_start(&scene->peer, release_root, name_option, more);
}

static void scene_up(struct scene *scene)
{
    scene_open(scene, HOST, "-name", NULL, 15000);
    world_put(&scene->world, scene->peer.name, scene->peer.cookie, NULL, 0);
    world_wait_state(&scene->world, scene->peer.name, BG_LINK_UP);
}

static void scene_close(struct scene *scene)
{
    peer_stop(&scene->peer);
    world_close(&scene->world);
}

static enum bg_error ask_now(struct scene *scene, void (*write_forms)(struct bg_writer *), struct outcome *outcome)
{
    struct bg_writer forms;
    write_forms(&forms);
    return world_ask_now(&scene->world, scene->peer.name, &forms, outcome);
}

static struct bg_inquiry *ask(struct scene *scene, void (*write_forms)(struct bg_writer *), int64_t timeout_ms, struct outcome *outcome)
{
    struct bg_writer forms;
    struct bg_inquiry *inquiry = NULL;
    struct bg_failure failure;
    write_forms(&forms);
    assert_int_equal(world_ask(&scene->world, scene->peer.name, &forms, timeout_ms, outcome, &inquiry, &failure), BG_OK);
    return inquiry;
}

static void look(struct scene *scene, struct bg_node_info *ret_info)
{
    struct bg_failure failure;
    assert_int_equal(bg_nodes_info(scene->world.nodes, scene->peer.name, ret_info, &failure), BG_OK);
}

/* How many questions' processes there are, but for the one that counts; a process that has answered takes a moment to end. */
static void wait_questions(struct scene *scene, int64_t expected)
{
    struct outcome outcome;
    int64_t count = -1;
    expected = 2 * (1 + expected); /* a guard and a worker each */
    for (int i = 0; i < 3000 && count != expected; i++) {
        world_run(&scene->world, 10);
        assert_int_equal(ask_now(scene, forms_count_questions, &outcome), BG_OK);
        count = outcome_integer(&outcome);
    }
    assert_int_equal(count, expected);
}

static void a_question_is_answered(void **state)
{
    (void)state;
    struct scene scene;
    struct outcome outcome;
    scene_up(&scene);
    assert_int_equal(ask_now(&scene, forms_echo, &outcome), BG_OK);
    assert_int_equal(outcome_integer(&outcome), 42);
    assert_true(outcome.rpc_us > 0);
    scene_close(&scene);
}

static void many_questions_are_answered_at_once(void **state)
{
    (void)state;
    struct scene scene;
    struct outcome outcomes[64], refused;
    scene_up(&scene);
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < 64; i++)
            ask(&scene, forms_echo, 5000, &outcomes[i]);
        assert_int_equal(ask_now(&scene, forms_echo, &refused), BG_TOO_MANY);
        for (size_t i = 0; i < 64; i++) {
            world_wait_outcome(&scene.world, &outcomes[i]);
            assert_int_equal(outcomes[i].error, BG_OK);
        }
    }
    scene_close(&scene);
}

static void a_question_that_fails_says_why(void **state)
{
    (void)state;
    struct scene scene;
    struct outcome outcome;
    scene_up(&scene);
    assert_int_equal(ask_now(&scene, forms_crash, &outcome), BG_BAD_ANSWER);
    assert_non_null(strstr(outcome.text, "boom"));
    assert_int_equal(ask_now(&scene, forms_eat, &outcome), BG_PROBE_LIMIT);
    scene_close(&scene);
}

static void cancelled_and_late_questions_leave_no_process(void **state)
{
    (void)state;
    struct scene scene;
    struct outcome outcome, late;
    scene_up(&scene);
    bg_inquiry_cancel(ask(&scene, forms_hang, 5000, &outcome)); /* before the node has even heard of it */
    struct bg_inquiry *inquiry = ask(&scene, forms_hang, 5000, &outcome);
    ask(&scene, forms_hang, 50, &late);
    world_wait_outcome(&scene.world, &late);
    assert_int_equal(late.error, BG_DEADLINE);
    wait_questions(&scene, 1);
    bg_inquiry_cancel(inquiry);
    wait_questions(&scene, 0);
    assert_int_equal(outcome.times, 0);
    scene_close(&scene);
}

static void questions_die_with_the_link(void **state)
{
    (void)state;
    struct scene scene;
    struct outcome outcomes[8];
    scene_up(&scene);
    for (size_t i = 0; i < 8; i++)
        ask(&scene, forms_hang, 60000, &outcomes[i]);
    wait_questions(&scene, 8);
    bg_nodes_free(scene.world.nodes);
    for (size_t i = 0; i < 8; i++)
        assert_true(outcomes[i].times == 1 && outcomes[i].error == BG_CANCELLED);
    struct bg_failure failure;
    assert_int_equal(bg_nodes_new(scene.world.base, bg_clock_system(), &scene.world.options, &scene.world.nodes, &failure), BG_OK);
    world_put(&scene.world, scene.peer.name, scene.peer.cookie, NULL, 0);
    world_wait_state(&scene.world, scene.peer.name, BG_LINK_UP);
    wait_questions(&scene, 0);
    scene_close(&scene);
}

static void copy_much(struct bg_writer *ret_forms)
{
    forms_copy(ret_forms, (1 << 20) - 1000);
}

static void copy_too_much(struct bg_writer *ret_forms)
{
    forms_copy(ret_forms, 1 << 20);
}

static void an_answer_over_the_limit_closes_the_link_which_comes_back(void **state)
{
    (void)state;
    struct scene scene;
    struct outcome outcome;
    scene_up(&scene);
    assert_int_equal(ask_now(&scene, copy_much, &outcome), BG_OK);
    assert_true(outcome.answer_length > (1 << 20) - 1000);
    assert_int_equal(ask_now(&scene, copy_too_much, &outcome), BG_BAD_ANSWER);
    world_wait_reason(&scene.world, scene.peer.name, BG_REASON_BAD_ANSWER);
    world_wait_state(&scene.world, scene.peer.name, BG_LINK_UP);
    assert_int_equal(ask_now(&scene, forms_echo, &outcome), BG_OK);
    scene_close(&scene);
}

static void a_wrong_cookie_is_named_and_the_right_one_connects_at_once(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, HOST, "-name", NULL, 15000);
    world_put(&scene.world, scene.peer.name, "not_the_cookie", NULL, 0);
    world_wait_reason(&scene.world, scene.peer.name, BG_REASON_COOKIE_REJECTED);
    world_put(&scene.world, scene.peer.name, scene.peer.cookie, NULL, 0);
    world_wait_state(&scene.world, scene.peer.name, BG_LINK_UP);
    scene_close(&scene);
}

static void a_node_killed_with_a_question_in_flight_comes_back_when_restarted(void **state)
{
    (void)state;
    struct scene scene;
    struct outcome outcome;
    struct bg_node_info info;
    scene_up(&scene);
    ask(&scene, forms_hang, 60000, &outcome);
    world_run(&scene.world, 50);
    peer_stop(&scene.peer);
    world_wait_outcome(&scene.world, &outcome);
    assert_int_equal(outcome.error, BG_NODE_UNREACHABLE);
    world_wait_reason(&scene.world, scene.peer.name, BG_REASON_NODE_NOT_IN_EPMD);
    peer_start(&scene.peer, release_root, "-name", NULL);
    world_wait_state(&scene.world, scene.peer.name, BG_LINK_UP);
    look(&scene, &info);
    assert_true(info.generation == 2 && info.losses_count == 1);
    assert_int_equal(ask_now(&scene, forms_echo, &outcome), BG_OK);
    scene_close(&scene);
}

/* The stopped one is lost by its silence, while the other's answers stay quick. */
static void a_stopped_node_does_not_delay_another(void **state)
{
    (void)state;
    struct scene scene;
    struct peer stopped;
    struct outcome hung, outcome;
    struct bg_writer forms;
    struct bg_inquiry *inquiry;
    struct bg_failure failure;
    scene_open(&scene, HOST, "-name", NULL, 1000);
    peer_name(&stopped, HOST);
    peer_start(&stopped, release_root, "-name", NULL);
    world_put(&scene.world, scene.peer.name, scene.peer.cookie, NULL, 0);
    world_put(&scene.world, stopped.name, stopped.cookie, NULL, 0);
    world_wait_state(&scene.world, scene.peer.name, BG_LINK_UP);
    world_wait_state(&scene.world, stopped.name, BG_LINK_UP);
    kill(stopped.pid, SIGSTOP);
    forms_hang(&forms); /* some of its threads may go on for a while, and answer what has an answer */
    assert_int_equal(world_ask(&scene.world, stopped.name, &forms, 60000, &hung, &inquiry, &failure), BG_OK);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(ask_now(&scene, forms_echo, &outcome), BG_OK);
        assert_true(outcome.rpc_us < 1000000);
    }
    world_wait_outcome(&scene.world, &hung);
    assert_int_equal(hung.error, BG_NODE_UNREACHABLE);
    world_wait_reason(&scene.world, stopped.name, BG_REASON_TICK_TIMEOUT);
    kill(stopped.pid, SIGCONT);
    world_wait_state(&scene.world, stopped.name, BG_LINK_UP);
    peer_stop(&stopped);
    scene_close(&scene);
}

/* It ticks every 15 seconds by itself, and is provoked to speak more often. */
static void an_idle_node_is_not_taken_for_lost(void **state)
{
    (void)state;
    struct scene scene;
    struct bg_node_info info;
    scene_open(&scene, HOST, "-name", NULL, 500);
    world_put(&scene.world, scene.peer.name, scene.peer.cookie, NULL, 0);
    world_wait_state(&scene.world, scene.peer.name, BG_LINK_UP);
    world_run(&scene.world, 5000); /* without a word it would be lost after 2 s */
    look(&scene, &info);
    assert_true(info.state == BG_LINK_UP && info.generation == 1);
    scene_close(&scene);
}

static void a_second_connection_of_our_name_is_refused_and_the_first_stays(void **state)
{
    (void)state;
    struct scene scene;
    struct world second;
    struct outcome outcome;
    scene_up(&scene);
    world_open(&second, &scene.world.options);
    world_put(&second, scene.peer.name, scene.peer.cookie, NULL, 0);
    world_wait_reason(&second, scene.peer.name, BG_REASON_NAME_IN_USE);
    assert_int_equal(ask_now(&scene, forms_echo, &outcome), BG_OK);
    world_close(&second);
    scene_close(&scene);
}

static void answers_under(const char *host, const char *name_option, const char *const *more, const char *address, uint16_t port)
{
    struct scene scene;
    struct outcome outcome;
    scene_open(&scene, host, name_option, more, 15000);
    world_put(&scene.world, scene.peer.name, scene.peer.cookie, address, port);
    world_wait_state(&scene.world, scene.peer.name, BG_LINK_UP);
    assert_int_equal(ask_now(&scene, forms_echo, &outcome), BG_OK);
    scene_close(&scene);
}

static void short_names_and_ipv6_are_reached(void **state)
{
    (void)state;
    const char *const v6[] = {"-proto_dist", "inet6_tcp", NULL};
    char host[64];
    assert_int_equal(gethostname(host, sizeof host), 0);
    host[strcspn(host, ".")] = '\0';
    answers_under(host, "-sname", NULL, HOST, 0);
    answers_under("localhost", "-sname", NULL, NULL, 0);
    answers_under("::1", "-name", v6, NULL, 0);
}

/* The port is the one epmd gave to a node before: one that is free. */
static void an_explicit_port_needs_no_epmd(void **state)
{
    (void)state;
    char text[16];
    uint16_t port = (uint16_t)(20000 + getpid() % 10000);
    snprintf(text, sizeof text, "%u", (unsigned)port);
    const char *const more[] = {"-kernel", "inet_dist_listen_min", text, "inet_dist_listen_max", text, NULL};
    answers_under("nowhere.invalid", "-name", more, HOST, port);
}

static void what_is_not_there_has_its_reason(void **state)
{
    (void)state;
    struct world world;
    struct bg_nodes_options options;
    world_options(&options);
    world_open(&world, &options);
    world_put(&world, "nobody@127.0.0.1", "x", NULL, 0);
    world_put(&world, "refused@127.0.0.1", "x", NULL, 1);
    world_put(&world, "lost@no-such-host.invalid", "x", NULL, 0);
    world_wait_reason(&world, "nobody@127.0.0.1", BG_REASON_NODE_NOT_IN_EPMD);
    world_wait_reason(&world, "refused@127.0.0.1", BG_REASON_PORT_REFUSED);
    world_wait_reason(&world, "lost@no-such-host.invalid", BG_REASON_HOST_UNKNOWN);
    world_close(&world);
    options.epmd_port = 1;
    world_open(&world, &options);
    world_put(&world, "nobody@127.0.0.1", "x", NULL, 0);
    world_wait_reason(&world, "nobody@127.0.0.1", BG_REASON_EPMD_UNREACHABLE);
    world_close(&world);
}

/* Registers what is found; other tests' nodes, which have other cookies, among it. */
static void on_found(void *context, const char *name, uint16_t port)
{
    struct scene *scene = context;
    (void)port;
    if (strcmp(name, scene->peer.name) == 0)
        world_put(&scene->world, name, scene->peer.cookie, NULL, 0);
}

static void a_node_of_this_host_is_found_with_its_whole_name(void **state)
{
    (void)state;
    struct scene scene;
    struct bg_discovery *discovery;
    struct bg_failure failure;
    struct outcome outcome;
    scene_open(&scene, HOST, "-name", NULL, 15000);
    const struct bg_discovery_options options = {
        .own_name = scene.world.options.own_name, .epmd_port = 4369, .interval_ms = 100, .step_timeout_ms = 1000};
    assert_int_equal(bg_discovery_start(scene.world.base, &options, on_found, &scene, &discovery, &failure), BG_OK);
    for (int i = 0; i < 6000 && bg_nodes_count(scene.world.nodes) == 0; i++)
        world_run(&scene.world, 10);
    world_wait_state(&scene.world, scene.peer.name, BG_LINK_UP);
    assert_int_equal(ask_now(&scene, forms_echo, &outcome), BG_OK);
    bg_discovery_free(discovery);
    scene_close(&scene);
}

/* BG_TEST_RELEASE_ROOT: the root folder of another system, with another release of Erlang, to take the nodes from. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_answered),
        cmocka_unit_test(many_questions_are_answered_at_once),
        cmocka_unit_test(a_question_that_fails_says_why),
        cmocka_unit_test(cancelled_and_late_questions_leave_no_process),
        cmocka_unit_test(questions_die_with_the_link),
        cmocka_unit_test(an_answer_over_the_limit_closes_the_link_which_comes_back),
        cmocka_unit_test(a_wrong_cookie_is_named_and_the_right_one_connects_at_once),
        cmocka_unit_test(a_node_killed_with_a_question_in_flight_comes_back_when_restarted),
        cmocka_unit_test(a_stopped_node_does_not_delay_another),
        cmocka_unit_test(an_idle_node_is_not_taken_for_lost),
        cmocka_unit_test(a_second_connection_of_our_name_is_refused_and_the_first_stays),
        cmocka_unit_test(short_names_and_ipv6_are_reached),
        cmocka_unit_test(an_explicit_port_needs_no_epmd),
        cmocka_unit_test(what_is_not_there_has_its_reason),
        cmocka_unit_test(a_node_of_this_host_is_found_with_its_whole_name),
    };
    release_root = getenv("BG_TEST_RELEASE_ROOT");
    epmd_ensure();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
