#include "manifest/locked.h"

#include <math.h>
#include <stdarg.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"
#include "manifest/check.h"
#include "manifest/file_url.h"
#include "manifest/manifest.h"
#include "manifest/schema.h"

enum {
    LOCK_VERSION = 1,
    MOST_NESTED = 256, /* more than the TOML reader takes */
};

/* ── writing ─────────────────────────────────────────────────────────────────────────────── */

static bool is_toml_only(const toml_value_t *value) {
    switch (value->type) {
    case TOML_FLOAT: return !isfinite(value->of.number);
    case TOML_OFFSET_DATETIME:
    case TOML_LOCAL_DATETIME:
    case TOML_LOCAL_DATE:
    case TOML_LOCAL_TIME: return true;
    default: return false;
    }
}

static bool add_number(json_t *entry, uint32_t number) {
    return json_array_append_new(entry, json_integer(number)) == 0;
}

/* As deep as the TOML reader allows. False when out of memory. */
static bool add_positions(json_t *positions, const toml_value_t *value, const toml_pair_t *pair) {
    json_t *entry = json_array();
    bool good = entry != NULL && add_number(entry, value->line) && add_number(entry, value->column);
    if (pair != NULL)
        good = good && add_number(entry, pair->key_line) && add_number(entry, pair->key_column);
    if (is_toml_only(value))
        good = good && json_array_append_new(entry, json_string("toml")) == 0;
    if (!good) {
        json_decref(entry);
        return false;
    }
    good = json_array_append_new(positions, entry) == 0;
    if (value->type == TOML_ARRAY)
        for (size_t i = 0; good && i < value->of.array.len; i++)
            good = add_positions(positions, &value->of.array.items[i], NULL);
    if (value->type == TOML_TABLE)
        for (size_t i = 0; good && i < value->of.table.len; i++) {
            const toml_pair_t *each = &value->of.table.pairs[i];
            good = add_positions(positions, &each->value, each);
        }
    return good;
}

/* The first key that JSON's readers refuse: jansson's is one of them. */
static const toml_pair_t *find_nul_key(const toml_value_t *value) {
    const toml_pair_t *found = NULL;
    if (value->type == TOML_ARRAY)
        for (size_t i = 0; found == NULL && i < value->of.array.len; i++)
            found = find_nul_key(&value->of.array.items[i]);
    if (value->type == TOML_TABLE)
        for (size_t i = 0; found == NULL && i < value->of.table.len; i++) {
            const toml_pair_t *pair = &value->of.table.pairs[i];
            found = slice_find(pair->key, '\0') < pair->key.len ? pair : find_nul_key(&pair->value);
        }
    return found;
}

static json_t *write_positions(const toml_value_t *root) {
    json_t *positions = json_array();
    if (positions != NULL && !add_positions(positions, root, NULL)) {
        json_decref(positions);
        return NULL;
    }
    return positions;
}

static json_t *write_url(arena_t *scratch, const char *path) {
    const char *url = file_url_write(scratch, path);
    return url == NULL ? NULL : json_string(url);
}

static json_t *write_files(arena_t *scratch, const spin_component_t *component) {
    json_t *files = json_array();
    for (size_t i = 0; files != NULL && i < component->mounts_len; i++) {
        const manifest_mount_t *mount = &component->mounts[i];
        json_t *item = json_pack("{s:o, s:o, s:b}", "source", write_url(scratch, mount->host_path),
                                 "path", schema_write_text(spin_slice(mount->guest_path)),
                                 "read_only", (int)mount->read_only);
        if (json_array_append_new(files, item) != 0) {
            json_decref(files);
            return NULL;
        }
    }
    return files;
}

static json_t *write_source(arena_t *scratch, const spin_component_t *component) {
    const manifest_source_t *source = &component->source;
    json_t *json = json_pack("{s:s, s:o}", "content_type", "application/wasm", "source",
                             write_url(scratch, source->file));
    if (json != NULL && source->file_digest.ptr != NULL &&
        !schema_add(json, "digest", schema_write_text(source->file_digest))) {
        json_decref(json);
        return NULL;
    }
    return json;
}

