/* shares.c: attributes the entries of long lists to peers. */
#include "shares.h"

#include "bounded.h"

#include <string.h>

const char *const bg_directions[BG_DIRECTIONS] = {"monitors", "monitored_by", "links"};
static const size_t opposite[BG_DIRECTIONS] = {1, 0, 2};

#define LEARNED_MIN 1000 /* entries of a peer that was not among those with most entries when the list was counted */

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

static json_int_t top_sum(const json_t *top)
{
    json_int_t sum = 0;
    for (size_t i = 0; i < json_array_size(top); i++)
        sum += count_of(json_array_get(top, i));
    return sum;
}

/* Entries whose peers are known, or were known at the count. */
static json_int_t settled(const struct bg_ledger_entry *entry, size_t direction)
{
    return entry->other[direction] + top_sum(json_object_get(list_of(entry, direction), "top"));
}

void bg_shares_begin(struct bg_ledger_entry *entry)
{
    for (size_t i = 0; i < BG_DIRECTIONS; i++) {
        const json_t *list = list_of(entry, i);
        entry->then[i] = entry->now[i] = count_of(list);
        entry->other[i] = count_of(list) - top_sum(json_object_get(list, "top"));
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

/* Inserts the peer by its number of entries. Returns the entries of a peer that drops out at the end. */
static json_int_t insert(json_t *top, json_t *stolen_peer)
{
    size_t place = 0;
    while (place < json_array_size(top) && count_of(json_array_get(top, place)) >= count_of(stolen_peer))
        place++;
    (void)json_array_insert_new(top, place, stolen_peer);
    if (json_array_size(top) <= BG_LEDGER_PEERS_MAX)
        return 0;
    const json_int_t out = count_of(json_array_get(top, BG_LEDGER_PEERS_MAX));
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

/* The other side is kept, and was counted: it has this many entries of the process. */
static void settle(struct bg_ledger_entry *entry, size_t direction, const char *node, const char *pid, const json_t *row, json_int_t count)
{
    json_t *top = json_object_get(list_of(entry, direction), "top"), *peer;
    const size_t place = place_of(top, node, pid, row);
    if ((place == json_array_size(top) && count < LEARNED_MIN) || is_twice(top, node, pid, row))
        return;
    if (place < json_array_size(top)) {
        peer = json_incref(json_array_get(top, place));
        (void)json_array_remove(top, place);
    } else {
        peer = json_is_object(row) ? json_copy((json_t *)(uintptr_t)row) : json_object();
        (void)json_object_set_new(peer, "peer", json_pack("{s:s, s:s}", "pid", pid, "node", node));
        (void)json_object_set_new(peer, "learned", json_true());
    }
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
    const json_int_t more = bg_shares_is_counted(peer, direction) ? peer->now[direction] - settled(peer, direction) : 0;
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
    for (size_t i = 0; i < json_array_size(top) && i < BG_SHARES_LEADERS; i++) {
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
    if (more == 0 || since == 0)
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
    const json_int_t then = settled(entry, direction), since = count > then ? count - then : 0;
    const double ratio = count >= 0 && count < then ? (double)count / (double)then : 1;
    json_int_t left = since;
    json_t *top = json_array();
    for (size_t i = 0; i < json_array_size(kept); i++) {
        json_t *one = json_copy(json_array_get(kept, i));
        json_int_t share = (json_int_t)((double)count_of(one) * ratio + 0.5);
        if (count >= 0 && i < BG_SHARES_LEADERS) {
            const struct bg_ledger_entry *peer = entry_of(ledger, json_object_get(one, "peer"));
            const json_int_t most = bounded(entry, peer, opposite[direction], share);
            const json_int_t more = agreed(ledger, entry, direction, i, peer, since);
            left += share - most - more;
            share = most + more;
        }
        (void)json_object_set_new(one, "count", json_integer(share));
        (void)json_object_del(one, "learned");
        (void)insert(top, one);
    }
    *ret_since = left >= BG_SHARES_SINCE_MIN && left >= then / BG_SHARES_SINCE_PART ? left : 0;
    return top;
}

json_int_t bg_shares_watches(const struct bg_ledger_entry *watched, const char *node, const char *pid)
{
    const json_t *top = json_object_get(list_of(watched, 1), "top");
    const size_t place = place_of(top, node, pid, NULL);
    return place < json_array_size(top) ? count_of(json_array_get(top, place)) : -1;
}
