/* stdin is a pipe into which the test writes "late" after a while, and "er" after another. */
#include "guest.h"

static char text[16];

static unsigned wait_and_read(void) {
    __wasi_subscription_t subs[2] = {
        {.u = {.tag = __WASI_EVENTTYPE_FD_READ, .u.fd_read.file_descriptor = 0}},
        {.userdata = 1,
         .u = {.tag = __WASI_EVENTTYPE_CLOCK,
               .u.clock = {__WASI_CLOCKID_MONOTONIC, UINT64_C(5000000000), 0, 0}}},
    };
    __wasi_event_t events[2];
    __wasi_size_t count;
    __wasi_iovec_t vector = {(uint8_t *)text, sizeof text};
    OK(__wasi_poll_oneoff(subs, events, 2, &count));
    CHECK(count == 1 && events[0].userdata == 0 && events[0].error == 0);
    OK(__wasi_fd_read(0, &vector, 1, &count));
    CHECK(events[0].fd_readwrite.nbytes == count);
    return count;
}

void _start(void) {
    __wasi_size_t count;
    __wasi_iovec_t vector = {(uint8_t *)text, sizeof text};
    EXPECT(AGAIN, __wasi_fd_read(0, &vector, 1, &count));
    CHECK(wait_and_read() == 4 && memcmp(text, "late", 4) == 0);
    CHECK(wait_and_read() == 2 && memcmp(text, "er", 2) == 0);
    CHECK(wait_and_read() == 0); /* its end */
    static uint8_t random[1000];
    OK(__wasi_random_get(random, sizeof random));
    unsigned sum = 0;
    for (unsigned i = 0; i < sizeof random; i++)
        sum += random[i];
    CHECK(sum > 50000 && sum < 200000);
}
