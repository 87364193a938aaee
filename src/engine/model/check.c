/* What is checked of a component before it is fused and linked to the host. */
#include "base/error.h"
#include "component/signature.h"
#include "engine/engine.h"
#include "engine/model/model.h"

/* ── core modules as they are: what nobody instantiates must be valid too, and code that is valid
 * only beside the memories and types of others must not pass ── */

static spin_error_t *check_module(wasm_engine_t *engine, spin_slice_t bytes, size_t offset) {
    wasmtime_error_t *failure = wasmtime_module_validate(engine, bytes.ptr, bytes.len);
    if (failure == NULL)
        return NULL;
    spin_error_t *error = engine_error_take(failure, SPIN_ERROR_INVALID);
    return error_wrap(error, "core module at byte %zu", offset);
}

/* As deep as the decoder lets components nest. */
static spin_error_t *check_scope(wasm_engine_t *engine, const ast_scope_t *scope) {
    spin_error_t *error = NULL;
    for (uint32_t i = 0; i < scope->def_count && error == NULL; i++) {
        const ast_def_t *def = &scope->defs[i];
        if (def->kind == AST_DEF_COMPONENT)
            error = check_scope(engine, &def->of.component->scope);
        else if (def->kind == AST_DEF_CORE_MODULE)
            error = check_module(engine, def->of.core_module->bytes, def->of.core_module->offset);
    }
    return error;
}

spin_error_t *model_check_modules(const spin_wasm_component_t *binary, wasm_engine_t *engine) {
    const linked_component_t *linked = &binary->linked;
    spin_error_t *error = check_scope(engine, &binary->ast->scope);
    for (uint32_t i = 0; i < linked->module_count && error == NULL; i++)
        if (linked->modules[i].offset == 0) /* one that was given */
            error = check_module(engine, linked->modules[i].bytes, 0);
    return error;
}

/* ── addresses ── */

static bool has_addresses(const spin_function_t *type, signature_t signature) {
    bool has = signature.params_in_memory || signature.result_in_memory ||
               (type->result.type != NULL && type->result.type->has_pointers);
    for (size_t i = 0; i < type->params_len; i++)
        has |= type->params[i].ref.type->has_pointers;
    return has;
}

static spin_error_t *refuse(const spin_function_t *type) {
    return error_new(SPIN_ERROR_UNSUPPORTED,
                     "\"%.*s\" passes values through a memory with 64-bit addresses: between "
                     "components only, not to or from the host",
                     SLICE_ARG(type->core_name));
}

spin_error_t *model_check_addresses(const linked_component_t *linked) {
    for (uint32_t i = 0; i < linked->lower_count; i++) {
        const linked_lower_t *lower = &linked->lowers[i];
        const linked_options_t *options = &linked->options[lower->options];
        if (lower->is_import && options->memory64 &&
            has_addresses(lower->type, signature_of_lower(lower->type, options)))
            return refuse(lower->type);
    }
    for (uint32_t i = 0; i < linked->lift_count; i++) {
        const linked_lift_t *lift = &linked->lifts[i];
        const linked_options_t *options = &linked->options[lift->options];
        if (lift->export_name.len > 0 && options->memory64 &&
            has_addresses(lift->type, signature_of_lift(lift->type, options)))
            return refuse(lift->type);
    }
    return NULL;
}
