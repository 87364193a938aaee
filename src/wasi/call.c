#include "wasi/call.h"

#include <stdio.h>

/* While a module's start function runs, the engine has not seen its exports yet; a continuation
 * can't see them either and takes what its call has found. */
static void find_memory(wasi_call_t *call, wasmtime_caller_t *caller) {
    wasmtime_context_t *context = spin_instance_store(call->instance);
    wasi_state_t *state = call->state;
    wasmtime_extern_t found;
    if (caller != NULL && wasmtime_caller_export_get(caller, "memory", 6, &found)) {
        state->has_start_memory = found.kind == WASMTIME_EXTERN_MEMORY;
        if (state->has_start_memory)
            state->start_memory = found.of.memory;
        wasmtime_extern_delete(&found);
    }
    if (state->has_start_memory) {
        call->memory = wasmtime_memory_data(context, &state->start_memory);
        call->memory_len = wasmtime_memory_data_size(context, &state->start_memory);
    }
}

void wasi_call_init(wasi_call_t *call, spin_instance_t *instance, wasmtime_caller_t *caller) {
    *call = (wasi_call_t){
        .instance = instance,
        .state = engine_instance_state(instance, ENGINE_HOST_WASI),
    };
    engine_instance_memory(instance, &call->memory, &call->memory_len);
    if (call->memory == NULL)
        find_memory(call, caller);
}

bool wasi_call_is_over(void *env) {
    (void)env;
    return true;
}

wasm_trap_t *wasi_call_trap(const wasi_call_t *call, const char *function) {
    char text[160];
    if (!call->refused)
        return NULL;
    const char *reason = (call->refused_ptr & (call->refused_align - 1)) != 0
                             ? "is not aligned"
                             : "is outside of the guest's memory";
    int len = snprintf(text, sizeof text, "wasi: %s: the pointer 0x%x to %llu bytes %s", function,
                       call->refused_ptr, (unsigned long long)call->refused_len, reason);
    return wasmtime_trap_new(text, (size_t)len);
}
