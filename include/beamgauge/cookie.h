/* cookie.h: Erlang cookies, the secret that the nodes of a cluster share. */
#ifndef BEAMGAUGE_COOKIE_H
#define BEAMGAUGE_COOKIE_H

#include "beamgauge/error.h"

#define BG_COOKIE_MAX 255 /* bytes: a cookie is an atom */

/* Reads a cookie as Erlang's auth.erl does: printable ASCII up to the end of the first line, then nothing but blank. "~/" is the home
 * folder. *ret_cookie is malloc'ed, for bg_cookie_free(). */
enum bg_error bg_cookie_read(const char *path, char **ret_cookie, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Wipes a cookie and frees it. NULL is fine. */
void bg_cookie_free(char *cookie);

#endif
