/* Writing values of run-time types into a guest. */
#include "base/slice.h"
#include "engine/abi/state.h"
#include "engine/abi/value.h"
#include "engine/context.h"
#include "engine/model/model.h"

static size_t list_len(const spin_value_t *value) {
    return value->kind == SPIN_TYPE_BYTES ? value->of.text.len : value->of.list.len;
}

/* ── first pass ── */

static void measure_items(spin_lower_t *lower, const wit_type_t *type, const spin_value_t *value) {
    bool is_same = type->kind == SPIN_TYPE_LIST || type->kind == SPIN_TYPE_FIXED_LIST;
    for (size_t i = 0; i < value->of.list.len && !spin_lower_failed(lower); i++)
        abi_value_measure(lower, type->parts[is_same ? 0 : i].ref.type, &value->of.list.items[i]);
}

static void measure_list(spin_lower_t *lower, const wit_type_t *type, const spin_value_t *value) {
    abi_element_t element = abi_element_of(type);
    spin_lower_measure(lower, list_len(value), element.size, element.align);
    if (value->kind == SPIN_TYPE_BYTES)
        return;
    if (type->kind == SPIN_TYPE_LIST && type->parts[0].ref.type->has_pointers) {
        measure_items(lower, type, value);
    } else if (type->kind == SPIN_TYPE_MAP) {
        for (size_t i = 0; i < value->of.list.len && !spin_lower_failed(lower); i++)
            measure_items(lower, type, &value->of.list.items[i]);
    }
}

void abi_value_measure(spin_lower_t *lower, const wit_type_t *type, const spin_value_t *value) {
    if (!type->has_pointers)
        return;
    switch (type->kind) {
    case SPIN_TYPE_STRING: spin_lower_measure_text(lower, value->of.text); break;
    case SPIN_TYPE_LIST:
    case SPIN_TYPE_MAP: measure_list(lower, type, value); break;
    case SPIN_TYPE_FIXED_LIST:
    case SPIN_TYPE_TUPLE:
    case SPIN_TYPE_RECORD: measure_items(lower, type, value); break;
    default:
        if (value->of.variant.payload != NULL)
            abi_value_measure(lower, abi_case_type(type, value->of.variant.index),
                              value->of.variant.payload);
        break;
    }
}

/* ── second pass ── */

static void store_list(spin_lower_t *lower, const wit_type_t *type, const spin_value_t *value,
                       uint32_t *ptr) {
    if (value->kind == SPIN_TYPE_BYTES) {
        spin_lower_bytes(lower, value->of.text, ptr);
        return;
    }
    abi_element_t element = abi_element_of(type);
    size_t len = value->of.list.len;
    uint8_t *at = spin_lower_take(lower, len, element.size, element.align, ptr);
    for (size_t i = 0; at != NULL && i < len; i++, at += element.size) {
        const spin_value_t *item = &value->of.list.items[i];
        if (type->kind == SPIN_TYPE_MAP) {
            abi_value_store(lower, type->parts[0].ref.type, &item->of.list.items[0], at);
            abi_value_store(lower, type->parts[1].ref.type, &item->of.list.items[1],
                            at + element.second);
        } else {
            abi_value_store(lower, type->parts[0].ref.type, item, at);
        }
    }
}

static void store_fields(spin_lower_t *lower, const wit_type_t *type, const spin_value_t *value,
                         uint8_t *at) {
    size_t offset = 0;
    for (size_t i = 0; i < type->parts_len; i++) {
        const wit_type_t *part = type->parts[i].ref.type;
        offset = abi_align_up(offset, part->layout.align);
        abi_value_store(lower, part, &value->of.list.items[i], at + offset);
        offset += part->layout.size;
    }
}

static void store_number(uint8_t *at, uint32_t size, uint64_t number) {
    switch (size) {
    case 1: spin_store_u8(at, (uint8_t)number); break;
    case 2: spin_store_u16(at, (uint16_t)number); break;
    case 4: spin_store_u32(at, (uint32_t)number); break;
    case 8: spin_store_u64(at, number); break;
    default: break;
    }
}

static void store_case(spin_lower_t *lower, const wit_type_t *type, const spin_value_t *value,
                       uint8_t *at) {
    uint32_t index = value->of.variant.index;
    const wit_type_t *payload = abi_case_type(type, index);
    store_number(at, type->layout.discriminant, index);
    if (payload != NULL)
        abi_value_store(lower, payload, value->of.variant.payload, at + type->layout.payload);
}

static uint32_t flag_word(const spin_value_t *value, size_t index) {
    return index < value->of.flags.len ? value->of.flags.words[index] : 0;
}

static void store_flags(const wit_type_t *type, const spin_value_t *value, uint8_t *at) {
    if (type->layout.size < 4) {
        store_number(at, type->layout.size, flag_word(value, 0));
        return;
    }
    for (size_t i = 0; i < type->layout.size / 4; i++)
        spin_store_u32(at + 4 * i, flag_word(value, i));
}

/* The number that stands for a value of a type without parts, as wide as 64 bits. */
static uint64_t number_of(const wit_type_t *type, const spin_value_t *value) {
    switch (type->kind) {
    case SPIN_TYPE_BOOL: return value->of.boolean;
    case SPIN_TYPE_S8:
    case SPIN_TYPE_S16:
    case SPIN_TYPE_S32:
    case SPIN_TYPE_S64: return (uint64_t)value->of.integer;
    case SPIN_TYPE_F32: return spin_flat_of_f32(value->of.f32);
    case SPIN_TYPE_F64: return spin_flat_of_f64(value->of.f64);
    default: return value->of.natural;
    }
}

