/* How the canonical ABI lays types out in memory and flattens them (CanonicalABI.md, "Alignment",
 * "Element Size", "Flattening"). */
#ifndef WIT_LAYOUT_H
#define WIT_LAYOUT_H

#include <stdbool.h>

#include "wit/model.h"

/* Fills in `type->layout` and `type->layout64` from the layouts of its parts, which must be there.
 * False: larger than an address space of 32 bits. */
bool layout_compute(wit_type_t *type);

/* The bytes that tell `cases` cases apart. */
uint32_t layout_discriminant(size_t cases);

#endif
