#include "engine/live_module.h"

#include <string.h>

#include "base/alloc.h"
#include "engine/model/model.h"

enum { ABI_BLOCK_BYTES = 512 }; /* a module has an entry or two */

/* A key is the text of a digest: two of its digits are as good as a hash. */
static live_module_t **bucket_of(live_modules_t *modules, const module_cache_key_t *key) {
    unsigned hash = (unsigned char)key->hex[0] * 31u + (unsigned char)key->hex[1] * 17u +
                    (unsigned char)key->hex[2];
    return &modules->buckets[hash % LIVE_MODULE_BUCKETS];
}

live_module_t *live_module_find(live_modules_t *modules, const module_cache_key_t *key) {
    live_module_t *at = *bucket_of(modules, key);
    while (at != NULL && strcmp(at->key.hex, key->hex) != 0)
        at = at->next;
    if (at != NULL)
        at->users++;
    return at;
}

live_module_t *live_module_add(live_modules_t *modules, const module_cache_key_t *key,
                               wasmtime_module_t *module, model_module_t *model) {
    live_module_t **bucket = bucket_of(modules, key);
    live_module_t *added = mem_calloc(1, sizeof *added);
    if (added == NULL) {
        wasmtime_module_delete(module);
        model_module_free(model);
        return NULL;
    }
    arena_init(&added->abi.arena, ABI_BLOCK_BYTES);
    added->users = 1;
    added->key = *key;
    added->module = module;
    added->model = model;
    added->next = *bucket;
    *bucket = added;
    return added;
}

void live_module_drop(live_modules_t *modules, live_module_t *module) {
    if (module == NULL || --module->users > 0)
        return;
    live_module_t **at = bucket_of(modules, &module->key);
    while (*at != module)
        at = &(*at)->next;
    *at = module->next;
    abi_component_deinit(&module->abi);
    wasmtime_module_delete(module->module);
    model_module_free(module->model);
    mem_free(module);
}
