/* A core module, decoded but for its instructions.
 *
 * Everything lies in the arena or points into the module's bytes. What is decoded is well-formed;
 * whether it is valid (types, index bounds) is the engine's to say, except that the functions and
 * code sections agree in length, as do data count and data. */
#ifndef WASM_MODULE_H
#define WASM_MODULE_H

#include "base/arena.h"
#include "wasm/type.h"

typedef enum core_extern_kind {
    CORE_EXTERN_FUNC = 0,
    CORE_EXTERN_TABLE,
    CORE_EXTERN_MEMORY,
    CORE_EXTERN_GLOBAL,
    CORE_EXTERN_TAG,
} core_extern_kind_t;

typedef struct core_limits {
    uint64_t min;
    uint64_t max; /* where has_max */
    bool has_max;
    bool shared;
    bool is64;
    bool has_page_bits;
    uint8_t page_bits; /* log2 of a memory's page size; 16 where it is not written */
} core_limits_t;

typedef struct core_table {
    core_val_type_t type;
    core_limits_t limits;
    spin_slice_t init; /* an expression with its `end`, or empty */
} core_table_t;

typedef struct core_global {
    core_val_type_t type;
    bool mutable;
    spin_slice_t init; /* empty for an import */
} core_global_t;

typedef struct core_import {
    spin_slice_t module;
    spin_slice_t name;
    core_extern_kind_t kind;
    union {
        uint32_t type; /* of a function or tag */
        core_table_t table;
        core_limits_t memory;
        core_global_t global;
    } of;
} core_import_t;

typedef struct core_export {
    spin_slice_t name;
    core_extern_kind_t kind;
    uint32_t index;
} core_export_t;

typedef enum core_segment_mode {
    CORE_SEGMENT_ACTIVE = 0,
    CORE_SEGMENT_PASSIVE,
    CORE_SEGMENT_DECLARED,
} core_segment_mode_t;

/* `items` is the raw vector after its count: function indices, or expressions. */
typedef struct core_element {
    uint8_t flags; /* as in the binary, 0 to 7 */
    core_segment_mode_t mode;
    uint32_t table;
    core_val_type_t type;
    spin_slice_t offset; /* of an active one */
    bool expressions;
    uint32_t count;
    spin_slice_t items;
} core_element_t;

typedef struct core_data {
    uint8_t flags; /* as in the binary, 0 to 2 */
    core_segment_mode_t mode;
    uint32_t memory;
    spin_slice_t offset;
    spin_slice_t bytes;
} core_data_t;

typedef struct core_module {
    spin_slice_t bytes;
    core_section_t *sections; /* all, in order */
    core_sub_type_t *types;
    core_rec_type_t *groups; /* the same types as the section groups them */
    core_import_t *imports;
    uint32_t *functions; /* the type of each function that the module defines */
    core_table_t *tables;
    core_limits_t *memories;
    uint32_t *tags; /* their types */
    core_global_t *globals;
    core_export_t *exports;
    core_element_t *elements;
    spin_slice_t *bodies; /* locals and instructions of each function, without the size */
    core_data_t *data;
    uint32_t section_count, type_count, group_count, import_count, function_count, table_count,
        memory_count, tag_count, global_count, export_count, element_count, data_count;
    uint32_t imported[5]; /* how many of the imports are of each core_extern_kind_t */
    uint32_t start;       /* where has_start */
    bool has_start;
    bool has_data_count;
} core_module_t;

/* Decodes `bytes`, which the caller keeps as long as `out` is used. Errors: INVALID with a byte
 * offset; UNSUPPORTED with one for a form that this reader does not know; NO_MEMORY. */
spin_error_t *core_module_read(arena_t *arena, spin_slice_t bytes, core_module_t *out);

/* A part of the module's bytes, such as a body, as a reader with the module's offsets. */
core_reader_t core_module_part(const core_module_t *module, spin_slice_t part);
/* Function type `type`, or NULL where there is none. */
static inline const core_func_type_t *core_module_type(const core_module_t *module, uint32_t type) {
    if (type >= module->type_count || module->types[type].kind != CORE_TYPE_FUNC)
        return NULL;
    return &module->types[type].func;
}
/* The type of function `index` (imports first), or NULL where there is none. */
const core_func_type_t *core_module_func_type(const core_module_t *module, uint32_t index);
/* The export with that name, or NULL. */
const core_export_t *core_module_find_export(const core_module_t *module, spin_slice_t name);

/* Pieces that other decoders share. */
/* Reads an expression and gives its bytes, `end` included. */
spin_slice_t core_read_expression(core_reader_t *reader);
/* What an import's two names are followed by: kind and type. Leaves the names of `out` alone.
 * Allocates nothing; the arena is for types to come. */
void core_read_extern_type(core_reader_t *reader, arena_t *arena, core_import_t *out);
/* The groups of locals that a body begins with: how many locals in all. */
uint32_t core_read_locals(core_reader_t *body);

#endif
