/* Components: what is decoded and refused, as text, and as a world. */
#include "cmocka_all.h"
#include "component/print.h"
#include "component/world.h"
#include "failing_alloc.h"

#define PREAMBLE       0, 'a', 's', 'm', 0x0d, 0, 1, 0
#define CORE_PREAMBLE  0, 'a', 's', 'm', 1, 0, 0, 0
#define COUNT_OF(list) (sizeof(list) / sizeof *(list))

/* Imports interface my:app/types@0.2.1 (record r, resource res with a constructor) and an async
 * function, which it exports again. */
static const uint8_t world_bytes[] = {
    0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00, 0x07, 0x41, 0x01, 0x42, 0x07, 0x01, 0x70, 0x7d,
    0x01, 0x72, 0x02, 0x01, 0x61, 0x79, 0x04, 0x74, 0x79, 0x70, 0x65, 0x00, 0x04, 0x00, 0x01, 0x72,
    0x03, 0x00, 0x01, 0x04, 0x00, 0x03, 0x72, 0x65, 0x73, 0x03, 0x01, 0x01, 0x69, 0x03, 0x01, 0x40,
    0x01, 0x01, 0x78, 0x02, 0x00, 0x04, 0x04, 0x00, 0x10, 0x5b, 0x63, 0x6f, 0x6e, 0x73, 0x74, 0x72,
    0x75, 0x63, 0x74, 0x6f, 0x72, 0x5d, 0x72, 0x65, 0x73, 0x01, 0x05, 0x0a, 0x17, 0x01, 0x00, 0x12,
    0x6d, 0x79, 0x3a, 0x61, 0x70, 0x70, 0x2f, 0x74, 0x79, 0x70, 0x65, 0x73, 0x40, 0x30, 0x2e, 0x32,
    0x2e, 0x31, 0x05, 0x00, 0x06, 0x06, 0x01, 0x03, 0x00, 0x00, 0x01, 0x72, 0x0a, 0x07, 0x01, 0x00,
    0x01, 0x72, 0x03, 0x00, 0x01, 0x07, 0x0d, 0x02, 0x6a, 0x01, 0x7d, 0x01, 0x73, 0x43, 0x01, 0x01,
    0x78, 0x02, 0x00, 0x03, 0x0a, 0x06, 0x01, 0x00, 0x01, 0x66, 0x01, 0x04, 0x0b, 0x09, 0x01, 0x00,
    0x03, 0x72, 0x75, 0x6e, 0x01, 0x00, 0x00};

typedef spin_error_t *view_fn(const ast_component_t *component, buf_t *out);

static spin_error_t *view(view_fn *how, spin_slice_t bytes, buf_t *out) {
    arena_t arena = {0};
    const ast_component_t *component;
    spin_error_t *error = component_decode(&arena, bytes, &component);
    if (error == NULL && how != NULL)
        error = how(component, out);
    arena_deinit(&arena);
    return error;
}

static void assert_view(view_fn *how, spin_slice_t bytes, const char *expected) {
    buf_t out = {0};
    assert_null(view(how, bytes, &out));
    buf_append_byte(&out, 0);
    assert_string_equal((const char *)out.ptr, expected);
    buf_deinit(&out);
}

static spin_slice_t world_slice(void) {
    return spin_slice_of(world_bytes, sizeof world_bytes);
}

static void print_shows_all_definitions(void **state) {
    (void)state;
    assert_view(component_print, world_slice(),
                "(component\n"
                "  (type (;0;)\n"
                "    (instance\n"
                "      (type (;0;) (list u8))\n"
                "      (type (;1;) (record (field \"a\" u32) (field \"type\" 0)))\n"
                "      (export (;2;) \"r\" (type (eq 1)))\n"
                "      (export (;3;) \"res\" (type (sub resource)))\n"
                "      (type (;4;) (own 3))\n"
                "      (type (;5;) (func (param \"x\" 2) (result 4)))\n"
                "      (export (;0;) \"[constructor]res\" (func (type 5)))\n"
                "    )\n"
                "  )\n"
                "  (import \"my:app/types@0.2.1\" (instance (;0;) (type 0)))\n"
                "  (alias export 0 \"r\" (type (;1;)))\n"
                "  (import \"r\" (type (;2;) (eq 1)))\n"
                "  (type (;3;) (result u8 (error string)))\n"
                "  (type (;4;) (func async (param \"x\" 2) (result 3)))\n"
                "  (import \"f\" (func (;0;) (type 4)))\n"
                "  (export (;1;) \"run\" (func 0))\n"
                ")\n");
}

static void world_is_told_as_wit(void **state) {
    (void)state;
    assert_view(component_world, world_slice(),
                "package root:component;\n"
                "\n"
                "world root {\n"
                "  import my:app/types@0.2.1;\n"
                "  use my:app/types@0.2.1.{r};\n"
                "  import f: async func(x: r) -> result<u8, string>;\n"
                "\n"
                "  export run: async func(x: r) -> result<u8, string>;\n"
                "}\n"
                "package my:app@0.2.1 {\n"
                "  interface types {\n"
                "    record r {\n"
                "      a: u32,\n"
                "      %type: list<u8>,\n"
                "    }\n"
                "\n"
                "    resource res {\n"
                "      constructor(x: r);\n"
                "    }\n"
                "  }\n"
                "}\n");
}

