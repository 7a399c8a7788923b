/* fuzz_term.c: hostile bytes to bg_term_to_json; what it takes must print, encode and come back unchanged. */
#include "beamgauge/term.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct bg_term_limits limits = {.depth_max = 64, .elements_max = 10000, .bytes_max = SIZE_MAX};

/* 131 and the term, as a node sends it. */
static json_t *decode(const uint8_t *term, size_t length)
{
    uint8_t *message = malloc(length + 1);
    if (message == NULL)
        return NULL;
    message[0] = 131;
    memcpy(message + 1, term, length);
    json_t *json = NULL;
    enum bg_error error = bg_term_to_json(message, length + 1, &limits, &json, NULL, NULL);
    free(message);
    if ((error == BG_OK) != (json != NULL))
        abort();
    return json;
}

static void check_round_trip(const json_t *json)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    if (bg_term_from_json(json, &bytes, &length, NULL) != BG_OK)
        return; /* larger than arguments may be */
    json_t *back = decode(bytes, length);
    if (back == NULL || !json_equal(json, back))
        abort();
    json_decref(back);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *json = decode(data, size);
    if (json == NULL)
        return 0;
    char *text = json_dumps(json, JSON_ENCODE_ANY);
    if (text == NULL)
        abort();
    free(text);
    check_round_trip(json);
    json_decref(json);
    return 0;
}
