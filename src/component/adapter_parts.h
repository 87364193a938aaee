/* Between the adapter_*.c. */
#ifndef COMPONENT_ADAPTER_PARTS_H
#define COMPONENT_ADAPTER_PARTS_H

#include "component/adapter_code.h"
#include "component/signature.h"

/* One of the two that a value passes between. */
typedef struct adapter_side {
    const linked_options_t *options;
    uint32_t component;
    code_memory_t memory;
} adapter_side_t;

/* A direction: parameters pass from the caller to the callee, results the other way. */
typedef struct adapter_way {
    fuse_t *fuse;
    uint32_t lower; /* its number */
    adapter_side_t from, to;
} adapter_way_t;

adapter_side_t adapter_side(fuse_t *fuse, uint32_t options, uint32_t component);

/* A flat value: a local, whose type joins those of all cases of a variant. */
typedef struct adapter_flat {
    uint32_t local;
    char letter;
} adapter_flat_t;

/* Where a value is, or goes. */
typedef struct adapter_place {
    bool in_memory;
    code_memory_t memory; /* in_memory: its address is local `base` + `offset` */
    uint32_t base;
    uint32_t offset;
    const adapter_flat_t *flats; /* else */
} adapter_place_t;

/* The part of a value that is `offset` bytes, or `flat` values, after its beginning. */
adapter_place_t adapter_place_at(const adapter_place_t *place, uint32_t offset, uint32_t flat);

typedef struct adapter_value {
    const spin_type_t *type;
    adapter_place_t place;
} adapter_value_t;

/* ── adapter_memory.c ── */

/* Checks that a pointer is aligned and that `bytes` (on the stack: i64) from there are in the
 * memory. The pointer is a local. */
void adapter_check_range(code_t *code, const adapter_side_t *side, uint32_t pointer,
                         uint32_t align);
/* Calls the allocator with what is on the stack: old pointer, old size, alignment, new size, each a
 * pointer in type; gives the new pointer, checked. */
void adapter_allocate(code_t *code, const adapter_side_t *side);
/* The same for new memory of the size in local `size`. */
void adapter_allocate_new(code_t *code, const adapter_side_t *side, uint32_t align, uint32_t size);

enum { ADAPTER_SLOTS = 2 };
/* The context slots that are there: to 0, into new locals, from them. */
void adapter_clear_context(code_t *code);
void adapter_save_context(code_t *code, uint32_t locals[ADAPTER_SLOTS]);
void adapter_restore_context(code_t *code, const uint32_t locals[ADAPTER_SLOTS]);

/* ── adapter_string.c, adapter_list.c ── */

/* Strings: pointer and length of `from` are locals; those of `to` are set. */
void adapter_put_string(code_t *code, const adapter_way_t *way, const uint32_t from[2],
                        const uint32_t to[2]);
/* The same for lists and maps. */
void adapter_put_list(code_t *code, const adapter_way_t *way, const spin_type_t *from_type,
                      const spin_type_t *to_type, const uint32_t from[2], const uint32_t to[2]);

/* ── adapter_value.c ── */

/* Writes what makes `to` of `from`. */
void adapter_put_value(code_t *code, const adapter_way_t *way, const adapter_value_t *from,
                       const adapter_value_t *to);
/* The same, its outermost layer in any case in this function. */
void adapter_put_layer(code_t *code, const adapter_way_t *way, const adapter_value_t *from,
                       const adapter_value_t *to);
/* Fields one after the other. */
void adapter_put_fields(code_t *code, const adapter_way_t *way, const wit_part_t *from_parts,
                        const adapter_place_t *from, const wit_part_t *to_parts,
                        const adapter_place_t *to, size_t count);
/* Puts a value on the stack: `load` is an instruction that gives a `letter`. */
void adapter_get_place(code_t *code, const adapter_place_t *place, uint32_t load, char letter);
/* The address of a place in memory. */
void adapter_get_address(code_t *code, const adapter_place_t *place);
/* Brackets the code that puts a value on the stack that is to be stored. */
void adapter_begin_put(code_t *code, const adapter_place_t *place);
void adapter_end_put(code_t *code, const adapter_place_t *place, uint32_t store, char letter);

/* ── adapter_variant.c, adapter_helper.c ── */

void adapter_put_variant(code_t *code, const adapter_way_t *way, const adapter_value_t *from,
                         const adapter_value_t *to);
/* Calls a function that does what adapter_put_layer writes. */
void adapter_call_helper(code_t *code, const adapter_way_t *way, const adapter_value_t *from,
                         const adapter_value_t *to);

/* ── adapter_shape.c ── */

/* Size and alignment of fields as a record; fails where that is larger than an address space. */
typedef struct adapter_extent {
    uint32_t size, align;
} adapter_extent_t;
adapter_extent_t adapter_extent(fuse_t *fuse, const wit_part_t *parts, size_t count, bool memory64);
/* Where a field begins that comes after `offset` bytes. */
uint32_t adapter_field_offset(uint32_t offset, const spin_type_t *type, bool memory64);

/* Whether a value is copied as its bytes: there is nothing to check, to translate, or to leave
 * out. */
bool adapter_is_plain(const spin_type_t *type);
size_t adapter_case_count(const spin_type_t *type);
/* NULL: it has no payload. */
const spin_type_t *adapter_case_type(const spin_type_t *type, size_t index);
/* The number of flat values, at most WIT_FLAT_MAX. */
uint32_t adapter_flat_count(const spin_type_t *type);

#endif
