#include "component/transcode_parts.h"

enum { SURROGATES = 0xd800, SURROGATE_MASK = 0xf800 };

/* Loops around what `body` writes for one character, up to the end of the text or what `body`
 * branches to `done` for. */
static void put_loop(transcoder_t *coder, void (*body)(transcoder_t *coder, uint32_t next)) {
    code_t *code = &coder->code;
    coder->done = code_block(code);
    uint32_t next = code_loop(code);
    body(coder, next);
    code_br(code, next);
    code_end(code);
    code_end(code);
}

/* end = from + len * size; at and out at their beginnings. */
static void put_start(transcoder_t *coder, uint32_t size) {
    code_t *code = &coder->code;
    code_get(code, FROM);
    code_tee(code, coder->at);
    code_get(code, LEN);
    if (size > 1) {
        code_const(code, coder->s, 1);
        code_int(code, coder->s, OP_SHL);
    }
    code_int(code, coder->s, OP_ADD);
    code_set(code, coder->end);
    code_get(code, TO);
    code_set(code, coder->out);
}

/* How far local `at` has come from parameter `start`, in units of `size` bytes. */
static void put_distance(transcoder_t *coder, char letter, uint32_t at, uint32_t start,
                         uint32_t size) {
    code_t *code = &coder->code;
    code_get(code, at);
    code_get(code, start);
    code_int(code, letter, OP_SUB);
    if (size > 1) {
        code_const(code, letter, 1);
        code_int(code, letter, OP_SHR_U);
    }
}

/* memory.copy of all that was checked. */
static void put_copy(transcoder_t *coder, uint32_t size) {
    code_t *code = &coder->code;
    char letter = code_copy_letter(coder->to, coder->from);
    code_get(code, TO);
    code_get(code, FROM);
    code_get(code, LEN);
    if (size > 1) {
        code_const(code, coder->s, 1);
        code_int(code, coder->s, OP_SHL);
    }
    code_convert(code, coder->s, letter);
    code_memory_copy(code, coder->to, coder->from);
}

/* Where `unit` is less than `limit`: `if`. */
static void if_below(transcoder_t *coder, uint32_t local, uint32_t limit) {
    code_get_const(&coder->code, 'i', local, OP_LT_U, limit);
    code_if(&coder->code);
}

/* ── each transcoder's loop ──────────────────────────────────────────────────────────────── */

static void utf8_copy(transcoder_t *coder, uint32_t next) {
    code_t *code = &coder->code;
    transcoder_skip_ascii(coder);
    transcoder_next_byte(coder);
    if_below(coder, coder->unit, 0x80);
    code_increase(code, coder->s, coder->at, 1);
    code_br(code, next);
    code_end(code);
    transcoder_read_utf8(coder);
}

static void utf8_to_utf16(transcoder_t *coder, uint32_t next) {
    code_t *code = &coder->code;
    transcoder_widen_ascii(coder);
    transcoder_next_byte(coder);
    if_below(coder, coder->unit, 0x80);
    transcoder_put(coder, coder->unit, 2);
    code_increase(code, coder->s, coder->at, 1);
    code_br(code, next);
    code_end(code);
    transcoder_read_utf8(coder);
    if_below(coder, coder->point, 0x10000);
    transcoder_put(coder, coder->point, 2);
    code_else(code);
    transcoder_write_surrogates(coder);
    code_end(code);
}

/* A character beyond is read again by who goes on as UTF-16: `at` stays before it. */
static void utf8_to_latin1(transcoder_t *coder, uint32_t next) {
    code_t *code = &coder->code;
    transcoder_next_byte(coder);
    if_below(coder, coder->unit, 0x80);
    transcoder_put(coder, coder->unit, 1);
    code_increase(code, coder->s, coder->at, 1);
    code_br(code, next);
    code_end(code);
    /* C2 and C3 lead to U+0080 to U+00FF. */
    code_get_const(code, 'i', coder->unit, OP_GT_U, 0xc3);
    code_br_if(code, coder->done);
    transcoder_read_utf8(coder);
    transcoder_put(coder, coder->point, 1);
}

static void latin1_to_utf16(transcoder_t *coder, uint32_t next) {
    (void)next;
    transcoder_next_byte(coder);
    transcoder_put(coder, coder->unit, 2);
    code_increase(&coder->code, coder->s, coder->at, 1);
}

static void latin1_to_utf8(transcoder_t *coder, uint32_t next) {
    code_t *code = &coder->code;
    transcoder_next_byte(coder);
    code_increase(code, coder->s, coder->at, 1);
    if_below(coder, coder->unit, 0x80);
    transcoder_put(coder, coder->unit, 1);
    code_br(code, next);
    code_end(code);
    code_get(code, coder->unit);
    code_set(code, coder->point);
    transcoder_write_utf8(coder);
}

static void put_while_below(transcoder_t *coder, uint32_t limit, uint32_t size) {
    code_t *code = &coder->code;
    code_get_const(code, 'i', coder->unit, OP_GE_U, limit);
    code_br_if(code, coder->done);
    transcoder_put(coder, coder->unit, 1);
    code_increase(code, coder->s, coder->at, size);
}

