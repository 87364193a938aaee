/* The inside of <spin/abi.h>: what a component, an instance and one call need for it. */
#ifndef ENGINE_ABI_STATE_H
#define ENGINE_ABI_STATE_H

#include <wasmtime.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "engine/abi/handles.h"
#include "spin/abi.h"
#include "spin/component.h"

/* Of components of the component model: engine/model/model.h. */
typedef struct model_options model_options_t;
typedef struct model_export model_export_t;
typedef struct model_instance model_instance_t;
typedef struct model_loan model_loan_t;

enum {
    ABI_MAX_FLAT = 16,    /* more parameters than that go through memory */
    ABI_FEW_PARTS = 8,    /* that many need no memory of their own */
    ABI_KEPT_LOANS = 256, /* room for that many stays for the next instance */
};

/* ── of a component ── */

/* A function that a module exports, resolved for one signature. */
typedef struct abi_entry abi_entry_t;
struct abi_entry {
    abi_entry_t *next; /* the same name with another signature */
    const char *name;  /* the export */
    const char *params;
    const char *results;
    size_t params_len;
    size_t results_len;
    uint32_t params_size;
    uint32_t result_size;
    bool by_types;      /* at run time, and not by generated code */
    const char *post;   /* the export to call after it, or NULL */
    const char *helper; /* the export that does a whole call (component/legacy.h, or
                           fuse_has_call), or NULL */
    spin_abi_t abi;
    bool layout_known;           /* else it shows from a result */
    const model_export_t *model; /* of a component of the component model, else NULL */
};

/* What a module says of its conventions; one for all components of that module. Zero to begin with.
 */
typedef struct abi_component {
    bool known;
    spin_abi_t abi;
    const char *allocator; /* NULL: none */
    bool bad_allocator;    /* it has another signature */
    bool has_free;
    bool has_initialize; /* as reactors of today have it */
    map_t entries;       /* abi_entry_t by export name */
    arena_t arena;
} abi_component_t;

/* ── of an instance ── */

/* What the guest is asked to allocate. */
typedef struct abi_part {
    uint32_t size;
    uint32_t align;
    uint32_t ptr; /* the answer */
} abi_part_t;

/* What the guest gave away and is to be given back, by canonical_abi_free. */
typedef struct abi_loan {
    uint32_t ptr;
    uint32_t size;
    uint32_t align;
} abi_loan_t;

/* The guest's memory as it is while no guest code runs. */
typedef struct abi_memory {
    uint8_t *base;
    size_t len;
} abi_memory_t;

typedef enum lift_mode {
    LIFT_OWNED, /* copies, for spin_memory_release */
    LIFT_VIEW,  /* of the guest's memory */
    LIFT_ARENA, /* copies in the arena */
} lift_mode_t;

/* A handle that the guest gives away, for as long as the lift may still fail. */
typedef struct leaving_handle leaving_handle_t;
struct leaving_handle {
    leaving_handle_t *next;
    uint32_t number;
};

struct spin_lift {
    spin_instance_t *instance;
    abi_memory_t memory;
    arena_t *arena;
    lift_mode_t mode;
    bool lends;      /* what is read has to be given back */
    uint64_t budget; /* of bytes that may still be read, */
    uint64_t room;   /* and of memory that may still be taken for them */
    leaving_handle_t *leaving;
    /* Of components of the component model: NULL otherwise. */
    model_instance_t *model;
    const model_options_t *options;
    uint32_t component;   /* the instance that is read from */
    model_loan_t **loans; /* what it lends is noted here, */
    model_loan_t **temps; /* and what the host has of it for this call only; NULL: not possible */
    bool failed;
    spin_error_t *error; /* where failed; NULL: taken */
};

struct spin_lower {
    spin_instance_t *instance;
    abi_memory_t memory; /* in the second pass */
    abi_part_t *parts;
    uint32_t count;
    uint32_t cap;
    uint32_t at;         /* the part that is taken next */
    bool allocates_none; /* also what is empty is asked for: guests of 2022 free it */
    bool failed;
    bool discards; /* what can't be given to the guest any more is dropped */
    spin_error_t *error;
    arena_t *arena;
    model_instance_t *model; /* as in spin_lift */
    const model_options_t *options;
    uint32_t component;
    model_loan_t **loans; /* what the host lends is noted here */
    abi_part_t few[ABI_FEW_PARTS];
};

