/* Host bindings of interface "names" in names.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#ifndef SPIN_BINDINGS_NAMES_H
#define SPIN_BINDINGS_NAMES_H

#include <spin/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct names_option_string_t {
    bool is_some;
    spin_string_t value;
} names_option_string_t;

/* * / int x; / * and / * / at once, ? ?/
 * or a line that goes on: \
 *
 * / the end, not *
 * / of it */
typedef struct names_record_t {
    uint8_t int_;
    uint16_t use;
    spin_string_t new_;
    names_option_string_t class_;
    int32_t errno_;
    bool static_;
    uint64_t size_t_;
    uint8_t x86;
} names_record_t;

typedef struct names_default_t {
    uint8_t tag;
    union {
        uint8_t resource;
        spin_string_t namespace_;
    } of;
} names_default_t;
enum {
    NAMES_DEFAULT_RESOURCE = 0,
    NAMES_DEFAULT_NAMESPACE = 1,
    NAMES_DEFAULT_A1 = 2,
    NAMES_DEFAULT_API_V2 = 3,
};
/* Frees what a result owns, and zeroes it. */
void names_default_clear(names_default_t *value);

typedef uint8_t names_template_t;
enum {
    NAMES_TEMPLATE_ENUM = 0,
    NAMES_TEMPLATE_UNION = 1,
    NAMES_TEMPLATE_OPERATOR = 2,
};

typedef uint8_t names_public_t;
#define NAMES_PUBLIC_PRIVATE   ((names_public_t)(1u << 0))
#define NAMES_PUBLIC_PROTECTED ((names_public_t)(1u << 1))

typedef struct names_list_template_t {
    names_template_t *items;
    size_t len;
} names_list_template_t;

/* ── imports of guests: test:names/names ── */

/* The operations, to be implemented. Arguments live as long as the call, and so must what `*ret`
 * points to: see spin_host_call_alloc. An operation that is NULL, and one that returns an error,
 * traps. */
typedef struct names_ops_t {
    size_t size; /* sizeof(names_ops_t) */
    spin_error_t *(*double_)(spin_host_call_t *call, uint8_t int_, spin_slice_t float_,
                             const names_record_t *record, uint32_t instance_, uint32_t ret_,
                             uint32_t done_, uint32_t user_, uint32_t call_, uint32_t lower,
                             uint32_t lift, uint32_t args, names_default_t *ret);
    spin_error_t *(*func)(spin_host_call_t *call, names_template_t this_, names_public_t while_,
                          const names_list_template_t *result_t_);
    spin_error_t *(*delete_)(spin_host_call_t *call, uint8_t value, uint8_t flat, uint8_t area,
                             uint8_t at, uint8_t context, uint8_t data, uint8_t *ret);
    spin_error_t *(*url_2_path)(spin_host_call_t *call, spin_slice_t http_url, spin_string_t *ret);
} names_ops_t;
/* `ops` and `user` are kept by the caller until the context is freed. */
spin_error_t *names_link(spin_engine_builder_t *builder, const names_ops_t *ops, void *user);

/* ── exports of guests: test:names/names ── */

/* A call waits for its end. The result is the caller's, for its type's clear function, or
 * spin_string_clear for text and bytes; after an error it is zero. What "_start" shows to `done`
 * is a view, valid until the instance is freed or called again; what arguments point to is kept
 * by the caller until then. An "_export" is for spin_abi_check. */

spin_error_t *names_double(spin_instance_t *instance, uint8_t int_, spin_slice_t float_,
                           const names_record_t *record, uint32_t instance_, uint32_t ret_,
                           uint32_t done_, uint32_t user_, uint32_t call_, uint32_t lower,
                           uint32_t lift, uint32_t args, names_default_t *ret);
typedef void (*names_double_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                     const names_default_t *ret, void *user);
spin_error_t *names_double_start(spin_instance_t *instance, uint8_t int_, spin_slice_t float_,
                                 const names_record_t *record, uint32_t instance_, uint32_t ret_,
                                 uint32_t done_, uint32_t user_, uint32_t call_, uint32_t lower,
                                 uint32_t lift, uint32_t args, names_double_done_fn done,
                                 void *user);
extern const spin_abi_export_t names_double_export;

spin_error_t *names_func(spin_instance_t *instance, names_template_t this_, names_public_t while_,
                         const names_list_template_t *result_t_);
typedef void (*names_func_done_fn)(spin_instance_t *instance, spin_error_t *error, void *user);
spin_error_t *names_func_start(spin_instance_t *instance, names_template_t this_,
                               names_public_t while_, const names_list_template_t *result_t_,
                               names_func_done_fn done, void *user);
extern const spin_abi_export_t names_func_export;

spin_error_t *names_delete(spin_instance_t *instance, uint8_t value, uint8_t flat, uint8_t area,
                           uint8_t at, uint8_t context, uint8_t data, uint8_t *ret);
typedef void (*names_delete_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                     const uint8_t *ret, void *user);
spin_error_t *names_delete_start(spin_instance_t *instance, uint8_t value, uint8_t flat,
                                 uint8_t area, uint8_t at, uint8_t context, uint8_t data,
                                 names_delete_done_fn done, void *user);
extern const spin_abi_export_t names_delete_export;

spin_error_t *names_url_2_path(spin_instance_t *instance, spin_slice_t http_url,
                               spin_string_t *ret);
typedef void (*names_url_2_path_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                         const spin_string_t *ret, void *user);
spin_error_t *names_url_2_path_start(spin_instance_t *instance, spin_slice_t http_url,
                                     names_url_2_path_done_fn done, void *user);
extern const spin_abi_export_t names_url_2_path_export;

#ifdef __cplusplus
}
#endif

#endif
