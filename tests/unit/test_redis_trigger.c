/* The Redis trigger, with a server whose words are written here; the loop, the server and the
 * trigger share a thread. Real servers are for tests/e2e/test_redis.py. */
#include "net_peer.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include "engine/instance.h"
#include "failing_alloc.h"
#include "manifest/application.h"
#include "manifest/manifest.h"
#include "spin/log.h"
#include "trigger/redis/packet.h"
#include "trigger/redis/redis_trigger.h"
#include "trigger/redis/subscription.h"
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

static void keep_log(spin_log_level_t level, spin_slice_t record, void *user) {
    (void)level, (void)user;
    buf_append(&log_text, record);
}

static unsigned times_logged(const char *part) {
    unsigned count = 0;
    spin_slice_t rest = buf_slice(&log_text);
    const uint8_t *at;
    while (rest.len > 0 && (at = memmem(rest.ptr, rest.len, part, strlen(part))) != NULL) {
        count++;
        rest = slice_from(rest, (size_t)(at - rest.ptr) + 1);
    }
    return count;
}

static void assert_logged(unsigned times, const char *part) {
    if (times_logged(part) != times)
        fail_msg("%u times, not %u: %s\n%.*s", times_logged(part), times, part,
                 SLICE_ARG(buf_slice(&log_text)));
}

/* ── applications ── */

