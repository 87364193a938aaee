/* The inside of a trigger: what its worker, its timers and calls, and the three ways to run it
 * share. See <spin/trigger.h> for what it does. */
#ifndef TRIGGER_TRIGGER_H
#define TRIGGER_TRIGGER_H

#include "spin/trigger.h"
#include "trigger/settings.h"
#include "trigger/worker.h"

struct spin_trigger {
    spin_trigger_type_t type;
    spin_trigger_options_t options;
    spin_application_t *application;
    settings_set_t *settings;
    void *state;    /* the type's */
    bool open;      /* so the type's close is due */
    int stop_fd;    /* eventfd; -1 in a worker process */
    unsigned index; /* of the worker that spin_trigger_start makes */
    bool is_inside; /* trigger_set_index was called: there is no stop_fd */
    bool used;      /* run or start was called */

    uv_loop_t own_loop;
    bool owns_loop; /* it is initialized */
    spin_worker_t worker;

    /* after spin_trigger_start */
    bool started;
    spin_trigger_ended_fn ended;
    void *ended_user;
    bool polling; /* inside spin_poll */
    bool doomed;  /* freed meanwhile, by `ended`: goes when the loop lets go of it */
};

/* Before spin_trigger_start: the trigger is one of many in worker process number `index`, which is
 * what spin_worker_index tells. It keeps no descriptor of its own, so that spin_trigger_stop is for
 * the loop's thread only, and not for signal handlers. */
void trigger_set_index(spin_trigger_t *trigger, unsigned index);

/* Whether somebody called spin_trigger_stop and nothing has taken note of it. */
bool trigger_is_asked_to_stop(const spin_trigger_t *trigger);

/* The trigger's own loop. Errors: IO. */
spin_error_t *trigger_open_loop(spin_trigger_t *trigger);
/* Nothing where there is none. */
void trigger_close_loop(spin_trigger_t *trigger);

void trigger_call_ready(spin_trigger_t *trigger);

/* ── processes.c ── */

/* Runs the trigger in worker processes until it is stopped. */
spin_error_t *trigger_run_workers(spin_trigger_t *trigger);

#endif
