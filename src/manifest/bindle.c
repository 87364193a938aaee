#include "manifest/bindle.h"

#include "base/error.h"
#include "base/slice.h"
#include "manifest/check.h"
#include "manifest/fields.h"
#include "manifest/manifest.h"

typedef struct converter {
    schema_reader_t reader;
    const manifest_invoice_t *invoice;
    manifest_group_t *groups;
} converter_t;

/* The names that a bindle has for keys; each is that of spin.toml in camel case. */
#define KEY(name_)                                                                                 \
    { .name = (name_) }

static const schema_field_t application_keys[] = {KEY("trigger"), KEY("variables"), KEY("config"),
                                                  KEY("component")};
static const schema_t application_names = SCHEMA("", application_keys);

static const schema_field_t component_keys[] = {
    KEY("id"),       KEY("description"),    KEY("source"),          KEY("environment"),
    KEY("files"),    KEY("config"),         KEY("trigger"),         KEY("allowedHttpHosts"),
    KEY("aiModels"), KEY("keyValueStores"), KEY("sqliteDatabases"),
};
static const schema_t component_names = SCHEMA("", component_keys);

static const schema_field_t source_key = KEY("source");
static const schema_field_t files_key = KEY("files");

/* "allowedHttpHosts" as "allowed_http_hosts"; `ptr` is NULL when out of memory. */
static spin_slice_t snake_case(arena_t *arena, spin_slice_t name) {
    uint8_t *snake = arena_alloc_bytes(arena, 2 * name.len);
    size_t len = 0;
    for (size_t i = 0; i < name.len && snake != NULL; i++) {
        bool upper = name.ptr[i] >= 'A' && name.ptr[i] <= 'Z';
        if (upper)
            snake[len++] = '_';
        snake[len++] = upper ? name.ptr[i] | 0x20 : name.ptr[i];
    }
    return spin_slice_of(snake, len);
}

/* ── tables ──────────────────────────────────────────────────────────────────────────────── */

/* An empty table where `from` stands, with room for `most` pairs. */
static spin_error_t *begin_table(converter_t *converter, const toml_value_t *from, size_t most,
                                 toml_value_t *out) {
    *out = (toml_value_t){.type = TOML_TABLE, .line = from->line, .column = from->column};
    out->of.table.pairs = arena_calloc(converter->reader.arena, most, sizeof *out->of.table.pairs);
    return out->of.table.pairs == NULL ? error_no_memory() : NULL;
}

static toml_pair_t *add_value(toml_value_t *table, spin_slice_t key, toml_value_t value) {
    toml_pair_t *pair = &table->of.table.pairs[table->of.table.len++];
    *pair = (toml_pair_t){key, value.line, value.column, value};
    return pair;
}

/* A copy of a text that is not in the manifest, where the table stands. */
static spin_error_t *add_text(converter_t *converter, toml_value_t *table, spin_slice_t key,
                              spin_slice_t text) {
    toml_value_t value = {.type = TOML_STRING, .line = table->line, .column = table->column};
    value.of.string = arena_copy(converter->reader.arena, text);
    add_value(table, key, value);
    return value.of.string.ptr == NULL ? error_no_memory() : NULL;
}

/* ── components ──────────────────────────────────────────────────────────────────────────── */

static spin_error_t *convert_source(converter_t *converter, const toml_value_t *digest,
                                    toml_value_t *out) {
    schema_reader_t *reader = &converter->reader;
    if (digest->type != TOML_STRING)
        return schema_type_error(reader, &component_names, &source_key, digest,
                                 "a string, the digest of a parcel");
    const char *reason = check_parcel(digest->of.string);
    if (reason != NULL)
        return schema_error(reader, SPIN_ERROR_INVALID, digest, "source %s: %s",
                            schema_quote(reader, digest->of.string), reason);
    spin_error_t *error = begin_table(converter, digest, 2, out);
    if (error == NULL)
        error = add_text(converter, out, SLICE_LITERAL("reference"), converter->invoice->reference);
    if (error == NULL)
        add_value(out, SLICE_LITERAL("parcel"), *digest);
    return error;
}

static spin_error_t *take_group(converter_t *converter, const toml_value_t *value,
                                manifest_group_t *group) {
    if (value->type != TOML_STRING)
        return schema_type_error(&converter->reader, &component_names, &files_key, value,
                                 "a string, the name of a group");
    *group = (manifest_group_t){value->of.string, {value->line, value->column}};
    if (group->name.ptr == NULL)
        group->name = SLICE_LITERAL("");
    return NULL;
}

static spin_error_t *convert_pair(converter_t *converter, const toml_pair_t *pair, size_t index,
                                  toml_value_t *out) {
    if (slice_equal_text(pair->key, "files"))
        return take_group(converter, &pair->value, &converter->groups[index]);
    toml_value_t value = pair->value;
    spin_error_t *error = NULL;
    if (slice_equal_text(pair->key, "source"))
        error = convert_source(converter, &pair->value, &value);
    toml_pair_t *added = add_value(out, snake_case(converter->reader.arena, pair->key), value);
    added->key_line = pair->key_line;
    added->key_column = pair->key_column;
    return error == NULL && added->key.ptr == NULL ? error_no_memory() : error;
}

