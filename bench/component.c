/* component COMPONENT [ROUNDS]: what a component costs through libspin (<spin/component.h>):
 * prepare, call and drop by what spin-bindgen writes and by spin_component_call, and 1 MiB of
 * list<u8> into the guest and out again beside memcpy. COMPONENT is bench/guests/component.wasm;
 * bench/wasmtime_component does the same through Wasmtime's own API.
 *
 * component --fuse COMPONENT [TURNS]: how long decoding, validating, linking and fusing take.
 *
 * Medians, as one JSON object. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <spin/component.h>

#include "bench_component.h"

enum { TURNS = 15, DEFAULT_ROUNDS = 4000, LARGE = 1 << 20, LARGE_ROUNDS = 200, FUSE_TURNS = 7 };

#define INTERFACE "bench:component/calls@1.0.0"

static void check(spin_error_t *error) {
    char text[1024];
    if (error == NULL)
        return;
    spin_error_format(error, text, sizeof text);
    fprintf(stderr, "component: %s\n", text);
    exit(1);
}

static void expect(bool holds) {
    if (!holds) {
        fprintf(stderr, "component: a wrong answer\n");
        exit(1);
    }
}

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ── the host ────────────────────────────────────────────────────────────────────────────── */

/* What the guest imports and no call here reaches. */
static spin_error_t *stub(spin_host_call_t *call, const spin_function_t *type,
                          const spin_value_t *args, size_t args_len, spin_value_t *result,
                          void *user) {
    (void)call, (void)type, (void)args, (void)args_len, (void)result, (void)user;
    return spin_error_new(SPIN_ERROR_TRAP, "a stub was called");
}

static void define_stubs(spin_engine_builder_t *builder, const spin_wasm_component_t *component) {
    spin_component_item_t item = {.size = sizeof item};
    for (size_t i = 0; spin_wasm_component_import(component, i, &item); i++) {
        const uint8_t *hash = item.name.len == 0 ? NULL : memchr(item.name.ptr, '#', item.name.len);
        if (hash == NULL)
            continue;
        spin_slice_t interface = spin_slice_of(item.name.ptr, (size_t)(hash - item.name.ptr));
        spin_slice_t name = spin_slice_of(hash + 1, item.name.len - interface.len - 1);
        if (item.kind == SPIN_COMPONENT_FUNCTION)
            check(spin_component_define_function(builder, interface, name, stub, NULL));
        else if (item.kind == SPIN_COMPONENT_RESOURCE)
            check(spin_component_define_resource(builder, interface, name, NULL, NULL, NULL));
    }
}

static spin_execution_context_t *context_new(const char *path) {
    spin_engine_options_t options = {.size = sizeof options, .disable_cache = true};
    spin_wasm_component_t *component;
    spin_engine_builder_t *builder;
    spin_execution_context_t *context;
    check(spin_wasm_component_load(path, NULL, &component));
    check(spin_engine_builder_new(NULL, &options, &builder));
    check(spin_engine_builder_add_component(builder, spin_slice("it"), component));
    define_stubs(builder, component);
    check(spin_engine_builder_build(builder, &context));
    spin_wasm_component_unref(component);
    return context;
}

/* ── what is measured ────────────────────────────────────────────────────────────────────── */

typedef struct scene {
    spin_execution_context_t *context;
    spin_instance_t *instance; /* one that stays, for the lists */
    spin_slice_t bytes;
    uint8_t *copy;
} scene_t;

static spin_instance_t *prepare(scene_t *scene) {
    spin_instance_t *instance;
    check(spin_execution_context_prepare_component(scene->context, spin_slice("it"), NULL,
                                                   &instance));
    return instance;
}

static void instantiate(scene_t *scene) {
    spin_instance_free(prepare(scene));
}

static void call_generated(scene_t *scene) {
    spin_instance_t *instance = prepare(scene);
    spin_string_t text;
    check(bench_component_greet(instance, spin_slice("bench"), &text));
    expect(text.len == 13 && memcmp(text.ptr, "Hello, bench!", 13) == 0);
    spin_string_clear(&text);
    spin_instance_free(instance);
}

static spin_value_t call_by_name(spin_instance_t *instance, const char *name, spin_slice_t text,
                                 spin_type_kind_t kind) {
    spin_value_t argument = {.kind = kind, .of.text = text}, result = {0};
    check(spin_component_call(instance, spin_slice(name), &argument, 1, &result));
    return result;
}

static void call_interpreted(scene_t *scene) {
    spin_instance_t *instance = prepare(scene);
    spin_value_t result =
        call_by_name(instance, INTERFACE "#greet", spin_slice("bench"), SPIN_TYPE_STRING);
    expect(result.of.text.len == 13);
    spin_value_clear(&result);
    spin_instance_free(instance);
}

