#include "component/legacy.h"

#include "base/error.h"
#include "component/legacy_parts.h"
#include "wasm/instr.h"

/* What may be looked at in all scans of a module; a large one is read in a few milliseconds. */
enum { STEPS_IN_ALL = 3000000 };

/* The entry points of 2022. All parameters are i32, and so is the one result. */
static const struct {
    const char *name;
    const char *export_name;
    uint32_t param_count;
    legacy_result_t result;
} entry_points[] = {
    {"handle-http-request", LEGACY_HTTP_EXPORT, 10, LEGACY_RESULT_RESPONSE},
    {"handle-redis-message", LEGACY_REDIS_EXPORT, 2, LEGACY_RESULT_OUTCOME},
};

/* A function that wraps another in calls of constructors and destructors, as linkers make them for
 * the exports of a command. */
typedef struct wrapper {
    uint32_t ctors;
    uint32_t inner;
    uint32_t dtors; /* where has_dtors */
    bool has_dtors;
} wrapper_t;

static bool type_is_i32s(const core_func_type_t *type, uint32_t params, uint32_t results) {
    if (type == NULL || type->param_count != params || type->result_count != results)
        return false;
    for (uint32_t i = 0; i < params; i++)
        if (type->params[i] != CORE_I32)
            return false;
    return results == 0 || type->results[0] == CORE_I32;
}

/* The function exported as `name` where the module defines it with that type. */
static bool find_function(const core_module_t *module, const char *name, uint32_t params,
                          uint32_t *out) {
    const core_export_t *export = core_module_find_export(module, spin_slice(name));
    if (export == NULL || export->kind != CORE_EXTERN_FUNC ||
        export->index < module->imported[CORE_EXTERN_FUNC])
        return false;
    *out = export->index;
    return type_is_i32s(core_module_func_type(module, export->index), params, 1);
}

static bool find_memory(const core_module_t *module, uint32_t *out) {
    const core_export_t *export = core_module_find_export(module, SLICE_LITERAL("memory"));
    if (export == NULL || export->kind != CORE_EXTERN_MEMORY)
        return false;
    uint32_t imported = module->imported[CORE_EXTERN_MEMORY];
    *out = export->index;
    if (export->index >= imported)
        return export->index - imported < module->memory_count &&
               !module->memories[export->index - imported].is64;
    for (uint32_t i = 0, index = 0; i < module->import_count; i++)
        if (module->imports[i].kind == CORE_EXTERN_MEMORY && index++ == export->index)
            return !module->imports[i].of.memory.is64;
    return false;
}

/* Exports of a module that was rewritten before, or that would collide with ours. */
static bool is_rewritten(const core_module_t *module) {
    legacy_layout_t layout;
    for (uint32_t i = 0; i < module->export_count; i++) {
        spin_slice_t name = module->exports[i].name;
        if (legacy_export_layout(name, LEGACY_HTTP_EXPORT, &layout) ||
            legacy_export_layout(name, LEGACY_REDIS_EXPORT, &layout) ||
            slice_starts_with(name, SLICE_LITERAL(LEGACY_LAYOUT_EXPORT)))
            return true;
    }
    return false;
}

static bool next_is_call(core_reader_t *body, uint32_t *func) {
    core_instr_t instr;
    if (!core_read_instr(body, &instr) || instr.opcode != CORE_OP_CALL)
        return false;
    *func = instr.indices[0].value;
    return true;
}