/* A guest that keeps its resources in a table is given what stands behind the handle. */
static uint32_t handle_of(spin_lower_t *lower, const wit_type_t *type, const spin_value_t *value) {
    uint32_t handle = (uint32_t)value->of.natural;
    if (lower->model != NULL)
        return model_lower_handle(lower, type, value->of.natural);
    if (handle != value->of.natural)
        spin_lower_fail(lower, "handle", value->of.natural);
    if (type->kind != SPIN_TYPE_BORROW)
        return handle;
    bool has_table =
        lower->instance != NULL && lower->instance->component->context->guest_resources != NULL;
    return has_table ? spin_lower_guest_borrow(lower, handle) : handle;
}

void abi_value_store(spin_lower_t *lower, const wit_type_t *type, const spin_value_t *value,
                     uint8_t *at) {
    uint32_t ptr, len;
    switch (type->kind) {
    case SPIN_TYPE_STRING:
        spin_lower_text(lower, value->of.text, &ptr, &len);
        spin_store_u32(at, ptr);
        spin_store_u32(at + 4, len);
        break;
    case SPIN_TYPE_LIST:
    case SPIN_TYPE_MAP:
        store_list(lower, type, value, &ptr);
        spin_store_u32(at, ptr);
        spin_store_u32(at + 4, (uint32_t)list_len(value));
        break;
    case SPIN_TYPE_FIXED_LIST: {
        const wit_type_t *part = type->parts[0].ref.type;
        for (size_t i = 0; i < type->length; i++)
            abi_value_store(lower, part, &value->of.list.items[i], at + i * part->layout.size);
        break;
    }
    case SPIN_TYPE_TUPLE:
    case SPIN_TYPE_RECORD: store_fields(lower, type, value, at); break;
    case SPIN_TYPE_VARIANT:
    case SPIN_TYPE_ENUM:
    case SPIN_TYPE_OPTION:
    case SPIN_TYPE_RESULT: store_case(lower, type, value, at); break;
    case SPIN_TYPE_FLAGS: store_flags(type, value, at); break;
    case SPIN_TYPE_OWN:
    case SPIN_TYPE_BORROW:
    case SPIN_TYPE_STREAM:
    case SPIN_TYPE_FUTURE:
    case SPIN_TYPE_ERROR_CONTEXT: spin_store_u32(at, handle_of(lower, type, value)); break;
    default: store_number(at, type->layout.size, number_of(type, value)); break;
    }
}

/* Cases share the same flat values, each as wide as the widest of them: as unsigned 64 bits the
 * bits of all fit, and what a case does not use is zero. */
static void flatten_case(spin_lower_t *lower, const wit_type_t *type, const spin_value_t *value,
                         spin_flat_t *flat) {
    uint32_t index = value->of.variant.index;
    const wit_type_t *payload = abi_case_type(type, index);
    memset(flat, 0, type->layout.flat_len * sizeof *flat);
    flat[0] = index;
    if (payload != NULL)
        abi_value_flatten(lower, payload, value->of.variant.payload, flat + 1);
}

static void flatten_items(spin_lower_t *lower, const wit_type_t *type, const spin_value_t *value,
                          spin_flat_t *flat) {
    bool is_same = type->kind == SPIN_TYPE_FIXED_LIST;
    size_t len = is_same ? type->length : type->parts_len;
    for (size_t i = 0; i < len; i++) {
        const wit_type_t *part = type->parts[is_same ? 0 : i].ref.type;
        abi_value_flatten(lower, part, &value->of.list.items[i], flat);
        flat += part->layout.flat_len;
    }
}

void abi_value_flatten(spin_lower_t *lower, const wit_type_t *type, const spin_value_t *value,
                       spin_flat_t *flat) {
    uint32_t ptr, len;
    switch (type->kind) {
    case SPIN_TYPE_STRING:
        spin_lower_text(lower, value->of.text, &ptr, &len);
        flat[0] = ptr;
        flat[1] = len;
        break;
    case SPIN_TYPE_LIST:
    case SPIN_TYPE_MAP:
        store_list(lower, type, value, &ptr);
        flat[0] = ptr;
        flat[1] = list_len(value);
        break;
    case SPIN_TYPE_FIXED_LIST:
    case SPIN_TYPE_TUPLE:
    case SPIN_TYPE_RECORD: flatten_items(lower, type, value, flat); break;
    case SPIN_TYPE_VARIANT:
    case SPIN_TYPE_ENUM:
    case SPIN_TYPE_OPTION:
    case SPIN_TYPE_RESULT: flatten_case(lower, type, value, flat); break;
    case SPIN_TYPE_FLAGS:
        for (size_t i = 0; i < type->layout.flat_len; i++)
            flat[i] = flag_word(value, i);
        break;
    case SPIN_TYPE_OWN:
    case SPIN_TYPE_BORROW:
    case SPIN_TYPE_STREAM:
    case SPIN_TYPE_FUTURE:
    case SPIN_TYPE_ERROR_CONTEXT: flat[0] = handle_of(lower, type, value); break;
    case SPIN_TYPE_S64:
    case SPIN_TYPE_U64:
    case SPIN_TYPE_F64: flat[0] = number_of(type, value); break;
    default: flat[0] = (uint32_t)number_of(type, value); break;
    }
}
