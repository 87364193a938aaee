/* Host bindings of interface "union" in union.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#ifndef SPIN_BINDINGS_UNION_H
#define SPIN_BINDINGS_UNION_H

#include <spin/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct union_point_t {
    float x;
    spin_string_t label;
} union_point_t;
/* Frees what a result owns, and zeroes it. */
void union_point_clear(union_point_t *value);

typedef struct union_list_point_t {
    union_point_t *items;
    size_t len;
} union_list_point_t;
/* Frees what a result owns, and zeroes it. */
void union_list_point_clear(union_list_point_t *value);

typedef struct union_either_t {
    uint8_t tag;
    union {
        uint8_t f0;
        spin_string_t f1;
        union_point_t f2;
        union_list_point_t f3;
    } of;
} union_either_t;
enum {
    UNION_EITHER_0 = 0,
    UNION_EITHER_1 = 1,
    UNION_EITHER_2 = 2,
    UNION_EITHER_3 = 3,
};
/* Frees what a result owns, and zeroes it. */
void union_either_clear(union_either_t *value);

typedef struct union_result_void_either_t {
    bool is_error;
    union {
        union_either_t error;
    } of;
} union_result_void_either_t;
/* Frees what a result owns, and zeroes it. */
void union_result_void_either_clear(union_result_void_either_t *value);

/* ── imports of guests: union ── */

/* The operations, to be implemented. Arguments live as long as the call, and so must what `*ret`
 * points to: see spin_host_call_alloc. An operation that is NULL, and one that returns an error,
 * traps. */
typedef struct union_ops_t {
    size_t size; /* sizeof(union_ops_t) */
    spin_error_t *(*pass)(spin_host_call_t *call, const union_either_t *value, union_either_t *ret);
    spin_error_t *(*check)(spin_host_call_t *call, const union_either_t *value,
                           union_result_void_either_t *ret);
} union_ops_t;
/* `ops` and `user` are kept by the caller until the context is freed. */
spin_error_t *union_link(spin_engine_builder_t *builder, const union_ops_t *ops, void *user);

/* ── exports of guests: union ── */

/* A call waits for its end. The result is the caller's, for its type's clear function, or
 * spin_string_clear for text and bytes; after an error it is zero. What "_start" shows to `done`
 * is a view, valid until the instance is freed or called again; what arguments point to is kept
 * by the caller until then. An "_export" is for spin_abi_check. */

spin_error_t *union_pass(spin_instance_t *instance, const union_either_t *value,
                         union_either_t *ret);
typedef void (*union_pass_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                   const union_either_t *ret, void *user);
spin_error_t *union_pass_start(spin_instance_t *instance, const union_either_t *value,
                               union_pass_done_fn done, void *user);
extern const spin_abi_export_t union_pass_export;

spin_error_t *union_check(spin_instance_t *instance, const union_either_t *value,
                          union_result_void_either_t *ret);
typedef void (*union_check_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                    const union_result_void_either_t *ret, void *user);
spin_error_t *union_check_start(spin_instance_t *instance, const union_either_t *value,
                                union_check_done_fn done, void *user);
extern const spin_abi_export_t union_check_export;

#ifdef __cplusplus
}
#endif

#endif
