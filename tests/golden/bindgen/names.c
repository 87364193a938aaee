/* Host bindings of interface "names" in names.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#include "names.h"

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

static void measure_option_string(spin_lower_t *lower, const names_option_string_t *value) {
    if (value->is_some) {
        spin_lower_measure_text(lower, value->value);
    }
}

static void store_option_string(spin_lower_t *lower, uint8_t *at,
                                const names_option_string_t *value) {
    spin_store_u8(at, value->is_some);
    if (value->is_some) {
        store_string(lower, at + 4, value->value);
    }
}

static void measure_record(spin_lower_t *lower, const names_record_t *value) {
    spin_lower_measure_text(lower, value->new_);
    measure_option_string(lower, &value->class_);
}

static void store_record(spin_lower_t *lower, uint8_t *at, const names_record_t *value) {
    spin_store_u8(at, value->int_);
    spin_store_u16(at + 2, value->use);
    store_string(lower, at + 4, value->new_);
    store_option_string(lower, at + 12, &value->class_);
    spin_store_u32(at + 24, (uint32_t)value->errno_);
    spin_store_u8(at + 28, value->static_);
    spin_store_u64(at + 32, value->size_t_);
    spin_store_u8(at + 40, value->x86);
}

static void measure_default(spin_lower_t *lower, const names_default_t *value) {
    switch (value->tag) {
    case NAMES_DEFAULT_NAMESPACE: spin_lower_measure_text(lower, value->of.namespace_); break;
    default: break;
    }
}

static void store_default(spin_lower_t *lower, uint8_t *at, const names_default_t *value) {
    if (value->tag >= 4) {
        spin_lower_fail(lower, "variant default", value->tag);
        return;
    }
    spin_store_u8(at, value->tag);
    switch (value->tag) {
    case NAMES_DEFAULT_RESOURCE: spin_store_u8(at + 4, value->of.resource); break;
    case NAMES_DEFAULT_NAMESPACE: store_string(lower, at + 4, value->of.namespace_); break;
    default: break;
    }
}

static names_template_t lower_template(spin_lower_t *lower, names_template_t value) {
    if (value >= 3)
        spin_lower_fail(lower, "enum template", value);
    return value;
}

static names_public_t lower_public(spin_lower_t *lower, names_public_t value) {
    if (value >> 2 != 0)
        spin_lower_fail(lower, "flags public", value);
    return value;
}

static void measure_list_template(spin_lower_t *lower, const names_list_template_t *value) {
    spin_lower_measure(lower, value->len, 1, 1);
}

static uint32_t lower_list_template(spin_lower_t *lower, const names_list_template_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 1, 1, &ptr);
    if (to == NULL)
        return ptr;
    for (size_t i = 0; i < value->len; i++) {
        spin_store_u8(to + i, lower_template(lower, value->items[i]));
    }
    return ptr;
}

static void load_option_string(spin_lift_t *lift, const uint8_t *at, names_option_string_t *value) {
    uint32_t tag = spin_load_u8(at);
    if (tag >= 2) {
        spin_lift_fail(lift, "option<string>", tag);
        return;
    }
    value->is_some = tag == 1;
    if (value->is_some) {
        value->value = spin_lift_text(lift, spin_load_u32(at + 4), spin_load_u32(at + 8));
    }
}

static void load_record(spin_lift_t *lift, const uint8_t *at, names_record_t *value) {
    value->int_ = spin_load_u8(at);
    value->use = spin_load_u16(at + 2);
    value->new_ = spin_lift_text(lift, spin_load_u32(at + 4), spin_load_u32(at + 8));
    load_option_string(lift, at + 12, &value->class_);
    value->errno_ = (int32_t)spin_load_u32(at + 24);
    value->static_ = spin_load_u8(at + 28) != 0;
    value->size_t_ = spin_load_u64(at + 32);
    value->x86 = spin_load_u8(at + 40);
}

static void load_default(spin_lift_t *lift, const uint8_t *at, names_default_t *value) {
    uint32_t tag = spin_load_u8(at);
    if (tag >= 4) {
        spin_lift_fail(lift, "variant default", tag);
        return;
    }
    value->tag = (uint8_t)tag;
    switch (tag) {
    case NAMES_DEFAULT_RESOURCE: value->of.resource = spin_load_u8(at + 4); break;
    case NAMES_DEFAULT_NAMESPACE:
        value->of.namespace_ = spin_lift_text(lift, spin_load_u32(at + 4), spin_load_u32(at + 8));
        break;
    default: break;
    }
}

void names_default_clear(names_default_t *value) {
    switch (value->tag) {
    case NAMES_DEFAULT_NAMESPACE: spin_string_clear(&value->of.namespace_); break;
    default: break;
    }
    memset(value, 0, sizeof *value);
}

static names_template_t load_template(spin_lift_t *lift, uint32_t value) {
    if (value >= 3) {
        spin_lift_fail(lift, "enum template", value);
        return 0;
    }
    return (names_template_t)value;
}

static names_public_t load_public(spin_lift_t *lift, uint32_t value) {
    (void)lift;
    return (names_public_t)(value & 0x3u);
}

static void load_list_template(spin_lift_t *lift, uint32_t ptr, uint32_t len,
                               names_list_template_t *value) {
    const uint8_t *from = spin_lift_at(lift, ptr, len, 1, 1);
    void *items = from == NULL ? NULL : spin_lift_alloc(lift, len, sizeof *value->items);
    if (items == NULL)
        return;
    value->items = (names_template_t *)items;
    value->len = len;
    for (uint32_t i = 0; i < len; i++) {
        value->items[i] = load_template(lift, spin_load_u8(from + i));
    }
}

/* ── names.double, implemented ── */

