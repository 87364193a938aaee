#include "engine/component.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "component/legacy.h"
#include "digest/digest.h"
#include "engine/model/model.h"

/* Read, not mapped: a file that is rebuilt in place meanwhile must neither end this process nor be
 * cached under the hash of what it was. `*out` is for mem_free. */
static spin_error_t *read_file(const char *path, spin_slice_t *out) {
    spin_error_t *error = NULL;
    struct stat info;
    uint8_t *bytes = NULL;
    size_t len = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &info) != 0) {
        error = error_from_errno(errno, "%s", path);
        goto out;
    }
    if (!S_ISREG(info.st_mode)) {
        error = error_new(SPIN_ERROR_INVALID, "%s: not a regular file", path);
        goto out;
    }
    bytes = mem_alloc((size_t)info.st_size);
    if (bytes == NULL) {
        error = error_no_memory();
        goto out;
    }
    while (len < (size_t)info.st_size) {
        ssize_t count = read(fd, bytes + len, (size_t)info.st_size - len);
        if (count < 0 && errno != EINTR) {
            error = error_from_errno(errno, "%s", path);
            goto out;
        }
        if (count == 0)
            break;
        len += count > 0 ? (size_t)count : 0;
    }
    *out = spin_slice_of(bytes, len);
    bytes = NULL;
out:
    mem_free(bytes);
    if (fd >= 0)
        close(fd);
    return error;
}

/* The eight bytes that every binary begins with: magic, version, layer (component model,
 * Binary.md). */
