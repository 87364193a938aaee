/* SHA-256 of files, in hexadecimal digits. */
#ifndef BINDLE_DIGEST_H
#define BINDLE_DIGEST_H

#include <nettle/sha2.h>

#include "bindle/reference.h"

/* Adds what the file `fd` holds from its start, wherever it stands; `*len` is how much that is.
 * Returns an errno. */
int bindle_digest_file(int fd, struct sha256_ctx *hash, uint64_t *len);

/* 64 lower-case digits and a NUL. The context begins anew. */
void bindle_digest_hex(struct sha256_ctx *hash, char out[BINDLE_SHA256_HEX + 1]);

#endif
