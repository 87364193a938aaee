/* Defines what a fused module imports, each import of it for itself, and makes the pre-instance. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/slice.h"
#include "component/signature.h"
#include "engine/async/async.h"
#include "engine/context.h"
#include "engine/model/model.h"
#include "wit/model.h"

enum { BLOCK_BYTES = 1024 };

/* ── resources ── */

/* The root's own imports have the name of no interface; bindings call that "$root", as core modules
 * do. */
static spin_slice_t name_of_module(const char *module) {
    const spin_slice_t name = spin_slice(module);
    return slice_equal_text(name, "$root") ? (spin_slice_t){0} : name;
}

/* The host's definition for `name` of `interface`: the same version, else the highest that fits;
 * `best` is what was found so far. */
static bool is_better(spin_slice_t interface, const char *module, model_version_t *best,
                      bool found) {
    spin_slice_t rest, have_rest, have_name = name_of_module(module);
    const model_version_t want = model_version_of(interface, &rest);
    model_version_t have = model_version_of(have_name, &have_rest);
    if (want.is_exact)
        return !found && slice_equal(interface, have_name);
    if (!slice_equal(rest, have_rest) || !model_version_fits(&want, &have))
        return false;
    bool is_same = slice_equal(interface, have_name);
    bool had_same = found && best->is_exact;
    if (found && (had_same || (!is_same && !model_version_is_higher(&have, best))))
        return false;
    *best = have;
    best->is_exact = is_same;
    return true;
}

static const abi_resource_t *find_resource(const abi_resource_t *known, spin_slice_t interface,
                                           spin_slice_t name) {
    const abi_resource_t *found = NULL;
    model_version_t best = {0};
    for (const abi_resource_t *at = known; at != NULL; at = at->next)
        if (at->module != NULL && slice_equal_text(name, at->name) &&
            is_better(interface, at->module, &best, found != NULL))
            found = at;
    return found;
}

static spin_error_t *init_resources(model_t *model, const abi_links_t *links) {
    const linked_component_t *linked = model->module->linked;
    model->resources =
        arena_calloc(&model->arena, linked->resource_count, sizeof *model->resources);
    if (model->resources == NULL && linked->resource_count > 0)
        return error_no_memory();
    for (uint32_t i = 0; i < linked->resource_count; i++) {
        model_resource_t *resource = &model->resources[i];
        const linked_resource_t *from = &linked->resources[i];
        *resource = (model_resource_t){.id = i, .linked = from};
        if (from->is_host)
            resource->host = find_resource(links->resources, from->interface, from->name);
        for (uint32_t j = 0; j < i && resource->host != NULL; j++)
            if (model->resources[j].host != NULL &&
                model->resources[j].host->type == resource->host->type) {
                resource->id = model->resources[j].id;
                break;
            }
        if (!from->is_host && from->dtor.kind != LINKED_NOTHING) {
            resource->destructor = (const char *)arena_printf(&model->arena, "spin:dtor:%u", i).ptr;
            if (resource->destructor == NULL)
                return error_no_memory();
        }
    }
    return NULL;
}

const model_resource_t *model_resource_of(const model_t *model, const spin_type_t *type) {
    const linked_component_t *linked = model->module->linked;
    for (uint32_t i = 0; i < linked->resource_count; i++)
        if (linked->resources[i].type == type->resource)
            return &model->resources[model->resources[i].id];
    return NULL;
}

const model_resource_t *model_resource_find(const model_t *model, const void *identity) {
    for (uint32_t i = 0; i < model->module->linked->resource_count; i++)
        if (model->resources[i].host != NULL && model->resources[i].host->type == identity)
            return &model->resources[i];
    return NULL;
}

/* ── functions of the host ── */

static const abi_import_t *find_import(const abi_import_t *known, spin_slice_t interface,
                                       spin_slice_t name) {
    const abi_import_t *found = NULL;
    model_version_t best = {0};
    for (const abi_import_t *at = known; at != NULL; at = at->next)
        if (slice_equal_text(name, at->name) &&
            is_better(interface, at->module, &best, found != NULL))
            found = at;
    return found;
}

