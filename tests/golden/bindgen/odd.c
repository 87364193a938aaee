/* Host bindings of interface "odd" in odd.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#include "odd.h"

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

static void store_nothing(spin_lower_t *lower, uint8_t *at, const odd_nothing_t *value) {
    (void)lower;
    (void)at;
    (void)value;
}

static void measure_around(spin_lower_t *lower, const odd_around_t *value) {
    spin_lower_measure_text(lower, value->behind);
}

static void store_around(spin_lower_t *lower, uint8_t *at, const odd_around_t *value) {
    spin_store_u8(at, value->before);
    store_nothing(lower, at + 1, &value->none);
    store_string(lower, at + 4, value->behind);
}

static void flatten_around(spin_lower_t *lower, spin_flat_t *flat, const odd_around_t *value) {
    flat[0] = value->before;
    flatten_string(lower, flat + 1, value->behind);
}

static void flatten_option_nothing(spin_lower_t *lower, spin_flat_t *flat,
                                   const odd_option_nothing_t *value) {
    (void)lower;
    flat[0] = value->is_some;
    if (value->is_some) {
    }
}

static void flatten_result_nothing_tuple0(spin_lower_t *lower, spin_flat_t *flat,
                                          const odd_result_nothing_tuple0_t *value) {
    (void)lower;
    flat[0] = value->is_error;
    if (!value->is_error) {
    } else {
    }
}

static void measure_list_nothing(spin_lower_t *lower, const odd_list_nothing_t *value) {
    spin_lower_measure(lower, value->len, 0, 1);
}

static uint32_t lower_list_nothing(spin_lower_t *lower, const odd_list_nothing_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 0, 1, &ptr);
    if (to == NULL)
        return ptr;
    for (size_t i = 0; i < value->len; i++) {
        store_nothing(lower, to + i * 0, &value->items[i]);
    }
    return ptr;
}

static void load_nothing(spin_lift_t *lift, const uint8_t *at, odd_nothing_t *value) {
    (void)lift;
    (void)at;
    (void)value;
}

static void load_around(spin_lift_t *lift, const uint8_t *at, odd_around_t *value) {
    value->before = spin_load_u8(at);
    load_nothing(lift, at + 1, &value->none);
    value->behind = spin_lift_text(lift, spin_load_u32(at + 4), spin_load_u32(at + 8));
}

static void lift_around(spin_lift_t *lift, const spin_flat_t *flat, odd_around_t *value) {
    value->before = (uint8_t)flat[0];
    value->behind = spin_lift_text(lift, (uint32_t)flat[1], (uint32_t)flat[2]);
}

void odd_around_clear(odd_around_t *value) {
    spin_string_clear(&value->behind);
    memset(value, 0, sizeof *value);
}

static void lift_option_nothing(spin_lift_t *lift, const spin_flat_t *flat,
                                odd_option_nothing_t *value) {
    uint32_t tag = (uint32_t)flat[0];
    if (tag >= 2) {
        spin_lift_fail(lift, "option<nothing>", tag);
        return;
    }
    value->is_some = tag == 1;
    if (value->is_some) {
    }
}

static void lift_result_nothing_tuple0(spin_lift_t *lift, const spin_flat_t *flat,
                                       odd_result_nothing_tuple0_t *value) {
    uint32_t tag = (uint32_t)flat[0];
    if (tag >= 2) {
        spin_lift_fail(lift, "result<nothing, tuple>", tag);
        return;
    }
    value->is_error = tag == 1;
    if (!value->is_error) {
    } else {
    }
}

static void load_list_nothing(spin_lift_t *lift, uint32_t ptr, uint32_t len,
                              odd_list_nothing_t *value) {
    const uint8_t *from = spin_lift_at(lift, ptr, len, 0, 1);
    void *items = from == NULL ? NULL : spin_lift_alloc(lift, len, sizeof *value->items);
    if (items == NULL)
        return;
    value->items = (odd_nothing_t *)items;
    value->len = len;
    for (uint32_t i = 0; i < len; i++) {
        load_nothing(lift, from + (size_t)i * 0, &value->items[i]);
    }
}

void odd_list_nothing_clear(odd_list_nothing_t *value) {
    spin_memory_release(value->items);
    memset(value, 0, sizeof *value);
}

/* ── odd.data, implemented ── */

