/* Bytes of a client in any pieces: the same requests come out whatever the pieces are, and each
 * keeps what its fields promise. The first two bytes of the input choose pieces and limits. */
#include <stdlib.h>

#include "base/buf.h"
#include "net/http_chars.h"
#include "net/http_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

static const net_server_limits_t limits[] = {
    {.header_bytes = 200, .headers = 4, .body_bytes = 30},
    {.header_bytes = 40000, .headers = 100, .body_bytes = 100000},
};

typedef struct session {
    http_input_t input;
    spin_slice_t rest;
    uint32_t random; /* 0: everything at once */
    buf_t events;
} session_t;

static size_t next_piece(session_t *session) {
    if (session->random == 0)
        return SIZE_MAX;
    session->random = session->random * 1664525 + 1013904223;
    uint32_t dice = session->random >> 16;
    return dice % 4 == 0 ? 1 : 1 + dice % 97;
}

static void feed(session_t *session) {
    uint8_t *ptr;
    size_t room = 0;
    require(http_input_has_space(&session->input));
    require(http_input_space(&session->input, &ptr, &room));
    require(room > 0);
    size_t len = next_piece(session);
    if (len > room)
        len = room;
    if (len > session->rest.len)
        len = session->rest.len;
    if (len > 0)
        memcpy(ptr, session->rest.ptr, len);
    http_input_filled(&session->input, len);
    session->rest = slice_from(session->rest, len);
}

static void record(session_t *session, spin_slice_t text) {
    buf_printf(&session->events, "%zu:", text.len);
    buf_append(&session->events, text);
}

static void check_header(const net_header_t *header) {
    require(header->name.len > 0);
    for (size_t i = 0; i < header->name.len; i++)
        require(http_token_lower[header->name.ptr[i]] == header->name.ptr[i]);
    for (size_t i = 0; i < header->value.len; i++)
        require(http_is_value_byte(header->value.ptr[i]));
    if (header->value.len > 0)
        require(!http_is_blank(header->value.ptr[0]) &&
                !http_is_blank(header->value.ptr[header->value.len - 1]));
}

static void on_request(session_t *session, const net_server_limits_t *limit) {
    /* What follows arrives while the request is out, and must not touch it. */
    if (session->random % 2 == 1 && session->rest.len > 0 && http_input_has_space(&session->input))
        feed(session);
    const http_request_t *request = session->input.request;
    const net_exchange_t *exchange = &request->exchange;
    require(exchange->path.len > 0 &&
            (exchange->path.ptr[0] == '/' || exchange->path.ptr[0] == '*'));
    require(exchange->headers_len <= limit->headers);
    require(exchange->body.len <= limit->body_bytes);
    require(exchange->version_minor <= 1);
    require(request->chunked || exchange->body.len == request->content_length);
    buf_printf(&session->events, "request 1.%u %d %d ", exchange->version_minor,
               request->keep_alive, request->head_only);
    record(session, exchange->method);
    record(session, exchange->target);
    record(session, exchange->path);
    record(session, exchange->query);
    record(session, exchange->host);
    record(session, exchange->body);
    for (size_t i = 0; i < exchange->headers_len; i++) {
        check_header(&exchange->headers[i]);
        record(session, exchange->headers[i].name);
        record(session, exchange->headers[i].value);
    }
    http_input_done(&session->input);
}

/* Everything that is there; false after a refusal. */
static bool take_all(session_t *session, const net_server_limits_t *limit) {
    unsigned status = 0;
    for (;;) {
        switch (http_input_next(&session->input, &status)) {
        case INPUT_EVENT_MORE: return true;
        case INPUT_EVENT_CONTINUE: break;
        case INPUT_EVENT_REQUEST: on_request(session, limit); break;
        case INPUT_EVENT_BAD:
            require(net_status_reason(status)[0] != '\0' && status >= 400);
            buf_printf(&session->events, "refused %u", status);
            return false;
        }
    }
}

static buf_t run(http_pool_t *pool, spin_slice_t bytes, const net_server_limits_t *limit,
                 uint32_t random) {
    session_t session = {.rest = bytes, .random = random};
    http_input_init(&session.input, pool, limit);
    bool goes_on = true;
    while (goes_on && session.rest.len > 0) {
        feed(&session);
        goes_on = take_all(&session, limit);
    }
    if (goes_on)
        buf_printf(&session.events, "end %d", http_input_is_partial(&session.input));
    http_input_deinit(&session.input);
    return session.events;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2)
        return 0;
    const net_server_limits_t *limit = &limits[data[0] & 1];
    spin_slice_t bytes = spin_slice_of(data + 2, size - 2);
    http_pool_t pool = {0};
    buf_t whole = run(&pool, bytes, limit, 0);
    buf_t pieces = run(&pool, bytes, limit, data[1] * 2u + 1);
    require(slice_equal(buf_slice(&whole), buf_slice(&pieces)));
    buf_deinit(&whole);
    buf_deinit(&pieces);
    http_pool_deinit(&pool);
    return 0;
}
