#include "base/file_write.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/slice.h"

int file_write_all(int fd, spin_slice_t bytes) {
    while (bytes.len > 0) {
        ssize_t put = write(fd, bytes.ptr, bytes.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return errno;
        bytes = slice_from(bytes, (size_t)put);
    }
    return 0;
}

int file_write_temporary(char *path, spin_slice_t bytes) {
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return errno;
    int number = file_write_all(fd, bytes);
    if (number == 0 && fsync(fd) != 0)
        number = errno;
    if (close(fd) != 0 && number == 0) /* quotas and network file systems report late */
        number = errno;
    if (number != 0)
        unlink(path);
    return number;
}

/* Of `path` as far as `len`. */
static int make_folders(const char *path, size_t len, size_t skip, mode_t mode) {
    char part[PATH_MAX];
    if (len >= sizeof part)
        return ENAMETOOLONG;
    memcpy(part, path, len);
    part[len] = '\0';
    for (size_t at = skip + 1; at <= len; at++) {
        if (part[at] != '/' && part[at] != '\0')
            continue;
        part[at] = '\0';
        if (mkdir(part, mode) != 0 && errno != EEXIST)
            return errno;
        part[at] = path[at];
    }
    return 0;
}

int file_make_folders(const char *path, size_t skip, mode_t mode) {
    return make_folders(path, strlen(path), skip, mode);
}

int file_make_parents(const char *path, mode_t mode) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : make_folders(path, (size_t)(slash - path), 0, mode);
}
