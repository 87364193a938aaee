/* Triggers through <spin/trigger.h>: the order of things, the ways to run one, and what fails. */
#include "trigger_scene.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "failing_alloc.h"

/* ── the order of things ── */

static void test_run(void **state) {
    scene_t *scene = *state;
    scene->on_ready = stop_it;
    assert_ok(make(scene));
    assert_ptr_equal(spin_trigger_application(scene->trigger), scene->application);
    assert_string_equal(scene->log, "open");
    assert_ok(spin_trigger_run(scene->trigger));
    assert_string_equal(scene->log, whole);
    assert_fails(spin_trigger_run(scene->trigger), SPIN_ERROR_USAGE, "has run already");
    assert_fails(spin_trigger_start(scene->trigger, NULL, NULL), SPIN_ERROR_USAGE, "already");
    free_it(scene);
    assert_string_equal(strrchr(scene->log, ' '), " close");
}

static void test_only_what_must_be(void **state) {
    scene_t *scene = *state;
    scene->type = (spin_trigger_type_t){
        .size = sizeof scene->type, .name = "test", .open = on_open, .start = on_start};
    scene->type.end = on_end;
    scene->options.configure = NULL;
    scene->on_ready = stop_it;
    assert_ok(make(scene));
    assert_ok(spin_trigger_run(scene->trigger));
    assert_string_equal(scene->log, "open start ready end");
}

static void test_start_on_a_lent_loop(void **state) {
    scene_t *scene = *state;
    lend(scene);
    scene->on_ready = stop_it;
    assert_ok(make(scene));
    assert_int_equal(spin_poll_fd(scene->trigger), -1);
    assert_int_equal(spin_poll_timeout_ms(scene->trigger), -1);
    assert_false(spin_poll(scene->trigger));
    assert_ok(spin_trigger_start(scene->trigger, on_ended, scene));
    assert_string_equal(scene->log, "open configure embedder start ready");
    assert_int_equal(spin_poll_fd(scene->trigger), -1);
    assert_true(spin_poll(scene->trigger));
    assert_int_equal(uv_run(&scene->loop, UV_RUN_DEFAULT), 0);
    assert_string_equal(scene->log, "open configure embedder start ready stop end ended");
    assert_false(spin_poll(scene->trigger));
    assert_int_equal(scene->ended, 1);
}

static void test_freed_when_ended(void **state) {
    scene_t *scene = *state;
    lend(scene);
    scene->free_when_ended = true;
    scene->on_ready = stop_it;
    assert_ok(make(scene));
    assert_ok(spin_trigger_start(scene->trigger, on_ended, scene));
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_null(scene->trigger);
    assert_string_equal(scene->log, "open configure embedder start ready stop end ended close");
}

static void test_driven(void **state) {
    scene_t *scene = *state;
    scene->on_ready = stop_it;
    assert_ok(make(scene));
    assert_ok(spin_trigger_start(scene->trigger, on_ended, scene));
    drive(scene);
    assert_int_equal(scene->ended, 1);
    assert_false(spin_poll(scene->trigger));
    assert_int_equal(spin_poll_fd(scene->trigger), -1);
}

static void test_driven_and_freed_when_ended(void **state) {
    scene_t *scene = *state;
    scene->on_ready = stop_it;
    scene->free_when_ended = true;
    assert_ok(make(scene));
    spin_trigger_t *trigger = scene->trigger;
    assert_ok(spin_trigger_start(trigger, on_ended, scene));
    while (spin_poll(trigger))
        continue;
    assert_null(scene->trigger);
    assert_string_equal(scene->log, "open configure embedder start ready stop end ended close");
}

