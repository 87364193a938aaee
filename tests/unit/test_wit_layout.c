#include <stdio.h>

#include "base/error.h"
#include "cmocka_all.h"
#include "wit/layout.h"
#include "wit/model.h"
#include "wit/type.h"

/* Types stand in an interface, each as `type t = ...` or declared before it as the row says. */
static spin_wit_t *load(const char *declared, const char *text) {
    char source[4096];
    int len = snprintf(source, sizeof source, "package a:b;\ninterface i {\n%s\ntype t = %s;\n}\n",
                       declared, text);
    assert_true(len > 0 && (size_t)len < sizeof source);
    spin_wit_t *wit = NULL;
    spin_error_t *error = spin_wit_parse(spin_slice(source), "t.wit", NULL, &wit);
    if (error != NULL) {
        char message[512];
        spin_error_format(error, message, sizeof message);
        spin_error_free(error);
        fail_msg("%s %s: %s", declared, text, message);
    }
    return wit;
}

static const wit_type_t *find(const spin_wit_t *wit) {
    const wit_interface_t *interface = wit->packages[0]->interfaces[0];
    const wit_typedef_t *def = interface->types[interface->types_len - 1];
    assert_true(slice_equal_text(def->name, "t"));
    return def->ref.type;
}

typedef struct row {
    const char *declared;
    const char *text;
    uint32_t size;
    uint32_t align;
    uint32_t discriminant;
    uint32_t payload;
    const char *flat;
} row_t;

static void check(const row_t *row) {
    spin_wit_t *wit = load(row->declared, row->text);
    const wit_layout_t *layout = &find(wit)->layout;
    if (layout->size != row->size || layout->align != row->align ||
        layout->discriminant != row->discriminant || layout->payload != row->payload ||
        strcmp(layout->flat, row->flat) != 0 || layout->flat_len != strlen(row->flat))
        fail_msg("%s %s: size %u align %u discriminant %u payload %u flat %s (%u)", row->declared,
                 row->text, layout->size, layout->align, layout->discriminant, layout->payload,
                 layout->flat, layout->flat_len);
    spin_wit_free(wit);
}

static void check_all(const row_t *rows, size_t len) {
    for (size_t i = 0; i < len; i++)
        check(&rows[i]);
}

#define CHECK(rows) check_all(rows, sizeof(rows) / sizeof *(rows))

static void scalars(void **state) {
    (void)state;
    static const row_t rows[] = {
        {"", "bool", 1, 1, 0, 0, "i"},
        {"", "s8", 1, 1, 0, 0, "i"},
        {"", "u8", 1, 1, 0, 0, "i"},
        {"", "s16", 2, 2, 0, 0, "i"},
        {"", "u16", 2, 2, 0, 0, "i"},
        {"", "s32", 4, 4, 0, 0, "i"},
        {"", "u32", 4, 4, 0, 0, "i"},
        {"", "s64", 8, 8, 0, 0, "I"},
        {"", "u64", 8, 8, 0, 0, "I"},
        {"", "f32", 4, 4, 0, 0, "f"},
        {"", "f64", 8, 8, 0, 0, "F"},
        {"", "char", 4, 4, 0, 0, "i"},
        {"", "string", 8, 4, 0, 0, "ii"},
        {"", "error-context", 4, 4, 0, 0, "i"},
        {"", "stream<u64>", 4, 4, 0, 0, "i"},
        {"", "stream", 4, 4, 0, 0, "i"},
        {"", "future<string>", 4, 4, 0, 0, "i"},
        {"resource r;", "own<r>", 4, 4, 0, 0, "i"},
        {"resource r;", "borrow<r>", 4, 4, 0, 0, "i"},
        {"resource r; type o = r;", "list<o>", 8, 4, 0, 0, "ii"},
    };
    CHECK(rows);
}

