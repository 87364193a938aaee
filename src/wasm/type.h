/* Types of core Wasm: function, struct and array types in recursion groups (WebAssembly 3.0, 5.3).
 */
#ifndef WASM_TYPE_H
#define WASM_TYPE_H

#include "base/arena.h"
#include "wasm/reader.h"

/* The byte of the binary format; for 0x63 and 0x64 (references with a heap type) the heap type's
 * 24 low bits stand above it (core_heap_type). Storage types of fields are i8 (0x78) and i16
 * (0x77) besides. */
typedef uint32_t core_val_type_t;
#define CORE_I32        0x7fu
#define CORE_I64        0x7eu
#define CORE_F32        0x7du
#define CORE_F64        0x7cu
#define CORE_V128       0x7bu
#define CORE_FUNCREF    0x70u
#define CORE_EXTERNREF  0x6fu
#define CORE_HEAP_FIRST 0x68u /* to CORE_HEAP_LAST: abstract heap types and references to them */
#define CORE_HEAP_LAST  0x75u
#define CORE_REF_NULL   0x63u /* with a heap type */
#define CORE_REF        0x64u

/* The heap type of 0x63 and 0x64: an index where it is not negative, else the abstract one of the
 * binary format (-16 is func). */
static inline int32_t core_heap_type(core_val_type_t type) {
    return (int32_t)type >> 8;
}
static inline bool core_val_type_has_index(core_val_type_t type) {
    return ((type & 0xff) == CORE_REF || (type & 0xff) == CORE_REF_NULL) &&
           core_heap_type(type) >= 0;
}

typedef struct core_func_type {
    const core_val_type_t *params;
    const core_val_type_t *results;
    uint32_t param_count;
    uint32_t result_count;
} core_func_type_t;

typedef struct core_field {
    core_val_type_t type; /* or CORE_I8, CORE_I16 as bytes 0x78, 0x77 */
    bool mutable;
} core_field_t;

/* The byte of the binary format. */
typedef enum core_type_kind {
    CORE_TYPE_FUNC = 0x60,
    CORE_TYPE_STRUCT = 0x5f,
    CORE_TYPE_ARRAY = 0x5e,
    CORE_TYPE_CONT = 0x5d,
} core_type_kind_t;

/* What a type may begin with instead. */
enum { CORE_FORM_REC = 0x4e, CORE_FORM_SUB_FINAL = 0x4f, CORE_FORM_SUB = 0x50 };

typedef struct core_sub_type {
    core_type_kind_t kind;
    bool is_sub; /* written with a list of supertypes, though it may be empty: form only */
    bool is_final;
    bool is_shared;         /* not read yet */
    const uint32_t *supers; /* type indices */
    uint32_t super_count;
    core_func_type_t func;      /* FUNC */
    const core_field_t *fields; /* STRUCT; one for ARRAY */
    uint32_t field_count;
    uint32_t cont; /* CONT: the function type */
} core_sub_type_t;

/* One or more types that may refer to each other. */
typedef struct core_rec_type {
    const core_sub_type_t *types;
    uint32_t count;
    bool is_group; /* written as one: (rec …) of one type differs from that type alone in form only
                    */
} core_rec_type_t;

core_val_type_t core_read_val_type(core_reader_t *reader);
/* A reference type: as above, and a fault for others. */
core_val_type_t core_read_ref_type(core_reader_t *reader);
/* As core_heap_type gives it. */
int32_t core_read_heap_type(core_reader_t *reader);
/* Faults are the reader's; out of memory shows as a fault too. */
void core_read_rec_type(core_reader_t *reader, arena_t *arena, core_rec_type_t *out);

#endif
