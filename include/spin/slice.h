/* Text and bytes. */
#ifndef SPIN_SLICE_H
#define SPIN_SLICE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Marks what libspin exports; everything else stays inside the library. */
#define SPIN_API __attribute__((visibility("default")))

/* A view of `len` bytes at `ptr`, owned by somebody else and not NUL-terminated.
 * `ptr` may be NULL only where `len` is 0. Text is UTF-8. */
typedef struct spin_slice {
    const uint8_t *ptr;
    size_t len;
} spin_slice_t;

/* A view of the NUL-terminated string `text` (NULL: the empty view). The caller keeps `text`. */
static inline spin_slice_t spin_slice(const char *text) {
    spin_slice_t slice = {(const uint8_t *)text, text == NULL ? 0 : strlen(text)};
    return slice;
}

/* A view of `len` bytes at `ptr`. */
static inline spin_slice_t spin_slice_of(const void *ptr, size_t len) {
    spin_slice_t slice = {(const uint8_t *)ptr, len};
    return slice;
}

/* A slice that its holder owns, for spin_string_clear: what functions hand out. */
typedef spin_slice_t spin_string_t;

/* Frees the bytes and makes it empty. An empty one is allowed. Any thread. */
SPIN_API void spin_string_clear(spin_string_t *string);

/* The one of `len` names that `text` was probably meant to be, for "did you mean"; NULL where none
 * is near. Any thread. */
SPIN_API const char *spin_nearest_name(spin_slice_t text, const char *const *names, size_t len);

#ifdef __cplusplus
}
#endif

#endif
