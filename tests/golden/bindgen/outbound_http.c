/* Host bindings of interface "wasi-outbound-http" in wasi-outbound-http.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#include "outbound_http.h"

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

static void measure_tuple2_string_string(spin_lower_t *lower,
                                         const outbound_http_tuple2_string_string_t *value) {
    spin_lower_measure_text(lower, value->f0);
    spin_lower_measure_text(lower, value->f1);
}

static void store_tuple2_string_string(spin_lower_t *lower, uint8_t *at,
                                       const outbound_http_tuple2_string_string_t *value) {
    store_string(lower, at, value->f0);
    store_string(lower, at + 8, value->f1);
}

static void
measure_list_tuple2_string_string(spin_lower_t *lower,
                                  const outbound_http_list_tuple2_string_string_t *value) {
    spin_lower_measure(lower, value->len, 16, 4);
    for (size_t i = 0; i < value->len; i++) {
        measure_tuple2_string_string(lower, &value->items[i]);
    }
}

static uint32_t
lower_list_tuple2_string_string(spin_lower_t *lower,
                                const outbound_http_list_tuple2_string_string_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 16, 4, &ptr);
    if (to == NULL)
        return ptr;
    for (size_t i = 0; i < value->len; i++) {
        store_tuple2_string_string(lower, to + i * 16, &value->items[i]);
    }
    return ptr;
}

static void measure_option_list_u8(spin_lower_t *lower,
                                   const outbound_http_option_list_u8_t *value) {
    if (value->is_some) {
        spin_lower_measure(lower, value->value.len, 1, 1);
    }
}

static void store_option_list_u8(spin_lower_t *lower, uint8_t *at,
                                 const outbound_http_option_list_u8_t *value) {
    spin_store_u8(at, value->is_some);
    if (value->is_some) {
        store_list_u8(lower, at + 4, value->value);
    }
}

static void flatten_option_list_u8(spin_lower_t *lower, spin_flat_t *flat,
                                   const outbound_http_option_list_u8_t *value) {
    flat[0] = value->is_some;
    memset(flat + 1, 0, 2 * sizeof *flat);
    if (value->is_some) {
        flatten_list_u8(lower, flat + 1, value->value);
    }
}

static void measure_option_list_tuple2_string_string(
    spin_lower_t *lower, const outbound_http_option_list_tuple2_string_string_t *value) {
    if (value->is_some) {
        measure_list_tuple2_string_string(lower, &value->value);
    }
}

static void store_option_list_tuple2_string_string(
    spin_lower_t *lower, uint8_t *at,
    const outbound_http_option_list_tuple2_string_string_t *value) {
    spin_store_u8(at, value->is_some);
    if (value->is_some) {
        spin_store_u32(at + 4, lower_list_tuple2_string_string(lower, &value->value));
        spin_store_u32(at + 8, (uint32_t)value->value.len);
    }
}

static void flatten_option_list_tuple2_string_string(
    spin_lower_t *lower, spin_flat_t *flat,
    const outbound_http_option_list_tuple2_string_string_t *value) {
    flat[0] = value->is_some;
    memset(flat + 1, 0, 2 * sizeof *flat);
    if (value->is_some) {
        flat[1] = lower_list_tuple2_string_string(lower, &value->value);
        flat[2] = (uint32_t)value->value.len;
    }
}

static void measure_response(spin_lower_t *lower, const outbound_http_response_t *value) {
    measure_option_list_tuple2_string_string(lower, &value->headers);
    measure_option_list_u8(lower, &value->body);
}

static void store_response(spin_lower_t *lower, uint8_t *at,
                           const outbound_http_response_t *value) {
    spin_store_u16(at, value->status);
    store_option_list_tuple2_string_string(lower, at + 4, &value->headers);
    store_option_list_u8(lower, at + 16, &value->body);
}

static void flatten_response(spin_lower_t *lower, spin_flat_t *flat,
                             const outbound_http_response_t *value) {
    flat[0] = value->status;
    flatten_option_list_tuple2_string_string(lower, flat + 1, &value->headers);
    flatten_option_list_u8(lower, flat + 4, &value->body);
}

static outbound_http_http_error_t lower_http_error(spin_lower_t *lower,
                                                   outbound_http_http_error_t value) {
    if (value >= 6)
        spin_lower_fail(lower, "enum http-error", value);
    return value;
}

static void
measure_result_response_http_error(spin_lower_t *lower,
                                   const outbound_http_result_response_http_error_t *value) {
    if (!value->is_error) {
        measure_response(lower, &value->of.ok);
    }
}

static void
store_result_response_http_error(spin_lower_t *lower, uint8_t *at,
                                 const outbound_http_result_response_http_error_t *value) {
    spin_store_u8(at, value->is_error);
    if (!value->is_error) {
        store_response(lower, at + 4, &value->of.ok);
    } else {
        spin_store_u8(at + 4, lower_http_error(lower, value->of.error));
    }
}

static void
flatten_result_response_http_error(spin_lower_t *lower, spin_flat_t *flat,
                                   const outbound_http_result_response_http_error_t *value) {
    flat[0] = value->is_error;
    memset(flat + 1, 0, 7 * sizeof *flat);
    if (!value->is_error) {
        flatten_response(lower, flat + 1, &value->of.ok);
    } else {
        flat[1] = lower_http_error(lower, value->of.error);
    }
}

static outbound_http_method_t load_method(spin_lift_t *lift, uint32_t value) {
    if (value >= 7) {
        spin_lift_fail(lift, "enum method", value);
        return 0;
    }
    return (outbound_http_method_t)value;
}

static void load_tuple2_string_string(spin_lift_t *lift, const uint8_t *at,
                                      outbound_http_tuple2_string_string_t *value) {
    value->f0 = spin_lift_text(lift, spin_load_u32(at), spin_load_u32(at + 4));
    value->f1 = spin_lift_text(lift, spin_load_u32(at + 8), spin_load_u32(at + 12));
}

static void load_list_tuple2_string_string(spin_lift_t *lift, uint32_t ptr, uint32_t len,
                                           outbound_http_list_tuple2_string_string_t *value) {
    const uint8_t *from = spin_lift_at(lift, ptr, len, 16, 4);
    void *items = from == NULL ? NULL : spin_lift_alloc(lift, len, sizeof *value->items);
    if (items == NULL)
        return;
    value->items = (outbound_http_tuple2_string_string_t *)items;
    value->len = len;
    for (uint32_t i = 0; i < len; i++) {
        load_tuple2_string_string(lift, from + (size_t)i * 16, &value->items[i]);
    }
}

static void lift_option_list_u8(spin_lift_t *lift, const spin_flat_t *flat,
                                outbound_http_option_list_u8_t *value) {
    uint32_t tag = (uint32_t)flat[0];
    if (tag >= 2) {
        spin_lift_fail(lift, "option<list<u8>>", tag);
        return;
    }
    value->is_some = tag == 1;
    if (value->is_some) {
        value->value = spin_lift_bytes(lift, (uint32_t)flat[1], (uint32_t)flat[2]);
    }
}

static void lift_request(spin_lift_t *lift, const spin_flat_t *flat,
                         outbound_http_request_t *value) {
    value->method = load_method(lift, (uint32_t)flat[0]);
    value->uri = spin_lift_text(lift, (uint32_t)flat[1], (uint32_t)flat[2]);
    load_list_tuple2_string_string(lift, (uint32_t)flat[3], (uint32_t)flat[4], &value->headers);
    load_list_tuple2_string_string(lift, (uint32_t)flat[5], (uint32_t)flat[6], &value->params);
    lift_option_list_u8(lift, flat + 7, &value->body);
}

/* ── request, implemented ── */

