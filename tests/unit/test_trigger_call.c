/* spin_worker_call: an event in one line. */
#include "trigger_scene.h"

#include "failing_alloc.h"
#include "spin/abi.h"
#include "spin/wit.h"

static const char wit_text[] = "add: function(a: u32, b: u32) -> u32\n"
                               "run: function()\n"
                               "quick: function() -> u32\n"
                               "divide: function(by: u32) -> u32\n";
static spin_wit_t *wit;

static const spin_function_t *function(const char *name) {
    const spin_function_t *found;
    assert_ok(spin_wit_function(wit, spin_slice(name), &found));
    return found;
}

static int load_wit(void **state) {
    (void)state;
    assert_ok(spin_wit_parse(spin_slice(wit_text), "test.wit", NULL, &wit));
    return 0;
}

static int free_wit(void **state) {
    (void)state;
    spin_wit_free(wit);
    return 0;
}

static void use_module(scene_t *scene, const char *module) {
    spin_application_unref(scene->application);
    scene->application = application_of("type = \"test\"", module);
}

static const spin_value_t two_and_three[] = {{.kind = SPIN_TYPE_U32, .of.natural = 2},
                                             {.kind = SPIN_TYPE_U32, .of.natural = 3}};

static spin_error_t *call(scene_t *scene, const char *name, const spin_value_t *args, size_t len,
                          spin_worker_called_fn done) {
    return spin_worker_call(scene->worker, spin_slice("it"), NULL, function(name), args, len, done,
                            scene);
}

/* Notes the result, or the error's kind. */
static void on_called(spin_worker_t *worker, spin_error_t *error, const spin_value_t *result,
                      void *user) {
    scene_t *scene = user;
    assert_ptr_equal(worker, scene->worker);
    char *seen = scene->seen[scene->count++];
    if (error != NULL)
        snprintf(seen, sizeof scene->seen[0], "%s", spin_error_kind_name(spin_error_kind(error)));
    else if (result == NULL)
        snprintf(seen, sizeof scene->seen[0], "nothing");
    else
        snprintf(seen, sizeof scene->seen[0], "%llu", (unsigned long long)result->of.natural);
    if (error != NULL)
        assert_null(result);
    spin_error_free(error);
}

static void call_add(scene_t *scene) {
    for (unsigned i = 0; i < 6; i++) /* more than may be alive: each frees its instance */
        assert_ok(call(scene, "add", two_and_three, 2, on_called));
    spin_trigger_stop(scene->trigger);
}

static void test_calls(void **state) {
    scene_t *scene = *state;
    scene->on_ready = call_add;
    assert_ok(make(scene));
    assert_ok(spin_trigger_run(scene->trigger));
    assert_int_equal(scene->count, 6);
    for (unsigned i = 0; i < 6; i++)
        assert_string_equal(scene->seen[i], "5");
    assert_string_equal(scene->log, whole);
}

static void call_wrongly(scene_t *scene) {
    const spin_value_t text[] = {{.kind = SPIN_TYPE_STRING}, {.kind = SPIN_TYPE_STRING}};
    spin_prepare_options_t bad = {.size = 1};
    assert_fails(call(scene, "add", two_and_three, 1, on_called), SPIN_ERROR_INVALID, "add");
    assert_fails(call(scene, "add", text, 2, on_called), SPIN_ERROR_INVALID, "add");
    assert_fails(call(scene, "run", NULL, 0, on_called), SPIN_ERROR_NOT_FOUND, "run");
    assert_fails(spin_worker_call(scene->worker, spin_slice("none"), NULL, function("add"),
                                  two_and_three, 2, on_called, scene),
                 SPIN_ERROR_NOT_FOUND, "none");
    assert_fails(spin_worker_call(scene->worker, spin_slice("it"), &bad, function("add"),
                                  two_and_three, 2, on_called, scene),
                 SPIN_ERROR_USAGE, "spin_prepare_options_t");
    spin_trigger_stop(scene->trigger);
}

static void test_calls_that_do_not_begin(void **state) {
    scene_t *scene = *state;
    scene->on_ready = call_wrongly;
    assert_ok(make(scene));
    assert_ok(spin_trigger_run(scene->trigger));
    assert_int_equal(scene->count, 0);
    assert_string_equal(scene->log, whole); /* no instance is left */
}

