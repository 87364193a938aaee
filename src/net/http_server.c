#include "net/http_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"

enum {
    ACCEPTS_PER_TURN = 64,
    SPARE_CONNECTIONS = 256,
    TICK_MIN_MS = 10,
    TICK_MAX_MS = 500,
    TICK_STOPPING_MS = 20,
    LISTEN_GRACE_MS = 100, /* for handshakes under way when we stop */
};

net_server_limits_t net_server_limits_default(void) {
    return (net_server_limits_t){
        .header_bytes = 64 << 10,
        .headers = 100,
        .body_bytes = 10 << 20,
        .connections = 10000,
        .request_timeout_ms = 30000,
        .idle_timeout_ms = 60000,
        .write_timeout_ms = 30000,
    };
}

/* ── small services ──────────────────────────────────────────────────────────────────────── */

const char *http_server_date(net_server_t *server) {
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    uint64_t now = uv_now(server->loop);
    if (now < server->date_until)
        return server->date;
    struct timespec wall;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &wall);
    gmtime_r(&wall.tv_sec, &tm);
    char text[64]; /* IMF-fixdate (RFC 9110 section 5.6.7), whatever the locale */
    snprintf(text, sizeof text, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + tm.tm_wday * 3,
             tm.tm_mday, months + tm.tm_mon * 3, tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
             tm.tm_sec);
    memcpy(server->date, text, HTTP_DATE_LEN);
    server->date_until = now + 1000 - (uint64_t)wall.tv_nsec / 1000000;
    return server->date;
}

void http_server_make_ready(http_connection_t *connection) {
    if (!connection->closing && http_list_is_empty(&connection->ready))
        http_list_append(&connection->server->ready, &connection->ready);
}

size_t net_server_active(const net_server_t *server) {
    return server->active;
}

static void on_idle(uv_idle_t *idle) {
    (void)idle; /* keeps the loop from sleeping */
}

static void work_off_ready(net_server_t *server) {
    http_link_t batch; /* what becomes ready meanwhile waits until the loop has polled */
    http_list_take(&server->ready, &batch);
    while (!http_list_is_empty(&batch)) {
        http_connection_t *connection = HTTP_LIST_ITEM(batch.next, http_connection_t, ready);
        http_list_remove(&connection->ready);
        http_connection_ready(connection);
    }
    if (server->freeing)
        return;
    if (http_list_is_empty(&server->ready))
        uv_idle_stop(&server->idle);
    else
        uv_idle_start(&server->idle, on_idle);
}

static void on_prepare(uv_prepare_t *prepare) {
    work_off_ready(prepare->data);
}

static void on_check(uv_check_t *check) {
    work_off_ready(check->data);
}

/* ── end of life ─────────────────────────────────────────────────────────────────────────── */

static void finish_free(net_server_t *server) {
    if (server->handles > 0 || server->connections_len > 0)
        return;
    while (!http_list_is_empty(&server->spare)) {
        http_connection_t *connection = HTTP_LIST_ITEM(server->spare.next, http_connection_t, all);
        http_list_remove(&connection->all);
        mem_free(connection);
    }
    http_pool_deinit(&server->pool);
    void (*closed)(void *user) = server->closed;
    void *user = server->closed_user;
    mem_free(server);
    if (closed != NULL)
        closed(user);
}

static void on_handle_closed(uv_handle_t *handle) {
    net_server_t *server = handle->data;
    server->handles--;
    if (server->freeing)
        finish_free(server);
}

/* The ticker keeps the loop alive in place of a paused listener, and until a stop is done. */
static void release_loop(net_server_t *server) {
    if (!server->stopping)
        uv_unref((uv_handle_t *)&server->ticker);
}

static void close_listener(net_server_t *server) {
    if (!server->listening)
        return;
    server->listening = server->accepting = false;
    release_loop(server);
    uv_close((uv_handle_t *)&server->listener, on_handle_closed);
    close(server->fd);
}

