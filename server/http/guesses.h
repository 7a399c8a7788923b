/* guesses.h: how many wrong tokens came from an address of late, so that nobody can try them at leisure.
 *
 * An address has some wrong tokens a minute; after that its requests with a token are answered 429, also with a right one: else the
 * answer would tell which guess was good, as fast as guesses can be sent. But a token that has been right from this address before goes on
 * working, so that somebody with an old token, or an attacker behind the same proxy, does not lock out those who are at work there. */
#ifndef BG_HTTP_GUESSES_H
#define BG_HTTP_GUESSES_H

#include "beamgauge/token.h"

#include <stdint.h>

#define BG_GUESSES_MAX 30               /* wrong tokens from one address ... */
#define BG_GUESSES_WITHIN_US 60000000LL /* ... in this time */

/* Tables of a fixed size: what finds no place takes that of one with fewer wrong tokens. */
#define BG_GUESSES_SETS 256
#define BG_GUESSES_WAYS 8
#define BG_GUESSES_PROVEN 1024

struct bg_guesser {
    uint64_t address; /* as bg_admission_admit() has it: of IPv6 the first 64 bits; 0: the place is free */
    int64_t until_us; /* when its wrong tokens are forgotten */
    uint32_t wrong;
};

struct bg_guesses {
    uint64_t seed; /* random: nobody can choose who shares a place with whom */
    struct bg_guesser table[BG_GUESSES_SETS][BG_GUESSES_WAYS];
    uint64_t proven[BG_GUESSES_PROVEN]; /* addresses with the tokens that were right there, hashed */
};

void bg_guesses_init(struct bg_guesses *ret_guesses, uint64_t seed);
/* For a request with a token: how many seconds to wait, rounded up; 0: it may be looked at. `token` is the one that it has, NULL where it
 * is a wrong one. */
int64_t bg_guesses_wait_s(struct bg_guesses *guesses, uint64_t address, const struct bg_token *token, int64_t now_us);
/* A wrong one was answered so. */
void bg_guesses_add(struct bg_guesses *guesses, uint64_t address, int64_t now_us);

#endif
