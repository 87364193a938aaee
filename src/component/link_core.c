/* Core modules and their instances: what a module imports is resolved to where it is defined. */
#include "component/link.h"

/* ── modules ─────────────────────────────────────────────────────────────────────────────── */

static bool list_imports(linker_t *linker, const core_module_t *module, link_module_t *part) {
    uint32_t counts[5] = {0};
    for (uint32_t i = 0; i < module->import_count; i++)
        counts[module->imports[i].kind]++;
    for (int kind = 0; kind < 5; kind++) {
        part->imports[kind] =
            arena_calloc(&linker->scratch, (size_t)counts[kind] + 1, sizeof(uint32_t));
        if (part->imports[kind] == NULL)
            return false;
    }
    for (uint32_t i = module->import_count; i-- > 0;)
        part->imports[module->imports[i].kind][--counts[module->imports[i].kind]] = i;
    return true;
}

static bool list_exports(linker_t *linker, const core_module_t *module, link_module_t *part) {
    link_names_t *names = link_names_new(linker);
    part->exports = names;
    if (names == NULL)
        return false;
    for (uint32_t i = 0; i < module->export_count; i++)
        if (!map_set(&names->map, module->exports[i].name, &module->exports[i]))
            return false;
    return true;
}

spin_error_t *link_core_module(linker_t *linker, spin_slice_t bytes, size_t offset,
                               const core_module_t *module, uint32_t *out) {
    struct {
        uint64_t what;
        const core_module_t *module;
    } key = {'m', module};
    spin_error_t *error =
        link_intern(linker, spin_slice_of(&key, sizeof key), linker->modules.len, out);
    if (error != NULL || *out < linker->modules.len)
        return error;
    error = link_count(linker, (size_t)module->import_count + module->export_count, offset);
    if (error != NULL)
        return error;
    link_module_t part = {0};
    if (!list_imports(linker, module, &part) || !list_exports(linker, module, &part) ||
        !VEC_PUSH(&linker->module_parts, part) ||
        !VEC_PUSH(&linker->modules, (linked_module_t){bytes, offset, module}))
        return error_no_memory();
    return NULL;
}

/* ── exports ─────────────────────────────────────────────────────────────────────────────── */

static ast_sort_t sort_of(core_extern_kind_t kind) {
    return (ast_sort_t)(AST_CORE_FUNC + (int)kind);
}

static uint32_t defined_count(const core_module_t *module, core_extern_kind_t kind) {
    switch (kind) {
    case CORE_EXTERN_FUNC: return module->function_count;
    case CORE_EXTERN_TABLE: return module->table_count;
    case CORE_EXTERN_MEMORY: return module->memory_count;
    case CORE_EXTERN_GLOBAL: return module->global_count;
    case CORE_EXTERN_TAG: return module->tag_count;
    }
    return 0;
}

static spin_error_t *module_export(linker_t *linker, uint32_t instance, spin_slice_t name,
                                   size_t offset, linked_item_t *out) {
    const linked_instance_t *linked = &linker->instances.items[instance];
    const core_module_t *module = linker->modules.items[linked->module].module;
    const link_module_t *part = &linker->module_parts.items[linked->module];
    const core_export_t *export = map_get(&part->exports->map, name);
    if (export == NULL)
        return LINK_FAIL(offset, INVALID, "core instance exports no \"%.*s\"", SLICE_ARG(name));
    uint32_t imported = module->imported[export->kind];
    if (export->index < imported)
        *out = linked->imports[part->imports[export->kind][export->index]];
    else if (export->index - imported < defined_count(module, export->kind))
        *out = (linked_item_t){LINKED_DEFINED, export->kind, instance, export->index};
    else
        return LINK_FAIL(offset, INVALID, "core export \"%.*s\" of nothing", SLICE_ARG(name));
    return NULL;
}

