/* memory_blocks.h: the report of a node's memory allocators, from the answer to the question "memory". */
#ifndef BG_API_MEMORY_BLOCKS_H
#define BG_API_MEMORY_BLOCKS_H

#include "shape.h"

#include "beamgauge/error.h"

/* Bytes, as in erlang:memory/0. */
struct bg_kinds {
    int64_t total, processes, processes_used, system, atom, atom_used, binary, code, ets;
};

/* Counts are -1 if the node does not report them, or reports something unknown. */
struct bg_blocks {
    int64_t monitors; /* local ones, except those by name or with a tag: exact */
    int64_t monitor_bytes;
    int64_t links;    /* local ones: exact */
    int64_t timers;   /* of any kind, including timeouts of receive */
    int64_t messages; /* except those whose content is kept off the heap */
    int64_t standard_count,
        standard_bytes; /* blocks of std_alloc; in carriers of other allocators the number is computed from their bytes */
    int64_t heap_bytes; /* of eheap_alloc: heaps, and messages that are kept off them */
    int64_t literal_bytes;
    int64_t fixed_bytes;    /* of fix_alloc */
    int64_t carriers_bytes; /* all memory that allocators have from the system */
    bool is_reported;       /* the answer can be read */
    bool is_whole;          /* every scheduler reported its allocators */
    bool has_kinds;
    struct bg_kinds kinds;
};

/* If a scheduler did not answer, the rest is read only with `is_partial`: a value that is compared with a limit must be complete. */
void bg_blocks_read(struct bg_shaper *shaper, const json_t *answer, bool is_partial, struct bg_blocks *ret_blocks);
/* How many schedulers did not report their allocators; all of them if they were not asked. */
int64_t bg_blocks_silent(struct bg_shaper *shaper, const json_t *answer);

/* Why allocators were not asked; BG_OK: they were. Otherwise `ret_text` is a sentence. */
#define BG_BLOCKS_WHY_SIZE 320
enum bg_error bg_blocks_why_not(const json_t *answer, const char *node, char ret_text[BG_BLOCKS_WHY_SIZE]);

/* The bytes of one end of a local monitor on the node: the difference in the asking process's memory outside its heap, before and after it
 * made a monitor. From the answer to "entry" or to a question that includes it; -1: not known. */
int64_t bg_entry_bytes(const json_t *answer, int64_t word_bytes);

/* A figure modulo 2^64, as the emulator may report its sums: a value outside of int64 is a text of digits. */
uint64_t bg_word_of(const json_t *number);

/* `allocators` and `types` of the resource. New references. */
json_t *bg_allocators_new(struct bg_shaper *shaper, const json_t *answer, const struct bg_blocks *blocks);
json_t *bg_block_types_new(struct bg_shaper *shaper, const json_t *answer, const struct bg_blocks *blocks);

#endif
