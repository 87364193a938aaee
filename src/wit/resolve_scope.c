/* Names, gates and who finds whom. */
#include <stdlib.h>

#include "base/alloc.h"
#include "wit/resolve.h"

/* ── limits ──────────────────────────────────────────────────────────────────────────────── */

spin_error_t *resolve_enter(resolver_t *resolver, size_t count, wit_place_t place) {
    const char *reason = NULL;
    resolver->made += count;
    if (resolver->depth >= RESOLVE_MAX_DEPTH)
        reason = "names lead to other names more than 200 times";
    else if (resolver->made > RESOLVE_MAX_MADE)
        reason = "more than a million types and items of worlds";
    if (reason != NULL)
        return error_at(error_new(SPIN_ERROR_LIMIT, "%s", reason), place.file, place.line,
                        place.column);
    resolver->depth++;
    return NULL;
}

void resolve_leave(resolver_t *resolver) {
    resolver->depth--;
}

/* ── names ───────────────────────────────────────────────────────────────────────────────── */

const char *resolve_hint(resolver_t *resolver, const map_t *names, spin_slice_t name) {
    arena_t *arena = &resolver->wit->arena;
    const char *hint = "";
    const char **texts = mem_calloc(names->len, sizeof *texts);
    size_t len = 0;
    for (size_t i = 0; texts != NULL && i < names->len; i++) {
        spin_slice_t key = names->entries[i].key;
        if (key.len > 0 && key.ptr[0] == '(') /* a function of 2022 */
            continue;
        char *text = arena_copy_text(arena, key);
        if (text != NULL)
            texts[len++] = text;
    }
    const char *nearest = spin_nearest_name(name, texts, len);
    if (nearest != NULL) {
        spin_slice_t text = arena_printf(arena, ", did you mean \"%s\"?", nearest);
        if (text.ptr != NULL)
            hint = (const char *)text.ptr;
    }
    mem_free(texts);
    return hint;
}

spin_slice_t resolve_lower(arena_t *arena, spin_slice_t name) {
    char *lower = arena_copy_text(arena, name);
    for (size_t i = 0; lower != NULL && i < name.len; i++)
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] = (char)(lower[i] + 32);
    return spin_slice_of(lower, lower == NULL ? 0 : name.len);
}

spin_error_t *resolve_claim(resolver_t *resolver, map_t *names, wit_ast_name_t name,
                            const char *what, void *value) {
    spin_slice_t key = resolve_lower(&resolver->wit->arena, name.text);
    if (key.ptr == NULL)
        return error_no_memory();
    if (map_find(names, key) != NULL)
        return RESOLVE_FAIL(name.place, "%s \"%.*s\" is there twice", what, SLICE_ARG(name.text));
    return map_set(names, key, value) ? NULL : error_no_memory();
}

/* ── packages ────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *no_such_package(resolver_t *resolver, const wit_ast_path_t *path,
                                     spin_slice_t id) {
    for (size_t i = 0; i < resolver->units.len; i++) {
        const wit_package_t *package = resolver->units.items[i]->package;
        if (slice_equal(package->ns, path->ns) && slice_equal(package->name, path->package))
            return RESOLVE_FAIL(path->place, "package \"%.*s\" not found, there is \"%.*s\"",
                                SLICE_ARG(id), SLICE_ARG(package->id));
    }
    return RESOLVE_FAIL(path->place, "package \"%.*s\" not found%s", SLICE_ARG(id),
                        resolve_hint(resolver, &resolver->ids, id));
}

spin_error_t *resolve_find_unit(resolver_t *resolver, resolve_unit_t *unit,
                                const wit_ast_path_t *path, resolve_unit_t **out) {
    *out = unit;
    if (unit->is_2022) {
        *out = map_get(&resolver->stems, path->name);
        if (*out != NULL)
            return NULL;
        return RESOLVE_FAIL(path->place, "\"%.*s\" not found: no file %.*s.wit beside this one",
                            SLICE_ARG(path->name), SLICE_ARG(path->name));
    }
    if (path->ns.len == 0)
        return NULL;
    spin_slice_t id = arena_printf(&resolver->wit->arena, "%.*s:%.*s%s%.*s", SLICE_ARG(path->ns),
                                   SLICE_ARG(path->package), path->version.len == 0 ? "" : "@",
                                   SLICE_ARG(path->version));
    if (id.ptr == NULL)
        return error_no_memory();
    *out = map_get(&resolver->ids, id);
    return *out == NULL ? no_such_package(resolver, path, id) : NULL;
}

/* ── interfaces and worlds ───────────────────────────────────────────────────────────────── */

