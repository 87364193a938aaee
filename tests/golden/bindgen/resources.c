/* Host bindings of world "everything" in resources.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#include "resources.h"

#include <string.h>

/* An operations struct of an older version of the interface is smaller. */
#define HAS_OPERATION(type, ops, name)                                                             \
    ((ops)->size >= offsetof(type, name) + sizeof((ops)->name) && (ops)->name != NULL)

static void drop_resources_host_file(spin_instance_t *instance, const void *operations,
                                     void *object, void *user) {
    const resources_host_ops_t *ops = (const resources_host_ops_t *)operations;
    if (HAS_OPERATION(resources_host_ops_t, ops, file_drop))
        ops->file_drop(instance, (resources_host_file_t *)object, user);
}

static const spin_abi_resource_t resource_resources_host_file = {
    /* size */ sizeof(spin_abi_resource_t),
    /* name */ "file",
    drop_resources_host_file,
};

static void drop_resources_host_token(spin_instance_t *instance, const void *operations,
                                      void *object, void *user) {
    const resources_host_ops_t *ops = (const resources_host_ops_t *)operations;
    if (HAS_OPERATION(resources_host_ops_t, ops, token_drop))
        ops->token_drop(instance, (resources_host_token_t *)object, user);
}

static const spin_abi_resource_t resource_resources_host_token = {
    /* size */ sizeof(spin_abi_resource_t),
    /* name */ "token",
    drop_resources_host_token,
};

static void drop_resources_both_thing(spin_instance_t *instance, const void *operations,
                                      void *object, void *user) {
    const resources_both_ops_t *ops = (const resources_both_ops_t *)operations;
    if (HAS_OPERATION(resources_both_ops_t, ops, thing_drop))
        ops->thing_drop(instance, (resources_both_thing_t *)object, user);
}

static const spin_abi_resource_t resource_resources_both_thing = {
    /* size */ sizeof(spin_abi_resource_t),
    /* name */ "thing",
    drop_resources_both_thing,
};

static const spin_abi_guest_resource_t guest_resource_resources_guest_session = {
    /* size */ sizeof(spin_abi_guest_resource_t),
    "test:resources/guest@1.2.3",
    "session",
};

static const spin_abi_guest_resource_t guest_resource_resources_guest_both_thing = {
    /* size */ sizeof(spin_abi_guest_resource_t),
    "test:resources/both@1.2.3",
    "thing",
};

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

static void store_list_u8(spin_lower_t *lower, uint8_t *at, spin_slice_t value) {
    uint32_t ptr;
    spin_lower_bytes(lower, value, &ptr);
    spin_store_u32(at, ptr);
    spin_store_u32(at + 4, (uint32_t)value.len);
}

static void measure_result_list_u8_string(spin_lower_t *lower,
                                          const resources_result_list_u8_string_t *value) {
    if (!value->is_error) {
        spin_lower_measure(lower, value->of.ok.len, 1, 1);
    } else {
        spin_lower_measure_text(lower, value->of.error);
    }
}

static void store_result_list_u8_string(spin_lower_t *lower, uint8_t *at,
                                        const resources_result_list_u8_string_t *value) {
    spin_store_u8(at, value->is_error);
    if (!value->is_error) {
        store_list_u8(lower, at + 4, value->of.ok);
    } else {
        store_string(lower, at + 4, value->of.error);
    }
}

static void measure_host_entry(spin_lower_t *lower, const resources_host_entry_t *value) {
    spin_lower_measure_text(lower, value->name);
}

static void store_host_entry(spin_lower_t *lower, uint8_t *at,
                             const resources_host_entry_t *value) {
    store_string(lower, at, value->name);
    spin_store_u32(at + 8, spin_lower_own(lower, &resource_resources_host_file, value->file));
}

static void measure_list_host_entry(spin_lower_t *lower, const resources_list_host_entry_t *value) {
    spin_lower_measure(lower, value->len, 12, 4);
    for (size_t i = 0; i < value->len; i++) {
        measure_host_entry(lower, &value->items[i]);
    }
}

static uint32_t lower_list_host_entry(spin_lower_t *lower,
                                      const resources_list_host_entry_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 12, 4, &ptr);
    if (to == NULL)
        return ptr;
    for (size_t i = 0; i < value->len; i++) {
        store_host_entry(lower, to + i * 12, &value->items[i]);
    }
    return ptr;
}

static void measure_both_box(spin_lower_t *lower, const resources_both_box_t *value) {
    spin_lower_measure_text(lower, value->label);
}

static void store_both_box(spin_lower_t *lower, uint8_t *at, const resources_both_box_t *value) {
    spin_store_u32(at, spin_lower_own(lower, &resource_resources_both_thing, value->thing));
    store_string(lower, at + 4, value->label);
}

static void measure_list_own_guest_session(spin_lower_t *lower,
                                           const resources_list_own_guest_session_t *value) {
    spin_lower_measure(lower, value->len, 4, 4);
}

static uint32_t lower_list_own_guest_session(spin_lower_t *lower,
                                             const resources_list_own_guest_session_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 4, 4, &ptr);
    if (to == NULL)
        return ptr;
    for (size_t i = 0; i < value->len; i++) {
        spin_store_u32(to + i * 4,
                       spin_lower_guest_own(lower, &guest_resource_resources_guest_session,
                                            value->items[i].handle));
    }
    return ptr;
}

static void measure_list_borrow_host_file(spin_lower_t *lower,
                                          const resources_list_borrow_host_file_t *value) {
    spin_lower_measure(lower, value->len, 4, 4);
}

