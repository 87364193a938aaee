/* Waiting on the loop for a time or for the host's descriptors, on behalf of one guest. */
#ifndef WASI_WAIT_H
#define WASI_WAIT_H

#include "wasi/state.h"

enum { WASI_WAIT_MAX_FDS = 3 };

typedef struct wasi_wait_plan {
    uint64_t timeout_ns; /* UINT64_MAX: no end */
    struct {
        int fd;
        short events; /* of poll(2) */
    } fds[WASI_WAIT_MAX_FDS];
    size_t fds_len;
} wasi_wait_plan_t;

/* Starts to wait: the instance is woken once when the time is over or a descriptor is ready.
 * Errors: NOMEM, or what the system says. */
wasi_errno_t wasi_wait_start(spin_instance_t *instance, const wasi_wait_plan_t *plan,
                             wasi_wait_t **out);

/* Ends it, before or after the wake-up: the instance may be gone afterwards. The memory goes with
 * the next turn of the loop. NULL is allowed. */
void wasi_wait_stop(wasi_wait_t *wait);

#endif
