/* Reading values of run-time types from a guest. Nothing there is trusted: each value that is read
 * is checked, and after the first failure the rest is left out. */
#include <stdio.h>

#include "base/slice.h"
#include "engine/abi/state.h"
#include "engine/abi/value.h"
#include "engine/model/model.h"

/* Where a value without bytes lies: it is not looked at. */
static const uint8_t nowhere[1];

static const char *kind_name(spin_type_kind_t kind) {
    switch (kind) {
    case SPIN_TYPE_ENUM: return "enum";
    case SPIN_TYPE_OPTION: return "option";
    case SPIN_TYPE_RESULT: return "result";
    default: return "variant";
    }
}

static void fail_case(spin_lift_t *lift, const wit_type_t *type, uint32_t found) {
    char what[96];
    spin_slice_t text = type->text;
    if (text.len > 64)
        text.len = 64;
    bool declared = type->def != NULL;
    snprintf(what, sizeof what, "%s%s%.*s", declared ? kind_name(type->kind) : "",
             declared ? " " : "", SLICE_ARG(text));
    spin_lift_fail(lift, what, found);
}

static spin_value_t *new_items(spin_lift_t *lift, size_t len, spin_value_t *out) {
    out->of.list.items = spin_lift_alloc(lift, len, sizeof *out->of.list.items);
    out->of.list.len = out->of.list.items == NULL ? 0 : len;
    return out->of.list.items;
}

static void load_pair(spin_lift_t *lift, const wit_type_t *type, const abi_element_t *element,
                      const uint8_t *at, spin_value_t *out) {
    out->kind = SPIN_TYPE_TUPLE;
    spin_value_t *items = new_items(lift, 2, out);
    if (items == NULL)
        return;
    abi_value_load(lift, type->parts[0].ref.type, at, &items[0]);
    abi_value_load(lift, type->parts[1].ref.type, at + element->second, &items[1]);
}

static void load_list(spin_lift_t *lift, const wit_type_t *type, uint32_t ptr, uint32_t len,
                      spin_value_t *out) {
    if (abi_is_bytes(type)) {
        out->kind = SPIN_TYPE_BYTES;
        out->of.text = spin_lift_bytes(lift, ptr, len);
        return;
    }
    abi_element_t element = abi_element_of(type);
    const uint8_t *at = spin_lift_at(lift, ptr, len, element.size, element.align);
    spin_value_t *items = new_items(lift, len, out);
    if (items == NULL)
        return;
    if (at == NULL)
        at = nowhere; /* elements of no bytes */
    for (uint32_t i = 0; i < len && !spin_lift_failed(lift); i++, at += element.size) {
        if (type->kind == SPIN_TYPE_MAP)
            load_pair(lift, type, &element, at, &items[i]);
        else
            abi_value_load(lift, type->parts[0].ref.type, at, &items[i]);
    }
}

static void load_text(spin_lift_t *lift, uint32_t ptr, uint32_t len, spin_value_t *out) {
    out->of.text = spin_lift_text(lift, ptr, len);
}

static void load_fields(spin_lift_t *lift, const wit_type_t *type, const uint8_t *at,
                        spin_value_t *out) {
    size_t offset = 0;
    spin_value_t *items = new_items(lift, type->parts_len, out);
    for (size_t i = 0; items != NULL && i < type->parts_len; i++) {
        const wit_type_t *part = type->parts[i].ref.type;
        offset = abi_align_up(offset, part->layout.align);
        abi_value_load(lift, part, at + offset, &items[i]);
        offset += part->layout.size;
    }
}

static void load_fixed(spin_lift_t *lift, const wit_type_t *type, const uint8_t *at,
                       spin_value_t *out) {
    const wit_type_t *part = type->parts[0].ref.type;
    spin_value_t *items = new_items(lift, type->length, out);
    for (size_t i = 0; items != NULL && i < type->length && !spin_lift_failed(lift); i++)
        abi_value_load(lift, part, at + i * part->layout.size, &items[i]);
}

