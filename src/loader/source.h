/* Where a component's module comes from. */
#ifndef LOADER_SOURCE_H
#define LOADER_SOURCE_H

#include "loader/beneath.h"
#include "manifest/application.h"

/* A function that gives the folder for copies, made when it is first asked for. */
typedef spin_error_t *(*source_workdir_fn)(void *user, const char **out);

/* Finds the module of `component` and sets `source.file`, in the application's arena. A module with
 * a digest is copied before it is verified, so that what was verified is what will run. `index` is
 * the component's number. Errors: NOT_FOUND, DENIED, INVALID (a wrong digest, not a file),
 * UNSUPPORTED (registries, http), IO, NO_MEMORY. */
spin_error_t *source_resolve(spin_component_t *component, size_t index, const beneath_t *root,
                             source_workdir_fn workdir, void *user);

#endif
