/* Modules in use: components of equal bytes, of whatever context of an engine, share one. */
#ifndef ENGINE_LIVE_MODULE_H
#define ENGINE_LIVE_MODULE_H

#include "engine/abi/state.h"
#include "engine/module_cache.h"

typedef struct live_module live_module_t;
struct live_module {
    live_module_t *next; /* in its bucket */
    size_t users;
    module_cache_key_t key;
    wasmtime_module_t *module;
    abi_component_t abi;        /* follows from the module */
    struct model_module *model; /* of a component of the component model, else NULL */
};

enum { LIVE_MODULE_BUCKETS = 256 };

/* By key; zero to begin with. */
typedef struct live_modules {
    live_module_t *buckets[LIVE_MODULE_BUCKETS];
} live_modules_t;

/* The module of that key, with one more user, or NULL. */
live_module_t *live_module_find(live_modules_t *modules, const module_cache_key_t *key);
/* Adds `module` and `model` (NULL: there is none), which it takes in every case, with one user.
 * NULL when out of memory. */
live_module_t *live_module_add(live_modules_t *modules, const module_cache_key_t *key,
                               wasmtime_module_t *module, struct model_module *model);
/* One user less; the last one's ends it. NULL is allowed. */
void live_module_drop(live_modules_t *modules, live_module_t *module);

#endif
