#include "bare_loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wasmtime.h>

#include "engine/shim.h" /* or what stands in for it with an official release */

/* As src/engine/settings.c sets them. */
enum {
    INSTANCES = 1000,
    MEMORIES = INSTANCES + INSTANCES / 4 + 8,
    TABLES = 4,
    TABLE_ELEMENTS = 128 * 1024,
    MIB = 1024 * 1024,
    WASM_STACK_BYTES = 512 * 1024,
    ASYNC_STACK_BYTES = 1 * MIB,
    MEMORY_LIMIT = 256 * MIB,
};

struct bare_loop {
    wasm_engine_t *engine;
    wasmtime_linker_t *linker;
    wasmtime_module_t *module;
    wasmtime_instance_pre_t *pre;
};

uint64_t bench_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void check(wasmtime_error_t *error, wasm_trap_t *trap, const char *what) {
    wasm_byte_vec_t message = {0};
    if (error != NULL)
        wasmtime_error_message(error, &message);
    else if (trap != NULL)
        wasm_trap_message(trap, &message);
    else
        return;
    fprintf(stderr, "bare loop: %s: %.*s\n", what, (int)message.size, message.data);
    exit(1);
}

static wasm_config_t *new_config(void) {
    wasm_config_t *config = wasm_config_new();
    wasmtime_config_epoch_interruption_set(config, true);
    wasmtime_config_max_wasm_stack_set(config, WASM_STACK_BYTES);
    wasmtime_config_async_stack_size_set(config, ASYNC_STACK_BYTES);
    wasmtime_config_memory_init_cow_set(config, true);
    wasmtime_config_wasm_multi_memory_set(config, true);
    wasmtime_config_memory_reservation_set(config, 4ull * 1024 * MIB);
    wasmtime_config_memory_guard_size_set(config, 32 * MIB);

    wasmtime_pooling_allocation_config_t *pool = wasmtime_pooling_allocation_config_new();
#define SET(name, value) wasmtime_pooling_allocation_config_##name##_set(pool, (value))
    SET(total_core_instances, INSTANCES);
    SET(total_stacks, INSTANCES);
    SET(total_memories, MEMORIES);
    SET(total_tables, INSTANCES * TABLES);
    SET(max_memories_per_module, 8);
    SET(max_tables_per_module, TABLES);
    SET(max_core_instance_size, 1 * MIB);
    SET(max_memory_size, MEMORY_LIMIT);
    SET(table_elements, TABLE_ELEMENTS);
    SET(max_unused_warm_slots, 64);
    SET(table_keep_resident, 16 * 1024);
    SET(async_stack_keep_resident, 32 * 1024);
    if (spin_wasmtime_pagemap_scan_available()) {
        spin_wasmtime_pooling_pagemap_scan_set(pool, true);
        SET(linear_memory_keep_resident, 4 * MIB);
    } else {
        SET(decommit_batch_size, 32);
    }
#undef SET
    wasmtime_pooling_allocation_strategy_set(config, pool);
    wasmtime_pooling_allocation_config_delete(pool);
    return config;
}

/* Stands in for every import: none of them runs on hello's way. */
static wasm_trap_t *refuse(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args,
                           size_t args_len, wasmtime_val_t *results, size_t results_len) {
    (void)env, (void)caller, (void)args, (void)args_len, (void)results, (void)results_len;
    static const char message[] = "an import was called";
    return wasmtime_trap_new(message, sizeof message - 1);
}

static void define_imports(bare_loop_t *loop) {
    wasm_importtype_vec_t imports;
    wasmtime_module_imports(loop->module, &imports);
    for (size_t i = 0; i < imports.size; i++) {
        const wasm_name_t *module = wasm_importtype_module(imports.data[i]);
        const wasm_name_t *name = wasm_importtype_name(imports.data[i]);
        const wasm_functype_t *type =
            wasm_externtype_as_functype_const(wasm_importtype_type(imports.data[i]));
        check(wasmtime_linker_define_func(loop->linker, module->data, module->size, name->data,
                                          name->size, type, refuse, NULL, NULL),
              NULL, "import");
    }
    wasm_importtype_vec_delete(&imports);
}

