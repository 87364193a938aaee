/* Checked access to a guest's linear memory, as the executors see it for one moment. */
#ifndef TRIGGER_HTTP_GUEST_MEMORY_H
#define TRIGGER_HTTP_GUEST_MEMORY_H

#include <endian.h>

#include "base/slice.h"

typedef struct guest_memory {
    uint8_t *base;
    size_t len;
} guest_memory_t;

/* `size` bytes at `offset`, or NULL where they are outside or not aligned to `align` (a power of
 * two). */
static inline uint8_t *guest_memory_at(guest_memory_t memory, uint64_t offset, uint64_t size,
                                       uint32_t align) {
    if (offset > memory.len || size > memory.len - offset || (offset & (align - 1)) != 0)
        return NULL;
    return memory.base + offset;
}

static inline uint32_t guest_load_u32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return le32toh(value);
}

static inline uint16_t guest_load_u16(const uint8_t *at) {
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return le16toh(value);
}

static inline void guest_store_u32(uint8_t *at, uint32_t value) {
    value = htole32(value);
    memcpy(at, &value, sizeof value);
}

#endif
