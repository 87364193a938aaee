#include "engine/builder.h"

#include "base/alloc.h"
#include "base/error.h"
#include "engine/component.h"
#include "engine/context.h"

static spin_error_t *init_context(spin_execution_context_t *context,
                                  const spin_engine_options_t *options) {
    spin_error_t *error = engine_settings_init(options, &context->settings);
    if (error == NULL)
        error = engine_settings_new_engine(&context->settings, &context->engine);
    if (error == NULL)
        error = scheduler_init(&context->scheduler, context->settings.loop, context->engine);
    if (error != NULL)
        return error;
    context->linker = wasmtime_linker_new(context->engine);
    wasmtime_linker_allow_shadowing(context->linker, true); /* callers may replace what is there */
    module_cache_open(&context->cache, context->settings.cache_dir);
    return abi_legacy_define(context->linker);
}

spin_error_t *engine_builder_new(spin_application_t *application,
                                 const spin_engine_options_t *options,
                                 spin_engine_builder_t **out) {
    spin_error_t *error = NULL;
    spin_engine_builder_t *builder = mem_calloc(1, sizeof *builder);
    if (builder == NULL)
        return error_no_memory();
    builder->context = mem_calloc(1, sizeof *builder->context);
    if (builder->context == NULL) {
        error = error_no_memory();
        goto out;
    }
    builder->context->cache.dir = -1;
    builder->context->application = spin_application_ref(application);
    error = init_context(builder->context, options);
out:
    if (error != NULL) {
        spin_engine_builder_free(builder);
        return error;
    }
    *out = builder;
    return NULL;
}

wasm_engine_t *spin_engine_builder_engine(spin_engine_builder_t *builder) {
    return builder->context->engine;
}

wasmtime_linker_t *spin_engine_builder_linker(spin_engine_builder_t *builder) {
    return builder->context->linker;
}

void spin_engine_builder_on_store(spin_engine_builder_t *builder, spin_store_hook_fn hook,
                                  void *user) {
    builder->context->store_hook = hook;
    builder->context->store_hook_user = user;
}

spin_error_t *engine_builder_add_host(spin_engine_builder_t *builder, const engine_host_t *host) {
    spin_execution_context_t *context = builder->context;
    const size_t align = alignof(max_align_t);
    context->hosts[host->id] = host;
    context->state_offsets[host->id] = context->states_size;
    context->states_size += (host->state_size + align - 1) / align * align;
    spin_error_t *error = host->define(builder);
    return error == NULL ? NULL : error_wrap(error, "%s", host->name);
}

static spin_error_t *init_components(spin_execution_context_t *context) {
    spin_application_t *application = context->application;
    context->components = mem_calloc(application->components_len, sizeof *context->components);
    if (context->components == NULL)
        return error_no_memory();
    for (size_t i = 0; i < application->components_len; i++) {
        engine_component_t *component = &context->components[i];
        component->context = context;
        component->component = &application->components[i];
        context->components_len = i + 1;
        spin_error_t *error = engine_component_init(component);
        if (error != NULL)
            return error_wrap(error, "component \"%.*s\"", SLICE_ARG(component->component->id));
        if (!map_set(&context->by_id, component->component->id, component))
            return error_no_memory();
    }
    return NULL;
}

spin_error_t *spin_engine_builder_build(spin_engine_builder_t *builder,
                                        spin_execution_context_t **out) {
    spin_error_t *error = init_components(builder->context);
    if (error == NULL) {
        *out = builder->context;
        builder->context = NULL;
    }
    spin_engine_builder_free(builder);
    return error;
}

void spin_engine_builder_free(spin_engine_builder_t *builder) {
    if (builder == NULL)
        return;
    spin_execution_context_free(builder->context);
    mem_free(builder);
}

static void free_spares(spin_execution_context_t *context) {
    while (context->spare != NULL) {
        spin_instance_t *next = context->spare->next;
        abi_instance_free(context->spare->abi);
        arena_deinit(&context->spare->arena);
        mem_free(context->spare);
        context->spare = next;
    }
}

void spin_execution_context_free(spin_execution_context_t *context) {
    if (context == NULL)
        return;
    for (size_t i = 0; i < context->components_len; i++)
        engine_component_deinit(&context->components[i]);
    mem_free(context->components);
    module_cache_close(&context->cache);
    map_deinit(&context->by_id);
    free_spares(context);
    scheduler_deinit(&context->scheduler);
    if (context->linker != NULL)
        wasmtime_linker_delete(context->linker);
    if (context->engine != NULL)
        wasm_engine_delete(context->engine);
    arena_deinit(&context->abi_arena);
    engine_settings_deinit(&context->settings);
    spin_application_unref(context->application);
    mem_free(context);
}

spin_application_t *spin_execution_context_application(spin_execution_context_t *context) {
    return context->application;
}

const wasmtime_module_t *spin_execution_context_module(spin_execution_context_t *context,
                                                       spin_slice_t id) {
    const engine_component_t *component = map_get(&context->by_id, id);
    return component == NULL ? NULL : component->module;
}

uv_loop_t *spin_execution_context_loop(spin_execution_context_t *context) {
    return context->scheduler.loop;
}
