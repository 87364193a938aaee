/* The pieces that the parser is made of; used by parse*.c alone.
 *
 * The first error is kept in the parser, which from then on is at the end of the text: functions go
 * on and do nothing, loops end, and wit_parse_file returns the error. */
#ifndef WIT_PARSE_H
#define WIT_PARSE_H

#include "wit/lexer.h"

enum { WIT_DEPTH_MAX = 100 };

typedef struct wit_parser {
    wit_lexer_t lexer;
    wit_token_t token; /* the next one */
    wit_dialect_t dialect;
    bool no_semicolons; /* today's, from before autumn 2023: the file has none */
    arena_t *arena;
    spin_error_t *error;
    bool in_package;         /* in the braces of a nested one */
    unsigned depth;          /* of types */
    const uint8_t *last_end; /* of the token taken last */
    uint32_t last_line;
} wit_parser_t;

/* ── tokens (parse_base.c) ───────────────────────────────────────────────────────────────── */

/* Keeps the first error; any later one is freed. */
void wit_parser_fail(wit_parser_t *parser, spin_error_t *error);
/* "expected <what>, found <the next token>" */
void wit_parser_fail_expected(wit_parser_t *parser, const char *what);
/* The same with "did you mean" for a word that is near to one of `words`. */
void wit_parser_fail_expected_word(wit_parser_t *parser, const char *what, const char *const *words,
                                   size_t len);
/* LIMIT: "<what>; at most ... may be" */
void wit_parser_fail_limit(wit_parser_t *parser, const char *what);

void wit_parser_advance(wit_parser_t *parser);
bool wit_parser_is(const wit_parser_t *parser, int kind);
bool wit_parser_is_word(const wit_parser_t *parser, const char *word);
bool wit_parser_is_name(const wit_parser_t *parser);
/* Steps over the token if it is this one. */
bool wit_parser_take(wit_parser_t *parser, int kind);
bool wit_parser_take_word(wit_parser_t *parser, const char *word);
/* Fails where it is not. */
void wit_parser_expect(wit_parser_t *parser, int kind);
void wit_parser_expect_word(wit_parser_t *parser, const char *word);
/* A name; `what` says whose: "the name of a field". */
wit_ast_name_t wit_parser_name(wit_parser_t *parser, const char *what);
/* `@1.0.0`, where there is one. */
spin_slice_t wit_parser_opt_version(wit_parser_t *parser);
/* One type deeper; fails where that is too deep. Each is followed by wit_parser_leave. */
void wit_parser_enter(wit_parser_t *parser);
void wit_parser_leave(wit_parser_t *parser);
/* For the loop over a list's parts: false, past the token `end`, where it has ended. */
bool wit_parser_more(wit_parser_t *parser, int end);
/* After a part: a comma, or the end is next. */
void wit_parser_comma(wit_parser_t *parser, int end);

/* ── comments and gates (parse_head.c) ───────────────────────────────────────────────────── */

/* What stands before an item: all comments up to here, and gates. */
wit_ast_head_t wit_parser_head(wit_parser_t *parser);
/* The same where no gates may be: before a field or case. */
wit_ast_head_t wit_parser_part_head(wit_parser_t *parser);
/* After the item: takes the comments inside of it and behind it on its line; settles `docs`. */
void wit_parser_head_end(wit_parser_t *parser, wit_ast_head_t *head);
/* The comments up to here, for the end of a block. */
wit_ast_comments_t wit_parser_tail(wit_parser_t *parser);

/* ── lists of the tree ───────────────────────────────────────────────────────────────────── */

/* Room for one more of `len` elements; the parser fails and NULL where there is none. */
void *wit_parser_grow(wit_parser_t *parser, const void *items, size_t len, size_t size);
#define WIT_APPEND(parser, list, ...)                                                              \
    do {                                                                                           \
        (list)->items =                                                                            \
            wit_parser_grow((parser), (list)->items, (list)->len, sizeof *(list)->items);          \
        if ((list)->items != NULL)                                                                 \
            (list)->items[(list)->len++] = (__VA_ARGS__);                                          \
        else                                                                                       \
            (list)->len = 0;                                                                       \
    } while (0)

/* ── types, declarations, functions (parse_types.c, parse_items.c) ───────────────────────── */

wit_ast_type_t *wit_parse_type(wit_parser_t *parser);
/* Whether a declaration of a type, other than a resource, begins here. */
bool wit_parser_is_typedef(const wit_parser_t *parser);
void wit_parse_typedef(wit_parser_t *parser, wit_ast_item_t *item);
/* `(a: t, b: u)` */
wit_ast_parts_t wit_parse_params(wit_parser_t *parser);
/* The `;` after an item. */
void wit_parse_semicolon(wit_parser_t *parser);
/* `async func(...) -> t` */
void wit_parse_func(wit_parser_t *parser, wit_ast_func_t *func);
/* "a" and "b" to "a:b". */
spin_slice_t wit_parse_join(wit_parser_t *parser, spin_slice_t first, char sign,
                            spin_slice_t second);
/* `ns:pkg/name@1.0.0` or `name` */
wit_ast_path_t wit_parse_path(wit_parser_t *parser);
/* The same where the first name is taken already. */
wit_ast_path_t wit_parse_path_from(wit_parser_t *parser, wit_ast_name_t first);
/* The same where all is taken up to the first "/" and with it. */
wit_ast_path_t wit_parse_path_slash(wit_parser_t *parser, const wit_ast_package_t *package);
/* `ns:name` and further ":"s, where two names and the sign between them are taken. */
wit_ast_package_t wit_parse_package_name(wit_parser_t *parser, wit_ast_name_t ns,
                                         wit_ast_name_t name);
/* `{ a, b as c }`; `as` says whether each must have it. */
wit_ast_renames_t wit_parse_renames(wit_parser_t *parser, bool as);
/* Appends an item that has been read, after its trailing comments. */
void wit_parse_item_end(wit_parser_t *parser, wit_ast_items_t *items, wit_ast_item_t *item);

/* ── bodies ──────────────────────────────────────────────────────────────────────────────── */

/* Items up to "}", and past it; `head` reads what stands before each, `parse` the item. */
wit_ast_items_t wit_parse_items(wit_parser_t *parser, wit_ast_head_t (*head)(wit_parser_t *parser),
                                void (*parse)(wit_parser_t *parser, wit_ast_item_t *item));
/* `{ items }` (parse_items.c, parse_world.c) */
wit_ast_items_t wit_parse_interface_body(wit_parser_t *parser);
wit_ast_items_t wit_parse_world_body(wit_parser_t *parser);
/* What interfaces and worlds both may hold: types, resources and `use`. False: none is here. */
bool wit_parse_common_item(wit_parser_t *parser, wit_ast_item_t *item);
/* A whole file (parse_2022.c). */
wit_ast_items_t wit_parse_2022(wit_parser_t *parser);

#endif
