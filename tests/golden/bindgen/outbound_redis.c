/* Host bindings of interface "outbound-redis" in outbound-redis.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#include "outbound_redis.h"

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

static void store_list_u8(spin_lower_t *lower, uint8_t *at, spin_slice_t value) {
    uint32_t ptr;
    spin_lower_bytes(lower, value, &ptr);
    spin_store_u32(at, ptr);
    spin_store_u32(at + 4, (uint32_t)value.len);
}

static void flatten_list_u8(spin_lower_t *lower, spin_flat_t *flat, spin_slice_t value) {
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
        store_list_u8(lower, at + 4, value->of.ok);
    } else {
        spin_store_u8(at + 4, lower_error(lower, value->of.error));
    }
}

static void flatten_result_list_u8_error(spin_lower_t *lower, spin_flat_t *flat,
                                         const outbound_redis_result_list_u8_error_t *value) {
    flat[0] = value->is_error;
    memset(flat + 1, 0, 2 * sizeof *flat);
    if (!value->is_error) {
        flatten_list_u8(lower, flat + 1, value->of.ok);
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

static void measure_list_string(spin_lower_t *lower, const outbound_redis_list_string_t *value) {
    spin_lower_measure(lower, value->len, 8, 4);
    for (size_t i = 0; i < value->len; i++) {
        spin_lower_measure_text(lower, value->items[i]);
    }
}

static uint32_t lower_list_string(spin_lower_t *lower, const outbound_redis_list_string_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 8, 4, &ptr);
    if (to == NULL)
        return ptr;
    for (size_t i = 0; i < value->len; i++) {
        store_string(lower, to + i * 8, value->items[i]);
    }
    return ptr;
}

static void
measure_result_list_string_error(spin_lower_t *lower,
                                 const outbound_redis_result_list_string_error_t *value) {
    if (!value->is_error) {
        measure_list_string(lower, &value->of.ok);
    }
}

static void store_result_list_string_error(spin_lower_t *lower, uint8_t *at,
                                           const outbound_redis_result_list_string_error_t *value) {
    spin_store_u8(at, value->is_error);
    if (!value->is_error) {
        spin_store_u32(at + 4, lower_list_string(lower, &value->of.ok));
        spin_store_u32(at + 8, (uint32_t)value->of.ok.len);
    } else {
        spin_store_u8(at + 4, lower_error(lower, value->of.error));
    }
}

static void
flatten_result_list_string_error(spin_lower_t *lower, spin_flat_t *flat,
                                 const outbound_redis_result_list_string_error_t *value) {
    flat[0] = value->is_error;
    memset(flat + 1, 0, 2 * sizeof *flat);
    if (!value->is_error) {
        flat[1] = lower_list_string(lower, &value->of.ok);
        flat[2] = (uint32_t)value->of.ok.len;
    } else {
        flat[1] = lower_error(lower, value->of.error);
    }
}

static void measure_redis_result(spin_lower_t *lower, const outbound_redis_redis_result_t *value) {
    switch (value->tag) {
    case OUTBOUND_REDIS_REDIS_RESULT_STATUS:
        spin_lower_measure_text(lower, value->of.status);
        break;
    case OUTBOUND_REDIS_REDIS_RESULT_BINARY:
        spin_lower_measure(lower, value->of.binary.len, 1, 1);
        break;
    default: break;
    }
}

static void store_redis_result(spin_lower_t *lower, uint8_t *at,
                               const outbound_redis_redis_result_t *value) {
    if (value->tag >= 4) {
        spin_lower_fail(lower, "variant redis-result", value->tag);
        return;
    }
    spin_store_u8(at, value->tag);
    switch (value->tag) {
    case OUTBOUND_REDIS_REDIS_RESULT_STATUS: store_string(lower, at + 8, value->of.status); break;
    case OUTBOUND_REDIS_REDIS_RESULT_INT64:
        spin_store_u64(at + 8, (uint64_t)value->of.int64);
        break;
    case OUTBOUND_REDIS_REDIS_RESULT_BINARY: store_list_u8(lower, at + 8, value->of.binary); break;
    default: break;
    }
}

static void measure_list_redis_result(spin_lower_t *lower,
                                      const outbound_redis_list_redis_result_t *value) {
    spin_lower_measure(lower, value->len, 16, 8);
    for (size_t i = 0; i < value->len; i++) {
        measure_redis_result(lower, &value->items[i]);
    }
}

static uint32_t lower_list_redis_result(spin_lower_t *lower,
                                        const outbound_redis_list_redis_result_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 16, 8, &ptr);
    if (to == NULL)
        return ptr;
    for (size_t i = 0; i < value->len; i++) {
        store_redis_result(lower, to + i * 16, &value->items[i]);
    }
    return ptr;
}

static void measure_result_list_redis_result_error(
    spin_lower_t *lower, const outbound_redis_result_list_redis_result_error_t *value) {
    if (!value->is_error) {
        measure_list_redis_result(lower, &value->of.ok);
    }
}

static void
store_result_list_redis_result_error(spin_lower_t *lower, uint8_t *at,
                                     const outbound_redis_result_list_redis_result_error_t *value) {
    spin_store_u8(at, value->is_error);
    if (!value->is_error) {
        spin_store_u32(at + 4, lower_list_redis_result(lower, &value->of.ok));
        spin_store_u32(at + 8, (uint32_t)value->of.ok.len);
    } else {
        spin_store_u8(at + 4, lower_error(lower, value->of.error));
    }
}

static void flatten_result_list_redis_result_error(
    spin_lower_t *lower, spin_flat_t *flat,
    const outbound_redis_result_list_redis_result_error_t *value) {
    flat[0] = value->is_error;
    memset(flat + 1, 0, 2 * sizeof *flat);
    if (!value->is_error) {
        flat[1] = lower_list_redis_result(lower, &value->of.ok);
        flat[2] = (uint32_t)value->of.ok.len;
    } else {
        flat[1] = lower_error(lower, value->of.error);
    }
}

static void load_list_string(spin_lift_t *lift, uint32_t ptr, uint32_t len,
                             outbound_redis_list_string_t *value) {
    const uint8_t *from = spin_lift_at(lift, ptr, len, 8, 4);
    void *items = from == NULL ? NULL : spin_lift_alloc(lift, len, sizeof *value->items);
    if (items == NULL)
        return;
    value->items = (spin_string_t *)items;
    value->len = len;
    for (uint32_t i = 0; i < len; i++) {
        value->items[i] = spin_lift_text(lift, spin_load_u32(from + (size_t)i * 8),
                                         spin_load_u32(from + (size_t)i * 8 + 4));
    }
}

static void load_redis_parameter(spin_lift_t *lift, const uint8_t *at,
                                 outbound_redis_redis_parameter_t *value) {
    uint32_t tag = spin_load_u8(at);
    if (tag >= 2) {
        spin_lift_fail(lift, "variant redis-parameter", tag);
        return;
    }
    value->tag = (uint8_t)tag;
    switch (tag) {
    case OUTBOUND_REDIS_REDIS_PARAMETER_INT64:
        value->of.int64 = (int64_t)spin_load_u64(at + 8);
        break;
    case OUTBOUND_REDIS_REDIS_PARAMETER_BINARY:
        value->of.binary = spin_lift_bytes(lift, spin_load_u32(at + 8), spin_load_u32(at + 12));
        break;
    default: break;
    }
}

static void load_list_redis_parameter(spin_lift_t *lift, uint32_t ptr, uint32_t len,
                                      outbound_redis_list_redis_parameter_t *value) {
    const uint8_t *from = spin_lift_at(lift, ptr, len, 16, 8);
    void *items = from == NULL ? NULL : spin_lift_alloc(lift, len, sizeof *value->items);
    if (items == NULL)
        return;
    value->items = (outbound_redis_redis_parameter_t *)items;
    value->len = len;
    for (uint32_t i = 0; i < len; i++) {
        load_redis_parameter(lift, from + (size_t)i * 16, &value->items[i]);
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

/* ── del, implemented ── */

