/* The folder that holds an application's copies while it runs: "<temp>/spin-XXXXXX", for its user
 * alone. It holds a lock file, locked as long as this process (or one forked from it) lives; a
 * folder whose lock file nobody holds was left by a process that was killed, and goes when the next
 * one is made beside it. */
#ifndef LOADER_WORKDIR_H
#define LOADER_WORKDIR_H

#include <stdbool.h>

#include "spin/error.h"

/* `temp_dir` NULL: $TMPDIR or /tmp. Folders that are missing are made. `*out` is the new folder's
 * absolute path, which belongs to this module: end it with one of the functions below. Errors:
 * NOT_FOUND, DENIED, LIMIT, IO, NO_MEMORY; nothing is left behind. */
spin_error_t *workdir_new(const char *temp_dir, const char **out);

/* Removes the folder and all in it, and, when nothing else is in them, the parents that workdir_new
 * had to make. In a process forked from the one that made it, the folder stays. */
void workdir_remove(const char *path);

/* Lets the folder stay for good. */
void workdir_keep(const char *path);

/* Removes the folder of another process where that one is gone; else it stays, and so does what is
 * no such folder. */
void workdir_remove_left(const char *path);

/* Whether an open folder is one of these, of whatever process and kept or not: what is in it are
 * copies, even where it lies among the files of an application. */
bool workdir_is_one(int folder);

#endif
