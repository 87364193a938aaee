/* What contexts share: compiled code, instance slots, a loop with its scheduler, and what the host
 * interfaces keep. A context that was given no engine has one of its own. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "engine/abi/state.h"
#include "engine/host.h"
#include "engine/live_module.h"
#include "engine/module_cache.h"
#include "engine/room.h"
#include "engine/scheduler.h"
#include "engine/settings.h"

struct spin_engine {
    size_t refs;
    engine_settings_t settings;
    wasm_engine_t *wasm;
    scheduler_t scheduler;
    module_cache_t cache;
    live_modules_t modules;
    abi_links_t links; /* every context's to begin with */
    const engine_host_t *hosts[ENGINE_HOST_COUNT];
    void *host_shared[ENGINE_HOST_COUNT];
    size_t state_offsets[ENGINE_HOST_COUNT]; /* into spin_instance.states */
    size_t states_size;
    uint32_t callbacks[ENGINE_CALLBACK_REASONS]; /* under way; each has a stack */
    uint32_t task_stacks;                        /* the same of asynchronous calls */
    room_ring_t room;
    size_t live;            /* instances */
    spin_instance_t *spare; /* freed ones, for the next event; linked by next */
    size_t spare_len;
};

/* An engine without host interfaces; src/host adds those that Spin has, before the first context.
 */
spin_error_t *engine_new(const spin_engine_options_t *options, spin_engine_t **out);
spin_error_t *engine_add_host(spin_engine_t *engine, const engine_host_t *host);

/* ── instance.c ── */

void engine_free_spares(spin_engine_t *engine);

#endif