static spin_application_t *parse(const char *address, const char *components) {
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

static void load(scene_t *scene, const char *user, const char *components) {
    char address[128];
    snprintf(address, sizeof address, "redis://%s127.0.0.1:%u", user, scene->peer.port);
    spin_application_unref(scene->application);
    scene->application = parse(address, components);
}

static void load_one(scene_t *scene) {
    load(scene, "", COMPONENT("one", "redis", "a", ""));
}

static int set_up(void **state) {
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

static void free_trigger(scene_t *scene, unsigned which) {
    spin_trigger_free(scene->triggers[which]);
    scene->triggers[which] = NULL;
}

static int tear_down(void **state) {
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

static void on_ended(spin_trigger_t *trigger, void *user) {
    scene_t *scene = user;
    for (unsigned i = 0; i < TRIGGERS; i++)
        scene->ended[i] |= scene->triggers[i] == trigger;
}

static void start(scene_t *scene, unsigned which) {
    wasm_signals_restore();
    scene->ended[which] = false;
    assert_null(
        spin_redis_trigger_new(scene->application, &scene->options, &scene->triggers[which]));
    assert_null(spin_trigger_start(scene->triggers[which], on_ended, scene));
}

/* As one of the workers of a server. */
static void start_shared(scene_t *scene, unsigned which, unsigned index) {
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

static void send_message(scene_t *scene, const char *channel, const char *payload) {
    char text[512];
    snprintf(text, sizeof text, "*3\r\n$7\r\nmessage\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n",
             strlen(channel), channel, strlen(payload), payload);
    peer_send(&scene->peer, text);
}

static void accept_subscriber(scene_t *scene) {
    peer_accept(&scene->peer);
    peer_expect(&scene->peer, SUBSCRIBE("a"));
    peer_send(&scene->peer, SUBSCRIBED("a"));
}

/* There is one connection. */
static void assert_no_other(scene_t *scene) {
    int fd = scene->peer.fd;
    assert_false(peer_try_accept(&scene->peer));
    scene->peer.fd = fd;
}

static void stop(scene_t *scene, unsigned which) {
    spin_trigger_stop(scene->triggers[which]);
}

/* A stop as it should be. */
static void stop_well(scene_t *scene) {
    stop(scene, 0);
    peer_expect(&scene->peer, LEAVE_ALL);
    peer_send(&scene->peer, ALL_LEFT);
    wait_for(&scene->peer, scene->ended[0]);
}

/* ── what the components said ── */

static char *read_output(const scene_t *scene, const char *component) {
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

static void assert_output(scene_t *scene, const char *component, const char *text) {
    wait_for(&scene->peer, strlen(read_output(scene, component)) >= strlen(text));
    assert_string_equal(read_output(scene, component), text);
}

static unsigned lines_of(const scene_t *scene, const char *component) {
    unsigned lines = 0;
    for (const char *at = read_output(scene, component); *at != '\0'; at++)
        lines += *at == '\n';
    return lines;
}

/* ── making one ── */

static void assert_refused(scene_t *scene, spin_error_kind_t kind, const char *part) {
    assert_error(spin_redis_trigger_new(scene->application, &scene->options, &scene->triggers[0]),
                 kind, part);
}

static void test_addresses(void **state) {
    scene_t *scene = *state;
    scene->application = parse("redis://:sesame@", COMPONENT("x", "redis", "a", ""));
    assert_refused(scene, SPIN_ERROR_INVALID,
                   "spin.toml:4:39: trigger.address: the host is missing");
    spin_application_unref(scene->application);
    scene->application = parse("http://h", COMPONENT("x", "redis", "a", ""));
    assert_refused(scene, SPIN_ERROR_INVALID, "trigger.address: scheme \"http\"");
}

static void test_usage(void **state) {
    scene_t *scene = *state;
    load_one(scene);
    scene->options.size = 1;
    assert_refused(scene, SPIN_ERROR_USAGE, "spin_redis_options_t");
    scene->options.size = sizeof scene->options;
    spin_application_unref(scene->application);
    assert_null(manifest_parse(spin_slice("spin_version = \"1\"\nname = \"t\"\nversion = \"1\"\n"
                                          "trigger = { type = \"http\" }\n[[component]]\n"
                                          "id = \"x\"\nsource = \"x\"\n[component.trigger]\n"
                                          "route = \"/\"\n"),
                               "spin.toml", &scene->application));
    assert_refused(scene, SPIN_ERROR_USAGE, "the application's trigger is \"http\"");
}

static void test_out_of_memory(void **state) {
    scene_t *scene = *state;
    load_one(scene);
    for (size_t at = 1;; at++) {
        failing_alloc_install(at);
        spin_error_t *error = spin_redis_trigger_new(scene->application, NULL, &scene->triggers[0]);
        if (error == NULL) {
            free_trigger(scene, 0);
            assert_true(failing_alloc_calls() < at);
            assert_int_equal(failing_alloc_live(), 0);
            failing_alloc_remove();
            assert_true(at > 8);
            return;
        }
        assert_int_equal(failing_alloc_live(), 0);
        failing_alloc_remove();
        assert_error(error, SPIN_ERROR_NO_MEMORY, "memory");
    }
}

/* ── messages ── */

static void test_a_message(void **state) {
    scene_t *scene = *state;
    load_one(scene);
    start(scene, 0);
    accept_subscriber(scene);
    send_message(scene, "a", "hello");
    send_message(scene, "b", "nobody's");
    send_message(scene, "a", "");
    assert_output(scene, "one", "hello\n\n");
    assert_logged(1, "INFO  subscribed address=redis://127.0.0.1:");
    stop_well(scene);
}

static void test_channels_and_components(void **state) {
    scene_t *scene = *state;
    load(scene, "",
         COMPONENT("one", "redis", "a", "") COMPONENT("two", "redis-slots", "b", "")
             COMPONENT("three", "redis-slots", "a", "")
                 COMPONENT("four", "redis", "a*", "pattern = true\n")
                     COMPONENT("five", "redis", "b", "pattern = false\n"));
    start(scene, 0);
    peer_accept(&scene->peer);
    peer_expect(&scene->peer, SUBSCRIBE("a") SUBSCRIBE("b") PSUBSCRIBE("a*"));
    peer_send(&scene->peer,
              SUBSCRIBED("a") SUBSCRIBED("b") "*3\r\n$10\r\npsubscribe\r\n$2\r\na*\r\n:3\r\n");
    send_message(scene, "a", "1");
    send_message(scene, "b", "2");
    peer_send(&scene->peer, "*4\r\n$8\r\npmessage\r\n$2\r\na*\r\n$2\r\nax\r\n$1\r\n3\r\n");
    assert_output(scene, "one", "1\n");
    assert_output(scene, "two", "2\n");
    assert_output(scene, "three", "1\n");
    assert_output(scene, "four", "3\n");
    assert_output(scene, "five", "2\n");
    assert_logged(1, "channels=3");
    stop(scene, 0);
    peer_expect(&scene->peer, LEAVE_ALL "*1\r\n$12\r\nPUNSUBSCRIBE\r\n");
    peer_send(&scene->peer, "*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:2\r\n"
                            "*3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:1\r\n");
    send_message(scene, "a", "4");
    peer_send(&scene->peer, "*3\r\n$12\r\npunsubscribe\r\n$2\r\na*\r\n:0\r\n");
    wait_for(&scene->peer, scene->ended[0]);
    assert_output(scene, "one", "1\n4\n");
}

/* One that may not even ask has nothing to leave. */
static void test_everything_is_refused(void **state) {
    scene_t *scene = *state;
    load_one(scene);
    start(scene, 0);
    peer_accept(&scene->peer);
    peer_expect(&scene->peer, SUBSCRIBE("a"));
    peer_send(&scene->peer, "-NOAUTH Authentication required.\r\n");
    wait_for(&scene->peer, times_logged("reason=\"NOAUTH Authentication required.\"") == 1);
    stop(scene, 0);
    peer_expect(&scene->peer, LEAVE_ALL);
    uint64_t begin = now_ms();
    peer_send(&scene->peer, "-NOAUTH Authentication required.\r\n");
    wait_for(&scene->peer, scene->ended[0]);
    assert_true(now_ms() - begin < 1500);
}

static void test_failures(void **state) {
    scene_t *scene = *state;
    scene->engine.timeout_ms = 100;
    load_one(scene);
    start(scene, 0);
    accept_subscriber(scene);
    send_message(scene, "a", "fail");
    send_message(scene, "a", "trap here");
    send_message(scene, "a", "spin");
    send_message(scene, "a", "after");
    assert_output(scene, "one", "after\n");
    assert_logged(1, "ERROR a component returned an error for a message application=test "
                     "component=one channel=a bytes=4\n");
    assert_logged(1, "ERROR a message was not handled application=test component=one channel=a "
                     "bytes=9 error=\"component \\\"one\\\": handle-redis-message: the guest "
                     "trapped");
    wait_for(&scene->peer, times_logged("ran longer than 100 ms") == 1);
    stop_well(scene);
}

static void test_a_component_without_the_entry_point(void **state) {
    scene_t *scene = *state;
    load(scene, "", COMPONENT("bad", "echo", "a", "") COMPONENT("one", "redis", "a", ""));
    start(scene, 0);
    assert_logged(1, "a component can't handle messages component=bad");
    accept_subscriber(scene);
    send_message(scene, "a", "hello");
    assert_output(scene, "one", "hello\n");
    wait_for(&scene->peer, times_logged("a message was not handled") == 1);
}

static uint32_t fnv(const char *text, size_t len) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (uint8_t)text[i]) * 16777619u;
    return hash;
}

/* At and around the size from which a payload has a file of its own. */
static void test_payloads_of_any_size(void **state) {
    scene_t *scene = *state;
    static const size_t sizes[] = {
        1, REDIS_PACKET_PAYLOAD - 1, REDIS_PACKET_PAYLOAD, 61441, 100000, 1 << 20, 5000001, 200};
    char expected[512] = "", head[64];
    char *payload = malloc(5000001 + 2);
    load_one(scene);
    start(scene, 0);
    accept_subscriber(scene);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t len = sizes[i];
        for (size_t at = 0; at < len; at++)
            payload[at] = (char)(at * 31 + at / 251 + i);
        payload[0] = '#';
        snprintf(head, sizeof head, "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$%zu\r\n", len);
        peer_send(&scene->peer, head);
        peer_send_bytes(&scene->peer, payload, len);
        peer_send(&scene->peer, "\r\n");
        size_t used = strlen(expected);
        snprintf(expected + used, sizeof expected - used, "%zu %u\n", len, fnv(payload, len));
    }
    assert_output(scene, "one", expected);
    free(payload);
    stop_well(scene);
}

static void test_a_long_channel(void **state) {
    scene_t *scene = *state;
    char name[400], manifest[600], expected[500];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    snprintf(manifest, sizeof manifest, COMPONENT("one", "redis", "%s", ""), name);
    load(scene, "", manifest);
    start(scene, 0);
    peer_accept(&scene->peer);
    snprintf(expected, sizeof expected, "*2\r\n$9\r\nSUBSCRIBE\r\n$399\r\n%s\r\n", name);
    peer_expect(&scene->peer, expected);
    char text[600];
    snprintf(text, sizeof text, "*3\r\n$9\r\nsubscribe\r\n$399\r\n%s\r\n:1\r\n", name);
    peer_send(&scene->peer, text);
    snprintf(text, sizeof text, "*3\r\n$7\r\nmessage\r\n$399\r\n%s\r\n$2\r\nhi\r\n", name);
    peer_send(&scene->peer, text);
    assert_output(scene, "one", "hi\n");
}

/* ── instances ── */

static void test_messages_wait_for_instances(void **state) {
    scene_t *scene = *state;
    scene->engine.max_instances = 1;
    scene->options.max_waiting_bytes = 4096; /* so that reading stops, and goes on */
    load_one(scene);
    start(scene, 0);
    accept_subscriber(scene);
    for (unsigned i = 0; i < 1000; i++)
        send_message(scene, "a", i % 100 == 0 ? "sleep 5" : "x");
    wait_for(&scene->peer, lines_of(scene, "one") == 1000);
    assert_logged(0, "ERROR");
    stop_well(scene);
}

static void test_sleepers_run_side_by_side(void **state) {
    scene_t *scene = *state;
    load_one(scene);
    start(scene, 0);
    accept_subscriber(scene);
    for (unsigned i = 0; i < 8; i++)
        send_message(scene, "a", "sleep 300");
    uint64_t begin = now_ms();
    wait_for(&scene->peer, lines_of(scene, "one") == 8);
    assert_true(now_ms() - begin < 1500);
}

/* While a component keeps the processor busy, the queue is another worker's to empty. */
static void test_busy_ones_leave_messages_to_others(void **state) {
    scene_t *scene = *state;
    uint8_t packet[256];
    load_one(scene);
    start_shared(scene, 0, 0);
    accept_subscriber(scene);
    for (unsigned i = 0; i < 4; i++)
        send_message(scene, "a", "burn 300");
    spin_execution_context_t *context = spin_worker_context(&scene->triggers[0]->worker);
    wait_for(&scene->peer, engine_context_live(context) > 0);
    turn_for(&scene->peer, 20);
    assert_int_equal(engine_context_live(context), 1);
    for (unsigned i = 0; i < 3; i++)
        assert_true(recv(scene->queue[0], packet, sizeof packet, MSG_DONTWAIT) > 0);
    wait_for(&scene->peer, lines_of(scene, "one") == 1);
    stop_well(scene);
    assert_int_equal(lines_of(scene, "one"), 1);
}

static void test_two_workers(void **state) {
    scene_t *scene = *state;
    load_one(scene);
    start_shared(scene, 0, 0);
    start_shared(scene, 1, 1);
    accept_subscriber(scene);
    turn_for(&scene->peer, 5);
    assert_no_other(scene);
    for (unsigned i = 0; i < 16; i++)
        send_message(scene, "a", "sleep 100");
    spin_execution_context_t *second = spin_worker_context(&scene->triggers[1]->worker);
    wait_for(&scene->peer, engine_context_live(second) > 0);
    stop(scene, 1); /* with messages in the queue */
    wait_for(&scene->peer, scene->ended[1]);
    wait_for(&scene->peer, lines_of(scene, "one") == 16);
    stop_well(scene);
}

/* ── stopping ── */

static void test_what_comes_before_the_confirmation(void **state) {
    scene_t *scene = *state;
    load_one(scene);
    start(scene, 0);
    accept_subscriber(scene);
    turn_for(&scene->peer, 5);
    stop(scene, 0);
    peer_expect(&scene->peer, LEAVE_ALL);
    for (unsigned i = 0; i < 500; i++)
        send_message(scene, "a", "late");
    send_message(scene, "a", "sleep 50");
    assert_false(scene->ended[0]);
    peer_send(&scene->peer, ALL_LEFT);
    send_message(scene, "a", "too late");
    wait_for(&scene->peer, scene->ended[0]);
    assert_int_equal(lines_of(scene, "one"), 501);
    peer_expect_end(&scene->peer);
}

static void test_stop_without_a_server(void **state) {
    scene_t *scene = *state;
    load_one(scene);
    close(scene->peer.listener);
    scene->peer.listener = -1;
    start(scene, 0);
    wait_for(&scene->peer, times_logged("Redis can't be reached") == 1);
    stop(scene, 0);
    wait_for(&scene->peer, scene->ended[0]);
}

static void test_stop_at_once(void **state) {
    scene_t *scene = *state;
    load_one(scene);
    start(scene, 0);
    stop(scene, 0);
    wait_for(&scene->peer, scene->ended[0]);
}

static void test_stop_in_the_handshake(void **state) {
    scene_t *scene = *state;
    load(scene, ":pw@", COMPONENT("one", "redis", "a", ""));
    start(scene, 0);
    peer_accept(&scene->peer);
    peer_expect(&scene->peer, "*2\r\n$4\r\nAUTH");
    stop(scene, 0);
    wait_for(&scene->peer, scene->ended[0]);
}

static void test_server_leaves_in_a_stop(void **state) {
    scene_t *scene = *state;
    load_one(scene);
    start(scene, 0);
    accept_subscriber(scene);
    turn_for(&scene->peer, 5);
    stop(scene, 0);
    peer_expect(&scene->peer, LEAVE_ALL);
    send_message(scene, "a", "late");
    peer_hang_up(&scene->peer);
    wait_for(&scene->peer, scene->ended[0]);
    assert_output(scene, "one", "late\n");
    assert_logged(1, "is lost while a stop unsubscribes");
}

/* Frees it with a message half read, one that runs and some that wait: tear_down looks at what is
 * left. */
static void test_freed_in_the_middle(void **state) {
    scene_t *scene = *state;
    scene->engine.max_instances = 2;
    load_one(scene);
    start(scene, 0);
    accept_subscriber(scene);
    for (unsigned i = 0; i < 1000; i++)
        send_message(scene, "a", "sleep 10000");
    peer_send(&scene->peer, "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$100\r\nhalf");
    spin_execution_context_t *context = spin_worker_context(&scene->triggers[0]->worker);
    wait_for(&scene->peer, engine_context_live(context) == 2);
    turn_for(&scene->peer, 5);
    free_trigger(scene, 0);
    assert_true(times_logged("messages that waited are not handled") == 1);
}

static void test_freed_while_connecting(void **state) {
    scene_t *scene = *state;
    load_one(scene);
    start(scene, 0);
    turn(&scene->peer);
    free_trigger(scene, 0);
}

static void test_time_to_stop_is_over(void **state) {
    scene_t *scene = *state;
    scene->options.shutdown_timeout_ms = 50;
    load_one(scene);
    start(scene, 0);
    accept_subscriber(scene);
    send_message(scene, "a", "sleep 10000");
    spin_execution_context_t *context = spin_worker_context(&scene->triggers[0]->worker);
    wait_for(&scene->peer, engine_context_live(context) == 1);
    stop_well(scene);
    assert_logged(1, "the time to stop is over");
}

/* ── losing the server ── */

static void test_reconnects(void **state) {
    scene_t *scene = *state;
    load_one(scene);
    start(scene, 0);
    accept_subscriber(scene);
    send_message(scene, "a", "1");
    assert_output(scene, "one", "1\n");
    peer_hang_up(&scene->peer);
    accept_subscriber(scene);
    send_message(scene, "a", "2");
    assert_output(scene, "one", "1\n2\n");
    assert_logged(1, "WARN  the connection to Redis is lost, and messages with it");
    assert_logged(1, "WARN  subscribed again address=redis://127.0.0.1:");
    assert_logged(1, "after_ms=");
    stop_well(scene);
}

/* Each attempt comes later than the one before, and is not told of. */
static void test_backs_off(void **state) {
    scene_t *scene = *state;
    uint64_t times[5];
    load_one(scene);
    start(scene, 0);
    for (unsigned i = 0; i < 5; i++) {
        peer_accept(&scene->peer);
        times[i] = now_ms();
        peer_hang_up(&scene->peer);
    }
    assert_true(times[1] - times[0] >= 40);
    assert_true(times[4] - times[3] >= 350); /* of 800, at least the half */
    assert_logged(1, "Redis can't be reached; it is tried again");
    accept_subscriber(scene);
    wait_for(&scene->peer, times_logged("subscribed again") == 1);
    assert_logged(1, "WARN  Redis can't be reached");
}

static void test_wrong_password(void **state) {
    scene_t *scene = *state;
    load(scene, "me:sesame@", COMPONENT("one", "redis", "a", ""));
    start(scene, 0);
    peer_accept(&scene->peer);
    peer_send(&scene->peer, "-WRONGPASS invalid\r\n");
    wait_for(&scene->peer, times_logged("ERROR Redis can't be subscribed to") == 1);
    assert_logged(1, "authentication: the server said: WRONGPASS invalid");
    assert_logged(0, "sesame");
    peer_hang_up(&scene->peer);
    turn_for(&scene->peer, 500);
    assert_false(peer_try_accept(&scene->peer)); /* slowly */
}

static void test_refused_channel(void **state) {
    scene_t *scene = *state;
    load(scene, "", COMPONENT("one", "redis", "a", "") COMPONENT("two", "redis", "b", ""));
    start(scene, 0);
    peer_accept(&scene->peer);
    peer_expect(&scene->peer, SUBSCRIBE("a") SUBSCRIBE("b"));
    peer_send(&scene->peer, "-NOPERM not this\r\n" SUBSCRIBED("b"));
    send_message(scene, "b", "hello");
    assert_output(scene, "two", "hello\n");
    assert_logged(1, "ERROR Redis refuses a channel; it is tried again, slowly");
    assert_logged(1, "channel=a reason=\"NOPERM not this\"");
}

/* ── one version after the other ── */

static void test_take_over(void **state) {
    scene_t *scene = *state;
    int second[2];
    load(scene, "", COMPONENT("one", "redis", "a", "") COMPONENT("old", "redis", "b", ""));
    start_shared(scene, 0, 0);
    peer_accept(&scene->peer);
    peer_expect(&scene->peer, SUBSCRIBE("a") SUBSCRIBE("b"));
    peer_send(&scene->peer, SUBSCRIBED("a") SUBSCRIBED("b"));
    send_message(scene, "a", "sleep 50");
    turn_for(&scene->peer, 10);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, second),
                     0);
    int first[2] = {scene->queue[0], scene->queue[1]};
    memcpy(scene->queue, second, sizeof second);
    load(scene, "", COMPONENT("two", "redis-slots", "a", "") COMPONENT("new", "redis", "c", ""));
    start_shared(scene, 1, 0);
    redis_trigger_take_over(scene->triggers[1], scene->triggers[0]);
    stop(scene, 0);
    send_message(scene, "a", "1");
    send_message(scene, "b", "nobody's");
    wait_for(&scene->peer, scene->ended[0]);
    free_trigger(scene, 0);
    assert_output(scene, "one", "slept 50\n");
    assert_output(scene, "two", "1\n");
    peer_expect(&scene->peer, SUBSCRIBE("c") "*2\r\n$11\r\nUNSUBSCRIBE\r\n$1\r\nb\r\n");
    peer_send(&scene->peer, SUBSCRIBED("c") "*3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:2\r\n");
    send_message(scene, "c", "2");
    assert_output(scene, "new", "2\n");
    assert_no_other(scene);
    stop(scene, 1);
    peer_expect(&scene->peer, LEAVE_ALL);
    peer_send(&scene->peer, ALL_LEFT);
    wait_for(&scene->peer, scene->ended[1]);
    assert_int_equal(lines_of(scene, "old"), 0);
    close(first[0]);
    close(first[1]);
}

