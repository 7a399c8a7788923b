/* settings.c: the table of all settings, their defaults, and the sample file made from it. */
#include "settings.h"

#include "beamgauge/node.h"

#include <string.h>

#define KIB INT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)

/* A key is named as the field that it sets. */
#define CONFIG(name) .key = #name, .field = offsetof(struct bg_config, name)
#define NODE(name) .section = "node", .key = #name, .field = offsetof(struct bg_config_node, name)
#define CHECK(name) .section = "check", .key = #name, .field = offsetof(struct bg_config_check, name##s)
#define TOKEN(name) .section = "token", .key = #name, .field = offsetof(struct bg_token, name)

/* clang-format off */
const struct bg_setting bg_settings[] = {
    {.section = "server", .key = "listen", .type = "address:port", .fallback = "127.0.0.1:7788",
     .field = offsetof(struct bg_config, listen_address), .second_field = offsetof(struct bg_config, listen_port),
     .meaning = "where to serve HTTP; anything but loopback needs a [token] section; port 0: any free one"},
    {.section = "server", CONFIG(name), .type = "name", .fallback = "",
     .meaning = "our own node name, NAME@HOST; empty: beamgauge@ and this host's name"},
    {.section = "server", CONFIG(cookie_file), .type = "path", .fallback = "~/.erlang.cookie", .reloads = true,
     .meaning = "the Erlang cookie for nodes that have no cookie_file of their own"},
    {.section = "server", CONFIG(log_level), .type = "level", .fallback = "info",
     .meaning = "the least important events that are logged"},
    {.section = "server", CONFIG(allowed_hosts), .type = "hosts", .fallback = "", .max = BG_CONFIG_WORDS_MAX,
     .second_field = offsetof(struct bg_config, allowed_hosts_count),
     .meaning = "names a client may use in its Host header, besides localhost and the listen address"},
    {.section = "server", CONFIG(tls_cert), .type = "pem", .reloads = true,
     .meaning = "serve HTTPS with this certificate, and those of its chain behind it; a PEM file, read again by SIGHUP"},
    {.section = "server", CONFIG(tls_key), .type = "pem", .reloads = true,
     .meaning = "the certificate's key, without a passphrase; a PEM file that nobody else may read"},
    {.section = "server", CONFIG(epmd_port), .type = "port", .fallback = "0", .max = 65535,
     .meaning = "epmd's port, here and on other hosts; 0: what ERL_EPMD_PORT in the environment says, else 4369"},
    {.section = "server", CONFIG(discover), .type = "boolean", .fallback = "true",
     .meaning = "where no node is named: watch those that the local epmd knows and that accept the cookie"},
    {.section = "server", CONFIG(peer_users), .type = "users", .fallback = "", .max = BG_CONFIG_WORDS_MAX,
     .second_field = offsetof(struct bg_config, peer_users_count),
     .meaning = "users whose nodes on this host may be joined, besides our own and root; names or numbers, * for any"},

    {.section = "server", CONFIG(data), .type = "file",
     .meaning = "a file for what is kept of nodes over time, a SQLite database; without it that is lost when beamgauge ends"},

    {.section = "watch", CONFIG(sample_ms), .type = "ms", .fallback = "10s", .min = 0, .max = HOUR,
     .meaning = "how often the figures of each node are sampled, for its history; 0: never"},

    {.section = "limits", CONFIG(header_max_bytes), .type = "bytes", .fallback = "8KiB", .min = KIB, .max = MIB,
     .meaning = "the line and headers of a request"},
    {.section = "limits", CONFIG(body_max_bytes), .type = "bytes", .fallback = "64KiB", .min = KIB, .max = 16 * MIB,
     .meaning = "the body of a request"},
    {.section = "limits", CONFIG(connections_max), .type = "count", .fallback = "1024", .min = 1, .max = 65535,
     .meaning = "open client connections"},
    {.section = "limits", CONFIG(requests_max), .type = "count", .fallback = "512", .min = 1, .max = 65535,
     .meaning = "requests being answered at once, all clients together"},
    {.section = "limits", CONFIG(connection_idle_ms), .type = "ms", .fallback = "60s", .min = 10, .max = DAY,
     .meaning = "a client connection that says nothing is closed after this"},
    {.section = "limits", CONFIG(connection_total_ms), .type = "ms", .fallback = "1h", .min = 10, .max = 7 * DAY,
     .meaning = "a client connection's whole life"},
    {.section = "limits", CONFIG(request_ms), .type = "ms", .fallback = "15s", .min = 10, .max = HOUR,
     .meaning = "from the first byte of a request to its last"},
    {.section = "limits", CONFIG(node_in_flight_max), .type = "count", .fallback = "64", .min = 1, .max = 4096,
     .meaning = "questions in flight on one node"},
    {.section = "limits", CONFIG(nodes_max), .type = "count", .fallback = "256", .min = 1, .max = BG_CONFIG_NODES_MAX,
     .meaning = "registered nodes"},
    {.section = "limits", CONFIG(answer_max_bytes), .type = "bytes", .fallback = "32MiB", .min = 64 * KIB, .max = GIB,
     .meaning = "one message from a node; a longer one closes the link"},
    {.section = "limits", CONFIG(probe_heap_bytes), .type = "bytes", .fallback = "256MiB", .min = MIB, .max = 64 * GIB,
     .meaning = "heap of a question's process on the node, which kills it beyond"},
    {.section = "limits", CONFIG(list_entries_max), .type = "count", .fallback = "200000", .min = 1, .max = 100000000,
     .meaning = "a process's monitors are estimated, not listed, beyond this many"},
    {.section = "limits", CONFIG(connect_timeout_ms), .type = "ms", .fallback = "5s", .min = 10, .max = HOUR,
     .meaning = "each step of connecting to a node: resolve, epmd, connect, handshake"},
    {.section = "limits", CONFIG(tick_ms), .type = "ms", .fallback = "15s", .min = 10, .max = HOUR,
     .meaning = "a sign of life goes to each node this often; one silent for 4 of them is lost"},
    {.section = "limits", CONFIG(retry_min_ms), .type = "ms", .fallback = "500ms", .min = 10, .max = HOUR,
     .meaning = "the first wait before a node is tried again; it doubles each time"},
    {.section = "limits", CONFIG(retry_max_ms), .type = "ms", .fallback = "30s", .min = 10, .max = DAY,
     .meaning = "the longest wait before a node is tried again"},
    {.section = "limits", CONFIG(answers_max), .type = "count", .fallback = "4096", .min = 1, .max = 65536,
     .meaning = "cached answers, for callers that accept one of a certain age"},
    {.section = "limits", CONFIG(answers_max_bytes), .type = "bytes", .fallback = "64MiB", .min = 64 * KIB, .max = GIB,
     .meaning = "approximate memory of cached answers"},
    {.section = "limits", CONFIG(data_max_bytes), .type = "bytes", .fallback = "256MiB", .min = MIB, .max = 64 * GIB,
     .meaning = "what is kept of nodes over time; the oldest is removed beyond"},

    {.section = "chat", CONFIG(slack_signing_secret_file), .type = "path",
     .meaning = "a file with the signing secret of the Slack app whose slash command posts to /chat/slack"},
    {.section = "chat", CONFIG(mattermost_token_sha256), .type = "sha256",
     .meaning = "the SHA-256 of the token of the Mattermost slash command that posts to /chat/mattermost"},

    {NODE(cookie_file), .type = "path",
     .meaning = "this node's cookie; without it, the one of [server]"},
    {NODE(address), .type = "address",
     .meaning = "host or IP address to connect to, if not the part of the name after the @"},
    {NODE(port), .type = "port", .fallback = "0", .max = 65535,
     .meaning = "the node's distribution port; 0: ask epmd"},
    {NODE(epmd_port), .type = "port", .fallback = "0", .max = 65535,
     .meaning = "the port of the epmd that knows this node; 0: epmd_port of [server]"},
    {NODE(tags), .type = "words", .fallback = "", .max = BG_TAGS_MAX, .second_field = offsetof(struct bg_config_node, tags_count),
     .meaning = "free words for people and filters"},

    {TOKEN(sha256), .type = "sha256",
     .meaning = "the token's SHA-256, as \"beamgauge token NAME SCOPE...\" prints it"},
    {TOKEN(scopes), .type = "scopes",
     .meaning = "what it may do: words of read, check, chat, admin"},

    {CHECK(assert), .type = "lines", .fallback = "", .max = BG_CONFIG_LINES_MAX,
     .second_field = offsetof(struct bg_config_check, asserts_count),
     .meaning = "an assertion like monitors_count_max < 1000; one a line, all must hold"},
    {CHECK(warn), .type = "lines", .fallback = "", .max = BG_CONFIG_LINES_MAX,
     .second_field = offsetof(struct bg_config_check, warns_count),
     .meaning = "the same, but one that does not hold is a warning only"},
    {.section = NULL},
};

