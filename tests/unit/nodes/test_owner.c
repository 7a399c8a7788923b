/* test_owner.c: the user of the other end of a connection: lines of the kernel's table, hostile ones too, and real sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "owner.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define GOOD                                                                                                                               \
    "   3: 0100007F:1F90 0100007F:A2C4 01 00000000:00000000 00:00000000 00000000   112        0 6349711 1 0000000000000000 20 4 30 10 "    \
    "-1\n"
#define GOOD6                                                                                                                              \
    "   0: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:A2C4 01 00000000:00000000 00:00000000 00000000   112"    \
    "        0 6349711 1\n"

static const struct bg_owner_ends loopback = {
    .near = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1},
    .far = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1},
    .near_port = 0x1f90,
    .far_port = 0xa2c4,
};

static void a_line_with_these_ends_tells_its_user(void **state)
{
    (void)state;
    uint32_t uid = 0;
    struct bg_owner_ends other = loopback;
    assert_true(bg_owner_read_line(GOOD, &loopback, &uid));
    assert_int_equal(uid, 112);
    uid = 0;
    assert_true(bg_owner_read_line(GOOD6, &loopback, &uid));
    assert_int_equal(uid, 112);
    other.near_port++;
    assert_false(bg_owner_read_line(GOOD, &other, &uid));
    other = loopback;
    other.far_port--;
    assert_false(bg_owner_read_line(GOOD, &other, &uid));
    other = loopback;
    other.near[14] = 1;
    assert_false(bg_owner_read_line(GOOD, &other, &uid));
    other = loopback;
    other.far[0] = 1;
    assert_false(bg_owner_read_line(GOOD6, &other, &uid));
}

/* The socket of a process that has closed it, or of one that has not accepted it, has inode 0 and user 0. */
static void a_line_of_nobody_tells_nothing(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "   3: 0100007F:1F90 0100007F:A2C4 01 00000000:00000000 00:00000000 00000000     0        0 0 1 0000000000000000\n",
        "   3: 0100007F:1F90 0100007F:A2C4 05 00000000:00000000 00:00000000 00000000   112        0 6349711 1\n",
        "   3: 0100007F:1F90 0100007F:A2C4 0A 00000000:00000000 00:00000000 00000000   112        0 6349711 1\n",
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n",
    };
    uint32_t uid = 7;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_false(bg_owner_read_line(lines[i], &loopback, &uid));
    assert_int_equal(uid, 7);
}

static void a_line_cut_anywhere_or_with_any_byte_changed_is_no_other_users(void **state)
{
    (void)state;
    static const char whole[] = GOOD;
    char line[sizeof whole];
    uint32_t uid;
    const size_t inode = (size_t)(strstr(whole, "6349711") - whole);
    for (size_t length = 0; length < sizeof whole - 1; length++) {
        memcpy(line, whole, length);
        line[length] = '\0';
        uid = 7;
        /* A cut inode is still an inode; before it there must be no result. */
        assert_true(bg_owner_read_line(line, &loopback, &uid) == (length > inode));
        assert_int_equal(uid, length > inode ? 112 : 7);
    }
    for (size_t at = 0; at < sizeof whole - 1; at++)
        for (int byte = 1; byte < 256; byte++) {
            memcpy(line, whole, sizeof whole);
            line[at] = (char)byte;
            uid = 0;
            (void)bg_owner_read_line(line, &loopback, &uid); /* a sanitizer's business */
        }
}

static void numbers_too_large_are_refused(void **state)
{
    (void)state;
    uint32_t uid;
    assert_true(bg_owner_read_line("0: 0100007F:1F90 0100007F:A2C4 01 x x x 4294967295 0 1", &loopback, &uid));
    assert_int_equal(uid, UINT32_MAX);
    assert_false(bg_owner_read_line("0: 0100007F:1F90 0100007F:A2C4 01 x x x 4294967296 0 1", &loopback, &uid));
    assert_false(bg_owner_read_line("0: 0100007F:1F90 0100007F:A2C4 01 x x x 18446744073709551616 0 1", &loopback, &uid));
    assert_false(bg_owner_read_line("0: 0100007F:1F90 0100007F:A2C4 01 x x x 1 0 99999999999999999999999999", &loopback, &uid));
    assert_false(bg_owner_read_line("0: 0100007F:1F90 0100007F:A2C4 01 x x x -1 0 1", &loopback, &uid));
    assert_false(bg_owner_read_line("0: 0100007F:1F90 0100007F:A2C4 01 x x x 1x 0 1", &loopback, &uid));
    assert_false(bg_owner_read_line("0: 0100007f:1f90 0100007f:a2c4 01 x x x 1 0 1", &loopback, &uid));
    assert_false(bg_owner_read_line("0: 0100007F0100007F:1F90 0100007F:A2C4 01 x x x 1 0 1", &loopback, &uid));
    assert_false(bg_owner_read_line("", &loopback, &uid));
    assert_false(bg_owner_read_line(":", &loopback, &uid));
}

