/* Host bindings of interface "union" in union.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#include "union.h"

#include <string.h>

/* An operations struct of an older version of the interface is smaller. */
#define HAS_OPERATION(type, ops, name)                                                             \
    ((ops)->size >= offsetof(type, name) + sizeof((ops)->name) && (ops)->name != NULL)

static void store_string(spin_lower_t *lower, uint8_t *at, spin_slice_t value) {
    uint32_t ptr, len;
    spin_lower_text(lower, value, &ptr, &len);
    spin_store_u32(at, ptr);
    spin_store_u32(at + 4, len);
}

static void flatten_string(spin_lower_t *lower, spin_flat_t *flat, spin_slice_t value) {
    uint32_t ptr, len;
    spin_lower_text(lower, value, &ptr, &len);
    flat[0] = ptr;
    flat[1] = len;
}

static void measure_point(spin_lower_t *lower, const union_point_t *value) {
    spin_lower_measure_text(lower, value->label);
}

static void store_point(spin_lower_t *lower, uint8_t *at, const union_point_t *value) {
    spin_store_f32(at, value->x);
    store_string(lower, at + 4, value->label);
}

static void flatten_point(spin_lower_t *lower, spin_flat_t *flat, const union_point_t *value) {
    flat[0] = spin_flat_of_f32(value->x);
    flatten_string(lower, flat + 1, value->label);
}

static void measure_list_point(spin_lower_t *lower, const union_list_point_t *value) {
    spin_lower_measure(lower, value->len, 12, 4);
    for (size_t i = 0; i < value->len; i++) {
        measure_point(lower, &value->items[i]);
    }
}

static uint32_t lower_list_point(spin_lower_t *lower, const union_list_point_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 12, 4, &ptr);
    if (to == NULL)
        return ptr;
    for (size_t i = 0; i < value->len; i++) {
        store_point(lower, to + i * 12, &value->items[i]);
    }
    return ptr;
}

static void measure_either(spin_lower_t *lower, const union_either_t *value) {
    switch (value->tag) {
    case UNION_EITHER_1: spin_lower_measure_text(lower, value->of.f1); break;
    case UNION_EITHER_2: measure_point(lower, &value->of.f2); break;
    case UNION_EITHER_3: measure_list_point(lower, &value->of.f3); break;
    default: break;
    }
}

static void store_either(spin_lower_t *lower, uint8_t *at, const union_either_t *value) {
    if (value->tag >= 4) {
        spin_lower_fail(lower, "variant either", value->tag);
        return;
    }
    spin_store_u8(at, value->tag);
    switch (value->tag) {
    case UNION_EITHER_0: spin_store_u8(at + 4, value->of.f0); break;
    case UNION_EITHER_1: store_string(lower, at + 4, value->of.f1); break;
    case UNION_EITHER_2: store_point(lower, at + 4, &value->of.f2); break;
    case UNION_EITHER_3:
        spin_store_u32(at + 4, lower_list_point(lower, &value->of.f3));
        spin_store_u32(at + 8, (uint32_t)value->of.f3.len);
        break;
    default: break;
    }
}

static void flatten_either(spin_lower_t *lower, spin_flat_t *flat, const union_either_t *value) {
    if (value->tag >= 4) {
        spin_lower_fail(lower, "variant either", value->tag);
    }
    flat[0] = value->tag;
    memset(flat + 1, 0, 3 * sizeof *flat);
    switch (value->tag) {
    case UNION_EITHER_0: flat[1] = value->of.f0; break;
    case UNION_EITHER_1: flatten_string(lower, flat + 1, value->of.f1); break;
    case UNION_EITHER_2: flatten_point(lower, flat + 1, &value->of.f2); break;
    case UNION_EITHER_3:
        flat[1] = lower_list_point(lower, &value->of.f3);
        flat[2] = (uint32_t)value->of.f3.len;
        break;
    default: break;
    }
}

static void measure_result_void_either(spin_lower_t *lower,
                                       const union_result_void_either_t *value) {
    if (value->is_error) {
        measure_either(lower, &value->of.error);
    }
}

static void store_result_void_either(spin_lower_t *lower, uint8_t *at,
                                     const union_result_void_either_t *value) {
    spin_store_u8(at, value->is_error);
    if (value->is_error) {
        store_either(lower, at + 4, &value->of.error);
    }
}

