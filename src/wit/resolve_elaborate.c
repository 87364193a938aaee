/* The final lists of a world: each interface comes with those that its types are from, and after
 * them (WIT.md, "Transitive imports and worlds"). */
#include "wit/resolve.h"

typedef struct elaboration {
    resolver_t *resolver;
    resolve_entity_t *world;
    VEC(wit_world_item_t) imports;
    VEC(wit_world_item_t) exports;
    map_t imported; /* ids of interfaces that are in the lists */
    map_t exported;
    map_t needed; /* imported for the sake of exports only */
} elaboration_t;

static wit_world_item_t finish(const resolve_item_t *item) {
    return (wit_world_item_t){
        .name = item->name,
        .interface = item->interface == NULL ? NULL : item->interface->interface,
        .function = item->function,
        .type = item->type == NULL ? NULL : item->type->def,
        .place = item->place,
    };
}

static spin_error_t *count_item(elaboration_t *all, const resolve_item_t *item) {
    spin_error_t *error = resolve_enter(all->resolver, 1, item->place);
    if (error == NULL)
        resolve_leave(all->resolver);
    return error;
}

static spin_error_t *push_import(elaboration_t *all, const resolve_item_t *item) {
    spin_error_t *error = count_item(all, item);
    if (error == NULL && !VEC_PUSH(&all->imports, finish(item)))
        error = error_no_memory();
    return error;
}

static spin_error_t *push_export(elaboration_t *all, const resolve_item_t *item) {
    spin_error_t *error = count_item(all, item);
    if (error == NULL && !VEC_PUSH(&all->exports, finish(item)))
        error = error_no_memory();
    return error;
}

static spin_error_t *mark(map_t *map, const resolve_entity_t *interface) {
    return map_set(map, interface->interface->id, (void *)interface) ? NULL : error_no_memory();
}

static bool is_marked(const map_t *map, const resolve_entity_t *interface) {
    return map_find(map, interface->interface->id) != NULL;
}

static bool is_exported(const elaboration_t *all, const resolve_entity_t *interface) {
    const map_entry_t *entry = map_find(&all->world->export_keys, interface->interface->id);
    return entry != NULL &&
           all->world->exports.items[(uintptr_t)entry->value].interface == interface;
}

/* ── imports ─────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *import_interface(elaboration_t *all, resolve_entity_t *interface,
                                      wit_place_t place);

static spin_error_t *import_uses(elaboration_t *all, const resolve_entity_t *interface,
                                 wit_place_t place) {
    spin_error_t *error = resolve_enter(all->resolver, 0, place);
    if (error != NULL)
        return error;
    for (size_t i = 0; i < interface->uses.len && error == NULL; i++)
        error = import_interface(all, interface->uses.entries[i].value, place);
    resolve_leave(all->resolver);
    return error;
}

static spin_error_t *import_interface(elaboration_t *all, resolve_entity_t *interface,
                                      wit_place_t place) {
    if (is_marked(&all->imported, interface))
        return NULL;
    spin_error_t *error = import_uses(all, interface, place);
    if (error == NULL)
        error = mark(&all->imported, interface);
    if (error == NULL)
        error = push_import(all, &(resolve_item_t){.interface = interface, .place = place});
    return error;
}

static spin_error_t *import_item(elaboration_t *all, const resolve_item_t *item) {
    if (item->interface == NULL)
        return push_import(all, item);
    if (item->name.len == 0)
        return import_interface(all, item->interface, item->place);
    spin_error_t *error = import_uses(all, item->interface, item->place);
    return error != NULL ? error : push_import(all, item);
}

/* ── exports ─────────────────────────────────────────────────────────────────────────────── */

/* What an export needs and is not exported is imported. But the types of an import can't come from
 * an export. */
static spin_error_t *check_needed(elaboration_t *all, resolve_entity_t *interface,
                                  const resolve_item_t *item) {
    if (is_marked(&all->needed, interface))
        return NULL;
    spin_error_t *error = mark(&all->needed, interface);
    if (error == NULL)
        error = resolve_enter(all->resolver, 0, item->place);
    if (error != NULL)
        return error;
    for (size_t i = 0; i < interface->uses.len && error == NULL; i++) {
        resolve_entity_t *other = interface->uses.entries[i].value;
        if (is_exported(all, other))
            error =
                RESOLVE_FAIL(item->place,
                             "the export needs \"%.*s\", which is imported and needs \"%.*s\", "
                             "which is exported: export both or neither",
                             SLICE_ARG(interface->interface->id), SLICE_ARG(other->interface->id));
        else
            error = check_needed(all, other, item);
    }
    resolve_leave(all->resolver);
    return error;
}

static spin_error_t *export_item(elaboration_t *all, const resolve_item_t *item) {
    resolve_entity_t *interface = item->interface;
    bool by_id = interface != NULL && item->name.len == 0;
    if (interface == NULL)
        return push_export(all, item);
    if (by_id && is_marked(&all->exported, interface))
        return NULL;
    spin_error_t *error = by_id ? mark(&all->exported, interface) : NULL;
    if (error == NULL)
        error = resolve_enter(all->resolver, 0, item->place);
    if (error != NULL)
        return error;
    for (size_t i = 0; i < interface->uses.len && error == NULL; i++) {
        resolve_entity_t *other = interface->uses.entries[i].value;
        if (is_exported(all, other)) {
            error = export_item(all, &(resolve_item_t){.interface = other, .place = item->place});
            continue;
        }
        error = check_needed(all, other, item);
        if (error == NULL)
            error = import_interface(all, other, item->place);
    }
    resolve_leave(all->resolver);
    return error != NULL ? error : push_export(all, item);
}

static spin_error_t *copy_lists(elaboration_t *all) {
    arena_t *arena = &all->resolver->wit->arena;
    wit_world_t *world = all->world->world;
    world->imports = arena_calloc(arena, all->imports.len, sizeof *world->imports);
    world->exports = arena_calloc(arena, all->exports.len, sizeof *world->exports);
    if (world->imports == NULL || world->exports == NULL)
        return error_no_memory();
    if (all->imports.len > 0)
        memcpy(world->imports, all->imports.items, all->imports.len * sizeof *world->imports);
    if (all->exports.len > 0)
        memcpy(world->exports, all->exports.items, all->exports.len * sizeof *world->exports);
    world->imports_len = all->imports.len;
    world->exports_len = all->exports.len;
    return NULL;
}

spin_error_t *resolve_elaborate(resolver_t *resolver, resolve_entity_t *world) {
    elaboration_t all = {.resolver = resolver, .world = world};
    spin_error_t *error = NULL;
    for (size_t i = 0; i < world->imports.len && error == NULL; i++)
        error = import_item(&all, &world->imports.items[i]);
    for (size_t i = 0; i < world->exports.len && error == NULL; i++)
        error = export_item(&all, &world->exports.items[i]);
    if (error == NULL)
        error = copy_lists(&all);
    VEC_FREE(&all.imports);
    VEC_FREE(&all.exports);
    map_deinit(&all.imported);
    map_deinit(&all.exported);
    map_deinit(&all.needed);
    return error;
}
