/* Whether a core module that the host gives fits the type that the component imports it with: it
 * imports no more, and exports no less (Explainer.md, "Core type definitions"). */
#include "component/link.h"

/* The type of an import or export. Function types are NULL where they are none that is known. */
typedef struct extern_type {
    core_extern_kind_t kind;
    const core_func_type_t *func;
    core_table_t table;
    core_limits_t memory;
    core_global_t global;
} extern_type_t;

/* A core module type, with its types in their order. */
typedef struct module_type {
    VEC(const core_sub_type_t *) types; /* NULL: a module type */
    map_t imports;                      /* by "MODULE\0NAME": core_import_t */
} module_type_t;

/* ── comparing ───────────────────────────────────────────────────────────────────────────── */

/* What refers to types of its module is compared by its form only; who compiles it checks it. */
static bool val_type_equal(core_val_type_t a, core_val_type_t b) {
    if (core_val_type_has_index(a) || core_val_type_has_index(b))
        return (a & 0xff) == (b & 0xff);
    return a == b;
}

static bool val_types_equal(const core_val_type_t *a, uint32_t a_count, const core_val_type_t *b,
                            uint32_t b_count) {
    for (uint32_t i = 0; a_count == b_count && i < a_count; i++)
        if (!val_type_equal(a[i], b[i]))
            return false;
    return a_count == b_count;
}

static bool func_fits(const core_func_type_t *given, const core_func_type_t *wanted) {
    if (given == NULL || wanted == NULL)
        return given == wanted;
    return val_types_equal(given->params, given->param_count, wanted->params,
                           wanted->param_count) &&
           val_types_equal(given->results, given->result_count, wanted->results,
                           wanted->result_count);
}

static bool limits_fit(const core_limits_t *given, const core_limits_t *wanted) {
    return given->is64 == wanted->is64 && given->shared == wanted->shared &&
           given->page_bits == wanted->page_bits && given->min >= wanted->min &&
           (!wanted->has_max || (given->has_max && given->max <= wanted->max));
}

static bool extern_fits(const extern_type_t *given, const extern_type_t *wanted) {
    if (given->kind != wanted->kind)
        return false;
    switch (given->kind) {
    case CORE_EXTERN_TABLE:
        return val_type_equal(given->table.type, wanted->table.type) &&
               limits_fit(&given->table.limits, &wanted->table.limits);
    case CORE_EXTERN_MEMORY: return limits_fit(&given->memory, &wanted->memory);
    case CORE_EXTERN_GLOBAL:
        return given->global.mutable == wanted->global.mutable &&
               val_type_equal(given->global.type, wanted->global.type);
    default: return func_fits(given->func, wanted->func);
    }
}

/* ── types of a module and of a module type ──────────────────────────────────────────────── */

static void of_import(const core_import_t *import, const core_func_type_t *func,
                      extern_type_t *out) {
    *out = (extern_type_t){.kind = import->kind};
    switch (import->kind) {
    case CORE_EXTERN_TABLE: out->table = import->of.table; break;
    case CORE_EXTERN_MEMORY: out->memory = import->of.memory; break;
    case CORE_EXTERN_GLOBAL: out->global = import->of.global; break;
    default: out->func = func; break;
    }
}

static const core_func_type_t *module_func_type(const core_module_t *module, uint32_t type) {
    return core_module_type(module, type);
}

static void module_import(const core_module_t *module, const core_import_t *import,
                          extern_type_t *out) {
    bool has_type = import->kind == CORE_EXTERN_FUNC || import->kind == CORE_EXTERN_TAG;
    of_import(import, has_type ? module_func_type(module, import->of.type) : NULL, out);
}

/* False: an index of nothing. */
static bool module_export(const core_module_t *module, const core_export_t *export,
                          extern_type_t *out) {
    uint32_t index = export->index;
    *out = (extern_type_t){.kind = export->kind};
    if (index < module->imported[export->kind]) {
        for (uint32_t i = 0; i < module->import_count; i++) {
            if (module->imports[i].kind == export->kind && index-- == 0) {
                module_import(module, &module->imports[i], out);
                return true;
            }
        }
        return false;
    }
    index -= module->imported[export->kind];
    switch (export->kind) {
    case CORE_EXTERN_FUNC:
        if (index < module->function_count)
            out->func = module_func_type(module, module->functions[index]);
        return index < module->function_count;
    case CORE_EXTERN_TABLE:
        if (index < module->table_count)
            out->table = module->tables[index];
        return index < module->table_count;
    case CORE_EXTERN_MEMORY:
        if (index < module->memory_count)
            out->memory = module->memories[index];
        return index < module->memory_count;
    case CORE_EXTERN_GLOBAL:
        if (index < module->global_count)
            out->global = module->globals[index];
        return index < module->global_count;
    case CORE_EXTERN_TAG:
        if (index < module->tag_count)
            out->func = module_func_type(module, module->tags[index]);
        return index < module->tag_count;
    }
    return false;
}

static void declared(const module_type_t *type, const core_import_t *import, extern_type_t *out) {
    const core_func_type_t *func = NULL;
    bool has_type = import->kind == CORE_EXTERN_FUNC || import->kind == CORE_EXTERN_TAG;
    if (has_type && import->of.type < type->types.len) {
        const core_sub_type_t *sub = type->types.items[import->of.type];
        func = sub == NULL ? NULL : &sub->func;
    }
    of_import(import, func, out);
}

/* ── checking ────────────────────────────────────────────────────────────────────────────── */