static void test_freed_before_it_ended(void **state) {
    scene_t *scene = *state;
    for (unsigned lent = 0; lent < 2; lent++) {
        scene->log[0] = '\0';
        scene->engine.loop = lent ? &scene->loop : NULL;
        assert_ok(make(scene));
        assert_ok(spin_trigger_start(scene->trigger, on_ended, scene));
        free_it(scene);
        assert_string_equal(scene->log, "open configure embedder start ready stop drain end close");
    }
    assert_ok(make(scene));
    free_it(scene); /* never ran */
    assert_int_equal(scene->ended, 0);
}

/* ── stopping ── */

static void test_stopped_before(void **state) {
    scene_t *scene = *state;
    assert_ok(make(scene));
    spin_trigger_stop(scene->trigger);
    assert_ok(spin_trigger_run(scene->trigger));
    assert_string_equal(scene->log, "open");
    free_it(scene);
    for (unsigned lent = 0; lent < 2; lent++) {
        scene->log[0] = '\0';
        scene->ended = 0;
        scene->engine.loop = lent ? &scene->loop : NULL;
        assert_ok(make(scene));
        spin_trigger_stop(scene->trigger);
        assert_ok(spin_trigger_start(scene->trigger, on_ended, scene));
        assert_int_equal(scene->ended, 0); /* not from inside the call */
        if (lent)
            uv_run(&scene->loop, UV_RUN_DEFAULT);
        else
            drive(scene);
        assert_string_equal(scene->log, "open ended");
        free_it(scene);
    }
}

static void hold_it(scene_t *scene) {
    spin_worker_hold(scene->worker);
}

static void test_second_stop(void **state) {
    scene_t *scene = *state;
    lend(scene);
    scene->on_start = hold_it;
    assert_ok(make(scene));
    assert_ok(spin_trigger_start(scene->trigger, on_ended, scene));
    for (unsigned stops = 0; stops < 2; stops++) {
        spin_trigger_stop(scene->trigger);
        for (unsigned turn = 0; turn < 20; turn++)
            uv_run(&scene->loop, UV_RUN_NOWAIT);
        assert_int_equal(scene->ended, stops);
    }
    assert_string_equal(scene->log, "open configure embedder start ready stop drain end ended");
}

static void test_two_stops_at_once(void **state) {
    scene_t *scene = *state;
    scene->on_start = hold_it;
    scene->on_ready = stop_it;
    assert_ok(make(scene));
    assert_ok(spin_trigger_start(scene->trigger, on_ended, scene));
    spin_trigger_stop(scene->trigger);
    drive(scene);
    assert_string_equal(scene->log, "open configure embedder start ready stop drain end ended");
}

static void test_grace(void **state) {
    scene_t *scene = *state;
    scene->options.shutdown_timeout_ms = 50;
    scene->on_start = hold_it;
    scene->on_ready = stop_it;
    assert_ok(make(scene));
    uint64_t begin = uv_hrtime();
    assert_ok(spin_trigger_run(scene->trigger));
    assert_in_range((uv_hrtime() - begin) / 1000000, 45, 20000);
    assert_string_equal(scene->log, "open configure embedder start ready stop drain end");
}

static void release(spin_worker_t *worker, void *user) {
    (void)user;
    spin_worker_release(worker);
}

static void post_release(scene_t *scene) {
    spin_trigger_stop(scene->trigger);
    assert_ok(spin_worker_post(scene->worker, release, scene));
}

static void test_release_ends(void **state) {
    scene_t *scene = *state;
    scene->on_start = hold_it;
    scene->on_ready = post_release;
    assert_ok(make(scene));
    assert_ok(spin_trigger_run(scene->trigger));
    assert_string_equal(scene->log, whole);
}

static void on_late_timer(uv_timer_t *timer) {
    scene_t *scene = timer->data;
    note(scene, "late");
    uv_close((uv_handle_t *)timer, NULL);
    spin_worker_release(scene->worker);
}

static void end_late(spin_worker_t *worker, void *state) {
    scene_t *scene = state;
    spin_worker_hold(worker);
    scene->timer.data = scene;
    uv_timer_start(&scene->timer, on_late_timer, 10, 0);
    note(scene, "end");
}

