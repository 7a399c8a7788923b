/* form.h: the fields of a form that was sent as application/x-www-form-urlencoded. */
#ifndef BG_HTTP_FORM_H
#define BG_HTTP_FORM_H

#include "beamgauge/error.h"

#include <jansson.h>
#include <stddef.h>

#define BG_FORM_FIELDS_MAX 64

/* As bg_call_form() has it. */
enum bg_error bg_form_read(const char *content_type, const char *bytes, size_t length, json_t **ret_fields,
                           struct bg_failure *ret_failure) BG_MUST_CHECK;

#endif
