/* write.c: from a sample to its rows. */
#include "write.h"

#include "roll.h"

#include <math.h>

/* The last row of a level. Damaged ones that come after it are removed: they would be in the way of each sample. */
static bool last_good(struct bg_db *db, const struct bg_node_ref *node, enum bg_level level, struct bg_row *ret_last)
{
    const uint64_t damaged = db->damaged_count;
    const bool found = bg_row_last(db, node, level, ret_last);

    if (db->damaged_count != damaged)
        bg_rows_remove(db, node->id, level, found ? ret_last->time_ms + 1 : 0, BG_TIME_END);
    return found;
}

/* The last sample; where none is left, the last minute or hour. */
static bool last_of(struct bg_db *db, const struct bg_node_ref *node, struct bg_row *ret_last)
{
    return last_good(db, node, BG_LEVEL_FINE, ret_last) || last_good(db, node, BG_LEVEL_MINUTE, ret_last) ||
           last_good(db, node, BG_LEVEL_HOUR, ret_last);
}

static void remove_from(struct bg_db *db, const struct bg_node_ref *node, int64_t from_ms)
{
    for (int level = 0; level < BG_LEVELS; level++)
        bg_rows_remove(db, node->id, (enum bg_level)level, from_ms, BG_TIME_END);
}

/* Whether a sample comes after all that the node has; makes it so if the clock was set back. */
static bool is_next(struct bg_db *db, const struct bg_node_ref *node, struct bg_set_back *set_back, const struct bg_queued *sample)
{
    struct bg_row last;

    if (!last_of(db, node, &last) || last.time_ms < sample->wall_ms)
        return true;
    if (last.time_ms <= sample->now_ms + BG_AHEAD_MS || !bg_set_back_note(set_back, sample->monotonic_us))
        return false;
    remove_from(db, node, sample->wall_ms);
    return true;
}

static void write_restart(struct bg_db *db, const struct bg_node_ref *node, int64_t before_ms, int64_t started_ms)
{
    if (before_ms > 0 && started_ms < BG_TIME_END && started_ms - before_ms > BG_RESTART_MS)
        bg_row_write(db, node, BG_LEVEL_RESTART, &(struct bg_row){.time_ms = started_ms, .started_ms = started_ms, .count = 1});
}

static void write_fine(struct bg_db *db, const struct bg_node_ref *node, const struct bg_queued *sample)
{
    struct bg_row row = {.time_ms = sample->wall_ms, .started_ms = sample->started_ms, .count = 1};

    for (size_t i = 0; i < db->layouts.series->count; i++) {
        const double value = sample->values[i];

        if (isfinite(value))
            row.figures[i] = (struct bg_figure){.mean = value, .min = value, .max = value, .count = 1};
    }
    bg_row_write(db, node, BG_LEVEL_FINE, &row);
}

static bool is_later(int64_t before_ms, int64_t time_ms, enum bg_level level)
{
    const int64_t unit = bg_levels[level].unit_ms;

    return bg_time_floor(before_ms, unit) != bg_time_floor(time_ms, unit);
}

static void finish(struct bg_db *db, const struct bg_node_ref *node, int64_t before_ms, const struct bg_queued *sample)
{
    const int64_t time_ms = sample->wall_ms, age_ms = time_ms < sample->age_ms ? time_ms : sample->age_ms;

    if (!is_later(before_ms, time_ms, BG_LEVEL_MINUTE))
        return;
    bg_roll(db, node, BG_LEVEL_MINUTE, time_ms);
    if (is_later(before_ms, time_ms, BG_LEVEL_HOUR)) {
        bg_roll(db, node, BG_LEVEL_HOUR, time_ms);
        for (int level = BG_LEVEL_MINUTE; level < BG_LEVELS; level++)
            bg_age(db, node, (enum bg_level)level, age_ms);
    }
    bg_age(db, node, BG_LEVEL_FINE, age_ms);
}

bool bg_write_sample(struct bg_db *db, struct bg_set_back *set_back, const struct bg_queued *sample)
{
    struct bg_node_ref node;
    struct bg_row last;
    bool has_last;

    if (sample->wall_ms < 1 || sample->wall_ms >= BG_TIME_END || sample->wall_ms > sample->now_ms + BG_AHEAD_MS)
        return false;
    if (!bg_node_add(db, sample->node, &node) || !is_next(db, &node, set_back, sample))
        return false;
    has_last = last_of(db, &node, &last);
    write_fine(db, &node, sample);
    if (has_last) {
        write_restart(db, &node, last.started_ms, sample->started_ms);
        finish(db, &node, last.time_ms, sample);
    }
    return db->failure == SQLITE_OK;
}
