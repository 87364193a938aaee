/* The Redis trigger: messages and components, instances, stops, and one version after the other. */
#include "redis_scene.h"

#include "engine/instance.h"
#include "failing_alloc.h"
#include "trigger/redis/packet.h"

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

/* A worker that has no instance left takes nothing that another one could handle at once. */
static void test_full_ones_leave_messages_to_others(void **state) {
    scene_t *scene = *state;
    scene->engine.max_instances = 1;
    load_one(scene);
    start_shared(scene, 0, 0);
    start_shared(scene, 1, 1);
    accept_subscriber(scene);
    send_message(scene, "a", "sleep 400");
    send_message(scene, "a", "x");
    send_message(scene, "a", "y");
    assert_output(scene, "one", "x\ny\n");
    wait_for(&scene->peer, lines_of(scene, "one") == 3);
    send_message(scene, "a", "z");
    assert_output(scene, "one", "x\ny\nslept 400\nz\n");
}

static unsigned take_packets(scene_t *scene) {
    uint8_t packet[1024];
    unsigned count = 0;
    while (recv(scene->queue[0], packet, sizeof packet, MSG_DONTWAIT) > 0)
        count++;
    return count;
}

/* Their files are memory too: the queue takes as many as may wait, and no more. */
static void test_large_ones_wait_within_the_bound(void **state) {
    enum { LEN = 100 * 1000, MESSAGES = 12 };
    scene_t *scene = *state;
    char *payload = calloc(1, LEN + 1);
    memset(payload, '#', LEN);
    scene->engine.max_instances = 1;
    scene->options.max_waiting_bytes = 2 * LEN + 1000;
    load_one(scene);
    start_shared(scene, 0, 0);
    accept_subscriber(scene);
    send_message(scene, "a", "sleep 300");
    for (unsigned i = 0; i < MESSAGES; i++) {
        peer_send(&scene->peer, "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$100000\r\n");
        peer_send_bytes(&scene->peer, payload, LEN);
        peer_send(&scene->peer, "\r\n");
    }
    turn_for(&scene->peer, 50);
    unsigned taken = take_packets(scene);
    assert_int_equal(taken, 2);
    turn_for(&scene->peer, 60); /* it goes on where there is room */
    taken += take_packets(scene);
    assert_int_equal(taken, 4);
    wait_for(&scene->peer, lines_of(scene, "one") == 1 + MESSAGES - taken);
    free(payload);
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
        TEST(test_full_ones_leave_messages_to_others),
        TEST(test_large_ones_wait_within_the_bound),
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
        TEST(test_take_over),
        TEST(test_take_over_to_another_address),
        TEST(test_take_over_and_free),
    };
    return run_scenes(tests);
}
