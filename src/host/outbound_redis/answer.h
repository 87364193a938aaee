/* What a guest gets of what Redis says. */
#ifndef HOST_OUTBOUND_REDIS_ANSWER_H
#define HOST_OUTBOUND_REDIS_ANSWER_H

#include "guest_outbound_redis.h"
#include "net/redis_reply.h"

/* The result types of the interface. */
typedef enum redis_answer_kind {
    REDIS_ANSWER_NOTHING = 0,
    REDIS_ANSWER_BYTES,
    REDIS_ANSWER_NUMBER,
    REDIS_ANSWER_TEXTS,
    REDIS_ANSWER_PARTS,
} redis_answer_kind_t;

/* Fills in the `ret` of an operation with such a result; it has views of `reply`. Errors: INVALID
 * (another kind of reply, also an error of the server's), NO_MEMORY. */
spin_error_t *redis_answer_take(redis_answer_kind_t kind, spin_host_call_t *call,
                                const net_redis_reply_t *reply, void *ret);
/* Fills it in with the interface's `error`. */
void redis_answer_fail(redis_answer_kind_t kind, void *ret);

#endif
