#include "component/signature.h"

/* CanonicalABI.md, "Flattening". */
enum { MAX_FLAT_PARAMS = 16, MAX_FLAT_ASYNC_PARAMS = 4, MAX_FLAT_RESULTS = 1 };

static void append(char *letters, char letter) {
    size_t len = strlen(letters);
    if (len < SIGNATURE_MAX) {
        letters[len] = letter;
        letters[len + 1] = 0;
    }
}

/* Appends behind the `*len` letters that are there. */
static bool flatten(const spin_type_t *type, bool memory64, char *out, uint32_t *len,
                    uint32_t limit) {
    const wit_layout_t *layout = signature_layout(type, memory64);
    if (layout->flat_len > limit - *len)
        return false;
    memcpy(out + *len, layout->flat, layout->flat_len);
    *len += layout->flat_len;
    out[*len] = 0;
    return true;
}

bool signature_flatten(const spin_type_t *type, bool memory64, char *out, uint32_t limit) {
    uint32_t len = 0;
    out[0] = 0;
    return flatten(type, memory64, out, &len, limit > WIT_FLAT_MAX ? WIT_FLAT_MAX : limit);
}

static char pointer(bool memory64) {
    return memory64 ? 'I' : 'i';
}

static void set_params(signature_t *signature, const wit_part_t *params, size_t count,
                       bool memory64, uint32_t limit) {
    uint32_t len = 0;
    for (size_t i = 0; i < count && !signature->params_in_memory; i++)
        signature->params_in_memory =
            !flatten(params[i].ref.type, memory64, signature->params, &len, limit);
    if (signature->params_in_memory) {
        signature->params[0] = 0;
        append(signature->params, pointer(memory64));
    }
}

/* How many values the result flattens to. */
static uint32_t result_count(const spin_function_t *type, bool memory64) {
    const spin_type_t *result = type->result.type;
    return result == NULL ? 0 : signature_layout(result, memory64)->flat_len;
}

signature_t signature_of_lift(const spin_function_t *type, const linked_options_t *options) {
    signature_t signature = {0};
    bool memory64 = options->memory64;
    set_params(&signature, type->params, type->params_len, memory64, MAX_FLAT_PARAMS);
    if (options->is_async) {
        if (options->callback.kind != LINKED_NOTHING)
            append(signature.results, 'i');
    } else if (result_count(type, memory64) > MAX_FLAT_RESULTS) {
        signature.result_in_memory = true;
        append(signature.results, pointer(memory64));
    } else if (type->result.type != NULL) {
        signature_flatten(type->result.type, memory64, signature.results, MAX_FLAT_RESULTS);
    }
    return signature;
}

signature_t signature_of_lower(const spin_function_t *type, const linked_options_t *options) {
    signature_t signature = {0};
    bool memory64 = options->memory64;
    set_params(&signature, type->params, type->params_len, memory64,
               options->is_async ? MAX_FLAT_ASYNC_PARAMS : MAX_FLAT_PARAMS);
    uint32_t results = result_count(type, memory64);
    signature.result_in_memory = results > (options->is_async ? 0 : MAX_FLAT_RESULTS);
    if (signature.result_in_memory)
        append(signature.params, pointer(memory64));
    if (options->is_async)
        append(signature.results, 'i');
    else if (results == 1)
        signature_flatten(type->result.type, memory64, signature.results, MAX_FLAT_RESULTS);
    return signature;
}

/* ── built-ins ───────────────────────────────────────────────────────────────────────────── */

/* 'p' is a pointer or a length in the memory of the options, 't' the slot of a context, 'e' an
 * index into the table. */
