/* Files and packages (WIT.md, "Top-level items"), and which dialect a file is written in. */
#include "wit/parse.h"

/* ── dialect ─────────────────────────────────────────────────────────────────────────────── */

static bool is_word(const wit_token_t *token, const char *word) {
    return token->kind == WIT_TOKEN_WORD && slice_equal_text(token->text, word);
}

/* The first item tells, by its first two tokens: no item at the top of a file of one dialect is one
 * of the other. */
static bool is_2022(const wit_token_t *first, const wit_token_t *second) {
    static const char *const types[] = {"type", "record", "variant", "union",
                                        "enum", "flags",  "resource"};
    if (is_word(first, "use"))
        return second->kind == '*' || second->kind == '{';
    if (is_word(first, "package") || is_word(first, "interface") || is_word(first, "world"))
        return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (is_word(first, types[i]))
            return true;
    return second->kind == ':';
}

/* Goes over the text's tokens. An error is left to the parser, which comes upon it too. */
static void detect(spin_slice_t text, wit_parser_t *parser) {
    wit_lexer_t lexer;
    wit_token_t tokens[2] = {{0}, {0}};
    wit_token_t token;
    bool has_semicolon = false;
    spin_error_t *error = wit_lexer_init(&lexer, text, NULL);
    lexer.drops_comments = true;
    for (size_t i = 0; error == NULL && !has_semicolon; i++) {
        error = wit_lexer_next(&lexer, &token);
        if (error != NULL || token.kind == WIT_TOKEN_END)
            break;
        if (i < 2)
            tokens[i] = token;
        has_semicolon = token.kind == ';';
    }
    parser->dialect = is_2022(&tokens[0], &tokens[1]) ? WIT_DIALECT_2022 : WIT_DIALECT_TODAY;
    parser->no_semicolons = error == NULL && !has_semicolon;
    spin_error_free(error);
    wit_lexer_deinit(&lexer);
}

/* ── top-level items ─────────────────────────────────────────────────────────────────────── */

static wit_ast_items_t parse_top_items(wit_parser_t *parser, int end, wit_ast_item_t *first);

/* `package ns:name@1.0.0`, up to the ";" or "{". */
static wit_ast_package_t parse_package_header(wit_parser_t *parser) {
    wit_parser_advance(parser);
    wit_ast_name_t ns = wit_parser_name(parser, "the package's namespace");
    wit_parser_expect(parser, ':');
    wit_ast_name_t name = wit_parser_name(parser, "the name of the package");
    wit_ast_package_t package = wit_parse_package_name(parser, ns, name);
    if (wit_parser_take(parser,
                        '/')) { /* the last name of such a path is a part of the package's */
        wit_ast_path_t path = wit_parse_path_slash(parser, &package);
        package.name = wit_parse_join(parser, path.package, '/', path.name);
        package.version = path.version;
    } else
        package.version = wit_parser_opt_version(parser);
    return package;
}

/* The braces of a nested package whose header is taken. */
static void parse_package_body(wit_parser_t *parser, wit_ast_item_t *item) {
    item->kind = WIT_AST_PACKAGE;
    if (item->head.gates_len > 0)
        wit_parser_fail(parser, WIT_FAIL(item->head.gates[0].place,
                                         "a nested package can't have gates: put them on its "
                                         "interfaces and worlds"));
    if (parser->in_package)
        wit_parser_fail(parser, WIT_FAIL(item->place, "a nested package stands at the top of a "
                                                      "file, not in another one"));
    wit_parser_expect(parser, '{');
    parser->in_package = true;
    item->of.body.items = parse_top_items(parser, '}', NULL);
    parser->in_package = false;
}

/* `use path;`, `use path as name;` */
static void parse_top_use(wit_parser_t *parser, wit_ast_item_t *item) {
    item->kind = WIT_AST_TOP_USE;
    item->of.use.path = wit_parse_path(parser);
    if (wit_parser_take_word(parser, "as"))
        item->name = wit_parser_name(parser, "the new name");
    else if (wit_parser_is(parser, '.'))
        wit_parser_fail_expected(parser, "\"as\" or \";\": types are used in an interface or a "
                                         "world");
    wit_parse_semicolon(parser);
}

