/* Asynchronous calls into and inside of a component: what CanonicalABI.md says of tasks, subtasks
 * and component instances. Only components that use anything asynchronous have it. */
#ifndef ENGINE_ASYNC_STATE_H
#define ENGINE_ASYNC_STATE_H

#include "base/arena.h"
#include "base/vec.h"
#include "component/signature.h"
#include "engine/abi/value.h"
#include "engine/async/async.h"
#include "engine/async/copy.h"
#include "engine/async/thread.h"
#include "engine/async/waitable.h"
#include "engine/model/model.h"

typedef struct async_subtask async_subtask_t;

/* What is in a table beside handles of resources (table.h). */
enum {
    HANDLE_SUBTASK = HANDLE_OTHER,
    HANDLE_SET,
    HANDLE_END, /* of a stream or future */
    HANDLE_ERROR_CONTEXT,
};

/* A message for who looks for the reason of an error. */
typedef struct async_error_context {
    uint32_t users; /* handles of it */
    spin_slice_t message;
} async_error_context_t;

/* ── of a component in a context ── */

/* A lift, and how its values are passed. */
struct async_lift {
    const linked_lift_t *linked;
    const model_options_t *options;
    signature_t signature;
    spin_abi_export_t value; /* for calls with values; `name` is for messages */
    const char *core;        /* exports of the fused module */
    const char *post;        /* NULL: none */
    const char *callback;
};

/* ── of an instance ── */

/* A component instance. */
typedef struct async_component {
    bool entered; /* it, or one below it, runs: not to be entered from outside */
    uint32_t backpressure;
    uint32_t waiting; /* tasks that wait to enter */
    async_thread_t *exclusive;
    async_waiters_t waiters;       /* for the end of that, or of backpressure */
    VEC(async_thread_t *) threads; /* by index minus one */
    VEC(uint32_t) free;            /* indices that were used */
} async_component_t;

/* Functions of a lift in this instance. */
typedef struct async_functions {
    bool found;
    wasmtime_func_t core;
    wasmtime_func_t post;
    wasmtime_func_t callback;
} async_functions_t;

/* The call of the host that is under way. */
typedef struct async_root {
    const async_lift_t *lift;
    const spin_abi_export_t *function;
    const void *args;
    void *result;
    bool owns_result; /* what it holds is for spin_memory_release, not in the arena */
    bool begun;
    bool resolved;
    bool ended;                /* nothing else goes on for it */
    async_task_t *entering;    /* the call's, while it is preempted before it has blocked */
    async_thread_t *preempted; /* any other thread, in the middle of its code */
    spin_error_t *error;
    wasm_trap_t **trap;
} async_root_t;

struct async_state {
    model_instance_t *model;
    async_threads_t threads;
    async_component_t *components; /* one for each component instance */
    async_functions_t *functions;  /* one for each lift */
    async_task_t *tasks;
    async_subtask_t *subtasks;
    uint32_t host_calls; /* that wait for the loop */
    uint32_t answered;   /* of them, those that have answered */
    size_t messages;     /* bytes of error contexts */
    async_root_t root;
    /* While start functions run, which have no thread: */
    struct async_builtin_call *start_call; /* a built-in that was preempted */
    uint64_t start_context[2];
    uint32_t start_component; /* whose that is */
};

/* Has the functions of `lift` found. `caller` is for the time of start functions and may be NULL.
 * Errors: INTERNAL (an export is missing). */
spin_error_t *async_find_functions(async_state_t *state, const async_lift_t *lift,
                                   wasmtime_caller_t *caller);
/* ── task.c: a call of a lift ── */

typedef enum async_task_phase {
    ASYNC_TASK_INITIAL,
    ASYNC_TASK_STARTED,
    ASYNC_TASK_PENDING_CANCEL,
    ASYNC_TASK_CANCEL_DELIVERED,
    ASYNC_TASK_RESOLVED,
} async_task_phase_t;