static const struct {
    const char *section, *header, *meaning;
} samples[] = {
    {"server", "[server]", NULL},
    {"watch", "[watch]", NULL},
    {"limits", "[limits]", NULL},
    {"chat", "#[chat]", "Slash commands of chat services, each of which proves itself with a secret of its own."},
    {"node", "#[node shop@10.0.0.5]", "A section for each node to watch; it may be empty."},
    {"token", "#[token grafana]", "A section for each bearer token; both settings must be given."},
    {"check", "#[check release]", "A section for each named set of assertions, for check?set=NAME."},
};
/* clang-format on */

bool bg_section_is_of_service(const char *section)
{
    return strcmp(section, "server") == 0 || strcmp(section, "watch") == 0 || strcmp(section, "limits") == 0;
}

const struct bg_setting *bg_setting_find(const char *section, const char *key)
{
    for (const struct bg_setting *setting = bg_settings; setting->section != NULL; setting++)
        if (strcmp(setting->section, section) == 0 && strcmp(setting->key, key) == 0)
            return setting;
    return NULL;
}

enum bg_error bg_settings_apply_fallbacks(const char *section, void *base, struct bg_failure *ret_failure)
{
    for (const struct bg_setting *setting = bg_settings; setting->section != NULL; setting++) {
        enum bg_error error = BG_OK;

        if (setting->fallback != NULL && strcmp(setting->section, section) == 0)
            error = bg_setting_apply(setting, setting->fallback, base, ret_failure);
        if (error != BG_OK)
            return error;
    }
    return BG_OK;
}

void bg_config_print_sample(FILE *out)
{
    fputs("# beamgauge's settings. Each is shown with its default; take away the # before one to change it.\n"
          "# Sizes take KiB, MiB or GiB; times are milliseconds or take s, m or h. \" ;\" starts a comment.\n"
          "# A list of words may be given in several lines of the same key.\n",
          out);
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        fputc('\n', out);
        if (samples[i].meaning != NULL)
            fprintf(out, "# %s\n", samples[i].meaning);
        fprintf(out, "%s\n", samples[i].header);
        for (const struct bg_setting *setting = bg_settings; setting->section != NULL; setting++)
            if (strcmp(setting->section, samples[i].section) == 0)
                fprintf(out, "# %s (%s)\n#%s =%s%s\n", setting->meaning, setting->type, setting->key,
                        setting->fallback != NULL && setting->fallback[0] != '\0' ? " " : "",
                        setting->fallback != NULL ? setting->fallback : "");
    }
}
