/* The parts of the linker. What it needs only while it works lies in `scratch`. */
#ifndef COMPONENT_LINK_H
#define COMPONENT_LINK_H

#include <inttypes.h>

#include "base/error.h"
#include "base/map.h"
#include "base/vec.h"
#include "component/linked.h"
#include "wit/type.h"

typedef struct link_env link_env_t;

/* Names with the entities (link_entity_t) that they stand for. */
typedef struct link_names link_names_t;
struct link_names {
    map_t map;
    link_names_t *next; /* all of a linker, to be freed */
};

/* A component or a component or instance type, and where its outer aliases look. */
typedef struct link_closure {
    const ast_scope_t *scope;
    const link_env_t *env;
} link_closure_t;

/* A core instance: of a module, or made of exports. */
typedef struct link_core_instance {
    uint32_t index; /* of a module: into the linked instances; else LINKED_NONE */
    const link_names_t *exports;
} link_core_instance_t;

/* A component instance. What has gone through an import or export with a type of its own shows no
 * more than the type says: `view`, which counts where the root exports it. */
typedef struct link_instance {
    const link_names_t *exports;
    link_closure_t view; /* `scope` NULL: all */
} link_instance_t;

typedef enum link_type_kind {
    LINK_TYPE_VALUE,
    LINK_TYPE_FUNC,
    LINK_TYPE_RESOURCE,
    LINK_TYPE_SCOPE, /* of components and instances */
} link_type_kind_t;

/* What an index stands for. */
typedef struct link_entity {
    ast_sort_t sort;
    link_type_kind_t type; /* TYPE */
    union {
        linked_item_t item; /* CORE_FUNC to CORE_TAG */
        struct {
            const ast_def_t *def; /* a CORE_TYPE */
            uint32_t index;       /* in its group */
            const link_env_t *env;
        } core_type;
        uint32_t module; /* into the linker's modules */
        const link_core_instance_t *core_instance;
        struct {
            bool is_import; /* of the root; else a lift */
            uint32_t index;
        } func;
        const spin_type_t *value;
        const spin_function_t *function;
        uint32_t resource;
        link_closure_t closure; /* COMPONENT, and TYPE where it is a SCOPE */
        const link_instance_t *instance;
    } of;
} link_entity_t;

typedef struct link_space {
    link_entity_t *items;
    uint32_t len;
    uint32_t cap;
} link_space_t;

/* One evaluation of a component, or of an instance type that the root imports. */
struct link_env {
    const link_env_t *parent; /* NULL: the root */
    const ast_scope_t *scope;
    uint32_t component; /* the component instance */
    /* What imports are bound to, or the declarations of an instance type. NULL: the host. */
    const link_names_t *arguments;
    link_names_t *exports;
    /* Imports from the host: the instance that they are in. */
    spin_slice_t interface;
    spin_slice_t implements;
    link_space_t spaces[AST_SORT_COUNT];
};

/* What is known of a core module beside linked_module_t. */
typedef struct link_module {
    const link_names_t *exports; /* NULL: not yet. The values are core_export_t */
    uint32_t *imports[5];        /* of each kind: which imports they are */
} link_module_t;

/* A declared type that waits for its name. */
typedef struct link_typedef {
    wit_typedef_t def; /* first */
    size_t made;       /* how many anonymous types there were */
    bool is_named;
} link_typedef_t;

typedef struct linker {
    arena_t *arena; /* of the result */
    arena_t scratch;
    const link_options_t *options;
    type_table_t types;
    map_t known; /* numbers of what is there once, by what it is made of */
    link_names_t *names;
    VEC(linked_module_t) modules;
    VEC(link_module_t) module_parts;
    VEC(linked_instance_t) instances;
    VEC(linked_component_instance_t) components;
    VEC(linked_options_t) canon_options;
    VEC(linked_resource_t) resources;
    VEC(linked_same_t) sames;
    VEC(linked_import_t) imports;
    VEC(linked_lift_t) lifts;
    VEC(linked_lower_t) lowers;
    VEC(linked_builtin_t) builtins;
    VEC(spin_slice_t) exported_modules;
    uint32_t items;
    uint32_t depth;
    bool uses_async;
    bool renamed; /* a type was named after others were made of it */
} linker_t;

