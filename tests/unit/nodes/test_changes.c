/* test_changes.c: what becomes of a link when its node is changed, removed or watched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "scene.h"

static void delete_node(void *context, const struct bg_inquiry_result *result)
{
    struct scene *scene = context;
    struct bg_failure failure;
    if (result->answer != NULL)
        assert_int_equal(result->answer[0], BG_TERM_VERSION);
    (void)!bg_nodes_delete(scene->world.nodes, FAKE_NAME, &failure);
    if (result->answer != NULL)
        assert_int_equal(result->answer[0], BG_TERM_VERSION);
}

static void ask_deleting(struct scene *scene)
{
    const struct bg_inquiry_request request = {.forms = (const uint8_t *)"j",
                                               .forms_length = 1,
                                               .args = (const uint8_t *)"j",
                                               .args_length = 1,
                                               .timeout_ms = 5000,
                                               .max_heap_words = 1000};
    struct bg_inquiry *inquiry;
    struct bg_failure failure;
    assert_int_equal(bg_nodes_ask(scene->world.nodes, FAKE_NAME, &request, delete_node, scene, &inquiry, &failure), BG_OK);
}

static void a_node_can_be_removed_when_a_question_of_it_ends(void **state)
{
    (void)state;
    for (int lost = 0; lost < 2; lost++) {
        struct scene scene;
        struct outcome other;
        scene_up(&scene, &(struct fake){.kind = FAKE_GOOD}, NULL);
        ask_deleting(&scene);
        scene_ask(&scene, 5000, &other);
        ask_deleting(&scene);
        world_wait_count(&scene.world, &scene.fake.spawns, 3);
        if (lost)
            fake_say(&scene.fake, "\xff\xff\xff\xff", 4);
        else
            fake_send(&scene.fake, 1,
                      (const uint8_t *)"\x83"
                                       "a\7",
                      3);
        world_wait_outcome(&scene.world, &other);
        assert_int_equal(other.error, BG_NODE_UNKNOWN);
        assert_int_equal(bg_nodes_count(scene.world.nodes), 0);
        scene_close(&scene);
    }
}

static void changed_settings_connect_anew_and_the_same_ones_do_not(void **state)
{
    (void)state;
    struct scene scene;
    struct outcome outcome;
    struct bg_node_info info;
    scene_up(&scene, &(struct fake){.kind = FAKE_GOOD}, NULL);
    world_put(&scene.world, FAKE_NAME, FAKE_COOKIE, NULL, scene.fake.port);
    world_run(&scene.world, 20);
    scene_look(&scene, &info);
    assert_int_equal(info.generation, 1);
    scene_ask(&scene, 5000, &outcome);
    world_put(&scene.world, FAKE_NAME, FAKE_COOKIE, "localhost", scene.fake.port);
    assert_int_equal(outcome.error, BG_NODE_UNREACHABLE);
    world_wait_state(&scene.world, FAKE_NAME, BG_LINK_UP);
    scene_look(&scene, &info);
    assert_int_equal(info.generation, 2);
    assert_string_equal(info.address, "localhost");
    scene_close(&scene);
}

static void questions_in_flight_are_cancelled_at_the_end(void **state)
{
    (void)state;
    struct scene scene;
    struct outcome outcome;
    scene_up(&scene, &(struct fake){.kind = FAKE_GOOD}, NULL);
    scene_ask(&scene, 5000, &outcome);
    scene_close(&scene);
    assert_int_equal(outcome.times, 1);
    assert_int_equal(outcome.error, BG_CANCELLED);
}

static void count_states(void *context, const char *name, enum bg_link_state state)
{
    unsigned *counts = context;
    assert_string_equal(name, FAKE_NAME);
    counts[state]++;
}

static void a_watcher_is_told_of_ups_and_downs(void **state)
{
    (void)state;
    struct scene scene;
    unsigned counts[BG_LINK_CLOSED + 1] = {0};
    struct bg_failure failure;
    scene_open(&scene, &(struct fake){.kind = FAKE_GOOD}, NULL);
    bg_nodes_watch(scene.world.nodes, count_states, counts);
    world_wait_state(&scene.world, FAKE_NAME, BG_LINK_UP);
    fake_say(&scene.fake, "\xff\xff\xff\xff", 4);
    for (int i = 0; i < 10000 && counts[BG_LINK_UP] < 2; i++)
        world_run(&scene.world, 5);
    assert_int_equal(bg_nodes_delete(scene.world.nodes, FAKE_NAME, &failure), BG_OK);
    assert_true(counts[BG_LINK_UP] == 2 && counts[BG_LINK_CLOSED] == 1);
    assert_true(counts[BG_LINK_WAITING] >= 1); /* on a busy machine a try may fail */
    assert_int_equal(counts[BG_LINK_CONNECTING] + counts[BG_LINK_HANDSHAKING], 0);
    scene_close(&scene);
}

