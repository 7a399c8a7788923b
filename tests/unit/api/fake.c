/* fake.c: replaces http, query and nodes: runs one call at a time and records what was asked and how it ended. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define PARAMS_MAX 80

struct bg_call {
    const struct bg_endpoint *endpoint;
    char text[4000];
    const char *names[PARAMS_MAX], *values[PARAMS_MAX];
    size_t count;
    json_t *body;
    void (*cancel)(void *context);
    void *cancel_context;
};

struct bg_ticket {
    bg_query_done *done;
    void *context;
};

struct fake fake;
static struct bg_call call;
static struct bg_ticket tickets[FAKE_ASKS_MAX]; /* of fake.asks; done is NULL if the question is not in flight */

static int64_t now_us(void *context)
{
    (void)context;
    return fake.now_us;
}

static int64_t wall_ms(void *context)
{
    (void)context;
    return fake.wall_ms;
}

int fake_setup(void **state)
{
    static const struct bg_clock clock = {.monotonic_us = now_us, .wall_ms = wall_ms};
    (void)state;
    memset(&fake, 0, sizeof fake);
    fake.now_us = 5000000;
    fake.wall_ms = 1795420800123;
    fake.services = (struct bg_services){.clock = &clock, .version = "1.2.3", .started_wall_ms = 1795420700000, .max_list_entries = 200000};
    fake.nodes[0] = (struct bg_node_info){.name = "shop@127.0.0.1",
                                          .address = "127.0.0.1",
                                          .state = BG_LINK_UP,
                                          .reason_text = "",
                                          .since_wall_ms = 1795420800000,
                                          .retry_in_ms = -1};
    fake.nodes_count = 1;
    return 0;
}

void fake_forget(void)
{
    for (size_t i = 0; i < FAKE_ASKS_MAX; i++)
        json_decref(fake.asks[i].args);
    json_decref(fake.data);
    json_decref(fake.meta);
    json_decref(call.body);
    free(fake.text);
    fake.text = NULL;
    memset(fake.asks, 0, sizeof fake.asks);
    memset(&fake.failure, 0, sizeof fake.failure);
    fake.data = fake.meta = call.body = NULL;
    fake.asks_count = 0;
    fake.endings = 0;
    fake.extended_ms = 0;
    fake.status = 0;
    fake.sent[0] = fake.location[0] = fake.plain[0] = '\0';
    fake.empty = false;
}

int fake_teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < FAKE_ASKS_MAX && fake.endings == 0; i++)
        if (tickets[i].done != NULL)
            fake_cancel();
    fake_forget();
    return 0;
}

const struct bg_endpoint *fake_endpoint(const char *operation)
{
    for (size_t i = 0; bg_api_endpoints[i] != NULL; i++)
        if (strcmp(bg_api_endpoints[i]->operation, operation) == 0)
            return bg_api_endpoints[i];
    fail_msg("no operation %s", operation);
    return NULL;
}

void fake_call(const char *operation, const char *params, const char *body)
{
    char *save = NULL;
    fake_forget();
    memset(tickets, 0, sizeof tickets);
    memset(&call, 0, sizeof call);
    call.endpoint = fake_endpoint(operation);
    call.body = body != NULL ? json_loads(body, JSON_DECODE_ANY, NULL) : NULL;
    assert_true(strlen(params) < sizeof call.text);
    memcpy(call.text, params, strlen(params) + 1);
    for (char *part = strtok_r(call.text, " ", &save); part != NULL; part = strtok_r(NULL, " ", &save)) {
        char *value = strchr(part, '=');
        assert_non_null(value);
        *value = '\0';
        call.names[call.count] = part;
        call.values[call.count++] = value + 1;
    }
    call.endpoint->handler(&call);
}

/* The question in flight that was asked first. */
static size_t oldest(void)
{
    for (size_t i = 0; i < fake.asks_count; i++)
        if (tickets[i].done != NULL)
            return i;
    fail_msg("no question is in flight");
    return 0;
}

