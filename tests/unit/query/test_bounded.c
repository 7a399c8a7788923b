/* test_bounded.c: what a node may not send is cut, before anything keeps it; an honest answer stays as it is. */
#include "bounded.h"

#include "ledger_samples.h"

#define HOME "shop@h"
#define MANY 3000

static json_t *bound(const char *args_text, json_t *answer)
{
    json_t *args = read_json(args_text);
    bg_bound(HOME, args, answer);
    json_decref(args);
    return answer;
}

static json_t *repeated(const char *element, size_t times)
{
    json_t *array = json_array();
    for (size_t i = 0; i < times; i++)
        (void)json_array_append_new(array, json_loads(element, JSON_DECODE_ANY, NULL));
    assert_int_equal(json_array_size(array), times);
    return array;
}

static json_t *of(const char *key, json_t *stolen_value)
{
    return json_pack("{s:o}", key, stolen_value);
}

static size_t length_of(const json_t *answer, const char *key)
{
    return json_array_size(json_object_get(answer, key));
}

#define PEERS_ARGS "{\"list_entries_max\":9,\"limit\":20,\"pids\":[\"<0.1.0>\",\"<0.2.0>\"]}"
#define SCAN_ARGS "{\"list_entries_max\":9,\"limit\":50}"
#define PEER_ROW                                                                                                                           \
    "{\"peer\":{\"pid\":\"<0.9.0>\",\"node\":\"pay@h\"},\"count\":3,\"registered_name\":[],\"initial_call\":[\"a\",\"b\",1],"              \
    "\"current_function\":null,\"started_as\":null,\"label\":null,\"alive\":true}"
#define PEER_LIST "{\"count\":7,\"distinct_count\":2,\"exact\":true,\"top\":[" PEER_ROW ",{\"peer\":[\"db\",\"pay@h\"],\"count\":4}]}"
#define ESTIMATE "{\"count\":null,\"distinct_count\":null,\"exact\":false,\"any_kind\":true,\"top\":[]}"
#define PEER_LISTS "{\"monitors\":" PEER_LIST ",\"monitored_by\":" ESTIMATE ",\"links\":" PEER_LIST "}"
#define COUNTED_ONE                                                                                                                        \
    "{\"pid\":{\"pid\":\"<0.1.0>\",\"node\":\"shop@h\"},\"unexplained\":6400,\"row\":{\"registered_name\":\"cart\",\"label\":\"l\"},"      \
    "\"lists\":" PEER_LISTS ",\"late\":false}"

static void assert_stays(const char *args, const char *text)
{
    json_t *answer = bound(args, read_json(text)), *wanted = read_json(text);
    assert_true(json_equal(answer, wanted));
    json_decref(answer);
    json_decref(wanted);
}

static void an_honest_answer_stays_as_it_is(void **state)
{
    (void)state;
    assert_stays(PEERS_ARGS, "{\"processes\":[{\"pid\":\"<0.1.0>\",\"dead\":false,\"row\":{\"alive\":true},\"lists\":" PEER_LISTS
                             ",\"full\":[1,2],\"late\":false,\"entries_max\":9},{\"pid\":\"<0.2.0>\",\"dead\":true}],"
                             "\"counted\":[" COUNTED_ONE "],\"weighed\":[[{\"pid\":\"<0.1.0>\",\"node\":\"shop@h\"},50000000]]}");
    assert_stays(SCAN_ARGS, "{\"rows\":[{\"pid\":{\"pid\":\"<0.1.0>\",\"node\":\"shop@h\"},\"memory\":9,\"delta\":-5,\"status\":null,"
                            "\"monitors_count\":null,\"monitored_by_count\":4,\"initial_call\":[\"a\",\"b\",1],\"exact\":true}],"
                            "\"rankings\":{\"monitors\":[0]},\"counted\":[" COUNTED_ONE "],\"census\":[1,2,3,4],\"process_count\":5,"
                            "\"skipped\":[\"<0.7.0>\"]}");
    assert_stays("{\"pids\":[\"<0.1.0>\"]}", "{\"names\":[{\"alive\":true,\"registered_name\":\"cart\",\"started_as\":[\"a\",\"b\",2]}]}");
    assert_stays(
        "{\"list_entries_max\":9,\"pairs\":[[1,2,3]]}",
        "{\"pairs\":[{\"pid\":{\"pid\":\"<0.1.0>\",\"node\":\"shop@h\"},\"alive\":true,\"monitored_by_count\":8,\"count\":null}]}");
    assert_stays("{}", "{\"rows\":[{\"anything\":[1,2,3,4,5,6]}],\"counted\":7}");
}

