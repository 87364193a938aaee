#include "net/http_request.h"

#include "base/alloc.h"
#include "net/http_chars.h"
#include "net/http_target.h"

/* ── llhttp's callbacks ──────────────────────────────────────────────────────────────────── */

/* llhttp hands out a span in pieces where the input was split. The pieces are neighbours, because
 * the head lies in one piece. */
static void extend(spin_slice_t *span, const char *at, size_t len) {
    const uint8_t *bytes = (const uint8_t *)at;
    if (span->ptr == NULL)
        *span = (spin_slice_t){bytes, len};
    else
        span->len = (size_t)(bytes - span->ptr) + len;
}

static http_request_t *request_of(llhttp_t *parser) {
    return parser->data;
}

static int on_method(llhttp_t *parser, const char *at, size_t len) {
    extend(&request_of(parser)->exchange.method, at, len);
    return HPE_OK;
}

static int on_target(llhttp_t *parser, const char *at, size_t len) {
    extend(&request_of(parser)->exchange.target, at, len);
    return HPE_OK;
}

static int on_field(llhttp_t *parser, const char *at, size_t len) {
    http_request_t *request = request_of(parser);
    size_t count = request->exchange.headers_len;
    if (request->too_many_headers)
        return HPE_OK;
    if (count > 0) {
        net_header_t *last = &request->headers[count - 1];
        if (last->value.ptr == NULL && last->name.ptr + last->name.len == (const uint8_t *)at) {
            last->name.len += len;
            return HPE_OK;
        }
    }
    if (count == request->headers_cap) {
        request->too_many_headers = true;
        return HPE_OK;
    }
    request->headers[count] = (net_header_t){.name = {(const uint8_t *)at, len}};
    request->exchange.headers_len++;
    return HPE_OK;
}

/* Only now, so that the outcome does not depend on where the name was split. */
static int on_field_complete(llhttp_t *parser) {
    return request_of(parser)->too_many_headers ? HPE_USER : HPE_OK;
}

static int on_value(llhttp_t *parser, const char *at, size_t len) {
    http_request_t *request = request_of(parser);
    if (request->exchange.headers_len > 0)
        extend(&request->headers[request->exchange.headers_len - 1].value, at, len);
    return HPE_OK;
}

/* Here llhttp's work ends: what the body is, and where the next request begins, is decided by the
 * headers as they are checked below. */
static int on_headers_complete(llhttp_t *parser) {
    (void)parser;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_method = on_method,
    .on_url = on_target,
    .on_header_field = on_field,
    .on_header_field_complete = on_field_complete,
    .on_header_value = on_value,
    .on_headers_complete = on_headers_complete,
};

/* ── rules ───────────────────────────────────────────────────────────────────────────────── */

/* Every line ends in CRLF, also the empty ones in front, and none is folded (RFC 9112 sections 2.2
 * and 5.2). */
static bool lines_are_strict(const uint8_t *start, const uint8_t *end) {
    for (; start < end && *start == '\r'; start += 2)
        if (start[1] != '\n')
            return false;
    for (const uint8_t *at = start; at < end;) {
        const uint8_t *feed = memchr(at, '\n', (size_t)(end - at));
        if (feed == NULL)
            return false;
        if (feed == start || feed[-1] != '\r')
            return false;
        at = feed + 1;
        if (at < end && http_is_blank(*at))
            return false;
    }
    return true;
}

/* "METHOD SP target SP HTTP/1.x CRLF", with exactly these blanks. */
static unsigned check_request_line(http_request_t *request) {
    net_exchange_t *exchange = &request->exchange;
    spin_slice_t target = exchange->target;
    if (exchange->method.ptr + exchange->method.len + 1 != target.ptr)
        return 400;
    /* The head ends in CRLF CRLF, so there are bytes to compare up to a line end. */
    const uint8_t *rest = target.ptr + target.len;
    if (rest[0] == '\r') /* HTTP/0.9 */
        return 505;
    if (memcmp(rest, " HTTP/", 6) != 0)
        return 400;
    if (request->parser.http_major != 1 || request->parser.http_minor > 1)
        return 505;
    exchange->version_minor = request->parser.http_minor;
    return rest[9] == '\r' ? 0 : 400;
}

