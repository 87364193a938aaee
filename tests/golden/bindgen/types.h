/* Host bindings of interface "types" in types.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#ifndef SPIN_BINDINGS_TYPES_H
#define SPIN_BINDINGS_TYPES_H

#include <spin/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A record of all that is one core value. */
typedef struct types_scalars_t {
    bool a_bool;
    int8_t a_s8;
    uint8_t a_u8;
    int16_t a_s16;
    uint16_t a_u16;
    int32_t a_s32;
    uint32_t a_u32;
    int64_t a_s64;
    uint64_t a_u64;
    float a_f32;
    double a_f64;
    uint32_t a_char;
} types_scalars_t;

typedef struct types_list_string_t {
    spin_string_t *items;
    size_t len;
} types_list_string_t;
/* Frees what a result owns, and zeroes it. */
void types_list_string_clear(types_list_string_t *value);

typedef struct types_list_list_u8_t {
    spin_string_t *items;
    size_t len;
} types_list_list_u8_t;
/* Frees what a result owns, and zeroes it. */
void types_list_list_u8_clear(types_list_list_u8_t *value);

typedef struct types_list_u32_t {
    uint32_t *items;
    size_t len;
} types_list_u32_t;
/* Frees what a result owns, and zeroes it. */
void types_list_u32_clear(types_list_u32_t *value);

typedef struct types_list_f64_t {
    double *items;
    size_t len;
} types_list_f64_t;
/* Frees what a result owns, and zeroes it. */
void types_list_f64_clear(types_list_f64_t *value);

typedef struct types_list_bool_t {
    bool *items;
    size_t len;
} types_list_bool_t;
/* Frees what a result owns, and zeroes it. */
void types_list_bool_clear(types_list_bool_t *value);

typedef struct types_list_char_t {
    uint32_t *items;
    size_t len;
} types_list_char_t;
/* Frees what a result owns, and zeroes it. */
void types_list_char_clear(types_list_char_t *value);

typedef struct types_list_u16_t {
    uint16_t *items;
    size_t len;
} types_list_u16_t;
/* Frees what a result owns, and zeroes it. */
void types_list_u16_clear(types_list_u16_t *value);

typedef struct types_list_list_u16_t {
    types_list_u16_t *items;
    size_t len;
} types_list_list_u16_t;
/* Frees what a result owns, and zeroes it. */
void types_list_list_u16_clear(types_list_list_u16_t *value);

typedef struct types_list4_u8_t {
    uint8_t items[4];
} types_list4_u8_t;

typedef struct types_tuple2_string_u64_t {
    spin_string_t f0;
    uint64_t f1;
} types_tuple2_string_u64_t;
/* Frees what a result owns, and zeroes it. */
void types_tuple2_string_u64_clear(types_tuple2_string_u64_t *value);

typedef struct types_list2_tuple2_string_u64_t {
    types_tuple2_string_u64_t items[2];
} types_list2_tuple2_string_u64_t;
/* Frees what a result owns, and zeroes it. */
void types_list2_tuple2_string_u64_clear(types_list2_tuple2_string_u64_t *value);

typedef struct types_lists_t {
    types_list_string_t texts;
    types_list_list_u8_t blobs;
    types_list_u32_t words;
    types_list_f64_t floats;
    types_list_bool_t bools;
    types_list_char_t letters;
    types_list_list_u16_t nested;
    types_list4_u8_t four;
    types_list2_tuple2_string_u64_t pairs;
} types_lists_t;
/* Frees what a result owns, and zeroes it. */
void types_lists_clear(types_lists_t *value);

typedef struct types_list3_u32_t {
    uint32_t items[3];
} types_list3_u32_t;

typedef struct types_tuple2_u8_f32_t {
    uint8_t f0;
    float f1;
} types_tuple2_u8_f32_t;

typedef struct types_list2_tuple2_u8_f32_t {
    types_tuple2_u8_f32_t items[2];
} types_list2_tuple2_u8_f32_t;

typedef struct types_map_string_u64_t {
    struct {
        spin_string_t key;
        uint64_t value;
    } *items;
    size_t len;
} types_map_string_u64_t;

