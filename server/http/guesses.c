/* guesses.c: counts recent wrong tokens from each address. */
#include "guesses.h"

#include "mix.h"

#include <stdbool.h>
#include <string.h>

void bg_guesses_init(struct bg_guesses *ret_guesses, uint64_t seed)
{
    memset(ret_guesses, 0, sizeof *ret_guesses);
    ret_guesses->seed = seed;
}

static struct bg_guesser *set_of(struct bg_guesses *guesses, uint64_t address)
{
    return guesses->table[bg_mix(address, guesses->seed) % BG_GUESSES_SETS];
}

/* NULL: it has no recent wrong tokens. */
static struct bg_guesser *find(struct bg_guesses *guesses, uint64_t address, int64_t now_us)
{
    struct bg_guesser *set = set_of(guesses, address);

    for (size_t i = 0; i < BG_GUESSES_WAYS; i++)
        if (set[i].address == address && set[i].until_us > now_us)
            return &set[i];
    return NULL;
}

/* A token's hash is in memory anyway; a part of it is enough to distinguish the few tokens. */
static uint64_t *place_of(struct bg_guesses *guesses, uint64_t address, const struct bg_token *token, uint64_t *ret_pair)
{
    uint64_t number;

    memcpy(&number, token->sha256, sizeof number);
    *ret_pair = bg_mix(number ^ bg_mix(address, guesses->seed), guesses->seed) | 1;
    return &guesses->proven[*ret_pair / 2 % BG_GUESSES_PROVEN];
}

int64_t bg_guesses_wait_s(struct bg_guesses *guesses, uint64_t address, const struct bg_token *token, int64_t now_us)
{
    static const struct bg_token none = {.name = NULL};
    const struct bg_guesser *guesser = find(guesses, address, now_us);
    uint64_t pair, *place = place_of(guesses, address, token != NULL ? token : &none, &pair); /* a wrong token takes the same time */
    bool is_proven = token != NULL && *place == pair;

    if (guesser != NULL && guesser->wrong >= BG_GUESSES_MAX && !is_proven)
        return (guesser->until_us - now_us + 999999) / 1000000;
    if (token != NULL)
        *place = pair;
    return 0;
}

/* Its own entry, else a free one, else the one with the fewest wrong tokens. */
static struct bg_guesser *place_for(struct bg_guesses *guesses, uint64_t address, int64_t now_us)
{
    struct bg_guesser *set = set_of(guesses, address), *best = &set[0];

    for (size_t i = 0; i < BG_GUESSES_WAYS; i++) {
        if (set[i].until_us <= now_us)
            set[i].wrong = 0;
        if (set[i].address == address)
            return &set[i];
        if (set[i].wrong < best->wrong)
            best = &set[i];
    }
    *best = (struct bg_guesser){.address = address};
    return best;
}

void bg_guesses_add(struct bg_guesses *guesses, uint64_t address, int64_t now_us)
{
    struct bg_guesser *guesser = place_for(guesses, address, now_us);

    if (guesser->wrong == 0)
        guesser->until_us = now_us + BG_GUESSES_WITHIN_US;
    guesser->wrong++;
}
