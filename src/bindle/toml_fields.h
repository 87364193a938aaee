/* Reading what the tables of an invoice or a keyring hold, with errors that say where. */
#ifndef BINDLE_TOML_FIELDS_H
#define BINDLE_TOML_FIELDS_H

#include "base/buf.h"
#include "base/toml.h"
#include "bindle/invoice.h"

/* A table and how errors call it. */
typedef struct toml_fields {
    arena_t *arena;
    const char *file;          /* may be NULL */
    const toml_value_t *table; /* NULL: it is not there, nor is anything in it */
    const char *path;          /* of its keys: "bindle", "label"; "" at the top */
    const char *item;          /* in front of it all, with the number: "parcel"; NULL: nothing */
    size_t number;             /* from 1 */
} toml_fields_t;

/* The fields of a document, which is read into the arena. Errors: those of toml_parse. */
spin_error_t *toml_fields_parse(arena_t *arena, spin_slice_t text, const char *file,
                                toml_fields_t *out);

/* "parcel 2: label.size MESSAGE" at a value. */
spin_error_t *toml_fields_error(const toml_fields_t *fields, const char *name,
                                const toml_value_t *at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* That the table has none but these keys, which end with NULL. */
spin_error_t *toml_fields_check(const toml_fields_t *fields, const char *const *names);

/* A key that is not there leaves `*out` alone where it is not `required`. */
spin_error_t *toml_fields_text(const toml_fields_t *fields, const char *name, bool required,
                               spin_slice_t *out);
/* The same, and `check` says what is wrong with it, in words that follow the value. */
spin_error_t *toml_fields_checked(const toml_fields_t *fields, const char *name,
                                  const char *(*check)(spin_slice_t text), spin_slice_t *out);
spin_error_t *toml_fields_boolean(const toml_fields_t *fields, const char *name, bool *out);
/* A number that is not negative. */
spin_error_t *toml_fields_number(const toml_fields_t *fields, const char *name, bool required,
                                 uint64_t *out);
spin_error_t *toml_fields_texts(const toml_fields_t *fields, const char *name, bool required,
                                bindle_texts_t *out);
spin_error_t *toml_fields_pairs(const toml_fields_t *fields, const char *name, bindle_pairs_t *out);
/* All of a table of strings. */
spin_error_t *toml_fields_all_pairs(const toml_fields_t *fields, bindle_pairs_t *out);
/* The table of that name; its `table` is NULL where it is not there. */
spin_error_t *toml_fields_table(const toml_fields_t *fields, const char *name, bool required,
                                toml_fields_t *out);
/* A table that is the value of a key, or NULL. */
spin_error_t *toml_fields_enter(const toml_fields_t *fields, spin_slice_t name,
                                const toml_value_t *table, toml_fields_t *out);

/* An array of tables. `*items` is an array of `size` zeroed bytes each, in the arena, every one
 * filled by `read`. */
typedef spin_error_t *(*toml_fields_read_fn)(const toml_fields_t *fields, void *item);
spin_error_t *toml_fields_items(const toml_fields_t *fields, const char *name, size_t size,
                                toml_fields_read_fn read, void *items, size_t *len);

#endif