static void latin1_ascii(transcoder_t *coder, uint32_t next) {
    (void)next;
    transcoder_next_byte(coder);
    put_while_below(coder, 0x80, 1);
}

static void utf16_ascii(transcoder_t *coder, uint32_t next) {
    (void)next;
    transcoder_next_unit(coder);
    put_while_below(coder, 0x80, 2);
}

static void utf16_to_latin1(transcoder_t *coder, uint32_t next) {
    (void)next;
    transcoder_next_unit(coder);
    put_while_below(coder, 0x100, 2);
}

/* `unit` is a surrogate: `if`. */
static void if_surrogate(transcoder_t *coder) {
    code_t *code = &coder->code;
    code_get_const(code, 'i', coder->unit, OP_AND, SURROGATE_MASK);
    code_const(code, 'i', SURROGATES);
    code_int(code, 'i', OP_EQ);
    code_if(code);
}

static void utf16_to_utf8(transcoder_t *coder, uint32_t next) {
    code_t *code = &coder->code;
    transcoder_next_unit(coder);
    code_increase(code, coder->s, coder->at, 2);
    if_below(coder, coder->unit, 0x80);
    transcoder_put(coder, coder->unit, 1);
    code_br(code, next);
    code_end(code);
    if_surrogate(coder);
    transcoder_read_surrogates(coder);
    code_else(code);
    code_get(code, coder->unit);
    code_set(code, coder->point);
    code_end(code);
    transcoder_write_utf8(coder);
}

/* The text is copied afterwards, in one go. */
static void utf16_copy(transcoder_t *coder, uint32_t next) {
    (void)next;
    code_t *code = &coder->code;
    transcoder_skip_plain_units(coder, coder->seen);
    transcoder_next_unit(coder);
    code_increase(code, coder->s, coder->at, 2);
    code_get(code, coder->seen);
    code_get(code, coder->unit);
    code_op(code, OP_I64_EXTEND_I32_U);
    code_int(code, 'I', OP_OR);
    code_set(code, coder->seen);
    if_surrogate(coder);
    transcoder_read_surrogates(coder);
    code_end(code);
}

/* ── in place ────────────────────────────────────────────────────────────────────────────── */

/* From the end to the beginning: each unit lies behind the bytes that are still to be read. Local 0
 * is the text, 1 its length, which counts down. */
static void put_widen(transcoder_t *coder) {
    code_t *code = &coder->code;
    char d = coder->d;
    uint32_t done = code_block(code);
    uint32_t next = code_loop(code);
    code_get(code, 1);
    code_int(code, d, OP_EQZ);
    code_br_if(code, done);
    code_increase(code, d, 1, -1);
    code_get(code, 0);
    code_get_const(code, d, 1, OP_SHL, 1);
    code_int(code, d, OP_ADD);
    code_get(code, 0);
    code_get(code, 1);
    code_int(code, d, OP_ADD);
    code_load(code, OP_I32_LOAD8_U, coder->to, 0);
    code_store(code, OP_I32_STORE16, coder->to, 0);
    code_br(code, next);
    code_end(code);
    code_end(code);
}

static void put_narrow(transcoder_t *coder) {
    code_t *code = &coder->code;
    char d = coder->d;
    uint32_t at = code_local(code, d);
    uint32_t done = code_block(code);
    uint32_t next = code_loop(code);
    code_get(code, at);
    code_get(code, 1);
    code_int(code, d, OP_EQ);
    code_br_if(code, done);
    code_get(code, 0);
    code_get(code, at);
    code_int(code, d, OP_ADD);
    code_get(code, 0);
    code_get_const(code, d, at, OP_SHL, 1);
    code_int(code, d, OP_ADD);
    code_load(code, OP_I32_LOAD8_U, coder->to, 0);
    code_store(code, OP_I32_STORE8, coder->to, 0);
    code_increase(code, d, at, 1);
    code_br(code, next);
    code_end(code);
    code_end(code);
}

/* ── the functions ───────────────────────────────────────────────────────────────────────── */

