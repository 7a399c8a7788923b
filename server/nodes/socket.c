/* socket.c: a non-blocking TCP connection, as system calls only. */
#include "socket.h"

#include <errno.h>
#include <event2/buffer.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/uio.h>
#include <unistd.h>

#define READ_BYTES 65536
#define WRITE_PIECES 16

static socklen_t set_port(struct sockaddr_storage *address, uint16_t port)
{
    if (address->ss_family == AF_INET6) {
        ((struct sockaddr_in6 *)address)->sin6_port = htons(port);
        return sizeof(struct sockaddr_in6);
    }
    ((struct sockaddr_in *)address)->sin_port = htons(port);
    return sizeof(struct sockaddr_in);
}

int bg_socket_connect(const struct sockaddr_storage *address, uint16_t port)
{
    struct sockaddr_storage target = *address;
    socklen_t length = set_port(&target, port);
    const int on = 1;
    int fd = socket(target.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 || setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) != 0)
        goto fail;
    if (connect(fd, (struct sockaddr *)&target, length) != 0 && errno != EINPROGRESS)
        goto fail;
    return fd;
fail:;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

int bg_socket_error(int fd)
{
    int error = 0;
    socklen_t length = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

ssize_t bg_socket_read(int fd, struct evbuffer *in)
{
    struct evbuffer_iovec space;
    if (evbuffer_reserve_space(in, READ_BYTES, &space, 1) != 1) {
        errno = ENOMEM;
        return -1;
    }
    ssize_t got = recv(fd, space.iov_base, READ_BYTES, 0);
    space.iov_len = got > 0 ? (size_t)got : 0;
    int saved = errno;
    evbuffer_commit_space(in, &space, 1);
    errno = saved;
    return got;
}

int bg_socket_write(int fd, struct evbuffer *out)
{
    while (evbuffer_get_length(out) > 0) {
        struct evbuffer_iovec pieces[WRITE_PIECES];
        int count = evbuffer_peek(out, -1, NULL, pieces, WRITE_PIECES);
        struct msghdr message = {.msg_iov = pieces, .msg_iovlen = (size_t)(count < WRITE_PIECES ? count : WRITE_PIECES)};
        ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (sent < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -1;
        evbuffer_drain(out, (size_t)sent);
    }
    return 0;
}
