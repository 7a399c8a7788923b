/* assets.c: the page's files, with entity tags, compressed if the client accepts it, and with a strict content policy. */
#include "assets.h"

#include "formats.h"
#include "reply.h"

#include <stdio.h>
#include <string.h>

static const char policy[] = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
                             "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const struct bg_asset *bg_asset_find(const struct bg_asset *assets, const char *path, size_t length)
{
    for (; assets != NULL && assets->path != NULL; assets++)
        if (strlen(assets->path) == length && memcmp(assets->path, path, length) == 0)
            return assets;
    return NULL;
}

bool bg_etag_matches(const char *if_none_match, const char *etag)
{
    size_t length = strlen(etag);

    for (const char *at = if_none_match; at != NULL && *at != '\0'; at += strcspn(at, ",")) {
        at += strspn(at, ", \t");
        if (*at == '*')
            return true;
        if (strncmp(at, "W/", 2) == 0)
            at += 2;
        if (strncmp(at, etag, length) == 0)
            return true;
    }
    return false;
}

/* The compressed form is another representation, so it has a tag of its own: "abc" -> "abc-gzip". */
static void tag_gzip(const char *etag, char *ret_tag, size_t size)
{
    snprintf(ret_tag, size, "%.*s-gzip\"", (int)(strlen(etag) - 1), etag);
}

void bg_asset_send(struct bg_connection *connection, const struct bg_request *request, const struct bg_asset *asset)
{
    bool gzip = asset->gzip != NULL && bg_accept_has(request->accept_encoding, "gzip");
    struct evbuffer *buffer = evhttp_request_get_output_buffer(request->raw);
    char etag[128];
    struct bg_failure failure;
    struct bg_head head;
    int status;

    if (gzip)
        tag_gzip(asset->etag, etag, sizeof etag);
    else
        snprintf(etag, sizeof etag, "%s", asset->etag);
    status = bg_etag_matches(request->if_none_match, etag) ? 304 : 200;
    bg_head_start(&head, status, request);
    bg_head_add(&head, "ETag", etag);
    bg_head_add(&head, "Cache-Control", "no-cache");
    bg_head_add(&head, "Content-Security-Policy", policy);
    if (asset->gzip != NULL)
        bg_head_add(&head, "Vary", "Accept-Encoding");
    if (status == 200) {
        bg_head_add(&head, "Content-Type", asset->content_type);
        if (gzip)
            bg_head_add(&head, "Content-Encoding", "gzip");
        /* The bytes are part of the program, so they last longer than every reply. */
        if (evbuffer_add_reference(buffer, gzip ? asset->gzip : asset->data, gzip ? asset->gzip_length : asset->length, NULL, NULL) != 0) {
            bg_fail(&failure, BG_NO_MEMORY, "out of memory");
            bg_reply_failure(connection, request, &failure);
            return;
        }
    }
    bg_reply_send(connection, request, status, &head);
}
