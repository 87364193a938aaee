/* The execution context: an application's components, compiled and pre-instantiated once, from
 * which every event gets a fresh store and instance.
 *
 *     spin_engine_builder_new ──▶ add host functions ──▶ spin_engine_builder_build
 *                                                            │
 *     spin_execution_context_prepare_component ◀─────────────┘
 *         └▶ spin_instance_call / spin_instance_start ──▶ spin_instance_free
 *
 * Several contexts, of one application or of many, can share an engine (spin_engine_new): they
 * share its code, its slots for instances and its loop, and still do not see each other.
 *
 * Thread rule: an engine, its builders, contexts and instances belong to one thread at a time, the
 * one that runs the engine's loop. */
#ifndef SPIN_ENGINE_H
#define SPIN_ENGINE_H

#include <stdbool.h>
#include <wasm.h>
#include <wasmtime.h>

#include "spin/error.h"
#include "spin/manifest.h"
#include "spin/slice.h"

#ifdef __cplusplus
extern "C" {
#endif

/* libuv's loop, as <uv.h> declares it. */
typedef struct uv_loop_s uv_loop_t;

/* What applications in one process share: compiled code, a pool of instance slots, a loop. */
typedef struct spin_engine spin_engine_t;
/* An engine and a linker, while host functions are added. */
typedef struct spin_engine_builder spin_engine_builder_t;
/* An application's components, ready to be instantiated. */
typedef struct spin_execution_context spin_execution_context_t;
/* One instance of a component in a store of its own, for one event. */
typedef struct spin_instance spin_instance_t;

/* The values that stand behind a 0 in spin_engine_options_t, and the most instances it takes. */
enum {
    SPIN_ENGINE_DEFAULT_INSTANCES = 1000,
    SPIN_ENGINE_DEFAULT_MEMORY_BYTES = 256 << 20,
    SPIN_ENGINE_DEFAULT_TIMEOUT_MS = 60 * 1000,
    SPIN_ENGINE_MOST_INSTANCES = 100 * 1000,
};

/* How guests are run. Zero means "the default" everywhere. */
typedef struct spin_engine_options {
    size_t size; /* sizeof(spin_engine_options_t) */
    /* The loop on which guests run and wait. NULL: the context owns one, run by the synchronous
     * calls below. A lent loop outlives the context, and turns once more after it was freed, so
     * that its handles close. */
    uv_loop_t *loop;
    /* Instances alive at one time; more are refused. At most 100,000. 0: 1000. */
    uint32_t max_instances;
    /* Limit of one instance over all its linear memories together, in bytes; 64 GiB at most. 0: 256
     * MiB. One above 4 GiB makes every slot of an instance so much larger in address space. */
    uint64_t max_memory_bytes;
    /* How long one call may take, waiting included, in milliseconds. 0: 60,000. */
    uint64_t timeout_ms;
    /* Where compiled modules are kept. NULL: $XDG_CACHE_HOME/spin (or ~/.cache/spin). */
    const char *cache_dir;
    /* Compile at every start. */
    bool disable_cache;
    /* Added to every component's environment, in front of its own: "K=V" strings. */
    const char *const *environment;
    size_t environment_len;
    /* Values of the application's variables: "name=value" strings, the last one of a name counts.
     * They win over the process's environment. A name that the application does not have is a
     * warning in the log. Not for spin_engine_new. */
    const char *const *variables;
    size_t variables_len;
    /* For a builder: the engine to share with other contexts, of which the builder takes a
     * reference. `cache_dir` and `disable_cache` are the engine's then and must be left zero,
     * `loop` too or be the engine's; `max_instances` and `max_memory_bytes` are this context's own
     * limits, of which as much counts as the engine's allow; 0, and no `environment`, mean the
     * engine's. NULL: an engine of its own. Not for spin_engine_new. */
    spin_engine_t *engine;
} spin_engine_options_t;

/* ── engine ──────────────────────────────────────────────────────────────────────────────── */

/* Makes an engine for any number of contexts: `max_instances` counts over all of them, `timeout_ms`
 * and `environment` are the defaults of those that name none. One without contexts costs a thread
 * that sleeps. Each module in use keeps a descriptor open and takes up to seven memory maps. While
 * guests of several contexts want the processor, the contexts take turns. `options` may be NULL.
 * The caller drops the reference `*out` with spin_engine_unref. Errors: USAGE, NO_MEMORY, LIMIT,
 * IO. Wasmtime starts threads and installs signal handlers here: fork before, never after. */
SPIN_API spin_error_t *spin_engine_new(const spin_engine_options_t *options, spin_engine_t **out);
/* One more reference; returns `engine`. */
SPIN_API spin_engine_t *spin_engine_ref(spin_engine_t *engine);
/* One reference less. Contexts hold one each: the last one to go frees the engine. A lent loop
 * turns once more after that. NULL is allowed. */
SPIN_API void spin_engine_unref(spin_engine_t *engine);
/* Borrowed. */
SPIN_API uv_loop_t *spin_engine_loop(spin_engine_t *engine);

/* ── builder ─────────────────────────────────────────────────────────────────────────────── */

/* Begins a context for `application` (of which it takes a reference), on the engine of `options` or
 * a new one, with WASI and Spin's own host interfaces in place. `options` may be NULL. Errors:
 * USAGE, NO_MEMORY, and where it makes an engine those of spin_engine_new; then fork before, never
 * after. */
SPIN_API spin_error_t *spin_engine_builder_new(spin_application_t *application,
                                               const spin_engine_options_t *options,
                                               spin_engine_builder_t **out);

/* Borrowed: they belong to the builder and, after it, to the context. What is added to the linker
 * is there for this context alone. */
SPIN_API wasm_engine_t *spin_engine_builder_engine(spin_engine_builder_t *builder);
SPIN_API wasmtime_linker_t *spin_engine_builder_linker(spin_engine_builder_t *builder);

/* Called for each new store, before its instance exists. An error ends the preparation. */
typedef spin_error_t *(*spin_store_hook_fn)(spin_instance_t *instance, wasmtime_context_t *store,
                                            void *user);
/* At most one hook; a later call replaces it. */
SPIN_API void spin_engine_builder_on_store(spin_engine_builder_t *builder, spin_store_hook_fn hook,
                                           void *user);

/* Compiles (or takes from the cache), links and pre-instantiates every component. Takes the builder
 * in every case. Errors name component and file: INVALID (not a module, unknown import), NOT_FOUND,
 * UNSUPPORTED, IO, NO_MEMORY. Blocks while compiling. */
SPIN_API spin_error_t *spin_engine_builder_build(spin_engine_builder_t *builder,
                                                 spin_execution_context_t **out);
/* For a builder that is not built. NULL is allowed. */
SPIN_API void spin_engine_builder_free(spin_engine_builder_t *builder);

/* ── execution context ───────────────────────────────────────────────────────────────────── */

/* All its instances must be gone. Not from inside `done`, `ready`, a store hook, a sink or a host
 * function of one of them. Where this ends the engine too, an own loop must have no handles but the
 * engine's. NULL is allowed. */
SPIN_API void spin_execution_context_free(spin_execution_context_t *context);
/* Borrowed. */
SPIN_API spin_application_t *spin_execution_context_application(spin_execution_context_t *context);
SPIN_API uv_loop_t *spin_execution_context_loop(spin_execution_context_t *context);
/* The compiled module of component `id`, borrowed, to look at its imports and exports; NULL where
 * there is no such component. */
SPIN_API const wasmtime_module_t *spin_execution_context_module(spin_execution_context_t *context,
                                                                spin_slice_t id);

/* Where a stream of the guest leads. */
typedef enum spin_redirect_kind {
    SPIN_REDIRECT_NONE = 0, /* stdin: at its end; stdout and stderr: thrown away */
    SPIN_REDIRECT_BYTES,    /* stdin: `bytes` */
    SPIN_REDIRECT_SINK,     /* stdout, stderr: handed to `sink` */
    SPIN_REDIRECT_FD,       /* a descriptor of the host, which stays the caller's; a write blocks
                               the loop while a pipe is full */
} spin_redirect_kind_t;

/* Takes what a guest wrote, at once and whole; `bytes` is valid during the call. False: the guest's
 * write fails with EPIPE. */
typedef bool (*spin_sink_fn)(spin_slice_t bytes, void *user);

/* A stream of the guest; which of `bytes`, `sink` (with its `user`) and `fd` counts, `kind` says.
 */
typedef struct spin_redirect {
    spin_redirect_kind_t kind;
    spin_slice_t bytes; /* kept by the caller until the instance is freed */
    spin_sink_fn sink;
    void *user;
    int fd;
} spin_redirect_t;

/* A name and what it stands for. */
typedef struct spin_pair {
    spin_slice_t key;
    spin_slice_t value;
} spin_pair_t;

/* Everything pointed to is kept by the caller until the instance is freed. */
typedef struct spin_prepare_options {
    size_t size;              /* sizeof(spin_prepare_options_t) */
    const spin_slice_t *args; /* argv, its first entry included */
    size_t args_len;
    const spin_pair_t *environment; /* beside the component's own; equal names here win */
    size_t environment_len;
    spin_redirect_t in;
    spin_redirect_t out;
    spin_redirect_t err;
    uint64_t timeout_ms; /* 0: the context's */
    void *user;          /* for spin_instance_user */
} spin_prepare_options_t;

/* A fresh store for component `id`, with files, environment, arguments and redirects in place, and
 * a fresh instance in it. `options` may be NULL. The caller frees `*out` with spin_instance_free.
 * Errors: NOT_FOUND (no such component), LIMIT (max_instances of the context or of the engine are
 * alive, other contexts wait for one, or there is no room for the guest's memories), TRAP, EXIT and
 * TIMEOUT (its start function), USAGE (a bad options struct), NO_MEMORY, and what the store hook
 * returns. */
SPIN_API spin_error_t *
spin_execution_context_prepare_component(spin_execution_context_t *context, spin_slice_t id,
                                         const spin_prepare_options_t *options,
                                         spin_instance_t **out);

/* Told once when a started preparation ends. `error` is NULL or the callee's to free; after an
 * error the callee frees `instance` all the same. */
typedef void (*spin_ready_fn)(spin_instance_t *instance, spin_error_t *error, void *user);

/* The same without blocking, for use inside the loop's callbacks: `ready` comes at once, before
 * this returns, unless the module's start function waits or takes its time. `*out` is set before
 * `ready` is called, for spin_instance_free, which also ends a preparation that is under way; where
 * `ready` freed the instance `*out` must not be used. When this returns an error `ready` is not
 * called and there is no instance. */
SPIN_API spin_error_t *spin_execution_context_start_component(spin_execution_context_t *context,
                                                              spin_slice_t id,
                                                              const spin_prepare_options_t *options,
                                                              spin_ready_fn ready, void *user,
                                                              spin_instance_t **out);

/* ── instance ────────────────────────────────────────────────────────────────────────────── */

/* Borrowed, valid until the instance is freed. */
SPIN_API wasmtime_context_t *spin_instance_store(spin_instance_t *instance);
SPIN_API const wasmtime_instance_t *spin_instance_wasm(spin_instance_t *instance);
SPIN_API const spin_component_t *spin_instance_component(spin_instance_t *instance);
SPIN_API spin_execution_context_t *spin_instance_context(spin_instance_t *instance);
SPIN_API void *spin_instance_user(spin_instance_t *instance);
/* The instance to which a store belongs; for host functions (wasmtime_caller_context). */
SPIN_API spin_instance_t *spin_instance_from_store(const wasmtime_context_t *store);

/* Finds an exported function. Errors: NOT_FOUND, INVALID (exported, and not a function), USAGE (its
 * preparation failed or is not over). */
SPIN_API spin_error_t *spin_instance_function(spin_instance_t *instance, spin_slice_t name,
                                              wasmtime_func_t *out);

/* A view of `len` bytes at `offset` in the guest's first memory, valid until the guest runs again.
 * `align` is a power of two. Errors: TRAP, when it is outside of the memory or not aligned. */
SPIN_API spin_error_t *spin_instance_memory(spin_instance_t *instance, uint64_t offset,
                                            uint64_t len, uint32_t align, uint8_t **out);

/* Told once when a started call ends. `error` is NULL or the callee's to free. */
typedef void (*spin_call_done_fn)(spin_instance_t *instance, spin_error_t *error, void *user);

/* Starts a call on the context's loop and returns; `done` comes from a later turn of the loop, or
 * before this returns where the guest begins at once (while the loop is busy it stands in line) and
 * neither waits nor uses up its slice of time. `args` is
 * copied; `results` (of `results_len` values) is filled before `done` and kept by the caller until
 * then. The instance may be freed inside `done`. Errors: USAGE (one call is under way already). */
SPIN_API spin_error_t *spin_instance_start(spin_instance_t *instance, const wasmtime_func_t *func,
                                           const wasmtime_val_t *args, size_t args_len,
                                           wasmtime_val_t *results, size_t results_len,
                                           spin_call_done_fn done, void *user);

/* The same, run to its end: turns the context's loop until the guest has returned. Not from inside
 * a callback of that loop. Errors: TRAP, EXIT, TIMEOUT, USAGE (one call is under way already),
 * CANCELLED (the instance was freed meanwhile). */
SPIN_API spin_error_t *spin_instance_call(spin_instance_t *instance, const wasmtime_func_t *func,
                                          const wasmtime_val_t *args, size_t args_len,
                                          wasmtime_val_t *results, size_t results_len);

/* Also ends a call that is under way: its `done` is not called. From inside a sink or a host
 * function of the same instance, or what tells one of its end, it takes effect when that returns.
 * Not from inside its store hook.
 * NULL is allowed. */
SPIN_API void spin_instance_free(spin_instance_t *instance);

#ifdef __cplusplus
}
#endif

#endif
