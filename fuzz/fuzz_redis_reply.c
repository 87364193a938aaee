/* What a server sends, in any pieces: the same replies come out whatever the pieces are, within the
 * limits of size and depth. The first two bytes of the input choose pieces and limit. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "net/redis_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_DEPTH = 8 };

static void require(bool holds) {
    if (!holds)
        abort();
}

static void print(buf_t *out, const net_redis_reply_t *reply, unsigned depth) {
    require(reply != NULL && depth <= MAX_DEPTH);
    require(reply->kind <= NET_REDIS_ARRAY);
    require(reply->len == 0 || reply->kind == NET_REDIS_ARRAY);
    buf_printf(out, "%d %lld %zu ", (int)reply->kind, (long long)reply->integer, reply->text.len);
    buf_append(out, reply->text);
    for (size_t i = 0; i < reply->len; i++)
        print(out, reply->items[i], depth + 1);
    buf_append_text(out, ".");
}

static bool read_all(spin_slice_t text, uint32_t random, size_t limit, buf_t *out) {
    net_redis_reader_t *reader = net_redis_reader_new(limit);
    spin_error_t *error = NULL;
    require(reader != NULL);
    while (error == NULL && text.len > 0) {
        net_redis_reply_t *reply;
        size_t piece = text.len;
        if (random != 0) {
            random = random * 1664525 + 1013904223;
            piece = 1 + (random >> 16) % 50;
        }
        if (piece > text.len)
            piece = text.len;
        error = net_redis_reader_feed(reader, spin_slice_of(text.ptr, piece));
        text = slice_from(text, piece);
        while (error == NULL && (error = net_redis_reader_next(reader, &reply)) == NULL &&
               reply != NULL) {
            print(out, reply, 0);
            net_redis_reply_free(reply);
        }
    }
    net_redis_reader_free(reader);
    bool ok = error == NULL;
    spin_error_free(error);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    buf_t whole = {0}, pieces = {0};
    if (size < 2)
        return 0;
    spin_slice_t text = spin_slice_of(data + 2, size - 2);
    size_t limit = data[1] % 2 == 0 ? 1 << 20 : 64;
    bool ok = read_all(text, 0, limit, &whole);
    require(read_all(text, data[0] + 1u, limit, &pieces) == ok);
    require(slice_equal(buf_slice(&whole), buf_slice(&pieces)));
    buf_deinit(&whole);
    buf_deinit(&pieces);
    return 0;
}
