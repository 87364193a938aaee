#include "base/error.h"
#include "engine/async/async.h"
#include "engine/context.h"
#include "engine/model/model.h"

model_instance_t *model_instance_of(spin_instance_t *instance) {
    abi_instance_t *abi = abi_instance_of(instance);
    if (abi == NULL || abi->model != NULL)
        return abi == NULL ? NULL : abi->model;
    const model_t *model = instance->component->model;
    const linked_component_t *linked = model->module->linked;
    model_instance_t *state = arena_calloc(&instance->arena, 1, sizeof *state);
    if (state == NULL)
        return NULL;
    *state = (model_instance_t){.model = model,
                                .instance = instance,
                                .arena = &instance->arena,
                                .scope_now = MODEL_NO_SCOPE};
    const size_t tables = linked->component_count + 1;
    state->tables = arena_calloc(state->arena, tables, sizeof *state->tables);
    state->memories = arena_calloc(state->arena, linked->memory_count, sizeof *state->memories);
    state->allocators =
        arena_calloc(state->arena, linked->realloc_count, sizeof *state->allocators);
    if (state->tables == NULL || (state->memories == NULL && linked->memory_count > 0) ||
        (state->allocators == NULL && linked->realloc_count > 0))
        return NULL;
    for (size_t i = 0; i < tables; i++)
        state->tables[i].taken = &state->handles;
    abi->model = state;
    return state;
}

/* What the guest holds is the host's again; destructors of guests do not run any more. */
void model_instance_end(model_instance_t *state) {
    if (state == NULL)
        return;
    async_state_end(state->async);
    for (uint32_t i = 0; i <= state->model->module->linked->component_count; i++)
        model_drop_hosts(state, &state->tables[i]);
    model_tell_drops(state);
}

/* While start functions run exports show to host functions only. */
static bool find(model_instance_t *state, wasmtime_caller_t *caller, const char *name,
                 wasmtime_extern_kind_t kind, wasmtime_extern_t *out) {
    spin_instance_t *instance = state->instance;
    if (instance->phase != INSTANCE_PREPARING)
        return instance_export(instance, spin_slice(name), kind, out, NULL);
    if (caller == NULL || !wasmtime_caller_export_get(caller, name, strlen(name), out))
        return false;
    if (out->kind == kind)
        return true;
    wasmtime_extern_delete(out);
    return false;
}

static void find_allocator(model_instance_t *state, const model_options_t *options,
                           wasmtime_caller_t *caller) {
    wasmtime_extern_t found;
    struct model_allocator *known = &state->allocators[options->linked->realloc_number];
    if (known->is_found || !find(state, caller, options->realloc, WASMTIME_EXTERN_FUNC, &found))
        return;
    known->func = found.of.func;
    known->is_found = true;
}

void model_find(model_instance_t *state, const model_options_t *options,
                wasmtime_caller_t *caller) {
    model_memory(state, options, caller);
    if (options->realloc != NULL)
        find_allocator(state, options, caller);
}

abi_memory_t model_memory(model_instance_t *state, const model_options_t *options,
                          wasmtime_caller_t *caller) {
    abi_memory_t memory = {0};
    wasmtime_extern_t found;
    if (options->memory == NULL)
        return memory;
    const spin_instance_t *instance = state->instance;
    struct model_memory *known = &state->memories[options->linked->memory_number];
    if (!known->is_found && options->linked->memory_number == 0 && instance->has_memory) {
        known->memory = instance->memory;
        known->is_found = true;
    }
    if (!known->is_found && find(state, caller, options->memory, WASMTIME_EXTERN_MEMORY, &found)) {
        known->memory = found.of.memory;
        known->is_found = true;
    }
    if (known->is_found) {
        memory.base = wasmtime_memory_data(instance->wasm, &known->memory);
        memory.len = wasmtime_memory_data_size(instance->wasm, &known->memory);
    }
    return memory;
}

spin_error_t *model_allocator(model_instance_t *state, const model_options_t *options,
                              wasmtime_func_t *out) {
    if (options->realloc == NULL)
        return error_new(SPIN_ERROR_NOT_FOUND, "it has no allocator");
    find_allocator(state, options, NULL);
    const struct model_allocator *known = &state->allocators[options->linked->realloc_number];
    if (!known->is_found)
        return error_new(SPIN_ERROR_NOT_FOUND, "it does not export \"%s\"", options->realloc);
    *out = known->func;
    return NULL;
}
