/* Writes a linked component as one core module.
 *
 * Exports of the fused module
 *   "memory", "memory:N"               memories that canonical options name, by memory_number
 *   "cabi_realloc", "cabi_realloc:N"   the same for allocators
 *   EXPORT                             a lift with that export_name (fuse_export_name), and
 *   "cabi_post_EXPORT", "[callback]EXPORT"   what its options have
 *   "spin:lift:N", "spin:post:N", "spin:callback:N"   lift N, where calls inside go through the
 * host "spin:dtor:N"                      the destructor of resource N, for the host "spin:flags:N"
 * FUSE_FLAG_*, an i32 of component instance N "spin:table:N"                     the table of
 * built-in N "spin:start:N"                     its element's call: (number, argument) -> ()
 * All functions among them check and set the flags of the component instances that they
 * enter.
 *
 * "spin:call:EXPORT", where fuse_has_call, is a whole call by the host: (part i64) -> the lift's
 * results, or nothing where there is a post-return. It allocates the arguments, calls the lift, and
 * post-return. `part` is of the first argument, as FUSE_PART returns it.
 *
 * Imports
 *   INTERFACE or "$root", NAME         a lower of an import; further lowers of it are "NAME:N", N
 * the number of the lower (fuse_import_name). Where the type's result has pointers and the call is
 * synchronous, it gives an i32: how many parts the result needs. Then, for each of them and once
 * more at the end, the module calls "part" "spin:builtin", "KIND:N"           built-in N: its core
 * signature ("resource.drop:3"). Of "resource.drop" it returns an i64: the representation whose
 *                                      destructor is to be called, which the module does, or -1
 *   "spin:call", "N"                   lower N of a lift, in a component that uses_async
 *   "spin:runtime", …                  fuse_runtime_t
 *   "spin:argument", LETTERS           gives "spin:call:…" the arguments: see below
 *   "spin:result", LETTERS             (the lift's core result) -> (), before its post-return
 * context.get and context.set are globals of the module, where no call goes through the host.
 *
 * Custom sections
 *   "name"      the functions' names of all modules, and telling ones of what is made here
 *   "spin:map"  where functions come from (fuse_map_find); DWARF and source map URLs are left out:
 *               with this they can be taken from the original modules
 *
 * Everything that happens at instantiation happens in the order of the linked component. */
#ifndef COMPONENT_FUSE_H
#define COMPONENT_FUSE_H

#include "base/buf.h"
#include "component/linked.h"

typedef enum fuse_runtime {
    FUSE_TRAP,            /* (code i32): a fuse_trap_t; does not return */
    FUSE_PART,            /* (ptr i32) -> i64: see below */
    FUSE_TRANSFER_OWN,    /* (resource i32, from i32, to i32, handle i32) -> handle i32; `from` and
                             `to` are component instances. Where `to` implements the resource a
                             borrow becomes its representation */
    FUSE_TRANSFER_BORROW, /* the same */
    FUSE_ENTER_CALL,      /* (lower i32): the callee's borrows are counted from here */
    FUSE_LEAVE_CALL,      /* (lower i32): traps where it kept one, and ends the caller's lending */
    FUSE_TRANSFER_STREAM, /* (lower i32, from i32, to i32, handle i32) -> handle i32 */
    FUSE_TRANSFER_FUTURE,
    FUSE_TRANSFER_ERROR_CONTEXT,
    FUSE_IDLE, /* (): exported as "spin:idle" where the component uses_async; waits */
    FUSE_RUNTIME_COUNT,
} fuse_runtime_t;
/* FUSE_PART: after an import of which parts are wanted, the first call has 0, each further one the
 * address that the allocator gave; it returns size | align << 32 of the next part, and -1 when that
 * was the last: then the result is written. */

/* "spin:argument" is (ptr i32) -> the lift's core parameters, LETTERS, and an i64: `ptr` is where
 * the part before was allocated (0: there was none), the i64 is the next part. At -1 there is none,
 * and the parameters are there. */

/* Its import's name: "trap", "part", "transfer-own"… */
const char *fuse_runtime_name(fuse_runtime_t function);
/* Its core signature: letters i, I, f, F for each value. */
const char *fuse_runtime_params(fuse_runtime_t function);
const char *fuse_runtime_results(fuse_runtime_t function);

/* Why the fused module traps by itself. */
typedef enum fuse_trap {
    FUSE_TRAP_CANNOT_LEAVE,
    FUSE_TRAP_CANNOT_ENTER,
    FUSE_TRAP_BAD_DISCRIMINANT,
    FUSE_TRAP_BAD_CHAR,
    FUSE_TRAP_POINTER_RANGE, /* a list or string outside of its memory */
    FUSE_TRAP_POINTER_ALIGN,
    FUSE_TRAP_REALLOC_RANGE, /* the allocator's answer is outside of the memory */
    FUSE_TRAP_REALLOC_ALIGN,
    FUSE_TRAP_BAD_UTF8,
    FUSE_TRAP_BAD_UTF16,
    FUSE_TRAP_STRING_TOO_LONG,
    FUSE_TRAP_LIST_TOO_LONG,
    FUSE_TRAP_UNCAUGHT_EXCEPTION,
    FUSE_TRAP_COUNT,
} fuse_trap_t;
/* "cannot leave component instance" */
const char *fuse_trap_text(fuse_trap_t trap);

/* Flags of a component instance; 0 to begin with. */
enum {
    FUSE_FLAG_NO_LEAVE = 1, /* in an allocator, a post-return or a destructor's way */
    FUSE_FLAG_ENTERED = 2,
};

typedef struct fuse_options {
    bool no_names; /* leave out the "name" section */
} fuse_options_t;

/* Appends the module to `out`. `options` may be NULL. Errors: INVALID with an offset (a function
 * body that is broken), UNSUPPORTED, LIMIT, NO_MEMORY. */
spin_error_t *component_fuse(const linked_component_t *linked, const fuse_options_t *options,
                             buf_t *out);

/* Where a function of a fused module comes from. */
typedef struct fuse_origin {
    uint32_t instance; /* the core instance, of the linked component */
    uint32_t module;   /* the linked module */
    uint32_t function; /* in that module, imports counted */
} fuse_origin_t;
/* False: it is imported, or was made here. */
bool fuse_map_find(const core_module_t *fused, uint32_t function, fuse_origin_t *out);
/* Where the instruction of that function at `offset` (or, as backtraces have it, one that it is
 * inside of) stands in the original `module`; both count from the module's first byte. False: there
 * is none, or the function's code is not the original's. */
bool fuse_map_offset(const core_module_t *fused, uint32_t function, const core_module_t *module,
                     const fuse_origin_t *origin, size_t offset, size_t *out);

/* What lower `index`, of an import, is imported as. `name` is in the arena where it is made. */
spin_error_t *fuse_import_name(const linked_component_t *linked, arena_t *arena, uint32_t index,
                               spin_slice_t *module, spin_slice_t *name);
/* What a lift with an export_name is exported as: that, but for the one name that a memory has. */
spin_slice_t fuse_export_name(const linked_lift_t *lift);
/* Whether the host calls a lift that it exports by "spin:call:…". */
bool fuse_has_call(const linked_component_t *linked, const linked_lift_t *lift);
/* "resource.drop:3" */
spin_slice_t fuse_builtin_name(const linked_component_t *linked, arena_t *arena, uint32_t index);

#endif
