/* Percent-encoding, RFC 3986 section 2.1. */
#ifndef TRIGGER_HTTP_PERCENT_H
#define TRIGGER_HTTP_PERCENT_H

#include "base/slice.h"

static inline int percent_digit(uint8_t byte) {
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The byte that `text` begins with; `*taken` says how much of it that is: 3 where it is encoded. */
static inline uint8_t percent_next(spin_slice_t text, size_t *taken) {
    *taken = 1;
    if (text.ptr[0] != '%' || text.len < 3)
        return text.ptr[0];
    int high = percent_digit(text.ptr[1]);
    int low = percent_digit(text.ptr[2]);
    if (high < 0 || low < 0)
        return '%';
    *taken = 3;
    return (uint8_t)(high << 4 | low);
}

#endif
