/* Host bindings of interface "outbound-redis" in outbound-redis.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#include "outbound_redis.h"

#include <string.h>

/* An operations struct of an older version of the interface is smaller. */
#define HAS_OPERATION(type, ops, name)                                                             \
    ((ops)->size >= offsetof(type, name) + sizeof((ops)->name) && (ops)->name != NULL)

static void store_string(spin_lower_t *lower, uint8_t *at, spin_slice_t value) {
    uint32_t ptr;
    spin_lower_bytes(lower, value, &ptr);
    spin_store_u32(at, ptr);
    spin_store_u32(at + 4, (uint32_t)value.len);
}

static void flatten_string(spin_lower_t *lower, spin_flat_t *flat, spin_slice_t value) {
    uint32_t ptr;
    spin_lower_bytes(lower, value, &ptr);
    flat[0] = ptr;
    flat[1] = (uint32_t)value.len;
}

static outbound_redis_error_t lower_error(spin_lower_t *lower, outbound_redis_error_t value) {
    if (value >= 2)
        spin_lower_fail(lower, "enum error", value);
    return value;
}

static void store_result_void_error(spin_lower_t *lower, uint8_t *at,
                                    const outbound_redis_result_void_error_t *value) {
    spin_store_u8(at, value->is_error);
    if (value->is_error) {
        spin_store_u8(at + 1, lower_error(lower, value->of.error));
    }
}

static void flatten_result_void_error(spin_lower_t *lower, spin_flat_t *flat,
                                      const outbound_redis_result_void_error_t *value) {
    flat[0] = value->is_error;
    flat[1] = 0;
    if (value->is_error) {
        flat[1] = lower_error(lower, value->of.error);
    }
}

static void measure_result_list_u8_error(spin_lower_t *lower,
                                         const outbound_redis_result_list_u8_error_t *value) {
    if (!value->is_error) {
        spin_lower_measure(lower, value->of.ok.len, 1, 1);
    }
}

static void store_result_list_u8_error(spin_lower_t *lower, uint8_t *at,
                                       const outbound_redis_result_list_u8_error_t *value) {
    spin_store_u8(at, value->is_error);
    if (!value->is_error) {
        store_string(lower, at + 4, value->of.ok);
    } else {
        spin_store_u8(at + 4, lower_error(lower, value->of.error));
    }
}

static void flatten_result_list_u8_error(spin_lower_t *lower, spin_flat_t *flat,
                                         const outbound_redis_result_list_u8_error_t *value) {
    flat[0] = value->is_error;
    memset(flat + 1, 0, 2 * sizeof *flat);
    if (!value->is_error) {
        flatten_string(lower, flat + 1, value->of.ok);
    } else {
        flat[1] = lower_error(lower, value->of.error);
    }
}

static void store_result_s64_error(spin_lower_t *lower, uint8_t *at,
                                   const outbound_redis_result_s64_error_t *value) {
    spin_store_u8(at, value->is_error);
    if (!value->is_error) {
        spin_store_u64(at + 8, (uint64_t)value->of.ok);
    } else {
        spin_store_u8(at + 8, lower_error(lower, value->of.error));
    }
}

static void flatten_result_s64_error(spin_lower_t *lower, spin_flat_t *flat,
                                     const outbound_redis_result_s64_error_t *value) {
    flat[0] = value->is_error;
    flat[1] = 0;
    if (!value->is_error) {
        flat[1] = (uint64_t)value->of.ok;
    } else {
        flat[1] = lower_error(lower, value->of.error);
    }
}

/* ── publish, implemented ── */

struct input_of_outbound_redis_publish {
    spin_string_t address;
    spin_string_t channel;
    spin_string_t payload;
};

static void lift_args_outbound_redis_publish(spin_lift_t *lift, const void *context,
                                             const spin_flat_t *flat, const uint8_t *area,
                                             void *data) {
    (void)context;
    (void)area;
    struct input_of_outbound_redis_publish *args = (struct input_of_outbound_redis_publish *)data;
    args->address = spin_lift_text(lift, (uint32_t)flat[0], (uint32_t)flat[1]);
    args->channel = spin_lift_text(lift, (uint32_t)flat[2], (uint32_t)flat[3]);
    args->payload = spin_lift_bytes(lift, (uint32_t)flat[4], (uint32_t)flat[5]);
}

