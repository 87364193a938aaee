#include "component/validate.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/slice.h"
#include "component/validate_parts.h"

/* ── scopes ────────────────────────────────────────────────────────────────────────────────── */

bool validate_enter(validator_t *validator, scope_kind_t kind) {
    scope_t *scope = mem_calloc(1, sizeof *scope);
    if (scope == NULL)
        return types_no_memory(&validator->types);
    scope->parent = validator->scope;
    scope->kind = kind;
    scope->info = type_info_leaf();
    validator->scope = scope;
    scope->imports.names = types_new_map(&validator->types);
    scope->exports.names = types_new_map(&validator->types);
    if (scope->imports.names != NULL && scope->exports.names != NULL)
        return true;
    validate_leave(validator);
    return false;
}

static void free_names(resource_names_t *names) {
    id_map_deinit(&names->by_type);
    VEC_FREE(&names->names);
    map_deinit(&names->known);
}

static void free_paths(resource_paths_t *paths) {
    VEC_FREE(&paths->items);
    id_map_deinit(&paths->positions);
}

void validate_leave(validator_t *validator) {
    scope_t *scope = validator->scope;
    validator->scope = scope->parent;
    VEC_FREE(&scope->core_types);
    id_map_deinit(&scope->module_types);
    VEC_FREE(&scope->core_funcs);
    VEC_FREE(&scope->core_tags);
    VEC_FREE(&scope->core_modules);
    VEC_FREE(&scope->core_instances);
    VEC_FREE(&scope->core_memories);
    VEC_FREE(&scope->core_tables);
    VEC_FREE(&scope->core_globals);
    VEC_FREE(&scope->types);
    VEC_FREE(&scope->funcs);
    VEC_FREE(&scope->values);
    VEC_FREE(&scope->instances);
    VEC_FREE(&scope->components);
    entity_builder_deinit(&scope->imports);
    entity_builder_deinit(&scope->exports);
    free_paths(&scope->imported);
    free_paths(&scope->explicit);
    VEC_FREE(&scope->defined);
    id_map_deinit(&scope->representations);
    id_map_deinit(&scope->imported_types);
    id_map_deinit(&scope->exported_types);
    free_names(&scope->import_names);
    free_names(&scope->export_names);
    mem_free(scope);
}

bool validate_count(validator_t *validator, size_t count, size_t limit, const char *what,
                    size_t offset) {
    return count < limit ||
           types_fail(&validator->types, offset, "there are more than %zu %s", limit, what);
}

bool validate_feature(validator_t *validator, bool on, const char *what, size_t offset) {
    return on || types_unsupported(&validator->types, offset, "%s: switched off", what);
}

/* ── index spaces ──────────────────────────────────────────────────────────────────────────── */

#define LOOK_UP(space, what)                                                                       \
    do {                                                                                           \
        if (index >= validator->scope->space.len)                                                  \
            return types_fail(&validator->types, offset, what " %u is not there", index);          \
        *out = validator->scope->space.items[index];                                               \
        return true;                                                                               \
    } while (0)

bool validate_type_at(validator_t *validator, uint32_t index, size_t offset, type_ref_t *out) {
    LOOK_UP(types, "type");
}
bool validate_core_func_at(validator_t *validator, uint32_t index, size_t offset, uint32_t *out) {
    LOOK_UP(core_funcs, "core function");
}
bool validate_func_at(validator_t *validator, uint32_t index, size_t offset, uint32_t *out) {
    LOOK_UP(funcs, "function");
}
bool validate_instance_at(validator_t *validator, uint32_t index, size_t offset, uint32_t *out) {
    LOOK_UP(instances, "instance");
}
bool validate_module_at(validator_t *validator, uint32_t index, size_t offset, uint32_t *out) {
    LOOK_UP(core_modules, "core module");
}
bool validate_component_at(validator_t *validator, uint32_t index, size_t offset, uint32_t *out) {
    LOOK_UP(components, "component");
}
static bool core_memory_at(validator_t *validator, uint32_t index, size_t offset,
                           core_entity_t *out) {
    LOOK_UP(core_memories, "core memory");
}
static bool core_table_at(validator_t *validator, uint32_t index, size_t offset,
                          core_entity_t *out) {
    LOOK_UP(core_tables, "core table");
}
static bool core_global_at(validator_t *validator, uint32_t index, size_t offset,
                           core_entity_t *out) {
    LOOK_UP(core_globals, "core global");
}
static bool core_tag_at(validator_t *validator, uint32_t index, size_t offset, uint32_t *out) {
    LOOK_UP(core_tags, "core tag");
}

bool validate_core_entity_at(validator_t *validator, ast_sort_t sort, uint32_t index, size_t offset,
                             core_entity_t *out) {
    *out = (core_entity_t){0};
    switch (sort) {
    case AST_CORE_FUNC:
        out->kind = CORE_EXTERN_FUNC;
        return validate_core_func_at(validator, index, offset, &out->type);
    case AST_CORE_TABLE: return core_table_at(validator, index, offset, out);
    case AST_CORE_MEMORY: return core_memory_at(validator, index, offset, out);
    case AST_CORE_GLOBAL: return core_global_at(validator, index, offset, out);
    case AST_CORE_TAG:
        out->kind = CORE_EXTERN_TAG;
        return core_tag_at(validator, index, offset, &out->type);
    default: return types_fail(&validator->types, offset, "not an item of a core instance");
    }
}

bool validate_type_of_sort(validator_t *validator, uint32_t index, type_sort_t sort, size_t offset,
                           uint32_t *out) {
    type_ref_t type = {0};
    if (!validate_type_at(validator, index, offset, &type))
        return false;
    *out = type.index;
    return type.sort == sort || types_fail(&validator->types, offset, "type %u is a %s, not a %s",
                                           index, type_sort_name(type.sort), type_sort_name(sort));
}

