/* Types: declared ones on demand, and what is written in place of one. */
#include "wit/resolve.h"

/* ── declaring ───────────────────────────────────────────────────────────────────────────── */

static spin_error_t *declare(resolver_t *resolver, resolve_entity_t *entity, wit_ast_name_t name,
                             const wit_ast_item_t *item, resolve_decl_t **out) {
    resolve_decl_t *decl = arena_calloc(&resolver->wit->arena, 1, sizeof *decl);
    if (decl == NULL)
        return error_no_memory();
    decl->name = name;
    decl->item = item;
    decl->from_name = name;
    decl->is_function = item->kind == WIT_AST_FUNC || item->kind == WIT_AST_IMPORT;
    *out = decl;
    if (decl->is_function && entity->source->unit->is_2022) {
        /* A function could be called like a type then: it is entered beside the names of types. */
        name.text = arena_printf(&resolver->wit->arena, "()%.*s", SLICE_ARG(name.text));
        if (name.text.ptr == NULL)
            return error_no_memory();
    }
    spin_error_t *error = resolve_claim(resolver, &entity->lower_names, name, "name", decl);
    if (error == NULL && !map_set(&entity->names, name.text, decl))
        error = error_no_memory();
    return error;
}

/* `use * from`: all the types that the other file declares or uses itself. */
static spin_error_t *declare_all(resolver_t *resolver, resolve_entity_t *entity,
                                 const wit_ast_item_t *item, resolve_entity_t *from) {
    wit_place_t place = item->of.use.path.place;
    spin_error_t *error = NULL;
    for (size_t i = 0; i < from->names.len && error == NULL; i++) {
        const resolve_decl_t *other = from->names.entries[i].value;
        if (other->is_function || other->is_left_out)
            continue;
        resolve_decl_t *decl;
        error = declare(resolver, entity, (wit_ast_name_t){other->name.text, place}, item, &decl);
        if (error == NULL)
            decl->from = from;
    }
    return error;
}

static spin_error_t *declare_use(resolver_t *resolver, resolve_entity_t *entity,
                                 const wit_ast_item_t *item, bool wanted) {
    const wit_ast_path_t *path = &item->of.use.path;
    resolve_entity_t *from = NULL;
    spin_error_t *error = NULL;
    if (wanted)
        error = resolve_find_entity(resolver, entity->source, path, &from);
    if (error != NULL)
        return error;
    if (from != NULL && from->is_world)
        return RESOLVE_FAIL(path->place, "\"%.*s\" is a world, types are used from interfaces",
                            SLICE_ARG(path->name));
    if (from != NULL)
        error = resolve_entity(resolver, from, path->place);
    if (error != NULL)
        return error;
    if (from != NULL && !map_set(&entity->uses, from->interface->id, from))
        return error_no_memory();
    if (item->of.use.all)
        return from == NULL ? NULL : declare_all(resolver, entity, item, from);
    for (size_t i = 0; i < item->of.use.names.len && error == NULL; i++) {
        const wit_ast_rename_t *rename = &item->of.use.names.items[i];
        resolve_decl_t *decl;
        error = declare(resolver, entity, rename->as.text.len > 0 ? rename->as : rename->name, item,
                        &decl);
        if (error != NULL)
            return error;
        decl->from = from;
        decl->from_name = rename->name;
        decl->is_left_out = !wanted;
    }
    return error;
}

spin_error_t *resolve_declare(resolver_t *resolver, resolve_entity_t *entity) {
    for (size_t i = 0; i < entity->items->len; i++) {
        const wit_ast_item_t *item = &entity->items->items[i];
        resolve_decl_t *decl;
        bool wanted;
        spin_error_t *error = resolve_gate(resolver, entity->source->unit, &item->head, &wanted);
        if (error != NULL)
            return error;
        if (item->kind == WIT_AST_USE) {
            error = declare_use(resolver, entity, item, wanted);
        } else if ((item->kind >= WIT_AST_ALIAS && item->kind <= WIT_AST_FUNC) ||
                   (item->kind == WIT_AST_IMPORT && item->name.text.len > 0)) {
            error = declare(resolver, entity, item->name, item, &decl);
            if (error == NULL)
                decl->is_left_out = !wanted;
            if (error == NULL && !wanted && item->kind == WIT_AST_RESOURCE)
                error = resolve_left_out(resolver, entity->source->unit, &item->of.body.items,
                                         "resource");
        }
        if (error != NULL)
            return error;
    }
    return NULL;
}