static spin_error_t *invoke_outbound_redis_publish(spin_host_call_t *call, const void *operations,
                                                   const void *context, void *data, void *result) {
    (void)context;
    const outbound_redis_ops_t *ops = (const outbound_redis_ops_t *)operations;
    struct input_of_outbound_redis_publish *args = (struct input_of_outbound_redis_publish *)data;
    if (!HAS_OPERATION(outbound_redis_ops_t, ops, publish))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "publish: the host does not implement it");
    return ops->publish(call, args->address, args->channel, args->payload,
                        (outbound_redis_result_void_error_t *)result);
}

static void lower_result_outbound_redis_publish(spin_lower_t *lower, const void *context,
                                                const void *result, spin_flat_t *flat,
                                                uint8_t *area) {
    (void)context;
    const outbound_redis_result_void_error_t *ret =
        (const outbound_redis_result_void_error_t *)result;
    if (area != NULL) {
        store_result_void_error(lower, area, ret);
    } else {
        flatten_result_void_error(lower, flat, ret);
    }
}

static const spin_abi_import_t import_outbound_redis_publish = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "publish",
    /* params */ "iiiiii",
    /* results */ "ii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 2,
    /* result_align */ 1,
    /* c_args_size */ sizeof(struct input_of_outbound_redis_publish),
    /* c_result_size */ sizeof(outbound_redis_result_void_error_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_outbound_redis_publish,
    invoke_outbound_redis_publish,
    /* measure_result */ NULL,
    lower_result_outbound_redis_publish,
};

/* ── get, implemented ── */

struct input_of_outbound_redis_get {
    spin_string_t address;
    spin_string_t key;
};

static void lift_args_outbound_redis_get(spin_lift_t *lift, const void *context,
                                         const spin_flat_t *flat, const uint8_t *area, void *data) {
    (void)context;
    (void)area;
    struct input_of_outbound_redis_get *args = (struct input_of_outbound_redis_get *)data;
    args->address = spin_lift_text(lift, (uint32_t)flat[0], (uint32_t)flat[1]);
    args->key = spin_lift_text(lift, (uint32_t)flat[2], (uint32_t)flat[3]);
}

static spin_error_t *invoke_outbound_redis_get(spin_host_call_t *call, const void *operations,
                                               const void *context, void *data, void *result) {
    (void)context;
    const outbound_redis_ops_t *ops = (const outbound_redis_ops_t *)operations;
    struct input_of_outbound_redis_get *args = (struct input_of_outbound_redis_get *)data;
    if (!HAS_OPERATION(outbound_redis_ops_t, ops, get))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "get: the host does not implement it");
    return ops->get(call, args->address, args->key,
                    (outbound_redis_result_list_u8_error_t *)result);
}

static void measure_result_outbound_redis_get(spin_lower_t *lower, const void *context,
                                              const void *result) {
    (void)context;
    const outbound_redis_result_list_u8_error_t *ret =
        (const outbound_redis_result_list_u8_error_t *)result;
    measure_result_list_u8_error(lower, ret);
}

static void lower_result_outbound_redis_get(spin_lower_t *lower, const void *context,
                                            const void *result, spin_flat_t *flat, uint8_t *area) {
    (void)context;
    const outbound_redis_result_list_u8_error_t *ret =
        (const outbound_redis_result_list_u8_error_t *)result;
    if (area != NULL) {
        store_result_list_u8_error(lower, area, ret);
    } else {
        flatten_result_list_u8_error(lower, flat, ret);
    }
}

static const spin_abi_import_t import_outbound_redis_get = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "get",
    /* params */ "iiii",
    /* results */ "iii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 12,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_outbound_redis_get),
    /* c_result_size */ sizeof(outbound_redis_result_list_u8_error_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_outbound_redis_get,
    invoke_outbound_redis_get,
    measure_result_outbound_redis_get,
    lower_result_outbound_redis_get,
};

/* ── set, implemented ── */

struct input_of_outbound_redis_set {
    spin_string_t address;
    spin_string_t key;
    spin_string_t value;
};

static void lift_args_outbound_redis_set(spin_lift_t *lift, const void *context,
                                         const spin_flat_t *flat, const uint8_t *area, void *data) {
    (void)context;
    (void)area;
    struct input_of_outbound_redis_set *args = (struct input_of_outbound_redis_set *)data;
    args->address = spin_lift_text(lift, (uint32_t)flat[0], (uint32_t)flat[1]);
    args->key = spin_lift_text(lift, (uint32_t)flat[2], (uint32_t)flat[3]);
    args->value = spin_lift_bytes(lift, (uint32_t)flat[4], (uint32_t)flat[5]);
}