static void test_hold_after_the_end(void **state) {
    scene_t *scene = *state;
    lend(scene);
    scene->type.end = end_late;
    scene->on_start = hold_it; /* forgotten */
    scene->on_ready = stop_it;
    assert_ok(make(scene));
    assert_ok(spin_trigger_start(scene->trigger, on_ended, scene));
    spin_trigger_stop(scene->trigger);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_string_equal(scene->log,
                        "open configure embedder start ready stop drain end late ended");
}

static void *stop_in_thread(void *user) {
    usleep(20 * 1000);
    spin_trigger_stop(((scene_t *)user)->trigger);
    return NULL;
}

static void start_stopper(scene_t *scene) {
    assert_int_equal(pthread_create(&scene->thread, NULL, stop_in_thread, scene), 0);
}

static void test_stop_in_another_thread(void **state) {
    scene_t *scene = *state;
    scene->on_ready = start_stopper;
    assert_ok(make(scene));
    assert_ok(spin_trigger_run(scene->trigger));
    pthread_join(scene->thread, NULL);
    assert_string_equal(scene->log, whole);
}

static void stop_in_handler(int number) {
    (void)number;
    spin_trigger_stop(scene_now->trigger);
}

static void raise_own(scene_t *scene) {
    (void)scene;
    kill(getpid(), SIGUSR1);
}

static void test_stop_in_a_signal_handler(void **state) {
    scene_t *scene = *state;
    signal(SIGUSR1, stop_in_handler);
    scene->on_ready = raise_own;
    assert_ok(make(scene));
    assert_ok(spin_trigger_run(scene->trigger));
    signal(SIGUSR1, SIG_DFL);
    assert_string_equal(scene->log, whole);
}

/* ── signals ── */

/* What comes to the process: 'd' a SIGTERM of its own, 'f' one handed on by `spin up`, 'i' SIGINT,
 * '-' a while. */
static const char *signals_to_come;

static void come(char what) {
    const union sigval mark = {.sival_int = SPIN_SIGNAL_HANDED_ON};
    if (what == '-')
        usleep(150 * 1000);
    else if (what == 'f')
        assert_int_equal(sigqueue(getpid(), SIGTERM, mark), 0);
    else
        kill(getpid(), what == 'd' ? SIGTERM : SIGINT);
}

static void *release_later(void *user) {
    usleep(50 * 1000); /* for what a second stop would do */
    spin_error_free(spin_worker_post(((scene_t *)user)->worker, release, user));
    return NULL;
}

static void receive_signals(scene_t *scene) {
    spin_worker_hold(scene->worker);
    for (const char *at = signals_to_come; *at != '\0'; at++)
        come(*at);
    assert_int_equal(pthread_create(&scene->thread, NULL, release_later, scene), 0);
}

static void test_signals_of_one_request(void **state) {
    static const struct {
        const char *signals;
        bool twice;
    } cases[] = {
        {"d", false},    {"f", false},    {"df", false},   {"fd", false}, {"dff", false},
        {"ddf", false},  {"d-f", false},  {"f-d", false},  {"d-d", true}, {"f-f", true},
        {"df-df", true}, {"fd-fd", true}, {"d-f-d", true}, {"d-i", true}, {"di", true},
    };
    scene_t *scene = *state;
    scene->on_ready = receive_signals;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scene->log[0] = '\0';
        signals_to_come = cases[i].signals;
        assert_ok(make(scene));
        assert_ok(spin_trigger_run(scene->trigger));
        pthread_join(scene->thread, NULL);
        if ((strstr(scene->log, "drain") != NULL) != cases[i].twice)
            fail_msg("%s: %s", cases[i].signals, scene->log);
        free_it(scene);
    }
}

static atomic_uint are_ready;

static void get_ready(scene_t *scene) {
    (void)scene;
    are_ready++;
}

static void signal_when_both_are_ready(scene_t *scene) {
    (void)scene;
    while (are_ready == 0)
        usleep(1000);
    kill(getpid(), SIGTERM);
}

