#include "trigger/settings.h"

#include <stdarg.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/units.h"
#include "base/vec.h"
#include "manifest/schema.h"

struct spin_settings {
    const spin_application_t *application;
    const spin_component_t *component; /* NULL: the application's table */
    const toml_value_t *table;
    VEC(const char *) asked; /* in the set's arena */
    settings_set_t *set;
};

struct settings_set {
    const spin_application_t *application;
    arena_t arena;
    spin_settings_t own;
    spin_settings_t *components; /* in the application's order */
};

static const schema_t trigger_schema = {.path = "trigger"};

/* ── the set ─────────────────────────────────────────────────────────────────────────────── */

spin_error_t *settings_new(const spin_application_t *application, settings_set_t **out) {
    settings_set_t *set = mem_calloc(1, sizeof *set);
    if (set == NULL)
        return error_no_memory();
    set->application = application;
    set->own = (spin_settings_t){
        .application = application, .table = application->trigger_table, .set = set};
    size_t len = application->components_len;
    set->components = arena_calloc(&set->arena, len, sizeof *set->components);
    if (set->components == NULL) {
        settings_free(set);
        return error_no_memory();
    }
    for (size_t i = 0; i < len; i++) {
        const spin_component_t *component = &application->components[i];
        set->components[i] = (spin_settings_t){.application = application,
                                               .component = component,
                                               .table = component->trigger.table,
                                               .set = set};
    }
    *out = set;
    return NULL;
}

void settings_free(settings_set_t *set) {
    if (set == NULL)
        return;
    VEC_FREE(&set->own.asked);
    for (size_t i = 0; set->components != NULL && i < set->application->components_len; i++)
        VEC_FREE(&set->components[i].asked);
    arena_deinit(&set->arena);
    mem_free(set);
}

spin_settings_t *settings_of_application(settings_set_t *set) {
    return &set->own;
}

spin_settings_t *settings_of_component(settings_set_t *set, const spin_component_t *component) {
    for (size_t i = 0; i < set->application->components_len; i++)
        if (&set->application->components[i] == component)
            return &set->components[i];
    return NULL;
}

/* ── errors ──────────────────────────────────────────────────────────────────────────────── */

/* Errors are the schema reader's, so that they read as the manifest's own do. `scratch` is freed by
 * the caller. */
static schema_reader_t reader_of(const spin_settings_t *settings, arena_t *scratch) {
    schema_reader_t reader = {.arena = scratch, .file = settings->application->file};
    if (settings->component != NULL) {
        reader.subject = "component";
        reader.subject_name = settings->component->id;
    }
    return reader;
}

/* "trigger.KEY", `sign` and the reason, at `at`. */
static spin_error_t *error_of(const spin_settings_t *settings, const char *key,
                              const toml_value_t *at, const char *sign, const char *format,
                              va_list args) {
    arena_t scratch = {0};
    buf_t reason = {0};
    schema_reader_t reader = reader_of(settings, &scratch);
    buf_vprintf(&reason, format, args);
    spin_error_t *error = reason.failed
                              ? error_no_memory()
                              : schema_error(&reader, SPIN_ERROR_INVALID, at, "trigger.%s%s%.*s",
                                             key, sign, SLICE_ARG(buf_slice(&reason)));
    buf_deinit(&reason);
    arena_deinit(&scratch);
    return error;
}

__attribute__((format(printf, 4, 5))) static spin_error_t *
value_error(const spin_settings_t *settings, const char *key, const toml_value_t *at,
            const char *format, ...) {
    va_list args;
    va_start(args, format);
    spin_error_t *error = error_of(settings, key, at, "", format, args);
    va_end(args);
    return error;
}

static spin_error_t *type_error(const spin_settings_t *settings, const char *key,
                                const toml_value_t *value, const char *expected) {
    return value_error(settings, key, value, " must be %s, not %s", expected,
                       toml_type_name(value->type));
}

spin_error_t *spin_settings_error(const spin_settings_t *settings, const char *key,
                                  const char *format, ...) {
    const toml_pair_t *pair = toml_table_find(settings->table, spin_slice(key));
    va_list args;
    va_start(args, format);
    spin_error_t *error =
        error_of(settings, key, pair != NULL ? &pair->value : settings->table, ": ", format, args);
    va_end(args);
    return error;
}

/* ── reading ─────────────────────────────────────────────────────────────────────────────── */

static bool was_asked(const spin_settings_t *settings, spin_slice_t key) {
    for (size_t i = 0; i < settings->asked.len; i++)
        if (slice_equal_text(key, settings->asked.items[i]))
            return true;
    return false;
}

/* Notes that `key` is known, and finds it. `*out` is NULL where it is not there. */
static spin_error_t *find(spin_settings_t *settings, const char *key, bool required,
                          const toml_value_t **out) {
    *out = NULL;
    if (!was_asked(settings, spin_slice(key))) {
        const char *copy = arena_copy_text(&settings->set->arena, spin_slice(key));
        if (copy == NULL || !VEC_PUSH(&settings->asked, copy))
            return error_no_memory();
    }
    const toml_pair_t *pair = toml_table_find(settings->table, spin_slice(key));
    if (pair != NULL) {
        *out = &pair->value;
        return NULL;
    }
    if (!required)
        return NULL;
    arena_t scratch = {0};
    schema_reader_t reader = reader_of(settings, &scratch);
    spin_error_t *error = schema_missing_error(&reader, &trigger_schema, key, settings->table);
    arena_deinit(&scratch);
    return error;
}

