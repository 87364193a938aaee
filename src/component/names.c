#include "component/names.h"

#include "base/slice.h"

static bool is_lower(uint8_t c) {
    return c >= 'a' && c <= 'z';
}
static bool is_upper(uint8_t c) {
    return c >= 'A' && c <= 'Z';
}
static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}
/* One word of a label: letters of one case, and digits that lead only where `!first`. */
static bool is_word(const uint8_t *at, const uint8_t *end, bool first) {
    bool lower = false, upper = false;
    if (at == end || (first && is_digit(*at)))
        return false;
    for (; at < end; at++) {
        lower |= is_lower(*at);
        upper |= is_upper(*at);
        if (!is_lower(*at) && !is_upper(*at) && !is_digit(*at))
            return false;
    }
    return !(lower && upper);
}

bool name_is_kebab(spin_slice_t text) {
    const uint8_t *at = text.ptr, *end = text.ptr + text.len;
    for (bool first = true;; first = false) {
        const uint8_t *dash = at == end ? NULL : memchr(at, '-', (size_t)(end - at));
        if (!is_word(at, dash == NULL ? end : dash, first))
            return false;
        if (dash == NULL)
            return true;
        at = dash + 1;
    }
}

/* ── versions (Semantic Versioning 2.0.0) ──────────────────────────────────────────────────── */

/* A version in one or two pieces, read as one text. */
typedef struct version_text {
    spin_slice_t head;
    spin_slice_t tail;
    size_t at;
} version_text_t;

/* The next character; 0 at the end. A NUL in the text is none that a version may hold, but must not
 * pass for its end. */
static uint8_t version_peek(const version_text_t *text) {
    uint8_t c;
    if (text->at < text->head.len)
        c = text->head.ptr[text->at];
    else if (text->at - text->head.len < text->tail.len)
        c = text->tail.ptr[text->at - text->head.len];
    else
        return 0;
    return c == 0 ? 0xff : c;
}

/* A decimal number without leading zeros that 64 bits hold. */
static const char *version_number(version_text_t *text) {
    uint64_t value = 0;
    size_t start = text->at;
    bool zero = version_peek(text) == '0';
    for (uint8_t c; is_digit(c = version_peek(text)); text->at++) {
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(c - '0'), &value))
            return "a number of the version is too large";
    }
    if (text->at == start)
        return "the version is not three numbers";
    return zero && text->at - start > 1 ? "a number of the version begins with a zero" : NULL;
}

/* Identifiers between dots. In a pre-release, numeric ones have no leading zeros. */
static const char *version_identifiers(version_text_t *text, bool prerelease) {
    for (;; text->at++) {
        size_t start = text->at;
        bool zero = version_peek(text) == '0', numeric = true;
        uint8_t c;
        for (; c = version_peek(text), is_digit(c) || is_lower(c) || is_upper(c) || c == '-';
             text->at++)
            numeric &= is_digit(c);
        if (text->at == start)
            return "the version has an empty identifier";
        if (prerelease && numeric && zero && text->at - start > 1)
            return "a number of the version begins with a zero";
        if (c != '.')
            return NULL;
    }
}

static const char *check_version(spin_slice_t head, spin_slice_t tail) {
    version_text_t text = {head, tail, 0};
    const char *fault = NULL;
    for (int i = 0; i < 3 && fault == NULL; i++) {
        if (i > 0 && version_peek(&text) != '.')
            return "the version is not three numbers";
        text.at += i > 0;
        fault = version_number(&text);
    }
    if (fault == NULL && version_peek(&text) == '-') {
        text.at++;
        fault = version_identifiers(&text, true);
    }
    if (fault == NULL && version_peek(&text) == '+') {
        text.at++;
        fault = version_identifiers(&text, false);
    }
    if (fault == NULL && version_peek(&text) != 0)
        fault = "the version has a character that is not allowed in one";
    return fault;
}

const char *extern_name_check_version(const extern_name_t *name, spin_slice_t suffix) {
    return name->has_version ? check_version(name->version, suffix) : NULL;
}

/* ── the parser ────────────────────────────────────────────────────────────────────────────── */

typedef struct name_reader {
    spin_slice_t left;
    const char *fault;
} name_reader_t;

static bool fail(name_reader_t *reader, const char *fault) {
    reader->fault = fault;
    return false;
}

static spin_slice_t take(name_reader_t *reader, size_t len) {
    spin_slice_t taken = spin_slice_of(reader->left.ptr, len);
    reader->left = spin_slice_of(reader->left.ptr + len, reader->left.len - len);
    return taken;
}

