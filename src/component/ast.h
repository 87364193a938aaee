/* A component as it was decoded: its definitions in the order of the binary, indices as they stand
 * there (component-model, Binary.md). Well-formed; whether it is valid is component_validate's to
 * say. Everything lies in the arena or points into the component's bytes. */
#ifndef COMPONENT_AST_H
#define COMPONENT_AST_H

#include "base/arena.h"
#include "spin/error.h"
#include "wasm/module.h"
#include "wasm/type.h"

typedef enum ast_sort {
    AST_CORE_FUNC,
    AST_CORE_TABLE,
    AST_CORE_MEMORY,
    AST_CORE_GLOBAL,
    AST_CORE_TAG,
    AST_CORE_TYPE,
    AST_CORE_MODULE,
    AST_CORE_INSTANCE,
    AST_FUNC,
    AST_VALUE,
    AST_TYPE,
    AST_COMPONENT,
    AST_INSTANCE,
    AST_SORT_COUNT,
} ast_sort_t;

typedef struct ast_sort_index {
    ast_sort_t sort;
    uint32_t index;
    size_t offset; /* in the file, of the sort */
} ast_sort_index_t;

/* ── types ── */

/* The byte of a primitive type (0x73: string), or a type index. */
typedef struct ast_val_type {
    bool is_index;
    uint8_t primitive;
    uint32_t index;
    size_t offset;
} ast_val_type_t;

/* The byte of the binary format. */
typedef enum ast_type_kind {
    AST_TYPE_PRIMITIVE = 1, /* no byte of its own */
    AST_TYPE_RECORD = 0x72,
    AST_TYPE_VARIANT = 0x71,
    AST_TYPE_LIST = 0x70,
    AST_TYPE_TUPLE = 0x6f,
    AST_TYPE_FLAGS = 0x6e,
    AST_TYPE_ENUM = 0x6d,
    AST_TYPE_OPTION = 0x6b,
    AST_TYPE_RESULT = 0x6a,
    AST_TYPE_OWN = 0x69,
    AST_TYPE_BORROW = 0x68,
    AST_TYPE_FIXED_LIST = 0x67,
    AST_TYPE_STREAM = 0x66,
    AST_TYPE_FUTURE = 0x65,
    AST_TYPE_MAP = 0x63,
    AST_TYPE_FUNC = 0x40,
    AST_TYPE_COMPONENT = 0x41,
    AST_TYPE_INSTANCE = 0x42,
    AST_TYPE_ASYNC_FUNC = 0x43, /* decoded as AST_TYPE_FUNC with is_async */
    AST_TYPE_RESOURCE = 0x3f,
} ast_type_kind_t;

/* A field, case, label, element, payload or parameter; what it lacks is empty. */
typedef struct ast_part {
    spin_slice_t name;
    bool has_type;
    ast_val_type_t type;
    size_t offset;
} ast_part_t;

typedef struct ast_def ast_def_t;

/* Where indices count anew: a component, a component type or an instance type. */
typedef struct ast_scope {
    const struct ast_scope *parent; /* NULL: the outermost component */
    bool is_component;              /* not a type */
    const ast_def_t *defs;          /* the declarations of a type */
    uint32_t def_count;
} ast_scope_t;

typedef struct ast_type {
    ast_type_kind_t kind;
    size_t offset;
    ast_val_type_t primitive; /* PRIMITIVE */
    /* Fields, cases, labels, elements, parameters; one for LIST, FIXED_LIST, OPTION; STREAM and
     * FUTURE one that may lack its type; RESULT two (ok, error) that may; MAP two. */
    const ast_part_t *parts;
    uint32_t part_count;
    uint32_t length;   /* FIXED_LIST */
    uint32_t resource; /* OWN, BORROW: a type index */
    bool is_async;     /* FUNC */
    bool has_result;
    ast_val_type_t result;
    core_val_type_t rep; /* RESOURCE */
    bool has_dtor;
    uint32_t dtor;            /* a core function */
    const ast_scope_t *scope; /* COMPONENT, INSTANCE */
} ast_type_t;

/* ── names of imports and exports ── */

typedef struct ast_name {
    spin_slice_t name;
    spin_slice_t implements;     /* (implements "…"); ptr NULL: none */
    spin_slice_t version_suffix; /* the same */
    spin_slice_t external_id;
    uint8_t form; /* the byte of the binary: 0, 1, 2 */
    size_t offset;
} ast_name_t;

/* The type of an import or an exported declaration. */
typedef enum ast_bound { AST_BOUND_EQ, AST_BOUND_SUB_RESOURCE, AST_BOUND_TYPE } ast_bound_t;
typedef struct ast_extern_type {
    ast_sort_t sort;   /* CORE_MODULE, FUNC, VALUE, TYPE, COMPONENT, INSTANCE */
    uint32_t index;    /* of a (core) type; of the value with AST_BOUND_EQ */
    ast_bound_t bound; /* TYPE: EQ or SUB_RESOURCE; VALUE: EQ or TYPE (`value`) */
    ast_val_type_t value;
    size_t offset;
} ast_extern_type_t;

