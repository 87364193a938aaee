/* Worker processes: forked, watched, replaced when they die, and stopped together. Knows nothing of
 * what a worker does. See docs/decisions/0002-workers-are-processes.md. */
#ifndef TRIGGER_SUPERVISOR_H
#define TRIGGER_SUPERVISOR_H

#include <stdbool.h>

#include "spin/error.h"
#include "spin/slice.h"

typedef struct supervisor supervisor_t;

/* A worker's side of the line to its supervisor. */
typedef struct supervisor_link {
    unsigned slot;
    int fd; /* brings messages, and its end when the worker shall finish what it does and leave */
} supervisor_link_t;

typedef struct supervisor_options {
    const char *name; /* in the log and for the processes */
    unsigned workers; /* at least 1 */
    /* Runs in the new process until the worker is done; an error is reported. Nothing of it is
     * shared with the supervisor. */
    spin_error_t *(*work)(supervisor_link_t *link, void *user);
    /* In the supervisor, before the first worker starts: it may be used from now on. May be NULL,
     * as all that follow. An error ends the run. */
    spin_error_t *(*begin)(supervisor_t *supervisor, void *user);
    /* In the supervisor: all workers have said that they are ready, for the first time. */
    void (*ready)(void *user);
    /* In the supervisor: a stop begins. Here it gives up what would keep clients waiting. */
    void (*stopping)(void *user);
    /* In the supervisor: what a worker told, and that one is gone. */
    void (*message)(supervisor_t *supervisor, unsigned slot, spin_slice_t message, void *user);
    void (*ended)(supervisor_t *supervisor, unsigned slot, void *user);
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
/* In the worker: a message for the supervisor, shorter than CHILD_MESSAGE_SIZE. Waits for room. */
void supervisor_worker_tell(supervisor_link_t *link, spin_slice_t message);

/* ── in the supervisor ───────────────────────────────────────────────────────────────────── */

/* Whether the slot has a process, ready or not. */
bool supervisor_is_running(const supervisor_t *supervisor, unsigned slot);
bool supervisor_is_stopping(const supervisor_t *supervisor);

/* Kills the worker of a slot; another one comes in its place. */
void supervisor_replace(supervisor_t *supervisor, unsigned slot);

enum { SUPERVISOR_MOST_FDS = 4 };
/* A message, with copies of descriptors, for the worker's link. False: it is gone, or has no room
 * for more. */
bool supervisor_send(supervisor_t *supervisor, unsigned slot, spin_slice_t message, const int *fds,
                     size_t fds_len);

/* Calls `fn` when `fd` is readable; workers close theirs. The descriptor stays the caller's, who
 * takes it away before it closes it. Errors: NO_MEMORY. */
typedef void (*supervisor_watch_fn)(supervisor_t *supervisor, int fd, void *user);
spin_error_t *supervisor_watch(supervisor_t *supervisor, int fd, supervisor_watch_fn fn,
                               void *user);
void supervisor_unwatch(supervisor_t *supervisor, int fd);

#endif
