/* The guest of bench/redis.py: takes a message and says that it is well. Of one that begins with
 * "!", which is published last, it writes a line. In the canonical layout of docs/abi-2022.md. */
#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))

typedef struct part {
    const char *ptr;
    size_t len;
} part_t;

typedef struct result {
    uint8_t is_error;
    uint8_t error;
} result_t;

__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_write"))) extern uint32_t
wasi_write(uint32_t fd, const part_t *parts, size_t len, size_t *written);

static _Alignas(8) char heap[4096];
static size_t heap_len;

EXPORT("canonical_abi_realloc")
void *canonical_abi_realloc(void *old, size_t old_size, size_t align, size_t size) {
    size_t at = (heap_len + align - 1) & ~(align - 1);
    (void)old;
    if (old_size != 0 || at > sizeof heap || size > sizeof heap - at)
        __builtin_trap();
    heap_len = at + size;
    return heap + at;
}

EXPORT("canonical_abi_free") void canonical_abi_free(void *block, size_t size, size_t align) {
    (void)block, (void)size, (void)align;
}

EXPORT("handle-redis-message")
const result_t *handle_redis_message(const char *message, size_t len) {
    static result_t area;
    if (len > 0 && message[0] == '!') {
        const part_t parts[] = {{message, len}, {"\n", 1}};
        size_t written;
        wasi_write(1, parts, 2, &written);
    }
    area.is_error = area.error = 0;
    return &area;
}
