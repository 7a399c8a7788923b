/* reload.h: what a reload may apply. Pure. */
#ifndef BG_RELOAD_H
#define BG_RELOAD_H

#include "beamgauge/config.h"

/* Whether `read` may replace `running` while the sockets of `running` stay open: it must be complete, and must not weaken security.
 * `others_count`: registered nodes that are in neither; now_s is the time of day, since 1970. */
enum bg_error bg_reload_check(const struct bg_config *running, const struct bg_config *read, size_t others_count, int64_t now_s,
                              struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Replaces nodes, tokens, checks, chat's secrets and the certificate; everything else keeps the values of the start, which others borrow.
 */
void bg_reload_take(struct bg_config *running, struct bg_config *read);

#endif
