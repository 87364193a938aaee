/* The canonical application: what every loader makes and every trigger takes. This is its inside;
 * embedders read it through <spin/manifest.h>. */
#ifndef MANIFEST_APPLICATION_H
#define MANIFEST_APPLICATION_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/toml.h"
#include "spin/manifest.h"

typedef spin_setting_t manifest_pair_t;

typedef struct manifest_list {
    spin_slice_t *items;
    size_t len;
} manifest_list_t;

typedef struct manifest_pairs {
    manifest_pair_t *items;
    size_t len;
} manifest_pairs_t;

typedef struct manifest_position {
    uint32_t line;
    uint32_t column;
} manifest_position_t;

typedef struct spin_variable {
    spin_slice_t name;
    spin_slice_t default_value; /* ptr NULL: none */
    bool required;
    bool secret;
} manifest_variable_t;

typedef struct manifest_source {
    spin_source_kind_t kind;
    spin_slice_t path;      /* SPIN_SOURCE_PATH: as written */
    spin_slice_t reference; /* SPIN_SOURCE_BINDLE */
    spin_slice_t parcel;    /* SPIN_SOURCE_BINDLE */
    spin_slice_t url;       /* SPIN_SOURCE_URL */
    spin_slice_t digest;    /* SPIN_SOURCE_URL: "sha256:" and 64 lower-case hex digits */
    manifest_position_t at;
    /* Set by the loader, ptr NULL before: the module's absolute path on this host, and the digest
     * of what it loaded, in the form above. The file may have changed since. */
    char *file;
    spin_slice_t file_digest;
} manifest_source_t;

typedef struct manifest_files_entry {
    spin_slice_t pattern;     /* glob or path; ptr NULL for a placement */
    spin_slice_t source;      /* placement */
    spin_slice_t destination; /* placement: absolute path in the guest */
    manifest_position_t at;
} manifest_files_entry_t;

/* Set by the loader: a host folder that the guest sees at `guest_path`. */
typedef struct manifest_mount {
    char *host_path;  /* absolute */
    char *guest_path; /* absolute in the guest, "/" for the root */
    bool read_only;
} manifest_mount_t;

typedef struct manifest_build {
    bool present;
    spin_slice_t command;
    spin_slice_t workdir; /* ptr NULL: none */
    manifest_list_t watch;
} manifest_build_t;

typedef struct manifest_component_trigger {
    /* http */
    spin_slice_t route;
    spin_executor_kind_t executor;
    spin_slice_t wagi_argv;       /* default "${SCRIPT_NAME} ${ARGS}" */
    spin_slice_t wagi_entrypoint; /* default "_start" */
    /* redis */
    spin_slice_t channel;
    bool pattern; /* the channel is one of Redis' patterns */
    /* every type: the table as written, for custom triggers */
    const toml_value_t *table;
    manifest_position_t at;
} manifest_component_trigger_t;

struct spin_component {
    spin_application_t *application;
    spin_slice_t id;
    spin_slice_t description;
    manifest_position_t at; /* of the id */
    manifest_source_t source;
    manifest_pairs_t environment;
    manifest_files_entry_t *files;
    size_t files_len;
    manifest_list_t exclude_files;
    manifest_list_t allowed_http_hosts;
    manifest_list_t key_value_stores;
    manifest_list_t sqlite_databases;
    manifest_list_t ai_models;
    manifest_pairs_t config;
    manifest_build_t build;
    manifest_component_trigger_t trigger;
    manifest_mount_t *mounts;
    size_t mounts_len;
};

struct spin_application {
    atomic_size_t refs;
    arena_t arena;                /* holds everything below, and what a loader adds */
    spin_slice_t origin;          /* the manifest's absolute path, or a registry reference */
    const char *file;             /* the manifest as errors name it; NULL: has no name */
    const toml_value_t *manifest; /* all of it as written, from which the rest was read */
    spin_slice_t name;
    spin_slice_t version;
    spin_slice_t description;
    spin_slice_t namespace_;
    manifest_list_t authors;
    spin_trigger_kind_t trigger;
    spin_slice_t trigger_type; /* "http", "redis", or the custom name */
    spin_slice_t http_base;    /* default "/" */
    spin_slice_t redis_address;
    const toml_value_t *trigger_table;
    manifest_variable_t *variables;
    size_t variables_len;
    spin_component_t *components;
    size_t components_len;

    const char *locked_file; /* where a loader has left the locked form; NULL: nowhere */
    /* The loader's working directory, removed with the last reference; NULL where there is none. */
    char *workdir;
    void (*workdir_remove)(const char *path);
};

/* Prints `json` (of jansson, which this takes; NULL stands for out of memory) with jansson's
 * `flags`, for spin_string_free. */
spin_error_t *application_print_json(json_t *json, size_t flags, char **out);

/* The component with that id, or NULL. */
spin_component_t *application_find_component(spin_application_t *application, spin_slice_t id);

#endif
