/* endpoint.h: the endpoint descriptor, the centre of the program. Router, validation, 405/Allow, formats and help all derive from it. */
#ifndef BEAMGAUGE_ENDPOINT_H
#define BEAMGAUGE_ENDPOINT_H

#include "beamgauge/error.h"
#include "beamgauge/token.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct bg_call; /* one request on its way to an answer; owned by http */
struct bg_nodes;
struct bg_queries;
struct bg_clock;
struct bg_config;
struct bg_replays;
struct bg_metrics;
struct bg_store;

enum bg_method { BG_GET = 1, BG_PUT = 2, BG_POST = 4, BG_DELETE = 8 };

enum bg_param_type {
    BG_PARAM_INTEGER, /* decimal, within min..max */
    BG_PARAM_BOOLEAN, /* true | false */
    BG_PARAM_ENUM,    /* one of `choices` */
    BG_PARAM_NODE,    /* a node name, checked by bg_node_name_check */
    BG_PARAM_PID,     /* "0.123.0" or "<0.123.0>"; reaches the handler as "<0.123.0>" */
    BG_PARAM_TEXT     /* UTF-8 without control characters, min..max bytes */
};

#define BG_PARAM_REPEATS_MAX 93 /* values after the first, of all parameters of an endpoint that may be given several times */

struct bg_param {
    const char *name; /* NULL ends a table. A name that is {name} in the path is a path parameter, any other is a query parameter */
    enum bg_param_type type;
    int64_t min, max;
    const char *const *choices; /* NULL-terminated */
    const char *fallback;       /* the value when absent, as it would be written; NULL: the parameter is absent then */
    const char *summary;
    size_t times_max; /* how often a query parameter may be given; 0 and 1: once. See BG_PARAM_REPEATS_MAX */
};

enum bg_column_kind {
    BG_COLUMN_TEXT,
    BG_COLUMN_WHOLE, /* text that must not be cut: a time, a sentence */
    BG_COLUMN_COUNT,
    BG_COLUMN_ENTRIES, /* a count that is an estimate where its row's `exact` is false: text and md mark it */
    BG_COLUMN_BOUND,   /* the same, but null if nobody has counted: text and md then show its row's `uncounted_count` */
    BG_COLUMN_BYTES,
    BG_COLUMN_RATIO,
    BG_COLUMN_RATE,      /* a change in each second, with its sign */
    BG_COLUMN_BYTE_RATE, /* the same of bytes */
    BG_COLUMN_OF_UNIT,   /* a number of what its row's `unit` says: bytes, count, ratio ... */
    BG_COLUMN_UNIT_RATE, /* a change of that in each second */
    BG_COLUMN_DURATION   /* seconds: shown as s, min, h or days */
};

struct bg_column {
    /* Dotted path into a row, e.g. "watcher.pid"; NULL ends a table. csv uses it as the header, with underscores for dots. Of "a|b" csv has
     * a; text and md show b if there is no a. */
    const char *path;
    const char *title; /* heading in text and md */
    enum bg_column_kind kind;
    /* Shown in text and md, which must fit a chat window. The sort column (meta's sorted_by) is shown too. csv and ndjson have all
     * columns. */
    bool compact;
};

/* A format of an answer that is not made from rows. */
struct bg_representation {
    const char *name;                                                 /* as in format=; NULL ends a table */
    const char *content_type;                                         /* also what Accept chooses by */
    bool (*write)(const json_t *data, const json_t *meta, FILE *out); /* false where memory ran out; NULL: the JSON of every answer */
};

enum bg_body_type { BG_BODY_JSON, BG_BODY_FORM /* application/x-www-form-urlencoded; the handler decodes it with bg_call_form() */ };

typedef void bg_handler(struct bg_call *call);

struct bg_endpoint {
    enum bg_method method;
    const char *path; /* "/api/v1/nodes/{node}/memory"; NULL ends a table */
    enum bg_scope scope;
    bool is_health;        /* not counted in any quota: a busy service must not look dead */
    const char *operation; /* stable camelCase name: "getMemory" */
    const char *summary;
    const struct bg_param *params;         /* may be NULL. `format`, where there are columns, is added by http */
    const struct bg_column *columns;       /* NULL: only JSON (or plain text), no other format */
    const struct bg_column *group_columns; /* used instead if the rows are groups, which have a member "group"; or NULL */
    /* Returns the rows of `data`, a new reference to an array. NULL: data is the array; or data is an object, and each of its members is a
     * row {"field", "value"}. */
    json_t *(*rows)(const json_t *data);
    /* If the handler writes the body itself, for bg_call_custom(): the content types that it can have. The first is the default.
     * NULL-terminated; Accept chooses, see bg_call_type(). NULL: JSON (or plain text). */
    const char *const *types;
    /* All formats of the answer, the preferred one first. They replace JSON and the formats made from columns. NULL: those are used. */
    const struct bg_representation *representations;
    size_t body_max_bytes; /* 0: a request body is refused (413) */
    enum bg_body_type body_type;
    bg_handler *handler;
};

