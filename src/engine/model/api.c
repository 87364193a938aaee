/* <spin/component.h>: what the host defines, and calls by name. */
#include "base/error.h"
#include "base/slice.h"
#include "engine/abi/value.h"
#include "engine/context.h"
#include "engine/model/model.h"

/* ── definitions ── */

spin_error_t *spin_component_define_function(spin_engine_builder_t *builder, spin_slice_t interface,
                                             spin_slice_t name, spin_component_function_fn function,
                                             void *user) {
    abi_links_t *links = builder_links(builder);
    abi_import_t *import = arena_calloc(&links->arena, 1, sizeof *import);
    if (name.len == 0 || function == NULL)
        return error_new(SPIN_ERROR_USAGE, "a function without a name or without code");
    if (import == NULL)
        return error_no_memory();
    *import = (abi_import_t){.next = links->imports,
                             .module = arena_copy_text(&links->arena, interface),
                             .name = arena_copy_text(&links->arena, name),
                             .value = function,
                             .user = user};
    if (import->module == NULL || import->name == NULL)
        return error_no_memory();
    spin_error_t *error = links->on_loop ? model_function_on_loop(&links->arena, import) : NULL;
    if (error == NULL)
        links->imports = import;
    return error;
}

spin_error_t *spin_component_define_resource(spin_engine_builder_t *builder, spin_slice_t interface,
                                             spin_slice_t name, const void *identity,
                                             spin_component_drop_fn drop, void *user) {
    abi_links_t *links = builder_links(builder);
    abi_resource_t *resource = arena_calloc(&links->arena, 1, sizeof *resource);
    if (name.len == 0)
        return error_new(SPIN_ERROR_USAGE, "a resource without a name");
    if (resource == NULL)
        return error_no_memory();
    *resource = (abi_resource_t){.next = links->resources,
                                 .type = identity != NULL ? identity : resource,
                                 .name = arena_copy_text(&links->arena, name),
                                 .module = arena_copy_text(&links->arena, interface),
                                 .drop_value = drop,
                                 .user = user};
    if (resource->module == NULL || resource->name == NULL)
        return error_no_memory();
    spin_error_t *error = links->on_loop ? model_resource_on_loop(&links->arena, resource) : NULL;
    if (error == NULL)
        links->resources = resource;
    return error;
}

void spin_component_define_on_loop(spin_engine_builder_t *builder) {
    builder_links(builder)->on_loop = true;
}

/* ── calls ── */

static spin_error_t *name_error_of(spin_slice_t id, spin_error_t *error) {
    return error == NULL ? NULL : error_wrap(error, "component \"%.*s\"", SLICE_ARG(id));
}

static spin_error_t *name_error(const spin_instance_t *instance, spin_error_t *error) {
    return name_error_of(instance->component->component->id, error);
}

static spin_error_t *find_export(spin_instance_t *instance, spin_slice_t name,
                                 model_export_t **out) {
    model_module_t *module = instance->component->module->model;
    if (module == NULL)
        return error_new(SPIN_ERROR_USAGE, "it is no component of the component model");
    *out = model_module_export(module, name);
    return *out == NULL ? model_module_no_export(module, name) : NULL;
}

spin_error_t *spin_component_function(spin_instance_t *instance, spin_slice_t name,
                                      const spin_function_t **out) {
    model_export_t *export;
    spin_error_t *error = find_export(instance, name, &export);
    if (error == NULL)
        *out = export->lift->type;
    return name_error(instance, error);
}

/* The call is over: nobody is told later than this. False: the instance was freed for that. */
static bool tell_drops(spin_instance_t *instance) {
    return instance->abi == NULL || model_tell_drops(instance->abi->model);
}

/* Described once for all instances. */
static spin_error_t *describe(spin_instance_t *instance, model_export_t *export) {
    arena_t *arena = &instance->component->module->model->arena;
    if (export->value != NULL)
        return NULL;
    spin_abi_export_t *made = arena_calloc(arena, 1, sizeof *made);
    if (made == NULL)
        return error_no_memory();
    spin_error_t *error = abi_value_describe(arena, export->lift->type, made);
    if (error != NULL)
        return error;
    made->name = made->export_name = export->name;
    export->value = made;
    return NULL;
}

static spin_error_t *begin(spin_instance_t *instance, spin_slice_t name, const spin_value_t *args,
                           size_t args_len, const spin_abi_export_t **out) {
    model_export_t *export;
    spin_error_t *error = find_export(instance, name, &export);
    if (error == NULL)
        error = describe(instance, export);
    if (error != NULL)
        return name_error(instance, error);
    *out = export->value;
    return abi_error_name(abi_value_check_args(export->lift->type, args, args_len),
                          instance->component->component->id, export->name);
}