spin_error_t *spin_settings_text(spin_settings_t *settings, const char *key, bool required,
                                 spin_slice_t *out) {
    const toml_value_t *value;
    spin_error_t *error = find(settings, key, required, &value);
    if (error != NULL || value == NULL)
        return error;
    if (value->type != TOML_STRING)
        return type_error(settings, key, value, "a string");
    if (slice_find(value->of.string, '\0') < value->of.string.len)
        return value_error(settings, key, value, ": must not contain a NUL character");
    *out = value->of.string.ptr == NULL ? SLICE_LITERAL("") : value->of.string;
    return NULL;
}

spin_error_t *spin_settings_boolean(spin_settings_t *settings, const char *key, bool required,
                                    bool *out) {
    const toml_value_t *value;
    spin_error_t *error = find(settings, key, required, &value);
    if (error != NULL || value == NULL)
        return error;
    if (value->type != TOML_BOOLEAN)
        return type_error(settings, key, value, "true or false");
    *out = value->of.boolean;
    return NULL;
}

spin_error_t *spin_settings_integer(spin_settings_t *settings, const char *key, bool required,
                                    int64_t min, int64_t max, int64_t *out) {
    const toml_value_t *value;
    spin_error_t *error = find(settings, key, required, &value);
    if (error != NULL || value == NULL)
        return error;
    if (value->type != TOML_INTEGER)
        return type_error(settings, key, value, "a whole number");
    long long given = value->of.integer, least = min, most = max;
    if (given >= least && given <= most) {
        *out = value->of.integer;
        return NULL;
    }
    if (max == INT64_MAX)
        return value_error(settings, key, value, " must be at least %lld, not %lld", least, given);
    if (min == INT64_MIN)
        return value_error(settings, key, value, " must be at most %lld, not %lld", most, given);
    return value_error(settings, key, value, " must be between %lld and %lld, not %lld", least,
                       most, given);
}

spin_error_t *spin_settings_duration_ms(spin_settings_t *settings, const char *key, bool required,
                                        uint64_t *out) {
    static const char expected[] =
        "a time such as \"250ms\", \"1s\", \"5m\" or \"2h\", or a whole number of seconds";
    const toml_value_t *value;
    spin_error_t *error = find(settings, key, required, &value);
    if (error != NULL || value == NULL)
        return error;
    uint64_t given = 0;
    if (value->type == TOML_INTEGER) {
        if (value->of.integer < 0)
            return value_error(settings, key, value, " must not be negative");
        if (__builtin_mul_overflow((uint64_t)value->of.integer, 1000, &given))
            given = UINT64_MAX;
    } else if (value->type != TOML_STRING)
        return type_error(settings, key, value, expected);
    else if (!units_parse_duration_ms(value->of.string, &given)) {
        arena_t scratch = {0};
        schema_reader_t reader = reader_of(settings, &scratch);
        error = value_error(settings, key, value, " %s: must be %s",
                            schema_quote(&reader, value->of.string), expected);
        arena_deinit(&scratch);
        return error;
    }
    /* No clock of this machine counts further. */
    if (given > INT64_MAX / 1000000)
        return value_error(settings, key, value, " must be less than 292 years");
    *out = given;
    return NULL;
}

spin_error_t *spin_settings_json(spin_settings_t *settings, const char *key, char **out) {
    const toml_value_t *value;
    *out = NULL;
    spin_error_t *error = find(settings, key, false, &value);
    if (error != NULL || value == NULL)
        return error;
    return application_print_json(schema_write_toml(value), JSON_COMPACT | JSON_ENCODE_ANY, out);
}

/* ── what nothing asked for ──────────────────────────────────────────────────────────────── */

static spin_error_t *unknown_key(const spin_settings_t *settings, const toml_pair_t *pair) {
    arena_t scratch = {0};
    schema_reader_t reader = reader_of(settings, &scratch);
    const toml_value_t at = {.line = pair->key_line, .column = pair->key_column};
    const char *key = schema_quote(&reader, pair->key);
    const char *nearest = spin_nearest_name(pair->key, settings->asked.items, settings->asked.len);
    spin_error_t *error =
        nearest == NULL
            ? schema_error(&reader, SPIN_ERROR_INVALID, &at, "unknown key %s in trigger", key)
            : schema_error(&reader, SPIN_ERROR_INVALID, &at,
                           "unknown key %s in trigger; did you mean \"%s\"?", key, nearest);
    arena_deinit(&scratch);
    return error;
}

static spin_error_t *check_table(const spin_settings_t *settings) {
    for (size_t i = 0; i < settings->table->of.table.len; i++) {
        const toml_pair_t *pair = &settings->table->of.table.pairs[i];
        bool is_type = settings->component == NULL && slice_equal_text(pair->key, "type");
        if (!is_type && !was_asked(settings, pair->key))
            return unknown_key(settings, pair);
    }
    return NULL;
}

spin_error_t *settings_finish(settings_set_t *set) {
    if (set->application->trigger != SPIN_TRIGGER_CUSTOM)
        return NULL;
    spin_error_t *error = check_table(&set->own);
    for (size_t i = 0; error == NULL && i < set->application->components_len; i++)
        error = check_table(&set->components[i]);
    return error;
}
