/* Compiled modules on disk, so that a start costs a mapping instead of a compilation.
 *
 * An entry's name is the SHA-256 of all that its content depends on: the module, by its digest, the
 * versions of Wasmtime and of our rewriting, the engine's flags. An entry is the artifact followed
 * by its own SHA-256, since Wasmtime trusts what it maps. Entries are written beside their place
 * and renamed into it, so that concurrent starts and crashes leave whole entries only. */
#ifndef ENGINE_MODULE_CACHE_H
#define ENGINE_MODULE_CACHE_H

#include <wasmtime.h>

#include "digest/digest.h"
#include "spin/error.h"

typedef struct module_cache {
    int dir; /* descriptor of the folder; -1: no cache */
} module_cache_t;

typedef struct module_cache_key {
    char hex[DIGEST_HEX + 1];
} module_cache_key_t;

/* Opens (and makes, mode 0700) the cache below `dir`; NULL for none. A folder that can't be made,
 * or that others may write to, is logged and means no cache: a start never fails for it. Once open,
 * the folder is known by its descriptor, whatever happens to its name. */
void module_cache_open(module_cache_t *cache, const char *dir);
void module_cache_close(module_cache_t *cache);

/* `digest` is the module's, `flags` tells apart engines that compile differently. */
module_cache_key_t module_cache_key(spin_slice_t digest, spin_slice_t flags);

/* The module of `key`, or NULL where it is not there or is damaged (which is logged and removed).
 */
wasmtime_module_t *module_cache_get(const module_cache_t *cache, const module_cache_key_t *key,
                                    wasm_engine_t *engine);

/* Keeps `module`; false where there is no cache, or it does not take it (disk full, read-only),
 * which is logged. */
bool module_cache_put(const module_cache_t *cache, const module_cache_key_t *key,
                      const wasmtime_module_t *module);

#endif
