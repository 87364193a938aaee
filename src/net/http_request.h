/* The head of one request: llhttp over bytes that lie in one piece, then the rules llhttp leaves
 * open. */
#ifndef NET_HTTP_REQUEST_H
#define NET_HTTP_REQUEST_H

#include <llhttp.h>

#include "net/http_chunks.h"
#include "net/http_pool.h"
#include "net/http_server.h"

typedef struct http_request {
    net_exchange_t exchange;   /* first: the handler's view */
    struct http_request *next; /* in the pool */
    void *connection;
    arena_t arena;
    llhttp_t parser;
    http_chunks_t chunks;
    uint64_t content_length; /* 0 where chunked */
    uint8_t *body;           /* on the heap, where it does not lie behind the head */
    size_t body_len;
    size_t body_cap;
    bool chunked;
    bool keep_alive;
    bool head_only; /* HEAD */
    bool expect_continue;
    bool too_many_headers;
    size_t headers_cap;
    net_header_t headers[];
} http_request_t;

/* NULL when out of memory. */
http_request_t *http_request_take(http_pool_t *pool, const net_server_limits_t *limits);
void http_request_give(http_pool_t *pool, http_request_t *request);
void http_request_free(http_request_t *request);

/* Forgets what was parsed. */
void http_request_restart(http_request_t *request);

typedef enum http_head_event { HTTP_HEAD_MORE, HTTP_HEAD_DONE, HTTP_HEAD_BAD } http_head_event_t;

/* Parses `len` further bytes at `start + parsed`, where `start` holds the request's first byte and
 * must not move between calls. DONE: `*head_len` is the length of the whole head. BAD: `*status`
 * says what to answer. */
http_head_event_t http_request_parse_head(http_request_t *request, uint8_t *start, size_t parsed,
                                          size_t len, size_t *head_len, unsigned *status);

/* Room for `extra` more bytes of body on the heap; never asks for more than `limit` in all unless
 * needed. False when out of memory. */
bool http_request_reserve_body(http_request_t *request, size_t extra, size_t limit);

#endif
