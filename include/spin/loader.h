/* Loaders: from where an application is kept to its canonical form, ready to run. */
#ifndef SPIN_LOADER_H
#define SPIN_LOADER_H

#include <stdbool.h>

#include "spin/error.h"
#include "spin/manifest.h"

#ifdef __cplusplus
extern "C" {
#endif

struct spin_bindle_options; /* of <spin/bindle.h> */

/* How an application's files are brought together. */
typedef struct spin_loader_options {
    size_t size; /* sizeof(spin_loader_options_t) */
    /* Where the working directory is made; NULL for the system's temporary folder. With a folder
     * named here (made where it is missing) the copies stay after the application is gone;
     * otherwise they are removed. */
    const char *temp_dir;
    /* Mount folders in place instead of copying what `files` names: a placement's source at its
     * destination, a folder that stands alone at its own path. Patterns, single files,
     * `exclude_files` and the files of a bindle can't be mounted in place: they are an error then.
     */
    bool direct_mounts;
    /* Where the trigger is a custom one, also write the locked form (spin_application_to_locked)
     * into the working directory, readable by its user alone: for the program that runs it.
     * spin_application_locked_file tells where it is. */
    bool locked;
    /* Where the modules of components are whose source is { reference, parcel }. NULL: all
     * defaults, which take the server from $BINDLE_URL. */
    const struct spin_bindle_options *bindle;
} spin_loader_options_t;

/* Loads the application of a local manifest: reads `path` (the manifest, or a folder that holds a
 * `spin.toml`), checks it, resolves every component's source against the manifest's folder, copies
 * its files and sets its mounts, all of them read-only. Blocks on the file system.
 *
 * A component that names files sees them in its root: those of a pattern at their path beside the
 * manifest, those of a placement below its destination. A folder named alone stands for all in it;
 * a pattern that matches nothing is a warning in the log, a plain name that is missing an error.
 * Symbolic links are followed as far as they stay in the folder. Modes and times are kept.
 *
 * A source { reference, parcel } is fetched from a Bindle server (<spin/bindle.h>), or taken from
 * the cache of parcels.
 *
 * The copies belong to the application and go with its last reference, in the process that loaded
 * it. What a killed process left in the temporary folder is removed by the next load there.
 *
 * `options` may be NULL. On success `*out` holds one reference, for spin_application_unref. On
 * failure nothing is left behind. Errors: INVALID (with position; also a wrong digest), NOT_FOUND,
 * DENIED (a path that leaves the folder: absolute, with "..", or through a symbolic link),
 * UNSUPPORTED (a source kind that has no loader; of URLs only file:// has one), EXISTS (two entries
 * want one name for a file and for a folder), TIMEOUT (a Bindle server), LIMIT, IO, NO_MEMORY,
 * USAGE (options without their size; no Bindle server is named). Any thread. */
SPIN_API spin_error_t *spin_loader_load_file(const char *path, const spin_loader_options_t *options,
                                             spin_application_t **out);

/* Loads an application that another process has loaded already and handed on in the locked form
 * (spin_application_to_locked): the modules and mounts that it names are used where they are, and
 * stay the other's; only where that one was killed does the last reference remove its working
 * directory. `path` is the locked file; NULL: what the environment variable SPIN_LOCKED_URL
 * names (file:///…), as `spin up` sets it for the trigger that it starts. On success `*out` holds
 * one reference. Errors: NOT_FOUND (no file; path NULL and no such variable), INVALID (with the
 * position), UNSUPPORTED (a locked form of another version), DENIED, LIMIT (larger than 16 MiB),
 * IO, NO_MEMORY. Any thread. */
SPIN_API spin_error_t *spin_loader_load_locked(const char *path, spin_application_t **out);

#ifdef __cplusplus
}
#endif

#endif
