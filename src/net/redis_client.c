#include "net/redis_client.h"

#include <hiredis/hiredis.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "net/stream.h"

static const uint64_t default_timeout_ms = 10 * 1000;
static const size_t default_reply_bytes = 512u << 20;

enum { FEW_ARGS = 16, MAX_REASON = 1024, STREAM_FIRST_MS = 50 };

typedef enum phase {
    PHASE_CONNECTING = 0, /* until it is authenticated and the database is chosen */
    PHASE_OPEN,
    PHASE_CLOSED,
    PHASE_FREED,
} phase_t;

struct net_redis_call {
    net_redis_call_t *next;
    net_redis_t *redis;
    net_redis_reply_fn fn; /* NULL: forgotten */
    void *user;
};

struct net_redis {
    uv_loop_t *loop;
    arena_t arena; /* the address */
    net_redis_url_t url;
    net_redis_options_t options;
    net_redis_handler_t handler;
    phase_t phase;
    bool paused;
    bool held; /* resumed, with replies in the reader that the loop's next turn hands out */

    net_stream_t *stream;
    net_redis_reader_t *reader;
    buf_t early; /* commands from before it was open */

    net_redis_call_t *calls; /* in the order of their commands */
    net_redis_call_t **calls_end;
    size_t waiting;
    size_t own; /* of which, this file's */
    bool pinging;
    size_t pongs; /* that a subscription's server owes */

    uv_timer_t timer;
    uint64_t timer_at; /* on the loop's clock; 0: off */
    uint64_t begun_at; /* to connect */
    uint64_t heard_at; /* the last bytes, or, if that was later, a command into silence */
    uint64_t used_at;  /* the last command or answer */
};

/* ── ending ──────────────────────────────────────────────────────────────────────────────── */

static void free_calls(net_redis_t *redis) {
    while (redis->calls != NULL) {
        net_redis_call_t *next = redis->calls->next;
        mem_free(redis->calls);
        redis->calls = next;
    }
    redis->calls_end = &redis->calls;
    redis->waiting = redis->own = 0;
}

static void on_timer_closed(uv_handle_t *handle) {
    net_redis_t *redis = handle->data;
    free_calls(redis);
    net_redis_reader_free(redis->reader);
    net_tls_unref(redis->options.tls);
    buf_deinit(&redis->early);
    arena_deinit(&redis->arena);
    mem_free(redis);
}

/* No more input and output. */
static void shut(net_redis_t *redis, phase_t phase) {
    redis->phase = phase;
    redis->timer_at = 0;
    uv_timer_stop(&redis->timer);
    net_stream_close(redis->stream);
    redis->stream = NULL;
}

void net_redis_free(net_redis_t *redis) {
    if (redis == NULL || redis->phase == PHASE_FREED)
        return;
    shut(redis, PHASE_FREED);
    uv_close((uv_handle_t *)&redis->timer, on_timer_closed);
}

static net_redis_call_t *take_call(net_redis_t *redis) {
    net_redis_call_t *call = redis->calls;
    redis->calls = call->next;
    if (redis->calls == NULL)
        redis->calls_end = &redis->calls;
    redis->waiting--;
    return call;
}

/* Tells everybody. `error` NULL: nobody is to blame. */
static void close_connection(net_redis_t *redis, spin_error_t *error) {
    char reason[MAX_REASON];
    spin_error_kind_t kind = SPIN_ERROR_CANCELLED;
    shut(redis, PHASE_CLOSED);
    if (error != NULL) {
        error = error_wrap(error, "%s", redis->url.shown);
        kind = spin_error_kind(error);
        spin_error_format(error, reason, sizeof reason);
    }
    while (redis->phase == PHASE_CLOSED && redis->calls != NULL) {
        net_redis_call_t *call = take_call(redis);
        if (call->fn != NULL)
            call->fn(NULL,
                     error == NULL ? error_new(kind, "the connection was closed")
                                   : error_new(kind, "%s", reason),
                     call->user);
        mem_free(call);
    }
    if (redis->phase == PHASE_CLOSED)
        redis->handler.closed(error, redis->handler.user);
    else
        spin_error_free(error);
}

/* ── time ────────────────────────────────────────────────────────────────────────────────── */

static void on_timer(uv_timer_t *timer);

