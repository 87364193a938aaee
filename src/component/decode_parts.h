/* What the pieces of the component decoder share. Each reads on after a fault, as core_reader_t
 * does, and the first fault is asked for at the end. */
#ifndef COMPONENT_DECODE_PARTS_H
#define COMPONENT_DECODE_PARTS_H

#include "component/ast.h"

/* One decoding of one file. */
typedef struct decoder {
    arena_t *arena;
    const ast_scope_t *scope; /* where the definition that is read stands */
    unsigned depth;           /* components and types around it */
    spin_error_t *error;      /* what is no fault of a reader: a core module's, or a limit */
} decoder_t;

/* Definitions as they come: their number is not known before, nor is what the input claims
 * trusted. */
typedef struct def_list {
    ast_def_t *items;
    uint32_t len;
    uint32_t cap;
} def_list_t;

typedef void decode_def_fn(decoder_t *decoder, core_reader_t *in, ast_def_t *def);

/* Stops the reading: at a limit, or with an error, which is taken. */
void decode_limit(decoder_t *decoder, core_reader_t *in, size_t offset, const char *what);
void decode_stop(decoder_t *decoder, core_reader_t *in, spin_error_t *error);
/* A zeroed array in the arena; NULL stops the reading. */
void *decode_alloc(decoder_t *decoder, core_reader_t *in, size_t count, size_t size);
/* A new definition of the list, zero but for its kind and offset; valid until the next one. NULL
 * stops the reading. */
ast_def_t *decode_add(decoder_t *decoder, core_reader_t *in, def_list_t *list, ast_def_kind_t kind,
                      size_t offset);
/* One level deeper; false, and stopped, where it is too deep. */
bool decode_enter(decoder_t *decoder, core_reader_t *in, size_t offset);

/* A byte that is 0 or 1; `what` is the fault of any other. */
bool decode_flag(core_reader_t *in, const char *what);

/* decode_names.c */
/* Any sort that exists. */
ast_sort_t decode_sort(core_reader_t *in);
/* Sorts that a component exports: all but the core ones, and core modules. */
bool decode_sort_is_extern(ast_sort_t sort);
/* The sorts of a core module's exports. */
bool decode_sort_is_core_extern(ast_sort_t sort);
/* A core sort's byte, without the one that says that it is a core sort. */
ast_sort_t decode_core_sort(core_reader_t *in);
ast_sort_index_t decode_sort_index(core_reader_t *in);
ast_name_t decode_name(core_reader_t *in);
ast_extern_type_t decode_extern_type(core_reader_t *in);

/* decode_types.c */
ast_val_type_t decode_val_type(core_reader_t *in);
/* False where there is none. */
bool decode_result_list(core_reader_t *in, ast_val_type_t *out);
decode_def_fn decode_type;

/* decode_core.c */
decode_def_fn decode_core_module, decode_core_instance, decode_core_type;

/* decode_canon.c */
decode_def_fn decode_canon;

/* decode_defs.c */
decode_def_fn decode_instance, decode_alias, decode_start, decode_import, decode_export,
    decode_value;

#endif
