/* A server whose callbacks change it, whose workers die or leave, and whose memory is out. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#include "failing_alloc.h"
#include "server_scene.h"

static size_t count_in_log(const scene_t *scene, const char *entry) {
    size_t count = 0;
    for (const char *at = scene->log; (at = strstr(at, entry)) != NULL; at++)
        count++;
    return count;
}

/* ── changes from callbacks ── */

static void mend_a_and_remove_b(scene_t *scene, const spin_server_event_t *event) {
    if (event->kind != SPIN_SERVER_FAILED)
        return;
    put(scene, "a", "/a", "a2");
    assert_null(spin_server_remove(scene->server, "b"));
}

static void expect_mended(scene_t *scene) {
    expect_soon(scene, "/a", "<a2>");
    expect_soon(scene, "/b", "404");
    expect(scene, "/c", "<c1>");
}

static void test_changes_at_a_failure(unsigned workers) {
    scene_t scene;
    new_server(&scene, workers);
    scene.on_event = mend_a_and_remove_b;
    assert_null(put_as(scene.server, "a", "/a", "a1", "README.md"));
    put(&scene, "b", "/b", "b1");
    put(&scene, "c", "/c", "c1");
    play(&scene, expect_mended);
    assert_int_equal(count_in_log(&scene, "fa "), 1);
    assert_int_equal(count_in_log(&scene, "sa "), 1);
    assert_int_equal(count_in_log(&scene, "rb "), 1);
    assert_int_equal(count_in_log(&scene, "sc "), 1);
    end(&scene);
}

static void test_changes_at_a_failure_here(void **state) {
    (void)state;
    test_changes_at_a_failure(0);
}

static void test_changes_at_a_failure_in_workers(void **state) {
    (void)state;
    test_changes_at_a_failure(2);
}

static void remove_served(scene_t *scene, const spin_server_event_t *event) {
    if (event->kind == SPIN_SERVER_SERVING)
        assert_null(spin_server_remove(scene->server, event->name));
}

static void expect_none(scene_t *scene) {
    expect_soon(scene, "/a", "404");
    expect_soon(scene, "/b", "404");
    expect_soon(scene, "/c", "404");
}

static void test_removals_from_events(unsigned workers) {
    static const char *const names[] = {"a", "b", "c"};
    scene_t scene;
    new_server(&scene, workers);
    scene.on_event = remove_served;
    for (size_t i = 0; i < 3; i++) {
        char base[8];
        snprintf(base, sizeof base, "/%s", names[i]);
        put(&scene, names[i], base, "1");
    }
    play(&scene, expect_none);
    for (size_t i = 0; i < 3; i++) {
        char served[8], removed[8];
        snprintf(served, sizeof served, "s%s ", names[i]);
        snprintf(removed, sizeof removed, "r%s ", names[i]);
        assert_int_equal(count_in_log(&scene, served), 1);
        assert_int_equal(count_in_log(&scene, removed), 1);
    }
    end(&scene);
}

static void test_removals_from_events_here(void **state) {
    (void)state;
    test_removals_from_events(0);
}

static void test_removals_from_events_in_workers(void **state) {
    (void)state;
    test_removals_from_events(2);
}

/* ── several changes of one name ── */

static void remove_put_remove(scene_t *scene) {
    assert_null(spin_server_remove(scene->server, "a"));
    put(scene, "a", "/a", "a2");
    assert_null(spin_server_remove(scene->server, "a"));
}

static void put_remove_put(scene_t *scene) {
    put(scene, "a", "/a", "a3");
    assert_null(spin_server_remove(scene->server, "a"));
    put(scene, "a", "/a", "a4");
}

/* When the removal's turn comes there is nothing of that name: it never was. */
static void break_and_remove_x(scene_t *scene) {
    assert_null(put_as(scene->server, "x", "/x", "x1", "README.md"));
    spin_error_free(spin_server_remove(scene->server, "x"));
}

/* What no compiler sees, but the workers: an address that only the trigger looks at. */
static void spoil(scene_t *scene, const char *name) {
    spin_application_t *application =
        application_of("type = \"redis\", address = \"nonsense\"", "examples/wagi/env.wasm");
    assert_null(spin_server_put(scene->server, name, application, NULL));
    spin_application_unref(application);
}

static void spoil_and_put_a(scene_t *scene) {
    spoil(scene, "a");
    put(scene, "a", "/a", "a5");
}

static void spoil_and_remove_a(scene_t *scene) {
    spoil(scene, "a");
    assert_null(spin_server_remove(scene->server, "a"));
}

/* With a change of another one between the failure and what undoes it. */
static void spoil_y_and_put_a(scene_t *scene) {
    spoil(scene, "y");
    put(scene, "a", "/a", "a6");
    spin_error_free(spin_server_remove(scene->server, "y"));
}

