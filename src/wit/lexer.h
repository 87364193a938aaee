/* WIT text cut into words, numbers, strings and signs; both dialects are cut alike. Used by the
 * parser alone. Sections named in comments are those of component-model design/mvp/WIT.md. */
#ifndef WIT_LEXER_H
#define WIT_LEXER_H

#include "base/error.h"
#include "base/vec.h"
#include "wit/ast.h"

/* A sign is its own character: '{', ':', ...; the others: */
enum {
    WIT_TOKEN_END = 256, /* of the text */
    WIT_TOKEN_WORD,      /* a name or a keyword, unchecked */
    WIT_TOKEN_ESCAPED,   /* "%" and a name, unchecked */
    WIT_TOKEN_INTEGER,
    WIT_TOKEN_STRING, /* with its quotes */
    WIT_TOKEN_ARROW,  /* "->" */
};

typedef struct wit_token {
    int kind;
    spin_slice_t text;
    wit_place_t place;
} wit_token_t;

/* A line of a comment that nobody has asked for yet. */
typedef struct wit_pending {
    wit_ast_comment_t comment;
    const uint8_t *at;
    uint32_t line;
} wit_pending_t;

typedef struct wit_lexer {
    const uint8_t *at;
    const uint8_t *end;
    const uint8_t *line_start;
    uint32_t line;
    const char *file;
    bool drops_comments;
    VEC(wit_pending_t) comments; /* on the heap: wit_lexer_deinit */
} wit_lexer_t;

/* Begins at `text`, which is checked whole: UTF-8, no character that hides what is written, and
 * short enough for the counters. The lexer is initialised even on errors. */
spin_error_t *wit_lexer_init(wit_lexer_t *lexer, spin_slice_t text, const char *file);
void wit_lexer_deinit(wit_lexer_t *lexer);

/* The next token; the comments before it are appended to `lexer->comments`. */
spin_error_t *wit_lexer_next(wit_lexer_t *lexer, wit_token_t *out);
/* Instead of the next token: a version, "1.0.0-rc.1+build", by semver.org's rules. */
spin_error_t *wit_lexer_version(wit_lexer_t *lexer, spin_slice_t *out);

/* Whether `text` may be a name without "%": kebab-case, each part either lower or upper case. On
 * false `*why` says what is wrong. */
bool wit_name_is_valid(spin_slice_t text, const char **why);

/* What is shown of a token or of source text in a message: quoted and cut where it is long. */
typedef struct wit_shown {
    char text[64];
} wit_shown_t;
wit_shown_t wit_show(const wit_token_t *token);

#define WIT_FAIL(place_, ...)                                                                      \
    error_at(error_new(SPIN_ERROR_INVALID, __VA_ARGS__), (place_).file, (place_).line,             \
             (place_).column)

#endif
