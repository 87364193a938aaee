#include "loader/digest.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/slice.h"

enum { HEX_LEN = 2 * SHA256_DIGEST_SIZE };

static spin_error_t *hash_file(int fd, char hex[HEX_LEN + 1]) {
    struct sha256_ctx hash;
    uint8_t chunk[16384], digest[SHA256_DIGEST_SIZE];
    sha256_init(&hash);
    for (off_t at = 0;;) {
        ssize_t got = pread(fd, chunk, sizeof chunk, at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_from_errno(errno, "can't read it");
        if (got == 0)
            break;
        sha256_update(&hash, (size_t)got, chunk);
        at += got;
    }
    sha256_digest(&hash, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return NULL;
}

spin_error_t *digest_verify(int fd, spin_slice_t expected) {
    spin_slice_t prefix = SLICE_LITERAL("sha256:");
    if (!slice_starts_with(expected, prefix) || expected.len != prefix.len + HEX_LEN)
        return error_new(SPIN_ERROR_INVALID, "a digest is \"sha256:\" and %d hexadecimal digits",
                         (int)HEX_LEN);
    char actual[HEX_LEN + 1];
    spin_error_t *error = hash_file(fd, actual);
    if (error != NULL)
        return error;
    if (!slice_equal_ignore_case(slice_from(expected, prefix.len), spin_slice(actual)))
        return error_new(SPIN_ERROR_INVALID,
                         "its digest is sha256:%s, but the manifest expects %.*s", actual,
                         SLICE_ARG(expected));
    return NULL;
}