struct input_of_outbound_redis_del {
    spin_string_t address;
    outbound_redis_list_string_t keys;
};

static void lift_args_outbound_redis_del(spin_lift_t *lift, const void *context,
                                         const spin_flat_t *flat, const uint8_t *area, void *data) {
    (void)context;
    (void)area;
    struct input_of_outbound_redis_del *args = (struct input_of_outbound_redis_del *)data;
    args->address = spin_lift_text(lift, (uint32_t)flat[0], (uint32_t)flat[1]);
    load_list_string(lift, (uint32_t)flat[2], (uint32_t)flat[3], &args->keys);
}

static spin_error_t *invoke_outbound_redis_del(spin_host_call_t *call, const void *operations,
                                               const void *context, void *data, void *result) {
    (void)context;
    const outbound_redis_ops_t *ops = (const outbound_redis_ops_t *)operations;
    struct input_of_outbound_redis_del *args = (struct input_of_outbound_redis_del *)data;
    if (!HAS_OPERATION(outbound_redis_ops_t, ops, del))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "del: the host does not implement it");
    return ops->del(call, args->address, &args->keys, (outbound_redis_result_s64_error_t *)result);
}

static void lower_result_outbound_redis_del(spin_lower_t *lower, const void *context,
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

static const spin_abi_import_t import_outbound_redis_del = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "del",
    /* params */ "iiii",
    /* results */ "iI",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 16,
    /* result_align */ 8,
    /* c_args_size */ sizeof(struct input_of_outbound_redis_del),
    /* c_result_size */ sizeof(outbound_redis_result_s64_error_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_outbound_redis_del,
    invoke_outbound_redis_del,
    /* measure_result */ NULL,
    lower_result_outbound_redis_del,
};

/* ── sadd, implemented ── */

struct input_of_outbound_redis_sadd {
    spin_string_t address;
    spin_string_t key;
    outbound_redis_list_string_t values;
};

static void lift_args_outbound_redis_sadd(spin_lift_t *lift, const void *context,
                                          const spin_flat_t *flat, const uint8_t *area,
                                          void *data) {
    (void)context;
    (void)area;
    struct input_of_outbound_redis_sadd *args = (struct input_of_outbound_redis_sadd *)data;
    args->address = spin_lift_text(lift, (uint32_t)flat[0], (uint32_t)flat[1]);
    args->key = spin_lift_text(lift, (uint32_t)flat[2], (uint32_t)flat[3]);
    load_list_string(lift, (uint32_t)flat[4], (uint32_t)flat[5], &args->values);
}

static spin_error_t *invoke_outbound_redis_sadd(spin_host_call_t *call, const void *operations,
                                                const void *context, void *data, void *result) {
    (void)context;
    const outbound_redis_ops_t *ops = (const outbound_redis_ops_t *)operations;
    struct input_of_outbound_redis_sadd *args = (struct input_of_outbound_redis_sadd *)data;
    if (!HAS_OPERATION(outbound_redis_ops_t, ops, sadd))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "sadd: the host does not implement it");
    return ops->sadd(call, args->address, args->key, &args->values,
                     (outbound_redis_result_s64_error_t *)result);
}

