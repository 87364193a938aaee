#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "wasi/errno.h"
#include "wasi/functions.h"
#include "wasi/memory.h"

/* One call moves this much at most, so that it can't hold up the loop; guests ask again, as they
 * must for any short read or write. */
enum { MAX_VECTORS = 64, MAX_BYTES = 4 * 1024 * 1024, MAX_GATHER = 4096 };
/* Nor may a list of buffers that are empty. */
enum { MAX_LIST = 64 * 1024 };

typedef struct vectors {
    struct iovec items[MAX_VECTORS];
    int len;
    size_t bytes;
} vectors_t;

/* The guest's list of buffers at `ptr`, without empty ones and cut at our limits. Errors: INVAL for
 * a list that is too long. */
static wasi_errno_t read_vectors(wasi_call_t *call, uint32_t ptr, uint32_t count, vectors_t *out) {
    const uint8_t *list = memory_at(call, ptr, (uint64_t)count * sizeof(wasi_iovec_t), 4);
    out->len = 0;
    out->bytes = 0;
    if (list == NULL)
        return WASI_ERRNO_FAULT;
    if (count > MAX_LIST)
        return WASI_ERRNO_INVAL;
    for (uint32_t i = 0; i < count && out->len < MAX_VECTORS && out->bytes < MAX_BYTES; i++) {
        wasi_iovec_t vector;
        memcpy(&vector, list + i * sizeof vector, sizeof vector);
        uint8_t *at = memory_at(call, vector.buf, vector.len, 1);
        if (at == NULL)
            return WASI_ERRNO_FAULT;
        size_t room = MAX_BYTES - out->bytes;
        size_t len = vector.len < room ? vector.len : room;
        if (len == 0)
            continue;
        out->items[out->len++] = (struct iovec){at, len};
        out->bytes += len;
    }
    return WASI_ERRNO_SUCCESS;
}

static wasi_errno_t count_bytes(ssize_t result, size_t *out) {
    *out = result < 0 ? 0 : (size_t)result;
    return wasi_errno_of(result);
}

/* ── reading ── */

static wasi_errno_t read_bytes(wasi_state_t *state, const vectors_t *vectors, size_t *out) {
    spin_slice_t left = slice_from(state->stdio[0].bytes, state->stdin_at);
    for (int i = 0; i < vectors->len && left.len > 0; i++) {
        size_t len = vectors->items[i].iov_len < left.len ? vectors->items[i].iov_len : left.len;
        memcpy(vectors->items[i].iov_base, left.ptr, len);
        left = slice_from(left, len);
        *out += len;
    }
    state->stdin_at += *out;
    return WASI_ERRNO_SUCCESS;
}

/* The loop must not stop for a pipe or terminal that has nothing yet: AGAIN, and poll_oneoff waits.
 */
static wasi_errno_t read_stream(const wasi_fd_t *entry, const vectors_t *vectors, size_t *out) {
    struct pollfd ready = {.fd = entry->host, .events = POLLIN};
    if (entry->filetype != WASI_FILETYPE_REGULAR_FILE && poll(&ready, 1, 0) == 0)
        return WASI_ERRNO_AGAIN;
    return count_bytes(readv(entry->host, vectors->items, vectors->len), out);
}

static wasi_errno_t read_entry(wasi_state_t *state, const wasi_fd_t *entry,
                               const vectors_t *vectors, size_t *out) {
    switch ((wasi_fd_kind_t)entry->kind) {
    case WASI_FD_NULL: return WASI_ERRNO_SUCCESS;
    case WASI_FD_BYTES: return read_bytes(state, vectors, out);
    case WASI_FD_STREAM: return read_stream(entry, vectors, out);
    case WASI_FD_FILE: return count_bytes(readv(entry->host, vectors->items, vectors->len), out);
    case WASI_FD_SINK:
    case WASI_FD_DIR:
    case WASI_FD_FREE: break;
    }
    return WASI_ERRNO_BADF;
}

