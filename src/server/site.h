/* A version of an application as a server has it: how it is served beside what it is. Made where
 * the server runs; workers that run already get it as text. */
#ifndef SERVER_SITE_H
#define SERVER_SITE_H

#include "base/arena.h"
#include "base/buf.h"
#include "spin/server.h"
#include "trigger/http/sites.h"

enum { SITE_MAX_NAME = 255 }; /* bytes */

typedef struct server_site {
    size_t refs;
    arena_t arena;
    const char *name;
    uint64_t version; /* counted over all applications of the server: no two are equal */
    spin_application_t *application;
    spin_server_application_t options; /* everything in it lives in the arena */
    int queue[2]; /* a Redis application's messages: where they are taken from, where put; or -1 */
    bool started; /* where the server is its own worker: it was tried, be it in vain */
    bool failed;  /* in the first worker, at the server's start: nobody tries again */
} server_site_t;

/* With one reference. Takes one of `application` and copies the rest; `options` may be NULL. The
 * descriptors of the queue are the site's. Errors: UNSUPPORTED (another trigger than HTTP and
 * Redis), USAGE, NO_MEMORY, IO. */
spin_error_t *site_new(const char *name, uint64_t version, spin_application_t *application,
                       const spin_server_application_t *options, server_site_t **out);
/* One more reference; returns `site`. */
server_site_t *site_ref(server_site_t *site);
/* One reference less. NULL is allowed. */
void site_unref(server_site_t *site);
/* Closes the given end of the queue, where there is one. */
void site_close_queue(server_site_t *site, int end);

bool site_is_http(const server_site_t *site);

/* Where an HTTP application is served; borrowed from the site. */
http_site_t site_place(const server_site_t *site);

/* All but the application, as JSON, and back. `queue` becomes the new site's in every case. Errors:
 * NO_MEMORY, INVALID. */
spin_error_t *site_encode(const server_site_t *site, buf_t *out);
spin_error_t *site_decode(spin_slice_t json, spin_application_t *application, const int queue[2],
                          server_site_t **out);

#endif
