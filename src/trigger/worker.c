#include "trigger/worker.h"

#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/options.h"
#include "engine/instance.h"
#include "trigger/trigger.h"

/* ── handles ─────────────────────────────────────────────────────────────────────────────── */

enum { HANDLE_WAKE = 1, HANDLE_GRACE, HANDLE_STOP }; /* how many are open with that one */

static void on_wake(uv_async_t *async);

static spin_error_t *loop_error(int code) {
    return error_new(SPIN_ERROR_IO, "event loop: %s", uv_strerror(code));
}

static spin_error_t *open_handles(spin_worker_t *worker) {
    int code = uv_async_init(worker->loop, &worker->wake, on_wake);
    if (code != 0)
        return loop_error(code);
    worker->wake.data = worker->grace.data = worker->stop.data = worker;
    uv_timer_init(worker->loop, &worker->grace);
    worker->handles = HANDLE_GRACE;
    if (worker->stop_fd < 0)
        return NULL;
    code = uv_poll_init(worker->loop, &worker->stop, worker->stop_fd);
    if (code != 0)
        return loop_error(code);
    worker->handles = HANDLE_STOP;
    return NULL;
}

static void has_ended(spin_worker_t *worker) {
    worker->phase = WORKER_ENDED;
    if (worker->ended != NULL)
        worker->ended(worker); /* which may free it all */
}

static void on_closed(uv_handle_t *handle) {
    spin_worker_t *worker = handle->data;
    if (--worker->handles == 0)
        has_ended(worker);
}

static void close_handles(spin_worker_t *worker) {
    worker->phase = WORKER_CLOSING;
    if (worker->handles >= HANDLE_STOP)
        uv_close((uv_handle_t *)&worker->stop, on_closed);
    uv_close((uv_handle_t *)&worker->grace, on_closed);
    uv_close((uv_handle_t *)&worker->wake, on_closed);
}

void worker_wake(spin_worker_t *worker) {
    if (worker->phase < WORKER_CLOSING)
        uv_async_send(&worker->wake);
}

/* ── ending ──────────────────────────────────────────────────────────────────────────────── */

static void free_context(spin_worker_t *worker) {
    size_t left = worker->context == NULL ? 0 : engine_context_live(worker->context);
    if (left == 0)
        spin_execution_context_free(worker->context);
    else /* a leak does less harm than what they would do next */
        LOG_ERROR("a trigger has ended and left instances behind",
                  LOG_TEXT("trigger", worker->trigger->type.name), LOG_INT("instances", left));
    worker->context = NULL;
}

/* All that can be done in one turn. The handles that the type closes here are gone when the next
 * turn comes, and only then the worker's own close. */
static void end(spin_worker_t *worker) {
    const spin_trigger_type_t *type = &worker->trigger->type;
    worker->phase = WORKER_ENDING;
    worker_close_ticks(worker);
    worker_cancel_calls(worker);
    worker->holds = 0;
    if (worker->context != NULL)
        engine_context_on_freed(worker->context, NULL, NULL);
    if (worker->began && type->end != NULL)
        type->end(worker, worker->trigger->state);
    free_context(worker);
    worker_drop_posts(worker);
    if (worker->handles == 0)
        has_ended(worker);
    else
        worker_wake(worker);
}

static void give_up(spin_worker_t *worker) {
    const spin_trigger_type_t *type = &worker->trigger->type;
    if (worker->phase >= WORKER_GIVEN_UP)
        return;
    worker->phase = WORKER_GIVEN_UP;
    uv_timer_stop(&worker->grace);
    worker_cancel_calls(worker);
    if (type->drain != NULL)
        type->drain(worker, worker->trigger->state);
    worker_wake(worker);
}

static void on_grace(uv_timer_t *timer) {
    give_up(timer->data);
}

static void on_freed(void *worker) {
    worker_wake(worker);
}

static void stop(spin_worker_t *worker) {
    const spin_trigger_t *trigger = worker->trigger;
    worker->phase = WORKER_STOPPING;
    worker_close_ticks(worker);
    engine_context_on_freed(worker->context, on_freed, worker);
    if (trigger->type.stop != NULL)
        trigger->type.stop(worker, trigger->state);
    uv_update_time(worker->loop);
    uv_timer_start(&worker->grace, on_grace, trigger->options.shutdown_timeout_ms, 0);
    worker_wake(worker);
}

static void take_stops(spin_worker_t *worker, uint64_t count) {
    if (worker->phase == WORKER_RUNNING)
        stop(worker);
    else
        count++;
    if (count > 1)
        give_up(worker);
}

