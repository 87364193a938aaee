/* The only way to guest memory. A pointer that is refused ends the call with a trap, so whoever
 * gets NULL or false just returns (the value is not looked at). */
#ifndef WASI_MEMORY_H
#define WASI_MEMORY_H

#include <string.h>

#include "wasi/state.h"

/* `len` bytes at `ptr`, valid until the guest runs again; NULL when any of them is outside of the
 * memory or `ptr` is not a multiple of `align` (a power of two). */
static inline uint8_t *memory_at(wasi_call_t *call, uint32_t ptr, uint64_t len, uint32_t align) {
    if (len <= call->memory_len && ptr <= call->memory_len - len && (ptr & (align - 1)) == 0)
        return call->memory + ptr;
    if (!call->refused) {
        call->refused = true;
        call->refused_ptr = ptr;
        call->refused_len = len;
        call->refused_align = align;
    }
    return NULL;
}

static inline bool memory_store(wasi_call_t *call, uint32_t ptr, const void *value, size_t size,
                                uint32_t align) {
    uint8_t *at = memory_at(call, ptr, size, align);
    if (at == NULL)
        return false;
    memcpy(at, value, size);
    return true;
}

static inline wasi_errno_t memory_store_u32(wasi_call_t *call, uint32_t ptr, uint32_t value) {
    return memory_store(call, ptr, &value, sizeof value, 4) ? WASI_ERRNO_SUCCESS : WASI_ERRNO_FAULT;
}

static inline wasi_errno_t memory_store_u64(wasi_call_t *call, uint32_t ptr, uint64_t value) {
    return memory_store(call, ptr, &value, sizeof value, 8) ? WASI_ERRNO_SUCCESS : WASI_ERRNO_FAULT;
}

#endif