static void *run_in_thread(void *user) {
    return spin_trigger_run(((scene_t *)user)->trigger);
}

/* Whichever was first. */
static void test_signals_stop_all_triggers(void **state) {
    scene_t *scene = *state, *other = new_scene("add");
    struct sigaction after;
    void *error;
    scene->on_ready = signal_when_both_are_ready;
    other->on_ready = get_ready;
    for (unsigned round = 0; round < 4; round++) {
        are_ready = 0;
        scene->log[0] = other->log[0] = '\0';
        assert_ok(make(scene));
        assert_ok(make(other));
        assert_int_equal(pthread_create(&other->thread, NULL, run_in_thread, other), 0);
        if (round % 2 == 0)
            usleep(50 * 1000);
        assert_ok(spin_trigger_run(scene->trigger));
        pthread_join(other->thread, &error);
        assert_null(error);
        assert_string_equal(scene->log, whole);
        assert_string_equal(other->log, whole);
        free_it(scene);
        free_it(other);
        sigaction(SIGTERM, NULL, &after);
        assert_ptr_equal(after.sa_handler, SIG_DFL);
    }
    spin_application_unref(other->application);
    free(other);
}

/* ── what fails ── */

typedef spin_error_t *(*way_t)(scene_t *scene);

static spin_error_t *by_run(scene_t *scene) {
    return spin_trigger_run(scene->trigger);
}

static spin_error_t *by_run_on_lent(scene_t *scene) {
    lend(scene);
    return spin_trigger_run(scene->trigger);
}

static spin_error_t *by_start(scene_t *scene) {
    return spin_trigger_start(scene->trigger, on_ended, scene);
}

static spin_error_t *by_start_on_lent(scene_t *scene) {
    lend(scene);
    return spin_trigger_start(scene->trigger, on_ended, scene);
}

static const way_t ways[] = {by_run, by_run_on_lent, by_start, by_start_on_lent};
enum { WAYS = sizeof ways / sizeof *ways };

static void try_all_ways(scene_t *scene, spin_error_kind_t kind, const char *part,
                         const char *log) {
    for (size_t i = 0; i < WAYS; i++) {
        scene->log[0] = '\0';
        scene->engine.loop = NULL;
        assert_ok(make(scene));
        assert_fails(ways[i](scene), kind, part);
        assert_false(spin_poll(scene->trigger));
        free_it(scene);
        assert_string_equal(scene->log, log);
    }
}

static void test_open_fails(void **state) {
    scene_t *scene = *state;
    scene->fails = "open";
    assert_fails(make(scene), SPIN_ERROR_DENIED, "no open today");
    assert_string_equal(scene->log, "open"); /* and no close */
}

static void test_settings(void **state) {
    scene_t *scene = *state;
    spin_application_unref(scene->application);
    scene->application = application_of("type = \"test\", known = \"yes\", odd = 1", "add");
    assert_fails(make(scene), SPIN_ERROR_INVALID, "odd");
    assert_string_equal(scene->log, "open close");
}

static void test_configure_fails(void **state) {
    scene_t *scene = *state;
    scene->fails = "configure";
    try_all_ways(scene, SPIN_ERROR_DENIED, "no configure today", "open configure close");
    scene->fails = "embedder";
    try_all_ways(scene, SPIN_ERROR_DENIED, "no embedder", "open configure embedder close");
}

static void test_build_fails(void **state) {
    scene_t *scene = *state;
    scene->application->components[0].source.file = (char *)(uintptr_t) "/nowhere.wasm";
    try_all_ways(scene, SPIN_ERROR_NOT_FOUND, "\"it\"", "open configure embedder close");
    scene->engine.size = 1;
    try_all_ways(scene, SPIN_ERROR_USAGE, "spin_engine_options_t", "open close");
}

