/* Canonical definitions. Equal ones of a component instance are one. */
#include "component/link.h"

#include "base/buf.h"

/* ── keys ────────────────────────────────────────────────────────────────────────────────── */

static void key_number(buf_t *key, uint64_t number) {
    buf_append(key, spin_slice_of(&number, sizeof number));
}

static void key_item(buf_t *key, const linked_item_t *item) {
    key_number(key, (uint64_t)item->kind << 32 | (uint64_t)item->sort);
    key_number(key, (uint64_t)item->owner << 32 | item->index);
}

/* Takes the key. */
static spin_error_t *intern(linker_t *linker, buf_t *key, size_t next, uint32_t *out) {
    spin_error_t *error =
        key->failed ? error_no_memory() : link_intern(linker, buf_slice(key), next, out);
    buf_deinit(key);
    return error;
}

/* ── options ─────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *get_item(const link_env_t *env, ast_sort_t sort, uint32_t index, size_t offset,
                              linked_item_t *out) {
    const link_entity_t *entity;
    spin_error_t *error = link_get(env, sort, index, offset, &entity);
    if (error == NULL)
        *out = entity->of.item;
    return error;
}

static spin_error_t *read_options(linker_t *linker, const link_env_t *env, const ast_canon_t *canon,
                                  linked_options_t *out) {
    *out = (linked_options_t){.memory_number = LINKED_NONE, .realloc_number = LINKED_NONE};
    spin_error_t *error = NULL;
    for (uint32_t i = 0; i < canon->option_count && error == NULL; i++) {
        const ast_canon_option_t *option = &canon->options[i];
        uint32_t index = option->index;
        size_t offset = option->offset;
        switch (option->kind) {
        case 0:
        case 1:
        case 2: out->encoding = (ast_encoding_t)option->kind; break;
        case 3: error = get_item(env, AST_CORE_MEMORY, index, offset, &out->memory); break;
        case 4: error = get_item(env, AST_CORE_FUNC, index, offset, &out->realloc); break;
        case 5: error = get_item(env, AST_CORE_FUNC, index, offset, &out->post_return); break;
        case 6: out->is_async = true; break;
        case 7: error = get_item(env, AST_CORE_FUNC, index, offset, &out->callback); break;
        default: error = LINK_FAIL(offset, UNSUPPORTED, "canonical option %u", option->kind);
        }
    }
    out->memory64 = link_memory_is64(linker, &out->memory);
    linker->uses_async |= out->is_async;
    return error;
}

static spin_error_t *link_canon_options(linker_t *linker, const link_env_t *env,
                                        const ast_canon_t *canon, uint32_t *out) {
    linked_options_t options;
    spin_error_t *error = read_options(linker, env, canon, &options);
    if (error != NULL)
        return error;
    buf_t key = {0};
    key_number(&key, 'o');
    key_number(&key, (uint64_t)options.encoding << 8 | options.is_async);
    key_item(&key, &options.memory);
    key_item(&key, &options.realloc);
    key_item(&key, &options.post_return);
    key_item(&key, &options.callback);
    error = intern(linker, &key, linker->canon_options.len, out);
    if (error == NULL && *out == linker->canon_options.len &&
        !VEC_PUSH(&linker->canon_options, options))
        error = error_no_memory();
    return error;
}

/* ── lift and lower ──────────────────────────────────────────────────────────────────────── */

static spin_error_t *lift(linker_t *linker, link_env_t *env, const ast_def_t *def) {
    const ast_canon_t *canon = &def->of.canon;
    linked_lift_t lift = {.component = env->component};
    const link_entity_t *type;
    spin_error_t *error = get_item(env, AST_CORE_FUNC, canon->func, def->offset, &lift.func);
    if (error == NULL)
        error = link_get(env, AST_TYPE, canon->type, def->offset, &type);
    if (error == NULL && type->type != LINK_TYPE_FUNC)
        error =
            LINK_FAIL(def->offset, INVALID, "type %" PRIu32 " is not a function's", canon->type);
    if (error == NULL) /* a type of its own, since it gets a name of its own */
        error = link_copy_function(linker, type->of.function, (spin_slice_t){0}, &lift.type);
    if (error == NULL)
        error = link_canon_options(linker, env, canon, &lift.options);
    if (error != NULL)
        return error;
    link_entity_t entity = {.sort = AST_FUNC,
                            .of.func = {.is_import = false, .index = (uint32_t)linker->lifts.len}};
    if (!VEC_PUSH(&linker->lifts, lift))
        return error_no_memory();
    return link_push(linker, env, &entity, def->offset);
}

