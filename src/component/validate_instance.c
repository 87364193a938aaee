/* Instances, aliases, start. */
#include "base/slice.h"
#include "component/validate_parts.h"

/* ── core instances ────────────────────────────────────────────────────────────────────────── */

static bool core_instance_at(validator_t *validator, uint32_t index, size_t offset,
                             core_instance_t *out) {
    if (index >= validator->scope->core_instances.len)
        return types_fail(&validator->types, offset, "core instance %u is not there", index);
    *out = validator->scope->core_instances.items[index];
    return true;
}

/* One import of the module: the key is the length of the module's name, it, and the item's. */
static bool check_core_import(validator_t *validator, spin_slice_t key, const core_entity_t *wanted,
                              const map_t *arguments, size_t offset) {
    type_store_t *types = &validator->types;
    uint32_t len;
    memcpy(&len, key.ptr, sizeof len);
    spin_slice_t module = spin_slice_of(key.ptr + sizeof len, len);
    spin_slice_t name = spin_slice_of(module.ptr + len, key.len - sizeof len - len);
    const map_entry_t *argument = map_find(arguments, module);
    if (argument == NULL)
        return types_fail(types, offset, "the module imports \"%.*s\", which is not given",
                          SLICE_ARG(module));
    const core_entity_t *given = core_entity_find(argument->value, name);
    if (given == NULL)
        return types_fail(types, offset,
                          "the module imports \"%.*s\" of \"%.*s\", which is not in what is given",
                          SLICE_ARG(name), SLICE_ARG(module));
    return subtype_core_entity(types, given, wanted, offset) ||
           types_context(types, "import \"%.*s\" of \"%.*s\"", SLICE_ARG(name), SLICE_ARG(module));
}

static bool read_core_arguments(validator_t *validator, const ast_instance_t *instance,
                                map_t *out) {
    for (uint32_t i = 0; i < instance->argument_count; i++) {
        const ast_argument_t *argument = &instance->arguments[i];
        core_instance_t given = {0};
        if (!core_instance_at(validator, argument->target.index, argument->target.offset, &given))
            return false;
        if (map_find(out, argument->name.name) != NULL)
            return types_fail(&validator->types, argument->name.offset,
                              "argument \"%.*s\" is there twice", SLICE_ARG(argument->name.name));
        if (!map_set(out, argument->name.name, (void *)(uintptr_t)given.exports))
            return types_no_memory(&validator->types);
    }
    return true;
}

static bool instantiate_module(validator_t *validator, const ast_def_t *def, core_instance_t *out) {
    const ast_instance_t *instance = &def->of.instance;
    map_t arguments = {0};
    uint32_t index;
    if (!validate_module_at(validator, instance->index, def->offset, &index))
        return false;
    const module_type_t *module = types_module(&validator->types, index);
    bool done = read_core_arguments(validator, instance, &arguments);
    for (uint32_t i = 0; done && i < module->imports.count; i++)
        done = check_core_import(validator, module->imports.labels[i], &module->imports.items[i],
                                 &arguments, def->offset);
    map_deinit(&arguments);
    *out = (core_instance_t){&module->exports};
    return done;
}

static bool collect_core_exports(validator_t *validator, const ast_def_t *def,
                                 core_instance_t *out) {
    const ast_instance_t *instance = &def->of.instance;
    type_store_t *types = &validator->types;
    uint32_t count = instance->argument_count, size = 1;
    core_entity_list_t *list = types_alloc(types, 1, sizeof *list);
    core_entity_t *items = types_alloc(types, count, sizeof *items);
    map_t *names = types_new_map(types);
    if (list == NULL || items == NULL || names == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const ast_argument_t *export = &instance->arguments[i];
        spin_slice_t name = export->name.name;
        if (!validate_core_entity_at(validator, export->target.sort, export->target.index,
                                     export->target.offset, &items[i]) ||
            !types_add_size(types, &size, types_core_size(types, &items[i]), def->offset))
            return false;
        if (map_find(names, name) != NULL)
            return types_fail(types, export->name.offset, "\"%.*s\" is exported twice",
                              SLICE_ARG(name));
        if (!map_set(names, name, (void *)(uintptr_t)(i + 1)))
            return types_no_memory(types);
    }
    *list = (core_entity_list_t){.names = names, .items = items, .count = count};
    *out = (core_instance_t){list};
    return true;
}

