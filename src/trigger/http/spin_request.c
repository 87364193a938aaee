#include "trigger/http/spin_request.h"

#include "base/error.h"
#include "trigger/http/default_headers.h"
#include "trigger/http/percent.h"

http_method_t http_method_parse(spin_slice_t method) {
    static const spin_slice_t names[HTTP_METHOD_OTHER] = {
        [HTTP_METHOD_GET] = SLICE_INIT("GET"),         [HTTP_METHOD_POST] = SLICE_INIT("POST"),
        [HTTP_METHOD_PUT] = SLICE_INIT("PUT"),         [HTTP_METHOD_DELETE] = SLICE_INIT("DELETE"),
        [HTTP_METHOD_PATCH] = SLICE_INIT("PATCH"),     [HTTP_METHOD_HEAD] = SLICE_INIT("HEAD"),
        [HTTP_METHOD_OPTIONS] = SLICE_INIT("OPTIONS"),
    };
    for (size_t i = 0; i < HTTP_METHOD_OTHER; i++)
        if (slice_equal(method, names[i]))
            return (http_method_t)i;
    return HTTP_METHOD_OTHER;
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

/* Appends name and value of each pair to `out`; empty pairs are none. False when out of memory. */
static bool parse_params(arena_t *arena, spin_slice_t query, spin_slice_t *out, uint32_t *count) {
    *count = 0;
    while (query.len > 0) {
        spin_slice_t pair = spin_slice_of(query.ptr, slice_find(query, '&'));
        query = slice_from(query, pair.len + 1);
        if (pair.len == 0)
            continue;
        size_t equals = slice_find(pair, '=');
        out[0] = spin_slice_of(pair.ptr, equals);
        out[1] = slice_from(pair, equals + 1);
        if (!decode(arena, &out[0]) || !decode(arena, &out[1]))
            return false;
        out += 2;
        (*count)++;
    }
    return true;
}

/* ── parts ── */

spin_error_t *http_lower_init(http_lower_t *lower, const net_exchange_t *exchange, spin_slice_t uri,
                              const net_header_t *extra, size_t extra_len) {
    enum { PAIR_SIZE = 16 };
    size_t pairs = exchange->headers_len + extra_len + count_params(exchange->query);
    lower->parts = arena_alloc(exchange->arena, (LOWER_STRINGS + 2 * pairs) * sizeof(spin_slice_t));
    if (lower->parts == NULL)
        return error_no_memory();
    spin_slice_t *at = lower->parts + LOWER_STRINGS;
    for (size_t i = 0; i < exchange->headers_len; i++) {
        if (http_default_is_name(exchange->headers[i].name))
            continue;
        *at++ = exchange->headers[i].name;
        *at++ = exchange->headers[i].value;
    }
    for (size_t i = 0; i < extra_len; i++) {
        *at++ = extra[i].name;
        *at++ = extra[i].value;
    }
    lower->headers_len = (uint32_t)(at - lower->parts - LOWER_STRINGS) / 2;
    if (!parse_params(exchange->arena, exchange->query, at, &lower->params_len))
        return error_no_memory();

    lower->method = http_method_parse(exchange->method);
    lower->count = LOWER_STRINGS + 2 * (lower->headers_len + lower->params_len);
    lower->pointers = arena_alloc(exchange->arena, lower->count * sizeof *lower->pointers);
    if (lower->pointers == NULL)
        return error_no_memory();
    lower->parts[LOWER_URI] = uri;
    lower->parts[LOWER_HEADERS] = (spin_slice_t){NULL, (size_t)lower->headers_len * PAIR_SIZE};
    lower->parts[LOWER_PARAMS] = (spin_slice_t){NULL, (size_t)lower->params_len * PAIR_SIZE};
    lower->parts[LOWER_BODY] = exchange->body;
    for (uint32_t i = 0; i < lower->count; i++)
        if (lower->parts[i].len > INT32_MAX)
            return error_new(SPIN_ERROR_LIMIT, "the request is too large for a 32-bit guest");
    return NULL;
}

bool http_lower_sizes(const http_lower_t *lower, guest_memory_t memory, uint32_t table,
                      uint32_t count) {
    uint8_t *at = guest_memory_at(memory, table, 8 * (uint64_t)count, 4);
    if (at == NULL || count != lower->count)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        guest_store_u32(at + 8 * i, (uint32_t)lower->parts[i].len);
        guest_store_u32(at + 8 * i + 4, http_lower_align(i));
    }
    return true;
}

/* The elements of a list whose first string is part `first`. Empty strings have the guest's pointer
 * as well: some guests free all that they are handed. */
static void write_list(const http_lower_t *lower, uint8_t *list, uint32_t first, uint32_t len) {
    for (uint32_t part = first; part < first + 2 * len; part++, list += 8) {
        guest_store_u32(list, lower->pointers[part]);
        guest_store_u32(list + 4, (uint32_t)lower->parts[part].len);
    }
}

bool http_lower_write(const http_lower_t *lower, guest_memory_t memory, uint32_t args[LOWER_ARGS]) {
    uint8_t *list[2] = {NULL, NULL};
    for (uint32_t i = 0; i < lower->count; i++) {
        spin_slice_t part = lower->parts[i];
        if (part.len == 0)
            continue;
        uint8_t *at = guest_memory_at(memory, lower->pointers[i], part.len, http_lower_align(i));
        if (at == NULL)
            return false;
        if (i == LOWER_HEADERS || i == LOWER_PARAMS)
            list[i - LOWER_HEADERS] = at;
        else
            memcpy(at, part.ptr, part.len);
    }
    write_list(lower, list[0], LOWER_STRINGS, lower->headers_len);
    write_list(lower, list[1], LOWER_STRINGS + 2 * lower->headers_len, lower->params_len);
    args[0] = lower->method;
    args[1] = lower->pointers[LOWER_URI];
    args[2] = (uint32_t)lower->parts[LOWER_URI].len;
    args[3] = lower->pointers[LOWER_HEADERS];
    args[4] = lower->headers_len;
    args[5] = lower->pointers[LOWER_PARAMS];
    args[6] = lower->params_len;
    args[7] = 1; /* there is a body, though it may be empty */
    args[8] = lower->pointers[LOWER_BODY];
    args[9] = (uint32_t)lower->parts[LOWER_BODY].len;
    return true;
}

bool http_lower_fill(const http_lower_t *lower, guest_memory_t memory, uint32_t table,
                     uint32_t count) {
    uint32_t args[LOWER_ARGS];
    uint64_t size = 8 * (uint64_t)count;
    if (size < sizeof args) /* the helper's table has room for them all the same */
        size = sizeof args;
    uint8_t *at = guest_memory_at(memory, table, size, 4);
    if (at == NULL || count != lower->count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        lower->pointers[i] = guest_load_u32(at + 8 * i);
    if (!http_lower_write(lower, memory, args))
        return false;
    for (uint32_t i = 0; i < LOWER_ARGS; i++)
        guest_store_u32(at + 4 * i, args[i]);
    return true;
}
