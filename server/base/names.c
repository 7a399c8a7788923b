/* names.c: checks hosts, ports, and the names and addresses of nodes. */
#include "beamgauge/names.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define NAME_CHARACTERS LETTERS_AND_DIGITS "_-"
#define DIGITS "0123456789"
#define LABEL_MAX 63 /* RFC 1035, 2.3.4 */
#define ZONE_MAX 15  /* an interface's name */

/* How many of the first `length` bytes are among `characters`. */
static size_t span(const char *text, size_t length, const char *characters)
{
    size_t count = 0;

    while (count < length && text[count] != '\0' && strchr(characters, text[count]) != NULL)
        count++;
    return count;
}

static bool is_numeric(int family, const char *text, size_t length)
{
    char copy[INET6_ADDRSTRLEN];
    struct in6_addr binary;

    if (length >= sizeof copy || memchr(text, '\0', length) != NULL)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return inet_pton(family, copy, &binary) == 1;
}

/* What is wrong with one part of a name; NULL: nothing. */
static const char *label_fault(const char *label, size_t length)
{
    if (length == 0)
        return "it has a part of no length before a dot or after it";
    if (length > LABEL_MAX)
        return "it has a part of over 63 bytes";
    if (label[0] == '-' || label[length - 1] == '-')
        return "it has a part that begins or ends with '-'";
    return NULL;
}

static const char *name_fault(const char *text, size_t length, enum bg_host *ret_host)
{
    const char *label = text, *end = text + length, *fault = NULL;
    size_t label_length = 0, labels = 0;

    for (; fault == NULL && (label < end || labels == 0); label += label_length + 1, labels++) {
        const char *dot = memchr(label, '.', (size_t)(end - label));
        label_length = (size_t)((dot != NULL ? dot : end) - label);
        fault = label_fault(label, label_length);
    }
    label -= label_length + 1; /* the last part */
    *ret_host = BG_HOST_NAME;
    if (fault != NULL || labels < 2 || span(label, label_length, DIGITS) < label_length)
        return fault;
    *ret_host = BG_HOST_V4;
    return is_numeric(AF_INET, text, length) ? NULL : "it ends with a number, but is not an IPv4 address";
}

/* Why it is not a host; NULL: it is a host. */
static const char *host_fault(const char *text, size_t length, enum bg_host *ret_host)
{
    const char *colon = memchr(text, ':', length);

    if (length == 0)
        return "it is empty";
    if (length > BG_HOST_MAX)
        return "it has over 255 bytes";
    if (span(text, length, NAME_CHARACTERS ".:") < length)
        return "it has a character other than letters, digits, '.', '-', '_' and an IPv6 address's ':'";
    if (colon == NULL)
        return name_fault(text, length, ret_host);
    *ret_host = BG_HOST_V6;
    if (is_numeric(AF_INET6, text, length))
        return NULL;
    if (memchr(colon + 1, ':', (size_t)(text + length - colon - 1)) == NULL)
        return "it has a port, which has no place here";
    return "it has colons, but is not an IPv6 address";
}

enum bg_error bg_host_check(const char *text, size_t length, enum bg_host *ret_host, struct bg_failure *ret_failure)
{
    enum bg_host host;
    const char *fault = host_fault(text, length, &host);

    if (fault != NULL)
        return bg_fail(ret_failure, BG_INVALID, "\"%.*s\" is not a host name or an IP address: %s", (int)(length < 80 ? length : 80), text,
                       fault);
    *ret_host = host;
    return BG_OK;
}

enum bg_error bg_port_check(const char *text, size_t length, uint16_t *ret_port, struct bg_failure *ret_failure)
{
    unsigned port = 0;

    for (size_t i = 0; i < length && port <= UINT16_MAX; i++)
        port = text[i] >= '0' && text[i] <= '9' ? port * 10 + (unsigned)(text[i] - '0') : UINT16_MAX + 1U;
    if (length == 0 || port > UINT16_MAX)
        return bg_fail(ret_failure, BG_INVALID, "\"%.*s\" is not a port: a port is a number from 0 to 65535",
                       (int)(length < 80 ? length : 80), text);
    *ret_port = (uint16_t)port;
    return BG_OK;
}

/* The end of an authority's host; brackets are part of it. */
static size_t host_length(const char *text, size_t length)
{
    const char *end = length > 0 && text[0] == '[' ? memchr(text, ']', length) : memchr(text, ':', length);

    if (length > 0 && text[0] == '[' && end != NULL)
        end++;
    return end != NULL ? (size_t)(end - text) : length;
}

enum bg_error bg_authority_read(const char *text, size_t length, struct bg_authority *ret_authority, struct bg_failure *ret_failure)
{
    const size_t host = host_length(text, length);
    const bool is_bracketed = host >= 2 && text[0] == '[' && text[host - 1] == ']';
    struct bg_authority authority = {.port = -1};
    uint16_t port = 0;
    enum bg_error error = bg_host_check(text + is_bracketed, host - 2 * is_bracketed, &authority.host, ret_failure);

    if (error != BG_OK)
        return error;
    if (is_bracketed != (authority.host == BG_HOST_V6))
        return bg_fail(ret_failure, BG_INVALID,
                       "\"%.*s\" is not a host name or an IP address: brackets go around an IPv6 address, and only that",
                       (int)(length < 80 ? length : 80), text);
    memcpy(authority.text, text + is_bracketed, host - 2 * is_bracketed);
    if (host < length && text[host] != ':')
        return bg_fail(ret_failure, BG_INVALID, "\"%.*s\" is not a host name or an IP address: what follows it must be a colon and a port",
                       (int)(length < 80 ? length : 80), text);
    if (host + 1 < length) { /* "host:" has no port (RFC 3986, 3.2.3) */
        if ((error = bg_port_check(text + host + 1, length - host - 1, &port, ret_failure)) != BG_OK)
            return error;
        authority.port = port;
    }
    *ret_authority = authority;
    return BG_OK;
}

enum bg_error bg_node_name_check(const char *name, struct bg_failure *ret_failure)
{
    const size_t length = strnlen(name, BG_NODE_NAME_MAX + 1), head = span(name, length, NAME_CHARACTERS);
    enum bg_host host;
    const char *fault;

    if (head == 0 || name[head] != '@' || length > BG_NODE_NAME_MAX)
        return bg_fail_param(
            ret_failure, BG_INVALID, "node",
            "expected NAME@HOST of at most %d bytes: NAME of letters, digits, '_' and '-', HOST a host name or an IP address",
            BG_NODE_NAME_MAX);
    if ((fault = host_fault(name + head + 1, length - head - 1, &host)) != NULL)
        return bg_fail_param(ret_failure, BG_INVALID, "node", "expected NAME@HOST, HOST a host name or an IP address: %s", fault);
    return BG_OK;
}

enum bg_error bg_node_address_check(const char *address, struct bg_failure *ret_failure)
{
    const size_t length = strnlen(address, BG_HOST_MAX + 1), percent = strcspn(address, "%");
    const size_t zone = percent < length ? length - percent - 1 : 0;
    enum bg_host host;
    const char *fault = host_fault(address, percent < length ? percent : length, &host);

    if (fault == NULL && percent < length &&
        (host != BG_HOST_V6 || zone == 0 || zone > ZONE_MAX || span(address + percent + 1, zone, NAME_CHARACTERS ".") < zone))
        fault = "after a '%' goes the zone of an IPv6 address, the name of an interface";
    if (fault != NULL)
        return bg_fail_param(ret_failure, BG_INVALID, "address", "an address is a host name or an IP address, without a port: %s", fault);
    return BG_OK;
}
