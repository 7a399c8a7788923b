/* assets.h: the page's files. */
#ifndef BG_HTTP_ASSETS_H
#define BG_HTTP_ASSETS_H

#include "beamgauge/http.h"
#include "connection.h"
#include "request.h"

const struct bg_asset *bg_asset_find(const struct bg_asset *assets, const char *path, size_t length); /* assets may be NULL */
/* Whether If-None-Match (NULL: absent) names this entity tag, by RFC 9110's weak comparison. */
bool bg_etag_matches(const char *if_none_match, const char *etag);
void bg_asset_send(struct bg_connection *connection, const struct bg_request *request, const struct bg_asset *asset);

#endif
