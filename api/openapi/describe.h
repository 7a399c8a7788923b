/* describe.h: the OpenAPI document is made when the program is built: from the endpoint descriptors, and from what a schema file beside the
 * resource says of its answers. Only the tool that makes it uses this, so whatever is wrong ends it, with a sentence. */
#ifndef BEAMGAUGE_OPENAPI_DESCRIBE_H
#define BEAMGAUGE_OPENAPI_DESCRIBE_H

#include "beamgauge/endpoint.h"

#include <jansson.h>

/* What a schema file says of an operation, all of it optional but `tags` and what the answer is:
 *   tags          as in OpenAPI
 *   description   where there is more to say than the summary
 *   parameters    {name: {...}}: members that a parameter has besides, as an example
 *   required      [name]: query parameters that must be there
 *   headers       [...]: header parameters, as in OpenAPI
 *   body          the request body, as in OpenAPI
 *   data, meta    the schema of `data`; the name of the schema of `meta`, "Meta" where it is not given
 *   examples      {content type: {"example" or "examples": ...}}
 *   errors        {status: name of a response in frame.json, or null: not this one}, besides those that the descriptor tells
 *   answers       {status: {description, headers, examples, problem}}: further answers of the same types; `headers` is {name: name of a
 *                 header in frame.json}, `problem` the example of a problem document that may stand in the place of JSON
 *   responses     {status: ...}, as in OpenAPI, in place of what is made
 */

/* A new reference to the operation object. */
json_t *bg_describe_operation(const struct bg_endpoint *endpoint, const json_t *notes);
/* A new reference to its "parameters". */
json_t *bg_describe_parameters(const struct bg_endpoint *endpoint, const json_t *notes);
/* A new reference to its "responses". */
json_t *bg_describe_responses(const struct bg_endpoint *endpoint, const json_t *notes);

bool bg_describe_is_in_path(const struct bg_endpoint *endpoint, const char *name);
/* {"$ref": "#/components/KIND/NAME"}, a new reference. */
json_t *bg_describe_reference(const char *kind, const char *name);
/* The value itself; ends the tool where it is NULL, as memory has run out, or a text is not UTF-8. */
json_t *bg_describe_need(json_t *value);
/* Puts the value, which is taken, into the object. */
void bg_describe_put(json_t *object, const char *key, json_t *value);

#endif