typedef enum async_task_step {
    ASYNC_STEP_ENTER,    /* to be let in */
    ASYNC_STEP_START,    /* its arguments */
    ASYNC_STEP_RETURNED, /* the core function */
    ASYNC_STEP_YIELDED,
    ASYNC_STEP_WAITED,
    ASYNC_STEP_POSTED,
} async_task_step_t;

struct async_task {
    async_task_t *next;
    async_task_t *prev;
    async_state_t *state;
    const async_lift_t *lift;
    uint32_t component;
    async_task_phase_t phase;
    async_task_step_t step;
    async_thread_t *implicit; /* NULL: it is over */
    uint32_t threads;         /* registered */
    uint32_t pins;            /* it is in use further up the stack */
    async_thread_t *running;  /* what async_task_run is at, */
    uint32_t from;            /* for whom, */
    bool is_inside;           /* and whether it has entered */
    uint32_t scope;           /* what is borrowed for it */
    async_set_t *waits_in;    /* its callback */
    model_loan_t *loans;      /* lent by the host for it */
    async_subtask_t *caller;  /* NULL: the host */
    /* What it is called with, and what it gives: in the arena, or the host's. */
    const spin_abi_export_t *function;
    const void *args;
    void *result;
    arena_t arena;
};

/* A task for a call by `caller`, NULL for the host. `function`, `args` and `result` may be set
 * until it starts. NULL when out of memory. */
async_task_t *async_task_new(async_state_t *state, const async_lift_t *lift,
                             async_subtask_t *caller);
/* canon_lift: runs it until it blocks or is over, as seen from component instance `from`
 * (LINKED_NONE: the host). False: it was preempted, to be gone on with by async_task_go_on.
 * `*error` is set to TRAP, or to whatever ended a thread meanwhile: the instance is over. */
bool async_task_run(async_task_t *task, uint32_t from, spin_error_t **error);
bool async_task_go_on(async_task_t *task, spin_error_t **error);
/* The task whose thread runs, or NULL. */
async_task_t *async_task_current(const async_state_t *state);
/* task.return: `result` of the task was lifted. Errors: TRAP. */
spin_error_t *async_task_return(async_task_t *task);
/* Whether what may block may be called now: a synchronous task must return before, unless another
 * thread can go on meanwhile. Asked whether it would block or not (so do Wasmtime and the public
 * suites). */
bool async_may_block(async_state_t *state);
/* TRAP */
spin_error_t *async_cannot_block(void);
/* task.cancel. */
spin_error_t *async_task_cancel(async_task_t *task);
/* Asks it to end, for its caller in `from`. As async_task_run. */
bool async_task_request_cancel(async_task_t *task, uint32_t from, spin_error_t **error);
/* Whether it was asked to end, and is told so now. */
bool async_task_take_cancel(async_task_t *task, bool cancellable);
/* Gives `thread` a number in its task's component instance. Errors: NO_MEMORY. */
spin_error_t *async_task_register(async_task_t *task, async_thread_t *thread);
/* Takes it back: TRAP where it was the last thread of a task that did not return. */
spin_error_t *async_task_unregister(async_task_t *task, async_thread_t *thread);
/* Frees it where nothing of it is left. */
void async_task_release(async_task_t *task);
/* Of a thread that yields in its callback: it waits for its turn alone. */
async_waiters_t *async_hold_yielded(const async_thread_t *thread);
/* The thread that held it exclusively has let it go. */
void async_release_exclusive(async_component_t *component);
void async_task_free(async_task_t *task);

/* May `to` be entered from `from`; enters it, leaves it. */
bool async_may_enter(const async_state_t *state, uint32_t to, uint32_t from);
void async_enter(async_state_t *state, uint32_t to, uint32_t from);
void async_leave(async_state_t *state, uint32_t to, uint32_t from);

/* ── subtask.c: a call of a lower, seen by the caller ── */

