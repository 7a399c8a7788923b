/* owner.h: which user holds the other end of a TCP connection, where that end is on this host too. */
#ifndef BG_NODES_OWNER_H
#define BG_NODES_OWNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum bg_owner {
    BG_OWNER_FOUND,     /* on this host, and this user's */
    BG_OWNER_UNKNOWN,   /* on this host, but the system does not tell whose */
    BG_OWNER_ELSEWHERE, /* on another host */
};

/* Looks the peer's end of a connected socket up in /proc/net/tcp and tcp6 (proc(5)). That end itself, not the socket that it was accepted
 * from: the user is the one who accepted it, and so it can not change between a look and what is written afterwards. An end that nobody
 * has accepted, or that its process has closed, is nobody's and therefore unknown. */
enum bg_owner bg_owner_find(int fd, uint32_t *ret_uid);

/* The two ends of a connection as a line has them. IPv4 addresses are mapped ones (::ffff:a.b.c.d), in network order. */
struct bg_owner_ends {
    uint8_t near[16], far[16]; /* near: the socket's own end */
    uint16_t near_port, far_port;
};

/* Reads one line of the table: true if it is an established socket with these ends, which a process holds. */
bool bg_owner_read_line(const char *line, const struct bg_owner_ends *ends, uint32_t *ret_uid);

#endif
