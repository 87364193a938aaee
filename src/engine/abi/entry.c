/* Finding out, once, how a component's exports are called. */
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "component/legacy.h"
#include "engine/abi/state.h"
#include "engine/context.h"
#include "engine/model/model.h"

static const char realloc_canonical[] = "cabi_realloc";
static const char realloc_2022[] = "canonical_abi_realloc";
static const char free_2022[] = "canonical_abi_free";
static const char initialize_today[] = "_initialize";

/* ── signatures ── */

static char letter_of(const wasm_valtype_t *type) {
    switch (wasm_valtype_kind(type)) {
    case WASM_I32: return 'i';
    case WASM_I64: return 'I';
    case WASM_F32: return 'f';
    case WASM_F64: return 'F';
    default: return '?';
    }
}

static bool types_match(const wasm_valtype_vec_t *types, const char *letters) {
    if (types->size != strlen(letters))
        return false;
    for (size_t i = 0; i < types->size; i++)
        if (letter_of(types->data[i]) != letters[i])
            return false;
    return true;
}

static const char *type_name(char letter) {
    return letter == 'i'   ? "i32"
           : letter == 'I' ? "i64"
           : letter == 'f' ? "f32"
           : letter == 'F' ? "f64"
                           : "a reference";
}

/* `has_area`: and the address where results go. */
static void put_letters(buf_t *out, const char *letters, bool has_area) {
    buf_append_byte(out, '(');
    for (size_t i = 0; letters[i] != '\0'; i++) {
        buf_append_text(out, i == 0 ? "" : ", ");
        buf_append_text(out, type_name(letters[i]));
    }
    if (has_area)
        buf_append_text(out, letters[0] == '\0' ? "i32" : ", i32");
    buf_append_byte(out, ')');
}

static void put_types(buf_t *out, const wasm_valtype_vec_t *types) {
    buf_append_byte(out, '(');
    for (size_t i = 0; i < types->size; i++) {
        buf_append_text(out, i == 0 ? "" : ", ");
        buf_append_text(out, type_name(letter_of(types->data[i])));
    }
    buf_append_byte(out, ')');
}

static bool has_signature(const wasm_externtype_t *type, const char *params, const char *results) {
    const wasm_functype_t *func = wasm_externtype_as_functype_const(type);
    return func != NULL && types_match(wasm_functype_params(func), params) &&
           types_match(wasm_functype_results(func), results);
}

/* What comes back from the core function: several values through an area. */
static const char *core_results(const char *results) {
    return strlen(results) > 1 ? "i" : results;
}

static spin_error_t *wrong_signature(const wasm_externtype_t *type,
                                     const spin_abi_export_t *function) {
    const wasm_functype_t *func = wasm_externtype_as_functype_const(type);
    if (func == NULL)
        return error_new(SPIN_ERROR_INVALID, "its export \"%s\" is not a function",
                         function->export_name);
    buf_t text = {0};
    put_types(&text, wasm_functype_params(func));
    buf_append_text(&text, " -> ");
    put_types(&text, wasm_functype_results(func));
    buf_append_text(&text, ", and must be ");
    put_letters(&text, function->params, false);
    buf_append_text(&text, " -> ");
    put_letters(&text, core_results(function->results), false);
    spin_error_t *error = text.failed
                              ? error_no_memory()
                              : error_new(SPIN_ERROR_INVALID, "its export \"%s\" is %.*s",
                                          function->export_name, SLICE_ARG(buf_slice(&text)));
    buf_deinit(&text);
    return error;
}

/* ── imports ── */

