/* The Redis client: addresses, replies, and a connection with a server whose words are written
 * here. Real servers are for tests/e2e/test_redis.py. */
#include "net_peer.h"

#include "failing_alloc.h"
#include "net/redis_client.h"

/* ── addresses ── */

typedef struct address {
    const char *text;
    const char *host; /* NULL: the error's text is in `shown` */
    uint16_t port;
    const char *user;
    const char *password;
    uint32_t database;
    const char *shown;
} address_t;

static const address_t addresses[] = {
    {"redis://localhost", "localhost", 6379, NULL, NULL, 0, "redis://localhost:6379"},
    {"redis://localhost/", "localhost", 6379, NULL, NULL, 0, "redis://localhost:6379"},
    {"REDISS://h.example:1/7?x=y", "h.example", 1, NULL, NULL, 7, "rediss://h.example:1/7"},
    {"redis://:pw@h", "h", 6379, NULL, "pw", 0, "redis://h:6379"},
    {"redis://u:p%40%2f:@h:65535/15", "h", 65535, "u", "p@/:", 15, "redis://u@h:65535/15"},
    {"redis://u:p@q@h", "h", 6379, "u", "p@q", 0, "redis://u@h:6379"},
    {"redis://u%20x:@h", "h", 6379, "u x", "", 0, "redis://u%20x@h:6379"},
    {"redis://u@h", "h", 6379, "u", NULL, 0, "redis://u@h:6379"},
    {"redis://[::1]", "::1", 6379, NULL, NULL, 0, "redis://[::1]:6379"},
    {"redis://:a@[fe80::1]:7000/1", "fe80::1", 7000, NULL, "a", 1, "redis://[fe80::1]:7000/1"},
    {"redis://h%2eexample", "h.example", 6379, NULL, NULL, 0, "redis://h.example:6379"},
    {"", NULL, .shown = "no scheme"},
    {"localhost:6379", NULL, .shown = "no scheme"},
    {"sec ret", NULL, .shown = "a space or control character"},
    {"redis:sec", NULL, .shown = "no scheme"},
    {"sec/ret://h", NULL, .shown = "no scheme"},
    {"http://h", NULL, .shown = "scheme \"http\""},
    {"redis://", NULL, .shown = "the host is missing"},
    {"redis:///1", NULL, .shown = "the host is missing"},
    {"redis://:secret@", NULL, .shown = "the host is missing"},
    {"redis://:sec/ret@h", NULL, .shown = "the host is missing"},
    {"redis://u:sec/ret@h", NULL, .shown = "the port is not a number"},
    {"redis://:sec#ret@h", NULL, .shown = "\"#\", which is \"%23\""},
    {"redis://h:", NULL, .shown = "the port is not a number"},
    {"redis://h:0", NULL, .shown = "the port is not a number"},
    {"redis://h:65536", NULL, .shown = "the port is not a number"},
    {"redis://h:99999999999", NULL, .shown = "the port is not a number"},
    {"redis://h:1x", NULL, .shown = "the port is not a number"},
    {"redis://h/secret", NULL, .shown = "the database is not a number"},
    {"redis://h/-1", NULL, .shown = "the database is not a number"},
    {"redis://h/1/2", NULL, .shown = "the database is not a number"},
    {"redis://h/4294967296", NULL, .shown = "the database is not a number"},
    {"redis://[::1", NULL, .shown = "\"[\" without \"]\""},
    {"redis://[h]", NULL, .shown = "no IPv6 address"},
    {"redis://[::1]x", NULL, .shown = "the port is not a number"},
    {"redis://h%", NULL, .shown = "\"%\" without two"},
    {"redis://h%4", NULL, .shown = "\"%\" without two"},
    {"redis://h%zz", NULL, .shown = "\"%\" without two"},
    {"redis://h%00x", NULL, .shown = "%00"},
    {"redis://h%20x", NULL, .shown = "no such characters"},
    {"unix:", NULL, .shown = "no scheme"},
    {"unix://", NULL, .shown = "unix:///path"},
    {"unix://relative", NULL, .shown = "unix:///path"},
    {"unix:///p?db=x", NULL, .shown = "the database is not a number"},
};

