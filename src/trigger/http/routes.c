#include "trigger/http/routes.h"

#include "base/error.h"

static spin_slice_t without_slash(spin_slice_t text) {
    if (text.len > 0 && text.ptr[text.len - 1] == '/')
        text.len--;
    return text;
}

spin_error_t *http_route_init(http_route_t *route, arena_t *arena, spin_slice_t base,
                              spin_slice_t text) {
    static const spin_slice_t dots = SLICE_INIT("/...");
    bool rooted = text.len > 0 && text.ptr[0] == '/';
    base = without_slash(base);
    text = without_slash(text);
    spin_slice_t pattern =
        arena_printf(arena, "%.*s%s%.*s", SLICE_ARG(base), rooted ? "" : "/", SLICE_ARG(text));
    if (pattern.ptr == NULL)
        return error_no_memory();
    route->pattern = pattern;
    route->wildcard = slice_ends_with(pattern, dots);
    route->path = pattern;
    route->path.len -= route->wildcard ? dots.len : 0;
    return NULL;
}

spin_slice_t http_route_rest(const http_route_t *route, spin_slice_t path) {
    if (!slice_starts_with(path, route->path))
        return (spin_slice_t){NULL, 0};
    return slice_from(path, route->path.len);
}

/* Numbers are kept plus one, so that NULL is none. */
static void *number_to_value(size_t number) {
    return (void *)(uintptr_t)(number + 1);
}

static int lookup(const map_t *map, spin_slice_t path) {
    return (int)(uintptr_t)map_get(map, path) - 1;
}

spin_error_t *http_routes_add(http_routes_t *routes, const http_route_t *route, int *replaced) {
    map_t *map = route->wildcard ? &routes->wildcard : &routes->exact;
    *replaced = lookup(map, route->path);
    if (!map_set(map, route->path, number_to_value(routes->count)))
        return error_no_memory();
    if (route->wildcard && route->path.len > routes->longest)
        routes->longest = route->path.len;
    routes->count++;
    return NULL;
}

int http_routes_find(const http_routes_t *routes, spin_slice_t path) {
    path = without_slash(path);
    int found = lookup(&routes->exact, path);
    if (routes->wildcard.len == 0)
        return found;
    size_t end = path.len < routes->longest ? path.len : routes->longest;
    for (size_t i = 0; i <= end; i++) {
        if (i < path.len && path.ptr[i] != '/')
            continue;
        int number = lookup(&routes->wildcard, spin_slice_of(path.ptr, i));
        if (number > found)
            found = number;
    }
    return found;
}

void http_routes_deinit(http_routes_t *routes) {
    map_deinit(&routes->exact);
    map_deinit(&routes->wildcard);
    *routes = (http_routes_t){0};
}
