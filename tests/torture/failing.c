/* failing.c: loaded before a program's libraries (LD_PRELOAD), makes one of its allocations fail, or that one and all after it: those of
 * our code, of the C library and of every library. Which one is said, and how many there were is read, in a file that is named in
 * BG_FAILING. A crash says where it was. */
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* glibc's own, beneath the functions that stand in their place. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

/* The file, as lib/failing.mjs writes it. */
struct control {
    int64_t fail_at;    /* the number of the one that fails, from 1; 0: none are counted */
    int64_t count;      /* allocations since then */
    int64_t failed;     /* 1: it was reached */
    int64_t says_where; /* 1: the place is written to stderr */
    int64_t is_lasting; /* 1: all that come after it fail too, until fail_at is 0 */
};

static struct control *control;
static pthread_t first;

static void tell_where(const char *what)
{
    void *frames[40];
    const int count = backtrace(frames, 40);
    if (write(STDERR_FILENO, what, strlen(what)) > 0)
        backtrace_symbols_fd(frames + 1, count - 1, STDERR_FILENO);
}

static void on_crash(int number)
{
    if (control != NULL)
        control->fail_at = 0;
    tell_where("torture: crash at\n");
    (void)raise(number);
}

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("BG_FAILING");
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER)};
    void *frame[1];
    const int file = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    (void)backtrace(frame, 1); /* it loads a library the first time */
    (void)sigaction(SIGSEGV, &action, NULL);
    (void)sigaction(SIGABRT, &action, NULL);
    (void)sigaction(SIGBUS, &action, NULL);
    first = pthread_self();
    void *shared = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    control = shared != MAP_FAILED ? shared : NULL;
    (void)close(file);
}

/* Only the thread that serves: what others do meanwhile is not the same twice. */
static bool must_fail(void)
{
    if (control == NULL || control->fail_at == 0 || !pthread_equal(pthread_self(), first) || ++control->count < control->fail_at)
        return false;
    control->failed = 1;
    if (control->is_lasting == 0)
        control->fail_at = 0;
    if (control->says_where != 0)
        tell_where("torture: an allocation fails at\n");
    return true;
}

void *malloc(size_t size)
{
    return must_fail() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return must_fail() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return must_fail() ? NULL : __libc_realloc(old, size);
}
