#include <stdio.h>

#include "assert_error.h"
#include "cmocka_all.h"
#include "component/signature.h"
#include "spin/wit.h"

/* `declared` stands in an interface, before the function "f: func SIGNATURE". */
typedef struct row {
    const char *declared;
    const char *function;
    /* "params->results", then " params" and " result" where these are in memory. */
    const char *lift;
    const char *lower;
    const char *lower_async;
    const char *lift64;
} row_t;

static const row_t rows[] = {
    {"", "()", "->", "->", "->i", "->"},
    {"", "(a: u8, b: s64, c: f32, d: f64) -> char", "iIfF->i", "iIfF->i", "iIfFi->i result",
     "iIfF->i"},
    {"", "(a: string, b: list<u8>) -> string", "iiii->i result", "iiiii-> result",
     "iiiii->i result", "IIII->I result"},
    {"", "(a: string, b: string, c: bool)", "iiiii->", "iiiii->", "i->i params", "IIIIi->"},
    /* one more than fits */
    {"record r { a: u8, b: u8, c: u8, d: u8 }", "(a: r, b: r, c: r, d: r)", "iiiiiiiiiiiiiiii->",
     "iiiiiiiiiiiiiiii->", "i->i params", "iiiiiiiiiiiiiiii->"},
    {"record r { a: u8, b: u8, c: u8, d: u8 }", "(a: r, b: r, c: r, d: r, e: u8) -> r",
     "i->i params result", "ii-> params result", "ii->i params result", "I->I params result"},
    {"variant v { a(f32), b(u32), c(string), d(f64) }", "(a: v)", "iIi->", "iIi->", "iIi->i",
     "iII->"},
    {"variant v { a(f32), b(u32) }", "(a: option<v>, b: result) -> result<_, string>",
     "iiii->i result", "iiiii-> result", "iiiii->i result", "iiii->I result"},
    {"flags p { a, b, c }\nenum e { x, y }", "(a: p, b: e) -> p", "ii->i", "ii->i", "iii->i result",
     "ii->i"},
    {"resource r;", "(a: r, b: borrow<r>) -> list<r>", "ii->i result", "iii-> result",
     "iii->i result", "ii->I result"},
};

static spin_wit_t *load(const row_t *row, const spin_function_t **out) {
    char source[1024];
    spin_wit_t *wit = NULL;
    snprintf(source, sizeof source, "package a:b;\ninterface i {\n%s\nf: func%s;\n}\n",
             row->declared, row->function);
    assert_good(spin_wit_parse(spin_slice(source), "t.wit", NULL, &wit));
    assert_good(spin_wit_function(wit, SLICE_LITERAL("f"), out));
    return wit;
}

static void check(signature_t signature, const char *what, const row_t *row, const char *expected) {
    char text[80];
    snprintf(text, sizeof text, "%s->%s%s%s", signature.params, signature.results,
             signature.params_in_memory ? " params" : "",
             signature.result_in_memory ? " result" : "");
    if (strcmp(text, expected) != 0)
        fail_msg("%s of %s: %s, not %s", what, row->function, text, expected);
}

static void functions_flatten(void **state) {
    (void)state;
    static const linked_options_t sync = {.encoding = AST_UTF8};
    static const linked_options_t async = {.is_async = true};
    static const linked_options_t sync64 = {.memory64 = true};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const spin_function_t *function;
        spin_wit_t *wit = load(&rows[i], &function);
        check(signature_of_lift(function, &sync), "lift", &rows[i], rows[i].lift);
        check(signature_of_lower(function, &sync), "lower", &rows[i], rows[i].lower);
        check(signature_of_lower(function, &async), "async lower", &rows[i], rows[i].lower_async);
        check(signature_of_lift(function, &sync64), "lift64", &rows[i], rows[i].lift64);
        spin_wit_free(wit);
    }
}

/* With a callback it says what is next; without one it has a stack of its own, and returns when it
 * is done. */
