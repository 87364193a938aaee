#include "bindle/key.h"

#include <openssl/crypto.h>
#include <pwd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "bindle/key_file.h"
#include "bindle/options.h"
#include "bindle/toml_write.h"
#include "spin/bindle.h"

enum {
    PAIR_SIZE = 2 * ED25519_KEY_SIZE, /* the secret, then the public half */
    PAIR_BASE64 = 88,
};

typedef struct secret {
    spin_slice_t label;
    unsigned roles;
    uint8_t pair[PAIR_SIZE];
} secret_t;

typedef struct secrets {
    secret_t *items;
    size_t len;
} secrets_t;

/* ── reading ─────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *check_pair(const toml_fields_t *fields, const secret_t *secret) {
    uint8_t public_key[ED25519_KEY_SIZE];
    spin_error_t *error = ed25519_public(secret->pair, public_key);
    if (error != NULL ||
        memcmp(public_key, secret->pair + ED25519_KEY_SIZE, sizeof public_key) == 0)
        return error;
    return toml_fields_error(fields, "keypair",
                             &toml_table_find(fields->table, SLICE_LITERAL("keypair"))->value,
                             "holds two halves that don't belong together");
}

static spin_error_t *read_secret(const toml_fields_t *fields, void *item) {
    secret_t *secret = item;
    spin_error_t *error = toml_fields_text(fields, "label", true, &secret->label);
    if (error == NULL)
        error = bindle_keyring_read_roles(fields, &secret->roles);
    if (error == NULL)
        error = bindle_keyring_read_base64(fields, "keypair", secret->pair, sizeof secret->pair);
    return error == NULL ? check_pair(fields, secret) : error;
}

/* The first that may sign as creator, of those with that label if there is one. */
static const secret_t *choose(const secrets_t *secrets, spin_slice_t label) {
    const secret_t *first = NULL;
    for (size_t i = 0; i < secrets->len; i++) {
        const secret_t *secret = &secrets->items[i];
        if ((secret->roles & BINDLE_ROLE_CREATOR) == 0)
            continue;
        if (slice_equal(secret->label, label))
            return secret;
        if (first == NULL)
            first = secret;
    }
    return first;
}

/* The label is copied, as the text is wiped, and signed, so that others know it for what its owner
 * has written. */
static spin_error_t *take(bindle_key_t *key, arena_t *arena, const secret_t *secret) {
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    char text[ED25519_SIGNATURE_BASE64 + 1];
    spin_error_t *error = ed25519_sign(secret->pair, secret->label, signature);
    if (error != NULL)
        return error;
    base64_write(signature, sizeof signature, text);
    bindle_public_key_t *half = &key->public_key;
    half->label = arena_copy(arena, secret->label);
    half->roles = secret->roles;
    half->label_signature = arena_copy(arena, spin_slice(text));
    if (half->label.ptr == NULL || half->label_signature.ptr == NULL)
        return error_no_memory();
    memcpy(half->key, secret->pair + ED25519_KEY_SIZE, ED25519_KEY_SIZE);
    memcpy(key->seed, secret->pair, sizeof key->seed);
    return NULL;
}

spin_error_t *bindle_key_parse(bindle_key_t *key, arena_t *arena, spin_slice_t text,
                               const char *file, spin_slice_t label) {
    *key = (bindle_key_t){0};
    toml_value_t *table = NULL;
    secrets_t secrets = {0};
    spin_error_t *error = toml_parse(arena, text, file, &table);
    if (error != NULL)
        return error;
    toml_fields_t root = {.arena = arena, .file = file, .table = table, .path = ""};
    error = bindle_keyring_read_version(&root);
    if (error == NULL)
        error = toml_fields_items(&root, "key", sizeof *secrets.items, read_secret, &secrets.items,
                                  &secrets.len);
    const secret_t *secret = error == NULL ? choose(&secrets, label) : NULL;
    if (error == NULL && secret != NULL)
        error = take(key, arena, secret);
    else if (error == NULL)
        error = error_at(
            error_new(SPIN_ERROR_INVALID, "there is no key in it that has the role \"creator\""),
            file, 0, 0);
    for (size_t i = 0; i < secrets.len; i++)
        OPENSSL_cleanse(secrets.items[i].pair, PAIR_SIZE);
    return error;
}

/* ── making ──────────────────────────────────────────────────────────────────────────────── */