/* Later times need no new timer: when it comes, it looks at what is due. */
static void arm(net_redis_t *redis, uint64_t at) {
    uint64_t now = uv_now(redis->loop);
    if (redis->timer_at != 0 && redis->timer_at <= at)
        return;
    redis->timer_at = at;
    uv_timer_start(&redis->timer, on_timer, at > now ? at - now : 0, 0);
}

static void arm_after(net_redis_t *redis, uint64_t since, uint64_t wait_ms) {
    if (wait_ms != 0 && wait_ms < UINT64_MAX / 2)
        arm(redis, since + wait_ms);
}

/* The stream has something to say of what took so long. */
static uint64_t connect_wait(const net_redis_t *redis) {
    return redis->options.connect_timeout_ms + STREAM_FIRST_MS;
}

static uint64_t ping_wait(const net_redis_t *redis) {
    const net_redis_options_t *options = &redis->options;
    if (options->ping_interval_ms == 0)
        return 0;
    return options->ping_interval_ms + (redis->pinging ? options->ping_timeout_ms : 0);
}

static void arm_all(net_redis_t *redis) {
    const net_redis_options_t *options = &redis->options;
    if (redis->held)
        arm(redis, uv_now(redis->loop));
    if (redis->phase == PHASE_CONNECTING) {
        arm_after(redis, redis->begun_at, connect_wait(redis));
        return;
    }
    if (redis->paused)
        return;
    if (redis->waiting > redis->own)
        arm_after(redis, redis->heard_at, options->response_timeout_ms);
    else
        arm_after(redis, redis->used_at, options->idle_timeout_ms);
    arm_after(redis, redis->heard_at, ping_wait(redis));
}

static bool is_due(const net_redis_t *redis, uint64_t since, uint64_t wait_ms) {
    return wait_ms != 0 && uv_now(redis->loop) >= since + wait_ms;
}

static spin_error_t *silence(uint64_t ms) {
    return error_new(SPIN_ERROR_TIMEOUT, "the server has not answered for %llu ms",
                     (unsigned long long)ms);
}

static void ping(net_redis_t *redis);
static void hand_out(net_redis_t *redis);

static void look_at_clock(net_redis_t *redis) {
    const net_redis_options_t *options = &redis->options;
    bool used = redis->waiting > redis->own;
    if (redis->phase == PHASE_CONNECTING) {
        if (is_due(redis, redis->begun_at, connect_wait(redis)))
            close_connection(redis, silence(options->connect_timeout_ms));
    } else if (redis->paused) {
        return;
    } else if (used && is_due(redis, redis->heard_at, options->response_timeout_ms)) {
        close_connection(redis, silence(options->response_timeout_ms));
    } else if (!used && is_due(redis, redis->used_at, options->idle_timeout_ms)) {
        close_connection(redis, NULL);
    } else if (is_due(redis, redis->heard_at, ping_wait(redis))) {
        if (redis->pinging)
            close_connection(redis, silence(ping_wait(redis)));
        else
            ping(redis);
    }
}

static void on_timer(uv_timer_t *timer) {
    net_redis_t *redis = timer->data;
    redis->timer_at = 0;
    if (redis->held)
        hand_out(redis);
    if (redis->phase < PHASE_CLOSED)
        look_at_clock(redis);
    if (redis->phase < PHASE_CLOSED)
        arm_all(redis);
}

/* ── commands ────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *format(const spin_slice_t *args, size_t len, char **out, size_t *out_len) {
    const char *few[FEW_ARGS];
    size_t few_lens[FEW_ARGS];
    const char **ptrs = few;
    size_t *lens = few_lens;
    if (len > FEW_ARGS) {
        ptrs = mem_calloc(len, sizeof *ptrs);
        lens = mem_calloc(len, sizeof *lens);
    }
    long long total = -1;
    if (ptrs != NULL && lens != NULL && len <= INT32_MAX) {
        for (size_t i = 0; i < len; i++) {
            ptrs[i] = args[i].len == 0 ? "" : (const char *)args[i].ptr;
            lens[i] = args[i].len;
        }
        total = redisFormatCommandArgv(out, (int)len, ptrs, lens);
    }
    if (len > FEW_ARGS) {
        mem_free((void *)ptrs);
        mem_free(lens);
    }
    if (total < 0)
        return error_no_memory();
    *out_len = (size_t)total;
    return NULL;
}

/* The handshake's own go out at once, all others when it is over. */
static spin_error_t *write_command(net_redis_t *redis, const spin_slice_t *args, size_t len,
                                   bool handshake) {
    char *text = NULL;
    size_t text_len = 0;
    if (redis->phase >= PHASE_CLOSED)
        return error_new(SPIN_ERROR_CANCELLED, "%s: the connection is closed", redis->url.shown);
    spin_error_t *error = format(args, len, &text, &text_len);
    if (error != NULL)
        return error;
    if (redis->phase == PHASE_OPEN || handshake)
        net_stream_write(redis->stream, spin_slice_of(text, text_len));
    else
        buf_append(&redis->early, spin_slice_of(text, text_len));
    redisFreeCommand(text);
    if (!redis->early.failed)
        return NULL;
    redis->early.failed = false; /* what is in it stays good */
    return error_no_memory();
}

