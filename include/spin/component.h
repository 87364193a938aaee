/* Components of the component model: loading, looking at, and running them.
 *
 *     spin_wasm_component_load ──▶ look at its imports and exports
 *             │
 *     spin_engine_builder_add_component ──▶ spin_component_define_function… ──▶
 *     spin_engine_builder_build ──▶ spin_execution_context_prepare_component ──▶
 * spin_component_call
 *
 * A component is decoded, validated, and linked ahead of time into one core module, so that an
 * instance of it costs what an instance of a module costs (docs/components.md). An application's
 * components, whose source is a component's binary, take the same way by themselves.
 *
 * A `spin_component_t` (<spin/manifest.h>) is a component of an application, with its files and
 * settings; a `spin_wasm_component_t` is the binary alone. */
#ifndef SPIN_COMPONENT_H
#define SPIN_COMPONENT_H

#include "spin/abi.h"
#include "spin/engine.h"
#include "spin/error.h"
#include "spin/slice.h"
#include "spin/value.h"
#include "spin/wasm_component.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ── host functions and resources ────────────────────────────────────────────────────────── */

/* A function of the host whose type is known at run time: the guest's import says it. `args` are
 * borrowed and live as long as the call; `*result`, which is zero, is filled in with what
 * spin_host_call_alloc gives or what outlives the call. Handles of the host's resources are the
 * `natural` that the host chose. It may answer later: spin_host_call_wait. An error traps the
 * guest.
 */
typedef spin_error_t *(*spin_component_function_fn)(spin_host_call_t *call,
                                                    const spin_function_t *type,
                                                    const spin_value_t *args, size_t args_len,
                                                    spin_value_t *result, void *user);

/* Defines what components of this builder may import: function `name` of instance `interface`
 * ("ns:pkg/iface@0.2.0"; "a#b" for an instance in an instance; empty: the component's own import).
 * A later definition replaces an earlier one; so does one of a version that is compatible: imports
 * of 0.2.x are satisfied by any 0.2.y, of 1.x by any 1.y, the highest one. `user` is kept by the
 * caller until the context is freed. Errors: NO_MEMORY, USAGE. */
SPIN_API spin_error_t *spin_component_define_function(spin_engine_builder_t *builder,
                                                      spin_slice_t interface, spin_slice_t name,
                                                      spin_component_function_fn function,
                                                      void *user);

/* The guest dropped its last handle, or its instance ended. It may free the instance, and must not
 * call it. */
typedef void (*spin_component_drop_fn)(spin_instance_t *instance, uint64_t representation,
                                       void *user);
/* The same for a resource type, which must be there where a component imports it. `drop` may be
 * NULL. Two names with one `identity` (not NULL) are one type. */
SPIN_API spin_error_t *spin_component_define_resource(spin_engine_builder_t *builder,
                                                      spin_slice_t interface, spin_slice_t name,
                                                      const void *identity,
                                                      spin_component_drop_fn drop, void *user);

/* What is defined after this is called by the loop while the guest is suspended, and not on the
 * guest's stack, on which the code of languages with a runtime of their own can't run: for
 * bindings. Such a function answers before it returns: no spin_host_call_wait. A drop is told of
 * before the call in which it was has ended (spin_component_call, _start, _drop), and else with the
 * instance's end. */
SPIN_API void spin_component_define_on_loop(spin_engine_builder_t *builder);

/* Adds `component`, of which the builder takes a reference, under `id`, which is copied: beside the
 * application's, or alone where spin_engine_builder_new was given no application. Errors: USAGE
 * (the id is taken; a definition only), NO_MEMORY. */
SPIN_API spin_error_t *spin_engine_builder_add_component(spin_engine_builder_t *builder,
                                                         spin_slice_t id,
                                                         spin_wasm_component_t *component);

/* ── calling ─────────────────────────────────────────────────────────────────────────────── */

/* The exported function "name" or "ns:pkg/iface@0.2.0#name" (a compatible version does, and none
 * where it is clear). `*out` lives as long as the instance's context. Errors: NOT_FOUND with the
 * nearest name, USAGE (the instance is not one of a component). */
SPIN_API spin_error_t *spin_component_function(spin_instance_t *instance, spin_slice_t name,
                                               const spin_function_t **out);
/* Calls and waits, as spin_instance_call does; `*result` is for spin_value_clear, and may be NULL
 * where nothing is wanted: the host's resources in it are dropped. Handles: of own<T> and borrow<T>
 * of a resource that the guest implements `natural` is the host's handle, from an earlier result,
 * until it is given back or dropped (spin_component_drop). Errors: those of spin_value_call, and
 * TRAP instead of INVALID where what the guest returned is no value of the type; UNSUPPORTED (the
 * export is one of its imports). After a TRAP, EXIT or TIMEOUT the instance can't be called any
 * more. */
SPIN_API spin_error_t *spin_component_call(spin_instance_t *instance, spin_slice_t name,
                                           const spin_value_t *args, size_t args_len,
                                           spin_value_t *result);
/* The same without waiting. `args` are kept by the caller until `done`. */
SPIN_API spin_error_t *spin_component_start(spin_instance_t *instance, spin_slice_t name,
                                            const spin_value_t *args, size_t args_len,
                                            spin_value_done_fn done, void *user);
/* Drops the host's handle of a guest's resource and runs its destructor before it returns. Errors:
 * INVALID (not such a handle), TRAP and the like (its destructor). */
SPIN_API spin_error_t *spin_component_drop(spin_instance_t *instance, uint64_t handle);

#ifdef __cplusplus
}
#endif

#endif