/* Who is at work here, as the system knows them. */
static spin_slice_t user_name(char *buffer, size_t size) {
    struct passwd entry, *found = NULL;
    if (getpwuid_r(geteuid(), &entry, buffer, size, &found) == 0 && found != NULL &&
        slice_is_utf8(spin_slice(entry.pw_name), NULL) && *entry.pw_name != '\0')
        return spin_slice(entry.pw_name);
    return SLICE_LITERAL("spin");
}

static void write_secret(buf_t *buf, const uint8_t pair[PAIR_SIZE], spin_slice_t label) {
    char text[PAIR_BASE64 + 1];
    base64_write(pair, PAIR_SIZE, text);
    bindle_keyring_write_version(buf);
    buf_append_text(buf, "\n[[key]]\n");
    toml_write_text(buf, "label", label);
    toml_write_text(buf, "keypair", spin_slice(text));
    bindle_keyring_write_roles(buf, BINDLE_ROLE_CREATOR);
    OPENSSL_cleanse(text, sizeof text);
}

/* That somebody else has made it in the meantime is as good. */
static spin_error_t *make_key_file(const char *path, spin_slice_t label) {
    uint8_t pair[PAIR_SIZE];
    char buffer[1024];
    buf_t buf = {0};
    if (label.len == 0)
        label = user_name(buffer, sizeof buffer);
    spin_error_t *error = ed25519_generate(pair);
    if (error == NULL)
        error = ed25519_public(pair, pair + ED25519_KEY_SIZE);
    if (error == NULL) {
        buf_reserve(&buf, PAIR_BASE64 + 1024 + 6 * label.len); /* stays where it can be wiped */
        write_secret(&buf, pair, label);
        error = buf.failed ? error_no_memory() : key_file_make(path, buf_slice(&buf));
    }
    OPENSSL_cleanse(pair, sizeof pair);
    if (buf.ptr != NULL)
        OPENSSL_cleanse(buf.ptr, buf.len);
    buf_deinit(&buf);
    if (error == NULL || spin_error_kind(error) != SPIN_ERROR_EXISTS)
        return error;
    spin_error_free(error);
    return NULL;
}

static spin_error_t *read_key_file(const char *path, arena_t *arena, spin_slice_t *text) {
    return key_file_read(path, "key file", arena, KEY_FILE_USER_ONLY, text);
}

spin_error_t *bindle_key_load(bindle_key_t *key, arena_t *arena, const char *path,
                              spin_slice_t label) {
    *key = (bindle_key_t){0};
    spin_slice_t text = {0};
    spin_error_t *error = read_key_file(path, arena, &text);
    if (error != NULL && spin_error_kind(error) == SPIN_ERROR_NOT_FOUND) {
        spin_error_free(error);
        error = make_key_file(path, label);
        if (error == NULL)
            error = read_key_file(path, arena, &text);
    }
    if (error == NULL)
        error = bindle_key_parse(key, arena, text, path, label);
    if (text.ptr != NULL)
        OPENSSL_cleanse((void *)(uintptr_t)text.ptr, text.len);
    return error;
}

void bindle_key_clear(bindle_key_t *key) {
    OPENSSL_cleanse(key->seed, sizeof key->seed);
}

/* ── the public half ─────────────────────────────────────────────────────────────────────── */

static spin_error_t *print_public_key(arena_t *arena, const spin_bindle_options_t *options,
                                      buf_t *out) {
    bindle_settings_t settings;
    bindle_key_t key = {0};
    spin_error_t *error = bindle_settings_take(&settings, arena, options);
    if (error == NULL)
        error = bindle_key_load(&key, arena, settings.key_file, spin_slice(settings.label));
    if (error == NULL)
        bindle_keyring_write(out, &(bindle_keyring_t){&key.public_key, 1});
    bindle_key_clear(&key);
    return error;
}

spin_error_t *spin_bindle_public_key(const spin_bindle_options_t *options, char **out) {
    arena_t arena = {0};
    buf_t buf = {0};
    spin_error_t *error = print_public_key(&arena, options, &buf);
    if (error == NULL) {
        *out = buf.failed ? NULL : mem_copy_text(buf_slice(&buf));
        error = *out == NULL ? error_no_memory() : NULL;
    }
    buf_deinit(&buf);
    arena_deinit(&arena);
    return error;
}
