/* What the rest of the engine needs of asynchronous components. */
#ifndef ENGINE_ASYNC_ASYNC_H
#define ENGINE_ASYNC_ASYNC_H

#include "engine/model/model.h"

typedef struct async_state async_state_t;
typedef struct async_lift async_lift_t;

/* ── link.c ── */

/* Describes the lifts of a component that uses_async; nothing for others. */
spin_error_t *async_init(model_t *model);

/* Lift `index` of such a component. */
const async_lift_t *async_lift_at(const model_t *model, size_t index);

/* One import of the fused module; what it is defined with lies in `arena`, the model's. */
typedef struct async_definition {
    const model_t *model;
    arena_t *arena;
    wasmtime_linker_t *linker;
    spin_slice_t module;
    spin_slice_t name;
    const wasm_functype_t *type;
} async_definition_t;
/* Lower `index`: of `import`, or NULL of a lift ("spin:call"). */
spin_error_t *async_define_lower(const async_definition_t *definition, uint32_t index,
                                 const abi_import_t *import);
/* Errors: UNSUPPORTED. */
spin_error_t *async_define_builtin(const async_definition_t *definition, uint32_t index);
/* FUSE_IDLE */
spin_error_t *async_define_idle(const async_definition_t *definition);

/* ── state.c ── */

/* The state of an instance whose component uses_async; NULL when out of memory. */
async_state_t *async_state_of(model_instance_t *model);
/* Ends all that is under way. NULL is allowed. */
void async_state_end(async_state_t *state);

/* ── pass.c ── */

/* Values of stream<>, future<> and error-context between a component instance's table and the
 * host's: what is lifted leaves the former. `value` is the number in the host's. Errors: TRAP. */
spin_error_t *async_lift_value(async_state_t *state, uint32_t component, const spin_type_t *type,
                               uint32_t number, uint64_t *out);
spin_error_t *async_lower_value(async_state_t *state, uint32_t component, const spin_type_t *type,
                                uint64_t value, uint32_t *out);

/* ── root.c: calls of the host ── */

/* Sets the call up that `*idle` will run; then it is called as any function. `result` may be NULL;
 * where it is not owned what it holds lies in the arena of the instance's calls. Errors: INTERNAL.
 */
spin_error_t *async_root_prepare(async_state_t *state, const async_lift_t *lift,
                                 const spin_abi_export_t *function, const void *args, void *result,
                                 bool owns_result, wasmtime_func_t *idle);

#endif
