/* A value of any type from one component instance into another: read as it is lifted, written as it
 * is lowered, piece by piece. The depth of recursion is that of types, TYPE_MAX_DEPTH. */
#include "base/error.h"
#include "component/adapter_parts.h"

enum { WORD_BITS = 32, LARGE_COPY = 64 };

adapter_place_t adapter_place_at(const adapter_place_t *place, uint32_t offset, uint32_t flat) {
    adapter_place_t part = *place;
    if (part.in_memory)
        part.offset += offset;
    else
        part.flats += flat;
    return part;
}

void adapter_get_place(code_t *code, const adapter_place_t *place, uint32_t load, char letter) {
    if (place->in_memory) {
        code_get(code, place->base);
        code_load(code, load, place->memory, place->offset);
    } else {
        code_get(code, place->flats->local);
        code_convert(code, place->flats->letter, letter);
    }
}

void adapter_begin_put(code_t *code, const adapter_place_t *place) {
    if (place->in_memory)
        code_get(code, place->base);
}

void adapter_end_put(code_t *code, const adapter_place_t *place, uint32_t store, char letter) {
    if (place->in_memory) {
        code_store(code, store, place->memory, place->offset);
    } else {
        code_convert(code, letter, place->flats->letter);
        code_set(code, place->flats->local);
    }
}

/* ── numbers ─────────────────────────────────────────────────────────────────────────────── */

typedef struct scalar {
    char letter; /* 0: not a scalar */
    uint8_t load, store;
    uint8_t extend; /* a flat one is brought into its range by this instruction */
    int32_t mask;   /* or by this mask; 0: as it is */
} scalar_t;

static const scalar_t scalars[] = {
    [SPIN_TYPE_S8] = {'i', OP_I32_LOAD8_S, OP_I32_STORE8, OP_I32_EXTEND8_S, 0},
    [SPIN_TYPE_U8] = {'i', OP_I32_LOAD8_U, OP_I32_STORE8, 0, 0xff},
    [SPIN_TYPE_S16] = {'i', OP_I32_LOAD16_S, OP_I32_STORE16, OP_I32_EXTEND16_S, 0},
    [SPIN_TYPE_U16] = {'i', OP_I32_LOAD16_U, OP_I32_STORE16, 0, 0xffff},
    [SPIN_TYPE_S32] = {'i', OP_I32_LOAD, OP_I32_STORE, 0, 0},
    [SPIN_TYPE_U32] = {'i', OP_I32_LOAD, OP_I32_STORE, 0, 0},
    [SPIN_TYPE_S64] = {'I', OP_I64_LOAD, OP_I64_STORE, 0, 0},
    [SPIN_TYPE_U64] = {'I', OP_I64_LOAD, OP_I64_STORE, 0, 0},
    [SPIN_TYPE_F32] = {'f', OP_F32_LOAD, OP_F32_STORE, 0, 0},
    [SPIN_TYPE_F64] = {'F', OP_F64_LOAD, OP_F64_STORE, 0, 0},
};

static void put_scalar(code_t *code, const scalar_t *scalar, const adapter_place_t *from,
                       const adapter_place_t *to) {
    adapter_begin_put(code, to);
    adapter_get_place(code, from, scalar->load, scalar->letter);
    if (!from->in_memory && scalar->extend != 0)
        code_op(code, scalar->extend);
    if (!from->in_memory && scalar->mask != 0) {
        code_const(code, 'i', scalar->mask);
        code_int(code, 'i', OP_AND);
    }
    adapter_end_put(code, to, scalar->store, scalar->letter);
}

static void put_bool(code_t *code, const adapter_place_t *from, const adapter_place_t *to) {
    adapter_begin_put(code, to);
    adapter_get_place(code, from, OP_I32_LOAD8_U, 'i');
    code_const(code, 'i', 0);
    code_int(code, 'i', OP_NE);
    adapter_end_put(code, to, OP_I32_STORE8, 'i');
}

