/* Host bindings of interface "types" in types.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#include "types.h"

#include <string.h>

#define LITTLE_ENDIAN_HOST (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

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

static void store_list_u8(spin_lower_t *lower, uint8_t *at, spin_slice_t value) {
    uint32_t ptr;
    spin_lower_bytes(lower, value, &ptr);
    spin_store_u32(at, ptr);
    spin_store_u32(at + 4, (uint32_t)value.len);
}

static void flatten_list_u8(spin_lower_t *lower, spin_flat_t *flat, spin_slice_t value) {
    uint32_t ptr;
    spin_lower_bytes(lower, value, &ptr);
    flat[0] = ptr;
    flat[1] = (uint32_t)value.len;
}

static uint32_t lower_char(spin_lower_t *lower, uint32_t value) {
    if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        spin_lower_fail(lower, "char", value);
    return value;
}

static void store_scalars(spin_lower_t *lower, uint8_t *at, const types_scalars_t *value) {
    spin_store_u8(at, value->a_bool);
    spin_store_u8(at + 1, (uint8_t)value->a_s8);
    spin_store_u8(at + 2, value->a_u8);
    spin_store_u16(at + 4, (uint16_t)value->a_s16);
    spin_store_u16(at + 6, value->a_u16);
    spin_store_u32(at + 8, (uint32_t)value->a_s32);
    spin_store_u32(at + 12, value->a_u32);
    spin_store_u64(at + 16, (uint64_t)value->a_s64);
    spin_store_u64(at + 24, value->a_u64);
    spin_store_f32(at + 32, value->a_f32);
    spin_store_f64(at + 40, value->a_f64);
    spin_store_u32(at + 48, lower_char(lower, value->a_char));
}

static void measure_list_string(spin_lower_t *lower, const types_list_string_t *value) {
    spin_lower_measure(lower, value->len, 8, 4);
    for (size_t i = 0; i < value->len; i++) {
        spin_lower_measure_text(lower, value->items[i]);
    }
}

static uint32_t lower_list_string(spin_lower_t *lower, const types_list_string_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 8, 4, &ptr);
    if (to == NULL)
        return ptr;
    for (size_t i = 0; i < value->len; i++) {
        store_string(lower, to + i * 8, value->items[i]);
    }
    return ptr;
}

static void measure_list_list_u8(spin_lower_t *lower, const types_list_list_u8_t *value) {
    spin_lower_measure(lower, value->len, 8, 4);
    for (size_t i = 0; i < value->len; i++) {
        spin_lower_measure(lower, value->items[i].len, 1, 1);
    }
}

static uint32_t lower_list_list_u8(spin_lower_t *lower, const types_list_list_u8_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 8, 4, &ptr);
    if (to == NULL)
        return ptr;
    for (size_t i = 0; i < value->len; i++) {
        store_list_u8(lower, to + i * 8, value->items[i]);
    }
    return ptr;
}

static void measure_list_u32(spin_lower_t *lower, const types_list_u32_t *value) {
    spin_lower_measure(lower, value->len, 4, 4);
}

static uint32_t lower_list_u32(spin_lower_t *lower, const types_list_u32_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 4, 4, &ptr);
    if (to == NULL)
        return ptr;
    if (LITTLE_ENDIAN_HOST) {
        memcpy(to, value->items, value->len * 4);
        return ptr;
    }
    for (size_t i = 0; i < value->len; i++) {
        spin_store_u32(to + i * 4, value->items[i]);
    }
    return ptr;
}

static void measure_list_f64(spin_lower_t *lower, const types_list_f64_t *value) {
    spin_lower_measure(lower, value->len, 8, 8);
}

static uint32_t lower_list_f64(spin_lower_t *lower, const types_list_f64_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 8, 8, &ptr);
    if (to == NULL)
        return ptr;
    if (LITTLE_ENDIAN_HOST) {
        memcpy(to, value->items, value->len * 8);
        return ptr;
    }
    for (size_t i = 0; i < value->len; i++) {
        spin_store_f64(to + i * 8, value->items[i]);
    }
    return ptr;
}

static void measure_list_bool(spin_lower_t *lower, const types_list_bool_t *value) {
    spin_lower_measure(lower, value->len, 1, 1);
}

static uint32_t lower_list_bool(spin_lower_t *lower, const types_list_bool_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 1, 1, &ptr);
    if (to == NULL)
        return ptr;
    for (size_t i = 0; i < value->len; i++) {
        spin_store_u8(to + i, value->items[i]);
    }
    return ptr;
}

static void measure_list_char(spin_lower_t *lower, const types_list_char_t *value) {
    spin_lower_measure(lower, value->len, 4, 4);
}

static uint32_t lower_list_char(spin_lower_t *lower, const types_list_char_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 4, 4, &ptr);
    if (to == NULL)
        return ptr;
    for (size_t i = 0; i < value->len; i++) {
        spin_store_u32(to + i * 4, lower_char(lower, value->items[i]));
    }
    return ptr;
}

static void measure_list_u16(spin_lower_t *lower, const types_list_u16_t *value) {
    spin_lower_measure(lower, value->len, 2, 2);
}

static uint32_t lower_list_u16(spin_lower_t *lower, const types_list_u16_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 2, 2, &ptr);
    if (to == NULL)
        return ptr;
    if (LITTLE_ENDIAN_HOST) {
        memcpy(to, value->items, value->len * 2);
        return ptr;
    }
    for (size_t i = 0; i < value->len; i++) {
        spin_store_u16(to + i * 2, value->items[i]);
    }
    return ptr;
}

static void measure_list_list_u16(spin_lower_t *lower, const types_list_list_u16_t *value) {
    spin_lower_measure(lower, value->len, 8, 4);
    for (size_t i = 0; i < value->len; i++) {
        measure_list_u16(lower, &value->items[i]);
    }
}

static uint32_t lower_list_list_u16(spin_lower_t *lower, const types_list_list_u16_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 8, 4, &ptr);
    if (to == NULL)
        return ptr;
    for (size_t i = 0; i < value->len; i++) {
        spin_store_u32(to + i * 8, lower_list_u16(lower, &value->items[i]));
        spin_store_u32(to + i * 8 + 4, (uint32_t)value->items[i].len);
    }
    return ptr;
}

static void store_list4_u8(spin_lower_t *lower, uint8_t *at, const types_list4_u8_t *value) {
    (void)lower;
    for (size_t i = 0; i < 4; i++) {
        spin_store_u8(at + i * 1, value->items[i]);
    }
}

static void measure_tuple2_string_u64(spin_lower_t *lower, const types_tuple2_string_u64_t *value) {
    spin_lower_measure_text(lower, value->f0);
}

static void store_tuple2_string_u64(spin_lower_t *lower, uint8_t *at,
                                    const types_tuple2_string_u64_t *value) {
    store_string(lower, at, value->f0);
    spin_store_u64(at + 8, value->f1);
}

static void measure_list2_tuple2_string_u64(spin_lower_t *lower,
                                            const types_list2_tuple2_string_u64_t *value) {
    for (size_t i = 0; i < 2; i++) {
        measure_tuple2_string_u64(lower, &value->items[i]);
    }
}

static void store_list2_tuple2_string_u64(spin_lower_t *lower, uint8_t *at,
                                          const types_list2_tuple2_string_u64_t *value) {
    for (size_t i = 0; i < 2; i++) {
        store_tuple2_string_u64(lower, at + i * 16, &value->items[i]);
    }
}

static void measure_lists(spin_lower_t *lower, const types_lists_t *value) {
    measure_list_string(lower, &value->texts);
    measure_list_list_u8(lower, &value->blobs);
    measure_list_u32(lower, &value->words);
    measure_list_f64(lower, &value->floats);
    measure_list_bool(lower, &value->bools);
    measure_list_char(lower, &value->letters);
    measure_list_list_u16(lower, &value->nested);
    measure_list2_tuple2_string_u64(lower, &value->pairs);
}

static void store_lists(spin_lower_t *lower, uint8_t *at, const types_lists_t *value) {
    spin_store_u32(at, lower_list_string(lower, &value->texts));
    spin_store_u32(at + 4, (uint32_t)value->texts.len);
    spin_store_u32(at + 8, lower_list_list_u8(lower, &value->blobs));
    spin_store_u32(at + 12, (uint32_t)value->blobs.len);
    spin_store_u32(at + 16, lower_list_u32(lower, &value->words));
    spin_store_u32(at + 20, (uint32_t)value->words.len);
    spin_store_u32(at + 24, lower_list_f64(lower, &value->floats));
    spin_store_u32(at + 28, (uint32_t)value->floats.len);
    spin_store_u32(at + 32, lower_list_bool(lower, &value->bools));
    spin_store_u32(at + 36, (uint32_t)value->bools.len);
    spin_store_u32(at + 40, lower_list_char(lower, &value->letters));
    spin_store_u32(at + 44, (uint32_t)value->letters.len);
    spin_store_u32(at + 48, lower_list_list_u16(lower, &value->nested));
    spin_store_u32(at + 52, (uint32_t)value->nested.len);
    store_list4_u8(lower, at + 56, &value->four);
    store_list2_tuple2_string_u64(lower, at + 64, &value->pairs);
}

static void store_list3_u32(spin_lower_t *lower, uint8_t *at, const types_list3_u32_t *value) {
    (void)lower;
    for (size_t i = 0; i < 3; i++) {
        spin_store_u32(at + i * 4, value->items[i]);
    }
}

static void flatten_list3_u32(spin_lower_t *lower, spin_flat_t *flat,
                              const types_list3_u32_t *value) {
    (void)lower;
    for (size_t i = 0; i < 3; i++) {
        spin_flat_t *to = flat + i * 1;
        to[0] = value->items[i];
    }
}

static void flatten_tuple2_u8_f32(spin_lower_t *lower, spin_flat_t *flat,
                                  const types_tuple2_u8_f32_t *value) {
    (void)lower;
    flat[0] = value->f0;
    flat[1] = spin_flat_of_f32(value->f1);
}

static void flatten_list2_tuple2_u8_f32(spin_lower_t *lower, spin_flat_t *flat,
                                        const types_list2_tuple2_u8_f32_t *value) {
    for (size_t i = 0; i < 2; i++) {
        spin_flat_t *to = flat + i * 2;
        flatten_tuple2_u8_f32(lower, to, &value->items[i]);
    }
}

static void measure_map_string_u64(spin_lower_t *lower, const types_map_string_u64_t *value) {
    spin_lower_measure(lower, value->len, 16, 8);
    for (size_t i = 0; i < value->len; i++) {
        spin_lower_measure_text(lower, value->items[i].key);
    }
}

static uint32_t lower_map_string_u64(spin_lower_t *lower, const types_map_string_u64_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 16, 8, &ptr);
    if (to == NULL)
        return ptr;
    for (size_t i = 0; i < value->len; i++) {
        store_string(lower, to + i * 16, value->items[i].key);
        spin_store_u64(to + i * 16 + 8, value->items[i].value);
    }
    return ptr;
}

static void measure_map_u8_list_string(spin_lower_t *lower,
                                       const types_map_u8_list_string_t *value) {
    spin_lower_measure(lower, value->len, 12, 4);
    for (size_t i = 0; i < value->len; i++) {
        measure_list_string(lower, &value->items[i].value);
    }
}

static uint32_t lower_map_u8_list_string(spin_lower_t *lower,
                                         const types_map_u8_list_string_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 12, 4, &ptr);
    if (to == NULL)
        return ptr;
    for (size_t i = 0; i < value->len; i++) {
        spin_store_u8(to + i * 12, value->items[i].key);
        spin_store_u32(to + i * 12 + 4, lower_list_string(lower, &value->items[i].value));
        spin_store_u32(to + i * 12 + 8, (uint32_t)value->items[i].value.len);
    }
    return ptr;
}

static types_color_t lower_color(spin_lower_t *lower, types_color_t value) {
    if (value >= 3)
        spin_lower_fail(lower, "enum color", value);
    return value;
}

static types_few_t lower_few(spin_lower_t *lower, types_few_t value) {
    if (value >> 3 != 0)
        spin_lower_fail(lower, "flags few", value);
    return value;
}

static types_dozen_t lower_dozen(spin_lower_t *lower, types_dozen_t value) {
    if (value >> 12 != 0)
        spin_lower_fail(lower, "flags dozen", value);
    return value;
}

static types_thirty_two_t lower_thirty_two(spin_lower_t *lower, types_thirty_two_t value) {
    (void)lower;
    return value;
}

static void
store_tuple4_color_few_dozen_thirty_two(spin_lower_t *lower, uint8_t *at,
                                        const types_tuple4_color_few_dozen_thirty_two_t *value) {
    spin_store_u8(at, lower_color(lower, value->f0));
    spin_store_u8(at + 1, lower_few(lower, value->f1));
    spin_store_u16(at + 2, lower_dozen(lower, value->f2));
    spin_store_u32(at + 4, lower_thirty_two(lower, value->f3));
}

static void measure_list_color(spin_lower_t *lower, const types_list_color_t *value) {
    spin_lower_measure(lower, value->len, 1, 1);
}

static uint32_t lower_list_color(spin_lower_t *lower, const types_list_color_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 1, 1, &ptr);
    if (to == NULL)
        return ptr;
    for (size_t i = 0; i < value->len; i++) {
        spin_store_u8(to + i, lower_color(lower, value->items[i]));
    }
    return ptr;
}

static void store_tuple2_f32_f32(spin_lower_t *lower, uint8_t *at,
                                 const types_tuple2_f32_f32_t *value) {
    (void)lower;
    spin_store_f32(at, value->f0);
    spin_store_f32(at + 4, value->f1);
}

static void measure_list_tuple2_f32_f32(spin_lower_t *lower,
                                        const types_list_tuple2_f32_f32_t *value) {
    spin_lower_measure(lower, value->len, 8, 4);
}

static uint32_t lower_list_tuple2_f32_f32(spin_lower_t *lower,
                                          const types_list_tuple2_f32_f32_t *value) {
    uint32_t ptr = 0;
    uint8_t *to = spin_lower_take(lower, value->len, 8, 4, &ptr);
    if (to == NULL)
        return ptr;
    for (size_t i = 0; i < value->len; i++) {
        store_tuple2_f32_f32(lower, to + i * 8, &value->items[i]);
    }
    return ptr;
}

static void measure_shape(spin_lower_t *lower, const types_shape_t *value) {
    switch (value->tag) {
    case TYPES_SHAPE_LABEL: spin_lower_measure_text(lower, value->of.label); break;
    case TYPES_SHAPE_CORNERS: measure_list_tuple2_f32_f32(lower, &value->of.corners); break;
    default: break;
    }
}

static void store_shape(spin_lower_t *lower, uint8_t *at, const types_shape_t *value) {
    if (value->tag >= 6) {
        spin_lower_fail(lower, "variant shape", value->tag);
        return;
    }
    spin_store_u8(at, value->tag);
    switch (value->tag) {
    case TYPES_SHAPE_CIRCLE: spin_store_f32(at + 8, value->of.circle); break;
    case TYPES_SHAPE_SQUARE: spin_store_f64(at + 8, value->of.square); break;
    case TYPES_SHAPE_LABEL: store_string(lower, at + 8, value->of.label); break;
    case TYPES_SHAPE_COUNT: spin_store_u64(at + 8, value->of.count); break;
    case TYPES_SHAPE_CORNERS:
        spin_store_u32(at + 8, lower_list_tuple2_f32_f32(lower, &value->of.corners));
        spin_store_u32(at + 12, (uint32_t)value->of.corners.len);
        break;
    default: break;
    }
}

static void flatten_shape(spin_lower_t *lower, spin_flat_t *flat, const types_shape_t *value) {
    if (value->tag >= 6) {
        spin_lower_fail(lower, "variant shape", value->tag);
    }
    flat[0] = value->tag;
    memset(flat + 1, 0, 2 * sizeof *flat);
    switch (value->tag) {
    case TYPES_SHAPE_CIRCLE: flat[1] = spin_flat_of_f32(value->of.circle); break;
    case TYPES_SHAPE_SQUARE: flat[1] = spin_flat_of_f64(value->of.square); break;
    case TYPES_SHAPE_LABEL: flatten_string(lower, flat + 1, value->of.label); break;
    case TYPES_SHAPE_COUNT: flat[1] = value->of.count; break;
    case TYPES_SHAPE_CORNERS:
        flat[1] = lower_list_tuple2_f32_f32(lower, &value->of.corners);
        flat[2] = (uint32_t)value->of.corners.len;
        break;
    default: break;
    }
}

static void measure_option_shape(spin_lower_t *lower, const types_option_shape_t *value) {
    if (value->is_some) {
        measure_shape(lower, &value->value);
    }
}

static void flatten_option_shape(spin_lower_t *lower, spin_flat_t *flat,
                                 const types_option_shape_t *value) {
    flat[0] = value->is_some;
    memset(flat + 1, 0, 3 * sizeof *flat);
    if (value->is_some) {
        flatten_shape(lower, flat + 1, &value->value);
    }
}

static void store_bare(spin_lower_t *lower, uint8_t *at, const types_bare_t *value) {
    if (value->tag >= 2) {
        spin_lower_fail(lower, "variant bare", value->tag);
        return;
    }
    spin_store_u8(at, value->tag);
}

static void flatten_bare(spin_lower_t *lower, spin_flat_t *flat, const types_bare_t *value) {
    if (value->tag >= 2) {
        spin_lower_fail(lower, "variant bare", value->tag);
    }
    flat[0] = value->tag;
}

static void measure_result_shape_bare(spin_lower_t *lower, const types_result_shape_bare_t *value) {
    if (!value->is_error) {
        measure_shape(lower, &value->of.ok);
    }
}

static void store_result_shape_bare(spin_lower_t *lower, uint8_t *at,
                                    const types_result_shape_bare_t *value) {
    spin_store_u8(at, value->is_error);
    if (!value->is_error) {
        store_shape(lower, at + 8, &value->of.ok);
    } else {
        store_bare(lower, at + 8, &value->of.error);
    }
}

static void measure_option_string(spin_lower_t *lower, const types_option_string_t *value) {
    if (value->is_some) {
        spin_lower_measure_text(lower, value->value);
    }
}

static void store_option_string(spin_lower_t *lower, uint8_t *at,
                                const types_option_string_t *value) {
    spin_store_u8(at, value->is_some);
    if (value->is_some) {
        store_string(lower, at + 4, value->value);
    }
}

static void flatten_option_string(spin_lower_t *lower, spin_flat_t *flat,
                                  const types_option_string_t *value) {
    flat[0] = value->is_some;
    memset(flat + 1, 0, 2 * sizeof *flat);
    if (value->is_some) {
        flatten_string(lower, flat + 1, value->value);
    }
}

static void measure_option_option_string(spin_lower_t *lower,
                                         const types_option_option_string_t *value) {
    if (value->is_some) {
        measure_option_string(lower, &value->value);
    }
}

static void store_option_option_string(spin_lower_t *lower, uint8_t *at,
                                       const types_option_option_string_t *value) {
    spin_store_u8(at, value->is_some);
    if (value->is_some) {
        store_option_string(lower, at + 4, &value->value);
    }
}

static void flatten_option_option_string(spin_lower_t *lower, spin_flat_t *flat,
                                         const types_option_option_string_t *value) {
    flat[0] = value->is_some;
    memset(flat + 1, 0, 3 * sizeof *flat);
    if (value->is_some) {
        flatten_option_string(lower, flat + 1, &value->value);
    }
}

static void store_tuple2_u8_u16(spin_lower_t *lower, uint8_t *at,
                                const types_tuple2_u8_u16_t *value) {
    (void)lower;
    spin_store_u8(at, value->f0);
    spin_store_u16(at + 2, value->f1);
}

static void flatten_tuple2_u8_u16(spin_lower_t *lower, spin_flat_t *flat,
                                  const types_tuple2_u8_u16_t *value) {
    (void)lower;
    flat[0] = value->f0;
    flat[1] = value->f1;
}

static void
measure_result_list_u8_tuple2_u8_u16(spin_lower_t *lower,
                                     const types_result_list_u8_tuple2_u8_u16_t *value) {
    if (!value->is_error) {
        spin_lower_measure(lower, value->of.ok.len, 1, 1);
    }
}

static void store_result_list_u8_tuple2_u8_u16(spin_lower_t *lower, uint8_t *at,
                                               const types_result_list_u8_tuple2_u8_u16_t *value) {
    spin_store_u8(at, value->is_error);
    if (!value->is_error) {
        store_list_u8(lower, at + 4, value->of.ok);
    } else {
        store_tuple2_u8_u16(lower, at + 4, &value->of.error);
    }
}

static void
flatten_result_list_u8_tuple2_u8_u16(spin_lower_t *lower, spin_flat_t *flat,
                                     const types_result_list_u8_tuple2_u8_u16_t *value) {
    flat[0] = value->is_error;
    memset(flat + 1, 0, 2 * sizeof *flat);
    if (!value->is_error) {
        flatten_list_u8(lower, flat + 1, value->of.ok);
    } else {
        flatten_tuple2_u8_u16(lower, flat + 1, &value->of.error);
    }
}

static void store_result_u32_void(spin_lower_t *lower, uint8_t *at,
                                  const types_result_u32_void_t *value) {
    (void)lower;
    spin_store_u8(at, value->is_error);
    if (!value->is_error) {
        spin_store_u32(at + 4, value->of.ok);
    }
}

static void flatten_result_u32_void(spin_lower_t *lower, spin_flat_t *flat,
                                    const types_result_u32_void_t *value) {
    (void)lower;
    flat[0] = value->is_error;
    flat[1] = 0;
    if (!value->is_error) {
        flat[1] = value->of.ok;
    }
}

static void measure_result_void_string(spin_lower_t *lower,
                                       const types_result_void_string_t *value) {
    if (value->is_error) {
        spin_lower_measure_text(lower, value->of.error);
    }
}

static void store_result_void_string(spin_lower_t *lower, uint8_t *at,
                                     const types_result_void_string_t *value) {
    spin_store_u8(at, value->is_error);
    if (value->is_error) {
        store_string(lower, at + 4, value->of.error);
    }
}

static void flatten_result_void_string(spin_lower_t *lower, spin_flat_t *flat,
                                       const types_result_void_string_t *value) {
    flat[0] = value->is_error;
    memset(flat + 1, 0, 2 * sizeof *flat);
    if (value->is_error) {
        flatten_string(lower, flat + 1, value->of.error);
    }
}

static void store_result_void_void(spin_lower_t *lower, uint8_t *at,
                                   const types_result_void_void_t *value) {
    (void)lower;
    spin_store_u8(at, value->is_error);
}

static void flatten_result_void_void(spin_lower_t *lower, spin_flat_t *flat,
                                     const types_result_void_void_t *value) {
    (void)lower;
    flat[0] = value->is_error;
}

static void measure_nested(spin_lower_t *lower, const types_nested_t *value) {
    measure_option_option_string(lower, &value->maybe);
    measure_result_list_u8_tuple2_u8_u16(lower, &value->either);
    measure_result_void_string(lower, &value->only_error);
}

static void store_nested(spin_lower_t *lower, uint8_t *at, const types_nested_t *value) {
    store_option_option_string(lower, at, &value->maybe);
    store_result_list_u8_tuple2_u8_u16(lower, at + 16, &value->either);
    store_result_u32_void(lower, at + 28, &value->only_ok);
    store_result_void_string(lower, at + 36, &value->only_error);
    store_result_void_void(lower, at + 48, &value->neither);
}

static void flatten_nested(spin_lower_t *lower, spin_flat_t *flat, const types_nested_t *value) {
    flatten_option_option_string(lower, flat, &value->maybe);
    flatten_result_list_u8_tuple2_u8_u16(lower, flat + 4, &value->either);
    flatten_result_u32_void(lower, flat + 7, &value->only_ok);
    flatten_result_void_string(lower, flat + 9, &value->only_error);
    flatten_result_void_void(lower, flat + 12, &value->neither);
}

static void measure_option_nested(spin_lower_t *lower, const types_option_nested_t *value) {
    if (value->is_some) {
        measure_nested(lower, &value->value);
    }
}

static void store_option_nested(spin_lower_t *lower, uint8_t *at,
                                const types_option_nested_t *value) {
    spin_store_u8(at, value->is_some);
    if (value->is_some) {
        store_nested(lower, at + 4, &value->value);
    }
}

static void measure_result_string_color(spin_lower_t *lower,
                                        const types_result_string_color_t *value) {
    if (!value->is_error) {
        spin_lower_measure_text(lower, value->of.ok);
    }
}

static void store_result_string_color(spin_lower_t *lower, uint8_t *at,
                                      const types_result_string_color_t *value) {
    spin_store_u8(at, value->is_error);
    if (!value->is_error) {
        store_string(lower, at + 4, value->of.ok);
    } else {
        spin_store_u8(at + 4, lower_color(lower, value->of.error));
    }
}

static void load_scalars(spin_lift_t *lift, const uint8_t *at, types_scalars_t *value) {
    value->a_bool = spin_load_u8(at) != 0;
    value->a_s8 = (int8_t)spin_load_u8(at + 1);
    value->a_u8 = spin_load_u8(at + 2);
    value->a_s16 = (int16_t)spin_load_u16(at + 4);
    value->a_u16 = spin_load_u16(at + 6);
    value->a_s32 = (int32_t)spin_load_u32(at + 8);
    value->a_u32 = spin_load_u32(at + 12);
    value->a_s64 = (int64_t)spin_load_u64(at + 16);
    value->a_u64 = spin_load_u64(at + 24);
    value->a_f32 = spin_load_f32(at + 32);
    value->a_f64 = spin_load_f64(at + 40);
    value->a_char = spin_lift_char(lift, spin_load_u32(at + 48));
}

static void load_list_string(spin_lift_t *lift, uint32_t ptr, uint32_t len,
                             types_list_string_t *value) {
    const uint8_t *from = spin_lift_at(lift, ptr, len, 8, 4);
    void *items = from == NULL ? NULL : spin_lift_alloc(lift, len, sizeof *value->items);
    if (items == NULL)
        return;
    value->items = (spin_string_t *)items;
    value->len = len;
    for (uint32_t i = 0; i < len; i++) {
        value->items[i] = spin_lift_text(lift, spin_load_u32(from + (size_t)i * 8),
                                         spin_load_u32(from + (size_t)i * 8 + 4));
    }
}

void types_list_string_clear(types_list_string_t *value) {
    for (size_t i = 0; i < value->len; i++) {
        spin_string_clear(&value->items[i]);
    }
    spin_memory_release(value->items);
    memset(value, 0, sizeof *value);
}

static void load_list_list_u8(spin_lift_t *lift, uint32_t ptr, uint32_t len,
                              types_list_list_u8_t *value) {
    const uint8_t *from = spin_lift_at(lift, ptr, len, 8, 4);
    void *items = from == NULL ? NULL : spin_lift_alloc(lift, len, sizeof *value->items);
    if (items == NULL)
        return;
    value->items = (spin_string_t *)items;
    value->len = len;
    for (uint32_t i = 0; i < len; i++) {
        value->items[i] = spin_lift_bytes(lift, spin_load_u32(from + (size_t)i * 8),
                                          spin_load_u32(from + (size_t)i * 8 + 4));
    }
}

void types_list_list_u8_clear(types_list_list_u8_t *value) {
    for (size_t i = 0; i < value->len; i++) {
        spin_string_clear(&value->items[i]);
    }
    spin_memory_release(value->items);
    memset(value, 0, sizeof *value);
}

static void load_list_u32(spin_lift_t *lift, uint32_t ptr, uint32_t len, types_list_u32_t *value) {
    const uint8_t *from = spin_lift_at(lift, ptr, len, 4, 4);
    void *items = from == NULL ? NULL : spin_lift_alloc(lift, len, sizeof *value->items);
    if (items == NULL)
        return;
    value->items = (uint32_t *)items;
    value->len = len;
    if (LITTLE_ENDIAN_HOST) {
        memcpy(value->items, from, (size_t)len * 4);
        return;
    }
    for (uint32_t i = 0; i < len; i++) {
        value->items[i] = spin_load_u32(from + (size_t)i * 4);
    }
}

void types_list_u32_clear(types_list_u32_t *value) {
    spin_memory_release(value->items);
    memset(value, 0, sizeof *value);
}

static void load_list_f64(spin_lift_t *lift, uint32_t ptr, uint32_t len, types_list_f64_t *value) {
    const uint8_t *from = spin_lift_at(lift, ptr, len, 8, 8);
    void *items = from == NULL ? NULL : spin_lift_alloc(lift, len, sizeof *value->items);
    if (items == NULL)
        return;
    value->items = (double *)items;
    value->len = len;
    if (LITTLE_ENDIAN_HOST) {
        memcpy(value->items, from, (size_t)len * 8);
        return;
    }
    for (uint32_t i = 0; i < len; i++) {
        value->items[i] = spin_load_f64(from + (size_t)i * 8);
    }
}

void types_list_f64_clear(types_list_f64_t *value) {
    spin_memory_release(value->items);
    memset(value, 0, sizeof *value);
}

static void load_list_bool(spin_lift_t *lift, uint32_t ptr, uint32_t len,
                           types_list_bool_t *value) {
    const uint8_t *from = spin_lift_at(lift, ptr, len, 1, 1);
    void *items = from == NULL ? NULL : spin_lift_alloc(lift, len, sizeof *value->items);
    if (items == NULL)
        return;
    value->items = (bool *)items;
    value->len = len;
    for (uint32_t i = 0; i < len; i++) {
        value->items[i] = spin_load_u8(from + i) != 0;
    }
}

void types_list_bool_clear(types_list_bool_t *value) {
    spin_memory_release(value->items);
    memset(value, 0, sizeof *value);
}

static void load_list_char(spin_lift_t *lift, uint32_t ptr, uint32_t len,
                           types_list_char_t *value) {
    const uint8_t *from = spin_lift_at(lift, ptr, len, 4, 4);
    void *items = from == NULL ? NULL : spin_lift_alloc(lift, len, sizeof *value->items);
    if (items == NULL)
        return;
    value->items = (uint32_t *)items;
    value->len = len;
    for (uint32_t i = 0; i < len; i++) {
        value->items[i] = spin_lift_char(lift, spin_load_u32(from + (size_t)i * 4));
    }
}

void types_list_char_clear(types_list_char_t *value) {
    spin_memory_release(value->items);
    memset(value, 0, sizeof *value);
}

static void load_list_u16(spin_lift_t *lift, uint32_t ptr, uint32_t len, types_list_u16_t *value) {
    const uint8_t *from = spin_lift_at(lift, ptr, len, 2, 2);
    void *items = from == NULL ? NULL : spin_lift_alloc(lift, len, sizeof *value->items);
    if (items == NULL)
        return;
    value->items = (uint16_t *)items;
    value->len = len;
    if (LITTLE_ENDIAN_HOST) {
        memcpy(value->items, from, (size_t)len * 2);
        return;
    }
    for (uint32_t i = 0; i < len; i++) {
        value->items[i] = spin_load_u16(from + (size_t)i * 2);
    }
}

void types_list_u16_clear(types_list_u16_t *value) {
    spin_memory_release(value->items);
    memset(value, 0, sizeof *value);
}

static void load_list_list_u16(spin_lift_t *lift, uint32_t ptr, uint32_t len,
                               types_list_list_u16_t *value) {
    const uint8_t *from = spin_lift_at(lift, ptr, len, 8, 4);
    void *items = from == NULL ? NULL : spin_lift_alloc(lift, len, sizeof *value->items);
    if (items == NULL)
        return;
    value->items = (types_list_u16_t *)items;
    value->len = len;
    for (uint32_t i = 0; i < len; i++) {
        load_list_u16(lift, spin_load_u32(from + (size_t)i * 8),
                      spin_load_u32(from + (size_t)i * 8 + 4), &value->items[i]);
    }
}

void types_list_list_u16_clear(types_list_list_u16_t *value) {
    for (size_t i = 0; i < value->len; i++) {
        types_list_u16_clear(&value->items[i]);
    }
    spin_memory_release(value->items);
    memset(value, 0, sizeof *value);
}

static void load_list4_u8(spin_lift_t *lift, const uint8_t *at, types_list4_u8_t *value) {
    (void)lift;
    for (size_t i = 0; i < 4; i++) {
        value->items[i] = spin_load_u8(at + i * 1);
    }
}

static void load_tuple2_string_u64(spin_lift_t *lift, const uint8_t *at,
                                   types_tuple2_string_u64_t *value) {
    value->f0 = spin_lift_text(lift, spin_load_u32(at), spin_load_u32(at + 4));
    value->f1 = spin_load_u64(at + 8);
}

void types_tuple2_string_u64_clear(types_tuple2_string_u64_t *value) {
    spin_string_clear(&value->f0);
    memset(value, 0, sizeof *value);
}

static void load_list2_tuple2_string_u64(spin_lift_t *lift, const uint8_t *at,
                                         types_list2_tuple2_string_u64_t *value) {
    for (size_t i = 0; i < 2; i++) {
        load_tuple2_string_u64(lift, at + i * 16, &value->items[i]);
    }
}

void types_list2_tuple2_string_u64_clear(types_list2_tuple2_string_u64_t *value) {
    for (size_t i = 0; i < 2; i++) {
        types_tuple2_string_u64_clear(&value->items[i]);
    }
    memset(value, 0, sizeof *value);
}

static void load_lists(spin_lift_t *lift, const uint8_t *at, types_lists_t *value) {
    load_list_string(lift, spin_load_u32(at), spin_load_u32(at + 4), &value->texts);
    load_list_list_u8(lift, spin_load_u32(at + 8), spin_load_u32(at + 12), &value->blobs);
    load_list_u32(lift, spin_load_u32(at + 16), spin_load_u32(at + 20), &value->words);
    load_list_f64(lift, spin_load_u32(at + 24), spin_load_u32(at + 28), &value->floats);
    load_list_bool(lift, spin_load_u32(at + 32), spin_load_u32(at + 36), &value->bools);
    load_list_char(lift, spin_load_u32(at + 40), spin_load_u32(at + 44), &value->letters);
    load_list_list_u16(lift, spin_load_u32(at + 48), spin_load_u32(at + 52), &value->nested);
    load_list4_u8(lift, at + 56, &value->four);
    load_list2_tuple2_string_u64(lift, at + 64, &value->pairs);
}

void types_lists_clear(types_lists_t *value) {
    types_list_string_clear(&value->texts);
    types_list_list_u8_clear(&value->blobs);
    types_list_u32_clear(&value->words);
    types_list_f64_clear(&value->floats);
    types_list_bool_clear(&value->bools);
    types_list_char_clear(&value->letters);
    types_list_list_u16_clear(&value->nested);
    types_list2_tuple2_string_u64_clear(&value->pairs);
    memset(value, 0, sizeof *value);
}

static void load_list3_u32(spin_lift_t *lift, const uint8_t *at, types_list3_u32_t *value) {
    (void)lift;
    for (size_t i = 0; i < 3; i++) {
        value->items[i] = spin_load_u32(at + i * 4);
    }
}

static void lift_list3_u32(spin_lift_t *lift, const spin_flat_t *flat, types_list3_u32_t *value) {
    (void)lift;
    for (size_t i = 0; i < 3; i++) {
        const spin_flat_t *from = flat + i * 1;
        value->items[i] = (uint32_t)from[0];
    }
}

static void lift_tuple2_u8_f32(spin_lift_t *lift, const spin_flat_t *flat,
                               types_tuple2_u8_f32_t *value) {
    (void)lift;
    value->f0 = (uint8_t)flat[0];
    value->f1 = spin_flat_f32(flat[1]);
}

static void lift_list2_tuple2_u8_f32(spin_lift_t *lift, const spin_flat_t *flat,
                                     types_list2_tuple2_u8_f32_t *value) {
    for (size_t i = 0; i < 2; i++) {
        const spin_flat_t *from = flat + i * 2;
        lift_tuple2_u8_f32(lift, from, &value->items[i]);
    }
}

static void load_map_string_u64(spin_lift_t *lift, uint32_t ptr, uint32_t len,
                                types_map_string_u64_t *value) {
    const uint8_t *from = spin_lift_at(lift, ptr, len, 16, 8);
    void *items = from == NULL ? NULL : spin_lift_alloc(lift, len, sizeof *value->items);
    if (items == NULL)
        return;
    memcpy(&value->items, &items, sizeof items);
    value->len = len;
    for (uint32_t i = 0; i < len; i++) {
        const uint8_t *at = from + (size_t)i * 16;
        value->items[i].key = spin_lift_text(lift, spin_load_u32(at), spin_load_u32(at + 4));
        value->items[i].value = spin_load_u64(at + 8);
    }
}

static void load_map_u8_list_string(spin_lift_t *lift, uint32_t ptr, uint32_t len,
                                    types_map_u8_list_string_t *value) {
    const uint8_t *from = spin_lift_at(lift, ptr, len, 12, 4);
    void *items = from == NULL ? NULL : spin_lift_alloc(lift, len, sizeof *value->items);
    if (items == NULL)
        return;
    memcpy(&value->items, &items, sizeof items);
    value->len = len;
    for (uint32_t i = 0; i < len; i++) {
        const uint8_t *at = from + (size_t)i * 12;
        value->items[i].key = spin_load_u8(at);
        load_list_string(lift, spin_load_u32(at + 4), spin_load_u32(at + 8),
                         &value->items[i].value);
    }
}

void types_map_u8_list_string_clear(types_map_u8_list_string_t *value) {
    for (size_t i = 0; i < value->len; i++) {
        types_list_string_clear(&value->items[i].value);
    }
    spin_memory_release(value->items);
    memset(value, 0, sizeof *value);
}

static types_color_t load_color(spin_lift_t *lift, uint32_t value) {
    if (value >= 3) {
        spin_lift_fail(lift, "enum color", value);
        return 0;
    }
    return (types_color_t)value;
}

static types_few_t load_few(spin_lift_t *lift, uint32_t value) {
    (void)lift;
    return (types_few_t)(value & 0x7u);
}

static types_dozen_t load_dozen(spin_lift_t *lift, uint32_t value) {
    (void)lift;
    return (types_dozen_t)(value & 0xfffu);
}

static types_thirty_two_t load_thirty_two(spin_lift_t *lift, uint32_t value) {
    (void)lift;
    return (types_thirty_two_t)(value & 0xffffffffu);
}

static void
load_tuple4_color_few_dozen_thirty_two(spin_lift_t *lift, const uint8_t *at,
                                       types_tuple4_color_few_dozen_thirty_two_t *value) {
    value->f0 = load_color(lift, spin_load_u8(at));
    value->f1 = load_few(lift, spin_load_u8(at + 1));
    value->f2 = load_dozen(lift, spin_load_u16(at + 2));
    value->f3 = load_thirty_two(lift, spin_load_u32(at + 4));
}

static void load_list_color(spin_lift_t *lift, uint32_t ptr, uint32_t len,
                            types_list_color_t *value) {
    const uint8_t *from = spin_lift_at(lift, ptr, len, 1, 1);
    void *items = from == NULL ? NULL : spin_lift_alloc(lift, len, sizeof *value->items);
    if (items == NULL)
        return;
    value->items = (types_color_t *)items;
    value->len = len;
    for (uint32_t i = 0; i < len; i++) {
        value->items[i] = load_color(lift, spin_load_u8(from + i));
    }
}

static void load_tuple2_f32_f32(spin_lift_t *lift, const uint8_t *at,
                                types_tuple2_f32_f32_t *value) {
    (void)lift;
    value->f0 = spin_load_f32(at);
    value->f1 = spin_load_f32(at + 4);
}

static void load_list_tuple2_f32_f32(spin_lift_t *lift, uint32_t ptr, uint32_t len,
                                     types_list_tuple2_f32_f32_t *value) {
    const uint8_t *from = spin_lift_at(lift, ptr, len, 8, 4);
    void *items = from == NULL ? NULL : spin_lift_alloc(lift, len, sizeof *value->items);
    if (items == NULL)
        return;
    value->items = (types_tuple2_f32_f32_t *)items;
    value->len = len;
    for (uint32_t i = 0; i < len; i++) {
        load_tuple2_f32_f32(lift, from + (size_t)i * 8, &value->items[i]);
    }
}

void types_list_tuple2_f32_f32_clear(types_list_tuple2_f32_f32_t *value) {
    spin_memory_release(value->items);
    memset(value, 0, sizeof *value);
}

static void load_shape(spin_lift_t *lift, const uint8_t *at, types_shape_t *value) {
    uint32_t tag = spin_load_u8(at);
    if (tag >= 6) {
        spin_lift_fail(lift, "variant shape", tag);
        return;
    }
    value->tag = (uint8_t)tag;
    switch (tag) {
    case TYPES_SHAPE_CIRCLE: value->of.circle = spin_load_f32(at + 8); break;
    case TYPES_SHAPE_SQUARE: value->of.square = spin_load_f64(at + 8); break;
    case TYPES_SHAPE_LABEL:
        value->of.label = spin_lift_text(lift, spin_load_u32(at + 8), spin_load_u32(at + 12));
        break;
    case TYPES_SHAPE_COUNT: value->of.count = spin_load_u64(at + 8); break;
    case TYPES_SHAPE_CORNERS:
        load_list_tuple2_f32_f32(lift, spin_load_u32(at + 8), spin_load_u32(at + 12),
                                 &value->of.corners);
        break;
    default: break;
    }
}

static void lift_shape(spin_lift_t *lift, const spin_flat_t *flat, types_shape_t *value) {
    uint32_t tag = (uint32_t)flat[0];
    if (tag >= 6) {
        spin_lift_fail(lift, "variant shape", tag);
        return;
    }
    value->tag = (uint8_t)tag;
    switch (tag) {
    case TYPES_SHAPE_CIRCLE: value->of.circle = spin_flat_f32(flat[1]); break;
    case TYPES_SHAPE_SQUARE: value->of.square = spin_flat_f64(flat[1]); break;
    case TYPES_SHAPE_LABEL:
        value->of.label = spin_lift_text(lift, (uint32_t)flat[1], (uint32_t)flat[2]);
        break;
    case TYPES_SHAPE_COUNT: value->of.count = flat[1]; break;
    case TYPES_SHAPE_CORNERS:
        load_list_tuple2_f32_f32(lift, (uint32_t)flat[1], (uint32_t)flat[2], &value->of.corners);
        break;
    default: break;
    }
}

void types_shape_clear(types_shape_t *value) {
    switch (value->tag) {
    case TYPES_SHAPE_LABEL: spin_string_clear(&value->of.label); break;
    case TYPES_SHAPE_CORNERS: types_list_tuple2_f32_f32_clear(&value->of.corners); break;
    default: break;
    }
    memset(value, 0, sizeof *value);
}

static void lift_option_shape(spin_lift_t *lift, const spin_flat_t *flat,
                              types_option_shape_t *value) {
    uint32_t tag = (uint32_t)flat[0];
    if (tag >= 2) {
        spin_lift_fail(lift, "option<shape>", tag);
        return;
    }
    value->is_some = tag == 1;
    if (value->is_some) {
        lift_shape(lift, flat + 1, &value->value);
    }
}

static void load_bare(spin_lift_t *lift, const uint8_t *at, types_bare_t *value) {
    uint32_t tag = spin_load_u8(at);
    if (tag >= 2) {
        spin_lift_fail(lift, "variant bare", tag);
        return;
    }
    value->tag = (uint8_t)tag;
}

static void lift_bare(spin_lift_t *lift, const spin_flat_t *flat, types_bare_t *value) {
    uint32_t tag = (uint32_t)flat[0];
    if (tag >= 2) {
        spin_lift_fail(lift, "variant bare", tag);
        return;
    }
    value->tag = (uint8_t)tag;
}

static void load_result_shape_bare(spin_lift_t *lift, const uint8_t *at,
                                   types_result_shape_bare_t *value) {
    uint32_t tag = spin_load_u8(at);
    if (tag >= 2) {
        spin_lift_fail(lift, "result<shape, bare>", tag);
        return;
    }
    value->is_error = tag == 1;
    if (!value->is_error) {
        load_shape(lift, at + 8, &value->of.ok);
    } else {
        load_bare(lift, at + 8, &value->of.error);
    }
}

void types_result_shape_bare_clear(types_result_shape_bare_t *value) {
    if (!value->is_error)
        types_shape_clear(&value->of.ok);
    memset(value, 0, sizeof *value);
}

static void load_option_string(spin_lift_t *lift, const uint8_t *at, types_option_string_t *value) {
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

static void lift_option_string(spin_lift_t *lift, const spin_flat_t *flat,
                               types_option_string_t *value) {
    uint32_t tag = (uint32_t)flat[0];
    if (tag >= 2) {
        spin_lift_fail(lift, "option<string>", tag);
        return;
    }
    value->is_some = tag == 1;
    if (value->is_some) {
        value->value = spin_lift_text(lift, (uint32_t)flat[1], (uint32_t)flat[2]);
    }
}

void types_option_string_clear(types_option_string_t *value) {
    if (value->is_some)
        spin_string_clear(&value->value);
    memset(value, 0, sizeof *value);
}

static void load_option_option_string(spin_lift_t *lift, const uint8_t *at,
                                      types_option_option_string_t *value) {
    uint32_t tag = spin_load_u8(at);
    if (tag >= 2) {
        spin_lift_fail(lift, "option<option<string>>", tag);
        return;
    }
    value->is_some = tag == 1;
    if (value->is_some) {
        load_option_string(lift, at + 4, &value->value);
    }
}

static void lift_option_option_string(spin_lift_t *lift, const spin_flat_t *flat,
                                      types_option_option_string_t *value) {
    uint32_t tag = (uint32_t)flat[0];
    if (tag >= 2) {
        spin_lift_fail(lift, "option<option<string>>", tag);
        return;
    }
    value->is_some = tag == 1;
    if (value->is_some) {
        lift_option_string(lift, flat + 1, &value->value);
    }
}

void types_option_option_string_clear(types_option_option_string_t *value) {
    if (value->is_some)
        types_option_string_clear(&value->value);
    memset(value, 0, sizeof *value);
}

static void load_tuple2_u8_u16(spin_lift_t *lift, const uint8_t *at, types_tuple2_u8_u16_t *value) {
    (void)lift;
    value->f0 = spin_load_u8(at);
    value->f1 = spin_load_u16(at + 2);
}

static void lift_tuple2_u8_u16(spin_lift_t *lift, const spin_flat_t *flat,
                               types_tuple2_u8_u16_t *value) {
    (void)lift;
    value->f0 = (uint8_t)flat[0];
    value->f1 = (uint16_t)flat[1];
}

static void load_result_list_u8_tuple2_u8_u16(spin_lift_t *lift, const uint8_t *at,
                                              types_result_list_u8_tuple2_u8_u16_t *value) {
    uint32_t tag = spin_load_u8(at);
    if (tag >= 2) {
        spin_lift_fail(lift, "result<list<u8>, tuple<u8, u16>>", tag);
        return;
    }
    value->is_error = tag == 1;
    if (!value->is_error) {
        value->of.ok = spin_lift_bytes(lift, spin_load_u32(at + 4), spin_load_u32(at + 8));
    } else {
        load_tuple2_u8_u16(lift, at + 4, &value->of.error);
    }
}

static void lift_result_list_u8_tuple2_u8_u16(spin_lift_t *lift, const spin_flat_t *flat,
                                              types_result_list_u8_tuple2_u8_u16_t *value) {
    uint32_t tag = (uint32_t)flat[0];
    if (tag >= 2) {
        spin_lift_fail(lift, "result<list<u8>, tuple<u8, u16>>", tag);
        return;
    }
    value->is_error = tag == 1;
    if (!value->is_error) {
        value->of.ok = spin_lift_bytes(lift, (uint32_t)flat[1], (uint32_t)flat[2]);
    } else {
        lift_tuple2_u8_u16(lift, flat + 1, &value->of.error);
    }
}

void types_result_list_u8_tuple2_u8_u16_clear(types_result_list_u8_tuple2_u8_u16_t *value) {
    if (!value->is_error)
        spin_string_clear(&value->of.ok);
    memset(value, 0, sizeof *value);
}

static void load_result_u32_void(spin_lift_t *lift, const uint8_t *at,
                                 types_result_u32_void_t *value) {
    uint32_t tag = spin_load_u8(at);
    if (tag >= 2) {
        spin_lift_fail(lift, "result<u32>", tag);
        return;
    }
    value->is_error = tag == 1;
    if (!value->is_error) {
        value->of.ok = spin_load_u32(at + 4);
    }
}

static void lift_result_u32_void(spin_lift_t *lift, const spin_flat_t *flat,
                                 types_result_u32_void_t *value) {
    uint32_t tag = (uint32_t)flat[0];
    if (tag >= 2) {
        spin_lift_fail(lift, "result<u32>", tag);
        return;
    }
    value->is_error = tag == 1;
    if (!value->is_error) {
        value->of.ok = (uint32_t)flat[1];
    }
}

static void load_result_void_string(spin_lift_t *lift, const uint8_t *at,
                                    types_result_void_string_t *value) {
    uint32_t tag = spin_load_u8(at);
    if (tag >= 2) {
        spin_lift_fail(lift, "result<_, string>", tag);
        return;
    }
    value->is_error = tag == 1;
    if (value->is_error) {
        value->of.error = spin_lift_text(lift, spin_load_u32(at + 4), spin_load_u32(at + 8));
    }
}

static void lift_result_void_string(spin_lift_t *lift, const spin_flat_t *flat,
                                    types_result_void_string_t *value) {
    uint32_t tag = (uint32_t)flat[0];
    if (tag >= 2) {
        spin_lift_fail(lift, "result<_, string>", tag);
        return;
    }
    value->is_error = tag == 1;
    if (value->is_error) {
        value->of.error = spin_lift_text(lift, (uint32_t)flat[1], (uint32_t)flat[2]);
    }
}

void types_result_void_string_clear(types_result_void_string_t *value) {
    if (value->is_error)
        spin_string_clear(&value->of.error);
    memset(value, 0, sizeof *value);
}

static void load_result_void_void(spin_lift_t *lift, const uint8_t *at,
                                  types_result_void_void_t *value) {
    uint32_t tag = spin_load_u8(at);
    if (tag >= 2) {
        spin_lift_fail(lift, "result", tag);
        return;
    }
    value->is_error = tag == 1;
}

static void lift_result_void_void(spin_lift_t *lift, const spin_flat_t *flat,
                                  types_result_void_void_t *value) {
    uint32_t tag = (uint32_t)flat[0];
    if (tag >= 2) {
        spin_lift_fail(lift, "result", tag);
        return;
    }
    value->is_error = tag == 1;
}

static void load_nested(spin_lift_t *lift, const uint8_t *at, types_nested_t *value) {
    load_option_option_string(lift, at, &value->maybe);
    load_result_list_u8_tuple2_u8_u16(lift, at + 16, &value->either);
    load_result_u32_void(lift, at + 28, &value->only_ok);
    load_result_void_string(lift, at + 36, &value->only_error);
    load_result_void_void(lift, at + 48, &value->neither);
}

static void lift_nested(spin_lift_t *lift, const spin_flat_t *flat, types_nested_t *value) {
    lift_option_option_string(lift, flat, &value->maybe);
    lift_result_list_u8_tuple2_u8_u16(lift, flat + 4, &value->either);
    lift_result_u32_void(lift, flat + 7, &value->only_ok);
    lift_result_void_string(lift, flat + 9, &value->only_error);
    lift_result_void_void(lift, flat + 12, &value->neither);
}

void types_nested_clear(types_nested_t *value) {
    types_option_option_string_clear(&value->maybe);
    types_result_list_u8_tuple2_u8_u16_clear(&value->either);
    types_result_void_string_clear(&value->only_error);
    memset(value, 0, sizeof *value);
}

static void load_option_nested(spin_lift_t *lift, const uint8_t *at, types_option_nested_t *value) {
    uint32_t tag = spin_load_u8(at);
    if (tag >= 2) {
        spin_lift_fail(lift, "option<nested>", tag);
        return;
    }
    value->is_some = tag == 1;
    if (value->is_some) {
        load_nested(lift, at + 4, &value->value);
    }
}

void types_option_nested_clear(types_option_nested_t *value) {
    if (value->is_some)
        types_nested_clear(&value->value);
    memset(value, 0, sizeof *value);
}

static void load_result_string_color(spin_lift_t *lift, const uint8_t *at,
                                     types_result_string_color_t *value) {
    uint32_t tag = spin_load_u8(at);
    if (tag >= 2) {
        spin_lift_fail(lift, "result<string, color>", tag);
        return;
    }
    value->is_error = tag == 1;
    if (!value->is_error) {
        value->of.ok = spin_lift_text(lift, spin_load_u32(at + 4), spin_load_u32(at + 8));
    } else {
        value->of.error = load_color(lift, spin_load_u8(at + 4));
    }
}

void types_result_string_color_clear(types_result_string_color_t *value) {
    if (!value->is_error)
        spin_string_clear(&value->of.ok);
    memset(value, 0, sizeof *value);
}

/* ── types.all-scalars, implemented ── */

