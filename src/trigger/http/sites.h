/* Which application answers a host and a path: a table without any server, as the front keeps it
 * for its own process. The process that supervises workers can keep one too, to see what collides.
 */
#ifndef TRIGGER_HTTP_SITES_H
#define TRIGGER_HTTP_SITES_H

#include <stdbool.h>

#include "base/slice.h"
#include "spin/manifest.h"

/* Where an application is served. */
typedef struct http_site {
    const char *name; /* the application's in this server: one site each */
    /* Names without port, in any case; "*.example" stands for all names below it. */
    const char *const *hosts;
    size_t hosts_len; /* 0: any host that no site names */
    const char *base; /* NULL: the manifest's */
} http_site_t;

/* The path in front of the application's routes, as written: the site's or the manifest's. Borrowed
 * from either. */
spin_slice_t http_site_base(const http_site_t *site, const spin_application_t *application);

/* Nodes by their hash. */
typedef struct http_sites_table {
    struct http_sites_node **buckets;
    size_t buckets_len; /* a power of two, or 0 */
    size_t len;
} http_sites_table_t;

/* Zero to begin with. */
typedef struct http_sites {
    http_sites_table_t names;
    http_sites_table_t hosts; /* those that are named */
    http_sites_table_t bases; /* each below one host */
    struct http_host *any;    /* every other host; NULL while no site has it */
    size_t wildcards;         /* among the hosts */
} http_sites_t;

/* Adds the site with `base`, in place of the one of the same name: either all of it, or, on an
 * error, nothing. `value`, which is not NULL, is what is found there. All text is copied. Errors:
 * EXISTS (a host with that base is another site's, which the message names), USAGE (what is wrong
 * with a host or the base), NO_MEMORY. */
spin_error_t *http_sites_put(http_sites_t *sites, const http_site_t *site, spin_slice_t base,
                             void *value);
/* Removes the site of that name if `value` is what stands there, and says whether it did. */
bool http_sites_remove(http_sites_t *sites, const char *name, const void *value);
/* What stands there under that name, or NULL. */
void *http_sites_get(const http_sites_t *sites, const char *name);

/* The value of the site that answers `path` at `host` (as requests have it: with a port or without,
 * in any case), or NULL. The host is the one that is named exactly, else the longest "*.suffix",
 * else any; there the longest base wins that `path` is, or is below. One that is named never
 * answers by what stands at another. What it costs depends on the labels of the host and the
 * segments of the path, not on how many sites there are. */
void *http_sites_find(const http_sites_t *sites, spin_slice_t host, spin_slice_t path);

void http_sites_deinit(http_sites_t *sites);

#endif