static uint32_t lower_list_borrow_host_file(spin_lower_t *lower,
                                            const resources_list_borrow_host_file_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 4, 4, &ptr);
    if (to == NULL)
        return ptr;
    for (size_t i = 0; i < value->len; i++) {
        spin_store_u32(to + i * 4,
                       spin_lower_borrow(lower, &resource_resources_host_file, value->items[i]));
    }
    return ptr;
}

static void measure_guest_both_box(spin_lower_t *lower, const resources_guest_both_box_t *value) {
    spin_lower_measure_text(lower, value->label);
}

static void flatten_guest_both_box(spin_lower_t *lower, spin_flat_t *flat,
                                   const resources_guest_both_box_t *value) {
    flat[0] = spin_lower_guest_own(lower, &guest_resource_resources_guest_both_thing,
                                   value->thing.handle);
    flatten_string(lower, flat + 1, value->label);
}

static void load_host_entry(spin_lift_t *lift, const uint8_t *at, resources_host_entry_t *value) {
    value->name = spin_lift_text(lift, spin_load_u32(at), spin_load_u32(at + 4));
    value->file = (resources_host_file_t *)spin_lift_own(lift, &resource_resources_host_file,
                                                         spin_load_u32(at + 8));
}

void resources_host_entry_clear(resources_host_entry_t *value) {
    spin_string_clear(&value->name);
    memset(value, 0, sizeof *value);
}

static void lift_both_box(spin_lift_t *lift, const spin_flat_t *flat, resources_both_box_t *value) {
    value->thing = (resources_both_thing_t *)spin_lift_own(lift, &resource_resources_both_thing,
                                                           (uint32_t)flat[0]);
    value->label = spin_lift_text(lift, (uint32_t)flat[1], (uint32_t)flat[2]);
}

static void load_option_host_entry(spin_lift_t *lift, const uint8_t *at,
                                   resources_option_host_entry_t *value) {
    uint32_t tag = spin_load_u8(at);
    if (tag >= 2) {
        spin_lift_fail(lift, "option<entry>", tag);
        return;
    }
    value->is_some = tag == 1;
    if (value->is_some) {
        load_host_entry(lift, at + 4, &value->value);
    }
}

void resources_option_host_entry_clear(resources_option_host_entry_t *value) {
    if (value->is_some)
        resources_host_entry_clear(&value->value);
    memset(value, 0, sizeof *value);
}

static void
load_result_own_guest_session_string(spin_lift_t *lift, const uint8_t *at,
                                     resources_result_own_guest_session_string_t *value) {
    uint32_t tag = spin_load_u8(at);
    if (tag >= 2) {
        spin_lift_fail(lift, "result<session, string>", tag);
        return;
    }
    value->is_error = tag == 1;
    if (!value->is_error) {
        value->of.ok.handle = spin_lift_guest_own(lift, &guest_resource_resources_guest_session,
                                                  spin_load_u32(at + 4));
    } else {
        value->of.error = spin_lift_text(lift, spin_load_u32(at + 4), spin_load_u32(at + 8));
    }
}

void resources_result_own_guest_session_string_clear(
    resources_result_own_guest_session_string_t *value) {
    if (value->is_error)
        spin_string_clear(&value->of.error);
    memset(value, 0, sizeof *value);
}

static void load_guest_both_box(spin_lift_t *lift, const uint8_t *at,
                                resources_guest_both_box_t *value) {
    value->thing.handle = spin_lift_guest_own(lift, &guest_resource_resources_guest_both_thing,
                                              spin_load_u32(at));
    value->label = spin_lift_text(lift, spin_load_u32(at + 4), spin_load_u32(at + 8));
}

void resources_guest_both_box_clear(resources_guest_both_box_t *value) {
    spin_string_clear(&value->label);
    memset(value, 0, sizeof *value);
}

static void lift_result_void_void(spin_lift_t *lift, const spin_flat_t *flat,
                                  resources_result_void_void_t *value) {
    uint32_t tag = (uint32_t)flat[0];
    if (tag >= 2) {
        spin_lift_fail(lift, "result", tag);
        return;
    }
    value->is_error = tag == 1;
}

/* ── host.file.constructor, implemented ── */

struct input_of_resources_host_file_constructor {
    spin_string_t path;
};

static void lift_args_resources_host_file_constructor(spin_lift_t *lift, const void *context,
                                                      const spin_flat_t *flat, const uint8_t *area,
                                                      void *data) {
    (void)context;
    (void)area;
    struct input_of_resources_host_file_constructor *args =
        (struct input_of_resources_host_file_constructor *)data;
    args->path = spin_lift_text(lift, (uint32_t)flat[0], (uint32_t)flat[1]);
}

static spin_error_t *invoke_resources_host_file_constructor(spin_host_call_t *call,
                                                            const void *operations,
                                                            const void *context, void *data,
                                                            void *result) {
    (void)context;
    const resources_host_ops_t *ops = (const resources_host_ops_t *)operations;
    struct input_of_resources_host_file_constructor *args =
        (struct input_of_resources_host_file_constructor *)data;
    if (!HAS_OPERATION(resources_host_ops_t, ops, file_constructor))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "host.file.constructor: the host does not implement it");
    return ops->file_constructor(call, args->path, (resources_host_file_t **)result);
}

static void lower_result_resources_host_file_constructor(spin_lower_t *lower, const void *context,
                                                         const void *result, spin_flat_t *flat,
                                                         uint8_t *area) {
    (void)context;
    (void)area;
    resources_host_file_t *const *ret = (resources_host_file_t *const *)result;
    flat[0] = spin_lower_own(lower, &resource_resources_host_file, *ret);
}

