#ifndef WASI_POLL_H
#define WASI_POLL_H

#include "wasi/state.h"

/* poll_oneoff(in, out, count, count_out), as wasmtime_linker_define_async_func takes it. */
void wasi_poll_oneoff(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args,
                      size_t args_len, wasmtime_val_t *results, size_t results_len,
                      wasm_trap_t **trap, wasmtime_async_continuation_t *continuation);

/* Ends what waits, when the instance goes. */
void wasi_poll_cancel(wasi_poll_t *poll);

#endif
