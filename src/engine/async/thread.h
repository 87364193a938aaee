/* Threads of guests: stacks of Wasm that block and go on, several in one instance (component-model,
 * CanonicalABI.md, "Threads"). One runs at a time; a thread is a future of Wasmtime, polled from
 * wherever it is resumed: from the host function of another thread, or from the instance's idle
 * function, which is the future that the scheduler knows (scheduler.h). */
#ifndef ENGINE_ASYNC_THREAD_H
#define ENGINE_ASYNC_THREAD_H

#include <wasmtime.h>

#include "spin/engine.h"

typedef struct async_task async_task_t; /* task.h */
typedef struct async_thread async_thread_t;
typedef struct async_threads async_threads_t;

typedef enum async_thread_state {
    ASYNC_THREAD_SUSPENDED, /* until somebody resumes it */
    ASYNC_THREAD_WAITING,   /* until `ready` says yes and it is its turn */
    ASYNC_THREAD_RUNNING,   /* or below one that runs, on the host's stack */
    ASYNC_THREAD_OVER,
} async_thread_state_t;

typedef bool (*async_ready_fn)(const async_thread_t *thread);
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
    async_ready_fn ready;
    void *waits_for;           /* for `ready` */
    async_thread_t *switch_to; /* resumed in its stead when it blocks */
    uint64_t context[2];       /* context.get and context.set */
    bool context_in_use;

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
    async_thread_t *first; /* in the order in which they began to wait, others anywhere */
    async_thread_t *last;
    async_thread_t *current;   /* NULL: none runs */
    async_thread_t *preempted; /* in the middle of its code: no other may run before it */
    uint32_t stacks;           /* futures under way */
    spin_error_t *error;       /* the first that ended a thread: the instance is over */
};

/* A suspended thread of `task` that begins with `advance`; NULL when out of memory. */
async_thread_t *async_thread_new(async_threads_t *threads, async_task_t *task,
                                 async_advance_fn advance);
/* Ends what is left of it, also in the middle of a call. */
void async_thread_free(async_thread_t *thread);
void async_threads_deinit(async_threads_t *threads);

/* Runs it until it blocks or is over. It must not be running. What it leaves when it is over is in
 * `threads->error`. */
void async_thread_resume(async_thread_t *thread, bool cancelled);
/* The first that waits, is ready and `may_run`, before all others one that was preempted; NULL. */
async_thread_t *async_threads_next(async_threads_t *threads,
                                   bool (*may_run)(const async_thread_t *thread));

/* ── from `advance` ── */

/* Calls `func` with `values`; `advance` comes again when it has returned, with `returned` set. */
void async_thread_call(async_thread_t *thread, const wasmtime_func_t *func, size_t args_len,
                       size_t results_len);
/* Ends the thread when `advance` returns. */
void async_thread_end(async_thread_t *thread);
/* The same with an error, which this takes; it ends the whole instance. */
void async_thread_fail(async_thread_t *thread, spin_error_t *error);

/* ── blocking: from `advance`, or from a host function, which then returns a continuation ── */

/* Until `ready`; NULL: until it is resumed. When it goes on `cancelled` says whether it was
 * cancelled instead. */
void async_thread_block(async_thread_t *thread, async_ready_fn ready, void *waits_for,
                        bool cancellable);
/* For the continuation of a host function: whether the thread goes on. */
static inline bool async_thread_goes_on(const async_thread_t *thread) {
    return !thread->blocked;
}
/* A suspended thread waits for nothing but its turn. */
void async_thread_resume_later(async_thread_t *thread);

static inline bool async_thread_is_ready(const async_thread_t *thread) {
    return thread->state == ASYNC_THREAD_WAITING && thread->ready(thread);
}

#endif
