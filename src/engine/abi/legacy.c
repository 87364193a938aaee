/* The imports of the helpers that legacy_rewrite adds (component/legacy.h): they serve the call by
 * <spin/abi.h> that is under way. */
#include "component/legacy.h"
#include "base/error.h"
#include "engine/abi/state.h"
#include "engine/context.h"

typedef spin_error_t *(*legacy_fn)(abi_instance_t *state, uint8_t *table, abi_loan_t loan);

static wasm_trap_t *refuse(spin_instance_t *instance) {
    return abi_trap(instance, error_new(SPIN_ERROR_TRAP,
                                        "spin:legacy: called with a bad table, or out of turn"));
}

/* Whether the guest's helper, and not the guest by itself, may have called. */
static bool is_in_turn(const abi_instance_t *state, uint32_t count) {
    const abi_call_t *call = state == NULL ? NULL : &state->call;
    return call != NULL && call->step == ABI_ENTER && call->bound->entry->helper != NULL &&
           !call->filled && call->error == NULL && count == call->lower.count;
}

static wasm_trap_t *run(wasmtime_caller_t *caller, const wasmtime_val_raw_t *values,
                        legacy_fn function) {
    spin_instance_t *instance = spin_instance_from_store(wasmtime_caller_context(caller));
    uint32_t table = (uint32_t)values[0].i32;
    uint32_t count = (uint32_t)values[1].i32;
    if (!is_in_turn(instance->abi, count))
        return refuse(instance);
    uint64_t least = (instance->abi->call.bound->entry->params_len + 1) / 2;
    uint64_t size = 8 * (count > least ? count : least); /* as the helper allocates it */
    abi_memory_t memory = abi_memory_of(instance);
    if (table > memory.len || size > memory.len - table)
        return refuse(instance);
    const abi_loan_t loan = {table, (uint32_t)size, 4};
    spin_error_t *error = function(instance->abi, memory.base + table, loan);
    if (error == NULL)
        return NULL;
    instance->abi->call.error = error; /* tells more than the trap */
    return refuse(instance);
}

static spin_error_t *put_sizes(abi_instance_t *state, uint8_t *table, abi_loan_t loan) {
    (void)loan;
    const spin_lower_t *lower = &state->call.lower;
    for (uint32_t i = 0; i < lower->count; i++) {
        spin_store_u32(table + 8 * (size_t)i, lower->parts[i].size);
        spin_store_u32(table + 8 * (size_t)i + 4, lower->parts[i].align);
    }
    return NULL;
}

/* The table is the host's then, to be given back as what the guest returns is. */
static spin_error_t *fill(abi_instance_t *state, uint8_t *table, abi_loan_t loan) {
    spin_lower_t *lower = &state->call.lower;
    spin_flat_t flat[ABI_MAX_FLAT] = {0};
    if (state->instance->component->module->abi.has_free && !VEC_PUSH(&state->owed, loan))
        return error_no_memory();
    for (uint32_t i = 0; i < lower->count; i++)
        lower->parts[i].ptr = spin_load_u32(table + 8 * (size_t)i);
    state->call.filled = true;
    spin_error_t *error = abi_call_lower(state, flat);
    for (size_t i = 0; error == NULL && i < state->call.bound->entry->params_len; i++)
        spin_store_u32(table + 4 * i, (uint32_t)flat[i]);
    return error;
}

static wasm_trap_t *host_sizes(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                               size_t len) {
    (void)env, (void)len;
    return run(caller, values, put_sizes);
}

static wasm_trap_t *host_fill(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                              size_t len) {
    (void)env, (void)len;
    return run(caller, values, fill);
}

spin_error_t *abi_legacy_define(wasmtime_linker_t *linker) {
    static const struct {
        const char *name;
        wasmtime_func_unchecked_callback_t callback;
    } functions[] = {{"sizes", host_sizes}, {"fill", host_fill}};
    wasmtime_error_t *error = NULL;
    wasm_functype_t *type = wasm_functype_new_2_0(wasm_valtype_new_i32(), wasm_valtype_new_i32());
    for (size_t i = 0; i < sizeof functions / sizeof *functions && error == NULL; i++)
        error = wasmtime_linker_define_func_unchecked(
            linker, LEGACY_IMPORT_MODULE, strlen(LEGACY_IMPORT_MODULE), functions[i].name,
            strlen(functions[i].name), type, functions[i].callback, NULL, NULL);
    wasm_functype_delete(type);
    return error == NULL ? NULL : engine_error_take(error, SPIN_ERROR_INTERNAL);
}