static void assert_text(spin_slice_t got, const char *expected) {
    if (expected == NULL)
        assert_null(got.ptr);
    else
        assert_true(got.ptr != NULL && slice_equal_text(got, expected));
}

static void test_addresses(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        const address_t *each = &addresses[i];
        arena_t arena = {0};
        net_redis_url_t url;
        char text[512];
        spin_error_t *error = net_redis_url_parse(&arena, spin_slice(each->text), &url);
        if (each->host == NULL) {
            assert_non_null(error);
            spin_error_format(error, text, sizeof text);
            if (strstr(text, each->shown) == NULL || strstr(text, "sec") != NULL ||
                strstr(text, "ret") != NULL)
                fail_msg("%s: %s", each->text, text);
            spin_error_free(error);
        } else {
            assert_null(error);
            assert_string_equal(url.host, each->host);
            assert_int_equal(url.port, each->port);
            assert_int_equal(url.database, each->database);
            assert_text(url.user, each->user);
            assert_text(url.password, each->password);
            assert_string_equal(url.shown, each->shown);
            assert_int_equal(url.tls, strncasecmp(each->text, "rediss", 6) == 0);
            assert_null(url.path);
        }
        arena_deinit(&arena);
    }
}

static void test_unix_addresses(void **state) {
    arena_t arena = {0};
    net_redis_url_t url;
    (void)state;
    assert_null(net_redis_url_parse(
        &arena, spin_slice("redis+unix:///a%20b/s?db=3&user=u&pass=p%26q&x"), &url));
    assert_string_equal(url.path, "/a b/s");
    assert_null(url.host);
    assert_text(url.user, "u");
    assert_text(url.password, "p&q");
    assert_int_equal(url.database, 3);
    assert_string_equal(url.shown, "unix:///a b/s?db=3");
    arena_deinit(&arena);
}

/* ── replies ── */

static void print_reply(buf_t *out, const net_redis_reply_t *reply) {
    static const char signs[] = {'_', '+', '-', ':', '$', '*'};
    buf_append_byte(out, (uint8_t)signs[reply->kind]);
    if (reply->kind == NET_REDIS_INTEGER)
        buf_printf(out, "%lld", (long long)reply->integer);
    buf_append(out, reply->text);
    if (reply->kind != NET_REDIS_ARRAY)
        return;
    buf_append_text(out, "[");
    for (size_t i = 0; i < reply->len; i++) {
        buf_append_text(out, i == 0 ? "" : " ");
        print_reply(out, reply->items[i]);
    }
    buf_append_text(out, "]");
}

/* All replies in `text`, given in pieces of `piece` bytes, one a line; the error is the caller's.
 */
static spin_error_t *read_all(spin_slice_t text, size_t piece, size_t limit, buf_t *out) {
    net_redis_reader_t *reader = net_redis_reader_new(limit);
    spin_error_t *error = reader == NULL ? error_no_memory() : NULL;
    for (size_t at = 0; error == NULL && at < text.len; at += piece) {
        spin_slice_t rest = slice_from(text, at);
        net_redis_reply_t *reply;
        if (rest.len > piece)
            rest.len = piece;
        error = net_redis_reader_feed(reader, rest);
        while (error == NULL && (error = net_redis_reader_next(reader, &reply)) == NULL &&
               reply != NULL) {
            print_reply(out, reply);
            buf_append_text(out, "\n");
            net_redis_reply_free(reply);
        }
    }
    net_redis_reader_free(reader);
    return error;
}

static const char many_replies[] = "+OK\r\n"
                                   "-ERR no\r\n"
                                   ":-12\r\n"
                                   "$5\r\nhe\r\no\r\n"
                                   "$0\r\n\r\n"
                                   "$-1\r\n"
                                   "*-1\r\n"
                                   "*0\r\n"
                                   "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\n\r\n\r\n"
                                   "*2\r\n*2\r\n:1\r\n*0\r\n*1\r\n$-1\r\n";
