#include "wasm/instr.h"

#include "wasm/type.h"

/* What follows an opcode. */
enum immediate {
    IMM_UNKNOWN = 0,
    IMM_NONE,
    IMM_BLOCK,
    IMM_LABEL,
    IMM_LABELS,
    IMM_FUNC,
    IMM_TYPE,
    IMM_TYPE_TABLE,
    IMM_LOCAL,
    IMM_GLOBAL,
    IMM_TABLE,
    IMM_TABLE_TABLE,
    IMM_ELEMENT,
    IMM_ELEMENT_TABLE,
    IMM_DATA,
    IMM_DATA_MEMORY,
    IMM_MEMORY,
    IMM_MEMORY_MEMORY,
    IMM_ACCESS,
    IMM_ACCESS_LANE,
    IMM_TAG,
    IMM_HEAP_TYPE,
    IMM_CAST_LABEL,
    IMM_TYPE_NUMBER,
    IMM_TYPE_TYPE,
    IMM_TYPE_DATA,
    IMM_TYPE_ELEMENT,
    IMM_VAL_TYPES,
    IMM_CATCHES,
    IMM_I32,
    IMM_I64,
    IMM_BYTE,
    IMM_BYTES4,
    IMM_BYTES8,
    IMM_BYTES16,
};

typedef struct shape {
    uint8_t immediate;
    uint8_t pops;
    uint8_t pushes;
} shape_t;

#define VARIES CORE_EFFECT_VARIES

/* One letter for each shape of instruction; the tables of opcodes below are spelled with them. */
static const shape_t shapes[128] = {
    ['-'] = {IMM_NONE, 0, 0},
    ['!'] = {IMM_NONE, VARIES, VARIES}, /* control without immediates */
    ['b'] = {IMM_BLOCK, VARIES, VARIES},
    ['r'] = {IMM_LABEL, VARIES, VARIES},
    ['R'] = {IMM_LABELS, VARIES, VARIES},
    ['t'] = {IMM_TAG, VARIES, VARIES},
    ['T'] = {IMM_CATCHES, VARIES, VARIES},
    ['f'] = {IMM_FUNC, VARIES, VARIES},
    ['I'] = {IMM_TYPE_TABLE, VARIES, VARIES},
    ['y'] = {IMM_TYPE, VARIES, VARIES},
    ['p'] = {IMM_NONE, 1, 0},
    ['u'] = {IMM_NONE, 1, 1},
    ['d'] = {IMM_NONE, 2, 1},
    ['s'] = {IMM_NONE, 3, 1},
    ['N'] = {IMM_NONE, 2, 2},
    ['n'] = {IMM_NONE, 4, 2},
    ['S'] = {IMM_VAL_TYPES, 3, 1},
    ['l'] = {IMM_LOCAL, 0, 1},
    ['L'] = {IMM_LOCAL, 1, 0},
    ['e'] = {IMM_LOCAL, 1, 1},
    ['g'] = {IMM_GLOBAL, 0, 1},
    ['G'] = {IMM_GLOBAL, 1, 0},
    ['v'] = {IMM_TABLE, 0, 1},
    ['a'] = {IMM_TABLE, 1, 1},
    ['w'] = {IMM_TABLE, 2, 1},
    ['A'] = {IMM_TABLE, 2, 0},
    ['W'] = {IMM_TABLE, 3, 0},
    ['K'] = {IMM_TABLE_TABLE, 3, 0},
    ['X'] = {IMM_ELEMENT_TABLE, 3, 0},
    ['E'] = {IMM_ELEMENT, 0, 0},
    ['x'] = {IMM_DATA_MEMORY, 3, 0},
    ['D'] = {IMM_DATA, 0, 0},
    ['k'] = {IMM_MEMORY_MEMORY, 3, 0},
    ['q'] = {IMM_MEMORY, 3, 0},
    ['z'] = {IMM_MEMORY, 0, 1},
    ['Z'] = {IMM_MEMORY, 1, 1},
    ['m'] = {IMM_ACCESS, 1, 1},
    ['M'] = {IMM_ACCESS, 2, 0},
    ['o'] = {IMM_ACCESS, 2, 1},
    ['O'] = {IMM_ACCESS, 3, 1},
    ['P'] = {IMM_ACCESS_LANE, 2, 1},
    ['Q'] = {IMM_ACCESS_LANE, 2, 0},
    ['1'] = {IMM_I32, 0, 1},
    ['2'] = {IMM_I64, 0, 1},
    ['4'] = {IMM_BYTES4, 0, 1},
    ['8'] = {IMM_BYTES8, 0, 1},
    ['V'] = {IMM_BYTES16, 0, 1},
    ['$'] = {IMM_BYTES16, 2, 1},
    ['j'] = {IMM_BYTE, 1, 1},
    ['J'] = {IMM_BYTE, 2, 1},
    ['0'] = {IMM_BYTE, 0, 0},
    ['h'] = {IMM_HEAP_TYPE, 0, 1},
    ['H'] = {IMM_HEAP_TYPE, 1, 1},
    ['c'] = {IMM_CAST_LABEL, 1, VARIES},
    ['B'] = {IMM_TYPE, 0, 1},
    ['='] = {IMM_TYPE, 1, 1},
    ['C'] = {IMM_TYPE, 2, 1},
    ['Y'] = {IMM_TYPE, 3, 0},
    ['U'] = {IMM_TYPE, 4, 0},
    ['i'] = {IMM_TYPE_NUMBER, 1, 1},
    ['3'] = {IMM_TYPE_NUMBER, 2, 0},
    ['5'] = {IMM_TYPE_NUMBER, VARIES, 1},
    ['6'] = {IMM_TYPE_TYPE, 5, 0},
    ['7'] = {IMM_TYPE_DATA, 2, 1},
    ['9'] = {IMM_TYPE_DATA, 4, 0},
    ['+'] = {IMM_TYPE_ELEMENT, 2, 1},
    ['*'] = {IMM_TYPE_ELEMENT, 4, 0},
    ['F'] = {IMM_FUNC, 0, 1},
};

