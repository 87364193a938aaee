#include "wasi/functions.h"
#include "wasi/memory.h"

/* Lists of NUL-terminated strings that a guest asks for in two calls: first how many and how long,
 * then pointers to one place and bytes to another. */
typedef struct string_writer {
    wasi_call_t *call;
    uint32_t pointers;
    uint32_t bytes;
} string_writer_t;

/* Starts a string of `len` bytes, NUL included: stores its pointer and returns its place. */
static uint8_t *writer_next(string_writer_t *writer, size_t len) {
    uint8_t *at = memory_at(writer->call, writer->bytes, len, 1);
    if (at == NULL ||
        memory_store_u32(writer->call, writer->pointers, writer->bytes) != WASI_ERRNO_SUCCESS)
        return NULL;
    writer->pointers += 4;
    writer->bytes += (uint32_t)len;
    return at;
}

static uint8_t *put(uint8_t *at, spin_slice_t text) {
    if (text.len > 0)
        memcpy(at, text.ptr, text.len);
    return at + text.len;
}

static wasi_errno_t store_sizes(wasi_call_t *call, const wasmtime_val_raw_t *args, size_t count,
                                uint64_t size) {
    if (size > UINT32_MAX)
        return WASI_ERRNO_OVERFLOW;
    wasi_errno_t error = memory_store_u32(call, arg_u32(args, 0), (uint32_t)count);
    return error != WASI_ERRNO_SUCCESS ? error
                                       : memory_store_u32(call, arg_u32(args, 1), (uint32_t)size);
}

wasi_errno_t wasi_args_sizes_get(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    const wasi_state_t *state = call->state;
    uint64_t size = 0;
    for (size_t i = 0; i < state->args_len; i++)
        size += state->args[i].len + 1;
    return store_sizes(call, args, state->args_len, size);
}

wasi_errno_t wasi_args_get(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    const wasi_state_t *state = call->state;
    string_writer_t writer = {call, arg_u32(args, 0), arg_u32(args, 1)};
    for (size_t i = 0; i < state->args_len; i++) {
        uint8_t *at = writer_next(&writer, state->args[i].len + 1);
        if (at == NULL)
            return WASI_ERRNO_FAULT;
        *put(at, state->args[i]) = 0;
    }
    return WASI_ERRNO_SUCCESS;
}

/* Whether the caller of prepare_component gave this variable another value. */
static bool is_replaced(const wasi_state_t *state, spin_slice_t key) {
    for (size_t i = 0; i < state->environment_len; i++)
        if (slice_equal(state->environment[i].key, key))
            return true;
    return false;
}

static size_t pair_size(const spin_pair_t *pair) {
    return pair->key.len + pair->value.len + 2;
}

wasi_errno_t wasi_environ_sizes_get(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    const wasi_state_t *state = call->state;
    const wasi_shared_t *shared = state->shared;
    size_t count = shared->variables_len + state->environment_len;
    uint64_t size = shared->variables_size;
    for (size_t i = 0; i < state->environment_len; i++)
        size += pair_size(&state->environment[i]);
    for (size_t i = 0; i < shared->variables_len; i++) {
        if (is_replaced(state, shared->variables[i].key)) {
            count--;
            size -= shared->variables[i].entry.len;
        }
    }
    return store_sizes(call, args, count, size);
}

wasi_errno_t wasi_environ_get(wasi_call_t *call, const wasmtime_val_raw_t *args) {
    const wasi_state_t *state = call->state;
    const wasi_shared_t *shared = state->shared;
    string_writer_t writer = {call, arg_u32(args, 0), arg_u32(args, 1)};
    for (size_t i = 0; i < shared->variables_len; i++) {
        const wasi_variable_t *variable = &shared->variables[i];
        if (is_replaced(state, variable->key))
            continue;
        uint8_t *at = writer_next(&writer, variable->entry.len);
        if (at == NULL)
            return WASI_ERRNO_FAULT;
        put(at, variable->entry);
    }
    for (size_t i = 0; i < state->environment_len; i++) {
        const spin_pair_t *pair = &state->environment[i];
        uint8_t *at = writer_next(&writer, pair_size(pair));
        if (at == NULL)
            return WASI_ERRNO_FAULT;
        at = put(at, pair->key);
        *at++ = '=';
        *put(at, pair->value) = 0;
    }
    return WASI_ERRNO_SUCCESS;
}
