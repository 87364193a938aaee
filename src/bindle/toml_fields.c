#include "bindle/toml_fields.h"

#include <stdarg.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/toml_error.h"

/* ── errors ──────────────────────────────────────────────────────────────────────────────── */

static bool is_plain(spin_slice_t key) {
    for (size_t i = 0; i < key.len; i++)
        if (key.ptr[i] <= ' ' || key.ptr[i] == '"' || key.ptr[i] == '.' || key.ptr[i] == 0x7F)
            return false;
    return key.len <= TOML_QUOTE_BYTES;
}

static void append_name(buf_t *buf, spin_slice_t name) {
    if (is_plain(name))
        buf_append(buf, name);
    else
        toml_append_quoted(buf, name);
}

static spin_error_t *error_in(const toml_fields_t *fields, spin_slice_t name, uint32_t line,
                              uint32_t column, const char *format, va_list args) {
    buf_t buf = {0};
    if (fields->item != NULL)
        buf_printf(&buf, "%s %zu: ", fields->item, fields->number);
    buf_append_text(&buf, fields->path);
    if (*fields->path != '\0' && name.len > 0)
        buf_append_byte(&buf, '.');
    append_name(&buf, name);
    buf_append_byte(&buf, ' ');
    buf_vprintf(&buf, format, args);
    return toml_error_take(&buf, SPIN_ERROR_INVALID, fields->file, line, column);
}

spin_error_t *toml_fields_error(const toml_fields_t *fields, const char *name,
                                const toml_value_t *at, const char *format, ...) {
    va_list args;
    va_start(args, format);
    spin_error_t *error = error_in(fields, spin_slice(name), at->line, at->column, format, args);
    va_end(args);
    return error;
}

__attribute__((format(printf, 3, 4))) static spin_error_t *
key_error(const toml_fields_t *fields, const toml_pair_t *pair, const char *format, ...) {
    va_list args;
    va_start(args, format);
    spin_error_t *error =
        error_in(fields, pair->key, pair->key_line, pair->key_column, format, args);
    va_end(args);
    return error;
}

static spin_error_t *missing(const toml_fields_t *fields, const char *name) {
    return toml_fields_error(fields, name, fields->table, "is missing");
}

static spin_error_t *wrong_type(const toml_fields_t *fields, const char *name,
                                const toml_value_t *value, const char *expected) {
    return toml_fields_error(fields, name, value, "must be %s, not %s", expected,
                             toml_type_name(value->type));
}

/* The value of a key; `*out` is NULL where there is none. */
static spin_error_t *find(const toml_fields_t *fields, const char *name, bool required,
                          toml_type_t type, const char *expected, const toml_value_t **out) {
    *out = NULL;
    if (fields->table == NULL)
        return NULL;
    const toml_pair_t *pair = toml_table_find(fields->table, spin_slice(name));
    if (pair == NULL)
        return required ? missing(fields, name) : NULL;
    if (pair->value.type != type)
        return wrong_type(fields, name, &pair->value, expected);
    *out = &pair->value;
    return NULL;
}

/* ── keys ────────────────────────────────────────────────────────────────────────────────── */

spin_error_t *toml_fields_check(const toml_fields_t *fields, const char *const *names) {
    size_t len = 0;
    while (names[len] != NULL)
        len++;
    for (size_t i = 0; fields->table != NULL && i < fields->table->of.table.len; i++) {
        const toml_pair_t *pair = &fields->table->of.table.pairs[i];
        size_t at = 0;
        while (at < len && !slice_equal_text(pair->key, names[at]))
            at++;
        if (at < len)
            continue;
        const char *near = spin_nearest_name(pair->key, names, len);
        return near == NULL ? key_error(fields, pair, "is not a key of Bindle 1.0")
                            : key_error(fields, pair,
                                        "is not a key of Bindle 1.0; did you mean \"%s\"?", near);
    }
    return NULL;
}

/* ── values ──────────────────────────────────────────────────────────────────────────────── */

spin_error_t *toml_fields_text(const toml_fields_t *fields, const char *name, bool required,
                               spin_slice_t *out) {
    const toml_value_t *value;
    spin_error_t *error = find(fields, name, required, TOML_STRING, "a string", &value);
    if (value != NULL)
        *out = value->of.string;
    return error;
}

spin_error_t *toml_fields_checked(const toml_fields_t *fields, const char *name,
                                  const char *(*check)(spin_slice_t text), spin_slice_t *out) {
    const toml_value_t *value;
    spin_error_t *error = find(fields, name, true, TOML_STRING, "a string", &value);
    if (value == NULL)
        return error;
    *out = value->of.string;
    const char *reason = check(*out);
    if (reason == NULL)
        return NULL;
    buf_t quoted = {0};
    toml_append_quoted(&quoted, *out);
    error = quoted.failed ? error_no_memory()
                          : toml_fields_error(fields, name, value, "%.*s %s",
                                              SLICE_ARG(buf_slice(&quoted)), reason);
    buf_deinit(&quoted);
    return error;
}

