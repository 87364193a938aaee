#ifndef WASI_CLOCK_RANDOM_H
#define WASI_CLOCK_RANDOM_H

#include "wasi/state.h"

/* The time of a guest's clock in nanoseconds. Errors: INVAL (no such clock), OVERFLOW. */
wasi_errno_t wasi_clock_now(uint32_t clock, uint64_t *out);

/* random_get(buf, len), as wasmtime_linker_define_async_func takes it. */
void wasi_random_get(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args,
                     size_t args_len, wasmtime_val_t *results, size_t results_len,
                     wasm_trap_t **trap, wasmtime_async_continuation_t *continuation);

#endif
