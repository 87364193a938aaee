/* Running a component of the component model: what it takes for one component of a context, and for
 * one instance, to be called through its fused module. */
#ifndef ENGINE_MODEL_MODEL_H
#define ENGINE_MODEL_MODEL_H

#include <wasmtime.h>

#include "component/component.h"
#include "component/fuse.h"
#include "engine/abi/state.h"
#include "engine/model/table.h"

struct engine_component;

/* ── of a module: follows from the binary, for all contexts ── */

/* The same options of several functions, with the names of what they need in the fused module. */
struct model_options {
    const linked_options_t *linked;
    const char *memory; /* NULL: none */
    const char *realloc;
};

/* A function that the root exports. */
struct model_export {
    const linked_lift_t *lift;
    const model_options_t *options;
    const char *name;               /* "iface#func" */
    const char *core;               /* the core export */
    const char *post;               /* NULL: none */
    const char *call;               /* the export that does a whole call (fuse_has_call), or NULL */
    bool is_async;                  /* of a component that uses_async */
    const spin_abi_export_t *value; /* how it is called with values; made when it first is */
};

typedef struct model_module model_module_t;
struct model_module {
    spin_wasm_component_t *binary; /* a reference */
    const linked_component_t *linked;
    model_options_t *options;
    model_export_t *exports; /* one for each lift; without `lift` where the root exports it not */
    map_t by_name;           /* model_export_t by "iface#func" */
    arena_t arena;
};

/* Takes `binary` in every case. */
spin_error_t *model_module_new(spin_wasm_component_t *binary, model_module_t **out);
void model_module_free(model_module_t *module);
/* The export of that name, or of a version that is as good; NULL. */
model_export_t *model_module_export(const model_module_t *module, spin_slice_t name);
/* The resource `name` that the root exports in `interface`, or in one of a version that is as good;
 * NULL. */
const linked_resource_t *model_module_resource(const model_module_t *module, spin_slice_t interface,
                                               spin_slice_t name);
/* NOT_FOUND, with the nearest name. */
spin_error_t *model_module_no_export(const model_module_t *module, spin_slice_t name);

/* check.c: validates the core modules, function bodies included. Errors: INVALID, NO_MEMORY. */
spin_error_t *model_check_modules(const spin_wasm_component_t *binary, wasm_engine_t *engine);
/* UNSUPPORTED where the host would have to read or write by 64-bit addresses. */
spin_error_t *model_check_addresses(const linked_component_t *linked);

/* ── of a component in a context ── */

/* A resource type. Two of one identity are one type: they have one id. */
typedef struct model_resource {
    uint32_t id;
    const linked_resource_t *linked;
    const abi_resource_t *host; /* NULL: a guest's, or one that nobody has defined */
    const char *destructor;     /* of a guest's: the export; NULL: none */
} model_resource_t;

typedef struct model model_t;
struct model {
    model_module_t *module;
    model_resource_t *resources;
    struct async_lift *lifts; /* one for each lift, where the component uses_async */
    arena_t arena;
};

/* Finds what the component imports among `links` and makes the pre-instance. Errors: INVALID,
 * NOT_FOUND, UNSUPPORTED, NO_MEMORY. */
spin_error_t *model_link(struct engine_component *component, model_t **out);
void model_free(model_t *model);
/* The resource of own<> or borrow<>. */
const model_resource_t *model_resource_of(const model_t *model, const spin_type_t *type);
/* The host's resource of that identity; NULL: the component knows none. */
const model_resource_t *model_resource_find(const model_t *model, const void *identity);

/* ── of an instance ── */

/* A handle that is lent to a call under way. */
struct model_loan {
    model_loan_t *next;
    handle_table_t *table;
    uint32_t number;
};

typedef struct model_drop model_drop_t;

#define MODEL_NO_SCOPE UINT32_MAX

