/* One run of a loader, whatever it loads from: the options, the working directory, the mounts, and
 * how it ends. */
#ifndef LOADER_LOADING_H
#define LOADER_LOADING_H

#include "base/arena.h"
#include "base/map.h"
#include "bindle/client.h"
#include "manifest/application.h"
#include "spin/loader.h"

/* Caller's memory, zero to begin with; from loading_begin to loading_end. */
typedef struct loading {
    spin_loader_options_t options;
    arena_t scratch;                 /* goes with the run */
    spin_application_t *application; /* NULL until its manifest is read */
    const char *workdir;             /* NULL until it is needed */
    bindle_client_t *bindle;         /* likewise */
    map_t invoices;                  /* those got so far, by reference */
} loading_t;

/* Errors: USAGE (options without their size). */
spin_error_t *loading_begin(loading_t *loading, const spin_loader_options_t *options);

/* Ends a run that came to `error` (NULL: well). Then the locked form is written where it is asked
 * for, the working directory goes over to the application, and the application to `*out`; else
 * nothing is left of either. Returns `error`, or what went wrong here. */
spin_error_t *loading_end(loading_t *loading, spin_error_t *error, spin_application_t **out);

/* The working directory, made when it is first asked for. Errors: as workdir_new. */
spin_error_t *loading_workdir(loading_t *loading, const char **out);

/* "<workdir>/modules/<number>.wasm", for a component's module; nothing is made. Errors: as above.
 */
spin_error_t *loading_module_path(loading_t *loading, const spin_component_t *component,
                                  char **out);

/* Makes an empty folder for the files of `component`, "<workdir>/assets/<number>-<id>"; the path
 * lives in the scratch arena. Errors: as above, IO. */
spin_error_t *loading_make_folder(loading_t *loading, const spin_component_t *component,
                                  const char **out);

/* Room for `count` mounts of a component that has none yet. Errors: NO_MEMORY. */
spin_error_t *loading_make_mounts(spin_component_t *component, size_t count);
/* Lets the guest see the folder `host` as `guest`, read-only. Errors: NO_MEMORY. */
spin_error_t *loading_add_mount(spin_component_t *component, const char *host, const char *guest);

#endif