#define LINK_FAIL(offset, kind, ...)                                                               \
    error_at_offset(error_new(SPIN_ERROR_##kind, __VA_ARGS__), NULL, offset)

/* ── link.c ── */

/* Counts `count` steps more. */
spin_error_t *link_count(linker_t *linker, size_t count, size_t offset);
/* One level deeper; link_leave after it where it succeeded. */
spin_error_t *link_enter(linker_t *linker, size_t offset);
void link_leave(linker_t *linker);
/* The number under which `key` is known, or `next`, which it gets then. */
spin_error_t *link_intern(linker_t *linker, spin_slice_t key, size_t next, uint32_t *out);

/* ── link_env.c ── */

link_env_t *link_env_new(linker_t *linker, const ast_scope_t *scope, const link_env_t *parent);
link_names_t *link_names_new(linker_t *linker);
/* A copy of `entity` under that name. */
spin_error_t *link_names_set(linker_t *linker, link_names_t *names, spin_slice_t name,
                             const link_entity_t *entity);
spin_error_t *link_push(linker_t *linker, link_env_t *env, const link_entity_t *entity,
                        size_t offset);
spin_error_t *link_get(const link_env_t *env, ast_sort_t sort, uint32_t index, size_t offset,
                       const link_entity_t **out);
/* The entity of that sort that a name stands for. */
spin_error_t *link_find(const link_names_t *names, spin_slice_t name, ast_sort_t sort,
                        size_t offset, const link_entity_t **out);
spin_error_t *link_alias(linker_t *linker, link_env_t *env, const ast_def_t *def);
/* The arguments or exports of an instance, which are of the sorts from `first` to `last`. */
spin_error_t *link_gather(linker_t *linker, const link_env_t *env, const ast_instance_t *from,
                          ast_sort_t first, ast_sort_t last, link_names_t **out);

/* ── link_types.c ── */

spin_error_t *link_val_type(linker_t *linker, const link_env_t *env, const ast_val_type_t *type,
                            const spin_type_t **out);
spin_error_t *link_type(linker_t *linker, const link_env_t *env, const ast_type_t *type,
                        link_entity_t *out);
/* A resource type of the host; its name and interface are kept. */
spin_error_t *link_host_resource(linker_t *linker, const link_env_t *env, spin_slice_t name,
                                 uint32_t *out);
/* Types and functions take the first name that they are imported or exported by. */
void link_name_entity(linker_t *linker, const link_entity_t *entity, spin_slice_t name);
spin_error_t *link_copy_function(linker_t *linker, const spin_function_t *type, spin_slice_t name,
                                 const spin_function_t **out);

/* ── link_core.c ── */

spin_error_t *link_core_module(linker_t *linker, spin_slice_t bytes, size_t offset,
                               const core_module_t *module, uint32_t *out);
spin_error_t *link_core_instance(linker_t *linker, link_env_t *env, const ast_def_t *def);
/* The core entity that a core instance exports. */
spin_error_t *link_core_export(linker_t *linker, const link_core_instance_t *instance,
                               spin_slice_t name, size_t offset, link_entity_t *out);
bool link_memory_is64(const linker_t *linker, const linked_item_t *memory);

/* ── link_module_type.c ── */

/* Whether a core module can stand for one of the type at `index`. */
spin_error_t *link_check_module(linker_t *linker, const link_env_t *env, uint32_t index,
                                const core_module_t *module, spin_slice_t name, size_t offset);

/* ── link_canon.c ── */

spin_error_t *link_canon(linker_t *linker, link_env_t *env, const ast_def_t *def);

/* ── link_import.c ── */

/* What an import or an exported declaration stands for: of `env->arguments`, or of the host. */
spin_error_t *link_import(linker_t *linker, link_env_t *env, const ast_def_t *def,
                          link_entity_t *out);
/* Evaluates an instance type: `actual` NULL makes its exports imports from the host. */
spin_error_t *link_instance_type(linker_t *linker, const link_closure_t *type,
                                 const link_env_t *importer, const link_names_t *actual,
                                 const ast_name_t *name, const link_instance_t **out);
/* `instance` as a type shows it. */
spin_error_t *link_view(linker_t *linker, const link_env_t *env, const ast_extern_type_t *type,
                        link_entity_t *instance);

/* ── link_component.c ── */

spin_error_t *link_component(linker_t *linker, const link_closure_t *component, uint32_t parent,
                             const link_names_t *arguments, size_t offset, link_env_t **out);
/* Definitions that components and types have in common. */
spin_error_t *link_common_def(linker_t *linker, link_env_t *env, const ast_def_t *def);

/* ── link_export.c ── */

spin_error_t *link_root_exports(linker_t *linker, const link_env_t *root, linked_component_t *out);

/* ── link_number.c ── */

/* Gives memories and allocators their numbers. */
spin_error_t *link_number(linker_t *linker, linked_component_t *out);

#endif
