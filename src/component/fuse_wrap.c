/* Functions that stand between the guests' and the host's: they watch who may leave and enter which
 * component instance (CanonicalABI.md, "canon lift", "canon lower", "canon resource.drop"). */
#include "base/error.h"
#include "component/fuse_parts.h"

enum {
    BLOCK_EMPTY = 0x40,
    OP_I64_CONST = 0x42,
    OP_I64_EQ = 0x51,
    OP_I64_NE = 0x52,
    OP_I32_AND = 0x71,
    OP_I32_OR = 0x72,
    OP_I32_WRAP = 0xa7,
    OP_I64_EXTEND_U = 0xad,
    OP_I64_SHR_U = 0x88,
    OP_DROP = 0x1a,
    CATCH_ALL = 2,
};

void fuse_put_trap(fuse_t *fuse, buf_t *body, fuse_trap_t trap) {
    fuse_put_i32(body, (int32_t)trap);
    fuse_put_op(body, CORE_OP_CALL, fuse_runtime_number(fuse, FUSE_TRAP));
    buf_append_byte(body, CORE_OP_UNREACHABLE);
}

static void put_flag_check(fuse_t *fuse, buf_t *body, uint32_t component, int32_t flag,
                           fuse_trap_t trap) {
    fuse_put_op(body, CORE_OP_GLOBAL_GET, fuse_flags_number(fuse, component));
    fuse_put_i32(body, flag);
    buf_append_byte(body, OP_I32_AND);
    fuse_put_op(body, CORE_OP_IF, BLOCK_EMPTY);
    fuse_put_trap(fuse, body, trap);
    buf_append_byte(body, CORE_OP_END);
}

static void put_flag(fuse_t *fuse, buf_t *body, uint32_t component, int32_t flag, bool is_set) {
    uint32_t global = fuse_flags_number(fuse, component);
    fuse_put_op(body, CORE_OP_GLOBAL_GET, global);
    fuse_put_i32(body, is_set ? flag : ~flag);
    buf_append_byte(body, is_set ? OP_I32_OR : OP_I32_AND);
    fuse_put_op(body, CORE_OP_GLOBAL_SET, global);
}

static void put_params(buf_t *body, const char *params) {
    for (uint32_t i = 0; params[i] != 0; i++)
        fuse_put_op(body, CORE_OP_LOCAL_GET, i);
}

/* A body begins with its locals: one of each letter. */
static void put_locals(buf_t *body, const char *letters) {
    core_put_u32(body, (uint32_t)strlen(letters));
    for (; *letters != 0; letters++) {
        core_put_u32(body, 1);
        buf_append_byte(body, fuse_letter_type(*letters));
    }
}

/* ── context slots: each call has its own ── */

typedef struct saved_context {
    uint32_t slots[FUSE_CONTEXT_SLOTS];
    char letters[FUSE_CONTEXT_SLOTS + 1];
    uint32_t count;
    uint32_t first_local;
} saved_context_t;

static saved_context_t context_of(const fuse_t *fuse, uint32_t first_local) {
    saved_context_t saved = {.first_local = first_local};
    for (uint32_t i = 0; i < FUSE_CONTEXT_SLOTS; i++)
        if (fuse_has_context(fuse, i)) {
            saved.letters[saved.count] = fuse->context_letters[i];
            saved.slots[saved.count++] = i;
        }
    return saved;
}

static void put_context_clear(fuse_t *fuse, buf_t *body, const saved_context_t *saved) {
    for (uint32_t i = 0; i < saved->count; i++) {
        fuse_put_op(body, saved->letters[i] == 'I' ? OP_I64_CONST : CORE_OP_I32_CONST, 0);
        fuse_put_op(body, CORE_OP_GLOBAL_SET, fuse_context_number(fuse, saved->slots[i]));
    }
}

static void put_context_save(fuse_t *fuse, buf_t *body, const saved_context_t *saved) {
    for (uint32_t i = 0; i < saved->count; i++) {
        fuse_put_op(body, CORE_OP_GLOBAL_GET, fuse_context_number(fuse, saved->slots[i]));
        fuse_put_op(body, CORE_OP_LOCAL_SET, saved->first_local + i);
    }
    put_context_clear(fuse, body, saved);
}

