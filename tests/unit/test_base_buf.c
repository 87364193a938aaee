#include "base/buf.h"
#include "cmocka_all.h"
#include "failing_alloc.h"

static void assert_content(const buf_t *buf, const char *expected, size_t len) {
    assert_false(buf->failed);
    assert_int_equal(buf->len, len);
    assert_memory_equal(buf->ptr, expected, len);
}

static void appends(void **state) {
    (void)state;
    buf_t buf = {0};
    buf_append(&buf, spin_slice_of("a\0b", 3));
    buf_append(&buf, spin_slice(NULL));
    buf_append_text(&buf, "cd");
    buf_append_byte(&buf, 0);
    buf_printf(&buf, "%d%%%s", 42, "");
    assert_content(&buf,
                   "a\0bcd\0"
                   "42%",
                   9);
    assert_ptr_equal(buf_slice(&buf).ptr, buf.ptr);
    buf_consume(&buf, 3);
    assert_content(&buf,
                   "cd\0"
                   "42%",
                   6);
    buf_consume(&buf, 100);
    assert_int_equal(buf.len, 0);
    buf_printf(&buf, "%0500d", 1);
    assert_int_equal(buf.len, 500);
    assert_int_equal(buf.ptr[499], '1');
    buf_clear(&buf);
    assert_int_equal(buf.len, 0);
    assert_non_null(buf.ptr);
    buf_deinit(&buf);
    assert_null(buf.ptr);
}

#define JSON(text, expected)                                                                       \
    do {                                                                                           \
        buf_t buf = {0};                                                                           \
        buf_append_json(&buf, spin_slice_of((text), sizeof(text) - 1));                            \
        assert_content(&buf, (expected), sizeof(expected) - 1);                                    \
        buf_deinit(&buf);                                                                          \
    } while (0)

static void escapes_json(void **state) {
    (void)state;
    JSON("", "\"\"");
    JSON("plain / text \x7f", "\"plain / text \x7f\"");
    JSON("\"quoted\\\"", "\"\\\"quoted\\\\\\\"\"");
    JSON("\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"");
    JSON("a\0b\x01\x1f", "\"a\\u0000b\\u0001\\u001f\"");
    JSON("\xc3\xa4 \xf0\x9f\x98\x80", "\"\xc3\xa4 \xf0\x9f\x98\x80\"");
    JSON("\xff", "\"\\ufffd\"");
    JSON("a\xc3\n\xffz", "\"a\\ufffd\\n\\ufffdz\"");
    JSON("cut \xe2\x82", "\"cut \\ufffd\\ufffd\"");
}

static void fails_once_and_stays_failed(void **state) {
    (void)state;
    failing_alloc_install(2);
    buf_t buf = {0};
    buf_append_text(&buf, "12345678");
    buf_append_text(&buf, "9");
    assert_true(buf.failed);
    assert_int_equal(buf.len, 8);
    buf_append_byte(&buf, 'x');
    buf_append_json(&buf, spin_slice("x"));
    buf_printf(&buf, "x");
    assert_false(buf_reserve(&buf, 0));
    assert_int_equal(buf.len, 8);
    assert_memory_equal(buf.ptr, "12345678", 8);
    buf_clear(&buf);
    buf_append_text(&buf, "again");
    assert_content(&buf, "again", 5);
    assert_false(buf_reserve(&buf, SIZE_MAX));
    buf_deinit(&buf);
    assert_int_equal(failing_alloc_live(), 0);
    failing_alloc_remove();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends),
        cmocka_unit_test(escapes_json),
        cmocka_unit_test(fails_once_and_stays_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
