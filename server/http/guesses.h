/* guesses.h: counts recent wrong tokens from each address, so that tokens cannot be guessed by trying.
 *
 * An address may send a few wrong tokens a minute. After that its requests with a token are answered 429, even with a valid one: otherwise
 * the answers would show which guess was right, as fast as guesses can be sent. But a token that was valid from this address before still
 * works. So an attacker behind the same proxy, or a user with an old token, does not lock out the others. */
#ifndef BG_HTTP_GUESSES_H
#define BG_HTTP_GUESSES_H

#include "beamgauge/token.h"

#include <stdint.h>

#define BG_GUESSES_MAX 30               /* wrong tokens from one address ... */
#define BG_GUESSES_WITHIN_US 60000000LL /* ... in this time */

/* Tables of a fixed size: a new entry replaces one with fewer wrong tokens. */
#define BG_GUESSES_SETS 256
#define BG_GUESSES_WAYS 8
#define BG_GUESSES_PROVEN 1024

struct bg_guesser {
    uint64_t address; /* the address as in bg_admission_admit(): of IPv6 the first 64 bits; 0: the entry is free */
    int64_t until_us; /* when its wrong tokens are forgotten */
    uint32_t wrong;
};

struct bg_guesses {
    uint64_t seed; /* random: nobody can choose which addresses share an entry */
    struct bg_guesser table[BG_GUESSES_SETS][BG_GUESSES_WAYS];
    uint64_t proven[BG_GUESSES_PROVEN]; /* addresses with the tokens that were valid there, hashed */
};

void bg_guesses_init(struct bg_guesses *ret_guesses, uint64_t seed);
/* For a request with a token: how many seconds to wait, rounded up; 0: the token may be checked. `token` is NULL if it is wrong. */
int64_t bg_guesses_wait_s(struct bg_guesses *guesses, uint64_t address, const struct bg_token *token, int64_t now_us);
/* Counts a wrong token, which has been answered so. */
void bg_guesses_add(struct bg_guesses *guesses, uint64_t address, int64_t now_us);

#endif
