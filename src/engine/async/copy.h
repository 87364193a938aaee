/* Streams and futures: two ends that hand values over when both are there, without a buffer between
 * (component-model, CanonicalABI.md, "Stream State", "Future State"). */
#ifndef ENGINE_ASYNC_COPY_H
#define ENGINE_ASYNC_COPY_H

#include "engine/async/waitable.h"
#include "spin/error.h"
#include "wit/model.h"

/* Elements, or bytes' worth of them, at most. */
enum { ASYNC_MAX_LENGTH = (1 << 28) - 1 };

/* Where a guest reads from or writes to. */
typedef struct async_buffer {
    uint64_t ptr;
    uint32_t length;    /* in elements */
    uint32_t progress;  /* of them done */
    uint32_t component; /* the instance, */
    uint32_t options;   /* and the canonical options, that the memory and its types go by */
} async_buffer_t;

static inline uint32_t async_buffer_remain(const async_buffer_t *buffer) {
    return buffer->length - buffer->progress;
}

/* The numbers are the specification's. */
typedef enum async_copy_result {
    ASYNC_COPY_COMPLETED = 0,
    ASYNC_COPY_DROPPED = 1,
    ASYNC_COPY_CANCELLED = 2,
} async_copy_result_t;

typedef enum async_end_state {
    ASYNC_END_IDLE,
    ASYNC_END_COPYING,
    ASYNC_END_CANCELLING,
    ASYNC_END_DONE,
} async_end_state_t;

typedef struct async_end async_end_t;

/* What the two ends share. Freed with the second of them. */
typedef struct async_shared {
    const wit_type_t *element; /* NULL: values without content */
    bool is_future;
    bool dropped;         /* one end is gone */
    async_end_t *pending; /* the one that waits for the other */
    uint32_t ends;        /* that are not freed yet */
} async_shared_t;

/* One end, in one guest's table at a time. */
struct async_end {
    async_waitable_t waitable; /* first */
    async_shared_t *shared;
    bool is_writable;
    async_end_state_t state;
    async_buffer_t buffer;      /* of the copy under way */
    async_copy_result_t result; /* of the event */
    bool reclaims;              /* its delivery ends the copy, which goes on until then */
};

/* Hands `count` elements over and lets both buffers progress. */
typedef spin_error_t *(*async_transfer_fn)(void *user, const wit_type_t *element,
                                           async_buffer_t *to, async_buffer_t *from,
                                           uint32_t count);

/* Both ends of a new stream or future; false when out of memory. */
bool async_ends_new(const wit_type_t *element, bool is_future, async_end_t **readable,
                    async_end_t **writable);
/* Frees the end without telling the other one: the instance ends. NULL is allowed. */
void async_end_free(async_end_t *end);

/* Begins a copy of an idle end whose `buffer` is set. It has its event at once where the other end
 * waits. Errors: TRAP (both in one component instance, of a type that is no number), and those of
 * `transfer`. */
spin_error_t *async_end_copy(async_end_t *end, async_transfer_fn transfer, void *user);
/* Gives a copy under way up: it has its event then. */
void async_end_cancel(async_end_t *end);
/* Tells the other end that this one goes; async_end_free is next. Errors: TRAP (a copy is under
 * way; a future that was not written). */
spin_error_t *async_end_drop(async_end_t *end);

static inline bool async_end_is_copying(const async_end_t *end) {
    return end->state == ASYNC_END_COPYING || end->state == ASYNC_END_CANCELLING;
}

#endif