static void call_divide(scene_t *scene) {
    const spin_value_t by[] = {{.kind = SPIN_TYPE_U32, .of.natural = 0}};
    wasm_signals_restore();
    assert_ok(call(scene, "divide", by, 1, on_called));
    spin_trigger_stop(scene->trigger);
}

static void test_trap(void **state) {
    scene_t *scene = *state;
    use_module(scene, "trap");
    scene->on_ready = call_divide;
    assert_ok(make(scene));
    assert_ok(spin_trigger_run(scene->trigger));
    assert_int_equal(scene->count, 1);
    assert_string_equal(scene->seen[0], "trap");
}

static void call_start_trap(scene_t *scene) {
    spin_error_t *error = call(scene, "run", NULL, 0, on_called);
    assert_int_equal(scene->count, 0);
    assert_fails(error, SPIN_ERROR_EXIT, "start function");
    spin_trigger_stop(scene->trigger);
}

static void test_preparation_fails(void **state) {
    scene_t *scene = *state;
    use_module(scene, "start_exit");
    scene->on_ready = call_start_trap;
    assert_ok(make(scene));
    assert_ok(spin_trigger_run(scene->trigger));
    assert_string_equal(scene->log, whole);
}

/* The start function takes its time: the error comes later. */
static void call_start_loop(scene_t *scene) {
    assert_ok(call(scene, "run", NULL, 0, on_called));
    assert_int_equal(scene->count, 0);
    spin_trigger_stop(scene->trigger);
}

static void test_preparation_fails_later(void **state) {
    scene_t *scene = *state;
    use_module(scene, "start_loop");
    scene->engine.timeout_ms = 50;
    scene->on_ready = call_start_loop;
    assert_ok(make(scene));
    assert_ok(spin_trigger_run(scene->trigger));
    assert_int_equal(scene->count, 1);
    assert_string_equal(scene->seen[0], "timeout");
}

static void call_endless(scene_t *scene) {
    assert_ok(call(scene, "run", NULL, 0, on_called));
    spin_trigger_stop(scene->trigger);
}

static void test_stop_waits_for_calls(void **state) {
    scene_t *scene = *state;
    use_module(scene, "loop");
    scene->engine.timeout_ms = 50;
    scene->on_ready = call_endless;
    assert_ok(make(scene));
    assert_ok(spin_trigger_run(scene->trigger));
    assert_string_equal(scene->seen[0], "timeout");
    assert_string_equal(scene->log, whole);
}

static void call_again(spin_worker_t *worker, spin_error_t *error, const spin_value_t *result,
                       void *user) {
    scene_t *scene = user;
    on_called(worker, error, result, user);
    assert_fails(call(scene, "run", NULL, 0, on_called), SPIN_ERROR_CANCELLED, "ending");
}

static void call_two_endless(scene_t *scene) {
    assert_ok(call(scene, "run", NULL, 0, call_again));
    assert_ok(call(scene, "run", NULL, 0, on_called));
    spin_trigger_stop(scene->trigger);
    spin_trigger_stop(scene->trigger);
}

static void test_second_stop_cancels(void **state) {
    scene_t *scene = *state;
    use_module(scene, "loop");
    scene->on_ready = call_two_endless;
    assert_ok(make(scene));
    assert_ok(spin_trigger_run(scene->trigger));
    assert_int_equal(scene->count, 2);
    assert_memory_equal(scene->seen[0], "cancel", 6);
    assert_memory_equal(scene->seen[1], "cancel", 6);
    assert_string_equal(scene->log, "open configure embedder start ready stop drain end");
}

static void call_while_stopping(spin_worker_t *worker, spin_error_t *error,
                                const spin_value_t *result, void *user) {
    scene_t *scene = user;
    on_called(worker, error, result, user);
    assert_ok(call(scene, "quick", NULL, 0, on_called));
}

static void call_then_stop(scene_t *scene) {
    assert_ok(call(scene, "run", NULL, 0, call_while_stopping));
    spin_trigger_stop(scene->trigger);
}

