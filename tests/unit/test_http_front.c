/* Many applications behind one listening socket. */
#include "front_scene.h"

#include "failing_alloc.h"

static const http_site_t any_site = {.name = "any"};

static http_site_t site_at(const char *name, const char *const *hosts, const char *base) {
    return (http_site_t){name, hosts, hosts == NULL ? 0 : 1, base};
}

static int set_up(void **state) {
    *state = new_scene(NULL, 20);
    return 0;
}

static int tear_down(void **state) {
    free_scene(*state);
    return 0;
}

static void assert_who(scene_t *scene, const char *host, const char *path, const char *who) {
    const char *answer = ask(scene, host, path);
    if (strcmp(who_of(answer), who) != 0)
        fail_msg("%s%s: \"%s\", not \"%s\": %.200s", host, path, who_of(answer), who, answer);
}

static void assert_status(scene_t *scene, const char *host, const char *path, unsigned status) {
    const char *answer = ask(scene, host, path);
    if (status_of(answer) != status)
        fail_msg("%s%s: not %u: %.200s", host, path, status, answer);
}

/* ── matching ── */

static void test_hosts_and_bases(void **state) {
    scene_t *scene = *state;
    static const char *const named[] = {"A.example"}, *const below[] = {"*.example"};
    assert_status(scene, "x", "/env", 404); /* nothing is there yet */
    assert_status(scene, "x", "/healthz", 200);
    start_app(scene, "named", site_at("named", named, NULL));
    start_app(scene, "below", site_at("below", below, "/b/"));
    start_app(scene, "any", any_site);
    assert_who(scene, "a.example", "/env", "named");
    assert_who(scene, "a.EXAMPLE.:80", "/env", "named");
    assert_who(scene, "b.example", "/b/env", "below");
    assert_who(scene, "elsewhere", "/env", "any");
    assert_who(scene, "elsewhere", "http://a.example/env", "named"); /* its authority wins */
    assert_status(scene, "b.example", "/env", 404); /* it is named: "any" is not asked */
    assert_status(scene, "b.example", "/bad/env", 404);
    assert_status(scene, "a.example", "/b/env", 404);
    assert_status(scene, "elsewhere", "/none", 404);
    assert_status(scene, "a.example", "/healthz", 200);
    assert_status(scene, "b.example", "/healthz", 200);
}

static void test_base_in_place_of_the_manifests(void **state) {
    scene_t *scene = *state;
    static const char *const texts[] = {
        "\"spin-base-path\",\"/shop\"", "\"spin-matched-route\",\"/shop/echo/...\"",
        "\"spin-path-info\",\"/x\"", "\"spin-raw-component-route\",\"/echo/...\"",
        "\"spin-full-url\",\"http://h/shop/echo/x?y\""};
    start_app(scene, "a", site_at("a", NULL, "/shop"));
    const char *answer = ask(scene, "h", "/shop/echo/x?y");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strstr(answer, texts[i]) == NULL)
            fail_msg("%s is not in: %s", texts[i], answer);
    answer = ask(scene, "h", "/shop/stream?0");
    assert_int_equal(status_of(answer), 200);
}

/* ── swaps ── */

