/* Goes through a component's definitions as instantiating it would: an instance is what its
 * component exports when it is given these arguments. */
#include "base/error.h"
#include "component/world_parts.h"

enum { MAX_STEPS = 2000 * 1000, MAX_DEPTH = 2 * AST_MAX_NESTING };

void world_fail(world_t *world, spin_error_kind_t kind, const char *why, spin_slice_t name) {
    if (world->error != NULL)
        return;
    world->error = name.len == 0 ? error_new(kind, "%s", why)
                                 : error_new(kind, "\"%.*s\": %s", SLICE_ARG(name), why);
}

void *world_alloc(world_t *world, size_t count, size_t size) {
    void *items = arena_calloc(world->arena, count, size);
    if (items == NULL && world->error == NULL)
        world->error = error_no_memory();
    return items;
}

void world_push(world_t *world, world_list_t *list, void *item) {
    if (list->len == list->cap) {
        uint32_t cap = list->cap == 0 ? 4 : 2 * list->cap;
        void **items = world_alloc(world, cap, sizeof *items);
        if (items == NULL)
            return;
        if (list->len > 0)
            memcpy(items, list->items, list->len * sizeof *items);
        list->items = items;
        list->cap = cap;
    }
    list->items[list->len++] = item;
}

void *world_at(world_t *world, const world_list_t *list, uint32_t index) {
    void *item = index < list->len ? list->items[index] : NULL;
    if (item == NULL)
        world_fail(world, SPIN_ERROR_INVALID, "an index without a definition", (spin_slice_t){0});
    return item;
}

/* What is made and looked at is bounded: instances of instances may be many. */
static bool spend(world_t *world, uint32_t steps) {
    if (world->error == NULL && steps > MAX_STEPS - world->steps)
        world_fail(world, SPIN_ERROR_LIMIT, "the component's instances are too many",
                   (spin_slice_t){0});
    if (world->error == NULL)
        world->steps += steps;
    return world->error == NULL;
}

/* ── items ── */

static void *new_type(world_t *world, world_type_t type) {
    world_type_t *made = world_alloc(world, 1, sizeof *made);
    if (made != NULL)
        *made = type;
    return made;
}

static world_list_t *list_of(world_env_t *env, ast_sort_t sort) {
    switch (sort) {
    case AST_TYPE: return &env->types;
    case AST_FUNC: return &env->funcs;
    case AST_INSTANCE: return &env->instances;
    case AST_COMPONENT: return &env->components;
    default: return NULL;
    }
}

static void push_item(world_t *world, world_env_t *env, ast_sort_t sort, void *of) {
    world_list_t *list = list_of(env, sort);
    if (list != NULL)
        world_push(world, list, of);
}

static const world_item_t *find_item(world_t *world, const world_item_t *items, uint32_t count,
                                     spin_slice_t name) {
    for (uint32_t i = 0; i < count && spend(world, 1); i++)
        if (slice_equal(items[i].name.name, name))
            return &items[i];
    return NULL;
}

/* A type as it was defined, behind all its names. */
static const world_type_t *definition(const world_type_t *type) {
    while (type != NULL && type->next != NULL)
        type = type->next;
    return type;
}

/* ── scopes ── */

/* What a scope is evaluated with. `args` NULL: the outermost component, or a type. */
typedef struct scope_call {
    world_env_t *env;
    const world_instance_t *args;
    world_list_t *imports; /* of the outermost component only */
    world_list_t exports;
} scope_call_t;

static void eval_defs(world_t *world, const ast_scope_t *scope, scope_call_t *call);

/* What `closure` exports, or an instance type has. */
static world_instance_t *eval_scope(world_t *world, const ast_scope_t *scope,
                                    const world_env_t *parent, const world_instance_t *args) {
    world_env_t *env = world_alloc(world, 1, sizeof *env);
    world_instance_t *instance = world_alloc(world, 1, sizeof *instance);
    if (env == NULL || instance == NULL)
        return NULL;
    if (world->depth == MAX_DEPTH) {
        world_fail(world, SPIN_ERROR_LIMIT, "instances are nested too deep", (spin_slice_t){0});
        return NULL;
    }
    world->depth++;
    env->parent = parent;
    scope_call_t call = {.env = env, .args = args};
    eval_defs(world, scope, &call);
    world->depth--;
    world_item_t *items = world_alloc(world, call.exports.len, sizeof *items);
    for (uint32_t i = 0; items != NULL && i < call.exports.len; i++)
        items[i] = *(world_item_t *)call.exports.items[i];
    instance->items = items;
    instance->count = items == NULL ? 0 : call.exports.len;
    return instance;
}

