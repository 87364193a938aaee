#include "net/http_internal.h"

#include "net/http_chars.h"

enum {
    HEAD_FIXED = 256, /* status line and our own headers, at most */
    CHUNK_FRAME = 24, /* size in hexadecimal and two line ends, at most */
    STREAM_FLUSH = 16 * 1024,
};

/* ── head ────────────────────────────────────────────────────────────────────────────────── */

/* What the head says about the body. */
typedef enum framing { FRAMING_NONE, FRAMING_LENGTH, FRAMING_CHUNKED } framing_t;

typedef struct head {
    unsigned status;
    const net_header_t *headers;
    size_t headers_len;
    framing_t framing;
    uint64_t length;
    size_t body_room; /* wanted behind the head, in the same piece */
} head_t;

static uint8_t *put(uint8_t *at, const void *bytes, size_t len) {
    memcpy(at, bytes, len);
    return at + len;
}

#define PUT_LITERAL(at, text) put((at), "" text, sizeof(text) - 1)

static uint8_t *put_number(uint8_t *at, uint64_t number) {
    uint8_t digits[20];
    size_t len = 0;
    do
        digits[sizeof digits - ++len] = (uint8_t)('0' + number % 10);
    while ((number /= 10) != 0);
    return put(at, digits + sizeof digits - len, len);
}

/* Headers that are the server's business. */
typedef enum own_header {
    NOT_OWN,
    OWN_DATE,
    OWN_LENGTH,
    OWN_OTHER,
} own_header_t;

static own_header_t own_header(spin_slice_t name) {
    switch (name.len) {
    case 4: return slice_equal_ignore_case(name, SLICE_LITERAL("date")) ? OWN_DATE : NOT_OWN;
    case 10:
        return slice_equal_ignore_case(name, SLICE_LITERAL("connection")) ? OWN_OTHER : NOT_OWN;
    case 14:
        return slice_equal_ignore_case(name, SLICE_LITERAL("content-length")) ? OWN_LENGTH
                                                                              : NOT_OWN;
    case 17:
        return slice_equal_ignore_case(name, SLICE_LITERAL("transfer-encoding")) ? OWN_OTHER
                                                                                 : NOT_OWN;
    default: return NOT_OWN;
    }
}

/* "name: value CRLF"; NULL when a byte is not allowed in it (RFC 9110 section 5). */
static uint8_t *put_header(uint8_t *at, const net_header_t *header) {
    spin_slice_t name = header->name;
    spin_slice_t value = header->value;
    if (name.len == 0)
        return NULL;
    for (size_t i = 0; i < name.len; i++) {
        if (http_token_lower[name.ptr[i]] == 0)
            return NULL;
        *at++ = name.ptr[i];
    }
    *at++ = ':';
    *at++ = ' ';
    for (size_t i = 0; i < value.len; i++) {
        if (!http_is_value_byte(value.ptr[i]))
            return NULL;
        *at++ = value.ptr[i];
    }
    return PUT_LITERAL(at, "\r\n");
}

static uint8_t *put_headers(uint8_t *at, const head_t *head, bool *has_date) {
    for (size_t i = 0; at != NULL && i < head->headers_len; i++) {
        const net_header_t *header = &head->headers[i];
        own_header_t own = own_header(header->name);
        if (own == OWN_LENGTH || own == OWN_OTHER || (own == OWN_DATE && *has_date))
            continue;
        *has_date |= own == OWN_DATE;
        at = put_header(at, header);
    }
    return at;
}

static uint8_t *put_status_line(uint8_t *at, unsigned status) {
    const char *reason = net_status_reason(status);
    at = PUT_LITERAL(at, "HTTP/1.1 ");
    at = put_number(at, status);
    *at++ = ' ';
    at = put(at, reason, strlen(reason));
    return PUT_LITERAL(at, "\r\n");
}

