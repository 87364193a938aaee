#include "bindle/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file_write.h"

enum { KEY_FILE_MAX = 1 << 20 };

/* ── reading ─────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *check_file(int fd, const char *path, const char *what,
                                key_file_access_t access, size_t *size) {
    struct stat info;
    if (fstat(fd, &info) != 0)
        return error_from_errno(errno, "can't read the %s \"%s\"", what, path);
    if (!S_ISREG(info.st_mode))
        return error_new(SPIN_ERROR_INVALID, "the %s \"%s\" is not a regular file", what, path);
    if (access == KEY_FILE_USER_ONLY && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return error_new(SPIN_ERROR_DENIED,
                         "the %s \"%s\" is open to others (mode %03o); if nobody else has had it, "
                         "close it with \"chmod 600 %s\", else make a new one",
                         what, path, (unsigned)info.st_mode & 0777U, path);
    if (info.st_size > KEY_FILE_MAX)
        return error_new(SPIN_ERROR_LIMIT, "the %s \"%s\" is larger than 1 MiB", what, path);
    *size = (size_t)info.st_size;
    return NULL;
}

static spin_error_t *read_all(int fd, const char *path, const char *what, size_t size,
                              arena_t *arena, spin_slice_t *out) {
    uint8_t *bytes = arena_alloc_bytes(arena, size + 1);
    if (bytes == NULL)
        return error_no_memory();
    size_t len = 0;
    while (len < size) {
        ssize_t got = read(fd, bytes + len, size - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_from_errno(errno, "can't read the %s \"%s\"", what, path);
        if (got == 0)
            break;
        len += (size_t)got;
    }
    *out = spin_slice_of(bytes, len);
    return NULL;
}

spin_error_t *key_file_read(const char *path, const char *what, arena_t *arena,
                            key_file_access_t access, spin_slice_t *out) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return error_from_errno(errno, "can't open the %s \"%s\"", what, path);
    size_t size = 0;
    spin_error_t *error = check_file(fd, path, what, access, &size);
    if (error == NULL)
        error = read_all(fd, path, what, size, arena, out);
    close(fd);
    return error;
}

/* ── making ──────────────────────────────────────────────────────────────────────────────── */

/* Gives a whole file its name, unless something has that name already. */
static int give_name(const char *temporary, const char *path) {
    if (link(temporary, path) == 0)
        return 0;
    if (errno == EEXIST)
        return EEXIST;
    /* A file system without hard links. */
    return renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0 ? 0 : errno;
}

spin_error_t *key_file_make(const char *path, spin_slice_t content) {
    size_t size = strlen(path) + sizeof ".XXXXXX";
    char *temporary = mem_alloc(size);
    if (temporary == NULL)
        return error_no_memory();
    snprintf(temporary, size, "%s.XXXXXX", path);
    const char *what = "folder of the file";
    int number = file_make_parents(path, S_IRWXU);
    if (number == 0) {
        what = "file";
        number = file_write_temporary(temporary, content);
    }
    if (number == 0) {
        number = give_name(temporary, path);
        unlink(temporary);
    }
    mem_free(temporary);
    return number == 0 ? NULL : error_from_errno(number, "can't make the %s \"%s\"", what, path);
}
