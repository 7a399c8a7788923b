/* inquiry.h: the table of questions in flight on one link. Pure: the time is an argument. */
#ifndef BG_NODES_INQUIRY_H
#define BG_NODES_INQUIRY_H

#include "beamgauge/node.h"
#include "wire.h"

struct bg_link;

/* One question. Its id is part of our pid that asks it, and leads back to it: slot = id modulo the table's size.
 *
 *   free: id 0   ->  asked: done set  ->  free (answered, failed)
 *                                     ->  abandoned: done NULL (cancelled or too late, its process not yet known)  ->  free
 *
 * An abandoned question keeps its slot until the node reports its process, which is then killed. So a node that is too slow for its
 * questions does not get ever more of them. */
struct bg_inquiry {
    struct bg_link *link;
    uint32_t id;
    int64_t asked_us, deadline_us;
    bg_inquiry_done *done;
    void *context;
    const struct bg_calls *calls; /* of a native question: its process exits with the answer and sends no message; else NULL */
    uint32_t pid_id, pid_serial;  /* the pid that is inserted into `calls` */
    bool at_server;               /* the node cannot start a process, so its server rex makes the calls */
    bool spawned;                 /* `process` is known */
    struct {
        uint32_t id, serial, creation;
    } process; /* on the link's node */
};

struct bg_inquiries {
    struct bg_inquiry *slots;
    size_t max, count;
    uint32_t last_id;
    int64_t wake_us; /* no deadline is earlier than this */
};

bool bg_inquiries_init(struct bg_inquiries *inquiries, size_t max);
void bg_inquiries_done(struct bg_inquiries *inquiries);
/* Adds a question with a unique id; NULL if the table is full. */
struct bg_inquiry *bg_inquiries_add(struct bg_inquiries *inquiries, int64_t now_us, int64_t deadline_us);
struct bg_inquiry *bg_inquiries_find(const struct bg_inquiries *inquiries, uint32_t id);
/* Our pid for an id. Before OTP 24 a pid has 15 bits of id and 13 of serial, and a node closes the connection if they are larger. So the
 * lower 15 bits of an id are the pid's id, and the rest is its serial. */
struct bg_pid bg_inquiry_pid(const char *own_name, uint32_t creation, uint32_t id);
struct bg_inquiry *bg_inquiries_find_pid(const struct bg_inquiries *inquiries, const struct bg_pid *pid);
/* Gives it an earlier deadline. */
void bg_inquiries_hasten(struct bg_inquiries *inquiries, struct bg_inquiry *inquiry, int64_t deadline_us);
void bg_inquiries_abandon(struct bg_inquiries *inquiries, struct bg_inquiry *inquiry);
void bg_inquiries_remove(struct bg_inquiries *inquiries, struct bg_inquiry *inquiry);
/* A question whose deadline has passed, or NULL; then wake_us is the next deadline (INT64_MAX: none). */
struct bg_inquiry *bg_inquiries_expired(struct bg_inquiries *inquiries, int64_t now_us);
struct bg_inquiry *bg_inquiries_any(const struct bg_inquiries *inquiries);

#endif
