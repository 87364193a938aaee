/* One engine, several contexts. */
#include "base/error.h"
#include "engine/builder.h"
#include "engine_fixture.h"
#include "failing_alloc.h"
#include "spin/log.h"

/* ── what is shared, and what is not ── */

static void modules_and_loop_are_shared(void **state) {
    (void)state;
    spin_engine_t *engine = new_engine(NULL);
    spin_execution_context_t *a = context_of("loop", engine);
    spin_execution_context_t *b = context_of("loop", engine);
    spin_execution_context_t *other = context_of("add", engine);
    const wasmtime_module_t *module = spin_execution_context_module(a, spin_slice("it"));
    assert_ptr_equal(spin_execution_context_module(b, spin_slice("it")), module);
    assert_ptr_not_equal(spin_execution_context_module(other, spin_slice("it")), module);
    assert_ptr_equal(spin_execution_context_loop(a), spin_engine_loop(engine));
    assert_ptr_equal(spin_execution_context_loop(b), spin_engine_loop(engine));
    assert_answers(a);
    assert_answers(b);
    spin_execution_context_free(a);
    assert_ptr_equal(spin_execution_context_module(b, spin_slice("it")), module);
    assert_answers(b);
    spin_execution_context_free(b);
    spin_execution_context_free(other);
    for (size_t i = 0; i < LIVE_MODULE_BUCKETS; i++)
        assert_null(engine->modules.buckets[i]);
    spin_execution_context_t *again = context_of("loop", engine);
    assert_answers(again);
    spin_execution_context_free(again);
    spin_engine_unref(engine);
}

static void limits_are_each_ones_own(void **state) {
    (void)state;
    int32_t pages;
    spin_engine_t *engine = new_engine(NULL);
    spin_execution_context_t *small = context_with(
        "grow",
        (spin_engine_options_t){.engine = engine, .max_instances = 2, .max_memory_bytes = 1 << 20});
    spin_execution_context_t *large = context_with(
        "grow", (spin_engine_options_t){
                    .engine = engine, .max_instances = 100, .max_memory_bytes = 1ull << 40});
    spin_execution_context_t *hasty =
        context_with("loop", (spin_engine_options_t){.engine = engine, .timeout_ms = 20});
    assert_int_equal(engine_context_max_instances(small), 2);
    assert_int_equal(engine_context_max_instances(large), ENGINE_INSTANCES);
    assert_int_equal(engine_context_timeout_ms(large), 60 * 1000);
    assert_int_equal(engine_context_timeout_ms(hasty), 20);

    spin_instance_t *little = prepare(small), *much = prepare(large), *quick = prepare(hasty);
    assert_ok(call(little, "grow", 15, &pages)); /* 17 with those that it has */
    assert_int_equal(pages, -1);
    assert_ok(call(much, "grow", 15, &pages));
    assert_int_equal(pages, 1);
    assert_ok(call(much, "grow", 16, &pages)); /* the engine's limit */
    assert_int_equal(pages, -1);
    assert_fails(call(quick, "run", -1, NULL), SPIN_ERROR_TIMEOUT, "20 ms");
    spin_instance_free(little);
    spin_instance_free(much);
    spin_instance_free(quick);
    spin_execution_context_free(small);
    spin_execution_context_free(large);
    spin_execution_context_free(hasty);
    spin_engine_unref(engine);
}

static void instances_are_counted_twice(void **state) {
    (void)state;
    spin_instance_t *held[ENGINE_INSTANCES], *refused;
    spin_engine_t *engine = new_engine(NULL);
    spin_execution_context_t *few =
        context_with("loop", (spin_engine_options_t){.engine = engine, .max_instances = 2});
    spin_execution_context_t *many = context_of("loop", engine);
    held[0] = prepare(few);
    held[1] = prepare(few);
    assert_fails(try_prepare(few, &refused), SPIN_ERROR_LIMIT, "all 2 instances are in use");
    for (size_t i = 2; i < ENGINE_INSTANCES; i++)
        held[i] = prepare(many);
    assert_fails(try_prepare(many, &refused), SPIN_ERROR_LIMIT, "of the engine");
    spin_instance_free(held[0]);
    held[0] = prepare(many);
    assert_fails(try_prepare(few, &refused), SPIN_ERROR_LIMIT, "of the engine");
    assert_int_equal(engine_context_live(few), 1);
    assert_int_equal(engine_context_live(many), ENGINE_INSTANCES - 1);
    for (size_t i = 0; i < ENGINE_INSTANCES; i++)
        spin_instance_free(held[i]);
    spin_execution_context_free(few);
    spin_execution_context_free(many);
    spin_engine_unref(engine);
}

