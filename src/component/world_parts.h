/* What a component imports and exports, found by going through its definitions with its types left
 * as they stand (world_scan.c), and written as WIT (world.c). */
#ifndef COMPONENT_WORLD_PARTS_H
#define COMPONENT_WORLD_PARTS_H

#include "component/world.h"

typedef struct world_list {
    void **items;
    uint32_t len;
    uint32_t cap;
} world_list_t;

/* Where the indices of definitions are looked up. */
typedef struct world_env {
    const struct world_env *parent;
    world_list_t types;      /* world_type_t */
    world_list_t funcs;      /* world_type_t: of a function, its type */
    world_list_t instances;  /* world_instance_t */
    world_list_t components; /* world_closure_t */
} world_env_t;

typedef struct world_interface world_interface_t;

/* A type as it was defined, a resource, or a further name for a type. */
typedef struct world_type {
    const ast_type_t *type;        /* as defined: not for a resource type that only has a name */
    const world_env_t *env;        /* where its indices stand */
    const struct world_type *next; /* of a name: what it is one for */
    bool is_resource;
    /* What it is called, once that is known. */
    world_interface_t *owner;
    spin_slice_t name;
} world_type_t;

/* Something imported or exported. What it is of depends on the sort; NULL where WIT has no such
 * things (core modules, values). */
typedef struct world_item {
    ast_name_t name;
    ast_sort_t sort;
    void *of; /* world_type_t (types and functions), world_instance_t, world_closure_t */
} world_item_t;

typedef struct world_instance {
    const world_item_t *items;
    uint32_t count;
} world_instance_t;

/* A component, or a component's type, and where it was defined. */
typedef struct world_closure {
    const ast_scope_t *scope;
    const world_env_t *env;
} world_closure_t;

/* One telling. */
typedef struct world {
    arena_t *arena;
    spin_error_t *error; /* the first */
    uint32_t steps;
    unsigned depth;
    world_list_t imports; /* world_item_t */
    world_list_t exports;
} world_t;

void world_fail(world_t *world, spin_error_kind_t kind, const char *why, spin_slice_t name);
void *world_alloc(world_t *world, size_t count, size_t size);
void world_push(world_t *world, world_list_t *list, void *item);
/* NULL, and failed, where there is none. */
void *world_at(world_t *world, const world_list_t *list, uint32_t index);

/* Fills in imports and exports. */
void world_scan(world_t *world, const ast_component_t *component);

#endif
