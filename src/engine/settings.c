#include "engine/settings.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "base/options.h"
#include "engine/engine.h"

enum {
    KIB = 1024,
    MIB = 1024 * 1024,
    WASM_STACK_BYTES = 512 * KIB,
    ASYNC_STACK_BYTES = 1 * MIB, /* Wasm's share, and as much for host functions on top of it */
    /* For each instance of the pool; a composed component may have more of them than others. */
    TABLES_PER_INSTANCE = 4,
    TABLES_PER_MODULE = 64,
    MEMORIES_PER_MODULE = 32,
    /* A component's modules are one: all their functions and globals together. A limit only,
     * nothing is set aside for it. */
    CORE_INSTANCE_BYTES = 8 * MIB,
    /* What an idle worker holds is bounded by their product. */
    WARM_SLOTS = 1024,
    KEEP_RESIDENT_BYTES = 256 * KIB, /* at most, in each memory that was used */
    TABLE_KEEP_RESIDENT_BYTES = 16 * KIB,
    STACK_KEEP_RESIDENT_BYTES = 32 * KIB,
    DECOMMIT_BATCH = 32,
};

static const uint64_t wasm32_bytes = 4ull * 1024 * MIB;
static const uint64_t guard_bytes = 32ull * MIB;
static const uint64_t most_memory_bytes = 64ull * 1024 * MIB;

/* "K=V" taken apart. False: it has no key, or no "=". */
static bool split(spin_slice_t entry, spin_pair_t *out) {
    size_t equals = slice_find(entry, '=');
    if (equals == 0 || equals == entry.len)
        return false;
    *out = (spin_pair_t){spin_slice_of(entry.ptr, equals), slice_from(entry, equals + 1)};
    return true;
}

/* `what` is what an entry is called, and what it must look like. A value may be a secret, so an
 * entry is told by its number. */
static spin_error_t *copy_pairs(const char *const *entries, size_t len, arena_t *arena,
                                const char *const what[2], const spin_pair_t **out,
                                size_t *out_len) {
    if (entries == NULL || len == 0)
        return NULL;
    spin_pair_t *pairs = arena_calloc(arena, len, sizeof *pairs);
    if (pairs == NULL)
        return error_no_memory();
    for (size_t i = 0; i < len; i++) {
        if (entries[i] == NULL)
            return error_new(SPIN_ERROR_USAGE, "%s %zu is NULL", what[0], i + 1);
        spin_slice_t entry = arena_copy(arena, spin_slice(entries[i]));
        if (entry.ptr == NULL)
            return error_no_memory();
        if (!split(entry, &pairs[i]))
            return error_new(SPIN_ERROR_USAGE, "%s %zu is not %s", what[0], i + 1, what[1]);
    }
    *out = pairs;
    *out_len = len;
    return NULL;
}

static spin_error_t *copy_environment(const spin_engine_options_t *options, arena_t *arena,
                                      const spin_pair_t **out, size_t *out_len) {
    static const char *const what[] = {"environment entry", "KEY=VALUE"};
    return copy_pairs(options->environment, options->environment_len, arena, what, out, out_len);
}

static spin_error_t *copy_path(arena_t *arena, const char *folder, const char *below, char **out) {
    *out = (char *)(uintptr_t)arena_printf(arena, "%s%s", folder, below).ptr;
    return *out == NULL ? error_no_memory() : NULL;
}

/* The XDG base directory specification: an unset or relative $XDG_CACHE_HOME means ~/.cache. */
static spin_error_t *default_cache_dir(arena_t *arena, char **out) {
    const char *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    if (xdg != NULL && xdg[0] == '/')
        return copy_path(arena, xdg, "/spin", out);
    if (home != NULL && home[0] == '/')
        return copy_path(arena, home, "/.cache/spin", out);
    return NULL;
}

static spin_error_t *check_instances(uint32_t max_instances) {
    if (max_instances <= SPIN_ENGINE_MOST_INSTANCES)
        return NULL;
    return error_new(SPIN_ERROR_USAGE, "max_instances is %u, and at most %d", max_instances,
                     SPIN_ENGINE_MOST_INSTANCES);
}

static spin_error_t *check_engine_only(const spin_engine_options_t *given) {
    if (given->engine != NULL || given->variables != NULL || given->variables_len != 0)
        return error_new(SPIN_ERROR_USAGE, "an engine has no \"%s\": it is an option of builders",
                         given->engine != NULL ? "engine" : "variables");
    return check_instances(given->max_instances);
}

