/* How the HTTP server writes responses, and how it stops. */
#include "http_fixture.h"

#define GET(path)  "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define HEAD(path) "HEAD " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define TEXT(text) SLICE_LITERAL(text)

/* ── heads ───────────────────────────────────────────────────────────────────────────────── */

typedef struct reply {
    unsigned status;
    net_header_t headers[3];
    size_t headers_len;
    const char *body;
} reply_t;

static reply_t reply;

static void answer_reply(fixture_t *fixture, net_exchange_t *exchange) {
    (void)fixture;
    net_response_send(exchange, reply.status, reply.headers, reply.headers_len,
                      spin_slice(reply.body));
}

/* What the client gets, on a connection that goes on working; the date is cut out. */
static void expect_reply(fixture_t *fixture, const char *request, const char *expected) {
    fixture->answer = answer_reply;
    client_t client = dial(fixture);
    say(&client, request);
    say(&client, "BAD\n\n"); /* its answer shows where ours ended */
    hear_end(&client);
    buf_append_byte(&client.got, '\0');
    char *text = (char *)client.got.ptr;
    char *end = strstr(text, "HTTP/1.1 400 ");
    assert_non_null(end);
    *end = '\0';
    char *date = strstr(text, "date: ");
    if (date != NULL && strstr(date, " GMT\r\n") != NULL) {
        assert_memory_equal(date + 6 + 29, "\r\n", 2);
        memmove(date, date + 6 + 29 + 2, strlen(date + 6 + 29 + 2) + 1);
    }
    assert_string_equal(text, expected);
    hang_up(&client);
}

static void test_head_and_body(void **state) {
    reply = (reply_t){
        200, {{TEXT("Content-Type"), TEXT("text/plain")}, {TEXT("x"), TEXT("")}}, 2, "hi\n"};
    expect_reply(
        *state, GET("/"),
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nx: \r\ncontent-length: 3\r\n\r\nhi\n");
    expect_reply(*state, HEAD("/"),
                 "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nx: \r\ncontent-length: 3\r\n\r\n");
    reply = (reply_t){.status = 299, .body = ""};
    expect_reply(*state, GET("/"), "HTTP/1.1 299 \r\ncontent-length: 0\r\n\r\n");
}

static void test_own_headers(void **state) {
    reply = (reply_t){200,
                      {{TEXT("Content-Length"), TEXT("77")},
                       {TEXT("TRANSFER-ENCODING"), TEXT("chunked")},
                       {TEXT("connection"), TEXT("close")}},
                      3,
                      "hi"};
    expect_reply(*state, GET("/"), "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi");
    reply.body = "";
    expect_reply(*state, HEAD("/"), "HTTP/1.1 200 OK\r\ncontent-length: 77\r\n\r\n");
    reply.status = 304;
    expect_reply(*state, GET("/"), "HTTP/1.1 304 Not Modified\r\ncontent-length: 77\r\n\r\n");
    reply.status = 204;
    expect_reply(*state, GET("/"), "HTTP/1.1 204 No Content\r\n\r\n");
    reply.body = "ignored";
    expect_reply(*state, GET("/"), "HTTP/1.1 204 No Content\r\n\r\n");
    reply = (reply_t){200, {{TEXT("Date"), TEXT("mine")}, {TEXT("date"), TEXT("2nd")}}, 2, ""};
    expect_reply(*state, GET("/"), "HTTP/1.1 200 OK\r\nDate: mine\r\ncontent-length: 0\r\n\r\n");
}

#define FAILED "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"

static void test_injection(void **state) {
    const net_header_t bad[] = {
        {TEXT("a"), TEXT("b\r\nset-cookie: c")},
        {TEXT("a"), TEXT("b\nc")},
        {TEXT("a"), TEXT("b\rc")},
        {TEXT("a"), TEXT("b\0c")},
        {TEXT("a\r\nb"), TEXT("c")},
        {TEXT("a b"), TEXT("c")},
        {TEXT("a:"), TEXT("c")},
        {TEXT(""), TEXT("c")},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        reply = (reply_t){200, {{TEXT("ok"), TEXT("ok")}, bad[i]}, 2, "body"};
        expect_reply(*state, GET("/"), FAILED);
    }
    static const unsigned statuses[] = {0, 99, 100, 101, 199, 1000, 70000};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        reply = (reply_t){.status = statuses[i], .body = "body"};
        expect_reply(*state, GET("/"), FAILED);
    }
}

