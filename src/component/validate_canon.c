/* Canonical definitions: lifting, lowering, and the built-in functions (CanonicalABI.md). */
#include "base/slice.h"
#include "component/validate_parts.h"

enum { MAX_FLAT_PARAMS = 16, MAX_FLAT_ASYNC_PARAMS = 4, MAX_FLAT_RESULTS = 1 };

/* The options of one definition. */
typedef struct canon_options {
    size_t offset; /* of the definition */
    bool has_encoding, has_memory, has_realloc, has_post_return, is_async, has_callback;
    bool memory64;
    uint32_t realloc, post_return, callback;
} canon_options_t;

static bool fail(validator_t *validator, const canon_options_t *options, const char *reason) {
    return types_fail(&validator->types, options->offset, "%s", reason);
}

/* ── options ───────────────────────────────────────────────────────────────────────────────── */

static bool memory_at(validator_t *validator, uint32_t index, size_t offset, bool *is64) {
    core_entity_t memory;
    if (!validate_core_entity_at(validator, AST_CORE_MEMORY, index, offset, &memory))
        return false;
    *is64 = memory.limits.is64;
    if (memory.limits.shared)
        return types_fail(&validator->types, offset, "memory %u is shared", index);
    return !*is64 || validate_feature(validator, !validator->options.features.no_memory64,
                                      "memories of 64 bits", offset);
}

static bool set_index(validator_t *validator, const ast_canon_option_t *option, const char *what,
                      bool *has, uint32_t *index) {
    if (*has)
        return types_fail(&validator->types, option->offset, "option \"%s\" is there twice", what);
    *has = true;
    *index = option->index;
    return true;
}

static bool set_flag(validator_t *validator, const ast_canon_option_t *option, const char *what,
                     bool *has) {
    uint32_t unused;
    return set_index(validator, option, what, has, &unused);
}

static bool read_option(validator_t *validator, const ast_canon_option_t *option,
                        canon_options_t *out) {
    switch (option->kind) {
    case 0x00:
    case 0x01:
    case 0x02: return set_flag(validator, option, "string-encoding", &out->has_encoding);
    case 0x03:
        return set_flag(validator, option, "memory", &out->has_memory) &&
               memory_at(validator, option->index, option->offset, &out->memory64);
    case 0x04: return set_index(validator, option, "realloc", &out->has_realloc, &out->realloc);
    case 0x05:
        return set_index(validator, option, "post-return", &out->has_post_return,
                         &out->post_return);
    case 0x06:
        return set_flag(validator, option, "async", &out->is_async) &&
               validate_feature(validator, !validator->options.features.no_async, "async",
                                option->offset);
    case 0x07: return set_index(validator, option, "callback", &out->has_callback, &out->callback);
    default:
        return types_unsupported(&validator->types, option->offset,
                                 "values of the garbage collector are not supported");
    }
}

static bool check_realloc(validator_t *validator, const canon_options_t *options) {
    uint32_t func;
    if (!options->has_realloc)
        return true;
    if (!options->has_memory)
        return fail(validator, options, "option \"realloc\" needs option \"memory\"");
    if (!validate_core_func_at(validator, options->realloc, options->offset, &func))
        return false;
    return types_core_func_is(&validator->types, func, options->memory64 ? "IIII" : "iiii",
                              options->memory64 ? "I" : "i") ||
           fail(validator, options, "the function of option \"realloc\" has not its type");
}

static bool read_options(validator_t *validator, const ast_def_t *def, canon_options_t *out) {
    const ast_canon_t *canon = &def->of.canon;
    *out = (canon_options_t){.offset = def->offset};
    for (uint32_t i = 0; i < canon->option_count; i++)
        if (!read_option(validator, &canon->options[i], out))
            return false;
    if (out->has_callback && !out->is_async)
        return fail(validator, out, "option \"callback\" needs option \"async\"");
    if (out->is_async && out->has_post_return)
        return fail(validator, out, "an async function has no \"post-return\"");
    return check_realloc(validator, out);
}

