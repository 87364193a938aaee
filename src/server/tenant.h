/* A version of an application in one worker: its trigger, and what that borrows. */
#ifndef SERVER_TENANT_H
#define SERVER_TENANT_H

#include "server/worker.h"

struct server_tenant {
    server_tenant_t *next;
    server_worker_t *worker;
    server_site_t *site;
    spin_trigger_t *trigger;
    bool stopping;
    void (*ended)(server_tenant_t *tenant);
    spin_engine_options_t engine; /* of its context */
    const char **environment;     /* the server's and its own */
    const char *log_dir;
};

/* Makes the trigger and starts it. Takes the reference of the site, also where this fails. `ended`
 * is told when the trigger has ended, not on an error; the callee frees the tenant then. */
spin_error_t *tenant_start(server_worker_t *worker, server_site_t *site,
                           void (*ended)(server_tenant_t *tenant), server_tenant_t **out);
/* No new events; `ended` comes when the last one is done. The second time it comes soon. */
void tenant_stop(server_tenant_t *tenant);
void tenant_free(server_tenant_t *tenant);

#endif
