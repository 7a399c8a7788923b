/* allocators.c: GET .../allocators, the memory held by the emulator's allocators, and how well they use it. */
#include "ask.h"
#include "endpoints.h"
#include "flatten.h"
#include "params.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define INSTANCES_MAX 20000 /* 16 kinds of allocator, one instance of each per scheduler, with room to spare */
#define ALLOCATORS_MAX 64

/* Blocks in carriers with many blocks (mbcs) or with a single one (sbcs). */
struct carriers {
    int64_t block_bytes, carrier_bytes, blocks_count, carriers_count;
};

struct usage {
    const char *name; /* borrowed from the answer */
    int64_t instance, instances_count;
    struct carriers mbcs, sbcs;
};

static void add_carriers(struct carriers *sum, const struct carriers *one)
{
    sum->block_bytes = bg_sum(sum->block_bytes, one->block_bytes);
    sum->carrier_bytes = bg_sum(sum->carrier_bytes, one->carrier_bytes);
    sum->blocks_count = bg_sum(sum->blocks_count, one->blocks_count);
    sum->carriers_count = bg_sum(sum->carriers_count, one->carriers_count);
}

static void add_usage(struct usage *sum, const struct usage *one)
{
    sum->instances_count++;
    add_carriers(&sum->mbcs, &one->mbcs);
    add_carriers(&sum->sbcs, &one->sbcs);
}

static void read_usage(struct bg_shaper *shaper, const json_t *raw, struct usage *ret_usage)
{
    const char *name = json_string_value(json_object_get(raw, "name"));
    if (name == NULL)
        bg_shaper_fail(shaper, BG_BAD_ANSWER, "the node's answer to \"allocators\" cannot be understood: an allocator has no \"name\"");
    *ret_usage = (struct usage){
        .name = name,
        .instance = bg_answer_count(shaper, raw, "instance"),
        .instances_count = 1,
        .mbcs = {.block_bytes = bg_answer_count(shaper, raw, "mbcs_block_bytes"),
                 .carrier_bytes = bg_answer_count(shaper, raw, "mbcs_carrier_bytes"),
                 .blocks_count = bg_answer_count(shaper, raw, "mbcs_blocks_count"),
                 .carriers_count = bg_answer_count(shaper, raw, "mbcs_carriers_count")},
        .sbcs = {.block_bytes = bg_answer_count(shaper, raw, "sbcs_block_bytes"),
                 .carrier_bytes = bg_answer_count(shaper, raw, "sbcs_carrier_bytes"),
                 .blocks_count = bg_answer_count(shaper, raw, "sbcs_blocks_count"),
                 .carriers_count = bg_answer_count(shaper, raw, "sbcs_carriers_count")},
    };
}

/* The unused bytes of carriers; at least 0, since the figures are not taken at the same time. */
static int64_t unused_bytes(const struct carriers *carriers)
{
    return carriers->carrier_bytes > carriers->block_bytes ? carriers->carrier_bytes - carriers->block_bytes : 0;
}

static int64_t used_bytes(const struct usage *usage)
{
    return bg_sum(usage->mbcs.block_bytes, usage->sbcs.block_bytes);
}

static int64_t allocated_bytes(const struct usage *usage)
{
    return bg_sum(usage->mbcs.carrier_bytes, usage->sbcs.carrier_bytes);
}

static json_t *allocator_new(struct bg_shaper *shaper, const struct usage *usage)
{
    const int64_t blocks_count = bg_sum(usage->mbcs.blocks_count, usage->sbcs.blocks_count);
    json_t *row = bg_object_new(shaper);
    bg_put(shaper, row, "name", json_string(usage->name));
    bg_put(shaper, row, "instances_count", json_integer(usage->instances_count));
    bg_put(shaper, row, "mbcs_block_bytes", json_integer(usage->mbcs.block_bytes));
    bg_put(shaper, row, "mbcs_carrier_bytes", json_integer(usage->mbcs.carrier_bytes));
    bg_put(shaper, row, "sbcs_block_bytes", json_integer(usage->sbcs.block_bytes));
    bg_put(shaper, row, "sbcs_carrier_bytes", json_integer(usage->sbcs.carrier_bytes));
    bg_put(shaper, row, "blocks_count", json_integer(blocks_count));
    bg_put(shaper, row, "carriers_count", json_integer(bg_sum(usage->mbcs.carriers_count, usage->sbcs.carriers_count)));
    bg_put(shaper, row, "usage_ratio", bg_ratio_new(used_bytes(usage), allocated_bytes(usage)));
    bg_put(shaper, row, "average_block_bytes", blocks_count > 0 ? json_integer(used_bytes(usage) / blocks_count) : json_null());
    bg_put(shaper, row, "sbcs_to_mbcs_ratio", bg_ratio_new(usage->sbcs.carriers_count, usage->mbcs.carriers_count));
    return row;
}

