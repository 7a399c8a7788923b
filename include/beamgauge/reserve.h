/* reserve.h: small blocks that are kept for libevent, for when malloc(3) fails.
 *
 * evhttp does not survive a failed allocation everywhere: evhttp_request_new() and evhttp_connection_base_bufferevent_new() (http.c of
 * libevent 2.1.12) release what is half made, and dereference the part that is missing. So libevent allocates through the functions here
 * (event_set_mem_functions()): where malloc fails, they give a block that was allocated at the start. It is an ordinary block of malloc: it
 * may be grown and freed like any other. What libevent frees takes an empty place, or else what malloc gives as soon as it gives again.
 *
 *      malloc -> NULL -> the smallest reserved block that is large enough -> none left: the process ends, and says why
 *
 * Where the blocks for reading end, and for what is larger, libevent gets NULL as ever: these are buffers and texts, which evhttp and we
 * survive (`./dev torture`); what cannot be read is read later.
 * The service takes as little as it can while many are missing, see bg_reserve_is_short(). For one thread: the one that serves. */
#ifndef BEAMGAUGE_RESERVE_H
#define BEAMGAUGE_RESERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BG_RESERVE_SMALL_BYTES 64 /* of a small block: a header's name, its value or its place in a list */
#define BG_RESERVE_SMALL_BLOCKS_MAX 1024
#define BG_RESERVE_BLOCK_BYTES 1024 /* what libevent allocates for a buffer's first bytes; its structs are smaller */
#define BG_RESERVE_BLOCKS_MAX 384   /* a connection with a request takes about 10, and none is accepted while many are missing */
#define BG_RESERVE_READ_BYTES 8192  /* what libevent allocates to read the 4,096 bytes from a socket that it reads at once */
#define BG_RESERVE_READ_BLOCKS_MAX 16

/* Allocates the blocks, 576 KiB. False: out of memory. */
bool bg_reserve_start(void);
/* As malloc(3), realloc(3) and free(3), for event_set_mem_functions(), before libevent allocates anything. */
void *bg_reserve_malloc(size_t size);
void *bg_reserve_realloc(void *old, size_t size);
void bg_reserve_free(void *block);
/* True while malloc fails and more than an eighth of the blocks of one size is missing. Then no connection is to be accepted and no request
 * to be begun. Tries to allocate them before it says so; the log says once when it begins and when it ends. */
bool bg_reserve_is_short(void);
/* How many blocks have been given since the start. */
uint64_t bg_reserve_given(void);

#endif
