/* A trigger from outside: making one, and the three ways to run it. */
#include "trigger/trigger.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "base/options.h"
#include "base/slice.h"
#include "trigger/signals.h"

static const uint64_t default_shutdown_ms = 30 * 1000;

/* ── making one ──────────────────────────────────────────────────────────────────────────── */

static spin_error_t *take_type(spin_trigger_t *trigger, const spin_trigger_type_t *type) {
    spin_trigger_type_t *own = &trigger->type;
    spin_error_t *error = options_take(own, sizeof *own, type, "spin_trigger_type_t");
    if (error != NULL)
        return error;
    if (own->name == NULL || own->start == NULL)
        return error_new(SPIN_ERROR_USAGE, "a trigger type needs a name and a start");
    spin_slice_t found = spin_application_trigger_type(trigger->application);
    if (!slice_equal_text(found, own->name))
        return error_new(SPIN_ERROR_USAGE, "the application's trigger is \"%.*s\", not \"%s\"",
                         SLICE_ARG(found), own->name);
    return NULL;
}

/* The caller's, or that of the engine that is shared; NULL where none is lent. Its options may be
 * shorter than ours, or no options at all: the engine's builder complains then. */
static uv_loop_t *lent_loop(const spin_trigger_t *trigger) {
    spin_engine_options_t engine = {0};
    spin_error_free(
        options_take(&engine, sizeof engine, trigger->options.engine, "spin_engine_options_t"));
    return engine.engine != NULL ? spin_engine_loop(engine.engine) : engine.loop;
}

static spin_error_t *take_options(spin_trigger_t *trigger, const spin_trigger_options_t *options) {
    spin_trigger_options_t *own = &trigger->options;
    spin_error_t *error = options_take(own, sizeof *own, options, "spin_trigger_options_t");
    if (error != NULL)
        return error;
    if (own->shutdown_timeout_ms == 0)
        own->shutdown_timeout_ms = default_shutdown_ms;
    if (own->workers > 0 && lent_loop(trigger) != NULL)
        return error_new(SPIN_ERROR_USAGE, "worker processes can't share the caller's loop");
    return NULL;
}

static spin_error_t *open_type(spin_trigger_t *trigger, void *user) {
    spin_error_t *error = NULL;
    if (trigger->type.open != NULL)
        error = trigger->type.open(trigger, user, &trigger->state);
    trigger->open = error == NULL;
    return error != NULL ? error : settings_finish(trigger->settings);
}

spin_error_t *spin_trigger_new(const spin_trigger_type_t *type, void *user,
                               spin_application_t *application,
                               const spin_trigger_options_t *options, spin_trigger_t **out) {
    spin_trigger_t *trigger = mem_calloc(1, sizeof *trigger);
    if (trigger == NULL)
        return error_no_memory();
    trigger->application = spin_application_ref(application);
    trigger->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    worker_init(&trigger->worker, trigger);
    spin_error_t *error = NULL;
    if (trigger->stop_fd < 0)
        error = error_from_errno(errno, "eventfd");
    if (error == NULL)
        error = take_type(trigger, type);
    if (error == NULL)
        error = take_options(trigger, options);
    if (error == NULL)
        error = settings_new(application, &trigger->settings);
    if (error == NULL)
        error = open_type(trigger, user);
    if (error != NULL)
        spin_trigger_free(trigger);
    else
        *out = trigger;
    return error;
}

void spin_trigger_free(spin_trigger_t *trigger) {
    if (trigger == NULL)
        return;
    if (trigger->polling) { /* its own loop is turning, with `ended` on top */
        trigger->doomed = true;
        return;
    }
    trigger->ended = NULL;
    if (trigger->worker.phase != WORKER_ENDED)
        worker_finish(&trigger->worker);
    trigger_close_loop(trigger);
    if (trigger->open && trigger->type.close != NULL)
        trigger->type.close(trigger->state);
    settings_free(trigger->settings);
    worker_deinit(&trigger->worker);
    if (trigger->stop_fd >= 0)
        close(trigger->stop_fd);
    spin_application_unref(trigger->application);
    mem_free(trigger);
}

spin_application_t *spin_trigger_application(spin_trigger_t *trigger) {
    return trigger->application;
}

void *spin_trigger_state(spin_trigger_t *trigger) {
    return trigger->state;
}

spin_settings_t *spin_trigger_settings(spin_trigger_t *trigger) {
    return settings_of_application(trigger->settings);
}

spin_settings_t *spin_trigger_component_settings(spin_trigger_t *trigger,
                                                 const spin_component_t *component) {
    return settings_of_component(trigger->settings, component);
}

/* ── stopping ────────────────────────────────────────────────────────────────────────────── */

void spin_trigger_stop(spin_trigger_t *trigger) {
    const uint64_t one = 1;
    if (trigger->is_inside) {
        worker_stop(&trigger->worker);
        return;
    }
    int number = errno; /* a signal handler must leave it as it was */
    (void)!write(trigger->stop_fd, &one, sizeof one);
    errno = number;
}

bool trigger_is_asked_to_stop(const spin_trigger_t *trigger) {
    struct pollfd stop = {.fd = trigger->stop_fd, .events = POLLIN};
    if (trigger->is_inside)
        return trigger->worker.stops > 0;
    return poll(&stop, 1, 0) == 1;
}

