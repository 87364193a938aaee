/* What a guest can wait for, and the sets that it waits on (component-model, CanonicalABI.md,
 * "Waitable State"). State only: who waits is woken by thread.c. */
#ifndef ENGINE_ASYNC_WAITABLE_H
#define ENGINE_ASYNC_WAITABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The numbers are the specification's. */
typedef enum async_event_code {
    ASYNC_EVENT_NONE = 0,
    ASYNC_EVENT_SUBTASK = 1,
    ASYNC_EVENT_STREAM_READ = 2,
    ASYNC_EVENT_STREAM_WRITE = 3,
    ASYNC_EVENT_FUTURE_READ = 4,
    ASYNC_EVENT_FUTURE_WRITE = 5,
    ASYNC_EVENT_TASK_CANCELLED = 6,
} async_event_code_t;

typedef struct async_event {
    async_event_code_t code;
    uint32_t index;
    uint32_t payload;
} async_event_t;

typedef struct async_waitable async_waitable_t;
typedef struct async_set async_set_t;

/* The first member of a subtask and of each end of a stream or future. Zero to begin with, but for
 * `deliver`. */
struct async_waitable {
    bool has_event;
    bool has_sync_waiter;
    uint32_t handle; /* its number in the guest's table */
    async_set_t *set;
    async_waitable_t *next; /* in the set */
    async_waitable_t *prev;
    /* What the event says by now; taking it may change the waitable's state. */
    async_event_t (*deliver)(async_waitable_t *waitable);
};

struct async_set {
    async_waitable_t *first; /* in the order in which they joined */
    async_waitable_t *last;
    uint32_t waiting; /* threads */
};

/* Takes the event, which is there. */
async_event_t async_waitable_take(async_waitable_t *waitable);
/* Leaves the set that it is in and joins `set`, or none. */
void async_waitable_join(async_waitable_t *waitable, async_set_t *set);

/* The first of its elements that has an event, or NULL. */
async_waitable_t *async_set_ready(const async_set_t *set);
/* Whether nothing keeps it from being dropped. */
static inline bool async_set_is_idle(const async_set_t *set) {
    return set->first == NULL && set->waiting == 0;
}
/* Lets all elements go: the instance ends. */
void async_set_clear(async_set_t *set);

#endif
