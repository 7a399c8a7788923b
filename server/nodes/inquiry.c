/* inquiry.c: the table of questions in flight on one link. */
#include "inquiry.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ID_MAX 0x0fffffffu /* 28 bits: see bg_inquiry_pid() */
#define PID_ID_BITS 15

bool bg_inquiries_init(struct bg_inquiries *inquiries, size_t max)
{
    struct bg_inquiry *slots = calloc(max, sizeof *slots);
    if (slots == NULL)
        return false;
    *inquiries = (struct bg_inquiries){.slots = slots, .max = max, .wake_us = INT64_MAX};
    return true;
}

void bg_inquiries_done(struct bg_inquiries *inquiries)
{
    free(inquiries->slots);
    inquiries->slots = NULL;
}

static uint32_t id_after(uint32_t id)
{
    return id >= ID_MAX ? 1 : id + 1;
}

struct bg_inquiry *bg_inquiries_add(struct bg_inquiries *inquiries, int64_t now_us, int64_t deadline_us)
{
    if (inquiries->count == inquiries->max)
        return NULL;
    uint32_t id = id_after(inquiries->last_id);
    while (inquiries->slots[id % inquiries->max].id != 0)
        id = id_after(id);
    struct bg_inquiry *inquiry = &inquiries->slots[id % inquiries->max];
    *inquiry = (struct bg_inquiry){.id = id, .asked_us = now_us, .deadline_us = deadline_us};
    inquiries->last_id = id;
    inquiries->count++;
    if (deadline_us < inquiries->wake_us)
        inquiries->wake_us = deadline_us;
    return inquiry;
}

struct bg_inquiry *bg_inquiries_find(const struct bg_inquiries *inquiries, uint32_t id)
{
    struct bg_inquiry *inquiry = &inquiries->slots[id % inquiries->max];
    return id != 0 && inquiry->id == id ? inquiry : NULL;
}

void bg_inquiries_hasten(struct bg_inquiries *inquiries, struct bg_inquiry *inquiry, int64_t deadline_us)
{
    inquiry->deadline_us = deadline_us;
    if (deadline_us < inquiries->wake_us)
        inquiries->wake_us = deadline_us;
}

void bg_inquiries_abandon(struct bg_inquiries *inquiries, struct bg_inquiry *inquiry)
{
    assert(bg_inquiries_find(inquiries, inquiry->id) == inquiry);
    inquiry->done = NULL;
    inquiry->deadline_us = INT64_MAX;
}

void bg_inquiries_remove(struct bg_inquiries *inquiries, struct bg_inquiry *inquiry)
{
    assert(bg_inquiries_find(inquiries, inquiry->id) == inquiry);
    inquiry->id = 0;
    inquiries->count--;
}

/* wake_us may stay too early when a question ends: that costs one useless scan later, and saves an ordered list. */
struct bg_inquiry *bg_inquiries_expired(struct bg_inquiries *inquiries, int64_t now_us)
{
    int64_t wake_us = INT64_MAX;
    if (now_us < inquiries->wake_us)
        return NULL;
    for (size_t i = 0; i < inquiries->max; i++) {
        struct bg_inquiry *inquiry = &inquiries->slots[i];
        if (inquiry->id == 0)
            continue;
        if (inquiry->deadline_us <= now_us)
            return inquiry;
        if (inquiry->deadline_us < wake_us)
            wake_us = inquiry->deadline_us;
    }
    inquiries->wake_us = wake_us;
    return NULL;
}

struct bg_inquiry *bg_inquiries_any(const struct bg_inquiries *inquiries)
{
    for (size_t i = 0; inquiries->count > 0 && i < inquiries->max; i++)
        if (inquiries->slots[i].id != 0)
            return &inquiries->slots[i];
    return NULL;
}

struct bg_pid bg_inquiry_pid(const char *own_name, uint32_t creation, uint32_t id)
{
    return (struct bg_pid){
        .node = {.bytes = (const uint8_t *)own_name, .length = strlen(own_name)},
        .id = id & ((1u << PID_ID_BITS) - 1),
        .serial = id >> PID_ID_BITS,
        .creation = creation,
    };
}

struct bg_inquiry *bg_inquiries_find_pid(const struct bg_inquiries *inquiries, const struct bg_pid *pid)
{
    if (pid->id >> PID_ID_BITS != 0 || pid->serial > ID_MAX >> PID_ID_BITS)
        return NULL;
    return bg_inquiries_find(inquiries, pid->serial << PID_ID_BITS | pid->id);
}
