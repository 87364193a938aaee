#include <stdarg.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/toml_error.h"
#include "manifest/schema.h"

const char *schema_quote(schema_reader_t *reader, spin_slice_t text) {
    buf_t buf = {0};
    toml_append_quoted(&buf, text);
    const char *quoted = buf.failed ? NULL : arena_copy_text(reader->arena, buf_slice(&buf));
    buf_deinit(&buf);
    return quoted == NULL ? "(out of memory)" : quoted;
}

static spin_error_t *error_in(schema_reader_t *reader, spin_error_kind_t kind, uint32_t line,
                              uint32_t column, const char *format, va_list args) {
    buf_t buf = {0};
    if (reader->subject != NULL) {
        buf_printf(&buf, "%s ", reader->subject);
        if (reader->subject_name.ptr != NULL)
            toml_append_quoted(&buf, reader->subject_name);
        else
            buf_printf(&buf, "%zu", reader->subject_number);
        buf_append_text(&buf, ": ");
    }
    buf_vprintf(&buf, format, args);
    return toml_error_take(&buf, kind, reader->file, line, column);
}

spin_error_t *schema_error(schema_reader_t *reader, spin_error_kind_t kind, const toml_value_t *at,
                           const char *format, ...) {
    va_list args;
    va_start(args, format);
    spin_error_t *error = error_in(reader, kind, at->line, at->column, format, args);
    va_end(args);
    return error;
}

__attribute__((format(printf, 3, 4))) static spin_error_t *
key_error(schema_reader_t *reader, const toml_pair_t *at, const char *format, ...) {
    va_list args;
    va_start(args, format);
    spin_error_t *error =
        error_in(reader, SPIN_ERROR_INVALID, at->key_line, at->key_column, format, args);
    va_end(args);
    return error;
}

/* For "%s%s%s": the path of a key in front of its name, and what joins them. */
#define PATH_ARG(schema) (schema)->path, *(schema)->path == '\0' ? "" : "."
/* For "%s%s": where a key stands. */
#define IN_ARG(schema) *(schema)->path == '\0' ? "" : " in ", (schema)->path

spin_error_t *schema_type_error(schema_reader_t *reader, const schema_t *schema,
                                const schema_field_t *field, const toml_value_t *value,
                                const char *expected) {
    return schema_error(reader, SPIN_ERROR_INVALID, value, "%s%s%s must be %s, not %s",
                        PATH_ARG(schema), field->name, expected, toml_type_name(value->type));
}

spin_error_t *schema_missing_error(schema_reader_t *reader, const schema_t *schema,
                                   const char *name, const toml_value_t *table) {
    return schema_error(reader, SPIN_ERROR_INVALID, table, "missing key \"%s\"%s%s", name,
                        IN_ARG(schema));
}

static const schema_field_t *find_field(const schema_t *schema, spin_slice_t key) {
    for (size_t i = 0; i < schema->len; i++)
        if (slice_equal_text(key, schema->fields[i].name))
            return &schema->fields[i];
    return NULL;
}

static spin_error_t *unknown_key(schema_reader_t *reader, const schema_t *schema,
                                 const toml_pair_t *pair) {
    const char *names[SCHEMA_FIELDS_MAX];
    size_t len = schema->len < SCHEMA_FIELDS_MAX ? schema->len : SCHEMA_FIELDS_MAX;
    for (size_t i = 0; i < len; i++)
        names[i] = schema->fields[i].name;
    const char *nearest = spin_nearest_name(pair->key, names, len);
    const char *key = schema_quote(reader, pair->key);
    if (nearest == NULL)
        return key_error(reader, pair, "unknown key %s%s%s", key, IN_ARG(schema));
    return key_error(reader, pair, "unknown key %s%s%s; did you mean \"%s\"?", key, IN_ARG(schema),
                     nearest);
}

spin_error_t *schema_check_keys(schema_reader_t *reader, const schema_t *schema,
                                const toml_value_t *table) {
    for (size_t i = 0; i < table->of.table.len; i++)
        if (find_field(schema, table->of.table.pairs[i].key) == NULL)
            return unknown_key(reader, schema, &table->of.table.pairs[i]);
    return NULL;
}

/* Text that ends up in paths, arguments and environments, where a NUL would cut it short. */
static spin_error_t *read_text(schema_reader_t *reader, const schema_t *schema,
                               const schema_field_t *field, const toml_value_t *value,
                               spin_slice_t *out) {
    spin_slice_t text = value->of.string;
    const char *reason = slice_find(text, '\0') < text.len ? "must not contain a NUL character"
                         : field->check != NULL            ? field->check(text)
                                                           : NULL;
    if (reason != NULL)
        return schema_error(reader, SPIN_ERROR_INVALID, value, "%s%s%s %s: %s", PATH_ARG(schema),
                            field->name, schema_quote(reader, text), reason);
    *out = text.ptr == NULL ? SLICE_LITERAL("") : text; /* there, and empty */
    return NULL;
}

static spin_error_t *read_list(schema_reader_t *reader, const schema_t *schema,
                               const schema_field_t *field, const toml_value_t *value,
                               manifest_list_t *list) {
    size_t len = value->of.array.len;
    list->items = arena_calloc(reader->arena, len, sizeof *list->items);
    if (list->items == NULL)
        return error_no_memory();
    for (size_t i = 0; i < len; i++) {
        const toml_value_t *item = &value->of.array.items[i];
        if (item->type != TOML_STRING)
            return schema_error(reader, SPIN_ERROR_INVALID, item,
                                "%s%s%s must be an array of strings, but item %zu is %s",
                                PATH_ARG(schema), field->name, i + 1, toml_type_name(item->type));
        spin_error_t *error = read_text(reader, schema, field, item, &list->items[i]);
        if (error != NULL)
            return error;
    }
    list->len = len;
    return NULL;
}

