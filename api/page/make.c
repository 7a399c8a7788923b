/* make.c: the tool that writes what the page has of the service's own tables, as a module of JavaScript. make OUT.js */
#include "figures.h"
#include "rows.h"
#include "tool.h"

#include "beamgauge/endpoint.h"

#include <stdio.h>
#include <stdlib.h>

/* {path: {"title", "kind"}}, in the order of the descriptor. */
static json_t *columns_new(const struct bg_column *column)
{
    static const char *const kinds[] = {
        [BG_COLUMN_TEXT] = "text",           [BG_COLUMN_WHOLE] = "text",    [BG_COLUMN_COUNT] = "count",    [BG_COLUMN_ENTRIES] = "entries",
        [BG_COLUMN_BOUND] = "bound",         [BG_COLUMN_BYTES] = "bytes",   [BG_COLUMN_RATIO] = "ratio",    [BG_COLUMN_RATE] = "rate",
        [BG_COLUMN_BYTE_RATE] = "byte_rate", [BG_COLUMN_OF_UNIT] = "count", [BG_COLUMN_UNIT_RATE] = "rate", [BG_COLUMN_DURATION] = "count"};
    json_t *columns = json_object();
    for (; column->path != NULL; column++)
        bg_tool_put(columns, column->path, json_pack("{s:s, s:s}", "title", column->title, "kind", kinds[column->kind]));
    return columns;
}

/* {operation: its columns} */
static json_t *operations_new(void)
{
    json_t *operations = json_object();
    for (const struct bg_endpoint *const *at = bg_api_endpoints; *at != NULL; at++)
        if ((*at)->columns != NULL)
            bg_tool_put(operations, (*at)->operation, columns_new((*at)->columns));
    return operations;
}

/* {sort key: the field that it sorts by} */
static json_t *sorts_new(void)
{
    json_t *sorts = json_object();
    for (const struct bg_sort *sort = bg_sorts; sort->key != NULL; sort++)
        bg_tool_put(sorts, sort->key, json_string(sort->field));
    return sorts;
}

/* {name: {"title", "unit", "help", "path"}} of those that have a title. */
static json_t *figures_new(void)
{
    json_t *figures = json_object();
    for (size_t i = 0; i < bg_figures_count; i++) {
        const struct bg_figure *figure = &bg_figures[i];
        if (figure->name != NULL && figure->title != NULL)
            bg_tool_put(figures, figure->name,
                        json_pack("{s:s, s:s, s:s, s:s}", "title", figure->title, "unit", figure->unit, "help", figure->summary, "path",
                                  figure->path));
    }
    return figures;
}

/* One line to a member. The value is taken. */
static void write_constant(FILE *out, const char *comment, const char *name, json_t *value)
{
    const char *key;
    json_t *member;
    (void)fprintf(out, "\n/** %s */\nexport const %s = {\n", comment, name);
    json_object_foreach(value, key, member)
    {
        (void)fprintf(out, "  \"%s\": ", key);
        if (json_dumpf(member, out, JSON_ENCODE_ANY | JSON_COMPACT) != 0)
            bg_tool_die("the file cannot be written");
        (void)fputs(",\n", out);
    }
    (void)fputs("};\n", out);
    json_decref(value);
}

int main(int argc, char **argv)
{
    FILE *out = argc == 2 ? fopen(argv[1], "w") : NULL;
    if (out == NULL)
        bg_tool_die("make OUT.js: a file that can be written");
    (void)fputs("// The service's own tables, made when it is built: see api/page/make.c.\n", out);
    write_constant(out, "Of each operation its columns, by their paths into a row.", "COLUMNS", operations_new());
    write_constant(out, "What processes can be ranked by, and the field that has it.", "SORTS", sorts_new());
    write_constant(out, "Figures of a node, by the names that checks have for them.", "FIGURES", figures_new());
    if (fclose(out) != 0)
        bg_tool_die("the file cannot be written");
    return EXIT_SUCCESS;
}