static void put_context_restore(fuse_t *fuse, buf_t *body, const saved_context_t *saved) {
    for (uint32_t i = 0; i < saved->count; i++) {
        fuse_put_op(body, CORE_OP_LOCAL_GET, saved->first_local + i);
        fuse_put_op(body, CORE_OP_GLOBAL_SET, fuse_context_number(fuse, saved->slots[i]));
    }
}

/* ── making them ── */

typedef struct function_key {
    uint32_t kind; /* a letter */
    uint32_t index;
    linked_item_t item;
    uint32_t component;
} function_key_t;

static uint32_t make(fuse_t *fuse, char kind, const fuse_function_t *template) {
    function_key_t key;
    memset(&key, 0, sizeof key);
    key.kind = (uint32_t)kind;
    key.index = template->index;
    key.item = template->item;
    key.component = template->component;
    fuse_function_t made = *template;
    fuse->no_memory |= made.name.ptr == NULL && !fuse->no_names; /* all have one */
    made.type = fuse_type_number(fuse, made.params, made.results);
    return fuse_function_new(fuse, spin_slice_of(&key, sizeof key), &made);
}

static void set_letters(fuse_function_t *function, const char *params, const char *results) {
    memcpy(function->params, params, strlen(params) + 1);
    memcpy(function->results, results, strlen(results) + 1);
}

/* ── exceptions ── */

static void emit_guard(fuse_t *fuse, const fuse_function_t *function, buf_t *body) {
    put_locals(body, "");
    fuse_put_op(body, CORE_OP_BLOCK, BLOCK_EMPTY);
    buf_append_byte(body, CORE_OP_TRY_TABLE);
    buf_append_byte(body, function->results[0] == 0 ? BLOCK_EMPTY
                                                    : fuse_letter_type(function->results[0]));
    core_put_u32(body, 1);
    buf_append_byte(body, CATCH_ALL);
    core_put_u32(body, 0);
    put_params(body, function->params);
    fuse_put_op(body, CORE_OP_CALL, fuse_number(fuse, function->item));
    buf_append_byte(body, CORE_OP_END);
    buf_append_byte(body, CORE_OP_RETURN);
    buf_append_byte(body, CORE_OP_END);
    fuse_put_trap(fuse, body, FUSE_TRAP_UNCAUGHT_EXCEPTION);
    buf_append_byte(body, CORE_OP_END);
}

uint32_t fuse_guarded_number(fuse_t *fuse, linked_item_t item, const char *params,
                             const char *results) {
    if (!fuse->has_tags || fuse->is_rehearsal)
        return fuse_number(fuse, item);
    fuse_function_t guard = {.emit = emit_guard, .item = item, .name = SLICE_LITERAL("spin:catch")};
    set_letters(&guard, params, results);
    return make(fuse, 'g', &guard);
}

/* ── allocators ── */

/* The allocator is called with nowhere to go: `component` can't be left from it. */
static void emit_realloc(fuse_t *fuse, const fuse_function_t *function, buf_t *body) {
    saved_context_t saved = context_of(fuse, (uint32_t)strlen(function->params));
    put_locals(body, saved.letters);
    put_context_save(fuse, body, &saved);
    put_flag(fuse, body, function->component, FUSE_FLAG_NO_LEAVE, true);
    put_params(body, function->params);
    fuse_put_op(body, CORE_OP_CALL,
                fuse_guarded_number(fuse, function->item, function->params, function->results));
    put_flag(fuse, body, function->component, FUSE_FLAG_NO_LEAVE, false);
    put_context_restore(fuse, body, &saved);
    buf_append_byte(body, CORE_OP_END);
}

static bool is_realloc64(fuse_t *fuse, const linked_item_t *item) {
    linked_item_t target = shim_target(fuse, *item);
    return fuse_type_of_item(fuse, &target) == fuse_type_number(fuse, "IIII", "I");
}

uint32_t fuse_realloc_number(fuse_t *fuse, linked_item_t item, uint32_t component) {
    if (fuse->is_rehearsal)
        return 0;
    bool is64 = is_realloc64(fuse, &item);
    fuse_function_t wrapper = {.emit = emit_realloc,
                               .item = item,
                               .component = component,
                               .name = SLICE_LITERAL("spin:realloc")};
    set_letters(&wrapper, is64 ? "IIII" : "iiii", is64 ? "I" : "i");
    return make(fuse, 'r', &wrapper);
}

