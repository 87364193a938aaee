#include "component/link.h"

spin_error_t *link_count(linker_t *linker, size_t count, size_t offset) {
    if (count > LINK_MAX_ITEMS || linker->items + count > LINK_MAX_ITEMS)
        return LINK_FAIL(offset, LIMIT, "component instantiates more than %d definitions",
                         LINK_MAX_ITEMS);
    linker->items += (uint32_t)count;
    return NULL;
}

spin_error_t *link_enter(linker_t *linker, size_t offset) {
    if (linker->depth == AST_MAX_NESTING)
        return LINK_FAIL(offset, LIMIT, "component instances nest deeper than %d", AST_MAX_NESTING);
    linker->depth++;
    return NULL;
}

void link_leave(linker_t *linker) {
    linker->depth--;
}

spin_error_t *link_intern(linker_t *linker, spin_slice_t key, size_t next, uint32_t *out) {
    const map_entry_t *entry = map_find(&linker->known, key);
    if (entry != NULL) {
        *out = (uint32_t)(uintptr_t)entry->value;
        return NULL;
    }
    spin_slice_t kept = arena_copy(&linker->scratch, key);
    if (kept.ptr == NULL || !map_set(&linker->known, kept, (void *)(uintptr_t)next))
        return error_no_memory();
    *out = (uint32_t)next;
    return NULL;
}

/* ── the result ──────────────────────────────────────────────────────────────────────────── */

static bool copy_array(arena_t *arena, const void *items, size_t len, size_t size, const void **out,
                       uint32_t *count) {
    *count = (uint32_t)len;
    void *copy = len == 0 ? NULL : arena_calloc(arena, len, size);
    if (copy != NULL)
        memcpy(copy, items, len * size);
    *out = copy;
    return copy != NULL || len == 0;
}

#define COPY(vec, field, counter)                                                                  \
    copy_array(linker->arena, (vec).items, (vec).len, sizeof *(vec).items,                         \
               (const void **)&out->field, &out->counter)

static spin_error_t *finish(linker_t *linker, linked_component_t *out) {
    out->uses_async = linker->uses_async;
    bool ok = COPY(linker->modules, modules, module_count) &&
              COPY(linker->instances, instances, instance_count) &&
              COPY(linker->components, components, component_count) &&
              COPY(linker->canon_options, options, option_count) &&
              COPY(linker->resources, resources, resource_count) &&
              COPY(linker->sames, sames, same_count) &&
              COPY(linker->imports, imports, import_count) &&
              COPY(linker->lifts, lifts, lift_count) && COPY(linker->lowers, lowers, lower_count) &&
              COPY(linker->builtins, builtins, builtin_count) &&
              COPY(linker->exported_modules, exported_modules, exported_module_count);
    if (!ok)
        return error_no_memory();
    return linker->renamed ? type_refresh_texts(&linker->types) : NULL;
}

static void linker_deinit(linker_t *linker) {
    for (link_names_t *names = linker->names; names != NULL; names = names->next)
        map_deinit(&names->map);
    VEC_FREE(&linker->modules);
    VEC_FREE(&linker->module_parts);
    VEC_FREE(&linker->instances);
    VEC_FREE(&linker->components);
    VEC_FREE(&linker->canon_options);
    VEC_FREE(&linker->resources);
    VEC_FREE(&linker->sames);
    VEC_FREE(&linker->imports);
    VEC_FREE(&linker->lifts);
    VEC_FREE(&linker->lowers);
    VEC_FREE(&linker->builtins);
    VEC_FREE(&linker->exported_modules);
    map_deinit(&linker->known);
    type_table_deinit(&linker->types);
    arena_deinit(&linker->scratch);
}

spin_error_t *component_link(arena_t *arena, const ast_component_t *component,
                             const link_options_t *options, linked_component_t *out) {
    linker_t linker = {.arena = arena, .options = options, .types = {.arena = arena}};
    arena_init(&linker.scratch, 32 << 10);
    *out = (linked_component_t){.arena = arena};
    link_env_t *root = NULL;
    link_closure_t closure = {.scope = &component->scope};
    spin_error_t *error =
        link_component(&linker, &closure, LINKED_NONE, NULL, component->offset, &root);
    if (error == NULL)
        error = link_root_exports(&linker, root, out);
    if (error == NULL)
        error = link_number(&linker, out);
    if (error == NULL)
        error = finish(&linker, out);
    linker_deinit(&linker);
    return error;
}