static void set_ref(net_redis_t *redis) {
    bool needed = redis->handler.pushed != NULL || redis->waiting > 0;
    if (redis->stream != NULL)
        net_stream_set_ref(redis->stream, needed);
}

static spin_error_t *call(net_redis_t *redis, const spin_slice_t *args, size_t len, bool handshake,
                          net_redis_reply_fn fn, void *user, net_redis_call_t **out) {
    net_redis_call_t *new = mem_alloc(sizeof *new);
    if (new == NULL)
        return error_no_memory();
    spin_error_t *error = write_command(redis, args, len, handshake);
    if (error != NULL) {
        mem_free(new);
        return error;
    }
    *new = (net_redis_call_t){.redis = redis, .fn = fn, .user = user};
    *redis->calls_end = new;
    redis->calls_end = &new->next;
    redis->waiting++;
    if (out != NULL)
        *out = new;
    return NULL;
}

spin_error_t *net_redis_command(net_redis_t *redis, const spin_slice_t *args, size_t args_len,
                                net_redis_reply_fn fn, void *user, net_redis_call_t **out) {
    spin_error_t *error = call(redis, args, args_len, false, fn, user, out);
    if (error != NULL)
        return error;
    redis->used_at = uv_now(redis->loop);
    if (redis->waiting - redis->own == 1) { /* the others were there to be answered before */
        redis->heard_at = redis->used_at;
        set_ref(redis);
        arm_all(redis);
    }
    return NULL;
}

void net_redis_call_cancel(net_redis_call_t *call) {
    call->fn = NULL;
}

spin_error_t *net_redis_send(net_redis_t *redis, const spin_slice_t *args, size_t args_len) {
    return write_command(redis, args, args_len, false);
}

static void on_own_reply(net_redis_reply_t *reply, spin_error_t *error, void *user) {
    net_redis_t *redis = user;
    redis->own--;
    net_redis_reply_free(reply);
    spin_error_free(error);
}

/* Any byte that comes answers it. */
static void ping(net_redis_t *redis) {
    const spin_slice_t args[] = {SLICE_LITERAL("PING")};
    bool subscription = redis->handler.pushed != NULL;
    spin_error_t *error = subscription ? net_redis_send(redis, args, 1)
                                       : call(redis, args, 1, false, on_own_reply, redis, NULL);
    if (error == NULL && subscription)
        redis->pongs++;
    else if (error == NULL)
        redis->own++;
    redis->pinging = true;
    spin_error_free(error); /* without memory there will be no answer */
}

/* ── replies ─────────────────────────────────────────────────────────────────────────────── */

/* In a subscription the answer to PING comes as one of its messages. */
static bool is_pong(const net_redis_reply_t *reply) {
    if (reply->kind == NET_REDIS_STATUS)
        return net_redis_reply_is(reply, "PONG");
    return reply->kind == NET_REDIS_ARRAY && reply->len > 0 &&
           net_redis_reply_is(reply->items[0], "pong");
}

static void take_unasked(net_redis_t *redis, net_redis_reply_t *reply) {
    if (redis->pongs > 0 && is_pong(reply)) {
        redis->pongs--;
        net_redis_reply_free(reply);
    } else if (redis->handler.pushed != NULL && redis->phase == PHASE_OPEN) {
        redis->handler.pushed(reply, redis->handler.user);
    } else {
        /* "-DENIED Redis is running in protected mode", "-ERR max number of clients reached" */
        spin_error_t *error =
            reply->kind == NET_REDIS_ERROR
                ? error_new(SPIN_ERROR_DENIED, "the server said: %.*s", SLICE_ARG(reply->text))
                : error_new(SPIN_ERROR_INVALID, "an answer that nobody asked for");
        net_redis_reply_free(reply);
        close_connection(redis, error);
    }
}

