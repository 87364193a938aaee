/* Copies code with other indices.
 *
 * Most instructions are copied as they are, in runs: a table tells by the opcode's byte how to step
 * over them, without a branch that depends on the opcode. Whatever is rare, odd or near the end
 * goes through core_read_instr, which also finds the faults. */
#include "wasm/rewrite.h"

#include "base/error.h"
#include "wasm/rewrite_parts.h"
#include "wasm/writer.h"

bool rewrite_number(const core_numbers_t *numbers, core_space_t space, uint32_t *index) {
    if (space > CORE_SPACE_DATA || numbers == NULL)
        return true;
    if (*index >= numbers->count[space])
        return false;
    if (numbers->of[space] != NULL)
        *index = numbers->of[space][*index];
    return true;
}

static size_t index_len(uint32_t value, bool is_signed) {
    size_t len = 1;
    for (uint32_t rest = value >> (is_signed ? 6 : 7); rest > 0; rest >>= 7)
        len++;
    return len;
}

static void put_index(buf_t *out, uint32_t value, bool is_signed) {
    if (value < 0x40 || (value < 0x80 && !is_signed))
        buf_append_byte(out, (uint8_t)value);
    else if (is_signed)
        core_put_s64(out, value);
    else
        core_put_u32(out, value);
}

void rewriter_init(rewriter_t *rewriter, const core_module_t *module, spin_slice_t part,
                   const core_numbers_t *numbers, buf_t *out) {
    *rewriter = (rewriter_t){.reader = core_module_part(module, part),
                             .numbers = numbers,
                             .out = out,
                             .copied = part.ptr};
    uint32_t memory = 0;
    rewriter->keeps_memory = rewrite_number(numbers, CORE_SPACE_MEMORY, &memory) && memory == 0;
}

void rewriter_flush(rewriter_t *rewriter, const uint8_t *until) {
    buf_t *out = rewriter->out;
    size_t len = (size_t)(until - rewriter->copied);
    enum { SHORT = 32 };
    /* Between two calls there are a few bytes: a copy of constant length beats memcpy's choice. */
    if (len <= SHORT && out->cap - out->len >= SHORT && rewriter->reader.end - until >= SHORT) {
        memcpy(out->ptr + out->len, rewriter->copied, SHORT);
        out->len += len;
    } else {
        buf_append(out, spin_slice_of(rewriter->copied, len));
    }
    rewriter->copied = until;
}

/* Writes index `value`, which stands from `start` to `end`, under its new number; leaves it to be
 * copied where nothing changes. */
static void replace_index(rewriter_t *rewriter, core_space_t space, bool is_signed, uint32_t value,
                          const uint8_t *start, const uint8_t *end) {
    uint32_t number = value;
    if (!rewrite_number(rewriter->numbers, space, &number)) {
        core_reader_fail(&rewriter->reader, (size_t)(start - rewriter->reader.base),
                         "index out of bounds");
        return;
    }
    size_t len = (size_t)(end - start);
    if (number == value && (len == 1 || len == index_len(value, is_signed)))
        return;
    rewriter_flush(rewriter, start);
    put_index(rewriter->out, number, is_signed);
    rewriter->copied = end;
}

void rewriter_index(rewriter_t *rewriter, core_space_t space) {
    const uint8_t *start = rewriter->reader.at;
    uint32_t value = core_read_u32(&rewriter->reader);
    if (core_reader_ok(&rewriter->reader))
        replace_index(rewriter, space, false, value, start, rewriter->reader.at);
}

void rewriter_val_type(rewriter_t *rewriter) {
    const uint8_t *start = rewriter->reader.at;
    core_val_type_t type = core_read_val_type(&rewriter->reader);
    if (core_reader_ok(&rewriter->reader) && core_val_type_has_index(type))
        replace_index(rewriter, CORE_SPACE_TYPE, true, (uint32_t)core_heap_type(type), start + 1,
                      rewriter->reader.at);
}

/* The vector of `select` or `try_table`, which was read before: nothing in it is broken. */
static void rewrite_vector(rewriter_t *rewriter, const core_instr_t *instr) {
    enum { CATCH_WITHOUT_TAG = 2 };
    core_reader_t *reader = &rewriter->reader;
    reader->at = reader->base + instr->vector_at;
    for (uint32_t left = core_read_u32(reader); left > 0 && core_reader_ok(reader); left--) {
        if (instr->opcode == CORE_OP_SELECT_TYPED) {
            rewriter_val_type(rewriter);
            continue;
        }
        if (core_read_u8(reader) < CATCH_WITHOUT_TAG)
            rewriter_index(rewriter, CORE_SPACE_TAG);
        core_read_u32(reader); /* the label */
    }
}