static const spin_abi_import_t import_resources_host_file_constructor = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "[constructor]file",
    /* params */ "ii",
    /* results */ "i",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 4,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_resources_host_file_constructor),
    /* c_result_size */ sizeof(resources_host_file_t *),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_resources_host_file_constructor,
    invoke_resources_host_file_constructor,
    /* measure_result */ NULL,
    lower_result_resources_host_file_constructor,
};

/* ── host.file.read, implemented ── */

struct input_of_resources_host_file_read {
    resources_host_file_t *self;
    uint32_t len;
};

static void lift_args_resources_host_file_read(spin_lift_t *lift, const void *context,
                                               const spin_flat_t *flat, const uint8_t *area,
                                               void *data) {
    (void)context;
    (void)area;
    struct input_of_resources_host_file_read *args =
        (struct input_of_resources_host_file_read *)data;
    args->self = (resources_host_file_t *)spin_lift_borrow(lift, &resource_resources_host_file,
                                                           (uint32_t)flat[0]);
    args->len = (uint32_t)flat[1];
}

static spin_error_t *invoke_resources_host_file_read(spin_host_call_t *call, const void *operations,
                                                     const void *context, void *data,
                                                     void *result) {
    (void)context;
    const resources_host_ops_t *ops = (const resources_host_ops_t *)operations;
    struct input_of_resources_host_file_read *args =
        (struct input_of_resources_host_file_read *)data;
    if (!HAS_OPERATION(resources_host_ops_t, ops, file_read))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "host.file.read: the host does not implement it");
    return ops->file_read(call, args->self, args->len, (resources_result_list_u8_string_t *)result);
}

static void measure_result_resources_host_file_read(spin_lower_t *lower, const void *context,
                                                    const void *result) {
    (void)context;
    const resources_result_list_u8_string_t *ret =
        (const resources_result_list_u8_string_t *)result;
    measure_result_list_u8_string(lower, ret);
}

static void lower_result_resources_host_file_read(spin_lower_t *lower, const void *context,
                                                  const void *result, spin_flat_t *flat,
                                                  uint8_t *area) {
    (void)context;
    (void)flat;
    const resources_result_list_u8_string_t *ret =
        (const resources_result_list_u8_string_t *)result;
    store_result_list_u8_string(lower, area, ret);
}

static const spin_abi_import_t import_resources_host_file_read = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "[method]file.read",
    /* params */ "ii",
    /* results */ "iii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 12,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_resources_host_file_read),
    /* c_result_size */ sizeof(resources_result_list_u8_string_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_resources_host_file_read,
    invoke_resources_host_file_read,
    measure_result_resources_host_file_read,
    lower_result_resources_host_file_read,
};

/* ── host.file.join, implemented ── */

struct input_of_resources_host_file_join {
    resources_host_file_t *a;
    resources_host_file_t *b;
};

static void lift_args_resources_host_file_join(spin_lift_t *lift, const void *context,
                                               const spin_flat_t *flat, const uint8_t *area,
                                               void *data) {
    (void)context;
    (void)area;
    struct input_of_resources_host_file_join *args =
        (struct input_of_resources_host_file_join *)data;
    args->a = (resources_host_file_t *)spin_lift_borrow(lift, &resource_resources_host_file,
                                                        (uint32_t)flat[0]);
    args->b = (resources_host_file_t *)spin_lift_own(lift, &resource_resources_host_file,
                                                     (uint32_t)flat[1]);
}

static spin_error_t *invoke_resources_host_file_join(spin_host_call_t *call, const void *operations,
                                                     const void *context, void *data,
                                                     void *result) {
    (void)context;
    const resources_host_ops_t *ops = (const resources_host_ops_t *)operations;
    struct input_of_resources_host_file_join *args =
        (struct input_of_resources_host_file_join *)data;
    if (!HAS_OPERATION(resources_host_ops_t, ops, file_join))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "host.file.join: the host does not implement it");
    return ops->file_join(call, args->a, args->b, (resources_host_file_t **)result);
}

static void lower_result_resources_host_file_join(spin_lower_t *lower, const void *context,
                                                  const void *result, spin_flat_t *flat,
                                                  uint8_t *area) {
    (void)context;
    (void)area;
    resources_host_file_t *const *ret = (resources_host_file_t *const *)result;
    flat[0] = spin_lower_own(lower, &resource_resources_host_file, *ret);
}

static const spin_abi_import_t import_resources_host_file_join = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "[static]file.join",
    /* params */ "ii",
    /* results */ "i",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 4,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_resources_host_file_join),
    /* c_result_size */ sizeof(resources_host_file_t *),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_resources_host_file_join,
    invoke_resources_host_file_join,
    /* measure_result */ NULL,
    lower_result_resources_host_file_join,
};

/* ── host.list-files, implemented ── */

static spin_error_t *invoke_resources_host_list_files(spin_host_call_t *call,
                                                      const void *operations, const void *context,
                                                      void *data, void *result) {
    (void)context;
    (void)data;
    const resources_host_ops_t *ops = (const resources_host_ops_t *)operations;
    if (!HAS_OPERATION(resources_host_ops_t, ops, list_files))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "host.list-files: the host does not implement it");
    return ops->list_files(call, (resources_list_host_entry_t *)result);
}

