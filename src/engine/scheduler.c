#include "engine/scheduler.h"

#include "base/alloc.h"
#include "base/error.h"
#include "engine/context.h"

static const uint64_t ns_per_ms = 1000 * 1000;

enum { LONG_NS = EPOCH_TICK_NS / 2 };

/* On the heap: on a lent loop they outlive the engine by one turn. */
struct scheduler_handles {
    uv_idle_t idle;       /* active while there is something to run: the loop must not sleep */
    uv_timer_t timer;     /* the next deadline */
    uv_prepare_t prepare; /* these two are around the loop's input and output */
    uv_check_t check;
    unsigned open;
};

static scheduler_t *scheduler_of(const spin_instance_t *instance) {
    return &instance->component->context->engine->scheduler;
}

/* ── queues ── */

static void ring_remove(instance_queue_t *queue) {
    queue_ring_t *ring = queue->ring;
    *(queue->prev != NULL ? &queue->prev->next : &ring->first) = queue->next;
    *(queue->next != NULL ? &queue->next->prev : &ring->last) = queue->prev;
    queue->next = queue->prev = NULL;
}

static void ring_append(instance_queue_t *queue) {
    queue_ring_t *ring = queue->ring;
    queue->prev = ring->last;
    *(ring->last != NULL ? &ring->last->next : &ring->first) = queue;
    ring->last = queue;
}

static void queue_remove(spin_instance_t *instance) {
    instance_queue_t *queue = instance->queue;
    if (queue == NULL)
        return;
    *(instance->prev != NULL ? &instance->prev->next : &queue->first) = instance->next;
    *(instance->next != NULL ? &instance->next->prev : &queue->last) = instance->prev;
    instance->next = instance->prev = NULL;
    instance->queue = NULL;
    if (queue->ring == NULL)
        return;
    queue->ring->instances--;
    if (queue->first == NULL)
        ring_remove(queue);
}

static void queue_append(instance_queue_t *queue, spin_instance_t *instance) {
    queue_remove(instance);
    if (queue->ring != NULL) {
        queue->ring->instances++;
        if (queue->first == NULL)
            ring_append(queue);
    }
    instance->queue = queue;
    instance->prev = queue->last;
    *(queue->last != NULL ? &queue->last->next : &queue->first) = instance;
    queue->last = instance;
}

/* The first instance of the context whose turn it is; the turn goes on to the next context. */
static spin_instance_t *ring_next(queue_ring_t *ring) {
    instance_queue_t *queue = ring->first;
    if (queue != ring->last) {
        ring_remove(queue);
        ring_append(queue);
    }
    return queue->first;
}

