/* What a world imports and exports, and `include`: WIT.md, "WIT Worlds". */
#include "wit/resolve.h"

static spin_slice_t key_of(resolver_t *resolver, const resolve_item_t *item) {
    if (item->interface != NULL && item->name.len == 0)
        return item->interface->interface->id;
    return resolve_lower(&resolver->wit->arena, item->name);
}

/* An interface that is there already by its id is not added again: once is what it means. */
static spin_error_t *add_item(resolver_t *resolver, resolve_entity_t *world, bool is_export,
                              resolve_item_t item, bool may_be_there) {
    map_t *keys = is_export ? &world->export_keys : &world->import_keys;
    resolve_items_t *items = is_export ? &world->exports : &world->imports;
    spin_slice_t key = key_of(resolver, &item);
    if (key.ptr == NULL)
        return error_no_memory();
    map_entry_t *known = map_find(keys, key);
    if (known != NULL) {
        const resolve_item_t *other = &items->items[(uintptr_t)known->value];
        bool is_same =
            item.type != NULL && other->type != NULL && other->type->def == item.type->def;
        if (is_same || (may_be_there && item.name.len == 0))
            return NULL;
        return RESOLVE_FAIL(item.place, "world \"%.*s\" %s \"%.*s\" twice", SLICE_ARG(world->name),
                            is_export ? "exports" : "imports",
                            SLICE_ARG(item.name.len > 0 ? item.name : key));
    }
    spin_error_t *error = resolve_enter(resolver, 1, item.place);
    if (error != NULL)
        return error;
    resolve_leave(resolver);
    if (!map_set(keys, key, (void *)(uintptr_t)items->len) || !VEC_PUSH(items, item))
        return error_no_memory();
    return NULL;
}

/* ── the world's own items ───────────────────────────────────────────────────────────────── */

static spin_error_t *add_type(resolver_t *resolver, resolve_entity_t *world, wit_ast_name_t name) {
    resolve_decl_t *decl = map_get(&world->names, name.text);
    if (decl == NULL || decl->is_left_out || decl->is_function)
        return NULL;
    return add_item(resolver, world, false,
                    (resolve_item_t){.name = decl->name.text, .type = decl, .place = name.place},
                    false);
}

/* The interface must be imported for its types to be there. */
static spin_error_t *add_used(resolver_t *resolver, resolve_entity_t *world,
                              const wit_ast_item_t *item) {
    resolve_entity_t *from;
    const wit_ast_path_t *path = &item->of.use.path;
    spin_error_t *error = resolve_find_entity(resolver, world->source, path, &from);
    if (error == NULL)
        error = add_item(resolver, world, false,
                         (resolve_item_t){.interface = from, .place = path->place}, true);
    for (size_t i = 0; i < item->of.use.names.len && error == NULL; i++) {
        const wit_ast_rename_t *rename = &item->of.use.names.items[i];
        error = add_type(resolver, world, rename->as.text.len > 0 ? rename->as : rename->name);
    }
    return error;
}

static spin_error_t *find_interface(resolver_t *resolver, resolve_entity_t *world,
                                    const wit_ast_path_t *path, resolve_entity_t **out) {
    spin_error_t *error = resolve_find_entity(resolver, world->source, path, out);
    if (error == NULL && (*out)->is_world)
        error = RESOLVE_FAIL(path->place, "\"%.*s\" is a world, not an interface",
                             SLICE_ARG(path->name));
    if (error == NULL)
        error = resolve_entity(resolver, *out, path->place);
    return error;
}

static spin_error_t *add_external(resolver_t *resolver, resolve_entity_t *world,
                                  const wit_ast_item_t *ast) {
    resolve_item_t item = {.name = ast->name.text, .place = ast->place};
    spin_error_t *error = NULL;
    wit_function_t *function;
    switch (ast->of.external.is) {
    case WIT_AST_EXTERNAL_FUNC:
        error = resolve_function(resolver, world, ast, &ast->of.external.func, NULL, &function);
        if (error == NULL)
            item.function = function;
        break;
    case WIT_AST_EXTERNAL_INTERFACE:
        item.interface =
            resolve_new_entity(resolver, world->source, ast->name, &ast->of.external.items, false);
        if (item.interface == NULL)
            return error_no_memory();
        item.interface->head = &ast->head;
        error = resolve_entity(resolver, item.interface, ast->place);
        break;
    case WIT_AST_EXTERNAL_PATH:
        item.place = ast->of.external.path.place;
        error = find_interface(resolver, world, &ast->of.external.path, &item.interface);
        break;
    }
    if (error != NULL)
        return error;
    return add_item(resolver, world, ast->kind == WIT_AST_EXPORT, item, false);
}

/* ── include ─────────────────────────────────────────────────────────────────────────────── */

static wit_function_t *copy_function(arena_t *arena, const wit_function_t *function) {
    wit_function_t *copy = arena_calloc(arena, 1, sizeof *copy);
    if (copy != NULL)
        *copy = *function;
    return copy;
}

/* The type stays what it is; only the world knows it, and its functions, by another name. */
static spin_error_t *rename_type(resolver_t *resolver, resolve_item_t *item) {
    arena_t *arena = &resolver->wit->arena;
    resolve_decl_t *decl = arena_calloc(arena, 1, sizeof *decl);
    wit_typedef_t *def = arena_calloc(arena, 1, sizeof *def);
    wit_function_t **functions =
        arena_calloc(arena, item->type->def->functions_len, sizeof(void *));
    if (decl == NULL || def == NULL || functions == NULL)
        return error_no_memory();
    *decl = *item->type;
    *def = *item->type->def;
    for (size_t i = 0; i < def->functions_len; i++) {
        functions[i] = copy_function(arena, def->functions[i]);
        if (functions[i] == NULL)
            return error_no_memory();
        functions[i]->core_name = resolve_core_name(arena, functions[i], item->name);
        if (functions[i]->core_name.ptr == NULL)
            return error_no_memory();
    }
    def->name = item->name;
    def->functions = functions;
    decl->def = def;
    item->type = decl;
    return NULL;
}

