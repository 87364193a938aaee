/* Host bindings of world "everything" in resources.wit.
 * Written by spin-bindgen 0.1.0: do not edit. */
/* clang-format off */
#ifndef SPIN_BINDINGS_RESOURCES_H
#define SPIN_BINDINGS_RESOURCES_H

#include <spin/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An open file. */
/* Resource "file", which the host implements: it defines the struct. */
typedef struct resources_host_file resources_host_file_t;

/* Resource "token", which the host implements: it defines the struct. */
typedef struct resources_host_token resources_host_token_t;

/* Resource "thing", which the host implements: it defines the struct. */
typedef struct resources_both_thing resources_both_thing_t;

/* Resource "session" of the guest's: spin_abi_drop lets it go. */
typedef struct resources_guest_session {
    uint32_t handle;
} resources_guest_session_t;

/* Resource "thing" of the guest's: spin_abi_drop lets it go. */
typedef struct resources_guest_both_thing {
    uint32_t handle;
} resources_guest_both_thing_t;

typedef struct resources_result_list_u8_string_t {
    bool is_error;
    union {
        spin_string_t ok;
        spin_string_t error;
    } of;
} resources_result_list_u8_string_t;

typedef struct resources_host_entry_t {
    spin_string_t name;
    resources_host_file_t *file;
} resources_host_entry_t;
/* Frees what a result owns, and zeroes it. */
void resources_host_entry_clear(resources_host_entry_t *value);

typedef struct resources_list_host_entry_t {
    resources_host_entry_t *items;
    size_t len;
} resources_list_host_entry_t;

typedef struct resources_both_box_t {
    resources_both_thing_t *thing;
    spin_string_t label;
} resources_both_box_t;

typedef struct resources_option_host_entry_t {
    bool is_some;
    resources_host_entry_t value;
} resources_option_host_entry_t;
/* Frees what a result owns, and zeroes it. */
void resources_option_host_entry_clear(resources_option_host_entry_t *value);

typedef struct resources_list_own_guest_session_t {
    resources_guest_session_t *items;
    size_t len;
} resources_list_own_guest_session_t;

typedef struct resources_list_borrow_host_file_t {
    resources_host_file_t **items;
    size_t len;
} resources_list_borrow_host_file_t;

typedef struct resources_result_own_guest_session_string_t {
    bool is_error;
    union {
        resources_guest_session_t ok;
        spin_string_t error;
    } of;
} resources_result_own_guest_session_string_t;
/* Frees what a result owns, and zeroes it. */
void resources_result_own_guest_session_string_clear(
    resources_result_own_guest_session_string_t *value);

typedef struct resources_guest_both_box_t {
    resources_guest_both_thing_t thing;
    spin_string_t label;
} resources_guest_both_box_t;
/* Frees what a result owns, and zeroes it. */
void resources_guest_both_box_clear(resources_guest_both_box_t *value);

typedef struct resources_result_void_void_t {
    bool is_error;
} resources_result_void_void_t;

/* ── imports of guests: test:resources/host@1.2.3 ── */

/* The operations, to be implemented. Arguments live as long as the call, and so must what `*ret`
 * points to: see spin_host_call_alloc. An operation that is NULL, and one that returns an error,
 * traps. */
typedef struct resources_host_ops_t {
    size_t size; /* sizeof(resources_host_ops_t) */
    spin_error_t *(*file_constructor)(spin_host_call_t *call, spin_slice_t path,
                                      resources_host_file_t **ret);
    spin_error_t *(*file_read)(spin_host_call_t *call, resources_host_file_t *self, uint32_t len,
                               resources_result_list_u8_string_t *ret);
    /* Two files into one. */
    spin_error_t *(*file_join)(spin_host_call_t *call, resources_host_file_t *a,
                               resources_host_file_t *b, resources_host_file_t **ret);
    spin_error_t *(*list_files)(spin_host_call_t *call, resources_list_host_entry_t *ret);
    /* The guest dropped its handle, or its instance ended. */
    void (*file_drop)(spin_instance_t *instance, resources_host_file_t *self, void *user);
    /* The guest dropped its handle, or its instance ended. */
    void (*token_drop)(spin_instance_t *instance, resources_host_token_t *self, void *user);
} resources_host_ops_t;
/* `ops` and `user` are kept by the caller until the context is freed. */
spin_error_t *resources_host_link(spin_engine_builder_t *builder, const resources_host_ops_t *ops,
                                  void *user);

/* ── imports of guests: test:resources/both@1.2.3 ── */

/* The operations, to be implemented. Arguments live as long as the call, and so must what `*ret`
 * points to: see spin_host_call_alloc. An operation that is NULL, and one that returns an error,
 * traps. */
typedef struct resources_both_ops_t {
    size_t size; /* sizeof(resources_both_ops_t) */
    spin_error_t *(*thing_touch)(spin_host_call_t *call, resources_both_thing_t *self,
                                 uint32_t *ret);
    spin_error_t *(*swap)(spin_host_call_t *call, const resources_both_box_t *box,
                          resources_both_box_t *ret);
    /* The guest dropped its handle, or its instance ended. */
    void (*thing_drop)(spin_instance_t *instance, resources_both_thing_t *self, void *user);
} resources_both_ops_t;
/* `ops` and `user` are kept by the caller until the context is freed. */
spin_error_t *resources_both_link(spin_engine_builder_t *builder, const resources_both_ops_t *ops,
                                  void *user);

/* ── imports of guests: inline ── */

/* The operations, to be implemented. Arguments live as long as the call, and so must what `*ret`
 * points to: see spin_host_call_alloc. An operation that is NULL, and one that returns an error,
 * traps. */
