/* main.c: selects the command. */
#include "options.h"
#include "program.h"

#include "beamgauge/clock.h"
#include "beamgauge/process.h"
#include "beamgauge/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Without discovery there are still the configured nodes, and those registered later. */
static void discovery_check(const struct bg_config *config)
{
    struct bg_failure failure;
    char *cookie = NULL;

    if (config->discover && config->nodes_count == 0 && bg_cookie_read(config->cookie_file, &cookie, &failure) != BG_OK)
        fprintf(stderr, "beamgauge: nodes of this host will not be looked for: %s\n", failure.text);
    if (cookie != NULL)
        explicit_bzero(cookie, strlen(cookie));
    free(cookie);
}

static int config_check(const struct bg_options *options)
{
    struct bg_config config;
    struct bg_failures failures;
    char url[BG_CONFIG_URL_SIZE];

    if (bg_options_load(options, &config, &failures) != BG_OK) {
        for (size_t i = 0; i < failures.count; i++)
            fprintf(stderr, "beamgauge: %s\n", failures.list[i].text);
        if (failures.count == BG_FAILURES_MAX)
            fprintf(stderr, "beamgauge: these are the first %d; there may be more\n", BG_FAILURES_MAX);
        return EXIT_FAILURE;
    }
    bg_config_url(&config, config.listen_port, url);
    printf("configuration is right: listen on %s, %zu nodes, %zu tokens\n", url, config.nodes_count, config.tokens_count);
    if (config.tls != NULL && !bg_tls_holds(config.tls, bg_clock_wall_ms(bg_clock_system()) / 1000))
        fprintf(stderr, "beamgauge: the certificate in %s is not valid at this time: clients will refuse it\n", config.tls_cert);
    discovery_check(&config);
    bg_config_done(&config);
    return EXIT_SUCCESS;
}

/* Prints the secret once, to stdout, with the lines for the configuration. */
static int token_make(const struct bg_options *options)
{
    char scopes_text[128] = "", secret[BG_TOKEN_TEXT_SIZE];
    uint8_t sha256[BG_TOKEN_HASH_SIZE];
    struct bg_failure failure;
    unsigned scopes;
    size_t used = 0;

    if (options->arguments_count < 2) {
        fputs("usage: beamgauge token NAME SCOPE...   (scopes: read, check, chat, admin)\n", stderr);
        return EXIT_FAILURE;
    }
    for (int i = 1; i < options->arguments_count && used < sizeof(scopes_text); i++)
        used += (size_t)snprintf(scopes_text + used, sizeof(scopes_text) - used, "%s%s", i > 1 ? " " : "", options->arguments[i]);
    if (bg_scopes_parse(scopes_text, &scopes, &failure) != BG_OK || bg_token_check_name(options->arguments[0], &failure) != BG_OK ||
        bg_token_generate(secret, sha256, &failure) != BG_OK) {
        fprintf(stderr, "beamgauge: %s\n", failure.text);
        return EXIT_FAILURE;
    }
    printf("# The token, shown this once; clients send it as \"Authorization: Bearer ...\":\n#   %s\n", secret);
    printf("[token %s]\nsha256 = ", options->arguments[0]);
    for (size_t i = 0; i < sizeof(sha256); i++)
        printf("%02x", sha256[i]);
    printf("\nscopes = %s\n", scopes_text);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct bg_options options;
    struct bg_failure failure;

    bg_process_tune_memory();
    if (!bg_process_open_standard_files())
        return EXIT_FAILURE; /* the reason cannot be printed anywhere */
    if (bg_options_parse(argc, argv, &options, &failure) != BG_OK) {
        fprintf(stderr, "beamgauge: %s\n", failure.text);
        return EXIT_FAILURE;
    }
    switch (options.command) {
    case BG_COMMAND_HELP:
        bg_options_print_help(stdout);
        return EXIT_SUCCESS;
    case BG_COMMAND_VERSION:
        puts("beamgauge " BG_VERSION);
        return EXIT_SUCCESS;
    case BG_COMMAND_SAMPLE_CONFIG:
        bg_config_print_sample(stdout);
        return EXIT_SUCCESS;
    case BG_COMMAND_CHECK_CONFIG:
        return config_check(&options);
    case BG_COMMAND_TOKEN:
        return token_make(&options);
    case BG_COMMAND_SERVE:
        break;
    }
    return bg_program_run(&options, BG_VERSION);
}