static spin_error_t *rename_item(resolver_t *resolver, resolve_item_t *item,
                                 const wit_ast_rename_t *rename) {
    item->name = rename->as.text;
    item->place = rename->as.place;
    if (item->type != NULL)
        return rename_type(resolver, item);
    if (item->function == NULL)
        return NULL;
    wit_function_t *copy = copy_function(&resolver->wit->arena, item->function);
    if (copy == NULL)
        return error_no_memory();
    copy->name = copy->core_name = item->name;
    item->function = copy;
    return NULL;
}

static spin_error_t *include_items(resolver_t *resolver, resolve_entity_t *world, bool is_export,
                                   const resolve_entity_t *other, const map_t *renames,
                                   wit_place_t place) {
    const resolve_items_t *items = is_export ? &other->exports : &other->imports;
    for (size_t i = 0; i < items->len; i++) {
        resolve_item_t item = items->items[i];
        const wit_ast_rename_t *rename = item.name.len == 0 ? NULL : map_get(renames, item.name);
        item.place = place;
        spin_error_t *error = rename == NULL ? NULL : rename_item(resolver, &item, rename);
        if (error == NULL)
            error = add_item(resolver, world, is_export, item, true);
        if (error != NULL)
            return error;
    }
    return NULL;
}

/* What is renamed must be there, under a plain name. */
static spin_error_t *check_renames(const resolve_entity_t *other, const map_t *renames) {
    map_t names = {0};
    spin_error_t *error = NULL;
    bool ok = true;
    for (size_t i = 0; i < other->imports.len && ok && renames->len > 0; i++)
        ok = map_set(&names, other->imports.items[i].name, NULL);
    for (size_t i = 0; i < other->exports.len && ok && renames->len > 0; i++)
        ok = map_set(&names, other->exports.items[i].name, NULL);
    if (!ok)
        error = error_no_memory();
    for (size_t i = 0; i < renames->len && error == NULL; i++) {
        const wit_ast_rename_t *rename = renames->entries[i].value;
        if (map_find(&names, rename->name.text) == NULL)
            error = RESOLVE_FAIL(rename->name.place, "world \"%.*s\" has no \"%.*s\" to rename",
                                 SLICE_ARG(other->name), SLICE_ARG(rename->name.text));
    }
    map_deinit(&names);
    return error;
}

static spin_error_t *include(resolver_t *resolver, resolve_entity_t *world,
                             const wit_ast_item_t *item) {
    const wit_ast_path_t *path = &item->of.use.path;
    resolve_entity_t *other;
    spin_error_t *error = resolve_find_entity(resolver, world->source, path, &other);
    if (error == NULL && !other->is_world)
        error = RESOLVE_FAIL(path->place, "\"%.*s\" is an interface, a world includes worlds",
                             SLICE_ARG(path->name));
    if (error == NULL)
        error = resolve_entity(resolver, other, path->place);
    if (error != NULL)
        return error;
    map_t renames = {0};
    for (size_t i = 0; i < item->of.use.names.len && error == NULL; i++) {
        const wit_ast_rename_t *rename = &item->of.use.names.items[i];
        if (map_find(&renames, rename->name.text) != NULL)
            error = RESOLVE_FAIL(rename->name.place, "\"%.*s\" is renamed twice",
                                 SLICE_ARG(rename->name.text));
        else if (!map_set(&renames, rename->name.text, (void *)rename))
            error = error_no_memory();
    }
    if (error == NULL)
        error = check_renames(other, &renames);
    if (error == NULL)
        error = include_items(resolver, world, false, other, &renames, path->place);
    if (error == NULL)
        error = include_items(resolver, world, true, other, &renames, path->place);
    map_deinit(&renames);
    return error;
}

/* ── the whole world ─────────────────────────────────────────────────────────────────────── */

static spin_error_t *add_own(resolver_t *resolver, resolve_entity_t *world,
                             const wit_ast_item_t *item) {
    bool wanted;
    spin_error_t *error = resolve_gate(resolver, world->source->unit, &item->head, &wanted);
    if (error != NULL || !wanted)
        return error;
    switch (item->kind) {
    case WIT_AST_USE: return add_used(resolver, world, item);
    case WIT_AST_IMPORT:
    case WIT_AST_EXPORT: return add_external(resolver, world, item);
    case WIT_AST_INCLUDE: return NULL; /* after all others */
    default: return add_type(resolver, world, item->name);
    }
}

spin_error_t *resolve_world(resolver_t *resolver, resolve_entity_t *entity) {
    wit_world_t *world = entity->world;
    world->name = entity->name;
    world->place = entity->place;
    world->docs = entity->head->docs;
    world->package = entity->source->unit->package;
    spin_error_t *error = resolve_declare(resolver, entity);
    if (error == NULL)
        error = resolve_decls(resolver, entity);
    if (error == NULL)
        error = resolve_resources(resolver, entity);
    for (size_t i = 0; i < entity->items->len && error == NULL; i++)
        error = add_own(resolver, entity, &entity->items->items[i]);
    for (size_t i = 0; i < entity->items->len && error == NULL; i++) {
        const wit_ast_item_t *item = &entity->items->items[i];
        bool wanted;
        error = resolve_gate(resolver, entity->source->unit, &item->head, &wanted);
        if (error == NULL && wanted && item->kind == WIT_AST_INCLUDE)
            error = include(resolver, entity, item);
    }
    return error;
}
