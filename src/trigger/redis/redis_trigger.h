/* The Redis trigger from inside of the library: where many triggers share the workers. */
#ifndef TRIGGER_REDIS_REDIS_TRIGGER_H
#define TRIGGER_REDIS_REDIS_TRIGGER_H

#include "spin/redis.h"

/* As spin_redis_trigger_new, for a trigger that is made after the fork, in each worker, and started
 * there. `queue` is a socket pair (SOCK_SEQPACKET) that was made before the fork, one for each
 * version of an application: where packets are taken, by all workers, and where worker 0 puts them.
 * The descriptors stay the caller's, who may close them when this has returned; as long as anybody
 * has them open, what a worker that died has left in the queue is there for the others. In workers
 * that are not the first, queue[1] may be -1.
 *
 * The worker whose trigger_set_index is 0 subscribes, as soon as it has started. A stop does not
 * wait for anybody to close a descriptor: worker 0 puts all that has come into the queue, and every
 * worker ends when it finds it empty. */
spin_error_t *redis_trigger_new_shared(spin_application_t *application,
                                       const spin_redis_options_t *options, const int queue[2],
                                       spin_trigger_t **out);

/* Has `trigger` take the place of `from` in one worker: both are started, `trigger` in this turn of
 * the loop, and `from` is stopped next. Nothing where one of the two is no Redis trigger, or the
 * worker not number 0.
 *
 * Where both are of one address, the connection goes over to `trigger`, and is subscribed to what
 * is new and unsubscribed from what is gone: no message is missed, and none is handled by both.
 * Else `from` stays subscribed, its stop notwithstanding, until the first attempt of `trigger` to
 * subscribe has succeeded or failed: what a server under two addresses sends meanwhile is handled
 * by both. */
void redis_trigger_take_over(spin_trigger_t *trigger, spin_trigger_t *from);

#endif
