/* fuzz_names.c: hostile bytes as a host, a port, an authority, and the name and the address of a node. */
#include "beamgauge/names.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* What was read is written again, and read as the same. */
static void check_authority(const char *text, size_t length)
{
    struct bg_authority authority, again;
    struct bg_failure failure = {.error = BG_OK};
    char written[BG_HOST_MAX + 16];
    enum bg_host host;
    bool is_v6;

    if (bg_authority_read(text, length, &authority, &failure) != BG_OK) {
        require(failure.error == BG_INVALID && failure.text[0] != '\0');
        return;
    }
    is_v6 = authority.host == BG_HOST_V6;
    require(authority.port >= -1 && authority.port <= UINT16_MAX && strlen(authority.text) <= BG_HOST_MAX);
    require(bg_host_check(authority.text, strlen(authority.text), &host, &failure) == BG_OK && host == authority.host);
    snprintf(written, sizeof written, "%s%s%s:", is_v6 ? "[" : "", authority.text, is_v6 ? "]" : "");
    if (authority.port >= 0)
        snprintf(written + strlen(written), sizeof written - strlen(written), "%d", authority.port);
    require(bg_authority_read(written, strlen(written), &again, &failure) == BG_OK);
    require(strcmp(again.text, authority.text) == 0 && again.host == authority.host && again.port == authority.port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bg_failure failure = {.error = BG_OK};
    char *text = strndup((const char *)data, size);
    const char *host;
    enum bg_host kind;

    require(text != NULL);
    check_authority((const char *)data, size);
    if (bg_node_name_check(text, &failure) == BG_OK) {
        host = strchr(text, '@') + 1;
        require(strlen(text) <= BG_NODE_NAME_MAX && bg_host_check(host, strlen(host), &kind, &failure) == BG_OK);
    }
    if (bg_node_address_check(text, &failure) == BG_OK)
        require(bg_host_check(text, strcspn(text, "%"), &kind, &failure) == BG_OK &&
                (text[strcspn(text, "%")] == '\0' || kind == BG_HOST_V6));
    free(text);
    return 0;
}
