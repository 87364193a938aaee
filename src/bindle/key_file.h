/* Files with keys: read as a whole, made in one step. */
#ifndef BINDLE_KEY_FILE_H
#define BINDLE_KEY_FILE_H

#include "base/arena.h"
#include "spin/error.h"

typedef enum key_file_access {
    KEY_FILE_ANYBODY,   /* may read it */
    KEY_FILE_USER_ONLY, /* else it is refused */
} key_file_access_t;

/* Reads the regular file `path` into `arena`. `what` names it in errors, in front of the path.
 * Errors: NOT_FOUND, INVALID (not a regular file), DENIED (also: others may read it), LIMIT
 * (1 MiB), IO, NO_MEMORY. */
spin_error_t *key_file_read(const char *path, const char *what, arena_t *arena,
                            key_file_access_t access, spin_slice_t *out);

/* Makes the file `path` and the folders that it is in, for its user alone. It has its name when it
 * is whole and on the disk. Errors: EXISTS (somebody else was first), DENIED, IO, NO_MEMORY. */
spin_error_t *key_file_make(const char *path, spin_slice_t content);

#endif
