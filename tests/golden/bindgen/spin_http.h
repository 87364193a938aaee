/* Host bindings of interface "spin-http" in spin-http.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#ifndef SPIN_BINDINGS_SPIN_HTTP_H
#define SPIN_BINDINGS_SPIN_HTTP_H

#include <spin/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint8_t spin_http_method_t;
enum {
    SPIN_HTTP_METHOD_GET = 0,
    SPIN_HTTP_METHOD_POST = 1,
    SPIN_HTTP_METHOD_PUT = 2,
    SPIN_HTTP_METHOD_DELETE = 3,
    SPIN_HTTP_METHOD_PATCH = 4,
    SPIN_HTTP_METHOD_HEAD = 5,
    SPIN_HTTP_METHOD_OPTIONS = 6,
};

typedef struct spin_http_tuple2_string_string_t {
    spin_string_t f0;
    spin_string_t f1;
} spin_http_tuple2_string_string_t;
/* Frees what a result owns, and zeroes it. */
void spin_http_tuple2_string_string_clear(spin_http_tuple2_string_string_t *value);

typedef struct spin_http_list_tuple2_string_string_t {
    spin_http_tuple2_string_string_t *items;
    size_t len;
} spin_http_list_tuple2_string_string_t;
/* Frees what a result owns, and zeroes it. */
void spin_http_list_tuple2_string_string_clear(spin_http_list_tuple2_string_string_t *value);

typedef struct spin_http_option_list_u8_t {
    bool is_some;
    spin_string_t value;
} spin_http_option_list_u8_t;
/* Frees what a result owns, and zeroes it. */
void spin_http_option_list_u8_clear(spin_http_option_list_u8_t *value);

typedef struct spin_http_request_t {
    spin_http_method_t method;
    spin_string_t uri;
    spin_http_list_tuple2_string_string_t headers;
    /* Empty from Spin 0.5 on: the query is in `uri`. */
    spin_http_list_tuple2_string_string_t params;
    spin_http_option_list_u8_t body;
} spin_http_request_t;

typedef struct spin_http_option_list_tuple2_string_string_t {
    bool is_some;
    spin_http_list_tuple2_string_string_t value;
} spin_http_option_list_tuple2_string_string_t;
/* Frees what a result owns, and zeroes it. */
void spin_http_option_list_tuple2_string_string_clear(
    spin_http_option_list_tuple2_string_string_t *value);

typedef struct spin_http_response_t {
    uint16_t status;
    spin_http_option_list_tuple2_string_string_t headers;
    spin_http_option_list_u8_t body;
} spin_http_response_t;
/* Frees what a result owns, and zeroes it. */
void spin_http_response_clear(spin_http_response_t *value);

/* A status code such as 200. */
typedef uint16_t spin_http_http_status_t;

/* The bytes of a message behind its headers. */
typedef spin_string_t spin_http_body_t;

/* Names and values. Names may occur more than once. */
typedef spin_http_list_tuple2_string_string_t spin_http_headers_t;

/* The decoded pairs of a query. */
typedef spin_http_list_tuple2_string_string_t spin_http_params_t;

/* Of an incoming request its path, from Spin 0.2 on with the query; of an outgoing one a whole URL. */
typedef spin_string_t spin_http_uri_t;

/* ── exports of guests: spin-http ── */

/* A call waits for its end. The result is the caller's, for its type's clear function, or
 * spin_string_clear for text and bytes; after an error it is zero. What "_start" shows to `done`
 * is a view, valid until the instance is freed or called again; what arguments point to is kept
 * by the caller until then. An "_export" is for spin_abi_check. */

/* What a component of an HTTP application exports: called for each request. */
spin_error_t *spin_http_handle_http_request(spin_instance_t *instance,
                                            const spin_http_request_t *req,
                                            spin_http_response_t *ret);
typedef void (*spin_http_handle_http_request_done_fn)(spin_instance_t *instance,
                                                      spin_error_t *error,
                                                      const spin_http_response_t *ret, void *user);
spin_error_t *spin_http_handle_http_request_start(spin_instance_t *instance,
                                                  const spin_http_request_t *req,
                                                  spin_http_handle_http_request_done_fn done,
                                                  void *user);
extern const spin_abi_export_t spin_http_handle_http_request_export;

#ifdef __cplusplus
}
#endif

#endif