struct input_of_types_all_scalars {
    bool a;
    int8_t b;
    uint8_t c;
    int16_t d;
    uint16_t e;
    int32_t f;
    uint32_t g;
    int64_t h;
    uint64_t i;
    float j;
    double k;
    uint32_t l;
};

static void lift_args_types_all_scalars(spin_lift_t *lift, const void *context,
                                        const spin_flat_t *flat, const uint8_t *area, void *data) {
    (void)context;
    (void)area;
    struct input_of_types_all_scalars *args = (struct input_of_types_all_scalars *)data;
    args->a = (uint32_t)flat[0] != 0;
    args->b = (int8_t)flat[1];
    args->c = (uint8_t)flat[2];
    args->d = (int16_t)flat[3];
    args->e = (uint16_t)flat[4];
    args->f = (int32_t)flat[5];
    args->g = (uint32_t)flat[6];
    args->h = (int64_t)flat[7];
    args->i = flat[8];
    args->j = spin_flat_f32(flat[9]);
    args->k = spin_flat_f64(flat[10]);
    args->l = spin_lift_char(lift, (uint32_t)flat[11]);
}

static spin_error_t *invoke_types_all_scalars(spin_host_call_t *call, const void *operations,
                                              const void *context, void *data, void *result) {
    (void)context;
    const types_ops_t *ops = (const types_ops_t *)operations;
    struct input_of_types_all_scalars *args = (struct input_of_types_all_scalars *)data;
    if (!HAS_OPERATION(types_ops_t, ops, all_scalars))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "types.all-scalars: the host does not implement it");
    return ops->all_scalars(call, args->a, args->b, args->c, args->d, args->e, args->f, args->g,
                            args->h, args->i, args->j, args->k, args->l, (types_scalars_t *)result);
}