static json_t *write_components(arena_t *scratch, const spin_application_t *application) {
    json_t *components = json_array();
    for (size_t i = 0; components != NULL && i < application->components_len; i++) {
        const spin_component_t *component = &application->components[i];
        json_t *item =
            json_pack("{s:o, s:o, s:o}", "id", schema_write_text(component->id), "source",
                      write_source(scratch, component), "files", write_files(scratch, component));
        if (json_array_append_new(components, item) != 0) {
            json_decref(components);
            return NULL;
        }
    }
    return components;
}

static json_t *write_metadata(arena_t *scratch, const spin_application_t *application) {
    const char *origin = arena_copy_text(scratch, application->origin);
    if (origin == NULL)
        return NULL;
    json_t *metadata = json_pack("{s:o}", "origin",
                                 origin[0] == '/' ? write_url(scratch, origin)
                                                  : schema_write_text(application->origin));
    if (metadata != NULL && application->file != NULL &&
        !schema_add(metadata, "manifest", schema_write_text(spin_slice(application->file)))) {
        json_decref(metadata);
        return NULL;
    }
    return metadata;
}

spin_error_t *spin_application_to_locked(const spin_application_t *application, char **out) {
    for (size_t i = 0; i < application->components_len; i++)
        if (application->components[i].source.file == NULL)
            return error_new(SPIN_ERROR_USAGE,
                             "the application can't be locked: no loader has been at work");
    const toml_pair_t *pair = find_nul_key(application->manifest);
    if (pair != NULL)
        return error_at(error_new(SPIN_ERROR_UNSUPPORTED,
                                  "a key with a NUL character can't be handed on to a trigger"),
                        application->file, pair->key_line, pair->key_column);
    arena_t scratch = {0};
    json_t *json = json_pack("{s:i, s:o, s:o, s:o, s:o}", "libspin_lock_version", LOCK_VERSION,
                             "metadata", write_metadata(&scratch, application), "components",
                             write_components(&scratch, application), "manifest",
                             schema_write_toml(application->manifest), "positions",
                             write_positions(application->manifest));
    arena_deinit(&scratch);
    return application_print_json(json, JSON_COMPACT, out);
}

/* ── reading the manifest ────────────────────────────────────────────────────────────────── */

typedef struct locked_reader {
    spin_application_t *application;
    arena_t *arena; /* the application's */
    const char *file;
    json_t *positions;
    size_t next; /* of positions */
} locked_reader_t;

__attribute__((format(printf, 2, 3))) static spin_error_t *malformed(const locked_reader_t *reader,
                                                                     const char *format, ...) {
    buf_t reason = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&reason, format, args);
    va_end(args);
    spin_error_t *error = reason.failed
                              ? error_no_memory()
                              : error_new(SPIN_ERROR_INVALID, "not a locked application: %.*s",
                                          SLICE_ARG(buf_slice(&reason)));
    buf_deinit(&reason);
    return error_at(error, reader->file, 0, 0);
}

static spin_slice_t text_of(const json_t *json) {
    return spin_slice_of(json_string_value(json), json_string_length(json));
}

static bool read_number(const json_t *entry, size_t index, uint32_t *out) {
    const json_t *json = json_array_get(entry, index);
    json_int_t number = json_integer_value(json);
    *out = (uint32_t)number;
    return json_is_integer(json) && number >= 1 && number <= UINT32_MAX;
}

/* The next entry of the positions; `pair` for the value of a key. */
static spin_error_t *read_position(locked_reader_t *reader, toml_value_t *value, toml_pair_t *pair,
                                   bool *is_toml) {
    const json_t *entry = json_array_get(reader->positions, reader->next++);
    size_t len = pair != NULL ? 4 : 2;
    bool good = read_number(entry, 0, &value->line) && read_number(entry, 1, &value->column);
    if (pair != NULL)
        good = good && read_number(entry, 2, &pair->key_line) &&
               read_number(entry, 3, &pair->key_column);
    const json_t *last = json_array_get(entry, len);
    *is_toml = last != NULL;
    good = good && (last == NULL || slice_equal_text(text_of(last), "toml"));
    if (!good || json_array_size(entry) != len + *is_toml)
        return malformed(reader, "positions: item %zu is missing or wrong", reader->next);
    return NULL;
}