static void flatten_result_void_either(spin_lower_t *lower, spin_flat_t *flat,
                                       const union_result_void_either_t *value) {
    flat[0] = value->is_error;
    memset(flat + 1, 0, 4 * sizeof *flat);
    if (value->is_error) {
        flatten_either(lower, flat + 1, &value->of.error);
    }
}

static void load_point(spin_lift_t *lift, const uint8_t *at, union_point_t *value) {
    value->x = spin_load_f32(at);
    value->label = spin_lift_text(lift, spin_load_u32(at + 4), spin_load_u32(at + 8));
}

static void lift_point(spin_lift_t *lift, const spin_flat_t *flat, union_point_t *value) {
    value->x = spin_flat_f32(flat[0]);
    value->label = spin_lift_text(lift, (uint32_t)flat[1], (uint32_t)flat[2]);
}

void union_point_clear(union_point_t *value) {
    spin_string_clear(&value->label);
    memset(value, 0, sizeof *value);
}

static void load_list_point(spin_lift_t *lift, uint32_t ptr, uint32_t len,
                            union_list_point_t *value) {
    const uint8_t *from = spin_lift_at(lift, ptr, len, 12, 4);
    void *items = from == NULL ? NULL : spin_lift_alloc(lift, len, sizeof *value->items);
    if (items == NULL)
        return;
    value->items = (union_point_t *)items;
    value->len = len;
    for (uint32_t i = 0; i < len; i++) {
        load_point(lift, from + (size_t)i * 12, &value->items[i]);
    }
}

void union_list_point_clear(union_list_point_t *value) {
    for (size_t i = 0; i < value->len; i++) {
        union_point_clear(&value->items[i]);
    }
    spin_memory_release(value->items);
    memset(value, 0, sizeof *value);
}

static void load_either(spin_lift_t *lift, const uint8_t *at, union_either_t *value) {
    uint32_t tag = spin_load_u8(at);
    if (tag >= 4) {
        spin_lift_fail(lift, "variant either", tag);
        return;
    }
    value->tag = (uint8_t)tag;
    switch (tag) {
    case UNION_EITHER_0: value->of.f0 = spin_load_u8(at + 4); break;
    case UNION_EITHER_1:
        value->of.f1 = spin_lift_text(lift, spin_load_u32(at + 4), spin_load_u32(at + 8));
        break;
    case UNION_EITHER_2: load_point(lift, at + 4, &value->of.f2); break;
    case UNION_EITHER_3:
        load_list_point(lift, spin_load_u32(at + 4), spin_load_u32(at + 8), &value->of.f3);
        break;
    default: break;
    }
}

static void lift_either(spin_lift_t *lift, const spin_flat_t *flat, union_either_t *value) {
    uint32_t tag = (uint32_t)flat[0];
    if (tag >= 4) {
        spin_lift_fail(lift, "variant either", tag);
        return;
    }
    value->tag = (uint8_t)tag;
    switch (tag) {
    case UNION_EITHER_0: value->of.f0 = (uint8_t)flat[1]; break;
    case UNION_EITHER_1:
        value->of.f1 = spin_lift_text(lift, (uint32_t)flat[1], (uint32_t)flat[2]);
        break;
    case UNION_EITHER_2: lift_point(lift, flat + 1, &value->of.f2); break;
    case UNION_EITHER_3:
        load_list_point(lift, (uint32_t)flat[1], (uint32_t)flat[2], &value->of.f3);
        break;
    default: break;
    }
}

void union_either_clear(union_either_t *value) {
    switch (value->tag) {
    case UNION_EITHER_1: spin_string_clear(&value->of.f1); break;
    case UNION_EITHER_2: union_point_clear(&value->of.f2); break;
    case UNION_EITHER_3: union_list_point_clear(&value->of.f3); break;
    default: break;
    }
    memset(value, 0, sizeof *value);
}

static void load_result_void_either(spin_lift_t *lift, const uint8_t *at,
                                    union_result_void_either_t *value) {
    uint32_t tag = spin_load_u8(at);
    if (tag >= 2) {
        spin_lift_fail(lift, "result<_, either>", tag);
        return;
    }
    value->is_error = tag == 1;
    if (value->is_error) {
        load_either(lift, at + 4, &value->of.error);
    }
}