/* The numbers are the specification's. */
typedef enum async_subtask_phase {
    ASYNC_SUBTASK_STARTING = 0,
    ASYNC_SUBTASK_STARTED = 1,
    ASYNC_SUBTASK_RETURNED = 2,
    ASYNC_SUBTASK_CANCELLED_BEFORE_STARTED = 3,
    ASYNC_SUBTASK_CANCELLED_BEFORE_RETURNED = 4,
} async_subtask_phase_t;

/* How a lower is called; in the arena of the model. */
typedef struct async_lower {
    const model_t *model;
    const linked_lower_t *linked;
    const model_options_t *options;
    signature_t signature;
    const async_lift_t *lift;   /* NULL: of an import */
    const abi_import_t *import; /* or */
} async_lower_t;

struct async_subtask {
    async_waitable_t waitable; /* first */
    async_subtask_t *next;
    async_subtask_t *prev;
    async_state_t *state;
    const async_lower_t *lower;
    async_task_t *task;     /* NULL: of the host, or over */
    spin_host_call_t *host; /* of the host, while it is under way */
    async_subtask_phase_t phase;
    bool cancel_requested;
    bool delivered; /* the caller knows that it is over */
    bool has_number;
    model_loan_t *loans; /* lent by the caller */
    model_loan_t *temps;
    wasmtime_val_t flat[SIGNATURE_MAX]; /* parameters */
    wasmtime_val_t result;              /* of a synchronous one */
    async_thread_t *thread;             /* that waits for it; NULL: its callee was preempted */
    wasmtime_val_t *results;            /* where its results go */
    wasm_trap_t **trap;
};

static inline bool async_subtask_is_resolved(const async_subtask_t *subtask) {
    return subtask->phase >= ASYNC_SUBTASK_RETURNED;
}
/* What a lower's function begins with: a subtask for this call, and no continuation yet. NULL, and
 * a trap, when out of memory. */
async_subtask_t *async_subtask_begin(const async_lower_t *lower, wasmtime_caller_t *caller,
                                     const wasmtime_val_t *values, size_t values_len,
                                     wasmtime_val_t *results, wasm_trap_t **trap,
                                     wasmtime_async_continuation_t *continuation);
/* What the lower answers when its callee has blocked or is over; an `error`, which this takes,
 * traps. False: the caller waits, and goes on with async_subtask_go_on. */
bool async_subtask_finish(async_subtask_t *subtask, spin_error_t *error);
bool async_subtask_go_on(void *subtask);
/* on_start: lifts the arguments for the task or the host. */
spin_error_t *async_subtask_start(async_subtask_t *subtask, spin_value_t *args, arena_t *arena);
/* on_resolve: lowers `result` (NULL: there is none) for the caller. */
spin_error_t *async_subtask_return(async_subtask_t *subtask, const spin_value_t *result);
/* The same for one that was cancelled. */
void async_subtask_end_cancelled(async_subtask_t *subtask);
/* The caller is told of it. */
void async_subtask_deliver(async_subtask_t *subtask);
/* What a lower of a lift is defined as ("spin:call"); `env` is an async_lower_t. */
void async_on_call(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *values,
                   size_t values_len, wasmtime_val_t *results, size_t results_len,
                   wasm_trap_t **trap, wasmtime_async_continuation_t *continuation);
void async_subtask_free(async_subtask_t *subtask);

/* ── host_call.c: functions of the host ── */

/* What a lower of an import is defined as; `env` is an async_lower_t. */
void async_on_host_call(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *values,
                        size_t values_len, wasmtime_val_t *results, size_t results_len,
                        wasm_trap_t **trap, wasmtime_async_continuation_t *continuation);
/* Those that have answered meanwhile go on. Errors: TRAP and what they say. */
spin_error_t *async_host_calls_finish(async_state_t *state);
/* The guest cancels it. Errors: what its answer says that is there already. */
spin_error_t *async_host_call_cancel(async_subtask_t *subtask);
/* Nobody waits for it any more. */
void async_host_call_drop(async_subtask_t *subtask);

/* ── pass.c: values ── */

/* Size and alignment of the parameters in memory. */
void async_params_layout(const spin_function_t *type, bool memory64, uint32_t *size,
                         uint32_t *align);
