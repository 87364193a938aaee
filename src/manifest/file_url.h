/* Absolute paths as file:/// URLs: JSON has no room for names that are not UTF-8. */
#ifndef MANIFEST_FILE_URL_H
#define MANIFEST_FILE_URL_H

#include "base/arena.h"

/* NULL when out of memory. `path` begins with "/". */
const char *file_url_write(arena_t *arena, const char *path);

/* The path in `url`; `*out` is in `arena`. Returns NULL when good, else what is wrong, in words
 * that follow the URL; `*out` is NULL then, and also when out of memory. */
const char *file_url_read(arena_t *arena, spin_slice_t url, char **out);

#endif
