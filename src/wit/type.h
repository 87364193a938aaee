/* Making types. Structurally equal anonymous types become one object, so that two of them are
 * compared by address. */
#ifndef WIT_TYPE_H
#define WIT_TYPE_H

#include "base/map.h"
#include "wit/model.h"

enum {
    TYPE_MAX_DEPTH = 100,          /* recursion over a type or a value of it ends there */
    TYPE_MAX_TEXT = 16 << 10,      /* of one type, in bytes */
    TYPE_MAX_ALL_TEXTS = 64 << 20, /* of all types of one table */
};

typedef struct type_table {
    arena_t *arena; /* of the types */
    map_t known;    /* anonymous types, by what they are made of */
    size_t texts;   /* bytes of text so far */
} type_table_t;

/* Frees what the table needs itself; the types stay. */
void type_table_deinit(type_table_t *table);

/* Makes the type that `pattern` describes: kind, def, parts, length and resource; the rest is
 * computed. Without `def` it is anonymous and an equal one may be returned; its parts forget by
 * which alias they were named. `pattern->parts` of a declared type is kept, not copied. Errors:
 * LIMIT (too deep, too large), NO_MEMORY; without a position. */
spin_error_t *type_make(type_table_t *table, const wit_type_t *pattern, const wit_type_t **out);

/* One that stands for itself: bool to error-context. */
spin_error_t *type_make_plain(type_table_t *table, spin_type_kind_t kind, const wit_type_t **out);

/* Writes the texts of all anonymous types anew, for declared ones that got another name. Errors:
 * LIMIT, NO_MEMORY. */
spin_error_t *type_refresh_texts(type_table_t *table);

/* "u32"; NULL for kinds that need more. */
const char *type_plain_name(spin_type_kind_t kind);

#endif
