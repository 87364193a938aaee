#include "component/component.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/options.h"
#include "component/fuse.h"
#include "component/validate.h"

#if __has_include("component/print.h")
#include "component/print.h"
#else
spin_error_t *component_print(const ast_component_t *component, buf_t *out);
#endif
#if __has_include("component/world.h")
#include "component/world.h"
#else
spin_error_t *component_world(const ast_component_t *component, buf_t *out);
#endif

/* ── making one ── */

/* Core modules that the caller gives, copied: they are part of what is fused. */
static spin_error_t *take_modules(spin_wasm_component_t *component,
                                  const spin_wasm_component_options_t *options,
                                  link_options_t *out) {
    arena_t *arena = &component->arena;
    link_module_import_t *modules = arena_calloc(arena, options->modules_len, sizeof *modules);
    if (modules == NULL && options->modules_len > 0)
        return error_no_memory();
    for (size_t i = 0; i < options->modules_len; i++) {
        const spin_component_module_t *given = &options->modules[i];
        core_module_t *module = arena_calloc(arena, 1, sizeof *module);
        modules[i].name = arena_copy(arena, given->name);
        modules[i].bytes = arena_copy(arena, given->bytes);
        modules[i].module = module;
        if (module == NULL || modules[i].name.ptr == NULL || modules[i].bytes.ptr == NULL)
            return error_no_memory();
        spin_error_t *error = core_module_read(arena, modules[i].bytes, module);
        if (error != NULL)
            return error_wrap(error, "core module \"%.*s\"", SLICE_ARG(given->name));
    }
    *out = (link_options_t){modules, (uint32_t)options->modules_len};
    return NULL;
}

static const component_validate_options_t everything = {.features.threading = true};

/* Where it can be linked that says what is in its instances. */
static spin_error_t *link_definition(spin_wasm_component_t *component) {
    spin_error_t *error =
        component_link(&component->arena, component->ast, NULL, &component->linked);
    if (error == NULL || spin_error_kind(error) == SPIN_ERROR_NO_MEMORY)
        return error;
    component->linked = (linked_component_t){0};
    spin_error_free(error);
    return NULL;
}

static spin_error_t *make(spin_wasm_component_t *component,
                          const spin_wasm_component_options_t *options, bool is_valid) {
    link_options_t link = {0};
    spin_error_t *error = component_decode(&component->arena, component->bytes, &component->ast);
    if (error == NULL && !is_valid)
        error = component_validate(component->ast, &everything);
    if (error == NULL && !component->definition_only) {
        error = take_modules(component, options, &link);
        if (error == NULL)
            error = component_link(&component->arena, component->ast, &link, &component->linked);
    }
    if (error == NULL && component->definition_only)
        error = link_definition(component);
    return error == NULL ? component_list_items(component) : error;
}

spin_error_t *component_open(spin_slice_t bytes, const spin_wasm_component_options_t *options,
                             bool is_valid, spin_wasm_component_t **out) {
    spin_wasm_component_options_t given = {0};
    spin_error_t *error =
        options_take(&given, sizeof given, options, "spin_wasm_component_options_t");
    spin_wasm_component_t *component = NULL;
    if (error == NULL) {
        component = mem_calloc(1, sizeof *component);
        error = component == NULL ? error_no_memory() : NULL;
    }
    if (error != NULL) {
        mem_free((void *)(uintptr_t)bytes.ptr);
        return error;
    }
    atomic_init(&component->refs, 1);
    component->bytes = bytes;
    component->definition_only = given.definition_only;
    error = make(component, &given, is_valid);
    if (error != NULL)
        spin_wasm_component_unref(component);
    else
        *out = component;
    return error;
}

spin_error_t *spin_wasm_component_parse(spin_slice_t bytes,
                                        const spin_wasm_component_options_t *options,
                                        spin_wasm_component_t **out) {
    uint8_t *copy = mem_alloc(bytes.len + 1); /* not NULL for none */
    if (copy == NULL)
        return error_no_memory();
    if (bytes.len > 0)
        memcpy(copy, bytes.ptr, bytes.len);
    return component_open(spin_slice_of(copy, bytes.len), options, false, out);
}

static spin_error_t *read_all(int fd, buf_t *out) {
    struct stat info;
    if (fstat(fd, &info) != 0)
        return error_from_errno(errno, "fstat");
    if (!S_ISREG(info.st_mode))
        return error_new(SPIN_ERROR_INVALID, "not a regular file");
    for (;;) {
        if (!buf_reserve(out, out->len == 0 ? (size_t)info.st_size + 1 : 65536))
            return error_no_memory();
        ssize_t count = read(fd, out->ptr + out->len, out->cap - out->len);
        if (count < 0 && errno != EINTR)
            return error_from_errno(errno, "read");
        if (count == 0)
            return NULL;
        out->len += count > 0 ? (size_t)count : 0;
    }
}

