/* Resolved WIT: what `use`, `include` and aliases mean is settled, every type knows its layout.
 * Everything lies in the arena of the spin_wit_t; lists are in the order of the text. */
#ifndef WIT_MODEL_H
#define WIT_MODEL_H

#include "base/arena.h"
#include "spin/wit.h"

typedef struct wit_package wit_package_t;
typedef struct wit_interface wit_interface_t;
typedef struct wit_world wit_world_t;
typedef struct wit_typedef wit_typedef_t;
typedef spin_type_t wit_type_t;
typedef spin_function_t wit_function_t;

/* The convention of 2022 or today's: how a function is exported and imported, see <spin/abi.h>. */
typedef enum wit_dialect { WIT_DIALECT_TODAY = 0, WIT_DIALECT_2022 } wit_dialect_t;

typedef struct wit_place {
    const char *file;
    uint32_t line;
    uint32_t column;
} wit_place_t;

/* A type as it was referred to. */
typedef struct wit_ref {
    const wit_type_t *type;     /* aliases seen through; NULL: none (a case without payload) */
    const wit_typedef_t *alias; /* the alias it was named by; NULL: by itself */
} wit_ref_t;

/* A field, case, flag or parameter. */
typedef struct wit_part {
    spin_slice_t name; /* kebab-case, without "%"; empty for elements of tuples */
    spin_slice_t docs; /* comment text without its marks; may be empty */
    wit_ref_t ref;
} wit_part_t;

enum { WIT_FLAT_MAX = 16 };

/* CanonicalABI.md, "Alignment", "Element Size", "Flattening". */
typedef struct wit_layout {
    uint32_t size;
    uint32_t align;
    uint32_t discriminant;       /* bytes: 1, 2, 4; variants only (enum, option and result too) */
    uint32_t payload;            /* its offset */
    uint32_t flat_len;           /* WIT_FLAT_MAX + 1: more than that */
    char flat[WIT_FLAT_MAX + 2]; /* 'i' 'I' 'f' 'F', NUL-terminated */
} wit_layout_t;

/* A type itself. Structurally equal anonymous types of one spin_wit_t are one object. */
struct spin_type {
    spin_type_kind_t kind;
    const wit_typedef_t *def; /* where it was declared; NULL: anonymous, or built in */
    /* Fields, elements, cases, flags; one for list, option (the payload), stream and future (whose
     * ref.type may be NULL); two for result (ok, error: each ref.type may be NULL) and map. */
    const wit_part_t *parts;
    size_t parts_len;
    size_t length;                 /* SPIN_TYPE_FIXED_LIST */
    const wit_typedef_t *resource; /* SPIN_TYPE_OWN, SPIN_TYPE_BORROW */
    spin_slice_t text;             /* as WIT */
    wit_layout_t layout;
    wit_layout_t layout64; /* where pointers are 8 bytes wide */
    uint32_t depth;        /* how far types nest in it; 0: nothing in it. At most TYPE_MAX_DEPTH */
    bool has_pointers;     /* holds strings, lists or maps: something to allocate and to free */
    bool has_handles;
    bool has_borrows;
};

typedef enum wit_function_kind {
    WIT_FUNCTION_FREE = 0,
    WIT_FUNCTION_CONSTRUCTOR,
    WIT_FUNCTION_METHOD, /* the first parameter is "self", a borrow */
    WIT_FUNCTION_STATIC,
} wit_function_kind_t;

struct spin_function {
    spin_slice_t name;      /* "get"; "constructor" of a constructor */
    spin_slice_t core_name; /* "get", "[method]output-stream.write" */
    spin_slice_t docs;
    wit_function_kind_t kind;
    const wit_typedef_t *resource;
    bool is_async;
    const wit_part_t *params;
    size_t params_len;
    wit_ref_t result; /* type NULL: none */
    /* The function's own interface; NULL: it stands in a world itself. */
    const wit_interface_t *interface;
    wit_dialect_t dialect;
    wit_place_t place;
};

struct wit_typedef {
    spin_slice_t name;
    spin_slice_t docs;
    /* One of the two owners. A `use`d type is a typedef of its own with `used` set. */
    const wit_interface_t *interface;
    const wit_world_t *world;
    const wit_typedef_t *used; /* what it was imported from, at the end of the chain; NULL: none */
    bool is_resource;
    bool is_alias;                    /* `type a = b`: `ref` is b */
    wit_ref_t ref;                    /* what it stands for; type NULL for a resource */
    wit_function_t *const *functions; /* of a resource */
    size_t functions_len;
    wit_place_t place;
};

struct wit_interface {
    spin_slice_t name; /* empty: inline in a world, whose item has the name */
    spin_slice_t docs;
    wit_package_t *package; /* NULL: a file of 2022 */
    wit_dialect_t dialect;
    /* "ns:pkg/iface@1.0.0"; the file's stem for a file of 2022; the name for an inline one */
    spin_slice_t id;
    wit_typedef_t *const *types;
    size_t types_len;
    wit_function_t *const *functions; /* the free ones; a resource has its own */
    size_t functions_len;
    wit_place_t place;
};

typedef struct wit_world_item {
    spin_slice_t name;                /* of a function, an inline interface or a type */
    const wit_interface_t *interface; /* or */
    const wit_function_t *function;   /* or */
    const wit_typedef_t *type;        /* imports only */
    wit_place_t place;
} wit_world_item_t;

struct wit_world {
    spin_slice_t name;
    spin_slice_t docs;
    wit_package_t *package;
    /* `include`s are merged, and what imports need by `use` is added, as the specification says. */
    wit_world_item_t *imports;
    size_t imports_len;
    wit_world_item_t *exports;
    size_t exports_len;
    wit_place_t place;
};

struct wit_package {
    spin_slice_t id; /* "ns:name@1.0.0" */
    spin_slice_t ns;
    spin_slice_t name;
    spin_slice_t version; /* empty: none */
    spin_slice_t docs;
    wit_interface_t *const *interfaces;
    size_t interfaces_len;
    wit_world_t *const *worlds;
    size_t worlds_len;
};

struct spin_wit {
    arena_t arena;
    wit_dialect_t dialect;
    /* Dependencies before what uses them; the last one is what was loaded. A file of 2022 gives one
     * package without a name for each file. */
    wit_package_t *const *packages;
    size_t packages_len;
};

#endif