static void sequences(void **state) {
    (void)state;
    static const row_t rows[] = {
        {"", "list<u64>", 8, 4, 0, 0, "ii"},
        {"", "map<string, u64>", 8, 4, 0, 0, "ii"},
        {"", "tuple<u8>", 1, 1, 0, 0, "i"},
        {"", "tuple<u8, u32>", 8, 4, 0, 0, "ii"},
        {"", "tuple<u8, u32, u8>", 12, 4, 0, 0, "iii"},
        {"", "tuple<u8, u64, u8>", 24, 8, 0, 0, "iIi"},
        {"", "tuple<f64, u8, u16, u8>", 16, 8, 0, 0, "Fiii"},
        {"", "tuple<u8, tuple<u8, u16>, u8>", 8, 2, 0, 0, "iiii"},
        {"record p { a: u8, b: string, c: f32 }", "p", 16, 4, 0, 0, "iiif"},
        {"", "list<u8, 3>", 3, 1, 0, 0, "iii"},
        {"", "list<tuple<u32, u8>, 2>", 16, 4, 0, 0, "iiii"},
        {"", "tuple<u8, list<u16, 2>>", 6, 2, 0, 0, "iii"},
        {"", "list<list<f32, 2>, 3>", 24, 4, 0, 0, "ffffff"},
        {"", "list<u32, 16>", 64, 4, 0, 0, "iiiiiiiiiiiiiiii"},
        /* One value past the limit says that there are too many. */
        {"", "list<u32, 17>", 68, 4, 0, 0, "iiiiiiiiiiiiiiiii"},
        {"", "list<u8, 4000000000>", 4000000000, 1, 0, 0, "iiiiiiiiiiiiiiiii"},
        {"", "tuple<list<string, 8>, f32>", 68, 4, 0, 0, "iiiiiiiiiiiiiiiif"},
        {"", "tuple<list<string, 8>, u8, f64>", 80, 8, 0, 0, "iiiiiiiiiiiiiiiii"},
    };
    CHECK(rows);
}

static void variants(void **state) {
    (void)state;
    static const row_t rows[] = {
        {"enum e { a }", "e", 1, 1, 1, 1, "i"},
        {"", "option<u8>", 2, 1, 1, 1, "ii"},
        {"", "option<u16>", 4, 2, 1, 2, "ii"},
        {"", "option<u32>", 8, 4, 1, 4, "ii"},
        {"", "option<u64>", 16, 8, 1, 8, "iI"},
        {"", "option<string>", 12, 4, 1, 4, "iii"},
        {"", "option<option<u8>>", 3, 1, 1, 1, "iii"},
        {"", "option<option<u64>>", 24, 8, 1, 8, "iiI"},
        {"", "result", 1, 1, 1, 1, "i"},
        {"", "result<u8>", 2, 1, 1, 1, "ii"},
        {"", "result<_, string>", 12, 4, 1, 4, "iii"},
        {"", "result<u64, string>", 16, 8, 1, 8, "iIi"},
        /* The joins of flattened payloads. */
        {"", "result<u32, f32>", 8, 4, 1, 4, "ii"},
        {"", "result<f32, f32>", 8, 4, 1, 4, "if"},
        {"", "result<f64, f64>", 16, 8, 1, 8, "iF"},
        {"", "result<f32, f64>", 16, 8, 1, 8, "iI"},
        {"", "result<u64, f64>", 16, 8, 1, 8, "iI"},
        {"", "result<u32, u64>", 16, 8, 1, 8, "iI"},
        {"variant v { a(f32), b(tuple<u32, f64>), c, d(string) }", "v", 24, 8, 1, 8, "iiI"},
        {"variant v { a(u8), b(u16) }", "tuple<u8, v>", 6, 2, 0, 0, "iii"},
        {"", "option<list<u32, 16>>", 68, 4, 1, 4, "iiiiiiiiiiiiiiiii"},
        {"", "option<list<u32, 15>>", 64, 4, 1, 4, "iiiiiiiiiiiiiiii"},
    };
    CHECK(rows);
}

/* Names of `len` flags or cases: a0, a1, ... */
static char *many(const char *kind, size_t len) {
    static char text[1 << 20];
    size_t at = (size_t)snprintf(text, sizeof text, "package a:b; interface i { %s t { ", kind);
    for (size_t i = 0; i < len; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "a%zu, ", i);
    snprintf(text + at, sizeof text - at, "} }");
    return text;
}

