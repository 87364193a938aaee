#include "loader/digest.h"

#include "base/error.h"
#include "bindle/digest.h"

spin_error_t *digest_verify(int fd, spin_slice_t expected) {
    spin_slice_t prefix = SLICE_LITERAL("sha256:");
    if (!slice_starts_with(expected, prefix) || expected.len != prefix.len + BINDLE_SHA256_HEX)
        return error_new(SPIN_ERROR_INVALID, "a digest is \"sha256:\" and %d hexadecimal digits",
                         (int)BINDLE_SHA256_HEX);
    struct sha256_ctx hash;
    char actual[BINDLE_SHA256_HEX + 1];
    uint64_t len;
    sha256_init(&hash);
    int number = bindle_digest_file(fd, &hash, &len);
    if (number != 0)
        return error_from_errno(number, "can't read it");
    bindle_digest_hex(&hash, actual);
    if (!slice_equal_ignore_case(slice_from(expected, prefix.len), spin_slice(actual)))
        return error_new(SPIN_ERROR_INVALID,
                         "its digest is sha256:%s, but the manifest expects %.*s", actual,
                         SLICE_ARG(expected));
    return NULL;
}
