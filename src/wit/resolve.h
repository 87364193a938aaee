/* From trees (wit/ast.h) to the model (wit/model.h).
 *
 *     unit     a package: its sources, and its interfaces and worlds by name
 *     source   one file's part of it, or a nested package's body: where top-level `use`s count
 *     entity   an interface or a world: its own names, and what it depends on
 *     decl     a name in there: a type, or a function
 *
 * Names are looked up on demand: what is wanted first is resolved first, and what is wanted while
 * it is being resolved is a cycle. */
#ifndef WIT_RESOLVE_H
#define WIT_RESOLVE_H

#include "base/error.h"
#include "base/vec.h"
#include "wit/ast.h"
#include "wit/type.h"

enum {
    RESOLVE_MAX_DEPTH = 200,    /* of names that lead to names, on the C stack */
    RESOLVE_MAX_MADE = 1 << 20, /* typedefs and items of worlds: `include` can double them */
};

#define RESOLVE_FAIL(place, ...)                                                                   \
    error_at(error_new(SPIN_ERROR_INVALID, __VA_ARGS__), (place).file, (place).line, (place).column)

typedef enum resolve_state { RESOLVE_NEW = 0, RESOLVE_BUSY, RESOLVE_DONE } resolve_state_t;

typedef struct resolve_unit resolve_unit_t;
typedef struct resolve_source resolve_source_t;
typedef struct resolve_entity resolve_entity_t;

typedef struct resolve_decl {
    wit_ast_name_t name;
    const wit_ast_item_t *item;
    /* Of a `use`: from where, and the name there. */
    resolve_entity_t *from;
    wit_ast_name_t from_name;
    bool is_function;
    bool is_left_out; /* its feature is not wanted */
    resolve_state_t state;
    wit_typedef_t *def;
    const wit_typedef_t *resource; /* what it stands for where that is a resource */
} resolve_decl_t;

/* An import or export of a world. */
typedef struct resolve_item {
    spin_slice_t name; /* empty: an interface by its own id */
    resolve_entity_t *interface;
    const wit_function_t *function;
    resolve_decl_t *type;
    wit_place_t place;
} resolve_item_t;

typedef VEC(resolve_item_t) resolve_items_t;

struct resolve_entity {
    spin_slice_t name;
    wit_place_t place;
    const wit_ast_head_t *head; /* NULL: none */
    const wit_ast_items_t *items;
    resolve_source_t *source;
    bool is_world;
    bool is_left_out;
    resolve_state_t state;
    wit_interface_t *interface;
    wit_world_t *world;
    map_t names;       /* to resolve_decl_t */
    map_t lower_names; /* the same in lower case, as names are compared */
    map_t uses;        /* the interfaces that types come from, by id */
    /* A world's, before elaboration; the maps know names and ids that are taken. */
    resolve_items_t imports;
    resolve_items_t exports;
    map_t import_keys;
    map_t export_keys;
};

typedef struct resolve_use {
    const wit_ast_path_t *path;
    wit_place_t place;
    resolve_state_t state;
    resolve_entity_t *entity;
} resolve_use_t;

struct resolve_source {
    resolve_unit_t *unit;
    const wit_ast_items_t *items;
    map_t uses; /* names of this file, to resolve_use_t */
};

struct resolve_unit {
    wit_package_t *package;
    wit_place_t place;
    resolve_state_t state;
    bool is_2022;
    VEC(resolve_source_t *) sources;
    map_t names; /* to resolve_entity_t */
    VEC(resolve_entity_t *) entities;
};

typedef struct resolver {
    spin_wit_t *wit; /* what is made; its arena holds the trees, too */
    const spin_wit_options_t *options;
    type_table_t types;
    VEC(resolve_unit_t *) units;
    VEC(resolve_unit_t *) order;
    map_t ids;                        /* packages by id */
    map_t stems;                      /* files of 2022 by stem */
    VEC(resolve_entity_t *) entities; /* all, inline ones too */
    unsigned depth;
    size_t made;
} resolver_t;

/* ── for load.c ──────────────────────────────────────────────────────────────────────────── */

void resolver_init(resolver_t *resolver, spin_wit_t *wit, const spin_wit_options_t *options);
void resolver_deinit(resolver_t *resolver);
/* The files make up one package; packages nested in them are added, too. `*out` is the package's.
 */
spin_error_t *resolve_add_package(resolver_t *resolver, wit_ast_file_t *const *files, size_t len,
                                  const char *path, resolve_unit_t **out);
/* A file of 2022, which others find by its `stem`. */
spin_error_t *resolve_add_2022(resolver_t *resolver, wit_ast_file_t *file, spin_slice_t stem,
                               resolve_unit_t **out);
/* Resolves everything that was added. `root` becomes the last package. */
spin_error_t *resolve_finish(resolver_t *resolver, resolve_unit_t *root);

