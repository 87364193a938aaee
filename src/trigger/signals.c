#include "trigger/signals.h"

#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>

static const int caught[SIGNALS_CAUGHT] = {SIGINT, SIGTERM};
static const int ignored[SIGNALS_IGNORED] = {SIGHUP, SIGPIPE};

static _Atomic(spin_trigger_t *) target;
static atomic_uint handling; /* handlers that may have seen it, on any thread */

static void on_signal(int number) {
    (void)number;
    atomic_fetch_add(&handling, 1);
    spin_trigger_t *trigger = atomic_load(&target);
    if (trigger != NULL)
        spin_trigger_stop(trigger);
    atomic_fetch_sub(&handling, 1);
}

void signals_take(signals_t *signals, spin_trigger_t *trigger) {
    spin_trigger_t *nobody = NULL;
    *signals = (signals_t){0};
    if (!atomic_compare_exchange_strong(&target, &nobody, trigger))
        return;
    signals->taken = true;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < SIGNALS_CAUGHT; i++)
        sigaction(caught[i], &action, &signals->before_caught[i]);
    action.sa_handler = SIG_IGN;
    for (size_t i = 0; i < SIGNALS_IGNORED; i++)
        sigaction(ignored[i], &action, &signals->before_ignored[i]);
}

void signals_give_back(const signals_t *signals) {
    if (!signals->taken)
        return;
    for (size_t i = 0; i < SIGNALS_CAUGHT; i++)
        sigaction(caught[i], &signals->before_caught[i], NULL);
    for (size_t i = 0; i < SIGNALS_IGNORED; i++)
        sigaction(ignored[i], &signals->before_ignored[i], NULL);
    atomic_store(&target, NULL);
    while (atomic_load(&handling) != 0)
        sched_yield();
}
