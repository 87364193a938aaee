/* The core signature of lifted and lowered functions and of built-ins (CanonicalABI.md,
 * "Flattening"): letters i (i32), I (i64), f, F for each value. */
#ifndef COMPONENT_SIGNATURE_H
#define COMPONENT_SIGNATURE_H

#include "component/linked.h"

enum { SIGNATURE_MAX = 20 };

typedef struct signature {
    char params[SIGNATURE_MAX + 1];
    char results[SIGNATURE_MAX + 1];
    bool params_in_memory; /* `params` is one pointer (and the result's, of a lower) */
    bool result_in_memory; /* a lift returns a pointer; a lower takes one as its last parameter */
} signature_t;

/* Of the core function that is lifted. */
signature_t signature_of_lift(const spin_function_t *type, const linked_options_t *options);
/* Of the core function that lowering makes. */
signature_t signature_of_lower(const spin_function_t *type, const linked_options_t *options);
signature_t signature_of_builtin(const linked_component_t *linked, const linked_builtin_t *builtin);

/* Sizes, alignments and payload offsets where pointers are 4 or 8 bytes wide. */
static inline const wit_layout_t *signature_layout(const spin_type_t *type, bool memory64) {
    return memory64 ? &type->layout64 : &type->layout;
}
static inline uint32_t signature_size(const spin_type_t *type, bool memory64) {
    return signature_layout(type, memory64)->size;
}
static inline uint32_t signature_align(const spin_type_t *type, bool memory64) {
    return signature_layout(type, memory64)->align;
}
/* Letters of the flattened type into `out`, which holds `limit` (at most WIT_FLAT_MAX) and a NUL;
 * false: more than that. */
bool signature_flatten(const spin_type_t *type, bool memory64, char *out, uint32_t limit);

#endif
