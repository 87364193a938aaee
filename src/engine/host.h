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

/* What a component is made from, borrowed during component_init. */
typedef struct engine_component_settings {
    const spin_component_t *component;
    const spin_pair_t *environment; /* added in front of the component's own */
    size_t environment_len;
    const spin_pair_t *variables; /* given for the application's; they win over all else */
    size_t variables_len;
    void *engine_shared; /* what engine_init left */
} engine_component_settings_t;

typedef struct engine_host {
    engine_host_id_t id;
    const char *name;
    size_t state_size; /* bytes in each instance; zeroed before instance_init */

    /* What all contexts of an engine share, such as connections: made with the engine, on its loop
     * (spin_engine_loop), which does not run yet. `engine_deinit` comes when the engine goes, after
     * all contexts; handles that it closes are gone with the loop's next turn. While they are open
     * and nothing waits for them they should be unreferenced, so that they keep no loop running.
     * Both may be NULL. */
    spin_error_t *(*engine_init)(spin_engine_t *engine, void **shared);
    void (*engine_deinit)(void *shared);

    /* Adds the functions to the linker that all contexts of an engine begin with, once. */
    spin_error_t *(*define)(spin_engine_builder_t *builder);

    /* Computes, once per component, what its instances share (an environment block, opened
     * mounts); `*shared` is handed to instance_init. May be NULL. */
    spin_error_t *(*component_init)(const engine_component_settings_t *settings, void **shared);
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

#endif