struct input_of_names_double {
    uint8_t int_;
    spin_string_t float_;
    names_record_t record;
    uint32_t instance_;
    uint32_t ret_;
    uint32_t done_;
    uint32_t user_;
    uint32_t call_;
    uint32_t lower;
    uint32_t lift;
    uint32_t args;
};

static void lift_args_names_double(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                   const uint8_t *area, void *data) {
    (void)context;
    (void)flat;
    struct input_of_names_double *args = (struct input_of_names_double *)data;
    args->int_ = spin_load_u8(area);
    args->float_ = spin_lift_text(lift, spin_load_u32(area + 4), spin_load_u32(area + 8));
    load_record(lift, area + 16, &args->record);
    args->instance_ = spin_load_u32(area + 64);
    args->ret_ = spin_load_u32(area + 68);
    args->done_ = spin_load_u32(area + 72);
    args->user_ = spin_load_u32(area + 76);
    args->call_ = spin_load_u32(area + 80);
    args->lower = spin_load_u32(area + 84);
    args->lift = spin_load_u32(area + 88);
    args->args = spin_load_u32(area + 92);
}

static spin_error_t *invoke_names_double(spin_host_call_t *call, const void *operations,
                                         const void *context, void *data, void *result) {
    (void)context;
    const names_ops_t *ops = (const names_ops_t *)operations;
    struct input_of_names_double *args = (struct input_of_names_double *)data;
    if (!HAS_OPERATION(names_ops_t, ops, double_))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "names.double: the host does not implement it");
    return ops->double_(call, args->int_, args->float_, &args->record, args->instance_, args->ret_,
                        args->done_, args->user_, args->call_, args->lower, args->lift, args->args,
                        (names_default_t *)result);
}

static void measure_result_names_double(spin_lower_t *lower, const void *context,
                                        const void *result) {
    (void)context;
    const names_default_t *ret = (const names_default_t *)result;
    measure_default(lower, ret);
}

static void lower_result_names_double(spin_lower_t *lower, const void *context, const void *result,
                                      spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)flat;
    const names_default_t *ret = (const names_default_t *)result;
    store_default(lower, area, ret);
}

static const spin_abi_import_t import_names_double = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "double",
    /* params */ "i",
    /* results */ "iii",
    /* params_size */ 96,
    /* params_align */ 8,
    /* result_size */ 12,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_names_double),
    /* c_result_size */ sizeof(names_default_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_names_double,
    invoke_names_double,
    measure_result_names_double,
    lower_result_names_double,
};

/* ── names.func, implemented ── */

