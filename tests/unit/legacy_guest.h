/* Makes modules like those of 2022 with the writer of src/wasm, each with as many of the binary
 * format's oddities as its options ask for.
 *
 * The handler answers with the request: its headers and body come back as they were passed, and
 * the status is method + length of uri + 1000 (from a function reached through the table)
 * + 70000 when the start function ran. */
#ifndef TESTS_LEGACY_GUEST_H
#define TESTS_LEGACY_GUEST_H

#include "cmocka_all.h"
#include "component/legacy.h"
#include "wasm/writer.h"

/* How the handler gets at its result area. */
typedef enum guest_shape {
    GUEST_CONSTANT, /* i32.const AREA; value; store offset */
    GUEST_OFFSET,   /* i32.const 0; value; store AREA + offset */
    GUEST_RETURNED, /* the area's address comes from a function and lives in a local */
    GUEST_FRAME,    /* the same, kept in the stack frame */
    GUEST_PASSED,   /* the address goes to a function, which stores */
    GUEST_BLOCK,    /* the address is a block's result, brought by a branch */
} guest_shape_t;

typedef struct guest_options {
    legacy_layout_t layout; /* UNKNOWN: no store at all */
    guest_shape_t shape;
    bool imports;     /* imports a function, "env" "note" (i32), and calls it with the uri */
    bool wrapped;     /* exports go through constructors and destructors */
    bool start;       /* a start function */
    bool passive;     /* the table is filled by the start function from a passive segment */
    bool expressions; /* segments hold expressions; a global holds a function */
    bool names;       /* a name section and some stale sections */
    bool redis;       /* handle-redis-message as well */
    bool unknown;     /* a function with an instruction that is not known */
    bool both;        /* stores of both layouts */
} guest_options_t;

enum { GUEST_AREA = 1024, GUEST_HEAP = 4096, GUEST_FRAME_AT = 512 };

/* Function indices of the guest, without its import. */
enum {
    GUEST_ALLOC,
    GUEST_HANDLER,
    GUEST_THOUSAND,
    GUEST_START,
    GUEST_AREA_FN,
    GUEST_FILL_FN,
    GUEST_CTORS,
    GUEST_DTORS,
    GUEST_ALLOC_WRAPPER,
    GUEST_HANDLER_WRAPPER,
    GUEST_REDIS,
    GUEST_GC,
    GUEST_FUNC_COUNT,
};

#define GUEST_BYTES(out, ...)                                                                      \
    buf_append(                                                                                    \
        out, spin_slice_of((const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__}))

static inline uint32_t guest_func(const guest_options_t *options, uint32_t func) {
    return func + options->imports;
}

static inline void guest_op(buf_t *out, uint8_t opcode, uint32_t immediate) {
    buf_append_byte(out, opcode);
    core_put_u32(out, immediate);
}

static inline void guest_const(buf_t *out, int32_t value) {
    buf_append_byte(out, 0x41);
    core_put_s32(out, value);
}

static inline void guest_call(buf_t *out, const guest_options_t *options, uint32_t func) {
    guest_op(out, 0x10, guest_func(options, func));
}

static inline void guest_func_type(buf_t *out, uint32_t params, uint32_t results) {
    buf_append_byte(out, 0x60);
    core_put_u32(out, params);
    for (uint32_t i = 0; i < params; i++)
        buf_append_byte(out, 0x7f);
    core_put_u32(out, results);
    for (uint32_t i = 0; i < results; i++)
        buf_append_byte(out, 0x7f);
}

/* Types: 0 handler, 1 alloc, 2 () -> i32, 3 () -> (), 4 (i32) -> (), 5 (i32 x 11) -> (),
 * 6 redis. */
static inline void guest_types(buf_t *out) {
    static const uint8_t types[][2] = {{10, 1}, {4, 1}, {0, 1}, {0, 0}, {1, 0}, {11, 0}, {2, 1}};
    core_put_u32(out, 7);
    for (size_t i = 0; i < 7; i++)
        guest_func_type(out, types[i][0], types[i][1]);
}

/* One field of the result: `value` of the parameters (from `first` on) to its place. */
static inline void guest_store(buf_t *out, const guest_options_t *options, int32_t area_local,
                               uint32_t value_local, uint8_t opcode, uint32_t at) {
    static const uint8_t aligns[] = {[0x36] = 2, [0x3a] = 0, [0x3b] = 1};
    bool at_zero = area_local < 0 && options->shape == GUEST_OFFSET;
    if (area_local >= 0)
        guest_op(out, 0x20, (uint32_t)area_local);
    else
        guest_const(out, at_zero ? 0 : GUEST_AREA);
    if (value_local == UINT32_MAX)
        guest_const(out, 1);
    else
        guest_op(out, 0x20, value_local);
    guest_op(out, opcode, aligns[opcode]);
    core_put_u32(out, at + (at_zero ? GUEST_AREA : 0));
}

