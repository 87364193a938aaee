#include "bindle/sign.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/toml_error.h"
#include "bindle/toml_fields.h"

#define CREATOR SLICE_LITERAL("creator")

/* ── what is signed ──────────────────────────────────────────────────────────────────────── */

spin_error_t *bindle_cleartext(const bindle_invoice_t *invoice, arena_t *arena, spin_slice_t by,
                               spin_slice_t role, spin_slice_t *out) {
    const spin_slice_t lines[] = {by, invoice->name, invoice->version, role, SLICE_INIT("~")};
    buf_t buf = {0};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (i > 0)
            buf_append_byte(&buf, '\n');
        buf_append(&buf, lines[i]);
    }
    for (size_t i = 0; i < invoice->parcels_len; i++) {
        buf_append_byte(&buf, '\n');
        buf_append_text(&buf, invoice->parcels[i].sha256);
    }
    *out = (spin_slice_t){0};
    if (!buf.failed)
        *out = arena_copy(arena, buf_slice(&buf));
    buf_deinit(&buf);
    return out->ptr == NULL ? error_no_memory() : NULL;
}

/* ── signing ─────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *append(bindle_signatures_t *list, arena_t *arena,
                            const bindle_signature_t *signature) {
    bindle_signature_t *items = arena_calloc(arena, list->len + 1, sizeof *items);
    if (items == NULL)
        return error_no_memory();
    if (list->len > 0)
        memcpy(items, list->items, list->len * sizeof *items);
    items[list->len] = *signature;
    list->items = items;
    list->len++;
    return NULL;
}

spin_error_t *bindle_sign(bindle_invoice_t *invoice, arena_t *arena, const bindle_key_t *key,
                          spin_slice_t by, int64_t at) {
    uint8_t bytes[ED25519_SIGNATURE_SIZE];
    char text[ED25519_SIGNATURE_BASE64 + 1], key_text[ED25519_KEY_BASE64 + 1];
    base64_write(key->public_key.key, ED25519_KEY_SIZE, key_text);
    for (size_t i = 0; i < invoice->signatures.len; i++)
        if (slice_equal_text(invoice->signatures.items[i].key, key_text))
            return error_new(SPIN_ERROR_EXISTS, "this key has signed the invoice already");
    spin_slice_t message;
    spin_error_t *error = bindle_cleartext(invoice, arena, by, CREATOR, &message);
    if (error == NULL)
        error = ed25519_sign(key->seed, message, bytes);
    if (error != NULL)
        return error;
    base64_write(bytes, sizeof bytes, text);
    bindle_signature_t signature = {.by = arena_copy(arena, by),
                                    .signature = arena_copy(arena, spin_slice(text)),
                                    .key = arena_copy(arena, spin_slice(key_text)),
                                    .role = CREATOR,
                                    .at = at};
    if (signature.by.ptr == NULL || signature.signature.ptr == NULL || signature.key.ptr == NULL)
        return error_no_memory();
    return append(&invoice->signatures, arena, &signature);
}

/* ── verifying ───────────────────────────────────────────────────────────────────────────── */

/* The roles that the keyring gives to a key; `*known` where it has the key at all. */
static unsigned roles_of(const bindle_keyring_t *keyring, const uint8_t key[ED25519_KEY_SIZE],
                         bool *known) {
    unsigned roles = 0;
    *known = false;
    for (size_t i = 0; i < keyring->len; i++)
        if (memcmp(keyring->items[i].key, key, ED25519_KEY_SIZE) == 0) {
            roles |= keyring->items[i].roles;
            *known = true;
        }
    return roles;
}

/* "Ann <ann@example.com>" (creator, key Kcs1...) */
static void append_signer(buf_t *buf, const bindle_signature_t *signature) {
    toml_append_quoted(buf, signature->by);
    buf_printf(buf, " (%.*s, key ", SLICE_ARG(signature->role));
    toml_append_quoted(buf, signature->key);
    buf_append_byte(buf, ')');
}