void trigger_set_index(spin_trigger_t *trigger, unsigned index) {
    trigger->index = index;
    trigger->is_inside = true;
    close(trigger->stop_fd);
    trigger->stop_fd = -1;
}

/* ── loops ───────────────────────────────────────────────────────────────────────────────── */

spin_error_t *trigger_open_loop(spin_trigger_t *trigger) {
    int code = uv_loop_init(&trigger->own_loop);
    if (code != 0)
        return error_new(SPIN_ERROR_IO, "event loop: %s", uv_strerror(code));
    trigger->owns_loop = true;
    return NULL;
}

void trigger_close_loop(spin_trigger_t *trigger) {
    if (!trigger->owns_loop)
        return;
    trigger->owns_loop = false;
    if (uv_loop_close(&trigger->own_loop) != 0)
        LOG_ERROR("a trigger has ended and left handles open",
                  LOG_TEXT("trigger", trigger->type.name));
}

/* The loop to run on: the caller's, or one that is opened here. */
static spin_error_t *find_loop(spin_trigger_t *trigger, uv_loop_t **out) {
    spin_error_t *error = NULL;
    *out = lent_loop(trigger);
    if (*out == NULL) {
        error = trigger_open_loop(trigger);
        *out = &trigger->own_loop;
    }
    return error;
}

void trigger_call_ready(spin_trigger_t *trigger) {
    if (trigger->options.ready != NULL)
        trigger->options.ready(trigger, trigger->options.user);
}

/* ── running ─────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *use_once(spin_trigger_t *trigger) {
    if (trigger->used)
        return error_new(SPIN_ERROR_USAGE, "this trigger has run already");
    trigger->used = true;
    return NULL;
}

static spin_error_t *run_here(spin_trigger_t *trigger) {
    uv_loop_t *loop;
    spin_error_t *error = find_loop(trigger, &loop);
    if (error != NULL)
        return error;
    error = worker_start(&trigger->worker, loop, 0, trigger->stop_fd, true);
    if (error == NULL)
        trigger_call_ready(trigger);
    worker_run(&trigger->worker);
    trigger_close_loop(trigger);
    return error;
}

spin_error_t *spin_trigger_run(spin_trigger_t *trigger) {
    signals_t signals = {0};
    spin_error_t *error = use_once(trigger);
    if (error != NULL)
        return error;
    if (trigger_is_asked_to_stop(trigger)) /* before anything is compiled */
        return NULL;
    if (!trigger->options.ignore_signals)
        signals_take(&signals, trigger->stop_fd);
    error = trigger->options.workers == 0 ? run_here(trigger) : trigger_run_workers(trigger);
    signals_give_back(&signals);
    return error;
}

/* ── started, and turned by somebody else ────────────────────────────────────────────────── */

static void on_ended(spin_worker_t *worker) {
    spin_trigger_t *trigger = worker->trigger;
    if (trigger->ended != NULL)
        trigger->ended(trigger, trigger->ended_user);
}

spin_error_t *spin_trigger_start(spin_trigger_t *trigger, spin_trigger_ended_fn ended, void *user) {
    uv_loop_t *loop;
    spin_error_t *error = use_once(trigger);
    if (error != NULL)
        return error;
    if (trigger->options.workers > 0)
        return error_new(SPIN_ERROR_USAGE, "worker processes need spin_trigger_run");
    error = find_loop(trigger, &loop);
    if (error != NULL)
        return error;
    bool stopped = trigger_is_asked_to_stop(trigger);
    error = stopped ? worker_start_ended(&trigger->worker, loop)
                    : worker_start(&trigger->worker, loop, trigger->index, trigger->stop_fd, true);
    if (error != NULL) { /* what is left on a lent loop goes when the trigger is freed */
        if (trigger->owns_loop)
            worker_run(&trigger->worker);
        trigger_close_loop(trigger);
        return error;
    }
    trigger->started = true;
    trigger->ended = ended;
    trigger->ended_user = user;
    trigger->worker.ended = on_ended;
    if (!stopped)
        trigger_call_ready(trigger);
    return NULL;
}

static bool is_driven(const spin_trigger_t *trigger) {
    return trigger->started && trigger->owns_loop;
}

int spin_poll_fd(const spin_trigger_t *trigger) {
    return is_driven(trigger) ? uv_backend_fd(&trigger->own_loop) : -1;
}

int spin_poll_timeout_ms(const spin_trigger_t *trigger) {
    if (!is_driven(trigger))
        return -1;
    uv_loop_t *loop = (uv_loop_t *)(uintptr_t)&trigger->own_loop;
    uv_update_time(loop); /* the caller may have been busy since the last turn */
    return uv_backend_timeout(loop);
}

bool spin_poll(spin_trigger_t *trigger) {
    if (!trigger->started) /* or not yet, or run: then its loop is somebody else's to close */
        return false;
    if (is_driven(trigger) && !trigger->polling) { /* from inside of it nothing is to be done */
        trigger->polling = true;
        uv_run(&trigger->own_loop, UV_RUN_NOWAIT);
        trigger->polling = false;
        if (trigger->doomed) {
            spin_trigger_free(trigger);
            return false;
        }
        if (trigger->worker.phase == WORKER_ENDED)
            trigger_close_loop(trigger);
    }
    return trigger->worker.phase != WORKER_ENDED;
}
