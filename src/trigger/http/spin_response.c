#include "trigger/http/spin_response.h"

#include "base/error.h"
#include "net/http_chars.h"

bool http_header_is_valid(spin_slice_t name, spin_slice_t value) {
    if (name.len == 0)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (http_token_lower[name.ptr[i]] == 0)
            return false;
    for (size_t i = 0; i < value.len; i++)
        if (!http_is_value_byte(value.ptr[i]))
            return false;
    return true;
}

spin_error_t *http_reply_init(http_reply_t *reply, arena_t *arena,
                              const guest_http_response_t *response) {
    enum { MAX_HEADERS = 1024, MAX_BYTES = 256 * 1024 };
    const guest_http_headers_t *headers = &response->headers.value;
    size_t bytes = 0; /* in sum: headers may share theirs */
    *reply = (http_reply_t){.status = response->status, .body = response->body.value};
    if (!http_status_is_valid(response->status))
        return error_new(SPIN_ERROR_INVALID, "its response has the status %u", response->status);
    if (headers->len > MAX_HEADERS)
        return error_new(SPIN_ERROR_INVALID, "its response has %zu headers", headers->len);
    reply->headers = arena_alloc(arena, headers->len * sizeof *reply->headers);
    if (headers->len > 0 && reply->headers == NULL)
        return error_no_memory();
    for (size_t i = 0; i < headers->len; i++) {
        const net_header_t header = {headers->items[i].f0, headers->items[i].f1};
        bytes += header.name.len + header.value.len;
        if (bytes > MAX_BYTES)
            return error_new(SPIN_ERROR_INVALID, "its response has more than %d bytes of headers",
                             (int)MAX_BYTES);
        if (!http_header_is_valid(header.name, header.value))
            return error_new(SPIN_ERROR_INVALID,
                             "its response's header %zu has bytes that are not allowed there", i);
        reply->headers[reply->headers_len++] = header;
    }
    return NULL;
}
