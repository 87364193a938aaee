/* What the fused module of an asynchronous component imports. */
#include "base/error.h"
#include "engine/async/state.h"
#include "engine/context.h"

/* ── lifts ── */

static spin_error_t *init_lift(model_t *model, uint32_t index, async_lift_t *out) {
    const linked_lift_t *lift = &model->module->linked->lifts[index];
    const model_options_t *options = &model->module->options[lift->options];
    arena_t *arena = &model->arena;
    *out = (async_lift_t){.linked = lift,
                          .options = options,
                          .signature = signature_of_lift(lift->type, options->linked),
                          .core = (const char *)arena_printf(arena, "spin:lift:%u", index).ptr};
    bool made = out->core != NULL;
    if (options->linked->post_return.kind != LINKED_NOTHING) {
        out->post = (const char *)arena_printf(arena, "spin:post:%u", index).ptr;
        made &= out->post != NULL;
    }
    if (options->linked->callback.kind != LINKED_NOTHING) {
        out->callback = (const char *)arena_printf(arena, "spin:callback:%u", index).ptr;
        made &= out->callback != NULL;
    }
    return made ? abi_value_describe(arena, lift->type, &out->value) : error_no_memory();
}

spin_error_t *async_init(model_t *model) {
    const linked_component_t *linked = model->module->linked;
    if (!linked->uses_async)
        return NULL;
    model->lifts = arena_calloc(&model->arena, linked->lift_count, sizeof *model->lifts);
    if (model->lifts == NULL && linked->lift_count > 0)
        return error_no_memory();
    for (uint32_t i = 0; i < linked->lift_count; i++) {
        spin_error_t *error = init_lift(model, i, &model->lifts[i]);
        if (error != NULL)
            return error;
    }
    return NULL;
}

const async_lift_t *async_lift_at(const model_t *model, size_t index) {
    return &model->lifts[index];
}

/* ── definitions ── */

static spin_error_t *define(const async_definition_t *definition,
                            wasmtime_func_async_callback_t callback, void *env) {
    wasmtime_error_t *failure = wasmtime_linker_define_async_func(
        definition->linker, (const char *)definition->module.ptr, definition->module.len,
        (const char *)definition->name.ptr, definition->name.len, definition->type, callback, env,
        NULL);
    return failure == NULL ? NULL : engine_error_take(failure, SPIN_ERROR_INTERNAL);
}

spin_error_t *async_define_lower(const async_definition_t *definition, uint32_t index,
                                 const abi_import_t *import) {
    const model_t *model = definition->model;
    const linked_lower_t *linked = &model->module->linked->lowers[index];
    const model_options_t *options = &model->module->options[linked->options];
    async_lower_t *lower = arena_calloc(definition->arena, 1, sizeof *lower);
    if (lower == NULL)
        return error_no_memory();
    *lower = (async_lower_t){.model = model,
                             .linked = linked,
                             .options = options,
                             .signature = signature_of_lower(linked->type, options->linked),
                             .lift = import == NULL ? &model->lifts[linked->callee] : NULL,
                             .import = import};
    return define(definition, import == NULL ? async_on_call : async_on_host_call, lower);
}

spin_error_t *async_define_builtin(const async_definition_t *definition, uint32_t index) {
    const linked_builtin_t *builtin = &definition->model->module->linked->builtins[index];
    async_builtin_env_t *env = arena_calloc(definition->arena, 1, sizeof *env);
    if (env == NULL)
        return error_no_memory();
    *env = (async_builtin_env_t){
        .model = definition->model,
        .builtin = builtin,
        .function = async_builtin_find(builtin->kind),
        .name = arena_copy_text(definition->arena, definition->name),
        .table = (const char *)arena_printf(definition->arena, "spin:table:%u", index).ptr,
        .start = (const char *)arena_printf(definition->arena, "spin:start:%u", index).ptr};
    if (builtin->memory_number == 0)
        env->memory = "memory";
    else if (builtin->memory_number != LINKED_NONE)
        env->memory =
            (const char *)arena_printf(definition->arena, "memory:%u", builtin->memory_number).ptr;
    if (env->function == NULL)
        return error_new(SPIN_ERROR_UNSUPPORTED, "this built-in is not supported");
    return env->name == NULL || env->table == NULL || env->start == NULL
               ? error_no_memory()
               : define(definition, async_on_builtin, env);
}

spin_error_t *async_define_idle(const async_definition_t *definition) {
    return define(definition, async_on_idle, NULL);
}
