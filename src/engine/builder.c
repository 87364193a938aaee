#include "engine/builder.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "component/component.h"
#include "engine/component.h"
#include "engine/context.h"

enum { LINKS_BLOCK_BYTES = 512 };

/* For who adds components only. */
static spin_application_t *empty_application(void) {
    spin_application_t *application = mem_calloc(1, sizeof *application);
    if (application != NULL)
        atomic_init(&application->refs, 1);
    return application;
}

/* A name that the application does not have is no error: one set of values may serve several. */
static void warn_of_unknown(const spin_execution_context_t *context) {
    const spin_application_t *application = context->application;
    for (size_t i = 0; i < context->settings.variables_len; i++) {
        spin_slice_t name = context->settings.variables[i].key;
        size_t at = 0;
        while (at < application->variables_len &&
               !slice_equal(application->variables[at].name, name))
            at++;
        if (at == application->variables_len)
            LOG_WARN("a value for a variable that the application does not have",
                     LOG_SLICE("application", application->name), LOG_SLICE("variable", name));
    }
}

static spin_error_t *init_context(spin_execution_context_t *context,
                                  const spin_engine_options_t *options) {
    spin_engine_t *engine = context->engine;
    context->woken.ring = &engine->scheduler.woken;
    context->preempted.ring = &engine->scheduler.preempted;
    arena_init(&context->links.arena, LINKS_BLOCK_BYTES);
    context->links.resources = engine->links.resources;
    context->links.imports = engine->links.imports;
    spin_error_t *error = context_settings_init(options, &context->settings);
    if (error == NULL)
        warn_of_unknown(context);
    return error;
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
    builder->context->engine = spin_engine_ref(options->engine);
    builder->context->application =
        application != NULL ? spin_application_ref(application) : empty_application();
    if (builder->context->application == NULL) {
        error = error_no_memory();
        goto out;
    }
    error = init_context(builder->context, options);
out:
    if (error != NULL) {
        spin_engine_builder_free(builder);
        return error;
    }
    *out = builder;
    return NULL;
}

/* Made when something is added, which most contexts never do: sixty functions take their memory
 * once, and not a thousand times. */
abi_links_t *context_own_links(spin_execution_context_t *context) {
    if (context->links.linker == NULL)
        context->links.linker = wasmtime_linker_clone(context->engine->links.linker);
    return &context->links;
}

abi_links_t *builder_links(spin_engine_builder_t *builder) {
    return builder->context != NULL ? context_own_links(builder->context) : &builder->engine->links;
}

wasm_engine_t *spin_engine_builder_engine(spin_engine_builder_t *builder) {
    return builder->context->engine->wasm;
}

wasmtime_linker_t *spin_engine_builder_linker(spin_engine_builder_t *builder) {
    return builder_links(builder)->linker;
}

void spin_engine_builder_on_store(spin_engine_builder_t *builder, spin_store_hook_fn hook,
                                  void *user) {
    builder->context->store_hook = hook;
    builder->context->store_hook_user = user;
}

spin_error_t *spin_engine_builder_add_component(spin_engine_builder_t *builder, spin_slice_t id,
                                                spin_wasm_component_t *component) {
    spin_execution_context_t *context = builder->context;
    if (component->definition_only)
        return error_new(SPIN_ERROR_USAGE, "component \"%.*s\": a definition only can't be run",
                         SLICE_ARG(id));
    bool is_taken = application_find_component(context->application, id) != NULL;
    for (size_t i = 0; i < context->given.len; i++)
        is_taken |= slice_equal(context->given.items[i].id, id);
    if (is_taken)
        return error_new(SPIN_ERROR_USAGE, "there is a component \"%.*s\" already", SLICE_ARG(id));
    given_component_t given = {arena_copy(&context->links.arena, id), component};
    if (given.id.ptr == NULL || !VEC_PUSH(&context->given, given))
        return error_no_memory();
    spin_wasm_component_ref(component);
    return NULL;
}

static spin_error_t *init_component(spin_execution_context_t *context,
                                    const spin_component_t *source, spin_wasm_component_t *given) {
    engine_component_t *component = &context->components[context->components_len++];
    component->context = context;
    component->component = source;
    if (given != NULL)
        component->given = spin_wasm_component_ref(given);
    spin_error_t *error = engine_component_init(component);
    if (error != NULL)
        return error_wrap(error, "component \"%.*s\"", SLICE_ARG(source->id));
    return map_set(&context->by_id, source->id, component) ? NULL : error_no_memory();
}

static spin_error_t *init_components(spin_execution_context_t *context) {
    spin_application_t *application = context->application;
    size_t len = application->components_len + context->given.len;
    spin_error_t *error = NULL;
    context->components = mem_calloc(len + 1, sizeof *context->components); /* not NULL for none */
    if (context->components == NULL)
        return error_no_memory();
    for (size_t i = 0; i < application->components_len && error == NULL; i++)
        error = init_component(context, &application->components[i], NULL);
    for (size_t i = 0; i < context->given.len && error == NULL; i++) {
        spin_component_t *source = arena_calloc(&context->links.arena, 1, sizeof *source);
        if (source == NULL)
            return error_no_memory();
        source->application = application;
        source->id = context->given.items[i].id;
        error = init_component(context, source, context->given.items[i].binary);
    }
    return error;
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

void spin_execution_context_free(spin_execution_context_t *context) {
    if (context == NULL)
        return;
    for (size_t i = 0; i < context->components_len; i++)
        engine_component_deinit(&context->components[i]);
    for (size_t i = 0; i < context->given.len; i++)
        spin_wasm_component_unref(context->given.items[i].binary);
    VEC_FREE(&context->given);
    mem_free(context->components);
    map_deinit(&context->by_id);
    room_leave(context);
    abi_links_deinit(&context->links);
    context_settings_deinit(&context->settings);
    spin_application_unref(context->application);
    spin_engine_unref(context->engine);
    mem_free(context);
}

spin_application_t *spin_execution_context_application(spin_execution_context_t *context) {
    return context->application;
}

const wasmtime_module_t *spin_execution_context_module(spin_execution_context_t *context,
                                                       spin_slice_t id) {
    const engine_component_t *component = map_get(&context->by_id, id);
    return component == NULL ? NULL : component->module->module;
}

bool engine_context_has_model(const spin_execution_context_t *context, spin_slice_t id) {
    const engine_component_t *component = map_get(&context->by_id, id);
    return component != NULL && component->model != NULL;
}

uv_loop_t *spin_execution_context_loop(spin_execution_context_t *context) {
    return context->engine->scheduler.loop;
}
