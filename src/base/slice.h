/* Small tools over spin_slice_t. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>

#include "spin/slice.h"

/* A slice of a string literal, without strlen: as an expression, and to initialise a static. */
#define SLICE_LITERAL(text) ((spin_slice_t)SLICE_INIT(text))
#define SLICE_INIT(text)                                                                           \
    { (const uint8_t *)("" text), sizeof(text) - 1 }
/* For printf's "%.*s". */
#define SLICE_ARG(slice) (int)((slice).len), (const char *)((slice).ptr)

static inline bool slice_equal(spin_slice_t a, spin_slice_t b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool slice_equal_text(spin_slice_t a, const char *b) {
    return slice_equal(a, spin_slice(b));
}

/* ASCII letters compare without case. */
bool slice_equal_ignore_case(spin_slice_t a, spin_slice_t b);

static inline bool slice_starts_with(spin_slice_t text, spin_slice_t prefix) {
    return text.len >= prefix.len &&
           (prefix.len == 0 || memcmp(text.ptr, prefix.ptr, prefix.len) == 0);
}

static inline bool slice_ends_with(spin_slice_t text, spin_slice_t suffix) {
    return text.len >= suffix.len && (suffix.len == 0 || memcmp(text.ptr + text.len - suffix.len,
                                                                suffix.ptr, suffix.len) == 0);
}

/* The part of `text` from `start` on; empty past the end. */
static inline spin_slice_t slice_from(spin_slice_t text, size_t start) {
    if (start >= text.len)
        return (spin_slice_t){NULL, 0};
    return (spin_slice_t){text.ptr + start, text.len - start};
}

/* Where `byte` first stands in `text`, or `text.len`. */
static inline size_t slice_find(spin_slice_t text, uint8_t byte) {
    const uint8_t *at = text.len == 0 ? NULL : memchr(text.ptr, byte, text.len);
    return at == NULL ? text.len : (size_t)(at - text.ptr);
}

/* Orders by bytes, shorter first where one begins the other; for qsort and searches. */
int slice_compare(spin_slice_t a, spin_slice_t b);

/* Whether `text` is valid UTF-8 (RFC 3629: no surrogates, nothing overlong, nothing past 10FFFF).
 * On false `*bad` (may be NULL) is the offset of the first bad byte. */
bool slice_is_utf8(spin_slice_t text, size_t *bad);

/* How many single-byte edits turn `a` into `b` (Levenshtein), at most `limit + 1`; for "did you
 * mean". Texts over 64 bytes count as too far apart. */
size_t slice_edit_distance(spin_slice_t a, spin_slice_t b, size_t limit);

#endif
