/* json_body.h: the JSON that a client sent. */
#ifndef BG_HTTP_JSON_BODY_H
#define BG_HTTP_JSON_BODY_H

#include "beamgauge/error.h"

#include <jansson.h>
#include <stddef.h>

/* Call it once, at any time: memory that jansson has allocated before can still be freed. */
void bg_json_body_start(void);
/* BG_INVALID if it is not JSON, or has a member twice. */
enum bg_error bg_json_body_read(const char *bytes, size_t length, json_t **ret_body, struct bg_failure *ret_failure) BG_MUST_CHECK;

#endif
