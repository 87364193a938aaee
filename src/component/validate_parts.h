/* The pieces of the validator. Functions that return bool return false on failure and leave the
 * reason in the type store (types.h). */
#ifndef COMPONENT_VALIDATE_PARTS_H
#define COMPONENT_VALIDATE_PARTS_H

#include "component/subtype.h"
#include "component/types.h"
#include "component/validate.h"

/* The limits of Wasmtime's validator, so that the answers agree. */
enum {
    VALIDATE_MAX_TYPES = 1000000, /* also of functions, exports, and aliases of core items */
    VALIDATE_MAX_ITEMS = 1000,    /* core modules, components, instances, values */
    VALIDATE_MAX_MEMORIES = 100,  /* in a core module type, and as many tables */
};

typedef enum scope_kind { SCOPE_COMPONENT, SCOPE_COMPONENT_TYPE, SCOPE_INSTANCE_TYPE } scope_kind_t;

/* Imports or exports as they come in. */
typedef struct entity_builder {
    map_t *names; /* the store's */
    VEC(spin_slice_t) labels;
    VEC(entity_t) items;
    map_t keys; /* what must not come twice though written differently */
} entity_builder_t;

/* The resources that [constructor], [method] and [static] may refer to. */
typedef struct resource_names {
    id_map_t by_type; /* type_ref_key: the position in `names` */
    VEC(spin_slice_t) names;
    map_t known;
} resource_names_t;

/* Resources with where they are; each once, a later path for the earlier. */
typedef struct resource_paths {
    VEC(resource_path_t) items;
    id_map_t positions;
} resource_paths_t;

typedef struct value_slot {
    val_type_t type;
    bool used;
} value_slot_t;

/* A component or a type of one, or of an instance, as far as it was read. */
typedef struct scope {
    struct scope *parent;
    scope_kind_t kind;
    /* index spaces */
    type_ids_t core_types; /* UINT32_MAX: see module_types */
    id_map_t module_types; /* core type index: number of the module type */
    VEC(uint32_t) core_funcs;
    VEC(uint32_t) core_tags;
    VEC(uint32_t) core_modules;
    VEC(core_instance_t) core_instances;
    VEC(core_entity_t) core_memories;
    VEC(core_entity_t) core_tables;
    VEC(core_entity_t) core_globals;
    VEC(type_ref_t) types;
    VEC(uint32_t) funcs;
    VEC(value_slot_t) values;
    VEC(uint32_t) instances;
    VEC(uint32_t) components;
    entity_builder_t imports;
    entity_builder_t exports;
    type_info_t info;
    bool has_start;
    /* resources */
    resource_paths_t imported;
    resource_paths_t explicit;
    VEC(uint32_t) defined;
    id_map_t representations; /* of the resources defined here: the core type, or 0 */
    /* type_ref_key: what imports and exports may refer to */
    id_map_t imported_types;
    id_map_t exported_types;
    resource_names_t import_names;
    resource_names_t export_names;
    core_val_type_t context_type; /* of context.get and .set; 0: none yet */
} scope_t;

typedef struct validator {
    type_store_t types;
    component_validate_options_t options;
    scope_t *scope;  /* the innermost */
    id_map_t closed; /* type_ref_key: types found to name no resource that they do not bind */
} validator_t;

#define PUSH(validator, vec, ...)                                                                  \
    (VEC_PUSH(vec, __VA_ARGS__) || types_no_memory(&(validator)->types))

/* ── validate.c ── */

bool validate_enter(validator_t *validator, scope_kind_t kind);
void validate_leave(validator_t *validator);
/* The definitions of a component, or the declarations of a type. */
bool validate_defs(validator_t *validator, const ast_def_t *defs, uint32_t count);
/* Another item of a kind of which `limit` may be there. */
bool validate_count(validator_t *validator, size_t count, size_t limit, const char *what,
                    size_t offset);
bool validate_feature(validator_t *validator, bool on, const char *what, size_t offset);

