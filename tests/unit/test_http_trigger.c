/* The HTTP trigger through <spin/http.h>, as an embedder uses it. The test's own thread runs the
 * trigger; clients are threads that `ready` starts. */
#include "cmocka_all.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "base/error.h"
#include "failing_alloc.h"
#include "manifest/application.h"
#include "manifest/manifest.h"
#include "spin/http.h"
#include "wasm_signals.h"

static char cache_dir[] = "/tmp/spin-test-trigger-XXXXXX";

typedef struct scene {
    spin_application_t *application;
    spin_engine_options_t engine;
    spin_http_options_t options;
    spin_trigger_t *trigger;
    char log_dir[sizeof cache_dir + 8];

    unsigned configured, ready;
    atomic_uint notes; /* calls of the guest's import */
    char address[64];
    void (*client)(struct scene *scene); /* runs in a thread once the trigger is ready */
    pthread_t thread;
    char answers[8][512];
} scene_t;

/* ── an application ── */

static const char manifest[] =
    "spin_version = \"1\"\nname = \"test\"\nversion = \"1.0.0\"\n"
    "trigger = { type = \"http\", base = \"/\" }\n"
    "[[component]]\nid = \"note\"\nsource = \"x\"\n[component.trigger]\nroute = \"/note\"\n"
    "executor = { type = \"wagi\" }\n"
    "[[component]]\nid = \"hang\"\nsource = \"x\"\n[component.trigger]\nroute = \"/hang\"\n"
    "executor = { type = \"wagi\", entrypoint = \"hang\" }\n"
    "[[component]]\nid = \"odd\"\nsource = \"x\"\n[component.trigger]\nroute = \"/odd\"\n"
    "executor = { type = \"wagi\", entrypoint = \"odd\" }\n"
    "[[component]]\nid = \"spin\"\nsource = \"x\"\n[component.trigger]\nroute = \"/spin\"\n";

static spin_application_t *new_application(void) {
    spin_application_t *application;
    assert_null(manifest_parse(spin_slice(manifest), "spin.toml", &application));
    spin_slice_t file =
        arena_printf(&application->arena, "%s/tests/engine/guests/embedded.wasm", SPIN_SOURCE_DIR);
    for (size_t i = 0; i < application->components_len; i++)
        application->components[i].source.file = (char *)(uintptr_t)file.ptr;
    return application;
}

/* ── the embedder's hooks ── */

static scene_t *current; /* for what has no `user` */

static wasm_trap_t *host_note(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                              size_t len) {
    scene_t *scene = env;
    (void)caller, (void)values, (void)len;
    atomic_fetch_add(&scene->notes, 1);
    return NULL;
}

static spin_error_t *add_note(spin_engine_builder_t *builder, void *user) {
    scene_t *scene = user;
    wasm_functype_t *type = wasm_functype_new_0_0();
    wasmtime_error_t *error = wasmtime_linker_define_func_unchecked(
        spin_engine_builder_linker(builder), "test", 4, "note", 4, type, host_note, scene, NULL);
    wasm_functype_delete(type);
    scene->configured++;
    return error == NULL ? NULL : error_new(SPIN_ERROR_INTERNAL, "linker");
}

static spin_error_t *refuse(spin_engine_builder_t *builder, void *user) {
    scene_t *scene = user;
    (void)builder;
    scene->configured++;
    return error_new(SPIN_ERROR_DENIED, "not today");
}

static void *run_client(void *user) {
    scene_t *scene = user;
    scene->client(scene);
    return NULL;
}

static void on_ready(const char *address, void *user) {
    scene_t *scene = user;
    scene->ready++;
    snprintf(scene->address, sizeof scene->address, "%s", address);
    if (scene->client != NULL)
        assert_int_equal(pthread_create(&scene->thread, NULL, run_client, scene), 0);
}

/* ── clients ── */

