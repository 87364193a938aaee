/* The key file: secret keys, in the form that the Rust client of Bindle 0.9 reads and writes too
 * (its secret_keys.toml). */
#ifndef BINDLE_KEY_H
#define BINDLE_KEY_H

#include "bindle/keyring.h"

typedef struct bindle_key {
    bindle_public_key_t public_key;
    uint8_t seed[ED25519_KEY_SIZE]; /* the secret; wipe it with bindle_key_clear */
} bindle_key_t;

/* Takes the first key of the file `path` that may sign as creator, rather one whose label is
 * `label`, which may be empty. Where there is no such file, makes it with a new key of that label
 * (else of the user's name): for its user alone, whole or not at all; of processes that do so at
 * one time, all end with the same key. Errors: INVALID (with position; no creator's key in it),
 * DENIED (others may read it), LIMIT, IO, NO_MEMORY. */
spin_error_t *bindle_key_load(bindle_key_t *key, arena_t *arena, const char *path,
                              spin_slice_t label);

/* The same from the text of a key file. Errors: INVALID, LIMIT, NO_MEMORY. */
spin_error_t *bindle_key_parse(bindle_key_t *key, arena_t *arena, spin_slice_t text,
                               const char *file, spin_slice_t label);

void bindle_key_clear(bindle_key_t *key);

#endif
