/* Types of core Wasm, equal ones once (WebAssembly 3.0, "Types", "Matching"). */
#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"
#include "component/types.h"

enum {
    MAX_SUBTYPING_DEPTH = 63,
    MAX_CORE_TYPES = 1 << 23, /* what fits into a core_val_type_t */
    STORAGE_I8 = 0x78,
    STORAGE_I16 = 0x77,
};

/* Abstract heap types, the numbers of the binary format. */
enum {
    HEAP_CONT = -24,
    HEAP_EXN = -23,
    HEAP_ARRAY = -22,
    HEAP_STRUCT = -21,
    HEAP_I31 = -20,
    HEAP_EQ = -19,
    HEAP_ANY = -18,
    HEAP_EXTERN = -17,
    HEAP_FUNC = -16,
    HEAP_NONE = -15,
    HEAP_NOEXTERN = -14,
    HEAP_NOFUNC = -13,
    HEAP_NOEXN = -12,
    HEAP_NOCONT = -11,
};

/* A group while it is taken in: its own types are local, others have numbers. */
typedef struct core_group {
    type_store_t *types;
    const type_ids_t *space;
    uint32_t count; /* of its types, which follow those of `space` */
    size_t offset;
    uint32_t base; /* the number of its first type, once known */
    buf_t key;
} core_group_t;

static core_val_type_t with_heap(core_val_type_t type, int32_t heap) {
    return (type & 0xff) | (core_val_type_t)heap << 8;
}

/* References by their short names become those with a heap type. */
static core_val_type_t expand(core_val_type_t type) {
    uint32_t byte = type & 0xff;
    if (byte >= CORE_HEAP_FIRST && byte <= CORE_HEAP_LAST && type == byte)
        return with_heap(CORE_REF_NULL, (int32_t)byte - 0x80);
    return type;
}

static bool is_stack_switching(core_val_type_t type) {
    uint32_t byte = type & 0xff;
    int32_t heap = core_heap_type(type);
    return (byte == CORE_REF || byte == CORE_REF_NULL) &&
           (heap == HEAP_CONT || heap == HEAP_NOCONT);
}

static bool look_up(type_store_t *types, const type_ids_t *space, uint32_t index, size_t offset,
                    uint32_t *out) {
    if (index >= space->len)
        return types_fail(types, offset, "core type %u is not there", index);
    *out = space->items[index];
    return *out != UINT32_MAX ||
           types_fail(types, offset, "core type %u is the type of a module", index);
}

bool types_core_val_type(type_store_t *types, core_val_type_t type, const type_ids_t *space,
                         size_t offset, core_val_type_t *out) {
    uint32_t id = 0;
    *out = type = expand(type);
    if (is_stack_switching(type))
        return types_fail(types, offset, "continuations are not supported");
    if (!core_val_type_has_index(type))
        return true;
    if (!look_up(types, space, (uint32_t)core_heap_type(type), offset, &id))
        return false;
    *out = with_heap(type, (int32_t)id);
    return true;
}

/* ── taking groups in ──────────────────────────────────────────────────────────────────────── */

static void put(core_group_t *group, uint32_t value) {
    buf_append(&group->key, spin_slice_of(&value, sizeof value));
}

/* Writes an index into the key: which group member it is, or which type before. */
static bool put_index(core_group_t *group, uint32_t index) {
    uint32_t start = (uint32_t)group->space->len, id = 0;
    bool local = index >= start && index - start < group->count;
    if (!local && !look_up(group->types, group->space, index, group->offset, &id))
        return false;
    put(group, local);
    put(group, local ? index - start : id);
    return true;
}

static bool put_val_type(core_group_t *group, core_val_type_t type) {
    type = expand(type);
    if (is_stack_switching(type))
        return types_fail(group->types, group->offset, "continuations are not supported");
    bool indexed = core_val_type_has_index(type);
    put(group, indexed ? type & 0xff : type);
    return !indexed || put_index(group, (uint32_t)core_heap_type(type));
}

