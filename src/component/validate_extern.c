/* Imports and exports: names, and what they bring into the scope. */
#include "base/slice.h"
#include "component/names.h"
#include "component/validate_parts.h"

/* ── into the index spaces ─────────────────────────────────────────────────────────────────── */

static bool push_index(validator_t *validator, const entity_t *entity, size_t offset) {
    scope_t *scope = validator->scope;
    size_t functions = scope->funcs.len + scope->core_funcs.len;
    size_t instances = scope->instances.len + scope->core_instances.len;
    switch (entity->kind) {
    case ENTITY_MODULE:
        return validate_count(validator, scope->core_modules.len, VALIDATE_MAX_ITEMS,
                              "core modules", offset) &&
               PUSH(validator, &scope->core_modules, entity->index);
    case ENTITY_COMPONENT:
        return validate_count(validator, scope->components.len, VALIDATE_MAX_ITEMS, "components",
                              offset) &&
               PUSH(validator, &scope->components, entity->index);
    case ENTITY_INSTANCE:
        return validate_count(validator, instances, VALIDATE_MAX_ITEMS, "instances", offset) &&
               PUSH(validator, &scope->instances, entity->index);
    case ENTITY_FUNC:
        return validate_count(validator, functions, VALIDATE_MAX_TYPES, "functions", offset) &&
               PUSH(validator, &scope->funcs, entity->index);
    case ENTITY_TYPE:
        return validate_count(validator, scope->types.len, VALIDATE_MAX_TYPES, "types", offset) &&
               PUSH(validator, &scope->types, entity->created);
    case ENTITY_VALUE: break;
    }
    return false;
}

static bool push_value(validator_t *validator, const entity_t *entity, bool used, size_t offset) {
    scope_t *scope = validator->scope;
    return validate_feature(validator, validator->options.features.values, "values", offset) &&
           validate_count(validator, scope->values.len, VALIDATE_MAX_ITEMS, "values", offset) &&
           PUSH(validator, &scope->values, (value_slot_t){entity->value, used});
}

bool validate_push_entity(validator_t *validator, const entity_t *entity, size_t offset) {
    return entity->kind == ENTITY_VALUE ? push_value(validator, entity, false, offset)
                                        : push_index(validator, entity, offset);
}

static bool add_resource_name(validator_t *validator, resource_names_t *names, spin_slice_t name,
                              type_ref_t resource) {
    if (!id_map_set(&names->by_type, type_ref_key(resource), names->names.len) ||
        !map_set(&names->known, name, NULL))
        return types_no_memory(&validator->types);
    return PUSH(validator, &names->names, name);
}

/* A resource type that is imported without bounds is a new one from outside; exported so (in a
 * type), a new one of the scope. */
static bool adopt_resource(validator_t *validator, bool is_import, const entity_t *entity,
                           spin_slice_t name) {
    scope_t *scope = validator->scope;
    uint32_t resource = entity->created.index;
    size_t position = is_import ? scope->imports.items.len : scope->exports.items.len;
    bool is_new = type_ref_equal(entity->created, entity->referenced);
    const type_path_t *path = type_path_prepend(validator, (uint32_t)position, NULL);
    if (path == NULL)
        return false;
    if (is_import && is_new && !resource_paths_set(validator, &scope->imported, resource, path))
        return false;
    if (!is_import && is_new && !validate_define_resource(validator, resource, 0))
        return false;
    if (!is_import && !resource_paths_set(validator, &scope->explicit, resource, path))
        return false;
    return add_resource_name(validator, is_import ? &scope->import_names : &scope->export_names,
                             name, entity->created);
}

/* Under a name of its own. `entity` becomes what the scope makes of it. */
static bool add_named(validator_t *validator, bool is_import, const ast_name_t *name,
                      entity_t *entity) {
    scope_t *scope = validator->scope;
    size_t offset = name->offset;
    if (entity->kind == ENTITY_INSTANCE &&
        !validate_adopt_instance(validator, is_import, &entity->index))
        return false;
    if (entity->kind == ENTITY_TYPE && entity->created.sort == TYPE_RESOURCE &&
        !adopt_resource(validator, is_import, entity, name->name))
        return false;
    bool pushed = entity->kind == ENTITY_VALUE ? push_value(validator, entity, !is_import, offset)
                                               : push_index(validator, entity, offset);
    return pushed && validate_named(validator, is_import, entity, offset) &&
           (is_import ? validate_name(validator, &scope->import_names, name, true, entity,
                                      &scope->imports, &scope->info)
                      : validate_name(validator, &scope->export_names, name, false, entity,
                                      &scope->exports, &scope->info));
}

/* ── names with structure ──────────────────────────────────────────────────────────────────── */

/* The validator, and the name that is looked at. */
typedef struct name_check {
    validator_t *validator;
    const ast_name_t *ast;
    const resource_names_t *resources;
    extern_name_t name;
    const entity_t *entity;
} name_check_t;

