/* abi_call MODULE [ROUNDS]: what a call by the types of WIT costs (<spin/abi.h>, as the code of
 * spin-bindgen drives it), beside the same call written by hand against Wasmtime's API on the same
 * instance, and a plain memcpy. MODULE is bench/guests/echo.wasm. They run in turns, and the
 * medians are printed as one JSON object. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <spin/abi.h>
#include <spin/engine.h>
#include <spin/loader.h>

#include "bare_loop.h"

enum { TURNS = 15, DEFAULT_ROUNDS = 100000, TEXT = 1024, LARGE = 1 << 20, LARGE_ROUNDS = 400 };

static void check(spin_error_t *error) {
    char text[1024];
    if (error == NULL)
        return;
    spin_error_format(error, text, sizeof text);
    fprintf(stderr, "abi_call: %s\n", text);
    exit(1);
}

static void expect(bool holds) {
    if (!holds) {
        fprintf(stderr, "abi_call: a wrong answer\n");
        exit(1);
    }
}

/* ── as generated ── */

static void measure(spin_lower_t *lower, const void *context, const void *args) {
    (void)context;
    spin_lower_measure(lower, ((const spin_slice_t *)args)->len, 1, 1);
}

static void lower_text(spin_lower_t *lower, const void *context, const void *args,
                       spin_flat_t *flat, uint8_t *area) {
    const spin_slice_t *text = args;
    uint32_t ptr;
    (void)context, (void)area;
    spin_lower_bytes(lower, *text, &ptr);
    flat[0] = ptr;
    flat[1] = text->len;
}

static void lift_text(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                      const uint8_t *area, void *result) {
    (void)context, (void)flat;
    *(spin_string_t *)result = spin_lift_text(lift, spin_load_u32(area), spin_load_u32(area + 4));
}

static void lift_bytes(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                       const uint8_t *area, void *result) {
    (void)context, (void)flat;
    *(spin_string_t *)result = spin_lift_bytes(lift, spin_load_u32(area), spin_load_u32(area + 4));
}

static void lift_u32(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                     const uint8_t *area, void *result) {
    (void)lift, (void)context, (void)area;
    *(uint32_t *)result = (uint32_t)flat[0];
}

static void clear_text(const void *context, void *result) {
    (void)context;
    spin_string_clear(result);
}

#define TEXT_TO(called, lifted)                                                                    \
    {                                                                                              \
        .size = sizeof(spin_abi_export_t), .name = (called), .export_name = (called),              \
        .params = "ii", .results = "ii", .result_size = 8, .result_align = 4,                      \
        .c_args_size = sizeof(spin_slice_t), .c_result_size = sizeof(spin_string_t),               \
        .measure = measure, .lower = lower_text, .lift = (lifted), .clear = clear_text             \
    }

static const spin_abi_export_t echo_function = TEXT_TO("echo", lift_text);
static const spin_abi_export_t plain_function = TEXT_TO("plain", lift_text);
static const spin_abi_export_t bytes_function = TEXT_TO("plain", lift_bytes);
static const spin_abi_export_t take_function = {.size = sizeof take_function,
                                                .name = "take",
                                                .export_name = "take",
                                                .params = "ii",
                                                .results = "i",
                                                .c_args_size = sizeof(spin_slice_t),
                                                .c_result_size = sizeof(uint32_t),
                                                .measure = measure,
                                                .lower = lower_text,
                                                .lift = lift_u32};

/* ── a function that the guest imports ── */

static spin_error_t *reply(spin_host_call_t *call, const void *operations, const void *context,
                           void *args, void *result) {
    (void)call, (void)operations, (void)context;
    *(spin_slice_t *)result = *(const spin_slice_t *)args; /* both live as long as the call */
    return NULL;
}

static void lift_arg(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                     const uint8_t *area, void *args) {
    (void)context, (void)area;
    *(spin_string_t *)args = spin_lift_text(lift, (uint32_t)flat[0], (uint32_t)flat[1]);
}