/* Lower case, in place. False when it is not a token right before a colon. */
static bool fix_name(spin_slice_t name) {
    uint8_t *bytes = (uint8_t *)(uintptr_t)name.ptr; /* our own buffer */
    for (size_t i = 0; i < name.len; i++) {
        bytes[i] = http_token_lower[bytes[i]];
        if (bytes[i] == 0)
            return false;
    }
    return name.len > 0 && bytes[name.len] == ':';
}

static bool value_is_clean(spin_slice_t value) {
    for (size_t i = 0; i < value.len; i++)
        if (!http_is_value_byte(value.ptr[i]))
            return false;
    return true;
}

/* What several headers say together. */
typedef struct framing {
    unsigned hosts;
    unsigned lengths;
    unsigned codings;
    spin_slice_t host;
    spin_slice_t length;
    spin_slice_t coding;
    spin_slice_t expect;
} framing_t;

static void note(framing_t *framing, const net_header_t *header) {
    switch (header->name.len) {
    case 4:
        if (memcmp(header->name.ptr, "host", 4) == 0) {
            framing->hosts++;
            framing->host = header->value;
        }
        break;
    case 6:
        if (memcmp(header->name.ptr, "expect", 6) == 0)
            framing->expect = header->value;
        break;
    case 14:
        if (memcmp(header->name.ptr, "content-length", 14) == 0) {
            framing->lengths++;
            framing->length = header->value;
        }
        break;
    case 17:
        if (memcmp(header->name.ptr, "transfer-encoding", 17) == 0) {
            framing->codings++;
            framing->coding = header->value;
        }
        break;
    }
}

static unsigned check_headers(http_request_t *request, framing_t *framing) {
    for (size_t i = 0; i < request->exchange.headers_len; i++) {
        net_header_t *header = &request->headers[i];
        if (header->value.ptr == NULL)
            header->value = (spin_slice_t){header->name.ptr + header->name.len, 0};
        header->value = http_trim(header->value);
        if (!fix_name(header->name) || !value_is_clean(header->value))
            return 400;
        note(framing, header);
    }
    return 0;
}

/* Transfer-Encoding (RFC 9112 section 6.1): only "chunked" alone is implemented. */
static unsigned check_coding(const framing_t *framing) {
    spin_slice_t list = framing->coding;
    spin_slice_t element;
    unsigned others = framing->codings - 1;
    bool chunked = false;
    while (http_list_next(&list, &element)) {
        if (chunked) /* not the last one */
            return 400;
        chunked = slice_equal_ignore_case(element, SLICE_LITERAL("chunked"));
        others += !chunked;
    }
    if (!chunked)
        return 400;
    return others > 0 ? 501 : 0;
}

/* How long the body is (RFC 9112 section 6.3); anything doubtful is refused. */
static unsigned check_body(http_request_t *request, const framing_t *framing) {
    if (framing->codings > 0) {
        if (framing->lengths > 0 || request->exchange.version_minor == 0)
            return 400;
        request->chunked = true;
        return check_coding(framing);
    }
    if (framing->lengths > 1)
        return 400;
    if (framing->lengths == 1 && !http_parse_number(framing->length, &request->content_length))
        return 400;
    return 0;
}

static unsigned check_host(http_request_t *request, const framing_t *framing) {
    if (framing->hosts > 1 || (framing->hosts == 0 && request->exchange.version_minor > 0))
        return 400;
    if (!http_host_is_valid(framing->host))
        return 400;
    request->exchange.host = framing->host;
    return 0;
}

static unsigned check_expect(http_request_t *request, const framing_t *framing) {
    if (framing->expect.ptr == NULL || request->exchange.version_minor == 0)
        return 0;
    if (!slice_equal_ignore_case(framing->expect, SLICE_LITERAL("100-continue")))
        return 417;
    request->expect_continue = true;
    return 0;
}

static unsigned check_head(http_request_t *request, const uint8_t *start, const uint8_t *end) {
    framing_t framing = {0};
    net_exchange_t *exchange = &request->exchange;
    request->head_only = slice_equal(exchange->method, SLICE_LITERAL("HEAD"));
    unsigned status = lines_are_strict(start, end) ? check_request_line(request) : 400;
    if (status == 0)
        status = check_headers(request, &framing);
    if (status == 0)
        status = check_body(request, &framing);
    if (status == 0)
        status = check_host(request, &framing);
    if (status == 0)
        status = http_target_split(exchange);
    if (status == 0)
        status = check_expect(request, &framing);
    request->keep_alive = llhttp_should_keep_alive(&request->parser) != 0;
    exchange->headers = request->headers;
    return status;
}

