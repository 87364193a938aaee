#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>

static void *default_alloc(size_t size, void *user) {
    (void)user;
    return malloc(size);
}

static void *default_resize(void *ptr, size_t size, void *user) {
    (void)user;
    return realloc(ptr, size);
}

static void default_release(void *ptr, void *user) {
    (void)user;
    free(ptr);
}

static const spin_allocator_t default_allocator = {default_alloc, default_resize, default_release,
                                                   NULL};
static spin_allocator_t allocator = {default_alloc, default_resize, default_release, NULL};

void spin_allocator_set(const spin_allocator_t *replacement) {
    allocator = replacement == NULL ? default_allocator : *replacement;
}

void *mem_alloc(size_t size) {
    return allocator.alloc(size == 0 ? 1 : size, allocator.user);
}

void *mem_calloc(size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        return NULL;
    void *ptr = mem_alloc(total);
    if (ptr != NULL)
        memset(ptr, 0, total);
    return ptr;
}

void *mem_resize(void *ptr, size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        return NULL;
    return allocator.resize(ptr, total == 0 ? 1 : total, allocator.user);
}

void mem_free(void *ptr) {
    if (ptr != NULL)
        allocator.release(ptr, allocator.user);
}

char *mem_copy_text(spin_slice_t text) {
    char *copy = mem_alloc(text.len + 1);
    if (copy == NULL)
        return NULL;
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return copy;
}

void *spin_memory_alloc(size_t size) {
    return mem_calloc(1, size);
}

void spin_memory_release(void *ptr) {
    mem_free(ptr);
}

void spin_string_clear(spin_string_t *string) {
    mem_free((void *)(uintptr_t)string->ptr);
    *string = (spin_string_t){NULL, 0};
}