static void make_ready(spin_instance_t *instance) {
    queue_append(&instance->component->context->woken, instance);
    scheduler_keep_turning(scheduler_of(instance));
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
    uv_timer_start(&scheduler->handles->timer, on_timer, wait_ms, 0);
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

/* `done` may free any instance, so the search begins anew after each. */
static void cut_off_overdue(const instance_queue_t *queue, uint64_t *next) {
    spin_instance_t *overdue;
    while ((overdue = first_overdue(queue, uv_hrtime(), next)) != NULL)
        cut_off(overdue);
}

static spin_instance_t *first_overdue_of(const queue_ring_t *ring, uint64_t now, uint64_t *next) {
    spin_instance_t *overdue = NULL;
    for (instance_queue_t *at = ring->first; overdue == NULL && at != NULL; at = at->next)
        overdue = first_overdue(at, now, next);
    return overdue;
}

static void on_timer(uv_timer_t *timer) {
    scheduler_t *scheduler = timer->data;
    queue_ring_t *rings[] = {&scheduler->preempted, &scheduler->woken};
    uint64_t next = UINT64_MAX;
    scheduler->timer_at = 0;
    cut_off_overdue(&scheduler->parked, &next);
    for (size_t i = 0; i < sizeof rings / sizeof *rings; i++) {
        spin_instance_t *overdue;
        while ((overdue = first_overdue_of(rings[i], uv_hrtime(), &next)) != NULL)
            cut_off(overdue);
    }
    if (next != UINT64_MAX)
        arm_timer(scheduler, next);
}

/* ── running ── */

static bool is_ready(const scheduler_t *scheduler) {
    return scheduler->woken.first != NULL || scheduler->preempted.first != NULL ||
           (scheduler->engine->room.is_due && room_is_due(scheduler->engine));
}

static void on_idle(uv_idle_t *idle);

void scheduler_keep_turning(scheduler_t *scheduler) {
    if (is_ready(scheduler))
        uv_idle_start(&scheduler->handles->idle, on_idle);
    else
        uv_idle_stop(&scheduler->handles->idle);
}

/* A slice counts from here, however long ago the store was made. */
static void begin_slice(spin_instance_t *instance) {
    wasmtime_context_set_epoch_deadline(instance->wasm, EPOCH_TICKS_PER_SLICE);
}

/* Runs the guest until it ends, waits or has used up its slice. */
static void poll_guest(spin_instance_t *instance) {
    scheduler_t *scheduler = scheduler_of(instance);
    if (instance->queue != NULL)
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
        queue_append(&instance->component->context->preempted, instance);
    arm_timer(scheduler, instance->deadline_ns);
}

static void begin_input(scheduler_t *scheduler) {
    scheduler->in_input = true;
    scheduler->crowded = false;
    scheduler->last_begin_ns = 0;
}

static void run_next(queue_ring_t *ring) {
    spin_instance_t *instance = ring_next(ring);
    begin_slice(instance);
    poll_guest(instance);
}

/* One turn: those that were woken before it, for as long as they take little time, but only one
 * that was preempted, so that input and output come round between two slices of busy guests. */
static void on_idle(uv_idle_t *idle) {
    scheduler_t *scheduler = idle->data;
    uint64_t end_ns = uv_hrtime() + EPOCH_TICK_NS;
    size_t left = scheduler->woken.instances;
    for (; left > 0 && scheduler->woken.first != NULL && uv_hrtime() < end_ns; left--)
        run_next(&scheduler->woken);
    if (scheduler->preempted.first != NULL)
        run_next(&scheduler->preempted);
    if (room_is_due(scheduler->engine)) {
        begin_input(scheduler);
        room_tell(scheduler->engine);
        scheduler->in_input = false;
    }
    scheduler_keep_turning(scheduler);
}

/* Calls begin with a slice at once, where they are started. But a hundred that were asked for by
 * one round of input would keep all others waiting for a hundred slices: from the first that takes
 * long, those that follow stand in line. */
static bool must_stand_in_line(scheduler_t *scheduler, uint64_t now) {
    if (scheduler->last_begin_ns != 0 && now - scheduler->last_begin_ns > LONG_NS)
        scheduler->crowded = true;
    scheduler->last_begin_ns = now;
    return scheduler->crowded;
}

void scheduler_start(spin_instance_t *instance) {
    scheduler_t *scheduler = scheduler_of(instance);
    uint64_t now = uv_hrtime();
    instance->deadline_ns = now + instance->timeout_ns;
    bool waits = scheduler->in_input && instance->phase == INSTANCE_CALLING &&
                 must_stand_in_line(scheduler, now);
    if (!waits) {
        begin_slice(instance);
        scheduler_continue(instance);
        return;
    }
    instance->waiting = instance->paused = false;
    epoch_clock_enter(scheduler->clock);
    make_ready(instance);
    arm_timer(scheduler, instance->deadline_ns);
}

void scheduler_continue(spin_instance_t *instance) {
    scheduler_t *scheduler = scheduler_of(instance);
    instance->waiting = instance->paused = false;
    epoch_clock_enter(scheduler->clock);
    poll_guest(instance);
    if (is_ready(scheduler))
        scheduler_keep_turning(scheduler);
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
    uv_handle_t *timer = (uv_handle_t *)&scheduler->handles->timer;
    uv_ref(timer); /* here, the deadline is worth waiting for */
    while (!*ended)
        uv_run(scheduler->loop, UV_RUN_ONCE);
    uv_unref(timer);
}

bool engine_context_is_busy(const spin_execution_context_t *context) {
    return context->woken.first != NULL || context->preempted.first != NULL;
}

/* ── what host functions ask for ── */

void engine_instance_wait(spin_instance_t *instance) {
    instance->waiting = true;
}

/* Moves a parked guest that nothing holds any more to the front of what runs next. */
static void release(spin_instance_t *instance) {
    if (!instance->waiting && !instance->paused &&
        instance->queue == &scheduler_of(instance)->parked)
        make_ready(instance);
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

static void on_prepare(uv_prepare_t *prepare) {
    begin_input(prepare->data);
}

static void on_check(uv_check_t *check) {
    scheduler_t *scheduler = check->data;
    scheduler->in_input = false;
}

static void on_closed(uv_handle_t *handle) {
    scheduler_handles_t *handles = handle->data;
    if (--handles->open == 0)
        mem_free(handles);
}

static void close_handle(scheduler_handles_t *handles, void *handle) {
    ((uv_handle_t *)handle)->data = handles;
    handles->open++;
    uv_close(handle, on_closed);
}

/* None of them keeps an embedder's loop running, but for the idle one while guests run. */
static spin_error_t *open_handles(scheduler_t *scheduler) {
    scheduler_handles_t *handles = mem_calloc(1, sizeof *handles);
    if (handles == NULL)
        return error_no_memory();
    uv_idle_init(scheduler->loop, &handles->idle);
    uv_timer_init(scheduler->loop, &handles->timer);
    uv_prepare_init(scheduler->loop, &handles->prepare);
    uv_check_init(scheduler->loop, &handles->check);
    handles->idle.data = handles->timer.data = scheduler;
    handles->prepare.data = handles->check.data = scheduler;
    uv_unref((uv_handle_t *)&handles->timer);
    uv_unref((uv_handle_t *)&handles->prepare);
    uv_unref((uv_handle_t *)&handles->check);
    uv_prepare_start(&handles->prepare, on_prepare);
    uv_check_start(&handles->check, on_check);
    scheduler->handles = handles;
    return NULL;
}

spin_error_t *scheduler_init(scheduler_t *scheduler, uv_loop_t *loop, spin_engine_t *engine) {
    *scheduler = (scheduler_t){.engine = engine, .loop = loop};
    if (loop == NULL) {
        int failed = uv_loop_init(&scheduler->own_loop);
        if (failed != 0) {
            scheduler->loop = NULL;
            return error_new(SPIN_ERROR_IO, "event loop: %s", uv_strerror(failed));
        }
        scheduler->owns_loop = true;
        scheduler->loop = &scheduler->own_loop;
    }
    spin_error_t *error = open_handles(scheduler);
    if (error == NULL)
        error = epoch_clock_new(engine->wasm, &scheduler->clock);
    if (error != NULL)
        scheduler_deinit(scheduler);
    return error;
}

void scheduler_deinit(scheduler_t *scheduler) {
    scheduler_handles_t *handles = scheduler->handles;
    if (scheduler->loop == NULL)
        return;
    epoch_clock_free(scheduler->clock);
    if (handles != NULL) {
        close_handle(handles, &handles->idle);
        close_handle(handles, &handles->timer);
        close_handle(handles, &handles->prepare);
        close_handle(handles, &handles->check);
    }
    if (scheduler->owns_loop) {
        uv_run(scheduler->loop, UV_RUN_DEFAULT);
        uv_loop_close(scheduler->loop);
    }
    *scheduler = (scheduler_t){0};
}
