/* A server with a client for tests: the server runs in the test's own thread, in this process or
 * with worker processes, and a client thread plays its part against it. What is to be changed the
 * client asks of the server's thread through a watched descriptor. */
#ifndef TESTS_SERVER_SCENE_H
#define TESTS_SERVER_SCENE_H

#include "cmocka_all.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "manifest/application.h"
#include "manifest/manifest.h"
#include "spin/server.h"

static char cache_dir[] = "/tmp/spin-test-server-XXXXXX";

typedef struct scene scene_t;
typedef void (*act_fn)(scene_t *scene);

struct scene {
    spin_server_options_t options;
    spin_http_options_t http;
    spin_engine_options_t engine;
    spin_server_t *server;
    uint16_t port;
    int ask;         /* eventfds: the client asks the server's thread to act, */
    int answered[2]; /* a pipe: and hears of each event */
    act_fn act;
    act_fn client;
    pthread_t thread;
    unsigned readies;
    char before[8]; /* the kinds of the events before it was ready */
    size_t before_len;
    void (*on_event)(scene_t *scene, const spin_server_event_t *event); /* may be NULL */
    char log[65536]; /* every event: its kind, the name and a blank; of the server's thread */
    size_t log_len;
};

/* ── applications ── */

/* Answers with its environment. */
static inline spin_application_t *application_of(const char *trigger, const char *module) {
    char text[1024];
    char file[512];
    spin_application_t *application;
    snprintf(text, sizeof text,
             "spin_version = \"1\"\nname = \"test\"\nversion = \"1.0.0\"\ntrigger = { %s }\n"
             "[[component]]\nid = \"env\"\nsource = \"x\"\n[component.trigger]\n%s\n",
             trigger,
             strstr(trigger, "http") != NULL ? "route = \"/...\"\nexecutor = { type = \"wagi\" }"
                                             : "channel = \"c\"");
    assert_null(manifest_parse(spin_slice(text), "spin.toml", &application));
    snprintf(file, sizeof file, "%s/%s", SPIN_SOURCE_DIR, module);
    application->components[0].source.file = arena_copy_text(&application->arena, spin_slice(file));
    return application;
}

static inline spin_error_t *put_as(spin_server_t *server, const char *name, const char *base,
                                   const char *version, const char *module) {
    char variable[64], trigger[128];
    const char *const environment[] = {variable};
    spin_server_application_t options = {.size = sizeof options,
                                         .environment = environment,
                                         .environment_len = 1,
                                         .log_dir = cache_dir};
    snprintf(variable, sizeof variable, "VERSION=<%s>", version);
    snprintf(trigger, sizeof trigger, "type = \"http\", base = \"%s\"", base);
    spin_application_t *application = application_of(trigger, module);
    spin_error_t *error = spin_server_put(server, name, application, &options);
    spin_application_unref(application);
    return error;
}

static inline void put(scene_t *scene, const char *name, const char *base, const char *version) {
    spin_error_t *error = put_as(scene->server, name, base, version, "examples/wagi/env.wasm");
    if (error != NULL)
        fail_msg("%s", spin_error_message(error));
}

static inline void assert_refused(spin_error_t *error, spin_error_kind_t kind, const char *part) {
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), kind);
    char text[512];
    spin_error_format(error, text, sizeof text);
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", part, text);
    spin_error_free(error);
}

/* ── the server's side ── */

static inline void on_event(spin_server_t *server, const spin_server_event_t *event, void *user) {
    static const char kinds[] = {
        [SPIN_SERVER_SERVING] = 's', [SPIN_SERVER_FAILED] = 'f', [SPIN_SERVER_REMOVED] = 'r'};
    scene_t *scene = user;
    assert_ptr_equal(server, scene->server);
    assert_int_equal(event->error != NULL, event->kind == SPIN_SERVER_FAILED);
    assert_int_equal(event->application == NULL, event->kind == SPIN_SERVER_REMOVED);
    char kind = kinds[event->kind];
    scene->log_len +=
        (size_t)snprintf(scene->log + scene->log_len, sizeof scene->log - scene->log_len, "%c%s ",
                         kind, event->name);
    assert_true(scene->log_len < sizeof scene->log);
    if (scene->on_event != NULL)
        scene->on_event(scene, event);
    if (scene->readies == 0 && scene->before_len < sizeof scene->before)
        scene->before[scene->before_len++] = kind;
    else
        assert_int_equal(write(scene->answered[1], &kind, 1), 1);
}

