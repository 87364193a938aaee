/* Calling guests by the types of WIT: lifting and lowering over linear memory.
 *
 * The upper part calls a function whose type is known only at run time (<spin/value.h>). The lower
 * part is what the code that spin-bindgen writes stands on; nobody else needs it.
 *
 * Three conventions are in use, and which one a component follows shows from its module:
 *
 *   SPIN_ABI_CANONICAL       today's canonical ABI: `cabi_realloc`, `cabi_post_NAME`; exports are
 *                            named "ns:pkg/iface@1.0.0#func", imports live in modules
 *                            "ns:pkg/iface@1.0.0" (component-model, CanonicalABI.md). A module that
 *                            exports `_initialize` has it called before its first function
 *   SPIN_ABI_2022_CANONICAL  `canonical_abi_realloc`, `canonical_abi_free`, plain names; several
 *                            results lie in memory as the canonical ABI has them
 *   SPIN_ABI_2022_SLOTS      the same, flat result i at byte 8 * i (docs/abi-2022.md) */
#ifndef SPIN_ABI_H
#define SPIN_ABI_H

#include <stdbool.h>

#include "spin/allocator.h"
#include "spin/engine.h"
#include "spin/error.h"
#include "spin/slice.h"
#include "spin/value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ── functions whose type is known at run time ───────────────────────────────────────────── */

/* Calls the export of `instance` that `function` describes and waits for its end, as
 * spin_instance_call does. `args` are the caller's. `*result` is for spin_value_clear; NULL where
 * nothing is wanted. Errors: those of spin_instance_call, naming component and function; INVALID
 * (an argument is not of its type, what the guest returned is not a value of the type: bad UTF-8, a
 * case that there isn't), NOT_FOUND (no such export), TRAP (a pointer outside of the memory). */
SPIN_API spin_error_t *spin_value_call(spin_instance_t *instance, const spin_function_t *function,
                                       const spin_value_t *args, size_t args_len,
                                       spin_value_t *result);

/* Told once when a started call ends. `error` is NULL or the callee's to free; `result` is borrowed
 * until the instance is freed or called again, NULL after an error and where there is none. */
typedef void (*spin_value_done_fn)(spin_instance_t *instance, spin_error_t *error,
                                   const spin_value_t *result, void *user);
/* The same without waiting, as spin_instance_start does. `args` are kept by the caller until
 * `done`. */
SPIN_API spin_error_t *spin_value_start(spin_instance_t *instance, const spin_function_t *function,
                                        const spin_value_t *args, size_t args_len,
                                        spin_value_done_fn done, void *user);

/* ── for generated code: lowering and lifting ────────────────────────────────────────────── */

/* A flat core value: i32 (zero-extended), i64, or the bits of f32 and f64. */
typedef uint64_t spin_flat_t;

/* Lowering takes two passes over the same values in the same order: `measure` says what the guest
 * must allocate, then, when it has, `lower` writes. So one entry into the guest does a whole call
 * where the module has a helper for it, and nothing holds a guest pointer while the guest runs. */
typedef struct spin_lower spin_lower_t;
/* Lifting reads what a guest left, and trusts nothing. Errors stick: after the first one further
 * reads give zeros, and the driver reports it with component, function and reason. */
typedef struct spin_lift spin_lift_t;

/* measure: one allocation of `count` elements of `size` bytes. */
SPIN_API void spin_lower_measure(spin_lower_t *lower, size_t count, size_t size, uint32_t align);
/* lower: the next allocation, in the same order. Returns where its bytes are to be written, valid
 * until `lower` returns: no guest code runs meanwhile. `*ptr` gets the guest's address. NULL where
 * count * size is 0 or after an error (elements are not written then). Of a result that the guest
 * can't take any more it is memory that nobody reads: what the result owns is dropped on the way.
 */
SPIN_API uint8_t *spin_lower_take(spin_lower_t *lower, size_t count, size_t size, uint32_t align,
                                  uint32_t *ptr);
/* lower: the same for bytes or text, and copies them. */
SPIN_API void spin_lower_bytes(spin_lower_t *lower, spin_slice_t bytes, uint32_t *ptr);
/* The same for text (UTF-8), in the encoding that the guest keeps it in: `*len` is its length
 * there, in the guest's units. */
SPIN_API void spin_lower_measure_text(spin_lower_t *lower, spin_slice_t text);
SPIN_API void spin_lower_text(spin_lower_t *lower, spin_slice_t text, uint32_t *ptr, uint32_t *len);
/* A value that can't be lowered: a discriminant or flag that there isn't, a text too long. `what`
 * names its type. */