static bool room_for_instance(validator_t *validator, size_t offset) {
    const scope_t *scope = validator->scope;
    return validate_count(validator, scope->core_instances.len + scope->instances.len,
                          VALIDATE_MAX_ITEMS, "instances", offset);
}

bool validate_core_instance(validator_t *validator, const ast_def_t *def) {
    core_instance_t instance = {0};
    bool done =
        room_for_instance(validator, def->offset) &&
        (def->of.instance.is_instantiation ? instantiate_module(validator, def, &instance)
                                           : collect_core_exports(validator, def, &instance));
    return done && PUSH(validator, &validator->scope->core_instances, instance);
}

/* ── instances ─────────────────────────────────────────────────────────────────────────────── */

/* The arguments as if they were an instance's exports. */
static bool read_arguments(validator_t *validator, const ast_instance_t *instance, map_t *names,
                           entity_list_t *out) {
    uint32_t count = instance->argument_count;
    entity_t *items = types_alloc(&validator->types, count, sizeof *items);
    if (items == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const ast_argument_t *argument = &instance->arguments[i];
        if (!validate_entity_at(validator, &argument->target, &items[i]))
            return false;
        if (map_find(names, argument->name.name) != NULL)
            return types_fail(&validator->types, argument->name.offset,
                              "argument \"%.*s\" is there twice", SLICE_ARG(argument->name.name));
        if (!map_set(names, argument->name.name, (void *)(uintptr_t)(i + 1)))
            return types_no_memory(&validator->types);
    }
    *out = (entity_list_t){.names = names, .items = items, .count = count};
    return true;
}

/* Each instance has resources of its own for those that the component defines. */
static bool make_resources(validator_t *validator, const component_type_t *component,
                           type_mapping_t *mapping) {
    for (uint32_t i = 0; i < component->defined.count; i++) {
        uint32_t fresh = types_new_resource(&validator->types).index;
        if (!id_map_set(&mapping->resources, component->defined.items[i].resource, fresh))
            return types_no_memory(&validator->types);
        if (!validate_define_resource(validator, fresh, 0))
            return false;
    }
    return true;
}

static bool make_instance(validator_t *validator, const component_type_t *component,
                          type_mapping_t *mapping, size_t offset, uint32_t *out) {
    type_store_t *types = &validator->types;
    instance_type_t type = {.exports = component->exports, .info = type_info_leaf()};
    for (uint32_t i = 0; i < component->exports.count; i++) {
        type_info_t info = type_info_of_entity(types, &component->exports.items[i]);
        if (!type_info_combine(types, &type.info, info, offset))
            return false;
    }
    type.info.has_resource |= mapping->has_renames;
    resource_path_t *explicit = types_alloc(types, component->explicit.count, sizeof *explicit);
    if (explicit == NULL || !make_resources(validator, component, mapping) ||
        !types_remap_list(types, &type.exports, mapping))
        return false;
    for (uint32_t i = 0; i < component->explicit.count; i++) {
        explicit[i] = component->explicit.items[i];
        explicit[i].resource = types_remap_resource(mapping, explicit[i].resource);
    }
    type.explicit = (resource_list_t){explicit, component->explicit.count};
    return types_add_instance(types, &type, out);
}