static const char many_printed[] = "+OK\n-ERR no\n:-12\n$he\r\no\n$\n_\n_\n*[]\n"
                                   "*[$message $a $\r\n]\n*[*[:1 *[]] *[_]]\n";

static void test_replies_in_pieces(void **state) {
    (void)state;
    for (size_t piece = 1; piece <= sizeof many_replies; piece++) {
        buf_t out = {0};
        assert_null(read_all(spin_slice(many_replies), piece, 1000, &out));
        assert_true(slice_equal_text(buf_slice(&out), many_printed));
        buf_deinit(&out);
    }
}

static void assert_unreadable(const char *text, size_t limit, spin_error_kind_t kind,
                              const char *part) {
    buf_t out = {0};
    assert_error(read_all(spin_slice(text), 7, limit, &out), kind, part);
    buf_deinit(&out);
}

static void test_bad_replies(void **state) {
    (void)state;
    assert_unreadable("HTTP/1.1 400 Bad Request\r\n", 1000, SPIN_ERROR_INVALID,
                      "not the protocol of Redis");
    assert_unreadable("*x\r\n", 1000, SPIN_ERROR_INVALID, "not the protocol of Redis");
    assert_unreadable("$1x\r\n", 1000, SPIN_ERROR_INVALID, "not the protocol of Redis");
    assert_unreadable("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", 1000,
                      SPIN_ERROR_INVALID, "deep");
    assert_unreadable("*7\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n", 20, SPIN_ERROR_LIMIT,
                      "more than 20 bytes");
    assert_unreadable("$100\r\n01234567890123456789", 20, SPIN_ERROR_LIMIT, "more than 20 bytes");
    assert_unreadable("$17\r\n01234567890123456\r\n", 20, SPIN_ERROR_LIMIT, "more than 20 bytes");
    buf_t out = {0};
    assert_null(read_all(spin_slice("$13\r\n0123456789012\r\n:1\r\n"), 1000, 20, &out));
    buf_deinit(&out);
}

/* What a server claims costs nothing, and what it never ends costs little. */
static void test_greedy_replies(void **state) {
    (void)state;
    buf_t out = {0}, endless = {0};
    assert_null(read_all(spin_slice("*2147483647\r\n:1\r\n"), 100, 1 << 20, &out));
    assert_null(read_all(spin_slice("$536870912\r\nabc"), 100, 1 << 20, &out));
    buf_append_text(&endless, "+");
    for (size_t i = 0; i < 100 * 1000; i++)
        buf_append_byte(&endless, 'x');
    assert_error(read_all(buf_slice(&endless), 16384, 1 << 20, &out), SPIN_ERROR_INVALID,
                 "a line without end");
    assert_int_equal(out.len, 0);
    buf_deinit(&endless);
    buf_deinit(&out);
}

static void test_replies_out_of_memory(void **state) {
    (void)state;
    for (size_t at = 1;; at++) {
        buf_t out = {0};
        buf_reserve(&out, 1000);
        failing_alloc_install(at);
        spin_error_t *error = read_all(spin_slice(many_replies), 50, 1000, &out);
        bool failed = failing_alloc_calls() >= at;
        assert_int_equal(failing_alloc_live(), 0);
        failing_alloc_remove();
        buf_deinit(&out);
        if (!failed) {
            assert_null(error);
            assert_true(at > 10);
            return;
        }
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
        spin_error_free(error);
    }
}

/* ── connections ── */

typedef struct client {
    peer_t peer;
    net_redis_t *redis;
    net_redis_options_t options;
    bool connected;
    bool closed;
    spin_error_t *error;
    buf_t said; /* replies in order, one a line; "!" for an error */
    spin_error_t *call_error;
    unsigned answers;
    bool pushes;
    bool pauses; /* in each push */
    bool frees;  /* in the next callback */
    bool asks;   /* for more, in the next answer */
} client_t;

static void free_if_wished(client_t *client) {
    if (!client->frees)
        return;
    net_redis_free(client->redis);
    client->redis = NULL;
}

