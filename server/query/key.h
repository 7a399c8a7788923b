/* key.h: the key of a question: equal questions have equal keys. */
#ifndef BEAMGAUGE_QUERY_KEY_H
#define BEAMGAUGE_QUERY_KEY_H

#include "beamgauge/error.h"
#include "beamgauge/node.h"

#include <jansson.h>
#include <stdbool.h>

/* Node, incarnation, question and arguments as one text; the order of members in the arguments does not matter. *ret_key is malloc'ed. */
enum bg_error bg_query_key(const struct bg_node_info *node, const char *question, const json_t *args, char **ret_key,
                           struct bg_failure *ret_failure) BG_MUST_CHECK;
/* True if it is the key of a question to that node. */
bool bg_query_key_is_of(const char *key, const char *node);

#endif