static bool instantiate_component(validator_t *validator, const ast_def_t *def, uint32_t *out) {
    uint32_t component;
    map_t names = {0};
    entity_list_t given;
    type_mapping_t mapping = {0};
    if (!validate_component_at(validator, def->of.instance.index, def->offset, &component))
        return false;
    bool done = read_arguments(validator, &def->of.instance, &names, &given) &&
                subtype_open(&validator->types, &given, component, true, def->offset, &mapping) &&
                make_instance(validator, types_component(&validator->types, component), &mapping,
                              def->offset, out);
    map_deinit(&names);
    type_mapping_deinit(&mapping);
    return done;
}

/* What such an export makes visible: a resource, or those of an instance. */
static bool collect_explicit(validator_t *validator, const entity_t *entity, uint32_t position,
                             resource_paths_t *out) {
    if (entity->kind == ENTITY_TYPE && entity->created.sort == TYPE_RESOURCE) {
        const type_path_t *path = type_path_prepend(validator, position, NULL);
        return path != NULL && resource_paths_set(validator, out, entity->created.index, path);
    }
    if (entity->kind != ENTITY_INSTANCE)
        return true;
    const resource_list_t *list = &types_instance(&validator->types, entity->index)->explicit;
    for (uint32_t i = 0; i < list->count; i++) {
        const type_path_t *path = type_path_prepend(validator, position, list->items[i].path);
        if (path == NULL || !resource_paths_set(validator, out, list->items[i].resource, path))
            return false;
    }
    return true;
}

static bool collect_exports(validator_t *validator, const ast_def_t *def, uint32_t *out) {
    const ast_instance_t *instance = &def->of.instance;
    type_store_t *types = &validator->types;
    /* No name of a resource is in scope in such a list, so none can be a method's. */
    resource_names_t no_names = {0};
    resource_paths_t explicit = {0};
    entity_builder_t exports = {.names = types_new_map(types)};
    instance_type_t type = {.info = type_info_leaf()};
    bool done = exports.names != NULL;
    for (uint32_t i = 0; done && i < instance->argument_count; i++) {
        const ast_argument_t *export = &instance->arguments[i];
        entity_t entity;
        done = validate_entity_at(validator, &export->target, &entity) &&
               collect_explicit(validator, &entity, i, &explicit) &&
               validate_name(validator, &no_names, &export->name, false, &entity, &exports,
                             &type.info);
    }
    resource_path_t *items = done ? types_alloc(types, explicit.items.len, sizeof *items) : NULL;
    if (items != NULL) {
        if (explicit.items.len > 0)
            memcpy(items, explicit.items.items, explicit.items.len * sizeof *items);
        type.explicit = (resource_list_t){items, (uint32_t) explicit.items.len};
    }
    done = items != NULL && entity_builder_list(validator, &exports, &type.exports) &&
           types_add_instance(types, &type, out);
    entity_builder_deinit(&exports);
    VEC_FREE(&explicit.items);
    id_map_deinit(&explicit.positions);
    return done;
}

bool validate_instance(validator_t *validator, const ast_def_t *def) {
    uint32_t type = 0;
    bool done = room_for_instance(validator, def->offset) &&
                (def->of.instance.is_instantiation ? instantiate_component(validator, def, &type)
                                                   : collect_exports(validator, def, &type));
    return done && PUSH(validator, &validator->scope->instances, type);
}

/* ── aliases ───────────────────────────────────────────────────────────────────────────────── */

static bool push_core_item(validator_t *validator, const core_entity_t *item, size_t offset) {
    scope_t *scope = validator->scope;
    const size_t counts[] = {scope->core_funcs.len + scope->funcs.len, scope->core_tables.len,
                             scope->core_memories.len, scope->core_globals.len,
                             scope->core_tags.len};
    if (!validate_count(validator, counts[item->kind], VALIDATE_MAX_TYPES, "core items", offset))
        return false;
    switch (item->kind) {
    case CORE_EXTERN_FUNC: return PUSH(validator, &scope->core_funcs, item->type);
    case CORE_EXTERN_TABLE: return PUSH(validator, &scope->core_tables, *item);
    case CORE_EXTERN_MEMORY: return PUSH(validator, &scope->core_memories, *item);
    case CORE_EXTERN_GLOBAL: return PUSH(validator, &scope->core_globals, *item);
    case CORE_EXTERN_TAG: return PUSH(validator, &scope->core_tags, item->type);
    }
    return false;
}

