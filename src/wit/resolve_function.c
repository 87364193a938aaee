/* Functions, resources and the lists of an interface. */
#include "wit/resolve.h"

spin_slice_t resolve_core_name(arena_t *arena, const wit_function_t *function,
                               spin_slice_t resource) {
    switch (function->kind) {
    case WIT_FUNCTION_CONSTRUCTOR:
        return arena_printf(arena, "[constructor]%.*s", SLICE_ARG(resource));
    case WIT_FUNCTION_METHOD:
        return arena_printf(arena, "[method]%.*s.%.*s", SLICE_ARG(resource),
                            SLICE_ARG(function->name));
    case WIT_FUNCTION_STATIC:
        return arena_printf(arena, "[static]%.*s.%.*s", SLICE_ARG(resource),
                            SLICE_ARG(function->name));
    case WIT_FUNCTION_FREE: break;
    }
    return function->name;
}

/* Functions of 2022 could return several values; they lie in memory and flatten as a tuple. */
static spin_error_t *named_results(resolver_t *resolver, resolve_entity_t *entity,
                                   const wit_ast_func_t *func, wit_place_t place, wit_ref_t *out) {
    wit_part_t *parts;
    spin_error_t *error = resolve_parts(resolver, entity, &func->results, "result", 0, &parts);
    if (error != NULL || func->results.len == 0)
        return error;
    if (func->results.len == 1) {
        *out = parts[0].ref;
        return NULL;
    }
    wit_type_t tuple = {.kind = SPIN_TYPE_TUPLE, .parts = parts, .parts_len = func->results.len};
    error = type_make(&resolver->types, &tuple, &out->type);
    return error == NULL ? NULL : error_at(error, place.file, place.line, place.column);
}

/* A constructor gives the resource, or a result whose good case is the resource. */
static spin_error_t *check_constructor(const wit_function_t *function, const wit_type_t *own,
                                       wit_place_t place) {
    const wit_type_t *type = function->result.type;
    if (type->kind == SPIN_TYPE_RESULT && type->parts[0].ref.type == own)
        return NULL;
    return RESOLVE_FAIL(place, "a constructor returns nothing else than result<%.*s, ...>",
                        SLICE_ARG(function->resource->name));
}

static spin_error_t *resolve_result(resolver_t *resolver, resolve_entity_t *entity,
                                    const wit_ast_func_t *func, wit_function_t *function) {
    const wit_type_t *own = NULL;
    spin_error_t *error = NULL;
    if (function->kind == WIT_FUNCTION_CONSTRUCTOR)
        error = resolve_handle(resolver, SPIN_TYPE_OWN, function->resource, &own);
    if (error != NULL)
        return error;
    if (func->has_named_results)
        error = named_results(resolver, entity, func, function->place, &function->result);
    else if (!wit_ast_type_is_none(func->result))
        error = resolve_type(resolver, entity, func->result, &function->result);
    else
        function->result.type = own;
    if (error != NULL || function->result.type == NULL)
        return error;
    if (own != NULL && func->result != NULL)
        error = check_constructor(function, own, func->result->place);
    if (error == NULL && function->result.type->has_borrows)
        error = RESOLVE_FAIL(func->result == NULL ? function->place : func->result->place,
                             "a borrow can't be returned: it ends with the call");
    return error;
}

spin_error_t *resolve_function(resolver_t *resolver, resolve_entity_t *entity,
                               const wit_ast_item_t *item, const wit_ast_func_t *func,
                               const wit_typedef_t *resource, wit_function_t **out) {
    arena_t *arena = &resolver->wit->arena;
    wit_function_t *function = arena_calloc(arena, 1, sizeof *function);
    if (function == NULL)
        return error_no_memory();
    *out = function;
    function->name = item->name.text;
    function->docs = item->head.docs;
    function->kind = resource == NULL ? WIT_FUNCTION_FREE : func->kind;
    function->resource = resource;
    function->is_async = func->is_async;
    function->interface = entity->interface;
    function->dialect = entity->source->unit->is_2022 ? WIT_DIALECT_2022 : WIT_DIALECT_TODAY;
    function->place = item->place;
    function->core_name =
        resolve_core_name(arena, function, resource == NULL ? (spin_slice_t){0} : resource->name);
    if (function->core_name.ptr == NULL)
        return error_no_memory();

    wit_part_t *params;
    size_t before = function->kind == WIT_FUNCTION_METHOD ? 1 : 0;
    spin_error_t *error =
        resolve_parts(resolver, entity, &func->params, "parameter", before, &params);
    if (error != NULL)
        return error;
    if (before == 1) {
        params[0].name = SLICE_LITERAL("self");
        error = resolve_handle(resolver, SPIN_TYPE_BORROW, resource, &params[0].ref.type);
        if (error != NULL)
            return error;
    }
    function->params = params;
    function->params_len = before + func->params.len;
    return resolve_result(resolver, entity, func, function);
}

