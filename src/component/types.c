#include "component/types.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/slice.h"

/* ── a map from numbers to numbers ─────────────────────────────────────────────────────────── */

static size_t id_slot(const id_map_t *map, uint64_t key) {
    uint64_t hash = (key + 1) * 0x9e3779b97f4a7c15u;
    size_t slot = (size_t)(hash >> 20) & (map->cap - 1);
    while (map->keys[slot] != 0 && map->keys[slot] != key + 1)
        slot = (slot + 1) & (map->cap - 1);
    return slot;
}

static bool id_map_grow(id_map_t *map) {
    id_map_t bigger = {.len = map->len, .cap = map->cap == 0 ? 8 : map->cap * 2};
    bigger.keys = mem_calloc(bigger.cap, sizeof *bigger.keys);
    bigger.values = mem_calloc(bigger.cap, sizeof *bigger.values);
    if (bigger.keys == NULL || bigger.values == NULL) {
        id_map_deinit(&bigger);
        return false;
    }
    for (size_t i = 0; i < map->cap; i++)
        if (map->keys[i] != 0) {
            size_t slot = id_slot(&bigger, map->keys[i] - 1);
            bigger.keys[slot] = map->keys[i];
            bigger.values[slot] = map->values[i];
        }
    id_map_deinit(map);
    *map = bigger;
    return true;
}

bool id_map_set(id_map_t *map, uint64_t key, uint64_t value) {
    if ((map->len + 1) * 2 > map->cap && !id_map_grow(map))
        return false;
    size_t slot = id_slot(map, key);
    map->len += map->keys[slot] == 0;
    map->keys[slot] = key + 1;
    map->values[slot] = value;
    return true;
}

uint64_t *id_map_get(const id_map_t *map, uint64_t key) {
    if (map->cap == 0)
        return NULL;
    size_t slot = id_slot(map, key);
    return map->keys[slot] == 0 ? NULL : &map->values[slot];
}

void id_map_deinit(id_map_t *map) {
    mem_free(map->keys);
    mem_free(map->values);
    *map = (id_map_t){0};
}

/* ── the store's memory: an arena that can be taken back to a mark ─────────────────────────── */

enum { CHUNK_SIZE = 64 * 1024 };

struct type_chunk {
    type_chunk_t *next;
    size_t used;
    size_t size;
    _Alignas(max_align_t) uint8_t bytes[];
};

void types_init(type_store_t *types) {
    *types = (type_store_t){0};
}

void types_deinit(type_store_t *types) {
    for (size_t i = 0; i < types->maps.len; i++) {
        map_deinit(types->maps.items[i]);
        mem_free(types->maps.items[i]);
    }
    VEC_FREE(&types->maps);
    VEC_FREE(&types->defined);
    VEC_FREE(&types->funcs);
    VEC_FREE(&types->instances);
    VEC_FREE(&types->components);
    VEC_FREE(&types->modules);
    VEC_FREE(&types->core);
    map_deinit(&types->core_groups);
    while (types->chunks != NULL) {
        type_chunk_t *next = types->chunks->next;
        mem_free(types->chunks);
        types->chunks = next;
    }
}

void *types_alloc(type_store_t *types, size_t count, size_t size) {
    size_t total, unit = _Alignof(max_align_t);
    if (__builtin_mul_overflow(count, size, &total) || total > SIZE_MAX / 2)
        return types_no_memory(types), NULL;
    total = (total + unit - 1) / unit * unit;
    type_chunk_t *chunk = types->chunks;
    if (chunk == NULL || chunk->size - chunk->used < total) {
        size_t room = total > CHUNK_SIZE ? total : CHUNK_SIZE;
        chunk = mem_alloc(sizeof *chunk + room);
        if (chunk == NULL)
            return types_no_memory(types), NULL;
        *chunk = (type_chunk_t){.next = types->chunks, .size = room};
        types->chunks = chunk;
    }
    void *out = chunk->bytes + chunk->used;
    chunk->used += total;
    return memset(out, 0, total);
}

map_t *types_new_map(type_store_t *types) {
    map_t *map = mem_calloc(1, sizeof *map);
    if (map != NULL && VEC_PUSH(&types->maps, map))
        return map;
    mem_free(map);
    types_no_memory(types);
    return NULL;
}

type_mark_t types_mark(const type_store_t *types) {
    return (type_mark_t){
        .chunk = types->chunks,
        .used = types->chunks == NULL ? 0 : types->chunks->used,
        .defined = types->defined.len,
        .funcs = types->funcs.len,
        .instances = types->instances.len,
        .components = types->components.len,
        .modules = types->modules.len,
    };
}

