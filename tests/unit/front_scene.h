/* A scene for tests of the HTTP front: a loop, an engine, a front on a loopback port and
 * applications behind it, all on the test's own thread, which is the client as well. */
#ifndef TESTS_FRONT_SCENE_H
#define TESTS_FRONT_SCENE_H

#include "cmocka_all.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/error.h"
#include "manifest/application.h"
#include "manifest/manifest.h"
#include "net/http_server.h"
#include "spin/log.h"
#include "trigger/http/front.h"
#include "trigger/trigger.h"
#include "wasm_signals.h"

static char cache_dir[] = "/tmp/spin-test-front-XXXXXX";

enum { SCENE_APPS = 8, ANSWER_SIZE = 64 * 1024 };

typedef struct app {
    struct scene *scene;
    http_site_t site;
    spin_engine_options_t engine;
    spin_http_options_t options;
    spin_trigger_t *trigger;
    unsigned ended;
} app_t;

typedef struct scene {
    uv_loop_t loop;
    spin_engine_options_t engine_options;
    spin_engine_t *engine;
    int listener;
    uint16_t port;
    http_front_t *front;
    unsigned front_closed, front_stopped;
    app_t apps[SCENE_APPS];
    size_t apps_len;
    char log[16 * 1024]; /* what the library logged: warnings and errors */
    char answer[ANSWER_SIZE];
} scene_t;