SPIN_API void spin_lower_fail(spin_lower_t *lower, const char *what, uint64_t value);
SPIN_API bool spin_lower_failed(const spin_lower_t *lower);

/* `count` elements of `size` bytes at `ptr`, checked for bounds, overflow and alignment. NULL: none
 * (count or size 0), or an error. */
SPIN_API const uint8_t *spin_lift_at(spin_lift_t *lift, uint32_t ptr, uint32_t count, size_t size,
                                     uint32_t align);
/* Text, which must be UTF-8, and bytes (list<u8>): a copy for the caller, or a view of the guest's
 * memory, as the call has it. */
SPIN_API spin_string_t spin_lift_text(spin_lift_t *lift, uint32_t ptr, uint32_t len);
SPIN_API spin_string_t spin_lift_bytes(spin_lift_t *lift, uint32_t ptr, uint32_t len);
/* Zeroed memory for `count` elements of a C array of `size` bytes each: from spin_memory_alloc, or
 * from the instance's arena in a view. NULL where count is 0, or an error. */
SPIN_API void *spin_lift_alloc(spin_lift_t *lift, size_t count, size_t size);
/* A char must be a Unicode scalar value. */
SPIN_API uint32_t spin_lift_char(spin_lift_t *lift, uint32_t value);
/* Makes the lift fail: `what` names the type ("enum method"), `value` what was found. */
SPIN_API void spin_lift_fail(spin_lift_t *lift, const char *what, uint64_t value);
SPIN_API bool spin_lift_failed(const spin_lift_t *lift);

/* Handles of resources that the host implements: a guest knows an index, the host its object. */
SPIN_API uint32_t spin_lower_own(spin_lower_t *lower, const void *resource_type, void *object);
SPIN_API uint32_t spin_lower_borrow(spin_lower_t *lower, const void *resource_type, void *object);
SPIN_API void *spin_lift_own(spin_lift_t *lift, const void *resource_type, uint32_t handle);
SPIN_API void *spin_lift_borrow(spin_lift_t *lift, const void *resource_type, uint32_t handle);
/* A resource that the guest implements, by the interface that the guest exports it in. Static in
 * generated code. */
typedef struct spin_abi_guest_resource {
    size_t size;        /* sizeof(spin_abi_guest_resource_t) */
    const char *module; /* "ns:pkg/iface@1.0.0" */
    const char *name;   /* "output-stream" */
} spin_abi_guest_resource_t;

/* Of resources that the guest implements the host keeps the handle itself: own<T> passes as it is.
 * borrow<T> passes as what stands behind the handle, which this looks up. */
SPIN_API uint32_t spin_lower_guest_borrow(spin_lower_t *lower, uint32_t handle);
/* The same, and a component of the component model has its handles checked: they must be of
 * `resource`, whoever gives them. Their numbers are the host's own there, and not the guest's. */
SPIN_API uint32_t spin_lower_guest_borrow_of(spin_lower_t *lower,
                                             const spin_abi_guest_resource_t *resource,
                                             uint32_t handle);
SPIN_API uint32_t spin_lower_guest_own(spin_lower_t *lower,
                                       const spin_abi_guest_resource_t *resource, uint32_t handle);
SPIN_API uint32_t spin_lift_guest_own(spin_lift_t *lift, const spin_abi_guest_resource_t *resource,
                                      uint32_t handle);
/* Lets such a handle go. The guest's destructor runs at the beginning of the instance's next call
 * by <spin/abi.h>, and not at all where there is none; a component's runs before this returns
 * (spin_component_drop). Errors: INVALID (not such a handle), NO_MEMORY; of a component those of
 * spin_component_drop. */
SPIN_API spin_error_t *spin_abi_drop(spin_instance_t *instance, uint32_t handle);

