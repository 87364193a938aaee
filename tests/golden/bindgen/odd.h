/* Host bindings of interface "odd" in odd.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#ifndef SPIN_BINDINGS_ODD_H
#define SPIN_BINDINGS_ODD_H

#include <spin/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct odd_nothing_t {
    char nothing;
} odd_nothing_t;

typedef struct odd_around_t {
    uint8_t before;
    odd_nothing_t none;
    spin_string_t behind;
} odd_around_t;
/* Frees what a result owns, and zeroes it. */
void odd_around_clear(odd_around_t *value);

typedef struct odd_option_nothing_t {
    bool is_some;
    odd_nothing_t value;
} odd_option_nothing_t;

typedef struct odd_tuple0_t {
    char nothing;
} odd_tuple0_t;

typedef struct odd_result_nothing_tuple0_t {
    bool is_error;
    union {
        odd_nothing_t ok;
        odd_tuple0_t error;
    } of;
} odd_result_nothing_tuple0_t;

typedef struct odd_list_nothing_t {
    odd_nothing_t *items;
    size_t len;
} odd_list_nothing_t;
/* Frees what a result owns, and zeroes it. */
void odd_list_nothing_clear(odd_list_nothing_t *value);

/* ── imports of guests: test:odd/odd ── */

/* The operations, to be implemented. Arguments live as long as the call, and so must what `*ret`
 * points to: see spin_host_call_alloc. An operation that is NULL, and one that returns an error,
 * traps. */
typedef struct odd_ops_t {
    size_t size; /* sizeof(odd_ops_t) */
    spin_error_t *(*data)(spin_host_call_t *call);
    spin_error_t *(*context)(spin_host_call_t *call);
    spin_error_t *(*result)(spin_host_call_t *call);
    spin_error_t *(*ops)(spin_host_call_t *call);
    spin_error_t *(*nothing_at_all)(spin_host_call_t *call, const odd_nothing_t *a,
                                    const odd_nothing_t *b, odd_nothing_t *ret);
    spin_error_t *(*around_it)(spin_host_call_t *call, const odd_around_t *a, odd_around_t *ret);
    spin_error_t *(*either)(spin_host_call_t *call, const odd_option_nothing_t *a,
                            odd_result_nothing_tuple0_t *ret);
    spin_error_t *(*many)(spin_host_call_t *call, const odd_list_nothing_t *a,
                          odd_list_nothing_t *ret);
} odd_ops_t;
/* `ops` and `user` are kept by the caller until the context is freed. */
spin_error_t *odd_link(spin_engine_builder_t *builder, const odd_ops_t *ops, void *user);

/* ── exports of guests: test:odd/odd ── */

/* A call waits for its end. The result is the caller's, for its type's clear function, or
 * spin_string_clear for text and bytes; after an error it is zero. What "_start" shows to `done`
 * is a view, valid until the instance is freed or called again; what arguments point to is kept
 * by the caller until then. An "_export" is for spin_abi_check. */

spin_error_t *odd_data(spin_instance_t *instance);
typedef void (*odd_data_done_fn)(spin_instance_t *instance, spin_error_t *error, void *user);
spin_error_t *odd_data_start(spin_instance_t *instance, odd_data_done_fn done, void *user);
extern const spin_abi_export_t odd_data_export;

spin_error_t *odd_context(spin_instance_t *instance);
typedef void (*odd_context_done_fn)(spin_instance_t *instance, spin_error_t *error, void *user);
spin_error_t *odd_context_start(spin_instance_t *instance, odd_context_done_fn done, void *user);
extern const spin_abi_export_t odd_context_export;

spin_error_t *odd_result(spin_instance_t *instance);
typedef void (*odd_result_done_fn)(spin_instance_t *instance, spin_error_t *error, void *user);
spin_error_t *odd_result_start(spin_instance_t *instance, odd_result_done_fn done, void *user);
extern const spin_abi_export_t odd_result_export;

spin_error_t *odd_ops(spin_instance_t *instance);
typedef void (*odd_ops_done_fn)(spin_instance_t *instance, spin_error_t *error, void *user);
spin_error_t *odd_ops_start(spin_instance_t *instance, odd_ops_done_fn done, void *user);
extern const spin_abi_export_t odd_ops_export;

spin_error_t *odd_nothing_at_all(spin_instance_t *instance, const odd_nothing_t *a,
                                 const odd_nothing_t *b, odd_nothing_t *ret);
typedef void (*odd_nothing_at_all_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                           const odd_nothing_t *ret, void *user);
spin_error_t *odd_nothing_at_all_start(spin_instance_t *instance, const odd_nothing_t *a,
                                       const odd_nothing_t *b, odd_nothing_at_all_done_fn done,
                                       void *user);
extern const spin_abi_export_t odd_nothing_at_all_export;

spin_error_t *odd_around_it(spin_instance_t *instance, const odd_around_t *a, odd_around_t *ret);
typedef void (*odd_around_it_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                      const odd_around_t *ret, void *user);
spin_error_t *odd_around_it_start(spin_instance_t *instance, const odd_around_t *a,
                                  odd_around_it_done_fn done, void *user);
extern const spin_abi_export_t odd_around_it_export;

spin_error_t *odd_either(spin_instance_t *instance, const odd_option_nothing_t *a,
                         odd_result_nothing_tuple0_t *ret);
typedef void (*odd_either_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                   const odd_result_nothing_tuple0_t *ret, void *user);
spin_error_t *odd_either_start(spin_instance_t *instance, const odd_option_nothing_t *a,
                               odd_either_done_fn done, void *user);
extern const spin_abi_export_t odd_either_export;

spin_error_t *odd_many(spin_instance_t *instance, const odd_list_nothing_t *a,
                       odd_list_nothing_t *ret);
typedef void (*odd_many_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                 const odd_list_nothing_t *ret, void *user);
spin_error_t *odd_many_start(spin_instance_t *instance, const odd_list_nothing_t *a,
                             odd_many_done_fn done, void *user);
extern const spin_abi_export_t odd_many_export;

#ifdef __cplusplus
}
#endif

#endif
