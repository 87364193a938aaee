/* WIT as it was written: the tree that the parser makes, the resolver reads and the printer prints.
 *
 * Everything lies in the arena given to wit_parse_file; slices may point into the text, which the
 * caller keeps as long. Lists are arrays in the order of the text. Names are without their "%" and
 * checked to be kebab-case. Nothing is looked up: whether a name means something, or is there
 * twice, is the resolver's to say. So are the rules of gates.
 *
 * Which dialect. The first item of a file tells, for nothing that may begin a file of one may begin
 * one of the other: a function (`name: func`), a type (`record`, `type`, ...), `use *` or `use {`
 * make it a file of 2022, as today they stand inside of an interface or a world. Everything else,
 * an empty file too, is today's. Of today's are also files from before autumn 2023, that have no
 * ";" at all, and those that say `float32`. */
#ifndef WIT_AST_H
#define WIT_AST_H

#include "wit/model.h"

typedef struct wit_ast_type wit_ast_type_t;
typedef struct wit_ast_item wit_ast_item_t;

typedef struct wit_ast_name {
    spin_slice_t text; /* empty: there is none */
    wit_place_t place;
} wit_ast_name_t;

/* One line of a comment, without its marks, the blank behind them and blanks at its end. No comment
 * is lost: one behind an item on its line, or inside of it where no part can have it, is the last
 * of that item's. */
typedef struct wit_ast_comment {
    spin_slice_t text;
    bool is_doc;
    bool blank_after; /* an empty line follows the comment */
} wit_ast_comment_t;

typedef struct wit_ast_comments {
    wit_ast_comment_t *items;
    size_t len;
} wit_ast_comments_t;

typedef enum wit_ast_gate_kind {
    WIT_AST_SINCE = 1,   /* `value` is a version */
    WIT_AST_UNSTABLE,    /* the name of a feature */
    WIT_AST_DEPRECATED,  /* a version */
    WIT_AST_EXTERNAL_ID, /* the string's text between its quotes, escapes as they were written */
} wit_ast_gate_kind_t;

typedef struct wit_ast_gate {
    wit_ast_gate_kind_t kind;
    spin_slice_t value;
    wit_place_t place;
} wit_ast_gate_t;

/* What stands before an item or a part. */
typedef struct wit_ast_head {
    spin_slice_t docs;           /* lines of documentation, joined by "\n"; may be empty */
    wit_ast_comments_t comments; /* those and the ordinary ones, for the printer */
    wit_ast_gate_t *gates;
    size_t gates_len;
} wit_ast_head_t;

/* "iface", or "ns:pkg/iface@1.0.0". */
typedef struct wit_ast_path {
    spin_slice_t ns;      /* empty: in this package; nested namespaces are joined: "a:b" */
    spin_slice_t package; /* nested ones are joined: "c/d" */
    spin_slice_t name;    /* of the interface or world */
    spin_slice_t version; /* empty: none */
    wit_place_t place;
} wit_ast_path_t;

/* Nothing: `unit` and `_` in the dialect of 2022. Beyond the numbers of spin_type_kind_t. */
enum { WIT_AST_TYPE_UNIT = 200 };

struct wit_ast_type {
    /* A spin_type_kind_t, of built-in types, TUPLE, LIST, FIXED_LIST, OPTION, RESULT, OWN, BORROW,
     * STREAM, FUTURE, MAP; or WIT_AST_TYPE_UNIT; or 0: a declared type, by `name`. A resource's
     * bare name is such a type too. `expected<t, e>` of 2022 is RESULT, `handle x` is OWN; there a
     * stream has a second argument, its end. */
    unsigned kind;
    spin_slice_t word;   /* the keyword as it was written: "u8", "expected", "_"; or none */
    wit_ast_name_t name; /* of the declared type; of OWN and BORROW the resource */
    /* Elements of a tuple; key and value of a map; two of RESULT, one of the others that have `<>`.
     * An argument that was left out or `_` today is NULL; see wit_ast_type_is_none. A bare `stream`
     * or `future` has one argument, NULL; a bare `result` has two. */
    wit_ast_type_t **args;
    size_t args_len;
    uint32_t length; /* FIXED_LIST, at least 1 */
    wit_place_t place;
};

/* `result`, `result<_, e>`, `stream`, `expected<unit, e>`: there is no type in this place. */
static inline bool wit_ast_type_is_none(const wit_ast_type_t *type) {
    return type == NULL || type->kind == WIT_AST_TYPE_UNIT;
}

/* A field, case, flag, parameter, or named result. */
typedef struct wit_ast_part {
    wit_ast_head_t head;
    wit_ast_name_t name;  /* of a union's case: empty */
    wit_ast_type_t *type; /* NULL: a case without payload, a flag */
    wit_place_t place;
} wit_ast_part_t;

typedef struct wit_ast_parts {
    wit_ast_part_t *items;
    size_t len;
    wit_ast_comments_t tail; /* before the closing brace */
} wit_ast_parts_t;

