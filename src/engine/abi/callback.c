/* Calling a guest from inside a host function that it has called. */
#include "engine/abi/state.h"
#include "engine/context.h"

bool abi_callback_start(abi_callback_t *callback, spin_instance_t *instance, abi_reason_t reason,
                        const wasmtime_func_t *func, const wasmtime_val_t *args, size_t args_len,
                        wasmtime_val_t *results, size_t results_len) {
    uint32_t *in_use = &instance->component->context->engine->callbacks[reason];
    if (*in_use == ENGINE_CALLBACK_STACKS)
        return false;
    ++*in_use;
    callback->reason = reason;
    callback->future = wasmtime_func_call_async(instance->wasm, func, args, args_len, results,
                                                results_len, &callback->trap, &callback->failure);
    return true;
}

void abi_callback_end(abi_callback_t *callback, spin_instance_t *instance) {
    if (callback->future == NULL)
        return;
    wasmtime_call_future_delete(callback->future);
    callback->future = NULL;
    --instance->component->context->engine->callbacks[callback->reason];
}
