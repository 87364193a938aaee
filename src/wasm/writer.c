#include "wasm/writer.h"

enum { SIZE_ROOM = 5 }; /* the longest u32 */

static size_t encode_u64(uint8_t *bytes, uint64_t value) {
    size_t len = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[len++] = (uint8_t)(value | 0x80);
    bytes[len++] = (uint8_t)value;
    return len;
}

void core_put_preamble(buf_t *out) {
    buf_append(out, SLICE_LITERAL("\0asm\1\0\0\0"));
}

void core_put_u64(buf_t *out, uint64_t value) {
    uint8_t bytes[10];
    buf_append(out, spin_slice_of(bytes, encode_u64(bytes, value)));
}

void core_put_u32(buf_t *out, uint32_t value) {
    core_put_u64(out, value);
}

void core_put_s64(buf_t *out, int64_t value) {
    uint8_t bytes[10];
    size_t len = 0;
    for (; value < -64 || value > 63; value >>= 7)
        bytes[len++] = (uint8_t)((value & 0x7f) | 0x80);
    bytes[len++] = (uint8_t)(value & 0x7f);
    buf_append(out, spin_slice_of(bytes, len));
}

void core_put_s32(buf_t *out, int32_t value) {
    core_put_s64(out, value);
}

void core_put_name(buf_t *out, spin_slice_t name) {
    core_put_u32(out, (uint32_t)name.len);
    buf_append(out, name);
}

size_t core_put_sized_begin(buf_t *out) {
    size_t mark = out->len;
    if (buf_reserve(out, SIZE_ROOM))
        out->len += SIZE_ROOM;
    return mark;
}

/* Closes the gap between the room kept for the size and what the size took. */
void core_put_sized_end(buf_t *out, size_t mark) {
    if (out->failed)
        return;
    uint8_t *content = out->ptr + mark + SIZE_ROOM;
    size_t len = out->len - mark - SIZE_ROOM;
    size_t size_len = encode_u64(out->ptr + mark, len);
    memmove(out->ptr + mark + size_len, content, len);
    out->len = mark + size_len + len;
}

size_t core_put_section_begin(buf_t *out, core_section_id_t id) {
    buf_append_byte(out, (uint8_t)id);
    return core_put_sized_begin(out);
}
