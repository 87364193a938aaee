/* What a trigger's type does with its worker: ticks, posts, instances, and others beside it. */
#include "trigger_scene.h"

#include "trigger/trigger.h"

/* ── ticks and posts ── */

/* The first takes ten times as long as it should. */
static void tick_late(spin_worker_t *worker, void *user) {
    scene_t *scene = user;
    uv_loop_t *loop = spin_worker_loop(worker);
    if (scene->count++ == 0)
        usleep(100 * 1000);
    if (uv_now(loop) >= scene->until)
        spin_trigger_stop(spin_worker_trigger(worker));
}

static void start_late_ticks(scene_t *scene) {
    assert_ok(spin_worker_every(scene->worker, 10, tick_late, scene));
    scene->until = uv_now(spin_worker_loop(scene->worker)) + 150;
}

static void test_late_ticks_are_not_made_up_for(void **state) {
    scene_t *scene = *state;
    scene->on_start = start_late_ticks;
    assert_ok(make(scene));
    assert_ok(spin_trigger_run(scene->trigger));
    /* At 10, 110, 120, ... 150; some less where the machine is slow. */
    assert_in_range(scene->count, 2, 8);
}

static void hold_and_tick(scene_t *scene) {
    spin_worker_hold(scene->worker);
    assert_ok(spin_worker_every(scene->worker, 1, count_down, scene));
    assert_fails(spin_worker_every(scene->worker, 0, count_down, scene), SPIN_ERROR_USAGE, "0 ms");
    assert_ok(spin_worker_every(scene->worker, UINT64_MAX, count_down, scene));
}

static void test_no_tick_after_the_stop(void **state) {
    scene_t *scene = *state;
    scene->on_start = hold_and_tick;
    assert_ok(make(scene));
    assert_ok(spin_trigger_start(scene->trigger, on_ended, scene));
    while (scene->count < 3)
        assert_true(spin_poll(scene->trigger));
    spin_trigger_stop(scene->trigger);
    while (strstr(scene->log, "stop") == NULL)
        spin_poll(scene->trigger);
    unsigned before = scene->count;
    assert_fails(spin_worker_every(scene->worker, 1, count_down, scene), SPIN_ERROR_USAGE,
                 "stopping");
    usleep(10 * 1000);
    for (unsigned turn = 0; turn < 10; turn++)
        assert_true(spin_poll(scene->trigger));
    assert_int_equal(scene->count, before);
    spin_worker_release(scene->worker);
    drive(scene);
}

enum { POSTERS = 4, POSTS = 500 };

typedef struct poster {
    scene_t *scene;
    pthread_t thread;
    unsigned posted; /* by the thread */
    unsigned heard;  /* by the loop */
    struct posting {
        struct poster *poster;
        unsigned number;
    } postings[POSTS];
} poster_t;

static void on_post(spin_worker_t *worker, void *user) {
    struct posting *posting = user;
    scene_t *scene = posting->poster->scene;
    assert_ptr_equal(worker, scene->worker);
    assert_int_equal(posting->number, posting->poster->heard++); /* in order */
    if (++scene->count == POSTERS * POSTS)
        spin_trigger_stop(scene->trigger);
}

static void *post_all(void *user) {
    poster_t *poster = user;
    for (unsigned i = 0; i < POSTS; i++) {
        poster->postings[i] = (struct posting){poster, i};
        spin_error_t *error =
            spin_worker_post(poster->scene->worker, on_post, &poster->postings[i]);
        poster->posted += error == NULL;
        spin_error_free(error);
    }
    return NULL;
}

static poster_t posters[POSTERS];

static void start_posters(scene_t *scene) {
    for (size_t i = 0; i < POSTERS; i++) {
        posters[i] = (poster_t){.scene = scene};
        assert_int_equal(pthread_create(&posters[i].thread, NULL, post_all, &posters[i]), 0);
    }
}

static void test_posts_from_many_threads(void **state) {
    scene_t *scene = *state;
    scene->on_start = start_posters; /* kept until the start is over */
    assert_ok(make(scene));
    assert_ok(spin_trigger_run(scene->trigger));
    for (size_t i = 0; i < POSTERS; i++) {
        pthread_join(posters[i].thread, NULL);
        assert_int_equal(posters[i].posted, POSTS);
        assert_int_equal(posters[i].heard, POSTS);
    }
    assert_fails(spin_worker_post(scene->worker, on_post, NULL), SPIN_ERROR_CANCELLED, "ended");
}

