/* owner.h: finds the user of the other end of a TCP connection, if that end is on this host too. */
#ifndef BG_NODES_OWNER_H
#define BG_NODES_OWNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum bg_owner {
    BG_OWNER_FOUND,     /* on this host, and the user is known */
    BG_OWNER_UNKNOWN,   /* on this host, but the system does not say whose */
    BG_OWNER_ELSEWHERE, /* on another host */
};

/* Looks up the peer's end of a connected socket in /proc/net/tcp and tcp6 (proc(5)). It looks up that end itself, not the listening socket:
 * its user is the user who accepted it, which cannot change between this check and a later write. An end that nobody has accepted yet, or
 * that its process has closed, has no user and is unknown. */
enum bg_owner bg_owner_find(int fd, uint32_t *ret_uid);

/* The two ends of a connection, as in a line. IPv4 addresses are mapped ones (::ffff:a.b.c.d), in network order. */
struct bg_owner_ends {
    uint8_t near[16], far[16]; /* near: the socket's own end */
    uint16_t near_port, far_port;
};

/* Reads one line of the table: true if it is an established socket with these ends, which a process holds. */
bool bg_owner_read_line(const char *line, const struct bg_owner_ends *ends, uint32_t *ret_uid);

#endif
