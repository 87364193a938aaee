/* Items of worlds (WIT.md, "Item: `world`", "Item: `include`"). */
#include "wit/parse.h"

/* What stands behind `import` or `export`. A name and ":" begin two things: something that is given
 * that name here, or a path "ns:pkg/name". */
static void parse_external(wit_parser_t *parser, wit_ast_item_t *item) {
    wit_ast_name_t first =
        wit_parser_name(parser, "the name of a function or interface, or a path");
    item->of.external.is = WIT_AST_EXTERNAL_PATH;
    if (!wit_parser_take(parser, ':')) {
        item->of.external.path = (wit_ast_path_t){.name = first.text, .place = first.place};
        wit_parse_semicolon(parser);
        return;
    }
    if (wit_parser_take_word(parser, "interface")) {
        item->name = first;
        item->of.external.is = WIT_AST_EXTERNAL_INTERFACE;
        item->of.external.items = wit_parse_interface_body(parser);
        return;
    }
    if (wit_parser_is_word(parser, "func") || wit_parser_is_word(parser, "async")) {
        item->name = first;
        item->of.external.is = WIT_AST_EXTERNAL_FUNC;
        wit_parse_func(parser, &item->of.external.func);
        wit_parse_semicolon(parser);
        return;
    }
    if (!wit_parser_is_name(parser)) {
        wit_parser_fail_expected(parser, "\"func\", \"interface\" or a path");
        return;
    }
    wit_ast_name_t second = wit_parser_name(parser, "a path");
    if (wit_parser_take(parser, '/')) { /* first:second/... */
        wit_ast_package_t package = {.ns = first.text, .name = second.text, .place = first.place};
        item->of.external.path = wit_parse_path_slash(parser, &package);
    } else {
        item->name = first;
        item->of.external.path = wit_parse_path_from(parser, second);
    }
    wit_parse_semicolon(parser);
}

/* `include path;`, `include path with { a as b }` */
static void parse_include(wit_parser_t *parser, wit_ast_item_t *item) {
    item->of.use.path = wit_parse_path(parser);
    if (wit_parser_take_word(parser, "with")) {
        item->of.use.names = wit_parse_renames(parser, true);
        wit_parser_take(parser, ';'); /* not in the grammar, but seen */
    } else
        wit_parse_semicolon(parser);
}

static void parse_world_item(wit_parser_t *parser, wit_ast_item_t *item) {
    static const char *const words[] = {"import", "export",  "include", "use",   "type",
                                        "record", "variant", "enum",    "flags", "resource"};
    item->place = parser->token.place;
    if (wit_parse_common_item(parser, item))
        return;
    if (wit_parser_take_word(parser, "import")) {
        item->kind = WIT_AST_IMPORT;
        parse_external(parser, item);
    } else if (wit_parser_take_word(parser, "export")) {
        item->kind = WIT_AST_EXPORT;
        parse_external(parser, item);
    } else if (wit_parser_take_word(parser, "include")) {
        item->kind = WIT_AST_INCLUDE;
        parse_include(parser, item);
    } else
        wit_parser_fail_expected_word(parser,
                                      "\"import\", \"export\", \"include\", \"use\" or a type",
                                      words, sizeof words / sizeof *words);
}

wit_ast_items_t wit_parse_world_body(wit_parser_t *parser) {
    wit_parser_expect(parser, '{');
    return wit_parse_items(parser, wit_parser_head, parse_world_item);
}
