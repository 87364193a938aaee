/* Types and function types. The resources in them are those of the instance that they are evaluated
 * in, so none of them is abstract. */
#include "component/link.h"

static const spin_slice_t unnamed = SLICE_INIT("?");

static spin_error_t *primitive(uint8_t byte, size_t offset, spin_type_kind_t *out) {
    static const spin_type_kind_t kinds[] = {
        SPIN_TYPE_STRING, SPIN_TYPE_CHAR, SPIN_TYPE_F64,  SPIN_TYPE_F32, SPIN_TYPE_U64,
        SPIN_TYPE_S64,    SPIN_TYPE_U32,  SPIN_TYPE_S32,  SPIN_TYPE_U16, SPIN_TYPE_S16,
        SPIN_TYPE_U8,     SPIN_TYPE_S8,   SPIN_TYPE_BOOL,
    }; /* from 0x73 to 0x7f */
    if (byte >= 0x73 && byte <= 0x7f)
        *out = kinds[byte - 0x73];
    else if (byte == 0x64)
        *out = SPIN_TYPE_ERROR_CONTEXT;
    else
        return LINK_FAIL(offset, INVALID, "unknown primitive type");
    return NULL;
}

static spin_error_t *at(spin_error_t *error, size_t offset) {
    return error == NULL ? NULL : error_at_offset(error, NULL, offset);
}

spin_error_t *link_val_type(linker_t *linker, const link_env_t *env, const ast_val_type_t *type,
                            const spin_type_t **out) {
    if (!type->is_index) {
        spin_type_kind_t kind = SPIN_TYPE_BOOL;
        spin_error_t *error = primitive(type->primitive, type->offset, &kind);
        return error == NULL ? at(type_make_plain(&linker->types, kind, out), type->offset) : error;
    }
    const link_entity_t *entity;
    spin_error_t *error = link_get(env, AST_TYPE, type->index, type->offset, &entity);
    if (error != NULL)
        return error;
    if (entity->type != LINK_TYPE_VALUE)
        return LINK_FAIL(type->offset, INVALID, "type %" PRIu32 " is not one of values",
                         type->index);
    *out = entity->of.value;
    return NULL;
}

/* ── types of values ─────────────────────────────────────────────────────────────────────── */

/* What may do without a type, and how many parts there must be (0: any number). */
typedef struct shape {
    spin_type_kind_t kind;
    bool is_declared;
    bool may_lack;
    uint8_t parts;
} shape_t;

static bool shape_of(ast_type_kind_t kind, shape_t *out) {
    switch (kind) {
    case AST_TYPE_RECORD: *out = (shape_t){SPIN_TYPE_RECORD, true, false, 0}; break;
    case AST_TYPE_VARIANT: *out = (shape_t){SPIN_TYPE_VARIANT, true, true, 0}; break;
    case AST_TYPE_FLAGS: *out = (shape_t){SPIN_TYPE_FLAGS, true, true, 0}; break;
    case AST_TYPE_ENUM: *out = (shape_t){SPIN_TYPE_ENUM, true, true, 0}; break;
    case AST_TYPE_TUPLE: *out = (shape_t){SPIN_TYPE_TUPLE, false, false, 0}; break;
    case AST_TYPE_LIST: *out = (shape_t){SPIN_TYPE_LIST, false, false, 1}; break;
    case AST_TYPE_FIXED_LIST: *out = (shape_t){SPIN_TYPE_FIXED_LIST, false, false, 1}; break;
    case AST_TYPE_OPTION: *out = (shape_t){SPIN_TYPE_OPTION, false, false, 1}; break;
    case AST_TYPE_RESULT: *out = (shape_t){SPIN_TYPE_RESULT, false, true, 2}; break;
    case AST_TYPE_STREAM: *out = (shape_t){SPIN_TYPE_STREAM, false, true, 1}; break;
    case AST_TYPE_FUTURE: *out = (shape_t){SPIN_TYPE_FUTURE, false, true, 1}; break;
    case AST_TYPE_MAP: *out = (shape_t){SPIN_TYPE_MAP, false, false, 2}; break;
    default: return false;
    }
    return true;
}

static spin_error_t *make_parts(linker_t *linker, const link_env_t *env, const ast_part_t *from,
                                uint32_t count, bool may_lack, const wit_part_t **out) {
    spin_error_t *error = count == 0 ? NULL : link_count(linker, count, from->offset);
    if (error != NULL)
        return error;
    wit_part_t *parts = count == 0 ? NULL : arena_calloc(linker->arena, count, sizeof *parts);
    if (parts == NULL && count > 0)
        return error_no_memory();
    *out = parts;
    for (uint32_t i = 0; i < count && error == NULL; i++) {
        parts[i].name = from[i].name;
        if (from[i].has_type)
            error = link_val_type(linker, env, &from[i].type, &parts[i].ref.type);
        else if (!may_lack)
            error = LINK_FAIL(from[i].offset, INVALID, "a type is missing");
    }
    return error;
}