static void on_connected(void *user) {
    client_t *client = user;
    client->connected = true;
    free_if_wished(client);
}

static void on_closed(spin_error_t *error, void *user) {
    client_t *client = user;
    assert_false(client->closed);
    client->closed = true;
    client->error = error;
    free_if_wished(client);
}

static void on_pushed(net_redis_reply_t *reply, void *user) {
    client_t *client = user;
    print_reply(&client->said, reply);
    buf_append_text(&client->said, "\n");
    net_redis_reply_free(reply);
    if (client->pauses)
        net_redis_pause(client->redis);
    free_if_wished(client);
}

static void on_reply(net_redis_reply_t *reply, spin_error_t *error, void *user) {
    client_t *client = user;
    client->answers++;
    if (reply != NULL) {
        assert_null(error);
        print_reply(&client->said, reply);
        net_redis_reply_free(reply);
    } else {
        buf_append_text(&client->said, "!");
        spin_error_free(client->call_error);
        client->call_error = error;
    }
    buf_append_text(&client->said, "\n");
    if (client->asks) {
        const spin_slice_t args[] = {spin_slice("MORE")};
        client->asks = false;
        assert_null(net_redis_command(client->redis, args, 1, on_reply, client, NULL));
    }
    free_if_wished(client);
}

static spin_error_t *try_connect(client_t *client, const char *user_and_host,
                                 const char *database) {
    char text[128];
    arena_t arena = {0};
    net_redis_url_t url;
    snprintf(text, sizeof text, "redis://%s:%u%s", user_and_host, client->peer.port, database);
    const net_redis_handler_t handler = {on_connected, on_closed, client->pushes ? on_pushed : NULL,
                                         client};
    spin_error_t *error = net_redis_url_parse(&arena, spin_slice(text), &url);
    if (error == NULL)
        error = net_redis_new(&client->peer.loop, &url, &client->options, &handler, &client->redis);
    arena_deinit(&arena);
    return error;
}

static void connect_to(client_t *client, const char *user_and_host, const char *database) {
    assert_null(try_connect(client, user_and_host, database));
    peer_accept(&client->peer);
}

static void connect_plain(client_t *client) {
    connect_to(client, "127.0.0.1", "");
}

static net_redis_call_t *ask(client_t *client, const char *command, const char *key) {
    const spin_slice_t args[] = {spin_slice(command), spin_slice(key)};
    net_redis_call_t *call;
    assert_null(net_redis_command(client->redis, args, 2, on_reply, client, &call));
    return call;
}

static int set_up(void **state) {
    client_t *client = calloc(1, sizeof *client);
    peer_init(&client->peer);
    *state = client;
    return 0;
}

static int tear_down(void **state) {
    client_t *client = *state;
    net_redis_free(client->redis);
    peer_deinit(&client->peer);
    spin_error_free(client->error);
    spin_error_free(client->call_error);
    buf_deinit(&client->said);
    free(client);
    return 0;
}

static void assert_said(client_t *client, const char *text) {
    wait_for(&client->peer, client->said.len >= strlen(text));
    if (!slice_equal_text(buf_slice(&client->said), text))
        fail_msg("said \"%.*s\"", SLICE_ARG(buf_slice(&client->said)));
}

static void assert_closed(client_t *client, spin_error_kind_t kind, const char *part) {
    wait_for(&client->peer, client->closed);
    spin_error_t *error = client->error;
    client->error = NULL;
    assert_error(error, kind, part);
}

#define GET(key) "*2\r\n$3\r\nGET\r\n$1\r\n" key "\r\n"