struct pair {
    int listener, client, server; /* server -1: not accepted */
};

/* `family`: of the listener, to which an IPv4 client connects. */
static void pair_open(struct pair *pair, int family)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = family == AF_INET6 ? sizeof v6 : sizeof v4;
    struct sockaddr *address = family == AF_INET6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
    pair->listener = socket(family, SOCK_STREAM, 0);
    assert_int_equal(bind(pair->listener, address, length), 0);
    assert_int_equal(listen(pair->listener, 4), 0);
    assert_int_equal(getsockname(pair->listener, address, &length), 0);
    if (family == AF_INET6)
        v4.sin_port = v6.sin6_port;
    pair->client = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(pair->client, (struct sockaddr *)&v4, sizeof v4), 0);
    pair->server = -1;
}

static void pair_close(struct pair *pair)
{
    close(pair->listener);
    close(pair->client);
    if (pair->server >= 0)
        close(pair->server);
}

static void our_own_end_is_ours_once_it_is_accepted(void **state)
{
    (void)state;
    static const int families[] = {AF_INET, AF_INET6};
    for (size_t i = 0; i < 2; i++) {
        struct pair pair;
        uint32_t uid = 12345;
        pair_open(&pair, families[i]);
        assert_int_equal(bg_owner_find(pair.client, &uid), BG_OWNER_UNKNOWN);
        pair.server = accept(pair.listener, NULL, NULL);
        assert_int_equal(bg_owner_find(pair.client, &uid), BG_OWNER_FOUND);
        assert_int_equal(uid, geteuid());
        close(pair.server);
        pair.server = -1;
        assert_int_equal(bg_owner_find(pair.client, &uid), BG_OWNER_UNKNOWN);
        pair_close(&pair);
    }
}

/* The user who accepts counts, not the one who listened. */
static void the_end_is_the_users_who_accepted_it(void **state)
{
    (void)state;
    struct pair pair;
    uint32_t uid = 0;
    int ready[2], status;
    char byte = 0;
    if (geteuid() != 0) {
        print_message("skipped: only root can be another user\n");
        skip();
    }
    pair_open(&pair, AF_INET);
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (setuid(65534) != 0 || accept(pair.listener, NULL, NULL) < 0 || write(ready[1], &byte, 1) != 1)
            _exit(1);
        _exit(read(pair.client, &byte, 1) < 0); /* until the other side has looked and closed */
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(bg_owner_find(pair.client, &uid), BG_OWNER_FOUND);
    assert_int_equal(uid, 65534);
    shutdown(pair.client, SHUT_RDWR);
    assert_int_equal(waitpid(child, &status, 0), child);
    pair_close(&pair);
    close(ready[0]);
    close(ready[1]);
}

static void what_is_no_connection_tells_nothing(void **state)
{
    (void)state;
    uint32_t uid;
    int ends[2];
    assert_int_equal(bg_owner_find(-1, &uid), BG_OWNER_UNKNOWN);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(bg_owner_find(ends[0], &uid), BG_OWNER_UNKNOWN);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_with_these_ends_tells_its_user),
        cmocka_unit_test(a_line_of_nobody_tells_nothing),
        cmocka_unit_test(a_line_cut_anywhere_or_with_any_byte_changed_is_no_other_users),
        cmocka_unit_test(numbers_too_large_are_refused),
        cmocka_unit_test(our_own_end_is_ours_once_it_is_accepted),
        cmocka_unit_test(the_end_is_the_users_who_accepted_it),
        cmocka_unit_test(what_is_no_connection_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
