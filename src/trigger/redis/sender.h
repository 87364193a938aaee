/* From the subscription into the queue that all workers read: what these do not take yet waits
 * here, up to a bound. */
#ifndef TRIGGER_REDIS_SENDER_H
#define TRIGGER_REDIS_SENDER_H

#include <uv.h>

#include "net/redis_reply.h"
#include "trigger/redis/channels.h"

typedef struct redis_sender redis_sender_t;

typedef struct redis_sender_owner {
    /* No more, please; or go on. */
    void (*full)(bool is_full, void *user);
    /* All is in the queue. Only after redis_sender_drain. */
    void (*drained)(void *user);
    void *user;
} redis_sender_owner_t;

/* `fd`: the end of the queue where packets are put; the caller's. `max_bytes`: that wait before it
 * is full. Errors: NO_MEMORY, IO. */
spin_error_t *redis_sender_new(uv_loop_t *loop, int fd, size_t max_bytes,
                               const redis_sender_owner_t *owner, redis_sender_t **out);

/* A message for all components of `channel`, to be sent soon. `name` and `payload` lie in `reply`,
 * which is the sender's from here on. Without memory the message is lost, with a line in the log.
 */
void redis_sender_put(redis_sender_t *sender, const redis_channel_t *channel, spin_slice_t name,
                      spin_slice_t payload, net_redis_reply_t *reply);

/* Nothing more will be put: calls `drained` from the loop when it is all in the queue. */
void redis_sender_drain(redis_sender_t *sender);

/* How many messages wait. */
size_t redis_sender_len(const redis_sender_t *sender);

/* Drops what waits. Its handles are gone with the loop's next turn. NULL is allowed. */
void redis_sender_free(redis_sender_t *sender);

#endif