/* A value that JSON lacks, as TOML in a string. */
static spin_error_t *read_toml(locked_reader_t *reader, const json_t *json, toml_value_t *out) {
    spin_slice_t line = arena_printf(reader->arena, "v=%.*s\n", SLICE_ARG(text_of(json)));
    if (line.ptr == NULL)
        return error_no_memory();
    toml_value_t *root = NULL;
    spin_error_t *error = toml_parse(reader->arena, line, NULL, &root);
    if (error != NULL && spin_error_kind(error) == SPIN_ERROR_NO_MEMORY)
        return error;
    if (error == NULL && root->of.table.len == 1 && is_toml_only(&root->of.table.pairs[0].value)) {
        out->type = root->of.table.pairs[0].value.type;
        out->of = root->of.table.pairs[0].value.of;
        return NULL;
    }
    spin_error_free(error);
    return malformed(reader, "manifest: a string that is no date, time or float");
}

static spin_error_t *read_value(locked_reader_t *reader, const json_t *json, size_t depth,
                                toml_value_t *out, toml_pair_t *pair);

static spin_error_t *read_array(locked_reader_t *reader, const json_t *json, size_t depth,
                                toml_value_t *out) {
    size_t len = json_array_size(json);
    out->type = TOML_ARRAY;
    out->of.array.items = arena_calloc(reader->arena, len, sizeof *out->of.array.items);
    out->of.array.len = len;
    if (out->of.array.items == NULL)
        return error_no_memory();
    spin_error_t *error = NULL;
    for (size_t i = 0; error == NULL && i < len; i++)
        error = read_value(reader, json_array_get(json, i), depth, &out->of.array.items[i], NULL);
    return error;
}

static spin_error_t *read_table(locked_reader_t *reader, json_t *json, size_t depth,
                                toml_value_t *out) {
    size_t len = json_object_size(json);
    out->type = TOML_TABLE;
    out->of.table.pairs = arena_calloc(reader->arena, len, sizeof *out->of.table.pairs);
    out->of.table.len = len;
    if (out->of.table.pairs == NULL)
        return error_no_memory();
    spin_error_t *error = NULL;
    toml_pair_t *pair = out->of.table.pairs;
    for (void *at = json_object_iter(json); at != NULL; at = json_object_iter_next(json, at)) {
        pair->key = arena_copy(
            reader->arena, spin_slice_of(json_object_iter_key(at), json_object_iter_key_len(at)));
        error = pair->key.ptr == NULL
                    ? error_no_memory()
                    : read_value(reader, json_object_iter_value(at), depth, &pair->value, pair);
        if (error != NULL)
            break;
        pair++;
    }
    return error;
}

static spin_error_t *read_value(locked_reader_t *reader, const json_t *json, size_t depth,
                                toml_value_t *out, toml_pair_t *pair) {
    bool is_toml;
    spin_error_t *error = read_position(reader, out, pair, &is_toml);
    if (error != NULL)
        return error;
    if (depth >= MOST_NESTED)
        return malformed(reader, "manifest: nested deeper than %d levels", MOST_NESTED);
    if (is_toml)
        return read_toml(reader, json, out);
    switch (json_typeof(json)) {
    case JSON_OBJECT: return read_table(reader, (json_t *)json, depth + 1, out);
    case JSON_ARRAY: return read_array(reader, json, depth + 1, out);
    case JSON_STRING:
        out->type = TOML_STRING;
        out->of.string = arena_copy(reader->arena, text_of(json));
        return out->of.string.ptr == NULL ? error_no_memory() : NULL;
    case JSON_INTEGER:
        out->type = TOML_INTEGER;
        out->of.integer = json_integer_value(json);
        return NULL;
    case JSON_REAL:
        out->type = TOML_FLOAT;
        out->of.number = json_real_value(json);
        return NULL;
    case JSON_TRUE:
    case JSON_FALSE:
        out->type = TOML_BOOLEAN;
        out->of.boolean = json_is_true(json);
        return NULL;
    case JSON_NULL: break;
    }
    return malformed(reader, "manifest: a null, which TOML lacks");
}

