/* Lists and maps from one memory into another. */
#include "component/adapter_parts.h"

typedef struct list_way {
    const adapter_way_t *way;
    const wit_part_t *from_parts, *to_parts; /* one for a list, key and value for a map */
    size_t part_count;
    adapter_extent_t from, to; /* of an element */
    uint32_t from_pointer, len, to_pointer;
} list_way_t;

/* An i64 local: how many bytes `len` elements take. Traps where that is no u32: so much fits into
 * no allocation of either side. */
static uint32_t put_bytes(code_t *code, const list_way_t *list, uint32_t size) {
    char s = code_pointer(list->way->from.memory);
    uint32_t bytes = code_local(code, 'I');
    if (s == 'I') {
        code_get_const(code, 'I', list->len, OP_GT_U, UINT32_MAX);
        code_trap_if(code, FUSE_TRAP_LIST_TOO_LONG);
    }
    code_get(code, list->len);
    code_convert(code, s, 'I');
    if (size > 1) {
        code_const(code, 'I', size);
        code_int(code, 'I', OP_MUL);
    }
    code_set(code, bytes);
    if (size > 1) {
        code_get_const(code, 'I', bytes, OP_GT_U, UINT32_MAX);
        code_trap_if(code, FUSE_TRAP_LIST_TOO_LONG);
    }
    return bytes;
}

static bool is_plain(const list_way_t *list) {
    return list->part_count == 1 && adapter_is_plain(list->from_parts[0].ref.type);
}

/* Where the element is that a local points to. */
static adapter_place_t element_at(const adapter_side_t *side, uint32_t local) {
    return (adapter_place_t){.in_memory = true, .memory = side->memory, .base = local};
}

/* One element after the other, until `end` is read. */
static void put_loop(code_t *code, const list_way_t *list, uint32_t bytes) {
    const adapter_way_t *way = list->way;
    char s = code_pointer(way->from.memory), d = code_pointer(way->to.memory);
    uint32_t at = code_local(code, s), end = code_local(code, s), out = code_local(code, d);
    adapter_place_t from = element_at(&way->from, at), to = element_at(&way->to, out);
    code_get(code, list->from_pointer);
    code_tee(code, at);
    code_get(code, bytes);
    code_convert(code, 'I', s);
    code_int(code, s, OP_ADD);
    code_set(code, end);
    code_get(code, list->to_pointer);
    code_set(code, out);
    uint32_t done = code_block(code);
    uint32_t next = code_loop(code);
    code_get(code, at);
    code_get(code, end);
    code_int(code, s, OP_EQ);
    code_br_if(code, done);
    adapter_put_fields(code, way, list->from_parts, &from, list->to_parts, &to, list->part_count);
    code_increase(code, s, at, list->from.size);
    code_increase(code, d, out, list->to.size);
    code_br(code, next);
    code_end(code);
    code_end(code);
    code_release(code, at);
    code_release(code, end);
    code_release(code, out);
}

static void put_plain(code_t *code, const list_way_t *list, uint32_t bytes) {
    code_memory_t from = list->way->from.memory, to = list->way->to.memory;
    code_get(code, list->to_pointer);
    code_get(code, list->from_pointer);
    code_get(code, bytes);
    code_convert(code, 'I', code_copy_letter(to, from));
    code_memory_copy(code, to, from);
}

void adapter_put_list(code_t *code, const adapter_way_t *way, const spin_type_t *from_type,
                      const spin_type_t *to_type, const uint32_t from[2], const uint32_t to[2]) {
    list_way_t list = {.way = way,
                       .from_parts = from_type->parts,
                       .to_parts = to_type->parts,
                       .part_count = from_type->kind == SPIN_TYPE_MAP ? 2 : 1,
                       .from_pointer = from[0],
                       .len = from[1],
                       .to_pointer = to[0]};
    char s = code_pointer(way->from.memory), d = code_pointer(way->to.memory);
    list.from = adapter_extent(way->fuse, list.from_parts, list.part_count, s == 'I');
    list.to = adapter_extent(way->fuse, list.to_parts, list.part_count, d == 'I');

    uint32_t bytes = put_bytes(code, &list, list.from.size);
    code_get(code, bytes);
    adapter_check_range(code, &way->from, list.from_pointer, list.from.align);

    uint32_t to_bytes =
        list.to.size == list.from.size ? bytes : put_bytes(code, &list, list.to.size);
    uint32_t size = code_local(code, d);
    code_get(code, to_bytes);
    code_convert(code, 'I', d);
    code_set(code, size);
    adapter_allocate_new(code, &way->to, list.to.align, size);
    code_set(code, list.to_pointer);
    code_release(code, size);
    if (to_bytes != bytes)
        code_release(code, to_bytes);

    if (is_plain(&list))
        put_plain(code, &list, bytes);
    else if (list.from.size > 0)
        put_loop(code, &list, bytes);
    code_get(code, list.len);
    code_convert(code, s, d);
    code_set(code, to[1]);
    code_release(code, bytes);
}