static spin_error_t *check_import(const abi_import_t *import, const wasm_externtype_t *type) {
    const wasm_functype_t *func = wasm_externtype_as_functype_const(type);
    const char *name = import->function->name, *params = import->function->params;
    bool has_area = import->results_len > 1;
    const char *results = has_area ? "" : import->function->results;
    if (func == NULL)
        return error_new(SPIN_ERROR_INVALID, "%s: %s: it is a function, and imported as none",
                         import->module, name);
    char all[ABI_MAX_FLAT + 2];
    snprintf(all, sizeof all, "%s%s", params, has_area ? "i" : "");
    if (has_signature(type, all, results))
        return NULL;
    buf_t text = {0};
    put_types(&text, wasm_functype_params(func));
    buf_append_text(&text, " -> ");
    put_types(&text, wasm_functype_results(func));
    buf_append_text(&text, ", and this host offers ");
    put_letters(&text, params, has_area);
    buf_append_text(&text, " -> ");
    put_letters(&text, results, false);
    spin_error_t *error = text.failed
                              ? error_no_memory()
                              : error_new(SPIN_ERROR_INVALID, "%s: %s: it imports %.*s",
                                          import->module, name, SLICE_ARG(buf_slice(&text)));
    buf_deinit(&text);
    return error;
}

spin_error_t *abi_check_imports(const abi_import_t *linked, const wasmtime_module_t *module) {
    spin_error_t *error = NULL;
    wasm_importtype_vec_t imports;
    wasmtime_module_imports(module, &imports);
    for (size_t i = 0; i < imports.size && error == NULL; i++) {
        const wasm_name_t *from = wasm_importtype_module(imports.data[i]);
        const wasm_name_t *name = wasm_importtype_name(imports.data[i]);
        const abi_import_t *at = linked;
        while (at != NULL &&
               !(at->function != NULL &&
                 slice_equal_text(spin_slice_of(from->data, from->size), at->module) &&
                 slice_equal_text(spin_slice_of(name->data, name->size), at->name)))
            at = at->next;
        if (at != NULL)
            error = check_import(at, wasm_importtype_type(imports.data[i]));
    }
    wasm_importtype_vec_delete(&imports);
    return error;
}

/* ── the component ── */

static spin_slice_t name_of(const wasm_exporttype_t *export) {
    const wasm_name_t *name = wasm_exporttype_name(export);
    return spin_slice_of(name->data, name->size);
}

static const wasm_externtype_t *find(const wasm_exporttype_vec_t *exports, spin_slice_t name) {
    for (size_t i = 0; i < exports->size; i++)
        if (slice_equal(name_of(exports->data[i]), name))
            return wasm_exporttype_type(exports->data[i]);
    return NULL;
}

static legacy_layout_t layout_of(const wasm_exporttype_vec_t *exports, const char *function) {
    legacy_layouts_t layouts = {0};
    for (size_t i = 0; i < exports->size; i++)
        legacy_layouts_add(&layouts, spin_slice(function), name_of(exports->data[i]));
    return legacy_layouts_best(&layouts);
}

/* The convention by the allocator's name; without any, or with both, it is today's. */
static void learn(abi_component_t *abi, const wasm_exporttype_vec_t *exports) {
    const wasm_externtype_t *today = find(exports, spin_slice(realloc_canonical));
    const wasm_externtype_t *old = find(exports, spin_slice(realloc_2022));
    const wasm_externtype_t *allocator = today != NULL ? today : old;
    if (allocator != NULL) {
        abi->allocator = today != NULL ? realloc_canonical : realloc_2022;
        abi->bad_allocator = !has_signature(allocator, "iiii", "i");
    }
    if (old != NULL) {
        const wasm_externtype_t *release = find(exports, spin_slice(free_2022));
        abi->has_free = release != NULL && has_signature(release, "iii", "");
    }
    if (today == NULL && old != NULL) {
        abi->abi = layout_of(exports, "") == LEGACY_LAYOUT_SLOTS ? SPIN_ABI_2022_SLOTS
                                                                 : SPIN_ABI_2022_CANONICAL;
    }
    const wasm_externtype_t *initialize = find(exports, spin_slice(initialize_today));
    abi->has_initialize = today != NULL && initialize != NULL && has_signature(initialize, "", "");
    abi->known = true;
}

const abi_component_t *abi_component_of(spin_instance_t *instance) {
    live_module_t *module = instance->component->module;
    if (!module->abi.known) {
        wasm_exporttype_vec_t exports;
        wasmtime_module_exports(module->module, &exports);
        learn(&module->abi, &exports);
        wasm_exporttype_vec_delete(&exports);
    }
    return &module->abi;
}

