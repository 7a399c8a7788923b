/* memory_blocks.c: sums the reports of schedulers on their instances of the memory allocators: by allocator, and by type of block. */
#include "memory_blocks.h"

#include "beamgauge/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALLOCATORS_MAX 32
#define TYPES_MAX 64
#define WORD_BYTES 8
#define MONITOR_END_MIN 40 /* bytes of one end of a monitor on any release */
#define MONITOR_END_MAX 200
#define STANDARD_BLOCK_BYTES 200 /* approximate bytes of a block of std_alloc, if none is seen */
#define ATOMS_MIN 1000           /* the name in natives/memory_blocks.calls */

/* Bytes of one entity of a type with words of 8 bytes, on OTP 23, on 24 to 26, and since 27. A link since OTP 24 is the blocks of its two
 * sides; for a moment at its start and end there is only one. The node itself measures the size of a monitor with a monitor of its own; the
 * table is for nodes that do not. */
static const struct block_size {
    const char *type;
    uint64_t bytes[3], step[3];
} block_sizes[] = {
    {"monitor", {120, 128, 144}, {120, 128, 144}},   {"link", {88, 96, 112}, {88, 48, 56}},
    {"bif_timer", {152, 152, 152}, {152, 152, 152}}, {"ll_ptimer", {72, 72, 72}, {72, 72, 72}},
    {"hl_ptimer", {64, 64, 64}, {64, 64, 64}},       {"msg_ref", {40, 40, 40}, {40, 40, 40}},
};

struct allocator {
    const char *name;                     /* borrowed from the answer */
    uint64_t used_bytes, allocated_bytes; /* of its carriers, with blocks of any allocator */
    uint64_t own_bytes, own_count;        /* of its blocks, in carriers of any allocator */
};

/* An instance may free blocks that another one allocated. Then it is below 0, and reported as an unsigned word: sums wrap around to the
 * right value. */
struct type {
    const char *name;
    uint64_t allocated_bytes, used_bytes;
};

struct totals {
    struct allocator allocators[ALLOCATORS_MAX];
    size_t allocators_count;
    struct type types[TYPES_MAX];
    size_t types_count;
};

uint64_t bg_word_of(const json_t *number)
{
    const char *text = json_string_value(number);
    const bool below = text != NULL && *text == '-';
    uint64_t word = 0;
    for (const char *at = text; text != NULL && at[below] != '\0'; at++)
        word = word * 10 + (uint64_t)(at[below] - '0');
    return json_is_integer(number) ? (uint64_t)json_integer_value(number) : below ? 0 - word : word;
}

static int64_t count_of(uint64_t sum)
{
    return sum <= INT64_MAX ? (int64_t)sum : 0; /* below 0: schedulers do not report at the same time */
}

static bool is_named(const json_t *tuple, const char *name)
{
    const char *first = json_string_value(json_array_get(tuple, 0));
    return first != NULL && strcmp(first, name) == 0;
}

static const struct allocator *allocator_find(const struct totals *totals, const char *name)
{
    for (size_t i = 0; i < totals->allocators_count; i++)
        if (strcmp(totals->allocators[i].name, name) == 0)
            return &totals->allocators[i];
    return NULL;
}

/* Finds or adds it; NULL if there are too many. */
static struct allocator *allocator_at(struct totals *totals, const char *name)
{
    for (size_t i = 0; i < totals->allocators_count; i++)
        if (strcmp(totals->allocators[i].name, name) == 0)
            return &totals->allocators[i];
    if (totals->allocators_count == ALLOCATORS_MAX)
        return NULL;
    totals->allocators[totals->allocators_count] = (struct allocator){.name = name};
    return &totals->allocators[totals->allocators_count++];
}

static void add_type(struct totals *totals, const json_t *type)
{
    const char *name = json_string_value(json_array_get(type, 0));
    size_t i = 0;
    if (name == NULL)
        return;
    while (i < totals->types_count && strcmp(totals->types[i].name, name) != 0)
        i++;
    if (i == TYPES_MAX)
        return;
    if (i == totals->types_count)
        totals->types[totals->types_count++] = (struct type){.name = name};
    totals->types[i].allocated_bytes += bg_word_of(json_array_get(type, 1));
    totals->types[i].used_bytes += bg_word_of(json_array_get(type, 2));
}

