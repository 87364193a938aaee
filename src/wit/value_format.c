/* Values as WAVE text (wasm-tools, crates/wasm-wave). Handles, which WAVE does not have, are
 * written with their number, as "own(3)"; maps as lists of pairs. */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "wit/type.h"

static void format(buf_t *out, const spin_value_t *value, const spin_type_t *type);

/* ── scalars ─────────────────────────────────────────────────────────────────────────────── */

/* The fewest digits that read back as the same number. */
static void format_float(buf_t *out, double value, bool is_single) {
    if (isnan(value)) {
        buf_append_text(out, "nan");
        return;
    }
    if (isinf(value)) {
        buf_append_text(out, value < 0 ? "-inf" : "inf");
        return;
    }
    char text[40];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        double back = is_single ? (double)strtof(text, NULL) : strtod(text, NULL);
        if (back >= value && back <= value)
            break;
    }
    for (char *at = text; *at != '\0'; at++) /* an embedder's locale may have another point */
        if (!isdigit((unsigned char)*at) && strchr("+-e", *at) == NULL)
            *at = '.';
    buf_append_text(out, text);
}

static void append_utf8(buf_t *out, uint32_t c) {
    uint8_t bytes[4];
    size_t len = 0;
    if (c < 0x80) {
        bytes[len++] = (uint8_t)c;
    } else if (c < 0x800) {
        bytes[len++] = (uint8_t)(0xC0 | c >> 6);
        bytes[len++] = (uint8_t)(0x80 | (c & 0x3F));
    } else {
        if (c < 0x10000) {
            bytes[len++] = (uint8_t)(0xE0 | c >> 12);
        } else {
            bytes[len++] = (uint8_t)(0xF0 | c >> 18);
            bytes[len++] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
        }
        bytes[len++] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        bytes[len++] = (uint8_t)(0x80 | (c & 0x3F));
    }
    buf_append(out, spin_slice_of(bytes, len));
}

static void format_char(buf_t *out, uint32_t c) {
    static const char escaped[] = "\\\"'\t\r\n";
    static const char letters[] = "\\\"'trn";
    const char *found = c != 0 && c < 0x80 ? strchr(escaped, (int)c) : NULL;
    if (found != NULL) {
        buf_append_byte(out, '\\');
        buf_append_byte(out, (uint8_t)letters[found - escaped]);
    } else if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
        buf_printf(out, "\\u{%" PRIx32 "}", c);
    } else {
        append_utf8(out, c);
    }
}

/* The text is known to be UTF-8: all that needs care is ASCII, or U+0080 to U+009F. */
static void format_string(buf_t *out, spin_slice_t text) {
    buf_append_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.ptr[i];
        bool is_control = byte == 0xC2 && text.ptr[i + 1] < 0xA0;
        if (is_control)
            format_char(out, text.ptr[++i]);
        else if (byte < 0x80)
            format_char(out, byte);
        else
            buf_append_byte(out, byte);
    }
    buf_append_byte(out, '"');
}

/* ── parts ───────────────────────────────────────────────────────────────────────────────── */

static void comma(buf_t *out, bool *is_first) {
    if (!*is_first)
        buf_append_text(out, ", ");
    *is_first = false;
}

static void format_bytes(buf_t *out, spin_slice_t bytes) {
    buf_append_byte(out, '[');
    for (size_t i = 0; i < bytes.len; i++)
        buf_printf(out, i == 0 ? "%d" : ", %d", bytes.ptr[i]);
    buf_append_byte(out, ']');
}

static void format_items(buf_t *out, const spin_value_t *value, const spin_type_t *element) {
    bool is_first = true;
    buf_append_byte(out, '[');
    for (size_t i = 0; i < value->of.list.len; i++) {
        comma(out, &is_first);
        format(out, &value->of.list.items[i], element);
    }
    buf_append_byte(out, ']');
}

static void format_tuple(buf_t *out, const spin_value_t *value, const spin_type_t *type) {
    bool is_first = true;
    buf_append_byte(out, '(');
    for (size_t i = 0; i < type->parts_len; i++) {
        comma(out, &is_first);
        format(out, &value->of.list.items[i], type->parts[i].ref.type);
    }
    buf_append_byte(out, ')');
}

static void format_map(buf_t *out, const spin_value_t *value, const spin_type_t *type) {
    bool is_first = true;
    buf_append_byte(out, '[');
    for (size_t i = 0; i < value->of.list.len; i++) {
        comma(out, &is_first);
        format_tuple(out, &value->of.list.items[i], type);
    }
    buf_append_byte(out, ']');
}