static void a_process_is_reported_once_and_only_if_it_was_asked_for(void **state)
{
    (void)state;
    json_t *answer = bound(PEERS_ARGS, of("processes", repeated("{\"pid\":\"<0.1.0>\",\"dead\":true}", MANY)));
    assert_int_equal(length_of(answer, "processes"), 1);
    json_decref(answer);
    answer = bound(PEERS_ARGS, of("processes", repeated("{\"pid\":\"<0.3.0>\",\"dead\":true}", 1)));
    assert_int_equal(length_of(answer, "processes"), 0);
    json_decref(answer);
    answer = bound(SCAN_ARGS, of("processes", repeated("{\"pid\":\"<0.1.0>\",\"dead\":true}", 1)));
    assert_int_equal(length_of(answer, "processes"), 0);
    json_decref(answer);
}

static json_t *process_with(json_t *stolen_list)
{
    return json_pack("{s:[{s:s, s:{s:o}}]}", "processes", "pid", "<0.1.0>", "lists", "monitors", stolen_list);
}

static json_t *list_of(const json_t *answer)
{
    json_t *process = json_array_get(json_object_get(answer, "processes"), 0);
    return json_object_get(json_object_get(process, "lists"), "monitors");
}

static void a_list_has_as_many_peers_as_were_asked_for(void **state)
{
    (void)state;
    json_t *list = read_json("{\"count\":3000,\"distinct_count\":3000,\"exact\":true}");
    (void)json_object_set_new(list, "top", repeated("{\"peer\":{\"pid\":\"<0.9.0>\"},\"learned\":true}", MANY));
    json_t *answer = bound(PEERS_ARGS, process_with(list));
    assert_int_equal(length_of(list_of(answer), "top"), 20);
    assert_int_equal(json_integer_value(json_object_get(list_of(answer), "distinct_count")), MANY);
    assert_null(json_object_get(json_array_get(json_object_get(list_of(answer), "top"), 0), "learned"));
    json_decref(answer);
    answer = bound(PEERS_ARGS, process_with(read_json("{\"top\":[1,\"x\",[1],{\"count\":1}],\"distinct_count\":[[]],\"more\":[1]}")));
    json_t *wanted = read_json("{\"top\":[{\"count\":1}],\"distinct_count\":null}");
    assert_true(json_equal(list_of(answer), wanted));
    json_decref(wanted);
    json_decref(answer);
}

static void counts_are_between_zero_and_a_maximum(void **state)
{
    (void)state;
    json_t *answer = bound(PEERS_ARGS, process_with(read_json("{\"count\":9223372036854775807,\"distinct_count\":-1,\"exact\":7,"
                                                              "\"top\":[{\"count\":-9223372036854775808}]}")));
    json_t *wanted = read_json("{\"count\":1099511627776,\"distinct_count\":0,\"top\":[{\"count\":0}]}");
    assert_true(json_equal(list_of(answer), wanted));
    json_decref(wanted);
    json_decref(answer);
    answer = bound(SCAN_ARGS, read_json("{\"census\":[1,2,3,9223372036854775807],\"weighed\":[[\"<0.1.0>\",-1],[\"<0.2.0>\",5]],"
                                        "\"long\":[],\"rows\":[{\"entries_max\":9223372036854775807}]}"));
    wanted = read_json("{\"weighed\":[[\"<0.2.0>\",5]],\"rows\":[{\"entries_max\":1099511627776}]}");
    assert_true(json_equal(answer, wanted));
    json_decref(wanted);
    json_decref(answer);
}

static void a_scan_has_as_many_rows_as_its_rankings(void **state)
{
    (void)state;
    json_t *answer = of("rankings", of("monitors", repeated("0", MANY)));
    (void)json_object_set_new(answer, "rows", repeated("{}", MANY));
    (void)json_object_set_new(answer, "skipped", repeated("\"<0.1.0>\"", MANY));
    (void)bound(SCAN_ARGS, answer);
    assert_int_equal(length_of(json_object_get(answer, "rankings"), "monitors"), 50);
    assert_int_equal(length_of(answer, "rows"), 500);
    assert_int_equal(length_of(answer, "skipped"), 100);
    json_decref(answer);
}

