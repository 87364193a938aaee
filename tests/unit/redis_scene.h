/* A scene for tests of the Redis trigger, with a server whose words the tests say; the loop, the
 * server and the trigger share a thread. Real servers are for tests/e2e/test_redis.py. */
#ifndef TESTS_REDIS_SCENE_H
#define TESTS_REDIS_SCENE_H

#include "net_peer.h"

#include "manifest/application.h"
#include "manifest/manifest.h"
#include "spin/log.h"
#include "trigger/redis/redis_trigger.h"
#include "trigger/trigger.h"
#include "wasm_signals.h"

static char work_dir[] = "/tmp/spin-test-redis-XXXXXX";

enum { TRIGGERS = 2 };

typedef struct scene {
    peer_t peer;
    spin_application_t *application;
    spin_engine_options_t engine;
    spin_redis_options_t options;
    spin_trigger_t *triggers[TRIGGERS];
    bool ended[TRIGGERS];
    int queue[2];
    char logs[64];
    char cache[64];
} scene_t;

static buf_t log_text; /* all records since set_up */

static inline void keep_log(spin_log_level_t level, spin_slice_t record, void *user) {
    (void)level, (void)user;
    buf_append(&log_text, record);
}

static inline unsigned times_logged(const char *part) {
    unsigned count = 0;
    spin_slice_t rest = buf_slice(&log_text);
    const uint8_t *at;
    while (rest.len > 0 && (at = memmem(rest.ptr, rest.len, part, strlen(part))) != NULL) {
        count++;
        rest = slice_from(rest, (size_t)(at - rest.ptr) + 1);
    }
    return count;
}

static inline void assert_logged(unsigned times, const char *part) {
    if (times_logged(part) != times)
        fail_msg("%u times, not %u: %s\n%.*s", times_logged(part), times, part,
                 SLICE_ARG(buf_slice(&log_text)));
}

/* ── applications ── */

static inline spin_application_t *parse(const char *address, const char *components) {
    char text[2048];
    spin_application_t *application;
    snprintf(text, sizeof text,
             "spin_version = \"1\"\nname = \"test\"\nversion = \"1.0.0\"\n"
             "trigger = { type = \"redis\", address = \"%s\" }\n%s",
             address, components);
    spin_error_t *error = manifest_parse(spin_slice(text), "spin.toml", &application);
    if (error != NULL) {
        spin_error_format(error, text, sizeof text);
        fail_msg("%s", text);
    }
    for (size_t i = 0; i < application->components_len; i++) {
        spin_component_t *component = &application->components[i];
        spin_slice_t file = arena_printf(&application->arena, "%s/tests/e2e/guests/%.*s",
                                         SPIN_SOURCE_DIR, SLICE_ARG(component->source.path));
        component->source.file = (char *)(uintptr_t)file.ptr;
    }
    return application;
}

#define COMPONENT(id, source, channel, more)                                                       \
    "[[component]]\nid = \"" id "\"\nsource = \"" source                                           \
    ".wasm\"\n[component.trigger]\nchannel = \"" channel "\"\n" more

static inline void load(scene_t *scene, const char *user, const char *components) {
    char address[128];
    snprintf(address, sizeof address, "redis://%s127.0.0.1:%u", user, scene->peer.port);
    spin_application_unref(scene->application);
    scene->application = parse(address, components);
}

static inline void load_one(scene_t *scene) {
    load(scene, "", COMPONENT("one", "redis", "a", ""));
}

static inline int set_up(void **state) {
    static unsigned count;
    scene_t *scene = calloc(1, sizeof *scene);
    peer_init(&scene->peer);
    snprintf(scene->logs, sizeof scene->logs, "%s/logs%u", work_dir, count++);
    snprintf(scene->cache, sizeof scene->cache, "%s/cache", work_dir);
    scene->engine = (spin_engine_options_t){
        .size = sizeof scene->engine,
        .loop = &scene->peer.loop,
        .max_instances = 8,
        .cache_dir = scene->cache,
    };
    scene->options = (spin_redis_options_t){
        .size = sizeof scene->options,
        .log_dir = scene->logs,
        .quiet = true,
        .engine = &scene->engine,
    };
    assert_int_equal(
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, scene->queue), 0);
    buf_clear(&log_text);
    *state = scene;
    return 0;
}

static inline void free_trigger(scene_t *scene, unsigned which) {
    spin_trigger_free(scene->triggers[which]);
    scene->triggers[which] = NULL;
}

