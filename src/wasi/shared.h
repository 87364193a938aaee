/* What all instances of a component share: computed once, read-only afterwards. */
#ifndef WASI_SHARED_H
#define WASI_SHARED_H

#include "base/arena.h"
#include "engine/host.h"

/* A preopened folder. */
typedef struct wasi_mount {
    int fd;            /* kept open as long as the component lives */
    spin_slice_t name; /* how the guest calls it */
    bool read_only;
} wasi_mount_t;

typedef struct wasi_variable {
    spin_slice_t key;
    spin_slice_t entry; /* "KEY=value" and its NUL, which is counted */
} wasi_variable_t;

typedef struct wasi_shared {
    arena_t arena;
    wasi_mount_t *mounts;
    uint32_t mounts_len;
    wasi_variable_t *variables;
    uint32_t variables_len;
    uint32_t variables_size; /* bytes of all entries */
    /* Descriptors of the host that all guests of the process, and one of them, may hold: half of
     * what the process may open, so that its connections have the rest, and a part of that. */
    uint32_t host_fds;
    uint32_t host_fds_each;
} wasi_shared_t;

/* Contracts: engine_host_t.component_init and component_deinit. */
spin_error_t *wasi_shared_init(const engine_component_settings_t *settings, void **shared);
void wasi_shared_deinit(void *shared);

#endif