spin_error_t *toml_fields_boolean(const toml_fields_t *fields, const char *name, bool *out) {
    const toml_value_t *value;
    spin_error_t *error = find(fields, name, false, TOML_BOOLEAN, "true or false", &value);
    if (value != NULL)
        *out = value->of.boolean;
    return error;
}

spin_error_t *toml_fields_number(const toml_fields_t *fields, const char *name, bool required,
                                 uint64_t *out) {
    const toml_value_t *value;
    spin_error_t *error = find(fields, name, required, TOML_INTEGER, "a whole number", &value);
    if (value == NULL)
        return error;
    if (value->of.integer < 0)
        return toml_fields_error(fields, name, value, "must not be negative");
    *out = (uint64_t)value->of.integer;
    return NULL;
}

spin_error_t *toml_fields_texts(const toml_fields_t *fields, const char *name, bool required,
                                bindle_texts_t *out) {
    const toml_value_t *value;
    spin_error_t *error = find(fields, name, required, TOML_ARRAY, "an array of strings", &value);
    if (value == NULL)
        return error;
    size_t len = value->of.array.len;
    out->items = arena_calloc(fields->arena, len, sizeof *out->items);
    if (out->items == NULL)
        return error_no_memory();
    for (size_t i = 0; i < len; i++) {
        const toml_value_t *item = &value->of.array.items[i];
        if (item->type != TOML_STRING)
            return wrong_type(fields, name, item, "an array of strings");
        out->items[i] = item->of.string;
    }
    out->len = len;
    return NULL;
}

spin_error_t *toml_fields_all_pairs(const toml_fields_t *fields, bindle_pairs_t *out) {
    if (fields->table == NULL)
        return NULL;
    size_t len = fields->table->of.table.len;
    out->items = arena_calloc(fields->arena, len, sizeof *out->items);
    if (out->items == NULL)
        return error_no_memory();
    for (size_t i = 0; i < len; i++) {
        const toml_pair_t *pair = &fields->table->of.table.pairs[i];
        if (pair->value.type != TOML_STRING)
            return key_error(fields, pair, "must be a string, not %s",
                             toml_type_name(pair->value.type));
        out->items[i] = (bindle_pair_t){pair->key, pair->value.of.string};
    }
    out->len = len;
    return NULL;
}

spin_error_t *toml_fields_pairs(const toml_fields_t *fields, const char *name,
                                bindle_pairs_t *out) {
    toml_fields_t table;
    spin_error_t *error = toml_fields_table(fields, name, false, &table);
    return error == NULL ? toml_fields_all_pairs(&table, out) : error;
}

/* ── tables ──────────────────────────────────────────────────────────────────────────────── */

spin_error_t *toml_fields_parse(arena_t *arena, spin_slice_t text, const char *file,
                                toml_fields_t *out) {
    toml_value_t *table = NULL;
    spin_error_t *error = toml_parse(arena, text, file, &table);
    *out = (toml_fields_t){.arena = arena, .file = file, .table = table, .path = ""};
    return error;
}

spin_error_t *toml_fields_enter(const toml_fields_t *fields, spin_slice_t name,
                                const toml_value_t *table, toml_fields_t *out) {
    buf_t path = {0};
    buf_append_text(&path, fields->path);
    if (*fields->path != '\0')
        buf_append_byte(&path, '.');
    append_name(&path, name);
    *out = *fields;
    out->table = table;
    out->path = path.failed ? NULL : arena_copy_text(fields->arena, buf_slice(&path));
    buf_deinit(&path);
    return out->path == NULL ? error_no_memory() : NULL;
}

spin_error_t *toml_fields_table(const toml_fields_t *fields, const char *name, bool required,
                                toml_fields_t *out) {
    const toml_value_t *value;
    spin_error_t *error = find(fields, name, required, TOML_TABLE, "a table", &value);
    return error == NULL ? toml_fields_enter(fields, spin_slice(name), value, out) : error;
}

spin_error_t *toml_fields_items(const toml_fields_t *fields, const char *name, size_t size,
                                toml_fields_read_fn read, void *items, size_t *len) {
    const toml_value_t *value;
    spin_error_t *error =
        find(fields, name, false, TOML_ARRAY, "a list of tables, each below [[...]]", &value);
    if (value == NULL)
        return error;
    uint8_t *array = arena_calloc(fields->arena, value->of.array.len, size);
    if (array == NULL)
        return error_no_memory();
    for (size_t i = 0; i < value->of.array.len; i++) {
        const toml_value_t *item = &value->of.array.items[i];
        if (item->type != TOML_TABLE)
            return wrong_type(fields, name, item, "a list of tables, each below [[...]]");
        toml_fields_t inside = *fields;
        inside.table = item;
        inside.path = "";
        inside.item = name;
        inside.number = i + 1;
        error = read(&inside, array + i * size);
        if (error != NULL)
            return error;
    }
    memcpy(items, &array, sizeof array);
    *len = value->of.array.len;
    return NULL;
}