/* Sixteen opcodes a row; a dot is an opcode that nobody assigned, or that is not known here. */
/* clang-format off */
static const char plain[] =
    "!-bbb!bttr!!rrR!" /* 00 control */
    "fIfIyy..r!psS..T" /* 10 calls, select */
    "lLegGaA.mmmmmmmm" /* 20 variables, loads */
    "mmmmmmMMMMMMMMMz" /* 30 loads, stores */
    "Z1248udddddddddd" /* 40 constants, comparisons */
    "uddddddddddddddd" /* 50 */
    "ddddddduuudddddd" /* 60 integer arithmetic */
    "ddddddddduuudddd" /* 70 */
    "ddddddddddduuuuu" /* 80 */
    "uuddddddduuuuuuu" /* 90 floating point */
    "ddddddduuuuuuuuu" /* a0 conversions */
    "uuuuuuuuuuuuuuuu" /* b0 */
    "uuuuu..........." /* c0 sign extension */
    "huFdurr"; /* d0 references */

static const char prefix_fb[] =
    "yBiii3C=57+CCCYu" /* 00 structs, arrays; struct.new takes what its type has */
    "U69*HHHHcc" /* 10 arrays, casts */
    "uuuuu"; /* 1a conversions, i31 */

static const char prefix_fc[] =
    "uuuuuuuuxDkqXEKw" /* 00 saturating conversions, bulk memory, tables */
    "vW.nnNN"; /* 10 wide arithmetic */

static const char prefix_fd[] =
    "mmmmmmmmmmmMV$du" /* 00 loads, splats */
    "uuuuujjJjjJjJjJj" /* 10 lanes */
    "JjJddddddddddddd" /* 20 comparisons */
    "dddddddddddddddd" /* 30 */
    "dddddddddddddudd" /* 40 */
    "ddsuPPPPQQQQmmuu" /* 50 bitwise, memory lanes */
    "uuuuudduuuuddddd" /* 60 i8x16 */
    "dddduudddduduuuu" /* 70 */
    "uuduudduuuuddddd" /* 80 i16x8 */
    "dddduddddd.ddddd" /* 90 */
    "uu.uu..uuuudddd." /* a0 i32x4 */
    ".d...dddddd.dddd" /* b0 */
    "uu.uu..uuuudddd." /* c0 i64x2 */
    ".d...ddddddddddd" /* d0 */
    "uu.udddddddduu.u" /* e0 f32x4, f64x2 */
    "dddddddduuuuuuuu" /* f0 */
    "duuuussssssssddd" /* 100 relaxed */
    "ddds"; /* 110 */

static const char prefix_fe[] =
    "oOO0............" /* 00 wait, notify, fence */
    "mmmmmmmMMMMMMMoo" /* 10 atomic loads, stores */
    "oooooooooooooooo" /* 20 read-modify-write */
    "oooooooooooooooo" /* 30 */
    "ooooooooOOOOOOO"; /* 40 compare-exchange */
/* clang-format on */

typedef struct opcode_page {
    const char *letters;
    uint32_t count;
} opcode_page_t;

