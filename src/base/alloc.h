/* Every allocation of libspin goes through here, to the allocator of <spin/allocator.h>. */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stddef.h>

#include "spin/allocator.h"

/* NULL when out of memory. `mem_alloc(0)` returns a pointer that can be freed. */
void *mem_alloc(size_t size);
/* Zeroed; NULL also when `count * size` overflows. */
void *mem_calloc(size_t count, size_t size);
/* As realloc; on NULL `ptr` is still alive. NULL also when `count * size` overflows. */
void *mem_resize(void *ptr, size_t count, size_t size);
void mem_free(void *ptr);

/* A NUL-terminated copy on the heap, freed with mem_free. NULL when out of memory. */
char *mem_copy_text(spin_slice_t text);

#endif
