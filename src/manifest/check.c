#include "manifest/check.h"

#include <arpa/inet.h>

static bool is_lower(uint8_t byte) {
    return byte >= 'a' && byte <= 'z';
}
static bool is_upper(uint8_t byte) {
    return byte >= 'A' && byte <= 'Z';
}
static bool is_digit(uint8_t byte) {
    return byte >= '0' && byte <= '9';
}

/* Cuts the part of `*text` in front of the first `separator` off, and the separator with it. */
static spin_slice_t next_part(spin_slice_t *text, uint8_t separator) {
    size_t len = slice_find(*text, separator);
    spin_slice_t part = {text->ptr, len};
    *text = slice_from(*text, len + 1);
    return part;
}

const char *check_not_empty(spin_slice_t text) {
    return text.len == 0 ? "must not be empty" : NULL;
}

const char *check_component_id(spin_slice_t text) {
    if (text.len == 0)
        return "must not be empty";
    if (slice_equal_text(text, ".") || slice_equal_text(text, ".."))
        return "is not a name for a file";
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7F || text.ptr[i] == '/')
            return "must not contain slashes or control characters";
    return NULL;
}

const char *check_variable_name(spin_slice_t text) {
    if (text.len == 0)
        return "must not be empty";
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.ptr[i];
        if (!is_lower(byte) && !is_digit(byte) && byte != '_')
            return "may contain only lower-case letters, digits and underscores";
        if (byte == '_' && i > 0 && text.ptr[i - 1] == '_')
            return "must not contain two underscores in a row";
    }
    if (!is_lower(text.ptr[0]))
        return "must begin with a lower-case letter";
    return text.ptr[text.len - 1] == '_' ? "must not end with an underscore" : NULL;
}

const char *check_environment_name(spin_slice_t text) {
    if (text.len == 0)
        return "must not be empty";
    if (slice_find(text, '=') < text.len || slice_find(text, '\0') < text.len)
        return "must contain neither \"=\" nor a NUL character";
    return NULL;
}

static const char *check_word(spin_slice_t word) {
    if (word.len == 0)
        return "must not have an underscore at an end, or two in a row";
    bool upper = is_upper(word.ptr[0]);
    if (!upper && !is_lower(word.ptr[0]))
        return "must begin each of its words with an ASCII letter";
    for (size_t i = 0; i < word.len; i++) {
        uint8_t byte = word.ptr[i];
        if (!is_lower(byte) && !is_upper(byte) && !is_digit(byte))
            return "may contain only ASCII letters and digits, in words joined by underscores";
        if (upper ? is_lower(byte) : is_upper(byte))
            return "must not mix upper and lower case in a word";
        if (upper && is_digit(byte)) /* as the original has it: a digit is not upper case */
            return "must not have digits in an upper-case word";
    }
    return NULL;
}

const char *check_label(spin_slice_t text) {
    if (text.len == 0)
        return "must not be empty";
    const char *reason = NULL;
    bool more = true;
    while (more && reason == NULL) {
        more = slice_find(text, '_') < text.len;
        reason = check_word(next_part(&text, '_'));
    }
    return reason;
}

/* Whether `path` has the segment `name`; at its very end only when `at_end`. */
static bool has_segment(spin_slice_t path, const char *name, bool at_end) {
    while (path.len > 0) {
        bool last = slice_find(path, '/') == path.len;
        if (slice_equal_text(next_part(&path, '/'), name) && (at_end || !last))
            return true;
    }
    return false;
}

const char *check_route(spin_slice_t text) {
    if (text.len == 0)
        return "must not be empty; \"/\" is the root, and \"/...\" takes every path";
    if (text.ptr[0] != '/')
        return "must begin with \"/\"";
    return has_segment(text, "...", false) ? "may have \"/...\" only at its end" : NULL;
}

const char *check_base(spin_slice_t text) {
    if (text.len > 0 && text.ptr[0] != '/')
        return "must begin with \"/\"";
    return has_segment(text, "...", true) ? "must not contain \"/...\"" : NULL;
}

/* Takes `scheme` off the front, in any case. */
static bool skip_scheme(spin_slice_t *text, const char *scheme) {
    spin_slice_t prefix = spin_slice(scheme);
    if (text->len < prefix.len ||
        !slice_equal_ignore_case((spin_slice_t){text->ptr, prefix.len}, prefix))
        return false;
    *text = slice_from(*text, prefix.len);
    return true;
}

