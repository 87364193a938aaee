#include "net/stream.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "net/stream_lookup.h"

enum {
    READ_SIZE = 64 * 1024,
    READS_PER_TURN = 4, /* then others have their turn */
    MAX_RESTS = 64,
    KEPT_BYTES = NET_STREAM_ENOUGH,
    LEAST_SHARE_MS = 250, /* of the time for connecting, for one address */
    KEEPALIVE_IDLE_S = 60,
    KEEPALIVE_INTERVAL_S = 15,
    KEEPALIVE_COUNT = 4,
};

typedef enum phase {
    PHASE_NEW = 0,
    PHASE_LOOKUP,
    PHASE_CONNECTING,
    PHASE_HANDSHAKE,
    PHASE_OPEN,
    PHASE_BROKEN,
    PHASE_CLOSED,
} phase_t;

/* Each attempt to connect has its own, as a closed handle lives on for a turn. */
typedef struct watch {
    uv_poll_t poll;
    int fd;
} watch_t;

struct net_stream {
    uv_loop_t *loop;
    net_stream_handler_t handler;
    phase_t phase;
    char *host;
    char *path;
    uint16_t port;
    uint64_t timeout_ms;

    net_lookup_t *lookup;   /* under way, or NULL */
    struct addrinfo *infos; /* all addresses */
    const struct addrinfo *trying;
    const struct addrinfo *next;
    spin_error_t *failed; /* of the last address that was tried */
    uint64_t deadline;    /* on the loop's clock, for being connected; 0: none */

    watch_t *watch; /* the socket; NULL: none */
    int events;     /* that are watched */
    bool paused;
    bool unref;
    bool no_memory;
    bool full; /* net_stream_write said "enough" */

    net_tls_t *tls;
    net_tls_session_t *session;
    bool held;   /* paused with bytes in the session */
    buf_t plain; /* TLS: to be encrypted */
    buf_t wire;  /* to be sent, from `sent` on */
    size_t sent;

    size_t handles;
    uv_timer_t timer;
    uv_idle_t soon; /* active: there is something to do in the loop's next turn */
};

static void on_soon(uv_idle_t *soon);
static void try_next(net_stream_t *stream);

static void do_soon(net_stream_t *stream) {
    uv_idle_start(&stream->soon, on_soon);
}

/* ── the socket ──────────────────────────────────────────────────────────────────────────── */

static void free_watch(uv_handle_t *handle) {
    mem_free((watch_t *)(void *)handle); /* whose first member it is */
}

static void drop_socket(net_stream_t *stream) {
    watch_t *watch = stream->watch;
    if (watch == NULL)
        return;
    stream->watch = NULL;
    stream->events = 0;
    uv_close((uv_handle_t *)&watch->poll, free_watch);
    close(watch->fd);
}

static void apply_ref(net_stream_t *stream) {
    if (stream->watch != NULL && stream->unref)
        uv_unref((uv_handle_t *)&stream->watch->poll);
    else if (stream->watch != NULL)
        uv_ref((uv_handle_t *)&stream->watch->poll);
}

/* Nothing but the close is due. */
static void shut(net_stream_t *stream, phase_t phase) {
    stream->phase = phase;
    if (stream->lookup != NULL)
        net_lookup_cancel(stream->lookup);
    stream->lookup = NULL;
    uv_timer_stop(&stream->timer);
    uv_idle_stop(&stream->soon);
    drop_socket(stream);
}

/* `error` NULL: in an orderly way. */
static void break_off(net_stream_t *stream, spin_error_t *error) {
    shut(stream, PHASE_BROKEN);
    stream->handler.broken(error, stream->handler.user);
}