/* One definition for one lower: what the two agree on. */
typedef struct linking {
    engine_component_t *component;
    model_t *model;
    const linked_component_t *linked;
    const abi_links_t *links;
    wasmtime_linker_t *linker;
    map_t lowers; /* index of the lower plus one, by "module\0name" */
} linking_t;

static const abi_import_t *find_for(const linking_t *linking, const linked_import_t *import) {
    const abi_import_t *known = linking->links->imports;
    const abi_import_t *found = find_import(known, import->interface, import->name);
    if (found == NULL && import->implements.len > 0)
        found = find_import(known, import->implements, import->name);
    return found;
}

static spin_error_t *bind_lower(linking_t *linking, const linked_lower_t *lower,
                                abi_import_t *out) {
    model_t *model = linking->model;
    const linked_import_t *import = &linking->linked->imports[lower->callee];
    const abi_import_t *found = find_for(linking, import);
    *out = *found;
    spin_error_t *error = NULL;
    if (found->value != NULL)
        error = model_describe_import(&model->arena, lower->type, found->name, &out->function);
    else
        error = model_check_import(lower->type, found->function);
    if (error != NULL)
        return error;
    out->options = &model->module->options[lower->options];
    out->component = lower->component;
    out->params_len = strlen(out->function->params);
    out->results_len = strlen(out->function->results);
    out->has_parts = lower->type->result.type != NULL && lower->type->result.type->has_pointers;
    if (found->value == NULL && !out->has_parts && out->function->measure != NULL)
        return error_new(SPIN_ERROR_INVALID, "it is of another type: its result is in the "
                                             "guest's memory");
    return NULL;
}

static async_definition_t definition_of(const linking_t *linking, spin_slice_t module,
                                        spin_slice_t name, const wasm_functype_t *type) {
    return (async_definition_t){
        linking->model, &linking->model->arena, linking->linker, module, name, type};
}

static spin_error_t *define_lower(linking_t *linking, uint32_t index, spin_slice_t module,
                                  spin_slice_t name, const wasm_functype_t *type) {
    const linked_lower_t *lower = &linking->linked->lowers[index];
    abi_import_t *import = arena_calloc(&linking->model->arena, 1, sizeof *import);
    if (import == NULL)
        return error_no_memory();
    spin_error_t *error = bind_lower(linking, lower, import);
    if (error != NULL)
        return error;
    if (linking->linked->uses_async) {
        const async_definition_t definition = definition_of(linking, module, name, type);
        return async_define_lower(&definition, index, import);
    }
    wasmtime_error_t *failure = wasmtime_linker_define_async_func(
        linking->linker, (const char *)module.ptr, module.len, (const char *)name.ptr, name.len,
        type, abi_on_call, import, NULL);
    return failure == NULL ? NULL : engine_error_take(failure, SPIN_ERROR_INTERNAL);
}

/* ── built-ins and the runtime ── */

/* The number behind the last ":". */
static uint32_t number_of(spin_slice_t name) {
    uint64_t number = 0;
    size_t at = name.len;
    while (at > 0 && name.ptr[at - 1] != ':')
        at--;
    for (; at < name.len && number < UINT32_MAX; at++)
        number = 10 * number + (uint64_t)(name.ptr[at] - '0');
    return (uint32_t)number;
}

/* Those of asynchronous components. `*done`: it is one of them. */
static spin_error_t *define_async(linking_t *linking, spin_slice_t module, spin_slice_t name,
                                  const wasm_functype_t *type, bool *done) {
    const linked_component_t *linked = linking->linked;
    const async_definition_t definition = definition_of(linking, module, name, type);
    const uint32_t number = number_of(name);
    *done = true;
    if (slice_equal_text(module, "spin:call") && number < linked->lower_count)
        return async_define_lower(&definition, number, NULL);
    if (slice_equal_text(module, "spin:builtin") && number < linked->builtin_count &&
        model_builtin_callback(linked->builtins[number].kind) == NULL)
        return async_define_builtin(&definition, number);
    if (slice_equal_text(module, "spin:runtime") &&
        slice_equal_text(name, fuse_runtime_name(FUSE_IDLE)))
        return async_define_idle(&definition);
    *done = false;
    return NULL;
}

