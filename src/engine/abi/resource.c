/* Resources that the host implements: what guests import to drop their handles. */
#include "base/error.h"
#include "engine/abi/state.h"
#include "engine/context.h"

static void drop(const abi_resource_t *resource, void *instance, void *object) {
    const spin_abi_resource_t *type = resource->type;
    if (type->drop != NULL)
        type->drop(instance, resource->operations, object, resource->user);
}

static wasm_trap_t *on_drop(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                            size_t len) {
    const abi_resource_t *resource = env;
    spin_instance_t *instance = spin_instance_from_store(wasmtime_caller_context(caller));
    uint32_t number = (uint32_t)values[0].i32;
    abi_handle_t entry;
    (void)len;
    if (instance->abi == NULL ||
        !abi_handles_take(&instance->abi->handles, resource->type, number, &entry))
        return abi_trap(instance,
                        error_new(SPIN_ERROR_TRAP, "[resource-drop]%s: %u is not such a handle",
                                  resource->name, number));
    if (!entry.is_borrow)
        drop(entry.resource, instance, entry.object);
    return NULL;
}

spin_error_t *abi_resource_define(abi_links_t *links, const char *module,
                                  const spin_abi_resource_t *type, const void *operations,
                                  void *user) {
    if (type->size < sizeof *type || type->name == NULL)
        return error_new(SPIN_ERROR_INTERNAL, "a bad descriptor");
    abi_resource_t *resource = arena_calloc(&links->arena, 1, sizeof *resource);
    spin_slice_t name = arena_printf(&links->arena, "[resource-drop]%s", type->name);
    if (resource == NULL || name.ptr == NULL)
        return error_no_memory();
    *resource = (abi_resource_t){.next = links->resources,
                                 .type = type,
                                 .name = type->name,
                                 .drop = drop,
                                 .operations = operations,
                                 .user = user,
                                 .module = module};
    links->resources = resource;
    wasm_functype_t *signature = wasm_functype_new_1_0(wasm_valtype_new_i32());
    wasmtime_error_t *failure = wasmtime_linker_define_func_unchecked(
        links->linker, module, strlen(module), (const char *)name.ptr, name.len, signature, on_drop,
        resource, NULL);
    wasm_functype_delete(signature);
    return failure == NULL ? NULL : engine_error_take(failure, SPIN_ERROR_INTERNAL);
}
