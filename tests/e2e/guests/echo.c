/* Answers with the request, as JSON; the body in hexadecimal, null where there is none. The query's
 * `status` is the response's. */
#include "spin_http.h"

static char *out;
static size_t len;

static void put(char c) {
    out[len++] = c;
}

static void put_text(const char *text) {
    while (*text != '\0')
        put(*text++);
}

static void put_hex(unsigned char byte) {
    put("0123456789abcdef"[byte >> 4]);
    put("0123456789abcdef"[byte & 15]);
}

static void put_string(spin_str_t s) {
    put('"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char byte = (unsigned char)s.ptr[i];
        if (byte == '"' || byte == '\\' || byte < 0x20) {
            put_text("\\u00");
            put_hex(byte);
        } else {
            put((char)byte);
        }
    }
    put('"');
}

static void put_fields(const spin_field_t *fields, size_t count) {
    put('[');
    for (size_t i = 0; i < count; i++) {
        put_text(i == 0 ? "[" : ",[");
        put_string(fields[i].name);
        put(',');
        put_string(fields[i].value);
        put(']');
    }
    put(']');
}

static size_t fields_room(const spin_field_t *fields, size_t count) {
    size_t room = 0;
    for (size_t i = 0; i < count; i++)
        room += 8 + 6 * (fields[i].name.len + fields[i].value.len);
    return room;
}

static uint16_t status_of(const spin_request_t *request) {
    spin_str_t text = spin_request_param(request, spin_str("status"));
    unsigned status = 0;
    for (size_t i = 0; i < text.len; i++)
        status = status * 10 + (unsigned)(text.ptr[i] - '0');
    return (uint16_t)(text.len != 0 ? status : 200);
}

void spin_http_handle(const spin_request_t *request, spin_response_t *response) {
    out = spin_alloc(200 + 6 * request->uri.len + 2 * request->body.len +
                     fields_room(request->headers, request->headers_len) +
                     fields_room(request->params, request->params_len));
    put_text("{\"method\":");
    put_string(spin_method_name(request->method));
    put_text(",\"uri\":");
    put_string(request->uri);
    put_text(",\"headers\":");
    put_fields(request->headers, request->headers_len);
    put_text(",\"params\":");
    put_fields(request->params, request->params_len);
    put_text(",\"body\":");
    if (request->has_body) {
        put('"');
        for (size_t i = 0; i < request->body.len; i++)
            put_hex((unsigned char)request->body.ptr[i]);
        put('"');
    } else {
        put_text("null");
    }
    put_text("}\n");
    spin_response_header(response, spin_str("x-echo"), spin_str("yes"));
    spin_response_text(response, status_of(request), "application/json", ((spin_str_t){out, len}));
}