/* ── parsing ─────────────────────────────────────────────────────────────────────────────── */

/* llhttp gives up at the first byte that no method it knows has. Whether that is a method, and
 * thus 501, shows when the token ends. */
static http_head_event_t judge_method(const uint8_t *start, size_t len, unsigned *status) {
    size_t at = 0;
    while (at < len && (start[at] == '\r' || start[at] == '\n'))
        at++;
    size_t method = at;
    while (at < len && http_token_lower[start[at]] != 0)
        at++;
    if (at == len)
        return HTTP_HEAD_MORE;
    *status = at > method && start[at] == ' ' ? 501 : 400;
    return HTTP_HEAD_BAD;
}

http_head_event_t http_request_parse_head(http_request_t *request, uint8_t *start, size_t parsed,
                                          size_t len, size_t *head_len, unsigned *status) {
    llhttp_errno_t code = llhttp_execute(&request->parser, (const char *)start + parsed, len);
    switch (code) {
    case HPE_OK: return HTTP_HEAD_MORE;
    case HPE_PAUSED: {
        const uint8_t *end = (const uint8_t *)llhttp_get_error_pos(&request->parser);
        *head_len = (size_t)(end - start);
        *status = check_head(request, start, end);
        return *status == 0 ? HTTP_HEAD_DONE : HTTP_HEAD_BAD;
    }
    case HPE_INVALID_METHOD: return judge_method(start, parsed + len, status);
    case HPE_INVALID_VERSION:
    case HPE_PAUSED_H2_UPGRADE: *status = 505; break;
    case HPE_CB_HEADER_FIELD_COMPLETE: *status = 431; break;
    default: *status = 400; break;
    }
    return HTTP_HEAD_BAD;
}

/* ── life ────────────────────────────────────────────────────────────────────────────────── */

void http_request_restart(http_request_t *request) {
    request->exchange = (net_exchange_t){.arena = &request->arena};
    request->too_many_headers = false;
    llhttp_init(&request->parser, HTTP_REQUEST, &settings);
    request->parser.data = request;
}

http_request_t *http_request_take(http_pool_t *pool, const net_server_limits_t *limits) {
    http_request_t *request = pool->requests;
    if (request != NULL) {
        pool->requests = request->next;
        pool->requests_len--;
    } else {
        size_t size;
        if (__builtin_mul_overflow(limits->headers, sizeof(net_header_t), &size) ||
            __builtin_add_overflow(size, sizeof *request, &size))
            return NULL;
        request = mem_alloc(size);
        if (request == NULL)
            return NULL;
        arena_init(&request->arena, 0);
        request->headers_cap = limits->headers;
        request->body = NULL;
        request->body_cap = 0;
    }
    request->chunks = (http_chunks_t){.extra_limit = limits->header_bytes};
    request->content_length = 0;
    request->body_len = 0;
    request->chunked = request->keep_alive = request->head_only = request->expect_continue = false;
    http_request_restart(request);
    return request;
}

void http_request_free(http_request_t *request) {
    mem_free(request->body);
    arena_deinit(&request->arena);
    mem_free(request);
}

void http_request_give(http_pool_t *pool, http_request_t *request) {
    if (pool->requests_len >= HTTP_POOL_REQUESTS) {
        http_request_free(request);
        return;
    }
    if (request->body_cap > HTTP_BLOCK_CAP) { /* a large body is not kept for small ones */
        mem_free(request->body);
        request->body = NULL;
        request->body_cap = 0;
    }
    arena_clear(&request->arena);
    request->next = pool->requests;
    pool->requests = request;
    pool->requests_len++;
}

bool http_request_reserve_body(http_request_t *request, size_t extra, size_t limit) {
    size_t needed;
    if (__builtin_add_overflow(request->body_len, extra, &needed))
        return false;
    if (needed <= request->body_cap)
        return true;
    size_t cap = request->body_cap < HTTP_BLOCK_CAP ? HTTP_BLOCK_CAP : request->body_cap * 2;
    if (cap > limit)
        cap = limit;
    if (cap < needed)
        cap = needed;
    uint8_t *body = mem_resize(request->body, cap, 1);
    if (body == NULL)
        return false;
    request->body = body;
    request->body_cap = cap;
    return true;
}
