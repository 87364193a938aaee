/* Writes parts of a module again with other indices, as when several modules become one. */
#ifndef WASM_REWRITE_H
#define WASM_REWRITE_H

#include "base/buf.h"
#include "wasm/instr.h"
#include "wasm/module.h"

/* For each index of the old module, imports included, the new one. `of` may be NULL: the indices
 * below `count` stay. An index from `count` on is an error. */
typedef struct core_numbers {
    const uint32_t *of[CORE_SPACE_DATA + 1]; /* by core_space_t: types … data segments */
    uint32_t count[CORE_SPACE_DATA + 1];
} core_numbers_t;

/* Each appends to `out`. `numbers` may be NULL: all indices stay, and are not checked. Indices take
 * their shortest form; other immediates are copied as they stand. Errors: INVALID with the byte
 * offset in the module, UNSUPPORTED (an unknown instruction). What is out of memory shows in `out`.
 */

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

/* Entries of other sections. Where a segment's table or memory is no longer 0, its form changes. */
spin_error_t *core_rewrite_table(const core_module_t *module, const core_table_t *table,
                                 const core_numbers_t *numbers, buf_t *out);
spin_error_t *core_rewrite_global(const core_module_t *module, const core_global_t *global,
                                  const core_numbers_t *numbers, buf_t *out);
spin_error_t *core_rewrite_element(const core_module_t *module, const core_element_t *element,
                                   const core_numbers_t *numbers, buf_t *out);
spin_error_t *core_rewrite_data(const core_module_t *module, const core_data_t *data,
                                const core_numbers_t *numbers, buf_t *out);
/* An import's kind and type, without its names. */
spin_error_t *core_rewrite_extern_type(const core_module_t *module, const core_import_t *import,
                                       const core_numbers_t *numbers, buf_t *out);
void core_put_limits(buf_t *out, const core_limits_t *limits);

/* The whole module with the same indices, custom sections as they are: valid modules come out the
 * same but for the length of sizes and indices. */
spin_error_t *core_rewrite_module(const core_module_t *module, buf_t *out);

#endif