static void lift_result_void_either(spin_lift_t *lift, const spin_flat_t *flat,
                                    union_result_void_either_t *value) {
    uint32_t tag = (uint32_t)flat[0];
    if (tag >= 2) {
        spin_lift_fail(lift, "result<_, either>", tag);
        return;
    }
    value->is_error = tag == 1;
    if (value->is_error) {
        lift_either(lift, flat + 1, &value->of.error);
    }
}

void union_result_void_either_clear(union_result_void_either_t *value) {
    if (value->is_error)
        union_either_clear(&value->of.error);
    memset(value, 0, sizeof *value);
}

/* ── pass, implemented ── */

struct input_of_union_pass {
    union_either_t value;
};

static void lift_args_union_pass(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                 const uint8_t *area, void *data) {
    (void)context;
    (void)area;
    struct input_of_union_pass *args = (struct input_of_union_pass *)data;
    lift_either(lift, flat, &args->value);
}

static spin_error_t *invoke_union_pass(spin_host_call_t *call, const void *operations,
                                       const void *context, void *data, void *result) {
    (void)context;
    const union_ops_t *ops = (const union_ops_t *)operations;
    struct input_of_union_pass *args = (struct input_of_union_pass *)data;
    if (!HAS_OPERATION(union_ops_t, ops, pass))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "pass: the host does not implement it");
    return ops->pass(call, &args->value, (union_either_t *)result);
}

static void measure_result_union_pass(spin_lower_t *lower, const void *context,
                                      const void *result) {
    (void)context;
    const union_either_t *ret = (const union_either_t *)result;
    measure_either(lower, ret);
}

static void lower_result_union_pass(spin_lower_t *lower, const void *context, const void *result,
                                    spin_flat_t *flat, uint8_t *area) {
    (void)context;
    const union_either_t *ret = (const union_either_t *)result;
    if (area != NULL) {
        store_either(lower, area, ret);
    } else {
        flatten_either(lower, flat, ret);
    }
}

static const spin_abi_import_t import_union_pass = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "pass",
    /* params */ "iiii",
    /* results */ "iiii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 16,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_union_pass),
    /* c_result_size */ sizeof(union_either_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_union_pass,
    invoke_union_pass,
    measure_result_union_pass,
    lower_result_union_pass,
};

/* ── check, implemented ── */

struct input_of_union_check {
    union_either_t value;
};

static void lift_args_union_check(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                  const uint8_t *area, void *data) {
    (void)context;
    (void)area;
    struct input_of_union_check *args = (struct input_of_union_check *)data;
    lift_either(lift, flat, &args->value);
}

static spin_error_t *invoke_union_check(spin_host_call_t *call, const void *operations,
                                        const void *context, void *data, void *result) {
    (void)context;
    const union_ops_t *ops = (const union_ops_t *)operations;
    struct input_of_union_check *args = (struct input_of_union_check *)data;
    if (!HAS_OPERATION(union_ops_t, ops, check))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "check: the host does not implement it");
    return ops->check(call, &args->value, (union_result_void_either_t *)result);
}

static void measure_result_union_check(spin_lower_t *lower, const void *context,
                                       const void *result) {
    (void)context;
    const union_result_void_either_t *ret = (const union_result_void_either_t *)result;
    measure_result_void_either(lower, ret);
}

static void lower_result_union_check(spin_lower_t *lower, const void *context, const void *result,
                                     spin_flat_t *flat, uint8_t *area) {
    (void)context;
    const union_result_void_either_t *ret = (const union_result_void_either_t *)result;
    if (area != NULL) {
        store_result_void_either(lower, area, ret);
    } else {
        flatten_result_void_either(lower, flat, ret);
    }
}

static const spin_abi_import_t import_union_check = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "check",
    /* params */ "iiii",
    /* results */ "iiiii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 20,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_union_check),
    /* c_result_size */ sizeof(union_result_void_either_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_union_check,
    invoke_union_check,
    measure_result_union_check,
    lower_result_union_check,
};

static const spin_abi_import_t *const functions_of_union_ops[] = {
    &import_union_pass,
    &import_union_check,
};

static const spin_abi_interface_t interface_of_union_ops = {
    /* size */ sizeof(spin_abi_interface_t),
    /* module */ "union",
    functions_of_union_ops,
    /* functions_len */ 2,
    /* resources */ NULL,
    /* resources_len */ 0,
};

