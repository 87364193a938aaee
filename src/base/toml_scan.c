#include "base/toml_scan.h"

#include <stdio.h>

#include "base/error.h"

/* ── errors ──────────────────────────────────────────────────────────────────────────────── */

toml_shown_t toml_show(spin_slice_t text) {
    toml_shown_t shown;
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        bool lead = c < 0x80 || c >= 0xC0;
        if (lead && len > sizeof shown.text - 16) { /* room for one escape or sequence, and "..." */
            len += (size_t)snprintf(shown.text + len, sizeof shown.text - len, "...");
            break;
        }
        if (c < 0x20 || c == 0x7F)
            len += (size_t)snprintf(shown.text + len, sizeof shown.text - len, "\\u%04X", c);
        else
            shown.text[len++] = (char)c;
    }
    shown.text[len] = '\0';
    return shown;
}

toml_shown_t toml_show_here(const toml_scanner_t *scan) {
    toml_shown_t shown;
    int c = toml_peek(scan, 0);
    if (c < 0 || c == '\n' || (c == '\r' && toml_peek(scan, 1) == '\n')) {
        snprintf(shown.text, sizeof shown.text, "the end of the %s", c < 0 ? "file" : "line");
        return shown;
    }
    size_t len = 1;
    while ((toml_peek(scan, len) & ~0x3F) == 0x80) /* the rest of one character */
        len++;
    snprintf(shown.text, sizeof shown.text, "\"%.16s\"",
             toml_show(spin_slice_of(scan->at, len)).text);
    return shown;
}

static spin_error_t *fail_control(const toml_scanner_t *scan, const char *where) {
    unsigned c = *scan->at;
    if (c == '\r')
        return TOML_FAIL(scan, toml_here(scan),
                         "a carriage return without a line feed is not allowed in %s", where);
    return TOML_FAIL(scan, toml_here(scan), "control character U+%04X is not allowed in %s", c,
                     where);
}

/* ── beginning ───────────────────────────────────────────────────────────────────────────── */

spin_error_t *toml_scanner_init(toml_scanner_t *scan, arena_t *arena, spin_slice_t text,
                                const char *file) {
    static const uint8_t byte_order_mark[] = {0xEF, 0xBB, 0xBF};
    if (text.len >= UINT32_MAX)
        return error_new(SPIN_ERROR_LIMIT, "a TOML text may have at most 4 GiB");
    if (slice_starts_with(text, spin_slice_of(byte_order_mark, sizeof byte_order_mark)))
        text = slice_from(text, sizeof byte_order_mark);
    if (text.ptr == NULL)
        text = SLICE_LITERAL("");
    *scan = (toml_scanner_t){text.ptr, text.ptr + text.len, text.ptr, 1, file, arena};

    size_t bad;
    if (slice_is_utf8(text, &bad))
        return NULL;
    for (const uint8_t *stop = text.ptr + bad; scan->at < stop; scan->at++)
        if (*scan->at == '\n') {
            scan->line++;
            scan->line_start = scan->at + 1;
        }
    return TOML_FAIL(scan, toml_here(scan),
                     "byte 0x%02X is not valid UTF-8; save the file as UTF-8", *scan->at);
}

/* ── blanks ──────────────────────────────────────────────────────────────────────────────── */

void toml_skip_blanks(toml_scanner_t *scan) {
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t'))
        scan->at++;
}

bool toml_take_newline(toml_scanner_t *scan) {
    if (toml_peek(scan, 0) == '\n')
        scan->at += 1;
    else if (toml_peek(scan, 0) == '\r' && toml_peek(scan, 1) == '\n')
        scan->at += 2;
    else
        return false;
    scan->line++;
    scan->line_start = scan->at;
    return true;
}

/* Whether a byte may stand for itself in comments and strings (section "Comment"). */
static bool is_text(uint8_t c) {
    return (c >= 0x20 && c != 0x7F) || c == '\t';
}

