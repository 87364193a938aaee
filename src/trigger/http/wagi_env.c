#include "trigger/http/wagi_env.h"

#include <ctype.h>

#include "base/error.h"
#include "trigger/http/default_headers.h"
#include "trigger/http/percent.h"

#define PREFIX "HTTP_"

enum { CGI_VARIABLES = 24 };

static void add(wagi_env_t *env, spin_slice_t key, spin_slice_t value) {
    env->variables[env->variables_len++] = (spin_pair_t){key, value};
}

#define ADD(env, key, value) add((env), SLICE_LITERAL(key), (value))

static spin_slice_t find_header(const net_exchange_t *exchange, spin_slice_t name) {
    for (size_t i = 0; i < exchange->headers_len; i++)
        if (slice_equal(exchange->headers[i].name, name))
            return exchange->headers[i].value;
    return SLICE_LITERAL("");
}

/* ── names and addresses ── */

/* Splits "host:port" or "[v6]:port". Without a Host header the name is "localhost" and the port the
 * connection's own; a Host without a port stands for 80 (RFC 9110 section 7.2). */
static spin_error_t *add_server(wagi_env_t *env, const net_exchange_t *exchange) {
    spin_slice_t host = exchange->host;
    spin_slice_t port = SLICE_LITERAL("80");
    size_t colon = host.len;
    while (colon > 0 && isdigit(host.ptr[colon - 1]))
        colon--;
    if (colon > 0 && host.ptr[colon - 1] == ':') {
        if (colon < host.len)
            port = slice_from(host, colon);
        host.len = colon - 1;
    }
    if (exchange->host.len == 0) {
        char local[64];
        uint16_t number = 0;
        net_exchange_local(exchange, local, sizeof local, &number);
        host = SLICE_LITERAL("localhost");
        port = arena_printf(exchange->arena, "%u", (unsigned)number);
    }
    ADD(env, "SERVER_NAME", host);
    ADD(env, "SERVER_PORT", port);
    return port.ptr == NULL ? error_no_memory() : NULL;
}

/* Decoded; a byte that makes no UTF-8, and the zero that would end a variable, become "?". */
static spin_slice_t decode_path(arena_t *arena, spin_slice_t path) {
    uint8_t *out = arena_alloc_bytes(arena, path.len + 1);
    size_t len = 0, bad;
    if (out == NULL)
        return (spin_slice_t){NULL, 0};
    for (size_t i = 0, taken; i < path.len; i += taken) {
        uint8_t byte = percent_next(slice_from(path, i), &taken);
        out[len++] = byte == 0 ? '?' : byte;
    }
    for (size_t at = 0; !slice_is_utf8(spin_slice_of(out + at, len - at), &bad); at += bad + 1)
        out[at + bad] = '?';
    return spin_slice_of(out, len);
}

/* ── HTTP_* ── */

/* RFC 3875 section 4.1.18 keeps credentials back. `Proxy` would be taken for the variable that
 * names a proxy ("httpoxy"), and an underscore makes a name that looks like another header's. */
static bool is_passed(spin_slice_t name) {
    static const spin_slice_t kept_back[] = {
        SLICE_INIT("authorization"),
        SLICE_INIT("connection"),
        SLICE_INIT("proxy"),
    };
    for (size_t i = 0; i < sizeof kept_back / sizeof *kept_back; i++)
        if (slice_equal(name, kept_back[i]))
            return false;
    return slice_find(name, '_') == name.len;
}

static spin_slice_t variable_name(arena_t *arena, spin_slice_t header) {
    size_t len = sizeof PREFIX - 1 + header.len;
    uint8_t *name = arena_alloc_bytes(arena, len);
    if (name == NULL)
        return (spin_slice_t){NULL, 0};
    memcpy(name, PREFIX, sizeof PREFIX - 1);
    uint8_t *out = name + sizeof PREFIX - 1;
    for (size_t i = 0; i < header.len; i++) {
        uint8_t byte = header.ptr[i];
        bool is_lower = byte >= 'a' && byte <= 'z';
        out[i] = byte == '-' ? '_' : is_lower ? (uint8_t)(byte - 'a' + 'A') : byte;
    }
    return spin_slice_of(name, len);
}

/* Fields of one name are one list (RFC 9110 section 5.3; cookies: RFC 9113 section 8.2.3). */
static bool join_value(arena_t *arena, spin_pair_t *variable, const net_header_t *header) {
    const char *between = slice_equal_text(header->name, "cookie") ? "; " : ", ";
    variable->value = arena_printf(arena, "%.*s%s%.*s", SLICE_ARG(variable->value), between,
                                   SLICE_ARG(header->value));
    return variable->value.ptr != NULL;
}

static spin_error_t *add_headers(wagi_env_t *env, const net_exchange_t *exchange) {
    size_t first = env->variables_len;
    for (size_t i = 0; i < exchange->headers_len; i++) {
        const net_header_t *header = &exchange->headers[i];
        if (!is_passed(header->name))
            continue;
        spin_slice_t name = variable_name(exchange->arena, header->name);
        if (name.ptr == NULL)
            return error_no_memory();
        size_t at = first;
        while (at < env->variables_len && !slice_equal(env->variables[at].key, name))
            at++;
        if (at == env->variables_len)
            add(env, name, header->value);
        else if (!join_value(exchange->arena, &env->variables[at], header))
            return error_no_memory();
    }
    return NULL;
}

