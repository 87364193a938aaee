/* The Redis trigger in one worker: its part of the queue and, in worker 0, the subscription that
 * fills it. */
#ifndef TRIGGER_REDIS_WORKER_H
#define TRIGGER_REDIS_WORKER_H

#include "net/redis_url.h"
#include "spin/redis.h"
#include "trigger/redis/channels.h"

/* What all workers of a trigger share: the state of its type. */
typedef struct redis_trigger {
    spin_redis_options_t options;
    arena_t arena;
    net_redis_url_t url;
    redis_channels_t channels;
    int queue[2]; /* a socket pair: where packets are taken, and put; -1: not here */
} redis_trigger_t;

/* `redis` is kept by the caller until after redis_worker_end, which is due also where this fails.
 */
spin_error_t *redis_worker_start(spin_worker_t *base, redis_trigger_t *redis);
/* Unsubscribes, and holds the worker until all that has come is taken by some worker. */
void redis_worker_stop(spin_worker_t *base);
/* Ends what runs, and drops what waits. */
void redis_worker_give_up(spin_worker_t *base);
void redis_worker_end(spin_worker_t *base);

/* Has `base` take the place of `from`, which is about to stop. */
void redis_worker_take_over(spin_worker_t *base, spin_worker_t *from);

#endif