static void test_swap_under_requests(void **state) {
    scene_t *scene = *state;
    app_t *old = start_app(scene, "old", any_site);
    int slow = client_connect(scene), kept = client_connect(scene), piped = client_connect(scene);
    client_get(slow, "x", "/sleep?ms=400");
    client_get(kept, "x", "/env");
    assert_string_equal(who_of(client_read(scene, kept)), "old");
    client_get(piped, "x", "/env");
    client_get(piped, "x", "/sleep?ms=200");
    client_get(piped, "x", "/env");
    client_get(piped, "x", "/env");
    assert_string_equal(who_of(client_read(scene, piped)), "old");
    turn_for_ms(scene, 20);
    app_t *new = start_app(scene, "new", any_site);
    client_get(kept, "x", "/env"); /* before the old one hears of it */
    assert_string_equal(who_of(client_read(scene, kept)), "new");
    spin_trigger_stop(old->trigger);
    for (unsigned i = 0; i < 50; i++) {
        client_get(kept, "x", "/env");
        assert_string_equal(who_of(client_read(scene, kept)), "new");
    }
    assert_int_equal(old->ended, 0);
    assert_non_null(strstr(client_read(scene, piped), "slept")); /* by the old one */
    assert_string_equal(who_of(client_read(scene, piped)), "new");
    assert_string_equal(who_of(client_read(scene, piped)), "new");
    assert_non_null(strstr(client_read(scene, slow), "slept"));
    assert_true(turn_until(scene, &old->ended, 1));
    spin_trigger_free(old->trigger);
    old->trigger = NULL;
    const int fds[] = {slow, kept, piped};
    for (size_t i = 0; i < 3; i++) { /* all live on */
        client_get(fds[i], "x", "/env");
        assert_string_equal(who_of(client_read(scene, fds[i])), "new");
        close(fds[i]);
    }
    assert_int_equal(new->ended, 0);
    assert_string_equal(scene->log, "");
}

/* Clients that never pause, while versions come and go. */
static void test_swaps_under_load(void **state) {
    enum { CLIENTS = 6, DEPTH = 4, SWAPS = 12 };
    scene_t *scene = *state;
    int fds[CLIENTS];
    unsigned answers = 0;
    app_t *app = start_app(scene, "0", any_site);
    for (size_t i = 0; i < CLIENTS; i++) {
        fds[i] = client_connect(scene);
        for (size_t j = 0; j < DEPTH; j++)
            client_get(fds[i], "x", j % 2 ? "/sleep?ms=2" : "/env");
    }
    for (unsigned swap = 1; swap <= SWAPS; swap++) {
        char who[8];
        snprintf(who, sizeof who, "%u", swap);
        scene->apps_len = swap % SCENE_APPS; /* the eighth before has long ended */
        app_t *old = app;
        app = start_app(scene, who, any_site);
        spin_trigger_stop(old->trigger);
        for (unsigned turn = 0; turn < 10; turn++)
            for (size_t i = 0; i < CLIENTS; i++) {
                assert_int_equal(status_of(client_read(scene, fds[i])), 200);
                client_get(fds[i], "x", answers++ % 2 ? "/sleep?ms=2" : "/env");
            }
        assert_true(turn_until(scene, &old->ended, 1));
        spin_trigger_free(old->trigger);
        memset(old, 0, sizeof *old);
    }
    scene->apps_len = SCENE_APPS;
    for (size_t i = 0; i < CLIENTS; i++) {
        for (size_t j = 0; j < DEPTH; j++)
            assert_int_equal(status_of(client_read(scene, fds[i])), 200);
        close(fds[i]);
    }
    assert_int_equal(answers, SWAPS * 10 * CLIENTS);
    assert_string_equal(scene->log, "");
}

static void test_start_that_fails_changes_nothing(void **state) {
    scene_t *scene = *state;
    app_t *app = start_app(scene, "a", any_site);
    start_app(scene, "b", site_at("b", NULL, "/b"));
    app_t *other = new_app(scene, "c", site_at("c", NULL, "/b/"));
    assert_fails(spin_trigger_start(other->trigger, on_app_ended, other), SPIN_ERROR_EXISTS,
                 "application \"b\" has base \"/b\"");
    app_t *moved = new_app(scene, "moved", site_at("any", NULL, "/b"));
    assert_fails(spin_trigger_start(moved->trigger, on_app_ended, moved), SPIN_ERROR_EXISTS, "/b");
    static const char *const hosts[] = {"x:80"};
    app_t *odd = new_app(scene, "odd", site_at("any", hosts, NULL));
    assert_fails(spin_trigger_start(odd->trigger, on_app_ended, odd), SPIN_ERROR_USAGE, "port");
    assert_who(scene, "x", "/env", "a");
    assert_who(scene, "x", "/b/env", "b");
    assert_int_equal(app->ended + other->ended + moved->ended + odd->ended, 0);
}