static void environments_are_each_ones_own(void **state) {
    (void)state;
    const char *const common[] = {"WHO=all"}, *const own[] = {"WHO=me", "X="};
    const spin_engine_options_t options = {.size = sizeof options,
                                           .environment = common,
                                           .environment_len = 1,
                                           .cache_dir = abi_cache_dir};
    spin_engine_t *engine;
    assert_ok(spin_engine_new(&options, &engine));
    spin_execution_context_t *a = context_of("loop", engine);
    spin_execution_context_t *b = context_with(
        "loop",
        (spin_engine_options_t){.engine = engine, .environment = own, .environment_len = 2});
    assert_int_equal(a->settings.environment_len, 1);
    assert_true(slice_equal_text(a->settings.environment[0].value, "all"));
    assert_int_equal(b->settings.environment_len, 2);
    assert_true(slice_equal_text(b->settings.environment[0].value, "me"));
    assert_int_equal(b->settings.environment[1].value.len, 0);
    spin_execution_context_free(a);
    spin_execution_context_free(b);
    spin_engine_unref(engine);
}

static wasm_trap_t *host_number(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                                size_t len) {
    (void)caller, (void)len;
    values[0].i32 += *(int32_t *)env;
    return NULL;
}

static spin_error_t *count_store(spin_instance_t *instance, wasmtime_context_t *store, void *user) {
    (void)instance, (void)store;
    ++*(int *)user;
    return NULL;
}

static spin_execution_context_t *context_adding(spin_engine_t *engine, int32_t *number,
                                                int *stores) {
    spin_engine_builder_t *builder;
    spin_execution_context_t *context;
    spin_application_t *application = abi_application("host");
    const spin_engine_options_t options = {.size = sizeof options, .engine = engine};
    assert_ok(spin_engine_builder_new(application, &options, &builder));
    spin_application_unref(application);
    assert_ptr_equal(spin_engine_builder_engine(builder), engine->wasm);
    wasm_functype_t *type = wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
    const char *names[] = {"wait", "double"};
    for (size_t i = 0; i < 2; i++)
        assert_null(wasmtime_linker_define_func_unchecked(spin_engine_builder_linker(builder),
                                                          "test", 4, names[i], strlen(names[i]),
                                                          type, host_number, number, NULL));
    wasm_functype_delete(type);
    spin_engine_builder_on_store(builder, count_store, stores);
    assert_ok(spin_engine_builder_build(builder, &context));
    return context;
}

static void what_is_added_stays_with_its_context(void **state) {
    (void)state;
    int32_t one = 1, ten = 10, result;
    int stores[2] = {0, 0};
    spin_engine_t *engine = new_engine(NULL);
    spin_execution_context_t *a = context_adding(engine, &one, &stores[0]);
    spin_execution_context_t *b = context_adding(engine, &ten, &stores[1]), *none;
    const spin_engine_options_t options = {.size = sizeof options, .engine = engine};
    assert_fails(try_context("host", &options, &none), SPIN_ERROR_INVALID, "test::");
    spin_instance_t *instances[] = {prepare(a), prepare(b), prepare(b)};
    assert_ok(call(instances[0], "double", 5, &result));
    assert_int_equal(result, 6);
    assert_ok(call(instances[1], "double", 5, &result));
    assert_int_equal(result, 15);
    assert_int_equal(stores[0], 1);
    assert_int_equal(stores[1], 2);
    for (size_t i = 0; i < 3; i++)
        spin_instance_free(instances[i]);
    spin_execution_context_free(a);
    spin_execution_context_free(b);
    spin_engine_unref(engine);
}

/* ── failures stay at home ── */

