/* Code that spin-bindgen wrote for random types (tests/bindgen/random_wit.c) against the path by
 * types at run time: both write the same bytes, and refuse the same. A value crosses over like
 * this:
 *
 *     value ──▶ generic ──▶ memory ──▶ generated: lift, lower ──▶ memory, compared byte for byte
 *
 * Generated code that guests call reads parameters and writes results; the code that calls guests
 * does the opposite, so each does half of the way. */
#include "cmocka_all.h"

#include "abi_fake.h"
#include "base/error.h"
#include "engine/abi/value.h"
#include "random_types.h"
#include "spin/wit.h"

enum { VALUES = 40 };

/* In the generated folder. The bindings call random_captured_link where they would call
 * spin_abi_link, see cmake/SpinTests.cmake. */
extern const spin_abi_export_t *const today_exports[];
extern const size_t today_exports_len;
extern const spin_abi_export_t *const old_exports[];
extern const size_t old_exports_len;
spin_error_t *today_link_all(void);
spin_error_t *old_link_all(void);
spin_error_t *random_captured_link(spin_engine_builder_t *builder,
                                   const spin_abi_interface_t *interface, const void *operations,
                                   void *user);

static const spin_abi_interface_t *linked;

spin_error_t *random_captured_link(spin_engine_builder_t *builder,
                                   const spin_abi_interface_t *interface, const void *operations,
                                   void *user) {
    (void)builder, (void)operations, (void)user;
    linked = interface;
    return NULL;
}

static fake_guest_t from, to, by_generic;

/* One function, in every form. */
typedef struct subject {
    const char *name;
    const wit_type_t *type; /* of its parameter and result */
    spin_abi_export_t generic;
    const spin_abi_export_t *calls;  /* generated: calls guests */
    const spin_abi_import_t *serves; /* generated: is called by guests */
    spin_abi_t abi;
} subject_t;

static void assert_ok(spin_error_t *error, const subject_t *subject, const char *what) {
    char text[512];
    if (error == NULL)
        return;
    spin_error_format(error, text, sizeof text);
    spin_error_free(error);
    fail_msg("%s: %s: %s", subject->name, what, text);
}

static void assert_same_memory(const subject_t *subject, const fake_values_t *left,
                               const fake_guest_t *left_guest, const fake_values_t *right,
                               const fake_guest_t *right_guest, const char *what) {
    if (memcmp(left, right, sizeof *left) != 0)
        fail_msg("%s: %s: other flat values", subject->name, what);
    if (memcmp(left_guest->memory, right_guest->memory, FAKE_SIZE) == 0)
        return;
    for (size_t i = 0; i < FAKE_SIZE; i++)
        if (left_guest->memory[i] != right_guest->memory[i])
            fail_msg("%s: %s: byte %zu is %02x instead of %02x", subject->name, what, i,
                     right_guest->memory[i], left_guest->memory[i]);
}

static spin_error_t *lower_generic(const subject_t *subject, fake_guest_t *guest,
                                   const spin_value_t *value, bool flat, fake_values_t *out) {
    fake_begin(guest);
    return fake_lower(guest, subject->abi, subject->generic.measure, subject->generic.lower,
                      subject->generic.context, &(abi_value_args_t){.items = value},
                      flat ? 0 : subject->generic.result_size, subject->generic.result_align, out);
}

/* ── the ways of the generated code ── */

/* What serves lifts its struct of parameters, which begins with the record; what calls takes a
 * pointer to one. */
static spin_error_t *pass_params(const subject_t *subject, const fake_values_t *values,
                                 fake_values_t *out) {
    void *input = arena_calloc(&from.arena, 1, subject->serves->c_args_size);
    spin_error_t *error = fake_lift(&from, LIFT_ARENA, subject->serves->lift,
                                    subject->serves->context, values, input);
    if (error != NULL)
        return error;
    const void *args = input;
    fake_begin(&to);
    error = fake_lower(&to, subject->abi, subject->calls->measure, subject->calls->lower,
                       subject->calls->context, &args, subject->calls->params_size,
                       subject->calls->params_align, out);
    assert_ok(error, subject, "lower, generated");
    return NULL;
}

