/* Put in front of each source by scripts/lint.sh: tells clang's analyzer, which looks at one file at
 * a time, what src/base/error.h promises of its makers: never NULL. Without it every `error == NULL`
 * after a failure is a path to a result that was not set. */
#include "base/error.h"

static inline spin_error_t *analyzer_error(spin_error_t *error) {
    if (error == NULL)
        __builtin_unreachable();
    return error;
}

#define error_new(...)        analyzer_error(error_new(__VA_ARGS__))
#define error_wrap(...)       analyzer_error(error_wrap(__VA_ARGS__))
#define error_from_errno(...) analyzer_error(error_from_errno(__VA_ARGS__))
#define error_no_memory()     analyzer_error(error_no_memory())
#define error_at(...)         analyzer_error(error_at(__VA_ARGS__))
#define error_at_offset(...)  analyzer_error(error_at_offset(__VA_ARGS__))
