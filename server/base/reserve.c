/* reserve.c: small blocks that are kept for libevent, for when malloc(3) fails. */
#include "beamgauge/reserve.h"

#include "beamgauge/clock.h"
#include "beamgauge/log.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOGGED_EVERY_MS 10000 /* the log says so at most this often */

/* The blocks of one size that are there: blocks[0 ... count - 1]. */
struct shelf {
    size_t size, most, count;
    void **blocks;
};

static void *small[BG_RESERVE_SMALL_BLOCKS_MAX], *usual[BG_RESERVE_BLOCKS_MAX], *large[BG_RESERVE_READ_BLOCKS_MAX];
static struct shelf shelves[] = {
    {BG_RESERVE_SMALL_BYTES, BG_RESERVE_SMALL_BLOCKS_MAX, 0, small},
    {BG_RESERVE_BLOCK_BYTES, BG_RESERVE_BLOCKS_MAX, 0, usual},
    {BG_RESERVE_READ_BYTES, BG_RESERVE_READ_BLOCKS_MAX, 0, large},
};
#define SHELVES_COUNT (sizeof shelves / sizeof shelves[0])

static uint64_t given;
static bool is_missing;      /* any block; it is false most of the time, and then nothing else is looked at */
static bool is_logged;       /* the log said that memory is short, and not yet that it is there again */
static int64_t logged_at_ms; /* 0: never */

/* True if nothing is missing any more. */
static bool fill(void)
{
    for (size_t i = 0; i < SHELVES_COUNT; i++)
        for (struct shelf *shelf = &shelves[i]; shelf->count < shelf->most; shelf->count++)
            if ((shelf->blocks[shelf->count] = malloc(shelf->size)) == NULL)
                break;
    is_missing = false;
    for (size_t i = 0; i < SHELVES_COUNT; i++)
        is_missing = is_missing || shelves[i].count < shelves[i].most;
    return !is_missing;
}

/* libevent would dereference the NULL. */
static void end_process(size_t size)
{
    bg_log(BG_LOG_ERROR, "memory_exhausted", BG_NUMBER("bytes", size), BG_NUMBER("reserved_blocks_given", given),
           BG_TEXT("hint", "the system gives no memory, and what was kept in reserve is used up: beamgauge ends, to be started again; give "
                           "it more memory, or lower connections_max, requests_max and answers_max_bytes"));
    bg_log_stop();
    _exit(EXIT_FAILURE);
}

static void *take(size_t size)
{
    for (size_t i = 0; i < SHELVES_COUNT; i++)
        if (size <= shelves[i].size && shelves[i].count > 0) {
            given++;
            is_missing = true;
            return shelves[i].blocks[--shelves[i].count];
        }
    if (size <= BG_RESERVE_BLOCK_BYTES)
        end_process(size);
    return NULL;
}

void *bg_reserve_malloc(size_t size)
{
    void *block = malloc(size);

    if (block == NULL)
        block = take(size);
    return block;
}

void *bg_reserve_realloc(void *old, size_t size)
{
    void *block = realloc(old, size);

    if (block != NULL || size == 0 || (block = take(size)) == NULL)
        return block;
    if (old != NULL) {
        const size_t length = malloc_usable_size(old);

        memcpy(block, old, length < size ? length : size);
        free(old);
    }
    return block;
}

/* Takes it back, as a block of its size or a little less. */
static bool put_back(void *block)
{
    const size_t size = malloc_usable_size(block);

    for (size_t i = 0; i < SHELVES_COUNT; i++)
        if (size >= shelves[i].size && size < 2 * shelves[i].size && shelves[i].count < shelves[i].most) {
            shelves[i].blocks[shelves[i].count++] = block;
            return true;
        }
    return false;
}

void bg_reserve_free(void *block)
{
    if (!is_missing || block == NULL || !put_back(block))
        free(block);
}

bool bg_reserve_start(void)
{
    return fill();
}

static void note_short(void)
{
    const int64_t now_ms = bg_clock_monotonic_us(bg_clock_system()) / 1000;

    if (is_logged || (logged_at_ms > 0 && now_ms - logged_at_ms < LOGGED_EVERY_MS))
        return;
    is_logged = true;
    logged_at_ms = now_ms;
    bg_log(BG_LOG_WARN, "memory_short", BG_NUMBER("reserved_blocks_given", given),
           BG_TEXT("hint", "the system gives no memory: new clients wait, and requests are answered 500 no_memory until it does; give this "
                           "service more memory, or lower connections_max, requests_max and answers_max_bytes"));
}

/* A few may be missing for long: there may be memory enough, but in pieces that are smaller than they are. */
static bool are_many_missing(void)
{
    for (size_t i = 0; i < SHELVES_COUNT; i++)
        if (shelves[i].most - shelves[i].count > shelves[i].most / 8)
            return true;
    return false;
}

bool bg_reserve_is_short(void)
{
    if (is_missing && !fill() && are_many_missing()) {
        note_short();
        return true;
    }
    if (is_logged)
        bg_log(BG_LOG_INFO, "memory_enough", BG_NUMBER("reserved_blocks_given", given));
    is_logged = false;
    return false;
}

uint64_t bg_reserve_given(void)
{
    return given;
}
