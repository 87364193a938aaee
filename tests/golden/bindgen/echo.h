/* Host bindings of interface "echo" in echo.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#ifndef SPIN_BINDINGS_ECHO_H
#define SPIN_BINDINGS_ECHO_H

#include <spin/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ── imports of guests: echo ── */

/* The operations, to be implemented. Arguments live as long as the call, and so must what `*ret`
 * points to: see spin_host_call_alloc. An operation that is NULL, and one that returns an error,
 * traps. */
typedef struct echo_ops_t {
    size_t size; /* sizeof(echo_ops_t) */
    /* The entry point that every component of a timer application exports. */
    spin_error_t *(*echo)(spin_host_call_t *call, spin_slice_t msg, spin_string_t *ret);
} echo_ops_t;
/* `ops` and `user` are kept by the caller until the context is freed. */
spin_error_t *echo_link(spin_engine_builder_t *builder, const echo_ops_t *ops, void *user);

/* ── exports of guests: echo ── */

/* A call waits for its end. The result is the caller's, for its type's clear function, or
 * spin_string_clear for text and bytes; after an error it is zero. What "_start" shows to `done`
 * is a view, valid until the instance is freed or called again; what arguments point to is kept
 * by the caller until then. An "_export" is for spin_abi_check. */

/* The entry point that every component of a timer application exports. */
spin_error_t *echo_echo(spin_instance_t *instance, spin_slice_t msg, spin_string_t *ret);
typedef void (*echo_echo_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                  const spin_string_t *ret, void *user);
spin_error_t *echo_echo_start(spin_instance_t *instance, spin_slice_t msg, echo_echo_done_fn done,
                              void *user);
extern const spin_abi_export_t echo_echo_export;

#ifdef __cplusplus
}
#endif

#endif
