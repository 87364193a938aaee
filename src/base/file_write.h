/* Making files and folders. Every function returns an errno, 0 when all went well, so that the
 * caller says what it was about. */
#ifndef BASE_FILE_WRITE_H
#define BASE_FILE_WRITE_H

#include <sys/types.h>

#include "spin/slice.h"

/* All of `bytes`, however many writes that takes. */
int file_write_all(int fd, spin_slice_t bytes);

/* Makes a file of mode 0600 that holds `bytes`, and has them on the disk: to be given its real name
 * by the caller. `path` ends with XXXXXX, in whose place come letters that make the name a new one.
 * Where this fails nothing is left. */
int file_write_temporary(char *path, spin_slice_t bytes);

/* Makes the folder `path` and those above it as far as they are not there. The first `skip` bytes
 * of it name one that is. */
int file_make_folders(const char *path, size_t skip, mode_t mode);
/* The folders above `path` only. */
int file_make_parents(const char *path, mode_t mode);

#endif
