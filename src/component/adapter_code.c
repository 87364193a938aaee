#include "component/adapter_code.h"

enum {
    LOCAL_FREE = 0x80, /* beside the letter */
    BLOCK_EMPTY = 0x40,
    MULTI_MEMORY = 0x40, /* in the alignment of an access */
    FUEL = 400,          /* about 8 KiB of code */
};

void code_init(code_t *code, fuse_t *fuse, const char *params) {
    *code = (code_t){.fuse = fuse, .fuel = FUEL, .param_count = (uint32_t)strlen(params)};
    buf_append_text(&code->locals, params);
}

static uint8_t val_type(uint8_t letter) {
    switch (letter & ~LOCAL_FREE) {
    case 'I': return CORE_I64;
    case 'f': return CORE_F32;
    case 'F': return CORE_F64;
    default: return CORE_I32;
    }
}

void code_finish(code_t *code, buf_t *body) {
    code_op(code, OP_END);
    const uint8_t *letters = code->locals.ptr;
    size_t count = code->locals.len;
    buf_t groups = {0};
    uint32_t group_count = 0;
    for (size_t i = code->param_count, next; i < count; i = next) {
        for (next = i + 1; next < count && val_type(letters[next]) == val_type(letters[i]);)
            next++;
        core_put_u32(&groups, (uint32_t)(next - i));
        buf_append_byte(&groups, val_type(letters[i]));
        group_count++;
    }
    core_put_u32(body, group_count);
    buf_append(body, buf_slice(&groups));
    buf_append(body, buf_slice(&code->out));
    body->failed |= code->out.failed || code->locals.failed || groups.failed;
    buf_deinit(&groups);
    buf_deinit(&code->out);
    buf_deinit(&code->locals);
}

uint32_t code_local(code_t *code, char letter) {
    for (size_t i = code->param_count; i < code->locals.len; i++) {
        if (code->locals.ptr[i] == ((uint8_t)letter | LOCAL_FREE)) {
            code->locals.ptr[i] = (uint8_t)letter;
            return (uint32_t)i;
        }
    }
    buf_append_byte(&code->locals, (uint8_t)letter);
    return (uint32_t)code->locals.len - (code->locals.failed ? 0 : 1);
}

void code_release(code_t *code, uint32_t local) {
    if (local >= code->param_count && local < code->locals.len)
        code->locals.ptr[local] |= LOCAL_FREE;
}

void code_op(code_t *code, uint32_t op) {
    if (op > 0xff)
        buf_append_byte(&code->out, (uint8_t)(op >> 8));
    buf_append_byte(&code->out, (uint8_t)op);
}

static void put(code_t *code, uint32_t op, uint32_t index) {
    code_op(code, op);
    core_put_u32(&code->out, index);
}

void code_int(code_t *code, char letter, uint32_t op) {
    /* The tables of i32 and i64 are alike: comparisons are 0x0b apart, arithmetic 0x12. */
    uint32_t distance = op < 0x67 ? 0x0b : 0x12;
    code_op(code, letter == 'I' ? op + distance : op);
}

void code_get(code_t *code, uint32_t local) {
    put(code, OP_LOCAL_GET, local);
}

void code_set(code_t *code, uint32_t local) {
    put(code, OP_LOCAL_SET, local);
}

void code_tee(code_t *code, uint32_t local) {
    put(code, OP_LOCAL_TEE, local);
}

void code_global_get(code_t *code, uint32_t global) {
    put(code, OP_GLOBAL_GET, global);
}

void code_global_set(code_t *code, uint32_t global) {
    put(code, OP_GLOBAL_SET, global);
}

void code_const(code_t *code, char letter, int64_t value) {
    switch (letter) {
    case 'f':
        code_op(code, OP_F32_CONST);
        buf_append(&code->out, spin_slice_of((const uint8_t[4]){0}, 4));
        break;
    case 'F':
        code_op(code, OP_F64_CONST);
        buf_append(&code->out, spin_slice_of((const uint8_t[8]){0}, 8));
        break;
    case 'I':
        code_op(code, OP_I64_CONST);
        core_put_s64(&code->out, value);
        break;
    default:
        code_op(code, OP_I32_CONST);
        core_put_s32(&code->out, (int32_t)(uint32_t)(uint64_t)value);
        break;
    }
}

