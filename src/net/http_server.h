/* An HTTP/1.1 server on a libuv loop: parses requests, keeps connections, writes responses. What a
 * request means is the handler's business.
 *
 * Thread rule: all calls from the loop's thread. */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include <stdbool.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/arena.h"
#include "spin/error.h"

typedef struct net_server net_server_t;

typedef struct net_header {
    spin_slice_t name; /* requests: lower case */
    spin_slice_t value;
} net_header_t;

/* One request and its reply. The handler reads these fields and owns `user`; all memory lives until
 * the exchange ends. */
typedef struct net_exchange {
    arena_t *arena; /* the exchange's own memory */
    spin_slice_t method;
    spin_slice_t target; /* as sent: path and query */
    spin_slice_t path;   /* of the target, undecoded; always begins with "/" (or is "*") */
    spin_slice_t query;  /* behind "?", undecoded; ptr NULL where there is none */
    spin_slice_t host;   /* Host header, or the authority of an absolute target; may be empty */
    const net_header_t *headers;
    size_t headers_len;
    spin_slice_t body;
    unsigned version_minor; /* HTTP/1.x */
    void *user;
} net_exchange_t;

/* A reset means that the client is gone, a FIN may only mean that it has said all (`nc -N`): such
 * a client still gets what is sent within this time, counted from its FIN or, in a longer response,
 * from the bytes it took last. Then it is `gone`. */
enum { NET_HALF_CLOSE_MS = 1000 };

typedef struct net_server_handler {
    /* A whole request, its body included, has arrived. It is answered now or later. */
    void (*request)(net_exchange_t *exchange, void *user);
    /* The client is gone before the response was complete: stop working on it. The exchange dies
     * when this returns, without a response call. Also called for what still runs when the server
     * is freed. See NET_HALF_CLOSE_MS. */
    void (*gone)(net_exchange_t *exchange, void *user);
    /* After net_response_write said "enough": there is room again. May be NULL. */
    void (*writable)(net_exchange_t *exchange, void *user);
    void *user;
} net_server_handler_t;

typedef struct net_server_limits {
    size_t header_bytes; /* request line and headers; 431 past it, 414 in the request line */
    size_t headers;      /* number of header fields; 431 past it; at least 1 */
    size_t body_bytes;   /* 413 past it */
    size_t connections;  /* further ones wait in the listen queue */
    uint64_t request_timeout_ms; /* from a request's first byte to its last; 408 past it */
    uint64_t idle_timeout_ms;    /* between requests; closed silently */
    uint64_t write_timeout_ms;   /* no progress in sending a response; reset */
} net_server_limits_t;

/* Sensible values: 64 KiB, 100, 10 MiB, 10,000, 30 s, 60 s, 30 s. */
net_server_limits_t net_server_limits_default(void);

/* Opens a TCP listening socket (SO_REUSEADDR, SO_REUSEPORT, close-on-exec, non-blocking) on
 * "host:port", "[v6]:port" or ":port"; port 0 takes a free one. `*fd` is the caller's. Errors:
 * INVALID (the address), EXISTS (in use), DENIED, IO. Other sockets with SO_REUSEPORT of the same
 * user share the address: see net_listen_group. */
spin_error_t *net_listen(const char *address, int *fd);
/* `count` (at least 1) such sockets on one address, among which the kernel spreads connections.
 * With EXISTS where any other socket listens there, one with SO_REUSEPORT included; port 0 takes
 * one free port for all. On an error none is open. */
spin_error_t *net_listen_group(const char *address, size_t count, int *fds);
/* The bound address of `fd` as "host:port" text. */
spin_error_t *net_listen_address(int fd, char *buffer, size_t size);

/* Serves connections that arrive at `fd` (duplicated: the caller keeps its own). */
spin_error_t *net_server_new(uv_loop_t *loop, int fd, const net_server_limits_t *limits,
                             const net_server_handler_t *handler, net_server_t **out);

/* Graceful stop: no new connection begins (on Linux a filter drops SYNs at the socket, and stays
 * there until a server is made on it again), what has come so far is taken from the listen queue
 * and the listener is closed. What is under way is answered, and what idle keep-alive connections
 * send within a short grace (with "connection: close"); then the loop calls `done`. After
 * `grace_ms` the rest is cut off. Called again, it replaces `grace_ms` and `done`. */
void net_server_stop(net_server_t *server, uint64_t grace_ms, void (*done)(void *user), void *user);

/* Cuts off everything; `closed` (may be NULL) is called from the loop when no handle is left. */
void net_server_free(net_server_t *server, void (*closed)(void *user), void *user);

/* Requests that wait for their response. */
size_t net_server_active(const net_server_t *server);

/* ── response ────────────────────────────────────────────────────────────────────────────── */

/* All three ways to end a response end the exchange: nothing of it may be touched afterwards. None
 * calls the handler before it returns.
 *
 * A whole response in one go, the fastest way: everything is copied before it returns, and the
 * exchange ends. `content-length` and `connection` are the server's: a handler's own
 * `content-length`, `transfer-encoding`, `connection` are ignored, but a `date` is kept. HEAD and
 * 204/304 send no body; where they are given none, `content-length` is the handler's if it has one.
 * A header with a byte that is not allowed (RFC 9110 section 5.5), or a status outside 200 to 999,
 * makes it a 500. */
void net_response_send(net_exchange_t *exchange, unsigned status, const net_header_t *headers,
                       size_t headers_len, spin_slice_t body);

/* The same piece by piece: start, any number of writes, end. `content_length` -1: chunked for
 * HTTP/1.1, until close for HTTP/1.0. */
void net_response_start(net_exchange_t *exchange, unsigned status, const net_header_t *headers,
                        size_t headers_len, int64_t content_length);
/* Copies. False: more than about 256 KiB wait for the client; `writable` will say when to go on
 * (what is written meanwhile is kept all the same). */
bool net_response_write(net_exchange_t *exchange, spin_slice_t bytes);
/* With fewer bytes than `content_length` promised, it is net_response_abort. */
void net_response_end(net_exchange_t *exchange);
/* Breaks the connection, for a response that began and can't be finished. */
void net_response_abort(net_exchange_t *exchange);

/* The client's address, as text without port ("192.0.2.1", "::1"), and its port. */
void net_exchange_peer(const net_exchange_t *exchange, char *host, size_t size, uint16_t *port);
/* The server's own address of this connection, likewise. */
void net_exchange_local(const net_exchange_t *exchange, char *host, size_t size, uint16_t *port);

/* The reason phrase of a status, or "". */
const char *net_status_reason(unsigned status);

#endif
