#include "engine/component.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "component/legacy.h"

/* A file of the host, mapped for reading. */
typedef struct mapping {
    spin_slice_t bytes;
} mapping_t;

static spin_error_t *map_file(const char *path, mapping_t *out) {
    spin_error_t *error = NULL;
    struct stat info;
    *out = (mapping_t){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0) {
        error = error_from_errno(errno, "%s", path);
        goto out;
    }
    if (info.st_size == 0) {
        error = error_new(SPIN_ERROR_INVALID, "%s: the file is empty", path);
        goto out;
    }
    void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        error = error_from_errno(errno, "%s", path);
    else
        out->bytes = spin_slice_of(bytes, (size_t)info.st_size);
out:
    if (fd >= 0)
        close(fd);
    return error;
}

static void unmap_file(mapping_t *mapping) {
    if (mapping->bytes.ptr != NULL)
        munmap((void *)(uintptr_t)mapping->bytes.ptr, mapping->bytes.len);
}

/* The eight bytes that every binary begins with: magic, version, layer (component model,
 * Binary.md). */
static spin_error_t *check_preamble(spin_slice_t wasm) {
    static const uint8_t module[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    if (wasm.len < sizeof module || memcmp(wasm.ptr, module, 4) != 0)
        return error_new(SPIN_ERROR_INVALID,
                         "not a WebAssembly module: it does not begin with \"\\0asm\"");
    if (wasm.ptr[6] == 1)
        return error_new(SPIN_ERROR_UNSUPPORTED,
                         "a component of the component model: this version runs core modules only");
    if (memcmp(wasm.ptr, module, sizeof module) != 0)
        return error_new(SPIN_ERROR_INVALID, "not version 1 of the WebAssembly binary format");
    return NULL;
}

static spin_error_t *compile(engine_component_t *component, spin_slice_t wasm) {
    wasmtime_error_t *failure = NULL;
    arena_t arena = {0};
    spin_slice_t rewritten;
    spin_error_t *error = legacy_rewrite(&arena, wasm, &rewritten);
    if (error == NULL)
        failure = wasmtime_module_new(component->context->engine, rewritten.ptr, rewritten.len,
                                      &component->module);
    if (failure != NULL)
        error = engine_error_take(failure, SPIN_ERROR_INVALID);
    arena_deinit(&arena);
    return error;
}

static spin_error_t *load_module(engine_component_t *component, const char *path) {
    spin_execution_context_t *context = component->context;
    mapping_t file;
    spin_error_t *error = map_file(path, &file);
    if (error != NULL)
        return error;
    error = check_preamble(file.bytes);
    if (error != NULL)
        goto out;
    spin_slice_t flags = spin_slice(context->settings.pooled ? "pooled" : "on demand");
    module_cache_key_t key = module_cache_key(file.bytes, flags);
    component->module = module_cache_get(&context->cache, &key, context->engine);
    if (component->module != NULL)
        goto out;
    LOG_INFO("compiling", LOG_SLICE("component", component->component->id), LOG_TEXT("file", path),
             LOG_INT("bytes", file.bytes.len));
    error = compile(component, file.bytes);
    if (error == NULL)
        module_cache_put(&context->cache, &key, component->module);
out:
    unmap_file(&file);
    return error == NULL ? NULL : error_wrap(error, "%s", path);
}

static spin_error_t *link_module(engine_component_t *component) {
    wasmtime_error_t *failure = wasmtime_linker_instantiate_pre(component->context->linker,
                                                                component->module, &component->pre);
    return failure == NULL ? NULL
                           : error_wrap(engine_error_take(failure, SPIN_ERROR_INVALID),
                                        "it imports what this host does not offer");
}

static spin_error_t *init_shared(engine_component_t *component) {
    const spin_execution_context_t *context = component->context;
    for (size_t i = 0; i < ENGINE_HOST_COUNT; i++) {
        const engine_host_t *host = context->hosts[i];
        if (host == NULL || host->component_init == NULL)
            continue;
        spin_error_t *error =
            host->component_init(component->component, context->settings.environment,
                                 context->settings.environment_len, &component->shared[i]);
        if (error != NULL)
            return error;
    }
    return NULL;
}

spin_error_t *engine_component_init(engine_component_t *component) {
    const char *path = component->component->source.file;
    if (path == NULL)
        return error_new(SPIN_ERROR_USAGE, "its source was not loaded: use a loader first");
    spin_error_t *error = load_module(component, path);
    if (error == NULL)
        error = link_module(component);
    if (error == NULL)
        error = init_shared(component);
    return error;
}

void engine_component_deinit(engine_component_t *component) {
    const spin_execution_context_t *context = component->context;
    for (size_t i = 0; i < ENGINE_HOST_COUNT; i++)
        if (component->shared[i] != NULL && context->hosts[i]->component_deinit != NULL)
            context->hosts[i]->component_deinit(component->shared[i]);
    if (component->pre != NULL)
        wasmtime_instance_pre_delete(component->pre);
    if (component->module != NULL)
        wasmtime_module_delete(component->module);
}
