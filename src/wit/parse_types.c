/* Types as they are referred to (WIT.md, "Types"), and declarations of types but for resources. */
#include "wit/parse.h"
#include "wit/words.h"

typedef struct type_list {
    wit_ast_type_t **items;
    size_t len;
} type_list_t;

/* ── arguments ───────────────────────────────────────────────────────────────────────────── */

/* A type, or NULL for today's `_`. In 2022 `_` is a type. */
static wit_ast_type_t *parse_type_or_none(wit_parser_t *parser) {
    bool none = parser->dialect == WIT_DIALECT_TODAY && wit_parser_take_word(parser, "_");
    return none ? NULL : wit_parse_type(parser);
}

/* `<t, u>`, exactly `count`. */
static void parse_exactly(wit_parser_t *parser, type_list_t *args, size_t count) {
    wit_parser_expect(parser, '<');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            wit_parser_expect(parser, ',');
        WIT_APPEND(parser, args, wit_parse_type(parser));
    }
    wit_parser_expect(parser, '>');
}

static void parse_tuple(wit_parser_t *parser, type_list_t *args) {
    wit_parser_expect(parser, '<');
    while (wit_parser_more(parser, '>')) {
        WIT_APPEND(parser, args, wit_parse_type(parser));
        wit_parser_comma(parser, '>');
    }
}

static uint32_t parse_length(wit_parser_t *parser) {
    wit_token_t token = parser->token;
    uint64_t length = 0;
    if (!wit_parser_take(parser, WIT_TOKEN_INTEGER)) {
        wit_parser_fail_expected(parser, "the length of the list, a number");
        return 0;
    }
    for (size_t i = 0; i < token.text.len && length <= UINT32_MAX; i++)
        length = length * 10 + (uint64_t)(token.text.ptr[i] - '0');
    if (length == 0 || length > UINT32_MAX)
        wit_parser_fail(parser, WIT_FAIL(token.place, "a list's length is 1 to %u, not %s",
                                         (unsigned)UINT32_MAX, wit_show(&token).text));
    return (uint32_t)length;
}

/* `<t>`, or `<t, 4>` of fixed length. */
static void parse_list(wit_parser_t *parser, wit_ast_type_t *type, type_list_t *args) {
    wit_parser_expect(parser, '<');
    WIT_APPEND(parser, args, wit_parse_type(parser));
    if (parser->dialect == WIT_DIALECT_TODAY && wit_parser_take(parser, ',')) {
        type->kind = SPIN_TYPE_FIXED_LIST;
        type->length = parse_length(parser);
    }
    wit_parser_expect(parser, '>');
}

/* `result`, `result<t>`, `result<t, e>`, `result<_, e>`; `expected<t, e>` has both. */
static void parse_result(wit_parser_t *parser, type_list_t *args) {
    wit_ast_type_t *ok = NULL;
    wit_ast_type_t *error = NULL;
    bool is_old = parser->dialect == WIT_DIALECT_2022;
    if (is_old && !wit_parser_is(parser, '<'))
        wit_parser_expect(parser, '<');
    if (wit_parser_take(parser, '<')) {
        bool must_go_on = is_old || wit_parser_is_word(parser, "_");
        ok = parse_type_or_none(parser);
        if (must_go_on)
            wit_parser_expect(parser, ',');
        if (must_go_on || wit_parser_take(parser, ','))
            error = wit_parse_type(parser);
        wit_parser_expect(parser, '>');
    }
    WIT_APPEND(parser, args, ok);
    WIT_APPEND(parser, args, error);
}

/* `stream`, `stream<t>`; in 2022 `future<t>` and `stream<t, end>`. */
static void parse_stream(wit_parser_t *parser, const wit_ast_type_t *type, type_list_t *args) {
    if (parser->dialect == WIT_DIALECT_2022)
        parse_exactly(parser, args, type->kind == SPIN_TYPE_STREAM ? 2 : 1);
    else if (wit_parser_is(parser, '<'))
        parse_exactly(parser, args, 1);
    else
        WIT_APPEND(parser, args, NULL);
}

/* `own<r>`, `borrow<r>`; `handle r` of 2022. */
static void parse_handle(wit_parser_t *parser, wit_ast_type_t *type) {
    bool has_brackets = parser->dialect == WIT_DIALECT_TODAY;
    if (has_brackets)
        wit_parser_expect(parser, '<');
    type->name = wit_parser_name(parser, "the name of a resource");
    if (has_brackets)
        wit_parser_expect(parser, '>');
}

/* ── types ───────────────────────────────────────────────────────────────────────────────── */

static void parse_args(wit_parser_t *parser, wit_ast_type_t *type) {
    type_list_t args = {NULL, 0};
    switch (type->kind) {
    case SPIN_TYPE_LIST: parse_list(parser, type, &args); break;
    case SPIN_TYPE_TUPLE: parse_tuple(parser, &args); break;
    case SPIN_TYPE_OPTION: parse_exactly(parser, &args, 1); break;
    case SPIN_TYPE_MAP: parse_exactly(parser, &args, 2); break;
    case SPIN_TYPE_RESULT: parse_result(parser, &args); break;
    case SPIN_TYPE_STREAM:
    case SPIN_TYPE_FUTURE: parse_stream(parser, type, &args); break;
    case SPIN_TYPE_OWN:
    case SPIN_TYPE_BORROW: parse_handle(parser, type); break;
    default: break;
    }
    type->args = args.items;
    type->args_len = args.len;
}