static void test_only_on_the_fronts_loop(void **state) {
    scene_t *scene = *state;
    app_t *app = &scene->apps[scene->apps_len++];
    spin_application_t *application = application_of("a", "/");
    app->engine = (spin_engine_options_t){
        .size = sizeof app->engine, .max_instances = 1, .cache_dir = cache_dir};
    app->options = (spin_http_options_t){
        .size = sizeof app->options, .log_dir = cache_dir, .engine = &app->engine};
    assert_ok(
        http_trigger_new_on(scene->front, application, &any_site, &app->options, &app->trigger));
    spin_application_unref(application);
    assert_fails(spin_trigger_start(app->trigger, NULL, NULL), SPIN_ERROR_USAGE, "loop");
}

/* ── stopping one ── */

static void test_stop_of_one(void **state) {
    scene_t *scene = *state;
    app_t *a = start_app(scene, "a", site_at("a", NULL, "/a"));
    app_t *b = start_app(scene, "b", any_site);
    int slow = client_connect(scene), kept = client_connect(scene), other = client_connect(scene);
    client_get(slow, "x", "/a/sleep?ms=200");
    client_get(other, "x", "/sleep?ms=200");
    client_get(kept, "x", "/a/env");
    assert_string_equal(who_of(client_read(scene, kept)), "a");
    spin_trigger_stop(a->trigger);
    turn_for_ms(scene, 10);
    client_get(kept, "x", "/a/env"); /* "/a/env" is no route of "b" */
    assert_int_equal(status_of(client_read(scene, kept)), 404);
    client_get(kept, "x", "/env");
    assert_string_equal(who_of(client_read(scene, kept)), "b");
    assert_int_equal(a->ended, 0);
    assert_non_null(strstr(client_read(scene, slow), "slept"));
    assert_true(turn_until(scene, &a->ended, 1));
    assert_non_null(strstr(client_read(scene, other), "slept"));
    spin_trigger_free(a->trigger);
    a->trigger = NULL;
    assert_who(scene, "x", "/env", "b");
    assert_int_equal(b->ended, 0);
    close(slow), close(kept), close(other);
}

static void test_stop_waits_for_the_line(void **state) {
    scene_t *scene = *state;
    app_t *app = new_app(scene, "a", any_site);
    int fds[4];
    app->engine.max_instances = 1;
    assert_ok(spin_trigger_start(app->trigger, on_app_ended, app));
    for (size_t i = 0; i < 4; i++) {
        fds[i] = client_connect(scene);
        client_get(fds[i], "x", i < 3 ? "/sleep?ms=30" : "/env");
    }
    turn_for_ms(scene, 10);
    spin_trigger_stop(app->trigger);
    assert_true(turn_until(scene, &app->ended, 1));
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(status_of(client_read(scene, fds[i])), 200);
        close(fds[i]);
    }
}

/* It waits although nothing of the application runs: others have all instances. */
static void test_stop_waits_for_room(void **state) {
    (void)state;
    scene_t *scene = new_scene(NULL, 1);
    app_t *a = start_app(scene, "a", site_at("a", NULL, "/a"));
    start_app(scene, "b", any_site);
    int fd = client_connect(scene), other = client_connect(scene);
    client_get(other, "x", "/sleep?ms=100");
    turn_for_ms(scene, 20);
    client_get(fd, "x", "/a/env");
    turn_for_ms(scene, 20);
    spin_trigger_stop(a->trigger);
    assert_string_equal(who_of(client_read(scene, fd)), "a");
    assert_true(turn_until(scene, &a->ended, 1));
    close(fd), close(other);
    free_scene(scene);
}

static bool has_answer(int fd) {
    char byte;
    return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 1;
}

static void test_first_come_first_served(void **state) {
    scene_t *scene = *state;
    app_t *app = new_app(scene, "a", any_site);
    int fds[5];
    app->engine.max_instances = 1;
    assert_ok(spin_trigger_start(app->trigger, on_app_ended, app));
    for (size_t i = 0; i < 5; i++) {
        client_get(fds[i] = client_connect(scene), "x", "/sleep?ms=30");
        turn_for_ms(scene, 5);
    }
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(status_of(client_read(scene, fds[i])), 200);
        for (size_t j = i + 1; j < 5; j++)
            assert_false(has_answer(fds[j]));
        close(fds[i]);
    }
}