static void list_in(scene_t *scene) {
    uint32_t len;
    check(bench_component_take(scene->instance, scene->bytes, &len));
    expect(len == LARGE);
}

static void list_in_and_out(scene_t *scene) {
    spin_string_t bytes;
    check(bench_component_echo(scene->instance, scene->bytes, &bytes));
    expect(bytes.len == LARGE);
    spin_string_clear(&bytes);
}

static void list_in_and_out_interpreted(scene_t *scene) {
    spin_value_t result =
        call_by_name(scene->instance, INTERFACE "#echo", scene->bytes, SPIN_TYPE_BYTES);
    expect(result.of.text.len == LARGE);
    spin_value_clear(&result);
}

static void plain_copy(scene_t *scene) {
    memcpy(scene->copy, scene->bytes.ptr, LARGE);
    __asm__ volatile("" : : "r"(scene->copy) : "memory");
}

static const struct {
    const char *name;
    void (*run)(scene_t *scene);
    unsigned rounds; /* 0: as asked for */
} measured[] = {
    {"instantiate_us", instantiate, 0},
    {"call_us", call_generated, 0},
    {"call_interpreted_us", call_interpreted, 0},
    {"in_us", list_in, LARGE_ROUNDS},
    {"in_and_out_us", list_in_and_out, LARGE_ROUNDS},
    {"in_and_out_interpreted_us", list_in_and_out_interpreted, LARGE_ROUNDS},
    {"memcpy_us", plain_copy, LARGE_ROUNDS},
};
enum { MEASURED = sizeof measured / sizeof *measured };

static double run(scene_t *scene, size_t which, unsigned rounds) {
    uint64_t begin = now_ns();
    for (unsigned i = 0; i < rounds; i++)
        measured[which].run(scene);
    return (double)(now_ns() - begin) / rounds / 1000;
}

static void measure(const char *path, unsigned asked) {
    static double times[MEASURED][TURNS];
    scene_t scene = {.context = context_new(path), .copy = malloc(LARGE)};
    uint8_t *bytes = malloc(LARGE);
    expect(bytes != NULL && scene.copy != NULL);
    memset(bytes, 7, LARGE);
    memset(scene.copy, 1, LARGE);
    scene.bytes = spin_slice_of(bytes, LARGE);
    scene.instance = prepare(&scene);
    for (int turn = -1; turn < TURNS; turn++) { /* one to warm up */
        for (size_t i = 0; i < MEASURED; i++) {
            unsigned rounds = measured[i].rounds != 0 ? measured[i].rounds : asked;
            double time = run(&scene, i, rounds);
            if (turn >= 0)
                times[i][turn] = time;
        }
    }
    for (size_t i = 0; i < MEASURED; i++) {
        qsort(times[i], TURNS, sizeof **times, ascending);
        printf("%s\"%s\": %.2f", i == 0 ? "{" : ", ", measured[i].name, times[i][TURNS / 2]);
    }
    printf("}\n");
    spin_instance_free(scene.instance);
    spin_execution_context_free(scene.context);
    free(scene.copy);
    free(bytes);
}

/* ── ahead of time ───────────────────────────────────────────────────────────────────────── */

static void measure_fuse(const char *path, unsigned turns) {
    double read[64], all[64];
    size_t size = 0;
    turns = turns == 0 || turns > 64 ? FUSE_TURNS : turns;
    for (unsigned i = 0; i < turns; i++) {
        spin_wasm_component_t *component;
        spin_string_t module = {0};
        uint64_t begin = now_ns();
        check(spin_wasm_component_load(path, NULL, &component));
        uint64_t middle = now_ns();
        check(spin_wasm_component_fuse(component, &module));
        read[i] = (double)(middle - begin) / 1e6;
        all[i] = (double)(now_ns() - begin) / 1e6;
        size = module.len;
        spin_string_clear(&module);
        spin_wasm_component_unref(component);
    }
    qsort(read, turns, sizeof *read, ascending);
    qsort(all, turns, sizeof *all, ascending);
    printf("{\"read_ms\": %.2f, \"fuse_ms\": %.2f, \"fused_bytes\": %zu}\n", read[turns / 2],
           all[turns / 2], size);
}

int main(int argc, char **argv) {
    bool fuse = argc > 1 && strcmp(argv[1], "--fuse") == 0;
    int at = fuse ? 2 : 1;
    if (argc <= at || argc > at + 2) {
        fprintf(stderr, "Usage: component COMPONENT [ROUNDS]\n"
                        "       component --fuse COMPONENT [TURNS]\n");
        return 2;
    }
    unsigned count = argc > at + 1 ? (unsigned)strtoul(argv[at + 1], NULL, 10) : 0;
    if (fuse)
        measure_fuse(argv[at], count);
    else
        measure(argv[at], count == 0 ? DEFAULT_ROUNDS : count);
    return 0;
}