/* An entry in this instance. */
typedef struct abi_bound abi_bound_t;
struct abi_bound {
    abi_bound_t *next;
    const abi_entry_t *entry;
    const char *name;     /* as it was asked for */
    wasmtime_func_t func; /* the helper's, where there is one */
    wasmtime_func_t post;
};

typedef enum abi_step {
    ABI_IDLE,
    ABI_INITIALIZE, /* once in an instance */
    ABI_POST,       /* gives back what the call before left */
    ABI_FREE,       /* the same, of 2022 */
    ABI_DROP,       /* destructors of what the host let go meanwhile */
    ABI_ALLOCATE,   /* the parts */
    ABI_ENTER,
    ABI_RETURNED, /* of components of the component model: the result is lifted */
    ABI_LEAVE,    /* the same: what the guest gives back after it */
    ABI_ENDED,
} abi_step_t;

/* How a call ended, for who waits for it. */
typedef struct abi_outcome {
    bool ended;
    spin_error_t *error;
} abi_outcome_t;

/* The call of an export that is under way. */
typedef struct abi_call {
    const spin_abi_export_t *function;
    const abi_bound_t *bound;
    const void *args;
    void *result;
    abi_outcome_t *outcome; /* NULL: nobody waits */
    abi_step_t step;
    bool is_first; /* no step was started yet */
    bool stepping; /* a step is being started: it may end meanwhile, */
    bool stepped;  /* and did */
    bool *gone;    /* told when the instance goes while one is */
    bool filled;   /* the helper has its parameters */
    bool in_scope; /* model_scope_enter was called for it */
    spin_error_t *error;
    spin_lower_t lower;
    model_loan_t *loans;
    wasmtime_val_t values[ABI_MAX_FLAT];
    wasmtime_val_t returned;
    spin_abi_done_fn done;
    void (*handler)(void);
    void *user;
} abi_call_t;

typedef enum host_step {
    HOST_IDLE,
    HOST_RUNNING, /* its operation */
    HOST_WAITING, /* for spin_host_call_done */
    HOST_ALLOCATING,
    HOST_PARTS, /* it has answered, and the fused module allocates for that */
    HOST_ENDED,
} host_step_t;

/* Why a guest is called from inside a host function. An allocator calls nothing in its turn, and a
 * destructor at most an allocator: with stacks of its own for each reason, some callback always
 * comes to its end, and one that has to wait for a stack gets it. */
typedef enum abi_reason { ABI_REASON_ALLOCATOR, ABI_REASON_DESTRUCTOR } abi_reason_t;

typedef struct abi_callback {
    abi_reason_t reason;
    wasmtime_call_future_t *future; /* NULL: none is under way */
    wasm_trap_t *trap;
    wasmtime_error_t *failure;
} abi_callback_t;

/* What spin_abi_link defines a function as. */
typedef struct abi_import abi_import_t;
struct abi_import {
    const abi_import_t *next;
    const spin_abi_import_t *function;
    const char *module;
    const void *operations;
    void *user;
    size_t params_len;
    size_t results_len;
    /* spin_component_define_function: instead of `function` and `operations`. */
    const char *name;
    spin_component_function_fn value;
    /* Where it is imported by a component of the component model. */
    const model_options_t *options; /* NULL: it is not */
    uint32_t component;             /* the instance that calls */
    bool has_parts;                 /* fuse.h: it answers how many */
};

/* What guests are linked to: in an engine, or in one context, which begins with the engine's. */
typedef struct abi_links {
    wasmtime_linker_t *linker;
    abi_resource_t *resources;   /* of the linked interfaces; in the arena */
    const abi_import_t *imports; /* the last one first; in the arena */
    bool on_loop;                /* what is defined now: spin_component_define_on_loop */
    arena_t arena;
} abi_links_t;

void abi_links_deinit(abi_links_t *links);