/* One that runs, one in line and one whose answer has begun, at an application of two instances. */
typedef struct busy {
    int running, waiting, streaming;
} busy_t;

static void make_busy(scene_t *scene, app_t *app, busy_t *busy) {
    app->engine.max_instances = 2;
    assert_ok(spin_trigger_start(app->trigger, on_app_ended, app));
    busy->running = client_connect(scene);
    busy->waiting = client_connect(scene);
    busy->streaming = client_connect(scene);
    client_get(busy->streaming, "x", "/stream?400"); /* 25 MiB, more than any buffer holds */
    turn_for_ms(scene, 30);
    client_get(busy->running, "x", "/sleep?ms=60000");
    turn_for_ms(scene, 10);
    client_get(busy->waiting, "x", "/env");
    turn_for_ms(scene, 10);
}

static void assert_breaks_off(scene_t *scene, int fd) {
    size_t len = 0;
    for (ssize_t got; (got = recv(fd, scene->answer, ANSWER_SIZE, 0)) > 0;)
        len += (size_t)got;
    assert_int_equal(errno, ECONNRESET);
    assert_in_range(len, 1, 400 * 65536 - 1);
}

static void assert_cut_off(scene_t *scene, app_t *app, busy_t *busy) {
    assert_true(turn_until(scene, &app->ended, 1));
    const char *answer = client_read(scene, busy->running);
    assert_int_equal(status_of(answer), 503);
    assert_non_null(strstr(answer, "retry-after: 1\r\n"));
    assert_int_equal(status_of(client_read(scene, busy->waiting)), 503);
    close(busy->streaming);
}

static void test_cut_off(void **state) {
    scene_t *scene = *state;
    start_app(scene, "b", site_at("b", NULL, "/b"));
    int other = client_connect(scene);
    client_get(other, "x", "/b/sleep?ms=300");
    for (unsigned how = 0; how < 3; how++) {
        busy_t busy;
        app_t *a = new_app(scene, "a", any_site);
        a->trigger->options.shutdown_timeout_ms = how == 0 ? 100 : 60000;
        make_busy(scene, a, &busy);
        spin_trigger_stop(a->trigger);
        if (how == 1)
            turn_for_ms(scene, 10);
        if (how >= 1)
            spin_trigger_stop(a->trigger); /* once more: at once */
        assert_cut_off(scene, a, &busy);
        client_get(busy.running, "x", "/env"); /* the connections live on */
        assert_int_equal(status_of(client_read(scene, busy.running)), 404);
        client_get(busy.waiting, "x", "/healthz");
        assert_int_equal(status_of(client_read(scene, busy.waiting)), 200);
        close(busy.running), close(busy.waiting);
        assert_int_equal(count_of(scene->log, "requests were cut off application=any requests=3"),
                         how + 1);
    }
    assert_non_null(strstr(client_read(scene, other), "slept"));
    close(other);
}

static void test_answer_that_has_begun_breaks_off(void **state) {
    scene_t *scene = *state;
    app_t *app = start_app(scene, "a", any_site);
    int fd = client_connect(scene);
    client_get(fd, "x", "/stream?400");
    turn_for_ms(scene, 30);
    spin_trigger_stop(app->trigger);
    spin_trigger_stop(app->trigger);
    assert_true(turn_until(scene, &app->ended, 1));
    assert_breaks_off(scene, fd);
    close(fd);
}

/* ── the front's end ── */