typedef struct types_map_u8_list_string_t {
    struct {
        uint8_t key;
        types_list_string_t value;
    } *items;
    size_t len;
} types_map_u8_list_string_t;
/* Frees what a result owns, and zeroes it. */
void types_map_u8_list_string_clear(types_map_u8_list_string_t *value);

typedef uint8_t types_color_t;
enum {
    TYPES_COLOR_RED = 0,
    TYPES_COLOR_GREEN = 1,
    /* The last one. */
    TYPES_COLOR_BLUE = 2,
};

typedef uint8_t types_few_t;
#define TYPES_FEW_ONE   ((types_few_t)(1u << 0))
#define TYPES_FEW_TWO   ((types_few_t)(1u << 1))
#define TYPES_FEW_THREE ((types_few_t)(1u << 2))

typedef uint16_t types_dozen_t;
#define TYPES_DOZEN_A ((types_dozen_t)(1u << 0))
#define TYPES_DOZEN_B ((types_dozen_t)(1u << 1))
#define TYPES_DOZEN_C ((types_dozen_t)(1u << 2))
#define TYPES_DOZEN_D ((types_dozen_t)(1u << 3))
#define TYPES_DOZEN_E ((types_dozen_t)(1u << 4))
#define TYPES_DOZEN_F ((types_dozen_t)(1u << 5))
#define TYPES_DOZEN_G ((types_dozen_t)(1u << 6))
#define TYPES_DOZEN_H ((types_dozen_t)(1u << 7))
#define TYPES_DOZEN_I ((types_dozen_t)(1u << 8))
#define TYPES_DOZEN_J ((types_dozen_t)(1u << 9))
#define TYPES_DOZEN_K ((types_dozen_t)(1u << 10))
#define TYPES_DOZEN_L ((types_dozen_t)(1u << 11))

typedef uint32_t types_thirty_two_t;
#define TYPES_THIRTY_TWO_F0  ((types_thirty_two_t)(1u << 0))
#define TYPES_THIRTY_TWO_F1  ((types_thirty_two_t)(1u << 1))
#define TYPES_THIRTY_TWO_F2  ((types_thirty_two_t)(1u << 2))
#define TYPES_THIRTY_TWO_F3  ((types_thirty_two_t)(1u << 3))
#define TYPES_THIRTY_TWO_F4  ((types_thirty_two_t)(1u << 4))
#define TYPES_THIRTY_TWO_F5  ((types_thirty_two_t)(1u << 5))
#define TYPES_THIRTY_TWO_F6  ((types_thirty_two_t)(1u << 6))
#define TYPES_THIRTY_TWO_F7  ((types_thirty_two_t)(1u << 7))
#define TYPES_THIRTY_TWO_F8  ((types_thirty_two_t)(1u << 8))
#define TYPES_THIRTY_TWO_F9  ((types_thirty_two_t)(1u << 9))
#define TYPES_THIRTY_TWO_F10 ((types_thirty_two_t)(1u << 10))
#define TYPES_THIRTY_TWO_F11 ((types_thirty_two_t)(1u << 11))
#define TYPES_THIRTY_TWO_F12 ((types_thirty_two_t)(1u << 12))
#define TYPES_THIRTY_TWO_F13 ((types_thirty_two_t)(1u << 13))
#define TYPES_THIRTY_TWO_F14 ((types_thirty_two_t)(1u << 14))
#define TYPES_THIRTY_TWO_F15 ((types_thirty_two_t)(1u << 15))
#define TYPES_THIRTY_TWO_F16 ((types_thirty_two_t)(1u << 16))
#define TYPES_THIRTY_TWO_F17 ((types_thirty_two_t)(1u << 17))
#define TYPES_THIRTY_TWO_F18 ((types_thirty_two_t)(1u << 18))
#define TYPES_THIRTY_TWO_F19 ((types_thirty_two_t)(1u << 19))
#define TYPES_THIRTY_TWO_F20 ((types_thirty_two_t)(1u << 20))
#define TYPES_THIRTY_TWO_F21 ((types_thirty_two_t)(1u << 21))
#define TYPES_THIRTY_TWO_F22 ((types_thirty_two_t)(1u << 22))
#define TYPES_THIRTY_TWO_F23 ((types_thirty_two_t)(1u << 23))
#define TYPES_THIRTY_TWO_F24 ((types_thirty_two_t)(1u << 24))
#define TYPES_THIRTY_TWO_F25 ((types_thirty_two_t)(1u << 25))
#define TYPES_THIRTY_TWO_F26 ((types_thirty_two_t)(1u << 26))
#define TYPES_THIRTY_TWO_F27 ((types_thirty_two_t)(1u << 27))
#define TYPES_THIRTY_TWO_F28 ((types_thirty_two_t)(1u << 28))
#define TYPES_THIRTY_TWO_F29 ((types_thirty_two_t)(1u << 29))
#define TYPES_THIRTY_TWO_F30 ((types_thirty_two_t)(1u << 30))
#define TYPES_THIRTY_TWO_F31 ((types_thirty_two_t)(1u << 31))