static inline int tear_down(void **state) {
    scene_t *scene = *state;
    for (unsigned i = 0; i < TRIGGERS; i++)
        free_trigger(scene, i);
    peer_deinit(&scene->peer);
    spin_application_unref(scene->application);
    close(scene->queue[0]);
    close(scene->queue[1]);
    free(scene);
    return 0;
}

static inline void on_ended(spin_trigger_t *trigger, void *user) {
    scene_t *scene = user;
    for (unsigned i = 0; i < TRIGGERS; i++)
        scene->ended[i] |= scene->triggers[i] == trigger;
}

static inline void start(scene_t *scene, unsigned which) {
    wasm_signals_restore();
    scene->ended[which] = false;
    assert_null(
        spin_redis_trigger_new(scene->application, &scene->options, &scene->triggers[which]));
    assert_null(spin_trigger_start(scene->triggers[which], on_ended, scene));
}

/* As one of the workers of a server. */
static inline void start_shared(scene_t *scene, unsigned which, unsigned index) {
    const int queue[2] = {scene->queue[0], index == 0 ? scene->queue[1] : -1};
    wasm_signals_restore();
    scene->ended[which] = false;
    assert_null(redis_trigger_new_shared(scene->application, &scene->options, queue,
                                         &scene->triggers[which]));
    trigger_set_index(scene->triggers[which], index);
    assert_null(spin_trigger_start(scene->triggers[which], on_ended, scene));
}

/* ── what the server says and hears ── */

#define SUBSCRIBE(channel)  "*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\n" channel "\r\n"
#define PSUBSCRIBE(pattern) "*2\r\n$10\r\nPSUBSCRIBE\r\n$2\r\n" pattern "\r\n"
#define LEAVE_ALL           "*1\r\n$11\r\nUNSUBSCRIBE\r\n"
#define SUBSCRIBED(channel) "*3\r\n$9\r\nsubscribe\r\n$1\r\n" channel "\r\n:1\r\n"
#define ALL_LEFT            "*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:0\r\n"

static inline void send_message(scene_t *scene, const char *channel, const char *payload) {
    char text[512];
    snprintf(text, sizeof text, "*3\r\n$7\r\nmessage\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n",
             strlen(channel), channel, strlen(payload), payload);
    peer_send(&scene->peer, text);
}

static inline void accept_subscriber(scene_t *scene) {
    peer_accept(&scene->peer);
    peer_expect(&scene->peer, SUBSCRIBE("a"));
    peer_send(&scene->peer, SUBSCRIBED("a"));
}

/* There is one connection. */
static inline void assert_no_other(scene_t *scene) {
    int fd = scene->peer.fd;
    assert_false(peer_try_accept(&scene->peer));
    scene->peer.fd = fd;
}

static inline void stop(scene_t *scene, unsigned which) {
    spin_trigger_stop(scene->triggers[which]);
}

/* A stop as it should be. */
static inline void stop_well(scene_t *scene) {
    stop(scene, 0);
    peer_expect(&scene->peer, LEAVE_ALL);
    peer_send(&scene->peer, ALL_LEFT);
    wait_for(&scene->peer, scene->ended[0]);
}

/* ── what the components said ── */

static inline char *read_output(const scene_t *scene, const char *component) {
    static char text[65536];
    char path[128];
    snprintf(path, sizeof path, "%s/%s_stdout.txt", scene->logs, component);
    FILE *file = fopen(path, "r");
    size_t len = file == NULL ? 0 : fread(text, 1, sizeof text - 1, file);
    if (file != NULL)
        fclose(file);
    text[len] = '\0';
    return text;
}

static inline void assert_output(scene_t *scene, const char *component, const char *text) {
    wait_for(&scene->peer, strlen(read_output(scene, component)) >= strlen(text));
    assert_string_equal(read_output(scene, component), text);
}

static inline unsigned lines_of(const scene_t *scene, const char *component) {
    unsigned lines = 0;
    for (const char *at = read_output(scene, component); *at != '\0'; at++)
        lines += *at == '\n';
    return lines;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* With a folder for what they write, and the log kept. */
#define run_scenes(tests)                                                                          \
    (begin_scenes() ? end_scenes(cmocka_run_group_tests(tests, NULL, NULL)) : 1)

static inline bool begin_scenes(void) {
    if (mkdtemp(work_dir) == NULL)
        return false;
    wasm_signals_keep();
    spin_log_configure(keep_log, NULL, SPIN_LOG_INFO, SPIN_LOG_TEXT);
    return true;
}

static inline int end_scenes(int failed) {
    char command[64];
    buf_deinit(&log_text);
    snprintf(command, sizeof command, "rm -rf %s", work_dir);
    return system(command) == 0 ? failed : 1;
}

#endif