static void lower_reply(spin_lower_t *lower, const void *context, const void *result,
                        spin_flat_t *flat, uint8_t *area) {
    const spin_slice_t *text = result;
    uint32_t ptr;
    (void)context, (void)flat;
    spin_lower_bytes(lower, *text, &ptr);
    spin_store_u32(area, ptr);
    spin_store_u32(area + 4, (uint32_t)text->len);
}

static const spin_abi_import_t reply_function = {.size = sizeof reply_function,
                                                 .name = "reply",
                                                 .params = "ii",
                                                 .results = "ii",
                                                 .result_size = 8,
                                                 .result_align = 4,
                                                 .c_args_size = sizeof(spin_string_t),
                                                 .c_result_size = sizeof(spin_slice_t),
                                                 .lift = lift_arg,
                                                 .call = reply,
                                                 .measure = measure,
                                                 .lower = lower_reply};

static const spin_abi_interface_t host = {
    sizeof host, "bench:abi/host", (const spin_abi_import_t *const[]){&reply_function}, 1, NULL, 0};

static void lower_u32(spin_lower_t *lower, const void *context, const void *args, spin_flat_t *flat,
                      uint8_t *area) {
    (void)lower, (void)context, (void)area;
    flat[0] = *(const uint32_t *)args;
}

static const spin_abi_export_t calls_function = {.size = sizeof calls_function,
                                                 .name = "calls",
                                                 .export_name = "calls",
                                                 .params = "i",
                                                 .results = "i",
                                                 .c_args_size = sizeof(uint32_t),
                                                 .c_result_size = sizeof(uint32_t),
                                                 .lower = lower_u32,
                                                 .lift = lift_u32};

/* ── by hand ── */

typedef struct hand {
    spin_instance_t *instance;
    wasmtime_context_t *store;
    wasmtime_memory_t memory;
    wasmtime_func_t realloc, echo, post, plain;
} hand_t;

static wasmtime_func_t function_of(spin_instance_t *instance, const char *name) {
    wasmtime_func_t func;
    check(spin_instance_function(instance, spin_slice(name), &func));
    return func;
}

static hand_t hand_of(spin_instance_t *instance) {
    hand_t hand = {.instance = instance, .store = spin_instance_store(instance)};
    wasmtime_extern_t memory;
    expect(wasmtime_instance_export_get(hand.store, spin_instance_wasm(instance), "memory", 6,
                                        &memory));
    hand.memory = memory.of.memory;
    hand.realloc = function_of(instance, "cabi_realloc");
    hand.echo = function_of(instance, "echo");
    hand.post = function_of(instance, "cabi_post_echo");
    hand.plain = function_of(instance, "plain");
    return hand;
}

static void hand_call(const hand_t *hand, const wasmtime_func_t *func, const wasmtime_val_t *args,
                      size_t args_len, wasmtime_val_t *result) {
    wasm_trap_t *trap = NULL;
    wasmtime_error_t *error = NULL;
    wasmtime_call_future_t *future = wasmtime_func_call_async(
        hand->store, func, args, args_len, result, result != NULL, &trap, &error);
    while (!wasmtime_call_future_poll(future))
        ;
    wasmtime_call_future_delete(future);
    expect(trap == NULL && error == NULL);
}

static wasmtime_val_t i32(uint32_t value) {
    return (wasmtime_val_t){.kind = WASMTIME_I32, .of.i32 = (int32_t)value};
}

static bool within(const hand_t *hand, uint64_t ptr, uint64_t len) {
    return ptr + len <= wasmtime_memory_data_size(hand->store, &hand->memory);
}