/* An access may leave out memory 0, and must name any other. */
static void rewrite_access(rewriter_t *rewriter, const core_instr_t *instr) {
    enum { NAMES_MEMORY = 0x40 };
    const uint8_t *base = rewriter->reader.base;
    const uint8_t *flags = base + instr->access_at;
    uint32_t memory = instr->has_memory ? instr->indices[0].value : 0;
    uint32_t number = memory;
    if (!rewrite_number(rewriter->numbers, CORE_SPACE_MEMORY, &number)) {
        core_reader_fail(&rewriter->reader, instr->access_at, "index out of bounds");
    } else if (number != memory) {
        rewriter_flush(rewriter, flags);
        core_put_u32(rewriter->out, number == 0 ? instr->align : instr->align | NAMES_MEMORY);
        if (number != 0)
            core_put_u32(rewriter->out, number);
        core_reader_t rest = rewriter->reader;
        rest.at = flags;
        core_read_u32(&rest);
        rewriter->copied = instr->has_memory ? base + instr->indices[0].end : rest.at;
    } else if (instr->has_memory) {
        replace_index(rewriter, CORE_SPACE_MEMORY, false, memory, base + instr->indices[0].start,
                      base + instr->indices[0].end);
    }
}

/* Any instruction. */
static void rewrite_instr(rewriter_t *rewriter, int *depth) {
    core_instr_t instr;
    core_reader_t *reader = &rewriter->reader;
    if (!core_read_instr(reader, &instr))
        return;
    *depth += core_instr_nesting(instr.opcode);
    if (instr.access_at != 0) {
        rewrite_access(rewriter, &instr);
        return;
    }
    for (uint32_t i = 0; i < instr.index_count; i++) {
        const core_index_t *index = &instr.indices[i];
        replace_index(rewriter, index->space, index->is_signed, index->value,
                      reader->base + index->start, reader->base + index->end);
    }
    if (instr.vector_at != 0 && instr.opcode != CORE_OP_BR_TABLE && core_reader_ok(reader))
        rewrite_vector(rewriter, &instr);
}

/* How to step over an instruction by its opcode's byte: where the next two bytes, low one first,
 * agree with `want` under `mask`, it is `len` bytes long and holds nothing that changes. Otherwise
 * `rest` tells what may be done. */
typedef struct step {
    uint32_t mask;
    uint8_t want;
    uint8_t len;
    int8_t nesting;
    uint8_t rest;
} step_t;

enum {
    REST_ANY, /* core_read_instr's */
    REST_INTEGER_32,
    REST_INTEGER_64,
    REST_ACCESS,
    REST_FUNC,
    REST_GLOBAL,
};

/* A bit above the two bytes, set where memory 0 moves. */
#define MEMORY_MOVES 0x10000u

/* clang-format off */
#define NEVER {0, 1, 0, 0, REST_ANY}
#define PLAIN {0, 0, 1, 0, REST_ANY}
#define OPENS {0xff, 0x40, 2, 1, REST_ANY} /* a block without a type */
#define ENDS  {0, 0, 1, -1, REST_ANY}
#define INT32 {0x80, 0, 2, 0, REST_INTEGER_32}
#define INT64 {0x80, 0, 2, 0, REST_INTEGER_64}
#define BYTE4 {0, 0, 5, 0, REST_ANY}
#define BYTE8 {0, 0, 9, 0, REST_ANY}
#define ACCES {MEMORY_MOVES | 0x80c0, 0, 3, 0, REST_ACCESS}
#define FUNCT {0, 1, 0, 0, REST_FUNC}
#define GLOBL {0, 1, 0, 0, REST_GLOBAL}
#define FOUR(...) __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__
#define ROW(...)  FOUR(__VA_ARGS__), FOUR(__VA_ARGS__), FOUR(__VA_ARGS__), FOUR(__VA_ARGS__)