/* status, headers?, ptr, len, body?, ptr, len; `first` is the local of the first parameter. The
 * status has been left in that local. */
static inline void guest_stores(buf_t *out, const guest_options_t *options, int32_t area_local,
                                uint32_t first) {
    static const uint8_t places[2][7] = {{0, 8, 16, 24, 32, 40, 48}, {0, 4, 8, 12, 16, 20, 24}};
    static const uint8_t opcodes[2][7] = {{0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36},
                                          {0x3b, 0x3a, 0x36, 0x36, 0x3a, 0x36, 0x36}};
    const uint32_t values[7] = {first,     UINT32_MAX, first + 3, first + 4,
                                first + 7, first + 8,  first + 9};
    if (options->layout == LEGACY_LAYOUT_UNKNOWN)
        return;
    size_t row = options->layout == LEGACY_LAYOUT_CANONICAL;
    for (size_t i = 0; i < 7; i++)
        guest_store(out, options, area_local, values[i], opcodes[row][i], places[row][i]);
    if (options->both)
        guest_store(out, options, area_local, first + 9, 0x36, row == 0 ? 12 : 48);
}

/* i32.const AREA, whichever way. Leaves the address on the stack. */
static inline void guest_area(buf_t *out, const guest_options_t *options) {
    switch (options->shape) {
    case GUEST_RETURNED: guest_op(out, 0x20, 10); break;
    case GUEST_FRAME:
        guest_const(out, GUEST_FRAME_AT);
        GUEST_BYTES(out, 0x28, 2, 4);
        break;
    case GUEST_BLOCK:
        GUEST_BYTES(out, 0x02, 0x7f); /* block (result i32) */
        guest_const(out, GUEST_AREA);
        GUEST_BYTES(out, 0x0c, 0, 0x00, 0x0b); /* br 0; unreachable; end */
        break;
    default: guest_const(out, GUEST_AREA); break;
    }
}

/* local 0 = method + uri length + thousand() + (started ? 70000 : 0) */
static inline void guest_status(buf_t *out) {
    GUEST_BYTES(out, 0x20, 0, 0x20, 2, 0x6a, 0x41, 0, 0x11, 2, 0, 0x6a, 0x23, 2, 0x6a, 0x21, 0);
}

static inline void guest_handler(buf_t *out, const guest_options_t *options) {
    GUEST_BYTES(out, 1, 1, 0x7f); /* local 10 */
    if (options->imports)
        GUEST_BYTES(out, 0x20, 1, 0x10, 0); /* note(uri) */
    guest_status(out);
    if (options->shape == GUEST_PASSED) {
        guest_const(out, GUEST_AREA);
        for (uint32_t i = 0; i < 10; i++)
            guest_op(out, 0x20, i);
        guest_call(out, options, GUEST_FILL_FN);
    } else if (options->shape == GUEST_RETURNED || options->shape == GUEST_FRAME) {
        guest_call(out, options, GUEST_AREA_FN);
        guest_op(out, 0x21, 10);
        if (options->shape == GUEST_FRAME) { /* there and back through memory */
            guest_const(out, GUEST_FRAME_AT);
            GUEST_BYTES(out, 0x20, 10, 0x36, 2, 4);
            guest_const(out, GUEST_FRAME_AT);
            GUEST_BYTES(out, 0x28, 2, 4, 0x21, 10);
        }
        guest_stores(out, options, 10, 0);
    } else {
        guest_stores(out, options, -1, 0);
    }
    guest_area(out, options);
    buf_append_byte(out, 0x0b);
}

/* A bump allocator: aligned = (heap + align - 1) & -align; heap = aligned + size; calls += 1 */
static inline void guest_alloc(buf_t *out) {
    GUEST_BYTES(out, 0, 0x23, 1, 0x41, 1, 0x6a, 0x24, 1, /* calls += 1 */
                0x23, 0, 0x20, 2, 0x6a, 0x41, 1, 0x6b, 0x41, 0, 0x20, 2, 0x6b, 0x71, /* aligned */
                0x22, 0, 0x20, 3, 0x6a, 0x24, 0, 0x20, 0, 0x0b);
}

static inline void guest_count(buf_t *out, uint8_t global) {
    GUEST_BYTES(out, 0, 0x23, global, 0x41, 1, 0x6a, 0x24, global, 0x0b);
}

static inline void guest_wrapper(buf_t *out, const guest_options_t *options, uint32_t params,
                                 uint32_t inner) {
    buf_append_byte(out, 0);
    guest_call(out, options, GUEST_CTORS);
    for (uint32_t i = 0; i < params; i++)
        guest_op(out, 0x20, i);
    guest_call(out, options, inner);
    guest_call(out, options, GUEST_DTORS);
    buf_append_byte(out, 0x0b);
}

