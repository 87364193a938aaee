/* What is used, and the number in the fused module of everything. */
#include "base/error.h"
#include "component/fuse_parts.h"

/* Wasmtime's. */
static const struct {
    const char *what;
    uint32_t most;
} limits[FUSE_SPACES] = {
    [CORE_SPACE_FUNC] = {"functions", 1000000},
    [CORE_SPACE_TABLE] = {"tables", 100},
    [CORE_SPACE_MEMORY] = {"memories", 100},
    [CORE_SPACE_GLOBAL] = {"globals", 1000000},
    [CORE_SPACE_TAG] = {"tags", 1000000},
    [CORE_SPACE_ELEMENT] = {"element segments", 100000},
    [CORE_SPACE_DATA] = {"data segments", 100000},
};

void *fuse_calloc(fuse_t *fuse, size_t count, size_t size) {
    void *memory = arena_calloc(&fuse->arena, count, size);
    fuse->no_memory |= memory == NULL;
    return memory;
}

static core_space_t space_of(core_extern_kind_t kind) {
    return (core_space_t)(kind + 1);
}

static uint32_t defined_count(const core_module_t *module, core_space_t space) {
    switch (space) {
    case CORE_SPACE_FUNC: return module->function_count;
    case CORE_SPACE_TABLE: return module->table_count;
    case CORE_SPACE_MEMORY: return module->memory_count;
    case CORE_SPACE_GLOBAL: return module->global_count;
    case CORE_SPACE_TAG: return module->tag_count;
    case CORE_SPACE_ELEMENT: return module->element_count;
    case CORE_SPACE_DATA: return module->data_count;
    default: return 0;
    }
}

static uint32_t imported_count(const core_module_t *module, core_space_t space) {
    return space >= CORE_SPACE_FUNC && space <= CORE_SPACE_TAG ? module->imported[space - 1] : 0;
}

/* ── items ── */

linked_item_t fuse_item_of(const fuse_t *fuse, uint32_t instance, core_extern_kind_t kind,
                           uint32_t index) {
    const fuse_instance_t *of = &fuse->instances[instance];
    if (index < of->module->imported[kind])
        return fuse->linked->instances[instance].imports[of->imports[kind][index]];
    if (index - of->module->imported[kind] >= defined_count(of->module, space_of(kind)))
        return (linked_item_t){0};
    return (linked_item_t){LINKED_DEFINED, kind, instance, index};
}

uint32_t fuse_component_of(const fuse_t *fuse, const linked_item_t *item) {
    const linked_component_t *linked = fuse->linked;
    switch (item->kind) {
    case LINKED_DEFINED: return linked->instances[item->owner].component;
    case LINKED_LOWER: return linked->lowers[item->index].component;
    case LINKED_BUILTIN: return linked->builtins[item->index].component;
    default: return 0;
    }
}

const linked_component_t *fuse_linked(const fuse_t *fuse) {
    return fuse->linked;
}

void fuse_fail(fuse_t *fuse, spin_error_t *error) {
    if (fuse->error == NULL)
        fuse->error = error;
    else
        spin_error_free(error);
}

void fuse_fail_in(fuse_t *fuse, uint32_t instance, spin_error_t *error) {
    const linked_component_t *linked = fuse->linked;
    spin_position_t position = spin_error_position(error);
    if (position.has_offset)
        error = error_at_offset(error, NULL,
                                position.offset +
                                    linked->modules[linked->instances[instance].module].offset);
    fuse_fail(fuse, error);
}

void fuse_count_made(fuse_t *fuse, size_t bytes) {
    fuse->made_bytes += bytes;
    if (fuse->made_bytes > FUSE_MAX_MADE_BYTES && fuse_ok(fuse))
        fuse_fail(fuse, error_new(SPIN_ERROR_LIMIT,
                                  "calls between the component's parts take more "
                                  "than %d bytes of code",
                                  FUSE_MAX_MADE_BYTES));
}

