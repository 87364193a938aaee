/* Packages: what belongs to them, their order, and the lists of the model. */
#include "wit/resolve.h"

void resolver_init(resolver_t *resolver, spin_wit_t *wit, const spin_wit_options_t *options) {
    *resolver = (resolver_t){.wit = wit, .options = options, .types.arena = &wit->arena};
}

void resolver_deinit(resolver_t *resolver) {
    for (size_t i = 0; i < resolver->entities.len; i++) {
        resolve_entity_t *entity = resolver->entities.items[i];
        map_deinit(&entity->names);
        map_deinit(&entity->lower_names);
        map_deinit(&entity->uses);
        VEC_FREE(&entity->imports);
        VEC_FREE(&entity->exports);
        map_deinit(&entity->import_keys);
        map_deinit(&entity->export_keys);
    }
    for (size_t i = 0; i < resolver->units.len; i++) {
        resolve_unit_t *unit = resolver->units.items[i];
        for (size_t j = 0; j < unit->sources.len; j++)
            map_deinit(&unit->sources.items[j]->uses);
        VEC_FREE(&unit->sources);
        VEC_FREE(&unit->entities);
        map_deinit(&unit->names);
    }
    VEC_FREE(&resolver->entities);
    VEC_FREE(&resolver->units);
    VEC_FREE(&resolver->order);
    map_deinit(&resolver->ids);
    map_deinit(&resolver->stems);
    type_table_deinit(&resolver->types);
}

/* ── adding ──────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *add_unit(resolver_t *resolver, const wit_ast_package_t *declared,
                              wit_place_t place, resolve_unit_t **out) {
    arena_t *arena = &resolver->wit->arena;
    resolve_unit_t *unit = arena_calloc(arena, 1, sizeof *unit);
    wit_package_t *package = arena_calloc(arena, 1, sizeof *package);
    if (unit == NULL || package == NULL || !VEC_PUSH(&resolver->units, unit))
        return error_no_memory();
    *out = unit;
    unit->package = package;
    unit->place = place;
    unit->is_2022 = declared == NULL;
    if (declared == NULL)
        return NULL;
    package->ns = declared->ns;
    package->name = declared->name;
    package->version = declared->version;
    package->id =
        arena_printf(arena, "%.*s:%.*s%s%.*s", SLICE_ARG(declared->ns), SLICE_ARG(declared->name),
                     declared->version.len > 0 ? "@" : "", SLICE_ARG(declared->version));
    if (package->id.ptr == NULL)
        return error_no_memory();
    const resolve_unit_t *other = map_get(&resolver->ids, package->id);
    if (other != NULL)
        return RESOLVE_FAIL(place, "package \"%.*s\" is there twice, also in %s:%u",
                            SLICE_ARG(package->id), other->place.file, other->place.line);
    return map_set(&resolver->ids, package->id, unit) ? NULL : error_no_memory();
}

static spin_error_t *add_source(resolver_t *resolver, resolve_unit_t *unit,
                                const wit_ast_items_t *items, resolve_source_t **out) {
    resolve_source_t *source = arena_calloc(&resolver->wit->arena, 1, sizeof *source);
    if (source == NULL || !VEC_PUSH(&unit->sources, source))
        return error_no_memory();
    source->unit = unit;
    source->items = items;
    *out = source;
    return NULL;
}

static spin_error_t *add_entity(resolver_t *resolver, resolve_source_t *source,
                                const wit_ast_item_t *item) {
    bool wanted;
    resolve_unit_t *unit = source->unit;
    spin_error_t *error = resolve_gate(resolver, unit, &item->head, &wanted);
    if (error != NULL)
        return error;
    bool is_world = item->kind == WIT_AST_WORLD;
    resolve_entity_t *entity =
        resolve_new_entity(resolver, source, item->name, &item->of.body.items, is_world);
    if (entity == NULL || !VEC_PUSH(&unit->entities, entity))
        return error_no_memory();
    entity->head = &item->head;
    entity->is_left_out = !wanted;
    if (!wanted)
        error = resolve_left_out(resolver, unit, entity->items, is_world ? "world" : "interface");
    if (error != NULL)
        return error;
    return resolve_claim(resolver, &unit->names, item->name, is_world ? "world" : "interface",
                         entity);
}

static spin_error_t *add_use(resolver_t *resolver, resolve_source_t *source,
                             const wit_ast_item_t *item) {
    bool wanted;
    spin_error_t *error = resolve_gate(resolver, source->unit, &item->head, &wanted);
    if (error != NULL || !wanted)
        return error;
    resolve_use_t *use = arena_calloc(&resolver->wit->arena, 1, sizeof *use);
    if (use == NULL)
        return error_no_memory();
    use->path = &item->of.use.path;
    use->place = use->path->place;
    wit_ast_name_t name = item->name;
    if (name.text.len == 0)
        name = (wit_ast_name_t){use->path->name, use->path->place};
    return resolve_claim(resolver, &source->uses, name, "name", use);
}

/* A name of a file's `use` and an interface of the same file can't both be meant. */
static spin_error_t *check_uses(resolve_source_t *source) {
    for (size_t i = 0; i < source->items->len; i++) {
        const wit_ast_item_t *item = &source->items->items[i];
        if ((item->kind == WIT_AST_INTERFACE || item->kind == WIT_AST_WORLD) &&
            map_get(&source->uses, item->name.text) != NULL)
            return RESOLVE_FAIL(item->name.place, "name \"%.*s\" is there twice",
                                SLICE_ARG(item->name.text));
    }
    return NULL;
}