static void test_front_stops(void **state) {
    scene_t *scene = *state;
    app_t *app = start_app(scene, "a", any_site);
    int slow = client_connect(scene), kept = client_connect(scene);
    client_get(slow, "x", "/sleep?ms=150");
    client_get(kept, "x", "/env");
    assert_string_equal(who_of(client_read(scene, kept)), "a");
    http_front_stop(scene->front, on_front_stopped, scene);
    client_get(kept, "x", "/env");
    const char *answer = client_read(scene, kept);
    assert_string_equal(who_of(answer), "a");
    assert_non_null(strstr(answer, "connection: close"));
    assert_int_equal(scene->front_stopped, 0);
    assert_non_null(strstr(client_read(scene, slow), "slept"));
    close(slow), close(kept);
    assert_true(turn_until(scene, &scene->front_stopped, 1));
    spin_trigger_stop(app->trigger);
    assert_true(turn_until(scene, &app->ended, 1));
}

static void assert_reset(int fd) {
    char byte;
    assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(errno, ECONNRESET);
    close(fd);
}

static void test_front_freed_first(void **state) {
    scene_t *scene = *state;
    busy_t busy;
    app_t *app = new_app(scene, "a", any_site), *late = new_app(scene, "late", any_site);
    make_busy(scene, app, &busy);
    free_front(scene);
    assert_fails(spin_trigger_start(late->trigger, on_app_ended, late), SPIN_ERROR_CANCELLED,
                 "ended");
    turn_for_ms(scene, 10);
    assert_int_equal(scene->front_closed, 1);
    assert_reset(busy.running);
    assert_reset(busy.waiting);
    close(busy.streaming);
    assert_int_equal(app->ended, 0);
    spin_trigger_stop(app->trigger); /* there is nothing to wait for */
    assert_true(turn_until(scene, &app->ended, 1));
    assert_string_equal(scene->log, "");
}

static void test_front_freed_in_the_midst_of_a_stop(void **state) {
    scene_t *scene = *state;
    busy_t busy[2];
    app_t *old = new_app(scene, "old", any_site), *new = new_app(scene, "new", any_site);
    make_busy(scene, old, &busy[0]);
    make_busy(scene, new, &busy[1]);
    spin_trigger_stop(old->trigger);
    turn_for_ms(scene, 10);
    spin_trigger_stop(new->trigger);
    spin_trigger_stop(new->trigger);
    free_front(scene);
    assert_true(turn_until(scene, &old->ended, 1)); /* what it waited for has gone */
    assert_true(turn_until(scene, &new->ended, 1));
    for (size_t i = 0; i < 2; i++) {
        assert_reset(busy[i].running);
        assert_reset(busy[i].waiting);
        close(busy[i].streaming);
    }
}

static void test_triggers_freed_with_requests(void **state) {
    scene_t *scene = *state;
    busy_t busy;
    app_t *app = new_app(scene, "a", any_site);
    make_busy(scene, app, &busy);
    spin_trigger_free(app->trigger); /* turns the loop until it has ended */
    app->trigger = NULL;
    assert_int_equal(status_of(client_read(scene, busy.running)), 503);
    assert_int_equal(status_of(client_read(scene, busy.waiting)), 503);
    assert_status(scene, "x", "/env", 404);
    close(busy.running), close(busy.waiting), close(busy.streaming);
}

static void test_clients_leave(void **state) {
    scene_t *scene = *state;
    busy_t busy;
    app_t *app = new_app(scene, "a", any_site);
    make_busy(scene, app, &busy);
    spin_trigger_stop(app->trigger);
    turn_for_ms(scene, 10);
    close(busy.waiting);
    close(busy.streaming);
    turn_for_ms(scene, 10);
    assert_int_equal(app->ended, 0);
    setsockopt(busy.running, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
               sizeof(struct linger));
    close(busy.running);
    assert_true(turn_until(scene, &app->ended, 1));
}

/* ── instances that others have ── */

static void test_one_at_its_own_limit(void **state) {
    scene_t *scene = *state;
    start_app(scene, "a", site_at("a", NULL, "/a"));
    start_app(scene, "b", any_site);
    int fds[4];
    for (size_t i = 0; i < 4; i++) /* as many as it may have */
        client_get(fds[i] = client_connect(scene), "x", "/a/sleep?ms=300");
    turn_for_ms(scene, 20);
    assert_who(scene, "x", "/env", "b"); /* the engine has more */
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(status_of(client_read(scene, fds[i])), 200);
        close(fds[i]);
    }
}

