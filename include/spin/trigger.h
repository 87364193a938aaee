/* Triggers: what waits for events and runs components on them.
 *
 * A new kind of trigger is a table of operations, spin_trigger_type_t. Built-in and custom ones run
 * in the same way:
 *
 *     spin_trigger_new ──▶ spin_trigger_run                     own loop, until it is stopped
 *                     └──▶ spin_trigger_start + uv_run          the caller's libuv loop
 *                     └──▶ spin_trigger_start + spin_poll       any other loop, by file descriptor
 *
 * Thread rule: a trigger belongs to one thread at a time, but spin_trigger_stop and
 * spin_worker_post may be called from any. A worker's functions belong to its loop's thread. */
#ifndef SPIN_TRIGGER_H
#define SPIN_TRIGGER_H

#include <stdbool.h>

#include "spin/abi.h"
#include "spin/engine.h"
#include "spin/error.h"
#include "spin/manifest.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A source of events for one application. */
typedef struct spin_trigger spin_trigger_t;
/* Where a trigger runs: a loop and an execution context. One, or one in each worker process. */
typedef struct spin_worker spin_worker_t;
/* A table of settings as the manifest has it: see below. */
typedef struct spin_settings spin_settings_t;

/* ── the operations of a trigger type ────────────────────────────────────────────────────── */

/* All but `name` and `start` may be NULL. `user` is what spin_trigger_new was given. In order:
 * open, then for each worker configure, start, stop, drain, end, and last close. */
typedef struct spin_trigger_type {
    size_t size;      /* sizeof(spin_trigger_type_t) */
    const char *name; /* the `type` in the manifest's trigger table */
    /* Reads the application's and the components' settings and gets hold of what all workers
     * share, such as sockets. `*state` is handed to all others. Settings that nothing asked for are
     * an error when this returns. Where it fails itself, close is not called. */
    spin_error_t *(*open)(spin_trigger_t *trigger, void *user, void **state);
    void (*close)(void *state);

    /* Before the worker's engine is built: adds host functions. */
    spin_error_t *(*configure)(spin_engine_builder_t *builder, void *state);
    /* The engine is built: checks the components, opens the sources of events. */
    spin_error_t *(*start)(spin_worker_t *worker, void *state);
    /* No new events from now on. What is under way goes on; the worker ends when nothing holds it
     * any more and no instance is alive. */
    void (*stop)(spin_worker_t *worker, void *state);
    /* The time for that is over: everything still under way is to be given up now, and `end`
     * follows soon. Calls of spin_worker_call are cancelled already. */
    void (*drain)(spin_worker_t *worker, void *state);
    /* The last call for this worker, before its context is freed; also after a start that failed.
     * Every instance must be freed when it returns. Handles of its loop are closed here. What was
     * held is forgotten; what is held from here on, as long as something closes, is waited for. */
    void (*end)(spin_worker_t *worker, void *state);

    /* Only with worker processes, in the one that supervises them: a stop begins, and no further
     * worker is started. Gives up what would keep clients waiting, such as listening sockets;
     * `state` itself is for close. */
    void (*withdraw)(void *state);
} spin_trigger_type_t;

/* ── running ─────────────────────────────────────────────────────────────────────────────── */

/* The value (of sigqueue) with which `spin up` hands SIGINT, SIGTERM and others on to the program
 * of a trigger. That may have had the same signal already, as one of a group: to stop a trigger
 * both are one. */
#define SPIN_SIGNAL_HANDED_ON 0x5350494E

/* Zero means "the default" everywhere. Everything pointed to is kept by the caller until
 * spin_trigger_free. */