static void lower_result_types_all_scalars(spin_lower_t *lower, const void *context,
                                           const void *result, spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)flat;
    const types_scalars_t *ret = (const types_scalars_t *)result;
    store_scalars(lower, area, ret);
}

static const spin_abi_import_t import_types_all_scalars = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "all-scalars",
    /* params */ "iiiiiiiIIfFi",
    /* results */ "iiiiiiiIIfFi",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 56,
    /* result_align */ 8,
    /* c_args_size */ sizeof(struct input_of_types_all_scalars),
    /* c_result_size */ sizeof(types_scalars_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_types_all_scalars,
    invoke_types_all_scalars,
    /* measure_result */ NULL,
    lower_result_types_all_scalars,
};

/* ── types.scalar, implemented ── */

static spin_error_t *invoke_types_scalar(spin_host_call_t *call, const void *operations,
                                         const void *context, void *data, void *result) {
    (void)context;
    (void)data;
    const types_ops_t *ops = (const types_ops_t *)operations;
    if (!HAS_OPERATION(types_ops_t, ops, scalar))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "types.scalar: the host does not implement it");
    return ops->scalar(call, (int8_t *)result);
}

static void lower_result_types_scalar(spin_lower_t *lower, const void *context, const void *result,
                                      spin_flat_t *flat, uint8_t *area) {
    (void)lower;
    (void)context;
    (void)area;
    const int8_t *ret = (const int8_t *)result;
    flat[0] = (spin_flat_t)(uint32_t)*ret;
}

