/* failing.c: allocations that fail in turn, beneath everything that this program calls. */
#include "failing.h"

#include "beamgauge/reserve.h"

#include <event2/event.h>
#include <stdlib.h>

/* glibc's own, beneath the functions that this program puts in their place. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static bool counts = true, lasts;
static long fail_at, allocations;
static size_t fail_size; /* 0: none fails for its size */

static bool must_fail(size_t size)
{
    if (fail_size > 0 && size >= fail_size)
        return true;
    return counts && fail_at > 0 && ++allocations >= fail_at && (lasts || allocations == fail_at);
}

void *malloc(size_t size)
{
    return must_fail(size) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return must_fail(count * size) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return must_fail(size) ? NULL : __libc_realloc(old, size);
}

static void *safe_malloc(size_t size)
{
    return __libc_malloc(size);
}

static void *safe_realloc(void *old, size_t size)
{
    return __libc_realloc(old, size);
}

void failing_at(long at)
{
    allocations = 0;
    fail_at = at;
    lasts = false;
}

void failing_from(long at)
{
    failing_at(at);
    lasts = true;
}

void failing_of(size_t size)
{
    fail_size = size;
}

bool failing_end(void)
{
    bool reached = fail_at > 0 && allocations >= fail_at;

    fail_at = 0;
    fail_size = 0;
    return reached;
}

void failing_here(bool here)
{
    counts = here;
}

void failing_spare_libevent(void)
{
    event_set_mem_functions(safe_malloc, safe_realloc, free);
}

void failing_with_reserve(void)
{
    if (!bg_reserve_start())
        abort();
    event_set_mem_functions(bg_reserve_malloc, bg_reserve_realloc, bg_reserve_free);
}
