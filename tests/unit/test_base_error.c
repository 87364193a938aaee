#include <errno.h>

#include "base/error.h"
#include "cmocka_all.h"
#include "failing_alloc.h"

/* The chain's text, then the chain is gone. */
static void assert_text(spin_error_t *error, const char *expected) {
    char text[512];
    assert_int_equal(spin_error_format(error, text, sizeof text), strlen(expected));
    assert_string_equal(text, expected);
    spin_error_free(error);
}

static void reads_from_the_wish_to_the_reason(void **state) {
    (void)state;
    spin_error_t *error = error_new(SPIN_ERROR_NOT_FOUND, "not found");
    error = error_wrap(error, "source \"%s\"", "hello.wasm");
    error = error_at(error_wrap(error, "component \"hello\""), "spin.toml", 12, 9);
    error = error_wrap(error, "spin up");

    assert_int_equal(spin_error_kind(error), SPIN_ERROR_NOT_FOUND);
    assert_string_equal(spin_error_message(error), "spin up");
    assert_null(spin_error_file(error));
    assert_int_equal(spin_error_position(error).line, 0);
    const spin_error_t *cause = spin_error_cause(error);
    assert_string_equal(spin_error_file(cause), "spin.toml");
    assert_int_equal(spin_error_position(cause).line, 12);
    assert_int_equal(spin_error_position(cause).column, 9);
    assert_false(spin_error_position(cause).has_offset);
    assert_null(spin_error_cause(spin_error_cause(spin_error_cause(cause))));
    assert_text(error, "spin up: spin.toml:12:9: component \"hello\": source \"hello.wasm\": "
                       "not found");
}

static void shows_each_kind_of_position(void **state) {
    (void)state;
    assert_text(error_at(error_new(SPIN_ERROR_INVALID, "bad"), NULL, 3, 4),
                "line 3, column 4: bad");
    assert_text(error_at(error_new(SPIN_ERROR_INVALID, "bad"), "f", 0, 0), "f: bad");
    assert_text(error_at_offset(error_new(SPIN_ERROR_INVALID, "bad"), "m.wasm", 0x1f),
                "m.wasm:0x1f: bad");
    assert_text(error_at_offset(error_new(SPIN_ERROR_INVALID, "bad"), NULL, 0),
                "at offset 0x0: bad");
    spin_error_t *twice = error_at(error_new(SPIN_ERROR_INVALID, "bad"), "a", 1, 1);
    assert_text(error_at(twice, "b", 2, 2), "b:2:2: bad");
}

static void truncates_as_snprintf_does(void **state) {
    (void)state;
    spin_error_t *error = error_at(error_new(SPIN_ERROR_IO, "no space left"), "disk", 1, 2);
    error = error_wrap(error, "writing");
    static const char whole[] = "writing: disk:1:2: no space left";
    assert_int_equal(spin_error_format(error, NULL, 0), sizeof whole - 1);
    for (size_t size = 1; size <= sizeof whole + 3; size++) {
        char text[64];
        memset(text, '#', sizeof text);
        assert_int_equal(spin_error_format(error, text, size), sizeof whole - 1);
        size_t kept = size < sizeof whole ? size - 1 : sizeof whole - 1;
        assert_memory_equal(text, whole, kept);
        assert_int_equal(text[kept], '\0');
        assert_int_equal(text[size], '#');
    }
    spin_error_free(error);
}

static void takes_errno(void **state) {
    (void)state;
    static const struct {
        int number;
        spin_error_kind_t kind;
    } cases[] = {
        {ENOENT, SPIN_ERROR_NOT_FOUND}, {ENOTDIR, SPIN_ERROR_NOT_FOUND},
        {EACCES, SPIN_ERROR_DENIED},    {EPERM, SPIN_ERROR_DENIED},
        {EEXIST, SPIN_ERROR_EXISTS},    {EADDRINUSE, SPIN_ERROR_EXISTS},
        {ENOMEM, SPIN_ERROR_NO_MEMORY}, {ETIMEDOUT, SPIN_ERROR_TIMEOUT},
        {EMFILE, SPIN_ERROR_LIMIT},     {EIO, SPIN_ERROR_IO},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        spin_error_t *error = error_from_errno(cases[i].number, "opening");
        assert_int_equal(spin_error_kind(error), cases[i].kind);
        spin_error_free(error);
    }
    assert_text(error_from_errno(ENOENT, "opening %s", "x"),
                "opening x: No such file or directory");
    spin_error_t *unknown = error_from_errno(99999, "opening");
    assert_int_equal(spin_error_kind(unknown), SPIN_ERROR_IO);
    assert_non_null(strstr(spin_error_message(spin_error_cause(unknown)), "99999"));
    spin_error_free(unknown);
}

