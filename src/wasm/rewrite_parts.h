/* What the files that rewrite share: a run through a part of a module that copies it to `out` with
 * other indices. Faults are the reader's; rewriter_end tells of the first. */
#ifndef WASM_REWRITE_PARTS_H
#define WASM_REWRITE_PARTS_H

#include "wasm/rewrite.h"

typedef struct rewriter {
    core_reader_t reader;
    const core_numbers_t *numbers; /* NULL: all indices stay */
    buf_t *out;
    const uint8_t *copied; /* all before it is written */
    bool keeps_memory;     /* memory 0 stays memory 0 */
} rewriter_t;

/* Turns `*index` into its new number; false where it is out of bounds. */
bool rewrite_number(const core_numbers_t *numbers, core_space_t space, uint32_t *index);
/* Writes the new number of `index`, whose place is not known: its error has no offset. */
spin_error_t *rewrite_put_number(const core_numbers_t *numbers, core_space_t space, uint32_t index,
                                 bool is_signed, buf_t *out);

void rewriter_init(rewriter_t *rewriter, const core_module_t *module, spin_slice_t part,
                   const core_numbers_t *numbers, buf_t *out);
/* Writes what is still to be copied up to `until`. */
void rewriter_flush(rewriter_t *rewriter, const uint8_t *until);
/* Each goes over one thing at the reader's place. */
void rewriter_index(rewriter_t *rewriter, core_space_t space);
void rewriter_val_type(rewriter_t *rewriter);
/* Instructions up to the `end` that closes them. */
void rewriter_code(rewriter_t *rewriter);
/* Bytes left in the part are a fault, `left_over`. */
spin_error_t *rewriter_end(rewriter_t *rewriter, const char *left_over);

#endif