void types_rewind(type_store_t *types, type_mark_t mark) {
    types->defined.len = mark.defined;
    types->funcs.len = mark.funcs;
    types->instances.len = mark.instances;
    types->components.len = mark.components;
    types->modules.len = mark.modules;
    while (types->chunks != mark.chunk) {
        type_chunk_t *next = types->chunks->next;
        mem_free(types->chunks);
        types->chunks = next;
    }
    if (types->chunks != NULL)
        types->chunks->used = mark.used;
}

/* ── errors ────────────────────────────────────────────────────────────────────────────────── */

static void set_error(type_store_t *types, spin_error_kind_t kind, size_t offset,
                      const char *format, va_list args) {
    char text[512];
    if (types->error != NULL)
        return;
    vsnprintf(text, sizeof text, format, args);
    types->error = error_new(kind, "%s", text);
    types->error_offset = offset;
}

bool types_fail(type_store_t *types, size_t offset, const char *format, ...) {
    va_list args;
    va_start(args, format);
    set_error(types, SPIN_ERROR_INVALID, offset, format, args);
    va_end(args);
    return false;
}

bool types_unsupported(type_store_t *types, size_t offset, const char *format, ...) {
    va_list args;
    va_start(args, format);
    set_error(types, SPIN_ERROR_UNSUPPORTED, offset, format, args);
    va_end(args);
    return false;
}

bool types_no_memory(type_store_t *types) {
    if (types->error == NULL)
        types->error = error_no_memory();
    return false;
}

bool types_context(type_store_t *types, const char *format, ...) {
    char text[256];
    va_list args;
    if (types->error == NULL || spin_error_kind(types->error) == SPIN_ERROR_NO_MEMORY)
        return false;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    types->error = error_wrap(types->error, "%s", text);
    return false;
}

/* On the outermost link, so that it is read once. */
spin_error_t *types_take_error(type_store_t *types) {
    spin_error_t *error = types->error;
    types->error = NULL;
    if (error == NULL || spin_error_kind(error) == SPIN_ERROR_NO_MEMORY)
        return error;
    return error_at_offset(error, NULL, types->error_offset);
}

/* ── adding ────────────────────────────────────────────────────────────────────────────────── */

#define ADD(list, type, out)                                                                       \
    do {                                                                                           \
        void *copy = types_alloc(types, 1, sizeof *(type));                                        \
        if (copy == NULL)                                                                          \
            return false;                                                                          \
        memcpy(copy, (type), sizeof *(type));                                                      \
        *(out) = (uint32_t)types->list.len;                                                        \
        return VEC_PUSH(&types->list, copy) || types_no_memory(types);                             \
    } while (0)

bool types_add_defined(type_store_t *types, const defined_type_t *type, uint32_t *out) {
    ADD(defined, type, out);
}
bool types_add_func(type_store_t *types, const func_type_t *type, uint32_t *out) {
    ADD(funcs, type, out);
}
bool types_add_instance(type_store_t *types, const instance_type_t *type, uint32_t *out) {
    ADD(instances, type, out);
}
bool types_add_component(type_store_t *types, const component_type_t *type, uint32_t *out) {
    ADD(components, type, out);
}
bool types_add_module(type_store_t *types, const module_type_t *type, uint32_t *out) {
    ADD(modules, type, out);
}

type_ref_t types_new_resource(type_store_t *types) {
    return type_ref_of(TYPE_RESOURCE, types->resource_count++);
}

type_ref_t types_with_alias(type_store_t *types, type_ref_t type) {
    if (type.sort == TYPE_RESOURCE || type.sort == TYPE_DEFINED)
        type.alias = ++types->alias_count;
    return type;
}

/* 29 bits for the alias: each takes some bytes of the component. */
uint64_t type_ref_key(type_ref_t type) {
    return (uint64_t)type.sort << 61 | (uint64_t)(type.alias & 0x1fffffff) << 32 | type.index;
}
type_ref_t type_ref_of_key(uint64_t key) {
    return (type_ref_t){(type_sort_t)(key >> 61), (uint32_t)key,
                        (uint32_t)(key >> 32) & 0x1fffffff};
}

/* ── looking up ────────────────────────────────────────────────────────────────────────────── */

static uint32_t position_of(const map_t *names, spin_slice_t name) {
    return names == NULL ? 0 : (uint32_t)(uintptr_t)map_get(names, name);
}

const entity_t *entity_find(const entity_list_t *list, spin_slice_t name) {
    uint32_t at = position_of(list->names, name);
    return at == 0 ? NULL : &list->items[at - 1];
}

const core_entity_t *core_entity_find(const core_entity_list_t *list, spin_slice_t name) {
    uint32_t at = position_of(list->names, name);
    return at == 0 ? NULL : &list->items[at - 1];
}

