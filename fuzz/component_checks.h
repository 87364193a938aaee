/* What must hold of any error about a component. */
#ifndef FUZZ_COMPONENT_CHECKS_H
#define FUZZ_COMPONENT_CHECKS_H

#include <stdlib.h>

#include "base/error.h"

static inline void require(bool holds) {
    if (!holds)
        abort();
}

/* What a valid component may fail for: it asks for what there is not, or for too much. */
static inline bool is_refusal(spin_error_kind_t kind) {
    return kind == SPIN_ERROR_UNSUPPORTED || kind == SPIN_ERROR_LIMIT ||
           kind == SPIN_ERROR_NOT_FOUND || kind == SPIN_ERROR_NO_MEMORY;
}

/* Frees `error`, which is about the input and not a defect of this library, with an offset inside
 * of it where there is one. */
static inline void check_error(spin_error_t *error, size_t size, bool may_be_invalid) {
    spin_error_kind_t kind = spin_error_kind(error);
    spin_position_t position = spin_error_position(error);
    require(is_refusal(kind) || (may_be_invalid && kind == SPIN_ERROR_INVALID));
    require(*spin_error_message(error) != '\0');
    require(!position.has_offset || position.offset <= size);
    spin_error_free(error);
}

/* The same where an offset must be there. */
static inline void check_located_error(spin_error_t *error, size_t size) {
    require(spin_error_kind(error) == SPIN_ERROR_NO_MEMORY ||
            spin_error_position(error).has_offset);
    check_error(error, size, true);
}

#endif
