#include "publish/app_manifest.h"

#include "bindle/toml_write.h"

#define GROUP_PREFIX "files-"

spin_slice_t app_manifest_group(arena_t *arena, const spin_component_t *component) {
    return arena_printf(arena, GROUP_PREFIX "%.*s", SLICE_ARG(component->id));
}

/* ── triggers ────────────────────────────────────────────────────────────────────────────── */

/* A custom trigger's table, as written. */
static void write_pairs_of(buf_t *buf, const toml_value_t *table) {
    for (size_t i = 0; i < table->of.table.len; i++) {
        toml_write_key(buf, table->of.table.pairs[i].key);
        buf_append_text(buf, " = ");
        toml_write_value(buf, &table->of.table.pairs[i].value);
        buf_append_byte(buf, '\n');
    }
}

static void write_trigger(buf_t *buf, const spin_application_t *application) {
    buf_append_text(buf, "[trigger]\n");
    switch (application->trigger) {
    case SPIN_TRIGGER_HTTP:
        toml_write_text(buf, "type", application->trigger_type);
        toml_write_text(buf, "base", application->http_base);
        break;
    case SPIN_TRIGGER_REDIS:
        toml_write_text(buf, "type", application->trigger_type);
        toml_write_text(buf, "address", application->redis_address);
        break;
    case SPIN_TRIGGER_CUSTOM: write_pairs_of(buf, application->trigger_table); break;
    }
}

static void write_component_trigger(buf_t *buf, const spin_component_t *component) {
    const manifest_component_trigger_t *trigger = &component->trigger;
    buf_append_text(buf, "\n[component.trigger]\n");
    switch (component->application->trigger) {
    case SPIN_TRIGGER_HTTP:
        toml_write_text(buf, "route", trigger->route);
        if (trigger->executor == SPIN_EXECUTOR_WAGI) {
            buf_append_text(buf, "\n[component.trigger.executor]\ntype = \"wagi\"\n");
            toml_write_text(buf, "argv", trigger->wagi_argv);
            toml_write_text(buf, "entrypoint", trigger->wagi_entrypoint);
        }
        break;
    case SPIN_TRIGGER_REDIS:
        toml_write_text(buf, "channel", trigger->channel);
        if (trigger->pattern)
            buf_append_text(buf, "pattern = true\n");
        break;
    case SPIN_TRIGGER_CUSTOM: write_pairs_of(buf, trigger->table); break;
    }
}

/* ── components ──────────────────────────────────────────────────────────────────────────── */

static void write_list(buf_t *buf, const char *name, const manifest_list_t *list) {
    if (list->len > 0)
        toml_write_texts(buf, name, &(bindle_texts_t){list->items, list->len});
}

static void write_table(buf_t *buf, const char *name, const manifest_pairs_t *pairs) {
    if (pairs->len == 0)
        return;
    buf_printf(buf, "\n[component.%s]\n", name);
    for (size_t i = 0; i < pairs->len; i++) {
        toml_write_key(buf, pairs->items[i].key);
        buf_append_text(buf, " = ");
        toml_write_string(buf, pairs->items[i].value);
        buf_append_byte(buf, '\n');
    }
}

/* Spin of old refuses keys that it doesn't know, so what is empty is left out. `build` is of no use
 * to whoever has the modules. */
static void write_component(buf_t *buf, const spin_component_t *component, const char *digest) {
    buf_append_text(buf, "\n[[component]]\n");
    toml_write_text(buf, "id", component->id);
    if (component->description.len > 0)
        toml_write_text(buf, "description", component->description);
    toml_write_text(buf, "source", spin_slice(digest));
    if (component->files_len > 0) {
        arena_t arena = {0};
        spin_slice_t group = app_manifest_group(&arena, component);
        buf->failed = buf->failed || group.ptr == NULL;
        toml_write_text(buf, "files", group);
        arena_deinit(&arena);
    }
    write_list(buf, "allowedHttpHosts", &component->allowed_http_hosts);
    write_list(buf, "keyValueStores", &component->key_value_stores);
    write_list(buf, "sqliteDatabases", &component->sqlite_databases);
    write_list(buf, "aiModels", &component->ai_models);
    write_table(buf, "environment", &component->environment);
    write_table(buf, "config", &component->config);
    write_component_trigger(buf, component);
}

/* ── application ─────────────────────────────────────────────────────────────────────────── */

static void write_variable(buf_t *buf, const manifest_variable_t *variable) {
    buf_append_text(buf, "\n[variables.");
    toml_write_key(buf, variable->name);
    buf_append_text(buf, "]\n");
    if (variable->default_value.ptr != NULL)
        toml_write_text(buf, "default", variable->default_value);
    if (variable->required)
        buf_append_text(buf, "required = true\n");
    if (variable->secret)
        buf_append_text(buf, "secret = true\n");
}

void app_manifest_write(buf_t *buf, const spin_application_t *application,
                        const char *const *digests) {
    if (application->components_len == 0)
        buf_append_text(buf, "component = []\n\n");
    write_trigger(buf, application);
    for (size_t i = 0; i < application->variables_len; i++)
        write_variable(buf, &application->variables[i]);
    for (size_t i = 0; i < application->components_len; i++)
        write_component(buf, &application->components[i], digests[i]);
}
