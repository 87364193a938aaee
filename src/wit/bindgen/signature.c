/* Functions: what their parameters and results are in C and in the ABI. */
#include "base/error.h"
#include "wit/bindgen/gen.h"

static void lay_out_params(gen_t *gen, const wit_function_t *function, gen_side_t side,
                           gen_signature_t *out) {
    const char *flat = "";
    size_t flat_len = 0;
    out->area_align = 1;
    for (size_t i = 0; i < function->params_len && gen->error == NULL; i++) {
        const wit_layout_t *layout = &function->params[i].ref.type->layout;
        out->params[i] = gen_type(gen, function->params[i].ref.type, side);
        out->allocates |= function->params[i].ref.type->has_pointers;
        if (layout->size > UINT32_MAX / 4 || out->area_size > UINT32_MAX / 4) {
            gen->error = error_new(SPIN_ERROR_LIMIT, "function \"%.*s\": parameters are too large",
                                   SLICE_ARG(function->name));
            return;
        }
        out->offsets[i] = gen_align_up(out->area_size, layout->align);
        out->area_size = out->offsets[i] + layout->size;
        if (layout->align > out->area_align)
            out->area_align = layout->align;
        out->flats[i] = (uint32_t)flat_len;
        flat_len += layout->flat_len;
        if (flat_len <= WIT_FLAT_MAX)
            flat = gen_text(gen, "%s%s", flat, layout->flat);
    }
    out->in_area = flat_len > WIT_FLAT_MAX;
    out->core_params = out->in_area ? "i" : flat;
    out->area_size = out->in_area ? gen_align_up(out->area_size, out->area_align) : 0;
    if (!out->in_area)
        out->area_align = 0;
}

bool gen_has_params(const wit_function_t *function) {
    for (size_t i = 0; i < function->params_len; i++)
        if (function->params[i].ref.type->layout.flat_len > 0)
            return true;
    return false;
}

gen_signature_t gen_signature(gen_t *gen, const wit_function_t *function, gen_side_t side) {
    gen_signature_t out = {.core_results = ""};
    size_t count = function->params_len + 1;
    out.params = arena_calloc(&gen->arena, count, sizeof *out.params);
    out.offsets = arena_calloc(&gen->arena, count, sizeof *out.offsets);
    out.flats = arena_calloc(&gen->arena, count, sizeof *out.flats);
    if (out.params == NULL || out.offsets == NULL || out.flats == NULL) {
        gen_no_memory(gen);
        return out;
    }
    lay_out_params(gen, function, side, &out);
    const wit_type_t *result = function->result.type;
    if (result != NULL && gen->error == NULL) {
        out.result = gen_type(gen, result, side);
        out.core_results = result->layout.flat;
        out.result_area = result->layout.flat_len > 1;
        /* Of more than 16 the layout keeps no signature, so nobody hands over that many slots. */
        out.result_flat = result->layout.flat_len == 1 || (function->dialect == WIT_DIALECT_2022 &&
                                                           result->layout.flat_len <= WIT_FLAT_MAX);
    }
    return out;
}

const char **gen_c_params(gen_t *gen, const wit_function_t *function,
                          const gen_signature_t *signature, size_t room, size_t *len) {
    size_t count = function->params_len;
    const char **params = arena_calloc(&gen->arena, room + count + 1, sizeof *params);
    *len = 0;
    if (params == NULL) {
        gen_no_memory(gen);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        params[room + i] =
            gen_param(gen, signature->params[i], gen_member(gen, function->params[i].name));
    *len = room + count;
    if (signature->result != NULL)
        params[(*len)++] = gen_field(gen, gen_field(gen, signature->result->ctype, "*"), "ret");
    return params;
}

/* By position: C++17 has no designators. */
void gen_descriptor(gen_t *gen, const wit_function_t *function, const gen_signature_t *signature,
                    const char *args_struct) {
    const wit_layout_t *result =
        signature->result == NULL ? NULL : &signature->result->type->layout;
    buf_t *out = &gen->source;
    buf_printf(out, "    /* params */ \"%s\",\n", signature->core_params);
    buf_printf(out, "    /* results */ \"%s\",\n", signature->core_results);
    buf_printf(out, "    /* params_size */ %u,\n", signature->area_size);
    buf_printf(out, "    /* params_align */ %u,\n", signature->area_align);
    buf_printf(out, "    /* result_size */ %u,\n", result == NULL ? 0 : result->size);
    buf_printf(out, "    /* result_align */ %u,\n", result == NULL ? 0 : result->align);
    if (args_struct != NULL)
        buf_printf(out, "    /* c_args_size */ sizeof(struct %s),\n", args_struct);
    else
        buf_append_text(out, "    /* c_args_size */ 0,\n");
    if (result != NULL)
        buf_printf(out, "    /* c_result_size */ sizeof(%s),\n", signature->result->ctype);
    else
        buf_append_text(out, "    /* c_result_size */ 0,\n");
    buf_printf(out, "    /* is_async */ %s,\n", function->is_async ? "true" : "false");
    buf_append_text(out, "    /* context */ NULL,\n");
}
