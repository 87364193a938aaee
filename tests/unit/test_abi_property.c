/* Values of random types, there and back: by the types at run time. */
#include "abi_fake.h"
#include "cmocka_all.h"
#include "engine/abi/value.h"
#include "failing_alloc.h"
#include "random_types.h"

enum { TYPES = 3000, VALUES = 4, DEPTH = 4 };

static fake_guest_t guest;

static void assert_ok(spin_error_t *error, uint64_t seed, const char *what) {
    char text[512];
    if (error == NULL)
        return;
    spin_error_format(error, text, sizeof text);
    spin_error_free(error);
    fail_msg("seed %llu: %s: %s", (unsigned long long)seed, what, text);
}

static void assert_equal(const spin_value_t *left, const spin_value_t *right, uint64_t seed,
                         const wit_type_t *type, const char *what) {
    if (!spin_value_equal(left, right))
        fail_msg("seed %llu: %s: another value of %.*s", (unsigned long long)seed, what,
                 SLICE_ARG(type->text));
}

/* A function that takes and returns one value of a type. */
typedef struct subject {
    wit_function_t function;
    wit_part_t param;
    spin_abi_export_t export;
} subject_t;

static void describe(arena_t *arena, const wit_type_t *type, subject_t *out) {
    *out = (subject_t){.param = {.name = SLICE_LITERAL("a"), .ref.type = type}};
    out->function = (wit_function_t){.name = SLICE_LITERAL("f"),
                                     .core_name = SLICE_LITERAL("f"),
                                     .params = &out->param,
                                     .params_len = 1,
                                     .result.type = type};
    assert_ok(abi_value_describe(arena, &out->function, &out->export), 0, "describe");
    assert_string_equal(out->export.export_name, "f");
    assert_string_equal(out->export.params,
                        type->layout.flat_len > ABI_MAX_FLAT ? "i" : type->layout.flat);
}

static spin_error_t *lower(const subject_t *subject, spin_abi_t abi, const spin_value_t *value,
                           uint32_t size, fake_values_t *out) {
    const spin_abi_export_t *export = &subject->export;
    return fake_lower(&guest, abi, export->measure, export->lower, export->context,
                      &(abi_value_args_t){.items = value}, size, export->result_align, out);
}

static spin_error_t *lift(const subject_t *subject, lift_mode_t mode, const fake_values_t *values,
                          spin_value_t *out) {
    *out = (spin_value_t){0};
    return fake_lift(&guest, mode, subject->export.lift, subject->export.context, values, out);
}

/* Lowers, lifts in each mode, compares. An area of params looks like one of results. */
static void there_and_back(const subject_t *subject, spin_abi_t abi, const spin_value_t *value,
                           bool flat, uint64_t seed) {
    const wit_type_t *type = subject->param.ref.type;
    fake_values_t values, slots;
    spin_value_t back;
    fake_begin(&guest);
    assert_ok(lower(subject, abi, value, flat ? 0 : subject->export.result_size, &values), seed,
              "lower");
    if (flat && abi == SPIN_ABI_2022_SLOTS) { /* through the slots of an area */
        uint32_t area = fake_allocate(&guest, 8 * ABI_MAX_FLAT, 8);
        memset(guest.memory + area, 0, (size_t)8 * ABI_MAX_FLAT);
        abi_slots_store(guest.memory + area, type->layout.flat, type->layout.flat_len, values.flat);
        abi_slots_load(guest.memory + area, type->layout.flat, type->layout.flat_len, slots.flat);
        assert_memory_equal(slots.flat, values.flat, 8 * (size_t)type->layout.flat_len);
    }
    assert_ok(lift(subject, LIFT_OWNED, &values, &back), seed, "lift, owned");
    assert_equal(value, &back, seed, type, "owned");
    assert_ok(spin_value_check(&back, type), seed, "check");
    subject->export.clear(subject->export.context, &back);
    assert_ok(lift(subject, LIFT_ARENA, &values, &back), seed, "lift, in the arena");
    assert_equal(value, &back, seed, type, "in the arena");
    assert_ok(lift(subject, LIFT_VIEW, &values, &back), seed, "lift, a view");
    assert_equal(value, &back, seed, type, "a view");
}

/* Runs `each` for every seed with a new type. */
static void for_each_type(void (*each)(random_types_t *random, const subject_t *subject,
                                       uint64_t seed)) {
    for (uint64_t seed = 1; seed <= TYPES; seed++) {
        arena_t arena = {0};
        random_types_t random;
        subject_t subject;
        random_begin(&random, &arena, seed);
        const wit_type_t *type = random_type(&random, 1 + (unsigned)seed % DEPTH);
        assert_false(random.failed);
        describe(&arena, type, &subject);
        if (type->layout.size > 0 && type->layout.size < FAKE_SIZE / 4)
            each(&random, &subject, seed);
        random_end(&random);
        arena_deinit(&arena);
    }
}

static size_t flat_ones, area_ones;