/* What is under way may need another call. */
static void test_a_call_while_stopping(void **state) {
    scene_t *scene = *state;
    use_module(scene, "loop");
    scene->engine.timeout_ms = 50;
    scene->on_ready = call_then_stop;
    assert_ok(make(scene));
    assert_ok(spin_trigger_run(scene->trigger));
    assert_int_equal(scene->count, 2);
    assert_string_equal(scene->seen[0], "timeout");
    assert_string_equal(scene->seen[1], "42");
}

/* ── all from everywhere ── */

static void meddle(scene_t *scene);

static void meddle_later(spin_worker_t *worker, void *user) {
    (void)worker;
    meddle(user);
}

static void meddle_when_called(spin_worker_t *worker, spin_error_t *error,
                               const spin_value_t *result, void *user) {
    (void)worker, (void)result;
    spin_error_free(error);
    meddle(user);
    ((scene_t *)user)->until--; /* the calls that were not told yet */
}

/* Whatever may be called from inside a callback; what is too late is an error. */
static void meddle(scene_t *scene) {
    spin_worker_t *worker = scene->worker;
    if (worker == NULL || ++scene->count > 200)
        return;
    spin_error_free(spin_worker_post(worker, meddle_later, scene));
    spin_error_free(spin_worker_every(worker, 1, meddle_later, scene));
    scene->until++;
    spin_error_t *error = call(scene, "run", NULL, 0, meddle_when_called);
    scene->until -= error != NULL;
    spin_error_free(error);
    spin_worker_hold(worker);
    spin_worker_release(worker);
    spin_poll(scene->trigger); /* nothing, from inside of it */
    if (scene->count > scene->limit)
        spin_trigger_stop(scene->trigger);
}

static void test_all_from_everywhere(void **state) {
    scene_t *scene = *state;
    use_module(scene, "loop");
    scene->engine.max_instances = 50;
    scene->on_note = meddle;
    for (unsigned i = 0; i < 12; i++) {
        scene->limit = i < 6 ? i : 40;
        scene->count = 0;
        scene->log[0] = '\0';
        scene->worker = NULL;
        scene->engine.loop = i % 2 == 0 ? &scene->loop : NULL;
        scene->free_when_ended = i % 3 == 0;
        assert_ok(make(scene));
        spin_trigger_t *trigger = scene->trigger;
        assert_ok(spin_trigger_start(trigger, on_ended, scene));
        if (i % 2 == 0)
            uv_run(&scene->loop, UV_RUN_DEFAULT);
        else
            while (spin_poll(trigger))
                continue;
        assert_int_equal(scene->until, 0); /* each was told */
        assert_memory_equal(scene->log, "open configure embedder start ready stop", 40);
        if (scene->trigger != NULL)
            free_it(scene);
        assert_non_null(strstr(scene->log, " end ended close"));
    }
}

/* Every allocation of a call fails once: the worker goes on, and nothing is left. */
static void call_without_memory(scene_t *scene) {
    size_t failed = 0;
    bool all = false;
    for (size_t at = 1; !all; at++) {
        scene->count = 0;
        failing_alloc_install(at);
        spin_error_t *error = call(scene, "add", two_and_three, 2, on_called);
        all = failing_alloc_calls() < at;
        assert_int_equal(scene->count, error == NULL); /* told once, or not at all */
        if (error != NULL)
            assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
        failed += error != NULL || strcmp(scene->seen[0], "5") != 0;
        spin_error_free(error);
        failing_alloc_remove();
    }
    assert_true(failed > 2);
    assert_string_equal(scene->seen[0], "5");
    spin_trigger_stop(scene->trigger);
}

static void test_out_of_memory(void **state) {
    scene_t *scene = *state;
    scene->on_ready = call_without_memory;
    assert_ok(make(scene));
    assert_ok(spin_trigger_run(scene->trigger));
    assert_string_equal(scene->log, whole);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_calls),
        TEST(test_calls_that_do_not_begin),
        TEST(test_trap),
        TEST(test_preparation_fails),
        TEST(test_preparation_fails_later),
        TEST(test_stop_waits_for_calls),
        TEST(test_second_stop_cancels),
        TEST(test_a_call_while_stopping),
        TEST(test_all_from_everywhere),
        TEST(test_out_of_memory),
    };
    if (mkdtemp(cache_dir) == NULL)
        return 1;
    wasm_signals_keep();
    int failed = cmocka_run_group_tests(tests, load_wit, free_wit);
    return failed + remove_cache();
}
