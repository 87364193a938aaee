#include <stdlib.h>

#include "cmocka_all.h"
#include "component/legacy.h"
#include "failing_alloc.h"
#include "legacy_guest.h"
#include "wasm/instr.h"
#include "wasm/module.h"
#include "wasm/writer.h"

#define BYTES(...)                                                                                 \
    spin_slice_of((const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__})
#define PREAMBLE      0, 'a', 's', 'm', 1, 0, 0, 0
#define MODULE(...)   BYTES(PREAMBLE, __VA_ARGS__)
#define COUNT_OF(all) (sizeof(all) / sizeof *(all))

static core_reader_t open_bytes(spin_slice_t bytes) {
    core_reader_t reader;
    core_reader_init(&reader, bytes);
    return reader;
}

typedef enum leb_type { U32, U64, S32, S33, S64 } leb_type_t;

static uint64_t read_leb(core_reader_t *reader, leb_type_t type) {
    switch (type) {
    case U32: return core_read_u32(reader);
    case U64: return core_read_u64(reader);
    case S32: return (uint64_t)core_read_s32(reader);
    case S33: return (uint64_t)core_read_s33(reader);
    default: return (uint64_t)core_read_s64(reader);
    }
}

static void leb_reads_every_form(void **state) {
    (void)state;
    static const struct {
        leb_type_t type;
        uint8_t bytes[11];
        size_t len;
        uint64_t value;
        const char *fault;
        size_t fault_at;
    } cases[] = {
        {U32, {0x7f}, 1, 127, NULL, 0},
        {U32, {0x80, 0x00}, 2, 0, NULL, 0},
        {U32, {0xff, 0xff, 0xff, 0xff, 0x0f}, 5, UINT32_MAX, NULL, 0},
        {U32, {0xff, 0xff, 0xff, 0xff, 0x1f}, 5, 0, "integer too large", 0},
        {U32, {0x80, 0x80, 0x80, 0x80, 0x80, 0}, 6, 0, "integer representation too long", 0},
        {U32, {0x80, 0x80}, 2, 0, "unexpected end of an integer", 2},
        {U32, {0}, 0, 0, "unexpected end of an integer", 0},
        {S32, {0x7f}, 1, (uint64_t)-1, NULL, 0},
        {S32, {0x40}, 1, (uint64_t)-64, NULL, 0},
        {S32, {0x80, 0x7f}, 2, (uint64_t)-128, NULL, 0},
        {S32, {0x80, 0x80, 0x80, 0x80, 0x78}, 5, (uint64_t)INT32_MIN, NULL, 0},
        {S32, {0xff, 0xff, 0xff, 0xff, 0x07}, 5, INT32_MAX, NULL, 0},
        {S32, {0x80, 0x80, 0x80, 0x80, 0x08}, 5, 0, "integer too large", 0},
        {S32, {0x80, 0x80, 0x80, 0x80, 0x70}, 5, 0, "integer too large", 0},
        {S33, {0xff, 0xff, 0xff, 0xff, 0x0f}, 5, UINT32_MAX, NULL, 0},
        {S33, {0x80, 0x80, 0x80, 0x80, 0x70}, 5, (uint64_t)-0x100000000, NULL, 0},
        {S33, {0x80, 0x80, 0x80, 0x80, 0x20}, 5, 0, "integer too large", 0},
        {U64, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, 10, UINT64_MAX, NULL, 0},
        {U64,
         {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2},
         10,
         0,
         "integer too large",
         0},
        {S64,
         {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f},
         10,
         (uint64_t)INT64_MIN,
         NULL,
         0},
        {S64,
         {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0},
         11,
         0,
         "integer representation too long",
         0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        core_reader_t reader = open_bytes(spin_slice_of(cases[i].bytes, cases[i].len));
        assert_int_equal(read_leb(&reader, cases[i].type), cases[i].value);
        assert_true(core_reader_done(&reader));
        if (cases[i].fault == NULL) {
            assert_true(core_reader_ok(&reader));
            continue;
        }
        assert_string_equal(reader.fault, cases[i].fault);
        assert_int_equal(reader.fault_at, cases[i].fault_at);
    }
}

static void writer_and_reader_agree(void **state) {
    (void)state;
    for (unsigned shift = 0; shift < 64; shift++)
        for (int delta = -1; delta <= 1; delta++) {
            uint64_t value = ((uint64_t)1 << shift) + (uint64_t)delta;
            buf_t out = {0};
            core_put_u64(&out, value);
            core_put_s64(&out, (int64_t)value);
            core_put_u32(&out, (uint32_t)value);
            core_put_s32(&out, (int32_t)(uint32_t)value);
            assert_false(out.failed);
            core_reader_t reader = open_bytes(buf_slice(&out));
            assert_true(core_read_u64(&reader) == value);
            assert_true(core_read_s64(&reader) == (int64_t)value);
            assert_true(core_read_u32(&reader) == (uint32_t)value);
            assert_true(core_read_s32(&reader) == (int32_t)(uint32_t)value);
            assert_true(core_reader_ok(&reader) && core_reader_done(&reader));
            buf_deinit(&out);
        }
}

static void sizes_nest_and_are_shortest(void **state) {
    (void)state;
    buf_t out = {0};
    size_t section = core_put_section_begin(&out, CORE_SECTION_CODE);
    buf_append_byte(&out, 1);
    size_t body = core_put_sized_begin(&out);
    for (int i = 0; i < 200; i++)
        buf_append_byte(&out, (uint8_t)i);
    core_put_sized_end(&out, body);
    core_put_sized_end(&out, section);
    assert_int_equal(out.len, 1 + 2 + 1 + 2 + 200);
    static const uint8_t head[] = {10, 0xcb, 1, 1, 0xc8, 1, 0, 1, 2};
    assert_memory_equal(out.ptr, head, sizeof head);
    assert_int_equal(out.ptr[out.len - 1], 199);
    buf_deinit(&out);
}

static void faults_carry_offset_and_reason(void **state) {
    (void)state;
    const struct {
        spin_slice_t bytes;
        size_t at;
        const char *reason;
    } cases[] = {
        {BYTES(0, 'a', 's'), 0, "not a WebAssembly module"},
        {BYTES(0, 'a', 's', 'n', 1, 0, 0, 0), 0, "not a WebAssembly module"},
        {BYTES(0, 'a', 's', 'm', 1, 0), 4, "length out of bounds"},
        {BYTES(0, 'a', 's', 'm', 13, 0, 1, 0), 4, "unknown binary version"},
        {MODULE(14, 0), 8, "malformed section id"},
        {MODULE(1, 5, 0), 10, "length out of bounds"},
        {MODULE(2, 1, 0, 1, 1, 0), 11, "section out of order or twice"},
        {MODULE(1, 1, 0, 1, 1, 0), 11, "section out of order or twice"},
        {MODULE(10, 1, 0, 12, 1, 0), 11, "section out of order or twice"},
        {MODULE(1, 2, 0, 0), 11, "bytes left at the end of a section"},
        {MODULE(1, 1, 9), 10, "more entries than bytes"},
        {MODULE(1, 6, 0xc1, 0x84, 0x3d, 0, 0, 0), 10, "too many entries"},
        {MODULE(1, 4, 1, 0x61, 0, 0), 11, "malformed type"},
        {MODULE(1, 5, 1, 0x60, 1, 0x40, 0), 13, "malformed value type"},
        {MODULE(2, 4, 1, 1, 0xff, 0), 12, "name is not UTF-8"},
        {MODULE(2, 5, 1, 0, 0, 5, 0), 13, "malformed import or export kind"},
        {MODULE(2, 6, 1, 0, 0, 3, 0x7f, 2), 15, "malformed mutability"},
        {MODULE(3, 2, 1, 0), 12, "function section without a code section"},
        {MODULE(3, 2, 1, 0, 10, 1, 0), 14, "function and code section have different lengths"},
        {MODULE(4, 4, 1, 0x7f, 0, 0), 11, "malformed reference type"},
        {MODULE(4, 4, 1, 0x70, 8, 0), 12, "malformed limits flags"},
        {MODULE(5, 3, 1, 16, 0), 11, "malformed limits flags"},
        {MODULE(6, 5, 1, 0x7f, 0, 0x41, 0), 15, "unexpected end"},
        {MODULE(9, 3, 1, 8, 0), 11, "malformed element segment kind"},
        {MODULE(9, 4, 1, 1, 1, 0), 12, "malformed element kind"},
        {MODULE(11, 3, 1, 3, 0), 11, "malformed data segment kind"},
        {MODULE(11, 4, 1, 1, 9, 0), 13, "length out of bounds"},
        {MODULE(12, 1, 1), 11, "data count and data section have different lengths"},
        {MODULE(13, 3, 1, 1, 0), 11, "malformed tag attribute"},
        {MODULE(0, 2, 5, 'x'), 11, "length out of bounds"},
        {MODULE(3, 2, 1, 0, 10, 6, 1, 0xff, 0xff, 0xff, 0x7f, 0), 15, "function body too large"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        arena_t arena = {0};
        core_module_t module;
        spin_error_t *error = core_module_read(&arena, cases[i].bytes, &module);
        assert_non_null(error);
        assert_string_equal(spin_error_message(error), cases[i].reason);
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
        assert_true(spin_error_position(error).has_offset);
        assert_int_equal(spin_error_position(error).offset, cases[i].at);
        spin_error_free(error);
        arena_deinit(&arena);
    }
}

static void unknown_forms_are_not_broken(void **state) {
    (void)state;
    const struct {
        spin_slice_t bytes;
        size_t at;
    } cases[] = {
        {MODULE(1, 4, 1, 0x65, 0x5f, 0), 11},                   /* a shared struct type */
        {MODULE(6, 7, 1, 0x6e, 0, 0xfb, 0x1f, 0x0b, 0), 13},    /* no such code */
        {MODULE(6, 7, 1, 0x7f, 0, 0xfc, 0x80, 0x01, 0x0b), 13}, /* no such code */
        {MODULE(6, 6, 1, 0x7f, 0, 0x27, 0x0b, 0), 13},          /* no such opcode */
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        arena_t arena = {0};
        core_module_t module;
        spin_error_t *error = core_module_read(&arena, cases[i].bytes, &module);
        assert_non_null(error);
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_UNSUPPORTED);
        assert_int_equal(spin_error_position(error).offset, cases[i].at);
        spin_error_free(error);
        arena_deinit(&arena);
    }
}

/* One instruction of each kind of immediate: where it ends, which indices it holds. */
static void instructions_give_their_immediates(void **state) {
    (void)state;
    const struct {
        spin_slice_t bytes;
        uint32_t opcode;
        uint32_t indices;
        core_space_t spaces[2];
        uint32_t values[2];
    } cases[] = {
        {BYTES(0x01), 0x01, 0, {0}, {0}},
        {BYTES(0x02, 0x40), CORE_OP_BLOCK, 0, {0}, {0}},
        {BYTES(0x03, 0x7f), CORE_OP_LOOP, 0, {0}, {0}},
        {BYTES(0x04, 0x05), CORE_OP_IF, 1, {CORE_SPACE_TYPE}, {5}},
        {BYTES(0x02, 0x64, 0x03), CORE_OP_BLOCK, 1, {CORE_SPACE_TYPE}, {3}},
        {BYTES(0x08, 0x02), CORE_OP_THROW, 1, {CORE_SPACE_TAG}, {2}},
        {BYTES(0x0d, 0x81, 0x00), CORE_OP_BR_IF, 1, {CORE_SPACE_LABEL}, {1}},
        {BYTES(0x0e, 2, 1, 0, 3), CORE_OP_BR_TABLE, 0, {0}, {0}},
        {BYTES(0x10, 0x80, 0x01), CORE_OP_CALL, 1, {CORE_SPACE_FUNC}, {128}},
        {BYTES(0x11, 4, 1), CORE_OP_CALL_INDIRECT, 2, {CORE_SPACE_TYPE, CORE_SPACE_TABLE}, {4, 1}},
        {BYTES(0x12, 9), CORE_OP_RETURN_CALL, 1, {CORE_SPACE_FUNC}, {9}},
        {BYTES(0x15, 9), CORE_OP_RETURN_CALL_REF, 1, {CORE_SPACE_TYPE}, {9}},
        {BYTES(0x1c, 1, 0x63, 0x70), 0x1c, 0, {0}, {0}},
        {BYTES(0x1f, 0x40, 2, 0, 7, 1, 3, 0), CORE_OP_TRY_TABLE, 0, {0}, {0}},
        {BYTES(0x24, 6), CORE_OP_GLOBAL_SET, 1, {CORE_SPACE_GLOBAL}, {6}},
        {BYTES(0x28, 2, 0x80, 0x08), CORE_OP_I32_LOAD, 0, {0}, {0}},
        {BYTES(0x36, 0x42, 3, 8), CORE_OP_I32_STORE, 1, {CORE_SPACE_MEMORY}, {3}},
        {BYTES(0x3f, 0), 0x3f, 1, {CORE_SPACE_MEMORY}, {0}},
        {BYTES(0x41, 0xff, 0x7f), CORE_OP_I32_CONST, 0, {0}, {0}},
        {BYTES(0x42, 0x80, 0x80, 0x01), 0x42, 0, {0}, {0}},
        {BYTES(0x43, 1, 2, 3, 4), 0x43, 0, {0}, {0}},
        {BYTES(0x44, 1, 2, 3, 4, 5, 6, 7, 8), 0x44, 0, {0}, {0}},
        {BYTES(0xd0, 0x70), 0xd0, 0, {0}, {0}},
        {BYTES(0xd0, 0x03), 0xd0, 1, {CORE_SPACE_TYPE}, {3}},
        {BYTES(0xd2, 8), CORE_OP_REF_FUNC, 1, {CORE_SPACE_FUNC}, {8}},
        {BYTES(0xfc, 0), 0xfc0000, 0, {0}, {0}},
        {BYTES(0xfc, 8, 2, 0), 0xfc0008, 2, {CORE_SPACE_DATA, CORE_SPACE_MEMORY}, {2, 0}},
        {BYTES(0xfc, 9, 2), 0xfc0009, 1, {CORE_SPACE_DATA}, {2}},
        {BYTES(0xfc, 10, 1, 2), 0xfc000a, 2, {CORE_SPACE_MEMORY, CORE_SPACE_MEMORY}, {1, 2}},
        {BYTES(0xfc, 12, 1, 2), 0xfc000c, 2, {CORE_SPACE_ELEMENT, CORE_SPACE_TABLE}, {1, 2}},
        {BYTES(0xfc, 14, 1, 2), 0xfc000e, 2, {CORE_SPACE_TABLE, CORE_SPACE_TABLE}, {1, 2}},
        {BYTES(0xfd, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16),
         0xfd000c,
         0,
         {0},
         {0}},
        {BYTES(0xfd, 0x15, 3), 0xfd0015, 0, {0}, {0}},
        {BYTES(0xfd, 0x54, 0, 4, 7), 0xfd0054, 0, {0}, {0}},
        {BYTES(0xfd, 0x93, 0x02), 0xfd0113, 0, {0}, {0}},
        {BYTES(0xfe, 0x03, 0), 0xfe0003, 0, {0}, {0}},
        {BYTES(0xfe, 0x48, 2, 16), 0xfe0048, 0, {0}, {0}},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        core_instr_t instr;
        core_reader_t reader = open_bytes(cases[i].bytes);
        assert_true(core_read_instr(&reader, &instr));
        assert_int_equal(instr.opcode, cases[i].opcode);
        assert_int_equal(instr.end, cases[i].bytes.len);
        assert_int_equal(instr.index_count, cases[i].indices);
        for (uint32_t at = 0; at < instr.index_count; at++) {
            assert_int_equal(instr.indices[at].space, cases[i].spaces[at]);
            assert_int_equal(instr.indices[at].value, cases[i].values[at]);
            assert_in_range(instr.indices[at].end, instr.indices[at].start + 1, instr.end);
        }
        for (size_t len = 0; len < cases[i].bytes.len; len++) { /* every prefix is broken */
            reader = open_bytes(spin_slice_of(cases[i].bytes.ptr, len));
            assert_false(core_read_instr(&reader, &instr));
            assert_false(reader.fault_unknown);
            assert_true(reader.fault_at <= len);
        }
    }
}

static void instruction_values(void **state) {
    (void)state;
    core_instr_t instr;
    core_reader_t reader = open_bytes(BYTES(0x41, 0x7f, 0x36, 0x42, 3, 8, 0x02, 0x7e, 0x02, 0x40));
    assert_true(core_read_instr(&reader, &instr));
    assert_int_equal(instr.value, -1);
    assert_true(core_read_instr(&reader, &instr));
    assert_int_equal(instr.align, 2);
    assert_int_equal(instr.offset, 8);
    assert_true(instr.has_memory);
    assert_int_equal(instr.pops, 2);
    assert_int_equal(instr.pushes, 0);
    assert_true(core_read_instr(&reader, &instr));
    assert_int_equal(instr.value, -2); /* i64 */
    assert_true(core_read_instr(&reader, &instr));
    assert_int_equal(instr.value, CORE_BLOCK_EMPTY);
    assert_true(core_reader_done(&reader));
}

static const guest_options_t everything = {.layout = LEGACY_LAYOUT_CANONICAL,
                                           .imports = true,
                                           .start = true,
                                           .passive = true,
                                           .expressions = true,
                                           .names = true};

static void modules_are_decoded(void **state) {
    (void)state;
    arena_t arena = {0};
    core_module_t module;
    buf_t bytes = {0};
    guest_make(&bytes, &everything);
    assert_null(core_module_read(&arena, buf_slice(&bytes), &module));
    assert_int_equal(module.type_count, 7);
    assert_int_equal(module.types[0].func.param_count, 10);
    assert_int_equal(module.types[0].func.params[9], CORE_I32);
    assert_int_equal(module.import_count, 1);
    assert_int_equal(module.imported[CORE_EXTERN_FUNC], 1);
    assert_true(slice_equal_text(module.imports[0].name, "note"));
    assert_int_equal(module.imports[0].of.type, 4);
    assert_int_equal(module.function_count, GUEST_FUNC_COUNT);
    assert_int_equal(module.tables[0].limits.min, 2);
    assert_int_equal(module.memories[0].page_bits, 16);
    assert_int_equal(module.global_count, 6);
    assert_true(module.globals[0].mutable && !module.globals[5].mutable);
    assert_int_equal(module.globals[5].init.len, 3);
    assert_true(module.has_start);
    assert_int_equal(module.start, 1 + GUEST_START);
    assert_int_equal(module.element_count, 2);
    assert_int_equal(module.elements[0].mode, CORE_SEGMENT_PASSIVE);
    assert_true(module.elements[0].expressions);
    assert_int_equal(module.elements[1].mode, CORE_SEGMENT_DECLARED);
    assert_int_equal(module.data_count, 2);
    assert_true(slice_equal_text(module.data[1].bytes, "passive"));
    assert_int_equal(module.data[0].offset.len, 4);
    assert_ptr_equal(core_module_func_type(&module, 0), &module.types[4].func);
    assert_ptr_equal(core_module_func_type(&module, 1 + GUEST_HANDLER), &module.types[0].func);
    assert_null(core_module_func_type(&module, 1 + GUEST_FUNC_COUNT));
    const core_export_t *export = core_module_find_export(&module, SLICE_LITERAL("memory"));
    assert_non_null(export);
    assert_int_equal(export->kind, CORE_EXTERN_MEMORY);
    assert_null(core_module_find_export(&module, SLICE_LITERAL("memor")));
    arena_deinit(&arena);
    buf_deinit(&bytes);
}

static void rare_forms_are_decoded(void **state) {
    (void)state;
    arena_t arena = {0};
    core_module_t module;
    spin_slice_t bytes = MODULE(2, 20, 3,                     /* imports, without names: */
                                0, 0, 1, 0x64, 0x70, 1, 1, 9, /* table of (ref func), 1 to 9 */
                                0, 0, 2, 5, 2, 4,             /* 64-bit memory, 2 to 4 pages */
                                0, 0, 4, 0, 7,                /* tag of type 7 */
                                4, 9, 1, 0x40, 0, 0x70, 0, 1, 0xd0, 0x70, 0x0b, /* with init */
                                5, 4, 1, 8, 1, 0); /* memory with pages of a byte */
    assert_null(core_module_read(&arena, bytes, &module));
    assert_int_equal(module.import_count, 3);
    assert_int_equal(module.imports[0].of.table.type, 0x64u | 0xfffff0u << 8);
    assert_int_equal(module.imports[0].of.table.limits.max, 9);
    assert_true(module.imports[1].of.memory.is64);
    assert_int_equal(module.imports[1].of.memory.max, 4);
    assert_int_equal(module.imports[2].of.type, 7);
    assert_int_equal(module.imported[CORE_EXTERN_TAG], 1);
    assert_int_equal(module.tables[0].init.len, 3);
    assert_int_equal(module.memories[0].page_bits, 0);
    arena_deinit(&arena);
}

static void every_prefix_is_an_error_or_shorter(void **state) {
    (void)state;
    buf_t bytes = {0};
    guest_make(&bytes, &everything);
    for (size_t len = 0; len < bytes.len; len++) {
        arena_t arena = {0};
        core_module_t module;
        uint8_t *copy = malloc(len + 1); /* so that reading past the end is noticed */
        assert_non_null(copy);
        memcpy(copy, bytes.ptr, len);
        spin_error_t *error = core_module_read(&arena, spin_slice_of(copy, len), &module);
        if (error != NULL) {
            assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
            assert_true(spin_error_position(error).offset <= len);
            spin_error_free(error);
        }
        free(copy);
        arena_deinit(&arena);
    }
    buf_deinit(&bytes);
}

static void failed_allocations_are_reported(void **state) {
    (void)state;
    buf_t bytes = {0};
    guest_make(&bytes, &everything);
    arena_t arena = {0};
    core_module_t module;
    failing_alloc_install(SIZE_MAX);
    assert_null(core_module_read(&arena, buf_slice(&bytes), &module));
    arena_deinit(&arena);
    size_t calls = failing_alloc_calls();
    assert_true(calls > 0);
    for (size_t at = 1; at <= calls; at++) {
        failing_alloc_install(at);
        spin_error_t *error = core_module_read(&arena, buf_slice(&bytes), &module);
        assert_non_null(error);
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
        spin_error_free(error);
        arena_deinit(&arena);
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
    buf_deinit(&bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leb_reads_every_form),
        cmocka_unit_test(writer_and_reader_agree),
        cmocka_unit_test(sizes_nest_and_are_shortest),
        cmocka_unit_test(faults_carry_offset_and_reason),
        cmocka_unit_test(unknown_forms_are_not_broken),
        cmocka_unit_test(instructions_give_their_immediates),
        cmocka_unit_test(instruction_values),
        cmocka_unit_test(modules_are_decoded),
        cmocka_unit_test(rare_forms_are_decoded),
        cmocka_unit_test(every_prefix_is_an_error_or_shorter),
        cmocka_unit_test(failed_allocations_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
