/* Byte classes of RFC 9110 section 5. */
#ifndef NET_HTTP_CHARS_H
#define NET_HTTP_CHARS_H

#include "base/slice.h"

/* For a byte of a token its lower case, for any other byte 0. */
extern const uint8_t http_token_lower[256];

/* field-content: tab, space, visible ASCII and whatever is not ASCII. */
static inline bool http_is_value_byte(uint8_t byte) {
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

static inline bool http_is_blank(uint8_t byte) {
    return byte == ' ' || byte == '\t';
}

/* Without the blanks at both ends. */
spin_slice_t http_trim(spin_slice_t text);

/* Cuts the first element off a comma-separated list (trimmed, maybe empty). False at its end. */
bool http_list_next(spin_slice_t *list, spin_slice_t *element);

/* A decimal number of digits only. False when it is not one, or does not fit. */
bool http_parse_number(spin_slice_t text, uint64_t *number);

#endif