static spin_error_t *convert_component(converter_t *converter, const toml_value_t *component,
                                       size_t index, toml_value_t *out) {
    *out = *component;
    if (component->type != TOML_TABLE)
        return NULL; /* the schema says so */
    fields_set_component(&converter->reader, component, index);
    spin_error_t *error = schema_check_keys(&converter->reader, &component_names, component);
    if (error == NULL)
        error = begin_table(converter, component, component->of.table.len, out);
    for (size_t i = 0; error == NULL && i < component->of.table.len; i++)
        error = convert_pair(converter, &component->of.table.pairs[i], index, out);
    converter->reader.subject = NULL;
    return error;
}

static spin_error_t *convert_components(converter_t *converter, toml_value_t *components) {
    if (components->type != TOML_ARRAY)
        return NULL;
    arena_t *arena = converter->reader.arena;
    size_t len = components->of.array.len;
    toml_value_t *items = arena_calloc(arena, len, sizeof *items);
    converter->groups = arena_calloc(arena, len, sizeof *converter->groups);
    if (items == NULL || converter->groups == NULL)
        return error_no_memory();
    spin_error_t *error = NULL;
    for (size_t i = 0; error == NULL && i < len; i++)
        error = convert_component(converter, &components->of.array.items[i], i, &items[i]);
    components->of.array.items = items;
    return error;
}

/* ── application ─────────────────────────────────────────────────────────────────────────── */

static spin_error_t *add_invoice(converter_t *converter, toml_value_t *root) {
    const manifest_invoice_t *invoice = converter->invoice;
    spin_error_t *error =
        add_text(converter, root, SLICE_LITERAL("spin_manifest_version"), SLICE_LITERAL("1"));
    if (error == NULL)
        error = add_text(converter, root, SLICE_LITERAL("name"), invoice->name);
    if (error == NULL)
        error = add_text(converter, root, SLICE_LITERAL("version"), invoice->version);
    if (error == NULL && invoice->description.ptr != NULL)
        error = add_text(converter, root, SLICE_LITERAL("description"), invoice->description);
    if (error != NULL || invoice->authors_len == 0)
        return error;
    toml_value_t authors = {.type = TOML_ARRAY, .line = root->line, .column = root->column};
    authors.of.array.len = invoice->authors_len;
    authors.of.array.items =
        arena_calloc(converter->reader.arena, invoice->authors_len, sizeof *authors.of.array.items);
    if (authors.of.array.items == NULL)
        return error_no_memory();
    for (size_t i = 0; i < invoice->authors_len; i++) {
        toml_value_t *author = &authors.of.array.items[i];
        *author = (toml_value_t){.type = TOML_STRING, .line = root->line, .column = root->column};
        author->of.string = arena_copy(converter->reader.arena, invoice->authors[i]);
        if (author->of.string.ptr == NULL)
            return error_no_memory();
    }
    add_value(root, SLICE_LITERAL("authors"), authors);
    return NULL;
}

static spin_error_t *convert(converter_t *converter, const toml_value_t *from, toml_value_t *out) {
    enum { OF_INVOICE = 5 };
    spin_error_t *error = schema_check_keys(&converter->reader, &application_names, from);
    if (error == NULL)
        error = begin_table(converter, from, from->of.table.len + OF_INVOICE, out);
    if (error == NULL)
        error = add_invoice(converter, out);
    const toml_pair_t *old = toml_table_find(from, SLICE_LITERAL("config"));
    if (error == NULL && old != NULL && toml_table_find(from, SLICE_LITERAL("variables")) != NULL)
        error = schema_error(&converter->reader, SPIN_ERROR_INVALID, &old->value,
                             "config is the old name of variables: keep one");
    for (size_t i = 0; error == NULL && i < from->of.table.len; i++) {
        toml_pair_t *pair = &out->of.table.pairs[out->of.table.len++];
        *pair = from->of.table.pairs[i];
        if (slice_equal_text(pair->key, "config"))
            pair->key = SLICE_LITERAL("variables");
        if (slice_equal_text(pair->key, "component"))
            error = convert_components(converter, &pair->value);
    }
    return error;
}

spin_error_t *manifest_parse_bindle(spin_slice_t text, const char *file,
                                    const manifest_invoice_t *invoice, spin_application_t **out,
                                    manifest_group_t **groups) {
    spin_application_t *application = manifest_new();
    if (application == NULL)
        return error_no_memory();
    toml_value_t *parsed, *root = arena_calloc(&application->arena, 1, sizeof *root);
    spin_error_t *error =
        root == NULL ? error_no_memory() : manifest_parse_text(application, text, file, &parsed);
    converter_t converter = {.reader = {.arena = &application->arena,
                                        .file = application->file,
                                        .application = application},
                             .invoice = invoice};
    if (error == NULL)
        error = convert(&converter, parsed, root);
    if (error == NULL)
        error = manifest_read(application, root);
    if (error != NULL) {
        spin_application_unref(application);
        return error;
    }
    *out = application;
    *groups = converter.groups;
    return NULL;
}
