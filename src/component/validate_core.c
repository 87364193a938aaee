/* Core modules and the types of core modules. */
#include "base/error.h"
#include "base/slice.h"
#include "component/validate_parts.h"

/* A module, or the type of one, as far as it was read. */
typedef struct module_builder {
    validator_t *validator;
    size_t offset;
    type_ids_t types;
    map_t *import_names; /* the store's */
    map_t *export_names;
    VEC(spin_slice_t) import_labels;
    VEC(spin_slice_t) export_labels;
    VEC(core_entity_t) imports;
    VEC(core_entity_t) exports;
    VEC(uint32_t) by_kind[CORE_EXTERN_TAG + 1]; /* positions in `imports` */
    uint32_t size;
} module_builder_t;

static bool init(module_builder_t *builder, validator_t *validator, size_t offset) {
    *builder = (module_builder_t){.validator = validator, .offset = offset, .size = 1};
    builder->import_names = types_new_map(&validator->types);
    builder->export_names = types_new_map(&validator->types);
    return builder->import_names != NULL && builder->export_names != NULL;
}

static void deinit(module_builder_t *builder) {
    VEC_FREE(&builder->types);
    VEC_FREE(&builder->import_labels);
    VEC_FREE(&builder->export_labels);
    VEC_FREE(&builder->imports);
    VEC_FREE(&builder->exports);
    for (int kind = 0; kind <= CORE_EXTERN_TAG; kind++)
        VEC_FREE(&builder->by_kind[kind]);
}

static bool fail(const module_builder_t *builder, const char *reason) {
    return types_fail(&builder->validator->types, builder->offset, "%s", reason);
}

/* ── types of imports and exports ──────────────────────────────────────────────────────────── */

static bool func_type_at(module_builder_t *builder, uint32_t index, uint32_t *out) {
    const type_store_t *types = &builder->validator->types;
    if (index >= builder->types.len || builder->types.items[index] == UINT32_MAX ||
        types->core.items[builder->types.items[index]].kind != CORE_TYPE_FUNC)
        return types_fail(&builder->validator->types, builder->offset,
                          "core type %u is not there, or not a function's", index);
    *out = builder->types.items[index];
    return true;
}

static bool check_limits(const module_builder_t *builder, const core_limits_t *limits,
                         uint64_t most) {
    if (limits->has_max && limits->min > limits->max)
        return fail(builder, "a table or memory begins larger than it may grow");
    return (limits->min <= most && (!limits->has_max || limits->max <= most)) ||
           fail(builder, "a table or memory is too large");
}

static bool check_memory(const module_builder_t *builder, const core_limits_t *limits) {
    if (limits->page_bits != 0 && limits->page_bits != 16)
        return fail(builder, "a memory has pages of a size that is not allowed");
    if (limits->shared && !limits->has_max)
        return fail(builder, "a shared memory may grow without limit");
    unsigned bits = (limits->is64 ? 64u : 32u) - limits->page_bits;
    uint64_t most = bits >= 64 ? UINT64_MAX : ((uint64_t)1 << bits);
    if (bits == 32)
        most = UINT32_MAX;
    return check_limits(builder, limits, most);
}

static bool check_table(const module_builder_t *builder, const core_limits_t *limits) {
    if (limits->shared)
        return fail(builder, "shared tables are not supported");
    return check_limits(builder, limits, limits->is64 ? UINT64_MAX : UINT32_MAX);
}

static bool read_tag(module_builder_t *builder, uint32_t index, uint32_t *out) {
    if (!func_type_at(builder, index, out))
        return false;
    return builder->validator->types.core.items[*out].func.result_count == 0 ||
           fail(builder, "a tag has results");
}

static bool read_table(module_builder_t *builder, const core_table_t *table, core_entity_t *out) {
    out->limits = table->limits;
    return types_core_val_type(&builder->validator->types, table->type, &builder->types,
                               builder->offset, &out->value) &&
           check_table(builder, &table->limits);
}

static bool read_global(module_builder_t *builder, const core_global_t *global,
                        core_entity_t *out) {
    out->mutable = global->mutable;
    return types_core_val_type(&builder->validator->types, global->type, &builder->types,
                               builder->offset, &out->value);
}

static bool read_extern(module_builder_t *builder, const core_import_t *type, core_entity_t *out) {
    *out = (core_entity_t){.kind = type->kind};
    switch (type->kind) {
    case CORE_EXTERN_FUNC: return func_type_at(builder, type->of.type, &out->type);
    case CORE_EXTERN_TABLE: return read_table(builder, &type->of.table, out);
    case CORE_EXTERN_MEMORY:
        out->limits = type->of.memory;
        return check_memory(builder, &type->of.memory);
    case CORE_EXTERN_GLOBAL: return read_global(builder, &type->of.global, out);
    case CORE_EXTERN_TAG: return read_tag(builder, type->of.type, &out->type);
    }
    return false;
}

/* ── imports and exports ───────────────────────────────────────────────────────────────────── */

