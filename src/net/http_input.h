/* The receiving side of a connection without the connection: bytes in, one request after the
 * other out. Knows no socket, clock or loop.
 *
 *     http_input_space → read there → http_input_filled
 *     http_input_next: REQUEST → handle it → http_input_done → http_input_next … → MORE
 *
 * While a request is handled its bytes stay where they are, and what follows it is collected
 * behind them until the block is full. */
#ifndef NET_HTTP_INPUT_H
#define NET_HTTP_INPUT_H

#include "net/http_request.h"

typedef enum http_input_state {
    INPUT_HEAD,
    INPUT_BODY_INSIDE, /* behind the head, in the block */
    INPUT_BODY_OUTSIDE,
    INPUT_BODY_CHUNKED,
    INPUT_REQUEST, /* a whole request is out */
    INPUT_FAILED,
} http_input_state_t;

/* Caller's memory. */
typedef struct http_input {
    http_pool_t *pool;
    const net_server_limits_t *limits;
    http_block_t *block; /* `start`: the request's first byte; NULL when there is nothing */
    http_block_t *head;  /* the block of the head, where the body's bytes have one of their own */
    http_request_t *request; /* NULL between requests */
    size_t parsed;           /* of the head, from the start */
    size_t behind;           /* offset in the block of what follows the head or the request */
    http_input_state_t state;
} http_input_t;

void http_input_init(http_input_t *input, http_pool_t *pool, const net_server_limits_t *limits);
/* Gives all memory back to the pool. */
void http_input_deinit(http_input_t *input);

/* Whether http_input_space has any: false while a request is out and the block is full, and after a
 * failure. */
bool http_input_has_space(const http_input_t *input);
/* Where to read to. False when out of memory. */
bool http_input_space(http_input_t *input, uint8_t **ptr, size_t *len);
/* `len` bytes were put there; 0 gives an unused block back. */
void http_input_filled(http_input_t *input, size_t len);

typedef enum http_input_event {
    INPUT_EVENT_MORE,     /* feed more */
    INPUT_EVENT_CONTINUE, /* the client waits for "100 Continue"; then go on calling */
    INPUT_EVENT_REQUEST,  /* input->request is complete */
    INPUT_EVENT_BAD,      /* answer with `*status` and close */
} http_input_event_t;

http_input_event_t http_input_next(http_input_t *input, unsigned *status);

/* The request that was out is answered and dies. */
void http_input_done(http_input_t *input);

/* A request has begun and is not whole yet. */
static inline bool http_input_is_partial(const http_input_t *input) {
    return input->state < INPUT_REQUEST &&
           (input->request != NULL || (input->block != NULL && input->block->end > 0));
}

/* Bytes wait behind the request that is out. */
static inline bool http_input_has_more(const http_input_t *input) {
    return input->state == INPUT_REQUEST && input->block != NULL &&
           input->behind < input->block->end;
}

#endif
