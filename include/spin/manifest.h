/* The canonical application, as read from a manifest (`spin.toml`, version 1) and completed by a
 * loader. Read-only for embedders; reference-counted.
 *
 * What a getter returns is borrowed: it lives as long as the application. An application does not
 * change once it is loaded, so any thread may read it, and take or drop references, at any time. A
 * setting that the manifest leaves out is the empty view, its `ptr` NULL where that differs from
 * text that is there and empty. */
#ifndef SPIN_MANIFEST_H
#define SPIN_MANIFEST_H

#include <stdbool.h>

#include "spin/error.h"
#include "spin/slice.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A whole application. Counted: spin_application_ref, spin_application_unref. */
typedef struct spin_application spin_application_t;
/* One of its components. Lives as long as the application. */
typedef struct spin_component spin_component_t;
/* One of its variables. Lives as long as the application. */
typedef struct spin_variable spin_variable_t;

/* What starts the application's components. */
typedef enum spin_trigger_kind {
    SPIN_TRIGGER_HTTP = 0,
    SPIN_TRIGGER_REDIS,
    SPIN_TRIGGER_CUSTOM, /* any other type: its settings are kept as a table */
} spin_trigger_kind_t;

/* How an HTTP request is handed to a component. */
typedef enum spin_executor_kind {
    SPIN_EXECUTOR_SPIN = 0, /* the typed entry point */
    SPIN_EXECUTOR_WAGI,     /* CGI over a WASI command */
} spin_executor_kind_t;

/* Where a component's module is kept. */
typedef enum spin_source_kind {
    SPIN_SOURCE_PATH = 0, /* a file beside the manifest */
    SPIN_SOURCE_BINDLE,   /* { reference, parcel } */
    SPIN_SOURCE_URL,      /* { url, digest } */
} spin_source_kind_t;

/* A list of texts, in the order of the manifest. */
typedef struct spin_text_list {
    const spin_slice_t *items;
    size_t len;
} spin_text_list_t;

/* One key with its value. */
typedef struct spin_setting {
    spin_slice_t key;
    spin_slice_t value;
} spin_setting_t;

/* Keys and values, in the order of the manifest; no key comes twice. */
typedef struct spin_setting_list {
    const spin_setting_t *items;
    size_t len;
} spin_setting_list_t;

/* One entry of `files`: a path or glob, or a placement of a folder. */
typedef struct spin_files_entry {
    spin_slice_t pattern;     /* ptr NULL for a placement */
    spin_slice_t source;      /* placement: relative to the manifest's folder */
    spin_slice_t destination; /* placement: absolute path in the guest */
} spin_files_entry_t;

/* A folder of the host that the guest sees at `guest_path`. */
typedef struct spin_mount {
    spin_slice_t host_path;
    spin_slice_t guest_path;
    bool read_only;
} spin_mount_t;

/* ── application ─────────────────────────────────────────────────────────────────────────── */

/* Parses and validates the text of a manifest without looking at any file: sources and files stay
 * as written and there are no mounts (<spin/loader.h> does the rest). `file` names the text in
 * errors and becomes the origin; NULL is allowed. Neither is kept.
 *
 * On success `*out` holds one reference, for spin_application_unref. Errors: INVALID, with the
 * position of the first mistake; UNSUPPORTED (another version of the manifest); LIMIT (nested too
 * deep); NO_MEMORY. Any thread. */
SPIN_API spin_error_t *spin_application_parse(spin_slice_t text, const char *file,
                                              spin_application_t **out);

/* One more reference; returns `application`. */
SPIN_API spin_application_t *spin_application_ref(spin_application_t *application);
/* One reference less; with the last one the application and its working directory are gone. NULL is
 * allowed. */
SPIN_API void spin_application_unref(spin_application_t *application);

/* The manifest's fields of these names. */
SPIN_API spin_slice_t spin_application_name(const spin_application_t *application);
SPIN_API spin_slice_t spin_application_version(const spin_application_t *application);
SPIN_API spin_slice_t spin_application_description(const spin_application_t *application);
SPIN_API spin_slice_t spin_application_namespace(const spin_application_t *application);
SPIN_API spin_text_list_t spin_application_authors(const spin_application_t *application);
/* Where it was loaded from: the manifest's path, or a registry reference. */
SPIN_API spin_slice_t spin_application_origin(const spin_application_t *application);
/* The file in which a loader has left the locked form (`locked` in its options), NUL-terminated;
 * it goes with the working directory. */
SPIN_API spin_slice_t spin_application_locked_file(const spin_application_t *application);

/* Which of the kinds its trigger is. */
SPIN_API spin_trigger_kind_t spin_application_trigger(const spin_application_t *application);
/* "http", "redis", or the name of a custom trigger. */
SPIN_API spin_slice_t spin_application_trigger_type(const spin_application_t *application);
/* HTTP: the path in front of every route, beginning with "/". */
SPIN_API spin_slice_t spin_application_http_base(const spin_application_t *application);
/* Redis: the server's URL. */
SPIN_API spin_slice_t spin_application_redis_address(const spin_application_t *application);
/* The trigger's table as written, as JSON; dates and the floats that JSON lacks become strings.
 * `*out` is NUL-terminated and the caller's, for spin_string_free. Errors: NO_MEMORY. */
SPIN_API spin_error_t *spin_application_trigger_json(const spin_application_t *application,
                                                     char **out);