static void test_waits_for_the_engines_room(void **state) {
    (void)state;
    scene_t *scene = new_scene(NULL, 2);
    app_t *apps[3];
    int fds[6];
    for (size_t i = 0; i < 3; i++) {
        static const char *const bases[] = {"/0", "/1", "/2"};
        apps[i] = new_app(scene, bases[i] + 1, site_at(bases[i] + 1, NULL, bases[i]));
        apps[i]->engine.max_instances = 0;
        assert_ok(spin_trigger_start(apps[i]->trigger, on_app_ended, apps[i]));
    }
    for (size_t i = 0; i < 2; i++)
        client_get(fds[i] = client_connect(scene), "x", "/0/sleep?ms=150");
    turn_for_ms(scene, 20);
    for (size_t i = 2; i < 6; i++) {
        static const char *const paths[] = {"/1/env", "/2/env", "/1/sleep?ms=5", "/0/env"};
        client_get(fds[i] = client_connect(scene), "x", paths[i - 2]);
    }
    turn_for_ms(scene, 50);
    for (size_t i = 2; i < 6; i++) {
        assert_false(has_answer(fds[i])); /* it waits */
    }
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(status_of(client_read(scene, fds[i])), 200);
        close(fds[i]);
    }
    assert_string_equal(scene->log, "");
    free_scene(scene);
}

/* ── the log ── */

static uint64_t sum_of_refused(const char *log) {
    uint64_t sum = 0;
    while ((log = strstr(log, "refused=")) != NULL)
        sum += strtoull(log += strlen("refused="), NULL, 10);
    return sum;
}

static void test_refusals_are_told_in_sum(void **state) {
    enum { CLIENTS = 40, SERVED = 1 + 4 };
    scene_t *scene = *state;
    app_t *app = new_app(scene, "a", any_site);
    int fds[CLIENTS];
    unsigned refused = 0;
    app->engine.max_instances = 1;
    assert_ok(spin_trigger_start(app->trigger, on_app_ended, app));
    for (size_t i = 0; i < CLIENTS; i++) {
        fds[i] = client_connect(scene);
        client_get(fds[i], "x", "/sleep?ms=100");
        turn_for_ms(scene, 1);
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        refused += status_of(client_read(scene, fds[i])) == 503;
        close(fds[i]);
    }
    assert_int_equal(refused, CLIENTS - SERVED);
    assert_int_equal(count_of(scene->log, "no instance is free"), 1); /* at once */
    assert_non_null(strstr(scene->log, "application=any component=sleep route=/sleep status=503 "
                                       "refused=1 "));
    turn_for_ms(scene, 1100);
    assert_int_equal(count_of(scene->log, "no instance is free"), 2); /* and the rest */
    assert_int_equal(sum_of_refused(scene->log), CLIENTS - SERVED);
}

static void test_only_worker_0_warns(void **state) {
    scene_t *scene = *state;
    for (unsigned index = 2; index-- > 0;) {
        app_t *app = new_app(scene, "a", any_site);
        spin_application_t *application = spin_trigger_application(app->trigger);
        application->components[0].source.file = application->components[3].source.file;
        trigger_set_index(app->trigger, index);
        assert_ok(spin_trigger_start(app->trigger, on_app_ended, app));
        assert_int_equal(spin_worker_index(&app->trigger->worker), index);
        assert_int_equal(count_of(scene->log, "a component can't answer requests"), index == 0);
    }
    assert_non_null(strstr(scene->log, "application=any component=env "));
}

static void test_failures_name_the_application(void **state) {
    scene_t *scene = *state;
    app_t *app = new_app(scene, "a", any_site);
    app->engine.timeout_ms = 20;
    assert_ok(spin_trigger_start(app->trigger, on_app_ended, app));
    assert_status(scene, "x", "/loop", 504);
    assert_non_null(strstr(scene->log, "request failed application=any component=loop"));
}