static void test_pipeline(void **state) {
    client_t *client = *state;
    connect_plain(client);
    ask(client, "GET", "a");
    ask(client, "GET", "b");
    assert_int_equal(net_redis_waiting(client->redis), 2);
    peer_expect(&client->peer, GET("a") GET("b"));
    ask(client, "GET", "c");
    peer_send(&client->peer, "$1\r\n1\r\n-ERR");
    assert_said(client, "$1\n");
    peer_send(&client->peer, " two\r\n");
    peer_expect(&client->peer, GET("c"));
    peer_send(&client->peer, "$-1\r\n");
    assert_said(client, "$1\n-ERR two\n_\n");
    assert_int_equal(net_redis_waiting(client->redis), 0);
    client->asks = true;
    ask(client, "GET", "d");
    peer_expect(&client->peer, GET("d"));
    peer_send(&client->peer, "+1\r\n");
    peer_expect(&client->peer, "*1\r\n$4\r\nMORE\r\n");
    peer_send(&client->peer, "+2\r\n");
    assert_said(client, "$1\n-ERR two\n_\n+1\n+2\n");
}

static void test_many_arguments(void **state) {
    client_t *client = *state;
    spin_slice_t args[40];
    char expected[1024] = "*40\r\n";
    for (size_t i = 0; i < 40; i++) {
        args[i] = i % 2 == 0 ? spin_slice_of("a\0b", 3) : (spin_slice_t){NULL, 0};
        strcat(expected, i % 2 == 0 ? "$3\r\na?b\r\n" : "$0\r\n\r\n");
    }
    connect_plain(client);
    assert_null(net_redis_command(client->redis, args, 40, on_reply, client, NULL));
    buf_t got = {0};
    while (got.len < strlen(expected))
        wait_for(&client->peer, peer_try_read(&client->peer, &got, 1000));
    for (size_t i = 0; i < got.len; i++)
        if (got.ptr[i] == '\0')
            got.ptr[i] = '?';
    assert_true(slice_equal_text(buf_slice(&got), expected));
    buf_deinit(&got);
}

static void test_handshake(void **state) {
    client_t *client = *state;
    assert_null(try_connect(client, "me:se%20cret@127.0.0.1", "/5"));
    assert_non_null(strstr(net_redis_shown(client->redis), "redis://me@127.0.0.1:"));
    ask(client, "GET", "a");
    assert_int_equal(net_redis_unsent(client->redis), strlen(GET("a")));
    peer_accept(&client->peer);
    peer_expect(&client->peer, "*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$7\r\nse cret\r\n"
                               "*2\r\n$6\r\nSELECT\r\n$1\r\n5\r\n");
    peer_send(&client->peer, "+OK\r\n");
    turn_for(&client->peer, 10);
    assert_false(client->connected); /* and nothing else was sent */
    peer_send(&client->peer, "+OK\r\n");
    peer_expect(&client->peer, GET("a"));
    assert_true(client->connected);
    peer_send(&client->peer, ":1\r\n");
    assert_said(client, ":1\n");
}

static void test_password_alone(void **state) {
    client_t *client = *state;
    connect_to(client, ":pw@127.0.0.1", "/0");
    peer_expect(&client->peer, "*2\r\n$4\r\nAUTH\r\n$2\r\npw\r\n");
    peer_send(&client->peer, "+OK\r\n");
    wait_for(&client->peer, client->connected);
}

static void test_wrong_password(void **state) {
    client_t *client = *state;
    connect_to(client, ":sesame@127.0.0.1", "/1");
    ask(client, "GET", "a");
    peer_send(&client->peer, "-WRONGPASS no\r\n-NOAUTH\r\n");
    wait_for(&client->peer, client->closed);
    assert_int_equal(client->answers, 1);
    assert_error(client->call_error, SPIN_ERROR_DENIED,
                 "authentication: the server said: WRONGPASS");
    client->call_error = NULL;
    char text[256];
    spin_error_format(client->error, text, sizeof text);
    assert_null(strstr(text, "sesame"));
    assert_closed(client, SPIN_ERROR_DENIED, "authentication: the server said: WRONGPASS no");
    const spin_slice_t args[] = {spin_slice("PING")};
    assert_false(net_redis_is_open(client->redis));
    assert_error(net_redis_command(client->redis, args, 1, on_reply, client, NULL),
                 SPIN_ERROR_CANCELLED, "the connection is closed");
}

