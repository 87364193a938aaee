/* Threads of guests: stacks of Wasm that block and go on, several in one instance (component-model,
 * CanonicalABI.md, "Threads"). One runs at a time; a thread is a future of Wasmtime, polled from
 * wherever it is resumed: from the host function of another thread, or from the instance's idle
 * function, which is the future that the scheduler knows (scheduler.h).
 *
 * A thread that has used up its slice of time is preempted, and so is who has resumed it: both go
 * on when the scheduler comes round again. */
#ifndef ENGINE_ASYNC_THREAD_H
#define ENGINE_ASYNC_THREAD_H

#include <wasmtime.h>

#include "engine/async/waitable.h"
#include "spin/engine.h"

typedef struct async_task async_task_t; /* state.h */
typedef struct async_thread async_thread_t;
typedef struct async_threads async_threads_t;

typedef enum async_thread_state {
    ASYNC_THREAD_SUSPENDED, /* until somebody resumes it */
    ASYNC_THREAD_WAITING,   /* until nothing holds it and it is its turn */
    ASYNC_THREAD_RUNNING,   /* or below one that runs, on the host's stack, or preempted */
    ASYNC_THREAD_OVER,
} async_thread_state_t;

/* What holds a thread: NULL, or where it is told that this may have changed. */
typedef async_waiters_t *(*async_hold_fn)(const async_thread_t *thread);
/* Goes on with what is not Wasm: begins a call, waits, or ends the thread. */
typedef void (*async_advance_fn)(async_thread_t *thread);

enum { ASYNC_THREAD_VALUES = 20 };

struct async_thread {
    async_threads_t *all;
    async_task_t *task;
    uint32_t index; /* in its component instance; 0: none */
    async_thread_state_t state;
    bool cancellable; /* while it is suspended or waits */
    bool cancelled;   /* how that ended */
    async_hold_fn hold;
    void *waits_for;        /* for `hold` */
    async_waiters_t *queue; /* the one that it stands in, or NULL */
    async_thread_t *queue_next;
    async_thread_t *queue_prev;
    async_thread_t *switch_to; /* resumed in its stead when it blocks */
    uint64_t context[2];       /* context.get and context.set */

    /* the call under way; NULL: what comes next is `advance`'s */
    wasmtime_call_future_t *future;
    bool blocked;   /* in a host function, as opposed to preempted */
    bool has_begun; /* for `advance` */
    async_advance_fn advance;
    wasmtime_func_t func;
    wasmtime_val_t values[ASYNC_THREAD_VALUES]; /* arguments, then the result */
    wasmtime_val_t returned;
    wasm_trap_t *trap;
    wasmtime_error_t *failure;
    struct async_builtin_call *builtin; /* that it is in; kept for the next */

    async_thread_t *next; /* of all of the instance */
    async_thread_t *prev;
};

/* Those of one instance. Zero to begin with, but for `instance`. */
struct async_threads {
    spin_instance_t *instance;
    async_thread_t *first;
    async_waiters_t ready;   /* perhaps: they were told of a change */
    async_thread_t *current; /* NULL: none runs */
    uint32_t count;
    spin_error_t *error; /* the first that ended a thread: the instance is over */
};

/* A suspended thread of `task` that begins with `advance`; NULL when out of memory, or when there
 * are too many. */
async_thread_t *async_thread_new(async_threads_t *threads, async_task_t *task,
                                 async_advance_fn advance);
/* Why it was NULL: LIMIT or NO_MEMORY. */
spin_error_t *async_threads_exhausted(const async_threads_t *threads);
/* Ends what is left of it, also in the middle of a call. */
void async_thread_free(async_thread_t *thread);
void async_threads_deinit(async_threads_t *threads);

/* Room for a call, among those of all instances. Errors: LIMIT. */
spin_error_t *async_stack_take(const spin_instance_t *instance);
void async_stack_give(const spin_instance_t *instance);

/* Runs it until it blocks or is over, and then the one that it switches to; what an ended one
 * leaves is in `threads->error`. NULL: that is done; else the thread that was preempted, to be gone
 * on with by async_thread_go_on before any other runs. */
async_thread_t *async_thread_resume(async_thread_t *thread, bool cancelled);
async_thread_t *async_thread_go_on(async_thread_t *thread);
/* The next that nothing holds and that `may_run`, NULL: any may; or NULL. */
async_thread_t *async_threads_next(async_threads_t *threads,
                                   bool (*may_run)(const async_thread_t *thread, const void *user),
                                   const void *user);
/* All that wait there look at what holds them, in their turn. */
void async_waiters_wake(async_waiters_t *waiters);

/* ── from `advance` ── */

/* Calls `func` with `values`; `advance` comes again when it has returned, with `returned` set. */
void async_thread_call(async_thread_t *thread, const wasmtime_func_t *func, size_t args_len,
                       size_t results_len);
/* Ends the thread when `advance` returns. */
void async_thread_end(async_thread_t *thread);
/* The same with an error, which this takes; it ends the whole instance. */
void async_thread_fail(async_thread_t *thread, spin_error_t *error);

/* ── blocking: from `advance`, or from a host function, which then returns a continuation ── */

/* As long as `hold` says; NULL: until it is resumed. When it goes on `cancelled` says whether it
 * was cancelled instead. */
void async_thread_block(async_thread_t *thread, async_hold_fn hold, void *waits_for,
                        bool cancellable);
/* A thread that waits for nothing but its turn. */
async_waiters_t *async_hold_never(const async_thread_t *thread);
/* For the continuation of a host function: whether the thread goes on. */
static inline bool async_thread_goes_on(const async_thread_t *thread) {
    return !thread->blocked;
}
/* A suspended thread waits for nothing but its turn. */
void async_thread_resume_later(async_thread_t *thread);

static inline bool async_thread_is_ready(const async_thread_t *thread) {
    return thread->state == ASYNC_THREAD_WAITING && thread->hold(thread) == NULL;
}

/* What a call of the instance that has ended left, beside its outermost one: NULL, or the error.
 * Takes `trap` and `failure`. */
spin_error_t *async_take_outcome(spin_instance_t *instance, wasm_trap_t *trap,
                                 wasmtime_error_t *failure);

#endif
