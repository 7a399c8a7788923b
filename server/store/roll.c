/* roll.c: makes minutes of samples and hours of minutes, and removes what is too old. */
#include "roll.h"

/* One row of all that begin within one unit. Where all of them are damaged, there is none. */
static void roll_one(struct bg_db *db, const struct bg_node_ref *node, enum bg_level to, int64_t from_ms)
{
    struct bg_row sum = {.time_ms = from_ms}, row;
    sqlite3_stmt *rows = bg_rows_start(db, node, (enum bg_level)(to - 1), from_ms, from_ms + bg_levels[to].unit_ms);

    while (bg_row_next(db, rows, node, &row)) {
        sum.count += row.count;
        sum.started_ms = row.started_ms;
        for (size_t i = 0; i < db->layouts.series->count; i++)
            bg_figure_add(&sum.figures[i], &row.figures[i]);
    }
    if (sum.count > 0)
        bg_row_write(db, node, to, &sum);
}

void bg_roll(struct bg_db *db, const struct bg_node_ref *node, enum bg_level to, int64_t until_ms)
{
    const int64_t unit = bg_levels[to].unit_ms;
    struct bg_row last;
    int64_t next = bg_row_last(db, node, to, &last) ? last.time_ms + unit : 0;

    for (;;) {
        const int64_t begin = bg_time_floor(bg_row_time(db, node, (enum bg_level)(to - 1), next), unit);

        if (begin + unit > until_ms || db->failure != SQLITE_OK)
            return;
        roll_one(db, node, to, begin);
        next = begin + unit;
    }
}

void bg_age(struct bg_db *db, const struct bg_node_ref *node, enum bg_level level, int64_t now_ms)
{
    const int64_t before = now_ms - bg_levels[level].keep_ms;

    if (before > 0)
        bg_rows_remove(db, node->id, level, 0, bg_time_floor(before, bg_levels[level].whole_ms));
}