/* All endpoints of api/. NULL-terminated. */
extern const struct bg_endpoint *const bg_api_endpoints[];

/* What handlers work with. Set once by main. */
struct bg_services {
    struct bg_nodes *nodes;
    struct bg_queries *queries;
    const struct bg_clock *clock;
    struct bg_metrics *metrics;     /* may be NULL */
    const struct bg_config *config; /* the current configuration: a reload may replace its lists */
    struct bg_replays *replays;     /* signed requests accepted lately */
    struct bg_store *store;         /* what was; NULL: nothing is sampled */
    const char *version;
    int64_t started_wall_ms;
    int64_t max_list_entries; /* a list of monitors longer than this is estimated, not copied */
    /* Writes a sentence about the discovery of nodes, or "". NULL: there is no discovery. */
    void (*discovery_note)(void *context, size_t size, char *ret_text);
    void *discovery_context;
    bool stopping; /* being drained: /readyz says 503 */
};

const struct bg_services *bg_call_services(const struct bg_call *call);

/* Parameters, already checked against the descriptor. To ask for a name that the descriptor does not have is a defect (assert). */
int64_t bg_call_integer(const struct bg_call *call, const char *name); /* must be present or have a fallback */
bool bg_call_boolean(const struct bg_call *call, const char *name);
const char *bg_call_text(const struct bg_call *call, const char *name); /* NULL where absent; lives as long as the call */
bool bg_call_has(const struct bg_call *call, const char *name);         /* given by the client */
size_t bg_call_count(const struct bg_call *call, const char *name);     /* how many times it was given; a fallback counts as once */
const char *bg_call_text_at(const struct bg_call *call, const char *name, size_t index); /* in the order given; index below the count */
json_t *bg_call_body(const struct bg_call *call);                                        /* borrowed; NULL where there is none */
/* The first header of that name, without blanks around it; NULL: absent. Lives as long as the call. */
const char *bg_call_header(const struct bg_call *call, const char *name);
/* The body's bytes as they came, not terminated; they live as long as the call. */
const char *bg_call_bytes(const struct bg_call *call, size_t *ret_length);
/* A BG_BODY_FORM's fields, an object of texts: UTF-8 without control characters, each field once. A new reference. */
enum bg_error bg_call_form(const struct bg_call *call, json_t **ret_fields, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* The caller as a number: the token, or the client's address if there is no token. */
uint64_t bg_call_reader(const struct bg_call *call);
/* Which of the endpoint's types the client wants; NULL where the endpoint has none. */
const char *bg_call_type(const struct bg_call *call);

/* Whether the caller has that scope besides the endpoint's own. */
bool bg_call_may(const struct bg_call *call, enum bg_scope scope);

/* Within the handler: extends the call's time beyond its parameters timeout_ms and window_ms. */
void bg_call_extend(struct bg_call *call, int64_t more_ms);

/* Endings: exactly one per call, from inside the handler or later. They free the call. */

struct bg_header {
    const char *name, *value; /* control characters in the value become '?'; name NULL ends a table */
};
/* data and meta are stolen. `fresh_us`: until this time on the monotonic clock the same bytes may answer the same request again (0: never).
 * `collected_us`: when the data was collected; http computes meta.age_ms from it each time. */
struct bg_reply {
    int status; /* 200, 201 ... */
    json_t *data, *meta;
    int64_t collected_us;
    int64_t fresh_until_us;
    int64_t rpc_us;                  /* for Server-Timing; -1: none */
    const char *location;            /* or NULL */
    const struct bg_header *headers; /* or NULL; an answer with headers of its own is never cached */
    /* Why the answer is incomplete, or NULL. If set, the JSON is a problem document with `data` and `meta` as further members. */
    const struct bg_failure *failure;
};
void bg_call_reply(struct bg_call *call, const struct bg_reply *reply);
void bg_call_plain(struct bg_call *call, int status, const char *text); /* text/plain, for /livez and /readyz */
void bg_call_empty(struct bg_call *call);                               /* 204 */
/* A body that the handler wrote itself; all is copied. */
struct bg_custom {
    int status;
    const char *content_type;
    const char *bytes;
    size_t length;
    const struct bg_header *headers; /* more of them; NULL name ends; may be NULL */
};
void bg_call_custom(struct bg_call *call, const struct bg_custom *reply);
void bg_call_fail(struct bg_call *call, const struct bg_failure *failure);

/* Called if the client disconnects or the deadline passes before the call has ended. The call must not be used afterwards. */
void bg_call_on_cancel(struct bg_call *call, void (*cancel)(void *context), void *context);

#endif