/* The same checks of pointers; the text is not checked for UTF-8. */
static spin_string_t hand_echo(const hand_t *hand, bool with_post, spin_slice_t text) {
    const wasmtime_val_t sizes[4] = {i32(0), i32(0), i32(1), i32((uint32_t)text.len)};
    wasmtime_val_t ptr, area;
    wasmtime_context_set_epoch_deadline(hand->store, 1000000);
    hand_call(hand, &hand->realloc, sizes, 4, &ptr);
    expect(within(hand, (uint32_t)ptr.of.i32, text.len));
    memcpy(wasmtime_memory_data(hand->store, &hand->memory) + (uint32_t)ptr.of.i32, text.ptr,
           text.len);
    const wasmtime_val_t args[2] = {ptr, i32((uint32_t)text.len)};
    hand_call(hand, with_post ? &hand->echo : &hand->plain, args, 2, &area);
    expect(within(hand, (uint32_t)area.of.i32, 8));
    const uint8_t *base = wasmtime_memory_data(hand->store, &hand->memory);
    uint32_t at = spin_load_u32(base + (uint32_t)area.of.i32);
    uint32_t len = spin_load_u32(base + (uint32_t)area.of.i32 + 4);
    expect(within(hand, at, len));
    uint8_t *copy = malloc(len);
    memcpy(copy, base + at, len);
    if (with_post)
        hand_call(hand, &hand->post, &area, 1, NULL);
    return spin_slice_of(copy, len);
}

/* ── measuring ── */

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values) {
    qsort(values, TURNS, sizeof *values, ascending);
    return values[TURNS / 2];
}

static double ours_ns(spin_instance_t *instance, const spin_abi_export_t *function,
                      spin_slice_t text, unsigned rounds) {
    uint64_t begin = bench_now_ns();
    for (unsigned i = 0; i < rounds; i++) {
        spin_string_t result;
        check(spin_abi_call(instance, function, &text, &result));
        expect(result.len == text.len);
        spin_string_clear(&result);
    }
    return (double)(bench_now_ns() - begin) / rounds;
}

static double hand_ns(const hand_t *hand, bool with_post, spin_slice_t text, unsigned rounds) {
    uint64_t begin = bench_now_ns();
    for (unsigned i = 0; i < rounds; i++) {
        spin_string_t result = hand_echo(hand, with_post, text);
        expect(result.len == text.len);
        free((void *)(uintptr_t)result.ptr);
    }
    return (double)(bench_now_ns() - begin) / rounds;
}

static double take_ns(spin_instance_t *instance, spin_slice_t bytes) {
    uint64_t begin = bench_now_ns();
    for (unsigned i = 0; i < LARGE_ROUNDS; i++) {
        uint32_t len;
        check(spin_abi_call(instance, &take_function, &bytes, &len));
        expect(len == bytes.len);
    }
    return (double)(bench_now_ns() - begin) / LARGE_ROUNDS;
}

static double import_ns(spin_instance_t *instance, uint32_t times) {
    uint32_t len;
    uint64_t begin = bench_now_ns();
    check(spin_abi_call(instance, &calls_function, &times, &len));
    expect(len == TEXT);
    return (double)(bench_now_ns() - begin) / times;
}

static double memcpy_ns(uint8_t *to, spin_slice_t bytes) {
    uint64_t begin = bench_now_ns();
    for (unsigned i = 0; i < LARGE_ROUNDS; i++) {
        memcpy(to, bytes.ptr, bytes.len);
        __asm__ volatile("" ::"r"(to) : "memory");
    }
    return (double)(bench_now_ns() - begin) / LARGE_ROUNDS;
}

