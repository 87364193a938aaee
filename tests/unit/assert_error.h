/* What a test says of an error, which it is done with then. */
#ifndef TESTS_ASSERT_ERROR_H
#define TESTS_ASSERT_ERROR_H

#include "cmocka_all.h"

#include <string.h>

#include "spin/error.h"

enum { ASSERT_ERROR_BYTES = 2048 };

static inline void assert_kind(const spin_error_t *error, spin_error_kind_t kind) {
    char text[ASSERT_ERROR_BYTES];
    assert_non_null(error);
    spin_error_format(error, text, sizeof text);
    if (spin_error_kind(error) != kind)
        fail_msg("of kind %s, not %s: %s", spin_error_kind_name(spin_error_kind(error)),
                 spin_error_kind_name(kind), text);
}

/* That its message has `part` in it. */
static inline void assert_error(spin_error_t *error, spin_error_kind_t kind, const char *part) {
    char text[ASSERT_ERROR_BYTES];
    assert_kind(error, kind);
    spin_error_format(error, text, sizeof text);
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, text);
    spin_error_free(error);
}

/* That its message is `expected`. */
static inline void assert_error_text(spin_error_t *error, spin_error_kind_t kind,
                                     const char *expected) {
    char text[ASSERT_ERROR_BYTES];
    assert_kind(error, kind);
    spin_error_format(error, text, sizeof text);
    assert_string_equal(text, expected);
    spin_error_free(error);
}

/* That there is none. */
static inline void assert_good(spin_error_t *error) {
    char text[ASSERT_ERROR_BYTES];
    if (error == NULL)
        return;
    spin_error_format(error, text, sizeof text);
    spin_error_free(error);
    fail_msg("%s", text);
}

#endif
