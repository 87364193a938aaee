#include "server/settings.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/units.h"
#include "loader/file.h"
#include "manifest/check.h"
#include "manifest/schema.h"
#include "trigger/http/sites.h"

enum { MOST_BYTES = 1 << 20 };
static const uint64_t least_memory = 64 << 10; /* a page */
static const uint64_t most_memory = 4ull << 30;

struct spin_server_settings {
    arena_t arena;
    manifest_list_t hosts;
    spin_slice_t base;
    spin_slice_t state_dir;
    spin_slice_t log_dir;
    manifest_pairs_t environment;
    manifest_pairs_t variables;
    spin_server_application_t application; /* made of the above, and has the numbers */
};

/* ── fields ──────────────────────────────────────────────────────────────────────────────── */

/* The rules for hosts and bases are those of the table in which they will stand. */
static spin_error_t *check_place(schema_reader_t *reader, const toml_value_t *at, const char *host,
                                 const char *base) {
    http_sites_t scratch = {0};
    const http_site_t site = {
        .name = "", .hosts = &host, .hosts_len = host != NULL ? 1 : 0, .base = base};
    spin_error_t *error = http_sites_put(&scratch, &site, spin_slice(base), &scratch);
    http_sites_deinit(&scratch);
    if (error == NULL || spin_error_kind(error) == SPIN_ERROR_NO_MEMORY)
        return error;
    spin_error_t *placed =
        schema_error(reader, SPIN_ERROR_INVALID, at, "%s", spin_error_message(error));
    spin_error_free(error);
    return placed;
}

static spin_error_t *read_hosts(schema_reader_t *reader, const schema_t *schema,
                                const schema_field_t *field, const toml_value_t *value,
                                void *base) {
    spin_error_t *error = schema_read_value(reader, schema, field, value, base);
    const manifest_list_t *hosts = &((spin_server_settings_t *)base)->hosts;
    for (size_t i = 0; error == NULL && i < hosts->len; i++) {
        const char *host = arena_copy_text(reader->arena, hosts->items[i]);
        error = host == NULL ? error_no_memory()
                             : check_place(reader, &value->of.array.items[i], host, "/");
    }
    return error;
}

static spin_error_t *read_base(schema_reader_t *reader, const schema_t *schema,
                               const schema_field_t *field, const toml_value_t *value, void *base) {
    spin_error_t *error = schema_read_value(reader, schema, field, value, base);
    if (error != NULL)
        return error;
    const char *path = arena_copy_text(reader->arena, ((spin_server_settings_t *)base)->base);
    return path == NULL ? error_no_memory() : check_place(reader, value, NULL, path);
}

static spin_error_t *read_max_instances(schema_reader_t *reader, const schema_t *schema,
                                        const schema_field_t *field, const toml_value_t *value,
                                        void *base) {
    if (value->type != TOML_INTEGER)
        return schema_type_error(reader, schema, field, value, "a whole number");
    if (value->of.integer < 1 || value->of.integer > SPIN_ENGINE_MOST_INSTANCES)
        return schema_error(reader, SPIN_ERROR_INVALID, value,
                            "%s must be between 1 and %d, not %lld", field->name,
                            SPIN_ENGINE_MOST_INSTANCES, (long long)value->of.integer);
    ((spin_server_settings_t *)base)->application.max_instances = (uint32_t)value->of.integer;
    return NULL;
}

/* A whole number counts in `factor`; text is read by `parse`. */
static spin_error_t *read_quantity(schema_reader_t *reader, const schema_t *schema,
                                   const schema_field_t *field, const toml_value_t *value,
                                   bool (*parse)(spin_slice_t text, uint64_t *out), uint64_t factor,
                                   const char *expected, uint64_t *out) {
    if (value->type == TOML_STRING)
        return parse(value->of.string, out)
                   ? NULL
                   : schema_error(reader, SPIN_ERROR_INVALID, value, "%s %s: must be %s",
                                  field->name, schema_quote(reader, value->of.string), expected);
    if (value->type != TOML_INTEGER)
        return schema_type_error(reader, schema, field, value, expected);
    if (value->of.integer < 0)
        return schema_error(reader, SPIN_ERROR_INVALID, value, "%s must not be negative",
                            field->name);
    if (__builtin_mul_overflow((uint64_t)value->of.integer, factor, out))
        *out = UINT64_MAX;
    return NULL;
}

