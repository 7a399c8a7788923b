/* shares.c: attributes the entries of long lists to peers. */
#include "shares.h"

#include "bounded.h"

#include <string.h>

const char *const bg_directions[BG_DIRECTIONS] = {"monitors", "monitored_by", "links"};
static const size_t opposite[BG_DIRECTIONS] = {1, 0, 2};

#define LEARNED_MIN 1000 /* entries of a peer that was not among those with most entries when the list was counted */
#define CLAIMED_MAX 8    /* peers of one node that only that node names; of them, no more than what is free of a list's places */

static json_t *list_of(const struct bg_ledger_entry *entry, size_t direction)
{
    return json_object_get(entry->lists, bg_directions[direction]);
}

static json_int_t count_of(const json_t *object)
{
    return json_integer_value(json_object_get(object, "count"));
}

bool bg_shares_is_counted(const struct bg_ledger_entry *entry, size_t direction)
{
    return entry != NULL && json_is_integer(json_object_get(list_of(entry, direction), "distinct_count"));
}

/* A peer's number is a claim if the peer's own node reported it, and the list is another node's: `own` is then what the list's own node
 * reported, 0 if it did not name the peer. */
static json_int_t own_of(const json_t *peer)
{
    const json_t *own = json_object_get(peer, "own");
    return json_is_integer(own) ? json_integer_value(own) : count_of(peer);
}

static bool is_claimed(const json_t *peer)
{
    return json_is_integer(json_object_get(peer, "own")) && own_of(peer) == 0;
}

/* The part of its number that the list's own node agrees with. */
static json_int_t proven_of(const json_t *peer)
{
    const json_int_t own = own_of(peer), count = count_of(peer);
    return own < count ? own : count;
}

/* Of all peers of a list, and of those that are not kept. */
struct sums {
    json_int_t proven, claims; /* claims: beyond what is proven */
};

static struct sums sums_of(const struct bg_ledger_entry *entry, size_t direction)
{
    const json_t *top = json_object_get(list_of(entry, direction), "top");
    struct sums sums = {.proven = entry->other[direction]};
    for (size_t i = 0; i < json_array_size(top); i++) {
        const json_t *peer = json_array_get(top, i);
        sums.proven += proven_of(peer);
        sums.claims += count_of(peer) - proven_of(peer);
    }
    return sums;
}

json_int_t bg_shares_granted(json_int_t claim, json_int_t claims, json_int_t room)
{
    const json_int_t left = room - (claims - claim), granted = left < claim ? left : claim;
    return granted > 0 ? granted : 0;
}

/* A peer's number in a list of so many entries. */
static json_int_t number_of(const json_t *peer, const struct sums *sums, json_int_t total)
{
    return proven_of(peer) + bg_shares_granted(count_of(peer) - proven_of(peer), sums->claims, total - sums->proven);
}

/* Entries whose peers are known, or were known at the count, in a list of so many. */
static json_int_t settled(const struct bg_ledger_entry *entry, size_t direction, json_int_t total)
{
    const json_t *top = json_object_get(list_of(entry, direction), "top");
    const struct sums sums = sums_of(entry, direction);
    json_int_t sum = entry->other[direction];
    for (size_t i = 0; i < json_array_size(top); i++)
        sum += number_of(json_array_get(top, i), &sums, total);
    return sum;
}

void bg_shares_begin(struct bg_ledger_entry *entry)
{
    for (size_t i = 0; i < BG_DIRECTIONS; i++) {
        const json_t *list = list_of(entry, i);
        entry->then[i] = entry->now[i] = count_of(list);
        entry->other[i] = 0;
        entry->other[i] = count_of(list) - sums_of(entry, i).proven;
    }
}

/* The identity of a peer: a process by its pid, or by its registered name; the texts are NULL if it is neither. */
struct who {
    const char *text, *node;
    bool is_name;
};

static struct who who_of(const json_t *peer)
{
    const bool is_name = json_is_array(peer);
    return (struct who){
        .text = json_string_value(is_name ? json_array_get(peer, 0) : json_object_get(peer, "pid")),
        .node = json_string_value(is_name ? json_array_get(peer, 1) : json_object_get(peer, "node")),
        .is_name = is_name,
    };
}

/* `row` has the process's identity. */
static bool is_who(const struct who *who, const char *node, const char *pid, const json_t *row)
{
    if (who->text == NULL || who->node == NULL || strcmp(who->node, node) != 0)
        return false;
    const char *wanted = who->is_name ? json_string_value(json_object_get(row, "registered_name")) : pid;
    return wanted != NULL && strcmp(who->text, wanted) == 0;
}

/* The index of that process among the peers; their number if it is not there. */
static size_t place_of(const json_t *top, const char *node, const char *pid, const json_t *row)
{
    size_t place = 0;
    for (; place < json_array_size(top); place++) {
        const struct who who = who_of(json_object_get(json_array_get(top, place), "peer"));
        if (is_who(&who, node, pid, row))
            break;
    }
    return place;
}

