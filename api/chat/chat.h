/* chat.h: answers a chat command with a card that any chat can show. */
#ifndef BG_API_CHAT_H
#define BG_API_CHAT_H

#include "beamgauge/endpoint.h"

/* A chat waits at most three seconds. A question that takes longer continues, and the next request gets its answer. */
#define BG_CHAT_TIMEOUT_MS 2000
#define BG_CHAT_WARM_MS 28000
#define BG_CHAT_MAX_AGE_MS 1000
#define BG_CHAT_KEPT_MS 30000 /* maximum age of an answer if no fresh one comes in time */
#define BG_CHAT_NODES_MAX 8   /* nodes that are asked for `pairs` of all nodes; the others are named in a note */
#define BG_CHAT_LIST_MAX 50   /* rows of any card */

/* A card is {"kind": "answer" | "mistake" | "waiting" | "trouble", "title", "columns": [{"title", "right"}], "rows": [[text]],
 * "notes": [text]}. Its texts may contain anything except control characters. */

struct bg_chat; /* the caller owns it until it is done or stopped */
/* The card is stolen; NULL: memory ran out. `age_ms`: of the oldest answer in it. */
typedef void bg_chat_done(void *context, json_t *card, int64_t age_ms);

/* `done` may be called before this returns; then *ret_chat is NULL. False if memory ran out: nothing was started. */
bool bg_chat_start(const struct bg_services *services, uint64_t reader, const char *text, bg_chat_done *done, void *context,
                   struct bg_chat **ret_chat);
void bg_chat_stop(struct bg_chat *chat);

/* Takes over a call and answers it with the card of `text`. */
void bg_chat_run(struct bg_call *call, const char *text);
/* The same for a chat's slash command: after `check` has verified the sender, the text comes from the form. `unescape` (or NULL) undoes in
 * place the escapes that the chat added. */
typedef enum bg_error bg_chat_check(const struct bg_call *call, struct bg_failure *ret_failure);
void bg_chat_run_form(struct bg_call *call, bg_chat_check *check, void (*unescape)(char *text));

#endif