spin_error_t *resolve_use(resolver_t *resolver, resolve_source_t *source, resolve_use_t *use,
                          resolve_entity_t **out) {
    if (use->state == RESOLVE_BUSY)
        return RESOLVE_FAIL(use->place, "this \"use\" leads back to itself");
    spin_error_t *error = NULL;
    if (use->state == RESOLVE_NEW) {
        error = resolve_enter(resolver, 0, use->place);
        if (error != NULL)
            return error;
        use->state = RESOLVE_BUSY;
        error = resolve_find_entity(resolver, source, use->path, &use->entity);
        if (error == NULL && use->entity->is_world)
            error = RESOLVE_FAIL(use->place, "\"%.*s\" is a world, \"use\" is for interfaces",
                                 SLICE_ARG(use->path->name));
        use->state = RESOLVE_DONE;
        resolve_leave(resolver);
    }
    *out = use->entity;
    return error;
}

spin_error_t *resolve_find_entity(resolver_t *resolver, resolve_source_t *source,
                                  const wit_ast_path_t *path, resolve_entity_t **out) {
    resolve_unit_t *unit;
    spin_error_t *error = resolve_find_unit(resolver, source->unit, path, &unit);
    if (error != NULL)
        return error;
    resolve_use_t *use = path->ns.len == 0 ? map_get(&source->uses, path->name) : NULL;
    /* `use a;` names an interface of another file of this package the same as before. */
    if (use != NULL && use->path != path)
        return resolve_use(resolver, source, use, out);
    *out = map_get(&unit->names, path->name);
    if (*out == NULL)
        return RESOLVE_FAIL(path->place, "no interface or world \"%.*s\" in package \"%.*s\"%s",
                            SLICE_ARG(path->name), SLICE_ARG(unit->package->id),
                            resolve_hint(resolver, &unit->names, path->name));
    if ((*out)->is_left_out)
        return RESOLVE_FAIL(path->place,
                            "\"%.*s\" is left out: it is @unstable and its feature is not wanted",
                            SLICE_ARG(path->name));
    return NULL;
}

resolve_entity_t *resolve_new_entity(resolver_t *resolver, resolve_source_t *source,
                                     wit_ast_name_t name, const wit_ast_items_t *items,
                                     bool is_world) {
    arena_t *arena = &resolver->wit->arena;
    resolve_entity_t *entity = arena_calloc(arena, 1, sizeof *entity);
    if (entity == NULL)
        return NULL;
    entity->name = name.text;
    entity->place = name.place;
    entity->items = items;
    entity->source = source;
    entity->is_world = is_world;
    if (is_world)
        entity->world = arena_calloc(arena, 1, sizeof *entity->world);
    else
        entity->interface = arena_calloc(arena, 1, sizeof *entity->interface);
    if ((entity->world == NULL && entity->interface == NULL) ||
        !VEC_PUSH(&resolver->entities, entity))
        return NULL;
    return entity;
}

spin_error_t *resolve_entity(resolver_t *resolver, resolve_entity_t *entity, wit_place_t place) {
    if (entity->state == RESOLVE_DONE)
        return NULL;
    const char *what = entity->is_world ? "world" : "interface";
    if (entity->state == RESOLVE_BUSY)
        return RESOLVE_FAIL(place, "%s \"%.*s\" depends on itself", what, SLICE_ARG(entity->name));
    spin_error_t *error = resolve_enter(resolver, 0, place);
    if (error != NULL)
        return error;
    entity->state = RESOLVE_BUSY;
    error =
        entity->is_world ? resolve_world(resolver, entity) : resolve_interface(resolver, entity);
    entity->state = RESOLVE_DONE;
    resolve_leave(resolver);
    return error;
}