static uint32_t broken(fuse_t *fuse, const char *what) {
    if (fuse_ok(fuse))
        fuse_fail(fuse, error_new(SPIN_ERROR_INTERNAL, "fuse: %s", what));
    return 0;
}

uint32_t fuse_number(fuse_t *fuse, linked_item_t item) {
    const linked_component_t *linked = fuse->linked;
    item = shim_target(fuse, item);
    if (fuse->is_rehearsal)
        return 0;
    switch (item.kind) {
    case LINKED_DEFINED: {
        const fuse_instance_t *owner = &fuse->instances[item.owner];
        core_space_t space = space_of(item.sort);
        if (item.owner >= linked->instance_count || item.index >= owner->map.count[space])
            return broken(fuse, "an item that its instance lacks");
        return owner->numbers[space][item.index];
    }
    case LINKED_LOWER: return fuse_lower_number(fuse, item.index);
    case LINKED_BUILTIN: return fuse_builtin_number(fuse, item.index);
    default: return broken(fuse, "an import that is linked to nothing");
    }
}

uint32_t fuse_runtime_number(fuse_t *fuse, fuse_runtime_t function) {
    if (fuse->is_rehearsal)
        fuse->runtime_used[function] = true;
    else if (!fuse->runtime_used[function])
        return broken(fuse, "a runtime function that was not foreseen");
    return fuse->runtime_imports[function];
}

uint32_t fuse_flags_number(fuse_t *fuse, uint32_t component) {
    (void)fuse;
    return component; /* the first globals */
}

bool fuse_has_context(const fuse_t *fuse, uint32_t slot) {
    return fuse->has_context && slot < FUSE_CONTEXT_SLOTS && fuse->context_letters[slot] != '-';
}

uint32_t fuse_context_number(fuse_t *fuse, uint32_t slot) {
    return fuse->context_numbers[slot];
}

char fuse_context_letter(const fuse_t *fuse, uint32_t slot) {
    return fuse->context_letters[slot];
}

/* ── functions that are made here ── */

static uint32_t function_number(const fuse_t *fuse, size_t at) {
    return fuse->counts[CORE_SPACE_FUNC] + (uint32_t)at;
}

uint32_t fuse_function_new(fuse_t *fuse, spin_slice_t key, const fuse_function_t *template) {
    uintptr_t found = (uintptr_t)map_get(&fuse->function_numbers, key);
    if (found != 0)
        return (uint32_t)(found - 1);
    uint32_t number = function_number(fuse, fuse->functions.len);
    spin_slice_t kept = arena_copy(&fuse->arena, key);
    if (number >= limits[CORE_SPACE_FUNC].most)
        fuse_fail(fuse, error_new(SPIN_ERROR_LIMIT, "the component has more than %u functions",
                                  (unsigned)limits[CORE_SPACE_FUNC].most));
    if (kept.ptr == NULL || !VEC_PUSH(&fuse->functions, *template) ||
        !map_set(&fuse->function_numbers, kept, (void *)((uintptr_t)number + 1)))
        fuse->no_memory = true;
    return number;
}

uint32_t fuse_helper_number(fuse_t *fuse, spin_slice_t key, const char *name, const char *params,
                            const char *results, fuse_emit_fn emit, const void *context) {
    buf_t full = {0};
    buf_append_byte(&full, 'h');
    buf_append(&full, key);
    size_t before = fuse->functions.len;
    fuse_function_t helper = {.name = arena_copy(&fuse->arena, spin_slice(name)),
                              .type = fuse_type_number(fuse, params, results)};
    fuse->no_memory |= full.failed;
    uint32_t number = full.failed ? 0 : fuse_function_new(fuse, buf_slice(&full), &helper);
    if (fuse->functions.len > before && fuse_ok(fuse)) {
        buf_t body = {0};
        emit(fuse, &body, context);
        fuse_count_made(fuse, body.len);
        fuse->functions.items[before].body = body;
    }
    buf_deinit(&full);
    return number;
}

