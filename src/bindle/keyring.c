#include "bindle/keyring.h"

#include "base/error.h"
#include "base/log.h"
#include "bindle/key_file.h"
#include "bindle/toml_fields.h"
#include "bindle/toml_write.h"

#define FORMAT_VERSION "1.0"

static const struct {
    spin_slice_t name;
    bindle_role_t role;
} roles[] = {
    {SLICE_INIT("creator"), BINDLE_ROLE_CREATOR},
    {SLICE_INIT("approver"), BINDLE_ROLE_APPROVER},
    {SLICE_INIT("host"), BINDLE_ROLE_HOST},
    {SLICE_INIT("proxy"), BINDLE_ROLE_PROXY},
};

enum { ROLES = sizeof roles / sizeof *roles };

unsigned bindle_role_of(spin_slice_t name) {
    for (size_t i = 0; i < ROLES; i++)
        if (slice_equal(name, roles[i].name))
            return roles[i].role;
    return 0;
}

/* ── reading ─────────────────────────────────────────────────────────────────────────────── */

spin_error_t *bindle_keyring_read_version(const toml_fields_t *root) {
    spin_slice_t version = SLICE_LITERAL(FORMAT_VERSION);
    spin_error_t *error = toml_fields_text(root, "version", false, &version);
    if (error != NULL || slice_starts_with(version, SLICE_LITERAL("1.")))
        return error;
    return toml_fields_error(root, "version",
                             &toml_table_find(root->table, SLICE_LITERAL("version"))->value,
                             "is another one of the format; only " FORMAT_VERSION " is known");
}

spin_error_t *bindle_keyring_read_roles(const toml_fields_t *fields, unsigned *out) {
    bindle_texts_t texts = {0};
    spin_error_t *error = toml_fields_texts(fields, "roles", true, &texts);
    for (size_t i = 0; error == NULL && i < texts.len; i++) {
        unsigned role = bindle_role_of(texts.items[i]);
        const toml_value_t *list = &toml_table_find(fields->table, SLICE_LITERAL("roles"))->value;
        if (role == 0)
            error = toml_fields_error(fields, "roles", &list->of.array.items[i],
                                      "must be of creator, approver, host and proxy");
        *out |= role;
    }
    return error;
}

spin_error_t *bindle_keyring_read_base64(const toml_fields_t *fields, const char *name,
                                         uint8_t *out, size_t len) {
    spin_slice_t text = {0};
    spin_error_t *error = toml_fields_text(fields, name, true, &text);
    if (error != NULL || base64_read(text, out, len))
        return error;
    return toml_fields_error(fields, name, &toml_table_find(fields->table, spin_slice(name))->value,
                             "must be %zu bytes in base64", len);
}

static spin_error_t *check_label(const bindle_public_key_t *key) {
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    bool good = false;
    spin_error_t *error = NULL;
    if (base64_read(key->label_signature, signature, sizeof signature))
        error = ed25519_verify(key->key, key->label, signature, &good);
    if (error == NULL && !good)
        LOG_WARN("keyring: the key's label is not the one that its owner has signed",
                 LOG_SLICE("label", key->label));
    return error;
}

/* Keys that nobody knows are let pass, as the Rust client does. */
static spin_error_t *read_key(const toml_fields_t *fields, void *item) {
    bindle_public_key_t *key = item;
    spin_error_t *error = toml_fields_text(fields, "label", true, &key->label);
    if (error == NULL)
        error = bindle_keyring_read_roles(fields, &key->roles);
    if (error == NULL)
        error = bindle_keyring_read_base64(fields, "key", key->key, sizeof key->key);
    if (error == NULL)
        error = toml_fields_text(fields, "labelSignature", false, &key->label_signature);
    if (error == NULL && key->label_signature.ptr != NULL)
        error = check_label(key);
    return error;
}

spin_error_t *bindle_keyring_parse(bindle_keyring_t *keyring, arena_t *arena, spin_slice_t text,
                                   const char *file) {
    *keyring = (bindle_keyring_t){0};
    toml_fields_t root;
    spin_error_t *error = toml_fields_parse(arena, text, file, &root);
    if (error == NULL)
        error = bindle_keyring_read_version(&root);
    if (error != NULL)
        return error;
    return toml_fields_items(&root, "key", sizeof *keyring->items, read_key, &keyring->items,
                             &keyring->len);
}

spin_error_t *bindle_keyring_load(bindle_keyring_t *keyring, arena_t *arena, const char *path) {
    spin_slice_t text;
    spin_error_t *error = key_file_read(path, "keyring", arena, KEY_FILE_ANYBODY, &text);
    return error == NULL ? bindle_keyring_parse(keyring, arena, text, path) : error;
}

/* ── writing ─────────────────────────────────────────────────────────────────────────────── */

void bindle_keyring_write_version(buf_t *buf) {
    toml_write_text(buf, "version", SLICE_LITERAL(FORMAT_VERSION));
}

void bindle_keyring_write_roles(buf_t *buf, unsigned set) {
    spin_slice_t names[ROLES];
    bindle_texts_t texts = {names, 0};
    for (size_t i = 0; i < ROLES; i++)
        if ((set & roles[i].role) != 0)
            names[texts.len++] = roles[i].name;
    toml_write_texts(buf, "roles", &texts);
}

void bindle_keyring_write(buf_t *buf, const bindle_keyring_t *keyring) {
    bindle_keyring_write_version(buf);
    for (size_t i = 0; i < keyring->len; i++) {
        const bindle_public_key_t *key = &keyring->items[i];
        char text[ED25519_KEY_BASE64 + 1];
        base64_write(key->key, sizeof key->key, text);
        buf_append_text(buf, "\n[[key]]\n");
        toml_write_text(buf, "label", key->label);
        bindle_keyring_write_roles(buf, key->roles);
        toml_write_text(buf, "key", spin_slice(text));
        if (key->label_signature.ptr != NULL)
            toml_write_text(buf, "labelSignature", key->label_signature);
    }
}
