/* SIGINT and SIGTERM as a way to stop triggers and servers. */
#ifndef TRIGGER_SIGNALS_H
#define TRIGGER_SIGNALS_H

#include <stdatomic.h>
#include <stdbool.h>

/* What they stop; in its owner's keeping from signals_take to signals_give_back. */
typedef struct signals {
    bool taken;
    int stop_fd; /* an eventfd that counts how often */
    _Atomic(struct signals *) next;
} signals_t;

/* Has them add one to `stop_fd`, and SIGHUP and SIGPIPE ignored where the caller does not block
 * them, until signals_give_back. A process has one disposition for each signal: it is changed for
 * the first of them, and given back with the last. Any thread. */
void signals_take(signals_t *signals, int stop_fd);
/* No handler touches the descriptor when this has returned. Nothing where it was not taken. */
void signals_give_back(signals_t *signals);

#endif