static void forget_functions(fuse_t *fuse) {
    for (size_t i = 0; i < fuse->functions.len; i++)
        buf_deinit(&fuse->functions.items[i].body);
    fuse->functions.len = 0;
    map_deinit(&fuse->function_numbers);
    fuse->function_numbers = (map_t){0};
    fuse->made_bytes = 0;
}

/* ── what is used ── */

static void use(fuse_t *fuse, const linked_item_t *item) {
    linked_item_t target = shim_target(fuse, *item);
    if (target.kind == LINKED_LOWER)
        fuse->lower_used[target.index] = true;
    else if (target.kind == LINKED_BUILTIN)
        fuse->builtin_used[target.index] = true;
}

static void use_all(fuse_t *fuse) {
    const linked_component_t *linked = fuse->linked;
    for (uint32_t i = 0; i < linked->instance_count; i++)
        for (uint32_t k = 0; k < fuse->instances[i].module->import_count; k++)
            use(fuse, &linked->instances[i].imports[k]);
    for (uint32_t i = 0; i < linked->option_count; i++) {
        use(fuse, &linked->options[i].realloc);
        use(fuse, &linked->options[i].post_return);
        use(fuse, &linked->options[i].callback);
    }
    for (uint32_t i = 0; i < linked->lift_count; i++)
        use(fuse, &linked->lifts[i].func);
    for (uint32_t i = 0; i < linked->resource_count; i++)
        use(fuse, &linked->resources[i].dtor);
}

/* Finds what adapters want of the runtime by writing them once for nothing. */
static void rehearse(fuse_t *fuse) {
    const linked_component_t *linked = fuse->linked;
    buf_t body = {0};
    fuse->is_rehearsal = true;
    fuse->runtime_used[FUSE_TRAP] = true;
    fuse->runtime_used[FUSE_IDLE] = linked->uses_async;
    for (uint32_t i = 0; i < linked->lower_count && fuse_ok(fuse); i++) {
        const linked_lower_t *lower = &linked->lowers[i];
        if (!fuse->lower_used[i])
            continue;
        fuse->runtime_used[FUSE_PART] |= lower->is_import && fuse_wants_parts(linked, lower);
        if (linked_is_adapter(linked, lower)) {
            buf_clear(&body);
            adapter_emit(fuse, i, &body);
            fuse_count_made(fuse, body.len);
        }
    }
    fuse->no_memory |= body.failed;
    buf_deinit(&body);
    forget_functions(fuse);
    fuse->is_rehearsal = false;
}

/* ── imports ── */

static uint32_t add_import(fuse_t *fuse, spin_slice_t module, spin_slice_t name, const char *params,
                           const char *results) {
    fuse_import_t import = {module, name, fuse_type_number(fuse, params, results)};
    fuse->no_memory |= name.ptr == NULL && name.len > 0;
    fuse->no_memory |= !VEC_PUSH(&fuse->imports, import);
    return (uint32_t)fuse->imports.len - 1;
}

static void import_lower(fuse_t *fuse, uint32_t index) {
    const linked_component_t *linked = fuse->linked;
    const linked_lower_t *lower = &linked->lowers[index];
    signature_t signature = fuse_signature_of_import(linked, lower);
    spin_slice_t module = SLICE_LITERAL("spin:call"), name;
    if (lower->is_import) {
        spin_slice_t interface = linked->imports[lower->callee].interface;
        module = interface.len == 0 ? SLICE_LITERAL("$root") : interface;
        name = fuse_import_name_of(&fuse->arena, linked, index,
                                   fuse->first_lowers[lower->callee] == index);
    } else {
        name = arena_printf(&fuse->arena, "%u", (unsigned)index);
    }
    fuse->lower_imports[index] =
        add_import(fuse, module, name, signature.params, signature.results);
}

static bool is_context(const linked_builtin_t *builtin) {
    return builtin->kind == AST_CANON_CONTEXT_GET || builtin->kind == AST_CANON_CONTEXT_SET;
}

