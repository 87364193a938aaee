#include "net/http_input.h"

enum {
    MIN_ROOM = 2048, /* for the pieces of a chunked body */
    NO_MEMORY_STATUS = 503,
};

void http_input_init(http_input_t *input, http_pool_t *pool, const net_server_limits_t *limits) {
    *input = (http_input_t){.pool = pool, .limits = limits};
}

static void drop_request(http_input_t *input) {
    if (input->request != NULL)
        http_request_give(input->pool, input->request);
    http_pool_give_block(input->pool, input->head);
    input->request = NULL;
    input->head = NULL;
}

static void drop_block(http_input_t *input) {
    http_pool_give_block(input->pool, input->block);
    input->block = NULL;
}

void http_input_deinit(http_input_t *input) {
    drop_request(input);
    drop_block(input);
}

static http_input_event_t fail(http_input_t *input, unsigned with, unsigned *status) {
    input->state = INPUT_FAILED;
    *status = with;
    return INPUT_EVENT_BAD;
}

/* ── space ───────────────────────────────────────────────────────────────────────────────── */

bool http_input_has_space(const http_input_t *input) {
    if (input->state == INPUT_FAILED)
        return false;
    return input->state != INPUT_REQUEST || input->block == NULL ||
           input->block->end < input->block->cap;
}

/* The head fills the block: it moves to the front, or to a larger one, and is parsed again, for
 * its parts point into it. */
static bool make_room(http_input_t *input) {
    http_block_t *block = input->block;
    size_t len = block->end - block->start;
    if (block->start > 0) {
        memmove(block->data, block->data + block->start, len);
    } else {
        http_block_t *larger = http_pool_take_block(input->pool, block->cap * 2);
        if (larger == NULL)
            return false;
        memcpy(larger->data, block->data, len);
        drop_block(input);
        input->block = block = larger;
    }
    block->start = 0;
    block->end = len;
    input->parsed = 0;
    if (input->request != NULL)
        http_request_restart(input->request);
    return true;
}

static bool body_space(http_input_t *input, uint8_t **ptr, size_t *len) {
    http_request_t *request = input->request;
    size_t missing = (size_t)request->content_length - request->body_len;
    if (request->body_len == request->body_cap &&
        !http_request_reserve_body(request, 1, (size_t)request->content_length))
        return false;
    size_t room = request->body_cap - request->body_len;
    *ptr = request->body + request->body_len;
    *len = room < missing ? room : missing;
    return true;
}

bool http_input_space(http_input_t *input, uint8_t **ptr, size_t *len) {
    if (input->state == INPUT_BODY_OUTSIDE)
        return body_space(input, ptr, len);
    if (input->block == NULL)
        input->block = http_pool_take_block(input->pool, HTTP_BLOCK_CAP);
    if (input->block == NULL)
        return false;
    if (input->block->end == input->block->cap && input->state == INPUT_HEAD && !make_room(input))
        return false;
    *ptr = input->block->data + input->block->end;
    *len = input->block->cap - input->block->end;
    return true;
}

void http_input_filled(http_input_t *input, size_t len) {
    if (input->state == INPUT_BODY_OUTSIDE)
        input->request->body_len += len;
    else
        input->block->end += len;
    if (input->state == INPUT_HEAD && input->block->end == 0)
        drop_block(input);
}

/* ── requests ────────────────────────────────────────────────────────────────────────────── */

static http_input_event_t complete(http_input_t *input, size_t behind) {
    input->behind = behind;
    input->state = INPUT_REQUEST;
    return INPUT_EVENT_REQUEST;
}

static http_input_event_t begin_chunked(http_input_t *input) {
    http_block_t *block = input->block;
    input->state = INPUT_BODY_CHUNKED;
    if (block->cap - input->behind >= MIN_ROOM)
        return INPUT_EVENT_MORE;
    size_t rest = block->end - input->behind;
    http_block_t *fresh = http_pool_take_block(input->pool, HTTP_BLOCK_CAP);
    if (fresh == NULL)
        return INPUT_EVENT_BAD;
    memcpy(fresh->data, block->data + input->behind, rest);
    fresh->end = rest;
    input->head = block;
    input->block = fresh;
    input->behind = 0;
    return INPUT_EVENT_MORE;
}

static http_input_event_t begin_sized(http_input_t *input) {
    http_request_t *request = input->request;
    http_block_t *block = input->block;
    size_t length = (size_t)request->content_length;
    input->state = INPUT_BODY_INSIDE;
    if (block->cap - input->behind >= length)
        return INPUT_EVENT_MORE;

    size_t rest = block->end - input->behind; /* less than the body, so all of it is body */
    if (!http_request_reserve_body(request, rest, length))
        return INPUT_EVENT_BAD;
    if (rest > 0)
        memcpy(request->body, block->data + input->behind, rest);
    request->body_len = rest;
    block->end = input->behind;
    input->state = INPUT_BODY_OUTSIDE;
    return INPUT_EVENT_MORE;
}

