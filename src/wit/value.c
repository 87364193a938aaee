/* Copying, freeing and comparing values. */
#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "spin/value.h"

static bool is_sequence(spin_type_kind_t kind) {
    return kind == SPIN_TYPE_LIST || kind == SPIN_TYPE_FIXED_LIST || kind == SPIN_TYPE_TUPLE ||
           kind == SPIN_TYPE_RECORD || kind == SPIN_TYPE_MAP;
}

static bool is_choice(spin_type_kind_t kind) {
    return kind == SPIN_TYPE_VARIANT || kind == SPIN_TYPE_ENUM || kind == SPIN_TYPE_OPTION ||
           kind == SPIN_TYPE_RESULT;
}

static bool is_text(spin_type_kind_t kind) {
    return kind == SPIN_TYPE_STRING || kind == SPIN_TYPE_BYTES;
}

/* ── freeing ─────────────────────────────────────────────────────────────────────────────── */

void spin_value_clear(spin_value_t *value) {
    if (is_text(value->kind)) {
        mem_free((void *)value->of.text.ptr);
    } else if (is_sequence(value->kind)) {
        for (size_t i = 0; i < value->of.list.len; i++)
            spin_value_clear(&value->of.list.items[i]);
        mem_free(value->of.list.items);
    } else if (is_choice(value->kind)) {
        if (value->of.variant.payload != NULL)
            spin_value_clear(value->of.variant.payload);
        mem_free(value->of.variant.payload);
    } else if (value->kind == SPIN_TYPE_FLAGS) {
        mem_free(value->of.flags.words);
    }
    memset(value, 0, sizeof *value);
}

/* ── copying ─────────────────────────────────────────────────────────────────────────────── */

/* Each step leaves `out` so that spin_value_clear frees what is there. */
static bool copy(const spin_value_t *value, spin_value_t *out);

static bool copy_text(const spin_value_t *value, spin_value_t *out) {
    spin_slice_t text = value->of.text;
    if (text.len == 0)
        return true;
    uint8_t *bytes = mem_alloc(text.len);
    if (bytes == NULL)
        return false;
    memcpy(bytes, text.ptr, text.len);
    out->of.text = spin_slice_of(bytes, text.len);
    return true;
}

static bool copy_list(const spin_value_t *value, spin_value_t *out) {
    size_t len = value->of.list.len;
    if (len == 0)
        return true;
    out->of.list.items = mem_calloc(len, sizeof *out->of.list.items);
    if (out->of.list.items == NULL)
        return false;
    out->of.list.len = len;
    for (size_t i = 0; i < len; i++)
        if (!copy(&value->of.list.items[i], &out->of.list.items[i]))
            return false;
    return true;
}

static bool copy_choice(const spin_value_t *value, spin_value_t *out) {
    out->of.variant.index = value->of.variant.index;
    if (value->of.variant.payload == NULL)
        return true;
    out->of.variant.payload = mem_calloc(1, sizeof *out);
    return out->of.variant.payload != NULL &&
           copy(value->of.variant.payload, out->of.variant.payload);
}

static bool copy_flags(const spin_value_t *value, spin_value_t *out) {
    size_t len = value->of.flags.len;
    if (len == 0)
        return true;
    out->of.flags.words = mem_calloc(len, sizeof *out->of.flags.words);
    if (out->of.flags.words == NULL)
        return false;
    memcpy(out->of.flags.words, value->of.flags.words, len * sizeof *out->of.flags.words);
    out->of.flags.len = len;
    return true;
}

static bool copy(const spin_value_t *value, spin_value_t *out) {
    memset(out, 0, sizeof *out);
    out->kind = value->kind;
    if (is_text(value->kind))
        return copy_text(value, out);
    if (is_sequence(value->kind))
        return copy_list(value, out);
    if (is_choice(value->kind))
        return copy_choice(value, out);
    if (value->kind == SPIN_TYPE_FLAGS)
        return copy_flags(value, out);
    *out = *value;
    return true;
}

spin_error_t *spin_value_copy(const spin_value_t *value, spin_value_t *out) {
    if (copy(value, out))
        return NULL;
    spin_value_clear(out);
    return error_no_memory();
}

/* ── comparing ───────────────────────────────────────────────────────────────────────────── */

static bool equal_lists(const spin_value_t *left, const spin_value_t *right) {
    if (left->of.list.len != right->of.list.len)
        return false;
    for (size_t i = 0; i < left->of.list.len; i++)
        if (!spin_value_equal(&left->of.list.items[i], &right->of.list.items[i]))
            return false;
    return true;
}

static bool equal_bytes(spin_slice_t bytes, const spin_value_t *list) {
    if (bytes.len != list->of.list.len)
        return false;
    for (size_t i = 0; i < bytes.len; i++) {
        const spin_value_t *item = &list->of.list.items[i];
        if (item->kind != SPIN_TYPE_U8 || item->of.natural != bytes.ptr[i])
            return false;
    }
    return true;
}

static bool equal_choices(const spin_value_t *left, const spin_value_t *right) {
    const spin_value_t *a = left->of.variant.payload;
    const spin_value_t *b = right->of.variant.payload;
    if (left->of.variant.index != right->of.variant.index || (a == NULL) != (b == NULL))
        return false;
    return a == NULL || spin_value_equal(a, b);
}

/* Words that are not there are zero. */
static bool equal_flags(const spin_value_t *left, const spin_value_t *right) {
    size_t len =
        left->of.flags.len > right->of.flags.len ? left->of.flags.len : right->of.flags.len;
    for (size_t i = 0; i < len; i++) {
        uint32_t a = i < left->of.flags.len ? left->of.flags.words[i] : 0;
        uint32_t b = i < right->of.flags.len ? right->of.flags.words[i] : 0;
        if (a != b)
            return false;
    }
    return true;
}

/* Exactly, but for NaN: hence not a comparison that warns of floats. */
static bool equal_floats(double a, double b) {
    return (isnan(a) && isnan(b)) || (a <= b && a >= b);
}

bool spin_value_equal(const spin_value_t *left, const spin_value_t *right) {
    if (left->kind == SPIN_TYPE_BYTES && right->kind == SPIN_TYPE_LIST)
        return equal_bytes(left->of.text, right);
    if (left->kind == SPIN_TYPE_LIST && right->kind == SPIN_TYPE_BYTES)
        return equal_bytes(right->of.text, left);
    if (left->kind != right->kind)
        return false;
    if (is_text(left->kind))
        return left->of.text.len == right->of.text.len &&
               (left->of.text.len == 0 ||
                memcmp(left->of.text.ptr, right->of.text.ptr, left->of.text.len) == 0);
    if (is_sequence(left->kind))
        return equal_lists(left, right);
    if (is_choice(left->kind))
        return equal_choices(left, right);
    switch (left->kind) {
    case SPIN_TYPE_FLAGS: return equal_flags(left, right);
    case SPIN_TYPE_BOOL: return left->of.boolean == right->of.boolean;
    case SPIN_TYPE_F32: return equal_floats(left->of.f32, right->of.f32);
    case SPIN_TYPE_F64: return equal_floats(left->of.f64, right->of.f64);
    case SPIN_TYPE_S8:
    case SPIN_TYPE_S16:
    case SPIN_TYPE_S32:
    case SPIN_TYPE_S64: return left->of.integer == right->of.integer;
    default: return left->of.natural == right->of.natural;
    }
}