static bool need_memory(validator_t *validator, const canon_options_t *options, bool needed) {
    return !needed || options->has_memory ||
           fail(validator, options, "option \"memory\" is needed");
}

static bool need_realloc(validator_t *validator, const canon_options_t *options, bool needed) {
    return need_memory(validator, options, needed) &&
           (!needed || options->has_realloc ||
            fail(validator, options, "option \"realloc\" is needed"));
}

/* What only a function that is lifted has. */
static bool check_lowering(validator_t *validator, const canon_options_t *options) {
    if (options->has_post_return)
        return fail(validator, options, "option \"post-return\" is for lifting only");
    return !options->has_callback ||
           fail(validator, options, "option \"callback\" is for lifting only");
}

static bool check_sync(validator_t *validator, const canon_options_t *options) {
    return !options->is_async || fail(validator, options, "option \"async\" is not for this");
}

/* ── core signatures ───────────────────────────────────────────────────────────────────────── */

typedef struct core_signature {
    char params[MAX_FLAT_PARAMS + 2];
    char results[MAX_FLAT_RESULTS + 1];
    size_t param_count;
    size_t result_count;
} core_signature_t;

static char pointer(const canon_options_t *options) {
    return options->memory64 ? 'I' : 'i';
}

/* The parameters flattened, or a pointer to them. */
static bool flatten_params(validator_t *validator, const func_type_t *type,
                           const canon_options_t *options, bool lift, core_signature_t *out) {
    size_t limit = !lift && options->is_async ? MAX_FLAT_ASYNC_PARAMS : MAX_FLAT_PARAMS;
    bool pointers = false, spilled = false;
    for (uint32_t i = 0; i < type->count; i++) {
        val_layout_t layout = types_val_layout(&validator->types, type->params[i]);
        pointers |= type_info_of_val(&validator->types, type->params[i]).has_pointer;
        if (spilled || layout.flat_len > limit - out->param_count) {
            spilled = true;
            continue;
        }
        memcpy(out->params + out->param_count, layout.flat[options->memory64], layout.flat_len);
        out->param_count += layout.flat_len;
    }
    if (spilled) {
        out->params[0] = pointer(options);
        out->param_count = 1;
    }
    return lift ? need_realloc(validator, options, pointers || spilled)
                : need_memory(validator, options, pointers || spilled);
}

/* A synchronous result: one value, a returned pointer (lift), or a pointer to where it goes. */
static bool flatten_result(validator_t *validator, const val_layout_t *layout,
                           const canon_options_t *options, bool lift, core_signature_t *out) {
    if (layout->flat_len <= MAX_FLAT_RESULTS) {
        memcpy(out->results, layout->flat[options->memory64], layout->flat_len);
        out->result_count = layout->flat_len;
        return true;
    }
    if (lift)
        out->results[out->result_count++] = pointer(options);
    else
        out->params[out->param_count++] = pointer(options);
    return need_memory(validator, options, true);
}

static bool flatten(validator_t *validator, const func_type_t *type, const canon_options_t *options,
                    bool lift, core_signature_t *out) {
    bool has_result = type->result.kind != VAL_NONE;
    val_layout_t layout = types_val_layout(&validator->types, type->result);
    bool pointers = type_info_of_val(&validator->types, type->result).has_pointer;
    *out = (core_signature_t){0};
    if (!flatten_params(validator, type, options, lift, out) ||
        !need_realloc(validator, options, !lift && pointers))
        return false;
    if (!options->is_async)
        return !has_result || flatten_result(validator, &layout, options, lift, out);
    if (lift) { /* the result is for task.return to give */
        if (options->has_callback)
            out->results[out->result_count++] = 'i';
        bool in_memory = layout.flat_len > MAX_FLAT_PARAMS || pointers;
        return need_memory(validator, options, has_result && in_memory);
    }
    if (has_result) /* Wasmtime's validator has no wide pointer here */
        out->params[out->param_count++] = 'i';
    out->results[out->result_count++] = 'i';
    return need_memory(validator, options, has_result);
}

