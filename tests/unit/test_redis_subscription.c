/* The Redis trigger's subscription: a server that goes away, refuses, or is silent. */
#include "redis_scene.h"

#include "trigger/redis/subscription.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_reconnects),
        TEST(test_backs_off),
        TEST(test_wrong_password),
        TEST(test_refused_channel),
        TEST(test_silence),
        TEST(test_no_confirmation_of_the_end),
        TEST(test_end_before_it_is_subscribed),
        TEST(test_paused),
        TEST(test_allowed_later),
    };
    return run_scenes(tests);
}
