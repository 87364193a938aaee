#include "wit/lexer.h"

#include <stdio.h>

#include "wit/lexer_text.h"

static const char no_text[] = "";

static int peek(const wit_lexer_t *lexer, size_t ahead) {
    return (size_t)(lexer->end - lexer->at) > ahead ? lexer->at[ahead] : -1;
}

static wit_place_t here(const wit_lexer_t *lexer) {
    return (wit_place_t){lexer->file, lexer->line, (uint32_t)(lexer->at - lexer->line_start) + 1};
}

/* Steps over one byte and counts lines. */
static void step(wit_lexer_t *lexer) {
    if (*lexer->at++ == '\n') {
        lexer->line++;
        lexer->line_start = lexer->at;
    }
}

/* ── beginning ───────────────────────────────────────────────────────────────────────────── */

spin_error_t *wit_lexer_init(wit_lexer_t *lexer, spin_slice_t text, const char *file) {
    *lexer = (wit_lexer_t){.line = 1, .file = file};
    if (text.len >= UINT32_MAX)
        return error_at(error_new(SPIN_ERROR_LIMIT, "a WIT text may have at most 4 GiB"), file, 0,
                        0);
    if (slice_starts_with(text, SLICE_LITERAL("\xEF\xBB\xBF"))) /* a byte order mark */
        text = slice_from(text, 3);
    if (text.len == 0) {
        lexer->at = lexer->line_start = lexer->end = (const uint8_t *)no_text;
        return NULL;
    }
    lexer->at = lexer->line_start = text.ptr;
    lexer->end = text.ptr + text.len;

    size_t bad = 0;
    uint32_t code = 0;
    const char *why = NULL;
    bool is_utf8 = slice_is_utf8(text, &bad);
    if (is_utf8 && wit_text_is_allowed(text, &bad, &code, &why))
        return NULL;
    for (const uint8_t *stop = text.ptr + bad; lexer->at < stop;)
        step(lexer);
    if (!is_utf8)
        return WIT_FAIL(here(lexer), "byte 0x%02X is not valid UTF-8; save the file as UTF-8",
                        *lexer->at);
    return WIT_FAIL(here(lexer), "character U+%04X: %s", (unsigned)code, why);
}

void wit_lexer_deinit(wit_lexer_t *lexer) {
    VEC_FREE(&lexer->comments);
}

/* ── comments ────────────────────────────────────────────────────────────────────────────── */

