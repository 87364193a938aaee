#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>

#include "base/alloc.h"

enum { DEFAULT_BLOCK = 4096 };

struct arena_block {
    arena_block_t *next;
    size_t size; /* of the data */
    alignas(max_align_t) uint8_t data[];
};

void arena_init(arena_t *arena, size_t block_size) {
    *arena = (arena_t){.block_size = block_size};
}

static void free_blocks(arena_block_t *block) {
    while (block != NULL) {
        arena_block_t *next = block->next;
        mem_free(block);
        block = next;
    }
}

void arena_deinit(arena_t *arena) {
    free_blocks(arena->blocks);
    arena_init(arena, arena->block_size);
}

void arena_clear(arena_t *arena) {
    arena_block_t *kept = arena->blocks;
    if (kept == NULL)
        return;
    size_t ordinary = arena->block_size == 0 ? DEFAULT_BLOCK : arena->block_size;
    if (kept->size > ordinary) { /* one large request must not hold its memory for ever */
        arena_deinit(arena);
        return;
    }
    free_blocks(kept->next);
    kept->next = NULL;
    arena->at = kept->data;
    arena->end = kept->data + kept->size;
}

static void *alloc_aligned(arena_t *arena, size_t size, size_t align) {
    size_t pad = arena->at == NULL ? 0 : (size_t)(-(uintptr_t)arena->at & (align - 1));
    size_t room = (size_t)(arena->end - arena->at);
    if (arena->at != NULL && room >= pad && room - pad >= size) {
        uint8_t *ptr = arena->at + pad;
        arena->at = ptr + size;
        return ptr;
    }

    size_t block_size = arena->block_size == 0 ? DEFAULT_BLOCK : arena->block_size;
    if (size > block_size / 4) { /* a block of its own, behind the one that still has room */
        if (size > SIZE_MAX - sizeof(arena_block_t))
            return NULL;
        arena_block_t *own = mem_alloc(sizeof *own + size);
        if (own == NULL)
            return NULL;
        own->size = size;
        if (arena->blocks == NULL) {
            own->next = NULL;
            arena->blocks = own;
            arena->at = arena->end = own->data + size;
        } else {
            own->next = arena->blocks->next;
            arena->blocks->next = own;
        }
        return own->data;
    }

    arena_block_t *block = mem_alloc(sizeof *block + block_size);
    if (block == NULL)
        return NULL;
    block->size = block_size;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->at = block->data + size;
    arena->end = block->data + block_size;
    return block->data;
}

void *arena_alloc(arena_t *arena, size_t size) {
    return alloc_aligned(arena, size, alignof(max_align_t));
}

void *arena_alloc_bytes(arena_t *arena, size_t size) {
    return alloc_aligned(arena, size, 1);
}

void *arena_calloc(arena_t *arena, size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        return NULL;
    void *ptr = arena_alloc(arena, total);
    if (ptr != NULL)
        memset(ptr, 0, total);
    return ptr;
}

char *arena_copy_text(arena_t *arena, spin_slice_t text) {
    char *copy = text.len == SIZE_MAX ? NULL : arena_alloc_bytes(arena, text.len + 1);
    if (copy == NULL)
        return NULL;
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return copy;
}

spin_slice_t arena_copy(arena_t *arena, spin_slice_t text) {
    char *copy = arena_copy_text(arena, text);
    return spin_slice_of(copy, copy == NULL ? 0 : text.len);
}

spin_slice_t arena_printf(arena_t *arena, const char *format, ...) {
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = len < 0 ? NULL : arena_alloc_bytes(arena, (size_t)len + 1);
    if (text != NULL)
        vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return spin_slice_of(text, text == NULL ? 0 : (size_t)len);
}