/* Another user of the same server: it is subscribed twice rather than not at all. */
static void test_take_over_to_another_address(void **state) {
    scene_t *scene = *state;
    load_one(scene);
    start_shared(scene, 0, 0);
    accept_subscriber(scene);
    turn_for(&scene->peer, 5);
    int old = scene->peer.fd;
    load(scene, "me:pw@", COMPONENT("two", "redis", "a", ""));
    start(scene, 1);
    redis_trigger_take_over(scene->triggers[1], scene->triggers[0]);
    stop(scene, 0);
    peer_accept(&scene->peer);
    int new = scene->peer.fd;
    peer_expect(&scene->peer, "*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$2\r\npw\r\n");
    turn_for(&scene->peer, 20);
    scene->peer.fd = old;
    send_message(scene, "a", "1");
    assert_output(scene, "one", "1\n");
    scene->peer.fd = new;
    peer_send(&scene->peer, "+OK\r\n");
    peer_expect(&scene->peer, SUBSCRIBE("a"));
    peer_send(&scene->peer, SUBSCRIBED("a"));
    scene->peer.fd = old;
    peer_expect(&scene->peer, LEAVE_ALL);
    peer_send(&scene->peer, ALL_LEFT);
    wait_for(&scene->peer, scene->ended[0]);
    peer_hang_up(&scene->peer);
    scene->peer.fd = new;
    send_message(scene, "a", "2");
    assert_output(scene, "two", "2\n");
    assert_output(scene, "one", "1\n");
}

