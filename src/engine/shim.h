/* The functions of third_party/wasmtime's shim, or what stands in for them with an official release
 * of Wasmtime. */
#ifndef ENGINE_SHIM_H
#define ENGINE_SHIM_H

#include <wasmtime.h>

#include "base/arena.h"
#include "spin/error.h"

#if SPIN_WASMTIME_SHIM
#include <spin_wasmtime.h>
#else
#include <stdbool.h>
#include <stdint.h>

typedef struct spin_wasmtime_memory_budget {
    uint64_t limit_bytes;
    uint64_t used_bytes;
    uint64_t last_growth_bytes;
    uint64_t table_elements_limit;
    bool refused;
} spin_wasmtime_memory_budget_t;

static inline wasmtime_error_t *spin_wasmtime_engine_new(wasm_config_t *config,
                                                         wasm_engine_t **out) {
    *out = wasm_engine_new_with_config(config);
    return NULL;
}

static inline bool spin_wasmtime_pagemap_scan_available(void) {
    return false;
}

static inline void
spin_wasmtime_pooling_pagemap_scan_set(wasmtime_pooling_allocation_config_t *config, bool enable) {
    (void)config;
    (void)enable;
}

/* One memory at most, so that its own limit is the limit of them all. */
static inline void spin_wasmtime_store_budget_set(wasmtime_store_t *store,
                                                  spin_wasmtime_memory_budget_t *budget) {
    wasmtime_store_limiter(store, (int64_t)budget->limit_bytes,
                           (int64_t)budget->table_elements_limit, -1, -1, 1);
}
#endif

/* Turns Wasmtime's error into ours and frees it. `kind` is the caller's judgement. */
spin_error_t *engine_error_take(wasmtime_error_t *error, spin_error_kind_t kind);

#endif