static struct bg_ledger_entry *entry_of(const struct bg_ledger *ledger, const json_t *peer)
{
    const struct who who = who_of(peer);
    struct bg_ledger_entry *entry;
    TAILQ_FOREACH(entry, &ledger->by_use, link)
    if (is_who(&who, entry->node.name, entry->pid, entry->row))
        return entry;
    return NULL;
}

/* Inserts the peer by what the list's own node reported: so a claim does not push out another peer. Returns the entries of a peer that
 * drops out at the end. */
static json_int_t insert(json_t *top, json_t *stolen_peer)
{
    size_t place = 0;
    while (place < json_array_size(top) && own_of(json_array_get(top, place)) >= own_of(stolen_peer))
        place++;
    (void)json_array_insert_new(top, place, stolen_peer);
    if (json_array_size(top) <= BG_LEDGER_PEERS_MAX)
        return 0;
    const json_int_t out = own_of(json_array_get(top, BG_LEDGER_PEERS_MAX));
    (void)json_array_remove(top, BG_LEDGER_PEERS_MAX);
    return out;
}

/* A process that is monitored by its pid and by its name as well has two peers, and one number on its side. */
static bool is_twice(const json_t *top, const char *node, const char *pid, const json_t *row)
{
    size_t places = 0;
    for (size_t i = 0; i < json_array_size(top); i++) {
        const struct who who = who_of(json_object_get(json_array_get(top, i), "peer"));
        places += is_who(&who, node, pid, row);
    }
    return places > 1;
}

/* True if the node claims so many peers of the list already. */
static bool is_full_of(const json_t *top, const char *node)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(top); i++) {
        const struct who who = who_of(json_object_get(json_array_get(top, i), "peer"));
        count += is_claimed(json_array_get(top, i)) && who.node != NULL && strcmp(who.node, node) == 0;
    }
    return count >= CLAIMED_MAX;
}

static json_t *learned_new(const char *node, const char *pid, const json_t *row)
{
    json_t *peer = json_is_object(row) ? json_copy((json_t *)(uintptr_t)row) : json_object();
    (void)json_object_set_new(peer, "peer", json_pack("{s:s, s:s}", "pid", pid, "node", node));
    (void)json_object_set_new(peer, "learned", json_true());
    (void)json_object_set_new(peer, "count", json_integer(0));
    return peer;
}

/* The other side is kept, and was counted: it has this many entries of the process. If it is another node's, that is a claim. */
static void settle(struct bg_ledger_entry *entry, size_t direction, const char *node, const char *pid, const json_t *row, json_int_t count)
{
    json_t *top = json_object_get(list_of(entry, direction), "top"), *peer;
    const size_t place = place_of(top, node, pid, row);
    const bool is_claim = strcmp(node, entry->node.name) != 0, is_new = place == json_array_size(top);
    if ((is_new && (count < LEARNED_MIN || (is_claim && is_full_of(top, node)))) || is_twice(top, node, pid, row))
        return;
    if (is_new)
        peer = learned_new(node, pid, row);
    else {
        peer = json_incref(json_array_get(top, place));
        (void)json_array_remove(top, place);
    }
    if (is_claim)
        (void)json_object_set_new(peer, "own", json_integer(own_of(peer)));
    else
        (void)json_object_del(peer, "own");
    (void)json_object_set_new(peer, "count", json_integer(count));
    const json_int_t other = entry->other[direction] + insert(top, peer);
    entry->other[direction] = other < BG_BOUNDED_COUNT_MAX ? other : BG_BOUNDED_COUNT_MAX;
}

/* Removes a learned peer whose complete list no longer has that process. */
static void forget(struct bg_ledger_entry *entry, size_t direction, const char *node, const char *pid, const json_t *named)
{
    json_t *top = json_object_get(list_of(entry, direction), "top");
    const size_t place = place_of(top, node, pid, NULL);
    if (json_is_true(json_object_get(json_array_get(top, place), "learned")) &&
        place_of(named, entry->node.name, entry->pid, entry->row) == json_array_size(named))
        (void)json_array_remove(top, place);
}

void bg_shares_learn(struct bg_ledger *ledger, const char *node, const char *pid, const json_t *row, size_t direction, const json_t *list)
{
    const json_t *named = json_object_get(list, "top");
    const json_int_t distinct = json_integer_value(json_object_get(list, "distinct_count"));
    const size_t back = opposite[direction];
    struct bg_ledger_entry *entry;
    if (!json_is_integer(json_object_get(list, "distinct_count")))
        return;
    for (size_t i = 0; i < json_array_size(named); i++) {
        const json_t *one = json_array_get(named, i);
        entry = entry_of(ledger, json_object_get(one, "peer"));
        if (bg_shares_is_counted(entry, back))
            settle(entry, back, node, pid, row, count_of(one));
    }
    TAILQ_FOREACH(entry, &ledger->by_use, link)
    if (distinct == (json_int_t)json_array_size(named))
        forget(entry, back, node, pid, named);
}

