/* The handles that a guest holds: small numbers for it, objects for the host (component-model,
 * CanonicalABI.md, "Table state"). */
#ifndef ENGINE_ABI_HANDLES_H
#define ENGINE_ABI_HANDLES_H

#include <stdbool.h>

#include "base/vec.h"
#include "spin/component.h"
#include "spin/error.h"

/* A resource of a linked interface. */
typedef struct abi_resource abi_resource_t;
struct abi_resource {
    abi_resource_t *next;
    const void *type; /* what identifies it: the descriptor */
    const char *name;
    /* The last owner lets it go. */
    void (*drop)(const abi_resource_t *resource, void *instance, void *object);
    const void *operations;
    void *user;
    const char *module; /* where it is imported from */
    void (*drop_value)(spin_instance_t *instance, uint64_t representation, void *user);
};

typedef struct abi_handle {
    const abi_resource_t *resource; /* NULL: free */
    void *object;
    bool is_borrow;
    bool is_leaving; /* lifted by a call whose other values are not lifted yet */
    uint32_t next;   /* where free: the next free one, or 0 */
} abi_handle_t;

/* Zero to begin with. Number 0 is no handle. */
typedef struct abi_handles {
    VEC(abi_handle_t) entries;
    uint32_t free;
    uint32_t borrows; /* that the guest has not dropped */
} abi_handles_t;

/* Guests may hold that many. */
enum { ABI_MAX_HANDLES = 1 << 20 };

/* Errors: LIMIT, NO_MEMORY. */
spin_error_t *abi_handles_add(abi_handles_t *handles, const abi_resource_t *resource, void *object,
                              bool is_borrow, uint32_t *out);
/* The entry, or NULL where there is none of that type, or it is leaving. */
const abi_handle_t *abi_handles_get(const abi_handles_t *handles, const void *type,
                                    uint32_t number);
/* Has the entry, which is there, leave. */
void abi_handles_leave(abi_handles_t *handles, uint32_t number);
/* It has left, or stays after all. */
void abi_handles_settle(abi_handles_t *handles, uint32_t number, bool leaves);
/* The same, removed; `*out` is what it was. */
bool abi_handles_take(abi_handles_t *handles, const void *type, uint32_t number, abi_handle_t *out);
/* Removes the borrowed ones: those of a call that is over. */
void abi_handles_end_borrows(abi_handles_t *handles);
/* Drops all that is left. `instance` is for the drop functions. */
void abi_handles_deinit(abi_handles_t *handles, void *instance);

#endif