static void run(spin_instance_t *instance, unsigned rounds) {
    enum {
        OURS,
        HAND,
        RATIO,
        OURS_PLAIN,
        HAND_PLAIN,
        RATIO_PLAIN,
        TAKE,
        BOTH,
        COPY,
        IMPORT,
        COUNT
    };
    static double all[COUNT][TURNS];
    static uint8_t large[LARGE], copy[LARGE];
    char text[TEXT];
    hand_t hand = hand_of(instance);
    memset(text, 'x', sizeof text);
    memset(large, 'y', sizeof large);
    spin_slice_t small = spin_slice_of(text, sizeof text), bytes = spin_slice_of(large, LARGE);
    for (int i = 0; i < TURNS; i++) {
        all[OURS][i] = ours_ns(instance, &echo_function, small, rounds);
        all[HAND][i] = hand_ns(&hand, true, small, rounds);
        all[RATIO][i] = all[OURS][i] / all[HAND][i];
        all[OURS_PLAIN][i] = ours_ns(instance, &plain_function, small, rounds);
        all[HAND_PLAIN][i] = hand_ns(&hand, false, small, rounds);
        all[RATIO_PLAIN][i] = all[OURS_PLAIN][i] / all[HAND_PLAIN][i];
        all[IMPORT][i] = import_ns(instance, rounds);
        all[COPY][i] = LARGE / memcpy_ns(copy, bytes);
        all[TAKE][i] = LARGE / take_ns(instance, bytes);
        all[BOTH][i] = 2 * LARGE / ours_ns(instance, &bytes_function, bytes, LARGE_ROUNDS);
    }
    printf("{\"echo_ns\": %.0f, \"echo_hand_ns\": %.0f, \"echo_ratio\": %.2f,\n"
           " \"plain_ns\": %.0f, \"plain_hand_ns\": %.0f, \"plain_ratio\": %.2f,\n"
           " \"import_ns\": %.0f,\n"
           " \"in_gb_s\": %.2f, \"in_and_out_gb_s\": %.2f, \"memcpy_gb_s\": %.2f}\n",
           median(all[OURS]), median(all[HAND]), median(all[RATIO]), median(all[OURS_PLAIN]),
           median(all[HAND_PLAIN]), median(all[RATIO_PLAIN]), median(all[IMPORT]),
           median(all[TAKE]), median(all[BOTH]), median(all[COPY]));
}

static void write_file(const char *path, const void *bytes, size_t len) {
    FILE *file = fopen(path, "wb");
    expect(file != NULL && fwrite(bytes, 1, len, file) == len && fclose(file) == 0);
}

/* A context of one component, "echo", made of a copy of `module`. */
static spin_execution_context_t *build(const char *module) {
    static const char manifest[] = "spin_version = \"1\"\nname = \"bench\"\nversion = \"1.0.0\"\n"
                                   "trigger = { type = \"http\", base = \"/\" }\n[[component]]\n"
                                   "id = \"echo\"\nsource = \"echo.wasm\"\n"
                                   "[component.trigger]\nroute = \"/...\"\n";
    static uint8_t wasm[1 << 16];
    char dir[] = "/tmp/spin-bench-XXXXXX", toml[64], copy[64];
    FILE *file = fopen(module, "rb");
    expect(file != NULL && mkdtemp(dir) != NULL);
    size_t len = fread(wasm, 1, sizeof wasm, file);
    fclose(file);
    snprintf(toml, sizeof toml, "%s/spin.toml", dir);
    snprintf(copy, sizeof copy, "%s/echo.wasm", dir);
    write_file(toml, manifest, sizeof manifest - 1);
    write_file(copy, wasm, len);
    const spin_engine_options_t options = {.size = sizeof options, .disable_cache = true};
    spin_application_t *application;
    spin_engine_builder_t *builder;
    spin_execution_context_t *context;
    check(spin_loader_load_file(toml, NULL, &application));
    check(spin_engine_builder_new(application, &options, &builder));
    spin_application_unref(application);
    check(spin_abi_link(builder, &host, NULL, NULL));
    check(spin_engine_builder_build(builder, &context));
    unlink(toml);
    unlink(copy);
    rmdir(dir);
    return context;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "Usage: abi_call MODULE [ROUNDS]\n");
        return 2;
    }
    unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : DEFAULT_ROUNDS;
    spin_execution_context_t *context = build(argv[1]);
    spin_instance_t *instance;
    check(spin_execution_context_prepare_component(context, spin_slice("echo"), NULL, &instance));
    run(instance, rounds);
    spin_instance_free(instance);
    spin_execution_context_free(context);
    return 0;
}