/* ── writing ── */

static wasi_errno_t hand_to_sink(const spin_redirect_t *redirect, spin_slice_t bytes, size_t *out) {
    if (bytes.len > 0 && !redirect->sink(bytes, redirect->user))
        return WASI_ERRNO_PIPE;
    *out = bytes.len;
    return WASI_ERRNO_SUCCESS;
}

/* A sink gets what one call wrote as one piece: a line must not be torn by another guest's. */
static wasi_errno_t write_sink(const spin_redirect_t *redirect, const vectors_t *vectors,
                               size_t *out) {
    uint8_t small[MAX_GATHER];
    uint8_t *bytes = small;
    size_t len = 0;
    if (vectors->len == 1)
        return hand_to_sink(
            redirect, spin_slice_of(vectors->items[0].iov_base, vectors->items[0].iov_len), out);
    if (vectors->bytes > sizeof small && (bytes = mem_alloc(vectors->bytes)) == NULL)
        return WASI_ERRNO_NOMEM;
    for (int i = 0; i < vectors->len; i++) {
        memcpy(bytes + len, vectors->items[i].iov_base, vectors->items[i].iov_len);
        len += vectors->items[i].iov_len;
    }
    wasi_errno_t error = hand_to_sink(redirect, spin_slice_of(bytes, len), out);
    if (bytes != small)
        mem_free(bytes);
    return error;
}

/* To what may be a pipe. A reader that went away is the guest's trouble: the signal for it, which
 * would end the host, is held back and taken. */
static ssize_t write_stream(int fd, const vectors_t *vectors) {
    sigset_t broken, before, pending;
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &broken, &before);
    ssize_t result = writev(fd, vectors->items, vectors->len);
    int number = errno;
    if (result < 0 && number == EPIPE && !sigismember(&pending, SIGPIPE))
        sigtimedwait(&broken, NULL, &(struct timespec){0});
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = number;
    return result;
}

static ssize_t write_host(const wasi_fd_t *entry, const vectors_t *vectors) {
    if (entry->filetype == WASI_FILETYPE_REGULAR_FILE)
        return writev(entry->host, vectors->items, vectors->len);
    return write_stream(entry->host, vectors);
}

static wasi_errno_t write_entry(wasi_state_t *state, const wasi_fd_t *entry,
                                const vectors_t *vectors, size_t *out) {
    switch ((wasi_fd_kind_t)entry->kind) {
    case WASI_FD_NULL: *out = vectors->bytes; return WASI_ERRNO_SUCCESS;
    case WASI_FD_SINK: return write_sink(&state->stdio[entry->stdio], vectors, out);
    case WASI_FD_STREAM:
    case WASI_FD_FILE: return count_bytes(write_host(entry, vectors), out);
    case WASI_FD_BYTES:
    case WASI_FD_DIR:
    case WASI_FD_FREE: break;
    }
    return WASI_ERRNO_BADF;
}

/* ── what guests call ── */

typedef wasi_errno_t (*transfer_t)(wasi_state_t *state, const wasi_fd_t *entry,
                                   const vectors_t *vectors, size_t *out);

/* fd, iovs, iovs_len, result */
static wasi_errno_t transfer(wasi_call_t *call, const wasmtime_val_raw_t *args, uint32_t right,
                             transfer_t move) {
    wasi_fd_t *entry;
    vectors_t vectors;
    size_t moved = 0;
    wasi_errno_t error = fd_table_get(call, arg_u32(args, 0), right, &entry);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    error = read_vectors(call, arg_u32(args, 1), arg_u32(args, 2), &vectors);
    if (memory_at(call, arg_u32(args, 3), 4, 4) == NULL || error != WASI_ERRNO_SUCCESS)
        return error;
    do
        error = move(call->state, entry, &vectors, &moved);
    while (error == WASI_ERRNO_INTR);
    return error != WASI_ERRNO_SUCCESS ? error
                                       : memory_store_u32(call, arg_u32(args, 3), (uint32_t)moved);
}