/* [{blocks, [{Allocator, [{count, Now, ...}, {size, Now, ...}]}]}, {carriers_size, Now, ...}] */
static void add_carriers(struct totals *totals, struct allocator *allocator, const json_t *carriers)
{
    const json_t *blocks = bg_pair_get(carriers, "blocks");
    allocator->allocated_bytes += bg_word_of(bg_pair_get(carriers, "carriers_size"));
    for (size_t i = 0; i < json_array_size(blocks); i++) {
        const json_t *figures = json_array_get(json_array_get(blocks, i), 1);
        const char *owner = json_string_value(json_array_get(json_array_get(blocks, i), 0));
        struct allocator *own = owner != NULL ? allocator_at(totals, owner) : NULL;
        const uint64_t bytes = bg_word_of(bg_pair_get(figures, "size"));
        allocator->used_bytes += bytes;
        if (own == NULL)
            continue;
        own->own_bytes += bytes;
        own->own_count += bg_word_of(bg_pair_get(figures, "count"));
    }
}

/* The parts of an instance: {fix_types, Types} or {fix_types, Mask, Types}, and carriers of three kinds. */
static void add_part(struct totals *totals, struct allocator *allocator, const json_t *part)
{
    if (is_named(part, "fix_types")) {
        const json_t *types = json_array_get(part, json_array_size(part) - 1);
        for (size_t i = 0; i < json_array_size(types); i++)
            add_type(totals, json_array_get(types, i));
    } else if (json_is_array(json_array_get(part, 0))) { /* a list of parts instead of one part */
        for (size_t i = 0; i < json_array_size(part); i++)
            if (!json_is_array(json_array_get(json_array_get(part, i), 0)))
                add_part(totals, allocator, json_array_get(part, i));
    } else if (is_named(part, "mbcs") || is_named(part, "mbcs_pool") || is_named(part, "sbcs")) {
        add_carriers(totals, allocator, json_array_get(part, 1));
    }
}

/* Each scheduler reports twice: the size of all blocks of each allocator, and for std_alloc only also the number of blocks. */
static bool is_of_counts(const json_t *instances)
{
    for (size_t i = 0; i < json_array_size(instances); i++)
        if (!is_named(json_array_get(instances, i), "std_alloc"))
            return false;
    return true;
}

/* [{Allocator, Instance, Parts}]. An allocator that is disabled on the node has no parts. */
static void add_instances(struct totals *totals, const json_t *instances)
{
    for (size_t i = 0; i < json_array_size(instances); i++) {
        const json_t *instance = json_array_get(instances, i), *parts = json_array_get(instance, 2);
        const char *name = json_string_value(json_array_get(instance, 0));
        struct allocator *allocator = name != NULL ? allocator_at(totals, name) : NULL;
        for (size_t k = 0; allocator != NULL && k < json_array_size(parts); k++)
            add_part(totals, allocator, json_array_get(parts, k));
    }
}

/* The reports of schedulers, [_, Scheduler, Instances]; `timeout` instead if a scheduler did not report. */
static void totals_read(struct bg_shaper *shaper, const json_t *answer, bool counts, struct totals *ret_totals)
{
    const json_t *replies = bg_answer_array(shaper, answer, "replies");
    *ret_totals = (struct totals){.allocators_count = 0};
    for (size_t i = 0; i < json_array_size(replies); i++) {
        const json_t *instances = json_array_get(json_array_get(replies, i), 2);
        if (instances != NULL && is_of_counts(instances) == counts)
            add_instances(ret_totals, instances);
    }
}

int64_t bg_blocks_silent(struct bg_shaper *shaper, const json_t *answer)
{
    const json_t *replies = bg_answer_array(shaper, answer, "replies");
    const int64_t schedulers = bg_answer_count(shaper, answer, "schedulers_count");
    int64_t missing = schedulers <= INT64_MAX / 2 ? 2 * schedulers : INT64_MAX;
    if (json_array_size(bg_answer_array(shaper, answer, "areas")) == 0)
        return schedulers;
    for (size_t i = 0; i < json_array_size(replies); i++)
        missing -= json_is_array(json_array_get(replies, i));
    return missing > 0 ? missing / 2 + missing % 2 : 0;
}

