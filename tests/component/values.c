/* Values as `wasm-tools json-from-wast` writes them, by the type that the function has. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

static void *take(values_t *values, size_t count, size_t size) {
    void **blocks = realloc(values->blocks, (values->len + 1) * sizeof *blocks);
    if (blocks == NULL)
        abort(); /* a test program */
    values->blocks = blocks;
    void *block = calloc(count == 0 ? 1 : count, size);
    if (block == NULL)
        abort();
    return blocks[values->len++] = block;
}

void values_clear(values_t *values) {
    for (size_t i = 0; i < values->len; i++)
        free(values->blocks[i]);
    free(values->blocks);
    *values = (values_t){0};
}

static const struct {
    const char *name;
    spin_type_kind_t kind;
} kinds[] = {
    {"bool", SPIN_TYPE_BOOL},     {"s8", SPIN_TYPE_S8},           {"u8", SPIN_TYPE_U8},
    {"s16", SPIN_TYPE_S16},       {"u16", SPIN_TYPE_U16},         {"s32", SPIN_TYPE_S32},
    {"u32", SPIN_TYPE_U32},       {"s64", SPIN_TYPE_S64},         {"u64", SPIN_TYPE_U64},
    {"f32", SPIN_TYPE_F32},       {"f64", SPIN_TYPE_F64},         {"char", SPIN_TYPE_CHAR},
    {"string", SPIN_TYPE_STRING}, {"list", SPIN_TYPE_LIST},       {"list", SPIN_TYPE_FIXED_LIST},
    {"list", SPIN_TYPE_MAP},      {"tuple", SPIN_TYPE_TUPLE},     {"record", SPIN_TYPE_RECORD},
    {"flags", SPIN_TYPE_FLAGS},   {"variant", SPIN_TYPE_VARIANT}, {"enum", SPIN_TYPE_ENUM},
    {"option", SPIN_TYPE_OPTION}, {"result", SPIN_TYPE_RESULT},
};

static bool is_kind(const char *name, spin_type_kind_t kind) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].kind == kind && strcmp(kinds[i].name, name) == 0)
            return true;
    return false;
}

/* ── numbers and text ────────────────────────────────────────────────────────────────────── */

static bool read_natural(const json_t *json, uint64_t *out) {
    const char *text = json_string_value(json);
    char *end = NULL;
    errno = 0;
    if (text != NULL)
        *out = strtoull(text, &end, 10);
    return text != NULL && *text != '\0' && *end == '\0' && errno == 0;
}

static bool read_integer(const json_t *json, int64_t *out) {
    const char *text = json_string_value(json);
    char *end = NULL;
    errno = 0;
    if (text != NULL)
        *out = strtoll(text, &end, 10);
    return text != NULL && *text != '\0' && *end == '\0' && errno == 0;
}

/* Floats are given by their bits. */
static bool read_float(const json_t *json, spin_value_t *out) {
    uint64_t bits;
    if (!read_natural(json, &bits))
        return false;
    if (out->kind == SPIN_TYPE_F64) {
        memcpy(&out->of.f64, &bits, sizeof bits);
    } else {
        uint32_t half = (uint32_t)bits;
        memcpy(&out->of.f32, &half, sizeof half);
    }
    return true;
}

static bool read_char(const json_t *json, uint64_t *out) {
    const unsigned char *text = (const unsigned char *)json_string_value(json);
    size_t len = json_string_length(json);
    if (text == NULL || len == 0)
        return false;
    size_t want = text[0] < 0x80 ? 1 : text[0] < 0xE0 ? 2 : text[0] < 0xF0 ? 3 : 4;
    if (len != want)
        return false;
    *out = want == 1 ? text[0] : text[0] & (0x7FU >> want);
    for (size_t i = 1; i < want; i++)
        *out = *out << 6 | (text[i] & 0x3F);
    return true;
}

/* ── what is made of parts ───────────────────────────────────────────────────────────────── */

static bool same_name(spin_slice_t name, const char *text) {
    return text != NULL && name.len == strlen(text) && memcmp(name.ptr, text, name.len) == 0;
}

static bool find_name(const spin_type_t *type, const char *text, uint32_t *out) {
    for (size_t i = 0; i < spin_type_count(type); i++) {
        if (same_name(spin_type_name(type, i), text)) {
            *out = (uint32_t)i;
            return true;
        }
    }
    return false;
}

static bool read_pair(values_t *values, const json_t *json, const spin_type_t *map,
                      spin_value_t *out) {
    const json_t *parts = json_object_get(json, "value");
    out->kind = SPIN_TYPE_TUPLE;
    out->of.list.items = take(values, 2, sizeof(spin_value_t));
    out->of.list.len = 2;
    return json_array_size(parts) == 2 &&
           values_read(values, json_array_get(parts, 0), spin_type_part(map, 0),
                       &out->of.list.items[0]) &&
           values_read(values, json_array_get(parts, 1), spin_type_part(map, 1),
                       &out->of.list.items[1]);
}