static void on_stop(uv_poll_t *poll, int status, int events) {
    spin_worker_t *worker = poll->data;
    uint64_t count = 1;
    (void)status, (void)events;
    if (!worker->is_counted)
        uv_poll_stop(poll);
    else if (read(worker->stop_fd, &count, sizeof count) != (ssize_t)sizeof count)
        return;
    take_stops(worker, count);
}

void worker_stop(spin_worker_t *worker) {
    worker->stops++;
    if (worker->phase > WORKER_NONE)
        worker_wake(worker);
}

static bool is_at_rest(const spin_worker_t *worker) {
    return worker->holds == 0 && engine_context_live(worker->context) == 0;
}

/* What ends a worker is told from the middle of anything: it is looked at here, where nothing else
 * is under way. */
static void on_wake(uv_async_t *async) {
    spin_worker_t *worker = async->data;
    if (worker->phase >= WORKER_RUNNING)
        worker_run_posts(worker);
    if (worker->phase >= WORKER_RUNNING && worker->stops > 0) {
        uint64_t count = worker->stops;
        worker->stops = 0;
        take_stops(worker, count);
    }
    if (worker->phase == WORKER_GIVEN_UP ||
        (worker->phase == WORKER_STOPPING && is_at_rest(worker)))
        end(worker);
    else if (worker->phase == WORKER_ENDING && worker->holds == 0)
        close_handles(worker);
}

/* ── beginning ───────────────────────────────────────────────────────────────────────────── */

static spin_error_t *build(spin_worker_t *worker) {
    const spin_trigger_t *trigger = worker->trigger;
    const spin_trigger_options_t *options = &trigger->options;
    spin_engine_options_t engine = {0};
    spin_engine_builder_t *builder = NULL;
    spin_error_t *error =
        options_take(&engine, sizeof engine, options->engine, "spin_engine_options_t");
    if (error != NULL)
        return error;
    engine.size = sizeof engine;
    engine.loop = worker->loop;
    error = spin_engine_builder_new(trigger->application, &engine, &builder);
    if (error != NULL)
        return error;
    if (trigger->type.configure != NULL)
        error = trigger->type.configure(builder, trigger->state);
    if (error == NULL && options->configure != NULL)
        error = options->configure(builder, options->user);
    if (error == NULL)
        return spin_engine_builder_build(builder, &worker->context);
    spin_engine_builder_free(builder);
    return error;
}

spin_error_t *worker_start(spin_worker_t *worker, uv_loop_t *loop, unsigned index, int stop_fd,
                           bool is_counted) {
    worker->loop = loop;
    worker->index = index;
    worker->stop_fd = stop_fd;
    worker->is_counted = is_counted;
    worker->phase = WORKER_STARTING;
    spin_error_t *error = open_handles(worker);
    if (error == NULL)
        error = build(worker);
    if (error == NULL) {
        worker->began = true;
        error = worker->trigger->type.start(worker, worker->trigger->state);
    }
    if (error != NULL) {
        end(worker);
        return error;
    }
    worker->phase = WORKER_RUNNING;
    if (stop_fd >= 0)
        uv_poll_start(&worker->stop, UV_READABLE, on_stop);
    worker_wake(worker); /* for what was posted meanwhile */
    return NULL;
}

spin_error_t *worker_start_ended(spin_worker_t *worker, uv_loop_t *loop) {
    worker->loop = loop;
    worker->stop_fd = -1;
    spin_error_t *error = open_handles(worker);
    end(worker);
    return error;
}

void worker_run(spin_worker_t *worker) {
    while (worker->phase != WORKER_ENDED)
        uv_run(worker->loop, UV_RUN_ONCE);
}

void worker_finish(spin_worker_t *worker) {
    if (worker->phase == WORKER_NONE)
        return;
    if (worker->phase == WORKER_RUNNING)
        stop(worker);
    give_up(worker);
    if (worker->phase < WORKER_ENDING)
        end(worker);
    worker_run(worker);
}

/* ── what a trigger's type sees ──────────────────────────────────────────────────────────── */

spin_trigger_t *spin_worker_trigger(spin_worker_t *worker) {
    return worker->trigger;
}

uv_loop_t *spin_worker_loop(spin_worker_t *worker) {
    return worker->loop;
}

spin_execution_context_t *spin_worker_context(spin_worker_t *worker) {
    return worker->context;
}

unsigned spin_worker_index(const spin_worker_t *worker) {
    return worker->index;
}

void *spin_worker_data(const spin_worker_t *worker) {
    return worker->data;
}

void spin_worker_set_data(spin_worker_t *worker, void *data) {
    worker->data = data;
}

void spin_worker_hold(spin_worker_t *worker) {
    worker->holds++;
}

void spin_worker_release(spin_worker_t *worker) {
    if (worker->holds > 0 && --worker->holds == 0 && worker->phase >= WORKER_STOPPING)
        worker_wake(worker);
}
