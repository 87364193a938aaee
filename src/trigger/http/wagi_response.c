#include "trigger/http/wagi_response.h"

#include "base/error.h"
#include "base/log.h"
#include "net/http_chars.h"
#include "trigger/http/spin_response.h"

size_t wagi_response_body_at(spin_slice_t output, size_t *scanned) {
    size_t at = *scanned; /* always the beginning of a line */
    for (;;) {
        spin_slice_t rest = slice_from(output, at);
        size_t line = slice_find(rest, '\n');
        *scanned = at;
        if (line == rest.len)
            return 0;
        bool is_empty = line == 0 || (line == 1 && rest.ptr[0] == '\r');
        at += line + 1;
        if (is_empty && at > line + 1)
            return at;
    }
}

static spin_slice_t trim(spin_slice_t text) {
    text = http_trim(text);
    while (text.len > 0 && text.ptr[text.len - 1] == '\r')
        text = http_trim(spin_slice_of(text.ptr, text.len - 1));
    return text;
}

/* "404" or "404 Not Found". */
static bool parse_status(spin_slice_t value, unsigned *status) {
    uint64_t number;
    spin_slice_t code = spin_slice_of(value.ptr, slice_find(value, ' '));
    if (code.len != 3 || !http_parse_number(code, &number))
        return false;
    *status = (unsigned)number;
    return http_status_is_valid(*status);
}

static size_t count_lines(spin_slice_t head) {
    size_t count = 1;
    for (size_t i = 0; i < head.len; i++)
        count += head.ptr[i] == '\n';
    return count;
}

typedef enum header_kind {
    HEADER_OTHER,
    HEADER_TYPE,
    HEADER_STATUS,
    HEADER_LOCATION
} header_kind_t;

static header_kind_t kind_of(spin_slice_t name) {
    static const spin_slice_t names[] = {
        [HEADER_TYPE] = SLICE_INIT("content-type"),
        [HEADER_STATUS] = SLICE_INIT("status"),
        [HEADER_LOCATION] = SLICE_INIT("location"),
    };
    for (size_t i = HEADER_TYPE; i <= HEADER_LOCATION; i++)
        if (slice_equal_ignore_case(name, names[i]))
            return (header_kind_t)i;
    return HEADER_OTHER;
}

/* CGI's own fields may come once only: the last one counts. */
static void put_header(wagi_response_t *response, bool once, net_header_t header) {
    size_t at = response->headers_len;
    if (once)
        for (size_t i = 0; i < response->headers_len; i++)
            if (slice_equal_ignore_case(response->headers[i].name, header.name))
                at = i;
    response->headers[at] = header;
    response->headers_len += at == response->headers_len;
}

static spin_error_t *parse_line(wagi_response_t *response, spin_slice_t line, bool *seen) {
    size_t colon = slice_find(line, ':');
    net_header_t header = {trim(spin_slice_of(line.ptr, colon)), trim(slice_from(line, colon + 1))};
    if (colon == line.len || !http_header_is_valid(header.name, (spin_slice_t){NULL, 0})) {
        LOG_DEBUG("Wagi: no header field", LOG_SLICE("line", line));
        return NULL;
    }
    if (!http_header_is_valid(header.name, header.value))
        return error_new(SPIN_ERROR_INVALID,
                         "its header \"%.*s\" has a value that HTTP does not allow",
                         SLICE_ARG(header.name));
    header_kind_t kind = kind_of(header.name);
    seen[kind] = true;
    if (kind != HEADER_STATUS) {
        put_header(response, kind != HEADER_OTHER, header);
    } else if (!parse_status(header.value, &response->status)) {
        LOG_WARN("Wagi: no HTTP status", LOG_SLICE("status", header.value));
        response->status = 502;
    }
    return NULL;
}

spin_error_t *wagi_response_too_large(void) {
    return error_new(SPIN_ERROR_LIMIT, "its output has more than %d bytes of headers",
                     (int)WAGI_MAX_HEAD);
}

spin_error_t *wagi_response_parse(wagi_response_t *response, arena_t *arena, spin_slice_t head) {
    bool seen[HEADER_LOCATION + 1] = {false};
    if (head.len > WAGI_MAX_HEAD)
        return wagi_response_too_large();
    *response = (wagi_response_t){.status = 200};
    response->headers = arena_alloc(arena, count_lines(head) * sizeof *response->headers);
    if (response->headers == NULL)
        return error_no_memory();
    while (head.len > 0) {
        spin_slice_t line = spin_slice_of(head.ptr, slice_find(head, '\n'));
        head = slice_from(head, line.len + 1);
        if (trim(line).len == 0)
            continue;
        spin_error_t *error = parse_line(response, line, seen);
        if (error != NULL)
            return error;
    }
    if (!seen[HEADER_STATUS] && seen[HEADER_LOCATION])
        response->status = 302;
    if (!seen[HEADER_TYPE] && !seen[HEADER_STATUS] && !seen[HEADER_LOCATION])
        return error_new(SPIN_ERROR_INVALID,
                         "its output has neither a content-type nor a location nor a status");
    return NULL;
}
