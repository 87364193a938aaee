/* What a worker does at another time: timers, and what other threads hand over. */
#include "base/alloc.h"
#include "base/error.h"
#include "trigger/worker.h"

/* ── posts ───────────────────────────────────────────────────────────────────────────────── */

struct worker_post {
    worker_post_t *next;
    spin_worker_fn fn;
    void *user;
};

void worker_init(spin_worker_t *worker, spin_trigger_t *trigger) {
    *worker = (spin_worker_t){.trigger = trigger, .stop_fd = -1};
    pthread_mutex_init(&worker->mutex, NULL);
    worker->posts_end = &worker->posts;
}

void worker_deinit(spin_worker_t *worker) {
    worker_drop_posts(worker);
    pthread_mutex_destroy(&worker->mutex);
}

spin_error_t *spin_worker_post(spin_worker_t *worker, spin_worker_fn fn, void *user) {
    worker_post_t *post = mem_alloc(sizeof *post);
    if (post == NULL)
        return error_no_memory();
    *post = (worker_post_t){NULL, fn, user};
    pthread_mutex_lock(&worker->mutex);
    bool deaf = worker->deaf;
    if (!deaf) {
        *worker->posts_end = post;
        worker->posts_end = &post->next;
        uv_async_send(&worker->wake); /* inside, so that it is not closed meanwhile */
    }
    pthread_mutex_unlock(&worker->mutex);
    if (!deaf)
        return NULL;
    mem_free(post);
    return error_new(SPIN_ERROR_CANCELLED, "the trigger's worker has ended");
}

static worker_post_t *take_posts(spin_worker_t *worker, bool deafen) {
    pthread_mutex_lock(&worker->mutex);
    worker_post_t *posts = worker->posts;
    worker->posts = NULL;
    worker->posts_end = &worker->posts;
    worker->deaf |= deafen;
    pthread_mutex_unlock(&worker->mutex);
    return posts;
}

void worker_run_posts(spin_worker_t *worker) {
    for (worker_post_t *post = take_posts(worker, false); post != NULL;) {
        worker_post_t *next = post->next;
        post->fn(worker, post->user);
        mem_free(post);
        post = next;
    }
}

void worker_drop_posts(spin_worker_t *worker) {
    for (worker_post_t *post = take_posts(worker, true); post != NULL;) {
        worker_post_t *next = post->next;
        mem_free(post);
        post = next;
    }
}

/* ── ticks ───────────────────────────────────────────────────────────────────────────────── */

struct worker_tick {
    uv_timer_t timer;
    worker_tick_t *next;
    spin_worker_t *worker;
    uint64_t interval;
    uint64_t due; /* on the loop's clock */
    spin_worker_fn fn;
    void *user;
};

/* The beat goes on as it began, however late one was. */
static void on_tick(uv_timer_t *timer) {
    worker_tick_t *tick = timer->data;
    uint64_t now = uv_now(tick->worker->loop);
    uint64_t late = now > tick->due ? (now - tick->due) % tick->interval : 0;
    tick->due = now + tick->interval - late;
    uv_timer_start(timer, on_tick, tick->due - now, 0);
    tick->fn(tick->worker, tick->user);
}

spin_error_t *spin_worker_every(spin_worker_t *worker, uint64_t interval_ms, spin_worker_fn fn,
                                void *user) {
    const uint64_t most_ms = UINT64_MAX / 4;
    if (interval_ms == 0)
        return error_new(SPIN_ERROR_USAGE, "an interval of 0 ms");
    if (worker->phase > WORKER_RUNNING)
        return error_new(SPIN_ERROR_USAGE, "the trigger's worker is stopping");
    worker_tick_t *tick = mem_calloc(1, sizeof *tick);
    if (tick == NULL)
        return error_no_memory();
    tick->worker = worker;
    tick->interval = interval_ms < most_ms ? interval_ms : most_ms;
    tick->fn = fn;
    tick->user = user;
    tick->next = worker->ticks;
    worker->ticks = tick;
    uv_timer_init(worker->loop, &tick->timer);
    tick->timer.data = tick;
    uv_update_time(worker->loop);
    tick->due = uv_now(worker->loop) + tick->interval;
    uv_timer_start(&tick->timer, on_tick, tick->interval, 0);
    return NULL;
}

static void free_tick(uv_handle_t *timer) {
    mem_free(timer->data);
}

void worker_close_ticks(spin_worker_t *worker) {
    while (worker->ticks != NULL) {
        worker_tick_t *tick = worker->ticks;
        worker->ticks = tick->next;
        uv_close((uv_handle_t *)&tick->timer, free_tick);
    }
}
