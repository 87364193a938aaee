/* Imports: of the root from the host, of all others from what they are instantiated with. */
#include "component/link.h"

/* ── from the host ───────────────────────────────────────────────────────────────────────── */

/* "host#nested", or the name alone at the root. */
static spin_error_t *full_name(linker_t *linker, const link_env_t *env, spin_slice_t name,
                               spin_slice_t *out) {
    *out = name;
    if (env->interface.len == 0)
        return NULL;
    *out = arena_printf(linker->arena, "%.*s#%.*s", SLICE_ARG(env->interface), SLICE_ARG(name));
    return out->ptr == NULL ? error_no_memory() : NULL;
}

static spin_error_t *host_function(linker_t *linker, const link_env_t *env,
                                   const link_entity_t *type, const ast_name_t *name,
                                   link_entity_t *out) {
    linked_import_t import = {
        .interface = env->interface, .name = name->name, .implements = env->implements};
    if (env->interface.len == 0)
        import.implements = name->implements;
    if (type->type != LINK_TYPE_FUNC)
        return LINK_FAIL(name->offset, INVALID, "\"%.*s\" has the type of something else",
                         SLICE_ARG(name->name));
    spin_error_t *error = link_copy_function(linker, type->of.function, name->name, &import.type);
    if (error != NULL)
        return error;
    out->of.func.is_import = true;
    out->of.func.index = (uint32_t)linker->imports.len;
    return VEC_PUSH(&linker->imports, import) ? NULL : error_no_memory();
}

static spin_error_t *host_module(linker_t *linker, const link_env_t *env,
                                 const ast_extern_type_t *type, const ast_name_t *name,
                                 uint32_t *out) {
    spin_slice_t full;
    spin_error_t *error = full_name(linker, env, name->name, &full);
    if (error != NULL)
        return error;
    const link_options_t *options = linker->options;
    for (uint32_t i = 0; options != NULL && i < options->module_count; i++) {
        const link_module_import_t *given = &options->modules[i];
        if (!slice_equal(given->name, full))
            continue;
        error = link_check_module(linker, env, type->index, given->module, full, name->offset);
        return error == NULL ? link_core_module(linker, given->bytes, 0, given->module, out)
                             : error;
    }
    return LINK_FAIL(name->offset, NOT_FOUND, "core module \"%.*s\" is imported and not given",
                     SLICE_ARG(full));
}

static spin_error_t *host_type(linker_t *linker, const link_env_t *env,
                               const ast_extern_type_t *type, const ast_name_t *name,
                               link_entity_t *out) {
    if (type->bound == AST_BOUND_SUB_RESOURCE) {
        out->type = LINK_TYPE_RESOURCE;
        return link_host_resource(linker, env, name->name, &out->of.resource);
    }
    const link_entity_t *equal;
    spin_error_t *error = link_get(env, AST_TYPE, type->index, type->offset, &equal);
    if (error != NULL)
        return error;
    *out = *equal;
    link_name_entity(linker, out, name->name);
    if (equal->type != LINK_TYPE_RESOURCE)
        return NULL;
    linked_same_t same = {env->interface, name->name, equal->of.resource};
    return VEC_PUSH(&linker->sames, same) ? NULL : error_no_memory();
}

static spin_error_t *host_instance(linker_t *linker, const link_env_t *env,
                                   const link_entity_t *type, const ast_name_t *name,
                                   link_entity_t *out) {
    if (type->type != LINK_TYPE_SCOPE)
        return LINK_FAIL(name->offset, INVALID, "\"%.*s\" has the type of something else",
                         SLICE_ARG(name->name));
    return link_instance_type(linker, &type->of.closure, env, NULL, name, &out->of.instance);
}

static spin_error_t *from_host(linker_t *linker, const link_env_t *env, const ast_def_t *def,
                               link_entity_t *out) {
    const ast_name_t *name = &def->of.import.name;
    const ast_extern_type_t *type = &def->of.import.type;
    const link_entity_t *entity = NULL;
    spin_error_t *error = NULL;
    switch (type->sort) {
    case AST_CORE_MODULE: return host_module(linker, env, type, name, &out->of.module);
    case AST_TYPE: return host_type(linker, env, type, name, out);
    case AST_FUNC:
    case AST_INSTANCE: error = link_get(env, AST_TYPE, type->index, type->offset, &entity); break;
    case AST_COMPONENT:
        return LINK_FAIL(name->offset, UNSUPPORTED,
                         "it imports component \"%.*s\", which no host gives",
                         SLICE_ARG(name->name));
    default:
        return LINK_FAIL(name->offset, UNSUPPORTED, "it imports value \"%.*s\"",
                         SLICE_ARG(name->name));
    }
    if (error != NULL)
        return error;
    return type->sort == AST_FUNC ? host_function(linker, env, entity, name, out)
                                  : host_instance(linker, env, entity, name, out);
}

