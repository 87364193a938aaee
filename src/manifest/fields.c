/* What each key of a manifest means. A new key is a struct member and a line in one of the tables;
 * docs/how-to-manifest-field.md walks through it. */
#include "manifest/fields.h"

#include "base/error.h"
#include "base/map.h"
#include "base/slice.h"
#include "manifest/check.h"

/* ── variables ───────────────────────────────────────────────────────────────────────────── */

static const schema_field_t variable_fields[] = {
    FIELD("default", manifest_variable_t, default_value),
    FIELD("required", manifest_variable_t, required),
    FIELD("secret", manifest_variable_t, secret),
};
static const schema_t variable_schema = SCHEMA("", variable_fields);

static spin_error_t *read_variable(schema_reader_t *reader, const toml_pair_t *pair,
                                   manifest_variable_t *variable) {
    const char *reason = check_variable_name(pair->key);
    if (reason != NULL) {
        toml_value_t key = {.line = pair->key_line, .column = pair->key_column};
        return schema_error(reader, SPIN_ERROR_INVALID, &key, "variable name %s: %s",
                            schema_quote(reader, pair->key), reason);
    }
    reader->subject = "variable";
    reader->subject_name = pair->key;
    if (pair->value.type != TOML_TABLE)
        return schema_error(reader, SPIN_ERROR_INVALID, &pair->value,
                            "must be a table, such as { default = \"...\" }, not %s",
                            toml_type_name(pair->value.type));
    spin_error_t *error = schema_read_table(reader, &variable_schema, &pair->value, variable);
    if (error == NULL && variable->required == (variable->default_value.ptr != NULL))
        error = schema_error(reader, SPIN_ERROR_INVALID, &pair->value,
                             variable->required
                                 ? "is required and has a default: only one of the two can be"
                                 : "needs either required = true or a default");
    variable->name = pair->key;
    reader->subject = NULL;
    return error;
}

static spin_error_t *read_variables(schema_reader_t *reader, const schema_t *schema,
                                    const schema_field_t *field, const toml_value_t *value,
                                    void *base) {
    spin_application_t *application = base;
    if (value->type != TOML_TABLE)
        return schema_type_error(reader, schema, field, value, "a table of variables");
    size_t len = value->of.table.len;
    application->variables = arena_calloc(reader->arena, len, sizeof *application->variables);
    if (application->variables == NULL)
        return error_no_memory();
    application->variables_len = len;
    spin_error_t *error = NULL;
    for (size_t i = 0; error == NULL && i < len; i++)
        error = read_variable(reader, &value->of.table.pairs[i], &application->variables[i]);
    return error;
}

static bool write_variables(json_t *object, const schema_field_t *field, const void *base) {
    const spin_application_t *application = base;
    if (application->variables_len == 0)
        return true;
    json_t *variables = json_object();
    for (size_t i = 0; variables != NULL && i < application->variables_len; i++) {
        const manifest_variable_t *variable = &application->variables[i];
        if (json_object_setn_new(variables, (const char *)variable->name.ptr, variable->name.len,
                                 schema_write_table(&variable_schema, variable)) != 0) {
            json_decref(variables);
            return false;
        }
    }
    return schema_add(object, field->name, variables);
}

/* ── source and files ────────────────────────────────────────────────────────────────────── */

static const schema_field_t url_fields[] = {
    FIELD("url", manifest_source_t, url, .required = true, .check = check_source_url),
    FIELD("digest", manifest_source_t, digest, .required = true, .check = check_digest),
};
static const schema_t url_schema = SCHEMA("source", url_fields);

static const schema_field_t bindle_fields[] = {
    FIELD("reference", manifest_source_t, reference, .required = true, .check = check_reference),
    FIELD("parcel", manifest_source_t, parcel, .required = true, .check = check_parcel),
};
static const schema_t bindle_schema = SCHEMA("source", bindle_fields);