/* Sections behind the preamble; `at` and `reason` of the fault, or NULL. */
typedef struct decode_case {
    uint8_t bytes[40];
    size_t len;
    const char *reason;
    uint64_t at;
} decode_case_t;

#define CASE(reason, at, ...)                                                                      \
    { {PREAMBLE, __VA_ARGS__}, sizeof(const uint8_t[]){PREAMBLE, __VA_ARGS__}, reason, at }

static const decode_case_t decode_cases[] = {
    /* sections */
    CASE(NULL, 0, 0, 2, 1, 'n'),
    CASE("length out of bounds", 11, 0, 2, 2, 'n'),
    CASE("name is not UTF-8", 11, 0, 2, 1, 0xff),
    CASE("malformed section id", 8, 13, 0),
    CASE("section too large", 9, 7, 5, 0),
    CASE("bytes left at the end of a section", 11, 7, 2, 0, 0),
    CASE("more entries than bytes", 10, 7, 2, 2, 0x73),
    CASE("a second start definition", 13, 9, 3, 0, 0, 0, 9, 3, 0, 0, 0),
    /* inside */
    CASE(NULL, 0, 4, 8, PREAMBLE),
    CASE("a core module, not a component", 14, 4, 8, CORE_PREAMBLE),
    CASE("malformed section id", 18, 4, 10, PREAMBLE, 13, 0),
    CASE(NULL, 0, 1, 8, CORE_PREAMBLE),
    CASE("unknown binary version", 14, 1, 8, PREAMBLE),
    CASE("malformed section id", 18, 1, 10, CORE_PREAMBLE, 60, 0),
    /* types */
    CASE(NULL, 0, 7, 2, 1, 0x64),
    CASE("malformed type", 11, 7, 2, 1, 0x62),
    CASE("malformed value type", 12, 7, 3, 1, 0x70, 0x65),
    CASE("malformed optional value type", 12, 7, 4, 1, 0x66, 2, 0),
    CASE("a case does not end with a zero", 16, 7, 7, 1, 0x71, 1, 1, 'a', 0, 1),
    CASE("malformed number of results", 14, 7, 5, 1, 0x40, 0, 1, 1),
    CASE("malformed results", 13, 7, 4, 1, 0x43, 0, 2),
    CASE("malformed resource destructor", 13, 7, 4, 1, 0x3f, 0x7f, 2),
    CASE("malformed declaration of a component or instance type", 13, 7, 4, 1, 0x42, 1, 3),
    CASE(NULL, 0, 7, 8, 1, 0x41, 1, 3, 0, 0, 3, 1),
    CASE("malformed type bound", 17, 7, 8, 1, 0x42, 1, 4, 0, 0, 3, 2),
    /* core types */
    CASE(NULL, 0, 3, 4, 1, 0x60, 0, 0),
    CASE(NULL, 0, 3, 7, 1, 0, 0x50, 0, 0x60, 0, 0),
    CASE("malformed core type", 12, 3, 5, 1, 0, 0x60, 0, 0),
    CASE(NULL, 0, 3, 8, 1, 0x50, 1, 2, 0x10, 1, 0, 0),
    CASE("malformed alias in a core module type", 14, 3, 8, 1, 0x50, 1, 2, 0x10, 0, 0, 0),
    CASE("malformed declaration of a core module type", 13, 3, 4, 1, 0x50, 1, 4),
    /* instances and aliases */
    CASE("malformed core instance", 11, 2, 2, 1, 2),
    CASE("an argument of a core module is no instance", 15, 2, 7, 1, 0, 0, 1, 0, 0x11, 0),
    CASE("a sort that a core instance cannot export", 14, 2, 6, 1, 1, 1, 0, 0x11, 0),
    CASE("malformed instance", 11, 5, 2, 1, 2),
    CASE("a core sort that a component cannot hand on", 15, 5, 8, 1, 0, 0, 1, 0, 0, 2, 0),
    CASE("malformed alias", 12, 6, 4, 1, 1, 3, 0),
    CASE("a sort that such an alias cannot have", 11, 6, 5, 1, 1, 2, 0, 0),
    CASE(NULL, 0, 6, 6, 1, 0, 0x10, 2, 0, 0),
    /* canonical definitions */
    CASE("malformed canonical function", 11, 8, 2, 1, 0x07),
    CASE("malformed canonical function", 12, 8, 6, 1, 0, 1, 0, 0, 0),
    CASE("malformed canonical option", 15, 8, 7, 1, 0, 0, 0, 1, 10, 0),
    CASE("too many canonical options", 14, 8, 6, 1, 0, 0, 0, 11, 0),
    CASE("malformed async flag", 12, 8, 3, 1, 0x06, 2),
    CASE("malformed cancellable flag", 12, 8, 3, 1, 0x0c, 2),
    /* names */
    CASE(NULL, 0, 10, 5, 1, 1, 0, 1, 0),
    CASE("malformed name form", 11, 10, 5, 1, 3, 0, 1, 0),
    CASE(NULL, 0, 10, 10, 1, 2, 1, 'a', 1, 2, 1, 'x', 1, 0),
    CASE("malformed name attribute", 15, 10, 10, 1, 2, 1, 'a', 1, 3, 1, 'x', 1, 0),
    CASE("a name attribute twice", 17, 10, 11, 1, 2, 1, 'a', 2, 2, 0, 2, 0, 1, 0),
    CASE("malformed optional type of an export", 15, 11, 6, 1, 0, 0, 1, 0, 2),
};