static void test_no_such_database(void **state) {
    client_t *client = *state;
    connect_to(client, "127.0.0.1", "/99");
    peer_send(&client->peer, "-ERR DB index is out of range\r\n");
    assert_closed(client, SPIN_ERROR_DENIED, "choosing the database: the server said: ERR DB");
}

static void test_handshake_takes_too_long(void **state) {
    client_t *client = *state;
    client->options.connect_timeout_ms = 100;
    connect_to(client, ":p@127.0.0.1", "");
    assert_closed(client, SPIN_ERROR_TIMEOUT, "has not answered for 100 ms");
}

static void test_broken(void **state) {
    client_t *client = *state;
    connect_plain(client);
    ask(client, "GET", "a");
    ask(client, "GET", "b");
    net_redis_call_cancel(ask(client, "GET", "c"));
    peer_expect(&client->peer, GET("a") GET("b") GET("c"));
    peer_send(&client->peer, "+1\r\n$10\r\ncut");
    assert_said(client, "+1\n");
    peer_hang_up(&client->peer);
    assert_closed(client, SPIN_ERROR_IO, ": the server closed the connection");
    assert_said(client, "+1\n!\n");
    assert_int_equal(client->answers, 2);
}

static void test_refused(void **state) {
    client_t *client = *state;
    close(client->peer.listener);
    client->peer.listener = -1;
    assert_null(try_connect(client, "127.0.0.1", ""));
    assert_closed(client, SPIN_ERROR_IO, ": can't connect to 127.0.0.1 port ");
}

static void test_garbage(void **state) {
    client_t *client = *state;
    connect_plain(client);
    ask(client, "GET", "a");
    peer_send(&client->peer, "SSH-2.0-OpenSSH\r\n");
    assert_closed(client, SPIN_ERROR_INVALID, "not the protocol of Redis");
}

static void test_unasked(void **state) {
    client_t *client = *state;
    connect_plain(client);
    peer_send(&client->peer, "-DENIED protected mode\r\n");
    assert_closed(client, SPIN_ERROR_DENIED, "the server said: DENIED protected mode");
}

static void test_unasked_answer(void **state) {
    client_t *client = *state;
    connect_plain(client);
    peer_send(&client->peer, "+OK\r\n");
    assert_closed(client, SPIN_ERROR_INVALID, "an answer that nobody asked for");
}

static void test_cancel(void **state) {
    client_t *client = *state;
    connect_plain(client);
    net_redis_call_cancel(ask(client, "GET", "a"));
    ask(client, "GET", "b");
    peer_send(&client->peer, "+1\r\n+2\r\n");
    assert_said(client, "+2\n");
}

static void test_free_with_calls(void **state) {
    client_t *client = *state;
    connect_plain(client);
    ask(client, "GET", "a");
    turn_for(&client->peer, 5);
    net_redis_free(client->redis);
    client->redis = NULL;
    turn_for(&client->peer, 5);
    assert_int_equal(client->answers, 0);
    assert_false(client->closed);
}

static void test_free_in_callbacks(void **state) {
    client_t *client = *state;
    client->frees = true;
    assert_null(try_connect(client, "127.0.0.1", "")); /* in connected */
    wait_for(&client->peer, client->connected && client->redis == NULL);

    client->frees = false;
    connect_plain(client); /* in an answer, with more behind it */
    peer_accept(&client->peer);
    ask(client, "GET", "a");
    ask(client, "GET", "b");
    client->frees = true;
    client->connected = false;
    peer_send(&client->peer, "+1\r\n+2\r\n");
    wait_for(&client->peer, client->redis == NULL);
    assert_int_equal(client->answers, client->connected ? 0 : 1);
    peer_hang_up(&client->peer);

    client->frees = false;
    connect_plain(client); /* in the first error of two */
    ask(client, "GET", "a");
    ask(client, "GET", "b");
    turn_for(&client->peer, 5);
    unsigned before = client->answers;
    client->frees = true;
    peer_abort(&client->peer);
    wait_for(&client->peer, client->redis == NULL);
    turn_for(&client->peer, 5);
    assert_int_equal(client->answers, before + 1);
    assert_false(client->closed);
}

