/* What a module of 2022 tells of its layouts by the names of exports: deciding, and reading back.
 */
#include "base/error.h"
#include "component/legacy_parts.h"

enum {
    TOLD_LIMIT = 256, /* functions; who has more gets by with the module's layout */
    PARAM_LIMIT = 16,
};

/* Exports that toolchains add; what they return is memory, but no result area. */
static bool is_of_toolchain(spin_slice_t name) {
    static const char *const prefixes[] = {"canonical_abi_", "cabi_", "asyncify_", "_",
                                           "spin:",          NULL};
    static const char *const names[] = {
        "malloc", "calloc", "realloc", "aligned_alloc", "memalign", "posix_memalign",
        "main",   "memcpy", "memmove", "memset",        NULL,
    };
    return legacy_is_listed(name, prefixes, names);
}

/* Whether it may be a function of WIT that returns the address of its result area. */
static bool may_return_area(const legacy_plan_t *plan, const core_export_t *export) {
    const core_module_t *module = plan->module;
    if (export->kind != CORE_EXTERN_FUNC || export->index == plan->alloc ||
        export->index < module->imported[CORE_EXTERN_FUNC] || export->name.len == 0 ||
        is_of_toolchain(export->name))
        return false;
    const core_func_type_t *type = core_module_func_type(module, export->index);
    if (type == NULL || type->result_count != 1 || type->results[0] != CORE_I32 ||
        type->param_count > PARAM_LIMIT)
        return false;
    for (uint32_t i = 0; i < type->param_count; i++)
        if (type->params[i] < CORE_F64 || type->params[i] > CORE_I32)
            return false;
    return true;
}

/* What is known of a function already: of an entry point, or by another name. */
static bool already_known(const legacy_plan_t *plan, uint32_t func, legacy_layout_t *out) {
    for (uint32_t i = 0; i < plan->entry_count; i++) {
        if (plan->entries[i].func == func) {
            *out = plan->entries[i].layout;
            return true;
        }
    }
    for (uint32_t i = 0; i < plan->told_count; i++) {
        if (plan->told[i].func == func) {
            *out = plan->told[i].layout;
            return true;
        }
    }
    return false;
}

/* WIT's names are of lower-case words with hyphens. The functions of a C library that a module
 * exports besides, whose results are the library's own structs, have other names as a rule. */
static bool is_wit_name(spin_slice_t name) {
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return true;
}

/* The entry points are judged by their type, so they have the first word; then the most. */
static legacy_layout_t layout_of_all(const legacy_plan_t *plan) {
    uint32_t votes[] = {0, 0, 0};
    for (uint32_t i = 0; i < plan->entry_count; i++)
        votes[plan->entries[i].layout]++;
    bool entries_tell = votes[LEGACY_LAYOUT_SLOTS] + votes[LEGACY_LAYOUT_CANONICAL] > 0;
    for (uint32_t i = 0; i < plan->told_count && !entries_tell; i++)
        votes[plan->told[i].layout] += is_wit_name(plan->told[i].name);
    if (votes[LEGACY_LAYOUT_SLOTS] == votes[LEGACY_LAYOUT_CANONICAL])
        return LEGACY_LAYOUT_UNKNOWN;
    return votes[LEGACY_LAYOUT_SLOTS] > votes[LEGACY_LAYOUT_CANONICAL] ? LEGACY_LAYOUT_SLOTS
                                                                       : LEGACY_LAYOUT_CANONICAL;
}

spin_error_t *legacy_plan_layouts(arena_t *arena, legacy_plan_t *plan, uint32_t *steps) {
    const core_module_t *module = plan->module;
    uint32_t limit = module->export_count < TOLD_LIMIT ? module->export_count : TOLD_LIMIT;
    plan->told = arena_calloc(arena, (size_t)limit + 1, sizeof *plan->told);
    if (plan->told == NULL)
        return error_no_memory();
    for (uint32_t i = 0; i < module->export_count && plan->told_count < limit; i++) {
        const core_export_t *export = &module->exports[i];
        legacy_layout_t layout = LEGACY_LAYOUT_UNKNOWN;
        spin_error_t *error = NULL;
        if (!may_return_area(plan, export))
            continue;
        if (!already_known(plan, export->index, &layout) && *steps > 0)
            error = legacy_scan_layout(module, export->index, LEGACY_RESULT_ANY, steps, &layout);
        if (error != NULL)
            return error;
        if (layout != LEGACY_LAYOUT_UNKNOWN)
            plan->told[plan->told_count++] = (legacy_told_t){export->name, export->index, layout};
    }
    legacy_layout_t of_all = layout_of_all(plan);
    if (of_all != LEGACY_LAYOUT_UNKNOWN)
        plan->told[plan->told_count++] = (legacy_told_t){.func = plan->alloc, .layout = of_all};
    return NULL;
}

static legacy_layout_t layout_named(spin_slice_t name) {
    if (slice_equal_text(name, "slots"))
        return LEGACY_LAYOUT_SLOTS;
    return slice_equal_text(name, "canonical") ? LEGACY_LAYOUT_CANONICAL : LEGACY_LAYOUT_UNKNOWN;
}

bool legacy_export_layout(spin_slice_t name, const char *prefix, legacy_layout_t *out) {
    spin_slice_t layout = slice_from(name, strlen(prefix));
    if (!slice_starts_with(name, spin_slice(prefix)) || layout.len == 0 || layout.ptr[0] != '@')
        return false;
    *out = layout_named(slice_from(layout, 1));
    return true;
}

void legacy_layouts_add(legacy_layouts_t *layouts, spin_slice_t function,
                        spin_slice_t export_name) {
    legacy_layout_t layout;
    if (!slice_starts_with(export_name, SLICE_LITERAL(LEGACY_LAYOUT_EXPORT)))
        return;
    if (legacy_export_layout(export_name, LEGACY_LAYOUT_EXPORT, &layout)) {
        layouts->module = layout;
        return;
    }
    spin_slice_t rest = slice_from(export_name, strlen(LEGACY_LAYOUT_EXPORT));
    bool is_function = function.len > 0 && rest.len > function.len + 2 && rest.ptr[0] == '/' &&
                       rest.ptr[1 + function.len] == '@' &&
                       memcmp(rest.ptr + 1, function.ptr, function.len) == 0;
    if (is_function)
        layouts->function = layout_named(slice_from(rest, function.len + 2));
}