static void number_imports(fuse_t *fuse) {
    const linked_component_t *linked = fuse->linked;
    for (uint32_t i = 0; i < linked->lower_count && !fuse->no_memory; i++) {
        const linked_lower_t *lower = &linked->lowers[i];
        if (lower->is_import && fuse->first_lowers[lower->callee] == FUSE_NONE)
            fuse->first_lowers[lower->callee] = i;
        if (fuse->lower_used[i] && !linked_is_adapter(linked, lower))
            import_lower(fuse, i);
    }
    for (uint32_t i = 0; i < linked->builtin_count && !fuse->no_memory; i++) {
        const linked_builtin_t *builtin = &linked->builtins[i];
        if (!fuse->builtin_used[i] || (fuse->has_context && is_context(builtin)))
            continue;
        signature_t signature = fuse_signature_of_builtin_import(linked, builtin);
        fuse->builtin_imports[i] = add_import(fuse, SLICE_LITERAL("spin:builtin"),
                                              fuse_builtin_name(linked, &fuse->arena, i),
                                              signature.params, signature.results);
    }
    fuse_call_imports(fuse, add_import);
    for (int i = 0; i < FUSE_RUNTIME_COUNT; i++) {
        fuse_runtime_t function = (fuse_runtime_t)i;
        if (fuse->runtime_used[i])
            fuse->runtime_imports[i] = add_import(
                fuse, SLICE_LITERAL("spin:runtime"), spin_slice(fuse_runtime_name(function)),
                fuse_runtime_params(function), fuse_runtime_results(function));
    }
}

/* Slots of contexts are globals behind the flags. */
static void number_context(fuse_t *fuse) {
    const linked_component_t *linked = fuse->linked;
    memset(fuse->context_letters, '-', FUSE_CONTEXT_SLOTS);
    fuse->counts[CORE_SPACE_GLOBAL] = linked->component_count;
    fuse->has_context = !linked->uses_async;
    for (uint32_t i = 0; i < linked->builtin_count && fuse->has_context; i++) {
        const linked_builtin_t *builtin = &linked->builtins[i];
        if (!fuse->builtin_used[i] || !is_context(builtin))
            continue;
        if (builtin->slot >= FUSE_CONTEXT_SLOTS)
            fuse_fail(fuse, error_new(SPIN_ERROR_UNSUPPORTED, "context slot %u is not offered",
                                      (unsigned)builtin->slot));
        else if (fuse->context_letters[builtin->slot] != 'I')
            fuse->context_letters[builtin->slot] = builtin->slot_type == CORE_I64 ? 'I' : 'i';
    }
    for (uint32_t i = 0; i < FUSE_CONTEXT_SLOTS; i++)
        if (fuse_has_context(fuse, i))
            fuse->context_numbers[i] = fuse->counts[CORE_SPACE_GLOBAL]++;
}

/* ── instances ── */

static void open_instance(fuse_t *fuse, uint32_t index) {
    const linked_instance_t *linked = &fuse->linked->instances[index];
    fuse_instance_t *out = &fuse->instances[index];
    out->module = fuse->linked->modules[linked->module].module;
    uint32_t seen[CORE_EXTERN_TAG + 1] = {0};
    for (int kind = 0; kind <= CORE_EXTERN_TAG; kind++)
        out->imports[kind] =
            fuse_calloc(fuse, out->module->imported[kind], sizeof *out->imports[kind]);
    for (uint32_t i = 0; i < out->module->import_count && !fuse->no_memory; i++) {
        core_extern_kind_t kind = out->module->imports[i].kind;
        out->imports[kind][seen[kind]++] = i;
    }
    fuse->has_tags |= out->module->tag_count > 0;
}

static bool is_dead(const fuse_instance_t *instance, core_space_t space, uint32_t own) {
    return space == CORE_SPACE_TABLE && instance->dead_tables != NULL && instance->dead_tables[own];
}

