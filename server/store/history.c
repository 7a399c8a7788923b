/* history.c: from rows to the steps of a history. */
#include "history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is added up; one for each step of each series. */
struct sums {
    const struct bg_history_request *request;
    size_t buckets_count;
    struct bg_figure *figures;
};

size_t bg_history_buckets(const struct bg_history_request *request)
{
    return (size_t)((request->until_ms - request->since_ms - 1) / request->step_ms + 1);
}

/* A row counts for the step in which it begins. */
static void sums_add(struct sums *sums, const struct bg_row *row)
{
    const struct bg_history_request *request = sums->request;
    const size_t bucket = (size_t)((row->time_ms - request->since_ms) / request->step_ms);

    for (size_t i = 0; i < request->series_count; i++)
        bg_figure_add(&sums->figures[i * sums->buckets_count + bucket], &row->figures[request->series[i]]);
}

static void sums_read(struct sums *sums, struct bg_db *db, const struct bg_node_ref *node, enum bg_level level, int64_t from_ms,
                      int64_t until_ms)
{
    const int64_t since = sums->request->since_ms, until = sums->request->until_ms;
    sqlite3_stmt *rows = bg_rows_start(db, node, level, from_ms > since ? from_ms : since, until_ms < until ? until_ms : until);
    struct bg_row row;

    while (bg_row_next(db, rows, node, &row))
        sums_add(sums, &row);
}

static int64_t first_whole(struct bg_db *db, const struct bg_node_ref *node, enum bg_level level, struct bg_history *history)
{
    struct bg_row row;

    if (!bg_row_first(db, node, level, &row))
        return BG_TIME_END;
    /* An hour is from its first minute on, and a minute from its first sample, where these are kept. */
    if (history->first_ms == 0 || row.time_ms + bg_levels[level].unit_ms <= history->first_ms)
        history->first_ms = row.time_ms;
    return bg_time_floor(row.time_ms, bg_levels[level].whole_ms);
}

/* Fine rows from the first minute of which there are any; before it minutes, from the first hour of which there are any; before it hours.
 * Rows are removed by whole minutes and hours, so none of them is counted twice. */
static void levels_read(struct sums *sums, struct bg_db *db, const struct bg_node_ref *node, struct bg_history *history)
{
    const int64_t fine = first_whole(db, node, BG_LEVEL_FINE, history), minutes = first_whole(db, node, BG_LEVEL_MINUTE, history);
    const int64_t first = minutes < fine ? minutes : fine;

    first_whole(db, node, BG_LEVEL_HOUR, history);
    sums_read(sums, db, node, BG_LEVEL_HOUR, 0, bg_time_floor(first, bg_levels[BG_LEVEL_HOUR].unit_ms));
    sums_read(sums, db, node, BG_LEVEL_MINUTE, minutes, fine);
    sums_read(sums, db, node, BG_LEVEL_FINE, fine, BG_TIME_END);
}

static void last_read(struct bg_db *db, const struct bg_node_ref *node, struct bg_history *history)
{
    struct bg_row row;

    for (int level = BG_LEVEL_FINE; level <= BG_LEVEL_HOUR; level++)
        if (bg_row_last(db, node, (enum bg_level)level, &row) && row.time_ms > history->last_ms)
            history->last_ms = row.time_ms;
}

/* The last BG_STORE_RESTARTS_MAX; false: out of memory. */
static bool restarts_read(struct bg_db *db, const struct bg_node_ref *node, struct bg_history_ticket *ticket)
{
    int64_t *restarts = malloc(BG_STORE_RESTARTS_MAX * sizeof restarts[0]);
    sqlite3_stmt *rows = bg_rows_start(db, node, BG_LEVEL_RESTART, ticket->request.since_ms, ticket->request.until_ms);
    struct bg_row row;
    size_t count = 0;

    ticket->history.restarts_ms = restarts;
    if (restarts == NULL)
        return false;
    while (bg_row_next(db, rows, node, &row)) {
        if (count == BG_STORE_RESTARTS_MAX)
            memmove(restarts, restarts + 1, --count * sizeof restarts[0]);
        restarts[count++] = row.time_ms;
    }
    bg_db_stop(rows);
    ticket->history.restarts_count = count;
    return true;
}

static void buckets_fill(const struct bg_figure *figures, size_t count, struct bg_bucket *buckets)
{
    for (size_t i = 0; i < count; i++) {
        const struct bg_figure *figure = &figures[i];

        buckets[i] = figure->count == 0 ? (struct bg_bucket){.mean = NAN, .min = NAN, .max = NAN}
                                        : (struct bg_bucket){.mean = figure->mean, .min = figure->min, .max = figure->max};
    }
}

static void history_clear(struct bg_history_ticket *ticket, size_t buckets_count)
{
    free((void *)ticket->history.buckets);
    free((void *)ticket->history.restarts_ms);
    ticket->history =
        (struct bg_history){.since_ms = ticket->request.since_ms, .step_ms = ticket->request.step_ms, .buckets_count = buckets_count};
}

bool bg_history_read(struct bg_db *db, struct bg_history_ticket *ticket)
{
    const size_t buckets_count = bg_history_buckets(&ticket->request), count = buckets_count * ticket->request.series_count;
    struct sums sums = {.request = &ticket->request, .buckets_count = buckets_count, .figures = calloc(count, sizeof sums.figures[0])};
    struct bg_bucket *buckets = malloc(count * sizeof buckets[0]);
    struct bg_node_ref node;
    bool is_complete = sums.figures != NULL && buckets != NULL;

    history_clear(ticket, buckets_count);
    ticket->history.buckets = buckets;
    if (is_complete && bg_rows_node(db, ticket->request.node, &node)) {
        levels_read(&sums, db, &node, &ticket->history);
        last_read(db, &node, &ticket->history);
        ticket->history.is_node_known = ticket->history.last_ms != 0;
        is_complete = restarts_read(db, &node, ticket);
    }
    if (is_complete)
        buckets_fill(sums.figures, count, buckets);
    free(sums.figures);
    return is_complete;
}