static void finish_ticket(size_t ask, const struct bg_failure *failure, const struct bg_answer *answer)
{
    const struct bg_ticket done = tickets[ask];
    assert_non_null(done.done);
    tickets[ask].done = NULL;
    done.done(done.context, failure, answer);
}

static void answer_with(size_t ask, json_t *data)
{
    const struct bg_answer answer = {.data = data,
                                     .collected_wall_ms = fake.wall_ms - fake.answer_age_ms,
                                     .collected_us = fake.now_us - fake.answer_age_ms * 1000,
                                     .age_ms = fake.answer_age_ms,
                                     .duration_ms = 7,
                                     .rpc_us = 6500};
    finish_ticket(ask, NULL, &answer);
}

void fake_answer_value(json_t *data)
{
    answer_with(oldest(), data);
}

void fake_answer_to(size_t ask, const char *json)
{
    json_error_t error;
    json_t *data = json_loads(json, JSON_DECODE_ANY, &error);
    if (data == NULL)
        fail_msg("bad sample at %d: %s", error.position, error.text);
    json_t *before = json_deep_copy(data);
    answer_with(ask, data);
    assert_true(json_equal(data, before));
    json_decref(before);
    json_decref(data);
}

void fake_answer(const char *json)
{
    fake_answer_to(oldest(), json);
}

void fake_answer_failure(enum bg_error error, const char *text)
{
    struct bg_failure failure;
    (void)bg_fail(&failure, error, "%s", text);
    finish_ticket(oldest(), &failure, NULL);
}

void fake_cancel(void)
{
    assert_non_null(call.cancel);
    call.cancel(call.cancel_context);
    memset(tickets, 0, sizeof tickets);
}

static json_t *step(const json_t *value, const char *name)
{
    return json_is_array(value) ? json_array_get(value, (size_t)strtoul(name, NULL, 10)) : json_object_get(value, name);
}

json_t *fake_at(const json_t *value, const char *path)
{
    char text[200];
    char *save = NULL;
    json_t *found = (json_t *)(uintptr_t)value;
    (void)snprintf(text, sizeof text, "%s", path);
    for (char *name = strtok_r(text, ".", &save); name != NULL; name = strtok_r(NULL, ".", &save))
        found = step(found, name);
    return found;
}

void fake_expect(const json_t *value, const char *path, const char *json)
{
    json_t *found = fake_at(value, path), *expected = json_loads(json, JSON_DECODE_ANY, NULL);
    assert_non_null(expected);
    const bool equal = json_equal(found, expected);
    if (!equal) {
        char *text = found != NULL ? json_dumps(found, JSON_ENCODE_ANY) : NULL;
        print_error("%s: %s\nexpected %s\n", path, text != NULL ? text : "absent", json);
        free(text);
    }
    json_decref(expected);
    assert_true(equal);
}

void fake_expect_failure(enum bg_error error, const char *in_text)
{
    assert_int_equal(fake.endings, 1);
    assert_int_equal(fake.failure.error, error);
    if (strstr(fake.failure.text, in_text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", in_text, fake.failure.text);
}

/* What http gives to handlers. */

static const struct bg_param *declared(const struct bg_call *c, const char *name)
{
    for (const struct bg_param *param = c->endpoint->params; param != NULL && param->name != NULL; param++)
        if (strcmp(param->name, name) == 0)
            return param;
    fail_msg("%s has no parameter %s", c->endpoint->operation, name);
    return NULL;
}

const struct bg_services *bg_call_services(const struct bg_call *c)
{
    (void)c;
    return &fake.services;
}

const char *bg_call_text(const struct bg_call *c, const char *name)
{
    const struct bg_param *param = declared(c, name);
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->names[i], name) == 0)
            return c->values[i];
    return param->fallback;
}

int64_t bg_call_integer(const struct bg_call *c, const char *name)
{
    assert_int_equal(declared(c, name)->type, BG_PARAM_INTEGER);
    assert_non_null(bg_call_text(c, name));
    return strtoll(bg_call_text(c, name), NULL, 10);
}

