/* SHA-256 of files. */
#ifndef LOADER_DIGEST_H
#define LOADER_DIGEST_H

#include "base/slice.h"
#include "spin/error.h"

/* Reads `fd` from its start to its end and compares with `expected` ("sha256:" and 64 hex digits).
 * Errors: INVALID, with both digests in the message, or for another form of `expected`; IO. */
spin_error_t *digest_verify(int fd, spin_slice_t expected);

#endif
