/* Calls of functions whose type is known only at run time: descriptors as spin-bindgen would write
 * them, whose callbacks look at the type. */
#include "engine/abi/value.h"

#include "base/error.h"
#include "engine/abi/state.h"
#include "engine/context.h"
#include "engine/model/model.h"

/* A descriptor that stays with the instance. */
struct abi_value_export {
    abi_value_export_t *next;
    spin_abi_export_t export;
};

/* ── callbacks; `context` is the function ── */

static void measure_args(spin_lower_t *lower, const void *context, const void *args) {
    const wit_function_t *function = context;
    const abi_value_args_t *values = args;
    for (size_t i = 0; i < function->params_len; i++)
        abi_value_measure(lower, function->params[i].ref.type, &values->items[i]);
}

static void lower_args(spin_lower_t *lower, const void *context, const void *args,
                       spin_flat_t *flat, uint8_t *area) {
    const wit_function_t *function = context;
    const abi_value_args_t *values = args;
    size_t offset = 0;
    for (size_t i = 0; i < function->params_len; i++) {
        const wit_type_t *type = function->params[i].ref.type;
        if (area == NULL) {
            abi_value_flatten(lower, type, &values->items[i], flat);
            flat += type->layout.flat_len;
        } else {
            offset = abi_align_up(offset, type->layout.align);
            abi_value_store(lower, type, &values->items[i], area + offset);
            offset += type->layout.size;
        }
    }
}

static void lift_result(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                        const uint8_t *area, void *result) {
    const wit_type_t *type = ((const wit_function_t *)context)->result.type;
    if (area != NULL)
        abi_value_load(lift, type, area, result);
    else if (type->layout.flat_len > WIT_FLAT_MAX)
        spin_lift_fail(lift, "number of slots", type->layout.flat_len);
    else
        abi_value_unflatten(lift, type, flat, result);
}

static void clear_result(const void *context, void *result) {
    (void)context;
    spin_value_clear(result);
}

/* ── descriptors ── */

typedef struct signature {
    char params[WIT_FLAT_MAX + 1];
    uint32_t params_size; /* 0: flat */
    uint32_t params_align;
} signature_t;

static spin_error_t *signature_of(const wit_function_t *function, signature_t *out) {
    size_t flat_len = 0, size = 0, align = 1;
    *out = (signature_t){.params_align = 1};
    for (size_t i = 0; i < function->params_len; i++) {
        const wit_layout_t *layout = &function->params[i].ref.type->layout;
        size = abi_align_up(size, layout->align) + layout->size;
        if (size > UINT32_MAX)
            return error_new(SPIN_ERROR_LIMIT, "its parameters do not fit a guest's memory");
        align = layout->align > align ? layout->align : align;
        if (flat_len + layout->flat_len <= WIT_FLAT_MAX)
            memcpy(out->params + flat_len, layout->flat, layout->flat_len);
        flat_len += layout->flat_len;
    }
    if (flat_len > WIT_FLAT_MAX) {
        size = abi_align_up(size, align);
        *out = (signature_t){"i", (uint32_t)size, (uint32_t)align};
    }
    return NULL;
}

/* "ns:pkg/iface@1.0.0#" before an export of today's interfaces; nothing otherwise. */
static spin_slice_t qualifier_of(const wit_function_t *function) {
    bool qualified = function->dialect == WIT_DIALECT_TODAY && function->interface != NULL;
    return qualified ? function->interface->id : (spin_slice_t){0};
}

/* "echo", "greeter.greet", "greeter.person.name". */
static spin_slice_t readable_name(arena_t *arena, const wit_function_t *function) {
    spin_slice_t interface = {0}, resource = {0};
    if (qualifier_of(function).len > 0)
        interface =
            function->interface->name.len > 0 ? function->interface->name : function->interface->id;
    if (function->resource != NULL)
        resource = function->resource->name;
    return arena_printf(arena, "%.*s%s%.*s%s%.*s", SLICE_ARG(interface),
                        interface.len > 0 ? "." : "", SLICE_ARG(resource),
                        resource.len > 0 ? "." : "", SLICE_ARG(function->name));
}

spin_error_t *abi_value_describe(arena_t *arena, const wit_function_t *function,
                                 spin_abi_export_t *out) {
    signature_t signature;
    spin_error_t *error = signature_of(function, &signature);
    if (error != NULL)
        return error;
    spin_slice_t qualifier = qualifier_of(function), name = readable_name(arena, function);
    spin_slice_t export_name =
        arena_printf(arena, "%.*s%s%.*s", SLICE_ARG(qualifier), qualifier.len > 0 ? "#" : "",
                     SLICE_ARG(function->core_name));
    const wit_type_t *result = function->result.type;
    *out = (spin_abi_export_t){
        .size = sizeof *out,
        .name = (const char *)name.ptr,
        .export_name = (const char *)export_name.ptr,
        .params = arena_copy_text(arena, spin_slice(signature.params)),
        .results = "",
        .params_size = signature.params_size,
        .params_align = signature.params_align,
        .result_align = 1,
        .c_args_size = sizeof(abi_value_args_t),
        .is_async = function->is_async,
        .context = function,
        .lower = lower_args,
    };
    for (size_t i = 0; i < function->params_len; i++)
        if (function->params[i].ref.type->has_pointers)
            out->measure = measure_args;
    if (result != NULL) {
        out->results = arena_copy_text(arena, spin_slice(result->layout.flat));
        out->result_size = result->layout.size;
        out->result_align = result->layout.align;
        out->c_result_size = sizeof(spin_value_t);
        out->lift = lift_result;
        out->clear = clear_result;
    }
    bool made = out->name != NULL && out->export_name != NULL && out->params != NULL &&
                out->results != NULL;
    return made ? NULL : error_no_memory();
}

