/* Calling out of a component: HTTP requests, Redis, configuration. A part of the SDK of
 * spin_http.h, to be compiled together with spin_http.c and spin_outbound.c. What is not used is
 * not imported.
 *
 *     spin_outbound_response_t answer;
 *     if (spin_outbound_get(spin_str("https://api.example.com/time"), &answer) == SPIN_HTTP_OK)
 *         spin_response_text(response, 200, "text/plain", answer.body);
 *
 * The guest sleeps until the answer is there; the request's time limit goes on. Answers live until
 * the end of the request. */
#ifndef SPIN_OUTBOUND_H
#define SPIN_OUTBOUND_H

#include "spin_http.h"

/* ── HTTP (wasi-outbound-http) ── */

typedef enum spin_http_error {
    SPIN_HTTP_OK = 0,
    SPIN_HTTP_NOT_ALLOWED, /* add the host to the component's allowed_http_hosts */
    SPIN_HTTP_INVALID_URL,
    SPIN_HTTP_REQUEST_ERROR, /* the answer broke off */
    SPIN_HTTP_RUNTIME_ERROR, /* no answer; Spin's log says why */
    SPIN_HTTP_TOO_MANY_REQUESTS,
} spin_http_error_t;

typedef struct spin_outbound_request {
    spin_method_t method;
    spin_str_t url;
    const spin_field_t *headers;
    size_t headers_len;
    bool has_body;
    spin_str_t body;
} spin_outbound_request_t;

typedef struct spin_outbound_response {
    uint16_t status;
    const spin_field_t *headers; /* names in lower case */
    size_t headers_len;
    spin_str_t body;
} spin_outbound_response_t;

/* `response` is filled in where it returns SPIN_HTTP_OK. */
spin_http_error_t spin_outbound_send(const spin_outbound_request_t *request,
                                     spin_outbound_response_t *response);
spin_http_error_t spin_outbound_get(spin_str_t url, spin_outbound_response_t *response);
/* The value of the response's header `name` (lower case), or {NULL, 0}. */
spin_str_t spin_outbound_header(const spin_outbound_response_t *response, spin_str_t name);

/* ── Redis (outbound-redis) ── */

/* `address`: "redis://[[user]:password@]host[:port][/database]". False: an error, which Spin's log
 * tells. */
bool spin_redis_get(spin_str_t address, spin_str_t key, spin_str_t *value); /* none: empty */
bool spin_redis_set(spin_str_t address, spin_str_t key, spin_str_t value);
bool spin_redis_incr(spin_str_t address, spin_str_t key, int64_t *sum);
bool spin_redis_publish(spin_str_t address, spin_str_t channel, spin_str_t payload);

/* ── configuration (spin-config) ── */

/* What the manifest's [component.config] has under `key`. False: there is none; `*value` says why.
 */
bool spin_config_get(spin_str_t key, spin_str_t *value);

#endif
