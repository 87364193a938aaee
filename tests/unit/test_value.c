#include <locale.h>
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "base/slice.h"
#include "cmocka_all.h"
#include "failing_alloc.h"
#include "spin/wit.h"

static spin_wit_t *wit;

static const char types[] =
    "package a:b;\n"
    "interface i {\n"
    "  resource blob;\n"
    "  enum color { red, %true, green }\n"
    "  flags rights { read, write, exec }\n"
    "  flags many { a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8,\n"
    "    b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2 }\n"
    "  record person { name: string, age: option<u8>, tags: list<string> }\n"
    "  record maybe { a: option<u8>, b: option<u8> }\n"
    "  variant shape { none, circle(f32), box(tuple<u32, u32>) }\n"
    "  f: func(a: bool, b: s8, c: u16, d: s64, e: u64, f: f32, g: f64, h: char, s: string,\n"
    "    color: color, rights: rights, many: many, person: person, maybe: maybe, shape: shape,\n"
    "    blob: blob, lent: borrow<blob>, bytes: list<u8>, three: list<u8, 3>, pair: tuple<u8, "
    "s32>,\n"
    "    table: map<string, u32>, res: result<u8, string>, none: result, opt: option<option<u8>>,\n"
    "    bare: stream, people: list<person>);\n"
    "}\n";

static int set_up(void **state) {
    (void)state;
    return spin_wit_parse(spin_slice(types), "t.wit", NULL, &wit) == NULL ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    spin_wit_free(wit);
    return 0;
}

static const spin_type_t *type_of(const char *param) {
    const spin_function_t *function = NULL;
    assert_null(spin_wit_function(wit, spin_slice("f"), &function));
    for (size_t i = 0; i < spin_function_param_count(function); i++)
        if (slice_equal_text(spin_function_param_name(function, i), param))
            return spin_function_param_type(function, i);
    fail_msg("no parameter %s", param);
    return NULL;
}

/* ── making values ───────────────────────────────────────────────────────────────────────── */

static spin_value_t natural(spin_type_kind_t kind, uint64_t number) {
    return (spin_value_t){.kind = kind, .of.natural = number};
}

static spin_value_t integer(spin_type_kind_t kind, int64_t number) {
    return (spin_value_t){.kind = kind, .of.integer = number};
}

static spin_value_t f32(float number) {
    return (spin_value_t){.kind = SPIN_TYPE_F32, .of.f32 = number};
}

static spin_value_t f64(double number) {
    return (spin_value_t){.kind = SPIN_TYPE_F64, .of.f64 = number};
}

static spin_value_t text(const char *string) {
    return (spin_value_t){.kind = SPIN_TYPE_STRING, .of.text = spin_slice(string)};
}

static spin_value_t bytes(const char *string) {
    return (spin_value_t){.kind = SPIN_TYPE_BYTES, .of.text = spin_slice(string)};
}

static spin_value_t list(spin_type_kind_t kind, spin_value_t *items, size_t len) {
    return (spin_value_t){.kind = kind, .of.list = {items, len}};
}

static spin_value_t choice(spin_type_kind_t kind, uint32_t index, spin_value_t *payload) {
    return (spin_value_t){.kind = kind, .of.variant = {index, payload}};
}

static spin_value_t flags(uint32_t *words, size_t len) {
    return (spin_value_t){.kind = SPIN_TYPE_FLAGS, .of.flags = {words, len}};
}

/* {name: "Ada", age: some(36), tags: ["x", "y"]}, in memory that the next call takes again. */
static spin_value_t person(void) {
    static spin_value_t age, tags[2], fields[3];
    age = natural(SPIN_TYPE_U8, 36);
    tags[0] = text("x");
    tags[1] = text("y");
    fields[0] = text("Ada");
    fields[1] = choice(SPIN_TYPE_OPTION, 1, &age);
    fields[2] = list(SPIN_TYPE_LIST, tags, 2);
    return list(SPIN_TYPE_RECORD, fields, 3);
}