/* call ctors; local.get 0; ... local.get n-1; call inner; [call dtors;] end */
static bool find_wrapper(const core_module_t *module, uint32_t func, uint32_t params,
                         wrapper_t *out) {
    spin_slice_t bytes = module->bodies[func - module->imported[CORE_EXTERN_FUNC]];
    core_reader_t body = core_module_part(module, bytes);
    core_instr_t instr;
    *out = (wrapper_t){0};
    if (core_read_locals(&body) > 0 || !next_is_call(&body, &out->ctors))
        return false;
    for (uint32_t i = 0; i < params; i++)
        if (!core_read_instr(&body, &instr) || instr.opcode != CORE_OP_LOCAL_GET ||
            instr.indices[0].value != i)
            return false;
    if (!next_is_call(&body, &out->inner))
        return false;
    core_reader_t rest = body;
    out->has_dtors = next_is_call(&rest, &out->dtors);
    if (out->has_dtors)
        body = rest;
    bool ended = core_read_instr(&body, &instr) && instr.opcode == CORE_OP_END;
    return ended && core_reader_done(&body) &&
           type_is_i32s(core_module_func_type(module, out->ctors), 0, 0) &&
           type_is_i32s(core_module_func_type(module, out->inner), params, 1) &&
           (!out->has_dtors || type_is_i32s(core_module_func_type(module, out->dtors), 0, 0));
}

/* Where the allocator and every entry point are wrapped in the same brackets, the helper goes
 * around the wrappers and runs constructors and destructors once for the whole request. */
static void see_through_wrappers(legacy_plan_t *plan) {
    wrapper_t alloc, entries[2];
    if (!find_wrapper(plan->module, plan->alloc, 4, &alloc))
        return;
    for (uint32_t i = 0; i < plan->entry_count; i++) {
        const legacy_entry_t *entry = &plan->entries[i];
        if (!find_wrapper(plan->module, entry->func, entry->param_count, &entries[i]) ||
            entries[i].ctors != alloc.ctors || entries[i].has_dtors != alloc.has_dtors ||
            (alloc.has_dtors && entries[i].dtors != alloc.dtors))
            return;
    }
    plan->bracketed = true;
    plan->alloc = alloc.inner;
    plan->ctors = alloc.ctors;
    plan->has_dtors = alloc.has_dtors;
    plan->dtors = alloc.dtors;
    for (uint32_t i = 0; i < plan->entry_count; i++)
        plan->entries[i].target = entries[i].inner;
}

static spin_error_t *make_plan(arena_t *arena, const core_module_t *module, legacy_plan_t *plan) {
    uint32_t steps = STEPS_IN_ALL;
    *plan = (legacy_plan_t){.module = module};
    if (!find_function(module, "canonical_abi_realloc", 4, &plan->alloc) ||
        !find_memory(module, &plan->memory) || is_rewritten(module))
        return NULL;
    for (size_t i = 0; i < sizeof entry_points / sizeof *entry_points; i++) {
        uint32_t func;
        if (!find_function(module, entry_points[i].name, entry_points[i].param_count, &func))
            continue;
        legacy_entry_t *entry = &plan->entries[plan->entry_count++];
        *entry = (legacy_entry_t){.export_name = entry_points[i].export_name,
                                  .func = func,
                                  .target = func,
                                  .param_count = entry_points[i].param_count};
        spin_error_t *error =
            legacy_scan_layout(module, func, entry_points[i].result, &steps, &entry->layout);
        if (error != NULL)
            return error;
    }
    spin_error_t *error = legacy_plan_layouts(arena, plan, &steps);
    if (error == NULL && plan->entry_count > 0)
        see_through_wrappers(plan);
    return error;
}

bool legacy_is_listed(spin_slice_t name, const char *const *prefixes, const char *const *names) {
    for (; *prefixes != NULL; prefixes++)
        if (slice_starts_with(name, spin_slice(*prefixes)))
            return true;
    for (; *names != NULL; names++)
        if (slice_equal_text(name, *names))
            return true;
    return false;
}

spin_error_t *legacy_rewrite(arena_t *arena, spin_slice_t module, spin_slice_t *out) {
    core_module_t decoded;
    legacy_plan_t plan;
    *out = module;
    spin_error_t *error = core_module_read(arena, module, &decoded);
    if (error == NULL)
        error = make_plan(arena, &decoded, &plan);
    if (error == NULL && plan.entry_count + plan.told_count > 0)
        error = legacy_emit(arena, &plan, out);
    if (error != NULL && spin_error_kind(error) == SPIN_ERROR_UNSUPPORTED) {
        spin_error_free(error); /* the engine may know more: let it judge the original */
        *out = module;
        error = NULL;
    }
    return error;
}
