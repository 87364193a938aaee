/* Whatever lies in a guest's memory, lifting a value of any type from it is an error or a value of
 * that type, which lowers and lifts to itself. The first byte chooses the type, the rest is the
 * guest's memory. */
#include <stdlib.h>

#include "../tests/unit/abi_fake.h"
#include "../tests/unit/random_types.h"
#include "base/error.h"
#include "engine/abi/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static fake_guest_t guest;

static void require(bool holds) {
    if (!holds)
        abort();
}

static void check_value(const spin_abi_export_t *export, const wit_type_t *type,
                        const spin_value_t *value) {
    fake_values_t values;
    spin_value_t back = {0};
    require(spin_value_check(value, type) == NULL);
    fake_begin(&guest);
    spin_error_t *error = fake_lower(&guest, SPIN_ABI_CANONICAL, export->measure, export->lower,
                                     export->context, &(abi_value_args_t){.items = value},
                                     export->result_size, export->result_align, &values);
    if (error == NULL) { /* else the parts, which overlapped, are too many apart */
        require(fake_lift(&guest, LIFT_ARENA, export->lift, export->context, &values, &back) ==
                NULL);
        require(spin_value_equal(value, &back));
    }
    spin_error_free(error);
}

static void check_type(arena_t *arena, const wit_type_t *type, spin_slice_t memory) {
    const wit_part_t param = {.name = SLICE_LITERAL("a"), .ref.type = type};
    const wit_function_t function = {.name = SLICE_LITERAL("f"),
                                     .core_name = SLICE_LITERAL("f"),
                                     .params = &param,
                                     .params_len = 1,
                                     .result.type = type};
    spin_abi_export_t export;
    spin_value_t value = {0};
    fake_values_t values = {.area = 64};
    if (type->layout.size == 0 || type->layout.size > FAKE_SIZE / 4)
        return;
    require(abi_value_describe(arena, &function, &export) == NULL);
    fake_begin(&guest);
    memcpy(guest.memory + 64, memory.ptr, memory.len);
    spin_error_t *error =
        fake_lift(&guest, LIFT_OWNED, export.lift, export.context, &values, &value);
    if (error == NULL)
        check_value(&export, type, &value);
    spin_error_free(error);
    spin_value_clear(&value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena_t arena = {0};
    random_types_t random;
    if (size < 2 || size > FAKE_SIZE - 64)
        return 0;
    random_begin(&random, &arena, data[0]);
    const wit_type_t *type = random_type(&random, 1 + data[0] % 4);
    check_type(&arena, type, spin_slice_of(data + 1, size - 1));
    random_end(&random);
    arena_deinit(&arena);
    return 0;
}
