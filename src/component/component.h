/* The inside of <spin/wasm_component.h>: what the engine runs it by. */
#ifndef COMPONENT_COMPONENT_H
#define COMPONENT_COMPONENT_H

#include <stdatomic.h>

#include "component/linked.h"
#include "spin/wasm_component.h"

struct spin_wasm_component {
    atomic_size_t refs;
    arena_t arena; /* all but the bytes */
    spin_slice_t bytes;
    const ast_component_t *ast;
    bool definition_only; /* `linked` may be empty then */
    linked_component_t linked;
    const spin_component_item_t *imports;
    const spin_component_item_t *exports;
    size_t imports_len;
    size_t exports_len;
};

/* As spin_wasm_component_parse, of bytes from mem_alloc, which this takes in every case.
 * `is_valid`: they were found valid before and are not looked at again for that. */
spin_error_t *component_open(spin_slice_t bytes, const spin_wasm_component_options_t *options,
                             bool is_valid, spin_wasm_component_t **out);

/* ── component_items.c: what it imports and exports ── */

/* Fills in `imports` and `exports`. Errors: NO_MEMORY. */
spin_error_t *component_list_items(spin_wasm_component_t *component);

#endif