/* Whichever of the two goes first. */
static void test_take_over_and_free(void **state) {
    scene_t *scene = *state;
    for (unsigned first = 0; first < 2; first++) {
        load_one(scene);
        start_shared(scene, 0, 0);
        accept_subscriber(scene);
        load(scene, ":pw@", COMPONENT("two", "redis", "a", ""));
        start(scene, 1);
        redis_trigger_take_over(scene->triggers[1], scene->triggers[0]);
        stop(scene, 0);
        turn_for(&scene->peer, 5);
        free_trigger(scene, first);
        turn_for(&scene->peer, 5);
        free_trigger(scene, 1 - first);
        peer_hang_up(&scene->peer);
        while (peer_try_accept(&scene->peer))
            peer_hang_up(&scene->peer);
    }
}

/* ── the subscription by itself ── */

typedef struct listener {
    arena_t arena;
    net_redis_url_t url;
    redis_channels_t channels;
    redis_subscription_t *subscription;
    unsigned messages;
    unsigned settled;
    bool done;
} listener_t;

static void on_message(const redis_channel_t *channel, spin_slice_t name, spin_slice_t payload,
                       net_redis_reply_t *reply, void *user) {
    assert_true(slice_equal(channel->name, name) && payload.len > 0);
    ((listener_t *)user)->messages++;
    net_redis_reply_free(reply);
}

