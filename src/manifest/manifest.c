#include "manifest/manifest.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "manifest/fields.h"

static spin_error_t *unsupported(schema_reader_t *reader, const toml_value_t *value,
                                 const char *version) {
    return schema_error(reader, SPIN_ERROR_UNSUPPORTED, value,
                        "manifest version %s is not supported; this release reads version \"1\"",
                        version);
}

static spin_error_t *check_version(schema_reader_t *reader, const toml_pair_t *pair) {
    const toml_value_t *value = &pair->value;
    switch (value->type) {
    case TOML_STRING:
        return slice_equal_text(value->of.string, "1")
                   ? NULL
                   : unsupported(reader, value, schema_quote(reader, value->of.string));
    case TOML_INTEGER: {
        if (value->of.integer == 1)
            return schema_error(reader, SPIN_ERROR_INVALID, value,
                                "%.*s must be a string: write %.*s = \"1\"", SLICE_ARG(pair->key),
                                SLICE_ARG(pair->key));
        char number[24];
        snprintf(number, sizeof number, "%lld", (long long)value->of.integer);
        return unsupported(reader, value, number);
    }
    default:
        return schema_error(reader, SPIN_ERROR_INVALID, value, "%.*s must be a string, not %s",
                            SLICE_ARG(pair->key), toml_type_name(value->type));
    }
}

/* Before all else: another version has other keys. */
static spin_error_t *find_version(schema_reader_t *reader, const toml_value_t *root) {
    const toml_pair_t *old = toml_table_find(root, SLICE_LITERAL("spin_version"));
    const toml_pair_t *new = toml_table_find(root, SLICE_LITERAL("spin_manifest_version"));
    spin_error_t *error = NULL;
    if (old != NULL && new != NULL)
        return schema_error(reader, SPIN_ERROR_INVALID, &old->value,
                            "spin_version is the old name of spin_manifest_version: keep one");
    if (old != NULL || new != NULL)
        return check_version(reader, old != NULL ? old : new);
    error = schema_check_keys(reader, &application_schema, root); /* a misspelling? */
    return error != NULL
               ? error
               : schema_missing_error(reader, &application_schema, "spin_manifest_version", root);
}

spin_application_t *manifest_new(void) {
    spin_application_t *application = mem_calloc(1, sizeof *application);
    if (application != NULL)
        atomic_init(&application->refs, 1);
    return application;
}

spin_error_t *manifest_read(spin_application_t *application, const toml_value_t *root) {
    schema_reader_t reader = {
        .arena = &application->arena, .file = application->file, .application = application};
    application->manifest = root;
    spin_error_t *error = find_version(&reader, root);
    if (error == NULL)
        error = schema_read_table(&reader, &application_schema, root, application);
    return error;
}

spin_error_t *manifest_parse_text(spin_application_t *application, spin_slice_t text,
                                  const char *file, toml_value_t **root) {
    arena_t *arena = &application->arena;
    application->origin = arena_copy(arena, spin_slice(file));
    text = arena_copy(arena, text); /* what is parsed points into it */
    if (application->origin.ptr == NULL || text.ptr == NULL)
        return error_no_memory();
    if (file != NULL)
        application->file = (const char *)application->origin.ptr;
    return toml_parse(arena, text, file, root);
}

spin_error_t *manifest_parse(spin_slice_t text, const char *file, spin_application_t **out) {
    spin_application_t *application = manifest_new();
    if (application == NULL)
        return error_no_memory();
    toml_value_t *root;
    spin_error_t *error = manifest_parse_text(application, text, file, &root);
    if (error == NULL)
        error = manifest_read(application, root);
    if (error != NULL)
        spin_application_unref(application);
    else
        *out = application;
    return error;
}

spin_error_t *spin_application_parse(spin_slice_t text, const char *file,
                                     spin_application_t **out) {
    return manifest_parse(text, file, out);
}