/* ── lowers ── */

bool fuse_wants_parts(const linked_component_t *linked, const linked_lower_t *lower) {
    const spin_type_t *result = lower->type->result.type;
    return lower->is_import && !linked->options[lower->options].is_async && result != NULL &&
           result->has_pointers;
}

signature_t fuse_signature_of_import(const linked_component_t *linked,
                                     const linked_lower_t *lower) {
    signature_t signature = signature_of_lower(lower->type, &linked->options[lower->options]);
    if (fuse_wants_parts(linked, lower))
        memcpy(signature.results, "i", 2);
    return signature;
}

/* Asks for each part how large it is, allocates it and says where. The count that the import gave
 * is on the stack; nobody needs more of it than whether there are any. */
static void put_parts(fuse_t *fuse, const linked_lower_t *lower, uint32_t size_local, buf_t *body) {
    const linked_options_t *options = &fuse->linked->options[lower->options];
    uint32_t realloc_number = fuse_realloc_number(fuse, options->realloc, lower->component);
    bool is64 = is_realloc64(fuse, &options->realloc);
    uint8_t zero = is64 ? OP_I64_CONST : CORE_OP_I32_CONST;
    uint32_t pointer_local = size_local + 1;
    buf_append_byte(body, OP_DROP);
    fuse_put_op(body, CORE_OP_BLOCK, BLOCK_EMPTY);
    fuse_put_op(body, CORE_OP_LOOP, BLOCK_EMPTY);
    fuse_put_op(body, CORE_OP_LOCAL_GET, pointer_local);
    fuse_put_op(body, CORE_OP_CALL, fuse_runtime_number(fuse, FUSE_PART));
    fuse_put_op(body, CORE_OP_LOCAL_TEE, size_local);
    buf_append_byte(body, OP_I64_CONST);
    core_put_s64(body, -1);
    buf_append_byte(body, OP_I64_EQ);
    fuse_put_op(body, CORE_OP_BR_IF, 1);
    fuse_put_op(body, zero, 0);
    fuse_put_op(body, zero, 0);
    fuse_put_op(body, CORE_OP_LOCAL_GET, size_local);
    buf_append_byte(body, OP_I64_CONST);
    core_put_s64(body, 32);
    buf_append_byte(body, OP_I64_SHR_U);
    if (!is64)
        buf_append_byte(body, OP_I32_WRAP);
    fuse_put_op(body, CORE_OP_LOCAL_GET, size_local);
    buf_append_byte(body, OP_I32_WRAP);
    if (is64)
        buf_append_byte(body, OP_I64_EXTEND_U);
    fuse_put_op(body, CORE_OP_CALL, realloc_number);
    if (is64)
        buf_append_byte(body, OP_I32_WRAP);
    fuse_put_op(body, CORE_OP_LOCAL_SET, pointer_local);
    fuse_put_op(body, CORE_OP_BR, 0);
    buf_append_byte(body, CORE_OP_END);
    buf_append_byte(body, CORE_OP_END);
}

static void emit_lower(fuse_t *fuse, const fuse_function_t *function, buf_t *body) {
    const linked_component_t *linked = fuse->linked;
    const linked_lower_t *lower = &linked->lowers[function->index];
    bool wants_parts = fuse_wants_parts(linked, lower);
    put_locals(body, wants_parts ? "Ii" : "");
    put_flag_check(fuse, body, lower->component, FUSE_FLAG_NO_LEAVE, FUSE_TRAP_CANNOT_LEAVE);
    put_params(body, function->params);
    fuse_put_op(body, CORE_OP_CALL, fuse->lower_imports[function->index]);
    if (wants_parts)
        put_parts(fuse, lower, (uint32_t)strlen(function->params), body);
    buf_append_byte(body, CORE_OP_END);
}

static void emit_adapter(fuse_t *fuse, const fuse_function_t *function, buf_t *body) {
    adapter_emit(fuse, function->index, body);
}

