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

/* Threads that are told when something changes (thread.h), in the order in which they came. */
typedef struct async_waiters {
    struct async_thread *first;
    struct async_thread *last;
} async_waiters_t;

/* The first member of a subtask and of each end of a stream or future. Zero to begin with, but for
 * `deliver`. */
struct async_waitable {
    bool has_event;
    bool has_sync_waiter;
    uint32_t handle;         /* its number in the guest's table */
    async_waiters_t waiters; /* for this one alone */
    async_set_t *set;
    async_waitable_t *next; /* in the set */
    async_waitable_t *prev;
    /* What the event says by now; taking it may change the waitable's state. */
    async_event_t (*deliver)(async_waitable_t *waitable);
};

typedef struct async_waitables {
    async_waitable_t *first;
    async_waitable_t *last;
} async_waitables_t;

struct async_set {
    async_waitables_t quiet;
    async_waitables_t ready; /* those with an event, the oldest first */
    async_waiters_t waiters;
    uint32_t waiting; /* threads */
};

/* There is an event: those who wait for it are told. */
void async_waitable_tell(async_waitable_t *waitable);
/* Takes the event, which is there. */
async_event_t async_waitable_take(async_waitable_t *waitable);
/* Leaves the set that it is in and joins `set`, or none. */
void async_waitable_join(async_waitable_t *waitable, async_set_t *set);

/* The first of its elements that has an event, or NULL. */
static inline async_waitable_t *async_set_ready(const async_set_t *set) {
    return set->ready.first;
}
static inline bool async_set_is_empty(const async_set_t *set) {
    return set->quiet.first == NULL && set->ready.first == NULL;
}
/* Lets all elements go: the instance ends. */
void async_set_clear(async_set_t *set);

#endif