/* ── piece by piece ──────────────────────────────────────────────────────────────────────── */

static int64_t stream_length;

static void answer_stream(fixture_t *fixture, net_exchange_t *exchange) {
    (void)fixture;
    net_response_start(exchange, 200, NULL, 0, stream_length);
    net_response_write(exchange, TEXT("hello "));
    net_response_write(exchange, TEXT(""));
    net_response_write(exchange, TEXT("0123456789abcdef!"));
    net_response_end(exchange);
}

static void test_stream(void **state) {
    fixture_t *fixture = *state;
    fixture->answer = answer_stream;
    stream_length = -1;
    client_t client = dial(fixture);
    say(&client, GET("/") HEAD("/") GET("/"));
    hear_times(&client,
               "transfer-encoding: chunked\r\n\r\n6\r\nhello \r\n11\r\n0123456789abcdef!\r\n"
               "0\r\n\r\n",
               2);
    assert_int_equal(count_of(&client, "HTTP/1.1 200 OK\r\n"), 3);
    assert_int_equal(count_of(&client, "hello"), 2);
    assert_int_equal(count_of(&client, "content-length"), 0);
    say(&client, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    hear_end(&client);
    assert_int_equal(count_of(&client, "connection: close\r\n\r\nhello 0123456789abcdef!"), 1);
    hang_up(&client);

    stream_length = 23;
    client = dial(fixture);
    say(&client, GET("/"));
    hear(&client, "content-length: 23\r\n\r\nhello 0123456789abcdef!");
    stream_length = 8; /* more than promised is cut off */
    say(&client, GET("/"));
    hear(&client, "content-length: 8\r\n\r\nhello 01");
    stream_length = 100; /* less breaks the connection */
    say(&client, GET("/"));
    hear(&client, "content-length: 100\r\n\r\nhello 0123456789abcdef!");
    HEAR_WHILE(&client, !client.reset);
    assert_true(client.reset);
    hang_up(&client);
}

/* What is written goes out without waiting for more. */
static void test_stream_goes_out(void **state) {
    fixture_t *fixture = *state;
    fixture->answer = keep;
    client_t client = dial(fixture);
    say(&client, GET("/"));
    TURN_UNTIL(fixture, fixture->pending != NULL);
    net_response_start(fixture->pending, 200, NULL, 0, -1);
    hear(&client, "\r\n\r\n");
    net_response_write(fixture->pending, TEXT("one"));
    hear(&client, "3\r\none\r\n");
    net_response_abort(fixture->pending);
    HEAR_WHILE(&client, !client.reset && !client.eof);
    assert_true(client.reset);
    assert_int_equal(count_of(&client, "0\r\n\r\n"), 0);
    assert_int_equal(fixture->gone, 0);
    hang_up(&client);
}

static void test_stream_bad_header(void **state) {
    fixture_t *fixture = *state;
    fixture->answer = keep;
    client_t client = dial(fixture);
    say(&client, GET("/") GET("/"));
    for (int i = 1; i <= 2; i++) {
        TURN_UNTIL(fixture, fixture->pending != NULL);
        net_exchange_t *exchange = fixture->pending;
        fixture->pending = NULL;
        net_response_start(exchange, 200, &(net_header_t){TEXT("a"), TEXT("\r\n")}, 1, i - 2);
        net_response_write(exchange, TEXT("text"));
        net_response_end(exchange);
    }
    hear_times(&client, "content-length: 0\r\n\r\n", 2);
    assert_int_equal(count_of(&client, "HTTP/1.1 500 "), 2);
    assert_int_equal(count_of(&client, "text"), 0);
    hang_up(&client);
}

/* A client that does not read: "enough" in time, `writable` when it goes on, all bytes in order. */
static void test_backpressure(void **state) {
    fixture_t *fixture = *state;
    fixture->answer = keep;
    client_t client = dial(fixture);
    say(&client, GET("/"));
    TURN_UNTIL(fixture, fixture->pending != NULL);
    static uint8_t piece[10000];
    net_response_start(fixture->pending, 200, NULL, 0, 20000000);
    size_t total = 0;
    for (unsigned waits = 0; total < 20000000;) {
        memset(piece, 'a' + (int)(total / sizeof piece % 26), sizeof piece);
        total += sizeof piece;
        if (net_response_write(fixture->pending, spin_slice_of(piece, sizeof piece)))
            continue;
        waits++;
        turn_for(fixture, 2);
        HEAR_WHILE(&client, fixture->writable < waits);
        assert_int_equal(fixture->writable, waits);
    }
    assert_true(fixture->writable > 0);
    net_response_end(fixture->pending);
    const uint8_t *blank = memmem(client.got.ptr, client.got.len, "\r\n\r\n", 4);
    assert_non_null(blank);
    size_t head = (size_t)(blank + 4 - client.got.ptr);
    HEAR_WHILE(&client, client.got.len < head + total);
    const uint8_t *at = client.got.ptr + head;
    for (size_t i = 0; i < total; i++)
        if (at[i] != 'a' + i / sizeof piece % 26)
            fail_msg("byte %zu", i);
    hang_up(&client);
}

static void test_write_timeout(void **state) {
    fixture_t *fixture = *state;
    fixture->limits.write_timeout_ms = 100;
    restart(fixture);
    fixture->answer = keep;
    client_t client = dial(fixture);
    say(&client, GET("/"));
    TURN_UNTIL(fixture, fixture->pending != NULL);
    static uint8_t piece[65536];
    net_response_start(fixture->pending, 200, NULL, 0, -1);
    while (net_response_write(fixture->pending, spin_slice_of(piece, sizeof piece)))
        continue;
    for (int i = 0; i < 20; i++) { /* slow, but not stuck */
        turn_for(fixture, 20);
        for (int reads = 0; reads < 20; reads++)
            listen_once(&client);
        net_response_write(fixture->pending, spin_slice_of(piece, sizeof piece));
        net_response_write(fixture->pending, spin_slice_of(piece, sizeof piece));
    }
    assert_int_equal(fixture->gone, 0);
    for (int i = 0; i < 200; i++)
        net_response_write(fixture->pending, spin_slice_of(piece, sizeof piece));
    TURN_UNTIL(fixture, fixture->gone == 1);
    hang_up(&client);
}

/* A pipelining client that does not read can't pile up answers. */
static void answer_large(fixture_t *fixture, net_exchange_t *exchange) {
    static uint8_t body[50000];
    (void)fixture;
    net_response_send(exchange, 200, NULL, 0, spin_slice_of(body, sizeof body));
}

static void test_pipelined_without_reading(void **state) {
    fixture_t *fixture = *state;
    fixture->answer = answer_large;
    client_t client = dial(fixture);
    for (int i = 0; i < 1000; i++)
        say(&client, GET("/"));
    turn_for(fixture, 50);
    unsigned answered = fixture->requests;
    assert_true(answered < 1000);
    HEAR_WHILE(&client, client.got.len < 50000000);
    assert_int_equal(fixture->requests, 1000);
    hang_up(&client);
}

/* ── stopping ────────────────────────────────────────────────────────────────────────────── */

static void test_stop_idle(void **state) {
    fixture_t *fixture = *state;
    client_t client = dial(fixture);
    say(&client, GET("/"));
    hear(&client, "HTTP/1.1 200 OK");
    size_t len = client.got.len;
    net_server_stop(fixture->server, 5000, set_flag, &fixture->stopped);
    assert_false(fixture->stopped);
    hear_end(&client);
    assert_int_equal(client.got.len, len);
    TURN_UNTIL(fixture, fixture->stopped);
    hang_up(&client);
}

/* What was sent before the stop, or just after it on a connection that was there, is answered. */
static void test_stop_answers(void **state) {
    fixture_t *fixture = *state;
    client_t idle = dial(fixture);
    say(&idle, GET("/"));
    hear(&idle, "HTTP/1.1 200 OK");
    client_t partial = dial(fixture);
    say(&partial, "GET / HTTP/1.1\r\nHo");
    turn_for(fixture, 10);
    client_t pipelined = dial(fixture);
    client_t silent = dial(fixture);
    say(&pipelined, GET("/1") GET("/2") GET("/3")); /* still in the listen queue */
    net_server_stop(fixture->server, 5000, set_flag, &fixture->stopped);
    say(&idle, GET("/"));
    hear_times(&idle, "HTTP/1.1 200 OK", 2);
    hear_end(&idle);
    assert_int_equal(count_of(&idle, "connection: close\r\n"), 1);
    say(&silent, GET("/"));
    hear_end(&silent);
    assert_int_equal(count_of(&silent, "HTTP/1.1 200 OK"), 1);
    hear_end(&pipelined);
    assert_int_equal(count_of(&pipelined, "HTTP/1.1 200 OK"), 3);
    assert_int_equal(count_of(&pipelined, "connection: close\r\n"), 1);
    turn_for(fixture, 400); /* longer than the grace of idle ones */
    assert_false(fixture->stopped);
    say(&partial, "st: a\r\n\r\n");
    hear_end(&partial);
    assert_int_equal(count_of(&partial, "HTTP/1.1 200 OK"), 1);
    hang_up(&idle);
    hang_up(&partial);
    hang_up(&pipelined);
    hang_up(&silent);
    TURN_UNTIL(fixture, fixture->stopped);
}

/* Also what waits because there are too many connections. */
static void test_stop_answers_the_queue(void **state) {
    fixture_t *fixture = *state;
    fixture->limits.connections = 1;
    restart(fixture);
    client_t clients[4];
    for (int i = 0; i < 4; i++) {
        clients[i] = dial(fixture);
        if (i > 0)
            say(&clients[i], GET("/"));
    }
    turn_for(fixture, 5);
    net_server_stop(fixture->server, 5000, set_flag, &fixture->stopped);
    for (int i = 1; i < 4; i++) {
        hear_end(&clients[i]);
        assert_int_equal(count_of(&clients[i], "HTTP/1.1 200 OK"), 1);
        hang_up(&clients[i]);
    }
    hang_up(&clients[0]);
    TURN_UNTIL(fixture, fixture->stopped);
}

static void test_stop_cuts_off(void **state) {
    fixture_t *fixture = *state;
    fixture->answer = keep;
    client_t client = dial(fixture);
    say(&client, GET("/"));
    TURN_UNTIL(fixture, fixture->pending != NULL);
    net_server_stop(fixture->server, 100, set_flag, &fixture->stopped);
    turn_for(fixture, 20);
    assert_int_equal(fixture->gone, 0);
    TURN_UNTIL(fixture, fixture->stopped);
    assert_int_equal(fixture->gone, 1);
    hang_up(&client);
}

/* The caller's socket serves again afterwards. */
static void test_stop_and_start(void **state) {
    fixture_t *fixture = *state;
    net_server_stop(fixture->server, 1000, set_flag, &fixture->stopped);
    TURN_UNTIL(fixture, fixture->stopped);
    net_server_free(fixture->server, set_flag, &fixture->closed);
    TURN_UNTIL(fixture, fixture->closed);
    fixture->closed = false;
    net_server_handler_t handler = {on_request, on_gone, on_writable, fixture};
    assert_null(
        net_server_new(&fixture->loop, fixture->fd, &fixture->limits, &handler, &fixture->server));
    client_t client = dial(fixture);
    say(&client, GET("/"));
    hear(&client, "HTTP/1.1 200 OK");
    hang_up(&client);
}

static void test_free_while_handling(void **state) {
    fixture_t *fixture = *state;
    fixture->answer = keep;
    client_t client = dial(fixture);
    say(&client, GET("/"));
    TURN_UNTIL(fixture, fixture->pending != NULL);
    net_server_free(fixture->server, set_flag, &fixture->closed);
    fixture->server = NULL;
    assert_int_equal(fixture->gone, 1);
    TURN_UNTIL(fixture, fixture->closed);
    close(fixture->fd);
    hang_up(&client);
}

/* ── stopping under load ─────────────────────────────────────────────────────────────────── */

typedef struct load {
    uint16_t port;
    bool keep_alive;
    unsigned answered;
    unsigned lost; /* connected or sent, and no whole answer */
    unsigned
        retried; /* closed by the server before it took the request: allowed (RFC 9112 9.3.1) */
} load_t;

static int load_connect(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    /* A SYN that is dropped must not hold up the test. */
    struct timeval patience = {.tv_usec = 500000};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static void load_run(void *arg) {
    load_t *load = arg;
    for (int fd; (fd = load_connect(load->port)) >= 0; close(fd)) {
        bool open = true;
        for (unsigned on_this = 0; open; on_this++) {
            char answer[1024];
            size_t len = 0;
            if (send(fd, GET("/x"), sizeof GET("/x") - 1, MSG_NOSIGNAL) < 0) {
                load->retried += on_this > 0;
                load->lost += on_this == 0;
                break;
            }
            for (ssize_t part = 1;
                 part > 0 && (len < 6 || memcmp(answer + len - 6, "\r\n\r\n/x", 6) != 0);
                 len += part > 0 ? (size_t)part : 0)
                part = recv(fd, answer + len, sizeof answer - len, 0);
            bool whole = len >= 6 && memcmp(answer + len - 6, "\r\n\r\n/x", 6) == 0;
            load->answered += whole;
            load->retried += len == 0 && on_this > 0;
            load->lost += !whole && (len > 0 || on_this == 0);
            open =
                whole && load->keep_alive && memmem(answer, len, "connection: close", 17) == NULL;
        }
    }
}

static void stop_under_load(fixture_t *fixture, bool keep_alive) {
    enum { THREADS = 8 };
    uv_thread_t threads[THREADS];
    load_t loads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        loads[i] = (load_t){.port = fixture->port, .keep_alive = keep_alive};
        uv_thread_create(&threads[i], load_run, &loads[i]);
    }
    for (uint64_t end = now_ms() + 200; now_ms() < end;)
        uv_run(&fixture->loop, UV_RUN_NOWAIT);
    net_server_stop(fixture->server, 5000, set_flag, &fixture->stopped);
    for (uint64_t end = now_ms() + PATIENCE_MS; !fixture->stopped && now_ms() < end;)
        uv_run(&fixture->loop, UV_RUN_NOWAIT);
    assert_true(fixture->stopped);
    end_server(fixture); /* and its socket, so that connecting fails */
    unsigned answered = 0;
    for (int i = 0; i < THREADS; i++) {
        uv_thread_join(&threads[i]);
        assert_int_equal(loads[i].lost, 0);
        assert_int_equal(loads[i].retried, 0);
        answered += loads[i].answered;
    }
    assert_true(answered > THREADS);
    assert_int_equal(fixture->requests, answered);
}

static void test_stop_under_load(void **state) {
    stop_under_load(*state, true);
}
static void test_stop_under_connections(void **state) {
    stop_under_load(*state, false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_head_and_body),
        TEST(test_own_headers),
        TEST(test_injection),
        TEST(test_stream),
        TEST(test_stream_goes_out),
        TEST(test_stream_bad_header),
        TEST(test_backpressure),
        TEST(test_write_timeout),
        TEST(test_pipelined_without_reading),
        TEST(test_stop_idle),
        TEST(test_stop_answers),
        TEST(test_stop_answers_the_queue),
        TEST(test_stop_cuts_off),
        TEST(test_stop_and_start),
        TEST(test_free_while_handling),
        TEST(test_stop_under_load),
        TEST(test_stop_under_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
