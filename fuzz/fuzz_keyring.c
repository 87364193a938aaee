/* Any bytes are a keyring, which is read as the same when it is written, or an error; and a key
 * file, or an error. */
#include <stdlib.h>

#include "base/error.h"
#include "base/slice.h"
#include "bindle/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

static void check_error(const spin_error_t *error) {
    spin_error_kind_t kind = spin_error_kind(error);
    require(kind == SPIN_ERROR_INVALID || kind == SPIN_ERROR_LIMIT);
    require(*spin_error_message(error) != '\0');
}

static void check_same(const bindle_public_key_t *a, const bindle_public_key_t *b) {
    require(slice_equal(a->label, b->label) && a->roles == b->roles);
    require(memcmp(a->key, b->key, sizeof a->key) == 0);
    require((a->label_signature.ptr == NULL) == (b->label_signature.ptr == NULL));
    require(slice_equal(a->label_signature, b->label_signature));
}

static void check_keyring(arena_t *arena, const bindle_keyring_t *keyring) {
    bindle_keyring_t again;
    buf_t text = {0};
    bindle_keyring_write(&text, keyring);
    require(bindle_keyring_parse(&again, arena, buf_slice(&text), NULL) == NULL);
    require(again.len == keyring->len);
    for (size_t i = 0; i < again.len; i++)
        check_same(&again.items[i], &keyring->items[i]);
    buf_deinit(&text);
}

/* The halves belong together. */
static void check_key(const bindle_key_t *key) {
    uint8_t public_key[ED25519_KEY_SIZE];
    require((key->public_key.roles & BINDLE_ROLE_CREATOR) != 0);
    require(ed25519_public(key->seed, public_key) == NULL);
    require(memcmp(public_key, key->public_key.key, sizeof public_key) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena_t arena = {0};
    bindle_keyring_t keyring;
    bindle_key_t key;
    spin_slice_t text = spin_slice_of(data, size);
    spin_error_t *error = bindle_keyring_parse(&keyring, &arena, text, "keyring.toml");
    if (error == NULL)
        check_keyring(&arena, &keyring);
    else
        check_error(error);
    spin_error_free(error);
    error = bindle_key_parse(&key, &arena, text, "key.toml", SLICE_LITERAL("label"));
    if (error == NULL)
        check_key(&key);
    else
        check_error(error);
    spin_error_free(error);
    arena_deinit(&arena);
    return 0;
}
