/* A server and its clients on one loop and thread: whoever waits for bytes turns the loop. */
#ifndef TESTS_HTTP_FIXTURE_H
#define TESTS_HTTP_FIXTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/slice.h"
#include "cmocka_all.h"
#include "net/http_server.h"

enum { PATIENCE_MS = 5000 };

typedef struct fixture {
    uv_loop_t loop;
    net_server_t *server;
    net_server_limits_t limits;
    void (*answer)(struct fixture *fixture, net_exchange_t *exchange);
    net_exchange_t *pending; /* the last exchange that `keep` left unanswered */
    unsigned requests;
    unsigned gone;
    unsigned writable;
    bool stopped;
    bool closed;
    int fd;
    uint16_t port;
    buf_t seen; /* what the handler wants to remember */
} fixture_t;

typedef struct client {
    fixture_t *fixture;
    int fd;
    bool eof;
    bool reset;
    buf_t got;
} client_t;

static inline void on_request(net_exchange_t *exchange, void *user) {
    fixture_t *fixture = user;
    fixture->requests++;
    fixture->answer(fixture, exchange);
}

static inline void on_gone(net_exchange_t *exchange, void *user) {
    fixture_t *fixture = user;
    fixture->gone++;
    if (fixture->pending == exchange)
        fixture->pending = NULL;
}

static inline void on_writable(net_exchange_t *exchange, void *user) {
    (void)exchange;
    ((fixture_t *)user)->writable++;
}

static inline void set_flag(void *flag) {
    *(bool *)flag = true;
}

/* ── answers ── */

static inline void answer_ok(fixture_t *fixture, net_exchange_t *exchange) {
    (void)fixture;
    net_header_t type = {SLICE_LITERAL("content-type"), SLICE_LITERAL("text/plain")};
    net_response_send(exchange, 200, &type, 1, exchange->path);
}

static inline void answer_echo(fixture_t *fixture, net_exchange_t *exchange) {
    (void)fixture;
    net_response_send(exchange, 200, NULL, 0, exchange->body);
}

static inline void keep(fixture_t *fixture, net_exchange_t *exchange) {
    fixture->pending = exchange;
}

/* ── life ── */

static inline void start_server(fixture_t *fixture) {
    char address[64];
    assert_null(net_listen("127.0.0.1:0", &fixture->fd));
    assert_null(net_listen_address(fixture->fd, address, sizeof address));
    fixture->port = (uint16_t)atoi(strrchr(address, ':') + 1);
    net_server_handler_t handler = {on_request, on_gone, on_writable, fixture};
    assert_null(
        net_server_new(&fixture->loop, fixture->fd, &fixture->limits, &handler, &fixture->server));
}

static inline void end_server(fixture_t *fixture) {
    net_server_free(fixture->server, set_flag, &fixture->closed);
    fixture->server = NULL;
    while (!fixture->closed)
        uv_run(&fixture->loop, UV_RUN_ONCE);
    close(fixture->fd);
}

static inline int set_up(void **state) {
    static fixture_t fixture;
    fixture = (fixture_t){.answer = answer_ok, .limits = net_server_limits_default()};
    uv_loop_init(&fixture.loop);
    start_server(&fixture);
    *state = &fixture;
    return 0;
}

static inline int tear_down(void **state) {
    fixture_t *fixture = *state;
    if (fixture->server != NULL)
        end_server(fixture);
    buf_deinit(&fixture->seen);
    return uv_loop_close(&fixture->loop);
}

/* The same server with other limits. */
static inline void restart(fixture_t *fixture) {
    end_server(fixture);
    fixture->closed = false;
    start_server(fixture);
}

/* ── time ── */

static inline uint64_t now_ms(void) {
    return uv_hrtime() / 1000000;
}

static inline void turn(fixture_t *fixture) {
    uv_run(&fixture->loop, UV_RUN_NOWAIT);
    usleep(100);
}

static inline void turn_for(fixture_t *fixture, uint64_t ms) {
    for (uint64_t end = now_ms() + ms; now_ms() < end;)
        turn(fixture);
}