static bool intern(validator_t *validator, const core_signature_t *signature, uint32_t *out) {
    return types_core_func(&validator->types, signature->params, signature->param_count,
                           signature->results, signature->result_count, out);
}

/* ── lift and lower ────────────────────────────────────────────────────────────────────────── */

static bool check_post_return(validator_t *validator, const canon_options_t *options,
                              uint32_t lifted) {
    uint32_t func;
    if (!options->has_post_return)
        return true;
    if (!validate_core_func_at(validator, options->post_return, options->offset, &func))
        return false;
    const core_func_type_t *type = &validator->types.core.items[func].func;
    const core_func_type_t *core = &validator->types.core.items[lifted].func;
    bool fits = type->result_count == 0 && type->param_count == core->result_count;
    for (uint32_t i = 0; fits && i < type->param_count; i++)
        fits = type->params[i] == core->results[i];
    return fits || fail(validator, options,
                        "the function of option \"post-return\" has not its "
                        "type");
}

static bool check_callback(validator_t *validator, const canon_options_t *options) {
    uint32_t func;
    if (!options->has_callback)
        return !options->is_async ||
               validate_feature(validator, !validator->options.features.no_stackful,
                                "async without a callback", options->offset);
    return validate_core_func_at(validator, options->callback, options->offset, &func) &&
           (types_core_func_is(&validator->types, func, "iii", "i") ||
            fail(validator, options, "the function of option \"callback\" has not its type"));
}

static bool check_async_type(validator_t *validator, const canon_options_t *options,
                             const func_type_t *type) {
    return !options->is_async || type->is_async ||
           fail(validator, options, "option \"async\" needs a function of async type");
}

static bool lift(validator_t *validator, const ast_def_t *def) {
    const ast_canon_t *canon = &def->of.canon;
    canon_options_t options;
    core_signature_t signature;
    uint32_t type, core, wanted;
    if (!validate_type_of_sort(validator, canon->type, TYPE_FUNC, def->offset, &type) ||
        !validate_core_func_at(validator, canon->func, def->offset, &core) ||
        !read_options(validator, def, &options))
        return false;
    const func_type_t *func = types_func(&validator->types, type);
    if (!check_post_return(validator, &options, core) || !check_callback(validator, &options) ||
        !check_async_type(validator, &options, func) ||
        !flatten(validator, func, &options, true, &signature) ||
        !intern(validator, &signature, &wanted))
        return false;
    if (core != wanted)
        return types_fail(&validator->types, def->offset,
                          "core function %u has not the type that lifting needs", canon->func);
    return PUSH(validator, &validator->scope->funcs, type);
}

static bool lower(validator_t *validator, const ast_def_t *def, uint32_t *out) {
    canon_options_t options;
    core_signature_t signature;
    uint32_t type;
    if (!validate_func_at(validator, def->of.canon.func, def->offset, &type) ||
        !read_options(validator, def, &options))
        return false;
    const func_type_t *func = types_func(&validator->types, type);
    return check_lowering(validator, &options) && check_async_type(validator, &options, func) &&
           flatten(validator, func, &options, false, &signature) &&
           intern(validator, &signature, out);
}

/* ── built-ins ─────────────────────────────────────────────────────────────────────────────── */

enum {
    GATE_ASYNC = 1,
    GATE_ERROR_CONTEXT = 2,
    GATE_THREADING = 4,
    GATE_SHARED = 8,      /* shared-everything threads: never on */
    GATE_MORE_ASYNC = 16, /* where the definition says async */
    OF_STREAM = 32,
    OF_FUTURE = 64,
    POINTER_LAST = 128, /* into the memory it names */
};

typedef struct builtin {
    const char *name;
    unsigned traits;
    const char *params;
    const char *results;
} builtin_t;

