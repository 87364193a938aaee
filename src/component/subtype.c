#include "component/subtype.h"

#include <inttypes.h>

#include "base/slice.h"

/* ── core ──────────────────────────────────────────────────────────────────────────────────── */

static bool limits_match(type_store_t *types, const core_limits_t *a, const core_limits_t *b,
                         const char *what, size_t offset) {
    if (a->shared != b->shared)
        return types_fail(types, offset, "one %s is shared and the other is not", what);
    if (a->is64 != b->is64)
        return types_fail(types, offset, "the %ss are not indexed by the same type", what);
    if (a->min < b->min)
        return types_fail(types, offset, "the %s has at least %" PRIu64 ", not %" PRIu64, what,
                          a->min, b->min);
    if (b->has_max && (!a->has_max || a->max > b->max))
        return types_fail(types, offset, "the %s may grow beyond %" PRIu64, what, b->max);
    return true;
}

static bool core_table_matches(type_store_t *types, const core_entity_t *a, const core_entity_t *b,
                               size_t offset) {
    if (a->value != b->value)
        return types_fail(types, offset, "the elements of the tables differ in type");
    /* Wasmtime's validator leaves the width of a table's index out of it. */
    core_limits_t limits = a->limits;
    limits.is64 = b->limits.is64;
    return limits_match(types, &limits, &b->limits, "table", offset);
}

bool subtype_core_entity(type_store_t *types, const core_entity_t *a, const core_entity_t *b,
                         size_t offset) {
    static const char *const names[] = {"function", "table", "memory", "global", "tag"};
    if (a->kind != b->kind)
        return types_fail(types, offset, "a %s stands where a %s should", names[a->kind],
                          names[b->kind]);
    switch (a->kind) {
    case CORE_EXTERN_FUNC:
        return types_core_is_subtype(types, a->type, b->type) ||
               types_fail(types, offset, "the core functions differ in type");
    case CORE_EXTERN_TABLE: return core_table_matches(types, a, b, offset);
    case CORE_EXTERN_MEMORY:
        if (a->limits.page_bits != b->limits.page_bits)
            return types_fail(types, offset, "the memories differ in the size of a page");
        return limits_match(types, &a->limits, &b->limits, "memory", offset);
    case CORE_EXTERN_GLOBAL:
        if (a->mutable != b->mutable)
            return types_fail(types, offset, "one global is mutable and the other is not");
        return a->value == b->value || types_fail(types, offset, "the globals differ in type");
    case CORE_EXTERN_TAG:
        return a->type == b->type || types_fail(types, offset, "the tags differ in type");
    }
    return false;
}

static bool module_matches(type_store_t *types, uint32_t a, uint32_t b, size_t offset) {
    const module_type_t *given = types_module(types, a), *wanted = types_module(types, b);
    for (uint32_t i = 0; a != b && i < given->imports.count; i++) {
        spin_slice_t key = given->imports.labels[i];
        const core_entity_t *import = core_entity_find(&wanted->imports, key);
        if (import == NULL)
            return types_fail(types, offset, "the module has an import that is not expected");
        if (!subtype_core_entity(types, import, &given->imports.items[i], offset))
            return types_context(types, "an import of the module");
    }
    for (uint32_t i = 0; a != b && i < wanted->exports.count; i++) {
        spin_slice_t name = wanted->exports.labels[i];
        const core_entity_t *export = core_entity_find(&given->exports, name);
        if (export == NULL)
            return types_fail(types, offset, "the module does not export \"%.*s\"",
                              SLICE_ARG(name));
        if (!subtype_core_entity(types, export, &wanted->exports.items[i], offset))
            return types_context(types, "export \"%.*s\" of the module", SLICE_ARG(name));
    }
    return true;
}

/* ── values ────────────────────────────────────────────────────────────────────────────────── */

static bool names_match(type_store_t *types, const spin_slice_t *a, const spin_slice_t *b,
                        uint32_t count, const char *what, size_t offset) {
    for (uint32_t i = 0; i < count; i++)
        if (!slice_equal_ignore_case(a[i], b[i]))
            return types_fail(types, offset, "%s \"%.*s\" stands where \"%.*s\" should", what,
                              SLICE_ARG(a[i]), SLICE_ARG(b[i]));
    return true;
}

static bool part_matches(type_store_t *types, val_type_t a, val_type_t b, size_t offset) {
    if ((a.kind == VAL_NONE) != (b.kind == VAL_NONE))
        return types_fail(types, offset,
                          a.kind == VAL_NONE ? "a type is missing"
                                             : "a type stands where none should");
    return a.kind == VAL_NONE || subtype_val(types, a, b, offset);
}

