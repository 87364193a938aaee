#include "engine/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "base/options.h"

enum {
    KIB = 1024,
    MIB = 1024 * 1024,
    WASM_STACK_BYTES = 512 * KIB,
    ASYNC_STACK_BYTES = 1 * MIB, /* Wasm's share, and as much for host functions on top of it */
    TABLES_PER_MODULE = 4,
    MEMORIES_PER_MODULE = 8,
    CORE_INSTANCE_BYTES = 1 * MIB,
    /* Slots that stay warm, each with up to KEEP_RESIDENT_BYTES: bounds what an idle worker holds.
     */
    WARM_SLOTS = 64,
    KEEP_RESIDENT_BYTES = 4 * MIB,
    TABLE_KEEP_RESIDENT_BYTES = 16 * KIB,
    STACK_KEEP_RESIDENT_BYTES = 32 * KIB,
    DECOMMIT_BATCH = 32,
};

static const uint64_t wasm32_bytes = 4ull * 1024 * MIB;
static const uint64_t guard_bytes = 32ull * MIB;

static spin_error_t *copy_environment(const spin_engine_options_t *options,
                                      engine_settings_t *settings) {
    if (options->environment == NULL)
        return NULL;
    settings->environment =
        arena_calloc(&settings->arena, options->environment_len, sizeof *settings->environment);
    if (settings->environment == NULL)
        return error_no_memory();
    for (size_t i = 0; i < options->environment_len; i++) {
        spin_slice_t entry = arena_copy(&settings->arena, spin_slice(options->environment[i]));
        if (entry.ptr == NULL)
            return error_no_memory();
        size_t equals = slice_find(entry, '=');
        if (equals == 0 || equals == entry.len)
            return error_new(SPIN_ERROR_USAGE, "environment entry \"%.*s\" is not KEY=VALUE",
                             SLICE_ARG(entry));
        settings->environment[settings->environment_len++] =
            (spin_pair_t){{entry.ptr, equals}, {entry.ptr + equals + 1, entry.len - equals - 1}};
    }
    return NULL;
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

spin_error_t *engine_settings_init(const spin_engine_options_t *options, engine_settings_t *out) {
    *out = (engine_settings_t){0};
    spin_engine_options_t given = {0};
    spin_error_t *error = options_take(&given, sizeof given, options, "spin_engine_options_t");
    if (error != NULL)
        return error;
    if (given.max_instances > SPIN_ENGINE_MOST_INSTANCES)
        return error_new(SPIN_ERROR_USAGE, "max_instances is %u, and at most %d",
                         given.max_instances, SPIN_ENGINE_MOST_INSTANCES);
    out->loop = given.loop;
    out->max_instances =
        given.max_instances != 0 ? given.max_instances : SPIN_ENGINE_DEFAULT_INSTANCES;
    out->max_memory_bytes =
        given.max_memory_bytes != 0 ? given.max_memory_bytes : SPIN_ENGINE_DEFAULT_MEMORY_BYTES;
    if (out->max_memory_bytes > wasm32_bytes)
        out->max_memory_bytes = wasm32_bytes;
    out->timeout_ms = given.timeout_ms != 0 ? given.timeout_ms : SPIN_ENGINE_DEFAULT_TIMEOUT_MS;
    if (!given.disable_cache) {
        error = given.cache_dir != NULL
                    ? copy_path(&out->arena, given.cache_dir, "", &out->cache_dir)
                    : default_cache_dir(&out->arena, &out->cache_dir);
        if (error != NULL)
            return error;
    }
    return copy_environment(&given, out);
}

void engine_settings_deinit(engine_settings_t *settings) {
    arena_deinit(&settings->arena);
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

static wasm_config_t *common_config(void) {
    wasm_config_t *config = wasm_config_new();
    wasmtime_config_strategy_set(config, WASMTIME_STRATEGY_CRANELIFT);
    wasmtime_config_cranelift_opt_level_set(config, WASMTIME_OPT_LEVEL_SPEED);
    wasmtime_config_epoch_interruption_set(config, true);
    wasmtime_config_max_wasm_stack_set(config, WASM_STACK_BYTES);
    wasmtime_config_async_stack_size_set(config, ASYNC_STACK_BYTES);
    wasmtime_config_memory_init_cow_set(config, true);
    wasmtime_config_wasm_multi_memory_set(config, true);
    return config;
}

static uint32_t stacks(const engine_settings_t *settings) {
    return settings->max_instances + ENGINE_CALLBACK_STACKS * ENGINE_CALLBACK_REASONS;
}

static wasm_config_t *pooling_config(const engine_settings_t *settings) {
    wasmtime_pooling_allocation_config_t *pool = wasmtime_pooling_allocation_config_new();
    uint32_t instances = settings->max_instances;
#define SET(name, value) wasmtime_pooling_allocation_config_##name##_set(pool, (value))
    SET(total_core_instances, instances);
    SET(total_stacks, stacks(settings));
    SET(total_memories, (uint32_t)memory_slots(settings));
    SET(total_tables, instances * TABLES_PER_MODULE);
    SET(max_memories_per_module, MEMORIES_PER_MODULE);
    SET(max_tables_per_module, TABLES_PER_MODULE);
    SET(max_core_instance_size, CORE_INSTANCE_BYTES);
    SET(max_memory_size, (size_t)settings->max_memory_bytes);
    SET(table_elements, ENGINE_TABLE_ELEMENTS);
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
    wasmtime_config_memory_reservation_set(config, wasm32_bytes);
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

spin_error_t *engine_settings_new_engine(engine_settings_t *settings, wasm_engine_t **out) {
    uint64_t reserve = (wasm32_bytes + guard_bytes) * memory_slots(settings) +
                       (uint64_t)ASYNC_STACK_BYTES * stacks(settings);
    wasmtime_error_t *error = NULL;
    if (address_space_has(reserve + reserve / 16)) {
        error = spin_wasmtime_engine_new(pooling_config(settings), out);
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
