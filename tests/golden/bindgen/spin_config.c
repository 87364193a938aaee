/* Host bindings of interface "spin-config" in spin-config.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#include "spin_config.h"

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

static void measure_error(spin_lower_t *lower, const spin_config_error_t *value) {
    switch (value->tag) {
    case SPIN_CONFIG_ERROR_PROVIDER: spin_lower_measure_text(lower, value->of.provider); break;
    case SPIN_CONFIG_ERROR_INVALID_KEY:
        spin_lower_measure_text(lower, value->of.invalid_key);
        break;
    case SPIN_CONFIG_ERROR_INVALID_SCHEMA:
        spin_lower_measure_text(lower, value->of.invalid_schema);
        break;
    case SPIN_CONFIG_ERROR_OTHER: spin_lower_measure_text(lower, value->of.other); break;
    default: break;
    }
}

static void store_error(spin_lower_t *lower, uint8_t *at, const spin_config_error_t *value) {
    if (value->tag >= 4) {
        spin_lower_fail(lower, "variant error", value->tag);
        return;
    }
    spin_store_u8(at, value->tag);
    switch (value->tag) {
    case SPIN_CONFIG_ERROR_PROVIDER: store_string(lower, at + 4, value->of.provider); break;
    case SPIN_CONFIG_ERROR_INVALID_KEY: store_string(lower, at + 4, value->of.invalid_key); break;
    case SPIN_CONFIG_ERROR_INVALID_SCHEMA:
        store_string(lower, at + 4, value->of.invalid_schema);
        break;
    case SPIN_CONFIG_ERROR_OTHER: store_string(lower, at + 4, value->of.other); break;
    default: break;
    }
}

static void flatten_error(spin_lower_t *lower, spin_flat_t *flat,
                          const spin_config_error_t *value) {
    if (value->tag >= 4) {
        spin_lower_fail(lower, "variant error", value->tag);
    }
    flat[0] = value->tag;
    memset(flat + 1, 0, 2 * sizeof *flat);
    switch (value->tag) {
    case SPIN_CONFIG_ERROR_PROVIDER: flatten_string(lower, flat + 1, value->of.provider); break;
    case SPIN_CONFIG_ERROR_INVALID_KEY:
        flatten_string(lower, flat + 1, value->of.invalid_key);
        break;
    case SPIN_CONFIG_ERROR_INVALID_SCHEMA:
        flatten_string(lower, flat + 1, value->of.invalid_schema);
        break;
    case SPIN_CONFIG_ERROR_OTHER: flatten_string(lower, flat + 1, value->of.other); break;
    default: break;
    }
}

static void measure_result_string_error(spin_lower_t *lower,
                                        const spin_config_result_string_error_t *value) {
    if (!value->is_error) {
        spin_lower_measure_text(lower, value->of.ok);
    } else {
        measure_error(lower, &value->of.error);
    }
}

static void store_result_string_error(spin_lower_t *lower, uint8_t *at,
                                      const spin_config_result_string_error_t *value) {
    spin_store_u8(at, value->is_error);
    if (!value->is_error) {
        store_string(lower, at + 4, value->of.ok);
    } else {
        store_error(lower, at + 4, &value->of.error);
    }
}

static void flatten_result_string_error(spin_lower_t *lower, spin_flat_t *flat,
                                        const spin_config_result_string_error_t *value) {
    flat[0] = value->is_error;
    memset(flat + 1, 0, 3 * sizeof *flat);
    if (!value->is_error) {
        flatten_string(lower, flat + 1, value->of.ok);
    } else {
        flatten_error(lower, flat + 1, &value->of.error);
    }
}

/* ── get-config, implemented ── */

struct input_of_spin_config_get_config {
    spin_string_t key;
};

static void lift_args_spin_config_get_config(spin_lift_t *lift, const void *context,
                                             const spin_flat_t *flat, const uint8_t *area,
                                             void *data) {
    (void)context;
    (void)area;
    struct input_of_spin_config_get_config *args = (struct input_of_spin_config_get_config *)data;
    args->key = spin_lift_text(lift, (uint32_t)flat[0], (uint32_t)flat[1]);
}

static spin_error_t *invoke_spin_config_get_config(spin_host_call_t *call, const void *operations,
                                                   const void *context, void *data, void *result) {
    (void)context;
    const spin_config_ops_t *ops = (const spin_config_ops_t *)operations;
    struct input_of_spin_config_get_config *args = (struct input_of_spin_config_get_config *)data;
    if (!HAS_OPERATION(spin_config_ops_t, ops, get_config))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "get-config: the host does not implement it");
    return ops->get_config(call, args->key, (spin_config_result_string_error_t *)result);
}

static void measure_result_spin_config_get_config(spin_lower_t *lower, const void *context,
                                                  const void *result) {
    (void)context;
    const spin_config_result_string_error_t *ret =
        (const spin_config_result_string_error_t *)result;
    measure_result_string_error(lower, ret);
}

static void lower_result_spin_config_get_config(spin_lower_t *lower, const void *context,
                                                const void *result, spin_flat_t *flat,
                                                uint8_t *area) {
    (void)context;
    const spin_config_result_string_error_t *ret =
        (const spin_config_result_string_error_t *)result;
    if (area != NULL) {
        store_result_string_error(lower, area, ret);
    } else {
        flatten_result_string_error(lower, flat, ret);
    }
}

static const spin_abi_import_t import_spin_config_get_config = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "get-config",
    /* params */ "ii",
    /* results */ "iiii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 16,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_spin_config_get_config),
    /* c_result_size */ sizeof(spin_config_result_string_error_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_spin_config_get_config,
    invoke_spin_config_get_config,
    measure_result_spin_config_get_config,
    lower_result_spin_config_get_config,
};

static const spin_abi_import_t *const functions_of_spin_config_ops[] = {
    &import_spin_config_get_config,
};

static const spin_abi_interface_t interface_of_spin_config_ops = {
    /* size */ sizeof(spin_abi_interface_t),
    /* module */ "spin-config",
    functions_of_spin_config_ops,
    /* functions_len */ 1,
    /* resources */ NULL,
    /* resources_len */ 0,
};

spin_error_t *spin_config_link(spin_engine_builder_t *builder, const spin_config_ops_t *ops,
                               void *user) {
    return spin_abi_link(builder, &interface_of_spin_config_ops, ops, user);
}
