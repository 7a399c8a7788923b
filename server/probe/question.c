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
