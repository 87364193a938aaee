#include "engine/context.h"

#include "base/alloc.h"
#include "base/error.h"

static const uint64_t ns_per_ms = 1000 * 1000;

static scheduler_t *scheduler_of(const spin_instance_t *instance) {
    return &instance->component->context->scheduler;
}

/* ── queues ── */

static void queue_remove(spin_instance_t *instance) {
    instance_queue_t *queue = instance->queue;
    if (queue == NULL)
        return;
    *(instance->prev != NULL ? &instance->prev->next : &queue->first) = instance->next;
    *(instance->next != NULL ? &instance->next->prev : &queue->last) = instance->prev;
    instance->next = instance->prev = NULL;
    instance->queue = NULL;
    queue->len--;
}

static void queue_append(instance_queue_t *queue, spin_instance_t *instance) {
    queue_remove(instance);
    instance->queue = queue;
    instance->prev = queue->last;
    *(queue->last != NULL ? &queue->last->next : &queue->first) = instance;
    queue->last = instance;
    queue->len++;
}

/* ── deadlines ── */

static void on_timer(uv_timer_t *timer);

static void arm_timer(scheduler_t *scheduler, uint64_t deadline_ns) {
    if (scheduler->timer_at != 0 && scheduler->timer_at <= deadline_ns)
        return;
    uint64_t now = uv_hrtime();
    uint64_t wait_ms = deadline_ns <= now ? 0 : (deadline_ns - now + ns_per_ms - 1) / ns_per_ms;
    scheduler->timer_at = deadline_ns;
    uv_update_time(scheduler->loop);
    uv_timer_start(scheduler->timer, on_timer, wait_ms, 0);
}

static void cut_off(spin_instance_t *instance) {
    scheduler_cancel(instance);
    if (instance->doomed) { /* by the host function that was told of it */
        spin_instance_free(instance);
        return;
    }
    instance_finish(instance, error_new(SPIN_ERROR_TIMEOUT, "the guest ran longer than %llu ms",
                                        (unsigned long long)(instance->timeout_ns / ns_per_ms)));
}

static spin_instance_t *first_overdue(const instance_queue_t *queue, uint64_t now, uint64_t *next) {
    for (spin_instance_t *at = queue->first; at != NULL; at = at->next) {
        if (at->deadline_ns <= now)
            return at;
        if (at->deadline_ns < *next)
            *next = at->deadline_ns;
    }
    return NULL;
}

static void on_timer(uv_timer_t *timer) {
    scheduler_t *scheduler = timer->data;
    instance_queue_t *queues[] = {&scheduler->parked, &scheduler->preempted, &scheduler->woken};
    uint64_t next = UINT64_MAX;
    scheduler->timer_at = 0;
    for (size_t i = 0; i < sizeof queues / sizeof *queues; i++) {
        spin_instance_t *overdue;
        /* `done` may free any instance, so the search begins anew after each. */
        while ((overdue = first_overdue(queues[i], uv_hrtime(), &next)) != NULL)
            cut_off(overdue);
    }
    if (next != UINT64_MAX)
        arm_timer(scheduler, next);
}

/* ── running ── */

static bool is_ready(const scheduler_t *scheduler) {
    return scheduler->woken.first != NULL || scheduler->preempted.first != NULL;
}

static void on_idle(uv_idle_t *idle);

static void keep_turning(scheduler_t *scheduler) {
    if (is_ready(scheduler))
        uv_idle_start(scheduler->idle, on_idle);
    else
        uv_idle_stop(scheduler->idle);
}

/* A slice counts from here, however long ago the store was made. */
static void begin_slice(spin_instance_t *instance) {
    wasmtime_context_set_epoch_deadline(instance->wasm, EPOCH_TICKS_PER_SLICE);
}

/* Runs the guest until it ends, waits or has used up its slice. */
static void poll_guest(spin_instance_t *instance) {
    scheduler_t *scheduler = scheduler_of(instance);
    queue_remove(instance);
    instance->polling = true;
    bool ended = wasmtime_call_future_poll(instance->future);
    if (ended)
        scheduler_cancel(instance);
    instance->polling = false;
    if (instance->doomed) {
        spin_instance_free(instance);
        return;
    }
    if (ended) {
        instance_finish(instance, NULL);
        return;
    }
    if (instance->waiting || instance->paused)
        queue_append(&scheduler->parked, instance);
    else if (uv_hrtime() >= instance->deadline_ns) {
        cut_off(instance);
        return;
    } else
        queue_append(&scheduler->preempted, instance);
    arm_timer(scheduler, instance->deadline_ns);
}

/* One turn: all that were woken before it, but only one that was preempted, so that input and
 * output come round between two slices of busy guests. */