static void test_start_fails(void **state) {
    scene_t *scene = *state;
    scene->fails = "start";
    try_all_ways(scene, SPIN_ERROR_DENIED, "no start", "open configure embedder start end close");
    assert_int_equal(scene->ended, 0);
}

static void test_bad_use(void **state) {
    scene_t *scene = *state;
    scene->type.size = 0;
    assert_fails(make(scene), SPIN_ERROR_USAGE, "spin_trigger_type_t");
    scene->type.size = offsetof(spin_trigger_type_t, open) + 1; /* no struct ends there */
    assert_fails(make(scene), SPIN_ERROR_USAGE, "spin_trigger_type_t");
    scene->type.size = sizeof scene->type;
    scene->type.start = NULL;
    assert_fails(make(scene), SPIN_ERROR_USAGE, "start");
    scene->type.start = on_start;
    scene->type.name = "other";
    assert_fails(make(scene), SPIN_ERROR_USAGE, "is \"test\", not \"other\"");
    scene->type.name = "test";
    scene->options.size = 1;
    assert_fails(make(scene), SPIN_ERROR_USAGE, "spin_trigger_options_t");
    scene->options.size = sizeof scene->options;
    scene->options.workers = 1;
    lend(scene);
    assert_fails(make(scene), SPIN_ERROR_USAGE, "loop");
    scene->engine.loop = NULL;
    assert_ok(make(scene));
    assert_fails(spin_trigger_start(scene->trigger, on_ended, scene), SPIN_ERROR_USAGE,
                 "spin_trigger_run");
}

static void *bytes_of(const void *from, size_t from_size, size_t size) {
    char *bytes = malloc(size); /* of its own, so that reading beyond it is seen */
    memset(bytes, 0xA5, size);
    memcpy(bytes, from, from_size < size ? from_size : size);
    memcpy(bytes, &size, sizeof size);
    return bytes;
}

/* Of callers that know less than the library, or more. */
static void test_structs_of_other_sizes(void **state) {
    scene_t *scene = *state;
    spin_trigger_options_t options = scene->options;
    static const size_t type_sizes[] = {offsetof(spin_trigger_type_t, withdraw),
                                        sizeof(spin_trigger_type_t) + 64};
    static const size_t options_sizes[] = {sizeof(size_t), sizeof options + 64};
    static const size_t engine_sizes[] = {sizeof(size_t), sizeof scene->engine + 64};
    for (unsigned i = 0; i < 2; i++) {
        spin_trigger_type_t *type = bytes_of(&scene->type, sizeof scene->type, type_sizes[i]);
        spin_engine_options_t *engine =
            bytes_of(&scene->engine, sizeof scene->engine, engine_sizes[i]);
        options.engine = engine;
        spin_trigger_options_t *given = bytes_of(&options, sizeof options, options_sizes[i]);
        scene->log[0] = '\0';
        assert_ok(spin_trigger_new(type, scene, scene->application, given, &scene->trigger));
        free_it(scene);
        assert_ok(spin_trigger_new(type, scene, scene->application, &options, &scene->trigger));
        assert_ok(spin_trigger_start(scene->trigger, NULL, NULL));
        assert_true(spin_poll_fd(scene->trigger) >= 0);
        free_it(scene);
        assert_string_equal(scene->log,
                            "open close open configure embedder start ready stop drain end close");
        free(given);
        free(engine);
        free(type);
    }
}

/* A whole life that needs every allocation of its own. */
static spin_error_t *live(scene_t *scene) {
    spin_error_t *error = make(scene);
    if (error != NULL)
        return error;
    error = spin_trigger_start(scene->trigger, on_ended, scene);
    if (error == NULL)
        error = spin_worker_every(scene->worker, 1, count_down, scene);
    if (error == NULL)
        error = spin_worker_post(scene->worker, count_down, scene);
    if (error == NULL)
        drive(scene);
    free_it(scene);
    return error;
}