static void check_stopped(net_server_t *server) {
    if (!server->stopping || server->stopped || server->freeing || server->listening ||
        server->connections_len > 0)
        return;
    server->stopped = true;
    uv_timer_stop(&server->ticker);
    if (server->done != NULL)
        server->done(server->done_user);
}

static void cut_off(net_server_t *server) {
    while (!http_list_is_empty(&server->connections))
        http_connection_fail(HTTP_LIST_ITEM(server->connections.next, http_connection_t, all));
}

/* ── accepting ───────────────────────────────────────────────────────────────────────────── */

static void on_tick(uv_timer_t *timer);
static void on_listener(uv_poll_t *poll, int status, int events);

static void start_ticking(net_server_t *server) {
    if (!uv_is_active((uv_handle_t *)&server->ticker))
        uv_timer_start(&server->ticker, on_tick, server->tick_ms, server->tick_ms);
}

/* Further connections stay in the listen queue; a closed one or a tick tries again. */
static void pause_accepting(net_server_t *server) {
    server->accepting = false;
    uv_poll_stop(&server->listener);
    start_ticking(server);
    uv_ref((uv_handle_t *)&server->ticker);
}

static void resume_accepting(net_server_t *server) {
    if (!server->listening || server->accepting ||
        server->connections_len >= server->limits.connections)
        return;
    server->accepting = true;
    release_loop(server);
    uv_poll_start(&server->listener, UV_READABLE, on_listener);
}

static http_connection_t *take_connection(net_server_t *server) {
    http_connection_t *connection;
    if (http_list_is_empty(&server->spare)) {
        connection = mem_alloc(sizeof *connection);
    } else {
        connection = HTTP_LIST_ITEM(server->spare.next, http_connection_t, all);
        http_list_remove(&connection->all);
        server->spare_len--;
    }
    if (connection != NULL)
        memset(connection, 0, sizeof *connection);
    return connection;
}

static void spare_connection(net_server_t *server, http_connection_t *connection) {
    if (server->spare_len >= SPARE_CONNECTIONS) {
        mem_free(connection);
        return;
    }
    http_list_init(&connection->all);
    http_list_append(&server->spare, &connection->all);
    server->spare_len++;
}

void http_server_recycle(http_connection_t *connection) {
    net_server_t *server = connection->server;
    server->connections_len--;
    spare_connection(server, connection);
    if (server->freeing) {
        finish_free(server);
        return;
    }
    resume_accepting(server);
    check_stopped(server);
}

static bool adopt(net_server_t *server, int fd, const struct sockaddr_in6 *peer) {
    http_connection_t *connection = take_connection(server);
    if (connection == NULL)
        return false;
    memcpy(&connection->peer, peer, sizeof connection->peer);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (!http_connection_open(connection, server, fd)) {
        spare_connection(server, connection);
        return false;
    }
    server->connections_len++;
    start_ticking(server);
    return true;
}

/* What accept4 left in errno; false when the queue must wait. */
static bool survive_accept_error(net_server_t *server) {
    switch (errno) {
    case EAGAIN: return false;
    case EINTR:
    case ECONNABORTED: /* that connection is lost already, with an error of its own (accept(2)) */
    case EPROTO:
    case ETIMEDOUT:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH: return true;
    case EINVAL: /* somebody has shut the socket down */
        if (server->stopping) {
            close_listener(server);
            return false;
        }
        break;
    default: break; /* no descriptors, no memory */
    }
    LOG_WARN("can't accept connections for now", LOG_TEXT("reason", strerror(errno)));
    pause_accepting(server);
    return false;
}

/* Takes up to `count` connections; false when the queue is empty or must wait. */
static bool accept_some(net_server_t *server, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (server->connections_len >= server->limits.connections) {
            pause_accepting(server);
            return false;
        }
        struct sockaddr_in6 peer;
        socklen_t size = sizeof peer;
        int fd = accept4(server->fd, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (!survive_accept_error(server))
                return false;
            continue;
        }
        if (!adopt(server, fd, &peer)) {
            close(fd);
            LOG_WARN("can't keep a connection: out of memory");
            pause_accepting(server);
            return false;
        }
    }
    return true;
}