/* Little-endian access to guest memory that was checked before. */
static inline uint8_t spin_load_u8(const uint8_t *at) {
    return *at;
}
static inline uint16_t spin_load_u16(const uint8_t *at) {
    return (uint16_t)(at[0] | at[1] << 8);
}
static inline uint32_t spin_load_u32(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}
static inline uint64_t spin_load_u64(const uint8_t *at) {
    return spin_load_u32(at) | (uint64_t)spin_load_u32(at + 4) << 32;
}
static inline float spin_load_f32(const uint8_t *at) {
    uint32_t bits = spin_load_u32(at);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
static inline double spin_load_f64(const uint8_t *at) {
    uint64_t bits = spin_load_u64(at);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
static inline void spin_store_u8(uint8_t *at, uint8_t value) {
    *at = value;
}
static inline void spin_store_u16(uint8_t *at, uint16_t value) {
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}
static inline void spin_store_u32(uint8_t *at, uint32_t value) {
    spin_store_u16(at, (uint16_t)value);
    spin_store_u16(at + 2, (uint16_t)(value >> 16));
}
static inline void spin_store_u64(uint8_t *at, uint64_t value) {
    spin_store_u32(at, (uint32_t)value);
    spin_store_u32(at + 4, (uint32_t)(value >> 32));
}
static inline void spin_store_f32(uint8_t *at, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    spin_store_u32(at, bits);
}
static inline void spin_store_f64(uint8_t *at, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    spin_store_u64(at, bits);
}
static inline spin_flat_t spin_flat_of_f32(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
static inline spin_flat_t spin_flat_of_f64(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
static inline float spin_flat_f32(spin_flat_t flat) {
    uint32_t bits = (uint32_t)flat;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
static inline double spin_flat_f64(spin_flat_t flat) {
    double value;
    memcpy(&value, &flat, sizeof value);
    return value;
}

/* ── for generated code: calling a guest's export ────────────────────────────────────────── */

/* A function that guests export. Static in generated code, filled in by name; what is not named is
 * zero. `args` and `result` are structs of the generated code. */
typedef struct spin_abi_export {
    size_t size;             /* sizeof(spin_abi_export_t) */
    const char *name;        /* as a person would call it: "echo", "greeter.greet" */
    const char *export_name; /* in the module: "echo", "ns:pkg/iface@1.0.0#echo" */
    /* The core signature, one of i (i32), I (i64), f (f32), F (f64) for each value. With more than
     * 16 flat parameters `params` is "i" and they go through memory: then `lower` writes to `area`.
     * `results` is the flattened result, which is returned as it is where it is one value, and
     * through an area in the guest's memory where it is several. */
    const char *params;
    const char *results;
    uint32_t params_size; /* of the area of parameters; 0: they are flat */
    uint32_t params_align;
    uint32_t result_size; /* of the canonical area of results */
    uint32_t result_align;
    size_t c_args_size; /* of the structs in C */
    size_t c_result_size;
    bool is_async; /* declared `async func`; called the same way here */
    /* Handed to the callbacks (the run-time path keeps its function here). */
    const void *context;

    /* NULL: nothing to allocate in the guest. */
    void (*measure)(spin_lower_t *lower, const void *context, const void *args);
    /* Fills `flat` (params_size 0) or `area`. NULL: no parameters. */
    void (*lower)(spin_lower_t *lower, const void *context, const void *args, spin_flat_t *flat,
                  uint8_t *area);
    /* Exactly one of `flat` (a single value, or slots) and `area` (canonical) is given. `result` is
     * zeroed. NULL: no result. */
    void (*lift)(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                 const uint8_t *area, void *result);
    /* Frees what an owned `result` holds, also a half-lifted one. NULL: nothing. */
    void (*clear)(const void *context, void *result);
} spin_abi_export_t;

/* Calls and waits. `result` is owned by the caller: copies. After an error it is zero; NULL where
 * nothing is wanted. What the guest gave away for the result (by `cabi_post_NAME`, in 2022 by
 * canonical_abi_free) is given back at the beginning of the instance's next call by <spin/abi.h>,
 * so never where an instance serves one event. The instance's time limit is for the whole call, its
 * allocations included. Errors: those of spin_instance_call; NOT_FOUND (no such export, or no
 * allocator); INVALID (another signature, a result that is not of its type); TRAP (a pointer
 * outside of the memory or not aligned, a borrowed handle kept); LIMIT (a result larger than the
 * guest's memory, which names the same bytes again and again); EXIT, also with status 0; CANCELLED
 * (a host function freed the instance). */
SPIN_API spin_error_t *spin_abi_call(spin_instance_t *instance, const spin_abi_export_t *function,
                                     const void *args, void *result);

/* Told once. `result` is a view, valid until the instance is freed or called again; NULL after an
 * error and where there is none. `handler` is the generated code's typed function, as it gave it.
 */
typedef void (*spin_abi_done_fn)(spin_instance_t *instance, spin_error_t *error, void *result,
                                 void (*handler)(void), void *user);
/* Starts and returns. `*args` is copied, what it points to is kept by the caller until `done`. */
SPIN_API spin_error_t *spin_abi_start(spin_instance_t *instance, const spin_abi_export_t *function,
                                      const void *args, spin_abi_done_fn done,
                                      void (*handler)(void), void *user);

/* Whether component `id` has that export with that signature; for a check before anything runs.
 * Errors: NOT_FOUND, INVALID. */
SPIN_API spin_error_t *spin_abi_check(spin_execution_context_t *context, spin_slice_t id,
                                      const spin_abi_export_t *function);

/* The conventions named at the top. */
typedef enum spin_abi {
    SPIN_ABI_CANONICAL = 0,
    SPIN_ABI_2022_CANONICAL,
    SPIN_ABI_2022_SLOTS,
} spin_abi_t;
/* How this instance's component lays out the results of the functions that it imports. A module
 * with both allocators follows today's convention, but for its entry points of 2022. */
SPIN_API spin_abi_t spin_abi_of(spin_instance_t *instance);

/* ── for generated code and implementers: functions that guests import ───────────────────── */

/* One call of a host function. */
typedef struct spin_host_call spin_host_call_t;

/* The guest that called. Borrowed. */
SPIN_API spin_instance_t *spin_host_call_instance(spin_host_call_t *call);
/* What was given to the interface's link function. */
SPIN_API void *spin_host_call_user(spin_host_call_t *call);
/* Zeroed memory for what the answer points to; goes with the call. NULL: out of memory. */
SPIN_API void *spin_host_call_alloc(spin_host_call_t *call, size_t size);
/* The operation can't answer yet: it says so before it returns NULL, keeps `call` and its result
 * pointer, and calls spin_host_call_done from the loop later. Until then the guest is suspended.
 * `cancel` is called instead where the instance is freed meanwhile: `call` and the result are gone
 * after it. `cancel` may be NULL. */
SPIN_API void spin_host_call_wait(spin_host_call_t *call,
                                  void (*cancel)(spin_host_call_t *call, void *data), void *data);
/* The result is there. `error`, which this takes, traps the guest. */
SPIN_API void spin_host_call_done(spin_host_call_t *call, spin_error_t *error);

/* A function that guests import. `args` lives as long as the call, and so does what it points to;
 * strings in it are copies. An error that `call` returns traps the guest. */
typedef struct spin_abi_import {
    size_t size;        /* sizeof(spin_abi_import_t) */
    const char *name;   /* "get", "[method]output-stream.write" */
    const char *params; /* flattened, without the area pointer of results; "i" with params_size */
    const char *results;
    uint32_t params_size;
    uint32_t params_align;
    uint32_t result_size;
    uint32_t result_align;
    size_t c_args_size;
    size_t c_result_size;
    bool is_async;
    const void *context;

    /* A lift that fails gives no handle away: the guest has those of `args` still. */
    void (*lift)(spin_lift_t *lift, const void *context, const spin_flat_t *flat,
                 const uint8_t *area, void *args);
    /* `operations` is what the link function was given. */
    spin_error_t *(*call)(spin_host_call_t *call, const void *operations, const void *context,
                          void *args, void *result);
    void (*measure)(spin_lower_t *lower, const void *context, const void *result);
    /* The objects in `result` are the guest's from here on; those that it can't be given, because
     * its allocator fails say, are dropped. */
    void (*lower)(spin_lower_t *lower, const void *context, const void *result, spin_flat_t *flat,
                  uint8_t *area);
} spin_abi_import_t;

/* A resource that the host implements. Its address identifies it (`resource_type` above). */
typedef struct spin_abi_resource {
    size_t size;      /* sizeof(spin_abi_resource_t) */
    const char *name; /* "output-stream" */
    /* The guest dropped its handle, or the instance ended. */
    void (*drop)(spin_instance_t *instance, const void *operations, void *object, void *user);
} spin_abi_resource_t;

/* An interface that guests import: `functions_len` functions and `resources_len` resources. Static
 * in generated code. */
typedef struct spin_abi_interface {
    size_t size;        /* sizeof(spin_abi_interface_t) */
    const char *module; /* "wasi-outbound-http", "ns:pkg/iface@1.0.0" */
    const spin_abi_import_t *const *functions;
    size_t functions_len;
    const spin_abi_resource_t *const *resources;
    size_t resources_len;
} spin_abi_interface_t;

/* Defines the interface's functions for every component of the builder. `operations` and `user` are
 * kept by the caller until the context is freed. A later definition replaces an earlier one.
 * Errors: INTERNAL (a bad descriptor), NO_MEMORY. */
SPIN_API spin_error_t *spin_abi_link(spin_engine_builder_t *builder,
                                     const spin_abi_interface_t *interface, const void *operations,
                                     void *user);

#ifdef __cplusplus
}
#endif

#endif