static spin_error_t *invoke_odd_data(spin_host_call_t *call, const void *operations,
                                     const void *context, void *data, void *result) {
    (void)context;
    (void)data;
    (void)result;
    const odd_ops_t *ops = (const odd_ops_t *)operations;
    if (!HAS_OPERATION(odd_ops_t, ops, data))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "odd.data: the host does not implement it");
    return ops->data(call);
}

static const spin_abi_import_t import_odd_data = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "data",
    /* params */ "",
    /* results */ "",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 0,
    /* result_align */ 0,
    /* c_args_size */ 0,
    /* c_result_size */ 0,
    /* is_async */ false,
    /* context */ NULL,
    /* lift_args */ NULL,
    invoke_odd_data,
    /* measure_result */ NULL,
    /* lower_result */ NULL,
};

/* ── odd.context, implemented ── */

static spin_error_t *invoke_odd_context(spin_host_call_t *call, const void *operations,
                                        const void *context, void *data, void *result) {
    (void)context;
    (void)data;
    (void)result;
    const odd_ops_t *ops = (const odd_ops_t *)operations;
    if (!HAS_OPERATION(odd_ops_t, ops, context))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "odd.context: the host does not implement it");
    return ops->context(call);
}

static const spin_abi_import_t import_odd_context = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "context",
    /* params */ "",
    /* results */ "",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 0,
    /* result_align */ 0,
    /* c_args_size */ 0,
    /* c_result_size */ 0,
    /* is_async */ false,
    /* context */ NULL,
    /* lift_args */ NULL,
    invoke_odd_context,
    /* measure_result */ NULL,
    /* lower_result */ NULL,
};

/* ── odd.result, implemented ── */

static spin_error_t *invoke_odd_result(spin_host_call_t *call, const void *operations,
                                       const void *context, void *data, void *result) {
    (void)context;
    (void)data;
    (void)result;
    const odd_ops_t *ops = (const odd_ops_t *)operations;
    if (!HAS_OPERATION(odd_ops_t, ops, result))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "odd.result: the host does not implement it");
    return ops->result(call);
}

static const spin_abi_import_t import_odd_result = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "result",
    /* params */ "",
    /* results */ "",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 0,
    /* result_align */ 0,
    /* c_args_size */ 0,
    /* c_result_size */ 0,
    /* is_async */ false,
    /* context */ NULL,
    /* lift_args */ NULL,
    invoke_odd_result,
    /* measure_result */ NULL,
    /* lower_result */ NULL,
};

/* ── odd.ops, implemented ── */

static spin_error_t *invoke_odd_ops(spin_host_call_t *call, const void *operations,
                                    const void *context, void *data, void *result) {
    (void)context;
    (void)data;
    (void)result;
    const odd_ops_t *ops = (const odd_ops_t *)operations;
    if (!HAS_OPERATION(odd_ops_t, ops, ops))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "odd.ops: the host does not implement it");
    return ops->ops(call);
}

static const spin_abi_import_t import_odd_ops = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "ops",
    /* params */ "",
    /* results */ "",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 0,
    /* result_align */ 0,
    /* c_args_size */ 0,
    /* c_result_size */ 0,
    /* is_async */ false,
    /* context */ NULL,
    /* lift_args */ NULL,
    invoke_odd_ops,
    /* measure_result */ NULL,
    /* lower_result */ NULL,
};

/* ── odd.nothing-at-all, implemented ── */

struct input_of_odd_nothing_at_all {
    odd_nothing_t a;
    odd_nothing_t b;
};

static void lift_args_odd_nothing_at_all(spin_lift_t *lift, const void *context,
                                         const spin_flat_t *flat, const uint8_t *area, void *data) {
    (void)lift;
    (void)context;
    (void)flat;
    (void)area;
    (void)data;
}

