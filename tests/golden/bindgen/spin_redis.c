/* Host bindings of interface "spin-redis" in spin-redis.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#include "spin_redis.h"

#include <string.h>

static void flatten_list_u8(spin_lower_t *lower, spin_flat_t *flat, spin_slice_t value) {
    uint32_t ptr;
    spin_lower_bytes(lower, value, &ptr);
    flat[0] = ptr;
    flat[1] = (uint32_t)value.len;
}

static spin_redis_error_t load_error(spin_lift_t *lift, uint32_t value) {
    if (value >= 2) {
        spin_lift_fail(lift, "enum error", value);
        return 0;
    }
    return (spin_redis_error_t)value;
}

static void load_result_void_error(spin_lift_t *lift, const uint8_t *at,
                                   spin_redis_result_void_error_t *value) {
    uint32_t tag = spin_load_u8(at);
    if (tag >= 2) {
        spin_lift_fail(lift, "result<_, error>", tag);
        return;
    }
    value->is_error = tag == 1;
    if (value->is_error) {
        value->of.error = load_error(lift, spin_load_u8(at + 1));
    }
}

static void lift_result_void_error(spin_lift_t *lift, const spin_flat_t *flat,
                                   spin_redis_result_void_error_t *value) {
    uint32_t tag = (uint32_t)flat[0];
    if (tag >= 2) {
        spin_lift_fail(lift, "result<_, error>", tag);
        return;
    }
    value->is_error = tag == 1;
    if (value->is_error) {
        value->of.error = load_error(lift, (uint32_t)flat[1]);
    }
}

/* ── handle-redis-message ── */

struct args_of_spin_redis_handle_redis_message {
    spin_slice_t message;
};

static void measure_args_spin_redis_handle_redis_message(spin_lower_t *lower, const void *context,
                                                         const void *data) {
    (void)context;
    const struct args_of_spin_redis_handle_redis_message *args =
        (const struct args_of_spin_redis_handle_redis_message *)data;
    spin_lower_measure(lower, args->message.len, 1, 1);
}

static void lower_args_spin_redis_handle_redis_message(spin_lower_t *lower, const void *context,
                                                       const void *data, spin_flat_t *flat,
                                                       uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_spin_redis_handle_redis_message *args =
        (const struct args_of_spin_redis_handle_redis_message *)data;
    flatten_list_u8(lower, flat, args->message);
}

static void lift_result_spin_redis_handle_redis_message(spin_lift_t *lift, const void *context,
                                                        const spin_flat_t *flat,
                                                        const uint8_t *area, void *result) {
    (void)context;
    spin_redis_result_void_error_t *ret = (spin_redis_result_void_error_t *)result;
    if (area != NULL) {
        load_result_void_error(lift, area, ret);
    } else {
        lift_result_void_error(lift, flat, ret);
    }
}

static void done_spin_redis_handle_redis_message(spin_instance_t *instance, spin_error_t *error,
                                                 void *result, void (*handler)(void), void *user) {
    ((spin_redis_handle_redis_message_done_fn)handler)(
        instance, error, (const spin_redis_result_void_error_t *)result, user);
}

const spin_abi_export_t spin_redis_handle_redis_message_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "handle-redis-message",
    /* export_name */ "handle-redis-message",
    /* params */ "ii",
    /* results */ "ii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 2,
    /* result_align */ 1,
    /* c_args_size */ sizeof(struct args_of_spin_redis_handle_redis_message),
    /* c_result_size */ sizeof(spin_redis_result_void_error_t),
    /* is_async */ false,
    /* context */ NULL,
    measure_args_spin_redis_handle_redis_message,
    lower_args_spin_redis_handle_redis_message,
    lift_result_spin_redis_handle_redis_message,
    /* clear_result */ NULL,
};

spin_error_t *spin_redis_handle_redis_message(spin_instance_t *instance, spin_slice_t message,
                                              spin_redis_result_void_error_t *ret) {
    const struct args_of_spin_redis_handle_redis_message call = {message};
    return spin_abi_call(instance, &spin_redis_handle_redis_message_export, &call, ret);
}

spin_error_t *spin_redis_handle_redis_message_start(spin_instance_t *instance, spin_slice_t message,
                                                    spin_redis_handle_redis_message_done_fn done,
                                                    void *user) {
    const struct args_of_spin_redis_handle_redis_message call = {message};
    return spin_abi_start(instance, &spin_redis_handle_redis_message_export, &call,
                          done_spin_redis_handle_redis_message, (void (*)(void))done, user);
}
