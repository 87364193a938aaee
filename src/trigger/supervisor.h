/* Worker processes: forked, watched, replaced when they die, and stopped together. Knows nothing of
 * what a worker does. See docs/decisions/0002-workers-are-processes.md. */
#ifndef TRIGGER_SUPERVISOR_H
#define TRIGGER_SUPERVISOR_H

#include <stdbool.h>

#include "spin/error.h"

/* A worker's side of the line to its supervisor. */
typedef struct supervisor_link {
    unsigned slot;
    int fd; /* becomes readable when the worker shall finish what it does and leave */
} supervisor_link_t;

typedef struct supervisor_options {
    const char *name; /* in the log and for the processes */
    unsigned workers; /* at least 1 */
    /* Runs in the new process until the worker is done; an error is reported. Nothing of it is
     * shared with the supervisor. */
    spin_error_t *(*work)(supervisor_link_t *link, void *user);
    /* In the supervisor: all workers have said that they are ready, for the first time. */
    void (*ready)(void *user);
    /* In the supervisor: a stop begins. Here it gives up what would keep clients waiting. */
    void (*stopping)(void *user);
    void *user;
    /* A non-blocking eventfd of the caller, closed in the workers: 1 asks for a graceful stop, any
     * more for an immediate one. */
    int stop_fd;
    uint64_t grace_ms; /* after a graceful stop began what is left is killed */
} supervisor_options_t;

/* Starts the first worker alone, so that what it prepares is there for the others, then all others,
 * and keeps them running until it is stopped. Returns NULL then. A worker that reports an error (or
 * dies) before all were ready once ends the run with that error; afterwards it is replaced, the
 * sooner the longer it had lived. Workers die with the thread that runs this. */
spin_error_t *supervisor_run(const supervisor_options_t *options);

/* In the worker: what it was started for works. */
void supervisor_worker_ready(supervisor_link_t *link);

#endif