/* ── time ── */

static void test_idle(void **state) {
    client_t *client = *state;
    client->options.idle_timeout_ms = 50;
    connect_plain(client);
    ask(client, "GET", "a");
    turn_for(&client->peer, 100); /* not idle while something waits */
    assert_false(client->closed);
    peer_send(&client->peer, "+1\r\n");
    assert_said(client, "+1\n");
    uint64_t begin = now_ms();
    wait_for(&client->peer, client->closed);
    assert_true(now_ms() - begin >= 40);
    assert_null(client->error);
    peer_expect(&client->peer, GET("a"));
    peer_expect_end(&client->peer);
}

static void test_idle_without_a_command(void **state) {
    client_t *client = *state;
    client->options.idle_timeout_ms = 30;
    connect_plain(client);
    wait_for(&client->peer, client->closed);
    assert_null(client->error);
}

static void test_idle_keeps_no_loop_alive(void **state) {
    client_t *client = *state;
    connect_plain(client);
    wait_for(&client->peer, client->connected);
    turn_for(&client->peer, 5);
    assert_false(peer_is_alive(&client->peer));
    ask(client, "GET", "a");
    peer_expect(&client->peer, GET("a"));
    assert_true(peer_is_alive(&client->peer));
    peer_send(&client->peer, "+1\r\n");
    assert_said(client, "+1\n");
    turn_for(&client->peer, 5);
    assert_false(peer_is_alive(&client->peer));
}

static void test_no_response(void **state) {
    client_t *client = *state;
    client->options.response_timeout_ms = 400;
    connect_plain(client);
    turn_for(&client->peer, 500); /* nothing was asked */
    assert_false(client->closed);
    ask(client, "GET", "a");
    ask(client, "GET", "b");
    turn_for(&client->peer, 200);
    peer_send(&client->peer, "+1\r\n");
    turn_for(&client->peer, 250); /* it lives */
    assert_false(client->closed);
    assert_closed(client, SPIN_ERROR_TIMEOUT, "has not answered for 400 ms");
    assert_said(client, "+1\n!\n");
}

static void test_ping(void **state) {
    client_t *client = *state;
    client->options.ping_interval_ms = 40;
    client->options.ping_timeout_ms = 60;
    connect_plain(client);
    for (unsigned i = 0; i < 3; i++) {
        peer_expect(&client->peer, "*1\r\n$4\r\nPING\r\n");
        peer_send(&client->peer, "+PONG\r\n");
    }
    assert_false(client->closed);
    assert_int_equal(net_redis_waiting(client->redis), 0);
    assert_closed(client, SPIN_ERROR_TIMEOUT, "has not answered for 100 ms");
    assert_int_equal(client->answers, 0);
}

/* ── pushes ── */

static void send_command(client_t *client, const char *command, const char *key) {
    const spin_slice_t args[] = {spin_slice(command), spin_slice(key)};
    assert_null(net_redis_send(client->redis, args, 2));
}

static void test_pushes(void **state) {
    client_t *client = *state;
    client->pushes = true;
    client->options.ping_interval_ms = 50;
    connect_plain(client);
    send_command(client, "SUBSCRIBE", "a");
    peer_expect(&client->peer, "*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n");
    assert_true(peer_is_alive(&client->peer));
    peer_send(&client->peer, "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n-NOPERM\r\n");
    assert_said(client, "*[$subscribe $a :1]\n-NOPERM\n");
    peer_expect(&client->peer, "*1\r\n$4\r\nPING\r\n");
    peer_send(&client->peer, "*2\r\n$4\r\npong\r\n$0\r\n\r\n:7\r\n");
    peer_expect(&client->peer, "*1\r\n$4\r\nPING\r\n");
    peer_send(&client->peer, "+PONG\r\n:8\r\n");
    assert_said(client, "*[$subscribe $a :1]\n-NOPERM\n:7\n:8\n");
}

