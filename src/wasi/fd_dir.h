#ifndef WASI_FD_DIR_H
#define WASI_FD_DIR_H

#include "wasi/fd_table.h"

/* NULL is allowed. */
void dir_stream_free(wasi_dir_stream_t *stream);

#endif