static bool is_blank(int c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static spin_slice_t trim_end(spin_slice_t text) {
    while (text.len > 0 && is_blank(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

static spin_slice_t trim(spin_slice_t text) {
    while (text.len > 0 && is_blank(text.ptr[0]))
        text = slice_from(text, 1);
    return trim_end(text);
}

static spin_error_t *add_comment(wit_lexer_t *lexer, spin_slice_t text, bool is_doc,
                                 const uint8_t *at, uint32_t line) {
    wit_pending_t pending = {{.text = text, .is_doc = is_doc}, at, line};
    if (lexer->drops_comments || VEC_PUSH(&lexer->comments, pending))
        return NULL;
    return error_no_memory();
}

/* "///" documents, "//" and the banners "////..." do not. */
static spin_error_t *read_line_comment(wit_lexer_t *lexer) {
    const uint8_t *begin = lexer->at;
    bool is_doc = peek(lexer, 2) == '/' && peek(lexer, 3) != '/';
    lexer->at += is_doc ? 3 : 2;
    spin_slice_t rest = spin_slice_of(lexer->at, (size_t)(lexer->end - lexer->at));
    rest.len = slice_find(rest, '\n');
    lexer->at += rest.len;
    if (rest.len > 0 && rest.ptr[0] == ' ') /* further ones indent the text */
        rest = slice_from(rest, 1);
    return add_comment(lexer, trim_end(rest), is_doc, begin, lexer->line);
}

/* Cuts the inside of a block comment into lines; empty ones at both ends go. All of them count as
 * standing where the comment begins. */
static spin_error_t *add_block(wit_lexer_t *lexer, spin_slice_t text, bool is_doc,
                               const uint8_t *at, uint32_t line) {
    for (bool first = true; text.len > 0; first = false) {
        size_t len = slice_find(text, '\n');
        spin_slice_t one = trim(spin_slice_of(text.ptr, len));
        bool last = len == text.len;
        text = slice_from(text, len + 1);
        if (one.len == 0 && (first || last || text.len == 0))
            continue;
        spin_error_t *error = add_comment(lexer, one, is_doc, at, line);
        if (error != NULL)
            return error;
    }
    return NULL;
}

/* Block comments nest. A doc comment begins with two stars and nothing that extends the row. */
static spin_error_t *read_block_comment(wit_lexer_t *lexer) {
    const uint8_t *begin = lexer->at;
    wit_place_t place = here(lexer);
    bool is_doc = peek(lexer, 2) == '*' && peek(lexer, 3) != '*' && peek(lexer, 3) != '/';
    lexer->at += 2;
    for (size_t depth = 1; depth > 0;) {
        int c = peek(lexer, 0);
        int next = peek(lexer, 1);
        if (c < 0)
            return WIT_FAIL(place, "this comment has no end: expected \"*/\" for each \"/*\"");
        bool opens = c == '/' && next == '*';
        bool closes = c == '*' && next == '/';
        if (opens || closes) {
            depth = opens ? depth + 1 : depth - 1;
            lexer->at += 2;
        } else
            step(lexer);
    }
    size_t mark = is_doc ? 3 : 2;
    spin_slice_t inside = {begin + mark, (size_t)(lexer->at - begin) - mark - 2};
    return add_block(lexer, inside, is_doc, begin, place.line);
}

/* An empty line after a comment sets what it says apart from what follows. */
static void mark_blank(wit_lexer_t *lexer, size_t before, uint32_t comment_end) {
    if (before > 0 && lexer->line > comment_end + 1)
        lexer->comments.items[before - 1].comment.blank_after = true;
}

static spin_error_t *skip_blanks(wit_lexer_t *lexer) {
    uint32_t comment_end = lexer->line;
    size_t seen = 0; /* so many comments, the last of which ends on that line */
    spin_error_t *error = NULL;
    while (error == NULL) {
        int c = peek(lexer, 0);
        int next = peek(lexer, 1);
        if (is_blank(c) || c == '\n') {
            step(lexer);
            continue;
        }
        mark_blank(lexer, seen, comment_end);
        if (c != '/' || (next != '/' && next != '*'))
            break;
        size_t before = lexer->comments.len;
        error = next == '/' ? read_line_comment(lexer) : read_block_comment(lexer);
        seen = lexer->comments.len > before ? lexer->comments.len : 0;
        comment_end = lexer->line;
    }
    return error;
}

/* ── tokens ──────────────────────────────────────────────────────────────────────────────── */

static bool is_digit(int c) {
    return c >= '0' && c <= '9';
}

static bool is_word_start(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_word_part(int c) {
    return is_word_start(c) || is_digit(c) || c == '-';
}

/* How long the string at the front is with its quotes; 0 where it has no end on its line. What the
 * escapes mean is of no matter here, only that they are well formed. */
static spin_error_t *measure_string(const wit_lexer_t *lexer, wit_place_t place, size_t *out) {
    for (size_t len = 1;; len++) {
        int c = peek(lexer, len);
        if (c < 0 || c == '\n' || c == '\r')
            return WIT_FAIL(place, "this string has no end: expected '\"' on the same line");
        if (c == '\t')
            return WIT_FAIL(place, "a tab in a string is written as \"\\t\"");
        if (c == '"') {
            *out = len + 1;
            return NULL;
        }
        if (c != '\\')
            continue;
        int kind = peek(lexer, ++len);
        if (kind < 0 || (strchr("\"'tnr\\u", kind) == NULL && !is_digit(kind) &&
                         strchr("abcdefABCDEF", kind) == NULL))
            return WIT_FAIL(place, "unknown escape in this string: \"\\\" is written as \"\\\\\"");
    }
}

static size_t measure_while(const wit_lexer_t *lexer, size_t from, bool (*belongs)(int)) {
    while (belongs(peek(lexer, from)))
        from++;
    return from;
}

static spin_error_t *fail_character(const wit_lexer_t *lexer) {
    wit_token_t token = {0, spin_slice_of(lexer->at, 1), here(lexer)};
    while ((peek(lexer, token.text.len) & ~0x3F) == 0x80) /* the rest of one character */
        token.text.len++;
    return WIT_FAIL(token.place, "unexpected character %s", wit_show(&token).text);
}

spin_error_t *wit_lexer_next(wit_lexer_t *lexer, wit_token_t *out) {
    spin_error_t *error = skip_blanks(lexer);
    if (error != NULL)
        return error;
    int c = peek(lexer, 0);
    size_t len = 1;
    int kind = c;
    if (c < 0) {
        kind = WIT_TOKEN_END;
        len = 0;
    } else if (is_word_start(c)) {
        kind = WIT_TOKEN_WORD;
        len = measure_while(lexer, 1, is_word_part);
    } else if (c == '%') {
        kind = WIT_TOKEN_ESCAPED;
        len = measure_while(lexer, 1, is_word_part);
    } else if (is_digit(c)) {
        kind = WIT_TOKEN_INTEGER;
        len = measure_while(lexer, 1, is_digit);
    } else if (c == '"') {
        kind = WIT_TOKEN_STRING;
        error = measure_string(lexer, here(lexer), &len);
    } else if (c == '-' && peek(lexer, 1) == '>') {
        kind = WIT_TOKEN_ARROW;
        len = 2;
    } else if (strchr("=,:;(){}<>*/.@", c) == NULL)
        error = fail_character(lexer);
    if (error != NULL)
        return error;
    *out = (wit_token_t){kind, spin_slice_of(lexer->at, len), here(lexer)};
    lexer->at += len;
    return NULL;
}

/* ── versions ────────────────────────────────────────────────────────────────────────────── */

static bool is_identifier_part(int c) {
    return is_word_part(c) && c != '_';
}

/* "1" or "rc-1" at `from`; 0 where it is malformed: empty, or a number with leading zeros. */
static size_t measure_identifier(const wit_lexer_t *lexer, size_t from, bool number, bool zeros) {
    size_t end = measure_while(lexer, from, number ? is_digit : is_identifier_part);
    bool all_digits = measure_while(lexer, from, is_digit) == end;
    bool leading_zero = all_digits && end > from + 1 && peek(lexer, from) == '0';
    return end == from || (leading_zero && !zeros) ? 0 : end;
}

/* Dot-separated identifiers from `from` on. A dot that no identifier follows is not of the version:
 * `use a:b/c@1.0.0-rc.{d}`. */
static size_t measure_identifiers(const wit_lexer_t *lexer, size_t from, bool zeros) {
    size_t end = measure_identifier(lexer, from, false, zeros);
    while (end > 0 && peek(lexer, end) == '.' && is_identifier_part(peek(lexer, end + 1)))
        end = measure_identifier(lexer, end + 1, false, zeros);
    return end;
}

static size_t measure_version(const wit_lexer_t *lexer) {
    size_t end = 0;
    for (int i = 0; i < 3; i++) {
        if (i > 0 && peek(lexer, end++) != '.')
            return 0;
        if ((end = measure_identifier(lexer, end, true, false)) == 0)
            return 0;
    }
    if (peek(lexer, end) == '-' && (end = measure_identifiers(lexer, end + 1, false)) == 0)
        return 0;
    if (peek(lexer, end) == '+' && (end = measure_identifiers(lexer, end + 1, true)) == 0)
        return 0;
    return end;
}

spin_error_t *wit_lexer_version(wit_lexer_t *lexer, spin_slice_t *out) {
    spin_error_t *error = skip_blanks(lexer);
    if (error != NULL)
        return error;
    size_t len = measure_version(lexer);
    if (len == 0)
        return WIT_FAIL(here(lexer), "expected a version such as 1.2.3 (semver.org)");
    *out = spin_slice_of(lexer->at, len);
    lexer->at += len;
    return NULL;
}

/* ── names and messages ──────────────────────────────────────────────────────────────────── */

bool wit_name_is_valid(spin_slice_t text, const char **why) {
    bool lower = false; /* of the part that is being read */
    bool upper = false;
    bool empty = true;
    *why = NULL;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c == '-') {
            if (empty)
                break;
            lower = upper = false;
            empty = true;
            continue;
        }
        lower = lower || (c >= 'a' && c <= 'z');
        upper = upper || (c >= 'A' && c <= 'Z');
        empty = false;
        if (!is_identifier_part(c))
            *why = "use \"-\" between words (kebab-case), not \"_\"";
        else if (i == 0 && is_digit(c))
            *why = "it begins with a letter";
        else if (lower && upper)
            *why = "a word is all lower or all upper case, and \"-\" joins words (kebab-case)";
        if (*why != NULL)
            return false;
    }
    if (empty)
        *why = text.len == 0 ? "it is empty" : "a word is missing beside \"-\"";
    return !empty;
}

wit_shown_t wit_show(const wit_token_t *token) {
    wit_shown_t shown;
    if (token->kind == WIT_TOKEN_END) {
        snprintf(shown.text, sizeof shown.text, "the end of the file");
        return shown;
    }
    const size_t most = 48;
    size_t len = token->text.len;
    for (;
         len > most || (len > 0 && len < token->text.len && (token->text.ptr[len] & 0xC0) == 0x80);)
        len--;
    bool is_string = token->kind == WIT_TOKEN_STRING;
    snprintf(shown.text, sizeof shown.text, is_string ? "%.*s%s" : "\"%.*s%s\"", (int)len,
             (const char *)token->text.ptr, len < token->text.len ? "..." : "");
    return shown;
}
