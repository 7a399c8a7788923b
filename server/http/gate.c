/* gate.c: the strict check of a request's head (RFC 9112), on its raw bytes, before anything else has parsed it. */
#include "gate.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

/* libevent accepts no shorter request line, with any method. */
#define REQUEST_LINE_MIN (sizeof "GET / HTTP/1.0" - 1)

/* What the headers have said so far. Each header that must not be repeated has a member here. */
struct head {
    struct bg_gate_span authority; /* of a target in absolute form */
    struct bg_gate_span host, content_length, content_type, authorization, expect, origin, fetch_site;
    size_t headers_count;
    bool has_body;
    bool is_safe; /* a method that changes nothing */
};

bool bg_gate_span_is(struct bg_gate_span span, const char *text)
{
    return strlen(text) == span.length && strncasecmp(span.text, text, span.length) == 0;
}

static bool is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool span_is_token(struct bg_gate_span span)
{
    for (size_t i = 0; i < span.length; i++)
        if (!is_token_char(span.text[i]))
            return false;
    return span.length > 0;
}

static struct bg_gate_span span_trim(struct bg_gate_span span)
{
    while (span.length > 0 && (span.text[0] == ' ' || span.text[0] == '\t'))
        span.text++, span.length--;
    while (span.length > 0 && (span.text[span.length - 1] == ' ' || span.text[span.length - 1] == '\t'))
        span.length--;
    return span;
}

enum bg_head_progress bg_gate_scan(const struct bg_gate *gate, const char *bytes, size_t length, size_t *ret_head_length,
                                   struct bg_failure *ret_failure)
{
    size_t line = 0; /* where the current line begins */

    for (size_t i = 0; i < length && i < gate->header_max_bytes; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c >= 0x20 && c != 0x7f)
            continue;
        if (c == '\n' && i > line && bytes[i - 1] == '\r') {
            if (i == line + 1) {
                *ret_head_length = i + 1;
                return BG_HEAD_WHOLE;
            }
            line = i + 1;
        } else if (c != '\t' && (c != '\r' || (i + 1 < length && bytes[i + 1] != '\n'))) {
            bg_fail(ret_failure, BG_INVALID, "The request's head has a control character (0x%02x) at byte %zu; lines end with CR LF.", c,
                    i);
            return BG_HEAD_BAD;
        }
    }
    if (length < gate->header_max_bytes)
        return BG_HEAD_PARTIAL;
    bg_fail(ret_failure, BG_HEADERS_TOO_LARGE, "The request line and headers are over %zu bytes.", gate->header_max_bytes);
    return BG_HEAD_BAD;
}

/* The scheme and the authority of a target in absolute form, as clients send it to a proxy; empty for any other target. */
static struct bg_gate_span origin_of(const struct bg_gate *gate, struct bg_gate_span target)
{
    const char *scheme = gate->is_secure ? "https://" : "http://";
    const size_t length = strlen(scheme);
    const char *slash;

    if (target.length <= length || strncasecmp(target.text, scheme, length) != 0)
        return (struct bg_gate_span){target.text, 0};
    slash = memchr(target.text + length, '/', target.length - length);
    return (struct bg_gate_span){target.text, slash != NULL ? (size_t)(slash - target.text) : target.length};
}

static enum bg_error check_target(const struct bg_gate *gate, struct bg_gate_span target, struct bg_gate_span *ret_authority,
                                  struct bg_failure *ret_failure)
{
    const struct bg_gate_span origin = origin_of(gate, target);

    if (target.length > BG_TARGET_MAX)
        return bg_fail(ret_failure, BG_INVALID, "The request target is longer than %d bytes.", BG_TARGET_MAX);
    if (origin.length > 0) {
        const size_t scheme = gate->is_secure ? strlen("https://") : strlen("http://");
        *ret_authority = (struct bg_gate_span){origin.text + scheme, origin.length - scheme};
        target = (struct bg_gate_span){target.text + origin.length, target.length - origin.length};
    }
    if (target.length == 0 || target.text[0] != '/' || (target.length > 1 && target.text[1] == '/'))
        return bg_fail(ret_failure, BG_INVALID, "The request target must be a path that begins with one slash.");
    for (size_t i = 0; i < target.length; i++)
        if ((unsigned char)target.text[i] <= 0x20 || (unsigned char)target.text[i] >= 0x7f || target.text[i] == '#')
            return bg_fail(ret_failure, BG_INVALID, "The request target has a byte (0x%02x) that must be percent-encoded.",
                           (unsigned char)target.text[i]);
    return BG_OK;
}

static bool is_among(struct bg_gate_span word, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strlen(*words) == word.length && memcmp(*words, word.text, word.length) == 0)
            return true;
    return false;
}

