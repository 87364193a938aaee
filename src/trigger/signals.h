/* SIGINT and SIGTERM as a way to stop a trigger. */
#ifndef TRIGGER_SIGNALS_H
#define TRIGGER_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#include "spin/trigger.h"

enum { SIGNALS_CAUGHT = 2, SIGNALS_IGNORED = 2 };

typedef struct signals {
    bool taken;
    struct sigaction before_caught[SIGNALS_CAUGHT];
    struct sigaction before_ignored[SIGNALS_IGNORED];
} signals_t;

/* Has them stop `trigger`, and SIGHUP and SIGPIPE ignored, until signals_give_back. A process has
 * one disposition for each signal: where another trigger has them already nothing happens. */
void signals_take(signals_t *signals, spin_trigger_t *trigger);
/* No handler touches the trigger when this has returned. */
void signals_give_back(const signals_t *signals);

#endif