/* ── arguments ── */

/* Copies `text` behind `*at`, with each "&" turned into a space where `query` says so. */
static void append(uint8_t **at, spin_slice_t text, bool query) {
    for (size_t i = 0; i < text.len; i++)
        *(*at)++ = query && text.ptr[i] == '&' ? ' ' : text.ptr[i];
}

static size_t count_places(spin_slice_t argv) {
    size_t count = 0;
    for (size_t i = 0; i < argv.len; i++)
        count += argv.ptr[i] == '$';
    return count;
}

static spin_error_t *split_args(wagi_env_t *env, arena_t *arena, spin_slice_t text) {
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == ' ';
    env->args = arena_alloc(arena, count * sizeof *env->args);
    if (env->args == NULL)
        return error_no_memory();
    for (env->args_len = 0; env->args_len < count; env->args_len++) {
        spin_slice_t arg = spin_slice_of(text.ptr, slice_find(text, ' '));
        env->args[env->args_len] = arg;
        text = slice_from(text, arg.len + 1);
    }
    return NULL;
}

static spin_error_t *make_args(wagi_env_t *env, const net_exchange_t *exchange, spin_slice_t argv) {
    static const spin_slice_t script = SLICE_INIT("${SCRIPT_NAME}");
    static const spin_slice_t args = SLICE_INIT("${ARGS}");
    size_t longest = exchange->path.len + exchange->query.len;
    uint8_t *text = arena_alloc_bytes(exchange->arena, argv.len + count_places(argv) * longest + 1);
    if (text == NULL)
        return error_no_memory();
    uint8_t *at = text;
    while (argv.len > 0) {
        size_t taken = 1;
        if (slice_starts_with(argv, script)) {
            append(&at, exchange->path, false);
            taken = script.len;
        } else if (slice_starts_with(argv, args)) {
            append(&at, exchange->query, true);
            taken = args.len;
        } else {
            *at++ = argv.ptr[0];
        }
        argv = slice_from(argv, taken);
    }
    return split_args(env, exchange->arena, spin_slice_of(text, (size_t)(at - text)));
}

/* ── all of it ── */

static spin_error_t *add_request(wagi_env_t *env, const net_exchange_t *exchange,
                                 const http_route_t *route) {
    char peer[64];
    uint16_t port;
    net_exchange_peer(exchange, peer, sizeof peer, &port);
    spin_slice_t remote = arena_copy(exchange->arena, spin_slice(peer));
    spin_slice_t length = arena_printf(exchange->arena, "%zu", exchange->body.len);
    spin_slice_t rest = http_route_rest(route, exchange->path);
    spin_slice_t translated = decode_path(exchange->arena, rest);
    if (remote.ptr == NULL || length.ptr == NULL || translated.ptr == NULL)
        return error_no_memory();
    ADD(env, "AUTH_TYPE", SLICE_LITERAL(""));
    ADD(env, "CONTENT_LENGTH", length);
    ADD(env, "CONTENT_TYPE", find_header(exchange, SLICE_LITERAL("content-type")));
    ADD(env, "GATEWAY_INTERFACE", SLICE_LITERAL("CGI/1.1"));
    ADD(env, "PATH_TRANSLATED", translated);
    ADD(env, "QUERY_STRING", exchange->query);
    ADD(env, "REMOTE_ADDR", remote);
    ADD(env, "REMOTE_HOST", remote);
    ADD(env, "REMOTE_USER", SLICE_LITERAL(""));
    ADD(env, "REQUEST_METHOD", exchange->method);
    ADD(env, "SCRIPT_NAME", route->path);
    ADD(env, "SERVER_PROTOCOL",
        exchange->version_minor == 0 ? SLICE_LITERAL("HTTP/1.0") : SLICE_LITERAL("HTTP/1.1"));
    ADD(env, "SERVER_SOFTWARE", SLICE_LITERAL("WAGI/1"));
    ADD(env, "X_RAW_PATH_INFO", rest);
    return add_server(env, exchange);
}

spin_error_t *wagi_env_init(wagi_env_t *env, const net_exchange_t *exchange,
                            const http_route_t *route, const spin_slice_t *defaults,
                            spin_slice_t argv) {
    *env = (wagi_env_t){0};
    env->variables = arena_alloc(exchange->arena,
                                 (CGI_VARIABLES + exchange->headers_len) * sizeof *env->variables);
    if (env->variables == NULL)
        return error_no_memory();
    for (size_t i = 0; i < HTTP_DEFAULT_COUNT; i++)
        add(env, http_default_names[i].variable, defaults[i]);
    spin_error_t *error = add_request(env, exchange, route);
    if (error == NULL)
        error = add_headers(env, exchange);
    if (error == NULL)
        error = make_args(env, exchange, argv);
    return error;
}