static int connect_to(const scene_t *scene) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)atoi(strrchr(scene->address, ':') + 1));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int send_get(const scene_t *scene, const char *path) {
    char request[128];
    int len = snprintf(request, sizeof request,
                       "GET %s HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", path);
    int fd = connect_to(scene);
    if (fd >= 0 && write(fd, request, (size_t)len) != len) {
        close(fd);
        return -1;
    }
    return fd;
}

/* All that comes until the server closes. */
static void read_answer(int fd, char answer[512]) {
    size_t len = 0;
    ssize_t got;
    while (fd >= 0 && len < 511 && (got = read(fd, answer + len, 511 - len)) > 0)
        len += (size_t)got;
    answer[len] = '\0';
    close(fd);
}

static void ask_all(scene_t *scene) {
    static const char *const paths[] = {"/note", "/odd", "/spin", "/healthz", "/none", "/note"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        read_answer(send_get(scene, paths[i]), scene->answers[i]);
    spin_trigger_stop(scene->trigger);
}

static void assert_all_answered(scene_t *scene) {
    static const char *const status[] = {"200", "500", "500", "200", "404", "200"};
    for (size_t i = 0; i < sizeof status / sizeof *status; i++)
        assert_memory_equal(scene->answers[i] + strlen("HTTP/1.1 "), status[i], 3);
    assert_non_null(strstr(scene->answers[0], "\r\n\r\nnoted\n"));
}

static void only_stop(scene_t *scene) {
    spin_trigger_stop(scene->trigger);
}

/* ── scenes ── */

static int set_up(void **state) {
    scene_t *scene = calloc(1, sizeof *scene);
    scene->application = new_application();
    snprintf(scene->log_dir, sizeof scene->log_dir, "%s/logs", cache_dir);
    scene->engine = (spin_engine_options_t){
        .size = sizeof scene->engine, .max_instances = 4, .cache_dir = cache_dir};
    scene->options = (spin_http_options_t){
        .size = sizeof scene->options,
        .listen = "127.0.0.1:0",
        .log_dir = scene->log_dir,
        .quiet = true,
        .engine = &scene->engine,
        .configure = add_note,
        .ready = on_ready,
        .user = scene,
    };
    current = *state = scene;
    return 0;
}

static int tear_down(void **state) {
    scene_t *scene = *state;
    spin_trigger_free(scene->trigger);
    spin_application_unref(scene->application);
    free(scene);
    return 0;
}

static void open_trigger(scene_t *scene) {
    assert_null(spin_http_trigger_new(scene->application, &scene->options, &scene->trigger));
}

static spin_error_t *run(scene_t *scene, void (*client)(scene_t *)) {
    if (scene->options.workers == 0)
        wasm_signals_restore();
    scene->client = client;
    if (scene->trigger == NULL)
        open_trigger(scene);
    spin_error_t *error = spin_trigger_run(scene->trigger);
    if (scene->ready > 0 && client != NULL)
        pthread_join(scene->thread, NULL);
    return error;
}

static void assert_fails(spin_error_t *error, spin_error_kind_t kind, const char *part) {
    char text[512];
    assert_non_null(error);
    spin_error_format(error, text, sizeof text);
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, text);
    assert_int_equal(spin_error_kind(error), kind);
    spin_error_free(error);
}

/* ── in the caller's process ── */

static void test_serves_until_stopped(void **state) {
    scene_t *scene = *state;
    open_trigger(scene);
    assert_null(run(scene, ask_all));
    assert_all_answered(scene);
    assert_int_equal(scene->ready, 1);
    assert_int_equal(scene->configured, 1);
    assert_int_equal(scene->notes, 2);
    assert_string_equal(scene->address, spin_http_trigger_address(scene->trigger));
    assert_int_equal(connect_to(scene), -1); /* nobody listens any more */
    assert_fails(spin_trigger_run(scene->trigger), SPIN_ERROR_USAGE, "has run already");
}

static void count_turns(uv_timer_t *timer) {
    (*(unsigned *)timer->data)++;
}