static bool is_ipv6(spin_slice_t text) {
    char address[INET6_ADDRSTRLEN + 1];
    if (text.len == 0 || text.len >= sizeof address || slice_find(text, '\0') < text.len)
        return false;
    memcpy(address, text.ptr, text.len);
    address[text.len] = '\0';
    struct in6_addr parsed;
    return inet_pton(AF_INET6, address, &parsed) == 1;
}

static bool is_port(spin_slice_t text) {
    unsigned port = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.ptr[i]))
            return false;
        port = port * 10 + (unsigned)(text.ptr[i] - '0');
        if (port > UINT16_MAX)
            return false;
    }
    return true;
}

/* The forbidden host code points of the WHATWG URL standard, section 3.1. */
static bool is_host(spin_slice_t text) {
    static const char forbidden[] = " #%/:<>?@[\\]^|";
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7F || strchr(forbidden, text.ptr[i]) != NULL)
            return false;
    return text.len > 0;
}

/* host [":" port] */
static const char *check_authority(spin_slice_t text) {
    bool bracketed = text.len > 0 && text.ptr[0] == '[';
    size_t host_len = slice_find(text, bracketed ? ']' : ':');
    spin_slice_t rest = slice_from(text, host_len + bracketed);
    spin_slice_t host = {text.ptr, host_len};
    if (bracketed && (host_len == text.len || !is_ipv6(slice_from(host, 1))))
        return "has a bad IPv6 address";
    if (!bracketed && !is_host(host))
        return host.len == 0 ? "has no host name" : "has a character that no host name has";
    if (rest.len > 0 && (rest.ptr[0] != ':' || !is_port(slice_from(rest, 1))))
        return "has a bad port";
    return NULL;
}

const char *check_http_host(spin_slice_t text) {
    if (!skip_scheme(&text, "http://") && !skip_scheme(&text, "https://"))
        for (size_t i = 1; i < text.len; i++)
            if (text.ptr[i - 1] == '/' && text.ptr[i] == '/')
                return "must be a host with an optional port, or begin with http:// or https://";
    size_t len = slice_find(text, '/');
    if (slice_from(text, len + 1).len > 0)
        return "must not have a path: only host and port count";
    return check_authority((spin_slice_t){text.ptr, len});
}

const char *check_source_url(spin_slice_t text) {
    if (skip_scheme(&text, "file:///"))
        return NULL;
    if (!skip_scheme(&text, "https://"))
        return "must begin with https:// or file:///";
    return check_authority((spin_slice_t){text.ptr, slice_find(text, '/')});
}

enum { SHA256_DIGITS = 64 };

static bool is_hex(spin_slice_t text) {
    for (size_t i = 0; i < text.len; i++)
        if (!is_digit(text.ptr[i]) && !(text.ptr[i] >= 'a' && text.ptr[i] <= 'f'))
            return false;
    return true;
}

const char *check_digest(spin_slice_t text) {
    spin_slice_t prefix = SLICE_LITERAL("sha256:");
    bool good = slice_starts_with(text, prefix) && text.len == prefix.len + SHA256_DIGITS &&
                is_hex(slice_from(text, prefix.len));
    return good ? NULL : "must be \"sha256:\" and 64 lower-case hexadecimal digits";
}

const char *check_reference(spin_slice_t text) {
    bool good =
        slice_find(text, '/') < text.len && text.ptr[0] != '/' && text.ptr[text.len - 1] != '/';
    return good ? NULL : "must be NAME/VERSION, such as \"shop/1.2.0\"";
}

const char *check_parcel(spin_slice_t text) {
    bool good = text.len == SHA256_DIGITS && is_hex(text);
    return good ? NULL : "must be the SHA-256 of a parcel, 64 lower-case hexadecimal digits";
}

const char *check_relative_path(spin_slice_t text) {
    if (text.len == 0)
        return "must not be empty";
    return text.ptr[0] == '/' ? "must be relative to the manifest's folder" : NULL;
}

const char *check_guest_path(spin_slice_t text) {
    if (text.len == 0 || text.ptr[0] != '/')
        return "must be an absolute path in the guest";
    return has_segment(text, "..", true) ? "must not contain \"..\"" : NULL;
}
