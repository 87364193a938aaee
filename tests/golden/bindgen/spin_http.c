/* Host bindings of interface "spin-http" in spin-http.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#include "spin_http.h"

#include <string.h>

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

static void flatten_list_u8(spin_lower_t *lower, spin_flat_t *flat, spin_slice_t value) {
    uint32_t ptr;
    spin_lower_bytes(lower, value, &ptr);
    flat[0] = ptr;
    flat[1] = (uint32_t)value.len;
}

static spin_http_method_t lower_method(spin_lower_t *lower, spin_http_method_t value) {
    if (value >= 7)
        spin_lower_fail(lower, "enum method", value);
    return value;
}

static void measure_tuple2_string_string(spin_lower_t *lower,
                                         const spin_http_tuple2_string_string_t *value) {
    spin_lower_measure_text(lower, value->f0);
    spin_lower_measure_text(lower, value->f1);
}

static void store_tuple2_string_string(spin_lower_t *lower, uint8_t *at,
                                       const spin_http_tuple2_string_string_t *value) {
    store_string(lower, at, value->f0);
    store_string(lower, at + 8, value->f1);
}

static void measure_list_tuple2_string_string(spin_lower_t *lower,
                                              const spin_http_list_tuple2_string_string_t *value) {
    spin_lower_measure(lower, value->len, 16, 4);
    for (size_t i = 0; i < value->len; i++) {
        measure_tuple2_string_string(lower, &value->items[i]);
    }
}

static uint32_t
lower_list_tuple2_string_string(spin_lower_t *lower,
                                const spin_http_list_tuple2_string_string_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 16, 4, &ptr);
    if (to == NULL)
        return ptr;
    for (size_t i = 0; i < value->len; i++) {
        store_tuple2_string_string(lower, to + i * 16, &value->items[i]);
    }
    return ptr;
}

static void measure_option_list_u8(spin_lower_t *lower, const spin_http_option_list_u8_t *value) {
    if (value->is_some) {
        spin_lower_measure(lower, value->value.len, 1, 1);
    }
}

static void flatten_option_list_u8(spin_lower_t *lower, spin_flat_t *flat,
                                   const spin_http_option_list_u8_t *value) {
    flat[0] = value->is_some;
    memset(flat + 1, 0, 2 * sizeof *flat);
    if (value->is_some) {
        flatten_list_u8(lower, flat + 1, value->value);
    }
}

static void measure_request(spin_lower_t *lower, const spin_http_request_t *value) {
    spin_lower_measure_text(lower, value->uri);
    measure_list_tuple2_string_string(lower, &value->headers);
    measure_list_tuple2_string_string(lower, &value->params);
    measure_option_list_u8(lower, &value->body);
}

static void flatten_request(spin_lower_t *lower, spin_flat_t *flat,
                            const spin_http_request_t *value) {
    flat[0] = lower_method(lower, value->method);
    flatten_string(lower, flat + 1, value->uri);
    flat[3] = lower_list_tuple2_string_string(lower, &value->headers);
    flat[4] = (uint32_t)value->headers.len;
    flat[5] = lower_list_tuple2_string_string(lower, &value->params);
    flat[6] = (uint32_t)value->params.len;
    flatten_option_list_u8(lower, flat + 7, &value->body);
}

static void load_tuple2_string_string(spin_lift_t *lift, const uint8_t *at,
                                      spin_http_tuple2_string_string_t *value) {
    value->f0 = spin_lift_text(lift, spin_load_u32(at), spin_load_u32(at + 4));
    value->f1 = spin_lift_text(lift, spin_load_u32(at + 8), spin_load_u32(at + 12));
}

void spin_http_tuple2_string_string_clear(spin_http_tuple2_string_string_t *value) {
    spin_string_clear(&value->f0);
    spin_string_clear(&value->f1);
    memset(value, 0, sizeof *value);
}

static void load_list_tuple2_string_string(spin_lift_t *lift, uint32_t ptr, uint32_t len,
                                           spin_http_list_tuple2_string_string_t *value) {
    const uint8_t *from = spin_lift_at(lift, ptr, len, 16, 4);
    void *items = from == NULL ? NULL : spin_lift_alloc(lift, len, sizeof *value->items);
    if (items == NULL)
        return;
    value->items = (spin_http_tuple2_string_string_t *)items;
    value->len = len;
    for (uint32_t i = 0; i < len; i++) {
        load_tuple2_string_string(lift, from + (size_t)i * 16, &value->items[i]);
    }
}

void spin_http_list_tuple2_string_string_clear(spin_http_list_tuple2_string_string_t *value) {
    for (size_t i = 0; i < value->len; i++) {
        spin_http_tuple2_string_string_clear(&value->items[i]);
    }
    spin_memory_release(value->items);
    memset(value, 0, sizeof *value);
}

static void load_option_list_u8(spin_lift_t *lift, const uint8_t *at,
                                spin_http_option_list_u8_t *value) {
    uint32_t tag = spin_load_u8(at);
    if (tag >= 2) {
        spin_lift_fail(lift, "option<list<u8>>", tag);
        return;
    }
    value->is_some = tag == 1;
    if (value->is_some) {
        value->value = spin_lift_bytes(lift, spin_load_u32(at + 4), spin_load_u32(at + 8));
    }
}

static void lift_option_list_u8(spin_lift_t *lift, const spin_flat_t *flat,
                                spin_http_option_list_u8_t *value) {
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

void spin_http_option_list_u8_clear(spin_http_option_list_u8_t *value) {
    if (value->is_some)
        spin_string_clear(&value->value);
    memset(value, 0, sizeof *value);
}

static void
load_option_list_tuple2_string_string(spin_lift_t *lift, const uint8_t *at,
                                      spin_http_option_list_tuple2_string_string_t *value) {
    uint32_t tag = spin_load_u8(at);
    if (tag >= 2) {
        spin_lift_fail(lift, "option<list<tuple<string, string>>>", tag);
        return;
    }
    value->is_some = tag == 1;
    if (value->is_some) {
        load_list_tuple2_string_string(lift, spin_load_u32(at + 4), spin_load_u32(at + 8),
                                       &value->value);
    }
}

static void
lift_option_list_tuple2_string_string(spin_lift_t *lift, const spin_flat_t *flat,
                                      spin_http_option_list_tuple2_string_string_t *value) {
    uint32_t tag = (uint32_t)flat[0];
    if (tag >= 2) {
        spin_lift_fail(lift, "option<list<tuple<string, string>>>", tag);
        return;
    }
    value->is_some = tag == 1;
    if (value->is_some) {
        load_list_tuple2_string_string(lift, (uint32_t)flat[1], (uint32_t)flat[2], &value->value);
    }
}

void spin_http_option_list_tuple2_string_string_clear(
    spin_http_option_list_tuple2_string_string_t *value) {
    if (value->is_some)
        spin_http_list_tuple2_string_string_clear(&value->value);
    memset(value, 0, sizeof *value);
}

static void load_response(spin_lift_t *lift, const uint8_t *at, spin_http_response_t *value) {
    value->status = spin_load_u16(at);
    load_option_list_tuple2_string_string(lift, at + 4, &value->headers);
    load_option_list_u8(lift, at + 16, &value->body);
}

static void lift_response(spin_lift_t *lift, const spin_flat_t *flat, spin_http_response_t *value) {
    value->status = (uint16_t)flat[0];
    lift_option_list_tuple2_string_string(lift, flat + 1, &value->headers);
    lift_option_list_u8(lift, flat + 4, &value->body);
}

void spin_http_response_clear(spin_http_response_t *value) {
    spin_http_option_list_tuple2_string_string_clear(&value->headers);
    spin_http_option_list_u8_clear(&value->body);
    memset(value, 0, sizeof *value);
}

/* ── handle-http-request ── */