static const spin_abi_import_t import_types_scalar = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "scalar",
    /* params */ "",
    /* results */ "i",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 1,
    /* result_align */ 1,
    /* c_args_size */ 0,
    /* c_result_size */ sizeof(int8_t),
    /* is_async */ false,
    /* context */ NULL,
    /* lift_args */ NULL,
    invoke_types_scalar,
    /* measure_result */ NULL,
    lower_result_types_scalar,
};

/* ── types.letter, implemented ── */

struct input_of_types_letter {
    uint32_t c;
};

static void lift_args_types_letter(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                   const uint8_t *area, void *data) {
    (void)context;
    (void)area;
    struct input_of_types_letter *args = (struct input_of_types_letter *)data;
    args->c = spin_lift_char(lift, (uint32_t)flat[0]);
}

static spin_error_t *invoke_types_letter(spin_host_call_t *call, const void *operations,
                                         const void *context, void *data, void *result) {
    (void)context;
    const types_ops_t *ops = (const types_ops_t *)operations;
    struct input_of_types_letter *args = (struct input_of_types_letter *)data;
    if (!HAS_OPERATION(types_ops_t, ops, letter))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "types.letter: the host does not implement it");
    return ops->letter(call, args->c, (uint32_t *)result);
}

static void lower_result_types_letter(spin_lower_t *lower, const void *context, const void *result,
                                      spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const uint32_t *ret = (const uint32_t *)result;
    flat[0] = lower_char(lower, *ret);
}