static const step_t steps[256] = {
    PLAIN, PLAIN, OPENS, OPENS, OPENS, PLAIN, NEVER, NEVER, /* 00 */
    NEVER, NEVER, NEVER, ENDS, INT32, INT32, NEVER, PLAIN, /* 08 */
    FUNCT, NEVER, FUNCT, NEVER, NEVER, NEVER, NEVER, NEVER, /* 10 */
    NEVER, NEVER, PLAIN, PLAIN, NEVER, NEVER, NEVER, NEVER, /* 18 */
    INT32, INT32, INT32, GLOBL, GLOBL, NEVER, NEVER, NEVER, /* 20 */
    ACCES, ACCES, ACCES, ACCES, ACCES, ACCES, ACCES, ACCES, /* 28 */
    ACCES, ACCES, ACCES, ACCES, ACCES, ACCES, ACCES, ACCES, /* 30 */
    ACCES, ACCES, ACCES, ACCES, ACCES, ACCES, ACCES, NEVER, /* 38 */
    NEVER, INT32, INT64, BYTE4, BYTE8, PLAIN, PLAIN, PLAIN, /* 40 */
    PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, /* 48 */
    ROW(PLAIN), /* 50 */
    ROW(PLAIN), /* 60 */
    ROW(PLAIN), /* 70 */
    ROW(PLAIN), /* 80 */
    ROW(PLAIN), /* 90 */
    ROW(PLAIN), /* a0 */
    ROW(PLAIN), /* b0 */
    PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, NEVER, NEVER, NEVER, /* c0 */
    NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, /* c8 */
    ROW(NEVER), /* d0 */
    ROW(NEVER), /* e0 */
    ROW(NEVER), /* f0 */
};
/* clang-format on */

/* The end of an integer that takes less than `longest` bytes, and so is in range; else NULL. */
static const uint8_t *skip_integer(const uint8_t *at, int longest) {
    for (int left = longest - 1; left > 0; left--)
        if (*at++ < 0x80)
            return at;
    return NULL;
}

enum { LONGEST_32 = 5, LONGEST_64 = 10 };

/* An instruction whose only immediate is an index. */
static const uint8_t *replace_only_index(rewriter_t *rewriter, core_space_t space,
                                         const uint8_t *start) {
    const uint8_t *end = skip_integer(start, LONGEST_32);
    if (end == NULL)
        return NULL;
    uint32_t value = 0;
    for (const uint8_t *byte = end; byte-- != start;)
        value = value << 7 | (*byte & 0x7f);
    replace_index(rewriter, space, false, value, start, end);
    return core_reader_ok(&rewriter->reader) ? end : rewriter->reader.end;
}

/* Where the instruction at `at`, which has the form `rest`, ends; NULL for core_read_instr's. */
static const uint8_t *step_rest(rewriter_t *rewriter, uint8_t rest, const uint8_t *at) {
    switch (rest) {
    case REST_INTEGER_32: return skip_integer(at + 1, LONGEST_32);
    case REST_INTEGER_64: return skip_integer(at + 1, LONGEST_64);
    case REST_ACCESS:
        return at[1] < 0x40 && rewriter->keeps_memory ? skip_integer(at + 2, LONGEST_64) : NULL;
    case REST_FUNC: return replace_only_index(rewriter, CORE_SPACE_FUNC, at + 1);
    case REST_GLOBAL: return replace_only_index(rewriter, CORE_SPACE_GLOBAL, at + 1);
    default: return NULL;
    }
}

/* Steps over instructions from `at` while they are easy; gives the place of the first that is not.
 * None of the easy ones is longer than SAFE bytes. */
static const uint8_t *rewrite_easy(rewriter_t *rewriter, const uint8_t *at, int *depth_out) {
    enum { SAFE = 16 };
    const uint8_t *end = rewriter->reader.end;
    uint32_t moves = rewriter->keeps_memory ? 0 : MEMORY_MOVES;
    int depth = *depth_out;
    while (end - at > SAFE && depth > 0) {
        const step_t *step = &steps[*at];
        uint32_t next = at[1] | (uint32_t)at[2] << 8 | moves;
        if ((next & step->mask) == step->want) {
            at += step->len;
            depth += step->nesting;
            continue;
        }
        const uint8_t *after = step_rest(rewriter, step->rest, at);
        if (after == NULL)
            break;
        at = after;
    }
    *depth_out = depth;
    return at;
}

void rewriter_code(rewriter_t *rewriter) {
    core_reader_t *reader = &rewriter->reader;
    for (int depth = 1; depth > 0 && core_reader_ok(reader);) {
        const uint8_t *at = rewrite_easy(rewriter, reader->at, &depth);
        reader->at = at;
        if (depth > 0 && core_reader_ok(reader))
            rewrite_instr(rewriter, &depth);
    }
}

spin_error_t *rewriter_end(rewriter_t *rewriter, const char *left_over) {
    if (core_reader_ok(&rewriter->reader))
        core_reader_finish(&rewriter->reader, left_over);
    if (core_reader_ok(&rewriter->reader))
        rewriter_flush(rewriter, rewriter->reader.at);
    return core_reader_error(&rewriter->reader);
}