static spin_error_t *push_item(linker_t *linker, link_env_t *env, linked_item_kind_t kind,
                               uint32_t index, size_t offset) {
    link_entity_t entity = {.sort = AST_CORE_FUNC,
                            .of.item = {kind, CORE_EXTERN_FUNC, LINKED_NONE, index}};
    return link_push(linker, env, &entity, offset);
}

static spin_error_t *lower(linker_t *linker, link_env_t *env, const ast_def_t *def) {
    const ast_canon_t *canon = &def->of.canon;
    linked_lower_t lower = {.component = env->component};
    const link_entity_t *func;
    spin_error_t *error = link_get(env, AST_FUNC, canon->func, def->offset, &func);
    if (error == NULL)
        error = link_canon_options(linker, env, canon, &lower.options);
    if (error != NULL)
        return error;
    lower.is_import = func->of.func.is_import;
    lower.callee = func->of.func.index;
    lower.type = lower.is_import ? linker->imports.items[lower.callee].type
                                 : linker->lifts.items[lower.callee].type;
    buf_t key = {0};
    uint32_t index;
    key_number(&key, 'w');
    key_number(&key, (uint64_t)lower.is_import << 32 | lower.callee);
    key_number(&key, (uint64_t)lower.component << 32 | lower.options);
    error = intern(linker, &key, linker->lowers.len, &index);
    if (error == NULL && index == linker->lowers.len && !VEC_PUSH(&linker->lowers, lower))
        error = error_no_memory();
    return error == NULL ? push_item(linker, env, LINKED_LOWER, index, def->offset) : error;
}

/* ── built-ins ───────────────────────────────────────────────────────────────────────────── */

static bool takes_resource(ast_canon_kind_t kind) {
    return kind == AST_CANON_RESOURCE_NEW || kind == AST_CANON_RESOURCE_DROP ||
           kind == AST_CANON_RESOURCE_REP;
}

static bool takes_channel(ast_canon_kind_t kind) {
    return kind >= AST_CANON_STREAM_NEW && kind <= AST_CANON_FUTURE_DROP_WRITABLE;
}

/* What needs more than calls that return before the next one begins. */
static bool is_async_kind(ast_canon_kind_t kind) {
    return !(kind >= AST_CANON_RESOURCE_NEW && kind <= AST_CANON_RESOURCE_REP) &&
           kind != AST_CANON_CONTEXT_GET && kind != AST_CANON_CONTEXT_SET &&
           !(kind >= AST_CANON_ERROR_CONTEXT_NEW && kind <= AST_CANON_ERROR_CONTEXT_DROP);
}

static spin_error_t *get_resource(const link_env_t *env, const ast_def_t *def, uint32_t *out) {
    const link_entity_t *type;
    uint32_t index = def->of.canon.type;
    spin_error_t *error = link_get(env, AST_TYPE, index, def->offset, &type);
    if (error != NULL)
        return error;
    if (type->type != LINK_TYPE_RESOURCE)
        return LINK_FAIL(def->offset, INVALID, "type %" PRIu32 " is not a resource", index);
    *out = type->of.resource;
    return NULL;
}