static void lower_result_outbound_redis_sadd(spin_lower_t *lower, const void *context,
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

static const spin_abi_import_t import_outbound_redis_sadd = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "sadd",
    /* params */ "iiiiii",
    /* results */ "iI",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 16,
    /* result_align */ 8,
    /* c_args_size */ sizeof(struct input_of_outbound_redis_sadd),
    /* c_result_size */ sizeof(outbound_redis_result_s64_error_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_outbound_redis_sadd,
    invoke_outbound_redis_sadd,
    /* measure_result */ NULL,
    lower_result_outbound_redis_sadd,
};

/* ── smembers, implemented ── */

struct input_of_outbound_redis_smembers {
    spin_string_t address;
    spin_string_t key;
};

static void lift_args_outbound_redis_smembers(spin_lift_t *lift, const void *context,
                                              const spin_flat_t *flat, const uint8_t *area,
                                              void *data) {
    (void)context;
    (void)area;
    struct input_of_outbound_redis_smembers *args = (struct input_of_outbound_redis_smembers *)data;
    args->address = spin_lift_text(lift, (uint32_t)flat[0], (uint32_t)flat[1]);
    args->key = spin_lift_text(lift, (uint32_t)flat[2], (uint32_t)flat[3]);
}

static spin_error_t *invoke_outbound_redis_smembers(spin_host_call_t *call, const void *operations,
                                                    const void *context, void *data, void *result) {
    (void)context;
    const outbound_redis_ops_t *ops = (const outbound_redis_ops_t *)operations;
    struct input_of_outbound_redis_smembers *args = (struct input_of_outbound_redis_smembers *)data;
    if (!HAS_OPERATION(outbound_redis_ops_t, ops, smembers))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "smembers: the host does not implement it");
    return ops->smembers(call, args->address, args->key,
                         (outbound_redis_result_list_string_error_t *)result);
}

