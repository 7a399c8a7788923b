/* tls.c: reads a certificate and its key, and sets up TLS with them. */
#include "beamgauge/tls.h"

#include "beamgauge/secret.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (256 * 1024) /* a chain is a few KiB */

struct bg_tls {
    SSL_CTX *context;
    int64_t begins_s, ends_s; /* of the certificate, since 1970 */
    unsigned references;
};

static enum bg_error no_memory(struct bg_failure *ret_failure)
{
    return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
}

/* Reports OpenSSL's error, and clears it. */
static enum bg_error refuse(const char *param, const char *what, const char *path, struct bg_failure *ret_failure)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    ERR_clear_error();
    return bg_fail_param(ret_failure, BG_INVALID, param, "%s %.200s: %s", what, path, reason != NULL ? reason : "it is not one");
}

/* OpenSSL would ask for it on the terminal. */
static int no_passphrase(char *text, int size, int writing, void *asked)
{
    (void)text;
    (void)size;
    (void)writing;
    *(bool *)asked = true;
    return -1;
}

/* The first certificate is the service's own; the chain leads from it to one that clients know. */
static enum bg_error take_certificates(SSL_CTX *context, BIO *pem, const char *path, struct bg_failure *ret_failure)
{
    static const char what[] = "the certificate in";
    X509 *certificate;
    size_t count = 0;
    bool taken = true, asked;

    while (taken && (certificate = PEM_read_bio_X509(pem, NULL, no_passphrase, &asked)) != NULL) {
        taken = (count == 0 ? SSL_CTX_use_certificate(context, certificate) : SSL_CTX_add1_chain_cert(context, certificate)) == 1;
        count++;
        X509_free(certificate);
    }
    if (taken && count == 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
        ERR_clear_error();
        return bg_fail_param(ret_failure, BG_INVALID, "tls_cert", "certificate file %.200s has no certificate: expected PEM", path);
    }
    if (!taken || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) /* this error means the end of the file */
        return refuse("tls_cert", what, path, ret_failure);
    ERR_clear_error();
    return BG_OK;
}

static enum bg_error take_key(SSL_CTX *context, BIO *pem, const char *path, struct bg_failure *ret_failure)
{
    bool asked = false;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(pem, NULL, no_passphrase, &asked);
    enum bg_error error = BG_OK;

    if (asked)
        error = bg_fail_param(ret_failure, BG_INVALID, "tls_key",
                              "the key in %.200s has a passphrase, and nobody is there to type it: expected a key without one", path);
    else if (key == NULL)
        error = refuse("tls_key", "the key in", path, ret_failure);
    else if (SSL_CTX_use_PrivateKey(context, key) != 1)
        error = refuse("tls_key", "the key does not belong to the certificate:", path, ret_failure);
    ERR_clear_error();
    EVP_PKEY_free(key);
    return error;
}

typedef enum bg_error pem_taker(SSL_CTX *context, BIO *pem, const char *path, struct bg_failure *ret_failure);

/* Reads a file, and wipes it from memory afterwards. */
static enum bg_error take_file(SSL_CTX *context, const struct bg_secret_kind *kind, const char *path, pem_taker *take,
                               struct bg_failure *ret_failure)
{
    char *bytes = malloc(FILE_MAX_BYTES);
    BIO *pem = NULL;
    size_t length = 0;
    enum bg_error error;

    if (bytes == NULL)
        return no_memory(ret_failure);
    error = bg_secret_read(kind, path, FILE_MAX_BYTES, bytes, &length, ret_failure);
    if (error == BG_OK && length == FILE_MAX_BYTES)
        error = bg_fail_param(ret_failure, BG_INVALID, kind->param, "%s %.200s is too long: at most %d bytes are taken", kind->noun, path,
                              FILE_MAX_BYTES - 1);
    if (error == BG_OK && (pem = BIO_new_mem_buf(bytes, (int)length)) == NULL)
        error = no_memory(ret_failure);
    if (error == BG_OK)
        error = take(context, pem, path, ret_failure);
    BIO_free(pem);
    OPENSSL_cleanse(bytes, FILE_MAX_BYTES);
    free(bytes);
    return error;
}

/* RFC 7301: a client that offers protocols, but not ours, is refused. */
static int choose_protocol(SSL *connection, const unsigned char **ret_chosen, unsigned char *ret_length, const unsigned char *offered,
                           unsigned offered_length, void *context)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen;

    (void)connection;
    (void)context;
    if (SSL_select_next_proto(&chosen, ret_length, ours, sizeof(ours) - 1, offered, offered_length) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *ret_chosen = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* Forward secrecy and AEAD only. Sessions are not kept and not handed out: a client that comes back makes a new handshake, so no key is
 * kept after its connection, and no table grows. */
static SSL_CTX *context_new(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (context == NULL)
        return NULL;
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 && SSL_CTX_set_num_tickets(context, 0) == 1 &&
        SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1)
        return context;
    SSL_CTX_free(context);
    return NULL;
}

static int64_t seconds_of(const ASN1_TIME *time)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;
    bool known = epoch != NULL && ASN1_TIME_diff(&days, &seconds, epoch, time) == 1;

    ASN1_TIME_free(epoch);
    return known ? (int64_t)days * 86400 + seconds : 0;
}

static enum bg_error tls_fill(struct bg_tls *tls, const char *certificate_path, const char *key_path, struct bg_failure *ret_failure)
{
    static const struct bg_secret_kind certificate_kind = {"tls_cert", "certificate file", NULL},
                                       key_kind = {"tls_key", "key file", "anyone with the key can pose as this service"};
    enum bg_error error;

    if ((tls->context = context_new()) == NULL)
        return no_memory(ret_failure);
    error = take_file(tls->context, &certificate_kind, certificate_path, take_certificates, ret_failure);
    if (error == BG_OK)
        error = take_file(tls->context, &key_kind, key_path, take_key, ret_failure);
    if (error != BG_OK)
        return error;
    tls->begins_s = seconds_of(X509_get0_notBefore(SSL_CTX_get0_certificate(tls->context)));
    tls->ends_s = seconds_of(X509_get0_notAfter(SSL_CTX_get0_certificate(tls->context)));
    return BG_OK;
}

enum bg_error bg_tls_load(const char *certificate_path, const char *key_path, struct bg_tls **ret_tls, struct bg_failure *ret_failure)
{
    struct bg_tls *tls = calloc(1, sizeof(*tls));
    enum bg_error error;

    if (tls == NULL)
        return no_memory(ret_failure);
    tls->references = 1;
    error = tls_fill(tls, certificate_path, key_path, ret_failure);
    if (error == BG_OK)
        *ret_tls = tls;
    else
        bg_tls_unref(tls);
    return error;
}

struct bg_tls *bg_tls_ref(struct bg_tls *tls)
{
    if (tls != NULL)
        tls->references++;
    return tls;
}

void bg_tls_unref(struct bg_tls *tls)
{
    if (tls == NULL || --tls->references > 0)
        return;
    SSL_CTX_free(tls->context);
    free(tls);
}

int64_t bg_tls_ends_s(const struct bg_tls *tls)
{
    return tls->ends_s;
}

bool bg_tls_holds(const struct bg_tls *tls, int64_t now_s)
{
    return now_s >= tls->begins_s && now_s <= tls->ends_s;
}

struct ssl_st *bg_tls_accepting(const struct bg_tls *tls)
{
    SSL *connection = SSL_new(tls->context);

    if (connection != NULL)
        SSL_set_accept_state(connection);
    else
        ERR_clear_error();
    return connection;
}
