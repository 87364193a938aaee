/* Names and versions of bindles (reference specification). bindle_reference_parse stands with the
 * invoice. */
#ifndef BINDLE_REFERENCE_H
#define BINDLE_REFERENCE_H

#include "bindle/invoice.h"
#include "digest/digest.h"

/* Each returns NULL when `text` keeps its rule, else what is wrong, in words that follow it. */

/* Letters, digits and "_-.~+" in parts that slashes join: what a URL holds as it is, as the
 * reference server looks names up as they stand in its URLs. */
const char *bindle_name_check(spin_slice_t text);
/* A semantic version 2.0.0, its numbers of at most 64 bits. */
const char *bindle_version_check(spin_slice_t text);

/* The digest of "NAME/VERSION", which names a standalone bindle's folder: 64 lower-case hexadecimal
 * digits and a NUL. */
void bindle_reference_digest(spin_slice_t name, spin_slice_t version, char out[DIGEST_HEX + 1]);

#endif
