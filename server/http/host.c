/* host.c: the allowlist of Host headers, against pages that reach us under another site's name (DNS rebinding), and the check of Origin,
 * against pages of other sites that send us more than questions (CSRF). */
#include "gate.h"

#include "beamgauge/names.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

static bool host_is_loopback(const char *name)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (strcasecmp(name, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, name, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, name, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static bool is_allowed_host(const struct bg_gate *gate, const char *name)
{
    for (size_t i = 0; i < gate->allowed_hosts_count; i++)
        if (strcasecmp(name, gate->allowed_hosts[i]) == 0)
            return true;
    return false;
}

enum bg_error bg_gate_check_host(const struct bg_gate *gate, const char *host, size_t length, struct bg_failure *ret_failure)
{
    struct bg_authority authority;
    struct bg_failure why;

    if (bg_authority_read(host, length, &authority, &why) != BG_OK)
        return bg_fail(ret_failure, BG_INVALID, "The Host header is wrong: %s.", why.text);
    if (host_is_loopback(authority.text) || strcasecmp(authority.text, gate->address) == 0 || is_allowed_host(gate, authority.text))
        return BG_OK;
    return bg_fail(ret_failure, BG_MISDIRECTED, "This service does not answer to the name %s; add it to allowed_hosts.", authority.text);
}

static bool begins_with(struct bg_gate_span span, const char *text)
{
    return span.length >= strlen(text) && strncasecmp(span.text, text, strlen(text)) == 0;
}

static bool ends_with(struct bg_gate_span span, const char *text)
{
    size_t length = strlen(text);

    return span.length >= length && memcmp(span.text + span.length - length, text, length) == 0;
}

/* "http://name:port" -> "name:port"; a browser leaves out the scheme's default port, in Origin and in Host. False: "null" or garbage. */
static bool origin_strip(struct bg_gate_span *origin, const char **ret_port)
{
    size_t scheme = begins_with(*origin, "http://") ? 7 : begins_with(*origin, "https://") ? 8 : 0;

    *ret_port = scheme == 8 ? ":443" : ":80";
    origin->text += scheme;
    origin->length -= scheme;
    return scheme > 0;
}

static struct bg_gate_span port_strip(struct bg_gate_span host, const char *port)
{
    if (ends_with(host, port))
        host.length -= strlen(port);
    return host;
}

static bool is_same(struct bg_gate_span one, struct bg_gate_span other, const char *port)
{
    one = port_strip(one, port);
    other = port_strip(other, port);
    return one.length == other.length && strncasecmp(one.text, other.text, one.length) == 0;
}

bool bg_gate_is_same_host(const struct bg_gate *gate, struct bg_gate_span one, struct bg_gate_span other)
{
    return is_same(one, other, gate->is_secure ? ":443" : ":80");
}

static bool is_same_origin(const struct bg_gate *gate, struct bg_gate_span host, struct bg_gate_span origin)
{
    struct bg_authority authority;
    const char *port;

    if (gate->is_secure && begins_with(origin, "http://"))
        return false;
    if (!origin_strip(&origin, &port) || bg_authority_read(origin.text, origin.length, &authority, NULL) != BG_OK)
        return false;
    return is_same(host, origin, port) || is_allowed_host(gate, authority.text);
}

enum bg_error bg_gate_check_origin(const struct bg_gate *gate, struct bg_gate_span host, struct bg_gate_span origin,
                                   struct bg_gate_span site, struct bg_failure *ret_failure)
{
    if (site.text != NULL && !bg_gate_span_is(site, "same-origin") && !bg_gate_span_is(site, "none"))
        return bg_fail(ret_failure, BG_CROSS_SITE,
                       "A page of another site has made this browser send the request (Sec-Fetch-Site: %.*s); nothing was done.",
                       (int)(site.length < 40 ? site.length : 40), site.text);
    if (origin.text != NULL && !is_same_origin(gate, host, origin))
        return bg_fail(ret_failure, BG_CROSS_SITE,
                       "A page from %.*s has sent this request to %.*s; nothing was done. If that page is this service's own, add its host "
                       "to allowed_hosts.",
                       (int)(origin.length < 100 ? origin.length : 100), origin.text, (int)(host.length < 100 ? host.length : 100),
                       host.text);
    return BG_OK;
}
