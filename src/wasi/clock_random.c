#include "wasi/clock_random.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

#include "wasi/call.h"
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

static wasi_errno_t fill_randomly(uint8_t *at, size_t left) {
    while (left > 0) {
        ssize_t got = getrandom(at, left, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return wasi_errno_of(-1);
        at += got;
        left -= (size_t)got;
    }
    return WASI_ERRNO_SUCCESS;
}

/* One piece; true when that was the last. Gigabytes in one go would hold up the loop. */
static bool fill_piece(wasi_call_t *call, wasi_random_t *random) {
    enum { PIECE = 256 * 1024 };
    uint32_t len = random->left < PIECE ? random->left : PIECE;
    uint8_t *at = memory_at(call, random->at, len, 1);
    wasi_errno_t error = at == NULL ? WASI_ERRNO_FAULT : fill_randomly(at, len);
    random->at += len;
    random->left -= len;
    random->result->of.i32 = (int32_t)error;
    *random->trap = wasi_call_trap(call, "random_get");
    return error != WASI_ERRNO_SUCCESS || random->left == 0;
}

static bool go_on(void *env) {
    wasi_random_t *random = env;
    wasi_call_t call;
    wasi_call_init(&call, random->instance, NULL);
    return fill_piece(&call, random);
}

void wasi_random_get(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args,
                     size_t args_len, wasmtime_val_t *results, size_t results_len,
                     wasm_trap_t **trap, wasmtime_async_continuation_t *continuation) {
    wasi_call_t call;
    (void)env;
    (void)args_len;
    (void)results_len;
    wasi_call_init(&call, spin_instance_from_store(wasmtime_caller_context(caller)), caller);
    wasi_random_t *random = &call.state->random;
    *random = (wasi_random_t){
        .instance = call.instance,
        .result = &results[0],
        .trap = trap,
        .at = (uint32_t)args[0].of.i32,
        .left = (uint32_t)args[1].of.i32,
    };
    results[0].kind = WASMTIME_I32;
    results[0].of.i32 = WASI_ERRNO_FAULT;
    *continuation = (wasmtime_async_continuation_t){.callback = wasi_call_is_over, .env = random};
    if (memory_at(&call, random->at, random->left, 1) == NULL)
        *trap = wasi_call_trap(&call, "random_get");
    else if (!fill_piece(&call, random))
        continuation->callback = go_on;
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
