/* SHA-256 in lower-case hexadecimal digits: what modules, parcels and cache entries are known by.
 */
#ifndef DIGEST_DIGEST_H
#define DIGEST_DIGEST_H

#include <nettle/sha2.h>

#include "base/slice.h"

enum { DIGEST_HEX = 64 }; /* digits */

/* Adds what the file `fd` holds from its start, wherever it stands; `*len` is how much that is.
 * Returns an errno. */
int digest_file(int fd, struct sha256_ctx *hash, uint64_t *len);

/* The digits and a NUL. The context begins anew. */
void digest_hex(struct sha256_ctx *hash, char out[DIGEST_HEX + 1]);

/* Both in one for bytes in memory. */
void digest_bytes(spin_slice_t bytes, char out[DIGEST_HEX + 1]);

#endif
