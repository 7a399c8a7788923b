/* question.h: the embedded questions, as the tables that embed.escript writes at build time. */
#ifndef BEAMGAUGE_QUERY_QUESTION_H
#define BEAMGAUGE_QUERY_QUESTION_H

#include "beamgauge/node.h"

#include <stddef.h>
#include <stdint.h>

/* A native question for emulators since a version: the answer is an object of these keys and the results of the calls, in their order. */
struct bg_native {
    uint16_t erts_major, erts_minor;
    struct bg_calls calls;
    const char *const *keys;
    size_t keys_count;
};

struct bg_question {
    const char *name;     /* "memory": the file's name without its suffix; no control characters */
    const uint8_t *forms; /* a list of abstract expressions, as an external term without the version byte; NULL: a native question */
    size_t forms_length;
    const struct bg_atom_named *atoms; /* of the forms */
    size_t atoms_count;
    uint64_t modules;                /* the modules that the forms need: a bit for each of bg_modules */
    const struct bg_native *natives; /* the newest emulator's first; the last is for all */
    size_t natives_count;
};

/* A module of the standard library that a node may not have loaded yet. */
struct bg_module {
    const char *name;
    struct bg_calls load; /* code:ensure_loaded/1 */
};

/* Sorted by name. */
extern const struct bg_question bg_questions[];
extern const size_t bg_questions_count;
/* At most 64, in the order in which the question "modules" reports whether they are loaded. */
extern const struct bg_module bg_modules[];
extern const size_t bg_modules_count;

/* NULL if there is no such question. */
const struct bg_question *bg_question_find(const char *name);
/* The calls of a native question for an emulator of this version; 0.0: unknown. */
const struct bg_native *bg_question_native(const struct bg_question *question, unsigned erts_major, unsigned erts_minor);

#endif