static enum bg_error check_request_line(const struct bg_gate *gate, struct bg_gate_span line, struct head *head,
                                        struct bg_failure *ret_failure)
{
    static const char *const with_body[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", NULL};
    static const char *const safe[] = {"GET", "HEAD", "OPTIONS", NULL};
    const char *first = memchr(line.text, ' ', line.length);
    const char *last = memrchr(line.text, ' ', line.length);
    const char *end = line.text + line.length;

    if (first == NULL || first == last || line.length < REQUEST_LINE_MIN)
        return bg_fail(ret_failure, BG_INVALID, "The request line must be METHOD TARGET VERSION, one space apart.");

    struct bg_gate_span method = {line.text, (size_t)(first - line.text)};
    struct bg_gate_span target = {first + 1, (size_t)(last - first - 1)};
    struct bg_gate_span version = {last + 1, (size_t)(end - last - 1)};
    if (!span_is_token(method))
        return bg_fail(ret_failure, BG_INVALID, "The request method is not a word.");
    if (version.length != 8 || (memcmp(version.text, "HTTP/1.1", 8) != 0 && memcmp(version.text, "HTTP/1.0", 8) != 0))
        return bg_fail(ret_failure, BG_INVALID, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
    /* libevent reads no body after any other method: the body would be read as the next request. */
    head->has_body = is_among(method, with_body);
    head->is_safe = is_among(method, safe);
    return check_target(gate, target, &head->authority, ret_failure);
}

static enum bg_error take_header(struct head *head, struct bg_gate_span name, struct bg_gate_span value, struct bg_failure *ret_failure)
{
    struct {
        const char *name;
        struct bg_gate_span *place;
    } single[] = {{"Host", &head->host},
                  {"Content-Length", &head->content_length},
                  {"Content-Type", &head->content_type},
                  {"Authorization", &head->authorization},
                  {"Expect", &head->expect},
                  {"Origin", &head->origin},
                  {"Sec-Fetch-Site", &head->fetch_site}};

    if (bg_gate_span_is(name, "Transfer-Encoding"))
        return bg_fail(ret_failure, BG_INVALID, "Transfer-Encoding is not taken: send the body with a Content-Length.");
    if (bg_gate_span_is(name, "TE"))
        return bg_fail(ret_failure, BG_INVALID, "The TE header is not taken.");
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++) {
        if (!bg_gate_span_is(name, single[i].name))
            continue;
        if (single[i].place->text != NULL)
            return bg_fail(ret_failure, BG_INVALID, "The %s header is there twice.", single[i].name);
        *single[i].place = value;
    }
    return BG_OK;
}

static enum bg_error check_header(struct bg_gate_span line, struct head *head, struct bg_failure *ret_failure)
{
    const char *colon = memchr(line.text, ':', line.length);

    if (line.text[0] == ' ' || line.text[0] == '\t')
        return bg_fail(ret_failure, BG_INVALID, "Header values folded over several lines are not taken.");
    if (colon == NULL || !span_is_token((struct bg_gate_span){line.text, (size_t)(colon - line.text)}))
        return bg_fail(ret_failure, BG_INVALID, "A header line must be a name, a colon right after it, and a value.");
    if (++head->headers_count > BG_HEADERS_MAX)
        return bg_fail(ret_failure, BG_HEADERS_TOO_LARGE, "The request has more than %d headers.", BG_HEADERS_MAX);

    struct bg_gate_span name = {line.text, (size_t)(colon - line.text)};
    struct bg_gate_span value = {colon + 1, line.length - name.length - 1};
    return take_header(head, name, span_trim(value), ret_failure);
}

static enum bg_error check_body_length(const struct bg_gate *gate, const struct head *head, size_t *ret_length,
                                       struct bg_failure *ret_failure)
{
    struct bg_gate_span digits = head->content_length;
    size_t length = 0;

    if (head->expect.text != NULL && !bg_gate_span_is(head->expect, "100-continue"))
        return bg_fail(ret_failure, BG_INVALID, "The only expectation that is supported is 100-continue.");
    if (digits.text == NULL)
        return *ret_length = 0, BG_OK;
    if (digits.length == 0 || digits.length > 15)
        return bg_fail(ret_failure, BG_INVALID, "Content-Length must be 1 to 15 digits.");
    for (size_t i = 0; i < digits.length; i++) {
        if (digits.text[i] < '0' || digits.text[i] > '9')
            return bg_fail(ret_failure, BG_INVALID, "Content-Length must be digits only, without a sign.");
        length = length * 10 + (size_t)(digits.text[i] - '0');
    }
    if (length > gate->body_max_bytes)
        return bg_fail(ret_failure, BG_TOO_LARGE, "The body is %zu bytes; at most %zu are taken.", length, gate->body_max_bytes);
    if (length > 0 && !head->has_body)
        return bg_fail(ret_failure, BG_INVALID, "A request with this method takes no body.");
    *ret_length = length;
    return BG_OK;
}

enum bg_error bg_gate_check(const struct bg_gate *gate, const char *bytes, size_t length, size_t *ret_body_length,
                            struct bg_failure *ret_failure)
{
    struct head head = {.headers_count = 0};
    const char *end = bytes + length - 2; /* the empty line */
    enum bg_error error = BG_OK;

    for (const char *line = bytes; line < end && error == BG_OK;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        struct bg_gate_span text = {line, (size_t)(newline - 1 - line)};
        error = line == bytes ? check_request_line(gate, text, &head, ret_failure) : check_header(text, &head, ret_failure);
        line = newline + 1;
    }
    if (error != BG_OK)
        return error;
    if (length <= 2)
        return bg_fail(ret_failure, BG_INVALID, "The request begins with an empty line.");
    if (head.host.text == NULL)
        return bg_fail(ret_failure, BG_INVALID, "The Host header is missing.");
    if ((error = bg_gate_check_host(gate, head.host.text, head.host.length, ret_failure)) != BG_OK)
        return error;
    if (head.authority.text != NULL && !bg_gate_is_same_host(gate, head.host, head.authority))
        return bg_fail(ret_failure, BG_INVALID, "The request target and the Host header name different hosts.");
    if (!head.is_safe && (error = bg_gate_check_origin(gate, head.host, head.origin, head.fetch_site, ret_failure)) != BG_OK)
        return error;
    return check_body_length(gate, &head, ret_body_length, ret_failure);
}

struct bg_gate_span bg_gate_origin(const struct bg_gate *gate, const char *head, size_t length)
{
    const char *target = (const char *)memchr(head, ' ', length) + 1;
    const char *end = memchr(target, ' ', length - (size_t)(target - head));

    return origin_of(gate, (struct bg_gate_span){target, (size_t)(end - target)});
}
