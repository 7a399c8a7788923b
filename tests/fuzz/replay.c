/* replay.c: gives a fuzzer's seeds and findings to its target once more, without a fuzzer: every test run does. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay(const char *folder, const char *name)
{
    static uint8_t buffer[FILE_MAX_BYTES];
    char path[4096];
    FILE *file;
    uint8_t *copy;
    size_t length;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    if ((file = fopen(path, "rb")) == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    length = fread(buffer, 1, sizeof buffer, file);
    fclose(file);
    /* A block of its own, so that a sanitizer sees a step over its end. */
    if ((copy = malloc(length > 0 ? length : 1)) == NULL)
        exit(EXIT_FAILURE);
    memcpy(copy, buffer, length);
    printf("%s, %zu bytes\n", name, length);
    fflush(stdout);
    LLVMFuzzerTestOneInput(copy, length);
    free(copy);
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    const struct dirent *entry;
    int count = 0;

    if (folder == NULL) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return EXIT_FAILURE;
    }
    while ((entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.') {
            replay(argv[1], entry->d_name);
            count++;
        }
    closedir(folder);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
