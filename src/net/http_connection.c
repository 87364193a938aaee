#include "net/http_internal.h"

#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "base/slice.h"

enum {
    REQUESTS_PER_TURN = 32, /* then other connections have theirs */
    HELD_BYTES = 16 * 1024,
    READS_PER_TURN = 4,     /* likewise */
    PIECES = 16,            /* of one send */
    DRAIN_LIMIT = 64 << 20, /* bytes of a refused request that are taken, so that ... */
    LINGER_MS = 3000,       /* ... the client gets to read why, but not for ever */
    LINGER_STOPPING_MS = 500,
    IDLE_GRACE_MS = 300,
};

/* ── deadlines ───────────────────────────────────────────────────────────────────────────── */

static uint64_t timeout_ms(const net_server_t *server, http_timeout_t kind) {
    switch (kind) {
    case TIMEOUT_IDLE: return server->limits.idle_timeout_ms;
    case TIMEOUT_REQUEST: return server->limits.request_timeout_ms;
    case TIMEOUT_WRITE: return server->limits.write_timeout_ms;
    case TIMEOUT_HALF: return NET_HALF_CLOSE_MS;
    case TIMEOUT_LINGER: return server->stopping ? LINGER_STOPPING_MS : LINGER_MS;
    default: return IDLE_GRACE_MS;
    }
}

static void set_timeout(http_connection_t *connection, http_timeout_t kind) {
    net_server_t *server = connection->server;
    http_list_remove(&connection->timeout);
    connection->timeout_kind = kind;
    if (kind == TIMEOUT_NONE)
        return;
    connection->deadline = uv_now(server->loop) + timeout_ms(server, kind);
    http_list_append(&server->timeouts[kind], &connection->timeout);
}

static void settle_timeout(http_connection_t *connection) {
    http_timeout_t kind = TIMEOUT_IDLE;
    if (connection->blocked)
        kind = TIMEOUT_WRITE;
    else if (connection->lingering)
        kind = TIMEOUT_LINGER;
    else if (connection->handling)
        kind = connection->eof ? TIMEOUT_HALF : TIMEOUT_NONE;
    else if (http_input_is_partial(&connection->input))
        kind = TIMEOUT_REQUEST;
    else if (connection->server->stopping)
        kind = TIMEOUT_GRACE;
    bool sending = kind == TIMEOUT_WRITE || kind == TIMEOUT_HALF;
    bool renew = kind == TIMEOUT_IDLE || (sending && connection->progressed);
    if (kind != connection->timeout_kind || renew)
        set_timeout(connection, kind);
    connection->progressed = false;
}

/* ── life ────────────────────────────────────────────────────────────────────────────────── */

static void on_closed(uv_handle_t *handle) {
    http_connection_t *connection = handle->data;
    http_input_deinit(&connection->input);
    http_output_deinit(&connection->output);
    http_server_recycle(connection);
}

void http_connection_close(http_connection_t *connection, bool reset) {
    if (connection->closing)
        return;
    connection->closing = true;
    http_list_remove(&connection->timeout);
    http_list_remove(&connection->ready);
    http_list_remove(&connection->all);
    uv_close((uv_handle_t *)&connection->poll, on_closed);
    if (reset)
        setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
                   sizeof(struct linger));
    close(connection->fd);
}

void http_connection_fail(http_connection_t *connection) {
    net_server_t *server = connection->server;
    if (connection->handling) {
        connection->handling = false;
        server->active--;
        server->handler.gone(&connection->input.request->exchange, server->handler.user);
    }
    http_connection_close(connection, true);
}

/* All is said. Closing with bytes unread would reset the connection and could take our answer from
 * the client (RFC 9112 section 9.6), so then, or where it does not expect the end, only our half is
 * closed and what it sends is drained. */
static void finish(http_connection_t *connection) {
    net_server_t *server = connection->server;
    if (connection->lingering)
        return;
    if (!connection->eof) {
        ssize_t len = recv(connection->fd, server->scratch, sizeof server->scratch, MSG_DONTWAIT);
        connection->eof = len == 0;
        connection->drain |= len > 0;
    }
    if (connection->eof || !connection->drain) {
        http_connection_close(connection, false);
        return;
    }
    shutdown(connection->fd, SHUT_WR);
    connection->lingering = true;
}

/* ── sending ─────────────────────────────────────────────────────────────────────────────── */

static ssize_t send_pieces(int fd, struct iovec *pieces, size_t count) {
    ssize_t sent;
    do {
        if (count == 1) {
            sent = send(fd, pieces->iov_base, pieces->iov_len, MSG_NOSIGNAL);
        } else {
            struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};
            sent = sendmsg(fd, &message, MSG_NOSIGNAL);
        }
    } while (sent < 0 && errno == EINTR);
    return sent;
}

