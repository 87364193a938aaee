#include <stdlib.h>

#include "cmocka_all.h"
#include "failing_alloc.h"
#include "legacy_guest.h"
#include "wasm/instr.h"
#include "wasm/rewrite.h"
#include "wasm/writer.h"

#define BYTES(...)                                                                                 \
    {                                                                                              \
        sizeof(const uint8_t[]){__VA_ARGS__}, {                                                    \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define NONE                                                                                       \
    {                                                                                              \
        0, {                                                                                       \
            0                                                                                      \
        }                                                                                          \
    }
#define COUNT_OF(all) (sizeof(all) / sizeof *(all))

typedef struct bytes {
    size_t len;
    uint8_t at[18];
} bytes_t;

/* Each space moves by another distance, so that one taken for another is seen. Types and globals
 * move to where their numbers take more bytes. */
enum { OLD_COUNT = 16 };
static uint32_t moved[CORE_SPACE_DATA + 1][OLD_COUNT];

static core_numbers_t make_numbers(void) {
    static const uint32_t distances[] = {
        [CORE_SPACE_TYPE] = 67,    [CORE_SPACE_FUNC] = 198, [CORE_SPACE_TABLE] = 8,
        [CORE_SPACE_MEMORY] = 5,   [CORE_SPACE_TAG] = 9,    [CORE_SPACE_ELEMENT] = 10,
        [CORE_SPACE_GLOBAL] = 126, [CORE_SPACE_DATA] = 11,
    };
    core_numbers_t numbers;
    for (size_t space = 0; space <= CORE_SPACE_DATA; space++) {
        for (uint32_t i = 0; i < OLD_COUNT; i++)
            moved[space][i] = i + distances[space];
        numbers.of[space] = moved[space];
        numbers.count[space] = OLD_COUNT;
    }
    return numbers;
}

/* Every opcode, by ranges of the same immediates: as they are and as they are to become. */
static const struct {
    uint8_t prefix;
    uint32_t first;
    uint32_t last;
    bytes_t before;
    bytes_t after;
} opcodes[] = {
    {0, 0x00, 0x01, NONE, NONE},
    {0, 0x02, 0x04, BYTES(0x40), BYTES(0x40)},
    {0, 0x02, 0x04, BYTES(0x7b), BYTES(0x7b)},
    {0, 0x02, 0x04, BYTES(0x70), BYTES(0x70)},
    {0, 0x02, 0x04, BYTES(3), BYTES(0xc6, 0)},
    {0, 0x02, 0x04, BYTES(0x63, 3), BYTES(0x63, 0xc6, 0)},
    {0, 0x02, 0x04, BYTES(0x64, 0x6e), BYTES(0x64, 0x6e)},
    {0, 0x05, 0x05, NONE, NONE},
    {0, 0x06, 0x06, BYTES(3), BYTES(0xc6, 0)},
    {0, 0x07, 0x08, BYTES(2), BYTES(11)},
    {0, 0x09, 0x09, BYTES(1), BYTES(1)},
    {0, 0x0a, 0x0b, NONE, NONE},
    {0, 0x0c, 0x0d, BYTES(2), BYTES(2)},
    {0, 0x0e, 0x0e, BYTES(2, 0, 1, 3), BYTES(2, 0, 1, 3)},
    {0, 0x0f, 0x0f, NONE, NONE},
    {0, 0x10, 0x10, BYTES(2), BYTES(0xc8, 1)},
    {0, 0x10, 0x10, BYTES(0x82, 0x80, 0), BYTES(0xc8, 1)},
    {0, 0x10, 0x10, BYTES(0x82, 0x80, 0x80, 0x80, 0), BYTES(0xc8, 1)},
    {0, 0x11, 0x11, BYTES(3, 1), BYTES(70, 9)},
    {0, 0x12, 0x12, BYTES(2), BYTES(0xc8, 1)},
    {0, 0x13, 0x13, BYTES(3, 1), BYTES(70, 9)},
    {0, 0x14, 0x15, BYTES(3), BYTES(70)},
    {0, 0x18, 0x18, BYTES(0), BYTES(0)},
    {0, 0x19, 0x1b, NONE, NONE},
    {0, 0x1c, 0x1c, BYTES(1, 0x7f), BYTES(1, 0x7f)},
    {0, 0x1c, 0x1c, BYTES(1, 0x64, 3), BYTES(1, 0x64, 0xc6, 0)},
    {0, 0x1f, 0x1f, BYTES(0x40, 4, 0, 2, 0, 1, 3, 1, 2, 0, 3, 1),
     BYTES(0x40, 4, 0, 11, 0, 1, 12, 1, 2, 0, 3, 1)},
    {0, 0x1f, 0x1f, BYTES(3, 1, 0, 2, 0), BYTES(0xc6, 0, 1, 0, 11, 0)},
    {0, 0x20, 0x22, BYTES(7), BYTES(7)},
    {0, 0x20, 0x22, BYTES(0x87, 1), BYTES(0x87, 1)},
    {0, 0x23, 0x24, BYTES(4), BYTES(0x82, 1)},
    {0, 0x25, 0x26, BYTES(1), BYTES(9)},
    {0, 0x28, 0x3e, BYTES(2, 8), BYTES(0x42, 5, 8)},
    {0, 0x28, 0x3e, BYTES(0x41, 1, 0x88, 1), BYTES(0x41, 6, 0x88, 1)},
    {0, 0x3f, 0x40, BYTES(0), BYTES(5)},
    {0, 0x41, 0x41, BYTES(0xff, 0xff, 0xff, 0xff, 7), BYTES(0xff, 0xff, 0xff, 0xff, 7)},
    {0, 0x42, 0x42, BYTES(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f),
     BYTES(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f)},
    {0, 0x41, 0x42, BYTES(0x40), BYTES(0x40)},
    {0, 0x43, 0x43, BYTES(0x10, 2, 0x10, 2), BYTES(0x10, 2, 0x10, 2)},
    {0, 0x44, 0x44, BYTES(0x10, 2, 0x10, 2, 0x10, 2, 0x10, 2),
     BYTES(0x10, 2, 0x10, 2, 0x10, 2, 0x10, 2)},
    {0, 0x45, 0xc4, NONE, NONE},
    {0, 0xd0, 0xd0, BYTES(3), BYTES(0xc6, 0)},
    {0, 0xd0, 0xd0, BYTES(0x6f), BYTES(0x6f)},
    {0, 0xd1, 0xd1, NONE, NONE},
    {0, 0xd2, 0xd2, BYTES(2), BYTES(0xc8, 1)},
    {0, 0xd3, 0xd4, NONE, NONE},
    {0, 0xd5, 0xd6, BYTES(1), BYTES(1)},
    {0xfb, 0x00, 0x01, BYTES(3), BYTES(70)},
    {0xfb, 0x02, 0x05, BYTES(3, 2), BYTES(70, 2)},
    {0xfb, 0x06, 0x07, BYTES(3), BYTES(70)},
    {0xfb, 0x08, 0x08, BYTES(3, 2), BYTES(70, 2)},
    {0xfb, 0x09, 0x09, BYTES(3, 2), BYTES(70, 13)},
    {0xfb, 0x0a, 0x0a, BYTES(3, 2), BYTES(70, 12)},
    {0xfb, 0x0b, 0x0e, BYTES(3), BYTES(70)},
    {0xfb, 0x0f, 0x0f, NONE, NONE},
    {0xfb, 0x10, 0x10, BYTES(3), BYTES(70)},
    {0xfb, 0x11, 0x11, BYTES(3, 2), BYTES(70, 69)},
    {0xfb, 0x12, 0x12, BYTES(3, 2), BYTES(70, 13)},
    {0xfb, 0x13, 0x13, BYTES(3, 2), BYTES(70, 12)},
    {0xfb, 0x14, 0x17, BYTES(3), BYTES(0xc6, 0)},
    {0xfb, 0x14, 0x17, BYTES(0x6b), BYTES(0x6b)},
    {0xfb, 0x18, 0x19, BYTES(3, 1, 3, 2), BYTES(3, 1, 0xc6, 0, 0xc5, 0)},
    {0xfb, 0x18, 0x19, BYTES(1, 0, 0x6e, 2), BYTES(1, 0, 0x6e, 0xc5, 0)},
    {0xfb, 0x1a, 0x1e, NONE, NONE},
    {0xfc, 0x00, 0x07, NONE, NONE},
    {0xfc, 0x08, 0x08, BYTES(2, 0), BYTES(13, 5)},
    {0xfc, 0x09, 0x09, BYTES(2), BYTES(13)},
    {0xfc, 0x0a, 0x0a, BYTES(0, 1), BYTES(5, 6)},
    {0xfc, 0x0b, 0x0b, BYTES(0), BYTES(5)},
    {0xfc, 0x0c, 0x0c, BYTES(2, 1), BYTES(12, 9)},
    {0xfc, 0x0d, 0x0d, BYTES(2), BYTES(12)},
    {0xfc, 0x0e, 0x0e, BYTES(1, 0), BYTES(9, 8)},
    {0xfc, 0x0f, 0x11, BYTES(1), BYTES(9)},
    {0xfc, 0x13, 0x16, NONE, NONE},
    {0xfd, 0x00, 0x0b, BYTES(0, 8), BYTES(0x40, 5, 8)},
    {0xfd, 0x0c, 0x0d, BYTES(16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1),
     BYTES(16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)},
    {0xfd, 0x0e, 0x14, NONE, NONE},
    {0xfd, 0x15, 0x22, BYTES(3), BYTES(3)},
    {0xfd, 0x23, 0x53, NONE, NONE},
    {0xfd, 0x54, 0x5b, BYTES(0, 8, 1), BYTES(0x40, 5, 8, 1)},
    {0xfd, 0x54, 0x5b, BYTES(0x40, 0, 8, 1), BYTES(0x40, 5, 8, 1)},
    {0xfd, 0x5c, 0x5d, BYTES(0, 8), BYTES(0x40, 5, 8)},
    {0xfd, 0x5e, 0x99, NONE, NONE},
    {0xfd, 0x9b, 0xa1, NONE, NONE},
    {0xfd, 0xa3, 0xa4, NONE, NONE},
    {0xfd, 0xa7, 0xae, NONE, NONE},
    {0xfd, 0xb1, 0xb1, NONE, NONE},
    {0xfd, 0xb5, 0xba, NONE, NONE},
    {0xfd, 0xbc, 0xc1, NONE, NONE},
    {0xfd, 0xc3, 0xc4, NONE, NONE},
    {0xfd, 0xc7, 0xce, NONE, NONE},
    {0xfd, 0xd1, 0xd1, NONE, NONE},
    {0xfd, 0xd5, 0xe1, NONE, NONE},
    {0xfd, 0xe3, 0xed, NONE, NONE},
    {0xfd, 0xef, 0x113, NONE, NONE},
    {0xfe, 0x00, 0x02, BYTES(2, 8), BYTES(0x42, 5, 8)},
    {0xfe, 0x03, 0x03, BYTES(0), BYTES(0)},
    {0xfe, 0x10, 0x4e, BYTES(2, 8), BYTES(0x42, 5, 8)},
};

static void put_opcode(buf_t *out, uint8_t prefix, uint32_t code) {
    if (prefix == 0) {
        buf_append_byte(out, (uint8_t)code);
        return;
    }
    buf_append_byte(out, prefix);
    core_put_u32(out, code);
}

/* A body with no locals, the instruction, what closes or opens it, and some that do nothing. */
static void put_body(buf_t *out, uint8_t prefix, uint32_t code, const bytes_t *immediates,
                     size_t padding) {
    enum { NOP = 1, EMPTY = 0x40 };
    int nesting = core_instr_nesting(prefix == 0 ? code : 0);
    buf_append_byte(out, 0);
    if (nesting < 0) {
        buf_append_byte(out, CORE_OP_BLOCK);
        buf_append_byte(out, EMPTY);
    }
    put_opcode(out, prefix, code);
    buf_append(out, spin_slice_of(immediates->at, immediates->len));
    for (; padding > 0; padding--)
        buf_append_byte(out, NOP);
    if (nesting > 0)
        buf_append_byte(out, CORE_OP_END);
    buf_append_byte(out, CORE_OP_END);
}

static void check_body(spin_slice_t before, spin_slice_t after, const core_numbers_t *numbers) {
    core_module_t module = {.bytes = before};
    buf_t out = {0};
    assert_null(core_rewrite_body(&module, before, numbers, &out));
    assert_int_equal(out.len, after.len);
    assert_memory_equal(out.ptr, after.ptr, after.len);
    buf_deinit(&out);
}

/* At the end of a body and with more behind it, where another path goes over it. */
static void every_instruction_gets_new_indices(void **state) {
    (void)state;
    static const size_t paddings[] = {0, 1, 40};
    core_numbers_t numbers = make_numbers();
    for (size_t i = 0; i < COUNT_OF(opcodes); i++)
        for (uint32_t code = opcodes[i].first; code <= opcodes[i].last; code++)
            for (size_t at = 0; at < COUNT_OF(paddings); at++) {
                buf_t before = {0}, after = {0};
                put_body(&before, opcodes[i].prefix, code, &opcodes[i].before, paddings[at]);
                put_body(&after, opcodes[i].prefix, code, &opcodes[i].after, paddings[at]);
                check_body(buf_slice(&before), buf_slice(&after), &numbers);
                check_body(buf_slice(&after), buf_slice(&after), NULL);
                buf_deinit(&before);
                buf_deinit(&after);
            }
}

static bool is_known(uint8_t prefix, uint32_t code) {
    static const uint8_t zeros[32];
    core_instr_t instr;
    core_reader_t reader;
    buf_t bytes = {0};
    put_opcode(&bytes, prefix, code);
    buf_append(&bytes, spin_slice_of(zeros, sizeof zeros));
    core_reader_init(&reader, buf_slice(&bytes));
    core_read_instr(&reader, &instr);
    buf_deinit(&bytes);
    return !reader.fault_unknown;
}

static bool is_listed(uint8_t prefix, uint32_t code) {
    for (size_t i = 0; i < COUNT_OF(opcodes); i++)
        if (opcodes[i].prefix == prefix && code >= opcodes[i].first && code <= opcodes[i].last)
            return true;
    return false;
}

static void known_opcodes_are_those_listed(void **state) {
    (void)state;
    static const uint8_t prefixes[] = {0, 0xfb, 0xfc, 0xfd, 0xfe};
    for (size_t i = 0; i < COUNT_OF(prefixes); i++)
        for (uint32_t code = 0; code < (prefixes[i] == 0 ? 0xfb : 0x400); code++)
            if (is_known(prefixes[i], code) != is_listed(prefixes[i], code))
                fail_msg("opcode %02x %02x", prefixes[i], code);
}

static void fails_at(const uint8_t *bytes, size_t len, spin_error_kind_t kind, uint64_t offset) {
    core_numbers_t numbers = make_numbers();
    core_module_t module = {.bytes = spin_slice_of(bytes, len)};
    buf_t out = {0};
    spin_error_t *error = core_rewrite_body(&module, module.bytes, &numbers, &out);
    assert_int_equal(spin_error_kind(error), kind);
    assert_true(spin_error_position(error).has_offset);
    assert_int_equal(spin_error_position(error).offset, offset);
    spin_error_free(error);
    buf_deinit(&out);
}

static void faults_have_their_offset(void **state) {
    (void)state;
    static const struct {
        bytes_t body;
        spin_error_kind_t kind;
        uint64_t offset;
    } cases[] = {
        {BYTES(0, 0x10, 16, 0x0b), SPIN_ERROR_INVALID, 2},          /* no such function */
        {BYTES(0, 0x23, 0x90, 1, 0x0b), SPIN_ERROR_INVALID, 2},     /* global */
        {BYTES(0, 0x28, 0x42, 16, 0, 0x0b), SPIN_ERROR_INVALID, 2}, /* memory */
        {BYTES(0, 0xd0, 16, 0x0b), SPIN_ERROR_INVALID, 2},          /* type */
        {BYTES(1, 1, 0x63, 16, 0x0b), SPIN_ERROR_INVALID, 3},       /* type of a local */
        {BYTES(0, 0x1f, 0x40, 1, 0, 16, 0, 0x0b, 0x0b), SPIN_ERROR_INVALID, 5}, /* tag */
        {BYTES(0, 0x0b, 0x01), SPIN_ERROR_INVALID, 2},       /* something left over */
        {BYTES(0, 0x02, 0x40, 0x0b), SPIN_ERROR_INVALID, 4}, /* no end */
        {BYTES(0, 0xff, 0x0b), SPIN_ERROR_UNSUPPORTED, 1},
        {BYTES(0, 0x10, 16, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0x0b), SPIN_ERROR_INVALID, 2},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        fails_at(cases[i].body.at, cases[i].body.len, cases[i].kind, cases[i].offset);
}

static void locals_and_other_forms(void **state) {
    (void)state;
    static const uint32_t to_first[] = {3, 0};
    core_numbers_t numbers = make_numbers();
    static const struct {
        bytes_t before;
        bytes_t after;
    } cases[] = {
        {BYTES(2, 1, 0x63, 3, 2, 0x7f, 0x0b), BYTES(2, 1, 0x63, 0xc6, 0, 2, 0x7f, 0x0b)},
        {BYTES(1, 1, 0x70, 0xd2, 2, 0x1a, 0x0b), BYTES(1, 1, 0x70, 0xd2, 0xc8, 1, 0x1a, 0x0b)},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_body(spin_slice_of(cases[i].before.at, cases[i].before.len),
                   spin_slice_of(cases[i].after.at, cases[i].after.len), &numbers);
    numbers.of[CORE_SPACE_MEMORY] = to_first;
    numbers.count[CORE_SPACE_MEMORY] = 2;
    static const bytes_t far = BYTES(0, 0x28, 0x42, 1, 9, 0x0b);
    static const bytes_t near = BYTES(0, 0x28, 2, 9, 0x0b);
    check_body(spin_slice_of(far.at, far.len), spin_slice_of(near.at, near.len), &numbers);
    numbers.of[CORE_SPACE_MEMORY] = NULL; /* they stay, and there are two */
    check_body(spin_slice_of(far.at, far.len), spin_slice_of(far.at, far.len), &numbers);
    static const uint8_t third[] = {0, 0x28, 0x42, 2, 9, 0x0b};
    core_module_t module = {.bytes = spin_slice_of(third, sizeof third)};
    buf_t out = {0};
    spin_error_t *error = core_rewrite_body(&module, module.bytes, &numbers, &out);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
    spin_error_free(error);
    buf_deinit(&out);
}

/* clang-format off */
static const uint8_t types[] = {6,
    0x60, 1, 0x63, 0, 1, 0x7b,                      /* 0: (ref null 0) -> v128 */
    0x4e, 2, 0x50, 0, 0x5f, 2, 0x78, 1, 0x64, 2, 0, /* 1, 2: a group, i8 and (ref 2) */
             0x4f, 1, 1, 0x5f, 2, 0x78, 1, 0x64, 2, 0,
    0x4e, 1, 0x5e, 0x77, 1,                         /* 3: a group of one, an array of i16 */
    0x4e, 0,                                        /* nothing */
    0x50, 1, 1, 0x5f, 2, 0x78, 1, 0x64, 2, 0,       /* 4: below 1 */
    0x60, 1, 0x7f, 0};                              /* 5 */
static const uint8_t imports[] = {2, 1, 'a', 1, 'b', 4, 0, 5, 0, 0, 3, 0x7e, 1};
static const uint8_t functions[] = {1, 5};
static const uint8_t tables[] = {2, 0x40, 0, 0x63, 3, 0, 1, 0xd0, 3, 0x0b, 0x70, 5, 1, 2};
static const uint8_t memories[] = {3, 8, 1, 0, 5, 1, 9, 3, 2, 16};
static const uint8_t tags[] = {1, 0, 5};
static const uint8_t globals[] = {1, 0x64, 3, 0, 0x41, 0, 0xfb, 7, 3, 0x0b};
static const uint8_t exports[] = {1, 1, 'x', 3, 1};
static const uint8_t start[] = {0};
static const uint8_t elements[] = {8,
    0, 0x41, 0, 0x0b, 1, 0,
    1, 0, 1, 0,
    2, 0, 0x41, 0, 0x0b, 0, 0,
    3, 0, 0,
    4, 0x41, 0, 0x0b, 1, 0xd2, 0, 0x0b,
    5, 0x70, 0,
    6, 1, 0x41, 0, 0x0b, 0x63, 3, 1, 0xd0, 3, 0x0b,
    7, 0x64, 3, 0};
static const uint8_t data_count[] = {3};
static const uint8_t code[] = {1, 5, 1, 1, 0x63, 3, 0x0b};
static const uint8_t data[] = {3, 0, 0x41, 0, 0x0b, 1, 'd', 1, 0, 2, 0, 0x41, 0, 0x0b, 0};
static const uint8_t custom[] = {1, 'c', 0x80, 0};
/* clang-format on */

#define SECTION(id, bytes)                                                                         \
    {                                                                                              \
        id, {                                                                                      \
            bytes, sizeof bytes                                                                    \
        }                                                                                          \
    }
static const struct {
    core_section_id_t id;
    spin_slice_t bytes;
} sections[] = {
    SECTION(CORE_SECTION_TYPE, types),         SECTION(CORE_SECTION_IMPORT, imports),
    SECTION(CORE_SECTION_FUNCTION, functions), SECTION(CORE_SECTION_TABLE, tables),
    SECTION(CORE_SECTION_MEMORY, memories),    SECTION(CORE_SECTION_TAG, tags),
    SECTION(CORE_SECTION_GLOBAL, globals),     SECTION(CORE_SECTION_EXPORT, exports),
    SECTION(CORE_SECTION_START, start),        SECTION(CORE_SECTION_ELEMENT, elements),
    SECTION(CORE_SECTION_CUSTOM, custom),      SECTION(CORE_SECTION_DATA_COUNT, data_count),
    SECTION(CORE_SECTION_CODE, code),          SECTION(CORE_SECTION_DATA, data),
};

static void put_module(buf_t *out) {
    core_put_preamble(out);
    for (size_t i = 0; i < COUNT_OF(sections); i++) {
        size_t mark = core_put_section_begin(out, sections[i].id);
        buf_append(out, sections[i].bytes);
        core_put_sized_end(out, mark);
    }
}

static void check_same(spin_slice_t bytes) {
    arena_t arena = {0};
    core_module_t module;
    buf_t out = {0};
    assert_null(core_module_read(&arena, bytes, &module));
    assert_null(core_rewrite_module(&module, &out));
    assert_int_equal(out.len, bytes.len);
    assert_memory_equal(out.ptr, bytes.ptr, bytes.len);
    buf_deinit(&out);
    arena_deinit(&arena);
}

static void modules_come_out_the_same(void **state) {
    (void)state;
    static const guest_options_t guests[] = {
        {.layout = LEGACY_LAYOUT_SLOTS},
        {.layout = LEGACY_LAYOUT_CANONICAL,
         .imports = true,
         .start = true,
         .passive = true,
         .expressions = true,
         .names = true},
    };
    buf_t bytes = {0};
    put_module(&bytes);
    check_same(buf_slice(&bytes));
    for (size_t i = 0; i < COUNT_OF(guests); i++) {
        buf_clear(&bytes);
        guest_make(&bytes, &guests[i]);
        check_same(buf_slice(&bytes));
    }
    buf_deinit(&bytes);
}

static void long_integers_get_shorter(void **state) {
    (void)state;
    static const uint8_t padded[] = {0,    'a',  's', 'm',  1, 0,    0,    0, 1,
                                     0x86, 0x80, 0,   0x81, 0, 0x60, 0x80, 0, 0};
    static const uint8_t wanted[] = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0};
    arena_t arena = {0};
    core_module_t module;
    buf_t out = {0};
    assert_null(core_module_read(&arena, spin_slice_of(padded, sizeof padded), &module));
    assert_null(core_rewrite_module(&module, &out));
    assert_int_equal(out.len, sizeof wanted);
    assert_memory_equal(out.ptr, wanted, sizeof wanted);
    buf_deinit(&out);
    arena_deinit(&arena);
}

static void types_are_decoded(void **state) {
    (void)state;
    arena_t arena = {0};
    core_module_t module;
    buf_t bytes = {0};
    put_module(&bytes);
    assert_null(core_module_read(&arena, buf_slice(&bytes), &module));
    assert_int_equal(module.group_count, 6);
    assert_int_equal(module.type_count, 6);
    assert_ptr_equal(module.groups[1].types, &module.types[1]);
    assert_int_equal(module.groups[1].count, 2);
    assert_true(module.groups[2].is_group && !module.groups[4].is_group);
    assert_int_equal(module.groups[3].count, 0);
    assert_int_equal(module.types[0].func.params[0], CORE_REF_NULL);
    assert_true(module.types[0].is_final && !module.types[1].is_final);
    assert_int_equal(module.types[2].kind, CORE_TYPE_STRUCT);
    assert_int_equal(module.types[2].super_count, 1);
    assert_int_equal(module.types[2].supers[0], 1);
    assert_true(module.types[2].is_final);
    assert_int_equal(module.types[2].field_count, 2);
    assert_int_equal(module.types[2].fields[0].type, 0x78);
    assert_true(module.types[2].fields[0].mutable);
    assert_true(core_val_type_has_index(module.types[2].fields[1].type));
    assert_int_equal(core_heap_type(module.types[2].fields[1].type), 2);
    assert_int_equal(module.types[3].kind, CORE_TYPE_ARRAY);
    assert_null(core_module_type(&module, 3));
    assert_ptr_equal(core_module_type(&module, 5), &module.types[5].func);
    assert_null(core_module_type(&module, 6));
    buf_deinit(&bytes);
    arena_deinit(&arena);
}

static void check_buf(buf_t *out, const uint8_t *wanted, size_t len) {
    assert_int_equal(out->len, len);
    assert_memory_equal(out->ptr, wanted, len);
    buf_clear(out);
}

#define CHECK(out, ...)                                                                            \
    check_buf(out, (const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__})

static void entries_get_new_indices(void **state) {
    (void)state;
    arena_t arena = {0};
    core_module_t module;
    core_numbers_t numbers = make_numbers();
    buf_t bytes = {0}, out = {0};
    put_module(&bytes);
    assert_null(core_module_read(&arena, buf_slice(&bytes), &module));
    assert_null(core_rewrite_rec_type(&module.groups[1], &numbers, &out));
    CHECK(&out, 0x4e, 2, 0x50, 0, 0x5f, 2, 0x78, 1, 0x64, 0xc5, 0, 0, 0x4f, 1, 68, 0x5f, 2, 0x78, 1,
          0x64, 0xc5, 0, 0);
    assert_null(core_rewrite_extern_type(&module, &module.imports[0], &numbers, &out));
    CHECK(&out, 4, 0, 72);
    assert_null(core_rewrite_table(&module, &module.tables[0], &numbers, &out));
    CHECK(&out, 0x40, 0, 0x63, 0xc6, 0, 0, 1, 0xd0, 0xc6, 0, 0x0b);
    assert_null(core_rewrite_global(&module, &module.globals[0], &numbers, &out));
    CHECK(&out, 0x64, 0xc6, 0, 0, 0x41, 0, 0xfb, 7, 70, 0x0b);
    assert_null(core_rewrite_element(&module, &module.elements[0], &numbers, &out));
    CHECK(&out, 2, 8, 0x41, 0, 0x0b, 0, 1, 0xc6, 1);
    assert_null(core_rewrite_element(&module, &module.elements[1], &numbers, &out));
    CHECK(&out, 1, 0, 1, 0xc6, 1);
    assert_null(core_rewrite_element(&module, &module.elements[4], &numbers, &out));
    CHECK(&out, 6, 8, 0x41, 0, 0x0b, 0x70, 1, 0xd2, 0xc6, 1, 0x0b);
    assert_null(core_rewrite_element(&module, &module.elements[6], &numbers, &out));
    CHECK(&out, 6, 9, 0x41, 0, 0x0b, 0x63, 0xc6, 0, 1, 0xd0, 0xc6, 0, 0x0b);
    assert_null(core_rewrite_data(&module, &module.data[0], &numbers, &out));
    CHECK(&out, 2, 5, 0x41, 0, 0x0b, 1, 'd');
    assert_null(core_rewrite_data(&module, &module.data[1], &numbers, &out));
    CHECK(&out, 1, 0);
    numbers.count[CORE_SPACE_TYPE] = 2;
    spin_error_t *error = core_rewrite_rec_type(&module.groups[1], &numbers, &out);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
    spin_error_free(error);
    buf_deinit(&out);
    buf_deinit(&bytes);
    arena_deinit(&arena);
}

/* A single entry of a type section. */
static void broken_types_are_faults(void **state) {
    (void)state;
    static const struct {
        bytes_t bytes;
        bool unknown;
        size_t at;
        const char *fault;
    } cases[] = {
        {BYTES(0x61), false, 0, "malformed type"},
        {BYTES(0x50, 2, 0, 0, 0x60, 0, 0), false, 1, "too many supertypes"},
        {BYTES(0x5f, 1, 0x7f, 2), false, 3, "malformed mutability"},
        {BYTES(0x5e, 0x79, 0), false, 1, "malformed value type"},
        {BYTES(0x60, 1, 0x64, 0x5f, 0), false, 3, "malformed heap type"},
        {BYTES(0x5d, 0x70), false, 1, "malformed type index"},
        {BYTES(0x4e, 9), false, 1, "more entries than bytes"},
        {BYTES(0x65, 0x5f, 0), true, 0, "a shared or exact type"},
        {BYTES(0x60, 1, 0x64, 0x62, 0, 0), true, 3, "a shared or exact type"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        arena_t arena = {0};
        core_rec_type_t type;
        core_reader_t reader;
        core_reader_init(&reader, spin_slice_of(cases[i].bytes.at, cases[i].bytes.len));
        core_read_rec_type(&reader, &arena, &type);
        assert_non_null(reader.fault);
        assert_string_equal(reader.fault, cases[i].fault);
        assert_int_equal(reader.fault_at, cases[i].at);
        assert_int_equal(reader.fault_unknown, cases[i].unknown);
        assert_int_equal(type.count, 0);
        arena_deinit(&arena);
    }
}

static void failed_allocations_show(void **state) {
    (void)state;
    buf_t bytes = {0};
    put_module(&bytes);
    for (size_t at = 1, calls = at; at <= calls; at++) {
        arena_t arena = {0};
        core_module_t module;
        buf_t out = {0};
        failing_alloc_install(at);
        spin_error_t *error = core_module_read(&arena, buf_slice(&bytes), &module);
        if (error == NULL)
            error = core_rewrite_module(&module, &out);
        calls = failing_alloc_calls();
        assert_true(at > calls || out.failed ||
                    (error != NULL && spin_error_kind(error) == SPIN_ERROR_NO_MEMORY));
        spin_error_free(error);
        buf_deinit(&out);
        arena_deinit(&arena);
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
    buf_deinit(&bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_instruction_gets_new_indices),
        cmocka_unit_test(known_opcodes_are_those_listed),
        cmocka_unit_test(faults_have_their_offset),
        cmocka_unit_test(locals_and_other_forms),
        cmocka_unit_test(modules_come_out_the_same),
        cmocka_unit_test(long_integers_get_shorter),
        cmocka_unit_test(types_are_decoded),
        cmocka_unit_test(entries_get_new_indices),
        cmocka_unit_test(broken_types_are_faults),
        cmocka_unit_test(failed_allocations_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
