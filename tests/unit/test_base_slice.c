#include "base/slice.h"
#include "cmocka_all.h"

static void compares_bytes_not_pointers(void **state) {
    (void)state;
    const spin_slice_t empty = {NULL, 0};
    assert_true(slice_equal(empty, spin_slice("")));
    assert_true(slice_equal_text(spin_slice_of("a\0b", 3), "a") == false);
    assert_true(slice_equal(spin_slice_of("a\0b", 3), spin_slice_of("a\0b", 3)));
    assert_false(slice_equal(spin_slice("ab"), spin_slice("ac")));
    assert_int_equal(spin_slice(NULL).len, 0);
    assert_int_equal(SLICE_LITERAL("a\0b").len, 3);
}

static void orders_by_bytes_then_length(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        int order;
    } cases[] = {{"", "", 0}, {"", "a", -1}, {"a", "ab", -1}, {"b", "ab", 1}, {"\x7f", "\x80", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int forward = slice_compare(spin_slice(cases[i].a), spin_slice(cases[i].b));
        int backward = slice_compare(spin_slice(cases[i].b), spin_slice(cases[i].a));
        assert_int_equal((forward > 0) - (forward < 0), cases[i].order);
        assert_int_equal((backward > 0) - (backward < 0), -cases[i].order);
    }
}

static void ignores_the_case_of_ascii_only(void **state) {
    (void)state;
    assert_true(slice_equal_ignore_case(spin_slice("Content-Type"), spin_slice("cONTENT-tYPE")));
    assert_false(slice_equal_ignore_case(spin_slice("@[`{"), spin_slice("`{@[")));
    assert_false(slice_equal_ignore_case(spin_slice("\xc3\x84"), spin_slice("\xc3\xa4")));
    assert_false(slice_equal_ignore_case(spin_slice("a"), spin_slice("ab")));
}

static void finds_and_cuts(void **state) {
    (void)state;
    spin_slice_t text = spin_slice("route/...");
    assert_true(slice_starts_with(text, spin_slice("route")));
    assert_true(slice_starts_with(text, spin_slice("")));
    assert_true(slice_starts_with(spin_slice(NULL), spin_slice(NULL)));
    assert_false(slice_starts_with(spin_slice("ro"), spin_slice("route")));
    assert_true(slice_ends_with(text, spin_slice("/...")));
    assert_false(slice_ends_with(spin_slice("..."), spin_slice("/...")));
    assert_int_equal(slice_find(text, '/'), 5);
    assert_int_equal(slice_find(text, 'x'), text.len);
    assert_int_equal(slice_find(spin_slice(NULL), 'x'), 0);
    assert_true(slice_equal_text(slice_from(text, 5), "/..."));
    assert_int_equal(slice_from(text, text.len).len, 0);
    assert_int_equal(slice_from(text, SIZE_MAX).len, 0);
}

/* Checked at several distances from the start, as eight bytes are taken at a time. */
static void check_utf8(const char *bytes, size_t len, size_t bad) {
    for (size_t pad = 0; pad <= 9; pad++) {
        uint8_t text[64];
        memset(text, 'x', sizeof text);
        memcpy(text + pad, bytes, len);
        size_t at = SIZE_MAX;
        bool valid = slice_is_utf8(spin_slice_of(text, pad + len), &at);
        assert_int_equal(valid, bad == SIZE_MAX);
        assert_int_equal(at, bad == SIZE_MAX ? SIZE_MAX : pad + bad);
    }
}

#define VALID(text)       check_utf8((text), sizeof(text) - 1, SIZE_MAX)
#define INVALID(text, at) check_utf8((text), sizeof(text) - 1, (at))

static void accepts_utf8(void **state) {
    (void)state;
    VALID("");
    VALID("plain\0text");
    VALID("\xc2\x80 \xdf\xbf");
    VALID("\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf");
    VALID("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf");
}

static void refuses_what_is_not_utf8(void **state) {
    (void)state;
    INVALID("\x80", 0);
    INVALID("ab\xc3", 2);
    INVALID("\xc0\x80", 0); /* overlong */
    INVALID("\xc1\xbf", 0);
    INVALID("\xe0\x9f\xbf", 0);
    INVALID("\xf0\x8f\xbf\xbf", 0);
    INVALID("\xed\xa0\x80", 0);        /* a surrogate */
    INVALID("ok \xf4\x90\x80\x80", 3); /* past U+10FFFF */
    INVALID("\xf5\x80\x80\x80", 0);
    INVALID("\xe2\x82", 0); /* cut short */
    INVALID("\xf0\x9f\x98", 0);
    INVALID("\xe2\x28\xa1", 0);
    INVALID("\xc3\xa4\xff", 2);
}