static const builtin_t builtins[] = {
    [AST_CANON_TASK_CANCEL] = {"task.cancel", GATE_ASYNC, "", ""},
    [AST_CANON_SUBTASK_CANCEL] = {"subtask.cancel", GATE_ASYNC | GATE_MORE_ASYNC, "i", "i"},
    [AST_CANON_TASK_RETURN] = {"task.return", GATE_ASYNC, "", ""},
    [AST_CANON_CONTEXT_GET] = {"context.get", GATE_ASYNC, "", ""},
    [AST_CANON_CONTEXT_SET] = {"context.set", GATE_ASYNC, "", ""},
    [AST_CANON_THREAD_YIELD] = {"thread.yield", GATE_ASYNC, "", "i"},
    [AST_CANON_SUBTASK_DROP] = {"subtask.drop", GATE_ASYNC, "i", ""},
    [AST_CANON_STREAM_NEW] = {"stream.new", GATE_ASYNC | OF_STREAM, "", "I"},
    [AST_CANON_STREAM_READ] = {"stream.read", GATE_ASYNC | OF_STREAM, "iii", "i"},
    [AST_CANON_STREAM_WRITE] = {"stream.write", GATE_ASYNC | OF_STREAM, "iii", "i"},
    [AST_CANON_STREAM_CANCEL_READ] = {"stream.cancel-read",
                                      GATE_ASYNC | GATE_MORE_ASYNC | OF_STREAM, "i", "i"},
    [AST_CANON_STREAM_CANCEL_WRITE] = {"stream.cancel-write",
                                       GATE_ASYNC | GATE_MORE_ASYNC | OF_STREAM, "i", "i"},
    [AST_CANON_STREAM_DROP_READABLE] = {"stream.drop-readable", GATE_ASYNC | OF_STREAM, "i", ""},
    [AST_CANON_STREAM_DROP_WRITABLE] = {"stream.drop-writable", GATE_ASYNC | OF_STREAM, "i", ""},
    [AST_CANON_FUTURE_NEW] = {"future.new", GATE_ASYNC | OF_FUTURE, "", "I"},
    [AST_CANON_FUTURE_READ] = {"future.read", GATE_ASYNC | OF_FUTURE, "ii", "i"},
    [AST_CANON_FUTURE_WRITE] = {"future.write", GATE_ASYNC | OF_FUTURE, "ii", "i"},
    [AST_CANON_FUTURE_CANCEL_READ] = {"future.cancel-read",
                                      GATE_ASYNC | GATE_MORE_ASYNC | OF_FUTURE, "i", "i"},
    [AST_CANON_FUTURE_CANCEL_WRITE] = {"future.cancel-write",
                                       GATE_ASYNC | GATE_MORE_ASYNC | OF_FUTURE, "i", "i"},
    [AST_CANON_FUTURE_DROP_READABLE] = {"future.drop-readable", GATE_ASYNC | OF_FUTURE, "i", ""},
    [AST_CANON_FUTURE_DROP_WRITABLE] = {"future.drop-writable", GATE_ASYNC | OF_FUTURE, "i", ""},
    [AST_CANON_ERROR_CONTEXT_NEW] = {"error-context.new", GATE_ERROR_CONTEXT, "ii", "i"},
    [AST_CANON_ERROR_CONTEXT_DEBUG_MESSAGE] = {"error-context.debug-message", GATE_ERROR_CONTEXT,
                                               "ii", ""},
    [AST_CANON_ERROR_CONTEXT_DROP] = {"error-context.drop", GATE_ERROR_CONTEXT, "i", ""},
    [AST_CANON_WAITABLE_SET_NEW] = {"waitable-set.new", GATE_ASYNC, "", "i"},
    [AST_CANON_WAITABLE_SET_WAIT] = {"waitable-set.wait", GATE_ASYNC | POINTER_LAST, "ii", "i"},
    [AST_CANON_WAITABLE_SET_POLL] = {"waitable-set.poll", GATE_ASYNC | POINTER_LAST, "ii", "i"},
    [AST_CANON_WAITABLE_SET_DROP] = {"waitable-set.drop", GATE_ASYNC, "i", ""},
    [AST_CANON_WAITABLE_JOIN] = {"waitable.join", GATE_ASYNC, "ii", ""},
    [AST_CANON_BACKPRESSURE_INC] = {"backpressure.inc", GATE_ASYNC, "", ""},
    [AST_CANON_BACKPRESSURE_DEC] = {"backpressure.dec", GATE_ASYNC, "", ""},
    [AST_CANON_THREAD_INDEX] = {"thread.index", GATE_THREADING, "", "i"},
    [AST_CANON_THREAD_NEW_INDIRECT] = {"thread.new-indirect", GATE_THREADING, "ii", "i"},
    [AST_CANON_THREAD_RESUME_LATER] = {"thread.resume-later", GATE_THREADING, "i", ""},
    [AST_CANON_THREAD_SUSPEND] = {"thread.suspend", GATE_THREADING, "", "i"},
    [AST_CANON_THREAD_SUSPEND_THEN_RESUME] = {"thread.suspend-then-resume", GATE_THREADING, "i",
                                              "i"},
    [AST_CANON_THREAD_YIELD_THEN_RESUME] = {"thread.yield-then-resume", GATE_THREADING, "i", "i"},
    [AST_CANON_THREAD_SUSPEND_THEN_PROMOTE] = {"thread.suspend-then-promote", GATE_THREADING, "i",
                                               "i"},
    [AST_CANON_THREAD_YIELD_THEN_PROMOTE] = {"thread.yield-then-promote", GATE_THREADING, "i", "i"},
    [AST_CANON_THREAD_SPAWN_REF] = {"thread.spawn-ref", GATE_SHARED, "", ""},
    [AST_CANON_THREAD_SPAWN_INDIRECT] = {"thread.spawn-indirect", GATE_SHARED, "", ""},
    [AST_CANON_THREAD_AVAILABLE_PARALLELISM] = {"thread.available-parallelism", GATE_SHARED, "",
                                                ""},
};

