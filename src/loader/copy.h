/* Copying one file. */
#ifndef LOADER_COPY_H
#define LOADER_COPY_H

#include <stdbool.h>

#include "loader/beneath.h"

/* Copies the regular file `source` of `from` to the absolute path `target`, whose parent folders
 * are made as needed; content, permission bits and times. The blocks are shared where the file
 * system can. On an error part of the target may be there. Errors, which name both: DENIED, EXISTS
 * (a file where `target` needs a folder, or the reverse), INVALID (not a regular file), IO (a full
 * disk), NO_MEMORY. */
spin_error_t *copy_file(const beneath_t *from, const char *source, const char *target);

/* The same from a descriptor; `source` names it in errors. */
spin_error_t *copy_descriptor(int from, const char *source, const char *target);

/* Gives the file `source` the name `target` as well if `may_link` is set and the system lets it,
 * else copies it. Errors: as copy_file. */
spin_error_t *copy_link(const char *source, const char *target, bool may_link);

#endif
