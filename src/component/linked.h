/* A component after linking: no nested components, instances or aliases are left, only core module
 * instantiations in their order and what goes in and out of them. It is made by evaluating the
 * definitions symbolically, once for each instantiation of a component, and does not look into
 * function bodies, so that it is cheap enough to be made again at every start.
 *
 *     ast_component_t ──component_link──▶ linked_component_t ──component_fuse──▶ one core module
 *                                             └──▶ the engine: how to call it, what it imports
 *
 * Indices are into the arrays of the linked_component_t. */
#ifndef COMPONENT_LINKED_H
#define COMPONENT_LINKED_H

#include "component/ast.h"
#include "wit/model.h"

#define LINKED_NONE UINT32_MAX

/* What is imported by, or lifted from, a core instance. */
typedef enum linked_item_kind {
    LINKED_NOTHING = 0,
    LINKED_DEFINED, /* defined by core instance `owner`: `index` of `sort` in the index space of its
                       module, imports included (never one of its imports) */
    LINKED_LOWER,   /* functions only: lower `index` */
    LINKED_BUILTIN, /* functions only: built-in `index` */
} linked_item_kind_t;
typedef struct linked_item {
    linked_item_kind_t kind;
    core_extern_kind_t sort;
    uint32_t owner;
    uint32_t index;
} linked_item_t;

/* A core module that is instantiated; several instances may be of one. */
typedef struct linked_module {
    spin_slice_t bytes;
    size_t offset; /* in the component's file */
    const core_module_t *module;
} linked_module_t;

/* A core instance. They are instantiated in the order of the array. */
typedef struct linked_instance {
    uint32_t module;
    uint32_t component;           /* the component instance that it belongs to */
    const linked_item_t *imports; /* one for each import of the module, in their order */
} linked_instance_t;

/* A component instance; number 0 is the root's. */
typedef struct linked_component_instance {
    uint32_t parent; /* LINKED_NONE for the root */
} linked_component_instance_t;

/* Canonical options. The same ones have the same number. */
typedef struct linked_options {
    ast_encoding_t encoding;
    bool memory64;
    bool is_async;
    linked_item_t memory; /* LINKED_NOTHING: none */
    linked_item_t realloc;
    linked_item_t post_return;
    linked_item_t callback;
    /* In the fused module: memory `memory_number` is exported as "memory" (0) or "memory:N", the
     * same for "cabi_realloc" (a wrapper that clears may_leave around the call). LINKED_NONE: none.
     * Number 0 is the one that most functions use. */
    uint32_t memory_number;
    uint32_t realloc_number;
} linked_options_t;

/* A resource type. */
typedef struct linked_resource {
    bool is_host;
    /* host: which import it is */
    spin_slice_t interface; /* empty: of the root */
    spin_slice_t name;
    /* guest: which component instance implements it */
    uint32_t component;
    linked_item_t dtor; /* LINKED_NOTHING: none */
    /* What own<> and borrow<> of it say in spin_type_t.resource; `typedef.name` is its name. */
    const wit_typedef_t *type;
} linked_resource_t;

/* A type that the root imports as one that it has already: where the host has a resource of that
 * name, it must be this one. */
typedef struct linked_same {
    spin_slice_t interface;
    spin_slice_t name;
    uint32_t resource;
} linked_same_t;

/* A function that the root imports. */
typedef struct linked_import {
    spin_slice_t interface; /* "wasi:io/poll@0.2.0", "host#nested"; empty: the root itself */
    spin_slice_t name;
    spin_slice_t implements; /* empty: none; then also looked up by it */
    const spin_function_t *type;
} linked_import_t;

typedef struct linked_lift {
    linked_item_t func;
    uint32_t options;
    uint32_t component; /* the instance that it is lifted from */
    const spin_function_t *type;
    /* The root exports it by that name ("iface#func", "func"), which is the fused module's export
     * then; further ones are in `exports`. Empty: it is called inside only. */
    spin_slice_t export_name;
} linked_lift_t;