static spin_slice_t import_key(linker_t *linker, spin_slice_t module, spin_slice_t name) {
    uint8_t *bytes = arena_alloc_bytes(&linker->scratch, module.len + name.len + 9);
    if (bytes == NULL)
        return (spin_slice_t){0};
    uint64_t len = module.len; /* names may hold any byte */
    memcpy(bytes, &len, sizeof len);
    if (module.len > 0)
        memcpy(bytes + 8, module.ptr, module.len);
    if (name.len > 0)
        memcpy(bytes + 8 + module.len, name.ptr, name.len);
    return spin_slice_of(bytes, 8 + module.len + name.len);
}

static spin_error_t *add_outer(module_type_t *type, const link_env_t *env, const ast_alias_t *alias,
                               size_t offset) {
    if (alias->kind != AST_ALIAS_OUTER || alias->sort != AST_CORE_TYPE)
        return LINK_FAIL(offset, INVALID, "an alias that a core module type can't have");
    const core_sub_type_t *sub = NULL;
    if (alias->outer == 0) {
        if (alias->index < type->types.len)
            sub = type->types.items[alias->index];
        return VEC_PUSH(&type->types, sub) ? NULL : error_no_memory();
    }
    for (uint32_t i = 1; i < alias->outer && env != NULL; i++)
        env = env->parent;
    if (env == NULL)
        return LINK_FAIL(offset, INVALID, "alias of something outside of the outermost component");
    const link_entity_t *entity;
    spin_error_t *error = link_get(env, AST_CORE_TYPE, alias->index, offset, &entity);
    if (error != NULL)
        return error;
    const ast_def_t *def = entity->of.core_type.def;
    if (!def->of.core_type.is_module)
        sub = &def->of.core_type.rec.types[entity->of.core_type.index];
    return VEC_PUSH(&type->types, sub) ? NULL : error_no_memory();
}

/* The types and imports of a module type; its exports are checked as they come. */
static spin_error_t *check_def(linker_t *linker, module_type_t *type, const link_env_t *env,
                               const ast_def_t *def, const core_module_t *module,
                               spin_slice_t name) {
    if (def->kind == AST_DEF_ALIAS)
        return add_outer(type, env, &def->of.alias, def->offset);
    if (def->kind == AST_DEF_CORE_TYPE) {
        const core_rec_type_t *rec = &def->of.core_type.rec;
        bool is_module = def->of.core_type.is_module;
        for (uint32_t i = 0; i < (is_module ? 1 : rec->count); i++)
            if (!VEC_PUSH(&type->types, is_module ? NULL : &rec->types[i]))
                return error_no_memory();
        return NULL;
    }
    const ast_core_extern_t *core = def->of.import.core;
    if ((def->kind != AST_DEF_IMPORT && def->kind != AST_DEF_EXPORT_DECL) || core == NULL)
        return LINK_FAIL(def->offset, INVALID, "a definition that a core module type can't have");
    if (def->kind == AST_DEF_IMPORT) {
        spin_slice_t key = import_key(linker, core->module, core->name);
        return key.ptr != NULL && map_set(&type->imports, key, (void *)(uintptr_t)core)
                   ? NULL
                   : error_no_memory();
    }
    extern_type_t given;
    extern_type_t wanted;
    declared(type, &core->type, &wanted);
    const core_export_t *export = core_module_find_export(module, core->name);
    if (export == NULL || !module_export(module, export, &given) || !extern_fits(&given, &wanted))
        return LINK_FAIL(def->offset, INVALID,
                         "core module \"%.*s\" exports no \"%.*s\" of the type that is wanted",
                         SLICE_ARG(name), SLICE_ARG(core->name));
    return NULL;
}

static spin_error_t *check_imports(linker_t *linker, const module_type_t *type,
                                   const core_module_t *module, spin_slice_t name, size_t offset) {
    for (uint32_t i = 0; i < module->import_count; i++) {
        const core_import_t *import = &module->imports[i];
        spin_slice_t key = import_key(linker, import->module, import->name);
        if (key.ptr == NULL)
            return error_no_memory();
        const ast_core_extern_t *core = map_get(&type->imports, key);
        extern_type_t given;
        extern_type_t wanted;
        module_import(module, import, &wanted);
        if (core != NULL)
            declared(type, &core->type, &given);
        if (core == NULL || !extern_fits(&given, &wanted))
            return LINK_FAIL(
                offset, INVALID,
                "core module \"%.*s\" imports \"%.*s\" \"%.*s\", which it does not get",
                SLICE_ARG(name), SLICE_ARG(import->module), SLICE_ARG(import->name));
    }
    return NULL;
}

spin_error_t *link_check_module(linker_t *linker, const link_env_t *env, uint32_t index,
                                const core_module_t *module, spin_slice_t name, size_t offset) {
    const link_entity_t *entity;
    module_type_t type = {0};
    spin_error_t *error = link_get(env, AST_CORE_TYPE, index, offset, &entity);
    if (error != NULL)
        return error;
    const ast_def_t *def = entity->of.core_type.def;
    if (!def->of.core_type.is_module)
        return LINK_FAIL(offset, INVALID, "core type %" PRIu32 " is not a module's", index);
    const ast_core_module_type_t *from = &def->of.core_type.module;
    error = link_count(linker, from->def_count, offset);
    for (uint32_t i = 0; i < from->def_count && error == NULL; i++)
        error = check_def(linker, &type, entity->of.core_type.env, &from->defs[i], module, name);
    if (error == NULL)
        error = check_imports(linker, &type, module, name, offset);
    VEC_FREE(&type.types);
    map_deinit(&type.imports);
    return error;
}