/* One send. Returns false when nothing more can be sent now. */
static bool send_some(http_connection_t *connection, spin_slice_t *body) {
    http_output_t *output = &connection->output;
    struct iovec pieces[PIECES + 1];
    size_t count = http_output_peek(output, pieces, PIECES);
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += pieces[i].iov_len;
    bool with_body = body->len > 0 && total == output->bytes;
    if (with_body) {
        pieces[count++] = (struct iovec){(void *)(uintptr_t)body->ptr, body->len};
        total += body->len;
    }
    ssize_t sent = send_pieces(connection->fd, pieces, count);
    if (sent < 0) {
        connection->blocked = errno == EAGAIN || errno == EWOULDBLOCK;
        connection->broken = !connection->blocked;
        return false;
    }
    size_t len = (size_t)sent;
    connection->progressed = true;
    connection->blocked = len < total;
    size_t queued = len < output->bytes ? len : output->bytes;
    http_output_consume(output, queued);
    if (with_body)
        *body = slice_from(*body, len - queued);
    return !connection->blocked;
}

bool http_connection_flush(http_connection_t *connection, spin_slice_t body) {
    while (!connection->blocked && !connection->broken && connection->output.bytes + body.len > 0)
        if (!send_some(connection, &body))
            break;
    if (!connection->broken && !http_output_append(&connection->output, body))
        connection->broken = true;
    return !connection->broken;
}

/* ── requests ────────────────────────────────────────────────────────────────────────────── */

static void refuse(http_connection_t *connection, unsigned status) {
    LOG_DEBUG("http request refused", LOG_INT("status", status));
    connection->last = connection->drain = true;
    connection->broken |= !http_response_queue_error(connection, status);
}

void http_connection_end_exchange(http_connection_t *connection) {
    connection->handling = false;
    connection->server->active--;
    connection->response = (http_response_t){0};
    connection->choked = false;
    if (connection->last)
        connection->drain |= http_input_has_more(&connection->input);
    http_input_done(&connection->input);
    if (connection->processing)
        return;
    bool more = connection->input.block != NULL || connection->eof;
    if (more && !connection->last) { /* not on the handler's stack */
        http_server_make_ready(connection);
        return;
    }
    http_connection_flush(connection, (spin_slice_t){NULL, 0});
    http_connection_settle(connection);
}

static void dispatch(http_connection_t *connection) {
    net_server_t *server = connection->server;
    http_request_t *request = connection->input.request;
    if (connection->timeout_kind == TIMEOUT_REQUEST)
        set_timeout(connection, TIMEOUT_NONE);
    request->connection = connection;
    connection->handling = true;
    server->active++;
    server->handler.request(&request->exchange, server->handler.user);
}

static bool can_take_request(const http_connection_t *connection) {
    return !connection->handling && !connection->last && !connection->broken &&
           !connection->closing && connection->output.bytes <= HTTP_OUTPUT_HIGH;
}

/* Under load, a client on the same processor takes it over with every answer that it is sent: small
 * answers wait until all connections that the loop has polled are handled, and then go out one
 * after the other. False the second time, when they must go. */
static bool hold_answers(http_connection_t *connection) {
    size_t bytes = connection->output.bytes;
    connection->held = !connection->held && bytes > 0 && bytes <= HELD_BYTES;
    if (connection->held)
        http_server_make_ready(connection);
    return connection->held;
}

/* Handles what has arrived, then sends the answers together. */
static void process(http_connection_t *connection) {
    if (connection->processing)
        return;
    connection->processing = true;
    unsigned turns = 0;
    unsigned status = 0;
    while (can_take_request(connection)) {
        if (turns == REQUESTS_PER_TURN) {
            http_server_make_ready(connection);
            break;
        }
        http_input_event_t event = http_input_next(&connection->input, &status);
        if (event == INPUT_EVENT_MORE) {
            connection->last = connection->eof;
            break;
        }
        if (event == INPUT_EVENT_BAD) {
            refuse(connection, status);
        } else if (event == INPUT_EVENT_CONTINUE) {
            connection->broken |= !http_output_append(
                &connection->output, SLICE_LITERAL("HTTP/1.1 100 Continue\r\n\r\n"));
        } else {
            turns++;
            dispatch(connection);
        }
    }
    connection->processing = false;
    if (connection->closing)
        return;
    if (hold_answers(connection))
        return;
    http_connection_flush(connection, (spin_slice_t){NULL, 0});
    http_connection_settle(connection);
}

void http_connection_ready(http_connection_t *connection) {
    if (connection->broken)
        http_connection_fail(connection);
    else
        process(connection);
}

/* ── receiving ───────────────────────────────────────────────────────────────────────────── */

/* Whether a byte came. */
static bool drain(http_connection_t *connection) {
    net_server_t *server = connection->server;
    ssize_t len = recv(connection->fd, server->scratch, sizeof server->scratch, 0);
    if (len > 0) {
        connection->drained += (size_t)len;
        if (connection->drained > DRAIN_LIMIT)
            connection->broken = true;
    } else if (len == 0) {
        connection->eof = true;
    } else if (errno != EAGAIN && errno != EINTR) {
        connection->broken = true;
    }
    return len > 0;
}