typedef struct spin_trigger_options {
    size_t size; /* sizeof(spin_trigger_options_t) */
    /* Processes that serve. 0: none but the caller's own. Else each is forked by spin_trigger_run,
     * supervised and replaced when it dies; then no engine may exist in the caller's process. */
    unsigned workers;
    /* Leave SIGINT and SIGTERM alone. Otherwise, while spin_trigger_run runs, each of them calls
     * spin_trigger_stop (once where it comes again within 100 ms, or handed on by `spin up`);
     * SIGHUP and SIGPIPE are ignored meanwhile. So for each trigger that runs in the process. */
    bool ignore_signals;
    uint64_t shutdown_timeout_ms; /* for what runs when a graceful stop begins. 30,000 */
    /* Of each worker's engine; NULL for the defaults. Its `loop`, the caller's own libuv loop, only
     * with 0 workers. */
    const spin_engine_options_t *engine;
    /* Called in each worker before its engine is built, to add host functions. The builder stays
     * the trigger's. An error fails the start. */
    spin_error_t *(*configure)(spin_engine_builder_t *builder, void *user);
    /* Called once, in the process that runs the trigger, when every worker takes events. */
    void (*ready)(spin_trigger_t *trigger, void *user);
    void *user; /* for configure and ready */
} spin_trigger_options_t;

/* Makes a trigger of `type` for `application`, of which it takes a reference, and opens it. `type`,
 * and `user` for its open, are kept by the caller; `options` may be NULL. The caller frees `*out`.
 * Errors: USAGE (the application's trigger is of another type, a bad options struct), INVALID (its
 * settings, with the manifest's position), and what open returns. */
SPIN_API spin_error_t *spin_trigger_new(const spin_trigger_type_t *type, void *user,
                                        spin_application_t *application,
                                        const spin_trigger_options_t *options,
                                        spin_trigger_t **out);

/* Runs until it is stopped, then returns NULL. Compiles the components first. Once for each
 * trigger. Turns the loop of `engine->loop`, or one of its own. Errors: those of
 * spin_engine_builder_build and of the type's start, with the component's name; USAGE (a second
 * call). In a worker process an error at its first start ends the run. */
SPIN_API spin_error_t *spin_trigger_run(spin_trigger_t *trigger);

/* Told once when a started trigger has ended, from its loop, as the last thing it does there. */
typedef void (*spin_trigger_ended_fn)(spin_trigger_t *trigger, void *user);
/* The same without waiting: compiles, starts and returns; `ready` was called then. The caller turns
 * the loop: `engine->loop`, or by spin_poll. Signals are left alone, and `workers` must be 0.
 * `ended` may be NULL. Errors: as spin_trigger_run; then it has ended. */
SPIN_API spin_error_t *spin_trigger_start(spin_trigger_t *trigger, spin_trigger_ended_fn ended,
                                          void *user);

/* For a started trigger on its own loop, driven by another loop: becomes readable when there is
 * something to do. Owned by the trigger. -1 where it is not started. */
SPIN_API int spin_poll_fd(const spin_trigger_t *trigger);
/* When spin_poll must be called at the latest, in milliseconds from now; -1: not before the
 * descriptor is readable. Ask again before each wait. */
SPIN_API int spin_poll_timeout_ms(const spin_trigger_t *trigger);
/* Does what there is to do, and never waits; nothing from inside of its own callbacks. False: the
 * trigger has ended, or is not started. */
SPIN_API bool spin_poll(spin_trigger_t *trigger);

/* Ends a run: no new events are taken, what is under way is finished for up to
 * `shutdown_timeout_ms`. A second call gives up everything at once. From any thread, and from a
 * signal handler; also before the run began, which then ends at once, without a call of `ready`. In
 * a worker process it does nothing. */
SPIN_API void spin_trigger_stop(spin_trigger_t *trigger);

/* Not while it runs. A started one that has not ended is ended here: everything under way is given
 * up, its loop is turned until that is done, and `ended` is not called. Not from inside its loop's
 * callbacks, but `ended` may. NULL is allowed. */
SPIN_API void spin_trigger_free(spin_trigger_t *trigger);

/* Borrowed. */
SPIN_API spin_application_t *spin_trigger_application(spin_trigger_t *trigger);
/* What the type's open left in `*state`. */
SPIN_API void *spin_trigger_state(spin_trigger_t *trigger);

/* ── settings ────────────────────────────────────────────────────────────────────────────── */

/* The application's trigger table and that of a component; `component` must be of the trigger's
 * application. Borrowed, in open only. */
SPIN_API spin_settings_t *spin_trigger_settings(spin_trigger_t *trigger);
SPIN_API spin_settings_t *spin_trigger_component_settings(spin_trigger_t *trigger,
                                                          const spin_component_t *component);

