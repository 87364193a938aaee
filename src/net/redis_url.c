#include "net/redis_url.h"

#include <arpa/inet.h>

#include "base/error.h"
#include "base/slice.h"

/* No message shows a part of the address but its scheme: whatever was written in the wrong place
 * may be the password. */

typedef struct parser {
    arena_t *arena;
    net_redis_url_t *url;
    spin_slice_t scheme;
    spin_slice_t user_text; /* as written */
} parser_t;

static spin_error_t *invalid(const char *reason) {
    return error_new(SPIN_ERROR_INVALID,
                     "%s; expected redis://[[user]:password@]host[:port][/database], with "
                     "\"%%40\" for \"@\" and \"%%2F\" for \"/\" in names and passwords",
                     reason);
}

/* ── pieces ──────────────────────────────────────────────────────────────────────────────── */

static int hex_digit(uint8_t byte) {
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* NUL-terminated, in the arena. */
static spin_error_t *decode(parser_t *parser, spin_slice_t text, spin_slice_t *out) {
    uint8_t *bytes = arena_alloc_bytes(parser->arena, text.len + 1);
    size_t len = 0;
    if (bytes == NULL)
        return error_no_memory();
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.ptr[i];
        if (byte == '%') {
            int high = i + 2 < text.len ? hex_digit(text.ptr[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_digit(text.ptr[i + 2]) : -1;
            if (high < 0 || low < 0)
                return invalid("\"%\" without two hexadecimal digits behind it");
            byte = (uint8_t)(high << 4 | low);
            i += 2;
        }
        bytes[len++] = byte;
    }
    bytes[len] = '\0';
    *out = spin_slice_of(bytes, len);
    return NULL;
}

/* The same for what becomes a C string. */
static spin_error_t *decode_text(parser_t *parser, spin_slice_t text, const char **out) {
    spin_slice_t decoded;
    spin_error_t *error = decode(parser, text, &decoded);
    if (error == NULL && slice_find(decoded, '\0') < decoded.len)
        error = invalid("\"%00\" in the host or path");
    if (error == NULL)
        *out = (const char *)decoded.ptr;
    return error;
}

static bool parse_number(spin_slice_t text, uint32_t max, uint32_t *out) {
    uint64_t number = 0;
    if (text.len == 0 || text.len > 10)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    *out = (uint32_t)number;
    return number <= max;
}

static spin_error_t *parse_database(parser_t *parser, spin_slice_t text) {
    return parse_number(text, INT32_MAX, &parser->url->database)
               ? NULL
               : invalid("the database is not a number");
}

/* ── user, host and port ─────────────────────────────────────────────────────────────────── */

static spin_error_t *parse_user(parser_t *parser, spin_slice_t text) {
    net_redis_url_t *url = parser->url;
    spin_error_t *error = NULL;
    size_t colon = slice_find(text, ':');
    parser->user_text = (spin_slice_t){text.ptr, colon};
    if (colon > 0)
        error = decode(parser, parser->user_text, &url->user);
    if (error == NULL && colon < text.len)
        error = decode(parser, slice_from(text, colon + 1), &url->password);
    return error;
}

static spin_error_t *parse_v6(parser_t *parser, spin_slice_t text) {
    uint8_t bytes[sizeof(struct in6_addr)];
    spin_error_t *error = decode_text(parser, text, &parser->url->host);
    if (error == NULL && inet_pton(AF_INET6, parser->url->host, bytes) != 1)
        error = invalid("what stands in brackets is no IPv6 address");
    return error;
}

static spin_error_t *parse_name(parser_t *parser, spin_slice_t text) {
    spin_error_t *error = decode_text(parser, text, &parser->url->host);
    if (error != NULL)
        return error;
    if (parser->url->host[0] == '\0')
        return invalid("the host is missing");
    for (const char *at = parser->url->host; *at != '\0'; at++)
        if ((uint8_t)*at <= ' ' || strchr("/?#@:[]\\\x7f", *at) != NULL)
            return invalid("a host has no such characters");
    return NULL;
}

static spin_error_t *parse_host(parser_t *parser, spin_slice_t text) {
    uint32_t port = NET_REDIS_PORT;
    spin_error_t *error;
    size_t end = slice_find(text, ':');
    if (text.len > 0 && text.ptr[0] == '[') {
        end = slice_find(text, ']');
        if (end == text.len)
            return invalid("\"[\" without \"]\"");
        error = parse_v6(parser, spin_slice_of(text.ptr + 1, end - 1));
        end++;
    } else {
        error = parse_name(parser, spin_slice_of(text.ptr, end));
    }
    if (error != NULL)
        return error;
    if (end < text.len &&
        (text.ptr[end] != ':' || !parse_number(slice_from(text, end + 1), UINT16_MAX, &port) ||
         port == 0))
        return invalid("the port is not a number from 1 to 65535");
    parser->url->port = (uint16_t)port;
    return NULL;
}

/* The last "@" counts: one that was forgotten to be encoded is the password's. */
static size_t find_last(spin_slice_t text, uint8_t byte) {
    for (size_t i = text.len; i > 0; i--)
        if (text.ptr[i - 1] == byte)
            return i - 1;
    return text.len;
}

static size_t find_any(spin_slice_t text, const char *bytes) {
    size_t at = 0;
    while (at < text.len && strchr(bytes, text.ptr[at]) == NULL)
        at++;
    return at;
}

/* host:port/database */
static spin_error_t *parse_tcp(parser_t *parser, spin_slice_t rest) {
    size_t end = find_any(rest, "/?");
    spin_slice_t authority = {rest.ptr, end};
    rest = slice_from(rest, end);
    size_t at = find_last(authority, '@');
    spin_error_t *error = NULL;
    if (at < authority.len) {
        error = parse_user(parser, spin_slice_of(authority.ptr, at));
        authority = slice_from(authority, at + 1);
    }
    if (error == NULL)
        error = parse_host(parser, authority);
    if (error != NULL)
        return error;
    spin_slice_t path = {rest.ptr, slice_find(rest, '?')}; /* a query says nothing here */
    return path.len <= 1 ? NULL : parse_database(parser, slice_from(path, 1));
}

/* ── Unix sockets ────────────────────────────────────────────────────────────────────────── */

static spin_error_t *parse_parameter(parser_t *parser, spin_slice_t text) {
    net_redis_url_t *url = parser->url;
    size_t equals = slice_find(text, '=');
    spin_slice_t name = {text.ptr, equals};
    spin_slice_t value = slice_from(text, equals + 1);
    if (slice_equal_text(name, "db"))
        return parse_database(parser, value);
    if (slice_equal_text(name, "pass"))
        return decode(parser, value, &url->password);
    if (!slice_equal_text(name, "user"))
        return NULL;
    parser->user_text = value;
    return decode(parser, value, &url->user);
}

static spin_error_t *parse_unix(parser_t *parser, spin_slice_t rest) {
    size_t end = slice_find(rest, '?');
    spin_slice_t query = slice_from(rest, end + 1);
    if (end == 0 || rest.ptr[0] != '/')
        return invalid("a Unix socket's address is unix:///path");
    spin_error_t *error = decode_text(parser, spin_slice_of(rest.ptr, end), &parser->url->path);
    while (error == NULL && query.len > 0) {
        size_t and = slice_find(query, '&');
        error = parse_parameter(parser, spin_slice_of(query.ptr, and));
        query = slice_from(query, and+1);
    }
    return error;
}

/* ── all of it ───────────────────────────────────────────────────────────────────────────── */

static const struct {
    const char *name;
    bool tls;
    spin_error_t *(*parse)(parser_t *parser, spin_slice_t rest);
} schemes[] = {
    {"redis", false, parse_tcp},
    {"rediss", true, parse_tcp},
    {"unix", false, parse_unix},
    {"redis+unix", false, parse_unix},
};

static bool is_scheme(spin_slice_t text) {
    for (size_t i = 0; i < text.len; i++)
        if (hex_digit(text.ptr[i]) < 0 && strchr("+-.", text.ptr[i]) == NULL &&
            ((text.ptr[i] | 0x20) < 'a' || (text.ptr[i] | 0x20) > 'z'))
            return false;
    return text.len > 0 && text.len <= 16;
}

static spin_error_t *show(parser_t *parser) {
    net_redis_url_t *url = parser->url;
    bool v6 = url->host != NULL && strchr(url->host, ':') != NULL;
    spin_slice_t shown;
    if (url->path != NULL)
        shown = arena_printf(parser->arena, "unix://%s", url->path);
    else
        shown = arena_printf(parser->arena, "%.*s://%.*s%s%s%s%s:%u", SLICE_ARG(parser->scheme),
                             SLICE_ARG(parser->user_text), url->user.len > 0 ? "@" : "",
                             v6 ? "[" : "", url->host, v6 ? "]" : "", (unsigned)url->port);
    if (shown.ptr != NULL && url->database != 0)
        shown = arena_printf(parser->arena, url->path == NULL ? "%.*s/%u" : "%.*s?db=%u",
                             SLICE_ARG(shown), (unsigned)url->database);
    url->shown = (const char *)shown.ptr;
    return shown.ptr == NULL ? error_no_memory() : NULL;
}

static spin_error_t *check_characters(spin_slice_t text) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] == 0x7f)
            return invalid("a space or control character");
        if (text.ptr[i] == '#')
            return invalid("\"#\", which is \"%23\" in a name or password");
    }
    return NULL;
}

