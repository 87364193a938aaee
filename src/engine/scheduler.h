/* Which of an engine's instances run next. All on the thread of the loop.
 *
 * Contexts take turns: of those that have instances in a ring, each gives one, then it is the next
 * one's turn. However many busy guests one context has, another's waits for one slice of them. */
#ifndef ENGINE_SCHEDULER_H
#define ENGINE_SCHEDULER_H

#include <stdbool.h>
#include <uv.h>
#include <wasmtime.h>

#include "engine/epoch.h"
#include "spin/engine.h"

typedef struct instance_queue instance_queue_t;

/* Contexts that have instances in one of their queues, the next one first. */
typedef struct queue_ring {
    instance_queue_t *first;
    instance_queue_t *last;
    size_t instances;
} queue_ring_t;

/* A doubly linked list through spin_instance.next and .prev. */
struct instance_queue {
    spin_instance_t *first;
    spin_instance_t *last;
    queue_ring_t *ring; /* where it stands while it is not empty; NULL: nowhere */
    instance_queue_t *next;
    instance_queue_t *prev;
};

typedef struct scheduler_handles scheduler_handles_t;

typedef struct scheduler {
    spin_engine_t *engine;
    uv_loop_t *loop;
    uv_loop_t own_loop;
    bool owns_loop;
    scheduler_handles_t *handles;
    uint64_t timer_at;       /* the next deadline, in nanoseconds of uv_hrtime; 0 while it is off */
    queue_ring_t woken;      /* what they waited for is there, or they are to begin */
    queue_ring_t preempted;  /* used up their slice of time */
    instance_queue_t parked; /* wait for the loop, or are paused */
    epoch_clock_t *clock;

    /* of the input and output that is being handled */
    bool in_input;
    bool crowded;           /* it has taken long: who comes now stands in line */
    uint64_t last_begin_ns; /* when a guest began there last, or 0 */
} scheduler_t;

/* `loop` NULL: the scheduler makes its own. `*out` needs scheduler_deinit only on success. */
spin_error_t *scheduler_init(scheduler_t *scheduler, uv_loop_t *loop, spin_engine_t *engine);
/* Closes the handles; those on a lent loop go with its next turn. */
void scheduler_deinit(scheduler_t *scheduler);
/* Has the loop come round without sleeping: a guest can run, or room is to be told of (room.h). */
void scheduler_keep_turning(scheduler_t *scheduler);
/* Polls a future that was just made; calls `done` when it has ended, else lets the loop go on. */
void scheduler_start(spin_instance_t *instance);
/* The same as one more step of a call, which keeps its deadline and its slice: however many steps
 * there are, the loop comes round. */
void scheduler_continue(spin_instance_t *instance);
/* Forgets the instance's future: nothing of it runs any more. A host function that was told of it
 * may have doomed the instance. */
void scheduler_cancel(spin_instance_t *instance);
/* Turns the loop until `*ended`. */
void scheduler_turn_until(scheduler_t *scheduler, const bool *ended);

#endif