/* Both names as one: the length of the first tells them apart. */
static spin_slice_t import_key(type_store_t *types, spin_slice_t module, spin_slice_t name) {
    uint32_t len = (uint32_t)module.len;
    uint8_t *key = types_alloc(types, sizeof len + module.len + name.len, 1);
    if (key == NULL)
        return (spin_slice_t){NULL, 0};
    memcpy(key, &len, sizeof len);
    if (module.len > 0)
        memcpy(key + sizeof len, module.ptr, module.len);
    if (name.len > 0)
        memcpy(key + sizeof len + module.len, name.ptr, name.len);
    return spin_slice_of(key, sizeof len + module.len + name.len);
}

static bool add_import(module_builder_t *builder, spin_slice_t module, spin_slice_t name,
                       const core_entity_t *entity) {
    validator_t *validator = builder->validator;
    type_store_t *types = &validator->types;
    spin_slice_t key = import_key(types, module, name);
    if (key.ptr == NULL)
        return false;
    if (map_find(builder->import_names, key) != NULL)
        return types_fail(types, builder->offset, "\"%.*s\" is imported from \"%.*s\" twice",
                          SLICE_ARG(name), SLICE_ARG(module));
    bool is_large = entity->kind == CORE_EXTERN_TABLE || entity->kind == CORE_EXTERN_MEMORY;
    if (is_large && builder->by_kind[entity->kind].len >= VALIDATE_MAX_MEMORIES)
        return fail(builder, "a module has too many tables or memories");
    uint32_t position = (uint32_t)builder->imports.len;
    return types_add_size(types, &builder->size, types_core_size(types, entity), builder->offset) &&
           (map_set(builder->import_names, key, (void *)(uintptr_t)(position + 1)) ||
            types_no_memory(types)) &&
           PUSH(validator, &builder->by_kind[entity->kind], position) &&
           PUSH(validator, &builder->import_labels, key) &&
           PUSH(validator, &builder->imports, *entity);
}

static bool add_export(module_builder_t *builder, spin_slice_t name, const core_entity_t *entity) {
    validator_t *validator = builder->validator;
    type_store_t *types = &validator->types;
    if (map_find(builder->export_names, name) != NULL)
        return types_fail(types, builder->offset, "\"%.*s\" is exported twice", SLICE_ARG(name));
    uintptr_t position = builder->exports.len + 1;
    return types_add_size(types, &builder->size, types_core_size(types, entity), builder->offset) &&
           (map_set(builder->export_names, name, (void *)position) || types_no_memory(types)) &&
           PUSH(validator, &builder->export_labels, name) &&
           PUSH(validator, &builder->exports, *entity);
}

static bool copy_list(type_store_t *types, const map_t *names, const spin_slice_t *labels,
                      const core_entity_t *items, size_t count, core_entity_list_t *out) {
    spin_slice_t *label_copy = types_alloc(types, count, sizeof *label_copy);
    core_entity_t *item_copy = types_alloc(types, count, sizeof *item_copy);
    if (label_copy == NULL || item_copy == NULL)
        return false;
    if (count > 0) {
        memcpy(label_copy, labels, count * sizeof *label_copy);
        memcpy(item_copy, items, count * sizeof *item_copy);
    }
    *out = (core_entity_list_t){names, label_copy, item_copy, (uint32_t)count};
    return true;
}

static bool finish(module_builder_t *builder, uint32_t *out) {
    type_store_t *types = &builder->validator->types;
    module_type_t type = {.size = builder->size};
    return copy_list(types, builder->import_names, builder->import_labels.items,
                     builder->imports.items, builder->imports.len, &type.imports) &&
           copy_list(types, builder->export_names, builder->export_labels.items,
                     builder->exports.items, builder->exports.len, &type.exports) &&
           types_add_module(types, &type, out);
}

/* ── a module ──────────────────────────────────────────────────────────────────────────────── */

/* The item of a module's own that an export names; `index` counts from after the imports. */
static bool own_item(module_builder_t *builder, const core_module_t *module,
                     core_extern_kind_t kind, uint32_t index, core_entity_t *out) {
    const uint32_t counts[] = {module->function_count, module->table_count, module->memory_count,
                               module->global_count, module->tag_count};
    if (index >= counts[kind])
        return fail(builder, "a core module exports what is not there");
    switch (kind) {
    case CORE_EXTERN_FUNC: return func_type_at(builder, module->functions[index], &out->type);
    case CORE_EXTERN_TABLE: return read_table(builder, &module->tables[index], out);
    case CORE_EXTERN_MEMORY:
        out->limits = module->memories[index];
        return check_memory(builder, &out->limits);
    case CORE_EXTERN_GLOBAL: return read_global(builder, &module->globals[index], out);
    case CORE_EXTERN_TAG: return read_tag(builder, module->tags[index], &out->type);
    }
    return false;
}

static bool read_module_export(module_builder_t *builder, const core_module_t *module,
                               const core_export_t *export) {
    core_entity_t entity = {.kind = export->kind};
    uint32_t before = (uint32_t)builder->by_kind[export->kind].len;
    if (export->index < before)
        entity = builder->imports.items[builder->by_kind[export->kind].items[export->index]];
    else if (!own_item(builder, module, export->kind, export->index - before, &entity))
        return false;
    return add_export(builder, export->name, &entity);
}