static spin_error_t *invoke_outbound_redis_set(spin_host_call_t *call, const void *operations,
                                               const void *context, void *data, void *result) {
    (void)context;
    const outbound_redis_ops_t *ops = (const outbound_redis_ops_t *)operations;
    struct input_of_outbound_redis_set *args = (struct input_of_outbound_redis_set *)data;
    if (!HAS_OPERATION(outbound_redis_ops_t, ops, set))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "set: the host does not implement it");
    return ops->set(call, args->address, args->key, args->value,
                    (outbound_redis_result_void_error_t *)result);
}

static void lower_result_outbound_redis_set(spin_lower_t *lower, const void *context,
                                            const void *result, spin_flat_t *flat, uint8_t *area) {
    (void)context;
    const outbound_redis_result_void_error_t *ret =
        (const outbound_redis_result_void_error_t *)result;
    if (area != NULL) {
        store_result_void_error(lower, area, ret);
    } else {
        flatten_result_void_error(lower, flat, ret);
    }
}

static const spin_abi_import_t import_outbound_redis_set = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "set",
    /* params */ "iiiiii",
    /* results */ "ii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 2,
    /* result_align */ 1,
    /* c_args_size */ sizeof(struct input_of_outbound_redis_set),
    /* c_result_size */ sizeof(outbound_redis_result_void_error_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_outbound_redis_set,
    invoke_outbound_redis_set,
    /* measure_result */ NULL,
    lower_result_outbound_redis_set,
};

/* ── incr, implemented ── */

struct input_of_outbound_redis_incr {
    spin_string_t address;
    spin_string_t key;
};

static void lift_args_outbound_redis_incr(spin_lift_t *lift, const void *context,
                                          const spin_flat_t *flat, const uint8_t *area,
                                          void *data) {
    (void)context;
    (void)area;
    struct input_of_outbound_redis_incr *args = (struct input_of_outbound_redis_incr *)data;
    args->address = spin_lift_text(lift, (uint32_t)flat[0], (uint32_t)flat[1]);
    args->key = spin_lift_text(lift, (uint32_t)flat[2], (uint32_t)flat[3]);
}

static spin_error_t *invoke_outbound_redis_incr(spin_host_call_t *call, const void *operations,
                                                const void *context, void *data, void *result) {
    (void)context;
    const outbound_redis_ops_t *ops = (const outbound_redis_ops_t *)operations;
    struct input_of_outbound_redis_incr *args = (struct input_of_outbound_redis_incr *)data;
    if (!HAS_OPERATION(outbound_redis_ops_t, ops, incr))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "incr: the host does not implement it");
    return ops->incr(call, args->address, args->key, (outbound_redis_result_s64_error_t *)result);
}

static void lower_result_outbound_redis_incr(spin_lower_t *lower, const void *context,
                                             const void *result, spin_flat_t *flat, uint8_t *area) {
    (void)context;
    const outbound_redis_result_s64_error_t *ret =
        (const outbound_redis_result_s64_error_t *)result;
    if (area != NULL) {
        store_result_s64_error(lower, area, ret);
    } else {
        flatten_result_s64_error(lower, flat, ret);
    }
}

static const spin_abi_import_t import_outbound_redis_incr = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "incr",
    /* params */ "iiii",
    /* results */ "iI",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 16,
    /* result_align */ 8,
    /* c_args_size */ sizeof(struct input_of_outbound_redis_incr),
    /* c_result_size */ sizeof(outbound_redis_result_s64_error_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_outbound_redis_incr,
    invoke_outbound_redis_incr,
    /* measure_result */ NULL,
    lower_result_outbound_redis_incr,
};

static const spin_abi_import_t *const functions_of_outbound_redis_ops[] = {
    &import_outbound_redis_publish,
    &import_outbound_redis_get,
    &import_outbound_redis_set,
    &import_outbound_redis_incr,
};

static const spin_abi_interface_t interface_of_outbound_redis_ops = {
    /* size */ sizeof(spin_abi_interface_t),
    /* module */ "outbound-redis",
    functions_of_outbound_redis_ops,
    /* functions_len */ 4,
    /* resources */ NULL,
    /* resources_len */ 0,
};

spin_error_t *outbound_redis_link(spin_engine_builder_t *builder, const outbound_redis_ops_t *ops,
                                  void *user) {
    return spin_abi_link(builder, &interface_of_outbound_redis_ops, ops, user);
}
