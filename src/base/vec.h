/* A growing array of one element type.
 *
 *     VEC(int) numbers = {0};
 *     if (!VEC_PUSH(&numbers, 7)) ... out of memory, `numbers` unchanged
 *     numbers.items[0], numbers.len
 *     VEC_FREE(&numbers);
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stdbool.h>
#include <stddef.h>

#define VEC(type)                                                                                  \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t len;                                                                                \
        size_t cap;                                                                                \
    }

/* Makes room for `extra` further elements; false when out of memory. */
#define VEC_RESERVE(vec, extra)                                                                    \
    vec_reserve((void **)&(vec)->items, (vec)->len, &(vec)->cap, (extra), sizeof *(vec)->items)

/* Appends; false when out of memory. */
#define VEC_PUSH(vec, ...)                                                                         \
    (VEC_RESERVE(vec, 1) ? ((vec)->items[(vec)->len++] = (__VA_ARGS__), true) : false)

#define VEC_FREE(vec) (vec_release((void **)&(vec)->items, &(vec)->len, &(vec)->cap))

bool vec_reserve(void **items, size_t len, size_t *cap, size_t extra, size_t item_size);
void vec_release(void **items, size_t *len, size_t *cap);

#endif
