/* Host bindings of interface "wasi-outbound-http" in wasi-outbound-http.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#ifndef SPIN_BINDINGS_OUTBOUND_HTTP_H
#define SPIN_BINDINGS_OUTBOUND_HTTP_H

#include <spin/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint8_t outbound_http_method_t;
enum {
    OUTBOUND_HTTP_METHOD_GET = 0,
    OUTBOUND_HTTP_METHOD_POST = 1,
    OUTBOUND_HTTP_METHOD_PUT = 2,
    OUTBOUND_HTTP_METHOD_DELETE = 3,
    OUTBOUND_HTTP_METHOD_PATCH = 4,
    OUTBOUND_HTTP_METHOD_HEAD = 5,
    OUTBOUND_HTTP_METHOD_OPTIONS = 6,
};

typedef struct outbound_http_tuple2_string_string_t {
    spin_string_t f0;
    spin_string_t f1;
} outbound_http_tuple2_string_string_t;

typedef struct outbound_http_list_tuple2_string_string_t {
    outbound_http_tuple2_string_string_t *items;
    size_t len;
} outbound_http_list_tuple2_string_string_t;

typedef struct outbound_http_option_list_u8_t {
    bool is_some;
    spin_string_t value;
} outbound_http_option_list_u8_t;

typedef struct outbound_http_request_t {
    outbound_http_method_t method;
    spin_string_t uri;
    outbound_http_list_tuple2_string_string_t headers;
    /* Empty from Spin 0.5 on: the query is in `uri`. */
    outbound_http_list_tuple2_string_string_t params;
    outbound_http_option_list_u8_t body;
} outbound_http_request_t;

typedef struct outbound_http_option_list_tuple2_string_string_t {
    bool is_some;
    outbound_http_list_tuple2_string_string_t value;
} outbound_http_option_list_tuple2_string_string_t;

typedef struct outbound_http_response_t {
    uint16_t status;
    outbound_http_option_list_tuple2_string_string_t headers;
    outbound_http_option_list_u8_t body;
} outbound_http_response_t;

/* Why a request did not go out, or had no answer. */
typedef uint8_t outbound_http_http_error_t;
enum {
    /* Not used: it keeps 0 free. */
    OUTBOUND_HTTP_HTTP_ERROR_SUCCESS = 0,
    /* The component's `allowed_http_hosts` do not name the host. */
    OUTBOUND_HTTP_HTTP_ERROR_DESTINATION_NOT_ALLOWED = 1,
    OUTBOUND_HTTP_HTTP_ERROR_INVALID_URL = 2,
    OUTBOUND_HTTP_HTTP_ERROR_REQUEST_ERROR = 3,
    OUTBOUND_HTTP_HTTP_ERROR_RUNTIME_ERROR = 4,
    /* From Spin 0.5 on. */
    OUTBOUND_HTTP_HTTP_ERROR_TOO_MANY_REQUESTS = 5,
};

typedef struct outbound_http_result_response_http_error_t {
    bool is_error;
    union {
        outbound_http_response_t ok;
        outbound_http_http_error_t error;
    } of;
} outbound_http_result_response_http_error_t;

/* A status code such as 200. */
typedef uint16_t outbound_http_http_status_t;

/* The bytes of a message behind its headers. */
typedef spin_string_t outbound_http_body_t;

/* Names and values. Names may occur more than once. */
typedef outbound_http_list_tuple2_string_string_t outbound_http_headers_t;

/* The decoded pairs of a query. */
typedef outbound_http_list_tuple2_string_string_t outbound_http_params_t;

/* Of an incoming request its path, from Spin 0.2 on with the query; of an outgoing one a whole URL. */
typedef spin_string_t outbound_http_uri_t;

/* ── imports of guests: wasi-outbound-http ── */

/* The operations, to be implemented. Arguments live as long as the call, and so must what `*ret`
 * points to: see spin_host_call_alloc. An operation that is NULL, and one that returns an error,
 * traps. */
typedef struct outbound_http_ops_t {
    size_t size; /* sizeof(outbound_http_ops_t) */
    /* Sends a request and waits for the whole answer. Its host must be one of `allowed_http_hosts`. */
    spin_error_t *(*request)(spin_host_call_t *call, const outbound_http_request_t *req,
                             outbound_http_result_response_http_error_t *ret);
} outbound_http_ops_t;
/* `ops` and `user` are kept by the caller until the context is freed. */
spin_error_t *outbound_http_link(spin_engine_builder_t *builder, const outbound_http_ops_t *ops,
                                 void *user);

#ifdef __cplusplus
}
#endif

#endif
