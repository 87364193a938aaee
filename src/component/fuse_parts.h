/* Between the files of the fuser. The way of component_fuse:
 *
 *   fuse_types.c    one type section out of all
 *   shim.c          which functions do nothing but call an element of a table
 *   fuse_plan.c     what is used, and the number in the fused module of everything
 *   fuse_call.c     whole calls by the host
 *   fuse_wrap.c     functions that are made here: wrappers of imports, exports and allocators
 *   segments.c      elements and data, and the function that starts the instances in their order
 *   fuse_write.c    the sections
 *   fuse_names.c    names of functions and where they come from, for backtraces
 *   fuse_text.c     names of imports, texts of traps */
#ifndef COMPONENT_FUSE_PARTS_H
#define COMPONENT_FUSE_PARTS_H

#include "base/map.h"
#include "base/vec.h"
#include "component/fuse_code.h"
#include "component/signature.h"
#include "wasm/rewrite.h"

#define FUSE_NONE UINT32_MAX

enum {
    FUSE_CONTEXT_SLOTS = 2,
    FUSE_SPACES = CORE_SPACE_DATA + 1,
    /* With indices that grew, sizes in the fused module are far from 32 bits still. */
    FUSE_MAX_GUEST_BYTES = 512 * 1024 * 1024,
    FUSE_MAX_MADE_BYTES = 64 * 1024 * 1024,
};

/* A core instance. */
typedef struct fuse_instance {
    const core_module_t *module;
    uint32_t *numbers[FUSE_SPACES]; /* what core_numbers_t points to */
    core_numbers_t map;
    uint32_t first[FUSE_SPACES]; /* the number of the first that the module defines itself */
    uint32_t *imports[CORE_EXTERN_TAG + 1]; /* by kind: which import it is */
    /* By table of its own: nobody can see it any more, it is left out. */
    bool *dead_tables;
    /* By function of its own: calls of it go to this item instead; NOTHING: to itself. */
    linked_item_t *shims;
} fuse_instance_t;

/* Functions that are made here. Their bodies are written when all numbers are known, but those of
 * helpers at once. */
typedef struct fuse_function fuse_function_t;
struct fuse_function {
    void (*emit)(fuse_t *fuse, const fuse_function_t *function, buf_t *body); /* NULL: written */
    linked_item_t item;                                                       /* what it is about */
    uint32_t index; /* the same: a lower, lift, built-in, resource */
    uint32_t component;
    uint32_t type;
    char params[SIGNATURE_MAX + 1];
    char results[SIGNATURE_MAX + 1];
    spin_slice_t name;
    buf_t body;
};

typedef struct fuse_export {
    spin_slice_t name;
    core_extern_kind_t kind;
    uint32_t number;
} fuse_export_t;

typedef struct fuse_import {
    spin_slice_t module;
    spin_slice_t name;
    uint32_t type;
} fuse_import_t;

/* An import by which a call of the host gets its arguments, or gives its result. */
typedef struct fuse_call_import {
    bool is_result;
    char letters[SIGNATURE_MAX + 1];
    uint32_t number;
} fuse_call_import_t;

/* What becomes of a segment that was active. */
typedef enum fuse_segment_fate {
    FUSE_SEGMENT_AS_IT_IS,
    FUSE_SEGMENT_STARTED, /* by the start function; passive */
    FUSE_SEGMENT_EMPTY,   /* into a table that is left out */
} fuse_segment_fate_t;
typedef struct fuse_segment {
    fuse_segment_fate_t fate;
    bool is_const; /* the offset */
    uint64_t offset;
} fuse_segment_t;

struct fuse {
    const linked_component_t *linked;
    bool no_names;
    arena_t arena;
    spin_error_t *error;
    bool no_memory;
    bool is_rehearsal; /* code is written only to see what it needs */

    /* types */
    buf_t types;
    uint32_t group_count;
    uint32_t type_count;
    map_t type_numbers;      /* content → number + 1 */
    uint32_t **module_types; /* by linked_module */

    fuse_instance_t *instances;
    uint32_t counts[FUSE_SPACES]; /* in the fused module; functions: imports and guests' */
    VEC(fuse_import_t) imports;
    VEC(fuse_call_import_t) call_imports;
    uint32_t *lower_imports; /* by lower, builtin: the number of its import, FUSE_NONE */
    uint32_t *builtin_imports;
    uint32_t runtime_imports[FUSE_RUNTIME_COUNT];
    bool runtime_used[FUSE_RUNTIME_COUNT];
    uint32_t *first_lowers; /* by import: its first lower */
    bool *lower_used, *builtin_used;
    bool has_tags;
    bool has_context;
    char context_letters[FUSE_CONTEXT_SLOTS + 1]; /* '-': no such slot is used */
    uint32_t context_numbers[FUSE_CONTEXT_SLOTS];

