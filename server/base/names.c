/* names.c: what may be the name or the address of a node. */
#include "beamgauge/names.h"

#include <stdbool.h>
#include <string.h>

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
#define HOST_CHARACTERS NAME_CHARACTERS ".:"
#define ADDRESS_CHARACTERS HOST_CHARACTERS "%"

static bool is_made_of(const char *text, const char *characters)
{
    const size_t length = strnlen(text, BG_NODE_NAME_MAX + 1);
    return length > 0 && length <= BG_NODE_NAME_MAX && strspn(text, characters) == length;
}

enum bg_error bg_node_name_check(const char *name, struct bg_failure *ret_failure)
{
    const size_t head = strspn(name, NAME_CHARACTERS);
    if (head > 0 && name[head] == '@' && strnlen(name, BG_NODE_NAME_MAX + 1) <= BG_NODE_NAME_MAX &&
        is_made_of(name + head + 1, HOST_CHARACTERS))
        return BG_OK;
    return bg_fail_param(ret_failure, BG_INVALID, "node",
                         "expected NAME@HOST of at most %d bytes: NAME of letters, digits, '_' and '-', HOST a host name or an IP address",
                         BG_NODE_NAME_MAX);
}

enum bg_error bg_node_address_check(const char *address, struct bg_failure *ret_failure)
{
    if (is_made_of(address, ADDRESS_CHARACTERS))
        return BG_OK;
    return bg_fail_param(ret_failure, BG_INVALID, "address", "an address is a host name or an IP address, without a port");
}