struct input_of_names_func {
    names_template_t this_;
    names_public_t while_;
    names_list_template_t result_t_;
};

static void lift_args_names_func(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                 const uint8_t *area, void *data) {
    (void)context;
    (void)area;
    struct input_of_names_func *args = (struct input_of_names_func *)data;
    args->this_ = load_template(lift, (uint32_t)flat[0]);
    args->while_ = load_public(lift, (uint32_t)flat[1]);
    load_list_template(lift, (uint32_t)flat[2], (uint32_t)flat[3], &args->result_t_);
}

static spin_error_t *invoke_names_func(spin_host_call_t *call, const void *operations,
                                       const void *context, void *data, void *result) {
    (void)context;
    (void)result;
    const names_ops_t *ops = (const names_ops_t *)operations;
    struct input_of_names_func *args = (struct input_of_names_func *)data;
    if (!HAS_OPERATION(names_ops_t, ops, func))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "names.func: the host does not implement it");
    return ops->func(call, args->this_, args->while_, &args->result_t_);
}

static const spin_abi_import_t import_names_func = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "func",
    /* params */ "iiii",
    /* results */ "",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 0,
    /* result_align */ 0,
    /* c_args_size */ sizeof(struct input_of_names_func),
    /* c_result_size */ 0,
    /* is_async */ false,
    /* context */ NULL,
    lift_args_names_func,
    invoke_names_func,
    /* measure_result */ NULL,
    /* lower_result */ NULL,
};

/* ── names.delete, implemented ── */

struct input_of_names_delete {
    uint8_t value;
    uint8_t flat;
    uint8_t area;
    uint8_t at;
    uint8_t context;
    uint8_t data;
};

static void lift_args_names_delete(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                   const uint8_t *area, void *data) {
    (void)lift;
    (void)context;
    (void)area;
    struct input_of_names_delete *args = (struct input_of_names_delete *)data;
    args->value = (uint8_t)flat[0];
    args->flat = (uint8_t)flat[1];
    args->area = (uint8_t)flat[2];
    args->at = (uint8_t)flat[3];
    args->context = (uint8_t)flat[4];
    args->data = (uint8_t)flat[5];
}

static spin_error_t *invoke_names_delete(spin_host_call_t *call, const void *operations,
                                         const void *context, void *data, void *result) {
    (void)context;
    const names_ops_t *ops = (const names_ops_t *)operations;
    struct input_of_names_delete *args = (struct input_of_names_delete *)data;
    if (!HAS_OPERATION(names_ops_t, ops, delete_))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "names.delete: the host does not implement it");
    return ops->delete_(call, args->value, args->flat, args->area, args->at, args->context,
                        args->data, (uint8_t *)result);
}

static void lower_result_names_delete(spin_lower_t *lower, const void *context, const void *result,
                                      spin_flat_t *flat, uint8_t *area) {
    (void)lower;
    (void)context;
    (void)area;
    const uint8_t *ret = (const uint8_t *)result;
    flat[0] = *ret;
}

static const spin_abi_import_t import_names_delete = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "delete",
    /* params */ "iiiiii",
    /* results */ "i",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 1,
    /* result_align */ 1,
    /* c_args_size */ sizeof(struct input_of_names_delete),
    /* c_result_size */ sizeof(uint8_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_names_delete,
    invoke_names_delete,
    /* measure_result */ NULL,
    lower_result_names_delete,
};

/* ── names.URL-2-path, implemented ── */

struct input_of_names_url_2_path {
    spin_string_t http_url;
};

static void lift_args_names_url_2_path(spin_lift_t *lift, const void *context,
                                       const spin_flat_t *flat, const uint8_t *area, void *data) {
    (void)context;
    (void)area;
    struct input_of_names_url_2_path *args = (struct input_of_names_url_2_path *)data;
    args->http_url = spin_lift_text(lift, (uint32_t)flat[0], (uint32_t)flat[1]);
}

static spin_error_t *invoke_names_url_2_path(spin_host_call_t *call, const void *operations,
                                             const void *context, void *data, void *result) {
    (void)context;
    const names_ops_t *ops = (const names_ops_t *)operations;
    struct input_of_names_url_2_path *args = (struct input_of_names_url_2_path *)data;
    if (!HAS_OPERATION(names_ops_t, ops, url_2_path))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "names.URL-2-path: the host does not implement it");
    return ops->url_2_path(call, args->http_url, (spin_string_t *)result);
}