/* How many variables it declares. */
SPIN_API size_t spin_application_variable_count(const spin_application_t *application);
/* NULL when `index` is past the end. */
SPIN_API const spin_variable_t *spin_application_variable(const spin_application_t *application,
                                                          size_t index);
/* The name under which the manifest declares it. */
SPIN_API spin_slice_t spin_variable_name(const spin_variable_t *variable);
/* `ptr` is NULL where there is none, and then the variable is required. */
SPIN_API spin_slice_t spin_variable_default(const spin_variable_t *variable);
/* Whether it has no default, so that a value must be given. */
SPIN_API bool spin_variable_required(const spin_variable_t *variable);
/* Whether its value must not appear in logs. */
SPIN_API bool spin_variable_secret(const spin_variable_t *variable);

/* How many components it has. */
SPIN_API size_t spin_application_component_count(const spin_application_t *application);
/* In the order of the manifest. NULL when `index` is past the end. */
SPIN_API const spin_component_t *spin_application_component(const spin_application_t *application,
                                                            size_t index);
/* NULL when there is none with that id. */
SPIN_API const spin_component_t *
spin_application_component_by_id(const spin_application_t *application, spin_slice_t id);

/* The whole application as JSON, indented, under the manifest's own names and always in the same
 * order: settings that are left out or empty are not there, defaults are. `*out` is NUL-terminated
 * and the caller's, for spin_string_free. Errors: NO_MEMORY. */
SPIN_API spin_error_t *spin_application_to_json(const spin_application_t *application, char **out);

/* The locked form, for another process: all of the application after a loader's work, the modules'
 * and mounts' paths on this host included, as JSON with the manifest's positions, so that a custom
 * trigger's errors still point there. `*out` is NUL-terminated and the caller's, for
 * spin_string_free. Errors: USAGE (no loader has been at work), NO_MEMORY. */
SPIN_API spin_error_t *spin_application_to_locked(const spin_application_t *application,
                                                  char **out);

/* Frees a string that this library handed out. NULL is allowed. */
SPIN_API void spin_string_free(char *string);

/* ── component ───────────────────────────────────────────────────────────────────────────── */

/* The manifest's fields of these names. */
SPIN_API spin_slice_t spin_component_id(const spin_component_t *component);
SPIN_API spin_slice_t spin_component_description(const spin_component_t *component);

/* Which of the kinds its source is. */
SPIN_API spin_source_kind_t spin_component_source(const spin_component_t *component);
/* What the kind has, as written; the others are empty. */
SPIN_API spin_slice_t spin_component_source_path(const spin_component_t *component);
SPIN_API spin_slice_t spin_component_source_reference(const spin_component_t *component);
SPIN_API spin_slice_t spin_component_source_parcel(const spin_component_t *component);
SPIN_API spin_slice_t spin_component_source_url(const spin_component_t *component);
/* "sha256:" and 64 lower-case hexadecimal digits. */
SPIN_API spin_slice_t spin_component_source_digest(const spin_component_t *component);
/* The module on this host, once a loader has it. */
SPIN_API spin_slice_t spin_component_source_file(const spin_component_t *component);

/* The manifest's tables and lists of these names; empty where it has none. */
SPIN_API spin_setting_list_t spin_component_environment(const spin_component_t *component);
SPIN_API spin_setting_list_t spin_component_config(const spin_component_t *component);
SPIN_API spin_text_list_t spin_component_exclude_files(const spin_component_t *component);
SPIN_API spin_text_list_t spin_component_allowed_http_hosts(const spin_component_t *component);
SPIN_API spin_text_list_t spin_component_key_value_stores(const spin_component_t *component);
SPIN_API spin_text_list_t spin_component_sqlite_databases(const spin_component_t *component);
SPIN_API spin_text_list_t spin_component_ai_models(const spin_component_t *component);

/* False when `index` is past the end. */
SPIN_API bool spin_component_files_entry(const spin_component_t *component, size_t index,
                                         spin_files_entry_t *out);
/* What a loader made of the files. False when `index` is past the end. */
SPIN_API bool spin_component_mount(const spin_component_t *component, size_t index,
                                   spin_mount_t *out);

/* `ptr` is NULL where the component has no `build` table. */
SPIN_API spin_slice_t spin_component_build_command(const spin_component_t *component);
SPIN_API spin_slice_t spin_component_build_workdir(const spin_component_t *component);
SPIN_API spin_text_list_t spin_component_build_watch(const spin_component_t *component);

/* HTTP trigger: the field of this name. */
SPIN_API spin_slice_t spin_component_route(const spin_component_t *component);
SPIN_API spin_executor_kind_t spin_component_executor(const spin_component_t *component);
/* Wagi executor: the template of argv, and the export to call. */
SPIN_API spin_slice_t spin_component_wagi_argv(const spin_component_t *component);
SPIN_API spin_slice_t spin_component_wagi_entrypoint(const spin_component_t *component);
/* Redis trigger: the field of this name. */
SPIN_API spin_slice_t spin_component_channel(const spin_component_t *component);
/* The field `pattern`: the channel is a pattern, which stands for many. */
SPIN_API bool spin_component_channel_is_pattern(const spin_component_t *component);
/* Any trigger: the component's trigger table as written, as spin_application_trigger_json does. */
SPIN_API spin_error_t *spin_component_trigger_json(const spin_component_t *component, char **out);

#ifdef __cplusplus
}
#endif

#endif