/* is-err = length > 3, error = 7, in the module's layout. */
static inline void guest_redis(buf_t *out, const guest_options_t *options) {
    bool slots = options->layout == LEGACY_LAYOUT_SLOTS;
    guest_options_t constant = *options;
    constant.shape = GUEST_CONSTANT;
    GUEST_BYTES(out, 0, 0x20, 1, 0x41, 3, 0x4b, 0x21, 1); /* local 1 = length > 3 */
    guest_store(out, &constant, -1, 1, slots ? 0x36 : 0x3a, 0);
    GUEST_BYTES(out, 0x41, 7, 0x21, 1);
    guest_store(out, &constant, -1, 1, slots ? 0x36 : 0x3a, slots ? 8 : 1);
    guest_const(out, GUEST_AREA);
    buf_append_byte(out, 0x0b);
}

static inline void guest_body(buf_t *out, const guest_options_t *options, uint32_t func) {
    size_t mark = core_put_sized_begin(out);
    switch (func) {
    case GUEST_ALLOC: guest_alloc(out); break;
    case GUEST_HANDLER: guest_handler(out, options); break;
    case GUEST_THOUSAND: GUEST_BYTES(out, 0, 0x41, 0xe8, 7, 0x0b); break;
    case GUEST_START:
        buf_append_byte(out, 0);
        if (options->passive) /* table.init of element 0 */
            GUEST_BYTES(out, 0x41, 0, 0x41, 0, 0x41, 1, 0xfc, 12, 0, 0);
        guest_const(out, 70000);
        GUEST_BYTES(out, 0x24, 2, 0x0b);
        break;
    case GUEST_AREA_FN:
        buf_append_byte(out, 0);
        guest_const(out, GUEST_AREA);
        buf_append_byte(out, 0x0b);
        break;
    case GUEST_FILL_FN:
        buf_append_byte(out, 0);
        guest_stores(out, options, 0, 1);
        buf_append_byte(out, 0x0b);
        break;
    case GUEST_CTORS: guest_count(out, 3); break;
    case GUEST_DTORS: guest_count(out, 4); break;
    case GUEST_ALLOC_WRAPPER: guest_wrapper(out, options, 4, GUEST_ALLOC); break;
    case GUEST_HANDLER_WRAPPER: guest_wrapper(out, options, 10, GUEST_HANDLER); break;
    case GUEST_REDIS: guest_redis(out, options); break;
    default: /* an opcode that nobody assigned */
        if (options->unknown)
            GUEST_BYTES(out, 0, 0x41, 1, 0xfb, 0x3c, 0x1a, 0x0b);
        else
            GUEST_BYTES(out, 0, 0x0b);
        break;
    }
    core_put_sized_end(out, mark);
}

static inline void guest_globals(buf_t *out, const guest_options_t *options) {
    core_put_u32(out, 6);
    GUEST_BYTES(out, 0x7f, 1, 0x41, 0x80, 0x20, 0x0b); /* heap = 4096 */
    for (int i = 0; i < 4; i++)                        /* calls, started, ctors, dtors */
        GUEST_BYTES(out, 0x7f, 1, 0x41, 0, 0x0b);
    GUEST_BYTES(out, 0x70, 0);
    if (options->expressions)
        guest_op(out, 0xd2, guest_func(options, GUEST_THOUSAND));
    else
        GUEST_BYTES(out, 0xd0, 0x70);
    buf_append_byte(out, 0x0b);
}

static inline void guest_export(buf_t *out, const char *name, uint8_t kind, uint32_t index) {
    core_put_name(out, spin_slice(name));
    buf_append_byte(out, kind);
    core_put_u32(out, index);
}

static inline void guest_exports(buf_t *out, const guest_options_t *options) {
    bool wrapped = options->wrapped;
    core_put_u32(out, 6 + (uint32_t)options->redis);
    guest_export(out, "memory", 2, 0);
    guest_export(out, "canonical_abi_realloc", 0,
                 guest_func(options, wrapped ? GUEST_ALLOC_WRAPPER : GUEST_ALLOC));
    guest_export(out, "handle-http-request", 0,
                 guest_func(options, wrapped ? GUEST_HANDLER_WRAPPER : GUEST_HANDLER));
    if (options->redis)
        guest_export(out, "handle-redis-message", 0, guest_func(options, GUEST_REDIS));
    guest_export(out, "calls", 3, 1);
    guest_export(out, "ctors", 3, 3);
    guest_export(out, "dtors", 3, 4);
}