static spin_error_t *read_max_memory(schema_reader_t *reader, const schema_t *schema,
                                     const schema_field_t *field, const toml_value_t *value,
                                     void *base) {
    uint64_t *out = &((spin_server_settings_t *)base)->application.max_memory_bytes;
    spin_error_t *error =
        read_quantity(reader, schema, field, value, units_parse_size, 1,
                      "a size such as \"64M\" or \"1G\", or a whole number of bytes", out);
    if (error != NULL || (*out >= least_memory && *out <= most_memory))
        return error;
    return schema_error(reader, SPIN_ERROR_INVALID, value,
                        "%s must be between \"64K\", one page, and \"4G\"", field->name);
}

static spin_error_t *read_timeout(schema_reader_t *reader, const schema_t *schema,
                                  const schema_field_t *field, const toml_value_t *value,
                                  void *base) {
    uint64_t *out = &((spin_server_settings_t *)base)->application.timeout_ms;
    spin_error_t *error = read_quantity(
        reader, schema, field, value, units_parse_duration_ms, 1000,
        "a time such as \"250ms\", \"10s\" or \"5m\", or a whole number of seconds", out);
    if (error != NULL)
        return error;
    if (*out == 0)
        return schema_error(reader, SPIN_ERROR_INVALID, value, "%s must be more than zero",
                            field->name);
    if (*out > INT64_MAX / 1000000) /* no clock of this machine counts further */
        return schema_error(reader, SPIN_ERROR_INVALID, value, "%s must be less than 292 years",
                            field->name);
    return NULL;
}

static const schema_field_t fields[] = {
    FIELD("hosts", spin_server_settings_t, hosts, .read = read_hosts),
    FIELD("base", spin_server_settings_t, base, .read = read_base),
    FIELD_OTHER("max_instances", .read = read_max_instances),
    FIELD_OTHER("max_memory", .read = read_max_memory),
    FIELD_OTHER("timeout", .read = read_timeout),
    FIELD("state_dir", spin_server_settings_t, state_dir, .check = check_not_empty),
    FIELD("log_dir", spin_server_settings_t, log_dir, .check = check_not_empty),
    FIELD("environment", spin_server_settings_t, environment, .check = check_environment_name),
    FIELD("variables", spin_server_settings_t, variables, .check = check_variable_name),
};
static const schema_t settings_schema = SCHEMA("", fields);

/* ── as spin_server_put takes it ─────────────────────────────────────────────────────────── */

/* Texts hold no NUL: schema_read_value refuses them. */
static spin_error_t *take_text(arena_t *arena, spin_slice_t text, const char **out) {
    if (text.ptr == NULL)
        return NULL;
    *out = arena_copy_text(arena, text);
    return *out == NULL ? error_no_memory() : NULL;
}

/* `folder` is that of the file: empty, or with a slash at its end. */
static spin_error_t *take_path(arena_t *arena, spin_slice_t folder, spin_slice_t path,
                               const char **out) {
    if (path.ptr == NULL || path.ptr[0] == '/')
        return take_text(arena, path, out);
    *out = (const char *)arena_printf(arena, "%.*s%.*s", SLICE_ARG(folder), SLICE_ARG(path)).ptr;
    return *out == NULL ? error_no_memory() : NULL;
}

