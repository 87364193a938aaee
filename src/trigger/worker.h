/* Where a trigger runs: a loop, an execution context, and what happens from the first handle to the
 * last. Everything but posting is done on the loop's thread. */
#ifndef TRIGGER_WORKER_H
#define TRIGGER_WORKER_H

#include <pthread.h>
#include <uv.h>

#include "spin/trigger.h"

typedef struct worker_post worker_post_t;
typedef struct worker_tick worker_tick_t;
typedef struct worker_call worker_call_t;

/* In this order. */
typedef enum worker_phase {
    WORKER_NONE = 0, /* there are no handles */
    WORKER_STARTING,
    WORKER_RUNNING,
    WORKER_STOPPING, /* takes no events, and finishes what is under way */
    WORKER_GIVEN_UP, /* ends in a moment, whatever is under way */
    WORKER_ENDING,   /* the type has ended and the context is gone */
    WORKER_CLOSING,  /* the worker's own handles close */
    WORKER_ENDED,
} worker_phase_t;

struct spin_worker {
    spin_trigger_t *trigger;
    uv_loop_t *loop;
    spin_execution_context_t *context;
    void *data; /* the type's */
    unsigned index;
    worker_phase_t phase;
    bool began; /* the type's start was called */
    size_t holds;
    void (*ended)(spin_worker_t *worker); /* the last thing; may be NULL */

    int stop_fd;     /* readable when the worker shall stop; -1: worker_stop says so */
    bool is_counted; /* an eventfd that counts how often; else the end of a link, which stays */
    uint64_t stops;  /* calls of worker_stop that nothing has taken note of */
    size_t handles;  /* open, in this order: */
    uv_async_t wake;
    uv_timer_t grace;
    uv_poll_t stop;

    worker_tick_t *ticks;
    worker_call_t *calls;

    pthread_mutex_t mutex; /* over what other threads use: */
    worker_post_t *posts;
    worker_post_t **posts_end;
    bool deaf; /* takes no posts */
};

/* Once, and before any other thread knows the trigger. */
void worker_init(spin_worker_t *worker, spin_trigger_t *trigger);
/* It has ended, or never began. */
void worker_deinit(spin_worker_t *worker);

/* Builds the engine on `loop` and starts the trigger's type. Where that fails, what had begun is
 * ended as far as it can be without turning the loop: worker_finish does the rest. `stop_fd` stays
 * the caller's. */
spin_error_t *worker_start(spin_worker_t *worker, uv_loop_t *loop, unsigned index, int stop_fd,
                           bool is_counted);
/* The same for one that was told to stop before: it only ends. */
spin_error_t *worker_start_ended(spin_worker_t *worker, uv_loop_t *loop);
/* As the descriptor that counts, for a worker without one: from its loop's thread, at any time. */
void worker_stop(spin_worker_t *worker);
/* Gives up everything and turns the loop until the worker has ended. Not from its callbacks. */
void worker_finish(spin_worker_t *worker);
/* Turns the loop until the worker, which is to be stopped by its descriptor, has ended. */
void worker_run(spin_worker_t *worker);

/* Has the loop look at what there is to do. */
void worker_wake(spin_worker_t *worker);

/* ── tasks.c ── */

/* Calls what was posted before. */
void worker_run_posts(spin_worker_t *worker);
/* Forgets what was posted, and what will be. */
void worker_drop_posts(spin_worker_t *worker);
void worker_close_ticks(spin_worker_t *worker);

/* ── call.c ── */

/* Frees the instances of all calls and tells who made them. */
void worker_cancel_calls(spin_worker_t *worker);

#endif
