/* memory.c: GET .../memory, how a node uses its memory, and how much of it monitors may use. */
#include "ask.h"
#include "endpoints.h"
#include "memory_blocks.h"
#include "memory_host.h"
#include "memory_table.h"
#include "params.h"
#include "resources.h"

/* The files of the host take longer to read than everything else. */
#define HOST_AGE_MS 1000
#define HOST_TIMEOUT_MS 1000
/* The least size of a block of std_alloc that is a monitor, and of any other one. */
#define MONITOR_BYTES_MIN 144
#define BLOCK_BYTES_MIN 32
/* About how many blocks of std_alloc a node has at its start. A process may have one, its dictionary, or none. */
#define BLOCKS_AT_START 200
/* Without a count the two bounds may differ by this number, or by half of the higher one. */
#define BOUNDS_APART_MAX 1000
/* The approximate size of a block of fix_alloc, and that of a process: for a node that does not report its types. */
#define FIXED_BYTES 136
#define PROCESS_BYTES 800

static int64_t least_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t positive(int64_t count)
{
    return count > 0 ? count : 0;
}

/* How many blocks of std_alloc may be monitors, computed from their size together. */
static int64_t monitors_max(const struct bg_blocks *blocks)
{
    const int64_t spare = blocks->standard_bytes - blocks->standard_count * BLOCK_BYTES_MIN;
    return least_of(blocks->standard_count, positive(spare) / (MONITOR_BYTES_MIN - BLOCK_BYTES_MIN));
}

static int64_t local_count(const struct bg_blocks *blocks, int64_t processes)
{
    if (blocks->monitors >= 0 || blocks->fixed_bytes < 0)
        return blocks->monitors;
    return positive(blocks->fixed_bytes - processes * PROCESS_BYTES) / FIXED_BYTES;
}

/* Blocks of std_alloc that are not monitors, from the last scan of the node: their number grows with its processes. */
static int64_t others_now(const json_t *census, int64_t processes)
{
    const json_int_t then = json_integer_value(json_object_get(census, "process_count"));
    const int64_t others = positive(json_integer_value(json_object_get(census, "standard_count")) -
                                    json_integer_value(json_object_get(census, "others_count")));
    const int64_t grown = positive(others - BLOCKS_AT_START);
    return others - grown + (int64_t)((double)grown * (double)processes / (double)(then > 0 ? then : 1));
}

/* About how many blocks of std_alloc are monitors: from a scan, which counted them; otherwise only if the bounds are close. -1: not known.
 */
static int64_t monitors_likely(const struct bg_blocks *blocks, const json_t *census, int64_t processes, int64_t most)
{
    const int64_t least = positive(most - processes - BLOCKS_AT_START);
    if (most >= 0 && json_is_object(census))
        return least_of(most, positive(blocks->standard_count - others_now(census, processes)));
    return most < 0 || (most - least > BOUNDS_APART_MAX && most - least > least) ? -1 : least;
}

/* Monitors of remote processes, by name and with a tag are blocks of std_alloc, where they cannot be distinguished from other blocks. So
 * there are only bounds, and an estimate from what a scan has counted. If no node except us is connected, there are no monitors of remote
 * processes. */
static json_t *estimate_new(struct bg_shaper *shaper, const struct bg_blocks *blocks, const json_t *census, int64_t processes,
                            bool is_alone)
{
    const bool known = blocks->standard_count >= 0 && blocks->standard_bytes >= 0;
    const int64_t most = known ? monitors_max(blocks) : -1;
    const int64_t likely = monitors_likely(blocks, census, processes, most);
    const int64_t local = local_count(blocks, processes), remote = known && is_alone ? 0 : likely;
    const int64_t each = known && blocks->standard_count > 0 ? blocks->standard_bytes / blocks->standard_count : 0;
    const int64_t local_bytes = blocks->monitors >= 0 ? blocks->monitor_bytes : local * FIXED_BYTES;
    json_t *estimate = bg_object_new(shaper);
    bg_put(shaper, estimate, "local_count", bg_count_or_null(local));
    bg_put(shaper, estimate, "remote_count", bg_count_or_null(remote));
    bg_put(shaper, estimate, "bytes", bg_count_or_null(local >= 0 && remote >= 0 ? local_bytes + remote * each : -1));
    bg_put(shaper, estimate, "exact", json_boolean(blocks->monitors >= 0 && blocks->is_whole));
    bg_put(shaper, estimate, "remote_max_count", bg_count_or_null(is_alone && known ? 0 : most));
    bg_put(shaper, estimate, "named_max_count", bg_count_or_null(most));
    return estimate;
}

