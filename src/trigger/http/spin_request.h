/* Lowering a request into a guest of 2022: record `request` of docs/abi-2022.md. Knows memory as
 * bytes only. */
#ifndef TRIGGER_HTTP_SPIN_REQUEST_H
#define TRIGGER_HTTP_SPIN_REQUEST_H

#include "net/http_server.h"
#include "trigger/http/guest_memory.h"

typedef enum http_method {
    HTTP_METHOD_GET = 0,
    HTTP_METHOD_POST,
    HTTP_METHOD_PUT,
    HTTP_METHOD_DELETE,
    HTTP_METHOD_PATCH,
    HTTP_METHOD_HEAD,
    HTTP_METHOD_OPTIONS,
    HTTP_METHOD_OTHER, /* none that a guest could be told */
} http_method_t;

http_method_t http_method_parse(spin_slice_t method);

/* The parts of a request, each of which the guest allocates by itself. */
enum {
    LOWER_URI = 0,
    LOWER_HEADERS, /* the list, not the strings: only `len` is set */
    LOWER_PARAMS,  /* likewise */
    LOWER_BODY,
    LOWER_STRINGS, /* name, value, name, value... of the headers, then of the params */
    LOWER_ARGS = 10,
};

typedef struct http_lower {
    http_method_t method;
    spin_slice_t *parts;
    uint32_t *pointers; /* where the guest has put each part */
    uint32_t count;     /* of parts */
    uint32_t headers_len;
    uint32_t params_len;
} http_lower_t;

/* Parses the exchange's query (application/x-www-form-urlencoded, WHATWG URL section 5.1) and lays
 * out the parts in its arena. `extra` headers follow the request's own. Errors: LIMIT (more than 32
 * bits can address), NO_MEMORY. */
spin_error_t *http_lower_init(http_lower_t *lower, const net_exchange_t *exchange, spin_slice_t uri,
                              const net_header_t *extra, size_t extra_len);

static inline uint32_t http_lower_align(uint32_t part) {
    return part == LOWER_HEADERS || part == LOWER_PARAMS ? 4 : 1;
}

/* Writes { size, alignment } of each part to `table`. False: the table is outside of the memory, or
 * `count` is not that of the parts. */
bool http_lower_sizes(const http_lower_t *lower, guest_memory_t memory, uint32_t table,
                      uint32_t count);

/* The pointers that the guest allocated stand at the first words of `table`: writes all parts there
 * and then the entry point's arguments to the table's beginning. False: a pointer is bad. */
bool http_lower_fill(const http_lower_t *lower, guest_memory_t memory, uint32_t table,
                     uint32_t count);

/* The same with `lower->pointers` filled in, and the arguments in host memory. */
bool http_lower_write(const http_lower_t *lower, guest_memory_t memory, uint32_t args[LOWER_ARGS]);

#endif