/* ── instances ── */

static void on_called(spin_instance_t *instance, spin_error_t *error, void *user) {
    scene_t *scene = user;
    snprintf(scene->seen[scene->count++], sizeof scene->seen[0], "%s",
             error == NULL ? "ok" : spin_error_kind_name(spin_error_kind(error)));
    spin_error_free(error);
    spin_instance_free(instance);
}

static void start_call(scene_t *scene, const char *name) {
    spin_instance_t *instance;
    wasmtime_func_t func;
    assert_ok(spin_execution_context_prepare_component(spin_worker_context(scene->worker),
                                                       spin_slice("it"), NULL, &instance));
    assert_ok(spin_instance_function(instance, spin_slice(name), &func));
    assert_ok(spin_instance_start(instance, &func, NULL, 0, NULL, 0, on_called, scene));
}

static void start_endless(scene_t *scene) {
    start_call(scene, "run");
}

static void test_living_instance_is_waited_for(void **state) {
    scene_t *scene = *state;
    spin_application_unref(scene->application);
    scene->application = application_of("type = \"test\"", "loop");
    scene->engine.timeout_ms = 100;
    scene->on_start = start_endless;
    scene->on_ready = stop_it;
    assert_ok(make(scene));
    assert_ok(spin_trigger_run(scene->trigger));
    assert_int_equal(scene->count, 1);
    assert_string_equal(scene->seen[0], "timeout");
    assert_string_equal(scene->log, whole); /* without drain */
}

/* Two triggers, with an engine each, on two threads: while one's guest traps again and again, and
 * it ends and begins anew, the other goes on. */
static void trap(spin_worker_t *worker, void *user) {
    scene_t *scene = user;
    if (scene->count < scene->limit)
        start_call(scene, "unreachable");
    if (scene->count == scene->limit)
        spin_trigger_stop(spin_worker_trigger(worker));
}

static void start_trapping(scene_t *scene) {
    assert_ok(spin_worker_every(scene->worker, 1, trap, scene));
}

static void *run_trapping(void *user) {
    for (unsigned round = 0; round < 3; round++) {
        scene_t *scene = new_scene("trap");
        scene->limit = 10;
        scene->on_start = start_trapping;
        spin_error_t *error = make(scene);
        if (error == NULL)
            error = spin_trigger_run(scene->trigger);
        spin_trigger_free(scene->trigger);
        *(unsigned *)user +=
            error == NULL && scene->count == 10 && strcmp(scene->seen[9], "trap") == 0;
        spin_application_unref(scene->application);
        free(scene);
    }
    return NULL;
}

static void add(spin_worker_t *worker, void *user) {
    scene_t *scene = user;
    spin_instance_t *instance;
    wasmtime_func_t func;
    wasmtime_val_t args[2] = {{.kind = WASMTIME_I32, .of.i32 = 2},
                              {.kind = WASMTIME_I32, .of.i32 = 3}};
    wasmtime_val_t sum = {0};
    (void)worker;
    assert_ok(spin_execution_context_prepare_component(spin_worker_context(worker),
                                                       spin_slice("it"), NULL, &instance));
    assert_ok(spin_instance_function(instance, spin_slice("add"), &func));
    assert_ok(spin_instance_call(instance, &func, args, 2, &sum, 1));
    assert_int_equal(sum.of.i32, 5);
    spin_instance_free(instance);
    scene->count++;
}

static void start_adding(scene_t *scene) {
    assert_ok(spin_worker_every(scene->worker, 1, add, scene));
}

