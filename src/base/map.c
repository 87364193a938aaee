#include "base/map.h"

#include "base/alloc.h"
#include "base/vec.h"

/* FNV-1a with a final mix. Keys come from manifests, not from the network, so that the hash need
 * not withstand an attacker. */
static uint64_t hash_bytes(spin_slice_t key) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ key.ptr[i]) * 0x100000001b3u;
    return hash ^ (hash >> 32);
}

static uint32_t *find_slot(const map_t *map, spin_slice_t key, uint64_t hash) {
    size_t mask = map->slot_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &map->slots[i];
        if (*slot == 0)
            return slot;
        const map_entry_t *entry = &map->entries[*slot - 1];
        if (entry->hash == hash && slice_equal(entry->key, key))
            return slot;
    }
}

static bool grow_slots(map_t *map) {
    if ((map->len + 1) * 4 <= map->slot_count * 3)
        return true;
    size_t count = map->slot_count == 0 ? 16 : map->slot_count * 2;
    uint32_t *slots = mem_calloc(count, sizeof *slots);
    if (slots == NULL)
        return false;
    mem_free(map->slots);
    map->slots = slots;
    map->slot_count = count;
    if (map->entries == NULL) /* nothing to find a new slot for */
        return true;
    for (size_t i = 0; i < map->len; i++)
        *find_slot(map, map->entries[i].key, map->entries[i].hash) = (uint32_t)(i + 1);
    return true;
}

bool map_set(map_t *map, spin_slice_t key, void *value) {
    map_entry_t *known = map_find(map, key);
    if (known != NULL) {
        known->value = value;
        return true;
    }
    if (map->len >= UINT32_MAX || !grow_slots(map) ||
        !vec_reserve((void **)&map->entries, map->len, &map->cap, 1, sizeof *map->entries))
        return false;
    uint64_t hash = hash_bytes(key);
    *find_slot(map, key, hash) = (uint32_t)(map->len + 1);
    map->entries[map->len++] = (map_entry_t){key, value, hash};
    return true;
}

map_entry_t *map_find(const map_t *map, spin_slice_t key) {
    if (map->slot_count == 0)
        return NULL;
    uint32_t slot = *find_slot(map, key, hash_bytes(key));
    return slot == 0 ? NULL : &map->entries[slot - 1];
}

void *map_get(const map_t *map, spin_slice_t key) {
    const map_entry_t *entry = map_find(map, key);
    return entry == NULL ? NULL : entry->value;
}

void map_deinit(map_t *map) {
    mem_free(map->entries);
    mem_free(map->slots);
    *map = (map_t){0};
}