static const schema_field_t path_field =
    FIELD("source", manifest_source_t, path, .check = check_not_empty);

static spin_error_t *read_source(schema_reader_t *reader, const schema_t *schema,
                                 const schema_field_t *field, const toml_value_t *value,
                                 void *base) {
    manifest_source_t *source = &((spin_component_t *)base)->source;
    source->at = (manifest_position_t){value->line, value->column};
    if (value->type == TOML_STRING) {
        source->kind = SPIN_SOURCE_PATH;
        return schema_read_value(reader, schema, &path_field, value, source);
    }
    if (value->type != TOML_TABLE)
        return schema_type_error(reader, schema, field, value,
                                 "a path, { url, digest } or { reference, parcel }");
    bool bindle = toml_table_find(value, SLICE_LITERAL("reference")) != NULL ||
                  toml_table_find(value, SLICE_LITERAL("parcel")) != NULL;
    source->kind = bindle ? SPIN_SOURCE_BINDLE : SPIN_SOURCE_URL;
    return schema_read_table(reader, bindle ? &bindle_schema : &url_schema, value, source);
}

static bool write_source(json_t *object, const schema_field_t *field, const void *base) {
    const manifest_source_t *source = &((const spin_component_t *)base)->source;
    json_t *json = source->kind == SPIN_SOURCE_PATH     ? schema_write_text(source->path)
                   : source->kind == SPIN_SOURCE_BINDLE ? schema_write_table(&bindle_schema, source)
                                                        : schema_write_table(&url_schema, source);
    return schema_add(object, field->name, json);
}

static const schema_field_t placement_fields[] = {
    FIELD("source", manifest_files_entry_t, source, .required = true, .check = check_relative_path),
    FIELD("destination", manifest_files_entry_t, destination, .required = true,
          .check = check_guest_path),
};
static const schema_t placement_schema = SCHEMA("files", placement_fields);

static const schema_field_t pattern_field =
    FIELD("files", manifest_files_entry_t, pattern, .check = check_not_empty);

static spin_error_t *read_files(schema_reader_t *reader, const schema_t *schema,
                                const schema_field_t *field, const toml_value_t *value,
                                void *base) {
    static const char expected[] = "an array of paths and { source, destination } tables";
    spin_component_t *component = base;
    if (value->type != TOML_ARRAY)
        return schema_type_error(reader, schema, field, value, expected);
    size_t len = value->of.array.len;
    component->files = arena_calloc(reader->arena, len, sizeof *component->files);
    if (component->files == NULL)
        return error_no_memory();
    component->files_len = len;
    spin_error_t *error = NULL;
    for (size_t i = 0; error == NULL && i < len; i++) {
        const toml_value_t *item = &value->of.array.items[i];
        manifest_files_entry_t *entry = &component->files[i];
        entry->at = (manifest_position_t){item->line, item->column};
        if (item->type == TOML_STRING)
            error = schema_read_value(reader, schema, &pattern_field, item, entry);
        else if (item->type == TOML_TABLE)
            error = schema_read_table(reader, &placement_schema, item, entry);
        else
            error = schema_error(reader, SPIN_ERROR_INVALID, item,
                                 "files must be %s, but item %zu is %s", expected, i + 1,
                                 toml_type_name(item->type));
    }
    return error;
}

static bool write_files(json_t *object, const schema_field_t *field, const void *base) {
    const spin_component_t *component = base;
    if (component->files_len == 0)
        return true;
    json_t *files = json_array();
    for (size_t i = 0; files != NULL && i < component->files_len; i++) {
        const manifest_files_entry_t *entry = &component->files[i];
        json_t *item = entry->pattern.ptr != NULL ? schema_write_text(entry->pattern)
                                                  : schema_write_table(&placement_schema, entry);
        if (json_array_append_new(files, item) != 0) {
            json_decref(files);
            return false;
        }
    }
    return schema_add(object, field->name, files);
}

