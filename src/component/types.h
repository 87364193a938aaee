/* What the validator knows of types: component types by number in one store, so that they are
 * shared, compared by number and substituted without copying what does not change.
 *
 * A type names others by number; none refers to itself. `type_info_t` bounds what any walk over a
 * type takes: the size counts every node as if nothing were shared, the depth how deep it nests.
 *
 * Functions that return bool return false on failure and leave the reason in the store's `error`,
 * where the first one stays. */
#ifndef COMPONENT_TYPES_H
#define COMPONENT_TYPES_H

#include "base/map.h"
#include "base/vec.h"
#include "component/ast.h"

/* The limits of Wasmtime's validator, so that the answers agree. */
enum {
    TYPES_MAX_SIZE = 1000000,
    TYPES_MAX_VALUE_DEPTH = 100, /* of a value's type */
    TYPES_MAX_DEPTH = 127,       /* of any other */
    TYPES_MAX_BYTES = 1 << 28,   /* of a value in memory, with pointers of 64 bits */
    TYPES_MAX_FLAT = 16,
};

/* ── a map from numbers to numbers ── */

typedef struct id_map {
    uint64_t *keys; /* plus one; 0: free */
    uint64_t *values;
    size_t len; /* entries, removed ones included */
    size_t cap; /* a power of two, or 0 */
} id_map_t;

bool id_map_set(id_map_t *map, uint64_t key, uint64_t value);
/* NULL: not there. */
uint64_t *id_map_get(const id_map_t *map, uint64_t key);
void id_map_deinit(id_map_t *map);

/* ── types ── */

typedef enum type_sort {
    TYPE_RESOURCE, /* `index` is the resource's number */
    TYPE_DEFINED,
    TYPE_FUNC,
    TYPE_INSTANCE,
    TYPE_COMPONENT,
} type_sort_t;

/* Each import or export of a type gives it a name of its own: the alias tells these apart where it
 * matters which name is meant. 0: none. */
typedef struct type_ref {
    type_sort_t sort;
    uint32_t index;
    uint32_t alias;
} type_ref_t;

typedef enum val_kind { VAL_NONE, VAL_PRIMITIVE, VAL_DEFINED } val_kind_t;
typedef struct val_type {
    val_kind_t kind; /* NONE: a payload or result that is not there */
    uint8_t primitive;
    uint32_t index;
    uint32_t alias;
} val_type_t;

typedef struct type_info {
    uint32_t size;
    uint32_t depth;
    bool has_borrow;
    bool has_resource; /* some resource is named in it: substitution and free variables matter */
    bool has_pointer;  /* of a value: a string, list or map in it */
} type_info_t;

/* How a value lies in memory (with pointers of 64 bits, whose sizes are never smaller), and what it
 * is in core values: letters i, I, f, F, p for a pointer; `flat_len` above TYPES_MAX_FLAT: too
 * many. Pointers take part in variants, where they join with i32 or i64: hence one text for each
 * width. */
typedef struct val_layout {
    uint64_t size;
    uint32_t align;
    uint8_t flat_len;
    char flat[2][TYPES_MAX_FLAT]; /* [memory64] */
} val_layout_t;

typedef struct defined_type {
    ast_type_kind_t kind;
    uint8_t primitive;
    uint32_t count;            /* of names, parts, or both */
    const spin_slice_t *names; /* of RECORD, VARIANT, FLAGS, ENUM */
    const val_type_t *parts;   /* of all but PRIMITIVE, FLAGS, ENUM, OWN, BORROW */
    uint32_t length;           /* FIXED_LIST */
    type_ref_t resource;       /* OWN, BORROW */
    type_info_t info;
    val_layout_t layout;
} defined_type_t;

typedef struct func_type {
    bool is_async;
    uint32_t count;
    const spin_slice_t *names;
    const val_type_t *params;
    val_type_t result;
    type_info_t info;
} func_type_t;

typedef enum entity_kind {
    ENTITY_MODULE, /* the order of these is that of entity_kind_name */
    ENTITY_FUNC,
    ENTITY_VALUE,
    ENTITY_TYPE,
    ENTITY_INSTANCE,
    ENTITY_COMPONENT,
} entity_kind_t;

/* What is imported, exported, aliased or given as an argument. */
typedef struct entity {
    entity_kind_t kind;
    uint32_t index;        /* MODULE, FUNC, INSTANCE, COMPONENT: the type */
    val_type_t value;      /* VALUE */
    type_ref_t referenced; /* TYPE: what it is the same as */
    type_ref_t created;    /* TYPE: with the name that this import or export gives it */
} entity_t;

