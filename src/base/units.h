/* Numbers with a unit, as configuration files have them. */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdbool.h>

#include "base/slice.h"

/* Digits and "ms", "s", "m" or "h", as milliseconds. False for any other form; what overflows is
 * UINT64_MAX. */
bool units_parse_duration_ms(spin_slice_t text, uint64_t *out);
/* Digits and nothing, "K", "M", "G", "KiB", "MiB" or "GiB", as bytes. Likewise. */
bool units_parse_size(spin_slice_t text, uint64_t *out);

#endif
