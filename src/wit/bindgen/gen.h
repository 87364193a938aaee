/* The C generator, inside. In order:
 *
 *   select.c     the interfaces that are called, and those that are implemented: gen_unit_t
 *   types.c      the types that their functions use, children first: gen_type_t, gen_need
 *   signature.c  parameters and results of one function: gen_signature_t
 *   header.c     declarations of the types
 *   lower.c      functions that write values to a guest's memory, or to flat values
 *   lift.c       functions that read them, and that free what was read
 *   parts.c      the way through the parts of a type, for these two
 *   imports.c    calling what guests export
 *   exports.c    implementing what guests import
 *
 * Names are made in names.c, text in emit.c, all of it is called from gen.c. Nothing here recurses
 * deeper than types nest, which the resolver limits. */
#ifndef WIT_BINDGEN_GEN_H
#define WIT_BINDGEN_GEN_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include "wit/model.h"

/* Who implements a function. */
typedef enum gen_side {
    GEN_HOST = 0, /* guests import it */
    GEN_GUEST,    /* guests export it */
} gen_side_t;

/* What generated code does with a type. */
typedef enum gen_need {
    GEN_MEASURE = 1 << 0, /* what it needs in the guest's memory */
    GEN_STORE = 1 << 1,   /* to memory */
    GEN_FLATTEN = 1 << 2, /* to flat values */
    GEN_LOAD = 1 << 3,    /* from memory */
    GEN_LIFT = 1 << 4,    /* from flat values */
    GEN_CLEAR = 1 << 5,   /* frees an owned value */
} gen_need_t;

/* A type in C. One that holds a resource of the guest's is another than one that holds the host's
 * of that name. */
typedef struct gen_type gen_type_t;
struct gen_type {
    const wit_type_t *type;
    bool guest;
    const char *name;  /* "request", "list_string": within names of functions */
    const char *ctype; /* "http_request_t", "uint32_t", "http_body_t *" */
    const char *upper; /* "HTTP_METHOD", where it has constants */
    const char *text;  /* as WIT, for messages: "enum method" */
    unsigned needs;
    gen_type_t **parts; /* as type->parts; NULL where there is none */
};

typedef VEC(const wit_function_t *) gen_functions_t;
typedef VEC(const wit_typedef_t *) gen_typedefs_t;

/* The functions of one interface, or those that stand in the world itself. */
typedef struct gen_unit {
    gen_side_t side;
    const wit_interface_t *interface; /* NULL: the world */
    const char *module;               /* "ns:pkg/iface@1.0.0"; "$root" */
    const char *qualifier;            /* "", or "types_": behind the prefix in all names */
    gen_functions_t functions;
    gen_typedefs_t resources; /* its own */
} gen_unit_t;

typedef struct gen_qualifier {
    const wit_interface_t *interface;
    const char *text;
} gen_qualifier_t;

/* A resource, which has one C type for own<> and borrow<>. */
typedef struct gen_handle {
    const wit_typedef_t *resource;
    bool guest;
    const char *ctype;
} gen_handle_t;

typedef struct gen {
    const spin_wit_t *wit;
    const wit_world_t *world; /* one of the two */
    const wit_interface_t *interface;
    const char *prefix; /* "http" */
    const char *upper;  /* "HTTP" */
    arena_t arena;
    VEC(gen_unit_t) units;
    VEC(gen_qualifier_t) qualifiers;
    VEC(gen_type_t *) types; /* children first */
    map_t type_index;        /* a type as a side sees it, and with its `guest`, to gen_type_t */
    map_t names;             /* of everything at file scope, to what it is */
    VEC(gen_handle_t) handles;
    unsigned string_needs; /* GEN_STORE, GEN_FLATTEN: all strings have these in common */
    unsigned bytes_needs;  /* the same of list<u8> */
    bool need_char;
    bool need_bulk;
    buf_t header;
    buf_t source;
    buf_t body;          /* of the function that is being written */
    size_t case_at;      /* where in it the last case begins */
    const char *subject; /* what that belongs to, for messages */
    spin_error_t *error; /* the first one; everything goes on, with nonsense */
} gen_t;

/* ── names.c ─────────────────────────────────────────────────────────────────────────────── */

