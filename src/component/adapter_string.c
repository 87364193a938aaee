/* Strings from one memory into another (CanonicalABI.md, "Storing", store_string_into_range): which
 * allocations are asked for, and in which order, is the specification's. Each pair of encodings and
 * memories is a function of its own, (S pointer, S length) -> D pointer, D length. */
#include "component/adapter_parts.h"
#include "component/transcode.h"

enum {
    MAX_BYTES = 0x7fffffff, /* Wasmtime's; the specification's is smaller */
    POINTER = 0,            /* parameters */
    LEN = 1,
};

/* What a text is once its tag was looked at. */
typedef enum encoding { UTF8, UTF16, LATIN1 } encoding_t;

typedef struct string_way {
    code_t code;
    const adapter_way_t *way;
    char s, d;           /* the pointers' types */
    uint32_t to, to_len; /* the result */
    uint32_t size;       /* D: of the allocation */
    uint32_t count;      /* S: units that are done */
} string_way_t;

static uint32_t unit_size(encoding_t encoding) {
    return encoding == UTF16 ? 2 : 1;
}

static int64_t utf16_tag(code_memory_t memory) {
    return memory.is64 ? INT64_MIN : INT32_MIN;
}

/* Traps where the text would take more than MAX_BYTES at `width` bytes for each unit. */
static void limit_length(string_way_t *string, uint32_t width) {
    code_t *code = &string->code;
    code_get_const(code, string->s, LEN, OP_GT_U, MAX_BYTES / width);
    code_trap_if(code, FUSE_TRAP_STRING_TOO_LONG);
}

static void check_source(string_way_t *string, encoding_t encoding, uint32_t align) {
    code_t *code = &string->code;
    code_get(code, LEN);
    code_convert(code, string->s, 'I');
    if (encoding == UTF16) {
        code_const(code, 'I', 1);
        code_int(code, 'I', OP_SHL);
    }
    adapter_check_range(code, &string->way->from, POINTER, align);
}

/* The length in units, as a D. */
static void get_len(string_way_t *string) {
    code_get(&string->code, LEN);
    code_convert(&string->code, string->s, string->d);
}

/* size = length * factor; to = new memory of it. */
static void allocate(string_way_t *string, uint32_t factor, uint32_t align) {
    code_t *code = &string->code;
    get_len(string);
    code_const(code, string->d, factor);
    code_int(code, string->d, OP_MUL);
    code_set(code, string->size);
    adapter_allocate_new(code, &string->way->to, align, string->size);
    code_set(code, string->to);
}

/* to = the same memory, for `to_len` units of `width` bytes. */
static void shrink(string_way_t *string, uint32_t width, uint32_t align) {
    code_t *code = &string->code;
    code_get(code, string->to);
    code_get(code, string->size);
    code_const(code, string->d, align);
    code_get_const(code, string->d, string->to_len, OP_MUL, width);
    adapter_allocate(code, &string->way->to);
    code_set(code, string->to);
}

/* size = length * factor; to = the same memory, larger. */
static void grow(string_way_t *string, uint32_t factor, uint32_t align) {
    code_t *code = &string->code;
    uint32_t larger = code_local(code, string->d);
    get_len(string);
    code_const(code, string->d, factor);
    code_int(code, string->d, OP_MUL);
    code_set(code, larger);
    code_get(code, string->to);
    code_get(code, string->size);
    code_const(code, string->d, align);
    code_get(code, larger);
    adapter_allocate(code, &string->way->to);
    code_set(code, string->to);
    code_get(code, larger);
    code_set(code, string->size);
    code_release(code, larger);
}

static void call_transcoder(string_way_t *string, transcode_t what) {
    const adapter_way_t *way = string->way;
    code_call(&string->code, transcode_number(way->fuse, what, way->from.memory, way->to.memory));
}

/* The whole text, and where it goes. */
static void transcode_all(string_way_t *string, transcode_t what) {
    code_get(&string->code, POINTER);
    code_get(&string->code, LEN);
    code_get(&string->code, string->to);
    call_transcoder(string, what);
}

