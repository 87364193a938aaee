/* Resources that a guest implements and exports: it makes and looks into handles of them by imports
 * of the modules "[export]INTERFACE" (component-model, CanonicalABI.md, `resource.new` and what
 * follows). The object behind a handle is the guest's own number, its representation; dropping the
 * last handle calls the guest's destructor "INTERFACE#[dtor]NAME" where it exports one. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/slice.h"
#include "engine/abi/state.h"
#include "engine/context.h"
#include "engine/model/model.h"

static const char export_prefix[] = "[export]";

/* The resource of one interface; one for all components that export it. */
typedef struct guest_resource {
    abi_resource_t base; /* its type is this struct */
    const char *module;
    const char *destructor;
} guest_resource_t;

/* ── destructors ── */

/* What runs them, from inside [resource-drop]. */
typedef struct destruction {
    spin_instance_t *instance;
    wasm_trap_t **trap_out;
    abi_orphan_t current;
    bool is_due; /* `current` has a destructor, `func`, which was not begun yet */
    wasmtime_func_t func;
    wasmtime_val_t value;
    abi_callback_t callback;
} destruction_t;

static void end(void *env) {
    destruction_t *destruction = env;
    abi_instance_t *state = destruction->instance->abi;
    abi_callback_end(&destruction->callback, destruction->instance);
    state->destroying = false;
    state->orphans.len = 0;
    mem_free(destruction);
}

bool abi_find_destructor(spin_instance_t *instance, const abi_orphan_t *orphan,
                         wasmtime_func_t *out) {
    const guest_resource_t *resource = (const void *)orphan->resource;
    wasmtime_extern_t function;
    if (!instance_export(instance, spin_slice(resource->destructor), WASMTIME_EXTERN_FUNC,
                         &function, NULL))
        return false;
    *out = function.of.func;
    return true;
}

static void next(destruction_t *destruction) {
    abi_instance_t *state = destruction->instance->abi;
    destruction->current = state->orphans.items[--state->orphans.len];
    destruction->value = abi_val_i32(destruction->current.representation);
    destruction->is_due =
        abi_find_destructor(destruction->instance, &destruction->current, &destruction->func);
}

/* Hands on what the destructor ended with. False: it trapped. */
static bool take_outcome(destruction_t *destruction) {
    abi_callback_t *callback = &destruction->callback;
    abi_callback_end(callback, destruction->instance);
    if (callback->trap != NULL) {
        *destruction->trap_out = callback->trap;
        return false;
    }
    if (callback->failure == NULL)
        return true;
    spin_error_t *error = engine_error_take(callback->failure, SPIN_ERROR_TRAP);
    if (destruction->instance->said != NULL) {
        spin_error_free(error);
        error = destruction->instance->said;
        destruction->instance->said = NULL;
    }
    const guest_resource_t *resource = (const void *)destruction->current.resource;
    *destruction->trap_out =
        abi_trap(destruction->instance, error_wrap(error, "%s", resource->destructor));
    return false;
}

/* The continuation. A destructor may drop further handles: those follow after it, so that however
 * long the chain, there is one call inside the call. */
static bool go_on(void *env) {
    destruction_t *destruction = env;
    abi_callback_t *callback = &destruction->callback;
    for (;;) {
        if (destruction->is_due) {
            if (!abi_callback_start(callback, destruction->instance, ABI_REASON_DESTRUCTOR,
                                    &destruction->func, &destruction->value, 1, NULL, 0))
                return false;
            destruction->is_due = false;
        }
        if (callback->future != NULL) {
            if (!wasmtime_call_future_poll(callback->future))
                return false;
            if (!take_outcome(destruction))
                return true;
        }
        if (destruction->instance->abi->orphans.len == 0)
            return true;
        next(destruction);
    }
}

static bool is_over(void *env) {
    (void)env;
    return true;
}

static spin_error_t *destroy(abi_instance_t *state, const abi_handle_t *entry, wasm_trap_t **trap,
                             wasmtime_async_continuation_t *continuation) {
    const abi_orphan_t orphan = {entry->resource, (uint32_t)(uintptr_t)entry->object};
    if (state->orphans.len >= ABI_MAX_HANDLES)
        return error_new(SPIN_ERROR_LIMIT, "%d resources wait to be destroyed", ABI_MAX_HANDLES);
    if (!VEC_PUSH(&state->orphans, orphan))
        return error_no_memory();
    /* A start function's wait for the first call: nothing is exported yet. */
    if (state->destroying || state->instance->phase == INSTANCE_PREPARING)
        return NULL;
    destruction_t *destruction = mem_calloc(1, sizeof *destruction);
    if (destruction == NULL)
        return error_no_memory();
    destruction->instance = state->instance;
    destruction->trap_out = trap;
    state->destroying = true;
    *continuation = (wasmtime_async_continuation_t){go_on, destruction, end};
    return NULL;
}