static bool is_over(const net_stream_t *stream) {
    return stream->phase >= PHASE_BROKEN;
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void watch_for(net_stream_t *stream, int events) {
    if (stream->watch == NULL || events == stream->events)
        return;
    stream->events = events;
    if (events == 0)
        uv_poll_stop(&stream->watch->poll);
    else
        uv_poll_start(&stream->watch->poll, events, on_poll);
}

static bool has_unsent(const net_stream_t *stream) {
    return stream->sent < stream->wire.len;
}

static void settle_events(net_stream_t *stream) {
    int events = 0;
    if (!stream->paused || stream->phase == PHASE_HANDSHAKE)
        events |= UV_READABLE;
    if (has_unsent(stream))
        events |= UV_WRITABLE;
    watch_for(stream, events);
}

/* ── sending ─────────────────────────────────────────────────────────────────────────────── */

static void release_if_large(buf_t *buf) {
    if (buf->cap > KEPT_BYTES)
        buf_deinit(buf);
    else
        buf_clear(buf);
}

/* Plain bytes become bytes of TLS. */
static spin_error_t *encrypt(net_stream_t *stream) {
    if (stream->session == NULL)
        return NULL;
    spin_error_t *error = NULL;
    if (stream->phase == PHASE_OPEN && stream->plain.len > 0) {
        error = net_tls_write(stream->session, buf_slice(&stream->plain));
        release_if_large(&stream->plain);
    }
    spin_slice_t output = net_tls_output(stream->session);
    if (error == NULL && output.len > 0) {
        buf_append(&stream->wire, output);
        net_tls_output_taken(stream->session);
        if (stream->wire.failed)
            error = error_no_memory();
    }
    return error;
}

/* As much as the kernel takes. */
static spin_error_t *send_wire(net_stream_t *stream) {
    while (has_unsent(stream)) {
        spin_slice_t rest = slice_from(buf_slice(&stream->wire), stream->sent);
        ssize_t sent = send(stream->watch->fd, rest.ptr, rest.len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return NULL;
        if (sent < 0)
            return error_from_errno(errno, "sending");
        stream->sent += (size_t)sent;
    }
    release_if_large(&stream->wire);
    stream->sent = 0;
    return NULL;
}

static void flush(net_stream_t *stream) {
    spin_error_t *error = encrypt(stream);
    if (error == NULL)
        error = send_wire(stream);
    if (error != NULL) {
        break_off(stream, error);
        return;
    }
    settle_events(stream);
    if (stream->full && net_stream_unsent(stream) == 0) {
        stream->full = false;
        if (stream->handler.writable != NULL)
            stream->handler.writable(stream->handler.user);
    }
}

size_t net_stream_unsent(const net_stream_t *stream) {
    return stream->plain.len + stream->wire.len - stream->sent;
}

bool net_stream_write(net_stream_t *stream, spin_slice_t bytes) {
    if (is_over(stream))
        return true;
    bool encrypted = stream->tls != NULL;
    buf_t *buf = encrypted ? &stream->plain : &stream->wire;
    if (!encrypted && stream->sent > 0 && buf->len + bytes.len > buf->cap) {
        buf_consume(buf, stream->sent); /* rather than to grow */
        stream->sent = 0;
    }
    buf_append(buf, bytes);
    stream->no_memory |= buf->failed;
    if (stream->phase == PHASE_OPEN || buf->failed)
        do_soon(stream);
    stream->full |= net_stream_unsent(stream) > NET_STREAM_ENOUGH;
    return !stream->full;
}

/* ── receiving ───────────────────────────────────────────────────────────────────────────── */

/* Hands out what the session has; false when the stream is over, or paused. */
static bool pump(net_stream_t *stream) {
    uint8_t buffer[READ_SIZE / 4]; /* a record of TLS */
    stream->held = false;
    for (;;) {
        size_t len = 0;
        bool ended = false;
        spin_error_t *error = net_tls_read(stream->session, buffer, sizeof buffer, &len, &ended);
        if (error != NULL || ended) {
            break_off(stream, error);
            return false;
        }
        if (len == 0)
            return true;
        stream->handler.received(spin_slice_of(buffer, len), stream->handler.user);
        if (is_over(stream))
            return false;
        if (stream->paused) {
            stream->held = true;
            return false;
        }
    }
}

static void become_open(net_stream_t *stream) {
    stream->phase = PHASE_OPEN;
    uv_timer_stop(&stream->timer);
    do_soon(stream); /* what was written before */
    settle_events(stream);
    stream->handler.connected(stream->handler.user);
}

/* False when the stream is over, or there is nothing to read from it yet. */
static bool go_on_with_handshake(net_stream_t *stream) {
    bool done = false;
    spin_error_t *error = net_tls_handshake(stream->session, &done);
    spin_error_t *unsent = encrypt(stream); /* an alert goes out too */
    if (unsent == NULL)
        unsent = send_wire(stream);
    if (error == NULL)
        error = unsent;
    else
        spin_error_free(unsent);
    if (error != NULL) {
        break_off(stream, error);
        return false;
    }
    settle_events(stream);
    if (done)
        become_open(stream);
    return stream->phase == PHASE_OPEN && !stream->paused;
}

/* What came off the socket; false when there is no point in reading on. */
static bool take(net_stream_t *stream, spin_slice_t bytes) {
    if (stream->session == NULL) {
        stream->handler.received(bytes, stream->handler.user);
        return !is_over(stream) && !stream->paused;
    }
    spin_error_t *error = net_tls_feed(stream->session, bytes);
    if (error != NULL) {
        break_off(stream, error);
        return false;
    }
    if (stream->phase == PHASE_HANDSHAKE && !go_on_with_handshake(stream)) {
        stream->held = stream->phase == PHASE_OPEN; /* and paused */
        return stream->phase == PHASE_HANDSHAKE;
    }
    if (!pump(stream))
        return false;
    if (net_tls_output(stream->session).len > 0) /* a change of keys, say */
        do_soon(stream);
    return true;
}

static void read_some(net_stream_t *stream) {
    uint8_t buffer[READ_SIZE];
    for (unsigned left = READS_PER_TURN; left > 0 && stream->watch != NULL; left--) {
        ssize_t len = recv(stream->watch->fd, buffer, sizeof buffer, 0);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (len <= 0) {
            if (stream->phase == PHASE_HANDSHAKE && len == 0)
                break_off(stream, error_new(SPIN_ERROR_IO, "TLS: the server closed the connection "
                                                           "in the handshake: does it speak TLS?"));
            else
                break_off(stream, len == 0 ? NULL : error_from_errno(errno, "receiving"));
            return;
        }
        if (!take(stream, spin_slice_of(buffer, (size_t)len)) || len < (ssize_t)sizeof buffer)
            return;
    }
}

/* ── connecting ──────────────────────────────────────────────────────────────────────────── */

static void fail_address(net_stream_t *stream, spin_error_t *error) {
    drop_socket(stream);
    spin_error_free(stream->failed);
    stream->failed = error;
    try_next(stream);
}

static void on_timer(uv_timer_t *timer);

static void arm_timer(net_stream_t *stream, uint64_t wait_ms) {
    uint64_t now = uv_now(stream->loop);
    if (stream->deadline != 0 && now + wait_ms > stream->deadline)
        wait_ms = stream->deadline > now ? stream->deadline - now : 0;
    if (stream->deadline != 0)
        uv_timer_start(&stream->timer, on_timer, wait_ms, 0);
}

static spin_error_t *begin_tls(net_stream_t *stream) {
    spin_error_t *error = net_tls_session_new(stream->tls, stream->host, &stream->session);
    if (error == NULL)
        stream->phase = PHASE_HANDSHAKE;
    return error;
}

static void on_connected(net_stream_t *stream) {
    if (stream->tls == NULL) {
        become_open(stream);
        return;
    }
    spin_error_t *error = begin_tls(stream);
    if (error != NULL) {
        break_off(stream, error);
        return;
    }
    arm_timer(stream, stream->timeout_ms); /* no other address has its turn any more */
    go_on_with_handshake(stream);
}

/* "192.0.2.1 port 6379" */
static spin_error_t *connect_error(const net_stream_t *stream, spin_error_t *cause) {
    char text[NI_MAXHOST] = "";
    if (stream->path != NULL)
        return error_wrap(cause, "can't connect to \"%s\"", stream->path);
    getnameinfo(stream->trying->ai_addr, stream->trying->ai_addrlen, text, sizeof text, NULL, 0,
                NI_NUMERICHOST);
    return error_wrap(cause, "can't connect to %s port %u", text, stream->port);
}

static spin_error_t *connect_errno(const net_stream_t *stream, int number) {
    return connect_error(stream, error_new(SPIN_ERROR_IO, "%s", strerror(number)));
}

static void look_at_connection(net_stream_t *stream) {
    int number = 0;
    socklen_t len = sizeof number;
    if (getsockopt(stream->watch->fd, SOL_SOCKET, SO_ERROR, &number, &len) != 0)
        number = errno;
    if (number != 0)
        fail_address(stream, connect_errno(stream, number));
    else
        on_connected(stream);
}

/* The socket has failed, which libuv tells as an error of its own, once. What came before is still
 * there, and behind it the reason. */
static void take_the_rest(net_stream_t *stream) {
    int number = 0;
    socklen_t len = sizeof number;
    for (unsigned i = 0; i < MAX_RESTS && !is_over(stream) && !stream->paused; i++)
        read_some(stream);
    if (is_over(stream))
        return;
    getsockopt(stream->watch->fd, SOL_SOCKET, SO_ERROR, &number, &len);
    break_off(stream, error_from_errno(number == 0 ? EIO : number, "receiving"));
}

static void on_poll(uv_poll_t *poll, int status, int events) {
    net_stream_t *stream = poll->data;
    if (stream->watch == NULL || poll != &stream->watch->poll)
        return;
    if (stream->phase == PHASE_CONNECTING) {
        look_at_connection(stream);
        return;
    }
    if (status < 0) {
        take_the_rest(stream);
        return;
    }
    if ((events & UV_WRITABLE) != 0)
        flush(stream);
    if ((events & UV_READABLE) != 0 && stream->watch != NULL &&
        (!stream->paused || stream->phase == PHASE_HANDSHAKE))
        read_some(stream);
}

/* Finds dead ends that no data would ever show, and sends small commands at once. */
static void set_options(int fd) {
    static const struct {
        int level, option, value;
    } options[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},
        {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S},
        {IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S},
        {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        setsockopt(fd, options[i].level, options[i].option, &options[i].value, sizeof(int));
}

/* The socket under a handle. Takes `fd`. */
static spin_error_t *add_watch(net_stream_t *stream, int fd) {
    watch_t *watch = mem_calloc(1, sizeof *watch);
    int code = watch == NULL ? UV_ENOMEM : uv_poll_init(stream->loop, &watch->poll, fd);
    if (code != 0) {
        close(fd);
        mem_free(watch);
        return watch == NULL ? error_no_memory()
                             : error_new(SPIN_ERROR_IO, "event loop: %s", uv_strerror(code));
    }
    watch->fd = fd;
    watch->poll.data = stream;
    stream->watch = watch;
    apply_ref(stream);
    watch_for(stream, UV_WRITABLE);
    return NULL;
}

static spin_error_t *connect_socket(net_stream_t *stream, const struct sockaddr *address,
                                    socklen_t len) {
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return connect_errno(stream, errno);
    if (address->sa_family != AF_UNIX)
        set_options(fd);
    if (connect(fd, address, len) != 0 && errno != EINPROGRESS) {
        int number = errno;
        close(fd);
        return connect_errno(stream, number);
    }
    return add_watch(stream, fd);
}

/* What is left of the time is shared by the addresses that are left. */
static void try_next(net_stream_t *stream) {
    while (stream->next != NULL) {
        uint64_t now = uv_now(stream->loop), left = 0;
        for (const struct addrinfo *each = stream->next; each != NULL; each = each->ai_next)
            left++;
        stream->trying = stream->next;
        stream->next = stream->next->ai_next;
        spin_error_t *error =
            connect_socket(stream, stream->trying->ai_addr, stream->trying->ai_addrlen);
        if (error == NULL) {
            uint64_t share = now < stream->deadline ? (stream->deadline - now) / left : 0;
            arm_timer(stream, share < LEAST_SHARE_MS ? LEAST_SHARE_MS : share);
            return;
        }
        spin_error_free(stream->failed);
        stream->failed = error;
    }
    spin_error_t *error = stream->failed;
    stream->failed = NULL;
    break_off(stream, error);
}

static spin_error_t *timeout_error(const net_stream_t *stream) {
    return error_new(SPIN_ERROR_TIMEOUT, "no answer within %llu ms",
                     (unsigned long long)stream->timeout_ms);
}

static void on_timer(uv_timer_t *timer) {
    net_stream_t *stream = timer->data;
    spin_error_t *error = timeout_error(stream);
    if (stream->phase == PHASE_CONNECTING) {
        fail_address(stream, connect_error(stream, error));
        return;
    }
    break_off(stream, stream->phase == PHASE_HANDSHAKE
                          ? error_wrap(error, "TLS: handshake")
                          : error_wrap(error, "looking up \"%s\"", stream->host));
}

static void connect_to(net_stream_t *stream, struct addrinfo *infos) {
    stream->infos = infos;
    stream->next = infos;
    stream->phase = PHASE_CONNECTING;
    try_next(stream);
}

static void on_lookup(struct addrinfo *infos, spin_error_t *error, void *user) {
    net_stream_t *stream = user;
    stream->lookup = NULL;
    if (error != NULL)
        break_off(stream, error);
    else
        connect_to(stream, infos);
}

static void connect_to_path(net_stream_t *stream) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    spin_error_t *error = NULL;
    stream->phase = PHASE_CONNECTING;
    if (strlen(stream->path) < sizeof address.sun_path) {
        memcpy(address.sun_path, stream->path, strlen(stream->path) + 1);
        error = connect_socket(stream, (const struct sockaddr *)&address, sizeof address);
    } else {
        error = connect_errno(stream, ENAMETOOLONG);
    }
    if (error != NULL)
        break_off(stream, error);
    else
        arm_timer(stream, stream->timeout_ms);
}

static void begin(net_stream_t *stream) {
    if (stream->path != NULL) {
        connect_to_path(stream);
        return;
    }
    struct addrinfo *infos = net_lookup_numeric(stream->host, stream->port);
    if (infos != NULL) {
        connect_to(stream, infos);
        return;
    }
    stream->phase = PHASE_LOOKUP;
    spin_error_t *error = net_lookup_start(stream->loop, stream->host, stream->port, on_lookup,
                                           stream, &stream->lookup);
    if (error != NULL)
        break_off(stream, error);
    else
        arm_timer(stream, stream->timeout_ms);
}

/* ── the loop's next turn ────────────────────────────────────────────────────────────────── */

static void on_soon(uv_idle_t *soon) {
    net_stream_t *stream = soon->data;
    uv_idle_stop(soon);
    if (stream->no_memory) {
        break_off(stream, error_no_memory());
        return;
    }
    if (stream->phase == PHASE_NEW) {
        begin(stream);
        return;
    }
    if (stream->held && !stream->paused && !pump(stream) && is_over(stream))
        return;
    if (stream->phase == PHASE_OPEN)
        flush(stream);
}

void net_stream_pause(net_stream_t *stream) {
    stream->paused = true;
    if (!is_over(stream) && stream->phase == PHASE_OPEN)
        settle_events(stream);
}

void net_stream_resume(net_stream_t *stream) {
    stream->paused = false;
    if (stream->phase != PHASE_OPEN)
        return;
    settle_events(stream);
    if (stream->held)
        do_soon(stream);
}

void net_stream_set_ref(net_stream_t *stream, bool ref) {
    stream->unref = !ref;
    if (!is_over(stream))
        apply_ref(stream);
}

/* ── life ────────────────────────────────────────────────────────────────────────────────── */

static void on_closed(uv_handle_t *handle) {
    net_stream_t *stream = handle->data;
    if (--stream->handles > 0)
        return;
    if (stream->infos != NULL)
        freeaddrinfo(stream->infos);
    spin_error_free(stream->failed);
    net_tls_session_free(stream->session);
    net_tls_unref(stream->tls);
    buf_deinit(&stream->plain);
    buf_deinit(&stream->wire);
    mem_free(stream->host);
    mem_free(stream->path);
    mem_free(stream);
}

void net_stream_close(net_stream_t *stream) {
    if (stream == NULL || stream->phase == PHASE_CLOSED)
        return;
    if (stream->phase == PHASE_OPEN) {
        spin_error_t *error = encrypt(stream);
        if (error == NULL && stream->session != NULL) {
            net_tls_finish(stream->session);
            error = encrypt(stream);
        }
        if (error == NULL)
            error = send_wire(stream);
        spin_error_free(error); /* nobody waits for it any more */
    }
    shut(stream, PHASE_CLOSED);
    uv_close((uv_handle_t *)&stream->timer, on_closed);
    uv_close((uv_handle_t *)&stream->soon, on_closed);
}

static spin_error_t *copy_target(net_stream_t *stream, const net_stream_target_t *target) {
    if (target->host != NULL)
        stream->host = mem_copy_text(spin_slice(target->host));
    else
        stream->path = mem_copy_text(spin_slice(target->path));
    stream->port = target->port;
    stream->timeout_ms = target->timeout_ms;
    return stream->host == NULL && stream->path == NULL ? error_no_memory() : NULL;
}

spin_error_t *net_stream_open(uv_loop_t *loop, const net_stream_target_t *target,
                              const net_stream_handler_t *handler, net_stream_t **out) {
    net_stream_t *stream = mem_calloc(1, sizeof *stream);
    if (stream == NULL)
        return error_no_memory();
    spin_error_t *error = copy_target(stream, target);
    if (error != NULL) {
        mem_free(stream);
        return error;
    }
    stream->loop = loop;
    stream->handler = *handler;
    if (target->tls != NULL && target->host != NULL)
        stream->tls = net_tls_ref(target->tls);
    uv_update_time(loop);
    if (target->timeout_ms != 0)
        stream->deadline = uv_now(loop) + target->timeout_ms;
    uv_timer_init(loop, &stream->timer);
    uv_idle_init(loop, &stream->soon);
    stream->handles = 2;
    stream->timer.data = stream->soon.data = stream;
    do_soon(stream); /* the owner is told nothing before this returns */
    *out = stream;
    return NULL;
}