spin_error_t *spin_wasm_component_load(const char *path,
                                       const spin_wasm_component_options_t *options,
                                       spin_wasm_component_t **out) {
    buf_t bytes = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_from_errno(errno, "%s", path);
    spin_error_t *error = read_all(fd, &bytes);
    close(fd);
    if (error != NULL)
        buf_deinit(&bytes);
    else
        error = component_open(buf_slice(&bytes), options, false, out);
    return error == NULL ? NULL : error_wrap(error, "%s", path);
}

spin_wasm_component_t *spin_wasm_component_ref(spin_wasm_component_t *component) {
    atomic_fetch_add_explicit(&component->refs, 1, memory_order_relaxed);
    return component;
}

void spin_wasm_component_unref(spin_wasm_component_t *component) {
    if (component == NULL ||
        atomic_fetch_sub_explicit(&component->refs, 1, memory_order_acq_rel) != 1)
        return;
    arena_deinit(&component->arena);
    mem_free((void *)(uintptr_t)component->bytes.ptr);
    mem_free(component);
}

/* ── looking at it ── */

static bool item_at(const spin_component_item_t *items, size_t len, size_t index,
                    spin_component_item_t *out) {
    if (index >= len || out->size > sizeof *out)
        return false;
    size_t size = out->size;
    memcpy(out, &items[index], size);
    out->size = size;
    return true;
}

size_t spin_wasm_component_import_count(const spin_wasm_component_t *component) {
    return component->imports_len;
}

size_t spin_wasm_component_export_count(const spin_wasm_component_t *component) {
    return component->exports_len;
}

bool spin_wasm_component_import(const spin_wasm_component_t *component, size_t index,
                                spin_component_item_t *out) {
    return item_at(component->imports, component->imports_len, index, out);
}

bool spin_wasm_component_export(const spin_wasm_component_t *component, size_t index,
                                spin_component_item_t *out) {
    return item_at(component->exports, component->exports_len, index, out);
}

/* "a#b": `b` in instance `a`. */
static const linked_export_t *find_export(const linked_export_t *items, uint32_t count,
                                          spin_slice_t name) {
    for (uint32_t i = 0; i < count; i++) {
        const linked_export_t *item = &items[i];
        if (slice_equal(item->name, name))
            return item;
        bool is_in = item->kind == LINKED_EXPORT_INSTANCE && name.len > item->name.len &&
                     slice_starts_with(name, item->name) && name.ptr[item->name.len] == '#';
        if (is_in)
            return find_export(item->items, item->item_count, slice_from(name, item->name.len + 1));
    }
    return NULL;
}

spin_error_t *spin_wasm_component_module(const spin_wasm_component_t *component, spin_slice_t name,
                                         spin_slice_t *out) {
    const linked_component_t *linked = &component->linked;
    const linked_export_t *found = find_export(linked->exports, linked->export_count, name);
    if (found == NULL || found->kind != LINKED_EXPORT_MODULE)
        return error_new(SPIN_ERROR_NOT_FOUND, "it exports no core module \"%.*s\"",
                         SLICE_ARG(name));
    *out = linked->exported_modules[found->index];
    return NULL;
}

/* Hands over what `buf` holds, or the error. */
static spin_error_t *give(spin_error_t *error, buf_t *buf, spin_string_t *out) {
    if (error == NULL && buf->failed)
        error = error_no_memory();
    if (error == NULL)
        *out = buf_slice(buf);
    else
        buf_deinit(buf);
    return error;
}

spin_error_t *spin_wasm_component_wit(const spin_wasm_component_t *component, spin_string_t *out) {
    buf_t text = {0};
    return give(component_world(component->ast, &text), &text, out);
}

spin_error_t *spin_wasm_component_print(const spin_wasm_component_t *component,
                                        spin_string_t *out) {
    buf_t text = {0};
    return give(component_print(component->ast, &text), &text, out);
}

spin_error_t *spin_wasm_component_fuse(const spin_wasm_component_t *component, spin_string_t *out) {
    buf_t module = {0};
    if (component->definition_only)
        return error_new(SPIN_ERROR_USAGE, "a definition only can't be fused");
    return give(component_fuse(&component->linked, NULL, &module), &module, out);
}
