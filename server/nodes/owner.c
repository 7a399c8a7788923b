/* owner.c: finds the user of the other end of a TCP connection: reads the kernel's table of sockets, line by line. */
#include "owner.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_SIZE 512       /* the kernel's lines have about 150 bytes */
#define LINES_MAX 1000000   /* read of one table, so that a large table does not block us for long */
#define BUFFER_BYTES 65536  /* the C library's own buffer for these files is 1 KiB: a system call for every few lines */
#define STATE_ESTABLISHED 1 /* include/net/tcp_states.h */

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

/* The digits that must come next, `count` of them. */
static bool read_hex(const char **text, size_t count, uint32_t *ret_number)
{
    uint32_t number = 0;
    for (size_t i = 0; i < count; i++) {
        char c = (*text)[i];
        unsigned digit;
        if (c >= '0' && c <= '9')
            digit = (unsigned)(c - '0');
        else if (c >= 'A' && c <= 'F')
            digit = (unsigned)(c - 'A') + 10;
        else
            return false;
        number = number << 4 | digit;
    }
    *text += count;
    *ret_number = number;
    return true;
}

static bool read_char(const char **text, char wanted)
{
    if (**text != wanted)
        return false;
    ++*text;
    return true;
}

/* "0100007F:1F90" or 32 digits for IPv6: each group of eight is four bytes of the address, as a number in this machine's byte order. */
static bool read_end(const char **text, uint8_t ret_address[16], uint16_t *ret_port)
{
    size_t words = 0;
    uint32_t address[4], port;
    while (words < 4 && **text != ':')
        if (!read_hex(text, 8, &address[words++]))
            return false;
    if ((words != 1 && words != 4) || !read_char(text, ':') || !read_hex(text, 4, &port))
        return false;
    memcpy(ret_address, mapped_prefix, sizeof mapped_prefix);
    memcpy(ret_address + 16 - 4 * words, address, 4 * words);
    *ret_port = (uint16_t)port;
    return true;
}

/* Reads blanks and a decimal number. */
static bool read_decimal(const char **text, uint64_t most, uint64_t *ret_number)
{
    uint64_t number = 0;
    *text += strspn(*text, " ");
    if (**text < '0' || **text > '9')
        return false;
    for (; **text >= '0' && **text <= '9'; ++*text) {
        number = number * 10 + (uint64_t)(**text - '0');
        if (number > most)
            return false;
    }
    *ret_number = number;
    return **text == ' ' || **text == '\n' || **text == '\0';
}

static void skip_words(const char **text, size_t count)
{
    for (; count > 0; count--) {
        *text += strspn(*text, " ");
        *text += strcspn(*text, " \n");
    }
}

/* "  12: NEAR FAR STATE QUEUES TIMER RETRANSMITS UID TIMEOUT INODE ..." */
bool bg_owner_read_line(const char *line, const struct bg_owner_ends *ends, uint32_t *ret_uid)
{
    struct bg_owner_ends found;
    uint32_t state;
    uint64_t uid, inode;
    const char *colon = strchr(line, ':');
    if (colon == NULL)
        return false;
    line = colon + 1;
    if (!read_char(&line, ' ') || !read_end(&line, found.near, &found.near_port) || !read_char(&line, ' ') ||
        !read_end(&line, found.far, &found.far_port) || !read_char(&line, ' ') || !read_hex(&line, 2, &state))
        return false;
    if (found.near_port != ends->near_port || found.far_port != ends->far_port || memcmp(found.near, ends->near, 16) != 0 ||
        memcmp(found.far, ends->far, 16) != 0 || state != STATE_ESTABLISHED)
        return false;
    skip_words(&line, 3);
    if (!read_decimal(&line, UINT32_MAX, &uid))
        return false;
    skip_words(&line, 1);
    if (!read_decimal(&line, UINT64_MAX / 16, &inode) || inode == 0)
        return false;
    *ret_uid = (uint32_t)uid;
    return true;
}

static bool find_in_table(const char *path, const struct bg_owner_ends *ends, uint32_t *ret_uid)
{
    char line[LINE_SIZE];
    bool found = false;
    FILE *table = fopen(path, "re");
    if (table == NULL)
        return false;
    setvbuf(table, NULL, _IOFBF, BUFFER_BYTES);
    for (size_t i = 0; !found && i < LINES_MAX && fgets(line, sizeof line, table) != NULL; i++)
        found = bg_owner_read_line(line, ends, ret_uid);
    fclose(table);
    return found;
}

static bool take_address(const struct sockaddr_storage *address, uint8_t ret_address[16], uint16_t *ret_port)
{
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        memcpy(ret_address, mapped_prefix, sizeof mapped_prefix);
        memcpy(ret_address + 12, &v4->sin_addr, 4);
        *ret_port = ntohs(v4->sin_port);
    } else if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
        memcpy(ret_address, &v6->sin6_addr, 16);
        *ret_port = ntohs(v6->sin6_port);
    } else {
        return false;
    }
    return true;
}

static bool is_own_address(const uint8_t address[16])
{
    static const uint8_t loopback[16] = {[15] = 1};
    struct ifaddrs *interfaces = NULL;
    uint8_t own[16];
    uint16_t port;
    bool is_own = memcmp(address, loopback, 16) == 0 || (memcmp(address, mapped_prefix, 12) == 0 && address[12] == 127);
    if (is_own || getifaddrs(&interfaces) != 0)
        return is_own;
    for (const struct ifaddrs *each = interfaces; each != NULL && !is_own; each = each->ifa_next) {
        struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
        if (each->ifa_addr == NULL || (each->ifa_addr->sa_family != AF_INET && each->ifa_addr->sa_family != AF_INET6))
            continue;
        memcpy(&storage, each->ifa_addr, each->ifa_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
        is_own = take_address(&storage, own, &port) && memcmp(own, address, 16) == 0;
    }
    freeifaddrs(interfaces);
    return is_own;
}

enum bg_owner bg_owner_find(int fd, uint32_t *ret_uid)
{
    struct sockaddr_storage ours = {.ss_family = AF_UNSPEC}, theirs = {.ss_family = AF_UNSPEC};
    struct bg_owner_ends ends;
    socklen_t ours_length = sizeof ours, theirs_length = sizeof theirs;
    if (getsockname(fd, (struct sockaddr *)&ours, &ours_length) != 0 || getpeername(fd, (struct sockaddr *)&theirs, &theirs_length) != 0 ||
        !take_address(&ours, ends.far, &ends.far_port) || !take_address(&theirs, ends.near, &ends.near_port))
        return BG_OWNER_UNKNOWN;
    if (memcmp(ends.near, ends.far, 16) != 0 && !is_own_address(ends.near))
        return BG_OWNER_ELSEWHERE;
    /* An IPv4 connection is in the second table if a socket of IPv6 has accepted it. While other connections come and go, a pass may miss a
     * line: so there are two passes. */
    for (int pass = 0; pass < 2; pass++)
        if (find_in_table("/proc/net/tcp", &ends, ret_uid) || find_in_table("/proc/net/tcp6", &ends, ret_uid))
            return BG_OWNER_FOUND;
    return BG_OWNER_UNKNOWN;
}
