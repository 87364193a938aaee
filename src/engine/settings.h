/* From the caller's options to Wasmtime's configuration. */
#ifndef ENGINE_SETTINGS_H
#define ENGINE_SETTINGS_H

#include "engine/shim.h"
#include "spin/engine.h"

enum {
    ENGINE_TABLE_ELEMENTS = 128 * 1024, /* of each table, pooled or not */
    /* Beside one for each instance, the stacks on which guests are called back from inside host
     * functions, for each reason there is. Each costs a system call when the engine is made. */
    ENGINE_CALLBACK_STACKS = 32,
    ENGINE_CALLBACK_REASONS = 2,
    /* Those of calls inside of asynchronous components, beside one more for each instance: each
     * call that waits without a callback has one, and each that is in a call. */
    ENGINE_TASK_STACKS = 256,
};

/* How many asynchronous calls, of all instances, may hold a stack. */
#define ENGINE_MOST_TASK_STACKS(settings) ((settings)->max_instances + ENGINE_TASK_STACKS)

/* An engine's options with defaults filled in and everything copied. */
typedef struct engine_settings {
    uv_loop_t *loop;
    uint32_t max_instances;
    uint64_t max_memory_bytes;
    uint64_t timeout_ms;
    char *cache_dir; /* NULL: no cache */
    const spin_pair_t *environment;
    size_t environment_len;
    bool pooled; /* set by engine_settings_new_engine: compiled code differs */
    arena_t arena;
} engine_settings_t;

/* Errors: USAGE (a bad options struct or environment entry, or what only a context has), NO_MEMORY.
 * `*out` needs engine_settings_deinit in every case. */
spin_error_t *engine_settings_init(const spin_engine_options_t *options, engine_settings_t *out);
void engine_settings_deinit(engine_settings_t *settings);

/* A context's: what its options leave at zero is the engine's. */
typedef struct context_settings {
    uint32_t max_instances;
    uint64_t max_memory_bytes;
    uint64_t timeout_ms;
    const spin_pair_t *environment;
    size_t environment_len;
    const spin_pair_t *variables;
    size_t variables_len;
    arena_t arena;
} context_settings_t;

/* `options->engine` is set, and its settings are borrowed for as long. Errors: USAGE (as above, or
 * what only an engine has), NO_MEMORY. `*out` needs context_settings_deinit in every case. */
spin_error_t *context_settings_init(const spin_engine_options_t *options, context_settings_t *out);
void context_settings_deinit(context_settings_t *settings);

/* Makes an engine: with a pool of instance slots where the address space has room for one, without
 * otherwise. Errors: INTERNAL, NO_MEMORY. */
spin_error_t *engine_settings_new_engine(engine_settings_t *settings, wasm_engine_t **out);

#endif
