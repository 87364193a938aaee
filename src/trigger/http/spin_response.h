/* Lifting the response of a guest of 2022 out of its memory: record `response` of docs/abi-2022.md.
 * Knows memory as bytes only and trusts nothing in it. */
#ifndef TRIGGER_HTTP_SPIN_RESPONSE_H
#define TRIGGER_HTTP_SPIN_RESPONSE_H

#include "component/legacy.h"
#include "net/http_server.h"
#include "trigger/http/guest_memory.h"

typedef struct http_reply {
    unsigned status; /* 200 to 999 */
    net_header_t *headers;
    size_t headers_len;
    spin_slice_t body; /* in the guest's memory, as the headers' texts are */
} http_reply_t;

/* Reads the response whose result area is at `area`. An unknown layout is told from the area's
 * content. The list of headers is made in `arena`. Errors: TRAP (a pointer outside of the memory),
 * INVALID (what stands there is no response), NO_MEMORY. */
spin_error_t *http_reply_lift(http_reply_t *reply, arena_t *arena, guest_memory_t memory,
                              uint32_t area, legacy_layout_t layout);

/* Whether a header may be sent, RFC 9110 section 5. */
bool http_header_is_valid(spin_slice_t name, spin_slice_t value);
/* A final status: those below 200 announce another response, which never comes. */
static inline bool http_status_is_valid(unsigned status) {
    return status >= 200 && status <= 999;
}

#endif