/* Has the server's thread act, and waits until no event comes any more. */
static void act(scene_t *scene, act_fn fn) {
    const uint64_t one = 1;
    char kinds[64];
    struct pollfd wait = {.fd = scene->answered[0], .events = POLLIN};
    scene->act = fn;
    assert_int_equal(write(scene->ask, &one, sizeof one), (int)sizeof one);
    for (int wait_ms = 30000; poll(&wait, 1, wait_ms) == 1; wait_ms = 300)
        assert_true(read(scene->answered[0], kinds, sizeof kinds) > 0);
}

static void change_names(scene_t *scene) {
    act(scene, remove_put_remove);
    expect(scene, "/a", "404");
    act(scene, put_remove_put);
    expect(scene, "/a", "<a4>");
    act(scene, break_and_remove_x);
    expect(scene, "/a", "<a4>");
    expect(scene, "/x", "404");
    act(scene, spoil_and_put_a);
    expect(scene, "/a", "<a5>");
    act(scene, spoil_y_and_put_a);
    expect(scene, "/a", "<a6>");
    act(scene, spoil_and_remove_a);
    expect(scene, "/a", "404");
}

static void test_last_call_counts(unsigned workers) {
    scene_t scene;
    new_server(&scene, workers);
    put(&scene, "a", "/a", "a1");
    play(&scene, change_names);
    assert_int_equal(count_in_log(&scene, "fx "), 1);
    assert_int_equal(count_in_log(&scene, "fa "), 2);
    assert_int_equal(count_in_log(&scene, "fy "), 1);
    end(&scene);
}

static void test_last_call_counts_here(void **state) {
    (void)state;
    test_last_call_counts(0);
}

static void test_last_call_counts_in_workers(void **state) {
    (void)state;
    test_last_call_counts(2);
}

/* ── stops ── */

static void stop_at_failure(scene_t *scene, const spin_server_event_t *event) {
    assert_int_equal(event->kind, SPIN_SERVER_FAILED);
    spin_server_stop(scene->server);
}

/* Whoever stops it before it is ready is not told that it is. */
static void test_stop_before_ready(void **state) {
    scene_t scene;
    (void)state;
    for (unsigned workers = 0; workers < 2; workers++) {
        new_server(&scene, workers);
        scene.on_event = stop_at_failure;
        assert_null(put_as(scene.server, "a", "/a", "a1", "README.md"));
        assert_null(put_as(scene.server, "b", "/b", "b1", "README.md"));
        assert_null(spin_server_run(scene.server));
        assert_int_equal(scene.readies, 0);
        assert_int_equal(count_in_log(&scene, "fa "), 1);
        end(&scene);
    }
}

