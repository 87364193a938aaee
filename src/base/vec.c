#include "base/vec.h"

#include "base/alloc.h"

bool vec_reserve(void **items, size_t len, size_t *cap, size_t extra, size_t item_size) {
    size_t need;
    if (__builtin_add_overflow(len, extra, &need))
        return false;
    if (need <= *cap)
        return true;
    size_t grown = *cap < 8 ? 8 : *cap;
    while (grown < need)
        if (__builtin_mul_overflow(grown, (size_t)2, &grown))
            return false;
    void *moved = mem_resize(*items, grown, item_size);
    if (moved == NULL)
        return false;
    *items = moved;
    *cap = grown;
    return true;
}

void vec_release(void **items, size_t *len, size_t *cap) {
    mem_free(*items);
    *items = NULL;
    *len = *cap = 0;
}
