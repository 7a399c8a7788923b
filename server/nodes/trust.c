/* trust.c: which peers may receive a cookie's digest. A peer that gets the digest of a handshake could present it to another node, and be
 * accepted there; and on this host any user can register a name in epmd, and listen. */
#include "link.h"
#include "owner.h"

#include <unistd.h>

static bool is_trusted(const struct bg_nodes_options *options, uint32_t uid)
{
    if (uid == 0 || uid == geteuid())
        return true;
    for (size_t i = 0; i < options->peer_uids_count; i++)
        if (options->peer_uids[i] == uid)
            return true;
    return false;
}

bool bg_link_trusts(void *context, struct bg_link_failure *ret_failure)
{
    const struct bg_link *link = context;
    const struct bg_nodes_options *options = &link->shared->options;
    uint32_t uid = 0;
    if (options->any_peer)
        return true;
    switch (bg_owner_find(link->fd, &uid)) {
    case BG_OWNER_ELSEWHERE:
        return true;
    case BG_OWNER_UNKNOWN:
        bg_link_failure_set(
            ret_failure, BG_REASON_PEER_NOT_TRUSTED,
            "the system does not say which user holds port %u on this host, so no proof of the cookie was sent: if the port is "
            "forwarded, to a container say, set the node's address to where it leads; if every user of this host may have the cookie, set "
            "peer_users = * in [server]",
            (unsigned)link->port);
        return false;
    case BG_OWNER_FOUND:
        break;
    }
    if (is_trusted(options, uid))
        return true;
    bg_link_failure_set(
        ret_failure, BG_REASON_PEER_NOT_TRUSTED,
        "port %u on this host belongs to user %u, who is neither ours (%u) nor root, so no proof of the cookie was sent: if that is "
        "the node's user, run beamgauge as that user or add it to peer_users in [server]",
        (unsigned)link->port, (unsigned)uid, (unsigned)geteuid());
    return false;
}