static spin_error_t *define_intrinsic(linking_t *linking, spin_slice_t module, spin_slice_t name,
                                      const wasm_functype_t *type) {
    model_t *model = linking->model;
    const linked_component_t *linked = linking->linked;
    model_callback_t callback = NULL;
    bool done = false;
    spin_error_t *error = define_async(linking, module, name, type, &done);
    if (done)
        return error;
    model_env_t *env = arena_calloc(&model->arena, 1, sizeof *env);
    if (env == NULL)
        return error_no_memory();
    env->model = model;
    env->name = arena_copy_text(&model->arena, name);
    if (env->name == NULL)
        return error_no_memory();
    if (slice_equal_text(module, "spin:argument")) {
        callback = abi_on_argument;
    } else if (slice_equal_text(module, "spin:result")) {
        callback = abi_on_result;
    } else if (slice_equal_text(module, "spin:builtin")) {
        uint32_t index = number_of(name);
        if (index >= linked->builtin_count)
            return error_new(SPIN_ERROR_INTERNAL, "there is no such built-in");
        env->builtin = &linked->builtins[index];
        if (env->builtin->resource < linked->resource_count)
            env->resource = model->resources[env->builtin->resource].id;
        callback = model_builtin_callback(env->builtin->kind);
    } else if (slice_equal_text(module, "spin:runtime")) {
        for (uint32_t i = 0; i < FUSE_RUNTIME_COUNT && callback == NULL; i++)
            if (slice_equal_text(name, fuse_runtime_name((fuse_runtime_t)i)))
                callback = model_runtime_callback((fuse_runtime_t)i);
    }
    wasmtime_error_t *failure = wasmtime_linker_define_func_unchecked(
        linking->linker, (const char *)module.ptr, module.len, (const char *)name.ptr, name.len,
        type, callback != NULL ? callback : model_on_unsupported, env, NULL);
    return failure == NULL ? NULL : engine_error_take(failure, SPIN_ERROR_INTERNAL);
}

/* ── all of them ── */

static spin_slice_t key_of(arena_t *arena, spin_slice_t module, spin_slice_t name) {
    uint8_t *key = arena_alloc_bytes(arena, module.len + 1 + name.len);
    if (key == NULL)
        return (spin_slice_t){0};
    if (module.len > 0)
        memcpy(key, module.ptr, module.len);
    key[module.len] = 0;
    if (name.len > 0)
        memcpy(key + module.len + 1, name.ptr, name.len);
    return spin_slice_of(key, module.len + 1 + name.len);
}

static spin_error_t *index_lowers(linking_t *linking) {
    arena_t *arena = &linking->model->arena;
    for (uint32_t i = 0; i < linking->linked->lower_count; i++) {
        spin_slice_t module, name;
        if (!linking->linked->lowers[i].is_import)
            continue;
        spin_error_t *error = fuse_import_name(linking->linked, arena, i, &module, &name);
        if (error != NULL)
            return error;
        spin_slice_t key = key_of(arena, module, name);
        if (key.ptr == NULL || !map_set(&linking->lowers, key, (void *)(uintptr_t)(i + 1)))
            return error_no_memory();
    }
    return NULL;
}

static spin_error_t *define(linking_t *linking, const wasm_importtype_t *type) {
    const wasm_name_t *from = wasm_importtype_module(type), *as = wasm_importtype_name(type);
    spin_slice_t module = spin_slice_of(from->data, from->size);
    spin_slice_t name = spin_slice_of(as->data, as->size);
    const wasm_functype_t *function = wasm_externtype_as_functype_const(wasm_importtype_type(type));
    spin_error_t *error = NULL;
    if (function == NULL)
        return error_new(SPIN_ERROR_INTERNAL, "import \"%.*s\" of the fused module is no function",
                         SLICE_ARG(name));
    spin_slice_t key = key_of(&linking->model->arena, module, name);
    if (key.ptr == NULL)
        return error_no_memory();
    uintptr_t index = (uintptr_t)map_get(&linking->lowers, key);
    if (index == 0)
        error = define_intrinsic(linking, module, name, function);
    else
        error = define_lower(linking, (uint32_t)index - 1, module, name, function);
    return error == NULL ? NULL
                         : error_wrap(error, "import \"%.*s\" of \"%.*s\"", SLICE_ARG(name),
                                      SLICE_ARG(module));
}