static void put_char(code_t *code, const adapter_place_t *from, const adapter_place_t *to) {
    enum { SURROGATES = 0xd800, SURROGATE_COUNT = 0x800, CHAR_END = 0x110000 };
    uint32_t value = code_local(code, 'i');
    adapter_get_place(code, from, OP_I32_LOAD, 'i');
    code_tee(code, value);
    code_const(code, 'i', CHAR_END);
    code_int(code, 'i', OP_GE_U);
    code_get_const(code, 'i', value, OP_SUB, SURROGATES);
    code_const(code, 'i', SURROGATE_COUNT);
    code_int(code, 'i', OP_LT_U);
    code_int(code, 'i', OP_OR);
    code_trap_if(code, FUSE_TRAP_BAD_CHAR);
    adapter_begin_put(code, to);
    code_get(code, value);
    adapter_end_put(code, to, OP_I32_STORE, 'i');
    code_release(code, value);
}

/* Bits that name no flag are cleared. */
static void put_flags(code_t *code, const spin_type_t *type, const adapter_place_t *from,
                      const adapter_place_t *to) {
    size_t count = type->parts_len;
    uint32_t load = OP_I32_LOAD, store = OP_I32_STORE;
    if (count <= 8) {
        load = OP_I32_LOAD8_U;
        store = OP_I32_STORE8;
    } else if (count <= 16) {
        load = OP_I32_LOAD16_U;
        store = OP_I32_STORE16;
    }
    for (uint32_t word = 0; word * WORD_BITS < count; word++) {
        size_t left = count - word * WORD_BITS;
        adapter_place_t from_word = adapter_place_at(from, word * 4, word);
        adapter_place_t to_word = adapter_place_at(to, word * 4, word);
        adapter_begin_put(code, &to_word);
        adapter_get_place(code, &from_word, load, 'i');
        if (left < WORD_BITS) {
            code_const(code, 'i', ((int64_t)1 << left) - 1);
            code_int(code, 'i', OP_AND);
        }
        adapter_end_put(code, &to_word, store, 'i');
    }
}

/* ── handles ─────────────────────────────────────────────────────────────────────────────── */

/* Which resource of the linked component own<> and borrow<> speak of. */
static uint32_t resource_number(fuse_t *fuse, const spin_type_t *type) {
    const linked_component_t *linked = fuse_linked(fuse);
    for (const wit_typedef_t *def = type->resource; def != NULL; def = def->used) {
        for (uint32_t i = 0; i < linked->resource_count; i++)
            if (linked->resources[i].type == def)
                return i;
    }
    fuse_fail(fuse, error_new(SPIN_ERROR_INVALID, "a handle's resource type is not known"));
    return 0;
}

static void put_handle(code_t *code, const adapter_way_t *way, const adapter_value_t *from,
                       const adapter_value_t *to) {
    fuse_runtime_t transfer = FUSE_TRANSFER_ERROR_CONTEXT;
    switch (from->type->kind) {
    case SPIN_TYPE_OWN: transfer = FUSE_TRANSFER_OWN; break;
    case SPIN_TYPE_BORROW: transfer = FUSE_TRANSFER_BORROW; break;
    case SPIN_TYPE_STREAM: transfer = FUSE_TRANSFER_STREAM; break;
    case SPIN_TYPE_FUTURE: transfer = FUSE_TRANSFER_FUTURE; break;
    default: break;
    }
    bool is_resource = from->type->resource != NULL;
    adapter_begin_put(code, &to->place);
    code_const(code, 'i', is_resource ? resource_number(way->fuse, from->type) : way->lower);
    code_const(code, 'i', way->from.component);
    code_const(code, 'i', way->to.component);
    adapter_get_place(code, &from->place, OP_I32_LOAD, 'i');
    code_call(code, fuse_runtime_number(way->fuse, transfer));
    adapter_end_put(code, &to->place, OP_I32_STORE, 'i');
}

/* ── strings and lists ───────────────────────────────────────────────────────────────────── */

