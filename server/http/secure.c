/* secure.c: what is different about a connection with TLS. */
#include "secure.h"

#include "beamgauge/tls.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

struct bufferevent *bg_secure_bufferevent(struct event_base *base, const struct bg_tls *tls)
{
    SSL *ssl;

    if (tls == NULL)
        return bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    if ((ssl = bg_tls_accepting(tls)) == NULL)
        return NULL;
    /* If this fails, it has freed the SSL. */
    return bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
}

bool bg_secure_is_ready(struct bufferevent *bev)
{
    SSL *ssl = bufferevent_openssl_get_ssl(bev);

    return ssl == NULL || SSL_is_init_finished(ssl);
}

bool bg_secure_send(struct bufferevent *bev, const char *bytes, size_t length)
{
    SSL *ssl = bufferevent_openssl_get_ssl(bev);
    bool sent;

    if (ssl == NULL)
        return send(bufferevent_getfd(bev), bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)length;
    sent = SSL_write(ssl, bytes, (int)length) == (int)length;
    ERR_clear_error();
    return sent;
}

void bg_secure_say_end(struct bufferevent *bev)
{
    SSL *ssl = bufferevent_openssl_get_ssl(bev);

    if (ssl == NULL || !SSL_is_init_finished(ssl) || evbuffer_get_length(bufferevent_get_output(bev)) > 0)
        return;
    (void)SSL_shutdown(ssl); /* we do not wait for the client's */
    ERR_clear_error();
}

const char *bg_secure_failure(struct bufferevent *bev)
{
    unsigned long error = bufferevent_openssl_get_ssl(bev) != NULL ? bufferevent_get_openssl_error(bev) : 0;

    return error != 0 ? ERR_reason_error_string(error) : NULL;
}

void bg_secure_close_stray(struct bufferevent *bev)
{
    SSL *ssl = bufferevent_openssl_get_ssl(bev);

    if (ssl != NULL && SSL_get_wbio(ssl) == NULL && bufferevent_getfd(bev) >= 0)
        close(bufferevent_getfd(bev));
}
