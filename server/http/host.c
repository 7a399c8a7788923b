/* host.c: the allowlist of Host headers, which keeps other sites' pages from reaching us under a name of theirs (DNS rebinding). */
#include "gate.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#define HOST_NAME_MAX_BYTES 255

/* "name", "name:port", "[v6]:port" -> the name alone, without brackets. */
static bool host_split(const char *host, size_t length, char ret_name[HOST_NAME_MAX_BYTES + 1])
{
    bool bracketed = length > 0 && host[0] == '[';
    const char *allowed = bracketed ? "0123456789abcdefABCDEF:." : "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    size_t at = bracketed ? 1 : 0, size = 0;

    for (; at < length && size < HOST_NAME_MAX_BYTES && host[at] != '\0' && strchr(allowed, host[at]) != NULL; at++)
        ret_name[size++] = host[at];
    ret_name[size] = '\0';
    if (bracketed && (at == length || host[at++] != ']'))
        return false;
    if (at < length && host[at++] != ':')
        return false;
    if (length - at > 5)
        return false;
    for (; at < length; at++)
        if (host[at] < '0' || host[at] > '9')
            return false;
    return size > 0;
}

static bool host_is_loopback(const char *name)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (strcasecmp(name, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, name, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, name, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

enum bg_error bg_gate_check_host(const struct bg_gate *gate, const char *host, size_t length, struct bg_failure *ret_failure)
{
    char name[HOST_NAME_MAX_BYTES + 1];

    if (!host_split(host, length, name))
        return bg_fail(ret_failure, BG_INVALID, "The Host header is not a host name or address.");
    if (host_is_loopback(name) || strcasecmp(name, gate->address) == 0)
        return BG_OK;
    for (size_t i = 0; i < gate->allowed_hosts_count; i++)
        if (strcasecmp(name, gate->allowed_hosts[i]) == 0)
            return BG_OK;
    return bg_fail(ret_failure, BG_MISDIRECTED, "This service does not answer to the name %s; add it to allowed_hosts.", name);
}
