/* key.c: the key of a question: equal questions have equal keys. */
#include "key.h"

#include "beamgauge/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODE_LINE 3 /* of a key, counted from 0 */

/* The time of link-up is in the key too, since the generation starts again for a node that was deleted and registered again. */
enum bg_error bg_query_key(const struct bg_node_info *node, const char *question, const json_t *args, char **ret_key,
                           struct bg_failure *ret_failure)
{
    char *canonical = NULL;
    if (args != NULL && (canonical = bg_json_text(args, JSON_COMPACT | JSON_SORT_KEYS)) == NULL)
        goto fail;
    char *key;
    int length = asprintf(&key, "%" PRIu64 "\n%" PRId64 "\n%s\n%s\n%s", node->generation, node->since_wall_ms, question, node->name,
                          canonical != NULL ? canonical : "{}");
    if (length < 0)
        goto fail;
    free(canonical);
    *ret_key = key;
    return BG_OK;
fail:
    free(canonical);
    return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
}

bool bg_query_key_is_of(const char *key, const char *node)
{
    for (int line = 0; line < NODE_LINE && key != NULL; line++)
        if ((key = strchr(key, '\n')) != NULL)
            key++;
    return key != NULL && strncmp(key, node, strlen(node)) == 0 && key[strlen(node)] == '\n';
}
