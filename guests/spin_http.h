/* A small guest SDK in C for Spin's HTTP trigger (the entry point of 2022, docs/abi-2022.md).
 *
 * A component is one C file that implements spin_http_handle, compiled together with spin_http.c:
 *
 *     #include "spin_http.h"
 *
 *     void spin_http_handle(const spin_request_t *request, spin_response_t *response) {
 *         (void)request;
 *         spin_response_text(response, 200, "text/plain", spin_str("Hello\n"));
 *     }
 *
 *     clang --target=wasm32-wasi -Oz -nostartfiles -Wl,--no-entry \
 *         -o hello.wasm hello.c spin_http.c
 *
 * Every request gets an instance of its own: globals start fresh, nothing needs to be freed, and
 * the request's memory stays valid until the response has been sent.
 *
 * Macros, to be given to both files:
 *   SPIN_NO_LIBC       build without a C library (-nostdlib): memory comes from a bump allocator,
 * the module is a few hundred bytes, no constructors run. SPIN_LAYOUT_SLOTS  lay the response out
 * as Spin 0.1 to 0.3 did; default is Spin 0.4 and later. */
#ifndef SPIN_HTTP_H
#define SPIN_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes, UTF-8 where they come from Spin; not NUL-terminated. */
typedef struct spin_str {
    const char *ptr;
    size_t len;
} spin_str_t;

/* A header or a query parameter. */
typedef struct spin_field {
    spin_str_t name;
    spin_str_t value;
} spin_field_t;

typedef enum spin_method {
    SPIN_GET = 0,
    SPIN_POST,
    SPIN_PUT,
    SPIN_DELETE,
    SPIN_PATCH,
    SPIN_HEAD,
    SPIN_OPTIONS,
} spin_method_t;

typedef struct spin_request {
    spin_method_t method;
    spin_str_t uri;              /* path and query */
    const spin_field_t *headers; /* names in lower case; Spin's own begin with "spin-" */
    size_t headers_len;
    const spin_field_t *params; /* of the query, decoded */
    size_t params_len;
    bool has_body;
    spin_str_t body;
} spin_request_t;

enum { SPIN_RESPONSE_HEADERS_MAX = 16 };

/* What the handler fills in. It starts as an empty 200. */
typedef struct spin_response {
    uint16_t status;
    spin_field_t headers[SPIN_RESPONSE_HEADERS_MAX];
    size_t headers_len;
    bool has_body;
    spin_str_t body;
} spin_response_t;

/* Implemented by the component. What `response` points to must outlive the call: literals, static
 * or allocated memory, parts of the request. */
void spin_http_handle(const spin_request_t *request, spin_response_t *response);

/* A string literal (or an array of char) as a spin_str_t. */
#define spin_str(literal) ((spin_str_t){(literal), sizeof(literal) - 1})

bool spin_str_equal(spin_str_t a, spin_str_t b);

/* The value of the request's header `name` (lower case), or {NULL, 0}. */
spin_str_t spin_request_header(const spin_request_t *request, spin_str_t name);
/* The value of the query parameter `name`, or {NULL, 0}. */
spin_str_t spin_request_param(const spin_request_t *request, spin_str_t name);
/* The method's name, "GET". */
spin_str_t spin_method_name(spin_method_t method);

/* Adds a header; past SPIN_RESPONSE_HEADERS_MAX it is left out. */
void spin_response_header(spin_response_t *response, spin_str_t name, spin_str_t value);
/* A whole answer in a line. */
#define spin_response_text(response, code, content_type, text)                                     \
    spin_response_with(response, code, spin_str(content_type), text)
void spin_response_with(spin_response_t *response, uint16_t status, spin_str_t content_type,
                        spin_str_t body);

/* Memory that lives until the end of the request; traps where there is none left. */
void *spin_alloc(size_t size);

#endif
