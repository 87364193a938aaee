/* A request as a guest of 2022 takes it: record `request` of wit/http-types.wit. */
#ifndef TRIGGER_HTTP_SPIN_REQUEST_H
#define TRIGGER_HTTP_SPIN_REQUEST_H

#include "guest_http.h"
#include "net/http_server.h"

/* False: none of those that a guest can be told. */
bool http_method_parse(spin_slice_t method, guest_http_method_t *out);

/* Fills `request`, but for its method, in the exchange's arena, texts borrowed: `uri`, the
 * exchange's headers and then `extra`, its body, and the pairs of its query
 * (application/x-www-form-urlencoded, WHATWG URL section 5.1). A header that is not UTF-8 is left
 * as it is. Errors: NO_MEMORY. */
spin_error_t *http_request_init(guest_http_request_t *request, const net_exchange_t *exchange,
                                spin_slice_t uri, const net_header_t *extra, size_t extra_len);

#endif