spin_error_t *toml_skip_comment(toml_scanner_t *scan) {
    if (toml_peek(scan, 0) != '#')
        return NULL;
    while (scan->at < scan->end && is_text(*scan->at))
        scan->at++;
    int c = toml_peek(scan, 0);
    if (c < 0 || c == '\n' || (c == '\r' && toml_peek(scan, 1) == '\n'))
        return NULL;
    return fail_control(scan, "a comment");
}

spin_error_t *toml_skip_lines(toml_scanner_t *scan) {
    spin_error_t *error;
    do {
        toml_skip_blanks(scan);
        if ((error = toml_skip_comment(scan)) != NULL)
            return error;
    } while (toml_take_newline(scan));
    return NULL;
}

/* ── strings ─────────────────────────────────────────────────────────────────────────────── */

/* A string between its quotes, as the scanner has gone over it. */
typedef struct body {
    const uint8_t *end;
    bool plain; /* stands for itself: no escapes, no CRLF */
} body_t;

static bool at_quotes(const toml_scanner_t *scan, uint8_t quote, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (toml_peek(scan, i) != quote)
            return false;
    return true;
}

/* Goes over a string's text up to and past the closing quotes. */
static spin_error_t *find_end(toml_scanner_t *scan, toml_mark_t begin, uint8_t quote,
                              bool multiline, body_t *out) {
    size_t quotes = multiline ? 3 : 1;
    out->plain = true;
    while (scan->at < scan->end && !at_quotes(scan, quote, quotes)) {
        uint8_t c = *scan->at;
        if (is_text(c)) {
            if (c == '\\' && quote == '"') {
                out->plain = false;
                int next = toml_peek(scan, 1);
                scan->at += next == '"' || next == '\\' ? 2 : 1;
            } else
                scan->at++;
            continue;
        }
        bool crlf = c == '\r' && toml_peek(scan, 1) == '\n';
        if (c != '\n' && !crlf)
            return fail_control(scan, "a string");
        if (!multiline)
            return TOML_FAIL(scan, begin, "this string has no closing %c on its line", quote);
        out->plain = out->plain && !crlf;
        toml_take_newline(scan);
    }
    if (scan->at >= scan->end)
        return TOML_FAIL(scan, begin, "this string has no closing %.*s", (int)quotes,
                         quote == '"' ? "\"\"\"" : "'''");
    /* One or two quotes may stand right before the closing three (section "String"). */
    for (int i = 0; multiline && i < 2 && toml_peek(scan, 3) == quote; i++)
        scan->at++;
    out->end = scan->at;
    scan->at += quotes;
    return NULL;
}

static size_t encode_utf8(uint32_t code, uint8_t *out) {
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    size_t more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const uint8_t leads[] = {0, 0xC0, 0xE0, 0xF0};
    out[0] = (uint8_t)(leads[more] | (code >> (6 * more)));
    for (size_t i = 1; i <= more; i++)
        out[i] = (uint8_t)(0x80 | ((code >> (6 * (more - i))) & 0x3F));
    return more + 1;
}

