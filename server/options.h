/* options.h: the command line. */
#ifndef BEAMGAUGE_OPTIONS_H
#define BEAMGAUGE_OPTIONS_H

#include "beamgauge/config.h"
#include "beamgauge/error.h"
#include "beamgauge/node.h"

#include <stdbool.h>
#include <stdio.h>

enum bg_command {
    BG_COMMAND_SERVE,
    BG_COMMAND_CHECK_CONFIG,
    BG_COMMAND_SAMPLE_CONFIG,
    BG_COMMAND_TOKEN,
    BG_COMMAND_VERSION,
    BG_COMMAND_HELP
};

#define BG_OPTION_NODES_MAX 64

/* Borrows from argv. */
struct bg_options {
    enum bg_command command;
    const char *config_path; /* NULL: no file */
    const char *listen, *cookie_file, *name, *log_level, *data;
    const char *nodes[BG_OPTION_NODES_MAX];
    size_t nodes_count;
    char **arguments; /* of `token` */
    int arguments_count;
};

enum bg_error bg_options_parse(int argc, char **argv, struct bg_options *ret_options, struct bg_failure *ret_failure) BG_MUST_CHECK;
void bg_options_print_help(FILE *out);

/* The whole configuration: defaults, then the file, then the command line, then the cookies; checked. On failure nothing is kept, and all
 * failures are reported: those of the file, or those of its settings with the rest. */
enum bg_error bg_options_load(const struct bg_options *options, struct bg_config *ret_config,
                              struct bg_failures *ret_failures) BG_MUST_CHECK;
/* A spec for the registry from a configured node; borrows from it. */
struct bg_node_spec bg_options_node_spec(const struct bg_config_node *node);

#endif
