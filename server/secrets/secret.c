/* secret.c: reads files, mainly secret ones that no other user may read. */
#include "beamgauge/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "~/x" -> "$HOME/x"; anything else stays as it is. */
static enum bg_error path_expand(const struct bg_secret_kind *kind, const char *path, char ret_path[PATH_MAX],
                                 struct bg_failure *ret_failure)
{
    bool in_home = path[0] == '~' && path[1] == '/';
    const char *home = in_home ? getenv("HOME") : "";
    size_t home_length, length;

    if (home == NULL)
        return bg_fail_param(ret_failure, BG_INVALID, kind->param, "%s %.200s: HOME is not set, so \"~\" has no meaning; give a full path",
                             kind->noun, path);
    home_length = strlen(home);
    path += in_home;
    length = strlen(path);
    if (home_length + length >= PATH_MAX)
        return bg_fail_param(ret_failure, BG_INVALID, kind->param, "the path of the %s is longer than %d bytes", kind->noun, PATH_MAX - 1);
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

static enum bg_error mode_check(const struct bg_secret_kind *kind, const char *path, const struct stat *status,
                                struct bg_failure *ret_failure)
{
    const mode_t mode = status->st_mode, others = status->st_uid == 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;

    if (kind->danger == NULL || (mode & others) == 0)
        return BG_OK;
    return bg_fail_param(ret_failure, BG_INVALID, kind->param, "%s %.200s is open to others (mode %04o), and %s: chmod 400 %.200s",
                         kind->noun, path, (unsigned)mode & 07777, kind->danger, path);
}

enum bg_error bg_secret_read(const struct bg_secret_kind *kind, const char *path, size_t size, char *ret_bytes, size_t *ret_length,
                             struct bg_failure *ret_failure)
{
    char full_path[PATH_MAX];
    enum bg_error error = path_expand(kind, path, full_path, ret_failure);
    struct stat status = {0};
    ssize_t length;
    int fd;

    if (error != BG_OK)
        return error;
    /* Non-blocking, in case the path is a pipe. */
    fd = open(full_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    length = fd < 0 || fstat(fd, &status) != 0 ? -1 : file_read(fd, ret_bytes, size);
    if (length < 0)
        error = bg_fail_param(ret_failure, BG_INVALID, kind->param, "%s %.200s cannot be read: %s", kind->noun, path, strerror(errno));
    else
        error = mode_check(kind, path, &status, ret_failure);
    if (fd >= 0)
        close(fd);
    if (error == BG_OK)
        *ret_length = (size_t)length;
    return error;
}
