#include <stdio.h>

#include "wit/parse.h"
#include "wit/words.h"

/* ── errors ──────────────────────────────────────────────────────────────────────────────── */

void wit_parser_fail(wit_parser_t *parser, spin_error_t *error) {
    if (error == NULL)
        return;
    if (parser->error == NULL)
        parser->error = error;
    else
        spin_error_free(error);
    parser->token.kind = WIT_TOKEN_END;
    parser->token.text.len = 0;
}

void wit_parser_fail_expected(wit_parser_t *parser, const char *what) {
    if (parser->error == NULL)
        wit_parser_fail(parser, WIT_FAIL(parser->token.place, "expected %s, found %s", what,
                                         wit_show(&parser->token).text));
}

void wit_parser_fail_expected_word(wit_parser_t *parser, const char *what, const char *const *words,
                                   size_t len) {
    const char *nearest = NULL;
    if (parser->error == NULL && parser->token.kind == WIT_TOKEN_WORD)
        nearest = spin_nearest_name(parser->token.text, words, len);
    if (nearest == NULL)
        wit_parser_fail_expected(parser, what);
    else
        wit_parser_fail(parser,
                        WIT_FAIL(parser->token.place, "expected %s, found %s: did you mean \"%s\"?",
                                 what, wit_show(&parser->token).text, nearest));
}

/* How a token is called in a message. */
static const char *describe(int kind, char sign[4]) {
    switch (kind) {
    case WIT_TOKEN_ARROW: return "\"->\"";
    case WIT_TOKEN_INTEGER: return "a number";
    case WIT_TOKEN_STRING: return "a string";
    case WIT_TOKEN_END: return "the end of the file";
    default: snprintf(sign, 4, "\"%c\"", (char)kind); return sign;
    }
}

/* ── tokens ──────────────────────────────────────────────────────────────────────────────── */

void wit_parser_advance(wit_parser_t *parser) {
    if (parser->error != NULL)
        return;
    parser->last_end = parser->lexer.at;
    parser->last_line = parser->token.place.line;
    wit_parser_fail(parser, wit_lexer_next(&parser->lexer, &parser->token));
}

bool wit_parser_is(const wit_parser_t *parser, int kind) {
    return parser->token.kind == kind;
}

bool wit_parser_is_word(const wit_parser_t *parser, const char *word) {
    return parser->token.kind == WIT_TOKEN_WORD && slice_equal_text(parser->token.text, word);
}

bool wit_parser_is_name(const wit_parser_t *parser) {
    return parser->token.kind == WIT_TOKEN_ESCAPED ||
           (parser->token.kind == WIT_TOKEN_WORD &&
            !wit_word_is_reserved(parser->token.text, parser->dialect, true));
}

bool wit_parser_take(wit_parser_t *parser, int kind) {
    if (parser->error != NULL || !wit_parser_is(parser, kind))
        return false;
    wit_parser_advance(parser);
    return true;
}

bool wit_parser_take_word(wit_parser_t *parser, const char *word) {
    if (!wit_parser_is_word(parser, word))
        return false;
    wit_parser_advance(parser);
    return true;
}

void wit_parser_expect(wit_parser_t *parser, int kind) {
    char sign[4];
    if (!wit_parser_take(parser, kind))
        wit_parser_fail_expected(parser, describe(kind, sign));
}

void wit_parser_expect_word(wit_parser_t *parser, const char *word) {
    char what[32];
    snprintf(what, sizeof what, "\"%s\"", word);
    if (!wit_parser_take_word(parser, word))
        wit_parser_fail_expected(parser, what);
}

/* ── names and versions ──────────────────────────────────────────────────────────────────── */

wit_ast_name_t wit_parser_name(wit_parser_t *parser, const char *what) {
    wit_ast_name_t name = {parser->token.text, parser->token.place};
    bool escaped = wit_parser_is(parser, WIT_TOKEN_ESCAPED);
    if (escaped)
        name.text = slice_from(name.text, 1);
    else if (!wit_parser_is(parser, WIT_TOKEN_WORD))
        wit_parser_fail_expected(parser, what);
    if (parser->error != NULL)
        return name;

    const char *why;
    wit_shown_t shown = wit_show(&parser->token);
    if (!escaped && wit_word_is_reserved(name.text, parser->dialect, true))
        wit_parser_fail(parser, WIT_FAIL(name.place,
                                         "expected %s, found the keyword %s: as a name it is "
                                         "written \"%%%.*s\"",
                                         what, shown.text, SLICE_ARG(name.text)));
    else if (!wit_name_is_valid(name.text, &why))
        wit_parser_fail(parser, WIT_FAIL(name.place, "%s can't be a name: %s", shown.text, why));
    wit_parser_advance(parser);
    return name;
}

spin_slice_t wit_parser_opt_version(wit_parser_t *parser) {
    spin_slice_t version = {NULL, 0};
    if (parser->error == NULL && wit_parser_is(parser, '@')) { /* the lexer stands behind it */
        wit_parser_fail(parser, wit_lexer_version(&parser->lexer, &version));
        wit_parser_advance(parser);
    }
    return version;
}

/* ── nesting and lists ───────────────────────────────────────────────────────────────────── */

void wit_parser_fail_limit(wit_parser_t *parser, const char *what) {
    wit_place_t place = parser->token.place;
    if (parser->error == NULL)
        wit_parser_fail(parser, error_at(error_new(SPIN_ERROR_LIMIT, "%s; at most %d may be", what,
                                                   WIT_DEPTH_MAX),
                                         place.file, place.line, place.column));
}

void wit_parser_enter(wit_parser_t *parser) {
    if (++parser->depth > WIT_DEPTH_MAX)
        wit_parser_fail_limit(parser, "too many types are nested in each other");
}

void wit_parser_leave(wit_parser_t *parser) {
    parser->depth--;
}

bool wit_parser_more(wit_parser_t *parser, int end) {
    char sign[4];
    if (wit_parser_take(parser, end))
        return false;
    if (wit_parser_is(parser, WIT_TOKEN_END))
        wit_parser_fail_expected(parser, describe(end, sign));
    return parser->error == NULL;
}

void wit_parser_comma(wit_parser_t *parser, int end) {
    char what[] = "\",\" or \"?\"";
    what[8] = (char)end;
    if (!wit_parser_take(parser, ',') && !wit_parser_is(parser, end))
        wit_parser_fail_expected(parser, what);
}

void *wit_parser_grow(wit_parser_t *parser, const void *items, size_t len, size_t size) {
    if (parser->error != NULL)
        return NULL;
    bool is_full = len == 0 || (len >= 4 && (len & (len - 1)) == 0); /* room is 4, 8, 16, ... */
    if (!is_full)
        return (void *)items;
    void *grown = arena_calloc(parser->arena, len == 0 ? 4 : len * 2, size);
    if (grown == NULL)
        wit_parser_fail(parser, error_no_memory());
    else if (len > 0)
        memcpy(grown, items, len * size);
    return grown;
}