/* printf into the arena; "" when out of memory, which is noted. */
const char *gen_text(gen_t *gen, const char *format, ...) __attribute__((format(printf, 2, 3)));
void gen_no_memory(gen_t *gen);
/* "http-status" as "http_status", and as "HTTP_STATUS". */
const char *gen_snake(gen_t *gen, spin_slice_t name);
const char *gen_upper(gen_t *gen, const char *snake);
/* The name of a field or parameter: no keyword, no macro, none of our own parameters. */
const char *gen_member(gen_t *gen, spin_slice_t name);
/* Notes that `name` stands at file scope. Two of one name are an error: INVALID. */
void gen_declare(gen_t *gen, const char *name, const char *what);
/* "types_" or "". */
const char *gen_qualifier(gen_t *gen, const wit_interface_t *interface);
/* Chooses the qualifiers of all interfaces that anything comes from. */
void gen_qualify(gen_t *gen);
/* "P_types_get", "P_stream_read" (a method), without the prefix: `gen_function_tail`. */
const char *gen_function_name(gen_t *gen, const gen_unit_t *unit, const wit_function_t *function);
const char *gen_function_tail(gen_t *gen, const wit_function_t *function);
/* As a person would call it: "echo", "greeter.greet". */
const char *gen_spoken_name(gen_t *gen, const gen_unit_t *unit, const wit_function_t *function);
/* "\"", "\\" and what does not print made harmless in a string literal; cut at 80 bytes. */
const char *gen_quoted(gen_t *gen, spin_slice_t text);

/* ── emit.c ──────────────────────────────────────────────────────────────────────────────── */

enum { GEN_COLUMNS = 100 };

/* A comment at `indent`; nothing for an empty `docs`. Can't be ended from inside. */
void gen_comment(buf_t *out, unsigned indent, spin_slice_t docs);
/* "head" "a, b, c" "tail", broken behind commas where a line would grow too long; what a function
 * returns gets a line of its own where that is enough. As .clang-format has it, but comments and
 * initializers are not put into columns. */
void gen_wrapped(buf_t *out, const char *head, const char *const *items, size_t len,
                 const char *tail);