/* Every sequence of up to three bytes, against the definition: decode, then check the range. */
static bool decodes(const uint8_t *text, size_t len) {
    while (len > 0) {
        size_t size = text[0] < 0x80             ? 1
                      : (text[0] & 0xe0) == 0xc0 ? 2
                      : (text[0] & 0xf0) == 0xe0 ? 3
                                                 : 4;
        static const uint32_t least[] = {0, 0, 0x80, 0x800};
        if (size > len || size == 4)
            return false;
        uint32_t point = size == 1 ? text[0] : text[0] & (0xffu >> (size + 1));
        for (size_t i = 1; i < size; i++) {
            if ((text[i] & 0xc0) != 0x80)
                return false;
            point = point << 6 | (text[i] & 0x3fu);
        }
        if (point < least[size] || (point >= 0xd800 && point < 0xe000))
            return false;
        text += size;
        len -= size;
    }
    return true;
}

static void agrees_with_the_definition(void **state) {
    (void)state;
    for (uint32_t bits = 0; bits < 1u << 24; bits++) {
        uint8_t text[3] = {(uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits};
        if (slice_is_utf8(spin_slice_of(text, 3), NULL) != decodes(text, 3))
            fail_msg("%02x %02x %02x", text[0], text[1], text[2]);
    }
}

static void measures_edits(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        size_t limit, distance;
    } cases[] = {
        {"", "", 3, 0},
        {"", "abc", 3, 3},
        {"source", "sorce", 2, 1},
        {"source", "suorce", 2, 2},
        {"kitten", "sitting", 5, 3},
        {"kitten", "sitting", 2, 3},
        {"route", "xxxxxxxxxx", 1, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        spin_slice_t a = spin_slice(cases[i].a), b = spin_slice(cases[i].b);
        assert_int_equal(slice_edit_distance(a, b, cases[i].limit), cases[i].distance);
        assert_int_equal(slice_edit_distance(b, a, cases[i].limit), cases[i].distance);
    }
    char text[65];
    memset(text, 'a', sizeof text);
    assert_int_equal(slice_edit_distance(spin_slice_of(text, 64), spin_slice_of(text, 64), 2), 0);
    assert_int_equal(slice_edit_distance(spin_slice_of(text, 65), spin_slice_of(text, 65), 2), 3);
}

static void suggests_the_nearest_name(void **state) {
    (void)state;
    static const char *const names[] = {"source", "files", "route", "routes", "environment"};
    static const struct {
        const char *text, *name;
    } cases[] = {
        {"sorce", "source"},           {"route", "route"}, {"rute", "route"}, {"routess", "routes"},
        {"enviroment", "environment"}, {"zzz", NULL},      {"", NULL},        {"executor", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *nearest = spin_nearest_name(spin_slice(cases[i].text), names, 5);
        if (cases[i].name == NULL)
            assert_null(nearest);
        else
            assert_string_equal(nearest, cases[i].name);
    }
    assert_null(spin_nearest_name(spin_slice("route"), NULL, 0));
}

/* Whatever stands before and behind a bad byte, and however many bytes are looked at in one go. */
static void bad_utf8_is_found_anywhere(void **state) {
    (void)state;
    uint8_t text[100];
    for (size_t len = 1; len <= sizeof text; len++)
        for (size_t at = 0; at < len; at++) {
            size_t bad = SIZE_MAX;
            memset(text, 'x', sizeof text);
            assert_true(slice_is_utf8(spin_slice_of(text, len), &bad));
            text[at] = 0x80;
            assert_false(slice_is_utf8(spin_slice_of(text, len), &bad));
            assert_int_equal(bad, at);
            if (at + 1 < len) {
                memcpy(text + at, "\xc3\xbc", 2);
                assert_true(slice_is_utf8(spin_slice_of(text, len), &bad));
            }
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_utf8_is_found_anywhere),
        cmocka_unit_test(compares_bytes_not_pointers),
        cmocka_unit_test(orders_by_bytes_then_length),
        cmocka_unit_test(ignores_the_case_of_ascii_only),
        cmocka_unit_test(finds_and_cuts),
        cmocka_unit_test(accepts_utf8),
        cmocka_unit_test(refuses_what_is_not_utf8),
        cmocka_unit_test(agrees_with_the_definition),
        cmocka_unit_test(measures_edits),
        cmocka_unit_test(suggests_the_nearest_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
