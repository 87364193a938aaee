/* A manifest among its files. */
#ifndef LOADER_MANIFEST_FILE_H
#define LOADER_MANIFEST_FILE_H

#include "loader/beneath.h"
#include "loader/loading.h"

/* Caller's memory; `{.root = {.fd = -1}}` to begin with. */
typedef struct manifest_file {
    const char *name; /* as errors have it; lives as long as the run */
    beneath_t root;   /* its folder */
} manifest_file_t;

/* Reads the manifest `path`, or that in a folder of that name, into the run's application, whose
 * origin it becomes, and opens its folder. Errors: those of manifest_parse, and NOT_FOUND, DENIED,
 * IO. */
spin_error_t *manifest_file_open(manifest_file_t *file, loading_t *loading, const char *path);
void manifest_file_close(manifest_file_t *file);

#endif