static void measure_result_names_url_2_path(spin_lower_t *lower, const void *context,
                                            const void *result) {
    (void)context;
    const spin_string_t *ret = (const spin_string_t *)result;
    spin_lower_measure_text(lower, (*ret));
}

static void lower_result_names_url_2_path(spin_lower_t *lower, const void *context,
                                          const void *result, spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)flat;
    const spin_string_t *ret = (const spin_string_t *)result;
    store_string(lower, area, (*ret));
}

static const spin_abi_import_t import_names_url_2_path = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "URL-2-path",
    /* params */ "ii",
    /* results */ "ii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 8,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_names_url_2_path),
    /* c_result_size */ sizeof(spin_string_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_names_url_2_path,
    invoke_names_url_2_path,
    measure_result_names_url_2_path,
    lower_result_names_url_2_path,
};

static const spin_abi_import_t *const functions_of_names_ops[] = {
    &import_names_double,
    &import_names_func,
    &import_names_delete,
    &import_names_url_2_path,
};

static const spin_abi_interface_t interface_of_names_ops = {
    /* size */ sizeof(spin_abi_interface_t),
    /* module */ "test:names/names",
    functions_of_names_ops,
    /* functions_len */ 4,
    /* resources */ NULL,
    /* resources_len */ 0,
};

spin_error_t *names_link(spin_engine_builder_t *builder, const names_ops_t *ops, void *user) {
    return spin_abi_link(builder, &interface_of_names_ops, ops, user);
}

/* ── names.double ── */

struct args_of_names_double {
    uint8_t int_;
    spin_slice_t float_;
    const names_record_t *record;
    uint32_t instance_;
    uint32_t ret_;
    uint32_t done_;
    uint32_t user_;
    uint32_t call_;
    uint32_t lower;
    uint32_t lift;
    uint32_t args;
};

static void measure_args_names_double(spin_lower_t *lower, const void *context, const void *data) {
    (void)context;
    const struct args_of_names_double *args = (const struct args_of_names_double *)data;
    spin_lower_measure_text(lower, args->float_);
    measure_record(lower, args->record);
}

static void lower_args_names_double(spin_lower_t *lower, const void *context, const void *data,
                                    spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)flat;
    const struct args_of_names_double *args = (const struct args_of_names_double *)data;
    spin_store_u8(area, args->int_);
    store_string(lower, area + 4, args->float_);
    store_record(lower, area + 16, args->record);
    spin_store_u32(area + 64, args->instance_);
    spin_store_u32(area + 68, args->ret_);
    spin_store_u32(area + 72, args->done_);
    spin_store_u32(area + 76, args->user_);
    spin_store_u32(area + 80, args->call_);
    spin_store_u32(area + 84, args->lower);
    spin_store_u32(area + 88, args->lift);
    spin_store_u32(area + 92, args->args);
}

static void lift_result_names_double(spin_lift_t *lift, const void *context,
                                     const spin_flat_t *flat, const uint8_t *area, void *result) {
    (void)context;
    (void)flat;
    names_default_t *ret = (names_default_t *)result;
    load_default(lift, area, ret);
}

static void clear_result_names_double(const void *context, void *result) {
    (void)context;
    names_default_clear((names_default_t *)result);
}

static void done_names_double(spin_instance_t *instance, spin_error_t *error, void *result,
                              void (*handler)(void), void *user) {
    ((names_double_done_fn)handler)(instance, error, (const names_default_t *)result, user);
}

const spin_abi_export_t names_double_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "names.double",
    /* export_name */ "test:names/names#double",
    /* params */ "i",
    /* results */ "iii",
    /* params_size */ 96,
    /* params_align */ 8,
    /* result_size */ 12,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_names_double),
    /* c_result_size */ sizeof(names_default_t),
    /* is_async */ false,
    /* context */ NULL,
    measure_args_names_double,
    lower_args_names_double,
    lift_result_names_double,
    clear_result_names_double,
};

