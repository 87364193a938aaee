/* Writes parts of a module again with other indices, as when several modules become one. */
#ifndef WASM_REWRITE_H
#define WASM_REWRITE_H

#include "base/buf.h"
#include "wasm/instr.h"
#include "wasm/module.h"

/* For each index of the old module, imports included, the new one; NULL where the module has none
 * of that space. An index past the array's end is an error, not read. */
typedef struct core_numbers {
    const uint32_t *of[CORE_SPACE_DATA + 1]; /* by core_space_t: types … data segments */
    uint32_t count[CORE_SPACE_DATA + 1];
} core_numbers_t;

/* Each appends to `out`. Errors: INVALID with the byte offset in the module, UNSUPPORTED (an
 * unknown instruction). What is out of memory shows in `out`. */

/* A function body, locals included, without its size. */
spin_error_t *core_rewrite_body(const core_module_t *module, spin_slice_t body,
                                const core_numbers_t *numbers, buf_t *out);
/* A constant expression with its `end`. */
spin_error_t *core_rewrite_expression(const core_module_t *module, spin_slice_t expression,
                                      const core_numbers_t *numbers, buf_t *out);
spin_error_t *core_rewrite_val_type(core_val_type_t type, const core_numbers_t *numbers,
                                    buf_t *out);
/* A recursion group, as in a type section. */
spin_error_t *core_rewrite_rec_type(const core_rec_type_t *type, const core_numbers_t *numbers,
                                    buf_t *out);

/* The whole module with the same indices and shortest LEB128 integers, custom sections as they are:
 * valid modules come out the same but for that. */
spin_error_t *core_rewrite_module(const core_module_t *module, buf_t *out);

#endif