spin_error_t *spin_component_call(spin_instance_t *instance, spin_slice_t name,
                                  const spin_value_t *args, size_t args_len, spin_value_t *result) {
    const spin_abi_export_t *export;
    spin_value_t answer = {0};
    if (result != NULL)
        *result = answer;
    spin_error_t *error = begin(instance, name, args, args_len, &export);
    if (error == NULL)
        error = spin_abi_call(instance, export, &(abi_value_args_t){args, result == NULL}, &answer);
    if (error == NULL || spin_error_kind(error) != SPIN_ERROR_CANCELLED) /* it is there still */
        tell_drops(instance);
    if (error == NULL && result != NULL)
        *result = answer;
    else
        spin_value_clear(&answer);
    return error;
}

static void call_done(spin_instance_t *instance, spin_error_t *error, void *result,
                      void (*handler)(void), void *user) {
    if (tell_drops(instance))
        ((spin_value_done_fn)handler)(instance, error, result, user);
    else
        spin_error_free(error);
}

spin_error_t *spin_component_start(spin_instance_t *instance, spin_slice_t name,
                                   const spin_value_t *args, size_t args_len,
                                   spin_value_done_fn done, void *user) {
    const spin_abi_export_t *export;
    spin_error_t *error = begin(instance, name, args, args_len, &export);
    if (error != NULL)
        return error;
    return spin_abi_start(instance, export, &(abi_value_args_t){.items = args}, call_done,
                          (void (*)(void))done, user);
}

/* ── calls by functions of a WIT: the component's own types say whose its handles are ── */

static spin_error_t *check_function(spin_instance_t *instance, const spin_function_t *function,
                                    arena_t *arena, spin_slice_t *name) {
    spin_abi_export_t shape;
    model_export_t *export;
    spin_error_t *error = abi_value_describe(arena, function, &shape);
    if (error != NULL)
        return name_error(instance, error);
    *name = spin_slice(shape.export_name);
    error = find_export(instance, *name, &export);
    if (error == NULL)
        error = model_check_export(export, &shape);
    return abi_error_name(error, instance->component->component->id, shape.name);
}

spin_error_t *model_value_call(spin_instance_t *instance, const spin_function_t *function,
                               const spin_value_t *args, size_t args_len, spin_value_t *result) {
    arena_t arena = {0};
    spin_slice_t name;
    if (result != NULL)
        *result = (spin_value_t){0};
    spin_error_t *error = check_function(instance, function, &arena, &name);
    if (error == NULL)
        error = spin_component_call(instance, name, args, args_len, result);
    arena_deinit(&arena);
    return error;
}

spin_error_t *model_value_start(spin_instance_t *instance, const spin_function_t *function,
                                const spin_value_t *args, size_t args_len, spin_value_done_fn done,
                                void *user) {
    arena_t arena = {0};
    spin_slice_t name;
    spin_error_t *error = check_function(instance, function, &arena, &name);
    if (error == NULL)
        error = spin_component_start(instance, name, args, args_len, done, user);
    arena_deinit(&arena);
    return error;
}

/* ── handles ── */

spin_error_t *spin_component_drop(spin_instance_t *instance, uint64_t handle) {
    model_instance_t *state = instance->abi == NULL ? NULL : instance->abi->model;
    const handle_t *entry = NULL;
    wasmtime_extern_t destructor;
    bool destroys = false;
    uint64_t rep = 0;
    if (state != NULL && handle <= UINT32_MAX)
        entry = handle_table_get(model_host_table(state), (uint32_t)handle);
    if (entry == NULL || entry->kind != HANDLE_OWN)
        return name_error(instance,
                          error_new(SPIN_ERROR_INVALID, "%llu is not a handle of its resources",
                                    (unsigned long long)handle));
    spin_error_t *error = instance_check_ready(instance);
    if (error == NULL && state->is_dead)
        error = error_new(SPIN_ERROR_TRAP, "cannot enter component instance");
    if (error != NULL)
        return name_error(instance, error);
    const model_resource_t *resource = &state->model->resources[entry->type];
    error = model_handle_drop(state, state->model->module->linked->component_count, entry->type,
                              (uint32_t)handle, &destroys, &rep);
    if (error != NULL || !destroys)
        return name_error(instance, error);
    if (!instance_export(instance, spin_slice(resource->destructor), WASMTIME_EXTERN_FUNC,
                         &destructor, NULL))
        return name_error(instance, error_new(SPIN_ERROR_INTERNAL, "it does not export \"%s\"",
                                              resource->destructor));
    const spin_slice_t id = instance->component->component->id;
    wasmtime_val_t value = abi_val_i32((uint32_t)rep);
    error = spin_instance_call(instance, &destructor.of.func, &value, 1, NULL, 0);
    if (error == NULL || spin_error_kind(error) != SPIN_ERROR_CANCELLED) { /* it is there still */
        state->is_dead |= error != NULL;
        model_tell_drops(state);
    }
    return error == NULL ? NULL : name_error_of(id, error_wrap(error, "a destructor"));
}