/* ── for the host ── */

/* The entry of `number` where the guest implements its resource, else NULL. */
static const abi_handle_t *guest_handle(const abi_instance_t *state, uint32_t number) {
    if (state == NULL || number >= state->handles.entries.len)
        return NULL;
    const abi_handle_t *entry = &state->handles.entries.items[number];
    bool is_guest = entry->resource != NULL && entry->resource->type == entry->resource;
    return is_guest ? entry : NULL;
}

uint32_t spin_lower_guest_own(spin_lower_t *lower, const spin_abi_guest_resource_t *resource,
                              uint32_t handle) {
    return lower->model != NULL ? model_lower_guest(lower, SPIN_TYPE_OWN, resource, handle)
                                : handle;
}

uint32_t spin_lift_guest_own(spin_lift_t *lift, const spin_abi_guest_resource_t *resource,
                             uint32_t handle) {
    return lift->model != NULL ? model_lift_guest(lift, resource, handle) : handle;
}

uint32_t spin_lower_guest_borrow_of(spin_lower_t *lower, const spin_abi_guest_resource_t *resource,
                                    uint32_t handle) {
    return lower->model != NULL ? model_lower_guest(lower, SPIN_TYPE_BORROW, resource, handle)
                                : spin_lower_guest_borrow(lower, handle);
}

uint32_t spin_lower_guest_borrow(spin_lower_t *lower, uint32_t handle) {
    if (lower->model != NULL) {
        spin_lower_fail(lower, "handle whose resource was not said", handle);
        return 0;
    }
    const abi_handle_t *entry = guest_handle(lower->instance->abi, handle);
    if (entry == NULL)
        spin_lower_fail(lower, "handle of a guest's resource", handle);
    return entry == NULL ? 0 : (uint32_t)(uintptr_t)entry->object;
}

spin_error_t *spin_abi_drop(spin_instance_t *instance, uint32_t handle) {
    abi_instance_t *state = instance->abi;
    if (instance->component->model != NULL)
        return spin_component_drop(instance, handle);
    const abi_handle_t *entry = guest_handle(state, handle);
    if (entry == NULL)
        return error_new(SPIN_ERROR_INVALID,
                         "component \"%.*s\": %u is not a handle of its resources",
                         SLICE_ARG(instance->component->component->id), handle);
    const abi_orphan_t orphan = {entry->resource, (uint32_t)(uintptr_t)entry->object};
    abi_handle_t taken;
    if (!VEC_PUSH(&state->orphans, orphan))
        return error_no_memory();
    abi_handles_take(&state->handles, entry->resource->type, handle, &taken);
    return NULL;
}

/* ── the imports ── */

static wasm_trap_t *not_a_handle(spin_instance_t *instance, const abi_resource_t *resource,
                                 uint32_t number) {
    return abi_trap(instance, error_new(SPIN_ERROR_TRAP, "%s: %u is not a handle that it owns",
                                        resource->name, number));
}

static wasm_trap_t *on_new(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                           size_t len) {
    const abi_resource_t *resource = env;
    spin_instance_t *instance = spin_instance_from_store(wasmtime_caller_context(caller));
    abi_instance_t *state = abi_instance_of(instance);
    uint32_t number = 0;
    (void)len;
    void *representation = (void *)(uintptr_t)(uint32_t)values[0].i32;
    spin_error_t *error =
        state == NULL ? error_no_memory()
                      : abi_handles_add(&state->handles, resource, representation, false, &number);
    if (error != NULL)
        return abi_trap(instance, error_wrap(error, "[resource-new]%s", resource->name));
    values[0].i32 = (int32_t)number;
    return NULL;
}

static wasm_trap_t *on_rep(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                           size_t len) {
    const abi_resource_t *resource = env;
    spin_instance_t *instance = spin_instance_from_store(wasmtime_caller_context(caller));
    uint32_t number = (uint32_t)values[0].i32;
    (void)len;
    const abi_handle_t *entry =
        instance->abi == NULL ? NULL
                              : abi_handles_get(&instance->abi->handles, resource->type, number);
    if (entry == NULL)
        return not_a_handle(instance, resource, number);
    values[0].i32 = (int32_t)(uint32_t)(uintptr_t)entry->object;
    return NULL;
}