typedef struct wit_ast_func {
    wit_function_kind_t
        kind; /* in a resource: CONSTRUCTOR, METHOD, STATIC; `self` is not in params */
    bool is_async;
    spin_slice_t word; /* "func", "function"; "constructor" */
    wit_ast_parts_t params;
    /* NULL: none (so is `-> unit`, see wit_ast_type_is_none). `-> result` of a constructor that can
     * fail stands here as it was written; one that can't has none. */
    wit_ast_type_t *result;
    /* 2022 only: `-> (a: t, b: u)`; then `result` is NULL. */
    wit_ast_parts_t results;
    bool has_named_results;
} wit_ast_func_t;

typedef struct wit_ast_items {
    wit_ast_item_t *items;
    size_t len;
    wit_ast_comments_t tail; /* before the closing brace, or the end of the file */
} wit_ast_items_t;

/* `name`, or `name as other`. */
typedef struct wit_ast_rename {
    wit_ast_name_t name;
    wit_ast_name_t as; /* text empty: it keeps its name */
} wit_ast_rename_t;

typedef struct wit_ast_renames {
    wit_ast_rename_t *items;
    size_t len;
} wit_ast_renames_t;

/* `package ns:name@1.0.0` */
typedef struct wit_ast_package {
    spin_slice_t ns;      /* nested namespaces are joined: "a:b" */
    spin_slice_t name;    /* "c", or "c/d" */
    spin_slice_t version; /* empty: none */
    wit_place_t place;
} wit_ast_package_t;

typedef enum wit_ast_item_kind {
    /* In a file or a nested package. */
    WIT_AST_PACKAGE = 1, /* of.body: `package a:b { ... }` */
    WIT_AST_TOP_USE,     /* of.use.path; `name` is the one after `as`, or empty */
    WIT_AST_INTERFACE,   /* of.body.items */
    WIT_AST_WORLD,       /* of.body.items */
    /* In an interface, a world, or at the top of a file of 2022. */
    WIT_AST_USE,      /* of.use */
    WIT_AST_ALIAS,    /* of.type: `type a = b` */
    WIT_AST_RECORD,   /* of.parts */
    WIT_AST_VARIANT,  /* of.parts */
    WIT_AST_UNION,    /* of.parts, 2022 only: a variant whose cases "0", "1", ... have no names */
    WIT_AST_ENUM,     /* of.parts */
    WIT_AST_FLAGS,    /* of.parts */
    WIT_AST_RESOURCE, /* of.body.items, functions all; none for `resource a;` */
    /* In an interface, a resource, or at the top of a file of 2022. */
    WIT_AST_FUNC, /* of.func; a constructor's `name` is "constructor" */
    /* In a world. */
    WIT_AST_IMPORT,  /* of.external */
    WIT_AST_EXPORT,  /* of.external */
    WIT_AST_INCLUDE, /* of.use: names are those after `with`, all with `as` */
} wit_ast_item_kind_t;

struct wit_ast_item {
    wit_ast_item_kind_t kind;
    wit_ast_head_t head;
    wit_ast_name_t name; /* what is declared; empty where nothing is */
    wit_place_t place;   /* of the name, or of the first word */
    union {
        wit_ast_type_t *type;
        wit_ast_parts_t parts;
        wit_ast_func_t func;
        struct {
            wit_ast_path_t path; /* of 2022: `from` a file; `path.name` is its stem */
            wit_ast_renames_t names;
            bool all; /* `use * from x` of 2022 */
        } use;
        struct {
            wit_ast_package_t package; /* only WIT_AST_PACKAGE */
            wit_ast_items_t items;
        } body;
        /* `import x: func();`, `import x: interface {...}`, `import x: path;`, `import path;` (the
         * item's `name` is empty in this case only). */
        struct {
            enum {
                WIT_AST_EXTERNAL_FUNC = 1,
                WIT_AST_EXTERNAL_INTERFACE,
                WIT_AST_EXTERNAL_PATH
            } is;
            wit_ast_func_t func;
            wit_ast_items_t items;
            wit_ast_path_t path;
        } external;
    } of;
};

typedef struct wit_ast_file {
    const char *file;
    wit_dialect_t dialect;
    bool has_package;    /* `package ns:name;` heads the file */
    wit_ast_head_t head; /* of that line */
    wit_ast_package_t package;
    wit_ast_items_t items;
} wit_ast_file_t;

/* Parses `text`; `file` (may be NULL) is named in places and errors, and copied into the arena.
 * Both dialects. Errors: INVALID with the position, what was expected and what is there; LIMIT
 * where types are nested deeper than 100, a path has more names, or the text is 4 GiB or longer;
 * NO_MEMORY. Linear in time. Sources: component-model design/mvp/WIT.md; wit-bindgen's WIT.md of
 * July 2022 and its parser before. */
spin_error_t *wit_parse_file(arena_t *arena, spin_slice_t text, const char *file,
                             wit_ast_file_t **out);

#endif