static uint8_t *put_own(uint8_t *at, http_connection_t *connection, const head_t *head,
                        bool has_date) {
    if (!has_date) {
        at = PUT_LITERAL(at, "date: ");
        at = put(at, http_server_date(connection->server), HTTP_DATE_LEN);
        at = PUT_LITERAL(at, "\r\n");
    }
    if (head->framing == FRAMING_LENGTH) {
        at = PUT_LITERAL(at, "content-length: ");
        at = put_number(at, head->length);
        at = PUT_LITERAL(at, "\r\n");
    } else if (head->framing == FRAMING_CHUNKED) {
        at = PUT_LITERAL(at, "transfer-encoding: chunked\r\n");
    }
    const http_request_t *request = connection->input.request;
    if (connection->last)
        at = PUT_LITERAL(at, "connection: close\r\n");
    else if (request != NULL && request->exchange.version_minor == 0)
        at = PUT_LITERAL(at, "connection: keep-alive\r\n");
    return PUT_LITERAL(at, "\r\n");
}

typedef enum head_result { HEAD_OK, HEAD_INVALID, HEAD_NO_MEMORY } head_result_t;

static head_result_t queue_head(http_connection_t *connection, const head_t *head) {
    size_t size = HEAD_FIXED;
    for (size_t i = 0; i < head->headers_len; i++)
        if (__builtin_add_overflow(size, head->headers[i].name.len + 4, &size) ||
            __builtin_add_overflow(size, head->headers[i].value.len, &size))
            return HEAD_NO_MEMORY;
    size_t wanted = size + head->body_room <= HTTP_BLOCK_CAP ? size + head->body_room : size;
    uint8_t *start = http_output_reserve(&connection->output, wanted);
    if (start == NULL)
        return HEAD_NO_MEMORY;
    bool has_date = false;
    uint8_t *at = put_status_line(start, head->status);
    at = put_headers(at, head, &has_date);
    if (at == NULL)
        return HEAD_INVALID;
    at = put_own(at, connection, head, has_date);
    http_output_commit(&connection->output, (size_t)(at - start));
    return HEAD_OK;
}

bool http_response_queue_error(http_connection_t *connection, unsigned status) {
    head_t head = {.status = status, .framing = FRAMING_LENGTH};
    return queue_head(connection, &head) == HEAD_OK;
}

/* ── choices ─────────────────────────────────────────────────────────────────────────────── */

/* After this response the connection closes unless both sides want more. A stopping server still
 * answers what has been sent ahead. */
static void decide_last(http_connection_t *connection) {
    if (connection->server->stopping && !http_input_has_more(&connection->input))
        connection->last = connection->drain = true; /* the client may send: let it see the end */
    if (!connection->input.request->keep_alive)
        connection->last = true;
}

static bool has_no_body(const http_connection_t *connection, unsigned status) {
    return connection->input.request->head_only || status == 204 || status == 304;
}

static bool status_is_final(unsigned status) {
    return status >= 200 && status <= 999;
}

/* What GET would have brought, told by the handler of a HEAD (RFC 9110 section 9.3.2) or a 304. */
static bool told_length(const head_t *head, uint64_t *length) {
    for (size_t i = 0; i < head->headers_len; i++)
        if (own_header(head->headers[i].name) == OWN_LENGTH)
            return http_parse_number(head->headers[i].value, length);
    return false;
}

/* The framing of a response whose body is not sent; `length` is what the handler gave. */
static void frame_mute(head_t *head, uint64_t length) {
    head->length = length;
    bool known = length > 0 || told_length(head, &head->length);
    head->framing = head->status != 204 && known ? FRAMING_LENGTH : FRAMING_NONE;
}

static bool begin(http_connection_t *connection, const head_t *head) {
    head_result_t result =
        status_is_final(head->status) ? queue_head(connection, head) : HEAD_INVALID;
    if (result == HEAD_INVALID) {
        connection->response.mute = true;
        connection->response.sized = connection->response.chunked = false;
        if (!http_response_queue_error(connection, 500))
            result = HEAD_NO_MEMORY;
    }
    connection->broken |= result == HEAD_NO_MEMORY;
    return result == HEAD_OK;
}

/* ── public ──────────────────────────────────────────────────────────────────────────────── */

