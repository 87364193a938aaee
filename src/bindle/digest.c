#include "bindle/digest.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { CHUNK_BYTES = 64 << 10 };

int bindle_digest_file(int fd, struct sha256_ctx *hash, uint64_t *len) {
    uint8_t chunk[CHUNK_BYTES];
    for (*len = 0;;) {
        ssize_t got = pread(fd, chunk, sizeof chunk, (off_t)*len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? errno : 0;
        sha256_update(hash, (size_t)got, chunk);
        *len += (uint64_t)got;
    }
}

void bindle_digest_hex(struct sha256_ctx *hash, char out[BINDLE_SHA256_HEX + 1]) {
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(hash, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}