/* A resource that is imported as another one need not be there, but if it is, it is that one. */
static spin_error_t *check_sames(const linking_t *linking) {
    const linked_component_t *linked = linking->linked;
    for (uint32_t i = 0; i < linked->same_count; i++) {
        const linked_same_t *same = &linked->sames[i];
        const abi_resource_t *wanted = linking->model->resources[same->resource].host;
        const abi_resource_t *given =
            find_resource(linking->links->resources, same->interface, same->name);
        if (given != NULL && (wanted == NULL || given->type != wanted->type))
            return error_new(SPIN_ERROR_INVALID,
                             "resource \"%.*s\" of \"%.*s\" is another one than \"%.*s\" of "
                             "\"%.*s\", which it imports it as",
                             SLICE_ARG(same->name), SLICE_ARG(same->interface),
                             SLICE_ARG(linked->resources[same->resource].name),
                             SLICE_ARG(linked->resources[same->resource].interface));
    }
    return NULL;
}

static spin_error_t *not_offered(const char *what, spin_slice_t interface, spin_slice_t name) {
    const bool is_wasi = slice_starts_with(interface, SLICE_LITERAL("wasi:"));
    const char *advice =
        is_wasi ? "; WASI is here for core modules: build it as one, for preview 1" : "";
    if (interface.len == 0)
        return error_new(SPIN_ERROR_INVALID,
                         "it imports %s\"%.*s\", which this host does not offer", what,
                         SLICE_ARG(name));
    return error_new(SPIN_ERROR_INVALID,
                     "it imports %s\"%.*s\" of \"%.*s\", which this host does not offer%s", what,
                     SLICE_ARG(name), SLICE_ARG(interface), advice);
}

/* What is imported must be there, called or not. */
static spin_error_t *check_imports(const linking_t *linking) {
    const linked_component_t *linked = linking->linked;
    spin_error_t *error = model_check_addresses(linked);
    if (error != NULL)
        return error;
    for (uint32_t i = 0; i < linked->import_count; i++) {
        const linked_import_t *import = &linked->imports[i];
        if (find_for(linking, import) == NULL)
            return not_offered("", import->interface, import->name);
    }
    for (uint32_t i = 0; i < linked->resource_count; i++) {
        const linked_resource_t *resource = &linked->resources[i];
        if (resource->is_host && linking->model->resources[i].host == NULL)
            return not_offered("resource ", resource->interface, resource->name);
    }
    return check_sames(linking);
}

static spin_error_t *define_all(linking_t *linking) {
    const wasmtime_module_t *module = linking->component->module->module;
    wasm_importtype_vec_t imports;
    spin_error_t *error = check_imports(linking);
    if (error == NULL)
        error = index_lowers(linking);
    if (error != NULL)
        return error;
    wasmtime_module_imports(module, &imports);
    for (size_t i = 0; i < imports.size && error == NULL; i++)
        error = define(linking, imports.data[i]);
    wasm_importtype_vec_delete(&imports);
    if (error != NULL)
        return error;
    wasmtime_error_t *failure =
        wasmtime_linker_instantiate_pre(linking->linker, module, &linking->component->pre);
    return failure == NULL ? NULL : engine_error_take(failure, SPIN_ERROR_INTERNAL);
}

spin_error_t *model_link(engine_component_t *component, model_t **out) {
    spin_execution_context_t *context = component->context;
    model_t *model = mem_calloc(1, sizeof *model);
    if (model == NULL)
        return error_no_memory();
    arena_init(&model->arena, BLOCK_BYTES);
    model->module = component->module->model;
    linking_t linking = {.component = component,
                         .model = model,
                         .linked = model->module->linked,
                         .links = &context->links,
                         .linker = wasmtime_linker_new(context->engine->wasm)};
    spin_error_t *error = init_resources(model, linking.links);
    if (error == NULL)
        error = async_init(model);
    if (error == NULL)
        error = define_all(&linking);
    map_deinit(&linking.lowers);
    wasmtime_linker_delete(linking.linker); /* the pre-instance has what it needs of it */
    if (error != NULL)
        model_free(model);
    else
        *out = model;
    return error;
}

void model_free(model_t *model) {
    if (model == NULL)
        return;
    arena_deinit(&model->arena);
    mem_free(model);
}
