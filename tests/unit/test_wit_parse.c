#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "cmocka_all.h"
#include "failing_alloc.h"
#include "wit/ast.h"

static arena_t arena;

static int set_up(void **state) {
    (void)state;
    arena_init(&arena, 0);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static wit_ast_file_t *parse_slice(spin_slice_t text) {
    wit_ast_file_t *file = NULL;
    spin_error_t *error = wit_parse_file(&arena, text, "t.wit", &file);
    if (error != NULL) {
        char message[512];
        spin_error_format(error, message, sizeof message);
        spin_error_free(error);
        fail_msg("%.*s\n%s", (int)text.len, (const char *)text.ptr, message);
    }
    return file;
}

static wit_ast_file_t *parse(const char *text) {
    return parse_slice(spin_slice(text));
}

static void assert_text(spin_slice_t slice, const char *expected) {
    if (!slice_equal_text(slice, expected))
        fail_msg("\"%.*s\" is not \"%s\"", SLICE_ARG(slice), expected);
}

static void assert_place(wit_place_t place, uint32_t line, uint32_t column) {
    assert_string_equal(place.file, "t.wit");
    assert_int_equal(place.line, line);
    assert_int_equal(place.column, column);
}

/* Item `index`, which is of that kind and has that name. */
static const wit_ast_item_t *item(const wit_ast_items_t *items, size_t index,
                                  wit_ast_item_kind_t kind, const char *name) {
    assert_true(index < items->len);
    assert_int_equal(items->items[index].kind, kind);
    assert_text(items->items[index].name.text, name);
    return &items->items[index];
}

/* ── today's files ───────────────────────────────────────────────────────────────────────── */

static void reads_packages_and_top_level_uses(void **state) {
    (void)state;
    const wit_ast_file_t *file = parse("package a:b:c/d@1.2.3-rc.1+x;\n"
                                       "use e:f/g@2.0.0 as h;\n"
                                       "use i;\n"
                                       "use a:b:c/d/e;\n"
                                       "package j:k { interface l {} world m {} }\n");
    assert_int_equal(file->dialect, WIT_DIALECT_TODAY);
    assert_true(file->has_package);
    assert_text(file->package.ns, "a:b");
    assert_text(file->package.name, "c/d");
    assert_text(file->package.version, "1.2.3-rc.1+x");
    assert_place(file->package.place, 1, 9);

    const wit_ast_item_t *use = item(&file->items, 0, WIT_AST_TOP_USE, "h");
    assert_text(use->of.use.path.ns, "e");
    assert_text(use->of.use.path.package, "f");
    assert_text(use->of.use.path.name, "g");
    assert_text(use->of.use.path.version, "2.0.0");
    use = item(&file->items, 1, WIT_AST_TOP_USE, "");
    assert_text(use->of.use.path.name, "i");
    assert_int_equal(use->of.use.path.ns.len, 0);
    use = item(&file->items, 2, WIT_AST_TOP_USE, "");
    assert_text(use->of.use.path.ns, "a:b");
    assert_text(use->of.use.path.package, "c/d");
    assert_text(use->of.use.path.name, "e");

    const wit_ast_item_t *nested = item(&file->items, 3, WIT_AST_PACKAGE, "");
    assert_text(nested->of.body.package.ns, "j");
    assert_text(nested->of.body.package.name, "k");
    item(&nested->of.body.items, 0, WIT_AST_INTERFACE, "l");
    item(&nested->of.body.items, 1, WIT_AST_WORLD, "m");
    assert_int_equal(file->items.len, 4);
}

static void a_nested_package_may_come_first(void **state) {
    (void)state;
    const wit_ast_file_t *file = parse("/// A.\npackage a:b { }\npackage c:d@1.0.0 {}\nworld w {}");
    assert_false(file->has_package);
    assert_text(item(&file->items, 0, WIT_AST_PACKAGE, "")->head.docs, "A.");
    assert_text(item(&file->items, 1, WIT_AST_PACKAGE, "")->of.body.package.version, "1.0.0");
    item(&file->items, 2, WIT_AST_WORLD, "w");
}

static void reads_declarations(void **state) {
    (void)state;
    const wit_ast_file_t *file = parse("interface i {\n"
                                       "  use x.{a, b as c,};\n"
                                       "  record r { x: u8, %u8: r, }\n"
                                       "  variant v { none, some(string) }\n"
                                       "  enum e { one, }\n"
                                       "  flags f { p, q }\n"
                                       "  type t = u64;\n"
                                       "}\n");
    const wit_ast_items_t *items = &item(&file->items, 0, WIT_AST_INTERFACE, "i")->of.body.items;
    const wit_ast_item_t *use = item(items, 0, WIT_AST_USE, "");
    assert_int_equal(use->of.use.names.len, 2);
    assert_text(use->of.use.names.items[0].name.text, "a");
    assert_text(use->of.use.names.items[1].as.text, "c");
    assert_place(use->of.use.names.items[1].name.place, 2, 13);
    const wit_ast_item_t *record = item(items, 1, WIT_AST_RECORD, "r");
    assert_place(record->place, 3, 10);
    assert_int_equal(record->of.parts.len, 2);
    assert_text(record->of.parts.items[1].name.text, "u8");
    assert_int_equal(record->of.parts.items[1].type->kind, 0);
    assert_text(record->of.parts.items[1].type->name.text, "r");
    const wit_ast_item_t *variant = item(items, 2, WIT_AST_VARIANT, "v");
    assert_null(variant->of.parts.items[0].type);
    assert_int_equal(variant->of.parts.items[1].type->kind, SPIN_TYPE_STRING);
    assert_int_equal(item(items, 3, WIT_AST_ENUM, "e")->of.parts.len, 1);
    assert_int_equal(item(items, 4, WIT_AST_FLAGS, "f")->of.parts.len, 2);
    assert_int_equal(item(items, 5, WIT_AST_ALIAS, "t")->of.type->kind, SPIN_TYPE_U64);
}

static void reads_every_type(void **state) {
    (void)state;
    static const struct {
        const char *text;
        unsigned kind;
        size_t args;
    } cases[] = {
        {"bool", SPIN_TYPE_BOOL, 0},
        {"s8", SPIN_TYPE_S8, 0},
        {"u8", SPIN_TYPE_U8, 0},
        {"s16", SPIN_TYPE_S16, 0},
        {"u16", SPIN_TYPE_U16, 0},
        {"s32", SPIN_TYPE_S32, 0},
        {"u32", SPIN_TYPE_U32, 0},
        {"s64", SPIN_TYPE_S64, 0},
        {"u64", SPIN_TYPE_U64, 0},
        {"f32", SPIN_TYPE_F32, 0},
        {"f64", SPIN_TYPE_F64, 0},
        {"float32", SPIN_TYPE_F32, 0},
        {"float64", SPIN_TYPE_F64, 0},
        {"char", SPIN_TYPE_CHAR, 0},
        {"string", SPIN_TYPE_STRING, 0},
        {"error-context", SPIN_TYPE_ERROR_CONTEXT, 0},
        {"list<u8>", SPIN_TYPE_LIST, 1},
        {"list<list<u8>, 4294967295>", SPIN_TYPE_FIXED_LIST, 1},
        {"tuple<u8>", SPIN_TYPE_TUPLE, 1},
        {"tuple<u8, s8, tuple<u8, u8,>,>", SPIN_TYPE_TUPLE, 3},
        {"option<option<u8>>", SPIN_TYPE_OPTION, 1},
        {"result", SPIN_TYPE_RESULT, 2},
        {"result<u8>", SPIN_TYPE_RESULT, 2},
        {"result<u8, u8>", SPIN_TYPE_RESULT, 2},
        {"result<_, u8>", SPIN_TYPE_RESULT, 2},
        {"map<string, u8>", SPIN_TYPE_MAP, 2},
        {"stream", SPIN_TYPE_STREAM, 1},
        {"stream<u8>", SPIN_TYPE_STREAM, 1},
        {"future", SPIN_TYPE_FUTURE, 1},
        {"future<result<u8>>", SPIN_TYPE_FUTURE, 1},
        {"own<r>", SPIN_TYPE_OWN, 0},
        {"borrow<%own>", SPIN_TYPE_BORROW, 0},
        {"r", 0, 0},
        {"%list", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        spin_slice_t text = arena_printf(&arena, "interface i { type t = %s; }", cases[i].text);
        const wit_ast_file_t *file = parse_slice(text);
        const wit_ast_type_t *type = file->items.items[0].of.body.items.items[0].of.type;
        assert_int_equal(type->kind, cases[i].kind);
        assert_int_equal(type->args_len, cases[i].args);
        assert_place(type->place, 1, 24);
    }
    const wit_ast_file_t *file = parse("interface i { type t = result<_, u8>; type l = list<u8, 7>;"
                                       " type b = borrow<%own>; type s = stream; }");
    const wit_ast_item_t *items = file->items.items[0].of.body.items.items;
    assert_true(wit_ast_type_is_none(items[0].of.type->args[0]));
    assert_int_equal(items[0].of.type->args[1]->kind, SPIN_TYPE_U8);
    assert_int_equal(items[1].of.type->length, 7);
    assert_text(items[2].of.type->name.text, "own");
    assert_null(items[3].of.type->args[0]);
}

static void reads_functions_and_resources(void **state) {
    (void)state;
    const wit_ast_file_t *file = parse("interface i {\n"
                                       "  f: func();\n"
                                       "  g: async func(a: u8, b: r,) -> r;\n"
                                       "  resource r;\n"
                                       "  resource s {\n"
                                       "    constructor(a: u8) -> result<s>;\n"
                                       "    m: func();\n"
                                       "    %constructor: static async func() -> u8;\n"
                                       "  }\n"
                                       "}\n");
    const wit_ast_items_t *items = &file->items.items[0].of.body.items;
    const wit_ast_func_t *func = &item(items, 0, WIT_AST_FUNC, "f")->of.func;
    assert_int_equal(func->params.len, 0);
    assert_null(func->result);
    assert_false(func->is_async);
    func = &item(items, 1, WIT_AST_FUNC, "g")->of.func;
    assert_true(func->is_async);
    assert_int_equal(func->kind, WIT_FUNCTION_FREE);
    assert_int_equal(func->params.len, 2);
    assert_text(func->params.items[1].name.text, "b");
    assert_text(func->result->name.text, "r");
    assert_int_equal(item(items, 2, WIT_AST_RESOURCE, "r")->of.body.items.len, 0);

    items = &item(items, 3, WIT_AST_RESOURCE, "s")->of.body.items;
    func = &item(items, 0, WIT_AST_FUNC, "constructor")->of.func;
    assert_int_equal(func->kind, WIT_FUNCTION_CONSTRUCTOR);
    assert_int_equal(func->result->kind, SPIN_TYPE_RESULT);
    assert_int_equal(item(items, 1, WIT_AST_FUNC, "m")->of.func.kind, WIT_FUNCTION_METHOD);
    func = &item(items, 2, WIT_AST_FUNC, "constructor")->of.func;
    assert_int_equal(func->kind, WIT_FUNCTION_STATIC);
    assert_true(func->is_async);
}

static void reads_worlds(void **state) {
    (void)state;
    const wit_ast_file_t *file = parse("world w {\n"
                                       "  include base;\n"
                                       "  include a:b/c@1.0.0 with { d as e, f as g }\n"
                                       "  import h;\n"
                                       "  import a:b/c@1.0.0;\n"
                                       "  import i: h;\n"
                                       "  import j: a:b/c;\n"
                                       "  import k: func(x: u8);\n"
                                       "  export l: interface { m: func(); }\n"
                                       "  export n: async func() -> u8;\n"
                                       "  use h.{t};\n"
                                       "  type u = t;\n"
                                       "  resource v;\n"
                                       "}\n");
    const wit_ast_items_t *items = &item(&file->items, 0, WIT_AST_WORLD, "w")->of.body.items;
    assert_text(item(items, 0, WIT_AST_INCLUDE, "")->of.use.path.name, "base");
    const wit_ast_item_t *include = item(items, 1, WIT_AST_INCLUDE, "");
    assert_int_equal(include->of.use.names.len, 2);
    assert_text(include->of.use.names.items[1].as.text, "g");
    static const struct {
        const char *name;
        const char *ns;
        const char *path;
    } paths[] = {{"", "", "h"}, {"", "a", "c"}, {"i", "", "h"}, {"j", "a", "c"}};
    for (size_t i = 0; i < 4; i++) {
        const wit_ast_item_t *import = item(items, 2 + i, WIT_AST_IMPORT, paths[i].name);
        assert_int_equal(import->of.external.is, WIT_AST_EXTERNAL_PATH);
        assert_text(import->of.external.path.ns, paths[i].ns);
        assert_text(import->of.external.path.name, paths[i].path);
    }
    assert_int_equal(item(items, 6, WIT_AST_IMPORT, "k")->of.external.func.params.len, 1);
    const wit_ast_item_t *inl = item(items, 7, WIT_AST_EXPORT, "l");
    assert_int_equal(inl->of.external.is, WIT_AST_EXTERNAL_INTERFACE);
    item(&inl->of.external.items, 0, WIT_AST_FUNC, "m");
    assert_true(item(items, 8, WIT_AST_EXPORT, "n")->of.external.func.is_async);
    item(items, 9, WIT_AST_USE, "");
    item(items, 10, WIT_AST_ALIAS, "u");
    item(items, 11, WIT_AST_RESOURCE, "v");
}

static void keeps_gates(void **state) {
    (void)state;
    const wit_ast_file_t *file = parse("@since(version = 1.0.0) @deprecated(version = 1.1.0-a.1)\n"
                                       "interface i {\n"
                                       "  @unstable(feature = new-thing)\n"
                                       "  @external-id(\"a \\\"b\\\" \\7f\")\n"
                                       "  f: func();\n"
                                       "}\n");
    const wit_ast_head_t *head = &file->items.items[0].head;
    assert_int_equal(head->gates_len, 2);
    assert_int_equal(head->gates[0].kind, WIT_AST_SINCE);
    assert_text(head->gates[0].value, "1.0.0");
    assert_int_equal(head->gates[1].kind, WIT_AST_DEPRECATED);
    assert_text(head->gates[1].value, "1.1.0-a.1");
    assert_place(head->gates[1].place, 1, 25);
    head = &file->items.items[0].of.body.items.items[0].head;
    assert_int_equal(head->gates[0].kind, WIT_AST_UNSTABLE);
    assert_text(head->gates[0].value, "new-thing");
    assert_int_equal(head->gates[1].kind, WIT_AST_EXTERNAL_ID);
    assert_text(head->gates[1].value, "a \\\"b\\\" \\7f");
}

/* A version ends where what follows can't be of it. */
static void a_version_ends_before_a_list_of_names(void **state) {
    (void)state;
    const wit_ast_file_t *file =
        parse("interface i { use a:b/c@1.0.0-rc.1.{d}; use a:b/c@0.2.0.{e}; }");
    const wit_ast_items_t *items = &file->items.items[0].of.body.items;
    assert_text(items->items[0].of.use.path.version, "1.0.0-rc.1");
    assert_text(items->items[1].of.use.path.version, "0.2.0");
    assert_text(items->items[1].of.use.names.items[0].name.text, "e");
}

static void reads_files_without_semicolons(void **state) {
    (void)state;
    const wit_ast_file_t *file = parse("package a:b\n"
                                       "interface i {\n"
                                       "  use j.{t}\n"
                                       "  type u = t\n"
                                       "  resource r\n"
                                       "  f: func() -> u\n"
                                       "}\n"
                                       "world w { import i export g: func() }\n");
    assert_true(file->has_package);
    assert_int_equal(file->items.items[0].of.body.items.len, 4);
    assert_int_equal(file->items.items[1].of.body.items.len, 2);
}

/* ── comments ────────────────────────────────────────────────────────────────────────────── */

static void docs_are_lines_without_marks(void **state) {
    (void)state;
    const wit_ast_file_t *file = parse("// ordinary\n"
                                       "/// One,\r\n"
                                       "///   two.  \n"
                                       "///\n"
                                       "/** three\n"
                                       "    four */\n"
                                       "interface i {\n"
                                       "  /// case\n"
                                       "  enum e { /// a's\n a, /// b's\n b, }\n"
                                       "}\n");
    const wit_ast_item_t *i = &file->items.items[0];
    assert_text(i->head.docs, "One,\n  two.\n\nthree\nfour");
    assert_int_equal(i->head.comments.len, 6);
    assert_false(i->head.comments.items[0].is_doc);
    const wit_ast_item_t *e = &i->of.body.items.items[0];
    assert_text(e->head.docs, "case");
    assert_text(e->of.parts.items[0].head.docs, "a's");
    assert_text(e->of.parts.items[1].head.docs, "b's");
}

static void ordinary_comments_document_where_no_others_do(void **state) {
    (void)state;
    const wit_ast_file_t *file = parse("// The licence.\n"
                                       "\n"
                                       "// Echoes.\n"
                                       "// Twice.\n"
                                       "echo: func()\n"
                                       "enum e {\n"
                                       "  a, // the first\n"
                                       "  b // the second\n"
                                       "  // the end\n"
                                       "}\n"
                                       "// of all\n");
    assert_text(file->items.items[0].head.docs, "Echoes.\nTwice.");
    assert_true(file->items.items[0].head.comments.items[0].blank_after);
    const wit_ast_parts_t *parts = &file->items.items[1].of.parts;
    assert_text(parts->items[0].head.docs, "the first");
    assert_text(parts->items[1].head.docs, "the second");
    assert_text(parts->tail.items[0].text, "the end");
    assert_text(file->items.tail.items[0].text, "of all");
}

static void no_comment_is_lost(void **state) {
    (void)state;
    const wit_ast_file_t *file = parse("/*1*/ package /*2*/ a /*3*/ : b /*4*/ ; //5\n"
                                       "/*6*/ interface /*7*/ i /*8*/ { //9\n"
                                       " f /*10*/ : func ( /*11*/ a : /*12*/ list< //13\n"
                                       " u8 > /*14*/ ) ; //15\n"
                                       "/*16*/ } /*17*/\n"
                                       "/*18*/");
    const wit_ast_item_t *i = &file->items.items[0];
    const wit_ast_item_t *f = &i->of.body.items.items[0];
    assert_int_equal(file->head.comments.len, 5);
    assert_int_equal(i->head.comments.len, 2); /* 6, 17 */
    assert_int_equal(f->head.comments.len, 9); /* 7 to 15 */
    assert_int_equal(i->of.body.items.tail.len, 1);
    assert_int_equal(file->items.tail.len, 1);
}

/* ── files of 2022 ───────────────────────────────────────────────────────────────────────── */

static void reads_files_of_2022(void **state) {
    (void)state;
    const wit_ast_file_t *file = parse("use * from http-types\n"
                                       "use { a, b as c } from other\n"
                                       "handle: function(req: request) -> expected<_, error>\n"
                                       "echo: func(m: float32) -> expected<unit, handle file>\n"
                                       "two: async func() -> (a: u8, b: stream<u8, unit>)\n"
                                       "type t = future<u8>\n"
                                       "union u { string, list<u8>, }\n"
                                       "resource bare\n"
                                       "resource file { static open: func() read: func() }\n"
                                       "flags f { a }\n"
                                       "world: func(import: u8, package: result)\n");
    assert_int_equal(file->dialect, WIT_DIALECT_2022);
    assert_true(item(&file->items, 0, WIT_AST_USE, "")->of.use.all);
    assert_text(file->items.items[0].of.use.path.name, "http-types");
    assert_text(item(&file->items, 1, WIT_AST_USE, "")->of.use.names.items[1].as.text, "c");
    const wit_ast_func_t *func = &item(&file->items, 2, WIT_AST_FUNC, "handle")->of.func;
    assert_text(func->word, "function");
    assert_int_equal(func->result->kind, SPIN_TYPE_RESULT);
    assert_text(func->result->word, "expected");
    assert_true(wit_ast_type_is_none(func->result->args[0]));
    assert_text(func->result->args[1]->name.text, "error");
    func = &item(&file->items, 3, WIT_AST_FUNC, "echo")->of.func;
    assert_int_equal(func->params.items[0].type->kind, SPIN_TYPE_F32);
    assert_true(wit_ast_type_is_none(func->result->args[0]));
    assert_int_equal(func->result->args[1]->kind, SPIN_TYPE_OWN);
    func = &item(&file->items, 4, WIT_AST_FUNC, "two")->of.func;
    assert_true(func->is_async && func->has_named_results);
    assert_int_equal(func->results.len, 2);
    assert_int_equal(item(&file->items, 6, WIT_AST_UNION, "u")->of.parts.len, 2);
    const wit_ast_items_t *methods =
        &item(&file->items, 8, WIT_AST_RESOURCE, "file")->of.body.items;
    assert_int_equal(methods->items[0].of.func.kind, WIT_FUNCTION_STATIC);
    assert_int_equal(methods->items[1].of.func.kind, WIT_FUNCTION_METHOD);
    func = &item(&file->items, 10, WIT_AST_FUNC, "world")->of.func;
    assert_text(func->params.items[1].type->name.text, "result"); /* a name like any other then */
}

static void the_first_item_tells_the_dialect(void **state) {
    (void)state;
    static const struct {
        const char *text;
        wit_dialect_t dialect;
    } cases[] = {
        {"", WIT_DIALECT_TODAY},
        {"// f: func()", WIT_DIALECT_TODAY},
        {"interface %record {}", WIT_DIALECT_TODAY},
        {"use a:b/c;", WIT_DIALECT_TODAY},
        {"@since(version = 1.0.0) world w {}", WIT_DIALECT_TODAY},
        {"f: func()", WIT_DIALECT_2022},
        {"// interface i {}\n%interface: func()", WIT_DIALECT_2022},
        {"/* ; */ type t = u8", WIT_DIALECT_2022},
        {"enum e { a }", WIT_DIALECT_2022},
        {"use {a} from b", WIT_DIALECT_2022},
        {"use * from b", WIT_DIALECT_2022},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(parse(cases[i].text)->dialect, cases[i].dialect);
}

/* ── refusals ────────────────────────────────────────────────────────────────────────────── */

static void assert_refused(spin_slice_t text, spin_error_kind_t kind, uint32_t line,
                           uint32_t column, const char *message) {
    wit_ast_file_t *file;
    spin_error_t *error = wit_parse_file(&arena, text, "t.wit", &file);
    if (error == NULL)
        fail_msg("not refused: %.*s", SLICE_ARG(text));
    assert_null(file);
    assert_int_equal(spin_error_kind(error), kind);
    assert_string_equal(spin_error_file(error), "t.wit");
    spin_position_t at = spin_error_position(error);
    if (at.line != line || at.column != column ||
        strstr(spin_error_message(error), message) == NULL)
        fail_msg("%.*s\n%u:%u: %s", (int)(text.len < 200 ? text.len : 200), (const char *)text.ptr,
                 at.line, at.column, spin_error_message(error));
    spin_error_free(error);
}

static void refuses_what_is_malformed(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint32_t line;
        uint32_t column;
        const char *message;
    } cases[] = {
        {"package a;", 1, 10, "expected \":\", found \";\""},
        {"package a:b@1;", 1, 13, "expected a version such as 1.2.3"},
        {"package a:b@1.02.3;", 1, 13, "expected a version"},
        {"package a:b@1.2.3-;", 1, 13, "expected a version"},
        {"package a:b;\npackage c:d;", 2, 1, "is the first of a file"},
        {"package a:b { package c:d {} }", 1, 15, "stands at the top of a file"},
        {"@since(version = 1.0.0) package a:b {}", 1, 1, "can't have gates"},
        {"interfaces i { f: func(); }", 1, 1, "did you mean \"interface\"?"},
        {"default interface i { f: func(); }", 1, 1, "given up in 2023"},
        {"interface i { f: func() }\nworld w { import i; }", 1, 25, "expected \";\", found \"}\""},
        {"interface i { f: funk(); }", 1, 18, "found \"funk\": did you mean \"func\"?"},
        {"interface i { recrod r { } }; ", 1, 15, "did you mean \"record\"?"},
        {"interface i { f; }", 1, 16, "expected \":\", found \";\""},
        {"interface i { f: func() -> (a: u8); }", 1, 28, "expected a type, found \"(\""},
        {"interface i { f: func(a: u8 b: u8); }", 1, 29, "expected \",\" or \")\", found \"b\""},
        {"interface i { type record = u8; }", 1, 20, "written \"%record\""},
        {"interface i { type t = foo_bar; }", 1, 24, "kebab-case"},
        {"interface i { type fooBar = u8; }", 1, 20, "all lower or all upper case"},
        {"interface i { type %1a = u8; }", 1, 20, "it begins with a letter"},
        {"interface i { type a- = u8; }", 1, 20, "a word is missing"},
        {"interface i { type % = u8; }", 1, 20, "it is empty"},
        {"interface i { type t = list; }", 1, 28, "expected \"<\", found \";\""},
        {"interface i { type t = list<u8, 0>; }", 1, 33, "a list's length is 1 to"},
        {"interface i { type t = list<u8, 4294967296>; }", 1, 33, "a list's length is 1 to"},
        {"interface i { type t = list<u8, 99999999999999999999999>; }", 1, 33, "length"},
        {"interface i { type t = result<_>; }", 1, 32, "expected \",\", found \">\""},
        {"interface i { type t = result<_, _>; }", 1, 34, "expected a type"},
        {"interface i { type t = _; }", 1, 24, "expected a type"},
        {"interface i { type t = own<u8>; }", 1, 28, "expected the name of a resource"},
        {"interface i { union u { string } }", 1, 21, "expected \":\""},
        {"interface i { resource r { f: static g(); } }", 1, 38, "expected \"func\""},
        {"interface i { resource r { async f: func(); } }", 1, 28, "found the keyword \"async\""},
        {"interface i { use a:b.{c}; }", 1, 22, "expected \"/\", found \".\""},
        {"interface i { use a.{b as}; }", 1, 26, "expected the new name"},
        {"interface i {", 1, 14, "expected \"}\", found the end of the file"},
        {"use a.{b};", 1, 6, "types are used in an interface"},
        {"world w { imports i; }", 1, 11, "did you mean \"import\"?"},
        {"world w { import a:b; import c: 7; }", 1, 33,
         "expected \"func\", \"interface\" or a path"},
        {"world w { include a with { b } }", 1, 30, "expected \"as\" and the new name"},
        {"@sinc(version = 1.0.0) world w {}", 1, 2, "did you mean \"since\"?"},
        {"@since(feature = a) world w {}", 1, 8, "expected \"version\""},
        {"@since(version = one) world w {}", 1, 18, "expected a version"},
        {"@external-id(\"\\q\") world w {}", 1, 14, "unknown escape"},
        {"@external-id(\"a\nb\") world w {}", 1, 14, "has no end"},
        {"f: func();", 1, 10, "dialect of 2022"},
        {"f: func()\ninterface i {}", 2, 1, "dialect of 2022"},
        {"f: func() -> expected<u8>", 1, 25, "expected \",\", found \">\""},
        {"use * form x", 1, 7, "expected \"from\", found \"form\""},
        {"/* /* */\nworld w {}", 1, 1, "this comment has no end"},
        {"world w { $ }", 1, 11, "unexpected character \"$\""},
        {"world w { \xC3\xA9 }", 1, 11, "unexpected character \"\xC3\xA9\""},
        {"world w {\n // \xFF\n}", 2, 5, "byte 0xFF is not valid UTF-8"},
        {"world w {}\n// \x01", 2, 4, "U+0001: control characters"},
        {"// \xC2\x85", 1, 4, "U+0085"},
        {"// \x7F", 1, 4, "U+007F"},
        {"world w {} // \xE2\x80\xAE", 1, 15, "U+202E: it changes the direction"},
        {"// \xE2\x81\xA6", 1, 4, "U+2066"},
        {"// \xC5\x89", 1, 4, "U+0149: Unicode deprecates it"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(spin_slice(cases[i].text), SPIN_ERROR_INVALID, cases[i].line,
                       cases[i].column, cases[i].message);
    assert_refused(spin_slice_of("a\0b", 3), SPIN_ERROR_INVALID, 1, 2, "U+0000");
}

/* `begin`, `middle` so many times, `end`. */
static spin_slice_t repeat(const char *begin, const char *middle, size_t times, const char *end) {
    buf_t buf = {0};
    buf_append_text(&buf, begin);
    for (size_t i = 0; i < times; i++)
        buf_append_text(&buf, middle);
    buf_append_text(&buf, end);
    assert_false(buf.failed);
    spin_slice_t text = arena_copy(&arena, buf_slice(&buf));
    buf_deinit(&buf);
    return text;
}

static void refuses_what_is_nested_too_deep(void **state) {
    (void)state;
    const char *closing = (const char *)repeat("u8", ">", 99, "").ptr;
    parse_slice(repeat("type t = ", "option<", 99, closing));
    assert_refused(repeat("type t = ", "list<", 100000, ""), SPIN_ERROR_LIMIT, 1, 510,
                   "too many types are nested");
    assert_refused(repeat("use a", ":a", 1000, "/b;"), SPIN_ERROR_LIMIT, 1, 205,
                   "too many names in a path");
    assert_refused(repeat("use a:a", "/b", 1000, ";"), SPIN_ERROR_LIMIT, 1, 205,
                   "too many names in a path");
}

/* Long lists and many comments take time in proportion: quadratic, these would take minutes. */
static void reads_what_is_long(void **state) {
    (void)state;
    enum { MANY = 200000 };
    assert_int_equal(parse_slice(repeat("enum e {", "a,", MANY, "}"))->items.items[0].of.parts.len,
                     MANY);
    assert_int_equal(parse_slice(repeat("", "f:func()", MANY, ""))->items.len, MANY);
    assert_int_equal(
        parse_slice(repeat("", "//\n", MANY, "f:func()"))->items.items[0].head.comments.len, MANY);
    assert_int_equal(
        parse_slice(repeat("enum e {", "a, /// x\n", MANY, "b }"))->items.items[0].of.parts.len,
        MANY + 1);
    parse_slice(repeat("", "/*", MANY, (const char *)repeat("", "*/", MANY, "").ptr));
    assert_int_equal(parse_slice(repeat("f: func(", "a: u8 /**/,", MANY, ")"))
                         ->items.items[0]
                         .of.func.params.len,
                     MANY);
}

static void a_byte_order_mark_is_skipped(void **state) {
    (void)state;
    const wit_ast_file_t *file = parse("\xEF\xBB\xBFworld w {}");
    assert_place(file->items.items[0].place, 1, 7);
    assert_refused(spin_slice("world w {} \xEF\xBB\xBF"), SPIN_ERROR_INVALID, 1, 12, "unexpected");
}

static void out_of_memory_is_an_error(void **state) {
    (void)state;
    static const char text[] = "/// docs\npackage a:b:c;\n// more\n@since(version = 1.0.0)\n"
                               "interface i { use d.{e, f as g}; record r { a: list<u8>, }\n"
                               "  resource s { constructor(); m: func(a: u8) -> result<u8>; } }\n"
                               "world w { include i with { a as b } import a:b:c/d; }";
    arena_deinit(&arena);
    for (size_t at = 1;; at++) {
        arena_t own = {0};
        wit_ast_file_t *file;
        failing_alloc_install(at);
        spin_error_t *error = wit_parse_file(&own, spin_slice(text), "t.wit", &file);
        if (error != NULL)
            assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
        bool reached = failing_alloc_calls() >= at;
        spin_error_free(error);
        arena_deinit(&own);
        assert_int_equal(failing_alloc_live(), 0);
        failing_alloc_remove();
        if (!reached) {
            assert_true(at > 3); /* some did fail */
            break;
        }
        assert_true(error != NULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(reads_packages_and_top_level_uses),
        TEST(a_nested_package_may_come_first),
        TEST(reads_declarations),
        TEST(reads_every_type),
        TEST(reads_functions_and_resources),
        TEST(reads_worlds),
        TEST(keeps_gates),
        TEST(a_version_ends_before_a_list_of_names),
        TEST(reads_files_without_semicolons),
        TEST(docs_are_lines_without_marks),
        TEST(ordinary_comments_document_where_no_others_do),
        TEST(no_comment_is_lost),
        TEST(reads_files_of_2022),
        TEST(the_first_item_tells_the_dialect),
        TEST(refuses_what_is_malformed),
        TEST(refuses_what_is_nested_too_deep),
        TEST(reads_what_is_long),
        TEST(a_byte_order_mark_is_skipped),
        TEST(out_of_memory_is_an_error),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
