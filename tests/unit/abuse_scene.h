/* A component that means no good, tests/engine/components/abuse.wat, and its host: what the tests
 * of both share. */
#ifndef TESTS_ABUSE_SCENE_H
#define TESTS_ABUSE_SCENE_H

#include "abi_fixture.h"
#include "engine/context.h"
#include "spin/component.h"

#define HOST "test:host/abuse@1.2.0"

/* Where the guest looks. */
enum { REALLOC_MODE = 100, POST_MODE = 104, DTOR_MODE = 108, RESULT = 200, AREA = 208 };
enum { OUTSIDE = 1, MISALIGNED, TRAPS, NEVER_ENDS, CALLS_OUT };

/* ── the host ── */

enum { MOST_FILES = 64 };

typedef struct host {
    uint32_t opened;
    uint32_t dropped[MOST_FILES]; /* how often */
    uint32_t pokes;
    bool frees;     /* "poke" frees the instance */
    bool drops_too; /* a drop function calls and frees */
    uint64_t given; /* the last file that came back */
    spin_value_t *answer;
    spin_host_call_t *waiting;
    uv_timer_t timer;
    uint32_t cancelled;
} host_t;

static inline spin_error_t *poke(spin_host_call_t *call, const spin_function_t *type,
                                 const spin_value_t *args, size_t args_len, spin_value_t *result,
                                 void *user) {
    host_t *host = user;
    spin_instance_t *instance = spin_host_call_instance(call);
    spin_value_t other;
    (void)type, (void)args_len;
    host->pokes++;
    assert_fails(spin_component_call(instance, spin_slice("load"), args, 1, &other),
                 SPIN_ERROR_USAGE, "in a call");
    *result = args[0];
    if (host->frees)
        spin_instance_free(instance);
    return NULL;
}

static inline spin_error_t *take(spin_host_call_t *call, const spin_function_t *type,
                                 const spin_value_t *args, size_t args_len, spin_value_t *result,
                                 void *user) {
    (void)call, (void)type, (void)args_len, (void)user;
    size_t sum = args[0].of.text.len + args[1].of.list.len;
    *result = (spin_value_t){.kind = SPIN_TYPE_U32, .of.natural = (uint32_t)sum};
    return NULL;
}

static inline spin_value_t new_file(host_t *host) {
    assert_true(++host->opened < MOST_FILES);
    return (spin_value_t){.kind = SPIN_TYPE_OWN, .of.natural = host->opened};
}

static inline spin_error_t *open_one(spin_host_call_t *call, const spin_function_t *type,
                                     const spin_value_t *args, size_t args_len,
                                     spin_value_t *result, void *user) {
    (void)call, (void)type, (void)args, (void)args_len;
    *result = new_file(user);
    return NULL;
}

static inline spin_error_t *open_all(spin_host_call_t *call, const spin_function_t *type,
                                     const spin_value_t *args, size_t args_len,
                                     spin_value_t *result, void *user) {
    size_t len = args[0].of.natural;
    (void)type, (void)args_len;
    spin_value_t *items = spin_host_call_alloc(call, (len + 1) * sizeof *items);
    if (items == NULL)
        return spin_error_new(SPIN_ERROR_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < len; i++)
        items[i] = new_file(user);
    *result = (spin_value_t){.kind = SPIN_TYPE_LIST, .of.list = {items, len}};
    return NULL;
}

static inline spin_error_t *label(spin_host_call_t *call, const spin_function_t *type,
                                  const spin_value_t *args, size_t args_len, spin_value_t *result,
                                  void *user) {
    (void)type, (void)args, (void)args_len;
    spin_value_t *items = spin_host_call_alloc(call, 2 * sizeof *items);
    if (items == NULL)
        return spin_error_new(SPIN_ERROR_NO_MEMORY, "out of memory");
    items[0] = (spin_value_t){.kind = SPIN_TYPE_STRING, .of.text = spin_slice("a label")};
    items[1] = new_file(user);
    *result = (spin_value_t){.kind = SPIN_TYPE_TUPLE, .of.list = {items, 2}};
    return NULL;
}

static inline spin_error_t *give(spin_host_call_t *call, const spin_function_t *type,
                                 const spin_value_t *args, size_t args_len, spin_value_t *result,
                                 void *user) {
    host_t *host = user;
    (void)call, (void)type, (void)args_len, (void)result;
    host->given = args[0].of.natural;
    host->dropped[host->given]++;
    return NULL;
}

static inline spin_error_t *look(spin_host_call_t *call, const spin_function_t *type,
                                 const spin_value_t *args, size_t args_len, spin_value_t *result,
                                 void *user) {
    (void)call, (void)type, (void)args_len, (void)user;
    *result = (spin_value_t){.kind = SPIN_TYPE_U32, .of.natural = args[0].of.natural};
    return NULL;
}

static inline void on_drop(spin_instance_t *instance, uint64_t representation, void *user) {
    host_t *host = user;
    assert_true(representation > 0 && representation < MOST_FILES);
    host->dropped[representation]++;
    if (!host->drops_too)
        return;
    spin_error_t *error = spin_component_drop(instance, 1);
    assert_non_null(error);
    spin_error_free(error);
    error = spin_component_call(instance, spin_slice("plain"), NULL, 0, NULL);
    assert_non_null(error);
    spin_error_free(error);
    spin_instance_free(instance);
}

