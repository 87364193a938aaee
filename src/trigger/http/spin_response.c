#include "trigger/http/spin_response.h"

#include "base/error.h"
#include "net/http_chars.h"

/* Where the fields stand in the result area, in bytes. */
typedef struct layout {
    uint32_t size;
    uint32_t headers; /* the option's discriminant, */
    uint32_t headers_ptr;
    uint32_t headers_count;
    uint32_t body; /* likewise */
    uint32_t body_ptr;
    uint32_t body_len;
    bool is_slots; /* status and discriminants take a word each */
} layout_t;

static const layout_t canonical_layout = {28, 4, 8, 12, 16, 20, 24, false};
static const layout_t slots_layout = {56, 8, 16, 24, 32, 40, 48, true};

/* The area is zero before the call, and a call fills one of the two layouts in. */
static const layout_t *guess_layout(guest_memory_t memory, uint32_t area) {
    const uint8_t *at = guest_memory_at(memory, area, canonical_layout.size, 4);
    if (at == NULL || guest_load_u32(at + canonical_layout.headers) != 0)
        return &canonical_layout;
    if (guest_load_u32(at + slots_layout.headers) == 1)
        return &slots_layout;
    if (at[canonical_layout.body] == 1)
        return &canonical_layout;
    at = guest_memory_at(memory, area, slots_layout.size, 4);
    if (at != NULL && guest_load_u32(at + slots_layout.body) == 1)
        return &slots_layout;
    return &canonical_layout;
}

static spin_error_t *lift_option(const uint8_t *at, const layout_t *layout, const char *what,
                                 bool *is_some) {
    uint32_t value = layout->is_slots ? guest_load_u32(at) : *at;
    if (value > 1)
        return error_new(SPIN_ERROR_INVALID, "its response's %s option has the discriminant %u",
                         what, value);
    *is_some = value == 1;
    return NULL;
}

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

static bool header_is_text(const net_header_t *header) {
    return http_header_is_valid(header->name, header->value) && slice_is_utf8(header->value, NULL);
}

/* A string or list<u8>: pointer and length at `at`. */
static bool lift_bytes(guest_memory_t memory, const uint8_t *at, spin_slice_t *out) {
    uint32_t len = guest_load_u32(at + 4);
    const uint8_t *bytes = len == 0 ? NULL : guest_memory_at(memory, guest_load_u32(at), len, 1);
    *out = spin_slice_of(bytes, len);
    return len == 0 || bytes != NULL;
}

static spin_error_t *lift_headers(http_reply_t *reply, arena_t *arena, guest_memory_t memory,
                                  uint32_t ptr, uint32_t count) {
    enum { PAIR_SIZE = 16, MAX_HEADERS = 1024, MAX_BYTES = 256 * 1024 };
    size_t bytes = 0; /* in sum: headers may share theirs */
    if (count == 0)
        return NULL;
    if (count > MAX_HEADERS)
        return error_new(SPIN_ERROR_INVALID, "its response has %u headers", count);
    const uint8_t *at = guest_memory_at(memory, ptr, (uint64_t)count * PAIR_SIZE, 4);
    if (at == NULL)
        return error_new(SPIN_ERROR_TRAP, "its response's %u headers at 0x%x are not in its memory",
                         count, ptr);
    reply->headers = arena_alloc(arena, count * sizeof *reply->headers);
    if (reply->headers == NULL)
        return error_no_memory();
    for (uint32_t i = 0; i < count; i++, at += PAIR_SIZE) {
        net_header_t *header = &reply->headers[i];
        if (!lift_bytes(memory, at, &header->name) || !lift_bytes(memory, at + 8, &header->value))
            return error_new(SPIN_ERROR_TRAP, "its response's header %u is not in its memory", i);
        bytes += header->name.len + header->value.len;
        if (bytes > MAX_BYTES)
            return error_new(SPIN_ERROR_INVALID, "its response has more than %d bytes of headers",
                             (int)MAX_BYTES);
        if (!header_is_text(header))
            return error_new(SPIN_ERROR_INVALID,
                             "its response's header %u has bytes that are not allowed there", i);
    }
    reply->headers_len = count;
    return NULL;
}

spin_error_t *http_reply_lift(http_reply_t *reply, arena_t *arena, guest_memory_t memory,
                              uint32_t area, legacy_layout_t known) {
    const layout_t *layout = known == LEGACY_LAYOUT_SLOTS       ? &slots_layout
                             : known == LEGACY_LAYOUT_CANONICAL ? &canonical_layout
                                                                : guess_layout(memory, area);
    *reply = (http_reply_t){0};
    const uint8_t *at = guest_memory_at(memory, area, layout->size, 4);
    if (at == NULL)
        return error_new(SPIN_ERROR_TRAP, "its response at 0x%x is not in its memory", area);
    reply->status = layout->is_slots ? guest_load_u32(at) : guest_load_u16(at);
    if (!http_status_is_valid(reply->status))
        return error_new(SPIN_ERROR_INVALID, "its response has the status %u", reply->status);

    bool has_headers, has_body;
    spin_error_t *error = lift_option(at + layout->headers, layout, "headers", &has_headers);
    if (error == NULL)
        error = lift_option(at + layout->body, layout, "body", &has_body);
    if (error == NULL && has_headers)
        error = lift_headers(reply, arena, memory, guest_load_u32(at + layout->headers_ptr),
                             guest_load_u32(at + layout->headers_count));
    if (error != NULL || !has_body)
        return error;
    uint32_t len = guest_load_u32(at + layout->body_len);
    const uint8_t *body = guest_memory_at(memory, guest_load_u32(at + layout->body_ptr), len, 1);
    if (body == NULL && len > 0)
        return error_new(SPIN_ERROR_TRAP, "its response's body of %u bytes is not in its memory",
                         len);
    reply->body = spin_slice_of(body, len);
    return NULL;
}
