/* Items of interfaces and worlds (WIT.md, "Item: `interface`", "Item: `use`", "Item: `resource`").
 */
#include "wit/parse.h"

void wit_parse_semicolon(wit_parser_t *parser) {
    if (parser->dialect == WIT_DIALECT_TODAY && !parser->no_semicolons)
        wit_parser_expect(parser, ';');
    else if (wit_parser_is(parser, ';') && parser->error == NULL)
        wit_parser_fail(parser,
                        WIT_FAIL(parser->token.place,
                                 "found \";\" in a file of the dialect of 2022, where no item ends "
                                 "with one: today's types and functions stand in an interface or "
                                 "a world"));
}

void wit_parse_item_end(wit_parser_t *parser, wit_ast_items_t *items, wit_ast_item_t *item) {
    wit_parser_head_end(parser, &item->head);
    if (item->name.text.len > 0)
        item->place = item->name.place;
    WIT_APPEND(parser, items, *item);
}

wit_ast_items_t wit_parse_items(wit_parser_t *parser, wit_ast_head_t (*head)(wit_parser_t *parser),
                                void (*parse)(wit_parser_t *parser, wit_ast_item_t *item)) {
    wit_ast_items_t items = {0};
    while (true) {
        if (wit_parser_is(parser, '}'))
            items.tail = wit_parser_tail(parser);
        if (!wit_parser_more(parser, '}'))
            return items;
        wit_ast_item_t item = {.head = head(parser)};
        parse(parser, &item);
        wit_parse_item_end(parser, &items, &item);
    }
}

/* ── paths and `use` ─────────────────────────────────────────────────────────────────────── */

spin_slice_t wit_parse_join(wit_parser_t *parser, spin_slice_t first, char sign,
                            spin_slice_t second) {
    if (parser->error != NULL)
        return first;
    spin_slice_t joined =
        arena_printf(parser->arena, "%.*s%c%.*s", SLICE_ARG(first), sign, SLICE_ARG(second));
    if (joined.ptr == NULL)
        wit_parser_fail(parser, error_no_memory());
    return joined;
}

/* A path is joined name by name. */
static void count_name(wit_parser_t *parser, int *count) {
    if (++*count > WIT_DEPTH_MAX)
        wit_parser_fail_limit(parser, "too many names in a path");
}

wit_ast_package_t wit_parse_package_name(wit_parser_t *parser, wit_ast_name_t ns,
                                         wit_ast_name_t name) {
    wit_ast_package_t package = {.ns = ns.text, .name = name.text, .place = ns.place};
    int count = 2;
    while (wit_parser_take(parser, ':')) {
        count_name(parser, &count);
        package.ns = wit_parse_join(parser, package.ns, ':', package.name);
        package.name = wit_parser_name(parser, "the name of a package").text;
    }
    return package;
}

wit_ast_path_t wit_parse_path_slash(wit_parser_t *parser, const wit_ast_package_t *package) {
    wit_ast_path_t path = {.ns = package->ns, .package = package->name, .place = package->place};
    int count = 3;
    path.name = wit_parser_name(parser, "the name of an interface or world").text;
    while (wit_parser_take(parser, '/')) {
        count_name(parser, &count);
        path.package = wit_parse_join(parser, path.package, '/', path.name);
        path.name = wit_parser_name(parser, "the name of an interface or world").text;
    }
    path.version = wit_parser_opt_version(parser);
    return path;
}

wit_ast_path_t wit_parse_path_from(wit_parser_t *parser, wit_ast_name_t first) {
    if (!wit_parser_take(parser, ':'))
        return (wit_ast_path_t){.name = first.text, .place = first.place};
    wit_ast_name_t second = wit_parser_name(parser, "the name of a package");
    wit_ast_package_t package = wit_parse_package_name(parser, first, second);
    wit_parser_expect(parser, '/');
    return wit_parse_path_slash(parser, &package);
}

wit_ast_path_t wit_parse_path(wit_parser_t *parser) {
    wit_ast_name_t first = wit_parser_name(parser, "the name of an interface or world");
    return wit_parse_path_from(parser, first);
}

wit_ast_renames_t wit_parse_renames(wit_parser_t *parser, bool as) {
    wit_ast_renames_t names = {NULL, 0};
    wit_parser_expect(parser, '{');
    while (wit_parser_more(parser, '}')) {
        wit_ast_rename_t one = {.name = wit_parser_name(parser, "a name")};
        if (as && !wit_parser_is_word(parser, "as"))
            wit_parser_fail_expected(parser, "\"as\" and the new name");
        if (wit_parser_take_word(parser, "as"))
            one.as = wit_parser_name(parser, "the new name");
        wit_parser_comma(parser, '}');
        WIT_APPEND(parser, &names, one);
    }
    return names;
}