void abi_component_deinit(abi_component_t *component) {
    map_deinit(&component->entries);
    arena_deinit(&component->arena);
}

/* ── an entry ── */

static bool is_entry(const abi_entry_t *entry, const spin_abi_export_t *function) {
    return strcmp(entry->params, function->params) == 0 &&
           strcmp(entry->results, function->results) == 0 &&
           entry->params_size == function->params_size &&
           entry->result_size == function->result_size &&
           entry->by_types == (function->context != NULL);
}

static bool is_descriptor(const spin_abi_export_t *function) {
    return function->size >= sizeof *function && function->export_name != NULL &&
           function->name != NULL && function->params != NULL && function->results != NULL &&
           strlen(function->params) <= ABI_MAX_FLAT &&
           (function->lower != NULL || function->params[0] == '\0') &&
           (function->params_size == 0 || strcmp(function->params, "i") == 0);
}

static const char *find_post(abi_component_t *abi, const wasm_exporttype_vec_t *exports,
                             const spin_abi_export_t *function, bool *failed) {
    spin_slice_t name = arena_printf(&abi->arena, "cabi_post_%s", function->export_name);
    *failed = name.ptr == NULL;
    if (*failed)
        return NULL;
    const wasm_externtype_t *type = find(exports, name);
    bool fits = type != NULL && has_signature(type, core_results(function->results), "");
    return fits ? (const char *)name.ptr : NULL;
}

/* The helper by which the whole call is one entry into the guest. */
static const char *find_helper(const wasm_exporttype_vec_t *exports,
                               const spin_abi_export_t *function) {
    static const struct {
        const char *entry;
        const char *helpers[3];
    } known[] = {
        {"handle-http-request",
         {LEGACY_HTTP_EXPORT "@canonical", LEGACY_HTTP_EXPORT "@slots",
          LEGACY_HTTP_EXPORT "@unknown"}},
        {"handle-redis-message",
         {LEGACY_REDIS_EXPORT "@canonical", LEGACY_REDIS_EXPORT "@slots",
          LEGACY_REDIS_EXPORT "@unknown"}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(function->export_name, known[i].entry) != 0)
            continue;
        for (size_t j = 0; j < 3; j++) {
            const wasm_externtype_t *type = find(exports, spin_slice(known[i].helpers[j]));
            if (type != NULL && has_signature(type, "i", "i"))
                return known[i].helpers[j];
        }
    }
    return NULL;
}

static spin_error_t *new_entry(abi_component_t *abi, const wasm_exporttype_vec_t *exports,
                               const spin_abi_export_t *function, abi_entry_t **out) {
    bool failed = false;
    abi_entry_t *entry = arena_calloc(&abi->arena, 1, sizeof *entry);
    if (entry == NULL)
        return error_no_memory();
    entry->name = arena_copy_text(&abi->arena, spin_slice(function->export_name));
    entry->params = arena_copy_text(&abi->arena, spin_slice(function->params));
    entry->results = arena_copy_text(&abi->arena, spin_slice(function->results));
    entry->params_len = strlen(function->params);
    entry->results_len = strlen(function->results);
    entry->params_size = function->params_size;
    entry->result_size = function->result_size;
    entry->by_types = function->context != NULL;
    entry->abi = abi->abi;
    entry->layout_known = true;
    entry->helper = find_helper(exports, function);
    /* An entry point of 2022 stays one in a module that also follows today's convention. */
    if (abi->abi == SPIN_ABI_CANONICAL && entry->helper == NULL) {
        entry->post = find_post(abi, exports, function, &failed);
    } else {
        legacy_layout_t layout = layout_of(exports, function->export_name);
        entry->layout_known = layout != LEGACY_LAYOUT_UNKNOWN;
        entry->abi = layout == LEGACY_LAYOUT_SLOTS ? SPIN_ABI_2022_SLOTS : SPIN_ABI_2022_CANONICAL;
    }
    if (entry->name == NULL || entry->params == NULL || entry->results == NULL || failed)
        return error_no_memory();
    *out = entry;
    return NULL;
}