static bool read_module(module_builder_t *builder, const core_module_t *module) {
    type_store_t *types = &builder->validator->types;
    for (uint32_t i = 0; i < module->group_count; i++)
        if (!types_add_core_group(types, &module->groups[i], &builder->types, builder->offset))
            return false;
    for (uint32_t i = 0; i < module->import_count; i++) {
        const core_import_t *import = &module->imports[i];
        core_entity_t entity;
        if (!read_extern(builder, import, &entity) ||
            !add_import(builder, import->module, import->name, &entity))
            return false;
    }
    for (uint32_t i = 0; i < module->export_count; i++)
        if (!read_module_export(builder, module, &module->exports[i]))
            return false;
    return true;
}

static bool check_whole(validator_t *validator, const ast_core_module_t *module) {
    if (validator->options.core_module == NULL)
        return true;
    spin_error_t *error = validator->options.core_module(validator->options.user, module->bytes);
    if (error == NULL)
        return true;
    validator->types.error = error_wrap(error, "core module");
    validator->types.error_offset = module->offset;
    return false;
}

bool validate_core_module(validator_t *validator, const ast_core_module_t *module) {
    scope_t *scope = validator->scope;
    module_builder_t builder;
    uint32_t type = 0;
    if (!validate_count(validator, scope->core_modules.len, VALIDATE_MAX_ITEMS, "core modules",
                        module->offset))
        return false;
    bool done = init(&builder, validator, module->offset) && check_whole(validator, module) &&
                read_module(&builder, &module->module) && finish(&builder, &type);
    deinit(&builder);
    return done && PUSH(validator, &scope->core_modules, type);
}

/* ── the type of a module ──────────────────────────────────────────────────────────────────── */

/* A type of this module type (outer 0), or of a scope around it. */
static bool alias_type(module_builder_t *builder, const ast_alias_t *alias) {
    validator_t *validator = builder->validator;
    const type_ids_t *space = &builder->types;
    const scope_t *scope = validator->scope;
    if (alias->outer > 0) {
        for (uint32_t i = 1; i < alias->outer && scope != NULL; i++)
            scope = scope->parent;
        if (scope == NULL)
            return types_fail(&validator->types, builder->offset, "there is no scope %u out",
                              alias->outer);
        space = &scope->core_types;
    }
    if (alias->index >= space->len)
        return types_fail(&validator->types, builder->offset, "core type %u is not there",
                          alias->index);
    uint32_t type = space->items[alias->index];
    if (type == UINT32_MAX)
        return fail(builder, "the type of a module is aliased into one");
    return PUSH(validator, &builder->types, type);
}

static bool read_declaration(module_builder_t *builder, const ast_def_t *def) {
    validator_t *validator = builder->validator;
    core_entity_t entity;
    builder->offset = def->offset;
    switch (def->kind) {
    case AST_DEF_CORE_TYPE:
        if (def->of.core_type.is_module)
            return fail(builder, "the type of a module stands in one");
        return validate_count(validator, builder->types.len, VALIDATE_MAX_TYPES, "types",
                              def->offset) &&
               types_add_core_group(&validator->types, &def->of.core_type.rec, &builder->types,
                                    def->offset);
    case AST_DEF_ALIAS:
        return validate_count(validator, builder->types.len, VALIDATE_MAX_TYPES, "types",
                              def->offset) &&
               alias_type(builder, &def->of.alias);
    case AST_DEF_IMPORT:
        return read_extern(builder, &def->of.import.core->type, &entity) &&
               add_import(builder, def->of.import.core->module, def->of.import.core->name, &entity);
    case AST_DEF_EXPORT_DECL:
        return read_extern(builder, &def->of.import.core->type, &entity) &&
               add_export(builder, def->of.import.core->name, &entity);
    default: return fail(builder, "not a declaration of a module type");
    }
}

static bool add_module_type(validator_t *validator, const ast_def_t *def) {
    const ast_core_module_type_t *module = &def->of.core_type.module;
    scope_t *scope = validator->scope;
    module_builder_t builder;
    uint32_t type = 0;
    bool done = init(&builder, validator, def->offset);
    for (uint32_t i = 0; done && i < module->def_count; i++)
        done = read_declaration(&builder, &module->defs[i]);
    done = done && finish(&builder, &type);
    deinit(&builder);
    if (!done)
        return false;
    if (!id_map_set(&scope->module_types, scope->core_types.len, type))
        return types_no_memory(&validator->types);
    return PUSH(validator, &scope->core_types, UINT32_MAX);
}

bool validate_core_type(validator_t *validator, const ast_def_t *def) {
    scope_t *scope = validator->scope;
    if (!validate_count(validator, scope->types.len + scope->core_types.len, VALIDATE_MAX_TYPES,
                        "types", def->offset))
        return false;
    if (def->of.core_type.is_module)
        return add_module_type(validator, def);
    return types_add_core_group(&validator->types, &def->of.core_type.rec, &scope->core_types,
                                def->offset);
}