/* ── names ───────────────────────────────────────────────────────────────────────────────── */

spin_error_t *resolve_named(resolver_t *resolver, resolve_entity_t *entity,
                            const wit_ast_name_t *name, resolve_decl_t **out) {
    resolve_decl_t *decl = map_get(&entity->names, name->text);
    *out = decl;
    if (decl == NULL)
        return RESOLVE_FAIL(name->place, "no type \"%.*s\"%s", SLICE_ARG(name->text),
                            resolve_hint(resolver, &entity->names, name->text));
    if (decl->is_function)
        return RESOLVE_FAIL(name->place, "\"%.*s\" is not a type", SLICE_ARG(name->text));
    if (decl->is_left_out)
        return RESOLVE_FAIL(name->place,
                            "\"%.*s\" is left out: it is @unstable and its feature is not wanted",
                            SLICE_ARG(name->text));
    return resolve_decl(resolver, entity, decl, name->place);
}

static spin_error_t *at(spin_error_t *error, wit_place_t place) {
    return error == NULL ? NULL : error_at(error, place.file, place.line, place.column);
}

spin_error_t *resolve_handle(resolver_t *resolver, spin_type_kind_t kind,
                             const wit_typedef_t *resource, const wit_type_t **out) {
    return type_make(&resolver->types, &(wit_type_t){.kind = kind, .resource = resource}, out);
}

static spin_error_t *named_type(resolver_t *resolver, resolve_entity_t *entity,
                                const wit_ast_type_t *ast, wit_ref_t *out) {
    resolve_decl_t *decl;
    spin_error_t *error = resolve_named(resolver, entity, &ast->name, &decl);
    if (error != NULL)
        return error;
    bool is_handle = ast->kind == SPIN_TYPE_OWN || ast->kind == SPIN_TYPE_BORROW;
    if (is_handle && decl->resource == NULL)
        return RESOLVE_FAIL(ast->name.place, "\"%.*s\" is not a resource, which a handle is of",
                            SLICE_ARG(ast->name.text));
    out->alias = decl->def->used != NULL || decl->def->is_alias ? decl->def : NULL;
    if (decl->resource != NULL)
        return at(resolve_handle(resolver, is_handle ? (spin_type_kind_t)ast->kind : SPIN_TYPE_OWN,
                                 decl->resource, &out->type),
                  ast->place);
    out->type = decl->def->ref.type;
    return NULL;
}

/* ── types that are built of others ──────────────────────────────────────────────────────── */

/* WIT.md, `kt`. */
static bool is_key(const wit_type_t *type) {
    return (type->kind >= SPIN_TYPE_BOOL && type->kind <= SPIN_TYPE_U64) ||
           type->kind == SPIN_TYPE_CHAR || type->kind == SPIN_TYPE_STRING;
}

static spin_error_t *resolve_args(resolver_t *resolver, resolve_entity_t *entity,
                                  const wit_ast_type_t *ast, wit_part_t *parts, size_t len) {
    for (size_t i = 0; i < len; i++) {
        bool may_be_none = ast->kind == SPIN_TYPE_RESULT || ast->kind == SPIN_TYPE_STREAM ||
                           ast->kind == SPIN_TYPE_FUTURE;
        if (may_be_none && wit_ast_type_is_none(ast->args[i]))
            continue;
        spin_error_t *error = resolve_type(resolver, entity, ast->args[i], &parts[i].ref);
        if (error != NULL)
            return error;
        if (ast->kind == SPIN_TYPE_MAP && i == 0 && !is_key(parts[i].ref.type))
            return RESOLVE_FAIL(ast->args[i]->place, "\"%.*s\" can't be the key of a map",
                                SLICE_ARG(parts[i].ref.type->text));
    }
    return NULL;
}

