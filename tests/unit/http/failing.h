/* failing.h: allocations that fail. A program with failing.c has malloc(), calloc() and realloc() of its own, so that those of our code, of
 * the C library and of every library fail where the test says so. */
#ifndef BG_TEST_FAILING_H
#define BG_TEST_FAILING_H

#include <stdbool.h>
#include <stddef.h>

/* From now on the allocation number `at`, counted from 1, fails, once; 0: none. */
void failing_at(long at);
/* The same, and all after it. */
void failing_from(long at);
/* All of so many bytes or more. */
void failing_of(size_t size);
/* True if enough allocations were made since then for one to fail; none fails any more. */
bool failing_end(void);
/* While it is false, allocations neither count nor fail: those of the test's own client, say. It is true at the start. */
void failing_here(bool here);
/* libevent's allocations never fail. Before libevent has made any. */
void failing_spare_libevent(void);
/* libevent allocates as in the program: where malloc fails, from the reserve. Before libevent has made any allocation. */
void failing_with_reserve(void);

#endif