static void waiting_lifts_return_no_result(void **state) {
    (void)state;
    linked_options_t options = {.is_async = true};
    const row_t row = {"", "(a: string) -> string", NULL, NULL, NULL, NULL};
    const spin_function_t *function;
    spin_wit_t *wit = load(&row, &function);
    check(signature_of_lift(function, &options), "stackful", &row, "ii->");
    options.callback.kind = LINKED_DEFINED;
    check(signature_of_lift(function, &options), "callback", &row, "ii->i");
    options.memory64 = true;
    check(signature_of_lift(function, &options), "callback", &row, "II->i");
    spin_wit_free(wit);
}

static void wide_pointers_change_layouts(void **state) {
    (void)state;
    const row_t row = {"record r { a: u8, b: list<r2>, c: u16 }\nrecord r2 { x: option<string> }",
                       "(a: r)",
                       NULL,
                       NULL,
                       NULL,
                       NULL};
    const spin_function_t *function;
    char letters[WIT_FLAT_MAX + 1];
    spin_wit_t *wit = load(&row, &function);
    const spin_type_t *type = function->params[0].ref.type;
    const spin_type_t *element = type->parts[1].ref.type->parts[0].ref.type;
    assert_int_equal(signature_size(type, false), 16);
    assert_int_equal(signature_align(type, false), 4);
    assert_int_equal(signature_size(type, true), 32);
    assert_int_equal(signature_align(type, true), 8);
    assert_int_equal(signature_size(element, false), 12);
    assert_int_equal(signature_size(element, true), 24);
    assert_int_equal(signature_layout(element->parts[0].ref.type, true)->payload, 8);
    assert_true(signature_flatten(type, true, letters, 4));
    assert_string_equal(letters, "iIIi");
    assert_false(signature_flatten(type, true, letters, 3));
    spin_wit_free(wit);
}

static void builtins_have_signatures(void **state) {
    (void)state;
    static const core_limits_t memories[] = {{.is64 = true}};
    static const core_table_t tables[] = {{.limits.is64 = true}};
    core_module_t module = {.memories = (core_limits_t *)(uintptr_t)memories,
                            .memory_count = 1,
                            .tables = (core_table_t *)(uintptr_t)tables,
                            .table_count = 1};
    linked_module_t modules[] = {{.module = &module}};
    linked_instance_t instances[] = {{.module = 0}};
    linked_options_t options[] = {{.memory64 = false}, {.memory64 = true}};
    linked_component_t linked = {.modules = modules, .instances = instances, .options = options};
    const row_t row = {"", "a built-in", NULL, NULL, NULL, NULL};
    linked_item_t memory = {.kind = LINKED_DEFINED, .sort = CORE_EXTERN_MEMORY};
    linked_item_t table = {.kind = LINKED_DEFINED, .sort = CORE_EXTERN_TABLE};
    const struct {
        linked_builtin_t builtin;
        const char *expected;
    } all[] = {
        {{.kind = AST_CANON_STREAM_READ, .options = 0}, "iii->i"},
        {{.kind = AST_CANON_STREAM_READ, .options = 1}, "iII->I"},
        {{.kind = AST_CANON_FUTURE_WRITE, .options = 1}, "iI->i"},
        {{.kind = AST_CANON_WAITABLE_SET_WAIT, .options = LINKED_NONE, .memory = memory}, "iI->i"},
        {{.kind = AST_CANON_THREAD_NEW_INDIRECT, .options = LINKED_NONE, .table = table}, "Ii->i"},
        {{.kind = AST_CANON_CONTEXT_GET, .options = LINKED_NONE, .slot_type = CORE_I64}, "->I"},
        {{.kind = AST_CANON_CONTEXT_SET, .options = LINKED_NONE, .slot_type = CORE_I32}, "i->"},
        {{.kind = AST_CANON_TASK_RETURN, .options = LINKED_NONE}, "->"},
        {{.kind = AST_CANON_ERROR_CONTEXT_NEW, .options = 1}, "II->i"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        check(signature_of_builtin(&linked, &all[i].builtin), "built-in", &row, all[i].expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_flatten),
        cmocka_unit_test(waiting_lifts_return_no_result),
        cmocka_unit_test(wide_pointers_change_layouts),
        cmocka_unit_test(builtins_have_signatures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
