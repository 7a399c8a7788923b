/* fuzz_head.c: hostile bytes as a request's head: the gate, the router and the parameters of the real endpoints. */
#include "beamgauge/endpoint.h"

#include "formats.h"
#include "gate.h"
#include "params.h"
#include "router.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const hosts[] = {"gauge.example"};
static const struct bg_gate gate = {
    .header_max_bytes = 8192, .body_max_bytes = 65536, .address = "127.0.0.1", .allowed_hosts = hosts, .allowed_hosts_count = 1};

/* What is refused says why. */
static void check_failure(const struct bg_failure *failure)
{
    if (failure->error == BG_OK || failure->text[0] == '\0')
        abort();
}

static void check_values(const struct bg_endpoint *endpoint, const struct bg_values *values)
{
    for (size_t i = 0; endpoint->params != NULL && endpoint->params[i].name != NULL; i++) {
        const struct bg_param *param = &endpoint->params[i];
        const struct bg_value *value = &values->list[i];

        if (value->text == NULL)
            continue;
        if (param->type == BG_PARAM_INTEGER && value->given && (value->integer < param->min || value->integer > param->max))
            abort();
        if (param->type == BG_PARAM_TEXT && value->given && (int64_t)strlen(value->text) > param->max)
            abort();
    }
    if (values->repeats_count > BG_PARAM_REPEATS_MAX)
        abort();
}

static void read_params(const struct bg_endpoint *endpoint, const char *target, size_t path_length, const char *query)
{
    struct bg_values values;
    json_t *errors = NULL;

    bg_params_read(endpoint, bg_api_endpoints, target, path_length, query, &values, &errors);
    if (errors == NULL)
        abort();
    if (json_array_size(errors) == 0) {
        check_values(endpoint, &values);
        bg_values_done(&values);
    }
    json_decref(errors);
}

/* "METHOD TARGET VERSION", as the gate has passed it; what routes is the path of it. */
static void route(const char *line, size_t length)
{
    static const unsigned methods[] = {BG_GET, BG_PUT, BG_POST, BG_DELETE};
    const struct bg_gate_span origin = bg_gate_origin(&gate, line, length);
    const char *from = origin.text + origin.length, *query;
    char *target = strndup(from, strcspn(from, " "));
    size_t path_length;
    struct bg_route found;

    if (target == NULL)
        abort();
    if (target[0] != '/')
        abort();
    path_length = strcspn(target, "?");
    query = target[path_length] == '?' ? target + path_length + 1 : NULL;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        bg_router_find(bg_api_endpoints, target, path_length, methods[i], &found);
        if (found.endpoint != NULL)
            read_params(found.endpoint, target, path_length, query);
    }
    free(target);
}

static void check_accept(const char *head)
{
    const char *accept = strstr(head, "\r\nAccept: ");
    char *value;

    if (accept == NULL || (value = strndup(accept + 10, strcspn(accept + 10, "\r"))) == NULL)
        return;
    (void)bg_accept_choose(value, BG_FORMAT_ANY);
    (void)bg_accept_has(value, "gzip");
    free(value);
}

static void check_head(const char *bytes, size_t length)
{
    struct bg_failure failure = {.error = BG_OK};
    size_t body_length = SIZE_MAX;
    char *head;

    if (bg_gate_check(&gate, bytes, length, &body_length, &failure) != BG_OK) {
        check_failure(&failure);
        return;
    }
    if (body_length > gate.body_max_bytes || (head = strndup(bytes, length)) == NULL || strlen(head) != length)
        abort();
    route(head, length);
    check_accept(head);
    free(head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct bg_failure failure = {.error = BG_OK};
    size_t length = 0, cut = size > 1 ? data[0] % size : 0, unused;
    enum bg_head_progress progress = bg_gate_scan(&gate, bytes, size, &length, &failure);

    /* What has come of it so far is never taken for more, or for worse, than the whole is. */
    if (progress == BG_HEAD_PARTIAL && bg_gate_scan(&gate, bytes, cut, &unused, &failure) != BG_HEAD_PARTIAL)
        abort();
    if (progress == BG_HEAD_BAD)
        check_failure(&failure);
    if (progress == BG_HEAD_WHOLE) {
        if (length < 2 || length > size || length > gate.header_max_bytes || memcmp(bytes + length - 2, "\r\n", 2) != 0)
            abort();
        check_head(bytes, length);
    }
    return 0;
}
