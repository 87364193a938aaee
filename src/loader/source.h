/* Where a component's module comes from. */
#ifndef LOADER_SOURCE_H
#define LOADER_SOURCE_H

#include "loader/beneath.h"
#include "loader/loading.h"

/* Finds the module of `component` and sets `source.file`. A path is one below `root`, and used
 * where it is; what has a digest is copied before it is verified, or taken from a cache and out of
 * its reach, so that what was verified is what will run; it is its `source.file_digest`. Errors:
 * NOT_FOUND, DENIED, INVALID (a wrong digest, not a file), UNSUPPORTED (http), IO, NO_MEMORY, and
 * those of parcels.h. */
spin_error_t *source_resolve(loading_t *loading, spin_component_t *component,
                             const beneath_t *root);

/* Makes `file`, which holds the parcel that the component's source names, its module. Errors:
 * NO_MEMORY. */
spin_error_t *source_set_parcel(spin_component_t *component, char *file);

/* Sets the digest of a module that has come without one. Errors: those of opening and reading it,
 * NO_MEMORY. */
spin_error_t *source_digest(spin_component_t *component);

#endif