/* The payload's type and, in `*payload`, room for it; NULL where there is none. */
static const wit_type_t *begin_case(spin_lift_t *lift, const wit_type_t *type, uint32_t index,
                                    spin_value_t *out) {
    if (index >= abi_case_count(type)) {
        fail_case(lift, type, index);
        return NULL;
    }
    out->of.variant.index = index;
    const wit_type_t *payload = abi_case_type(type, index);
    if (payload == NULL)
        return NULL;
    out->of.variant.payload = spin_lift_alloc(lift, 1, sizeof *out);
    return out->of.variant.payload == NULL ? NULL : payload;
}

static uint32_t load_small(const uint8_t *at, uint32_t size) {
    return size == 1 ? spin_load_u8(at) : size == 2 ? spin_load_u16(at) : spin_load_u32(at);
}

static void load_case(spin_lift_t *lift, const wit_type_t *type, const uint8_t *at,
                      spin_value_t *out) {
    const wit_layout_t *layout = &type->layout;
    const wit_type_t *payload = begin_case(lift, type, load_small(at, layout->discriminant), out);
    if (payload != NULL)
        abi_value_load(lift, payload, at + layout->payload, out->of.variant.payload);
}

/* Bits that are no flags are left out, as CanonicalABI.md has it. */
static uint32_t flags_mask(const wit_type_t *type, size_t word) {
    size_t left = type->parts_len - 32 * word;
    return left >= 32 ? UINT32_MAX : ((uint32_t)1 << left) - 1;
}

static uint32_t *new_flags(spin_lift_t *lift, const wit_type_t *type, spin_value_t *out) {
    size_t len = (type->parts_len + 31) / 32;
    out->of.flags.words = spin_lift_alloc(lift, len, sizeof(uint32_t));
    out->of.flags.len = out->of.flags.words == NULL ? 0 : len;
    return out->of.flags.words;
}

static void load_flags(spin_lift_t *lift, const wit_type_t *type, const uint8_t *at,
                       spin_value_t *out) {
    uint32_t *words = new_flags(lift, type, out);
    for (size_t i = 0; i < out->of.flags.len; i++)
        words[i] = load_small(at + 4 * i, type->layout.size) & flags_mask(type, i);
}

static int64_t sign_extend(uint64_t bits, unsigned width) {
    const unsigned unused = 64 - width;
    return (int64_t)(bits << unused) >> unused;
}

/* A type without parts, from the bits that stand for it; those above its width do not count. */
static void put_number(spin_lift_t *lift, const wit_type_t *type, uint64_t bits,
                       spin_value_t *out) {
    switch (type->kind) {
    case SPIN_TYPE_BOOL: out->of.boolean = bits != 0; break;
    case SPIN_TYPE_S8: out->of.integer = sign_extend(bits, 8); break;
    case SPIN_TYPE_U8: out->of.natural = (uint8_t)bits; break;
    case SPIN_TYPE_S16: out->of.integer = sign_extend(bits, 16); break;
    case SPIN_TYPE_U16: out->of.natural = (uint16_t)bits; break;
    case SPIN_TYPE_S32: out->of.integer = sign_extend(bits, 32); break;
    case SPIN_TYPE_S64: out->of.integer = (int64_t)bits; break;
    case SPIN_TYPE_U64: out->of.natural = bits; break;
    case SPIN_TYPE_F32: out->of.f32 = spin_flat_f32(bits); break;
    case SPIN_TYPE_F64: out->of.f64 = spin_flat_f64(bits); break;
    case SPIN_TYPE_CHAR: out->of.natural = spin_lift_char(lift, (uint32_t)bits); break;
    case SPIN_TYPE_U32: out->of.natural = (uint32_t)bits; break;
    default: /* handles */
        out->of.natural =
            lift->model != NULL ? model_lift_handle(lift, type, (uint32_t)bits) : (uint32_t)bits;
        break;
    }
}