bool validate_resource_at(validator_t *validator, uint32_t index, size_t offset, type_ref_t *out) {
    if (!validate_type_at(validator, index, offset, out))
        return false;
    return out->sort == TYPE_RESOURCE ||
           types_fail(&validator->types, offset, "type %u is a %s, not a resource type", index,
                      type_sort_name(out->sort));
}

bool validate_module_type_at(validator_t *validator, uint32_t index, size_t offset, uint32_t *out) {
    scope_t *scope = validator->scope;
    if (index >= scope->core_types.len)
        return types_fail(&validator->types, offset, "core type %u is not there", index);
    const uint64_t *type = id_map_get(&scope->module_types, index);
    if (type == NULL)
        return types_fail(&validator->types, offset, "core type %u is not a module's", index);
    *out = (uint32_t)*type;
    return true;
}

bool validate_value_at(validator_t *validator, uint32_t index, size_t offset, val_type_t *out) {
    scope_t *scope = validator->scope;
    if (index >= scope->values.len)
        return types_fail(&validator->types, offset, "value %u is not there", index);
    if (scope->values.items[index].used)
        return types_fail(&validator->types, offset, "value %u is used twice", index);
    scope->values.items[index].used = true;
    *out = scope->values.items[index].type;
    return true;
}

bool validate_entity_at(validator_t *validator, const ast_sort_index_t *target, entity_t *out) {
    uint32_t index = target->index;
    size_t offset = target->offset;
    *out = (entity_t){0};
    switch (target->sort) {
    case AST_CORE_MODULE:
        out->kind = ENTITY_MODULE;
        return validate_module_at(validator, index, offset, &out->index);
    case AST_FUNC:
        out->kind = ENTITY_FUNC;
        return validate_func_at(validator, index, offset, &out->index);
    case AST_VALUE:
        out->kind = ENTITY_VALUE;
        return validate_feature(validator, validator->options.features.values, "values", offset) &&
               validate_value_at(validator, index, offset, &out->value);
    case AST_TYPE:
        out->kind = ENTITY_TYPE;
        if (!validate_type_at(validator, index, offset, &out->referenced))
            return false;
        out->created = out->referenced;
        return true;
    case AST_COMPONENT:
        out->kind = ENTITY_COMPONENT;
        return validate_component_at(validator, index, offset, &out->index);
    case AST_INSTANCE:
        out->kind = ENTITY_INSTANCE;
        return validate_instance_at(validator, index, offset, &out->index);
    default:
        return types_fail(&validator->types, offset, "not an item that a component can hand on");
    }
}

/* ── definitions ───────────────────────────────────────────────────────────────────────────── */

static bool check_values_used(validator_t *validator, size_t offset) {
    const scope_t *scope = validator->scope;
    for (size_t i = 0; i < scope->values.len; i++)
        if (!scope->values.items[i].used)
            return types_fail(&validator->types, offset, "value %zu is not used", i);
    return true;
}

/* Recursion: as deep as components nest, which the decoder bounds. */
static bool validate_component(validator_t *validator, const ast_component_t *component,
                               uint32_t *out) {
    size_t end = component->offset + component->bytes.len;
    if (!validate_enter(validator, SCOPE_COMPONENT))
        return false;
    bool done = validate_defs(validator, component->scope.defs, component->scope.def_count) &&
                check_values_used(validator, end) && validate_finish_component(validator, end, out);
    validate_leave(validator);
    return done;
}

static bool validate_nested(validator_t *validator, const ast_def_t *def) {
    uint32_t type;
    return validate_count(validator, validator->scope->components.len, VALIDATE_MAX_ITEMS,
                          "components", def->offset) &&
           validate_component(validator, def->of.component, &type) &&
           PUSH(validator, &validator->scope->components, type);
}

static bool validate_def(validator_t *validator, const ast_def_t *def) {
    switch (def->kind) {
    case AST_DEF_CORE_MODULE: return validate_core_module(validator, def->of.core_module);
    case AST_DEF_CORE_INSTANCE: return validate_core_instance(validator, def);
    case AST_DEF_CORE_TYPE: return validate_core_type(validator, def);
    case AST_DEF_COMPONENT: return validate_nested(validator, def);
    case AST_DEF_INSTANCE: return validate_instance(validator, def);
    case AST_DEF_ALIAS: return validate_alias(validator, def);
    case AST_DEF_TYPE: return validate_type(validator, &def->of.type);
    case AST_DEF_CANON: return validate_canon(validator, def);
    case AST_DEF_START: return validate_start(validator, def);
    case AST_DEF_IMPORT: return validate_import(validator, def);
    case AST_DEF_EXPORT: return validate_export(validator, def);
    case AST_DEF_EXPORT_DECL: return validate_export_decl(validator, def);
    case AST_DEF_VALUE:
        return types_unsupported(&validator->types, def->offset, "values are not supported");
    }
    return false;
}

bool validate_defs(validator_t *validator, const ast_def_t *defs, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (!validate_def(validator, &defs[i]))
            return false;
    return true;
}

spin_error_t *component_validate(const ast_component_t *component,
                                 const component_validate_options_t *options) {
    validator_t validator = {0};
    uint32_t type;
    if (options != NULL)
        validator.options = *options;
    types_init(&validator.types);
    bool done = validate_component(&validator, component, &type);
    spin_error_t *error = types_take_error(&validator.types);
    if (!done && error == NULL)
        error = error_new(SPIN_ERROR_INTERNAL, "the component is refused without a reason");
    id_map_deinit(&validator.closed);
    types_deinit(&validator.types);
    return error;
}
