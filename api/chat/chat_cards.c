/* chat_cards.c: makes cards from nodes' answers. */
#include "chat_cards.h"

#include "memory_blocks.h"
#include "peers.h"
#include "print.h"
#include "resources.h"
#include "scan.h"
#include "uncounted.h"

#include "beamgauge/node.h"
#include "beamgauge/text.h"
#include "chat.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MONITORS_MAX 10 /* watchers listed */

json_t *bg_card_new(struct bg_shaper *shaper, const char *kind, const char *title, const char *columns)
{
    json_t *card = bg_object_new(shaper), *list = bg_array_new(shaper);
    for (size_t length; *columns != '\0'; columns += length + (columns[length] != '\0')) {
        const bool is_right = *columns == '>';
        columns += is_right;
        length = strcspn(columns, "|");
        json_t *column = bg_object_new(shaper);
        bg_put(shaper, column, "title", json_stringn(columns, length));
        bg_put(shaper, column, "right", json_boolean(is_right));
        bg_append(shaper, list, column);
    }
    bg_put(shaper, card, "kind", json_string(kind));
    bg_put(shaper, card, "title", json_string(title));
    bg_put(shaper, card, "columns", list);
    bg_put(shaper, card, "rows", bg_array_new(shaper));
    bg_put(shaper, card, "notes", bg_array_new(shaper));
    return card;
}

static json_t *answer_new(struct bg_shaper *shaper, const char *what, const char *node, const char *columns)
{
    char title[BG_PRINT_SIZE];
    struct bg_text text;
    bg_text_init(&text, title, sizeof title);
    bg_text_add(&text, what);
    if (node != NULL)
        bg_text_add_escaped(&text, node, strlen(node), "");
    return bg_card_new(shaper, "answer", title, columns);
}

void bg_card_note(struct bg_shaper *shaper, json_t *card, const char *text)
{
    bg_append(shaper, json_object_get(card, "notes"), json_string(text));
}

static json_t *row_new(struct bg_shaper *shaper, json_t *card)
{
    json_t *rows = json_object_get(card, "rows"), *row = bg_array_new(shaper);
    bg_append(shaper, rows, json_incref(row));
    json_decref(row);
    return row;
}

/* Cells are cut and escaped here, once for every chat. */
static void add_cell(struct bg_shaper *shaper, json_t *row, const char *text)
{
    char cell[BG_PRINT_SIZE];
    struct bg_text escaped;
    bg_text_init(&escaped, cell, 80);
    bg_text_add_escaped(&escaped, text, strlen(text), "");
    bg_append(shaper, row, json_string(cell));
}

static void add_figure(struct bg_shaper *shaper, json_t *row, const json_t *value, const char *unit, bool exact)
{
    char cell[BG_PRINT_SIZE];
    struct bg_text text;
    bg_text_init(&text, cell, sizeof cell);
    bg_text_add(&text, exact || !json_is_number(value) ? "" : BG_ABOUT);
    bg_text_add_figure(&text, value, unit);
    add_cell(shaper, row, cell);
}

static void add_count(struct bg_shaper *shaper, json_t *row, int64_t count, bool exact)
{
    json_t *value = bg_count_or_null(count);
    add_figure(shaper, row, value, "count", exact);
    json_decref(value);
}

static bool is_any_noted(const json_t *card, const char *end)
{
    const json_t *notes = json_object_get(card, "notes");
    bool is_any = false;
    for (size_t i = 0; i < json_array_size(notes); i++)
        is_any = is_any || strstr(json_string_value(json_array_get(notes, i)), end) != NULL;
    return is_any;
}

static void add_most(struct bg_shaper *shaper, json_t *row, int64_t most)
{
    char cell[BG_PRINT_SIZE];
    struct bg_text text;
    bg_text_init(&text, cell, sizeof cell);
    bg_text_add(&text, BG_AT_MOST);
    bg_text_add_count(&text, most);
    add_cell(shaper, row, cell);
}

/* For entries that nobody has counted; a note explains the first. */
static void add_uncounted(struct bg_shaper *shaper, json_t *card, json_t *row, int64_t most, const char *pid)
{
    char note[BG_PRINT_SIZE];
    add_most(shaper, row, most);
    (void)snprintf(note, sizeof note, "%s has " BG_UNCOUNTED ".", pid, BG_COUNT(most));
    if (!is_any_noted(card, strstr(note, " entries that were not")))
        bg_card_note(shaper, card, note);
}

