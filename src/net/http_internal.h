/* What the files of the server share: the server and the connection. */
#ifndef NET_HTTP_INTERNAL_H
#define NET_HTTP_INTERNAL_H

#include <netinet/in.h>
#include <uv.h>

#include "net/http_input.h"
#include "net/http_list.h"
#include "net/http_output.h"
#include "net/http_server.h"

typedef enum http_timeout {
    TIMEOUT_NONE,    /* the handler has its own deadlines */
    TIMEOUT_IDLE,    /* between requests */
    TIMEOUT_REQUEST, /* a request has begun to arrive */
    TIMEOUT_WRITE,   /* the client does not take what we send */
    TIMEOUT_HALF,    /* a request is handled for a client that may have left */
    TIMEOUT_LINGER,  /* all is sent; the client may read it in peace */
    TIMEOUT_GRACE,   /* idle while the server stops */
    TIMEOUT_COUNT,
} http_timeout_t;

enum {
    HTTP_OUTPUT_HIGH = 256 * 1024, /* enough waits for the client */
    HTTP_OUTPUT_LOW = 64 * 1024,
    HTTP_DATE_LEN = 29,
};

typedef struct http_response {
    bool started;
    bool chunked;
    bool sized;
    bool mute;     /* HEAD, 204, 304 or a failed start: what is written goes nowhere */
    uint64_t left; /* of a sized body */
} http_response_t;

typedef struct http_connection {
    uv_poll_t poll;
    net_server_t *server;
    http_link_t all;
    http_link_t ready;
    http_link_t timeout;
    uint64_t deadline; /* loop time */
    http_timeout_t timeout_kind;
    int fd;
    int interest; /* what `poll` waits for */
    http_input_t input;
    http_output_t output;
    http_response_t response;
    size_t drained;
    bool handling;   /* a request is with the handler */
    bool held;       /* its answers wait until all that was polled is handled */
    bool processing; /* connection_process is on the stack */
    bool last;       /* no request is taken any more */
    bool drain;      /* what arrives is thrown away */
    bool lingering;
    bool eof;     /* the client has sent its last byte */
    bool blocked; /* the socket takes no more */
    bool progressed;
    bool choked; /* net_response_write has returned false */
    bool broken;
    bool closing;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } peer, local;
    char peer_text[INET6_ADDRSTRLEN];
    char local_text[INET6_ADDRSTRLEN];
} http_connection_t;

struct net_server {
    uv_loop_t *loop;
    net_server_limits_t limits;
    net_server_handler_t handler;
    http_pool_t pool;
    int fd;
    uv_poll_t listener;
    uv_timer_t ticker;
    uv_prepare_t prepare; /* works off `ready` before the loop sleeps */
    uv_check_t check;     /* and after it has polled */
    uv_idle_t idle;       /* active while more is ready than one round takes */
    unsigned handles;
    uint64_t tick_ms;
    http_link_t connections;
    http_link_t ready;
    http_link_t timeouts[TIMEOUT_COUNT]; /* each in the order of its deadlines */
    size_t connections_len;
    size_t active;
    http_link_t spare; /* connections for reuse */
    size_t spare_len;
    bool listening;
    bool accepting; /* false while connections wait in the listen queue */
    bool stopping;
    bool stopped; /* `done` was called */
    bool freeing;
    uint64_t listen_deadline;
    uint64_t stop_deadline;
    void (*done)(void *user);
    void *done_user;
    void (*closed)(void *user);
    void *closed_user;
    uint64_t date_until; /* loop time */
    char date[HTTP_DATE_LEN];
    uint8_t scratch[16 * 1024]; /* for what nobody reads */
};

/* ── http_server.c ── */

/* The connection's memory may be reused. */
void http_server_recycle(http_connection_t *connection);
/* Has the loop call connection_ready soon. */
void http_server_make_ready(http_connection_t *connection);
/* HTTP-date of now, HTTP_DATE_LEN bytes. */
const char *http_server_date(net_server_t *server);

/* ── http_connection.c ── */

/* Takes `fd` on success. False when out of memory. */
bool http_connection_open(http_connection_t *connection, net_server_t *server, int fd);
/* At once, without a word; `gone` is not called. */
void http_connection_close(http_connection_t *connection, bool reset);
/* The client is lost: `gone` and reset. */
void http_connection_fail(http_connection_t *connection);
/* Its turn from the ready list. */
void http_connection_ready(http_connection_t *connection);
/* Its deadline has passed. */
void http_connection_expire(http_connection_t *connection);
/* Sends what the socket takes, `body` behind the queue; what is left is copied. False: broken. */
bool http_connection_flush(http_connection_t *connection, spin_slice_t body);
/* Brings poll, deadline and fate in line with the state, after any event. */
void http_connection_settle(http_connection_t *connection);
/* The response is complete: the exchange ends. */
void http_connection_end_exchange(http_connection_t *connection);

static inline http_connection_t *http_connection_of(const net_exchange_t *exchange) {
    return ((const http_request_t *)(const void *)exchange)->connection;
}

/* ── http_response.c ── */

/* Queues a response of the server's own. False when out of memory. */
bool http_response_queue_error(http_connection_t *connection, unsigned status);

#endif