static const spin_abi_import_t import_types_letter = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "letter",
    /* params */ "i",
    /* results */ "i",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 4,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_types_letter),
    /* c_result_size */ sizeof(uint32_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_types_letter,
    invoke_types_letter,
    /* measure_result */ NULL,
    lower_result_types_letter,
};

/* ── types.nothing, implemented ── */

static spin_error_t *invoke_types_nothing(spin_host_call_t *call, const void *operations,
                                          const void *context, void *data, void *result) {
    (void)context;
    (void)data;
    (void)result;
    const types_ops_t *ops = (const types_ops_t *)operations;
    if (!HAS_OPERATION(types_ops_t, ops, nothing))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "types.nothing: the host does not implement it");
    return ops->nothing(call);
}

static const spin_abi_import_t import_types_nothing = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "nothing",
    /* params */ "",
    /* results */ "",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 0,
    /* result_align */ 0,
    /* c_args_size */ 0,
    /* c_result_size */ 0,
    /* is_async */ false,
    /* context */ NULL,
    /* lift_args */ NULL,
    invoke_types_nothing,
    /* measure_result */ NULL,
    /* lower_result */ NULL,
};

/* ── types.all-lists, implemented ── */

struct input_of_types_all_lists {
    types_lists_t lists;
};

static void lift_args_types_all_lists(spin_lift_t *lift, const void *context,
                                      const spin_flat_t *flat, const uint8_t *area, void *data) {
    (void)context;
    (void)flat;
    struct input_of_types_all_lists *args = (struct input_of_types_all_lists *)data;
    load_lists(lift, area, &args->lists);
}

static spin_error_t *invoke_types_all_lists(spin_host_call_t *call, const void *operations,
                                            const void *context, void *data, void *result) {
    (void)context;
    const types_ops_t *ops = (const types_ops_t *)operations;
    struct input_of_types_all_lists *args = (struct input_of_types_all_lists *)data;
    if (!HAS_OPERATION(types_ops_t, ops, all_lists))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "types.all-lists: the host does not implement it");
    return ops->all_lists(call, &args->lists, (types_lists_t *)result);
}

static void measure_result_types_all_lists(spin_lower_t *lower, const void *context,
                                           const void *result) {
    (void)context;
    const types_lists_t *ret = (const types_lists_t *)result;
    measure_lists(lower, ret);
}

static void lower_result_types_all_lists(spin_lower_t *lower, const void *context,
                                         const void *result, spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)flat;
    const types_lists_t *ret = (const types_lists_t *)result;
    store_lists(lower, area, ret);
}

static const spin_abi_import_t import_types_all_lists = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "all-lists",
    /* params */ "i",
    /* results */ "iiiiiiiiiiiiiiiii",
    /* params_size */ 96,
    /* params_align */ 8,
    /* result_size */ 96,
    /* result_align */ 8,
    /* c_args_size */ sizeof(struct input_of_types_all_lists),
    /* c_result_size */ sizeof(types_lists_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_types_all_lists,
    invoke_types_all_lists,
    measure_result_types_all_lists,
    lower_result_types_all_lists,
};

/* ── types.fixed, implemented ── */

struct input_of_types_fixed {
    types_list3_u32_t words;
    types_list2_tuple2_u8_f32_t pairs;
};

static void lift_args_types_fixed(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                  const uint8_t *area, void *data) {
    (void)context;
    (void)area;
    struct input_of_types_fixed *args = (struct input_of_types_fixed *)data;
    lift_list3_u32(lift, flat, &args->words);
    lift_list2_tuple2_u8_f32(lift, flat + 3, &args->pairs);
}

static spin_error_t *invoke_types_fixed(spin_host_call_t *call, const void *operations,
                                        const void *context, void *data, void *result) {
    (void)context;
    const types_ops_t *ops = (const types_ops_t *)operations;
    struct input_of_types_fixed *args = (struct input_of_types_fixed *)data;
    if (!HAS_OPERATION(types_ops_t, ops, fixed))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "types.fixed: the host does not implement it");
    return ops->fixed(call, &args->words, &args->pairs, (types_list3_u32_t *)result);
}

static void lower_result_types_fixed(spin_lower_t *lower, const void *context, const void *result,
                                     spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)flat;
    const types_list3_u32_t *ret = (const types_list3_u32_t *)result;
    store_list3_u32(lower, area, ret);
}

static const spin_abi_import_t import_types_fixed = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "fixed",
    /* params */ "iiiifif",
    /* results */ "iii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 12,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_types_fixed),
    /* c_result_size */ sizeof(types_list3_u32_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_types_fixed,
    invoke_types_fixed,
    /* measure_result */ NULL,
    lower_result_types_fixed,
};

/* ── types.dictionary, implemented ── */

struct input_of_types_dictionary {
    types_map_string_u64_t of;
};

static void lift_args_types_dictionary(spin_lift_t *lift, const void *context,
                                       const spin_flat_t *flat, const uint8_t *area, void *data) {
    (void)context;
    (void)area;
    struct input_of_types_dictionary *args = (struct input_of_types_dictionary *)data;
    load_map_string_u64(lift, (uint32_t)flat[0], (uint32_t)flat[1], &args->of);
}

static spin_error_t *invoke_types_dictionary(spin_host_call_t *call, const void *operations,
                                             const void *context, void *data, void *result) {
    (void)context;
    const types_ops_t *ops = (const types_ops_t *)operations;
    struct input_of_types_dictionary *args = (struct input_of_types_dictionary *)data;
    if (!HAS_OPERATION(types_ops_t, ops, dictionary))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "types.dictionary: the host does not implement it");
    return ops->dictionary(call, &args->of, (types_map_u8_list_string_t *)result);
}

static void measure_result_types_dictionary(spin_lower_t *lower, const void *context,
                                            const void *result) {
    (void)context;
    const types_map_u8_list_string_t *ret = (const types_map_u8_list_string_t *)result;
    measure_map_u8_list_string(lower, ret);
}

static void lower_result_types_dictionary(spin_lower_t *lower, const void *context,
                                          const void *result, spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)flat;
    const types_map_u8_list_string_t *ret = (const types_map_u8_list_string_t *)result;
    spin_store_u32(area, lower_map_u8_list_string(lower, ret));
    spin_store_u32(area + 4, (uint32_t)ret->len);
}

static const spin_abi_import_t import_types_dictionary = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "dictionary",
    /* params */ "ii",
    /* results */ "ii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 8,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_types_dictionary),
    /* c_result_size */ sizeof(types_map_u8_list_string_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_types_dictionary,
    invoke_types_dictionary,
    measure_result_types_dictionary,
    lower_result_types_dictionary,
};

/* ── types.words, implemented ── */

struct input_of_types_words {
    types_color_t c;
    types_few_t f;
    types_dozen_t d;
    types_thirty_two_t t;
};

static void lift_args_types_words(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                  const uint8_t *area, void *data) {
    (void)context;
    (void)area;
    struct input_of_types_words *args = (struct input_of_types_words *)data;
    args->c = load_color(lift, (uint32_t)flat[0]);
    args->f = load_few(lift, (uint32_t)flat[1]);
    args->d = load_dozen(lift, (uint32_t)flat[2]);
    args->t = load_thirty_two(lift, (uint32_t)flat[3]);
}

static spin_error_t *invoke_types_words(spin_host_call_t *call, const void *operations,
                                        const void *context, void *data, void *result) {
    (void)context;
    const types_ops_t *ops = (const types_ops_t *)operations;
    struct input_of_types_words *args = (struct input_of_types_words *)data;
    if (!HAS_OPERATION(types_ops_t, ops, words))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "types.words: the host does not implement it");
    return ops->words(call, args->c, args->f, args->d, args->t,
                      (types_tuple4_color_few_dozen_thirty_two_t *)result);
}

static void lower_result_types_words(spin_lower_t *lower, const void *context, const void *result,
                                     spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)flat;
    const types_tuple4_color_few_dozen_thirty_two_t *ret =
        (const types_tuple4_color_few_dozen_thirty_two_t *)result;
    store_tuple4_color_few_dozen_thirty_two(lower, area, ret);
}

static const spin_abi_import_t import_types_words = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "words",
    /* params */ "iiii",
    /* results */ "iiii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 8,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_types_words),
    /* c_result_size */ sizeof(types_tuple4_color_few_dozen_thirty_two_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_types_words,
    invoke_types_words,
    /* measure_result */ NULL,
    lower_result_types_words,
};

/* ── types.paint, implemented ── */

struct input_of_types_paint {
    types_list_color_t colors;
};

static void lift_args_types_paint(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                  const uint8_t *area, void *data) {
    (void)context;
    (void)area;
    struct input_of_types_paint *args = (struct input_of_types_paint *)data;
    load_list_color(lift, (uint32_t)flat[0], (uint32_t)flat[1], &args->colors);
}

static spin_error_t *invoke_types_paint(spin_host_call_t *call, const void *operations,
                                        const void *context, void *data, void *result) {
    (void)context;
    const types_ops_t *ops = (const types_ops_t *)operations;
    struct input_of_types_paint *args = (struct input_of_types_paint *)data;
    if (!HAS_OPERATION(types_ops_t, ops, paint))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "types.paint: the host does not implement it");
    return ops->paint(call, &args->colors, (types_color_t *)result);
}

static void lower_result_types_paint(spin_lower_t *lower, const void *context, const void *result,
                                     spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const types_color_t *ret = (const types_color_t *)result;
    flat[0] = lower_color(lower, *ret);
}

static const spin_abi_import_t import_types_paint = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "paint",
    /* params */ "ii",
    /* results */ "i",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 1,
    /* result_align */ 1,
    /* c_args_size */ sizeof(struct input_of_types_paint),
    /* c_result_size */ sizeof(types_color_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_types_paint,
    invoke_types_paint,
    /* measure_result */ NULL,
    lower_result_types_paint,
};

/* ── types.shapes, implemented ── */

struct input_of_types_shapes {
    types_shape_t a;
    types_option_shape_t b;
    types_bare_t c;
};

static void lift_args_types_shapes(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                   const uint8_t *area, void *data) {
    (void)context;
    (void)area;
    struct input_of_types_shapes *args = (struct input_of_types_shapes *)data;
    lift_shape(lift, flat, &args->a);
    lift_option_shape(lift, flat + 3, &args->b);
    lift_bare(lift, flat + 7, &args->c);
}

static spin_error_t *invoke_types_shapes(spin_host_call_t *call, const void *operations,
                                         const void *context, void *data, void *result) {
    (void)context;
    const types_ops_t *ops = (const types_ops_t *)operations;
    struct input_of_types_shapes *args = (struct input_of_types_shapes *)data;
    if (!HAS_OPERATION(types_ops_t, ops, shapes))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "types.shapes: the host does not implement it");
    return ops->shapes(call, &args->a, &args->b, &args->c, (types_result_shape_bare_t *)result);
}

static void measure_result_types_shapes(spin_lower_t *lower, const void *context,
                                        const void *result) {
    (void)context;
    const types_result_shape_bare_t *ret = (const types_result_shape_bare_t *)result;
    measure_result_shape_bare(lower, ret);
}

static void lower_result_types_shapes(spin_lower_t *lower, const void *context, const void *result,
                                      spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)flat;
    const types_result_shape_bare_t *ret = (const types_result_shape_bare_t *)result;
    store_result_shape_bare(lower, area, ret);
}