/* The note for a list that was counted before, with the entries that came since. */
static void note_since(struct bg_shaper *shaper, json_t *card, int64_t most, const char *pid, const json_t *counted_at)
{
    char note[BG_PRINT_SIZE];
    (void)snprintf(note, sizeof note, "%s has " BG_UNCOUNTED_SINCE ".", pid, BG_COUNT(most),
                   json_is_string(counted_at) ? json_string_value(counted_at) : "?");
    if (!is_any_noted(card, " entries more than"))
        bg_card_note(shaper, card, note);
}

static void add_ref(struct bg_shaper *shaper, json_t *row, const json_t *ref)
{
    char cell[BG_PRINT_SIZE];
    struct bg_text text;
    bg_text_init(&text, cell, 80);
    bg_text_add_ref(&text, ref);
    bg_append(shaper, row, json_string(cell));
}

json_t *bg_card_of_help(struct bg_shaper *shaper)
{
    json_t *card = answer_new(shaper, "What you can ask", NULL, "Write|Get");
    for (const struct bg_command_help *help = bg_command_helps; help->word != NULL; help++) {
        json_t *row = row_new(shaper, card);
        add_cell(shaper, row, help->usage);
        bg_append(shaper, row, json_string(help->meaning));
    }
    bg_card_note(shaper, card, "A node's name may be cut short where only one fits.");
    return card;
}

json_t *bg_card_of_nodes(struct bg_shaper *shaper, const struct bg_nodes *nodes)
{
    json_t *card = answer_new(shaper, "Nodes", NULL, "Node|State|Why");
    for (size_t i = 0; i < bg_nodes_count(nodes) && i < BG_CHAT_LIST_MAX; i++) {
        struct bg_node_info info;
        json_t *row = row_new(shaper, card);
        bg_nodes_info_at(nodes, i, &info);
        add_cell(shaper, row, info.name);
        add_cell(shaper, row, bg_link_state_text(info.state));
        add_cell(shaper, row, info.state == BG_LINK_UP ? "" : bg_link_reason_code(info.reason));
    }
    if (bg_nodes_count(nodes) > BG_CHAT_LIST_MAX)
        bg_card_note(shaper, card, "There are more nodes than are listed.");
    return card;
}

static void add_memory(struct bg_shaper *shaper, json_t *card, const char *title, const json_t *figure)
{
    if (!json_is_integer(figure))
        return;
    json_t *row = row_new(shaper, card);
    add_cell(shaper, row, title);
    add_figure(shaper, row, figure, "bytes", true);
}

json_t *bg_card_of_memory(struct bg_shaper *shaper, const char *node, const json_t *answer)
{
    static const char *const figures[][2] = {
        {"total", "total_bytes"},
        {"processes", "processes_bytes"},
        {"system", "system_bytes"},
        {"binary", "binary_bytes"},
        {"ets", "ets_bytes"},
        {"code", "code_bytes"},
        {"atom", "atom_bytes"},
        {"other", "other_bytes"},
        {"persistent terms", "persistent_term_bytes"},
        {"RSS", "rss_bytes"},
        {"swapped", "swap_bytes"},
        {"unexplained", "unexplained_bytes"},
        {"cgroup limit", "cgroup_limit_bytes"},
        {"cgroup use", "cgroup_used_bytes"},
    };
    char why[BG_BLOCKS_WHY_SIZE];
    json_t *data = bg_memory_new(shaper, answer), *card = answer_new(shaper, "Memory of ", node, "Memory|>Size");
    const json_t *estimate = json_object_get(data, "monitors_estimate");
    const bool is_exact =
        json_is_true(json_object_get(estimate, "exact")) && json_integer_value(json_object_get(estimate, "remote_max_count")) == 0;
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
        add_memory(shaper, card, figures[i][0], json_object_get(data, figures[i][1]));
    add_memory(shaper, card, is_exact ? "monitors by pid" : "monitors, about", json_object_get(estimate, "bytes"));
    if (bg_blocks_why_not(answer, node, why) != BG_OK)
        bg_card_note(shaper, card, why);
    json_decref(data);
    return card;
}

static json_t *ref_of(struct bg_shaper *shaper, const json_t *raw, const char *node)
{
    const char *pid = bg_answer_pid(shaper, raw, "pid");
    return pid != NULL ? bg_ref_of_row(shaper, raw, pid, node) : NULL;
}

static const char *unit_of(const char *field)
{
    const size_t length = strlen(field);
    return length > 6 && strcmp(field + length - 6, "_bytes") == 0 ? "bytes" : "count";
}