static spin_error_t *read_manifest(locked_reader_t *reader, const json_t *json) {
    toml_value_t *root = arena_calloc(reader->arena, 1, sizeof *root);
    if (root == NULL)
        return error_no_memory();
    spin_error_t *error = read_value(reader, json, 0, root, NULL);
    if (error != NULL)
        return error;
    if (root->type != TOML_TABLE)
        return malformed(reader, "manifest: not an object");
    if (reader->next != json_array_size(reader->positions))
        return malformed(reader, "positions: more than there are values");
    return manifest_read(reader->application, root);
}

/* ── reading what a loader has added ─────────────────────────────────────────────────────── */

static spin_error_t *read_url(locked_reader_t *reader, const char *what, const json_t *json,
                              char **out) {
    const char *reason = file_url_read(reader->arena, text_of(json), out);
    if (reason != NULL)
        return malformed(reader, "%s: the URL %s", what, reason);
    return *out == NULL ? error_no_memory() : NULL;
}

static spin_error_t *read_mount(locked_reader_t *reader, const char *what, json_t *json,
                                manifest_mount_t *mount) {
    json_t *source, *path;
    int read_only;
    json_error_t reason;
    if (json_unpack_ex(json, &reason, JSON_STRICT, "{s:o, s:o, s:b}", "source", &source, "path",
                       &path, "read_only", &read_only) != 0)
        return malformed(reader, "%s: files: %s", what, reason.text);
    spin_slice_t guest = text_of(path);
    const char *wrong = slice_find(guest, '\0') < guest.len ? "must not contain a NUL character"
                                                            : check_guest_path(guest);
    if (wrong != NULL)
        return malformed(reader, "%s: files: the path %s", what, wrong);
    mount->read_only = read_only != 0;
    mount->guest_path = arena_copy_text(reader->arena, guest);
    return mount->guest_path == NULL ? error_no_memory()
                                     : read_url(reader, what, source, &mount->host_path);
}

static spin_error_t *read_source(locked_reader_t *reader, const char *what, json_t *json,
                                 manifest_source_t *source) {
    json_t *content_type, *url, *digest = NULL; /* older ones have no digest */
    json_error_t reason;
    if (json_unpack_ex(json, &reason, JSON_STRICT, "{s:o, s:o, s?o}", "content_type", &content_type,
                       "source", &url, "digest", &digest) != 0)
        return malformed(reader, "%s: source: %s", what, reason.text);
    if (!slice_equal_text(text_of(content_type), "application/wasm"))
        return malformed(reader, "%s: content_type is not application/wasm", what);
    if (digest != NULL) {
        const char *wrong = check_digest(text_of(digest));
        if (wrong != NULL)
            return malformed(reader, "%s: digest %s", what, wrong);
        source->file_digest = arena_copy(reader->arena, text_of(digest));
        if (source->file_digest.ptr == NULL)
            return error_no_memory();
    }
    return read_url(reader, what, url, &source->file);
}

static spin_error_t *read_component(locked_reader_t *reader, size_t index, json_t *json) {
    spin_component_t *component = &reader->application->components[index];
    const char *what =
        (const char *)arena_printf(reader->arena, "components: item %zu", index + 1).ptr;
    json_t *id, *source, *files;
    json_error_t reason;
    if (what == NULL)
        return error_no_memory();
    if (json_unpack_ex(json, &reason, JSON_STRICT, "{s:o, s:o, s:o}", "id", &id, "source", &source,
                       "files", &files) != 0)
        return malformed(reader, "%s: %s", what, reason.text);
    if (!slice_equal(text_of(id), component->id) || !json_is_string(id))
        return malformed(reader, "%s: not the id of the manifest's component", what);
    if (!json_is_array(files))
        return malformed(reader, "%s: files is not an array", what);
    spin_error_t *error = read_source(reader, what, source, &component->source);
    if (error != NULL)
        return error;
    size_t len = json_array_size(files);
    component->mounts = arena_calloc(reader->arena, len, sizeof *component->mounts);
    if (component->mounts == NULL)
        return error_no_memory();
    component->mounts_len = len;
    for (size_t i = 0; error == NULL && i < len; i++)
        error = read_mount(reader, what, json_array_get(files, i), &component->mounts[i]);
    return error;
}

