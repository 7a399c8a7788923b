/* pair_warnings.h: what is said of pairs whose other side is not known. */
#ifndef BG_API_PAIR_WARNINGS_H
#define BG_API_PAIR_WARNINGS_H

#include "peers.h"

/* Within a step: why it is not known whom the process monitors, which `peers` tells so. */
void bg_pair_warn_unknown(struct bg_ask *ask, const json_t *process, const char *pid, const struct bg_peer_list *list);
/* The same of so many entries that came to it since it was counted. */
void bg_pair_warn_since(struct bg_ask *ask, const json_t *process, const char *pid, int64_t since);

#endif