static void *eval_extern(world_t *world, const ast_extern_type_t *type, world_env_t *env) {
    if (type->sort == AST_TYPE && type->bound == AST_BOUND_SUB_RESOURCE)
        return new_type(world, (world_type_t){.is_resource = true});
    if (list_of(env, type->sort) == NULL)
        return NULL;
    world_type_t *of = world_at(world, &env->types, type->index);
    if (of == NULL || type->sort == AST_FUNC)
        return of;
    if (type->sort == AST_TYPE)
        return new_type(world, (world_type_t){.next = of});
    const world_type_t *defined = definition(of);
    if (defined->type == NULL || defined->type->scope == NULL) {
        world_fail(world, SPIN_ERROR_INVALID, "a type of another kind", (spin_slice_t){0});
        return NULL;
    }
    if (type->sort == AST_INSTANCE)
        return eval_scope(world, defined->type->scope, defined->env, NULL);
    world_closure_t *closure = world_alloc(world, 1, sizeof *closure);
    if (closure != NULL)
        *closure = (world_closure_t){defined->type->scope, defined->env};
    return closure;
}

/* ── definitions ── */

static void push_export(world_t *world, world_list_t *list, const ast_name_t *name, ast_sort_t sort,
                        void *of) {
    world_item_t *item = world_alloc(world, 1, sizeof *item);
    if (item == NULL)
        return;
    *item = (world_item_t){.name = *name, .sort = sort, .of = of};
    world_push(world, list, item);
}

static void *target_of(world_t *world, world_env_t *env, const ast_sort_index_t *target) {
    const world_list_t *list = list_of(env, target->sort);
    return list == NULL ? NULL : world_at(world, list, target->index);
}

static void eval_instance(world_t *world, const ast_instance_t *def, world_env_t *env) {
    world_item_t *items = world_alloc(world, def->argument_count, sizeof *items);
    world_instance_t *given = world_alloc(world, 1, sizeof *given);
    if (items == NULL || given == NULL || !spend(world, def->argument_count))
        return;
    for (uint32_t i = 0; i < def->argument_count; i++) {
        const ast_argument_t *argument = &def->arguments[i];
        items[i] = (world_item_t){.name = argument->name,
                                  .sort = argument->target.sort,
                                  .of = target_of(world, env, &argument->target)};
        if (items[i].sort == AST_TYPE && !def->is_instantiation)
            items[i].of = new_type(world, (world_type_t){.next = items[i].of});
    }
    *given = (world_instance_t){items, def->argument_count};
    if (def->is_instantiation) {
        const world_closure_t *closure = world_at(world, &env->components, def->index);
        if (closure == NULL || world->error != NULL)
            return;
        given = eval_scope(world, closure->scope, closure->env, given);
    }
    world_push(world, &env->instances, given);
}

static void eval_alias(world_t *world, const ast_alias_t *alias, world_env_t *env) {
    if (list_of(env, alias->sort) == NULL || alias->kind == AST_ALIAS_CORE_EXPORT)
        return;
    if (alias->kind == AST_ALIAS_OUTER) {
        const world_env_t *from = env;
        for (uint32_t i = 0; i < alias->outer && from != NULL && spend(world, 1); i++)
            from = from->parent;
        const world_list_t *list = from == NULL ? NULL : list_of((world_env_t *)from, alias->sort);
        if (list == NULL)
            world_fail(world, SPIN_ERROR_INVALID, "an outer alias of nothing", (spin_slice_t){0});
        else
            push_item(world, env, alias->sort, world_at(world, list, alias->index));
        return;
    }
    const world_instance_t *instance = world_at(world, &env->instances, alias->instance);
    const world_item_t *item =
        instance == NULL ? NULL : find_item(world, instance->items, instance->count, alias->name);
    if (item == NULL || item->sort != alias->sort)
        world_fail(world, SPIN_ERROR_INVALID, "no such export", alias->name);
    else
        push_item(world, env, alias->sort, item->of);
}

