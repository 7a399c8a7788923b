/* known.h: what is kept of nodes' reports, in addition to their answers. */
#ifndef BEAMGAUGE_QUERY_KNOWN_H
#define BEAMGAUGE_QUERY_KNOWN_H

#include "census.h"
#include "last.h"
#include "ledger.h"
#include "names.h"
#include "seen.h"

struct bg_clock;
struct bg_queries;

struct bg_known {
    const struct bg_clock *clock;
    struct bg_ledger ledger;
    struct bg_census census;
    struct bg_names names;
    struct bg_last last;
    struct bg_seen seen;
};

void bg_known_init(struct bg_known *known, const struct bg_clock *clock);
void bg_known_done(struct bg_known *known);
/* The node was removed: nothing that it reported is kept. */
void bg_known_forget(struct bg_known *known, const char *node);
/* All that the queries keep. */
struct bg_known *bg_queries_known(struct bg_queries *queries);

#endif
