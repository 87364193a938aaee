/* The local loader: a manifest and the files beside it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/options.h"
#include "loader/assets.h"
#include "loader/copy.h"
#include "loader/file.h"
#include "loader/glob.h"
#include "loader/source.h"
#include "loader/workdir.h"
#include "manifest/manifest.h"
#include "spin/loader.h"

typedef struct loader {
    spin_loader_options_t options;
    arena_t scratch;
    const char *manifest; /* the file, as errors name it */
    beneath_t root;       /* its folder */
    spin_application_t *application;
    const char *workdir; /* NULL until it is needed */
} loader_t;

/* ── the manifest ────────────────────────────────────────────────────────────────────────── */

/* The manifest that `path` names: itself, or the one in that folder. */
static spin_error_t *find_manifest(loader_t *loader, const char *path) {
    struct stat info;
    bool is_folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    size_t len = strlen(path);
    const char *slash = len > 0 && path[len - 1] == '/' ? "" : "/";
    loader->manifest =
        is_folder ? (const char *)arena_printf(&loader->scratch, "%s%sspin.toml", path, slash).ptr
                  : arena_copy_text(&loader->scratch, spin_slice(path));
    return loader->manifest == NULL ? error_no_memory() : NULL;
}

static spin_error_t *read_manifest(loader_t *loader) {
    buf_t text = {0};
    spin_error_t *error = file_read(loader->manifest, "manifest", &text);
    if (error == NULL)
        error = manifest_parse(buf_slice(&text), loader->manifest, &loader->application);
    buf_deinit(&text);
    return error;
}

/* The folder is where the manifest is named to be, even if that is a link. */
static spin_error_t *open_root(loader_t *loader) {
    const char *slash = strrchr(loader->manifest, '/');
    const char *name = slash == NULL ? loader->manifest : slash + 1;
    size_t len = slash == NULL ? 0 : (size_t)(slash - loader->manifest) + 1;
    char *folder = slash == NULL
                       ? arena_copy_text(&loader->scratch, SLICE_LITERAL("."))
                       : arena_copy_text(&loader->scratch, spin_slice_of(loader->manifest, len));
    if (folder == NULL)
        return error_no_memory();
    spin_error_t *error = beneath_init(&loader->root, folder);
    if (error != NULL)
        return error;
    const char *root = strcmp(loader->root.path, "/") == 0 ? "" : loader->root.path;
    loader->application->origin = arena_printf(&loader->application->arena, "%s/%s", root, name);
    return loader->application->origin.ptr == NULL ? error_no_memory() : NULL;
}

/* ── mounts ──────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *need_workdir(void *user, const char **out) {
    loader_t *loader = user;
    if (loader->workdir == NULL) {
        spin_error_t *error = workdir_new(loader->options.temp_dir, &loader->workdir);
        if (error != NULL)
            return error;
    }
    *out = loader->workdir;
    return NULL;
}

static spin_error_t *add_mount(spin_component_t *component, const char *host, const char *guest) {
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

static spin_error_t *make_mounts(spin_component_t *component, size_t count) {
    component->mounts =
        arena_calloc(&component->application->arena, count, sizeof *component->mounts);
    return component->mounts == NULL ? error_no_memory() : NULL;
}

/* "<workdir>/assets/<number>-<id>": an id may hold anything, and be long. */
static const char *folder_of(loader_t *loader, const char *workdir,
                             const spin_component_t *component) {
    char id[64];
    size_t len = 0;
    for (; len < component->id.len && len < sizeof id - 1; len++) {
        char c = (char)component->id.ptr[len];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '_';
        id[len] = plain ? c : '_';
    }
    id[len] = '\0';
    size_t index = (size_t)(component - loader->application->components);
    return (const char *)arena_printf(&loader->scratch, "%s/assets/%zu-%s", workdir, index, id).ptr;
}

static spin_error_t *copy_assets(loader_t *loader, const spin_component_t *component,
                                 const assets_t *assets, const char *folder) {
    for (const asset_t *asset = assets->first; asset != NULL; asset = asset->next) {
        const char *target =
            (const char *)arena_printf(&loader->scratch, "%s/%s", folder, asset->target).ptr;
        if (target == NULL)
            return error_no_memory();
        spin_error_t *error = copy_file(&loader->root, asset->source, target);
        if (error != NULL)
            return assets_error_at(error, loader->manifest, component, asset->at);
    }
    return NULL;
}

static spin_error_t *mount_copies(loader_t *loader, spin_component_t *component) {
    assets_t assets = {0};
    const char *workdir = NULL, *folder = NULL;
    spin_error_t *error =
        assets_collect(&assets, &loader->scratch, &loader->root, loader->manifest, component);
    if (error != NULL || (error = need_workdir(loader, &workdir)) != NULL)
        goto out;
    folder = folder_of(loader, workdir, component);
    if (folder == NULL) {
        error = error_no_memory();
        goto out;
    }
    int number = copy_make_folders(folder, strlen(workdir));
    if (number != 0)
        error = error_from_errno(number, "can't make the folder \"%s\"", folder);
    else if ((error = copy_assets(loader, component, &assets, folder)) == NULL &&
             (error = make_mounts(component, 1)) == NULL)
        error = add_mount(component, folder, "/");
out:
    assets_deinit(&assets);
    return error;
}

