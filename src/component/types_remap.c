/* Substitution of resources, and which resources a type leaves free. */
#include "component/types.h"

void type_mapping_deinit(type_mapping_t *mapping) {
    id_map_deinit(&mapping->resources);
    id_map_deinit(&mapping->types);
}

uint32_t types_remap_resource(const type_mapping_t *mapping, uint32_t resource) {
    const uint64_t *found = id_map_get(&mapping->resources, resource);
    return found == NULL ? resource : (uint32_t)*found;
}

/* A rename may put in a subtype, which may name resources where the supertype named none: what
 * holds it is then taken to name some (`has_resource`). */
static bool remap_ref(type_store_t *types, type_ref_t *type, type_mapping_t *mapping,
                      bool *changed);

static bool remap_val(type_store_t *types, val_type_t *type, type_mapping_t *mapping,
                      bool *changed) {
    if (type->kind != VAL_DEFINED)
        return true;
    type_ref_t ref = val_type_ref(*type);
    if (!remap_ref(types, &ref, mapping, changed))
        return false;
    type->index = ref.index;
    type->alias = ref.alias;
    return true;
}

static bool remap_vals(type_store_t *types, const val_type_t **list, uint32_t count,
                       type_mapping_t *mapping, bool *changed) {
    val_type_t *copy = NULL;
    for (uint32_t i = 0; i < count; i++) {
        val_type_t type = (*list)[i];
        bool one = false;
        if (!remap_val(types, &type, mapping, &one))
            return false;
        if (one && copy == NULL) {
            copy = types_alloc(types, count, sizeof *copy);
            if (copy == NULL)
                return false;
            memcpy(copy, *list, count * sizeof *copy);
        }
        if (copy != NULL)
            copy[i] = type;
    }
    *changed |= copy != NULL;
    if (copy != NULL)
        *list = copy;
    return true;
}

static bool remap_entity(type_store_t *types, entity_t *entity, type_mapping_t *mapping,
                         bool *changed) {
    static const type_sort_t sorts[] = {
        [ENTITY_FUNC] = TYPE_FUNC,
        [ENTITY_INSTANCE] = TYPE_INSTANCE,
        [ENTITY_COMPONENT] = TYPE_COMPONENT,
    };
    type_ref_t ref;
    switch (entity->kind) {
    case ENTITY_MODULE: return true;
    case ENTITY_VALUE: return remap_val(types, &entity->value, mapping, changed);
    case ENTITY_TYPE:
        return remap_ref(types, &entity->referenced, mapping, changed) &&
               remap_ref(types, &entity->created, mapping, changed);
    default:
        ref = type_ref_of(sorts[entity->kind], entity->index);
        if (!remap_ref(types, &ref, mapping, changed))
            return false;
        entity->index = ref.index;
        return true;
    }
}

static bool remap_list(type_store_t *types, entity_list_t *list, type_mapping_t *mapping,
                       bool *changed) {
    entity_t *copy = NULL;
    for (uint32_t i = 0; i < list->count; i++) {
        entity_t entity = list->items[i];
        bool one = false;
        if (!remap_entity(types, &entity, mapping, &one))
            return false;
        if (one && copy == NULL) {
            copy = types_alloc(types, list->count, sizeof *copy);
            if (copy == NULL)
                return false;
            memcpy(copy, list->items, list->count * sizeof *copy);
        }
        if (copy != NULL)
            copy[i] = entity;
    }
    *changed |= copy != NULL;
    if (copy != NULL)
        list->items = copy;
    return true;
}

static bool remap_resources(type_store_t *types, resource_list_t *list,
                            const type_mapping_t *mapping, bool *changed) {
    resource_path_t *copy = NULL;
    for (uint32_t i = 0; i < list->count; i++) {
        const uint64_t *found = id_map_get(&mapping->resources, list->items[i].resource);
        if (found == NULL)
            continue;
        if (copy == NULL) {
            copy = types_alloc(types, list->count, sizeof *copy);
            if (copy == NULL)
                return false;
            memcpy(copy, list->items, list->count * sizeof *copy);
        }
        copy[i].resource = (uint32_t)*found;
    }
    *changed |= copy != NULL;
    if (copy != NULL)
        list->items = copy;
    return true;
}

static bool remap_defined(type_store_t *types, uint32_t *index, type_mapping_t *mapping,
                          bool *changed) {
    defined_type_t type = *types_defined(types, *index);
    if (type.kind == AST_TYPE_OWN || type.kind == AST_TYPE_BORROW) {
        if (!remap_ref(types, &type.resource, mapping, changed))
            return false;
    } else if (type.parts != NULL && !remap_vals(types, &type.parts, type.count, mapping, changed))
        return false;
    type.info.has_resource |= mapping->has_renames;
    return !*changed || types_add_defined(types, &type, index);
}

static bool remap_func(type_store_t *types, uint32_t *index, type_mapping_t *mapping,
                       bool *changed) {
    func_type_t type = *types_func(types, *index);
    type.info.has_resource |= mapping->has_renames;
    return remap_vals(types, &type.params, type.count, mapping, changed) &&
           remap_val(types, &type.result, mapping, changed) &&
           (!*changed || types_add_func(types, &type, index));
}

static bool remap_instance(type_store_t *types, uint32_t *index, type_mapping_t *mapping,
                           bool *changed) {
    instance_type_t type = *types_instance(types, *index);
    type.info.has_resource |= mapping->has_renames;
    return remap_list(types, &type.exports, mapping, changed) &&
           remap_resources(types, &type.defined, mapping, changed) &&
           remap_resources(types, &type.explicit, mapping, changed) &&
           (!*changed || types_add_instance(types, &type, index));
}