static const spin_abi_import_t import_types_shapes = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "shapes",
    /* params */ "iIiiiIii",
    /* results */ "iiIi",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 24,
    /* result_align */ 8,
    /* c_args_size */ sizeof(struct input_of_types_shapes),
    /* c_result_size */ sizeof(types_result_shape_bare_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_types_shapes,
    invoke_types_shapes,
    measure_result_types_shapes,
    lower_result_types_shapes,
};

/* ── types.all-nested, implemented ── */

struct input_of_types_all_nested {
    types_nested_t n;
};

static void lift_args_types_all_nested(spin_lift_t *lift, const void *context,
                                       const spin_flat_t *flat, const uint8_t *area, void *data) {
    (void)context;
    (void)area;
    struct input_of_types_all_nested *args = (struct input_of_types_all_nested *)data;
    lift_nested(lift, flat, &args->n);
}

static spin_error_t *invoke_types_all_nested(spin_host_call_t *call, const void *operations,
                                             const void *context, void *data, void *result) {
    (void)context;
    const types_ops_t *ops = (const types_ops_t *)operations;
    struct input_of_types_all_nested *args = (struct input_of_types_all_nested *)data;
    if (!HAS_OPERATION(types_ops_t, ops, all_nested))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "types.all-nested: the host does not implement it");
    return ops->all_nested(call, &args->n, (types_option_nested_t *)result);
}

static void measure_result_types_all_nested(spin_lower_t *lower, const void *context,
                                            const void *result) {
    (void)context;
    const types_option_nested_t *ret = (const types_option_nested_t *)result;
    measure_option_nested(lower, ret);
}

static void lower_result_types_all_nested(spin_lower_t *lower, const void *context,
                                          const void *result, spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)flat;
    const types_option_nested_t *ret = (const types_option_nested_t *)result;
    store_option_nested(lower, area, ret);
}

static const spin_abi_import_t import_types_all_nested = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "all-nested",
    /* params */ "iiiiiiiiiiiii",
    /* results */ "iiiiiiiiiiiiii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 56,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_types_all_nested),
    /* c_result_size */ sizeof(types_option_nested_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_types_all_nested,
    invoke_types_all_nested,
    measure_result_types_all_nested,
    lower_result_types_all_nested,
};

/* ── types.many, implemented ── */

struct input_of_types_many {
    spin_string_t a;
    spin_string_t b;
    spin_string_t c;
    spin_string_t d;
    spin_string_t e;
    spin_string_t f;
    spin_string_t g;
    uint64_t h;
    types_shape_t i;
    types_color_t j;
};

static void lift_args_types_many(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                 const uint8_t *area, void *data) {
    (void)context;
    (void)flat;
    struct input_of_types_many *args = (struct input_of_types_many *)data;
    args->a = spin_lift_text(lift, spin_load_u32(area), spin_load_u32(area + 4));
    args->b = spin_lift_text(lift, spin_load_u32(area + 8), spin_load_u32(area + 12));
    args->c = spin_lift_text(lift, spin_load_u32(area + 16), spin_load_u32(area + 20));
    args->d = spin_lift_text(lift, spin_load_u32(area + 24), spin_load_u32(area + 28));
    args->e = spin_lift_text(lift, spin_load_u32(area + 32), spin_load_u32(area + 36));
    args->f = spin_lift_text(lift, spin_load_u32(area + 40), spin_load_u32(area + 44));
    args->g = spin_lift_text(lift, spin_load_u32(area + 48), spin_load_u32(area + 52));
    args->h = spin_load_u64(area + 56);
    load_shape(lift, area + 64, &args->i);
    args->j = load_color(lift, spin_load_u8(area + 80));
}

static spin_error_t *invoke_types_many(spin_host_call_t *call, const void *operations,
                                       const void *context, void *data, void *result) {
    (void)context;
    const types_ops_t *ops = (const types_ops_t *)operations;
    struct input_of_types_many *args = (struct input_of_types_many *)data;
    if (!HAS_OPERATION(types_ops_t, ops, many))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "types.many: the host does not implement it");
    return ops->many(call, args->a, args->b, args->c, args->d, args->e, args->f, args->g, args->h,
                     &args->i, args->j, (spin_string_t *)result);
}

static void measure_result_types_many(spin_lower_t *lower, const void *context,
                                      const void *result) {
    (void)context;
    const spin_string_t *ret = (const spin_string_t *)result;
    spin_lower_measure_text(lower, (*ret));
}

static void lower_result_types_many(spin_lower_t *lower, const void *context, const void *result,
                                    spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)flat;
    const spin_string_t *ret = (const spin_string_t *)result;
    store_string(lower, area, (*ret));
}

static const spin_abi_import_t import_types_many = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "many",
    /* params */ "i",
    /* results */ "ii",
    /* params_size */ 88,
    /* params_align */ 8,
    /* result_size */ 8,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_types_many),
    /* c_result_size */ sizeof(spin_string_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_types_many,
    invoke_types_many,
    measure_result_types_many,
    lower_result_types_many,
};

/* ── types.wait, implemented ── */

struct input_of_types_wait {
    spin_string_t text;
};

static void lift_args_types_wait(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                 const uint8_t *area, void *data) {
    (void)context;
    (void)area;
    struct input_of_types_wait *args = (struct input_of_types_wait *)data;
    args->text = spin_lift_text(lift, (uint32_t)flat[0], (uint32_t)flat[1]);
}

static spin_error_t *invoke_types_wait(spin_host_call_t *call, const void *operations,
                                       const void *context, void *data, void *result) {
    (void)context;
    const types_ops_t *ops = (const types_ops_t *)operations;
    struct input_of_types_wait *args = (struct input_of_types_wait *)data;
    if (!HAS_OPERATION(types_ops_t, ops, wait))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED, "types.wait: the host does not implement it");
    return ops->wait(call, args->text, (types_result_string_color_t *)result);
}

static void measure_result_types_wait(spin_lower_t *lower, const void *context,
                                      const void *result) {
    (void)context;
    const types_result_string_color_t *ret = (const types_result_string_color_t *)result;
    measure_result_string_color(lower, ret);
}

static void lower_result_types_wait(spin_lower_t *lower, const void *context, const void *result,
                                    spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)flat;
    const types_result_string_color_t *ret = (const types_result_string_color_t *)result;
    store_result_string_color(lower, area, ret);
}

static const spin_abi_import_t import_types_wait = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "wait",
    /* params */ "ii",
    /* results */ "iii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 12,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_types_wait),
    /* c_result_size */ sizeof(types_result_string_color_t),
    /* is_async */ true,
    /* context */ NULL,
    lift_args_types_wait,
    invoke_types_wait,
    measure_result_types_wait,
    lower_result_types_wait,
};

/* ── types.channels, implemented ── */

struct input_of_types_channels {
    types_stream_u8_t s;
    types_future_result_string_void_t f;
    types_error_context_t e;
};

static void lift_args_types_channels(spin_lift_t *lift, const void *context,
                                     const spin_flat_t *flat, const uint8_t *area, void *data) {
    (void)lift;
    (void)context;
    (void)area;
    struct input_of_types_channels *args = (struct input_of_types_channels *)data;
    args->s.handle = (uint32_t)flat[0];
    args->f.handle = (uint32_t)flat[1];
    args->e.handle = (uint32_t)flat[2];
}

static spin_error_t *invoke_types_channels(spin_host_call_t *call, const void *operations,
                                           const void *context, void *data, void *result) {
    (void)context;
    const types_ops_t *ops = (const types_ops_t *)operations;
    struct input_of_types_channels *args = (struct input_of_types_channels *)data;
    if (!HAS_OPERATION(types_ops_t, ops, channels))
        return spin_error_new(SPIN_ERROR_UNSUPPORTED,
                              "types.channels: the host does not implement it");
    return ops->channels(call, args->s, args->f, args->e, (types_stream_t *)result);
}

static void lower_result_types_channels(spin_lower_t *lower, const void *context,
                                        const void *result, spin_flat_t *flat, uint8_t *area) {
    (void)lower;
    (void)context;
    (void)area;
    const types_stream_t *ret = (const types_stream_t *)result;
    flat[0] = (*ret).handle;
}

static const spin_abi_import_t import_types_channels = {
    /* size */ sizeof(spin_abi_import_t),
    /* name */ "channels",
    /* params */ "iii",
    /* results */ "i",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 4,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct input_of_types_channels),
    /* c_result_size */ sizeof(types_stream_t),
    /* is_async */ false,
    /* context */ NULL,
    lift_args_types_channels,
    invoke_types_channels,
    /* measure_result */ NULL,
    lower_result_types_channels,
};

static const spin_abi_import_t *const functions_of_types_ops[] = {
    &import_types_all_scalars,
    &import_types_scalar,
    &import_types_letter,
    &import_types_nothing,
    &import_types_all_lists,
    &import_types_fixed,
    &import_types_dictionary,
    &import_types_words,
    &import_types_paint,
    &import_types_shapes,
    &import_types_all_nested,
    &import_types_many,
    &import_types_wait,
    &import_types_channels,
};

static const spin_abi_interface_t interface_of_types_ops = {
    /* size */ sizeof(spin_abi_interface_t),
    /* module */ "test:types/types",
    functions_of_types_ops,
    /* functions_len */ 14,
    /* resources */ NULL,
    /* resources_len */ 0,
};

spin_error_t *types_link(spin_engine_builder_t *builder, const types_ops_t *ops, void *user) {
    return spin_abi_link(builder, &interface_of_types_ops, ops, user);
}

/* ── types.all-scalars ── */

struct args_of_types_all_scalars {
    bool a;
    int8_t b;
    uint8_t c;
    int16_t d;
    uint16_t e;
    int32_t f;
    uint32_t g;
    int64_t h;
    uint64_t i;
    float j;
    double k;
    uint32_t l;
};

static void lower_args_types_all_scalars(spin_lower_t *lower, const void *context, const void *data,
                                         spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_types_all_scalars *args = (const struct args_of_types_all_scalars *)data;
    flat[0] = args->a;
    flat[1] = (spin_flat_t)(uint32_t)args->b;
    flat[2] = args->c;
    flat[3] = (spin_flat_t)(uint32_t)args->d;
    flat[4] = args->e;
    flat[5] = (uint32_t)args->f;
    flat[6] = args->g;
    flat[7] = (uint64_t)args->h;
    flat[8] = args->i;
    flat[9] = spin_flat_of_f32(args->j);
    flat[10] = spin_flat_of_f64(args->k);
    flat[11] = lower_char(lower, args->l);
}

static void lift_result_types_all_scalars(spin_lift_t *lift, const void *context,
                                          const spin_flat_t *flat, const uint8_t *area,
                                          void *result) {
    (void)context;
    (void)flat;
    types_scalars_t *ret = (types_scalars_t *)result;
    load_scalars(lift, area, ret);
}

static void done_types_all_scalars(spin_instance_t *instance, spin_error_t *error, void *result,
                                   void (*handler)(void), void *user) {
    ((types_all_scalars_done_fn)handler)(instance, error, (const types_scalars_t *)result, user);
}

const spin_abi_export_t types_all_scalars_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "types.all-scalars",
    /* export_name */ "test:types/types#all-scalars",
    /* params */ "iiiiiiiIIfFi",
    /* results */ "iiiiiiiIIfFi",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 56,
    /* result_align */ 8,
    /* c_args_size */ sizeof(struct args_of_types_all_scalars),
    /* c_result_size */ sizeof(types_scalars_t),
    /* is_async */ false,
    /* context */ NULL,
    /* measure_args */ NULL,
    lower_args_types_all_scalars,
    lift_result_types_all_scalars,
    /* clear_result */ NULL,
};

spin_error_t *types_all_scalars(spin_instance_t *instance, bool a, int8_t b, uint8_t c, int16_t d,
                                uint16_t e, int32_t f, uint32_t g, int64_t h, uint64_t i, float j,
                                double k, uint32_t l, types_scalars_t *ret) {
    const struct args_of_types_all_scalars call = {a, b, c, d, e, f, g, h, i, j, k, l};
    return spin_abi_call(instance, &types_all_scalars_export, &call, ret);
}

spin_error_t *types_all_scalars_start(spin_instance_t *instance, bool a, int8_t b, uint8_t c,
                                      int16_t d, uint16_t e, int32_t f, uint32_t g, int64_t h,
                                      uint64_t i, float j, double k, uint32_t l,
                                      types_all_scalars_done_fn done, void *user) {
    const struct args_of_types_all_scalars call = {a, b, c, d, e, f, g, h, i, j, k, l};
    return spin_abi_start(instance, &types_all_scalars_export, &call, done_types_all_scalars,
                          (void (*)(void))done, user);
}

/* ── types.scalar ── */

static void lift_result_types_scalar(spin_lift_t *lift, const void *context,
                                     const spin_flat_t *flat, const uint8_t *area, void *result) {
    (void)lift;
    (void)context;
    (void)area;
    int8_t *ret = (int8_t *)result;
    *ret = (int8_t)flat[0];
}

static void done_types_scalar(spin_instance_t *instance, spin_error_t *error, void *result,
                              void (*handler)(void), void *user) {
    ((types_scalar_done_fn)handler)(instance, error, (const int8_t *)result, user);
}

const spin_abi_export_t types_scalar_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "types.scalar",
    /* export_name */ "test:types/types#scalar",
    /* params */ "",
    /* results */ "i",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 1,
    /* result_align */ 1,
    /* c_args_size */ 0,
    /* c_result_size */ sizeof(int8_t),
    /* is_async */ false,
    /* context */ NULL,
    /* measure_args */ NULL,
    /* lower_args */ NULL,
    lift_result_types_scalar,
    /* clear_result */ NULL,
};

spin_error_t *types_scalar(spin_instance_t *instance, int8_t *ret) {
    return spin_abi_call(instance, &types_scalar_export, NULL, ret);
}

spin_error_t *types_scalar_start(spin_instance_t *instance, types_scalar_done_fn done, void *user) {
    return spin_abi_start(instance, &types_scalar_export, NULL, done_types_scalar,
                          (void (*)(void))done, user);
}

