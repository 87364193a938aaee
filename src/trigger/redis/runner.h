/* Takes messages out of the queue, when there is an instance for them, and runs components on them.
 * Every worker has one. */
#ifndef TRIGGER_REDIS_RUNNER_H
#define TRIGGER_REDIS_RUNNER_H

#include <uv.h>

#include "spin/engine.h"
#include "trigger/component_log.h"

typedef struct redis_component {
    spin_slice_t id;
    component_log_t out;
    component_log_t err;
} redis_component_t;

/* Everything is the caller's. */
typedef struct redis_runner_site {
    uv_loop_t *loop;
    spin_execution_context_t *context;
    spin_slice_t application; /* its name, for the log */
    redis_component_t *components;
    size_t components_len;
    int fd; /* the end of the queue where packets are taken */
} redis_runner_site_t;

typedef struct redis_runner redis_runner_t;

/* Errors: NO_MEMORY, IO. */
spin_error_t *redis_runner_new(const redis_runner_site_t *site, redis_runner_t **out);

/* Calls `drained`, now or from the loop, when it finds the queue empty; then it takes nothing
 * more. What it took may still run. */
void redis_runner_drain(redis_runner_t *runner, void (*drained)(void *user), void *user);

/* Takes no more, and ends what runs. */
void redis_runner_give_up(redis_runner_t *runner);

/* The same; its handles are gone with the loop's next turn. NULL is allowed. */
void redis_runner_free(redis_runner_t *runner);

#endif
