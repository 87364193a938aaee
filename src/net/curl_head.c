#include "net/curl_head.h"

#include "net/http_chars.h"

void curl_head_clear(curl_head_t *head) {
    arena_clear(&head->arena);
    head->fields.len = 0;
    head->bytes = 0;
    head->status = 0;
    head->is_whole = head->too_large = head->failed = false;
}

void curl_head_deinit(curl_head_t *head) {
    arena_deinit(&head->arena);
    VEC_FREE(&head->fields);
}

static spin_slice_t without_line_end(spin_slice_t line) {
    while (line.len > 0 && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r'))
        line.len--;
    return line;
}

/* "HTTP/1.1 200 OK", "HTTP/2 200" */
static bool begin_head(curl_head_t *head, spin_slice_t line) {
    spin_slice_t rest = slice_from(line, slice_find(line, ' '));
    curl_head_clear(head);
    for (rest = http_trim(rest); rest.len > 0 && *rest.ptr >= '0' && *rest.ptr <= '9';
         rest = slice_from(rest, 1))
        head->status = head->status < 1000 ? 10 * head->status + *rest.ptr - '0' : 1000;
    return true;
}

static bool fits(curl_head_t *head, size_t bytes) {
    enum { FIELD = 32 }; /* as HPACK counts: many empty fields are large too */
    head->bytes += bytes + FIELD;
    head->too_large = head->bytes > head->limit_bytes;
    return !head->too_large;
}

static bool add_field(curl_head_t *head, spin_slice_t line) {
    size_t colon = slice_find(line, ':');
    spin_slice_t name = http_trim(spin_slice_of(line.ptr, colon));
    spin_slice_t value = http_trim(slice_from(line, colon + 1));
    if (name.len == 0 || colon == line.len)
        return true; /* libcurl has said nothing against it */
    if (!fits(head, line.len))
        return false;
    uint8_t *lower = arena_alloc_bytes(&head->arena, name.len);
    value = arena_copy(&head->arena, value);
    head->failed = lower == NULL || value.ptr == NULL;
    if (head->failed)
        return false;
    for (size_t i = 0; i < name.len; i++)
        lower[i] = http_token_lower[name.ptr[i]] != 0 ? http_token_lower[name.ptr[i]] : name.ptr[i];
    head->failed = !VEC_PUSH(&head->fields, (net_header_t){spin_slice_of(lower, name.len), value});
    return !head->failed;
}

/* obs-fold of RFC 9112 section 5.2: one blank in its place. */
static bool continue_field(curl_head_t *head, spin_slice_t line) {
    if (head->fields.len == 0)
        return true;
    net_header_t *last = &head->fields.items[head->fields.len - 1];
    if (!fits(head, last->value.len + line.len)) /* what is copied: no work without end */
        return false;
    spin_slice_t more = http_trim(line);
    spin_slice_t value =
        arena_printf(&head->arena, "%.*s %.*s", SLICE_ARG(last->value), SLICE_ARG(more));
    head->failed = value.ptr == NULL;
    if (!head->failed)
        last->value = value;
    return !head->failed;
}

bool curl_head_take(curl_head_t *head, spin_slice_t line) {
    line = without_line_end(line);
    if (head->is_whole) /* libcurl itself keeps trailers */
        return fits(head, line.len);
    if (slice_starts_with(line, SLICE_LITERAL("HTTP/")))
        return begin_head(head, line);
    if (line.len == 0) {
        head->is_whole = head->status >= 200;
        return true;
    }
    return http_is_blank(line.ptr[0]) ? continue_field(head, line) : add_field(head, line);
}

spin_slice_t curl_head_find(const curl_head_t *head, const char *name) {
    for (size_t i = 0; i < head->fields.len; i++)
        if (slice_equal_text(head->fields.items[i].name, name))
            return head->fields.items[i].value;
    return (spin_slice_t){NULL, 0};
}

void curl_head_remove(curl_head_t *head, const char *name) {
    size_t kept = 0;
    for (size_t i = 0; i < head->fields.len; i++)
        if (!slice_equal_text(head->fields.items[i].name, name))
            head->fields.items[kept++] = head->fields.items[i];
    head->fields.len = kept;
}