static void traps_and_deadlines_touch_nobody_else(void **state) {
    (void)state;
    running_t runs[2];
    spin_engine_t *engine = new_engine(NULL);
    spin_execution_context_t *bad =
        context_with("loop", (spin_engine_options_t){.engine = engine, .timeout_ms = 30});
    spin_execution_context_t *worse = context_of("trap", engine);
    spin_execution_context_t *good = context_of("loop", engine);
    start(&runs[0], bad, "run", -1, NULL);
    start(&runs[1], good, "run", -1, NULL);
    spin_instance_t *trapping = prepare(worse);
    assert_fails(call(trapping, "unreachable", -1, NULL), SPIN_ERROR_TRAP, "unreachable");
    spin_instance_free(trapping);
    assert_answers(good);
    while (!runs[0].ended)
        uv_run(spin_engine_loop(engine), UV_RUN_ONCE);
    assert_fails(runs[0].error, SPIN_ERROR_TIMEOUT, "30 ms");
    assert_false(runs[1].ended);
    spin_instance_free(runs[0].instance);
    spin_execution_context_free(bad);
    spin_execution_context_free(worse);
    assert_answers(good);
    assert_false(runs[1].ended);
    spin_instance_free(runs[1].instance);
    spin_execution_context_free(good);
    spin_engine_unref(engine);
}

static void a_context_comes_and_goes_while_another_runs(void **state) {
    (void)state;
    running_t busy;
    spin_engine_t *engine = new_engine(NULL);
    spin_execution_context_t *a = context_of("loop", engine);
    start(&busy, a, "run", -1, NULL);
    for (int i = 0; i < 5; i++) {
        running_t other;
        spin_execution_context_t *b = context_of("loop", engine);
        start(&other, b, "run", -1, NULL);
        for (int turn = 0; turn < 3; turn++)
            uv_run(spin_engine_loop(engine), UV_RUN_NOWAIT);
        assert_answers(b);
        spin_instance_free(other.instance);
        spin_execution_context_free(b);
        assert_false(busy.ended || other.ended);
    }
    spin_instance_free(busy.instance);
    spin_execution_context_free(a);
    spin_engine_unref(engine);
}

/* ── ends, in any order ── */

static void ends_in_any_order(void **state) {
    (void)state;
    for (int order = 0; order < 6; order++) {
        spin_engine_t *engine = new_engine(NULL);
        spin_execution_context_t *contexts[] = {context_of("loop", engine),
                                                context_of("loop", engine)};
        assert_ptr_equal(spin_engine_ref(engine), engine);
        spin_engine_unref(engine);
        if (order < 2)
            spin_engine_unref(engine);
        assert_answers(contexts[0]);
        spin_execution_context_free(contexts[order % 2]);
        if (order >= 2 && order < 4)
            spin_engine_unref(engine);
        assert_answers(contexts[1 - order % 2]);
        spin_execution_context_free(contexts[1 - order % 2]);
        if (order >= 4)
            spin_engine_unref(engine);
    }
    spin_engine_unref(NULL);
}