enum bg_error bg_blocks_why_not(const json_t *answer, const char *node, char ret_text[BG_BLOCKS_WHY_SIZE])
{
    const json_int_t atoms = json_integer_value(json_object_get(answer, "atom_count"));
    const json_int_t atoms_max = json_integer_value(json_object_get(answer, "atom_limit"));
    if (json_array_size(json_object_get(answer, "areas")) > 0)
        return BG_OK;
    if (atoms_max < ATOMS_MIN || atoms > atoms_max - ATOMS_MIN) {
        (void)snprintf(ret_text, BG_BLOCKS_WHY_SIZE,
                       "the atom table of %s is nearly full, %s of %s atoms: its allocators are not asked if fewer than %s are left, "
                       "because that may create some hundred, and one too many ends the node",
                       node, BG_COUNT(atoms), BG_COUNT(atoms_max), BG_COUNT(ATOMS_MIN));
        return BG_ATOM_TABLE_FULL;
    }
    (void)snprintf(ret_text, BG_BLOCKS_WHY_SIZE, "the process table of %s is full, %s of %s processes: none is free to ask its allocators",
                   node, BG_COUNT(json_integer_value(json_object_get(answer, "process_count"))),
                   BG_COUNT(json_integer_value(json_object_get(answer, "process_limit"))));
    return BG_PROCESS_TABLE_FULL;
}

/* By otp_release, a list of digits. */
static size_t size_column(const json_t *answer)
{
    const json_t *digits = json_object_get(answer, "otp_release");
    json_int_t release = 0;
    for (size_t i = 0; i < json_array_size(digits) && i < 3; i++) {
        const json_int_t digit = json_integer_value(json_array_get(digits, i));
        release = digit >= '0' && digit <= '9' ? 10 * release + digit - '0' : release;
    }
    return release >= 27 ? 2 : release >= 24 ? 1 : 0;
}

/* The memory of the asking process outside its heap, in bytes, from [{memory, Bytes}, {total_heap_size, Words}]; -1 if not reported. */
static int64_t outside(const json_t *info, int64_t word_bytes)
{
    const json_t *memory = bg_pair_get(info, "memory"), *heap = bg_pair_get(info, "total_heap_size");
    if (!json_is_integer(memory) || !json_is_integer(heap) || json_integer_value(memory) < 0 || json_integer_value(heap) < 0)
        return -1;
    return json_integer_value(memory) - bg_bytes_of_words(json_integer_value(heap), word_bytes);
}

int64_t bg_entry_bytes(const json_t *answer, int64_t word_bytes)
{
    const int64_t before = outside(json_object_get(answer, "entry_before"), word_bytes);
    const int64_t after = outside(json_object_get(answer, "entry_after"), word_bytes);
    return before >= 0 && after > before ? after - before : -1;
}

/* The bytes of a monitor, both of its ends; 0 if the node does not report it, or reports an impossible value. */
static uint64_t monitor_block_bytes(const json_t *answer)
{
    const int64_t end = bg_entry_bytes(answer, WORD_BYTES);
    return end >= MONITOR_END_MIN && end <= MONITOR_END_MAX ? 2 * (uint64_t)end : 0;
}

/* The number of entities of a type; -1 if their size is not known, or does not fit the bytes. */
static int64_t blocks_of(const struct type *type, const json_t *answer)
{
    const uint64_t used = (uint64_t)count_of(type->used_bytes), monitor = monitor_block_bytes(answer);
    const size_t column = size_column(answer);
    if (json_integer_value(json_object_get(answer, "word_bytes")) != WORD_BYTES)
        return -1;
    if (monitor > 0 && strcmp(type->name, "monitor") == 0)
        return used % monitor == 0 ? (int64_t)(used / monitor) : -1;
    for (size_t i = 0; i < sizeof block_sizes / sizeof block_sizes[0]; i++)
        if (strcmp(block_sizes[i].type, type->name) == 0)
            return used % block_sizes[i].step[column] == 0 ? (int64_t)(used / block_sizes[i].bytes[column]) : -1;
    return -1;
}

