/* A scene for tests of <spin/trigger.h>: an application of one component, and a trigger type that
 * notes what is asked of it. */
#ifndef TESTS_TRIGGER_SCENE_H
#define TESTS_TRIGGER_SCENE_H

#include "cmocka_all.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/error.h"
#include "manifest/application.h"
#include "manifest/manifest.h"
#include "spin/trigger.h"
#include "wasm_signals.h"

static char cache_dir[] = "/tmp/spin-test-trigger-XXXXXX";

typedef struct scene {
    spin_application_t *application;
    spin_engine_options_t engine;
    spin_trigger_options_t options;
    spin_trigger_type_t type;
    spin_trigger_t *trigger;
    spin_worker_t *worker;
    uv_loop_t loop;                       /* to lend */
    char log[256];                        /* the operations, in order */
    const char *fails;                    /* which of them does */
    void (*on_note)(struct scene *scene); /* from inside each of them */
    void (*on_start)(struct scene *scene);
    void (*on_ready)(struct scene *scene);
    unsigned ended;
    bool free_when_ended;
    uv_timer_t timer; /* of the type, from start to end */
    unsigned count;
    unsigned limit;
    uint64_t until;
    char seen[32][8];
    int pipe[2];
    pthread_t thread;
} scene_t;

static scene_t *scene_now; /* for what has no `user` */

/* ── the type ── */

static inline spin_error_t *note(scene_t *scene, const char *what) {
    size_t len = strlen(scene->log);
    snprintf(scene->log + len, sizeof scene->log - len, "%s%s", len == 0 ? "" : " ", what);
    if (scene->on_note != NULL)
        scene->on_note(scene);
    if (scene->fails != NULL && strcmp(scene->fails, what) == 0)
        return error_new(SPIN_ERROR_DENIED, "no %s today", what);
    return NULL;
}

static inline spin_error_t *on_open(spin_trigger_t *trigger, void *user, void **state) {
    scene_t *scene = user;
    spin_slice_t text = {NULL, 0};
    *state = scene;
    spin_error_t *error = spin_settings_text(spin_trigger_settings(trigger), "known", false, &text);
    spin_error_t *refused = note(scene, "open");
    if (error == NULL)
        return refused;
    spin_error_free(refused);
    return error;
}

static inline void on_close(void *state) {
    note(state, "close");
}

static inline spin_error_t *on_configure(spin_engine_builder_t *builder, void *state) {
    assert_non_null(builder);
    return note(state, "configure");
}

static inline void never(uv_timer_t *timer) {
    (void)timer;
    fail();
}

static inline spin_error_t *on_start(spin_worker_t *worker, void *state) {
    scene_t *scene = state;
    scene->worker = worker;
    assert_ptr_equal(spin_worker_trigger(worker), scene->trigger);
    assert_ptr_equal(spin_trigger_state(scene->trigger), scene);
    assert_null(spin_worker_data(worker));
    spin_worker_set_data(worker, scene);
    assert_ptr_equal(spin_execution_context_loop(spin_worker_context(worker)),
                     spin_worker_loop(worker));
    uv_timer_init(spin_worker_loop(worker), &scene->timer);
    uv_timer_start(&scene->timer, never, 3600 * 1000, 0);
    spin_error_t *error = note(scene, "start");
    if (error == NULL && scene->on_start != NULL)
        scene->on_start(scene);
    return error;
}

static inline void on_stop(spin_worker_t *worker, void *state) {
    assert_ptr_equal(spin_worker_data(worker), state);
    note(state, "stop");
}

static inline void on_drain(spin_worker_t *worker, void *state) {
    assert_ptr_equal(spin_worker_data(worker), state);
    note(state, "drain");
}

static inline void on_end(spin_worker_t *worker, void *state) {
    scene_t *scene = state;
    assert_ptr_equal(spin_worker_data(worker), state);
    uv_close((uv_handle_t *)&scene->timer, NULL);
    note(state, "end");
}

static inline spin_error_t *on_embedder(spin_engine_builder_t *builder, void *user) {
    assert_non_null(builder);
    return note(user, "embedder");
}

static inline void on_ready(spin_trigger_t *trigger, void *user) {
    scene_t *scene = user;
    assert_ptr_equal(trigger, scene->trigger);
    note(scene, "ready");
    if (scene->on_ready != NULL)
        scene->on_ready(scene);
}

