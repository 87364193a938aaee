#include "engine/model/table.h"

#include <string.h>

#include "base/error.h"

static spin_error_t *grow(handle_table_t *table, arena_t *arena) {
    uint32_t cap = table->cap == 0 ? 8 : 2 * table->cap;
    if (table->len >= HANDLE_TABLE_MOST)
        return error_new(SPIN_ERROR_LIMIT, "the guest holds %d handles already", HANDLE_TABLE_MOST);
    if (table->taken != NULL && *table->taken + (cap - table->cap) > HANDLE_TABLES_MOST)
        return error_new(SPIN_ERROR_LIMIT, "the guest's components hold too many handles");
    handle_t *items = arena_alloc(arena, cap * sizeof *items);
    if (items == NULL)
        return error_no_memory();
    if (table->len > 0)
        memcpy(items, table->items, table->len * sizeof *items);
    if (table->taken != NULL)
        *table->taken += cap - table->cap;
    table->items = items;
    table->cap = cap;
    if (table->len == 0)
        table->items[table->len++] = (handle_t){0};
    return NULL;
}

spin_error_t *handle_table_add(handle_table_t *table, arena_t *arena, handle_t entry,
                               uint32_t *out) {
    uint32_t number = table->free;
    if (number != 0) {
        table->free = table->items[number].of.next;
    } else {
        spin_error_t *error = table->len == table->cap ? grow(table, arena) : NULL;
        if (error != NULL)
            return error;
        number = table->len++;
    }
    table->items[number] = entry;
    *out = number;
    return NULL;
}

handle_t *handle_table_get(const handle_table_t *table, uint32_t number) {
    if (number == 0 || number >= table->len)
        return NULL;
    handle_t *entry = &table->items[number];
    return entry->kind == HANDLE_FREE || entry->is_leaving ? NULL : entry;
}

void handle_table_remove(handle_table_t *table, uint32_t number) {
    table->items[number] = (handle_t){.of.next = table->free};
    table->free = number;
}