/* A folder in place: one of a placement, or one that stands alone as an entry, which the guest sees
 * under the same name. */
static spin_error_t *mount_in_place(loader_t *loader, spin_component_t *component,
                                    const manifest_files_entry_t *entry) {
    arena_t *arena = &loader->scratch;
    bool placement = entry->pattern.ptr == NULL;
    const char *source, *inside;
    char *host;
    if (!placement && glob_is_pattern(entry->pattern))
        return error_new(SPIN_ERROR_INVALID,
                         "direct mounts need folders, and \"%.*s\" is a pattern; run without them",
                         SLICE_ARG(entry->pattern));
    spin_error_t *error =
        beneath_normalise(arena, placement ? entry->source : entry->pattern, &source);
    inside = source;
    if (error == NULL && placement)
        error = assets_destination(arena, entry->destination, &inside);
    if (error != NULL)
        return error;
    int fd = beneath_open(&loader->root, source, O_PATH | O_DIRECTORY);
    if (fd == -ENOTDIR)
        return error_new(SPIN_ERROR_INVALID,
                         "direct mounts need folders, and \"%s\" is none; run without them",
                         source);
    if (fd < 0)
        return beneath_error(-fd, source);
    error = beneath_path(arena, fd, &host);
    close(fd);
    const char *guest = (const char *)arena_printf(arena, "/%s", inside).ptr;
    if (error == NULL)
        error = guest == NULL ? error_no_memory() : add_mount(component, host, guest);
    return error;
}

static spin_error_t *mount_all_in_place(loader_t *loader, spin_component_t *component) {
    if (component->exclude_files.len > 0)
        return assets_error_at(error_new(SPIN_ERROR_INVALID,
                                         "exclude_files can't be kept with direct mounts; run "
                                         "without them"),
                               loader->manifest, component, component->at);
    spin_error_t *error = make_mounts(component, component->files_len);
    for (size_t i = 0; i < component->files_len && error == NULL; i++) {
        const manifest_files_entry_t *entry = &component->files[i];
        error = mount_in_place(loader, component, entry);
        if (error != NULL)
            error = assets_error_at(error, loader->manifest, component, entry->at);
    }
    return error;
}

/* ── components ──────────────────────────────────────────────────────────────────────────── */

static spin_error_t *load_component(loader_t *loader, size_t index) {
    spin_component_t *component = &loader->application->components[index];
    spin_error_t *error = source_resolve(component, index, &loader->root, need_workdir, loader);
    if (error != NULL)
        return error_at(error_wrap(error, "component \"%.*s\"", SLICE_ARG(component->id)),
                        loader->manifest, component->source.at.line, component->source.at.column);
    if (component->files_len == 0)
        return NULL;
    return loader->options.direct_mounts ? mount_all_in_place(loader, component)
                                         : mount_copies(loader, component);
}

static spin_error_t *load(loader_t *loader, const char *path) {
    spin_error_t *error = find_manifest(loader, path);
    if (error == NULL)
        error = read_manifest(loader);
    if (error == NULL)
        error = open_root(loader);
    for (size_t i = 0; error == NULL && i < loader->application->components_len; i++)
        error = load_component(loader, i);
    return error;
}

/* Leaves the locked form in the working directory, where another process finds it. */
static spin_error_t *write_locked(loader_t *loader) {
    spin_application_t *application = loader->application;
    const char *workdir;
    char *json = NULL;
    spin_error_t *error = need_workdir(loader, &workdir);
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

/* Hands the working directory on to the application. */
static spin_error_t *give_workdir(loader_t *loader) {
    if (loader->workdir == NULL)
        return NULL;
    spin_application_t *application = loader->application;
    if (loader->options.temp_dir == NULL) {
        application->workdir = (char *)(uintptr_t)loader->workdir;
        application->workdir_remove = workdir_remove;
        return NULL;
    }
    application->workdir = arena_copy_text(&application->arena, spin_slice(loader->workdir));
    if (application->workdir == NULL)
        return error_no_memory();
    workdir_keep(loader->workdir);
    return NULL;
}

spin_error_t *spin_loader_load_file(const char *path, const spin_loader_options_t *options,
                                    spin_application_t **out) {
    loader_t loader = {.root = {.fd = -1}};
    spin_error_t *error =
        options_take(&loader.options, sizeof loader.options, options, "spin_loader_options_t");
    if (error == NULL)
        error = load(&loader, path);
    if (error == NULL && loader.options.locked &&
        loader.application->trigger == SPIN_TRIGGER_CUSTOM)
        error = write_locked(&loader);
    if (error == NULL)
        error = give_workdir(&loader);
    if (error == NULL)
        *out = loader.application;
    else {
        spin_application_unref(loader.application);
        if (loader.workdir != NULL)
            workdir_remove(loader.workdir);
    }
    beneath_deinit(&loader.root);
    arena_deinit(&loader.scratch);
    return error;
}
