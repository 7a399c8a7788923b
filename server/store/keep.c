/* keep.c: ages all nodes, a few at a time, and removes the oldest where there is too much. */
#include "keep.h"

#include "roll.h"

#define PASS_MS 60000
#define PASS_NODES 64                            /* at once */
#define LATE_MS 300000                           /* a minute that has ended for so long gets no more samples */
#define CUTS 16                                  /* at once */
#define CUT_ROWS 4096                            /* at once, and perhaps a node's more */
#define CUT_PART 16                              /* of the time that a level spans */
#define VACUUM "PRAGMA incremental_vacuum(1024)" /* pages at once */
#define NODE_KEYS (bg_key(1, BG_LEVEL_FINE, 0) - 1)

bool bg_keep_is_busy(const struct bg_keeper *keeper)
{
    return keeper->next_id != 0 || keeper->is_over;
}

bool bg_keep_is_due(const struct bg_keeper *keeper, int64_t now_ms)
{
    return bg_keep_is_busy(keeper) || keeper->begun_ms == 0 || now_ms - keeper->begun_ms >= PASS_MS || now_ms < keeper->begun_ms;
}

static void keep_node(struct bg_db *db, const struct bg_node_ref *node, int64_t now_ms)
{
    bg_roll(db, node, BG_LEVEL_MINUTE, now_ms - LATE_MS);
    bg_roll(db, node, BG_LEVEL_HOUR, now_ms - LATE_MS);
    for (int level = 0; level < BG_LEVELS; level++)
        bg_age(db, node, (enum bg_level)level, now_ms);
}

/* Rows of which no node is known can only come from damage. */
static void keep_id(struct bg_db *db, int64_t id, int64_t now_ms)
{
    struct bg_node_ref node;

    if (bg_node_next(db, id, &node) && node.id == id)
        keep_node(db, &node, now_ms);
    else
        for (int level = 0; level < BG_LEVELS; level++)
            bg_rows_remove(db, id, (enum bg_level)level, 0, BG_TIME_END);
}

static int64_t oldest_of(struct bg_db *db, enum bg_level level)
{
    return bg_db_number(db, BG_DB_START(db, BG_OLDEST, bg_key(0, level, 0), bg_key(0, level, BG_TIME_END - 1)), BG_TIME_END);
}

void bg_keep_note_oldest(struct bg_db *db, struct bg_keeper *keeper)
{
    int64_t oldest = BG_TIME_END;

    for (int level = BG_LEVEL_FINE; level <= BG_LEVEL_HOUR; level++) {
        const int64_t time = oldest_of(db, (enum bg_level)level);

        oldest = time < oldest ? time : oldest;
    }
    keeper->oldest_ms = oldest == BG_TIME_END ? 0 : oldest;
}

static void pass_begin(struct bg_db *db, struct bg_keeper *keeper, int64_t now_ms)
{
    bg_db_step(db, BG_DB_START(db, BG_ROWS_REMOVE, INT64_MIN, NODE_KEYS));
    keeper->next_id = 1;
    keeper->begun_ms = now_ms;
}

/* A file that was larger, since it was allowed to be, becomes smaller. */
static void pass_end(struct bg_db *db, struct bg_keeper *keeper)
{
    keeper->next_id = 0;
    bg_db_step(db, BG_DB_START(db, BG_NODES_FORGET, NODE_KEYS));
    bg_keep_note_oldest(db, keeper);
    if (bg_db_number(db, bg_db_start(db, BG_PAGES, NULL, 0), 0) * db->page_bytes > db->max_bytes)
        bg_db_execute(db, VACUUM);
}

/* The first id from `id` on of which there are rows; 0: there is none. */
static int64_t id_with_rows(struct bg_db *db, int64_t id)
{
    if (id > BG_NODE_IDS_MAX)
        return 0;
    return bg_key_node(bg_db_number(db, BG_DB_START(db, BG_KEY_FIRST, bg_key(id, BG_LEVEL_FINE, 0), INT64_MAX), 0));
}

void bg_keep_some(struct bg_db *db, struct bg_keeper *keeper, int64_t now_ms)
{
    if (keeper->next_id == 0)
        pass_begin(db, keeper, now_ms);
    for (int i = 0; i < PASS_NODES && db->failure == SQLITE_OK; i++) {
        const int64_t id = id_with_rows(db, keeper->next_id);

        if (id == 0) {
            pass_end(db, keeper);
            return;
        }
        keep_id(db, id, now_ms);
        keeper->next_id = id + 1;
    }
}

/* The level that goes first, with its oldest time; BG_LEVELS: there are no rows. */
static enum bg_level level_to_cut(struct bg_db *db, int64_t now_ms, int64_t *ret_oldest_ms)
{
    enum bg_level worst = BG_LEVELS;
    double worst_part = 0;

    for (int level = 0; level < BG_LEVELS; level++) {
        const int64_t oldest = oldest_of(db, (enum bg_level)level), age = now_ms - oldest;
        const double part = (double)age / (double)bg_levels[level].keep_ms;
        /* what must stay comes after all that need not */
        const double rank = age > bg_levels[level].least_ms ? part : part - 1e9;

        if (oldest < BG_TIME_END && (worst == BG_LEVELS || rank > worst_part)) {
            worst = (enum bg_level)level;
            worst_part = rank;
            *ret_oldest_ms = oldest;
        }
    }
    return worst;
}

static int cut(struct bg_db *db, int64_t now_ms)
{
    int64_t oldest = 0, age, until, whole;
    const enum bg_level level = level_to_cut(db, now_ms, &oldest);
    struct bg_node_ref node = {.id = 0};
    int removed = 0;

    if (level == BG_LEVELS)
        return 0;
    age = now_ms > oldest ? now_ms - oldest : 0;
    whole = age >= 2 * bg_levels[level].whole_ms ? bg_levels[level].whole_ms : bg_levels[level].unit_ms;
    until = bg_time_floor(oldest + age / CUT_PART, whole) + whole;
    while (removed < CUT_ROWS && bg_node_next(db, node.id + 1, &node))
        removed += bg_rows_remove(db, node.id, level, 0, until);
    return removed;
}

void bg_keep_size(struct bg_db *db, struct bg_keeper *keeper, int64_t now_ms)
{
    int64_t size = bg_db_size(db);
    int removed = 0, last_removed = 1;

    for (int cuts = 0; size > db->max_bytes && cuts < CUTS && removed < CUT_ROWS && last_removed > 0; cuts++) {
        last_removed = cut(db, now_ms);
        removed += last_removed;
        size = bg_db_size(db);
    }
    keeper->is_over = size > db->max_bytes && last_removed > 0;
    if (removed > 0)
        bg_keep_note_oldest(db, keeper);
}