/* Goes as deep as values' types nest: TYPES_MAX_VALUE_DEPTH. */
static bool defined_matches(type_store_t *types, uint32_t a_index, uint32_t b_index,
                            size_t offset) {
    const defined_type_t *a = types_defined(types, a_index), *b = types_defined(types, b_index);
    const char *kind = defined_kind_name(b);
    if (a == b)
        return true;
    if (a->kind != b->kind || (a->kind == AST_TYPE_PRIMITIVE && a->primitive != b->primitive))
        return types_fail(types, offset, "%s stands where %s should", defined_kind_name(a), kind);
    if (a->kind == AST_TYPE_OWN || a->kind == AST_TYPE_BORROW)
        return a->resource.index == b->resource.index ||
               types_fail(types, offset, "the handles are of different resource types");
    if (a->kind == AST_TYPE_PRIMITIVE)
        return true;
    if (a->count != b->count)
        return types_fail(types, offset, "a %s has %u parts, not %u", kind, a->count, b->count);
    if (a->kind == AST_TYPE_FIXED_LIST && a->length != b->length)
        return types_fail(types, offset, "a list has %u elements, not %u", a->length, b->length);
    if (a->names != NULL && !names_match(types, a->names, b->names, a->count, kind, offset))
        return false;
    for (uint32_t i = 0; a->parts != NULL && i < a->count; i++)
        if (!part_matches(types, a->parts[i], b->parts[i], offset))
            return types_context(types, "part %u of a %s", i, kind);
    return true;
}

/* A primitive type that was given a name is that type. */
static val_type_t resolve(const type_store_t *types, val_type_t type) {
    if (type.kind != VAL_DEFINED || types_defined(types, type.index)->kind != AST_TYPE_PRIMITIVE)
        return type;
    return (val_type_t){.kind = VAL_PRIMITIVE,
                        .primitive = types_defined(types, type.index)->primitive};
}

static const char *val_name(const type_store_t *types, val_type_t type) {
    return type.kind == VAL_DEFINED ? defined_kind_name(types_defined(types, type.index))
                                    : primitive_name(type.primitive);
}

bool subtype_val(type_store_t *types, val_type_t a, val_type_t b, size_t offset) {
    a = resolve(types, a);
    b = resolve(types, b);
    if (a.kind == VAL_DEFINED && b.kind == VAL_DEFINED)
        return defined_matches(types, a.index, b.index, offset);
    return (a.kind == b.kind && a.primitive == b.primitive) ||
           types_fail(types, offset, "%s stands where %s should", val_name(types, a),
                      val_name(types, b));
}

static bool func_matches(type_store_t *types, uint32_t a_index, uint32_t b_index, size_t offset) {
    const func_type_t *a = types_func(types, a_index), *b = types_func(types, b_index);
    if (a == b)
        return true;
    if (a->is_async != b->is_async)
        return types_fail(types, offset, "one function is async and the other is not");
    if (a->count != b->count)
        return types_fail(types, offset, "the function has %u parameters, not %u", a->count,
                          b->count);
    if (!names_match(types, a->names, b->names, a->count, "parameter", offset))
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (!subtype_val(types, a->params[i], b->params[i], offset))
            return types_context(types, "parameter \"%.*s\"", SLICE_ARG(a->names[i]));
    return part_matches(types, a->result, b->result, offset) || types_context(types, "the result");
}

/* ── instances and components ──────────────────────────────────────────────────────────────── */

static bool instance_matches(type_store_t *types, uint32_t a, uint32_t b, size_t offset) {
    const entity_list_t *given = &types_instance(types, a)->exports;
    const entity_list_t *wanted = &types_instance(types, b)->exports;
    if (a == b)
        return true;
    for (uint32_t i = 0; i < wanted->count; i++) {
        spin_slice_t name = wanted->labels[i];
        const entity_t *export = entity_find(given, name);
        if (export == NULL)
            return types_fail(types, offset, "the instance does not export \"%.*s\"",
                              SLICE_ARG(name));
        if (!subtype_entity(types, export, &wanted->items[i], offset))
            return types_context(types, "export \"%.*s\"", SLICE_ARG(name));
    }
    return true;
}

/* What `a` imports, `b` must be given too; with that, `a` exports what `b` does. */
static bool component_matches(type_store_t *types, uint32_t a, uint32_t b, size_t offset) {
    type_mapping_t imports = {0}, exports = {0};
    if (a == b)
        return true;
    type_mark_t mark = types_mark(types);
    entity_list_t list = types_component(types, a)->exports;
    bool done =
        subtype_open(types, &types_component(types, b)->imports, a, true, offset, &imports) &&
        types_remap_list(types, &list, &imports) &&
        subtype_open(types, &list, b, false, offset, &exports);
    types_rewind(types, mark);
    type_mapping_deinit(&imports);
    type_mapping_deinit(&exports);
    return done;
}

static bool ref_matches(type_store_t *types, type_ref_t a, type_ref_t b, size_t offset) {
    if (a.sort != b.sort)
        return types_fail(types, offset, "a %s stands where a %s should", type_sort_name(a.sort),
                          type_sort_name(b.sort));
    switch (a.sort) {
    case TYPE_RESOURCE:
        return a.index == b.index || types_fail(types, offset, "the resource types differ");
    case TYPE_DEFINED: return defined_matches(types, a.index, b.index, offset);
    case TYPE_FUNC: return func_matches(types, a.index, b.index, offset);
    case TYPE_INSTANCE: return instance_matches(types, a.index, b.index, offset);
    case TYPE_COMPONENT: return component_matches(types, a.index, b.index, offset);
    }
    return false;
}

