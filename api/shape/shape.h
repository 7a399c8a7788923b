/* shape.h: reading a node's answer and writing ours, with one sticky failure instead of a check at every field. */
#ifndef BG_API_SHAPE_H
#define BG_API_SHAPE_H

#include "beamgauge/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* After the first failure readers return neutral values (0, false, NULL) and writers drop their values, so code between two checks of
 * `failed` may run on. Every reader and writer accepts NULL as its object or array. */
struct bg_shaper {
    const char *source; /* the question whose answer is read, for the failure's text */
    bool failed;
    struct bg_failure failure; /* the first one: BG_BAD_ANSWER or BG_NO_MEMORY, or the argument of bg_shaper_fail() */
};

void bg_shaper_init(struct bg_shaper *shaper, const char *source);
void bg_shaper_fail(struct bg_shaper *shaper, enum bg_error error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Members of an object that must exist and have this type; else BG_BAD_ANSWER with the member's name. Results are borrowed. */
int64_t bg_answer_count(struct bg_shaper *shaper, const json_t *object, const char *key); /* an integer >= 0 */
int64_t bg_answer_integer(struct bg_shaper *shaper, const json_t *object, const char *key);
bool bg_answer_boolean(struct bg_shaper *shaper, const json_t *object, const char *key);
const json_t *bg_answer_object(struct bg_shaper *shaper, const json_t *object, const char *key);
const json_t *bg_answer_array(struct bg_shaper *shaper, const json_t *object, const char *key);
/* Items of an array. */
const json_t *bg_answer_object_at(struct bg_shaper *shaper, const json_t *array, size_t index);
/* Members that may be absent or null: then the fallback is returned. Any other type is BG_BAD_ANSWER. */
int64_t bg_answer_count_or(struct bg_shaper *shaper, const json_t *object, const char *key, int64_t fallback);
bool bg_answer_boolean_or(struct bg_shaper *shaper, const json_t *object, const char *key, bool fallback);
const json_t *bg_answer_array_or_null(struct bg_shaper *shaper, const json_t *object, const char *key);

/* New values. `value` is stolen, also on failure. */
json_t *bg_object_new(struct bg_shaper *shaper);
json_t *bg_array_new(struct bg_shaper *shaper);
void bg_put(struct bg_shaper *shaper, json_t *object, const char *key, json_t *value);
void bg_append(struct bg_shaper *shaper, json_t *array, json_t *value);

/* Values for bg_put(); NULL only if memory ran out. */
json_t *bg_text_or_null(const char *text);
json_t *bg_member_or_null(const json_t *object, const char *key); /* a new reference */
json_t *bg_number_new(double number);                             /* a whole one as an integer; null where it is not finite */
json_t *bg_ratio_new(int64_t part, int64_t whole);                /* null where whole is 0 */
json_t *bg_count_or_null(int64_t count);                          /* null where negative */
int64_t bg_bytes_of_words(int64_t words, int64_t word_bytes);     /* limited to the highest integer */
int64_t bg_sum(int64_t a, int64_t b);                             /* of two counts; limited to the highest integer */

/* A table of members that are copied from an answer under their public names. */
enum bg_field_kind {
    BG_FIELD_COUNT,         /* an integer >= 0 */
    BG_FIELD_COUNT_OR_NULL, /* the same, or null or absent */
    BG_FIELD_TEXT,          /* a text, or null or absent */
};
struct bg_field {
    const char *raw, *name; /* raw NULL ends a table */
    enum bg_field_kind kind;
};
void bg_put_fields(struct bg_shaper *shaper, json_t *object, const json_t *raw, const struct bg_field *fields);

/* A name from the node, as JSON text or null: an atom that became a JSON boolean becomes text again, and a missing name is null. */
json_t *bg_name_new(struct bg_shaper *shaper, const json_t *object, const char *key);
/* Text from a list of characters, which Erlang's own functions return: the first BG_CHARACTERS_MAX of them; null for anything else. */
#define BG_CHARACTERS_MAX 1000
json_t *bg_characters_new(const json_t *characters);
/* The value in a list of [Key, Value]; borrowed, NULL if it is not there. */
const json_t *bg_pair_get(const json_t *pairs, const char *key);

#endif