static bool put_val_types(core_group_t *group, const core_val_type_t *list, uint32_t count) {
    put(group, count);
    for (uint32_t i = 0; i < count; i++)
        if (!put_val_type(group, list[i]))
            return false;
    return true;
}

/* The fields a type's key has say all of it: equal keys are equal types. */
static bool put_type(core_group_t *group, const core_sub_type_t *type, uint32_t position) {
    if (type->is_shared)
        return types_fail(group->types, group->offset, "shared types are not supported");
    if (type->kind == CORE_TYPE_CONT)
        return types_fail(group->types, group->offset, "continuations are not supported");
    put(group, type->kind);
    put(group, type->is_final);
    put(group, type->super_count);
    if (type->super_count > 1)
        return types_fail(group->types, group->offset, "a type has more than one supertype");
    if (type->super_count == 1) {
        if (type->supers[0] >= group->space->len + position)
            return types_fail(group->types, group->offset, "a supertype stands after its subtype");
        if (!put_index(group, type->supers[0]))
            return false;
    }
    if (type->kind == CORE_TYPE_FUNC)
        return put_val_types(group, type->func.params, type->func.param_count) &&
               put_val_types(group, type->func.results, type->func.result_count);
    put(group, type->field_count);
    for (uint32_t i = 0; i < type->field_count; i++) {
        put(group, type->fields[i].mutable);
        if (!put_val_type(group, type->fields[i].type))
            return false;
    }
    return true;
}

/* The number of a type that put_index has let pass. */
static uint32_t resolve_index(const core_group_t *group, uint32_t index) {
    return index < group->space->len ? group->space->items[index]
                                     : group->base + (index - (uint32_t)group->space->len);
}

static core_val_type_t resolve_val_type(const core_group_t *group, core_val_type_t type) {
    type = expand(type);
    if (!core_val_type_has_index(type))
        return type;
    return with_heap(type, (int32_t)resolve_index(group, (uint32_t)core_heap_type(type)));
}

static bool resolve_val_types(const core_group_t *group, const core_val_type_t *list,
                              uint32_t count, const core_val_type_t **out) {
    core_val_type_t *copy = types_alloc(group->types, count, sizeof *copy);
    for (uint32_t i = 0; copy != NULL && i < count; i++)
        copy[i] = resolve_val_type(group, list[i]);
    *out = copy;
    return copy != NULL;
}

static bool resolve_type(const core_group_t *group, const core_sub_type_t *type, core_type_t *out) {
    *out = (core_type_t){
        .kind = type->kind,
        .is_final = type->is_final,
        .has_super = type->super_count == 1,
        .func = {.param_count = type->func.param_count, .result_count = type->func.result_count},
        .field_count = type->field_count,
    };
    if (out->has_super)
        out->super = resolve_index(group, type->supers[0]);
    if (type->kind == CORE_TYPE_FUNC)
        return resolve_val_types(group, type->func.params, type->func.param_count,
                                 &out->func.params) &&
               resolve_val_types(group, type->func.results, type->func.result_count,
                                 &out->func.results);
    core_field_t *fields = types_alloc(group->types, type->field_count, sizeof *fields);
    for (uint32_t i = 0; fields != NULL && i < type->field_count; i++) {
        fields[i].mutable = type->fields[i].mutable;
        fields[i].type = resolve_val_type(group, type->fields[i].type);
    }
    out->fields = fields;
    return fields != NULL;
}

/* ── matching ──────────────────────────────────────────────────────────────────────────────── */

bool types_core_is_subtype(const type_store_t *types, uint32_t a, uint32_t b) {
    while (a != b) {
        if (!types->core.items[a].has_super)
            return false;
        a = types->core.items[a].super;
    }
    return true;
}