static bool alias_core_export(validator_t *validator, const ast_alias_t *alias, size_t offset) {
    static const core_extern_kind_t kinds[] = {
        [AST_CORE_FUNC] = CORE_EXTERN_FUNC,     [AST_CORE_TABLE] = CORE_EXTERN_TABLE,
        [AST_CORE_MEMORY] = CORE_EXTERN_MEMORY, [AST_CORE_GLOBAL] = CORE_EXTERN_GLOBAL,
        [AST_CORE_TAG] = CORE_EXTERN_TAG,
    };
    core_instance_t instance = {0};
    if (!core_instance_at(validator, alias->instance, offset, &instance))
        return false;
    const core_entity_t *item = core_entity_find(instance.exports, alias->name);
    if (item == NULL)
        return types_fail(&validator->types, offset, "core instance %u does not export \"%.*s\"",
                          alias->instance, SLICE_ARG(alias->name));
    if (alias->sort > AST_CORE_TAG || item->kind != kinds[alias->sort])
        return types_fail(&validator->types, offset,
                          "export \"%.*s\" of core instance %u is of another kind",
                          SLICE_ARG(alias->name), alias->instance);
    return push_core_item(validator, item, offset);
}

static bool alias_export(validator_t *validator, const ast_alias_t *alias, size_t offset) {
    static const struct {
        ast_sort_t sort;
        entity_kind_t kind;
    } kinds[] = {
        {AST_CORE_MODULE, ENTITY_MODULE},  {AST_FUNC, ENTITY_FUNC},
        {AST_VALUE, ENTITY_VALUE},         {AST_TYPE, ENTITY_TYPE},
        {AST_COMPONENT, ENTITY_COMPONENT}, {AST_INSTANCE, ENTITY_INSTANCE},
    };
    uint32_t instance;
    if (!validate_instance_at(validator, alias->instance, offset, &instance))
        return false;
    const entity_t *export =
        entity_find(&types_instance(&validator->types, instance)->exports, alias->name);
    if (export == NULL)
        return types_fail(&validator->types, offset, "instance %u does not export \"%.*s\"",
                          alias->instance, SLICE_ARG(alias->name));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].sort == alias->sort && kinds[i].kind == export->kind)
            return validate_push_entity(validator, export, offset);
    return types_fail(&validator->types, offset, "export \"%.*s\" of instance %u is a %s",
                      SLICE_ARG(alias->name), alias->instance, entity_kind_name(export->kind));
}

/* A component may not refer to resources of what encloses it: it could not be taken out. `inner` is
 * the scope just inside the one that the alias looks into. */
static bool check_closed(validator_t *validator, const scope_t *inner, type_ref_t type,
                         size_t offset) {
    id_map_t free = {0};
    if (inner == NULL || inner->kind != SCOPE_COMPONENT ||
        id_map_get(&validator->closed, type_ref_key(type)) != NULL)
        return true;
    bool done = types_free_of_ref(&validator->types, type, &free);
    for (size_t i = 0; done && i < free.cap; i++)
        if (free.keys[i] != 0 && free.values[i] != 0)
            done = types_fail(&validator->types, offset,
                              "the type refers to resources of an enclosing component");
    id_map_deinit(&free);
    if (done && !id_map_set(&validator->closed, type_ref_key(type), 1))
        return types_no_memory(&validator->types);
    return done;
}