static void measure_result_resources_host_list_files(spin_lower_t *lower, const void *context,
                                                     const void *result) {
    (void)context;
    const resources_list_host_entry_t *ret = (const resources_list_host_entry_t *)result;
    measure_list_host_entry(lower, ret);
}

static void lower_result_resources_host_list_files(spin_lower_t *lower, const void *context,
                                                   const void *result, spin_flat_t *flat,
                                                   uint8_t *area) {
    (void)context;
    (void)flat;
    const resources_list_host_entry_t *ret = (const resources_list_host_entry_t *)result;
    spin_store_u32(area, lower_list_host_entry(lower, ret));
    spin_store_u32(area + 4, (uint32_t)ret->len);
}

static const spin_abi_import_t import_resources_host_list_files = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "list-files",
    /* params */ "",
    /* results */ "ii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 8,
    /* result_align */ 4,
    /* c_args_size */ 0,
    /* c_result_size */ sizeof(resources_list_host_entry_t),
    /* is_async */ false,
    /* context */ NULL,
    /* lift_args */ NULL,
    invoke_resources_host_list_files,
    measure_result_resources_host_list_files,
    lower_result_resources_host_list_files,
};

static const spin_abi_import_t *const functions_of_resources_host_ops[] = {
    &import_resources_host_file_constructor,
    &import_resources_host_file_read,
    &import_resources_host_file_join,
    &import_resources_host_list_files,
};

static const spin_abi_resource_t *const resources_of_resources_host_ops[] = {
    &resource_resources_host_file,
    &resource_resources_host_token,
};

static const spin_abi_interface_t interface_of_resources_host_ops = {
    /* size */ sizeof(spin_abi_interface_t),
    /* module */ "test:resources/host@1.2.3",
    functions_of_resources_host_ops,
    /* functions_len */ 4,
    resources_of_resources_host_ops,
    /* resources_len */ 2,
};

spin_error_t *resources_host_link(spin_engine_builder_t *builder, const resources_host_ops_t *ops,
                                  void *user) {
    return spin_abi_link(builder, &interface_of_resources_host_ops, ops, user);
}

/* ── both.thing.touch, implemented ── */

struct input_of_resources_both_thing_touch {
    resources_both_thing_t *self;
};

static void lift_args_resources_both_thing_touch(spin_lift_t *lift, const void *context,
                                                 const spin_flat_t *flat, const uint8_t *area,
                                                 void *data) {
    (void)context;
    (void)area;
    struct input_of_resources_both_thing_touch *args =
        (struct input_of_resources_both_thing_touch *)data;
    args->self = (resources_both_thing_t *)spin_lift_borrow(lift, &resource_resources_both_thing,
                                                            (uint32_t)flat[0]);
}

static spin_error_t *invoke_resources_both_thing_touch(spin_host_call_t *call,
                                                       const void *operations, const void *context,
                                                       void *data, void *result) {
    (void)context;
    const resources_both_ops_t *ops = (const resources_both_ops_t *)operations;
    struct input_of_resources_both_thing_touch *args =
        (struct input_of_resources_both_thing_touch *)data;
    if (!HAS_OPERATION(resources_both_ops_t, ops, thing_touch))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "both.thing.touch: the host does not implement it");
    return ops->thing_touch(call, args->self, (uint32_t *)result);
}

static void lower_result_resources_both_thing_touch(spin_lower_t *lower, const void *context,
                                                    const void *result, spin_flat_t *flat,
                                                    uint8_t *area) {
    (void)lower;
    (void)context;
    (void)area;
    const uint32_t *ret = (const uint32_t *)result;
    flat[0] = *ret;
}

static const spin_abi_import_t import_resources_both_thing_touch = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "[method]thing.touch",
    /* params */ "i",
    /* results */ "i",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 4,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_resources_both_thing_touch),
    /* c_result_size */ sizeof(uint32_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_resources_both_thing_touch,
    invoke_resources_both_thing_touch,
    /* measure_result */ NULL,
    lower_result_resources_both_thing_touch,
};

/* ── both.swap, implemented ── */

struct input_of_resources_both_swap {
    resources_both_box_t box;
};

static void lift_args_resources_both_swap(spin_lift_t *lift, const void *context,
                                          const spin_flat_t *flat, const uint8_t *area,
                                          void *data) {
    (void)context;
    (void)area;
    struct input_of_resources_both_swap *args = (struct input_of_resources_both_swap *)data;
    lift_both_box(lift, flat, &args->box);
}

static spin_error_t *invoke_resources_both_swap(spin_host_call_t *call, const void *operations,
                                                const void *context, void *data, void *result) {
    (void)context;
    const resources_both_ops_t *ops = (const resources_both_ops_t *)operations;
    struct input_of_resources_both_swap *args = (struct input_of_resources_both_swap *)data;
    if (!HAS_OPERATION(resources_both_ops_t, ops, swap))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "both.swap: the host does not implement it");
    return ops->swap(call, &args->box, (resources_both_box_t *)result);
}

static void measure_result_resources_both_swap(spin_lower_t *lower, const void *context,
                                               const void *result) {
    (void)context;
    const resources_both_box_t *ret = (const resources_both_box_t *)result;
    measure_both_box(lower, ret);
}

static void lower_result_resources_both_swap(spin_lower_t *lower, const void *context,
                                             const void *result, spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)flat;
    const resources_both_box_t *ret = (const resources_both_box_t *)result;
    store_both_box(lower, area, ret);
}

