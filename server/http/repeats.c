/* repeats.c: which failures were logged already. */
#include "repeats.h"

#include "mix.h"

#include <string.h>

void bg_repeats_init(struct bg_repeats *ret_repeats, uint64_t seed)
{
    memset(ret_repeats, 0, sizeof *ret_repeats);
    ret_repeats->seed = seed;
}

static uint64_t hash(const struct bg_repeats *repeats, const char *target)
{
    uint64_t sum = repeats->seed;

    for (; *target != '\0'; target++)
        sum = bg_mix(sum ^ (unsigned char)*target, repeats->seed);
    return sum | 1;
}

bool bg_repeats_keep(struct bg_repeats *repeats, const char *target, enum bg_error error)
{
    if (error == BG_OK && repeats->used == 0)
        return false;
    const uint64_t hashed = hash(repeats, target), at = hashed / 2 % BG_REPEATS_SLOTS;
    const bool is_known = repeats->slots[at].target == hashed;

    if (error == BG_OK ? !is_known : is_known && repeats->slots[at].error == error)
        return false;
    repeats->used += (error != BG_OK) - (size_t)(repeats->slots[at].target != 0);
    repeats->slots[at].target = error != BG_OK ? hashed : 0;
    repeats->slots[at].error = error;
    return error != BG_OK;
}