static spin_error_t *invoke_odd_nothing_at_all(spin_host_call_t *call, const void *operations,
                                               const void *context, void *data, void *result) {
    (void)context;
    const odd_ops_t *ops = (const odd_ops_t *)operations;
    struct input_of_odd_nothing_at_all *args = (struct input_of_odd_nothing_at_all *)data;
    if (!HAS_OPERATION(odd_ops_t, ops, nothing_at_all))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "odd.nothing-at-all: the host does not implement it");
    return ops->nothing_at_all(call, &args->a, &args->b, (odd_nothing_t *)result);
}

static void lower_result_odd_nothing_at_all(spin_lower_t *lower, const void *context,
                                            const void *result, spin_flat_t *flat, uint8_t *area) {
    (void)lower;
    (void)context;
    (void)result;
    (void)flat;
    (void)area;
}

static const spin_abi_import_t import_odd_nothing_at_all = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "nothing-at-all",
    /* params */ "",
    /* results */ "",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 0,
    /* result_align */ 1,
    /* c_args_size */ sizeof(struct input_of_odd_nothing_at_all),
    /* c_result_size */ sizeof(odd_nothing_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_odd_nothing_at_all,
    invoke_odd_nothing_at_all,
    /* measure_result */ NULL,
    lower_result_odd_nothing_at_all,
};

/* ── odd.around-it, implemented ── */

struct input_of_odd_around_it {
    odd_around_t a;
};

static void lift_args_odd_around_it(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                    const uint8_t *area, void *data) {
    (void)context;
    (void)area;
    struct input_of_odd_around_it *args = (struct input_of_odd_around_it *)data;
    lift_around(lift, flat, &args->a);
}

static spin_error_t *invoke_odd_around_it(spin_host_call_t *call, const void *operations,
                                          const void *context, void *data, void *result) {
    (void)context;
    const odd_ops_t *ops = (const odd_ops_t *)operations;
    struct input_of_odd_around_it *args = (struct input_of_odd_around_it *)data;
    if (!HAS_OPERATION(odd_ops_t, ops, around_it))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "odd.around-it: the host does not implement it");
    return ops->around_it(call, &args->a, (odd_around_t *)result);
}

static void measure_result_odd_around_it(spin_lower_t *lower, const void *context,
                                         const void *result) {
    (void)context;
    const odd_around_t *ret = (const odd_around_t *)result;
    measure_around(lower, ret);
}

static void lower_result_odd_around_it(spin_lower_t *lower, const void *context, const void *result,
                                       spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)flat;
    const odd_around_t *ret = (const odd_around_t *)result;
    store_around(lower, area, ret);
}

static const spin_abi_import_t import_odd_around_it = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "around-it",
    /* params */ "iii",
    /* results */ "iii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 12,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_odd_around_it),
    /* c_result_size */ sizeof(odd_around_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_odd_around_it,
    invoke_odd_around_it,
    measure_result_odd_around_it,
    lower_result_odd_around_it,
};

/* ── odd.either, implemented ── */

struct input_of_odd_either {
    odd_option_nothing_t a;
};

static void lift_args_odd_either(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                 const uint8_t *area, void *data) {
    (void)context;
    (void)area;
    struct input_of_odd_either *args = (struct input_of_odd_either *)data;
    lift_option_nothing(lift, flat, &args->a);
}

static spin_error_t *invoke_odd_either(spin_host_call_t *call, const void *operations,
                                       const void *context, void *data, void *result) {
    (void)context;
    const odd_ops_t *ops = (const odd_ops_t *)operations;
    struct input_of_odd_either *args = (struct input_of_odd_either *)data;
    if (!HAS_OPERATION(odd_ops_t, ops, either))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "odd.either: the host does not implement it");
    return ops->either(call, &args->a, (odd_result_nothing_tuple0_t *)result);
}

static void lower_result_odd_either(spin_lower_t *lower, const void *context, const void *result,
                                    spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const odd_result_nothing_tuple0_t *ret = (const odd_result_nothing_tuple0_t *)result;
    flatten_result_nothing_tuple0(lower, flat, ret);
}