static void assert_format(const char *param, spin_value_t value, const char *expected) {
    spin_string_t out;
    spin_error_t *error = spin_value_format(&value, type_of(param), &out);
    if (error != NULL) {
        char message[512];
        spin_error_format(error, message, sizeof message);
        spin_error_free(error);
        fail_msg("%s: %s", expected, message);
    }
    if (!slice_equal_text(out, expected))
        fail_msg("%.*s, expected %s", SLICE_ARG(out), expected);
    spin_string_clear(&out);
}

static void assert_refused(const char *param, spin_value_t value, const char *expected) {
    spin_error_t *error = spin_value_check(&value, type_of(param));
    assert_non_null(error);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
    char message[512];
    spin_error_format(error, message, sizeof message);
    spin_error_free(error);
    assert_string_equal(message, expected);
    spin_string_t out;
    error = spin_value_format(&value, type_of(param), &out);
    assert_non_null(error);
    assert_null(out.ptr);
    spin_error_free(error);
}

/* ── text ────────────────────────────────────────────────────────────────────────────────── */

static void formats_scalars(void **state) {
    (void)state;
    assert_format("a", (spin_value_t){.kind = SPIN_TYPE_BOOL, .of.boolean = true}, "true");
    assert_format("a", (spin_value_t){.kind = SPIN_TYPE_BOOL}, "false");
    assert_format("b", integer(SPIN_TYPE_S8, -128), "-128");
    assert_format("c", natural(SPIN_TYPE_U16, 65535), "65535");
    assert_format("d", integer(SPIN_TYPE_S64, INT64_MIN), "-9223372036854775808");
    assert_format("e", natural(SPIN_TYPE_U64, UINT64_MAX), "18446744073709551615");
    assert_format("f", f32(0.1f), "0.1");
    assert_format("f", f32(16777216.0f), "16777216");
    assert_format("g", f64(0.1), "0.1");
    assert_format("g", f64(0.1 + 0.2), "0.30000000000000004");
    assert_format("g", f64(6.022e23), "6.022e+23");
    assert_format("g", f64(-0.0), "-0");
    assert_format("g", f64((double)NAN), "nan");
    assert_format("g", f64((double)-INFINITY), "-inf");
    assert_format("f", f32(INFINITY), "inf");
}

static void formats_text(void **state) {
    (void)state;
    assert_format("h", natural(SPIN_TYPE_CHAR, 'x'), "'x'");
    assert_format("h", natural(SPIN_TYPE_CHAR, '\''), "'\\''");
    assert_format("h", natural(SPIN_TYPE_CHAR, 0), "'\\u{0}'");
    assert_format("h", natural(SPIN_TYPE_CHAR, 0x2603), "'\xE2\x98\x83'");
    assert_format("h", natural(SPIN_TYPE_CHAR, 0x1F44B), "'\xF0\x9F\x91\x8B'");
    assert_format("s", text("a\"b\\c\td\ne\r"), "\"a\\\"b\\\\c\\td\\ne\\r\"");
    assert_format("s", text("\x01\x7F\xC2\x85\xC2\xA0\xE2\x98\x83"),
                  "\"\\u{1}\\u{7f}\\u{85}\xC2\xA0\xE2\x98\x83\"");
    assert_format("s", text(""), "\"\"");
}