void bg_shares_learn_watched(struct bg_ledger *ledger, const char *node, const json_t *watched, const char *watcher, const char *home)
{
    const char *pid = bg_ledger_pid(json_object_get(watched, "pid"));
    struct bg_ledger_entry *entry;
    TAILQ_FOREACH(entry, &ledger->by_use, link)
    if (pid != NULL && strcmp(entry->pid, watcher) == 0 && strcmp(entry->node.name, home) == 0 && bg_shares_is_counted(entry, 0))
        settle(entry, 0, node, pid, watched, json_integer_value(json_object_get(watched, "count")));
}

/* The entries in a peer's own list beyond those of known peers; 0 if that list was not counted. */
static json_int_t unsettled(const struct bg_ledger_entry *peer, size_t direction)
{
    const json_int_t more =
        bg_shares_is_counted(peer, direction) ? peer->now[direction] - settled(peer, direction, peer->now[direction]) : 0;
    return more > 0 ? more : 0;
}

/* Limits a share to the present length of the peer's own list. */
static json_int_t bounded(const struct bg_ledger_entry *entry, const struct bg_ledger_entry *peer, size_t direction, json_int_t share)
{
    const bool is_known = bg_shares_is_counted(peer, direction) && peer->now_us >= entry->counted_us;
    return is_known && peer->now[direction] < share ? peer->now[direction] : share;
}

/* The minimum share of the peer at that index in the new entries of a list: limited by the growth of its own list, it is the part that none
 * of the other leaders can have. */
static json_int_t least(const struct bg_ledger *ledger, const struct bg_ledger_entry *entry, size_t direction, size_t place,
                        json_int_t since)
{
    const json_t *top = json_object_get(list_of(entry, direction), "top");
    json_int_t own = 0;
    for (size_t i = 0; i < json_array_size(top) && i < BG_SHARES_LEADERS && !is_claimed(json_array_get(top, i)); i++) {
        const json_int_t more = unsettled(entry_of(ledger, json_object_get(json_array_get(top, i), "peer")), opposite[direction]);
        if (i == place)
            own = more;
        else
            since -= more;
    }
    since = since > 0 ? since : 0;
    return own < since ? own : since;
}

/* The same, if the peer's own list agrees. */
static json_int_t agreed(const struct bg_ledger *ledger, const struct bg_ledger_entry *entry, size_t direction, size_t place,
                         const struct bg_ledger_entry *peer, json_int_t since)
{
    const size_t back = opposite[direction];
    const json_int_t more = unsettled(peer, back);
    if (more == 0 || since == 0 || is_claimed(json_array_get(json_object_get(list_of(entry, direction), "top"), place)))
        return 0;
    const size_t own = place_of(json_object_get(list_of(peer, back), "top"), entry->node.name, entry->pid, entry->row);
    const json_int_t here = least(ledger, entry, direction, place, since), there = least(ledger, peer, back, own, more);
    return here < there ? here : there;
}

/* If a list has become shorter, all shares shrink in proportion. */
json_t *bg_shares_new(const struct bg_ledger *ledger, const struct bg_ledger_entry *entry, size_t direction, json_int_t count,
                      json_int_t *ret_since)
{
    const json_t *kept = json_object_get(list_of(entry, direction), "top");
    const struct sums sums = sums_of(entry, direction);
    const json_int_t then = settled(entry, direction, count), since = count > then ? count - then : 0;
    const double ratio = count >= 0 && count < then ? (double)count / (double)then : 1;
    json_int_t left = since;
    json_t *top = json_array();
    for (size_t i = 0; i < json_array_size(kept); i++) {
        json_t *one = json_copy(json_array_get(kept, i));
        json_int_t share = (json_int_t)((double)number_of(one, &sums, count) * ratio + 0.5);
        if (count >= 0 && i < BG_SHARES_LEADERS) {
            const struct bg_ledger_entry *peer = entry_of(ledger, json_object_get(one, "peer"));
            const json_int_t most = bounded(entry, peer, opposite[direction], share);
            const json_int_t more = agreed(ledger, entry, direction, i, peer, since);
            left += share - most - more;
            share = most + more;
        }
        if (share == 0 && is_claimed(one)) {
            json_decref(one);
            continue;
        }
        (void)json_object_set_new(one, "count", json_integer(share));
        (void)json_object_del(one, "learned");
        (void)json_object_del(one, "own");
        (void)insert(top, one);
    }
    *ret_since = left >= BG_SHARES_SINCE_MIN && left >= then / BG_SHARES_SINCE_PART ? left : 0;
    return top;
}

json_int_t bg_shares_watches(const struct bg_ledger_entry *watched, const char *node, const char *pid)
{
    const json_t *top = json_object_get(list_of(watched, 1), "top");
    const size_t place = place_of(top, node, pid, NULL);
    if (place == json_array_size(top))
        return -1;
    const struct sums sums = sums_of(watched, 1);
    return number_of(json_array_get(top, place), &sums, watched->now[1]);
}
