#include "wasi/fd_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "wasi/errno.h"
#include "wasi/functions.h"
#include "wasi/memory.h"

/* A listing under way. Cookies are the kernel's own offsets: they stay good when entries come and
 * go, which counting entries would not. */
struct wasi_dir_stream {
    int fd;
    uint64_t cookie; /* of the entry at `at`, or of what comes after the buffer */
    size_t at;
    size_t len;
    alignas(struct dirent64) uint8_t buffer[4096];
};

void dir_stream_free(wasi_dir_stream_t *stream) {
    if (stream == NULL)
        return;
    close(stream->fd);
    mem_free(stream);
}

/* A description of its own, since a preopen's is shared by all instances and may be O_PATH. */
static wasi_errno_t open_stream(wasi_call_t *call, wasi_fd_t *entry) {
    if (entry->stream != NULL)
        return WASI_ERRNO_SUCCESS;
    wasi_errno_t error = fd_table_hold(call);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    wasi_dir_stream_t *stream = mem_alloc(sizeof *stream);
    if (stream == NULL) {
        error = WASI_ERRNO_NOMEM;
        goto out;
    }
    stream->cookie = stream->at = stream->len = 0;
    stream->fd = openat(entry->host, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    error = wasi_errno_of(stream->fd);
    if (error == WASI_ERRNO_SUCCESS) {
        entry->stream = stream;
        return WASI_ERRNO_SUCCESS;
    }
    mem_free(stream);
out:
    fd_table_unhold(&call->state->fds);
    return error;
}

static wasi_errno_t stream_seek(wasi_dir_stream_t *stream, uint64_t cookie) {
    if (cookie == stream->cookie && cookie != 0) /* 0 always looks anew */
        return WASI_ERRNO_SUCCESS;
    if (cookie > INT64_MAX)
        return WASI_ERRNO_INVAL;
    if (lseek(stream->fd, (off_t)cookie, SEEK_SET) < 0)
        return wasi_errno_of(-1);
    stream->cookie = cookie;
    stream->at = stream->len = 0;
    return WASI_ERRNO_SUCCESS;
}

/* The entry at the cookie; NULL at the end. */
static wasi_errno_t stream_peek(wasi_dir_stream_t *stream, const struct dirent64 **out) {
    *out = NULL;
    if (stream->at == stream->len) {
        ssize_t got = getdents64(stream->fd, stream->buffer, sizeof stream->buffer);
        if (got <= 0)
            return wasi_errno_of(got);
        stream->at = 0;
        stream->len = (size_t)got;
    }
    *out = (const struct dirent64 *)(const void *)(stream->buffer + stream->at);
    return WASI_ERRNO_SUCCESS;
}

static uint8_t type_of_entry(const wasi_dir_stream_t *stream, const struct dirent64 *entry) {
    struct stat info;
    if (entry->d_type != DT_UNKNOWN)
        return (uint8_t)wasi_filetype_of_mode((unsigned)DTTOIF(entry->d_type));
    if (fstatat(stream->fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return WASI_FILETYPE_UNKNOWN;
    return (uint8_t)wasi_filetype_of_mode(info.st_mode);
}

typedef struct output {
    uint8_t *at;
    size_t room;
} output_t;

/* As much of `bytes` as there is room for. */
static bool put(output_t *output, const void *bytes, size_t len) {
    size_t fits = len < output->room ? len : output->room;
    memcpy(output->at, bytes, fits);
    output->at += fits;
    output->room -= fits;
    return fits == len;
}

/* The last entry is cut off at the buffer's end: a full buffer tells the guest that there is more.
 */
static wasi_errno_t list(wasi_dir_stream_t *stream, output_t *output) {
    while (output->room > 0) {
        const struct dirent64 *entry;
        wasi_errno_t error = stream_peek(stream, &entry);
        if (error != WASI_ERRNO_SUCCESS || entry == NULL)
            return error;
        size_t len = strlen(entry->d_name);
        wasi_dirent_t header = {
            .next = (uint64_t)entry->d_off,
            .ino = entry->d_ino,
            .namlen = (uint32_t)len,
            .type = type_of_entry(stream, entry),
        };
        if (!put(output, &header, sizeof header) || !put(output, entry->d_name, len))
            return WASI_ERRNO_SUCCESS;
        stream->cookie = header.next;
        stream->at += entry->d_reclen;
    }
    return WASI_ERRNO_SUCCESS;
}

wasi_errno_t wasi_fd_readdir(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    wasi_fd_t *entry;
    uint32_t size = arg_u32(args, 2);
    wasi_errno_t error = fd_table_get(call, arg_u32(args, 0), WASI_RIGHT_FD_READDIR, &entry);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    output_t output = {memory_at(call, arg_u32(args, 1), size, 1), size};
    if (output.at == NULL)
        return WASI_ERRNO_FAULT;
    error = open_stream(call, entry);
    if (error == WASI_ERRNO_SUCCESS)
        error = stream_seek(entry->stream, arg_u64(args, 3));
    if (error == WASI_ERRNO_SUCCESS)
        error = list(entry->stream, &output);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    return memory_store_u32(call, arg_u32(args, 4), size - (uint32_t)output.room);
}

/* ── preopens ── */

static wasi_errno_t get_preopen(wasi_call_t *call, uint32_t fd, const wasi_mount_t **out) {
    wasi_fd_t *entry;
    wasi_errno_t error = fd_table_get(call, fd, 0, &entry);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    *out = entry->preopen;
    return entry->preopen == NULL ? WASI_ERRNO_BADF : WASI_ERRNO_SUCCESS;
}

wasi_errno_t wasi_fd_prestat_get(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    const wasi_mount_t *preopen;
    wasi_errno_t error = get_preopen(call, arg_u32(args, 0), &preopen);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    wasi_prestat_t prestat = {WASI_PREOPEN_DIR, (uint32_t)preopen->name.len};
    return memory_store(call, arg_u32(args, 1), &prestat, sizeof prestat, 4) ? WASI_ERRNO_SUCCESS
                                                                             : WASI_ERRNO_FAULT;
}

wasi_errno_t wasi_fd_prestat_dir_name(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    const wasi_mount_t *preopen;
    wasi_errno_t error = get_preopen(call, arg_u32(args, 0), &preopen);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    if (preopen->name.len > arg_u32(args, 2))
        return WASI_ERRNO_NAMETOOLONG;
    return memory_store(call, arg_u32(args, 1), preopen->name.ptr, preopen->name.len, 1)
               ? WASI_ERRNO_SUCCESS
               : WASI_ERRNO_FAULT;
}