/* In order; `names` has 1 + the position of each. Shared between types that differ in entities
 * only. */
typedef struct entity_list {
    const map_t *names;
    const spin_slice_t *labels;
    const entity_t *items;
    uint32_t count;
} entity_list_t;

/* Where in imports or exports a resource is: positions from the outside in. */
typedef struct type_path {
    uint32_t step;
    const struct type_path *next;
} type_path_t;
typedef struct resource_path {
    uint32_t resource;
    const type_path_t *path;
} resource_path_t;
typedef struct resource_list {
    const resource_path_t *items;
    uint32_t count;
} resource_list_t;

/* `defined`: the resources that are this type's own to bind, made anew at each use (of a concrete
 * instance none). `explicit`: those exported, with where; a later entry for the same resource
 * stands for the earlier. */
typedef struct instance_type {
    entity_list_t exports;
    resource_list_t defined;
    resource_list_t explicit;
    type_info_t info;
} instance_type_t;

typedef struct component_type {
    entity_list_t imports;
    entity_list_t exports;
    resource_list_t imported;
    resource_list_t defined;
    resource_list_t explicit;
    type_info_t info;
} component_type_t;

/* ── core types ── */

/* A type of core Wasm, once for all equal recursion groups; indices in it are numbers of these. */
typedef struct core_type {
    core_type_kind_t kind;
    bool is_final;
    bool has_super;
    uint32_t super;
    uint32_t depth; /* of supertypes */
    core_func_type_t func;
    const core_field_t *fields;
    uint32_t field_count;
    uint32_t cont;
} core_type_t;

typedef struct core_entity {
    core_extern_kind_t kind;
    uint32_t type;         /* FUNC, TAG */
    core_val_type_t value; /* TABLE, GLOBAL */
    bool mutable;          /* GLOBAL */
    core_limits_t limits;  /* TABLE, MEMORY */
} core_entity_t;

typedef struct core_entity_list {
    const map_t *names; /* of imports: core_import_key */
    const spin_slice_t *labels;
    const core_entity_t *items;
    uint32_t count;
} core_entity_list_t;

typedef struct module_type {
    core_entity_list_t imports;
    core_entity_list_t exports;
    uint32_t size;
} module_type_t;

typedef struct core_instance {
    const core_entity_list_t *exports;
} core_instance_t;

/* ── the store ── */

typedef struct type_chunk type_chunk_t;

typedef struct type_store {
    spin_error_t *error; /* the first; types_take_error */
    size_t error_offset;
    VEC(const defined_type_t *) defined;
    VEC(const func_type_t *) funcs;
    VEC(const instance_type_t *) instances;
    VEC(const component_type_t *) components;
    VEC(const module_type_t *) modules;
    VEC(core_type_t) core;
    map_t core_groups; /* encoded groups, with 1 + the number of their first type */
    VEC(map_t *) maps; /* to be freed */
    type_chunk_t *chunks;
    uint32_t resource_count;
    uint32_t alias_count;
} type_store_t;

void types_init(type_store_t *types);
void types_deinit(type_store_t *types);