static void eval_import(world_t *world, const ast_def_t *def, scope_call_t *call) {
    const ast_extern_type_t *type = &def->of.import.type;
    const world_item_t *given = NULL;
    if (def->kind == AST_DEF_IMPORT && call->args != NULL)
        given = find_item(world, call->args->items, call->args->count, def->of.import.name.name);
    void *of = given != NULL && given->sort == type->sort ? given->of
                                                          : eval_extern(world, type, call->env);
    push_item(world, call->env, type->sort, of);
    world_list_t *list = def->kind == AST_DEF_IMPORT ? call->imports : &call->exports;
    if (list != NULL)
        push_export(world, list, &def->of.import.name, type->sort, of);
}

/* Those of its exports that the type that it is given has: the others are hidden. */
static void *restrict_instance(world_t *world, const world_instance_t *instance,
                               const world_instance_t *type) {
    world_instance_t *seen = world_alloc(world, 1, sizeof *seen);
    if (instance == NULL || type == NULL || seen == NULL)
        return NULL;
    world_item_t *items = world_alloc(world, instance->count, sizeof *items);
    seen->items = items;
    for (uint32_t i = 0; items != NULL && i < instance->count; i++)
        if (find_item(world, type->items, type->count, instance->items[i].name.name) != NULL)
            items[seen->count++] = instance->items[i];
    return seen;
}

static void eval_export(world_t *world, const ast_def_t *def, scope_call_t *call) {
    const ast_sort_index_t *target = &def->of.export.target;
    bool is_ascribed = def->of.export.has_type && def->of.export.type.sort == target->sort;
    void *of = target_of(world, call->env, target);
    if (is_ascribed && (target->sort == AST_FUNC ||
                        (target->sort == AST_TYPE && def->of.export.type.bound == AST_BOUND_EQ)))
        of = world_at(world, &call->env->types, def->of.export.type.index);
    if (is_ascribed && target->sort == AST_INSTANCE)
        of = restrict_instance(world, of, eval_extern(world, &def->of.export.type, call->env));
    if (target->sort == AST_TYPE)
        of = new_type(world, (world_type_t){.next = of});
    push_item(world, call->env, target->sort, of);
    push_export(world, &call->exports, &def->of.export.name, target->sort, of);
}

static void eval_component(world_t *world, const ast_component_t *component, world_env_t *env) {
    world_closure_t *closure = world_alloc(world, 1, sizeof *closure);
    if (closure == NULL)
        return;
    *closure = (world_closure_t){&component->scope, env};
    world_push(world, &env->components, closure);
}

static void eval_def(world_t *world, const ast_def_t *def, scope_call_t *call) {
    world_env_t *env = call->env;
    switch (def->kind) {
    case AST_DEF_COMPONENT: eval_component(world, def->of.component, env); break;
    case AST_DEF_INSTANCE: eval_instance(world, &def->of.instance, env); break;
    case AST_DEF_ALIAS: eval_alias(world, &def->of.alias, env); break;
    case AST_DEF_TYPE:
        world_push(
            world, &env->types,
            new_type(world, (world_type_t){.type = &def->of.type,
                                           .env = env,
                                           .is_resource = def->of.type.kind == AST_TYPE_RESOURCE}));
        break;
    case AST_DEF_CANON:
        if (def->of.canon.kind == AST_CANON_LIFT)
            world_push(world, &env->funcs, world_at(world, &env->types, def->of.canon.type));
        break;
    case AST_DEF_IMPORT:
    case AST_DEF_EXPORT_DECL: eval_import(world, def, call); break;
    case AST_DEF_EXPORT: eval_export(world, def, call); break;
    default: break; /* of core sorts and values WIT says nothing */
    }
}

static void eval_defs(world_t *world, const ast_scope_t *scope, scope_call_t *call) {
    for (uint32_t i = 0; i < scope->def_count && spend(world, 1); i++)
        eval_def(world, &scope->defs[i], call);
}

void world_scan(world_t *world, const ast_component_t *component) {
    scope_call_t call = {.imports = &world->imports};
    call.env = world_alloc(world, 1, sizeof *call.env);
    if (call.env == NULL)
        return;
    eval_defs(world, &component->scope, &call);
    world->exports = call.exports;
}