static spin_error_t *add_items(resolver_t *resolver, resolve_source_t *source);

/* A nested package is one beside that which it is written in. */
static spin_error_t *add_nested(resolver_t *resolver, const wit_ast_item_t *item) {
    const wit_ast_package_t *declared = &item->of.body.package;
    resolve_unit_t *unit = NULL;
    resolve_source_t *source = NULL;
    spin_error_t *error = resolve_enter(resolver, 0, item->place);
    if (error != NULL)
        return error;
    error = add_unit(resolver, declared, declared->place, &unit);
    if (error == NULL)
        error = add_source(resolver, unit, &item->of.body.items, &source);
    if (error == NULL)
        error = add_items(resolver, source);
    if (error == NULL)
        unit->package->docs = item->head.docs;
    resolve_leave(resolver);
    return error;
}

static spin_error_t *add_items(resolver_t *resolver, resolve_source_t *source) {
    for (size_t i = 0; i < source->items->len; i++) {
        const wit_ast_item_t *item = &source->items->items[i];
        spin_error_t *error = NULL;
        if (item->kind == WIT_AST_INTERFACE || item->kind == WIT_AST_WORLD)
            error = add_entity(resolver, source, item);
        else if (item->kind == WIT_AST_TOP_USE)
            error = add_use(resolver, source, item);
        else if (item->kind == WIT_AST_PACKAGE)
            error = add_nested(resolver, item);
        if (error != NULL)
            return error;
    }
    return check_uses(source);
}

static bool same_package(const wit_ast_package_t *a, const wit_ast_package_t *b) {
    return slice_equal(a->ns, b->ns) && slice_equal(a->name, b->name) &&
           slice_equal(a->version, b->version);
}

static spin_error_t *find_header(wit_ast_file_t *const *files, size_t len, const char *path,
                                 const wit_ast_file_t **out) {
    *out = NULL;
    for (size_t i = 0; i < len; i++) {
        const wit_ast_file_t *file = files[i];
        if (!file->has_package)
            continue;
        if (*out == NULL)
            *out = file;
        else if (file->head.docs.len > 0 && (*out)->head.docs.len > 0)
            return RESOLVE_FAIL(file->package.place, "the package is documented twice, also in %s",
                                (*out)->file);
        if (!same_package(&file->package, &(*out)->package))
            return RESOLVE_FAIL(
                file->package.place, "this is package \"%.*s:%.*s\", and %s is of \"%.*s:%.*s\"",
                SLICE_ARG(file->package.ns), SLICE_ARG(file->package.name), (*out)->file,
                SLICE_ARG((*out)->package.ns), SLICE_ARG((*out)->package.name));
    }
    if (*out == NULL)
        return error_at(
            error_new(SPIN_ERROR_INVALID, "no \"package ns:name;\" at the head of any file"),
            len == 0 ? path : files[0]->file, len == 0 ? 0 : 1, len == 0 ? 0 : 1);
    return NULL;
}

