/* question.c: finding an embedded question by its name. */
#include "question.h"

#include <string.h>

const struct bg_question *bg_question_find(const char *name)
{
    for (size_t i = 0; i < bg_questions_count; i++)
        if (strcmp(bg_questions[i].name, name) == 0)
            return &bg_questions[i];
    return NULL;
}

const struct bg_native *bg_question_native(const struct bg_question *question, unsigned erts_major, unsigned erts_minor)
{
    size_t i = 0;
    while (i + 1 < question->natives_count &&
           (question->natives[i].erts_major > erts_major ||
            (question->natives[i].erts_major == erts_major && question->natives[i].erts_minor > erts_minor)))
        i++;
    return &question->natives[i];
}
