/* describe.h: the OpenAPI document is made when the program is built: from the endpoint descriptors, and from a schema file beside the
 * resource, which describes its answers. Only the tool that makes it uses this, so any error ends the tool with a message. */
#ifndef BEAMGAUGE_OPENAPI_DESCRIBE_H
#define BEAMGAUGE_OPENAPI_DESCRIBE_H

#include "beamgauge/endpoint.h"

#include <jansson.h>

/* The members of an operation in a schema file; all are optional except `tags` and those of the answer:
 *   tags          as in OpenAPI
 *   description   more than the summary, if needed
 *   parameters    {name: {...}}: further members of a parameter, for example `example`
 *   required      [name]: query parameters that are required
 *   headers       [...]: header parameters, as in OpenAPI
 *   body          the request body, as in OpenAPI
 *   data, meta    the schema of `data`; the name of the schema of `meta`, "Meta" by default
 *   examples      {content type: {"example" or "examples": ...}}
 *   errors        {status: name of a response in frame.json, or null: not this one}, in addition to those of the descriptor
 *   answers       {status: {description, headers, examples, problem}}: further answers of the same types; `headers` is {name: name of a
 *                 header in frame.json}, `problem` the example of a problem document that may stand in the place of JSON
 *   responses     {status: ...}, as in OpenAPI, instead of the generated ones
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

#endif