static inline void guest_elements(buf_t *out, const guest_options_t *options) {
    core_put_u32(out, 2);
    uint8_t flags = (uint8_t)(options->passive | (options->expressions ? 4 : 0));
    buf_append_byte(out, flags);
    if (!options->passive)
        GUEST_BYTES(out, 0x41, 0, 0x0b);
    else
        buf_append_byte(out, options->expressions ? 0x70 : 0); /* reference type, or kind */
    buf_append_byte(out, 1);
    if (options->expressions)
        buf_append_byte(out, 0xd2);
    core_put_u32(out, guest_func(options, GUEST_THOUSAND));
    if (options->expressions)
        buf_append_byte(out, 0x0b);
    /* Declared: nothing but a mention of the handler. */
    GUEST_BYTES(out, 3, 0, 1);
    core_put_u32(out, guest_func(options, GUEST_HANDLER));
}

static inline void guest_names(buf_t *out, const guest_options_t *options) {
    size_t part, section = core_put_section_begin(out, CORE_SECTION_CUSTOM);
    core_put_name(out, SLICE_LITERAL("name"));
    buf_append_byte(out, 1);
    part = core_put_sized_begin(out);
    core_put_u32(out, 1);
    core_put_u32(out, guest_func(options, GUEST_HANDLER));
    core_put_name(out, SLICE_LITERAL("the handler"));
    core_put_sized_end(out, part);
    buf_append_byte(out, 2);
    part = core_put_sized_begin(out);
    core_put_u32(out, 1);
    core_put_u32(out, guest_func(options, GUEST_HANDLER));
    core_put_u32(out, 1);
    core_put_u32(out, 10);
    core_put_name(out, SLICE_LITERAL("area"));
    core_put_sized_end(out, part);
    core_put_sized_end(out, section);
    static const char *const others[] = {".debug_info", "sourceMappingURL", "producers"};
    for (size_t i = 0; i < 3; i++) {
        section = core_put_section_begin(out, CORE_SECTION_CUSTOM);
        core_put_name(out, spin_slice(others[i]));
        buf_append_byte(out, 0);
        core_put_sized_end(out, section);
    }
}

static inline void guest_simple_section(buf_t *out, core_section_id_t id, spin_slice_t content) {
    size_t mark = core_put_section_begin(out, id);
    buf_append(out, content);
    core_put_sized_end(out, mark);
}

static inline void guest_code(buf_t *out, const guest_options_t *options) {
    size_t mark = core_put_section_begin(out, CORE_SECTION_CODE);
    core_put_u32(out, GUEST_FUNC_COUNT);
    for (uint32_t i = 0; i < GUEST_FUNC_COUNT; i++)
        guest_body(out, options, i);
    core_put_sized_end(out, mark);
}

static inline void guest_make(buf_t *out, const guest_options_t *options) {
    static const uint8_t func_types[GUEST_FUNC_COUNT] = {1, 0, 2, 3, 2, 5, 3, 3, 1, 0, 6, 3};
    size_t mark;
    core_put_preamble(out);
    mark = core_put_section_begin(out, CORE_SECTION_TYPE);
    guest_types(out);
    core_put_sized_end(out, mark);
    if (options->imports)
        guest_simple_section(out, CORE_SECTION_IMPORT, SLICE_LITERAL("\1\3env\4note\0\4"));
    mark = core_put_section_begin(out, CORE_SECTION_FUNCTION);
    core_put_u32(out, GUEST_FUNC_COUNT);
    buf_append(out, spin_slice_of(func_types, sizeof func_types));
    core_put_sized_end(out, mark);
    guest_simple_section(out, CORE_SECTION_TABLE, SLICE_LITERAL("\1\x70\0\2"));
    guest_simple_section(out, CORE_SECTION_MEMORY, SLICE_LITERAL("\1\0\2"));
    mark = core_put_section_begin(out, CORE_SECTION_GLOBAL);
    guest_globals(out, options);
    core_put_sized_end(out, mark);
    mark = core_put_section_begin(out, CORE_SECTION_EXPORT);
    guest_exports(out, options);
    core_put_sized_end(out, mark);
    if (options->start) {
        mark = core_put_section_begin(out, CORE_SECTION_START);
        core_put_u32(out, guest_func(options, GUEST_START));
        core_put_sized_end(out, mark);
    }
    mark = core_put_section_begin(out, CORE_SECTION_ELEMENT);
    guest_elements(out, options);
    core_put_sized_end(out, mark);
    guest_simple_section(out, CORE_SECTION_DATA_COUNT, SLICE_LITERAL("\2"));
    guest_code(out, options);
    guest_simple_section(out, CORE_SECTION_DATA,
                         SLICE_LITERAL("\2\0\x41\x80\x10\x0b\4data\1\7passive"));
    if (options->names)
        guest_names(out, options);
}

/* What was written, in the arena. */
static inline spin_slice_t guest_finish(buf_t *out, arena_t *arena) {
    assert_false(out->failed);
    spin_slice_t module = arena_copy(arena, buf_slice(out));
    buf_deinit(out);
    assert_non_null(module.ptr);
    return module;
}

#endif
