/* Type definitions. */
#include "base/slice.h"
#include "component/names.h"
#include "component/validate_parts.h"

enum { PRIMITIVE_CHAR = 0x74, PRIMITIVE_ERROR_CONTEXT = 0x64, MAX_FLAGS = 32 };
enum { MAX_FIXED_LIST = 1 << 30 };

bool validate_val_type(validator_t *validator, const ast_val_type_t *type, val_type_t *out) {
    *out = (val_type_t){.kind = VAL_PRIMITIVE, .primitive = type->primitive};
    if (!type->is_index)
        return type->primitive != PRIMITIVE_ERROR_CONTEXT ||
               validate_feature(validator, !validator->options.features.no_error_context,
                                "error-context", type->offset);
    type_ref_t ref;
    if (!validate_type_at(validator, type->index, type->offset, &ref))
        return false;
    *out = (val_type_t){.kind = VAL_DEFINED, .index = ref.index, .alias = ref.alias};
    return ref.sort == TYPE_DEFINED ||
           types_fail(&validator->types, type->offset, "type %u is a %s, not a value's type",
                      type->index, type_sort_name(ref.sort));
}

/* ── parts ─────────────────────────────────────────────────────────────────────────────────── */

/* Names in kebab case that differ in more than case. */
static bool read_names(validator_t *validator, const ast_part_t *parts, uint32_t count,
                       const char *what, const spin_slice_t **out) {
    type_store_t *types = &validator->types;
    spin_slice_t *names = types_alloc(types, count, sizeof *names);
    map_t seen = {0};
    bool done = names != NULL;
    for (uint32_t i = 0; done && i < count; i++) {
        names[i] = parts[i].name;
        uint8_t *lower = types_alloc(types, names[i].len, 1);
        if (lower == NULL) {
            done = false;
            break;
        }
        for (size_t j = 0; j < names[i].len; j++) {
            uint8_t c = names[i].ptr[j];
            lower[j] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
        }
        spin_slice_t key = spin_slice_of(lower, names[i].len);
        if (!name_is_kebab(names[i]))
            done = types_fail(types, parts[i].offset, "%s \"%.*s\" is not in kebab case", what,
                              SLICE_ARG(names[i]));
        else if (map_find(&seen, key) != NULL)
            done = types_fail(types, parts[i].offset, "%s \"%.*s\" is there twice", what,
                              SLICE_ARG(names[i]));
        else
            done = map_set(&seen, key, NULL) || types_no_memory(types);
    }
    map_deinit(&seen);
    *out = names;
    return done;
}

static bool read_parts(validator_t *validator, const ast_type_t *type, const val_type_t **out,
                       type_info_t *info) {
    val_type_t *parts = types_alloc(&validator->types, type->part_count, sizeof *parts);
    if (parts == NULL)
        return false;
    for (uint32_t i = 0; i < type->part_count; i++) {
        const ast_part_t *part = &type->parts[i];
        if (!part->has_type)
            continue;
        if (!validate_val_type(validator, &part->type, &parts[i]) ||
            !type_info_combine(&validator->types, info,
                               type_info_of_val(&validator->types, parts[i]), part->offset))
            return false;
    }
    *out = parts;
    return true;
}

/* ── values' types ─────────────────────────────────────────────────────────────────────────── */

static bool check_stream(validator_t *validator, const ast_type_t *ast,
                         const defined_type_t *type) {
    val_type_t element = type->count == 0 ? (val_type_t){0} : type->parts[0];
    const defined_type_t *defined =
        element.kind == VAL_DEFINED ? types_defined(&validator->types, element.index) : NULL;
    uint8_t primitive = element.kind == VAL_PRIMITIVE ? element.primitive
                        : defined != NULL && defined->kind == AST_TYPE_PRIMITIVE
                            ? defined->primitive
                            : 0;
    return primitive != PRIMITIVE_CHAR ||
           types_fail(&validator->types, ast->offset, "a stream of characters is not allowed");
}

