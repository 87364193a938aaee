#include "base/alloc.h"
#include "base/error.h"
#include "base/slice.h"
#include "engine/model/model.h"

enum { BLOCK_BYTES = 1024, MAX_DEPTH = 100 };

/* "memory", "memory:1". */
static spin_error_t *numbered(arena_t *arena, const char *name, uint32_t number, const char **out) {
    if (number == LINKED_NONE)
        return NULL;
    *out = number == 0 ? name : (const char *)arena_printf(arena, "%s:%u", name, number).ptr;
    return *out == NULL ? error_no_memory() : NULL;
}

static spin_error_t *init_options(model_module_t *module) {
    const linked_component_t *linked = module->linked;
    module->options = arena_calloc(&module->arena, linked->option_count, sizeof *module->options);
    if (module->options == NULL && linked->option_count > 0)
        return error_no_memory();
    for (uint32_t i = 0; i < linked->option_count; i++) {
        const linked_options_t *from = &linked->options[i];
        model_options_t *to = &module->options[i];
        to->linked = from;
        spin_error_t *error = numbered(&module->arena, "memory", from->memory_number, &to->memory);
        if (error == NULL)
            error = numbered(&module->arena, "cabi_realloc", from->realloc_number, &to->realloc);
        if (error != NULL)
            return error;
    }
    return NULL;
}

static spin_error_t *init_export(model_module_t *module, const linked_lift_t *lift,
                                 model_export_t *out) {
    const char *name = arena_copy_text(&module->arena, lift->export_name);
    if (name == NULL)
        return error_no_memory();
    *out = (model_export_t){.lift = lift,
                            .options = &module->options[lift->options],
                            .name = name,
                            .is_async = module->linked->uses_async};
    if (out->options->linked->post_return.kind != LINKED_NOTHING) {
        out->post = (const char *)arena_printf(&module->arena, "cabi_post_%s", name).ptr;
        if (out->post == NULL)
            return error_no_memory();
    }
    return NULL;
}

/* Each name by which a lift is exported; what is exported twice has one core export. */
static spin_error_t *add_names(model_module_t *module, spin_slice_t within,
                               const linked_export_t *exports, uint32_t count, int depth) {
    spin_error_t *error = NULL;
    for (uint32_t i = 0; i < count && error == NULL; i++) {
        const linked_export_t *export = &exports[i];
        spin_slice_t name = export->name;
        if (within.len > 0)
            name = arena_printf(&module->arena, "%.*s#%.*s", SLICE_ARG(within), SLICE_ARG(name));
        if (name.ptr == NULL && name.len > 0)
            return error_no_memory();
        if (export->kind == LINKED_EXPORT_INSTANCE && depth < MAX_DEPTH)
            error = add_names(module, name, export->items, export->item_count, depth + 1);
        if (export->kind == LINKED_EXPORT_LIFT &&
            !map_set(&module->by_name, name, &module->exports[export->index]))
            error = error_no_memory();
    }
    return error;
}

static spin_error_t *init(model_module_t *module) {
    const linked_component_t *linked = module->linked;
    spin_error_t *error = init_options(module);
    module->exports = arena_calloc(&module->arena, linked->lift_count, sizeof *module->exports);
    if (error == NULL && module->exports == NULL && linked->lift_count > 0)
        error = error_no_memory();
    for (uint32_t i = 0; i < linked->lift_count && error == NULL; i++)
        if (linked->lifts[i].export_name.len > 0)
            error = init_export(module, &linked->lifts[i], &module->exports[i]);
    if (error == NULL)
        error = add_names(module, (spin_slice_t){0}, linked->exports, linked->export_count, 0);
    return error;
}

spin_error_t *model_module_new(spin_wasm_component_t *binary, model_module_t **out) {
    model_module_t *module = mem_calloc(1, sizeof *module);
    if (module == NULL) {
        spin_wasm_component_unref(binary);
        return error_no_memory();
    }
    arena_init(&module->arena, BLOCK_BYTES);
    module->binary = binary;
    module->linked = &binary->linked;
    spin_error_t *error = init(module);
    if (error != NULL)
        model_module_free(module);
    else
        *out = module;
    return error;
}

void model_module_free(model_module_t *module) {
    if (module == NULL)
        return;
    spin_wasm_component_unref(module->binary);
    map_deinit(&module->by_name);
    arena_deinit(&module->arena);
    mem_free(module);
}

model_export_t *model_module_export(const model_module_t *module, spin_slice_t name) {
    model_export_t *found = map_get(&module->by_name, name);
    model_version_t best = {0};
    spin_slice_t rest, other;
    if (found != NULL)
        return found;
    const model_version_t want = model_version_of(name, &rest);
    if (want.is_exact && want.base.len == name.len)
        return NULL;
    for (size_t i = 0; i < module->by_name.len; i++) {
        const model_version_t have = model_version_of(module->by_name.entries[i].key, &other);
        if (slice_equal(rest, other) && model_version_fits(&want, &have) &&
            (found == NULL || model_version_is_higher(&have, &best))) {
            found = module->by_name.entries[i].value;
            best = have;
        }
    }
    return found;
}

spin_error_t *model_module_no_export(const model_module_t *module, spin_slice_t name) {
    size_t nearest = SIZE_MAX;
    spin_slice_t found = {0};
    for (size_t i = 0; i < module->by_name.len; i++) {
        spin_slice_t other = module->by_name.entries[i].key;
        size_t distance = slice_edit_distance(name, other, name.len / 3 + 2);
        if (distance <= name.len / 3 + 1 && distance < nearest) {
            nearest = distance;
            found = other;
        }
    }
    if (found.len == 0)
        return error_new(SPIN_ERROR_NOT_FOUND, "it does not export \"%.*s\"", SLICE_ARG(name));
    return error_new(SPIN_ERROR_NOT_FOUND, "it does not export \"%.*s\"; did you mean \"%.*s\"?",
                     SLICE_ARG(name), SLICE_ARG(found));
}