static const struct type *type_find(const struct totals *totals, const char *name)
{
    for (size_t i = 0; i < totals->types_count; i++)
        if (strcmp(totals->types[i].name, name) == 0)
            return &totals->types[i];
    return NULL;
}

static int64_t blocks_named(const struct totals *totals, const char *name, const json_t *answer)
{
    const struct type *type = type_find(totals, name);
    return type != NULL ? blocks_of(type, answer) : -1;
}

/* The bytes of an allocator's blocks; -1 if it does not report them. */
static int64_t bytes_by(const struct totals *totals, const char *name)
{
    const struct allocator *allocator = allocator_find(totals, name);
    return allocator != NULL ? count_of(allocator->own_bytes) : -1;
}

static uint64_t own_of(const struct totals *totals, const char *name)
{
    const struct allocator *allocator = allocator_find(totals, name);
    return allocator != NULL ? allocator->own_bytes : 0;
}

/* The number of blocks of std_alloc: counted in its own carriers, and computed from their bytes in carriers of other allocators. Allocators
 * reuse each other's abandoned carriers (+M<S>cp in erts_alloc), and the counts of all allocators would make the question ten times as
 * expensive. */
static int64_t standard_count(const struct totals *totals, const struct totals *counts)
{
    const struct allocator *counted = allocator_find(counts, "std_alloc");
    if (counted == NULL)
        return -1;
    const int64_t count = count_of(counted->own_count), bytes = count_of(counted->own_bytes);
    const int64_t elsewhere = bytes_by(totals, "std_alloc") - bytes; /* below 0: they are not reported at the same time */
    const int64_t each = count > 0 && bytes > count ? bytes / count : STANDARD_BLOCK_BYTES;
    return elsewhere > 0 ? count + elsewhere / each : count;
}

/* Areas that are not in an allocator, or in one that reports no types: [{Area, Bytes}], but {atom_space, AllocatedBytes, UsedBytes}. */
static uint64_t area_of(const json_t *areas, const char *name, size_t place)
{
    for (size_t i = 0; i < json_array_size(areas); i++)
        if (is_named(json_array_get(areas, i), name))
            return bg_word_of(json_array_get(json_array_get(areas, i), place));
    return 0;
}

/* The same sums as erlang:memory/0. */
static void kinds_read(const struct totals *totals, const json_t *areas, struct bg_kinds *ret_kinds)
{
    static const char *const fixed[] = {"proc", "monitor", "link", "msg_ref", "ll_ptimer", "hl_ptimer", "bif_timer", "accessor_bif_timer"};
    static const char *const code[] = {"module_table", "export_table", "export_list", "fun_table",
                                       "fun_list",     "module_refs",  "loaded_code"};
    const uint64_t table = area_of(areas, "bif_timer", 1) + area_of(areas, "process_table", 1), heaps = own_of(totals, "eheap_alloc");
    uint64_t total = area_of(areas, "external_alloc", 1), processes = heaps + table, used = processes, code_bytes = 0;
    for (size_t i = 0; i < totals->allocators_count; i++)
        total += totals->allocators[i].used_bytes;
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        const struct type *type = type_find(totals, fixed[i]);
        processes += type != NULL ? type->allocated_bytes : 0;
        used += type != NULL ? type->used_bytes : 0;
    }
    for (size_t i = 0; i < sizeof code / sizeof code[0]; i++)
        code_bytes += area_of(areas, code[i], 1);
    *ret_kinds = (struct bg_kinds){
        .total = count_of(total),
        .processes = count_of(processes),
        .processes_used = count_of(used),
        .system = count_of(total - processes),
        .atom = count_of(area_of(areas, "atom_space", 1) + area_of(areas, "atom_table", 1)),
        .atom_used = count_of(area_of(areas, "atom_space", 2) + area_of(areas, "atom_table", 1)),
        .binary = count_of(own_of(totals, "binary_alloc")),
        .code = count_of(code_bytes),
        .ets = count_of(own_of(totals, "ets_alloc") + area_of(areas, "ets_misc", 1)),
    };
}