spin_error_t *core_rewrite_body(const core_module_t *module, spin_slice_t body,
                                const core_numbers_t *numbers, buf_t *out) {
    rewriter_t rewriter;
    rewriter_init(&rewriter, module, body, numbers, out);
    core_reader_t *reader = &rewriter.reader, locals = rewriter.reader;
    core_read_locals(&locals); /* their limits */
    core_reader_adopt(reader, &locals);
    for (uint32_t left = core_read_u32(reader); left > 0 && core_reader_ok(reader); left--) {
        core_read_u32(reader);
        rewriter_val_type(&rewriter);
    }
    rewriter_code(&rewriter);
    return rewriter_end(&rewriter, "bytes left after the end of a function");
}

spin_error_t *core_rewrite_expression(const core_module_t *module, spin_slice_t expression,
                                      const core_numbers_t *numbers, buf_t *out) {
    rewriter_t rewriter;
    rewriter_init(&rewriter, module, expression, numbers, out);
    rewriter_code(&rewriter);
    return rewriter_end(&rewriter, "bytes left after the end of an expression");
}

spin_error_t *rewrite_put_number(const core_numbers_t *numbers, core_space_t space, uint32_t index,
                                 bool is_signed, buf_t *out) {
    uint32_t number = index;
    if (!rewrite_number(numbers, space, &number))
        return error_new(SPIN_ERROR_INVALID, "index %u out of bounds", index);
    put_index(out, number, is_signed);
    return NULL;
}

spin_error_t *core_rewrite_val_type(core_val_type_t type, const core_numbers_t *numbers,
                                    buf_t *out) {
    uint8_t code = (uint8_t)type;
    buf_append_byte(out, code);
    if (core_val_type_has_index(type))
        return rewrite_put_number(numbers, CORE_SPACE_TYPE, (uint32_t)core_heap_type(type), true,
                                  out);
    if (code == CORE_REF || code == CORE_REF_NULL)
        core_put_s64(out, core_heap_type(type));
    return NULL;
}

static spin_error_t *put_val_types(const core_val_type_t *types, uint32_t count,
                                   const core_numbers_t *numbers, buf_t *out) {
    spin_error_t *error = NULL;
    core_put_u32(out, count);
    for (uint32_t i = 0; i < count && error == NULL; i++)
        error = core_rewrite_val_type(types[i], numbers, out);
    return error;
}

static spin_error_t *put_fields(const core_sub_type_t *type, const core_numbers_t *numbers,
                                buf_t *out) {
    spin_error_t *error = NULL;
    if (type->kind == CORE_TYPE_STRUCT)
        core_put_u32(out, type->field_count);
    for (uint32_t i = 0; i < type->field_count && error == NULL; i++) {
        error = core_rewrite_val_type(type->fields[i].type, numbers, out);
        buf_append_byte(out, type->fields[i].mutable);
    }
    return error;
}

static spin_error_t *put_composite(const core_sub_type_t *type, const core_numbers_t *numbers,
                                   buf_t *out) {
    buf_append_byte(out, (uint8_t)type->kind);
    if (type->kind == CORE_TYPE_CONT)
        return rewrite_put_number(numbers, CORE_SPACE_TYPE, type->cont, true, out);
    if (type->kind != CORE_TYPE_FUNC)
        return put_fields(type, numbers, out);
    spin_error_t *error = put_val_types(type->func.params, type->func.param_count, numbers, out);
    if (error == NULL)
        error = put_val_types(type->func.results, type->func.result_count, numbers, out);
    return error;
}

static spin_error_t *put_sub_type(const core_sub_type_t *type, const core_numbers_t *numbers,
                                  buf_t *out) {
    spin_error_t *error = NULL;
    if (type->is_sub || !type->is_final || type->super_count > 0) {
        buf_append_byte(out, type->is_final ? CORE_FORM_SUB_FINAL : CORE_FORM_SUB);
        core_put_u32(out, type->super_count);
        for (uint32_t i = 0; i < type->super_count && error == NULL; i++)
            error = rewrite_put_number(numbers, CORE_SPACE_TYPE, type->supers[i], false, out);
    }
    return error != NULL ? error : put_composite(type, numbers, out);
}

spin_error_t *core_rewrite_rec_type(const core_rec_type_t *type, const core_numbers_t *numbers,
                                    buf_t *out) {
    spin_error_t *error = NULL;
    if (type->is_group || type->count != 1) {
        buf_append_byte(out, CORE_FORM_REC);
        core_put_u32(out, type->count);
    }
    for (uint32_t i = 0; i < type->count && error == NULL; i++)
        error = put_sub_type(&type->types[i], numbers, out);
    return error;
}