static link_typedef_t *make_typedef(linker_t *linker) {
    link_typedef_t *typedef_ = arena_calloc(linker->arena, 1, sizeof *typedef_);
    if (typedef_ != NULL) {
        typedef_->def.name = unnamed;
        typedef_->made = linker->types.known.len;
    }
    return typedef_;
}

static spin_error_t *make_shape(linker_t *linker, const link_env_t *env, const ast_type_t *type,
                                const shape_t *shape, const spin_type_t **out) {
    spin_type_t made = {.kind = shape->kind, .parts_len = type->part_count};
    if (shape->kind == SPIN_TYPE_FIXED_LIST)
        made.length = type->length;
    if (shape->parts != 0 && type->part_count != shape->parts)
        return LINK_FAIL(type->offset, INVALID, "a type with too many or too few parts");
    spin_error_t *error =
        make_parts(linker, env, type->parts, type->part_count, shape->may_lack, &made.parts);
    if (error != NULL)
        return error;
    link_typedef_t *typedef_ = NULL;
    if (shape->is_declared) {
        typedef_ = make_typedef(linker);
        if (typedef_ == NULL)
            return error_no_memory();
        made.def = &typedef_->def;
    }
    error = at(type_make(&linker->types, &made, out), type->offset);
    if (error == NULL && typedef_ != NULL)
        typedef_->def.ref.type = *out;
    return error;
}

static spin_error_t *make_handle(linker_t *linker, const link_env_t *env, const ast_type_t *type,
                                 const spin_type_t **out) {
    const link_entity_t *entity;
    spin_error_t *error = link_get(env, AST_TYPE, type->resource, type->offset, &entity);
    if (error != NULL)
        return error;
    if (entity->type != LINK_TYPE_RESOURCE)
        return LINK_FAIL(type->offset, INVALID, "type %" PRIu32 " is not a resource",
                         type->resource);
    spin_type_t made = {.kind = type->kind == AST_TYPE_OWN ? SPIN_TYPE_OWN : SPIN_TYPE_BORROW,
                        .resource = linker->resources.items[entity->of.resource].type};
    return at(type_make(&linker->types, &made, out), type->offset);
}

static spin_error_t *make_value(linker_t *linker, const link_env_t *env, const ast_type_t *type,
                                const spin_type_t **out) {
    shape_t shape;
    if (type->kind == AST_TYPE_PRIMITIVE)
        return link_val_type(linker, env, &type->primitive, out);
    if (type->kind == AST_TYPE_OWN || type->kind == AST_TYPE_BORROW)
        return make_handle(linker, env, type, out);
    if (!shape_of(type->kind, &shape))
        return LINK_FAIL(type->offset, UNSUPPORTED, "unknown type");
    return make_shape(linker, env, type, &shape, out);
}

/* ── functions ───────────────────────────────────────────────────────────────────────────── */

static spin_error_t *make_function(linker_t *linker, const link_env_t *env, const ast_type_t *type,
                                   const spin_function_t **out) {
    spin_function_t *function = arena_calloc(linker->arena, 1, sizeof *function);
    if (function == NULL)
        return error_no_memory();
    *out = function;
    function->is_async = type->is_async;
    function->params_len = type->part_count;
    spin_error_t *error =
        make_parts(linker, env, type->parts, type->part_count, false, &function->params);
    if (error == NULL && type->has_result)
        error = link_val_type(linker, env, &type->result, &function->result.type);
    return error;
}

/* The resource that a result "own<r>" or "result<own<r>, …>" is of. */
static const wit_typedef_t *constructed(const spin_type_t *type) {
    if (type != NULL && type->kind == SPIN_TYPE_RESULT)
        type = type->parts[0].ref.type;
    return type != NULL && type->kind == SPIN_TYPE_OWN ? type->resource : NULL;
}

/* "[method]r.f" */
static void set_names(spin_function_t *function, spin_slice_t name) {
    function->core_name = function->name = name;
    size_t close = slice_find(name, ']');
    if (name.len == 0 || name.ptr[0] != '[' || close == name.len)
        return;
    spin_slice_t word = spin_slice_of(name.ptr + 1, close - 1);
    spin_slice_t rest = slice_from(name, close + 1);
    size_t dot = slice_find(rest, '.');
    function->name = dot < rest.len ? slice_from(rest, dot + 1) : rest;
    if (slice_ends_with(word, SLICE_LITERAL("constructor"))) {
        function->kind = WIT_FUNCTION_CONSTRUCTOR;
        function->name = SLICE_LITERAL("constructor");
        function->resource = constructed(function->result.type);
    } else if (slice_ends_with(word, SLICE_LITERAL("method"))) {
        function->kind = WIT_FUNCTION_METHOD;
        if (function->params_len > 0)
            function->resource = function->params[0].ref.type->resource;
    } else if (slice_ends_with(word, SLICE_LITERAL("static"))) {
        function->kind = WIT_FUNCTION_STATIC;
    }
}

