#include "bindle/sign_ed25519.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/error.h"

enum {
    BYTES_MAX = 64,
    TEXT_MAX = 88, /* base64 of those */
};

/* Calls of OpenSSL on good keys fail for want of memory only, or where its provider is missing. */
static spin_error_t *fail(const char *what) {
    unsigned long code = ERR_peek_last_error();
    char reason[160];
    ERR_error_string_n(code, reason, sizeof reason);
    ERR_clear_error();
    if (code == 0 || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
        return error_no_memory();
    return error_new(SPIN_ERROR_IO, "OpenSSL can't %s: %s", what, reason);
}

/* ── keys ────────────────────────────────────────────────────────────────────────────────── */

spin_error_t *ed25519_generate(uint8_t seed[ED25519_KEY_SIZE]) {
    return RAND_priv_bytes(seed, ED25519_KEY_SIZE) == 1 ? NULL : fail("make a key");
}

spin_error_t *ed25519_public(const uint8_t seed[ED25519_KEY_SIZE],
                             uint8_t public_key[ED25519_KEY_SIZE]) {
    size_t len = ED25519_KEY_SIZE;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ED25519_KEY_SIZE);
    bool good = key != NULL && EVP_PKEY_get_raw_public_key(key, public_key, &len) == 1;
    EVP_PKEY_free(key);
    return good ? NULL : fail("read a secret key");
}

/* ── signatures ──────────────────────────────────────────────────────────────────────────── */

spin_error_t *ed25519_sign(const uint8_t seed[ED25519_KEY_SIZE], spin_slice_t message,
                           uint8_t signature[ED25519_SIGNATURE_SIZE]) {
    size_t len = ED25519_SIGNATURE_SIZE;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ED25519_KEY_SIZE);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = key != NULL && context != NULL &&
                EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestSign(context, signature, &len, message.ptr, message.len) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return good ? NULL : fail("sign");
}

spin_error_t *ed25519_verify(const uint8_t public_key[ED25519_KEY_SIZE], spin_slice_t message,
                             const uint8_t signature[ED25519_SIGNATURE_SIZE], bool *good) {
    EVP_PKEY *key =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, ED25519_KEY_SIZE);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ready =
        key != NULL && context != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1;
    spin_error_t *error = NULL;
    if (ready) {
        *good = EVP_DigestVerify(context, signature, ED25519_SIGNATURE_SIZE, message.ptr,
                                 message.len) == 1;
        ERR_clear_error(); /* bytes that are no point of the curve, and the like */
    } else
        error = fail("verify a signature");
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return error;
}

/* ── base64 ──────────────────────────────────────────────────────────────────────────────── */

void base64_write(const uint8_t *bytes, size_t len, char *out) {
    EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);
}

bool base64_read(spin_slice_t text, uint8_t *out, size_t len) {
    uint8_t bytes[BYTES_MAX + 3];
    char again[TEXT_MAX + 1];
    if (len > BYTES_MAX || text.len != (len + 2) / 3 * 4)
        return false;
    int got = EVP_DecodeBlock(bytes, text.ptr, (int)text.len);
    /* What is decoded is encoded again, as EVP_DecodeBlock lets much pass. */
    bool good = got >= (int)len;
    if (good) {
        base64_write(bytes, len, again);
        good = slice_equal_text(text, again);
    }
    if (good)
        memcpy(out, bytes, len);
    OPENSSL_cleanse(bytes, sizeof bytes);
    OPENSSL_cleanse(again, sizeof again);
    return good;
}