spin_error_t *names_double(spin_instance_t *instance, uint8_t int_, spin_slice_t float_,
                           const names_record_t *record, uint32_t instance_, uint32_t ret_,
                           uint32_t done_, uint32_t user_, uint32_t call_, uint32_t lower,
                           uint32_t lift, uint32_t args, names_default_t *ret) {
    const struct args_of_names_double call = {int_, float_, record, instance_, ret_, done_, user_,
                                              call_, lower, lift, args};
    return spin_abi_call(instance, &names_double_export, &call, ret);
}

spin_error_t *names_double_start(spin_instance_t *instance, uint8_t int_, spin_slice_t float_,
                                 const names_record_t *record, uint32_t instance_, uint32_t ret_,
                                 uint32_t done_, uint32_t user_, uint32_t call_, uint32_t lower,
                                 uint32_t lift, uint32_t args, names_double_done_fn done,
                                 void *user) {
    const struct args_of_names_double call = {int_, float_, record, instance_, ret_, done_, user_,
                                              call_, lower, lift, args};
    return spin_abi_start(instance, &names_double_export, &call, done_names_double,
                          (void (*)(void))done, user);
}

/* ── names.func ── */

struct args_of_names_func {
    names_template_t this_;
    names_public_t while_;
    const names_list_template_t *result_t_;
};

static void measure_args_names_func(spin_lower_t *lower, const void *context, const void *data) {
    (void)context;
    const struct args_of_names_func *args = (const struct args_of_names_func *)data;
    measure_list_template(lower, args->result_t_);
}

static void lower_args_names_func(spin_lower_t *lower, const void *context, const void *data,
                                  spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_names_func *args = (const struct args_of_names_func *)data;
    flat[0] = lower_template(lower, args->this_);
    flat[1] = lower_public(lower, args->while_);
    flat[2] = lower_list_template(lower, args->result_t_);
    flat[3] = (uint32_t)args->result_t_->len;
}

static void done_names_func(spin_instance_t *instance, spin_error_t *error, void *result,
                            void (*handler)(void), void *user) {
    (void)result;
    ((names_func_done_fn)handler)(instance, error, user);
}

const spin_abi_export_t names_func_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "names.func",
    /* export_name */ "test:names/names#func",
    /* params */ "iiii",
    /* results */ "",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 0,
    /* result_align */ 0,
    /* c_args_size */ sizeof(struct args_of_names_func),
    /* c_result_size */ 0,
    /* is_async */ false,
    /* context */ NULL,
    measure_args_names_func,
    lower_args_names_func,
    /* lift_result */ NULL,
    /* clear_result */ NULL,
};

spin_error_t *names_func(spin_instance_t *instance, names_template_t this_, names_public_t while_,
                         const names_list_template_t *result_t_) {
    const struct args_of_names_func call = {this_, while_, result_t_};
    return spin_abi_call(instance, &names_func_export, &call, NULL);
}

spin_error_t *names_func_start(spin_instance_t *instance, names_template_t this_,
                               names_public_t while_, const names_list_template_t *result_t_,
                               names_func_done_fn done, void *user) {
    const struct args_of_names_func call = {this_, while_, result_t_};
    return spin_abi_start(instance, &names_func_export, &call, done_names_func,
                          (void (*)(void))done, user);
}

/* ── names.delete ── */

struct args_of_names_delete {
    uint8_t value;
    uint8_t flat;
    uint8_t area;
    uint8_t at;
    uint8_t context;
    uint8_t data;
};

static void lower_args_names_delete(spin_lower_t *lower, const void *context, const void *data,
                                    spin_flat_t *flat, uint8_t *area) {
    (void)lower;
    (void)context;
    (void)area;
    const struct args_of_names_delete *args = (const struct args_of_names_delete *)data;
    flat[0] = args->value;
    flat[1] = args->flat;
    flat[2] = args->area;
    flat[3] = args->at;
    flat[4] = args->context;
    flat[5] = args->data;
}

static void lift_result_names_delete(spin_lift_t *lift, const void *context,
                                     const spin_flat_t *flat, const uint8_t *area, void *result) {
    (void)lift;
    (void)context;
    (void)area;
    uint8_t *ret = (uint8_t *)result;
    *ret = (uint8_t)flat[0];
}

