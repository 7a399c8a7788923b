/* reply.h: the reply to a question. */
#ifndef BEAMGAUGE_QUERY_REPLY_H
#define BEAMGAUGE_QUERY_REPLY_H

#include "beamgauge/error.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* {ok, Answer} -> a new reference to the answer's JSON; {error, {Class, Text}} and anything else -> BG_BAD_ANSWER. The failure's text names
 * the node and the question. */
enum bg_error bg_reply_read(const char *node, const char *question, const uint8_t *reply, size_t length, json_t **ret_data,
                            size_t *ret_bytes, struct bg_failure *ret_failure) BG_MUST_CHECK;

/* The list of the results of a native question's calls, without version byte -> an object of `keys`; anything else is BG_BAD_ANSWER. */
enum bg_error bg_reply_read_native(const char *node, const char *const *keys, size_t keys_count, const uint8_t *reply, size_t length,
                                   json_t **ret_data, size_t *ret_bytes, struct bg_failure *ret_failure) BG_MUST_CHECK;

#endif