/* A pause holds back what was read already, too. */
static void test_pause(void **state) {
    client_t *client = *state;
    client->pushes = client->pauses = true;
    client->options.ping_interval_ms = 100;
    client->options.ping_timeout_ms = 200;
    connect_plain(client);
    wait_for(&client->peer, client->connected);
    peer_send(&client->peer, ":1\r\n:2\r\n:3\r\n");
    assert_said(client, ":1\n");
    turn_for(&client->peer, 400); /* nobody is asked whether he is there, either */
    assert_said(client, ":1\n");
    net_redis_resume(client->redis);
    assert_said(client, ":1\n"); /* not from inside */
    assert_said(client, ":1\n:2\n");
    peer_send(&client->peer, ":4\r\n");
    client->pauses = false;
    net_redis_resume(client->redis);
    assert_said(client, ":1\n:2\n:3\n:4\n");
    assert_false(client->closed);
    peer_hang_up(&client->peer);
    wait_for(&client->peer, client->closed);
}

static void test_free_in_a_push(void **state) {
    client_t *client = *state;
    client->pushes = true;
    connect_plain(client);
    wait_for(&client->peer, client->connected);
    client->frees = true;
    peer_send(&client->peer, ":1\r\n:2\r\n");
    wait_for(&client->peer, client->redis == NULL);
    turn_for(&client->peer, 5);
    assert_said(client, ":1\n");
}

/* ── memory ── */

static bool talk(client_t *client) {
    spin_error_t *error = try_connect(client, "u:p@127.0.0.1", "/1");
    const spin_slice_t args[] = {spin_slice("GET"), spin_slice("a")};
    if (error == NULL)
        error = net_redis_command(client->redis, args, 2, on_reply, client, NULL);
    if (error == NULL) {
        peer_accept(&client->peer);
        peer_send(&client->peer, "+OK\r\n+OK\r\n*2\r\n:1\r\n$1\r\nx\r\n");
        wait_for(&client->peer, client->answers == 1);
        turn_for(&client->peer, 1);
    }
    bool ok = error == NULL && !client->closed && client->call_error == NULL;
    if (error != NULL)
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
    if (client->closed && client->error != NULL)
        assert_int_equal(spin_error_kind(client->error), SPIN_ERROR_NO_MEMORY);
    spin_error_free(error);
    spin_error_free(client->error);
    spin_error_free(client->call_error);
    client->error = client->call_error = NULL;
    client->closed = false;
    client->answers = 0;
    net_redis_free(client->redis);
    client->redis = NULL;
    turn(&client->peer);
    peer_hang_up(&client->peer);
    while (peer_try_accept(&client->peer))
        peer_hang_up(&client->peer);
    return ok;
}

static void test_out_of_memory(void **state) {
    client_t *client = *state;
    buf_reserve(&client->said, 65536);
    failing_alloc_install(SIZE_MAX);
    assert_true(talk(client));
    size_t calls = failing_alloc_calls();
    for (size_t at = 1; at <= calls; at++) {
        failing_alloc_install(at);
        assert_false(talk(client));
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_unix_addresses),
        cmocka_unit_test(test_replies_in_pieces),
        cmocka_unit_test(test_bad_replies),
        cmocka_unit_test(test_greedy_replies),
        cmocka_unit_test(test_replies_out_of_memory),
        TEST(test_pipeline),
        TEST(test_many_arguments),
        TEST(test_handshake),
        TEST(test_password_alone),
        TEST(test_wrong_password),
        TEST(test_no_such_database),
        TEST(test_handshake_takes_too_long),
        TEST(test_broken),
        TEST(test_refused),
        TEST(test_garbage),
        TEST(test_unasked),
        TEST(test_unasked_answer),
        TEST(test_cancel),
        TEST(test_free_with_calls),
        TEST(test_free_in_callbacks),
        TEST(test_idle),
        TEST(test_idle_without_a_command),
        TEST(test_idle_keeps_no_loop_alive),
        TEST(test_no_response),
        TEST(test_ping),
        TEST(test_pushes),
        TEST(test_pause),
        TEST(test_free_in_a_push),
        TEST(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
