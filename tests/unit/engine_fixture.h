/* Engines that several contexts share, for tests; beside abi_fixture.h. */
#ifndef TESTS_ENGINE_FIXTURE_H
#define TESTS_ENGINE_FIXTURE_H

#include "abi_fixture.h"
#include "engine/context.h"

enum { ENGINE_INSTANCES = 8 };

static inline spin_engine_t *new_engine(uv_loop_t *loop) {
    wasm_signals_restore();
    const spin_engine_options_t options = {.size = sizeof options,
                                           .loop = loop,
                                           .max_instances = ENGINE_INSTANCES,
                                           .max_memory_bytes = 2 << 20,
                                           .timeout_ms = 60 * 1000,
                                           .cache_dir = abi_cache_dir};
    spin_engine_t *engine;
    assert_ok(spin_engine_new(&options, &engine));
    return engine;
}

static inline spin_error_t *try_context(const char *guest, const spin_engine_options_t *options,
                                        spin_execution_context_t **out) {
    spin_engine_builder_t *builder;
    spin_application_t *application = abi_application(guest);
    spin_error_t *error = spin_engine_builder_new(application, options, &builder);
    spin_application_unref(application);
    return error != NULL ? error : spin_engine_builder_build(builder, out);
}

static inline spin_execution_context_t *context_with(const char *guest,
                                                     spin_engine_options_t options) {
    spin_execution_context_t *context;
    options.size = sizeof options;
    assert_ok(try_context(guest, &options, &context));
    return context;
}

static inline spin_execution_context_t *context_of(const char *guest, spin_engine_t *engine) {
    return context_with(guest, (spin_engine_options_t){.engine = engine});
}

static inline spin_error_t *try_prepare(spin_execution_context_t *context, spin_instance_t **out) {
    return spin_execution_context_prepare_component(context, spin_slice("it"), NULL, out);
}

static inline spin_instance_t *prepare(spin_execution_context_t *context) {
    spin_instance_t *instance;
    assert_ok(try_prepare(context, &instance));
    return instance;
}

static inline spin_error_t *call(spin_instance_t *instance, const char *name, int32_t param,
                                 int32_t *result) {
    wasmtime_func_t func;
    wasmtime_val_t arg = {.kind = WASMTIME_I32, .of.i32 = param};
    wasmtime_val_t value = {.kind = WASMTIME_I32};
    assert_ok(spin_instance_function(instance, spin_slice(name), &func));
    spin_error_t *error =
        spin_instance_call(instance, &func, &arg, param >= 0, &value, result != NULL);
    if (result != NULL)
        *result = value.of.i32;
    return error;
}

static inline void assert_answers(spin_execution_context_t *context) {
    int32_t answer;
    spin_instance_t *instance = prepare(context);
    assert_ok(call(instance, "quick", -1, &answer));
    assert_int_equal(answer, 42);
    spin_instance_free(instance);
}

/* A call that is under way. */
typedef struct running {
    spin_instance_t *instance;
    wasmtime_val_t result;
    bool ended;
    spin_error_t *error;
    size_t *count; /* of those that have ended; may be NULL */
} running_t;

static inline void note_end(spin_instance_t *instance, spin_error_t *error, void *user) {
    running_t *running = user;
    (void)instance;
    running->ended = true;
    running->error = error;
    if (running->count != NULL)
        ++*running->count;
}

static inline void start(running_t *running, spin_execution_context_t *context, const char *name,
                         int32_t param, size_t *count) {
    wasmtime_func_t func;
    wasmtime_val_t arg = {.kind = WASMTIME_I32, .of.i32 = param};
    *running = (running_t){.instance = prepare(context), .count = count};
    assert_ok(spin_instance_function(running->instance, spin_slice(name), &func));
    assert_ok(spin_instance_start(running->instance, &func, &arg, param >= 0, &running->result,
                                  param >= 0, note_end, running));
}

#endif