void code_get_const(code_t *code, char letter, uint32_t local, uint32_t op, int64_t value) {
    code_get(code, local);
    code_const(code, letter, value);
    code_int(code, letter, op);
}

void code_increase(code_t *code, char letter, uint32_t local, int64_t value) {
    code_get_const(code, letter, local, OP_ADD, value);
    code_set(code, local);
}

/* Alignment is a hint only, and 1 is always right. */
static void put_access(code_t *code, uint32_t op, code_memory_t memory, uint64_t offset) {
    code_op(code, op);
    if (memory.number == 0) {
        buf_append_byte(&code->out, 0);
    } else {
        buf_append_byte(&code->out, MULTI_MEMORY);
        core_put_u32(&code->out, memory.number);
    }
    core_put_u64(&code->out, offset);
}

void code_load(code_t *code, uint32_t op, code_memory_t memory, uint64_t offset) {
    put_access(code, op, memory, offset);
}

void code_store(code_t *code, uint32_t op, code_memory_t memory, uint64_t offset) {
    put_access(code, op, memory, offset);
}

char code_copy_letter(code_memory_t to, code_memory_t from) {
    return to.is64 && from.is64 ? 'I' : 'i';
}

void code_memory_copy(code_t *code, code_memory_t to, code_memory_t from) {
    put(code, OP_MEMORY_COPY, to.number);
    core_put_u32(&code->out, from.number);
}

void code_memory_size(code_t *code, code_memory_t memory) {
    put(code, OP_MEMORY_SIZE, memory.number);
}

void code_call(code_t *code, uint32_t func) {
    put(code, OP_CALL, func);
}

void code_convert(code_t *code, char from, char to) {
    if (from == to)
        return;
    if (from == 'f')
        code_op(code, OP_I32_REINTERPRET_F32);
    if (from == 'F')
        code_op(code, OP_I64_REINTERPRET_F64);
    bool is_wide = from == 'I' || from == 'F', wants_wide = to == 'I' || to == 'F';
    if (is_wide && !wants_wide)
        code_op(code, OP_I32_WRAP_I64);
    if (!is_wide && wants_wide)
        code_op(code, OP_I64_EXTEND_I32_U);
    if (to == 'f')
        code_op(code, OP_F32_REINTERPRET_I32);
    if (to == 'F')
        code_op(code, OP_F64_REINTERPRET_I64);
}

static uint32_t put_block(code_t *code, uint32_t op) {
    code_op(code, op);
    buf_append_byte(&code->out, BLOCK_EMPTY);
    return code->depth++;
}

uint32_t code_block(code_t *code) {
    return put_block(code, OP_BLOCK);
}

uint32_t code_loop(code_t *code) {
    return put_block(code, OP_LOOP);
}

uint32_t code_if(code_t *code) {
    return put_block(code, OP_IF);
}

void code_else(code_t *code) {
    code_op(code, OP_ELSE);
}

void code_end(code_t *code) {
    code_op(code, OP_END);
    code->depth--;
}

void code_br(code_t *code, uint32_t label) {
    put(code, OP_BR, code->depth - 1 - label);
}

void code_br_if(code_t *code, uint32_t label) {
    put(code, OP_BR_IF, code->depth - 1 - label);
}

void code_trap(code_t *code, fuse_trap_t trap) {
    code_const(code, 'i', (int64_t)trap);
    code_call(code, fuse_runtime_number(code->fuse, FUSE_TRAP));
    code_op(code, OP_UNREACHABLE);
}

void code_trap_if(code_t *code, fuse_trap_t trap) {
    code_if(code);
    code_trap(code, trap);
    code_end(code);
}
