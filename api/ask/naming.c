/* naming.c: asks nodes for the names of processes, and waits no longer than its owner allows. */
#include "naming.h"

#include "fetch.h"

#include "beamgauge/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define WAIT_MS_MIN 50 /* with less, a node is not marked as late */
#define BEHIND_MS 5000 /* for this time a node may continue, for the next caller */

struct asked {
    struct bg_naming *naming;
    struct bg_fetch fetch;
    char node[BG_NODE_NAME_MAX + 1];
};

struct bg_naming {
    struct bg_unnamed unnamed;
    struct asked *asked;
    size_t asked_count, waiting;
    bg_naming_done *done;
    void *context;
};

static void naming_free(struct bg_naming *naming)
{
    if (naming != NULL)
        free(naming->asked);
    free(naming);
}

static void on_done(struct bg_fetch *fetch, const struct bg_failure *failure, const struct bg_answer *answer)
{
    struct asked *asked = fetch->owner;
    struct bg_naming *naming = asked->naming;
    bg_naming_done *done = naming->done;
    void *owner = naming->context;
    (void)answer; /* the store of names has the answer */
    if (failure != NULL)
        bg_query_names_late(naming->unnamed.services->queries, asked->node);
    if (--naming->waiting > 0)
        return;
    bg_unnamed_keep(&naming->unnamed, NULL);
    naming_free(naming);
    done(owner);
}

static void ask(struct bg_naming *naming, const char *node, uint64_t reader, int64_t wait_ms)
{
    struct asked *asked = &naming->asked[naming->asked_count++];
    const struct bg_services *services = naming->unnamed.services;
    struct bg_failure failure;
    *asked = (struct asked){.naming = naming, .fetch = {.services = services, .owner = asked, .done = on_done}};
    (void)snprintf(asked->node, sizeof asked->node, "%s", node);
    const struct bg_fetch_request request = {
        .node = asked->node,
        .arguments = bg_unnamed_arguments(&naming->unnamed, node),
        .reader = reader,
        .timeout_ms = wait_ms,
        .warm_ms = BEHIND_MS - wait_ms,
    };
    if (!naming->unnamed.shaper->failed && wait_ms < WAIT_MS_MIN)
        bg_fetch_warm(services, &request);
    else if (!naming->unnamed.shaper->failed && bg_fetch_start(&asked->fetch, &request, &failure) == BG_OK)
        naming->waiting++;
    json_decref(request.arguments.args);
}

struct bg_naming *bg_naming_start(const struct bg_unnamed *unnamed, uint64_t reader, int64_t deadline_us, bg_naming_done *done,
                                  void *context)
{
    bool is_late;
    json_t *nodes = bg_unnamed_nodes(unnamed, &is_late), *value;
    const int64_t left_ms = (deadline_us - bg_clock_monotonic_us(unnamed->services->clock)) / 1000;
    struct bg_naming *naming = calloc(1, sizeof *naming);
    const char *node;
    if (naming != NULL)
        *naming = (struct bg_naming){.unnamed = *unnamed, .done = done, .context = context};
    if (naming != NULL)
        naming->asked = calloc(json_object_size(nodes) + 1, sizeof *naming->asked);
    if (naming == NULL || naming->asked == NULL)
        bg_shaper_fail(unnamed->shaper, BG_NO_MEMORY, "out of memory");
    else
        json_object_foreach(nodes, node, value) ask(naming, node, reader, bg_unnamed_wait_ms(left_ms));
    json_decref(nodes);
    if (naming != NULL && naming->waiting > 0)
        return naming;
    bg_unnamed_keep(unnamed, NULL);
    naming_free(naming);
    return NULL;
}

void bg_naming_stop(struct bg_naming *naming)
{
    for (size_t i = 0; naming != NULL && i < naming->asked_count; i++)
        bg_fetch_cancel(&naming->asked[i].fetch);
    naming_free(naming);
}
