/* Host bindings of interface "spin-config" in spin-config.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#ifndef SPIN_BINDINGS_SPIN_CONFIG_H
#define SPIN_BINDINGS_SPIN_CONFIG_H

#include <spin/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Each with a text for people. */
typedef struct spin_config_error_t {
    uint8_t tag;
    union {
        /* Where values come from could not answer. */
        spin_string_t provider;
        /* No name that a key could have. */
        spin_string_t invalid_key;
        /* What the manifest says about the key makes no sense. */
        spin_string_t invalid_schema;
        /* Also that the component has no such key. */
        spin_string_t other;
    } of;
} spin_config_error_t;
enum {
    /* Where values come from could not answer. */
    SPIN_CONFIG_ERROR_PROVIDER = 0,
    /* No name that a key could have. */
    SPIN_CONFIG_ERROR_INVALID_KEY = 1,
    /* What the manifest says about the key makes no sense. */
    SPIN_CONFIG_ERROR_INVALID_SCHEMA = 2,
    /* Also that the component has no such key. */
    SPIN_CONFIG_ERROR_OTHER = 3,
};

typedef struct spin_config_result_string_error_t {
    bool is_error;
    union {
        spin_string_t ok;
        spin_config_error_t error;
    } of;
} spin_config_result_string_error_t;

/* ── imports of guests: spin-config ── */

/* The operations, to be implemented. Arguments live as long as the call, and so must what `*ret`
 * points to: see spin_host_call_alloc. An operation that is NULL, and one that returns an error,
 * traps. */
typedef struct spin_config_ops_t {
    size_t size; /* sizeof(spin_config_ops_t) */
    /* The value of a component's configuration key, which the manifest defines. */
    spin_error_t *(*get_config)(spin_host_call_t *call, spin_slice_t key,
                                spin_config_result_string_error_t *ret);
} spin_config_ops_t;
/* `ops` and `user` are kept by the caller until the context is freed. */
spin_error_t *spin_config_link(spin_engine_builder_t *builder, const spin_config_ops_t *ops,
                               void *user);

#ifdef __cplusplus
}
#endif

#endif