spin_error_t *resolve_add_package(resolver_t *resolver, wit_ast_file_t *const *files, size_t len,
                                  const char *path, resolve_unit_t **out) {
    const wit_ast_file_t *head;
    spin_error_t *error = find_header(files, len, path, &head);
    if (error == NULL)
        error = add_unit(resolver, &head->package, head->package.place, out);
    if (error != NULL)
        return error;
    (*out)->package->docs = head->head.docs;
    for (size_t i = 0; i < len && error == NULL; i++) {
        resolve_source_t *source;
        error = add_source(resolver, *out, &files[i]->items, &source);
        if (error == NULL)
            error = add_items(resolver, source);
    }
    return error;
}

spin_error_t *resolve_add_2022(resolver_t *resolver, wit_ast_file_t *file, spin_slice_t stem,
                               resolve_unit_t **out) {
    wit_ast_name_t name = {stem, {file->file, 1, 1}};
    resolve_source_t *source;
    spin_error_t *error = add_unit(resolver, NULL, name.place, out);
    if (error == NULL)
        error = add_source(resolver, *out, &file->items, &source);
    if (error != NULL)
        return error;
    resolve_entity_t *entity = resolve_new_entity(resolver, source, name, &file->items, false);
    if (entity == NULL || !VEC_PUSH(&(*out)->entities, entity) ||
        !map_set(&(*out)->names, stem, entity) || !map_set(&resolver->stems, stem, *out))
        return error_no_memory();
    entity->head = &file->head;
    return NULL;
}

/* ── the order of packages ───────────────────────────────────────────────────────────────── */

static spin_error_t *visit_unit(resolver_t *resolver, resolve_unit_t *unit, wit_place_t place);

static spin_error_t *visit_path(resolver_t *resolver, resolve_unit_t *unit,
                                const wit_ast_path_t *path) {
    resolve_unit_t *other;
    spin_error_t *error = resolve_find_unit(resolver, unit, path, &other);
    if (error != NULL || other == unit)
        return error;
    return visit_unit(resolver, other, path->place);
}

static spin_error_t *visit_items(resolver_t *resolver, resolve_unit_t *unit,
                                 const wit_ast_items_t *items) {
    for (size_t i = 0; i < items->len; i++) {
        const wit_ast_item_t *item = &items->items[i];
        bool wanted;
        spin_error_t *error = resolve_gate(resolver, unit, &item->head, &wanted);
        if (error != NULL)
            return error;
        if (!wanted)
            continue;
        switch (item->kind) {
        case WIT_AST_TOP_USE:
        case WIT_AST_USE:
        case WIT_AST_INCLUDE: error = visit_path(resolver, unit, &item->of.use.path); break;
        case WIT_AST_INTERFACE:
        case WIT_AST_WORLD: error = visit_items(resolver, unit, &item->of.body.items); break;
        case WIT_AST_IMPORT:
        case WIT_AST_EXPORT:
            if (item->of.external.is == WIT_AST_EXTERNAL_PATH)
                error = visit_path(resolver, unit, &item->of.external.path);
            else if (item->of.external.is == WIT_AST_EXTERNAL_INTERFACE)
                error = visit_items(resolver, unit, &item->of.external.items);
            break;
        default: break;
        }
        if (error != NULL)
            return error;
    }
    return NULL;
}

