#include "engine/async/thread.h"

#include "base/alloc.h"
#include "base/error.h"
#include "engine/context.h"

enum { MAX_STACKS = 1000 }; /* of one instance */

/* ── the list ── */

static void list_remove(async_thread_t *thread) {
    async_threads_t *all = thread->all;
    *(thread->prev != NULL ? &thread->prev->next : &all->first) = thread->next;
    *(thread->next != NULL ? &thread->next->prev : &all->last) = thread->prev;
    thread->next = thread->prev = NULL;
}

static void list_append(async_thread_t *thread) {
    async_threads_t *all = thread->all;
    thread->prev = all->last;
    *(all->last != NULL ? &all->last->next : &all->first) = thread;
    all->last = thread;
}

/* ── life ── */

async_thread_t *async_thread_new(async_threads_t *threads, async_task_t *task,
                                 async_advance_fn advance) {
    async_thread_t *thread = mem_calloc(1, sizeof *thread);
    if (thread == NULL)
        return NULL;
    thread->all = threads;
    thread->task = task;
    thread->advance = advance;
    list_append(thread);
    return thread;
}

static void end_call(async_thread_t *thread) {
    if (thread->future == NULL)
        return;
    wasmtime_call_future_t *future = thread->future;
    thread->future = NULL;
    wasmtime_call_future_delete(future);
    thread->all->stacks--;
}

void async_thread_free(async_thread_t *thread) {
    end_call(thread);
    if (thread->trap != NULL)
        wasm_trap_delete(thread->trap);
    if (thread->failure != NULL)
        wasmtime_error_delete(thread->failure);
    list_remove(thread);
    if (thread->all->preempted == thread)
        thread->all->preempted = NULL;
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
    if (all->stacks == MAX_STACKS) {
        async_thread_fail(
            thread, error_new(SPIN_ERROR_LIMIT, "more than %d calls are under way", MAX_STACKS));
        return;
    }
    all->stacks++;
    thread->func = *func;
    thread->future =
        wasmtime_func_call_async(all->instance->wasm, &thread->func, thread->values, args_len,
                                 &thread->returned, results_len, &thread->trap, &thread->failure);
}

/* Takes what an ended call left. */
static spin_error_t *take_outcome(async_thread_t *thread) {
    spin_instance_t *instance = thread->all->instance;
    wasm_trap_t *trap = instance->trap;
    wasmtime_error_t *failure = instance->error;
    instance->trap = thread->trap;
    instance->error = thread->failure;
    thread->trap = NULL;
    thread->failure = NULL;
    spin_error_t *error = instance_take_outcome(instance);
    instance->trap = trap;
    instance->error = failure;
    return error;
}

static bool always(const async_thread_t *thread) {
    (void)thread;
    return true;
}

/* Until it blocks, is preempted or is over. One that was resumed from inside another's host
 * function is not left where it was preempted: who resumed it could not go on. */
static void run(async_thread_t *thread, bool is_inner) {
    async_threads_t *all = thread->all;
    while (thread->state == ASYNC_THREAD_RUNNING) {
        if (thread->future == NULL) {
            thread->advance(thread);
            continue;
        }
        bool ended = wasmtime_call_future_poll(thread->future);
        if (!ended && thread->blocked)
            return;
        if (!ended && !is_inner) {
            all->preempted = thread;
            return;
        }
        if (!ended && uv_hrtime() >= all->instance->deadline_ns)
            async_thread_fail(thread, error_new(SPIN_ERROR_TIMEOUT, "past the call's deadline"));
        if (!ended)
            continue;
        end_call(thread);
        spin_error_t *error = take_outcome(thread);
        if (error != NULL)
            async_thread_fail(thread, error);
    }
}

void async_thread_resume(async_thread_t *thread, bool cancelled) {
    async_threads_t *all = thread->all;
    async_thread_t *before = all->current;
    while (thread != NULL) {
        async_thread_t *next = NULL;
        thread->state = ASYNC_THREAD_RUNNING;
        thread->cancelled = cancelled;
        thread->cancellable = false;
        thread->blocked = false;
        all->current = thread;
        run(thread, before != NULL);
        if (thread->state == ASYNC_THREAD_OVER) {
            async_thread_free(thread);
        } else {
            next = thread->switch_to;
            thread->switch_to = NULL;
        }
        thread = next;
        cancelled = false;
    }
    all->current = before;
}

async_thread_t *async_threads_next(async_threads_t *threads,
                                   bool (*may_run)(const async_thread_t *thread)) {
    async_thread_t *at = threads->preempted;
    threads->preempted = NULL;
    if (at != NULL)
        return at;
    at = threads->first;
    while (at != NULL && !(async_thread_is_ready(at) && may_run(at)))
        at = at->next;
    return at;
}

/* ── blocking ── */

void async_thread_block(async_thread_t *thread, async_ready_fn ready, void *waits_for,
                        bool cancellable) {
    thread->state = ready != NULL ? ASYNC_THREAD_WAITING : ASYNC_THREAD_SUSPENDED;
    thread->ready = ready;
    thread->waits_for = waits_for;
    thread->cancellable = cancellable;
    thread->blocked = true;
    list_remove(thread);
    list_append(thread);
}

void async_thread_resume_later(async_thread_t *thread) {
    bool cancellable = thread->cancellable;
    async_thread_block(thread, always, NULL, cancellable);
}