static void test_lent_loop(void **state) {
    scene_t *scene = *state;
    uv_loop_t loop;
    uv_timer_t timer;
    unsigned turns = 0;
    uv_loop_init(&loop);
    uv_timer_init(&loop, &timer);
    timer.data = &turns;
    uv_timer_start(&timer, count_turns, 1, 1);
    scene->engine.loop = &loop;
    for (unsigned round = 0; round < 2; round++) {
        assert_null(run(scene, ask_all));
        assert_all_answered(scene);
        spin_trigger_free(scene->trigger);
        scene->trigger = NULL;
        assert_true(turns > 0);
        assert_true(uv_is_active((uv_handle_t *)&timer));
        turns = 0;
    }
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0); /* nothing was left behind */
}

static void on_ended(spin_trigger_t *trigger, void *user) {
    assert_ptr_equal(trigger, ((scene_t *)user)->trigger);
    spin_trigger_free(trigger);
    ((scene_t *)user)->trigger = NULL;
}

static void start(scene_t *scene) {
    wasm_signals_restore();
    scene->client = ask_all;
    open_trigger(scene);
    assert_null(spin_trigger_start(scene->trigger, on_ended, scene));
    assert_int_equal(scene->ready, 1);
}

static void assert_served(scene_t *scene) {
    pthread_join(scene->thread, NULL);
    assert_null(scene->trigger);
    assert_all_answered(scene);
    assert_int_equal(scene->notes, 2);
    assert_int_equal(connect_to(scene), -1);
}

