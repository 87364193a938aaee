/* Options structs of the public API: they begin with their own size, and a caller that was compiled
 * against an older, smaller one is understood. */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include "spin/error.h"

/* Copies `from` (NULL: nothing) over the zeroed struct at `to`, as much of it as both know. Errors:
 * USAGE where it does not hold its own size; `type` names it in the message. */
spin_error_t *options_take(void *to, size_t to_size, const void *from, const char *type);

#endif