static void counted_lists_are_few_and_of_processes_that_were_asked_for(void **state)
{
    (void)state;
    json_t *answer = of("counted", repeated(COUNTED_ONE, MANY));
    (void)json_object_set_new(answer, "weighed", repeated("[\"<0.1.0>\",5]", MANY));
    (void)bound(SCAN_ARGS, answer);
    assert_int_equal(length_of(answer, "counted"), 100);
    assert_int_equal(length_of(answer, "weighed"), BG_LEDGER_MAX);
    json_decref(answer);
    answer = bound(PEERS_ARGS, of("counted", repeated(COUNTED_ONE, MANY)));
    assert_int_equal(length_of(answer, "counted"), 2);
    json_decref(answer);
    answer = bound(SCAN_ARGS, read_json("{\"counted\":[{\"pid\":{\"pid\":\"<0.1.0>\",\"node\":\"pay@h\"}},{\"pid\":7},{}]}"));
    assert_int_equal(length_of(answer, "counted"), 0);
    json_decref(answer);
    answer = bound("{\"list_entries_max\":9,\"pids\":[\"<0.3.0>\"]}", of("counted", repeated(COUNTED_ONE, 1)));
    assert_int_equal(length_of(answer, "counted"), 0);
    json_decref(answer);
}

static char *text_new(size_t length)
{
    char *text = malloc(length + 1);
    assert_non_null(text);
    memset(text, 'x', length);
    text[length] = '\0';
    return text;
}

/* The memory of what is kept goes with its text. */
static size_t size_of(const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    const size_t size = strlen(text);
    free(text);
    return size;
}

static void what_is_kept_of_a_process_is_small(void **state)
{
    (void)state;
    char *text = text_new(3000);
    json_t *peers = json_array(), *counted = read_json(COUNTED_ONE), *lists = json_object_get(counted, "lists");
    for (size_t i = 0; i < 50; i++)
        (void)json_array_append_new(peers, json_pack("{s:s, s:i}", "label", text, "count", 1));
    (void)json_object_set_new(json_object_get(lists, "monitors"), "top", peers);
    (void)json_object_set_new(json_object_get(counted, "row"), "label", repeated("1", MANY));
    (void)json_object_set_new(json_object_get(counted, "row"), "more", repeated("1", MANY));
    (void)json_object_set_new(lists, "more", repeated("1", MANY));
    (void)json_object_set_new(json_object_get(lists, "links"), "more", repeated("1", MANY));
    json_t *answer = bound(SCAN_ARGS, json_pack("{s:[o]}", "counted", counted));
    assert_true(size_of(counted) < 70000);
    assert_int_equal(json_array_size(peers), 50);
    assert_string_equal(json_string_value(json_object_get(json_object_get(counted, "row"), "registered_name")), "cart");
    json_decref(answer);
    free(text);
}

static void a_row_is_small(void **state)
{
    (void)state;
    char *text = text_new(5000), key[20];
    json_t *row = json_pack("{s:s, s:i}", "label", text, "memory", 5);
    (void)json_object_set_new(row, "application", repeated("1", 5));
    (void)json_object_set_new(row, "status", read_json("[[[1]]]"));
    (void)json_object_set_new(row, text, json_integer(1));
    for (size_t i = 0; i < MANY; i++) {
        (void)snprintf(key, sizeof key, "more%zu", i);
        (void)json_object_set_new(row, key, json_integer(1));
    }
    json_t *answer = bound(SCAN_ARGS, json_pack("{s:[o]}", "rows", row));
    assert_true(json_object_size(row) <= 40);
    assert_true(size_of(row) < 1000);
    assert_int_equal(json_integer_value(json_object_get(row, "memory")), 5);
    json_decref(answer);
    free(text);
}

static void names_are_as_many_as_were_asked_for_and_small(void **state)
{
    (void)state;
    json_t *answer = of("names", repeated("{\"alive\":true,\"label\":[1,2,3,4,5],\"more\":[1]}", MANY));
    (void)json_object_set_new(answer, "pairs", repeated("{\"alive\":true}", MANY));
    (void)bound("{\"pids\":[\"<0.1.0>\",\"<0.2.0>\"]}", answer);
    json_t *wanted = read_json("{\"names\":[{\"alive\":true,\"label\":null},{\"alive\":true,\"label\":null}],\"pairs\":[]}");
    assert_true(json_equal(answer, wanted));
    json_decref(wanted);
    json_decref(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_answer_stays_as_it_is),
        cmocka_unit_test(a_process_is_reported_once_and_only_if_it_was_asked_for),
        cmocka_unit_test(a_list_has_as_many_peers_as_were_asked_for),
        cmocka_unit_test(counts_are_between_zero_and_a_maximum),
        cmocka_unit_test(a_scan_has_as_many_rows_as_its_rankings),
        cmocka_unit_test(counted_lists_are_few_and_of_processes_that_were_asked_for),
        cmocka_unit_test(what_is_kept_of_a_process_is_small),
        cmocka_unit_test(a_row_is_small),
        cmocka_unit_test(names_are_as_many_as_were_asked_for_and_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
