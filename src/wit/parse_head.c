/* What stands before an item, and which comment belongs to whom. */
#include "wit/parse.h"

/* ── comments ────────────────────────────────────────────────────────────────────────────── */

/* Moves the first `count` of the comments that were seen to `comments`. */
static void take_comments(wit_parser_t *parser, wit_ast_comments_t *comments, size_t count) {
    if (count == 0)
        return;
    wit_pending_t *seen = parser->lexer.comments.items;
    for (size_t i = 0; i < count; i++)
        WIT_APPEND(parser, comments, seen[i].comment);
    parser->lexer.comments.len -= count;
    memmove(seen, seen + count, parser->lexer.comments.len * sizeof *seen);
}

wit_ast_comments_t wit_parser_tail(wit_parser_t *parser) {
    wit_ast_comments_t comments = {NULL, 0};
    take_comments(parser, &comments, parser->lexer.comments.len);
    if (comments.len > 0)
        comments.items[comments.len - 1].blank_after = false;
    return comments;
}

/* Joins the lines of documentation, or else the ordinary ones that stand right before the item. */
static spin_slice_t join_docs(wit_parser_t *parser, const wit_ast_comments_t *comments) {
    bool has_docs = false;
    size_t first = 0;
    size_t len = 0;
    for (size_t i = 0; i < comments->len; i++) {
        has_docs = has_docs || comments->items[i].is_doc;
        if (comments->items[i].blank_after)
            first = i + 1;
        len += comments->items[i].text.len + 1;
    }
    uint8_t *text = len == 0 ? NULL : arena_alloc_bytes(parser->arena, len);
    if (text == NULL) {
        if (len > 0)
            wit_parser_fail(parser, error_no_memory());
        return (spin_slice_t){NULL, 0};
    }
    len = 0;
    for (size_t i = has_docs ? 0 : first; i < comments->len; i++) {
        const wit_ast_comment_t *comment = &comments->items[i];
        if (comment->is_doc != has_docs)
            continue;
        if (comment->text.len > 0)
            memcpy(text + len, comment->text.ptr, comment->text.len);
        len += comment->text.len;
        text[len++] = '\n';
    }
    return spin_slice_of(text, len == 0 ? 0 : len - 1);
}

void wit_parser_head_end(wit_parser_t *parser, wit_ast_head_t *head) {
    if (parser->error != NULL)
        return;
    size_t count = 0;
    for (; count < parser->lexer.comments.len; count++) {
        wit_pending_t *pending = &parser->lexer.comments.items[count];
        bool inside = pending->at < parser->last_end;
        if (!inside && (pending->comment.is_doc || pending->line != parser->last_line))
            break;
        pending->comment.is_doc = false;
        pending->comment.blank_after = false;
    }
    take_comments(parser, &head->comments, count);
    head->docs = join_docs(parser, &head->comments);
}

/* ── gates ───────────────────────────────────────────────────────────────────────────────── */

/* WIT.md, "Feature gate syntax", and `external-id`. */
static const struct {
    const char *name;
    const char *field; /* NULL: a string stands by itself */
    wit_ast_gate_kind_t kind;
} gates[] = {
    {"since", "version", WIT_AST_SINCE},
    {"unstable", "feature", WIT_AST_UNSTABLE},
    {"deprecated", "version", WIT_AST_DEPRECATED},
    {"external-id", NULL, WIT_AST_EXTERNAL_ID},
};
enum { GATES = sizeof gates / sizeof *gates };

static size_t find_gate(wit_parser_t *parser) {
    const char *names[GATES];
    for (size_t i = 0; i < GATES; i++) {
        if (wit_parser_is_word(parser, gates[i].name))
            return i;
        names[i] = gates[i].name;
    }
    wit_parser_fail_expected_word(
        parser, "\"since\", \"unstable\", \"deprecated\" or \"external-id\" after \"@\"", names,
        GATES);
    return 0;
}

/* The value of `version = 1.0.0`: the lexer stands behind the "=". */
static spin_slice_t gate_version(wit_parser_t *parser) {
    spin_slice_t version = {NULL, 0};
    if (parser->error == NULL && wit_parser_is(parser, '='))
        wit_parser_fail(parser, wit_lexer_version(&parser->lexer, &version));
    wit_parser_expect(parser, '=');
    return version;
}

static spin_slice_t gate_string(wit_parser_t *parser) {
    spin_slice_t text = parser->token.text;
    wit_parser_expect(parser, WIT_TOKEN_STRING);
    return parser->error != NULL ? text : spin_slice_of(text.ptr + 1, text.len - 2);
}

static wit_ast_gate_t parse_gate(wit_parser_t *parser) {
    wit_ast_gate_t gate = {.place = parser->token.place};
    wit_parser_expect(parser, '@');
    size_t at = find_gate(parser);
    gate.kind = gates[at].kind;
    wit_parser_advance(parser);
    wit_parser_expect(parser, '(');
    if (gates[at].field != NULL)
        wit_parser_expect_word(parser, gates[at].field);
    if (gate.kind == WIT_AST_EXTERNAL_ID)
        gate.value = gate_string(parser);
    else if (gate.kind == WIT_AST_UNSTABLE) {
        wit_parser_expect(parser, '=');
        gate.value = wit_parser_name(parser, "the name of a feature").text;
    } else
        gate.value = gate_version(parser);
    wit_parser_expect(parser, ')');
    return gate;
}

wit_ast_head_t wit_parser_part_head(wit_parser_t *parser) {
    wit_ast_head_t head = {0};
    take_comments(parser, &head.comments, parser->lexer.comments.len);
    return head;
}

wit_ast_head_t wit_parser_head(wit_parser_t *parser) {
    wit_ast_head_t head = wit_parser_part_head(parser);
    struct {
        wit_ast_gate_t *items;
        size_t len;
    } list = {NULL, 0};
    while (wit_parser_is(parser, '@') && parser->error == NULL)
        WIT_APPEND(parser, &list, parse_gate(parser));
    head.gates = list.items;
    head.gates_len = list.len;
    take_comments(parser, &head.comments, parser->lexer.comments.len);
    return head;
}
