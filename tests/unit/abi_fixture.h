/* What the tests of <spin/abi.h> share: contexts of one component, "it", and descriptors as
 * spin-bindgen writes them. */
#ifndef TESTS_ABI_FIXTURE_H
#define TESTS_ABI_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "cmocka_all.h"

#include "engine/instance.h"
#include "manifest/application.h"
#include "manifest/manifest.h"
#include "spin/abi.h"
#include "wasm_signals.h"

static char abi_cache_dir[] = "/tmp/spin-test-abi-XXXXXX";

static inline void assert_ok(spin_error_t *error) {
    if (error == NULL)
        return;
    char text[512];
    spin_error_format(error, text, sizeof text);
    fail_msg("%s", text);
}

static inline void assert_fails(spin_error_t *error, spin_error_kind_t kind, const char *part) {
    assert_non_null(error);
    char text[512];
    spin_error_format(error, text, sizeof text);
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, text);
    if (spin_error_kind(error) != kind)
        fail_msg("%s, and not %s: %s", spin_error_kind_name(spin_error_kind(error)),
                 spin_error_kind_name(kind), text);
    spin_error_free(error);
}

/* In front of all tests: false where it can't be made. */
static inline bool abi_make_cache(void) {
    wasm_signals_keep();
    return mkdtemp(abi_cache_dir) != NULL;
}

/* Behind them. */
static inline int abi_remove_cache(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", abi_cache_dir);
    return system(command);
}

static inline spin_application_t *abi_application(const char *guest) {
    static const char manifest[] = "spin_version = \"1\"\nname = \"test\"\nversion = \"1.0.0\"\n"
                                   "trigger = { type = \"http\", base = \"/\" }\n[[component]]\n"
                                   "id = \"it\"\nsource = \"it.wasm\"\n"
                                   "[component.trigger]\nroute = \"/...\"\n";
    spin_application_t *application;
    assert_ok(manifest_parse(spin_slice(manifest), "spin.toml", &application));
    spin_slice_t file =
        arena_printf(&application->arena, "%s/tests/engine/guests/%s.wasm", SPIN_SOURCE_DIR, guest);
    application->components[0].source.file = (char *)(uintptr_t)file.ptr;
    return application;
}

static inline spin_engine_builder_t *abi_builder_for(const char *guest, uint32_t instances) {
    spin_application_t *application = abi_application(guest);
    const spin_engine_options_t options = {.size = sizeof options,
                                           .max_instances = instances,
                                           .max_memory_bytes = 4 << 20,
                                           .timeout_ms = 2000,
                                           .cache_dir = abi_cache_dir};
    spin_engine_builder_t *builder;
    wasm_signals_restore();
    assert_ok(spin_engine_builder_new(application, &options, &builder));
    spin_application_unref(application);
    return builder;
}

static inline spin_engine_builder_t *abi_builder(const char *guest) {
    return abi_builder_for(guest, 4);
}

static inline spin_execution_context_t *abi_context(const char *guest) {
    spin_execution_context_t *context;
    assert_ok(spin_engine_builder_build(abi_builder(guest), &context));
    return context;
}

static inline spin_instance_t *abi_prepare_for(spin_execution_context_t *context,
                                               uint64_t timeout_ms) {
    spin_instance_t *instance;
    const spin_prepare_options_t options = {.size = sizeof options, .timeout_ms = timeout_ms};
    assert_ok(
        spin_execution_context_prepare_component(context, spin_slice("it"), &options, &instance));
    return instance;
}

static inline spin_instance_t *abi_prepare(spin_execution_context_t *context) {
    return abi_prepare_for(context, 0);
}

/* Calls `name` as it is. */
static inline int32_t abi_raw(spin_instance_t *instance, const char *name, size_t args_len,
                              int32_t a, int32_t b, size_t results_len) {
    wasmtime_func_t func;
    wasmtime_val_t args[2] = {{.kind = WASMTIME_I32, .of.i32 = a},
                              {.kind = WASMTIME_I32, .of.i32 = b}};
    wasmtime_val_t result = {.kind = WASMTIME_I32};
    assert_ok(spin_instance_function(instance, spin_slice(name), &func));
    assert_ok(spin_instance_call(instance, &func, args, args_len, &result, results_len));
    return result.of.i32;
}

/* ── func(n: u32) -> u32, and no parameters ── */

static inline void abi_u32_lift(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                const uint8_t *area, void *to) {
    (void)lift, (void)context, (void)area;
    *(uint32_t *)to = (uint32_t)flat[0];
}

static inline void abi_u32_lower(spin_lower_t *lower, const void *context, const void *from,
                                 spin_flat_t *flat, uint8_t *area) {
    (void)lower, (void)context, (void)area;
    flat[0] = *(const uint32_t *)from;
}

static inline void abi_nothing_lower(spin_lower_t *lower, const void *context, const void *args,
                                     spin_flat_t *flat, uint8_t *area) {
    (void)lower, (void)context, (void)args, (void)flat, (void)area;
}

#define ABI_NUMBER_TO_NUMBER(named)                                                                \
    {                                                                                              \
        .size = sizeof(spin_abi_export_t), .name = (named), .export_name = (named), .params = "i", \
        .results = "i", .c_args_size = 4, .c_result_size = 4, .lower = abi_u32_lower,              \
        .lift = abi_u32_lift                                                                       \
    }

/* ── echo: func(msg: string) -> string ── */

static inline void abi_text_measure(spin_lower_t *lower, const void *context, const void *args) {
    const spin_slice_t *text = args;
    (void)context;
    spin_lower_measure(lower, text->len, 1, 1);
}

static inline void abi_text_lower(spin_lower_t *lower, const void *context, const void *args,
                                  spin_flat_t *flat, uint8_t *area) {
    const spin_slice_t *text = args;
    uint32_t ptr;
    (void)context;
    spin_lower_bytes(lower, *text, &ptr);
    if (area != NULL) {
        spin_store_u32(area, ptr);
        spin_store_u32(area + 4, (uint32_t)text->len);
    } else {
        flat[0] = ptr;
        flat[1] = text->len;
    }
}

static inline void abi_text_lift(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                 const uint8_t *area, void *result) {
    spin_string_t *text = result;
    (void)context;
    *text = spin_lift_text(lift, area != NULL ? spin_load_u32(area) : (uint32_t)flat[0],
                           area != NULL ? spin_load_u32(area + 4) : (uint32_t)flat[1]);
}

static inline void abi_text_clear(const void *context, void *result) {
    (void)context;
    spin_string_clear(result);
}

#define ABI_ECHO(named)                                                                            \
    {                                                                                              \
        .size = sizeof(spin_abi_export_t), .name = (named), .export_name = (named),                \
        .params = "ii", .results = "ii", .result_size = 8, .result_align = 4,                      \
        .c_args_size = sizeof(spin_slice_t), .c_result_size = sizeof(spin_string_t),               \
        .measure = abi_text_measure, .lower = abi_text_lower, .lift = abi_text_lift,               \
        .clear = abi_text_clear                                                                    \
    }

static const spin_abi_export_t abi_echo = ABI_ECHO("echo");

static inline spin_error_t *abi_call_text(spin_instance_t *instance,
                                          const spin_abi_export_t *function, spin_slice_t text,
                                          spin_string_t *out) {
    return spin_abi_call(instance, function, &text, out);
}

#endif
