#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/toml.h"
#include "cmocka_all.h"
#include "failing_alloc.h"

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

static toml_value_t *parse(const char *text) {
    toml_value_t *root = NULL;
    spin_error_t *error = toml_parse(&arena, spin_slice(text), "t.toml", &root);
    if (error != NULL) {
        char message[512];
        spin_error_format(error, message, sizeof message);
        spin_error_free(error);
        fail_msg("%s", message);
    }
    assert_int_equal(root->type, TOML_TABLE);
    return root;
}

static const toml_value_t *get(const toml_value_t *table, const char *key) {
    assert_int_equal(table->type, TOML_TABLE);
    const toml_pair_t *pair = toml_table_find(table, spin_slice(key));
    if (pair == NULL)
        fail_msg("no key %s", key);
    return &pair->value;
}

static void assert_text(spin_slice_t slice, const char *expected) {
    assert_int_equal(slice.len, strlen(expected));
    assert_memory_equal(slice.ptr, expected, slice.len);
}

/* ── values ──────────────────────────────────────────────────────────────────────────────── */

static void reads_strings(void **state) {
    (void)state;
    static const struct {
        const char *source;
        const char *value;
    } cases[] = {
        {"''", ""},
        {"'a\\n'", "a\\n"},
        {"\"a\\t\\\"\\\\\\u00e9\\U0001F600\"", "a\t\"\\\xC3\xA9\xF0\x9F\x98\x80"},
        {"\"\"\"\none\r\ntwo\"\"\"", "one\ntwo"},
        {"\"\"\"a \\  \n\n   b\"\"\"", "a b"},
        {"\"\"\"\"\"x\"\"\"\"\"", "\"\"x\"\""},
        {"'''\r\nit''s\n'''", "it''s\n"},
        {"'''''x'''''", "''x''"},
        {"\"\"\"\"\"\"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[128];
        snprintf(text, sizeof text, "s = %s # end", cases[i].source);
        const toml_value_t *value = get(parse(text), "s");
        assert_int_equal(value->type, TOML_STRING);
        assert_text(value->of.string, cases[i].value);
    }
    const toml_value_t *nul = get(parse("s = \"a\\u0000b\""), "s");
    assert_int_equal(nul->of.string.len, 3);
    assert_memory_equal(nul->of.string.ptr, "a\0b", 3);
}

static void reads_integers(void **state) {
    (void)state;
    static const struct {
        const char *source;
        int64_t value;
    } cases[] = {
        {"0", 0},
        {"+0", 0},
        {"-0", 0},
        {"1_000", 1000},
        {"-17", -17},
        {"0xDEAD_beef", 0xDEADBEEF},
        {"0o755", 0755},
        {"0b1101", 13},
        {"0x00ff", 255},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"0x7FFFFFFFFFFFFFFF", INT64_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        snprintf(text, sizeof text, "n=%s", cases[i].source);
        const toml_value_t *value = get(parse(text), "n");
        assert_int_equal(value->type, TOML_INTEGER);
        assert_true(value->of.integer == cases[i].value);
    }
}

static void reads_floats(void **state) {
    (void)state;
    static const struct {
        const char *source;
        double value;
    } cases[] = {
        {"1.0", 1.0},
        {"-0.0", -0.0},
        {"+3.14_15", 3.1415},
        {"5e+22", 5e22},
        {"1e0_6", 1e6},
        {"6.626e-34", 6.626e-34},
        {"2.2250738585072011e-308", 2.2250738585072011e-308},
        {"9007199254740993.0", 9007199254740992.0}, /* a tie: to even */
        {"1.7976931348623157e308", 1.7976931348623157e308},
        {"inf", (double)INFINITY},
        {"-inf", -(double)INFINITY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        snprintf(text, sizeof text, "n=%s", cases[i].source);
        const toml_value_t *value = get(parse(text), "n");
        assert_int_equal(value->type, TOML_FLOAT);
        assert_memory_equal(&value->of.number, &cases[i].value, sizeof cases[i].value);
    }
    assert_true(isnan(get(parse("n = +nan"), "n")->of.number));
}

/* A locale whose decimal point is a comma changes nothing, where the machine has one. */
static void floats_ignore_the_locale(void **state) {
    (void)state;
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL &&
        setlocale(LC_NUMERIC, "fr_FR.UTF-8") == NULL)
        skip();
    double number = get(parse("n = 1.5"), "n")->of.number;
    setlocale(LC_NUMERIC, "C");
    assert_true(number == 1.5);
}

static void reads_datetimes(void **state) {
    (void)state;
    static const struct {
        const char *source;
        toml_type_t type;
        const char *value;
    } cases[] = {
        {"1979-05-27t07:32:00z", TOML_OFFSET_DATETIME, "1979-05-27T07:32:00Z"},
        {"1979-05-27 00:32:00.999-07:00", TOML_OFFSET_DATETIME, "1979-05-27T00:32:00.999-07:00"},
        {"2016-12-31T23:59:60+00:00", TOML_OFFSET_DATETIME, "2016-12-31T23:59:60+00:00"},
        {"1979-05-27 07:32:00", TOML_LOCAL_DATETIME, "1979-05-27T07:32:00"},
        {"2000-02-29", TOML_LOCAL_DATE, "2000-02-29"},
        {"2024-02-29 # leap", TOML_LOCAL_DATE, "2024-02-29"},
        {"00:32:00.999999", TOML_LOCAL_TIME, "00:32:00.999999"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        snprintf(text, sizeof text, "d = %s", cases[i].source);
        const toml_value_t *value = get(parse(text), "d");
        assert_int_equal(value->type, cases[i].type);
        assert_text(value->of.datetime, cases[i].value);
    }
}

static void reads_structures(void **state) {
    (void)state;
    const toml_value_t *root = parse("\xEF\xBB\xBF"
                                     "mixed = [1, \"two\", [3.0], { four = 4 }, ]\n"
                                     "a.b.c = true\n"
                                     "a.b.\"d e\" = false\n"
                                     "[x.y.z]\n"
                                     "[x]\n"
                                     "k = {}\n"
                                     "[[list]]\n"
                                     "n = 1\n"
                                     "[list.sub]\n"
                                     "m = 2\n"
                                     "[[list]]\n"
                                     "[[list.deep]]\n"
                                     "[[list.deep]]\n");
    const toml_value_t *mixed = get(root, "mixed");
    assert_int_equal(mixed->type, TOML_ARRAY);
    assert_int_equal(mixed->of.array.len, 4);
    assert_int_equal(mixed->of.array.items[0].of.integer, 1);
    assert_text(mixed->of.array.items[1].of.string, "two");
    assert_true(mixed->of.array.items[2].of.array.items[0].of.number == 3.0);
    assert_int_equal(get(&mixed->of.array.items[3], "four")->of.integer, 4);
    const toml_value_t *b = get(get(root, "a"), "b");
    assert_int_equal(b->of.table.len, 2);
    assert_true(get(b, "c")->of.boolean);
    assert_false(get(b, "d e")->of.boolean);
    assert_int_equal(get(get(get(root, "x"), "y"), "z")->of.table.len, 0);
    assert_int_equal(get(get(root, "x"), "k")->of.table.len, 0);
    const toml_value_t *list = get(root, "list");
    assert_int_equal(list->of.array.len, 2);
    assert_int_equal(get(get(&list->of.array.items[0], "sub"), "m")->of.integer, 2);
    assert_int_equal(get(&list->of.array.items[1], "deep")->of.array.len, 2);
    assert_null(toml_table_find(root, spin_slice("absent")));
}

/* ── positions ───────────────────────────────────────────────────────────────────────────── */

static void assert_at(const toml_value_t *value, uint32_t line, uint32_t column) {
    assert_int_equal(value->line, line);
    assert_int_equal(value->column, column);
}

static void assert_key_at(const toml_value_t *table, const char *key, uint32_t line,
                          uint32_t column) {
    const toml_pair_t *pair = toml_table_find(table, spin_slice(key));
    assert_non_null(pair);
    assert_int_equal(pair->key_line, line);
    assert_int_equal(pair->key_column, column);
}

static void keeps_positions(void **state) {
    (void)state;
    const toml_value_t *root = parse("name = 'x'\r\n"                /* 1 */
                                     "\ta.\"b\" =  [ 1,\r\n"         /* 2 */
                                     "  { k = \"\"\"\n\n\"\"\" },\n" /* 3 to 5 */
                                     "  2 ]\n"                       /* 6 */
                                     "[sup.mid]\n"                   /* 7 */
                                     "  [ sup ] # later\n"           /* 8 */
                                     "\"\xC3\xA9\" = 1979-05-27\n"   /* 9 */
                                     "[[t]]\n"                       /* 10 */
                                     " [[t]]\n");                    /* 11 */
    assert_at(root, 1, 1);
    assert_key_at(root, "name", 1, 1);
    assert_at(get(root, "name"), 1, 8);
    const toml_value_t *a = get(root, "a");
    assert_key_at(root, "a", 2, 2);
    assert_at(a, 2, 2);
    assert_key_at(a, "b", 2, 4);
    const toml_value_t *b = get(a, "b");
    assert_at(b, 2, 11);
    assert_at(&b->of.array.items[0], 2, 13);
    assert_at(&b->of.array.items[1], 3, 3);
    assert_key_at(&b->of.array.items[1], "k", 3, 5);
    assert_at(get(&b->of.array.items[1], "k"), 3, 9);
    assert_at(&b->of.array.items[2], 6, 3);
    const toml_value_t *sup = get(root, "sup");
    assert_key_at(root, "sup", 8, 5);
    assert_at(sup, 8, 3);
    assert_key_at(sup, "mid", 7, 6);
    assert_at(get(sup, "mid"), 7, 1);
    assert_key_at(sup, "\xC3\xA9", 9, 1);
    assert_at(get(sup, "\xC3\xA9"), 9, 8);
    const toml_value_t *t = get(root, "t");
    assert_key_at(root, "t", 10, 3);
    assert_at(t, 10, 1);
    assert_at(&t->of.array.items[1], 11, 2);
}

/* ── errors ──────────────────────────────────────────────────────────────────────────────── */

static void assert_fails(spin_slice_t text, spin_error_kind_t kind, const char *expected) {
    toml_value_t *root;
    spin_error_t *error = toml_parse(&arena, text, "t.toml", &root);
    if (error == NULL)
        fail_msg("no error, where this was expected: %s", expected);
    char message[512];
    spin_error_format(error, message, sizeof message);
    assert_string_equal(message, expected);
    assert_int_equal(spin_error_kind(error), kind);
    spin_error_free(error);
}

static void explains_mistakes(void **state) {
    (void)state;
    static const struct {
        const char *source;
        const char *message;
    } cases[] = {
        {"a = hello", "1:5: \"hello\" is not a value; a string needs quotes"},
        {"a = True", "1:5: \"True\" is written in lower case: true"},
        {"a =\nb = 1", "1:4: expected a value, found the end of the line"},
        {"a", "1:2: expected \"=\" after the key, found the end of the file"},
        {"= 1", "1:1: expected a key, found \"=\""},
        {"a. = 1", "1:4: expected a key, found \"=\""},
        {"a = 1 b = 2", "1:7: expected the end of the line after the value, found \"b\""},
        {"[a] b", "1:5: expected the end of the line after the header, found \"b\""},
        {"[a", "1:3: expected \"]\" to close the header, found the end of the file"},
        {"[[a]", "1:4: expected \"]]\" to close the header, found \"]\""},
        {"\xC3\xA9 = 1", "1:1: \"\xC3\xA9\" can't stand in a bare key; put the key in quotes"},
        {"'''a''' = 1", "1:1: a key can't be a multi-line string"},
        {"a = 1\n\na = 2", "3:1: \"a\" is already defined on line 1, as an integer"},
        {"[a]\n[a]", "2:2: \"a\" is already defined on line 1, as a table"},
        {"[a]\nb.c = 1\n[a.b]", "3:4: \"b\" is already defined on line 2, as a table"},
        {"a = []\n[[a]]", "2:3: \"a\" is already defined on line 1, as an array"},
        {"a = {}\na.b = 1",
         "2:1: can't add to \"a\", which is defined on line 1 as a table of its own"},
        {"a = 1\n[a.b]", "2:2: can't add to \"a\", which is defined on line 1 as an integer"},
        {"a = [1 2]", "1:8: expected \",\" or \"]\" (opened on line 1), found \"2\""},
        {"\na = [1,\n", "2:5: this array has no closing \"]\""},
        {"a = {b = 1,}", "1:11: a comma can't stand before \"}\" in an inline table"},
        {"a = {b = 1,\nc = 2}", "1:5: this inline table has no closing \"}\" on its line"},
        {"a = \"b\nc", "1:5: this string has no closing \" on its line"},
        {"a = '''b\nc", "1:5: this string has no closing '''"},
        {"\na = \"\\q\"", "2:6: unknown escape \"\\q\"; write \\\\ for a backslash, or put the "
                          "text in single quotes"},
        {"a = \"\\u12\"", "1:6: \\u needs 4 hexadecimal digits"},
        {"a = \"\\uD800\"", "1:6: \"\\uD800\" is not a Unicode character"},
        {"a = \"\"\"\n  \\x\"\"\"", "2:3: unknown escape \"\\x\"; write \\\\ for a backslash, or "
                                    "put the text in single quotes"},
        {"# \x01", "1:3: control character U+0001 is not allowed in a comment"},
        {"a = 'b\x7F'", "1:7: control character U+007F is not allowed in a string"},
        {"a = 'b\rc'", "1:7: a carriage return without a line feed is not allowed in a string"},
        {"a = 1\n # \xFF", "2:4: byte 0xFF is not valid UTF-8; save the file as UTF-8"},
        {"a = 01", "1:5: \"01\" is not a number: a leading zero is not allowed"},
        {"a = 1__0",
         "1:5: \"1__0\" is not a number: expected digits, with \"_\" only between two of them"},
        {"a = 0x", "1:5: \"0x\" is not a number: expected digits of its base after the prefix"},
        {"a = -0x1", "1:5: \"-0x1\" is not a number: a number with a prefix has no sign"},
        {"a = 9223372036854775808", "1:5: 9223372036854775808 does not fit a 64-bit integer"},
        {"a = -9223372036854775809", "1:5: -9223372036854775809 does not fit a 64-bit integer"},
        {"a = 1.", "1:5: \"1.\" is not a number: expected a digit after the point"},
        {"a = 1e999", "1:5: 1e999 does not fit a 64-bit float"},
        {"a = 1900-02-29", "1:5: \"1900-02-29\" is not a date: there is no such day in that month"},
        {"a = 1979-13-01", "1:5: \"1979-13-01\" is not a date: the month is not 01 to 12"},
        {"a = 24:00:00", "1:5: \"24:00:00\" is not a time: the hour is not 00 to 23"},
        {"a = 2000-01-01T00:00:00+24:00",
         "1:5: \"2000-01-01T00:00:00+24:00\" is not a date: the offset is not within 23:59"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[256];
        snprintf(expected, sizeof expected, "t.toml:%s", cases[i].message);
        assert_fails(spin_slice(cases[i].source), SPIN_ERROR_INVALID, expected);
    }
    assert_fails(spin_slice_of("a = 'b\0'", 8), SPIN_ERROR_INVALID,
                 "t.toml:1:7: control character U+0000 is not allowed in a string");
}

static void shortens_what_it_shows(void **state) {
    (void)state;
    char text[300] = "a = ";
    memset(text + 4, 'x', 200);
    assert_fails(spin_slice(text), SPIN_ERROR_INVALID,
                 "t.toml:1:5: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\" is not a "
                 "value; a string needs quotes");
}

/* ── limits ──────────────────────────────────────────────────────────────────────────────── */

static void nest(buf_t *out, const char *open, size_t times) {
    buf_clear(out);
    buf_append_text(out, "a = ");
    for (size_t i = 0; i < times; i++)
        buf_append_text(out, open);
}

static void limits_nesting(void **state) {
    (void)state;
    buf_t text = {0};
    nest(&text, "[", 128);
    for (size_t i = 0; i < 128; i++)
        buf_append_byte(&text, ']');
    buf_append_byte(&text, '\0');
    parse((const char *)text.ptr);

    nest(&text, "[", 100000);
    assert_fails(buf_slice(&text), SPIN_ERROR_LIMIT, "t.toml:1:133: nested deeper than 128 levels");
    nest(&text, "{a=", 100000);
    assert_fails(buf_slice(&text), SPIN_ERROR_LIMIT, "t.toml:1:389: nested deeper than 128 levels");
    buf_clear(&text);
    for (size_t i = 0; i < 1000; i++)
        buf_append_text(&text, "k.");
    buf_append_text(&text, "k = 1");
    assert_fails(buf_slice(&text), SPIN_ERROR_LIMIT, "t.toml:1:257: nested deeper than 128 levels");
    buf_deinit(&text);
}

static void big_tables_take_linear_time(void **state) {
    (void)state;
    enum { COUNT = 200000 };
    buf_t text = {0};
    for (int i = 0; i < COUNT; i++)
        buf_printf(&text, "key%d = %d\n", i, i);
    assert_false(text.failed);
    toml_value_t *root;
    clock_t begin = clock();
    assert_null(toml_parse(&arena, buf_slice(&text), NULL, &root));
    /* Searching one by one, this would compare 2e10 keys. */
    assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 10);
    assert_int_equal(root->of.table.len, COUNT);
    assert_int_equal(root->of.table.pairs[COUNT - 1].value.of.integer, COUNT - 1);
    buf_append_text(&text, "key77 = 1");
    assert_fails(buf_slice(&text), SPIN_ERROR_INVALID,
                 "t.toml:200001:1: \"key77\" is already defined on line 78, as an integer");
    buf_deinit(&text);
}

static void empty_text_is_an_empty_table(void **state) {
    (void)state;
    toml_value_t *root;
    assert_null(toml_parse(&arena, (spin_slice_t){NULL, 0}, NULL, &root));
    assert_int_equal(root->type, TOML_TABLE);
    assert_int_equal(root->of.table.len, 0);
}

static spin_error_t *parse_for_allocations(const char *text) {
    arena_t own = {0};
    toml_value_t *root;
    spin_error_t *error = toml_parse(&own, spin_slice(text), "t.toml", &root);
    arena_deinit(&own);
    return error;
}

static void survives_failing_allocations(void **state) {
    (void)state;
    static const char text[] = "a = 1\nb = 2\nc = \"x\\ty\"\nd = 1.5\ne = 1979-05-27\nf = [1, 2]\n"
                               "g = { h = { i = 1 } }\nj.k.l = 1\nm = 1\nn = 1\no = 1\np = 1\n"
                               "[q.r]\n[[s]]\n[[s]]\n[s.t]\n";
    failing_alloc_install(SIZE_MAX);
    assert_null(parse_for_allocations(text));
    size_t calls = failing_alloc_calls();
    assert_true(calls >= 4);
    for (size_t at = 1; at <= calls; at++) {
        failing_alloc_install(at);
        spin_error_t *error = parse_for_allocations(text);
        assert_non_null(error);
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
        spin_error_free(error);
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_strings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_integers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_floats, set_up, tear_down),
        cmocka_unit_test_setup_teardown(floats_ignore_the_locale, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_datetimes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_structures, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_positions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(explains_mistakes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shortens_what_it_shows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(limits_nesting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(big_tables_take_linear_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(empty_text_is_an_empty_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(survives_failing_allocations, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