static void measure_result_outbound_redis_smembers(spin_lower_t *lower, const void *context,
                                                   const void *result) {
    (void)context;
    const outbound_redis_result_list_string_error_t *ret =
        (const outbound_redis_result_list_string_error_t *)result;
    measure_result_list_string_error(lower, ret);
}

static void lower_result_outbound_redis_smembers(spin_lower_t *lower, const void *context,
                                                 const void *result, spin_flat_t *flat,
                                                 uint8_t *area) {
    (void)context;
    const outbound_redis_result_list_string_error_t *ret =
        (const outbound_redis_result_list_string_error_t *)result;
    if (area != NULL) {
        store_result_list_string_error(lower, area, ret);
    } else {
        flatten_result_list_string_error(lower, flat, ret);
    }
}

static const spin_abi_import_t import_outbound_redis_smembers = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "smembers",
    /* params */ "iiii",
    /* results */ "iii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 12,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_outbound_redis_smembers),
    /* c_result_size */ sizeof(outbound_redis_result_list_string_error_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_outbound_redis_smembers,
    invoke_outbound_redis_smembers,
    measure_result_outbound_redis_smembers,
    lower_result_outbound_redis_smembers,
};

/* ── srem, implemented ── */

struct input_of_outbound_redis_srem {
    spin_string_t address;
    spin_string_t key;
    outbound_redis_list_string_t values;
};

static void lift_args_outbound_redis_srem(spin_lift_t *lift, const void *context,
                                          const spin_flat_t *flat, const uint8_t *area,
                                          void *data) {
    (void)context;
    (void)area;
    struct input_of_outbound_redis_srem *args = (struct input_of_outbound_redis_srem *)data;
    args->address = spin_lift_text(lift, (uint32_t)flat[0], (uint32_t)flat[1]);
    args->key = spin_lift_text(lift, (uint32_t)flat[2], (uint32_t)flat[3]);
    load_list_string(lift, (uint32_t)flat[4], (uint32_t)flat[5], &args->values);
}

static spin_error_t *invoke_outbound_redis_srem(spin_host_call_t *call, const void *operations,
                                                const void *context, void *data, void *result) {
    (void)context;
    const outbound_redis_ops_t *ops = (const outbound_redis_ops_t *)operations;
    struct input_of_outbound_redis_srem *args = (struct input_of_outbound_redis_srem *)data;
    if (!HAS_OPERATION(outbound_redis_ops_t, ops, srem))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "srem: the host does not implement it");
    return ops->srem(call, args->address, args->key, &args->values,
                     (outbound_redis_result_s64_error_t *)result);
}