static void a_lent_loop_outlives_all(void **state) {
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    spin_engine_t *engine = new_engine(&loop);
    spin_execution_context_t *a =
        context_with("loop", (spin_engine_options_t){.engine = engine, .loop = &loop});
    spin_execution_context_t *b = context_of("loop", engine);
    assert_ptr_equal(spin_engine_loop(engine), &loop);
    assert_answers(a);
    spin_engine_unref(engine);
    spin_execution_context_free(a);
    uv_run(&loop, UV_RUN_DEFAULT); /* nothing keeps it running, and nothing is closed */
    assert_answers(b);
    spin_execution_context_free(b);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void engines_do_not_know_each_other(void **state) {
    (void)state;
    running_t busy;
    spin_engine_t *engines[] = {new_engine(NULL), new_engine(NULL)};
    spin_execution_context_t *a = context_of("loop", engines[0]);
    spin_execution_context_t *b = context_of("loop", engines[1]);
    spin_execution_context_t *own =
        context_with("loop", (spin_engine_options_t){.cache_dir = abi_cache_dir});
    assert_ptr_not_equal(spin_execution_context_loop(a), spin_execution_context_loop(b));
    assert_ptr_not_equal(spin_execution_context_loop(own), spin_execution_context_loop(b));
    start(&busy, a, "run", -1, NULL);
    assert_answers(b);
    assert_answers(own);
    spin_instance_free(busy.instance);
    spin_execution_context_free(a);
    spin_engine_unref(engines[0]);
    assert_answers(b);
    assert_answers(own);
    spin_execution_context_free(own);
    spin_execution_context_free(b);
    spin_engine_unref(engines[1]);
}

/* ── options ── */

static void options_are_checked(void **state) {
    (void)state;
    const char *const good[] = {"a=b"}, *const bad[] = {"a=b", "secret"}, *const nameless[] = {"="},
                      *const null[] = {NULL};
    uv_loop_t loop;
    uv_loop_init(&loop);
    spin_engine_t *engine = new_engine(NULL), *none;
    const struct {
        spin_engine_options_t options;
        const char *part;
    } cases[] = {
        {{.cache_dir = "/tmp"}, "\"cache_dir\" is set beside \"engine\""},
        {{.disable_cache = true}, "\"disable_cache\""},
        {{.loop = &loop}, "\"loop\""},
        {{.max_instances = SPIN_ENGINE_MOST_INSTANCES + 1}, "max_instances"},
        {{.variables = bad, .variables_len = 2}, "variable 2 is not name=value"},
        {{.variables = nameless, .variables_len = 1}, "variable 1 is not name=value"},
        {{.variables = null, .variables_len = 1}, "variable 1 is NULL"},
        {{.environment = bad, .environment_len = 2}, "environment entry 2 is not KEY=VALUE"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        spin_execution_context_t *context;
        spin_engine_options_t options = cases[i].options;
        options.size = sizeof options;
        options.engine = engine;
        assert_fails(try_context("loop", &options, &context), SPIN_ERROR_USAGE, cases[i].part);
    }
    assert_int_equal(engine->refs, 1);
    spin_engine_options_t options = {.size = sizeof options, .variables = good, .variables_len = 1};
    assert_fails(spin_engine_new(&options, &none), SPIN_ERROR_USAGE, "\"variables\"");
    options = (spin_engine_options_t){.size = sizeof options, .engine = engine};
    assert_fails(spin_engine_new(&options, &none), SPIN_ERROR_USAGE, "\"engine\"");
    spin_engine_unref(engine);
    uv_loop_close(&loop);
}

static void keep_record(spin_log_level_t level, spin_slice_t record, void *user) {
    (void)level;
    snprintf(user, 256, "%.*s", SLICE_ARG(record));
}

static void unknown_variables_are_told_of(void **state) {
    (void)state;
    char record[256] = "";
    const char *const variables[] = {"nobody=secret"};
    spin_engine_t *engine = new_engine(NULL);
    spin_log_configure(keep_record, record, SPIN_LOG_WARN, SPIN_LOG_TEXT);
    spin_execution_context_free(context_with(
        "loop",
        (spin_engine_options_t){.engine = engine, .variables = variables, .variables_len = 1}));
    spin_log_configure(NULL, NULL, SPIN_LOG_ERROR, SPIN_LOG_TEXT);
    assert_non_null(strstr(record, "variable=nobody"));
    assert_non_null(strstr(record, "application=test"));
    assert_null(strstr(record, "secret"));
    spin_engine_unref(engine);
}

/* ── host interfaces ── */

static struct {
    int inits, deinits, components;
    bool fails;
    uv_timer_t timer;
    bool closed;
} fake;

static void on_closed(uv_handle_t *handle) {
    (void)handle;
    fake.closed = true;
}

static spin_error_t *fake_init(spin_engine_t *engine, void **shared) {
    if (fake.fails)
        return error_new(SPIN_ERROR_IO, "no");
    uv_timer_init(spin_engine_loop(engine), &fake.timer);
    fake.inits++;
    *shared = &fake;
    return NULL;
}

static void fake_deinit(void *shared) {
    assert_ptr_equal(shared, &fake);
    uv_close((uv_handle_t *)&fake.timer, on_closed);
    fake.deinits++;
}

static spin_error_t *fake_define(spin_engine_builder_t *builder) {
    assert_non_null(spin_engine_builder_linker(builder));
    return NULL;
}

static spin_error_t *fake_component(const engine_component_settings_t *settings, void **shared) {
    assert_ptr_equal(settings->engine_shared, &fake);
    assert_int_equal(settings->variables_len, 1);
    assert_true(slice_equal_text(settings->variables[0].key, "name"));
    assert_true(slice_equal_text(settings->variables[0].value, "a=b"));
    assert_non_null(settings->component);
    fake.components++;
    *shared = NULL;
    return NULL;
}

static const engine_host_t fake_host = {.id = ENGINE_HOST_OUTBOUND_REDIS,
                                        .name = "fake",
                                        .engine_init = fake_init,
                                        .engine_deinit = fake_deinit,
                                        .define = fake_define,
                                        .component_init = fake_component};

static void a_host_interface_keeps_what_all_share(void **state) {
    (void)state;
    const char *const variables[] = {"name=a=b"};
    spin_engine_t *engine;
    const spin_engine_options_t of_engine = {.size = sizeof of_engine, .cache_dir = abi_cache_dir};
    memset(&fake, 0, sizeof fake);
    assert_ok(engine_new(&of_engine, &engine));
    assert_ok(engine_add_host(engine, &fake_host));
    const spin_engine_options_t options = {
        .engine = engine, .variables = variables, .variables_len = 1};
    spin_execution_context_t *a = context_with("loop", options);
    spin_execution_context_t *b = context_with("loop", options);
    spin_instance_t *instance = prepare(b);
    assert_ptr_equal(engine_host_shared(instance, ENGINE_HOST_OUTBOUND_REDIS), &fake);
    assert_null(engine_host_shared(instance, ENGINE_HOST_WASI));
    spin_instance_free(instance);
    spin_engine_unref(engine);
    spin_execution_context_free(a);
    assert_int_equal(fake.deinits, 0);
    spin_execution_context_free(b);
    assert_int_equal(fake.inits, 1);
    assert_int_equal(fake.components, 2);
    assert_int_equal(fake.deinits, 1);
    assert_true(fake.closed); /* by the engine's own loop */

    memset(&fake, 0, sizeof fake);
    fake.fails = true;
    assert_ok(engine_new(&of_engine, &engine));
    assert_fails(engine_add_host(engine, &fake_host), SPIN_ERROR_IO, "fake: no");
    spin_engine_unref(engine);
    assert_int_equal(fake.deinits, 0);
}

/* ── no memory ── */

typedef struct life {
    spin_application_t *application;
    uv_loop_t loop;
} life_t;

static spin_error_t *live_through(void *user) {
    life_t *life = user;
    spin_application_t *application = life->application;
    uv_loop_t *loop = &life->loop;
    const char *const variables[] = {"x=1"}, *const environment[] = {"K=V"};
    const spin_engine_options_t of_engine = {.size = sizeof of_engine,
                                             .loop = loop,
                                             .max_instances = 2,
                                             .cache_dir = abi_cache_dir,
                                             .environment = environment,
                                             .environment_len = 1};
    spin_engine_t *engine = NULL;
    spin_execution_context_t *contexts[2] = {NULL, NULL};
    spin_instance_t *instance = NULL;
    spin_error_t *error = spin_engine_new(&of_engine, &engine);
    const spin_engine_options_t options = {.size = sizeof options,
                                           .engine = engine,
                                           .environment = environment,
                                           .environment_len = 1,
                                           .variables = variables,
                                           .variables_len = 1};
    for (size_t i = 0; i < 2 && error == NULL; i++) {
        spin_engine_builder_t *builder;
        error = spin_engine_builder_new(application, &options, &builder);
        if (error == NULL)
            error = spin_engine_builder_build(builder, &contexts[i]);
        if (error == NULL)
            error = try_prepare(contexts[i], &instance);
        if (error == NULL)
            spin_instance_free(instance);
    }
    spin_execution_context_free(contexts[0]);
    spin_execution_context_free(contexts[1]);
    spin_engine_unref(engine);
    uv_run(loop, UV_RUN_DEFAULT);
    return error;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    life_t life = {.application = abi_application("loop")};
    uv_loop_init(&life.loop);
    spin_error_free(live_through(&life));        /* the cache is filled, */
    failing_alloc_each(live_through, &life, 20); /* and its folder can be done without */
    spin_application_unref(life.application);
    assert_int_equal(uv_loop_close(&life.loop), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modules_and_loop_are_shared),
        cmocka_unit_test(limits_are_each_ones_own),
        cmocka_unit_test(instances_are_counted_twice),
        cmocka_unit_test(environments_are_each_ones_own),
        cmocka_unit_test(what_is_added_stays_with_its_context),
        cmocka_unit_test(traps_and_deadlines_touch_nobody_else),
        cmocka_unit_test(a_context_comes_and_goes_while_another_runs),
        cmocka_unit_test(ends_in_any_order),
        cmocka_unit_test(a_lent_loop_outlives_all),
        cmocka_unit_test(engines_do_not_know_each_other),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(unknown_variables_are_told_of),
        cmocka_unit_test(a_host_interface_keeps_what_all_share),
        cmocka_unit_test(every_allocation_may_fail),
    };
    if (!abi_make_cache())
        return 1;
    return cmocka_run_group_tests_name("engine_shared", tests, NULL, abi_remove_cache);
}
