/* uncounted.c: the rule for entries that nobody has counted. */
#include "uncounted.h"

bool bg_is_uncounted(struct bg_shaper *shaper, const json_t *raw)
{
    return bg_answer_boolean_or(shaper, raw, "uncounted", false);
}

int64_t bg_uncounted_count(struct bg_shaper *shaper, const json_t *raw)
{
    return bg_is_uncounted(shaper, raw) ? bg_answer_count_or(shaper, raw, "entries_max", -1) : -1;
}

const json_t *bg_uncounted_first(struct bg_shaper *shaper, const json_t *answer, int64_t *ret_max)
{
    const json_t *rows = bg_answer_array(shaper, answer, "rows"), *first = NULL;
    *ret_max = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const int64_t most = bg_uncounted_count(shaper, json_array_get(rows, i));
        if (most <= *ret_max)
            continue;
        *ret_max = most;
        first = json_array_get(rows, i);
    }
    return first;
}
