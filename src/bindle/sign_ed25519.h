/* Ed25519 (RFC 8032), through OpenSSL, and the base64 in which Bindle writes it. */
#ifndef BINDLE_SIGN_ED25519_H
#define BINDLE_SIGN_ED25519_H

#include <stdbool.h>

#include "base/slice.h"
#include "spin/error.h"

enum {
    ED25519_KEY_SIZE = 32, /* of either half */
    ED25519_SIGNATURE_SIZE = 64,
    ED25519_KEY_BASE64 = 44, /* as text */
    ED25519_SIGNATURE_BASE64 = 88,
};

/* A new secret. Errors: IO (no random numbers). */
spin_error_t *ed25519_generate(uint8_t seed[ED25519_KEY_SIZE]);
/* The public half. Errors: NO_MEMORY. */
spin_error_t *ed25519_public(const uint8_t seed[ED25519_KEY_SIZE],
                             uint8_t public_key[ED25519_KEY_SIZE]);
/* Errors: NO_MEMORY. */
spin_error_t *ed25519_sign(const uint8_t seed[ED25519_KEY_SIZE], spin_slice_t message,
                           uint8_t signature[ED25519_SIGNATURE_SIZE]);
/* Errors: NO_MEMORY. */
spin_error_t *ed25519_verify(const uint8_t public_key[ED25519_KEY_SIZE], spin_slice_t message,
                             const uint8_t signature[ED25519_SIGNATURE_SIZE], bool *good);

/* Writes `len` bytes, at most 64, and a NUL. */
void base64_write(const uint8_t *bytes, size_t len, char *out);
/* Reads just `len` bytes, at most 64, with padding and nothing around; false when `text` is
 * anything else. */
bool base64_read(spin_slice_t text, uint8_t *out, size_t len);

#endif
