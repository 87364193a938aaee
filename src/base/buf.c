#include "base/buf.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/vec.h"

bool buf_reserve(buf_t *buf, size_t extra) {
    if (!buf->failed && !vec_reserve((void **)&buf->ptr, buf->len, &buf->cap, extra, 1))
        buf->failed = true;
    return !buf->failed;
}

void buf_append(buf_t *buf, spin_slice_t bytes) {
    if (bytes.len == 0 || !buf_reserve(buf, bytes.len))
        return;
    memcpy(buf->ptr + buf->len, bytes.ptr, bytes.len);
    buf->len += bytes.len;
}

void buf_append_text(buf_t *buf, const char *text) {
    buf_append(buf, spin_slice(text));
}

void buf_append_byte(buf_t *buf, uint8_t byte) {
    buf_append(buf, spin_slice_of(&byte, 1));
}

void buf_vprintf(buf_t *buf, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    if (len < 0)
        buf->failed = true;
    else if (buf_reserve(buf, (size_t)len + 1)) {
        vsnprintf((char *)buf->ptr + buf->len, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
}

void buf_printf(buf_t *buf, const char *format, ...) {
    va_list args;
    va_start(args, format);
    buf_vprintf(buf, format, args);
    va_end(args);
}

/* RFC 8259 section 7. */
static void append_json_escape(buf_t *buf, uint8_t c) {
    static const char shorts[][2] = {{'"', '"'},  {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'},
                                     {'\n', 'n'}, {'\r', 'r'},  {'\t', 't'}};
    for (size_t i = 0; i < sizeof shorts / sizeof *shorts; i++)
        if (shorts[i][0] == (char)c) {
            buf_append_byte(buf, '\\');
            buf_append_byte(buf, (uint8_t)shorts[i][1]);
            return;
        }
    buf_printf(buf, "\\u%04x", (unsigned)c);
}

void buf_append_json(buf_t *buf, spin_slice_t text) {
    buf_append_byte(buf, '"');
    while (text.len > 0) {
        size_t bad = text.len;
        slice_is_utf8(text, &bad);
        for (size_t i = 0, start = 0; i <= bad; i++) {
            bool plain =
                i < bad && text.ptr[i] >= 0x20 && text.ptr[i] != '"' && text.ptr[i] != '\\';
            if (plain)
                continue;
            buf_append(buf, spin_slice_of(text.ptr + start, i - start));
            if (i < bad)
                append_json_escape(buf, text.ptr[i]);
            start = i + 1;
        }
        if (bad < text.len)
            buf_append_text(buf, "\\ufffd");
        text = slice_from(text, bad + 1);
    }
    buf_append_byte(buf, '"');
}

void buf_consume(buf_t *buf, size_t count) {
    if (count >= buf->len) {
        buf->len = 0;
        return;
    }
    memmove(buf->ptr, buf->ptr + count, buf->len - count);
    buf->len -= count;
}

void buf_clear(buf_t *buf) {
    buf->len = 0;
    buf->failed = false;
}

void buf_deinit(buf_t *buf) {
    mem_free(buf->ptr);
    *buf = (buf_t){0};
}
