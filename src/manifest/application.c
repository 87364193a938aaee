#include "manifest/application.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"
#include "manifest/fields.h"

/* ── life ────────────────────────────────────────────────────────────────────────────────── */

spin_application_t *spin_application_ref(spin_application_t *application) {
    atomic_fetch_add_explicit(&application->refs, 1, memory_order_relaxed);
    return application;
}

void spin_application_unref(spin_application_t *application) {
    if (application == NULL ||
        atomic_fetch_sub_explicit(&application->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (application->workdir != NULL && application->workdir_remove != NULL)
        application->workdir_remove(application->workdir);
    arena_deinit(&application->arena);
    mem_free(application);
}

spin_component_t *application_find_component(spin_application_t *application, spin_slice_t id) {
    for (size_t i = 0; i < application->components_len; i++)
        if (slice_equal(application->components[i].id, id))
            return &application->components[i];
    return NULL;
}

/* ── JSON ────────────────────────────────────────────────────────────────────────────────── */

static int append(const char *bytes, size_t len, void *user) {
    buf_t *buf = user;
    buf_append(buf, spin_slice_of(bytes, len));
    return buf->failed ? -1 : 0;
}

/* The text is this library's memory, not jansson's. */
spin_error_t *application_print_json(json_t *json, size_t flags, char **out) {
    buf_t buf = {0};
    if (json == NULL || json_dump_callback(json, append, &buf, flags) != 0)
        buf.failed = true;
    buf_append_byte(&buf, '\0');
    json_decref(json);
    if (buf.failed) {
        buf_deinit(&buf);
        return error_no_memory();
    }
    *out = (char *)buf.ptr;
    return NULL;
}

spin_error_t *spin_application_to_json(const spin_application_t *application, char **out) {
    json_t *json = schema_write_table(&application_schema, application);
    if (json != NULL && application->origin.len > 0 &&
        !schema_add(json, "origin", schema_write_text(application->origin))) {
        json_decref(json);
        json = NULL;
    }
    return application_print_json(json, JSON_INDENT(2), out);
}

spin_error_t *spin_application_trigger_json(const spin_application_t *application, char **out) {
    return application_print_json(schema_write_toml(application->trigger_table), JSON_COMPACT, out);
}

spin_error_t *spin_component_trigger_json(const spin_component_t *component, char **out) {
    return application_print_json(schema_write_toml(component->trigger.table), JSON_COMPACT, out);
}

void spin_string_free(char *string) {
    mem_free(string);
}

/* ── application ─────────────────────────────────────────────────────────────────────────── */

/* A getter that hands out one member. */
#define GETTER(type, function, owner, member)                                                      \
    type function(const owner *self) {                                                             \
        return self->member;                                                                       \
    }

static spin_text_list_t view_list(const manifest_list_t *list) {
    return (spin_text_list_t){list->items, list->len};
}

static spin_setting_list_t view_pairs(const manifest_pairs_t *pairs) {
    return (spin_setting_list_t){pairs->items, pairs->len};
}

#define LIST_GETTER(function, owner, member)                                                       \
    spin_text_list_t function(const owner *self) {                                                 \
        return view_list(&self->member);                                                           \
    }

GETTER(spin_slice_t, spin_application_name, spin_application_t, name)
GETTER(spin_slice_t, spin_application_version, spin_application_t, version)
GETTER(spin_slice_t, spin_application_description, spin_application_t, description)
GETTER(spin_slice_t, spin_application_namespace, spin_application_t, namespace_)
GETTER(spin_slice_t, spin_application_origin, spin_application_t, origin)
spin_slice_t spin_application_locked_file(const spin_application_t *application) {
    return spin_slice(application->locked_file);
}

GETTER(spin_trigger_kind_t, spin_application_trigger, spin_application_t, trigger)
GETTER(spin_slice_t, spin_application_trigger_type, spin_application_t, trigger_type)
GETTER(spin_slice_t, spin_application_http_base, spin_application_t, http_base)
GETTER(spin_slice_t, spin_application_redis_address, spin_application_t, redis_address)
LIST_GETTER(spin_application_authors, spin_application_t, authors)

GETTER(size_t, spin_application_variable_count, spin_application_t, variables_len)
GETTER(spin_slice_t, spin_variable_name, spin_variable_t, name)
GETTER(spin_slice_t, spin_variable_default, spin_variable_t, default_value)
GETTER(bool, spin_variable_required, spin_variable_t, required)
GETTER(bool, spin_variable_secret, spin_variable_t, secret)

const spin_variable_t *spin_application_variable(const spin_application_t *application,
                                                 size_t index) {
    return index < application->variables_len ? &application->variables[index] : NULL;
}

GETTER(size_t, spin_application_component_count, spin_application_t, components_len)

const spin_component_t *spin_application_component(const spin_application_t *application,
                                                   size_t index) {
    return index < application->components_len ? &application->components[index] : NULL;
}

const spin_component_t *spin_application_component_by_id(const spin_application_t *application,
                                                         spin_slice_t id) {
    return application_find_component((spin_application_t *)application, id);
}

/* ── component ───────────────────────────────────────────────────────────────────────────── */

GETTER(spin_slice_t, spin_component_id, spin_component_t, id)
GETTER(spin_slice_t, spin_component_description, spin_component_t, description)

GETTER(spin_source_kind_t, spin_component_source, spin_component_t, source.kind)
GETTER(spin_slice_t, spin_component_source_path, spin_component_t, source.path)
GETTER(spin_slice_t, spin_component_source_reference, spin_component_t, source.reference)
GETTER(spin_slice_t, spin_component_source_parcel, spin_component_t, source.parcel)
GETTER(spin_slice_t, spin_component_source_url, spin_component_t, source.url)
GETTER(spin_slice_t, spin_component_source_digest, spin_component_t, source.digest)

spin_slice_t spin_component_source_file(const spin_component_t *component) {
    return spin_slice(component->source.file);
}

spin_setting_list_t spin_component_environment(const spin_component_t *component) {
    return view_pairs(&component->environment);
}

spin_setting_list_t spin_component_config(const spin_component_t *component) {
    return view_pairs(&component->config);
}

LIST_GETTER(spin_component_exclude_files, spin_component_t, exclude_files)
LIST_GETTER(spin_component_allowed_http_hosts, spin_component_t, allowed_http_hosts)
LIST_GETTER(spin_component_key_value_stores, spin_component_t, key_value_stores)
LIST_GETTER(spin_component_sqlite_databases, spin_component_t, sqlite_databases)
LIST_GETTER(spin_component_ai_models, spin_component_t, ai_models)

bool spin_component_files_entry(const spin_component_t *component, size_t index,
                                spin_files_entry_t *out) {
    if (index >= component->files_len)
        return false;
    const manifest_files_entry_t *entry = &component->files[index];
    *out = (spin_files_entry_t){entry->pattern, entry->source, entry->destination};
    return true;
}

bool spin_component_mount(const spin_component_t *component, size_t index, spin_mount_t *out) {
    if (index >= component->mounts_len)
        return false;
    const manifest_mount_t *mount = &component->mounts[index];
    *out = (spin_mount_t){spin_slice(mount->host_path), spin_slice(mount->guest_path),
                          mount->read_only};
    return true;
}

GETTER(spin_slice_t, spin_component_build_command, spin_component_t, build.command)
GETTER(spin_slice_t, spin_component_build_workdir, spin_component_t, build.workdir)
LIST_GETTER(spin_component_build_watch, spin_component_t, build.watch)

GETTER(spin_slice_t, spin_component_route, spin_component_t, trigger.route)
GETTER(spin_executor_kind_t, spin_component_executor, spin_component_t, trigger.executor)
GETTER(spin_slice_t, spin_component_wagi_argv, spin_component_t, trigger.wagi_argv)
GETTER(spin_slice_t, spin_component_wagi_entrypoint, spin_component_t, trigger.wagi_entrypoint)
GETTER(spin_slice_t, spin_component_channel, spin_component_t, trigger.channel)
GETTER(bool, spin_component_channel_is_pattern, spin_component_t, trigger.pattern)