/* Letters of parameters and results: S and D as in transcode.h. */
static const struct {
    const char *name;
    const char *params;
    const char *results;
    void (*loop)(transcoder_t *coder, uint32_t next);
    uint8_t from_size; /* of a unit */
    uint8_t to_size;
    fuse_trap_t trap;
} kinds[TRANSCODE_COUNT] = {
    [TRANSCODE_UTF8] = {"utf8", "SSD", "", utf8_copy, 1, 1, FUSE_TRAP_BAD_UTF8},
    [TRANSCODE_UTF16] = {"utf16", "SSD", "i", utf16_copy, 2, 2, FUSE_TRAP_BAD_UTF16},
    [TRANSCODE_LATIN1_TO_UTF16] = {"latin1-to-utf16", "SSD", "", latin1_to_utf16, 1, 2, 0},
    [TRANSCODE_LATIN1_ASCII] = {"latin1-ascii", "SSD", "S", latin1_ascii, 1, 1, 0},
    [TRANSCODE_UTF16_ASCII] = {"utf16-ascii", "SSD", "S", utf16_ascii, 2, 1, 0},
    [TRANSCODE_LATIN1_TO_UTF8] = {"latin1-to-utf8", "SSD", "D", latin1_to_utf8, 1, 1, 0},
    [TRANSCODE_UTF16_TO_UTF8] = {"utf16-to-utf8", "SSD", "D", utf16_to_utf8, 2, 1,
                                 FUSE_TRAP_BAD_UTF16},
    [TRANSCODE_UTF8_TO_UTF16] = {"utf8-to-utf16", "SSD", "D", utf8_to_utf16, 1, 2,
                                 FUSE_TRAP_BAD_UTF8},
    [TRANSCODE_UTF8_TO_LATIN1] = {"utf8-to-latin1", "SSD", "SD", utf8_to_latin1, 1, 1,
                                  FUSE_TRAP_BAD_UTF8},
    [TRANSCODE_UTF16_TO_LATIN1] = {"utf16-to-latin1", "SSD", "SD", utf16_to_latin1, 2, 1, 0},
    [TRANSCODE_WIDEN] = {"widen", "DD", "", NULL, 1, 2, 0},
    [TRANSCODE_NARROW] = {"narrow", "DD", "", NULL, 2, 1, 0},
};

typedef struct transcode_key {
    char what[8];
    uint32_t kind, from, to;
    bool from64, to64;
} transcode_key_t;

static void put_results(transcoder_t *coder, transcode_t kind) {
    code_t *code = &coder->code;
    switch (kind) {
    case TRANSCODE_UTF8: put_copy(coder, 1); break;
    case TRANSCODE_UTF16:
        put_copy(coder, 2);
        code_get_const(code, 'I', coder->seen, OP_AND, (int64_t)0xff00ff00ff00ff00);
        code_const(code, 'I', 0);
        code_int(code, 'I', OP_NE);
        break;
    default:
        if (kinds[kind].results[0] == 'S')
            put_distance(coder, coder->s, coder->at, FROM, kinds[kind].from_size);
        if (strchr(kinds[kind].results, 'D') != NULL)
            put_distance(coder, coder->d, coder->out, TO, kinds[kind].to_size);
        break;
    }
}

/* Broken text branches out of all blocks to the trap at the end. */
static void put_transcoder(transcoder_t *coder, transcode_t kind) {
    code_t *code = &coder->code;
    coder->at = code_local(code, coder->s);
    coder->end = code_local(code, coder->s);
    coder->out = code_local(code, coder->d);
    coder->unit = code_local(code, 'i');
    coder->point = code_local(code, 'i');
    if (kind == TRANSCODE_UTF16)
        coder->seen = code_local(code, 'I');
    put_start(coder, kinds[kind].from_size);
    coder->bad = code_block(code);
    put_loop(coder, kinds[kind].loop);
    put_results(coder, kind);
    code_op(code, OP_RETURN);
    code_end(code);
    code_trap(code, kinds[kind].trap);
}

static void emit(fuse_t *fuse, buf_t *body, const void *context) {
    const transcode_key_t *key = context;
    transcoder_t coder = {.from = {key->from, key->from64}, .to = {key->to, key->to64}};
    coder.s = code_pointer(coder.from);
    coder.d = code_pointer(coder.to);
    transcode_t kind = (transcode_t)key->kind;
    const char params[] = {coder.s, coder.s, coder.d, 0}, in_place[] = {coder.d, coder.d, 0};
    code_init(&coder.code, fuse, kinds[kind].loop != NULL ? params : in_place);
    if (kind == TRANSCODE_WIDEN)
        put_widen(&coder);
    else if (kind == TRANSCODE_NARROW)
        put_narrow(&coder);
    else
        put_transcoder(&coder, kind);
    code_finish(&coder.code, body);
}

static void set_letters(char *out, const char *letters, code_memory_t from, code_memory_t to) {
    for (; *letters != 0; letters++)
        *out++ = *letters == 'S'   ? code_pointer(from)
                 : *letters == 'D' ? code_pointer(to)
                                   : *letters;
    *out = 0;
}

uint32_t transcode_number(fuse_t *fuse, transcode_t what, code_memory_t from, code_memory_t to) {
    transcode_key_t key;
    memset(&key, 0, sizeof key); /* padding too: it is compared as bytes */
    memcpy(key.what, "text", 4);
    key.kind = what;
    if (kinds[what].loop != NULL) {
        key.from = from.number;
        key.from64 = from.is64;
    }
    key.to = to.number;
    key.to64 = to.is64;
    char params[4], results[3];
    set_letters(params, kinds[what].params, from, to);
    set_letters(results, kinds[what].results, from, to);
    return fuse_helper_number(fuse, spin_slice_of((const uint8_t *)&key, sizeof key),
                              kinds[what].name, params, results, emit, &key);
}