static void on_settled(void *user) {
    ((listener_t *)user)->settled++;
}

static void on_done(void *user) {
    ((listener_t *)user)->done = true;
}

static void listen_to(scene_t *scene, listener_t *listener,
                      const redis_subscription_times_t *times) {
    const redis_subscription_owner_t owner = {&listener->channels, on_message, on_settled,
                                              listener};
    load_one(scene);
    assert_null(net_redis_url_parse(
        &listener->arena, spin_application_redis_address(scene->application), &listener->url));
    assert_null(redis_channels_init(&listener->channels, scene->application));
    assert_null(redis_subscription_new(&scene->peer.loop, &listener->url, times, &owner,
                                       &listener->subscription));
}

static void stop_listening(listener_t *listener) {
    redis_subscription_free(listener->subscription);
    redis_channels_deinit(&listener->channels);
    arena_deinit(&listener->arena);
}

/* A server that is there, and says nothing: half of the connection is dead. */
static void test_silence(void **state) {
    scene_t *scene = *state;
    listener_t listener = {0};
    const redis_subscription_times_t times = {.ping_interval_ms = 100, .ping_timeout_ms = 100};
    listen_to(scene, &listener, &times);
    accept_subscriber(scene);
    wait_for(&scene->peer, listener.settled == 1);
    peer_expect(&scene->peer, "*1\r\n$4\r\nPING\r\n");
    peer_send(&scene->peer, "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
    peer_expect(&scene->peer, "*1\r\n$4\r\nPING\r\n");
    int silent = scene->peer.fd;
    accept_subscriber(scene);
    close(silent);
    assert_logged(1, "the server has not answered for 200 ms");
    send_message(scene, "a", "x");
    wait_for(&scene->peer, listener.messages == 1);
    assert_int_equal(listener.settled, 1);
    stop_listening(&listener);
}

static void test_no_confirmation_of_the_end(void **state) {
    scene_t *scene = *state;
    listener_t listener = {0};
    const redis_subscription_times_t times = {.confirm_ms = 50};
    listen_to(scene, &listener, &times);
    accept_subscriber(scene);
    wait_for(&scene->peer, listener.settled == 1);
    redis_subscription_end(listener.subscription, on_done);
    assert_false(listener.done);
    wait_for(&scene->peer, listener.done);
    assert_logged(1, "Redis does not confirm");
    stop_listening(&listener);
}

static void test_end_before_it_is_subscribed(void **state) {
    scene_t *scene = *state;
    listener_t listener = {0};
    const redis_subscription_times_t times = {0};
    listen_to(scene, &listener, &times);
    peer_accept(&scene->peer);
    peer_expect(&scene->peer, SUBSCRIBE("a"));
    redis_subscription_end(listener.subscription, on_done);
    peer_expect(&scene->peer, LEAVE_ALL);
    peer_send(&scene->peer, SUBSCRIBED("a"));
    send_message(scene, "a", "x");
    peer_send(&scene->peer, ALL_LEFT);
    wait_for(&scene->peer, listener.done);
    assert_int_equal(listener.messages, 1);
    stop_listening(&listener);
}

static void test_paused(void **state) {
    scene_t *scene = *state;
    listener_t listener = {0};
    const redis_subscription_times_t times = {.confirm_ms = 50};
    listen_to(scene, &listener, &times);
    redis_subscription_pause(listener.subscription);
    accept_subscriber(scene);
    wait_for(&scene->peer, listener.settled == 1);
    send_message(scene, "a", "x");
    redis_subscription_end(listener.subscription, on_done);
    turn_for(&scene->peer, 150);
    assert_int_equal(listener.messages, 0);
    assert_false(listener.done); /* what was sent is waited for */
    peer_send(&scene->peer, ALL_LEFT);
    redis_subscription_resume(listener.subscription);
    wait_for(&scene->peer, listener.done);
    assert_int_equal(listener.messages, 1);
    stop_listening(&listener);
}

/* What was refused is asked for again. */
static void test_allowed_later(void **state) {
    scene_t *scene = *state;
    listener_t listener = {0};
    const redis_subscription_times_t times = {.most_retry_ms = 30};
    listen_to(scene, &listener, &times);
    peer_accept(&scene->peer);
    for (unsigned i = 0; i < 3; i++) {
        peer_expect(&scene->peer, SUBSCRIBE("a"));
        peer_send(&scene->peer, "-NOPERM\r\n");
    }
    wait_for(&scene->peer, listener.settled == 1);
    peer_expect(&scene->peer, SUBSCRIBE("a"));
    peer_send(&scene->peer, SUBSCRIBED("a"));
    wait_for(&scene->peer, times_logged("Redis allows all channels now") == 1);
    assert_logged(1, "Redis refuses a channel");
    turn_for(&scene->peer, 60);
    stop_listening(&listener);
    turn_for(&scene->peer, 5);
    peer_expect_end(&scene->peer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_addresses),
        TEST(test_usage),
        TEST(test_out_of_memory),
        TEST(test_a_message),
        TEST(test_channels_and_components),
        TEST(test_everything_is_refused),
        TEST(test_failures),
        TEST(test_a_component_without_the_entry_point),
        TEST(test_payloads_of_any_size),
        TEST(test_a_long_channel),
        TEST(test_messages_wait_for_instances),
        TEST(test_sleepers_run_side_by_side),
        TEST(test_busy_ones_leave_messages_to_others),
        TEST(test_two_workers),
        TEST(test_what_comes_before_the_confirmation),
        TEST(test_stop_without_a_server),
        TEST(test_stop_at_once),
        TEST(test_stop_in_the_handshake),
        TEST(test_server_leaves_in_a_stop),
        TEST(test_freed_in_the_middle),
        TEST(test_freed_while_connecting),
        TEST(test_time_to_stop_is_over),
        TEST(test_reconnects),
        TEST(test_backs_off),
        TEST(test_wrong_password),
        TEST(test_refused_channel),
        TEST(test_take_over),
        TEST(test_take_over_to_another_address),
        TEST(test_take_over_and_free),
        TEST(test_silence),
        TEST(test_no_confirmation_of_the_end),
        TEST(test_end_before_it_is_subscribed),
        TEST(test_paused),
        TEST(test_allowed_later),
    };
    char command[64];
    if (mkdtemp(work_dir) == NULL)
        return 1;
    wasm_signals_keep();
    spin_log_configure(keep_log, NULL, SPIN_LOG_INFO, SPIN_LOG_TEXT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_deinit(&log_text);
    snprintf(command, sizeof command, "rm -rf %s", work_dir);
    return system(command) == 0 ? failed : 1;
}