static const spin_abi_import_t import_resources_both_swap = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "swap",
    /* params */ "iii",
    /* results */ "iii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 12,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_resources_both_swap),
    /* c_result_size */ sizeof(resources_both_box_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_resources_both_swap,
    invoke_resources_both_swap,
    measure_result_resources_both_swap,
    lower_result_resources_both_swap,
};

static const spin_abi_import_t *const functions_of_resources_both_ops[] = {
    &import_resources_both_thing_touch,
    &import_resources_both_swap,
};

static const spin_abi_resource_t *const resources_of_resources_both_ops[] = {
    &resource_resources_both_thing,
};

static const spin_abi_interface_t interface_of_resources_both_ops = {
    /* size */ sizeof(spin_abi_interface_t),
    /* module */ "test:resources/both@1.2.3",
    functions_of_resources_both_ops,
    /* functions_len */ 2,
    resources_of_resources_both_ops,
    /* resources_len */ 1,
};

spin_error_t *resources_both_link(spin_engine_builder_t *builder, const resources_both_ops_t *ops,
                                  void *user) {
    return spin_abi_link(builder, &interface_of_resources_both_ops, ops, user);
}

/* ── inline.level, implemented ── */

static spin_error_t *invoke_resources_inline_level(spin_host_call_t *call, const void *operations,
                                                   const void *context, void *data, void *result) {
    (void)context;
    (void)data;
    const resources_inline_ops_t *ops = (const resources_inline_ops_t *)operations;
    if (!HAS_OPERATION(resources_inline_ops_t, ops, level))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "inline.level: the host does not implement it");
    return ops->level(call, (uint8_t *)result);
}

static void lower_result_resources_inline_level(spin_lower_t *lower, const void *context,
                                                const void *result, spin_flat_t *flat,
                                                uint8_t *area) {
    (void)lower;
    (void)context;
    (void)area;
    const uint8_t *ret = (const uint8_t *)result;
    flat[0] = *ret;
}

static const spin_abi_import_t import_resources_inline_level = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "level",
    /* params */ "",
    /* results */ "i",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 1,
    /* result_align */ 1,
    /* c_args_size */ 0,
    /* c_result_size */ sizeof(uint8_t),
    /* is_async */ false,
    /* context */ NULL,
    /* lift_args */ NULL,
    invoke_resources_inline_level,
    /* measure_result */ NULL,
    lower_result_resources_inline_level,
};

static const spin_abi_import_t *const functions_of_resources_inline_ops[] = {
    &import_resources_inline_level,
};

static const spin_abi_interface_t interface_of_resources_inline_ops = {
    /* size */ sizeof(spin_abi_interface_t),
    /* module */ "inline",
    functions_of_resources_inline_ops,
    /* functions_len */ 1,
    /* resources */ NULL,
    /* resources_len */ 0,
};

spin_error_t *resources_inline_link(spin_engine_builder_t *builder,
                                    const resources_inline_ops_t *ops, void *user) {
    return spin_abi_link(builder, &interface_of_resources_inline_ops, ops, user);
}

/* ── log, implemented ── */

struct input_of_resources_log {
    spin_string_t text;
};

static void lift_args_resources_log(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                    const uint8_t *area, void *data) {
    (void)context;
    (void)area;
    struct input_of_resources_log *args = (struct input_of_resources_log *)data;
    args->text = spin_lift_text(lift, (uint32_t)flat[0], (uint32_t)flat[1]);
}

static spin_error_t *invoke_resources_log(spin_host_call_t *call, const void *operations,
                                          const void *context, void *data, void *result) {
    (void)context;
    (void)result;
    const resources_ops_t *ops = (const resources_ops_t *)operations;
    struct input_of_resources_log *args = (struct input_of_resources_log *)data;
    if (!HAS_OPERATION(resources_ops_t, ops, log))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "log: the host does not implement it");
    return ops->log(call, args->text);
}

static const spin_abi_import_t import_resources_log = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "log",
    /* params */ "ii",
    /* results */ "",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 0,
    /* result_align */ 0,
    /* c_args_size */ sizeof(struct input_of_resources_log),
    /* c_result_size */ 0,
    /* is_async */ false,
    /* context */ NULL,
    lift_args_resources_log,
    invoke_resources_log,
    /* measure_result */ NULL,
    /* lower_result */ NULL,
};

static const spin_abi_import_t *const functions_of_resources_ops[] = {
    &import_resources_log,
};

static const spin_abi_interface_t interface_of_resources_ops = {
    /* size */ sizeof(spin_abi_interface_t),
    /* module */ "$root",
    functions_of_resources_ops,
    /* functions_len */ 1,
    /* resources */ NULL,
    /* resources_len */ 0,
};

spin_error_t *resources_link(spin_engine_builder_t *builder, const resources_ops_t *ops,
                             void *user) {
    return spin_abi_link(builder, &interface_of_resources_ops, ops, user);
}

/* ── guest.session.constructor ── */

struct args_of_resources_guest_session_constructor {
    resources_host_file_t *file;
};

static void lower_args_resources_guest_session_constructor(spin_lower_t *lower, const void *context,
                                                           const void *data, spin_flat_t *flat,
                                                           uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_resources_guest_session_constructor *args =
        (const struct args_of_resources_guest_session_constructor *)data;
    flat[0] = spin_lower_own(lower, &resource_resources_host_file, args->file);
}

static void lift_result_resources_guest_session_constructor(spin_lift_t *lift, const void *context,
                                                            const spin_flat_t *flat,
                                                            const uint8_t *area, void *result) {
    (void)context;
    (void)area;
    resources_guest_session_t *ret = (resources_guest_session_t *)result;
    (*ret).handle = spin_lift_guest_own(lift, &guest_resource_resources_guest_session,
                                        (uint32_t)flat[0]);
}