/* A body is no longer than the first, so no table of labels is. The others are other engines'. */
enum { LABEL_LIMIT = 7654321, CATCH_LIMIT = 10000, SELECT_LIMIT = 1000 };

static shape_t shape_of(core_reader_t *reader, core_instr_t *out) {
    static const opcode_page_t pages[] = {
        {prefix_fb, sizeof prefix_fb - 1},
        {prefix_fc, sizeof prefix_fc - 1},
        {prefix_fd, sizeof prefix_fd - 1},
        {prefix_fe, sizeof prefix_fe - 1},
    };
    uint8_t first = core_read_u8(reader);
    out->opcode = first;
    if (first < sizeof plain - 1)
        return shapes[(uint8_t)plain[first]];
    if (first < 0xfb || first > 0xfe)
        return (shape_t){IMM_UNKNOWN, 0, 0};
    uint32_t code = core_read_u32(reader);
    const opcode_page_t *page = &pages[first - 0xfb];
    if (code >= page->count)
        return (shape_t){IMM_UNKNOWN, 0, 0};
    out->opcode = (uint32_t)first << 16 | code;
    return shapes[(uint8_t)page->letters[code]];
}

static void add_index(core_reader_t *reader, core_space_t space, bool is_signed, size_t start,
                      uint32_t value, core_instr_t *out) {
    out->indices[out->index_count++] =
        (core_index_t){space, is_signed, value, start, core_reader_offset(reader)};
}

static void read_index(core_reader_t *reader, core_space_t space, core_instr_t *out) {
    size_t start = core_reader_offset(reader);
    uint32_t value = core_read_u32(reader);
    add_index(reader, space, false, start, value, out);
}

static void read_heap_type(core_reader_t *reader, core_instr_t *out) {
    size_t start = core_reader_offset(reader);
    out->value = core_read_heap_type(reader);
    if (out->value >= 0)
        add_index(reader, CORE_SPACE_TYPE, true, start, (uint32_t)out->value, out);
}

/* Section 5.4.1: the empty type, a value type, or a type index; all fit s33. */
static void read_block_type(core_reader_t *reader, core_instr_t *out) {
    uint8_t first = core_reader_done(reader) ? 0 : *reader->at;
    size_t start = core_reader_offset(reader);
    if ((first & 0xc0) != 0x40) {
        out->value = core_read_s33(reader);
        if (out->value < 0)
            core_reader_fail(reader, out->start, "malformed block type");
        else
            add_index(reader, CORE_SPACE_TYPE, true, start, (uint32_t)out->value, out);
        return;
    }
    out->value = (int64_t)first - 0x80;
    if (first == 0x40) {
        core_read_u8(reader);
        return;
    }
    core_val_type_t type = core_read_val_type(reader);
    if (core_val_type_has_index(type))
        add_index(reader, CORE_SPACE_TYPE, true, start + 1, (uint32_t)core_heap_type(type), out);
}

/* Flags (which of the two types are nullable), a label and two heap types. */
static void read_cast_label(core_reader_t *reader, core_instr_t *out) {
    size_t start = core_reader_offset(reader);
    if (core_read_u8(reader) > 3)
        core_reader_fail(reader, start, "malformed cast flags");
    read_index(reader, CORE_SPACE_LABEL, out);
    read_heap_type(reader, out);
    read_heap_type(reader, out);
}

/* Section 5.4.6: bit 6 of the alignment says that the memory's index follows. */
static void read_access(core_reader_t *reader, core_instr_t *out) {
    size_t start = core_reader_offset(reader);
    out->align = core_read_u32(reader);
    out->access_at = start;
    out->has_memory = (out->align & 0x40) != 0;
    out->align &= ~0x40u;
    if (out->align >= 0x40)
        core_reader_fail(reader, start, "malformed memory access flags");
    if (out->has_memory)
        read_index(reader, CORE_SPACE_MEMORY, out);
    out->offset = core_read_u64(reader);
}

static void read_catches(core_reader_t *reader, core_instr_t *out) {
    read_block_type(reader, out);
    out->vector_at = core_reader_offset(reader);
    for (uint32_t left = core_read_count(reader, CATCH_LIMIT, "too many catch clauses"); left > 0;
         left--) {
        size_t start = core_reader_offset(reader);
        uint8_t kind = core_read_u8(reader);
        if (kind > 3)
            core_reader_fail(reader, start, "malformed catch clause");
        if (kind < 2)
            core_read_u32(reader); /* the tag */
        core_read_u32(reader);     /* the label */
    }
}