/* Goes as deep as types nest: type_info_combine bounds that. */
bool subtype_entity(type_store_t *types, const entity_t *a, const entity_t *b, size_t offset) {
    if (a->kind != b->kind)
        return types_fail(types, offset, "a %s stands where a %s should", entity_kind_name(a->kind),
                          entity_kind_name(b->kind));
    switch (a->kind) {
    case ENTITY_MODULE: return module_matches(types, a->index, b->index, offset);
    case ENTITY_FUNC: return func_matches(types, a->index, b->index, offset);
    case ENTITY_VALUE: return subtype_val(types, a->value, b->value, offset);
    case ENTITY_TYPE: return ref_matches(types, a->referenced, b->referenced, offset);
    case ENTITY_INSTANCE: return instance_matches(types, a->index, b->index, offset);
    case ENTITY_COMPONENT: return component_matches(types, a->index, b->index, offset);
    }
    return false;
}

/* ── opening ───────────────────────────────────────────────────────────────────────────────── */

/* The resource given where `path` leads, if there is one. */
static const entity_t *follow(const type_store_t *types, const entity_list_t *wanted,
                              const entity_list_t *given, const type_path_t *path) {
    for (;; path = path->next) {
        if (path == NULL || path->step >= wanted->count)
            return NULL;
        const entity_t *want = &wanted->items[path->step];
        const entity_t *have = entity_find(given, wanted->labels[path->step]);
        if (have == NULL || path->next == NULL)
            return have;
        if (have->kind != ENTITY_INSTANCE || want->kind != ENTITY_INSTANCE)
            return NULL;
        wanted = &types_instance(types, want->index)->exports;
        given = &types_instance(types, have->index)->exports;
    }
}

/* Types that were wanted by one name and are given by another. */
static bool add_renames(type_store_t *types, const entity_t *given, const entity_t *wanted,
                        id_map_t *renames) {
    if (given->kind != wanted->kind)
        return true;
    if (wanted->kind == ENTITY_TYPE)
        return id_map_set(renames, type_ref_key(wanted->created), type_ref_key(given->created)) ||
               types_no_memory(types);
    if (wanted->kind != ENTITY_INSTANCE)
        return true;
    const entity_list_t *list = &types_instance(types, wanted->index)->exports;
    for (uint32_t i = 0; i < list->count; i++) {
        const entity_t *export =
            entity_find(&types_instance(types, given->index)->exports, list->labels[i]);
        if (export != NULL && !add_renames(types, export, &list->items[i], renames))
            return false;
    }
    return true;
}

static bool check_given(type_store_t *types, const entity_t *given, const entity_t *wanted,
                        size_t offset, type_mapping_t *mapping) {
    entity_t expected = *wanted;
    type_mark_t mark = types_mark(types);
    bool done = types_remap_entity(types, &expected, mapping) &&
                subtype_entity(types, given, &expected, offset);
    id_map_deinit(&mapping->types); /* these types go */
    types_rewind(types, mark);
    return done;
}

bool subtype_open(type_store_t *types, const entity_list_t *given, uint32_t component, bool imports,
                  size_t offset, type_mapping_t *mapping) {
    const component_type_t *type = types_component(types, component);
    const entity_list_t *wanted = imports ? &type->imports : &type->exports;
    const resource_list_t *resources = imports ? &type->imported : &type->defined;
    const char *what = imports ? "import" : "export";
    id_map_t renames = {0};
    bool done = true;
    for (uint32_t i = 0; done && i < resources->count; i++) {
        const resource_path_t *resource = &resources->items[i];
        const entity_t *have = follow(types, wanted, given, resource->path);
        if (have != NULL && have->kind == ENTITY_TYPE && have->created.sort == TYPE_RESOURCE)
            done = id_map_set(&mapping->resources, resource->resource, have->created.index) ||
                   types_no_memory(types);
    }
    for (uint32_t i = 0; done && i < wanted->count; i++)
        if (entity_find(given, wanted->labels[i]) == NULL)
            done = types_fail(types, offset, "%s \"%.*s\" is missing", what,
                              SLICE_ARG(wanted->labels[i]));
    for (uint32_t i = 0; done && i < wanted->count; i++) {
        const entity_t *have = entity_find(given, wanted->labels[i]);
        done = check_given(types, have, &wanted->items[i], offset, mapping)
                   ? add_renames(types, have, &wanted->items[i], &renames)
                   : types_context(types, "%s \"%.*s\"", what, SLICE_ARG(wanted->labels[i]));
    }
    mapping->types = renames;
    mapping->has_renames = renames.len > 0;
    return done;
}