/* Whether the socket may have more. */
static bool receive(http_connection_t *connection) {
    http_input_t *input = &connection->input;
    uint8_t *ptr;
    size_t room;
    if (!http_input_space(input, &ptr, &room)) {
        connection->broken = true;
        return false;
    }
    ssize_t len = recv(connection->fd, ptr, room, 0);
    int error = len < 0 ? errno : 0;
    http_input_filled(input, len > 0 ? (size_t)len : 0);
    connection->eof = len == 0;
    if (error != 0 && error != EAGAIN && error != EINTR)
        connection->broken = true;
    return len > 0 && (size_t)len == room;
}

/* Whether to read. What can't be parsed yet, or never will be, stays with the client. */
static bool wants_bytes(const http_connection_t *connection) {
    if (connection->eof || connection->drain)
        return !connection->eof;
    if (connection->handling)
        return http_input_has_space(&connection->input);
    return !connection->last && connection->output.bytes <= HTTP_OUTPUT_HIGH;
}

static void on_readable(http_connection_t *connection) {
    for (unsigned i = 0; i < READS_PER_TURN && !connection->broken && !connection->closing; i++) {
        if (!wants_bytes(connection))
            return;
        if (connection->drain) {
            if (!drain(connection))
                return;
            continue;
        }
        bool more = receive(connection);
        if (!connection->handling)
            process(connection);
        if (!more)
            return;
    }
}

static void on_writable(http_connection_t *connection) {
    net_server_t *server = connection->server;
    connection->blocked = false;
    if (!http_connection_flush(connection, (spin_slice_t){NULL, 0}))
        return;
    if (!connection->handling) {
        process(connection); /* it may have waited for room */
        return;
    }
    if (connection->choked && connection->output.bytes <= HTTP_OUTPUT_LOW) {
        connection->choked = false;
        if (server->handler.writable != NULL)
            server->handler.writable(&connection->input.request->exchange, server->handler.user);
    }
}

/* An urgent byte has no meaning here, but would be reported again and again. */
static void drop_urgent(http_connection_t *connection) {
    uint8_t byte;
    if (recv(connection->fd, &byte, 1, MSG_OOB) < 0 && errno != EAGAIN && errno != EINVAL)
        connection->broken = true;
}

static void on_event(uv_poll_t *poll, int status, int events) {
    http_connection_t *connection = poll->data;
    if (status < 0) { /* reset by the client */
        http_connection_fail(connection);
        return;
    }
    if (events & UV_PRIORITIZED)
        drop_urgent(connection);
    if (events & UV_WRITABLE)
        on_writable(connection);
    if ((events & UV_READABLE) && !connection->closing)
        on_readable(connection);
    if (connection->broken && !connection->closing)
        http_connection_fail(connection);
    else if (!connection->held)
        http_connection_settle(connection);
}

/* ── the whole ───────────────────────────────────────────────────────────────────────────── */

static int interest_of(const http_connection_t *connection) {
    int interest =
        (wants_bytes(connection) ? UV_READABLE : 0) | (connection->blocked ? UV_WRITABLE : 0);
    /* With nothing to wait for, still hear of a reset: errors are reported to any interest. */
    return interest == 0 ? UV_PRIORITIZED : interest;
}

void http_connection_settle(http_connection_t *connection) {
    if (connection->closing || connection->processing)
        return;
    if (connection->broken) {
        if (connection->handling)
            http_server_make_ready(connection); /* `gone` never comes from within a response call */
        else
            http_connection_close(connection, true);
        return;
    }
    if (connection->last && !connection->handling && connection->output.bytes == 0) {
        finish(connection);
        if (connection->closing)
            return;
        if (connection->eof) {
            http_connection_close(connection, false);
            return;
        }
    }
    int interest = interest_of(connection);
    if (interest != connection->interest) {
        connection->interest = interest;
        uv_poll_start(&connection->poll, interest, on_event);
    }
    settle_timeout(connection);
}

void http_connection_expire(http_connection_t *connection) {
    uint8_t byte;
    switch (connection->timeout_kind) {
    case TIMEOUT_REQUEST:
        refuse(connection, 408);
        http_connection_flush(connection, (spin_slice_t){NULL, 0});
        http_connection_settle(connection);
        break;
    case TIMEOUT_HALF:
    case TIMEOUT_WRITE: http_connection_fail(connection); break;
    case TIMEOUT_GRACE:
    case TIMEOUT_IDLE:
        if (recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
            set_timeout(connection, connection->timeout_kind); /* just in time */
        else
            http_connection_close(connection, false);
        break;
    default: http_connection_close(connection, false); break;
    }
}

bool http_connection_open(http_connection_t *connection, net_server_t *server, int fd) {
    connection->server = server;
    connection->fd = fd;
    http_list_init(&connection->ready);
    http_list_init(&connection->timeout);
    http_input_init(&connection->input, &server->pool, &server->limits);
    connection->output.pool = &server->pool;
    if (uv_poll_init_socket(server->loop, &connection->poll, fd) != 0)
        return false;
    connection->poll.data = connection;
    http_list_append(&server->connections, &connection->all);
    http_connection_settle(connection);
    return true;
}