/* ── scopes (resolve_scope.c) ────────────────────────────────────────────────────────────── */

/* ", did you mean "x"?" with the nearest key of `names`, or nothing. Never NULL. */
const char *resolve_hint(resolver_t *resolver, const map_t *names, spin_slice_t name);
/* Whether an item with this head is wanted at all. */
spin_error_t *resolve_gate(resolver_t *resolver, const resolve_unit_t *unit,
                           const wit_ast_head_t *head, bool *wanted);
/* WIT.md: what a gated item contains must be gated, too. `items` are those of an item that is left
 * out; `what` says what it is. */
spin_error_t *resolve_left_out(resolver_t *resolver, const resolve_unit_t *unit,
                               const wit_ast_items_t *items, const char *what);
/* The package that `path` names, seen from `unit`. */
spin_error_t *resolve_find_unit(resolver_t *resolver, resolve_unit_t *unit,
                                const wit_ast_path_t *path, resolve_unit_t **out);
/* The interface or world that `path` names. It may not be resolved yet. */
spin_error_t *resolve_find_entity(resolver_t *resolver, resolve_source_t *source,
                                  const wit_ast_path_t *path, resolve_entity_t **out);
/* The interface that a file's `use` names. */
spin_error_t *resolve_use(resolver_t *resolver, resolve_source_t *source, resolve_use_t *use,
                          resolve_entity_t **out);
/* Resolves it now unless it is. `place`: who wants it. */
spin_error_t *resolve_entity(resolver_t *resolver, resolve_entity_t *entity, wit_place_t place);
/* A new entity, registered with the resolver. */
resolve_entity_t *resolve_new_entity(resolver_t *resolver, resolve_source_t *source,
                                     wit_ast_name_t name, const wit_ast_items_t *items,
                                     bool is_world);
/* In lower case, as names are compared; `ptr` is NULL when out of memory. */
spin_slice_t resolve_lower(arena_t *arena, spin_slice_t name);
/* Enters `name` into `names`, whatever its case. Errors: INVALID where it is there already; `what`
 * says what it names. */
spin_error_t *resolve_claim(resolver_t *resolver, map_t *names, wit_ast_name_t name,
                            const char *what, void *value);
/* Counts `count` made things and goes one name deeper; resolve_leave goes back. */
spin_error_t *resolve_enter(resolver_t *resolver, size_t count, wit_place_t place);
void resolve_leave(resolver_t *resolver);

/* ── types and functions (resolve_type.c, resolve_function.c) ────────────────────────────── */

/* Declares the types, `use`s and functions of an interface, or the types and `use`s of a world. */
spin_error_t *resolve_declare(resolver_t *resolver, resolve_entity_t *entity);
/* Resolves all declared types. */
spin_error_t *resolve_decls(resolver_t *resolver, resolve_entity_t *entity);
spin_error_t *resolve_decl(resolver_t *resolver, resolve_entity_t *entity, resolve_decl_t *decl,
                           wit_place_t place);
/* The declared type of this name; errors at its place. */
spin_error_t *resolve_named(resolver_t *resolver, resolve_entity_t *entity,
                            const wit_ast_name_t *name, resolve_decl_t **out);
spin_error_t *resolve_type(resolver_t *resolver, resolve_entity_t *entity,
                           const wit_ast_type_t *ast, wit_ref_t *out);
/* Own or borrow. */
spin_error_t *resolve_handle(resolver_t *resolver, spin_type_kind_t kind,
                             const wit_typedef_t *resource, const wit_type_t **out);
spin_error_t *resolve_parts(resolver_t *resolver, resolve_entity_t *entity,
                            const wit_ast_parts_t *ast, const char *what, size_t before,
                            wit_part_t **out);
/* `resource`: of which it is, or NULL. */
spin_error_t *resolve_function(resolver_t *resolver, resolve_entity_t *entity,
                               const wit_ast_item_t *item, const wit_ast_func_t *func,
                               const wit_typedef_t *resource, wit_function_t **out);
/* "[method]resource.name"; `ptr` is NULL when out of memory. */
spin_slice_t resolve_core_name(arena_t *arena, const wit_function_t *function,
                               spin_slice_t resource);
/* The functions of the entity's resources. */
spin_error_t *resolve_resources(resolver_t *resolver, resolve_entity_t *entity);
/* Types, then functions, of an interface. */
spin_error_t *resolve_interface(resolver_t *resolver, resolve_entity_t *entity);

/* ── worlds (resolve_world.c, resolve_elaborate.c) ───────────────────────────────────────── */

spin_error_t *resolve_world(resolver_t *resolver, resolve_entity_t *entity);
/* Adds what is needed by `use`, and makes the world's final lists. */
spin_error_t *resolve_elaborate(resolver_t *resolver, resolve_entity_t *world);

#endif