static bool check_gates(validator_t *validator, const builtin_t *builtin, const ast_def_t *def) {
    const component_features_t *features = &validator->options.features;
    bool more = (builtin->traits & GATE_MORE_ASYNC) != 0 && def->of.canon.is_async;
    bool on = !((builtin->traits & GATE_ASYNC) != 0 && features->no_async) &&
              !((builtin->traits & GATE_ERROR_CONTEXT) != 0 && features->no_error_context) &&
              !((builtin->traits & GATE_THREADING) != 0 && !features->threading) &&
              !(more && features->no_more_async) && (builtin->traits & GATE_SHARED) == 0;
    return validate_feature(validator, on, builtin->name, def->offset);
}

/* The stream or future type that a built-in is of, where it is of one. */
static bool read_element(validator_t *validator, const builtin_t *builtin, const ast_def_t *def,
                         val_type_t *element) {
    uint32_t index;
    *element = (val_type_t){0};
    if ((builtin->traits & (OF_STREAM | OF_FUTURE)) == 0)
        return true;
    ast_type_kind_t kind = (builtin->traits & OF_STREAM) != 0 ? AST_TYPE_STREAM : AST_TYPE_FUTURE;
    if (!validate_type_of_sort(validator, def->of.canon.type, TYPE_DEFINED, def->offset, &index))
        return false;
    const defined_type_t *type = types_defined(&validator->types, index);
    if (type->kind != kind)
        return types_fail(&validator->types, def->offset, "%s is of type %u, a %s", builtin->name,
                          def->of.canon.type, defined_kind_name(type));
    *element = type->parts[0];
    return true;
}