void net_response_send(net_exchange_t *exchange, unsigned status, const net_header_t *headers,
                       size_t headers_len, spin_slice_t body) {
    http_connection_t *connection = http_connection_of(exchange);
    head_t head = {status, headers, headers_len, FRAMING_LENGTH, body.len, body.len};
    decide_last(connection);
    if (has_no_body(connection, status)) {
        frame_mute(&head, body.len);
        body = (spin_slice_t){NULL, 0};
        head.body_room = 0;
    }
    if (!connection->broken && begin(connection, &head) && body.len > 0) {
        http_output_t *output = &connection->output;
        if (output->last->cap - output->last->end >= body.len)
            http_output_append(output, body); /* there is room, so it can't fail */
        else
            http_connection_flush(connection, body);
    }
    http_connection_end_exchange(connection);
}

void net_response_start(net_exchange_t *exchange, unsigned status, const net_header_t *headers,
                        size_t headers_len, int64_t content_length) {
    http_connection_t *connection = http_connection_of(exchange);
    http_response_t *response = &connection->response;
    head_t head = {.status = status, .headers = headers, .headers_len = headers_len};
    decide_last(connection);
    *response = (http_response_t){.started = true};
    if (has_no_body(connection, status)) {
        response->mute = true;
        frame_mute(&head, content_length < 0 ? 0 : (uint64_t)content_length);
    } else if (content_length >= 0) {
        response->sized = true;
        response->left = head.length = (uint64_t)content_length;
        head.framing = FRAMING_LENGTH;
    } else if (exchange->version_minor > 0) {
        response->chunked = true;
        head.framing = FRAMING_CHUNKED;
    } else {
        connection->last = true; /* the end of the body is the end of the connection */
    }
    if (!connection->broken)
        begin(connection, &head);
    if (!connection->processing)
        http_server_make_ready(connection);
}

static uint8_t *put_hex(uint8_t *at, size_t number) {
    unsigned digits = 1;
    while (digits < 16 && number >> (4 * digits) != 0)
        digits++;
    while (digits-- > 0)
        *at++ = (uint8_t) "0123456789abcdef"[number >> (4 * digits) & 15];
    return at;
}

static bool queue_chunk(http_output_t *output, spin_slice_t bytes) {
    uint8_t *start = bytes.len > SIZE_MAX - CHUNK_FRAME
                         ? NULL
                         : http_output_reserve(output, bytes.len + CHUNK_FRAME);
    if (start == NULL)
        return false;
    uint8_t *at = PUT_LITERAL(put_hex(start, bytes.len), "\r\n");
    at = PUT_LITERAL(put(at, bytes.ptr, bytes.len), "\r\n");
    http_output_commit(output, (size_t)(at - start));
    return true;
}

bool net_response_write(net_exchange_t *exchange, spin_slice_t bytes) {
    http_connection_t *connection = http_connection_of(exchange);
    http_response_t *response = &connection->response;
    if (response->sized) { /* never more than the head promised: it would be the next response */
        if (bytes.len > response->left)
            bytes.len = (size_t)response->left;
        response->left -= bytes.len;
    }
    if (connection->broken || response->mute || bytes.len == 0)
        return true;
    bool queued = response->chunked ? queue_chunk(&connection->output, bytes)
                                    : http_output_append(&connection->output, bytes);
    connection->broken |= !queued;
    if (!connection->broken && connection->output.bytes >= STREAM_FLUSH)
        http_connection_flush(connection, (spin_slice_t){NULL, 0});
    http_server_make_ready(connection);
    connection->choked |= !connection->broken && connection->output.bytes > HTTP_OUTPUT_HIGH;
    return !connection->choked;
}

void net_response_end(net_exchange_t *exchange) {
    http_connection_t *connection = http_connection_of(exchange);
    http_response_t *response = &connection->response;
    if (response->sized && response->left > 0) {
        net_response_abort(exchange);
        return;
    }
    if (response->chunked && !connection->broken)
        connection->broken |= !http_output_append(&connection->output, SLICE_LITERAL("0\r\n\r\n"));
    http_connection_end_exchange(connection);
}

void net_response_abort(net_exchange_t *exchange) {
    http_connection_t *connection = http_connection_of(exchange);
    if (!connection->broken)
        http_connection_flush(connection, (spin_slice_t){NULL, 0});
    connection->broken = true;
    http_connection_end_exchange(connection);
}