static int open_connection(const scene_t *scene) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(scene->port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* A request that never ends holds up a graceful stop until its time is over. */
static int begin_request(const scene_t *scene) {
    static const char head[] = "POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n12";
    int fd = open_connection(scene);
    assert_int_equal(write(fd, head, sizeof head - 1), (int)(sizeof head - 1));
    usleep(50000);
    return fd;
}

static unsigned late_calls;

static void count_call(spin_server_t *server, int fd, void *user) {
    (void)server, (void)fd, (void)user;
    late_calls++;
}

static void stop_and_be_readable(scene_t *scene) {
    const uint64_t one = 1;
    int fd = begin_request(scene);
    spin_server_stop(scene->server);
    assert_int_equal(write(scene->ask, &one, sizeof one), (int)sizeof one);
    usleep(600000);
    close(fd);
}

static double thread_seconds(void) {
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* What nobody reads any more must not keep the loop busy. */
static void test_watches_rest_while_it_stops(void **state) {
    scene_t scene;
    (void)state;
    for (unsigned workers = 0; workers < 2; workers++) {
        new_server(&scene, workers);
        spin_server_free(scene.server);
        scene.options.shutdown_timeout_ms = 400;
        assert_null(spin_server_new(&scene.options, &scene.server));
        assert_null(spin_server_watch(scene.server, scene.ask, count_call, NULL));
        put(&scene, "a", "/a", "a1");
        late_calls = 0;
        double before = thread_seconds();
        play(&scene, stop_and_be_readable);
        if (thread_seconds() - before > 0.2)
            fail_msg("%.3f s of processor time", thread_seconds() - before);
        assert_true(late_calls <= 1); /* it came together with the stop */
        end(&scene);
    }
}

/* ── workers ── */

/* The one that has run longest. */
static pid_t a_worker(void) {
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    return (pid_t)atoi(text);
}

static void replace_a(scene_t *scene) {
    put(scene, "a", "/a", "a2");
}

static void let_a_worker_leave(scene_t *scene) {
    int fds[16];
    struct timespec begin, now;
    for (size_t i = 0; i < 16; i++) /* so that each worker has some */
        fds[i] = open_connection(scene);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(
            write(fds[i], "POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n", 47), 47);
    usleep(100000);
    pid_t leaving = a_worker();
    kill(leaving, SIGTERM);
    usleep(50000);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    act(scene, replace_a);
    clock_gettime(CLOCK_MONOTONIC, &now);
    assert_int_equal(kill(leaving, 0), 0); /* it is still at its requests */
    if (now.tv_sec - begin.tv_sec > 3)
        fail_msg("the change waited %ld s for a worker that leaves",
                 (long)(now.tv_sec - begin.tv_sec));
    for (size_t i = 0; i < 16; i++)
        close(fds[i]);
}

static void test_a_leaving_worker_holds_up_no_change(void **state) {
    scene_t scene;
    (void)state;
    new_server(&scene, 2);
    put(&scene, "a", "/a", "a1");
    play(&scene, let_a_worker_leave);
    assert_int_equal(count_in_log(&scene, "f"), 0);
    end(&scene);
}

/* ── a worker that can't start what the others serve ── */

static char module_path[64];

static void set_module(bool there) {
    char command[1024];
    if (there)
        snprintf(command, sizeof command, "cp %s/examples/wagi/env.wasm %s", SPIN_SOURCE_DIR,
                 module_path);
    else
        snprintf(command, sizeof command, "rm %s", module_path);
    assert_int_equal(system(command), 0);
}

static void replace_worker(pid_t *worker) {
    pid_t before = *worker;
    kill(before, SIGKILL);
    for (int tries = 0; kill(before, 0) == 0 && tries < 1000; tries++)
        usleep(10000);
    usleep(100000);
    *worker = a_worker();
}

static void lose_and_find_the_module(scene_t *scene) {
    pid_t worker = a_worker();
    expect(scene, "/a", "200 OK");
    set_module(false);
    replace_worker(&worker);
    expect_soon(scene, "/b", "<b1>");
    expect(scene, "/a", "404");
    set_module(true);
    replace_worker(&worker);
    expect_soon(scene, "/b", "<b1>");
    expect(scene, "/a", "200 OK");
}

/* It is tried again by the next one, and what the others serve has not failed. */
static void test_a_new_worker_without_an_application(void **state) {
    const spin_server_application_t options = {
        .size = sizeof options, .base = "/a", .log_dir = cache_dir};
    scene_t scene;
    (void)state;
    new_server(&scene, 1);
    spin_server_free(scene.server);
    scene.engine.disable_cache = true;
    scene.engine.cache_dir = NULL;
    assert_null(spin_server_new(&scene.options, &scene.server));
    assert_null(spin_server_watch(scene.server, scene.ask, on_asked, &scene));
    snprintf(module_path, sizeof module_path, "%s/module.wasm", cache_dir);
    set_module(true);
    spin_application_t *application = application_of("type = \"http\"", "README.md");
    application->components[0].source.file =
        arena_copy_text(&application->arena, spin_slice(module_path));
    assert_null(spin_server_put(scene.server, "a", application, &options));
    spin_application_unref(application);
    put(&scene, "b", "/b", "b1");
    play(&scene, lose_and_find_the_module);
    assert_string_equal(scene.log, "sa sb ");
    end(&scene);
}
/* ── out of memory ── */

static struct {
    size_t fail_at;
    size_t calls; /* of the last change */
    bool over;
    bool removal;
    spin_application_t *application;
} short_of;

static void change_without_memory(scene_t *scene) {
    static const spin_server_application_t options = {
        .size = sizeof options, .base = "/a", .log_dir = cache_dir};
    short_of.over = false;
    failing_alloc_install(short_of.fail_at);
    spin_error_t *error = short_of.removal
                              ? spin_server_remove(scene->server, "a")
                              : spin_server_put(scene->server, "a", short_of.application, &options);
    if (error == NULL)
        return; /* its event comes, or came */
    short_of.over = true;
    short_of.calls = failing_alloc_calls();
    failing_alloc_remove();
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
    spin_error_free(error);
    assert_int_equal(write(scene->answered[1], "e", 1), 1);
}

static void end_shortage(scene_t *scene, const spin_server_event_t *event) {
    (void)scene, (void)event;
    if (short_of.application == NULL || short_of.over)
        return;
    short_of.over = true;
    short_of.calls = failing_alloc_calls();
    failing_alloc_remove();
    if (event->error != NULL)
        assert_int_equal(spin_error_kind(event->error), SPIN_ERROR_NO_MEMORY);
}

static void change_once(scene_t *scene) {
    const uint64_t one = 1;
    char kind;
    struct pollfd wait = {.fd = scene->answered[0], .events = POLLIN};
    scene->act = change_without_memory;
    assert_int_equal(write(scene->ask, &one, sizeof one), (int)sizeof one);
    assert_int_equal(poll(&wait, 1, 30000), 1);
    assert_int_equal(read(scene->answered[0], &kind, 1), 1);
}

/* Every allocation of the process that runs the server fails once: the change is done or refused,
 * and the next one goes well. */
static void fail_everywhere(scene_t *scene, bool removal) {
    short_of.removal = removal;
    short_of.fail_at = SIZE_MAX;
    change_once(scene);
    size_t calls = short_of.calls;
    assert_true(removal || calls > 10);
    for (size_t at = 1; at <= calls; at++) {
        short_of.fail_at = SIZE_MAX;
        short_of.removal = false;
        change_once(scene);
        short_of.removal = removal;
        short_of.fail_at = at;
        change_once(scene);
        if (answers(scene, "/a", "200 OK"))
            continue;
        if (!removal)
            fail_msg("allocation %zu of %zu: the application is gone", at, calls);
    }
}

static void change_everywhere(scene_t *scene) {
    short_of.application = application_of("type = \"http\"", "examples/wagi/env.wasm");
    fail_everywhere(scene, false);
    fail_everywhere(scene, true);
    spin_application_unref(short_of.application);
    short_of.application = NULL;
}

static void test_changes_without_memory(unsigned workers) {
    scene_t scene;
    new_server(&scene, workers);
    scene.on_event = end_shortage;
    put(&scene, "a", "/a", "a1");
    play(&scene, change_everywhere);
    end(&scene);
}

static void test_changes_without_memory_here(void **state) {
    (void)state;
    test_changes_without_memory(0);
}

static void test_changes_without_memory_in_workers(void **state) {
    (void)state;
#ifdef __SANITIZE_THREAD__ /* hundreds of forks beside a thread: some stop inside of it */
    skip();
#endif
    test_changes_without_memory(1);
}

static void stop_when_ready(spin_server_t *server, void *user) {
    (void)user;
    spin_server_stop(server);
}

static void stop_when_failed(spin_server_t *server, const spin_server_event_t *event, void *user) {
    (void)user;
    if (event->kind == SPIN_SERVER_FAILED)
        spin_server_stop(server);
}

/* Runs a server to its end, of which the allocation number `fail_at` fails; how many there were. */
static size_t run_without_memory(unsigned workers, size_t fail_at) {
    const spin_engine_options_t engine = {
        .size = sizeof engine, .cache_dir = cache_dir, .max_instances = 2};
    const spin_http_options_t http = {.size = sizeof http, .listen = "127.0.0.1:0"};
    const spin_server_options_t options = {.size = sizeof options,
                                           .workers = workers,
                                           .ignore_signals = true,
                                           .engine = &engine,
                                           .http = &http,
                                           .ready = stop_when_ready,
                                           .event = stop_when_failed};
    spin_server_t *server;
    assert_null(spin_server_new(&options, &server));
    assert_null(put_as(server, "a", "/a", "a1", "examples/wagi/env.wasm"));
    failing_alloc_install(fail_at);
    spin_error_t *error = spin_server_run(server);
    size_t calls = failing_alloc_calls();
    failing_alloc_remove();
    if (error != NULL)
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
    spin_error_free(error);
    spin_server_free(server);
    return calls;
}

/* In the workers, which inherit the count, too. */
static void test_start_without_memory(void **state) {
    (void)state;
    size_t calls = run_without_memory(0, SIZE_MAX);
    assert_true(calls > 20);
    for (unsigned workers = 0; workers < 2; workers++)
        for (size_t at = 1; at <= calls; at++)
            run_without_memory(workers, at);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes_at_a_failure_here),
        cmocka_unit_test(test_changes_at_a_failure_in_workers),
        cmocka_unit_test(test_removals_from_events_here),
        cmocka_unit_test(test_removals_from_events_in_workers),
        cmocka_unit_test(test_last_call_counts_here),
        cmocka_unit_test(test_last_call_counts_in_workers),
        cmocka_unit_test(test_stop_before_ready),
        cmocka_unit_test(test_watches_rest_while_it_stops),
        cmocka_unit_test(test_a_leaving_worker_holds_up_no_change),
        cmocka_unit_test(test_a_new_worker_without_an_application),
        cmocka_unit_test(test_start_without_memory),
        cmocka_unit_test(test_changes_without_memory_here),
        cmocka_unit_test(test_changes_without_memory_in_workers),
    };
    return cmocka_run_group_tests(tests, make_cache, remove_cache);
}
