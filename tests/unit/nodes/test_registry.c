/* test_registry.c: the set of registered nodes, what it refuses, and how long a failed one waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "link_failure.h"
#include "settings.h"
#include "world.h"

#include "beamgauge/cookie.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

static void good_names_are_taken(void **state)
{
    (void)state;
    const char *const names[] = {"shop@10.0.0.5", "a@b", "shop_1-x@node.example.com", "x@::1", "x@fe80::1", "shop@vm"};
    struct bg_failure failure;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(bg_node_name_check(names[i], &failure), BG_OK);
}

static void bad_names_are_refused_with_the_parameter(void **state)
{
    (void)state;
    const char *const names[] = {"",      "shop",  "@host", "shop@",      "shop@@host", "shop@ho st", "sh op@host", "a'@b",
                                 "a\"@b", "a@b\n", "a@b/c", "a@\xc3\xa4", "\xff@host",  "a\x01@host", "a@b@c",      "<b>@host"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct bg_failure failure;
        assert_int_equal(bg_node_name_check(names[i], &failure), BG_INVALID);
        assert_string_equal(failure.param, "node");
    }
    char longest[400];
    struct bg_failure failure;
    for (size_t i = 0; i < sizeof longest; i++)
        longest[i] = i > 1 && i % 2 == 1 ? '.' : 'a';
    longest[1] = '@';
    longest[BG_NODE_NAME_MAX] = '\0';
    assert_int_equal(bg_node_name_check(longest, &failure), BG_OK);
    longest[BG_NODE_NAME_MAX] = '.';
    longest[BG_NODE_NAME_MAX + 1] = '\0';
    assert_int_equal(bg_node_name_check(longest, &failure), BG_INVALID);
}

static void refused(const struct bg_node_spec *spec, const char *param)
{
    struct bg_node_settings settings;
    struct bg_failure failure;
    assert_int_equal(bg_settings_init(spec, &settings, &failure), BG_INVALID);
    assert_string_equal(failure.param, param);
}

static void specs_out_of_bounds_are_refused(void **state)
{
    (void)state;
    char cookie[300];
    const char *tags[BG_TAGS_MAX + 1];
    memset(cookie, 'c', sizeof cookie);
    cookie[BG_COOKIE_MAX + 1] = '\0';
    for (size_t i = 0; i <= BG_TAGS_MAX; i++)
        tags[i] = "tag";
    refused(&(struct bg_node_spec){.name = "a b@c", .cookie = "x"}, "node");
    refused(&(struct bg_node_spec){.name = "a@c", .cookie = ""}, "cookie");
    refused(&(struct bg_node_spec){.name = "a@c"}, "cookie");
    refused(&(struct bg_node_spec){.name = "a@c", .cookie = cookie}, "cookie");
    refused(&(struct bg_node_spec){.name = "a@c", .cookie = "x", .address = ""}, "address");
    refused(&(struct bg_node_spec){.name = "a@c", .cookie = "x", .address = "h/x"}, "address");
    refused(&(struct bg_node_spec){.name = "a@c", .cookie = "x", .tags = tags, .tags_count = BG_TAGS_MAX + 1}, "tags");
    struct bg_node_settings settings;
    struct bg_failure failure;
    cookie[BG_COOKIE_MAX] = '\0';
    const struct bg_node_spec largest = {.name = "a@c", .cookie = cookie, .tags = tags, .tags_count = BG_TAGS_MAX};
    assert_int_equal(bg_settings_init(&largest, &settings, &failure), BG_OK);
    assert_string_equal(settings.address, "c");
    bg_settings_done(&settings);
}

static void nodes_are_kept_in_the_order_of_their_names(void **state)
{
    (void)state;
    const char *const names[] = {"m@h", "c@h", "z@h", "a@h"};
    struct world world;
    struct bg_nodes_options options;
    struct bg_node_info info;
    struct bg_failure failure;
    world_options(&options);
    options.nodes_max = 4;
    world_open(&world, &options);
    for (size_t i = 0; i < 4; i++)
        world_put(&world, names[i], "x", "127.0.0.1", 1);
    const char *const sorted[] = {"a@h", "c@h", "m@h", "z@h"};
    for (size_t i = 0; i < 4; i++) {
        bg_nodes_info_at(world.nodes, i, &info);
        assert_string_equal(info.name, sorted[i]);
    }
    const struct bg_node_spec more = {.name = "more@h", .cookie = "x"};
    assert_int_equal(bg_nodes_put(world.nodes, &more, NULL, &failure), BG_CONFLICT);
    assert_int_equal(bg_nodes_delete(world.nodes, "c@h", &failure), BG_OK);
    assert_int_equal(bg_nodes_delete(world.nodes, "c@h", &failure), BG_NODE_UNKNOWN);
    assert_int_equal(bg_nodes_info(world.nodes, "c@h", &info, &failure), BG_NODE_UNKNOWN);
    assert_int_equal(bg_nodes_count(world.nodes), 3);
    bool created = false;
    assert_int_equal(bg_nodes_put(world.nodes, &more, &created, &failure), BG_OK);
    assert_true(created);
    assert_int_equal(bg_nodes_put(world.nodes, &more, &created, &failure), BG_OK);
    assert_false(created);
    world_close(&world);
}

static void an_unknown_node_cannot_be_asked(void **state)
{
    (void)state;
    struct world world;
    struct bg_nodes_options options;
    struct outcome outcome;
    struct bg_writer forms;
    world_options(&options);
    world_open(&world, &options);
    forms_echo(&forms);
    assert_int_equal(world_ask_now(&world, "no@where", &forms, &outcome), BG_NODE_UNKNOWN);
    world_put(&world, "no@where", "x", "127.0.0.1", 1);
    assert_int_equal(world_ask_now(&world, "no@where", &forms, &outcome), BG_NODE_UNREACHABLE);
    world_close(&world);
}

static void a_registry_can_end_while_a_name_is_looked_up(void **state)
{
    (void)state;
    struct world world;
    struct bg_nodes_options options;
    world_options(&options);
    world_open(&world, &options);
    world_put(&world, "a@never-asked-before.example.com", "x", NULL, 0);
    event_base_loop(world.base, EVLOOP_NONBLOCK);
    world_close(&world);
}

static void waits_grow_to_their_maximum_with_jitter(void **state)
{
    (void)state;
    const enum bg_link_reason reason = BG_REASON_PORT_REFUSED;
    assert_int_equal(bg_link_failure_wait_ms(reason, 1, 100, 1000, 0), 100);
    assert_int_equal(bg_link_failure_wait_ms(reason, 3, 100, 1000, 0), 400);
    assert_int_equal(bg_link_failure_wait_ms(reason, 4000000000u, 100, 1000, 0), 1000);
    bool varies = false;
    for (uint32_t random = 0; random < 1000; random++) {
        int64_t wait = bg_link_failure_wait_ms(reason, 9, 100, 1000, random * 2654435761u);
        assert_true(wait >= 750 && wait <= 1000);
        varies = varies || wait != 1000;
    }
    assert_true(varies);
}

static void what_the_target_logs_is_not_tried_often(void **state)
{
    (void)state;
    assert_int_equal(bg_link_failure_wait_ms(BG_REASON_COOKIE_REJECTED, 1, 100, 1000, 0), 10000);
    assert_int_equal(bg_link_failure_wait_ms(BG_REASON_NOT_ALLOWED, 1, 100, 1000, 0), 10000);
    assert_int_equal(bg_link_failure_wait_ms(BG_REASON_COOKIE_REJECTED, 9, 100, 60000, 0), 25600);
}

static void every_reason_has_its_own_code(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BG_REASON_COUNT; i++)
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(bg_link_reason_code((enum bg_link_reason)i), bg_link_reason_code((enum bg_link_reason)j));
    assert_string_equal(bg_link_state_text(BG_LINK_CLOSED), "closed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_names_are_taken),
        cmocka_unit_test(bad_names_are_refused_with_the_parameter),
        cmocka_unit_test(specs_out_of_bounds_are_refused),
        cmocka_unit_test(nodes_are_kept_in_the_order_of_their_names),
        cmocka_unit_test(an_unknown_node_cannot_be_asked),
        cmocka_unit_test(a_registry_can_end_while_a_name_is_looked_up),
        cmocka_unit_test(waits_grow_to_their_maximum_with_jitter),
        cmocka_unit_test(what_the_target_logs_is_not_tried_often),
        cmocka_unit_test(every_reason_has_its_own_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