/* Whether a kept descriptor is still that of `function`: what stood at its address may be gone. */
static bool describes(const spin_abi_export_t *export, const wit_function_t *function) {
    signature_t signature;
    const wit_type_t *result = function->result.type;
    spin_slice_t qualifier = qualifier_of(function), name = spin_slice(export->export_name);
    if (export->context != function || !slice_starts_with(name, qualifier))
        return false;
    if (!slice_equal(slice_from(name, qualifier.len + (qualifier.len > 0)), function->core_name))
        return false;
    spin_error_t *error = signature_of(function, &signature);
    if (error != NULL) {
        spin_error_free(error);
        return false;
    }
    bool has_pointers = false;
    for (size_t i = 0; i < function->params_len; i++)
        has_pointers |= function->params[i].ref.type->has_pointers;
    return strcmp(export->params, signature.params) == 0 &&
           export->params_size == signature.params_size &&
           export->params_align == signature.params_align &&
           (export->measure != NULL) == has_pointers &&
           strcmp(export->results, result == NULL ? "" : result->layout.flat) == 0 &&
           (export->lift != NULL) == (result != NULL) &&
           export->result_size == (result == NULL ? 0 : result->layout.size) &&
           export->result_align == (result == NULL ? 1 : result->layout.align) &&
           export->is_async == function->is_async;
}

static spin_error_t *export_of(abi_instance_t *state, const wit_function_t *function,
                               const spin_abi_export_t **out) {
    for (abi_value_export_t *known = state->values; known != NULL; known = known->next) {
        if (describes(&known->export, function)) {
            *out = &known->export;
            return NULL;
        }
    }
    arena_t *arena = &state->instance->arena;
    abi_value_export_t *made = arena_calloc(arena, 1, sizeof *made);
    if (made == NULL)
        return error_no_memory();
    spin_error_t *error = abi_value_describe(arena, function, &made->export);
    if (error != NULL)
        return error;
    made->next = state->values;
    state->values = made;
    *out = &made->export;
    return NULL;
}

/* ── calls ── */

spin_error_t *abi_value_check_args(const wit_function_t *function, const spin_value_t *args,
                                   size_t args_len) {
    if (args_len != function->params_len)
        return error_new(SPIN_ERROR_INVALID, "it takes %zu argument%s and got %zu",
                         function->params_len, function->params_len == 1 ? "" : "s", args_len);
    for (size_t i = 0; i < args_len; i++) {
        const wit_part_t *param = &function->params[i];
        spin_error_t *error = spin_value_check(&args[i], param->ref.type);
        if (error != NULL)
            return error_wrap(error, "argument \"%.*s\"", SLICE_ARG(param->name));
    }
    return NULL;
}

static spin_error_t *begin(spin_instance_t *instance, const wit_function_t *function,
                           const spin_value_t *args, size_t args_len,
                           const spin_abi_export_t **out) {
    abi_instance_t *state = abi_instance_of(instance);
    if (state == NULL)
        return error_no_memory();
    spin_error_t *error = export_of(state, function, out);
    if (error != NULL)
        return error_wrap(error, "component \"%.*s\": %.*s",
                          SLICE_ARG(instance->component->component->id), SLICE_ARG(function->name));
    return abi_error_name(abi_value_check_args(function, args, args_len),
                          instance->component->component->id, (*out)->name);
}

spin_error_t *spin_value_call(spin_instance_t *instance, const spin_function_t *function,
                              const spin_value_t *args, size_t args_len, spin_value_t *result) {
    const spin_abi_export_t *export;
    spin_value_t answer = {0};
    if (instance->component->model != NULL)
        return model_value_call(instance, function, args, args_len, result);
    if (result != NULL)
        *result = answer;
    spin_error_t *error = begin(instance, function, args, args_len, &export);
    if (error == NULL)
        error = spin_abi_call(instance, export, &(abi_value_args_t){.items = args}, &answer);
    if (error == NULL && result != NULL)
        *result = answer;
    else
        spin_value_clear(&answer);
    return error;
}

static void call_done(spin_instance_t *instance, spin_error_t *error, void *result,
                      void (*handler)(void), void *user) {
    ((spin_value_done_fn)handler)(instance, error, result, user);
}

spin_error_t *spin_value_start(spin_instance_t *instance, const spin_function_t *function,
                               const spin_value_t *args, size_t args_len, spin_value_done_fn done,
                               void *user) {
    const spin_abi_export_t *export;
    if (instance->component->model != NULL)
        return model_value_start(instance, function, args, args_len, done, user);
    spin_error_t *error = begin(instance, function, args, args_len, &export);
    if (error != NULL)
        return error;
    return spin_abi_start(instance, export, &(abi_value_args_t){.items = args}, call_done,
                          (void (*)(void))done, user);
}
