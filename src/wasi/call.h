/* The frame around each function. */
#ifndef WASI_CALL_H
#define WASI_CALL_H

#include "wasi/state.h"

/* `caller` NULL: in a continuation. */
void wasi_call_init(wasi_call_t *call, spin_instance_t *instance, wasmtime_caller_t *caller);

/* For an asynchronous function that did not have to wait: the continuation that says so. */
bool wasi_call_is_over(void *env);

/* The trap for a pointer that was refused, or NULL. */
wasm_trap_t *wasi_call_trap(const wasi_call_t *call, const char *function);

#endif
