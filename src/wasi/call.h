/* The frame around each function. */
#ifndef WASI_CALL_H
#define WASI_CALL_H

#include "wasi/state.h"

/* `caller` NULL, in a continuation: the guest has long been instantiated. */
void wasi_call_init(wasi_call_t *call, spin_instance_t *instance, wasmtime_caller_t *caller);

/* The trap for a pointer that was refused, or NULL. */
wasm_trap_t *wasi_call_trap(const wasi_call_t *call, const char *function);

#endif
