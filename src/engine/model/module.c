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
    const char *core = arena_copy_text(&module->arena, fuse_export_name(lift));
    if (name == NULL || core == NULL)
        return error_no_memory();
    *out = (model_export_t){.lift = lift,
                            .core = core,
                            .options = &module->options[lift->options],
                            .name = name,
                            .is_async = module->linked->uses_async};
    if (out->options->linked->post_return.kind != LINKED_NOTHING) {
        out->post = (const char *)arena_printf(&module->arena, "cabi_post_%s", name).ptr;
        if (out->post == NULL)
            return error_no_memory();
    }
    if (fuse_has_call(module->linked, lift)) {
        out->call = (const char *)arena_printf(&module->arena, "spin:call:%s", name).ptr;
        if (out->call == NULL)
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

/* Of an interface that is named without its version: the only one. */
static model_export_t *find_unversioned(const model_module_t *module, spin_slice_t name) {
    size_t hash = slice_find(name, '#');
    model_export_t *found = NULL;
    for (size_t i = 0; i < module->by_name.len; i++) {
        spin_slice_t other = module->by_name.entries[i].key;
        size_t at = slice_find(other, '@'), end = slice_find(other, '#');
        if (at > end || at != hash || memcmp(other.ptr, name.ptr, at) != 0 ||
            !slice_equal(slice_from(other, end), slice_from(name, hash)))
            continue;
        if (found != NULL)
            return NULL;
        found = module->by_name.entries[i].value;
    }
    return found;
}

model_export_t *model_module_export(const model_module_t *module, spin_slice_t name) {
    model_export_t *found = map_get(&module->by_name, name);
    model_version_t best = {0};
    spin_slice_t rest, other;
    if (found != NULL)
        return found;
    const model_version_t want = model_version_of(name, &rest);
    if (slice_find(want.base, '@') == want.base.len && want.is_exact)
        return rest.len == 0 ? NULL : find_unversioned(module, name);
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

static const linked_export_t *find_instance(const linked_component_t *linked,
                                            spin_slice_t interface) {
    const linked_export_t *found = NULL;
    model_version_t best = {0};
    spin_slice_t rest, other;
    for (uint32_t i = 0; i < linked->export_count; i++)
        if (linked->exports[i].kind == LINKED_EXPORT_INSTANCE &&
            slice_equal(linked->exports[i].name, interface))
            return &linked->exports[i];
    const model_version_t want = model_version_of(interface, &rest);
    for (uint32_t i = 0; i < linked->export_count; i++) {
        const linked_export_t *export = &linked->exports[i];
        const model_version_t have = model_version_of(export->name, &other);
        if (export->kind == LINKED_EXPORT_INSTANCE && model_version_fits(&want, &have) &&
            (found == NULL || model_version_is_higher(&have, &best))) {
            found = export;
            best = have;
        }
    }
    return found;
}

const linked_resource_t *model_module_resource(const model_module_t *module, spin_slice_t interface,
                                               spin_slice_t name) {
    const linked_export_t *instance = find_instance(module->linked, interface);
    for (uint32_t i = 0; instance != NULL && i < instance->item_count; i++) {
        const linked_export_t *item = &instance->items[i];
        if (item->kind == LINKED_EXPORT_TYPE && item->resource != LINKED_NONE &&
            slice_equal(item->name, name))
            return &module->linked->resources[item->resource];
    }
    return NULL;
}

/* Whether it exports `name` of what it imports. */
static bool is_passed_on(const linked_export_t *exports, uint32_t count, spin_slice_t name,
                         int depth) {
    for (uint32_t i = 0; i < count; i++) {
        const linked_export_t *export = &exports[i];
        const size_t len = export->name.len;
        if (export->kind == LINKED_EXPORT_IMPORT && slice_equal(export->name, name))
            return true;
        if (export->kind == LINKED_EXPORT_INSTANCE && depth < MAX_DEPTH && name.len > len &&
            name.ptr[len] == '#' && slice_starts_with(name, export->name))
            return is_passed_on(export->items, export->item_count, slice_from(name, len + 1),
                                depth + 1);
    }
    return false;
}

spin_error_t *model_module_no_export(const model_module_t *module, spin_slice_t name) {
    size_t nearest = SIZE_MAX;
    spin_slice_t found = {0};
    if (is_passed_on(module->linked->exports, module->linked->export_count, name, 0))
        return error_new(SPIN_ERROR_UNSUPPORTED,
                         "\"%.*s\" is an import that it exports as it is: the host can call its "
                         "own function instead",
                         SLICE_ARG(name));
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