typedef struct types_tuple4_color_few_dozen_thirty_two_t {
    types_color_t f0;
    types_few_t f1;
    types_dozen_t f2;
    types_thirty_two_t f3;
} types_tuple4_color_few_dozen_thirty_two_t;

typedef struct types_list_color_t {
    types_color_t *items;
    size_t len;
} types_list_color_t;

typedef struct types_tuple2_f32_f32_t {
    float f0;
    float f1;
} types_tuple2_f32_f32_t;

typedef struct types_list_tuple2_f32_f32_t {
    types_tuple2_f32_f32_t *items;
    size_t len;
} types_list_tuple2_f32_f32_t;
/* Frees what a result owns, and zeroes it. */
void types_list_tuple2_f32_f32_clear(types_list_tuple2_f32_f32_t *value);

/* Cases of all widths: their flat values are joined. */
typedef struct types_shape_t {
    uint8_t tag;
    union {
        float circle;
        double square;
        spin_string_t label;
        uint64_t count;
        types_list_tuple2_f32_f32_t corners;
    } of;
} types_shape_t;
enum {
    TYPES_SHAPE_POINT = 0,
    TYPES_SHAPE_CIRCLE = 1,
    TYPES_SHAPE_SQUARE = 2,
    TYPES_SHAPE_LABEL = 3,
    TYPES_SHAPE_COUNT = 4,
    TYPES_SHAPE_CORNERS = 5,
};
/* Frees what a result owns, and zeroes it. */
void types_shape_clear(types_shape_t *value);

typedef struct types_option_shape_t {
    bool is_some;
    types_shape_t value;
} types_option_shape_t;

typedef struct types_bare_t {
    uint8_t tag;
} types_bare_t;
enum {
    TYPES_BARE_YES = 0,
    TYPES_BARE_NO = 1,
};

typedef struct types_result_shape_bare_t {
    bool is_error;
    union {
        types_shape_t ok;
        types_bare_t error;
    } of;
} types_result_shape_bare_t;
/* Frees what a result owns, and zeroes it. */
void types_result_shape_bare_clear(types_result_shape_bare_t *value);

typedef struct types_option_string_t {
    bool is_some;
    spin_string_t value;
} types_option_string_t;
/* Frees what a result owns, and zeroes it. */
void types_option_string_clear(types_option_string_t *value);

typedef struct types_option_option_string_t {
    bool is_some;
    types_option_string_t value;
} types_option_option_string_t;
/* Frees what a result owns, and zeroes it. */
void types_option_option_string_clear(types_option_option_string_t *value);

typedef struct types_tuple2_u8_u16_t {
    uint8_t f0;
    uint16_t f1;
} types_tuple2_u8_u16_t;

typedef struct types_result_list_u8_tuple2_u8_u16_t {
    bool is_error;
    union {
        spin_string_t ok;
        types_tuple2_u8_u16_t error;
    } of;
} types_result_list_u8_tuple2_u8_u16_t;
/* Frees what a result owns, and zeroes it. */
void types_result_list_u8_tuple2_u8_u16_clear(types_result_list_u8_tuple2_u8_u16_t *value);