/* What each kind needs besides its parts. */
static bool check_kind(validator_t *validator, const ast_type_t *ast) {
    const component_features_t *features = &validator->options.features;
    type_store_t *types = &validator->types;
    size_t offset = ast->offset;
    switch (ast->kind) {
    case AST_TYPE_PRIMITIVE:
        return ast->primitive.primitive != PRIMITIVE_ERROR_CONTEXT ||
               validate_feature(validator, !features->no_error_context, "error-context", offset);
    case AST_TYPE_RECORD:
        return ast->part_count > 0 || types_fail(types, offset, "a record has no fields");
    case AST_TYPE_VARIANT:
        return ast->part_count > 0 || types_fail(types, offset, "a variant has no cases");
    case AST_TYPE_TUPLE:
        return ast->part_count > 0 || types_fail(types, offset, "a tuple has no members");
    case AST_TYPE_ENUM:
        return ast->part_count > 0 || types_fail(types, offset, "an enum has no cases");
    case AST_TYPE_FLAGS:
        if (ast->part_count == 0)
            return types_fail(types, offset, "flags have no names");
        return ast->part_count <= MAX_FLAGS ||
               types_fail(types, offset, "there are more than %d flags", MAX_FLAGS);
    case AST_TYPE_MAP: return validate_feature(validator, !features->no_map, "maps", offset);
    case AST_TYPE_FIXED_LIST:
        if (!validate_feature(validator, !features->no_fixed_list, "lists of fixed length", offset))
            return false;
        return (ast->length > 0 && ast->length <= MAX_FIXED_LIST) ||
               types_fail(types, offset, "a list of fixed length has %u elements", ast->length);
    case AST_TYPE_STREAM:
    case AST_TYPE_FUTURE:
        return validate_feature(validator, !features->no_async, "streams and futures", offset);
    default: return true;
    }
}

static const char *names_of(ast_type_kind_t kind) {
    switch (kind) {
    case AST_TYPE_RECORD: return "field";
    case AST_TYPE_VARIANT: return "case";
    case AST_TYPE_ENUM: return "case";
    case AST_TYPE_FLAGS: return "flag";
    default: return NULL;
    }
}

static bool read_defined(validator_t *validator, const ast_type_t *ast, defined_type_t *type) {
    type_store_t *types = &validator->types;
    const char *names = names_of(ast->kind);
    if (!check_kind(validator, ast))
        return false;
    if (ast->kind == AST_TYPE_OWN || ast->kind == AST_TYPE_BORROW) {
        type->info.has_resource = true;
        type->info.has_borrow = ast->kind == AST_TYPE_BORROW;
        return validate_resource_at(validator, ast->resource, ast->offset, &type->resource);
    }
    if (ast->kind == AST_TYPE_PRIMITIVE) {
        type->primitive = ast->primitive.primitive;
        type->info.has_pointer = strcmp(primitive_name(type->primitive), "string") == 0;
        return true;
    }
    if (names != NULL && !read_names(validator, ast->parts, ast->part_count, names, &type->names))
        return false;
    bool bare = ast->kind == AST_TYPE_ENUM || ast->kind == AST_TYPE_FLAGS;
    if (!bare && !read_parts(validator, ast, &type->parts, &type->info))
        return false;
    if (ast->kind == AST_TYPE_LIST || ast->kind == AST_TYPE_MAP)
        type->info.has_pointer = true;
    if (ast->kind == AST_TYPE_STREAM || ast->kind == AST_TYPE_FUTURE) {
        type->info.has_pointer = false; /* it is handed on as a handle */
        if (ast->kind == AST_TYPE_STREAM && !check_stream(validator, ast, type))
            return false;
    }
    return type->info.depth <= TYPES_MAX_VALUE_DEPTH ||
           types_fail(types, ast->offset, "types are nested more than %d deep",
                      TYPES_MAX_VALUE_DEPTH);
}

static bool add_defined(validator_t *validator, const ast_type_t *ast, type_ref_t *out) {
    type_store_t *types = &validator->types;
    defined_type_t type = {.kind = ast->kind,
                           .count = ast->part_count,
                           .length = ast->length,
                           .info = type_info_leaf()};
    *out = type_ref_of(TYPE_DEFINED, 0);
    if (!read_defined(validator, ast, &type))
        return false;
    types_layout(types, &type);
    if (type.layout.size >= TYPES_MAX_BYTES)
        return types_fail(types, ast->offset, "values of the type take more than %d bytes",
                          TYPES_MAX_BYTES - 1);
    return types_add_defined(types, &type, &out->index);
}

/* ── other types ───────────────────────────────────────────────────────────────────────────── */

static bool add_func(validator_t *validator, const ast_type_t *ast, type_ref_t *out) {
    type_store_t *types = &validator->types;
    func_type_t type = {
        .is_async = ast->is_async, .count = ast->part_count, .info = type_info_leaf()};
    *out = type_ref_of(TYPE_FUNC, 0);
    if (ast->is_async && !validate_feature(validator, !validator->options.features.no_async,
                                           "async functions", ast->offset))
        return false;
    if (!read_names(validator, ast->parts, ast->part_count, "parameter", &type.names) ||
        !read_parts(validator, ast, &type.params, &type.info))
        return false;
    if (ast->has_result) {
        if (!validate_val_type(validator, &ast->result, &type.result))
            return false;
        type_info_t info = type_info_of_val(types, type.result);
        if (info.has_borrow)
            return types_fail(types, ast->result.offset, "a result holds a borrowed handle");
        if (!type_info_combine(types, &type.info, info, ast->result.offset))
            return false;
    }
    return types_add_func(types, &type, &out->index);
}