spin_error_t *engine_settings_init(const spin_engine_options_t *options, engine_settings_t *out) {
    *out = (engine_settings_t){0};
    spin_engine_options_t given = {0};
    spin_error_t *error = options_take(&given, sizeof given, options, "spin_engine_options_t");
    if (error == NULL)
        error = check_engine_only(&given);
    if (error != NULL)
        return error;
    out->loop = given.loop;
    out->max_instances =
        given.max_instances != 0 ? given.max_instances : SPIN_ENGINE_DEFAULT_INSTANCES;
    out->max_memory_bytes =
        given.max_memory_bytes != 0 ? given.max_memory_bytes : SPIN_ENGINE_DEFAULT_MEMORY_BYTES;
    if (out->max_memory_bytes > most_memory_bytes)
        out->max_memory_bytes = most_memory_bytes;
    out->timeout_ms = given.timeout_ms != 0 ? given.timeout_ms : SPIN_ENGINE_DEFAULT_TIMEOUT_MS;
    if (!given.disable_cache) {
        error = given.cache_dir != NULL
                    ? copy_path(&out->arena, given.cache_dir, "", &out->cache_dir)
                    : default_cache_dir(&out->arena, &out->cache_dir);
        if (error != NULL)
            return error;
    }
    return copy_environment(&given, &out->arena, &out->environment, &out->environment_len);
}

void engine_settings_deinit(engine_settings_t *settings) {
    arena_deinit(&settings->arena);
}

/* ── a context's ── */

/* There may be thousands, most of them with a few short values. */
enum { CONTEXT_BLOCK_BYTES = 256 };

static uint64_t within(uint64_t own, uint64_t engines) {
    return own != 0 && own < engines ? own : engines;
}

static spin_error_t *check_context_only(const spin_engine_options_t *given) {
    const char *what = given->cache_dir != NULL ? "cache_dir"
                       : given->disable_cache   ? "disable_cache"
                                                : NULL;
    if (given->loop != NULL && given->loop != spin_engine_loop(given->engine))
        what = "loop";
    if (what != NULL)
        return error_new(SPIN_ERROR_USAGE,
                         "\"%s\" is set beside \"engine\": it is the engine's that counts", what);
    return check_instances(given->max_instances);
}

spin_error_t *context_settings_init(const spin_engine_options_t *options, context_settings_t *out) {
    static const char *const what[] = {"variable", "name=value"};
    *out = (context_settings_t){0};
    arena_init(&out->arena, CONTEXT_BLOCK_BYTES);
    spin_error_t *error = check_context_only(options);
    if (error != NULL)
        return error;
    const engine_settings_t *engine = &options->engine->settings;
    out->max_instances = (uint32_t)within(options->max_instances, engine->max_instances);
    out->max_memory_bytes = within(options->max_memory_bytes, engine->max_memory_bytes);
    out->timeout_ms = options->timeout_ms != 0 ? options->timeout_ms : engine->timeout_ms;
    out->environment = engine->environment;
    out->environment_len = engine->environment_len;
    error = copy_environment(options, &out->arena, &out->environment, &out->environment_len);
    if (error == NULL)
        error = copy_pairs(options->variables, options->variables_len, &out->arena, what,
                           &out->variables, &out->variables_len);
    return error;
}

void context_settings_deinit(context_settings_t *settings) {
    arena_deinit(&settings->arena);
}

/* ── Wasmtime's ── */

/* Address space of a memory in the pool. More than 4 GiB is for memories with 64-bit addresses. */
static uint64_t slot_bytes(const engine_settings_t *settings) {
    return settings->max_memory_bytes > wasm32_bytes ? settings->max_memory_bytes : wasm32_bytes;
}

static uint64_t memory_slots(const engine_settings_t *settings) {
    return (uint64_t)settings->max_instances + settings->max_instances / 4 + 8;
}

