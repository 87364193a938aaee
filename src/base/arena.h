/* Memory that is given out piece by piece and freed all at once. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>

#include "base/slice.h"

typedef struct arena_block arena_block_t;

/* Caller's memory: zero it, or call arena_init. Not for sharing between threads at one time. */
typedef struct arena {
    arena_block_t *blocks; /* newest first */
    uint8_t *at;
    uint8_t *end;
    size_t block_size; /* of the next ordinary block; 0 means the default */
} arena_t;

/* `block_size`: bytes asked from the heap at a time; 0 for the default (4 KiB). Allocates nothing.
 */
void arena_init(arena_t *arena, size_t block_size);
/* Frees all; the arena may be used again. */
void arena_deinit(arena_t *arena);
/* Forgets all content but keeps one block, for the next request. */
void arena_clear(arena_t *arena);

/* Uninitialised memory aligned for any type; NULL when out of memory. */
void *arena_alloc(arena_t *arena, size_t size);
/* `count * size` zeroed bytes; NULL when out of memory or on overflow. */
void *arena_calloc(arena_t *arena, size_t count, size_t size);
/* Bytes without alignment, for text. */
void *arena_alloc_bytes(arena_t *arena, size_t size);

/* A copy of `text` followed by a NUL that the slice does not count; `ptr` is NULL when out of
 * memory. */
spin_slice_t arena_copy(arena_t *arena, spin_slice_t text);
/* The same as a C string; NULL when out of memory. */
char *arena_copy_text(arena_t *arena, spin_slice_t text);
/* printf into the arena; `ptr` is NULL when out of memory. NUL-terminated. */
spin_slice_t arena_printf(arena_t *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
