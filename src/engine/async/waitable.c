#include "engine/async/waitable.h"

#include <stddef.h>

async_event_t async_waitable_take(async_waitable_t *waitable) {
    waitable->has_event = false;
    return waitable->deliver(waitable);
}

static void leave(async_waitable_t *waitable) {
    async_set_t *set = waitable->set;
    if (set == NULL)
        return;
    if (waitable->prev != NULL)
        waitable->prev->next = waitable->next;
    else
        set->first = waitable->next;
    if (waitable->next != NULL)
        waitable->next->prev = waitable->prev;
    else
        set->last = waitable->prev;
    waitable->set = NULL;
    waitable->next = waitable->prev = NULL;
}

void async_waitable_join(async_waitable_t *waitable, async_set_t *set) {
    leave(waitable);
    if (set == NULL)
        return;
    waitable->set = set;
    waitable->prev = set->last;
    if (set->last != NULL)
        set->last->next = waitable;
    else
        set->first = waitable;
    set->last = waitable;
}

async_waitable_t *async_set_ready(const async_set_t *set) {
    async_waitable_t *at = set->first;
    while (at != NULL && !at->has_event)
        at = at->next;
    return at;
}

void async_set_clear(async_set_t *set) {
    while (set->first != NULL)
        leave(set->first);
}
