/* Host interfaces: what guests may import. Each is a table of operations and a state in every
 * instance. A new one is a new folder, a new id here and a line in src/host/builtin.c. */
#ifndef ENGINE_HOST_H
#define ENGINE_HOST_H

#include "base/arena.h"
#include "spin/engine.h"

typedef enum engine_host_id {
    ENGINE_HOST_WASI = 0,
    ENGINE_HOST_CONFIG,
    ENGINE_HOST_OUTBOUND_HTTP,
    ENGINE_HOST_OUTBOUND_REDIS,
    ENGINE_HOST_COUNT,
} engine_host_id_t;

typedef struct engine_host {
    engine_host_id_t id;
    const char *name;
    size_t state_size; /* bytes in each instance; zeroed before instance_init */

    /* What all contexts of an engine share, such as connections: made for the first builder, on the
     * engine's loop (spin_engine_loop). `engine_deinit` comes when no context is left; handles that
     * it closes are gone with the loop's next turn. Both may be NULL. */
    spin_error_t *(*engine_init)(spin_engine_t *engine, void **shared);
    void (*engine_deinit)(void *shared);

    /* Adds the functions to the builder's linker, once. */
    spin_error_t *(*define)(spin_engine_builder_t *builder);

    /* Computes, once per component, what its instances share (an environment block, opened
     * mounts); `*shared` is handed to instance_init. May be NULL. `environment` is what the
     * engine's options add in front of the component's own. */
    spin_error_t *(*component_init)(const spin_component_t *component,
                                    const spin_pair_t *environment, size_t environment_len,
                                    void **shared);
    void (*component_deinit)(void *shared);

    /* A new instance. `state` holds state_size zeroed bytes, aligned for any type. */
    spin_error_t *(*instance_init)(spin_instance_t *instance, void *state, const void *shared,
                                   const spin_prepare_options_t *options);
    /* Also for an instance whose call is cut off: must end what waits on the loop. `state` may
     * still be all zero, where the preparation failed before instance_init. */
    void (*instance_deinit)(spin_instance_t *instance, void *state);
} engine_host_t;

/* What engine_init left, for the host functions of `id`. */
void *engine_host_shared(spin_instance_t *instance, engine_host_id_t id);

/* Registers a host interface with a builder and defines its functions. */
spin_error_t *engine_builder_add_host(spin_engine_builder_t *builder, const engine_host_t *host);

#endif
