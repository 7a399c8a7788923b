/* term.h: Erlang's external term format <-> JSON. No other header has both. */
#ifndef BEAMGAUGE_TERM_H
#define BEAMGAUGE_TERM_H

#include "beamgauge/error.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct bg_term_limits {
    size_t depth_max;    /* nesting */
    size_t elements_max; /* values in all, so that a small term cannot become a huge document */
    size_t bytes_max;    /* approximate memory of the document */
};

/* One external term (with its version byte) to JSON. These rules make the result unambiguous:
 *   map -> object (keys: atoms or UTF-8 binaries; any other key is BG_BAD_ANSWER) · list -> array · improper list -> array with the tail
 * last · tuple -> array · atoms true, false -> booleans; undefined, null, nil -> null; other atoms -> string · integer -> integer, or
 * string of decimal digits outside int64 · float -> real · binary -> string if UTF-8, else {"base64": ...} · STRING_EXT -> array of
 * integers · pid -> {"pid": "<0.ID.SERIAL>", "node": NODE} as the shell of its own node prints it · port -> {"port": "#Port<0.ID>", "node"}
 * · reference -> {"reference": "#Ref<0.W2.W1.W0>", "node"} · fun, export -> {"function": "module:name/arity"}, a fun having the name
 * "fun-INDEX" · bit string that does not end at a byte -> {"base64": ..., "bits": N}.
 * Also refused: compressed terms, keys with a NUL, two keys with the same text, numbers of more than 256 bytes.
 * Control characters inside strings are kept (JSON escapes them); code that prints the text elsewhere must escape it again.
 * BG_BAD_ANSWER on truncated, malformed, over-deep or over-large input; never reads past `length`. *ret_json is a new reference;
 * *ret_bytes (which may be NULL) is an estimate of its memory, rather too high than too low. */
enum bg_error bg_term_to_json(const uint8_t *term, size_t length, const struct bg_term_limits *limits, json_t **ret_json, size_t *ret_bytes,
                              struct bg_failure *ret_failure) BG_MUST_CHECK;

/* The same for a term without its version byte. */
enum bg_error bg_term_bare_to_json(const uint8_t *term, size_t length, const struct bg_term_limits *limits, json_t **ret_json,
                                   size_t *ret_bytes, struct bg_failure *ret_failure) BG_MUST_CHECK;

/* JSON to an external term without version byte (so that terms can be joined). object -> map with binary keys, string -> binary,
 * array -> list, integer, real, true/false -> atoms, null -> atom undefined. Text never becomes an atom. *ret_bytes is malloc'ed. */
enum bg_error bg_term_from_json(const json_t *json, uint8_t **ret_bytes, size_t *ret_length, struct bg_failure *ret_failure) BG_MUST_CHECK;

#endif
