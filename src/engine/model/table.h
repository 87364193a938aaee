/* What a component instance holds by number: handles of resources, and what else has a place among
 * them (component-model, CanonicalABI.md, "Table State"). The host has one of its own. */
#ifndef ENGINE_MODEL_TABLE_H
#define ENGINE_MODEL_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "spin/error.h"

typedef enum handle_kind {
    HANDLE_FREE = 0,
    HANDLE_OWN,
    HANDLE_BORROW,
    HANDLE_OTHER, /* the first number for what asynchronous calls add */
} handle_kind_t;

typedef struct handle {
    uint8_t kind;
    bool is_leaving; /* lifted by a call whose other values are not lifted yet */
    uint32_t type;   /* OWN, BORROW: the resource (model_resource_t.id) */
    uint32_t lends;  /* OWN, BORROW: calls under way to which it is lent */
    uint32_t scope;  /* BORROW: the call that must drop it */
    union {
        uint64_t rep;  /* the resource's representation, or the host's object */
        uint32_t next; /* FREE: the next free one, 0: none */
        void *other;
    } of;
} handle_t;

/* Zero to begin with; number 0 is never used. Lies in an arena. */
typedef struct handle_table {
    handle_t *items;
    uint32_t len;
    uint32_t cap;
    uint32_t free;   /* the one that was freed last */
    uint32_t *taken; /* room that tables have together; NULL: nobody counts */
} handle_table_t;

enum {
    HANDLE_TABLE_MOST = 1 << 20,
    HANDLE_TABLES_MOST = 2 * HANDLE_TABLE_MOST, /* together */
};

/* Errors: LIMIT, NO_MEMORY. */
spin_error_t *handle_table_add(handle_table_t *table, arena_t *arena, handle_t entry,
                               uint32_t *out);
/* NULL: there is nothing of that number, or it is leaving. */
handle_t *handle_table_get(const handle_table_t *table, uint32_t number);
/* Frees the number, which is in use. */
void handle_table_remove(handle_table_t *table, uint32_t number);

#endif