static void check_round_trip(random_types_t *random, const subject_t *subject, uint64_t seed) {
    const wit_type_t *type = subject->param.ref.type;
    for (int i = 0; i < VALUES; i++) {
        spin_value_t value;
        random_value(random, type, &value);
        assert_ok(spin_value_check(&value, type), seed, "check");
        there_and_back(subject, SPIN_ABI_CANONICAL, &value, false, seed);
        there_and_back(subject, SPIN_ABI_2022_CANONICAL, &value, false, seed);
        area_ones++;
        if (type->layout.flat_len > ABI_MAX_FLAT)
            continue;
        there_and_back(subject, SPIN_ABI_CANONICAL, &value, true, seed);
        there_and_back(subject, SPIN_ABI_2022_SLOTS, &value, true, seed);
        flat_ones++;
    }
}

static void random_values_come_back(void **state) {
    (void)state;
    for_each_type(check_round_trip);
    assert_true(flat_ones > TYPES && area_ones > 3 * (size_t)TYPES);
}

/* Flat values carry nothing above their width, which wasmtime would cut. */
static void check_flat_widths(random_types_t *random, const subject_t *subject, uint64_t seed) {
    const wit_type_t *type = subject->param.ref.type;
    spin_value_t value;
    fake_values_t values;
    if (type->layout.flat_len > ABI_MAX_FLAT)
        return;
    fake_begin(&guest);
    random_value(random, type, &value);
    assert_ok(lower(subject, SPIN_ABI_CANONICAL, &value, 0, &values), seed, "lower");
    for (size_t i = 0; i < ABI_MAX_FLAT; i++) {
        char letter = i < type->layout.flat_len ? type->layout.flat[i] : 0;
        if (letter == 'i' || letter == 'f')
            assert_int_equal(values.flat[i] >> 32, 0);
        if (letter == 0) /* not written */
            assert_int_equal(values.flat[i], 0xaaaaaaaaaaaaaaaa);
    }
}

static void flat_values_fit_their_types(void **state) {
    (void)state;
    for_each_type(check_flat_widths);
}

static size_t lifted, refused;

/* Whatever lies in the guest: an error, or a value of the type that goes there and back. */
static void check_hostile(random_types_t *random, const subject_t *subject, uint64_t seed) {
    const wit_type_t *type = subject->param.ref.type;
    spin_value_t value, back;
    for (int i = 0; i < 2 * VALUES; i++) {
        fake_values_t values;
        fake_begin(&guest);
        random_value(random, type, &value);
        bool flat = (i & 1) != 0 && type->layout.flat_len <= ABI_MAX_FLAT;
        assert_ok(lower(subject, SPIN_ABI_CANONICAL, &value, flat ? 0 : subject->export.result_size,
                        &values),
                  seed, "lower");
        for (uint32_t left = 1 + random_below(random, 8); left > 0; left--) {
            uint8_t bits = (uint8_t)random_bits(random);
            if (flat)
                values.flat[random_below(random, ABI_MAX_FLAT)] ^= (uint64_t)bits
                                                                   << (8 * random_below(random, 8));
            guest.memory[64 + random_below(random, guest.heap)] ^= bits;
        }
        spin_error_t *error = lift(subject, LIFT_OWNED, &values, &value);
        if (error != NULL) {
            spin_error_kind_t kind = spin_error_kind(error);
            assert_true(kind == SPIN_ERROR_TRAP || kind == SPIN_ERROR_INVALID ||
                        kind == SPIN_ERROR_LIMIT);
            refused++;
        } else {
            lifted++;
            assert_ok(spin_value_check(&value, type), seed, "check");
            fake_begin(&guest);
            error =
                lower(subject, SPIN_ABI_CANONICAL, &value, subject->export.result_size, &values);
            if (error == NULL) { /* overlapping parts may be larger apart than the memory */
                assert_ok(lift(subject, LIFT_ARENA, &values, &back), seed, "lift");
                assert_equal(&value, &back, seed, type, "hostile");
            }
        }
        spin_error_free(error);
        subject->export.clear(subject->export.context, &value);
    }
}

static void hostile_guests_get_errors(void **state) {
    (void)state;
    for_each_type(check_hostile);
    assert_true(lifted > TYPES && refused > TYPES);
}

static void check_memory(random_types_t *random, const subject_t *subject, uint64_t seed) {
    spin_value_t value, back;
    fake_values_t values;
    if (seed % 20 != 0)
        return;
    fake_begin(&guest);
    random_value(random, subject->param.ref.type, &value);
    assert_ok(lower(subject, SPIN_ABI_CANONICAL, &value, subject->export.result_size, &values),
              seed, "lower");
    size_t calls = 0;
    for (size_t at = SIZE_MAX; at != 0 && at != calls + 1; at = at == SIZE_MAX ? 1 : at + 1) {
        failing_alloc_install(at);
        spin_error_t *error = lift(subject, LIFT_OWNED, &values, &back);
        if (at == SIZE_MAX)
            calls = failing_alloc_calls();
        else if (spin_error_kind(error) != SPIN_ERROR_NO_MEMORY)
            fail_msg("seed %llu: no error of allocation %zu", (unsigned long long)seed, at);
        spin_error_free(error);
        subject->export.clear(subject->export.context, &back);
        assert_int_equal(failing_alloc_live(), 0);
        failing_alloc_remove();
    }
}

static void every_failed_allocation_is_an_error(void **state) {
    (void)state;
    for_each_type(check_memory);
}

static int tear_down(void **state) {
    (void)state;
    arena_deinit(&guest.arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_values_come_back),
        cmocka_unit_test(flat_values_fit_their_types),
        cmocka_unit_test(hostile_guests_get_errors),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
