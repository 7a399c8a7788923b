/* scene.h: a registry with one link to one fake node. */
#ifndef BG_TEST_SCENE_H
#define BG_TEST_SCENE_H

#include "fake.h"
#include "world.h"

struct scene {
    struct world world;
    struct fake fake;
};

/* The link is being made; NULL options: the usual ones. */
void scene_open(struct scene *scene, const struct fake *fake, const struct bg_nodes_options *options);
void scene_up(struct scene *scene, const struct fake *fake, const struct bg_nodes_options *options); /* waits until it is up */
void scene_close(struct scene *scene);
void scene_look(struct scene *scene, struct bg_node_info *ret_info);
struct bg_inquiry *scene_ask(struct scene *scene, int64_t timeout_ms, struct outcome *outcome);

#endif
