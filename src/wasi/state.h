/* The state of WASI in an instance, and what each of its functions gets. */
#ifndef WASI_STATE_H
#define WASI_STATE_H

#include "engine/instance.h"
#include "wasi/fd_table.h"

typedef struct wasi_wait wasi_wait_t;

/* What a poll_oneoff that waits needs to go on. */
typedef struct wasi_poll {
    wasi_wait_t *wait; /* NULL: nothing waits */
    spin_instance_t *instance;
    wasmtime_val_t *result;
    wasm_trap_t **trap;
    uint32_t in, out, count, count_out;
    uint64_t start[2]; /* of the call, by clock: realtime and monotonic, in nanoseconds */
} wasi_poll_t;

/* What a random_get that lets others run in between needs to go on. */
typedef struct wasi_random {
    spin_instance_t *instance;
    wasmtime_val_t *result;
    wasm_trap_t **trap;
    uint32_t at, left;
} wasi_random_t;

typedef struct wasi_state {
    const wasi_shared_t *shared;
    const spin_slice_t *args;
    size_t args_len;
    const spin_pair_t *environment;
    size_t environment_len;
    spin_redirect_t stdio[3];
    size_t stdin_at;       /* how far the guest has read redirected bytes */
    bool has_start_memory; /* found while the module's start function ran */
    wasmtime_memory_t start_memory;
    wasi_poll_t poll;
    wasi_random_t random;
    wasi_fd_table_t fds;
} wasi_state_t;

struct wasi_call {
    spin_instance_t *instance;
    wasi_state_t *state;
    uint8_t *memory;
    size_t memory_len;
    /* The first pointer that was refused; the call then traps, as witx-docs.md asks for. */
    bool refused;
    uint32_t refused_ptr;
    uint32_t refused_align;
    uint64_t refused_len;
};

/* Every function but proc_exit, poll_oneoff and random_get: arguments in, errno out. */
typedef wasi_errno_t (*wasi_function_t)(wasi_call_t *call, const wasmtime_val_raw_t *args);

static inline uint32_t arg_u32(const wasmtime_val_raw_t *args, size_t index) {
    return (uint32_t)args[index].i32;
}

static inline uint64_t arg_u64(const wasmtime_val_raw_t *args, size_t index) {
    return (uint64_t)args[index].i64;
}

#endif
