#include "loader/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file_write.h"

static spin_error_t *read_all(int fd, buf_t *out) {
    struct stat info;
    if (fstat(fd, &info) != 0)
        return error_from_errno(errno, "can't read it");
    if (!S_ISREG(info.st_mode))
        return error_new(SPIN_ERROR_INVALID, "not a regular file");
    for (;;) {
        if (out->len > FILE_MOST_BYTES)
            return error_new(SPIN_ERROR_LIMIT, "larger than %d MiB", FILE_MOST_BYTES >> 20);
        if (!buf_reserve(out, 16384))
            return error_no_memory();
        ssize_t got = read(fd, out->ptr + out->len, 16384);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_from_errno(errno, "can't read it");
        if (got == 0)
            return NULL;
        out->len += (size_t)got;
    }
}

spin_error_t *file_read(const char *path, const char *what, buf_t *out) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return error_new(SPIN_ERROR_NOT_FOUND, "%s \"%s\": not found", what, path);
    if (fd < 0)
        return error_from_errno(errno, "%s \"%s\"", what, path);
    spin_error_t *error = read_all(fd, out);
    close(fd);
    return error == NULL ? NULL : error_wrap(error, "%s \"%s\"", what, path);
}

spin_error_t *file_write_private(const char *path, spin_slice_t content) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_from_errno(errno, "can't make \"%s\"", path);
    int number = file_write_all(fd, content);
    if (close(fd) != 0 && number == 0)
        number = errno;
    return number == 0 ? NULL : error_from_errno(number, "can't write \"%s\"", path);
}
