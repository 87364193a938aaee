/* A guest that asks for far too much. argv[0] says of what; stdout and stderr are a sink. */
#include "guest.h"

enum { MIB = 1 << 20 };

static uint8_t *more_memory(unsigned mib) {
    const size_t page = 65536;
    size_t at = __builtin_wasm_memory_size(0);
    CHECK(__builtin_wasm_memory_grow(0, mib * MIB / page) != (size_t)-1);
    return (uint8_t *)(at * page);
}

static void randomness(void) {
    uint8_t *bytes = more_memory(16);
    unsigned zeros = 0;
    OK(__wasi_random_get(bytes, 0));
    CHECK(bytes[0] == 0);
    OK(__wasi_random_get(bytes + 1, 16 * MIB - 2));
    CHECK(bytes[0] == 0 && bytes[16 * MIB - 1] == 0);
    for (unsigned at = 0; at < 16 * MIB; at += 64 * 1024) /* no chunk was left out */
        zeros += memcmp(bytes + at + 1, bytes + at + 9, 8) == 0;
    CHECK(zeros == 0);
}

static void subscriptions(void) {
    enum { COUNT = 100 * 1000 };
    __wasi_subscription_t *subs = (void *)more_memory(8);
    __wasi_event_t *events = (void *)(subs + COUNT);
    __wasi_size_t count;
    for (unsigned i = 0; i < COUNT; i++) {
        subs[i].u.tag = __WASI_EVENTTYPE_FD_READ;
        subs[i].u.u.fd_read.file_descriptor = 0;
    }
    EXPECT(INVAL, __wasi_poll_oneoff(subs, events, COUNT, &count));
    OK(__wasi_poll_oneoff(subs, events, 2000, &count));
    CHECK(count == 2000);
}

/* Empty buffers: millions of them are refused, a list that is only long is cut. */
static void vectors(void) {
    enum { COUNT = 16 * MIB / sizeof(__wasi_ciovec_t) };
    __wasi_ciovec_t *list = (void *)more_memory(16);
    __wasi_size_t moved;
    EXPECT(INVAL, __wasi_fd_write(1, list, COUNT, &moved));
    list[3000] = (__wasi_ciovec_t){(const uint8_t *)"x", 1};
    OK(__wasi_fd_write(1, list, 4000, &moved));
    CHECK(moved == 1);
    OK(__wasi_fd_write(1, list, 3000, &moved));
    CHECK(moved == 0);
}

static void wait_for_ever(void) {
    __wasi_subscription_t sub = {.u.tag = __WASI_EVENTTYPE_CLOCK};
    __wasi_event_t event;
    __wasi_size_t count;
    sub.u.u.clock = (__wasi_subscription_clock_t){__WASI_CLOCKID_MONOTONIC, UINT64_MAX, 0, 0};
    OK(__wasi_poll_oneoff(&sub, &event, 1, &count));
}

/* Takes all descriptors there are, listings of folders included, gives some back and takes them
 * again. `enough` must be had at least. */
static void descriptors(unsigned enough) {
    static __wasi_fd_t fds[2000];
    unsigned taken = 0;
    uint8_t buffer[64];
    __wasi_size_t used;
    __wasi_errno_t error;
    while ((error = open_folder(ROOT, "sub", &fds[taken])) == 0) {
        error = __wasi_fd_readdir(fds[taken++], buffer, sizeof buffer, 0, &used);
        if (error != 0)
            break;
    }
    CHECK(error == __WASI_ERRNO_MFILE || error == __WASI_ERRNO_NFILE);
    CHECK(taken >= enough);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 4; i++)
            OK(__wasi_fd_close(fds[i]));
        for (unsigned i = 0; i < 4; i++)
            OK(open_folder(ROOT, "sub", &fds[i]));
    }
    say("full");
    wait_for_ever();
}

static void broken_pipe(void) {
    __wasi_ciovec_t vector = {(const uint8_t *)"x", 1};
    __wasi_size_t moved;
    EXPECT(PIPE, __wasi_fd_write(1, &vector, 1, &moved));
}

void _start(void) {
    char text[16];
    char *list[2];
    OK(__wasi_args_get((uint8_t **)list, (uint8_t *)text));
    switch (text[0]) {
    case 'r': randomness(); break;
    case 's': subscriptions(); break;
    case 'v': vectors(); break;
    case 'd': descriptors(4); break;
    case 'p': broken_pipe(); break;
    default: fail(__LINE__, text, 0);
    }
}
