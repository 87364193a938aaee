#include "base/slice.h"

static uint8_t lower(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

bool slice_equal_ignore_case(spin_slice_t a, spin_slice_t b) {
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

int slice_compare(spin_slice_t a, spin_slice_t b) {
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common == 0 ? 0 : memcmp(a.ptr, b.ptr, common);
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

/* The length of the well-formed sequence that `text` begins with (Unicode table 3-7), or 0. */
static size_t utf8_sequence(const uint8_t *text, size_t len) {
    uint8_t first = text[0];
    if (first < 0x80)
        return 1;
    size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || len < size)
        return 0;
    uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    return size;
}

/* Whether the 32 bytes at `at` are ASCII. */
static bool is_ascii_32(const uint8_t *at) {
    uint64_t words[4];
    memcpy(words, at, sizeof words);
    return ((words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080u) == 0;
}

bool slice_is_utf8(spin_slice_t text, size_t *bad) {
    size_t at = 0;
    while (at < text.len) {
        uint64_t word;
        while (text.len - at >= 32 && is_ascii_32(text.ptr + at))
            at += 32;
        if (text.len - at >= sizeof word) { /* eight ASCII bytes at a time */
            memcpy(&word, text.ptr + at, sizeof word);
            if ((word & 0x8080808080808080u) == 0) {
                at += sizeof word;
                continue;
            }
        }
        if (at == text.len)
            break;
        size_t size = utf8_sequence(text.ptr + at, text.len - at);
        if (size == 0) {
            if (bad != NULL)
                *bad = at;
            return false;
        }
        at += size;
    }
    return true;
}

size_t slice_edit_distance(spin_slice_t a, spin_slice_t b, size_t limit) {
    enum { MAX = 64 };
    if (a.len > MAX || b.len > MAX)
        return limit + 1;
    size_t row[MAX + 1];
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t best = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[b.len] > limit ? limit + 1 : row[b.len];
}

/* How far a misspelling may be off: a slip in a short word, two or three in a long one. */
static size_t slips_allowed(spin_slice_t word) {
    return word.len < 4 ? 1 : word.len < 12 ? 2 : 3;
}

const char *spin_nearest_name(spin_slice_t text, const char *const *names, size_t len) {
    const char *nearest = NULL;
    size_t nearer_than = slips_allowed(text) + 1;
    for (size_t i = 0; i < len; i++) {
        size_t distance = slice_edit_distance(text, spin_slice(names[i]), nearer_than);
        if (distance < nearer_than) {
            nearer_than = distance;
            nearest = names[i];
        }
    }
    return nearest;
}
