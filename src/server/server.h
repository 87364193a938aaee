/* The inside of a server: what its public face, and the two ways to run it, share. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "base/vec.h"
#include "server/site.h"
#include "server/worker.h"

typedef struct server_watch {
    spin_server_t *server;
    int fd;
    spin_server_watch_fn fn;
    void *user;
} server_watch_t;

/* How changes reach those that serve, while the server runs. */
typedef struct server_crew server_crew_t;

struct spin_server {
    spin_server_options_t options;
    spin_http_options_t http;
    spin_engine_options_t engine;
    int *fds; /* listening sockets, one for each worker; -1: not here */
    size_t fds_len;
    char address[64]; /* empty: nothing is listened to */
    int stop_fd;      /* an eventfd that counts how often it was stopped */
    bool used;
    uint64_t versions;
    http_sites_t places;        /* of the HTTP applications below, to see what collides */
    VEC(server_site_t *) sites; /* the current version of each application */
    VEC(server_watch_t) watches;
    server_crew_t *crew; /* NULL while it does not run */
    /* Of the crew: a new version, which it takes, or the end of `name`. */
    spin_error_t *(*change)(server_crew_t *crew, const char *name, server_site_t *site);
};

/* ── server.c ── */

/* The number of the current version among `sites`, or their count. */
size_t server_find(const spin_server_t *server, const char *name);
/* Makes `site` the current version of its name; what was it before is handed out, or NULL. Errors:
 * EXISTS, USAGE (its place), NO_MEMORY: nothing has changed then. */
spin_error_t *server_enter(spin_server_t *server, server_site_t *site, server_site_t **old);
/* Undoes that: `old` (NULL: nothing) is current again, and `site` handed back to the caller. */
void server_put_back(spin_server_t *server, server_site_t *site, server_site_t *old);
/* Takes the current version of that name out; NULL where there is none. */
server_site_t *server_leave(spin_server_t *server, const char *name);

/* `site` is the version that it is about; NULL after a removal. */
void server_tell(spin_server_t *server, spin_server_event_kind_t kind, const char *name,
                 const server_site_t *site, const spin_error_t *error);
void server_tell_ready(spin_server_t *server);
void server_close_sockets(spin_server_t *server);

/* ── the two ways to run it ── */

/* In this process (here.c), and in worker processes (processes.c). */
spin_error_t *server_run_here(spin_server_t *server);
spin_error_t *server_run_processes(spin_server_t *server);

#endif
