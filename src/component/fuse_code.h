/* What code that is generated into the fused module (adapters, wrappers) needs of the fuser. */
#ifndef COMPONENT_FUSE_CODE_H
#define COMPONENT_FUSE_CODE_H

#include "component/fuse.h"
#include "wasm/writer.h"

typedef struct fuse fuse_t;

const linked_component_t *fuse_linked(const fuse_t *fuse);
/* The number in the fused module of what `item` stands for. */
uint32_t fuse_number(fuse_t *fuse, linked_item_t item);
/* The same for what is lifted (functions, post-returns): where any module has exceptions, a
 * function that calls it and traps when it throws. `params` and `results` are its signature. */
uint32_t fuse_guarded_number(fuse_t *fuse, linked_item_t item, const char *params,
                             const char *results);
/* The same for allocators, wrapped: may_leave of `component` is cleared around the call. */
uint32_t fuse_realloc_number(fuse_t *fuse, linked_item_t item, uint32_t component);
uint32_t fuse_runtime_number(fuse_t *fuse, fuse_runtime_t function);
/* The global with the flags of a component instance. */
uint32_t fuse_flags_number(fuse_t *fuse, uint32_t component);
/* A type by its letters. */
uint32_t fuse_type_number(fuse_t *fuse, const char *params, const char *results);
/* Whether there are context slots, and the global of slot `slot` (0 or 1) of `component`: a
 * synchronous call gives its callee zeroed ones and restores the caller's. */
bool fuse_has_context(const fuse_t *fuse, uint32_t slot);
uint32_t fuse_context_number(fuse_t *fuse, uint32_t slot);
/* What it holds: 'i' or 'I'. */
char fuse_context_letter(const fuse_t *fuse, uint32_t slot);

/* A function that several adapters share, made when it is first asked for: `emit` appends its body
 * (locals and instructions with the last `end`, without the size). It may ask for others. `key`
 * tells it apart and is copied; `name` is for backtraces. */
typedef void (*fuse_emit_fn)(fuse_t *fuse, buf_t *body, const void *context);
uint32_t fuse_helper_number(fuse_t *fuse, spin_slice_t key, const char *name, const char *params,
                            const char *results, fuse_emit_fn emit, const void *context);

/* The first error is kept; what is written after it does not matter. Takes `error`. */
void fuse_fail(fuse_t *fuse, spin_error_t *error);

/* ── adapter.c: calls from one component instance into another ── */

/* Appends the body of lower `index`, for which linked_is_adapter holds; its signature is
 * signature_of_lower's. */
void adapter_emit(fuse_t *fuse, uint32_t index, buf_t *body);

#endif
