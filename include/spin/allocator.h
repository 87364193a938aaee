/* The memory that libspin itself uses on the host. */
#ifndef SPIN_ALLOCATOR_H
#define SPIN_ALLOCATOR_H

#include "spin/slice.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Three functions with the contracts of realloc, malloc and free. They may be called from any
 * thread. `resize` may return NULL: libspin then reports SPIN_ERROR_NO_MEMORY. */
typedef struct spin_allocator {
    void *(*alloc)(size_t size, void *user);
    void *(*resize)(void *ptr, size_t size, void *user);
    void (*release)(void *ptr, void *user);
    void *user;
} spin_allocator_t;

/* Replaces the allocator of the whole process (NULL: back to the C library's). Call it before any
 * other function of libspin, with nothing of libspin alive. Wasmtime and the libraries below
 * keep their own. Not thread-safe. */
SPIN_API void spin_allocator_set(const spin_allocator_t *allocator);

/* Memory of that allocator, for what a caller hands to libspin to free or gets from it in structs
 * of generated code. Zeroed; NULL when out of memory. Released NULL is allowed. */
SPIN_API void *spin_memory_alloc(size_t size);
SPIN_API void spin_memory_release(void *ptr);

#ifdef __cplusplus
}
#endif

#endif