spin_error_t *link_copy_function(linker_t *linker, const spin_function_t *type, spin_slice_t name,
                                 const spin_function_t **out) {
    spin_function_t *copy = arena_alloc(linker->arena, sizeof *copy);
    if (copy == NULL)
        return error_no_memory();
    *copy = *type;
    set_names(copy, name);
    linker->uses_async |= copy->is_async;
    *out = copy;
    return NULL;
}

/* ── resources ───────────────────────────────────────────────────────────────────────────── */

static spin_error_t *add_resource(linker_t *linker, linked_resource_t resource, uint32_t *out) {
    link_typedef_t *typedef_ = make_typedef(linker);
    if (typedef_ == NULL)
        return error_no_memory();
    typedef_->def.is_resource = true;
    if (resource.is_host) {
        typedef_->def.name = resource.name;
        typedef_->is_named = true;
    }
    resource.type = &typedef_->def;
    *out = (uint32_t)linker->resources.len;
    return VEC_PUSH(&linker->resources, resource) ? NULL : error_no_memory();
}

spin_error_t *link_host_resource(linker_t *linker, const link_env_t *env, spin_slice_t name,
                                 uint32_t *out) {
    linked_resource_t resource = {
        .is_host = true, .interface = env->interface, .name = name, .component = LINKED_NONE};
    return add_resource(linker, resource, out);
}

static spin_error_t *make_resource(linker_t *linker, const link_env_t *env, const ast_type_t *type,
                                   uint32_t *out) {
    linked_resource_t resource = {.component = env->component};
    const link_entity_t *dtor;
    if (type->rep != CORE_I32)
        return LINK_FAIL(type->offset, UNSUPPORTED, "a resource that is not represented by an i32");
    if (type->has_dtor) {
        spin_error_t *error = link_get(env, AST_CORE_FUNC, type->dtor, type->offset, &dtor);
        if (error != NULL)
            return error;
        resource.dtor = dtor->of.item;
    }
    return add_resource(linker, resource, out);
}

/* ── all ─────────────────────────────────────────────────────────────────────────────────── */

spin_error_t *link_type(linker_t *linker, const link_env_t *env, const ast_type_t *type,
                        link_entity_t *out) {
    *out = (link_entity_t){.sort = AST_TYPE};
    switch (type->kind) {
    case AST_TYPE_COMPONENT:
    case AST_TYPE_INSTANCE:
        out->type = LINK_TYPE_SCOPE;
        out->of.closure = (link_closure_t){type->scope, env};
        return NULL;
    case AST_TYPE_FUNC:
        out->type = LINK_TYPE_FUNC;
        return make_function(linker, env, type, &out->of.function);
    case AST_TYPE_RESOURCE:
        out->type = LINK_TYPE_RESOURCE;
        return make_resource(linker, env, type, &out->of.resource);
    default: out->type = LINK_TYPE_VALUE; return make_value(linker, env, type, &out->of.value);
    }
}

static void name_typedef(linker_t *linker, const wit_typedef_t *def, spin_slice_t name) {
    link_typedef_t *typedef_ = (link_typedef_t *)(uintptr_t)def;
    if (def == NULL || typedef_->is_named)
        return;
    typedef_->is_named = true;
    typedef_->def.name = name;
    if (def->ref.type != NULL)
        ((spin_type_t *)(uintptr_t)def->ref.type)->text = name;
    linker->renamed |= linker->types.known.len != typedef_->made;
}

void link_name_entity(linker_t *linker, const link_entity_t *entity, spin_slice_t name) {
    if (entity->sort == AST_FUNC && !entity->of.func.is_import) {
        const spin_function_t *type = linker->lifts.items[entity->of.func.index].type;
        if (type->name.len == 0)
            set_names((spin_function_t *)(uintptr_t)type, name);
    } else if (entity->sort == AST_TYPE && entity->type == LINK_TYPE_VALUE) {
        name_typedef(linker, entity->of.value->def, name);
    } else if (entity->sort == AST_TYPE && entity->type == LINK_TYPE_RESOURCE) {
        name_typedef(linker, linker->resources.items[entity->of.resource].type, name);
    }
}
