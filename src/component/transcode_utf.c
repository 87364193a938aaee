/* Characters: UTF-8 as The Unicode Standard's table 3-7 has it, and surrogate pairs. */
#include "component/transcode_parts.h"

enum {
    TAIL_MASK = 0xc0,
    TAIL_MARK = 0x80,
    TAIL_BITS = 6,
    FIRST_LEAD = 0xc2, /* below: a tail, or an overlong form */
    LAST_LEAD = 0xf4,
    SURROGATES = 0xd800,
    LOW_SURROGATES = 0xdc00,
    SURROGATE_COUNT = 0x800,
    SURROGATE_MASK = 0xf800,
    HALF_MASK = 0xfc00,
    HALF_BITS = 10,
    BMP_END = 0x10000,
    ASTRAL_COUNT = 0x100000,
};

static void put_next(transcoder_t *coder, uint8_t load) {
    code_t *code = &coder->code;
    code_get(code, coder->at);
    code_get(code, coder->end);
    code_int(code, coder->s, OP_EQ);
    code_br_if(code, coder->done);
    code_get(code, coder->at);
    code_load(code, load, coder->from, 0);
    code_set(code, coder->unit);
}

void transcoder_next_byte(transcoder_t *coder) {
    put_next(coder, OP_I32_LOAD8_U);
}

void transcoder_next_unit(transcoder_t *coder) {
    put_next(coder, OP_I32_LOAD16_U);
}

void transcoder_put(transcoder_t *coder, uint32_t value, uint32_t size) {
    code_t *code = &coder->code;
    code_get(code, coder->out);
    code_get(code, value);
    code_store(code,
               size == 1   ? OP_I32_STORE8
               : size == 2 ? OP_I32_STORE16
                           : OP_I32_STORE,
               coder->to, 0);
    code_increase(code, coder->d, coder->out, size);
}

static void bad_if(transcoder_t *coder) {
    code_br_if(&coder->code, coder->bad);
}

/* One of `len` bytes, whose first is in `unit`. */
static void read_long(transcoder_t *coder, uint32_t len, uint32_t lead_mask, uint32_t tail) {
    code_t *code = &coder->code;
    code_get(code, coder->end);
    code_get(code, coder->at);
    code_int(code, coder->s, OP_SUB);
    code_const(code, coder->s, len);
    code_int(code, coder->s, OP_LT_U);
    bad_if(coder);
    code_get_const(code, 'i', coder->unit, OP_AND, lead_mask);
    code_set(code, coder->point);
    for (uint32_t i = 1; i < len; i++) {
        code_get(code, coder->at);
        code_load(code, OP_I32_LOAD8_U, coder->from, i);
        code_const(code, 'i', TAIL_MARK);
        code_int(code, 'i', OP_XOR);
        code_tee(code, tail); /* below 64 if it is one */
        code_const(code, 'i', TAIL_MASK);
        code_int(code, 'i', OP_AND);
        bad_if(coder);
        code_get_const(code, 'i', coder->point, OP_SHL, TAIL_BITS);
        code_get(code, tail);
        code_int(code, 'i', OP_OR);
        code_set(code, coder->point);
    }
    code_increase(code, coder->s, coder->at, len);
}

/* Bad where `point` - `first` < `count`, or where it is not. */
static void bad_range(transcoder_t *coder, uint32_t first, uint32_t op, uint32_t count) {
    code_t *code = &coder->code;
    code_get_const(code, 'i', coder->point, OP_SUB, first);
    code_const(code, 'i', count);
    code_int(code, 'i', op);
    bad_if(coder);
}

void transcoder_read_utf8(transcoder_t *coder) {
    code_t *code = &coder->code;
    uint32_t tail = code_local(code, 'i');
    uint32_t read = code_block(code);
    code_get_const(code, 'i', coder->unit, OP_LT_U, FIRST_LEAD);
    bad_if(coder);

    code_get_const(code, 'i', coder->unit, OP_LT_U, 0xe0);
    code_if(code);
    read_long(coder, 2, 0x1f, tail);
    code_br(code, read);
    code_end(code);

    code_get_const(code, 'i', coder->unit, OP_LT_U, 0xf0);
    code_if(code);
    read_long(coder, 3, 0x0f, tail);
    bad_range(coder, 0, OP_LT_U, 0x800);
    bad_range(coder, SURROGATES, OP_LT_U, SURROGATE_COUNT);
    code_br(code, read);
    code_end(code);

    code_get_const(code, 'i', coder->unit, OP_GT_U, LAST_LEAD);
    bad_if(coder);
    read_long(coder, 4, 0x07, tail);
    bad_range(coder, BMP_END, OP_GE_U, ASTRAL_COUNT);
    code_end(code);
    code_release(code, tail);
}