static void test_out_of_memory(void **state) {
    scene_t *scene = *state;
    scene->limit = 2;
    assert_ok(live(scene)); /* what is cached, is */
    failing_alloc_install(SIZE_MAX);
    scene->count = 0;
    assert_ok(live(scene));
    size_t calls = failing_alloc_calls();
    size_t failed = 0;
    assert_int_equal(failing_alloc_live(), 0);
    for (size_t at = 1; at <= calls; at++) {
        scene->count = 0;
        scene->trigger = NULL;
        failing_alloc_install(at);
        spin_error_t *error = live(scene);
        failed += error != NULL;
        if (error != NULL)
            assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
        spin_error_free(error);
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
    assert_true(failed + 8 >= calls); /* the module cache does without */
}

/* ── beside an embedder's own work ── */

static void poll_within(spin_worker_t *worker, void *user) {
    scene_t *scene = user;
    scene->count += spin_poll(spin_worker_trigger(worker));
    if (scene->count == 3)
        spin_trigger_stop(scene->trigger);
}

static void poll_when_ended(spin_trigger_t *trigger, void *user) {
    assert_false(spin_poll(trigger));
    on_ended(trigger, user);
    assert_false(spin_poll(trigger));
}

static void test_poll_within_poll(void **state) {
    scene_t *scene = *state;
    scene->free_when_ended = false;
    assert_ok(make(scene));
    assert_ok(spin_trigger_start(scene->trigger, poll_when_ended, scene));
    assert_ok(spin_worker_every(scene->worker, 1, poll_within, scene));
    drive(scene);
    assert_int_equal(scene->ended, 1);
    assert_int_equal(scene->count, 3);
}

static void on_own_timer(uv_timer_t *timer) {
    scene_t *scene = timer->data;
    if (++scene->count == 5)
        spin_trigger_stop(scene->trigger);
}

static void test_beside_another_handle(void **state) {
    scene_t *scene = *state;
    uv_timer_t own;
    lend(scene);
    scene->free_when_ended = true;
    uv_timer_init(&scene->loop, &own);
    own.data = scene;
    uv_timer_start(&own, on_own_timer, 2, 2);
    assert_ok(make(scene));
    assert_ok(spin_trigger_start(scene->trigger, on_ended, scene));
    while (scene->trigger != NULL)
        uv_run(&scene->loop, UV_RUN_ONCE);
    assert_true(uv_is_active((uv_handle_t *)&own));
    assert_true(scene->count >= 5);
    uv_close((uv_handle_t *)&own, NULL);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
}

static void tick_five(scene_t *scene) {
    scene->limit = 5;
    assert_ok(spin_worker_every(scene->worker, 4, count_down, scene));
}

/* In an embedder's epoll, with a descriptor of its own. */
static void test_driven_by_epoll(void **state) {
    scene_t *scene = *state;
    unsigned own = 0, turns = 0;
    bool goes_on = true;
    scene->on_start = tick_five;
    assert_ok(make(scene));
    assert_ok(spin_trigger_start(scene->trigger, on_ended, scene));
    assert_int_equal(pipe(scene->pipe), 0);
    int set = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = spin_poll_fd(scene->trigger)};
    assert_int_equal(epoll_ctl(set, EPOLL_CTL_ADD, event.data.fd, &event), 0);
    event.data.fd = scene->pipe[0];
    assert_int_equal(epoll_ctl(set, EPOLL_CTL_ADD, scene->pipe[0], &event), 0);
    assert_int_equal(write(scene->pipe[1], "x", 1), 1);
    while (goes_on) {
        int timeout = spin_poll_timeout_ms(scene->trigger);
        assert_true(timeout <= 4 || scene->count == 5); /* the next tick at the latest */
        int count = epoll_wait(set, &event, 1, timeout);
        if (count == 1 && event.data.fd == scene->pipe[0])
            own += (unsigned)read(scene->pipe[0], scene->seen[0], 1);
        goes_on = spin_poll(scene->trigger);
        turns++;
    }
    assert_int_equal(own, 1);
    assert_int_equal(scene->count, 5);
    assert_int_equal(scene->ended, 1);
    assert_in_range(turns, 5, 200); /* it sleeps in between */
    close(set);
    close(scene->pipe[0]);
    close(scene->pipe[1]);
}

