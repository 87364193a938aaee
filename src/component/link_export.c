/* What the root exports. */
#include "component/link.h"

static spin_error_t *export_entity(linker_t *linker, const link_entity_t *entity,
                                   spin_slice_t prefix, linked_export_t *out);

/* "iface#func" */
static spin_error_t *join(linker_t *linker, spin_slice_t prefix, spin_slice_t name,
                          spin_slice_t *out) {
    *out = name;
    if (prefix.len == 0)
        return NULL;
    *out = arena_printf(linker->arena, "%.*s#%.*s", SLICE_ARG(prefix), SLICE_ARG(name));
    return out->ptr == NULL ? error_no_memory() : NULL;
}

static spin_error_t *export_all(linker_t *linker, const link_names_t *names, spin_slice_t prefix,
                                const linked_export_t **out, uint32_t *count) {
    size_t len = names->map.len;
    spin_error_t *error = link_count(linker, len, 0);
    if (error != NULL)
        return error;
    linked_export_t *exports = len == 0 ? NULL : arena_calloc(linker->arena, len, sizeof *exports);
    if (exports == NULL && len > 0)
        return error_no_memory();
    *out = exports;
    *count = (uint32_t)len;
    for (size_t i = 0; i < len && error == NULL; i++) {
        exports[i].name = names->map.entries[i].key;
        error = export_entity(linker, names->map.entries[i].value, prefix, &exports[i]);
    }
    return error;
}

static spin_error_t *export_instance(linker_t *linker, const link_entity_t *entity,
                                     spin_slice_t prefix, linked_export_t *out) {
    const link_instance_t *instance = entity->of.instance;
    spin_slice_t full;
    spin_error_t *error = link_enter(linker, 0);
    if (error != NULL)
        return error;
    if (instance->view.scope != NULL)
        error = link_instance_type(linker, &instance->view, NULL, instance->exports,
                                   &(ast_name_t){0}, &instance);
    if (error == NULL)
        error = join(linker, prefix, out->name, &full);
    if (error == NULL)
        error = export_all(linker, instance->exports, full, &out->items, &out->item_count);
    link_leave(linker);
    return error;
}

static spin_error_t *export_function(linker_t *linker, const link_entity_t *entity,
                                     spin_slice_t prefix, linked_export_t *out) {
    out->index = entity->of.func.index;
    out->kind = entity->of.func.is_import ? LINKED_EXPORT_IMPORT : LINKED_EXPORT_LIFT;
    if (entity->of.func.is_import)
        return NULL;
    linked_lift_t *lift = &linker->lifts.items[out->index];
    return lift->export_name.len > 0 ? NULL : join(linker, prefix, out->name, &lift->export_name);
}

static spin_error_t *export_entity(linker_t *linker, const link_entity_t *entity,
                                   spin_slice_t prefix, linked_export_t *out) {
    out->resource = LINKED_NONE;
    switch (entity->sort) {
    case AST_FUNC: return export_function(linker, entity, prefix, out);
    case AST_INSTANCE:
        out->kind = LINKED_EXPORT_INSTANCE;
        return export_instance(linker, entity, prefix, out);
    case AST_TYPE:
        out->kind = LINKED_EXPORT_TYPE;
        if (entity->type == LINK_TYPE_VALUE)
            out->type = entity->of.value;
        else if (entity->type == LINK_TYPE_RESOURCE)
            out->resource = entity->of.resource;
        return NULL;
    case AST_CORE_MODULE:
        out->kind = LINKED_EXPORT_MODULE;
        out->index = (uint32_t)linker->exported_modules.len;
        return VEC_PUSH(&linker->exported_modules, linker->modules.items[entity->of.module].bytes)
                   ? NULL
                   : error_no_memory();
    case AST_COMPONENT: out->kind = LINKED_EXPORT_COMPONENT; return NULL;
    default: return error_new(SPIN_ERROR_UNSUPPORTED, "an export of a value");
    }
}

spin_error_t *link_root_exports(linker_t *linker, const link_env_t *root, linked_component_t *out) {
    return export_all(linker, root->exports, (spin_slice_t){0}, &out->exports, &out->export_count);
}
