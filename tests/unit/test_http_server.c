/* What the HTTP server does with requests that are in order. */
#include <sys/resource.h>

#include "failing_alloc.h"
#include "http_fixture.h"
#include "net/http_internal.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

/* ── requests ────────────────────────────────────────────────────────────────────────────── */

/* Everything the handler can see, as text. */
static void answer_described(fixture_t *fixture, net_exchange_t *exchange) {
    buf_t text = {0};
    (void)fixture;
    buf_printf(&text, "%.*s|%.*s|%.*s|%s%.*s|%.*s|1.%u|", SLICE_ARG(exchange->method),
               SLICE_ARG(exchange->target), SLICE_ARG(exchange->path),
               exchange->query.ptr == NULL ? "none" : "?", SLICE_ARG(exchange->query),
               SLICE_ARG(exchange->host), exchange->version_minor);
    for (size_t i = 0; i < exchange->headers_len; i++)
        buf_printf(&text, "%.*s=[%.*s]", SLICE_ARG(exchange->headers[i].name),
                   SLICE_ARG(exchange->headers[i].value));
    buf_printf(&text, "|%.*s;", SLICE_ARG(exchange->body));
    net_response_send(exchange, 200, NULL, 0, buf_slice(&text));
    buf_deinit(&text);
}

static void expect_described(fixture_t *fixture, const char *request, const char *description) {
    fixture->answer = answer_described;
    client_t client = dial(fixture);
    for (const char *at = request; *at != '\0'; at++) { /* byte by byte */
        say_bytes(&client, at, 1);
        turn(fixture);
    }
    hear(&client, description);
    say(&client, request); /* and at once, on the same connection */
    hear_times(&client, description, 2);
    hang_up(&client);
}

static void test_fields(void **state) {
    expect_described(*state,
                     "GET /a%20b/?x=1&y=?2 HTTP/1.1\r\nHost: example.org:80\r\nX-Thing: \t two  "
                     "words \t\r\nEMPTY:\r\nx-Thing:\xff\r\n\r\n",
                     "GET|/a%20b/?x=1&y=?2|/a%20b/|?x=1&y=?2|example.org:80|1.1|"
                     "host=[example.org:80]x-thing=[two  words]empty=[]x-thing=[\xff]|;");
}

static void test_absolute_target(void **state) {
    expect_described(*state, "GET HTTP://b.org:81?q HTTP/1.1\r\nHost: a\r\n\r\n",
                     "GET|HTTP://b.org:81?q|/|?q|b.org:81|1.1|host=[a]|;");
    expect_described(*state, "GET https://[::1]/p HTTP/1.1\r\nHost:\r\n\r\n",
                     "GET|https://[::1]/p|/p|none|[::1]|1.1|host=[]|;");
}

static void test_options_all(void **state) {
    expect_described(*state, "\r\nOPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
                     "OPTIONS|*|*|none|a|1.1|host=[a]|;");
}

static void test_sized_body(void **state) {
    expect_described(*state,
                     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0000000000000000000005\r\n"
                     "\r\nGET /",
                     "POST|/|/|none|a|1.1|host=[a]content-length=[0000000000000000000005]|GET /;");
}

static void test_chunked_body(void **state) {
    expect_described(*state,
                     "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
                     "3\r\nabc\r\n00A;name=\"value\"\r\n0123456789\r\n0\r\nTrailer: t\r\nOther:\r\n"
                     "\r\n",
                     "PUT|/|/|none|a|1.1|host=[a]transfer-encoding=[Chunked]|abc0123456789;");
}

static void test_upgrade_is_ignored(void **state) {
    expect_described(*state,
                     "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
                     "GET|/|/|none|a|1.1|host=[a]connection=[Upgrade]upgrade=[h2c]|;");
}

