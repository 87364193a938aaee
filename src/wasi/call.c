#include "wasi/call.h"

#include <stdio.h>

/* While a module's start function runs, the engine has not seen its exports yet. */
static void find_memory(wasi_call_t *call, wasmtime_caller_t *caller) {
    wasmtime_extern_t found;
    if (!wasmtime_caller_export_get(caller, "memory", 6, &found))
        return;
    if (found.kind == WASMTIME_EXTERN_MEMORY) {
        wasmtime_context_t *context = wasmtime_caller_context(caller);
        call->memory = wasmtime_memory_data(context, &found.of.memory);
        call->memory_len = wasmtime_memory_data_size(context, &found.of.memory);
    }
    wasmtime_extern_delete(&found);
}

void wasi_call_init(wasi_call_t *call, spin_instance_t *instance, wasmtime_caller_t *caller) {
    *call = (wasi_call_t){
        .instance = instance,
        .state = engine_instance_state(instance, ENGINE_HOST_WASI),
    };
    engine_instance_memory(instance, &call->memory, &call->memory_len);
    if (call->memory == NULL && caller != NULL)
        find_memory(call, caller);
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
