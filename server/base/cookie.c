/* cookie.c: reading an Erlang cookie from its file. */
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The cookie and some blank after it; a longer file is no cookie file. */
#define COOKIE_FILE_MAX 1024

void bg_cookie_free(char *cookie)
{
    if (cookie != NULL)
        OPENSSL_cleanse(cookie, strlen(cookie));
    free(cookie);
}

/* "~/x" -> "$HOME/x"; anything else stays as it is. */
static enum bg_error path_expand(const char *path, char ret_path[PATH_MAX], struct bg_failure *ret_failure)
{
    bool in_home = path[0] == '~' && path[1] == '/';
    const char *home = in_home ? getenv("HOME") : "";
    size_t home_length, length;

    if (home == NULL)
        return bg_fail_param(ret_failure, BG_INVALID, "cookie_file",
                             "cookie file %.200s: HOME is not set, so \"~\" has no meaning; give a full path", path);
    home_length = strlen(home);
    path += in_home;
    length = strlen(path);
    if (home_length + length >= PATH_MAX)
        return bg_fail_param(ret_failure, BG_INVALID, "cookie_file", "the path of the cookie file is longer than %d bytes", PATH_MAX - 1);
    memcpy(ret_path, home, home_length);
    memcpy(ret_path + home_length, path, length + 1);
    return BG_OK;
}

/* Reads until the end of the file or of the buffer; -1 and errno on failure. */
static ssize_t file_read(int fd, char *buffer, size_t size)
{
    size_t length = 0;

    while (length < size) {
        ssize_t got = read(fd, buffer + length, size - length);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        length += (size_t)got;
    }
    return (ssize_t)length;
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

/* As Erlang itself has it (auth.erl); but a file of root's may be read by a group, which is how secrets reach a container or a service that
 * is not root. */
static enum bg_error mode_check(const char *path, const struct stat *status, struct bg_failure *ret_failure)
{
    const mode_t mode = status->st_mode, others = status->st_uid == 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
    if ((mode & others) == 0)
        return BG_OK;
    return bg_fail_param(ret_failure, BG_INVALID, "cookie_file",
                         "cookie file %.200s is open to others (mode %04o), and whoever has the cookie may run code on the node: chmod 400 "
                         "%.200s",
                         path, (unsigned)mode & 07777, path);
}

enum bg_error bg_cookie_read(const char *path, char **ret_cookie, struct bg_failure *ret_failure)
{
    char full_path[PATH_MAX], bytes[COOKIE_FILE_MAX];
    enum bg_error error = path_expand(path, full_path, ret_failure);
    struct stat status = {0};
    ssize_t length;
    int fd;

    if (error != BG_OK)
        return error;
    /* Not blocking, in case the path is a pipe's. */
    fd = open(full_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    length = fd < 0 || fstat(fd, &status) != 0 ? -1 : file_read(fd, bytes, sizeof(bytes));
    if (length < 0)
        error = bg_fail_param(ret_failure, BG_INVALID, "cookie_file", "cookie file %.200s cannot be read: %s", path, strerror(errno));
    else if ((error = mode_check(path, &status, ret_failure)) == BG_OK)
        error = cookie_take(path, bytes, (size_t)length, ret_cookie, ret_failure);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    if (fd >= 0)
        close(fd);
    return error;
}