static void formats_what_is_made_of_others(void **state) {
    (void)state;
    spin_value_t one = natural(SPIN_TYPE_U8, 1);
    spin_value_t inner = choice(SPIN_TYPE_OPTION, 1, &one);
    spin_value_t none = choice(SPIN_TYPE_OPTION, 0, NULL);
    spin_value_t pair[] = {one, integer(SPIN_TYPE_S32, -2)};
    spin_value_t entry[] = {text("k"), natural(SPIN_TYPE_U32, 7)};
    spin_value_t entries[] = {list(SPIN_TYPE_TUPLE, entry, 2)};
    spin_value_t three[] = {one, one, natural(SPIN_TYPE_U8, 255)};
    spin_value_t nothing[] = {none, none};
    spin_value_t something[] = {none, inner};
    spin_value_t reason = text("no");
    spin_value_t radius = f32(1.5f);
    assert_format("person", person(), "{name: \"Ada\", age: some(36), tags: [\"x\", \"y\"]}");
    assert_format("maybe", list(SPIN_TYPE_RECORD, nothing, 2), "{:}");
    assert_format("maybe", list(SPIN_TYPE_RECORD, something, 2), "{b: some(1)}");
    assert_format("pair", list(SPIN_TYPE_TUPLE, pair, 2), "(1, -2)");
    assert_format("table", list(SPIN_TYPE_MAP, entries, 1), "[(\"k\", 7)]");
    assert_format("table", list(SPIN_TYPE_MAP, NULL, 0), "[]");
    assert_format("three", list(SPIN_TYPE_FIXED_LIST, three, 3), "[1, 1, 255]");
    assert_format("bytes", bytes("\x01\xFF"), "[1, 255]");
    assert_format("bytes", list(SPIN_TYPE_LIST, three, 3), "[1, 1, 255]");
    assert_format("opt", choice(SPIN_TYPE_OPTION, 1, &inner), "some(some(1))");
    assert_format("opt", choice(SPIN_TYPE_OPTION, 1, &none), "some(none)");
    assert_format("res", choice(SPIN_TYPE_RESULT, 0, &one), "ok(1)");
    assert_format("res", choice(SPIN_TYPE_RESULT, 1, &reason), "err(\"no\")");
    assert_format("none", choice(SPIN_TYPE_RESULT, 1, NULL), "err");
    assert_format("color", choice(SPIN_TYPE_ENUM, 2, NULL), "green");
    assert_format("color", choice(SPIN_TYPE_ENUM, 1, NULL), "%true");
    assert_format("shape", choice(SPIN_TYPE_VARIANT, 0, NULL), "%none");
    assert_format("shape", choice(SPIN_TYPE_VARIANT, 1, &radius), "circle(1.5)");
    assert_format("rights", flags(&(uint32_t){5}, 1), "{read, exec}");
    assert_format("rights", flags(&(uint32_t){0}, 1), "{}");
    assert_format("many", flags((uint32_t[]){1u << 31, 1}, 2), "{d1, d2}");
    assert_format("blob", natural(SPIN_TYPE_OWN, 3), "own(3)");
    assert_format("lent", natural(SPIN_TYPE_BORROW, 3), "borrow(3)");
    assert_format("bare", natural(SPIN_TYPE_STREAM, 3), "stream(3)");
}

/* ── checks ──────────────────────────────────────────────────────────────────────────────── */

static void checks_ranges(void **state) {
    (void)state;
    assert_refused("b", integer(SPIN_TYPE_S8, 128), "128 is out of range for s8");
    assert_refused("b", integer(SPIN_TYPE_S8, -129), "-129 is out of range for s8");
    assert_refused("c", natural(SPIN_TYPE_U16, 65536), "65536 is out of range for u16");
    assert_refused("h", natural(SPIN_TYPE_CHAR, 0xD800), "0xD800 is not a Unicode scalar value");
    assert_refused("h", natural(SPIN_TYPE_CHAR, 0x110000),
                   "0x110000 is not a Unicode scalar value");
    assert_refused("s", text("ab\xFF"), "a string that is not UTF-8 at byte 2");
    assert_refused("rights", flags(&(uint32_t){8}, 1), "a flag that rights does not have");
    assert_refused("rights", flags(NULL, 0), "0 words of flags, and rights has 1");
    assert_refused("many", flags((uint32_t[]){0, 2}, 2), "a flag that many does not have");
    assert_refused("color", choice(SPIN_TYPE_ENUM, 3, NULL), "case 3, and color has 3");
    assert_refused("opt", choice(SPIN_TYPE_OPTION, 2, NULL),
                   "case 2, and option<option<u8>> has 2");
}

static void checks_kinds(void **state) {
    (void)state;
    assert_refused("a", text("true"), "a value of kind string is not of type bool");
    assert_refused("s", bytes("a"), "a value of kind bytes is not of type string");
    assert_refused("three", bytes("abc"), "a value of kind bytes is not of type list<u8, 3>");
    assert_refused("person", text("x"), "a value of kind string is not record person");
    assert_refused("blob", natural(SPIN_TYPE_BORROW, 1),
                   "a value of kind borrow is not of type blob");
    assert_refused("a", (spin_value_t){0}, "a value of kind no value at all is not of type bool");
    assert_refused("a", (spin_value_t){.kind = (spin_type_kind_t)77},
                   "a value of kind no value at all is not of type bool");
}

