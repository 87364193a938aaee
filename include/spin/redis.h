/* The Redis trigger: runs an application's components on messages of Redis channels. A trigger as
 * any other: <spin/trigger.h> says how it is run, stopped and freed. */
#ifndef SPIN_REDIS_H
#define SPIN_REDIS_H

#include <stdbool.h>

#include "spin/engine.h"
#include "spin/error.h"
#include "spin/manifest.h"
#include "spin/trigger.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero means "the default" everywhere. Everything pointed to is kept by the caller until
 * spin_trigger_free. */
typedef struct spin_redis_options {
    size_t size;      /* sizeof(spin_redis_options_t) */
    unsigned workers; /* as in spin_trigger_options_t */
    /* Of the components' output, as in spin_http_options_t. */
    const char *log_dir;
    const char *const *follow;
    size_t follow_len;
    bool follow_all;
    bool quiet;
    bool ignore_signals; /* as in spin_trigger_options_t */
    /* Messages that wait for an instance, over all workers, in bytes with what keeping them costs:
     * past it reading from the server stops, until half of them are gone. 64 MiB */
    size_t max_waiting_bytes;
    uint64_t connect_timeout_ms;  /* for one attempt, authentication included. 10,000 */
    uint64_t shutdown_timeout_ms; /* for what runs when a graceful stop begins. 30,000 */

    /* As in spin_trigger_options_t. */
    const spin_engine_options_t *engine;
    spin_error_t *(*configure)(spin_engine_builder_t *builder, void *user);
    void (*ready)(spin_trigger_t *trigger, void *user); /* also where Redis can't be reached yet */
    void *user;
} spin_redis_options_t;

/* Makes a Redis trigger for `application`, of which it takes a reference. `options` may be NULL.
 * The caller frees `*out` with spin_trigger_free.
 *
 * There is one connection to the server, whatever the number of workers, and each message is
 * handled once for each component of its channel, by whichever worker is free: in no particular
 * order, but that it begins in the order of arrival. A component whose trigger has `pattern = true`
 * gets the messages of all channels that match its `channel`.
 *
 * A server that is not there, or goes away, is tried again, the longer it lasts the less often (100
 * ms to 10 s), with a line in the log when it is lost and one when it is back; what is published
 * meanwhile is lost, as Redis keeps no message for those who do not listen. So is what a worker was
 * at when it died. One that refuses the password, its own certificate's trust or a channel is tried
 * again too. A handler that fails, traps or passes its deadline is logged with the channel and the
 * size of the message, and the next message runs.
 *
 * A stop unsubscribes, waits until the server confirms it, and handles what has come until then.
 *
 * Errors: USAGE (not a Redis application, a bad options struct), INVALID (the address, at its
 * position), IO, NO_MEMORY. */
SPIN_API spin_error_t *spin_redis_trigger_new(spin_application_t *application,
                                              const spin_redis_options_t *options,
                                              spin_trigger_t **out);

#ifdef __cplusplus
}
#endif

#endif
