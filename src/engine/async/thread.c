#include "engine/async/thread.h"

#include "base/alloc.h"
#include "base/error.h"
#include "engine/context.h"

/* Of one instance. A thread that waits in its callback has no stack. */
enum { MAX_THREADS = 20000 };

/* ── lists ── */

static void queue_leave(async_thread_t *thread) {
    async_waiters_t *queue = thread->queue;
    if (queue == NULL)
        return;
    *(thread->queue_prev != NULL ? &thread->queue_prev->queue_next : &queue->first) =
        thread->queue_next;
    *(thread->queue_next != NULL ? &thread->queue_next->queue_prev : &queue->last) =
        thread->queue_prev;
    thread->queue = NULL;
    thread->queue_next = thread->queue_prev = NULL;
}

static void queue_join(async_thread_t *thread, async_waiters_t *queue) {
    queue_leave(thread);
    thread->queue = queue;
    thread->queue_prev = queue->last;
    *(queue->last != NULL ? &queue->last->queue_next : &queue->first) = thread;
    queue->last = thread;
}

void async_waiters_wake(async_waiters_t *waiters) {
    while (waiters->first != NULL)
        queue_join(waiters->first, &waiters->first->all->ready);
}

/* ── stacks ── */

static spin_engine_t *engine_of(const spin_instance_t *instance) {
    return instance->component->context->engine;
}

spin_error_t *async_stack_take(const spin_instance_t *instance) {
    spin_engine_t *engine = engine_of(instance);
    const uint32_t most = ENGINE_MOST_TASK_STACKS(&engine->settings);
    if (engine->task_stacks >= most)
        return error_new(SPIN_ERROR_LIMIT, "all %u stacks for asynchronous calls are in use", most);
    engine->task_stacks++;
    return NULL;
}

void async_stack_give(const spin_instance_t *instance) {
    engine_of(instance)->task_stacks--;
}

/* ── life ── */

spin_error_t *async_threads_exhausted(const async_threads_t *threads) {
    return threads->count < MAX_THREADS
               ? error_no_memory()
               : error_new(SPIN_ERROR_LIMIT, "more than %d calls and threads are under way",
                           MAX_THREADS);
}

async_thread_t *async_thread_new(async_threads_t *threads, async_task_t *task,
                                 async_advance_fn advance) {
    async_thread_t *thread = threads->count < MAX_THREADS ? mem_calloc(1, sizeof *thread) : NULL;
    if (thread == NULL)
        return NULL;
    thread->all = threads;
    thread->task = task;
    thread->advance = advance;
    thread->next = threads->first;
    if (thread->next != NULL)
        thread->next->prev = thread;
    threads->first = thread;
    threads->count++;
    return thread;
}

static void end_call(async_thread_t *thread) {
    if (thread->future == NULL)
        return;
    wasmtime_call_future_t *future = thread->future;
    thread->future = NULL;
    wasmtime_call_future_delete(future);
    async_stack_give(thread->all->instance);
}

void async_thread_free(async_thread_t *thread) {
    async_threads_t *all = thread->all;
    end_call(thread);
    if (thread->trap != NULL)
        wasm_trap_delete(thread->trap);
    if (thread->failure != NULL)
        wasmtime_error_delete(thread->failure);
    queue_leave(thread);
    *(thread->prev != NULL ? &thread->prev->next : &all->first) = thread->next;
    if (thread->next != NULL)
        thread->next->prev = thread->prev;
    all->count--;
    mem_free(thread->builtin);
    mem_free(thread);
}

void async_threads_deinit(async_threads_t *threads) {
    while (threads->first != NULL)
        async_thread_free(threads->first);
    spin_error_free(threads->error);
    threads->error = NULL;
}

/* ── running ── */

void async_thread_fail(async_thread_t *thread, spin_error_t *error) {
    if (thread->all->error == NULL)
        thread->all->error = error;
    else
        spin_error_free(error);
    async_thread_end(thread);
}

void async_thread_end(async_thread_t *thread) {
    thread->state = ASYNC_THREAD_OVER;
}

