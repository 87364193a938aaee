/* Blocks of memory and request objects of one server, kept for the next use: the steady path asks
 * the heap for nothing. */
#ifndef NET_HTTP_POOL_H
#define NET_HTTP_POOL_H

#include "base/slice.h"

/* Bytes [start, end) of `data` are in use. */
typedef struct http_block {
    struct http_block *next;
    size_t start;
    size_t end;
    size_t cap;
    uint8_t data[];
} http_block_t;

struct http_request;

/* Caller's memory, zero to begin with. */
typedef struct http_pool {
    http_block_t *blocks;
    size_t blocks_len;
    struct http_request *requests;
    size_t requests_len;
} http_pool_t;

enum {
    HTTP_BLOCK_CAP = 16 * 1024 - sizeof(http_block_t),
    HTTP_POOL_BLOCKS = 64,
    HTTP_POOL_REQUESTS = 64,
};

/* An empty block of at least `cap` bytes, a recycled one where that is enough; NULL when out of
 * memory. */
http_block_t *http_pool_take_block(http_pool_t *pool, size_t cap);
/* NULL is allowed. */
void http_pool_give_block(http_pool_t *pool, http_block_t *block);
void http_pool_deinit(http_pool_t *pool);

#endif
