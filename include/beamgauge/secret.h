/* secret.h: reads files, mainly secret ones that no other user may read. */
#ifndef BEAMGAUGE_SECRET_H
#define BEAMGAUGE_SECRET_H

#include "beamgauge/error.h"

#include <stddef.h>

/* The words of the failure for a file that is refused. */
struct bg_secret_kind {
    const char *param;  /* the setting that names the file */
    const char *noun;   /* "cookie file" */
    const char *danger; /* "anyone with the cookie can run code on the node"; NULL: it is not a secret, anybody may read it */
};

/* Reads at most `size` bytes of a file; "~/" is the home folder. As Erlang does with a cookie (auth.erl), it refuses a secret if users
 * other than the owner have any access to the file. One exception: a group may read a file of root. This is how secrets reach a container
 * or a service that is not root. */
enum bg_error bg_secret_read(const struct bg_secret_kind *kind, const char *path, size_t size, char *ret_bytes, size_t *ret_length,
                             struct bg_failure *ret_failure) BG_MUST_CHECK;

#endif
