/* What the files of the 2022 rewrite share. */
#ifndef COMPONENT_LEGACY_PARTS_H
#define COMPONENT_LEGACY_PARTS_H

#include "component/legacy.h"
#include "wasm/module.h"

/* An entry point to which a helper is added. */
typedef struct legacy_entry {
    const char *export_name; /* of the helper, without the layout */
    uint32_t func;           /* as exported */
    uint32_t target;         /* what the helper calls */
    uint32_t param_count;
    legacy_layout_t layout;
} legacy_entry_t;

/* An export whose layout is told: a function's, or the module's where `name` is empty. */
typedef struct legacy_told {
    spin_slice_t name;
    uint32_t func;
    legacy_layout_t layout; /* not UNKNOWN */
} legacy_told_t;

/* What is to be done to a module. Indices are those of the original. */
typedef struct legacy_plan {
    const core_module_t *module;
    legacy_entry_t entries[2];
    uint32_t entry_count;
    legacy_told_t *told; /* in the arena; with neither entries nor these nothing is to be done */
    uint32_t told_count;
    uint32_t memory; /* the exported one */
    uint32_t alloc;  /* canonical_abi_realloc, or the function inside its wrapper */
    bool bracketed;  /* the helper itself calls constructors, and destructors */
    bool has_dtors;
    uint32_t ctors;
    uint32_t dtors;
} legacy_plan_t;

/* The result areas that are told apart. */
typedef enum legacy_result {
    LEGACY_RESULT_ANY,      /* of a type that is not known here */
    LEGACY_RESULT_RESPONSE, /* of handle-http-request */
    LEGACY_RESULT_OUTCOME,  /* of handle-redis-message */
} legacy_result_t;

/* legacy.c: whether `name` begins with one of `prefixes` or is one of `names`; both end with NULL.
 */
bool legacy_is_listed(spin_slice_t name, const char *const *prefixes, const char *const *names);

/* legacy_scan.c: reads the layout off the stores of function `func`. UNKNOWN where they do not
 * tell, and for broken bodies. `*steps` is how much of the code may still be looked at, for all
 * scans of one module together, and gets what is left of it. Error: NO_MEMORY. */
spin_error_t *legacy_scan_layout(const core_module_t *module, uint32_t func, legacy_result_t result,
                                 uint32_t *steps, legacy_layout_t *out);

/* legacy_layouts.c: fills in what the plan tells of layouts; its entries have theirs already.
 * `*steps` as above. Error: NO_MEMORY. */
spin_error_t *legacy_plan_layouts(arena_t *arena, legacy_plan_t *plan, uint32_t *steps);

/* legacy_emit.c: writes the module anew by the plan, which has something to do. Errors as
 * legacy_rewrite's, and UNSUPPORTED for an unknown instruction. */
spin_error_t *legacy_emit(arena_t *arena, const legacy_plan_t *plan, spin_slice_t *out);

#endif
