/* pair_warnings.h: warnings about pairs whose other side is not known. */
#ifndef BG_API_PAIR_WARNINGS_H
#define BG_API_PAIR_WARNINGS_H

#include "peers.h"

/* Within a step: warns why the process's watched processes are not known, from its list in the answer to `peers`. */
void bg_pair_warn_unknown(struct bg_ask *ask, const json_t *process, const char *pid, const struct bg_peer_list *list);
/* The same for so many entries that came to it since its count. */
void bg_pair_warn_since(struct bg_ask *ask, const json_t *process, const char *pid, int64_t since);

#endif
