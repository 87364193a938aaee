#include "wasi/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/slice.h"
#include "wasi/errno.h"
#include "wasi/fd_stat.h"
#include "wasi/functions.h"
#include "wasi/memory.h"

wasi_errno_t path_get_text(wasi_call_t *call, uint32_t ptr, uint32_t len, char out[PATH_MAX]) {
    const uint8_t *at = memory_at(call, ptr, len, 1);
    if (at == NULL)
        return WASI_ERRNO_FAULT;
    if (len >= PATH_MAX)
        return WASI_ERRNO_NAMETOOLONG;
    memcpy(out, at, len);
    out[len] = '\0';
    if (!slice_is_utf8(spin_slice_of(out, len), NULL))
        return WASI_ERRNO_ILSEQ;
    return strlen(out) == len ? WASI_ERRNO_SUCCESS : WASI_ERRNO_INVAL;
}

wasi_errno_t path_get(wasi_call_t *call, uint32_t fd, uint32_t rights, uint32_t ptr, uint32_t len,
                      path_t *out) {
    wasi_errno_t error = fd_table_get(call, fd, rights, &out->dir);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    if (out->dir->kind != WASI_FD_DIR)
        return WASI_ERRNO_NOTDIR;
    return path_get_text(call, ptr, len, out->text);
}

/* ── changing the tree ── */

/* The same, to change what lies there: resolves up to the last component. On success the caller
 * calls resolve_place_close. */
static wasi_errno_t get_place(wasi_call_t *call, uint32_t fd, uint32_t right, uint32_t ptr,
                              uint32_t len, path_t *path, resolve_place_t *out) {
    wasi_errno_t error = path_get(call, fd, right, ptr, len, path);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    if (path->dir->read_only)
        return WASI_ERRNO_ROFS;
    return resolve_place(path->dir->host, path->text, out);
}

static int make_directory(int dir, const char *name) {
    return mkdirat(dir, name, 0777);
}
static int remove_directory(int dir, const char *name) {
    return unlinkat(dir, name, AT_REMOVEDIR);
}
static int remove_file(int dir, const char *name) {
    return unlinkat(dir, name, 0);
}

/* fd, path, path_len */
static wasi_errno_t change(wasi_call_t *call, const wasmtime_val_raw_t *args, uint32_t right,
                           int (*with)(int dir, const char *name)) {
    path_t path;
    resolve_place_t place;
    wasi_errno_t error =
        get_place(call, arg_u32(args, 0), right, arg_u32(args, 1), arg_u32(args, 2), &path, &place);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    error = wasi_errno_of(with(place.dir, place.name));
    resolve_place_close(&place);
    return error;
}

wasi_errno_t wasi_path_create_directory(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    return change(call, args, WASI_RIGHT_PATH_CREATE_DIRECTORY, make_directory);
}

wasi_errno_t wasi_path_remove_directory(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    return change(call, args, WASI_RIGHT_PATH_REMOVE_DIRECTORY, remove_directory);
}

wasi_errno_t wasi_path_unlink_file(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    return change(call, args, WASI_RIGHT_PATH_UNLINK_FILE, remove_file);
}

/* old_path, old_path_len, fd, new_path, new_path_len. An absolute target means nothing in the
 * guest, and something on the host. */
wasi_errno_t wasi_path_symlink(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    char target[PATH_MAX];
    path_t path;
    resolve_place_t place;
    wasi_errno_t error = path_get_text(call, arg_u32(args, 0), arg_u32(args, 1), target);
    if (error == WASI_ERRNO_SUCCESS && target[0] == '/')
        error = WASI_ERRNO_NOTCAPABLE;
    if (error == WASI_ERRNO_SUCCESS)
        error = get_place(call, arg_u32(args, 2), WASI_RIGHT_PATH_SYMLINK, arg_u32(args, 3),
                          arg_u32(args, 4), &path, &place);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    error = wasi_errno_of(symlinkat(target, place.dir, place.name));
    resolve_place_close(&place);
    return error;
}

/* Where two-path calls take their arguments from, and what each side must be allowed. */
typedef struct two_paths {
    size_t old_at; /* index of fd, path, path_len; the old path may have lookupflags between */
    size_t old_path_at;
    size_t new_at;
    uint32_t old_right;
    uint32_t new_right;
} two_paths_t;

/* Both sides must be writable: a second name for a file of a read-only mount would open it to
 * changes. */
static wasi_errno_t change_two(wasi_call_t *call, const wasmtime_val_raw_t *args,
                               const two_paths_t *where,
                               int (*with)(int, const char *, int, const char *)) {
    path_t old_path;
    path_t new_path;
    resolve_place_t from;
    resolve_place_t to;
    wasi_errno_t error = get_place(call, arg_u32(args, where->old_at), where->old_right,
                                   arg_u32(args, where->old_path_at),
                                   arg_u32(args, where->old_path_at + 1), &old_path, &from);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    error = get_place(call, arg_u32(args, where->new_at), where->new_right,
                      arg_u32(args, where->new_at + 1), arg_u32(args, where->new_at + 2), &new_path,
                      &to);
    if (error == WASI_ERRNO_SUCCESS) {
        error = wasi_errno_of(with(from.dir, from.name, to.dir, to.name));
        resolve_place_close(&to);
    }
    resolve_place_close(&from);
    return error;
}