static bool alias_outer_core_type(validator_t *validator, const scope_t *outer, uint32_t index,
                                  size_t offset) {
    scope_t *scope = validator->scope;
    if (index >= outer->core_types.len)
        return types_fail(&validator->types, offset, "core type %u is not there", index);
    uint32_t type = outer->core_types.items[index];
    if (type == UINT32_MAX && !id_map_set(&scope->module_types, scope->core_types.len,
                                          *id_map_get(&outer->module_types, index)))
        return types_no_memory(&validator->types);
    return validate_count(validator, scope->types.len + scope->core_types.len, VALIDATE_MAX_TYPES,
                          "types", offset) &&
           PUSH(validator, &scope->core_types, type);
}

static bool alias_outer(validator_t *validator, const ast_alias_t *alias, size_t offset) {
    scope_t *scope = validator->scope, *outer = scope, *inner = NULL;
    entity_t entity;
    for (uint32_t i = 0; i < alias->outer && outer != NULL; i++) {
        inner = outer;
        outer = outer->parent;
    }
    if (outer == NULL)
        return types_fail(&validator->types, offset, "there is no scope %u out", alias->outer);
    if (alias->sort == AST_CORE_TYPE)
        return alias_outer_core_type(validator, outer, alias->index, offset);
    if (alias->sort != AST_TYPE && alias->sort != AST_CORE_MODULE && alias->sort != AST_COMPONENT)
        return types_fail(&validator->types, offset,
                          "only types, modules and components may be "
                          "taken from an enclosing component");
    validator->scope = outer;
    ast_sort_index_t target = {alias->sort, alias->index, offset};
    bool found = validate_entity_at(validator, &target, &entity);
    validator->scope = scope;
    if (!found ||
        (entity.kind == ENTITY_TYPE && !check_closed(validator, inner, entity.created, offset)))
        return false;
    return validate_push_entity(validator, &entity, offset);
}

bool validate_alias(validator_t *validator, const ast_def_t *def) {
    const ast_alias_t *alias = &def->of.alias;
    bool of_type = alias->sort == AST_TYPE ||
                   (alias->kind == AST_ALIAS_EXPORT && alias->sort == AST_INSTANCE) ||
                   (alias->kind == AST_ALIAS_OUTER && alias->sort == AST_CORE_TYPE);
    if (validator->scope->kind != SCOPE_COMPONENT && !of_type)
        return types_fail(&validator->types, def->offset,
                          "a type may have aliases of types and instances only");
    switch (alias->kind) {
    case AST_ALIAS_EXPORT: return alias_export(validator, alias, def->offset);
    case AST_ALIAS_CORE_EXPORT: return alias_core_export(validator, alias, def->offset);
    case AST_ALIAS_OUTER: return alias_outer(validator, alias, def->offset);
    }
    return false;
}

/* ── start ─────────────────────────────────────────────────────────────────────────────────── */

bool validate_start(validator_t *validator, const ast_def_t *def) {
    scope_t *scope = validator->scope;
    type_store_t *types = &validator->types;
    uint32_t index;
    if (!validate_feature(validator, validator->options.features.values, "values", def->offset))
        return false;
    if (scope->has_start)
        return types_fail(types, def->offset, "there is a start function already");
    if (!validate_func_at(validator, def->of.start.func, def->offset, &index))
        return false;
    const func_type_t *func = types_func(types, index);
    uint32_t results = func->result.kind != VAL_NONE;
    if (def->of.start.argument_count != func->count || def->of.start.result_count != results)
        return types_fail(types, def->offset,
                          "the start function takes and returns another number of values");
    for (uint32_t i = 0; i < func->count; i++) {
        val_type_t given;
        if (!validate_value_at(validator, def->of.start.arguments[i], def->offset, &given) ||
            !subtype_val(types, given, func->params[i], def->offset))
            return false;
    }
    scope->has_start = true;
    return results == 0 || PUSH(validator, &scope->values, (value_slot_t){func->result, false});
}
