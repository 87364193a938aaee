/* Says its arguments, environment and stdin on stdout, each list in one write, and exits with the
 * number of its arguments. */
#include "guest.h"

/* Gone from wasi-libc's header, but not from preview 1. */
__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_raise"))) int32_t
proc_raise(int32_t signal);

static uint8_t *pointers[64];
static uint8_t bytes[4096];
static __wasi_ciovec_t vectors[130];

static void write_list(__wasi_size_t count) {
    __wasi_size_t written;
    unsigned len = 0;
    for (unsigned i = 0; i < count; i++) {
        vectors[len++] = (__wasi_ciovec_t){pointers[i], strlen((char *)pointers[i])};
        vectors[len++] = (__wasi_ciovec_t){(const uint8_t *)"\n", 1};
    }
    OK(__wasi_fd_write(1, vectors, len, &written));
}

void _start(void) {
    __wasi_size_t args, count, size, written;
    OK(__wasi_args_sizes_get(&args, &size));
    CHECK(args < 64 && size < sizeof bytes);
    OK(__wasi_args_get(pointers, bytes));
    write_list(args);
    OK(__wasi_environ_sizes_get(&count, &size));
    CHECK(count < 64 && size < sizeof bytes);
    OK(__wasi_environ_get(pointers, bytes));
    write_list(count);
    for (;;) { /* in small pieces, over two buffers */
        __wasi_iovec_t in[2] = {{bytes, 3}, {bytes + 3, 2}};
        OK(__wasi_fd_read(0, in, 2, &size));
        if (size == 0)
            break;
        __wasi_ciovec_t out = {bytes, size};
        OK(__wasi_fd_write(1, &out, 1, &written));
    }
    EXPECT(NOTSUP, (__wasi_errno_t)proc_raise(6));
    __wasi_proc_exit(args);
}
