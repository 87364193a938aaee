/* One connection to a Redis server, on a libuv loop: commands in a pipeline, or a subscription.
 *
 *     net_redis_new ──▶ net_redis_command … ──▶ its reply
 *                   └─▶ closed ──▶ net_redis_free
 *
 * It connects once. Whoever wants to be connected again frees it and makes a new one.
 *
 * Thread rule: all calls from the loop's thread. */
#ifndef NET_REDIS_CLIENT_H
#define NET_REDIS_CLIENT_H

#include <uv.h>

#include "net/redis_reply.h"
#include "net/redis_url.h"
#include "net/tls.h"

typedef struct net_redis net_redis_t;
typedef struct net_redis_call net_redis_call_t;

/* Zero: the default. */
typedef struct net_redis_options {
    net_tls_t *tls;               /* for rediss://, referenced; NULL: one is made */
    uint64_t connect_timeout_ms;  /* name, connection, TLS and authentication. 10,000 */
    uint64_t response_timeout_ms; /* nothing comes while commands wait: it breaks. 0: never */
    uint64_t idle_timeout_ms;     /* without a command that waits: it is closed. 0: never */
    uint64_t ping_interval_ms;    /* silence after which the server is asked whether it is there, */
    uint64_t ping_timeout_ms;     /* and may take so long to answer. 0: never; 10,000 */
    size_t max_reply_bytes;       /* 512 MiB, the longest value that Redis has */
} net_redis_options_t;

/* All come from the loop, never from inside a call of the owner's. Each may call net_redis_free. */
typedef struct net_redis_handler {
    /* Authenticated, the database chosen. Commands need not wait for it. May be NULL. */
    void (*connected)(void *user);
    /* It never connected, broke, or was idle for too long (`error` is NULL then; else the callee's,
     * with the server's address in front). Every call has been told. It takes no command any more,
     * and waits to be freed. */
    void (*closed)(spin_error_t *error, void *user);
    /* What comes and answers no call: messages of a subscription. The reply is the callee's. NULL:
     * that breaks the connection. */
    void (*pushed)(net_redis_reply_t *reply, void *user);
    void *user;
} net_redis_handler_t;

/* Begins to connect. All is copied. The caller frees `*out`. `options` may be NULL. Errors:
 * NO_MEMORY, IO, and those of net_tls_new. */
spin_error_t *net_redis_new(uv_loop_t *loop, const net_redis_url_t *url,
                            const net_redis_options_t *options, const net_redis_handler_t *handler,
                            net_redis_t **out);

/* Told once, from the loop: `reply`, an error of the server included, or else `error`, the
 * connection's; what is not NULL is the callee's to free. */
typedef void (*net_redis_reply_fn)(net_redis_reply_t *reply, spin_error_t *error, void *user);

/* Sends a command, its name in front. Commands are answered in their order, those that were sent
 * before it is connected as well; what is sent in one turn of the loop goes out together. `*call`
 * (may be NULL) is valid until `fn` was called. Errors: CANCELLED (it is closed), NO_MEMORY; `fn`
 * is not called then. */
spin_error_t *net_redis_command(net_redis_t *redis, const spin_slice_t *args, size_t args_len,
                                net_redis_reply_fn fn, void *user, net_redis_call_t **call);
/* Forgets a call: the server does what it was told, and its answer is thrown away. */
void net_redis_call_cancel(net_redis_call_t *call);
/* Sends a command that has no answer of its own, as SUBSCRIBE, whose confirmations are pushed. */
spin_error_t *net_redis_send(net_redis_t *redis, const spin_slice_t *args, size_t args_len);

/* Calls that wait for their reply, forgotten ones included. */
size_t net_redis_waiting(const net_redis_t *redis);
/* Bytes that the server has not taken yet: the owner's to bound. */
size_t net_redis_unsent(const net_redis_t *redis);
/* Whether it takes commands. */
bool net_redis_is_open(const net_redis_t *redis);
/* The server, for messages: without password. */
const char *net_redis_shown(const net_redis_t *redis);

/* While it is paused nothing is read; what was read already still comes, unless it is paused in a
 * `pushed`: then all the rest waits. */
void net_redis_pause(net_redis_t *redis);
void net_redis_resume(net_redis_t *redis);

/* In any state; calls that wait are not told. Its handles are gone with the loop's next turn. NULL
 * is allowed. */
void net_redis_free(net_redis_t *redis);

#endif