static void remove_rejected(void *context, const char *name, enum bg_link_state state)
{
    struct scene *scene = context;
    struct bg_node_info info;
    struct bg_failure failure;
    if (state == BG_LINK_CLOSED)
        return;
    assert_int_equal(state, BG_LINK_WAITING);
    scene_look(scene, &info);
    if (info.reason == BG_REASON_HANDSHAKE_TIMEOUT) /* on a busy machine a try may fail */
        return;
    assert_int_equal(info.reason, BG_REASON_COOKIE_REJECTED);
    assert_int_equal(bg_nodes_delete(scene->world.nodes, name, &failure), BG_OK);
}

static void a_watcher_is_told_of_a_failed_try_and_may_remove_the_node(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, &(struct fake){.kind = FAKE_REJECTS}, NULL);
    bg_nodes_watch(scene.world.nodes, remove_rejected, &scene);
    for (int i = 0; i < 10000 && bg_nodes_count(scene.world.nodes) > 0; i++)
        world_run(&scene.world, 5);
    assert_int_equal(bg_nodes_count(scene.world.nodes), 0);
    scene_close(&scene);
}

static void a_watcher_is_told_of_the_removal_of_a_node_that_is_down(void **state)
{
    (void)state;
    struct scene scene;
    unsigned counts[BG_LINK_CLOSED + 1] = {0};
    struct bg_failure failure;
    scene_open(&scene, &(struct fake){.kind = FAKE_REJECTS}, NULL);
    bg_nodes_watch(scene.world.nodes, count_states, counts);
    world_wait_state(&scene.world, FAKE_NAME, BG_LINK_WAITING);
    assert_int_equal(bg_nodes_delete(scene.world.nodes, FAKE_NAME, &failure), BG_OK);
    assert_true(counts[BG_LINK_UP] == 0 && counts[BG_LINK_CLOSED] == 1);
    scene_close(&scene);
}

static void a_change_without_a_cookie_keeps_it(void **state)
{
    (void)state;
    struct scene scene;
    struct bg_node_info info;
    scene_up(&scene, &(struct fake){.kind = FAKE_GOOD}, NULL);
    const char *const tags[] = {"shop", "canary"};
    const struct bg_node_spec spec = {
        .name = FAKE_NAME, .port = scene.fake.port, .tags = tags, .tags_count = 2, .origin = BG_ORIGIN_CONFIG};
    struct bg_failure failure;
    bool created = true;
    assert_int_equal(bg_nodes_put(scene.world.nodes, &spec, &created, &failure), BG_OK);
    assert_false(created);
    scene_look(&scene, &info);
    assert_true(info.state == BG_LINK_UP && info.tags_count == 2 && info.origin == BG_ORIGIN_CONFIG);
    assert_string_equal(info.tags[1], "canary");
    scene_close(&scene);
}

static void the_same_settings_leave_a_handshake_alone(void **state)
{
    (void)state;
    struct scene scene;
    struct bg_node_info info;
    scene_open(&scene, &(struct fake){.kind = FAKE_GOOD}, NULL);
    for (int i = 0; i < 20000; i++) {
        scene_look(&scene, &info);
        if (info.state == BG_LINK_UP)
            break;
        world_put(&scene.world, FAKE_NAME, FAKE_COOKIE, NULL, scene.fake.port);
        world_run(&scene.world, 1);
    }
    assert_int_equal(info.state, BG_LINK_UP);
    assert_int_equal(info.generation, 1);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_can_be_removed_when_a_question_of_it_ends),
        cmocka_unit_test(changed_settings_connect_anew_and_the_same_ones_do_not),
        cmocka_unit_test(questions_in_flight_are_cancelled_at_the_end),
        cmocka_unit_test(a_watcher_is_told_of_ups_and_downs),
        cmocka_unit_test(a_watcher_is_told_of_a_failed_try_and_may_remove_the_node),
        cmocka_unit_test(a_watcher_is_told_of_the_removal_of_a_node_that_is_down),
        cmocka_unit_test(a_change_without_a_cookie_keeps_it),
        cmocka_unit_test(the_same_settings_leave_a_handshake_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