static bool abstract_matches(int32_t a, int32_t b) {
    if (a == b)
        return true;
    switch (b) {
    case HEAP_ANY:
        return a == HEAP_EQ || a == HEAP_I31 || a == HEAP_STRUCT || a == HEAP_ARRAY ||
               a == HEAP_NONE;
    case HEAP_EQ: return a == HEAP_I31 || a == HEAP_STRUCT || a == HEAP_ARRAY || a == HEAP_NONE;
    case HEAP_I31:
    case HEAP_STRUCT:
    case HEAP_ARRAY: return a == HEAP_NONE;
    case HEAP_EXTERN: return a == HEAP_NOEXTERN;
    case HEAP_FUNC: return a == HEAP_NOFUNC;
    case HEAP_EXN: return a == HEAP_NOEXN;
    default: return false;
    }
}

static bool heap_matches(const type_store_t *types, int32_t a, int32_t b) {
    if (a >= 0 && b >= 0)
        return types_core_is_subtype(types, (uint32_t)a, (uint32_t)b);
    if (a < 0 && b < 0)
        return abstract_matches(a, b);
    core_type_kind_t kind = types->core.items[a >= 0 ? a : b].kind;
    if (b >= 0)
        return kind == CORE_TYPE_FUNC ? a == HEAP_NOFUNC : a == HEAP_NONE;
    switch (kind) {
    case CORE_TYPE_FUNC: return b == HEAP_FUNC;
    case CORE_TYPE_STRUCT: return b == HEAP_STRUCT || b == HEAP_EQ || b == HEAP_ANY;
    default: return b == HEAP_ARRAY || b == HEAP_EQ || b == HEAP_ANY;
    }
}

static bool val_matches(const type_store_t *types, core_val_type_t a, core_val_type_t b) {
    uint32_t a_byte = a & 0xff, b_byte = b & 0xff;
    if (a == b)
        return true;
    bool both = (a_byte == CORE_REF || a_byte == CORE_REF_NULL) &&
                (b_byte == CORE_REF || b_byte == CORE_REF_NULL);
    return both && !(a_byte == CORE_REF_NULL && b_byte == CORE_REF) &&
           heap_matches(types, core_heap_type(a), core_heap_type(b));
}

static bool field_matches(const type_store_t *types, core_field_t a, core_field_t b) {
    if (a.mutable != b.mutable)
        return false;
    return a.type == b.type || (!a.mutable && val_matches(types, a.type, b.type));
}

static bool func_matches(const type_store_t *types, const core_func_type_t *a,
                         const core_func_type_t *b) {
    if (a->param_count != b->param_count || a->result_count != b->result_count)
        return false;
    for (uint32_t i = 0; i < a->param_count; i++)
        if (!val_matches(types, b->params[i], a->params[i]))
            return false;
    for (uint32_t i = 0; i < a->result_count; i++)
        if (!val_matches(types, a->results[i], b->results[i]))
            return false;
    return true;
}

static bool composite_matches(const type_store_t *types, const core_type_t *a,
                              const core_type_t *b) {
    if (a->kind != b->kind)
        return false;
    if (a->kind == CORE_TYPE_FUNC)
        return func_matches(types, &a->func, &b->func);
    if (a->field_count < b->field_count)
        return false;
    for (uint32_t i = 0; i < b->field_count; i++)
        if (!field_matches(types, a->fields[i], b->fields[i]))
            return false;
    return true;
}

static bool check_super(core_group_t *group, core_type_t *type) {
    type_store_t *types = group->types;
    if (!type->has_super)
        return true;
    const core_type_t *super = &types->core.items[type->super];
    if (super->is_final)
        return types_fail(types, group->offset, "a type extends one that is final");
    if (!composite_matches(types, type, super))
        return types_fail(types, group->offset, "a type does not match its supertype");
    type->depth = super->depth + 1;
    return type->depth <= MAX_SUBTYPING_DEPTH ||
           types_fail(types, group->offset, "supertypes are nested more than %d deep",
                      MAX_SUBTYPING_DEPTH);
}

/* ── groups ────────────────────────────────────────────────────────────────────────────────── */

