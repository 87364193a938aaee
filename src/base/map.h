/* A hash map from byte strings to pointers. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>

#include "base/slice.h"

typedef struct map_entry {
    spin_slice_t key; /* the caller's memory: it must outlive the entry */
    void *value;
    uint64_t hash;
} map_entry_t;

/* Caller's memory, zero to begin with. Entries stand in `entries` in order of insertion. */
typedef struct map {
    map_entry_t *entries;
    size_t len;
    size_t cap;
    uint32_t *slots; /* index into entries plus one; 0 is free */
    size_t slot_count;
} map_t;

/* Adds, or replaces the value of an equal key. False when out of memory: the map is unchanged. */
bool map_set(map_t *map, spin_slice_t key, void *value);
/* The value, or NULL. */
void *map_get(const map_t *map, spin_slice_t key);
/* The entry, or NULL; for values that may be NULL. */
map_entry_t *map_find(const map_t *map, spin_slice_t key);
void map_deinit(map_t *map);

#endif
