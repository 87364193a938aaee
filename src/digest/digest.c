#include "digest/digest.h"

#include <errno.h>
#include <unistd.h>

enum { CHUNK_BYTES = 64 << 10 };

int digest_file(int fd, struct sha256_ctx *hash, uint64_t *len) {
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

void digest_hex(struct sha256_ctx *hash, char out[DIGEST_HEX + 1]) {
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(hash, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[DIGEST_HEX] = '\0';
}

void digest_bytes(spin_slice_t bytes, char out[DIGEST_HEX + 1]) {
    struct sha256_ctx hash;
    sha256_init(&hash);
    sha256_update(&hash, bytes.len, bytes.ptr);
    digest_hex(&hash, out);
}