static int hex_digit(int c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    int lower = c | 0x20;
    return c > 0 && lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* \uXXXX and \UXXXXXXXX; the scanner stands at the backslash. */
static spin_error_t *decode_unicode(toml_scanner_t *scan, size_t digits, uint8_t **to) {
    uint32_t code = 0;
    for (size_t i = 0; i < digits; i++) {
        int digit = hex_digit(toml_peek(scan, 2 + i));
        if (digit < 0)
            return TOML_FAIL(scan, toml_here(scan), "\\%c needs %zu hexadecimal digits",
                             scan->at[1], digits);
        code = code << 4 | (uint32_t)digit;
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return TOML_FAIL(scan, toml_here(scan), "\"%.*s\" is not a Unicode character",
                         (int)digits + 2, (const char *)scan->at);
    *to += encode_utf8(code, *to);
    scan->at += 2 + digits;
    return NULL;
}

/* A backslash at a line's end takes away all blanks and newlines that follow. */
static bool skip_line_ending(toml_scanner_t *scan) {
    toml_scanner_t probe = *scan;
    probe.at++;
    toml_skip_blanks(&probe);
    if (!toml_take_newline(&probe))
        return false;
    do
        toml_skip_blanks(&probe);
    while (toml_take_newline(&probe));
    *scan = probe;
    return true;
}

static spin_error_t *decode_escape(toml_scanner_t *scan, bool multiline, uint8_t **to) {
    static const char names[] = "btnfr\"\\", values[] = "\b\t\n\f\r\"\\";
    int c = toml_peek(scan, 1);
    const char *known = c > 0 ? strchr(names, c) : NULL;
    if (known != NULL) {
        *(*to)++ = (uint8_t)values[known - names];
        scan->at += 2;
        return NULL;
    }
    if (c == 'u' || c == 'U')
        return decode_unicode(scan, c == 'u' ? 4 : 8, to);
    if (multiline && skip_line_ending(scan))
        return NULL;
    return TOML_FAIL(scan, toml_here(scan),
                     "unknown escape \"\\%s\"; write \\\\ for a backslash, or put the text in "
                     "single quotes",
                     c < 0x20 || c >= 0x7F ? "" : (const char[]){(char)c, '\0'});
}

/* Decodes from `from` to the body's end into the arena: never longer than its source. */
static spin_error_t *decode(toml_scanner_t from, const body_t *body, uint8_t quote, bool multiline,
                            spin_slice_t *out) {
    from.end = body->end;
    uint8_t *text = arena_alloc_bytes(from.arena, (size_t)(from.end - from.at));
    if (text == NULL)
        return error_no_memory();
    uint8_t *to = text;
    while (from.at < from.end) {
        uint8_t c = *from.at;
        if (c == '\\' && quote == '"') {
            spin_error_t *error = decode_escape(&from, multiline, &to);
            if (error != NULL)
                return error;
        } else if (c == '\n' || c == '\r') { /* a newline is one LF whatever the file's habit */
            toml_take_newline(&from);
            *to++ = '\n';
        } else {
            *to++ = c;
            from.at++;
        }
    }
    *out = spin_slice_of(text, (size_t)(to - text));
    return NULL;
}

spin_error_t *toml_take_string(toml_scanner_t *scan, spin_slice_t *out) {
    toml_mark_t begin = toml_here(scan);
    uint8_t quote = *scan->at;
    bool multiline = at_quotes(scan, quote, 3);
    scan->at += multiline ? 3 : 1;
    if (multiline)
        toml_take_newline(scan); /* the one right after the opening is not part of the text */
    toml_scanner_t from = *scan;
    body_t body;
    spin_error_t *error = find_end(scan, begin, quote, multiline, &body);
    if (error != NULL)
        return error;
    if (!body.plain)
        return decode(from, &body, quote, multiline, out);
    *out = spin_slice_of(from.at, (size_t)(body.end - from.at));
    return NULL;
}

/* ── keys ────────────────────────────────────────────────────────────────────────────────── */

static bool is_bare(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

spin_error_t *toml_take_key(toml_scanner_t *scan, spin_slice_t *out) {
    int c = toml_peek(scan, 0);
    if (c == '"' || c == '\'') {
        if (at_quotes(scan, (uint8_t)c, 3))
            return TOML_FAIL(scan, toml_here(scan), "a key can't be a multi-line string");
        return toml_take_string(scan, out);
    }
    const uint8_t *begin = scan->at;
    while (is_bare(toml_peek(scan, 0)))
        scan->at++;
    *out = spin_slice_of(begin, (size_t)(scan->at - begin));
    c = toml_peek(scan, 0);
    if (c >= 0x80)
        return TOML_FAIL(scan, toml_here(scan),
                         "%s can't stand in a bare key; put the key in quotes",
                         toml_show_here(scan).text);
    if (out->len == 0)
        return TOML_FAIL(scan, toml_here(scan), "expected a key, found %s",
                         toml_show_here(scan).text);
    return NULL;
}
