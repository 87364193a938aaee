#include "host/outbound_redis/answer.h"

#include "base/error.h"

typedef guest_outbound_redis_result_void_error_t void_result_t;
typedef guest_outbound_redis_result_list_u8_error_t bytes_result_t;
typedef guest_outbound_redis_result_s64_error_t number_result_t;
typedef guest_outbound_redis_result_list_string_error_t texts_result_t;
typedef guest_outbound_redis_result_list_redis_result_error_t parts_result_t;
typedef guest_outbound_redis_redis_result_t part_t;

static spin_error_t *unexpected(const net_redis_reply_t *reply) {
    static const char *const names[] = {
        [NET_REDIS_NIL] = "nothing",         [NET_REDIS_STATUS] = "a status",
        [NET_REDIS_ERROR] = "an error",      [NET_REDIS_INTEGER] = "a number",
        [NET_REDIS_BYTES] = "a byte string", [NET_REDIS_ARRAY] = "a list",
    };
    enum { MOST = 200 };
    if (reply->kind != NET_REDIS_ERROR && reply->kind != NET_REDIS_STATUS)
        return error_new(SPIN_ERROR_INVALID, "the server's answer is %s", names[reply->kind]);
    spin_slice_t text = reply->text;
    if (text.len > MOST)
        text.len = MOST;
    return error_new(SPIN_ERROR_INVALID, "the server answers \"%.*s\"", SLICE_ARG(text));
}

static spin_error_t *take_bytes(const net_redis_reply_t *reply, bytes_result_t *ret) {
    if (reply->kind != NET_REDIS_BYTES && reply->kind != NET_REDIS_NIL)
        return unexpected(reply);
    *ret = (bytes_result_t){.of.ok = reply->text};
    return NULL;
}

static spin_error_t *take_number(const net_redis_reply_t *reply, number_result_t *ret) {
    if (reply->kind != NET_REDIS_INTEGER)
        return unexpected(reply);
    *ret = (number_result_t){.of.ok = reply->integer};
    return NULL;
}

static spin_error_t *take_texts(spin_host_call_t *call, const net_redis_reply_t *reply,
                                texts_result_t *ret) {
    if (reply->kind != NET_REDIS_ARRAY)
        return unexpected(reply);
    spin_slice_t *texts = spin_host_call_alloc(call, reply->len * sizeof *texts);
    if (texts == NULL)
        return error_no_memory();
    for (size_t i = 0; i < reply->len; i++) {
        const net_redis_reply_t *item = reply->items[i];
        if (item->kind != NET_REDIS_BYTES)
            return unexpected(item);
        if (!slice_is_utf8(item->text, NULL))
            return error_new(SPIN_ERROR_INVALID, "a value of the set is not UTF-8");
        texts[i] = item->text;
    }
    *ret = (texts_result_t){.of.ok = {texts, reply->len}};
    return NULL;
}

/* ── parts: lists within lists made flat ── */

/* hiredis bounds how deep they are. */
static size_t count_parts(const net_redis_reply_t *reply) {
    size_t count = reply->kind != NET_REDIS_ARRAY;
    for (size_t i = 0; reply->kind == NET_REDIS_ARRAY && i < reply->len; i++)
        count += count_parts(reply->items[i]);
    return count;
}

static spin_error_t *add_parts(const net_redis_reply_t *reply, part_t *parts, size_t *len) {
    part_t *part = &parts[*len];
    spin_error_t *error = NULL;
    switch (reply->kind) {
    case NET_REDIS_NIL: return NULL;
    case NET_REDIS_ERROR: return unexpected(reply);
    case NET_REDIS_STATUS:
        if (net_redis_reply_is(reply, "OK"))
            return NULL;
        if (!slice_is_utf8(reply->text, NULL))
            return error_new(SPIN_ERROR_INVALID, "the server's status is not UTF-8");
        *part = (part_t){.tag = GUEST_OUTBOUND_REDIS_REDIS_RESULT_STATUS, .of.status = reply->text};
        break;
    case NET_REDIS_INTEGER:
        *part =
            (part_t){.tag = GUEST_OUTBOUND_REDIS_REDIS_RESULT_INT64, .of.int64 = reply->integer};
        break;
    case NET_REDIS_BYTES:
        *part = (part_t){.tag = GUEST_OUTBOUND_REDIS_REDIS_RESULT_BINARY, .of.binary = reply->text};
        break;
    case NET_REDIS_ARRAY:
        for (size_t i = 0; error == NULL && i < reply->len; i++)
            error = add_parts(reply->items[i], parts, len);
        return error;
    }
    ++*len;
    return NULL;
}

static spin_error_t *take_parts(spin_host_call_t *call, const net_redis_reply_t *reply,
                                parts_result_t *ret) {
    part_t *parts = spin_host_call_alloc(call, (count_parts(reply) + 1) * sizeof *parts);
    size_t len = 0;
    if (parts == NULL)
        return error_no_memory();
    spin_error_t *error = add_parts(reply, parts, &len);
    if (error == NULL)
        *ret = (parts_result_t){.of.ok = {parts, len}};
    return error;
}

/* ── */

spin_error_t *redis_answer_take(redis_answer_kind_t kind, spin_host_call_t *call,
                                const net_redis_reply_t *reply, void *ret) {
    if (reply->kind == NET_REDIS_ERROR)
        return unexpected(reply);
    switch (kind) {
    case REDIS_ANSWER_NOTHING: *(void_result_t *)ret = (void_result_t){0}; return NULL;
    case REDIS_ANSWER_BYTES: return take_bytes(reply, ret);
    case REDIS_ANSWER_NUMBER: return take_number(reply, ret);
    case REDIS_ANSWER_TEXTS: return take_texts(call, reply, ret);
    case REDIS_ANSWER_PARTS: return take_parts(call, reply, ret);
    }
    return error_new(SPIN_ERROR_INTERNAL, "no such kind of answer");
}

#define FAIL(type)                                                                                 \
    *(type *)ret = (type) {                                                                        \
        .is_error = true, .of.error = GUEST_OUTBOUND_REDIS_ERROR_ERROR                             \
    }

void redis_answer_fail(redis_answer_kind_t kind, void *ret) {
    switch (kind) {
    case REDIS_ANSWER_NOTHING: FAIL(void_result_t); break;
    case REDIS_ANSWER_BYTES: FAIL(bytes_result_t); break;
    case REDIS_ANSWER_NUMBER: FAIL(number_result_t); break;
    case REDIS_ANSWER_TEXTS: FAIL(texts_result_t); break;
    case REDIS_ANSWER_PARTS: FAIL(parts_result_t); break;
    }
}
