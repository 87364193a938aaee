/* Values of types that are known only at run time, across the ABI: what spin-bindgen would write
 * for a type, done by looking at the type. */
#ifndef ENGINE_ABI_VALUE_H
#define ENGINE_ABI_VALUE_H

#include "base/arena.h"
#include "spin/abi.h"
#include "wit/model.h"

/* `args` of the export's callbacks; its `result` is a spin_value_t. Values must have been checked
 * against their types. */
typedef struct abi_value_args {
    const spin_value_t *items; /* one for each parameter */
    bool unwanted;             /* the result: the host's objects in it are let go */
} abi_value_args_t;

/* Describes `function` as the drivers want it. What `*out` points to lies in `arena`, and
 * `function` must live as long as it is used. Errors: NO_MEMORY, UNSUPPORTED. */
spin_error_t *abi_value_describe(arena_t *arena, const wit_function_t *function,
                                 spin_abi_export_t *out);

/* INVALID where they are not what the function takes. */
spin_error_t *abi_value_check_args(const wit_function_t *function, const spin_value_t *args,
                                   size_t args_len);

/* ── value_lower.c, value_lift.c: one value ── */

void abi_value_measure(spin_lower_t *lower, const wit_type_t *type, const spin_value_t *value);
/* Writes layout.size bytes at `at`, or layout.flat_len flat values (at most WIT_FLAT_MAX); both
 * passes in one order. */
void abi_value_store(spin_lower_t *lower, const wit_type_t *type, const spin_value_t *value,
                     uint8_t *at);
void abi_value_flatten(spin_lower_t *lower, const wit_type_t *type, const spin_value_t *value,
                       spin_flat_t *flat);
/* `*out` is zero; after a failure it holds a part of the
 * value, which spin_value_clear takes. */
void abi_value_load(spin_lift_t *lift, const wit_type_t *type, const uint8_t *at,
                    spin_value_t *out);
void abi_value_unflatten(spin_lift_t *lift, const wit_type_t *type, const spin_flat_t *flat,
                         spin_value_t *out);

/* All parameters, from an area or flat values, into zeroed `out`. */
void abi_value_load_all(spin_lift_t *lift, const wit_function_t *function, const spin_flat_t *flat,
                        const uint8_t *area, spin_value_t *out);

/* ── what both need to know of types ── */

static inline size_t abi_align_up(size_t at, size_t align) {
    return (at + align - 1) & ~(align - 1);
}

/* The payload of case `index`, or NULL; of a variant, enum, option or result. */
static inline const wit_type_t *abi_case_type(const wit_type_t *type, uint32_t index) {
    if (type->kind == SPIN_TYPE_ENUM)
        return NULL;
    if (type->kind == SPIN_TYPE_OPTION)
        return index == 1 ? type->parts[0].ref.type : NULL;
    return type->parts[index].ref.type;
}

static inline size_t abi_case_count(const wit_type_t *type) {
    bool two = type->kind == SPIN_TYPE_OPTION || type->kind == SPIN_TYPE_RESULT;
    return two ? 2 : type->parts_len;
}

static inline bool abi_is_bytes(const wit_type_t *type) {
    return type->kind == SPIN_TYPE_LIST && type->parts[0].ref.type->kind == SPIN_TYPE_U8;
}

/* An element of a list; of a map it is a pair. */
typedef struct abi_element {
    size_t size;
    size_t second; /* of a pair: where its value lies */
    uint32_t align;
} abi_element_t;

static inline abi_element_t abi_element_of(const wit_type_t *type) {
    const wit_layout_t *first = &type->parts[0].ref.type->layout;
    if (type->kind != SPIN_TYPE_MAP)
        return (abi_element_t){first->size, 0, first->align};
    const wit_layout_t *second = &type->parts[1].ref.type->layout;
    size_t align = first->align > second->align ? first->align : second->align;
    size_t at = abi_align_up(first->size, second->align);
    size_t size = abi_align_up(at + second->size, align);
    return (abi_element_t){size, at, (uint32_t)align};
}

#endif