/* One line of gen->body, at `indent` steps. */
void gen_line(gen_t *gen, unsigned indent, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A case of a switch: what is written between the two; on one line where it fits. */
void gen_case(gen_t *gen, const char *name);
void gen_case_end(gen_t *gen);
/* A whole function of gen->source from gen->body, which is empty after it. `params` are
 * "type name"; those that the body does not use are marked as unused. `head` is "static void f(",
 * whose name is declared; all others are by who writes them. */
void gen_function(gen_t *gen, const char *head, const char *const *params, size_t len);

/* ── select.c ────────────────────────────────────────────────────────────────────────────── */

/* Of the world or interface. */
spin_slice_t gen_own_name(const gen_t *gen);
spin_error_t *gen_select(gen_t *gen, const spin_bindgen_options_t *options);

/* ── types.c ─────────────────────────────────────────────────────────────────────────────── */

/* The C type of `type` as functions of `side` see it. */
gen_type_t *gen_type(gen_t *gen, const wit_type_t *type, gen_side_t side);
/* Notes that generated code does `needs` with it, and so with what it is made of. */
void gen_need(gen_t *gen, gen_type_t *type, unsigned needs);
/* "P_stream_t" of a resource. */
const char *gen_resource_type(gen_t *gen, const wit_typedef_t *resource, bool guest);
void gen_note_handle(gen_t *gen, const wit_typedef_t *resource, bool guest);
bool gen_is_guest_resource(gen_t *gen, const wit_typedef_t *resource, gen_side_t side);
const wit_typedef_t *gen_origin(const wit_typedef_t *def);
/* Of its kind: a string or a list<u8>; flags of at most 32. */
bool gen_is_text(const wit_type_t *type);
bool gen_is_word(const wit_type_t *type);
bool gen_is_plain(const wit_type_t *type);   /* bool to char */
bool gen_is_handle(const wit_type_t *type);  /* own, borrow, stream, future, error-context */
bool gen_is_bulk(const wit_type_t *type);    /* in memory as in C on a little-endian host */
bool gen_by_pointer(const gen_type_t *type); /* as a parameter */
/* How a parameter is declared: "spin_slice_t msg", "const P_x_t *x"; and a member: "P_x_t x". */
const char *gen_param(gen_t *gen, const gen_type_t *type, const char *name);
const char *gen_field(gen_t *gen, const char *ctype, const char *name);
/* What `ret` points to, as an lvalue that a dot may follow where the type has members. */
const char *gen_returned(const gen_type_t *type);
const char *gen_case_name(gen_t *gen, const gen_type_t *type, size_t index);
const char *gen_element_name(gen_t *gen, const gen_type_t *type, size_t index);
/* Where key and value of a map's entry lie. */
wit_layout_t gen_entry_layout(const wit_type_t *map, uint32_t *value_at);

/* ── signature.c ─────────────────────────────────────────────────────────────────────────── */

/* The parts of a function's parameters: offsets and the flat signature. */
typedef struct gen_signature {
    gen_type_t **params;
    gen_type_t *result; /* NULL: none */
    uint32_t *offsets;  /* in the area */
    uint32_t *flats;    /* index of the first flat value */
    bool in_area;       /* more than 16 flat values */
    uint32_t area_size;
    uint32_t area_align;
    const char *core_params;
    const char *core_results;
    bool result_flat; /* where the result may lie: a single value, or a slot each */
    bool result_area;
    bool allocates; /* params do */
} gen_signature_t;
/* "spin_slice_t msg", ..., "spin_string_t *ret" behind `room` free places; their number in `*len`.
 */
const char **gen_c_params(gen_t *gen, const wit_function_t *function,
                          const gen_signature_t *signature, size_t room, size_t *len);
/* The entries of a descriptor that both directions have in common. */
void gen_descriptor(gen_t *gen, const wit_function_t *function, const gen_signature_t *signature,
                    const char *args_struct);
/* Whether any of them takes room: an empty record does not. */
bool gen_has_params(const wit_function_t *function);
gen_signature_t gen_signature(gen_t *gen, const wit_function_t *function, gen_side_t side);

/* ── lower.c, lift.c ─────────────────────────────────────────────────────────────────────── */

/* One statement of gen->body. `value` is an lvalue: "args->msg", "*args->request". `at` is the
 * expression of an address, `base` that of an array of flat values, where it begins at `flat`. */
void gen_measure(gen_t *gen, unsigned indent, const gen_type_t *type, const char *value);
void gen_store(gen_t *gen, unsigned indent, const gen_type_t *type, const char *at,
               const char *value);
void gen_flatten(gen_t *gen, unsigned indent, const gen_type_t *type, const char *base,
                 uint32_t flat, const char *value);
void gen_load(gen_t *gen, unsigned indent, const gen_type_t *type, const char *at,
              const char *value);
void gen_lift(gen_t *gen, unsigned indent, const gen_type_t *type, const char *base, uint32_t flat,
              const char *value);
void gen_clear(gen_t *gen, unsigned indent, const gen_type_t *type, const char *value);
/* "at + 4", "at". */
const char *gen_at(gen_t *gen, const char *base, uint32_t offset);
/* The same for an address that may have a distance already: "at + 4" and 4 is "at + 8". */
const char *gen_behind(gen_t *gen, const char *at, uint32_t distance);
/* "&value", or "args->x" for "*args->x". */
const char *gen_address(gen_t *gen, const char *value);

uint32_t gen_align_up(uint32_t at, uint32_t align);
/* A list or map of which address and length are kept in place. */
bool gen_is_outside(const wit_type_t *type);
/* Whether its discriminant can hold more than there are cases. */
bool gen_tag_may_be_wrong(const wit_type_t *type);
wit_layout_t gen_element_layout(const gen_type_t *type);
const char *gen_resource_name(gen_t *gen, const wit_typedef_t *resource);
const char *gen_guest_resource_name(gen_t *gen, const wit_typedef_t *resource);

/* All functions that the types need. */
void gen_lower_functions(gen_t *gen);
void gen_lift_functions(gen_t *gen);

/* ── parts.c ─────────────────────────────────────────────────────────────────────────────── */

/* What is done with one part of the value that `value` points to: at `offset` of the memory "at",
 * from `flat` on of the flat values "flat". */
void gen_part(gen_t *gen, gen_need_t pass, unsigned indent, const gen_type_t *part, uint32_t offset,
              uint32_t flat, const char *value);
/* Whether `pass` has anything to do with the parts. */
bool gen_has_parts(gen_need_t pass, const gen_type_t *type);
/* The parts of a record or tuple, variant, option and result. */
void gen_fields(gen_t *gen, gen_need_t pass, const gen_type_t *type);
void gen_cases(gen_t *gen, gen_need_t pass, const gen_type_t *type, const char *tag);
void gen_some(gen_t *gen, gen_need_t pass, const gen_type_t *type);
void gen_ok_or_error(gen_t *gen, gen_need_t pass, const gen_type_t *type);

/* ── header.c, imports.c, exports.c ──────────────────────────────────────────────────────── */

void gen_type_declarations(gen_t *gen);
/* First what the functions need of types, then the text. */
void gen_imports_need(gen_t *gen, const gen_unit_t *unit);
void gen_imports(gen_t *gen, const gen_unit_t *unit);
void gen_exports_need(gen_t *gen, const gen_unit_t *unit);
void gen_exports(gen_t *gen, const gen_unit_t *unit);
/* Descriptors of the resources, which lifting and lowering name. */
void gen_resources(gen_t *gen, const gen_unit_t *unit);
void gen_guest_resources(gen_t *gen);

#endif