static spin_error_t *resolve_resource(resolver_t *resolver, resolve_entity_t *entity,
                                      resolve_decl_t *decl) {
    const wit_ast_items_t *items = &decl->item->of.body.items;
    wit_function_t **functions = arena_calloc(&resolver->wit->arena, items->len, sizeof(void *));
    if (functions == NULL)
        return error_no_memory();
    map_t names = {0};
    spin_error_t *error = NULL;
    for (size_t i = 0; i < items->len && error == NULL; i++) {
        const wit_ast_item_t *item = &items->items[i];
        bool wanted;
        error = resolve_gate(resolver, entity->source->unit, &item->head, &wanted);
        if (error != NULL || !wanted)
            continue;
        wit_ast_name_t name = item->name;
        if (item->of.func.kind == WIT_FUNCTION_CONSTRUCTOR) /* no word that a method can have */
            name.text = SLICE_LITERAL("[constructor]");
        error = resolve_claim(resolver, &names, name, "function", decl);
        if (error == NULL)
            error = resolve_function(resolver, entity, item, &item->of.func, decl->def,
                                     &functions[decl->def->functions_len]);
        if (error == NULL)
            decl->def->functions_len++;
    }
    decl->def->functions = functions;
    map_deinit(&names);
    return error;
}

spin_error_t *resolve_resources(resolver_t *resolver, resolve_entity_t *entity) {
    spin_error_t *error = NULL;
    for (size_t i = 0; i < entity->names.len && error == NULL; i++) {
        resolve_decl_t *decl = entity->names.entries[i].value;
        if (decl->item->kind == WIT_AST_RESOURCE && !decl->is_left_out)
            error = resolve_resource(resolver, entity, decl);
    }
    return error;
}

/* ── interfaces ──────────────────────────────────────────────────────────────────────────── */

static spin_error_t *describe(resolver_t *resolver, resolve_entity_t *entity) {
    wit_interface_t *interface = entity->interface;
    resolve_unit_t *unit = entity->source->unit;
    const wit_package_t *package = unit->package;
    interface->place = entity->place;
    interface->dialect = unit->is_2022 ? WIT_DIALECT_2022 : WIT_DIALECT_TODAY;
    interface->package = unit->is_2022 ? NULL : unit->package;
    interface->docs = entity->head == NULL ? (spin_slice_t){0} : entity->head->docs;
    interface->id = entity->name;
    bool is_inline = map_get(&unit->names, entity->name) != entity;
    if (!is_inline)
        interface->name = entity->name;
    if (is_inline || unit->is_2022)
        return NULL;
    interface->id =
        arena_printf(&resolver->wit->arena, "%.*s:%.*s/%.*s%s%.*s", SLICE_ARG(package->ns),
                     SLICE_ARG(package->name), SLICE_ARG(entity->name),
                     package->version.len > 0 ? "@" : "", SLICE_ARG(package->version));
    return interface->id.ptr == NULL ? error_no_memory() : NULL;
}

static spin_error_t *list_interface(resolver_t *resolver, resolve_entity_t *entity) {
    arena_t *arena = &resolver->wit->arena;
    wit_interface_t *interface = entity->interface;
    wit_typedef_t **types = arena_calloc(arena, entity->names.len, sizeof(void *));
    wit_function_t **functions = arena_calloc(arena, entity->names.len, sizeof(void *));
    if (types == NULL || functions == NULL)
        return error_no_memory();
    interface->types = types;
    interface->functions = functions;
    for (size_t i = 0; i < entity->names.len; i++) {
        resolve_decl_t *decl = entity->names.entries[i].value;
        if (decl->is_left_out)
            continue;
        if (!decl->is_function) {
            types[interface->types_len++] = decl->def;
            continue;
        }
        spin_error_t *error = resolve_function(resolver, entity, decl->item, &decl->item->of.func,
                                               NULL, &functions[interface->functions_len]);
        if (error != NULL)
            return error;
        interface->functions_len++;
    }
    return NULL;
}

spin_error_t *resolve_interface(resolver_t *resolver, resolve_entity_t *entity) {
    spin_error_t *error = describe(resolver, entity);
    if (error == NULL)
        error = resolve_declare(resolver, entity);
    if (error == NULL)
        error = resolve_decls(resolver, entity);
    if (error == NULL)
        error = resolve_resources(resolver, entity);
    if (error == NULL)
        error = list_interface(resolver, entity);
    return error;
}
