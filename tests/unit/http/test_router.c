/* test_router.c: paths to endpoints, and percent-decoding. */
#include "percent.h"
#include "router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct bg_endpoint nodes = {.method = BG_GET, .path = "/api/v1/nodes"};
static const struct bg_endpoint node_get = {.method = BG_GET, .path = "/api/v1/nodes/{node}"};
static const struct bg_endpoint node_put = {.method = BG_PUT, .path = "/api/v1/nodes/{node}"};
static const struct bg_endpoint process = {.method = BG_GET, .path = "/api/v1/nodes/{node}/processes/{pid}"};
static const struct bg_endpoint *const table[] = {&nodes, &node_get, &node_put, &process, NULL};

static struct bg_route find(const char *path, unsigned method)
{
    struct bg_route route;

    bg_router_find(table, path, strlen(path), method, &route);
    return route;
}

static void paths_find_their_endpoint(void **state)
{
    (void)state;
    assert_ptr_equal(find("/api/v1/nodes", BG_GET).endpoint, &nodes);
    assert_ptr_equal(find("/api/v1/nodes/a@b", BG_GET).endpoint, &node_get);
    assert_ptr_equal(find("/api/v1/nodes/a@b", BG_PUT).endpoint, &node_put);
    assert_ptr_equal(find("/api/v1/nodes/a@b/processes/0.1.0", BG_GET).endpoint, &process);
}

static void what_is_not_quite_a_path_is_none(void **state)
{
    static const char *const none[] = {"",
                                       "/",
                                       "/api/v1/nodes/",
                                       "/api/v1/nodesx",
                                       "/api/v1/node",
                                       "/api/v1/nodes/a/",
                                       "/api/v1/nodes//processes/1",
                                       "/api/v1/nodes/a/processes",
                                       "/api/v1/nodes/a/processes/1/2",
                                       "/API/v1/nodes",
                                       "/api/v1/nodes/a/process/1"};

    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_null(find(none[i], BG_GET).endpoint);
        assert_int_equal(find(none[i], BG_GET).allowed, 0);
    }
}

static void a_method_that_is_not_there_tells_those_that_are(void **state)
{
    char allow[BG_ALLOW_SIZE];
    struct bg_route route = find("/api/v1/nodes/a@b", BG_DELETE);

    (void)state;
    assert_null(route.endpoint);
    bg_router_allow(route.allowed, allow);
    assert_string_equal(allow, "GET, HEAD, PUT");
    bg_router_allow(BG_GET | BG_PUT | BG_POST | BG_DELETE, allow);
    assert_string_equal(allow, "GET, HEAD, PUT, POST, DELETE");
    bg_router_allow(BG_DELETE, allow);
    assert_string_equal(allow, "DELETE");
    bg_router_allow(0, allow);
    assert_string_equal(allow, "");
}

static void segments_are_found_by_name(void **state)
{
    const char *path = "/api/v1/nodes/a@b/processes/0.1.0";
    size_t length;

    (void)state;
    assert_ptr_equal(bg_router_segment(process.path, path, strlen(path), "pid", &length), path + 28);
    assert_int_equal(length, 5);
    assert_ptr_equal(bg_router_segment(process.path, path, strlen(path), "node", &length), path + 14);
    assert_int_equal(length, 3);
    assert_null(bg_router_segment(process.path, path, strlen(path), "pi", &length));
    assert_null(bg_router_segment(process.path, path, strlen(path), "nodes", &length));
}

static void percent_encoding_is_undone_strictly(void **state)
{
    static const struct {
        const char *text, *plain; /* NULL: refused */
    } cases[] = {{"a%40b", "a@b"}, {"%2f%2F", "//"}, {"%c3%a9", "\xc3\xa9"}, {"a+b", "a b"},     {"", ""},
                 {"%", NULL},      {"%4", NULL},     {"%4g", NULL},          {"%00", NULL},      {"%0a", NULL},
                 {"%7f", NULL},    {"%ff", NULL},    {"%c3", NULL},          {"%ed%a0%80", NULL}};
    char plain[64];
    size_t length;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *wrong = bg_percent_decode(cases[i].text, strlen(cases[i].text), true, plain, &length);
        assert_int_equal(wrong == NULL, cases[i].plain != NULL);
        if (wrong == NULL)
            assert_string_equal(plain, cases[i].plain);
    }
    assert_null(bg_percent_decode("a+b", 3, false, plain, &length));
    assert_string_equal(plain, "a+b");
    assert_non_null(bg_percent_decode("%41", 2, false, plain, &length)); /* never looks past the length */
}

static const char *suggested(const char *path)
{
    static char text[BG_SUGGESTION_SIZE];

    return bg_router_suggest(table, path, strlen(path), text) ? text : "none";
}

static void a_path_that_is_near_to_one_is_suggested(void **state)
{
    char longest[BG_SUGGESTION_SIZE + 64] = "/api/v1/node/";

    (void)state;
    assert_string_equal(suggested("/api/v1/nodse"), "/api/v1/nodes");
    assert_string_equal(suggested("/api/v1/nodes/"), "/api/v1/nodes");
    assert_string_equal(suggested("/nodes"), "/api/v1/nodes");
    assert_string_equal(suggested("/API/v1/nodes"), "/api/v1/nodes");
    assert_string_equal(suggested("/api/v1/node/shop@h"), "/api/v1/nodes/shop@h");
    assert_string_equal(suggested("/nodes/shop@h/process/0.1.0"), "/api/v1/nodes/shop@h/processes/0.1.0");
    assert_string_equal(suggested("/api/v1/nodes/shop@h/processes"), "none");
    assert_string_equal(suggested("/api/v1/walruses"), "none");
    assert_string_equal(suggested("/api/v1/nodes//processes/0.1.0"), "none");
    assert_string_equal(suggested("/"), "none");
    assert_string_equal(suggested("//"), "none");
    memset(longest + strlen(longest), 'a', sizeof longest - 1 - strlen(longest));
    assert_string_equal(suggested(longest), "none");
    longest[BG_SUGGESTION_SIZE - 1 - strlen("/api/v1") - 1] = '\0';
    assert_int_equal(strncmp(suggested(longest), "/api/v1/nodes/aaa", 17), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_find_their_endpoint),
        cmocka_unit_test(what_is_not_quite_a_path_is_none),
        cmocka_unit_test(a_method_that_is_not_there_tells_those_that_are),
        cmocka_unit_test(segments_are_found_by_name),
        cmocka_unit_test(a_path_that_is_near_to_one_is_suggested),
        cmocka_unit_test(percent_encoding_is_undone_strictly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