static const spin_abi_import_t import_odd_either = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "either",
    /* params */ "i",
    /* results */ "i",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 1,
    /* result_align */ 1,
    /* c_args_size */ sizeof(struct input_of_odd_either),
    /* c_result_size */ sizeof(odd_result_nothing_tuple0_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_odd_either,
    invoke_odd_either,
    /* measure_result */ NULL,
    lower_result_odd_either,
};

/* ── odd.many, implemented ── */

struct input_of_odd_many {
    odd_list_nothing_t a;
};

static void lift_args_odd_many(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                               const uint8_t *area, void *data) {
    (void)context;
    (void)area;
    struct input_of_odd_many *args = (struct input_of_odd_many *)data;
    load_list_nothing(lift, (uint32_t)flat[0], (uint32_t)flat[1], &args->a);
}

static spin_error_t *invoke_odd_many(spin_host_call_t *call, const void *operations,
                                     const void *context, void *data, void *result) {
    (void)context;
    const odd_ops_t *ops = (const odd_ops_t *)operations;
    struct input_of_odd_many *args = (struct input_of_odd_many *)data;
    if (!HAS_OPERATION(odd_ops_t, ops, many))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "odd.many: the host does not implement it");
    return ops->many(call, &args->a, (odd_list_nothing_t *)result);
}

static void measure_result_odd_many(spin_lower_t *lower, const void *context, const void *result) {
    (void)context;
    const odd_list_nothing_t *ret = (const odd_list_nothing_t *)result;
    measure_list_nothing(lower, ret);
}

static void lower_result_odd_many(spin_lower_t *lower, const void *context, const void *result,
                                  spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)flat;
    const odd_list_nothing_t *ret = (const odd_list_nothing_t *)result;
    spin_store_u32(area, lower_list_nothing(lower, ret));
    spin_store_u32(area + 4, (uint32_t)ret->len);
}

static const spin_abi_import_t import_odd_many = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "many",
    /* params */ "ii",
    /* results */ "ii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 8,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_odd_many),
    /* c_result_size */ sizeof(odd_list_nothing_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_odd_many,
    invoke_odd_many,
    measure_result_odd_many,
    lower_result_odd_many,
};

static const spin_abi_import_t *const functions_of_odd_ops[] = {
    &import_odd_data,
    &import_odd_context,
    &import_odd_result,
    &import_odd_ops,
    &import_odd_nothing_at_all,
    &import_odd_around_it,
    &import_odd_either,
    &import_odd_many,
};

static const spin_abi_interface_t interface_of_odd_ops = {
    /* size */ sizeof(spin_abi_interface_t),
    /* module */ "test:odd/odd",
    functions_of_odd_ops,
    /* functions_len */ 8,
    /* resources */ NULL,
    /* resources_len */ 0,
};

spin_error_t *odd_link(spin_engine_builder_t *builder, const odd_ops_t *ops, void *user) {
    return spin_abi_link(builder, &interface_of_odd_ops, ops, user);
}

/* ── odd.data ── */

static void done_odd_data(spin_instance_t *instance, spin_error_t *error, void *result,
                          void (*handler)(void), void *user) {
    (void)result;
    ((odd_data_done_fn)handler)(instance, error, user);
}

const spin_abi_export_t odd_data_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "odd.data",
    /* export_name */ "test:odd/odd#data",
    /* params */ "",
    /* results */ "",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 0,
    /* result_align */ 0,
    /* c_args_size */ 0,
    /* c_result_size */ 0,
    /* is_async */ false,
    /* context */ NULL,
    /* measure_args */ NULL,
    /* lower_args */ NULL,
    /* lift_result */ NULL,
    /* clear_result */ NULL,
};

spin_error_t *odd_data(spin_instance_t *instance) {
    return spin_abi_call(instance, &odd_data_export, NULL, NULL);
}

spin_error_t *odd_data_start(spin_instance_t *instance, odd_data_done_fn done, void *user) {
    return spin_abi_start(instance, &odd_data_export, NULL, done_odd_data, (void (*)(void))done,
                          user);
}

/* ── odd.context ── */

