/* What the fused module imports from the runtime itself: built-ins of the canonical ABI, and what
 * its adapters leave to the tables here. */
#include "base/error.h"
#include "engine/context.h"
#include "engine/model/model.h"

static model_instance_t *state_of(wasmtime_caller_t *caller) {
    return model_instance_of(spin_instance_from_store(wasmtime_caller_context(caller)));
}

static wasm_trap_t *trap(wasmtime_caller_t *caller, spin_error_t *error) {
    return abi_trap(spin_instance_from_store(wasmtime_caller_context(caller)), error);
}

wasm_trap_t *model_on_unsupported(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                                  size_t len) {
    const model_env_t *own = env;
    (void)values, (void)len;
    return trap(caller,
                error_new(SPIN_ERROR_UNSUPPORTED, "%s: this built-in is not supported", own->name));
}

/* ── resources ── */

static wasm_trap_t *on_resource_new(void *env, wasmtime_caller_t *caller,
                                    wasmtime_val_raw_t *values, size_t len) {
    const model_env_t *own = env;
    model_instance_t *state = state_of(caller);
    uint32_t number = 0;
    (void)len;
    if (state == NULL)
        return trap(caller, error_no_memory());
    spin_error_t *error = model_handle_add_own(state, own->builtin->component, own->resource,
                                               (uint32_t)values[0].i32, &number);
    values[0].i32 = (int32_t)number;
    return error == NULL ? NULL : trap(caller, error);
}

static wasm_trap_t *on_resource_rep(void *env, wasmtime_caller_t *caller,
                                    wasmtime_val_raw_t *values, size_t len) {
    const model_env_t *own = env;
    model_instance_t *state = state_of(caller);
    handle_t *entry = NULL;
    (void)len;
    if (state == NULL)
        return trap(caller, error_no_memory());
    spin_error_t *error = model_handle_any(state, own->builtin->component, own->resource,
                                           (uint32_t)values[0].i32, &entry);
    if (error != NULL)
        return trap(caller, error);
    values[0].i32 = (int32_t)(uint32_t)entry->of.rep;
    return NULL;
}

static wasm_trap_t *on_resource_drop(void *env, wasmtime_caller_t *caller,
                                     wasmtime_val_raw_t *values, size_t len) {
    const model_env_t *own = env;
    model_instance_t *state = state_of(caller);
    bool destroys;
    uint64_t rep = 0;
    (void)len;
    if (state == NULL)
        return trap(caller, error_no_memory());
    spin_error_t *error = model_handle_drop(state, own->builtin->component, own->resource,
                                            (uint32_t)values[0].i32, &destroys, &rep);
    if (error != NULL)
        return trap(caller, error);
    values[0].i64 = destroys ? (int64_t)(uint32_t)rep : -1;
    return NULL;
}

static const struct {
    ast_canon_kind_t kind;
    model_callback_t callback;
} builtins[] = {
    {AST_CANON_RESOURCE_NEW, on_resource_new},
    {AST_CANON_RESOURCE_REP, on_resource_rep},
    {AST_CANON_RESOURCE_DROP, on_resource_drop},
};

model_callback_t model_builtin_callback(ast_canon_kind_t kind) {
    for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
        if (builtins[i].kind == kind)
            return builtins[i].callback;
    return NULL;
}

/* ── the runtime ── */

static wasm_trap_t *on_trap(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                            size_t len) {
    uint32_t code = (uint32_t)values[0].i32;
    (void)env, (void)len;
    const char *text = code < FUSE_TRAP_COUNT ? fuse_trap_text((fuse_trap_t)code) : "it gave up";
    return trap(caller, error_new(SPIN_ERROR_TRAP, "%s", text));
}

static spin_error_t *transfer_own(model_instance_t *state, uint32_t type, uint32_t from,
                                  uint32_t to, uint32_t number, uint32_t *out) {
    handle_t *entry;
    spin_error_t *error = model_handle_own(state, from, type, number, &entry);
    if (error != NULL)
        return error;
    uint64_t rep = entry->of.rep;
    handle_table_remove(model_table(state, from), number);
    return model_handle_add_own(state, to, type, rep, out);
}

static spin_error_t *transfer_borrow(model_instance_t *state, uint32_t type, uint32_t from,
                                     uint32_t to, uint32_t number, uint32_t *out) {
    const linked_resource_t *resource = state->model->resources[type].linked;
    handle_t *entry;
    if (state->scope_now == MODEL_NO_SCOPE)
        return error_new(SPIN_ERROR_INTERNAL, "a borrow outside of any call");
    spin_error_t *error = model_handle_any(state, from, type, number, &entry);
    if (error != NULL)
        return error;
    uint64_t rep = entry->of.rep;
    error =
        model_lend(state, model_table(state, from), number, &state->scopes[state->scope_now].loans);
    if (error != NULL)
        return error;
    if (!resource->is_host && resource->component == to) {
        *out = (uint32_t)rep;
        return NULL;
    }
    return model_handle_add_borrow(state, to, type, rep, out);
}

typedef spin_error_t *(*transfer_fn)(model_instance_t *state, uint32_t type, uint32_t from,
                                     uint32_t to, uint32_t number, uint32_t *out);

static wasm_trap_t *transfer(wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                             transfer_fn move) {
    model_instance_t *state = state_of(caller);
    uint32_t number = 0;
    if (state == NULL)
        return trap(caller, error_no_memory());
    /* The module says what the fuser wrote into it: constants. */
    uint32_t type = state->model->resources[(uint32_t)values[0].i32].id;
    spin_error_t *error = move(state, type, (uint32_t)values[1].i32, (uint32_t)values[2].i32,
                               (uint32_t)values[3].i32, &number);
    values[0].i32 = (int32_t)number;
    return error == NULL ? NULL : trap(caller, error);
}

static wasm_trap_t *on_transfer_own(void *env, wasmtime_caller_t *caller,
                                    wasmtime_val_raw_t *values, size_t len) {
    (void)env, (void)len;
    return transfer(caller, values, transfer_own);
}

static wasm_trap_t *on_transfer_borrow(void *env, wasmtime_caller_t *caller,
                                       wasmtime_val_raw_t *values, size_t len) {
    (void)env, (void)len;
    return transfer(caller, values, transfer_borrow);
}

static wasm_trap_t *on_enter_call(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                                  size_t len) {
    model_instance_t *state = state_of(caller);
    (void)env, (void)values, (void)len;
    spin_error_t *error = state == NULL ? error_no_memory() : model_scope_enter(state);
    return error == NULL ? NULL : trap(caller, error);
}

static wasm_trap_t *on_leave_call(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                                  size_t len) {
    model_instance_t *state = state_of(caller);
    (void)env, (void)values, (void)len;
    if (state == NULL || state->scope_now == MODEL_NO_SCOPE)
        return trap(caller, error_new(SPIN_ERROR_INTERNAL, "the end of no call"));
    if (model_scope_leave(state))
        return NULL;
    return trap(caller,
                error_new(SPIN_ERROR_TRAP, "borrow handles still remain at the end of the call"));
}

model_callback_t model_runtime_callback(fuse_runtime_t function) {
    switch (function) {
    case FUSE_TRAP: return on_trap;
    case FUSE_PART: return abi_on_part;
    case FUSE_TRANSFER_OWN: return on_transfer_own;
    case FUSE_TRANSFER_BORROW: return on_transfer_borrow;
    case FUSE_ENTER_CALL: return on_enter_call;
    case FUSE_LEAVE_CALL: return on_leave_call;
    default: return NULL;
    }
}
