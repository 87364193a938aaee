/* WebAssembly Interface Types: reading, printing, and turning them into C.
 *
 * Two dialects are read: today's (packages, interfaces, worlds) and that of 2022 (functions and
 * types at the top of a file, `use * from`, `expected<_, error>`). Which one a file is written in
 * shows from its text. */
#ifndef SPIN_WIT_H
#define SPIN_WIT_H

#include <stdbool.h>

#include "spin/error.h"
#include "spin/slice.h"
#include "spin/value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What was loaded, resolved. Does not change; any thread may read it. */
typedef struct spin_wit spin_wit_t;

/* What is read of a text that marks some of it as not stable yet. */
typedef struct spin_wit_options {
    size_t size; /* sizeof(spin_wit_options_t) */
    /* The @unstable features that are wanted; items of others are left out. */
    const char *const *features;
    size_t features_len;
    /* All of them are. */
    bool all_features;
} spin_wit_options_t;

/* Loads `path`: a file, or a folder whose .wit files make up one package and whose `deps` folder
 * holds those that it uses (folders, or single files). A file of 2022 finds what it uses beside
 * itself. `options` may be NULL. The caller frees `*out`. Errors: INVALID, with file, line, column
 * and reason; NOT_FOUND; LIMIT (too large, nested too deep); IO; NO_MEMORY; USAGE. Any thread. */
SPIN_API spin_error_t *spin_wit_load(const char *path, const spin_wit_options_t *options,
                                     spin_wit_t **out);
/* The same for a text that uses no other; `file` names it in errors. */
SPIN_API spin_error_t *spin_wit_parse(spin_slice_t text, const char *file,
                                      const spin_wit_options_t *options, spin_wit_t **out);
/* NULL is allowed. */
SPIN_API void spin_wit_free(spin_wit_t *wit);

/* The text of `path` (one file, or the package of a folder, whose files become one) in canonical
 * form: printing what was printed changes nothing. Comments stay: before the item that they are
 * beside or inside of, "///" for documentation and "//" for all others. 2022 files are printed in
 * their own dialect. Names are not looked up. `*out` is for spin_string_clear. Errors: as
 * spin_wit_load; UNSUPPORTED for a folder of 2022 files, each of which is an interface by itself.
 */
SPIN_API spin_error_t *spin_wit_print(const char *path, spin_string_t *out);

/* Finds a function by name: "echo" where one interface, world or file has it, or with its
 * interface, "wasi:clocks/wall-clock@0.2.0#now" (the version may be left out where it is clear).
 * `*out` lives as long as `wit`. Errors: NOT_FOUND, with the nearest name; INVALID (ambiguous). */
SPIN_API spin_error_t *spin_wit_function(const spin_wit_t *wit, spin_slice_t name,
                                         const spin_function_t **out);

/* ── C bindings ──────────────────────────────────────────────────────────────────────────── */

/* Which bindings are written, and how they are named. */
typedef struct spin_bindgen_options {
    size_t size; /* sizeof(spin_bindgen_options_t) */
    /* The world, "name" or "ns:pkg/name@version"; NULL: the only one. */
    const char *world;
    /* Instead of a world: one interface (a file of 2022 is one by itself). */
    const char *interface;
    /* For an interface: import bindings, to call guests that export it; export bindings, to
     * implement it for guests that import it. Neither: both. With a world, which says so
     * by itself, an error. */
    bool import_bindings;
    bool export_bindings;
    /* Begins all names and names the files. NULL: the world's or interface's name. */
    const char *prefix;
} spin_bindgen_options_t;

/* A header and a source. For spin_bindgen_output_clear. */
typedef struct spin_bindgen_output {
    spin_string_t header_name; /* "echo.h" */
    spin_string_t header;
    spin_string_t source_name; /* "echo.c" */
    spin_string_t source;
} spin_bindgen_output_t;

/* Writes the C bindings. The same input gives the same bytes. Errors: NOT_FOUND (no such world),
 * INVALID (several; two names that become one in C, a file's name that can't stand in it),
 * UNSUPPORTED (flags, or a fixed-length list, of nothing), LIMIT, NO_MEMORY, USAGE. */
SPIN_API spin_error_t *spin_bindgen_c(const spin_wit_t *wit, const spin_bindgen_options_t *options,
                                      spin_bindgen_output_t *out);
SPIN_API void spin_bindgen_output_clear(spin_bindgen_output_t *output);

#ifdef __cplusplus
}
#endif

#endif