/* Each reads the setting `key`. One that is not there leaves `*out` as it was, which so holds the
 * default, unless `required`. Errors, with the manifest's file, line and column: INVALID (missing,
 * of another type, out of range). Text lives as long as the application. */
SPIN_API spin_error_t *spin_settings_text(spin_settings_t *settings, const char *key, bool required,
                                          spin_slice_t *out);
SPIN_API spin_error_t *spin_settings_boolean(spin_settings_t *settings, const char *key,
                                             bool required, bool *out);
SPIN_API spin_error_t *spin_settings_integer(spin_settings_t *settings, const char *key,
                                             bool required, int64_t min, int64_t max, int64_t *out);
/* "250ms", "1s", "5m", "2h", or a whole number of seconds. */
SPIN_API spin_error_t *spin_settings_duration_ms(spin_settings_t *settings, const char *key,
                                                 bool required, uint64_t *out);
/* Any setting as JSON, for what the others can't read; `*out` is NULL where there is none, else for
 * spin_string_free. */
SPIN_API spin_error_t *spin_settings_json(spin_settings_t *settings, const char *key, char **out);
/* An error of kind INVALID about setting `key`, at its position: `trigger.interval: MESSAGE`. */
SPIN_API spin_error_t *spin_settings_error(const spin_settings_t *settings, const char *key,
                                           const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ── worker ──────────────────────────────────────────────────────────────────────────────── */

/* Borrowed. */
SPIN_API spin_trigger_t *spin_worker_trigger(spin_worker_t *worker);
SPIN_API uv_loop_t *spin_worker_loop(spin_worker_t *worker);
SPIN_API spin_execution_context_t *spin_worker_context(spin_worker_t *worker);
/* Which of the workers this is, from 0; a replacement has the number of the one that died. */
SPIN_API unsigned spin_worker_index(const spin_worker_t *worker);
/* The trigger type's own data of this worker; NULL at first. */
SPIN_API void *spin_worker_data(const spin_worker_t *worker);
SPIN_API void spin_worker_set_data(spin_worker_t *worker, void *data);

/* What a worker is asked to do, on its loop. */
typedef void (*spin_worker_fn)(spin_worker_t *worker, void *user);
/* Calls `fn` every `interval_ms` (at least 1), the first time one interval from now, until the
 * worker stops. Ticks that come due while one is late are not made up for. Errors: NO_MEMORY,
 * USAGE (the worker is stopping, an interval of 0). */
SPIN_API spin_error_t *spin_worker_every(spin_worker_t *worker, uint64_t interval_ms,
                                         spin_worker_fn fn, void *user);
/* Has `fn` called on the worker's loop, soon, in order. From any thread, while the worker has not
 * ended. Not called any more once it ends. Errors: NO_MEMORY, CANCELLED (it has ended, and the
 * trigger is not freed yet). */
SPIN_API spin_error_t *spin_worker_post(spin_worker_t *worker, spin_worker_fn fn, void *user);
/* Work that a graceful stop waits for, beside living instances: as many releases as holds. */
SPIN_API void spin_worker_hold(spin_worker_t *worker);
SPIN_API void spin_worker_release(spin_worker_t *worker);

/* Told once. `error` is the callee's to free; `result` borrowed during the call, NULL after an
 * error and where there is none. */
typedef void (*spin_worker_called_fn)(spin_worker_t *worker, spin_error_t *error,
                                      const spin_value_t *result, void *user);
/* One event in one line: prepares component `id`, calls `function` in it, tells `done` and frees
 * the instance. `args` are copied, `function` is kept by the caller until then. `done` may come
 * before this returns. Instances that are under way when the worker ends are freed and `done` gets
 * CANCELLED. Errors: those of spin_execution_context_start_component and spin_value_start,
 * CANCELLED (the time to finish is over); then `done` is not called. */
SPIN_API spin_error_t *spin_worker_call(spin_worker_t *worker, spin_slice_t id,
                                        const spin_prepare_options_t *options,
                                        const spin_function_t *function, const spin_value_t *args,
                                        size_t args_len, spin_worker_called_fn done, void *user);

#ifdef __cplusplus
}
#endif

#endif