static void put_sequence(code_t *code, const adapter_way_t *way, const adapter_value_t *from,
                         const adapter_value_t *to) {
    char s = code_pointer(way->from.memory), d = code_pointer(way->to.memory);
    uint32_t source[2], target[2];
    for (uint32_t i = 0; i < 2; i++) {
        adapter_place_t part = adapter_place_at(&from->place, i * (s == 'I' ? 8 : 4), i);
        source[i] = code_local(code, s);
        target[i] = code_local(code, d);
        adapter_get_place(code, &part, s == 'I' ? OP_I64_LOAD : OP_I32_LOAD, s);
        code_set(code, source[i]);
    }
    if (from->type->kind == SPIN_TYPE_STRING)
        adapter_put_string(code, way, source, target);
    else
        adapter_put_list(code, way, from->type, to->type, source, target);
    for (uint32_t i = 0; i < 2; i++) {
        adapter_place_t part = adapter_place_at(&to->place, i * (d == 'I' ? 8 : 4), i);
        adapter_begin_put(code, &part);
        code_get(code, target[i]);
        adapter_end_put(code, &part, d == 'I' ? OP_I64_STORE : OP_I32_STORE, d);
        code_release(code, source[i]);
        code_release(code, target[i]);
    }
}

/* ── aggregates ──────────────────────────────────────────────────────────────────────────── */

void adapter_put_fields(code_t *code, const adapter_way_t *way, const wit_part_t *from_parts,
                        const adapter_place_t *from, const wit_part_t *to_parts,
                        const adapter_place_t *to, size_t count) {
    bool from64 = way->from.memory.is64, to64 = way->to.memory.is64;
    uint32_t from_offset = 0, to_offset = 0, flat = 0;
    for (size_t i = 0; i < count; i++) {
        const spin_type_t *from_type = from_parts[i].ref.type, *to_type = to_parts[i].ref.type;
        from_offset = adapter_field_offset(from_offset, from_type, from64);
        to_offset = adapter_field_offset(to_offset, to_type, to64);
        const adapter_value_t from_field = {from_type, adapter_place_at(from, from_offset, flat)};
        const adapter_value_t to_field = {to_type, adapter_place_at(to, to_offset, flat)};
        adapter_put_value(code, way, &from_field, &to_field);
        from_offset += signature_size(from_type, from64);
        to_offset += signature_size(to_type, to64);
        flat += adapter_flat_count(from_type);
    }
}

void adapter_get_address(code_t *code, const adapter_place_t *place) {
    char p = code_pointer(place->memory);
    if (place->offset == 0)
        code_get(code, place->base);
    else
        code_get_const(code, p, place->base, OP_ADD, place->offset);
}

static void put_bytes(code_t *code, const adapter_value_t *from, const adapter_value_t *to) {
    adapter_get_address(code, &to->place);
    adapter_get_address(code, &from->place);
    code_const(code, code_copy_letter(to->place.memory, from->place.memory),
               from->type->layout.size);
    code_memory_copy(code, to->place.memory, from->place.memory);
}

static void put_elements(code_t *code, const adapter_way_t *way, const adapter_value_t *from,
                         const adapter_value_t *to) {
    const spin_type_t *from_type = from->type->parts[0].ref.type;
    const spin_type_t *to_type = to->type->parts[0].ref.type;
    uint32_t flat = adapter_flat_count(from_type);
    uint32_t from_size = signature_size(from_type, way->from.memory.is64);
    uint32_t to_size = signature_size(to_type, way->to.memory.is64);
    for (uint32_t i = 0; i < from->type->length; i++) {
        const adapter_value_t from_element = {
            from_type, adapter_place_at(&from->place, i * from_size, i * flat)};
        const adapter_value_t to_element = {to_type,
                                            adapter_place_at(&to->place, i * to_size, i * flat)};
        adapter_put_value(code, way, &from_element, &to_element);
    }
}

static void put_fixed_list(code_t *code, const adapter_way_t *way, const adapter_value_t *from,
                           const adapter_value_t *to) {
    if (!from->place.in_memory || !to->place.in_memory) {
        put_elements(code, way, from, to); /* flat: there are few */
        return;
    }
    char s = code_pointer(way->from.memory), d = code_pointer(way->to.memory);
    uint32_t at = code_local(code, s), out = code_local(code, d), left = code_local(code, 'i');
    adapter_get_address(code, &from->place);
    code_set(code, at);
    adapter_get_address(code, &to->place);
    code_set(code, out);
    code_const(code, 'i', (int64_t)from->type->length);
    code_set(code, left);
    const adapter_value_t from_element = {
        from->type->parts[0].ref.type, {.in_memory = true, .memory = way->from.memory, .base = at}};
    const adapter_value_t to_element = {to->type->parts[0].ref.type,
                                        {.in_memory = true, .memory = way->to.memory, .base = out}};
    uint32_t next = code_loop(code);
    adapter_put_value(code, way, &from_element, &to_element);
    code_increase(code, s, at, signature_size(from_element.type, s == 'I'));
    code_increase(code, d, out, signature_size(to_element.type, d == 'I'));
    code_increase(code, 'i', left, -1);
    code_get(code, left);
    code_br_if(code, next);
    code_end(code);
    code_release(code, at);
    code_release(code, out);
    code_release(code, left);
}