static bool reject(const name_check_t *check, const char *reason) {
    return types_fail(&check->validator->types, check->ast->offset, "name \"%.*s\": %s",
                      SLICE_ARG(check->ast->name), reason);
}

/* Whether `type` is known here by the name that the function's says. */
static bool check_resource(const name_check_t *check, type_ref_t type) {
    const uint64_t *position = id_map_get(&check->resources->by_type, type_ref_key(type));
    if (position == NULL)
        return reject(check, "the function's resource type has no name here");
    return slice_equal(check->resources->names.items[*position], check->name.resource) ||
           reject(check, "the function is of another resource type");
}

static const defined_type_t *defined_of(const name_check_t *check, val_type_t type) {
    return type.kind == VAL_DEFINED ? types_defined(&check->validator->types, type.index) : NULL;
}

/* The result is (own $r), or (result (own $r) …). */
static bool check_constructor(const name_check_t *check, const func_type_t *func) {
    if (func->is_async)
        return reject(check, "a constructor is async");
    const defined_type_t *result = defined_of(check, func->result);
    if (result != NULL && result->kind == AST_TYPE_RESULT)
        result = defined_of(check, result->parts[0]);
    if (result == NULL || result->kind != AST_TYPE_OWN)
        return reject(check, "a constructor does not return an owned handle");
    return check_resource(check, result->resource);
}

/* The first parameter is (param "self" (borrow $r)). */
static bool check_method(const name_check_t *check, const func_type_t *func) {
    if (func->count == 0 || !slice_equal_text(func->names[0], "self"))
        return reject(check, "the first parameter of a method is not \"self\"");
    const defined_type_t *self = defined_of(check, func->params[0]);
    if (self == NULL || self->kind != AST_TYPE_BORROW)
        return reject(check, "the first parameter of a method is not a borrowed handle");
    return check_resource(check, self->resource);
}

static bool check_structure(const name_check_t *check) {
    const char *fault;
    switch (check->name.kind) {
    case NAME_INTERFACE:
        fault = extern_name_check_version(&check->name, check->ast->version_suffix);
        return fault == NULL || reject(check, fault);
    case NAME_CONSTRUCTOR:
    case NAME_METHOD:
    case NAME_STATIC: break;
    default: return true;
    }
    if (check->entity->kind != ENTITY_FUNC)
        return reject(check, "only a function may have such a name");
    const func_type_t *func = types_func(&check->validator->types, check->entity->index);
    if (check->name.kind == NAME_CONSTRUCTOR)
        return check_constructor(check, func);
    if (check->name.kind == NAME_METHOD)
        return check_method(check, func);
    return map_find(&check->resources->known, check->name.resource) != NULL ||
           reject(check, "there is no such resource type here");
}

/* ── attributes ────────────────────────────────────────────────────────────────────────────── */

static bool check_implements(const name_check_t *check) {
    extern_name_t interface;
    if (check->name.kind != NAME_LABEL)
        return reject(check, "only a plain name may implement an interface");
    if (check->entity->kind != ENTITY_INSTANCE)
        return reject(check, "only an instance may implement an interface");
    const char *fault = extern_name_parse(check->ast->implements, &interface);
    if (fault != NULL)
        return reject(check, fault);
    return interface.kind == NAME_INTERFACE ||
           reject(check, "what is implemented is not an interface");
}

static bool check_attributes(const name_check_t *check) {
    const ast_name_t *name = check->ast;
    const component_features_t *features = &check->validator->options.features;
    bool gated = name->implements.ptr != NULL || name->external_id.ptr != NULL;
    if (gated && !validate_feature(check->validator, !features->no_implements,
                                   "attributes of names", name->offset))
        return false;
    if (name->implements.ptr != NULL && !check_implements(check))
        return false;
    return name->version_suffix.ptr == NULL || check->entity->kind == ENTITY_INSTANCE ||
           reject(check, "only an instance may have a version suffix");
}

/* ── uniqueness ────────────────────────────────────────────────────────────────────────────── */

/* `text` behind a letter, in lower case where so asked. */
static spin_slice_t make_key(validator_t *validator, char letter, spin_slice_t text, bool lower) {
    uint8_t *key = types_alloc(&validator->types, text.len + 1, 1);
    if (key == NULL)
        return (spin_slice_t){NULL, 0};
    key[0] = (uint8_t)letter;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        key[i + 1] = lower && c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
    }
    return spin_slice_of(key, text.len + 1);
}

static bool add_key(const name_check_t *check, map_t *keys, spin_slice_t key) {
    if (key.ptr == NULL)
        return false;
    return map_set(keys, key, NULL) || types_no_memory(&check->validator->types);
}

/* Labels and constructors differ in more than case. A static function is not called as a method of
 * the same resource is, and a plain name not as the member of a resource that bears the resource's
 * own name: bindings in many languages could not tell these apart. */