/* A call by the guest. One at a time: what the host calls meanwhile must not call it again. */
struct spin_host_call {
    spin_instance_t *instance;
    const abi_import_t *import;
    host_step_t step;
    bool answered;     /* there is a result that was not lowered yet */
    uint32_t *answers; /* counts it when it has answered after all; NULL: nobody counts */
    void (*cancel)(spin_host_call_t *call, void *data);
    void *data;
    void *args;
    void *result;
    uint32_t area; /* of the results, in the guest */
    model_loan_t *loans;
    model_loan_t *temps; /* handles of the host that end with it */
    spin_error_t *error;
    spin_lower_t lower;
    arena_t arena;
    wasmtime_val_t *returned;
    wasm_trap_t **trap_out;

    /* the allocator, called from in here */
    abi_callback_t allocation;
    wasmtime_val_t values[4];
    wasmtime_val_t pointer;
};

/* A descriptor of a function of a run-time type (value.c). */
typedef struct abi_value_export abi_value_export_t;

/* A resource of the guest's whose last handle is gone, and whose destructor was not called yet. */
typedef struct abi_orphan {
    const abi_resource_t *resource;
    uint32_t representation;
} abi_orphan_t;

/* Made when it is first needed, and kept for the next instance in the same memory. */
typedef struct abi_instance {
    spin_instance_t *instance;
    abi_bound_t *bound; /* the last used first */
    bool initialized;
    bool has_allocator;
    bool has_release;
    bool has_memory; /* found by a host function, while the start function runs */
    bool searched;   /* for those */
    bool leaving;    /* the guest is called back: it must not call out */
    wasmtime_func_t allocator;
    wasmtime_func_t release; /* canonical_abi_free */
    wasmtime_memory_t memory;
    abi_handles_t handles;
    bool destroying; /* a destructor runs: further ones wait */
    VEC(abi_orphan_t) orphans;
    arena_t arena; /* of the call; what it returned stays until the next */
    const abi_bound_t *owed_post;
    wasmtime_val_t owed_value;
    VEC(abi_loan_t) owed; /* to be freed */
    abi_value_export_t *values;
    abi_call_t call;
    spin_host_call_t host;
    model_instance_t *model; /* made when it is first needed */
} abi_instance_t;

/* The state of `instance`; NULL when out of memory. */
abi_instance_t *abi_instance_of(spin_instance_t *instance);
/* The instance is over and nothing of it runs any more: empties the state. NULL is allowed. */
void abi_instance_end(abi_instance_t *state);
void abi_instance_free(abi_instance_t *state);

abi_memory_t abi_memory_of(spin_instance_t *instance);

/* `component "a": NAME: …` around `error`, which may be NULL. */
spin_error_t *abi_error_name(spin_error_t *error, spin_slice_t id, const char *name);

/* ── entry.c ── */

void abi_component_deinit(abi_component_t *component);
/* The conventions of the instance's component. */
const abi_component_t *abi_component_of(spin_instance_t *instance);
/* INVALID where the module imports a linked function with another signature. */
spin_error_t *abi_check_imports(const abi_import_t *linked, const wasmtime_module_t *module);
/* The functions of `function` in this instance. Errors: NOT_FOUND, INVALID, NO_MEMORY. */
spin_error_t *abi_bind(abi_instance_t *state, const spin_abi_export_t *function,
                       const abi_bound_t **out);
/* Has `state->allocator` set. Errors: NOT_FOUND, INVALID. */
spin_error_t *abi_find_allocator(abi_instance_t *state);
/* The function that a reactor has called before any other. False: there is none. */
bool abi_find_initializer(abi_instance_t *state, wasmtime_func_t *out);
/* The same for `state->release`, of a module that has it. */
spin_error_t *abi_find_release(abi_instance_t *state);

/* ── lower.c ── */

void abi_lower_begin(spin_lower_t *lower, spin_instance_t *instance, arena_t *arena,
                     spin_abi_t abi);
/* The same for what is written; follows abi_lower_begin. */
void abi_lower_by(spin_lower_t *lower, model_instance_t *model, const model_options_t *options,
                  uint32_t component);
void abi_lower_stop(spin_lower_t *lower, spin_error_t *error);
/* Puts the arguments of the allocator for part `index`. */
void abi_part_values(const abi_part_t *part, wasmtime_val_t values[4]);
/* The second pass begins: the pointers are there. */
void abi_lower_write(spin_lower_t *lower, abi_memory_t memory);
/* The error, which is the caller's then, or NULL. Everything measured must have been taken. */
spin_error_t *abi_lower_end(spin_lower_t *lower);