static spin_error_t *pass_result(const subject_t *subject, const fake_values_t *values, bool owned,
                                 fake_values_t *out) {
    void *result = arena_calloc(&from.arena, 1, subject->calls->c_result_size);
    spin_error_t *error = fake_lift(&from, owned ? LIFT_OWNED : LIFT_VIEW, subject->calls->lift,
                                    subject->calls->context, values, result);
    if (error == NULL) {
        fake_begin(&to);
        assert_ok(fake_lower(&to, subject->abi, subject->serves->measure, subject->serves->lower,
                             subject->serves->context, result,
                             values->area == 0 ? 0 : subject->serves->result_size,
                             subject->serves->result_align, out),
                  subject, "lower, generated");
    }
    if (owned && subject->calls->clear != NULL)
        subject->calls->clear(subject->calls->context, result);
    return error;
}

/* Whether flat results cross at all: a single one, or slots of 2022. */
static bool returns_flat(const subject_t *subject) {
    uint32_t len = subject->type->layout.flat_len;
    return len == 1 || (subject->abi == SPIN_ABI_2022_SLOTS && len <= ABI_MAX_FLAT);
}

/* ── subjects ── */

static void describe(arena_t *arena, const spin_wit_t *wit, size_t index,
                     const spin_abi_export_t *calls, subject_t *out) {
    const spin_function_t *function;
    spin_slice_t name = arena_printf(arena, "run%zu", index);
    *out = (subject_t){.name = (const char *)name.ptr, .calls = calls};
    assert_ok(spin_wit_function(wit, name, &function), out, "find");
    assert_ok(abi_value_describe(arena, function, &out->generic), out, "describe");
    out->type = function->result.type;
    out->serves = linked->functions[index];
    out->abi = function->dialect == WIT_DIALECT_2022 ? SPIN_ABI_2022_SLOTS : SPIN_ABI_CANONICAL;
    assert_string_equal(out->serves->name, out->name);
}

typedef void each_fn(random_types_t *random, const subject_t *subject);

static void for_each(const char *file, const spin_abi_export_t *const *exports, size_t len,
                     spin_error_t *link_error, each_fn *each) {
    arena_t arena = {0};
    spin_wit_t *wit;
    char path[512];
    assert_null(link_error);
    assert_int_equal(linked->functions_len, len);
    snprintf(path, sizeof path, "%s/%s.wit", SPIN_RANDOM_DIR, file);
    assert_null(spin_wit_load(path, NULL, &wit));
    for (size_t i = 0; i < len; i++) {
        subject_t subject;
        random_types_t random;
        describe(&arena, wit, i, exports[i], &subject);
        random_begin(&random, &arena, i);
        each(&random, &subject);
        random_end(&random);
    }
    spin_wit_free(wit);
    arena_deinit(&arena);
}

static void for_all(each_fn *each) {
    for_each("today", today_exports, today_exports_len, today_link_all(), each);
    for_each("old", old_exports, old_exports_len, old_link_all(), each);
}

/* ── tests ── */

static void compare_descriptors(random_types_t *random, const subject_t *subject) {
    const spin_abi_export_t *a = &subject->generic, *b = subject->calls;
    (void)random;
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->export_name, b->export_name);
    assert_string_equal(a->params, b->params);
    assert_string_equal(a->results, b->results);
    assert_int_equal(a->params_size, b->params_size);
    assert_int_equal(a->result_size, b->result_size);
    assert_int_equal(a->result_align, b->result_align);
    if (a->params_size > 0)
        assert_int_equal(a->params_align, b->params_align);
    assert_int_equal(a->measure == NULL, b->measure == NULL);
    assert_int_equal(a->is_async, b->is_async);
    assert_string_equal(subject->serves->params, b->params);
    assert_string_equal(subject->serves->results, b->results);
}

static void descriptors_are_the_same(void **state) {
    (void)state;
    for_all(compare_descriptors);
}

static size_t flat_results;