static void read_file(const char *path, uint8_t **bytes, size_t *len) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(1);
    }
    *len = (size_t)ftell(file);
    *bytes = malloc(*len);
    rewind(file);
    if (*bytes == NULL || fread(*bytes, 1, *len, file) != *len) {
        perror(path);
        exit(1);
    }
    fclose(file);
}

bare_loop_t *bare_loop_new(const char *path) {
    uint8_t *bytes;
    size_t len;
    bare_loop_t *loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        exit(1);
    read_file(path, &bytes, &len);
    loop->engine = wasm_engine_new_with_config(new_config());
    loop->linker = wasmtime_linker_new(loop->engine);
    check(wasmtime_module_new(loop->engine, bytes, len, &loop->module), NULL, "compile");
    free(bytes);
    define_imports(loop);
    check(wasmtime_linker_instantiate_pre(loop->linker, loop->module, &loop->pre), NULL, "link");
    return loop;
}

static void finish(wasmtime_call_future_t *future, wasmtime_error_t **error, wasm_trap_t **trap) {
    while (!wasmtime_call_future_poll(future))
        ;
    wasmtime_call_future_delete(future);
    check(*error, *trap, "call");
}

static void find(wasmtime_context_t *store, const wasmtime_instance_t *instance, const char *name,
                 wasmtime_extern_t *out) {
    if (!wasmtime_instance_export_get(store, instance, name, strlen(name), out)) {
        fprintf(stderr, "bare loop: no export %s\n", name);
        exit(1);
    }
}

static int32_t call(wasmtime_context_t *store, const wasmtime_instance_t *instance,
                    const char *name, const int32_t *params, size_t params_len) {
    wasmtime_extern_t export;
    wasmtime_val_t args[BENCH_ENTRY_PARAMS], result;
    wasmtime_error_t *error = NULL;
    wasm_trap_t *trap = NULL;
    find(store, instance, name, &export);
    for (size_t i = 0; i < params_len; i++)
        args[i] = (wasmtime_val_t){.kind = WASMTIME_I32, .of.i32 = params[i]};
    finish(wasmtime_func_call_async(store, &export.of.func, args, params_len, &result, 1, &trap,
                                    &error),
           &error, &trap);
    wasmtime_extern_delete(&export);
    return result.of.i32;
}

static void one_round(bare_loop_t *loop) {
    wasmtime_store_t *owner = wasmtime_store_new(loop->engine, NULL, NULL);
    wasmtime_context_t *store = wasmtime_store_context(owner);
    spin_wasmtime_memory_budget_t budget = {.limit_bytes = MEMORY_LIMIT,
                                            .table_elements_limit = TABLE_ELEMENTS};
    spin_wasmtime_store_budget_set(owner, &budget);
    wasmtime_context_epoch_deadline_async_yield_and_update(store, 1);

    wasmtime_instance_t instance;
    wasmtime_error_t *error = NULL;
    wasm_trap_t *trap = NULL;
    finish(wasmtime_instance_pre_instantiate_async(loop->pre, store, &instance, &trap, &error),
           &error, &trap);
    wasmtime_extern_t memory;
    find(store, &instance, "memory", &memory);

    const int32_t uri_len = sizeof BENCH_URI - 1;
    int32_t uri =
        call(store, &instance, BENCH_REALLOC, (int32_t[]){0, 0, 1, uri_len}, BENCH_REALLOC_PARAMS);
    memcpy(wasmtime_memory_data(store, &memory.of.memory) + uri, BENCH_URI, (size_t)uri_len);
    int32_t area = call(store, &instance, BENCH_ENTRY,
                        (int32_t[]){0, uri, uri_len, 4, 0, 4, 0, 0, 0, 0}, BENCH_ENTRY_PARAMS);
    uint16_t status;
    memcpy(&status, wasmtime_memory_data(store, &memory.of.memory) + area, sizeof status);
    if (status != 200) {
        fprintf(stderr, "bare loop: status %u\n", (unsigned)status);
        exit(1);
    }
    wasmtime_extern_delete(&memory);
    wasmtime_store_delete(owner);
}

uint64_t bare_loop_run(bare_loop_t *loop, unsigned rounds) {
    uint64_t begin = bench_now_ns();
    for (unsigned i = 0; i < rounds; i++)
        one_round(loop);
    return bench_now_ns() - begin;
}