/* What is behind the `count` first units, to `to` + `to_len` * `width`. */
static void transcode_rest(string_way_t *string, transcode_t what, encoding_t from,
                           uint32_t width) {
    code_t *code = &string->code;
    code_get(code, POINTER);
    code_get_const(code, string->s, string->count, OP_MUL, unit_size(from));
    code_int(code, string->s, OP_ADD);
    code_get(code, LEN);
    code_get(code, string->count);
    code_int(code, string->s, OP_SUB);
    code_get(code, string->to);
    code_get_const(code, string->d, string->to_len, OP_MUL, width);
    code_int(code, string->d, OP_ADD);
    call_transcoder(string, what);
}

/* `if` not all units are done. */
static void if_rest(string_way_t *string) {
    code_t *code = &string->code;
    code_get(code, string->count);
    code_get(code, LEN);
    code_int(code, string->s, OP_NE);
    code_if(code);
}

/* `to_len` * width is not `size`: `if`. */
static void if_too_large(string_way_t *string, uint32_t width) {
    code_t *code = &string->code;
    code_get_const(code, string->d, string->to_len, OP_MUL, width);
    code_get(code, string->size);
    code_int(code, string->d, OP_NE);
    code_if(code);
}

static void tag_result(string_way_t *string) {
    code_t *code = &string->code;
    code_get_const(code, string->d, string->to_len, OP_OR, utf16_tag(string->way->to.memory));
    code_set(code, string->to_len);
}

/* ── one function for each way to store (their names are the specification's) ────────────── */

/* store_string_copy: as many units as there were. */
static void put_copy(string_way_t *string, encoding_t from, uint32_t width, uint32_t align) {
    code_t *code = &string->code;
    const adapter_way_t *way = string->way;
    allocate(string, width, align);
    get_len(string);
    code_set(code, string->to_len);
    if (from == UTF8) {
        transcode_all(string, TRANSCODE_UTF8);
    } else if (from == UTF16) {
        transcode_all(string, TRANSCODE_UTF16);
        code_op(code, OP_DROP);
    } else if (width == 2) {
        transcode_all(string, TRANSCODE_LATIN1_TO_UTF16);
    } else {
        code_get(code, string->to);
        code_get(code, POINTER);
        code_get(code, LEN);
        code_convert(code, string->s, code_copy_letter(way->to.memory, way->from.memory));
        code_memory_copy(code, way->to.memory, way->from.memory);
    }
}

/* store_string_to_utf8: ASCII alone fits; for more all is made as large as it can become. */
static void put_to_utf8(string_way_t *string, encoding_t from) {
    code_t *code = &string->code;
    uint32_t factor = from == UTF16 ? 3 : 2;
    allocate(string, 1, 1);
    transcode_all(string, from == UTF16 ? TRANSCODE_UTF16_ASCII : TRANSCODE_LATIN1_ASCII);
    code_tee(code, string->count);
    code_convert(code, string->s, string->d);
    code_set(code, string->to_len);
    if_rest(string);
    limit_length(string, factor);
    grow(string, factor, 1);
    transcode_rest(string, from == UTF16 ? TRANSCODE_UTF16_TO_UTF8 : TRANSCODE_LATIN1_TO_UTF8, from,
                   1);
    code_get(code, string->to_len);
    code_int(code, string->d, OP_ADD);
    code_set(code, string->to_len);
    if_too_large(string, 1);
    shrink(string, 1, 1);
    code_end(code);
    code_end(code);
}

/* store_utf8_to_utf16 */
static void put_utf8_to_utf16(string_way_t *string) {
    code_t *code = &string->code;
    allocate(string, 2, 2);
    transcode_all(string, TRANSCODE_UTF8_TO_UTF16);
    code_set(code, string->to_len);
    if_too_large(string, 2);
    shrink(string, 2, 2);
    code_end(code);
}

/* store_probably_utf16_to_latin1_or_utf16 */
static void put_probably_utf16(string_way_t *string) {
    code_t *code = &string->code;
    allocate(string, 2, 2);
    get_len(string);
    code_set(code, string->to_len);
    transcode_all(string, TRANSCODE_UTF16);
    code_if(code);
    tag_result(string);
    code_else(code);
    code_get(code, string->to);
    code_get(code, string->to_len);
    call_transcoder(string, TRANSCODE_NARROW);
    shrink(string, 1, 2);
    code_end(code);
}