static const struct {
    const char *params;
    const char *results;
} builtins[] = {
    [AST_CANON_RESOURCE_NEW] = {"i", "i"},
    [AST_CANON_RESOURCE_DROP] = {"i", ""},
    [AST_CANON_RESOURCE_REP] = {"i", "i"},
    [AST_CANON_TASK_CANCEL] = {"", ""},
    [AST_CANON_SUBTASK_CANCEL] = {"i", "i"},
    [AST_CANON_CONTEXT_GET] = {"", "t"},
    [AST_CANON_CONTEXT_SET] = {"t", ""},
    [AST_CANON_THREAD_YIELD] = {"", "i"},
    [AST_CANON_SUBTASK_DROP] = {"i", ""},
    [AST_CANON_STREAM_NEW] = {"", "I"},
    [AST_CANON_STREAM_READ] = {"ipp", "p"},
    [AST_CANON_STREAM_WRITE] = {"ipp", "p"},
    [AST_CANON_STREAM_CANCEL_READ] = {"i", "i"},
    [AST_CANON_STREAM_CANCEL_WRITE] = {"i", "i"},
    [AST_CANON_STREAM_DROP_READABLE] = {"i", ""},
    [AST_CANON_STREAM_DROP_WRITABLE] = {"i", ""},
    [AST_CANON_FUTURE_NEW] = {"", "I"},
    [AST_CANON_FUTURE_READ] = {"ip", "i"},
    [AST_CANON_FUTURE_WRITE] = {"ip", "i"},
    [AST_CANON_FUTURE_CANCEL_READ] = {"i", "i"},
    [AST_CANON_FUTURE_CANCEL_WRITE] = {"i", "i"},
    [AST_CANON_FUTURE_DROP_READABLE] = {"i", ""},
    [AST_CANON_FUTURE_DROP_WRITABLE] = {"i", ""},
    [AST_CANON_ERROR_CONTEXT_NEW] = {"pp", "i"},
    [AST_CANON_ERROR_CONTEXT_DEBUG_MESSAGE] = {"ip", ""},
    [AST_CANON_ERROR_CONTEXT_DROP] = {"i", ""},
    [AST_CANON_WAITABLE_SET_NEW] = {"", "i"},
    [AST_CANON_WAITABLE_SET_WAIT] = {"ip", "i"},
    [AST_CANON_WAITABLE_SET_POLL] = {"ip", "i"},
    [AST_CANON_WAITABLE_SET_DROP] = {"i", ""},
    [AST_CANON_WAITABLE_JOIN] = {"ii", ""},
    [AST_CANON_BACKPRESSURE_INC] = {"", ""},
    [AST_CANON_BACKPRESSURE_DEC] = {"", ""},
    [AST_CANON_THREAD_INDEX] = {"", "i"},
    [AST_CANON_THREAD_NEW_INDIRECT] = {"ei", "i"},
    [AST_CANON_THREAD_RESUME_LATER] = {"i", ""},
    [AST_CANON_THREAD_SUSPEND] = {"", "i"},
    [AST_CANON_THREAD_SUSPEND_THEN_RESUME] = {"i", "i"},
    [AST_CANON_THREAD_YIELD_THEN_RESUME] = {"i", "i"},
    [AST_CANON_THREAD_SUSPEND_THEN_PROMOTE] = {"i", "i"},
    [AST_CANON_THREAD_YIELD_THEN_PROMOTE] = {"i", "i"},
    [AST_CANON_THREAD_SPAWN_INDIRECT] = {"ei", "i"},
    [AST_CANON_THREAD_AVAILABLE_PARALLELISM] = {"", "i"},
};

static const core_module_t *module_of(const linked_component_t *linked, const linked_item_t *item) {
    return linked->modules[linked->instances[item->owner].module].module;
}

static bool memory_is64(const linked_component_t *linked, const linked_builtin_t *builtin) {
    if (builtin->options != LINKED_NONE)
        return linked->options[builtin->options].memory64;
    const linked_item_t *memory = &builtin->memory;
    if (memory->kind != LINKED_DEFINED)
        return false;
    const core_module_t *module = module_of(linked, memory);
    uint32_t index = memory->index - module->imported[CORE_EXTERN_MEMORY];
    return index < module->memory_count && module->memories[index].is64;
}

static bool table_is64(const linked_component_t *linked, const linked_builtin_t *builtin) {
    if (builtin->table.kind != LINKED_DEFINED)
        return false;
    const core_module_t *module = module_of(linked, &builtin->table);
    uint32_t index = builtin->table.index - module->imported[CORE_EXTERN_TABLE];
    return index < module->table_count && module->tables[index].limits.is64;
}

static void set_letters(char *out, const char *letters, const linked_component_t *linked,
                        const linked_builtin_t *builtin) {
    for (; *letters != 0; letters++) {
        switch (*letters) {
        case 'p': append(out, pointer(memory_is64(linked, builtin))); break;
        case 'e': append(out, pointer(table_is64(linked, builtin))); break;
        case 't': append(out, pointer(builtin->slot_type == CORE_I64)); break;
        default: append(out, *letters); break;
        }
    }
}

signature_t signature_of_builtin(const linked_component_t *linked,
                                 const linked_builtin_t *builtin) {
    signature_t signature = {0};
    if (builtin->kind == AST_CANON_TASK_RETURN) {
        wit_part_t param = {.ref.type = builtin->type};
        set_params(&signature, &param, builtin->type == NULL ? 0 : 1, memory_is64(linked, builtin),
                   MAX_FLAT_PARAMS);
        return signature;
    }
    size_t kind = (size_t)builtin->kind;
    if (kind < sizeof builtins / sizeof *builtins && builtins[kind].params != NULL) {
        set_letters(signature.params, builtins[kind].params, linked, builtin);
        set_letters(signature.results, builtins[kind].results, linked, builtin);
    }
    return signature;
}
