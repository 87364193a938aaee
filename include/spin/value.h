/* Types and values of WebAssembly Interface Types at run time, for functions whose type is not
 * known before:
 *
 *     spin_wit_load ──▶ spin_wit_function ──▶ spin_value_call(instance, function, args…, &result)
 *
 * The call is in <spin/abi.h>. Who knows the type at build time lets spin-bindgen write the call,
 * which is faster and checked by the compiler; both give the same answers. */
#ifndef SPIN_VALUE_H
#define SPIN_VALUE_H

#include <stdbool.h>

#include "spin/error.h"
#include "spin/slice.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The numbers are part of the ABI. */
typedef enum spin_type_kind {
    SPIN_TYPE_BOOL = 1,
    SPIN_TYPE_S8,
    SPIN_TYPE_U8,
    SPIN_TYPE_S16,
    SPIN_TYPE_U16,
    SPIN_TYPE_S32,
    SPIN_TYPE_U32,
    SPIN_TYPE_S64,
    SPIN_TYPE_U64,
    SPIN_TYPE_F32,
    SPIN_TYPE_F64,
    SPIN_TYPE_CHAR,
    SPIN_TYPE_STRING,
    SPIN_TYPE_ERROR_CONTEXT,
    SPIN_TYPE_LIST,
    SPIN_TYPE_FIXED_LIST, /* list<T, N> */
    SPIN_TYPE_TUPLE,
    SPIN_TYPE_RECORD,
    SPIN_TYPE_VARIANT,
    SPIN_TYPE_ENUM,
    SPIN_TYPE_OPTION,
    SPIN_TYPE_RESULT,
    SPIN_TYPE_FLAGS,
    SPIN_TYPE_OWN,
    SPIN_TYPE_BORROW,
    SPIN_TYPE_STREAM,
    SPIN_TYPE_FUTURE,
    SPIN_TYPE_MAP,
    /* No type of its own: how a list<u8> is kept as a value. */
    SPIN_TYPE_BYTES = 100,
} spin_type_kind_t;

/* Types and functions belong to the spin_wit_t that they were found in. Any thread may read them.
 */
typedef struct spin_type spin_type_t;
typedef struct spin_function spin_function_t;

/* Which kind of type it is. */
SPIN_API spin_type_kind_t spin_type_kind(const spin_type_t *type);
/* As WIT: "list<tuple<string, u32>>"; a declared type by its name. Lives as long as the type. */
SPIN_API spin_slice_t spin_type_text(const spin_type_t *type);
/* What it is made of: fields of a record, elements of a tuple, cases of a variant, enum, flags,
 * option (none, some) and result (ok, error); 1 for lists, streams and futures; 2 for maps. */
SPIN_API size_t spin_type_count(const spin_type_t *type);
/* The name of field, case or flag `index`; empty where it has none. */
SPIN_API spin_slice_t spin_type_name(const spin_type_t *type, size_t index);
/* The type of part `index`; NULL where there is none (a case without payload). */
SPIN_API const spin_type_t *spin_type_part(const spin_type_t *type, size_t index);
/* The length of a fixed-length list; 0 for all others. */
SPIN_API size_t spin_type_length(const spin_type_t *type);

/* Its name and parameters; all that is returned lives as long as the function. */
SPIN_API spin_slice_t spin_function_name(const spin_function_t *function);
SPIN_API size_t spin_function_param_count(const spin_function_t *function);
SPIN_API spin_slice_t spin_function_param_name(const spin_function_t *function, size_t index);
SPIN_API const spin_type_t *spin_function_param_type(const spin_function_t *function, size_t index);
/* NULL: it returns nothing. */
SPIN_API const spin_type_t *spin_function_result_type(const spin_function_t *function);

/* A value. Which member of `of` counts follows from `kind`:
 *
 *     boolean    BOOL
 *     integer    S8 to S64 (sign-extended)
 *     natural    U8 to U64, CHAR (a scalar value), and handles: OWN, BORROW, STREAM, FUTURE,
 *                ERROR_CONTEXT
 *     f32, f64   F32, F64
 *     text       STRING (UTF-8), BYTES (a list<u8>)
 *     list       LIST, FIXED_LIST, TUPLE, RECORD (fields in order), MAP (tuples of key and value)
 *     variant    VARIANT, ENUM, OPTION (0 none, 1 some), RESULT (0 ok, 1 error)
 *     flags      FLAGS: flag i is bit i % 32 of word i / 32; `len` words
 *
 * A list<u8> that comes from a guest is BYTES; one that goes there may be BYTES or LIST. */
typedef struct spin_value spin_value_t;
struct spin_value {
    spin_type_kind_t kind;
    union {
        bool boolean;
        int64_t integer;
        uint64_t natural;
        float f32;
        double f64;
        spin_slice_t text;
        struct {
            spin_value_t *items;
            size_t len;
        } list;
        struct {
            uint32_t index;
            spin_value_t *payload; /* NULL: none */
        } variant;
        struct {
            uint32_t *words;
            size_t len;
        } flags;
    } of;
};

/* Makes a value that owns all it holds, for spin_value_clear. Errors: NO_MEMORY. */
SPIN_API spin_error_t *spin_value_copy(const spin_value_t *value, spin_value_t *out);
/* Frees what `value` owns and zeroes it: for the results of spin_value_call and copies only. */
SPIN_API void spin_value_clear(spin_value_t *value);
/* Deep equality; NaN equals NaN, and BYTES a LIST of the same bytes. */
SPIN_API bool spin_value_equal(const spin_value_t *left, const spin_value_t *right);
/* Whether `value` is one of `type`. Errors: INVALID, saying which part is not and what it is. */
SPIN_API spin_error_t *spin_value_check(const spin_value_t *value, const spin_type_t *type);
/* As text, WAVE: {name: "x", tags: [1, 2]}. `*out` is for spin_string_clear. Errors: INVALID,
 * NO_MEMORY. */
SPIN_API spin_error_t *spin_value_format(const spin_value_t *value, const spin_type_t *type,
                                         spin_string_t *out);

#ifdef __cplusplus
}
#endif

#endif
