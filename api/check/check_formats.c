/* check_formats.c: the result of a check as lines, Markdown, JUnit and the output of a Nagios plugin. */
#include "check_formats.h"

#include "print.h"

#include <string.h>

typedef void print_node(const json_t *node, const json_t *meta, FILE *out);

/* The nodes of a check of many, or the only one. */
static void for_each_node(const json_t *data, const json_t *meta, FILE *out, print_node *print)
{
    const json_t *nodes = json_object_get(data, "nodes");
    if (nodes == NULL)
        print(data, meta, out);
    for (size_t i = 0; i < json_array_size(nodes); i++)
        print(json_array_get(nodes, i), meta, out);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static bool is_status(const json_t *object, const char *status)
{
    return strcmp(text_of(object, "status"), status) == 0;
}

static const json_t *rows_of(const json_t *node)
{
    return json_object_get(node, "assertions");
}

static size_t count_of(const json_t *node, const char *status)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(rows_of(node)); i++)
        count += is_status(json_array_get(rows_of(node), i), status);
    return count;
}

static void add_text(struct bg_text *text, const char *string)
{
    bg_text_add_escaped(text, string, strlen(string), "");
}

/* "observed 9,000 by <0.1.0> cart", or why it could not be determined. */
static void add_observed(struct bg_text *text, const json_t *row)
{
    if (is_status(row, "unknown")) {
        bg_text_add(text, "could not be determined: ");
        add_text(text, text_of(json_object_get(row, "error"), "detail"));
        return;
    }
    bg_text_add(text, json_is_false(json_object_get(row, "exact")) ? "observed about " : "observed ");
    bg_text_add_figure(text, json_object_get(row, "observed"), text_of(row, "unit"));
    if (json_is_object(json_object_get(row, "offender"))) {
        bg_text_add(text, " by ");
        bg_text_add_ref(text, json_object_get(row, "offender"));
    }
}

/* "shop@host: 1 of 3 do not hold, 1 could not be determined" */
static void add_summary(struct bg_text *text, const json_t *node)
{
    const size_t all = json_array_size(rows_of(node)), unknown = count_of(node, "unknown");
    const size_t false_count = count_of(node, "fail") + count_of(node, "warn");
    add_text(text, text_of(node, "node"));
    if (false_count > 0)
        bg_text_add_format(text, ": %zu of %zu assertions do not hold", false_count, all);
    else
        bg_text_add_format(text, ": %zu of %zu assertions hold", all - unknown, all);
    if (unknown > 0)
        bg_text_add_format(text, ", %zu could not be determined", unknown);
}

/* "1 node that was only found is gone: a@b", for people; nothing if there is none. */
static bool add_gone(struct bg_text *text, const json_t *data)
{
    const json_t *gone = json_object_get(data, "gone");
    const size_t count = json_array_size(gone);
    if (count == 0)
        return false;
    bg_text_add_format(text, "%zu %s only found through epmd and %s gone: ", count, count == 1 ? "node was" : "nodes were",
                       count == 1 ? "is" : "are");
    for (size_t i = 0; i < count; i++) {
        bg_text_add(text, i > 0 ? ", " : "");
        add_text(text, json_string_value(json_array_get(gone, i)));
    }
    return true;
}

static void print_text_node(const json_t *node, const json_t *meta, FILE *out)
{
    char line[BG_PRINT_SIZE];
    struct bg_text text;
    (void)meta;
    bg_text_init(&text, line, sizeof line);
    add_summary(&text, node);
    fprintf(out, "%-7s %s\n", text_of(node, "status"), line);
    for (size_t i = 0; i < json_array_size(rows_of(node)); i++) {
        const json_t *row = json_array_get(rows_of(node), i);
        bg_text_init(&text, line, sizeof line);
        add_text(&text, text_of(row, "expression"));
        bg_text_add(&text, "  ");
        add_observed(&text, row);
        fprintf(out, "  %-7s %s\n", text_of(row, "status"), line);
    }
}

static bool write_text(const json_t *data, const json_t *meta, FILE *out)
{
    char line[BG_PRINT_SIZE];
    struct bg_text text;
    for_each_node(data, meta, out, print_text_node);
    bg_text_init(&text, line, sizeof line);
    if (add_gone(&text, data))
        fprintf(out, "gone    %s\n", line);
    return true;
}

static const char *sign_of(const json_t *object)
{
    return is_status(object, "pass")   ? "\xe2\x9c\x85"
           : is_status(object, "warn") ? "\xe2\x9a\xa0\xef\xb8\x8f"
           : is_status(object, "fail") ? "\xe2\x9d\x8c"
                                       : "\xe2\x9d\x94";
}