struct input_of_outbound_http_request {
    outbound_http_request_t req;
};

static void lift_args_outbound_http_request(spin_lift_t *lift, const void *context,
                                            const spin_flat_t *flat, const uint8_t *area,
                                            void *data) {
    (void)context;
    (void)area;
    struct input_of_outbound_http_request *args = (struct input_of_outbound_http_request *)data;
    lift_request(lift, flat, &args->req);
}

static spin_error_t *invoke_outbound_http_request(spin_host_call_t *call, const void *operations,
                                                  const void *context, void *data, void *result) {
    (void)context;
    const outbound_http_ops_t *ops = (const outbound_http_ops_t *)operations;
    struct input_of_outbound_http_request *args = (struct input_of_outbound_http_request *)data;
    if (!HAS_OPERATION(outbound_http_ops_t, ops, request))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "request: the host does not implement it");
    return ops->request(call, &args->req, (outbound_http_result_response_http_error_t *)result);
}

static void measure_result_outbound_http_request(spin_lower_t *lower, const void *context,
                                                 const void *result) {
    (void)context;
    const outbound_http_result_response_http_error_t *ret =
        (const outbound_http_result_response_http_error_t *)result;
    measure_result_response_http_error(lower, ret);
}

static void lower_result_outbound_http_request(spin_lower_t *lower, const void *context,
                                               const void *result, spin_flat_t *flat,
                                               uint8_t *area) {
    (void)context;
    const outbound_http_result_response_http_error_t *ret =
        (const outbound_http_result_response_http_error_t *)result;
    if (area != NULL) {
        store_result_response_http_error(lower, area, ret);
    } else {
        flatten_result_response_http_error(lower, flat, ret);
    }
}

static const spin_abi_import_t import_outbound_http_request = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "request",
    /* params */ "iiiiiiiiii",
    /* results */ "iiiiiiii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 32,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_outbound_http_request),
    /* c_result_size */ sizeof(outbound_http_result_response_http_error_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_outbound_http_request,
    invoke_outbound_http_request,
    measure_result_outbound_http_request,
    lower_result_outbound_http_request,
};

static const spin_abi_import_t *const functions_of_outbound_http_ops[] = {
    &import_outbound_http_request,
};

static const spin_abi_interface_t interface_of_outbound_http_ops = {
    /* size */ sizeof(spin_abi_interface_t),
    /* module */ "wasi-outbound-http",
    functions_of_outbound_http_ops,
    /* functions_len */ 1,
    /* resources */ NULL,
    /* resources_len */ 0,
};

spin_error_t *outbound_http_link(spin_engine_builder_t *builder, const outbound_http_ops_t *ops,
                                 void *user) {
    return spin_abi_link(builder, &interface_of_outbound_http_ops, ops, user);
}