spin_error_t *link_core_export(linker_t *linker, const link_core_instance_t *instance,
                               spin_slice_t name, size_t offset, link_entity_t *out) {
    if (instance->index == LINKED_NONE) {
        const link_entity_t *entity = map_get(&instance->exports->map, name);
        if (entity == NULL)
            return LINK_FAIL(offset, INVALID, "core instance exports no \"%.*s\"", SLICE_ARG(name));
        *out = *entity;
        return NULL;
    }
    *out = (link_entity_t){0};
    spin_error_t *error = module_export(linker, instance->index, name, offset, &out->of.item);
    out->sort = sort_of(out->of.item.sort);
    return error;
}

bool link_memory_is64(const linker_t *linker, const linked_item_t *memory) {
    if (memory->kind != LINKED_DEFINED || memory->sort != CORE_EXTERN_MEMORY)
        return false;
    const core_module_t *module =
        linker->modules.items[linker->instances.items[memory->owner].module].module;
    return module->memories[memory->index - module->imported[CORE_EXTERN_MEMORY]].is64;
}

/* ── instances ───────────────────────────────────────────────────────────────────────────── */

static spin_error_t *resolve_imports(linker_t *linker, const core_module_t *module,
                                     const link_names_t *arguments, size_t offset,
                                     linked_item_t *out) {
    spin_error_t *error = link_count(linker, module->import_count, offset);
    for (uint32_t i = 0; i < module->import_count && error == NULL; i++) {
        const core_import_t *import = &module->imports[i];
        const link_entity_t *instance;
        link_entity_t found = {0};
        error = link_find(arguments, import->module, AST_CORE_INSTANCE, offset, &instance);
        if (error == NULL)
            error =
                link_core_export(linker, instance->of.core_instance, import->name, offset, &found);
        if (error == NULL && found.of.item.sort != import->kind)
            error = LINK_FAIL(offset, INVALID, "core import \"%.*s\" \"%.*s\" is of another kind",
                              SLICE_ARG(import->module), SLICE_ARG(import->name));
        out[i] = found.of.item;
    }
    return error;
}

static spin_error_t *instantiate(linker_t *linker, const link_env_t *env, const ast_def_t *def,
                                 uint32_t *out) {
    const ast_instance_t *from = &def->of.instance;
    const link_entity_t *entity;
    link_names_t *arguments;
    spin_error_t *error = link_get(env, AST_CORE_MODULE, from->index, def->offset, &entity);
    if (error == NULL)
        error = link_gather(linker, env, from, AST_CORE_INSTANCE, AST_CORE_INSTANCE, &arguments);
    if (error != NULL)
        return error;
    if (linker->instances.len + linker->components.len >= LINK_MAX_INSTANCES)
        return LINK_FAIL(def->offset, LIMIT, "more than %d instances", LINK_MAX_INSTANCES);
    const core_module_t *module = linker->modules.items[entity->of.module].module;
    linked_item_t *imports =
        arena_calloc(linker->arena, (size_t)module->import_count + 1, sizeof *imports);
    if (imports == NULL)
        return error_no_memory();
    error = resolve_imports(linker, module, arguments, def->offset, imports);
    if (error != NULL)
        return error;
    *out = (uint32_t)linker->instances.len;
    linked_instance_t instance = {entity->of.module, env->component, imports};
    return VEC_PUSH(&linker->instances, instance) ? NULL : error_no_memory();
}

spin_error_t *link_core_instance(linker_t *linker, link_env_t *env, const ast_def_t *def) {
    const ast_instance_t *from = &def->of.instance;
    link_core_instance_t *instance = arena_calloc(&linker->scratch, 1, sizeof *instance);
    if (instance == NULL)
        return error_no_memory();
    instance->index = LINKED_NONE;
    spin_error_t *error;
    if (from->is_instantiation) {
        error = instantiate(linker, env, def, &instance->index);
    } else {
        link_names_t *exports = NULL;
        error = link_gather(linker, env, from, AST_CORE_FUNC, AST_CORE_TAG, &exports);
        instance->exports = exports;
    }
    if (error != NULL)
        return error;
    link_entity_t entity = {.sort = AST_CORE_INSTANCE, .of.core_instance = instance};
    return link_push(linker, env, &entity, def->offset);
}
