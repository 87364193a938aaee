/* Host bindings of interface "echo" in echo.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#include "echo.h"

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

/* ── echo, implemented ── */

struct input_of_echo_echo {
    spin_string_t msg;
};

static void lift_args_echo_echo(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                const uint8_t *area, void *data) {
    (void)context;
    (void)area;
    struct input_of_echo_echo *args = (struct input_of_echo_echo *)data;
    args->msg = spin_lift_text(lift, (uint32_t)flat[0], (uint32_t)flat[1]);
}

static spin_error_t *invoke_echo_echo(spin_host_call_t *call, const void *operations,
                                      const void *context, void *data, void *result) {
    (void)context;
    const echo_ops_t *ops = (const echo_ops_t *)operations;
    struct input_of_echo_echo *args = (struct input_of_echo_echo *)data;
    if (!HAS_OPERATION(echo_ops_t, ops, echo))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "echo: the host does not implement it");
    return ops->echo(call, args->msg, (spin_string_t *)result);
}

static void measure_result_echo_echo(spin_lower_t *lower, const void *context, const void *result) {
    (void)context;
    const spin_string_t *ret = (const spin_string_t *)result;
    spin_lower_measure_text(lower, (*ret));
}

static void lower_result_echo_echo(spin_lower_t *lower, const void *context, const void *result,
                                   spin_flat_t *flat, uint8_t *area) {
    (void)context;
    const spin_string_t *ret = (const spin_string_t *)result;
    if (area != NULL) {
        store_string(lower, area, (*ret));
    } else {
        flatten_string(lower, flat, (*ret));
    }
}

static const spin_abi_import_t import_echo_echo = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "echo",
    /* params */ "ii",
    /* results */ "ii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 8,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_echo_echo),
    /* c_result_size */ sizeof(spin_string_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_echo_echo,
    invoke_echo_echo,
    measure_result_echo_echo,
    lower_result_echo_echo,
};

static const spin_abi_import_t *const functions_of_echo_ops[] = {
    &import_echo_echo,
};

static const spin_abi_interface_t interface_of_echo_ops = {
    /* size */ sizeof(spin_abi_interface_t),
    /* module */ "echo",
    functions_of_echo_ops,
    /* functions_len */ 1,
    /* resources */ NULL,
    /* resources_len */ 0,
};

spin_error_t *echo_link(spin_engine_builder_t *builder, const echo_ops_t *ops, void *user) {
    return spin_abi_link(builder, &interface_of_echo_ops, ops, user);
}

/* ── echo ── */

struct args_of_echo_echo {
    spin_slice_t msg;
};

static void measure_args_echo_echo(spin_lower_t *lower, const void *context, const void *data) {
    (void)context;
    const struct args_of_echo_echo *args = (const struct args_of_echo_echo *)data;
    spin_lower_measure_text(lower, args->msg);
}

static void lower_args_echo_echo(spin_lower_t *lower, const void *context, const void *data,
                                 spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_echo_echo *args = (const struct args_of_echo_echo *)data;
    flatten_string(lower, flat, args->msg);
}

static void lift_result_echo_echo(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                  const uint8_t *area, void *result) {
    (void)context;
    spin_string_t *ret = (spin_string_t *)result;
    if (area != NULL) {
        (*ret) = spin_lift_text(lift, spin_load_u32(area), spin_load_u32(area + 4));
    } else {
        (*ret) = spin_lift_text(lift, (uint32_t)flat[0], (uint32_t)flat[1]);
    }
}

static void clear_result_echo_echo(const void *context, void *result) {
    (void)context;
    spin_string_clear((spin_string_t *)result);
}

static void done_echo_echo(spin_instance_t *instance, spin_error_t *error, void *result,
                           void (*handler)(void), void *user) {
    ((echo_echo_done_fn)handler)(instance, error, (const spin_string_t *)result, user);
}

const spin_abi_export_t echo_echo_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "echo",
    /* export_name */ "echo",
    /* params */ "ii",
    /* results */ "ii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 8,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_echo_echo),
    /* c_result_size */ sizeof(spin_string_t),
    /* is_async */ false,
    /* context */ NULL,
    measure_args_echo_echo,
    lower_args_echo_echo,
    lift_result_echo_echo,
    clear_result_echo_echo,
};

spin_error_t *echo_echo(spin_instance_t *instance, spin_slice_t msg, spin_string_t *ret) {
    const struct args_of_echo_echo call = {msg};
    return spin_abi_call(instance, &echo_echo_export, &call, ret);
}

spin_error_t *echo_echo_start(spin_instance_t *instance, spin_slice_t msg, echo_echo_done_fn done,
                              void *user) {
    const struct args_of_echo_echo call = {msg};
    return spin_abi_start(instance, &echo_echo_export, &call, done_echo_echo, (void (*)(void))done,
                          user);
}
