/* peer.h: a real Erlang node for one test, under a random name and cookie. */
#ifndef BG_TEST_PEER_H
#define BG_TEST_PEER_H

#include <sys/types.h>

struct peer {
    char name[128], cookie[32];
    pid_t pid;
};

/* "peer_<random>@host" and a random cookie; nothing runs yet. */
void peer_name(struct peer *peer, const char *host);
/* Starts erl, in the root folder `root` if that is not NULL, with -name or -sname, and the words of `more`, which NULL ends. */
void peer_start(struct peer *peer, const char *root, const char *name_option, const char *const *more);
void peer_stop(struct peer *peer); /* kill -9, and waits */
void epmd_ensure(void);

#endif
