/* make.c: the tool that writes the Grafana dashboard. make OUT PANELS.json
 *
 * The table has "dashboard", all but the panels; "shapes", what all panels of a kind have; "rows", each {"title", "lines"}: a line is a
 * list of panels, which share its width. A panel is {"title", "description", "shape", "unit", "series"}: without a description it has the
 * help text of its first metric, without a shape it is a "timeseries", without a unit it has that of its first metric. */
#include "series.h"
#include "tool.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH 24
#define SERIES_MAX 26

struct page {
    const json_t *shapes;
    json_t *panels; /* panels made so far */
    json_int_t y;   /* where the next line begins */
};

/* A misspelt member would be ignored silently. */
static void check_members(const json_t *object, const char *const *known, const char *what)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        size_t i = 0;
        while (known[i] != NULL && strcmp(known[i], key) != 0)
            i++;
        if (known[i] == NULL)
            bg_tool_die("\"%s\" has a member \"%s\", which means nothing", what, key);
    }
}

/* Adds a panel of this shape at its place. Returns its height. */
static json_int_t add_panel(struct page *page, const char *shape, const char *title, json_int_t x, json_int_t width, json_t **ret_panel)
{
    const json_t *pattern = json_object_get(page->shapes, shape);
    if (title == NULL)
        bg_tool_die("a row or a panel has no title");
    if (!json_is_object(pattern))
        bg_tool_die("the panel \"%s\" has the shape \"%s\", which is not there", title, shape);
    json_t *panel = bg_tool_need(json_deep_copy(pattern)), *position = json_object_get(panel, "gridPos");
    bg_tool_put(panel, "id", json_integer((json_int_t)json_array_size(page->panels) + 1));
    bg_tool_put(panel, "title", json_string(title));
    bg_tool_put(position, "x", json_integer(x));
    bg_tool_put(position, "y", json_integer(page->y));
    bg_tool_put(position, "w", json_integer(width));
    bg_tool_append(page->panels, panel);
    *ret_panel = panel;
    return json_integer_value(json_object_get(position, "h"));
}

static json_t *targets_new(const json_t *list, const char *title)
{
    static const char *const known[] = {"metric", "of", "as", "by", "legend", NULL};
    json_t *targets = bg_tool_need(json_array());
    if (json_array_size(list) == 0 || json_array_size(list) > SERIES_MAX)
        bg_tool_die("the panel \"%s\" must have 1 to %d series", title, SERIES_MAX);
    for (size_t i = 0; i < json_array_size(list); i++) {
        check_members(json_array_get(list, i), known, title);
        bg_tool_append(targets, bg_series_target(json_array_get(list, i), i, title));
    }
    return targets;
}

/* A text of the panel, or the fallback. */
static const char *text_of(const json_t *notes, const char *key, const char *fallback)
{
    const char *text = json_string_value(json_object_get(notes, key));
    return text != NULL ? text : fallback;
}

static json_int_t add_figure(struct page *page, const json_t *notes, json_int_t x, json_int_t width)
{
    static const char *const known[] = {"title", "description", "shape", "unit", "series", NULL};
    const char *title = text_of(notes, "title", NULL);
    const json_t *series = json_object_get(notes, "series"), *first = json_array_get(series, 0);
    json_t *panel;
    const json_int_t height = add_panel(page, text_of(notes, "shape", "timeseries"), title, x, width, &panel);
    check_members(notes, known, title);
    bg_tool_put(panel, "targets", targets_new(series, title));
    bg_tool_put(panel, "description", json_string(text_of(notes, "description", bg_series_help(first, title))));
    bg_tool_put(panel, "datasource", json_pack("{s:s, s:s}", "type", "prometheus", "uid", "${datasource}"));
    bg_tool_put(json_object_get(json_object_get(panel, "fieldConfig"), "defaults"), "unit",
                json_string(text_of(notes, "unit", bg_series_unit(first, title))));
    return height;
}

static void add_line(struct page *page, const json_t *line)
{
    const json_int_t count = (json_int_t)json_array_size(line);
    json_int_t highest = 0;
    if (count == 0 || WIDTH % count != 0)
        bg_tool_die("a line has %d panels, which cannot share its width of %d", (int)count, WIDTH);
    for (json_int_t i = 0; i < count; i++) {
        const json_int_t height = add_figure(page, json_array_get(line, (size_t)i), i * (WIDTH / count), WIDTH / count);
        highest = height > highest ? height : highest;
    }
    page->y += highest;
}

static void add_row(struct page *page, const json_t *row)
{
    static const char *const known[] = {"title", "lines", NULL};
    const json_t *lines = json_object_get(row, "lines");
    const char *title = text_of(row, "title", NULL);
    json_t *panel;
    page->y += add_panel(page, "row", title, 0, WIDTH, &panel);
    check_members(row, known, title);
    for (size_t i = 0; i < json_array_size(lines); i++)
        add_line(page, json_array_get(lines, i));
}

int main(int argc, char **argv)
{
    if (argc != 3)
        bg_tool_die("make OUT PANELS.json");
    json_t *table = bg_tool_load(argv[2]), *dashboard = bg_tool_need(json_incref(json_object_get(table, "dashboard")));
    const json_t *rows = json_object_get(table, "rows");
    struct page page = {.shapes = json_object_get(table, "shapes"), .panels = bg_tool_need(json_array()), .y = 0};
    for (size_t i = 0; i < json_array_size(rows); i++)
        add_row(&page, json_array_get(rows, i));
    bg_tool_put(dashboard, "panels", page.panels);
    bg_tool_save(dashboard, argv[1], 2);
    json_decref(dashboard);
    json_decref(table);
    return EXIT_SUCCESS;
}
