#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wasi/errno.h"
#include "wasi/fd_stat.h"
#include "wasi/functions.h"
#include "wasi/memory.h"
#include "wasi/path.h"

/* What a guest asks path_open for. */
typedef struct request {
    bool follow;
    uint32_t oflags;
    uint64_t base;
    uint64_t inheriting;
    uint32_t fdflags;
} request_t;

static uint32_t rights_for_oflags(uint32_t oflags) {
    return WASI_RIGHT_PATH_OPEN |
           ((oflags & WASI_OFLAG_CREAT) != 0 ? WASI_RIGHT_PATH_CREATE_FILE : 0u) |
           ((oflags & WASI_OFLAG_TRUNC) != 0 ? WASI_RIGHT_PATH_FILESTAT_SET_SIZE : 0u);
}

/* Guests ask for rights of files and folders alike; those that mean nothing for `type` are dropped,
 * any other that the folder does not hand on is refused (witx, path_open). */
static wasi_errno_t grant(const wasi_fd_t *dir, const request_t *request, wasi_filetype_t type,
                          wasi_fd_t *entry) {
    bool is_dir = type == WASI_FILETYPE_DIRECTORY;
    uint64_t base = request->base & (is_dir ? WASI_RIGHTS_DIRECTORY : WASI_RIGHTS_FILE);
    uint64_t inheriting = is_dir ? request->inheriting & WASI_RIGHTS_ALL : 0;
    if (((base | inheriting) & ~(uint64_t)dir->rights_inheriting) != 0)
        return WASI_ERRNO_NOTCAPABLE;
    entry->rights_base = (uint32_t)base;
    entry->rights_inheriting = (uint32_t)inheriting;
    return WASI_ERRNO_SUCCESS;
}

static int host_flags(const request_t *request) {
    bool reads = (request->base & (WASI_RIGHT_FD_READ | WASI_RIGHT_FD_READDIR)) != 0;
    bool writes = (request->base & WASI_RIGHT_FD_WRITE) != 0;
    int flags = writes ? (reads ? O_RDWR : O_WRONLY) : O_RDONLY;
    flags |= host_flags_of_fdflags(request->fdflags) | O_NOCTTY;
    flags |= request->follow ? 0 : O_NOFOLLOW;
    flags |= (request->oflags & WASI_OFLAG_CREAT) != 0 ? O_CREAT : 0;
    flags |= (request->oflags & WASI_OFLAG_DIRECTORY) != 0 ? O_DIRECTORY : 0;
    flags |= (request->oflags & WASI_OFLAG_EXCL) != 0 ? O_EXCL : 0;
    flags |= (request->oflags & WASI_OFLAG_TRUNC) != 0 ? O_TRUNC : 0;
    return flags;
}

static wasi_errno_t open_host(const path_t *path, const request_t *request, int *out) {
    int flags = host_flags(request);
    if (path->dir->read_only && (flags & (O_ACCMODE | O_TRUNC)) != 0)
        return WASI_ERRNO_ROFS;
    if (!path->dir->read_only || (flags & O_CREAT) == 0)
        return resolve_open(path->dir->host, path->text, flags, 0666, out);
    /* As a read-only file system does: only what is there already can be "created". */
    if ((flags & O_EXCL) != 0)
        return WASI_ERRNO_ROFS;
    wasi_errno_t error = resolve_open(path->dir->host, path->text, flags & ~O_CREAT, 0, out);
    return error == WASI_ERRNO_NOENT ? WASI_ERRNO_ROFS : error;
}

static wasi_errno_t open_entry(const path_t *path, const request_t *request, wasi_fd_t *entry) {
    struct stat info;
    wasi_errno_t error = WASI_ERRNO_SUCCESS;
    /* What creates or cuts a file must not happen first and be refused afterwards. */
    if ((request->oflags & (WASI_OFLAG_CREAT | WASI_OFLAG_TRUNC)) != 0)
        error = grant(path->dir, request, WASI_FILETYPE_REGULAR_FILE, entry);
    if (error == WASI_ERRNO_SUCCESS)
        error = open_host(path, request, &entry->host);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    if (fstat(entry->host, &info) != 0) {
        error = wasi_errno_of(-1);
    } else {
        entry->filetype = (uint8_t)wasi_filetype_of_mode(info.st_mode);
        entry->kind = S_ISDIR(info.st_mode) ? WASI_FD_DIR : WASI_FD_FILE;
        error = grant(path->dir, request, (wasi_filetype_t)entry->filetype, entry);
    }
    if (error != WASI_ERRNO_SUCCESS)
        close(entry->host);
    return error;
}

/* fd, dirflags, path, path_len, oflags, rights_base, rights_inheriting, fdflags, result */
wasi_errno_t wasi_path_open(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    path_t path;
    uint32_t fd;
    request_t request = {
        .follow = (arg_u32(args, 1) & WASI_LOOKUP_SYMLINK_FOLLOW) != 0,
        .oflags = arg_u32(args, 4),
        .base = arg_u64(args, 5),
        .inheriting = arg_u64(args, 6),
        .fdflags = arg_u32(args, 7),
    };
    if (memory_at(call, arg_u32(args, 8), 4, 4) == NULL)
        return WASI_ERRNO_FAULT;
    if ((arg_u32(args, 1) & ~(uint32_t)WASI_LOOKUP_SYMLINK_FOLLOW) != 0 ||
        (request.oflags & ~(uint32_t)WASI_OFLAGS_ALL) != 0 ||
        (request.fdflags & ~(uint32_t)WASI_FDFLAGS_ALL) != 0)
        return WASI_ERRNO_INVAL;
    wasi_errno_t error = path_get(call, arg_u32(args, 0), rights_for_oflags(request.oflags),
                                  arg_u32(args, 2), arg_u32(args, 3), &path);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    wasi_fd_t entry = {.flags = (uint16_t)request.fdflags, .read_only = path.dir->read_only};
    error = open_entry(&path, &request, &entry);
    if (error == WASI_ERRNO_SUCCESS)
        error = fd_table_add(call, &entry, &fd);
    return error != WASI_ERRNO_SUCCESS ? error : memory_store_u32(call, arg_u32(args, 8), fd);
}