wasi_errno_t wasi_fd_read(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    return transfer(call, args, WASI_RIGHT_FD_READ, read_entry);
}

wasi_errno_t wasi_fd_write(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    return transfer(call, args, WASI_RIGHT_FD_WRITE, write_entry);
}

/* fd, iovs, iovs_len, offset, result */
static wasi_errno_t transfer_at(wasi_call_t *call, const wasmtime_val_raw_t *args, uint32_t right,
                                ssize_t (*move)(int, const struct iovec *, int, off_t)) {
    wasi_fd_t *entry;
    vectors_t vectors;
    ssize_t moved;
    wasi_errno_t error = fd_table_get(call, arg_u32(args, 0), right | WASI_RIGHT_FD_SEEK, &entry);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    error = read_vectors(call, arg_u32(args, 1), arg_u32(args, 2), &vectors);
    if (memory_at(call, arg_u32(args, 4), 4, 4) == NULL || error != WASI_ERRNO_SUCCESS)
        return error;
    do
        moved = move(entry->host, vectors.items, vectors.len, (off_t)arg_u64(args, 3));
    while (moved < 0 && errno == EINTR);
    return moved < 0 ? wasi_errno_of(-1)
                     : memory_store_u32(call, arg_u32(args, 4), (uint32_t)moved);
}

wasi_errno_t wasi_fd_pread(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    return transfer_at(call, args, WASI_RIGHT_FD_READ, preadv);
}

wasi_errno_t wasi_fd_pwrite(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    return transfer_at(call, args, WASI_RIGHT_FD_WRITE, pwritev);
}

static wasi_errno_t seek(wasi_call_t *call, uint32_t fd, uint32_t right, int64_t offset, int whence,
                         uint32_t result) {
    wasi_fd_t *entry;
    wasi_errno_t error = fd_table_get(call, fd, right, &entry);
    if (error != WASI_ERRNO_SUCCESS)
        return error;
    off_t at = lseek(entry->host, offset, whence);
    return at < 0 ? wasi_errno_of(-1) : memory_store_u64(call, result, (uint64_t)at);
}

wasi_errno_t wasi_fd_seek(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    static const int whences[] = {
        [WASI_WHENCE_SET] = SEEK_SET,
        [WASI_WHENCE_CUR] = SEEK_CUR,
        [WASI_WHENCE_END] = SEEK_END,
    };
    int64_t offset = args[1].i64;
    uint32_t whence = arg_u32(args, 2);
    if (whence >= sizeof whences / sizeof *whences)
        return WASI_ERRNO_INVAL;
    bool only_tells = offset == 0 && whence == WASI_WHENCE_CUR;
    return seek(call, arg_u32(args, 0), only_tells ? WASI_RIGHT_FD_TELL : WASI_RIGHT_FD_SEEK,
                offset, whences[whence], arg_u32(args, 3));
}

wasi_errno_t wasi_fd_tell(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    return seek(call, arg_u32(args, 0), WASI_RIGHT_FD_TELL, 0, SEEK_CUR, arg_u32(args, 1));
}

/* ── sockets: a guest has none ── */

static wasi_errno_t refuse_socket(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    wasi_fd_t *entry;
    wasi_errno_t error = fd_table_get(call, arg_u32(args, 0), 0, &entry);
    return error != WASI_ERRNO_SUCCESS ? error : WASI_ERRNO_NOTSOCK;
}

wasi_errno_t wasi_sock_accept(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    return refuse_socket(call, args);
}

wasi_errno_t wasi_sock_recv(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    return refuse_socket(call, args);
}

wasi_errno_t wasi_sock_send(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    return refuse_socket(call, args);
}

wasi_errno_t wasi_sock_shutdown(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    return refuse_socket(call, args);
}
