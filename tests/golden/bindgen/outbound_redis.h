/* Host bindings of interface "outbound-redis" in outbound-redis.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#ifndef SPIN_BINDINGS_OUTBOUND_REDIS_H
#define SPIN_BINDINGS_OUTBOUND_REDIS_H

#include <spin/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* That something failed; what, is in the host's log. */
typedef uint8_t outbound_redis_error_t;
enum {
    /* Not used: it keeps 0 free. */
    OUTBOUND_REDIS_ERROR_SUCCESS = 0,
    OUTBOUND_REDIS_ERROR_ERROR = 1,
};

typedef struct outbound_redis_result_void_error_t {
    bool is_error;
    union {
        outbound_redis_error_t error;
    } of;
} outbound_redis_result_void_error_t;

typedef struct outbound_redis_result_list_u8_error_t {
    bool is_error;
    union {
        spin_string_t ok;
        outbound_redis_error_t error;
    } of;
} outbound_redis_result_list_u8_error_t;

typedef struct outbound_redis_result_s64_error_t {
    bool is_error;
    union {
        int64_t ok;
        outbound_redis_error_t error;
    } of;
} outbound_redis_result_s64_error_t;

typedef struct outbound_redis_list_string_t {
    spin_string_t *items;
    size_t len;
} outbound_redis_list_string_t;

typedef struct outbound_redis_result_list_string_error_t {
    bool is_error;
    union {
        outbound_redis_list_string_t ok;
        outbound_redis_error_t error;
    } of;
} outbound_redis_result_list_string_error_t;

/* An argument of `execute`. */
typedef struct outbound_redis_redis_parameter_t {
    uint8_t tag;
    union {
        int64_t int64;
        spin_string_t binary;
    } of;
} outbound_redis_redis_parameter_t;
enum {
    OUTBOUND_REDIS_REDIS_PARAMETER_INT64 = 0,
    OUTBOUND_REDIS_REDIS_PARAMETER_BINARY = 1,
};

typedef struct outbound_redis_list_redis_parameter_t {
    outbound_redis_redis_parameter_t *items;
    size_t len;
} outbound_redis_list_redis_parameter_t;

/* A part of what `execute` gives. */
typedef struct outbound_redis_redis_result_t {
    uint8_t tag;
    union {
        spin_string_t status;
        int64_t int64;
        spin_string_t binary;
    } of;
} outbound_redis_redis_result_t;
enum {
    /* Not used: what is not there is left out. */
    OUTBOUND_REDIS_REDIS_RESULT_NIL = 0,
    OUTBOUND_REDIS_REDIS_RESULT_STATUS = 1,
    OUTBOUND_REDIS_REDIS_RESULT_INT64 = 2,
    OUTBOUND_REDIS_REDIS_RESULT_BINARY = 3,
};

typedef struct outbound_redis_list_redis_result_t {
    outbound_redis_redis_result_t *items;
    size_t len;
} outbound_redis_list_redis_result_t;

typedef struct outbound_redis_result_list_redis_result_error_t {
    bool is_error;
    union {
        outbound_redis_list_redis_result_t ok;
        outbound_redis_error_t error;
    } of;
} outbound_redis_result_list_redis_result_error_t;

/* The bytes of a message or value. */
typedef spin_string_t outbound_redis_payload_t;

/* ── imports of guests: outbound-redis ── */

/* The operations, to be implemented. Arguments live as long as the call, and so must what `*ret`
 * points to: see spin_host_call_alloc. An operation that is NULL, and one that returns an error,
 * traps. */
typedef struct outbound_redis_ops_t {
    size_t size; /* sizeof(outbound_redis_ops_t) */
    /* Sends a message to all who listen on the channel. */
    spin_error_t *(*publish)(spin_host_call_t *call, spin_slice_t address, spin_slice_t channel,
                             spin_slice_t payload, outbound_redis_result_void_error_t *ret);
    /* The value of the key; without one it is empty. */
    spin_error_t *(*get)(spin_host_call_t *call, spin_slice_t address, spin_slice_t key,
                         outbound_redis_result_list_u8_error_t *ret);
    /* Sets the key, whether it had a value or not. */
    spin_error_t *(*set)(spin_host_call_t *call, spin_slice_t address, spin_slice_t key,
                         spin_slice_t value, outbound_redis_result_void_error_t *ret);
    /* Adds one to the number that the key's value spells, and gives the sum. No value counts as 0. A
     * value that is no whole number of 64 bits is an error. */
    spin_error_t *(*incr)(spin_host_call_t *call, spin_slice_t address, spin_slice_t key,
                          outbound_redis_result_s64_error_t *ret);
    /* Removes the keys, and says how many of them there were. From Spin 0.7 on. */
    spin_error_t *(*del)(spin_host_call_t *call, spin_slice_t address,
                         const outbound_redis_list_string_t *keys,
                         outbound_redis_result_s64_error_t *ret);
    /* Adds the values to the set at the key, and says how many are new. From Spin 0.7 on. */
    spin_error_t *(*sadd)(spin_host_call_t *call, spin_slice_t address, spin_slice_t key,
                          const outbound_redis_list_string_t *values,
                          outbound_redis_result_s64_error_t *ret);
    /* The values of the set at the key, in no order; one that is not UTF-8 is an error. From Spin 0.7
     * on. */
    spin_error_t *(*smembers)(spin_host_call_t *call, spin_slice_t address, spin_slice_t key,
                              outbound_redis_result_list_string_error_t *ret);
    /* Removes the values from the set at the key, and says how many of them there were. From Spin 0.7
     * on. */
    spin_error_t *(*srem)(spin_host_call_t *call, spin_slice_t address, spin_slice_t key,
                          const outbound_redis_list_string_t *values,
                          outbound_redis_result_s64_error_t *ret);
    /* Any command with its arguments. Of the reply, lists within lists are made flat, and "OK" and what
     * is not there are left out. From Spin 0.9 on. */
    spin_error_t *(*execute)(spin_host_call_t *call, spin_slice_t address, spin_slice_t command,
                             const outbound_redis_list_redis_parameter_t *arguments,
                             outbound_redis_result_list_redis_result_error_t *ret);
} outbound_redis_ops_t;
/* `ops` and `user` are kept by the caller until the context is freed. */
spin_error_t *outbound_redis_link(spin_engine_builder_t *builder, const outbound_redis_ops_t *ops,
                                  void *user);

#ifdef __cplusplus
}
#endif

#endif
