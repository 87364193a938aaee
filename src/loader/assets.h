/* What the `files` of a component name. */
#ifndef LOADER_ASSETS_H
#define LOADER_ASSETS_H

#include "base/map.h"
#include "loader/beneath.h"
#include "manifest/application.h"

typedef struct asset {
    const char *source;     /* in the manifest's folder */
    const char *target;     /* in the component's folder */
    manifest_position_t at; /* of the entry that named it */
    struct asset *next;
} asset_t;

/* Caller's memory, zero to begin with. Where two entries name one target, the later one counts. */
typedef struct assets {
    asset_t *first;
    asset_t *last;
    map_t by_target;
} assets_t;

void assets_deinit(assets_t *assets);

/* Lists the files of `component`, `exclude_files` taken away. Everything listed lives in `arena`. A
 * pattern or file that names a folder stands for all that is in it; symbolic links are followed.
 * `manifest` names the file in positions. Errors, at the position of the entry: INVALID (a
 * malformed pattern, a placement of what is no folder), NOT_FOUND (a name without wildcards),
 * DENIED, IO, NO_MEMORY. A pattern that matches nothing is a line in the log. */
spin_error_t *assets_collect(assets_t *assets, arena_t *arena, const beneath_t *root,
                             const char *manifest, const spin_component_t *component);

/* The path in a component's folder, without its leading slash, that a placement's destination
 * stands for. Errors: INVALID, DENIED, NO_MEMORY. */
spin_error_t *assets_destination(arena_t *arena, spin_slice_t destination, const char **out);

/* Says of an error that it is about the component's `files`. Takes it. */
spin_error_t *assets_error_at(spin_error_t *error, const char *manifest,
                              const spin_component_t *component, manifest_position_t at);

#endif