spin_error_t *net_redis_url_parse(arena_t *arena, spin_slice_t text, net_redis_url_t *out) {
    static const spin_slice_t separator = SLICE_INIT("://");
    *out = (net_redis_url_t){0};
    parser_t parser = {.arena = arena, .url = out};
    size_t colon = slice_find(text, ':');
    spin_slice_t rest = slice_from(text, colon);
    parser.scheme = spin_slice_of(text.ptr, colon);
    spin_error_t *error = check_characters(text);
    if (error != NULL)
        return error;
    if (!slice_starts_with(rest, separator) || !is_scheme(parser.scheme))
        return invalid("no scheme");
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (!slice_equal_ignore_case(parser.scheme, spin_slice(schemes[i].name)))
            continue;
        out->tls = schemes[i].tls;
        parser.scheme = spin_slice(schemes[i].name);
        error = schemes[i].parse(&parser, slice_from(rest, separator.len));
        return error != NULL ? error : show(&parser);
    }
    return error_new(SPIN_ERROR_UNSUPPORTED,
                     "scheme \"%.*s\"; a Redis server's address begins with redis://, or with "
                     "rediss:// where it speaks TLS",
                     SLICE_ARG(parser.scheme));
}

static bool copy_text(arena_t *arena, const char **text) {
    if (*text == NULL)
        return true;
    *text = arena_copy_text(arena, spin_slice(*text));
    return *text != NULL;
}

static bool copy_slice(arena_t *arena, spin_slice_t *slice) {
    if (slice->ptr == NULL)
        return true;
    *slice = arena_copy(arena, *slice);
    return slice->ptr != NULL;
}

spin_error_t *net_redis_url_copy(arena_t *arena, const net_redis_url_t *url, net_redis_url_t *out) {
    *out = *url;
    bool ok = copy_text(arena, &out->host) && copy_text(arena, &out->path) &&
              copy_text(arena, &out->shown) && copy_slice(arena, &out->user) &&
              copy_slice(arena, &out->password);
    return ok ? NULL : error_no_memory();
}