/* ── lift.c ── */

/* Ended by abi_lift_end, which hands over the handles that were given away, or the error. */
void abi_lift_begin(spin_lift_t *lift, spin_instance_t *instance, arena_t *arena, lift_mode_t mode);
spin_error_t *abi_lift_end(spin_lift_t *lift);
/* What is read lies in memory as `options` say it, and its handles are those of component instance
 * `component`; follows abi_lift_begin. `caller` may be NULL. */
void abi_lift_by(spin_lift_t *lift, model_instance_t *model, const model_options_t *options,
                 uint32_t component, wasmtime_caller_t *caller);
/* The area of several results, or of parameters; NULL after an error. */
const uint8_t *abi_lift_area(spin_lift_t *lift, uint32_t ptr, uint32_t size, uint32_t align);
void abi_lift_stop(spin_lift_t *lift, spin_error_t *error);
/* Whether an area of 2022 can't be in slots: they leave the upper half of each word zero. */
bool abi_area_is_canonical(const uint8_t *area, const char *types, size_t len);
void abi_slots_load(const uint8_t *area, const char *types, size_t len, spin_flat_t *flat);
void abi_slots_store(uint8_t *area, const char *types, size_t len, const spin_flat_t *flat);

static inline wasmtime_val_t abi_val_i32(uint32_t value) {
    return (wasmtime_val_t){.kind = WASMTIME_I32, .of.i32 = (int32_t)value};
}
/* Between Wasmtime's values and flat ones; `type` is one of iIfF. */
wasmtime_val_t abi_val(char type, spin_flat_t flat);
spin_flat_t abi_flat(const wasmtime_val_t *value);

/* ── legacy.c: the imports of the helpers that legacy_rewrite adds ── */

spin_error_t *abi_legacy_define(wasmtime_linker_t *linker);

/* ── call.c ── */

/* The second pass of the call that is under way; `flat` has room for ABI_MAX_FLAT. */
spin_error_t *abi_call_lower(abi_instance_t *state, spin_flat_t *flat);

/* fuse.h, "spin:argument" and "spin:result": they serve the call that is under way. */
wasm_trap_t *abi_on_argument(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                             size_t len);
wasm_trap_t *abi_on_result(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                           size_t len);

/* ── import.c ── */

/* A trap of a host function, which says `error`; this takes it. */
wasm_trap_t *abi_trap(spin_instance_t *instance, spin_error_t *error);
/* The function behind an import; `env` is its abi_import_t. */
void abi_on_call(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *values,
                 size_t values_len, wasmtime_val_t *results, size_t results_len, wasm_trap_t **trap,
                 wasmtime_async_continuation_t *continuation);
/* Ends a call that the guest will not go on with. */
void abi_host_call_end(spin_host_call_t *call);
/* Drops what the answer holds, which no guest takes. */
void abi_host_call_discard(spin_host_call_t *call);
/* fuse.h, FUSE_PART: goes on with a call that has answered with parts. */
wasm_trap_t *abi_on_part(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                         size_t len);

/* ── callback.c ── */

/* Begins to call `func`. False: all stacks are in use, to be tried again. The rest is kept by the
 * caller until the callback has ended. */
bool abi_callback_start(abi_callback_t *callback, spin_instance_t *instance, abi_reason_t reason,
                        const wasmtime_func_t *func, const wasmtime_val_t *args, size_t args_len,
                        wasmtime_val_t *results, size_t results_len);
/* Gives the stack back, and up what is still under way; trap and failure stay for the caller. */
void abi_callback_end(abi_callback_t *callback, spin_instance_t *instance);

/* ── resource.c ── */

/* Makes the resource known and defines its drop function in `module`. */
spin_error_t *abi_resource_define(abi_links_t *links, const char *module,
                                  const spin_abi_resource_t *type, const void *operations,
                                  void *user);

/* ── guest_resource.c ── */

/* Defines what `module` imports to manage the resources that it exports. */
spin_error_t *abi_guest_resources_define(spin_execution_context_t *context,
                                         const wasmtime_module_t *module);
/* The destructor of an orphan. False: the guest has none. */
bool abi_find_destructor(spin_instance_t *instance, const abi_orphan_t *orphan,
                         wasmtime_func_t *out);

#endif