static void done_resources_guest_session_constructor(spin_instance_t *instance, spin_error_t *error,
                                                     void *result, void (*handler)(void),
                                                     void *user) {
    ((resources_guest_session_constructor_done_fn)handler)(
        instance, error, (const resources_guest_session_t *)result, user);
}

const spin_abi_export_t resources_guest_session_constructor_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "guest.session.constructor",
    /* export_name */ "test:resources/guest@1.2.3#[constructor]session",
    /* params */ "i",
    /* results */ "i",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 4,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_resources_guest_session_constructor),
    /* c_result_size */ sizeof(resources_guest_session_t),
    /* is_async */ false,
    /* context */ NULL,
    /* measure_args */ NULL,
    lower_args_resources_guest_session_constructor,
    lift_result_resources_guest_session_constructor,
    /* clear_result */ NULL,
};

spin_error_t *resources_guest_session_constructor(spin_instance_t *instance,
                                                  resources_host_file_t *file,
                                                  resources_guest_session_t *ret) {
    const struct args_of_resources_guest_session_constructor call = {file};
    return spin_abi_call(instance, &resources_guest_session_constructor_export, &call, ret);
}

spin_error_t *
resources_guest_session_constructor_start(spin_instance_t *instance, resources_host_file_t *file,
                                          resources_guest_session_constructor_done_fn done,
                                          void *user) {
    const struct args_of_resources_guest_session_constructor call = {file};
    return spin_abi_start(instance, &resources_guest_session_constructor_export, &call,
                          done_resources_guest_session_constructor, (void (*)(void))done, user);
}

/* ── guest.session.next ── */

struct args_of_resources_guest_session_next {
    resources_guest_session_t self;
};

static void lower_args_resources_guest_session_next(spin_lower_t *lower, const void *context,
                                                    const void *data, spin_flat_t *flat,
                                                    uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_resources_guest_session_next *args =
        (const struct args_of_resources_guest_session_next *)data;
    flat[0] = spin_lower_guest_borrow_of(lower, &guest_resource_resources_guest_session,
                                         args->self.handle);
}

static void lift_result_resources_guest_session_next(spin_lift_t *lift, const void *context,
                                                     const spin_flat_t *flat, const uint8_t *area,
                                                     void *result) {
    (void)context;
    (void)flat;
    resources_option_host_entry_t *ret = (resources_option_host_entry_t *)result;
    load_option_host_entry(lift, area, ret);
}

static void clear_result_resources_guest_session_next(const void *context, void *result) {
    (void)context;
    resources_option_host_entry_clear((resources_option_host_entry_t *)result);
}

static void done_resources_guest_session_next(spin_instance_t *instance, spin_error_t *error,
                                              void *result, void (*handler)(void), void *user) {
    ((resources_guest_session_next_done_fn)handler)(instance, error,
                                                    (const resources_option_host_entry_t *)result,
                                                    user);
}

const spin_abi_export_t resources_guest_session_next_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "guest.session.next",
    /* export_name */ "test:resources/guest@1.2.3#[method]session.next",
    /* params */ "i",
    /* results */ "iiii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 16,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_resources_guest_session_next),
    /* c_result_size */ sizeof(resources_option_host_entry_t),
    /* is_async */ false,
    /* context */ NULL,
    /* measure_args */ NULL,
    lower_args_resources_guest_session_next,
    lift_result_resources_guest_session_next,
    clear_result_resources_guest_session_next,
};

spin_error_t *resources_guest_session_next(spin_instance_t *instance,
                                           resources_guest_session_t self,
                                           resources_option_host_entry_t *ret) {
    const struct args_of_resources_guest_session_next call = {self};
    return spin_abi_call(instance, &resources_guest_session_next_export, &call, ret);
}

spin_error_t *resources_guest_session_next_start(spin_instance_t *instance,
                                                 resources_guest_session_t self,
                                                 resources_guest_session_next_done_fn done,
                                                 void *user) {
    const struct args_of_resources_guest_session_next call = {self};
    return spin_abi_start(instance, &resources_guest_session_next_export, &call,
                          done_resources_guest_session_next, (void (*)(void))done, user);
}

/* ── guest.session.merge ── */

struct args_of_resources_guest_session_merge {
    const resources_list_own_guest_session_t *sessions;
};

static void measure_args_resources_guest_session_merge(spin_lower_t *lower, const void *context,
                                                       const void *data) {
    (void)context;
    const struct args_of_resources_guest_session_merge *args =
        (const struct args_of_resources_guest_session_merge *)data;
    measure_list_own_guest_session(lower, args->sessions);
}

static void lower_args_resources_guest_session_merge(spin_lower_t *lower, const void *context,
                                                     const void *data, spin_flat_t *flat,
                                                     uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_resources_guest_session_merge *args =
        (const struct args_of_resources_guest_session_merge *)data;
    flat[0] = lower_list_own_guest_session(lower, args->sessions);
    flat[1] = (uint32_t)args->sessions->len;
}

static void lift_result_resources_guest_session_merge(spin_lift_t *lift, const void *context,
                                                      const spin_flat_t *flat, const uint8_t *area,
                                                      void *result) {
    (void)context;
    (void)area;
    resources_guest_session_t *ret = (resources_guest_session_t *)result;
    (*ret).handle = spin_lift_guest_own(lift, &guest_resource_resources_guest_session,
                                        (uint32_t)flat[0]);
}

