#include "loader/glob.h"

/* The length of the set that begins at `at`, its brackets included; 0 where it does not end. A "]"
 * that comes first is a member. */
static size_t set_len(spin_slice_t pattern, size_t at) {
    size_t first = at + 1 + (at + 1 < pattern.len && pattern.ptr[at + 1] == '!');
    for (size_t i = first + 1; i < pattern.len; i++)
        if (pattern.ptr[i] == ']')
            return i + 1 - at;
    return 0;
}

static size_t stars_len(spin_slice_t pattern, size_t at) {
    size_t len = 0;
    while (at + len < pattern.len && pattern.ptr[at + len] == '*')
        len++;
    return len;
}

const char *glob_check(spin_slice_t pattern) {
    for (size_t at = 0; at < pattern.len;) {
        size_t len = 1;
        if (pattern.ptr[at] == '[') {
            if ((len = set_len(pattern, at)) == 0)
                return "\"[\" has no closing \"]\"";
        } else if (pattern.ptr[at] == '*') {
            len = stars_len(pattern, at);
            bool part = (at == 0 || pattern.ptr[at - 1] == '/') &&
                        (at + len == pattern.len || pattern.ptr[at + len] == '/');
            if (len > 2)
                return "more than two \"*\" in a row";
            if (len == 2 && !part)
                return "\"**\" must stand alone between slashes";
        }
        at += len;
    }
    return NULL;
}

bool glob_is_pattern(spin_slice_t text) {
    for (size_t i = 0; i < text.len; i++)
        if (strchr("*?[", text.ptr[i]) != NULL && text.ptr[i] != '\0')
            return true;
    return false;
}

/* The character at `at`, and past it; a byte that is not UTF-8 counts as one. */
static uint32_t take_char(spin_slice_t text, size_t *at) {
    uint8_t first = text.ptr[(*at)++];
    size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
    uint32_t code = more == 0 ? first : first & (0x3Fu >> more);
    for (; more > 0 && *at < text.len && (text.ptr[*at] & 0xC0) == 0x80; more--)
        code = code << 6 | (text.ptr[(*at)++] & 0x3Fu);
    return code;
}

static bool in_set(spin_slice_t members, uint32_t c) {
    for (size_t at = 0; at < members.len;) {
        uint32_t low = take_char(members, &at), high = low;
        if (at + 1 < members.len && members.ptr[at] == '-') {
            at++;
            high = take_char(members, &at);
        }
        if (c >= low && c <= high)
            return true;
    }
    return false;
}

/* Whether what stands at `*p` (no star) matches the character at `*t`; moves past both. */
static bool match_one(spin_slice_t pattern, size_t *p, spin_slice_t text, size_t *t) {
    uint32_t c = take_char(text, t);
    if (pattern.ptr[*p] == '?') {
        (*p)++;
        return true;
    }
    if (pattern.ptr[*p] != '[')
        return take_char(pattern, p) == c;
    size_t len = set_len(pattern, *p);
    bool inverted = pattern.ptr[*p + 1] == '!';
    size_t skipped = inverted ? 2 : 1;
    spin_slice_t members = spin_slice_of(pattern.ptr + *p + skipped, len - skipped - 1);
    *p += len;
    return in_set(members, c) != inverted;
}

/* Only the last star is ever tried again: what an earlier one could take more of, the later one can
 * take as well. That holds for "**", too, as before it stands a slash. */
bool glob_match(spin_slice_t pattern, spin_slice_t text) {
    size_t p = 0, t = 0;
    size_t retry_p = SIZE_MAX, retry_t = 0;
    bool whole_parts = false; /* the last star is a "**" that ends where a part begins */
    while (p < pattern.len || t < text.len) {
        size_t stars = stars_len(pattern, p);
        if (stars > 0) {
            p += stars;
            whole_parts = stars == 2 && p < pattern.len;
            if (whole_parts)
                p++; /* the slash */
            retry_p = p;
            retry_t = t;
            if (p == pattern.len && !whole_parts)
                return true;
            continue;
        }
        if (p < pattern.len && t < text.len && match_one(pattern, &p, text, &t))
            continue;
        if (retry_p == SIZE_MAX || retry_t >= text.len)
            return false;
        uint32_t taken;
        do
            taken = take_char(text, &retry_t);
        while (whole_parts && taken != '/' && retry_t < text.len);
        if (whole_parts && taken != '/')
            return false;
        p = retry_p;
        t = retry_t;
    }
    return true;
}