/* A call under way. */
typedef struct model_scope {
    uint32_t borrows; /* that the callee has not dropped */
    uint32_t outer;   /* of a synchronous call: the call that it is in */
    bool is_open;
    model_loan_t *loans;
} model_scope_t;

struct model_instance {
    const model_t *model;
    spin_instance_t *instance;
    arena_t *arena;
    bool is_dead;           /* it trapped */
    handle_table_t *tables; /* of each component instance, and of the host */
    uint32_t handles;       /* room in all of them */
    model_scope_t *scopes;  /* calls into the guest and inside */
    uint32_t scope_len;
    uint32_t scope_cap;
    uint32_t scope_open;       /* how many are */
    uint32_t scope_now;        /* the one for which handles are lent, or MODEL_NO_SCOPE */
    struct async_state *async; /* of a component that uses_async (engine/async/state.h) */
    model_loan_t *spare;       /* loans that were given back */
    struct model_drops {
        model_drop_t *first, *last, *spare;
    } drops; /* that the host is not told of yet: on_loop.c */
    struct model_memory {
        wasmtime_memory_t memory;
        bool is_found;
    } * memories;
    struct model_allocator {
        wasmtime_func_t func;
        bool is_found;
    } * allocators;
};

/* The state of an instance whose component is one of the component model; NULL when out of memory.
 */
model_instance_t *model_instance_of(spin_instance_t *instance);
/* Lets go what the instance's tables hold. */
void model_instance_end(model_instance_t *state);

/* The memory of `options`; of no bytes where it has none. `caller` is for the time of start
 * functions and may be NULL. */
abi_memory_t model_memory(model_instance_t *state, const model_options_t *options,
                          wasmtime_caller_t *caller);
/* Looks up what `options` name, for the time of start functions: later there is no `caller`. */
void model_find(model_instance_t *state, const model_options_t *options, wasmtime_caller_t *caller);
/* NOT_FOUND where it has none. */
spin_error_t *model_allocator(model_instance_t *state, const model_options_t *options,
                              wasmtime_func_t *out);

static inline handle_table_t *model_table(model_instance_t *state, uint32_t component) {
    return &state->tables[component];
}
static inline handle_table_t *model_host_table(model_instance_t *state) {
    return &state->tables[state->model->module->linked->component_count];
}

/* ── scope.c: calls, and what is borrowed for them ── */

/* A call that ends when it wants to. False: out of memory, or too many. */
bool model_scope_open(model_instance_t *state, uint32_t *out);
void model_scope_close(model_instance_t *state, uint32_t number);
/* A call inside the one that is the innermost: this one is it then. */
spin_error_t *model_scope_enter(model_instance_t *state);
/* Ends the innermost call. False: it kept a borrowed handle. */
bool model_scope_leave(model_instance_t *state);
/* Counts the entry as lent until `*loans` are returned. */
spin_error_t *model_lend(model_instance_t *state, handle_table_t *table, uint32_t number,
                         model_loan_t **loans);
void model_return_loans(model_instance_t *state, model_loan_t **loans);

/* ── handle.c: handles as they cross from one instance, or the host, to another ── */

/* From number to entry, checked as the specification says. Errors: TRAP. */
spin_error_t *model_handle_own(model_instance_t *state, uint32_t component, uint32_t type,
                               uint32_t number, handle_t **out);
spin_error_t *model_handle_any(model_instance_t *state, uint32_t component, uint32_t type,
                               uint32_t number, handle_t **out);
/* A new borrow for the innermost call. */
spin_error_t *model_handle_add_borrow(model_instance_t *state, uint32_t component, uint32_t type,
                                      uint64_t rep, uint32_t *out);
spin_error_t *model_handle_add_own(model_instance_t *state, uint32_t component, uint32_t type,
                                   uint64_t rep, uint32_t *out);
/* resource.drop. `*rep` is set where `*destroys`: the guest's destructor is to be called. */
spin_error_t *model_handle_drop(model_instance_t *state, uint32_t component, uint32_t type,
                                uint32_t number, bool *destroys, uint64_t *rep);

