/* Many applications in one server, through <spin/server.h>. A client thread plays its part against
 * the server, which runs in the test's own thread: in this process and with worker processes. What
 * is to be changed the client asks of it through a watched descriptor. */
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
#include "failing_alloc.h"
#include "manifest/application.h"
#include "manifest/manifest.h"
#include "server/server.h"
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
};

/* ── applications ── */

/* Answers with its environment. */
static spin_application_t *application_of(const char *trigger, const char *module) {
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

static spin_error_t *put_as(spin_server_t *server, const char *name, const char *base,
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

static void put(scene_t *scene, const char *name, const char *base, const char *version) {
    spin_error_t *error = put_as(scene->server, name, base, version, "examples/wagi/env.wasm");
    if (error != NULL)
        fail_msg("%s", spin_error_message(error));
}

static void assert_refused(spin_error_t *error, spin_error_kind_t kind, const char *part) {
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), kind);
    char text[512];
    spin_error_format(error, text, sizeof text);
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", part, text);
    spin_error_free(error);
}

/* ── the server's side ── */

static void on_event(spin_server_t *server, const spin_server_event_t *event, void *user) {
    static const char kinds[] = {
        [SPIN_SERVER_SERVING] = 's', [SPIN_SERVER_FAILED] = 'f', [SPIN_SERVER_REMOVED] = 'r'};
    scene_t *scene = user;
    assert_ptr_equal(server, scene->server);
    assert_int_equal(event->error != NULL, event->kind == SPIN_SERVER_FAILED);
    assert_int_equal(event->application == NULL, event->kind == SPIN_SERVER_REMOVED);
    char kind = kinds[event->kind];
    if (scene->readies == 0 && scene->before_len < sizeof scene->before)
        scene->before[scene->before_len++] = kind;
    else
        assert_int_equal(write(scene->answered[1], &kind, 1), 1);
}

static void *run_client(void *user) {
    scene_t *scene = user;
    scene->client(scene);
    spin_server_stop(scene->server);
    return NULL;
}

static void on_ready(spin_server_t *server, void *user) {
    scene_t *scene = user;
    scene->readies++;
    scene->port = (uint16_t)atoi(strrchr(spin_server_address(server), ':') + 1);
    assert_int_equal(pthread_create(&scene->thread, NULL, run_client, scene), 0);
}

static void on_asked(spin_server_t *server, int fd, void *user) {
    scene_t *scene = user;
    uint64_t count;
    (void)server;
    assert_int_equal(read(fd, &count, sizeof count), (int)sizeof count);
    scene->act(scene);
}

