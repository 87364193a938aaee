/* Writes core Wasm binaries into a buf_t, whose `failed` tells, at the end, of memory that ran out.
 * Integers take their shortest form. */
#ifndef WASM_WRITER_H
#define WASM_WRITER_H

#include "base/buf.h"
#include "wasm/reader.h"

void core_put_preamble(buf_t *out);
void core_put_u32(buf_t *out, uint32_t value);
void core_put_u64(buf_t *out, uint64_t value);
void core_put_s32(buf_t *out, int32_t value);
void core_put_s64(buf_t *out, int64_t value);
void core_put_name(buf_t *out, spin_slice_t name);

/* Brackets what is written between them with its size in front; `begin` returns the mark that `end`
 * takes. They nest. */
size_t core_put_sized_begin(buf_t *out);
void core_put_sized_end(buf_t *out, size_t mark);
/* The same with the section's id before the size; a custom section's name is the caller's first
 * word inside. */
size_t core_put_section_begin(buf_t *out, core_section_id_t id);

#endif