static inline void assert_dropped_once(const host_t *host) {
    for (uint32_t i = 1; i <= host->opened; i++)
        assert_int_equal(host->dropped[i], 1);
}

/* ── a scene ── */

typedef struct scene {
    host_t host;
    spin_execution_context_t *context;
    spin_instance_t *instance;
} scene_t;

static inline spin_wasm_component_t *load(const char *name) {
    char path[512];
    spin_wasm_component_t *component;
    snprintf(path, sizeof path, "%s/tests/engine/components/%s.wasm", SPIN_SOURCE_DIR, name);
    assert_ok(spin_wasm_component_load(path, NULL, &component));
    return component;
}

static inline spin_engine_builder_t *builder(uint32_t timeout_ms) {
    const spin_engine_options_t options = {.size = sizeof options,
                                           .max_instances = 4,
                                           .max_memory_bytes = 4 << 20,
                                           .timeout_ms = timeout_ms,
                                           .cache_dir = abi_cache_dir};
    spin_engine_builder_t *out;
    wasm_signals_restore();
    assert_ok(spin_engine_builder_new(NULL, &options, &out));
    return out;
}

static inline spin_error_t *define(spin_engine_builder_t *to, const char *interface,
                                   const char *name, spin_component_function_fn function,
                                   host_t *host) {
    return spin_component_define_function(to, spin_slice(interface), spin_slice(name), function,
                                          host);
}

static inline spin_error_t *define_all(spin_engine_builder_t *to, host_t *host) {
    static const struct {
        const char *name;
        spin_component_function_fn function;
    } known[] = {{"poke", poke},   {"take", take}, {"open", open_one}, {"open-all", open_all},
                 {"label", label}, {"give", give}, {"look", look}};
    spin_error_t *error = define(to, "", "plain", look, host);
    for (size_t i = 0; i < sizeof known / sizeof *known && error == NULL; i++)
        error = define(to, HOST, known[i].name, known[i].function, host);
    if (error == NULL)
        error = spin_component_define_resource(to, spin_slice(HOST), spin_slice("file"), NULL,
                                               on_drop, host);
    return error;
}

static inline void prepare(scene_t *scene) {
    assert_ok(spin_execution_context_prepare_component(scene->context, spin_slice("it"), NULL,
                                                       &scene->instance));
}

/* With the component alone, for which `to` is complete. */
static inline void open_with(scene_t *scene, spin_engine_builder_t *to, const char *name) {
    spin_wasm_component_t *component = load(name);
    assert_ok(spin_engine_builder_add_component(to, spin_slice("it"), component));
    spin_wasm_component_unref(component);
    assert_ok(spin_engine_builder_build(to, &scene->context));
    prepare(scene);
}

static inline void open_scene_for(scene_t *scene, uint32_t timeout_ms) {
    *scene = (scene_t){0};
    spin_engine_builder_t *to = builder(timeout_ms);
    assert_ok(define_all(to, &scene->host));
    open_with(scene, to, "abuse");
}

static inline void open_scene(scene_t *scene) {
    open_scene_for(scene, 5000);
}

static inline void close_scene(scene_t *scene) {
    spin_instance_free(scene->instance);
    spin_execution_context_free(scene->context);
}

/* The next one, as good as new. */
static inline void renew(scene_t *scene) {
    spin_instance_free(scene->instance);
    prepare(scene);
}

static inline spin_value_t u32(uint32_t of) {
    return (spin_value_t){.kind = SPIN_TYPE_U32, .of.natural = of};
}

static inline spin_value_t text(const char *of) {
    return (spin_value_t){.kind = SPIN_TYPE_STRING, .of.text = spin_slice(of)};
}

static inline spin_value_t own(uint64_t of) {
    return (spin_value_t){.kind = SPIN_TYPE_OWN, .of.natural = of};
}

static inline spin_value_t borrow(uint64_t of) {
    return (spin_value_t){.kind = SPIN_TYPE_BORROW, .of.natural = of};
}

static inline spin_error_t *call0(scene_t *scene, const char *name, spin_value_t *result) {
    return spin_component_call(scene->instance, spin_slice(name), NULL, 0, result);
}

static inline spin_error_t *call1(scene_t *scene, const char *name, spin_value_t arg,
                                  spin_value_t *result) {
    return spin_component_call(scene->instance, spin_slice(name), &arg, 1, result);
}

static inline spin_error_t *call2(scene_t *scene, const char *name, uint32_t a, uint32_t b,
                                  spin_value_t *result) {
    const spin_value_t args[2] = {u32(a), u32(b)};
    return spin_component_call(scene->instance, spin_slice(name), args, 2, result);
}

static inline void store(scene_t *scene, uint32_t at, uint32_t value) {
    assert_ok(call2(scene, "store", at, value, NULL));
}

static inline uint64_t number_of(scene_t *scene, const char *name, spin_value_t arg) {
    spin_value_t result;
    assert_ok(call1(scene, name, arg, &result));
    return result.of.natural;
}

#endif