static inline void *run_client(void *user) {
    scene_t *scene = user;
    scene->client(scene);
    spin_server_stop(scene->server);
    return NULL;
}

static inline void on_ready(spin_server_t *server, void *user) {
    scene_t *scene = user;
    scene->readies++;
    scene->port = (uint16_t)atoi(strrchr(spin_server_address(server), ':') + 1);
    assert_int_equal(pthread_create(&scene->thread, NULL, run_client, scene), 0);
}

static inline void on_asked(spin_server_t *server, int fd, void *user) {
    scene_t *scene = user;
    uint64_t count;
    (void)server;
    assert_int_equal(read(fd, &count, sizeof count), (int)sizeof count);
    scene->act(scene);
}

static inline void new_server(scene_t *scene, unsigned workers) {
    *scene = (scene_t){
        .engine = {.size = sizeof scene->engine, .cache_dir = cache_dir, .max_instances = 20},
        .http = {.size = sizeof scene->http, .listen = "127.0.0.1:0"},
        .options = {.size = sizeof scene->options,
                    .workers = workers,
                    .ignore_signals = true,
                    .ready = on_ready,
                    .event = on_event}};
    scene->options.engine = &scene->engine;
    scene->options.http = &scene->http;
    scene->options.user = scene;
    scene->ask = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert_int_equal(pipe(scene->answered), 0);
    assert_null(spin_server_new(&scene->options, &scene->server));
    assert_null(spin_server_watch(scene->server, scene->ask, on_asked, scene));
}

static inline void play(scene_t *scene, act_fn client) {
    scene->client = client;
    assert_null(spin_server_run(scene->server));
    assert_int_equal(scene->readies, 1);
    pthread_join(scene->thread, NULL);
}

static inline void end(scene_t *scene) {
    spin_server_free(scene->server);
    close(scene->ask);
    close(scene->answered[0]);
    close(scene->answered[1]);
}

/* ── the client's side ── */

static inline void get(const scene_t *scene, const char *path, char *answer, size_t size) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(scene->port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    char request[256];
    size_t len = 0;
    ssize_t count;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    int request_len = snprintf(request, sizeof request,
                               "GET %s HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", path);
    assert_int_equal(write(fd, request, (size_t)request_len), request_len);
    while (len < size - 1 && (count = read(fd, answer + len, size - 1 - len)) > 0)
        len += (size_t)count;
    answer[len] = '\0';
    close(fd);
}

static inline bool answers(const scene_t *scene, const char *path, const char *part) {
    char answer[8192];
    get(scene, path, answer, sizeof answer);
    return strstr(answer, part) != NULL;
}

/* What a change leads to that nobody waits for. */
static inline void expect_soon(const scene_t *scene, const char *path, const char *part) {
    for (int tries = 0; !answers(scene, path, part); tries++) {
        if (tries == 1000)
            fail_msg("%s: \"%s\" does not come", path, part);
        usleep(10000);
    }
}

static inline void expect(const scene_t *scene, const char *path, const char *part) {
    char answer[8192];
    get(scene, path, answer, sizeof answer);
    if (strstr(answer, part) == NULL)
        fail_msg("%s: \"%s\" is not in \"%s\"", path, part, answer);
}

/* Has the server's thread act, and waits for the event. */
static inline void ask(scene_t *scene, act_fn act, char expected) {
    const uint64_t one = 1;
    char kind = 0;
    struct pollfd wait = {.fd = scene->answered[0], .events = POLLIN};
    scene->act = act;
    assert_int_equal(write(scene->ask, &one, sizeof one), (int)sizeof one);
    assert_int_equal(poll(&wait, 1, 30000), 1);
    assert_int_equal(read(scene->answered[0], &kind, 1), 1);
    assert_int_equal(kind, expected);
}

/* ── around all tests of a file ── */

static inline int make_cache(void **state) {
    (void)state;
    return mkdtemp(cache_dir) == NULL ? -1 : 0;
}

static inline int remove_cache(void **state) {
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", cache_dir);
    return system(command);
}

#endif