uint32_t fuse_lower_number(fuse_t *fuse, uint32_t index) {
    const linked_component_t *linked = fuse->linked;
    const linked_lower_t *lower = &linked->lowers[index];
    signature_t signature = signature_of_lower(lower->type, &linked->options[lower->options]);
    fuse_function_t function = {.index = index, .component = lower->component};
    set_letters(&function, signature.params, signature.results);
    function.emit = linked_is_adapter(linked, lower) ? emit_adapter : emit_lower;
    if (!fuse->no_names && lower->is_import) {
        const linked_import_t *import = &linked->imports[lower->callee];
        function.name =
            arena_printf(&fuse->arena, "spin:lower %.*s%s%.*s", SLICE_ARG(import->interface),
                         import->interface.len == 0 ? "" : "#", SLICE_ARG(import->name));
    } else if (!fuse->no_names) {
        function.name = arena_printf(&fuse->arena, "spin:%s %.*s",
                                     linked_is_adapter(linked, lower) ? "adapter" : "call",
                                     SLICE_ARG(lower->type->core_name));
    }
    return make(fuse, 'l', &function);
}

/* ── built-ins ── */

signature_t fuse_signature_of_builtin_import(const linked_component_t *linked,
                                             const linked_builtin_t *builtin) {
    signature_t signature = signature_of_builtin(linked, builtin);
    if (builtin->kind == AST_CANON_RESOURCE_DROP)
        memcpy(signature.results, "I", 2);
    return signature;
}

/* Those that work also where the component instance can't be left. */
static bool is_exempt(ast_canon_kind_t kind) {
    switch (kind) {
    case AST_CANON_RESOURCE_REP:
    case AST_CANON_CONTEXT_GET:
    case AST_CANON_CONTEXT_SET:
    case AST_CANON_BACKPRESSURE_INC:
    case AST_CANON_BACKPRESSURE_DEC: return true;
    default: return false;
    }
}

/* Whether `component` is `inner` or holds it. */
static bool is_around(const linked_component_t *linked, uint32_t component, uint32_t inner) {
    for (uint32_t i = 0; i <= linked->component_count && inner != LINKED_NONE; i++) {
        if (inner == component)
            return true;
        inner = linked->components[inner].parent;
    }
    return false;
}

/* For each component instance that a call from `caller` (LINKED_NONE: the host) into `callee`
 * enters. */
static void put_entering(fuse_t *fuse, buf_t *body, uint32_t callee, uint32_t caller,
                         bool is_enter) {
    const linked_component_t *linked = fuse->linked;
    uint32_t at = callee;
    for (uint32_t i = 0; i <= linked->component_count && at != LINKED_NONE; i++) {
        if (caller != LINKED_NONE && is_around(linked, at, caller))
            break; /* and so are those around it */
        if (is_enter)
            put_flag_check(fuse, body, at, FUSE_FLAG_ENTERED, FUSE_TRAP_CANNOT_ENTER);
        put_flag(fuse, body, at, FUSE_FLAG_ENTERED, is_enter);
        at = linked->components[at].parent;
    }
}

/* The host gives the representation of what was owned; its destructor is called from here. */
static void put_drop(fuse_t *fuse, const linked_builtin_t *builtin, buf_t *body) {
    const linked_resource_t *resource = &fuse->linked->resources[builtin->resource];
    saved_context_t saved = context_of(fuse, 2);
    if (resource->is_host) {
        buf_append_byte(body, OP_DROP);
        return;
    }
    fuse_put_op(body, CORE_OP_LOCAL_TEE, 1);
    buf_append_byte(body, OP_I64_CONST);
    core_put_s64(body, -1);
    buf_append_byte(body, OP_I64_NE);
    fuse_put_op(body, CORE_OP_IF, BLOCK_EMPTY);
    put_entering(fuse, body, resource->component, builtin->component, true);
    if (resource->dtor.kind != LINKED_NOTHING) {
        put_context_save(fuse, body, &saved);
        fuse_put_op(body, CORE_OP_LOCAL_GET, 1);
        buf_append_byte(body, OP_I32_WRAP);
        fuse_put_op(body, CORE_OP_CALL, fuse_guarded_number(fuse, resource->dtor, "i", ""));
        put_context_restore(fuse, body, &saved);
    }
    put_entering(fuse, body, resource->component, builtin->component, false);
    buf_append_byte(body, CORE_OP_END);
}