/* ── types.letter ── */

struct args_of_types_letter {
    uint32_t c;
};

static void lower_args_types_letter(spin_lower_t *lower, const void *context, const void *data,
                                    spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_types_letter *args = (const struct args_of_types_letter *)data;
    flat[0] = lower_char(lower, args->c);
}

static void lift_result_types_letter(spin_lift_t *lift, const void *context,
                                     const spin_flat_t *flat, const uint8_t *area, void *result) {
    (void)context;
    (void)area;
    uint32_t *ret = (uint32_t *)result;
    *ret = spin_lift_char(lift, (uint32_t)flat[0]);
}

static void done_types_letter(spin_instance_t *instance, spin_error_t *error, void *result,
                              void (*handler)(void), void *user) {
    ((types_letter_done_fn)handler)(instance, error, (const uint32_t *)result, user);
}

const spin_abi_export_t types_letter_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "types.letter",
    /* export_name */ "test:types/types#letter",
    /* params */ "i",
    /* results */ "i",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 4,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_types_letter),
    /* c_result_size */ sizeof(uint32_t),
    /* is_async */ false,
    /* context */ NULL,
    /* measure_args */ NULL,
    lower_args_types_letter,
    lift_result_types_letter,
    /* clear_result */ NULL,
};

spin_error_t *types_letter(spin_instance_t *instance, uint32_t c, uint32_t *ret) {
    const struct args_of_types_letter call = {c};
    return spin_abi_call(instance, &types_letter_export, &call, ret);
}

spin_error_t *types_letter_start(spin_instance_t *instance, uint32_t c, types_letter_done_fn done,
                                 void *user) {
    const struct args_of_types_letter call = {c};
    return spin_abi_start(instance, &types_letter_export, &call, done_types_letter,
                          (void (*)(void))done, user);
}

/* ── types.nothing ── */

static void done_types_nothing(spin_instance_t *instance, spin_error_t *error, void *result,
                               void (*handler)(void), void *user) {
    (void)result;
    ((types_nothing_done_fn)handler)(instance, error, user);
}

const spin_abi_export_t types_nothing_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "types.nothing",
    /* export_name */ "test:types/types#nothing",
    /* params */ "",
    /* results */ "",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 0,
    /* result_align */ 0,
    /* c_args_size */ 0,
    /* c_result_size */ 0,
    /* is_async */ false,
    /* context */ NULL,
    /* measure_args */ NULL,
    /* lower_args */ NULL,
    /* lift_result */ NULL,
    /* clear_result */ NULL,
};

spin_error_t *types_nothing(spin_instance_t *instance) {
    return spin_abi_call(instance, &types_nothing_export, NULL, NULL);
}

spin_error_t *types_nothing_start(spin_instance_t *instance, types_nothing_done_fn done,
                                  void *user) {
    return spin_abi_start(instance, &types_nothing_export, NULL, done_types_nothing,
                          (void (*)(void))done, user);
}

/* ── types.all-lists ── */

struct args_of_types_all_lists {
    const types_lists_t *lists;
};

static void measure_args_types_all_lists(spin_lower_t *lower, const void *context,
                                         const void *data) {
    (void)context;
    const struct args_of_types_all_lists *args = (const struct args_of_types_all_lists *)data;
    measure_lists(lower, args->lists);
}

static void lower_args_types_all_lists(spin_lower_t *lower, const void *context, const void *data,
                                       spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)flat;
    const struct args_of_types_all_lists *args = (const struct args_of_types_all_lists *)data;
    store_lists(lower, area, args->lists);
}

static void lift_result_types_all_lists(spin_lift_t *lift, const void *context,
                                        const spin_flat_t *flat, const uint8_t *area,
                                        void *result) {
    (void)context;
    (void)flat;
    types_lists_t *ret = (types_lists_t *)result;
    load_lists(lift, area, ret);
}

static void clear_result_types_all_lists(const void *context, void *result) {
    (void)context;
    types_lists_clear((types_lists_t *)result);
}

static void done_types_all_lists(spin_instance_t *instance, spin_error_t *error, void *result,
                                 void (*handler)(void), void *user) {
    ((types_all_lists_done_fn)handler)(instance, error, (const types_lists_t *)result, user);
}

const spin_abi_export_t types_all_lists_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "types.all-lists",
    /* export_name */ "test:types/types#all-lists",
    /* params */ "i",
    /* results */ "iiiiiiiiiiiiiiiii",
    /* params_size */ 96,
    /* params_align */ 8,
    /* result_size */ 96,
    /* result_align */ 8,
    /* c_args_size */ sizeof(struct args_of_types_all_lists),
    /* c_result_size */ sizeof(types_lists_t),
    /* is_async */ false,
    /* context */ NULL,
    measure_args_types_all_lists,
    lower_args_types_all_lists,
    lift_result_types_all_lists,
    clear_result_types_all_lists,
};

spin_error_t *types_all_lists(spin_instance_t *instance, const types_lists_t *lists,
                              types_lists_t *ret) {
    const struct args_of_types_all_lists call = {lists};
    return spin_abi_call(instance, &types_all_lists_export, &call, ret);
}

spin_error_t *types_all_lists_start(spin_instance_t *instance, const types_lists_t *lists,
                                    types_all_lists_done_fn done, void *user) {
    const struct args_of_types_all_lists call = {lists};
    return spin_abi_start(instance, &types_all_lists_export, &call, done_types_all_lists,
                          (void (*)(void))done, user);
}

/* ── types.fixed ── */

struct args_of_types_fixed {
    const types_list3_u32_t *words;
    const types_list2_tuple2_u8_f32_t *pairs;
};

static void lower_args_types_fixed(spin_lower_t *lower, const void *context, const void *data,
                                   spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_types_fixed *args = (const struct args_of_types_fixed *)data;
    flatten_list3_u32(lower, flat, args->words);
    flatten_list2_tuple2_u8_f32(lower, flat + 3, args->pairs);
}

static void lift_result_types_fixed(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                    const uint8_t *area, void *result) {
    (void)context;
    (void)flat;
    types_list3_u32_t *ret = (types_list3_u32_t *)result;
    load_list3_u32(lift, area, ret);
}

static void done_types_fixed(spin_instance_t *instance, spin_error_t *error, void *result,
                             void (*handler)(void), void *user) {
    ((types_fixed_done_fn)handler)(instance, error, (const types_list3_u32_t *)result, user);
}

const spin_abi_export_t types_fixed_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "types.fixed",
    /* export_name */ "test:types/types#fixed",
    /* params */ "iiiifif",
    /* results */ "iii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 12,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_types_fixed),
    /* c_result_size */ sizeof(types_list3_u32_t),
    /* is_async */ false,
    /* context */ NULL,
    /* measure_args */ NULL,
    lower_args_types_fixed,
    lift_result_types_fixed,
    /* clear_result */ NULL,
};

spin_error_t *types_fixed(spin_instance_t *instance, const types_list3_u32_t *words,
                          const types_list2_tuple2_u8_f32_t *pairs, types_list3_u32_t *ret) {
    const struct args_of_types_fixed call = {words, pairs};
    return spin_abi_call(instance, &types_fixed_export, &call, ret);
}

spin_error_t *types_fixed_start(spin_instance_t *instance, const types_list3_u32_t *words,
                                const types_list2_tuple2_u8_f32_t *pairs, types_fixed_done_fn done,
                                void *user) {
    const struct args_of_types_fixed call = {words, pairs};
    return spin_abi_start(instance, &types_fixed_export, &call, done_types_fixed,
                          (void (*)(void))done, user);
}

/* ── types.dictionary ── */

struct args_of_types_dictionary {
    const types_map_string_u64_t *of;
};

static void measure_args_types_dictionary(spin_lower_t *lower, const void *context,
                                          const void *data) {
    (void)context;
    const struct args_of_types_dictionary *args = (const struct args_of_types_dictionary *)data;
    measure_map_string_u64(lower, args->of);
}

static void lower_args_types_dictionary(spin_lower_t *lower, const void *context, const void *data,
                                        spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_types_dictionary *args = (const struct args_of_types_dictionary *)data;
    flat[0] = lower_map_string_u64(lower, args->of);
    flat[1] = (uint32_t)args->of->len;
}

static void lift_result_types_dictionary(spin_lift_t *lift, const void *context,
                                         const spin_flat_t *flat, const uint8_t *area,
                                         void *result) {
    (void)context;
    (void)flat;
    types_map_u8_list_string_t *ret = (types_map_u8_list_string_t *)result;
    load_map_u8_list_string(lift, spin_load_u32(area), spin_load_u32(area + 4), ret);
}

static void clear_result_types_dictionary(const void *context, void *result) {
    (void)context;
    types_map_u8_list_string_clear((types_map_u8_list_string_t *)result);
}

static void done_types_dictionary(spin_instance_t *instance, spin_error_t *error, void *result,
                                  void (*handler)(void), void *user) {
    ((types_dictionary_done_fn)handler)(instance, error, (const types_map_u8_list_string_t *)result,
                                        user);
}

const spin_abi_export_t types_dictionary_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "types.dictionary",
    /* export_name */ "test:types/types#dictionary",
    /* params */ "ii",
    /* results */ "ii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 8,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_types_dictionary),
    /* c_result_size */ sizeof(types_map_u8_list_string_t),
    /* is_async */ false,
    /* context */ NULL,
    measure_args_types_dictionary,
    lower_args_types_dictionary,
    lift_result_types_dictionary,
    clear_result_types_dictionary,
};

spin_error_t *types_dictionary(spin_instance_t *instance, const types_map_string_u64_t *of,
                               types_map_u8_list_string_t *ret) {
    const struct args_of_types_dictionary call = {of};
    return spin_abi_call(instance, &types_dictionary_export, &call, ret);
}

spin_error_t *types_dictionary_start(spin_instance_t *instance, const types_map_string_u64_t *of,
                                     types_dictionary_done_fn done, void *user) {
    const struct args_of_types_dictionary call = {of};
    return spin_abi_start(instance, &types_dictionary_export, &call, done_types_dictionary,
                          (void (*)(void))done, user);
}

/* ── types.words ── */

struct args_of_types_words {
    types_color_t c;
    types_few_t f;
    types_dozen_t d;
    types_thirty_two_t t;
};

static void lower_args_types_words(spin_lower_t *lower, const void *context, const void *data,
                                   spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_types_words *args = (const struct args_of_types_words *)data;
    flat[0] = lower_color(lower, args->c);
    flat[1] = lower_few(lower, args->f);
    flat[2] = lower_dozen(lower, args->d);
    flat[3] = lower_thirty_two(lower, args->t);
}

static void lift_result_types_words(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                    const uint8_t *area, void *result) {
    (void)context;
    (void)flat;
    types_tuple4_color_few_dozen_thirty_two_t *ret =
        (types_tuple4_color_few_dozen_thirty_two_t *)result;
    load_tuple4_color_few_dozen_thirty_two(lift, area, ret);
}

static void done_types_words(spin_instance_t *instance, spin_error_t *error, void *result,
                             void (*handler)(void), void *user) {
    ((types_words_done_fn)handler)(instance, error,
                                   (const types_tuple4_color_few_dozen_thirty_two_t *)result, user);
}

const spin_abi_export_t types_words_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "types.words",
    /* export_name */ "test:types/types#words",
    /* params */ "iiii",
    /* results */ "iiii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 8,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_types_words),
    /* c_result_size */ sizeof(types_tuple4_color_few_dozen_thirty_two_t),
    /* is_async */ false,
    /* context */ NULL,
    /* measure_args */ NULL,
    lower_args_types_words,
    lift_result_types_words,
    /* clear_result */ NULL,
};

spin_error_t *types_words(spin_instance_t *instance, types_color_t c, types_few_t f,
                          types_dozen_t d, types_thirty_two_t t,
                          types_tuple4_color_few_dozen_thirty_two_t *ret) {
    const struct args_of_types_words call = {c, f, d, t};
    return spin_abi_call(instance, &types_words_export, &call, ret);
}

spin_error_t *types_words_start(spin_instance_t *instance, types_color_t c, types_few_t f,
                                types_dozen_t d, types_thirty_two_t t, types_words_done_fn done,
                                void *user) {
    const struct args_of_types_words call = {c, f, d, t};
    return spin_abi_start(instance, &types_words_export, &call, done_types_words,
                          (void (*)(void))done, user);
}

/* ── types.paint ── */

struct args_of_types_paint {
    const types_list_color_t *colors;
};

static void measure_args_types_paint(spin_lower_t *lower, const void *context, const void *data) {
    (void)context;
    const struct args_of_types_paint *args = (const struct args_of_types_paint *)data;
    measure_list_color(lower, args->colors);
}

static void lower_args_types_paint(spin_lower_t *lower, const void *context, const void *data,
                                   spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_types_paint *args = (const struct args_of_types_paint *)data;
    flat[0] = lower_list_color(lower, args->colors);
    flat[1] = (uint32_t)args->colors->len;
}

static void lift_result_types_paint(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                    const uint8_t *area, void *result) {
    (void)context;
    (void)area;
    types_color_t *ret = (types_color_t *)result;
    *ret = load_color(lift, (uint32_t)flat[0]);
}

static void done_types_paint(spin_instance_t *instance, spin_error_t *error, void *result,
                             void (*handler)(void), void *user) {
    ((types_paint_done_fn)handler)(instance, error, (const types_color_t *)result, user);
}

const spin_abi_export_t types_paint_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "types.paint",
    /* export_name */ "test:types/types#paint",
    /* params */ "ii",
    /* results */ "i",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 1,
    /* result_align */ 1,
    /* c_args_size */ sizeof(struct args_of_types_paint),
    /* c_result_size */ sizeof(types_color_t),
    /* is_async */ false,
    /* context */ NULL,
    measure_args_types_paint,
    lower_args_types_paint,
    lift_result_types_paint,
    /* clear_result */ NULL,
};

