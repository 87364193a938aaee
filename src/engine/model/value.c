/* Functions whose types are known at run time: what spin-bindgen would write for an import. */
#include "engine/abi/value.h"
#include "base/error.h"
#include "engine/context.h"
#include "engine/model/model.h"

/* ── callbacks; `context` is the function's type ── */

static void lift_args(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                      const uint8_t *area, void *args) {
    const spin_function_t *function = context;
    spin_value_t *values = args;
    abi_value_load_all(lift, function, flat, area, values);
}

static void measure_result(spin_lower_t *lower, const void *context, const void *result) {
    const spin_function_t *function = context;
    spin_error_t *error = spin_value_check(result, function->result.type);
    if (error != NULL)
        abi_lower_stop(lower, error_wrap(error, "result"));
    else
        abi_value_measure(lower, function->result.type, result);
}

static void lower_result(spin_lower_t *lower, const void *context, const void *result,
                         spin_flat_t *flat, uint8_t *area) {
    const spin_type_t *type = ((const spin_function_t *)context)->result.type;
    if (lower->failed) { /* it is only dropped, where it is a value of that type at all */
        spin_error_t *error = spin_value_check(result, type);
        if (error != NULL) {
            spin_error_free(error);
            return;
        }
    }
    if (area != NULL)
        abi_value_store(lower, type, result, area);
    else
        abi_value_flatten(lower, type, result, flat);
}

/* ── descriptors ── */

spin_error_t *model_describe_import(arena_t *arena, const spin_function_t *type, const char *name,
                                    const spin_abi_import_t **out) {
    spin_abi_import_t *import = arena_calloc(arena, 1, sizeof *import);
    spin_abi_export_t shape;
    if (import == NULL)
        return error_no_memory();
    spin_error_t *error = abi_value_describe(arena, type, &shape);
    if (error != NULL)
        return error;
    *import = (spin_abi_import_t){
        .size = sizeof *import,
        .name = name,
        .params = shape.params,
        .results = shape.results,
        .params_size = shape.params_size,
        .params_align = shape.params_align,
        .result_size = shape.result_size,
        .result_align = shape.result_align,
        .c_args_size = type->params_len * sizeof(spin_value_t),
        .c_result_size = sizeof(spin_value_t),
        .is_async = type->is_async,
        .context = type,
        .lift = type->params_len > 0 ? lift_args : NULL,
        .measure = type->result.type != NULL ? measure_result : NULL,
        .lower = type->result.type != NULL ? lower_result : NULL,
    };
    *out = import;
    return NULL;
}

/* ── descriptors that were made elsewhere ── */

static spin_error_t *another_type(const spin_abi_export_t *shape, const spin_abi_export_t *given) {
    if (strcmp(shape->params, given->params) != 0 || strcmp(shape->results, given->results) != 0)
        return error_new(SPIN_ERROR_INVALID,
                         "it is of another type: its values are (%s) -> (%s), and not (%s) -> (%s)",
                         shape->params, shape->results, given->params, given->results);
    bool is_params = shape->params_size != given->params_size;
    return error_new(SPIN_ERROR_INVALID, "it is of another type: %s takes %u bytes, and not %u",
                     is_params ? "what it takes" : "its result",
                     is_params ? shape->params_size : shape->result_size,
                     is_params ? given->params_size : given->result_size);
}

/* As deep as types nest. */
static bool has_ends(const spin_type_t *type) {
    if (type->kind == SPIN_TYPE_STREAM || type->kind == SPIN_TYPE_FUTURE ||
        type->kind == SPIN_TYPE_ERROR_CONTEXT)
        return true;
    for (size_t i = 0; type->has_handles && i < type->parts_len; i++)
        if (type->parts[i].ref.type != NULL && has_ends(type->parts[i].ref.type))
            return true;
    return false;
}

/* Generated code passes numbers, which are the host's in values only. */
static spin_error_t *check_ends(const spin_function_t *type) {
    bool has = type->result.type != NULL && has_ends(type->result.type);
    for (size_t i = 0; i < type->params_len; i++)
        has |= has_ends(type->params[i].ref.type);
    return !has ? NULL
                : error_new(SPIN_ERROR_UNSUPPORTED,
                            "streams, futures and error contexts go as values only "
                            "(spin_component_call), not by generated code");
}

static spin_error_t *check(const spin_function_t *type, const spin_abi_export_t *given) {
    spin_abi_export_t shape;
    arena_t arena = {0};
    spin_error_t *error = abi_value_describe(&arena, type, &shape);
    const bool is_area = given->results[0] != '\0' && given->results[1] != '\0';
    if (error == NULL &&
        (strcmp(shape.params, given->params) != 0 || strcmp(shape.results, given->results) != 0 ||
         shape.params_size != given->params_size ||
         (is_area && shape.result_size != given->result_size)))
        error = another_type(&shape, given);
    arena_deinit(&arena);
    return error != NULL || given->context != NULL ? error : check_ends(type);
}

spin_error_t *model_check_import(const spin_function_t *type, const spin_abi_import_t *function) {
    const spin_abi_export_t given = {.params = function->params,
                                     .results = function->results,
                                     .params_size = function->params_size,
                                     .result_size = function->result_size};
    return check(type, &given);
}

spin_error_t *model_check_export(const model_export_t *export, const spin_abi_export_t *function) {
    return check(export->lift->type, function);
}