static inline void on_ended(spin_trigger_t *trigger, void *user) {
    scene_t *scene = user;
    assert_ptr_equal(trigger, scene->trigger);
    note(scene, "ended");
    scene->ended++;
    if (scene->free_when_ended) {
        spin_trigger_free(trigger);
        scene->trigger = NULL;
    }
}

/* ── scenes ── */

static const char manifest_head[] = "spin_version = \"1\"\nname = \"test\"\nversion = \"1.0.0\"\n";

static inline spin_application_t *application_of(const char *trigger, const char *module) {
    char text[512];
    snprintf(text, sizeof text,
             "%strigger = { %s }\n[[component]]\nid = \"it\"\nsource = \"x\"\n"
             "[component.trigger]\n",
             manifest_head, trigger);
    spin_application_t *application;
    assert_null(manifest_parse(spin_slice(text), "spin.toml", &application));
    spin_slice_t file = arena_printf(&application->arena, "%s/tests/engine/guests/%s.wasm",
                                     SPIN_SOURCE_DIR, module);
    application->components[0].source.file = (char *)(uintptr_t)file.ptr;
    return application;
}

static inline scene_t *new_scene(const char *module) {
    scene_t *scene = calloc(1, sizeof *scene);
    scene->application = application_of("type = \"test\"", module);
    scene->engine = (spin_engine_options_t){
        .size = sizeof scene->engine, .max_instances = 4, .cache_dir = cache_dir};
    scene->options = (spin_trigger_options_t){
        .size = sizeof scene->options,
        .engine = &scene->engine,
        .configure = on_embedder,
        .ready = on_ready,
        .user = scene,
    };
    scene->type = (spin_trigger_type_t){
        .size = sizeof scene->type,
        .name = "test",
        .open = on_open,
        .close = on_close,
        .configure = on_configure,
        .start = on_start,
        .stop = on_stop,
        .drain = on_drain,
        .end = on_end,
    };
    return scene;
}

static inline int set_up(void **state) {
    scene_t *scene = new_scene("add");
    uv_loop_init(&scene->loop);
    scene_now = *state = scene;
    return 0;
}

static inline int tear_down(void **state) {
    scene_t *scene = *state;
    spin_trigger_free(scene->trigger);
    spin_application_unref(scene->application);
    int code = uv_loop_close(&scene->loop); /* nothing was left behind */
    free(scene);
    return code;
}

static inline void lend(scene_t *scene) {
    scene->engine.loop = &scene->loop;
}

static inline spin_error_t *make(scene_t *scene) {
    return spin_trigger_new(&scene->type, scene, scene->application, &scene->options,
                            &scene->trigger);
}

static inline void assert_ok(spin_error_t *error) {
    char text[512];
    if (error == NULL)
        return;
    spin_error_format(error, text, sizeof text);
    fail_msg("%s", text);
}

static inline void assert_fails(spin_error_t *error, spin_error_kind_t kind, const char *part) {
    char text[512];
    assert_non_null(error);
    spin_error_format(error, text, sizeof text);
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, text);
    assert_int_equal(spin_error_kind(error), kind);
    spin_error_free(error);
}

static inline void stop_it(scene_t *scene) {
    spin_trigger_stop(scene->trigger);
}

static inline void free_it(scene_t *scene) {
    spin_trigger_free(scene->trigger);
    scene->trigger = NULL;
}

static inline int remove_cache(void) {
    char command[sizeof cache_dir + 16];
    snprintf(command, sizeof command, "rm -rf %s", cache_dir);
    return system(command) == 0 ? 0 : 1;
}

/* Turns the trigger's own loop as an embedder without libuv does. */
static inline void drive(scene_t *scene) {
    do {
        struct pollfd turn = {.fd = spin_poll_fd(scene->trigger), .events = POLLIN};
        assert_true(turn.fd >= 0);
        poll(&turn, 1, spin_poll_timeout_ms(scene->trigger));
    } while (spin_poll(scene->trigger));
}

/* The operations of a life without trouble, by spin_trigger_run. */
static const char whole[] = "open configure embedder start ready stop end";

/* Stops the trigger at the `limit`-th call. */
static inline void count_down(spin_worker_t *worker, void *user) {
    scene_t *scene = user;
    if (++scene->count == scene->limit)
        spin_trigger_stop(spin_worker_trigger(worker));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