static bool add_types(core_group_t *group, const core_rec_type_t *rec) {
    type_store_t *types = group->types;
    group->base = (uint32_t)types->core.len;
    if (types->core.len + rec->count > MAX_CORE_TYPES)
        return types_fail(types, group->offset, "there are too many core types");
    for (uint32_t i = 0; i < rec->count; i++) {
        core_type_t type;
        if (!resolve_type(group, &rec->types[i], &type))
            return false;
        if (!VEC_PUSH(&types->core, type))
            return types_no_memory(types);
    }
    /* Only now may types that refer to each other be compared. */
    for (uint32_t i = 0; i < rec->count; i++)
        if (!check_super(group, &types->core.items[group->base + i]))
            return false;
    return true;
}

/* Gives the number of the group's first type: of one seen before, or of new ones. */
static bool intern(core_group_t *group, const core_rec_type_t *rec) {
    type_store_t *types = group->types;
    put(group, rec->count);
    for (uint32_t i = 0; i < rec->count; i++)
        if (!put_type(group, &rec->types[i], i))
            return false;
    if (group->key.failed)
        return types_no_memory(types);
    const map_entry_t *found = map_find(&types->core_groups, buf_slice(&group->key));
    if (found != NULL) {
        group->base = (uint32_t)(uintptr_t)found->value;
        return true;
    }
    if (!add_types(group, rec))
        return false;
    uint8_t *key = types_alloc(types, group->key.len, 1);
    if (key == NULL)
        return false;
    memcpy(key, group->key.ptr, group->key.len);
    return map_set(&types->core_groups, spin_slice_of(key, group->key.len),
                   (void *)(uintptr_t)group->base) ||
           types_no_memory(types);
}

bool types_add_core_group(type_store_t *types, const core_rec_type_t *rec, type_ids_t *space,
                          size_t offset) {
    core_group_t group = {.types = types, .space = space, .count = rec->count, .offset = offset};
    bool done = intern(&group, rec);
    buf_deinit(&group.key);
    for (uint32_t i = 0; done && i < rec->count; i++)
        if (!VEC_PUSH(space, group.base + i))
            done = types_no_memory(types);
    return done;
}

static core_val_type_t of_letter(char letter) {
    return letter == 'i'   ? CORE_I32
           : letter == 'I' ? CORE_I64
           : letter == 'f' ? CORE_F32
                           : CORE_F64;
}

bool types_core_func(type_store_t *types, const char *params, size_t param_count,
                     const char *results, size_t result_count, uint32_t *out) {
    core_val_type_t values[2][32];
    type_ids_t space = {0};
    for (size_t i = 0; i < param_count; i++)
        values[0][i] = of_letter(params[i]);
    for (size_t i = 0; i < result_count; i++)
        values[1][i] = of_letter(results[i]);
    core_sub_type_t type = {
        .kind = CORE_TYPE_FUNC,
        .is_final = true,
        .func = {values[0], values[1], (uint32_t)param_count, (uint32_t)result_count},
    };
    core_rec_type_t group = {.types = &type, .count = 1};
    bool done = types_add_core_group(types, &group, &space, 0);
    if (done)
        *out = space.items[0];
    VEC_FREE(&space);
    return done;
}

static bool values_are(const core_val_type_t *list, uint32_t count, const char *letters) {
    if (count != strlen(letters))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (list[i] != of_letter(letters[i]))
            return false;
    return true;
}

bool types_core_func_is(const type_store_t *types, uint32_t type, const char *params,
                        const char *results) {
    const core_type_t *core = &types->core.items[type];
    return core->kind == CORE_TYPE_FUNC &&
           values_are(core->func.params, core->func.param_count, params) &&
           values_are(core->func.results, core->func.result_count, results);
}

uint32_t types_core_size(const type_store_t *types, const core_entity_t *entity) {
    if (entity->kind != CORE_EXTERN_FUNC && entity->kind != CORE_EXTERN_TAG)
        return 1;
    const core_type_t *type = &types->core.items[entity->type];
    return 2 + type->func.param_count + type->func.result_count;
}