static bool eat(name_reader_t *reader, const char *text) {
    size_t len = strlen(text);
    if (reader->left.len < len || memcmp(reader->left.ptr, text, len) != 0)
        return false;
    take(reader, len);
    return true;
}

/* What stands before the next `c`, which stays. */
static bool take_to(name_reader_t *reader, uint8_t c, spin_slice_t *out) {
    const uint8_t *found =
        reader->left.len == 0 ? NULL : memchr(reader->left.ptr, c, reader->left.len);
    if (found == NULL)
        return false;
    *out = take(reader, (size_t)(found - reader->left.ptr));
    return true;
}

static bool take_kebab(name_reader_t *reader, spin_slice_t *out) {
    size_t len = 0;
    while (len < reader->left.len) {
        uint8_t c = reader->left.ptr[len];
        if (!is_lower(c) && !is_upper(c) && !is_digit(c) && c != '-')
            break;
        len++;
    }
    *out = take(reader, len);
    return name_is_kebab(*out) || fail(reader, "a part of the name is not in kebab case");
}

static bool take_lower_kebab(name_reader_t *reader) {
    spin_slice_t part;
    if (!take_kebab(reader, &part))
        return false;
    for (size_t i = 0; i < part.len; i++)
        if (is_upper(part.ptr[i]))
            return fail(reader, "the namespace or package is not in lower case");
    return true;
}

/* namespace ':' package ('/' interface)? */
static bool package_path(name_reader_t *reader, bool want_interface) {
    spin_slice_t part;
    if (!take_lower_kebab(reader))
        return false;
    if (!eat(reader, ":"))
        return fail(reader, "a colon is missing after the namespace");
    if (!take_lower_kebab(reader))
        return false;
    if (eat(reader, "/"))
        return take_kebab(reader, &part);
    return !want_interface || fail(reader, "a slash is missing after the package");
}

static bool version(name_reader_t *reader, spin_slice_t text) {
    reader->fault = check_version(text, spin_slice(""));
    return reader->fault == NULL;
}

/* '>=' version (' <' version)?, or '<' version */
static bool version_range(name_reader_t *reader, spin_slice_t range) {
    name_reader_t inner = {range, NULL};
    spin_slice_t lower;
    if (slice_equal_text(range, "*"))
        return true;
    if (eat(&inner, ">=")) {
        if (!take_to(&inner, ' ', &lower))
            return version(reader, inner.left);
        if (!version(reader, lower))
            return false;
        take(&inner, 1);
    }
    if (!eat(&inner, "<"))
        return fail(reader, "a version range begins with neither \">=\" nor \"<\"");
    return version(reader, inner.left);
}

/* pkgnamequery without the brackets */
static bool package_query(name_reader_t *reader) {
    spin_slice_t range;
    if (!package_path(reader, false))
        return false;
    if (!eat(reader, "@") || eat(reader, "*"))
        return true;
    if (!eat(reader, "{") || !take_to(reader, '}', &range))
        return fail(reader, "a version range is not in braces");
    take(reader, 1);
    return version_range(reader, range);
}

static bool is_base64(spin_slice_t text) {
    size_t equals = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        bool plain = is_digit(c) || is_lower(c) || is_upper(c) || c == '+' || c == '/';
        if (c == '=' && i > 0 && equals < 2)
            equals++;
        else if (!plain || equals > 0)
            return false;
    }
    return text.len > 0;
}

/* The bytes of the white space that `text` begins with (Unicode's White_Space); 0: none. */
static size_t space_length(spin_slice_t text) {
    static const char *const wide[] = {
        "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
        "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
        "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
        "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};
    if (text.len > 0 && (text.ptr[0] == ' ' || (text.ptr[0] >= '\t' && text.ptr[0] <= '\r')))
        return 1;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        size_t len = strlen(wide[i]);
        if (text.len >= len && memcmp(text.ptr, wide[i], len) == 0)
            return len;
    }
    return 0;
}

static bool hash(name_reader_t *reader, spin_slice_t text) {
    name_reader_t inner = {text, NULL};
    spin_slice_t base64;
    if (!eat(&inner, "sha256") && !eat(&inner, "sha384") && !eat(&inner, "sha512"))
        return fail(reader, "the hash is of an unknown kind");
    if (!eat(&inner, "-"))
        return fail(reader, "a dash is missing after the kind of hash");
    if (!take_to(&inner, '?', &base64))
        base64 = inner.left;
    return is_base64(base64) || fail(reader, "the hash is not base64");
}