void abi_value_load(spin_lift_t *lift, const wit_type_t *type, const uint8_t *at,
                    spin_value_t *out) {
    if (spin_lift_failed(lift))
        return;
    out->kind = type->kind;
    switch (type->kind) {
    case SPIN_TYPE_STRING: load_text(lift, spin_load_u32(at), spin_load_u32(at + 4), out); break;
    case SPIN_TYPE_LIST:
    case SPIN_TYPE_MAP: load_list(lift, type, spin_load_u32(at), spin_load_u32(at + 4), out); break;
    case SPIN_TYPE_FIXED_LIST: load_fixed(lift, type, at, out); break;
    case SPIN_TYPE_TUPLE:
    case SPIN_TYPE_RECORD: load_fields(lift, type, at, out); break;
    case SPIN_TYPE_VARIANT:
    case SPIN_TYPE_ENUM:
    case SPIN_TYPE_OPTION:
    case SPIN_TYPE_RESULT: load_case(lift, type, at, out); break;
    case SPIN_TYPE_FLAGS: load_flags(lift, type, at, out); break;
    default:
        put_number(lift, type,
                   type->layout.size == 8 ? spin_load_u64(at) : load_small(at, type->layout.size),
                   out);
        break;
    }
}

static void unflatten_items(spin_lift_t *lift, const wit_type_t *type, const spin_flat_t *flat,
                            spin_value_t *out) {
    bool is_same = type->kind == SPIN_TYPE_FIXED_LIST;
    size_t len = is_same ? type->length : type->parts_len;
    spin_value_t *items = new_items(lift, len, out);
    for (size_t i = 0; items != NULL && i < len; i++) {
        const wit_type_t *part = type->parts[is_same ? 0 : i].ref.type;
        abi_value_unflatten(lift, part, flat, &items[i]);
        flat += part->layout.flat_len;
    }
}

void abi_value_unflatten(spin_lift_t *lift, const wit_type_t *type, const spin_flat_t *flat,
                         spin_value_t *out) {
    const wit_type_t *payload;
    uint32_t *words;
    if (spin_lift_failed(lift))
        return;
    out->kind = type->kind;
    switch (type->kind) {
    case SPIN_TYPE_STRING: load_text(lift, (uint32_t)flat[0], (uint32_t)flat[1], out); break;
    case SPIN_TYPE_LIST:
    case SPIN_TYPE_MAP: load_list(lift, type, (uint32_t)flat[0], (uint32_t)flat[1], out); break;
    case SPIN_TYPE_FIXED_LIST:
    case SPIN_TYPE_TUPLE:
    case SPIN_TYPE_RECORD: unflatten_items(lift, type, flat, out); break;
    case SPIN_TYPE_VARIANT:
    case SPIN_TYPE_ENUM:
    case SPIN_TYPE_OPTION:
    case SPIN_TYPE_RESULT:
        payload = begin_case(lift, type, (uint32_t)flat[0], out);
        if (payload != NULL)
            abi_value_unflatten(lift, payload, flat + 1, out->of.variant.payload);
        break;
    case SPIN_TYPE_FLAGS:
        words = new_flags(lift, type, out);
        for (size_t i = 0; i < out->of.flags.len; i++)
            words[i] = (uint32_t)flat[i] & flags_mask(type, i);
        break;
    default: put_number(lift, type, flat[0], out); break;
    }
}

void abi_value_load_all(spin_lift_t *lift, const wit_function_t *function, const spin_flat_t *flat,
                        const uint8_t *area, spin_value_t *out) {
    size_t offset = 0;
    for (size_t i = 0; i < function->params_len; i++) {
        const wit_type_t *type = function->params[i].ref.type;
        if (area == NULL) {
            abi_value_unflatten(lift, type, flat, &out[i]);
            flat += type->layout.flat_len;
            continue;
        }
        offset = abi_align_up(offset, type->layout.align);
        abi_value_load(lift, type, area + offset, &out[i]);
        offset += type->layout.size;
    }
}
