#include "base/error.h"
#include "base/vec.h"
#include "component/component.h"

/* Deep enough for what anybody nests; what is deeper is left out of the list. */
enum { MAX_DEPTH = 16 };

typedef struct item_list {
    VEC(spin_component_item_t) items;
    arena_t *arena;
    bool failed;
} item_list_t;

static void add(item_list_t *list, spin_slice_t within, spin_slice_t name,
                spin_component_item_t item) {
    item.size = sizeof item;
    item.name = within.len == 0
                    ? name
                    : arena_printf(list->arena, "%.*s#%.*s", SLICE_ARG(within), SLICE_ARG(name));
    if ((item.name.ptr == NULL && within.len > 0) || !VEC_PUSH(&list->items, item))
        list->failed = true;
}

static spin_error_t *finish(item_list_t *list, const spin_component_item_t **out, size_t *len) {
    spin_component_item_t *items = arena_calloc(list->arena, list->items.len, sizeof *items);
    if (items == NULL && list->items.len > 0)
        list->failed = true;
    if (!list->failed && list->items.len > 0)
        memcpy(items, list->items.items, list->items.len * sizeof *items);
    *out = items;
    *len = list->items.len;
    VEC_FREE(&list->items);
    return list->failed ? error_no_memory() : NULL;
}

static spin_component_item_kind_t kind_of(ast_sort_t sort) {
    switch (sort) {
    case AST_CORE_MODULE: return SPIN_COMPONENT_MODULE;
    case AST_FUNC: return SPIN_COMPONENT_FUNCTION;
    case AST_COMPONENT: return SPIN_COMPONENT_COMPONENT;
    case AST_INSTANCE: return SPIN_COMPONENT_INSTANCE;
    default: return SPIN_COMPONENT_TYPE;
    }
}

/* ── imports: their order is the binary's, what they are is the linker's answer ── */

static bool is_within(spin_slice_t interface, spin_slice_t name) {
    return slice_equal(interface, name) ||
           (interface.len > name.len && slice_starts_with(interface, name) &&
            interface.ptr[name.len] == '#');
}

static void add_instance_imports(item_list_t *list, const linked_component_t *linked,
                                 spin_slice_t name) {
    for (uint32_t i = 0; i < linked->resource_count; i++) {
        const linked_resource_t *resource = &linked->resources[i];
        if (resource->is_host && is_within(resource->interface, name))
            add(list, resource->interface, resource->name,
                (spin_component_item_t){.kind = SPIN_COMPONENT_RESOURCE});
    }
    for (uint32_t i = 0; i < linked->import_count; i++) {
        const linked_import_t *import = &linked->imports[i];
        if (is_within(import->interface, name))
            add(list, import->interface, import->name,
                (spin_component_item_t){.kind = SPIN_COMPONENT_FUNCTION, .function = import->type});
    }
}

static const spin_function_t *root_import(const linked_component_t *linked, spin_slice_t name) {
    for (uint32_t i = 0; i < linked->import_count; i++)
        if (linked->imports[i].interface.len == 0 && slice_equal(linked->imports[i].name, name))
            return linked->imports[i].type;
    return NULL;
}

static spin_error_t *list_imports(spin_wasm_component_t *component) {
    item_list_t list = {.arena = &component->arena};
    const ast_scope_t *scope = &component->ast->scope;
    const linked_component_t *linked = &component->linked;
    for (uint32_t i = 0; i < scope->def_count; i++) {
        const ast_def_t *def = &scope->defs[i];
        if (def->kind != AST_DEF_IMPORT)
            continue;
        spin_slice_t name = def->of.import.name.name;
        spin_component_item_t item = {.kind = kind_of(def->of.import.type.sort)};
        if (item.kind == SPIN_COMPONENT_TYPE && def->of.import.type.bound == AST_BOUND_SUB_RESOURCE)
            item.kind = SPIN_COMPONENT_RESOURCE;
        if (item.kind == SPIN_COMPONENT_FUNCTION)
            item.function = root_import(linked, name);
        add(&list, (spin_slice_t){0}, name, item);
        if (item.kind == SPIN_COMPONENT_INSTANCE)
            add_instance_imports(&list, linked, name);
    }
    return finish(&list, &component->imports, &component->imports_len);
}

/* ── exports ── */

static spin_component_item_t item_of(const linked_component_t *linked,
                                     const linked_export_t *export) {
    spin_component_item_t item = {.kind = SPIN_COMPONENT_FUNCTION};
    switch (export->kind) {
    case LINKED_EXPORT_LIFT: item.function = linked->lifts[export->index].type; break;
    case LINKED_EXPORT_IMPORT: item.function = linked->imports[export->index].type; break;
    case LINKED_EXPORT_INSTANCE: item.kind = SPIN_COMPONENT_INSTANCE; break;
    case LINKED_EXPORT_MODULE: item.kind = SPIN_COMPONENT_MODULE; break;
    case LINKED_EXPORT_COMPONENT: item.kind = SPIN_COMPONENT_COMPONENT; break;
    case LINKED_EXPORT_TYPE:
        item.kind = export->resource != LINKED_NONE ? SPIN_COMPONENT_RESOURCE : SPIN_COMPONENT_TYPE;
        item.type = export->type;
        break;
    }
    return item;
}

static void add_exports(item_list_t *list, const linked_component_t *linked, spin_slice_t within,
                        const linked_export_t *exports, uint32_t count, int depth) {
    for (uint32_t i = 0; i < count && depth < MAX_DEPTH && !list->failed; i++) {
        add(list, within, exports[i].name, item_of(linked, &exports[i]));
        if (exports[i].kind == LINKED_EXPORT_INSTANCE && !list->failed)
            add_exports(list, linked, list->items.items[list->items.len - 1].name, exports[i].items,
                        exports[i].item_count, depth + 1);
    }
}

static spin_error_t *list_exports(spin_wasm_component_t *component) {
    item_list_t list = {.arena = &component->arena};
    const ast_scope_t *scope = &component->ast->scope;
    const linked_component_t *linked = &component->linked;
    const bool is_linked = linked->arena != NULL;
    if (is_linked)
        add_exports(&list, linked, (spin_slice_t){0}, linked->exports, linked->export_count, 0);
    for (uint32_t i = 0; i < scope->def_count && !is_linked; i++) {
        const ast_def_t *def = &scope->defs[i];
        if (def->kind == AST_DEF_EXPORT)
            add(&list, (spin_slice_t){0}, def->of.export.name.name,
                (spin_component_item_t){.kind = kind_of(def->of.export.target.sort)});
    }
    return finish(&list, &component->exports, &component->exports_len);
}

spin_error_t *component_list_items(spin_wasm_component_t *component) {
    spin_error_t *error = list_imports(component);
    return error == NULL ? list_exports(component) : error;
}