static void test_large_bodies(void **state) {
    fixture_t *fixture = *state;
    fixture->answer = answer_echo;
    static const size_t sizes[] = {16 * 1024 - 100, 16 * 1024, 100000, 3000000};
    client_t client = dial(fixture);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int chunked = 0; chunked < 2; chunked++) {
            uint8_t *body = malloc(sizes[i]);
            for (size_t at = 0; at < sizes[i]; at++)
                body[at] = (uint8_t)(at * 7 + i);
            char head[128];
            snprintf(head, sizeof head,
                     chunked ? "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "%zx\r\n"
                             : "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n",
                     sizes[i]);
            say(&client, head);
            say_bytes(&client, body, sizes[i]);
            say(&client, chunked ? "\r\n0\r\n\r\n" GET("/after") : GET("/after"));
            buf_clear(&client.got);
            HEAR_WHILE(&client, client.got.len < sizes[i] || count_of(&client, "HTTP/1.1 ") < 2);
            size_t start = 4; /* behind the first head */
            while (memcmp(client.got.ptr + start - 4, "\r\n\r\n", 4) != 0)
                start++;
            assert_true(client.got.len > start + sizes[i]);
            assert_memory_equal(client.got.ptr + start, body, sizes[i]);
            free(body);
        }
    }
    hang_up(&client);
}

static void test_pipelined(void **state) {
    fixture_t *fixture = *state;
    enum { COUNT = 2000 };
    buf_t requests = {0};
    for (int i = 0; i < COUNT; i++)
        buf_printf(&requests, "GET /<%d> HTTP/1.1\r\nHost: a\r\n\r\n", i);
    client_t client = dial(fixture);
    say_bytes(&client, requests.ptr, requests.len);
    hear_times(&client, "HTTP/1.1 200 OK\r\n", COUNT);
    buf_append_byte(&client.got, '\0');
    const char *at = (const char *)client.got.ptr;
    for (int i = 0; i < COUNT; i++) {
        char mark[16];
        snprintf(mark, sizeof mark, "/<%d>", i);
        at = strstr(at, mark);
        assert_non_null(at);
    }
    buf_deinit(&requests);
    hang_up(&client);
}

/* A second request waits for the first one's answer, also when that comes later. */
static void test_pipelined_later(void **state) {
    fixture_t *fixture = *state;
    fixture->answer = keep;
    client_t client = dial(fixture);
    say(&client, GET("/one") GET("/two"));
    for (int i = 1; i <= 2; i++) {
        TURN_UNTIL(fixture, fixture->pending != NULL);
        turn_for(fixture, 20);
        assert_int_equal(fixture->requests, i);
        assert_int_equal(net_server_active(fixture->server), 1);
        net_exchange_t *exchange = fixture->pending;
        fixture->pending = NULL;
        net_response_send(exchange, 200, NULL, 0, exchange->path);
        assert_int_equal(fixture->requests, i); /* not from within the call */
    }
    hear(&client, "/two");
    assert_int_equal(count_of(&client, "/one"), 1);
    assert_int_equal(net_server_active(fixture->server), 0);
    hang_up(&client);
}

/* While a request is handled, a client can't make the server buffer without bound. */
static void test_reading_stops(void **state) {
    fixture_t *fixture = *state;
    fixture->answer = keep;
    client_t client = dial(fixture);
    say(&client, GET("/"));
    TURN_UNTIL(fixture, fixture->pending != NULL);
    static char more[65536];
    memset(more, '\n', sizeof more);
    size_t sent = 0;
    for (int quiet = 0; quiet < 50;) {
        ssize_t len = send(client.fd, more, sizeof more, MSG_NOSIGNAL);
        sent += len > 0 ? (size_t)len : 0;
        quiet = len > 0 ? 0 : quiet + 1;
        turn(fixture);
        assert_true(sent < 64 << 20); /* the kernel's buffers are what fills */
    }
    hang_up_hard(&client);
    TURN_UNTIL(fixture, fixture->gone == 1); /* and the reset is noticed all the same */
}