static void lower_result_outbound_redis_srem(spin_lower_t *lower, const void *context,
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

static const spin_abi_import_t import_outbound_redis_srem = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "srem",
    /* params */ "iiiiii",
    /* results */ "iI",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 16,
    /* result_align */ 8,
    /* c_args_size */ sizeof(struct input_of_outbound_redis_srem),
    /* c_result_size */ sizeof(outbound_redis_result_s64_error_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_outbound_redis_srem,
    invoke_outbound_redis_srem,
    /* measure_result */ NULL,
    lower_result_outbound_redis_srem,
};

/* ── execute, implemented ── */

struct input_of_outbound_redis_execute {
    spin_string_t address;
    spin_string_t command;
    outbound_redis_list_redis_parameter_t arguments;
};

static void lift_args_outbound_redis_execute(spin_lift_t *lift, const void *context,
                                             const spin_flat_t *flat, const uint8_t *area,
                                             void *data) {
    (void)context;
    (void)area;
    struct input_of_outbound_redis_execute *args = (struct input_of_outbound_redis_execute *)data;
    args->address = spin_lift_text(lift, (uint32_t)flat[0], (uint32_t)flat[1]);
    args->command = spin_lift_text(lift, (uint32_t)flat[2], (uint32_t)flat[3]);
    load_list_redis_parameter(lift, (uint32_t)flat[4], (uint32_t)flat[5], &args->arguments);
}

static spin_error_t *invoke_outbound_redis_execute(spin_host_call_t *call, const void *operations,
                                                   const void *context, void *data, void *result) {
    (void)context;
    const outbound_redis_ops_t *ops = (const outbound_redis_ops_t *)operations;
    struct input_of_outbound_redis_execute *args = (struct input_of_outbound_redis_execute *)data;
    if (!HAS_OPERATION(outbound_redis_ops_t, ops, execute))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "execute: the host does not implement it");
    return ops->execute(call, args->address, args->command, &args->arguments,
                        (outbound_redis_result_list_redis_result_error_t *)result);
}

static void measure_result_outbound_redis_execute(spin_lower_t *lower, const void *context,
                                                  const void *result) {
    (void)context;
    const outbound_redis_result_list_redis_result_error_t *ret =
        (const outbound_redis_result_list_redis_result_error_t *)result;
    measure_result_list_redis_result_error(lower, ret);
}

static void lower_result_outbound_redis_execute(spin_lower_t *lower, const void *context,
                                                const void *result, spin_flat_t *flat,
                                                uint8_t *area) {
    (void)context;
    const outbound_redis_result_list_redis_result_error_t *ret =
        (const outbound_redis_result_list_redis_result_error_t *)result;
    if (area != NULL) {
        store_result_list_redis_result_error(lower, area, ret);
    } else {
        flatten_result_list_redis_result_error(lower, flat, ret);
    }
}

static const spin_abi_import_t import_outbound_redis_execute = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "execute",
    /* params */ "iiiiii",
    /* results */ "iii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 12,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_outbound_redis_execute),
    /* c_result_size */ sizeof(outbound_redis_result_list_redis_result_error_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_outbound_redis_execute,
    invoke_outbound_redis_execute,
    measure_result_outbound_redis_execute,
    lower_result_outbound_redis_execute,
};

static const spin_abi_import_t *const functions_of_outbound_redis_ops[] = {
    &import_outbound_redis_publish,
    &import_outbound_redis_get,
    &import_outbound_redis_set,
    &import_outbound_redis_incr,
    &import_outbound_redis_del,
    &import_outbound_redis_sadd,
    &import_outbound_redis_smembers,
    &import_outbound_redis_srem,
    &import_outbound_redis_execute,
};

static const spin_abi_interface_t interface_of_outbound_redis_ops = {
    /* size */ sizeof(spin_abi_interface_t),
    /* module */ "outbound-redis",
    functions_of_outbound_redis_ops,
    /* functions_len */ 9,
    /* resources */ NULL,
    /* resources_len */ 0,
};

spin_error_t *outbound_redis_link(spin_engine_builder_t *builder, const outbound_redis_ops_t *ops,
                                  void *user) {
    return spin_abi_link(builder, &interface_of_outbound_redis_ops, ops, user);
}