/* Whether that much address space is to be had: a container or `ulimit -v` may refuse it. */
static bool address_space_has(uint64_t bytes) {
    void *probe =
        mmap(NULL, (size_t)bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (probe == MAP_FAILED)
        return false;
    munmap(probe, (size_t)bytes);
    return true;
}

/* Wasmtime compiles on a pool of threads that it never gives back: a process that is forked from
 * one that has it inherits the pool without its threads, and would wait for them for ever. */
static bool may_have_threads(void) {
    static _Atomic(pid_t) owner;
    pid_t first = 0, self = getpid();
    return atomic_compare_exchange_strong(&owner, &first, self) || first == self;
}

static wasm_config_t *common_config(void) {
    wasm_config_t *config = wasm_config_new();
    wasmtime_config_strategy_set(config, WASMTIME_STRATEGY_CRANELIFT);
    wasmtime_config_cranelift_opt_level_set(config, WASMTIME_OPT_LEVEL_SPEED);
    wasmtime_config_parallel_compilation_set(config, may_have_threads());
    wasmtime_config_epoch_interruption_set(config, true);
    wasmtime_config_max_wasm_stack_set(config, WASM_STACK_BYTES);
    wasmtime_config_async_stack_size_set(config, ASYNC_STACK_BYTES);
    wasmtime_config_memory_init_cow_set(config, true);
    wasmtime_config_wasm_multi_memory_set(config, true);
    return config;
}

static uint32_t stacks(const engine_settings_t *settings) {
    return settings->max_instances + ENGINE_CALLBACK_STACKS * ENGINE_CALLBACK_REASONS +
           ENGINE_MOST_TASK_STACKS(settings);
}

static wasm_config_t *pooling_config(const engine_settings_t *settings) {
    wasmtime_pooling_allocation_config_t *pool = wasmtime_pooling_allocation_config_new();
    uint32_t instances = settings->max_instances;
#define SET(name, value) wasmtime_pooling_allocation_config_##name##_set(pool, (value))
    SET(total_core_instances, instances);
    SET(total_stacks, stacks(settings));
    SET(total_memories, (uint32_t)memory_slots(settings));
    SET(total_tables, instances * TABLES_PER_INSTANCE + TABLES_PER_MODULE);
    SET(max_memories_per_module, MEMORIES_PER_MODULE);
    SET(max_tables_per_module, TABLES_PER_MODULE);
    SET(max_core_instance_size, CORE_INSTANCE_BYTES);
    SET(max_memory_size, (size_t)settings->max_memory_bytes);
    SET(table_elements, ENGINE_TABLE_ELEMENTS);
#ifdef WASMTIME_FEATURE_GC
    SET(total_gc_heaps, instances);
#endif
    /* A memory stays its module's as long as there are others: with a smaller number here the
     * modules of many applications would take them from each other, at four times the price of a
     * request. What is resident does not grow by it beyond what one busy application may hold. */
    SET(max_unused_warm_slots, WARM_SLOTS);
    SET(table_keep_resident, TABLE_KEEP_RESIDENT_BYTES);
    SET(async_stack_keep_resident, STACK_KEEP_RESIDENT_BYTES);
    if (spin_wasmtime_pagemap_scan_available()) {
        /* Only dirty pages are put back, so a large bound costs nothing. */
        spin_wasmtime_pooling_pagemap_scan_set(pool, true);
        SET(linear_memory_keep_resident, KEEP_RESIDENT_BYTES);
    } else {
        SET(decommit_batch_size, DECOMMIT_BATCH);
    }
#undef SET
    wasm_config_t *config = common_config();
    wasmtime_config_memory_reservation_set(config, slot_bytes(settings));
    wasmtime_config_memory_guard_size_set(config, guard_bytes);
    wasmtime_pooling_allocation_strategy_set(config, pool);
    wasmtime_pooling_allocation_config_delete(pool);
    return config;
}

/* Bounds checks instead of reservations, and a mapping for each instance: slower, and it runs
 * anywhere. */
static wasm_config_t *on_demand_config(void) {
    wasm_config_t *config = common_config();
    wasmtime_config_memory_reservation_set(config, 0);
    wasmtime_config_memory_guard_size_set(config, 64 * KIB);
    wasmtime_config_memory_reservation_for_growth_set(config, 1 * MIB);
    return config;
}

/* Wasmtime divides its pool by the number of processors that the thread may run on, and a thread
 * takes from its own part first. An engine has one thread, which is to have the whole pool. */
static wasmtime_error_t *new_pooling_engine(const engine_settings_t *settings,
                                            wasm_engine_t **out) {
    cpu_set_t all, one;
    int cpu = sched_getcpu();
    bool narrowed = cpu >= 0 && cpu < CPU_SETSIZE && sched_getaffinity(0, sizeof all, &all) == 0;
    if (narrowed) {
        CPU_ZERO(&one);
        CPU_SET((unsigned)cpu, &one);
        narrowed = sched_setaffinity(0, sizeof one, &one) == 0;
    }
    wasmtime_error_t *error = spin_wasmtime_engine_new(pooling_config(settings), out);
    if (narrowed)
        sched_setaffinity(0, sizeof all, &all);
    return error;
}

spin_error_t *engine_settings_new_engine(engine_settings_t *settings, wasm_engine_t **out) {
    uint64_t reserve = (slot_bytes(settings) + guard_bytes) * memory_slots(settings) +
                       (uint64_t)ASYNC_STACK_BYTES * stacks(settings);
    wasmtime_error_t *error = NULL;
    if (address_space_has(reserve + reserve / 16)) {
        error = new_pooling_engine(settings, out);
        settings->pooled = error == NULL;
        if (settings->pooled)
            return NULL;
    }
    spin_error_t *reason =
        error != NULL ? engine_error_take(error, SPIN_ERROR_LIMIT)
                      : error_new(SPIN_ERROR_LIMIT, "%llu GiB of address space are not to be had",
                                  (unsigned long long)(reserve >> 30));
    LOG_WARN("no pool of instance slots, each instance maps its own memory",
             LOG_INT("max_instances", settings->max_instances), LOG_ERR("reason", reason));
    spin_error_free(reason);
    error = spin_wasmtime_engine_new(on_demand_config(), out);
    return error == NULL ? NULL : engine_error_take(error, SPIN_ERROR_INTERNAL);
}

spin_error_t *engine_error_take(wasmtime_error_t *error, spin_error_kind_t kind) {
    wasm_byte_vec_t message;
    wasmtime_error_message(error, &message);
    spin_error_t *taken = error_new(kind, "%.*s", (int)message.size, message.data);
    wasm_byte_vec_delete(&message);
    wasmtime_error_delete(error);
    return taken;
}