static void emit_builtin(fuse_t *fuse, const fuse_function_t *function, buf_t *body) {
    const linked_builtin_t *builtin = &fuse->linked->builtins[function->index];
    saved_context_t saved = context_of(fuse, 2);
    char locals[FUSE_CONTEXT_SLOTS + 2] = "I";
    memcpy(locals + 1, saved.letters, sizeof saved.letters);
    put_locals(body, builtin->kind == AST_CANON_RESOURCE_DROP ? locals : "");
    put_flag_check(fuse, body, builtin->component, FUSE_FLAG_NO_LEAVE, FUSE_TRAP_CANNOT_LEAVE);
    put_params(body, function->params);
    fuse_put_op(body, CORE_OP_CALL, fuse->builtin_imports[function->index]);
    if (builtin->kind == AST_CANON_RESOURCE_DROP)
        put_drop(fuse, builtin, body);
    buf_append_byte(body, CORE_OP_END);
}

static void emit_context(fuse_t *fuse, const fuse_function_t *function, buf_t *body) {
    const linked_builtin_t *builtin = &fuse->linked->builtins[function->index];
    uint32_t global = fuse_context_number(fuse, builtin->slot);
    bool is_wider = fuse->context_letters[builtin->slot] == 'I' && builtin->slot_type != CORE_I64;
    put_locals(body, "");
    if (builtin->kind == AST_CANON_CONTEXT_GET) {
        fuse_put_op(body, CORE_OP_GLOBAL_GET, global);
        if (is_wider)
            buf_append_byte(body, OP_I32_WRAP);
    } else {
        fuse_put_op(body, CORE_OP_LOCAL_GET, 0);
        if (is_wider)
            buf_append_byte(body, OP_I64_EXTEND_U);
        fuse_put_op(body, CORE_OP_GLOBAL_SET, global);
    }
    buf_append_byte(body, CORE_OP_END);
}

uint32_t fuse_builtin_number(fuse_t *fuse, uint32_t index) {
    const linked_component_t *linked = fuse->linked;
    const linked_builtin_t *builtin = &linked->builtins[index];
    bool is_made = fuse->builtin_imports[index] == FUSE_NONE;
    if (!is_made && is_exempt(builtin->kind))
        return fuse->builtin_imports[index];
    signature_t signature = signature_of_builtin(linked, builtin);
    fuse_function_t function = {.index = index, .component = builtin->component};
    set_letters(&function, signature.params, signature.results);
    function.emit = is_made ? emit_context : emit_builtin;
    if (!fuse->no_names)
        function.name =
            arena_printf(&fuse->arena, "spin:%s", fuse_builtin_kind_name(builtin->kind));
    return make(fuse, 'b', &function);
}

/* ── exports ── */

/* A call from the host into a component instance, with a context of its own. As it enters the root
 * there is no caller whose context it would put back, and the post-return is to see what it leaves.
 */
static void emit_entry(fuse_t *fuse, const fuse_function_t *function, buf_t *body) {
    saved_context_t context = context_of(fuse, 0);
    put_locals(body, "");
    put_entering(fuse, body, function->component, LINKED_NONE, true);
    put_context_clear(fuse, body, &context);
    put_params(body, function->params);
    fuse_put_op(body, CORE_OP_CALL,
                fuse_guarded_number(fuse, function->item, function->params, function->results));
    put_entering(fuse, body, function->component, LINKED_NONE, false);
    buf_append_byte(body, CORE_OP_END);
}

static void emit_post(fuse_t *fuse, const fuse_function_t *function, buf_t *body) {
    put_locals(body, "");
    put_flag(fuse, body, function->component, FUSE_FLAG_NO_LEAVE, true);
    put_params(body, function->params);
    fuse_put_op(body, CORE_OP_CALL,
                fuse_guarded_number(fuse, function->item, function->params, function->results));
    put_flag(fuse, body, function->component, FUSE_FLAG_NO_LEAVE, false);
    buf_append_byte(body, CORE_OP_END);
}

/* The functions that a call by the host consists of are those that it could call one by one. */
static void emit_call(fuse_t *fuse, const fuse_function_t *function, buf_t *body) {
    const linked_lift_t *lift = &fuse->linked->lifts[function->index];
    const linked_options_t *options = &fuse->linked->options[lift->options];
    signature_t signature = signature_of_lift(lift->type, options);
    fuse_function_t entry = {.emit = emit_entry, .item = lift->func, .component = lift->component};
    fuse_function_t post = {
        .emit = emit_post, .item = options->post_return, .component = lift->component};
    uint32_t post_number = FUSE_NONE;
    entry.name = post.name = lift->export_name;
    set_letters(&entry, signature.params, signature.results);
    set_letters(&post, signature.results, "");
    if (options->post_return.kind != LINKED_NOTHING)
        post_number = make(fuse, 'p', &post);
    fuse_call_emit(fuse, lift, make(fuse, 'e', &entry), post_number, body);
}