static bool check_copy(validator_t *validator, const builtin_t *builtin, const ast_def_t *def,
                       val_type_t element) {
    canon_options_t options;
    ast_canon_kind_t kind = def->of.canon.kind;
    bool reads = kind == AST_CANON_STREAM_READ || kind == AST_CANON_FUTURE_READ;
    bool pointers = type_info_of_val(&validator->types, element).has_pointer;
    if (!read_options(validator, def, &options))
        return false;
    if (!options.is_async &&
        !validate_feature(validator, !validator->options.features.no_more_async, builtin->name,
                          def->offset))
        return false;
    /* Wasmtime's validator lets future.write have options of lifting. */
    return need_memory(validator, &options, element.kind != VAL_NONE) &&
           need_realloc(validator, &options, reads && pointers) &&
           (kind == AST_CANON_FUTURE_WRITE || check_lowering(validator, &options));
}

static bool check_error_context(validator_t *validator, const ast_def_t *def) {
    canon_options_t options;
    return read_options(validator, def, &options) && need_memory(validator, &options, true) &&
           need_realloc(validator, &options,
                        def->of.canon.kind == AST_CANON_ERROR_CONTEXT_DEBUG_MESSAGE) &&
           check_sync(validator, &options) && check_lowering(validator, &options);
}

/* The start function takes an i32, and the table holds functions. */
static bool check_thread(validator_t *validator, const ast_def_t *def) {
    const scope_t *scope = validator->scope;
    type_store_t *types = &validator->types;
    uint32_t index = def->of.canon.type;
    core_entity_t table;
    if (index >= scope->core_types.len || scope->core_types.items[index] == UINT32_MAX)
        return types_fail(types, def->offset, "core type %u is not there, or a module's", index);
    if (!types_core_func_is(types, scope->core_types.items[index], "i", ""))
        return types_fail(types, def->offset, "core type %u is not a thread's", index);
    if (!validate_core_entity_at(validator, AST_CORE_TABLE, def->of.canon.table, def->offset,
                                 &table))
        return false;
    core_val_type_t funcref;
    type_ids_t none = {0};
    return types_core_val_type(types, CORE_FUNCREF, &none, def->offset, &funcref) &&
           (table.value == funcref ||
            types_fail(types, def->offset, "table %u is not of functions", def->of.canon.table));
}

static bool task_return(validator_t *validator, const ast_def_t *def, uint32_t *out) {
    canon_options_t options;
    core_signature_t signature;
    val_type_t value = {0};
    if (def->of.canon.has_result && !validate_val_type(validator, &def->of.canon.result, &value))
        return false;
    if (!read_options(validator, def, &options))
        return false;
    if (options.has_realloc)
        return fail(validator, &options, "option \"realloc\" is not for task.return");
    func_type_t type = {.count = def->of.canon.has_result, .params = &value};
    return check_lowering(validator, &options) && check_sync(validator, &options) &&
           flatten(validator, &type, &options, false, &signature) &&
           intern(validator, &signature, out);
}

static bool context_access(validator_t *validator, const ast_def_t *def, uint32_t *out) {
    const ast_canon_t *canon = &def->of.canon;
    scope_t *scope = validator->scope;
    type_store_t *types = &validator->types;
    const component_features_t *features = &validator->options.features;
    if (canon->slot_type != CORE_I32 && canon->slot_type != CORE_I64)
        return types_fail(types, def->offset, "a context slot is neither i32 nor i64");
    if (canon->slot_type == CORE_I64 &&
        !validate_feature(validator, !features->no_memory64, "contexts of 64 bits", def->offset))
        return false;
    if (scope->context_type != 0 && scope->context_type != canon->slot_type)
        return types_fail(types, def->offset, "context slots are of two types");
    scope->context_type = canon->slot_type;
    if (canon->slot > (features->threading ? 1u : 0u))
        return types_fail(types, def->offset, "context slot %u is not there", canon->slot);
    bool get = canon->kind == AST_CANON_CONTEXT_GET;
    const char *type = canon->slot_type == CORE_I32 ? "i" : "I";
    return types_core_func(types, type, !get, type, get, out);
}

