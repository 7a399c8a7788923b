/* epmd.c: one question to the Erlang port mapper, and its answer. */
#include "epmd.h"

#include <string.h>

#define PORT_PLEASE2_REQ 122
#define PORT2_RESP 119
#define VERSION_MIN 6 /* of the distribution: OTP 23 and later */

void bg_epmd_ask(const char *node_name, struct bg_writer *ret_request)
{
    size_t length = strcspn(node_name, "@");
    ret_request->length = 0;
    bg_write_u16(ret_request, (uint16_t)(length + 1));
    bg_write_u8(ret_request, PORT_PLEASE2_REQ);
    bg_write_bytes(ret_request, node_name, length);
}

/* 119, result, and if that is 0: port (2), node type, protocol, highest version (2), lowest version (2), name and extra, not needed. */
enum bg_epmd_answer bg_epmd_read(struct bg_slice bytes, const char *node_name, uint16_t *ret_port, struct bg_link_failure *ret_failure)
{
    struct bg_reader reader = bg_reader_of(bytes);
    uint64_t tag, result, port, kinds, version;
    if (!bg_read_number(&reader, 1, &tag))
        return BG_EPMD_MORE;
    if (tag != PORT2_RESP) {
        bg_link_failure_set(ret_failure, BG_REASON_EPMD_UNREACHABLE, "what answers at epmd's port is not epmd");
        return BG_EPMD_REFUSED;
    }
    if (!bg_read_number(&reader, 1, &result))
        return BG_EPMD_MORE;
    if (result != 0) {
        bg_link_failure_set(ret_failure, BG_REASON_NODE_NOT_IN_EPMD, "epmd there knows no node \"%.*s\": is it running, under that name?",
                            (int)strcspn(node_name, "@"), node_name);
        return BG_EPMD_REFUSED;
    }
    if (!bg_read_number(&reader, 2, &port) || !bg_read_number(&reader, 2, &kinds) || !bg_read_number(&reader, 2, &version))
        return BG_EPMD_MORE;
    if (version < VERSION_MIN) {
        bg_link_failure_set(ret_failure, BG_REASON_HANDSHAKE_FAILED,
                            "the node is older than OTP 23, which is the oldest that can be asked");
        return BG_EPMD_REFUSED;
    }
    if (port == 0) {
        bg_link_failure_set(ret_failure, BG_REASON_NODE_NOT_IN_EPMD, "epmd there knows the node, but no port of it");
        return BG_EPMD_REFUSED;
    }
    *ret_port = (uint16_t)port;
    return BG_EPMD_PORT;
}
