/* Random types of WIT, by a seed, and random values of them. */
#ifndef TESTS_RANDOM_TYPES_H
#define TESTS_RANDOM_TYPES_H

#include <stdio.h>

#include "base/buf.h"
#include "wit/type.h"

typedef struct random_types {
    uint64_t state;
    arena_t *arena;
    type_table_t table;
    buf_t declarations; /* as WIT, of the declared types so far */
    unsigned declared;
    bool text;   /* only what `declarations` can say: no handles, no more flags than are allowed */
    bool old;    /* and only what there was in 2022 */
    bool failed; /* out of memory, or a type too large */
} random_types_t;

static inline uint64_t random_u64(random_types_t *random) {
    uint64_t x = random->state += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Below `limit`, which is not 0. */
static inline uint32_t random_below(random_types_t *random, uint32_t limit) {
    return (uint32_t)(random_u64(random) % limit);
}

static inline void random_begin(random_types_t *random, arena_t *arena, uint64_t seed) {
    *random = (random_types_t){.state = seed, .arena = arena, .table.arena = arena};
}

static inline void random_end(random_types_t *random) {
    type_table_deinit(&random->table);
    buf_deinit(&random->declarations);
}

/* ── types ── */

static const wit_type_t *random_type(random_types_t *random, unsigned depth);

static inline const wit_type_t *random_made(random_types_t *random, const wit_type_t *pattern) {
    const wit_type_t *type = NULL;
    spin_error_t *error = type_make(&random->table, pattern, &type);
    if (error == NULL)
        return type;
    spin_error_free(error);
    random->failed = true;
    type_make_plain(&random->table, SPIN_TYPE_BOOL, &type);
    return type;
}

static inline wit_part_t *random_parts(random_types_t *random, size_t len) {
    wit_part_t *parts = arena_calloc(random->arena, len + 1, sizeof *parts);
    for (size_t i = 0; i < len; i++)
        parts[i].name = arena_printf(random->arena, "m%zu", i);
    return parts;
}

static inline const wit_type_t *random_declared(random_types_t *random, spin_type_kind_t kind,
                                                const wit_part_t *parts, size_t len) {
    static const char *const words[] = {[SPIN_TYPE_RECORD] = "record",
                                        [SPIN_TYPE_VARIANT] = "variant",
                                        [SPIN_TYPE_ENUM] = "enum",
                                        [SPIN_TYPE_FLAGS] = "flags"};
    wit_typedef_t *def = arena_calloc(random->arena, 1, sizeof *def);
    def->name = arena_printf(random->arena, "t%u", random->declared++);
    const wit_type_t *type = random_made(
        random, &(wit_type_t){.kind = kind, .def = def, .parts = parts, .parts_len = len});
    def->ref.type = type;
    buf_printf(&random->declarations, "  %s %.*s {\n", words[kind], SLICE_ARG(def->name));
    for (size_t i = 0; i < len; i++) {
        const wit_type_t *part = parts[i].ref.type;
        bool field = kind == SPIN_TYPE_RECORD;
        buf_printf(&random->declarations, "    %.*s", SLICE_ARG(parts[i].name));
        if (part != NULL)
            buf_printf(&random->declarations, "%s%.*s%s", field ? ": " : "(", SLICE_ARG(part->text),
                       field ? "" : ")");
        buf_append_text(&random->declarations, ",\n");
    }
    buf_append_text(&random->declarations, "  }\n");
    return type;
}

static inline const wit_type_t *random_handle(random_types_t *random) {
    static const wit_typedef_t resource = {.name = SLICE_INIT("thing"), .is_resource = true};
    static const spin_type_kind_t kinds[] = {SPIN_TYPE_OWN, SPIN_TYPE_BORROW, SPIN_TYPE_STREAM,
                                             SPIN_TYPE_FUTURE, SPIN_TYPE_ERROR_CONTEXT};
    wit_type_t pattern = {.kind = kinds[random_below(random, 5)]};
    wit_part_t part = {0};
    if (pattern.kind == SPIN_TYPE_OWN || pattern.kind == SPIN_TYPE_BORROW) {
        pattern.resource = &resource;
    } else if (pattern.kind != SPIN_TYPE_ERROR_CONTEXT) {
        pattern.parts = &part;
        pattern.parts_len = 1;
    }
    return random_made(random, &pattern);
}

static inline const wit_type_t *random_leaf(random_types_t *random) {
    static const uint32_t counts[] = {1, 2, 3, 8, 9, 16, 17, 31, 32, 257};
    uint32_t choice = random_below(random, random->text ? 16 : 18);
    if (choice < 13)
        return random_made(random, &(wit_type_t){.kind = (spin_type_kind_t)(choice + 1)});
    if (choice >= 16)
        return random_handle(random);
    if (choice == 15)
        return random_made(random, &(wit_type_t){.kind = SPIN_TYPE_STRING});
    bool flags = choice == 13;
    uint32_t len = counts[random_below(random, flags && random->text ? 9 : 10)];
    return random_declared(random, flags ? SPIN_TYPE_FLAGS : SPIN_TYPE_ENUM,
                           random_parts(random, len), len);
}

static inline const wit_type_t *random_compound(random_types_t *random, spin_type_kind_t kind,
                                                unsigned depth) {
    bool cases = kind == SPIN_TYPE_VARIANT, fields = kind == SPIN_TYPE_RECORD;
    size_t len = 1;
    if (cases || fields || kind == SPIN_TYPE_TUPLE)
        len = 1 + random_below(random, 4);
    else if (kind == SPIN_TYPE_RESULT || kind == SPIN_TYPE_MAP)
        len = 2;
    wit_part_t *parts = random_parts(random, len);
    for (size_t i = 0; i < len; i++) {
        bool none = (cases || kind == SPIN_TYPE_RESULT) && random_below(random, 4) == 0;
        if (random->old && kind == SPIN_TYPE_RESULT && i == 1)
            none = false; /* `expected` names both */
        if (!none)
            parts[i].ref.type = random_type(random, depth - 1);
    }
    if (cases || fields)
        return random_declared(random, kind, parts, len);
    if (kind == SPIN_TYPE_MAP) { /* keys are of few types */
        spin_type_kind_t key = (spin_type_kind_t)(SPIN_TYPE_BOOL + random_below(random, 9));
        parts[0].ref.type = random_made(
            random, &(wit_type_t){.kind = random_below(random, 3) == 0 ? SPIN_TYPE_STRING : key});
    }
    wit_type_t pattern = {.kind = kind, .parts = parts, .parts_len = len};
    if (kind == SPIN_TYPE_FIXED_LIST)
        pattern.length = 1 + random_below(random, 5);
    return random_made(random, &pattern);
}

static inline const wit_type_t *random_type(random_types_t *random, unsigned depth) {
    static const spin_type_kind_t kinds[] = {
        SPIN_TYPE_LIST,   SPIN_TYPE_LIST,       SPIN_TYPE_TUPLE,
        SPIN_TYPE_RECORD, SPIN_TYPE_VARIANT,    SPIN_TYPE_OPTION,
        SPIN_TYPE_RESULT, SPIN_TYPE_FIXED_LIST, SPIN_TYPE_MAP};
    if (depth == 0 || random_below(random, 3) == 0)
        return random_leaf(random);
    return random_compound(random, kinds[random_below(random, random->old ? 7 : 9)], depth);
}

/* ── values, in the arena ── */

static void random_value(random_types_t *random, const wit_type_t *type, spin_value_t *out);

static inline spin_slice_t random_text(random_types_t *random) {
    static const char *const pieces[] = {
        "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8c\x80",
        "",  "spin",     "\n",           " and a longer one, so that it is moved"};
    buf_t text = {0};
    for (uint32_t left = random_below(random, 5); left > 0; left--)
        buf_append_text(&text, pieces[random_below(random, 8)]);
    spin_slice_t copy = arena_copy(random->arena, buf_slice(&text));
    buf_deinit(&text);
    return copy;
}

static inline uint64_t random_bits(random_types_t *random) {
    static const uint64_t edges[] = {0,
                                     1,
                                     0x7f,
                                     0x80,
                                     0xff,
                                     0x7fff,
                                     0x8000,
                                     0xffff,
                                     0x7fffffff,
                                     0x80000000,
                                     0xffffffff,
                                     INT64_MAX,
                                     (uint64_t)INT64_MIN,
                                     UINT64_MAX};
    if (random_below(random, 3) == 0)
        return edges[random_below(random, sizeof edges / sizeof *edges)];
    return random_u64(random);
}

static inline void random_number(random_types_t *random, const wit_type_t *type,
                                 spin_value_t *out) {
    uint64_t bits = random_bits(random);
    uint32_t narrow = (uint32_t)bits;
    switch (type->kind) {
    case SPIN_TYPE_BOOL: out->of.boolean = (bits & 1) != 0; break;
    case SPIN_TYPE_S8: out->of.integer = (int8_t)bits; break;
    case SPIN_TYPE_U8: out->of.natural = (uint8_t)bits; break;
    case SPIN_TYPE_S16: out->of.integer = (int16_t)bits; break;
    case SPIN_TYPE_U16: out->of.natural = (uint16_t)bits; break;
    case SPIN_TYPE_S32: out->of.integer = (int32_t)bits; break;
    case SPIN_TYPE_S64: out->of.integer = (int64_t)bits; break;
    case SPIN_TYPE_U64: out->of.natural = bits; break;
    case SPIN_TYPE_F32: memcpy(&out->of.f32, &narrow, sizeof narrow); break;
    case SPIN_TYPE_F64: memcpy(&out->of.f64, &bits, sizeof bits); break;
    case SPIN_TYPE_CHAR:
        out->of.natural = bits % 0x110000;
        if (out->of.natural >= 0xd800 && out->of.natural < 0xe000)
            out->of.natural = 0xd7ff + 0x800 * (bits & 1) + 1 * (bits & 1);
        break;
    default: out->of.natural = narrow; break;
    }
}

static inline void random_items(random_types_t *random, const wit_type_t *type, size_t len,
                                spin_value_t *out) {
    bool is_same = type->kind == SPIN_TYPE_LIST || type->kind == SPIN_TYPE_FIXED_LIST;
    out->of.list.items = arena_calloc(random->arena, len + 1, sizeof *out);
    out->of.list.len = len;
    for (size_t i = 0; i < len; i++)
        random_value(random, type->parts[is_same ? 0 : i].ref.type, &out->of.list.items[i]);
}

static inline void random_case(random_types_t *random, const wit_type_t *type, spin_value_t *out) {
    out->of.variant.index = random_below(random, (uint32_t)spin_type_count(type));
    const wit_type_t *payload = spin_type_part(type, out->of.variant.index);
    if (payload == NULL)
        return;
    out->of.variant.payload = arena_calloc(random->arena, 1, sizeof *out);
    random_value(random, payload, out->of.variant.payload);
}

static inline void random_flags(random_types_t *random, const wit_type_t *type, spin_value_t *out) {
    size_t len = (type->parts_len + 31) / 32;
    out->of.flags.words = arena_calloc(random->arena, len + 1, sizeof(uint32_t));
    out->of.flags.len = len;
    for (size_t i = 0; i < type->parts_len; i++)
        out->of.flags.words[i / 32] |= random_below(random, 2) << (i % 32);
}

static inline void random_map(random_types_t *random, const wit_type_t *type, spin_value_t *out) {
    size_t len = random_below(random, 4);
    out->of.list.items = arena_calloc(random->arena, len + 1, sizeof *out);
    out->of.list.len = len;
    for (size_t i = 0; i < len; i++) {
        out->of.list.items[i].kind = SPIN_TYPE_TUPLE;
        random_items(random, type, 2, &out->of.list.items[i]);
    }
}

static inline void random_value(random_types_t *random, const wit_type_t *type, spin_value_t *out) {
    *out = (spin_value_t){.kind = type->kind};
    switch (type->kind) {
    case SPIN_TYPE_STRING: out->of.text = random_text(random); break;
    case SPIN_TYPE_LIST:
        random_items(random, type, random_below(random, 5), out);
        if (type->parts[0].ref.type->kind == SPIN_TYPE_U8 && random_below(random, 2) == 0)
            *out = (spin_value_t){.kind = SPIN_TYPE_BYTES, .of.text = random_text(random)};
        break;
    case SPIN_TYPE_FIXED_LIST: random_items(random, type, type->length, out); break;
    case SPIN_TYPE_TUPLE:
    case SPIN_TYPE_RECORD: random_items(random, type, type->parts_len, out); break;
    case SPIN_TYPE_MAP: random_map(random, type, out); break;
    case SPIN_TYPE_VARIANT:
    case SPIN_TYPE_ENUM:
    case SPIN_TYPE_OPTION:
    case SPIN_TYPE_RESULT: random_case(random, type, out); break;
    case SPIN_TYPE_FLAGS: random_flags(random, type, out); break;
    default: random_number(random, type, out); break;
    }
}

#endif