/* Where everything is allowed the other entries don't matter, as ever. */
static spin_error_t *read_hosts(schema_reader_t *reader, const schema_t *schema,
                                const schema_field_t *field, const toml_value_t *value,
                                void *base) {
    schema_field_t unchecked = *field;
    for (size_t i = 0; value->type == TOML_ARRAY && i < value->of.array.len; i++) {
        const toml_value_t *item = &value->of.array.items[i];
        if (item->type == TOML_STRING && slice_equal_text(item->of.string, CHECK_ALLOW_ALL_HOSTS))
            unchecked.check = NULL;
    }
    return schema_read_value(reader, schema, &unchecked, value, base);
}

/* ── triggers ────────────────────────────────────────────────────────────────────────────── */

static const char *const spin_executors[] = {[SPIN_EXECUTOR_SPIN] = "spin", NULL};
static const char *const http_executors[] = {
    [SPIN_EXECUTOR_SPIN] = "spin", [SPIN_EXECUTOR_WAGI] = "wagi", NULL};

static const schema_field_t spin_executor_fields[] = {
    FIELD_CHOICE("type", manifest_component_trigger_t, executor, spin_executors, .required = true),
};
static const schema_t spin_executor_schema = SCHEMA("trigger.executor", spin_executor_fields);

static const schema_field_t http_executor_fields[] = {
    FIELD_CHOICE("type", manifest_component_trigger_t, executor, http_executors, .required = true),
};
static const schema_t http_executor_schema = SCHEMA("trigger.executor", http_executor_fields);

static const schema_field_t wagi_executor_fields[] = {
    FIELD_CHOICE("type", manifest_component_trigger_t, executor, http_executors, .required = true),
    FIELD("argv", manifest_component_trigger_t, wagi_argv),
    FIELD("entrypoint", manifest_component_trigger_t, wagi_entrypoint),
};
static const schema_t wagi_executor_schema = SCHEMA("trigger.executor", wagi_executor_fields);

static const schema_t *http_executor_schema_of(const toml_value_t *executor) {
    const toml_pair_t *type = toml_table_find(executor, SLICE_LITERAL("type"));
    bool wagi = type != NULL && type->value.type == TOML_STRING &&
                slice_equal_text(type->value.of.string, "wagi");
    return wagi ? &wagi_executor_schema : &http_executor_schema;
}

static spin_error_t *read_http_executor(schema_reader_t *reader, const schema_t *schema,
                                        const schema_field_t *field, const toml_value_t *value,
                                        void *base) {
    manifest_component_trigger_t *trigger = base;
    if (value->type != TOML_TABLE)
        return schema_type_error(reader, schema, field, value,
                                 "a table, such as { type = \"wagi\" }");
    spin_error_t *error = schema_read_table(reader, http_executor_schema_of(value), value, trigger);
    if (error != NULL || trigger->executor != SPIN_EXECUTOR_WAGI)
        return error;
    if (trigger->wagi_argv.ptr == NULL)
        trigger->wagi_argv = SLICE_LITERAL("${SCRIPT_NAME} ${ARGS}");
    if (trigger->wagi_entrypoint.ptr == NULL)
        trigger->wagi_entrypoint = SLICE_LITERAL("_start");
    return NULL;
}

static bool write_http_executor(json_t *object, const schema_field_t *field, const void *base) {
    const manifest_component_trigger_t *trigger = base;
    bool wagi = trigger->executor == SPIN_EXECUTOR_WAGI;
    return schema_add(
        object, field->name,
        schema_write_table(wagi ? &wagi_executor_schema : &http_executor_schema, trigger));
}

static const schema_field_t http_fields[] = {
    FIELD("type", spin_application_t, trigger_type, .required = true),
    FIELD("base", spin_application_t, http_base, .check = check_base),
};
static const schema_t http_schema = SCHEMA("trigger", http_fields);