/* ── memory ── */

/* A life with a swap; nobody asks for anything. */
static spin_error_t *live(scene_t *scene) {
    spin_trigger_t *triggers[2] = {NULL, NULL};
    spin_application_t *application = scene->apps[0].trigger->application;
    spin_http_options_t options = scene->apps[0].options;
    static const char *const hosts[] = {"own.example"};
    http_site_t site = {"own", hosts, 1, "/own"};
    spin_error_t *error = NULL;
    for (size_t i = 0; i < 2 && error == NULL; i++) {
        error = http_trigger_new_on(scene->front, application, &site, &options, &triggers[i]);
        if (error == NULL)
            trigger_set_index(triggers[i], 0);
        if (error == NULL)
            error = spin_trigger_start(triggers[i], NULL, NULL);
    }
    for (size_t i = 0; i < 2; i++)
        spin_trigger_free(triggers[i]);
    uv_run(&scene->loop, UV_RUN_NOWAIT);
    return error;
}

static void test_out_of_memory(void **state) {
    scene_t *scene = *state;
    size_t failed = 0;
    start_app(scene, "a", any_site);
    assert_ok(live(scene)); /* what is cached, is */
    failing_alloc_install(SIZE_MAX);
    assert_ok(live(scene));
    size_t calls = failing_alloc_calls();
    size_t left = failing_alloc_live();
    for (size_t at = 1; at <= calls; at++) {
        failing_alloc_install(at);
        spin_error_t *error = live(scene);
        failed += error != NULL;
        spin_error_free(error);
        assert_int_equal(failing_alloc_live(), left);
        failing_alloc_remove();
        if (at % 50 == 0)
            assert_who(scene, "x", "/env", "a");
    }
    failing_alloc_remove();
    assert_true(failed > calls / 2);
    assert_status(scene, "own.example", "/own/env", 404);
}

static void test_front_out_of_memory(void **state) {
    scene_t *scene = *state;
    size_t failed = 0, calls = SIZE_MAX;
    for (size_t at = 0; at <= calls; at++) {
        http_front_t *front = NULL;
        failing_alloc_install(at == 0 ? SIZE_MAX : at);
        spin_error_t *error = http_front_new(&scene->loop, scene->listener, NULL, &front);
        if (at == 0)
            calls = failing_alloc_calls();
        failed += error != NULL;
        spin_error_free(error);
        http_front_free(front, NULL, NULL);
        uv_run(&scene->loop, UV_RUN_NOWAIT);
        uv_run(&scene->loop, UV_RUN_NOWAIT);
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
    assert_int_equal(failed, calls);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_hosts_and_bases),
        TEST(test_base_in_place_of_the_manifests),
        TEST(test_swap_under_requests),
        TEST(test_swaps_under_load),
        TEST(test_start_that_fails_changes_nothing),
        TEST(test_only_on_the_fronts_loop),
        TEST(test_stop_of_one),
        TEST(test_stop_waits_for_the_line),
        cmocka_unit_test(test_stop_waits_for_room),
        TEST(test_first_come_first_served),
        TEST(test_cut_off),
        TEST(test_answer_that_has_begun_breaks_off),
        TEST(test_front_stops),
        TEST(test_front_freed_first),
        TEST(test_front_freed_in_the_midst_of_a_stop),
        TEST(test_triggers_freed_with_requests),
        TEST(test_clients_leave),
        TEST(test_one_at_its_own_limit),
        cmocka_unit_test(test_waits_for_the_engines_room),
        TEST(test_refusals_are_told_in_sum),
        TEST(test_only_worker_0_warns),
        TEST(test_failures_name_the_application),
        TEST(test_out_of_memory),
        TEST(test_front_out_of_memory),
    };
    if (mkdtemp(cache_dir) == NULL)
        return 1;
    wasm_signals_keep();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char command[sizeof cache_dir + 16];
    snprintf(command, sizeof command, "rm -rf %s", cache_dir);
    return system(command) == 0 ? failed : 1;
}