/* `use path.{names};` */
static void parse_use(wit_parser_t *parser, wit_ast_item_t *item) {
    item->kind = WIT_AST_USE;
    wit_parser_advance(parser);
    item->of.use.path = wit_parse_path(parser);
    wit_parser_expect(parser, '.');
    item->of.use.names = wit_parse_renames(parser, false);
    wit_parse_semicolon(parser);
}

/* ── functions ───────────────────────────────────────────────────────────────────────────── */

void wit_parse_func(wit_parser_t *parser, wit_ast_func_t *func) {
    bool is_old = parser->dialect == WIT_DIALECT_2022;
    func->is_async = wit_parser_take_word(parser, "async");
    func->word = parser->token.text;
    bool is_func = wit_parser_take_word(parser, "func") ||
                   (is_old && wit_parser_take_word(parser, "function"));
    if (!is_func) {
        const char *const words[] = {"func", "async"};
        wit_parser_fail_expected_word(parser, "\"func\"", words, 2);
    }
    func->params = wit_parse_params(parser);
    if (!wit_parser_take(parser, WIT_TOKEN_ARROW))
        return;
    if (is_old && wit_parser_is(parser, '(')) {
        func->has_named_results = true;
        func->results = wit_parse_params(parser);
    } else
        func->result = wit_parse_type(parser);
}

/* `constructor(...);`, `name: func(...);`, `name: static func(...);` */
static void parse_resource_func(wit_parser_t *parser, wit_ast_item_t *item) {
    wit_ast_func_t *func = &item->of.func;
    item->kind = WIT_AST_FUNC;
    item->place = parser->token.place;
    if (wit_parser_is_word(parser, "constructor")) {
        func->kind = WIT_FUNCTION_CONSTRUCTOR;
        func->word = parser->token.text;
        item->name = (wit_ast_name_t){parser->token.text, parser->token.place};
        wit_parser_advance(parser);
        func->params = wit_parse_params(parser);
        if (wit_parser_take(parser, WIT_TOKEN_ARROW))
            func->result = wit_parse_type(parser);
    } else {
        item->name = wit_parser_name(parser, "\"constructor\" or the name of a method");
        wit_parser_expect(parser, ':');
        bool is_static = wit_parser_take_word(parser, "static");
        wit_parse_func(parser, func);
        func->kind = is_static ? WIT_FUNCTION_STATIC : WIT_FUNCTION_METHOD;
    }
    wit_parse_semicolon(parser);
}

static void parse_resource(wit_parser_t *parser, wit_ast_item_t *item) {
    item->kind = WIT_AST_RESOURCE;
    wit_parser_advance(parser);
    item->name = wit_parser_name(parser, "the name of a resource");
    if (wit_parser_take(parser, ';') || (parser->no_semicolons && !wit_parser_is(parser, '{')))
        return;
    if (!wit_parser_take(parser, '{'))
        wit_parser_fail_expected(parser, "\";\" or \"{\"");
    item->of.body.items = wit_parse_items(parser, wit_parser_head, parse_resource_func);
}

/* ── bodies ──────────────────────────────────────────────────────────────────────────────── */

bool wit_parse_common_item(wit_parser_t *parser, wit_ast_item_t *item) {
    if (wit_parser_is_word(parser, "use"))
        parse_use(parser, item);
    else if (wit_parser_is_word(parser, "resource"))
        parse_resource(parser, item);
    else if (wit_parser_is_typedef(parser))
        wit_parse_typedef(parser, item);
    else
        return false;
    return true;
}

static void parse_interface_item(wit_parser_t *parser, wit_ast_item_t *item) {
    static const char *const words[] = {"use",  "type",  "record",  "variant",
                                        "enum", "flags", "resource"};
    item->place = parser->token.place;
    if (wit_parse_common_item(parser, item))
        return;
    if (!wit_parser_is_name(parser)) {
        wit_parser_fail_expected_word(parser, "a function's name, a type or \"use\"", words, 7);
        return;
    }
    wit_token_t first = parser->token;
    item->kind = WIT_AST_FUNC;
    item->name = wit_parser_name(parser, "the name of a function");
    if (!wit_parser_is(parser, ':') && parser->error == NULL) { /* perhaps a keyword was meant */
        const char *nearest = spin_nearest_name(first.text, words, 7);
        if (nearest != NULL)
            wit_parser_fail(parser, WIT_FAIL(first.place,
                                             "expected an item of an interface, found %s: did you "
                                             "mean \"%s\"?",
                                             wit_show(&first).text, nearest));
    }
    wit_parser_expect(parser, ':');
    wit_parse_func(parser, &item->of.func);
    wit_parse_semicolon(parser);
}

wit_ast_items_t wit_parse_interface_body(wit_parser_t *parser) {
    wit_parser_expect(parser, '{');
    return wit_parse_items(parser, wit_parser_head, parse_interface_item);
}
