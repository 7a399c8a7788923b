/* tls.h: a certificate with its key, and TLS with them. */
#ifndef BEAMGAUGE_TLS_H
#define BEAMGAUGE_TLS_H

#include "beamgauge/error.h"

#include <stdbool.h>
#include <stdint.h>

struct bg_tls;
struct ssl_st; /* OpenSSL's SSL */

/* Reads a certificate with its chain, and its key, both PEM; one file may hold both. They are refused if they do not match, if the key
 * needs a passphrase, or if others than the owner may read it (see bg_secret_read()). A certificate that is expired or not yet valid is
 * accepted: see bg_tls_holds(). */
enum bg_error bg_tls_load(const char *certificate_path, const char *key_path, struct bg_tls **ret_tls,
                          struct bg_failure *ret_failure) BG_MUST_CHECK;
struct bg_tls *bg_tls_ref(struct bg_tls *tls); /* NULL is fine */
void bg_tls_unref(struct bg_tls *tls);

/* The last second in which the certificate is valid, since 1970. */
int64_t bg_tls_ends_s(const struct bg_tls *tls);
/* Whether the certificate is valid at this time. */
bool bg_tls_holds(const struct bg_tls *tls, int64_t now_s);

/* The server's side of a new connection: TLS 1.2 or 1.3, HTTP/1.1 by ALPN, no renegotiation, no session resumption. NULL: out of memory. */
struct ssl_st *bg_tls_accepting(const struct bg_tls *tls);

#endif
