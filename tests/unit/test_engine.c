/* The engine, through <spin/engine.h> as an embedder uses it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "engine/instance.h"
#include "manifest/application.h"
#include "manifest/manifest.h"
#include "wasm_signals.h"

static char cache_dir[] = "/tmp/spin-test-engine-XXXXXX";

static void assert_ok(spin_error_t *error) {
    if (error == NULL)
        return;
    char text[512];
    spin_error_format(error, text, sizeof text);
    fail_msg("%s", text);
}

static void assert_fails(spin_error_t *error, spin_error_kind_t kind, const char *part) {
    assert_non_null(error);
    char text[512];
    spin_error_format(error, text, sizeof text);
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, text);
    assert_string_equal(spin_error_kind_name(spin_error_kind(error)), spin_error_kind_name(kind));
    spin_error_free(error);
}

/* An application of one component, "it", whose module is tests/engine/guests/<name>.wasm. */
static spin_application_t *application_of(const char *name) {
    static const char manifest[] = "spin_version = \"1\"\nname = \"test\"\nversion = \"1.0.0\"\n"
                                   "trigger = { type = \"http\", base = \"/\" }\n[[component]]\n"
                                   "id = \"it\"\nsource = \"it.wasm\"\n"
                                   "[component.trigger]\nroute = \"/...\"\n";
    spin_application_t *application;
    assert_ok(manifest_parse(spin_slice(manifest), "spin.toml", &application));
    spin_slice_t file =
        arena_printf(&application->arena, "%s/tests/engine/guests/%s.wasm", SPIN_SOURCE_DIR, name);
    application->components[0].source.file = (char *)(uintptr_t)file.ptr;
    return application;
}

static spin_engine_options_t default_options(void) {
    return (spin_engine_options_t){.size = sizeof(spin_engine_options_t),
                                   .max_instances = 4,
                                   .max_memory_bytes = 1 << 20,
                                   .timeout_ms = 200,
                                   .cache_dir = cache_dir};
}

static spin_error_t *build(const char *name, const spin_engine_options_t *options,
                           spin_execution_context_t **out) {
    wasm_signals_restore();
    spin_application_t *application = application_of(name);
    spin_engine_builder_t *builder;
    spin_error_t *error = spin_engine_builder_new(application, options, &builder);
    spin_application_unref(application);
    assert_ok(error);
    return spin_engine_builder_build(builder, out);
}

static spin_execution_context_t *context_of(const char *name) {
    spin_engine_options_t options = default_options();
    spin_execution_context_t *context;
    assert_ok(build(name, &options, &context));
    return context;
}

static spin_instance_t *prepare(spin_execution_context_t *context) {
    spin_instance_t *instance;
    assert_ok(spin_execution_context_prepare_component(context, spin_slice("it"), NULL, &instance));
    return instance;
}

static wasmtime_val_t i32(int32_t value) {
    return (wasmtime_val_t){.kind = WASMTIME_I32, .of = {.i32 = value}};
}

/* Calls `name` with up to two i32 and, where `result` is not NULL, one i32 back. */
static spin_error_t *call(spin_instance_t *instance, const char *name, size_t args_len, int32_t a,
                          int32_t b, int32_t *result) {
    wasmtime_func_t func;
    wasmtime_val_t args[2] = {i32(a), i32(b)};
    wasmtime_val_t value = i32(0);
    spin_error_t *error = spin_instance_function(instance, spin_slice(name), &func);
    if (error == NULL)
        error = spin_instance_call(instance, &func, args, args_len, &value, result != NULL);
    if (result != NULL)
        *result = value.of.i32;
    return error;
}

