/* Being subscribed to an application's channels, whatever becomes of the connection: it is made
 * again, the longer there is none the less often, with a line in the log for each loss and each
 * recovery.
 *
 * Thread rule: all calls from the loop's thread. */
#ifndef TRIGGER_REDIS_SUBSCRIPTION_H
#define TRIGGER_REDIS_SUBSCRIPTION_H

#include "net/redis_client.h"
#include "trigger/redis/channels.h"

typedef struct redis_subscription redis_subscription_t;

typedef struct redis_subscription_owner {
    const redis_channels_t *channels; /* kept by the owner */
    /* A message for a channel of theirs; the reply, which holds `payload`, is the callee's. */
    void (*message)(const redis_channel_t *channel, spin_slice_t name, spin_slice_t payload,
                    net_redis_reply_t *reply, void *user);
    /* Once: the first attempt is over, and it is subscribed, or tries again. May be NULL. */
    void (*settled)(void *user);
    void *user;
} redis_subscription_owner_t;

/* Zero: the default. */
typedef struct redis_subscription_times {
    uint64_t connect_ms;       /* for connecting, authentication included. 10,000 */
    uint64_t retry_ms;         /* before the first new attempt, doubled each time. 100 */
    uint64_t most_retry_ms;    /* 10,000 */
    uint64_t ping_interval_ms; /* of silence, after which the server must show that it is there. */
    uint64_t ping_timeout_ms;  /* 15,000 and 10,000 */
    uint64_t confirm_ms;       /* for the end of a subscription to be confirmed. 2,000 */
} redis_subscription_times_t;

/* Begins. The address and the times are copied; `owner` tells for whom. The caller frees `*out`.
 * Errors: NO_MEMORY. */
spin_error_t *redis_subscription_new(uv_loop_t *loop, const net_redis_url_t *url,
                                     const redis_subscription_times_t *times,
                                     const redis_subscription_owner_t *owner,
                                     redis_subscription_t **out);

/* Hands it, with its connection, to another owner: the channels that both have go on without a gap,
 * and each message goes to one of the two. */
void redis_subscription_move(redis_subscription_t *subscription,
                             const redis_subscription_owner_t *owner);

/* Stops and goes on reading. */
void redis_subscription_pause(redis_subscription_t *subscription);
void redis_subscription_resume(redis_subscription_t *subscription);

/* Wants no more messages: `done` is called from the loop when all that the server has sent is
 * handed to the owner. It may be resumed for that. */
void redis_subscription_end(redis_subscription_t *subscription, void (*done)(void *user));

/* At any time. Its handles are gone with the loop's next turn. NULL is allowed. */
void redis_subscription_free(redis_subscription_t *subscription);

/* Whether both are of the same server, user and database. */
bool redis_subscription_is_of(const redis_subscription_t *subscription, const net_redis_url_t *url);

#endif
