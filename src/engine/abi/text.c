#include "engine/abi/text.h"

#include "spin/abi.h"

/* ── from UTF-8, which is valid ── */

static uint32_t next_scalar(const uint8_t **at) {
    const uint8_t *text = *at;
    if (text[0] < 0x80) {
        *at += 1;
        return text[0];
    }
    if (text[0] < 0xe0) {
        *at += 2;
        return (text[0] & 0x1fu) << 6 | (text[1] & 0x3fu);
    }
    if (text[0] < 0xf0) {
        *at += 3;
        return (text[0] & 0x0fu) << 12 | (text[1] & 0x3fu) << 6 | (text[2] & 0x3fu);
    }
    *at += 4;
    return (text[0] & 0x07u) << 18 | (text[1] & 0x3fu) << 12 | (text[2] & 0x3fu) << 6 |
           (text[3] & 0x3fu);
}

size_t text_units(spin_slice_t text, text_form_t form) {
    size_t units = 0;
    if (form == TEXT_UTF8)
        return text.len;
    for (const uint8_t *at = text.ptr, *end = at + text.len; at < end;) {
        uint32_t scalar = next_scalar(&at);
        if (form == TEXT_LATIN1 && scalar > 0xff)
            return SIZE_MAX;
        units += scalar > 0xffff ? 2 : 1;
    }
    return units;
}

void text_encode(spin_slice_t text, text_form_t form, uint8_t *to) {
    if (form == TEXT_UTF8) {
        if (text.len > 0)
            memcpy(to, text.ptr, text.len);
        return;
    }
    for (const uint8_t *at = text.ptr, *end = at + text.len; at < end;) {
        uint32_t scalar = next_scalar(&at);
        if (form == TEXT_LATIN1) {
            *to++ = (uint8_t)scalar;
            continue;
        }
        if (scalar > 0xffff) {
            spin_store_u16(to, (uint16_t)(0xd800 + ((scalar - 0x10000) >> 10)));
            to += 2;
            scalar = 0xdc00 + ((scalar - 0x10000) & 0x3ff);
        }
        spin_store_u16(to, (uint16_t)scalar);
        to += 2;
    }
}

/* ── to UTF-8 ── */

static bool is_high(uint32_t unit) {
    return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_low(uint32_t unit) {
    return unit >= 0xdc00 && unit < 0xe000;
}

bool text_decoded_len(const uint8_t *from, size_t units, text_form_t form, size_t *len,
                      size_t *bad) {
    size_t total = 0;
    for (size_t i = 0; i < units; i++) {
        uint32_t unit = form == TEXT_LATIN1 ? from[i] : spin_load_u16(from + 2 * i);
        if (form == TEXT_UTF16 && (is_high(unit) || is_low(unit))) {
            if (is_low(unit) || i + 1 == units || !is_low(spin_load_u16(from + 2 * i + 2))) {
                *bad = i;
                return false;
            }
            total += 4;
            i++;
            continue;
        }
        total += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
    }
    *len = total;
    return true;
}

static uint8_t *put(uint8_t *to, uint32_t scalar) {
    if (scalar < 0x80) {
        *to++ = (uint8_t)scalar;
    } else if (scalar < 0x800) {
        *to++ = (uint8_t)(0xc0 | scalar >> 6);
        *to++ = (uint8_t)(0x80 | (scalar & 0x3f));
    } else if (scalar < 0x10000) {
        *to++ = (uint8_t)(0xe0 | scalar >> 12);
        *to++ = (uint8_t)(0x80 | (scalar >> 6 & 0x3f));
        *to++ = (uint8_t)(0x80 | (scalar & 0x3f));
    } else {
        *to++ = (uint8_t)(0xf0 | scalar >> 18);
        *to++ = (uint8_t)(0x80 | (scalar >> 12 & 0x3f));
        *to++ = (uint8_t)(0x80 | (scalar >> 6 & 0x3f));
        *to++ = (uint8_t)(0x80 | (scalar & 0x3f));
    }
    return to;
}

void text_decode(const uint8_t *from, size_t units, text_form_t form, uint8_t *to) {
    for (size_t i = 0; i < units; i++) {
        uint32_t unit = form == TEXT_LATIN1 ? from[i] : spin_load_u16(from + 2 * i);
        if (form == TEXT_UTF16 && is_high(unit)) {
            i++;
            unit = 0x10000 + ((unit & 0x3ff) << 10 | (spin_load_u16(from + 2 * i) & 0x3ffu));
        }
        to = put(to, unit);
    }
}