bool bg_call_may(const struct bg_call *c, enum bg_scope scope)
{
    (void)c;
    return scope != BG_SCOPE_ADMIN || !fake.is_reader;
}

bool bg_call_boolean(const struct bg_call *c, const char *name)
{
    assert_int_equal(declared(c, name)->type, BG_PARAM_BOOLEAN);
    return strcmp(bg_call_text(c, name), "true") == 0;
}

bool bg_call_has(const struct bg_call *c, const char *name)
{
    (void)declared(c, name);
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->names[i], name) == 0)
            return true;
    return false;
}

const char *bg_call_header(const struct bg_call *c, const char *name)
{
    (void)c;
    for (const struct bg_header *header = fake.headers; header != NULL && header->name != NULL; header++)
        if (strcasecmp(header->name, name) == 0)
            return header->value;
    return NULL;
}

const char *bg_call_type(const struct bg_call *c)
{
    return fake.wanted_type != NULL || c->endpoint->types == NULL ? fake.wanted_type : c->endpoint->types[0];
}

size_t bg_call_count(const struct bg_call *c, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++)
        count += strcmp(c->names[i], name) == 0;
    return count > 0 || declared(c, name)->fallback == NULL ? count : 1;
}

const char *bg_call_text_at(const struct bg_call *c, const char *name, size_t index)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->names[i], name) == 0 && index-- == 0)
            return c->values[i];
    return declared(c, name)->fallback;
}

const char *bg_call_bytes(const struct bg_call *c, size_t *ret_length)
{
    (void)c;
    *ret_length = fake.bytes != NULL ? strlen(fake.bytes) : 0;
    return fake.bytes != NULL ? fake.bytes : "";
}

enum bg_error bg_call_form(const struct bg_call *c, json_t **ret_fields, struct bg_failure *ret_failure)
{
    (void)c;
    if (fake.form == NULL)
        return bg_fail(ret_failure, BG_MEDIA_TYPE, "the fake has no form");
    *ret_fields = json_loads(fake.form, 0, NULL);
    return BG_OK;
}

uint64_t bg_call_reader(const struct bg_call *c)
{
    (void)c;
    return 0;
}

json_t *bg_call_body(const struct bg_call *c)
{
    return c->body;
}

void bg_call_extend(struct bg_call *c, int64_t more_ms)
{
    (void)c;
    fake.extended_ms += more_ms;
}

void bg_call_on_cancel(struct bg_call *c, void (*cancel)(void *context), void *context)
{
    c->cancel = cancel;
    c->cancel_context = context;
}

void bg_call_reply(struct bg_call *c, const struct bg_reply *reply)
{
    (void)c;
    fake.endings++;
    fake.status = reply->status;
    fake.data = reply->data;
    fake.meta = reply->meta;
    fake.collected_us = reply->collected_us;
    fake.fresh_until_us = reply->fresh_until_us;
    fake.rpc_us = reply->rpc_us;
    if (reply->failure != NULL)
        fake.failure = *reply->failure;
    for (const struct bg_header *header = reply->headers; header != NULL && header->name != NULL; header++)
        (void)snprintf(fake.sent + strlen(fake.sent), sizeof fake.sent - strlen(fake.sent), "%s: %s\n", header->name, header->value);
    if (reply->location != NULL)
        (void)snprintf(fake.location, sizeof fake.location, "%s", reply->location);
}

void bg_call_plain(struct bg_call *c, int status, const char *text)
{
    (void)c;
    fake.endings++;
    fake.status = status;
    (void)snprintf(fake.plain, sizeof fake.plain, "%s", text);
}

void bg_call_custom(struct bg_call *c, const struct bg_custom *reply)
{
    (void)c;
    fake.endings++;
    fake.status = reply->status;
    fake.text = strndup(reply->bytes, reply->length);
    (void)snprintf(fake.content_type, sizeof fake.content_type, "%s", reply->content_type);
}

void bg_call_empty(struct bg_call *c)
{
    (void)c;
    fake.endings++;
    fake.status = 204;
    fake.empty = true;
}