static void read_vector(core_reader_t *reader, enum immediate immediate, core_instr_t *out) {
    out->vector_at = core_reader_offset(reader);
    if (immediate == IMM_VAL_TYPES) {
        for (uint32_t left = core_read_count(reader, SELECT_LIMIT, "too many types"); left > 0;
             left--)
            core_read_val_type(reader);
        return;
    }
    for (uint32_t left = core_read_count(reader, LABEL_LIMIT, "too many labels"); left > 0; left--)
        core_read_u32(reader);
    core_read_u32(reader); /* the default label */
}

/* The index spaces of immediates that are nothing but indices. */
static void read_indices(core_reader_t *reader, enum immediate immediate, core_instr_t *out) {
    enum { NO = 0xff };
    static const uint8_t spaces[][2] = {
        [IMM_LABEL] = {CORE_SPACE_LABEL, NO},
        [IMM_FUNC] = {CORE_SPACE_FUNC, NO},
        [IMM_TYPE] = {CORE_SPACE_TYPE, NO},
        [IMM_TYPE_TABLE] = {CORE_SPACE_TYPE, CORE_SPACE_TABLE},
        [IMM_LOCAL] = {CORE_SPACE_LOCAL, NO},
        [IMM_GLOBAL] = {CORE_SPACE_GLOBAL, NO},
        [IMM_TABLE] = {CORE_SPACE_TABLE, NO},
        [IMM_TABLE_TABLE] = {CORE_SPACE_TABLE, CORE_SPACE_TABLE},
        [IMM_ELEMENT] = {CORE_SPACE_ELEMENT, NO},
        [IMM_ELEMENT_TABLE] = {CORE_SPACE_ELEMENT, CORE_SPACE_TABLE},
        [IMM_DATA] = {CORE_SPACE_DATA, NO},
        [IMM_DATA_MEMORY] = {CORE_SPACE_DATA, CORE_SPACE_MEMORY},
        [IMM_MEMORY] = {CORE_SPACE_MEMORY, NO},
        [IMM_MEMORY_MEMORY] = {CORE_SPACE_MEMORY, CORE_SPACE_MEMORY},
        [IMM_TAG] = {CORE_SPACE_TAG, NO},
        [IMM_TYPE_TYPE] = {CORE_SPACE_TYPE, CORE_SPACE_TYPE},
        [IMM_TYPE_DATA] = {CORE_SPACE_TYPE, CORE_SPACE_DATA},
        [IMM_TYPE_ELEMENT] = {CORE_SPACE_TYPE, CORE_SPACE_ELEMENT},
    };
    read_index(reader, (core_space_t)spaces[immediate][0], out);
    if (spaces[immediate][1] != NO)
        read_index(reader, (core_space_t)spaces[immediate][1], out);
}

bool core_read_instr(core_reader_t *reader, core_instr_t *out) {
    out->start = core_reader_offset(reader);
    out->index_count = 0;
    out->vector_at = 0;
    out->access_at = 0;
    shape_t shape = shape_of(reader, out);
    enum immediate immediate = (enum immediate)shape.immediate;
    out->pops = shape.pops;
    out->pushes = shape.pushes;
    switch (immediate) {
    case IMM_UNKNOWN: core_reader_unknown(reader, out->start, "unknown instruction"); break;
    case IMM_NONE: break;
    case IMM_BLOCK: read_block_type(reader, out); break;
    case IMM_CATCHES: read_catches(reader, out); break;
    case IMM_LABELS:
    case IMM_VAL_TYPES: read_vector(reader, immediate, out); break;
    case IMM_HEAP_TYPE: read_heap_type(reader, out); break;
    case IMM_CAST_LABEL: read_cast_label(reader, out); break;
    case IMM_TYPE_NUMBER: /* a field's index, or how many elements */
        read_index(reader, CORE_SPACE_TYPE, out);
        core_read_u32(reader);
        break;
    case IMM_ACCESS: read_access(reader, out); break;
    case IMM_ACCESS_LANE:
        read_access(reader, out);
        core_read_u8(reader);
        break;
    case IMM_I32: out->value = core_read_s32(reader); break;
    case IMM_I64: out->value = core_read_s64(reader); break;
    case IMM_BYTE: core_read_u8(reader); break;
    case IMM_BYTES4: core_read_bytes(reader, 4); break;
    case IMM_BYTES8: core_read_bytes(reader, 8); break;
    case IMM_BYTES16: core_read_bytes(reader, 16); break;
    default: read_indices(reader, immediate, out); break;
    }
    out->end = core_reader_offset(reader);
    return core_reader_ok(reader);
}
