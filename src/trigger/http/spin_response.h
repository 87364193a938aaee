/* The response of a guest of 2022: record `response` of wit/http-types.wit. */
#ifndef TRIGGER_HTTP_SPIN_RESPONSE_H
#define TRIGGER_HTTP_SPIN_RESPONSE_H

#include "guest_http.h"
#include "net/http_server.h"

typedef struct http_reply {
    unsigned status; /* 200 to 999 */
    net_header_t *headers;
    size_t headers_len;
    spin_slice_t body;
} http_reply_t;

/* Checks that `response` can be sent. The list of headers is made in `arena`, texts are borrowed.
 * Errors: INVALID (status, number, size or bytes of the headers), NO_MEMORY. */
spin_error_t *http_reply_init(http_reply_t *reply, arena_t *arena,
                              const guest_http_response_t *response);

/* Whether a header may be sent, RFC 9110 section 5. */
bool http_header_is_valid(spin_slice_t name, spin_slice_t value);
/* A final status: those below 200 announce another response, which never comes. */
static inline bool http_status_is_valid(unsigned status) {
    return status >= 200 && status <= 999;
}

#endif