spin_error_t *union_link(spin_engine_builder_t *builder, const union_ops_t *ops, void *user) {
    return spin_abi_link(builder, &interface_of_union_ops, ops, user);
}

/* ── pass ── */

struct args_of_union_pass {
    const union_either_t *value;
};

static void measure_args_union_pass(spin_lower_t *lower, const void *context, const void *data) {
    (void)context;
    const struct args_of_union_pass *args = (const struct args_of_union_pass *)data;
    measure_either(lower, args->value);
}

static void lower_args_union_pass(spin_lower_t *lower, const void *context, const void *data,
                                  spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_union_pass *args = (const struct args_of_union_pass *)data;
    flatten_either(lower, flat, args->value);
}

static void lift_result_union_pass(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                   const uint8_t *area, void *result) {
    (void)context;
    union_either_t *ret = (union_either_t *)result;
    if (area != NULL) {
        load_either(lift, area, ret);
    } else {
        lift_either(lift, flat, ret);
    }
}

static void clear_result_union_pass(const void *context, void *result) {
    (void)context;
    union_either_clear((union_either_t *)result);
}

static void done_union_pass(spin_instance_t *instance, spin_error_t *error, void *result,
                            void (*handler)(void), void *user) {
    ((union_pass_done_fn)handler)(instance, error, (const union_either_t *)result, user);
}

const spin_abi_export_t union_pass_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "pass",
    /* export_name */ "pass",
    /* params */ "iiii",
    /* results */ "iiii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 16,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_union_pass),
    /* c_result_size */ sizeof(union_either_t),
    /* is_async */ false,
    /* context */ NULL,
    measure_args_union_pass,
    lower_args_union_pass,
    lift_result_union_pass,
    clear_result_union_pass,
};

spin_error_t *union_pass(spin_instance_t *instance, const union_either_t *value,
                         union_either_t *ret) {
    const struct args_of_union_pass call = {value};
    return spin_abi_call(instance, &union_pass_export, &call, ret);
}

spin_error_t *union_pass_start(spin_instance_t *instance, const union_either_t *value,
                               union_pass_done_fn done, void *user) {
    const struct args_of_union_pass call = {value};
    return spin_abi_start(instance, &union_pass_export, &call, done_union_pass,
                          (void (*)(void))done, user);
}

/* ── check ── */

struct args_of_union_check {
    const union_either_t *value;
};

static void measure_args_union_check(spin_lower_t *lower, const void *context, const void *data) {
    (void)context;
    const struct args_of_union_check *args = (const struct args_of_union_check *)data;
    measure_either(lower, args->value);
}

static void lower_args_union_check(spin_lower_t *lower, const void *context, const void *data,
                                   spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_union_check *args = (const struct args_of_union_check *)data;
    flatten_either(lower, flat, args->value);
}

static void lift_result_union_check(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                    const uint8_t *area, void *result) {
    (void)context;
    union_result_void_either_t *ret = (union_result_void_either_t *)result;
    if (area != NULL) {
        load_result_void_either(lift, area, ret);
    } else {
        lift_result_void_either(lift, flat, ret);
    }
}

static void clear_result_union_check(const void *context, void *result) {
    (void)context;
    union_result_void_either_clear((union_result_void_either_t *)result);
}

static void done_union_check(spin_instance_t *instance, spin_error_t *error, void *result,
                             void (*handler)(void), void *user) {
    ((union_check_done_fn)handler)(instance, error, (const union_result_void_either_t *)result,
                                   user);
}

const spin_abi_export_t union_check_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "check",
    /* export_name */ "check",
    /* params */ "iiii",
    /* results */ "iiiii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 20,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_union_check),
    /* c_result_size */ sizeof(union_result_void_either_t),
    /* is_async */ false,
    /* context */ NULL,
    measure_args_union_check,
    lower_args_union_check,
    lift_result_union_check,
    clear_result_union_check,
};

spin_error_t *union_check(spin_instance_t *instance, const union_either_t *value,
                          union_result_void_either_t *ret) {
    const struct args_of_union_check call = {value};
    return spin_abi_call(instance, &union_check_export, &call, ret);
}

spin_error_t *union_check_start(spin_instance_t *instance, const union_either_t *value,
                                union_check_done_fn done, void *user) {
    const struct args_of_union_check call = {value};
    return spin_abi_start(instance, &union_check_export, &call, done_union_check,
                          (void (*)(void))done, user);
}