static void test_started_on_a_lent_loop(void **state) {
    scene_t *scene = *state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    scene->engine.loop = &loop;
    start(scene);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_served(scene);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_driven_by_descriptor(void **state) {
    scene_t *scene = *state;
    start(scene);
    spin_trigger_t *trigger = scene->trigger;
    do {
        struct pollfd turn = {.fd = spin_poll_fd(trigger), .events = POLLIN};
        poll(&turn, 1, spin_poll_timeout_ms(trigger));
    } while (spin_poll(trigger));
    assert_served(scene);
}

/* Freed while a guest is at work for a client, with whatever its loop still held. */
static void test_freed_while_serving(void **state) {
    scene_t *scene = *state;
    wasm_signals_restore();
    open_trigger(scene);
    assert_null(spin_trigger_start(scene->trigger, on_ended, scene));
    int fd = send_get(scene, "/hang");
    for (unsigned turn = 0; turn < 50; turn++)
        assert_true(spin_poll(scene->trigger));
    spin_trigger_free(scene->trigger);
    scene->trigger = NULL;
    read_answer(fd, scene->answers[0]);
    assert_string_equal(scene->answers[0], "");
}

static void test_configure_fails(void **state) {
    scene_t *scene = *state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    scene->engine.loop = &loop;
    scene->options.configure = refuse;
    assert_fails(run(scene, only_stop), SPIN_ERROR_DENIED, "not today");
    assert_int_equal(scene->configured, 1);
    assert_int_equal(scene->ready, 0);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_import_that_nobody_adds(void **state) {
    scene_t *scene = *state;
    scene->options.configure = NULL;
    assert_fails(run(scene, only_stop), SPIN_ERROR_INVALID, "note");
    assert_int_equal(scene->ready, 0);
}

static void test_stopped_before_it_runs(void **state) {
    scene_t *scene = *state;
    open_trigger(scene);
    spin_trigger_stop(scene->trigger);
    assert_null(run(scene, NULL));
    assert_int_equal(scene->ready, 0);
    assert_int_equal(scene->configured, 0);
}

static void stop_in_handler(int number) {
    (void)number;
    spin_trigger_stop(current->trigger);
}

static void raise_own(scene_t *scene) {
    (void)scene;
    kill(getpid(), SIGUSR1);
}

static void test_stop_in_a_signal_handler(void **state) {
    scene_t *scene = *state;
    scene->options.ignore_signals = true;
    signal(SIGUSR1, stop_in_handler);
    assert_null(run(scene, raise_own));
    signal(SIGUSR1, SIG_DFL);
    assert_int_equal(scene->ready, 1);
}

static void raise_term(scene_t *scene) {
    (void)scene;
    kill(getpid(), SIGHUP); /* ignored */
    kill(getpid(), SIGTERM);
}

static void never(int number) {
    (void)number;
    _exit(99);
}

static void test_signals_are_lent(void **state) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    for (size_t i = 0; i < 4; i++)
        signal(numbers[i], never);
    assert_null(run(*state, raise_term));
    for (size_t i = 0; i < 4; i++) {
        struct sigaction action;
        sigaction(numbers[i], NULL, &action);
        assert_ptr_equal(action.sa_handler, never);
        signal(numbers[i], SIG_DFL);
    }
}

/* ── what still runs at the end ── */

static void hang_and_stop(scene_t *scene, unsigned stops) {
    int fd = send_get(scene, "/hang");
    usleep(100 * 1000);
    for (unsigned i = 0; i < stops; i++) {
        spin_trigger_stop(scene->trigger);
        usleep(50 * 1000);
    }
    read_answer(fd, scene->answers[0]);
}

static void stop_once(scene_t *scene) {
    hang_and_stop(scene, 1);
}

static void stop_twice(scene_t *scene) {
    hang_and_stop(scene, 2);
}

static uint64_t run_timed_ms(scene_t *scene, void (*client)(scene_t *)) {
    uint64_t begin = uv_hrtime();
    assert_null(run(scene, client));
    return (uv_hrtime() - begin) / 1000000;
}

static void test_grace_ends(void **state) {
    scene_t *scene = *state;
    scene->options.shutdown_timeout_ms = 200;
    assert_in_range(run_timed_ms(scene, stop_once), 200, 10000);
    assert_string_equal(scene->answers[0], "");
}

static void test_second_stop_cuts_off(void **state) {
    scene_t *scene = *state;
    assert_in_range(run_timed_ms(scene, stop_twice), 0, 10000); /* not the 30 s of grace */
    assert_string_equal(scene->answers[0], "");
}

static void test_deadline_while_stopping(void **state) {
    scene_t *scene = *state;
    scene->engine.timeout_ms = 400;
    assert_in_range(run_timed_ms(scene, stop_once), 200, 10000);
    assert_memory_equal(scene->answers[0], "HTTP/1.1 504", 12);
}

/* More than may be alive at once: each has its turn, or gets a 503 when its time in line is over.
 */
static void hang_many(scene_t *scene) {
    int fds[8];
    for (size_t i = 0; i < 8; i++)
        fds[i] = send_get(scene, i < 4 ? "/hang" : "/note");
    for (size_t i = 0; i < 8; i++)
        read_answer(fds[i], scene->answers[i]);
    spin_trigger_stop(scene->trigger);
}

static void test_line(void **state) {
    scene_t *scene = *state;
    scene->engine.timeout_ms = 300;
    assert_null(run(scene, hang_many));
    for (size_t i = 0; i < 8; i++)
        assert_memory_equal(scene->answers[i], i < 4 ? "HTTP/1.1 504" : "HTTP/1.1 ",
                            i < 4 ? 12 : 9);
    for (size_t i = 4; i < 8; i++)
        assert_true(memcmp(scene->answers[i] + 9, "200", 3) == 0 ||
                    memcmp(scene->answers[i] + 9, "503", 3) == 0);
}

/* ── what is refused ── */

static void assert_refused(scene_t *scene, spin_error_kind_t kind, const char *part) {
    spin_trigger_t *trigger;
    assert_fails(spin_http_trigger_new(scene->application, &scene->options, &trigger), kind, part);
}

static void test_bad_options(void **state) {
    scene_t *scene = *state;
    uv_loop_t loop;
    scene->options.size = 0;
    assert_refused(scene, SPIN_ERROR_USAGE, "spin_http_options_t");
    scene->options.size = sizeof scene->options;
    scene->options.workers = 1;
    scene->engine.loop = &loop;
    assert_refused(scene, SPIN_ERROR_USAGE, "loop");
    scene->options.workers = 0;
    scene->engine.loop = NULL;
    scene->options.listen = "nowhere";
    assert_refused(scene, SPIN_ERROR_INVALID, "nowhere");
    scene->options.listen = "127.0.0.1:0";
    open_trigger(scene);
    scene->options.listen = spin_http_trigger_address(scene->trigger);
    assert_refused(scene, SPIN_ERROR_EXISTS, scene->options.listen);
    scene->application->trigger_type = spin_slice("redis");
    assert_refused(scene, SPIN_ERROR_USAGE, "http");
    scene->engine.size = 1;
    assert_fails(run(scene, only_stop), SPIN_ERROR_USAGE, "spin_engine_options_t");
}

/* A life in which nobody asks for anything. */
static spin_error_t *live(scene_t *scene) {
    spin_error_t *error =
        spin_http_trigger_new(scene->application, &scene->options, &scene->trigger);
    if (error == NULL)
        error = spin_trigger_start(scene->trigger, NULL, NULL);
    if (error == NULL) {
        spin_trigger_stop(scene->trigger);
        spin_poll(scene->trigger);
    }
    spin_trigger_free(scene->trigger);
    scene->trigger = NULL;
    return error;
}

static void test_out_of_memory(void **state) {
    scene_t *scene = *state;
    assert_null(live(scene)); /* what is cached, is */
    failing_alloc_install(SIZE_MAX);
    assert_null(live(scene));
    size_t calls = failing_alloc_calls();
    size_t failed = 0;
    for (size_t at = 1; at <= calls; at++) {
        failing_alloc_install(at);
        spin_error_t *error = live(scene);
        failed += error != NULL;
        spin_error_free(error);
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
    assert_true(failed > calls / 2); /* the module cache does without */
}

/* ── in worker processes ── */

static void test_workers(void **state) {
    scene_t *scene = *state;
    scene->options.workers = 2;
    assert_null(run(scene, ask_all));
    assert_all_answered(scene);
    assert_int_equal(scene->ready, 1);
    assert_int_equal(scene->configured, 0); /* it was, in the workers */
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void test_configure_fails_in_a_worker(void **state) {
    scene_t *scene = *state;
    scene->options.workers = 2;
    scene->options.configure = refuse;
    assert_fails(run(scene, only_stop), SPIN_ERROR_DENIED, "not today");
    assert_int_equal(scene->ready, 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest forking[] = {
        TEST(test_workers),
        TEST(test_configure_fails_in_a_worker),
    };
    const struct CMUnitTest tests[] = {
        TEST(test_serves_until_stopped),
        TEST(test_lent_loop),
        TEST(test_started_on_a_lent_loop),
        TEST(test_driven_by_descriptor),
        TEST(test_freed_while_serving),
        TEST(test_configure_fails),
        TEST(test_import_that_nobody_adds),
        TEST(test_stopped_before_it_runs),
        TEST(test_stop_in_a_signal_handler),
        TEST(test_signals_are_lent),
        TEST(test_grace_ends),
        TEST(test_second_stop_cuts_off),
        TEST(test_deadline_while_stopping),
        TEST(test_line),
        TEST(test_bad_options),
        TEST(test_out_of_memory),
    };
    if (mkdtemp(cache_dir) == NULL)
        return 1;
    int failed = cmocka_run_group_tests(forking, NULL, NULL); /* before there is an engine here */
    wasm_signals_keep();
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    char command[sizeof cache_dir + 16];
    snprintf(command, sizeof command, "rm -rf %s", cache_dir);
    return system(command) == 0 ? failed : 1;
}
