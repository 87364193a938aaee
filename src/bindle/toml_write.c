#include "bindle/toml_write.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/slice.h"

void toml_write_string(buf_t *buf, spin_slice_t text) {
    static const char short_escapes[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
    buf_append_byte(buf, '"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        const char *found = c == '\0' ? NULL : strchr(short_escapes, c);
        if (found != NULL) {
            buf_append_byte(buf, '\\');
            buf_append_byte(buf, (uint8_t)letters[found - short_escapes]);
        } else if (c < 0x20 || c == 0x7F)
            buf_printf(buf, "\\u%04X", c);
        else
            buf_append_byte(buf, c);
    }
    buf_append_byte(buf, '"');
}

static bool is_bare(spin_slice_t key) {
    for (size_t i = 0; i < key.len; i++) {
        uint8_t c = key.ptr[i];
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '-')
            return false;
    }
    return key.len > 0;
}

void toml_write_key(buf_t *buf, spin_slice_t key) {
    if (is_bare(key))
        buf_append(buf, key);
    else
        toml_write_string(buf, key);
}

void toml_write_text(buf_t *buf, const char *name, spin_slice_t value) {
    buf_append_text(buf, name);
    buf_append_text(buf, " = ");
    toml_write_string(buf, value);
    buf_append_byte(buf, '\n');
}

void toml_write_texts(buf_t *buf, const char *name, const bindle_texts_t *texts) {
    buf_append_text(buf, name);
    buf_append_text(buf, " = [");
    for (size_t i = 0; i < texts->len; i++) {
        if (i > 0)
            buf_append_text(buf, ", ");
        toml_write_string(buf, texts->items[i]);
    }
    buf_append_text(buf, "]\n");
}

void toml_write_pairs(buf_t *buf, const bindle_pairs_t *pairs) {
    for (size_t i = 0; i < pairs->len; i++) {
        toml_write_key(buf, pairs->items[i].key);
        buf_append_text(buf, " = ");
        toml_write_string(buf, pairs->items[i].value);
        buf_append_byte(buf, '\n');
    }
}

/* Seventeen digits bring every number back; a fraction or exponent keeps it a float. */
static void write_float(buf_t *buf, double number) {
    char text[40];
    if (isnan(number) || isinf(number)) {
        buf_append_text(buf, isnan(number) ? "nan" : number < 0 ? "-inf" : "inf");
        return;
    }
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* whose point is a point */
    if (plain == (locale_t)0) {
        buf->failed = true;
        return;
    }
    locale_t before = uselocale(plain);
    int digits = 15;
    do
        snprintf(text, sizeof text, "%.*g", digits, number);
    while (digits++ < 17 && strtod(text, NULL) != number);
    uselocale(before);
    freelocale(plain);
    buf_append_text(buf, text);
    if (strpbrk(text, ".e") == NULL)
        buf_append_text(buf, ".0");
}

static void write_array(buf_t *buf, const toml_value_t *value) {
    buf_append_byte(buf, '[');
    for (size_t i = 0; i < value->of.array.len; i++) {
        if (i > 0)
            buf_append_text(buf, ", ");
        toml_write_value(buf, &value->of.array.items[i]);
    }
    buf_append_byte(buf, ']');
}

static void write_table(buf_t *buf, const toml_value_t *value) {
    buf_append_text(buf, "{ ");
    for (size_t i = 0; i < value->of.table.len; i++) {
        if (i > 0)
            buf_append_text(buf, ", ");
        toml_write_key(buf, value->of.table.pairs[i].key);
        buf_append_text(buf, " = ");
        toml_write_value(buf, &value->of.table.pairs[i].value);
    }
    buf_append_text(buf, " }");
}

void toml_write_value(buf_t *buf, const toml_value_t *value) {
    switch (value->type) {
    case TOML_STRING: toml_write_string(buf, value->of.string); break;
    case TOML_INTEGER: buf_printf(buf, "%lld", (long long)value->of.integer); break;
    case TOML_FLOAT: write_float(buf, value->of.number); break;
    case TOML_BOOLEAN: buf_append_text(buf, value->of.boolean ? "true" : "false"); break;
    case TOML_OFFSET_DATETIME:
    case TOML_LOCAL_DATETIME:
    case TOML_LOCAL_DATE:
    case TOML_LOCAL_TIME: buf_append(buf, value->of.datetime); break;
    case TOML_ARRAY: write_array(buf, value); break;
    case TOML_TABLE: write_table(buf, value); break;
    }
}
