/* endpoint.h: the endpoint descriptor, the centre of the house. Router, validation, 405/Allow, formats and help all derive from it. */
#ifndef BEAMGAUGE_ENDPOINT_H
#define BEAMGAUGE_ENDPOINT_H

#include "beamgauge/error.h"
#include "beamgauge/token.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bg_call; /* one request on its way to an answer; owned by http */
struct bg_nodes;
struct bg_queries;
struct bg_clock;

enum bg_method { BG_GET = 1, BG_PUT = 2, BG_POST = 4, BG_DELETE = 8 };

enum bg_param_type {
    BG_PARAM_INTEGER, /* decimal, within min..max */
    BG_PARAM_BOOLEAN, /* true | false */
    BG_PARAM_ENUM,    /* one of `choices` */
    BG_PARAM_NODE,    /* a node name, checked by bg_node_name_check */
    BG_PARAM_PID,     /* "0.123.0" or "<0.123.0>"; reaches the handler as "<0.123.0>" */
    BG_PARAM_TEXT     /* UTF-8 without control characters, min..max bytes */
};

struct bg_param {
    const char *name; /* NULL ends a table. A name that stands as {name} in the path is a path parameter, any other a query parameter */
    enum bg_param_type type;
    int64_t min, max;
    const char *const *choices; /* NULL-terminated */
    const char *fallback;       /* the value when absent, as it would be written; NULL: the parameter is absent then */
    const char *summary;
};

enum bg_column_kind { BG_COLUMN_TEXT, BG_COLUMN_COUNT, BG_COLUMN_BYTES, BG_COLUMN_RATIO, BG_COLUMN_RATE };

struct bg_column {
    const char *path;  /* dotted path into a row, e.g. "watcher.pid"; NULL ends a table. csv uses it as the header, dots as underscores */
    const char *title; /* heading in text and md */
    enum bg_column_kind kind;
    bool compact; /* shown in text and md, which must fit a chat window; csv and ndjson have every column */
};

typedef void bg_handler(struct bg_call *call);

struct bg_endpoint {
    enum bg_method method;
    const char *path; /* "/api/v1/nodes/{node}/memory"; NULL ends a table */
    enum bg_scope scope;
    const char *operation; /* stable camelCase name: "getMemory" */
    const char *summary;
    const struct bg_param *params;   /* may be NULL. `format`, where there are columns, is added by http */
    const struct bg_column *columns; /* NULL: only JSON (or plain text), no other format */
    /* Where the rows of `data` are when data is not itself an array: returns a new reference to an array. NULL: data is the array, or,
     * if it is an object, each of its members is a row {"field", "value"}. */
    json_t *(*rows)(const json_t *data);
    size_t body_max_bytes; /* 0: a request body is refused (413) */
    bg_handler *handler;
};

/* Every endpoint there is, in api/, one by one. NULL-terminated. */
extern const struct bg_endpoint *const bg_api_endpoints[];

/* What handlers work with. Set once by main. */
struct bg_services {
    struct bg_nodes *nodes;
    struct bg_queries *queries;
    const struct bg_clock *clock;
    const char *version;
    int64_t started_wall_ms;
    int64_t max_list_entries; /* a list of monitors longer than this is estimated, not copied */
    bool stopping;            /* being drained: /readyz says 503 */
};

const struct bg_services *bg_call_services(const struct bg_call *call);

/* Parameters, already checked against the descriptor. Asking for a name that the descriptor does not have is a defect (assert). */
int64_t bg_call_integer(const struct bg_call *call, const char *name); /* must be present or have a fallback */
bool bg_call_boolean(const struct bg_call *call, const char *name);
const char *bg_call_text(const struct bg_call *call, const char *name); /* NULL where absent; lives as long as the call */
bool bg_call_has(const struct bg_call *call, const char *name);         /* given by the client */
json_t *bg_call_body(const struct bg_call *call);                       /* borrowed; NULL where there is none */

/* Endings: exactly one per call, from inside the handler or later. They free the call. */

/* data and meta are stolen. `fresh_us`: until when, on the monotonic clock, the very same bytes may be sent again to whoever asks for
 * the same thing (0: never); `collected_us`: when the data was collected, from which http writes meta.age_ms anew each time. */
struct bg_reply {
    int status; /* 200, 201 ... */
    json_t *data, *meta;
    int64_t collected_us;
    int64_t fresh_until_us;
    int64_t rpc_us;       /* for Server-Timing; -1: none */
    const char *location; /* or NULL */
};
void bg_call_reply(struct bg_call *call, const struct bg_reply *reply);
void bg_call_plain(struct bg_call *call, int status, const char *text); /* text/plain, for /livez and /readyz */
void bg_call_empty(struct bg_call *call);                               /* 204 */
void bg_call_fail(struct bg_call *call, const struct bg_failure *failure);

/* Called if the client goes or the request's deadline passes before the ending; the call must not be touched afterwards. */
void bg_call_on_cancel(struct bg_call *call, void (*cancel)(void *context), void *context);

#endif