/* ── in worker processes ── */

static void on_withdraw(void *state) {
    note(state, "withdraw");
}

static void tell_index(spin_worker_t *worker, void *user) {
    const scene_t *scene = user;
    char byte = (char)('0' + spin_worker_index(worker));
    spin_trigger_stop(spin_worker_trigger(worker)); /* which does nothing here */
    (void)!write(scene->pipe[1], &byte, 1);
}

static void post_index(scene_t *scene) {
    assert_ok(spin_worker_post(scene->worker, tell_index, scene));
}

static void *stop_after_both(void *user) {
    scene_t *scene = user;
    for (size_t got = 0; got < 2; got++)
        if (read(scene->pipe[0], &scene->seen[0][got], 1) != 1)
            break;
    spin_trigger_stop(scene->trigger);
    return NULL;
}

static void start_reader(scene_t *scene) {
    assert_int_equal(pthread_create(&scene->thread, NULL, stop_after_both, scene), 0);
}

static void test_workers(void **state) {
    scene_t *scene = *state;
    assert_int_equal(pipe(scene->pipe), 0);
    scene->options.workers = 2;
    scene->type.withdraw = on_withdraw;
    scene->on_start = post_index;
    scene->on_ready = start_reader;
    assert_ok(make(scene));
    assert_ok(spin_trigger_run(scene->trigger));
    pthread_join(scene->thread, NULL);
    assert_int_equal(scene->seen[0][0] + scene->seen[0][1], '0' + '1');
    assert_string_equal(scene->log, "open ready withdraw"); /* the rest was in the workers */
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    free_it(scene);
    assert_string_equal(scene->log, "open ready withdraw close");
    close(scene->pipe[0]);
    close(scene->pipe[1]);
}

static void test_start_fails_in_a_worker(void **state) {
    scene_t *scene = *state;
    scene->options.workers = 2;
    scene->fails = "start";
    assert_ok(make(scene));
    assert_fails(spin_trigger_run(scene->trigger), SPIN_ERROR_DENIED, "no start today");
    assert_string_equal(scene->log, "open");
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int main(void) {
    const struct CMUnitTest forking[] = {
        TEST(test_workers),
        TEST(test_start_fails_in_a_worker),
    };
    const struct CMUnitTest tests[] = {
        TEST(test_run),
        TEST(test_only_what_must_be),
        TEST(test_start_on_a_lent_loop),
        TEST(test_freed_when_ended),
        TEST(test_driven),
        TEST(test_driven_and_freed_when_ended),
        TEST(test_freed_before_it_ended),
        TEST(test_stopped_before),
        TEST(test_second_stop),
        TEST(test_two_stops_at_once),
        TEST(test_grace),
        TEST(test_release_ends),
        TEST(test_hold_after_the_end),
        TEST(test_stop_in_another_thread),
        TEST(test_stop_in_a_signal_handler),
        TEST(test_signals_of_one_request),
        TEST(test_signals_stop_all_triggers),
        TEST(test_open_fails),
        TEST(test_settings),
        TEST(test_configure_fails),
        TEST(test_build_fails),
        TEST(test_start_fails),
        TEST(test_bad_use),
        TEST(test_structs_of_other_sizes),
        TEST(test_out_of_memory),
        TEST(test_poll_within_poll),
        TEST(test_beside_another_handle),
        TEST(test_driven_by_epoll),
    };
    if (mkdtemp(cache_dir) == NULL)
        return 1;
    int failed = cmocka_run_group_tests(forking, NULL, NULL); /* before there is an engine here */
    wasm_signals_keep();
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    return failed + remove_cache();
}