static void test_continue(void **state) {
    fixture_t *fixture = *state;
    fixture->answer = answer_echo;
    static const char *const heads[] = {"Content-Length: 2\r\n", "Transfer-Encoding: chunked\r\n"};
    static const char *const bodies[] = {"hi", "2\r\nhi\r\n0\r\n\r\n"};
    for (int i = 0; i < 2; i++) {
        client_t client = dial(fixture);
        say(&client, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n");
        say(&client, heads[i]);
        say(&client, "\r\n");
        hear(&client, "HTTP/1.1 100 Continue\r\n\r\n");
        assert_int_equal(client.got.len, 25);
        say(&client, bodies[i]);
        hear(&client, "\r\n\r\nhi");
        hang_up(&client);
    }
    client_t client = dial(fixture); /* needless: the body is there, or there is none, or 1.0 */
    say(&client, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx"
                 "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n"
                 "POST / HTTP/1.0\r\nExpect: any\r\nContent-Length: 1\r\n\r\nx");
    hear_end(&client);
    assert_int_equal(count_of(&client, "HTTP/1.1 200 OK"), 3);
    assert_int_equal(count_of(&client, "HTTP/1.1 100 "), 0);
    hang_up(&client);
}

/* ── connections ─────────────────────────────────────────────────────────────────────────── */

static void test_keep_alive(void **state) {
    fixture_t *fixture = *state;
    client_t client = dial(fixture);
    say(&client, "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    hear(&client, "\r\n\r\n/1");
    assert_int_equal(count_of(&client, "connection: keep-alive\r\n"), 1);
    say(&client, GET("/2"));
    hear(&client, "\r\n\r\n/2");
    assert_int_equal(count_of(&client, "connection: "), 1);
    say(&client, "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" GET("/4"));
    hear(&client, "\r\n\r\n/3");
    hear_end(&client);
    assert_int_equal(count_of(&client, "connection: close\r\n"), 1);
    assert_int_equal(count_of(&client, "/4"), 0);
    hang_up(&client);

    client = dial(fixture);
    say(&client, "GET /old HTTP/1.0\r\n\r\n");
    hear_end(&client);
    assert_int_equal(count_of(&client, "\r\n\r\n/old"), 1);
    hang_up(&client);
}

static void test_half_close(void **state) {
    fixture_t *fixture = *state;
    client_t client = dial(fixture);
    say(&client, GET("/1") GET("/2"));
    shutdown(client.fd, SHUT_WR);
    hear_end(&client);
    assert_int_equal(count_of(&client, "HTTP/1.1 200 OK"), 2);
    hang_up(&client);

    fixture->answer = keep;
    client = dial(fixture);
    say(&client, GET("/"));
    shutdown(client.fd, SHUT_WR);
    TURN_UNTIL(fixture, fixture->pending != NULL);
    turn_for(fixture, 20);
    assert_int_equal(fixture->gone, 0);
    net_response_send(fixture->pending, 200, NULL, 0, SLICE_LITERAL("late"));
    hear_end(&client);
    assert_int_equal(count_of(&client, "late"), 1);
    hang_up(&client);

    client = dial(fixture); /* in the midst of a request there is nothing to answer */
    say(&client, "GET / HT");
    shutdown(client.fd, SHUT_WR);
    hear_end(&client);
    assert_int_equal(client.got.len, 0);
    hang_up(&client);
}

static void test_gone(void **state) {
    fixture_t *fixture = *state;
    fixture->answer = keep;
    for (int half_closed = 0; half_closed < 2; half_closed++) {
        client_t client = dial(fixture);
        say(&client, GET("/"));
        TURN_UNTIL(fixture, fixture->pending != NULL);
        if (half_closed)
            shutdown(client.fd, SHUT_WR);
        turn_for(fixture, 10);
        hang_up_hard(&client);
        TURN_UNTIL(fixture, fixture->pending == NULL);
        assert_int_equal(fixture->gone, half_closed + 1);
        assert_int_equal(net_server_active(fixture->server), 0);
    }
}

/* A client that closes in order looks like one that has said all and listens. It is given a second
 * to be answered, and more while it takes what is sent. */
static void test_abandoned(void **state) {
    fixture_t *fixture = *state;
    fixture->answer = keep;
    client_t client = dial(fixture);
    client_t streamed = dial(fixture);
    say(&client, GET("/"));
    TURN_UNTIL(fixture, fixture->pending != NULL);
    say(&streamed, GET("/stream"));
    TURN_UNTIL(fixture, fixture->requests == 2);
    shutdown(streamed.fd, SHUT_WR);
    hang_up(&client);
    uint64_t begin = now_ms();
    net_exchange_t *stream = fixture->pending;
    net_response_start(stream, 200, NULL, 0, -1);
    for (size_t i = 1; i <= 10; i++) {
        turn_for(fixture, i < 4 ? 100 : 250);
        net_response_write(stream, SLICE_LITERAL("piece"));
        hear_times(&streamed, "piece", i);
        assert_int_equal(fixture->gone, now_ms() - begin > 900 ? fixture->gone : 0);
    }
    assert_int_equal(fixture->gone, 1);
    assert_ptr_equal(fixture->pending, stream);
    assert_int_equal(net_server_active(fixture->server), 1);
    net_response_end(stream);
    hear_end(&streamed);
    assert_int_equal(count_of(&streamed, "0\r\n\r\n"), 1);
    hang_up(&streamed);
}

static void no_timer(uv_timer_t *timer) {
    (void)timer;
}

static unsigned turns_in(fixture_t *fixture, uint64_t ms) {
    unsigned turns = 0;
    for (uint64_t end = now_ms() + ms; now_ms() < end; turns++)
        uv_run(&fixture->loop, UV_RUN_ONCE);
    return turns;
}

/* While nobody reads them, urgent bytes don't keep the loop busy. */
static void test_urgent_byte(void **state) {
    fixture_t *fixture = *state;
    fixture->answer = keep;
    client_t client = dial(fixture);
    say(&client, GET("/"));
    TURN_UNTIL(fixture, fixture->pending != NULL);
    static char more[32768];
    memset(more, '\n', sizeof more);
    say_bytes(&client, more, sizeof more);
    turn_for(fixture, 10);
    uv_timer_t timer; /* the loop wakes up in any case */
    uv_timer_init(&fixture->loop, &timer);
    assert_int_equal(send(client.fd, "!", 1, MSG_OOB), 1);
    uv_timer_start(&timer, no_timer, 50, 50);
    unsigned turns = turns_in(fixture, 300);
    uv_close((uv_handle_t *)&timer, NULL);
    turn(fixture);
    assert_true(turns < 20);
    hang_up_hard(&client);
    TURN_UNTIL(fixture, fixture->gone == 1);
}

static client_t late_comer;

static void answer_and_let_in(fixture_t *fixture, net_exchange_t *exchange) {
    if (fixture->requests == 100)
        say(&late_comer, GET("/late"));
    if (slice_equal(exchange->path, SLICE_LITERAL("/late")))
        fixture->writable = fixture->requests; /* when it was served */
    answer_ok(fixture, exchange);
}

/* What one connection has sent ahead does not hold up another for long. */
static void test_pipelining_is_fair(void **state) {
    fixture_t *fixture = *state;
    enum { COUNT = 500 };
    fixture->answer = answer_and_let_in;
    late_comer = dial(fixture);
    buf_t requests = {0};
    for (int i = 0; i < COUNT; i++)
        buf_append_text(&requests, GET("/"));
    client_t client = dial(fixture);
    turn_for(fixture, 5);
    say_bytes(&client, requests.ptr, requests.len);
    hear_times(&client, "HTTP/1.1 200 OK\r\n", COUNT);
    hear(&late_comer, "/late");
    assert_in_range(fixture->writable, 101, 100 + 160);
    buf_deinit(&requests);
    hang_up(&client);
    hang_up(&late_comer);
}

/* A client that has had its last answer can't make the server buffer by not reading it. */
static void test_reading_stops_at_the_end(void **state) {
    fixture_t *fixture = *state;
    fixture->answer = keep;
    client_t client = dial(fixture);
    setsockopt(client.fd, SOL_SOCKET, SO_RCVBUF, &(int){4096}, sizeof(int));
    say(&client, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    TURN_UNTIL(fixture, fixture->pending != NULL);
    static uint8_t piece[16384];
    net_exchange_t *exchange = fixture->pending;
    net_response_start(exchange, 200, NULL, 0, -1);
    do
        net_response_write(exchange, spin_slice_of(piece, sizeof piece));
    while (http_connection_of(exchange)->output.bytes == 0);
    net_response_end(exchange);
    failing_alloc_install(SIZE_MAX);
    static char more[65536];
    for (size_t sent = 0, quiet = 0; quiet < 50 && sent < 64 << 20;) {
        ssize_t len = send(client.fd, more, sizeof more, MSG_NOSIGNAL);
        sent += len > 0 ? (size_t)len : 0;
        quiet = len > 0 ? 0 : quiet + 1;
        turn(fixture);
    }
    assert_true(failing_alloc_calls() < 3);
    failing_alloc_remove();
    hang_up_hard(&client);
}

/* A request's head and body may be there while answers before it have not gone out. */
static void test_request_behind_much_output(void **state) {
    fixture_t *fixture = *state;
    fixture->answer = keep;
    client_t client = dial(fixture);
    say(&client, GET("/"));
    TURN_UNTIL(fixture, fixture->pending != NULL);
    static uint8_t piece[HTTP_OUTPUT_HIGH];
    net_exchange_t *exchange = fixture->pending;
    const http_output_t *output = &http_connection_of(exchange)->output;
    net_response_start(exchange, 200, NULL, 0, -1);
    while (output->bytes < 100000) { /* until neither kernel takes more */
        net_response_write(exchange, spin_slice_of(piece, 16384));
        turn(fixture);
    }
    size_t frame = strlen("size5\r\n\r\n0\r\n\r\n");
    net_response_write(exchange,
                       spin_slice_of(piece, HTTP_OUTPUT_HIGH - 10 - frame - output->bytes));
    net_response_end(exchange);
    assert_int_equal(output->bytes, HTTP_OUTPUT_HIGH - 10); /* no room for "100 Continue" */

    fixture->answer = answer_echo;
    static const char rest[] = "hello" GET("/next");
    char request[HTTP_BLOCK_CAP + sizeof rest - 1]; /* a head that fills the block */
    int len = snprintf(request, sizeof request,
                       "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                       "Content-Length: 5\r\nA: ");
    memset(request + len, 'x', sizeof request - (size_t)len);
    memcpy(request + HTTP_BLOCK_CAP - 4, "\r\n\r\n", 4);
    memcpy(request + HTTP_BLOCK_CAP, rest, sizeof rest - 1);
    say_bytes(&client, request, sizeof request);
    turn_for(fixture, 20);
    hear(&client, "\r\n\r\nhello");
    hear_times(&client, "HTTP/1.1 200 OK\r\n", 3);
    hang_up(&client);
}

/* `gone` never comes from within a response call, and not at all once the handler has ended. */
static void test_gone_while_writing(void **state) {
    fixture_t *fixture = *state;
    fixture->answer = keep;
    static uint8_t piece[65536];
    for (int ended = 0; ended < 2; ended++) {
        fixture->gone = 0;
        client_t client = dial(fixture);
        say(&client, GET("/"));
        TURN_UNTIL(fixture, fixture->pending != NULL);
        net_exchange_t *exchange = fixture->pending;
        net_response_start(exchange, 200, NULL, 0, -1);
        turn_for(fixture, 5);
        hang_up_hard(&client);
        for (int i = 0; i < 10; i++)
            net_response_write(exchange, spin_slice_of(piece, sizeof piece));
        assert_int_equal(fixture->gone, 0);
        if (ended)
            net_response_end(exchange);
        turn_for(fixture, 20);
        assert_int_equal(fixture->gone, !ended);
        fixture->pending = NULL;
    }
}

static void test_connection_limit(void **state) {
    fixture_t *fixture = *state;
    fixture->limits.connections = 2;
    restart(fixture);
    client_t clients[3];
    for (int i = 0; i < 3; i++) {
        clients[i] = dial(fixture);
        say(&clients[i], GET("/"));
    }
    hear(&clients[0], "HTTP/1.1 200 OK");
    hear(&clients[1], "HTTP/1.1 200 OK");
    turn_for(fixture, 50);
    listen_once(&clients[2]);
    assert_int_equal(clients[2].got.len, 0);
    hang_up(&clients[0]);
    hear(&clients[2], "HTTP/1.1 200 OK");
    hang_up(&clients[1]);
    hang_up(&clients[2]);
}

static int taken[256];
static size_t taken_len;

static void take_descriptors(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = sizeof taken / sizeof *taken;
    setrlimit(RLIMIT_NOFILE, &limit);
    while ((taken[taken_len] = dup(0)) >= 0)
        taken_len++;
    assert_int_equal(errno, EMFILE);
}

static void give_descriptors(void) {
    while (taken_len > 0)
        close(taken[--taken_len]);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* Without free descriptors connections wait; the loop does not spin meanwhile. */
static void test_no_descriptors(void **state) {
    fixture_t *fixture = *state;
    client_t first = dial(fixture);
    say(&first, GET("/"));
    hear(&first, "HTTP/1.1 200 OK");
    client_t second = dial(fixture);
    say(&second, GET("/"));
    take_descriptors();
    assert_true(turns_in(fixture, 300) < 20);
    listen_once(&second);
    assert_int_equal(second.got.len, 0);
    say(&first, GET("/"));
    hear_times(&first, "HTTP/1.1 200 OK", 2);
    give_descriptors();
    hear(&second, "HTTP/1.1 200 OK");
    hang_up(&first);
    hang_up(&second);
}

/* Without any connection, too, the loop lives on. */
static void test_no_descriptors_at_first(void **state) {
    fixture_t *fixture = *state;
    client_t client = dial(fixture);
    take_descriptors();
    turn_for(fixture, 20);
    assert_true(uv_loop_alive(&fixture->loop));
    give_descriptors();
    say(&client, GET("/"));
    hear(&client, "HTTP/1.1 200 OK");
    hang_up(&client);
}

/* A listening socket that somebody shut down. */
static void test_dead_listener(void **state) {
    fixture_t *fixture = *state;
    client_t client = dial(fixture);
    say(&client, GET("/"));
    hear(&client, "HTTP/1.1 200 OK");
    shutdown(fixture->fd, SHUT_RDWR);
    turn_for(fixture, 5);
    assert_true(turns_in(fixture, 300) < 20);
    say(&client, GET("/"));
    hear_times(&client, "HTTP/1.1 200 OK", 2);
    hang_up(&client);
    net_server_stop(fixture->server, 60000, set_flag, &fixture->stopped);
    TURN_UNTIL(fixture, fixture->stopped);
}

static void answer_addresses(fixture_t *fixture, net_exchange_t *exchange) {
    char peer[64];
    char local[64];
    uint16_t peer_port;
    uint16_t local_port;
    (void)fixture;
    net_exchange_peer(exchange, peer, sizeof peer, &peer_port);
    net_exchange_local(exchange, local, sizeof local, &local_port);
    spin_slice_t text =
        arena_printf(exchange->arena, "%s:%u %s:%u;", peer, peer_port, local, local_port);
    net_response_send(exchange, 200, NULL, 0, text);
}

static void test_addresses(void **state) {
    fixture_t *fixture = *state;
    fixture->answer = answer_addresses;
    client_t client = dial(fixture);
    struct sockaddr_in own;
    socklen_t size = sizeof own;
    getsockname(client.fd, (struct sockaddr *)&own, &size);
    char expected[128];
    snprintf(expected, sizeof expected, "127.0.0.1:%u 127.0.0.1:%u;", ntohs(own.sin_port),
             fixture->port);
    for (size_t i = 1; i <= 2; i++) {
        say(&client, GET("/"));
        hear_times(&client, expected, i);
    }
    hang_up(&client);
}

/* ── no memory ───────────────────────────────────────────────────────────────────────────── */

static void converse(fixture_t *fixture) {
    static uint8_t large[40000];
    start_server(fixture);
    client_t client = dial(fixture);
    say(&client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n");
    say_bytes(&client, large, sizeof large);
    say(&client, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nA: ");
    memset(large, 'x', sizeof large);
    say_bytes(&client, large, 20000);
    say(&client, "\r\n\r\nGET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    client.got.failed = true; /* don't listen to the client's own allocations */
    HEAR_WHILE(&client, !client.eof && !client.reset);
    assert_true(client.eof || client.reset);
    hang_up(&client);
    end_server(fixture);
    fixture->closed = false;
}

static void test_no_memory(void **state) {
    fixture_t *fixture = *state;
    fixture->answer = answer_echo;
    end_server(fixture);
    fixture->closed = false;
    failing_alloc_install(SIZE_MAX);
    converse(fixture);
    size_t calls = failing_alloc_calls();
    assert_int_equal(fixture->requests, 4);
    assert_true(calls > 8);
    for (size_t at = 2; at <= calls; at++) { /* the first is net_server_new's own */
        failing_alloc_install(at);
        converse(fixture);
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_install(1);
    assert_int_equal(
        spin_error_kind(net_server_new(&fixture->loop, 0, &fixture->limits,
                                       &(net_server_handler_t){on_request, on_gone, NULL, NULL},
                                       &fixture->server)),
        SPIN_ERROR_NO_MEMORY);
    failing_alloc_remove();
}

/* After a warm-up, requests ask the heap for nothing. */
static void test_steady_path_allocates_nothing(void **state) {
    fixture_t *fixture = *state;
    end_server(fixture);
    fixture->closed = false;
    failing_alloc_install(SIZE_MAX);
    start_server(fixture);
    client_t client = dial(fixture);
    client.got.failed = true;
    size_t calls = 0;
    for (unsigned i = 1; i <= 100; i++) {
        say(&client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
        TURN_UNTIL(fixture, fixture->requests == i);
        if (i == 1)
            calls = failing_alloc_calls();
    }
    assert_int_equal(failing_alloc_calls(), calls);
    hang_up(&client);
    end_server(fixture);
    assert_int_equal(failing_alloc_live(), 0);
    failing_alloc_remove();
}

/* ── listening ───────────────────────────────────────────────────────────────────────────── */

static void test_listen(void **state) {
    (void)state;
    static const char *const bad[] = {"",    "a",       "1.2.3.4", "::1:80",   "[::1]",       "a:",
                                      "a:b", "a:65536", "a:-1",    "a:999999", "not a host:1"};
    int fd;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        spin_error_t *error = net_listen(bad[i], &fd);
        assert_non_null(error);
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
        spin_error_free(error);
    }
    char text[64];
    assert_null(net_listen("127.0.0.1:0", &fd));
    assert_null(net_listen_address(fd, text, sizeof text));
    assert_memory_equal(text, "127.0.0.1:", 10);
    assert_true(atoi(text + 10) > 0);

    int group[3];
    spin_error_t *error = net_listen_group(text, 3, group); /* `fd` is there */
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_EXISTS);
    spin_error_free(error);
    close(fd);
    assert_null(net_listen_group("127.0.0.1:0", 3, group));
    char same[64];
    net_listen_address(group[0], text, sizeof text);
    net_listen_address(group[2], same, sizeof same);
    assert_string_equal(text, same);
    for (int i = 0; i < 3; i++)
        close(group[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_fields),
        TEST(test_absolute_target),
        TEST(test_options_all),
        TEST(test_sized_body),
        TEST(test_chunked_body),
        TEST(test_upgrade_is_ignored),
        TEST(test_large_bodies),
        TEST(test_pipelined),
        TEST(test_pipelined_later),
        TEST(test_reading_stops),
        TEST(test_continue),
        TEST(test_keep_alive),
        TEST(test_half_close),
        TEST(test_gone),
        TEST(test_abandoned),
        TEST(test_urgent_byte),
        TEST(test_pipelining_is_fair),
        TEST(test_reading_stops_at_the_end),
        TEST(test_request_behind_much_output),
        TEST(test_gone_while_writing),
        TEST(test_connection_limit),
        TEST(test_no_descriptors),
        TEST(test_no_descriptors_at_first),
        TEST(test_dead_listener),
        TEST(test_addresses),
        TEST(test_no_memory),
        TEST(test_steady_path_allocates_nothing),
        cmocka_unit_test(test_listen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