/* Numbers what the module defines; what it imports comes when all are numbered. */
static void number_defined(fuse_t *fuse, fuse_instance_t *instance, core_space_t space) {
    uint32_t imported = imported_count(instance->module, space);
    uint32_t defined = defined_count(instance->module, space);
    uint32_t *numbers = fuse_calloc(fuse, (size_t)imported + defined, sizeof *numbers);
    instance->first[space] = fuse->counts[space];
    instance->numbers[space] = numbers;
    if (defined > limits[space].most - fuse->counts[space])
        fuse_fail(fuse, error_new(SPIN_ERROR_LIMIT, "the component has more than %u %s",
                                  (unsigned)limits[space].most, limits[space].what));
    for (uint32_t i = 0; i < defined && fuse_ok(fuse); i++)
        numbers[imported + i] = is_dead(instance, space, i) ? FUSE_NONE : fuse->counts[space]++;
    instance->map.of[space] = numbers;
    instance->map.count[space] = imported + defined;
}

static void number_instances(fuse_t *fuse) {
    const linked_component_t *linked = fuse->linked;
    for (uint32_t i = 0; i < linked->instance_count; i++) {
        fuse_instance_t *instance = &fuse->instances[i];
        instance->map.of[CORE_SPACE_TYPE] = fuse->module_types[linked->instances[i].module];
        instance->map.count[CORE_SPACE_TYPE] = instance->module->type_count;
        for (int space = CORE_SPACE_FUNC; space <= CORE_SPACE_DATA && fuse_ok(fuse); space++)
            number_defined(fuse, instance, (core_space_t)space);
    }
}

static void number_links(fuse_t *fuse, uint32_t index) {
    fuse_instance_t *instance = &fuse->instances[index];
    const core_module_t *module = instance->module;
    for (int kind = 0; kind <= CORE_EXTERN_TAG; kind++)
        for (uint32_t i = 0; i < module->imported[kind] && fuse_ok(fuse); i++)
            instance->numbers[kind + 1][i] =
                fuse_number(fuse, fuse_item_of(fuse, index, (core_extern_kind_t)kind, i));
    uint32_t imported = module->imported[CORE_EXTERN_FUNC];
    for (uint32_t i = 0; instance->shims != NULL && i < module->function_count; i++)
        if (instance->shims[i].kind != LINKED_NOTHING)
            instance->numbers[CORE_SPACE_FUNC][imported + i] = fuse_number(
                fuse, (linked_item_t){LINKED_DEFINED, CORE_EXTERN_FUNC, index, imported + i});
}

static uint32_t *none_numbers(fuse_t *fuse, uint32_t count) {
    uint32_t *numbers = fuse_calloc(fuse, count, sizeof *numbers);
    for (uint32_t i = 0; i < count && numbers != NULL; i++)
        numbers[i] = FUSE_NONE;
    return numbers;
}

void fuse_plan(fuse_t *fuse) {
    const linked_component_t *linked = fuse->linked;
    fuse->instances = fuse_calloc(fuse, linked->instance_count, sizeof *fuse->instances);
    fuse->lower_used = fuse_calloc(fuse, linked->lower_count, sizeof *fuse->lower_used);
    fuse->builtin_used = fuse_calloc(fuse, linked->builtin_count, sizeof *fuse->builtin_used);
    fuse->lower_imports = none_numbers(fuse, linked->lower_count);
    fuse->builtin_imports = none_numbers(fuse, linked->builtin_count);
    fuse->first_lowers = none_numbers(fuse, linked->import_count);
    for (uint32_t i = 0; i < linked->instance_count && fuse_ok(fuse); i++)
        open_instance(fuse, i);
    if (fuse_ok(fuse))
        fuse_types_read(fuse);
    if (fuse_ok(fuse))
        shim_find(fuse);
    if (!fuse_ok(fuse))
        return;
    use_all(fuse);
    number_context(fuse);
    rehearse(fuse);
    number_imports(fuse);
    fuse->counts[CORE_SPACE_FUNC] = (uint32_t)fuse->imports.len;
    if (fuse_ok(fuse))
        number_instances(fuse);
    for (uint32_t i = 0; i < linked->instance_count && fuse_ok(fuse); i++)
        number_links(fuse, i);
}
