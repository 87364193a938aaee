/* Host bindings of interface "spin-redis" in spin-redis.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#ifndef SPIN_BINDINGS_SPIN_REDIS_H
#define SPIN_BINDINGS_SPIN_REDIS_H

#include <spin/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* That something failed; what, is in the host's log. */
typedef uint8_t spin_redis_error_t;
enum {
    /* Not used: it keeps 0 free. */
    SPIN_REDIS_ERROR_SUCCESS = 0,
    SPIN_REDIS_ERROR_ERROR = 1,
};

typedef struct spin_redis_result_void_error_t {
    bool is_error;
    union {
        spin_redis_error_t error;
    } of;
} spin_redis_result_void_error_t;

/* The bytes of a message or value. */
typedef spin_string_t spin_redis_payload_t;

/* ── exports of guests: spin-redis ── */

/* A call waits for its end. The result is the caller's, for its type's clear function, or
 * spin_string_clear for text and bytes; after an error it is zero. What "_start" shows to `done`
 * is a view, valid until the instance is freed or called again; what arguments point to is kept
 * by the caller until then. An "_export" is for spin_abi_check. */

/* What a component of a Redis application exports: called for each message of its channel. */
spin_error_t *spin_redis_handle_redis_message(spin_instance_t *instance, spin_slice_t message,
                                              spin_redis_result_void_error_t *ret);
typedef void (*spin_redis_handle_redis_message_done_fn)(spin_instance_t *instance,
                                                        spin_error_t *error,
                                                        const spin_redis_result_void_error_t *ret,
                                                        void *user);
spin_error_t *spin_redis_handle_redis_message_start(spin_instance_t *instance, spin_slice_t message,
                                                    spin_redis_handle_redis_message_done_fn done,
                                                    void *user);
extern const spin_abi_export_t spin_redis_handle_redis_message_export;

#ifdef __cplusplus
}
#endif

#endif
