/* The sending side of a connection without the connection: a queue of bytes. */
#ifndef NET_HTTP_OUTPUT_H
#define NET_HTTP_OUTPUT_H

#include <sys/uio.h>

#include "net/http_pool.h"

/* Caller's memory, zero but for `pool` to begin with. */
typedef struct http_output {
    http_pool_t *pool;
    http_block_t *first;
    http_block_t *last;
    size_t bytes;
} http_output_t;

/* `len` bytes in one piece at the end of the queue; they count once http_output_commit says how
 * many were used. NULL when out of memory. */
uint8_t *http_output_reserve(http_output_t *output, size_t len);
void http_output_commit(http_output_t *output, size_t len);
/* False when out of memory. */
bool http_output_append(http_output_t *output, spin_slice_t bytes);

/* Fills at most `cap` pieces from the front; returns their number. */
size_t http_output_peek(const http_output_t *output, struct iovec *pieces, size_t cap);
/* Drops `len` bytes from the front. */
void http_output_consume(http_output_t *output, size_t len);
void http_output_deinit(http_output_t *output);

#endif
