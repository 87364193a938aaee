#include "base/options.h"

#include "base/error.h"

spin_error_t *options_take(void *to, size_t to_size, const void *from, const char *type) {
    size_t size;
    if (from == NULL)
        return NULL;
    memcpy(&size, from, sizeof size);
    if (size < sizeof size || size % sizeof size != 0) /* which would end amid a field */
        return error_new(SPIN_ERROR_USAGE, "%s.size is not set", type);
    memcpy(to, from, size < to_size ? size : to_size);
    return NULL;
}
