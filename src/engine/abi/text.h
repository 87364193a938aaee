/* Text in the encodings that a component may have chosen for itself; on this side it is UTF-8. */
#ifndef ENGINE_ABI_TEXT_H
#define ENGINE_ABI_TEXT_H

#include <stdbool.h>

#include "spin/slice.h"

typedef enum text_form {
    TEXT_UTF8,
    TEXT_UTF16,  /* little-endian */
    TEXT_LATIN1, /* code points up to 0xff, a byte each */
} text_form_t;

/* What a compact string that is not Latin-1 has in its length. */
#define TEXT_UTF16_TAG 0x80000000u

/* How many code units (bytes or 16 bits) UTF-8 text takes in `form`; of Latin-1 SIZE_MAX where it
 * does not fit. The text is valid. */
size_t text_units(spin_slice_t text, text_form_t form);
/* Writes them. */
void text_encode(spin_slice_t text, text_form_t form, uint8_t *to);

/* How many bytes of UTF-8 `units` code units of UTF-16 or Latin-1 make. False: a surrogate stands
 * alone, at unit `*bad`. */
bool text_decoded_len(const uint8_t *from, size_t units, text_form_t form, size_t *len,
                      size_t *bad);
/* Writes them. */
void text_decode(const uint8_t *from, size_t units, text_form_t form, uint8_t *to);

#endif