static void put_kinds(struct bg_shaper *shaper, json_t *data, const struct bg_blocks *blocks)
{
    const struct bg_kinds *kinds = &blocks->kinds;
    const int64_t other = kinds->system - kinds->atom - kinds->binary - kinds->code - kinds->ets; /* not taken at the same time */
    const struct {
        const char *name;
        int64_t bytes;
    } fields[] = {
        {"total_bytes", kinds->total},    {"processes_bytes", kinds->processes}, {"processes_used_bytes", kinds->processes_used},
        {"system_bytes", kinds->system},  {"atom_bytes", kinds->atom},           {"atom_used_bytes", kinds->atom_used},
        {"binary_bytes", kinds->binary},  {"code_bytes", kinds->code},           {"ets_bytes", kinds->ets},
        {"other_bytes", positive(other)},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        bg_put(shaper, data, fields[i].name, bg_count_or_null(blocks->has_kinds ? fields[i].bytes : -1));
}

static json_t *memory_new(struct bg_shaper *shaper, const json_t *answer, bool is_partial)
{
    static const struct bg_field persistent[] = {{"count", "persistent_terms_count", BG_FIELD_COUNT_OR_NULL},
                                                 {"memory", "persistent_term_bytes", BG_FIELD_COUNT_OR_NULL},
                                                 {NULL, NULL, BG_FIELD_COUNT}};
    const int64_t processes = bg_answer_count(shaper, answer, "process_count");
    struct bg_blocks blocks;
    json_t *data = bg_object_new(shaper);
    bg_blocks_read(shaper, answer, is_partial, &blocks);
    put_kinds(shaper, data, &blocks);
    bg_put(shaper, data, "process_count", json_integer(processes));
    bg_put_fields(shaper, data, bg_answer_object(shaper, answer, "persistent_term"), persistent);
    bg_put(shaper, data, "literal_bytes", bg_count_or_null(blocks.literal_bytes));
    bg_put(shaper, data, "standard_bytes", bg_count_or_null(blocks.standard_bytes));
    bg_put(shaper, data, "links_count", bg_count_or_null(blocks.links));
    bg_put(shaper, data, "timers_count", bg_count_or_null(blocks.timers));
    bg_put(shaper, data, "messages_count", bg_count_or_null(blocks.messages));
    bg_put(shaper, data, "monitors_estimate",
           estimate_new(shaper, &blocks, json_object_get(answer, "census"), processes,
                        bg_answer_count(shaper, answer, "connected_count") <= 1));
    bg_host_put(shaper, data, answer, blocks.carriers_bytes);
    bg_put(shaper, data, "host_age_ms", bg_member_or_null(answer, "host_age_ms"));
    bg_put(shaper, data, "types", bg_block_types_new(shaper, answer, &blocks));
    bg_put(shaper, data, "allocators", bg_allocators_new(shaper, answer, &blocks));
    return data;
}

json_t *bg_memory_new(struct bg_shaper *shaper, const json_t *answer)
{
    return memory_new(shaper, answer, false);
}

static void shape_memory(struct bg_ask *ask, json_t *ignored)
{
    const json_t *answer = ask->kept;
    (void)ignored;
    const int64_t silent = bg_blocks_silent(&ask->shaper, answer);
    char why[BG_BLOCKS_WHY_SIZE];
    ask->data = memory_new(&ask->shaper, answer, true);
    if (bg_blocks_why_not(answer, ask->node, why) != BG_OK)
        bg_ask_warn(ask, "%s; so what they hold is not known", why);
    else if (silent > 0)
        bg_ask_warn(ask, "%lld of %lld schedulers of %s did not answer within half a second: what their allocators hold is missing",
                    (long long)silent, (long long)bg_answer_count(&ask->shaper, answer, "schedulers_count"), ask->node);
}

static void take_blocks(struct bg_ask *ask, json_t *answer)
{
    bg_ask_keep(ask, answer);
}

static void take_host(struct bg_ask *ask, json_t *answer)
{
    bg_ask_keep(ask, answer);
    bg_put(&ask->shaper, ask->kept, "host_age_ms", json_integer(bg_ask_age_ms(ask)));
}

static void ask_host(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_ask_excuse(ask, "the node did not read the files of its host in time: what the operating system sees of its memory is missing");
    bg_ask_send_aside(ask, bg_arguments_none("host"), HOST_AGE_MS, take_host);
}

static void ask_memory(struct bg_ask *ask, json_t *answer)
{
    const int64_t half_ms = bg_ask_left_ms(ask) / 2;
    (void)answer;
    bg_ask_then(ask, shape_memory);
    bg_ask_send(ask, bg_arguments_none("memory_blocks"), take_blocks);
    bg_ask_branch(ask, ask->node, half_ms < HOST_TIMEOUT_MS ? half_ms : HOST_TIMEOUT_MS, ask_host);
}

static void handle(struct bg_call *call)
{
    bg_ask_run(call, ask_memory);
}

static const struct bg_param params[] = {BG_NODE_PARAM, BG_MAX_AGE_PARAM, BG_TIMEOUT_PARAM, BG_PARAMS_END};

const struct bg_endpoint bg_memory_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/memory",
     .scope = BG_SCOPE_READ,
     .operation = "getMemory",
     .summary = "Memory by kind, by type of block and by allocator, and as the system sees it; no process is touched",
     .params = params,
     .columns = bg_memory_columns,
     .rows = bg_memory_rows,
     .handler = handle},
    {.path = NULL},
};