static void calls_an_export(void **state) {
    (void)state;
    spin_execution_context_t *context = context_of("add");
    spin_instance_t *instance = prepare(context);
    int32_t sum;
    assert_ok(call(instance, "add", 2, 40, 2, &sum));
    assert_int_equal(sum, 42);
    assert_ptr_equal(spin_instance_from_store(spin_instance_store(instance)), instance);
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

static void every_instance_is_fresh(void **state) {
    (void)state;
    spin_execution_context_t *context = context_of("add");
    for (int i = 0; i < 20; i++) {
        spin_instance_t *instance = prepare(context);
        int32_t value;
        assert_ok(call(instance, "load", 1, 1024, 0, &value));
        assert_int_equal(value, 0);
        assert_ok(call(instance, "store", 2, 1024, 7, NULL));
        assert_ok(call(instance, "load", 1, 1024, 0, &value));
        assert_int_equal(value, 7);
        spin_instance_free(instance);
    }
    spin_execution_context_free(context);
}

static void traps_say_why_and_where(void **state) {
    (void)state;
    static const struct {
        const char *export;
        size_t args;
        bool returns;
        const char *part;
    } cases[] = {
        {"unreachable", 0, false, "\"unreachable\" instruction (at inner, outer)"},
        {"divide", 1, true, "divided by zero"},
        {"out_of_bounds", 0, true, "out of bounds"},
        {"overflow", 0, false, "stack overflowed"},
    };
    spin_execution_context_t *context = context_of("trap");
    int32_t ignored;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        spin_instance_t *instance = prepare(context);
        assert_fails(call(instance, cases[i].export, cases[i].args, 0, 0,
                          cases[i].returns ? &ignored : NULL),
                     SPIN_ERROR_TRAP, cases[i].part);
        spin_instance_free(instance);
    }
    spin_execution_context_free(context);
}

