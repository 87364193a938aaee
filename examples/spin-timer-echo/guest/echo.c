/* A component for the timer trigger: echo.wit in the conventions of 2022 (docs/abi-2022.md), by
 * hand and without a C library. */
#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))

extern unsigned char __heap_base;
static unsigned char *heap; /* what is allocated goes with the instance, after one call */

static const char answer[] = "ECHO: ";

EXPORT("canonical_abi_realloc")
void *canonical_abi_realloc(void *old, size_t old_size, size_t align, size_t new_size) {
    if (heap == NULL)
        heap = &__heap_base;
    unsigned char *start =
        (unsigned char *)(((uintptr_t)heap + align - 1) & ~(uintptr_t)(align - 1));
    size_t end = (size_t)(uintptr_t)start + new_size;
    size_t have = __builtin_wasm_memory_size(0) << 16;
    if (end < new_size)
        __builtin_trap();
    if (end > have && __builtin_wasm_memory_grow(0, (end - have + 0xFFFF) >> 16) == (size_t)-1)
        __builtin_trap();
    heap = start + new_size;
    if (old != NULL)
        __builtin_memcpy(start, old, old_size < new_size ? old_size : new_size);
    return start;
}

EXPORT("canonical_abi_free")
void canonical_abi_free(void *ptr, size_t size, size_t align) {
    (void)ptr, (void)size, (void)align;
}

typedef struct string {
    const char *ptr;
    size_t len;
} string_t;

/* echo: function(msg: string) -> string. Two results lie in memory. */
EXPORT("echo")
string_t *echo(const char *ptr, size_t len) {
    static string_t result;
    size_t prefix = sizeof answer - 1;
    char *text = canonical_abi_realloc(NULL, 0, 1, prefix + len);
    __builtin_memcpy(text, answer, prefix);
    __builtin_memcpy(text + prefix, ptr, len);
    result = (string_t){text, prefix + len};
    return &result;
}
