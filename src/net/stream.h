/* A byte stream to a server, on a libuv loop: TCP or a Unix socket, with TLS where it is asked for.
 * A socket under uv_poll, see docs/decisions/0007-sockets-through-uv-poll.md.
 *
 * Thread rule: all calls from the loop's thread. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <uv.h>

#include "base/slice.h"
#include "net/tls.h"
#include "spin/error.h"

typedef struct net_stream net_stream_t;

/* Where to, and how. Everything pointed to is copied, or referenced. */
typedef struct net_stream_target {
    const char *host; /* a name, or an address without brackets; NULL: `path` counts */
    uint16_t port;
    const char *path;    /* of a Unix socket */
    net_tls_t *tls;      /* NULL: none. The server's certificate must be `host`'s */
    uint64_t timeout_ms; /* for name, connection and handshake together; 0: none */
} net_stream_target_t;

/* All come from the loop, never from inside a call of the owner's, and none comes any more once the
 * stream is closed, which each of them may do. */
typedef struct net_stream_handler {
    /* It can be written to: connected, and with TLS the server proved to be the right one. */
    void (*connected)(void *user);
    /* Borrowed bytes. */
    void (*received)(spin_slice_t bytes, void *user);
    /* After net_stream_write said "enough", all is out. May be NULL. */
    void (*writable)(void *user);
    /* It never connected, or broke. `error` is the callee's; NULL: the server ended it in an
     * orderly way. Nothing comes any more; it still has to be closed. */
    void (*broken)(spin_error_t *error, void *user);
    void *user;
} net_stream_handler_t;

/* What waits to be sent past which net_stream_write says "enough". */
enum { NET_STREAM_ENOUGH = 256 * 1024 };

/* Begins to connect: looks the name up (in a thread of its own: a lookup can't be broken off, and
 * so holds up nothing), then tries all its addresses, one after the other, each for its share of
 * the time. The caller ends `*out` with net_stream_close. Errors: NO_MEMORY, IO. */
spin_error_t *net_stream_open(uv_loop_t *loop, const net_stream_target_t *target,
                              const net_stream_handler_t *handler, net_stream_t **out);

/* Copies, and sends soon: what is written in one turn of the loop goes out together. False: more
 * than NET_STREAM_ENOUGH bytes wait, `writable` says when to go on; what is written meanwhile is
 * kept all the same. Also before `connected`. Out of memory breaks the stream. */
bool net_stream_write(net_stream_t *stream, spin_slice_t bytes);
/* Bytes that wait to be sent. */
size_t net_stream_unsent(const net_stream_t *stream);

/* While it is paused nothing is read; at most one `received` still comes, from inside of which it
 * was called. The end of the stream is not seen either. */
void net_stream_pause(net_stream_t *stream);
void net_stream_resume(net_stream_t *stream);

/* Whether the loop stays alive for it; it does at first. */
void net_stream_set_ref(net_stream_t *stream, bool ref);

/* Ends it, in any state and from any callback of its own; with TLS the server is told. Its handles
 * are gone with the loop's next turn. What waits to be sent is tried once more. NULL is allowed. */
void net_stream_close(net_stream_t *stream);

#endif
