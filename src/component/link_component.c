/* A component is evaluated once for each instantiation of it, definition by definition. */
#include "component/link.h"

/* ── instances ───────────────────────────────────────────────────────────────────────────── */

/* What is exported by a name gets it as its own. */
static spin_error_t *gather(linker_t *linker, const link_env_t *env, const ast_instance_t *from,
                            link_names_t **out) {
    spin_error_t *error = link_gather(linker, env, from, AST_CORE_FUNC, AST_INSTANCE, out);
    for (uint32_t i = 0; i < from->argument_count && error == NULL && !from->is_instantiation;
         i++) {
        const ast_argument_t *argument = &from->arguments[i];
        const link_entity_t *entity;
        error = link_get(env, argument->target.sort, argument->target.index,
                         argument->target.offset, &entity);
        if (error == NULL)
            link_name_entity(linker, entity, argument->name.name);
    }
    return error;
}

static spin_error_t *make_instance(linker_t *linker, link_env_t *env, const ast_def_t *def) {
    const ast_instance_t *from = &def->of.instance;
    const link_entity_t *component;
    link_names_t *names = NULL;
    link_instance_t *instance = arena_calloc(&linker->scratch, 1, sizeof *instance);
    if (instance == NULL)
        return error_no_memory();
    spin_error_t *error = gather(linker, env, from, &names);
    if (error == NULL && from->is_instantiation) {
        link_env_t *made = NULL;
        error = link_get(env, AST_COMPONENT, from->index, def->offset, &component);
        if (error == NULL)
            error = link_enter(linker, def->offset);
        if (error != NULL)
            return error;
        error = link_component(linker, &component->of.closure, env->component, names, def->offset,
                               &made);
        link_leave(linker);
        names = made == NULL ? NULL : made->exports;
    }
    if (error != NULL)
        return error;
    instance->exports = names;
    link_entity_t entity = {.sort = AST_INSTANCE, .of.instance = instance};
    return link_push(linker, env, &entity, def->offset);
}

/* ── exports ─────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *make_export(linker_t *linker, link_env_t *env, const ast_def_t *def) {
    const ast_sort_index_t *target = &def->of.export.target;
    const link_entity_t *found;
    spin_slice_t name = def->of.export.name.name;
    spin_error_t *error = link_get(env, target->sort, target->index, target->offset, &found);
    if (error != NULL)
        return error;
    link_entity_t entity = *found;
    if (def->of.export.has_type && entity.sort == AST_INSTANCE)
        error = link_view(linker, env, &def->of.export.type, &entity);
    if (error != NULL)
        return error;
    link_name_entity(linker, &entity, name);
    error = link_names_set(linker, env->exports, name, &entity);
    return error == NULL ? link_push(linker, env, &entity, def->offset) : error;
}

/* ── definitions ─────────────────────────────────────────────────────────────────────────── */

static spin_error_t *define_core_type(linker_t *linker, link_env_t *env, const ast_def_t *def) {
    uint32_t count = def->of.core_type.is_module ? 1 : def->of.core_type.rec.count;
    spin_error_t *error = NULL;
    for (uint32_t i = 0; i < count && error == NULL; i++) {
        link_entity_t entity = {.sort = AST_CORE_TYPE,
                                .of.core_type = {.def = def, .index = i, .env = env}};
        error = link_push(linker, env, &entity, def->offset);
    }
    return error;
}

static spin_error_t *define_type(linker_t *linker, link_env_t *env, const ast_def_t *def) {
    link_entity_t entity;
    spin_error_t *error = link_type(linker, env, &def->of.type, &entity);
    return error == NULL ? link_push(linker, env, &entity, def->offset) : error;
}

spin_error_t *link_common_def(linker_t *linker, link_env_t *env, const ast_def_t *def) {
    switch (def->kind) {
    case AST_DEF_CORE_TYPE: return define_core_type(linker, env, def);
    case AST_DEF_TYPE: return define_type(linker, env, def);
    case AST_DEF_ALIAS: return link_alias(linker, env, def);
    default: return LINK_FAIL(def->offset, INVALID, "a definition that has no place here");
    }
}

static spin_error_t *define_module(linker_t *linker, link_env_t *env, const ast_def_t *def) {
    const ast_core_module_t *module = def->of.core_module;
    link_entity_t entity = {.sort = AST_CORE_MODULE};
    spin_error_t *error =
        link_core_module(linker, module->bytes, module->offset, &module->module, &entity.of.module);
    return error == NULL ? link_push(linker, env, &entity, def->offset) : error;
}

static spin_error_t *define_component(linker_t *linker, link_env_t *env, const ast_def_t *def) {
    link_entity_t entity = {.sort = AST_COMPONENT, .of.closure = {&def->of.component->scope, env}};
    return link_push(linker, env, &entity, def->offset);
}

static spin_error_t *define_import(linker_t *linker, link_env_t *env, const ast_def_t *def) {
    link_entity_t entity;
    spin_error_t *error = link_import(linker, env, def, &entity);
    return error == NULL ? link_push(linker, env, &entity, def->offset) : error;
}

static spin_error_t *define(linker_t *linker, link_env_t *env, const ast_def_t *def) {
    switch (def->kind) {
    case AST_DEF_CORE_MODULE: return define_module(linker, env, def);
    case AST_DEF_CORE_INSTANCE: return link_core_instance(linker, env, def);
    case AST_DEF_COMPONENT: return define_component(linker, env, def);
    case AST_DEF_INSTANCE: return make_instance(linker, env, def);
    case AST_DEF_CANON: return link_canon(linker, env, def);
    case AST_DEF_IMPORT: return define_import(linker, env, def);
    case AST_DEF_EXPORT: return make_export(linker, env, def);
    case AST_DEF_START:
    case AST_DEF_VALUE: return LINK_FAIL(def->offset, UNSUPPORTED, "values and start functions");
    default: return link_common_def(linker, env, def);
    }
}

spin_error_t *link_component(linker_t *linker, const link_closure_t *component, uint32_t parent,
                             const link_names_t *arguments, size_t offset, link_env_t **out) {
    if (linker->instances.len + linker->components.len >= LINK_MAX_INSTANCES)
        return LINK_FAIL(offset, LIMIT, "more than %d instances", LINK_MAX_INSTANCES);
    link_env_t *env = link_env_new(linker, component->scope, component->env);
    if (env == NULL)
        return error_no_memory();
    *out = env;
    env->component = (uint32_t)linker->components.len;
    env->arguments = arguments;
    if (!VEC_PUSH(&linker->components, (linked_component_instance_t){.parent = parent}))
        return error_no_memory();
    spin_error_t *error = NULL;
    for (uint32_t i = 0; i < component->scope->def_count && error == NULL; i++)
        error = define(linker, env, &component->scope->defs[i]);
    return error;
}
