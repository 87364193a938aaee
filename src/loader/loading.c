#include "loader/loading.h"

#include "base/error.h"
#include "base/file_write.h"
#include "base/options.h"
#include "base/slice.h"
#include "loader/file.h"
#include "loader/workdir.h"

/* ── the working directory ───────────────────────────────────────────────────────────────── */

spin_error_t *loading_workdir(loading_t *loading, const char **out) {
    if (loading->workdir == NULL) {
        spin_error_t *error = workdir_new(loading->options.temp_dir, &loading->workdir);
        if (error != NULL)
            return error;
    }
    *out = loading->workdir;
    return NULL;
}

static size_t number_of(const loading_t *loading, const spin_component_t *component) {
    return (size_t)(component - loading->application->components);
}

spin_error_t *loading_module_path(loading_t *loading, const spin_component_t *component,
                                  char **out) {
    const char *workdir;
    spin_error_t *error = loading_workdir(loading, &workdir);
    if (error != NULL)
        return error;
    *out = (char *)(uintptr_t)arena_printf(&loading->application->arena, "%s/modules/%zu.wasm",
                                           workdir, number_of(loading, component))
               .ptr;
    return *out == NULL ? error_no_memory() : NULL;
}

/* An id may hold anything, and be long. */
spin_error_t *loading_make_folder(loading_t *loading, const spin_component_t *component,
                                  const char **out) {
    const char *workdir;
    spin_error_t *error = loading_workdir(loading, &workdir);
    if (error != NULL)
        return error;
    char id[64];
    size_t len = 0;
    for (; len < component->id.len && len < sizeof id - 1; len++) {
        char c = (char)component->id.ptr[len];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '_';
        id[len] = plain ? c : '_';
    }
    id[len] = '\0';
    const char *folder = (const char *)arena_printf(&loading->scratch, "%s/assets/%zu-%s", workdir,
                                                    number_of(loading, component), id)
                             .ptr;
    if (folder == NULL)
        return error_no_memory();
    int number = file_make_folders(folder, strlen(workdir), 0755);
    if (number != 0)
        return error_from_errno(number, "can't make the folder \"%s\"", folder);
    *out = folder;
    return NULL;
}

/* ── mounts ──────────────────────────────────────────────────────────────────────────────── */

spin_error_t *loading_make_mounts(spin_component_t *component, size_t count) {
    component->mounts =
        arena_calloc(&component->application->arena, count, sizeof *component->mounts);
    return component->mounts == NULL ? error_no_memory() : NULL;
}

spin_error_t *loading_add_mount(spin_component_t *component, const char *host, const char *guest) {
    arena_t *arena = &component->application->arena;
    manifest_mount_t *mount = &component->mounts[component->mounts_len];
    mount->host_path = arena_copy_text(arena, spin_slice(host));
    mount->guest_path = arena_copy_text(arena, spin_slice(guest));
    mount->read_only = true;
    if (mount->host_path == NULL || mount->guest_path == NULL)
        return error_no_memory();
    component->mounts_len++;
    return NULL;
}

/* ── beginning and end ───────────────────────────────────────────────────────────────────── */

spin_error_t *loading_begin(loading_t *loading, const spin_loader_options_t *options) {
    return options_take(&loading->options, sizeof loading->options, options,
                        "spin_loader_options_t");
}

/* Leaves the locked form in the working directory, where another process finds it. */
static spin_error_t *write_locked(loading_t *loading) {
    spin_application_t *application = loading->application;
    if (!loading->options.locked || application->trigger != SPIN_TRIGGER_CUSTOM)
        return NULL;
    const char *workdir;
    char *json = NULL;
    spin_error_t *error = loading_workdir(loading, &workdir);
    if (error == NULL)
        error = spin_application_to_locked(application, &json);
    if (error != NULL)
        return error;
    application->locked_file =
        (const char *)arena_printf(&application->arena, "%s/locked.json", workdir).ptr;
    error = application->locked_file == NULL
                ? error_no_memory()
                : file_write_private(application->locked_file, spin_slice(json));
    spin_string_free(json);
    return error;
}

static spin_error_t *give_workdir(loading_t *loading) {
    if (loading->workdir == NULL)
        return NULL;
    spin_application_t *application = loading->application;
    if (loading->options.temp_dir == NULL) {
        application->workdir = (char *)(uintptr_t)loading->workdir;
        application->workdir_remove = workdir_remove;
        return NULL;
    }
    application->workdir = arena_copy_text(&application->arena, spin_slice(loading->workdir));
    if (application->workdir == NULL)
        return error_no_memory();
    workdir_keep(loading->workdir);
    return NULL;
}

spin_error_t *loading_end(loading_t *loading, spin_error_t *error, spin_application_t **out) {
    if (error == NULL)
        error = write_locked(loading);
    if (error == NULL)
        error = give_workdir(loading);
    if (error == NULL)
        *out = loading->application;
    else {
        spin_application_unref(loading->application);
        if (loading->workdir != NULL)
            workdir_remove(loading->workdir);
    }
    if (loading->bindle != NULL)
        bindle_client_free(loading->bindle);
    map_deinit(&loading->invoices);
    arena_deinit(&loading->scratch);
    return error;
}
