/* ledger_entry.h: what the ledger keeps of one process. Only for the ledger's own files. */
#ifndef BEAMGAUGE_QUERY_LEDGER_ENTRY_H
#define BEAMGAUGE_QUERY_LEDGER_ENTRY_H

#include "ledger.h"

#define BG_DIRECTIONS 3 /* monitors, monitored_by, links */

struct bg_ledger_entry {
    struct bg_incarnation node;
    char *pid;
    json_int_t unexplained;
    json_t *row;   /* its identity, as in a row */
    json_t *lists; /* as the node reported them, with at most BG_LEDGER_PEERS_MAX peers each; null if counting was too much */
    json_int_t then[BG_DIRECTIONS];  /* entries of each list, when it had so many unexplained bytes */
    json_int_t now[BG_DIRECTIONS];   /* its last reported numbers, at now_us */
    json_int_t other[BG_DIRECTIONS]; /* entries that were counted, of peers that are not kept */
    int64_t now_us, counted_us, counted_wall_ms, asked_us;
    json_int_t weight; /* unexplained bytes, from its own report */
    int64_t weighed_us;
    bool is_late, is_patient; /* it has no lists since there was too little time to count them; even if nobody waited for it */
    bool is_due;              /* its lists are no longer those that were counted */
    bool is_too_large;        /* it was counted once, and then counting was too much: so it is not due */
    TAILQ_ENTRY(bg_ledger_entry) link;
};

/* The entry of that process since the node's link came up, or NULL. */
struct bg_ledger_entry *bg_ledger_find(const struct bg_ledger *ledger, const struct bg_incarnation *node, const char *pid);
void bg_ledger_drop(struct bg_ledger *ledger, struct bg_ledger_entry *entry);
void bg_ledger_use(struct bg_ledger *ledger, struct bg_ledger_entry *entry);
/* The text of a pid, which may come with its node or without. */
const char *bg_ledger_pid(const json_t *pid);
/* True if all of its lists were counted. */
bool bg_ledger_is_whole(const struct bg_ledger_entry *entry);

#endif