/* Index spaces: false where `index` is not in them. */
bool validate_type_at(validator_t *validator, uint32_t index, size_t offset, type_ref_t *out);
bool validate_type_of_sort(validator_t *validator, uint32_t index, type_sort_t sort, size_t offset,
                           uint32_t *out);
bool validate_resource_at(validator_t *validator, uint32_t index, size_t offset, type_ref_t *out);
bool validate_core_func_at(validator_t *validator, uint32_t index, size_t offset, uint32_t *out);
bool validate_func_at(validator_t *validator, uint32_t index, size_t offset, uint32_t *out);
bool validate_instance_at(validator_t *validator, uint32_t index, size_t offset, uint32_t *out);
bool validate_value_at(validator_t *validator, uint32_t index, size_t offset, val_type_t *out);
bool validate_module_type_at(validator_t *validator, uint32_t index, size_t offset, uint32_t *out);
bool validate_module_at(validator_t *validator, uint32_t index, size_t offset, uint32_t *out);
bool validate_component_at(validator_t *validator, uint32_t index, size_t offset, uint32_t *out);
bool validate_core_entity_at(validator_t *validator, ast_sort_t sort, uint32_t index, size_t offset,
                             core_entity_t *out);
/* The item that an argument or an export names. For a type, `created` is `referenced`. */
bool validate_entity_at(validator_t *validator, const ast_sort_index_t *target, entity_t *out);

/* ── validate_types.c ── */

bool validate_type(validator_t *validator, const ast_type_t *type);
bool validate_val_type(validator_t *validator, const ast_val_type_t *type, val_type_t *out);
/* What is imported or exported by such a type. */
bool validate_extern_type(validator_t *validator, const ast_extern_type_t *type, entity_t *out);

/* ── validate_scope.c: resources and named types of a scope ── */

bool resource_paths_set(validator_t *validator, resource_paths_t *paths, uint32_t resource,
                        const type_path_t *path);
/* `step` in front of `path`. */
const type_path_t *type_path_prepend(validator_t *validator, uint32_t step,
                                     const type_path_t *path);
bool validate_define_resource(validator_t *validator, uint32_t resource,
                              core_val_type_t representation);
/* `instance` is about to be imported or exported: its resources become the scope's, anew where they
 * were bound by the type. */
bool validate_adopt_instance(validator_t *validator, bool is_import, uint32_t *instance);
/* Whether all types in it that must have a name have one here; those that it brings are added. */
bool validate_named(validator_t *validator, bool is_import, const entity_t *entity, size_t offset);
/* What was read becomes a type. */
bool validate_finish_component(validator_t *validator, size_t offset, uint32_t *out);
bool validate_finish_instance(validator_t *validator, uint32_t *out);

/* ── validate_extern.c: names, imports, exports ── */

bool validate_import(validator_t *validator, const ast_def_t *def);
bool validate_export(validator_t *validator, const ast_def_t *def);
bool validate_export_decl(validator_t *validator, const ast_def_t *def);
/* Into the index space, without a name. */
bool validate_push_entity(validator_t *validator, const entity_t *entity, size_t offset);
/* Checks the name and adds the entity to `builder`. */
bool validate_name(validator_t *validator, const resource_names_t *resources,
                   const ast_name_t *name, bool is_import, const entity_t *entity,
                   entity_builder_t *builder, type_info_t *info);
void entity_builder_deinit(entity_builder_t *builder);
bool entity_builder_list(validator_t *validator, const entity_builder_t *builder,
                         entity_list_t *out);

/* ── validate_core.c ── */

bool validate_core_module(validator_t *validator, const ast_core_module_t *module);
bool validate_core_type(validator_t *validator, const ast_def_t *def);

/* ── validate_instance.c ── */

bool validate_core_instance(validator_t *validator, const ast_def_t *def);
bool validate_instance(validator_t *validator, const ast_def_t *def);
bool validate_alias(validator_t *validator, const ast_def_t *def);
bool validate_start(validator_t *validator, const ast_def_t *def);

/* ── validate_canon.c ── */

bool validate_canon(validator_t *validator, const ast_def_t *def);

#endif