static void parse_top_item(wit_parser_t *parser, wit_ast_item_t *item) {
    static const char *const words[] = {"interface", "world", "use", "package"};
    item->place = parser->token.place;
    if (wit_parser_is_word(parser, "package")) {
        item->of.body.package = parse_package_header(parser);
        if (wit_parser_is(parser, ';'))
            wit_parser_fail(parser, WIT_FAIL(item->place, "the line \"package ...;\" is the first "
                                                          "of a file; a nested package is "
                                                          "\"package ... { }\""));
        parse_package_body(parser, item);
    } else if (wit_parser_take_word(parser, "interface")) {
        item->kind = WIT_AST_INTERFACE;
        item->name = wit_parser_name(parser, "the name of an interface");
        item->of.body.items = wit_parse_interface_body(parser);
    } else if (wit_parser_take_word(parser, "world")) {
        item->kind = WIT_AST_WORLD;
        item->name = wit_parser_name(parser, "the name of a world");
        item->of.body.items = wit_parse_world_body(parser);
    } else if (wit_parser_take_word(parser, "use"))
        parse_top_use(parser, item);
    else if (wit_parser_is_word(parser, "default"))
        wit_parser_fail_expected(parser,
                                 "\"interface\" or \"world\" without \"default\", which was "
                                 "given up in 2023");
    else
        wit_parser_fail_expected_word(parser, "\"interface\", \"world\", \"use\" or \"package\"",
                                      words, sizeof words / sizeof *words);
}

/* Up to `end`; `first` (NULL: none) was read already. */
static wit_ast_items_t parse_top_items(wit_parser_t *parser, int end, wit_ast_item_t *first) {
    wit_ast_items_t items = {0};
    if (first != NULL)
        wit_parse_item_end(parser, &items, first);
    while (parser->error == NULL) {
        if (wit_parser_is(parser, end)) {
            items.tail = wit_parser_tail(parser);
            wit_parser_take(parser, end);
            break;
        }
        wit_ast_item_t item = {.head = wit_parser_head(parser)};
        parse_top_item(parser, &item);
        wit_parse_item_end(parser, &items, &item);
    }
    return items;
}

/* ── files ───────────────────────────────────────────────────────────────────────────────── */

/* A file that begins with `package` has either a line that names its own, or a nested one. */
static void parse_today(wit_parser_t *parser, wit_ast_file_t *file) {
    if (!wit_parser_is_word(parser, "package")) {
        file->items = parse_top_items(parser, WIT_TOKEN_END, NULL);
        return;
    }
    wit_ast_item_t item = {.head = wit_parser_part_head(parser), .place = parser->token.place};
    wit_ast_package_t package = parse_package_header(parser);
    bool has_own =
        wit_parser_is(parser, ';') || (parser->no_semicolons && !wit_parser_is(parser, '{'));
    if (has_own) {
        wit_parse_semicolon(parser);
        file->has_package = true;
        file->package = package;
        file->head = item.head;
        wit_parser_head_end(parser, &file->head);
        file->items = parse_top_items(parser, WIT_TOKEN_END, NULL);
        return;
    }
    if (!wit_parser_is(parser, '{'))
        wit_parser_fail_expected(parser, "\";\" or \"{\"");
    item.of.body.package = package;
    parse_package_body(parser, &item);
    file->items = parse_top_items(parser, WIT_TOKEN_END, &item);
}

spin_error_t *wit_parse_file(arena_t *arena, spin_slice_t text, const char *name,
                             wit_ast_file_t **out) {
    *out = NULL;
    wit_ast_file_t *file = arena_calloc(arena, 1, sizeof *file);
    const char *copy = name == NULL ? NULL : arena_copy_text(arena, spin_slice(name));
    if (file == NULL || (copy == NULL && name != NULL))
        return error_no_memory();
    file->file = copy;
    wit_parser_t parser = {.arena = arena};
    detect(text, &parser);
    file->dialect = parser.dialect;
    parser.error = wit_lexer_init(&parser.lexer, text, copy);
    parser.last_end = parser.lexer.at;
    if (parser.error == NULL)
        parser.error = wit_lexer_next(&parser.lexer, &parser.token);
    if (parser.error != NULL)
        parser.token.kind = WIT_TOKEN_END;
    else if (file->dialect == WIT_DIALECT_2022)
        file->items = wit_parse_2022(&parser);
    else
        parse_today(&parser, file);
    wit_lexer_deinit(&parser.lexer);
    if (parser.error == NULL)
        *out = file;
    return parser.error;
}
