/* A guest's path and the folder that it starts from. */
#ifndef WASI_PATH_H
#define WASI_PATH_H

#include <limits.h>

#include "wasi/resolve.h"
#include "wasi/state.h"

typedef struct path {
    wasi_fd_t *dir;
    char text[PATH_MAX]; /* NUL-terminated */
} path_t;

/* Takes directory `fd`, which must have `rights`, and the text at `ptr`. Errors: those of
 * fd_table_get; NOTDIR; NAMETOOLONG; ILSEQ (not UTF-8); INVAL (a NUL in it). */
wasi_errno_t path_get(wasi_call_t *call, uint32_t fd, uint32_t rights, uint32_t ptr, uint32_t len,
                      path_t *out);

/* The text alone, of a link's target. */
wasi_errno_t path_get_text(wasi_call_t *call, uint32_t ptr, uint32_t len, char out[PATH_MAX]);

#endif