json_t *bg_card_of_top(struct bg_shaper *shaper, const char *node, const struct bg_command *command, const json_t *answer)
{
    char columns[80], what[80];
    struct bg_scan scan;
    (void)snprintf(columns, sizeof columns, ">%s|Process", command->sort->key);
    (void)snprintf(what, sizeof what, "Most %s on ", command->sort->key);
    json_t *card = answer_new(shaper, what, node, columns);
    bool is_any_estimate = false;
    bg_scan_read(shaper, answer, command->sort, (int64_t)json_array_size(json_object_get(answer, "rows")), &scan);
    for (size_t place = 0; place < json_array_size(scan.ranking) && place < command->limit && !shaper->failed; place++) {
        const json_t *raw = bg_scan_raw_at(shaper, &scan, place);
        const int64_t count = bg_row_value(shaper, raw, command->sort, scan.word_bytes);
        if (count == 0) {
            if (place == 0)
                bg_card_note(shaper, card, "No process has any.");
            break;
        }
        json_t *row = row_new(shaper, card), *ref = ref_of(shaper, raw, node);
        json_t *value = bg_count_or_null(count);
        const int64_t uncounted = command->sort->relation ? bg_uncounted_count(shaper, raw) : -1;
        const bool is_exact = !command->sort->relation || bg_answer_boolean_or(shaper, raw, "exact", true);
        is_any_estimate = is_any_estimate || !is_exact;
        if (uncounted >= 0)
            add_uncounted(shaper, card, row, uncounted, bg_answer_pid(shaper, raw, "pid"));
        else
            add_figure(shaper, row, value, unit_of(command->sort->field), is_exact);
        add_ref(shaper, row, ref);
        json_decref(value);
        json_decref(ref);
    }
    if (is_any_estimate)
        bg_card_note(shaper, card, "Some of these are estimates.");
    else if (!scan.exact)
        bg_card_note(shaper, card, "Others may have more: not all processes could be looked at.");
    return card;
}

json_t *bg_card_watched(struct bg_shaper *shaper, const json_t *answer)
{
    const json_t *processes = answer != NULL ? bg_answer_array(shaper, answer, "processes") : NULL;
    json_t *rows = bg_array_new(shaper);
    for (size_t i = 0; i < json_array_size(processes) && i < MONITORS_MAX && !shaper->failed; i++) {
        const json_t *process = bg_answer_object_at(shaper, processes, i);
        struct bg_peer_list list = {.top = NULL};
        json_t *row = bg_object_new(shaper);
        if (!bg_answer_boolean_or(shaper, process, "dead", false))
            bg_peer_list_read(shaper, process, "monitors", &list);
        const bool is_any = json_array_size(list.top) > 0;
        bg_put(shaper, row, "watched", is_any ? bg_ref_new(shaper, bg_answer_object_at(shaper, list.top, 0)) : json_null());
        bg_append(shaper, rows, row);
    }
    return rows;
}

json_t *bg_card_of_monitors(struct bg_shaper *shaper, const char *node, const json_t *answer, const json_t *watched)
{
    json_t *card = answer_new(shaper, "Most monitors on ", node, ">Monitors|>Distinct|Process|Mostly on");
    const json_t *processes = answer != NULL ? bg_answer_array(shaper, answer, "processes") : NULL;
    for (size_t i = 0; i < json_array_size(watched) && !shaper->failed; i++) {
        const json_t *process = bg_answer_object_at(shaper, processes, i);
        struct bg_peer_list list;
        if (bg_answer_boolean_or(shaper, process, "dead", false))
            continue;
        bg_peer_list_read(shaper, process, "monitors", &list);
        json_t *row = row_new(shaper, card);
        json_t *watcher = bg_ref_of_row(shaper, bg_answer_object(shaper, process, "row"), bg_answer_pid(shaper, process, "pid"), node);
        if (list.uncounted_count >= 0)
            add_uncounted(shaper, card, row, list.uncounted_count, bg_answer_pid(shaper, process, "pid"));
        else
            add_count(shaper, row, list.count, list.exact);
        if (list.since_count > 0) {
            json_t *counted_at = bg_peers_counted_at(shaper, process);
            note_since(shaper, card, list.since_count, bg_answer_pid(shaper, process, "pid"), counted_at);
            json_decref(counted_at);
        }
        add_count(shaper, row, list.distinct_count, true);
        add_ref(shaper, row, watcher);
        add_ref(shaper, row, json_object_get(json_array_get(watched, i), "watched"));
        json_decref(watcher);
    }
    if (json_array_size(json_object_get(card, "rows")) == 0)
        bg_card_note(shaper, card, "Nobody monitors anything there.");
    return card;
}

