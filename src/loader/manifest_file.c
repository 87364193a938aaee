#include "loader/manifest_file.h"

#include <sys/stat.h>

#include "base/error.h"
#include "loader/file.h"
#include "manifest/manifest.h"

/* The manifest that `path` names: itself, or the one in that folder. */
static spin_error_t *find(manifest_file_t *file, loading_t *loading, const char *path) {
    struct stat info;
    bool is_folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    size_t len = strlen(path);
    const char *slash = len > 0 && path[len - 1] == '/' ? "" : "/";
    file->name =
        is_folder ? (const char *)arena_printf(&loading->scratch, "%s%sspin.toml", path, slash).ptr
                  : arena_copy_text(&loading->scratch, spin_slice(path));
    return file->name == NULL ? error_no_memory() : NULL;
}

static spin_error_t *read_manifest(const manifest_file_t *file, loading_t *loading) {
    buf_t text = {0};
    spin_error_t *error = file_read(file->name, "manifest", &text);
    if (error == NULL)
        error = manifest_parse(buf_slice(&text), file->name, &loading->application);
    buf_deinit(&text);
    return error;
}

/* The folder is where the manifest is named to be, even if that is a link. */
static spin_error_t *open_root(manifest_file_t *file, loading_t *loading) {
    spin_application_t *application = loading->application;
    const char *slash = strrchr(file->name, '/');
    const char *name = slash == NULL ? file->name : slash + 1;
    spin_slice_t folder = spin_slice_of(file->name, (size_t)(name - file->name));
    const char *copy =
        arena_copy_text(&loading->scratch, slash == NULL ? SLICE_LITERAL(".") : folder);
    if (copy == NULL)
        return error_no_memory();
    spin_error_t *error = beneath_init(&file->root, copy);
    if (error != NULL)
        return error;
    const char *root = strcmp(file->root.path, "/") == 0 ? "" : file->root.path;
    application->origin = arena_printf(&application->arena, "%s/%s", root, name);
    return application->origin.ptr == NULL ? error_no_memory() : NULL;
}

spin_error_t *manifest_file_open(manifest_file_t *file, loading_t *loading, const char *path) {
    spin_error_t *error = find(file, loading, path);
    if (error == NULL)
        error = read_manifest(file, loading);
    return error == NULL ? open_root(file, loading) : error;
}

void manifest_file_close(manifest_file_t *file) {
    beneath_deinit(&file->root);
}