spin_error_t *types_paint(spin_instance_t *instance, const types_list_color_t *colors,
                          types_color_t *ret) {
    const struct args_of_types_paint call = {colors};
    return spin_abi_call(instance, &types_paint_export, &call, ret);
}

spin_error_t *types_paint_start(spin_instance_t *instance, const types_list_color_t *colors,
                                types_paint_done_fn done, void *user) {
    const struct args_of_types_paint call = {colors};
    return spin_abi_start(instance, &types_paint_export, &call, done_types_paint,
                          (void (*)(void))done, user);
}

/* ── types.shapes ── */

struct args_of_types_shapes {
    const types_shape_t *a;
    const types_option_shape_t *b;
    const types_bare_t *c;
};

static void measure_args_types_shapes(spin_lower_t *lower, const void *context, const void *data) {
    (void)context;
    const struct args_of_types_shapes *args = (const struct args_of_types_shapes *)data;
    measure_shape(lower, args->a);
    measure_option_shape(lower, args->b);
}

static void lower_args_types_shapes(spin_lower_t *lower, const void *context, const void *data,
                                    spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_types_shapes *args = (const struct args_of_types_shapes *)data;
    flatten_shape(lower, flat, args->a);
    flatten_option_shape(lower, flat + 3, args->b);
    flatten_bare(lower, flat + 7, args->c);
}

static void lift_result_types_shapes(spin_lift_t *lift, const void *context,
                                     const spin_flat_t *flat, const uint8_t *area, void *result) {
    (void)context;
    (void)flat;
    types_result_shape_bare_t *ret = (types_result_shape_bare_t *)result;
    load_result_shape_bare(lift, area, ret);
}

static void clear_result_types_shapes(const void *context, void *result) {
    (void)context;
    types_result_shape_bare_clear((types_result_shape_bare_t *)result);
}

static void done_types_shapes(spin_instance_t *instance, spin_error_t *error, void *result,
                              void (*handler)(void), void *user) {
    ((types_shapes_done_fn)handler)(instance, error, (const types_result_shape_bare_t *)result,
                                    user);
}

const spin_abi_export_t types_shapes_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "types.shapes",
    /* export_name */ "test:types/types#shapes",
    /* params */ "iIiiiIii",
    /* results */ "iiIi",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 24,
    /* result_align */ 8,
    /* c_args_size */ sizeof(struct args_of_types_shapes),
    /* c_result_size */ sizeof(types_result_shape_bare_t),
    /* is_async */ false,
    /* context */ NULL,
    measure_args_types_shapes,
    lower_args_types_shapes,
    lift_result_types_shapes,
    clear_result_types_shapes,
};

spin_error_t *types_shapes(spin_instance_t *instance, const types_shape_t *a,
                           const types_option_shape_t *b, const types_bare_t *c,
                           types_result_shape_bare_t *ret) {
    const struct args_of_types_shapes call = {a, b, c};
    return spin_abi_call(instance, &types_shapes_export, &call, ret);
}

spin_error_t *types_shapes_start(spin_instance_t *instance, const types_shape_t *a,
                                 const types_option_shape_t *b, const types_bare_t *c,
                                 types_shapes_done_fn done, void *user) {
    const struct args_of_types_shapes call = {a, b, c};
    return spin_abi_start(instance, &types_shapes_export, &call, done_types_shapes,
                          (void (*)(void))done, user);
}

/* ── types.all-nested ── */

struct args_of_types_all_nested {
    const types_nested_t *n;
};

static void measure_args_types_all_nested(spin_lower_t *lower, const void *context,
                                          const void *data) {
    (void)context;
    const struct args_of_types_all_nested *args = (const struct args_of_types_all_nested *)data;
    measure_nested(lower, args->n);
}

static void lower_args_types_all_nested(spin_lower_t *lower, const void *context, const void *data,
                                        spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_types_all_nested *args = (const struct args_of_types_all_nested *)data;
    flatten_nested(lower, flat, args->n);
}

static void lift_result_types_all_nested(spin_lift_t *lift, const void *context,
                                         const spin_flat_t *flat, const uint8_t *area,
                                         void *result) {
    (void)context;
    (void)flat;
    types_option_nested_t *ret = (types_option_nested_t *)result;
    load_option_nested(lift, area, ret);
}

static void clear_result_types_all_nested(const void *context, void *result) {
    (void)context;
    types_option_nested_clear((types_option_nested_t *)result);
}

static void done_types_all_nested(spin_instance_t *instance, spin_error_t *error, void *result,
                                  void (*handler)(void), void *user) {
    ((types_all_nested_done_fn)handler)(instance, error, (const types_option_nested_t *)result,
                                        user);
}

const spin_abi_export_t types_all_nested_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "types.all-nested",
    /* export_name */ "test:types/types#all-nested",
    /* params */ "iiiiiiiiiiiii",
    /* results */ "iiiiiiiiiiiiii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 56,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_types_all_nested),
    /* c_result_size */ sizeof(types_option_nested_t),
    /* is_async */ false,
    /* context */ NULL,
    measure_args_types_all_nested,
    lower_args_types_all_nested,
    lift_result_types_all_nested,
    clear_result_types_all_nested,
};

spin_error_t *types_all_nested(spin_instance_t *instance, const types_nested_t *n,
                               types_option_nested_t *ret) {
    const struct args_of_types_all_nested call = {n};
    return spin_abi_call(instance, &types_all_nested_export, &call, ret);
}

spin_error_t *types_all_nested_start(spin_instance_t *instance, const types_nested_t *n,
                                     types_all_nested_done_fn done, void *user) {
    const struct args_of_types_all_nested call = {n};
    return spin_abi_start(instance, &types_all_nested_export, &call, done_types_all_nested,
                          (void (*)(void))done, user);
}

/* ── types.many ── */

struct args_of_types_many {
    spin_slice_t a;
    spin_slice_t b;
    spin_slice_t c;
    spin_slice_t d;
    spin_slice_t e;
    spin_slice_t f;
    spin_slice_t g;
    uint64_t h;
    const types_shape_t *i;
    types_color_t j;
};

static void measure_args_types_many(spin_lower_t *lower, const void *context, const void *data) {
    (void)context;
    const struct args_of_types_many *args = (const struct args_of_types_many *)data;
    spin_lower_measure_text(lower, args->a);
    spin_lower_measure_text(lower, args->b);
    spin_lower_measure_text(lower, args->c);
    spin_lower_measure_text(lower, args->d);
    spin_lower_measure_text(lower, args->e);
    spin_lower_measure_text(lower, args->f);
    spin_lower_measure_text(lower, args->g);
    measure_shape(lower, args->i);
}

static void lower_args_types_many(spin_lower_t *lower, const void *context, const void *data,
                                  spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)flat;
    const struct args_of_types_many *args = (const struct args_of_types_many *)data;
    store_string(lower, area, args->a);
    store_string(lower, area + 8, args->b);
    store_string(lower, area + 16, args->c);
    store_string(lower, area + 24, args->d);
    store_string(lower, area + 32, args->e);
    store_string(lower, area + 40, args->f);
    store_string(lower, area + 48, args->g);
    spin_store_u64(area + 56, args->h);
    store_shape(lower, area + 64, args->i);
    spin_store_u8(area + 80, lower_color(lower, args->j));
}

static void lift_result_types_many(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                   const uint8_t *area, void *result) {
    (void)context;
    (void)flat;
    spin_string_t *ret = (spin_string_t *)result;
    (*ret) = spin_lift_text(lift, spin_load_u32(area), spin_load_u32(area + 4));
}

static void clear_result_types_many(const void *context, void *result) {
    (void)context;
    spin_string_clear((spin_string_t *)result);
}

static void done_types_many(spin_instance_t *instance, spin_error_t *error, void *result,
                            void (*handler)(void), void *user) {
    ((types_many_done_fn)handler)(instance, error, (const spin_string_t *)result, user);
}

const spin_abi_export_t types_many_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "types.many",
    /* export_name */ "test:types/types#many",
    /* params */ "i",
    /* results */ "ii",
    /* params_size */ 88,
    /* params_align */ 8,
    /* result_size */ 8,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_types_many),
    /* c_result_size */ sizeof(spin_string_t),
    /* is_async */ false,
    /* context */ NULL,
    measure_args_types_many,
    lower_args_types_many,
    lift_result_types_many,
    clear_result_types_many,
};

spin_error_t *types_many(spin_instance_t *instance, spin_slice_t a, spin_slice_t b, spin_slice_t c,
                         spin_slice_t d, spin_slice_t e, spin_slice_t f, spin_slice_t g, uint64_t h,
                         const types_shape_t *i, types_color_t j, spin_string_t *ret) {
    const struct args_of_types_many call = {a, b, c, d, e, f, g, h, i, j};
    return spin_abi_call(instance, &types_many_export, &call, ret);
}

spin_error_t *types_many_start(spin_instance_t *instance, spin_slice_t a, spin_slice_t b,
                               spin_slice_t c, spin_slice_t d, spin_slice_t e, spin_slice_t f,
                               spin_slice_t g, uint64_t h, const types_shape_t *i, types_color_t j,
                               types_many_done_fn done, void *user) {
    const struct args_of_types_many call = {a, b, c, d, e, f, g, h, i, j};
    return spin_abi_start(instance, &types_many_export, &call, done_types_many,
                          (void (*)(void))done, user);
}

/* ── types.wait ── */

struct args_of_types_wait {
    spin_slice_t text;
};

static void measure_args_types_wait(spin_lower_t *lower, const void *context, const void *data) {
    (void)context;
    const struct args_of_types_wait *args = (const struct args_of_types_wait *)data;
    spin_lower_measure_text(lower, args->text);
}

static void lower_args_types_wait(spin_lower_t *lower, const void *context, const void *data,
                                  spin_flat_t *flat, uint8_t *area) {
    (void)context;
    (void)area;
    const struct args_of_types_wait *args = (const struct args_of_types_wait *)data;
    flatten_string(lower, flat, args->text);
}

static void lift_result_types_wait(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                                   const uint8_t *area, void *result) {
    (void)context;
    (void)flat;
    types_result_string_color_t *ret = (types_result_string_color_t *)result;
    load_result_string_color(lift, area, ret);
}

static void clear_result_types_wait(const void *context, void *result) {
    (void)context;
    types_result_string_color_clear((types_result_string_color_t *)result);
}

static void done_types_wait(spin_instance_t *instance, spin_error_t *error, void *result,
                            void (*handler)(void), void *user) {
    ((types_wait_done_fn)handler)(instance, error, (const types_result_string_color_t *)result,
                                  user);
}

const spin_abi_export_t types_wait_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "types.wait",
    /* export_name */ "test:types/types#wait",
    /* params */ "ii",
    /* results */ "iii",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 12,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_types_wait),
    /* c_result_size */ sizeof(types_result_string_color_t),
    /* is_async */ true,
    /* context */ NULL,
    measure_args_types_wait,
    lower_args_types_wait,
    lift_result_types_wait,
    clear_result_types_wait,
};

spin_error_t *types_wait(spin_instance_t *instance, spin_slice_t text,
                         types_result_string_color_t *ret) {
    const struct args_of_types_wait call = {text};
    return spin_abi_call(instance, &types_wait_export, &call, ret);
}

spin_error_t *types_wait_start(spin_instance_t *instance, spin_slice_t text,
                               types_wait_done_fn done, void *user) {
    const struct args_of_types_wait call = {text};
    return spin_abi_start(instance, &types_wait_export, &call, done_types_wait,
                          (void (*)(void))done, user);
}

/* ── types.channels ── */

struct args_of_types_channels {
    types_stream_u8_t s;
    types_future_result_string_void_t f;
    types_error_context_t e;
};

static void lower_args_types_channels(spin_lower_t *lower, const void *context, const void *data,
                                      spin_flat_t *flat, uint8_t *area) {
    (void)lower;
    (void)context;
    (void)area;
    const struct args_of_types_channels *args = (const struct args_of_types_channels *)data;
    flat[0] = args->s.handle;
    flat[1] = args->f.handle;
    flat[2] = args->e.handle;
}

static void lift_result_types_channels(spin_lift_t *lift, const void *context,
                                       const spin_flat_t *flat, const uint8_t *area, void *result) {
    (void)lift;
    (void)context;
    (void)area;
    types_stream_t *ret = (types_stream_t *)result;
    (*ret).handle = (uint32_t)flat[0];
}

static void done_types_channels(spin_instance_t *instance, spin_error_t *error, void *result,
                                void (*handler)(void), void *user) {
    ((types_channels_done_fn)handler)(instance, error, (const types_stream_t *)result, user);
}

const spin_abi_export_t types_channels_export = {
    /* size */ sizeof(spin_abi_export_t),
    /* name */ "types.channels",
    /* export_name */ "test:types/types#channels",
    /* params */ "iii",
    /* results */ "i",
    /* params_size */ 0,
    /* params_align */ 0,
    /* result_size */ 4,
    /* result_align */ 4,
    /* c_args_size */ sizeof(struct args_of_types_channels),
    /* c_result_size */ sizeof(types_stream_t),
    /* is_async */ false,
    /* context */ NULL,
    /* measure_args */ NULL,
    lower_args_types_channels,
    lift_result_types_channels,
    /* clear_result */ NULL,
};

spin_error_t *types_channels(spin_instance_t *instance, types_stream_u8_t s,
                             types_future_result_string_void_t f, types_error_context_t e,
                             types_stream_t *ret) {
    const struct args_of_types_channels call = {s, f, e};
    return spin_abi_call(instance, &types_channels_export, &call, ret);
}

spin_error_t *types_channels_start(spin_instance_t *instance, types_stream_u8_t s,
                                   types_future_result_string_void_t f, types_error_context_t e,
                                   types_channels_done_fn done, void *user) {
    const struct args_of_types_channels call = {s, f, e};
    return spin_abi_start(instance, &types_channels_export, &call, done_types_channels,
                          (void (*)(void))done, user);
}
