/* A table that says what a TOML table may hold and into which members of a struct it goes. Reading,
 * checking, error messages and printing as JSON all follow from it.
 *
 *     static const schema_field_t fields[] = {
 *         FIELD("command", manifest_build_t, command, .required = true),
 *         FIELD("watch", manifest_build_t, watch),
 *     };
 *     static const schema_t build_schema = SCHEMA("build", fields);
 */
#ifndef MANIFEST_SCHEMA_H
#define MANIFEST_SCHEMA_H

#include <jansson.h>
#include <stddef.h>

#include "manifest/application.h"

/* More than any table of fields has. */
enum { SCHEMA_FIELDS_MAX = 64 };

typedef enum schema_type {
    SCHEMA_TEXT,    /* spin_slice_t */
    SCHEMA_BOOLEAN, /* bool */
    SCHEMA_LIST,    /* manifest_list_t: an array of strings */
    SCHEMA_PAIRS,   /* manifest_pairs_t: a table of strings */
    SCHEMA_TABLE,   /* a struct with a schema of its own */
    SCHEMA_CHOICE,  /* int: the index of a string in `choices` */
    SCHEMA_OTHER,   /* whatever `read` and `write` make of it */
} schema_type_t;

typedef struct schema_field schema_field_t;
typedef struct schema schema_t;

/* What one run of reading shares. */
typedef struct schema_reader {
    arena_t *arena;
    const char *file; /* for errors; may be NULL */
    /* In front of every message: `component "hello"`, or `component 2` where the name's `ptr` is
     * NULL. Nothing while `subject` is NULL. */
    const char *subject;
    spin_slice_t subject_name;
    size_t subject_number;
    spin_application_t *application;
} schema_reader_t;

struct schema_field {
    const char *name; /* the key in TOML and in JSON */
    schema_type_t type;
    bool required;
    bool last; /* read after all others of its table, on which it depends */
    size_t offset;
    const schema_t *table;      /* SCHEMA_TABLE */
    const char *const *choices; /* SCHEMA_CHOICE: ends with NULL */
    /* Text, every item of a list, every key of pairs: NULL when good, else what is wrong, in words
     * that follow the value: `must begin with "/"`. */
    const char *(*check)(spin_slice_t text);
    /* In place of what the type does; `base` is the struct. */
    spin_error_t *(*read)(schema_reader_t *reader, const schema_t *schema,
                          const schema_field_t *field, const toml_value_t *value, void *base);
    /* The same for printing: adds to `object`; false when out of memory. */
    bool (*write)(json_t *object, const schema_field_t *field, const void *base);
};

struct schema {
    const char *path; /* of its keys, as errors show it: "trigger.executor"; "" at the top */
    const schema_field_t *fields;
    size_t len;
};

#define SCHEMA(path_, fields_)                                                                     \
    { .path = (path_), .fields = (fields_), .len = sizeof(fields_) / sizeof *(fields_) }

/* A field whose type is the member's own. */
#define FIELD(name_, owner, member, ...)                                                           \
    {                                                                                              \
        .name = (name_),                                                                           \
        .type = _Generic(((owner *)0)->member, spin_slice_t                                        \
                         : SCHEMA_TEXT, bool                                                       \
                         : SCHEMA_BOOLEAN, manifest_list_t                                         \
                         : SCHEMA_LIST, manifest_pairs_t                                           \
                         : SCHEMA_PAIRS, default                                                   \
                         : SCHEMA_OTHER),                                                          \
        .offset = offsetof(owner, member), __VA_ARGS__                                             \
    }

/* A key with functions of its own. */
#define FIELD_OTHER(name_, ...)                                                                    \
    { .name = (name_), .type = SCHEMA_OTHER, __VA_ARGS__ }

/* A sub-table that fills the struct `member`. */
#define FIELD_TABLE(name_, owner, member, schema_, ...)                                            \
    {                                                                                              \
        .name = (name_), .type = SCHEMA_TABLE, .table = (schema_),                                 \
        .offset = offsetof(owner, member), __VA_ARGS__                                             \
    }

/* A sub-table whose keys fill the struct that the field itself is in. */
#define FIELD_GROUP(name_, schema_, ...)                                                           \
    { .name = (name_), .type = SCHEMA_TABLE, .table = (schema_), __VA_ARGS__ }

/* A string out of a fixed set, kept as an enum. */
#define FIELD_CHOICE(name_, owner, member, choices_, ...)                                          \
    {                                                                                              \
        .name = (name_), .type = SCHEMA_CHOICE, .choices = (choices_),                             \
        .offset = offsetof(owner, member), __VA_ARGS__                                             \
    }

/* ── reading ─────────────────────────────────────────────────────────────────────────────── */

/* Fills the struct at `base` (zeroed, or with defaults in it) from `table`. Text points into the
 * parsed TOML. */
spin_error_t *schema_read_table(schema_reader_t *reader, const schema_t *schema,
                                const toml_value_t *table, void *base);
/* Only looks for keys that the schema doesn't have. */
spin_error_t *schema_check_keys(schema_reader_t *reader, const schema_t *schema,
                                const toml_value_t *table);
/* What the type of the field does, for a `read` that only adds to it. */
spin_error_t *schema_read_value(schema_reader_t *reader, const schema_t *schema,
                                const schema_field_t *field, const toml_value_t *value, void *base);

/* An error that begins with the reader's subject, at a value. */
spin_error_t *schema_error(schema_reader_t *reader, spin_error_kind_t kind, const toml_value_t *at,
                           const char *format, ...) __attribute__((format(printf, 4, 5)));
/* "KEY must be EXPECTED, not a ...". */
spin_error_t *schema_type_error(schema_reader_t *reader, const schema_t *schema,
                                const schema_field_t *field, const toml_value_t *value,
                                const char *expected);
/* "missing key KEY". */
spin_error_t *schema_missing_error(schema_reader_t *reader, const schema_t *schema,
                                   const char *name, const toml_value_t *table);
/* `text` in quotes, escaped and cut to a length that a message can bear. In the reader's arena;
 * never NULL. */
const char *schema_quote(schema_reader_t *reader, spin_slice_t text);

/* ── printing ────────────────────────────────────────────────────────────────────────────── */

/* The struct at `base` as a new JSON object; NULL when out of memory. */
json_t *schema_write_table(const schema_t *schema, const void *base);
/* Adds one field, as its type does; nothing where it is left out. False when out of memory. */
bool schema_write_value(json_t *object, const schema_field_t *field, const void *base);
/* Takes `value`; false when it is NULL, or when out of memory. */
bool schema_add(json_t *object, const char *name, json_t *value);
/* NULL when out of memory. Bytes that are not UTF-8 become U+FFFD. */
json_t *schema_write_text(spin_slice_t text);
json_t *schema_write_toml(const toml_value_t *value);

#endif