static void on_listener(uv_poll_t *poll, int status, int events) {
    net_server_t *server = poll->data;
    (void)events;
    if (status < 0)
        pause_accepting(server);
    else
        accept_some(server, ACCEPTS_PER_TURN);
}

/* ── time ────────────────────────────────────────────────────────────────────────────────── */

static void expire(net_server_t *server, http_link_t *list) {
    uint64_t now = uv_now(server->loop);
    while (!http_list_is_empty(list)) {
        http_connection_t *connection = HTTP_LIST_ITEM(list->next, http_connection_t, timeout);
        if (connection->deadline > now)
            break;
        http_connection_expire(connection);
    }
}

static void tick_stopping(net_server_t *server) {
    uint64_t now = uv_now(server->loop);
    if (server->listening && now >= server->listen_deadline) {
        while (server->accepting && accept_some(server, ACCEPTS_PER_TURN))
            continue;
        if (server->accepting) /* the queue is empty */
            close_listener(server);
    }
    if (now >= server->stop_deadline) {
        close_listener(server);
        cut_off(server);
    }
    check_stopped(server);
}

static void on_tick(uv_timer_t *timer) {
    net_server_t *server = timer->data;
    for (http_timeout_t kind = TIMEOUT_IDLE; kind < TIMEOUT_COUNT && !server->freeing; kind++)
        expire(server, &server->timeouts[kind]);
    if (server->freeing)
        return;
    resume_accepting(server);
    if (server->stopping)
        tick_stopping(server);
    else if (server->connections_len == 0 && server->accepting)
        uv_timer_stop(timer);
}

/* Fine enough for the shortest deadline. */
static uint64_t tick_of(const net_server_limits_t *limits) {
    uint64_t shortest = limits->request_timeout_ms;
    if (limits->idle_timeout_ms < shortest)
        shortest = limits->idle_timeout_ms;
    if (limits->write_timeout_ms < shortest)
        shortest = limits->write_timeout_ms;
    shortest /= 4;
    return shortest < TICK_MIN_MS ? TICK_MIN_MS : shortest > TICK_MAX_MS ? TICK_MAX_MS : shortest;
}

/* ── life ────────────────────────────────────────────────────────────────────────────────── */

static void refuse_handshakes(int fd, bool refuse) {
    /* The filter sees the TCP header: byte 13 holds the flags, bit 1 is SYN. */
    static struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x02, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    if (refuse)
        setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
    else
        setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &(int){0}, sizeof(int));
}

static void init_handles(net_server_t *server) {
    uv_timer_init(server->loop, &server->ticker);
    uv_prepare_init(server->loop, &server->prepare);
    uv_check_init(server->loop, &server->check);
    uv_idle_init(server->loop, &server->idle);
    server->listener.data = server->ticker.data = server->idle.data = server;
    server->prepare.data = server->check.data = server;
    server->handles = 5;
    uv_prepare_start(&server->prepare, on_prepare);
    uv_check_start(&server->check, on_check);
    /* The loop lives as long as the listener or a connection does. */
    uv_unref((uv_handle_t *)&server->ticker);
    uv_unref((uv_handle_t *)&server->prepare);
    uv_unref((uv_handle_t *)&server->check);
}

spin_error_t *net_server_new(uv_loop_t *loop, int fd, const net_server_limits_t *limits,
                             const net_server_handler_t *handler, net_server_t **out) {
    net_server_t *server = mem_calloc(1, sizeof *server);
    if (server == NULL)
        return error_no_memory();
    server->loop = loop;
    server->limits = *limits;
    server->handler = *handler;
    server->tick_ms = tick_of(limits);
    http_list_init(&server->connections);
    http_list_init(&server->ready);
    http_list_init(&server->spare);
    for (size_t i = 0; i < TIMEOUT_COUNT; i++)
        http_list_init(&server->timeouts[i]);

    server->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (server->fd < 0) {
        spin_error_t *error = error_from_errno(errno, "listening socket");
        mem_free(server);
        return error;
    }
    int code = uv_poll_init_socket(loop, &server->listener, server->fd);
    if (code != 0) {
        close(server->fd);
        mem_free(server);
        return error_new(SPIN_ERROR_IO, "listening socket: %s", uv_strerror(code));
    }
    refuse_handshakes(server->fd, false);
    init_handles(server);
    server->listening = true;
    resume_accepting(server);
    *out = server;
    return NULL;
}

