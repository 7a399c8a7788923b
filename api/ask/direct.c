/* direct.c: for calls without a question: looks up a node, and ends the call. */
#include "direct.h"

bool bg_node_find(const struct bg_nodes *nodes, const char *name, struct bg_node_info *ret_info, struct bg_failure *ret_failure)
{
    const enum bg_error error = bg_nodes_info(nodes, name, ret_info, ret_failure);
    if (error == BG_NODE_UNKNOWN)
        (void)bg_fail_param(ret_failure, BG_NODE_UNKNOWN, "node",
                            "no node %.200s is registered; register it with PUT /api/v1/nodes/%.200s and its cookie", name, name);
    return error == BG_OK;
}

void bg_call_end(struct bg_call *call, const struct bg_shaper *shaper, const struct bg_reply *reply)
{
    if (!shaper->failed) {
        bg_call_reply(call, reply);
        return;
    }
    json_decref(reply->data);
    json_decref(reply->meta);
    bg_call_fail(call, &shaper->failure);
}
