/* queue.c: lists of samples and of tickets. */
#include "queue.h"

#include <stdlib.h>
#include <string.h>

void bg_queue_init(struct bg_queue *ret_queue)
{
    *ret_queue = (struct bg_queue){.first = NULL, .count = 0};
    ret_queue->end = &ret_queue->first;
}

struct bg_queued *bg_queued_new(const struct bg_sample *sample, size_t series_count)
{
    const size_t values = series_count * sizeof(double), length = strlen(sample->node) + 1;
    struct bg_queued *one = malloc(sizeof *one + values + length);

    if (one == NULL)
        return NULL;
    *one = (struct bg_queued){.wall_ms = sample->wall_ms, .started_ms = sample->started_ms};
    memcpy(one->values, sample->values, values);
    one->node = memcpy((char *)one->values + values, sample->node, length);
    return one;
}

void bg_queue_put(struct bg_queue *queue, struct bg_queued *one)
{
    one->next = NULL;
    *queue->end = one;
    queue->end = &one->next;
    queue->count++;
}

void bg_queue_take(struct bg_queue *queue, size_t most, struct bg_queue *ret_taken)
{
    bg_queue_init(ret_taken);
    while (queue->first != NULL && ret_taken->count < most) {
        struct bg_queued *one = queue->first;

        queue->first = one->next;
        queue->count--;
        bg_queue_put(ret_taken, one);
    }
    if (queue->first == NULL)
        queue->end = &queue->first;
}

void bg_queue_clear(struct bg_queue *queue)
{
    while (queue->first != NULL) {
        struct bg_queued *one = queue->first;

        queue->first = one->next;
        free(one);
    }
    bg_queue_init(queue);
}

struct bg_history_ticket *bg_history_ticket_new(const struct bg_history_request *request)
{
    const size_t length = strlen(request->node) + 1;
    struct bg_history_ticket *ticket = calloc(1, sizeof *ticket + length);

    if (ticket == NULL)
        return NULL;
    memcpy(ticket->node, request->node, length);
    memcpy(ticket->series, request->series, request->series_count * sizeof ticket->series[0]);
    ticket->request = *request;
    ticket->request.node = ticket->node;
    ticket->request.series = ticket->series;
    return ticket;
}

void bg_history_ticket_free(struct bg_history_ticket *ticket)
{
    if (ticket == NULL)
        return;
    free((void *)ticket->history.buckets);
    free((void *)ticket->history.restarts_ms);
    free(ticket);
}

void bg_tickets_put(struct bg_tickets *tickets, struct bg_history_ticket *ticket)
{
    struct bg_history_ticket **end = &tickets->first;

    while (*end != NULL)
        end = &(*end)->next;
    ticket->next = NULL;
    *end = ticket;
    tickets->count++;
}

struct bg_history_ticket *bg_tickets_take(struct bg_tickets *tickets, const struct bg_history_ticket *ticket)
{
    for (struct bg_history_ticket **at = &tickets->first; *at != NULL; at = &(*at)->next)
        if (ticket == NULL || *at == ticket) {
            struct bg_history_ticket *taken = *at;

            *at = taken->next;
            tickets->count--;
            return taken;
        }
    return NULL;
}

void bg_tickets_clear(struct bg_tickets *tickets)
{
    while (tickets->first != NULL)
        bg_history_ticket_free(bg_tickets_take(tickets, NULL));
}