static void many_names(void **state) {
    (void)state;
    static const struct {
        const char *kind;
        size_t len;
        uint32_t size;
        uint32_t align;
        uint32_t discriminant;
        const char *flat;
    } rows[] = {
        {"enum", 256, 1, 1, 1, "i"},    {"enum", 257, 2, 2, 2, "i"},
        {"enum", 65536, 2, 2, 2, "i"},  {"enum", 65537, 4, 4, 4, "i"},
        {"variant", 257, 2, 2, 2, "i"}, {"flags", 1, 1, 1, 0, "i"},
        {"flags", 8, 1, 1, 0, "i"},     {"flags", 9, 2, 2, 0, "i"},
        {"flags", 16, 2, 2, 0, "i"},    {"flags", 17, 4, 4, 0, "i"},
        {"flags", 32, 4, 4, 0, "i"},    {"flags", 33, 8, 4, 0, "ii"},
        {"flags", 64, 8, 4, 0, "ii"},   {"flags", 65, 12, 4, 0, "iii"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        spin_wit_t *wit = NULL;
        spin_error_t *error =
            spin_wit_parse(spin_slice(many(rows[i].kind, rows[i].len)), "t.wit", NULL, &wit);
        assert_null(error);
        const wit_layout_t *layout = &find(wit)->layout;
        assert_int_equal(layout->size, rows[i].size);
        assert_int_equal(layout->align, rows[i].align);
        assert_int_equal(layout->discriminant, rows[i].discriminant);
        assert_string_equal(layout->flat, rows[i].flat);
        spin_wit_free(wit);
    }
}

/* The response of 2022, whose offsets docs/abi-2022.md gives. */
static void response_of_2022(void **state) {
    (void)state;
    const char *text =
        "record response { status: u16, headers: option<list<tuple<string, string>>>,"
        " body: option<list<u8>> }\n"
        "enum http-error { a, b }\n"
        "send: function() -> expected<response, http-error>\n"
        "none: function() -> expected<_, http-error>\n"
        "unit-one: function() -> expected<unit, http-error>\n"
        "two: function() -> (a: u8, b: u32)\n";
    spin_wit_t *wit = NULL;
    assert_null(spin_wit_parse(spin_slice(text), "t.wit", NULL, &wit));
    const wit_interface_t *interface = wit->packages[0]->interfaces[0];
    const wit_layout_t *response = &interface->types[0]->ref.type->layout;
    assert_int_equal(response->size, 28);
    assert_string_equal(response->flat, "iiiiiii");
    const wit_layout_t *send = &interface->functions[0]->result.type->layout;
    assert_int_equal(send->size, 32);
    assert_int_equal(send->payload, 4);
    assert_string_equal(send->flat, "iiiiiiii");
    const wit_type_t *none = interface->functions[1]->result.type;
    assert_int_equal(none->layout.size, 2);
    assert_int_equal(none->layout.payload, 1);
    assert_string_equal(none->layout.flat, "ii");
    assert_ptr_equal(none, interface->functions[2]->result.type);
    const wit_type_t *two = interface->functions[3]->result.type;
    assert_int_equal(two->kind, SPIN_TYPE_TUPLE);
    assert_int_equal(two->layout.size, 8);
    spin_wit_free(wit);
}

static void refuses_what_is_too_large(void **state) {
    (void)state;
    static const char *const texts[] = {
        "type t = list<u64, 4294967295>;",
        "record r { a: string, b: string } type t = list<r, 4294967295>;",
        "type a = list<u8, 4294967295>; type t = tuple<a, u8>;",
        "type a = list<u8, 4294967295>; type t = option<a>;",
        "type a = list<u8, 4294967295>; record t { a: a, b: u64 }",
        "type a = list<u8, 4294967295>; type t = list<a, 4294967295>;",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char source[512];
        snprintf(source, sizeof source, "package a:b;\ninterface i {\n%s\n}\n", texts[i]);
        spin_wit_t *wit = NULL;
        spin_error_t *error = spin_wit_parse(spin_slice(source), "t.wit", NULL, &wit);
        assert_non_null(error);
        assert_null(wit);
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_LIMIT);
        assert_int_equal(spin_error_position(error).line, 3);
        spin_error_free(error);
    }
}

/* A list of 2^32 - 1 elements without any size: no loop may run over it. */
static void empty_elements(void **state) {
    (void)state;
    static const row_t rows[] = {
        {"record e {}", "list<e, 4294967295>", 0, 1, 0, 0, ""},
        {"record e {}", "tuple<e, u8>", 1, 1, 0, 0, "i"},
        {"record e {}", "option<e>", 1, 1, 1, 1, "i"},
    };
    CHECK(rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars),          cmocka_unit_test(sequences),
        cmocka_unit_test(variants),         cmocka_unit_test(many_names),
        cmocka_unit_test(response_of_2022), cmocka_unit_test(refuses_what_is_too_large),
        cmocka_unit_test(empty_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
