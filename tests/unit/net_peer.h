/* The other side of a connection, for tests of clients: a listening socket and what it accepted, on
 * the test's own thread. Whoever waits turns the loop meanwhile. */
#ifndef TESTS_NET_PEER_H
#define TESTS_NET_PEER_H

#include "cmocka_all.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "assert_error.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"

enum { PATIENCE_MS = 5000 };

typedef struct peer {
    uv_loop_t loop;
    int listener;
    uint16_t port;
    int fd;            /* accepted; -1: none */
    uv_async_t keeper; /* there are others on the loop, who keep it turning */
} peer_t;

static inline void turn(peer_t *peer) {
    uv_run(&peer->loop, UV_RUN_NOWAIT);
    usleep(100);
}

static inline uint64_t now_ms(void) {
    return uv_hrtime() / 1000000;
}

/* Turns the loop until `condition`. */
#define wait_for(peer, condition)                                                                  \
    do {                                                                                           \
        const uint64_t until_ = now_ms() + PATIENCE_MS;                                            \
        while (!(condition)) {                                                                     \
            if (now_ms() >= until_)                                                                \
                fail_msg("not within %d ms: %s", PATIENCE_MS, #condition);                         \
            turn(peer);                                                                            \
        }                                                                                          \
    } while (0)

/* Whether the loop would go on turning without those others. */
static inline bool peer_is_alive(peer_t *peer) {
    uv_unref((uv_handle_t *)&peer->keeper);
    bool alive = uv_loop_alive(&peer->loop) != 0;
    uv_ref((uv_handle_t *)&peer->keeper);
    return alive;
}

static inline void turn_for(peer_t *peer, uint64_t ms) {
    for (uint64_t until = now_ms() + ms; now_ms() < until;)
        turn(peer);
}

static inline void peer_listen(peer_t *peer, int backlog) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(peer->listener, backlog), 0);
    assert_int_equal(getsockname(peer->listener, (struct sockaddr *)&address, &len), 0);
    peer->port = ntohs(address.sin_port);
}

static inline void peer_init(peer_t *peer) {
    *peer = (peer_t){.fd = -1};
    uv_loop_init(&peer->loop);
    uv_async_init(&peer->loop, &peer->keeper, NULL);
    peer_listen(peer, 16);
}

static inline void peer_hang_up(peer_t *peer) {
    if (peer->fd >= 0)
        close(peer->fd);
    peer->fd = -1;
}

/* With a reset. */
static inline void peer_abort(peer_t *peer) {
    const struct linger hard = {.l_onoff = 1};
    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    peer_hang_up(peer);
}

/* Whatever was on the loop is closed by now: it is gone after one turn. */
static inline void peer_deinit(peer_t *peer) {
    uv_close((uv_handle_t *)&peer->keeper, NULL);
    uv_run(&peer->loop, UV_RUN_NOWAIT);
    assert_int_equal(uv_loop_close(&peer->loop), 0);
    peer_hang_up(peer);
    if (peer->listener >= 0)
        close(peer->listener);
}

static inline bool peer_try_accept(peer_t *peer) {
    peer->fd = accept4(peer->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return peer->fd >= 0;
}

static inline void peer_accept(peer_t *peer) {
    wait_for(peer, peer_try_accept(peer));
}

static inline bool peer_try_read(peer_t *peer, buf_t *buf, size_t most) {
    uint8_t bytes[65536];
    if (most > sizeof bytes)
        most = sizeof bytes;
    ssize_t len = recv(peer->fd, bytes, most, 0);
    if (len > 0)
        buf_append(buf, spin_slice_of(bytes, (size_t)len));
    return len != -1 || errno != EAGAIN;
}

/* Reads exactly as many bytes as `text` has, and compares. */
static inline void peer_expect(peer_t *peer, const char *text) {
    buf_t got = {0};
    while (got.len < strlen(text)) {
        size_t before = got.len;
        wait_for(peer, peer_try_read(peer, &got, strlen(text) - before));
        if (got.len == before)
            break; /* the end */
    }
    if (!slice_equal_text(buf_slice(&got), text))
        fail_msg("got \"%.*s\", expected \"%s\"", SLICE_ARG(buf_slice(&got)), text);
    buf_deinit(&got);
}

static inline void peer_expect_end(peer_t *peer) {
    buf_t got = {0};
    wait_for(peer, peer_try_read(peer, &got, 1));
    assert_int_equal(got.len, 0);
}

/* `len` bytes, turning the loop while the other side has no room. */
static inline void peer_send_bytes(peer_t *peer, const void *bytes, size_t len) {
    for (size_t sent = 0; sent < len;) {
        ssize_t count =
            send(peer->fd, (const uint8_t *)bytes + sent, len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count > 0)
            sent += (size_t)count;
        else if (errno == EAGAIN)
            turn(peer);
        else
            fail_msg("sending: %s", strerror(errno));
    }
}

static inline void peer_send(peer_t *peer, const char *text) {
    peer_send_bytes(peer, text, strlen(text));
}

#endif