static void print_md_cell(FILE *out, const char *string)
{
    char cell[BG_PRINT_SIZE];
    struct bg_text text;
    bg_text_init(&text, cell, sizeof cell);
    add_text(&text, string);
    bg_text_print_md(out, cell);
    fputs(" | ", out);
}

static void print_md_row(const json_t *row, FILE *out)
{
    char cell[BG_PRINT_SIZE];
    struct bg_text text;
    fprintf(out, "| %s %s | ", sign_of(row), text_of(row, "status"));
    print_md_cell(out, text_of(row, "expression"));
    bg_text_init(&text, cell, sizeof cell);
    bg_text_add(&text, json_is_false(json_object_get(row, "exact")) ? BG_ABOUT : "");
    bg_text_add_figure(&text, json_object_get(row, "observed"), text_of(row, "unit"));
    print_md_cell(out, cell);
    bg_text_init(&text, cell, sizeof cell);
    if (is_status(row, "unknown"))
        add_text(&text, text_of(json_object_get(row, "error"), "detail"));
    else
        bg_text_add_ref(&text, json_object_get(row, "offender"));
    bg_text_print_md(out, cell);
    fputs(" |\n", out);
}

static void print_md_node(const json_t *node, const json_t *meta, FILE *out)
{
    char line[BG_PRINT_SIZE];
    struct bg_text text;
    (void)meta;
    bg_text_init(&text, line, sizeof line);
    add_summary(&text, node);
    fprintf(out, "### %s ", sign_of(node));
    bg_text_print_md(out, line);
    fputs("\n\n| | Assertion | Observed | By |\n| --- | --- | ---: | --- |\n", out);
    for (size_t i = 0; i < json_array_size(rows_of(node)); i++)
        print_md_row(json_array_get(rows_of(node), i), out);
    fputc('\n', out);
}

static bool write_md(const json_t *data, const json_t *meta, FILE *out)
{
    char line[BG_PRINT_SIZE];
    struct bg_text text;
    for_each_node(data, meta, out, print_md_node);
    bg_text_init(&text, line, sizeof line);
    if (add_gone(&text, data)) {
        bg_text_print_md(out, line);
        fputc('\n', out);
    }
    return true;
}

static void print_attribute(FILE *out, const char *name, const char *value)
{
    char escaped[BG_PRINT_SIZE];
    struct bg_text text;
    bg_text_init(&text, escaped, sizeof escaped);
    add_text(&text, value);
    fprintf(out, " %s=\"", name);
    bg_text_print_xml(out, escaped);
    fputc('"', out);
}

/* A warning is not a failure in JUnit: it goes to the output of a passed case. */
static void print_junit_row(const json_t *node, const json_t *row, FILE *out)
{
    char line[BG_PRINT_SIZE];
    struct bg_text text;
    const bool warns = is_status(row, "warn");
    const char *tag = is_status(row, "fail") ? "failure" : "error";
    bg_text_init(&text, line, sizeof line);
    add_observed(&text, row);
    fputs("    <testcase", out);
    print_attribute(out, "classname", text_of(node, "node"));
    print_attribute(out, "name", text_of(row, "expression"));
    fputs(" time=\"0\">", out);
    if (is_status(row, "pass") || warns) {
        fputs(warns ? "<system-out>warning: " : "<system-out>", out);
        bg_text_print_xml(out, line);
        fputs("</system-out>", out);
    } else {
        fprintf(out, "<%s", tag);
        print_attribute(out, "message", line);
        fputs("/>", out);
    }
    fputs("</testcase>\n", out);
}

static void print_junit_node(const json_t *node, const json_t *meta, FILE *out)
{
    fputs("  <testsuite", out);
    print_attribute(out, "name", text_of(node, "node"));
    print_attribute(out, "timestamp", text_of(meta, "collected_at"));
    fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"0\" time=\"%.3f\">\n", json_array_size(rows_of(node)),
            count_of(node, "fail"), count_of(node, "unknown"), json_number_value(json_object_get(meta, "duration_ms")) / 1000);
    for (size_t i = 0; i < json_array_size(rows_of(node)); i++)
        print_junit_row(node, json_array_get(rows_of(node), i), out);
    fputs("  </testsuite>\n", out);
}

static void print_junit_gone(const json_t *gone, FILE *out)
{
    for (size_t i = 0; i < json_array_size(gone); i++) {
        const char *node = json_string_value(json_array_get(gone, i));
        fputs("  <testsuite", out);
        print_attribute(out, "name", node);
        fputs(" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\" time=\"0\">\n    <testcase", out);
        print_attribute(out, "classname", node);
        fputs(" name=\"gone\" time=\"0\"><skipped message=\"only found through epmd, and gone\"/></testcase>\n  </testsuite>\n", out);
    }
}

