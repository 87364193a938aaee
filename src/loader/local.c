/* The local loader: a manifest and the files beside it. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "loader/assets.h"
#include "loader/copy.h"
#include "loader/glob.h"
#include "loader/manifest_file.h"
#include "loader/source.h"
#include "spin/loader.h"

typedef struct loader {
    loading_t loading;
    manifest_file_t manifest;
} loader_t;

/* ── mounts ──────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *copy_assets(loader_t *loader, const spin_component_t *component,
                                 const assets_t *assets, const char *folder) {
    for (const asset_t *asset = assets->first; asset != NULL; asset = asset->next) {
        const char *target =
            (const char *)arena_printf(&loader->loading.scratch, "%s/%s", folder, asset->target)
                .ptr;
        if (target == NULL)
            return error_no_memory();
        spin_error_t *error = copy_file(&loader->manifest.root, asset->source, target);
        if (error != NULL)
            return assets_error_at(error, loader->manifest.name, component, asset->at);
    }
    return NULL;
}

static spin_error_t *mount_copies(loader_t *loader, spin_component_t *component) {
    assets_t assets = {0};
    const char *folder;
    spin_error_t *error = assets_collect(&assets, &loader->loading.scratch, &loader->manifest.root,
                                         loader->manifest.name, component);
    if (error == NULL)
        error = loading_make_folder(&loader->loading, component, &folder);
    if (error == NULL)
        error = copy_assets(loader, component, &assets, folder);
    if (error == NULL)
        error = loading_make_mounts(component, 1);
    if (error == NULL)
        error = loading_add_mount(component, folder, "/");
    assets_deinit(&assets);
    return error;
}

/* A folder in place: one of a placement, or one that stands alone as an entry, which the guest sees
 * under the same name. */
static spin_error_t *mount_in_place(loader_t *loader, spin_component_t *component,
                                    const manifest_files_entry_t *entry) {
    arena_t *arena = &loader->loading.scratch;
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
    int fd = beneath_open(&loader->manifest.root, source, O_PATH | O_DIRECTORY);
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
        error = guest == NULL ? error_no_memory() : loading_add_mount(component, host, guest);
    return error;
}

static spin_error_t *mount_all_in_place(loader_t *loader, spin_component_t *component) {
    if (component->exclude_files.len > 0)
        return assets_error_at(error_new(SPIN_ERROR_INVALID,
                                         "exclude_files can't be kept with direct mounts; run "
                                         "without them"),
                               loader->manifest.name, component, component->at);
    spin_error_t *error = loading_make_mounts(component, component->files_len);
    for (size_t i = 0; i < component->files_len && error == NULL; i++) {
        const manifest_files_entry_t *entry = &component->files[i];
        error = mount_in_place(loader, component, entry);
        if (error != NULL)
            error = assets_error_at(error, loader->manifest.name, component, entry->at);
    }
    return error;
}

/* ── components ──────────────────────────────────────────────────────────────────────────── */

static spin_error_t *load_component(loader_t *loader, spin_component_t *component) {
    spin_error_t *error = source_resolve(&loader->loading, component, &loader->manifest.root);
    if (error == NULL)
        error = source_digest(component);
    if (error != NULL)
        return error_at(error_wrap(error, "component \"%.*s\"", SLICE_ARG(component->id)),
                        loader->manifest.name, component->source.at.line,
                        component->source.at.column);
    if (component->files_len == 0)
        return NULL;
    return loader->loading.options.direct_mounts ? mount_all_in_place(loader, component)
                                                 : mount_copies(loader, component);
}

static spin_error_t *load(loader_t *loader, const char *path) {
    spin_error_t *error = manifest_file_open(&loader->manifest, &loader->loading, path);
    if (error != NULL)
        return error;
    spin_application_t *application = loader->loading.application;
    for (size_t i = 0; error == NULL && i < application->components_len; i++)
        error = load_component(loader, &application->components[i]);
    return error;
}

spin_error_t *spin_loader_load_file(const char *path, const spin_loader_options_t *options,
                                    spin_application_t **out) {
    loader_t loader = {.manifest = {.root = {.fd = -1}}};
    spin_error_t *error = loading_begin(&loader.loading, options);
    if (error == NULL)
        error = load(&loader, path);
    manifest_file_close(&loader.manifest);
    return loading_end(&loader.loading, error, out);
}
