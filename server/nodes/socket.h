/* socket.h: a non-blocking TCP connection, as system calls only. */
#ifndef BG_NODES_SOCKET_H
#define BG_NODES_SOCKET_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct evbuffer;

/* Starts to connect; -1 with errno. The socket is writable when that has ended, and bg_socket_error() returns the result. */
int bg_socket_connect(const struct sockaddr_storage *address, uint16_t port);
int bg_socket_error(int fd); /* errno of the last failure, 0: none */
/* Appends input, at most 64 KiB: > 0, 0 at the end, or -1 with errno. */
ssize_t bg_socket_read(int fd, struct evbuffer *in);
/* Sends as much of `out` as possible: 0, or -1 with errno. A full socket is not a failure. */
int bg_socket_write(int fd, struct evbuffer *out);

#endif
