#include "bindle/reference.h"

#include "base/error.h"
#include "base/slice.h"
#include "digest/digest.h"

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

static bool is_alphanumeric(uint8_t c) {
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* ── names ───────────────────────────────────────────────────────────────────────────────── */

const char *bindle_name_check(spin_slice_t text) {
    if (text.len == 0)
        return "must not be empty";
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (!is_alphanumeric(c) && c < 0x80 && (c == '\0' || strchr("_-.~+/", c) == NULL))
            return "may contain only letters, digits and \"_-.~+/\"";
    }
    for (spin_slice_t rest = text;;) {
        size_t len = slice_find(rest, '/');
        spin_slice_t part = spin_slice_of(rest.ptr, len);
        if (len == 0)
            return "must not have a slash at an end, or two in a row";
        if (slice_equal_text(part, ".") || slice_equal_text(part, ".."))
            return "must not have a part that is \".\" or \"..\"";
        if (len == rest.len)
            return NULL;
        rest = spin_slice_of(rest.ptr + len + 1, rest.len - len - 1);
    }
}

/* ── versions ────────────────────────────────────────────────────────────────────────────── */

#define VERSION_FORM "is not a semantic version such as 1.2.3"

/* A number without needless zeros, of at most 64 bits. */
static bool is_number(spin_slice_t text) {
    static const spin_slice_t max = SLICE_INIT("18446744073709551615");
    if (text.len == 0 || text.len > max.len || (text.len > 1 && text.ptr[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!is_digit(text.ptr[i]))
            return false;
    return text.len < max.len || slice_compare(text, max) <= 0;
}

static bool is_identifier(spin_slice_t text, bool zeros_allowed) {
    bool digits = true;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_alphanumeric(text.ptr[i]) && text.ptr[i] != '-')
            return false;
        digits = digits && is_digit(text.ptr[i]);
    }
    return text.len > 0 && (zeros_allowed || !digits || text.len == 1 || text.ptr[0] != '0');
}

/* Identifiers that dots join. */
static bool are_identifiers(spin_slice_t text, bool zeros_allowed) {
    for (;;) {
        size_t len = slice_find(text, '.');
        if (!is_identifier(spin_slice_of(text.ptr, len), zeros_allowed))
            return false;
        if (len == text.len)
            return true;
        text = spin_slice_of(text.ptr + len + 1, text.len - len - 1);
    }
}

const char *bindle_version_check(spin_slice_t text) {
    size_t plus = slice_find(text, '+');
    if (plus < text.len) {
        if (!are_identifiers(spin_slice_of(text.ptr + plus + 1, text.len - plus - 1), true))
            return VERSION_FORM " (behind \"+\": letters, digits and \"-\", joined by dots)";
        text.len = plus;
    }
    size_t minus = slice_find(text, '-');
    if (minus < text.len) {
        if (!are_identifiers(spin_slice_of(text.ptr + minus + 1, text.len - minus - 1), false))
            return VERSION_FORM " (behind \"-\": letters, digits and \"-\", joined by dots)";
        text.len = minus;
    }
    for (int numbers = 1;; numbers++) {
        size_t len = slice_find(text, '.');
        if (!is_number(spin_slice_of(text.ptr, len)))
            return VERSION_FORM;
        if (len == text.len)
            return numbers == 3 ? NULL : VERSION_FORM;
        text = spin_slice_of(text.ptr + len + 1, text.len - len - 1);
    }
}

/* ── references ──────────────────────────────────────────────────────────────────────────── */

spin_error_t *bindle_reference_parse(spin_slice_t reference, spin_slice_t *name,
                                     spin_slice_t *version) {
    size_t slash = reference.len;
    while (slash > 0 && reference.ptr[slash - 1] != '/')
        slash--;
    if (slash == 0)
        return error_new(SPIN_ERROR_INVALID,
                         "\"%.*s\" is not a bindle: it must be NAME/VERSION, such as hello/1.0.0",
                         SLICE_ARG(reference));
    *name = spin_slice_of(reference.ptr, slash - 1);
    *version = spin_slice_of(reference.ptr + slash, reference.len - slash);
    const char *reason = bindle_name_check(*name);
    if (reason != NULL)
        return error_new(SPIN_ERROR_INVALID, "\"%.*s\" is not a bindle: its name %s",
                         SLICE_ARG(reference), reason);
    reason = bindle_version_check(*version);
    if (reason != NULL)
        return error_new(SPIN_ERROR_INVALID, "\"%.*s\" is not a bindle: \"%.*s\" %s",
                         SLICE_ARG(reference), SLICE_ARG(*version), reason);
    return NULL;
}

void bindle_reference_digest(spin_slice_t name, spin_slice_t version, char out[DIGEST_HEX + 1]) {
    struct sha256_ctx hash;
    sha256_init(&hash);
    sha256_update(&hash, name.len, name.ptr);
    sha256_update(&hash, 1, (const uint8_t *)"/");
    sha256_update(&hash, version.len, version.ptr);
    digest_hex(&hash, out);
}
