#include "output.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_and_close(FILE *file, spin_slice_t text) {
    if (file == NULL)
        return false;
    bool good = text.len == 0 || fwrite(text.ptr, 1, text.len, file) == text.len;
    good = fflush(file) == 0 && good;
    int number = errno;
    good = (file == stdout || fclose(file) == 0) && good;
    if (number != 0)
        errno = number; /* the first reason */
    return good;
}

/* A file that another one can stand in for. It is often the input, too, and must not be lost on a
 * full disk. */
static bool is_replaceable(const char *path, struct stat *info) {
    return lstat(path, info) == 0 && S_ISREG(info->st_mode) && info->st_nlink == 1 &&
           info->st_uid == geteuid() && access(path, W_OK) == 0;
}

/* `beside` is a template for mkstemp. */
static bool replace(const char *path, char *beside, mode_t mode, spin_slice_t text) {
    int fd = mkstemp(beside);
    if (fd < 0) /* a folder that takes no further files */
        return write_and_close(fopen(path, "wb"), text);
    bool good = fchmod(fd, mode) == 0;
    FILE *file = fdopen(fd, "wb");
    if (file == NULL)
        close(fd);
    good = write_and_close(file, text) && good && rename(beside, path) == 0;
    int number = errno;
    if (!good)
        unlink(beside);
    errno = number;
    return good;
}

static bool write_path(const char *path, spin_slice_t text) {
    static const char suffix[] = ".XXXXXX";
    struct stat info;
    if (path == NULL)
        return write_and_close(stdout, text);
    if (!is_replaceable(path, &info))
        return write_and_close(fopen(path, "wb"), text);
    size_t size = strlen(path) + sizeof suffix;
    char *beside = malloc(size);
    if (beside == NULL)
        return false;
    snprintf(beside, size, "%s%s", path, suffix);
    bool good = replace(path, beside, info.st_mode & 07777, text);
    free(beside);
    return good;
}

int output_write(const char *path, spin_slice_t text) {
    errno = 0;
    if (write_path(path, text))
        return 0;
    fprintf(stderr, "Error: can't write %s: %s\n", path == NULL ? "standard output" : path,
            strerror(errno));
    return 1;
}