/* ── any value ───────────────────────────────────────────────────────────────────────────── */

/* How much code the outermost layer of a type takes, in the unit of code_t.fuel. */
static uint32_t cost_of(const adapter_value_t *value) {
    const spin_type_t *type = value->type;
    switch (type->kind) {
    case SPIN_TYPE_STRING: return 4;
    case SPIN_TYPE_LIST:
    case SPIN_TYPE_MAP: return 40;
    case SPIN_TYPE_FIXED_LIST: return 10;
    case SPIN_TYPE_FLAGS: return (uint32_t)(type->parts_len / WORD_BITS);
    case SPIN_TYPE_TUPLE:
    case SPIN_TYPE_RECORD:
    case SPIN_TYPE_VARIANT: return (uint32_t)type->parts_len * 2;
    case SPIN_TYPE_OPTION:
    case SPIN_TYPE_RESULT: return 4;
    case SPIN_TYPE_ENUM:
    case SPIN_TYPE_CHAR:
    case SPIN_TYPE_OWN:
    case SPIN_TYPE_BORROW:
    case SPIN_TYPE_STREAM:
    case SPIN_TYPE_FUTURE:
    case SPIN_TYPE_ERROR_CONTEXT: return 2;
    default: return 0;
    }
}

static bool is_bytes(const adapter_value_t *from, const adapter_value_t *to) {
    return from->place.in_memory && to->place.in_memory && from->type->layout.size >= LARGE_COPY &&
           adapter_is_plain(from->type);
}

void adapter_put_layer(code_t *code, const adapter_way_t *way, const adapter_value_t *from,
                       const adapter_value_t *to) {
    const spin_type_t *type = from->type;
    switch (type->kind) {
    case SPIN_TYPE_BOOL: put_bool(code, &from->place, &to->place); break;
    case SPIN_TYPE_CHAR: put_char(code, &from->place, &to->place); break;
    case SPIN_TYPE_FLAGS: put_flags(code, type, &from->place, &to->place); break;
    case SPIN_TYPE_STRING:
    case SPIN_TYPE_LIST:
    case SPIN_TYPE_MAP: put_sequence(code, way, from, to); break;
    case SPIN_TYPE_OWN:
    case SPIN_TYPE_BORROW:
    case SPIN_TYPE_STREAM:
    case SPIN_TYPE_FUTURE:
    case SPIN_TYPE_ERROR_CONTEXT: put_handle(code, way, from, to); break;
    case SPIN_TYPE_FIXED_LIST:
        if (is_bytes(from, to))
            put_bytes(code, from, to);
        else
            put_fixed_list(code, way, from, to);
        break;
    case SPIN_TYPE_TUPLE:
    case SPIN_TYPE_RECORD:
        if (is_bytes(from, to))
            put_bytes(code, from, to);
        else
            adapter_put_fields(code, way, type->parts, &from->place, to->type->parts, &to->place,
                               type->parts_len);
        break;
    case SPIN_TYPE_VARIANT:
    case SPIN_TYPE_ENUM:
    case SPIN_TYPE_OPTION:
    case SPIN_TYPE_RESULT: adapter_put_variant(code, way, from, to); break;
    default: put_scalar(code, &scalars[type->kind], &from->place, &to->place); break;
    }
}

void adapter_put_value(code_t *code, const adapter_way_t *way, const adapter_value_t *from,
                       const adapter_value_t *to) {
    uint32_t cost = cost_of(from);
    if (cost > code->fuel) {
        adapter_call_helper(code, way, from, to);
        return;
    }
    code->fuel -= cost;
    adapter_put_layer(code, way, from, to);
}