static spin_error_t *resolve(abi_component_t *abi, const spin_abi_export_t *function,
                             const wasm_exporttype_vec_t *exports, const abi_entry_t **out) {
    if (!is_descriptor(function))
        return error_new(SPIN_ERROR_USAGE, "a bad descriptor");
    if (!abi->known)
        learn(abi, exports);
    const wasm_externtype_t *type = find(exports, spin_slice(function->export_name));
    if (type == NULL)
        return error_new(SPIN_ERROR_NOT_FOUND, "it does not export \"%s\"", function->export_name);
    if (!has_signature(type, function->params, core_results(function->results)))
        return wrong_signature(type, function);
    abi_entry_t *entry = NULL;
    spin_error_t *error = new_entry(abi, exports, function, &entry);
    if (error != NULL)
        return error;
    entry->next = map_get(&abi->entries, spin_slice(entry->name));
    if (!map_set(&abi->entries, spin_slice(entry->name), entry))
        return error_no_memory();
    *out = entry;
    return NULL;
}

/* The same where the export is a component's: what is behind the name is known. */
static spin_error_t *resolve_modelled(live_module_t *module, const spin_abi_export_t *function,
                                      const abi_entry_t **out) {
    abi_component_t *abi = &module->abi;
    if (!is_descriptor(function))
        return error_new(SPIN_ERROR_USAGE, "a bad descriptor");
    spin_slice_t name = spin_slice(function->export_name);
    const model_export_t *export = model_module_export(module->model, name);
    if (export == NULL)
        return model_module_no_export(module->model, name);
    spin_error_t *error = model_check_export(export, function);
    if (error != NULL)
        return error;
    abi_entry_t *entry = arena_calloc(&abi->arena, 1, sizeof *entry);
    if (entry == NULL)
        return error_no_memory();
    *entry = (abi_entry_t){.name = export->core,
                           .params = arena_copy_text(&abi->arena, spin_slice(function->params)),
                           .results = arena_copy_text(&abi->arena, spin_slice(function->results)),
                           .params_len = strlen(function->params),
                           .results_len = strlen(function->results),
                           .params_size = function->params_size,
                           .result_size = function->result_size,
                           .by_types = function->context != NULL,
                           .post = export->post,
                           .helper = export->call,
                           .layout_known = true,
                           .model = export};
    const char *key = arena_copy_text(&abi->arena, name);
    if (entry->params == NULL || entry->results == NULL || key == NULL)
        return error_no_memory();
    entry->next = map_get(&abi->entries, name);
    if (!map_set(&abi->entries, spin_slice(key), entry))
        return error_no_memory();
    *out = entry;
    return NULL;
}

/* The cached entry, else a new one. */
static spin_error_t *entry_of(live_module_t *module, const spin_abi_export_t *function,
                              const abi_entry_t **out) {
    const abi_entry_t *entry = NULL;
    if (function->export_name != NULL)
        entry = map_get(&module->abi.entries, spin_slice(function->export_name));
    while (entry != NULL && !is_entry(entry, function))
        entry = entry->next;
    *out = entry;
    if (entry != NULL)
        return NULL;
    if (module->model != NULL)
        return resolve_modelled(module, function, out);
    wasm_exporttype_vec_t exports;
    wasmtime_module_exports(module->module, &exports);
    spin_error_t *error = resolve(&module->abi, function, &exports, out);
    wasm_exporttype_vec_delete(&exports);
    return error;
}

spin_error_t *abi_error_name(spin_error_t *error, spin_slice_t id, const char *name) {
    if (error == NULL)
        return NULL;
    return error_wrap(error, "component \"%.*s\": %s", SLICE_ARG(id), name);
}

static spin_error_t *check_allocator(const abi_component_t *abi) {
    if (abi->allocator == NULL)
        return error_new(SPIN_ERROR_NOT_FOUND, "it exports no allocator, \"%s\" or \"%s\"",
                         realloc_canonical, realloc_2022);
    if (abi->bad_allocator)
        return error_new(SPIN_ERROR_INVALID,
                         "its export \"%s\" is not a function (i32, i32, i32, i32) -> (i32)",
                         abi->allocator);
    return NULL;
}