static void done_odd_context(spin_instance_t *instance, spin_error_t *error, void *result,
                             void (*handler)(void), void *user) {
    (void)result;
    ((odd_context_done_fn)handler)(instance, error, user);
}

const spin_abi_export_t odd_context_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "odd.context",
    /* export_name */ "test:odd/odd#context",
    /* params */ "",
    /* results */ "",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 0,
    /* result_align */ 0,
    /* c_args_size */ 0,
    /* c_result_size */ 0,
    /* is_async */ false,
    /* context */ NULL,
    /* measure_args */ NULL,
    /* lower_args */ NULL,
    /* lift_result */ NULL,
    /* clear_result */ NULL,
};

spin_error_t *odd_context(spin_instance_t *instance) {
    return spin_abi_call(instance, &odd_context_export, NULL, NULL);
}

spin_error_t *odd_context_start(spin_instance_t *instance, odd_context_done_fn done, void *user) {
    return spin_abi_start(instance, &odd_context_export, NULL, done_odd_context,
                          (void (*)(void))done, user);
}

/* ── odd.result ── */

static void done_odd_result(spin_instance_t *instance, spin_error_t *error, void *result,
                            void (*handler)(void), void *user) {
    (void)result;
    ((odd_result_done_fn)handler)(instance, error, user);
}

const spin_abi_export_t odd_result_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "odd.result",
    /* export_name */ "test:odd/odd#result",
    /* params */ "",
    /* results */ "",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 0,
    /* result_align */ 0,
    /* c_args_size */ 0,
    /* c_result_size */ 0,
    /* is_async */ false,
    /* context */ NULL,
    /* measure_args */ NULL,
    /* lower_args */ NULL,
    /* lift_result */ NULL,
    /* clear_result */ NULL,
};

spin_error_t *odd_result(spin_instance_t *instance) {
    return spin_abi_call(instance, &odd_result_export, NULL, NULL);
}

spin_error_t *odd_result_start(spin_instance_t *instance, odd_result_done_fn done, void *user) {
    return spin_abi_start(instance, &odd_result_export, NULL, done_odd_result, (void (*)(void))done,
                          user);
}

/* ── odd.ops ── */

static void done_odd_ops(spin_instance_t *instance, spin_error_t *error, void *result,
                         void (*handler)(void), void *user) {
    (void)result;
    ((odd_ops_done_fn)handler)(instance, error, user);
}

const spin_abi_export_t odd_ops_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "odd.ops",
    /* export_name */ "test:odd/odd#ops",
    /* params */ "",
    /* results */ "",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 0,
    /* result_align */ 0,
    /* c_args_size */ 0,
    /* c_result_size */ 0,
    /* is_async */ false,
    /* context */ NULL,
    /* measure_args */ NULL,
    /* lower_args */ NULL,
    /* lift_result */ NULL,
    /* clear_result */ NULL,
};

spin_error_t *odd_ops(spin_instance_t *instance) {
    return spin_abi_call(instance, &odd_ops_export, NULL, NULL);
}

spin_error_t *odd_ops_start(spin_instance_t *instance, odd_ops_done_fn done, void *user) {
    return spin_abi_start(instance, &odd_ops_export, NULL, done_odd_ops, (void (*)(void))done,
                          user);
}

/* ── odd.nothing-at-all ── */

struct args_of_odd_nothing_at_all {
    const odd_nothing_t *a;
    const odd_nothing_t *b;
};

static void lower_args_odd_nothing_at_all(spin_lower_t *lower, const void *context,
                                          const void *data, spin_flat_t *flat, uint8_t *area) {
    (void)lower;
    (void)context;
    (void)data;
    (void)flat;
    (void)area;
}

static void lift_result_odd_nothing_at_all(spin_lift_t *lift, const void *context,
                                           const spin_flat_t *flat, const uint8_t *area,
                                           void *result) {
    (void)lift;
    (void)context;
    (void)flat;
    (void)area;
    (void)result;
}