/* '<' hashes separated by white space '>' */
static bool integrity(name_reader_t *reader) {
    spin_slice_t text;
    bool any = false;
    if (!eat(reader, "<") || !take_to(reader, '>', &text))
        return fail(reader, "the hashes are not in brackets");
    take(reader, 1);
    for (size_t at = 0; at < text.len;) {
        spin_slice_t left = spin_slice_of(text.ptr + at, text.len - at);
        size_t len = space_length(left);
        if (len > 0) {
            at += len;
            continue;
        }
        while (len < left.len && space_length(spin_slice_of(left.ptr + len, left.len - len)) == 0)
            len++;
        if (!hash(reader, spin_slice_of(left.ptr, len)))
            return false;
        any = true;
        at += len;
    }
    return any || fail(reader, "there is no hash");
}

static bool optional_integrity(name_reader_t *reader) {
    if (!eat(reader, ","))
        return true;
    return eat(reader, "integrity=") ? integrity(reader)
                                     : fail(reader, "only a hash may follow the comma");
}

static bool locked_dependency(name_reader_t *reader) {
    spin_slice_t text = {NULL, 0};
    if (!eat(reader, "<") || !package_path(reader, false))
        return reader->fault != NULL ? false : fail(reader, "the dependency is not in brackets");
    if (eat(reader, "@") && (!take_to(reader, '>', &text) || !version(reader, text)))
        return reader->fault != NULL ? false : fail(reader, "the dependency is not in brackets");
    if (!eat(reader, ">"))
        return fail(reader, "the dependency is not in brackets");
    return optional_integrity(reader);
}

static bool unlocked_dependency(name_reader_t *reader) {
    if (!eat(reader, "<"))
        return fail(reader, "the dependency is not in brackets");
    return package_query(reader) &&
           (eat(reader, ">") || fail(reader, "the dependency is not in brackets"));
}

static bool url(name_reader_t *reader) {
    spin_slice_t text;
    if (!eat(reader, "<") || !take_to(reader, '>', &text))
        return fail(reader, "the URL is not in brackets");
    if (memchr(text.ptr, '<', text.len) != NULL)
        return fail(reader, "the URL holds a \"<\"");
    take(reader, 1);
    return optional_integrity(reader);
}

/* All that is left must be one label. */
static bool rest_is_kebab(name_reader_t *reader, spin_slice_t *out) {
    *out = take(reader, reader->left.len);
    return name_is_kebab(*out) || fail(reader, "it is not in kebab case");
}

static bool resource_member(name_reader_t *reader, extern_name_t *out) {
    if (!take_to(reader, '.', &out->resource))
        return fail(reader, "a dot is missing after the resource's name");
    if (!name_is_kebab(out->resource))
        return fail(reader, "the resource's name is not in kebab case");
    take(reader, 1);
    return rest_is_kebab(reader, &out->member);
}

static bool interface(name_reader_t *reader, extern_name_t *out) {
    if (!package_path(reader, true))
        return false;
    out->has_version = eat(reader, "@");
    if (out->has_version)
        out->version = take(reader, reader->left.len);
    return true;
}

static bool parse(name_reader_t *reader, extern_name_t *out) {
    static const struct {
        const char *prefix;
        extern_name_kind_t kind;
    } forms[] = {
        {"[constructor]", NAME_CONSTRUCTOR}, {"[method]", NAME_METHOD},
        {"[static]", NAME_STATIC},           {"unlocked-dep=", NAME_DEPENDENCY},
        {"locked-dep=", NAME_DEPENDENCY},    {"url=", NAME_URL},
        {"integrity=", NAME_HASH},
    };
    size_t form = 0, count = sizeof forms / sizeof *forms;
    while (form < count && !eat(reader, forms[form].prefix))
        form++;
    if (form == count) {
        bool colon = memchr(out->text.ptr, ':', out->text.len) != NULL;
        out->kind = colon ? NAME_INTERFACE : NAME_LABEL;
        return colon ? interface(reader, out) : rest_is_kebab(reader, &out->member);
    }
    out->kind = forms[form].kind;
    switch (out->kind) {
    case NAME_CONSTRUCTOR: return rest_is_kebab(reader, &out->resource);
    case NAME_DEPENDENCY:
        return forms[form].prefix[0] == 'u' ? unlocked_dependency(reader)
                                            : locked_dependency(reader);
    case NAME_URL: return url(reader);
    case NAME_HASH: return integrity(reader);
    default: return resource_member(reader, out);
    }
}

const char *extern_name_parse(spin_slice_t text, extern_name_t *out) {
    name_reader_t reader = {text, NULL};
    *out = (extern_name_t){.text = text};
    if (text.len == 0)
        return "it is empty";
    if (!parse(&reader, out))
        return reader.fault;
    return reader.left.len == 0 ? NULL : "characters follow that do not belong to it";
}
