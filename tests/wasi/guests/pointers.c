/* Hands a bad pointer to the call that its first argument's letter names: each must trap. */
#include "guest.h"

static void *const outside = (void *)0xfffffff0;
static void *const odd = (void *)0x401; /* in memory, and aligned for nothing */
static __wasi_size_t size;

static void go(char which) {
    static uint8_t *pointers[8];
    static uint8_t bytes[64];
    __wasi_iovec_t in = {bytes, sizeof bytes};
    __wasi_ciovec_t wild = {outside, 64};
    __wasi_ciovec_t wide = {bytes, 0xffffffff};
    switch (which) {
    case 'a': __wasi_clock_time_get(0, 0, outside); break;
    case 'b': __wasi_clock_time_get(0, 0, odd); break;
    case 'c': __wasi_random_get(outside, 64); break;
    case 'd': __wasi_random_get(bytes, 0xffffffff); break;
    case 'e': __wasi_fd_write(1, &wild, 1, &size); break;
    case 'f': __wasi_fd_write(1, &wide, 1, &size); break;
    case 'g': __wasi_fd_write(1, outside, 1, &size); break;
    case 'h': __wasi_fd_write(1, odd, 1, &size); break;
    case 'i': __wasi_fd_write(1, (__wasi_ciovec_t *)bytes, 0x20000000, &size); break;
    case 'j': __wasi_fd_read(0, &in, 1, outside); break;
    case 'k': __wasi_fd_fdstat_get(1, outside); break;
    case 'l': __wasi_fd_filestat_get(1, odd); break;
    case 'm': __wasi_args_get(outside, bytes); break;
    case 'n': __wasi_args_get(pointers, outside); break;
    case 'o': __wasi_environ_sizes_get(odd, &size); break;
    case 'p': __wasi_poll_oneoff(outside, (void *)bytes, 1, &size); break;
    case 'q': __wasi_poll_oneoff((void *)bytes, odd, 1, &size); break;
    case 'r': __wasi_poll_oneoff((void *)bytes, (void *)bytes, 0xffffffff, &size); break;
    case 's': __wasi_fd_prestat_get(ROOT, outside); break;
    case 't': __wasi_fd_readdir(ROOT, bytes, 0xffffffff, 0, &size); break;
    case 'u': __wasi_path_readlink(ROOT, "up", outside, 64, &size); break;
    case 'v': __wasi_path_open(ROOT, 0, "hello", 0, READ, 0, 0, outside); break;
    case 'w': __wasi_fd_prestat_dir_name(ROOT, outside, 64); break;
    case 'x': __wasi_path_filestat_get(ROOT, 0, "hello", outside); break;
    default: break;
    }
}

void _start(void) {
    uint8_t *pointers[4];
    uint8_t bytes[64];
    OK(__wasi_args_get(pointers, bytes));
    go((char)bytes[0]);
    /* These are none of the bad: nothing is read or written through them. */
    OK(__wasi_random_get(bytes, 0));
    EXPECT(BADF, __wasi_fd_read(99, outside, 1, outside));
}