static void every_kind_has_its_name(void **state) {
    (void)state;
    for (int a = SPIN_ERROR_INVALID; a <= SPIN_ERROR_INTERNAL; a++) {
        const char *name = spin_error_kind_name((spin_error_kind_t)a);
        assert_string_not_equal(name, "unknown");
        for (int b = SPIN_ERROR_INVALID; b < a; b++)
            assert_string_not_equal(name, spin_error_kind_name((spin_error_kind_t)b));
    }
    assert_string_equal(spin_error_kind_name((spin_error_kind_t)0), "unknown");
    assert_string_equal(spin_error_kind_name((spin_error_kind_t)-1), "unknown");
    assert_string_equal(spin_error_kind_name((spin_error_kind_t)(SPIN_ERROR_INTERNAL + 1)),
                        "unknown");
    assert_int_equal(spin_error_exit_code(SPIN_ERROR_USAGE), 2);
    assert_int_equal(spin_error_exit_code(SPIN_ERROR_INVALID), 1);
    assert_int_equal(spin_error_http_status(SPIN_ERROR_TIMEOUT), 504);
    assert_int_equal(spin_error_http_status(SPIN_ERROR_LIMIT), 503);
    assert_int_equal(spin_error_http_status(SPIN_ERROR_NOT_FOUND), 404);
    assert_int_equal(spin_error_http_status(SPIN_ERROR_INVALID), 400);
    assert_int_equal(spin_error_http_status(SPIN_ERROR_TRAP), 500);
}

static void out_of_memory_is_one_shared_error(void **state) {
    (void)state;
    spin_error_t *shared = error_no_memory();
    assert_ptr_equal(error_at(shared, "f", 1, 1), shared);
    assert_ptr_equal(error_at_offset(shared, "f", 1), shared);
    assert_int_equal(spin_error_position(shared).line, 0);
    assert_text(shared, "out of memory");
    assert_text(error_wrap(error_no_memory(), "loading"), "loading: out of memory");
    assert_text(error_no_memory(), "out of memory"); /* freeing the wrapped one left it alone */
    spin_error_free(NULL);
}

static spin_error_t *chain(void) {
    spin_error_t *error = error_from_errno(ENOENT, "opening \"%s\"", "a");
    error = error_at(error_wrap(error, "component"), "spin.toml", 1, 2);
    return error_wrap(error, "spin up");
}

static void never_loses_the_reason(void **state) {
    (void)state;
    failing_alloc_install(SIZE_MAX);
    spin_error_free(chain());
    size_t calls = failing_alloc_calls();
    for (size_t at = 1; at <= calls; at++) {
        failing_alloc_install(at);
        spin_error_t *error = chain();
        assert_non_null(error);
        spin_error_kind_t kind = spin_error_kind(error);
        assert_true(kind == SPIN_ERROR_NOT_FOUND || kind == SPIN_ERROR_NO_MEMORY);
        assert_true(spin_error_format(error, NULL, 0) > 0);
        spin_error_free(error);
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_install(1);
    assert_ptr_equal(error_new(SPIN_ERROR_IO, "x"), error_no_memory());
    failing_alloc_install(2); /* the message's own memory */
    assert_ptr_equal(error_new(SPIN_ERROR_IO, "x"), error_no_memory());
    assert_int_equal(failing_alloc_live(), 0);
    failing_alloc_remove();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_from_the_wish_to_the_reason),
        cmocka_unit_test(shows_each_kind_of_position),
        cmocka_unit_test(truncates_as_snprintf_does),
        cmocka_unit_test(takes_errno),
        cmocka_unit_test(every_kind_has_its_name),
        cmocka_unit_test(out_of_memory_is_one_shared_error),
        cmocka_unit_test(never_loses_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