/* Fields that are none are left out; "{:}" is a record of nothing else, "{}" would be flags. */
static void format_record(buf_t *out, const spin_value_t *value, const spin_type_t *type) {
    bool is_first = true;
    buf_append_byte(out, '{');
    for (size_t i = 0; i < type->parts_len; i++) {
        const spin_value_t *field = &value->of.list.items[i];
        if (field->kind == SPIN_TYPE_OPTION && field->of.variant.index == 0)
            continue;
        comma(out, &is_first);
        buf_append(out, type->parts[i].name);
        buf_append_text(out, ": ");
        format(out, field, type->parts[i].ref.type);
    }
    buf_append_text(out, is_first ? ":}" : "}");
}

static void format_flags(buf_t *out, const spin_value_t *value, const spin_type_t *type) {
    bool is_first = true;
    buf_append_byte(out, '{');
    for (size_t i = 0; i < type->parts_len; i++) {
        if ((value->of.flags.words[i / 32] >> (i % 32) & 1) == 0)
            continue;
        comma(out, &is_first);
        buf_append(out, type->parts[i].name);
    }
    buf_append_byte(out, '}');
}

/* Names of cases that WAVE would read as its own words. */
static bool is_keyword(spin_slice_t name) {
    static const char *const words[] = {"true", "false", "inf", "nan", "some", "none", "ok", "err"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_equal_text(name, words[i]))
            return true;
    return false;
}

static void format_choice(buf_t *out, const spin_value_t *value, const spin_type_t *type) {
    uint32_t index = value->of.variant.index;
    spin_slice_t name = spin_type_name(type, index);
    if (type->kind == SPIN_TYPE_RESULT)
        name = index == 0 ? SLICE_LITERAL("ok") : SLICE_LITERAL("err");
    else if (type->kind != SPIN_TYPE_OPTION && is_keyword(name))
        buf_append_byte(out, '%');
    buf_append(out, name);
    if (value->of.variant.payload == NULL)
        return;
    buf_append_byte(out, '(');
    format(out, value->of.variant.payload, spin_type_part(type, index));
    buf_append_byte(out, ')');
}

static void format_handle(buf_t *out, const char *name, const spin_value_t *value) {
    buf_printf(out, "%s(%" PRIu64 ")", name, value->of.natural);
}

static void format(buf_t *out, const spin_value_t *value, const spin_type_t *type) {
    switch (value->kind) {
    case SPIN_TYPE_BOOL: buf_append_text(out, value->of.boolean ? "true" : "false"); break;
    case SPIN_TYPE_S8:
    case SPIN_TYPE_S16:
    case SPIN_TYPE_S32:
    case SPIN_TYPE_S64: buf_printf(out, "%" PRId64, value->of.integer); break;
    case SPIN_TYPE_U8:
    case SPIN_TYPE_U16:
    case SPIN_TYPE_U32:
    case SPIN_TYPE_U64: buf_printf(out, "%" PRIu64, value->of.natural); break;
    case SPIN_TYPE_F32: format_float(out, (double)value->of.f32, true); break;
    case SPIN_TYPE_F64: format_float(out, value->of.f64, false); break;
    case SPIN_TYPE_CHAR:
        buf_append_byte(out, '\'');
        format_char(out, (uint32_t)value->of.natural);
        buf_append_byte(out, '\'');
        break;
    case SPIN_TYPE_STRING: format_string(out, value->of.text); break;
    case SPIN_TYPE_BYTES: format_bytes(out, value->of.text); break;
    case SPIN_TYPE_LIST:
    case SPIN_TYPE_FIXED_LIST: format_items(out, value, type->parts[0].ref.type); break;
    case SPIN_TYPE_TUPLE: format_tuple(out, value, type); break;
    case SPIN_TYPE_MAP: format_map(out, value, type); break;
    case SPIN_TYPE_RECORD: format_record(out, value, type); break;
    case SPIN_TYPE_FLAGS: format_flags(out, value, type); break;
    case SPIN_TYPE_VARIANT:
    case SPIN_TYPE_ENUM:
    case SPIN_TYPE_OPTION:
    case SPIN_TYPE_RESULT: format_choice(out, value, type); break;
    case SPIN_TYPE_OWN: format_handle(out, "own", value); break;
    case SPIN_TYPE_BORROW: format_handle(out, "borrow", value); break;
    case SPIN_TYPE_STREAM: format_handle(out, "stream", value); break;
    case SPIN_TYPE_FUTURE: format_handle(out, "future", value); break;
    case SPIN_TYPE_ERROR_CONTEXT: format_handle(out, "error-context", value); break;
    }
}

spin_error_t *spin_value_format(const spin_value_t *value, const spin_type_t *type,
                                spin_string_t *out) {
    *out = (spin_string_t){0};
    spin_error_t *error = spin_value_check(value, type);
    if (error != NULL)
        return error;
    buf_t text = {0};
    format(&text, value, type);
    if (text.failed) {
        buf_deinit(&text);
        return error_no_memory();
    }
    *out = buf_slice(&text); /* its memory is what spin_string_clear frees */
    return NULL;
}