void net_server_stop(net_server_t *server, uint64_t grace_ms, void (*done)(void *user),
                     void *user) {
    bool again = server->stopping;
    uv_update_time(server->loop);
    uint64_t now = uv_now(server->loop);
    server->done = done;
    server->done_user = user;
    server->stop_deadline = grace_ms > UINT64_MAX - now ? UINT64_MAX : now + grace_ms;
    if (again)
        return;
    server->stopping = true;
    server->listen_deadline = now + LISTEN_GRACE_MS;
    refuse_handshakes(server->fd, true);
    while (server->accepting && accept_some(server, ACCEPTS_PER_TURN))
        continue;
    for (http_link_t *link = server->connections.next; link != &server->connections;) {
        http_connection_t *connection = HTTP_LIST_ITEM(link, http_connection_t, all);
        link = link->next; /* settling may close it */
        http_connection_settle(connection);
    }
    uv_timer_start(&server->ticker, on_tick, TICK_STOPPING_MS, TICK_STOPPING_MS);
    uv_ref((uv_handle_t *)&server->ticker);
}

void net_server_free(net_server_t *server, void (*closed)(void *user), void *user) {
    if (server == NULL)
        return;
    server->freeing = true;
    server->closed = closed;
    server->closed_user = user;
    cut_off(server);
    close_listener(server);
    uv_close((uv_handle_t *)&server->ticker, on_handle_closed);
    uv_close((uv_handle_t *)&server->prepare, on_handle_closed);
    uv_close((uv_handle_t *)&server->check, on_handle_closed);
    uv_close((uv_handle_t *)&server->idle, on_handle_closed);
}

/* ── addresses ───────────────────────────────────────────────────────────────────────────── */

static uint16_t format_address(const struct sockaddr *address, char *text) {
    const struct sockaddr_in6 *v6 = (const void *)address;
    const struct sockaddr_in *v4 = (const void *)address;
    if (address->sa_family == AF_INET) {
        inet_ntop(AF_INET, &v4->sin_addr, text, INET6_ADDRSTRLEN);
        return ntohs(v4->sin_port);
    }
    if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) /* a v4 client of a dual-stack socket */
        inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text, INET6_ADDRSTRLEN);
    else
        inet_ntop(AF_INET6, &v6->sin6_addr, text, INET6_ADDRSTRLEN);
    return ntohs(v6->sin6_port);
}

/* Both families keep the port at the same place (RFC 3493). */
static void copy_address(const struct sockaddr_in6 *address, char *cache, char *host, size_t size,
                         uint16_t *port) {
    if (cache[0] == '\0')
        format_address((const struct sockaddr *)address, cache);
    snprintf(host, size, "%s", cache);
    *port = ntohs(address->sin6_port);
}

void net_exchange_peer(const net_exchange_t *exchange, char *host, size_t size, uint16_t *port) {
    http_connection_t *connection = http_connection_of(exchange);
    copy_address(&connection->peer.v6, connection->peer_text, host, size, port);
}

void net_exchange_local(const net_exchange_t *exchange, char *host, size_t size, uint16_t *port) {
    http_connection_t *connection = http_connection_of(exchange);
    if (connection->local_text[0] == '\0') {
        socklen_t len = sizeof connection->local;
        getsockname(connection->fd, &connection->local.any, &len);
    }
    copy_address(&connection->local.v6, connection->local_text, host, size, port);
}