static bool read_sequence(values_t *values, const json_t *json, const spin_type_t *type,
                          spin_value_t *out) {
    size_t len = json_array_size(json);
    spin_value_t *items = take(values, len, sizeof *items);
    out->of.list.items = items;
    out->of.list.len = len;
    bool parts = out->kind == SPIN_TYPE_TUPLE || out->kind == SPIN_TYPE_RECORD;
    if (!json_is_array(json) || (parts && len != spin_type_count(type)) ||
        (out->kind == SPIN_TYPE_FIXED_LIST && len != spin_type_length(type)))
        return false;
    for (size_t i = 0; i < len; i++) {
        const json_t *each = json_array_get(json, i);
        if (out->kind == SPIN_TYPE_RECORD) {
            if (!same_name(spin_type_name(type, i), json_string_value(json_array_get(each, 0))))
                return false;
            each = json_array_get(each, 1);
        }
        if (out->kind == SPIN_TYPE_MAP
                ? !read_pair(values, each, type, &items[i])
                : !values_read(values, each, spin_type_part(type, parts ? i : 0), &items[i]))
            return false;
    }
    return true;
}

static bool read_flags(values_t *values, const json_t *json, const spin_type_t *type,
                       spin_value_t *out) {
    size_t words = (spin_type_count(type) + 31) / 32;
    out->of.flags.words = take(values, words, sizeof(uint32_t));
    out->of.flags.len = words;
    for (size_t i = 0; i < json_array_size(json); i++) {
        uint32_t flag;
        if (!find_name(type, json_string_value(json_array_get(json, i)), &flag))
            return false;
        out->of.flags.words[flag / 32] |= 1U << flag % 32;
    }
    return json_is_array(json);
}

/* {"case": "b", "payload": …}; "b"; null or a value; {"Ok": null or a value}. */
static bool read_choice(values_t *values, const json_t *json, const spin_type_t *type,
                        spin_value_t *out) {
    const json_t *payload = NULL;
    uint32_t index = 0;
    switch (out->kind) {
    case SPIN_TYPE_ENUM:
        if (!find_name(type, json_string_value(json), &index))
            return false;
        break;
    case SPIN_TYPE_OPTION:
        index = json_is_null(json) ? 0 : 1;
        payload = json;
        break;
    case SPIN_TYPE_RESULT:
        index = json_object_get(json, "Ok") != NULL ? 0 : 1;
        payload = json_object_get(json, index == 0 ? "Ok" : "Err");
        if (payload == NULL)
            return false;
        break;
    default:
        if (!find_name(type, json_string_value(json_object_get(json, "case")), &index))
            return false;
        payload = json_object_get(json, "payload");
    }
    out->of.variant.index = index;
    const spin_type_t *part = spin_type_part(type, index);
    if (payload == NULL || json_is_null(payload))
        return part == NULL;
    if (part == NULL)
        return false;
    out->of.variant.payload = take(values, 1, sizeof(spin_value_t));
    return values_read(values, payload, part, out->of.variant.payload);
}

static bool read_value(values_t *values, const json_t *json, const spin_type_t *type,
                       spin_value_t *out) {
    switch (out->kind) {
    case SPIN_TYPE_BOOL: out->of.boolean = json_is_true(json); return json_is_boolean(json);
    case SPIN_TYPE_S8:
    case SPIN_TYPE_S16:
    case SPIN_TYPE_S32:
    case SPIN_TYPE_S64: return read_integer(json, &out->of.integer);
    case SPIN_TYPE_U8:
    case SPIN_TYPE_U16:
    case SPIN_TYPE_U32:
    case SPIN_TYPE_U64: return read_natural(json, &out->of.natural);
    case SPIN_TYPE_F32:
    case SPIN_TYPE_F64: return read_float(json, out);
    case SPIN_TYPE_CHAR: return read_char(json, &out->of.natural);
    case SPIN_TYPE_STRING:
        out->of.text = spin_slice_of(json_string_value(json), json_string_length(json));
        return json_is_string(json);
    case SPIN_TYPE_FLAGS: return read_flags(values, json, type, out);
    case SPIN_TYPE_VARIANT:
    case SPIN_TYPE_ENUM:
    case SPIN_TYPE_OPTION:
    case SPIN_TYPE_RESULT: return read_choice(values, json, type, out);
    default: return read_sequence(values, json, type, out);
    }
}

bool values_read(values_t *values, const json_t *json, const spin_type_t *type, spin_value_t *out) {
    const char *name = json_string_value(json_object_get(json, "type"));
    *out = (spin_value_t){.kind = spin_type_kind(type)};
    return name != NULL && is_kind(name, out->kind) &&
           read_value(values, json_object_get(json, "value"), type, out);
}

bool values_read_args(values_t *values, const json_t *json, const spin_function_t *function,
                      spin_value_t **out, size_t *len) {
    *len = json_array_size(json);
    *out = take(values, *len, sizeof **out);
    if (*len != spin_function_param_count(function))
        return false;
    for (size_t i = 0; i < *len; i++)
        if (!values_read(values, json_array_get(json, i), spin_function_param_type(function, i),
                         &(*out)[i]))
            return false;
    return true;
}
