#include "engine/engine.h"

#include <stdalign.h>

#include "base/alloc.h"
#include "base/error.h"
#include "engine/builder.h"
#include "engine/context.h"

static spin_error_t *init(spin_engine_t *engine, const spin_engine_options_t *options) {
    spin_error_t *error = engine_settings_init(options, &engine->settings);
    if (error == NULL)
        error = engine_settings_new_engine(&engine->settings, &engine->wasm);
    if (error == NULL)
        error = scheduler_init(&engine->scheduler, engine->settings.loop, engine);
    if (error != NULL)
        return error;
    engine->links.linker = wasmtime_linker_new(engine->wasm);
    /* callers may replace what is there */
    wasmtime_linker_allow_shadowing(engine->links.linker, true);
    module_cache_open(&engine->cache, engine->settings.cache_dir);
    return abi_legacy_define(engine->links.linker);
}

spin_error_t *engine_new(const spin_engine_options_t *options, spin_engine_t **out) {
    spin_engine_t *engine = mem_calloc(1, sizeof *engine);
    if (engine == NULL)
        return error_no_memory();
    engine->refs = 1;
    engine->cache.dir = -1;
    spin_error_t *error = init(engine, options);
    if (error != NULL)
        spin_engine_unref(engine);
    else
        *out = engine;
    return error;
}

spin_error_t *engine_add_host(spin_engine_t *engine, const engine_host_t *host) {
    const size_t align = alignof(max_align_t);
    spin_engine_builder_t builder = {.engine = engine};
    spin_error_t *error = NULL;
    if (host->engine_init != NULL)
        error = host->engine_init(engine, &engine->host_shared[host->id]);
    if (error == NULL) {
        engine->hosts[host->id] = host;
        engine->state_offsets[host->id] = engine->states_size;
        engine->states_size += (host->state_size + align - 1) / align * align;
        error = host->define(&builder);
    }
    return error == NULL ? NULL : error_wrap(error, "%s", host->name);
}

static void deinit_hosts(spin_engine_t *engine) {
    for (size_t i = ENGINE_HOST_COUNT; i > 0; i--) {
        const engine_host_t *host = engine->hosts[i - 1];
        if (host != NULL && host->engine_deinit != NULL)
            host->engine_deinit(engine->host_shared[i - 1]);
    }
}

static void free_engine(spin_engine_t *engine) {
    deinit_hosts(engine);
    engine_free_spares(engine);
    scheduler_deinit(&engine->scheduler);
    module_cache_close(&engine->cache);
    abi_links_deinit(&engine->links);
    if (engine->wasm != NULL)
        wasm_engine_delete(engine->wasm);
    engine_settings_deinit(&engine->settings);
    mem_free(engine);
}

spin_engine_t *spin_engine_ref(spin_engine_t *engine) {
    engine->refs++;
    return engine;
}

void spin_engine_unref(spin_engine_t *engine) {
    if (engine != NULL && --engine->refs == 0)
        free_engine(engine);
}

uv_loop_t *spin_engine_loop(spin_engine_t *engine) {
    return engine->scheduler.loop;
}

void *engine_host_shared(spin_instance_t *instance, engine_host_id_t id) {
    return instance->component->context->engine->host_shared[id];
}