static void test_two_threads(void **state) {
    scene_t *scene = *state;
    pthread_t thread;
    unsigned good = 0;
    wasm_signals_restore();
    scene->options.ignore_signals = true;
    scene->on_start = start_adding;
    assert_ok(make(scene));
    assert_ok(spin_trigger_start(scene->trigger, on_ended, scene));
    assert_int_equal(pthread_create(&thread, NULL, run_trapping, &good), 0);
    struct pollfd turn = {.fd = spin_poll_fd(scene->trigger), .events = POLLIN};
    while (pthread_tryjoin_np(thread, NULL) != 0) {
        assert_true(spin_poll(scene->trigger));
        poll(&turn, 1, spin_poll_timeout_ms(scene->trigger));
    }
    assert_int_equal(good, 3);
    for (unsigned before = scene->count; scene->count < before + 3;) {
        assert_true(spin_poll(scene->trigger));
        poll(&turn, 1, spin_poll_timeout_ms(scene->trigger));
    }
    spin_trigger_stop(scene->trigger);
    drive(scene);
}

/* Two on one loop: each ends for itself. */
static void test_two_on_one_loop(void **state) {
    scene_t *scene = *state;
    scene_t *other = new_scene("add");
    lend(scene);
    other->engine.loop = &scene->loop;
    assert_ok(make(scene));
    assert_ok(make(other));
    assert_ok(spin_trigger_start(scene->trigger, on_ended, scene));
    assert_ok(spin_trigger_start(other->trigger, on_ended, other));
    spin_trigger_stop(other->trigger);
    while (other->ended == 0)
        uv_run(&scene->loop, UV_RUN_ONCE);
    assert_string_equal(scene->log, "open configure embedder start ready");
    spin_trigger_free(other->trigger);
    spin_trigger_stop(scene->trigger);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_int_equal(scene->ended, 1);
    spin_application_unref(other->application);
    free(other);
}

/* ── one of many ── */

static void hold_it(scene_t *scene) {
    spin_worker_hold(scene->worker);
}

static void turn(scene_t *scene) {
    for (unsigned turns = 0; turns < 20; turns++)
        uv_run(&scene->loop, UV_RUN_NOWAIT);
}

/* Its stops come by the loop alone. */
static void test_without_a_descriptor(void **state) {
    scene_t *scene = *state;
    static const char *const left[] = {"open ended",
                                       "open configure embedder start ready stop drain end ended",
                                       "open configure embedder start ready stop drain end ended"};
    lend(scene);
    scene->on_start = hold_it;
    for (unsigned how = 0; how < 3; how++) {
        scene->log[0] = '\0';
        scene->ended = 0;
        assert_ok(make(scene));
        trigger_set_index(scene->trigger, 7);
        assert_int_equal(scene->trigger->stop_fd, -1);
        if (how == 0) /* before it starts */
            spin_trigger_stop(scene->trigger);
        assert_ok(spin_trigger_start(scene->trigger, on_ended, scene));
        if (how > 0) {
            assert_int_equal(spin_worker_index(scene->worker), 7);
            turn(scene);
            assert_int_equal(scene->ended, 0);
            spin_trigger_stop(scene->trigger);
            if (how == 1) { /* one after the other; else at once */
                turn(scene);
                assert_int_equal(scene->ended, 0); /* something holds it */
            }
            spin_trigger_stop(scene->trigger);
        }
        turn(scene);
        assert_int_equal(scene->ended, 1);
        spin_trigger_stop(scene->trigger); /* nobody is there to hear it */
        assert_string_equal(scene->log, left[how]);
        free_it(scene);
    }
    scene->log[0] = '\0';
    scene->on_start = NULL;
    assert_ok(make(scene));
    trigger_set_index(scene->trigger, 0);
    scene->on_ready = stop_it; /* from inside the start */
    assert_ok(spin_trigger_start(scene->trigger, on_ended, scene));
    turn(scene);
    assert_string_equal(scene->log, "open configure embedder start ready stop end ended");
}

/* An engine lends its loop to the triggers that share it. */
static void test_on_a_shared_engine(void **state) {
    scene_t *scene = *state;
    spin_engine_t *engine;
    lend(scene);
    assert_ok(spin_engine_new(&scene->engine, &engine));
    scene->engine = (spin_engine_options_t){.size = sizeof scene->engine, .engine = engine};
    scene->options.workers = 1;
    assert_fails(make(scene), SPIN_ERROR_USAGE, "worker processes");
    scene->options.workers = 0;
    scene->log[0] = '\0';
    scene->on_ready = stop_it;
    assert_ok(make(scene));
    assert_ok(spin_trigger_start(scene->trigger, on_ended, scene));
    assert_ptr_equal(spin_worker_loop(scene->worker), &scene->loop);
    turn(scene);
    assert_int_equal(scene->ended, 1);
    free_it(scene);
    spin_engine_unref(engine);
    turn(scene);
}

