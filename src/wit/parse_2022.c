/* Files in the dialect of 2022: functions and types stand at the top, nothing ends with ";". */
#include "wit/parse.h"

/* `use * from x`, `use { a, b as c } from x`. Names of files nested in others (`x::y`) never came
 * into use. */
static void parse_use(wit_parser_t *parser, wit_ast_item_t *item) {
    item->kind = WIT_AST_USE;
    wit_parser_advance(parser);
    item->of.use.all = wit_parser_take(parser, '*');
    if (!item->of.use.all) {
        if (!wit_parser_is(parser, '{'))
            wit_parser_fail_expected(parser, "\"*\" or \"{\"");
        item->of.use.names = wit_parse_renames(parser, false);
    }
    wit_parser_expect_word(parser, "from");
    wit_ast_name_t from = wit_parser_name(parser, "the name of a file without \".wit\"");
    item->of.use.path = (wit_ast_path_t){.name = from.text, .place = from.place};
    wit_parse_semicolon(parser);
}

/* `name: func(...) -> t`, in resources after `static` or not. */
static void parse_function(wit_parser_t *parser, wit_ast_item_t *item) {
    item->kind = WIT_AST_FUNC;
    item->name = wit_parser_name(parser, "the name of a function");
    wit_parser_expect(parser, ':');
    wit_parse_func(parser, &item->of.func);
    wit_parse_semicolon(parser);
}

static void parse_resource_func(wit_parser_t *parser, wit_ast_item_t *item) {
    bool is_static = wit_parser_take_word(parser, "static");
    parse_function(parser, item);
    item->of.func.kind = is_static ? WIT_FUNCTION_STATIC : WIT_FUNCTION_METHOD;
}

static void parse_resource(wit_parser_t *parser, wit_ast_item_t *item) {
    item->kind = WIT_AST_RESOURCE;
    wit_parser_advance(parser);
    item->name = wit_parser_name(parser, "the name of a resource");
    if (!wit_parser_take(parser, '{')) {
        wit_parse_semicolon(parser);
        return;
    }
    item->of.body.items = wit_parse_items(parser, wit_parser_part_head, parse_resource_func);
}

static void parse_item(wit_parser_t *parser, wit_ast_item_t *item) {
    static const char *const words[] = {"use",   "type",  "record", "variant",
                                        "union", "flags", "enum",   "resource"};
    item->place = parser->token.place;
    if (wit_parser_is_word(parser, "use"))
        parse_use(parser, item);
    else if (wit_parser_is_word(parser, "resource"))
        parse_resource(parser, item);
    else if (wit_parser_is_typedef(parser))
        wit_parse_typedef(parser, item);
    else if (wit_parser_is_name(parser))
        parse_function(parser, item);
    else
        wit_parser_fail_expected_word(
            parser, "a function, a type or \"use\", as in all files of the dialect of 2022", words,
            sizeof words / sizeof *words);
}

wit_ast_items_t wit_parse_2022(wit_parser_t *parser) {
    wit_ast_items_t items = {0};
    while (parser->error == NULL && !wit_parser_is(parser, WIT_TOKEN_END)) {
        wit_ast_item_t item = {.head = wit_parser_part_head(parser)};
        parse_item(parser, &item);
        wit_parse_item_end(parser, &items, &item);
    }
    items.tail = wit_parser_tail(parser);
    return items;
}