static spin_error_t *read_components(locked_reader_t *reader, json_t *json) {
    size_t len = reader->application->components_len;
    if (!json_is_array(json) || json_array_size(json) != len)
        return malformed(reader, "components: not an array of the manifest's %zu", len);
    spin_error_t *error = NULL;
    for (size_t i = 0; error == NULL && i < len; i++)
        error = read_component(reader, i, json_array_get(json, i));
    return error;
}

static spin_error_t *read_metadata(locked_reader_t *reader, json_t *json) {
    json_t *origin, *file = NULL;
    json_error_t reason;
    if (json_unpack_ex(json, &reason, JSON_STRICT, "{s:o, s?o}", "origin", &origin, "manifest",
                       &file) != 0)
        return malformed(reader, "metadata: %s", reason.text);
    spin_slice_t text = text_of(origin);
    if (!json_is_string(origin) || slice_find(text, '\0') < text.len ||
        (file != NULL && slice_find(text_of(file), '\0') < text_of(file).len) ||
        (file != NULL && !json_is_string(file)))
        return malformed(reader, "metadata: the names must be texts");
    spin_application_t *application = reader->application;
    if (file != NULL) {
        application->file = arena_copy_text(reader->arena, text_of(file));
        if (application->file == NULL)
            return error_no_memory();
    }
    if (slice_starts_with(text, SLICE_LITERAL("file://"))) {
        char *path;
        spin_error_t *error = read_url(reader, "metadata: origin", origin, &path);
        application->origin = spin_slice(path);
        return error;
    }
    application->origin = arena_copy(reader->arena, text);
    return application->origin.ptr == NULL ? error_no_memory() : NULL;
}

/* ── all ─────────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *read_version(const locked_reader_t *reader, const json_t *root) {
    const json_t *version = json_object_get(root, "libspin_lock_version");
    if (!json_is_integer(version))
        return malformed(reader, "it has no libspin_lock_version");
    if (json_integer_value(version) == LOCK_VERSION)
        return NULL;
    return error_at(error_new(SPIN_ERROR_UNSUPPORTED,
                              "version %lld of the locked form is not supported, only %d",
                              (long long)json_integer_value(version), LOCK_VERSION),
                    reader->file, 0, 0);
}

static spin_error_t *read_root(locked_reader_t *reader, json_t *root) {
    json_t *metadata, *components, *manifest;
    json_int_t version;
    json_error_t reason;
    spin_error_t *error = read_version(reader, root);
    if (error != NULL)
        return error;
    if (json_unpack_ex(root, &reason, JSON_STRICT, "{s:I, s:o, s:o, s:o, s:o}",
                       "libspin_lock_version", &version, "metadata", &metadata, "components",
                       &components, "manifest", &manifest, "positions", &reader->positions) != 0)
        return malformed(reader, "%s", reason.text);
    if (!json_is_array(reader->positions))
        return malformed(reader, "positions: not an array");
    error = read_metadata(reader, metadata);
    if (error == NULL)
        error = read_manifest(reader, manifest);
    return error != NULL ? error : read_components(reader, components);
}

spin_error_t *locked_parse(spin_slice_t text, const char *file, spin_application_t **out) {
    locked_reader_t reader = {.file = file, .application = manifest_new()};
    if (reader.application == NULL)
        return error_no_memory();
    reader.arena = &reader.application->arena;
    json_error_t reason;
    json_t *root = json_loadb(text.len == 0 ? "" : (const char *)text.ptr, text.len,
                              JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &reason);
    spin_error_t *error;
    if (root != NULL)
        error = read_root(&reader, root);
    else if (json_error_code(&reason) == json_error_out_of_memory || reason.text[0] == '\0')
        error = error_no_memory();
    else
        error = error_at(error_new(SPIN_ERROR_INVALID, "not a locked application: %s", reason.text),
                         file, reason.line > 0 ? (uint32_t)reason.line : 1,
                         reason.column > 0 ? (uint32_t)reason.column : 1);
    json_decref(root);
    if (error != NULL)
        spin_application_unref(reader.application);
    else
        *out = reader.application;
    return error;
}
