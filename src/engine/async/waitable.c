#include "engine/async/waitable.h"

#include "engine/async/thread.h"

static async_waitables_t *list_of(const async_waitable_t *waitable) {
    async_set_t *set = waitable->set;
    return waitable->has_event ? &set->ready : &set->quiet;
}

static void list_remove(async_waitable_t *waitable) {
    async_waitables_t *list = list_of(waitable);
    *(waitable->prev != NULL ? &waitable->prev->next : &list->first) = waitable->next;
    *(waitable->next != NULL ? &waitable->next->prev : &list->last) = waitable->prev;
    waitable->next = waitable->prev = NULL;
}

static void list_append(async_waitable_t *waitable) {
    async_waitables_t *list = list_of(waitable);
    waitable->prev = list->last;
    *(list->last != NULL ? &list->last->next : &list->first) = waitable;
    list->last = waitable;
}

static void set_event(async_waitable_t *waitable, bool has_event) {
    if (waitable->has_event == has_event)
        return;
    if (waitable->set != NULL)
        list_remove(waitable);
    waitable->has_event = has_event;
    if (waitable->set != NULL)
        list_append(waitable);
}

void async_waitable_tell(async_waitable_t *waitable) {
    set_event(waitable, true);
    async_waiters_wake(&waitable->waiters);
    if (waitable->set != NULL)
        async_waiters_wake(&waitable->set->waiters);
}

async_event_t async_waitable_take(async_waitable_t *waitable) {
    set_event(waitable, false);
    return waitable->deliver(waitable);
}

void async_waitable_join(async_waitable_t *waitable, async_set_t *set) {
    if (waitable->set != NULL)
        list_remove(waitable);
    waitable->set = set;
    if (set == NULL)
        return;
    list_append(waitable);
    if (waitable->has_event)
        async_waiters_wake(&set->waiters);
}

void async_set_clear(async_set_t *set) {
    while (set->ready.first != NULL)
        async_waitable_join(set->ready.first, NULL);
    while (set->quiet.first != NULL)
        async_waitable_join(set->quiet.first, NULL);
}