static json_t *fragment_new(struct bg_shaper *shaper, const struct usage *usage)
{
    json_t *row = bg_object_new(shaper);
    bg_put(shaper, row, "name", json_string(usage->name));
    bg_put(shaper, row, "instance", json_integer(usage->instance));
    bg_put(shaper, row, "mbcs_usage_ratio", bg_ratio_new(usage->mbcs.block_bytes, usage->mbcs.carrier_bytes));
    bg_put(shaper, row, "sbcs_usage_ratio", bg_ratio_new(usage->sbcs.block_bytes, usage->sbcs.carrier_bytes));
    bg_put(shaper, row, "mbcs_unused_bytes", json_integer(unused_bytes(&usage->mbcs)));
    bg_put(shaper, row, "sbcs_unused_bytes", json_integer(unused_bytes(&usage->sbcs)));
    return row;
}

static json_t *totals_new(struct bg_shaper *shaper, const struct usage *sums, size_t count)
{
    struct carriers all = {0};
    for (size_t i = 0; i < count; i++) {
        add_carriers(&all, &sums[i].mbcs);
        add_carriers(&all, &sums[i].sbcs);
    }
    json_t *totals = bg_object_new(shaper);
    bg_put(shaper, totals, "used_bytes", json_integer(all.block_bytes));
    bg_put(shaper, totals, "allocated_bytes", json_integer(all.carrier_bytes));
    bg_put(shaper, totals, "unused_bytes", json_integer(unused_bytes(&all)));
    bg_put(shaper, totals, "usage_ratio", bg_ratio_new(all.block_bytes, all.carrier_bytes));
    return totals;
}

static json_t *cache_hits_new(struct bg_shaper *shaper, const json_t *answer)
{
    const json_t *cache = json_object_get(answer, "mseg_cache");
    if (cache == NULL || json_is_null(cache))
        return json_null();
    const int64_t hits = bg_answer_count(shaper, cache, "hits_count"), calls = bg_answer_count(shaper, cache, "calls_count");
    json_t *hit = bg_object_new(shaper);
    bg_put(shaper, hit, "hits_count", json_integer(hits));
    bg_put(shaper, hit, "calls_count", json_integer(calls));
    bg_put(shaper, hit, "hit_ratio", bg_ratio_new(hits, calls));
    return hit;
}

/* Sums by allocator, in the order of the answer; returns the number of allocators. */
static size_t sum_up(struct bg_shaper *shaper, const struct usage *instances, size_t count, struct usage ret_sums[ALLOCATORS_MAX])
{
    size_t sums = 0;
    for (size_t i = 0; i < count; i++) {
        size_t place = 0;
        assert(instances[i].name != NULL); /* or the answer was invalid */
        while (place < sums && strcmp(ret_sums[place].name, instances[i].name) != 0)
            place++;
        if (place < sums)
            add_usage(&ret_sums[place], &instances[i]);
        else if (sums < ALLOCATORS_MAX)
            ret_sums[sums++] = instances[i];
        else
            bg_shaper_fail(shaper, BG_BAD_ANSWER, "the node's answer to \"allocators\" cannot be understood: too many allocators");
    }
    return sums;
}

static int64_t wasted(const struct usage *usage)
{
    return bg_sum(unused_bytes(&usage->mbcs), unused_bytes(&usage->sbcs));
}

/* The worst first: most unused bytes, then by name and instance. */
static int compare_waste(const void *a, const void *b)
{
    const struct usage *left = a, *right = b;
    if (wasted(left) != wasted(right))
        return wasted(left) < wasted(right) ? 1 : -1;
    const int order = strcmp(left->name, right->name);
    if (order != 0)
        return order;
    return left->instance < right->instance ? -1 : left->instance > right->instance;
}

