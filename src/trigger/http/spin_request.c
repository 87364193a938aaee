#include "trigger/http/spin_request.h"

#include "base/error.h"
#include "trigger/http/default_headers.h"
#include "trigger/http/percent.h"

bool http_method_parse(spin_slice_t method, guest_http_method_t *out) {
    static const spin_slice_t names[] = {
        [GUEST_HTTP_METHOD_GET] = SLICE_INIT("GET"),
        [GUEST_HTTP_METHOD_POST] = SLICE_INIT("POST"),
        [GUEST_HTTP_METHOD_PUT] = SLICE_INIT("PUT"),
        [GUEST_HTTP_METHOD_DELETE] = SLICE_INIT("DELETE"),
        [GUEST_HTTP_METHOD_PATCH] = SLICE_INIT("PATCH"),
        [GUEST_HTTP_METHOD_HEAD] = SLICE_INIT("HEAD"),
        [GUEST_HTTP_METHOD_OPTIONS] = SLICE_INIT("OPTIONS"),
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_equal(method, names[i])) {
            *out = (guest_http_method_t)i;
            return true;
        }
    return false;
}

/* ── query ── */

/* What is not UTF-8 becomes U+FFFD: a guest's string must be valid. */
static spin_slice_t repair_utf8(arena_t *arena, spin_slice_t text) {
    static const uint8_t replacement[] = {0xef, 0xbf, 0xbd};
    size_t bad;
    if (slice_is_utf8(text, &bad))
        return text;
    uint8_t *out = arena_alloc_bytes(arena, text.len * sizeof replacement);
    if (out == NULL)
        return (spin_slice_t){NULL, 0};
    size_t len = 0;
    while (!slice_is_utf8(text, &bad)) {
        memcpy(out + len, text.ptr, bad);
        memcpy(out + len + bad, replacement, sizeof replacement);
        len += bad + sizeof replacement;
        text = slice_from(text, bad + 1);
    }
    if (text.len > 0)
        memcpy(out + len, text.ptr, text.len);
    return spin_slice_of(out, len + text.len);
}

static bool decode(arena_t *arena, spin_slice_t *text) {
    if (text->len == 0 ||
        (slice_find(*text, '%') == text->len && slice_find(*text, '+') == text->len))
        return true;
    uint8_t *out = arena_alloc_bytes(arena, text->len);
    if (out == NULL)
        return false;
    size_t len = 0;
    for (size_t i = 0, taken; i < text->len; i += taken) {
        uint8_t byte = percent_next(slice_from(*text, i), &taken);
        out[len++] = text->ptr[i] == '+' ? ' ' : byte;
    }
    *text = repair_utf8(arena, spin_slice_of(out, len));
    return text->ptr != NULL;
}

static size_t count_params(spin_slice_t query) {
    size_t count = query.len > 0;
    for (size_t i = 0; i < query.len; i++)
        count += query.ptr[i] == '&';
    return count;
}

/* False when out of memory. Empty pairs are none. */
static bool parse_params(arena_t *arena, spin_slice_t query, guest_http_params_t *params) {
    size_t most = count_params(query);
    params->items = arena_alloc(arena, most * sizeof *params->items);
    if (most > 0 && params->items == NULL)
        return false;
    while (query.len > 0) {
        spin_slice_t pair = spin_slice_of(query.ptr, slice_find(query, '&'));
        query = slice_from(query, pair.len + 1);
        if (pair.len == 0)
            continue;
        size_t equals = slice_find(pair, '=');
        guest_http_tuple2_string_string_t *item = &params->items[params->len++];
        item->f0 = spin_slice_of(pair.ptr, equals);
        item->f1 = slice_from(pair, equals + 1);
        if (!decode(arena, &item->f0) || !decode(arena, &item->f1))
            return false;
    }
    return true;
}

/* ── the record ── */

static void add_header(guest_http_headers_t *headers, const net_header_t *header) {
    headers->items[headers->len++] =
        (guest_http_tuple2_string_string_t){header->name, header->value};
}

spin_error_t *http_request_init(guest_http_request_t *request, const net_exchange_t *exchange,
                                spin_slice_t uri, const net_header_t *extra, size_t extra_len) {
    *request = (guest_http_request_t){
        .method = request->method, .uri = uri, .body = {true, exchange->body}};
    guest_http_headers_t *headers = &request->headers;
    size_t most = exchange->headers_len + extra_len;
    headers->items = arena_alloc(exchange->arena, most * sizeof *headers->items);
    if (most > 0 && headers->items == NULL)
        return error_no_memory();
    for (size_t i = 0; i < exchange->headers_len; i++)
        if (!http_default_is_name(exchange->headers[i].name))
            add_header(headers, &exchange->headers[i]);
    for (size_t i = 0; i < extra_len; i++)
        add_header(headers, &extra[i]);
    return parse_params(exchange->arena, exchange->query, &request->params) ? NULL
                                                                            : error_no_memory();
}