static void says_which_part(void **state) {
    (void)state;
    spin_value_t value = person();
    value.of.list.items[2].of.list.items[1] = natural(SPIN_TYPE_U8, 1);
    assert_refused("person", value,
                   "field \"tags\": element 1: a value of kind u8 is not of type string");
    value = person();
    value.of.list.items[1].of.variant.payload->of.natural = 300;
    spin_value_t people = list(SPIN_TYPE_LIST, &value, 1);
    assert_refused("people", people,
                   "element 0: field \"age\": case \"some\": 300 is out of range for u8");
    value = person();
    value.of.list.len = 2;
    assert_refused("person", value, "2 elements, and person has 3");
    spin_value_t one = natural(SPIN_TYPE_U8, 1);
    spin_value_t pair[] = {one, one};
    spin_value_t tuple = list(SPIN_TYPE_TUPLE, pair, 2);
    assert_refused("pair", tuple, "element 1: a value of kind u8 is not of type s32");
    assert_refused("table", list(SPIN_TYPE_MAP, &one, 1),
                   "entry 0: a value of kind u8 is not a key and a value");
    assert_refused("table", list(SPIN_TYPE_MAP, &tuple, 1),
                   "entry 0: element 0: a value of kind u8 is not of type string");
    assert_refused("three", list(SPIN_TYPE_FIXED_LIST, pair, 2),
                   "2 elements, and list<u8, 3> has 3");
    assert_refused("shape", choice(SPIN_TYPE_VARIANT, 0, &one),
                   "case \"none\" of shape has no payload");
    assert_refused("shape", choice(SPIN_TYPE_VARIANT, 1, NULL),
                   "case \"circle\" of shape without its payload");
}

/* ── equality and copies ─────────────────────────────────────────────────────────────────── */

static void compares(void **state) {
    (void)state;
    spin_value_t items[] = {natural(SPIN_TYPE_U8, 'a'), natural(SPIN_TYPE_U8, 'b')};
    spin_value_t ab = list(SPIN_TYPE_LIST, items, 2);
    spin_value_t raw = bytes("ab");
    spin_value_t other = bytes("ac");
    assert_true(spin_value_equal(&ab, &raw));
    assert_true(spin_value_equal(&raw, &ab));
    assert_false(spin_value_equal(&ab, &other));
    assert_false(spin_value_equal(&raw, &other));
    spin_value_t not_a_number = f64((double)NAN);
    spin_value_t minus_nan = f64((double)-NAN);
    spin_value_t number = f64(1);
    assert_true(spin_value_equal(&not_a_number, &minus_nan));
    assert_false(spin_value_equal(&not_a_number, &number));
    spin_value_t string = text("ab");
    assert_false(spin_value_equal(&string, &raw));
    spin_value_t a = flags(&(uint32_t){1}, 1);
    spin_value_t b = flags((uint32_t[]){1, 0}, 2);
    spin_value_t c = flags((uint32_t[]){1, 1}, 2);
    assert_true(spin_value_equal(&a, &b));
    assert_false(spin_value_equal(&a, &c));
    spin_value_t some = choice(SPIN_TYPE_OPTION, 1, &number);
    spin_value_t some_nan = choice(SPIN_TYPE_OPTION, 1, &not_a_number);
    spin_value_t none = choice(SPIN_TYPE_OPTION, 0, NULL);
    assert_true(spin_value_equal(&some, &some));
    assert_false(spin_value_equal(&some, &some_nan));
    assert_false(spin_value_equal(&some, &none));
    assert_false(spin_value_equal(&items[0], &items[1]));
    ab.of.list.len = 1;
    assert_false(spin_value_equal(&ab, &raw));
}

