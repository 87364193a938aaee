/* A reader of TOML 1.0 that keeps the position of every key and value. */
#ifndef BASE_TOML_H
#define BASE_TOML_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/map.h"
#include "spin/error.h"

typedef enum toml_type {
    TOML_STRING,
    TOML_INTEGER,
    TOML_FLOAT,
    TOML_BOOLEAN,
    TOML_OFFSET_DATETIME,
    TOML_LOCAL_DATETIME,
    TOML_LOCAL_DATE,
    TOML_LOCAL_TIME,
    TOML_ARRAY,
    TOML_TABLE,
} toml_type_t;

typedef struct toml_value toml_value_t;
typedef struct toml_pair toml_pair_t;

struct toml_value {
    toml_type_t type;
    uint32_t line;   /* of the value's first byte, from 1; a table's is its header or its brace */
    uint32_t column; /* in bytes, from 1 */
    union {
        spin_slice_t string; /* decoded, valid UTF-8; may hold NUL bytes */
        int64_t integer;
        double number;
        bool boolean;
        spin_slice_t datetime; /* normalised text: RFC 3339, "T" upper case, seconds always there */
        struct {
            toml_value_t *items; /* `len` of them */
            size_t len;
        } array;
        struct {
            toml_pair_t *pairs; /* in the order of the source */
            size_t len;
        } table;
    } of;
};

struct toml_pair {
    spin_slice_t key;
    uint32_t key_line;
    uint32_t key_column;
    toml_value_t value;
};

/* Parses `text` (kept by the caller until `arena` dies) into a root table that lives in `arena`.
 * Errors: INVALID with the position in `text` and `file` (only named, never opened; may be NULL);
 * NO_MEMORY; LIMIT when nested deeper than 128. Time and memory are linear in the input but for
 * hashing. Any thread. Source: toml.io/en/v1.0.0. */
spin_error_t *toml_parse(arena_t *arena, spin_slice_t text, const char *file, toml_value_t **out);

/* The pair with that key, or NULL. */
const toml_pair_t *toml_table_find(const toml_value_t *table, spin_slice_t key);

/* "string", "integer", ... with its article: "a string", "an integer", "a table". */
const char *toml_type_name(toml_type_t type);

#endif
