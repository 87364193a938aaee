/* Which component answers a path. */
#ifndef TRIGGER_HTTP_ROUTES_H
#define TRIGGER_HTTP_ROUTES_H

#include "base/arena.h"
#include "base/map.h"
#include "spin/error.h"

/* A route with its base in front. One "/" at the end of base, of route and of a requested path
 * counts for nothing. */
typedef struct http_route {
    spin_slice_t pattern; /* as matched: base and route, "/..." included */
    spin_slice_t path;    /* what an exact route equals, or a wildcard one begins with */
    bool wildcard;        /* `path` itself and everything below it */
} http_route_t;

/* Splits base and route (text in `arena`). Errors: NO_MEMORY. */
spin_error_t *http_route_init(http_route_t *route, arena_t *arena, spin_slice_t base,
                              spin_slice_t text);
/* The rest of a request's path behind the route's own; empty where it is none of its paths. */
spin_slice_t http_route_rest(const http_route_t *route, spin_slice_t path);

/* All routes of an application. Zero to begin with. */
typedef struct http_routes {
    map_t exact;    /* to the last route with that path */
    map_t wildcard; /* likewise */
    size_t longest; /* wildcard path in bytes: longer beginnings are not worth a look */
    size_t count;
} http_routes_t;

enum { HTTP_NO_ROUTE = -1 };

/* Adds the next route; its number is the count of those before it. Where the same one was there
 * already `*replaced` becomes its number, else HTTP_NO_ROUTE. `route`'s text outlives `routes`.
 * Errors: NO_MEMORY. */
spin_error_t *http_routes_add(http_routes_t *routes, const http_route_t *route, int *replaced);
/* The number of the last route that matches, or HTTP_NO_ROUTE. What it costs depends on the path's
 * segments and the longest route, not on how many routes there are. */
int http_routes_find(const http_routes_t *routes, spin_slice_t path);
void http_routes_deinit(http_routes_t *routes);

#endif