static void new_server(scene_t *scene, unsigned workers) {
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

static void play(scene_t *scene, act_fn client) {
    scene->client = client;
    assert_null(spin_server_run(scene->server));
    assert_int_equal(scene->readies, 1);
    pthread_join(scene->thread, NULL);
}

static void end(scene_t *scene) {
    spin_server_free(scene->server);
    close(scene->ask);
    close(scene->answered[0]);
    close(scene->answered[1]);
}

/* ── the client's side ── */

static void get(const scene_t *scene, const char *path, char *answer, size_t size) {
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

static void expect(const scene_t *scene, const char *path, const char *part) {
    char answer[8192];
    get(scene, path, answer, sizeof answer);
    if (strstr(answer, part) == NULL)
        fail_msg("%s: \"%s\" is not in \"%s\"", path, part, answer);
}

/* Has the server's thread act, and waits for the event. */
static void ask(scene_t *scene, act_fn act, char expected) {
    const uint64_t one = 1;
    char kind = 0;
    struct pollfd wait = {.fd = scene->answered[0], .events = POLLIN};
    scene->act = act;
    assert_int_equal(write(scene->ask, &one, sizeof one), (int)sizeof one);
    assert_int_equal(poll(&wait, 1, 30000), 1);
    assert_int_equal(read(scene->answered[0], &kind, 1), 1);
    assert_int_equal(kind, expected);
}

/* ── changes while it runs ── */

static void replace_a(scene_t *scene) {
    put(scene, "a", "/a", "a2");
}

static void break_a(scene_t *scene) {
    assert_null(put_as(scene->server, "a", "/a", "a3", "README.md"));
}

/* What no compiler sees: an address that only the trigger looks at. */
static void spoil_a(scene_t *scene) {
    spin_application_t *application =
        application_of("type = \"redis\", address = \"nonsense\"", "examples/wagi/env.wasm");
    assert_null(spin_server_put(scene->server, "a", application, NULL));
    spin_application_unref(application);
}

static void add_c(scene_t *scene) {
    put(scene, "c", "/c", "c1");
}

static void
take_place_of_b(scene_t *scene) { /* told while it does not run, an event while it does */
    assert_null(put_as(scene->server, "d", "/b", "d1", "examples/wagi/env.wasm"));
}

static void remove_b(scene_t *scene) {
    assert_null(spin_server_remove(scene->server, "b"));
    assert_refused(spin_server_remove(scene->server, "nobody"), SPIN_ERROR_NOT_FOUND, "nobody");
}

static void move_a(scene_t *scene) {
    put(scene, "a", "/elsewhere", "a4");
}

static void change_all(scene_t *scene) {
    expect(scene, "/a/x", "<a1>");
    expect(scene, "/b", "<b1>");
    expect(scene, "/c", "404");
    ask(scene, replace_a, 's');
    expect(scene, "/a", "<a2>");
    ask(scene, break_a, 'f');
    expect(scene, "/a", "<a2>");
    ask(scene, spoil_a, 'f');
    expect(scene, "/a", "<a2>");
    ask(scene, add_c, 's');
    expect(scene, "/a", "<a2>");
    expect(scene, "/c", "<c1>");
    ask(scene, take_place_of_b, 'f');
    expect(scene, "/b", "<b1>");
    ask(scene, remove_b, 'r');
    expect(scene, "/b", "404");
    ask(scene, take_place_of_b, 's');
    expect(scene, "/b", "<d1>");
    ask(scene, move_a, 's');
    expect(scene, "/a", "404");
    expect(scene, "/elsewhere", "<a4>");
    expect(scene, "/c", "<c1>");
}

static void test_changes(unsigned workers) {
    scene_t scene;
    new_server(&scene, workers);
    put(&scene, "a", "/a", "a0");
    put(&scene, "a", "/a", "a1");
    put(&scene, "b", "/b", "b1");
    play(&scene, change_all);
    assert_memory_equal(scene.before, "ss", 2);
    end(&scene);
}

static void test_changes_here(void **state) {
    (void)state;
    test_changes(0);
}

static void test_changes_in_workers(void **state) {
    (void)state;
    test_changes(2);
}

/* ── starts ── */

static void expect_b_only(scene_t *scene) {
    expect(scene, "/a", "404");
    expect(scene, "/b", "<b1>");
}

static void test_one_that_fails(unsigned workers) {
    scene_t scene;
    new_server(&scene, workers);
    assert_null(put_as(scene.server, "a", "/a", "a1", "README.md"));
    put(&scene, "b", "/b", "b1");
    play(&scene, expect_b_only);
    assert_memory_equal(scene.before, "fs", 2);
    end(&scene);
}

static void test_one_that_fails_here(void **state) {
    (void)state;
    test_one_that_fails(0);
}

static void test_one_that_fails_in_workers(void **state) {
    (void)state;
    test_one_that_fails(2);
}

static void stop_at_once(scene_t *scene) {
    expect(scene, "/healthz", "OK");
}

static void test_without_applications(void **state) {
    scene_t scene;
    (void)state;
    for (unsigned workers = 0; workers < 2; workers++) {
        new_server(&scene, workers);
        play(&scene, stop_at_once);
        assert_refused(spin_server_run(scene.server), SPIN_ERROR_USAGE, "has run");
        end(&scene);
    }
}

/* ── what is refused ── */

static void test_refusals(void **state) {
    scene_t scene;
    (void)state;
    new_server(&scene, 0);
    put(&scene, "a", "/a/", "a1");
    assert_refused(put_as(scene.server, "b", "/a", "b1", "README.md"), SPIN_ERROR_EXISTS, "a");
    spin_application_t *custom = application_of("type = \"timer\"", "README.md");
    assert_refused(spin_server_put(scene.server, "c", custom, NULL), SPIN_ERROR_UNSUPPORTED,
                   "timer");
    spin_application_unref(custom);
    spin_application_t *http = application_of("type = \"http\"", "README.md");
    spin_server_application_t options = {0};
    assert_refused(spin_server_put(scene.server, "c", http, &options), SPIN_ERROR_USAGE, "size");
    const char *const hosts[] = {"a:80"};
    options = (spin_server_application_t){.size = sizeof options, .hosts = hosts, .hosts_len = 1};
    assert_refused(spin_server_put(scene.server, "c", http, &options), SPIN_ERROR_USAGE, "a:80");
    options = (spin_server_application_t){.size = sizeof options, .base = "a"};
    assert_refused(spin_server_put(scene.server, "c", http, &options), SPIN_ERROR_USAGE, "\"a\"");
    assert_refused(spin_server_remove(scene.server, "c"), SPIN_ERROR_NOT_FOUND, "c");
    spin_application_t *redis =
        application_of("type = \"redis\", address = \"redis://127.0.0.1:1\"", "README.md");
    assert_refused(spin_server_put(scene.server, "c", redis, &options), SPIN_ERROR_USAGE, "base");
    assert_null(spin_server_put(scene.server, "c", redis, NULL));
    spin_application_unref(redis);
    end(&scene);

    const spin_server_options_t silent = {.size = sizeof silent};
    spin_server_t *server;
    assert_null(spin_server_new(&silent, &server));
    assert_null(spin_server_address(server));
    assert_refused(spin_server_put(server, "a", http, NULL), SPIN_ERROR_UNSUPPORTED, "HTTP");
    spin_server_free(server);
    spin_application_unref(http);
}

/* ── a site as text ── */

static void test_site_as_text(void **state) {
    const char *const hosts[] = {"a.example", "*.example"}, *const variables[] = {"k=\"v\"\n"};
    const spin_server_application_t options = {.size = sizeof options,
                                               .hosts = hosts,
                                               .hosts_len = 2,
                                               .base = "/b",
                                               .max_instances = 7,
                                               .max_memory_bytes = 1ull << 32,
                                               .timeout_ms = 99,
                                               .variables = variables,
                                               .variables_len = 1,
                                               .state_dir = "s",
                                               .follow_all = true};
    spin_application_t *application = application_of("type = \"http\"", "README.md");
    server_site_t *site, *copy;
    const int queue[2] = {-1, -1};
    buf_t text = {0};
    (void)state;
    assert_null(site_new("name", 42, application, &options, &site));
    assert_null(site_encode(site, &text));
    assert_null(site_decode(buf_slice(&text), application, queue, &copy));
    assert_string_equal(copy->name, "name");
    assert_int_equal(copy->version, 42);
    assert_int_equal(copy->options.hosts_len, 2);
    assert_string_equal(copy->options.hosts[1], "*.example");
    assert_string_equal(copy->options.base, "/b");
    assert_int_equal(copy->options.max_instances, 7);
    assert_true(copy->options.max_memory_bytes == 1ull << 32);
    assert_int_equal(copy->options.timeout_ms, 99);
    assert_int_equal(copy->options.environment_len, 0);
    assert_string_equal(copy->options.variables[0], "k=\"v\"\n");
    assert_string_equal(copy->options.state_dir, "s");
    assert_null(copy->options.log_dir);
    assert_true(copy->options.follow_all);
    assert_false(copy->options.quiet);
    site_unref(copy);
    assert_refused(site_decode(SLICE_LITERAL("{\"name\": 1"), application, queue, &copy),
                   SPIN_ERROR_INVALID, "options");
    buf_deinit(&text);
    site_unref(site);
    spin_application_unref(application);
}

/* ── out of memory ── */

static spin_error_t *make_and_put(void *user) {
    spin_application_t *application = user;
    const char *const hosts[] = {"a.example"};
    const spin_server_application_t options = {
        .size = sizeof options, .hosts = hosts, .hosts_len = 1, .base = "/b"};
    const spin_server_options_t silent = {.size = sizeof silent};
    spin_http_options_t http = {.size = sizeof http, .listen = "127.0.0.1:0"};
    spin_server_options_t loud = silent;
    loud.http = &http;
    spin_server_t *server = NULL;
    spin_error_t *error = spin_server_new(&loud, &server);
    if (error == NULL)
        error = spin_server_put(server, "a", application, &options);
    spin_server_free(server);
    return error;
}

static void test_out_of_memory(void **state) {
    spin_application_t *application = application_of("type = \"http\"", "README.md");
    (void)state;
    failing_alloc_install(SIZE_MAX);
    assert_null(make_and_put(application));
    size_t calls = failing_alloc_calls();
    assert_true(calls > 5);
    for (size_t at = 1; at <= calls; at++) {
        failing_alloc_install(at);
        assert_refused(make_and_put(application), SPIN_ERROR_NO_MEMORY, "memory");
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
    spin_application_unref(application);
}

static int make_cache(void **state) {
    (void)state;
    return mkdtemp(cache_dir) == NULL ? -1 : 0;
}

static int remove_cache(void **state) {
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", cache_dir);
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes_here),
        cmocka_unit_test(test_changes_in_workers),
        cmocka_unit_test(test_one_that_fails_here),
        cmocka_unit_test(test_one_that_fails_in_workers),
        cmocka_unit_test(test_without_applications),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_site_as_text),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, make_cache, remove_cache);
}