static void add_export(fuse_t *fuse, spin_slice_t name, core_extern_kind_t kind, uint32_t number) {
    fuse_export_t export = {name, kind, number};
    fuse->no_memory |= name.ptr == NULL || !VEC_PUSH(&fuse->exports, export);
}

/* An export of a function that enters or leaves, or (without `emit`) of the function itself. */
static void export_function(fuse_t *fuse, spin_slice_t name, char kind, fuse_function_t *function) {
    uint32_t number = 0;
    function->name = name;
    if (function->emit != NULL)
        number = make(fuse, kind, function);
    else
        number = fuse_guarded_number(fuse, function->item, function->params, function->results);
    add_export(fuse, name, CORE_EXTERN_FUNC, number);
}

/* What a lift's options have besides the function: `prefix` and `name` make the exports' names. */
static void export_lift_parts(fuse_t *fuse, const linked_lift_t *lift, const char *post_name,
                              const char *callback_name, spin_slice_t name) {
    const linked_options_t *options = &fuse->linked->options[lift->options];
    signature_t signature = signature_of_lift(lift->type, options);
    fuse_function_t function = {.component = lift->component, .emit = emit_post};
    if (options->post_return.kind != LINKED_NOTHING) {
        function.item = options->post_return;
        set_letters(&function, signature.results, "");
        export_function(fuse, arena_printf(&fuse->arena, "%s%.*s", post_name, SLICE_ARG(name)), 'p',
                        &function);
    }
    if (options->callback.kind != LINKED_NOTHING) {
        function.item = options->callback;
        function.emit = fuse->linked->uses_async ? NULL : emit_entry;
        set_letters(&function, "iii", "i");
        export_function(fuse, arena_printf(&fuse->arena, "%s%.*s", callback_name, SLICE_ARG(name)),
                        'c', &function);
    }
}

spin_slice_t fuse_export_name(const linked_lift_t *lift) {
    return slice_equal_text(lift->export_name, "memory") ? SLICE_LITERAL("spin:memory")
                                                         : lift->export_name;
}

static void export_lift(fuse_t *fuse, uint32_t index) {
    const linked_lift_t *lift = &fuse->linked->lifts[index];
    const linked_options_t *options = &fuse->linked->options[lift->options];
    signature_t signature = signature_of_lift(lift->type, options);
    fuse_function_t function = {.component = lift->component, .item = lift->func};
    set_letters(&function, signature.params, signature.results);
    if (lift->export_name.len > 0) {
        function.emit = emit_entry;
        export_function(fuse, fuse_export_name(lift), 'e', &function);
        export_lift_parts(fuse, lift, "cabi_post_", "[callback]", lift->export_name);
    }
    if (fuse_has_call(fuse->linked, lift)) {
        fuse_function_t call = {.emit = emit_call, .index = index, .component = lift->component};
        bool has_post = options->post_return.kind != LINKED_NOTHING;
        set_letters(&call, "I", has_post ? "" : signature.results);
        export_function(fuse,
                        arena_printf(&fuse->arena, "spin:call:%.*s", SLICE_ARG(lift->export_name)),
                        'w', &call);
    }
    if (!fuse->linked->uses_async)
        return;
    spin_slice_t number = arena_printf(&fuse->arena, "%u", (unsigned)index);
    function.emit = NULL;
    export_function(fuse, arena_printf(&fuse->arena, "spin:lift:%u", (unsigned)index), 'e',
                    &function);
    export_lift_parts(fuse, lift, "spin:post:", "spin:callback:", number);
}

static spin_slice_t numbered_name(fuse_t *fuse, const char *name, uint32_t number) {
    if (number == 0)
        return spin_slice(name);
    return arena_printf(&fuse->arena, "%s:%u", name, (unsigned)number);
}