/* Values of own<> and borrow<>, and what asynchronous ones there will be. */
uint32_t model_lower_handle(spin_lower_t *lower, const spin_type_t *type, uint64_t value);
uint64_t model_lift_handle(spin_lift_t *lift, const spin_type_t *type, uint32_t number);
/* Of a resource that the root exports. */
uint32_t model_lower_guest(spin_lower_t *lower, spin_type_kind_t kind,
                           const spin_abi_guest_resource_t *resource, uint32_t handle);
uint32_t model_lift_guest(spin_lift_t *lift, const spin_abi_guest_resource_t *resource,
                          uint32_t number);
/* The handles that were lifted have left, or stay after all. */
void model_settle(spin_lift_t *lift, bool leaves);
/* Ends the host's handles that were for a call only. */
void model_end_temps(model_instance_t *state, model_loan_t **temps);
/* Objects of the host that are left in a table are dropped. */
void model_drop_hosts(model_instance_t *state, handle_table_t *table);
/* The same for those in a value of `type` that a guest gave away. */
void model_drop_value(model_instance_t *state, const spin_type_t *type, const spin_value_t *value);

/* ── intrinsic.c: "spin:builtin" and "spin:runtime" ── */

/* What a built-in or runtime function is defined with. */
typedef struct model_env {
    const model_t *model;
    const linked_builtin_t *builtin; /* NULL: a runtime function */
    uint32_t resource;               /* of the built-in: its type's id */
    const char *name;
} model_env_t;

typedef wasmtime_func_unchecked_callback_t model_callback_t;
/* NULL: it is not supported. */
model_callback_t model_builtin_callback(ast_canon_kind_t kind);
model_callback_t model_runtime_callback(fuse_runtime_t function);
/* Traps and says so. */
wasm_trap_t *model_on_unsupported(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                                  size_t len);

/* ── value.c: functions that are described by their types ── */

/* Whether what describes a function, generated code say, fits its type. Errors: INVALID;
 * UNSUPPORTED (a type that generated code does not pass). */
spin_error_t *model_check_import(const spin_function_t *type, const spin_abi_import_t *function);
spin_error_t *model_check_export(const model_export_t *export, const spin_abi_export_t *function);
/* An import whose function takes values. */
spin_error_t *model_describe_import(arena_t *arena, const spin_function_t *type, const char *name,
                                    const spin_abi_import_t **out);

/* ── on_loop.c: what the host is called for by the loop, and not on the guest's stack ── */

spin_error_t *model_function_on_loop(arena_t *arena, abi_import_t *import);
spin_error_t *model_resource_on_loop(arena_t *arena, abi_resource_t *resource);
/* Tells of what was dropped on the guest's stack. `state` may be NULL. False: the instance was
 * freed for that. */
bool model_tell_drops(model_instance_t *state);

/* ── api.c: spin_value_call, spin_value_start ── */

spin_error_t *model_value_call(spin_instance_t *instance, const spin_function_t *function,
                               const spin_value_t *args, size_t args_len, spin_value_t *result);
spin_error_t *model_value_start(spin_instance_t *instance, const spin_function_t *function,
                                const spin_value_t *args, size_t args_len, spin_value_done_fn done,
                                void *user);

/* ── version.c ── */

typedef struct model_version {
    spin_slice_t base; /* the name in front of the "@" */
    uint64_t number[3];
    bool is_exact; /* no version, or one that no other can stand in for */
} model_version_t;

/* Of "ns:pkg/iface@1.2.3" or "ns:pkg/iface@1.2.3#rest"; `rest` is empty where there is none. */
model_version_t model_version_of(spin_slice_t name, spin_slice_t *rest);
/* Whether a host's `have` does for a guest's `want`, names included. */
bool model_version_fits(const model_version_t *want, const model_version_t *have);
bool model_version_is_higher(const model_version_t *left, const model_version_t *right);

#endif
