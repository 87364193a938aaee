/* Resources and named types of a scope: which are imported, defined, exported. Each use of a type
 * that binds resources makes them anew. */
#include "component/validate_parts.h"

bool resource_paths_set(validator_t *validator, resource_paths_t *paths, uint32_t resource,
                        const type_path_t *path) {
    const uint64_t *position = id_map_get(&paths->positions, resource);
    if (position != NULL) {
        paths->items.items[*position].path = path;
        return true;
    }
    if (!id_map_set(&paths->positions, resource, paths->items.len))
        return types_no_memory(&validator->types);
    return PUSH(validator, &paths->items, (resource_path_t){resource, path});
}

const type_path_t *type_path_prepend(validator_t *validator, uint32_t step,
                                     const type_path_t *path) {
    type_path_t *longer = types_alloc(&validator->types, 1, sizeof *longer);
    if (longer != NULL)
        *longer = (type_path_t){step, path};
    return longer;
}

bool validate_define_resource(validator_t *validator, uint32_t resource,
                              core_val_type_t representation) {
    scope_t *scope = validator->scope;
    if (!id_map_set(&scope->representations, resource, representation))
        return types_no_memory(&validator->types);
    return PUSH(validator, &scope->defined, resource);
}

/* ── instances that are imported or exported ───────────────────────────────────────────────── */

/* A new resource for each that the instance's type binds. */
static bool renew(validator_t *validator, instance_type_t *type, type_mapping_t *mapping) {
    for (uint32_t i = 0; i < type->defined.count; i++) {
        uint32_t fresh = types_new_resource(&validator->types).index;
        if (!id_map_set(&mapping->resources, type->defined.items[i].resource, fresh))
            return types_no_memory(&validator->types);
    }
    if (!types_remap_list(&validator->types, &type->exports, mapping))
        return false;
    resource_path_t *explicit =
        types_alloc(&validator->types, type->explicit.count, sizeof *explicit);
    if (explicit == NULL)
        return false;
    for (uint32_t i = 0; i < type->explicit.count; i++) {
        explicit[i] = type->explicit.items[i];
        explicit[i].resource = types_remap_resource(mapping, explicit[i].resource);
    }
    type->explicit.items = explicit;
    return true;
}

/* The resources that an import brings are imported where the instance exports them. */
static bool import_resources(validator_t *validator, const resource_list_t *bound,
                             const instance_type_t *type, const type_mapping_t *mapping) {
    scope_t *scope = validator->scope;
    uint32_t step = (uint32_t)scope->imports.items.len;
    id_map_t paths = {0};
    bool done = true;
    for (uint32_t i = 0; done && i < type->explicit.count; i++)
        done = id_map_set(&paths, type->explicit.items[i].resource,
                          (uintptr_t)type->explicit.items[i].path) ||
               types_no_memory(&validator->types);
    for (uint32_t i = 0; done && i < bound->count; i++) {
        uint32_t resource = types_remap_resource(mapping, bound->items[i].resource);
        const uint64_t *found = id_map_get(&paths, resource);
        const type_path_t *path = type_path_prepend(
            validator, step, found == NULL ? NULL : (const type_path_t *)(uintptr_t)*found);
        done = path != NULL && resource_paths_set(validator, &scope->imported, resource, path);
    }
    id_map_deinit(&paths);
    return done;
}

/* Those that an export brings are the scope's own. */
static bool define_resources(validator_t *validator, const resource_list_t *bound,
                             const type_mapping_t *mapping) {
    for (uint32_t i = 0; i < bound->count; i++) {
        uint32_t resource = types_remap_resource(mapping, bound->items[i].resource);
        if (!validate_define_resource(validator, resource, 0))
            return false;
    }
    return true;
}

static bool export_explicit(validator_t *validator, const instance_type_t *type) {
    scope_t *scope = validator->scope;
    uint32_t step = (uint32_t)scope->exports.items.len;
    for (uint32_t i = 0; i < type->explicit.count; i++) {
        const resource_path_t *item = &type->explicit.items[i];
        const type_path_t *path = type_path_prepend(validator, step, item->path);
        if (path == NULL || !resource_paths_set(validator, &scope->explicit, item->resource, path))
            return false;
    }
    return true;
}

bool validate_adopt_instance(validator_t *validator, bool is_import, uint32_t *instance) {
    instance_type_t type = *types_instance(&validator->types, *instance);
    resource_list_t bound = type.defined;
    type_mapping_t mapping = {0};
    bool done = true;
    if (bound.count > 0) {
        done = renew(validator, &type, &mapping) &&
               (is_import ? import_resources(validator, &bound, &type, &mapping)
                          : define_resources(validator, &bound, &mapping));
        type.defined = (resource_list_t){0};
        done = done && types_add_instance(&validator->types, &type, instance);
    }
    type_mapping_deinit(&mapping);
    return done && (is_import || export_explicit(validator, &type));
}

