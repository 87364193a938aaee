/* Waits for stdin, which never comes, and for a time that is far away. */
#include "guest.h"

void _start(void) {
    __wasi_subscription_t subs[2] = {
        {.u = {.tag = __WASI_EVENTTYPE_FD_READ, .u.fd_read.file_descriptor = 0}},
        {.u = {.tag = __WASI_EVENTTYPE_CLOCK,
               .u.clock = {__WASI_CLOCKID_MONOTONIC, UINT64_C(3600000000000), 0, 0}}},
    };
    __wasi_event_t events[2];
    __wasi_size_t count;
    __wasi_poll_oneoff(subs, events, 2, &count);
    __wasi_proc_exit(1);
}