/* A value that has one of each. */
static spin_value_t nested(void) {
    static spin_value_t items[5], pair[2], wrapped;
    wrapped = person();
    pair[0] = bytes("raw");
    pair[1] = f64(2.5);
    items[0] = choice(SPIN_TYPE_OPTION, 1, &wrapped);
    items[1] = flags((uint32_t[]){0, 0}, 0);
    items[2] = list(SPIN_TYPE_TUPLE, pair, 2);
    items[3] = list(SPIN_TYPE_LIST, NULL, 0);
    items[4] = text("");
    return list(SPIN_TYPE_TUPLE, items, 5);
}

static void copies_own_what_they_hold(void **state) {
    (void)state;
    spin_value_t value = nested();
    uint32_t words[] = {1, 2};
    value.of.list.items[1] = flags(words, 2);
    spin_value_t out;
    assert_null(spin_value_copy(&value, &out));
    assert_true(spin_value_equal(&value, &out));
    words[1] = 3;
    assert_false(spin_value_equal(&value, &out));
    assert_int_equal(out.of.list.items[1].of.flags.words[1], 2);
    assert_ptr_not_equal(out.of.list.items[2].of.list.items[0].of.text.ptr,
                         value.of.list.items[2].of.list.items[0].of.text.ptr);
    spin_value_clear(&out);
    assert_int_equal(out.kind, 0);
    spin_value_clear(&out); /* what is zero stays it */
}

static void copies_run_out_of_memory(void **state) {
    (void)state;
    spin_value_t value = nested();
    uint32_t words[] = {1, 2};
    value.of.list.items[1] = flags(words, 2);
    spin_value_t out;
    failing_alloc_install(SIZE_MAX);
    assert_null(spin_value_copy(&value, &out));
    size_t calls = failing_alloc_calls();
    spin_value_clear(&out);
    assert_int_equal(failing_alloc_live(), 0);
    assert_true(calls > 8);
    for (size_t at = 1; at <= calls; at++) {
        failing_alloc_install(at);
        spin_error_t *error = spin_value_copy(&value, &out);
        assert_non_null(error);
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
        assert_int_equal(out.kind, 0);
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
}

static void reads_types(void **state) {
    (void)state;
    const spin_type_t *option = type_of("opt");
    assert_int_equal(spin_type_count(option), 2);
    assert_true(slice_equal_text(spin_type_name(option, 0), "none"));
    assert_null(spin_type_part(option, 0));
    assert_true(slice_equal_text(spin_type_text(spin_type_part(option, 1)), "option<u8>"));
    const spin_type_t *result = type_of("res");
    assert_true(slice_equal_text(spin_type_name(result, 1), "error"));
    assert_int_equal(spin_type_kind(spin_type_part(result, 1)), SPIN_TYPE_STRING);
    assert_true(slice_equal_text(spin_type_text(result), "result<u8, string>"));
    const spin_type_t *record = type_of("person");
    assert_int_equal(spin_type_count(record), 3);
    assert_true(slice_equal_text(spin_type_name(record, 2), "tags"));
    assert_int_equal(spin_type_name(record, 3).len, 0);
    assert_null(spin_type_part(record, 3));
    assert_int_equal(spin_type_length(type_of("three")), 3);
    assert_int_equal(spin_type_length(record), 0);
    assert_int_equal(spin_type_count(type_of("bare")), 1);
    assert_null(spin_type_part(type_of("bare"), 0));
    assert_true(slice_equal_text(spin_type_text(type_of("bare")), "stream"));
    assert_true(slice_equal_text(spin_type_text(type_of("table")), "map<string, u32>"));
    assert_true(slice_equal_text(spin_type_text(type_of("lent")), "borrow<blob>"));
    assert_true(slice_equal_text(spin_type_text(type_of("three")), "list<u8, 3>"));
    assert_int_equal(spin_type_count(type_of("table")), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_scalars),
        cmocka_unit_test(formats_text),
        cmocka_unit_test(formats_what_is_made_of_others),
        cmocka_unit_test(checks_ranges),
        cmocka_unit_test(checks_kinds),
        cmocka_unit_test(says_which_part),
        cmocka_unit_test(compares),
        cmocka_unit_test(copies_own_what_they_hold),
        cmocka_unit_test(copies_run_out_of_memory),
        cmocka_unit_test(reads_types),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
