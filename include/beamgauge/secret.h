/* secret.h: reading files, above all those that nobody else may read. */
#ifndef BEAMGAUGE_SECRET_H
#define BEAMGAUGE_SECRET_H

#include "beamgauge/error.h"

#include <stddef.h>

/* What is said of a file that cannot be taken. */
struct bg_secret_kind {
    const char *param;  /* the setting that names the file */
    const char *noun;   /* "cookie file" */
    const char *danger; /* "whoever has the cookie may run code on the node"; NULL: it is no secret, anybody may read it */
};

/* Reads at most `size` bytes of a file; "~/" is the home folder. A secret is refused, as Erlang refuses a cookie (auth.erl), where others
 * than its owner may do anything with the file; but one of root's may be read by a group, which is how secrets reach a container or a
 * service that is not root. */
enum bg_error bg_secret_read(const struct bg_secret_kind *kind, const char *path, size_t size, char *ret_bytes, size_t *ret_length,
                             struct bg_failure *ret_failure) BG_MUST_CHECK;

#endif
