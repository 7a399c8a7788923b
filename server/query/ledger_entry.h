/* ledger_entry.h: what the ledger keeps of one process. Only for ledger.c and those that it is made of. */
#ifndef BEAMGAUGE_QUERY_LEDGER_ENTRY_H
#define BEAMGAUGE_QUERY_LEDGER_ENTRY_H

#include "ledger.h"

#define BG_DIRECTIONS 3 /* monitors, monitored_by, links */

struct bg_ledger_entry {
    struct bg_incarnation node;
    char *pid;
    json_int_t unexplained;
    json_t *row;   /* who it is, as a row tells it */
    json_t *lists; /* as the node told them, with at most BG_LEDGER_PEERS_MAX peers each; null where counting was too much */
    json_int_t then[BG_DIRECTIONS];  /* entries of each list, when it had so many unexplained bytes */
    json_int_t now[BG_DIRECTIONS];   /* what was last told of it, at now_us */
    json_int_t other[BG_DIRECTIONS]; /* entries that were counted, of peers that are not kept */
    int64_t now_us, counted_us, counted_wall_ms, asked_us;
    json_int_t weight; /* unexplained bytes, as it told them itself */
    int64_t weighed_us;
    bool is_late, is_patient; /* it has no lists as there was too little time to count them; even where nobody waited for it */
    bool is_due;              /* too much has come to it since it was counted, and of nobody it is known whose that is */
    bool is_too_large;        /* it was counted, and then that was too much: so it is not due */
    TAILQ_ENTRY(bg_ledger_entry) link;
};

/* The entry of that process of this coming up of the node's link, or NULL. */
struct bg_ledger_entry *bg_ledger_find(const struct bg_ledger *ledger, const struct bg_incarnation *node, const char *pid);
void bg_ledger_use(struct bg_ledger *ledger, struct bg_ledger_entry *entry);
/* The text of a pid, which is told with its node or without. */
const char *bg_ledger_pid(const json_t *pid);
/* True if all of its lists were counted. */
bool bg_ledger_is_whole(const struct bg_ledger_entry *entry);

#endif