void transcoder_read_surrogates(transcoder_t *coder) {
    code_t *code = &coder->code;
    uint32_t low = code_local(code, 'i');
    code_get_const(code, 'i', coder->unit, OP_GE_U, LOW_SURROGATES);
    bad_if(coder);
    code_get(code, coder->at);
    code_get(code, coder->end);
    code_int(code, coder->s, OP_EQ);
    bad_if(coder);
    code_get(code, coder->at);
    code_load(code, OP_I32_LOAD16_U, coder->from, 0);
    code_tee(code, low);
    code_const(code, 'i', HALF_MASK);
    code_int(code, 'i', OP_AND);
    code_const(code, 'i', LOW_SURROGATES);
    code_int(code, 'i', OP_NE);
    bad_if(coder);
    code_increase(code, coder->s, coder->at, 2);
    code_get_const(code, 'i', coder->unit, OP_SUB, SURROGATES);
    code_const(code, 'i', HALF_BITS);
    code_int(code, 'i', OP_SHL);
    code_get_const(code, 'i', low, OP_SUB, LOW_SURROGATES - BMP_END);
    code_int(code, 'i', OP_ADD);
    code_set(code, coder->point);
    code_release(code, low);
}

/* (`point` >> shift) & mask | mark, at `out` + offset. */
static void put_piece(transcoder_t *coder, uint32_t offset, uint32_t shift, uint32_t mask,
                      uint32_t mark) {
    code_t *code = &coder->code;
    code_get(code, coder->out);
    code_get_const(code, 'i', coder->point, OP_SHR_U, shift);
    code_const(code, 'i', mask);
    code_int(code, 'i', OP_AND);
    code_const(code, 'i', mark);
    code_int(code, 'i', OP_OR);
    code_store(code, OP_I32_STORE8, coder->to, offset);
}

static void write_long(transcoder_t *coder, uint32_t len, uint32_t lead_mark) {
    uint32_t shift = (len - 1) * TAIL_BITS;
    put_piece(coder, 0, shift, 0x1f, lead_mark); /* three and four bytes have fewer bits anyway */
    for (uint32_t i = 1; i < len; i++)
        put_piece(coder, i, shift - i * TAIL_BITS, 0x3f, TAIL_MARK);
    code_increase(&coder->code, coder->d, coder->out, len);
}

void transcoder_write_utf8(transcoder_t *coder) {
    code_t *code = &coder->code;
    uint32_t written = code_block(code);
    code_get_const(code, 'i', coder->point, OP_LT_U, 0x800);
    code_if(code);
    write_long(coder, 2, 0xc0);
    code_br(code, written);
    code_end(code);
    code_get_const(code, 'i', coder->point, OP_LT_U, BMP_END);
    code_if(code);
    write_long(coder, 3, 0xe0);
    code_br(code, written);
    code_end(code);
    write_long(coder, 4, 0xf0);
    code_end(code);
}

void transcoder_write_surrogates(transcoder_t *coder) {
    code_t *code = &coder->code;
    code_get_const(code, 'i', coder->point, OP_SUB, BMP_END);
    code_set(code, coder->point);
    code_get(code, coder->out);
    code_get_const(code, 'i', coder->point, OP_SHR_U, HALF_BITS);
    code_get_const(code, 'i', coder->point, OP_AND, (1 << HALF_BITS) - 1);
    code_const(code, 'i', 16);
    code_int(code, 'i', OP_SHL);
    code_int(code, 'i', OP_OR);
    code_const(code, 'i', (int64_t)SURROGATES | (int64_t)LOW_SURROGATES << 16);
    code_int(code, 'i', OP_OR);
    code_store(code, OP_I32_STORE, coder->to, 0);
    code_increase(code, coder->d, coder->out, 4);
}

static void load_word(transcoder_t *coder, uint32_t offset) {
    code_get(&coder->code, coder->at);
    code_load(&coder->code, OP_I64_LOAD, coder->from, offset);
}

