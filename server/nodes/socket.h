/* socket.h: a non-blocking TCP connection, as system calls only. */
#ifndef BG_NODES_SOCKET_H
#define BG_NODES_SOCKET_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct evbuffer;

/* Starts to connect; -1 with errno. It is writable when that has ended, and bg_socket_error() then tells how. */
int bg_socket_connect(const struct sockaddr_storage *address, uint16_t port);
int bg_socket_error(int fd); /* errno of the last failure, 0: none */
/* Appends what has come, at most 64 KiB: > 0, 0 at the end, or -1 with errno. */
ssize_t bg_socket_read(int fd, struct evbuffer *in);
/* Sends what it can of `out`: 0, or -1 with errno. A full socket is no failure. */
int bg_socket_write(int fd, struct evbuffer *out);

#endif