/* ── two engines ── */

static wasm_trap_t *multiply(void *factor, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                             size_t len) {
    (void)caller, (void)len;
    values[0].i32 *= *(int32_t *)factor;
    return NULL;
}

/* What "double" does is the embedder's idea of it. */
static spin_error_t *add_double(spin_engine_builder_t *builder, void *user) {
    wasmtime_linker_t *linker = spin_engine_builder_linker(builder);
    wasm_functype_t *type = wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
    void *factor = &((scene_t *)user)->limit;
    assert_null(wasmtime_linker_define_func_unchecked(linker, "test", 4, "double", 6, type,
                                                      multiply, factor, NULL));
    assert_null(wasmtime_linker_define_func_unchecked(linker, "test", 4, "wait", 4, type, multiply,
                                                      factor, NULL));
    wasm_functype_delete(type);
    return NULL;
}

static spin_instance_t *prepare(scene_t *scene) {
    spin_instance_t *instance;
    assert_ok(spin_execution_context_prepare_component(spin_worker_context(scene->worker),
                                                       spin_slice("it"), NULL, &instance));
    return instance;
}

static int32_t call_double(spin_instance_t *instance) {
    wasmtime_func_t func;
    wasmtime_val_t arg = {.kind = WASMTIME_I32, .of.i32 = 10}, result = {0};
    assert_ok(spin_instance_function(instance, spin_slice("double"), &func));
    assert_ok(spin_instance_call(instance, &func, &arg, 1, &result, 1));
    return result.of.i32;
}

/* On one loop, of one module and with one cache: each has its own functions and limits, and the end
 * of one is nothing to the other. */
static void test_two_engines_do_not_see_each_other(void **state) {
    scene_t *scenes[] = {*state, new_scene("host")};
    spin_instance_t *instances[2], *further;
    spin_application_unref(scenes[0]->application);
    scenes[0]->application = application_of("type = \"test\"", "host");
    for (unsigned i = 0; i < 2; i++) {
        scenes[i]->engine.loop = &scenes[0]->loop;
        scenes[i]->engine.max_instances = i + 1;
        scenes[i]->options.configure = add_double;
        scenes[i]->limit = i + 2;
        assert_ok(make(scenes[i]));
        assert_ok(spin_trigger_start(scenes[i]->trigger, on_ended, scenes[i]));
        instances[i] = prepare(scenes[i]);
    }
    assert_int_equal(call_double(instances[0]), 20);
    assert_int_equal(call_double(instances[1]), 30);
    assert_fails(spin_execution_context_prepare_component(spin_worker_context(scenes[0]->worker),
                                                          spin_slice("it"), NULL, &further),
                 SPIN_ERROR_LIMIT, "1");
    further = prepare(scenes[1]);
    spin_instance_free(instances[0]);
    spin_trigger_stop(scenes[0]->trigger);
    while (scenes[0]->ended == 0)
        uv_run(&scenes[0]->loop, UV_RUN_ONCE);
    free_it(scenes[0]);
    assert_int_equal(scenes[1]->ended, 0);
    assert_int_equal(call_double(instances[1]), 30);
    assert_int_equal(call_double(further), 30);
    spin_instance_free(instances[1]);
    spin_instance_free(further);
    free_it(scenes[1]);
    spin_application_unref(scenes[1]->application);
    free(scenes[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_late_ticks_are_not_made_up_for),
        TEST(test_no_tick_after_the_stop),
        TEST(test_posts_from_many_threads),
        TEST(test_living_instance_is_waited_for),
        TEST(test_two_threads),
        TEST(test_two_on_one_loop),
        TEST(test_without_a_descriptor),
        TEST(test_on_a_shared_engine),
        TEST(test_two_engines_do_not_see_each_other),
    };
    if (mkdtemp(cache_dir) == NULL)
        return 1;
    wasm_signals_keep();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + remove_cache();
}