static void done_odd_nothing_at_all(spin_instance_t *instance, spin_error_t *error, void *result,
                                    void (*handler)(void), void *user) {
    ((odd_nothing_at_all_done_fn)handler)(instance, error, (const odd_nothing_t *)result, user);
}

const spin_abi_export_t odd_nothing_at_all_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "odd.nothing-at-all",
    /* export_name */ "test:odd/odd#nothing-at-all",
    /* params */ "",
    /* results */ "",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 0,
    /* result_align */ 1,
    /* c_args_size */ sizeof(struct args_of_odd_nothing_at_all),
    /* c_result_size */ sizeof(odd_nothing_t),
    /* is_async */ false,
    /* context */ NULL,
    /* measure_args */ NULL,
    lower_args_odd_nothing_at_all,
    lift_result_odd_nothing_at_all,
    /* clear_result */ NULL,
};

spin_error_t *odd_nothing_at_all(spin_instance_t *instance, const odd_nothing_t *a,
                                 const odd_nothing_t *b, odd_nothing_t *ret) {
    const struct args_of_odd_nothing_at_all call = {a, b};
    return spin_abi_call(instance, &odd_nothing_at_all_export, &call, ret);
}

spin_error_t *odd_nothing_at_all_start(spin_instance_t *instance, const odd_nothing_t *a,
                                       const odd_nothing_t *b, odd_nothing_at_all_done_fn done,
                                       void *user) {
    const struct args_of_odd_nothing_at_all call = {a, b};
    return spin_abi_start(instance, &odd_nothing_at_all_export, &call, done_odd_nothing_at_all,
                          (void (*)(void))done, user);
}

/* ── odd.around-it ── */

struct args_of_odd_around_it {
    const odd_around_t *a;
};

static void measure_args_odd_around_it(spin_lower_t *lower, const void *context, const void *data) {
    (void)context;
    const struct args_of_odd_around_it *args = (const struct args_of_odd_around_it *)data;
    measure_around(lower, args->a);
}

static void lower_args_odd_around_it(spin_lower_t *lower, const void *context, const void *data,
                                     spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_odd_around_it *args = (const struct args_of_odd_around_it *)data;
    flatten_around(lower, flat, args->a);
}

static void lift_result_odd_around_it(spin_lift_t *lift, const void *context,
                                      const spin_flat_t *flat, const uint8_t *area, void *result) {
    (void)context;
    (void)flat;
    odd_around_t *ret = (odd_around_t *)result;
    load_around(lift, area, ret);
}

static void clear_result_odd_around_it(const void *context, void *result) {
    (void)context;
    odd_around_clear((odd_around_t *)result);
}

static void done_odd_around_it(spin_instance_t *instance, spin_error_t *error, void *result,
                               void (*handler)(void), void *user) {
    ((odd_around_it_done_fn)handler)(instance, error, (const odd_around_t *)result, user);
}

const spin_abi_export_t odd_around_it_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "odd.around-it",
    /* export_name */ "test:odd/odd#around-it",
    /* params */ "iii",
    /* results */ "iii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 12,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_odd_around_it),
    /* c_result_size */ sizeof(odd_around_t),
    /* is_async */ false,
    /* context */ NULL,
    measure_args_odd_around_it,
    lower_args_odd_around_it,
    lift_result_odd_around_it,
    clear_result_odd_around_it,
};

spin_error_t *odd_around_it(spin_instance_t *instance, const odd_around_t *a, odd_around_t *ret) {
    const struct args_of_odd_around_it call = {a};
    return spin_abi_call(instance, &odd_around_it_export, &call, ret);
}

spin_error_t *odd_around_it_start(spin_instance_t *instance, const odd_around_t *a,
                                  odd_around_it_done_fn done, void *user) {
    const struct args_of_odd_around_it call = {a};
    return spin_abi_start(instance, &odd_around_it_export, &call, done_odd_around_it,
                          (void (*)(void))done, user);
}

/* ── odd.either ── */

struct args_of_odd_either {
    const odd_option_nothing_t *a;
};

static void lower_args_odd_either(spin_lower_t *lower, const void *context, const void *data,
                                  spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_odd_either *args = (const struct args_of_odd_either *)data;
    flatten_option_nothing(lower, flat, args->a);
}

