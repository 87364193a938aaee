#include "wit/lexer_text.h"

/* Decodes the character at the front of valid UTF-8. */
static uint32_t decode(const uint8_t *at, size_t *len) {
    if (at[0] < 0x80) {
        *len = 1;
        return at[0];
    }
    *len = at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
    uint32_t code = at[0] & (0x7Fu >> *len);
    for (size_t i = 1; i < *len; i++)
        code = code << 6 | (at[i] & 0x3Fu);
    return code;
}

/* NULL: allowed. */
static const char *refuse(uint32_t code) {
    if (code == '\n' || code == '\r' || code == '\t')
        return NULL;
    if (code < 0x20 || (code >= 0x7F && code < 0xA0))
        return "control characters are not allowed";
    if ((code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069))
        return "it changes the direction of text and so hides what is written";
    switch (code) { /* the deprecated and discouraged ones of Unicode 13 */
    case 0x149:
    case 0x673:
    case 0xF77:
    case 0xF79:
    case 0x17A3:
    case 0x17A4:
    case 0x17B4:
    case 0x17B5: return "Unicode deprecates it";
    default: return NULL;
    }
}

bool wit_text_is_allowed(spin_slice_t text, size_t *at, uint32_t *code, const char **why) {
    size_t len = 0;
    for (size_t i = 0; i < text.len; i += len) {
        *code = decode(text.ptr + i, &len);
        *why = refuse(*code);
        if (*why != NULL) {
            *at = i;
            return false;
        }
    }
    return true;
}