/* store_string_to_latin1_or_utf16: Latin-1 up to the first that it lacks. */
static void put_to_latin1(string_way_t *string, encoding_t from) {
    code_t *code = &string->code;
    allocate(string, 1, 2);
    transcode_all(string, from == UTF8 ? TRANSCODE_UTF8_TO_LATIN1 : TRANSCODE_UTF16_TO_LATIN1);
    code_set(code, string->to_len);
    code_set(code, string->count);
    if_rest(string);
    limit_length(string, 2);
    grow(string, 2, 2);
    code_get(code, string->to);
    code_get(code, string->to_len);
    call_transcoder(string, TRANSCODE_WIDEN);
    transcode_rest(string, from == UTF8 ? TRANSCODE_UTF8_TO_UTF16 : TRANSCODE_UTF16, from, 2);
    if (from == UTF16) { /* as many units as were left */
        code_op(code, OP_DROP);
        get_len(string);
    } else {
        code_get(code, string->to_len);
        code_int(code, string->d, OP_ADD);
    }
    code_set(code, string->to_len);
    if_too_large(string, 2);
    shrink(string, 2, 2);
    code_end(code);
    tag_result(string);
    code_else(code);
    if_too_large(string, 1);
    shrink(string, 1, 2);
    code_end(code);
    code_end(code);
}

/* ── the function ────────────────────────────────────────────────────────────────────────── */

/* `align` is the source's; `width` what a unit takes at first in the destination, or here. */
static void put_from(string_way_t *string, encoding_t from, uint32_t align) {
    ast_encoding_t source = string->way->from.options->encoding;
    ast_encoding_t to = string->way->to.options->encoding;
    limit_length(string, from == UTF16 || to == AST_UTF16 ? 2 : 1);
    check_source(string, from, align);
    if (to == AST_UTF8 && from != UTF8)
        put_to_utf8(string, from);
    else if (to == AST_UTF8)
        put_copy(string, from, 1, 1);
    else if (to == AST_UTF16 && from == UTF8)
        put_utf8_to_utf16(string);
    else if (to == AST_UTF16)
        put_copy(string, from, 2, 2);
    else if (source != AST_LATIN1_UTF16)
        put_to_latin1(string, from);
    else if (from == UTF16)
        put_probably_utf16(string);
    else
        put_copy(string, from, 1, 2);
}

static void put_tagged(string_way_t *string) {
    code_t *code = &string->code;
    int64_t tag = utf16_tag(string->way->from.memory);
    code_get_const(code, string->s, LEN, OP_AND, tag);
    code_const(code, string->s, 0);
    code_int(code, string->s, OP_NE);
    code_if(code);
    code_get_const(code, string->s, LEN, OP_XOR, tag);
    code_set(code, LEN);
    put_from(string, UTF16, 2);
    code_else(code);
    put_from(string, LATIN1, 2);
    code_end(code);
}

static void emit(fuse_t *fuse, buf_t *body, const void *context) {
    const adapter_way_t *way = context;
    string_way_t string = {
        .way = way, .s = code_pointer(way->from.memory), .d = code_pointer(way->to.memory)};
    code_t *code = &string.code;
    code_init(code, fuse, string.s == 'I' ? "II" : "ii");
    string.to = code_local(code, string.d);
    string.to_len = code_local(code, string.d);
    string.size = code_local(code, string.d);
    string.count = code_local(code, string.s);
    switch (way->from.options->encoding) {
    case AST_UTF8: put_from(&string, UTF8, 1); break;
    case AST_UTF16: put_from(&string, UTF16, 2); break;
    case AST_LATIN1_UTF16: put_tagged(&string); break;
    }
    code_get(code, string.to);
    code_get(code, string.to_len);
    code_finish(code, body);
}

typedef struct string_key {
    char what[8];
    const linked_options_t *from, *to;
    uint32_t component; /* whose allocator it is */
} string_key_t;

void adapter_put_string(code_t *code, const adapter_way_t *way, const uint32_t from[2],
                        const uint32_t to[2]) {
    string_key_t key;
    memset(&key, 0, sizeof key); /* padding too: it is compared as bytes */
    memcpy(key.what, "string", sizeof "string");
    key.from = way->from.options;
    key.to = way->to.options;
    key.component = way->to.component;
    uint32_t func = fuse_helper_number(code->fuse, spin_slice_of((const uint8_t *)&key, sizeof key),
                                       "copy-string", way->from.memory.is64 ? "II" : "ii",
                                       way->to.memory.is64 ? "II" : "ii", emit, way);
    code_get(code, from[0]);
    code_get(code, from[1]);
    code_call(code, func);
    code_set(code, to[1]);
    code_set(code, to[0]);
}
