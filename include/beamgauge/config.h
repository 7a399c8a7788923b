/* config.h: everything that can be set, read from an INI file and the command line into one struct by one table. */
#ifndef BEAMGAUGE_CONFIG_H
#define BEAMGAUGE_CONFIG_H

#include "beamgauge/cookie.h"
#include "beamgauge/error.h"
#include "beamgauge/log.h"
#include "beamgauge/tls.h"
#include "beamgauge/token.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define BG_CONFIG_NODES_MAX 4096 /* [node] sections and added nodes; `nodes_max` may only be lower */
#define BG_CONFIG_TOKENS_MAX 256
#define BG_CONFIG_CHECKS_MAX 64
#define BG_CONFIG_LINES_MAX 32 /* assertions, and as many warnings, of a set */
#define BG_SAMPLE_MS_LEAST 100 /* or 0 */
#define BG_CONFIG_WORDS_MAX 64 /* of allowed_hosts, and of peer_users */

struct bg_config_node { /* a section [node NAME@HOST] */
    char *name;
    char *cookie; /* read from cookie_file */
    char *cookie_file;
    char *address;     /* or NULL */
    int64_t port;      /* 0: epmd */
    int64_t epmd_port; /* 0: that of [server] */
    char **tags;
    size_t tags_count;
};

struct bg_config_check { /* a section [check NAME] */
    char *name;
    char **asserts, **warns; /* expressions */
    size_t asserts_count, warns_count;
};

struct bg_config_line {        /* what a line of the file has */
    const char *section, *key; /* as in bg_settings; key NULL: the line that begins the section */
    size_t index;              /* which of the nodes, tokens or checks; 0 in other sections */
    int line;                  /* from 1 */
};

struct bg_config {
    /* [server] */
    char *listen_address; /* "127.0.0.1", "::1" */
    int64_t listen_port;
    char *name;        /* our node name; "" : beamgauge@ and the host's name, set by main */
    char *cookie_file; /* the default cookie; "~" is the home folder */
    enum bg_log_level log_level;
    char **allowed_hosts; /* besides loopback names and the listen address */
    size_t allowed_hosts_count;
    int64_t epmd_port;
    char *tls_cert, *tls_key; /* paths; or both NULL */
    struct bg_tls *tls;       /* read from there; NULL: plain HTTP is spoken */
    bool discover;            /* ask the local epmd at start if no node is named */
    char **peer_users; /* users whose nodes on this host may see a cookie's digest, besides our own user and root: names, numbers, or "*" */
    size_t peer_users_count;
    char *data; /* the file of what is kept over time, or NULL: in memory */
    /* [watch] */
    int64_t sample_ms; /* 0: nodes are not sampled */
    /* [limits] */
    int64_t header_max_bytes, body_max_bytes, connections_max, requests_max; /* requests_max: calls in flight, all together */
    int64_t connection_idle_ms, connection_total_ms, request_ms;
    int64_t node_in_flight_max, nodes_max;
    int64_t answer_max_bytes, probe_heap_bytes, list_entries_max;
    int64_t connect_timeout_ms, tick_ms, retry_min_ms, retry_max_ms;
    int64_t answers_max, answers_max_bytes;
    int64_t data_max_bytes;
    /* [chat] */
    char *slack_signing_secret_file;                     /* or NULL */
    char *slack_signing_secret;                          /* read from there */
    uint8_t mattermost_token_sha256[BG_TOKEN_HASH_SIZE]; /* all zero: none */
    /* [node ...], [token ...], [check ...] */
    struct bg_config_node *nodes;
    size_t nodes_count;
    struct bg_token *tokens; /* [token NAME] sha256 = hex, scopes = words */
    size_t tokens_count;
    struct bg_config_check *checks;
    size_t checks_count;
    /* About the file itself; both are false if there was none. */
    bool file_is_empty; /* without any section */
    bool file_is_cut;   /* its last line has no end */
    char *path;         /* NULL: none was read */
    struct bg_config_line *lines;
    size_t lines_count;
};

/* One row of the table that the file, the documentation (--sample-config, README) and the defaults come from. */
struct bg_setting {
    const char *section, *key; /* section NULL ends the table */
    const char *type;     /* "address:port", "bytes", "ms", "count", "port", "name", "address", "words", "lines", "path", "pem", "file",
                           * "boolean", "level", "sha256", "scopes", "hosts", "users" */
    const char *fallback; /* as it would be written; NULL: absent where it is not given */
    int64_t min, max;     /* of a number; of a text's length in bytes; of how many words */
    bool reloads;         /* a reload applies it; few in [server] and [limits] are so */
    const char *meaning;
    size_t field,
        second_field; /* offsets in struct bg_config, bg_config_node, bg_token or bg_config_check: the value; its port or count of words */
};
extern const struct bg_setting bg_settings[];

void bg_config_init(struct bg_config *ret_config); /* the defaults */
void bg_config_done(struct bg_config *config);
/* Reads a file over the defaults into an initialised config, and replaces everything in it. On failure the config is untouched, and
 * ret_failures has every failure in the order of the lines, each with the text "FILE:LINE: reason". */
enum bg_error bg_config_read(const char *path, struct bg_config *ret_config, struct bg_failures *ret_failures) BG_MUST_CHECK;
/* "127.0.0.1:7788", "[::1]:7788"; port 0 lets the system choose. */
enum bg_error bg_config_set_listen(struct bg_config *config, const char *text, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Appends a node that has no section; its cookie is the default one. A node that is already in the list does not change. */
enum bg_error bg_config_add_node(struct bg_config *config, const char *name, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Reads the files of secrets: each node's cookie, the default one if a node has none of its own, chat's, and the certificate with its key.
 * A file that others may read is refused. */
enum bg_error bg_config_read_secrets(struct bg_config *config, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Checks settings against each other: for example, listening off loopback needs tokens. */
enum bg_error bg_config_check(const struct bg_config *config, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Puts "FILE:LINE: " before the text of a failure that is found after reading: the line of the nth setting of that key (from 0) in that
 * section; or else the line where a [node], [token] or [check] begins. If the file has neither, the text does not change. */
void bg_config_place(const struct bg_config *config, const char *section, size_t index, const char *key, size_t nth,
                     struct bg_failure *failure);
/* The same for the setting of a section that is there once that the failure names as its param. */
void bg_config_place_setting(const struct bg_config *config, struct bg_failure *failure);
/* A setting of the file that an option of the command line replaces. */
void bg_config_forget_line(struct bg_config *config, const char *section, const char *key);
bool bg_config_listens_on_loopback(const struct bg_config *config);
/* "https://[::1]:7788/": the URL of the service on this port. */
#define BG_CONFIG_URL_SIZE 80
void bg_config_url(const struct bg_config *config, int64_t port, char ret_url[BG_CONFIG_URL_SIZE]);
/* Lists the settings, separated by ", ", that differ between `read` and `running` and that only a restart applies. False: none.
 */
bool bg_config_restart_needed(const struct bg_config *running, const struct bg_config *read, size_t size, char *ret_names);
/* The number of a user given by name or as a number. */
bool bg_user_find(const char *user, uint32_t *ret_uid);
/* The whole table with the meaning of each setting, as a commented sample file. */
void bg_config_print_sample(FILE *out);

#endif
