/* log_writer.c: writing lines to stderr from a thread of its own, so that a caller never waits for a pipe or a disk. */
#include "log_writer.h"

#include "beamgauge/clock.h"
#include "beamgauge/log.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define QUEUE_BYTES (256 * 1024)
#define FLUSH_MS 1000 /* at the end; lines not written by then are lost */

enum state {
    DIRECT, /* no thread: the caller writes */
    QUEUED, /* lines go to the queue, the thread writes them */
    STUCK,  /* the thread did not end in time: no more lines are written */
};

/* A ring of whole lines:
 *
 *      bytes   ....[ first ... length bytes ... ]....   the newest line ends where the free part begins */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t more, idle;
    pthread_t thread;
    enum state state;
    bool stopping, writing;
    size_t first, length;
    uint64_t lost;     /* lines, all together */
    uint64_t unspoken; /* lost lines that the log has not reported yet */
    char bytes[QUEUE_BYTES];
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};

/* True if all of it was written. */
static bool write_all(const char *line, size_t length)
{
    struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};

    while (length > 0) {
        ssize_t written = write(STDERR_FILENO, line, length);

        if (written < 0 && errno == EAGAIN) /* another program has set it non-blocking */
            poll(&ready, 1, -1);
        else if (written < 0 && errno != EINTR)
            return false;
        else if (written > 0)
            line += written, length -= (size_t)written;
    }
    return true;
}

static char byte_at(size_t place)
{
    return queue.bytes[(queue.first + place) % QUEUE_BYTES];
}

/* Takes the oldest line out of the queue. */
static size_t take_line(char ret_line[BG_LOG_LINE_SIZE])
{
    size_t length = 0;

    while (length < queue.length && length < BG_LOG_LINE_SIZE && (length == 0 || ret_line[length - 1] != '\n')) {
        ret_line[length] = byte_at(length);
        length++;
    }
    queue.first = (queue.first + length) % QUEUE_BYTES;
    queue.length -= length;
    return length;
}

static void count_lost(uint64_t lines)
{
    queue.lost += lines;
    queue.unspoken += lines;
}

/* Called with the lock held; it is released while the line is written. */
static bool write_unlocked(const char *line, size_t length)
{
    bool written;

    queue.writing = true;
    pthread_mutex_unlock(&queue.lock);
    written = write_all(line, length);
    pthread_mutex_lock(&queue.lock);
    queue.writing = false;
    return written;
}

static void mention_lost(void)
{
    char line[128], now[BG_RFC3339_SIZE];
    uint64_t lines = queue.unspoken;
    int length;

    bg_clock_rfc3339(bg_clock_wall_ms(bg_clock_system()), now);
    length = snprintf(line, sizeof line, "ts=%s level=warn event=log_lines_lost lines=%" PRIu64 "\n", now, lines);
    if (write_unlocked(line, (size_t)length))
        queue.unspoken -= lines;
}

static void *run(void *ignored)
{
    char line[BG_LOG_LINE_SIZE];

    pthread_mutex_lock(&queue.lock);
    for (;;) {
        while (queue.length == 0 && !queue.stopping)
            pthread_cond_wait(&queue.more, &queue.lock);
        if (queue.length == 0)
            break;
        if (!write_unlocked(line, take_line(line)))
            count_lost(1);
        else if (queue.length == 0 && queue.unspoken > 0)
            mention_lost();
        if (queue.length == 0)
            pthread_cond_signal(&queue.idle);
    }
    pthread_mutex_unlock(&queue.lock);
    return ignored;
}

void bg_log_write(const char *line, size_t length)
{
    int kept = errno; /* logging must not change the caller's errno */

    pthread_mutex_lock(&queue.lock);
    if (queue.state == DIRECT) {
        if (!write_all(line, length))
            count_lost(1);
    } else if (queue.state == STUCK || queue.length + length > QUEUE_BYTES) {
        count_lost(1);
    } else {
        for (size_t i = 0; i < length; i++)
            queue.bytes[(queue.first + queue.length + i) % QUEUE_BYTES] = line[i];
        queue.length += length;
        pthread_cond_signal(&queue.more);
    }
    pthread_mutex_unlock(&queue.lock);
    errno = kept;
}

uint64_t bg_log_lost(void)
{
    uint64_t lost;

    pthread_mutex_lock(&queue.lock);
    lost = queue.lost;
    pthread_mutex_unlock(&queue.lock);
    return lost;
}

bool bg_log_start(void)
{
    pthread_condattr_t monotonic;
    sigset_t all, before;
    int error;

    if (queue.state != DIRECT)
        return true;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&queue.idle, &monotonic);
    pthread_condattr_destroy(&monotonic);
    queue.stopping = false;
    sigfillset(&all); /* the event loop handles signals */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&queue.thread, NULL, run, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0)
        queue.state = QUEUED;
    return error == 0;
}

void bg_log_stop(void)
{
    struct timespec end;
    int error = 0;

    if (queue.state != QUEUED)
        return;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += FLUSH_MS / 1000;
    pthread_mutex_lock(&queue.lock);
    queue.stopping = true;
    pthread_cond_signal(&queue.more);
    while ((queue.length > 0 || queue.writing) && error == 0)
        error = pthread_cond_timedwait(&queue.idle, &queue.lock, &end);
    queue.state = error == 0 ? DIRECT : STUCK;
    pthread_mutex_unlock(&queue.lock);
    if (error == 0)
        pthread_join(queue.thread, NULL);
    else
        pthread_detach(queue.thread);
}