struct args_of_spin_http_handle_http_request {
    const spin_http_request_t *req;
};

static void measure_args_spin_http_handle_http_request(spin_lower_t *lower, const void *context,
                                                       const void *data) {
    (void)context;
    const struct args_of_spin_http_handle_http_request *args =
        (const struct args_of_spin_http_handle_http_request *)data;
    measure_request(lower, args->req);
}

static void lower_args_spin_http_handle_http_request(spin_lower_t *lower, const void *context,
                                                     const void *data, spin_flat_t *flat,
                                                     uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_spin_http_handle_http_request *args =
        (const struct args_of_spin_http_handle_http_request *)data;
    flatten_request(lower, flat, args->req);
}

static void lift_result_spin_http_handle_http_request(spin_lift_t *lift, const void *context,
                                                      const spin_flat_t *flat, const uint8_t *area,
                                                      void *result) {
    (void)context;
    spin_http_response_t *ret = (spin_http_response_t *)result;
    if (area != NULL) {
        load_response(lift, area, ret);
    } else {
        lift_response(lift, flat, ret);
    }
}

static void clear_result_spin_http_handle_http_request(const void *context, void *result) {
    (void)context;
    spin_http_response_clear((spin_http_response_t *)result);
}

static void done_spin_http_handle_http_request(spin_instance_t *instance, spin_error_t *error,
                                               void *result, void (*handler)(void), void *user) {
    ((spin_http_handle_http_request_done_fn)handler)(instance, error,
                                                     (const spin_http_response_t *)result, user);
}

const spin_abi_export_t spin_http_handle_http_request_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "handle-http-request",
    /* export_name */ "handle-http-request",
    /* params */ "iiiiiiiiii",
    /* results */ "iiiiiii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 28,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_spin_http_handle_http_request),
    /* c_result_size */ sizeof(spin_http_response_t),
    /* is_async */ false,
    /* context */ NULL,
    measure_args_spin_http_handle_http_request,
    lower_args_spin_http_handle_http_request,
    lift_result_spin_http_handle_http_request,
    clear_result_spin_http_handle_http_request,
};

spin_error_t *spin_http_handle_http_request(spin_instance_t *instance,
                                            const spin_http_request_t *req,
                                            spin_http_response_t *ret) {
    const struct args_of_spin_http_handle_http_request call = {req};
    return spin_abi_call(instance, &spin_http_handle_http_request_export, &call, ret);
}

spin_error_t *spin_http_handle_http_request_start(spin_instance_t *instance,
                                                  const spin_http_request_t *req,
                                                  spin_http_handle_http_request_done_fn done,
                                                  void *user) {
    const struct args_of_spin_http_handle_http_request call = {req};
    return spin_abi_start(instance, &spin_http_handle_http_request_export, &call,
                          done_spin_http_handle_http_request, (void (*)(void))done, user);
}