static void done_names_delete(spin_instance_t *instance, spin_error_t *error, void *result,
                              void (*handler)(void), void *user) {
    ((names_delete_done_fn)handler)(instance, error, (const uint8_t *)result, user);
}

const spin_abi_export_t names_delete_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "names.delete",
    /* export_name */ "test:names/names#delete",
    /* params */ "iiiiii",
    /* results */ "i",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 1,
    /* result_align */ 1,
    /* c_args_size */ sizeof(struct args_of_names_delete),
    /* c_result_size */ sizeof(uint8_t),
    /* is_async */ false,
    /* context */ NULL,
    /* measure_args */ NULL,
    lower_args_names_delete,
    lift_result_names_delete,
    /* clear_result */ NULL,
};

spin_error_t *names_delete(spin_instance_t *instance, uint8_t value, uint8_t flat, uint8_t area,
                           uint8_t at, uint8_t context, uint8_t data, uint8_t *ret) {
    const struct args_of_names_delete call = {value, flat, area, at, context, data};
    return spin_abi_call(instance, &names_delete_export, &call, ret);
}

spin_error_t *names_delete_start(spin_instance_t *instance, uint8_t value, uint8_t flat,
                                 uint8_t area, uint8_t at, uint8_t context, uint8_t data,
                                 names_delete_done_fn done, void *user) {
    const struct args_of_names_delete call = {value, flat, area, at, context, data};
    return spin_abi_start(instance, &names_delete_export, &call, done_names_delete,
                          (void (*)(void))done, user);
}

/* ── names.URL-2-path ── */

struct args_of_names_url_2_path {
    spin_slice_t http_url;
};

static void measure_args_names_url_2_path(spin_lower_t *lower, const void *context,
                                          const void *data) {
    (void)context;
    const struct args_of_names_url_2_path *args = (const struct args_of_names_url_2_path *)data;
    spin_lower_measure_text(lower, args->http_url);
}

static void lower_args_names_url_2_path(spin_lower_t *lower, const void *context, const void *data,
                                        spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_names_url_2_path *args = (const struct args_of_names_url_2_path *)data;
    flatten_string(lower, flat, args->http_url);
}

static void lift_result_names_url_2_path(spin_lift_t *lift, const void *context,
                                         const spin_flat_t *flat, const uint8_t *area,
                                         void *result) {
    (void)context;
    (void)flat;
    spin_string_t *ret = (spin_string_t *)result;
    (*ret) = spin_lift_text(lift, spin_load_u32(area), spin_load_u32(area + 4));
}

static void clear_result_names_url_2_path(const void *context, void *result) {
    (void)context;
    spin_string_clear((spin_string_t *)result);
}

static void done_names_url_2_path(spin_instance_t *instance, spin_error_t *error, void *result,
                                  void (*handler)(void), void *user) {
    ((names_url_2_path_done_fn)handler)(instance, error, (const spin_string_t *)result, user);
}

const spin_abi_export_t names_url_2_path_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "names.URL-2-path",
    /* export_name */ "test:names/names#URL-2-path",
    /* params */ "ii",
    /* results */ "ii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 8,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_names_url_2_path),
    /* c_result_size */ sizeof(spin_string_t),
    /* is_async */ false,
    /* context */ NULL,
    measure_args_names_url_2_path,
    lower_args_names_url_2_path,
    lift_result_names_url_2_path,
    clear_result_names_url_2_path,
};

spin_error_t *names_url_2_path(spin_instance_t *instance, spin_slice_t http_url,
                               spin_string_t *ret) {
    const struct args_of_names_url_2_path call = {http_url};
    return spin_abi_call(instance, &names_url_2_path_export, &call, ret);
}

spin_error_t *names_url_2_path_start(spin_instance_t *instance, spin_slice_t http_url,
                                     names_url_2_path_done_fn done, void *user) {
    const struct args_of_names_url_2_path call = {http_url};
    return spin_abi_start(instance, &names_url_2_path_export, &call, done_names_url_2_path,
                          (void (*)(void))done, user);
}
