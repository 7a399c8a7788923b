/* question.h: the embedded questions, as the table that embed.escript writes at build time. */
#ifndef BEAMGAUGE_PROBE_QUESTION_H
#define BEAMGAUGE_PROBE_QUESTION_H

#include <stddef.h>
#include <stdint.h>

struct bg_question {
    const char *name;     /* "memory": the file's name without its suffix; no control characters */
    const uint8_t *forms; /* a list of abstract expressions, as an external term without the version byte */
    size_t forms_length;
};

/* Sorted by name. */
extern const struct bg_question bg_questions[];
extern const size_t bg_questions_count;

/* NULL where there is no such question. */
const struct bg_question *bg_question_find(const char *name);

#endif