spin_error_t *resolve_type(resolver_t *resolver, resolve_entity_t *entity,
                           const wit_ast_type_t *ast, wit_ref_t *out) {
    *out = (wit_ref_t){0};
    if (ast->kind == 0 || ast->kind == SPIN_TYPE_OWN || ast->kind == SPIN_TYPE_BORROW)
        return named_type(resolver, entity, ast, out);
    wit_type_t type = {.kind = (spin_type_kind_t)ast->kind};
    if (ast->kind == WIT_AST_TYPE_UNIT) /* among others it takes no room */
        type.kind = SPIN_TYPE_TUPLE;
    if (ast->kind == SPIN_TYPE_FIXED_LIST)
        type.length = ast->length;
    /* The end of a stream of 2022 has no counterpart today, and no function of Spin had one. */
    bool has_end = ast->kind == SPIN_TYPE_STREAM && ast->args_len > 1;
    type.parts_len = has_end ? 1 : ast->args_len;
    wit_part_t *parts = NULL;
    spin_error_t *error = NULL;
    if (type.parts_len > 0) {
        parts = arena_calloc(&resolver->wit->arena, type.parts_len, sizeof *parts);
        if (parts == NULL)
            return error_no_memory();
        type.parts = parts;
        error = resolve_args(resolver, entity, ast, parts, type.parts_len);
    }
    if (error == NULL)
        error = at(type_make(&resolver->types, &type, &out->type), ast->place);
    return error;
}

spin_error_t *resolve_parts(resolver_t *resolver, resolve_entity_t *entity,
                            const wit_ast_parts_t *ast, const char *what, size_t before,
                            wit_part_t **out) {
    arena_t *arena = &resolver->wit->arena;
    wit_part_t *parts = arena_calloc(arena, before + ast->len, sizeof *parts);
    if (parts == NULL)
        return error_no_memory();
    *out = parts;
    map_t names = {0};
    spin_error_t *error = NULL;
    for (size_t i = 0; i < ast->len && error == NULL; i++) {
        const wit_ast_part_t *from = &ast->items[i];
        wit_part_t *part = &parts[before + i];
        *part = (wit_part_t){.name = from->name.text, .docs = from->head.docs};
        if (part->name.len > 0)
            error = resolve_claim(resolver, &names, from->name, what, part);
        else /* a case of a union: it is called by its number */
            part->name = arena_printf(arena, "%zu", i);
        if (error == NULL && part->name.ptr == NULL)
            error = error_no_memory();
        bool is_case = strcmp(what, "case") == 0;
        if (error == NULL && from->type != NULL && !(is_case && wit_ast_type_is_none(from->type)))
            error = resolve_type(resolver, entity, from->type, &part->ref);
    }
    map_deinit(&names);
    return error;
}

/* ── declared types ──────────────────────────────────────────────────────────────────────── */

static spin_error_t *make_declared(resolver_t *resolver, resolve_entity_t *entity,
                                   resolve_decl_t *decl, spin_type_kind_t kind, const char *what) {
    const wit_ast_parts_t *ast = &decl->item->of.parts;
    wit_part_t *parts;
    if (ast->len == 0 && kind != SPIN_TYPE_RECORD && kind != SPIN_TYPE_FLAGS)
        return RESOLVE_FAIL(decl->name.place, "\"%.*s\" has no cases", SLICE_ARG(decl->name.text));
    spin_error_t *error = resolve_parts(resolver, entity, ast, what, 0, &parts);
    if (error != NULL)
        return error;
    wit_type_t type = {.kind = kind, .def = decl->def, .parts = parts, .parts_len = ast->len};
    return at(type_make(&resolver->types, &type, &decl->def->ref.type), decl->name.place);
}