static bool add_unique(const name_check_t *check, map_t *keys) {
    validator_t *validator = check->validator;
    const extern_name_t *name = &check->name;
    spin_slice_t key, other = {NULL, 0}, also = {NULL, 0};
    switch (name->kind) {
    case NAME_LABEL:
        key = make_key(validator, 'l', name->text, true);
        other = make_key(validator, 'd', name->text, true);
        break;
    case NAME_CONSTRUCTOR: key = make_key(validator, 'c', name->resource, true); break;
    case NAME_METHOD:
    case NAME_STATIC:
        key = make_key(validator, 'm', slice_from(name->text, slice_find(name->text, ']')), false);
        if (slice_equal_ignore_case(name->resource, name->member)) {
            other = make_key(validator, 'l', name->member, true);
            also = make_key(validator, 'd', name->member, true);
        }
        break;
    default: key = make_key(validator, 'x', name->text, false); break;
    }
    if (key.ptr != NULL &&
        (map_find(keys, key) != NULL || (other.ptr != NULL && map_find(keys, other) != NULL)))
        return reject(check, "it is there already, or one that differs too little");
    return add_key(check, keys, key) && (also.ptr == NULL || add_key(check, keys, also));
}

static bool append(const name_check_t *check, entity_builder_t *builder) {
    validator_t *validator = check->validator;
    spin_slice_t name = check->ast->name;
    if (map_find(builder->names, name) != NULL)
        return reject(check, "it is there already");
    if (!validate_count(validator, builder->items.len, VALIDATE_MAX_TYPES, "imports or exports",
                        check->ast->offset))
        return false;
    uintptr_t position = builder->items.len + 1;
    return (map_set(builder->names, name, (void *)position) ||
            types_no_memory(&validator->types)) &&
           PUSH(validator, &builder->labels, name) &&
           PUSH(validator, &builder->items, *check->entity);
}

bool validate_name(validator_t *validator, const resource_names_t *resources,
                   const ast_name_t *name, bool is_import, const entity_t *entity,
                   entity_builder_t *builder, type_info_t *info) {
    name_check_t check = {validator, name, resources, {0}, entity};
    const char *fault = extern_name_parse(name->name, &check.name);
    if (fault != NULL)
        return reject(&check, fault);
    if (!is_import && check.name.kind > NAME_INTERFACE)
        return reject(&check, "no export may have such a name");
    return check_attributes(&check) && check_structure(&check) &&
           add_unique(&check, &builder->keys) && append(&check, builder) &&
           type_info_combine(&validator->types, info,
                             type_info_of_entity(&validator->types, entity), name->offset);
}

/* ── builders ──────────────────────────────────────────────────────────────────────────────── */

void entity_builder_deinit(entity_builder_t *builder) {
    VEC_FREE(&builder->labels);
    VEC_FREE(&builder->items);
    map_deinit(&builder->keys);
}

bool entity_builder_list(validator_t *validator, const entity_builder_t *builder,
                         entity_list_t *out) {
    size_t count = builder->items.len;
    spin_slice_t *labels = types_alloc(&validator->types, count, sizeof *labels);
    entity_t *items = types_alloc(&validator->types, count, sizeof *items);
    if (labels == NULL || items == NULL)
        return false;
    if (count > 0) {
        memcpy(labels, builder->labels.items, count * sizeof *labels);
        memcpy(items, builder->items.items, count * sizeof *items);
    }
    *out = (entity_list_t){builder->names, labels, items, (uint32_t)count};
    return true;
}

/* ── definitions ───────────────────────────────────────────────────────────────────────────── */

bool validate_import(validator_t *validator, const ast_def_t *def) {
    entity_t entity;
    return validate_extern_type(validator, &def->of.import.type, &entity) &&
           add_named(validator, true, &def->of.import.name, &entity);
}

bool validate_export_decl(validator_t *validator, const ast_def_t *def) {
    entity_t entity;
    return validate_extern_type(validator, &def->of.import.type, &entity) &&
           add_named(validator, false, &def->of.import.name, &entity);
}

bool validate_export(validator_t *validator, const ast_def_t *def) {
    entity_t entity, ascribed;
    if (!validate_entity_at(validator, &def->of.export.target, &entity))
        return false;
    if (entity.kind == ENTITY_TYPE)
        entity.created = types_with_alias(&validator->types, entity.referenced);
    if (def->of.export.has_type) {
        if (!validate_extern_type(validator, &def->of.export.type, &ascribed))
            return false;
        if (!subtype_entity(&validator->types, &entity, &ascribed, def->of.export.type.offset))
            return types_context(&validator->types, "export \"%.*s\"",
                                 SLICE_ARG(def->of.export.name.name));
        entity = ascribed;
    }
    return add_named(validator, false, &def->of.export.name, &entity);
}