static spin_error_t *visit_unit(resolver_t *resolver, resolve_unit_t *unit, wit_place_t place) {
    if (unit->state == RESOLVE_DONE)
        return NULL;
    if (unit->state == RESOLVE_BUSY)
        return RESOLVE_FAIL(
            place, "%s \"%.*s\" depends on itself", unit->is_2022 ? "file" : "package",
            SLICE_ARG(unit->is_2022 ? unit->entities.items[0]->name : unit->package->id));
    spin_error_t *error = resolve_enter(resolver, 0, place);
    if (error != NULL)
        return error;
    unit->state = RESOLVE_BUSY;
    for (size_t i = 0; i < unit->sources.len && error == NULL; i++)
        error = visit_items(resolver, unit, unit->sources.items[i]->items);
    unit->state = RESOLVE_DONE;
    resolve_leave(resolver);
    if (error == NULL && !VEC_PUSH(&resolver->order, unit))
        error = error_no_memory();
    return error;
}

/* What was loaded comes last, even where a package that is nested in it depends on it. */
static void move_to_end(resolver_t *resolver, const resolve_unit_t *root) {
    resolve_unit_t **order = resolver->order.items;
    for (size_t i = 0; i + 1 < resolver->order.len; i++) {
        if (order[i] != root)
            continue;
        resolve_unit_t *next = order[i + 1];
        order[i + 1] = order[i];
        order[i] = next;
    }
}

/* ── the lists of the model ──────────────────────────────────────────────────────────────── */

static spin_error_t *resolve_unit(resolver_t *resolver, resolve_unit_t *unit) {
    spin_error_t *error = NULL;
    for (size_t i = 0; i < unit->sources.len; i++) {
        map_t *uses = &unit->sources.items[i]->uses;
        for (size_t j = 0; j < uses->len && error == NULL; j++) {
            resolve_entity_t *found;
            error = resolve_use(resolver, unit->sources.items[i], uses->entries[j].value, &found);
        }
    }
    for (size_t i = 0; i < unit->entities.len && error == NULL; i++) {
        resolve_entity_t *entity = unit->entities.items[i];
        if (!entity->is_left_out)
            error = resolve_entity(resolver, entity, entity->place);
    }
    return error;
}

static spin_error_t *list_unit(resolver_t *resolver, resolve_unit_t *unit) {
    arena_t *arena = &resolver->wit->arena;
    wit_package_t *package = unit->package;
    size_t len = unit->entities.len;
    wit_interface_t **interfaces = arena_calloc(arena, len, sizeof(void *));
    wit_world_t **worlds = arena_calloc(arena, len, sizeof(void *));
    if (interfaces == NULL || worlds == NULL)
        return error_no_memory();
    package->interfaces = interfaces;
    package->worlds = worlds;
    for (size_t i = 0; i < len; i++) {
        resolve_entity_t *entity = unit->entities.items[i];
        if (entity->is_left_out)
            continue;
        if (entity->is_world)
            worlds[package->worlds_len++] = entity->world;
        else
            interfaces[package->interfaces_len++] = entity->interface;
        spin_error_t *error = entity->is_world ? resolve_elaborate(resolver, entity) : NULL;
        if (error != NULL)
            return error;
    }
    return NULL;
}

spin_error_t *resolve_finish(resolver_t *resolver, resolve_unit_t *root) {
    spin_error_t *error = NULL;
    for (size_t i = 0; i < resolver->units.len && error == NULL; i++)
        if (resolver->units.items[i] != root)
            error = visit_unit(resolver, resolver->units.items[i], root->place);
    if (error == NULL)
        error = visit_unit(resolver, root, root->place);
    for (size_t i = 0; i < resolver->order.len && error == NULL; i++)
        error = resolve_unit(resolver, resolver->order.items[i]);
    if (error != NULL)
        return error;

    move_to_end(resolver, root);
    spin_wit_t *wit = resolver->wit;
    size_t len = resolver->order.len;
    wit_package_t **packages = arena_calloc(&wit->arena, len, sizeof(void *));
    if (packages == NULL)
        return error_no_memory();
    wit->packages = packages;
    wit->packages_len = len;
    wit->dialect = root->is_2022 ? WIT_DIALECT_2022 : WIT_DIALECT_TODAY;
    for (size_t i = 0; i < len && error == NULL; i++) {
        packages[i] = resolver->order.items[i]->package;
        error = list_unit(resolver, resolver->order.items[i]);
    }
    return error;
}