void bg_blocks_read(struct bg_shaper *shaper, const json_t *answer, bool is_partial, struct bg_blocks *ret_blocks)
{
    struct totals totals = {.allocators_count = 0}, standard = totals;
    const json_t *areas = json_array_get(bg_answer_array(shaper, answer, "areas"), 0);
    const int64_t silent = bg_blocks_silent(shaper, answer);
    const bool is_reported = silent == 0 || is_partial;
    if (is_reported) {
        totals_read(shaper, answer, false, &totals);
        totals_read(shaper, answer, true, &standard);
    }
    const struct type *monitor = type_find(&totals, "monitor");
    const int64_t bif = blocks_named(&totals, "bif_timer", answer), low = blocks_named(&totals, "ll_ptimer", answer),
                  high = blocks_named(&totals, "hl_ptimer", answer);
    *ret_blocks = (struct bg_blocks){
        .monitors = blocks_named(&totals, "monitor", answer),
        .monitor_bytes = monitor != NULL ? count_of(monitor->used_bytes) : -1,
        .links = blocks_named(&totals, "link", answer),
        .timers = bif >= 0 && low >= 0 && high >= 0 ? bif + low + high : -1,
        .messages = blocks_named(&totals, "msg_ref", answer),
        .standard_count = standard_count(&totals, &standard),
        .standard_bytes = bytes_by(&totals, "std_alloc"),
        .heap_bytes = bytes_by(&totals, "eheap_alloc"),
        .literal_bytes = bytes_by(&totals, "literal_alloc"),
        .fixed_bytes = bytes_by(&totals, "fix_alloc"),
        .carriers_bytes = totals.allocators_count > 0 ? 0 : -1,
        .is_reported = is_reported,
        .is_whole = silent == 0,
        .has_kinds = totals.allocators_count > 0 && areas != NULL,
    };
    if (ret_blocks->has_kinds)
        kinds_read(&totals, areas, &ret_blocks->kinds);
    for (size_t i = 0; i < totals.allocators_count; i++)
        ret_blocks->carriers_bytes = bg_sum(ret_blocks->carriers_bytes, count_of(totals.allocators[i].allocated_bytes));
}

json_t *bg_allocators_new(struct bg_shaper *shaper, const json_t *answer, const struct bg_blocks *blocks)
{
    struct totals totals;
    json_t *allocators = bg_array_new(shaper);
    if (!blocks->is_reported)
        return allocators;
    totals_read(shaper, answer, false, &totals);
    for (size_t i = 0; i < totals.allocators_count; i++) {
        const struct allocator *allocator = &totals.allocators[i];
        const bool is_standard = strcmp(allocator->name, "std_alloc") == 0;
        json_t *row = bg_object_new(shaper);
        bg_put(shaper, row, "name", json_string(allocator->name));
        bg_put(shaper, row, "used_bytes", json_integer(count_of(allocator->used_bytes)));
        bg_put(shaper, row, "allocated_bytes", json_integer(count_of(allocator->allocated_bytes)));
        bg_put(shaper, row, "blocks_count", bg_count_or_null(is_standard ? blocks->standard_count : -1));
        bg_append(shaper, allocators, row);
    }
    return allocators;
}

json_t *bg_block_types_new(struct bg_shaper *shaper, const json_t *answer, const struct bg_blocks *blocks)
{
    struct totals totals;
    json_t *types = bg_array_new(shaper);
    if (!blocks->is_reported)
        return types;
    totals_read(shaper, answer, false, &totals);
    for (size_t i = 0; i < totals.types_count; i++) {
        const struct type *type = &totals.types[i];
        json_t *row = bg_object_new(shaper);
        bg_put(shaper, row, "name", json_string(type->name));
        bg_put(shaper, row, "count", bg_count_or_null(blocks_of(type, answer)));
        bg_put(shaper, row, "used_bytes", json_integer(count_of(type->used_bytes)));
        bg_put(shaper, row, "allocated_bytes", json_integer(count_of(type->allocated_bytes)));
        bg_append(shaper, types, row);
    }
    return types;
}