void bg_call_fail(struct bg_call *c, const struct bg_failure *failure)
{
    (void)c;
    fake.endings++;
    fake.failure = *failure;
    fake.status = bg_error_info(failure->error)->status;
}

/* What query gives. */

enum bg_error bg_query_ask(struct bg_queries *queries, const struct bg_query_request *request, bg_query_done *done, void *context,
                           struct bg_ticket **ret_ticket, struct bg_failure *ret_failure)
{
    (void)queries;
    if (fake.ask_error != BG_OK)
        return bg_fail(ret_failure, fake.ask_error, "the fake refuses");
    if (request->kept_only && !fake.keeps)
        return bg_fail(ret_failure, BG_DEADLINE, "nothing is kept");
    assert_true(fake.asks_count < FAKE_ASKS_MAX);
    struct bg_ticket *ticket = &tickets[fake.asks_count];
    struct fake_ask *ask = &fake.asks[fake.asks_count++];
    (void)snprintf(ask->node, sizeof ask->node, "%s", request->node);
    (void)snprintf(ask->question, sizeof ask->question, "%s", request->question);
    ask->args = json_incref(request->args);
    ask->max_age_ms = request->max_age_ms;
    ask->timeout_ms = request->timeout_ms;
    *ticket = (struct bg_ticket){.done = done, .context = context};
    *ret_ticket = ticket;
    return BG_OK;
}

void bg_query_reject(struct bg_queries *queries, const json_t *data)
{
    (void)queries;
    (void)data;
    fake.rejects_count++;
}

void bg_ticket_cancel(struct bg_ticket *t)
{
    assert_true(t >= tickets && t < tickets + FAKE_ASKS_MAX);
    assert_non_null(t->done);
    t->done = NULL;
    fake.cancelled_count++;
}

/* What nodes gives. */

size_t bg_nodes_count(const struct bg_nodes *nodes)
{
    (void)nodes;
    return fake.nodes_count;
}

void bg_nodes_info_at(const struct bg_nodes *nodes, size_t index, struct bg_node_info *ret_info)
{
    (void)nodes;
    assert_true(index < fake.nodes_count);
    *ret_info = fake.nodes[index];
}

enum bg_error bg_nodes_info(const struct bg_nodes *nodes, const char *name, struct bg_node_info *ret_info, struct bg_failure *ret_failure)
{
    (void)nodes;
    for (size_t i = 0; i < fake.nodes_count; i++)
        if (strcmp(fake.nodes[i].name, name) == 0) {
            *ret_info = fake.nodes[i];
            return BG_OK;
        }
    return bg_fail(ret_failure, BG_NODE_UNKNOWN, "unknown");
}

enum bg_error bg_nodes_put(struct bg_nodes *nodes, const struct bg_node_spec *spec, bool *ret_created, struct bg_failure *ret_failure)
{
    struct bg_node_info info;
    fake.puts_count++;
    fake.put = *spec;
    if (fake.put_error != BG_OK)
        return bg_fail(ret_failure, fake.put_error, "the fake refuses");
    *ret_created = bg_nodes_info(nodes, spec->name, &info, NULL) != BG_OK;
    if (*ret_created) {
        assert_true(fake.nodes_count < FAKE_NODES_MAX);
        fake.nodes[fake.nodes_count++] =
            (struct bg_node_info){.name = spec->name, .address = spec->address, .reason_text = "", .retry_in_ms = -1};
    }
    return BG_OK;
}

enum bg_error bg_nodes_delete(struct bg_nodes *nodes, const char *name, struct bg_failure *ret_failure)
{
    (void)nodes;
    (void)name;
    (void)ret_failure;
    fake.deletes_count++;
    return BG_OK;
}

const char *bg_link_state_text(enum bg_link_state state)
{
    return state == BG_LINK_UP ? "up" : state == BG_LINK_WAITING ? "waiting" : "resolving";
}

const char *bg_link_reason_code(enum bg_link_reason reason)
{
    return reason == BG_REASON_COOKIE_REJECTED ? "cookie_rejected" : "other";
}
