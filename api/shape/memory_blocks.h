/* memory_blocks.h: what a node's memory allocators tell, out of the answer to the question "memory". */
#ifndef BG_API_MEMORY_BLOCKS_H
#define BG_API_MEMORY_BLOCKS_H

#include "shape.h"

#include "beamgauge/error.h"

/* Bytes, as erlang:memory/0 has them. */
struct bg_kinds {
    int64_t total, processes, processes_used, system, atom, atom_used, binary, code, ets;
};

/* Counts are -1 where the node does not tell, or tells what cannot be understood. */
struct bg_blocks {
    int64_t monitors; /* local ones, but for those by name or with a tag: exact */
    int64_t monitor_bytes;
    int64_t links;                          /* local ones: exact */
    int64_t timers;                         /* of any kind, the deadlines of receive included */
    int64_t messages;                       /* but for those with content that are kept off the heap */
    int64_t standard_count, standard_bytes; /* blocks of std_alloc; in carriers of other allocators they are counted by what they take */
    int64_t heap_bytes;                     /* of eheap_alloc: heaps, and messages that are kept off them */
    int64_t literal_bytes;
    int64_t fixed_bytes;    /* of fix_alloc */
    int64_t carriers_bytes; /* all that allocators have of the system */
    bool is_told;           /* the answer is to be read at all */
    bool is_whole;          /* every scheduler told of its allocators */
    bool has_kinds;
    struct bg_kinds kinds;
};

/* Where a scheduler did not answer, the rest is read only if it may be `is_partial`: what is compared with a limit must be whole. */
void bg_blocks_read(struct bg_shaper *shaper, const json_t *answer, bool is_partial, struct bg_blocks *ret_blocks);
/* How many schedulers did not tell of their allocators; all of them, where they were not asked. */
int64_t bg_blocks_silent(struct bg_shaper *shaper, const json_t *answer);

/* Why allocators were not asked: BG_OK where they were. `ret_text` is a sentence then. */
#define BG_BLOCKS_WHY_SIZE 320
enum bg_error bg_blocks_why_not(const json_t *answer, const char *node, char ret_text[BG_BLOCKS_WHY_SIZE]);

/* What an end of one local monitor takes on the node: what the asker had beside its heap before it made one, and with it, in the answer to
 * "entry" or to one that includes it; -1 where that is not known. */
int64_t bg_entry_bytes(const json_t *answer, int64_t word_bytes);

/* A figure modulo 2^64, as the emulator's own sums may be told: what is outside of int64 comes as a text of digits. */
uint64_t bg_word_of(const json_t *number);

/* `allocators` and `types` of the resource. New references. */
json_t *bg_allocators_new(struct bg_shaper *shaper, const json_t *answer, const struct bg_blocks *blocks);
json_t *bg_block_types_new(struct bg_shaper *shaper, const json_t *answer, const struct bg_blocks *blocks);

#endif