static spin_error_t *make_alias(resolver_t *resolver, resolve_entity_t *entity,
                                resolve_decl_t *decl) {
    const wit_ast_type_t *ast = decl->item->of.type;
    resolve_decl_t *other;
    decl->def->is_alias = true;
    if (ast->kind == 0) { /* of a resource it is another name, not a handle */
        spin_error_t *error = resolve_named(resolver, entity, &ast->name, &other);
        if (error != NULL)
            return error;
        if (other->resource != NULL) {
            decl->resource = other->resource;
            decl->def->is_resource = true;
            decl->def->ref.alias = other->def;
            return NULL;
        }
    }
    return resolve_type(resolver, entity, ast, &decl->def->ref);
}

static spin_error_t *make_used(resolver_t *resolver, resolve_decl_t *decl) {
    resolve_decl_t *other;
    spin_error_t *error = resolve_named(resolver, decl->from, &decl->from_name, &other);
    if (error != NULL)
        return error;
    wit_typedef_t *def = decl->def;
    def->used = other->def->used != NULL ? other->def->used : other->def;
    def->ref = other->def->ref;
    def->is_resource = other->def->is_resource;
    def->docs = other->def->docs;
    decl->resource = other->resource;
    return NULL;
}

static spin_error_t *make_def(resolver_t *resolver, resolve_entity_t *entity,
                              resolve_decl_t *decl) {
    switch (decl->item->kind) {
    case WIT_AST_USE: return make_used(resolver, decl);
    case WIT_AST_ALIAS: return make_alias(resolver, entity, decl);
    case WIT_AST_RECORD: return make_declared(resolver, entity, decl, SPIN_TYPE_RECORD, "field");
    case WIT_AST_UNION:
    case WIT_AST_VARIANT: return make_declared(resolver, entity, decl, SPIN_TYPE_VARIANT, "case");
    case WIT_AST_ENUM: return make_declared(resolver, entity, decl, SPIN_TYPE_ENUM, "case");
    case WIT_AST_FLAGS: return make_declared(resolver, entity, decl, SPIN_TYPE_FLAGS, "flag");
    default: /* WIT_AST_RESOURCE: its functions follow when all types are known */
        decl->def->is_resource = true;
        decl->resource = decl->def;
        return NULL;
    }
}

spin_error_t *resolve_decl(resolver_t *resolver, resolve_entity_t *entity, resolve_decl_t *decl,
                           wit_place_t place) {
    if (decl->state == RESOLVE_DONE)
        return NULL;
    if (decl->state == RESOLVE_BUSY)
        return RESOLVE_FAIL(place, "type \"%.*s\" contains itself", SLICE_ARG(decl->name.text));
    spin_error_t *error = resolve_enter(resolver, 1, place);
    if (error != NULL)
        return error;
    decl->state = RESOLVE_BUSY;
    decl->def = arena_calloc(&resolver->wit->arena, 1, sizeof *decl->def);
    if (decl->def == NULL) {
        error = error_no_memory();
    } else {
        decl->def->name = decl->name.text;
        decl->def->docs = decl->item->head.docs;
        decl->def->place = decl->name.place;
        decl->def->interface = entity->interface;
        decl->def->world = entity->world;
        error = make_def(resolver, entity, decl);
    }
    decl->state = RESOLVE_DONE;
    resolve_leave(resolver);
    return error;
}

spin_error_t *resolve_decls(resolver_t *resolver, resolve_entity_t *entity) {
    spin_error_t *error = NULL;
    for (size_t i = 0; i < entity->names.len && error == NULL; i++) {
        resolve_decl_t *decl = entity->names.entries[i].value;
        if (!decl->is_function && !decl->is_left_out)
            error = resolve_decl(resolver, entity, decl, decl->name.place);
    }
    return error;
}