/* TRAP where `size` bytes at `ptr` are not in the memory, or not aligned. */
spin_error_t *async_check_area(abi_memory_t memory, uint64_t ptr, uint32_t size, uint32_t align);
/* Lowers what `function` makes of `args` for `lift`'s core function into `values`. */
spin_error_t *async_lower_args(async_task_t *task, const spin_abi_export_t *function,
                               const void *args, wasmtime_val_t *values);
/* Lifts a result: from the values that the core function gave, or those of task.return. */
spin_error_t *async_lift_result(async_task_t *task, const model_options_t *options,
                                const wasmtime_val_t *values, bool in_memory);
/* Runs a function that must not block to its end: an allocator. */
spin_error_t *async_call_now(async_state_t *state, const wasmtime_func_t *func,
                             const wasmtime_val_t *args, size_t args_len, wasmtime_val_t *result,
                             size_t result_len);
/* Has the guest allocate all that was measured. */
spin_error_t *async_allocate(async_state_t *state, spin_lower_t *lower);
/* Whether two guests mean the same type by them; NULL is none. */
bool async_is_same_type(const wit_type_t *a, const wit_type_t *b);
/* The end of a stream or future (`type`) under `number`. Errors: TRAP. */
spin_error_t *async_end_of(async_state_t *state, uint32_t component, const wit_type_t *type,
                           uint32_t number, bool is_writable, async_end_t **out);
async_error_context_t *async_error_context_new(async_state_t *state, spin_slice_t message);
/* One handle less. */
void async_error_context_release(async_state_t *state, async_error_context_t *context);
/* Hands elements of a stream or future over (copy.h). `user` is an async_state_t. */
spin_error_t *async_transfer(void *user, const wit_type_t *element, async_buffer_t *to,
                             async_buffer_t *from, uint32_t count);

/* ── root.c: calls of the host ── */

/* FUSE_IDLE. */
void async_on_idle(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *values,
                   size_t values_len, wasmtime_val_t *results, size_t results_len,
                   wasm_trap_t **trap, wasmtime_async_continuation_t *continuation);

/* ── builtin.c, builtin_stream.c: "spin:builtin" ── */

/* A built-in that a guest calls. Kept in its thread while it blocks. */
typedef struct async_builtin_call {
    async_state_t *state;
    const struct async_builtin_env *env;
    const linked_builtin_t *builtin;
    const model_t *model;
    async_thread_t *thread; /* NULL: a start function calls */
    uint64_t args[SIGNATURE_MAX];
    wasmtime_val_t *results;
    wasm_trap_t **trap;
    bool again;        /* it has blocked, and goes on */
    bool is_preempted; /* what it runs was: it is called again for that */
    void *subject;     /* what it has waited for */
} async_builtin_call_t;

/* Answers, or has the thread block and is called again when it goes on. Errors: TRAP and others. */
typedef spin_error_t *(*async_builtin_fn)(async_builtin_call_t *call);
/* NULL: it is none of these. */
async_builtin_fn async_builtin_find(ast_canon_kind_t kind);
async_builtin_fn async_stream_builtin_find(ast_canon_kind_t kind);
/* Has the thread of the call wait. Errors: TRAP, where it can't. */
spin_error_t *async_builtin_block(async_builtin_call_t *call, async_hold_fn hold, void *waits_for,
                                  bool cancellable);
static inline void async_answer(async_builtin_call_t *call, uint32_t value) {
    call->results[0] = abi_val_i32(value);
}
/* What a built-in is defined as; `env` is an async_builtin_env_t. */
typedef struct async_builtin_env {
    const model_t *model;
    const linked_builtin_t *builtin;
    async_builtin_fn function;
    const char *name;
    const char *memory; /* NULL: none */
    const char *table;
    const char *start;
} async_builtin_env_t;
void async_on_builtin(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *values,
                      size_t values_len, wasmtime_val_t *results, size_t results_len,
                      wasm_trap_t **trap, wasmtime_async_continuation_t *continuation);

#endif
