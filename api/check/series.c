/* series.c: the table of series, made from the table of figures. */
#include "series.h"

#include "beamgauge/store.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static struct bg_series table[BG_STORE_SERIES_MAX];
static size_t table_count;

void bg_series_rate_name(const char *path, char ret_name[BG_SERIES_NAME_SIZE])
{
    static const char count[] = "_count";
    size_t length = strlen(path);
    if (length > strlen(count) && strcmp(path + length - strlen(count), count) == 0)
        length -= strlen(count);
    (void)snprintf(ret_name, BG_SERIES_NAME_SIZE, "%.*s_per_second", (int)length, path);
}

static bool is_series(const struct bg_figure *figure)
{
    return figure->kind == BG_FIGURE_MEMBER && (figure->source == BG_SOURCE_MEMORY || figure->source == BG_SOURCE_SYSTEM);
}

static void add(const struct bg_figure *figure)
{
    struct bg_series *series = &table[table_count++];
    assert(table_count <= BG_STORE_SERIES_MAX);
    series->figure = figure;
    series->is_rate = figure->metric != NULL && figure->metric->type == BG_METRIC_COUNTER;
    if (series->is_rate)
        bg_series_rate_name(figure->path, series->name);
    else
        (void)snprintf(series->name, sizeof series->name, "%s", figure->name != NULL ? figure->name : figure->path);
}

size_t bg_series_count(void)
{
    if (table_count == 0)
        for (size_t i = 0; i < bg_figures_count; i++)
            if (is_series(&bg_figures[i]))
                add(&bg_figures[i]);
    return table_count;
}

const struct bg_series *bg_series_at(size_t index)
{
    assert(index < bg_series_count());
    return &table[index];
}

size_t bg_series_find(const char *name, size_t length)
{
    size_t i = 0;
    while (i < bg_series_count() && (strlen(table[i].name) != length || memcmp(table[i].name, name, length) != 0))
        i++;
    return i;
}

double bg_series_read(const struct bg_series *series, const json_t *data)
{
    const json_t *value = bg_figure_find(data, series->figure->path);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

const char *bg_series_unit(const struct bg_series *series)
{
    if (!series->is_rate)
        return series->figure->unit;
    return strcmp(series->figure->unit, "bytes") == 0 ? "bytes_per_second" : "per_second";
}
