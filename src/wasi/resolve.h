/* Paths below a folder, and never outside of it: "..", absolute paths and symbolic links that would
 * lead out are refused with NOTCAPABLE, whatever other processes do to the tree meanwhile.
 *
 * The kernel does it (openat2 with RESOLVE_BENEATH, Linux 5.6) or, where it can't or a sandbox
 * hides that call, we walk component by component, following links by hand. */
#ifndef WASI_RESOLVE_H
#define WASI_RESOLVE_H

#include <stdbool.h>
#include <sys/types.h>

#include "wasi/abi.h"

/* Opens `path` (not empty) below `root` with open(2)'s `flags`; O_CLOEXEC is added. Without
 * O_NOFOLLOW a link in the last place is followed. `mode` counts with O_CREAT only. The caller
 * closes
 * `*out`. */
wasi_errno_t resolve_open(int root, const char *path, int flags, mode_t mode, int *out);

/* Where the last component of a path lies. */
typedef struct resolve_place {
    int dir;
    bool owned;       /* whether resolve_place_close closes `dir` */
    const char *name; /* with the path's trailing slashes; never "..", which becomes "." */
} resolve_place_t;

/* Resolves all but the last component; `path` is cut up in place and must outlive `*out`. On
 * success the caller calls resolve_place_close. The kernel follows a link named with a trailing
 * slash, so only calls that create, rename or remove `name` may take it as it is. */
wasi_errno_t resolve_place(int root, char *path, resolve_place_t *out);
void resolve_place_close(resolve_place_t *place);

/* For tests: walk even where the kernel could resolve. Not thread-safe. */
void resolve_force_walk(bool walk);

#endif