static void compare_values(random_types_t *random, const subject_t *subject) {
    for (int i = 0; i < VALUES; i++) {
        spin_value_t value;
        fake_values_t sent, got;
        random_value(random, subject->type, &value);
        assert_ok(lower_generic(subject, &from, &value, subject->generic.params_size == 0, &sent),
                  subject, "lower, generic");
        assert_ok(pass_params(subject, &sent, &got), subject, "lift, generated");
        assert_same_memory(subject, &sent, &from, &got, &to, "parameters");
        for (int owned = 0; owned < 2; owned++) {
            assert_ok(lower_generic(subject, &from, &value, false, &sent), subject, "lower");
            if (subject->type->layout.flat_len > 1) {
                assert_ok(pass_result(subject, &sent, owned != 0, &got), subject, "lift");
                assert_same_memory(subject, &sent, &from, &got, &to, "result in memory");
            }
            if (!returns_flat(subject))
                continue;
            flat_results++;
            assert_ok(lower_generic(subject, &from, &value, true, &sent), subject, "lower");
            assert_ok(pass_result(subject, &sent, owned != 0, &got), subject, "lift");
            assert_same_memory(subject, &sent, &from, &got, &to, "flat result");
        }
    }
}

static void the_same_bytes_are_written(void **state) {
    (void)state;
    for_all(compare_values);
    assert_true(flat_results > 10 * VALUES);
}

/* Spoils some bytes of what was lowered. */
static void spoil(random_types_t *random, fake_values_t *values) {
    for (uint32_t left = 1 + random_below(random, 6); left > 0; left--) {
        uint8_t bits = (uint8_t)random_bits(random);
        if (values->area == 0 && random_below(random, 2) == 0)
            values->flat[random_below(random, ABI_MAX_FLAT)] ^= (uint64_t)bits
                                                                << (8 * random_below(random, 4));
        else
            from.memory[64 + random_below(random, from.heap - 63)] ^= bits;
    }
}

static size_t lifted, refused;

static void compare_outcomes(const subject_t *subject, spin_error_t *generic,
                             spin_error_t *generated) {
    char left[512] = "fine", right[512] = "fine";
    if (generic != NULL)
        spin_error_format(generic, left, sizeof left);
    if (generated != NULL)
        spin_error_format(generated, right, sizeof right);
    spin_error_free(generic);
    spin_error_free(generated);
    if (strcmp(left, right) != 0)
        fail_msg("%s: by types: %s; generated: %s", subject->name, left, right);
    if (generic == NULL)
        lifted++;
    else
        refused++;
}

static void compare_hostile(random_types_t *random, const subject_t *subject) {
    for (int i = 0; i < 4 * VALUES; i++) {
        spin_value_t value, got = {0};
        fake_values_t sent, by_generic_values, by_generated;
        bool flat = returns_flat(subject) && (subject->type->layout.flat_len == 1 || (i & 1) != 0);
        random_value(random, subject->type, &value);
        assert_ok(lower_generic(subject, &from, &value, flat, &sent), subject, "lower");
        spoil(random, &sent);
        spin_error_t *generic = fake_lift(&from, LIFT_OWNED, subject->generic.lift,
                                          subject->generic.context, &sent, &got);
        spin_error_t *error = NULL;
        if (generic == NULL) /* may be larger than the memory, where parts of it overlapped */
            error = lower_generic(subject, &by_generic, &got, flat, &by_generic_values);
        subject->generic.clear(subject->generic.context, &got);
        if (error != NULL) {
            spin_error_free(error);
            continue;
        }
        spin_error_t *generated = pass_result(subject, &sent, (i & 2) != 0, &by_generated);
        bool both = generic == NULL && generated == NULL;
        compare_outcomes(subject, generic, generated);
        if (both)
            assert_same_memory(subject, &by_generic_values, &by_generic, &by_generated, &to,
                               "spoilt");
    }
}

static void the_same_is_refused(void **state) {
    (void)state;
    for_all(compare_hostile);
    assert_true(lifted > 1000 && refused > 1000);
}

static int tear_down(void **state) {
    (void)state;
    arena_deinit(&from.arena);
    arena_deinit(&to.arena);
    arena_deinit(&by_generic.arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptors_are_the_same),
        cmocka_unit_test(the_same_bytes_are_written),
        cmocka_unit_test(the_same_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