const char *entity_kind_name(entity_kind_t kind) {
    static const char *const names[] = {"core module", "function", "value",
                                        "type",        "instance", "component"};
    return names[kind];
}

const char *type_sort_name(type_sort_t sort) {
    static const char *const names[] = {"resource type", "value type", "function type",
                                        "instance type", "component type"};
    return names[sort];
}

const char *primitive_name(uint8_t primitive) {
    static const char *const names[] = {
        [0x7f - 0x7f] = "bool",  [0x7f - 0x7e] = "s8",  [0x7f - 0x7d] = "u8",
        [0x7f - 0x7c] = "s16",   [0x7f - 0x7b] = "u16", [0x7f - 0x7a] = "s32",
        [0x7f - 0x79] = "u32",   [0x7f - 0x78] = "s64", [0x7f - 0x77] = "u64",
        [0x7f - 0x76] = "f32",   [0x7f - 0x75] = "f64", [0x7f - 0x74] = "char",
        [0x7f - 0x73] = "string"};
    return primitive >= 0x73 && primitive <= 0x7f ? names[0x7f - primitive] : "error-context";
}

const char *defined_kind_name(const defined_type_t *type) {
    switch (type->kind) {
    case AST_TYPE_PRIMITIVE: return primitive_name(type->primitive);
    case AST_TYPE_RECORD: return "record";
    case AST_TYPE_VARIANT: return "variant";
    case AST_TYPE_LIST: return "list";
    case AST_TYPE_TUPLE: return "tuple";
    case AST_TYPE_FLAGS: return "flags";
    case AST_TYPE_ENUM: return "enum";
    case AST_TYPE_OPTION: return "option";
    case AST_TYPE_RESULT: return "result";
    case AST_TYPE_OWN: return "own";
    case AST_TYPE_BORROW: return "borrow";
    case AST_TYPE_FIXED_LIST: return "list of fixed length";
    case AST_TYPE_STREAM: return "stream";
    case AST_TYPE_FUTURE: return "future";
    case AST_TYPE_MAP: return "map";
    default: return "type";
    }
}

/* ── size and depth ────────────────────────────────────────────────────────────────────────── */

bool types_add_size(type_store_t *types, uint32_t *size, uint32_t extra, size_t offset) {
    if (*size + extra >= TYPES_MAX_SIZE)
        return types_fail(types, offset, "the type has more than %d nodes", TYPES_MAX_SIZE);
    *size += extra;
    return true;
}

bool type_info_combine(type_store_t *types, type_info_t *info, type_info_t member, size_t offset) {
    if (!types_add_size(types, &info->size, member.size, offset))
        return false;
    if (member.depth + 1 > info->depth)
        info->depth = member.depth + 1;
    info->has_borrow |= member.has_borrow;
    info->has_resource |= member.has_resource;
    info->has_pointer |= member.has_pointer;
    return info->depth <= TYPES_MAX_DEPTH ||
           types_fail(types, offset, "types are nested more than %d deep", TYPES_MAX_DEPTH);
}

type_info_t type_info_of_val(const type_store_t *types, val_type_t type) {
    if (type.kind == VAL_DEFINED)
        return types_defined(types, type.index)->info;
    type_info_t info = type_info_leaf();
    info.has_pointer = type.kind == VAL_PRIMITIVE && type.primitive == 0x73;
    return info;
}

type_info_t type_info_of_ref(const type_store_t *types, type_ref_t type) {
    type_info_t info = type_info_leaf();
    switch (type.sort) {
    case TYPE_RESOURCE: info.has_resource = true; break;
    case TYPE_DEFINED: info = types_defined(types, type.index)->info; break;
    case TYPE_FUNC: info = types_func(types, type.index)->info; break;
    case TYPE_INSTANCE: info = types_instance(types, type.index)->info; break;
    case TYPE_COMPONENT: info = types_component(types, type.index)->info; break;
    }
    return info;
}

type_info_t type_info_of_entity(const type_store_t *types, const entity_t *entity) {
    type_info_t info = type_info_leaf();
    switch (entity->kind) {
    case ENTITY_MODULE: info.size = types_module(types, entity->index)->size; break;
    case ENTITY_FUNC: info = types_func(types, entity->index)->info; break;
    case ENTITY_VALUE: info = type_info_of_val(types, entity->value); break;
    case ENTITY_TYPE: info = type_info_of_ref(types, entity->referenced); break;
    case ENTITY_INSTANCE: info = types_instance(types, entity->index)->info; break;
    case ENTITY_COMPONENT: info = types_component(types, entity->index)->info; break;
    }
    return info;
}
