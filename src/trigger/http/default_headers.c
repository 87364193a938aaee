#include "trigger/http/default_headers.h"

#define NAME(header, variable)                                                                     \
    { SLICE_INIT(header), SLICE_INIT(variable) }

const http_default_name_t http_default_names[HTTP_DEFAULT_COUNT] = {
    [HTTP_DEFAULT_PATH_INFO] = NAME("spin-path-info", "PATH_INFO"),
    [HTTP_DEFAULT_FULL_URL] = NAME("spin-full-url", "X_FULL_URL"),
    [HTTP_DEFAULT_MATCHED_ROUTE] = NAME("spin-matched-route", "X_MATCHED_ROUTE"),
    [HTTP_DEFAULT_BASE_PATH] = NAME("spin-base-path", "X_BASE_PATH"),
    [HTTP_DEFAULT_RAW_COMPONENT_ROUTE] = NAME("spin-raw-component-route", "X_RAW_COMPONENT_ROUTE"),
    [HTTP_DEFAULT_COMPONENT_ROUTE] = NAME("spin-component-route", "X_COMPONENT_ROUTE"),
    [HTTP_DEFAULT_CLIENT_ADDR] = NAME("spin-client-addr", "X_CLIENT_ADDR"),
};

void http_defaults_init(spin_slice_t values[HTTP_DEFAULT_COUNT], const http_route_t *route,
                        spin_slice_t base, spin_slice_t raw_route) {
    static const spin_slice_t dots = SLICE_INIT("/...");
    for (size_t i = 0; i < HTTP_DEFAULT_COUNT; i++)
        values[i] = (spin_slice_t){NULL, 0};
    values[HTTP_DEFAULT_MATCHED_ROUTE] = route->pattern;
    values[HTTP_DEFAULT_BASE_PATH] = base;
    values[HTTP_DEFAULT_RAW_COMPONENT_ROUTE] = raw_route;
    values[HTTP_DEFAULT_COMPONENT_ROUTE] = raw_route;
    if (slice_ends_with(raw_route, dots))
        values[HTTP_DEFAULT_COMPONENT_ROUTE].len -= dots.len;
}

static uint8_t *put(uint8_t *at, spin_slice_t text) {
    if (text.len > 0)
        memcpy(at, text.ptr, text.len);
    return at + text.len;
}

static spin_slice_t full_url(const net_exchange_t *exchange) {
    static const spin_slice_t scheme = SLICE_INIT("http://");
    spin_slice_t host = exchange->host.len > 0 ? exchange->host : SLICE_LITERAL("localhost");
    size_t query = exchange->query.ptr == NULL ? 0 : 1 + exchange->query.len;
    size_t len = scheme.len + host.len + exchange->path.len + query;
    uint8_t *text = arena_alloc_bytes(exchange->arena, len);
    if (text == NULL)
        return (spin_slice_t){NULL, 0};
    uint8_t *at = put(put(put(text, scheme), host), exchange->path);
    if (query > 0) {
        *at++ = '?';
        put(at, exchange->query);
    }
    return spin_slice_of(text, len);
}

/* "host:port", put together by hand: printf would show in the cost of a request. */
static spin_slice_t client_address(const net_exchange_t *exchange) {
    char host[64];
    uint16_t port = 0;
    net_exchange_peer(exchange, host, sizeof host, &port);
    bool v6 = strchr(host, ':') != NULL;
    uint8_t *text = arena_alloc_bytes(exchange->arena, strlen(host) + sizeof "[]:65535");
    if (text == NULL)
        return (spin_slice_t){NULL, 0};
    uint8_t digits[5];
    size_t count = 0;
    for (unsigned rest = port; rest > 0 || count == 0; rest /= 10)
        digits[count++] = (uint8_t)('0' + rest % 10);
    uint8_t *at = text;
    if (v6)
        *at++ = '[';
    at = put(at, spin_slice(host));
    if (v6)
        *at++ = ']';
    *at++ = ':';
    while (count > 0)
        *at++ = digits[--count];
    return spin_slice_of(text, (size_t)(at - text));
}

bool http_defaults_complete(spin_slice_t values[HTTP_DEFAULT_COUNT], const http_route_t *route,
                            const net_exchange_t *exchange) {
    values[HTTP_DEFAULT_PATH_INFO] = http_route_rest(route, exchange->path);
    values[HTTP_DEFAULT_FULL_URL] = full_url(exchange);
    values[HTTP_DEFAULT_CLIENT_ADDR] = client_address(exchange);
    return values[HTTP_DEFAULT_FULL_URL].ptr != NULL &&
           values[HTTP_DEFAULT_CLIENT_ADDR].ptr != NULL;
}

bool http_default_is_name(spin_slice_t header) {
    if (!slice_starts_with(header, SLICE_LITERAL("spin-")))
        return false;
    for (size_t i = 0; i < HTTP_DEFAULT_COUNT; i++)
        if (slice_equal(header, http_default_names[i].header))
            return true;
    return false;
}
