/* expose.c: ends a call with metrics. */
#include "probe.h"

#include <stdlib.h>

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