static bool remap_component(type_store_t *types, uint32_t *index, type_mapping_t *mapping,
                            bool *changed) {
    component_type_t type = *types_component(types, *index);
    type.info.has_resource |= mapping->has_renames;
    return remap_list(types, &type.imports, mapping, changed) &&
           remap_list(types, &type.exports, mapping, changed) &&
           remap_resources(types, &type.imported, mapping, changed) &&
           remap_resources(types, &type.defined, mapping, changed) &&
           remap_resources(types, &type.explicit, mapping, changed) &&
           (!*changed || types_add_component(types, &type, index));
}

/* Goes as deep as types nest: type_info_combine bounds that. */
static bool remap_ref(type_store_t *types, type_ref_t *type, type_mapping_t *mapping,
                      bool *changed) {
    type_ref_t old = *type;
    bool one = false, done = false;
    if (!mapping->has_renames && !type_info_of_ref(types, old).has_resource)
        return true;
    const uint64_t *found = id_map_get(&mapping->types, type_ref_key(old));
    if (found != NULL) {
        *type = type_ref_of_key(*found);
        *changed |= !type_ref_equal(*type, old);
        return true;
    }
    switch (old.sort) {
    case TYPE_RESOURCE:
        type->index = types_remap_resource(mapping, old.index);
        *changed |= type->index != old.index;
        return true;
    case TYPE_DEFINED: done = remap_defined(types, &type->index, mapping, &one); break;
    case TYPE_FUNC: done = remap_func(types, &type->index, mapping, &one); break;
    case TYPE_INSTANCE: done = remap_instance(types, &type->index, mapping, &one); break;
    case TYPE_COMPONENT: done = remap_component(types, &type->index, mapping, &one); break;
    }
    if (!done)
        return false;
    if (one)
        type->alias = 0;
    *changed |= one;
    return id_map_set(&mapping->types, type_ref_key(old), type_ref_key(*type)) ||
           types_no_memory(types);
}

bool types_remap_entity(type_store_t *types, entity_t *entity, type_mapping_t *mapping) {
    bool changed = false;
    return remap_entity(types, entity, mapping, &changed);
}

bool types_remap_list(type_store_t *types, entity_list_t *list, type_mapping_t *mapping) {
    bool changed = false;
    return remap_list(types, list, mapping, &changed);
}

/* ── free variables ────────────────────────────────────────────────────────────────────────── */

static bool set_free(type_store_t *types, id_map_t *free, uint32_t resource, bool is_free) {
    return id_map_set(free, resource, is_free) || types_no_memory(types);
}

static bool free_of_val(type_store_t *types, val_type_t type, id_map_t *free) {
    return type.kind != VAL_DEFINED || types_free_of_ref(types, val_type_ref(type), free);
}

static bool free_of_defined(type_store_t *types, const defined_type_t *type, id_map_t *free) {
    if (type->kind == AST_TYPE_OWN || type->kind == AST_TYPE_BORROW)
        return set_free(types, free, type->resource.index, true);
    for (uint32_t i = 0; type->parts != NULL && i < type->count; i++)
        if (!free_of_val(types, type->parts[i], free))
            return false;
    return true;
}

static bool free_of_func(type_store_t *types, const func_type_t *type, id_map_t *free) {
    for (uint32_t i = 0; i < type->count; i++)
        if (!free_of_val(types, type->params[i], free))
            return false;
    return free_of_val(types, type->result, free);
}

static bool bind(type_store_t *types, const resource_list_t *list, id_map_t *free) {
    for (uint32_t i = 0; i < list->count; i++)
        if (id_map_get(free, list->items[i].resource) != NULL &&
            !set_free(types, free, list->items[i].resource, false))
            return false;
    return true;
}

static bool free_of_entity(type_store_t *types, const entity_t *entity, id_map_t *free) {
    switch (entity->kind) {
    case ENTITY_MODULE: return true;
    case ENTITY_VALUE: return free_of_val(types, entity->value, free);
    case ENTITY_TYPE: return types_free_of_ref(types, entity->created, free);
    case ENTITY_FUNC: return types_free_of_ref(types, type_ref_of(TYPE_FUNC, entity->index), free);
    case ENTITY_INSTANCE:
        return types_free_of_ref(types, type_ref_of(TYPE_INSTANCE, entity->index), free);
    case ENTITY_COMPONENT:
        return types_free_of_ref(types, type_ref_of(TYPE_COMPONENT, entity->index), free);
    }
    return true;
}

bool types_free_of_list(type_store_t *types, const entity_list_t *list, id_map_t *free) {
    for (uint32_t i = 0; i < list->count; i++)
        if (!free_of_entity(types, &list->items[i], free))
            return false;
    return true;
}

bool types_free_of_ref(type_store_t *types, type_ref_t type, id_map_t *free) {
    if (!type_info_of_ref(types, type).has_resource)
        return true;
    switch (type.sort) {
    case TYPE_RESOURCE: return set_free(types, free, type.index, true);
    case TYPE_DEFINED: return free_of_defined(types, types_defined(types, type.index), free);
    case TYPE_FUNC: return free_of_func(types, types_func(types, type.index), free);
    case TYPE_INSTANCE: {
        const instance_type_t *instance = types_instance(types, type.index);
        return types_free_of_list(types, &instance->exports, free) &&
               bind(types, &instance->defined, free);
    }
    case TYPE_COMPONENT: {
        const component_type_t *component = types_component(types, type.index);
        return types_free_of_list(types, &component->imports, free) &&
               types_free_of_list(types, &component->exports, free) &&
               bind(types, &component->imported, free) && bind(types, &component->defined, free);
    }
    }
    return true;
}
