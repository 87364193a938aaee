/* What third_party/wasmtime adds to Wasmtime's C API; src/lib.rs there says why each is needed. An
 * official release of Wasmtime (-DWASMTIME_DIR=) lacks these: test SPIN_WASMTIME_SHIM. */
#ifndef SPIN_WASMTIME_H
#define SPIN_WASMTIME_H

#include <stdbool.h>
#include <stdint.h>
#include <wasmtime.h>

/* As wasm_engine_new_with_config (takes `config`), but reports a failure. */
wasmtime_error_t *spin_wasmtime_engine_new(wasm_config_t *config, wasm_engine_t **out);

/* Whether this kernel can tell which pages of a slot are dirty (Linux 6.7). */
bool spin_wasmtime_pagemap_scan_available(void);
/* Resets only the dirty pages of a slot. Needs the above. */
void spin_wasmtime_pooling_pagemap_scan_set(wasmtime_pooling_allocation_config_t *config,
                                            bool enable);

/* How much linear memory a store may have over all its memories. Zero all but the limits. */
typedef struct spin_wasmtime_memory_budget {
    uint64_t limit_bytes;
    uint64_t used_bytes;
    uint64_t last_growth_bytes;
    uint64_t table_elements_limit; /* of each table */
    bool refused;                  /* a growth was refused since this was last cleared */
} spin_wasmtime_memory_budget_t;

/* `budget` stays the caller's and outlives `store`. */
void spin_wasmtime_store_budget_set(wasmtime_store_t *store, spin_wasmtime_memory_budget_t *budget);

#endif
