/* Replies, built by hiredis' reader: of version 0.14, which Debian 12 has, as of the 1.x of today.
 */
#include "net/redis_reply.h"

#include <hiredis/hiredis.h>

#include "base/alloc.h"
#include "base/error.h"

/* hiredis 0.14 goes as deep and no deeper, later ones as deep as they are told. What is freed
 * recursively must have an end. */
enum {
    MAX_DEPTH = 7,
    FIRST_ITEMS = 4,
    MAX_LIMIT = 1 << 30, /* hiredis 0.14 counts some of them as int */
    MAX_LINE = 64 * 1024,
};

/* Bytes that belong to text lie behind it. */
typedef struct node {
    net_redis_reply_t reply;
    size_t cap; /* of reply.items */
    uint8_t bytes[];
} node_t;

struct net_redis_reader {
    redisReader *reader;
    size_t limit;
    uint64_t fed;   /* bytes, of all */
    uint64_t begun; /* of which, before the reply that is being read */
    size_t items;   /* bytes that its items take here, beside their text */
    bool too_deep;
};

void net_redis_reply_free(net_redis_reply_t *reply) {
    if (reply == NULL)
        return;
    for (size_t i = 0; i < reply->len; i++)
        net_redis_reply_free(reply->items[i]);
    mem_free(reply->items);
    mem_free((node_t *)(void *)reply);
}

/* ── what hiredis' reader calls ──────────────────────────────────────────────────────────── */

static bool add_item(node_t *parent, net_redis_reply_t *item) {
    net_redis_reply_t *array = &parent->reply;
    if (array->len == parent->cap) {
        size_t cap = parent->cap == 0 ? FIRST_ITEMS : parent->cap * 2;
        net_redis_reply_t **items = mem_resize(array->items, cap, sizeof *items);
        if (items == NULL)
            return false;
        array->items = items;
        parent->cap = cap;
    }
    array->items[array->len++] = item;
    return true;
}

static void *add(const redisReadTask *task, net_redis_kind_t kind, spin_slice_t text,
                 int64_t integer) {
    net_redis_reader_t *reader = task->privdata;
    node_t *node = mem_alloc(sizeof *node + text.len);
    if (node == NULL)
        return NULL;
    *node = (node_t){.reply = {.kind = kind, .integer = integer}};
    if (text.len > 0)
        memcpy(node->bytes, text.ptr, text.len);
    node->reply.text = spin_slice_of(node->bytes, text.len);
    if (task->parent != NULL && !add_item(task->parent->obj, &node->reply)) {
        mem_free(node);
        return NULL;
    }
    if (task->parent != NULL)
        reader->items += sizeof *node + sizeof(net_redis_reply_t *);
    return node;
}

static void *create_string(const redisReadTask *task, char *text, size_t len) {
    net_redis_kind_t kind = task->type == REDIS_REPLY_STATUS  ? NET_REDIS_STATUS
                            : task->type == REDIS_REPLY_ERROR ? NET_REDIS_ERROR
                                                              : NET_REDIS_BYTES;
    return add(task, kind, spin_slice_of(text, len), 0);
}

/* Its length is only what the server says: room is made as items come. */
static void *add_array(const redisReadTask *task) {
    unsigned depth = 1;
    for (const redisReadTask *at = task->parent; at != NULL; at = at->parent)
        depth++;
    if (depth > MAX_DEPTH) {
        net_redis_reader_t *reader = task->privdata;
        reader->too_deep = true;
        return NULL;
    }
    return add(task, NET_REDIS_ARRAY, (spin_slice_t){NULL, 0}, 0);
}

static void *create_integer(const redisReadTask *task, long long value) {
    return add(task, NET_REDIS_INTEGER, (spin_slice_t){NULL, 0}, value);
}

static void *create_nil(const redisReadTask *task) {
    return add(task, NET_REDIS_NIL, (spin_slice_t){NULL, 0}, 0);
}

static void free_object(void *object) {
    net_redis_reply_free(object);
}

#if HIREDIS_MAJOR >= 1
static void *create_array(const redisReadTask *task, size_t len) {
    (void)len;
    return add_array(task);
}

/* Of RESP3, which nobody asked the server for. */
static void *create_double(const redisReadTask *task, double value, char *text, size_t len) {
    (void)value;
    return add(task, NET_REDIS_BYTES, spin_slice_of(text, len), 0);
}

static void *create_boolean(const redisReadTask *task, int value) {
    return create_integer(task, value);
}
#else
static void *create_array(const redisReadTask *task, int len) {
    (void)len;
    return add_array(task);
}
#endif

static redisReplyObjectFunctions functions = {
    .createString = create_string,
    .createArray = create_array,
    .createInteger = create_integer,
    .createNil = create_nil,
    .freeObject = free_object,
#if HIREDIS_MAJOR >= 1
    .createDouble = create_double,
    .createBool = create_boolean,
#endif
};

/* ── reading ─────────────────────────────────────────────────────────────────────────────── */

net_redis_reader_t *net_redis_reader_new(size_t limit_bytes) {
    net_redis_reader_t *reader = mem_calloc(1, sizeof *reader);
    if (reader == NULL)
        return NULL;
    reader->reader = redisReaderCreateWithFunctions(&functions);
    if (reader->reader == NULL) {
        mem_free(reader);
        return NULL;
    }
    reader->reader->privdata = reader;
    reader->limit = limit_bytes < MAX_LIMIT ? limit_bytes : MAX_LIMIT;
    return reader;
}

void net_redis_reader_free(net_redis_reader_t *reader) {
    if (reader == NULL)
        return;
    redisReaderFree(reader->reader);
    mem_free(reader);
}

static spin_error_t *reader_error(const net_redis_reader_t *reader) {
    if (reader->too_deep)
        return error_new(SPIN_ERROR_INVALID, "a reply that is nested more than %d deep", MAX_DEPTH);
    if (reader->reader->err == REDIS_ERR_OOM)
        return error_no_memory();
    return error_new(SPIN_ERROR_INVALID, "not the protocol of Redis: %s", reader->reader->errstr);
}

spin_error_t *net_redis_reader_feed(net_redis_reader_t *reader, spin_slice_t bytes) {
    reader->fed += bytes.len;
    if (redisReaderFeed(reader->reader, (const char *)bytes.ptr, bytes.len) != REDIS_OK)
        return reader_error(reader);
    return NULL;
}

/* Only values have a length in front: each piece of a line has hiredis look through all of it. */
static bool is_endless_line(const net_redis_reader_t *reader) {
    const redisReader *at = reader->reader;
    return at->len - at->pos > MAX_LINE && memmem(at->buf + at->pos, MAX_LINE, "\r\n", 2) == NULL;
}

spin_error_t *net_redis_reader_next(net_redis_reader_t *reader, net_redis_reply_t **out) {
    void *reply = NULL;
    if (redisReaderGetReply(reader->reader, &reply) != REDIS_OK)
        return reader_error(reader);
    uint64_t unread = reader->reader->len - reader->reader->pos;
    uint64_t begun = reader->begun;
    uint64_t end = reader->fed;
    size_t items = reader->items;
    *out = reply;
    if (reply != NULL) {
        reader->begun = end = reader->fed - unread;
        reader->items = 0;
    } else if (is_endless_line(reader)) {
        return error_new(SPIN_ERROR_INVALID, "not the protocol of Redis: a line without end");
    }
    if (end - begun <= reader->limit && items <= reader->limit)
        return NULL;
    net_redis_reply_free(reply);
    *out = NULL;
    return error_new(SPIN_ERROR_LIMIT, "a reply of more than %zu bytes", reader->limit);
}
