/* engine_path MANIFEST MODULE [ROUNDS]: what a request costs in the engine alone, through libspin's
 * public API (prepare, call, drop) and through a bare loop over Wasmtime's. Both run in turns, and
 * the medians are printed as one JSON object. MANIFEST's first component is made of MODULE. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spin/engine.h>
#include <spin/loader.h>

#include "bare_loop.h"

enum { TURNS = 15, DEFAULT_ROUNDS = 4000 };

static void check(spin_error_t *error) {
    char text[1024];
    if (error == NULL)
        return;
    spin_error_format(error, text, sizeof text);
    fprintf(stderr, "engine_path: %s\n", text);
    exit(1);
}

static int32_t call(spin_instance_t *instance, const char *name, const int32_t *params,
                    size_t params_len) {
    wasmtime_func_t func;
    wasmtime_val_t args[BENCH_ENTRY_PARAMS], result;
    check(spin_instance_function(instance, spin_slice(name), &func));
    for (size_t i = 0; i < params_len; i++)
        args[i] = (wasmtime_val_t){.kind = WASMTIME_I32, .of.i32 = params[i]};
    check(spin_instance_call(instance, &func, args, params_len, &result, 1));
    return result.of.i32;
}

static void one_round(spin_execution_context_t *context, spin_slice_t id) {
    const int32_t uri_len = sizeof BENCH_URI - 1;
    spin_instance_t *instance;
    uint8_t *bytes;
    check(spin_execution_context_prepare_component(context, id, NULL, &instance));
    int32_t uri =
        call(instance, BENCH_REALLOC, (int32_t[]){0, 0, 1, uri_len}, BENCH_REALLOC_PARAMS);
    check(spin_instance_memory(instance, (uint32_t)uri, sizeof BENCH_URI - 1, 1, &bytes));
    memcpy(bytes, BENCH_URI, sizeof BENCH_URI - 1);
    int32_t area = call(instance, BENCH_ENTRY, (int32_t[]){0, uri, uri_len, 4, 0, 4, 0, 0, 0, 0},
                        BENCH_ENTRY_PARAMS);
    uint16_t status;
    check(spin_instance_memory(instance, (uint32_t)area, sizeof status, 2, &bytes));
    memcpy(&status, bytes, sizeof status);
    if (status != 200) {
        fprintf(stderr, "engine_path: status %u\n", (unsigned)status);
        exit(1);
    }
    spin_instance_free(instance);
}

static uint64_t engine_run(spin_execution_context_t *context, spin_slice_t id, unsigned rounds) {
    uint64_t begin = bench_now_ns();
    for (unsigned i = 0; i < rounds; i++)
        one_round(context, id);
    return bench_now_ns() - begin;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values) {
    qsort(values, TURNS, sizeof *values, ascending);
    return values[TURNS / 2];
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "Usage: engine_path MANIFEST MODULE [ROUNDS]\n");
        return 2;
    }
    unsigned rounds = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : DEFAULT_ROUNDS;
    spin_application_t *application;
    spin_engine_builder_t *builder;
    spin_execution_context_t *context;
    spin_engine_options_t options = {.size = sizeof options, .disable_cache = true};
    check(spin_loader_load_file(argv[1], NULL, &application));
    check(spin_engine_builder_new(application, &options, &builder));
    check(spin_engine_builder_build(builder, &context));
    spin_slice_t id = spin_component_id(spin_application_component(application, 0));
    bare_loop_t *bare = bare_loop_new(argv[2]);

    double engine_us[TURNS], bare_us[TURNS], ratio[TURNS];
    engine_run(context, id, rounds);
    bare_loop_run(bare, rounds);
    for (int i = 0; i < TURNS; i++) {
        engine_us[i] = (double)engine_run(context, id, rounds) / rounds / 1000;
        bare_us[i] = (double)bare_loop_run(bare, rounds) / rounds / 1000;
        ratio[i] = engine_us[i] / bare_us[i];
    }
    printf("{\"engine_us\": %.2f, \"bare_us\": %.2f, \"ratio\": %.3f}\n", median(engine_us),
           median(bare_us), median(ratio));
    spin_execution_context_free(context);
    spin_application_unref(application);
    return 0;
}