typedef struct resources_inline_ops_t {
    size_t size; /* sizeof(resources_inline_ops_t) */
    spin_error_t *(*level)(spin_host_call_t *call, uint8_t *ret);
} resources_inline_ops_t;
/* `ops` and `user` are kept by the caller until the context is freed. */
spin_error_t *resources_inline_link(spin_engine_builder_t *builder,
                                    const resources_inline_ops_t *ops, void *user);

/* ── imports of guests: of the world itself ── */

/* The operations, to be implemented. Arguments live as long as the call, and so must what `*ret`
 * points to: see spin_host_call_alloc. An operation that is NULL, and one that returns an error,
 * traps. */
typedef struct resources_ops_t {
    size_t size; /* sizeof(resources_ops_t) */
    spin_error_t *(*log)(spin_host_call_t *call, spin_slice_t text);
} resources_ops_t;
/* `ops` and `user` are kept by the caller until the context is freed. */
spin_error_t *resources_link(spin_engine_builder_t *builder, const resources_ops_t *ops,
                             void *user);

/* ── exports of guests: test:resources/guest@1.2.3 ── */

/* A call waits for its end. The result is the caller's, for its type's clear function, or
 * spin_string_clear for text and bytes; after an error it is zero. What "_start" shows to `done`
 * is a view, valid until the instance is freed or called again; what arguments point to is kept
 * by the caller until then. An "_export" is for spin_abi_check. */

spin_error_t *resources_guest_session_constructor(spin_instance_t *instance,
                                                  resources_host_file_t *file,
                                                  resources_guest_session_t *ret);
typedef void (*resources_guest_session_constructor_done_fn)(spin_instance_t *instance,
                                                            spin_error_t *error,
                                                            const resources_guest_session_t *ret,
                                                            void *user);
spin_error_t *
resources_guest_session_constructor_start(spin_instance_t *instance, resources_host_file_t *file,
                                          resources_guest_session_constructor_done_fn done,
                                          void *user);
extern const spin_abi_export_t resources_guest_session_constructor_export;

spin_error_t *resources_guest_session_next(spin_instance_t *instance,
                                           resources_guest_session_t self,
                                           resources_option_host_entry_t *ret);
typedef void (*resources_guest_session_next_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                                     const resources_option_host_entry_t *ret,
                                                     void *user);
spin_error_t *resources_guest_session_next_start(spin_instance_t *instance,
                                                 resources_guest_session_t self,
                                                 resources_guest_session_next_done_fn done,
                                                 void *user);
extern const spin_abi_export_t resources_guest_session_next_export;

spin_error_t *resources_guest_session_merge(spin_instance_t *instance,
                                            const resources_list_own_guest_session_t *sessions,
                                            resources_guest_session_t *ret);
typedef void (*resources_guest_session_merge_done_fn)(spin_instance_t *instance,
                                                      spin_error_t *error,
                                                      const resources_guest_session_t *ret,
                                                      void *user);
spin_error_t *
resources_guest_session_merge_start(spin_instance_t *instance,
                                    const resources_list_own_guest_session_t *sessions,
                                    resources_guest_session_merge_done_fn done, void *user);
extern const spin_abi_export_t resources_guest_session_merge_export;

spin_error_t *resources_guest_open(spin_instance_t *instance,
                                   const resources_list_borrow_host_file_t *files,
                                   resources_guest_session_t inside,
                                   resources_result_own_guest_session_string_t *ret);
typedef void (*resources_guest_open_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                             const resources_result_own_guest_session_string_t *ret,
                                             void *user);
spin_error_t *resources_guest_open_start(spin_instance_t *instance,
                                         const resources_list_borrow_host_file_t *files,
                                         resources_guest_session_t inside,
                                         resources_guest_open_done_fn done, void *user);
extern const spin_abi_export_t resources_guest_open_export;

/* ── exports of guests: test:resources/both@1.2.3 ── */

/* A call waits for its end. The result is the caller's, for its type's clear function, or
 * spin_string_clear for text and bytes; after an error it is zero. What "_start" shows to `done`
 * is a view, valid until the instance is freed or called again; what arguments point to is kept
 * by the caller until then. An "_export" is for spin_abi_check. */

spin_error_t *resources_both_thing_touch(spin_instance_t *instance,
                                         resources_guest_both_thing_t self, uint32_t *ret);
typedef void (*resources_both_thing_touch_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                                   const uint32_t *ret, void *user);
spin_error_t *resources_both_thing_touch_start(spin_instance_t *instance,
                                               resources_guest_both_thing_t self,
                                               resources_both_thing_touch_done_fn done, void *user);
extern const spin_abi_export_t resources_both_thing_touch_export;

spin_error_t *resources_both_swap(spin_instance_t *instance, const resources_guest_both_box_t *box,
                                  resources_guest_both_box_t *ret);
typedef void (*resources_both_swap_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                            const resources_guest_both_box_t *ret, void *user);
spin_error_t *resources_both_swap_start(spin_instance_t *instance,
                                        const resources_guest_both_box_t *box,
                                        resources_both_swap_done_fn done, void *user);
extern const spin_abi_export_t resources_both_swap_export;

/* ── exports of guests: of the world itself ── */

/* A call waits for its end. The result is the caller's, for its type's clear function, or
 * spin_string_clear for text and bytes; after an error it is zero. What "_start" shows to `done`
 * is a view, valid until the instance is freed or called again; what arguments point to is kept
 * by the caller until then. An "_export" is for spin_abi_check. */

spin_error_t *resources_run(spin_instance_t *instance, resources_result_void_void_t *ret);
typedef void (*resources_run_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                      const resources_result_void_void_t *ret, void *user);
spin_error_t *resources_run_start(spin_instance_t *instance, resources_run_done_fn done,
                                  void *user);
extern const spin_abi_export_t resources_run_export;

#ifdef __cplusplus
}
#endif

#endif
