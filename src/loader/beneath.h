/* Files of one folder, and nothing outside of it, whatever names and symbolic links say. */
#ifndef LOADER_BENEATH_H
#define LOADER_BENEATH_H

#include "base/arena.h"
#include "spin/error.h"

/* Caller's memory; `{.fd = -1}` to begin with. */
typedef struct beneath {
    int fd;     /* the folder, O_PATH */
    char *path; /* its absolute path without links; on the heap */
} beneath_t;

/* Errors: NOT_FOUND, DENIED, LIMIT, IO, NO_MEMORY. */
spin_error_t *beneath_init(beneath_t *beneath, const char *folder);
void beneath_deinit(beneath_t *beneath);

/* Brings a path of the manifest into the form "a/b/c" (the folder itself: ""), in `arena`. Errors:
 * DENIED for an absolute path or one with "..", INVALID for an empty one or a NUL inside. */
spin_error_t *beneath_normalise(arena_t *arena, spin_slice_t path, const char **out);

/* Opens `path`, of that form. Links are followed as long as they stay inside. Returns a descriptor
 * (close-on-exec), or a negative errno: -EXDEV for what leads outside. */
int beneath_open(const beneath_t *beneath, const char *path, int flags);

/* That errno as an error about `path`: EXDEV is DENIED. */
spin_error_t *beneath_error(int number, const char *path);

/* The absolute path behind a descriptor from beneath_open, without links, into `arena`. Errors: IO,
 * NO_MEMORY. */
spin_error_t *beneath_path(arena_t *arena, int fd, char **out);

#endif
