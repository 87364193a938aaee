/* A trigger of a new type, "timer": on every interval it calls `echo` (echo.wit) in the first
 * component of the application and prints what comes back.
 *
 *     trigger-timer [MANIFEST]    runs that manifest; without one, what `spin up` hands on
 *
 * Settings, in the manifest's trigger table:
 *     interval = "1s"    time from one tick to the next
 *     ticks = 5          how many; without it there is no end */
#include <stdio.h>

#include <spin/spin.h>

#include "echo.h"

typedef struct ticker {
    spin_slice_t component;
    uint64_t interval_ms;
    int64_t ticks_max;
    int64_t ticks;
    char message[32];
    spin_instance_t *instance; /* of the tick that is under way */
} ticker_t;

static void report(spin_error_t *error, const char *doing) {
    char text[1024];
    spin_error_format(error, text, sizeof text);
    fprintf(stderr, "Error: %s%s\n", doing, text);
    spin_error_free(error);
}

/* ── a tick ──────────────────────────────────────────────────────────────────────────────── */

/* A component that fails does not end the trigger: the next tick gets a fresh instance. */
static void tick_end(spin_worker_t *worker, spin_error_t *error) {
    ticker_t *ticker = spin_trigger_state(spin_worker_trigger(worker));
    if (error != NULL)
        report(error, "tick: ");
    spin_instance_free(ticker->instance);
    ticker->instance = NULL;
    if (ticker->ticks == ticker->ticks_max)
        spin_trigger_stop(spin_worker_trigger(worker));
}

static void on_echoed(spin_instance_t *instance, spin_error_t *error, const spin_string_t *ret,
                      void *user) {
    (void)instance;
    if (error == NULL) {
        printf("%.*s\n", (int)ret->len, (const char *)ret->ptr);
        fflush(stdout);
    }
    tick_end(user, error);
}

static void on_ready(spin_instance_t *instance, spin_error_t *error, void *user) {
    spin_worker_t *worker = user;
    ticker_t *ticker = spin_trigger_state(spin_worker_trigger(worker));
    ticker->instance = instance;
    if (error == NULL)
        error = echo_echo_start(instance, spin_slice(ticker->message), on_echoed, worker);
    if (error != NULL)
        tick_end(worker, error);
}

static void on_tick(spin_worker_t *worker, void *user) {
    ticker_t *ticker = user;
    if (ticker->instance != NULL || ticker->ticks == ticker->ticks_max)
        return; /* the last one takes longer than the interval */
    snprintf(ticker->message, sizeof ticker->message, "tick %lld", (long long)++ticker->ticks);
    spin_error_t *error = spin_execution_context_start_component(
        spin_worker_context(worker), ticker->component, NULL, on_ready, worker, &ticker->instance);
    if (error != NULL)
        tick_end(worker, error);
}

/* ── the trigger ─────────────────────────────────────────────────────────────────────────── */

static spin_error_t *timer_open(spin_trigger_t *trigger, void *user, void **state) {
    ticker_t *ticker = *state = user;
    spin_settings_t *settings = spin_trigger_settings(trigger);
    const spin_component_t *first =
        spin_application_component(spin_trigger_application(trigger), 0);
    if (first == NULL)
        return spin_settings_error(settings, "type", "needs a component to run");
    ticker->component = spin_component_id(first);
    spin_error_t *error =
        spin_settings_duration_ms(settings, "interval", false, &ticker->interval_ms);
    if (error == NULL && ticker->interval_ms == 0)
        error = spin_settings_error(settings, "interval", "must be more than zero");
    if (error == NULL)
        error = spin_settings_integer(settings, "ticks", false, 1, INT64_MAX, &ticker->ticks_max);
    return error;
}

static spin_error_t *timer_start(spin_worker_t *worker, void *state) {
    ticker_t *ticker = state;
    spin_error_t *error =
        spin_abi_check(spin_worker_context(worker), ticker->component, &echo_echo_export);
    return error != NULL ? error : spin_worker_every(worker, ticker->interval_ms, on_tick, ticker);
}

static void timer_end(spin_worker_t *worker, void *state) {
    (void)worker;
    ticker_t *ticker = state;
    spin_instance_free(ticker->instance);
    ticker->instance = NULL;
}

static const spin_trigger_type_t timer_trigger = {
    .size = sizeof timer_trigger,
    .name = "timer",
    .open = timer_open,
    .start = timer_start,
    .end = timer_end,
};

/* ── the program ─────────────────────────────────────────────────────────────────────────── */

static spin_error_t *run(const char *manifest) {
    spin_application_t *application = NULL;
    spin_trigger_t *trigger = NULL;
    ticker_t ticker = {.interval_ms = 1000, .ticks_max = -1};
    spin_error_t *error = manifest != NULL ? spin_loader_load_file(manifest, NULL, &application)
                                           : spin_loader_load_locked(NULL, &application);
    if (error == NULL)
        error = spin_trigger_new(&timer_trigger, &ticker, application, NULL, &trigger);
    if (error == NULL)
        error = spin_trigger_run(trigger);
    spin_trigger_free(trigger);
    spin_application_unref(application);
    return error;
}

int main(int argc, char **argv) {
    if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
        fprintf(stderr, "Usage: trigger-timer [MANIFEST]\n");
        return 2;
    }
    spin_error_t *error = run(argc == 2 ? argv[1] : NULL);
    if (error == NULL)
        return 0;
    int code = spin_error_exit_code(spin_error_kind(error));
    report(error, "");
    return code;
}
