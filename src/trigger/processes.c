/* A trigger in worker processes: what happens on either side of the fork. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "trigger/supervisor.h"
#include "trigger/trigger.h"

static _Atomic int child_link = -1;

/* A SIGTERM of its own has the worker leave gracefully too: it reads its link as ended. */
static void on_child_signal(int number) {
    int before = errno;
    (void)number;
    shutdown(atomic_load(&child_link), SHUT_RD);
    errno = before;
}

static spin_error_t *work(supervisor_link_t *link, void *user) {
    spin_trigger_t *trigger = user;
    const struct sigaction action = {.sa_handler = on_child_signal, .sa_flags = SA_RESTART};
    trigger->stop_fd = -1; /* the supervisor's, and closed */
    spin_error_t *error = trigger_open_loop(trigger);
    if (error != NULL)
        return error;
    error = worker_start(&trigger->worker, &trigger->own_loop, link->slot, link->fd, false);
    if (error == NULL) {
        atomic_store(&child_link, link->fd);
        sigaction(SIGTERM, &action, NULL);
        supervisor_worker_ready(link);
    }
    worker_run(&trigger->worker);
    trigger_close_loop(trigger);
    return error;
}

static void on_ready(void *user) {
    trigger_call_ready(user);
}

static void on_stopping(void *user) {
    const spin_trigger_t *trigger = user;
    if (trigger->type.withdraw != NULL)
        trigger->type.withdraw(trigger->state);
}

spin_error_t *trigger_run_workers(spin_trigger_t *trigger) {
    const supervisor_options_t options = {
        .name = trigger->type.name,
        .workers = trigger->options.workers,
        .work = work,
        .ready = on_ready,
        .stopping = on_stopping,
        .user = trigger,
        .stop_fd = trigger->stop_fd,
        .grace_ms = trigger->options.shutdown_timeout_ms,
    };
    return supervisor_run(&options);
}
