/* Variants, enums, options and results. */
#include "component/adapter_parts.h"

typedef struct variant_way {
    const adapter_way_t *way;
    const adapter_value_t *from, *to;
    adapter_place_t from_payload, to_payload;
    uint32_t index; /* local: the discriminant */
    size_t case_count, payload_count;
} variant_way_t;

/* Checks the discriminant and copies it: both sides have the same cases. */
static void put_discriminant(code_t *code, const variant_way_t *variant) {
    static const uint8_t loads[] = {0, OP_I32_LOAD8_U, OP_I32_LOAD16_U, 0, OP_I32_LOAD};
    static const uint8_t stores[] = {0, OP_I32_STORE8, OP_I32_STORE16, 0, OP_I32_STORE};
    uint32_t size = variant->from->type->layout.discriminant;
    adapter_get_place(code, &variant->from->place, loads[size], 'i');
    code_tee(code, variant->index);
    code_const(code, 'i', (int64_t)variant->case_count);
    code_int(code, 'i', OP_GE_U);
    code_trap_if(code, FUSE_TRAP_BAD_DISCRIMINANT);
    adapter_begin_put(code, &variant->to->place);
    code_get(code, variant->index);
    adapter_end_put(code, &variant->to->place, stores[size], 'i');
}

/* Flat values that a case lacks are 0. */
static void put_zeros(code_t *code, const variant_way_t *variant) {
    if (variant->to->place.in_memory)
        return;
    uint32_t count = adapter_flat_count(variant->to->type) - 1;
    for (uint32_t i = 0; i < count; i++) {
        const adapter_flat_t *flat = &variant->to_payload.flats[i];
        code_const(code, flat->letter, 0);
        code_set(code, flat->local);
    }
}

static void put_payload(code_t *code, const variant_way_t *variant, size_t index) {
    const adapter_value_t from = {adapter_case_type(variant->from->type, index),
                                  variant->from_payload};
    const adapter_value_t to = {adapter_case_type(variant->to->type, index), variant->to_payload};
    adapter_put_value(code, variant->way, &from, &to);
}

static bool has_payload(const variant_way_t *variant, size_t index) {
    return adapter_case_type(variant->from->type, index) != NULL;
}

/* One case has a payload, or both of two. */
static void put_one_or_two(code_t *code, const variant_way_t *variant) {
    size_t first = 0;
    while (!has_payload(variant, first))
        first++;
    code_get_const(code, 'i', variant->index, OP_EQ, (int64_t)first);
    code_if(code);
    put_payload(code, variant, first);
    if (variant->payload_count > 1) {
        code_else(code);
        put_payload(code, variant, first + 1);
    }
    code_end(code);
}

/* A block for each payload around the br_table, the first innermost. */
static void put_table(code_t *code, const variant_way_t *variant) {
    uint32_t done = code_block(code);
    for (size_t i = 0; i < variant->payload_count; i++)
        code_block(code);
    code_get(code, variant->index);
    code_op(code, OP_BR_TABLE);
    core_put_u32(&code->out, (uint32_t)variant->case_count);
    uint32_t depth = 0;
    for (size_t i = 0; i < variant->case_count; i++)
        core_put_u32(&code->out,
                     has_payload(variant, i) ? depth++ : (uint32_t)variant->payload_count);
    core_put_u32(&code->out, (uint32_t)variant->payload_count);
    for (size_t i = 0; i < variant->case_count; i++) {
        if (!has_payload(variant, i))
            continue;
        code_end(code);
        put_payload(code, variant, i);
        code_br(code, done);
    }
    code_end(code);
}

void adapter_put_variant(code_t *code, const adapter_way_t *way, const adapter_value_t *from,
                         const adapter_value_t *to) {
    variant_way_t variant = {.way = way, .from = from, .to = to};
    uint32_t from_offset = signature_layout(from->type, way->from.memory.is64)->payload;
    uint32_t to_offset = signature_layout(to->type, way->to.memory.is64)->payload;
    variant.from_payload = adapter_place_at(&from->place, from_offset, 1);
    variant.to_payload = adapter_place_at(&to->place, to_offset, 1);
    variant.index = code_local(code, 'i');
    variant.case_count = adapter_case_count(from->type);
    for (size_t i = 0; i < variant.case_count; i++)
        variant.payload_count += has_payload(&variant, i);
    put_discriminant(code, &variant);
    put_zeros(code, &variant);
    if (variant.payload_count == 1 || (variant.payload_count == 2 && variant.case_count == 2))
        put_one_or_two(code, &variant);
    else if (variant.payload_count > 0)
        put_table(code, &variant);
    code_release(code, variant.index);
}
