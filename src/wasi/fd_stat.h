/* What descriptors and paths have in common about a file's attributes. */
#ifndef WASI_FD_STAT_H
#define WASI_FD_STAT_H

#include <sys/stat.h>

#include "wasi/state.h"

wasi_errno_t filestat_store(wasi_call_t *call, uint32_t ptr, const struct stat *info);

/* The guest's two times and its fstflags, which begin at `args[first]`, for utimensat. Errors:
 * INVAL. */
wasi_errno_t filestat_times(const wasmtime_val_raw_t *args, size_t first, struct timespec out[2]);

/* The host's open flags for a guest's fdflags. Never blocks on a pipe: the loop would stop. */
int host_flags_of_fdflags(uint32_t fdflags);

#endif