/* The head is whole and in order: what comes now? */
static http_input_event_t begin_body(http_input_t *input, unsigned *status) {
    http_request_t *request = input->request;
    if (request->content_length > input->limits->body_bytes)
        return fail(input, 413, status);
    bool waits = request->expect_continue && input->block->end == input->behind &&
                 (request->chunked || request->content_length > 0);
    http_input_event_t event = request->chunked ? begin_chunked(input) : begin_sized(input);
    if (event == INPUT_EVENT_BAD)
        return fail(input, NO_MEMORY_STATUS, status);
    return waits ? INPUT_EVENT_CONTINUE : INPUT_EVENT_MORE;
}

/* 414 where even the request line is too long, else 431. */
static unsigned head_too_long(const uint8_t *start, size_t len) {
    while (len > 0 && (*start == '\r' || *start == '\n')) {
        start++;
        len--;
    }
    return len == 0 || memchr(start, '\n', len) != NULL ? 431 : 414;
}

static http_input_event_t next_head(http_input_t *input, unsigned *status) {
    http_block_t *block = input->block;
    if (block == NULL || block->start + input->parsed == block->end)
        return INPUT_EVENT_MORE;
    if (input->request == NULL) {
        input->request = http_request_take(input->pool, input->limits);
        if (input->request == NULL)
            return fail(input, NO_MEMORY_STATUS, status);
    }
    /* Never past the limit, so that the outcome does not depend on how the bytes arrived. */
    size_t len = block->end - block->start - input->parsed;
    size_t allowed = input->limits->header_bytes - input->parsed;
    if (len > allowed)
        len = allowed;
    uint8_t *start = block->data + block->start;
    size_t head_len;
    switch (http_request_parse_head(input->request, start, input->parsed, len, &head_len, status)) {
    case HTTP_HEAD_MORE:
        input->parsed += len;
        if (input->parsed < input->limits->header_bytes)
            return INPUT_EVENT_MORE;
        return fail(input, head_too_long(start, input->parsed), status);
    case HTTP_HEAD_BAD: return fail(input, *status, status);
    case HTTP_HEAD_DONE: break;
    }
    input->behind = block->start + head_len;
    return begin_body(input, status);
}

static http_input_event_t next_inside(http_input_t *input) {
    http_request_t *request = input->request;
    size_t length = (size_t)request->content_length;
    if (input->block->end - input->behind < length)
        return INPUT_EVENT_MORE;
    request->exchange.body = (spin_slice_t){input->block->data + input->behind, length};
    return complete(input, input->behind + length);
}

static http_input_event_t next_outside(http_input_t *input) {
    http_request_t *request = input->request;
    if (request->body_len < request->content_length)
        return INPUT_EVENT_MORE;
    request->exchange.body = (spin_slice_t){request->body, request->body_len};
    return complete(input, input->behind);
}

/* Every byte of the block's end is used up or the request is whole, so the block is reused from
 * `behind` for each piece. */
static http_input_event_t next_chunked(http_input_t *input, unsigned *status) {
    http_request_t *request = input->request;
    http_block_t *block = input->block;
    spin_slice_t rest = {block->data + input->behind, block->end - input->behind};
    spin_slice_t piece;
    for (;;) {
        switch (http_chunks_next(&request->chunks, &rest, &piece)) {
        case CHUNKS_MORE: block->end = input->behind; return INPUT_EVENT_MORE;
        case CHUNKS_ERROR: return fail(input, 400, status);
        case CHUNKS_DONE:
            request->exchange.body = (spin_slice_t){request->body, request->body_len};
            return complete(input, (size_t)(rest.ptr - block->data));
        case CHUNKS_BODY:
            if (piece.len > input->limits->body_bytes - request->body_len)
                return fail(input, 413, status);
            if (!http_request_reserve_body(request, piece.len, input->limits->body_bytes))
                return fail(input, NO_MEMORY_STATUS, status);
            memcpy(request->body + request->body_len, piece.ptr, piece.len);
            request->body_len += piece.len;
            break;
        }
    }
}

http_input_event_t http_input_next(http_input_t *input, unsigned *status) {
    if (input->state == INPUT_HEAD) {
        http_input_event_t event = next_head(input, status);
        if (event != INPUT_EVENT_MORE || input->state == INPUT_HEAD)
            return event;
    }
    switch (input->state) {
    case INPUT_BODY_INSIDE: return next_inside(input);
    case INPUT_BODY_OUTSIDE: return next_outside(input);
    case INPUT_BODY_CHUNKED: return next_chunked(input, status);
    default: return INPUT_EVENT_MORE;
    }
}

void http_input_done(http_input_t *input) {
    drop_request(input);
    input->parsed = 0;
    input->state = INPUT_HEAD;
    if (input->block == NULL)
        return;
    input->block->start = input->behind;
    if (input->block->start >= input->block->end)
        drop_block(input);
}