typedef struct types_result_u32_void_t {
    bool is_error;
    union {
        uint32_t ok;
    } of;
} types_result_u32_void_t;

typedef struct types_result_void_string_t {
    bool is_error;
    union {
        spin_string_t error;
    } of;
} types_result_void_string_t;
/* Frees what a result owns, and zeroes it. */
void types_result_void_string_clear(types_result_void_string_t *value);

typedef struct types_result_void_void_t {
    bool is_error;
} types_result_void_void_t;

typedef struct types_nested_t {
    types_option_option_string_t maybe;
    types_result_list_u8_tuple2_u8_u16_t either;
    types_result_u32_void_t only_ok;
    types_result_void_string_t only_error;
    types_result_void_void_t neither;
} types_nested_t;
/* Frees what a result owns, and zeroes it. */
void types_nested_clear(types_nested_t *value);

typedef struct types_option_nested_t {
    bool is_some;
    types_nested_t value;
} types_option_nested_t;
/* Frees what a result owns, and zeroes it. */
void types_option_nested_clear(types_option_nested_t *value);

typedef struct types_result_string_color_t {
    bool is_error;
    union {
        spin_string_t ok;
        types_color_t error;
    } of;
} types_result_string_color_t;
/* Frees what a result owns, and zeroes it. */
void types_result_string_color_clear(types_result_string_color_t *value);

typedef struct types_stream_u8_t {
    uint32_t handle;
} types_stream_u8_t;

typedef struct types_result_string_void_t {
    bool is_error;
    union {
        spin_string_t ok;
    } of;
} types_result_string_void_t;

typedef struct types_future_result_string_void_t {
    uint32_t handle;
} types_future_result_string_void_t;

typedef struct types_error_context_t {
    uint32_t handle;
} types_error_context_t;

typedef struct types_stream_t {
    uint32_t handle;
} types_stream_t;

typedef spin_string_t types_bytes_t;

/* ── imports of guests: test:types/types ── */

/* The operations, to be implemented. Arguments live as long as the call, and so must what `*ret`
 * points to: see spin_host_call_alloc. An operation that is NULL, and one that returns an error,
 * traps. */
typedef struct types_ops_t {
    size_t size; /* sizeof(types_ops_t) */
    spin_error_t *(*all_scalars)(spin_host_call_t *call, bool a, int8_t b, uint8_t c, int16_t d,
                                 uint16_t e, int32_t f, uint32_t g, int64_t h, uint64_t i, float j,
                                 double k, uint32_t l, types_scalars_t *ret);
    spin_error_t *(*scalar)(spin_host_call_t *call, int8_t *ret);
    spin_error_t *(*letter)(spin_host_call_t *call, uint32_t c, uint32_t *ret);
    spin_error_t *(*nothing)(spin_host_call_t *call);
    spin_error_t *(*all_lists)(spin_host_call_t *call, const types_lists_t *lists,
                               types_lists_t *ret);
    spin_error_t *(*fixed)(spin_host_call_t *call, const types_list3_u32_t *words,
                           const types_list2_tuple2_u8_f32_t *pairs, types_list3_u32_t *ret);
    spin_error_t *(*dictionary)(spin_host_call_t *call, const types_map_string_u64_t *of,
                                types_map_u8_list_string_t *ret);
    spin_error_t *(*words)(spin_host_call_t *call, types_color_t c, types_few_t f, types_dozen_t d,
                           types_thirty_two_t t, types_tuple4_color_few_dozen_thirty_two_t *ret);
    spin_error_t *(*paint)(spin_host_call_t *call, const types_list_color_t *colors,
                           types_color_t *ret);
    spin_error_t *(*shapes)(spin_host_call_t *call, const types_shape_t *a,
                            const types_option_shape_t *b, const types_bare_t *c,
                            types_result_shape_bare_t *ret);
    spin_error_t *(*all_nested)(spin_host_call_t *call, const types_nested_t *n,
                                types_option_nested_t *ret);
    /* More than sixteen flat values: through memory. */
    spin_error_t *(*many)(spin_host_call_t *call, spin_slice_t a, spin_slice_t b, spin_slice_t c,
                          spin_slice_t d, spin_slice_t e, spin_slice_t f, spin_slice_t g,
                          uint64_t h, const types_shape_t *i, types_color_t j, spin_string_t *ret);
    spin_error_t *(*wait)(spin_host_call_t *call, spin_slice_t text,
                          types_result_string_color_t *ret);
    spin_error_t *(*channels)(spin_host_call_t *call, types_stream_u8_t s,
                              types_future_result_string_void_t f, types_error_context_t e,
                              types_stream_t *ret);
} types_ops_t;
/* `ops` and `user` are kept by the caller until the context is freed. */
spin_error_t *types_link(spin_engine_builder_t *builder, const types_ops_t *ops, void *user);