static void export_memory(fuse_t *fuse, const linked_item_t *item, uint32_t number, bool *done) {
    if (number >= fuse->linked->memory_count || item->kind == LINKED_NOTHING || done[number])
        return;
    done[number] = true;
    add_export(fuse, numbered_name(fuse, "memory", number), CORE_EXTERN_MEMORY,
               fuse_number(fuse, *item));
}

static void export_memories(fuse_t *fuse) {
    const linked_component_t *linked = fuse->linked;
    bool *done = fuse_calloc(fuse, linked->memory_count, sizeof *done);
    bool *realloc_done = fuse_calloc(fuse, linked->realloc_count, sizeof *realloc_done);
    for (uint32_t i = 0; i < linked->option_count && fuse_ok(fuse); i++) {
        const linked_options_t *options = &linked->options[i];
        export_memory(fuse, &options->memory, options->memory_number, done);
        uint32_t number = options->realloc_number;
        if (number >= linked->realloc_count || options->realloc.kind == LINKED_NOTHING ||
            realloc_done[number])
            continue;
        realloc_done[number] = true;
        uint32_t component = fuse_component_of(fuse, &options->realloc);
        add_export(fuse, numbered_name(fuse, "cabi_realloc", number), CORE_EXTERN_FUNC,
                   fuse_realloc_number(fuse, options->realloc, component));
    }
    for (uint32_t i = 0; i < linked->builtin_count && fuse_ok(fuse); i++)
        export_memory(fuse, &linked->builtins[i].memory, linked->builtins[i].memory_number, done);
}

/* What a thread begins with: calls the element with the number that comes first. */
static void emit_start(fuse_t *fuse, const fuse_function_t *function, buf_t *body) {
    const linked_builtin_t *builtin = &fuse->linked->builtins[function->index];
    put_locals(body, "");
    fuse_put_op(body, CORE_OP_LOCAL_GET, 1);
    fuse_put_op(body, CORE_OP_LOCAL_GET, 0);
    fuse_put_op(body, CORE_OP_CALL_INDIRECT, fuse_type_number(fuse, function->params + 1, ""));
    core_put_u32(body, fuse_number(fuse, builtin->table));
    buf_append_byte(body, CORE_OP_END);
}

static void export_start(fuse_t *fuse, uint32_t index) {
    const linked_builtin_t *builtin = &fuse->linked->builtins[index];
    if (builtin->kind != AST_CANON_THREAD_NEW_INDIRECT)
        return;
    fuse_function_t function = {
        .index = index, .component = builtin->component, .emit = emit_start};
    set_letters(&function, signature_of_builtin(fuse->linked, builtin).params, "");
    export_function(fuse, arena_printf(&fuse->arena, "spin:start:%u", (unsigned)index), 't',
                    &function);
}

void fuse_exports(fuse_t *fuse) {
    const linked_component_t *linked = fuse->linked;
    export_memories(fuse);
    if (linked->uses_async)
        add_export(fuse, SLICE_LITERAL("spin:idle"), CORE_EXTERN_FUNC,
                   fuse_runtime_number(fuse, FUSE_IDLE));
    for (uint32_t i = 0; i < linked->lift_count && fuse_ok(fuse); i++)
        export_lift(fuse, i);
    for (uint32_t i = 0; i < linked->resource_count && fuse_ok(fuse); i++) {
        const linked_resource_t *resource = &linked->resources[i];
        if (resource->is_host || resource->dtor.kind == LINKED_NOTHING)
            continue;
        fuse_function_t function = {
            .emit = emit_entry, .item = resource->dtor, .component = resource->component};
        set_letters(&function, "i", "");
        export_function(fuse, arena_printf(&fuse->arena, "spin:dtor:%u", (unsigned)i), 'd',
                        &function);
    }
    for (uint32_t i = 0; i < linked->component_count && fuse_ok(fuse); i++)
        add_export(fuse, arena_printf(&fuse->arena, "spin:flags:%u", (unsigned)i),
                   CORE_EXTERN_GLOBAL, fuse_flags_number(fuse, i));
    for (uint32_t i = 0; i < linked->builtin_count && fuse_ok(fuse); i++) {
        if (linked->builtins[i].table.kind != LINKED_NOTHING)
            add_export(fuse, arena_printf(&fuse->arena, "spin:table:%u", (unsigned)i),
                       CORE_EXTERN_TABLE, fuse_number(fuse, linked->builtins[i].table));
        export_start(fuse, i);
    }
}
