/* Whether a decoded component is valid (component-model, Binary.md and Explainer.md; the same
 * answers as Wasmtime's validator). */
#ifndef COMPONENT_VALIDATE_H
#define COMPONENT_VALIDATE_H

#include "component/ast.h"

/* What is switched on beside what is always there. */
typedef struct component_features {
    bool no_async; /* async functions, streams, futures and their built-ins are refused */
    bool no_implements;
    bool no_map;
    bool no_fixed_list;
    bool no_error_context;
    bool no_memory64;
    bool no_more_async; /* the built-ins that Wasmtime has behind a switch of their own */
    bool no_stackful;
    bool threading;
    bool values; /* start, value imports and exports: never run, only decoded */
} component_features_t;

typedef struct component_validate_options {
    component_features_t features;
    /* Says whether a core module is valid as a whole, bodies included; NULL: what is instantiated
     * is checked by who compiles the fused module. */
    spin_error_t *(*core_module)(void *user, spin_slice_t bytes);
    void *user;
} component_validate_options_t;

/* Errors: INVALID with the byte offset and the reason; UNSUPPORTED; LIMIT; NO_MEMORY. `options` may
 * be NULL. */
spin_error_t *component_validate(const ast_component_t *component,
                                 const component_validate_options_t *options);

#endif
