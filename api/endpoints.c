/* endpoints.c: every endpoint there is, one by one, out of the tables of the resources. */
#include "endpoints.h"

/* clang-format off */
#define POINTERS_1(name) &bg_##name##_endpoints[0],
#define POINTERS_2(name) POINTERS_1(name) &bg_##name##_endpoints[1],
#define POINTERS_3(name) POINTERS_2(name) &bg_##name##_endpoints[2],
#define POINTERS_4(name) POINTERS_3(name) &bg_##name##_endpoints[3],
#define POINTERS(name, count) POINTERS_##count(name)
/* clang-format on */

const struct bg_endpoint *const bg_api_endpoints[] = {BG_RESOURCES(POINTERS) NULL};
