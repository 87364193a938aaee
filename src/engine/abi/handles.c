#include "engine/abi/handles.h"

#include "base/error.h"

spin_error_t *abi_handles_add(abi_handles_t *handles, const abi_resource_t *resource, void *object,
                              bool is_borrow, uint32_t *out) {
    abi_handle_t entry = {.resource = resource, .object = object, .is_borrow = is_borrow};
    uint32_t number = handles->free;
    if (number != 0) {
        handles->free = handles->entries.items[number].next;
        handles->entries.items[number] = entry;
    } else {
        if (handles->entries.len == 0 && !VEC_PUSH(&handles->entries, (abi_handle_t){0}))
            return error_no_memory();
        if (handles->entries.len > ABI_MAX_HANDLES)
            return error_new(SPIN_ERROR_LIMIT, "the guest holds %d handles already",
                             ABI_MAX_HANDLES);
        number = (uint32_t)handles->entries.len;
        if (!VEC_PUSH(&handles->entries, entry))
            return error_no_memory();
    }
    handles->borrows += is_borrow;
    *out = number;
    return NULL;
}

const abi_handle_t *abi_handles_get(const abi_handles_t *handles, const void *type,
                                    uint32_t number) {
    if (number >= handles->entries.len)
        return NULL;
    const abi_handle_t *entry = &handles->entries.items[number];
    bool is_there = entry->resource != NULL && entry->resource->type == type && !entry->is_leaving;
    return is_there ? entry : NULL;
}

void abi_handles_leave(abi_handles_t *handles, uint32_t number) {
    handles->entries.items[number].is_leaving = true;
}

static void remove_entry(abi_handles_t *handles, uint32_t number) {
    abi_handle_t *entry = &handles->entries.items[number];
    handles->borrows -= entry->is_borrow;
    *entry = (abi_handle_t){.next = handles->free};
    handles->free = number;
}

void abi_handles_settle(abi_handles_t *handles, uint32_t number, bool leaves) {
    if (leaves)
        remove_entry(handles, number);
    else
        handles->entries.items[number].is_leaving = false;
}

bool abi_handles_take(abi_handles_t *handles, const void *type, uint32_t number,
                      abi_handle_t *out) {
    const abi_handle_t *entry = abi_handles_get(handles, type, number);
    if (entry == NULL)
        return false;
    *out = *entry;
    remove_entry(handles, number);
    return true;
}

void abi_handles_end_borrows(abi_handles_t *handles) {
    for (uint32_t i = 1; handles->borrows > 0 && i < handles->entries.len; i++)
        if (handles->entries.items[i].resource != NULL && handles->entries.items[i].is_borrow)
            remove_entry(handles, i);
}

void abi_handles_deinit(abi_handles_t *handles, void *instance) {
    for (size_t i = 1; i < handles->entries.len; i++) {
        abi_handle_t entry = handles->entries.items[i];
        handles->entries.items[i].resource = NULL; /* a drop function sees a consistent table */
        if (entry.resource != NULL && !entry.is_borrow && entry.resource->drop != NULL)
            entry.resource->drop(entry.resource, instance, entry.object);
    }
    VEC_FREE(&handles->entries);
    *handles = (abi_handles_t){0};
}