static void done_resources_guest_session_merge(spin_instance_t *instance, spin_error_t *error,
                                               void *result, void (*handler)(void), void *user) {
    ((resources_guest_session_merge_done_fn)handler)(instance, error,
                                                     (const resources_guest_session_t *)result,
                                                     user);
}

const spin_abi_export_t resources_guest_session_merge_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "guest.session.merge",
    /* export_name */ "test:resources/guest@1.2.3#[static]session.merge",
    /* params */ "ii",
    /* results */ "i",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 4,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_resources_guest_session_merge),
    /* c_result_size */ sizeof(resources_guest_session_t),
    /* is_async */ false,
    /* context */ NULL,
    measure_args_resources_guest_session_merge,
    lower_args_resources_guest_session_merge,
    lift_result_resources_guest_session_merge,
    /* clear_result */ NULL,
};

spin_error_t *resources_guest_session_merge(spin_instance_t *instance,
                                            const resources_list_own_guest_session_t *sessions,
                                            resources_guest_session_t *ret) {
    const struct args_of_resources_guest_session_merge call = {sessions};
    return spin_abi_call(instance, &resources_guest_session_merge_export, &call, ret);
}

spin_error_t *
resources_guest_session_merge_start(spin_instance_t *instance,
                                    const resources_list_own_guest_session_t *sessions,
                                    resources_guest_session_merge_done_fn done, void *user) {
    const struct args_of_resources_guest_session_merge call = {sessions};
    return spin_abi_start(instance, &resources_guest_session_merge_export, &call,
                          done_resources_guest_session_merge, (void (*)(void))done, user);
}

/* ── guest.open ── */

struct args_of_resources_guest_open {
    const resources_list_borrow_host_file_t *files;
    resources_guest_session_t inside;
};

static void measure_args_resources_guest_open(spin_lower_t *lower, const void *context,
                                              const void *data) {
    (void)context;
    const struct args_of_resources_guest_open *args =
        (const struct args_of_resources_guest_open *)data;
    measure_list_borrow_host_file(lower, args->files);
}

static void lower_args_resources_guest_open(spin_lower_t *lower, const void *context,
                                            const void *data, spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_resources_guest_open *args =
        (const struct args_of_resources_guest_open *)data;
    flat[0] = lower_list_borrow_host_file(lower, args->files);
    flat[1] = (uint32_t)args->files->len;
    flat[2] = spin_lower_guest_borrow_of(lower, &guest_resource_resources_guest_session,
                                         args->inside.handle);
}

static void lift_result_resources_guest_open(spin_lift_t *lift, const void *context,
                                             const spin_flat_t *flat, const uint8_t *area,
                                             void *result) {
    (void)context;
    (void)flat;
    resources_result_own_guest_session_string_t *ret =
        (resources_result_own_guest_session_string_t *)result;
    load_result_own_guest_session_string(lift, area, ret);
}

static void clear_result_resources_guest_open(const void *context, void *result) {
    (void)context;
    resources_result_own_guest_session_string_clear(
        (resources_result_own_guest_session_string_t *)result);
}

static void done_resources_guest_open(spin_instance_t *instance, spin_error_t *error, void *result,
                                      void (*handler)(void), void *user) {
    ((resources_guest_open_done_fn)handler)(
        instance, error, (const resources_result_own_guest_session_string_t *)result, user);
}

const spin_abi_export_t resources_guest_open_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "guest.open",
    /* export_name */ "test:resources/guest@1.2.3#open",
    /* params */ "iii",
    /* results */ "iii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 12,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_resources_guest_open),
    /* c_result_size */ sizeof(resources_result_own_guest_session_string_t),
    /* is_async */ false,
    /* context */ NULL,
    measure_args_resources_guest_open,
    lower_args_resources_guest_open,
    lift_result_resources_guest_open,
    clear_result_resources_guest_open,
};

spin_error_t *resources_guest_open(spin_instance_t *instance,
                                   const resources_list_borrow_host_file_t *files,
                                   resources_guest_session_t inside,
                                   resources_result_own_guest_session_string_t *ret) {
    const struct args_of_resources_guest_open call = {files, inside};
    return spin_abi_call(instance, &resources_guest_open_export, &call, ret);
}

spin_error_t *resources_guest_open_start(spin_instance_t *instance,
                                         const resources_list_borrow_host_file_t *files,
                                         resources_guest_session_t inside,
                                         resources_guest_open_done_fn done, void *user) {
    const struct args_of_resources_guest_open call = {files, inside};
    return spin_abi_start(instance, &resources_guest_open_export, &call, done_resources_guest_open,
                          (void (*)(void))done, user);
}

/* ── both.thing.touch ── */

struct args_of_resources_both_thing_touch {
    resources_guest_both_thing_t self;
};

static void lower_args_resources_both_thing_touch(spin_lower_t *lower, const void *context,
                                                  const void *data, spin_flat_t *flat,
                                                  uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_resources_both_thing_touch *args =
        (const struct args_of_resources_both_thing_touch *)data;
    flat[0] = spin_lower_guest_borrow_of(lower, &guest_resource_resources_guest_both_thing,
                                         args->self.handle);
}

static void lift_result_resources_both_thing_touch(spin_lift_t *lift, const void *context,
                                                   const spin_flat_t *flat, const uint8_t *area,
                                                   void *result) {
    (void)lift;
    (void)context;
    (void)area;
    uint32_t *ret = (uint32_t *)result;
    *ret = (uint32_t)flat[0];
}

