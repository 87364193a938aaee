/* What the trigger tells a guest about a request beside what the client sent. Both executors pass
 * the same values, each in its own form. */
#ifndef TRIGGER_HTTP_DEFAULT_HEADERS_H
#define TRIGGER_HTTP_DEFAULT_HEADERS_H

#include "net/http_server.h"
#include "trigger/http/routes.h"

typedef enum http_default {
    HTTP_DEFAULT_PATH_INFO = 0, /* the path behind the route's, undecoded */
    HTTP_DEFAULT_FULL_URL,
    HTTP_DEFAULT_MATCHED_ROUTE, /* with base and "/..." */
    HTTP_DEFAULT_BASE_PATH,
    HTTP_DEFAULT_RAW_COMPONENT_ROUTE, /* as written */
    HTTP_DEFAULT_COMPONENT_ROUTE,     /* the same without "/..." */
    HTTP_DEFAULT_CLIENT_ADDR,         /* with port */
    HTTP_DEFAULT_COUNT,
} http_default_t;

typedef struct http_default_name {
    spin_slice_t header;   /* Spin executor */
    spin_slice_t variable; /* Wagi executor */
} http_default_name_t;
extern const http_default_name_t http_default_names[HTTP_DEFAULT_COUNT];

/* Those that never change for a component are computed once, the others are left empty. All that is
 * pointed to is the caller's. */
void http_defaults_init(spin_slice_t values[HTTP_DEFAULT_COUNT], const http_route_t *route,
                        spin_slice_t base, spin_slice_t raw_route);
/* Fills in the others, in the exchange's arena. False when out of memory. */
bool http_defaults_complete(spin_slice_t values[HTTP_DEFAULT_COUNT], const http_route_t *route,
                            const net_exchange_t *exchange);

/* Whether a header of the client has a name that is the trigger's to set. */
bool http_default_is_name(spin_slice_t header);

#endif
