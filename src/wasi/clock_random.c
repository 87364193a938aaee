#include "wasi/clock_random.h"

#include <sys/random.h>
#include <time.h>

#include "wasi/errno.h"
#include "wasi/functions.h"
#include "wasi/memory.h"

static const uint64_t ns_per_s = 1000 * 1000 * 1000;

static const clockid_t clocks[] = {
    [WASI_CLOCK_REALTIME] = CLOCK_REALTIME,
    [WASI_CLOCK_MONOTONIC] = CLOCK_MONOTONIC,
    [WASI_CLOCK_PROCESS_CPUTIME] = CLOCK_PROCESS_CPUTIME_ID,
    [WASI_CLOCK_THREAD_CPUTIME] = CLOCK_THREAD_CPUTIME_ID,
};

static wasi_errno_t read_clock(uint32_t clock, int (*read)(clockid_t, struct timespec *),
                               uint64_t *out) {
    struct timespec time;
    if (clock >= sizeof clocks / sizeof *clocks)
        return WASI_ERRNO_INVAL;
    if (read(clocks[clock], &time) != 0)
        return wasi_errno_of(-1);
    if (time.tv_sec < 0 || (uint64_t)time.tv_sec >= UINT64_MAX / ns_per_s)
        return WASI_ERRNO_OVERFLOW;
    *out = (uint64_t)time.tv_sec * ns_per_s + (uint64_t)time.tv_nsec;
    return WASI_ERRNO_SUCCESS;
}

wasi_errno_t wasi_clock_now(uint32_t clock, uint64_t *out) {
    return read_clock(clock, clock_gettime, out);
}

wasi_errno_t wasi_clock_res_get(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    uint64_t resolution = 0;
    wasi_errno_t error = read_clock(arg_u32(args, 0), clock_getres, &resolution);
    return error != WASI_ERRNO_SUCCESS ? error
                                       : memory_store_u64(call, arg_u32(args, 1), resolution);
}

wasi_errno_t wasi_clock_time_get(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    uint64_t now = 0; /* args[1] is a precision that a host may ignore */
    wasi_errno_t error = wasi_clock_now(arg_u32(args, 0), &now);
    return error != WASI_ERRNO_SUCCESS ? error : memory_store_u64(call, arg_u32(args, 2), now);
}

wasi_errno_t wasi_random_get(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    size_t left = arg_u32(args, 1);
    uint8_t *at = memory_at(call, arg_u32(args, 0), left, 1);
    if (at == NULL)
        return WASI_ERRNO_FAULT;
    while (left > 0) {
        ssize_t got = getrandom(at, left, 0);
        if (got < 0) {
            wasi_errno_t error = wasi_errno_of(-1);
            if (error == WASI_ERRNO_INTR)
                continue;
            return error;
        }
        at += got;
        left -= (size_t)got;
    }
    return WASI_ERRNO_SUCCESS;
}

/* Nothing to do: a guest that runs long is preempted at epoch ticks. */
wasi_errno_t wasi_sched_yield(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    (void)call;
    (void)args;
    return WASI_ERRNO_SUCCESS;
}

wasi_errno_t wasi_proc_raise(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    (void)call;
    (void)args;
    return WASI_ERRNO_NOTSUP;
}