/* ── named types ───────────────────────────────────────────────────────────────────────────── */

static bool in_set(const id_map_t *set, type_ref_t type) {
    return id_map_get(set, type_ref_key(type)) != NULL;
}

static bool val_is_named(const type_store_t *types, val_type_t type, const id_map_t *set);

static bool parts_are_named(const type_store_t *types, const val_type_t *parts, uint32_t count,
                            const id_map_t *set) {
    for (uint32_t i = 0; i < count; i++)
        if (!val_is_named(types, parts[i], set))
            return false;
    return true;
}

/* Records, variants, enums and flags must have a name; others must consist of what has. */
static bool val_is_named(const type_store_t *types, val_type_t type, const id_map_t *set) {
    if (type.kind != VAL_DEFINED)
        return true;
    const defined_type_t *defined = types_defined(types, type.index);
    switch (defined->kind) {
    case AST_TYPE_PRIMITIVE: return true;
    case AST_TYPE_RECORD:
    case AST_TYPE_VARIANT:
    case AST_TYPE_ENUM:
    case AST_TYPE_FLAGS: return in_set(set, val_type_ref(type));
    case AST_TYPE_OWN:
    case AST_TYPE_BORROW: return in_set(set, defined->resource);
    default: return parts_are_named(types, defined->parts, defined->count, set);
    }
}

static bool defined_is_named(const type_store_t *types, uint32_t index, const id_map_t *set) {
    const defined_type_t *type = types_defined(types, index);
    if (type->kind == AST_TYPE_OWN || type->kind == AST_TYPE_BORROW)
        return in_set(set, type->resource);
    return type->parts == NULL || parts_are_named(types, type->parts, type->count, set);
}

static bool func_is_named(const type_store_t *types, uint32_t index, const id_map_t *set) {
    const func_type_t *type = types_func(types, index);
    return parts_are_named(types, type->params, type->count, set) &&
           val_is_named(types, type->result, set);
}

static bool type_is_named(const type_store_t *types, type_ref_t type, const id_map_t *set);

static bool instance_is_named(const type_store_t *types, uint32_t index, const id_map_t *set) {
    const entity_list_t *list = &types_instance(types, index)->exports;
    for (uint32_t i = 0; i < list->count; i++) {
        const entity_t *entity = &list->items[i];
        bool named = true;
        switch (entity->kind) {
        case ENTITY_FUNC: named = func_is_named(types, entity->index, set); break;
        case ENTITY_TYPE: named = type_is_named(types, entity->created, set); break;
        case ENTITY_INSTANCE: named = instance_is_named(types, entity->index, set); break;
        case ENTITY_VALUE:
            named = entity->value.kind != VAL_DEFINED ||
                    defined_is_named(types, entity->value.index, set);
            break;
        case ENTITY_MODULE:
        case ENTITY_COMPONENT: break; /* closed: they name nothing from here */
        }
        if (!named)
            return false;
    }
    return true;
}

/* Goes as deep as types nest: type_info_combine bounds that. */
static bool type_is_named(const type_store_t *types, type_ref_t type, const id_map_t *set) {
    switch (type.sort) {
    case TYPE_RESOURCE: return true; /* it gets its name just now */
    case TYPE_DEFINED: return defined_is_named(types, type.index, set);
    case TYPE_FUNC: return func_is_named(types, type.index, set);
    case TYPE_INSTANCE: return instance_is_named(types, type.index, set);
    case TYPE_COMPONENT: return true; /* closed */
    }
    return true;
}

static bool add_name(validator_t *validator, bool is_import, type_ref_t type) {
    scope_t *scope = validator->scope;
    uint64_t key = type_ref_key(type);
    if ((is_import && !id_map_set(&scope->imported_types, key, 1)) ||
        !id_map_set(&scope->exported_types, key, 1))
        return types_no_memory(&validator->types);
    return true;
}

static bool unnamed(validator_t *validator, bool is_import, const entity_t *entity, size_t offset) {
    return types_fail(&validator->types, offset,
                      "the %s refers to a type that is not itself %s by name before it",
                      entity_kind_name(entity->kind), is_import ? "imported" : "exported");
}