/* Branches to `label` where less than `len` bytes are left. */
static void unless_left(transcoder_t *coder, uint32_t len, uint32_t label) {
    code_t *code = &coder->code;
    code_get(code, coder->end);
    code_get(code, coder->at);
    code_int(code, coder->s, OP_SUB);
    code_const(code, coder->s, len);
    code_int(code, coder->s, OP_LT_U);
    code_br_if(code, label);
}

void transcoder_skip_ascii(transcoder_t *coder) {
    code_t *code = &coder->code;
    uint32_t slow = code_block(code);
    uint32_t next = code_loop(code);
    unless_left(coder, 16, slow);
    load_word(coder, 0);
    load_word(coder, 8);
    code_int(code, 'I', OP_OR);
    code_const(code, 'I', (int64_t)0x8080808080808080);
    code_int(code, 'I', OP_AND);
    code_const(code, 'I', 0);
    code_int(code, 'I', OP_NE);
    code_br_if(code, slow);
    code_increase(code, coder->s, coder->at, 16);
    code_br(code, next);
    code_end(code);
    code_end(code);
}

/* Four units at a time. A unit is a surrogate where its upper five bits, xor those of one, are 0;
 * the test for a lane of 0 errs on the safe side only. */
void transcoder_skip_plain_units(transcoder_t *coder, uint32_t seen) {
    code_t *code = &coder->code;
    uint32_t word = code_local(code, 'I'), lanes = code_local(code, 'I');
    uint32_t slow = code_block(code);
    uint32_t next = code_loop(code);
    unless_left(coder, 8, slow);
    load_word(coder, 0);
    code_tee(code, word);
    code_const(code, 'I', (int64_t)0xf800f800f800f800);
    code_int(code, 'I', OP_AND);
    code_const(code, 'I', (int64_t)0xd800d800d800d800);
    code_int(code, 'I', OP_XOR);
    code_tee(code, lanes);
    code_const(code, 'I', 0x0001000100010001);
    code_int(code, 'I', OP_SUB);
    code_get_const(code, 'I', lanes, OP_XOR, -1);
    code_int(code, 'I', OP_AND);
    code_const(code, 'I', (int64_t)0x8000800080008000);
    code_int(code, 'I', OP_AND);
    code_const(code, 'I', 0);
    code_int(code, 'I', OP_NE);
    code_br_if(code, slow);
    code_get(code, seen);
    code_get(code, word);
    code_int(code, 'I', OP_OR);
    code_set(code, seen);
    code_increase(code, coder->s, coder->at, 8);
    code_br(code, next);
    code_end(code);
    code_end(code);
    code_release(code, word);
    code_release(code, lanes);
}

/* Four bytes become four units by moving pairs, then bytes, apart. */
void transcoder_widen_ascii(transcoder_t *coder) {
    code_t *code = &coder->code;
    uint32_t word = code_local(code, 'I');
    uint32_t slow = code_block(code);
    uint32_t next = code_loop(code);
    unless_left(coder, 4, slow);
    code_get(code, coder->at);
    code_load(code, OP_I32_LOAD, coder->from, 0);
    code_op(code, OP_I64_EXTEND_I32_U);
    code_tee(code, word);
    code_const(code, 'I', 0x80808080);
    code_int(code, 'I', OP_AND);
    code_const(code, 'I', 0);
    code_int(code, 'I', OP_NE);
    code_br_if(code, slow);
    static const struct {
        int64_t shift, mask;
    } steps[] = {{16, 0x0000ffff0000ffff}, {8, 0x00ff00ff00ff00ff}};
    for (size_t i = 0; i < 2; i++) {
        code_get_const(code, 'I', word, OP_SHL, steps[i].shift);
        code_get(code, word);
        code_int(code, 'I', OP_OR);
        code_const(code, 'I', steps[i].mask);
        code_int(code, 'I', OP_AND);
        code_set(code, word);
    }
    code_get(code, coder->out);
    code_get(code, word);
    code_store(code, OP_I64_STORE, coder->to, 0);
    code_increase(code, coder->s, coder->at, 4);
    code_increase(code, coder->d, coder->out, 8);
    code_br(code, next);
    code_end(code);
    code_end(code);
    code_release(code, word);
}
