/* exposition.c: writes the figures of a table, and ends calls with what was written. */
#include "exposition.h"

#include <stdlib.h>
#include <string.h>

/* What stands at a dotted path; NULL where nothing does. */
static const json_t *find(const json_t *value, const char *path)
{
    for (size_t length; value != NULL && *path != '\0'; path += length + (path[length] == '.')) {
        length = strcspn(path, ".");
        value = json_object_getn(value, path, length);
    }
    return value;
}

void bg_figures_write(struct bg_exposition *exposition, const struct bg_sight *sight, const struct bg_figure *figures)
{
    for (const struct bg_figure *figure = figures; figure->metric.name != NULL; figure++)
        for (size_t i = 0; i < sizeof figure->samples / sizeof figure->samples[0] && figure->samples[i].path != NULL; i++) {
            const json_t *answer = sight->answers[figure->source], *value = find(answer, figure->samples[i].path);
            double number = json_number_value(value);
            if (!json_is_number(value))
                continue;
            for (size_t j = 0; j < 4 && figure->samples[i].less[j] != NULL; j++)
                number -= json_number_value(find(answer, figure->samples[i].less[j]));
            bg_exposition_add(exposition, &figure->metric, &figure->samples[i].label, number > 0 ? number * figure->factor : 0);
        }
}

void bg_call_expose(struct bg_call *call, struct bg_exposition *exposition)
{
    char *text;
    size_t length;
    struct bg_failure failure;
    if (exposition == NULL || !bg_exposition_end(exposition, &text, &length)) {
        (void)bg_fail(&failure, BG_NO_MEMORY, "out of memory");
        bg_call_fail(call, &failure);
        return;
    }
    const struct bg_custom reply = {.status = 200, .content_type = bg_call_type(call), .bytes = text, .length = length};
    bg_call_custom(call, &reply);
    free(text);
}