static bool add_resource(validator_t *validator, const ast_type_t *ast, type_ref_t *out) {
    type_store_t *types = &validator->types;
    uint32_t dtor;
    if (validator->scope->kind != SCOPE_COMPONENT)
        return types_fail(types, ast->offset, "a type defines a resource type");
    if (ast->rep != CORE_I32 && ast->rep != CORE_I64)
        return types_fail(types, ast->offset, "a resource is represented by neither i32 nor i64");
    if (ast->rep == CORE_I64 &&
        !validate_feature(validator, !validator->options.features.no_memory64,
                          "resources of 64 bits", ast->offset))
        return false;
    if (ast->has_dtor) {
        if (!validate_core_func_at(validator, ast->dtor, ast->offset, &dtor))
            return false;
        if (!types_core_func_is(types, dtor, ast->rep == CORE_I32 ? "i" : "I", ""))
            return types_fail(types, ast->offset,
                              "core function %u has not the type of a destructor", ast->dtor);
    }
    *out = types_new_resource(types);
    return validate_define_resource(validator, out->index, ast->rep);
}

/* Recursion: as deep as types nest in the binary, which the decoder bounds. */
static bool add_scope(validator_t *validator, const ast_type_t *ast, type_ref_t *out) {
    bool is_component = ast->kind == AST_TYPE_COMPONENT;
    *out = type_ref_of(is_component ? TYPE_COMPONENT : TYPE_INSTANCE, 0);
    if (!validate_enter(validator, is_component ? SCOPE_COMPONENT_TYPE : SCOPE_INSTANCE_TYPE))
        return false;
    bool done = validate_defs(validator, ast->scope->defs, ast->scope->def_count) &&
                (is_component ? validate_finish_component(validator, ast->offset, &out->index)
                              : validate_finish_instance(validator, &out->index));
    validate_leave(validator);
    return done;
}

bool validate_type(validator_t *validator, const ast_type_t *ast) {
    scope_t *scope = validator->scope;
    type_ref_t type;
    bool done;
    switch (ast->kind) {
    case AST_TYPE_FUNC:
    case AST_TYPE_ASYNC_FUNC: done = add_func(validator, ast, &type); break;
    case AST_TYPE_RESOURCE: done = add_resource(validator, ast, &type); break;
    case AST_TYPE_COMPONENT:
    case AST_TYPE_INSTANCE: done = add_scope(validator, ast, &type); break;
    default: done = add_defined(validator, ast, &type); break;
    }
    return done &&
           validate_count(validator, scope->types.len + scope->core_types.len, VALIDATE_MAX_TYPES,
                          "types", ast->offset) &&
           PUSH(validator, &scope->types, type);
}

bool validate_extern_type(validator_t *validator, const ast_extern_type_t *type, entity_t *out) {
    size_t offset = type->offset;
    *out = (entity_t){0};
    switch (type->sort) {
    case AST_CORE_MODULE:
        out->kind = ENTITY_MODULE;
        return validate_module_type_at(validator, type->index, offset, &out->index);
    case AST_FUNC:
        out->kind = ENTITY_FUNC;
        return validate_type_of_sort(validator, type->index, TYPE_FUNC, offset, &out->index);
    case AST_INSTANCE:
        out->kind = ENTITY_INSTANCE;
        return validate_type_of_sort(validator, type->index, TYPE_INSTANCE, offset, &out->index);
    case AST_COMPONENT:
        out->kind = ENTITY_COMPONENT;
        return validate_type_of_sort(validator, type->index, TYPE_COMPONENT, offset, &out->index);
    case AST_TYPE:
        out->kind = ENTITY_TYPE;
        if (type->bound == AST_BOUND_SUB_RESOURCE) {
            out->referenced = out->created = types_new_resource(&validator->types);
            return true;
        }
        if (!validate_type_at(validator, type->index, offset, &out->referenced))
            return false;
        out->created = types_with_alias(&validator->types, out->referenced);
        return true;
    case AST_VALUE:
        out->kind = ENTITY_VALUE;
        if (!validate_feature(validator, validator->options.features.values, "values", offset))
            return false;
        if (type->bound == AST_BOUND_EQ)
            return validate_value_at(validator, type->index, offset, &out->value);
        return validate_val_type(validator, &type->value, &out->value);
    default: return types_fail(&validator->types, offset, "not a type to import or export");
    }
}
