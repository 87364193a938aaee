/* The inside of one worker of a server, whatever process it is in: a loop, an engine, the front,
 * and a tenant for each version of an application that has requests or may get some.
 *
 * Thread rule: all on the loop's thread. */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include <uv.h>

#include "server/site.h"
#include "trigger/http/front.h"

typedef struct server_tenant server_tenant_t;

typedef struct server_worker {
    uv_loop_t *loop;
    const spin_server_options_t *options;
    unsigned index;
    spin_engine_t *engine;
    http_front_t *front;      /* NULL: no HTTP, or closed */
    server_tenant_t *tenants; /* the current version of each application, and old ones */
    uv_timer_t grace;
    bool front_busy; /* its connections are not closed yet */
    bool stopping;   /* takes no events */
    bool given_up;   /* what is under way is cut off */
    bool ending;     /* the last handles close */
    /* A version is gone from here: its files may go too. */
    void (*retired)(struct server_worker *worker, uint64_t version);
    /* Nothing is left on the loop that is the worker's. */
    void (*ended)(struct server_worker *worker);
    void *user;
} server_worker_t;

/* Makes the engine, and the front at `fd` (-1: none). `worker` is zero but for what the caller has
 * set: retired, ended and user. On an error nothing is left. */
spin_error_t *server_worker_init(server_worker_t *worker, uv_loop_t *loop, unsigned index, int fd,
                                 const spin_server_options_t *options);

/* Starts a version of an application, and stops the one in whose place it is. Takes the reference;
 * where it does not start the old one goes on. */
spin_error_t *server_worker_put(server_worker_t *worker, server_site_t *site);
/* Whether that version is here, be it on its way out. */
bool server_worker_has(const server_worker_t *worker, uint64_t version);
/* Stops the current version of that name, if there is one. */
void server_worker_remove(server_worker_t *worker, const char *name);

/* A graceful stop; the second time an immediate one. `ended` comes when it is over. */
void server_worker_stop(server_worker_t *worker);

#endif