static void on_drop(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *values,
                    size_t values_len, wasmtime_val_t *results, size_t results_len,
                    wasm_trap_t **trap, wasmtime_async_continuation_t *continuation) {
    const abi_resource_t *resource = env;
    spin_instance_t *instance = spin_instance_from_store(wasmtime_caller_context(caller));
    abi_instance_t *state = instance->abi;
    uint32_t number = (uint32_t)values[0].of.i32;
    abi_handle_t entry;
    (void)values_len, (void)results, (void)results_len;
    *continuation = (wasmtime_async_continuation_t){is_over, NULL, NULL};
    if (state == NULL || state->leaving ||
        !abi_handles_take(&state->handles, resource->type, number, &entry)) {
        *trap = not_a_handle(instance, resource, number);
        return;
    }
    spin_error_t *error = destroy(state, &entry, trap, continuation);
    if (error != NULL)
        *trap = abi_trap(instance, error_wrap(error, "[resource-drop]%s", resource->name));
}

/* ── defining them ── */

static spin_error_t *resource_of(spin_execution_context_t *context, spin_slice_t module,
                                 spin_slice_t name, const guest_resource_t **out) {
    arena_t *arena = &context->links.arena;
    for (const abi_resource_t *at = context->guest_resources; at != NULL; at = at->next) {
        *out = (const void *)at;
        if (slice_equal_text(module, (*out)->module) && slice_equal_text(name, at->name))
            return NULL;
    }
    guest_resource_t *resource = arena_calloc(arena, 1, sizeof *resource);
    if (resource == NULL)
        return error_no_memory();
    spin_slice_t interface = slice_from(module, sizeof export_prefix - 1);
    resource->module = arena_copy_text(arena, module);
    resource->destructor =
        (const char *)arena_printf(arena, "%.*s#[dtor]%.*s", SLICE_ARG(interface), SLICE_ARG(name))
            .ptr;
    resource->base.name = arena_copy_text(arena, name);
    resource->base.type = resource;
    resource->base.next = context->guest_resources;
    if (resource->module == NULL || resource->destructor == NULL || resource->base.name == NULL)
        return error_no_memory();
    context->guest_resources = &resource->base;
    *out = resource;
    return NULL;
}

static const struct {
    const char *prefix;
    wasmtime_func_unchecked_callback_t callback; /* NULL: on_drop */
} intrinsics[] = {
    {"[resource-new]", on_new}, {"[resource-rep]", on_rep}, {"[resource-drop]", NULL}};

static spin_error_t *define(spin_execution_context_t *context, spin_slice_t module,
                            spin_slice_t name) {
    wasmtime_error_t *failure = NULL;
    for (size_t i = 0; i < sizeof intrinsics / sizeof *intrinsics; i++) {
        spin_slice_t prefix = spin_slice(intrinsics[i].prefix);
        if (!slice_starts_with(name, prefix))
            continue;
        const guest_resource_t *resource;
        spin_error_t *error = resource_of(context, module, slice_from(name, prefix.len), &resource);
        if (error != NULL)
            return error;
        void *env = (void *)(uintptr_t)resource;
        wasmtime_linker_t *linker = context_own_links(context)->linker;
        bool drops = intrinsics[i].callback == NULL;
        wasm_functype_t *type =
            drops ? wasm_functype_new_1_0(wasm_valtype_new_i32())
                  : wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
        if (drops)
            failure = wasmtime_linker_define_async_func(linker, (const char *)module.ptr,
                                                        module.len, (const char *)name.ptr,
                                                        name.len, type, on_drop, env, NULL);
        else
            failure = wasmtime_linker_define_func_unchecked(
                linker, (const char *)module.ptr, module.len, (const char *)name.ptr, name.len,
                type, intrinsics[i].callback, env, NULL);
        wasm_functype_delete(type);
        break;
    }
    return failure == NULL ? NULL : engine_error_take(failure, SPIN_ERROR_INTERNAL);
}

spin_error_t *abi_guest_resources_define(spin_execution_context_t *context,
                                         const wasmtime_module_t *module) {
    spin_error_t *error = NULL;
    wasm_importtype_vec_t imports;
    wasmtime_module_imports(module, &imports);
    for (size_t i = 0; i < imports.size && error == NULL; i++) {
        const wasm_name_t *from = wasm_importtype_module(imports.data[i]);
        const wasm_name_t *name = wasm_importtype_name(imports.data[i]);
        spin_slice_t origin = spin_slice_of(from->data, from->size);
        if (slice_starts_with(origin, spin_slice(export_prefix)))
            error = define(context, origin, spin_slice_of(name->data, name->size));
    }
    wasm_importtype_vec_delete(&imports);
    return error;
}