static spin_error_t *get_channel(const link_env_t *env, const ast_def_t *def,
                                 const spin_type_t **out) {
    const link_entity_t *type;
    const ast_canon_t *canon = &def->of.canon;
    spin_error_t *error = link_get(env, AST_TYPE, canon->type, def->offset, &type);
    if (error != NULL)
        return error;
    spin_type_kind_t kind =
        canon->kind >= AST_CANON_FUTURE_NEW ? SPIN_TYPE_FUTURE : SPIN_TYPE_STREAM;
    if (type->type != LINK_TYPE_VALUE || type->of.value->kind != kind)
        return LINK_FAIL(def->offset, INVALID, "type %" PRIu32 " is not a %s", canon->type,
                         kind == SPIN_TYPE_FUTURE ? "future" : "stream");
    *out = type->of.value;
    return NULL;
}

/* What a built-in refers to, each according to its kind. */
static spin_error_t *read_operands(linker_t *linker, const link_env_t *env, const ast_def_t *def,
                                   linked_builtin_t *out) {
    const ast_canon_t *canon = &def->of.canon;
    spin_error_t *error = NULL;
    if (takes_resource(canon->kind))
        error = get_resource(env, def, &out->resource);
    else if (takes_channel(canon->kind))
        error = get_channel(env, def, &out->type);
    else if (canon->kind == AST_CANON_TASK_RETURN && canon->has_result)
        error = link_val_type(linker, env, &canon->result, &out->type);
    else if (canon->kind == AST_CANON_WAITABLE_SET_WAIT ||
             canon->kind == AST_CANON_WAITABLE_SET_POLL)
        error = get_item(env, AST_CORE_MEMORY, canon->memory, def->offset, &out->memory);
    else if (canon->kind == AST_CANON_THREAD_NEW_INDIRECT ||
             canon->kind == AST_CANON_THREAD_SPAWN_INDIRECT)
        error = get_item(env, AST_CORE_TABLE, canon->table, def->offset, &out->table);
    else if (canon->kind == AST_CANON_THREAD_SPAWN_REF)
        error = LINK_FAIL(def->offset, UNSUPPORTED, "threads that are spawned");
    /* Those that take options take at least one where they use it. */
    if (error == NULL && canon->option_count > 0)
        error = link_canon_options(linker, env, canon, &out->options);
    return error;
}

static spin_error_t *builtin(linker_t *linker, link_env_t *env, const ast_def_t *def) {
    const ast_canon_t *canon = &def->of.canon;
    linked_builtin_t builtin = {.kind = canon->kind,
                                .component = env->component,
                                .options = LINKED_NONE,
                                .resource = LINKED_NONE,
                                .memory_number = LINKED_NONE,
                                .is_async = canon->is_async,
                                .cancellable = canon->cancellable,
                                .slot = canon->slot,
                                .slot_type = canon->slot_type};
    spin_error_t *error = read_operands(linker, env, def, &builtin);
    if (error != NULL)
        return error;
    linker->uses_async |= is_async_kind(canon->kind);
    buf_t key = {0};
    uint32_t index;
    key_number(&key, 'b');
    key_number(&key, (uint64_t)builtin.kind << 32 | builtin.component);
    key_number(&key, (uint64_t)builtin.options << 32 | builtin.resource);
    key_number(&key, (uintptr_t)builtin.type);
    key_item(&key, &builtin.memory);
    key_item(&key, &builtin.table);
    key_number(&key, (uint64_t)builtin.slot << 32 | builtin.slot_type);
    key_number(&key, (uint64_t)builtin.is_async << 1 | builtin.cancellable);
    error = intern(linker, &key, linker->builtins.len, &index);
    if (error == NULL && index == linker->builtins.len && !VEC_PUSH(&linker->builtins, builtin))
        error = error_no_memory();
    return error == NULL ? push_item(linker, env, LINKED_BUILTIN, index, def->offset) : error;
}

spin_error_t *link_canon(linker_t *linker, link_env_t *env, const ast_def_t *def) {
    switch (def->of.canon.kind) {
    case AST_CANON_LIFT: return lift(linker, env, def);
    case AST_CANON_LOWER: return lower(linker, env, def);
    default: return builtin(linker, env, def);
    }
}