/* ── exports of guests: test:types/types ── */

/* A call waits for its end. The result is the caller's, for its type's clear function, or
 * spin_string_clear for text and bytes; after an error it is zero. What "_start" shows to `done`
 * is a view, valid until the instance is freed or called again; what arguments point to is kept
 * by the caller until then. An "_export" is for spin_abi_check. */

spin_error_t *types_all_scalars(spin_instance_t *instance, bool a, int8_t b, uint8_t c, int16_t d,
                                uint16_t e, int32_t f, uint32_t g, int64_t h, uint64_t i, float j,
                                double k, uint32_t l, types_scalars_t *ret);
typedef void (*types_all_scalars_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                          const types_scalars_t *ret, void *user);
spin_error_t *types_all_scalars_start(spin_instance_t *instance, bool a, int8_t b, uint8_t c,
                                      int16_t d, uint16_t e, int32_t f, uint32_t g, int64_t h,
                                      uint64_t i, float j, double k, uint32_t l,
                                      types_all_scalars_done_fn done, void *user);
extern const spin_abi_export_t types_all_scalars_export;

spin_error_t *types_scalar(spin_instance_t *instance, int8_t *ret);
typedef void (*types_scalar_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                     const int8_t *ret, void *user);
spin_error_t *types_scalar_start(spin_instance_t *instance, types_scalar_done_fn done, void *user);
extern const spin_abi_export_t types_scalar_export;

spin_error_t *types_letter(spin_instance_t *instance, uint32_t c, uint32_t *ret);
typedef void (*types_letter_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                     const uint32_t *ret, void *user);
spin_error_t *types_letter_start(spin_instance_t *instance, uint32_t c, types_letter_done_fn done,
                                 void *user);
extern const spin_abi_export_t types_letter_export;

spin_error_t *types_nothing(spin_instance_t *instance);
typedef void (*types_nothing_done_fn)(spin_instance_t *instance, spin_error_t *error, void *user);
spin_error_t *types_nothing_start(spin_instance_t *instance, types_nothing_done_fn done,
                                  void *user);
extern const spin_abi_export_t types_nothing_export;

spin_error_t *types_all_lists(spin_instance_t *instance, const types_lists_t *lists,
                              types_lists_t *ret);
typedef void (*types_all_lists_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                        const types_lists_t *ret, void *user);
spin_error_t *types_all_lists_start(spin_instance_t *instance, const types_lists_t *lists,
                                    types_all_lists_done_fn done, void *user);
extern const spin_abi_export_t types_all_lists_export;

spin_error_t *types_fixed(spin_instance_t *instance, const types_list3_u32_t *words,
                          const types_list2_tuple2_u8_f32_t *pairs, types_list3_u32_t *ret);
typedef void (*types_fixed_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                    const types_list3_u32_t *ret, void *user);
spin_error_t *types_fixed_start(spin_instance_t *instance, const types_list3_u32_t *words,
                                const types_list2_tuple2_u8_f32_t *pairs, types_fixed_done_fn done,
                                void *user);
extern const spin_abi_export_t types_fixed_export;

spin_error_t *types_dictionary(spin_instance_t *instance, const types_map_string_u64_t *of,
                               types_map_u8_list_string_t *ret);
