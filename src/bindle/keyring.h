/* A keyring: the public keys that somebody trusts, and in which roles (signing specification,
 * "Keyrings"). It holds nothing that is secret. */
#ifndef BINDLE_KEYRING_H
#define BINDLE_KEYRING_H

#include "base/arena.h"
#include "base/buf.h"
#include "bindle/sign_ed25519.h"
#include "bindle/toml_fields.h"
#include "spin/error.h"

/* In what quality somebody signs; a set of them is a sum. */
typedef enum bindle_role {
    BINDLE_ROLE_CREATOR = 1,
    BINDLE_ROLE_APPROVER = 2,
    BINDLE_ROLE_HOST = 4,
    BINDLE_ROLE_PROXY = 8,
} bindle_role_t;

/* The role of that name; 0 where there is none. */
unsigned bindle_role_of(spin_slice_t name);

typedef struct bindle_public_key {
    spin_slice_t label;
    unsigned roles; /* a sum of bindle_role_t */
    uint8_t key[ED25519_KEY_SIZE];
    spin_slice_t label_signature; /* base64, as written; ptr NULL: none */
} bindle_public_key_t;

typedef struct bindle_keyring {
    bindle_public_key_t *items;
    size_t len;
} bindle_keyring_t;

/* Texts are borrowed from `text` or in `arena`. `file` names the text in errors. A label whose
 * signature does not fit is a line in the log: labels may be edited. Errors: INVALID (with
 * position), LIMIT, NO_MEMORY. */
spin_error_t *bindle_keyring_parse(bindle_keyring_t *keyring, arena_t *arena, spin_slice_t text,
                                   const char *file);
/* Reads a file. Errors: also NOT_FOUND, DENIED, IO. */
spin_error_t *bindle_keyring_load(bindle_keyring_t *keyring, arena_t *arena, const char *path);

void bindle_keyring_write(buf_t *buf, const bindle_keyring_t *keyring);

/* ── what keyrings and key files share ───────────────────────────────────────────────────── */

spin_error_t *bindle_keyring_read_version(const toml_fields_t *root);
spin_error_t *bindle_keyring_read_roles(const toml_fields_t *fields, unsigned *out);
/* A required key that holds `len` bytes, at most 64. */
spin_error_t *bindle_keyring_read_base64(const toml_fields_t *fields, const char *name,
                                         uint8_t *out, size_t len);
void bindle_keyring_write_version(buf_t *buf);
void bindle_keyring_write_roles(buf_t *buf, unsigned roles);

#endif