static void lift_result_odd_either(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                   const uint8_t *area, void *result) {
    (void)context;
    (void)area;
    odd_result_nothing_tuple0_t *ret = (odd_result_nothing_tuple0_t *)result;
    lift_result_nothing_tuple0(lift, flat, ret);
}

static void done_odd_either(spin_instance_t *instance, spin_error_t *error, void *result,
                            void (*handler)(void), void *user) {
    ((odd_either_done_fn)handler)(instance, error, (const odd_result_nothing_tuple0_t *)result,
                                  user);
}

const spin_abi_export_t odd_either_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "odd.either",
    /* export_name */ "test:odd/odd#either",
    /* params */ "i",
    /* results */ "i",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 1,
    /* result_align */ 1,
    /* c_args_size */ sizeof(struct args_of_odd_either),
    /* c_result_size */ sizeof(odd_result_nothing_tuple0_t),
    /* is_async */ false,
    /* context */ NULL,
    /* measure_args */ NULL,
    lower_args_odd_either,
    lift_result_odd_either,
    /* clear_result */ NULL,
};

spin_error_t *odd_either(spin_instance_t *instance, const odd_option_nothing_t *a,
                         odd_result_nothing_tuple0_t *ret) {
    const struct args_of_odd_either call = {a};
    return spin_abi_call(instance, &odd_either_export, &call, ret);
}

spin_error_t *odd_either_start(spin_instance_t *instance, const odd_option_nothing_t *a,
                               odd_either_done_fn done, void *user) {
    const struct args_of_odd_either call = {a};
    return spin_abi_start(instance, &odd_either_export, &call, done_odd_either,
                          (void (*)(void))done, user);
}

/* ── odd.many ── */

struct args_of_odd_many {
    const odd_list_nothing_t *a;
};

static void measure_args_odd_many(spin_lower_t *lower, const void *context, const void *data) {
    (void)context;
    const struct args_of_odd_many *args = (const struct args_of_odd_many *)data;
    measure_list_nothing(lower, args->a);
}

static void lower_args_odd_many(spin_lower_t *lower, const void *context, const void *data,
                                spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_odd_many *args = (const struct args_of_odd_many *)data;
    flat[0] = lower_list_nothing(lower, args->a);
    flat[1] = (uint32_t)args->a->len;
}

static void lift_result_odd_many(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                 const uint8_t *area, void *result) {
    (void)context;
    (void)flat;
    odd_list_nothing_t *ret = (odd_list_nothing_t *)result;
    load_list_nothing(lift, spin_load_u32(area), spin_load_u32(area + 4), ret);
}

static void clear_result_odd_many(const void *context, void *result) {
    (void)context;
    odd_list_nothing_clear((odd_list_nothing_t *)result);
}

static void done_odd_many(spin_instance_t *instance, spin_error_t *error, void *result,
                          void (*handler)(void), void *user) {
    ((odd_many_done_fn)handler)(instance, error, (const odd_list_nothing_t *)result, user);
}

const spin_abi_export_t odd_many_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "odd.many",
    /* export_name */ "test:odd/odd#many",
    /* params */ "ii",
    /* results */ "ii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 8,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_odd_many),
    /* c_result_size */ sizeof(odd_list_nothing_t),
    /* is_async */ false,
    /* context */ NULL,
    measure_args_odd_many,
    lower_args_odd_many,
    lift_result_odd_many,
    clear_result_odd_many,
};

spin_error_t *odd_many(spin_instance_t *instance, const odd_list_nothing_t *a,
                       odd_list_nothing_t *ret) {
    const struct args_of_odd_many call = {a};
    return spin_abi_call(instance, &odd_many_export, &call, ret);
}

spin_error_t *odd_many_start(spin_instance_t *instance, const odd_list_nothing_t *a,
                             odd_many_done_fn done, void *user) {
    const struct args_of_odd_many call = {a};
    return spin_abi_start(instance, &odd_many_export, &call, done_odd_many, (void (*)(void))done,
                          user);
}
