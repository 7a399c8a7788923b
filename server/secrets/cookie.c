/* cookie.c: reading an Erlang cookie from its file. */
#include "beamgauge/cookie.h"
#include "beamgauge/secret.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/* The cookie and some blanks after it; a longer file is not a cookie file. */
#define COOKIE_FILE_MAX 1024

void bg_cookie_free(char *cookie)
{
    if (cookie != NULL)
        OPENSSL_cleanse(cookie, strlen(cookie));
    free(cookie);
}

/* What is wrong with the bytes as a cookie, or NULL. The rules are auth.erl's: a blank at the end of the first line is part of the
 * cookie, and everything after that line must be blank. */
static const char *cookie_fault(const char *bytes, size_t length, size_t *ret_cookie_length)
{
    size_t cookie = 0, rest;

    while (cookie < length && bytes[cookie] >= ' ' && bytes[cookie] <= '~')
        cookie++;
    for (rest = cookie; rest < length && (bytes[rest] == '\n' || bytes[rest] == '\r' || bytes[rest] == ' ');)
        rest++;
    if (rest < length)
        return length >= COOKIE_FILE_MAX ? "it is too long for one" : "it holds more than one line of printable ASCII";
    if (cookie == 0)
        return "it is empty";
    if (cookie > BG_COOKIE_MAX || length >= COOKIE_FILE_MAX)
        return "it is too long: a cookie has at most 255 characters";
    *ret_cookie_length = cookie;
    return NULL;
}

static enum bg_error cookie_take(const char *path, const char *bytes, size_t length, char **ret_cookie, struct bg_failure *ret_failure)
{
    size_t cookie_length = 0;
    const char *fault = cookie_fault(bytes, length, &cookie_length);
    char *cookie;

    if (fault != NULL)
        return bg_fail_param(ret_failure, BG_INVALID, "cookie_file", "cookie file %.200s: %s", path, fault);
    cookie = strndup(bytes, cookie_length);
    if (cookie == NULL)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    *ret_cookie = cookie;
    return BG_OK;
}

enum bg_error bg_cookie_read(const char *path, char **ret_cookie, struct bg_failure *ret_failure)
{
    static const struct bg_secret_kind kind = {"cookie_file", "cookie file", "anyone with the cookie can run code on the node"};
    char bytes[COOKIE_FILE_MAX];
    size_t length;
    enum bg_error error = bg_secret_read(&kind, path, sizeof(bytes), bytes, &length, ret_failure);

    if (error == BG_OK)
        error = cookie_take(path, bytes, length, ret_cookie, ret_failure);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return error;
}