static void done_resources_both_thing_touch(spin_instance_t *instance, spin_error_t *error,
                                            void *result, void (*handler)(void), void *user) {
    ((resources_both_thing_touch_done_fn)handler)(instance, error, (const uint32_t *)result, user);
}

const spin_abi_export_t resources_both_thing_touch_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "both.thing.touch",
    /* export_name */ "test:resources/both@1.2.3#[method]thing.touch",
    /* params */ "i",
    /* results */ "i",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 4,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_resources_both_thing_touch),
    /* c_result_size */ sizeof(uint32_t),
    /* is_async */ false,
    /* context */ NULL,
    /* measure_args */ NULL,
    lower_args_resources_both_thing_touch,
    lift_result_resources_both_thing_touch,
    /* clear_result */ NULL,
};

spin_error_t *resources_both_thing_touch(spin_instance_t *instance,
                                         resources_guest_both_thing_t self, uint32_t *ret) {
    const struct args_of_resources_both_thing_touch call = {self};
    return spin_abi_call(instance, &resources_both_thing_touch_export, &call, ret);
}

spin_error_t *resources_both_thing_touch_start(spin_instance_t *instance,
                                               resources_guest_both_thing_t self,
                                               resources_both_thing_touch_done_fn done,
                                               void *user) {
    const struct args_of_resources_both_thing_touch call = {self};
    return spin_abi_start(instance, &resources_both_thing_touch_export, &call,
                          done_resources_both_thing_touch, (void (*)(void))done, user);
}

/* ── both.swap ── */

struct args_of_resources_both_swap {
    const resources_guest_both_box_t *box;
};

static void measure_args_resources_both_swap(spin_lower_t *lower, const void *context,
                                             const void *data) {
    (void)context;
    const struct args_of_resources_both_swap *args =
        (const struct args_of_resources_both_swap *)data;
    measure_guest_both_box(lower, args->box);
}

static void lower_args_resources_both_swap(spin_lower_t *lower, const void *context,
                                           const void *data, spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_resources_both_swap *args =
        (const struct args_of_resources_both_swap *)data;
    flatten_guest_both_box(lower, flat, args->box);
}

static void lift_result_resources_both_swap(spin_lift_t *lift, const void *context,
                                            const spin_flat_t *flat, const uint8_t *area,
                                            void *result) {
    (void)context;
    (void)flat;
    resources_guest_both_box_t *ret = (resources_guest_both_box_t *)result;
    load_guest_both_box(lift, area, ret);
}

static void clear_result_resources_both_swap(const void *context, void *result) {
    (void)context;
    resources_guest_both_box_clear((resources_guest_both_box_t *)result);
}

static void done_resources_both_swap(spin_instance_t *instance, spin_error_t *error, void *result,
                                     void (*handler)(void), void *user) {
    ((resources_both_swap_done_fn)handler)(instance, error,
                                           (const resources_guest_both_box_t *)result, user);
}

const spin_abi_export_t resources_both_swap_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "both.swap",
    /* export_name */ "test:resources/both@1.2.3#swap",
    /* params */ "iii",
    /* results */ "iii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 12,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_resources_both_swap),
    /* c_result_size */ sizeof(resources_guest_both_box_t),
    /* is_async */ false,
    /* context */ NULL,
    measure_args_resources_both_swap,
    lower_args_resources_both_swap,
    lift_result_resources_both_swap,
    clear_result_resources_both_swap,
};

spin_error_t *resources_both_swap(spin_instance_t *instance, const resources_guest_both_box_t *box,
                                  resources_guest_both_box_t *ret) {
    const struct args_of_resources_both_swap call = {box};
    return spin_abi_call(instance, &resources_both_swap_export, &call, ret);
}

spin_error_t *resources_both_swap_start(spin_instance_t *instance,
                                        const resources_guest_both_box_t *box,
                                        resources_both_swap_done_fn done, void *user) {
    const struct args_of_resources_both_swap call = {box};
    return spin_abi_start(instance, &resources_both_swap_export, &call, done_resources_both_swap,
                          (void (*)(void))done, user);
}

/* ── run ── */

static void lift_result_resources_run(spin_lift_t *lift, const void *context,
                                      const spin_flat_t *flat, const uint8_t *area, void *result) {
    (void)context;
    (void)area;
    resources_result_void_void_t *ret = (resources_result_void_void_t *)result;
    lift_result_void_void(lift, flat, ret);
}

static void done_resources_run(spin_instance_t *instance, spin_error_t *error, void *result,
                               void (*handler)(void), void *user) {
    ((resources_run_done_fn)handler)(instance, error, (const resources_result_void_void_t *)result,
                                     user);
}

const spin_abi_export_t resources_run_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "run",
    /* export_name */ "run",
    /* params */ "",
    /* results */ "i",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 1,
    /* result_align */ 1,
    /* c_args_size */ 0,
    /* c_result_size */ sizeof(resources_result_void_void_t),
    /* is_async */ false,
    /* context */ NULL,
    /* measure_args */ NULL,
    /* lower_args */ NULL,
    lift_result_resources_run,
    /* clear_result */ NULL,
};

spin_error_t *resources_run(spin_instance_t *instance, resources_result_void_void_t *ret) {
    return spin_abi_call(instance, &resources_run_export, NULL, ret);
}

spin_error_t *resources_run_start(spin_instance_t *instance, resources_run_done_fn done,
                                  void *user) {
    return spin_abi_start(instance, &resources_run_export, NULL, done_resources_run,
                          (void (*)(void))done, user);
}
