/* inquiry.h: the table of questions in flight on one link. Pure: the time is an argument. */
#ifndef BG_NODES_INQUIRY_H
#define BG_NODES_INQUIRY_H

#include "beamgauge/node.h"
#include "wire.h"

struct bg_link;

/* One question. Its id is in the pid of ours that asks it, and finds it again: slot = id modulo the table's size.
 *
 *   free: id 0   ->  asked: done set  ->  free (answered, failed)
 *                                     ->  abandoned: done NULL (cancelled or too late, its process not yet known)  ->  free
 *
 * An abandoned one keeps its slot until the node tells the process, which is then killed: so a node that does not get to its questions
 * is not heaped with more of them. */
struct bg_inquiry {
    struct bg_link *link;
    uint32_t id;
    int64_t asked_us, deadline_us;
    bg_inquiry_done *done;
    void *context;
    const struct bg_calls *calls; /* of a native question, whose process ends with the answer and sends none; else NULL */
    uint32_t pid_id, pid_serial;  /* of the pid in them */
    bool at_server;               /* the node cannot start a process, so that its server rex makes the calls */
    bool spawned;                 /* `process` is known */
    struct {
        uint32_t id, serial, creation;
    } process; /* on the link's node */
};

struct bg_inquiries {
    struct bg_inquiry *slots;
    size_t max, count;
    uint32_t last_id;
    int64_t wake_us; /* no deadline is before this */
};

bool bg_inquiries_init(struct bg_inquiries *inquiries, size_t max);
void bg_inquiries_done(struct bg_inquiries *inquiries);
/* A new one, with an id that no other has; NULL where the table is full. */
struct bg_inquiry *bg_inquiries_add(struct bg_inquiries *inquiries, int64_t now_us, int64_t deadline_us);
struct bg_inquiry *bg_inquiries_find(const struct bg_inquiries *inquiries, uint32_t id);
/* The pid of ours that stands for an id. Before OTP 24 a pid has 15 bits of id and 13 of serial, and a node closes the connection at
 * any larger ones; so an id's lower 15 bits are the pid's id, and the rest its serial. */
struct bg_pid bg_inquiry_pid(const char *own_name, uint32_t creation, uint32_t id);
struct bg_inquiry *bg_inquiries_find_pid(const struct bg_inquiries *inquiries, const struct bg_pid *pid);
/* Gives it an earlier deadline. */
void bg_inquiries_hasten(struct bg_inquiries *inquiries, struct bg_inquiry *inquiry, int64_t deadline_us);
void bg_inquiries_abandon(struct bg_inquiries *inquiries, struct bg_inquiry *inquiry);
void bg_inquiries_remove(struct bg_inquiries *inquiries, struct bg_inquiry *inquiry);
/* Any one whose deadline has come, or NULL, and then wake_us is the next one's (INT64_MAX: none). */
struct bg_inquiry *bg_inquiries_expired(struct bg_inquiries *inquiries, int64_t now_us);
struct bg_inquiry *bg_inquiries_any(const struct bg_inquiries *inquiries);

#endif