/* ── all ─────────────────────────────────────────────────────────────────────────────────── */

spin_error_t *link_view(linker_t *linker, const link_env_t *env, const ast_extern_type_t *type,
                        link_entity_t *instance) {
    const link_entity_t *entity;
    spin_error_t *error = link_get(env, AST_TYPE, type->index, type->offset, &entity);
    if (error != NULL)
        return error;
    if (entity->type != LINK_TYPE_SCOPE)
        return LINK_FAIL(type->offset, INVALID, "type %" PRIu32 " is not an instance's",
                         type->index);
    link_instance_t *viewed = arena_alloc(&linker->scratch, sizeof *viewed);
    if (viewed == NULL)
        return error_no_memory();
    *viewed = (link_instance_t){instance->of.instance->exports, entity->of.closure};
    instance->of.instance = viewed;
    return NULL;
}

spin_error_t *link_import(linker_t *linker, link_env_t *env, const ast_def_t *def,
                          link_entity_t *out) {
    const ast_name_t *name = &def->of.import.name;
    const ast_extern_type_t *type = &def->of.import.type;
    if (def->of.import.core != NULL || (unsigned)type->sort >= AST_SORT_COUNT)
        return LINK_FAIL(def->offset, INVALID, "an import of no component");
    *out = (link_entity_t){.sort = type->sort};
    if (env->arguments == NULL)
        return from_host(linker, env, def, out);
    const link_entity_t *given;
    spin_error_t *error = link_find(env->arguments, name->name, type->sort, name->offset, &given);
    if (error != NULL)
        return error;
    *out = *given;
    /* What wit-component makes hands a type "t" to the component that exports it by this name, the
     * only one that the type itself gets. */
    static const spin_slice_t prefix = SLICE_INIT("import-type-");
    if (out->sort == AST_TYPE && slice_starts_with(name->name, prefix))
        link_name_entity(linker, out, slice_from(name->name, prefix.len));
    return out->sort == AST_INSTANCE ? link_view(linker, env, type, out) : NULL;
}

/* ── instance types ──────────────────────────────────────────────────────────────────────── */

static spin_error_t *declare(linker_t *linker, link_env_t *env, const ast_def_t *def) {
    link_entity_t entity;
    spin_error_t *error = link_import(linker, env, def, &entity);
    if (error == NULL)
        error = link_names_set(linker, env->exports, def->of.import.name.name, &entity);
    return error == NULL ? link_push(linker, env, &entity, def->offset) : error;
}

static spin_error_t *evaluate(linker_t *linker, link_env_t *env) {
    spin_error_t *error = NULL;
    for (uint32_t i = 0; i < env->scope->def_count && error == NULL; i++) {
        const ast_def_t *def = &env->scope->defs[i];
        error = def->kind == AST_DEF_EXPORT_DECL ? declare(linker, env, def)
                                                 : link_common_def(linker, env, def);
    }
    return error;
}

spin_error_t *link_instance_type(linker_t *linker, const link_closure_t *type,
                                 const link_env_t *importer, const link_names_t *actual,
                                 const ast_name_t *name, const link_instance_t **out) {
    spin_error_t *error = link_enter(linker, name->offset);
    if (error != NULL)
        return error;
    link_env_t *env = link_env_new(linker, type->scope, type->env);
    link_instance_t *instance = arena_calloc(&linker->scratch, 1, sizeof *instance);
    if (env == NULL || instance == NULL)
        error = error_no_memory();
    if (error == NULL) {
        env->arguments = actual;
        instance->exports = env->exports;
        *out = instance;
        if (actual == NULL)
            error = full_name(linker, importer, name->name, &env->interface);
    }
    if (error == NULL && actual == NULL)
        env->implements = name->implements;
    if (error == NULL)
        error = evaluate(linker, env);
    link_leave(linker);
    return error;
}