static bool any_is_old(const json_t *pairs)
{
    bool is_any = false;
    for (size_t i = 0; i < json_array_size(pairs); i++)
        is_any = is_any || json_is_integer(json_object_get(json_array_get(pairs, i), "age_ms"));
    return is_any;
}

static const char *columns_of(const json_t *pairs)
{
    return any_is_old(pairs) ? ">Monitors|Watcher|On|Watched|There|Told" : ">Monitors|Watcher|On|Watched|There";
}

static void add_age(struct bg_shaper *shaper, json_t *cells, const json_t *age_ms)
{
    char cell[40];
    if (json_is_integer(age_ms))
        (void)snprintf(cell, sizeof cell, "%" JSON_INTEGER_FORMAT " s ago", (json_integer_value(age_ms) + 999) / 1000);
    add_cell(shaper, cells, json_is_integer(age_ms) ? cell : "now");
}

static void add_node(struct bg_shaper *shaper, json_t *cells, const json_t *ref)
{
    const char *node = json_string_value(json_object_get(ref, "node"));
    add_cell(shaper, cells, node != NULL ? node : "");
}

static void add_pairs(struct bg_shaper *shaper, json_t *card, const json_t *pairs)
{
    for (size_t i = 0; i < json_array_size(pairs) && !shaper->failed; i++) {
        const json_t *pair = json_array_get(pairs, i), *watcher = json_object_get(pair, "watcher"),
                     *watched = json_object_get(pair, "watched");
        json_t *cells = row_new(shaper, card);
        const json_t *uncounted = json_object_get(pair, "uncounted_count"), *counted_at = json_object_get(pair, "counted_at");
        if (json_is_integer(uncounted) && json_is_string(counted_at)) {
            add_most(shaper, cells, json_integer_value(uncounted));
            note_since(shaper, card, json_integer_value(uncounted), json_string_value(json_object_get(watcher, "pid")), counted_at);
        } else if (json_is_integer(uncounted))
            add_uncounted(shaper, card, cells, json_integer_value(uncounted), json_string_value(json_object_get(watcher, "pid")));
        else
            add_count(shaper, cells, json_integer_value(json_object_get(pair, "count")), !json_is_false(json_object_get(pair, "exact")));
        add_ref(shaper, cells, watcher);
        add_node(shaper, cells, watcher);
        add_ref(shaper, cells, watched);
        add_node(shaper, cells, watched);
        if (any_is_old(pairs))
            add_age(shaper, cells, json_object_get(pair, "age_ms"));
    }
}

json_t *bg_card_of_pairs(struct bg_shaper *shaper, const json_t *pairs, const char *node)
{
    json_t *card = answer_new(shaper, node != NULL ? "Who monitors whom on " : "Who monitors whom", node, columns_of(pairs));
    add_pairs(shaper, card, pairs);
    return card;
}

json_t *bg_card_of_trouble(struct bg_shaper *shaper, const char *kind, const char *title, const json_t *pairs)
{
    json_t *card = bg_card_new(shaper, kind, title, json_array_size(pairs) > 0 ? columns_of(pairs) : "");
    add_pairs(shaper, card, pairs);
    if (json_array_size(pairs) > 0)
        bg_card_note(shaper, card, "The table is what it reported last of who monitors whom.");
    return card;
}

json_t *bg_card_of_check(struct bg_shaper *shaper, const json_t *node)
{
    const char *status = json_string_value(json_object_get(node, "status"));
    const json_t *rows = json_object_get(node, "assertions"), *assertion = json_array_get(rows, 0);
    json_t *card = answer_new(shaper, strcmp(status, "pass") == 0 ? "It holds on " : "It does not hold on ",
                              json_string_value(json_object_get(node, "node")), "Assertion|>Observed|By");
    json_t *row = row_new(shaper, card);
    add_cell(shaper, row, json_string_value(json_object_get(assertion, "expression")));
    add_figure(shaper, row, json_object_get(assertion, "observed"), json_string_value(json_object_get(assertion, "unit")),
               !json_is_false(json_object_get(assertion, "exact")));
    add_ref(shaper, row, json_object_get(assertion, "offender"));
    return card;
}