spin_error_t *spin_abi_check(spin_execution_context_t *context, spin_slice_t id,
                             const spin_abi_export_t *function) {
    const abi_entry_t *entry;
    engine_component_t *component = map_get(&context->by_id, id);
    if (component == NULL)
        return error_new(SPIN_ERROR_NOT_FOUND, "no component \"%.*s\" in application \"%.*s\"",
                         SLICE_ARG(id), SLICE_ARG(context->application->name));
    spin_error_t *error = entry_of(component->module, function, &entry);
    bool allocates = function->measure != NULL || function->params_size != 0;
    if (error == NULL && allocates && component->module->model == NULL)
        error = check_allocator(&component->module->abi);
    return abi_error_name(error, id, function->name);
}

spin_abi_t spin_abi_of(spin_instance_t *instance) {
    return abi_component_of(instance)->abi;
}

/* ── in an instance ── */

static bool find_function(spin_instance_t *instance, const char *name, wasmtime_func_t *out) {
    wasmtime_extern_t function;
    if (!instance_export(instance, spin_slice(name), WASMTIME_EXTERN_FUNC, &function, NULL))
        return false;
    *out = function.of.func;
    return true;
}

static spin_error_t *function_of(spin_instance_t *instance, const char *name,
                                 wasmtime_func_t *out) {
    return find_function(instance, name, out)
               ? NULL
               : error_new(SPIN_ERROR_NOT_FOUND, "it does not export \"%s\"", name);
}

static spin_error_t *new_bound(abi_instance_t *state, const char *name, const abi_entry_t *entry,
                               abi_bound_t **out) {
    spin_instance_t *instance = state->instance;
    abi_bound_t *bound = arena_calloc(&instance->arena, 1, sizeof *bound);
    if (bound == NULL)
        return error_no_memory();
    bound->entry = entry;
    bound->name = arena_copy_text(&instance->arena, spin_slice(name));
    if (bound->name == NULL)
        return error_no_memory();
    spin_error_t *error =
        function_of(instance, entry->helper != NULL ? entry->helper : entry->name, &bound->func);
    if (error == NULL && entry->post != NULL && entry->helper == NULL)
        error = function_of(instance, entry->post, &bound->post);
    *out = bound;
    return error;
}

spin_error_t *abi_bind(abi_instance_t *state, const spin_abi_export_t *function,
                       const abi_bound_t **out) {
    abi_bound_t **at = &state->bound;
    const abi_entry_t *entry;
    while (*at != NULL &&
           (strcmp((*at)->name, function->export_name) != 0 || !is_entry((*at)->entry, function)))
        at = &(*at)->next;
    abi_bound_t *bound = *at;
    if (bound == NULL) {
        spin_error_t *error = entry_of(state->instance->component->module, function, &entry);
        if (error == NULL)
            error = new_bound(state, function->export_name, entry, &bound);
        if (error != NULL)
            return error;
    } else
        *at = bound->next;
    bound->next = state->bound;
    state->bound = bound;
    *out = bound;
    return NULL;
}

spin_error_t *abi_find_allocator(abi_instance_t *state) {
    if (state->call.bound != NULL && state->call.bound->entry->model != NULL)
        return model_allocator(state->model, state->call.bound->entry->model->options,
                               &state->allocator);
    if (state->has_allocator)
        return NULL;
    const abi_component_t *abi = abi_component_of(state->instance);
    spin_error_t *error = check_allocator(abi);
    if (error == NULL)
        error = function_of(state->instance, abi->allocator, &state->allocator);
    state->has_allocator = error == NULL;
    return error;
}

spin_error_t *abi_find_release(abi_instance_t *state) {
    if (state->has_release)
        return NULL;
    spin_error_t *error = function_of(state->instance, free_2022, &state->release);
    state->has_release = error == NULL;
    return error;
}

bool abi_find_initializer(abi_instance_t *state, wasmtime_func_t *out) {
    return abi_component_of(state->instance)->has_initialize &&
           find_function(state->instance, initialize_today, out);
}
