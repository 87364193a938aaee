/* Index spaces and names. */
#include "component/link.h"

static const char *const sort_names[AST_SORT_COUNT] = {
    [AST_CORE_FUNC] = "core function",
    [AST_CORE_TABLE] = "core table",
    [AST_CORE_MEMORY] = "core memory",
    [AST_CORE_GLOBAL] = "core global",
    [AST_CORE_TAG] = "core tag",
    [AST_CORE_TYPE] = "core type",
    [AST_CORE_MODULE] = "core module",
    [AST_CORE_INSTANCE] = "core instance",
    [AST_FUNC] = "function",
    [AST_VALUE] = "value",
    [AST_TYPE] = "type",
    [AST_COMPONENT] = "component",
    [AST_INSTANCE] = "instance",
};

link_env_t *link_env_new(linker_t *linker, const ast_scope_t *scope, const link_env_t *parent) {
    link_env_t *env = arena_calloc(&linker->scratch, 1, sizeof *env);
    if (env == NULL)
        return NULL;
    env->parent = parent;
    env->scope = scope;
    env->component = parent == NULL ? 0 : parent->component;
    env->exports = link_names_new(linker);
    return env->exports == NULL ? NULL : env;
}

link_names_t *link_names_new(linker_t *linker) {
    link_names_t *names = arena_calloc(&linker->scratch, 1, sizeof *names);
    if (names == NULL)
        return NULL;
    names->next = linker->names;
    linker->names = names;
    return names;
}

spin_error_t *link_names_set(linker_t *linker, link_names_t *names, spin_slice_t name,
                             const link_entity_t *entity) {
    link_entity_t *kept = arena_alloc(&linker->scratch, sizeof *kept);
    if (kept == NULL)
        return error_no_memory();
    *kept = *entity;
    return map_set(&names->map, name, kept) ? NULL : error_no_memory();
}

static bool grow(linker_t *linker, link_space_t *space) {
    uint32_t cap = space->cap == 0 ? 8 : space->cap * 2;
    link_entity_t *items = arena_calloc(&linker->scratch, cap, sizeof *items);
    if (items == NULL)
        return false;
    if (space->len > 0)
        memcpy(items, space->items, space->len * sizeof *items);
    space->items = items;
    space->cap = cap;
    return true;
}

spin_error_t *link_push(linker_t *linker, link_env_t *env, const link_entity_t *entity,
                        size_t offset) {
    spin_error_t *error = link_count(linker, 1, offset);
    if (error != NULL)
        return error;
    link_space_t *space = &env->spaces[entity->sort];
    if (space->len == space->cap && !grow(linker, space))
        return error_no_memory();
    space->items[space->len++] = *entity;
    return NULL;
}

spin_error_t *link_get(const link_env_t *env, ast_sort_t sort, uint32_t index, size_t offset,
                       const link_entity_t **out) {
    if ((unsigned)sort >= AST_SORT_COUNT)
        return LINK_FAIL(offset, INVALID, "unknown sort");
    const link_space_t *space = &env->spaces[sort];
    if (index >= space->len)
        return LINK_FAIL(offset, INVALID, "no %s %" PRIu32, sort_names[sort], index);
    *out = &space->items[index];
    return NULL;
}

spin_error_t *link_find(const link_names_t *names, spin_slice_t name, ast_sort_t sort,
                        size_t offset, const link_entity_t **out) {
    const link_entity_t *entity = map_get(&names->map, name);
    if ((unsigned)sort >= AST_SORT_COUNT)
        return LINK_FAIL(offset, INVALID, "unknown sort");
    if (entity == NULL || entity->sort != sort)
        return LINK_FAIL(offset, INVALID, "no %s \"%.*s\"", sort_names[sort], SLICE_ARG(name));
    *out = entity;
    return NULL;
}

static spin_error_t *find_outer(const link_env_t *env, const ast_alias_t *alias, size_t offset,
                                const link_entity_t **out) {
    for (uint32_t i = 0; i < alias->outer; i++) {
        env = env->parent;
        if (env == NULL)
            return LINK_FAIL(offset, INVALID,
                             "alias of something outside of the outermost "
                             "component");
    }
    return link_get(env, alias->sort, alias->index, offset, out);
}

spin_error_t *link_alias(linker_t *linker, link_env_t *env, const ast_def_t *def) {
    const ast_alias_t *alias = &def->of.alias;
    const link_entity_t *found = NULL;
    link_entity_t exported;
    spin_error_t *error = NULL;
    switch (alias->kind) {
    case AST_ALIAS_EXPORT:
        error = link_get(env, AST_INSTANCE, alias->instance, def->offset, &found);
        if (error == NULL)
            error = link_find(found->of.instance->exports, alias->name, alias->sort, def->offset,
                              &found);
        break;
    case AST_ALIAS_CORE_EXPORT:
        error = link_get(env, AST_CORE_INSTANCE, alias->instance, def->offset, &found);
        if (error == NULL)
            error = link_core_export(linker, found->of.core_instance, alias->name, def->offset,
                                     &exported);
        if (error == NULL && exported.sort != alias->sort)
            error = LINK_FAIL(def->offset, INVALID, "export \"%.*s\" is of another sort",
                              SLICE_ARG(alias->name));
        found = &exported;
        break;
    case AST_ALIAS_OUTER: error = find_outer(env, alias, def->offset, &found); break;
    }
    return error == NULL ? link_push(linker, env, found, def->offset) : error;
}

spin_error_t *link_gather(linker_t *linker, const link_env_t *env, const ast_instance_t *from,
                          ast_sort_t first, ast_sort_t last, link_names_t **out) {
    link_names_t *names = link_names_new(linker);
    if (names == NULL)
        return error_no_memory();
    *out = names;
    for (uint32_t i = 0; i < from->argument_count; i++) {
        const ast_argument_t *argument = &from->arguments[i];
        const ast_sort_index_t *target = &argument->target;
        const link_entity_t *entity;
        spin_error_t *error = link_count(linker, 1, target->offset);
        if (error == NULL && (target->sort < first || target->sort > last))
            error = LINK_FAIL(target->offset, INVALID, "instance of something of another sort");
        if (error == NULL)
            error = link_get(env, target->sort, target->index, target->offset, &entity);
        if (error == NULL)
            error = link_names_set(linker, names, argument->name.name, entity);
        if (error != NULL)
            return error;
    }
    return NULL;
}