static bool write_junit(const json_t *data, const json_t *meta, FILE *out)
{
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"beamgauge\">\n", out);
    for_each_node(data, meta, out, print_junit_node);
    print_junit_gone(json_object_get(data, "gone"), out);
    fputs("</testsuites>\n", out);
    return true;
}

/* Replaces characters with a meaning in a plugin's output: the bar begins performance data, and a line feed ends the first part. */
static void print_plain(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        fputc(strchr("|\n", *text) != NULL ? ' ' : *text, out);
}

/* The same within the label of a figure, where a quote or an equals sign also has a meaning. */
static void print_label(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        fputc(strchr("|'=\n", *text) != NULL ? ' ' : *text, out);
}

static void print_nagios_node(const json_t *node, const json_t *meta, FILE *out)
{
    char line[BG_PRINT_SIZE];
    struct bg_text text;
    (void)meta;
    bg_text_init(&text, line, sizeof line);
    add_summary(&text, node);
    for (size_t i = 0; i < json_array_size(rows_of(node)); i++) {
        const json_t *row = json_array_get(rows_of(node), i);
        if (is_status(row, "pass"))
            continue;
        bg_text_add(&text, "; ");
        add_text(&text, text_of(row, "expression"));
        bg_text_add(&text, ", ");
        add_observed(&text, row);
    }
    print_plain(out, line);
}

/* Failures first: a display often shows only the beginning. */
static void print_nagios_nodes(const json_t *nodes, const json_t *meta, FILE *out)
{
    static const char *const order[] = {"fail", "unknown", "warn", "pass"};
    const char *between = "";
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        for (size_t j = 0; j < json_array_size(nodes); j++) {
            if (!is_status(json_array_get(nodes, j), order[i]))
                continue;
            fputs(between, out);
            print_nagios_node(json_array_get(nodes, j), meta, out);
            between = " / ";
        }
}

/* The range of a plugin without an alert: "10" is 0 to 10, "10:" from 10 up. */
static void print_range(const json_t *row, FILE *out)
{
    const char *comparison = text_of(row, "operator");
    if (comparison[0] == '<' || comparison[0] == '>')
        fprintf(out, "%.15g%s", json_number_value(json_object_get(row, "threshold")), comparison[0] == '>' ? ":" : "");
}

/* The term as in the request: processes_over(monitors, 10). */
static void print_term(const char *expression, FILE *out)
{
    char term[BG_PRINT_SIZE];
    size_t length = strcspn(expression, "<>=!:");
    while (length > 0 && strchr(" \t", expression[length - 1]) != NULL)
        length--;
    (void)snprintf(term, sizeof term, "%.*s", (int)length, expression);
    print_label(out, term);
}

static void print_perfdata_node(const json_t *node, const json_t *meta, FILE *out)
{
    (void)meta;
    for (size_t i = 0; i < json_array_size(rows_of(node)); i++) {
        const json_t *row = json_array_get(rows_of(node), i), *observed = json_object_get(row, "observed");
        const char *unit = text_of(row, "unit");
        if (!json_is_number(observed))
            continue;
        fputs(" '", out);
        print_label(out, text_of(node, "node"));
        fputc(' ', out);
        print_term(text_of(row, "expression"), out);
        fprintf(out, "'=%.15g%s;", json_number_value(observed),
                strcmp(unit, "bytes") == 0          ? "B"
                : strcmp(unit, "milliseconds") == 0 ? "ms"
                                                    : "");
        if (strcmp(text_of(row, "kind"), "assert") == 0)
            fputc(';', out);
        print_range(row, out);
    }
}

static bool write_nagios(const json_t *data, const json_t *meta, FILE *out)
{
    char line[BG_PRINT_SIZE];
    struct bg_text text;
    fprintf(out, "BEAM %s - ",
            is_status(data, "pass")   ? "OK"
            : is_status(data, "warn") ? "WARNING"
            : is_status(data, "fail") ? "CRITICAL"
                                      : "UNKNOWN");
    const json_t *nodes = json_object_get(data, "nodes");
    if (nodes == NULL)
        print_nagios_node(data, meta, out);
    print_nagios_nodes(nodes, meta, out);
    bg_text_init(&text, line, sizeof line);
    if (add_gone(&text, data)) {
        fputs(json_array_size(nodes) > 0 ? " / " : "", out);
        print_plain(out, line);
    }
    fputs(" |", out);
    for_each_node(data, meta, out, print_perfdata_node);
    fputc('\n', out);
    return true;
}

const struct bg_representation bg_check_representations[] = {
    {"json", "application/json", NULL},
    {"text", "text/plain; charset=utf-8", write_text},
    {"md", "text/markdown; charset=utf-8", write_md},
    {"junit", "application/xml; charset=utf-8", write_junit},
    {"nagios", "text/plain; charset=utf-8", write_nagios},
    {NULL, NULL, NULL},
};