static inline void assert_ok(spin_error_t *error) {
    if (error == NULL)
        return;
    char text[512];
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

/* ── applications ── */

static const char component_form[] =
    "[[component]]\nid = \"%s\"\nsource = \"x\"\nenvironment = { WHO = \"%s\" }\n"
    "[component.trigger]\nroute = \"%s\"\n%s";

/* Components "env", which names `who`, "sleep", "echo", "stream" and "loop", each at its name. */
static inline spin_application_t *application_of(const char *who, const char *base) {
    static const char *const guests[] = {"env", "sleep", "echo", "stream", "loop"};
    char text[4096];
    int len = snprintf(text, sizeof text,
                       "spin_version = \"1\"\nname = \"%s\"\nversion = \"1.0.0\"\n"
                       "trigger = { type = \"http\", base = \"%s\" }\n",
                       who, base);
    for (size_t i = 0; i < sizeof guests / sizeof *guests; i++) {
        char route[32];
        snprintf(route, sizeof route, "/%s%s", guests[i], i == 2 ? "/..." : "");
        len += snprintf(text + len, sizeof text - (size_t)len, component_form, guests[i], who,
                        route, i == 3 ? "executor = { type = \"wagi\" }\n" : "");
    }
    spin_application_t *application;
    assert_ok(manifest_parse(spin_slice(text), "spin.toml", &application));
    for (size_t i = 0; i < application->components_len; i++) {
        spin_slice_t file = arena_printf(&application->arena, "%s/tests/e2e/guests/%s.wasm",
                                         SPIN_SOURCE_DIR, guests[i]);
        application->components[i].source.file = (char *)(uintptr_t)file.ptr;
    }
    return application;
}

static inline void on_app_ended(spin_trigger_t *trigger, void *user) {
    app_t *app = user;
    assert_ptr_equal(app->trigger, trigger);
    app->ended++;
}

/* A trigger that is not started; `who` is in its answers. */
static inline app_t *new_app(scene_t *scene, const char *who, http_site_t site) {
    app_t *app = &scene->apps[scene->apps_len++];
    app->scene = scene;
    app->site = site;
    app->engine = (spin_engine_options_t){.size = sizeof app->engine,
                                          .engine = scene->engine,
                                          .max_instances = 4,
                                          .timeout_ms = 20000};
    app->options = (spin_http_options_t){
        .size = sizeof app->options, .log_dir = cache_dir, .quiet = true, .engine = &app->engine};
    spin_application_t *application = application_of(who, "/");
    spin_error_t *error =
        http_trigger_new_on(scene->front, application, &app->site, &app->options, &app->trigger);
    spin_application_unref(application);
    assert_ok(error);
    trigger_set_index(app->trigger, 0);
    return app;
}

static inline app_t *start_app(scene_t *scene, const char *who, http_site_t site) {
    app_t *app = new_app(scene, who, site);
    assert_ok(spin_trigger_start(app->trigger, on_app_ended, app));
    return app;
}

/* ── the scene ── */

static inline void log_to_scene(spin_log_level_t level, spin_slice_t record, void *user) {
    scene_t *scene = user;
    size_t len = strlen(scene->log);
    (void)level;
    snprintf(scene->log + len, sizeof scene->log - len, "%.*s", SLICE_ARG(record));
}

static inline scene_t *new_scene(const spin_http_options_t *options, uint32_t max_instances) {
    scene_t *scene = calloc(1, sizeof *scene);
    char address[64];
    wasm_signals_restore();
    assert_int_equal(uv_loop_init(&scene->loop), 0);
    scene->engine_options = (spin_engine_options_t){.size = sizeof scene->engine_options,
                                                    .loop = &scene->loop,
                                                    .max_instances = max_instances,
                                                    .max_memory_bytes = 8 << 20,
                                                    .cache_dir = cache_dir};
    assert_ok(spin_engine_new(&scene->engine_options, &scene->engine));
    assert_ok(net_listen("127.0.0.1:0", &scene->listener));
    assert_ok(net_listen_address(scene->listener, address, sizeof address));
    scene->port = (uint16_t)atoi(strrchr(address, ':') + 1);
    assert_ok(http_front_new(&scene->loop, scene->listener, options, &scene->front));
    spin_log_configure(log_to_scene, scene, SPIN_LOG_WARN, SPIN_LOG_TEXT);
    return scene;
}

static inline void on_front_closed(void *user) {
    ((scene_t *)user)->front_closed++;
}

static inline void on_front_stopped(void *user) {
    ((scene_t *)user)->front_stopped++;
}

static inline void free_front(scene_t *scene) {
    http_front_free(scene->front, on_front_closed, scene);
    scene->front = NULL;
}

/* Whatever is left ends, and leaves nothing behind. */
static inline void free_scene(scene_t *scene) {
    spin_log_configure(NULL, NULL, SPIN_LOG_ERROR, SPIN_LOG_TEXT);
    for (size_t i = 0; i < scene->apps_len; i++)
        spin_trigger_free(scene->apps[i].trigger);
    if (scene->front != NULL)
        free_front(scene);
    spin_engine_unref(scene->engine);
    close(scene->listener);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_int_equal(scene->front_closed, 1);
    assert_int_equal(uv_loop_close(&scene->loop), 0);
    free(scene);
}

/* Turns the loop until `*count` is `wanted`; false after ten seconds. */
static inline bool turn_until(scene_t *scene, const unsigned *count, unsigned wanted) {
    uint64_t end = uv_hrtime() + 10ull * 1000 * 1000 * 1000;
    while (*count != wanted && uv_hrtime() < end) {
        uv_run(&scene->loop, UV_RUN_NOWAIT);
        usleep(100);
    }
    return *count == wanted;
}

static inline void turn_for_ms(scene_t *scene, unsigned ms) {
    uint64_t end = uv_hrtime() + 1000000ull * ms;
    while (uv_hrtime() < end) {
        uv_run(&scene->loop, UV_RUN_NOWAIT);
        usleep(100);
    }
}

static inline unsigned count_of(const char *text, const char *part) {
    unsigned count = 0;
    for (; (text = strstr(text, part)) != NULL; text++)
        count++;
    return count;
}

/* ── the client ── */

static inline int client_connect(const scene_t *scene) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(scene->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static inline void client_get(int fd, const char *host, const char *path) {
    char request[512];
    int len = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nhost: %s\r\n\r\n", path, host);
    assert_int_equal(send(fd, request, (size_t)len, MSG_NOSIGNAL), len);
}

/* The bytes of the whole answer that `text` begins with, or 0. */
static inline size_t answer_len(const char *text) {
    const char *body = strstr(text, "\r\n\r\n");
    const char *length = strstr(text, "content-length: ");
    if (body == NULL || length == NULL || length > body)
        return 0;
    size_t len = (size_t)(body + 4 - text) + (size_t)atoi(length + strlen("content-length: "));
    return strlen(text) >= len ? len : 0;
}

/* Turns the loop until a whole answer has come, or the connection's end. What came later stays in
 * the socket. */
static inline const char *client_read(scene_t *scene, int fd) {
    uint64_t end = uv_hrtime() + 10ull * 1000 * 1000 * 1000;
    char *answer = scene->answer;
    size_t len = 0;
    answer[0] = '\0';
    while (uv_hrtime() < end && len < ANSWER_SIZE - 1) {
        ssize_t got = recv(fd, answer + len, ANSWER_SIZE - 1 - len, MSG_DONTWAIT | MSG_PEEK);
        if (got == 0 || (got < 0 && errno != EAGAIN))
            return answer; /* it is over, and what is there is not whole */
        if (got < 0) {
            uv_run(&scene->loop, UV_RUN_NOWAIT);
            usleep(50);
            continue;
        }
        answer[len + (size_t)got] = '\0';
        size_t whole = answer_len(answer);
        size_t take = whole > 0 ? whole - len : (size_t)got;
        assert_int_equal(recv(fd, answer + len, take, 0), take);
        len += take;
        answer[len] = '\0';
        if (whole > 0)
            return answer;
    }
    fail_msg("no answer: %s", answer);
    return answer;
}

static inline unsigned status_of(const char *answer) {
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (unsigned)atoi(answer + 9) : 0;
}

/* The answer's `WHO`, or "-" where it has none. */
static inline const char *who_of(const char *answer) {
    static char who[32];
    const char *at = strstr(answer, "WHO=");
    who[0] = '-', who[1] = '\0';
    if (at != NULL)
        sscanf(at, "WHO=%31[^\n]", who);
    return who;
}

static inline const char *ask(scene_t *scene, const char *host, const char *path) {
    int fd = client_connect(scene);
    client_get(fd, host, path);
    const char *answer = client_read(scene, fd);
    close(fd);
    return answer;
}

#endif
