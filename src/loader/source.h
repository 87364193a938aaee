/* Where a component's module comes from. */
#ifndef LOADER_SOURCE_H
#define LOADER_SOURCE_H

#include "loader/beneath.h"
#include "loader/loading.h"

/* Finds the module of `component` and sets `source.file`. A path is one below `root`, and used
 * where it is; what has a digest is copied before it is verified, or taken from a cache and out of
 * its reach, so that what was verified is what will run. Errors: NOT_FOUND, DENIED, INVALID (a
 * wrong digest, not a file), UNSUPPORTED (http), IO, NO_MEMORY, and those of parcels.h. */
spin_error_t *source_resolve(loading_t *loading, spin_component_t *component,
                             const beneath_t *root);

#endif
