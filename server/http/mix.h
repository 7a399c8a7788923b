/* mix.h: a hash of a number that cannot be predicted without the seed. */
#ifndef BG_HTTP_MIX_H
#define BG_HTTP_MIX_H

#include <stdint.h>

/* The finish of MurmurHash3, twice, with a secret in between. */
static inline uint64_t bg_mix(uint64_t number, uint64_t seed)
{
    for (int i = 0; i < 2; i++) {
        number ^= seed;
        number = (number ^ number >> 33) * UINT64_C(0xff51afd7ed558ccd);
        number = (number ^ number >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
        number ^= number >> 33;
    }
    return number;
}

#endif