static const schema_field_t http_component_fields[] = {
    FIELD("route", manifest_component_trigger_t, route, .required = true, .check = check_route),
    FIELD_OTHER("executor", .read = read_http_executor, .write = write_http_executor),
};
static const schema_t http_component_schema = SCHEMA("trigger", http_component_fields);

static const schema_field_t redis_fields[] = {
    FIELD("type", spin_application_t, trigger_type, .required = true),
    FIELD("address", spin_application_t, redis_address, .required = true, .check = check_not_empty),
};
static const schema_t redis_schema = SCHEMA("trigger", redis_fields);

static bool write_pattern(json_t *object, const schema_field_t *field, const void *base) {
    const manifest_component_trigger_t *trigger = base;
    return !trigger->pattern ||
           schema_write_value(object, field, base); /* Spin knows no such key */
}

static const schema_field_t redis_component_fields[] = {
    FIELD("channel", manifest_component_trigger_t, channel, .required = true),
    FIELD("pattern", manifest_component_trigger_t, pattern, .write = write_pattern),
    FIELD_GROUP("executor", &spin_executor_schema),
};
static const schema_t redis_component_schema = SCHEMA("trigger", redis_component_fields);

/* The built-in triggers; any other type is a custom one, whose tables are kept as they are. */
static const struct {
    const char *type;
    spin_trigger_kind_t kind;
    const schema_t *application;
    const schema_t *component; /* of manifest_component_trigger_t */
} triggers[] = {
    {"http", SPIN_TRIGGER_HTTP, &http_schema, &http_component_schema},
    {"redis", SPIN_TRIGGER_REDIS, &redis_schema, &redis_component_schema},
};
enum { TRIGGERS = sizeof triggers / sizeof *triggers };

static const schema_field_t custom_fields[] = {
    FIELD("type", spin_application_t, trigger_type, .check = check_not_empty),
};
static const schema_t custom_schema = SCHEMA("trigger", custom_fields);

static spin_error_t *read_trigger(schema_reader_t *reader, const schema_t *schema,
                                  const schema_field_t *field, const toml_value_t *value,
                                  void *base) {
    spin_application_t *application = base;
    if (value->type != TOML_TABLE)
        return schema_type_error(reader, schema, field, value,
                                 "a table, such as { type = \"http\" }");
    application->trigger_table = value;
    const toml_pair_t *type = toml_table_find(value, SLICE_LITERAL("type"));
    if (type == NULL)
        return schema_missing_error(reader, &custom_schema, "type", value);
    spin_error_t *error =
        schema_read_value(reader, &custom_schema, &custom_fields[0], &type->value, application);
    if (error != NULL)
        return error;

    application->trigger = SPIN_TRIGGER_CUSTOM;
    for (size_t i = 0; error == NULL && i < TRIGGERS; i++)
        if (slice_equal_text(application->trigger_type, triggers[i].type)) {
            application->trigger = triggers[i].kind;
            error = schema_read_table(reader, triggers[i].application, value, application);
        }
    if (application->trigger == SPIN_TRIGGER_HTTP && application->http_base.len == 0)
        application->http_base = SLICE_LITERAL("/");
    return error;
}

static bool write_trigger(json_t *object, const schema_field_t *field, const void *base) {
    const spin_application_t *application = base;
    for (size_t i = 0; i < TRIGGERS; i++)
        if (application->trigger == triggers[i].kind)
            return schema_add(object, field->name,
                              schema_write_table(triggers[i].application, application));
    return schema_add(object, field->name, schema_write_toml(application->trigger_table));
}

static spin_error_t *read_component_trigger(schema_reader_t *reader, const schema_t *schema,
                                            const schema_field_t *field, const toml_value_t *value,
                                            void *base) {
    manifest_component_trigger_t *trigger = &((spin_component_t *)base)->trigger;
    if (value->type != TOML_TABLE)
        return schema_type_error(reader, schema, field, value, "a table");
    trigger->table = value;
    trigger->at = (manifest_position_t){value->line, value->column};
    for (size_t i = 0; i < TRIGGERS; i++)
        if (reader->application->trigger == triggers[i].kind)
            return schema_read_table(reader, triggers[i].component, value, trigger);
    return NULL;
}

