/* Small components in hexadecimal, and what the validator should say of each. */
#ifndef TESTS_VALIDATE_CASES_H
#define TESTS_VALIDATE_CASES_H

#include <stdio.h>

#include "assert_error.h"
#include "component/validate.h"
#include "failing_alloc.h"

typedef struct validate_case {
    const char *name;
    const char *fault; /* in the error's text; NULL: it is valid */
    const char *hex;
} validate_case_t;

enum { VALIDATE_CASE_BYTES = 4096 };

static inline size_t read_hex(const char *hex, uint8_t *out) {
    size_t len = 0;
    unsigned byte;
    for (; hex[0] != 0; hex += 2) {
        assert_true(len < VALIDATE_CASE_BYTES);
        assert_int_equal(sscanf(hex, "%2x", &byte), 1);
        out[len++] = (uint8_t)byte;
    }
    return len;
}

static inline spin_error_t *validate_bytes(spin_slice_t bytes,
                                           const component_validate_options_t *options) {
    arena_t arena = {0};
    const ast_component_t *component;
    spin_error_t *error = component_decode(&arena, bytes, &component);
    if (error == NULL)
        error = component_validate(component, options);
    arena_deinit(&arena);
    return error;
}

static inline void check_case(const validate_case_t *item,
                              const component_validate_options_t *options) {
    uint8_t bytes[VALIDATE_CASE_BYTES];
    char text[ASSERT_ERROR_BYTES] = "";
    spin_error_t *error = validate_bytes(spin_slice_of(bytes, read_hex(item->hex, bytes)), options);
    if (error != NULL)
        spin_error_format(error, text, sizeof text);
    bool placed = error == NULL || spin_error_position(error).has_offset;
    spin_error_free(error);
    if (item->fault == NULL && error != NULL)
        fail_msg("%s: should be valid: %s", item->name, text);
    if (item->fault != NULL && error == NULL)
        fail_msg("%s: should not be valid: %s", item->name, item->fault);
    if (item->fault != NULL && strstr(text, item->fault) == NULL)
        fail_msg("%s: \"%s\" is not in: %s", item->name, item->fault, text);
    if (!placed)
        fail_msg("%s: without an offset: %s", item->name, text);
}

static inline spin_error_t *validate_again(void *user) {
    return component_validate(user, NULL);
}

/* With each allocation failing in turn, the valid ones end in an error, and nothing is lost. */
static inline void check_without_memory(const validate_case_t *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[VALIDATE_CASE_BYTES];
        arena_t arena = {0};
        const ast_component_t *component;
        if (cases[i].fault != NULL)
            continue;
        size_t len = read_hex(cases[i].hex, bytes);
        assert_null(component_decode(&arena, spin_slice_of(bytes, len), &component));
        void *user = (void *)(uintptr_t)component;
        assert_int_equal(failing_alloc_each(validate_again, user, 3), 0);
        arena_deinit(&arena);
    }
}

#define CHECK_CASES(cases)                                                                         \
    for (size_t i = 0; i < sizeof(cases) / sizeof *(cases); i++)                                   \
    check_case(&(cases)[i], NULL)

#endif