typedef void (*types_dictionary_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                         const types_map_u8_list_string_t *ret, void *user);
spin_error_t *types_dictionary_start(spin_instance_t *instance, const types_map_string_u64_t *of,
                                     types_dictionary_done_fn done, void *user);
extern const spin_abi_export_t types_dictionary_export;

spin_error_t *types_words(spin_instance_t *instance, types_color_t c, types_few_t f,
                          types_dozen_t d, types_thirty_two_t t,
                          types_tuple4_color_few_dozen_thirty_two_t *ret);
typedef void (*types_words_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                    const types_tuple4_color_few_dozen_thirty_two_t *ret,
                                    void *user);
spin_error_t *types_words_start(spin_instance_t *instance, types_color_t c, types_few_t f,
                                types_dozen_t d, types_thirty_two_t t, types_words_done_fn done,
                                void *user);
extern const spin_abi_export_t types_words_export;

spin_error_t *types_paint(spin_instance_t *instance, const types_list_color_t *colors,
                          types_color_t *ret);
typedef void (*types_paint_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                    const types_color_t *ret, void *user);
spin_error_t *types_paint_start(spin_instance_t *instance, const types_list_color_t *colors,
                                types_paint_done_fn done, void *user);
extern const spin_abi_export_t types_paint_export;

spin_error_t *types_shapes(spin_instance_t *instance, const types_shape_t *a,
                           const types_option_shape_t *b, const types_bare_t *c,
                           types_result_shape_bare_t *ret);
typedef void (*types_shapes_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                     const types_result_shape_bare_t *ret, void *user);
spin_error_t *types_shapes_start(spin_instance_t *instance, const types_shape_t *a,
                                 const types_option_shape_t *b, const types_bare_t *c,
                                 types_shapes_done_fn done, void *user);
extern const spin_abi_export_t types_shapes_export;

spin_error_t *types_all_nested(spin_instance_t *instance, const types_nested_t *n,
                               types_option_nested_t *ret);
typedef void (*types_all_nested_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                         const types_option_nested_t *ret, void *user);
spin_error_t *types_all_nested_start(spin_instance_t *instance, const types_nested_t *n,
                                     types_all_nested_done_fn done, void *user);
extern const spin_abi_export_t types_all_nested_export;

/* More than sixteen flat values: through memory. */
spin_error_t *types_many(spin_instance_t *instance, spin_slice_t a, spin_slice_t b, spin_slice_t c,
                         spin_slice_t d, spin_slice_t e, spin_slice_t f, spin_slice_t g, uint64_t h,
                         const types_shape_t *i, types_color_t j, spin_string_t *ret);
typedef void (*types_many_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                   const spin_string_t *ret, void *user);
spin_error_t *types_many_start(spin_instance_t *instance, spin_slice_t a, spin_slice_t b,
                               spin_slice_t c, spin_slice_t d, spin_slice_t e, spin_slice_t f,
                               spin_slice_t g, uint64_t h, const types_shape_t *i, types_color_t j,
                               types_many_done_fn done, void *user);
extern const spin_abi_export_t types_many_export;

spin_error_t *types_wait(spin_instance_t *instance, spin_slice_t text,
                         types_result_string_color_t *ret);
typedef void (*types_wait_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                   const types_result_string_color_t *ret, void *user);
spin_error_t *types_wait_start(spin_instance_t *instance, spin_slice_t text,
                               types_wait_done_fn done, void *user);
extern const spin_abi_export_t types_wait_export;

spin_error_t *types_channels(spin_instance_t *instance, types_stream_u8_t s,
                             types_future_result_string_void_t f, types_error_context_t e,
                             types_stream_t *ret);
typedef void (*types_channels_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                       const types_stream_t *ret, void *user);
spin_error_t *types_channels_start(spin_instance_t *instance, types_stream_u8_t s,
                                   types_future_result_string_void_t f, types_error_context_t e,
                                   types_channels_done_fn done, void *user);
extern const spin_abi_export_t types_channels_export;

#ifdef __cplusplus
}
#endif

#endif
