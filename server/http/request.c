/* request.c: the parts of a request that this room needs, copied from evhttp's in one pass. */
#include "request.h"

#include "server.h"

#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

static unsigned method_of(enum evhttp_cmd_type type)
{
    switch (type) {
    case EVHTTP_REQ_GET:
    case EVHTTP_REQ_HEAD:
        return BG_GET;
    case EVHTTP_REQ_PUT:
        return BG_PUT;
    case EVHTTP_REQ_POST:
        return BG_POST;
    case EVHTTP_REQ_DELETE:
        return BG_DELETE;
    case EVHTTP_REQ_OPTIONS:
    case EVHTTP_REQ_TRACE:
    case EVHTTP_REQ_CONNECT:
    case EVHTTP_REQ_PATCH:
        break;
    }
    return 0;
}

/* Only what cannot harm a header, a log line or a shell. */
static bool id_is_fit(const char *id)
{
    size_t length = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    return length > 0 && length < BG_REQUEST_ID_SIZE && id[length] == '\0';
}

/* The first of repeated headers counts; where that would matter, the gate refuses repeated headers. */
static void take_header(struct bg_request *request, const char *name, const char *value, const char **ret_id)
{
    const struct {
        const char *name;
        const char **place;
    } known[] = {{"Accept", &request->accept},
                 {"Accept-Encoding", &request->accept_encoding},
                 {"Authorization", &request->authorization},
                 {"Content-Type", &request->content_type},
                 {"If-None-Match", &request->if_none_match},
                 {"X-Request-Id", ret_id}};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if ((name[0] | 0x20) == (known[i].name[0] | 0x20) && strcasecmp(name, known[i].name) == 0 && *known[i].place == NULL)
            *known[i].place = value + strspn(value, "\t ");
}

/* Whether a header's list of words has this one. */
static bool list_has(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = list; *at != '\0'; at += strcspn(at, ",")) {
        at += strspn(at, ", \t");
        if (strncasecmp(at, word, length) == 0 && strchr(", \t", at[length]) != NULL)
            return true;
    }
    return false;
}

void bg_request_number(struct bg_http *http, struct bg_request *request)
{
    http->requests_count++;
    snprintf(request->id, sizeof request->id, "%s-%" PRIx64, http->instance, http->requests_count);
}

void bg_request_read(struct bg_http *http, struct evhttp_request *raw, struct bg_request *ret_request)
{
    struct evkeyval *header;
    const char *id = NULL, *query;

    *ret_request = (struct bg_request){.raw = raw, .method = method_of(evhttp_request_get_command(raw))};
    ret_request->is_head = evhttp_request_get_command(raw) == EVHTTP_REQ_HEAD;
    ret_request->target = evhttp_request_get_uri(raw);
    ret_request->target_length = ret_request->path_length = strlen(ret_request->target);
    if ((query = memchr(ret_request->target, '?', ret_request->target_length)) != NULL) {
        ret_request->path_length = (size_t)(query - ret_request->target);
        ret_request->query = query + 1;
    }
    ret_request->is_11 = raw->major == 1 && raw->minor == 1;
    for (header = TAILQ_FIRST(evhttp_request_get_input_headers(raw)); header != NULL; header = TAILQ_NEXT(header, next)) {
        take_header(ret_request, header->key, header->value, &id);
        if (strcasecmp(header->key, "Connection") == 0)
            ret_request->closes = ret_request->closes || list_has(header->value, "close");
    }
    bg_request_number(http, ret_request);
    if (id != NULL && id_is_fit(id))
        memcpy(ret_request->id, id, strlen(id) + 1);
}