static bool write_component_trigger(json_t *object, const schema_field_t *field, const void *base) {
    const spin_component_t *component = base;
    for (size_t i = 0; i < TRIGGERS; i++)
        if (component->application->trigger == triggers[i].kind)
            return schema_add(object, field->name,
                              schema_write_table(triggers[i].component, &component->trigger));
    return schema_add(object, field->name, schema_write_toml(component->trigger.table));
}

/* ── components ──────────────────────────────────────────────────────────────────────────── */

static const schema_field_t build_fields[] = {
    FIELD("command", manifest_build_t, command, .required = true, .check = check_not_empty),
    FIELD("workdir", manifest_build_t, workdir),
    FIELD("watch", manifest_build_t, watch),
};
static const schema_t build_schema = SCHEMA("build", build_fields);

static spin_error_t *read_build(schema_reader_t *reader, const schema_t *schema,
                                const schema_field_t *field, const toml_value_t *value,
                                void *base) {
    ((spin_component_t *)base)->build.present = true;
    return schema_read_value(reader, schema, field, value, base);
}

static spin_error_t *read_id(schema_reader_t *reader, const schema_t *schema,
                             const schema_field_t *field, const toml_value_t *value, void *base) {
    ((spin_component_t *)base)->at = (manifest_position_t){value->line, value->column};
    return schema_read_value(reader, schema, field, value, base);
}

static const schema_field_t component_fields[] = {
    FIELD("id", spin_component_t, id, .required = true, .check = check_component_id,
          .read = read_id),
    FIELD("description", spin_component_t, description),
    FIELD_OTHER("source", .required = true, .read = read_source, .write = write_source),
    FIELD("environment", spin_component_t, environment, .check = check_environment_name),
    FIELD_OTHER("files", .read = read_files, .write = write_files),
    FIELD("exclude_files", spin_component_t, exclude_files),
    FIELD("allowed_http_hosts", spin_component_t, allowed_http_hosts, .check = check_http_host,
          .read = read_hosts),
    FIELD("key_value_stores", spin_component_t, key_value_stores, .check = check_label),
    FIELD("sqlite_databases", spin_component_t, sqlite_databases),
    FIELD("ai_models", spin_component_t, ai_models),
    FIELD("config", spin_component_t, config, .check = check_variable_name),
    FIELD_TABLE("build", spin_component_t, build, &build_schema, .read = read_build),
    FIELD_OTHER("trigger", .required = true, .read = read_component_trigger,
                .write = write_component_trigger),
};
static const schema_t component_schema = SCHEMA("", component_fields);

void fields_set_component(schema_reader_t *reader, const toml_value_t *table, size_t index) {
    const toml_pair_t *id = toml_table_find(table, SLICE_LITERAL("id"));
    bool good = id != NULL && id->value.type == TOML_STRING &&
                check_component_id(id->value.of.string) == NULL;
    reader->subject = "component";
    reader->subject_name = good ? id->value.of.string : (spin_slice_t){NULL, 0};
    reader->subject_number = index + 1;
}

static spin_error_t *read_component(schema_reader_t *reader, const toml_value_t *table,
                                    size_t index, map_t *ids) {
    spin_component_t *component = &reader->application->components[index];
    component->application = reader->application;
    fields_set_component(reader, table, index);
    spin_error_t *error = schema_read_table(reader, &component_schema, table, component);
    if (error != NULL)
        return error;

    const spin_component_t *twin = map_get(ids, component->id);
    if (twin != NULL) {
        toml_value_t at = {.line = component->at.line, .column = component->at.column};
        return schema_error(reader, SPIN_ERROR_INVALID, &at,
                            "the id is taken by the component at line %u", twin->at.line);
    }
    reader->subject = NULL;
    return map_set(ids, component->id, component) ? NULL : error_no_memory();
}