/* Zeroed; NULL (with the error set) when out of memory. */
void *types_alloc(type_store_t *types, size_t count, size_t size);
map_t *types_new_map(type_store_t *types);
/* Sets the error, unless there is one, and returns false. */
bool types_fail(type_store_t *types, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for what is known but switched off or not offered: kind UNSUPPORTED. */
bool types_unsupported(type_store_t *types, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool types_no_memory(type_store_t *types);
/* Says what was looked at when the error came up. Returns false. */
bool types_context(type_store_t *types, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The error with its offset, or NULL; the caller's. */
spin_error_t *types_take_error(type_store_t *types);

/* Everything allocated after a mark can be dropped again; maps and core types may not be. */
typedef struct type_mark {
    type_chunk_t *chunk;
    size_t used;
    size_t defined, funcs, instances, components, modules;
} type_mark_t;
type_mark_t types_mark(const type_store_t *types);
void types_rewind(type_store_t *types, type_mark_t mark);

/* Each gives the number of the new type; false on failure. */
bool types_add_defined(type_store_t *types, const defined_type_t *type, uint32_t *out);
bool types_add_func(type_store_t *types, const func_type_t *type, uint32_t *out);
bool types_add_instance(type_store_t *types, const instance_type_t *type, uint32_t *out);
bool types_add_component(type_store_t *types, const component_type_t *type, uint32_t *out);
bool types_add_module(type_store_t *types, const module_type_t *type, uint32_t *out);

static inline const defined_type_t *types_defined(const type_store_t *types, uint32_t index) {
    return types->defined.items[index];
}
static inline const func_type_t *types_func(const type_store_t *types, uint32_t index) {
    return types->funcs.items[index];
}
static inline const instance_type_t *types_instance(const type_store_t *types, uint32_t index) {
    return types->instances.items[index];
}
static inline const component_type_t *types_component(const type_store_t *types, uint32_t index) {
    return types->components.items[index];
}
static inline const module_type_t *types_module(const type_store_t *types, uint32_t index) {
    return types->modules.items[index];
}

type_ref_t types_new_resource(type_store_t *types);
/* The same type by a name of its own, where it is a resource or a value's type. */
type_ref_t types_with_alias(type_store_t *types, type_ref_t type);

static inline type_ref_t type_ref_of(type_sort_t sort, uint32_t index) {
    return (type_ref_t){sort, index, 0};
}
static inline bool type_ref_equal(type_ref_t a, type_ref_t b) {
    return a.sort == b.sort && a.index == b.index && a.alias == b.alias;
}
/* For id_map. */
uint64_t type_ref_key(type_ref_t type);
type_ref_t type_ref_of_key(uint64_t key);
static inline type_ref_t val_type_ref(val_type_t type) {
    return (type_ref_t){TYPE_DEFINED, type.index, type.alias};
}

const entity_t *entity_find(const entity_list_t *list, spin_slice_t name);
const core_entity_t *core_entity_find(const core_entity_list_t *list, spin_slice_t name);
const char *entity_kind_name(entity_kind_t kind);
const char *type_sort_name(type_sort_t sort);
const char *defined_kind_name(const defined_type_t *type);
const char *primitive_name(uint8_t primitive);

static inline type_info_t type_info_leaf(void) {
    return (type_info_t){.size = 1, .depth = 1};
}
/* Adds a member; false where the limits are passed. */
bool type_info_combine(type_store_t *types, type_info_t *info, type_info_t member, size_t offset);
type_info_t type_info_of_val(const type_store_t *types, val_type_t type);
type_info_t type_info_of_ref(const type_store_t *types, type_ref_t type);
type_info_t type_info_of_entity(const type_store_t *types, const entity_t *entity);

/* Sizes and flattening; the parts' layouts are known. */
void types_layout(const type_store_t *types, defined_type_t *type);
val_layout_t types_val_layout(const type_store_t *types, val_type_t type);

/* ── substitution (types_remap.c) ── */

typedef struct type_mapping {
    id_map_t resources;
    id_map_t types; /* type_ref_key: what was substituted already, or is by decree */
    bool has_renames;
} type_mapping_t;

void type_mapping_deinit(type_mapping_t *mapping);
bool types_remap_entity(type_store_t *types, entity_t *entity, type_mapping_t *mapping);
uint32_t types_remap_resource(const type_mapping_t *mapping, uint32_t resource);
bool types_remap_list(type_store_t *types, entity_list_t *list, type_mapping_t *mapping);

/* Adds to `free` (with value 1; 0: removed again) the resources that a type names and does not
 * bind. */
bool types_free_of_ref(type_store_t *types, type_ref_t type, id_map_t *free);
bool types_free_of_list(type_store_t *types, const entity_list_t *list, id_map_t *free);

/* ── core types (types_core.c) ── */

typedef VEC(uint32_t) type_ids_t;

/* Adds the types of a recursion group to an index space of core types, in which its indices are
 * looked up: numbers, or UINT32_MAX for what is none (a module type). */
bool types_add_core_group(type_store_t *types, const core_rec_type_t *group, type_ids_t *space,
                          size_t offset);
/* The number of a function type that the validator itself makes: letters i, I, f, F. */
bool types_core_func(type_store_t *types, const char *params, size_t param_count,
                     const char *results, size_t result_count, uint32_t *out);
bool types_core_is_subtype(const type_store_t *types, uint32_t a, uint32_t b);
/* With indices of `space` as numbers, and of one form. */
bool types_core_val_type(type_store_t *types, core_val_type_t type, const type_ids_t *space,
                         size_t offset, core_val_type_t *out);
/* Whether the core function type has exactly these values. */
bool types_core_func_is(const type_store_t *types, uint32_t type, const char *params,
                        const char *results);
uint32_t types_core_size(const type_store_t *types, const core_entity_t *entity);
bool types_add_size(type_store_t *types, uint32_t *size, uint32_t extra, size_t offset);

#endif
