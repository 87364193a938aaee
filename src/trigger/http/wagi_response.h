/* Reading a CGI response off a Wagi guest's stdout: RFC 3875 section 6, as leniently as Wagi. */
#ifndef TRIGGER_HTTP_WAGI_RESPONSE_H
#define TRIGGER_HTTP_WAGI_RESPONSE_H

#include "net/http_server.h"

enum { WAGI_MAX_HEAD = 64 * 1024 }; /* bytes of headers in an output */

typedef struct wagi_response {
    unsigned status;
    net_header_t *headers;
    size_t headers_len;
} wagi_response_t;

/* Where the body begins in `output`: behind the first empty line (LF or CRLF). 0: there is none
 * yet.
 * `*scanned` (0 to begin with) remembers between calls, as `output` grows, what was looked at. */
size_t wagi_response_body_at(spin_slice_t output, size_t *scanned);

/* The error LIMIT of the function below. */
spin_error_t *wagi_response_too_large(void);

/* Parses the headers that stand before the body. What the result holds lies in `head` and in
 * `arena`. Status: the guest's `status` (502 where that is none), else 302 where there is a
 * `location`, else 200. Lines without a colon and names that HTTP does not allow are passed over.
 * Errors: INVALID (neither content-type nor location nor status; a value that HTTP does not allow),
 * LIMIT (more than WAGI_MAX_HEAD bytes), NO_MEMORY. */
spin_error_t *wagi_response_parse(wagi_response_t *response, arena_t *arena, spin_slice_t head);

#endif