/* fd, old_path, old_path_len, new_fd, new_path, new_path_len */
wasi_errno_t wasi_path_rename(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    static const two_paths_t where = {
        0, 1, 3, WASI_RIGHT_PATH_RENAME_SOURCE, WASI_RIGHT_PATH_RENAME_TARGET,
    };
    return change_two(call, args, &where, renameat);
}

/* A source with a trailing slash can only be a folder, which takes no second name. */
static int link_file(int old_dir, const char *old_name, int new_dir, const char *new_name) {
    if (strchr(old_name, '/') != NULL) {
        errno = EPERM;
        return -1;
    }
    return linkat(old_dir, old_name, new_dir, new_name, 0);
}

/* old_fd, old_flags, old_path, old_path_len, new_fd, new_path, new_path_len */
wasi_errno_t wasi_path_link(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    static const two_paths_t where = {
        0, 2, 4, WASI_RIGHT_PATH_LINK_SOURCE, WASI_RIGHT_PATH_LINK_TARGET,
    };
    if (arg_u32(args, 1) != 0) /* following links here is racy, and Wasmtime refuses it too */
        return WASI_ERRNO_INVAL;
    return change_two(call, args, &where, link_file);
}

/* ── looking at it ── */

/* Opens what a path names without any access to its content, a link itself unless `follow`. */
static wasi_errno_t open_handle(const path_t *path, bool follow, int *out) {
    return resolve_open(path->dir->host, path->text, O_PATH | (follow ? 0 : O_NOFOLLOW), 0, out);
}

/* fd, path, path_len, buf, buf_len, result */
wasi_errno_t wasi_path_readlink(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    path_t path;
    int fd;
    uint32_t size = arg_u32(args, 4);
    wasi_errno_t error = path_get(call, arg_u32(args, 0), WASI_RIGHT_PATH_READLINK,
                                  arg_u32(args, 1), arg_u32(args, 2), &path);
    if (error == WASI_ERRNO_SUCCESS)
        error = open_handle(&path, false, &fd);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    char target[PATH_MAX];
    ssize_t len = readlinkat(fd, "", target, sizeof target);
    if (len < 0) /* with an empty path the kernel says ENOENT for what is not a link */
        error = errno == ENOENT ? WASI_ERRNO_INVAL : wasi_errno_of(-1);
    close(fd);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    uint32_t used = (uint32_t)len < size ? (uint32_t)len : size;
    if (!memory_store(call, arg_u32(args, 3), target, used, 1))
        return WASI_ERRNO_FAULT;
    return memory_store_u32(call, arg_u32(args, 5), used);
}

static wasi_errno_t lookup_flags(uint32_t flags, bool *follow) {
    *follow = (flags & WASI_LOOKUP_SYMLINK_FOLLOW) != 0;
    return (flags & ~(uint32_t)WASI_LOOKUP_SYMLINK_FOLLOW) != 0 ? WASI_ERRNO_INVAL
                                                                : WASI_ERRNO_SUCCESS;
}

/* fd, flags, path, path_len, result */
wasi_errno_t wasi_path_filestat_get(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    path_t path;
    struct stat info;
    bool follow;
    int fd;
    wasi_errno_t error = lookup_flags(arg_u32(args, 1), &follow);
    if (error == WASI_ERRNO_SUCCESS)
        error = path_get(call, arg_u32(args, 0), WASI_RIGHT_PATH_FILESTAT_GET, arg_u32(args, 2),
                         arg_u32(args, 3), &path);
    if (error == WASI_ERRNO_SUCCESS)
        error = open_handle(&path, follow, &fd);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    error = wasi_errno_of(fstat(fd, &info));
    close(fd);
    return error != WASI_ERRNO_SUCCESS ? error : filestat_store(call, arg_u32(args, 4), &info);
}

/* Before Linux 5.8 a handle's times could be reached through its name in /proc only. */
static int set_times(int fd, const struct timespec times[2]) {
    char name[32];
    if (utimensat(fd, "", times, AT_EMPTY_PATH) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOENT)
        return -1;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    return utimensat(AT_FDCWD, name, times, 0);
}

/* fd, flags, path, path_len, atim, mtim, fst_flags */
wasi_errno_t wasi_path_filestat_set_times(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    path_t path;
    struct timespec times[2];
    bool follow;
    int fd;
    wasi_errno_t error = lookup_flags(arg_u32(args, 1), &follow);
    if (error == WASI_ERRNO_SUCCESS)
        error = filestat_times(args, 4, times);
    if (error == WASI_ERRNO_SUCCESS)
        error = path_get(call, arg_u32(args, 0), WASI_RIGHT_PATH_FILESTAT_SET_TIMES,
                         arg_u32(args, 2), arg_u32(args, 3), &path);
    if (error == WASI_ERRNO_SUCCESS && path.dir->read_only)
        error = WASI_ERRNO_ROFS;
    if (error == WASI_ERRNO_SUCCESS)
        error = open_handle(&path, follow, &fd);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    error = wasi_errno_of(set_times(fd, times));
    close(fd);
    return error;
}