static spin_error_t *read_pairs(schema_reader_t *reader, const schema_t *schema,
                                const schema_field_t *field, const toml_value_t *value,
                                manifest_pairs_t *pairs) {
    size_t len = value->of.table.len;
    pairs->items = arena_calloc(reader->arena, len, sizeof *pairs->items);
    if (pairs->items == NULL)
        return error_no_memory();
    for (size_t i = 0; i < len; i++) {
        const toml_pair_t *pair = &value->of.table.pairs[i];
        const char *reason = field->check != NULL ? field->check(pair->key) : NULL;
        if (reason != NULL)
            return key_error(reader, pair, "%s%s%s key %s: %s", PATH_ARG(schema), field->name,
                             schema_quote(reader, pair->key), reason);
        if (pair->value.type != TOML_STRING)
            return schema_error(reader, SPIN_ERROR_INVALID, &pair->value,
                                "%s%s%s must be a table of strings, but %s is %s", PATH_ARG(schema),
                                field->name, schema_quote(reader, pair->key),
                                toml_type_name(pair->value.type));
        schema_field_t text = {.name = field->name};
        pairs->items[i].key = pair->key;
        spin_error_t *error =
            read_text(reader, schema, &text, &pair->value, &pairs->items[i].value);
        if (error != NULL)
            return error;
    }
    pairs->len = len;
    return NULL;
}

static spin_error_t *unknown_choice(schema_reader_t *reader, const schema_t *schema,
                                    const schema_field_t *field, const toml_value_t *value) {
    buf_t known = {0};
    size_t len = 0;
    for (; field->choices[len] != NULL; len++)
        buf_printf(&known, "%s\"%s\"", len == 0 ? "" : ", ", field->choices[len]);
    const char *nearest = spin_nearest_name(value->of.string, field->choices, len);
    if (nearest != NULL)
        buf_printf(&known, "; did you mean \"%s\"?", nearest);
    spin_error_t *error =
        known.failed
            ? error_no_memory()
            : schema_error(reader, SPIN_ERROR_INVALID, value, "%s%s%s %s: known are %.*s",
                           PATH_ARG(schema), field->name, schema_quote(reader, value->of.string),
                           SLICE_ARG(buf_slice(&known)));
    buf_deinit(&known);
    return error;
}

static spin_error_t *read_choice(schema_reader_t *reader, const schema_t *schema,
                                 const schema_field_t *field, const toml_value_t *value, int *out) {
    for (int i = 0; field->choices[i] != NULL; i++)
        if (slice_equal_text(value->of.string, field->choices[i])) {
            *out = i;
            return NULL;
        }
    return unknown_choice(reader, schema, field, value);
}

spin_error_t *schema_read_value(schema_reader_t *reader, const schema_t *schema,
                                const schema_field_t *field, const toml_value_t *value,
                                void *base) {
    static const struct {
        toml_type_t type;
        const char *name;
    } expected[] = {
        [SCHEMA_TEXT] = {TOML_STRING, "a string"},
        [SCHEMA_BOOLEAN] = {TOML_BOOLEAN, "a boolean"},
        [SCHEMA_LIST] = {TOML_ARRAY, "an array of strings"},
        [SCHEMA_PAIRS] = {TOML_TABLE, "a table of strings"},
        [SCHEMA_TABLE] = {TOML_TABLE, "a table"},
        [SCHEMA_CHOICE] = {TOML_STRING, "a string"},
    };
    if (value->type != expected[field->type].type)
        return schema_type_error(reader, schema, field, value, expected[field->type].name);

    void *member = (char *)base + field->offset;
    switch (field->type) {
    case SCHEMA_TEXT: return read_text(reader, schema, field, value, member);
    case SCHEMA_BOOLEAN: *(bool *)member = value->of.boolean; return NULL;
    case SCHEMA_LIST: return read_list(reader, schema, field, value, member);
    case SCHEMA_PAIRS: return read_pairs(reader, schema, field, value, member);
    case SCHEMA_TABLE: return schema_read_table(reader, field->table, value, member);
    case SCHEMA_CHOICE: return read_choice(reader, schema, field, value, member);
    case SCHEMA_OTHER: break;
    }
    return error_new(SPIN_ERROR_INTERNAL, "key \"%s\" has no reader", field->name);
}

static spin_error_t *read_fields(schema_reader_t *reader, const schema_t *schema,
                                 const toml_value_t *table, bool last, void *base) {
    for (size_t i = 0; i < table->of.table.len; i++) {
        const toml_pair_t *pair = &table->of.table.pairs[i];
        const schema_field_t *field = find_field(schema, pair->key);
        if (field == NULL || field->last != last)
            continue;
        spin_error_t *error = field->read != NULL
                                  ? field->read(reader, schema, field, &pair->value, base)
                                  : schema_read_value(reader, schema, field, &pair->value, base);
        if (error != NULL)
            return error;
    }
    return NULL;
}

spin_error_t *schema_read_table(schema_reader_t *reader, const schema_t *schema,
                                const toml_value_t *table, void *base) {
    spin_error_t *error = schema_check_keys(reader, schema, table);
    if (error == NULL)
        error = read_fields(reader, schema, table, false, base);
    for (size_t i = 0; error == NULL && i < schema->len; i++)
        if (schema->fields[i].required &&
            toml_table_find(table, spin_slice(schema->fields[i].name)) == NULL)
            error = schema_missing_error(reader, schema, schema->fields[i].name, table);
    if (error == NULL)
        error = read_fields(reader, schema, table, true, base);
    return error;
}