static void take_reply(net_redis_t *redis, net_redis_reply_t *reply) {
    if (redis->calls == NULL) {
        take_unasked(redis, reply);
        return;
    }
    net_redis_call_t *call = take_call(redis);
    redis->used_at = uv_now(redis->loop);
    if (call->fn != NULL)
        call->fn(reply, NULL, call->user);
    else
        net_redis_reply_free(reply);
    mem_free(call);
    if (redis->phase == PHASE_OPEN && redis->waiting == 0) {
        set_ref(redis);
        arm_all(redis);
    }
}

/* What was read may hold many: each can pause it, or end it. */
static void hand_out(net_redis_t *redis) {
    redis->held = false;
    while (redis->phase < PHASE_CLOSED && !redis->paused) {
        net_redis_reply_t *reply = NULL;
        spin_error_t *error = net_redis_reader_next(redis->reader, &reply);
        if (error != NULL)
            close_connection(redis, error);
        else if (reply == NULL)
            break;
        else
            take_reply(redis, reply);
    }
}

static void on_received(spin_slice_t bytes, void *user) {
    net_redis_t *redis = user;
    redis->heard_at = uv_now(redis->loop);
    if (redis->pinging) { /* the next question is due before this one's time was over */
        redis->pinging = false;
        arm_all(redis);
    }
    spin_error_t *error = net_redis_reader_feed(redis->reader, bytes);
    if (error != NULL)
        close_connection(redis, error);
    else
        hand_out(redis);
}

void net_redis_pause(net_redis_t *redis) {
    redis->paused = true;
    if (redis->stream != NULL)
        net_stream_pause(redis->stream);
}

void net_redis_resume(net_redis_t *redis) {
    if (!redis->paused)
        return;
    redis->paused = false;
    if (redis->phase >= PHASE_CLOSED)
        return;
    redis->heard_at = uv_now(redis->loop);
    redis->pinging = false;
    redis->held = true;
    arm_all(redis);
    net_stream_resume(redis->stream);
}

/* ── connecting ──────────────────────────────────────────────────────────────────────────── */

static void on_broken(spin_error_t *error, void *user) {
    if (error == NULL)
        error = error_new(SPIN_ERROR_IO, "the server closed the connection");
    close_connection(user, error);
}

static void become_open(net_redis_t *redis) {
    redis->phase = PHASE_OPEN;
    redis->heard_at = redis->used_at = uv_now(redis->loop);
    net_stream_write(redis->stream, buf_slice(&redis->early));
    buf_deinit(&redis->early);
    set_ref(redis);
    redis->timer_at = 0;
    uv_timer_stop(&redis->timer);
    arm_all(redis);
    if (redis->handler.connected != NULL)
        redis->handler.connected(redis->handler.user);
}

static void take_answer(net_redis_t *redis, net_redis_reply_t *reply, spin_error_t *error,
                        const char *what) {
    redis->own--;
    if (error != NULL) { /* which close_connection tells the owner */
        spin_error_free(error);
    } else if (reply->kind == NET_REDIS_ERROR) {
        close_connection(redis, error_new(SPIN_ERROR_DENIED, "%s: the server said: %.*s", what,
                                          SLICE_ARG(reply->text)));
    } else if (redis->own == 0) {
        become_open(redis);
    }
    net_redis_reply_free(reply);
}

static void on_authenticated(net_redis_reply_t *reply, spin_error_t *error, void *user) {
    take_answer(user, reply, error, "authentication");
}

static void on_selected(net_redis_reply_t *reply, spin_error_t *error, void *user) {
    take_answer(user, reply, error, "choosing the database");
}

static spin_error_t *authenticate(net_redis_t *redis) {
    const net_redis_url_t *url = &redis->url;
    spin_slice_t args[3] = {SLICE_LITERAL("AUTH")};
    size_t len = 1;
    if (url->user.ptr == NULL && url->password.ptr == NULL)
        return NULL;
    if (url->user.len > 0)
        args[len++] = url->user;
    args[len++] = url->password;
    redis->own++;
    return call(redis, args, len, true, on_authenticated, redis, NULL);
}

