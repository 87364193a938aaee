/* The host interface `wasi-outbound-http` (wit/wasi-outbound-http.wit): guests send requests. */
#ifndef HOST_OUTBOUND_HTTP_OUTBOUND_HTTP_H
#define HOST_OUTBOUND_HTTP_OUTBOUND_HTTP_H

#include "engine/host.h"

extern const engine_host_t outbound_http_host;

#endif