static void wrong_names_are_errors(void **state) {
    (void)state;
    spin_execution_context_t *context = context_of("add");
    spin_instance_t *instance = prepare(context);
    spin_instance_t *other;
    assert_fails(
        spin_execution_context_prepare_component(context, spin_slice("else"), NULL, &other),
        SPIN_ERROR_NOT_FOUND, "no component \"else\" in application \"test\"");
    assert_fails(call(instance, "subtract", 2, 1, 1, NULL), SPIN_ERROR_NOT_FOUND,
                 "component \"it\" does not export \"subtract\"");
    assert_fails(call(instance, "not_a_function", 0, 0, 0, NULL), SPIN_ERROR_INVALID,
                 "is not a function");
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

static void a_deadline_ends_a_loop(void **state) {
    (void)state;
    spin_execution_context_t *context = context_of("loop");
    spin_instance_t *instance = prepare(context);
    uint64_t before = uv_hrtime();
    assert_fails(call(instance, "run", 0, 0, 0, NULL), SPIN_ERROR_TIMEOUT, "longer than 200 ms");
    uint64_t took_ms = (uv_hrtime() - before) / 1000000;
    assert_true(took_ms >= 199);
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

typedef struct progress {
    bool ended;
    spin_error_t *error;
} progress_t;

static void note_end(spin_instance_t *instance, spin_error_t *error, void *user) {
    (void)instance;
    *(progress_t *)user = (progress_t){true, error};
}

static void start(spin_instance_t *instance, const char *name, wasmtime_val_t *arg,
                  wasmtime_val_t *result, progress_t *progress) {
    wasmtime_func_t func;
    assert_ok(spin_instance_function(instance, spin_slice(name), &func));
    assert_ok(spin_instance_start(instance, &func, arg, arg != NULL, result, result != NULL,
                                  note_end, progress));
}

static void a_busy_guest_lets_others_run(void **state) {
    (void)state;
    spin_execution_context_t *context = context_of("loop");
    spin_instance_t *busy = prepare(context);
    progress_t progress = {0};
    start(busy, "run", NULL, NULL, &progress);
    for (int i = 0; i < 10; i++) {
        spin_instance_t *quick = prepare(context);
        int32_t answer;
        assert_ok(call(quick, "quick", 0, 0, 0, &answer));
        assert_int_equal(answer, 42);
        spin_instance_free(quick);
    }
    assert_false(progress.ended);
    assert_fails(call(busy, "quick", 0, 0, 0, NULL), SPIN_ERROR_USAGE, "in a call");
    spin_instance_free(busy); /* in the middle of its loop */
    assert_false(progress.ended);
    spin_execution_context_free(context);
}

static void memory_has_one_limit_for_all(void **state) {
    (void)state;
    spin_execution_context_t *context = context_of("grow"); /* 16 pages; it begins with 2 */
    spin_instance_t *instance = prepare(context);
    int32_t before;
    assert_ok(call(instance, "grow", 1, 7, 0, &before));
    assert_int_equal(before, 1);
    assert_ok(call(instance, "grow_second", 1, 8, 0, &before));
    assert_int_equal(before, -1);
    assert_ok(call(instance, "grow_second", 1, 7, 0, &before));
    assert_int_equal(before, 1);
    assert_ok(call(instance, "grow", 1, 1, 0, &before));
    assert_int_equal(before, -1);
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

static void instances_are_limited(void **state) {
    (void)state;
    spin_execution_context_t *context = context_of("add");
    spin_instance_t *held[4];
    spin_instance_t *more;
    for (size_t i = 0; i < 4; i++)
        held[i] = prepare(context);
    assert_fails(spin_execution_context_prepare_component(context, spin_slice("it"), NULL, &more),
                 SPIN_ERROR_LIMIT, "all 4 instances are in use");
    for (size_t i = 0; i < 4; i++)
        spin_instance_free(held[i]);
    spin_instance_free(prepare(context));
    spin_execution_context_free(context);
}

static void memory_is_checked(void **state) {
    (void)state;
    spin_execution_context_t *context = context_of("add");
    spin_instance_t *instance = prepare(context);
    uint8_t *at;
    assert_ok(spin_instance_memory(instance, 65532, 4, 4, &at));
    assert_ok(spin_instance_memory(instance, 65536, 0, 1, &at));
    assert_fails(spin_instance_memory(instance, 65533, 4, 1, &at), SPIN_ERROR_TRAP, "outside");
    assert_fails(spin_instance_memory(instance, UINT64_MAX, 2, 1, &at), SPIN_ERROR_TRAP, "outside");
    assert_fails(spin_instance_memory(instance, 0, UINT64_MAX, 1, &at), SPIN_ERROR_TRAP, "outside");
    assert_fails(spin_instance_memory(instance, 2, 4, 4, &at), SPIN_ERROR_TRAP, "not aligned");
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

/* ── host functions of an embedder ── */

typedef struct waiting {
    spin_instance_t *instance;
    uv_timer_t *timer;
    bool done;
} waiting_t;

static void free_timer(uv_handle_t *handle) {
    free(handle);
}

static void on_waited(uv_timer_t *timer) {
    waiting_t *waiting = timer->data;
    waiting->done = true;
    engine_instance_wake(waiting->instance);
    uv_close((uv_handle_t *)timer, free_timer);
}

static bool is_done(void *env) {
    return ((waiting_t *)env)->done;
}

static void host_wait(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args,
                      size_t args_len, wasmtime_val_t *results, size_t results_len,
                      wasm_trap_t **trap, wasmtime_async_continuation_t *continuation) {
    (void)env, (void)args_len, (void)results_len, (void)trap;
    spin_instance_t *instance = spin_instance_from_store(wasmtime_caller_context(caller));
    waiting_t *waiting = arena_calloc(engine_instance_arena(instance), 1, sizeof *waiting);
    uv_timer_t *timer = malloc(sizeof *timer);
    uv_timer_init(spin_execution_context_loop(spin_instance_context(instance)), timer);
    timer->data = waiting;
    *waiting = (waiting_t){.instance = instance, .timer = timer};
    uv_timer_start(timer, on_waited, (uint64_t)args[0].of.i32, 0);
    results[0] = args[0];
    engine_instance_wait(instance);
    *continuation = (wasmtime_async_continuation_t){is_done, waiting, NULL};
}

static wasm_trap_t *host_double(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                                size_t len) {
    (void)env, (void)caller, (void)len;
    values[0].i32 *= 2;
    return NULL;
}

static int hook_calls;

static spin_error_t *count_store(spin_instance_t *instance, wasmtime_context_t *store, void *user) {
    (void)instance, (void)store;
    assert_ptr_equal(user, &hook_calls);
    hook_calls++;
    return NULL;
}

static spin_execution_context_t *context_with_host(uv_loop_t *loop) {
    spin_application_t *application = application_of("host");
    spin_engine_options_t options = default_options();
    options.loop = loop;
    spin_engine_builder_t *builder;
    assert_ok(spin_engine_builder_new(application, &options, &builder));
    spin_application_unref(application);
    wasmtime_linker_t *linker = spin_engine_builder_linker(builder);
    wasm_functype_t *type = wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
    assert_null(wasmtime_linker_define_async_func(linker, "test", 4, "wait", 4, type, host_wait,
                                                  NULL, NULL));
    assert_null(wasmtime_linker_define_func_unchecked(linker, "test", 4, "double", 6, type,
                                                      host_double, NULL, NULL));
    wasm_functype_delete(type);
    spin_engine_builder_on_store(builder, count_store, &hook_calls);
    spin_execution_context_t *context;
    assert_ok(spin_engine_builder_build(builder, &context));
    return context;
}

static void an_embedder_adds_functions(void **state) {
    (void)state;
    hook_calls = 0;
    spin_execution_context_t *context = context_with_host(NULL);
    spin_instance_t *instance = prepare(context);
    int32_t result;
    assert_ok(call(instance, "double", 1, 21, 0, &result));
    assert_int_equal(result, 42);
    assert_ok(call(instance, "wait", 1, 5, 0, &result));
    assert_int_equal(result, 5);
    assert_fails(call(instance, "wait", 1, 300, 0, &result), SPIN_ERROR_TIMEOUT, "200 ms");
    assert_int_equal(hook_calls, 1);
    uv_run(spin_execution_context_loop(context), UV_RUN_DEFAULT); /* the abandoned timer */
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

static void waits_overlap_on_a_lent_loop(void **state) {
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    spin_execution_context_t *context = context_with_host(&loop);
    spin_instance_t *instances[3];
    progress_t progress[3] = {0};
    wasmtime_val_t results[3];
    wasmtime_val_t arg = i32(60);
    uint64_t before = uv_hrtime();
    for (size_t i = 0; i < 3; i++) {
        instances[i] = prepare(context);
        start(instances[i], "wait", &arg, &results[i], &progress[i]);
        assert_false(progress[i].ended);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true((uv_hrtime() - before) / 1000000 < 170); /* not one after the other */
    for (size_t i = 0; i < 3; i++) {
        assert_true(progress[i].ended);
        assert_ok(progress[i].error);
        assert_int_equal(results[i].of.i32, 60);
        spin_instance_free(instances[i]);
    }
    spin_execution_context_free(context);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* ── what can't be loaded ── */

static void bad_modules_are_errors(void **state) {
    (void)state;
    spin_engine_options_t options = default_options();
    spin_execution_context_t *context;
    assert_fails(build("host", &options, &context), SPIN_ERROR_INVALID, "test::");
    assert_fails(build("missing", &options, &context), SPIN_ERROR_NOT_FOUND, "missing.wasm");
    assert_fails(build("../../golden/engine/text", &options, &context), SPIN_ERROR_INVALID,
                 "not a WebAssembly module");
    assert_ok(build("../../golden/engine/component", &options, &context)); /* an empty one */
    spin_execution_context_free(context);
    assert_fails(build("../../golden/engine/truncated", &options, &context), SPIN_ERROR_INVALID,
                 "component \"it\"");
}

static void start_functions_may_fail(void **state) {
    (void)state;
    spin_instance_t *instance;
    spin_execution_context_t *context = context_of("start");
    assert_fails(
        spin_execution_context_prepare_component(context, spin_slice("it"), NULL, &instance),
        SPIN_ERROR_TRAP, "unreachable");
    spin_execution_context_free(context);
    context = context_of("start_exit");
    assert_fails(
        spin_execution_context_prepare_component(context, spin_slice("it"), NULL, &instance),
        SPIN_ERROR_EXIT, "in its start function");
    spin_execution_context_free(context);
    context = context_of("start_loop");
    assert_fails(
        spin_execution_context_prepare_component(context, spin_slice("it"), NULL, &instance),
        SPIN_ERROR_TIMEOUT, "200 ms");
    spin_execution_context_free(context);
}

static void tables_are_limited(void **state) {
    (void)state;
    spin_execution_context_t *context = context_of("tables");
    spin_instance_t *instance = prepare(context);
    int32_t before;
    assert_ok(call(instance, "grow", 1, 1000, 0, &before));
    assert_int_equal(before, 1);
    assert_ok(call(instance, "grow", 1, 50 * 1000 * 1000, 0, &before));
    assert_int_equal(before, -1);
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

static void older_options_are_understood(void **state) {
    (void)state;
    spin_execution_context_t *context = context_of("add");
    spin_prepare_options_t options = {.size = offsetof(spin_prepare_options_t, in)};
    spin_instance_t *instance;
    assert_ok(
        spin_execution_context_prepare_component(context, spin_slice("it"), &options, &instance));
    spin_instance_free(instance);
    options.size = 0;
    assert_fails(
        spin_execution_context_prepare_component(context, spin_slice("it"), &options, &instance),
        SPIN_ERROR_USAGE, "size is not set");
    options = (spin_prepare_options_t){.size = sizeof options, .timeout_ms = UINT64_MAX};
    assert_ok(
        spin_execution_context_prepare_component(context, spin_slice("it"), &options, &instance));
    int32_t sum;
    assert_ok(call(instance, "add", 2, 1, 2, &sum));
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

static void on_ready(spin_instance_t *instance, spin_error_t *error, void *user) {
    (void)instance;
    *(progress_t *)user = (progress_t){true, error};
}

static void a_failed_instance_can_only_be_freed(void **state) {
    (void)state;
    spin_execution_context_t *context = context_of("start");
    spin_instance_t *instance;
    progress_t progress = {0};
    wasmtime_func_t func;
    assert_ok(spin_execution_context_start_component(context, spin_slice("it"), NULL, on_ready,
                                                     &progress, &instance));
    assert_true(progress.ended);
    assert_fails(progress.error, SPIN_ERROR_TRAP, "unreachable");
    assert_fails(spin_instance_function(instance, spin_slice("run"), &func), SPIN_ERROR_USAGE,
                 "not prepared");
    spin_instance_free(instance);
    spin_execution_context_free(context);
}

/* ── the cache ── */

static void count_entries(int *count, bool damage) {
    char command[256];
    snprintf(command, sizeof command, "ls %s/modules | wc -l", cache_dir);
    FILE *out = popen(command, "r");
    assert_int_equal(fscanf(out, "%d", count), 1);
    pclose(out);
    if (!damage)
        return;
    snprintf(command, sizeof command,
             "for f in %s/modules/*; do printf x | dd of=$f bs=1 seek=2000 conv=notrunc "
             "2>/dev/null; done",
             cache_dir);
    assert_int_equal(system(command), 0);
}

static void a_damaged_cache_is_mended(void **state) {
    (void)state;
    int before;
    int after;
    spin_execution_context_free(context_of("add"));
    count_entries(&before, true);
    assert_true(before > 0);
    for (int i = 0; i < 2; i++) {
        spin_execution_context_t *context = context_of("add");
        spin_instance_t *instance = prepare(context);
        int32_t sum;
        assert_ok(call(instance, "add", 2, 1, 2, &sum));
        assert_int_equal(sum, 3);
        spin_instance_free(instance);
        spin_execution_context_free(context);
    }
    count_entries(&after, false);
    assert_int_equal(after, before);
}

static void no_cache_is_no_error(void **state) {
    (void)state;
    const char *dirs[] = {"/proc/nowhere", "/dev/null/x", ""};
    for (size_t i = 0; i < 3; i++) {
        spin_engine_options_t options = default_options();
        options.cache_dir = dirs[i];
        spin_execution_context_t *context;
        assert_ok(build("add", &options, &context));
        spin_execution_context_free(context);
    }
}

static int remove_cache(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", cache_dir);
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_an_export),
        cmocka_unit_test(every_instance_is_fresh),
        cmocka_unit_test(traps_say_why_and_where),
        cmocka_unit_test(wrong_names_are_errors),
        cmocka_unit_test(a_deadline_ends_a_loop),
        cmocka_unit_test(a_busy_guest_lets_others_run),
        cmocka_unit_test(memory_has_one_limit_for_all),
        cmocka_unit_test(instances_are_limited),
        cmocka_unit_test(memory_is_checked),
        cmocka_unit_test(an_embedder_adds_functions),
        cmocka_unit_test(waits_overlap_on_a_lent_loop),
        cmocka_unit_test(bad_modules_are_errors),
        cmocka_unit_test(start_functions_may_fail),
        cmocka_unit_test(tables_are_limited),
        cmocka_unit_test(older_options_are_understood),
        cmocka_unit_test(a_failed_instance_can_only_be_freed),
        cmocka_unit_test(a_damaged_cache_is_mended),
        cmocka_unit_test(no_cache_is_no_error),
    };
    wasm_signals_keep();
    if (mkdtemp(cache_dir) == NULL)
        return 1;
    return cmocka_run_group_tests_name("engine", tests, NULL, remove_cache);
}