static spin_error_t *take_list(arena_t *arena, const manifest_list_t *list, const char *const **out,
                               size_t *out_len) {
    const char **items = arena_calloc(arena, list->len, sizeof *items);
    if (items == NULL)
        return error_no_memory();
    *out = items;
    *out_len = list->len;
    spin_error_t *error = NULL;
    for (size_t i = 0; error == NULL && i < list->len; i++)
        error = take_text(arena, list->items[i], &items[i]);
    return error;
}

/* As "name=value". */
static spin_error_t *take_pairs(arena_t *arena, const manifest_pairs_t *pairs,
                                const char *const **out, size_t *out_len) {
    const char **items = arena_calloc(arena, pairs->len, sizeof *items);
    if (items == NULL)
        return error_no_memory();
    for (size_t i = 0; i < pairs->len; i++) {
        const manifest_pair_t *pair = &pairs->items[i];
        items[i] = (const char *)arena_printf(arena, "%.*s=%.*s", SLICE_ARG(pair->key),
                                              SLICE_ARG(pair->value))
                       .ptr;
        if (items[i] == NULL)
            return error_no_memory();
    }
    *out = items;
    *out_len = pairs->len;
    return NULL;
}

static spin_slice_t folder_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return spin_slice_of(path, slash == NULL ? 0 : (size_t)(slash - path) + 1);
}

static spin_error_t *finish(spin_server_settings_t *settings, const char *path) {
    spin_server_application_t *out = &settings->application;
    arena_t *arena = &settings->arena;
    spin_slice_t folder = folder_of(path);
    out->size = sizeof *out;
    spin_error_t *error = take_list(arena, &settings->hosts, &out->hosts, &out->hosts_len);
    if (error == NULL)
        error = take_text(arena, settings->base, &out->base);
    if (error == NULL)
        error = take_path(arena, folder, settings->state_dir, &out->state_dir);
    if (error == NULL)
        error = take_path(arena, folder, settings->log_dir, &out->log_dir);
    if (error == NULL)
        error = take_pairs(arena, &settings->environment, &out->environment, &out->environment_len);
    return error != NULL
               ? error
               : take_pairs(arena, &settings->variables, &out->variables, &out->variables_len);
}

/* ── from outside ────────────────────────────────────────────────────────────────────────── */

static spin_error_t *too_large(const char *path) {
    return error_new(SPIN_ERROR_LIMIT, "settings \"%s\": larger than %d MiB", path,
                     MOST_BYTES >> 20);
}

spin_error_t *server_settings_parse(spin_slice_t text, const char *path,
                                    spin_server_settings_t **out) {
    if (text.len > MOST_BYTES)
        return too_large(path);
    spin_server_settings_t *settings = mem_calloc(1, sizeof *settings);
    if (settings == NULL)
        return error_no_memory();
    arena_t scratch = {0}; /* of the TOML, which all text is copied out of */
    schema_reader_t reader = {.arena = &scratch, .file = path};
    toml_value_t *root;
    spin_error_t *error = toml_parse(&scratch, text, path, &root);
    if (error == NULL)
        error = schema_read_table(&reader, &settings_schema, root, settings);
    if (error == NULL)
        error = finish(settings, path);
    arena_deinit(&scratch);
    if (error == NULL)
        *out = settings;
    else
        spin_server_settings_free(settings);
    return error;
}

spin_error_t *spin_server_settings_load(const char *path, spin_server_settings_t **out) {
    buf_t text = {0};
    spin_error_t *error = file_read(path, "settings", &text);
    if (error != NULL && spin_error_kind(error) == SPIN_ERROR_LIMIT) { /* larger still */
        spin_error_free(error);
        error = too_large(path);
    }
    if (error == NULL)
        error = server_settings_parse(buf_slice(&text), path, out);
    buf_deinit(&text);
    return error;
}

const spin_server_application_t *
spin_server_settings_application(const spin_server_settings_t *settings) {
    return &settings->application;
}

void spin_server_settings_free(spin_server_settings_t *settings) {
    if (settings == NULL)
        return;
    arena_deinit(&settings->arena);
    mem_free(settings);
}