/* ── canonical definitions ── */

/* The byte of the binary format. */
typedef enum ast_canon_kind {
    AST_CANON_LIFT = 0x00,
    AST_CANON_LOWER = 0x01,
    AST_CANON_RESOURCE_NEW = 0x02,
    AST_CANON_RESOURCE_DROP = 0x03,
    AST_CANON_RESOURCE_REP = 0x04,
    AST_CANON_TASK_CANCEL = 0x05,
    AST_CANON_SUBTASK_CANCEL = 0x06,
    AST_CANON_TASK_RETURN = 0x09,
    AST_CANON_CONTEXT_GET = 0x0a,
    AST_CANON_CONTEXT_SET = 0x0b,
    AST_CANON_THREAD_YIELD = 0x0c,
    AST_CANON_SUBTASK_DROP = 0x0d,
    AST_CANON_STREAM_NEW = 0x0e,
    AST_CANON_STREAM_READ = 0x0f,
    AST_CANON_STREAM_WRITE = 0x10,
    AST_CANON_STREAM_CANCEL_READ = 0x11,
    AST_CANON_STREAM_CANCEL_WRITE = 0x12,
    AST_CANON_STREAM_DROP_READABLE = 0x13,
    AST_CANON_STREAM_DROP_WRITABLE = 0x14,
    AST_CANON_FUTURE_NEW = 0x15,
    AST_CANON_FUTURE_READ = 0x16,
    AST_CANON_FUTURE_WRITE = 0x17,
    AST_CANON_FUTURE_CANCEL_READ = 0x18,
    AST_CANON_FUTURE_CANCEL_WRITE = 0x19,
    AST_CANON_FUTURE_DROP_READABLE = 0x1a,
    AST_CANON_FUTURE_DROP_WRITABLE = 0x1b,
    AST_CANON_ERROR_CONTEXT_NEW = 0x1c,
    AST_CANON_ERROR_CONTEXT_DEBUG_MESSAGE = 0x1d,
    AST_CANON_ERROR_CONTEXT_DROP = 0x1e,
    AST_CANON_WAITABLE_SET_NEW = 0x1f,
    AST_CANON_WAITABLE_SET_WAIT = 0x20,
    AST_CANON_WAITABLE_SET_POLL = 0x21,
    AST_CANON_WAITABLE_SET_DROP = 0x22,
    AST_CANON_WAITABLE_JOIN = 0x23,
    AST_CANON_BACKPRESSURE_INC = 0x24,
    AST_CANON_BACKPRESSURE_DEC = 0x25,
    AST_CANON_THREAD_INDEX = 0x26,
    AST_CANON_THREAD_NEW_INDIRECT = 0x27,
    AST_CANON_THREAD_RESUME_LATER = 0x28,
    AST_CANON_THREAD_SUSPEND = 0x29,
    AST_CANON_THREAD_SUSPEND_THEN_RESUME = 0x2a,
    AST_CANON_THREAD_YIELD_THEN_RESUME = 0x2b,
    AST_CANON_THREAD_SUSPEND_THEN_PROMOTE = 0x2c,
    AST_CANON_THREAD_YIELD_THEN_PROMOTE = 0x2d,
    AST_CANON_THREAD_SPAWN_REF = 0x40,
    AST_CANON_THREAD_SPAWN_INDIRECT = 0x41,
    AST_CANON_THREAD_AVAILABLE_PARALLELISM = 0x42,
} ast_canon_kind_t;

typedef enum ast_encoding { AST_UTF8 = 0, AST_UTF16 = 1, AST_LATIN1_UTF16 = 2 } ast_encoding_t;

/* One canonopt, in the order of the binary: conflicts are the validator's to find. */
typedef struct ast_canon_option {
    uint8_t kind;   /* the byte: 0 to 2 encodings, 3 memory, 4 realloc, 5 post-return, 6 async, 7
                       callback, and what is gated beyond */
    uint32_t index; /* where the kind has one */
    size_t offset;
} ast_canon_option_t;

typedef struct ast_canon {
    ast_canon_kind_t kind;
    uint32_t func;    /* LIFT: a core function; LOWER: a function */
    uint32_t type;    /* LIFT, RESOURCE_*, STREAM_*, FUTURE_*: a type; THREAD_*: a core type */
    uint32_t table;   /* THREAD_NEW_INDIRECT, THREAD_SPAWN_INDIRECT: a core table */
    uint32_t memory;  /* WAITABLE_SET_WAIT and _POLL: a core memory */
    bool is_async;    /* SUBTASK_CANCEL and the cancels of streams and futures */
    bool cancellable; /* also `shared` of the spawns */
    core_val_type_t slot_type; /* CONTEXT_* */
    uint32_t slot;
    bool has_result; /* TASK_RETURN */
    ast_val_type_t result;
    const ast_canon_option_t *options;
    uint32_t option_count;
} ast_canon_t;