static void shape_usages(struct bg_ask *ask, const json_t *answer, struct usage *instances, size_t count)
{
    struct bg_shaper *shaper = &ask->shaper;
    struct usage sums[ALLOCATORS_MAX];
    json_t *allocators = bg_array_new(shaper), *fragmentation = bg_array_new(shaper);
    const size_t sums_count = sum_up(shaper, instances, count, sums);
    for (size_t i = 0; i < sums_count; i++)
        bg_append(shaper, allocators, allocator_new(shaper, &sums[i]));
    if (count > 1)
        qsort(instances, count, sizeof *instances, compare_waste);
    for (size_t i = 0; i < count; i++)
        bg_append(shaper, fragmentation, fragment_new(shaper, &instances[i]));
    ask->data = bg_object_new(shaper);
    bg_put(shaper, ask->data, "allocators", allocators);
    bg_put(shaper, ask->data, "totals", totals_new(shaper, sums, sums_count));
    bg_put(shaper, ask->data, "cache_hits", cache_hits_new(shaper, answer));
    bg_put(shaper, ask->data, "fragmentation", fragmentation);
}

/* A blocked scheduler does not report its instances. */
static void warn_of_silence(struct bg_ask *ask, const json_t *answer)
{
    const int64_t silent = bg_answer_count_or(&ask->shaper, answer, "silent_count", 0);
    const int64_t schedulers = bg_answer_count_or(&ask->shaper, answer, "schedulers_count", 0);
    if (silent > 0)
        bg_ask_warn(
            ask, "%lld of %lld schedulers did not answer in time, most likely held up by native code: what their instances hold is missing",
            (long long)silent, (long long)schedulers);
}

static void shape_allocators(struct bg_ask *ask, json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    warn_of_silence(ask, answer);
    const json_t *raw = bg_answer_array(shaper, answer, "allocators");
    const size_t count = json_array_size(raw);
    if (count > INSTANCES_MAX)
        bg_shaper_fail(shaper, BG_BAD_ANSWER, "the node's answer to \"allocators\" cannot be understood: %zu instances", count);
    if (shaper->failed)
        return;
    struct usage *instances = calloc(count + 1, sizeof *instances);
    if (instances == NULL) {
        bg_shaper_fail(shaper, BG_NO_MEMORY, "out of memory");
        return;
    }
    for (size_t i = 0; i < count && !shaper->failed; i++)
        read_usage(shaper, bg_answer_object_at(shaper, raw, i), &instances[i]);
    if (!shaper->failed)
        shape_usages(ask, answer, instances, count);
    free(instances);
}

static void ask_allocators(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_ask_send(ask, bg_arguments_none("allocators"), shape_allocators);
}

static void handle(struct bg_call *call)
{
    bg_ask_run(call, ask_allocators);
}

static json_t *rows_of(const json_t *data)
{
    return json_incref(json_object_get(data, "allocators"));
}

static const struct bg_param params[] = {BG_NODE_PARAM, BG_MAX_AGE_PARAM, BG_TIMEOUT_PARAM, BG_PARAMS_END};

static const struct bg_column columns[] = {
    {"name", "Allocator", BG_COLUMN_TEXT, true},
    {"instances_count", "Instances", BG_COLUMN_COUNT, false},
    {"blocks_count", "Blocks", BG_COLUMN_COUNT, true},
    {"carriers_count", "Carriers", BG_COLUMN_COUNT, true},
    {"mbcs_block_bytes", "Used (multi)", BG_COLUMN_BYTES, true},
    {"mbcs_carrier_bytes", "Held (multi)", BG_COLUMN_BYTES, true},
    {"sbcs_block_bytes", "Used (single)", BG_COLUMN_BYTES, false},
    {"sbcs_carrier_bytes", "Held (single)", BG_COLUMN_BYTES, true},
    {"usage_ratio", "Usage", BG_COLUMN_RATIO, true},
    {"average_block_bytes", "Average block", BG_COLUMN_BYTES, false},
    {"sbcs_to_mbcs_ratio", "Single/multi", BG_COLUMN_RATIO, false},
    {NULL, NULL, BG_COLUMN_TEXT, false},
};

const struct bg_endpoint bg_allocators_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/allocators",
     .scope = BG_SCOPE_READ,
     .operation = "getAllocators",
     .summary = "The emulator's memory allocators: blocks, carriers, usage, fragmentation by instance, cache hits",
     .params = params,
     .columns = columns,
     .rows = rows_of,
     .handler = handle},
    {.path = NULL},
};