/* What is between its name and its signature. */
static bool check_builtin(validator_t *validator, const builtin_t *builtin, const ast_def_t *def,
                          bool *memory64) {
    val_type_t element;
    if (!read_element(validator, builtin, def, &element))
        return false;
    switch (def->of.canon.kind) {
    case AST_CANON_STREAM_READ:
    case AST_CANON_STREAM_WRITE:
    case AST_CANON_FUTURE_READ:
    case AST_CANON_FUTURE_WRITE: return check_copy(validator, builtin, def, element);
    case AST_CANON_ERROR_CONTEXT_NEW:
    case AST_CANON_ERROR_CONTEXT_DEBUG_MESSAGE: return check_error_context(validator, def);
    case AST_CANON_WAITABLE_SET_WAIT:
    case AST_CANON_WAITABLE_SET_POLL:
        return memory_at(validator, def->of.canon.memory, def->offset, memory64);
    case AST_CANON_THREAD_NEW_INDIRECT: return check_thread(validator, def);
    default: return true;
    }
}

static bool builtin_func(validator_t *validator, const ast_def_t *def, uint32_t *out) {
    ast_canon_kind_t kind = def->of.canon.kind;
    if (kind >= sizeof builtins / sizeof *builtins || builtins[kind].name == NULL)
        return types_unsupported(&validator->types, def->offset, "a built-in that is not known");
    const builtin_t *builtin = &builtins[kind];
    char params[8] = {0};
    bool memory64 = false;
    if (!check_gates(validator, builtin, def))
        return false;
    if (kind == AST_CANON_TASK_RETURN)
        return task_return(validator, def, out);
    if (kind == AST_CANON_CONTEXT_GET || kind == AST_CANON_CONTEXT_SET)
        return context_access(validator, def, out);
    if (!check_builtin(validator, builtin, def, &memory64))
        return false;
    size_t count = strlen(builtin->params);
    memcpy(params, builtin->params, count);
    if (memory64 && (builtin->traits & POINTER_LAST) != 0)
        params[count - 1] = 'I';
    return types_core_func(&validator->types, params, count, builtin->results,
                           strlen(builtin->results), out);
}

/* resource.new and .rep are for who defines the resource, .drop for all. */
static bool resource_func(validator_t *validator, const ast_def_t *def, uint32_t *out) {
    const ast_canon_t *canon = &def->of.canon;
    type_store_t *types = &validator->types;
    type_ref_t resource;
    if (!validate_resource_at(validator, canon->type, def->offset, &resource))
        return false;
    if (canon->kind == AST_CANON_RESOURCE_DROP)
        return types_core_func(types, "i", 1, "", 0, out);
    const uint64_t *representation = id_map_get(&validator->scope->representations, resource.index);
    if (representation == NULL || *representation == 0)
        return types_fail(types, def->offset, "resource type %u is not defined here", canon->type);
    const char *rep = *representation == CORE_I32 ? "i" : "I";
    bool is_new = canon->kind == AST_CANON_RESOURCE_NEW;
    return types_core_func(types, is_new ? rep : "i", 1, is_new ? "i" : rep, 1, out);
}

bool validate_canon(validator_t *validator, const ast_def_t *def) {
    scope_t *scope = validator->scope;
    uint32_t func = 0;
    bool done;
    if (!validate_count(validator, scope->funcs.len + scope->core_funcs.len, VALIDATE_MAX_TYPES,
                        "functions", def->offset))
        return false;
    switch (def->of.canon.kind) {
    case AST_CANON_LIFT: return lift(validator, def);
    case AST_CANON_LOWER: done = lower(validator, def, &func); break;
    case AST_CANON_RESOURCE_NEW:
    case AST_CANON_RESOURCE_DROP:
    case AST_CANON_RESOURCE_REP: done = resource_func(validator, def, &func); break;
    default: done = builtin_func(validator, def, &func); break;
    }
    return done && PUSH(validator, &scope->core_funcs, func);
}
