/* The loader of what another process has loaded already. */
#include <stdlib.h>

#include "base/error.h"
#include "loader/file.h"
#include "loader/workdir.h"
#include "manifest/file_url.h"
#include "manifest/locked.h"
#include "spin/loader.h"

static const char variable[] = "SPIN_LOCKED_URL";

static spin_error_t *path_of_environment(arena_t *scratch, const char **out) {
    const char *url = getenv(variable);
    if (url == NULL)
        return error_new(SPIN_ERROR_NOT_FOUND,
                         "there is no locked application: the environment has no %s, which spin up "
                         "sets for the trigger that it starts",
                         variable);
    char *path;
    const char *reason = file_url_read(scratch, spin_slice(url), &path);
    if (reason != NULL)
        return error_new(SPIN_ERROR_INVALID, "%s \"%s\" %s", variable, url, reason);
    *out = path;
    return path == NULL ? error_no_memory() : NULL;
}

/* Where who made the working directory is killed before this process ends, nobody else is there to
 * remove it. */
static spin_error_t *inherit_workdir(spin_application_t *application, const char *locked) {
    const char *slash = strrchr(locked, '/');
    if (slash == NULL)
        return NULL;
    application->workdir =
        arena_copy_text(&application->arena, spin_slice_of(locked, (size_t)(slash - locked)));
    application->workdir_remove = workdir_remove_left;
    return application->workdir == NULL ? error_no_memory() : NULL;
}

spin_error_t *spin_loader_load_locked(const char *path, spin_application_t **out) {
    arena_t scratch = {0};
    buf_t text = {0};
    spin_application_t *application = NULL;
    spin_error_t *error = NULL;
    if (path == NULL)
        error = path_of_environment(&scratch, &path);
    if (error == NULL)
        error = file_read(path, "locked application", &text);
    if (error == NULL)
        error = locked_parse(buf_slice(&text), path, &application);
    if (error == NULL)
        error = inherit_workdir(application, path);
    if (error == NULL)
        *out = application;
    else
        spin_application_unref(application);
    buf_deinit(&text);
    arena_deinit(&scratch);
    return error;
}
