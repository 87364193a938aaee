/* Finding and reading .wit files. */
#ifndef WIT_LOAD_H
#define WIT_LOAD_H

#include "base/vec.h"
#include "wit/ast.h"

enum {
    LOAD_MAX_FILE = 16 << 20, /* bytes */
    LOAD_MAX_FILES = 4096,    /* of one folder */
};

typedef VEC(wit_ast_file_t *) load_files_t;
typedef VEC(const char *) load_names_t;

/* Reads and parses the file at `path`; text and tree lie in `arena`. Errors: those of
 * wit_parse_file, NOT_FOUND, IO, LIMIT. */
spin_error_t *load_file(arena_t *arena, const char *path, wit_ast_file_t **out);

/* The entries of the folder at `path`, sorted, for VEC_FREE; the names lie in `arena`. */
spin_error_t *load_list(arena_t *arena, const char *path, load_names_t *out);

/* "folder/name". NULL when out of memory. */
const char *load_join(arena_t *arena, const char *folder, const char *name);

bool load_is_folder(const char *path);
bool load_is_wit(const char *name);
/* "http-types" of "wit/http-types.wit". */
spin_slice_t load_stem(const char *path);

#endif
