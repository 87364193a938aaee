/* The inside of the engine: what a context and its instances are made of. */
#ifndef ENGINE_CONTEXT_H
#define ENGINE_CONTEXT_H

#include <stdalign.h>
#include <uv.h>

#include "base/map.h"
#include "engine/abi/state.h"
#include "engine/epoch.h"
#include "engine/host.h"
#include "engine/instance.h"
#include "engine/module_cache.h"
#include "engine/settings.h"
#include "manifest/application.h"

typedef struct engine_component {
    spin_execution_context_t *context;
    const spin_component_t *component;
    wasmtime_module_t *module;
    wasmtime_instance_pre_t *pre;
    void *shared[ENGINE_HOST_COUNT];
    abi_component_t abi;
} engine_component_t;

/* A doubly linked list through spin_instance.next and .prev. */
typedef struct instance_queue {
    spin_instance_t *first;
    spin_instance_t *last;
    size_t len;
} instance_queue_t;

/* Which instances run next. All on the thread of the loop. */
typedef struct scheduler {
    uv_loop_t *loop;
    uv_loop_t own_loop;
    bool owns_loop;
    uv_idle_t *idle;            /* active while an instance is ready: the loop must not sleep */
    uv_timer_t *timer;          /* the next deadline */
    uint64_t timer_at;          /* in nanoseconds of uv_hrtime; 0 while it is off */
    instance_queue_t woken;     /* what they waited for is there */
    instance_queue_t preempted; /* used up their slice of time */
    instance_queue_t parked;    /* wait for the loop, or are paused */
    epoch_clock_t *clock;
} scheduler_t;

struct spin_execution_context {
    spin_application_t *application;
    engine_settings_t settings;
    wasm_engine_t *engine;
    wasmtime_linker_t *linker;
    module_cache_t cache;
    const engine_host_t *hosts[ENGINE_HOST_COUNT];
    size_t state_offsets[ENGINE_HOST_COUNT]; /* into spin_instance.states */
    size_t states_size;
    spin_store_hook_fn store_hook;
    void *store_hook_user;
    abi_resource_t *resources;       /* of the linked interfaces; in abi_arena */
    abi_resource_t *guest_resources; /* that guests export */
    const abi_import_t *abi_imports; /* the last one first */
    arena_t abi_arena;
    uint32_t callbacks[ENGINE_CALLBACK_REASONS]; /* under way; each has a stack */
    engine_component_t *components;
    size_t components_len;
    map_t by_id; /* engine_component_t */
    scheduler_t scheduler;
    size_t live;               /* instances */
    void (*freed)(void *user); /* told of each instance that goes; NULL while nobody asks */
    void *freed_user;
    spin_instance_t *spare; /* freed ones, for the next event; linked by next */
    size_t spare_len;
};

/* A builder is a context that is not complete yet. */
struct spin_engine_builder {
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

/* ── scheduler.c ── */

/* `loop` NULL: the scheduler makes its own. `*out` needs scheduler_deinit only on success. */
spin_error_t *scheduler_init(scheduler_t *scheduler, uv_loop_t *loop, wasm_engine_t *engine);
/* Closes the handles; those on a lent loop go with its next turn. */
void scheduler_deinit(scheduler_t *scheduler);
/* Polls a future that was just made; calls `done` when it has ended, else lets the loop go on. */
void scheduler_start(spin_instance_t *instance);
/* The same as one more step of a call, which keeps its deadline and its slice: however many steps
 * there are, the loop comes round. */
void scheduler_continue(spin_instance_t *instance);
/* Forgets the instance's future: nothing of it runs any more. A host function that was told of it
 * may have doomed the instance. */
void scheduler_cancel(spin_instance_t *instance);
/* Turns the loop until `*ended`. */
void scheduler_turn_until(scheduler_t *scheduler, const bool *ended);

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
