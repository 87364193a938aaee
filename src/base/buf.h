/* A growing byte string on the heap. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/slice.h"

/* Caller's memory, zero to begin with. Once an append ran out of memory, `failed` is set, the
 * content stays as it was and later appends do nothing: check once, at the end. */
typedef struct buf {
    uint8_t *ptr;
    size_t len;
    size_t cap;
    bool failed;
} buf_t;

void buf_append(buf_t *buf, spin_slice_t bytes);
void buf_append_text(buf_t *buf, const char *text);
void buf_append_byte(buf_t *buf, uint8_t byte);
void buf_printf(buf_t *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(buf_t *buf, const char *format, va_list args);
/* `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void buf_append_json(buf_t *buf, spin_slice_t text);
/* Room for `extra` more bytes at `ptr + len`; false (and failed) when out of memory. */
bool buf_reserve(buf_t *buf, size_t extra);
/* Drops the first `count` bytes. */
void buf_consume(buf_t *buf, size_t count);
/* Empties it and keeps the memory. */
void buf_clear(buf_t *buf);
void buf_deinit(buf_t *buf);

static inline spin_slice_t buf_slice(const buf_t *buf) {
    return spin_slice_of(buf->ptr, buf->len);
}

#endif
