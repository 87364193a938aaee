/* What writing, reading and freeing compound types have in common: the way through their parts. */
#include "wit/bindgen/gen.h"

/* These two leave alone what owns nothing. */
static bool is_for_pointers(gen_need_t pass) {
    return pass == GEN_MEASURE || pass == GEN_CLEAR;
}

static bool skips(gen_need_t pass, const gen_type_t *part) {
    return part == NULL || (is_for_pointers(pass) && !part->type->has_pointers);
}

bool gen_has_parts(gen_need_t pass, const gen_type_t *type) {
    for (size_t i = 0; i < type->type->parts_len; i++)
        if (!skips(pass, type->parts[i]))
            return true;
    return false;
}

void gen_part(gen_t *gen, gen_need_t pass, unsigned indent, const gen_type_t *part, uint32_t offset,
              uint32_t flat, const char *value) {
    switch (pass) {
    case GEN_MEASURE: gen_measure(gen, indent, part, value); break;
    case GEN_STORE: gen_store(gen, indent, part, gen_at(gen, "at", offset), value); break;
    case GEN_FLATTEN: gen_flatten(gen, indent, part, "flat", flat, value); break;
    case GEN_LOAD: gen_load(gen, indent, part, gen_at(gen, "at", offset), value); break;
    case GEN_LIFT: gen_lift(gen, indent, part, "flat", flat, value); break;
    case GEN_CLEAR: gen_clear(gen, indent, part, value); break;
    }
}

void gen_fields(gen_t *gen, gen_need_t pass, const gen_type_t *type) {
    uint32_t offset = 0, flat = 0;
    for (size_t i = 0; i < type->type->parts_len; i++) {
        const wit_layout_t *layout = &type->parts[i]->type->layout;
        offset = gen_align_up(offset, layout->align);
        gen_part(gen, pass, 1, type->parts[i], offset, flat,
                 gen_text(gen, "value->%s", gen_element_name(gen, type, i)));
        offset += layout->size;
        flat += layout->flat_len;
    }
}

void gen_cases(gen_t *gen, gen_need_t pass, const gen_type_t *type, const char *tag) {
    if (!gen_has_parts(pass, type))
        return;
    gen_line(gen, 1, "switch (%s) {", tag);
    for (size_t i = 0; i < type->type->parts_len; i++) {
        if (skips(pass, type->parts[i]))
            continue;
        gen_case(gen, gen_case_name(gen, type, i));
        gen_part(gen, pass, 2, type->parts[i], type->type->layout.payload, 1,
                 gen_text(gen, "value->of.%s", gen_element_name(gen, type, i)));
        gen_case_end(gen);
    }
    gen_line(gen, 1, "default: break;");
    gen_line(gen, 1, "}");
}

void gen_some(gen_t *gen, gen_need_t pass, const gen_type_t *type) {
    gen_line(gen, 1, "if (value->is_some) {");
    gen_part(gen, pass, 2, type->parts[0], type->type->layout.payload, 1, "value->value");
    gen_line(gen, 1, "}");
}

void gen_ok_or_error(gen_t *gen, gen_need_t pass, const gen_type_t *type) {
    bool opened = false;
    for (size_t i = 0; i < 2; i++) {
        if (skips(pass, type->parts[i]))
            continue;
        if (opened)
            gen_line(gen, 1, "} else {");
        else
            gen_line(gen, 1, "if (%svalue->is_error) {", i == 0 ? "!" : "");
        opened = true;
        gen_part(gen, pass, 2, type->parts[i], type->type->layout.payload, 1,
                 i == 0 ? "value->of.ok" : "value->of.error");
    }
    if (opened)
        gen_line(gen, 1, "}");
}