static void on_idle(uv_idle_t *idle) {
    scheduler_t *scheduler = idle->data;
    for (size_t left = scheduler->woken.len; left > 0 && scheduler->woken.first != NULL; left--) {
        begin_slice(scheduler->woken.first);
        poll_guest(scheduler->woken.first);
    }
    if (scheduler->preempted.first != NULL) {
        begin_slice(scheduler->preempted.first);
        poll_guest(scheduler->preempted.first);
    }
    keep_turning(scheduler);
}

void scheduler_start(spin_instance_t *instance) {
    instance->deadline_ns = uv_hrtime() + instance->timeout_ns;
    begin_slice(instance);
    scheduler_continue(instance);
}

void scheduler_continue(spin_instance_t *instance) {
    scheduler_t *scheduler = scheduler_of(instance);
    instance->waiting = instance->paused = false;
    epoch_clock_enter(scheduler->clock);
    poll_guest(instance);
    if (is_ready(scheduler))
        keep_turning(scheduler);
}

void scheduler_cancel(spin_instance_t *instance) {
    if (instance->future == NULL)
        return;
    wasmtime_call_future_t *future = instance->future;
    bool was_polling = instance->polling;
    queue_remove(instance);
    instance->future = NULL;
    instance->polling = true; /* host functions are told of their end, and may free the instance */
    wasmtime_call_future_delete(future);
    instance->polling = was_polling;
    epoch_clock_leave(scheduler_of(instance)->clock);
}

void scheduler_turn_until(scheduler_t *scheduler, const bool *ended) {
    uv_ref((uv_handle_t *)scheduler->timer); /* here, the deadline is worth waiting for */
    while (!*ended)
        uv_run(scheduler->loop, UV_RUN_ONCE);
    uv_unref((uv_handle_t *)scheduler->timer);
}

/* ── what host functions ask for ── */

void engine_instance_wait(spin_instance_t *instance) {
    instance->waiting = true;
}

/* Moves a parked guest that nothing holds any more to the front of what runs next. */
static void release(spin_instance_t *instance) {
    scheduler_t *scheduler = scheduler_of(instance);
    if (instance->waiting || instance->paused || instance->queue != &scheduler->parked)
        return;
    queue_append(&scheduler->woken, instance);
    keep_turning(scheduler);
}

void engine_instance_wake(spin_instance_t *instance) {
    instance->waiting = false;
    release(instance);
}

void engine_instance_pause(spin_instance_t *instance) {
    instance->paused = true;
    if (instance->polling)
        wasmtime_context_set_epoch_deadline(instance->wasm, 0);
    else if (instance->queue != NULL)
        queue_append(&scheduler_of(instance)->parked, instance);
}

void engine_instance_resume(spin_instance_t *instance) {
    instance->paused = false;
    release(instance);
}

/* ── life cycle ── */

static void free_handle(uv_handle_t *handle) {
    mem_free(handle);
}

static void close_handle(void *handle) {
    if (handle != NULL)
        uv_close(handle, free_handle);
}

spin_error_t *scheduler_init(scheduler_t *scheduler, uv_loop_t *loop, wasm_engine_t *engine) {
    spin_error_t *error = NULL;
    *scheduler = (scheduler_t){.loop = loop};
    if (loop == NULL) {
        int failed = uv_loop_init(&scheduler->own_loop);
        if (failed != 0)
            return error_new(SPIN_ERROR_IO, "event loop: %s", uv_strerror(failed));
        scheduler->owns_loop = true;
        scheduler->loop = &scheduler->own_loop;
    }
    /* On the heap: on a lent loop they outlive the context by one turn. */
    uv_idle_t *idle = mem_alloc(sizeof *idle);
    uv_timer_t *timer = mem_alloc(sizeof *timer);
    if (idle == NULL || timer == NULL) {
        mem_free(idle);
        mem_free(timer);
        error = error_no_memory();
        goto out;
    }
    uv_idle_init(scheduler->loop, idle);
    uv_timer_init(scheduler->loop, timer);
    uv_unref((uv_handle_t *)timer); /* a deadline alone keeps no embedder's loop running */
    idle->data = timer->data = scheduler;
    scheduler->idle = idle;
    scheduler->timer = timer;
    error = epoch_clock_new(engine, &scheduler->clock);
out:
    if (error != NULL)
        scheduler_deinit(scheduler);
    return error;
}

void scheduler_deinit(scheduler_t *scheduler) {
    if (scheduler->loop == NULL)
        return;
    epoch_clock_free(scheduler->clock);
    close_handle(scheduler->idle);
    close_handle(scheduler->timer);
    if (scheduler->owns_loop) {
        uv_run(scheduler->loop, UV_RUN_DEFAULT);
        uv_loop_close(scheduler->loop);
    }
    *scheduler = (scheduler_t){0};
}