static void decode_finds_each_fault(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(decode_cases); i++) {
        const decode_case_t *one = &decode_cases[i];
        spin_error_t *error = view(NULL, spin_slice_of(one->bytes, one->len), NULL);
        if (one->reason == NULL) {
            if (error != NULL)
                fail_msg("case %zu: %s", i, spin_error_message(error));
            continue;
        }
        if (error == NULL)
            fail_msg("case %zu: taken", i);
        assert_string_equal(spin_error_message(error), one->reason);
        if (spin_error_position(error).offset != one->at)
            fail_msg("case %zu: at %llu", i, (unsigned long long)spin_error_position(error).offset);
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
        spin_error_free(error);
    }
}

static void every_truncation_is_a_fault(void **state) {
    (void)state;
    static const size_t ends[] = {8, 75, 100, 108, 117, 132, 140};
    for (size_t len = 0; len < sizeof world_bytes; len++) {
        bool is_end = false;
        for (size_t i = 0; i < COUNT_OF(ends); i++)
            is_end |= ends[i] == len;
        spin_error_t *error = view(NULL, spin_slice_of(world_bytes, len), NULL);
        assert_int_equal(error == NULL, is_end);
        if (error != NULL)
            assert_true(spin_error_position(error).offset <= len);
        spin_error_free(error);
    }
}

/* One type that holds the next: (type (component (type (component …)))). */
static void nesting_ends_at_its_limit(void **state) {
    (void)state;
    for (unsigned depth = AST_MAX_NESTING - 2; depth <= AST_MAX_NESTING; depth++) {
        uint8_t bytes[16 + 3 * AST_MAX_NESTING] = {PREAMBLE, 7};
        size_t size = 1 + 3 * (size_t)depth + 1, at = 11;
        bytes[9] = (uint8_t)(0x80 | (size & 0x7f));
        bytes[10] = (uint8_t)(size >> 7);
        bytes[at++] = 1;
        for (unsigned i = 0; i < depth; i++) {
            bytes[at++] = 0x41;
            bytes[at++] = 1;
            bytes[at++] = 1;
        }
        bytes[at++] = 0x73;
        spin_error_t *error = view(NULL, spin_slice_of(bytes, at), NULL);
        assert_int_equal(error == NULL, depth < AST_MAX_NESTING);
        if (error != NULL) {
            assert_int_equal(spin_error_kind(error), SPIN_ERROR_LIMIT);
            assert_true(spin_error_position(error).has_offset);
        }
        spin_error_free(error);
    }
}

static void components_are_told_from_modules(void **state) {
    (void)state;
    static const uint8_t module[] = {CORE_PREAMBLE};
    assert_true(component_is(world_slice()));
    assert_false(component_is(spin_slice_of(world_bytes, 7)));
    assert_false(component_is(spin_slice_of(module, sizeof module)));
    spin_error_t *error = view(NULL, spin_slice_of(module, sizeof module), NULL);
    assert_string_equal(spin_error_message(error), "a core module, not a component");
    spin_error_free(error);
}

static void failed_allocations_are_reported(void **state) {
    (void)state;
    static view_fn *const views[] = {component_print, component_world};
    for (size_t i = 0; i < COUNT_OF(views); i++) {
        buf_t out = {0};
        failing_alloc_install(SIZE_MAX);
        assert_null(view(views[i], world_slice(), &out));
        buf_deinit(&out);
        size_t calls = failing_alloc_calls();
        assert_true(calls > 1);
        for (size_t at = 1; at <= calls; at++) {
            failing_alloc_install(at);
            spin_error_t *error = view(views[i], world_slice(), &out);
            assert_non_null(error);
            assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
            spin_error_free(error);
            buf_deinit(&out);
            assert_int_equal(failing_alloc_live(), 0);
        }
        failing_alloc_remove();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(print_shows_all_definitions),
        cmocka_unit_test(world_is_told_as_wit),
        cmocka_unit_test(decode_finds_each_fault),
        cmocka_unit_test(every_truncation_is_a_fault),
        cmocka_unit_test(nesting_ends_at_its_limit),
        cmocka_unit_test(components_are_told_from_modules),
        cmocka_unit_test(failed_allocations_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