void async_thread_call(async_thread_t *thread, const wasmtime_func_t *func, size_t args_len,
                       size_t results_len) {
    async_threads_t *all = thread->all;
    spin_error_t *error = async_stack_take(all->instance);
    if (error != NULL) {
        async_thread_fail(thread, error);
        return;
    }
    thread->func = *func;
    thread->future =
        wasmtime_func_call_async(all->instance->wasm, &thread->func, thread->values, args_len,
                                 &thread->returned, results_len, &thread->trap, &thread->failure);
}

spin_error_t *async_take_outcome(spin_instance_t *instance, wasm_trap_t *trap,
                                 wasmtime_error_t *failure) {
    wasm_trap_t *own_trap = instance->trap;
    wasmtime_error_t *own_failure = instance->error;
    instance->trap = trap;
    instance->error = failure;
    spin_error_t *error = instance_take_outcome(instance);
    instance->trap = own_trap;
    instance->error = own_failure;
    return error;
}

static spin_error_t *take_outcome(async_thread_t *thread) {
    spin_instance_t *instance = thread->all->instance;
    spin_error_t *error = async_take_outcome(instance, thread->trap, thread->failure);
    thread->trap = NULL;
    thread->failure = NULL;
    if (error == NULL && instance->exited) /* what is made of that is the outermost call's */
        error = error_new(SPIN_ERROR_EXIT, "the guest exited");
    return error;
}

/* False: it was preempted. */
static bool run(async_thread_t *thread) {
    while (thread->state == ASYNC_THREAD_RUNNING) {
        if (thread->future == NULL) {
            thread->advance(thread);
            continue;
        }
        bool ended = wasmtime_call_future_poll(thread->future);
        if (!ended)
            return thread->blocked;
        end_call(thread);
        spin_error_t *error = take_outcome(thread);
        if (error != NULL)
            async_thread_fail(thread, error);
    }
    return true;
}

static void begin(async_thread_t *thread, bool cancelled) {
    queue_leave(thread);
    thread->state = ASYNC_THREAD_RUNNING;
    thread->cancelled = cancelled;
    thread->cancellable = false;
    thread->blocked = false;
}

async_thread_t *async_thread_go_on(async_thread_t *thread) {
    async_threads_t *all = thread->all;
    async_thread_t *before = all->current, *preempted = NULL;
    while (thread != NULL) {
        async_thread_t *next = NULL;
        all->current = thread;
        if (!run(thread)) {
            preempted = thread;
        } else if (thread->state == ASYNC_THREAD_OVER) {
            async_thread_free(thread);
        } else {
            next = thread->switch_to;
            thread->switch_to = NULL;
        }
        thread = next;
        if (thread != NULL)
            begin(thread, false);
    }
    all->current = before;
    return preempted;
}

async_thread_t *async_thread_resume(async_thread_t *thread, bool cancelled) {
    begin(thread, cancelled);
    return async_thread_go_on(thread);
}

async_thread_t *async_threads_next(async_threads_t *threads,
                                   bool (*may_run)(const async_thread_t *thread, const void *user),
                                   const void *user) {
    async_thread_t *next;
    for (async_thread_t *at = threads->ready.first; at != NULL; at = next) {
        next = at->queue_next;
        async_waiters_t *queue = at->hold(at);
        if (queue != NULL)
            queue_join(at, queue);
        else if (may_run == NULL || may_run(at, user))
            return at;
    }
    return NULL;
}

/* ── blocking ── */

async_waiters_t *async_hold_never(const async_thread_t *thread) {
    (void)thread;
    return NULL;
}

void async_thread_block(async_thread_t *thread, async_hold_fn hold, void *waits_for,
                        bool cancellable) {
    thread->state = hold != NULL ? ASYNC_THREAD_WAITING : ASYNC_THREAD_SUSPENDED;
    thread->hold = hold;
    thread->waits_for = waits_for;
    thread->cancellable = cancellable;
    thread->blocked = true;
    async_waiters_t *queue = hold == NULL ? NULL : hold(thread);
    if (hold != NULL)
        queue_join(thread, queue != NULL ? queue : &thread->all->ready);
}

void async_thread_resume_later(async_thread_t *thread) {
    async_thread_block(thread, async_hold_never, NULL, thread->cancellable);
}
