/* scene.c: a registry with one link to one fake node. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "scene.h"

void scene_open(struct scene *scene, const struct fake *fake, const struct bg_nodes_options *options)
{
    struct bg_nodes_options usual;
    world_options(&usual);
    usual.connect_timeout_ms = 300;
    world_open(&scene->world, options != NULL ? options : &usual);
    scene->fake = *fake;
    fake_open(&scene->fake, scene->world.base);
    world_put(&scene->world, FAKE_NAME, FAKE_COOKIE, NULL, scene->fake.port);
}

void scene_close(struct scene *scene)
{
    fake_close(&scene->fake);
    world_close(&scene->world);
}

void scene_up(struct scene *scene, const struct fake *fake, const struct bg_nodes_options *options)
{
    scene_open(scene, fake, options);
    world_wait_state(&scene->world, FAKE_NAME, BG_LINK_UP);
}

void scene_look(struct scene *scene, struct bg_node_info *ret_info)
{
    struct bg_failure failure;
    assert_int_equal(bg_nodes_info(scene->world.nodes, FAKE_NAME, ret_info, &failure), BG_OK);
}

struct bg_inquiry *scene_ask(struct scene *scene, int64_t timeout_ms, struct outcome *outcome)
{
    struct bg_writer forms;
    struct bg_inquiry *inquiry = NULL;
    struct bg_failure failure;
    forms_echo(&forms);
    assert_int_equal(world_ask(&scene->world, FAKE_NAME, &forms, timeout_ms, outcome, &inquiry, &failure), BG_OK);
    return inquiry;
}
