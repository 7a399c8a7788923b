/* atom_cache.h: the atom cache of a link (erl_ext_dist, "Distribution Header"). A node looks up each atom that comes as text in its table
 * of atoms. That takes 0.1 us each, and was nine tenths of the time to read a question. With the cache an atom is sent once over a
 * connection, and after that as the number of its slot.
 *
 *   'p' 131 Control [131 Payload]                     a message of plain terms
 *   131 'D' Count Flags Slots Control [Payload]       the same, whose atoms are numbers: places in Slots
 *
 * Both sides use the cache, or neither does. */
#ifndef BG_NODES_ATOM_CACHE_H
#define BG_NODES_ATOM_CACHE_H

#include "beamgauge/node.h"
#include "wire.h"

struct bg_sink;
struct evbuffer;
struct bg_atom_cache;

#define BG_ATOM_CACHE_SLOTS 2048
#define BG_ATOM_CACHE_REFS_MAX 255 /* of one message */
#define BG_ATOM_CACHE_TEXT_MAX 1020

struct bg_atom_cache *bg_atom_cache_new(void);         /* NULL: no memory */
void bg_atom_cache_reset(struct bg_atom_cache *cache); /* for a new connection */
void bg_atom_cache_free(struct bg_atom_cache *cache);

/* What is sent, in pieces; no piece ends within a pid, a number or another term without inner terms. */
struct bg_message {
    const struct bg_piece *pieces;
    size_t count;
    const struct bg_atom_named *atoms; /* of the named pieces; at most BG_ATOMS_NAMED_MAX */
    size_t atoms_count;
};
struct bg_piece {
    struct bg_slice bytes;
    bool is_named; /* atoms may already be numbers, indexes in `atoms`; otherwise all are text */
};

/* Appends a frame. False: no memory; nothing was appended. */
bool bg_atom_cache_pack(struct bg_atom_cache *cache, const struct bg_message *message, struct evbuffer *out);
/* Adds the message in plain terms. */
bool bg_message_spell(const struct bg_message *message, struct bg_sink *sink);

enum bg_atom_cache_result { BG_ATOM_CACHE_DONE, BG_ATOM_CACHE_NONSENSE, BG_ATOM_CACHE_TOO_LARGE };

/* Makes plain terms of a frame. They are valid until bg_atom_cache_drop(). A message of more than `max` bytes is too large; without memory
 * the result is the same. */
enum bg_atom_cache_result bg_atom_cache_unpack(struct bg_atom_cache *cache, struct bg_slice message, size_t max,
                                               struct bg_slice *ret_plain);
void bg_atom_cache_drop(struct bg_atom_cache *cache);

#endif
