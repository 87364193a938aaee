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

spin_error_t *model_check_shape(const spin_function_t *type, const char *params,
                                const char *results, uint32_t params_size, uint32_t result_size) {
    spin_abi_export_t shape;
    arena_t arena = {0};
    spin_error_t *error = abi_value_describe(&arena, type, &shape);
    if (error == NULL &&
        (strcmp(shape.params, params) != 0 || strcmp(shape.results, results) != 0 ||
         shape.params_size != params_size ||
         (results[0] != '\0' && results[1] != '\0' && shape.result_size != result_size)))
        error = error_new(SPIN_ERROR_INVALID,
                          "it is of another type: its values are (%s) -> (%s), and not (%s) -> "
                          "(%s)",
                          shape.params, shape.results, params, results);
    arena_deinit(&arena);
    return error;
}

spin_error_t *model_check_export(const model_export_t *export, const spin_abi_export_t *function) {
    const spin_function_t *type = export->lift->type;
    return model_check_shape(type, function->params, function->results, function->params_size,
                             function->result_size);
}
