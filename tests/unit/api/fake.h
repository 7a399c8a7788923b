/* fake.h: replaces http, query and nodes: runs one call at a time and records what was asked and how it ended. */
#ifndef BG_TEST_FAKE_H
#define BG_TEST_FAKE_H

#include "beamgauge/clock.h"
#include "beamgauge/endpoint.h"
#include "beamgauge/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define FAKE_ASKS_MAX 160
#define FAKE_NODES_MAX 80

struct fake_ask {
    char node[300], question[40];
    json_t *args;
    int64_t max_age_ms, timeout_ms;
};

struct fake {
    /* set by the test */
    int64_t now_us, wall_ms;
    struct bg_services services;
    struct bg_node_info nodes[FAKE_NODES_MAX];
    size_t nodes_count;
    enum bg_error ask_error, put_error; /* what the next bg_query_ask(), bg_nodes_put() fails with */
    int64_t answer_age_ms;
    const struct bg_header *headers; /* of the request; name NULL ends; may be NULL */
    const char *wanted_type;         /* of the endpoint's types; NULL: the first */
    const char *name;                /* the kept name of any process elsewhere, as JSON; NULL: nothing is known */
    int64_t name_wall_ms;            /* since when */
    size_t names_late_count;         /* how often a node did not report names in time, and is not asked again */
    json_t *pairs;                   /* kept of any node; borrowed, and owned by the fake once a call has kept some */
    json_t *likely;                  /* pid -> the likely process at the other end; borrowed, or NULL */
    bool keeps;                      /* there are earlier answers: questions that want only those are recorded too */
    bool is_reader;                  /* the caller has not the scope admin */
    const char *bytes, *form;        /* the body of a form: its bytes; its fields, as JSON */

    /* what happened */
    struct fake_ask asks[FAKE_ASKS_MAX];
    size_t asks_count;
    int endings;
    int64_t extended_ms; /* more time, as the handler asked */
    int status;          /* of the reply, or of the failure */
    json_t *data, *meta;
    int64_t collected_us, fresh_until_us, rpc_us;
    char location[1200], plain[200];
    char sent[200]; /* headers of the reply, a line each */
    char *text;     /* of a custom reply */
    char content_type[100];
    bool empty;
    struct bg_failure failure; /* error BG_OK if the call did not fail */
    size_t cancelled_count;    /* tickets */
    size_t rejects_count;      /* answers that made no sense */
    struct bg_node_spec put;   /* pointers only good while the call's body lives */
    size_t puts_count, deletes_count;
};
extern struct fake fake;

/* A fresh fake with one node, shop@127.0.0.1, up. */
int fake_setup(void **state);
int fake_teardown(void **state);

/* Calls an operation; `params` is "name=value name=value" (no spaces in values), `body` JSON or NULL. Forgets the last call. */
void fake_call(const char *operation, const char *params, const char *body);
/* Answers the question in flight that was asked first. The answer must come out unchanged, since others share it. */
void fake_answer(const char *json);
void fake_answer_to(size_t ask, const char *json); /* answers fake.asks[ask] */
void fake_answer_value(json_t *data);              /* borrowed; no check */
void fake_answer_failure(enum bg_error error, const char *text);
/* The client goes. */
void fake_cancel(void);
void fake_forget(void); /* frees what the last call left */

const struct bg_endpoint *fake_endpoint(const char *operation);
/* A member of `data` (or of any value) by a dotted path; items of arrays by number. NULL if there is none. */
json_t *fake_at(const json_t *value, const char *path);
/* Compares with JSON text. */
void fake_expect(const json_t *value, const char *path, const char *json);
/* The call failed so, and the text has this in it. */
void fake_expect_failure(enum bg_error error, const char *in_text);

#define EXPECT(path, json) fake_expect(fake.data, path, json)
#define EXPECT_META(path, json) fake_expect(fake.meta, path, json)
#define EXPECT_ARG(ask, path, json) fake_expect(fake.asks[ask].args, path, json)

#endif