static spin_error_t *choose_database(net_redis_t *redis) {
    char number[16];
    if (redis->url.database == 0)
        return NULL;
    int len = snprintf(number, sizeof number, "%u", (unsigned)redis->url.database);
    const spin_slice_t args[] = {SLICE_LITERAL("SELECT"), spin_slice_of(number, (size_t)len)};
    redis->own++;
    return call(redis, args, 2, true, on_selected, redis, NULL);
}

/* Commands that wait already are behind those of the handshake, and so are their calls. */
static void on_connected(void *user) {
    net_redis_t *redis = user;
    net_redis_call_t *before = redis->calls;
    net_redis_call_t **before_end = redis->calls_end;
    redis->calls = NULL;
    redis->calls_end = &redis->calls;
    spin_error_t *error = authenticate(redis);
    if (error == NULL)
        error = choose_database(redis);
    if (before != NULL) {
        *redis->calls_end = before;
        redis->calls_end = before_end;
    }
    if (error != NULL)
        close_connection(redis, error);
    else if (redis->own == 0)
        become_open(redis);
}

static void take_options(net_redis_t *redis, const net_redis_options_t *options) {
    net_redis_options_t *own = &redis->options;
    if (options != NULL)
        *own = *options;
    if (own->connect_timeout_ms == 0)
        own->connect_timeout_ms = default_timeout_ms;
    if (own->ping_timeout_ms == 0)
        own->ping_timeout_ms = default_timeout_ms;
    if (own->max_reply_bytes == 0)
        own->max_reply_bytes = default_reply_bytes;
}

static spin_error_t *find_tls(net_redis_t *redis) {
    net_tls_t **tls = &redis->options.tls;
    if (!redis->url.tls) {
        *tls = NULL;
        return NULL;
    }
    if (*tls == NULL)
        return net_tls_new(NULL, tls);
    net_tls_ref(*tls);
    return NULL;
}

static spin_error_t *open_stream(net_redis_t *redis) {
    const net_stream_target_t target = {
        .host = redis->url.host,
        .port = redis->url.port,
        .path = redis->url.path,
        .tls = redis->options.tls,
        .timeout_ms = redis->options.connect_timeout_ms,
    };
    const net_stream_handler_t handler = {
        .connected = on_connected,
        .received = on_received,
        .broken = on_broken,
        .user = redis,
    };
    return net_stream_open(redis->loop, &target, &handler, &redis->stream);
}

spin_error_t *net_redis_new(uv_loop_t *loop, const net_redis_url_t *url,
                            const net_redis_options_t *options, const net_redis_handler_t *handler,
                            net_redis_t **out) {
    net_redis_t *redis = mem_calloc(1, sizeof *redis);
    if (redis == NULL)
        return error_no_memory();
    redis->loop = loop;
    redis->handler = *handler;
    redis->calls_end = &redis->calls;
    take_options(redis, options);
    spin_error_t *error = net_redis_url_copy(&redis->arena, url, &redis->url);
    if (error == NULL)
        error = find_tls(redis);
    else
        redis->options.tls = NULL;
    if (error == NULL) {
        redis->reader = net_redis_reader_new(redis->options.max_reply_bytes);
        if (redis->reader == NULL)
            error = error_no_memory();
    }
    if (error == NULL)
        error = open_stream(redis);
    if (error != NULL) {
        net_redis_reader_free(redis->reader);
        net_tls_unref(redis->options.tls);
        arena_deinit(&redis->arena);
        mem_free(redis);
        return error;
    }
    uv_timer_init(loop, &redis->timer);
    uv_unref((uv_handle_t *)&redis->timer); /* what waits for the server keeps the loop alive */
    redis->timer.data = redis;
    redis->begun_at = redis->heard_at = redis->used_at = uv_now(loop);
    arm_all(redis);
    *out = redis;
    return NULL;
}

/* ── asking ──────────────────────────────────────────────────────────────────────────────── */

size_t net_redis_waiting(const net_redis_t *redis) {
    return redis->waiting - redis->own;
}

size_t net_redis_unsent(const net_redis_t *redis) {
    return redis->early.len + (redis->stream == NULL ? 0 : net_stream_unsent(redis->stream));
}

bool net_redis_is_open(const net_redis_t *redis) {
    return redis->phase < PHASE_CLOSED;
}

const char *net_redis_shown(const net_redis_t *redis) {
    return redis->url.shown;
}
