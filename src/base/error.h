/* Making and wrapping the errors of <spin/error.h>. None of these returns NULL: when even the error
 * can't be allocated, they return a static "out of memory" that spin_error_free leaves alone. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "spin/error.h"

spin_error_t *error_new(spin_error_kind_t kind, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says what the caller was doing when `cause` happened. Takes `cause`; keeps its kind. */
spin_error_t *error_wrap(spin_error_t *cause, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* From errno: the kind that fits, and "<message>: <strerror>". */
spin_error_t *error_from_errno(int number, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

spin_error_t *error_no_memory(void);

/* Puts a position on the outermost link of `error` and returns it. `file` may be NULL (only numbers
 * are kept) and is copied. */
spin_error_t *error_at(spin_error_t *error, const char *file, uint32_t line, uint32_t column);
spin_error_t *error_at_offset(spin_error_t *error, const char *file, uint64_t offset);

#endif