typedef struct linked_lower {
    bool is_import;  /* else of a lift */
    uint32_t callee; /* linked_import or linked_lift */
    uint32_t options;
    uint32_t component; /* the instance that calls */
    const spin_function_t
        *type; /* with the resources of the caller's side; same shape as callee's */
} linked_lower_t;

/* Any other canonical definition. */
typedef struct linked_builtin {
    ast_canon_kind_t kind;
    uint32_t component;
    uint32_t options;        /* LINKED_NONE: none */
    uint32_t resource;       /* RESOURCE_* */
    const spin_type_t *type; /* STREAM_*, FUTURE_*: the stream's or future's type; TASK_RETURN: the
                                result's, NULL: none */
    linked_item_t memory;    /* WAITABLE_SET_WAIT, _POLL */
    uint32_t memory_number;  /* the same; LINKED_NONE */
    linked_item_t table;
    bool is_async;
    bool cancellable;
    uint32_t slot; /* CONTEXT_* */
    core_val_type_t slot_type;
} linked_builtin_t;

typedef enum linked_export_kind {
    LINKED_EXPORT_LIFT,
    LINKED_EXPORT_IMPORT, /* a function that the root imports, exported as it is */
    LINKED_EXPORT_INSTANCE,
    LINKED_EXPORT_TYPE, /* `type`, or `resource` */
    LINKED_EXPORT_MODULE,
    LINKED_EXPORT_COMPONENT,
} linked_export_kind_t;
typedef struct linked_export linked_export_t;
struct linked_export {
    spin_slice_t name;
    linked_export_kind_t kind;
    uint32_t index;    /* LIFT, IMPORT; MODULE: into `exported_modules` */
    uint32_t resource; /* TYPE: LINKED_NONE where it is none */
    const spin_type_t *type;
    const linked_export_t *items; /* INSTANCE */
    uint32_t item_count;
};

typedef struct linked_component {
    arena_t *arena;
    const linked_module_t *modules;
    const linked_instance_t *instances;
    const linked_component_instance_t *components;
    const linked_options_t *options;
    const linked_resource_t *resources;
    const linked_same_t *sames;
    const linked_import_t *imports;
    const linked_lift_t *lifts;
    const linked_lower_t *lowers;
    const linked_builtin_t *builtins;
    const linked_export_t *exports; /* of the root */
    const spin_slice_t *exported_modules;
    uint32_t module_count, instance_count, component_count, option_count, resource_count,
        same_count, import_count, lift_count, lower_count, builtin_count, export_count,
        exported_module_count, memory_count, realloc_count; /* the numbers that options use */
    /* An async function (imported ones that are never called too), option or built-in is used
     * anywhere; resource.*, context.* and error-context.* do not count as such. */
    bool uses_async;
} linked_component_t;

/* A core module that the host gives for a root's import of one. */
typedef struct link_module_import {
    spin_slice_t name; /* "a", "host#a" */
    spin_slice_t bytes;
    const core_module_t *module;
} link_module_import_t;

typedef struct link_options {
    const link_module_import_t *modules;
    uint32_t module_count;
} link_options_t;

/* Links a valid component. All of `out` lies in `arena` or points to what `component` points to.
 * `options` may be NULL. Errors: UNSUPPORTED (it imports a component; values), NOT_FOUND (a core
 * module that is not given), INVALID (one whose type does not fit), LIMIT (instantiates too much),
 * NO_MEMORY. */
spin_error_t *component_link(arena_t *arena, const ast_component_t *component,
                             const link_options_t *options, linked_component_t *out);

enum {
    LINK_MAX_INSTANCES = 10000,
    LINK_MAX_ITEMS = 1000 * 1000,
};

/* Whether a lower is a Wasm adapter in the fused module: of a lift, in a component that uses
 * nothing asynchronous. In one that does, the host must know which task runs: all its lowers of
 * lifts go through the host ("spin:call"), and it calls all lifts by "spin:lift:N" and keeps track
 * itself of which instances may be entered. */
static inline bool linked_is_adapter(const linked_component_t *linked,
                                     const linked_lower_t *lower) {
    return !lower->is_import && !linked->uses_async;
}

#endif