/* ── definitions ── */

typedef enum ast_def_kind {
    AST_DEF_CORE_MODULE,
    AST_DEF_CORE_INSTANCE,
    AST_DEF_CORE_TYPE,
    AST_DEF_COMPONENT,
    AST_DEF_INSTANCE,
    AST_DEF_ALIAS,
    AST_DEF_TYPE,
    AST_DEF_CANON,
    AST_DEF_START,
    AST_DEF_IMPORT,
    AST_DEF_EXPORT,      /* of a component */
    AST_DEF_EXPORT_DECL, /* of a component or instance type, with `extern_type` */
    AST_DEF_VALUE,
} ast_def_kind_t;

/* `(with NAME …)`, or an inline export. Of core instances: `target.sort` is AST_CORE_INSTANCE in an
 * argument and a core sort in an inline export. */
typedef struct ast_argument {
    ast_name_t name;
    ast_sort_index_t target;
} ast_argument_t;

/* A core or component instance: instantiated with arguments, or made of exports. */
typedef struct ast_instance {
    bool is_instantiation;
    uint32_t index; /* the (core) module or component */
    const ast_argument_t *arguments;
    uint32_t argument_count;
} ast_instance_t;

typedef enum ast_alias_kind {
    AST_ALIAS_EXPORT,
    AST_ALIAS_CORE_EXPORT,
    AST_ALIAS_OUTER
} ast_alias_kind_t;
typedef struct ast_alias {
    ast_alias_kind_t kind;
    ast_sort_t sort;
    uint32_t instance; /* EXPORT, CORE_EXPORT */
    spin_slice_t name;
    uint32_t outer; /* OUTER: how many scopes out, 0 for this one, and the index there */
    uint32_t index;
} ast_alias_t;

typedef struct ast_core_module_type {
    const ast_def_t *defs; /* CORE_TYPE, ALIAS (outer, core type), and IMPORT and EXPORT_DECL with
                              `core_name` and `core_type` */
    uint32_t def_count;
} ast_core_module_type_t;

/* A core extern type: of an import or export in a core module type. */
typedef struct ast_core_extern {
    spin_slice_t module; /* imports only */
    spin_slice_t name;
    core_import_t type; /* its module and name are not set */
} ast_core_extern_t;

typedef struct ast_core_module {
    spin_slice_t bytes;
    size_t offset;
    core_module_t module; /* read but for function bodies: `bodies` are there as slices */
} ast_core_module_t;

typedef struct ast_component ast_component_t;

struct ast_def {
    ast_def_kind_t kind;
    size_t offset; /* in the file */
    union {
        const ast_core_module_t *core_module;
        ast_instance_t instance; /* CORE_INSTANCE, INSTANCE */
        struct {
            bool is_module;
            core_rec_type_t rec;
            ast_core_module_type_t module;
        } core_type;
        const ast_component_t *component;
        ast_alias_t alias;
        ast_type_t type;
        ast_canon_t canon;
        struct {
            uint32_t func;
            const uint32_t *arguments;
            uint32_t argument_count;
            uint32_t result_count;
        } start;
        struct {
            ast_name_t name;
            ast_extern_type_t type;
            const ast_core_extern_t *core; /* in a core module type: instead of both */
        } import;                          /* IMPORT and EXPORT_DECL */
        struct {
            ast_name_t name;
            ast_sort_index_t target;
            bool has_type;
            ast_extern_type_t type;
        } export;
        struct {
            ast_val_type_t type;
            spin_slice_t bytes;
        } value;
    } of;
};

struct ast_component {
    ast_scope_t scope;
    spin_slice_t bytes; /* its preamble included */
    size_t offset;
    /* Custom sections, in order; "component-name" is among them. */
    const struct ast_custom {
        spin_slice_t name;
        spin_slice_t body;
        size_t offset;
    } * customs;
    uint32_t custom_count;
};

enum {
    AST_MAX_NESTING = 100,      /* of components, and of types */
    AST_MAX_DEFS = 1000 * 1000, /* in one scope */
    AST_MAX_TYPE_PARTS = 10000,
};

/* Decodes `bytes`, which the caller keeps as long as `out` is used. The core modules in it are read
 * too (core_module_read), but for their instructions. Errors: INVALID with the byte offset in
 * `bytes`; UNSUPPORTED with one; LIMIT; NO_MEMORY. */
spin_error_t *component_decode(arena_t *arena, spin_slice_t bytes, const ast_component_t **out);

/* Whether the first eight bytes are a component's. */
bool component_is(spin_slice_t bytes);

#endif
