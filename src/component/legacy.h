/* Guests of 2022: core modules that export `handle-http-request` or `handle-redis-message` and
 * canonical_abi_realloc, see docs/abi-2022.md.
 *
 * Calling one naively takes a guest call for each string that is passed. legacy_rewrite therefore
 * adds to the module, when it is compiled, a function that does a whole request in one call:
 *
 *     (import "spin:legacy" "sizes" (func $sizes (param $table i32) (param $count i32)))
 *     (import "spin:legacy" "fill"  (func $fill  (param $table i32) (param $count i32)))
 *     (func (export "spin:handle-http-request@LAYOUT") (param $count i32) (result i32)
 *       table = canonical_abi_realloc(0, 0, 4, max(count, 5) * 8)
 *       sizes(table, count)                  ;; host: entry i = { u32 size, u32 align }
 *       for i in 0..count:                   ;; also where the size is 0: the guest will free it
 *         entry[i].ptr = canonical_abi_realloc(0, 0, entry[i].align, entry[i].size)
 *       fill(table, count)                   ;; host: reads the pointers, writes the strings, then
 *                                            ;; the ten parameters as u32 at table + 4*k
 *       return handle-http-request(table[0], ..., table[9]))
 *
 * LAYOUT is "slots" or "canonical" where the entry point's stores tell, else "unknown"; so the
 * compiled module alone says all that a caller must know. `handle-redis-message` gets the same
 * under "spin:handle-redis-message@LAYOUT" with two parameters, in a table of max(count, 1) * 8
 * bytes. Both use the memory that is exported as "memory". The host must not trust the pointers
 * (the guest's allocator chose them) and hands on those of empty strings as they are.
 *
 * In a command, where each exported function runs the constructors first and the destructors last,
 * the helper does that once around the whole request and calls what is inside.
 *
 * Any module of 2022 (it exports `memory` and canonical_abi_realloc) may export other functions of
 * WIT too, `echo` say, and import some. How their results lie in memory is told by more exports:
 *
 *     (export "spin:layout/echo@slots" (func $echo))            ;; or @canonical
 *     (export "spin:layout@slots" (func $canonical_abi_realloc)) ;; the module as a whole
 *
 * The first kind stands for each function whose stores tell, the second where they agree (or the
 * two known entry points do): it holds for what the module imports, and for exports that do not
 * tell. Where nothing tells, neither is there. */
#ifndef COMPONENT_LEGACY_H
#define COMPONENT_LEGACY_H

#include "base/arena.h"
#include "spin/error.h"

typedef enum legacy_layout {
    LEGACY_LAYOUT_UNKNOWN = 0,
    LEGACY_LAYOUT_SLOTS,
    LEGACY_LAYOUT_CANONICAL,
} legacy_layout_t;

#define LEGACY_IMPORT_MODULE "spin:legacy"
#define LEGACY_HTTP_EXPORT   "spin:handle-http-request"
#define LEGACY_REDIS_EXPORT  "spin:handle-redis-message"
#define LEGACY_LAYOUT_EXPORT "spin:layout"

/* Part of the key under which compiled modules are cached: count it up when the rewrite changes. */
#define LEGACY_REWRITE_VERSION 3

/* Rewrites `module` (a core Wasm binary) into `*out`, made in `arena`. A module that is not of this
 * kind, was rewritten before, or uses something this writer does not know (garbage-collected types,
 * say) comes back as it was: `*out` equals `module`. The arena must live as long as `*out` is used.
 * Sections that hold offsets into the code (DWARF, relocations, source maps) are left out.
 * Errors: INVALID with a byte offset for a malformed module; NO_MEMORY. Any thread. */
spin_error_t *legacy_rewrite(arena_t *arena, spin_slice_t module, spin_slice_t *out);

/* Reads LAYOUT back from an export's name: true where `name` begins with `prefix` and "@". */
bool legacy_export_layout(spin_slice_t name, const char *prefix, legacy_layout_t *out);

/* What the export names of a module tell about its layouts: begin with zeros and add each name. */
typedef struct legacy_layouts {
    legacy_layout_t function; /* of the function that was asked for */
    legacy_layout_t module;   /* of the module as a whole */
} legacy_layouts_t;

/* `function` is the name of the export that is to be called, empty where none is. */
void legacy_layouts_add(legacy_layouts_t *layouts, spin_slice_t function, spin_slice_t export_name);

/* The function's own layout, else the module's, else UNKNOWN. */
static inline legacy_layout_t legacy_layouts_best(const legacy_layouts_t *layouts) {
    return layouts->function != LEGACY_LAYOUT_UNKNOWN ? layouts->function : layouts->module;
}

#endif
