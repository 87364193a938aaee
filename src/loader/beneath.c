#include "loader/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"

spin_error_t *beneath_init(beneath_t *beneath, const char *folder) {
    char real[PATH_MAX];
    if (realpath(folder, real) == NULL)
        return error_from_errno(errno, "can't open the folder \"%s\"", folder);
    beneath->path = mem_copy_text(spin_slice(real));
    if (beneath->path == NULL)
        return error_no_memory();
    beneath->fd = open(real, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (beneath->fd < 0)
        return error_from_errno(errno, "can't open the folder \"%s\"", folder);
    return NULL;
}

void beneath_deinit(beneath_t *beneath) {
    if (beneath->fd >= 0)
        close(beneath->fd);
    mem_free(beneath->path);
    *beneath = (beneath_t){.fd = -1};
}

spin_error_t *beneath_normalise(arena_t *arena, spin_slice_t path, const char **out) {
    if (path.len == 0)
        return error_new(SPIN_ERROR_INVALID, "a path can't be empty");
    if (slice_find(path, '\0') < path.len)
        return error_new(SPIN_ERROR_INVALID, "a path can't hold a NUL character");
    if (path.ptr[0] == '/')
        return error_new(SPIN_ERROR_DENIED,
                         "\"%.*s\" is absolute; name it relative to the manifest's folder",
                         SLICE_ARG(path));
    char *clean = arena_alloc_bytes(arena, path.len + 1);
    if (clean == NULL)
        return error_no_memory();
    size_t len = 0;
    for (spin_slice_t rest = path; rest.len > 0;) {
        size_t end = slice_find(rest, '/');
        spin_slice_t part = spin_slice_of(rest.ptr, end);
        rest = slice_from(rest, end + 1);
        if (part.len == 0 || slice_equal(part, SLICE_LITERAL(".")))
            continue;
        if (slice_equal(part, SLICE_LITERAL("..")))
            return error_new(SPIN_ERROR_DENIED,
                             "\"%.*s\" leaves the manifest's folder: \"..\" is "
                             "not allowed",
                             SLICE_ARG(path));
        if (len > 0)
            clean[len++] = '/';
        memcpy(clean + len, part.ptr, part.len);
        len += part.len;
    }
    clean[len] = '\0';
    *out = clean;
    return NULL;
}

static bool real_path(int fd, char *out, size_t size) {
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, out, size - 1);
    if (len <= 0 || (size_t)len >= size - 1)
        return false;
    out[len] = '\0';
    return true;
}

static bool is_inside(const beneath_t *beneath, const char *path) {
    size_t len = strlen(beneath->path);
    if (len == 1) /* the root of all */
        return path[0] == '/';
    return strncmp(path, beneath->path, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* Where openat2 says no to an absolute link, or is missing: opens a handle first, without any
 * effect on what it stands for, and looks at where it really is. What is checked is what is used.
 */
static int open_checked(const beneath_t *beneath, const char *path, int flags) {
    int handle = openat(beneath->fd, path, O_PATH | O_CLOEXEC | (flags & O_DIRECTORY));
    if (handle < 0)
        return -errno;
    char real[PATH_MAX], link[32];
    int result = -EXDEV;
    if (real_path(handle, real, sizeof real) && is_inside(beneath, real)) {
        if (flags & O_PATH)
            return handle;
        snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
        result = open(link, flags | O_CLOEXEC);
        if (result < 0)
            result = -errno;
    }
    close(handle);
    return result;
}

int beneath_open(const beneath_t *beneath, const char *path, int flags) {
    if (path[0] == '\0')
        path = ".";
    struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC),
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, beneath->fd, path, &how, sizeof how);
    if (fd >= 0)
        return (int)fd;
    switch (errno) {
    case EXDEV:
    case EAGAIN: /* something was renamed meanwhile */
    case ENOSYS:
    case EPERM: /* sandboxes that do not know the call */ return open_checked(beneath, path, flags);
    default: return -errno;
    }
}

spin_error_t *beneath_error(int number, const char *path) {
    if (number == EXDEV)
        return error_new(SPIN_ERROR_DENIED,
                         "\"%s\" leads out of the manifest's folder through a symbolic link", path);
    if (number == ENOENT || number == ENOTDIR)
        return error_new(SPIN_ERROR_NOT_FOUND, "\"%s\" not found", path);
    return error_from_errno(number, "\"%s\"", path);
}

spin_error_t *beneath_path(arena_t *arena, int fd, char **out) {
    char real[PATH_MAX];
    if (!real_path(fd, real, sizeof real))
        return error_new(SPIN_ERROR_IO, "can't tell the absolute path; is /proc mounted?");
    *out = arena_copy_text(arena, spin_slice(real));
    return *out == NULL ? error_no_memory() : NULL;
}
