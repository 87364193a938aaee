/* SIGINT and SIGTERM as a way to stop triggers. */
#ifndef TRIGGER_SIGNALS_H
#define TRIGGER_SIGNALS_H

#include <stdatomic.h>

#include "spin/trigger.h"

/* A trigger that they stop; in its owner's keeping from signals_take to signals_give_back. */
typedef struct signals {
    spin_trigger_t *trigger; /* NULL: not taken */
    _Atomic(struct signals *) next;
} signals_t;

/* Has them stop `trigger`, and SIGHUP and SIGPIPE ignored, until signals_give_back. A process has
 * one disposition for each signal: it is changed for the first of its triggers, and given back with
 * the last. Any thread. */
void signals_take(signals_t *signals, spin_trigger_t *trigger);
/* No handler touches the trigger when this has returned. Nothing where it was not taken. */
void signals_give_back(signals_t *signals);

#endif
