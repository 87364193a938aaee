/* Compiling a version of an application in a process of its own, before any worker hears of it: the
 * workers find its code in the cache, and never stand still for a compiler; and what does not
 * compile or link is known before anything has changed. */
#ifndef SERVER_REHEARSAL_H
#define SERVER_REHEARSAL_H

#include "server/server.h"
#include "trigger/child.h"
#include "trigger/supervisor.h"

/* Caller's memory; `process` is CHILD_NONE while none runs. */
typedef struct rehearsal {
    supervisor_t *supervisor;
    child_t process;
    spin_server_t *server;
    server_site_t *site;   /* borrowed */
    bool compiled;         /* the process has said so */
    spin_error_t *failure; /* or this */
    /* From the supervisor; `error` (NULL: it compiles) is the callee's to free. */
    void (*done)(struct rehearsal *rehearsal, spin_error_t *error);
    void *user;
} rehearsal_t;

/* Errors: those of a fork, NO_MEMORY; `done` is not called then. */
spin_error_t *rehearsal_start(rehearsal_t *rehearsal, server_site_t *site);
/* Kills it; `done` is not called. Nothing where none runs. */
void rehearsal_cancel(rehearsal_t *rehearsal);

#endif