static spin_error_t *check_preamble(spin_slice_t wasm) {
    static const uint8_t module[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    if (wasm.len < sizeof module || memcmp(wasm.ptr, module, 4) != 0)
        return error_new(SPIN_ERROR_INVALID,
                         "not a WebAssembly module: it does not begin with \"\\0asm\"");
    if (component_is(wasm))
        return NULL;
    if (memcmp(wasm.ptr, module, sizeof module) != 0)
        return error_new(SPIN_ERROR_INVALID, "not version 1 of the WebAssembly binary format");
    return NULL;
}

enum { DIGEST_TEXT = sizeof "sha256:" + DIGEST_HEX };

/* Reads the module and tells its digest; what the loader has seen must be there still. `*wasm` is
 * for mem_free, on an error as well. */
static spin_error_t *read_module(const manifest_source_t *source, spin_slice_t *wasm,
                                 char digest[DIGEST_TEXT]) {
    spin_error_t *error = read_file(source->file, wasm);
    if (error != NULL)
        return error;
    memcpy(digest, "sha256:", sizeof "sha256:");
    digest_bytes(*wasm, digest + strlen(digest));
    if (source->file_digest.ptr != NULL && !slice_equal_text(source->file_digest, digest))
        return error_new(SPIN_ERROR_INVALID,
                         "the file has changed since the application was loaded; load the "
                         "application again, or put the file back as it was");
    return check_preamble(*wasm);
}

static spin_error_t *compile(spin_engine_t *engine, spin_slice_t wasm, wasmtime_module_t **out) {
    wasmtime_error_t *failure = wasmtime_module_new(engine->wasm, wasm.ptr, wasm.len, out);
    return failure == NULL ? NULL : engine_error_take(failure, SPIN_ERROR_INVALID);
}

static spin_error_t *compile_module(spin_engine_t *engine, spin_slice_t wasm,
                                    wasmtime_module_t **out) {
    arena_t arena = {0};
    spin_slice_t rewritten;
    spin_error_t *error = legacy_rewrite(&arena, wasm, &rewritten);
    if (error == NULL)
        error = compile(engine, rewritten, out);
    arena_deinit(&arena);
    return error;
}

static spin_error_t *compile_fused(spin_engine_t *engine, const linked_component_t *linked,
                                   wasmtime_module_t **out) {
    buf_t fused = {0};
    spin_error_t *error = component_fuse(linked, NULL, &fused);
    if (error == NULL && fused.failed)
        error = error_no_memory();
    if (error == NULL)
        error = compile(engine, buf_slice(&fused), out);
    buf_deinit(&fused);
    return error;
}

/* Puts it into the cache and takes it from there: what is mapped is shared by all processes, what
 * was compiled is this one's alone. */
static wasmtime_module_t *keep(spin_engine_t *engine, const module_cache_key_t *key,
                               wasmtime_module_t *compiled) {
    wasmtime_module_t *mapped = NULL;
    if (module_cache_put(&engine->cache, key, compiled))
        mapped = module_cache_get(&engine->cache, key, engine->wasm);
    if (mapped == NULL)
        return compiled;
    wasmtime_module_delete(compiled);
    return mapped;
}

/* What is compiled depends on these beside the bytes. */
enum { FUSE_VERSION = 3 };

static module_cache_key_t key_of(const spin_engine_t *engine, spin_slice_t digest,
                                 bool is_component) {
    char flags[48];
    const char *pool = engine->settings.pooled ? "pooled" : "on demand";
    if (!is_component)
        return module_cache_key(digest, spin_slice(pool));
    snprintf(flags, sizeof flags, "%s, component %d", pool, FUSE_VERSION);
    return module_cache_key(digest, spin_slice(flags));
}

static void log_compiling(const engine_component_t *component, size_t bytes) {
    const char *file = component->component->source.file;
    LOG_INFO("compiling", LOG_SLICE("component", component->component->id),
             LOG_TEXT("file", file != NULL ? file : ""), LOG_INT("bytes", bytes));
}

static spin_error_t *add_live(engine_component_t *component, const module_cache_key_t *key,
                              wasmtime_module_t *module, model_module_t *model) {
    component->module = live_module_add(&component->context->engine->modules, key, module, model);
    return component->module == NULL ? error_no_memory() : NULL;
}

/* A core module: from the cache, else compiled and put there. */
static spin_error_t *make_module(engine_component_t *component, spin_slice_t wasm,
                                 const module_cache_key_t *key) {
    spin_engine_t *engine = component->context->engine;
    wasmtime_module_t *module = module_cache_get(&engine->cache, key, engine->wasm);
    if (module == NULL) {
        log_compiling(component, wasm.len);
        spin_error_t *error = compile_module(engine, wasm, &module);
        if (error != NULL)
            return error;
        module = keep(engine, key, module);
    }
    return add_live(component, key, module, NULL);
}

/* A component: linked in any case. What is in the cache was valid when it got there. Takes the
 * reference, or `wasm` where there is none. */
static spin_error_t *make_model(engine_component_t *component, spin_wasm_component_t *binary,
                                spin_slice_t wasm, const module_cache_key_t *key) {
    spin_engine_t *engine = component->context->engine;
    model_module_t *model = NULL;
    wasmtime_module_t *module = module_cache_get(&engine->cache, key, engine->wasm);
    const bool is_cached = module != NULL;
    spin_error_t *error = NULL;
    if (binary == NULL)
        error = component_open(wasm, NULL, is_cached, &binary);
    if (error == NULL)
        error = model_module_new(binary, &model);
    if (error == NULL && !is_cached) {
        log_compiling(component, model->binary->bytes.len);
        error = model_check_modules(model->binary, engine->wasm);
        if (error == NULL)
            error = compile_fused(engine, model->linked, &module);
        if (error == NULL)
            module = keep(engine, key, module);
    }
    if (error == NULL)
        return add_live(component, key, module, model);
    model_module_free(model);
    if (module != NULL)
        wasmtime_module_delete(module);
    return error;
}

/* A core module whose digest is known need not be there any more, nor be read where it is, as long
 * as its code is in use or in the cache. A component in the cache is read: it is to be linked. */
static spin_error_t *load_source(engine_component_t *component) {
    spin_engine_t *engine = component->context->engine;
    const manifest_source_t *source = &component->component->source;
    spin_slice_t wasm = {0}, digest = source->file_digest;
    char own[DIGEST_TEXT];
    wasmtime_module_t *module = NULL;
    spin_error_t *error = NULL;
    if (digest.ptr == NULL) {
        error = read_module(source, &wasm, own);
        digest = spin_slice(own);
    }
    if (error == NULL) {
        module_cache_key_t core = key_of(engine, digest, false);
        module_cache_key_t fused = key_of(engine, digest, true);
        component->module = live_module_find(&engine->modules, &core);
        if (component->module == NULL)
            component->module = live_module_find(&engine->modules, &fused);
        if (component->module == NULL && wasm.ptr == NULL) {
            module = module_cache_get(&engine->cache, &core, engine->wasm);
            error = module != NULL ? add_live(component, &core, module, NULL)
                                   : read_module(source, &wasm, own);
        }
        if (error == NULL && component->module == NULL && component_is(wasm)) {
            error = make_model(component, NULL, wasm, &fused);
            wasm = (spin_slice_t){0};
        } else if (error == NULL && component->module == NULL) {
            error = make_module(component, wasm, &core);
        }
    }
    mem_free((void *)(uintptr_t)wasm.ptr);
    return error == NULL ? NULL : error_wrap(error, "%s", source->file);
}

/* With its length, so that no two lists of modules are the same bytes. */
static void update(struct sha256_ctx *hash, spin_slice_t bytes) {
    const uint64_t len = bytes.len;
    sha256_update(hash, sizeof len, (const uint8_t *)&len);
    sha256_update(hash, bytes.len, bytes.ptr);
}

/* What is fused: the component, and the core modules that were given for it. */
static spin_error_t *load_given(engine_component_t *component) {
    spin_engine_t *engine = component->context->engine;
    const spin_wasm_component_t *given = component->given;
    const linked_component_t *linked = &given->linked;
    char digest[DIGEST_HEX + 1];
    struct sha256_ctx hash;
    sha256_init(&hash);
    update(&hash, given->bytes);
    for (uint32_t i = 0; i < linked->module_count; i++) {
        spin_slice_t bytes = linked->modules[i].bytes;
        uintptr_t at = (uintptr_t)bytes.ptr, first = (uintptr_t)given->bytes.ptr;
        if (at < first || at >= first + given->bytes.len)
            update(&hash, bytes);
    }
    digest_hex(&hash, digest);
    module_cache_key_t key = key_of(engine, spin_slice(digest), true);
    component->module = live_module_find(&engine->modules, &key);
    if (component->module != NULL)
        return NULL;
    return make_model(component, spin_wasm_component_ref(component->given), (spin_slice_t){0},
                      &key);
}

static spin_error_t *link_module(engine_component_t *component) {
    spin_execution_context_t *context = component->context;
    const wasmtime_module_t *module = component->module->module;
    if (component->module->model != NULL) {
        const char *file = component->component->source.file;
        spin_error_t *failed = model_link(component, &component->model);
        return failed == NULL || file == NULL ? failed : error_wrap(failed, "%s", file);
    }
    spin_error_t *error = abi_guest_resources_define(context, module);
    if (error != NULL)
        return error;
    const wasmtime_linker_t *linker = context->links.linker;
    wasmtime_error_t *failure = wasmtime_linker_instantiate_pre(
        linker != NULL ? linker : context->engine->links.linker, module, &component->pre);
    if (failure == NULL)
        return NULL;
    error = abi_check_imports(context->links.imports, module);
    if (error != NULL) {
        wasmtime_error_delete(failure);
        return error;
    }
    return error_wrap(engine_error_take(failure, SPIN_ERROR_INVALID),
                      "it imports what this host does not offer");
}

static spin_error_t *init_shared(engine_component_t *component) {
    const spin_execution_context_t *context = component->context;
    const context_settings_t *settings = &context->settings;
    for (size_t i = 0; i < ENGINE_HOST_COUNT; i++) {
        const engine_host_t *host = context->engine->hosts[i];
        if (host == NULL || host->component_init == NULL)
            continue;
        const engine_component_settings_t given = {
            component->component, settings->environment,   settings->environment_len,
            settings->variables,  settings->variables_len, context->engine->host_shared[i],
        };
        spin_error_t *error = host->component_init(&given, &component->shared[i]);
        if (error != NULL)
            return error;
    }
    return NULL;
}

spin_error_t *engine_component_init(engine_component_t *component) {
    if (component->given == NULL && component->component->source.file == NULL)
        return error_new(SPIN_ERROR_USAGE, "its source was not loaded: use a loader first");
    spin_error_t *error = component->given != NULL ? load_given(component) : load_source(component);
    if (error == NULL)
        error = link_module(component);
    if (error == NULL)
        error = init_shared(component);
    return error;
}

void engine_component_deinit(engine_component_t *component) {
    spin_engine_t *engine = component->context->engine;
    for (size_t i = 0; i < ENGINE_HOST_COUNT; i++)
        if (component->shared[i] != NULL && engine->hosts[i]->component_deinit != NULL)
            engine->hosts[i]->component_deinit(component->shared[i]);
    if (component->pre != NULL)
        wasmtime_instance_pre_delete(component->pre);
    model_free(component->model);
    live_module_drop(&engine->modules, component->module);
    spin_wasm_component_unref(component->given);
}
