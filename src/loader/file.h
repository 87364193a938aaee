/* Small files, read and written as a whole. */
#ifndef LOADER_FILE_H
#define LOADER_FILE_H

#include "base/buf.h"
#include "spin/error.h"

/* As much as is read. */
enum { FILE_MOST_BYTES = 16 << 20 };

/* Appends what the regular file `path` holds. `what` names it in errors, in front of the path.
 * Errors: NOT_FOUND, INVALID (not a regular file), LIMIT (FILE_MOST_BYTES), IO, DENIED, NO_MEMORY.
 */
spin_error_t *file_read(const char *path, const char *what, buf_t *out);

/* Makes the file `path`, readable by its user alone. Errors: EXISTS, IO, DENIED. */
spin_error_t *file_write_private(const char *path, spin_slice_t content);

#endif
