/* What a Redis server says (RESP2). The protocol is hiredis' affair, the values are ours. */
#ifndef NET_REDIS_REPLY_H
#define NET_REDIS_REPLY_H

#include <stdbool.h>

#include "base/slice.h"
#include "spin/error.h"

typedef enum net_redis_kind {
    NET_REDIS_NIL = 0,
    NET_REDIS_STATUS,  /* text: "OK" */
    NET_REDIS_ERROR,   /* text: "WRONGTYPE Operation against a key holding ..." */
    NET_REDIS_INTEGER, /* integer */
    NET_REDIS_BYTES,   /* text */
    NET_REDIS_ARRAY,   /* items */
} net_redis_kind_t;

typedef struct net_redis_reply net_redis_reply_t;
struct net_redis_reply {
    net_redis_kind_t kind;
    int64_t integer;
    spin_slice_t text;
    net_redis_reply_t **items; /* never NULL */
    size_t len;                /* of items */
};

/* With all its items. NULL is allowed. */
void net_redis_reply_free(net_redis_reply_t *reply);

/* Whether it is such a text, of whatever kind. */
static inline bool net_redis_reply_is(const net_redis_reply_t *reply, const char *text) {
    return slice_equal_text(reply->text, text);
}

/* ── reading ── */

typedef struct net_redis_reader net_redis_reader_t;

/* `limit_bytes`: of one reply as it is sent, and of what its items take beside their text; past it
 * is an error. NULL when out of memory. */
net_redis_reader_t *net_redis_reader_new(size_t limit_bytes);
void net_redis_reader_free(net_redis_reader_t *reader);
/* More bytes of the server. Errors: NO_MEMORY. */
spin_error_t *net_redis_reader_feed(net_redis_reader_t *reader, spin_slice_t bytes);
/* The next whole reply, the caller's; NULL: it needs more bytes. Errors: INVALID (not Redis'
 * protocol, nested too deep), LIMIT, NO_MEMORY; the reader is of no use afterwards. */
spin_error_t *net_redis_reader_next(net_redis_reader_t *reader, net_redis_reply_t **out);

#endif