bool validate_named(validator_t *validator, bool is_import, const entity_t *entity, size_t offset) {
    scope_t *scope = validator->scope;
    const type_store_t *types = &validator->types;
    const id_map_t *set = is_import ? &scope->imported_types : &scope->exported_types;
    bool named = true;
    if (scope->kind == SCOPE_INSTANCE_TYPE)
        return true;
    switch (entity->kind) {
    case ENTITY_FUNC: named = func_is_named(types, entity->index, set); break;
    case ENTITY_VALUE: named = val_is_named(types, entity->value, set); break;
    case ENTITY_TYPE:
        named = type_is_named(types, entity->referenced, set);
        if (named && !add_name(validator, is_import, entity->created))
            return false;
        break;
    case ENTITY_INSTANCE: {
        const entity_list_t *list = &types_instance(types, entity->index)->exports;
        for (uint32_t i = 0; i < list->count; i++)
            if (!validate_named(validator, is_import, &list->items[i], offset))
                return false;
        break;
    }
    case ENTITY_MODULE:
    case ENTITY_COMPONENT: break;
    }
    return named || unnamed(validator, is_import, entity, offset);
}

/* ── finishing ─────────────────────────────────────────────────────────────────────────────── */

static bool copy_paths(validator_t *validator, const resource_paths_t *paths,
                       resource_list_t *out) {
    resource_path_t *items = types_alloc(&validator->types, paths->items.len, sizeof *items);
    if (items == NULL)
        return false;
    if (paths->items.len > 0)
        memcpy(items, paths->items.items, paths->items.len * sizeof *items);
    *out = (resource_list_t){items, (uint32_t)paths->items.len};
    return true;
}

static bool is_free(const id_map_t *free, uint32_t resource) {
    const uint64_t *found = id_map_get(free, resource);
    return found != NULL && *found != 0;
}

/* No import may name a resource that the component makes. */
static bool check_imports(validator_t *validator, const entity_list_t *imports, size_t offset) {
    const scope_t *scope = validator->scope;
    id_map_t free = {0};
    bool done = types_free_of_list(&validator->types, imports, &free);
    for (size_t i = 0; done && i < scope->defined.len; i++)
        if (is_free(&free, scope->defined.items[i]))
            done = types_fail(&validator->types, offset,
                              "an import refers to a resource type that the component defines");
    id_map_deinit(&free);
    return done;
}

/* Of the resources made here, those that exports name belong to the type; each must be exported
 * itself. */
static bool list_defined(validator_t *validator, const entity_list_t *exports, size_t offset,
                         resource_list_t *out) {
    scope_t *scope = validator->scope;
    id_map_t free = {0};
    resource_path_t *items = types_alloc(&validator->types, scope->defined.len, sizeof *items);
    uint32_t count = 0;
    bool done = items != NULL && types_free_of_list(&validator->types, exports, &free);
    for (size_t i = 0; done && i < scope->defined.len; i++) {
        uint32_t resource = scope->defined.items[i];
        if (!is_free(&free, resource))
            continue;
        const uint64_t *position = id_map_get(&scope->explicit.positions, resource);
        if (position == NULL)
            done = types_fail(&validator->types, offset,
                              "an export refers to a resource type that is not itself exported");
        else
            items[count++] = scope->explicit.items.items[*position];
    }
    *out = (resource_list_t){items, count};
    id_map_deinit(&free);
    return done;
}

bool validate_finish_component(validator_t *validator, size_t offset, uint32_t *out) {
    scope_t *scope = validator->scope;
    component_type_t type = {.info = scope->info};
    return entity_builder_list(validator, &scope->imports, &type.imports) &&
           entity_builder_list(validator, &scope->exports, &type.exports) &&
           copy_paths(validator, &scope->imported, &type.imported) &&
           copy_paths(validator, &scope->explicit, &type.explicit) &&
           check_imports(validator, &type.imports, offset) &&
           list_defined(validator, &type.exports, offset, &type.defined) &&
           types_add_component(&validator->types, &type, out);
}

bool validate_finish_instance(validator_t *validator, uint32_t *out) {
    scope_t *scope = validator->scope;
    instance_type_t type = {.info = scope->info};
    resource_path_t *defined = types_alloc(&validator->types, scope->defined.len, sizeof *defined);
    if (defined == NULL)
        return false;
    for (size_t i = 0; i < scope->defined.len; i++)
        defined[i].resource = scope->defined.items[i];
    type.defined = (resource_list_t){defined, (uint32_t)scope->defined.len};
    return entity_builder_list(validator, &scope->exports, &type.exports) &&
           copy_paths(validator, &scope->explicit, &type.explicit) &&
           types_add_instance(&validator->types, &type, out);
}
