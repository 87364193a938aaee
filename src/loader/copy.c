#include "loader/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file_write.h"

enum { MODE_FOLDER = 0755 };

static int copy_through_memory(int from, int to) {
    uint8_t chunk[65536];
    for (;;) {
        ssize_t got = read(from, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 ? 0 : errno;
        int number = file_write_all(to, spin_slice_of(chunk, (size_t)got));
        if (number != 0)
            return number;
    }
}

/* The fastest way that works here. Returns an errno. */
static int copy_bytes(int from, int to) {
    if (ioctl(to, FICLONE, from) == 0)
        return 0;
    bool begun = false;
    for (;;) {
        ssize_t got = copy_file_range(from, NULL, to, NULL, (size_t)1 << 30, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got > 0) {
            begun = true;
            continue;
        }
        if (begun)
            return got == 0 ? 0 : errno;
        bool elsewise = got == 0 || errno == EXDEV || errno == EINVAL || errno == ENOSYS ||
                        errno == EOPNOTSUPP || errno == EPERM || errno == ETXTBSY;
        return elsewise ? copy_through_memory(from, to) : errno;
    }
}

static int create(const char *target) {
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    int fd = open(target, flags, 0600);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    errno = file_make_parents(target, MODE_FOLDER);
    return errno == 0 ? open(target, flags, 0600) : -1;
}

static spin_error_t *fail(int number, const char *source, const char *target) {
    if (number == EEXIST || number == ENOTDIR || number == EISDIR)
        return error_new(
            SPIN_ERROR_EXISTS,
            "can't copy \"%s\" to \"%s\": a file and a folder would have the same name", source,
            target);
    return error_from_errno(number, "can't copy \"%s\" to \"%s\"", source, target);
}

spin_error_t *copy_descriptor(int from, const char *source, const char *target) {
    struct stat info;
    if (fstat(from, &info) != 0)
        return fail(errno, source, target);
    if (!S_ISREG(info.st_mode))
        return error_new(SPIN_ERROR_INVALID, "\"%s\" is not a regular file", source);
    int to = create(target);
    if (to < 0)
        return fail(errno, source, target);
    const struct timespec times[2] = {info.st_atim, info.st_mtim};
    int number = copy_bytes(from, to);
    if (number == 0 && (fchmod(to, info.st_mode & 0777) != 0 || futimens(to, times) != 0))
        number = errno;
    if (close(to) != 0 && number == 0) /* quotas and network file systems report late */
        number = errno;
    return number == 0 ? NULL : fail(number, source, target);
}

spin_error_t *copy_file(const beneath_t *from, const char *source, const char *target) {
    /* Not to hang where a pipe has taken the file's place. */
    int fd = beneath_open(from, source, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return beneath_error(-fd, source);
    spin_error_t *error = copy_descriptor(fd, source, target);
    close(fd);
    return error;
}

/* Returns an errno. */
static int link_file(const char *source, const char *target) {
    int number = link(source, target) == 0 ? 0 : errno;
    if (number != ENOENT || access(source, F_OK) != 0)
        return number;
    number = file_make_parents(target, MODE_FOLDER);
    return number != 0 ? number : link(source, target) == 0 ? 0 : errno;
}

spin_error_t *copy_link(const char *source, const char *target, bool may_link) {
    int number = may_link ? link_file(source, target) : EXDEV;
    if (number == 0)
        return NULL;
    if (number == EEXIST || number == ENOTDIR)
        return fail(number, source, target);
    int fd = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fail(errno, source, target);
    spin_error_t *error = copy_descriptor(fd, source, target);
    close(fd);
    return error;
}
