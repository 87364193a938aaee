/* The inside of an execution context: what it and its instances are made of. */
#ifndef ENGINE_CONTEXT_H
#define ENGINE_CONTEXT_H

#include <stdalign.h>

#include "base/map.h"
#include "engine/engine.h"
#include "engine/instance.h"
#include "manifest/application.h"

typedef struct engine_component engine_component_t;
struct engine_component {
    spin_execution_context_t *context;
    const spin_component_t *component;
    live_module_t *module;
    wasmtime_instance_pre_t *pre;
    struct model *model; /* where the module is a component's of the component model, else NULL */
    spin_wasm_component_t *given; /* a reference; NULL: it is the application's source */
    void *shared[ENGINE_HOST_COUNT];
};

typedef struct given_component {
    spin_slice_t id;
    spin_wasm_component_t *binary; /* a reference */
} given_component_t;

struct spin_execution_context {
    spin_engine_t *engine; /* a reference */
    spin_application_t *application;
    context_settings_t settings;
    abi_links_t links;               /* `linker` NULL: the engine's, as nothing was added to it */
    abi_resource_t *guest_resources; /* that guests export */
    spin_store_hook_fn store_hook;
    void *store_hook_user;
    engine_component_t *components;
    size_t components_len;
    map_t by_id; /* engine_component_t */
    /* Added beside the application's, until the context is built. */
    VEC(given_component_t) given;
    instance_queue_t woken;
    instance_queue_t preempted;
    room_place_t room;
    size_t live;               /* instances */
    void (*freed)(void *user); /* told of each instance that goes; NULL while nobody asks */
    void *freed_user;
};

/* A builder is a context that is not complete yet; without one, it is the host interfaces' way to
 * the engine. */
struct spin_engine_builder {
    spin_engine_t *engine; /* where there is no context */
    spin_execution_context_t *context;
};

/* What an instance is doing. */
typedef enum instance_phase {
    INSTANCE_NEW,       /* no store yet */
    INSTANCE_PREPARING, /* the start function runs */
    INSTANCE_FAILED,    /* there is no Wasm instance: it can only be freed */
    INSTANCE_READY,
    INSTANCE_CALLING,
} instance_phase_t;

struct spin_instance {
    engine_component_t *component;
    instance_phase_t phase;
    wasmtime_store_t *store;
    wasmtime_context_t *wasm;
    wasmtime_instance_t handle;
    wasmtime_memory_t memory;
    bool has_memory;
    spin_wasmtime_memory_budget_t budget;
    arena_t arena;
    void *user;
    abi_instance_t *abi; /* NULL: nothing was called by <spin/abi.h> yet */

    /* the future that is under way, and what it leaves */
    wasmtime_call_future_t *future;
    wasmtime_func_t func;
    wasm_trap_t *trap;
    wasmtime_error_t *error;
    spin_error_t *said; /* by the host function that trapped, or NULL */
    bool exited;
    uint32_t exit_status;
    uint64_t timeout_ns;
    uint64_t deadline_ns;
    spin_call_done_fn done;
    void *done_user;

    /* scheduling */
    bool waiting; /* for the loop */
    bool paused;
    bool polling;            /* in use further up the stack, by wasmtime_call_future_poll say */
    bool doomed;             /* freed meanwhile: goes when that returns */
    instance_queue_t *queue; /* the one it stands in, or NULL */
    spin_instance_t *next;
    spin_instance_t *prev;

    alignas(max_align_t) uint8_t states[];
};

/* ── builder.c ── */

/* A linker that is this context's alone. */
abi_links_t *context_own_links(spin_execution_context_t *context);
abi_links_t *builder_links(spin_engine_builder_t *builder);

/* ── outcome.c ── */

/* What a finished future means: NULL, or the error. Takes the instance's trap and error. */
spin_error_t *instance_take_outcome(spin_instance_t *instance);

/* ── instance.c ── */

/* The instance's export of that name where it is of `kind`; `*found`, which may be NULL, says
 * whether there is one of any kind. Functions and memories, which is what is looked for, need no
 * deletion. */
bool instance_export(spin_instance_t *instance, spin_slice_t name, wasmtime_extern_kind_t kind,
                     wasmtime_extern_t *out, bool *found);

/* Called by the scheduler when the future has ended; `error` replaces its own outcome (a deadline)
 * where it is not NULL. */
void instance_finish(spin_instance_t *instance, spin_error_t *error);
/* USAGE where the instance can't be called now, else NULL. */
spin_error_t *instance_check_ready(const spin_instance_t *instance);
/* spin_instance_start for a call that is made of several: the first begins its time. The instance
 * is ready. */
void instance_start_step(spin_instance_t *instance, bool is_first, const wasmtime_func_t *func,
                         const wasmtime_val_t *args, size_t args_len, wasmtime_val_t *results,
                         size_t results_len, spin_call_done_fn done, void *user);

#endif