    VEC(fuse_function_t) functions;
    size_t function_drained;
    size_t made_bytes;      /* of code that is made here, so far */
    map_t function_numbers; /* key → number + 1 */
    VEC(fuse_export_t) exports;

    VEC(fuse_segment_t) elements, data; /* in the order of their numbers */
    VEC(uint32_t) declared;             /* functions that only a ref.func names */
    uint32_t start;                     /* FUSE_NONE: none */
};

static inline bool fuse_ok(const fuse_t *fuse) {
    return fuse->error == NULL && !fuse->no_memory;
}
/* fuse_fail with an error whose offset, if it has one, is into the module of `instance`. */
void fuse_fail_in(fuse_t *fuse, uint32_t instance, spin_error_t *error);
/* Counts code that is made here, of which a small component can ask for any amount. */
void fuse_count_made(fuse_t *fuse, size_t bytes);
/* From the arena, zeroed; NULL and a failure when there is no memory. */
void *fuse_calloc(fuse_t *fuse, size_t count, size_t size);

/* fuse_types.c */
void fuse_types_read(fuse_t *fuse);
/* The number of the type of function `index`, imports included, of an instance. */
uint32_t fuse_type_of_function(const fuse_t *fuse, uint32_t instance, uint32_t index);
/* The same of what an item stands for. */
uint32_t fuse_type_of_item(fuse_t *fuse, const linked_item_t *item);

/* shim.c: finds instances' `shims` and `dead_tables`. */
void shim_find(fuse_t *fuse);
/* What is called when `item`, a function, is. */
linked_item_t shim_target(const fuse_t *fuse, linked_item_t item);

/* fuse_plan.c */
void fuse_plan(fuse_t *fuse);
/* What import `import` of an instance is linked to, or an item for what it defines itself. */
linked_item_t fuse_item_of(const fuse_t *fuse, uint32_t instance, core_extern_kind_t kind,
                           uint32_t index);
/* What canonical options and exports name: calls `visit` for each. */
void fuse_visit_items(fuse_t *fuse, void (*visit)(fuse_t *fuse, const linked_item_t *item));
uint32_t fuse_component_of(const fuse_t *fuse, const linked_item_t *item);
/* The number of a function that is made here, once for each `key`. `template` says what it is. */
uint32_t fuse_function_new(fuse_t *fuse, spin_slice_t key, const fuse_function_t *template);

/* fuse_wrap.c */
uint32_t fuse_lower_number(fuse_t *fuse, uint32_t lower);
uint32_t fuse_builtin_number(fuse_t *fuse, uint32_t builtin);
bool fuse_wants_parts(const linked_component_t *linked, const linked_lower_t *lower);
/* Of a host's import: its own signature is the lower's but for the count of parts. */
signature_t fuse_signature_of_import(const linked_component_t *linked, const linked_lower_t *lower);
signature_t fuse_signature_of_builtin_import(const linked_component_t *linked,
                                             const linked_builtin_t *builtin);
void fuse_exports(fuse_t *fuse);

/* segments.c */
void segments_plan(fuse_t *fuse);
void segments_write_elements(fuse_t *fuse, buf_t *out);
void segments_write_data(fuse_t *fuse, buf_t *out);
/* A constant expression of an instance, with its `end`. */
void segments_write_expression(fuse_t *fuse, uint32_t instance, spin_slice_t expression,
                               buf_t *out);
void segments_emit_start(fuse_t *fuse, const fuse_function_t *function, buf_t *body);

/* fuse_call.c */
/* What they import; `add` gives the import's number. */
void fuse_call_imports(fuse_t *fuse,
                       uint32_t (*add)(fuse_t *fuse, spin_slice_t module, spin_slice_t name,
                                       const char *params, const char *results));
/* The body of "spin:call:…" of a lift; `post` is FUSE_NONE where it has none. */
void fuse_call_emit(fuse_t *fuse, const linked_lift_t *lift, uint32_t entry, uint32_t post,
                    buf_t *body);

/* fuse_write.c */
void fuse_write(fuse_t *fuse, buf_t *out);

/* fuse_names.c */
void fuse_names_write(fuse_t *fuse, buf_t *out);
void fuse_map_write(fuse_t *fuse, buf_t *out);

/* fuse_text.c */
spin_slice_t fuse_import_name_of(arena_t *arena, const linked_component_t *linked, uint32_t index,
                                 bool is_first);
const char *fuse_builtin_kind_name(ast_canon_kind_t kind);

/* ── writing code ── */

static inline void fuse_put_op(buf_t *body, uint8_t opcode, uint32_t index) {
    buf_append_byte(body, opcode);
    core_put_u32(body, index);
}
static inline void fuse_put_i32(buf_t *body, int32_t value) {
    buf_append_byte(body, CORE_OP_I32_CONST);
    core_put_s32(body, value);
}
void fuse_put_trap(fuse_t *fuse, buf_t *body, fuse_trap_t trap);
uint8_t fuse_letter_type(char letter);

#endif