#define TURN_UNTIL(fixture, condition)                                                             \
    do {                                                                                           \
        uint64_t end_ = now_ms() + PATIENCE_MS;                                                    \
        while (!(condition) && now_ms() < end_)                                                    \
            turn(fixture);                                                                         \
        assert_true(condition);                                                                    \
    } while (0)

/* ── clients ── */

static inline client_t dial(fixture_t *fixture) {
    client_t client = {.fixture = fixture, .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(fixture->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(client.fd, (struct sockaddr *)&address, sizeof address), 0);
    fcntl(client.fd, F_SETFL, O_NONBLOCK);
    return client;
}

static inline void hang_up(client_t *client) {
    close(client->fd);
    buf_deinit(&client->got);
}

/* With a reset. */
static inline void hang_up_hard(client_t *client) {
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
               sizeof(struct linger));
    hang_up(client);
}

static inline void say_bytes(client_t *client, const void *bytes, size_t len) {
    const char *at = bytes;
    uint64_t end = now_ms() + PATIENCE_MS;
    while (len > 0 && now_ms() < end) {
        ssize_t sent = send(client->fd, at, len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            return; /* the server has hung up: the test sees it in the answer */
        if (sent > 0) {
            at += sent;
            len -= (size_t)sent;
        } else {
            turn(client->fixture);
        }
    }
    assert_true(len == 0);
}

static inline void say(client_t *client, const char *text) {
    say_bytes(client, text, strlen(text));
}

static inline void listen_once(client_t *client) {
    char piece[65536];
    ssize_t len = recv(client->fd, piece, sizeof piece, 0);
    if (len > 0)
        buf_append(&client->got, spin_slice_of(piece, (size_t)len));
    client->eof |= len == 0;
    client->reset |= len < 0 && errno != EAGAIN;
}

static inline size_t count_of(const client_t *client, const char *text) {
    size_t count = 0;
    size_t len = strlen(text);
    const uint8_t *at = client->got.ptr;
    const uint8_t *end = at + client->got.len;
    while (at != NULL && (at = memmem(at, (size_t)(end - at), text, len)) != NULL) {
        at += len;
        count++;
    }
    return count;
}

#define HEAR_WHILE(client, condition)                                                              \
    for (uint64_t end_ = now_ms() + PATIENCE_MS; (condition) && now_ms() < end_;) {                \
        turn((client)->fixture);                                                                   \
        listen_once(client);                                                                       \
    }

/* Until `text` has come `times` times. */
static inline void hear_times(client_t *client, const char *text, size_t times) {
    HEAR_WHILE(client, count_of(client, text) < times && !client->eof && !client->reset);
    if (count_of(client, text) < times)
        print_error("heard: %.*s\n", SLICE_ARG(buf_slice(&client->got)));
    assert_int_equal(count_of(client, text), times);
}

static inline void hear(client_t *client, const char *text) {
    hear_times(client, text, 1);
}

static inline void hear_end(client_t *client) {
    HEAR_WHILE(client, !client->eof && !client->reset);
    assert_true(client->eof);
    assert_false(client->reset);
}

/* Sends `request` on a connection of its own, and expects an answer with this status which closes
 * the connection in order. */
static inline void expect_refusal(fixture_t *fixture, const char *request, size_t len,
                                  unsigned status) {
    char start[32];
    snprintf(start, sizeof start, "HTTP/1.1 %u ", status);
    unsigned before = fixture->requests;
    client_t client = dial(fixture);
    say_bytes(&client, request, len);
    hear_end(&client);
    if (count_of(&client, start) != 1)
        print_error("request: %.200s\nexpected %u, heard: %.*s\n", request, status,
                    SLICE_ARG(buf_slice(&client.got)));
    assert_int_equal(count_of(&client, start), 1);
    assert_int_equal(count_of(&client, "HTTP/1.1 "), 1);
    assert_int_equal(count_of(&client, "connection: close\r\n"), 1);
    assert_int_equal(fixture->requests, before);
    hang_up(&client);
}

#endif