static spin_error_t *read_components(schema_reader_t *reader, const schema_t *schema,
                                     const schema_field_t *field, const toml_value_t *value,
                                     void *base) {
    spin_application_t *application = base;
    static const char expected[] = "an array of tables, each headed [[component]]";
    if (value->type != TOML_ARRAY)
        return schema_type_error(reader, schema, field, value, expected);
    size_t len = value->of.array.len;
    application->components = arena_calloc(reader->arena, len, sizeof *application->components);
    if (application->components == NULL)
        return error_no_memory();
    application->components_len = len;

    map_t ids = {0};
    spin_error_t *error = NULL;
    for (size_t i = 0; error == NULL && i < len; i++) {
        const toml_value_t *item = &value->of.array.items[i];
        error = item->type == TOML_TABLE ? read_component(reader, item, i, &ids)
                                         : schema_type_error(reader, schema, field, item, expected);
    }
    map_deinit(&ids);
    return error;
}

/* What a loader has added; nothing before. */
static bool write_loaded(json_t *object, const spin_component_t *component) {
    if (component->source.file != NULL &&
        !schema_add(object, "module", schema_write_text(spin_slice(component->source.file))))
        return false;
    if (component->mounts_len == 0)
        return true;
    json_t *mounts = json_array();
    for (size_t i = 0; mounts != NULL && i < component->mounts_len; i++) {
        const manifest_mount_t *mount = &component->mounts[i];
        json_t *item = json_pack(
            "{s:o, s:o, s:b}", "host", schema_write_text(spin_slice(mount->host_path)), "guest",
            schema_write_text(spin_slice(mount->guest_path)), "read_only", (int)mount->read_only);
        if (json_array_append_new(mounts, item) != 0) {
            json_decref(mounts);
            return false;
        }
    }
    return schema_add(object, "mounts", mounts);
}

static json_t *write_component(const spin_component_t *component) {
    json_t *object = schema_write_table(&component_schema, component);
    if (object != NULL && !write_loaded(object, component)) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static bool write_components(json_t *object, const schema_field_t *field, const void *base) {
    const spin_application_t *application = base;
    json_t *components = json_array();
    for (size_t i = 0; components != NULL && i < application->components_len; i++)
        if (json_array_append_new(components, write_component(&application->components[i])) != 0) {
            json_decref(components);
            return false;
        }
    return schema_add(object, field->name, components);
}

/* ── application ─────────────────────────────────────────────────────────────────────────── */

/* Versions are looked at in advance, by find_version. */
static spin_error_t *skip(schema_reader_t *reader, const schema_t *schema,
                          const schema_field_t *field, const toml_value_t *value, void *base) {
    (void)reader, (void)schema, (void)field, (void)value, (void)base;
    return NULL;
}

static bool write_version(json_t *object, const schema_field_t *field, const void *base) {
    (void)base;
    return schema_add(object, field->name, json_string("1"));
}

static const schema_field_t application_fields[] = {
    FIELD_OTHER("spin_manifest_version", .read = skip, .write = write_version),
    FIELD_OTHER("spin_version", .read = skip),
    FIELD("name", spin_application_t, name, .required = true),
    FIELD("version", spin_application_t, version, .required = true),
    FIELD("description", spin_application_t, description),
    FIELD("namespace", spin_application_t, namespace_),
    FIELD("authors", spin_application_t, authors),
    FIELD_OTHER("trigger", .required = true, .read = read_trigger, .write = write_trigger),
    FIELD_OTHER("variables", .read = read_variables, .write = write_variables),
    FIELD_OTHER("component", .required = true, .last = true, .read = read_components,
                .write = write_components),
};
const schema_t application_schema = SCHEMA("", application_fields);