wit_ast_type_t *wit_parse_type(wit_parser_t *parser) {
    wit_ast_type_t *type = arena_calloc(parser->arena, 1, sizeof *type);
    if (type == NULL) {
        wit_parser_fail(parser, error_no_memory());
        return NULL;
    }
    type->place = parser->token.place;
    if (wit_parser_is(parser, WIT_TOKEN_WORD))
        type->kind = wit_word_type(parser->token.text, parser->dialect);
    if (type->kind == 0) {
        if (!wit_parser_is_name(parser))
            wit_parser_fail_expected(parser, "a type");
        type->name = wit_parser_name(parser, "a type");
        return type;
    }
    type->word = parser->token.text;
    if (parser->dialect == WIT_DIALECT_TODAY && type->kind == SPIN_TYPE_F32)
        type->word = SLICE_LITERAL("f32"); /* was "float32" until 2024 */
    if (parser->dialect == WIT_DIALECT_TODAY && type->kind == SPIN_TYPE_F64)
        type->word = SLICE_LITERAL("f64");
    wit_parser_enter(parser);
    wit_parser_advance(parser);
    parse_args(parser, type);
    wit_parser_leave(parser);
    return type;
}

/* ── declarations ────────────────────────────────────────────────────────────────────────── */

/* What a part of a declaration is made of. */
typedef enum part_shape {
    PART_NAME,            /* `a` */
    PART_NAME_TYPE,       /* `a: t` */
    PART_NAME_MAYBE_TYPE, /* `a`, `a(t)` */
    PART_TYPE,            /* `t` */
} part_shape_t;

static const struct {
    const char *word;
    wit_ast_item_kind_t kind;
    part_shape_t shape;
    const char *what; /* its name */
    const char *part; /* a part's name */
} declarations[] = {
    {"record", WIT_AST_RECORD, PART_NAME_TYPE, "the name of a record", "the name of a field"},
    {"variant", WIT_AST_VARIANT, PART_NAME_MAYBE_TYPE, "the name of a variant",
     "the name of a case"},
    {"enum", WIT_AST_ENUM, PART_NAME, "the name of an enum", "the name of a case"},
    {"flags", WIT_AST_FLAGS, PART_NAME, "the name of a flags type", "the name of a flag"},
    {"union", WIT_AST_UNION, PART_TYPE, "the name of a union", "a type"}, /* 2022 only */
};
enum { DECLARATIONS = sizeof declarations / sizeof *declarations };

static size_t find_declaration(const wit_parser_t *parser) {
    size_t known = parser->dialect == WIT_DIALECT_2022 ? DECLARATIONS : DECLARATIONS - 1;
    for (size_t i = 0; i < known; i++)
        if (wit_parser_is_word(parser, declarations[i].word))
            return i;
    return DECLARATIONS;
}

bool wit_parser_is_typedef(const wit_parser_t *parser) {
    return wit_parser_is_word(parser, "type") || find_declaration(parser) < DECLARATIONS;
}

static void parse_part(wit_parser_t *parser, part_shape_t shape, const char *what,
                       wit_ast_part_t *part) {
    part->place = parser->token.place;
    if (shape != PART_TYPE)
        part->name = wit_parser_name(parser, what);
    if (shape == PART_NAME_TYPE)
        wit_parser_expect(parser, ':');
    if (shape == PART_NAME_TYPE || shape == PART_TYPE)
        part->type = wit_parse_type(parser);
    else if (shape == PART_NAME_MAYBE_TYPE && wit_parser_take(parser, '(')) {
        part->type = wit_parse_type(parser);
        wit_parser_expect(parser, ')');
    }
}

static wit_ast_parts_t parse_parts(wit_parser_t *parser, size_t declaration) {
    wit_ast_parts_t parts = {0};
    wit_parser_expect(parser, '{');
    while (true) {
        if (wit_parser_is(parser, '}'))
            parts.tail = wit_parser_tail(parser);
        if (!wit_parser_more(parser, '}'))
            return parts;
        wit_ast_part_t part = {.head = wit_parser_part_head(parser)};
        parse_part(parser, declarations[declaration].shape, declarations[declaration].part, &part);
        wit_parser_comma(parser, '}');
        wit_parser_head_end(parser, &part.head);
        WIT_APPEND(parser, &parts, part);
    }
}

void wit_parse_typedef(wit_parser_t *parser, wit_ast_item_t *item) {
    size_t at = find_declaration(parser);
    wit_parser_advance(parser);
    item->place = parser->token.place;
    if (at == DECLARATIONS) {
        item->kind = WIT_AST_ALIAS;
        item->name = wit_parser_name(parser, "the name of a type");
        wit_parser_expect(parser, '=');
        item->of.type = wit_parse_type(parser);
        wit_parse_semicolon(parser);
        return;
    }
    item->kind = declarations[at].kind;
    item->name = wit_parser_name(parser, declarations[at].what);
    item->of.parts = parse_parts(parser, at);
}

wit_ast_parts_t wit_parse_params(wit_parser_t *parser) {
    wit_ast_parts_t parts = {0};
    wit_parser_expect(parser, '(');
    while (wit_parser_more(parser, ')')) {
        wit_ast_part_t part = {0}; /* comments stay with the function */
        parse_part(parser, PART_NAME_TYPE, "the name of a parameter", &part);
        wit_parser_comma(parser, ')');
        WIT_APPEND(parser, &parts, part);
    }
    return parts;
}
