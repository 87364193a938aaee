/* The request target (RFC 9112 section 3.2) and the host. */
#ifndef NET_HTTP_TARGET_H
#define NET_HTTP_TARGET_H

#include "net/http_server.h"

/* Splits `exchange->target` into path and query, and takes the host of an absolute target. Returns
 * 0, or the status to refuse it with. */
unsigned http_target_split(net_exchange_t *exchange);

/* uri-host [ ":" port ], or empty. */
bool http_host_is_valid(spin_slice_t host);

#endif