/* "The signature of SIGNER MESSAGE". */
static spin_error_t *fail_signature(const bindle_signature_t *signature, const char *message) {
    buf_t buf = {0};
    append_signer(&buf, signature);
    spin_error_t *error = buf.failed ? error_no_memory()
                                     : error_new(SPIN_ERROR_INVALID, "the signature of %.*s %s",
                                                 SLICE_ARG(buf_slice(&buf)), message);
    buf_deinit(&buf);
    return error;
}

/* Who has signed, for whoever has to choose whom to trust. */
static spin_error_t *fail_untrusted(const bindle_invoice_t *invoice) {
    const bindle_signatures_t *list = &invoice->signatures;
    if (list->len == 0)
        return error_new(SPIN_ERROR_DENIED, "it is not signed");
    buf_t buf = {0};
    for (size_t i = 0; i < list->len; i++) {
        buf_append_text(&buf, i == 0 ? "" : ", ");
        append_signer(&buf, &list->items[i]);
    }
    spin_error_t *error =
        buf.failed ? error_no_memory()
                   : error_new(SPIN_ERROR_DENIED,
                               "no creator or approver whom the keyring knows as such has signed "
                               "it, only %.*s; add the key of one whom you trust to the keyring",
                               SLICE_ARG(buf_slice(&buf)));
    buf_deinit(&buf);
    return error;
}

static bool is_repeated(const bindle_signatures_t *list, size_t index) {
    for (size_t i = 0; i < index; i++)
        if (slice_equal(list->items[i].key, list->items[index].key))
            return true;
    return false;
}

/* A signature of a known key. */
static spin_error_t *check_signature(const bindle_invoice_t *invoice, arena_t *arena,
                                     const bindle_signature_t *signature,
                                     const uint8_t key[ED25519_KEY_SIZE]) {
    uint8_t bytes[ED25519_SIGNATURE_SIZE];
    bool good = false;
    spin_slice_t message;
    spin_error_t *error =
        bindle_cleartext(invoice, arena, signature->by, signature->role, &message);
    if (error == NULL && base64_read(signature->signature, bytes, sizeof bytes))
        error = ed25519_verify(key, message, bytes, &good);
    if (error != NULL || good)
        return error;
    return fail_signature(signature, "does not fit: the invoice's name, version or parcels, or the "
                                     "signer's name or role, are not what was signed");
}

static spin_error_t *verify(const bindle_invoice_t *invoice, arena_t *arena,
                            const bindle_keyring_t *keyring) {
    const unsigned enough = BINDLE_ROLE_CREATOR | BINDLE_ROLE_APPROVER;
    bool trusted = false;
    for (size_t i = 0; i < invoice->signatures.len; i++) {
        const bindle_signature_t *signature = &invoice->signatures.items[i];
        uint8_t key[ED25519_KEY_SIZE];
        bool known;
        if (!base64_read(signature->key, key, sizeof key))
            continue; /* nobody's, so nobody's whom we know */
        unsigned roles = roles_of(keyring, key, &known);
        if (!known)
            continue;
        if (is_repeated(&invoice->signatures, i))
            return fail_signature(signature, "stands twice in the invoice");
        spin_error_t *error = check_signature(invoice, arena, signature, key);
        if (error != NULL)
            return error;
        trusted = trusted || (roles & enough & bindle_role_of(signature->role)) != 0;
    }
    return trusted ? NULL : fail_untrusted(invoice);
}

spin_error_t *bindle_verify(const bindle_invoice_t *invoice, const bindle_keyring_t *keyring) {
    arena_t arena = {0};
    spin_error_t *error = verify(invoice, &arena, keyring);
    arena_deinit(&arena);
    if (error == NULL)
        return NULL;
    return error_wrap(error, "the invoice of \"%.*s/%.*s\" can't be trusted",
                      SLICE_ARG(invoice->name), SLICE_ARG(invoice->version));
}
